//! Steps of a series: their usual length, and steps that a file lacks.

use super::{
	column::{civil_of, Notation},
	zone, TimeText,
};
use anyhow::{bail, ensure, Result};
use jiff::civil::DateTime;

/// Nanoseconds of a day.
const DAY: i128 = 86_400_000_000_000;

/// Distance between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
	/// Billionths of the unit of numbers, or nanoseconds.
	Ticks(i128),
	/// Days of a calendar in a zone.
	Days(i64),
	/// Days from Monday to Friday.
	Weekdays(i64),
	/// Months of a calendar, at this day of the month or the last one before.
	Months(i64, i8),
}

/// Steps of the rows of a file.
#[derive(Clone, Debug)]
pub struct Grid {
	/// Distance between two steps.
	pub step: Step,
	/// Step of each row, from 0.
	pub steps: Vec<usize>,
	/// Steps that no row has.
	pub missing: Option<Missing>,
	/// Share of the differences that are far from a multiple of the usual one, in per cent.
	pub uneven: usize,
}

/// Steps that no row has.
#[derive(Clone, Debug)]
pub struct Missing {
	/// Number of steps.
	pub count: u128,
	/// Number of places at which they are missing.
	pub places: usize,
	/// First row after missing steps, and the number of them.
	pub first: (usize, u128),
	/// First row after the largest number of missing steps, and the number of them.
	pub largest: (usize, u128),
}

/// Times of rows, oldest first.
#[derive(Clone, Copy)]
pub struct Times<'a> {
	/// Instants, or calendar times where there are neither offsets nor a zone.
	pub ticks: &'a [i128],
	/// Calendar times; equal to `ticks` where there are neither offsets nor a zone.
	pub local: &'a [i128],
	/// Texts of the file.
	pub texts: &'a [&'a TimeText<'a>],
	/// Notation of the file.
	pub notation: &'a Notation,
	/// `true` if local times may lack an hour where daylight-saving time begins.
	pub may_skip: bool,
}

impl Grid {
	/// Returns the grid of the times. Nothing is allocated for missing steps.
	pub fn of(times: Times) -> Self {
		let calendar =
			|count: fn(&[i128]) -> Option<(Vec<i128>, i8)>| times.notation.is_calendar().then(|| count(times.local)).flatten();
		let (step, differences, usual) = if let Some((differences, day)) = calendar(months) {
			let usual = median(&differences);
			(Step::Months(usual as i64, day), differences, usual)
		} else if let Some((differences, _)) = calendar(weekdays) {
			let usual = median(&differences);
			(Step::Weekdays(usual as i64), differences, usual)
		} else {
			let differences: Vec<i128> = times.ticks.windows(2).map(|pair| pair[1] - pair[0]).collect();
			let usual = median(&differences);
			(Step::Ticks(usual), differences, usual)
		};
		let (mut at, mut steps, mut missing, mut uneven) = (0u128, vec![0], None::<Missing>, 0);
		for (row, difference) in differences.iter().enumerate() {
			let apart = round(*difference, usual).max(1);
			let off = (difference - apart as i128 * usual).abs();
			uneven += usize::from(off * 10 > usual);
			if apart > 1 {
				let gap = (row + 1, apart - 1);
				let all = missing.get_or_insert(Missing { count: 0, places: 0, first: gap, largest: gap });
				all.count += gap.1;
				all.places += 1;
				if gap.1 > all.largest.1 {
					all.largest = gap;
				}
			}
			at += apart;
			steps.push(usize::try_from(at).unwrap_or(usize::MAX));
		}
		steps.truncate(times.ticks.len());
		Self { step, steps, missing, uneven: uneven * 100 / differences.len().max(1) }
	}

	/// Checks that missing steps may be filled.
	///
	/// # Errors
	///
	/// Errors if steps are missing and `fill` is `false`, if a missing hour is one that no clock shows, if more steps are missing
	/// than present, or if there are more than `most` steps.
	pub fn check(&self, times: Times, fill: bool, most: usize) -> Result<()> {
		let Some(missing) = &self.missing else { return Ok(()) };
		if let Some(at) = self.skipped_hour(times) {
			let TimeText { line, text } = times.texts[at];
			let TimeText { line: last_line, text: last } = times.texts[at - 1];
			bail!(
				"line {line}: after `{last}` in line {last_line} comes `{text}`: an hour is missing, as in local times of the \
				night in which daylight-saving time begins; such an hour does not exist and is not filled. Name the zone of the \
				times, e.g. --zone Europe/Paris, or --zone UTC if they have no daylight-saving time"
			);
		}
		let (row, count) = missing.largest;
		let (rows, largest) = (times.ticks.len(), self.describe_gap(times, row, count));
		let total = rows as u128 + missing.count;
		ensure!(
			total <= most as u128,
			"{largest}. With all {} missing steps the series has {total} steps, and at most {most} are used. Correct the times, \
			remove the rows on one side of the gap, or use the rows as steps with --time none",
			missing.count
		);
		ensure!(
			missing.count <= rows as u128,
			"{largest}. In all, {} steps are missing and {rows} are there, so that most of the series would be made up. Correct \
			the times, remove the rows on one side of the gap, or use the rows as steps with --time none",
			missing.count
		);
		let (row, count) = missing.first;
		let described = self.describe_gap(times, row, count);
		let in_all = match missing.places {
			1 => String::new(),
			places => format!(" ({} in {places} places in all)", missing.count),
		};
		ensure!(fill, "{described}{in_all}. Fill gaps with --fill linear, or use the rows as steps with --time none");
		Ok(())
	}

	/// Returns the warning of times that are not equally spaced.
	pub fn describe_unevenness(&self) -> Option<String> {
		(self.uneven >= 10).then(|| {
			format!(
				"warning: the times are not equally spaced: {} % of the differences are off the usual step by more than a tenth \
				of it, and rows are used as equal steps",
				self.uneven
			)
		})
	}

	/// Returns the note on filled steps.
	pub fn describe_filling(&self, times: Times) -> Option<String> {
		let missing = self.missing.as_ref()?;
		let (row, count) = missing.largest;
		let (last, next) = (times.texts[row - 1], times.texts[row]);
		let steps = |count: u128| if count == 1 { "1 step".to_string() } else { format!("{count} steps") };
		let (all, largest) = (steps(missing.count), steps(count));
		let verb = if missing.count == 1 { "is" } else { "are" };
		Some(format!(
			"{all} of {} {verb} missing in {} and interpolated; the largest gap, {largest}, is between `{}` in line {} and `{}` \
			in line {}",
			times.ticks.len() as u128 + missing.count,
			if missing.places == 1 { "1 place".to_string() } else { format!("{} places", missing.places) },
			last.text,
			last.line,
			next.text,
			next.line
		))
	}

	/// Returns the row after an hour that local times skip in the night in which daylight-saving time begins.
	fn skipped_hour(&self, times: Times) -> Option<usize> {
		let Step::Ticks(step) = self.step else { return None };
		let skips = |at: &usize| zone::is_turned_forward(times.local[*at], times.local[*at] - times.local[at - 1], step);
		if times.may_skip {
			(1..times.local.len()).find(skips)
		} else {
			None
		}
	}

	fn describe_gap(&self, times: Times, row: usize, count: u128) -> String {
		let (last, next) = (times.texts[row - 1], times.texts[row]);
		let values = if count == 1 { "1 value is missing".to_string() } else { format!("{count} values are missing") };
		let (apart, usual) = match self.step {
			Step::Months(step, _) => (format!("{} months", (count as i64 + 1) * step), format!("{step} months")),
			Step::Weekdays(step) => (
				format!("{} weekdays", (count as i64 + 1) * step),
				if step == 1 { "1 weekday".into() } else { format!("{step} weekdays") },
			),
			Step::Days(step) => (times.notation.span(times.ticks[row] - times.ticks[row - 1]), format!("{step} days")),
			Step::Ticks(step) => (times.notation.span(times.ticks[row] - times.ticks[row - 1]), times.notation.span(step)),
		};
		format!(
			"line {}: the time `{}` is {apart} after `{}` in line {}; the usual step is {usual}, so {values}",
			next.line, next.text, last.text, last.line
		)
	}
}

/// Returns the median of positive differences; 1 if there are none.
fn median(differences: &[i128]) -> i128 {
	let mut sorted = differences.to_vec();
	sorted.sort_unstable();
	sorted.get(sorted.len() / 2).copied().unwrap_or(1).max(1)
}

/// Returns `value / unit`, rounded to the nearest whole number.
fn round(value: i128, unit: i128) -> u128 {
	(value / unit + i128::from(value % unit * 2 >= unit)).max(0) as u128
}

/// Returns the differences of calendar times in months, and the day of the month, if all times are at that day of a month of
/// their own, or at the last one before.
fn months(local: &[i128]) -> Option<(Vec<i128>, i8)> {
	let times: Vec<DateTime> = local.iter().map(|ticks| civil_of(*ticks)).collect::<Option<_>>()?;
	let first = times.first()?;
	let day = times.iter().map(|time| time.day()).max()?;
	let at_day = |time: &DateTime| time.day() == day.min(time.days_in_month()) && time.time() == first.time();
	let number = |time: &DateTime| i128::from(time.year()) * 12 + i128::from(time.month());
	let differences: Vec<i128> = times.windows(2).map(|pair| number(&pair[1]) - number(&pair[0])).collect();
	let fits = !differences.is_empty() && times.iter().all(at_day) && differences.iter().all(|months| *months > 0);
	// At the ends of months the day is the last one, even if no month was long enough.
	let last = times.iter().all(|time| time.day() == time.days_in_month());
	fits.then_some((differences, if last { 31 } else { day }))
}

/// Returns the differences of calendar times in days from Monday to Friday, if all times are at the same time of such days and no
/// weekend between the first and the last has a time. Shorter series than two weeks may lack weekends by chance.
pub fn weekdays(local: &[i128]) -> Option<(Vec<i128>, i8)> {
	let (first, last) = (*local.first()?, *local.last()?);
	let at_weekday = |ticks: &i128| (ticks - first) % DAY == 0 && weekday_number(*ticks).is_some();
	let numbers = || local.iter().filter_map(|ticks| weekday_number(*ticks)).map(i128::from);
	let differences: Vec<i128> = numbers().zip(numbers().skip(1)).map(|(last, next)| next - last).collect();
	let fits = last - first >= 14 * DAY && local.iter().all(at_weekday) && median(&differences) == 1;
	fits.then_some((differences, 0))
}

/// Returns the number of a day among the days from Monday to Friday, as nanoseconds since 1970 go; `None` for weekends.
pub fn weekday_number(ticks: i128) -> Option<i64> {
	// 1970-01-01 was a Thursday.
	let day = i64::try_from(ticks.div_euclid(DAY)).ok()? + 3;
	let weekday = day.rem_euclid(7);
	(weekday < 5).then_some(day.div_euclid(7) * 5 + weekday)
}

/// Returns the day since 1970 with a [number](weekday_number).
pub fn day_of_weekday(number: i64) -> i64 {
	number.div_euclid(5) * 7 + number.rem_euclid(5) - 3
}
