//! Times of a column: parsed in the one notation of the file.

use super::{
	months::are_months,
	number::{self, Layout, Number, Scale, UNIT},
	recognise::nearly_all,
	shape::{DateOrder, Shape},
	short,
	text::{missing_week, Evidence, Written},
	years::{check_no_days, in_century, OpenYear},
	TimeOptions, TimeText,
};
use anyhow::{bail, ensure, Context, Result};
use jiff::{
	civil::DateTime,
	fmt::strtime,
	tz::{Offset, TimeZone},
	Timestamp,
};
use std::fmt;

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;

/// Notation of the times of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notation {
	/// Numbers with so many decimals.
	Number(usize, Scale),
	/// Dates without separators.
	Layout(Layout),
	/// Dates with separators.
	Shape(Shape),
	/// Format of `--time-format`.
	Format(String),
}

/// Times of a column, in the order of the file.
#[derive(Clone, Debug)]
pub struct Column {
	/// Notation of the times.
	pub notation: Notation,
	/// Calendar times as nanoseconds since 1970, as if in UTC; billionths for numbers.
	pub local: Vec<i128>,
	/// UTC offsets of the times, if the file has them.
	pub offsets: Option<Vec<Offset>>,
	/// Remark for the user.
	pub note: Option<String>,
}

/// Error of dates whose order of day, month and year is open.
#[derive(Debug)]
pub struct Ambiguous {
	/// Reason and next step.
	text: String,
	/// Options of which each decides the order.
	pub readings: Vec<TimeOptions>,
}

impl fmt::Display for Ambiguous {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.text)
	}
}

impl std::error::Error for Ambiguous {}

impl Notation {
	/// Returns a calendar time in this notation.
	pub fn print(&self, time: DateTime, offset: Offset) -> String {
		match self {
			Self::Number(..) => time.to_string(),
			Self::Layout(layout) => layout.print(time),
			Self::Shape(shape) => shape.print(time, offset),
			Self::Format(format) => {
				let printed = offset.to_timestamp(time).and_then(|instant| {
					let zoned = instant.to_zoned(TimeZone::fixed(offset));
					strtime::format(format, &zoned)
				});
				printed.unwrap_or_else(|_| time.to_string())
			}
		}
	}

	/// Returns `true` if times are of the calendar.
	pub fn is_calendar(&self) -> bool {
		!matches!(self, Self::Number(..))
	}

	/// Returns `true` if times have hours.
	fn has_hours(&self) -> bool {
		match self {
			Self::Number(..) => false,
			Self::Layout(layout) => matches!(layout, Layout::Hour | Layout::Minute | Layout::Second),
			Self::Shape(shape) => shape.time.is_some(),
			Self::Format(_) => true,
		}
	}

	/// Returns a difference between two times as text.
	pub fn span(&self, difference: i128) -> String {
		let (value, unit) = match self {
			Self::Number(_, scale) => (difference, scale.symbol()),
			_ => match difference {
				_ if difference % (86_400 * SECOND) == 0 => {
					(difference / 86_400, if difference == 86_400 * SECOND { "day" } else { "days" })
				}
				_ if difference % (3_600 * SECOND) == 0 => (difference / 3_600, "h"),
				_ if difference % (60 * SECOND) == 0 => (difference / 60, "min"),
				_ => (difference, "s"),
			},
		};
		let text = number::print(value, 9);
		format!("{} {unit}", text.trim_end_matches('0').trim_end_matches('.'))
	}
}

impl Column {
	/// Parses the times of a column.
	///
	/// # Errors
	///
	/// Errors if a text is no time or has another notation than the others, if numbers change their unit, or with [`Ambiguous`]
	/// if the order of day, month and year is open.
	pub fn read(texts: &[TimeText], options: &TimeOptions) -> Result<Self> {
		let blank = texts.iter().find(|text| text.text.trim().is_empty());
		if let Some(TimeText { line, .. }) = blank {
			bail!("line {line}: the row has no time. Write its time, or remove the row");
		}
		if let Some(format) = &options.format {
			let reason = format!("it does not follow --time-format `{format}`");
			return Self::formatted(texts, format, &reason);
		}
		let first = texts.first().map_or("", |text| text.text.trim());
		if Number::parse(first).is_some() && !are_months(texts.iter().map(|text| text.text)) {
			return Self::numbers(texts);
		}
		let formats = match Written::parse(first) {
			Some(_) => Vec::new(),
			None => short::column_formats(texts, options.order),
		};
		match &formats[..] {
			[] => Self::written(texts, options),
			[format] => {
				let column = Self::formatted(texts, format, &format!("the other times are written as `{format}`"))?;
				check_no_days(format, &column.local, texts)?;
				let note = || format!("dates are read as `{format}`, and years of two digits as 1969 to 2068");
				Ok(Self { note: column.note.or_else(|| Some(note())), ..column })
			}
			[format, ..] => {
				// No choice of the order decides an open century.
				let open = Self::formatted(texts, format, "").err().filter(|error| error.is::<OpenYear>());
				Err(open.unwrap_or_else(|| short_years(texts, &formats, options).into()))
			}
		}
	}

	/// Returns `true` if the times may be local ones, in which an hour is repeated or missing where daylight-saving time ends or
	/// begins.
	pub fn is_local(&self) -> bool {
		self.offsets.is_none() && self.notation.has_hours()
	}

	/// Returns `true` if the times are those of a calendar, or nearly all are numbers that are times since 1970, of 1980 and later.
	pub fn is_dated(&self) -> bool {
		match self.notation {
			Notation::Number(_, scale) => {
				let count = self.local.iter().filter(|nanos| number::is_since_1980(**nanos, scale)).count();
				nearly_all(count, self.local.len())
			}
			_ => true,
		}
	}

	/// Returns the instants of times with offsets, and the calendar times of others.
	pub fn ticks(&self) -> Vec<i128> {
		match &self.offsets {
			None => self.local.clone(),
			Some(offsets) => {
				self.local.iter().zip(offsets).map(|(local, offset)| local - i128::from(offset.seconds()) * SECOND).collect()
			}
		}
	}

	fn numbers(texts: &[TimeText]) -> Result<Self> {
		let number = |text: &TimeText| {
			Number::parse(text.text.trim()).with_context(|| other_notation(text, &texts[0], "the first time is a number"))
		};
		let numbers = texts.iter().map(number).collect::<Result<Vec<_>>>()?;
		if let Some(layout) = Layout::of(&numbers) {
			let civil = |(number, text): (&Number, &TimeText)| {
				let civil = number.civil(layout).and_then(ticks_of);
				civil.with_context(|| {
					invalid(text, &format!("the other times are dates as {}, and this is none", layout.letters()))
				})
			};
			let local = numbers.iter().zip(texts).map(civil).collect::<Result<_>>()?;
			return Ok(Self { notation: Notation::Layout(layout), local, offsets: None, note: None });
		}
		check_scales(&numbers, texts)?;
		let decimals = numbers.iter().map(|number| number.decimals).max().unwrap_or(0);
		let scale = numbers.first().map_or(Scale::Seconds, |number| number.scale());
		Ok(Self {
			notation: Notation::Number(decimals, scale),
			local: numbers.iter().map(|number| number.nanos).collect(),
			offsets: None,
			note: None,
		})
	}

	fn written(texts: &[TimeText], options: &TimeOptions) -> Result<Self> {
		let mut shape: Option<Shape> = None;
		let mut all = Vec::with_capacity(texts.len());
		for text in texts {
			let (written, own) = Written::parse(text.text).with_context(|| invalid(text, &describe_fault(text.text)))?;
			match &mut shape {
				None => shape = Some(own),
				Some(shape) => {
					let same = shape.date.agrees(&own.date) && shape.offset.is_some() == own.offset.is_some();
					ensure!(same, other_notation(text, &texts[0], "all times of a file are written alike"));
					shape.extend(&own);
					// The last offset is the one that later times have.
					shape.offset = own.offset;
					shape.date.padded &= own.date.padded;
				}
			}
			all.push(written);
		}
		let mut shape = shape.context("the file has no times")?;
		let order = decide(&all, texts, options)?;
		if shape.date.is_open() {
			shape.date = shape.date.decided(order);
		}
		let civil = |(written, text): (&Written, &TimeText)| {
			written.civil(order).and_then(ticks_of).with_context(|| invalid(text, "the calendar has no such date"))
		};
		let local = all.iter().zip(texts).map(civil).collect::<Result<_>>()?;
		let offsets = all.iter().map(|written| written.offset).collect();
		Ok(Self { notation: Notation::Shape(shape), local, offsets, note: None })
	}

	/// Returns `true` if the times are years of four digits only.
	pub fn is_years(&self) -> bool {
		self.notation == Notation::Layout(Layout::Year)
	}

	/// Parses times by a format. `reason` is that of the error of a text that does not follow it.
	fn formatted(texts: &[TimeText], format: &str, reason: &str) -> Result<Self> {
		let (mut local, mut offsets) = (Vec::with_capacity(texts.len()), Vec::with_capacity(texts.len()));
		for text in texts {
			let (time, offset) = by_format(format, text.text.trim()).with_context(|| invalid(text, reason))?;
			local.push(ticks_of(time).with_context(|| invalid(text, "the calendar ends before"))?);
			offsets.push(offset);
		}
		let offsets = offsets.into_iter().collect();
		let (local, earlier) = in_century(format, local, texts)?;
		let note = earlier.map(|(first, last)| {
			let years = if first == last { first.to_string() } else { format!("{first} to {last}") };
			format!(
				"dates are read as `{format}`, and years of two digits as {years}, because all days are from Monday to \
				Friday in that century, and not in the next"
			)
		});
		Ok(Self { notation: Notation::Format(format.into()), local, offsets, note })
	}
}

/// Returns nanoseconds since 1970 of a time in UTC.
pub fn ticks_of(time: DateTime) -> Option<i128> {
	Some(Offset::UTC.to_timestamp(time).ok()?.as_nanosecond())
}

/// Returns the time in UTC of nanoseconds since 1970.
pub fn civil_of(ticks: i128) -> Option<DateTime> {
	Some(Offset::UTC.to_datetime(Timestamp::from_nanosecond(ticks).ok()?))
}

/// Returns the order of day and month: the only one that all dates allow, or the requested one.
fn decide(all: &[Written], texts: &[TimeText], options: &TimeOptions) -> Result<DateOrder> {
	let mut found: Option<(DateOrder, &TimeText)> = None;
	for (written, text) in all.iter().zip(texts) {
		match (written.evidence(), found) {
			(None, _) => return Ok(DateOrder::MonthFirst),
			(Some(Evidence::Either), _) => {}
			(Some(Evidence::Only(order)), None) => found = Some((order, text)),
			(Some(Evidence::Only(order)), Some((known, first))) if order != known => bail!(
				"line {}: `{}` can only be {}, and `{}` in line {} only {}. Write all dates alike, e.g. as 2031-01-31",
				text.line,
				text.text,
				name(order),
				first.text,
				first.line,
				name(known)
			),
			(Some(Evidence::Only(_)), Some(_)) => {}
		}
	}
	match (found, options.order) {
		(Some((order, text)), Some(requested)) if order != requested => bail!(
			"line {}: `{}` can only be {}, and {} was requested: omit that option",
			text.line,
			text.text,
			name(order),
			if requested == DateOrder::DayFirst { "--day-first" } else { "--month-first" }
		),
		(Some((order, _)), _) => Ok(order),
		(None, Some(requested)) => Ok(requested),
		(None, None) => {
			let TimeText { line, text } = texts.first().context("the file has no times")?;
			let orders = [DateOrder::DayFirst, DateOrder::MonthFirst];
			let readings = orders.map(|order| TimeOptions { order: Some(order), ..options.clone() }).into();
			let text = format!(
				"line {line}: `{text}` may be day/month/year or month/day/year, and no date of the file decides it. Choose with \
				--day-first or --month-first"
			);
			Err(Ambiguous { text, readings }.into())
		}
	}
}

/// Returns the error of dates whose year has two digits and that several formats fit.
fn short_years(texts: &[TimeText], formats: &[String], options: &TimeOptions) -> Ambiguous {
	let first = texts.iter().find(|text| !short::formats(text.text).is_empty());
	let (line, text) = first.map_or((0, ""), |first| (first.line, first.text));
	let flags: Vec<String> = formats.iter().map(|format| format!("--time-format \"{format}\"")).collect();
	let text = format!(
		"line {line}: the year of `{text}` has two digits, and no date of the file decides the order of day, month and year. \
		Choose with {}",
		flags.join(" or ")
	);
	let readings = formats.iter().map(|format| TimeOptions { format: Some(format.clone()), ..options.clone() }).collect();
	Ambiguous { text, readings }
}

/// Returns the name of an order.
pub fn name(order: DateOrder) -> &'static str {
	match order {
		DateOrder::DayFirst => "day/month/year",
		DateOrder::MonthFirst => "month/day/year",
	}
}

/// Checks that numbers keep their unit, e.g. do not change from milliseconds to microseconds.
fn check_scales(numbers: &[Number], texts: &[TimeText]) -> Result<()> {
	for (pair, texts) in numbers.windows(2).zip(texts.windows(2)) {
		let (last, next) = (pair[0].nanos.unsigned_abs(), pair[1].nanos.unsigned_abs());
		let (from, to) = (pair[0].scale(), pair[1].scale());
		let (small, large) = (last.min(next), last.max(next));
		if from != to && small >= UNIT as u128 && large / small >= 500 {
			let (factor, what) = (to.factor(from), if to > from { "divide" } else { "multiply" });
			bail!(
				"line {}: after `{}` in line {} comes `{}`: the times change from {} to {}, a factor of {factor}. Write all \
				times in one unit, e.g. {what} those from line {} on by {factor}",
				texts[1].line,
				texts[0].text,
				texts[0].line,
				texts[1].text,
				from.name(),
				to.name(),
				texts[1].line
			);
		}
	}
	Ok(())
}

/// Parses a time by a format of `strptime`. Fields that the format lacks are the first of their kind.
///
/// # Errors
///
/// Errors if the text does not follow the format, or if the calendar has no such time.
pub fn by_format(format: &str, text: &str) -> Result<(DateTime, Option<Offset>)> {
	let mut parsed = strtime::parse(format, text)?;
	if let Some(instant) = parsed.timestamp() {
		return Ok((Offset::UTC.to_datetime(instant), None));
	}
	if parsed.to_date().is_err() && parsed.day().is_none() && parsed.year().is_some() {
		parsed.set_day(Some(1))?;
		if parsed.month().is_none() {
			parsed.set_month(Some(1))?;
		}
	}
	Ok((parsed.to_datetime()?, parsed.offset()))
}

/// Returns the reason for which a text is no time.
fn describe_fault(text: &str) -> String {
	let text = text.trim();
	let date = text.split([' ', 'T', ',']).next().unwrap_or(text);
	let parts: Vec<&str> = date.split(['/', '-', '.']).collect();
	let last = text.rsplit(' ').next().unwrap_or("");
	if parts.len() >= 3
		&& parts.iter().take(3).all(|part| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
	{
		return "its year has two digits: state the order with --time-format, e.g. %d/%m/%y".into();
	}
	if let Some((year, week)) = missing_week(text) {
		return format!(
			"weeks are those of ISO 8601, and {year} has no week {week}. Correct it, or write the dates of the days instead, e.g. \
			2031-01-31"
		);
	}
	if (3..=5).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_uppercase()) {
		return format!(
			"the abbreviation {last} names no offset from UTC: write the offset, e.g. +01:00, or state the format \
			with --time-format"
		);
	}
	let is_date = |byte: u8| byte.is_ascii_digit() || b"-/.:T Z+".contains(&byte);
	if text.len() >= 8 && text.bytes().all(is_date) && Written::parse(text).is_none() && parts.len() >= 3 {
		return "the calendar has no such time, or it is not written as 2031-01-31 18:00:00. Correct it, or state the format with \
		--time-format"
			.into();
	}
	"expected a time such as 2031-01-31 18:00:00, 31/01/2031 or a number of seconds since 1970. Correct it, state the format \
	with --time-format, or use the rows as steps with --time none"
		.into()
}

fn invalid(text: &TimeText, reason: &str) -> String {
	format!("line {}: invalid time `{}`: {reason}", text.line, text.text)
}

fn other_notation(text: &TimeText, first: &TimeText, reason: &str) -> String {
	format!(
		"line {}: invalid time `{}`: {reason}, and `{}` in line {} is written otherwise. Correct it, or remove the row",
		text.line, text.text, first.text, first.line
	)
}
