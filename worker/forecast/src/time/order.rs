//! Order of the rows of a file by their times.

use super::{column::Column, zone, TimeText};
use anyhow::{anyhow, bail, Result};
use jiff::tz::TimeZone;
use std::{fmt, ops::Range};

/// Error of times that begin again: several series in one file.
#[derive(Debug)]
pub struct SeriesBegins {
	/// Line before the one at which times begin again.
	pub last_line: u64,
	/// Line at which times begin again.
	pub line: u64,
	/// Reason of the refusal.
	text: String,
}

impl fmt::Display for SeriesBegins {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.text)
	}
}

impl std::error::Error for SeriesBegins {}

/// Rows in the order in which they are read.
struct Walk<'a> {
	texts: &'a [TimeText<'a>],
	/// Times of the rows, in the order of the file.
	ticks: &'a [i128],
	/// Rows in the order in which they are read.
	rows: Vec<usize>,
	/// `true` if the rows are sorted by their times.
	sorted: bool,
}

/// Returns the rows in ascending order of their times, and a note for the user if this is not the order of the file.
///
/// # Errors
///
/// Errors if times are repeated, do not ascend and `sort` is `false`, or cannot be sorted; with [`SeriesBegins`] if the file
/// holds several series, and with [`zone::RepeatedHour`] if local times repeat an hour and `zone` is `None`.
pub fn arrange(
	column: &Column,
	ticks: &[i128],
	texts: &[TimeText],
	zone: Option<&TimeZone>,
	sort: bool,
) -> Result<(Vec<usize>, Option<String>)> {
	let mut walk = Walk { texts, ticks, rows: (0..ticks.len()).collect(), sorted: sort };
	let mut note = None;
	let (falling, rising) = (walk.count(|difference| difference < 0), walk.count(|difference| difference > 0));
	if sort {
		let keys = zone.map(|zone| zone::sort_keys(zone, ticks, texts)).transpose()?;
		let keys = keys.as_deref().unwrap_or(ticks);
		walk.rows.sort_by_key(|row| keys[*row]);
		if walk.rows.iter().enumerate().any(|(at, row)| at != *row) {
			note = Some("rows are sorted by their times".to_string());
		}
	} else if falling > rising {
		walk.rows.reverse();
		note = Some("the newest row comes first, so rows are read from the last to the first".to_string());
	}
	let tolerated = |at: usize| zone.is_some_and(|zone| zone::is_repeated(zone, walk.time(at + 1)) && walk.difference(at) > -DAY);
	let faults: Vec<usize> =
		(1..ticks.len()).map(|at| at - 1).filter(|at| walk.difference(*at) <= 0 && !tolerated(*at)).collect();
	if faults.is_empty() {
		return Ok((walk.rows, note));
	}
	Err(walk.fault(&faults, column.is_local() && zone.is_none()))
}

/// Nanoseconds of a day.
const DAY: i128 = 86_400_000_000_000;

impl Walk<'_> {
	fn time(&self, at: usize) -> i128 {
		self.ticks[self.rows[at]]
	}

	/// Returns the difference between the time at a position and the next one.
	fn difference(&self, at: usize) -> i128 {
		self.time(at + 1) - self.time(at)
	}

	fn count(&self, test: impl Fn(i128) -> bool) -> usize {
		(1..self.rows.len()).filter(|at| test(self.difference(at - 1))).count()
	}

	fn text(&self, at: usize) -> &TimeText<'_> {
		&self.texts[self.rows[at]]
	}

	/// Returns the texts at a position and at the next one, by their lines.
	fn pair(&self, at: usize) -> (&TimeText<'_>, &TimeText<'_>) {
		let (before, after) = (self.text(at), self.text(at + 1));
		if before.line > after.line {
			(after, before)
		} else {
			(before, after)
		}
	}

	/// Returns `true` if the time at a position is followed by one that the end of daylight-saving time makes, in steps of `step`.
	fn is_turned_back(&self, at: usize, step: i128) -> bool {
		match self.sorted {
			// The rows of both passes are side by side.
			true => self.difference(at) == 0 && step <= zone::HOUR && zone::may_come_twice(self.time(at)),
			false => zone::is_turned_back(self.time(at + 1), self.difference(at), step),
		}
	}

	/// Returns the error of an hour that comes twice.
	fn repeated_hour(&self, at: usize) -> anyhow::Error {
		let (before, after) = self.pair(at);
		let night = "as local times do in the night in which daylight-saving time ends";
		if self.sorted {
			let text = format!(
				"line {}: the time `{}` is that of line {}, too, {night}, and sorting mixes the rows of both hours. Name the \
				zone of the times, e.g. --zone Europe/Paris: the hours then stay apart, and no row has to be removed",
				after.line, after.text, before.line
			);
			return anyhow!(zone::RepeatedHour { text, order: None });
		}
		let text = format!(
			"line {}: after `{}` in line {} the time `{}` repeats an hour, {night}. Name the zone of the times, e.g. --zone \
			Europe/Paris: both hours are then used in the order of the file, and no row has to be removed",
			after.line, before.text, before.line, after.text
		);
		anyhow!(zone::RepeatedHour { text, order: Some(self.rows.clone()) })
	}

	/// Returns the error of times that do not ascend at these positions.
	fn fault(&self, faults: &[usize], local: bool) -> anyhow::Error {
		let step = self.usual_step();
		let others: Vec<usize> = faults.iter().copied().filter(|at| !(local && self.is_turned_back(*at, step))).collect();
		if others.is_empty() {
			return self.repeated_hour(faults[0]);
		}
		// Hours that come twice are no fault of the file.
		let faults = &others[..];
		let first = faults[0];
		let (before, after) = self.pair(first);
		let (last_line, last, line, text) = (before.line, before.text, after.line, after.text);
		let repeated = faults.iter().filter(|at| self.difference(**at) == 0).count();
		if repeated == faults.len() {
			if repeated * 2 >= self.rows.len() {
				let text = format!(
					"line {line}: the time `{text}` is that of line {last_line}, too, and {repeated} of {} rows repeat a time: \
					the file holds several series, or the time of day is in another column (name both with --time DATE,TIME)",
					self.rows.len()
				);
				return anyhow!(SeriesBegins { last_line, line, text });
			}
			let more = if repeated > 1 { format!(", and {} further rows repeat a time", repeated - 1) } else { String::new() };
			return anyhow!(
				"line {line}: the time `{text}` is not after that of line {last_line}, but the same{more}. Remove one of the two \
				rows, or correct its time"
			);
		}
		if let Some(at) = self.begins_again(faults) {
			let (before, after) = self.pair(at);
			let text = format!(
				"line {}: the times begin again with `{}` after `{}` in line {}: the file holds {} series below each other",
				after.line,
				after.text,
				before.text,
				before.line,
				faults.len() + 1
			);
			return anyhow!(SeriesBegins { last_line: before.line, line: after.line, text });
		}
		let more = if faults.len() > 1 { format!(", as at {} further lines", faults.len() - 1) } else { String::new() };
		anyhow!(
			"line {line}: the time `{text}` is not after that of line {last_line}, `{last}`{more}. Sort the rows by time with \
			--sort, or correct the times"
		)
	}

	/// Returns the first position after which times begin again within the range of the series before.
	fn begins_again(&self, faults: &[usize]) -> Option<usize> {
		let first = *faults.first()?;
		let end = faults.get(1).map_or(self.rows.len(), |next| next + 1);
		let (before, after) = (0..first + 1, first + 1..end);
		let within = |rows: Range<usize>, (from, to): (usize, usize)| {
			rows.filter(|at| (self.time(from)..=self.time(to)).contains(&self.time(*at))).count()
		};
		// A single row at a wrong place is alone within the range of the other rows.
		let (earlier, later) = (within(before.clone(), (after.start, end - 1)), within(after.clone(), (0, first)));
		let shared = earlier.min(later);
		(shared >= 2 && shared * 4 >= before.len().min(after.len())).then_some(first)
	}

	/// Returns the median of the ascending differences.
	fn usual_step(&self) -> i128 {
		let mut steps: Vec<i128> = (1..self.rows.len()).map(|at| self.difference(at - 1)).filter(|step| *step > 0).collect();
		steps.sort_unstable();
		steps.get(steps.len() / 2).copied().unwrap_or(0)
	}
}

/// Checks that instants ascend strictly.
///
/// # Errors
///
/// Errors if one does not.
pub fn check_ascending(instants: &[i128], texts: &[&TimeText]) -> Result<()> {
	if let Some(at) = instants.windows(2).position(|pair| pair[1] <= pair[0]) {
		let (last, next) = (texts[at], texts[at + 1]);
		bail!(
			"line {}: the time `{}` is not after that of line {}, `{}`. Remove one of the two rows, or correct its time",
			next.line,
			next.text,
			last.line,
			last.text
		);
	}
	Ok(())
}
