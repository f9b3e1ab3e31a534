//! Local times: their zone, and hours that are repeated or missing where daylight-saving time ends or begins.

use super::{column::civil_of, TimeText};
use anyhow::{bail, Context, Result};
use jiff::{
	civil::{DateTime, Weekday},
	tz::{AmbiguousOffset, TimeZone},
};
use std::{collections::BTreeMap, fmt};

/// Nanoseconds of an hour, by which clocks are changed.
pub const HOUR: i128 = 3_600_000_000_000;
/// Nanoseconds of a day.
const DAY: i128 = 24 * HOUR;
/// Hours of the night in which clocks are changed.
const NIGHT: std::ops::RangeInclusive<i8> = 0..=3;
/// Months in which daylight-saving time ends: February to April in the south, September to November in the north.
const AUTUMN: [i8; 6] = [2, 3, 4, 9, 10, 11];

/// Error of an hour that comes twice.
#[derive(Debug)]
pub struct RepeatedHour {
	/// Reason and next step.
	pub text: String,
	/// Rows of the file, oldest first; `None` if sorting has mixed the rows of both hours.
	pub order: Option<Vec<usize>>,
}

impl fmt::Display for RepeatedHour {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.text)
	}
}

impl std::error::Error for RepeatedHour {}

/// Returns a zone by its name in the time-zone database, or by a POSIX rule.
///
/// # Errors
///
/// Errors if the text is neither.
pub fn zone(name: &str) -> Result<TimeZone> {
	TimeZone::get(name).or_else(|error| {
		TimeZone::posix(name).map_err(|_| error).with_context(|| {
			format!(
				"invalid --zone `{name}`: expected a name of this machine's time-zone database, e.g. Europe/Paris (the package \
				is usually called tzdata), UTC, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3"
			)
		})
	})
}

/// Returns `true` if a local time comes twice in a zone.
pub fn is_repeated(zone: &TimeZone, local: i128) -> bool {
	civil_of(local).is_some_and(|time| matches!(zone.to_ambiguous_timestamp(time).offset(), AmbiguousOffset::Fold { .. }))
}

/// Returns the instants of local times in their order. Of an hour that comes twice, the first row in the order has the earlier
/// instant.
///
/// # Errors
///
/// Errors if a local time does not exist in the zone.
pub fn instants(zone: &TimeZone, name: &str, local: &[i128], texts: &[&TimeText]) -> Result<Vec<i128>> {
	let mut instants: Vec<i128> = Vec::with_capacity(local.len());
	for (ticks, text) in local.iter().zip(texts) {
		let TimeText { line, text } = text;
		let time = civil_of(*ticks).context("the calendar ends before this time")?;
		let ambiguous = zone.to_ambiguous_timestamp(time);
		if let AmbiguousOffset::Gap { .. } = ambiguous.offset() {
			bail!(
				"line {line}: the time `{text}` does not exist in {name}: clocks skip it where daylight-saving time begins. \
				Choose the zone of the file with --zone, or --zone UTC for times without daylight-saving time"
			);
		}
		let earlier = ambiguous.earlier()?.as_nanosecond();
		let later = ambiguous.later()?.as_nanosecond();
		let follows = instants.last().is_none_or(|last| earlier > *last);
		instants.push(if follows { earlier } else { later });
	}
	Ok(instants)
}

/// Returns instants by which rows can be sorted, in the order of the file. Of an hour that comes twice, the rows of the first
/// pass have the earlier instants.
///
/// # Errors
///
/// Errors if the rows of both passes are mixed in the file, so that nothing shows the pass of a row.
pub fn sort_keys(zone: &TimeZone, local: &[i128], texts: &[TimeText]) -> Result<Vec<i128>> {
	let instant = |ticks: i128, later: bool| -> Result<i128> {
		let ambiguous = zone.to_ambiguous_timestamp(civil_of(ticks).context("the calendar ends before this time")?);
		let instant = if later { ambiguous.later()? } else { ambiguous.earlier()? };
		Ok(instant.as_nanosecond())
	};
	let mut keys = local.iter().map(|ticks| instant(*ticks, false)).collect::<Result<Vec<i128>>>()?;
	// Rows of the hours that come twice, by their day.
	let mut days = BTreeMap::<i128, Vec<usize>>::new();
	for (row, ticks) in local.iter().enumerate().filter(|(_, ticks)| is_repeated(zone, **ticks)) {
		days.entry(ticks.div_euclid(DAY)).or_default().push(row);
	}
	for rows in days.into_values() {
		let mut times: Vec<i128> = rows.iter().map(|row| local[*row]).collect();
		times.sort_unstable();
		if times.windows(2).all(|pair| pair[0] != pair[1]) {
			continue;
		}
		for row in second_pass(local, &rows).with_context(|| mixed(&texts[rows[0]]))? {
			keys[row] = instant(local[row], true)?;
		}
	}
	Ok(keys)
}

/// Returns the rows of the second pass of an hour that comes twice; `None` if the file does not show them. `rows` are those of
/// both passes, in the order of the file.
fn second_pass(local: &[i128], rows: &[usize]) -> Option<Vec<usize>> {
	let (first, last) = (*rows.first()?, *rows.last()?);
	let times = || rows.iter().map(|row| local[*row]);
	let (least, largest) = (times().min()?, times().max()?);
	let before = first.checked_sub(1).map(|row| local[row]);
	let after = local.get(last + 1).copied();
	let rises = before.is_none_or(|time| time < least) && after.is_none_or(|time| time > largest);
	let falls = before.is_none_or(|time| time > largest) && after.is_none_or(|time| time < least);
	let mut ordered = rows.to_vec();
	match (rises, falls) {
		(true, _) => {}
		(false, true) => ordered.reverse(),
		(false, false) => return None,
	}
	let turns: Vec<usize> = (1..ordered.len()).filter(|at| local[ordered[*at]] <= local[ordered[*at - 1]]).collect();
	match turns[..] {
		[turn] if last - first + 1 == rows.len() => Some(ordered.split_off(turn)),
		_ => None,
	}
}

/// Returns the error of rows whose pass of an hour that comes twice is open.
fn mixed(text: &TimeText) -> String {
	format!(
		"line {}: the time `{}` is in an hour that comes twice, as daylight-saving time ends, and the rows of both passes are \
		mixed, so that --sort cannot separate them. Write the rows of that night in their order, or write all times with their \
		offsets from UTC, e.g. +02:00",
		text.line, text.text
	)
}

/// Returns `true` if clocks may show a local time twice in some zone: daylight-saving time ends in the night to a Friday or a
/// Sunday in autumn.
pub fn may_come_twice(local: i128) -> bool {
	civil_of(local).is_some_and(|time| {
		let night = match time.weekday() {
			Weekday::Friday | Weekday::Sunday => NIGHT.contains(&time.hour()),
			Weekday::Thursday | Weekday::Saturday => time.hour() == 23,
			_ => false,
		};
		night && AUTUMN.contains(&time.month())
	})
}

/// Returns `true` if a local time that comes `difference` after the one before, in steps of `step`, is what the end of
/// daylight-saving time makes: the clock was turned back by an hour.
pub fn is_turned_back(local: i128, difference: i128, step: i128) -> bool {
	may_come_twice(local) && (1..=HOUR).contains(&step) && difference == step - HOUR
}

/// Returns `true` if a local time that comes `difference` after the one before, in steps of `step`, is what the beginning of
/// daylight-saving time makes: an hour of a Sunday night in spring is missing.
pub fn is_turned_forward(local: i128, difference: i128, step: i128) -> bool {
	let spring = |time: DateTime| {
		// March and April in the north, August to October in the south.
		NIGHT.contains(&time.hour()) && time.date().weekday() == Weekday::Sunday && [3, 4, 8, 9, 10].contains(&time.month())
	};
	let before = civil_of(local - difference + step);
	(1..=HOUR).contains(&step) && difference == step + HOUR && before.is_some_and(spring)
}
