//! Series of a CSV file: one column to forecast, further columns beside it, and the times of the rows.

use crate::{
	gaps::{fill_gaps, insert_missing_steps, Row},
	time::{parse_instant, Clock},
};
use anyhow::{bail, ensure, Context, Result};
use std::path::Path;

/// Treatment of missing values and missing times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::EnumMessage, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Fill {
	/// Linear interpolation between the neighbours.
	Linear,
}

/// Columns beside the one to forecast, and the treatment of times and gaps.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
	/// Names of the columns that a model reads beside the one to forecast.
	pub inputs: Vec<String>,
	/// Name of the column of times, whose order and gaps are checked. Without it, rows are steps.
	pub time: Option<String>,
	/// Treatment of gaps; without it, a gap is an error.
	pub fill: Option<Fill>,
}

/// Values of a series in the units of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
	/// Values of the column to forecast, one per step, oldest first.
	pub values: Vec<f64>,
	/// Values of each further column, one per step.
	pub inputs: Vec<Vec<f64>>,
	/// Number of values that were interpolated.
	pub filled: usize,
	/// Times of the steps, where the file has them and they are equidistant.
	pub clock: Option<Clock>,
}

impl Series {
	/// Reads `column` and the columns of `options` from a CSV file whose first line holds column names.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read, lacks a column, has no rows, has a cell that is not a finite number, has a gap that
	/// `options` does not fill, has times that do not ascend evenly, or if the column to forecast is constant. The message names
	/// the line of the fault.
	pub fn read(path: &Path, column: &str, options: &ReadOptions) -> Result<Self> {
		let shown = path.display();
		let mut reader = Reader::open(path, column, options)?;
		let mut rows = reader.rows(path, options.fill)?;
		ensure!(!rows.is_empty(), "{shown} has a header and no rows: a model needs data");
		if options.time.is_some() {
			rows = insert_missing_steps(rows, options.fill).with_context(|| format!("{shown} is not a regular series"))?;
		}
		let filled = fill_gaps(&rows, &reader.names).with_context(|| format!("{shown} cannot be filled"))?;
		let times: Vec<Option<i64>> = rows[filled.first..].iter().map(|row| row.time).collect();
		let clock = reader.example.and_then(|example| Clock::new(&times, &example));
		let mut columns = filled.columns.into_iter();
		let values = columns.next().unwrap_or_default();
		let first = values[0];
		ensure!(
			values.iter().any(|value| *value != first),
			"column `{column}` of {shown} is constant at {first}: there is nothing to forecast"
		);
		Ok(Self { values, inputs: columns.collect(), filled: filled.interpolated, clock })
	}

	/// Returns the number of steps.
	pub fn rows(&self) -> usize {
		self.values.len()
	}
}

/// Reader of selected columns.
struct Reader<'a> {
	inner: csv::Reader<std::fs::File>,
	/// Names of the selected columns.
	names: Vec<&'a str>,
	/// Their positions.
	columns: Vec<usize>,
	/// Position of the checked column of times.
	time: Option<usize>,
	/// First time of the file, as the file writes it.
	example: Option<String>,
}

impl<'a> Reader<'a> {
	fn open(path: &Path, column: &'a str, options: &'a ReadOptions) -> Result<Self> {
		let shown = path.display();
		let mut inner = open(path)?;
		let headers = headers(&mut inner, path)?;
		let find = |name: &str| {
			headers.iter().position(|header| header == name).with_context(|| {
				let known: Vec<_> = headers.iter().map(|header| format!("`{header}`")).collect();
				format!("{shown} has no column `{name}`. Its columns are {}", known.join(", "))
			})
		};
		let names: Vec<&str> = std::iter::once(column).chain(options.inputs.iter().map(String::as_str)).collect();
		if let Some(at) = (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
			bail!("column `{}` is named twice: --inputs takes columns other than `{column}`, each once", names[at]);
		}
		let columns = names.iter().map(|name| find(name)).collect::<Result<_>>()?;
		let time = options.time.as_deref().map(find).transpose()?;
		Ok(Self { inner, names, columns, time, example: None })
	}

	/// Reads all rows. The time of a row is taken from the checked column, or else from the first column whose first cell is
	/// a date.
	fn rows(&mut self, path: &Path, fill: Option<Fill>) -> Result<Vec<Row>> {
		let shown = path.display();
		let mut rows = Vec::new();
		let mut stamped = None;
		for record in self.inner.records() {
			let record = record.with_context(|| format!("{shown} is not a regular CSV file"))?;
			let line = record.position().map_or(0, |position| position.line());
			if rows.is_empty() {
				stamped = self.time.or_else(|| record.iter().position(is_date));
				self.example = stamped.and_then(|at| record.get(at)).map(str::to_string);
			}
			let cell = |column: usize| record.get(column).unwrap_or("");
			let mut values = Vec::with_capacity(self.columns.len());
			for (name, column) in self.names.iter().zip(&self.columns) {
				let text = cell(*column);
				let value = number(text).with_context(|| {
					format!(
						"{shown}, line {line}: invalid value `{text}` in column `{name}`: expected a number; correct it, remove \
						the line, \
						or choose another column"
					)
				})?;
				if value.is_none() && fill.is_none() {
					bail!("{shown}, line {line}: column `{name}` has no value. Correct it, or fill gaps with --fill linear");
				}
				values.push(value);
			}
			let time = match (self.time, stamped) {
				(Some(column), _) => Some(parse_instant(cell(column)).with_context(|| {
					format!(
						"{shown}, line {line}: invalid time `{}`: expected a time such as 2016-07-01 13:00:00 or a number of \
						seconds; correct \
						it, or omit --time",
						cell(column)
					)
				})?),
				(None, Some(column)) => parse_instant(cell(column)).ok(),
				(None, None) => None,
			};
			rows.push(Row { line, values, time });
		}
		Ok(rows)
	}
}

/// Returns the name of the only column of numbers of a file, apart from the column of times `time`.
///
/// # Errors
///
/// Errors if the file cannot be read, has no rows, or has no or several columns whose first cell is a number.
pub fn only_column(path: &Path, time: Option<&str>) -> Result<String> {
	let shown = path.display();
	let mut reader = open(path)?;
	let headers = headers(&mut reader, path)?;
	let mut record = csv::StringRecord::new();
	let found = reader.read_record(&mut record).with_context(|| format!("{shown} is not a regular CSV file"))?;
	ensure!(found, "{shown} has a header and no rows: a model needs data");
	let numbers: Vec<&str> = (headers.iter().zip(&record))
		.filter(|(name, text)| Some(*name) != time && number(text).is_ok())
		.map(|(name, _)| name)
		.collect();
	match &numbers[..] {
		[] => bail!("{shown} has no column of numbers: a model needs one"),
		[column] => Ok(column.to_string()),
		several => {
			let known: Vec<_> = several.iter().map(|name| format!("`{name}`")).collect();
			bail!("{shown} has several columns of numbers: choose one with --column. They are {}", known.join(", "))
		}
	}
}

fn open(path: &Path) -> Result<csv::Reader<std::fs::File>> {
	let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path);
	reader.with_context(|| {
		format!("cannot read {}. Name a CSV file whose first line holds the names of its columns", path.display())
	})
}

fn headers(reader: &mut csv::Reader<std::fs::File>, path: &Path) -> Result<csv::StringRecord> {
	Ok(reader.headers().with_context(|| format!("{} has no readable first line", path.display()))?.clone())
}

/// Returns `true` if the text is a date. Numbers are not: they may mean anything.
fn is_date(text: &str) -> bool {
	text.parse::<f64>().is_err() && parse_instant(text).is_ok()
}

/// Parses a finite number; `None` for an empty cell and the usual words for a missing value.
fn number(text: &str) -> Result<Option<f64>> {
	if text.is_empty() || ["nan", "na", "null", "none", "?"].contains(&text.to_ascii_lowercase().as_str()) {
		return Ok(None);
	}
	let value: f64 = text.parse()?;
	ensure!(value.is_finite(), "the number is infinite");
	Ok(Some(value))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn read_with(text: &str, time: bool, fill: Option<Fill>) -> Result<Series> {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("data.csv");
		std::fs::write(&path, text).unwrap();
		Series::read(&path, "v", &ReadOptions { inputs: Vec::new(), time: time.then(|| "t".to_string()), fill })
	}

	fn refusal(text: &str, time: bool) -> String {
		format!("{:#}", read_with(text, time, None).unwrap_err())
	}

	#[test]
	fn a_column_is_read_in_order() {
		let series =
			read_with("t,v\n2016-07-01 00:00:00,1.5\n2016-07-01 01:00:00, 2 \n2016-07-01 02:00:00,3e0\n", true, None).unwrap();
		assert_eq!((series.rows(), series.filled), (3, 0));
		assert_eq!(series.values, vec![1.5, 2.0, 3.0]);
		assert_eq!(series.clock.unwrap().at(3), "2016-07-01 03:00:00");
	}

	#[test]
	fn times_are_found_where_no_column_is_named() {
		let clock = |text| read_with(text, false, None).unwrap().clock.map(|clock| clock.at(2));
		assert_eq!(clock("t,v\n2020-02-27,1\n2020-02-28,2\n"), Some("2020-02-29".into()));
		assert_eq!(clock("t,v\n1,1\n2,2\n"), None, "numbers may mean anything");
		assert_eq!(clock("t,v\n2020-02-27,1\n2020-02-28,2\n2020-03-02,3\n"), None, "steps differ");
		let filled = read_with("t,v\n0,\n60,1\n120,2\n", true, Some(Fill::Linear)).unwrap();
		assert_eq!(filled.clock.unwrap().at(0), "60", "leading gaps are not filled");
	}

	#[test]
	fn the_only_column_of_numbers_needs_no_name() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("data.csv");
		let only = |text: &str, time| {
			std::fs::write(&path, text).unwrap();
			only_column(&path, time).map_err(|error| format!("{error:#}"))
		};
		assert_eq!(only("when,v\n2020-01-01,1\n", None).unwrap(), "v");
		assert_eq!(only("n,v\n1,1\n", Some("n")).unwrap(), "v");
		let several = only("n,v\n1,1\n", None).unwrap_err();
		assert!(several.contains("--column") && several.contains("`n`, `v`"), "{several}");
		assert!(only("n,v\n", None).unwrap_err().contains("no rows"));
		assert!(only("n,v\nx,y\n", None).unwrap_err().contains("no column of numbers"));
	}

	#[test]
	fn a_missing_column_is_reported_with_the_existing_ones() {
		let reason = refusal("a,b\n1,2\n", false);
		assert!(reason.contains("no column `v`") && reason.contains("`a`, `b`"), "{reason}");
	}

	#[test]
	fn bad_cells_are_named_by_line() {
		assert!(refusal("t,v\n1,1\n2,x\n", false).contains("line 3: invalid value `x`"));
		let gap = refusal("t,v\n1,1\n2,\n3,4\n", false);
		assert!(gap.contains("line 3") && gap.contains("--fill linear"), "{gap}");
		assert!(refusal("t,v\n1,1\n2,NaN\n", false).contains("line 3"));
		assert!(refusal("t,v\n1,1\n2,inf\n", false).contains("line 3"));
		assert!(refusal("t,v\n1,1\n2\n", false).contains("not a regular CSV file"));
	}

	#[test]
	fn times_have_to_ascend_evenly() {
		assert!(refusal("t,v\n1,1\n3,2\n2,3\n", true).contains("line 4: the time is not after that of line 3"));
		let gap = refusal("t,v\n2020-02-28,1\n2020-02-29,2\n2020-03-01,3\n2020-03-04,4\n", true);
		assert!(gap.contains("line 5") && gap.contains("2 values are missing"), "{gap}");
		assert!(refusal("t,v\nyesterday,1\n2,2\n", true).contains("invalid time `yesterday`"));
		assert!(refusal("t,v\n2021-02-28,1\n2021-02-31,2\n", true).contains("line 3: invalid time `2021-02-31`"));
	}

	#[test]
	fn gaps_are_filled_with_straight_lines() {
		let series = read_with("t,v\n0,1\n60,\n120,3\n180,4\n360,7\n", true, Some(Fill::Linear)).unwrap();
		assert_eq!((series.values, series.filled), (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 3));
		assert!(format!("{:#}", read_with("t,v\n0,\n1,\n", false, Some(Fill::Linear)).unwrap_err()).contains("no values at all"));
	}

	#[test]
	fn further_columns_are_read_row_by_row() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("data.csv");
		let read = |text: &str, inputs: &[&str], fill| {
			std::fs::write(&path, text).unwrap();
			let inputs: Vec<String> = inputs.iter().map(ToString::to_string).collect();
			Series::read(&path, "v", &ReadOptions { inputs, time: None, fill })
		};
		let refusal = |text: &str, inputs: &[&str]| format!("{:#}", read(text, inputs, None).unwrap_err());
		let series = read("a,v,b\n1,10,5\n2,20,5\n3,40,5\n", &["b", "a"], None).unwrap();
		assert_eq!((&series.values, &series.inputs), (&vec![10.0, 20.0, 40.0], &vec![vec![5.0; 3], vec![1.0, 2.0, 3.0]]));
		let raw = series.quantise(1, Some(10.0)).unwrap();
		assert_eq!((&raw.values[..4], &raw.inputs), (&[1, 500, 100, 2][..], &vec![0.01, 0.01]));
		assert_eq!(series.raw(5.0, &[5.0, 1.0]).unwrap()[..3], [2, 1, 1]);
		assert!(refusal("v,a\n1,1\n2,x\n", &["a"]).contains("line 3: invalid value `x` in column `a`: expected a number"));
		assert!(refusal("v,a\n1,1\n", &["b"]).contains("no column `b`"));
		assert!(refusal("v,a\n1,1\n", &["a", "a"]).contains("`a` is named twice"));
		assert!(refusal("v,a\n1,1\n", &["v"]).contains("`v` is named twice"));
		// Where a column begins late or ends early, there is nothing to interpolate from.
		let filled = read("v,a\n1,\n2,10\n4,\n5,30\n6,\n", &["a"], Some(Fill::Linear)).unwrap();
		assert_eq!((filled.values, filled.inputs, filled.filled), (vec![2.0, 4.0, 5.0], vec![vec![10.0, 20.0, 30.0]], 1));
	}

	#[test]
	fn a_series_without_anything_to_forecast_is_rejected() {
		assert!(refusal("t,v\n1,5\n2,5\n", false).contains("constant at 5"));
		assert!(refusal("t,v\n", false).contains("no rows"));
	}
}
