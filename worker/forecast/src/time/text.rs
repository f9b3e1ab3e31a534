//! Parser of one time that is written with separators.

use super::shape::{DateOrder, DateShape, Field, OffsetForm, OffsetShape, Shape, TimeShape, MONTHS};
use jiff::{
	civil::{Date, DateTime, ISOWeekDate, Time, Weekday},
	tz::Offset,
};

/// English names of the days of the week, of which three letters suffice.
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
	/// Year of the calendar.
	year: i16,
	/// Month and day, or two numbers whose order is open.
	pair: (i8, i8),
	/// Time of day; midnight if there is none.
	time: Time,
	/// `true` for `24:00`, the midnight at the end of the day.
	next_day: bool,
	/// `true` if the order of month and day is open.
	open: bool,
	/// UTC offset, if the text has one.
	pub offset: Option<Offset>,
}

/// Order that one date allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
	/// A number is above 12, or the order is written.
	Only(DateOrder),
	/// Both are possible.
	Either,
}

impl Written {
	/// Parses a time and its notation. Returns `None` if the text is no time, or if the calendar has no such time in any order of
	/// day and month.
	pub fn parse(text: &str) -> Option<(Self, Shape)> {
		let mut scan = Scan::new(text);
		scan.weekday();
		let (year, pair, date) = scan.date()?;
		let behind_date = scan.rest;
		let (time, next_day, time_shape) = match scan.time() {
			TimeScan::Found(time, next_day, shape) => (time, next_day, Some(shape)),
			TimeScan::Absent => (Time::midnight(), false, None),
			TimeScan::Invalid => {
				scan.rest = behind_date;
				let (time, next_day, shape) = scan.hour(&date)?;
				(time, next_day, Some(shape))
			}
		};
		let (offset, offset_shape) = match scan.offset()? {
			Some((offset, shape)) => (Some(offset), Some(shape)),
			None => (None, None),
		};
		if !scan.rest.is_empty() {
			return None;
		}
		let written = Self { year, pair, time, next_day, open: date.is_open(), offset };
		let orders = [DateOrder::DayFirst, DateOrder::MonthFirst];
		let exists = orders.into_iter().any(|order| written.civil(order).is_some());
		exists.then_some((written, Shape { date, time: time_shape, offset: offset_shape }))
	}

	/// Parses the time that a text begins with. Text after it is ignored. Returns `None` if the text does not begin with a date of
	/// the calendar.
	pub fn leading(text: &str) -> Option<Self> {
		let mut scan = Scan::new(text);
		scan.weekday();
		let (year, pair, date) = scan.date()?;
		let (time, next_day) = match scan.time() {
			TimeScan::Found(time, next_day, _) => (time, next_day),
			TimeScan::Absent | TimeScan::Invalid => (Time::midnight(), false),
		};
		let written = Self { year, pair, time, next_day, open: date.is_open(), offset: None };
		let orders = [DateOrder::DayFirst, DateOrder::MonthFirst];
		orders.into_iter().any(|order| written.civil(order).is_some()).then_some(written)
	}

	/// Returns `true` if a text begins with three parts of a date, even if the calendar has no such date, or is a year and the
	/// number of a day.
	pub fn begins(text: &str) -> bool {
		let mut scan = Scan::new(text);
		scan.weekday();
		let day_of_year = scan.attempt(|scan| {
			scan.digits(4, 4)?;
			scan.one_of(&["-"])?;
			let day = scan.digits(3, 4)?;
			(day.len() == 3 && scan.rest.is_empty()).then_some(())
		});
		day_of_year.is_some() || scan.date().is_some_and(|(.., shape)| shape.fields.len() == 3)
	}

	/// Returns the order of day and month that this date allows; `None` if the order is not open.
	pub fn evidence(&self) -> Option<Evidence> {
		let evidence = match self.pair {
			(13.., _) => Evidence::Only(DateOrder::DayFirst),
			(_, 13..) => Evidence::Only(DateOrder::MonthFirst),
			_ => Evidence::Either,
		};
		self.open.then_some(evidence)
	}

	/// Returns date and time of day; `None` if the calendar has no such date.
	pub fn civil(&self, order: DateOrder) -> Option<DateTime> {
		let (month, day) = match (self.open, order) {
			(true, DateOrder::DayFirst) => (self.pair.1, self.pair.0),
			_ => self.pair,
		};
		let date = Date::new(self.year, month, day).ok()?;
		let date = if self.next_day { date.tomorrow().ok()? } else { date };
		Some(date.to_datetime(self.time))
	}
}

/// Two letters that abbreviate the days of the week in German.
const SHORT_WEEKDAYS: [&str; 7] = ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"];

/// Result of a scan for a time of day.
pub enum TimeScan {
	/// A time of day, `true` for `24:00`, and its notation.
	Found(Time, bool, TimeShape),
	/// The date is followed by something else, or by nothing.
	Absent,
	/// The date is followed by digits that are no time of day.
	Invalid,
}

/// Rest of a text.
pub struct Scan<'a> {
	/// Text that has not been taken.
	pub rest: &'a str,
}

impl<'a> Scan<'a> {
	/// Starts at the first character of a text that is no blank.
	pub fn new(text: &'a str) -> Self {
		Self { rest: text.trim() }
	}

	/// Takes up to `most` digits; `None` if there are fewer than `least`.
	pub fn digits(&mut self, least: usize, most: usize) -> Option<&'a str> {
		let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
		let (digits, rest) = self.rest.split_at(count);
		(count >= least).then(|| {
			self.rest = rest;
			digits
		})
	}

	/// Takes ASCII letters.
	pub fn letters(&mut self) -> &'a str {
		let (letters, rest) = self.rest.split_at(self.rest.bytes().take_while(u8::is_ascii_alphabetic).count());
		self.rest = rest;
		letters
	}

	/// Takes one of `texts`.
	pub fn one_of(&mut self, texts: &[&'static str]) -> Option<&'static str> {
		let found = texts.iter().copied().find(|text| self.rest.starts_with(text))?;
		self.rest = &self.rest[found.len()..];
		Some(found)
	}

	/// Calls `scan`, and takes nothing if it returns `None`.
	pub fn attempt<T>(&mut self, scan: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
		let before = self.rest;
		let found = scan(self);
		if found.is_none() {
			self.rest = before;
		}
		found
	}

	fn weekday(&mut self) {
		self.attempt(|scan| {
			let letters = scan.letters();
			let short = SHORT_WEEKDAYS.iter().any(|weekday| weekday.eq_ignore_ascii_case(letters));
			if !short {
				named(&WEEKDAYS, letters)?;
			}
			scan.one_of(&[", ", ",", " ", "., ", ". "])
		});
	}

	/// Takes a date: year, and month and day or two numbers whose order is open.
	fn date(&mut self) -> Option<(i16, (i8, i8), DateShape)> {
		self.attempt(Self::year_first)
			.or_else(|| self.attempt(Self::digits_only))
			.or_else(|| self.attempt(Self::named_month))
			.or_else(|| self.attempt(Self::year_last))
	}

	/// `2031-01-31`, `2031-Jan-31`, `2031-01`, `2031-Q1` and `2031-W05`.
	fn year_first(&mut self) -> Option<(i16, (i8, i8), DateShape)> {
		let year = self.digits(4, 4)?.parse().ok()?;
		let first = self.one_of(&["-", "/", ".", " "]).unwrap_or("");
		if self.one_of(&["Q", "q"]).is_some() {
			let quarter: i8 = self.digits(1, 1)?.parse().ok().filter(|quarter| (1..=4).contains(quarter))?;
			let shape = DateShape { fields: vec![Field::Year, Field::Quarter], separators: vec![first.into()], padded: true };
			return Some((year, (quarter * 3 - 2, 1), shape));
		}
		if self.one_of(&["W", "w"]).is_some() {
			return self.week(year, first);
		}
		if first.is_empty() {
			return None;
		}
		let (month, name, mut padded) = self.month()?;
		let day = self.attempt(|scan| {
			scan.one_of(&[first])?;
			scan.digits(1, 2)
		});
		let Some(day) = day else {
			let shape = DateShape { fields: vec![Field::Year, name], separators: vec![first.into()], padded };
			return (first != " " || self.rest.is_empty()).then_some((year, (month, 1), shape));
		};
		padded &= day.len() == 2;
		let shape =
			DateShape { fields: vec![Field::Year, name, Field::Day], separators: vec![first.into(), first.into()], padded };
		Some((year, (month, day.parse().ok()?), shape))
	}

	/// Week of ISO 8601, and the number of its day if there is one: `05` and `05-1` after `2031-W`. Without a day, it is
	/// the Monday.
	fn week(&mut self, year: i16, separator: &'static str) -> Option<(i16, (i8, i8), DateShape)> {
		let week = self.digits(2, 2)?.parse().ok()?;
		let day: Option<i8> = self.attempt(|scan| {
			if !separator.is_empty() {
				scan.one_of(&[separator])?;
			}
			scan.digits(1, 1)?.parse().ok()
		});
		let weekday = Weekday::from_monday_one_offset(day.unwrap_or(1)).ok()?;
		let date = ISOWeekDate::new(year, week, weekday).ok()?.date();
		let mut shape =
			DateShape { fields: vec![Field::WeekYear, Field::Week], separators: vec![separator.into()], padded: true };
		if day.is_some() {
			shape.fields.push(Field::Weekday);
			shape.separators.push(separator.into());
		}
		Some((date.year(), (date.month(), date.day()), shape))
	}

	/// `20310131` before a time of day.
	fn digits_only(&mut self) -> Option<(i16, (i8, i8), DateShape)> {
		let (year, month, day) = (self.digits(4, 4)?, self.digits(2, 2)?, self.digits(2, 2)?);
		if self.rest.is_empty() || self.rest.starts_with(|next: char| next.is_ascii_digit()) {
			return None;
		}
		let fields = vec![Field::Year, Field::Month, Field::Day];
		let shape = DateShape { fields, separators: vec![String::new(), String::new()], padded: true };
		Some((year.parse().ok()?, (month.parse().ok()?, day.parse().ok()?), shape))
	}

	/// `31 January 2031`, `31-Jan-2031`, `Jan 31, 2031` and `Jan 2031`.
	fn named_month(&mut self) -> Option<(i16, (i8, i8), DateShape)> {
		let separator = |scan: &mut Self| scan.one_of(&[". ", ", ", "-", "/", ".", " "]);
		let day = self.attempt(|scan| Some((scan.digits(1, 2)?, separator(scan).unwrap_or(""))));
		let (month, name) = named_month(self.letters())?;
		let after = separator(self)?;
		if let Some((day, before)) = day {
			let year = self.digits(4, 4)?.parse().ok()?;
			let separators = vec![before.into(), after.into()];
			let shape = DateShape { fields: vec![Field::Day, name, Field::Year], separators, padded: day.len() == 2 };
			return Some((year, (month, day.parse().ok()?), shape));
		}
		if let Some(year) = self.attempt(|scan| scan.digits(4, 4)) {
			let shape = DateShape { fields: vec![name, Field::Year], separators: vec![after.into()], padded: true };
			return Some((year.parse().ok()?, (month, 1), shape));
		}
		let day = self.digits(1, 2)?;
		let next = self.one_of(&[", ", ",", " "])?;
		let year = self.digits(4, 4)?.parse().ok()?;
		let shape = DateShape {
			fields: vec![name, Field::Day, Field::Year],
			separators: vec![after.into(), next.into()],
			padded: day.len() == 2,
		};
		Some((year, (month, day.parse().ok()?), shape))
	}

	/// `31/1/2031`, `1/31/2031` and `1/2031`.
	fn year_last(&mut self) -> Option<(i16, (i8, i8), DateShape)> {
		let first = self.digits(1, 2)?;
		let separator = self.one_of(&["/", "-", "."])?;
		if let Some(year) = self.attempt(|scan| scan.digits(4, 4)) {
			let padded = first.len() == 2;
			let shape = DateShape { fields: vec![Field::Month, Field::Year], separators: vec![separator.into()], padded };
			return Some((year.parse().ok()?, (first.parse().ok()?, 1), shape));
		}
		let second = self.digits(1, 2)?;
		self.one_of(&[separator])?;
		let year = self.digits(4, 4)?.parse().ok()?;
		let shape = DateShape {
			fields: vec![Field::DayOrMonth, Field::DayOrMonth, Field::Year],
			separators: vec![separator.into(), separator.into()],
			padded: first.len() == 2 && second.len() == 2,
		};
		Some((year, (first.parse().ok()?, second.parse().ok()?), shape))
	}

	/// Takes the number or the name of a month. The last value is `false` if the number lacks a leading zero.
	fn month(&mut self) -> Option<(i8, Field, bool)> {
		if let Some(digits) = self.digits(1, 2) {
			return Some((digits.parse().ok()?, Field::Month, digits.len() == 2));
		}
		let (month, name) = named_month(self.letters())?;
		Some((month, name, true))
	}

	/// Takes a time of day, after a `T`, a blank, a comma, a colon or an underscore.
	pub fn time(&mut self) -> TimeScan {
		let before = self.rest;
		let joins = [", ", "  ", " ", "T", "t", ":", "_", "\u{a0}", "\u{202f}"];
		let Some(join) = self.one_of(&joins) else { return TimeScan::Absent };
		if !self.rest.starts_with(|next: char| next.is_ascii_digit()) {
			// An offset follows a blank, too.
			self.rest = before;
			return TimeScan::Absent;
		}
		self.time_of_day(join).map_or(TimeScan::Invalid, |(time, next_day, shape)| TimeScan::Found(time, next_day, shape))
	}

	/// Takes an hour behind a date whose fields stand in columns of their own, so that blanks join them: `2031 1 31 18`. The second
	/// value is `true` for hour 24, the midnight at the end of the day.
	fn hour(&mut self, date: &DateShape) -> Option<(Time, bool, TimeShape)> {
		let join = self.one_of(&[" "])?;
		let hours = self.digits(1, 2)?;
		let columns = date.separators.len() == 2 && date.separators.iter().all(|separator| separator == join);
		let hour: i8 = hours.parse().ok()?;
		let next_day = hour == 24;
		let time = Time::new(if next_day { 0 } else { hour }, 0, 0, 0).ok()?;
		let shape = TimeShape {
			join: join.to_string(),
			separator: "",
			padded: hours.len() == 2 && date.padded,
			minutes: false,
			seconds: false,
			fraction: 0,
			meridiem: None,
		};
		(columns && self.rest.is_empty()).then_some((time, next_day, shape))
	}

	fn time_of_day(&mut self, join: &str) -> Option<(Time, bool, TimeShape)> {
		let hours = self.digits(1, 2)?;
		let separator = match self.one_of(&[":", "."]) {
			Some(separator) => separator,
			None if hours.len() == 2 => "",
			None => return None,
		};
		let minutes = self.digits(2, 2)?;
		let seconds = self.attempt(|scan| {
			if !separator.is_empty() {
				scan.one_of(&[separator])?;
			}
			scan.digits(2, 2)
		});
		let fraction = seconds.and_then(|_| {
			self.attempt(|scan| {
				scan.one_of(&[".", ","])?;
				scan.digits(1, 40)
			})
		});
		let meridiem = self.attempt(|scan| {
			let blank = scan.one_of(&[" ", "\u{202f}", "\u{a0}"]).unwrap_or("");
			let text = scan.one_of(&["AM", "PM", "am", "pm", "a.m.", "p.m."])?;
			Some((blank, text))
		});
		let number = |text: &str| text.parse::<i8>().ok();
		let mut hour = number(hours)?;
		if let Some((_, text)) = meridiem {
			if !(1..=12).contains(&hour) {
				return None;
			}
			hour = hour % 12 + if text.starts_with(['P', 'p']) { 12 } else { 0 };
		}
		let nanos: String = fraction.unwrap_or("").chars().chain(std::iter::repeat('0')).take(9).collect();
		let (minute, second, nanos) = (number(minutes)?, number(seconds.unwrap_or("0"))?, nanos.parse::<i32>().ok()?);
		let next_day = hour == 24 && (minute, second, nanos) == (0, 0, 0);
		let time = Time::new(if next_day { 0 } else { hour }, minute, second, nanos).ok()?;
		let shape = TimeShape {
			join: join.to_string(),
			separator,
			padded: hours.len() == 2,
			minutes: true,
			seconds: seconds.is_some(),
			fraction: fraction.map_or(0, |fraction| fraction.len().min(9)),
			meridiem: meridiem.map(|(blank, text)| (blank.to_string(), text.starts_with(['a', 'p']))),
		};
		Some((time, next_day, shape))
	}

	/// Takes an offset from UTC and the name of a zone in brackets. Returns `None` if an offset is invalid.
	fn offset(&mut self) -> Option<Option<(Offset, OffsetShape)>> {
		if self.rest.is_empty() {
			return Some(None);
		}
		let blank = self.one_of(&[" "]).is_some();
		if let Some(name) = self.one_of(&["Z", "z", "UTC", "GMT"]) {
			self.zone_name();
			return Some(Some((Offset::UTC, OffsetShape { blank, form: OffsetForm::Name(name) })));
		}
		let sign = match self.one_of(&["+", "-", "\u{2212}"])? {
			"+" => 1,
			_ => -1,
		};
		let hours = self.digits(2, 2)?;
		let colon = self.one_of(&[":"]).is_some();
		let minutes = self.digits(2, 2);
		let form = match (colon, minutes) {
			(true, Some(_)) => OffsetForm::Colon,
			(false, Some(_)) => OffsetForm::Basic,
			(false, None) => OffsetForm::Hours,
			(true, None) => return None,
		};
		let minutes: i32 = minutes.unwrap_or("0").parse().ok().filter(|minutes| *minutes < 60)?;
		let seconds = sign * (hours.parse::<i32>().ok()? * 3_600 + minutes * 60);
		self.zone_name();
		Some(Some((Offset::from_seconds(seconds).ok()?, OffsetShape { blank, form })))
	}

	/// Takes the name of a zone in brackets, e.g. `[Europe/Paris]`. The offset before it is exact without it.
	fn zone_name(&mut self) {
		if let Some(end) = self.rest.strip_prefix('[').and_then(|rest| rest.find(']')) {
			self.rest = &self.rest[end + 2..];
		}
	}
}

/// Returns the position of the name that `text` abbreviates to three letters or more.
fn named(names: &[&str], text: &str) -> Option<usize> {
	let fits = |name: &str| name.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
	(text.len() >= 3).then(|| names.iter().position(|name| fits(name))).flatten()
}

/// Returns the number of a month and the field that it is written as.
pub fn named_month(text: &str) -> Option<(i8, Field)> {
	let text = if text.eq_ignore_ascii_case("sept") { "sep" } else { text };
	let at = named(&MONTHS, text)?;
	let field = if MONTHS[at].len() == 3 { Field::May } else { Field::MonthName(text.len() == MONTHS[at].len()) };
	Some((at as i8 + 1, field))
}

/// Returns the year and the number of the week that a text such as `2029-W53` begins with, if ISO 8601 has no such week.
pub fn missing_week(text: &str) -> Option<(i16, i8)> {
	let mut scan = Scan::new(text);
	let year = scan.digits(4, 4)?.parse().ok()?;
	scan.one_of(&["-", "/", ".", " "]);
	scan.one_of(&["W", "w"])?;
	let week = scan.digits(2, 2)?.parse().ok()?;
	ISOWeekDate::new(year, week, Weekday::Monday).is_err().then_some((year, week))
}

/// Returns the time of day that a text is, without a date.
pub fn time_of_day(text: &str) -> Option<Time> {
	let mut scan = Scan::new(text);
	let (time, _, shape) = scan.time_of_day("")?;
	(!shape.separator.is_empty() && scan.rest.is_empty()).then_some(time)
}

/// Returns `true` if the text is a time of day without a date.
pub fn is_time_of_day(text: &str) -> bool {
	time_of_day(text).is_some()
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn civil(text: &str) -> Option<String> {
		Some(Written::parse(text)?.0.civil(DateOrder::DayFirst)?.to_string())
	}

	#[test]
	fn usual_notations_are_parsed() {
		for (text, expected) in [
			("2031-01-31", "2031-01-31T00:00:00"),
			("2031/1/5 7:05", "2031-01-05T07:05:00"),
			("2031-01-31T18:00:00.25Z", "2031-01-31T18:00:00.25"),
			("31.1.2031 18.00.00", "2031-01-31T18:00:00"),
			("31/01/2031 06:30 PM", "2031-01-31T18:30:00"),
			("31/01/2031 12:30 am", "2031-01-31T00:30:00"),
			("31/01/2031 24:00", "2031-02-01T00:00:00"),
			("Fri, 31 Jan 2031 18:00:00 GMT", "2031-01-31T18:00:00"),
			("January 31, 2031", "2031-01-31T00:00:00"),
			("31-Jan-2031", "2031-01-31T00:00:00"),
			("20310131T1830", "2031-01-31T18:30:00"),
			("20310131 18:30", "2031-01-31T18:30:00"),
			("2031-01", "2031-01-01T00:00:00"),
			("2031 1", "2031-01-01T00:00:00"),
			("2031 1 5 18:00", "2031-01-05T18:00:00"),
			("2031 1 5 7", "2031-01-05T07:00:00"),
			("2031 01 05 23", "2031-01-05T23:00:00"),
			("2031 1 31 24", "2031-02-01T00:00:00"),
			("01/2031", "2031-01-01T00:00:00"),
			("Sept 2031", "2031-09-01T00:00:00"),
			("2031Q3", "2031-07-01T00:00:00"),
			("01.2031", "2031-01-01T00:00:00"),
			("2031.01", "2031-01-01T00:00:00"),
			("2031/01", "2031-01-01T00:00:00"),
			("2031-W05", "2031-01-27T00:00:00"),
			("2031W051", "2031-01-27T00:00:00"),
			("2031-W01-1 06:00", "2030-12-30T06:00:00"),
			("2031-01-31_18:00:00", "2031-01-31T18:00:00"),
			("2031-01-31\u{a0}18:00", "2031-01-31T18:00:00"),
			("2031-01-31T18:00:00+01:00[Europe/Paris]", "2031-01-31T18:00:00"),
		] {
			assert_eq!(civil(text).as_deref(), Some(expected), "{text}");
		}
	}

	#[test]
	fn other_texts_are_no_times() {
		for text in [
			"",
			"yesterday",
			"2031-02-31",
			"31/31/2031",
			"2031-13-01",
			"2031-01-31 25:00",
			"2031-01-31 13",
			"2031-01-31 13:61",
			"2031-01-31T13:30+x",
			"2031-01-31T13:30:00+99:00",
			"31/01/31",
			"2031",
			"20310131",
			"2031-Q5",
			"13:00 PM",
			"31 Foo 2031",
			"2031-01-31 18:00 CET",
			"24:30",
			"2031 1 31 25",
			"2031-W54",
			"2031-W05-8",
		] {
			assert_eq!(civil(text), None, "{text}");
		}
	}

	#[test]
	fn numbers_above_twelve_decide_the_order() {
		let evidence = |text: &str| Written::parse(text).unwrap().0.evidence();
		assert_eq!(evidence("16/12/2031"), Some(Evidence::Only(DateOrder::DayFirst)));
		assert_eq!(evidence("12/16/2031"), Some(Evidence::Only(DateOrder::MonthFirst)));
		assert_eq!((evidence("1.2.2031"), evidence("2031-01-02")), (Some(Evidence::Either), None));
	}

	proptest! {
		#[test]
		fn any_text_is_parsed_or_not(text in "[0-9TZ/:. ,+APMJanQ-]{0,32}|.*") {
			if let Some((written, _)) = Written::parse(&text) {
				prop_assert!(written.civil(DateOrder::DayFirst).or(written.civil(DateOrder::MonthFirst)).is_some());
			}
			is_time_of_day(&text);
		}
	}
}
