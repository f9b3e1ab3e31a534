//! Times as sources write them.

use crate::bar::Millis;
use jiff::{civil::DateTime, tz::TimeZone, Timestamp};

/// Numbers below this are seconds; as milliseconds they would be before 1973.
const SECONDS: u64 = 100_000_000_000;

/// Returns the time in `text`, or `None` for another text and for a time before 1970. See [`parse_moment`].
pub fn parse_time(text: &str) -> Option<Millis> {
	Millis::try_from(parse_moment(text)?).ok()
}

/// Returns the time in `text`, in milliseconds since 1970, or `None` for another text. Known are numbers of seconds, milliseconds,
/// microseconds and nanoseconds since 1970, distinguished by their size, and dates with or without times, e.g.
/// `2026-01-31T12:05:00Z`; without a zone they are UTC.
pub fn parse_moment(text: &str) -> Option<i64> {
	let text = text.trim();
	if is_digits(text) {
		return i64::try_from(in_millis(text.parse().ok()?)).ok();
	}
	match text.split_once('.') {
		// Seconds with a fraction.
		Some((seconds, fraction)) if is_digits(seconds) && is_digits(fraction) => {
			let seconds = seconds.parse::<u64>().ok().filter(|seconds| *seconds < SECONDS)?;
			let millis: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
			i64::try_from(seconds * 1_000 + millis).ok()
		}
		_ => {
			let zoned = text.parse::<Timestamp>();
			let time = zoned.or_else(|_| text.parse::<DateTime>()?.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()));
			Some(time.ok()?.as_millisecond())
		}
	}
}

fn is_digits(text: &str) -> bool {
	!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns a number of seconds or of a smaller unit in milliseconds.
fn in_millis(number: u64) -> u64 {
	if number < SECONDS {
		number * 1_000
	} else if number < 100_000_000_000_000 {
		number
	} else if number < 100_000_000_000_000_000 {
		number / 1_000
	} else {
		number / 1_000_000
	}
}

/// Returns a time as text, e.g. `2026-01-31T12:05:00Z`.
pub fn time_text(time: Millis) -> String {
	let known = i64::try_from(time).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
	known.map_or_else(|| format!("{time} ms after 1970"), |time| time.to_string())
}

/// Returns a length of time as text, in its largest whole unit, e.g. `55 min`.
pub fn span_text(span: Millis) -> String {
	let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
	let whole = units.iter().find(|(unit, _)| span >= *unit && span.is_multiple_of(*unit));
	whole.map_or_else(|| format!("{span} ms"), |(unit, name)| format!("{} {name}", span / unit))
}

#[cfg(test)]
mod tests {
	use super::*;

	const TIME: Millis = 1_769_861_100_000;

	#[test]
	fn units_are_told_apart_by_their_size() {
		for text in [
			"1769861100",
			"1769861100000",
			"1769861100000000",
			"1769861100000000000",
			" 1769861100.0 ",
			"2026-01-31T12:05:00Z",
			"2026-01-31T13:05:00+01:00",
			"2026-01-31 12:05:00",
			"2026-01-31T12:05",
		] {
			assert_eq!(parse_time(text), Some(TIME), "{text}");
		}
		assert_eq!(parse_time("1769861099.999"), Some(TIME - 1));
		assert_eq!(parse_moment("1969-12-31"), Some(-86_400_000));
	}

	#[test]
	fn other_texts_are_no_times() {
		for text in [
			"",
			"yesterday",
			"-5",
			"1.5e9",
			"1769861100,0",
			"12:05",
			"1969-01-01T00:00:00Z",
			"99999999999999999999999",
			"99999999999999.5",
		] {
			assert_eq!(parse_time(text), None, "{text}");
		}
	}

	#[test]
	fn times_are_shown() {
		assert_eq!(time_text(TIME), "2026-01-31T12:05:00Z");
		assert_eq!(parse_time(&time_text(TIME)), Some(TIME));
		assert!(time_text(u64::MAX).contains("ms after 1970"));
		assert_eq!(
			[300_000, 3_600_000, 86_400_000, 5_400_000, 1_500, 0].map(span_text),
			["5 min", "1 h", "1 d", "90 min", "1500 ms", "0 ms"]
		);
	}
}
