//! Rows `timestamp,close,high,low,volume`, as programs print them and files have them.

use crate::{
	bar::{Field, Layout},
	fault::{Place, Reason},
	reading::{shortened, Row},
	time::parse_moment,
};

/// Names of the column of times in a header.
const TIMES: [&str; 5] = ["timestamp", "time", "date", "datetime", "date_time"];

/// Columns of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Columns {
	time: usize,
	/// Positions of the values, in the order of [`Layout::fields`].
	values: Vec<usize>,
	/// Number of columns.
	count: usize,
}

/// Names of columns in a header that are not the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnNames {
	/// Name of the column of times.
	pub time: Option<String>,
	/// Names of the columns of values, in the order of [`Field::ALL`].
	pub values: [Option<String>; 4],
}

impl ColumnNames {
	/// Returns `true` if there is none.
	fn is_empty(&self) -> bool {
		self.time.is_none() && self.values.iter().all(Option::is_none)
	}

	/// Returns the name of the column of a value, in lower case.
	fn of(&self, field: Field) -> String {
		self.values[place_of(field)].as_ref().map_or_else(|| field.to_string(), |name| name.trim().to_lowercase())
	}

	/// Returns `true` if a name in lower case is that of the column of times.
	fn is_time(&self, name: &str) -> bool {
		self.time.as_ref().map_or_else(|| TIMES.contains(&name), |time| time.trim().to_lowercase() == name)
	}
}

/// Returns the position of a field in [`Field::ALL`].
fn place_of(field: Field) -> usize {
	Field::ALL.iter().position(|known| *known == field).unwrap_or(0)
}

/// Reads rows one by one. The first one may be a header, which names the columns in any order.
pub(crate) struct RowReader<'a> {
	layout: &'a Layout,
	names: ColumnNames,
	columns: Option<Columns>,
}

impl<'a> RowReader<'a> {
	/// Returns a reader of rows of a stream. The header has to have the columns `names`.
	pub(crate) fn new(layout: &'a Layout, names: ColumnNames) -> Self {
		Self { layout, names, columns: None }
	}

	/// Returns the texts of a row; `None` for a header and for an empty line.
	///
	/// # Errors
	///
	/// Errors if the row has other columns than the rows before.
	pub(crate) fn row(&mut self, place: Place, cells: &[&str]) -> Result<Option<Row>, Reason> {
		if cells.iter().all(|cell| cell.trim().is_empty()) {
			return Ok(None);
		}
		if self.columns.is_none() {
			if parse_moment(cells[0]).is_none() || !self.names.is_empty() {
				self.columns = Some(header(place, cells, self.layout, &self.names)?);
				return Ok(None);
			}
			self.columns = Some(without_header(self.layout));
		}
		let Some(columns) = &self.columns else { return Ok(None) };
		if cells.len() != columns.count {
			let found = format!("{} columns (`{}`)", cells.len(), shortened(&cells.join(",")));
			return Err(Reason::Columns { place, found });
		}
		let values = columns.values.iter().map(|at| cells[*at].trim().to_owned()).collect();
		Ok(Some(Row { time: cells[columns.time].trim().to_owned(), values }))
	}
}

/// Returns the columns of rows without a header.
fn without_header(layout: &Layout) -> Columns {
	let position = |field: &Field| place_of(*field) + 1;
	Columns { time: 0, values: layout.fields.iter().map(position).collect(), count: Field::ALL.len() + 1 }
}

/// Returns the columns that a header names. Further columns are allowed.
fn header(place: Place, cells: &[&str], layout: &Layout, wanted: &ColumnNames) -> Result<Columns, Reason> {
	let names: Vec<String> = cells.iter().map(|cell| cell.trim().trim_start_matches('\u{feff}').to_lowercase()).collect();
	let missing = |what: String| Reason::Columns { place, found: format!("`{}`, without {what},", shortened(&cells.join(","))) };
	let time = names.iter().position(|name| wanted.is_time(name)).ok_or_else(|| missing("a timestamp".into()))?;
	let position = |field: &Field| {
		let name = wanted.of(*field);
		names.iter().position(|known| *known == name).ok_or_else(|| missing(format!("a column {name}")))
	};
	let values = layout.fields.iter().map(position).collect::<Result<_, _>>()?;
	Ok(Columns { time, values, count: names.len() })
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::layout;

	fn read(lines: &[&str], layout: &Layout) -> Result<Vec<Row>, Reason> {
		read_named(lines, layout, ColumnNames::default())
	}

	fn read_named(lines: &[&str], layout: &Layout, names: ColumnNames) -> Result<Vec<Row>, Reason> {
		let mut reader = RowReader::new(layout, names);
		let mut rows = Vec::new();
		for (line, number) in lines.iter().zip(1..) {
			rows.extend(reader.row(Place::Line(number), &line.split(',').collect::<Vec<_>>())?);
		}
		Ok(rows)
	}

	fn row(time: &str, values: [&str; 4]) -> Row {
		Row { time: time.into(), values: values.map(String::from).to_vec() }
	}

	#[test]
	fn rows_are_read_with_and_without_a_header() {
		let expected = vec![row("1769861100", ["5", "9", "1", "7"])];
		assert_eq!(read(&["1769861100, 5,9 ,1,7", ""], &layout()), Ok(expected.clone()));
		assert_eq!(read(&["timestamp,close,high,low,volume", "1769861100,5,9,1,7"], &layout()), Ok(expected.clone()));
		let other = ["\u{feff}Volume,Low,Open,Time,High,Close", "7,1,3,1769861100,9,5"];
		assert_eq!(read(&other, &layout()), Ok(expected));
		let closes = Layout { fields: vec![Field::Close], ..layout() };
		let only = Row { time: "1769861100".into(), values: vec!["5".into()] };
		assert_eq!(read(&["DATE_TIME,close", "1769861100,5"], &closes), Ok(vec![only.clone()]));
		let names = ColumnNames { time: Some("Week".into()), values: [Some("ppm".into()), None, None, None] };
		let named = read_named(&["PPM,week,measured", "5,1769861100,1"], &closes, names.clone());
		assert_eq!(named, Ok(vec![only]));
		let without = read_named(&["1769861100,5,9,1,7"], &closes, names).unwrap_err().to_string();
		assert!(without.contains("without a timestamp"), "{without}");
	}

	#[test]
	fn changed_columns_are_named() {
		let refused = |lines: &[&str]| read(lines, &layout()).unwrap_err().to_string();
		let fewer = refused(&["1769861100,5,9,1,7", "1769861400,5"]);
		assert!(fewer.starts_with("line 2 has 2 columns (`1769861400,5`) in place of the columns timestamp,close"), "{fewer}");
		assert!(refused(&["1769861100;5;9;1;7"]).contains("without a timestamp"), "another separator");
		assert!(refused(&["timestamp,close,high,low"]).contains("without a column volume"));
		assert!(refused(&["<html><body>"]).contains("`<html><body>`"));
	}
}
