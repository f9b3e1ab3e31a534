//! Local times: their zone, and hours that are repeated or missing where daylight-saving time ends or begins.

use super::{column::civil_of, TimeText};
use anyhow::{bail, Context, Result};
use jiff::{
	civil::{DateTime, Weekday},
	tz::{AmbiguousOffset, TimeZone},
};
use std::fmt;

/// Nanoseconds of an hour, by which clocks are changed.
const HOUR: i128 = 3_600_000_000_000;
/// Hours of the night in which clocks are changed.
const NIGHT: std::ops::RangeInclusive<i8> = 0..=3;

/// Error of an hour that comes twice.
#[derive(Debug)]
pub struct RepeatedHour(pub String);

impl fmt::Display for RepeatedHour {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
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

/// Returns `true` if a local time that comes `difference` after the one before, in steps of `step`, is what the end of
/// daylight-saving time makes: the clock was turned back by an hour.
pub fn is_turned_back(local: i128, difference: i128, step: i128) -> bool {
	let night = civil_of(local).is_some_and(|time| NIGHT.contains(&time.hour()));
	night && (1..=HOUR).contains(&step) && difference == step - HOUR
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
