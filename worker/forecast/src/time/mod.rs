//! Times of rows: their notation, their order, the steps between them, and the times of further steps in the same notation.
//!
//! A column of times passes through these steps:
//!
//! ```text
//! texts ── column ──▶ times in one notation ── order ──▶ rows, oldest first ── grid ──▶ steps, also missing ones ──▶ Clock
//!          text, number                        zone: local times as instants
//! ```
//!
//! - [`DateOrder`], `--time-format` and `--zone` state what the texts leave open; nothing is guessed that changes a value.
//! - Times with offsets are instants. Times without offsets are those of a calendar in which no hour is repeated or missing,
//!   unless a zone is named.
//! - The calendar is that of [`jiff`].

mod clock;
mod column;
mod grid;
mod number;
mod order;
mod recognise;
mod shape;
mod text;
mod zone;

pub use clock::Clock;
pub use order::SeriesBegins;
pub use recognise::recognise;
pub use shape::DateOrder;

use anyhow::{ensure, Context, Result};
use column::{Ambiguous, Column};
use grid::{Grid, Step, Times};
use jiff::tz::{Offset, TimeZone};

/// Nanoseconds of a day.
const DAY: i128 = 86_400_000_000_000;

/// Facts about times that the texts of a file leave open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeOptions {
	/// Order of day and month in dates such as `1/2/2031`.
	pub order: Option<DateOrder>,
	/// Format of the times, as of `strptime`.
	pub format: Option<String>,
	/// Zone of local times: a name of the time-zone database, or a POSIX rule.
	pub zone: Option<String>,
	/// Sort rows by time; otherwise, unsorted rows are an error.
	pub sort: bool,
}

/// Time of a row, as the file has it. Cells of several columns are joined by one blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeText<'a> {
	/// Line of the file.
	pub line: u64,
	/// Text of the time.
	pub text: &'a str,
}

/// Treatment of missing steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gaps {
	/// `true` if missing steps are filled; otherwise, they are an error.
	pub fill: bool,
	/// Largest number of steps, present and missing.
	pub most: usize,
}

/// Times of the rows of a file.
#[derive(Clone, Debug)]
pub struct Timeline {
	/// Rows of the file, oldest first.
	pub order: Vec<usize>,
	/// Step of each of these rows, from 0, ascending. Steps between them are missing in the file.
	pub steps: Vec<usize>,
	/// Times of the steps.
	pub clock: Clock,
	/// Remarks for the user.
	pub notes: Vec<String>,
}

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

/// Times in the order of the rows, before steps are counted.
struct Arranged<'a> {
	order: Vec<usize>,
	/// Texts in this order.
	texts: Vec<&'a TimeText<'a>>,
	/// Instants in this order, or calendar times where there are neither offsets nor a zone.
	ticks: Vec<i128>,
	/// Calendar times in this order.
	local: Vec<i128>,
	offsets: Option<Vec<Offset>>,
	zone: Option<TimeZone>,
	/// `true` if local times may lack an hour where daylight-saving time begins.
	may_skip: bool,
	notation: column::Notation,
	notes: Vec<String>,
}

impl Timeline {
	/// Reads the times of a column that the user named. Everything is checked before memory is taken for missing steps.
	///
	/// # Errors
	///
	/// Errors if a text is no time, if the order of day and month is open, if numbers change their unit, if times are repeated or
	/// unsorted, with [`SeriesBegins`] if the file holds several series, and if steps are missing that `gaps` does not allow. The
	/// message names the line, the text, the reason and the next step.
	pub fn read(texts: &[TimeText], options: &TimeOptions, gaps: Gaps) -> Result<Self> {
		let arranged = Arranged::new(Column::read(texts, options)?, texts, options)?;
		let grid = arranged.grid();
		grid.check(arranged.times(), gaps.fill, gaps.most)?;
		let mut notes = arranged.notes.clone();
		notes.extend(grid.describe_filling(arranged.times()));
		if grid.uneven >= 10 {
			notes.push(format!(
				"warning: the times are not equally spaced: {} % of the differences are off the usual step by more than a tenth \
				of it, and rows are used as equal steps",
				grid.uneven
			));
		}
		Ok(Self { clock: arranged.clock(&grid), order: arranged.order, steps: grid.steps, notes })
	}

	/// Reads the times of the column `name`, which was recognised by its cells. Rows are steps.
	///
	/// # Errors
	///
	/// Errors if times are repeated or unsorted, with [`SeriesBegins`] if the file holds several series, or if the order of day
	/// and month is open and the order of the rows depends on it.
	pub fn recognised(texts: &[TimeText], options: &TimeOptions, name: &str) -> Result<Recognised> {
		let arranged = |options: &TimeOptions, column: Column| {
			Arranged::new(column, texts, options).with_context(|| {
				format!(
					"column `{name}` holds times (choose another column with --time, or use the rows as they are with \
					--time none)"
				)
			})
		};
		let rows = |note: String, order: Vec<usize>| Recognised { order, clock: None, notes: vec![note] };
		let in_file = || (0..texts.len()).collect();
		let column = match Column::read(texts, options) {
			Ok(column) => column,
			Err(error) if error.is::<Ambiguous>() => {
				let [day_first, month_first] = [DateOrder::DayFirst, DateOrder::MonthFirst].map(|order| {
					let options = TimeOptions { order: Some(order), ..options.clone() };
					arranged(&options, Column::read(texts, &options)?)
				});
				return match (day_first, month_first) {
					(Ok(one), Ok(other)) if one.order == other.order => {
						let note = format!("the times of column `{name}` are not used: {error:#}");
						Ok(Recognised { notes: one.notes.into_iter().chain([note]).collect(), order: one.order, clock: None })
					}
					(Err(fault), Err(_)) => Err(fault),
					_ => Err(error.context(format!("column `{name}` holds times"))),
				};
			}
			Err(error) => return Ok(rows(format!("the times of column `{name}` are not used: {error:#}"), in_file())),
		};
		let arranged = match arranged(options, column) {
			Err(error) if error.is::<zone::RepeatedHour>() => {
				return Ok(rows(format!("the times of column `{name}` are not used: {:#}", error.root_cause()), in_file()))
			}
			arranged => arranged?,
		};
		let (grid, mut notes) = (arranged.grid(), arranged.notes.clone());
		match grid.check(arranged.times(), false, usize::MAX) {
			Ok(()) => Ok(Recognised { clock: Some(arranged.clock(&grid)), order: arranged.order, notes }),
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

impl<'a> Arranged<'a> {
	fn new(column: Column, texts: &'a [TimeText<'a>], options: &TimeOptions) -> Result<Self> {
		ensure!(!texts.is_empty(), "the file has no times");
		let name = options.zone.as_deref();
		let zone = name.map(zone::zone).transpose()?;
		if let Some(name) = name {
			// Dates without hours are the same in every zone.
			let reason = match (&column.offsets, column.notation.is_calendar()) {
				(Some(_), _) => Some("have offsets from UTC, so they need no zone"),
				(None, false) => Some("are numbers, so they have no zone"),
				(None, true) => None,
			};
			if let Some(reason) = reason {
				anyhow::bail!("invalid --zone {name}: the times of the file {reason}. Omit --zone");
			}
		}
		let zone = zone.filter(|_| column.is_local());
		let (order, note) = order::arrange(&column, &column.ticks(), texts, zone.as_ref(), options.sort)?;
		let mut notes: Vec<String> = note.into_iter().collect();
		let sorted: Vec<&TimeText> = order.iter().map(|row| &texts[*row]).collect();
		let at = |values: &[i128]| order.iter().map(|row| values[*row]).collect::<Vec<_>>();
		let local = at(&column.local);
		let ticks = match (&zone, name) {
			(Some(zone), Some(name)) => zone::instants(zone, name, &local, &sorted)?,
			_ => at(&column.ticks()),
		};
		order::check_ascending(&ticks, &sorted)?;
		let offsets = column.offsets.as_ref().map(|offsets| order.iter().map(|row| offsets[*row]).collect::<Vec<Offset>>());
		notes.extend(describe_offsets(offsets.as_deref().unwrap_or_default(), &sorted));
		// In UTC, every hour exists.
		let may_skip = column.is_local() && name.is_none();
		Ok(Self { order, texts: sorted, ticks, local, offsets, zone, may_skip, notation: column.notation, notes })
	}

	fn times(&self) -> Times<'_> {
		Times { ticks: &self.ticks, local: &self.local, texts: &self.texts, notation: &self.notation, may_skip: self.may_skip }
	}

	fn grid(&self) -> Grid {
		let grid = Grid::of(self.times());
		match grid.step {
			// A day of a zone has 23 to 25 hours.
			Step::Ticks(step) if self.zone.is_some() && step % DAY == 0 => Grid { step: Step::Days((step / DAY) as i64), ..grid },
			_ => grid,
		}
	}

	fn clock(&self, grid: &Grid) -> Clock {
		Clock::of_grid(grid, &self.ticks, self.offsets.as_deref(), self.zone.clone(), self.notation.clone())
	}
}

/// Returns a note on offsets that change; `None` if they do not.
fn describe_offsets(offsets: &[Offset], texts: &[&TimeText]) -> Option<String> {
	let change = offsets.windows(2).position(|pair| pair[0] != pair[1])?;
	let [last, next, end] = [offsets[change], offsets[change + 1], offsets[offsets.len() - 1]].map(shape::describe_offset);
	Some(format!(
		"the offset from UTC changes from {last} to {next} in line {}: times are instants, so no hour is missing or repeated; \
		later times are written with {end}",
		texts[change + 1].line
	))
}

#[cfg(test)]
mod tests;
