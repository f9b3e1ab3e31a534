//! Columns of a file, by name or by position.

use super::{
	number::{is_number, Missing},
	records::Record,
};
use anyhow::{bail, Result};

/// Names in a message; further ones are counted.
const SHOWN: usize = 40;

/// Columns of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
	/// Name of each column; empty where the file has none.
	names: Vec<String>,
	/// `true` if the first line holds names.
	named: bool,
	/// First number of the first line, if that holds numbers in place of names.
	first_number: Option<String>,
}

impl Header {
	/// Returns the header whose names are `names`.
	pub fn named(names: Vec<String>) -> Self {
		Self { names, named: true, first_number: None }
	}

	/// Returns the header of a file whose first line is a row.
	pub fn unnamed(first: &Record) -> Self {
		let first_number = (0..first.width()).map(|at| first.text(at).0.into_owned()).find(|text| is_number(text));
		Self { names: vec![String::new(); first.width()], named: false, first_number }
	}

	/// Returns the number of columns.
	pub fn width(&self) -> usize {
		self.names.len()
	}

	/// Returns `true` if the file names its columns.
	pub fn has_names(&self) -> bool {
		self.named
	}

	/// Returns the names; empty texts where there are none.
	pub fn names(&self) -> &[String] {
		&self.names
	}

	/// Returns the name of a column, or its position, counted from 1, if the name does not identify it.
	pub fn shown(&self, at: usize) -> String {
		let name = &self.names[at];
		let unique = !name.is_empty() && self.names.iter().filter(|other| *other == name).count() == 1;
		if unique {
			name.clone()
		} else {
			(at + 1).to_string()
		}
	}

	/// Returns the position of a column, counted from 0. A name comes before a position, which counts from 1.
	///
	/// # Errors
	///
	/// Errors if there is no such column, or if several have this name.
	pub fn find(&self, column: &str) -> Result<usize> {
		let column = column.trim();
		let found: Vec<usize> = (0..self.width()).filter(|at| self.names[*at] == column && !column.is_empty()).collect();
		match found[..] {
			[at] => return Ok(at),
			[] => {}
			_ => {
				let positions: Vec<String> = found.iter().map(|at| (at + 1).to_string()).collect();
				bail!(
					"the columns {} are all named `{column}`: choose one by its position, e.g. {} in place of `{column}`",
					positions.join(" and "),
					positions[0]
				)
			}
		}
		match column.parse::<usize>() {
			Ok(position) if (1..=self.width()).contains(&position) => Ok(position - 1),
			_ => bail!(self.unknown(column)),
		}
	}

	/// Returns the positions of the columns of a list: a name, or names and positions between commas. A name that holds a comma
	/// is found as it is, or in quotes.
	///
	/// # Errors
	///
	/// Errors if there is no such column, or if several have one of the names.
	pub fn find_list(&self, list: &str) -> Result<Vec<usize>> {
		if self.names.iter().any(|name| name == list.trim()) {
			return Ok(vec![self.find(list)?]);
		}
		let pieces = split_list(list);
		let mut found = Vec::new();
		let mut from = 0;
		while from < pieces.len() {
			// The longest name wins.
			let joined = |to: usize| pieces[from..to].join(",");
			let to = (from + 2..=pieces.len()).rev().find(|to| self.names.iter().any(|name| name == joined(*to).trim()));
			let to = to.unwrap_or(from + 1);
			found.push(self.find(&joined(to))?);
			from = to;
		}
		Ok(found)
	}

	/// Returns the reason why a column does not exist, and the existing ones.
	fn unknown(&self, column: &str) -> String {
		if let Some(number) = &self.first_number {
			return format!(
				"there is no column `{column}`: the first line holds numbers such as `{number}`, not names. Choose columns by \
				position, e.g. --no-header --column 2"
			);
		}
		if !self.named {
			return format!(
				"there is no column `{column}`: with --no-header, columns are chosen by position, from 1 to {}",
				self.width()
			);
		}
		let fold = |text: &str| text.to_lowercase().split_whitespace().collect::<String>();
		let similar: Vec<&String> = self.names.iter().filter(|name| fold(name) == fold(column) && !name.is_empty()).collect();
		let similar = match similar[..] {
			[one] => format!(" Did you mean `{one}`?"),
			_ => String::new(),
		};
		format!("no column `{column}`.{similar} Its columns are {}", self.list(|_| true))
	}

	/// Returns the columns that `filter` accepts, as a list for a message.
	pub fn list(&self, filter: impl Fn(usize) -> bool) -> String {
		let known = (0..self.width()).filter(|at| filter(*at) && (!self.names[*at].is_empty() || !self.named));
		let known = known.map(|at| (self.shown(at), &self.names[at]));
		let known =
			known.map(
				|(shown, name)| {
					if name.is_empty() || shown == *name {
						format!("`{shown}`")
					} else {
						format!("`{shown}` ({name})")
					}
				},
			);
		let known: Vec<String> = known.collect();
		match known.len() {
			count if count > SHOWN => format!("{} and {} more", known[..SHOWN].join(", "), count - SHOWN),
			_ => known.join(", "),
		}
	}
}

/// Splits a list at its commas, except inside quotes.
fn split_list(list: &str) -> Vec<String> {
	let (mut pieces, mut quoted) = (vec![String::new()], false);
	for char in list.chars() {
		match char {
			'"' => quoted = !quoted,
			',' if !quoted => pieces.push(String::new()),
			_ => pieces.last_mut().expect("there is a piece from the start").push(char),
		}
	}
	pieces
}

/// Returns `true` if a record is a row of data, not a header: apart from times and missing values, all of its cells are numbers,
/// or a number stands beside a date.
pub fn is_data(record: &Record) -> bool {
	let (mut numbers, mut times, mut texts) = (0, 0, 0);
	for at in 0..record.width() {
		let text = record.text(at).0;
		if Missing::is_usual(&text) {
			continue;
		}
		if is_number(&text) {
			numbers += 1;
		} else if is_time_like(&text) {
			times += 1;
		} else {
			texts += 1;
		}
	}
	numbers > 0 && (texts == 0 || times > 0)
}

/// Returns `true` if a cell of a record is a number, a date or a time of day.
pub fn has_numbers(record: &Record) -> bool {
	record.texts().iter().any(|text| is_number(text) || is_time_like(text))
}

/// Returns `true` if a first record numbers the columns, as data frames without names do: whole numbers from 0 on, in steps of
/// one, or from any number on behind an empty cell, which stands above the numbers or times of the rows. `next` is the record
/// below.
pub fn numbers_columns(record: &Record, next: Option<&Record>) -> bool {
	let texts = record.texts();
	let corner = texts.first().is_some_and(String::is_empty);
	let numbers: Option<Vec<u64>> = texts.iter().skip(usize::from(corner)).map(|text| text.parse().ok()).collect();
	let (Some(numbers), Some(next)) = (numbers, next) else { return false };
	let begins = next.text(0).0;
	let steps = numbers.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(1));
	let from_zero = numbers.first() == Some(&0);
	match corner {
		true => steps && (from_zero || numbers.len() > 1) && !begins.is_empty(),
		// Rows that are numbered from 0 are no header.
		false => steps && from_zero && numbers.len() > 2 && begins != "1",
	}
}

/// Returns `true` if the text consists of digits with the separators of a date or a time of day.
pub fn is_time_like(text: &str) -> bool {
	let digits = text.bytes().filter(u8::is_ascii_digit).count();
	let separators = text.bytes().filter(|byte| matches!(byte, b'-' | b'/' | b':' | b'.')).count();
	let others = text.bytes().filter(|byte| !byte.is_ascii_digit() && !b"-/:. TZ+".contains(byte)).count();
	digits >= 3 && separators >= 1 && others == 0
}
