//! `predict` of a model of rows.

use super::PredictArgs;
use crate::{
	commands::evaluate,
	report::{print_text, table, LEFT, RIGHT},
};
use anyhow::Result;
use doin_forecast::{
	exact,
	rows::{
		predict::{predict_rows, RowOutcome, RowPrediction},
		LabelMap, LoadedRowModel, RowTable,
	},
};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Rows that the text lists; further ones are counted.
const LISTED: usize = 40;

/// Predicts rows, and prints the report.
///
/// # Errors
///
/// Errors if the file does not fit the model, or has no such row.
pub fn run(args: &PredictArgs, loaded: &LoadedRowModel) -> Result<()> {
	let table = evaluate::read_rows(loaded, &args.data, args.rows.label.as_deref(), true)?;
	let (rows, notes) = predict_rows(loaded, &table, args.at)?;
	notes.iter().for_each(|note| eprintln!("{note}"));
	let notes = notes.iter().map(ToString::to_string).collect();
	let report = RowPredictReport::new(&loaded.file.mapping.labels, &table, rows, notes);
	if args.as_csv {
		return print_text(report.csv()?);
	}
	args.output.print(&report)
}

/// Report of `predict` for rows.
#[derive(Debug, Serialize)]
struct RowPredictReport {
	file: String,
	/// Columns of the labels, of which there may be none in the file.
	label: Vec<String>,
	rows: Vec<RowReport>,
	/// Remarks on the file.
	notes: Vec<String>,
	#[serde(skip)]
	labels: LabelMap,
}

/// Prediction for one row.
#[derive(Debug, Serialize)]
struct RowReport {
	row: usize,
	prediction: RowOutcome,
	actual: Option<RowOutcome>,
}

impl RowPredictReport {
	fn new(labels: &LabelMap, table: &RowTable, rows: Vec<RowPrediction>, notes: Vec<String>) -> Self {
		let report = |RowPrediction { row, prediction, actual }| RowReport { row, prediction, actual };
		Self {
			file: table.file.clone(),
			label: labels.columns(),
			rows: rows.into_iter().map(report).collect(),
			notes,
			labels: labels.clone(),
		}
	}

	/// Returns predicted labels as texts, one per column.
	fn predicted(&self, outcome: &RowOutcome) -> Vec<String> {
		match (outcome, &self.labels) {
			(RowOutcome::Values(values), LabelMap::Values(maps)) => {
				values.iter().zip(maps).map(|(value, map)| map.shown(*value)).collect()
			}
			_ => actual(outcome),
		}
	}

	/// Returns the titles of the columns.
	fn titles(&self) -> Vec<String> {
		let named = |kind: &str| match self.label.as_slice() {
			[_] => vec![kind.to_string()],
			several => several.iter().map(|column| format!("{column} {kind}")).collect(),
		};
		[vec!["row".to_string()], named("prediction"), named("actual")].concat()
	}

	/// Returns the cells of a row.
	fn cells(&self, row: &RowReport) -> Vec<String> {
		let known = match &row.actual {
			Some(outcome) => actual(outcome),
			None => vec![String::new(); self.label.len()],
		};
		[vec![row.row.to_string()], self.predicted(&row.prediction), known].concat()
	}

	/// Returns all rows as CSV.
	fn csv(&self) -> Result<String> {
		let mut writer = csv::Writer::from_writer(Vec::new());
		writer.write_record(self.titles())?;
		for row in &self.rows {
			writer.write_record(self.cells(row))?;
		}
		Ok(String::from_utf8(writer.into_inner()?)?)
	}
}

/// Returns labels of a file as texts, one per column.
fn actual(outcome: &RowOutcome) -> Vec<String> {
	match outcome {
		RowOutcome::Class(text) => vec![text.clone()],
		RowOutcome::Values(values) => values.iter().map(|value| exact(*value)).collect(),
	}
}

impl Display for RowPredictReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		writeln!(f, "{} of {}", self.label.join(", "), self.file)?;
		let side = if let LabelMap::Classes(_) = self.labels { LEFT } else { RIGHT };
		let titles = self.titles();
		let mut rows = table(titles.iter().enumerate().map(|(at, title)| (title, if at == 0 { RIGHT } else { side })));
		for row in self.rows.iter().take(LISTED) {
			rows.add_row(self.cells(row));
		}
		writeln!(f, "{}", rows.trim_fmt())?;
		let more = self.rows.len().saturating_sub(LISTED);
		if more > 0 {
			writeln!(f, "and {more} more: --as-csv and --json print all")?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_forecast::rows::labels::{ClassMap, ValueMap};

	fn report(labels: LabelMap, outcome: fn(usize) -> RowOutcome, rows: usize) -> RowPredictReport {
		let row = |row: usize| RowReport { row, prediction: outcome(row), actual: (row > 1).then(|| outcome(row + 1)) };
		RowPredictReport {
			file: "a.csv".into(),
			label: labels.columns(),
			rows: (1..=rows).map(row).collect(),
			notes: Vec::new(),
			labels,
		}
	}

	#[test]
	fn classes_are_shown_as_text_csv_and_json() {
		let labels = LabelMap::Classes(ClassMap { column: "y".into(), classes: vec!["A".into(), "B".into()] });
		let report = |rows| report(labels.clone(), |row| RowOutcome::Class(["A", "B"][row % 2].into()), rows);
		assert_eq!(report(2).to_string(), "y of a.csv\nrow  prediction  actual\n  1  B\n  2  A           B\n");
		assert_eq!(report(2).csv().unwrap(), "row,prediction,actual\n1,B,\n2,A,B\n");
		let json = serde_json::to_value(report(2)).unwrap();
		assert_eq!(json["rows"][1], serde_json::json!({ "row": 2, "prediction": "A", "actual": "B" }));
		assert!(report(50).to_string().ends_with("and 10 more: --as-csv and --json print all\n"));
		assert_eq!(report(50).csv().unwrap().lines().count(), 51);
	}

	#[test]
	fn values_are_shown_with_the_decimals_of_their_unit() {
		let map = |column: &str| ValueMap { column: column.into(), offset: 0.0, unit: 0.01, deviation: 1.0 };
		let outcome = |row| RowOutcome::Values(vec![row as f64 / 8.0; 2]);
		let two = report(LabelMap::Values(vec![map("a"), map("b")]), outcome, 1);
		assert_eq!(two.csv().unwrap(), "row,a prediction,b prediction,a actual,b actual\n1,0.125,0.125,,\n");
		assert_eq!(serde_json::to_value(&two).unwrap()["rows"][0]["prediction"], serde_json::json!([0.125, 0.125]));
	}
}
