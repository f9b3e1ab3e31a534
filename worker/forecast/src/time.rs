//! Times of rows: parsing, and printing of further times in the notation of the file.
//!
//! The calendar is that of [`jiff`]. A time without offset counts as UTC, so no daylight-saving change adds or removes an hour.

use anyhow::{ensure, Context, Result};
use jiff::{
	civil::{Date, Time},
	fmt::strtime,
	tz::Offset,
	Timestamp,
};

/// Equidistant times, printed in the notation of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
	/// Time of the first value, in seconds since 1970.
	first: i64,
	/// Seconds from one value to the next.
	step: i64,
	/// Notation of the file.
	notation: Notation,
}

/// Notation of times in a file.
#[derive(Clone, Debug, PartialEq)]
enum Notation {
	/// Seconds since 1970.
	Seconds,
	/// Dates without time of day.
	Date,
	/// Dates with a time of day.
	DateTime {
		/// `T` or a space.
		separator: char,
		/// `true` if seconds are written.
		seconds: bool,
		/// Offset from UTC.
		offset: Offset,
		/// Offset as the file writes it, e.g. `Z` or `+01:00`; empty if it writes none.
		suffix: String,
	},
}

/// A time of a file, split into its parts.
struct Parts<'a> {
	date: &'a str,
	/// Separator and time of day.
	time: Option<(char, &'a str)>,
	/// Offset from UTC, empty if there is none.
	zone: &'a str,
}

impl<'a> Parts<'a> {
	fn new(text: &'a str) -> Self {
		let Some(at) = text.find(['T', ' ']) else {
			let (date, zone) = text.split_at(text.find(['Z', '+']).unwrap_or(text.len()));
			return Self { date, time: None, zone };
		};
		let (separator, rest) = (if text[at..].starts_with('T') { 'T' } else { ' ' }, &text[at + 1..]);
		let (time, zone) = rest.split_at(rest.find(['Z', '+', '-']).unwrap_or(rest.len()));
		Self { date: &text[..at], time: Some((separator, time)), zone }
	}

	/// Returns `true` if the time of day has seconds.
	fn has_seconds(&self) -> bool {
		self.time.is_some_and(|(_, time)| time.matches(':').count() > 1)
	}

	/// Parses the offset; `Z` and no offset are UTC.
	fn offset(&self) -> Result<Offset> {
		if matches!(self.zone, "" | "Z") {
			return Ok(Offset::UTC);
		}
		// `+01:00` and `+01`, or `+0100`.
		let format = if self.zone.contains(':') || self.zone.len() <= 3 { "%:::z" } else { "%z" };
		let offset = strtime::parse(format, self.zone).with_context(|| format!("invalid offset `{}`", self.zone))?.offset();
		offset.context("the offset has no hours")
	}

	fn timestamp(&self) -> Result<Timestamp> {
		let date = Date::strptime("%Y-%m-%d", self.date)?;
		let time = match self.time {
			None => Time::midnight(),
			Some((_, time)) => Time::strptime(if self.has_seconds() { "%H:%M:%S%.f" } else { "%H:%M" }, time)?,
		};
		Ok(self.offset()?.to_timestamp(date.to_datetime(time))?)
	}
}

impl Notation {
	/// Returns the notation of `example`; `None` if it is not a time.
	fn of(example: &str) -> Option<Self> {
		if example.parse::<f64>().is_ok() {
			return Some(Self::Seconds);
		}
		let parts = Parts::new(example);
		let offset = parts.offset().ok()?;
		Some(match parts.time {
			None => Self::Date,
			Some((separator, _)) => {
				Self::DateTime { separator, seconds: parts.has_seconds(), offset, suffix: parts.zone.to_string() }
			}
		})
	}
}

impl Clock {
	/// Returns the clock of `times`, in seconds since 1970, in the notation of `example`. Returns `None` if a time is missing, if
	/// steps differ, or if times do not ascend.
	pub fn new(times: &[Option<i64>], example: &str) -> Option<Self> {
		let (first, second) = (times.first().copied()??, times.get(1).copied()??);
		let step = second - first;
		let even = times.windows(2).all(|pair| matches!(pair, [Some(a), Some(b)] if b - a == step));
		(step > 0 && even).then_some(())?;
		Some(Self { first, step, notation: Notation::of(example)? })
	}

	/// Returns the time of value `row`, counted from 0. The value need not exist.
	pub fn at(&self, row: usize) -> String {
		let seconds = self.first.saturating_add(self.step.saturating_mul(row as i64));
		// Beyond the year 9999 there is no calendar; the number is exact.
		let Ok(timestamp) = Timestamp::from_second(seconds) else { return seconds.to_string() };
		match &self.notation {
			Notation::Seconds => seconds.to_string(),
			// A date alone is enough while steps are days.
			Notation::Date if self.step % 86_400 == 0 && seconds.rem_euclid(86_400) == 0 => {
				Offset::UTC.to_datetime(timestamp).date().to_string()
			}
			Notation::Date => Offset::UTC.to_datetime(timestamp).strftime("%Y-%m-%d %H:%M:%S").to_string(),
			Notation::DateTime { separator, seconds, offset, suffix } => {
				let format = if *seconds || self.step % 60 != 0 { "%H:%M:%S" } else { "%H:%M" };
				let local = offset.to_datetime(timestamp);
				format!("{}{separator}{}{suffix}", local.date(), local.strftime(format))
			}
		}
	}
}

/// Parses a date, a date with a time of day, or a number of seconds since 1970. Returns whole seconds since 1970; fractions
/// are dropped.
///
/// # Errors
///
/// Errors if the text is none of these, if the calendar has no such date (e.g. 2021-02-31), or if the offset from UTC is invalid.
pub fn parse_instant(text: &str) -> Result<i64> {
	if let Ok(seconds) = text.parse::<f64>() {
		ensure!(seconds.is_finite(), "the number of seconds is not finite");
		return Ok(seconds as i64);
	}
	// Rounds down: `as_second` rounds times before 1970 up.
	Ok(Parts::new(text).timestamp()?.as_nanosecond().div_euclid(1_000_000_000) as i64)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn dates_count_seconds() {
		for (text, seconds) in [
			("1970-01-01", 0),
			("2000-03-01", 951_868_800),
			("2016-07-01T13:30:15Z", 1_467_379_815),
			("2016-07-01 13:30:15.75", 1_467_379_815),
			("2016-7-1 13:30:15", 1_467_379_815),
			("-5", -5),
		] {
			assert_eq!(parse_instant(text).unwrap(), seconds, "{text}");
		}
		assert!(parse_instant("2016-13-01").is_err() && parse_instant("2016-07-01 25:00").is_err() && parse_instant("").is_err());
		assert!(parse_instant("inf").is_err() && parse_instant("2016-07-01 13").is_err());
	}

	#[test]
	fn days_that_no_calendar_has_are_rejected() {
		for day in ["2021-02-31", "2021-02-29", "2021-04-31 12:00", "1900-02-29", "2021-00-10", "2021-01-00"] {
			assert!(parse_instant(day).is_err(), "{day}");
		}
		parse_instant("2020-02-29").unwrap();
		parse_instant("2000-02-29T23:59:59Z").unwrap();
	}

	#[test]
	fn offsets_from_utc_are_counted() {
		let utc = parse_instant("2016-07-01T08:00:00Z").unwrap();
		for text in [
			"2016-07-01T13:30:00+05:30",
			"2016-07-01 13:30+0530",
			"2016-07-01T03:00:00-05:00",
			"2016-07-01T10:00+02",
			"2016-07-01 08:00",
		] {
			assert_eq!(parse_instant(text).unwrap(), utc, "{text}");
		}
		assert!(parse_instant("2016-07-01T13:30:00+99:00").is_err() && parse_instant("2016-07-01T13:30+x").is_err());
	}

	#[test]
	fn a_change_of_the_offset_neither_repeats_nor_skips_an_hour() {
		let times = ["2021-10-31T01:00+02:00", "2021-10-31T02:00+02:00", "2021-10-31T02:00+01:00", "2021-10-31T03:00+01:00"]
			.map(|text| Some(parse_instant(text).unwrap()));
		let clock = Clock::new(&times, "2021-10-31T01:00+02:00").unwrap();
		assert_eq!(clock.at(3), "2021-10-31T04:00+02:00");
		// Without offset, times are those of a calendar without daylight-saving time.
		let times = ["2021-03-28 01:00", "2021-03-28 02:00"].map(|text| Some(parse_instant(text).unwrap()));
		assert_eq!(Clock::new(&times, "2021-03-28 01:00").unwrap().at(2), "2021-03-28 03:00");
	}

	#[test]
	fn times_are_printed_in_the_notation_of_the_file() {
		for (first, second, third) in [
			("2016-12-31 22:00:00", "2016-12-31 23:00:00", "2017-01-01 00:00:00"),
			("2016-02-27", "2016-02-28", "2016-02-29"),
			("2016-02-27T10:30Z", "2016-02-27T10:45Z", "2016-02-27T11:00Z"),
			("2016-02-27T10:30:00+01:00", "2016-02-27T10:30:05+01:00", "2016-02-27T10:30:10+01:00"),
			("2016-02-27T22:00-05:00", "2016-02-27T23:00-05:00", "2016-02-28T00:00-05:00"),
			("1969-12-30", "1969-12-31", "1970-01-01"),
			("-10", "50", "110"),
		] {
			let times = [first, second].map(|text| Some(parse_instant(text).unwrap()));
			let clock = Clock::new(&times, first).unwrap();
			assert_eq!([clock.at(0), clock.at(1), clock.at(2)], [first, second, third]);
		}
	}

	#[test]
	fn printed_dates_are_parsed_back() {
		for day in (-200_000..200_000).step_by(97) {
			let clock = Clock { first: day * 86_400, step: 86_400, notation: Notation::Date };
			assert_eq!(parse_instant(&clock.at(0)).unwrap(), day * 86_400);
		}
	}

	#[test]
	fn uneven_times_have_no_clock() {
		assert_eq!(Clock::new(&[Some(1)], "1"), None);
		assert_eq!(Clock::new(&[Some(1), Some(2), None], "1"), None);
		assert_eq!(Clock::new(&[Some(1), Some(2), Some(4)], "1"), None);
		assert_eq!(Clock::new(&[Some(2), Some(1), Some(0)], "1"), None);
	}
}
