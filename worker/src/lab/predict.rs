//! `predict`: how a series goes on.

use super::{
	forecast::{forecast, Said},
	model_file::Loaded,
	series::{DataArgs, Table},
	working,
};
use crate::target;
use anyhow::{bail, Result};
use clap::Args;
use doin_scoring::{model::OUT_FRAC, score::class, Target};
use std::{path::PathBuf, str::FromStr};

/// What `predict` takes.
#[derive(Clone, Debug, Args)]
pub struct PredictArgs {
	/// A file that `train --out` wrote.
	#[arg(long, value_name = "FILE")]
	model: PathBuf,
	#[command(flatten)]
	data: DataArgs,
	/// The last row that is known, from 1 for the first below the header, or `last`. Rows after it are shown next to the forecast.
	#[arg(long, value_name = "ROW", default_value = "last")]
	at: At,
	/// As one JSON object.
	#[arg(long, conflicts_with = "as_csv")]
	json: bool,
	/// As CSV.
	#[arg(long)]
	as_csv: bool,
}

/// A row to forecast from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
	Last,
	Row(usize),
}

impl FromStr for At {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		match text.parse() {
			_ if text == "last" => Ok(Self::Last),
			Ok(row) if row > 0 => Ok(Self::Row(row)),
			_ => Err(format!("`{text}` is no row: write its number, from 1 for the first below the header, or `last`")),
		}
	}
}

/// A value or a class to come.
#[derive(Debug, PartialEq)]
struct Step {
	step: u16,
	time: Option<String>,
	forecast: Outcome,
	/// What came, where the file says it.
	actual: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
	Value(f64),
	Class(usize),
}

impl Outcome {
	fn json(self) -> serde_json::Value {
		match self {
			Self::Value(value) => value.into(),
			Self::Class(class) => class.into(),
		}
	}

	fn shown(self, digits: usize) -> String {
		match self {
			Self::Value(value) => format!("{value:.digits$}"),
			Self::Class(class) => class.to_string(),
		}
	}
}

/// `predict`.
pub async fn run(args: PredictArgs) -> Result<()> {
	working(move |_| {
		let loaded = Loaded::read(&args.model)?;
		let table = loaded.table(&args.data.csv, &args.data.columns)?;
		let steps = predict(&loaded, &table, args.at)?;
		let digits = digits(loaded.unit);
		let last = match args.at {
			At::Last => table.rows(),
			At::Row(row) => row,
		};
		let bounds = if let Target::Classes(bounds) = &loaded.program.target { Some(bounds) } else { None };
		let what = if bounds.is_some() { "class" } else { "forecast" };
		if args.json {
			let shown: Vec<_> = steps
				.iter()
				.map(|step| {
					let (forecast, actual) = (step.forecast.json(), step.actual.map(Outcome::json));
					serde_json::json!({ "step": step.step, "time": step.time, what: forecast, "actual": actual })
				})
				.collect();
			let classes = bounds
				.map(|bounds| (0..=bounds.len()).map(|class| target::range(bounds, class, loaded.unit)).collect::<Vec<_>>());
			println!(
				"{}",
				serde_json::json!({ "file": table.file, "column": table.column, "row": last, "classes": classes, "steps": shown })
			);
		} else if args.as_csv {
			println!("step,time,{what},actual");
			for Step { step, time, forecast, actual } in steps {
				let actual = match actual {
					Some(Outcome::Value(value)) => value.to_string(),
					Some(class) => class.shown(0),
					None => String::new(),
				};
				println!("{step},{},{},{actual}", time.unwrap_or_default(), forecast.shown(digits));
			}
		} else {
			let time = table.series.clock.as_ref().map_or(String::new(), |clock| format!(", {}", clock.at(last - 1)));
			println!("{} of {} after row {last}{time}", table.column, table.file);
			println!("{:>4}  {:<25} {what:>14} {:>14}", "step", "time", "actual");
			for Step { step, time, forecast, actual } in &steps {
				let actual = actual.map_or(String::new(), |actual| actual.shown(digits));
				println!("{step:>4}  {:<25} {:>14} {actual:>14}", time.as_deref().unwrap_or(""), forecast.shown(digits));
			}
			for (class, bounds) in bounds.iter().flat_map(|bounds| (0..=bounds.len()).map(move |class| (class, bounds))) {
				println!("      class {class}: change {}", target::range(bounds, class, loaded.unit));
			}
		}
		Ok(())
	})
	.await
}

/// Decimals that a forecast has: one more than the unit of the model, whose steps are sixteen times finer.
fn digits(unit: f64) -> usize {
	(1.0 - unit.log10().floor()).clamp(0.0, 15.0) as usize
}

fn predict(loaded: &Loaded, table: &Table, at: At) -> Result<Vec<Step>> {
	let raw = table.raw(loaded.unit, &loaded.inputs)?;
	let rows = table.rows();
	let last = match at {
		At::Last => rows,
		At::Row(row) if row > rows => bail!("--at {row}: the series has {rows} rows"),
		At::Row(row) => row,
	};
	let history = usize::from(loaded.program.history);
	if last < history {
		bail!("{last} rows are known there, and the model reads {history}: name a later row with --at, or bring more data");
	}
	let channels = usize::from(loaded.program.channels);
	let step = |step: u16, forecast: Outcome, actual: Option<Outcome>| Step {
		step,
		time: table.series.clock.as_ref().map(|clock| clock.at(last + usize::from(step) - 1)),
		forecast,
		actual,
	};
	let steps = target::steps(&loaded.program).into_iter();
	Ok(match (forecast(&loaded.model, &loaded.program, &raw[..last * channels]), &loaded.program.target) {
		(Said::Class(told), Target::Classes(bounds)) => {
			let came = |at: u16| {
				let value = raw.get((last + usize::from(at) - 1) * channels)?;
				Some(Outcome::Class(class(bounds, i64::from(*value) - i64::from(raw[(last - 1) * channels]))))
			};
			steps.map(|at| step(at, Outcome::Class(told), came(at))).collect()
		}
		(Said::Values(values), _) => {
			let value = |raw: i64| Outcome::Value(raw as f64 / f64::from(1u32 << OUT_FRAC) * loaded.unit);
			let came = |at: u16| table.series.values.get(last + usize::from(at) - 1).copied().map(Outcome::Value);
			steps.zip(values).map(|(at, raw)| step(at, value(raw), came(at))).collect()
		}
		(Said::Class(_), _) => Vec::new(),
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{clock::Clock, csv_series::Series, lab::model_file};

	fn table(rows: usize) -> Table {
		let times: Vec<_> = (0..rows as i64).map(|at| Some(at * 3_600)).collect();
		Table {
			file: "a.csv".into(),
			column: "v".into(),
			inputs: Vec::new(),
			series: Series {
				inputs: Vec::new(),
				values: (0..rows).map(|at| at as f64 / 100.0).collect(),
				filled: 0,
				clock: Clock::new(&times, "1970-01-01 00:00"),
			},
		}
	}

	fn loaded() -> Loaded {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("m.doin");
		model_file::tests::saved(0).write(&path).unwrap();
		Loaded::read(&path).unwrap()
	}

	#[test]
	fn forecasts_are_in_the_units_and_times_of_the_series() {
		let steps = predict(&loaded(), &table(100), At::Row(98)).unwrap();
		// Weights of zero repeat the last value.
		assert!(steps.iter().all(|step| matches!(step.forecast, Outcome::Value(value) if (value - 0.97).abs() < 1e-12)));
		let came = |value| Some(Outcome::Value(value));
		assert_eq!(steps.iter().map(|step| step.actual).collect::<Vec<_>>(), [came(0.98), came(0.99), None, None]);
		assert_eq!(steps[0].time.as_deref(), Some("1970-01-05 02:00"));
		assert_eq!(predict(&loaded(), &table(100), At::Last).unwrap()[3].step, 4);
	}

	#[test]
	fn rows_that_cannot_be_forecast_from_are_named() {
		let refusal = |at, rows| format!("{:#}", predict(&loaded(), &table(rows), at).unwrap_err());
		assert!(refusal(At::Row(101), 100).contains("--at 101: the series has 100 rows"));
		assert!(refusal(At::Row(15), 100).contains("15 rows are known") && refusal(At::Last, 9).contains("reads 16"));
		assert_eq!(("last".parse(), "7".parse()), (Ok(At::Last), Ok(At::Row(7))));
		assert!("0".parse::<At>().is_err() && "first".parse::<At>().is_err());
	}

	#[test]
	fn digits_follow_the_unit() {
		assert_eq!([1.0, 0.01, 100.0, 1e-5].map(digits), [1, 3, 0, 6]);
	}
}
