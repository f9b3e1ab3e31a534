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
mod months;
mod number;
mod order;
mod recognise;
mod recognised;
mod shape;
mod short;
mod text;
mod years;
mod zone;

pub use clock::Clock;
pub use order::SeriesBegins;
pub use recognise::{recognise, resemble_numbers};
pub use recognised::Recognised;
pub use shape::DateOrder;

use anyhow::{ensure, Result};
use column::Column;
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

impl TimeOptions {
	/// Returns a flag of the options that are set, which needs a column of times.
	pub fn flag(&self) -> Option<&'static str> {
		let Self { order, format, zone, sort } = self;
		let order = order.map(|order| match order {
			DateOrder::DayFirst => "--day-first",
			DateOrder::MonthFirst => "--month-first",
		});
		let others = [(*sort, "--sort"), (zone.is_some(), "--zone"), (format.is_some(), "--time-format")];
		others.into_iter().find_map(|(set, flag)| set.then_some(flag)).or(order)
	}
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
		notes.extend(grid.describe_unevenness());
		Ok(Self { clock: arranged.clock(&grid), order: arranged.order, steps: grid.steps, notes })
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
		let mut notes: Vec<String> = column.note.iter().cloned().chain(note).collect();
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
