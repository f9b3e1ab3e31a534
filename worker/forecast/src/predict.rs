//! Forecasts of a loaded model after a row of a table.

use crate::{
	model_file::LoadedModel,
	step_errors::{forecast, Output},
	table::Table,
	target::scored_steps,
	units,
};
use anyhow::{ensure, Result};
use doin_scoring::{model::OUT_FRAC, score::class_of_change, Target};
use serde::Serialize;
use std::str::FromStr;

/// Last row that a forecast reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
	/// The last row of the file.
	Last,
	/// A row, counted from 1 for the first one below the header.
	Row(usize),
}

impl FromStr for Origin {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		match text.parse() {
			_ if text == "last" => Ok(Self::Last),
			Ok(row) if row > 0 => Ok(Self::Row(row)),
			_ => Err(format!("invalid row `{text}`: expected its number, from 1 for the first below the header, or `last`")),
		}
	}
}

/// Forecast or actual value of a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
	/// Value in units of the column.
	Value(f64),
	/// Class of the change.
	Class(usize),
}

impl Outcome {
	/// Returns a value with `decimals` decimals, as of [`units::decimals`], or the number of a class.
	pub fn shown(self, decimals: i32) -> String {
		match self {
			Self::Value(value) => units::with_decimals(value, decimals),
			Self::Class(class) => class.to_string(),
		}
	}
}

/// Forecast of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
	/// Steps ahead.
	pub step: u16,
	/// Time of the step, where the file has times.
	pub time: Option<String>,
	/// Forecast of the step.
	pub forecast: Outcome,
	/// Actual value, where the file has it.
	pub actual: Option<Outcome>,
}

/// Forecasts the steps after a row of a table.
///
/// # Errors
///
/// Errors if the table does not fit the units of the model, has no such row, or has fewer rows before it than the model reads.
pub fn predict(loaded: &LoadedModel, table: &Table, origin: Origin) -> Result<Vec<Prediction>> {
	let raw = table.raw(loaded.unit, &loaded.inputs)?;
	let rows = table.rows();
	let last = match origin {
		Origin::Last => rows,
		Origin::Row(row) => {
			ensure!(row <= rows, "invalid --at {row}: the series has {rows} rows");
			row
		}
	};
	let program = &loaded.program;
	ensure!(
		last >= usize::from(program.history),
		"{last} rows are known there, and the model reads {}: choose a later row with --at, or bring more data",
		program.history
	);
	let channels = usize::from(program.channels);
	let prediction = |step: u16, forecast: Outcome, actual: Option<Outcome>| Prediction {
		step,
		time: table.series.clock.as_ref().map(|clock| clock.at(last + usize::from(step) - 1)),
		forecast,
		actual,
	};
	let steps = scored_steps(program).into_iter();
	Ok(match (forecast(&loaded.model, program, &raw[..last * channels]), &program.target) {
		(Output::Class(forecast), Target::Classes(bounds)) => {
			let actual = |step: u16| {
				let value = raw.get((last + usize::from(step) - 1) * channels)?;
				Some(Outcome::Class(class_of_change(bounds, i64::from(*value) - i64::from(raw[(last - 1) * channels]))))
			};
			steps.map(|step| prediction(step, Outcome::Class(forecast), actual(step))).collect()
		}
		(Output::Values(values), _) => {
			let value = |raw: i64| Outcome::Value(raw as f64 / f64::from(1u32 << OUT_FRAC) * loaded.unit);
			let actual = |step: u16| table.series.values.get(last + usize::from(step) - 1).copied().map(Outcome::Value);
			steps.zip(values).map(|(step, raw)| prediction(step, value(raw), actual(step))).collect()
		}
		(Output::Class(_), _) => Vec::new(),
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::model_file,
		series::Series,
		time::{Gaps, TimeOptions, TimeText, Timeline},
	};

	fn table(rows: usize) -> Table {
		let times: Vec<String> = (0..rows).map(|at| format!("1970-01-{:02} {:02}:00", at / 24 + 1, at % 24)).collect();
		let texts: Vec<TimeText> = times.iter().map(|text| TimeText { line: 0, text }).collect();
		let timeline = Timeline::read(&texts, &TimeOptions::default(), Gaps { fill: false, most: rows }).unwrap();
		Table {
			file: "a.csv".into(),
			column: "v".into(),
			inputs: Vec::new(),
			series: Series {
				inputs: Vec::new(),
				values: (0..rows).map(|at| at as f64 / 100.0).collect(),
				filled: 0,
				clock: Some(timeline.clock),
				notes: Vec::new(),
			},
		}
	}

	fn loaded() -> LoadedModel {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("m.doin");
		model_file(0).write(&path).unwrap();
		LoadedModel::read(&path).unwrap()
	}

	#[test]
	fn forecasts_are_in_the_units_and_times_of_the_series() {
		let steps = predict(&loaded(), &table(100), Origin::Row(98)).unwrap();
		// Weights of zero repeat the last value.
		assert!(steps.iter().all(|step| matches!(step.forecast, Outcome::Value(value) if (value - 0.97).abs() < 1e-12)));
		let actual = |value| Some(Outcome::Value(value));
		assert_eq!(steps.iter().map(|step| step.actual).collect::<Vec<_>>(), [actual(0.98), actual(0.99), None, None]);
		assert_eq!(steps[0].time.as_deref(), Some("1970-01-05 02:00"));
		assert_eq!(predict(&loaded(), &table(100), Origin::Last).unwrap()[3].step, 4);
	}

	#[test]
	fn rows_without_enough_history_are_rejected() {
		let refusal = |origin, rows| format!("{:#}", predict(&loaded(), &table(rows), origin).unwrap_err());
		assert!(refusal(Origin::Row(101), 100).contains("--at 101: the series has 100 rows"));
		assert!(refusal(Origin::Row(15), 100).contains("15 rows are known") && refusal(Origin::Last, 9).contains("reads 16"));
		assert_eq!(("last".parse(), "7".parse()), (Ok(Origin::Last), Ok(Origin::Row(7))));
		assert!("0".parse::<Origin>().is_err() && "first".parse::<Origin>().is_err());
	}
}
