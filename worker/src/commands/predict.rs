//! `predict`: forecasts of a saved model, or predictions for rows.

mod rows;

use crate::{
	args::DataArgs,
	report::{entry, print_text, table, OutputArgs, Remarks, LEFT, RIGHT},
	row_args::RowLabelArgs,
	work::compute,
};
use anyhow::Result;
use clap::Args;
use doin_forecast::{
	exact,
	predict::{predict, Origin, Outcome, Prediction},
	rows::AnyModel,
	target::class_range,
	units::decimals,
	LoadedModel, Table,
};
use doin_scoring::Target;
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
};

/// Arguments of `predict`.
#[derive(Clone, Debug, Args)]
pub struct PredictArgs {
	/// File that `train --out` wrote
	#[arg(long, value_name = "FILE")]
	pub model: PathBuf,
	#[command(flatten)]
	pub data: DataArgs,
	#[command(flatten)]
	rows: RowLabelArgs,
	/// Last row that is known, counted from 1 for the first below the header, or `last`. Rows after it are shown beside
	/// the forecast [default: last]. For a model of rows, the row to predict [default: all rows]
	#[arg(long, value_name = "ROW")]
	at: Option<Origin>,
	#[command(flatten)]
	output: OutputArgs,
	/// Print CSV in place of text
	#[arg(long, conflicts_with = "json")]
	as_csv: bool,
}

/// Runs `predict`.
///
/// # Errors
///
/// Errors if the model or the data cannot be used, or if the row has too little history.
pub async fn run(args: PredictArgs) -> Result<()> {
	compute(move |_| {
		let loaded = match AnyModel::read(&args.model)? {
			AnyModel::Series(loaded) => loaded,
			AnyModel::Rows(loaded) => return rows::run(&args, &args.rows.mapped(*loaded)?),
		};
		args.rows.check_unused()?;
		let at = args.at.unwrap_or(Origin::Last);
		let columns = &args.data.columns;
		let table = loaded.table(&args.data.csv, columns.column.as_deref(), &columns.options())?;
		let remarks = Remarks::default();
		remarks.add_notes(&table.series.notes);
		let report = PredictReport::new(&loaded, &table, at, predict(&loaded, &table, at)?);
		let report = PredictReport { notes: remarks.texts(), ..report };
		if args.as_csv {
			return print_text(report.csv()?);
		}
		args.output.print(&report)
	})
	.await
}

/// Report of `predict`.
#[derive(Debug, Serialize)]
struct PredictReport {
	file: String,
	column: String,
	row: usize,
	/// Change of each class in units of the column; `None` for values.
	classes: Option<Vec<String>>,
	steps: Vec<StepReport>,
	/// Remarks on the file.
	notes: Vec<String>,
	/// Time of the last known row.
	#[serde(skip)]
	time: Option<String>,
	/// Decimals of a value.
	#[serde(skip)]
	decimals: i32,
}

/// Forecast of one step; the key of the forecast is `class` for classes.
#[derive(Debug, Serialize)]
struct StepReport {
	step: u16,
	time: Option<String>,
	#[serde(skip_serializing_if = "Option::is_none")]
	forecast: Option<Outcome>,
	#[serde(skip_serializing_if = "Option::is_none")]
	class: Option<Outcome>,
	actual: Option<Outcome>,
}

impl StepReport {
	fn new(Prediction { step, time, forecast, actual }: Prediction) -> Self {
		let (value, class) = match forecast {
			Outcome::Value(_) => (Some(forecast), None),
			Outcome::Class(_) => (None, Some(forecast)),
		};
		Self { step, time, forecast: value, class, actual }
	}

	/// Returns the forecast as text.
	fn shown(&self, decimals: i32) -> String {
		self.forecast.or(self.class).map_or(String::new(), |forecast| forecast.shown(decimals))
	}
}

impl PredictReport {
	fn new(loaded: &LoadedModel, table: &Table, origin: Origin, predictions: Vec<Prediction>) -> Self {
		let row = match origin {
			Origin::Last => table.rows(),
			Origin::Row(row) => row,
		};
		let classes = match &loaded.program.target {
			Target::Classes(bounds) => Some((0..=bounds.len()).map(|class| class_range(bounds, class, loaded.unit)).collect()),
			_ => None,
		};
		Self {
			file: table.file.clone(),
			column: table.column.clone(),
			row,
			classes,
			steps: predictions.into_iter().map(StepReport::new).collect(),
			notes: Vec::new(),
			time: table.series.clock.as_ref().map(|clock| clock.at(row - 1)),
			decimals: decimals(loaded.unit),
		}
	}

	/// Returns the title of the forecasts.
	fn title(&self) -> &'static str {
		if self.classes.is_some() {
			"class"
		} else {
			"forecast"
		}
	}

	/// Returns the steps as CSV. Actual values are those of the file.
	fn csv(&self) -> Result<String> {
		let mut writer = csv::Writer::from_writer(Vec::new());
		writer.write_record(["step", "time", self.title(), "actual"])?;
		for step in &self.steps {
			let actual = match step.actual {
				Some(Outcome::Value(value)) => exact(value),
				Some(class) => class.shown(0),
				None => String::new(),
			};
			let time = step.time.clone().unwrap_or_default();
			writer.write_record([step.step.to_string(), time, step.shown(self.decimals), actual])?;
		}
		Ok(String::from_utf8(writer.into_inner()?)?)
	}
}

impl Display for PredictReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let time = self.time.as_ref().map_or(String::new(), |time| format!(", {time}"));
		writeln!(f, "{} of {} after row {}{time}", self.column, self.file, self.row)?;
		let mut steps = table([("step", RIGHT), ("time", LEFT), (self.title(), RIGHT), ("actual", RIGHT)]);
		for step in &self.steps {
			let actual = step.actual.map_or(String::new(), |actual| actual.shown(self.decimals));
			let time = step.time.clone().unwrap_or_default();
			steps.add_row([step.step.to_string(), time, step.shown(self.decimals), actual]);
		}
		writeln!(f, "{}", steps.trim_fmt())?;
		for (class, range) in self.classes.iter().flatten().enumerate() {
			entry(f, if class == 0 { "classes" } else { "" }, format_args!("class {class}: change {range}"))?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn report(outcome: fn(f64) -> Outcome, classes: Option<Vec<String>>) -> PredictReport {
		let prediction = |step: u16, actual: Option<f64>| Prediction {
			step,
			time: Some(format!("2020-01-0{step}")),
			forecast: outcome(1.25),
			actual: actual.map(outcome),
		};
		PredictReport {
			file: "a.csv".into(),
			column: "load".into(),
			row: 9,
			classes,
			steps: [prediction(1, Some(2.5)), prediction(2, None)].map(StepReport::new).into(),
			notes: vec!["note: a".into()],
			time: Some("2019-12-31".into()),
			decimals: 3,
		}
	}

	#[test]
	fn values_are_shown_as_text_csv_and_json() {
		let report = report(Outcome::Value, None);
		let expected = "\
load of a.csv after row 9, 2019-12-31
step  time        forecast  actual
   1  2020-01-01     1.250   2.500
   2  2020-01-02     1.250
";
		assert_eq!(report.to_string(), expected);
		assert_eq!(report.csv().unwrap(), "step,time,forecast,actual\n1,2020-01-01,1.250,2.5\n2,2020-01-02,1.250,\n");
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["steps"][0]["forecast"], &json["steps"][1]["actual"]), (&1.25.into(), &serde_json::Value::Null));
		assert!(json["steps"][0].get("class").is_none());
		assert_eq!(json["notes"], serde_json::json!(["note: a"]));
	}

	#[test]
	fn k22_tiny_values_are_shown_with_exponents() {
		let mut report = report(|value| Outcome::Value(value * 1e-21), None);
		report.decimals = decimals(1e-24);
		assert!(report.to_string().contains("1  2020-01-01  1.2500e-21  2.5000e-21"), "{report}");
		assert_eq!(
			report.csv().unwrap(),
			"step,time,forecast,actual\n1,2020-01-01,1.2500e-21,2.5e-21\n2,2020-01-02,1.2500e-21,\n"
		);
	}

	#[test]
	fn classes_are_shown_with_their_ranges() {
		let report = report(|value| Outcome::Class(value as usize), Some(vec!["below 0".into(), "0 or more".into()]));
		assert!(report.to_string().ends_with("classes     class 0: change below 0\n            class 1: change 0 or more\n"));
		assert_eq!(report.csv().unwrap().lines().nth(1), Some("1,2020-01-01,1,2"));
		assert_eq!(serde_json::to_value(&report).unwrap()["steps"][0]["class"], 1);
	}
}
