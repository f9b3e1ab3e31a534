//! Times of steps, printed in the notation of the file.

use super::{
	column::{ticks_of, Notation},
	grid::{day_of_weekday, weekday_number, Grid, Step},
	number,
};
use jiff::{
	civil::{date, Date, DateTime},
	tz::{Offset, TimeZone},
	Span, Timestamp,
};
use std::sync::Arc;

/// Times of steps, also of those after the last one of the file, printed in the notation of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
	/// Times of the steps: nanoseconds since 1970, or billionths for numbers.
	times: Arc<[i128]>,
	/// Step from which on the offset from UTC is this one, in ascending order.
	offsets: Arc<[(usize, Offset)]>,
	/// Zone of local times.
	zone: Option<TimeZone>,
	/// Distance between two steps.
	step: Step,
	/// Notation of the file.
	notation: Notation,
	/// Number of steps that are left out at the beginning.
	skipped: usize,
}

impl Clock {
	/// Returns the clock of a grid whose rows have these times and offsets. Missing steps are as far from the row before as the
	/// usual step.
	pub(super) fn of_grid(
		grid: &Grid,
		ticks: &[i128],
		offsets: Option<&[Offset]>,
		zone: Option<TimeZone>,
		notation: Notation,
	) -> Self {
		let mut clock = Self { times: Arc::new([]), offsets: Arc::new([]), zone, step: grid.step, notation, skipped: 0 };
		let (mut times, mut changes) = (Vec::new(), Vec::<(usize, Offset)>::new());
		for (row, (step, time)) in grid.steps.iter().zip(ticks).enumerate() {
			while times.len() < *step {
				// The row before is the last element while no step has been added.
				let last = grid.steps[row - 1];
				times.push(clock.after(times[last], last_offset(&changes), (times.len() - last) as i64));
			}
			times.push(*time);
			if let Some(offset) = offsets.map(|offsets| offsets[row]) {
				if changes.last().is_none_or(|(_, last)| *last != offset) {
					changes.push((*step, offset));
				}
			}
		}
		(clock.times, clock.offsets) = (times.into(), changes.into());
		clock
	}

	/// Returns the clock without its first `steps` steps.
	pub fn skip(&self, steps: usize) -> Self {
		Self { skipped: self.skipped + steps, ..self.clone() }
	}

	/// Returns the time of a step, counted from 0. The step may come after the last one of the file.
	pub fn at(&self, step: usize) -> String {
		let step = step.saturating_add(self.skipped);
		let (Some(last), Some(end)) = (self.times.last(), self.times.len().checked_sub(1)) else { return String::new() };
		let known = self.offsets.iter().take_while(|(from, _)| *from <= step).last();
		let offset = known.map_or(Offset::UTC, |(_, offset)| *offset);
		let time = match self.times.get(step) {
			Some(time) => *time,
			None => self.after(*last, offset, i64::try_from(step - end).unwrap_or(i64::MAX)),
		};
		self.print(time, offset)
	}

	/// Returns the time `count` steps after `time`.
	fn after(&self, time: i128, offset: Offset, count: i64) -> i128 {
		let by_ticks = |step: i128| time.saturating_add(step.saturating_mul(count.into()));
		let calendar = |later: Option<DateTime>| later.and_then(|later| self.ticks(later, offset));
		match self.step {
			Step::Ticks(step) => by_ticks(step),
			Step::Days(days) => {
				let later = self
					.civil(time, offset)
					.and_then(|civil| civil.checked_add(Span::new().try_days(days.checked_mul(count)?).ok()?).ok());
				calendar(later).unwrap_or(i128::MAX)
			}
			Step::Weekdays(days) => {
				let later = self.civil(time, offset).and_then(|civil| {
					let number = weekday_number(ticks_of(civil)?)?.checked_add(days.checked_mul(count)?)?;
					let since = Span::new().try_days(day_of_weekday(number)).ok()?;
					Some(date(1970, 1, 1).checked_add(since).ok()?.to_datetime(civil.time()))
				});
				calendar(later).unwrap_or(i128::MAX)
			}
			Step::Months(months, day) => {
				let later = self.civil(time, offset).and_then(|civil| {
					let month = i64::from(civil.year()) * 12 + i64::from(civil.month()) - 1;
					let month = month.checked_add(months.checked_mul(count)?)?;
					let first = Date::new(month.div_euclid(12).try_into().ok()?, month.rem_euclid(12) as i8 + 1, 1).ok()?;
					let later = first.with().day(day.min(first.days_in_month())).build().ok()?;
					Some(later.to_datetime(civil.time()))
				});
				calendar(later).unwrap_or(i128::MAX)
			}
		}
	}

	/// Returns the calendar time of a time of this clock.
	fn civil(&self, time: i128, offset: Offset) -> Option<DateTime> {
		let instant = Timestamp::from_nanosecond(time).ok()?;
		Some(match &self.zone {
			Some(zone) => zone.to_datetime(instant),
			None => offset.to_datetime(instant),
		})
	}

	/// Returns the time of this clock at a calendar time. A time that clocks skip is that after the skipped hour.
	fn ticks(&self, civil: DateTime, offset: Offset) -> Option<i128> {
		let instant = match &self.zone {
			Some(zone) => zone.to_ambiguous_timestamp(civil).compatible(),
			None => offset.to_timestamp(civil),
		};
		Some(instant.ok()?.as_nanosecond())
	}

	fn print(&self, time: i128, offset: Offset) -> String {
		match &self.notation {
			Notation::Number(decimals, _) => number::print(time, *decimals),
			// Beyond the year 9999 there is no calendar.
			notation => self.civil(time, offset).map_or_else(String::new, |civil| notation.print(civil, offset)),
		}
	}
}

fn last_offset(changes: &[(usize, Offset)]) -> Offset {
	changes.last().map_or(Offset::UTC, |(_, offset)| *offset)
}
