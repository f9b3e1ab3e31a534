//! Bars of a CSV file, e.g. one that `history` has written.

use crate::bars::{Bar, Clock, Series};
use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_sources::{
	decimal::{parse_decimal, MAX_DECIMALS},
	time::{parse_moment, span_text},
	Field,
};
use std::{fs::File, io::Read, path::Path, str::FromStr};

/// Longest file that is read, bytes.
const MAX_FILE: u64 = 256 << 20;
/// Most bars of a file, missing ones included.
const MAX_BARS: u64 = 4_000_000;
/// Difference of the least and the greatest close that a number of decimals is chosen for. No change exceeds 31 bits then.
const MAX_RANGE: i64 = 1 << 30;
/// Names of the column of times.
const TIMES: [&str; 6] = ["timestamp", "time", "date", "datetime", "date_time", "open_time"];
/// Texts of a missing value, in lower case.
const MISSING: [&str; 6] = ["", "na", "n/a", "nan", "null", "none"];

/// Column of times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Times {
	/// The one that has a usual name.
	#[default]
	Found,
	/// The one of this name.
	Named(String),
	/// None: the rows are bars without gaps, whatever their times are.
	None,
}

impl FromStr for Times {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		Ok(match text.trim() {
			"" => return Err("expected the name of the column of times, or `none`".into()),
			"none" => Self::None,
			name => Self::Named(name.into()),
		})
	}
}

/// Columns of a file, and the unit of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
	/// Name of the column of closes.
	pub column: String,
	/// Column of times.
	pub times: Times,
	/// Decimals of the values; `None` for as many as the closes have, and as fit.
	pub decimals: Option<u8>,
}

impl Default for FileOptions {
	fn default() -> Self {
		Self { column: Field::Close.to_string(), times: Times::Found, decimals: None }
	}
}

/// Positions of the columns that are read.
struct Columns {
	time: Option<usize>,
	/// Fields and their positions, the close first.
	values: Vec<(Field, usize)>,
	count: usize,
}

/// A row that was not parsed yet.
struct Row {
	line: u64,
	time: Option<i64>,
	/// Texts of the values, in the order of the columns; `None` for a missing bar.
	values: Option<Vec<String>>,
}

/// Reads the bars of a file. The columns `high`, `low` and `volume` are read where the file has them.
///
/// # Errors
///
/// Errors if the file cannot be read, lacks a column, or has a row that is not a bar. The error names the line and the next step.
pub fn read_file(path: &Path, options: &FileOptions) -> Result<Series> {
	let shown = path.display();
	let open = || -> std::io::Result<(File, u64)> {
		let file = File::open(path)?;
		let length = file.metadata()?.len();
		Ok((file, length))
	};
	let (file, length) = open().with_context(|| format!("cannot read {shown}: name a CSV file, e.g. one of `history`"))?;
	ensure!(length <= MAX_FILE, "{shown} is larger than {} MiB: cut it into parts", MAX_FILE >> 20);
	let name = path.file_name().map_or_else(|| shown.to_string(), |name| name.to_string_lossy().into_owned());
	read(file.take(MAX_FILE), name, options).with_context(|| format!("{shown} cannot be used"))
}

/// Reads the bars of a text; see [`read_file`].
fn read(text: impl Read, name: String, options: &FileOptions) -> Result<Series> {
	let mut records = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
	let (mut columns, mut rows) = (None, Vec::new());
	for record in records.records() {
		let record = record?;
		let line = record.position().map_or(0, csv::Position::line);
		let cells: Vec<&str> = record.iter().map(str::trim).collect();
		if cells.iter().all(|cell| cell.is_empty()) {
			continue;
		}
		match &columns {
			None => columns = Some(header(&cells, options)?),
			Some(columns) => rows.push(row(line, &cells, columns)?),
		}
	}
	let columns = columns.context("it is empty: its first line has to name the columns")?;
	let decimals = options.decimals.map_or_else(|| decimals(&rows), Ok)?;
	let fields: Vec<Field> = columns.values.iter().map(|(field, _)| *field).collect();
	let (clock, places) = grid(&rows)?;
	let mut bars: Vec<Option<Bar>> = vec![None; places.last().map_or(0, |last| last + 1)];
	for (row, place) in rows.iter().zip(places) {
		let Some(values) = &row.values else { continue };
		let bar = bar(row.line, &fields, values, decimals)?;
		ensure!(
			bars[place].is_none_or(|earlier| earlier == bar),
			"line {} has the time of a row before, and other values",
			row.line
		);
		bars[place] = Some(bar);
	}
	ensure!(bars.iter().any(Option::is_some), "it has no bars below its header");
	Ok(Series { name, column: options.column.clone(), bars, fields, clock, decimals })
}

/// Returns the columns that the header names.
fn header(cells: &[&str], options: &FileOptions) -> Result<Columns> {
	let names: Vec<String> = cells.iter().map(|cell| cell.trim_start_matches('\u{feff}').trim().to_lowercase()).collect();
	let position = |name: &str| names.iter().position(|known| *known == name.trim().to_lowercase());
	let shown = || cells.join(", ");
	let close = position(&options.column).with_context(|| {
		format!("it has no column `{}` among {}: name the column of closes with --column", options.column, shown())
	})?;
	let time = match &options.times {
		Times::None => None,
		Times::Named(name) => Some(position(name).with_context(|| format!("it has no column `{name}` among {}", shown()))?),
		Times::Found => Some(TIMES.iter().find_map(|name| position(name)).with_context(|| {
			format!("it has no column of times among {}: name it with --time, or use the rows as bars with --time none", shown())
		})?),
	};
	let others =
		[Field::High, Field::Low, Field::Volume].into_iter().filter_map(|field| Some((field, position(&field.to_string())?)));
	let others = others.filter(|(_, at)| *at != close);
	Ok(Columns { time, values: std::iter::once((Field::Close, close)).chain(others).collect(), count: names.len() })
}

/// Returns the cells of a row that are read.
fn row(line: u64, cells: &[&str], columns: &Columns) -> Result<Row> {
	let count = cells.len();
	ensure!(count == columns.count, "line {line} has {count} cells, and its header has {}: correct or remove it", columns.count);
	let time = columns.time.map(|at| {
		parse_moment(cells[at]).with_context(|| {
			let expected = "expected seconds or milliseconds since 1970, or a date such as 2026-01-31T12:05:00Z";
			format!("line {line} has the time `{}`: {expected}", shortened(cells[at]))
		})
	});
	let is_missing = |text: &str| MISSING.contains(&text.to_lowercase().as_str());
	let texts: Vec<&str> = columns.values.iter().map(|(_, at)| cells[*at]).collect();
	let values = (!texts.iter().copied().any(is_missing)).then(|| texts.into_iter().map(String::from).collect());
	Ok(Row { line, time: time.transpose()?, values })
}

/// Returns a text that is no longer than a number or a date.
fn shortened(text: &str) -> String {
	text.chars().filter(|sign| !sign.is_control()).take(40).collect()
}

/// Returns the decimals of the closes: as many as they have, or as many as keep all changes within 31 bits.
fn decimals(rows: &[Row]) -> Result<u8> {
	let closes = || rows.iter().filter_map(|row| Some((row.line, row.values.as_ref()?.first()?.as_str())));
	let most = closes().map(|(_, text)| written_decimals(text)).max().unwrap_or(0);
	for decimals in (1..=most).rev() {
		let range = closes().try_fold((i64::MAX, i64::MIN), |(least, most), (_, text)| {
			let close = parse_decimal(text, decimals).ok()?;
			Some((least.min(close), most.max(close)))
		});
		if range.is_some_and(|(least, most)| most.checked_sub(least).is_some_and(|range| range <= MAX_RANGE)) {
			return Ok(decimals);
		}
	}
	for (line, text) in closes() {
		parse_decimal(text, 0).map_err(|reason| anyhow!("line {line} has the close `{}`: {reason}", shortened(text)))?;
	}
	Ok(0)
}

/// Returns the number of decimals of a text that are not 0 at its end, e.g. 2 of `64250.1200`.
fn written_decimals(text: &str) -> u8 {
	let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
	let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len() as i64);
	let exponent: i64 = exponent.parse().unwrap_or(0);
	fraction.saturating_sub(exponent).clamp(0, MAX_DECIMALS.into()) as u8
}

/// Returns the values of a row.
fn bar(line: u64, fields: &[Field], texts: &[String], decimals: u8) -> Result<Bar> {
	let mut values = Vec::with_capacity(fields.len());
	for (field, text) in fields.iter().zip(texts) {
		let value = parse_decimal(text, decimals);
		values.push(value.map_err(|reason| anyhow!("line {line} has the {field} `{}`: {reason}", shortened(text)))?);
	}
	let bar = Bar::of_values(fields, &values).context("a bar has a close")?;
	let Bar { close, high, low, volume } = bar;
	let conflict = match (close <= high, low <= close, volume >= 0) {
		(false, ..) => "its close is above its high",
		(_, false, _) => "its close is below its low",
		(.., false) => "its volume is negative",
		_ => return Ok(bar),
	};
	bail!("line {line} is not a bar: {conflict}; correct or remove it")
}

/// Returns the times of the bars, and the place of each row among them. The least step between two rows is the length of a bar.
fn grid(rows: &[Row]) -> Result<(Option<Clock>, Vec<usize>)> {
	let Some(times) = rows.iter().map(|row| row.time).collect::<Option<Vec<i64>>>().filter(|times| !times.is_empty()) else {
		return Ok((None, (0..rows.len()).collect()));
	};
	let mut least: Option<u64> = None;
	for (pair, row) in times.windows(2).zip(&rows[1..]) {
		ensure!(
			pair[0] <= pair[1],
			"line {} is earlier than the row before: sort the rows, or use them as bars with --time none",
			row.line
		);
		let step = pair[1].abs_diff(pair[0]);
		least = if step > 0 { Some(least.map_or(step, |least| least.min(step))) } else { least };
	}
	let clock = Clock { first: times[0], step: least.unwrap_or(1) };
	let mut places = Vec::with_capacity(rows.len());
	for (time, row) in times.iter().zip(rows) {
		let (since, step) = (time.abs_diff(clock.first), clock.step);
		ensure!(
			since.is_multiple_of(step),
			"line {} is not a multiple of {} after the first row: correct its time, or use the rows as bars with --time none",
			row.line,
			span_text(step)
		);
		ensure!(
			since / step < MAX_BARS,
			"line {} lies more than {MAX_BARS} bars of {} after the first row: cut the file into parts",
			row.line,
			span_text(step)
		);
		places.push((since / step) as usize);
	}
	Ok((Some(clock), places))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn read_text(text: &str, options: FileOptions) -> Result<Series> {
		read(text.as_bytes(), "a.csv".into(), &options)
	}

	fn closes(text: &str, options: FileOptions) -> (Vec<Option<i64>>, u8) {
		let series = read_text(text, options).unwrap_or_else(|error| panic!("{error:#}"));
		(series.closes(), series.decimals)
	}

	/// Options of a file whose closes are the column `value`.
	fn of_value() -> FileOptions {
		FileOptions { column: "value".into(), ..Default::default() }
	}

	#[test]
	fn a_file_of_history_is_read_exactly() {
		let text = "timestamp,close,high,low,volume\n1600000200000,5.25000000,9.00,1.00,7\n1600000800000,5.5,9,1,0\n";
		let series = read_text(text, FileOptions::default()).unwrap();
		let bars = [
			Some(Bar { close: 525, high: 900, low: 100, volume: 700 }),
			Some(Bar { close: 550, high: 900, low: 100, volume: 0 }),
		];
		assert_eq!((series.bars, series.decimals), (bars.to_vec(), 2));
		let clock = Clock { first: 1_600_000_200_000, step: 600_000 };
		assert_eq!((series.fields, series.clock), (Field::ALL.to_vec(), Some(clock)));
	}

	#[test]
	fn other_files_name_their_columns() {
		let text = "DATE_TIME,Value,x\n2026-01-01 00:00:00,1.5,a\n2026-01-01 04:00:00,1.25,b\n2026-01-01 16:00:00,2,c\n";
		assert_eq!(closes(text, of_value()), (vec![Some(150), Some(125), None, None, Some(200)], 2), "a gap is missing bars");
		let named = FileOptions { times: Times::Named("date_time".into()), decimals: Some(1), ..of_value() };
		assert_eq!(closes(text, named).0[..2], [Some(15), Some(13)], "half a unit is rounded up");
		let none = FileOptions { times: Times::None, ..of_value() };
		assert_eq!(closes(text, none), (vec![Some(150), Some(125), Some(200)], 2));
		assert_eq!("none".parse(), Ok(Times::None));
		assert_eq!("When".parse(), Ok(Times::Named("When".into())));
		assert!(" ".parse::<Times>().is_err());
	}

	#[test]
	fn missing_values_are_missing_bars() {
		let text = "time,value\n1600000000,5\n1600003600,NaN\n1600007200,\n1600010800,6\n";
		assert_eq!(closes(text, of_value()).0, [Some(5), None, None, Some(6)]);
	}

	#[test]
	fn decimals_are_those_of_the_closes_as_far_as_changes_fit() {
		let of = |closes: &[&str]| {
			let rows =
				closes.iter().enumerate().map(|(at, close)| format!("{},{close}\n", 1_600_000_000 + at)).collect::<String>();
			self::closes(&format!("time,value\n{rows}"), of_value())
		};
		assert_eq!(of(&["1.10", "2.500"]), (vec![Some(11), Some(25)], 1));
		assert_eq!(of(&["74.93588199999998", "0"]), (vec![Some(749_358_820), Some(0)], 7), "changes fit 31 bits");
		assert_eq!(of(&["5e9", "0"]), (vec![Some(5_000_000_000), Some(0)], 0));
		assert_eq!(of(&["1e-3", "2"]), (vec![Some(1), Some(2_000)], 3));
		assert_eq!(["7", "7.0", "0.010", "1.5e3", "1.25e1", "5e-2", "1e-999"].map(written_decimals), [0, 0, 2, 0, 1, 2, 18]);
	}

	#[test]
	fn rows_that_are_not_bars_are_named_with_their_line() {
		let first = "time,close,high,low,volume\n1600000000,5,9,1,7\n";
		for (text, expected) in [
			(String::new(), "it is empty"),
			("time,price\n1600000000,5\n".into(), "no column `close` among time, price: name the column of closes with --column"),
			("when,close\n1600000000,5\n".into(), "no column of times among when, close: name it with --time"),
			("time,close\n".into(), "no bars below its header"),
			(format!("{first}noon,5,9,1,7\n"), "line 3 has the time `noon`"),
			(format!("{first}1600003600,5,9\n"), "line 3 has 3 cells, and its header has 5"),
			(format!("{first}1600003600,five,9,1,7\n"), "line 3 has the close `five`: it is not a decimal number"),
			(format!("{first}1600003600,5,1e30,1,7\n"), "line 3 has the high `1e30`: with 0 decimals it is outside of 64 bits"),
			(format!("{first}1600003600,10,9,1,7\n"), "line 3 is not a bar: its close is above its high"),
			(format!("{first}1600003600,0,9,1,7\n"), "its close is below its low"),
			(format!("{first}1600003600,5,9,1,-7\n"), "its volume is negative"),
			(format!("{first}1600000000,6,9,1,7\n"), "line 3 has the time of a row before, and other values"),
			(format!("{first}1500000000,5,9,1,7\n"), "line 3 is earlier than the row before: sort the rows"),
			(format!("{first}1600003600,5,9,1,7\n1600005400.5,5,9,1,7\n"), "is not a multiple of"),
			(format!("{first}1600000001,5,9,1,7\n2600000000,5,9,1,7\n"), "line 4 lies more than 4000000 bars of 1 s"),
			("<html>\n".into(), "no column `close` among <html>"),
		] {
			let error = format!("{:#}", read_text(&text, FileOptions::default()).unwrap_err());
			assert!(error.contains(expected), "{expected}: {error}");
		}
		let twice = read_text(&format!("{first}1600000000,5.0,9,1,7\n"), FileOptions::default()).unwrap();
		assert_eq!(twice.bars.len(), 1, "a row that is repeated is one bar");
	}

	#[test]
	fn a_file_that_cannot_be_opened_is_named() {
		let folder = tempfile::tempdir().unwrap();
		let error = format!("{:#}", read_file(&folder.path().join("none.csv"), &FileOptions::default()).unwrap_err());
		assert!(error.contains("none.csv") && error.contains("name a CSV file"), "{error}");
		let path = folder.path().join("bars.csv");
		std::fs::write(&path, "time,close\nx,1\n").unwrap();
		assert!(
			format!("{:#}", read_file(&path, &FileOptions::default()).unwrap_err()).contains("bars.csv cannot be used: line 2")
		);
	}
}
