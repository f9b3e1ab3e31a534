//! Columns that are read: those that a user names, and those that are recognised by the first rows.

use super::{
	header::Header,
	number::{is_number, Missing},
	records::Record,
	row_columns::RowSelection,
	table::CsvOptions,
};
use crate::time::recognise;
use anyhow::{bail, ensure, Result};

/// Columns of times: year, month, day, hour, minute and second.
const MAX_TIME_COLUMNS: usize = 6;
/// Text columns beside the selected ones that are held: where several series stand below each other, one of them names the
/// series.
const MAX_LABELS: usize = 3;

/// Columns that are read, by name or position.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
	/// Column to forecast; the only column of numbers if `None`.
	pub column: Option<&'a str>,
	/// Further columns: names, or lists of names.
	pub inputs: &'a [String],
	/// Column of times, or a list of columns whose texts are joined by blanks, e.g. of dates and of times of day; recognised by
	/// its cells if `None`. `none` for no column.
	pub time: Option<&'a str>,
	/// `true` if the last rows are kept of a file that has too many.
	pub keep_last: bool,
	/// Columns of a table of rows, in place of those of a series.
	pub rows: Option<RowSelection<'a>>,
}

/// Positions of the columns that are held.
pub struct Columns {
	/// The column to forecast, and the further ones.
	pub values: Vec<usize>,
	/// Columns of times, whose texts are joined.
	pub time: Vec<usize>,
	/// Text columns that may tell series apart.
	pub labels: Vec<usize>,
	/// Columns whose cells have to have these texts.
	pub filters: Vec<(usize, String)>,
}

impl Columns {
	/// Finds the columns of a file by its header and its first rows.
	///
	/// # Errors
	///
	/// Errors if a column does not exist, is named twice, or cannot be chosen among several.
	pub fn new(
		header: &Header,
		sample: &[Record],
		selection: &Selection,
		options: &CsvOptions,
		missing: &Missing,
	) -> Result<Self> {
		if let Some(rows) = &selection.rows {
			return Self::of_rows(header, sample, rows, options, missing);
		}
		let filters = options.filters.iter().map(|filter| parse_filter(header, filter)).collect::<Result<Vec<_>>>()?;
		let column = selection.column.map(|column| header.find(column)).transpose()?;
		let mut inputs = Vec::new();
		for list in selection.inputs {
			inputs.extend(header.find_list(list)?);
		}
		let texts: Vec<Vec<String>> = sample.iter().filter(|row| row.filled_len() > 0).map(Record::texts).collect();
		let time = match selection.time {
			Some(list) => time_columns(header, list)?,
			None => {
				let names: Vec<&str> = header.names().iter().map(String::as_str).collect();
				let cell = |row: &Vec<String>, at: usize| row.get(at).map_or("", String::as_str).to_string();
				let padded: Vec<Vec<String>> =
					texts.iter().map(|row| (0..names.len()).map(|at| cell(row, at)).collect()).collect();
				let rows: Vec<Vec<&str>> = padded.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
				let taken: Vec<usize> = column.iter().chain(&inputs).copied().collect();
				recognise(&names, &rows, &taken).unwrap_or_default()
			}
		};
		let numeric = |at: usize| {
			let known = || texts.iter().filter_map(|row| row.get(at)).filter(|text| !missing.matches(text));
			let numbers = known().filter(|text| is_number(text)).count();
			numbers > 0 && 2 * numbers >= known().count()
		};
		let free = |at: usize| !time.contains(&at) && !inputs.contains(&at) && !filters.iter().any(|(filter, _)| *filter == at);
		let column = match column {
			Some(column) => column,
			None => only_column(header, |at| free(at) && numeric(at))?,
		};
		let values: Vec<usize> = std::iter::once(column).chain(inputs).collect();
		if let Some(at) = (1..values.len()).find(|at| values[..*at].contains(&values[*at])) {
			let name = header.shown(values[at]);
			let column = header.shown(values[0]);
			bail!("column `{name}` is named twice: --inputs takes columns other than `{column}`, each once");
		}
		let few = |at: &usize| {
			let mut distinct: Vec<&str> = texts.iter().filter_map(|row| row.get(*at)).map(String::as_str).collect();
			distinct.sort_unstable();
			distinct.dedup();
			distinct.len() <= 3 && distinct.iter().any(|text| !text.is_empty())
		};
		let others = (0..header.width()).filter(|at| !values.contains(at) && !time.contains(at));
		let labels = if time.is_empty() { Vec::new() } else { others.filter(few).take(MAX_LABELS).collect() };
		Ok(Self { values, time, labels, filters })
	}
}

/// Returns the columns of times that the user names: none, one, a date and a time of day, or parts of a date.
fn time_columns(header: &Header, list: &str) -> Result<Vec<usize>> {
	if list == "none" && !header.names().iter().any(|name| name == list) {
		return Ok(Vec::new());
	}
	let columns = header.find_list(list)?;
	ensure!(
		columns.len() <= MAX_TIME_COLUMNS,
		"--time {list} names {} columns, and at most {MAX_TIME_COLUMNS} are used: name one, or a column of dates and one of \
		times of day",
		columns.len()
	);
	Ok(columns)
}

/// Parses a condition `COLUMN=VALUE`.
pub(super) fn parse_filter(header: &Header, filter: &str) -> Result<(usize, String)> {
	// A name may hold the sign; the first column that exists counts.
	let mut parts = filter.match_indices('=').map(|(at, _)| (filter[..at].trim(), filter[at + 1..].trim()));
	let first = parts.clone().next();
	let found = parts.find_map(|(column, value)| header.find(column).ok().map(|column| (column, value.to_string())));
	match (found, first) {
		(Some(found), _) => Ok(found),
		(None, Some((column, _))) => header.find(column).map(|at| (at, String::new())),
		(None, None) => bail!("invalid --where {filter}: expected COLUMN=VALUE, e.g. --where store=A"),
	}
}

/// Returns the only column that `numeric` accepts.
fn only_column(header: &Header, numeric: impl Fn(usize) -> bool) -> Result<usize> {
	let mut found = (0..header.width()).filter(|at| numeric(*at));
	match (found.next(), found.next()) {
		(None, _) => bail!("there is no column of numbers: a model needs one"),
		(Some(column), None) => Ok(column),
		_ => bail!("there are several columns of numbers: choose one with --column. They are {}", header.list(numeric)),
	}
}
