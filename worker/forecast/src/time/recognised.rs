//! Times of a column that nobody named. They are recognised by their cells, and decide the order of the rows.

use super::{
	column::{by_format, ticks_of, Ambiguous, Column},
	number::Number,
	recognise::{names_years, nearly_all},
	shape::DateOrder,
	short,
	text::Written,
	years::OpenYear,
	zone::RepeatedHour,
	Arranged, Clock, TimeOptions, TimeText, Timeline,
};
use anyhow::{Context, Error, Result};

/// Rows from which on no reading of ambiguous times sorts them by chance.
const SORTED_ROWS: usize = 30;

/// Times of a column that was recognised by its cells. Rows are steps.
#[derive(Clone, Debug)]
pub struct Recognised {
	/// Rows of the file, oldest first.
	pub order: Vec<usize>,
	/// Times of the steps, unless they are open or unevenly spaced.
	pub clock: Option<Clock>,
	/// Remarks for the user. A warning begins with `warning: `.
	pub notes: Vec<String>,
}

impl Timeline {
	/// Reads the times of the column `name`, which was recognised by its cells. Rows are steps.
	///
	/// # Errors
	///
	/// Errors if times are repeated or unsorted, with [`SeriesBegins`](super::SeriesBegins) if the file holds several series, or if
	/// times are open or invalid and the order of the rows depends on them.
	pub fn recognised(texts: &[TimeText], options: &TimeOptions, name: &str) -> Result<Recognised> {
		let found = Found { texts, name };
		let column = match Column::read(texts, options) {
			Ok(column) => column,
			Err(error) => {
				let readings = error.downcast_ref::<Ambiguous>().map(|ambiguous| ambiguous.readings.clone());
				return match readings {
					Some(readings) => found.ambiguous(error, &readings, options),
					None => found.unreadable(error, options),
				};
			}
		};
		if !column.is_dated() || (column.is_years() && !names_years(name)) {
			return Ok(found.undated(&column));
		}
		let arranged = match found.arrange(options, column) {
			Ok(arranged) => arranged,
			Err(error) => {
				let repeated = error.downcast_ref::<RepeatedHour>();
				let open = repeated.and_then(|hour| Some((hour.text.clone(), hour.order.clone()?)));
				let (text, order) = open.ok_or(error)?;
				let note = format!("warning: the times of column `{name}` are not used: {text}");
				return Ok(Recognised { order, clock: None, notes: vec![note] });
			}
		};
		let (grid, mut notes) = (arranged.grid(), arranged.notes.clone());
		match grid.check(arranged.times(), false, usize::MAX) {
			Ok(()) => {
				notes.extend(grid.describe_unevenness());
				Ok(Recognised { clock: Some(arranged.clock(&grid)), order: arranged.order, notes })
			}
			Err(error) => {
				notes.push(format!(
					"warning: rows are used as equal steps, but by the times of column `{name}` they are not: {error:#}. \
					Name the column with --time to have its gaps filled"
				));
				Ok(Recognised { order: arranged.order, clock: None, notes })
			}
		}
	}
}

/// Direction of the times that can be read, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
	/// No time is before that of the row before.
	Rises,
	/// Nearly all times are before that of the row before.
	Falls,
	/// Times go both ways.
	Mixed,
}

/// A recognised column.
struct Found<'a> {
	texts: &'a [TimeText<'a>],
	name: &'a str,
}

impl<'a> Found<'a> {
	fn in_file(&self, notes: Vec<String>) -> Recognised {
		Recognised { order: (0..self.texts.len()).collect(), clock: None, notes }
	}

	fn arrange(&self, options: &TimeOptions, column: Column) -> Result<Arranged<'a>> {
		Arranged::new(column, self.texts, options).with_context(|| self.context("holds times"))
	}

	/// Returns the context of an error.
	fn context(&self, holds: &str) -> String {
		format!(
			"column `{}` {holds} (choose another column with --time, or use the rows as they are with --time none)",
			self.name
		)
	}

	/// Returns the rows in the order that all readings of ambiguous times give them, or the only reading by which many rows are
	/// sorted.
	///
	/// # Errors
	///
	/// Errors if readings give them different orders, if few rows are unsorted by one of them or rows by all of them, or as
	/// [`Found::unreadable`] does if no reading fits all times.
	fn ambiguous(&self, error: Error, readings: &[TimeOptions], options: &TimeOptions) -> Result<Recognised> {
		let (mut orders, mut faults, mut unread) = (Vec::new(), Vec::new(), Vec::new());
		for reading in readings {
			match Column::read(self.texts, reading).map(|column| self.arrange(reading, column)) {
				Ok(Ok(Arranged { order, notes, .. })) => orders.push((order, notes)),
				Ok(Err(fault)) => faults.push(fault),
				Err(fault) => unread.push(fault),
			}
		}
		if unread.len() == readings.len() {
			return self.unreadable(unread.into_iter().next().unwrap_or(error), options);
		}
		faults.extend(unread);
		let alike = orders.windows(2).all(|pair| pair[0].0 == pair[1].0);
		match (orders.pop(), faults.into_iter().next()) {
			(Some((order, mut notes)), fault) if alike && (fault.is_none() || order.len() >= SORTED_ROWS) => {
				let only = if fault.is_some() {
					". By one of these readings only are the rows sorted, and it decides their order"
				} else {
					""
				};
				notes.push(format!("the times of column `{}` are not used: {error:#}{only}", self.name));
				Ok(Recognised { order, clock: None, notes })
			}
			(None, Some(fault)) => Err(fault),
			_ => Err(error.context(self.context("holds times"))),
		}
	}

	/// Returns the rows in the order of the file, with a warning, if the notation of the times is unknown and they do not
	/// differ from that order.
	///
	/// # Errors
	///
	/// Errors if years of two digits are open, if the newest row seems to come first, if nearly all times have a beginning that can
	/// be read and go both ways, or if nearly all times can be read as a whole, so that some rows are none of the series or have a
	/// wrong time.
	fn unreadable(&self, error: Error, options: &TimeOptions) -> Result<Recognised> {
		if error.is::<OpenYear>() {
			return Err(error.context(self.context("holds times")));
		}
		let (direction, count) = self.direction(options);
		let (whole, begin) = (nearly_all(self.whole(options), self.texts.len()), nearly_all(count, self.texts.len()));
		let order = match direction {
			Direction::Falls => Err("holds times, of which the newest seems to come first, and not all can be read"),
			Direction::Mixed if whole || begin => Err("holds times that are not sorted, and not all can be read"),
			Direction::Rises if whole => Err("holds times, and not all can be read"),
			Direction::Rises => Ok("the beginnings of the times agree with that order"),
			Direction::Mixed => Ok("the times do not show whether that order is right"),
		};
		let order = match order {
			Ok(order) => order,
			Err(fault) => return Err(error.context(self.context(fault))),
		};
		let note = format!(
			"warning: the times of column `{name}` are not used: {error:#}. The rows are used in the order of the file, and {order}; \
			to have the times used, correct them and name the column with --time {name:?}, or use the rows as they are with --time \
			none",
			name = self.name
		);
		Ok(self.in_file(vec![note]))
	}

	/// Returns the number of times that can be read as a whole.
	fn whole(&self, options: &TimeOptions) -> usize {
		let count = |test: &dyn Fn(&str) -> bool| self.texts.iter().filter(|text| test(text.text.trim())).count();
		let of_format = |format: &String| count(&|text| by_format(format, text).is_ok());
		if let Some(format) = &options.format {
			return of_format(format);
		}
		let short = short::column_formats(self.texts, options.order).iter().map(of_format).max().unwrap_or(0);
		short.max(count(&|text| Written::parse(text).is_some())).max(count(&|text| Number::parse(text).is_some()))
	}

	/// Returns the direction of the times that can be read at least in part, and the number of them.
	fn direction(&self, options: &TimeOptions) -> (Direction, usize) {
		let texts = || self.texts.iter().map(|text| text.text.trim());
		let by_order = |order: DateOrder| -> Vec<i128> {
			texts().filter_map(|text| Written::leading(text)?.civil(order).and_then(ticks_of)).collect()
		};
		let of_format = |format: &String| -> Vec<i128> {
			texts().filter_map(|text| by_format(format, text).ok()).filter_map(|(time, _)| ticks_of(time)).collect()
		};
		let mut readings: Vec<Vec<i128>> = match &options.format {
			Some(format) => vec![of_format(format)],
			None => short::column_formats(self.texts, options.order).iter().map(of_format).collect(),
		};
		readings.extend([DateOrder::DayFirst, DateOrder::MonthFirst].map(by_order));
		readings.push(texts().filter_map(Number::parse).map(|number| number.nanos).collect());
		// Readings that skip more texts than others are not those of the file.
		let most = readings.iter().map(Vec::len).max().unwrap_or(0);
		let directions: Vec<Direction> =
			readings.iter().filter(|ticks| ticks.len() == most).map(|ticks| direction(ticks)).collect();
		let has = |direction: Direction| directions.contains(&direction);
		let direction = if most * 2 < self.texts.len() {
			Direction::Mixed
		} else if has(Direction::Rises) {
			Direction::Rises
		} else if has(Direction::Falls) {
			Direction::Falls
		} else {
			Direction::Mixed
		};
		(direction, most)
	}

	/// Returns the rows in the order of the file. Numbers that are no dates decide no order: they may be times from the newest to
	/// the oldest, or times that are left.
	fn undated(&self, column: &Column) -> Recognised {
		let name = self.name;
		let order = match direction(&column.local) {
			Direction::Rises => return self.in_file(Vec::new()),
			Direction::Falls => "fall from row to row, so that the newest row comes first if they are times",
			Direction::Mixed => "are neither seconds since 1970 nor dates as YYYYMMDD",
		};
		self.in_file(vec![format!(
			"warning: the numbers of column `{name}` {order}. The rows are used in the order of the file; to have the times used, \
			add --time {name:?}, and --time-format if the numbers are dates; otherwise, add --time none"
		)])
	}
}

/// Returns the direction of times in the order of the file.
fn direction(ticks: &[i128]) -> Direction {
	let count = |test: fn(&[i128]) -> bool| ticks.windows(2).filter(|pair| test(pair)).count();
	let (falling, rising) = (count(|pair| pair[1] < pair[0]), count(|pair| pair[1] > pair[0]));
	match falling {
		0 => Direction::Rises,
		_ if nearly_all(falling, falling + rising) => Direction::Falls,
		_ => Direction::Mixed,
	}
}
