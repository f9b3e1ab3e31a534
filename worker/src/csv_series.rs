//! Reads a series from a CSV file, and turns it into the whole numbers that a domain stores.

use crate::clock::{instant, Clock};
use anyhow::{bail, Context, Result};
use std::path::Path;

/// Typical difference over one horizon, in raw units, below which a finer unit is chosen: twice this is what a 12-bit activation resolves.
const RESOLUTION: f64 = 100.0;
/// Largest raw value in absolute terms; sums of errors and generated series stay far inside 32 bits.
const LIMIT: f64 = (1 << 30) as f64;

/// What to do about values that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fill {
	/// A straight line between the neighbours.
	Linear,
}

/// Which part of a file is the series.
#[derive(Clone, Debug)]
pub struct Selection<'a> {
	/// The column to forecast.
	pub column: &'a str,
	/// Columns that are read beside it.
	pub inputs: &'a [String],
	/// The column of times, checked for order and gaps.
	pub time: Option<&'a str>,
	/// What to do about gaps.
	pub fill: Option<Fill>,
}

/// A series as it stands in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
	/// One value per step, oldest first.
	pub values: Vec<f64>,
	/// The same of each column that is read beside it.
	pub inputs: Vec<Vec<f64>>,
	/// Values that were filled in.
	pub filled: usize,
	/// When the values were taken, where the file says so and the steps are equal.
	pub clock: Option<Clock>,
}

/// A series in raw units.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantised {
	/// The values in raw units: at each step one of every column.
	pub values: Vec<i32>,
	/// One raw unit, in units of the column: a power of ten unless it was chosen.
	pub quantum: f64,
	/// The same of each column beside it.
	pub inputs: Vec<f64>,
}

impl Series {
	/// Reads the selected columns. Messages give the line of the file.
	pub fn read(path: &Path, selection: &Selection) -> Result<Self> {
		let shown = path.display();
		let mut reader = open(path)?;
		let headers = reader.headers().with_context(|| format!("{shown} has no readable first line"))?.clone();
		let find = |name: &str| {
			headers.iter().position(|header| header == name).with_context(|| {
				let known: Vec<_> = headers.iter().map(|header| format!("`{header}`")).collect();
				format!("{shown} has no column `{name}`. Its columns are {}", known.join(", "))
			})
		};
		let names: Vec<&str> = std::iter::once(selection.column).chain(selection.inputs.iter().map(String::as_str)).collect();
		if let Some(name) = (1..names.len()).find(|at| names[..*at].contains(&names[*at])).map(|at| names[at]) {
			bail!("column `{name}` is named twice: --inputs are columns beside `{}`, each one once", selection.column);
		}
		let columns: Vec<usize> = names.iter().map(|name| find(name)).collect::<Result<_>>()?;
		let time = selection.time.map(find).transpose()?;
		let mut rows: Vec<Row> = Vec::new();
		let mut stamps: Vec<Option<i64>> = Vec::new();
		// The column of times, and how it writes them.
		let mut stamped: Option<Option<(usize, String)>> = None;
		for record in reader.records() {
			let record = record.with_context(|| format!("{shown} is not a regular CSV file"))?;
			let line = record.position().map_or(0, |position| position.line());
			if stamped.is_none() {
				// A column that is not checked can still say when the values were taken.
				let date = |text: &str| text.parse::<f64>().is_err() && instant(text).is_ok();
				stamped =
					Some(time.or_else(|| record.iter().position(date)).map(|at| (at, record.get(at).unwrap_or("").to_string())));
			}
			let stamp = stamped.iter().flatten().next().and_then(|(at, _)| instant(record.get(*at)?).ok());
			let mut values = Vec::with_capacity(columns.len());
			for (name, column) in names.iter().zip(&columns) {
				let text = record.get(*column).unwrap_or("");
				let value = number(text).with_context(|| {
					format!(
						"{shown}, line {line}: `{text}` in column `{name}` is no number. Remove the line, correct it, or choose another column"
					)
				})?;
				if value.is_none() && selection.fill.is_none() {
					bail!("{shown}, line {line}: column `{name}` has no value. Correct it, or fill gaps with --fill linear");
				}
				values.push(value);
			}
			let at = match time {
				None => None,
				Some(time) => Some(instant(record.get(time).unwrap_or("")).with_context(|| {
					format!(
						"{shown}, line {line}: `{}` is no time. Write 2016-07-01 13:00:00 or a number of seconds, or leave --time away",
						record.get(time).unwrap_or("")
					)
				})?),
			};
			rows.push((line, values, at));
			stamps.push(stamp);
		}
		if rows.is_empty() {
			bail!("{shown} has a header and no rows: nothing can be learned from it");
		}
		if time.is_some() {
			rows = regular(rows, selection.fill).with_context(|| format!("{shown} is not a regular series"))?;
			stamps = rows.iter().map(|(_, _, at)| *at).collect();
		}
		let (mut series, first) = fill(&rows, &names).with_context(|| format!("{shown} cannot be filled"))?;
		series.clock = stamped.flatten().and_then(|(_, text)| Clock::new(&stamps[first..], &text));
		let first = series.values[0];
		if series.values.iter().all(|value| *value == first) {
			bail!("column `{}` of {shown} is constant at {first}: there is nothing to forecast", selection.column);
		}
		Ok(series)
	}

	/// Rounds the values to a unit in which differences over `horizon` steps have about three digits, or to the unit given; the columns
	/// beside it, to units of their own.
	pub fn quantise(&self, horizon: usize, unit: Option<f64>) -> Result<Quantised> {
		let quantum = match unit {
			Some(unit) if unit.is_finite() && unit > 0.0 => unit,
			Some(unit) => {
				bail!("--unit {unit} is no unit: it is the size of one step of the stored values, and has to be above 0")
			}
			None => natural_unit(&self.values, horizon),
		};
		let inputs: Vec<f64> = self.inputs.iter().map(|values| natural_unit(values, horizon)).collect();
		Ok(Quantised { values: self.raw(quantum, &inputs)?, quantum, inputs })
	}

	/// The values in these units: at each step one of every column.
	pub fn raw(&self, quantum: f64, inputs: &[f64]) -> Result<Vec<i32>> {
		let columns: Vec<&[f64]> = std::iter::once(&self.values).chain(&self.inputs).map(Vec::as_slice).collect();
		let units: Vec<f64> = std::iter::once(quantum).chain(inputs.iter().copied()).collect();
		for (values, unit) in columns.iter().zip(&units) {
			let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
			if largest / unit > LIMIT {
				bail!("values up to {largest} do not fit 30 bits in units of {unit}: choose a coarser one with --unit");
			}
		}
		let step = |at: usize| columns.iter().zip(&units).map(move |(values, unit)| (values[at] / unit).round() as i32);
		let raw: Vec<i32> = (0..self.values.len()).flat_map(step).collect();
		if raw.iter().step_by(columns.len()).all(|value| *value == raw[0]) {
			bail!("in units of {quantum} the series is constant: choose a finer one with --unit");
		}
		Ok(raw)
	}
}

/// The largest power of ten in which a typical difference over `horizon` steps is at least [`RESOLUTION`] units.
fn natural_unit(values: &[f64], horizon: usize) -> f64 {
	let horizon = horizon.min(values.len().saturating_sub(1)).max(1);
	let differences = values.windows(horizon + 1).map(|window| (window[horizon] - window[0]).abs());
	let mean = differences.sum::<f64>() / values.len().saturating_sub(horizon).max(1) as f64;
	let typical = if mean > 0.0 { mean } else { 1.0 };
	10f64.powi((typical / RESOLUTION).log10().floor() as i32)
}

impl Quantised {
	/// The unit for people, as in `0.01 °C`.
	pub fn unit(&self, of: &str) -> String {
		format!("{} {of}", decimal(self.quantum)).trim_end().to_string()
	}
}

/// A number without exponent.
pub fn decimal(value: f64) -> String {
	let text = format!("{value:.12}");
	let text = text.trim_end_matches('0').trim_end_matches('.');
	if text == "0" {
		format!("{value:e}")
	} else {
		text.to_string()
	}
}

/// The size of a raw unit that a domain's `unit` names, and the rest of it.
pub fn parse_unit(unit: &str) -> (f64, &str) {
	let (number, rest) = unit.trim().split_once(' ').unwrap_or((unit.trim(), ""));
	match number.parse::<f64>() {
		Ok(value) if value.is_finite() && value > 0.0 => (value, rest.trim()),
		_ => (1.0, unit.trim()),
	}
}

/// The column of numbers of a file that has only one, beside the times.
pub fn only_column(path: &Path, time: Option<&str>) -> Result<String> {
	let shown = path.display();
	let mut reader = open(path)?;
	let headers = reader.headers().with_context(|| format!("{shown} has no readable first line"))?.clone();
	let mut record = csv::StringRecord::new();
	if !reader.read_record(&mut record).with_context(|| format!("{shown} is not a regular CSV file"))? {
		bail!("{shown} has a header and no rows: nothing can be learned from it");
	}
	let numbers: Vec<&str> = (headers.iter().zip(&record))
		.filter(|(name, text)| Some(*name) != time && number(text).is_ok())
		.map(|(name, _)| name)
		.collect();
	match &numbers[..] {
		[] => bail!("{shown} has no column of numbers: nothing can be learned from it"),
		[column] => Ok(column.to_string()),
		several => {
			let known: Vec<_> = several.iter().map(|name| format!("`{name}`")).collect();
			bail!("{shown} has several columns of numbers: choose one with --column. They are {}", known.join(", "))
		}
	}
}

fn open(path: &Path) -> Result<csv::Reader<std::fs::File>> {
	let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path);
	let shown = path.display();
	reader.with_context(|| format!("cannot read {shown}. Name a CSV file whose first line holds the names of its columns"))
}

/// A finite number; nothing for an empty cell or NaN.
fn number(text: &str) -> Result<Option<f64>> {
	if text.is_empty() || ["nan", "na", "null", "none", "?"].contains(&text.to_ascii_lowercase().as_str()) {
		return Ok(None);
	}
	let value: f64 = text.parse()?;
	if !value.is_finite() {
		bail!("it is infinite");
	}
	Ok(Some(value))
}

/// The line of a row, its value in every column, and its time.
type Row = (u64, Vec<Option<f64>>, Option<i64>);

/// Checks that times rise by equal steps; missing steps become missing values when they may be filled.
fn regular(rows: Vec<Row>, fill: Option<Fill>) -> Result<Vec<Row>> {
	let times: Vec<(u64, i64)> = rows.iter().filter_map(|(line, _, at)| at.map(|at| (*line, at))).collect();
	for pair in times.windows(2) {
		if pair[1].1 <= pair[0].1 {
			bail!(
				"line {}: its time is not after that of line {}. Sort the rows by time and remove repeated ones",
				pair[1].0,
				pair[0].0
			);
		}
	}
	let mut steps: Vec<i64> = times.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
	steps.sort_unstable();
	let Some(step) = steps.get(steps.len() / 2).copied() else {
		return Ok(rows);
	};
	let mut whole: Vec<Row> = Vec::with_capacity(rows.len());
	for row in rows {
		if let Some((last_line, columns, Some(last))) = whole.last().map(|(line, values, at)| (*line, values.len(), *at)) {
			let apart = row.2.unwrap_or(last) - last;
			let missing = (apart as f64 / step as f64).round() as i64 - 1;
			if missing > 0 {
				if fill.is_none() {
					bail!(
						"line {}: it is {apart} s after line {last_line}, usual are {step} s, so {missing} values are missing. \
						Fill gaps with --fill linear, or leave --time away to take the rows as they stand",
						row.0
					);
				}
				whole.extend((1..=missing).map(|n| (row.0, vec![None; columns], Some(last + n * step))));
			}
		}
		whole.push(row);
	}
	Ok(whole)
}

/// Puts straight lines into gaps, from the first row by which every column has had a value to the last one from which on one lacks them;
/// and the first row.
fn fill(rows: &[Row], names: &[&str]) -> Result<(Series, usize)> {
	let mut columns = Vec::with_capacity(names.len());
	let (mut first, mut last) = (0, rows.len().saturating_sub(1));
	for (column, name) in names.iter().enumerate() {
		let known: Vec<(usize, f64)> =
			rows.iter().enumerate().filter_map(|(at, (_, values, _))| values[column].map(|value| (at, value))).collect();
		let (Some((from, _)), Some((to, _))) = (known.first(), known.last()) else {
			bail!("column `{name}` has no values at all")
		};
		(first, last) = (first.max(*from), last.min(*to));
		columns.push(known);
	}
	if last < first {
		bail!("its columns have no values at the same time");
	}
	let mut filled = 0;
	let mut lines = columns.into_iter().map(|known| {
		let (begin, count) = (known[0].0, known.iter().filter(|(at, _)| (first..=last).contains(at)).count());
		let mut values: Vec<f64> = Vec::with_capacity(rows.len());
		for pair in known.windows(2) {
			let ((from, start), (to, end)) = (pair[0], pair[1]);
			values.extend((from..to).map(|at| start + (end - start) * (at - from) as f64 / (to - from) as f64));
		}
		values.extend(known.last().map(|(_, value)| value));
		filled += last + 1 - first - count;
		values[first - begin..=last - begin].to_vec()
	});
	let values = lines.next().unwrap_or_default();
	let inputs = lines.collect();
	Ok((Series { values, inputs, filled, clock: None }, first))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn read_with(text: &str, time: bool, fill: Option<Fill>) -> Result<Series> {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("data.csv");
		std::fs::write(&path, text).unwrap();
		Series::read(&path, &Selection { column: "v", inputs: &[], time: time.then_some("t"), fill })
	}

	fn refusal(text: &str, time: bool) -> String {
		format!("{:#}", read_with(text, time, None).unwrap_err())
	}

	#[test]
	fn a_column_is_read_in_order() {
		let series =
			read_with("t,v\n2016-07-01 00:00:00,1.5\n2016-07-01 01:00:00, 2 \n2016-07-01 02:00:00,3e0\n", true, None).unwrap();
		assert_eq!((series.values, series.filled), (vec![1.5, 2.0, 3.0], 0));
		assert_eq!(series.clock.unwrap().at(3), "2016-07-01 03:00:00");
	}

	#[test]
	fn times_are_noticed_where_nobody_names_them() {
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
	fn a_missing_column_is_answered_with_those_there_are() {
		let reason = refusal("a,b\n1,2\n", false);
		assert!(reason.contains("no column `v`") && reason.contains("`a`, `b`"), "{reason}");
	}

	#[test]
	fn bad_cells_are_named_by_line() {
		assert!(refusal("t,v\n1,1\n2,x\n", false).contains("line 3: `x`"));
		let gap = refusal("t,v\n1,1\n2,\n3,4\n", false);
		assert!(gap.contains("line 3") && gap.contains("--fill linear"), "{gap}");
		assert!(refusal("t,v\n1,1\n2,NaN\n", false).contains("line 3"));
		assert!(refusal("t,v\n1,1\n2,inf\n", false).contains("line 3"));
		assert!(refusal("t,v\n1,1\n2\n", false).contains("not a regular CSV file"));
	}

	#[test]
	fn time_has_to_rise_evenly() {
		assert!(refusal("t,v\n1,1\n3,2\n2,3\n", true).contains("line 4: its time is not after that of line 3"));
		let gap = refusal("t,v\n2020-02-28,1\n2020-02-29,2\n2020-03-01,3\n2020-03-04,4\n", true);
		assert!(gap.contains("line 5") && gap.contains("2 values are missing"), "{gap}");
		assert!(refusal("t,v\nyesterday,1\n2,2\n", true).contains("`yesterday` is no time"));
	}

	#[test]
	fn gaps_are_filled_with_straight_lines() {
		let series = read_with("t,v\n0,1\n60,\n120,3\n180,4\n360,7\n", true, Some(Fill::Linear)).unwrap();
		assert_eq!((series.values, series.filled), (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 3));
		assert!(format!("{:#}", read_with("t,v\n0,\n1,\n", false, Some(Fill::Linear)).unwrap_err()).contains("no values at all"));
	}

	#[test]
	fn columns_beside_it_are_read_row_by_row() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("data.csv");
		let read = |text: &str, inputs: &[&str], fill| {
			std::fs::write(&path, text).unwrap();
			let inputs: Vec<String> = inputs.iter().map(ToString::to_string).collect();
			Series::read(&path, &Selection { column: "v", inputs: &inputs, time: None, fill })
		};
		let refusal = |text: &str, inputs: &[&str]| format!("{:#}", read(text, inputs, None).unwrap_err());
		let series = read("a,v,b\n1,10,5\n2,20,5\n3,40,5\n", &["b", "a"], None).unwrap();
		assert_eq!((&series.values, &series.inputs), (&vec![10.0, 20.0, 40.0], &vec![vec![5.0; 3], vec![1.0, 2.0, 3.0]]));
		let raw = series.quantise(1, Some(10.0)).unwrap();
		assert_eq!((&raw.values[..4], &raw.inputs), (&[1, 500, 100, 2][..], &vec![0.01, 0.01]));
		assert_eq!(series.raw(5.0, &[5.0, 1.0]).unwrap()[..3], [2, 1, 1]);
		assert!(refusal("v,a\n1,1\n2,x\n", &["a"]).contains("line 3: `x` in column `a` is no number"));
		assert!(refusal("v,a\n1,1\n", &["b"]).contains("no column `b`"));
		assert!(refusal("v,a\n1,1\n", &["a", "a"]).contains("`a` is named twice"));
		assert!(refusal("v,a\n1,1\n", &["v"]).contains("`v` is named twice"));
		// Where a column has begun too late, or ended early, there is nothing to fill it from.
		let filled = read("v,a\n1,\n2,10\n4,\n5,30\n6,\n", &["a"], Some(Fill::Linear)).unwrap();
		assert_eq!((filled.values, filled.inputs, filled.filled), (vec![2.0, 4.0, 5.0], vec![vec![10.0, 20.0, 30.0]], 1));
	}

	#[test]
	fn nothing_to_forecast_is_said() {
		assert!(refusal("t,v\n1,5\n2,5\n", false).contains("constant at 5"));
		assert!(refusal("t,v\n", false).contains("no rows"));
	}

	#[test]
	fn the_unit_gives_differences_three_digits() {
		for (scale, unit) in [(1.0, 0.01), (1e-4, 1e-6), (1e6, 1e4)] {
			let values: Vec<f64> = (0..100).map(|i| scale * f64::from(i) * 3.0).collect();
			let series = Series { values, inputs: Vec::new(), filled: 0, clock: None };
			let quantised = series.quantise(1, None).unwrap();
			assert!((quantised.quantum / unit - 1.0).abs() < 1e-9, "{scale}: {}", quantised.quantum);
			assert_eq!(quantised.values[1], 300);
		}
	}

	#[test]
	fn a_chosen_unit_is_used_or_refused() {
		let series = Series { values: vec![1.0, 2.0, 4.0], inputs: Vec::new(), filled: 0, clock: None };
		assert_eq!(series.quantise(1, Some(0.5)).unwrap().values, [2, 4, 8]);
		assert_eq!(series.quantise(1, Some(0.5)).unwrap().unit("ppm"), "0.5 ppm");
		assert!(format!("{:#}", series.quantise(1, Some(1e-12)).unwrap_err()).contains("coarser"));
		assert!(format!("{:#}", series.quantise(1, Some(1e9)).unwrap_err()).contains("finer"));
		assert!(series.quantise(1, Some(0.0)).is_err() && series.quantise(1, Some(f64::NAN)).is_err());
	}

	#[test]
	fn a_unit_is_read_back() {
		assert_eq!(parse_unit("0.01 °C"), (0.01, "°C"));
		assert_eq!(parse_unit("0.00001"), (0.00001, ""));
		assert_eq!(parse_unit("ppm"), (1.0, "ppm"));
		assert_eq!(decimal(1e-5), "0.00001");
		assert_eq!(decimal(100.0), "100");
	}
}
