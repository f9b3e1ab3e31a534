//! Times that are written as numbers: seconds or fractions of them since 1970, years, months, and dates without separators.

use jiff::civil::{Date, DateTime};

/// Digits after the decimal point that are kept.
const DECIMALS: i32 = 9;
/// Largest absolute value, in billionths.
const MOST: i128 = 10i128.pow(36);
/// Nano-units of one unit.
pub const UNIT: i128 = 1_000_000_000;
/// Years that a number without separators may name.
const YEARS: std::ops::RangeInclusive<i64> = 1_800..=2_200;
/// Years that a number of ten digits may name. Seconds since 1970 have ten digits, too.
const HOUR_YEARS: std::ops::RangeInclusive<i64> = 1_900..=2_100;
/// Seconds since 1970 from which on a number is a plausible time: in 1980.
const FIRST: i128 = 315_532_800;
/// Years that a number of four digits may name.
const BARE_YEARS: std::ops::RangeInclusive<i64> = 1_500..=2_500;

/// A decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
	/// Value in billionths.
	pub nanos: i128,
	/// Digits after the decimal point, as written, at most nine.
	pub decimals: usize,
	/// Number of digits if the text has nothing else.
	digits: Option<usize>,
}

impl Number {
	/// Parses a number with an optional sign, decimal point and exponent. Digits beyond the ninth decimal are dropped.
	pub fn parse(text: &str) -> Option<Self> {
		let (negative, unsigned) = match text.strip_prefix(['-', '+']) {
			Some(rest) => (text.starts_with('-'), rest),
			None => (false, text),
		};
		let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
			Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
			None => (unsigned, 0),
		};
		let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
		let digits = [whole, fraction].concat();
		if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
			return None;
		}
		let shift = DECIMALS + i32::from(exponent) - fraction.len() as i32;
		let value: i128 = digits.parse().ok()?;
		let power = |exponent: i32| 10i128.checked_pow(exponent.unsigned_abs());
		let nanos = match shift {
			0.. => value.checked_mul(power(shift)?)?,
			_ => power(shift).map_or(0, |power| value / power),
		};
		// Differences and their multiples fit 128 bits.
		if nanos > MOST {
			return None;
		}
		Some(Self {
			nanos: if negative { -nanos } else { nanos },
			decimals: (fraction.len() as i32 - i32::from(exponent)).clamp(0, DECIMALS) as usize,
			digits: (digits.len() == text.len()).then_some(digits.len()),
		})
	}

	/// Returns the fields of a date that is written without separators, e.g. `20310131`: year, month, day, hour, minute, second.
	fn fields(self, layout: Layout) -> [i64; 6] {
		let mut fields = [0, 1, 1, 0, 0, 0];
		let mut rest = (self.nanos / UNIT) as i64;
		for field in fields[1..=layout.parts()].iter_mut().rev() {
			*field = rest % 100;
			rest /= 100;
		}
		fields[0] = rest;
		fields
	}

	/// Returns the date and time of a number that is written without separators; `None` if the calendar has none.
	pub fn civil(self, layout: Layout) -> Option<DateTime> {
		let [year, month, day, hour, minute, second] = self.fields(layout);
		let date = Date::new(year.try_into().ok()?, month as i8, day as i8).ok()?;
		let time = jiff::civil::Time::new(hour as i8, minute as i8, second as i8, 0).ok()?;
		(layout.years().contains(&year) && self.digits == Some(layout.digits())).then(|| date.to_datetime(time))
	}

	/// Returns the unit that the magnitude of a number of seconds since 1970 suggests.
	pub fn scale(self) -> Scale {
		match self.nanos.unsigned_abs() / UNIT as u128 {
			0..100_000_000_000 => Scale::Seconds,
			100_000_000_000..100_000_000_000_000 => Scale::Milliseconds,
			100_000_000_000_000..100_000_000_000_000_000 => Scale::Microseconds,
			_ => Scale::Nanoseconds,
		}
	}
}

/// Returns `true` if a number in this unit is a time since 1970 that is not before 1980.
pub fn is_since_1980(nanos: i128, scale: Scale) -> bool {
	nanos / UNIT / i128::from(scale.factor(Scale::Seconds)) >= FIRST
}

/// Unit of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
	Seconds,
	Milliseconds,
	Microseconds,
	Nanoseconds,
}

impl Scale {
	/// Returns the name in the plural.
	pub fn name(self) -> &'static str {
		match self {
			Self::Seconds => "seconds",
			Self::Milliseconds => "milliseconds",
			Self::Microseconds => "microseconds",
			Self::Nanoseconds => "nanoseconds",
		}
	}

	/// Returns the symbol of the unit.
	pub fn symbol(self) -> &'static str {
		match self {
			Self::Seconds => "s",
			Self::Milliseconds => "ms",
			Self::Microseconds => "us",
			Self::Nanoseconds => "ns",
		}
	}

	/// Returns the factor by which numbers in the finer of two units are larger.
	pub fn factor(self, other: Self) -> u64 {
		1_000u64.pow((self as i32).abs_diff(other as i32))
	}
}

/// Date that is written as a number without separators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
	/// `2031`
	Year,
	/// `203101`
	Month,
	/// `20310131`
	Day,
	/// `2031013118`
	Hour,
	/// `203101311830`
	Minute,
	/// `20310131183000`
	Second,
}

impl Layout {
	const ALL: [Self; 6] = [Self::Year, Self::Month, Self::Day, Self::Hour, Self::Minute, Self::Second];

	/// Returns the number of fields after the year.
	fn parts(self) -> usize {
		self as usize
	}

	fn digits(self) -> usize {
		4 + 2 * self.parts()
	}

	fn years(self) -> std::ops::RangeInclusive<i64> {
		match self {
			Self::Year => BARE_YEARS,
			Self::Hour => HOUR_YEARS,
			_ => YEARS,
		}
	}

	/// Returns the notation in letters, e.g. `YYYYMMDD`.
	pub fn letters(self) -> &'static str {
		&"YYYYMMDDhhmmss"[..self.digits()]
	}

	/// Returns a date and time in this layout.
	pub fn print(self, time: DateTime) -> String {
		time.strftime("%Y%m%d%H%M%S").to_string().chars().take(self.digits()).collect()
	}

	/// Returns the layout of a column of numbers: nine of ten at least are dates in this layout, and all have its length.
	pub fn of(numbers: &[Number]) -> Option<Self> {
		let digits = numbers.first()?.digits?;
		let layout = Self::ALL.into_iter().find(|layout| layout.digits() == digits)?;
		let dates = numbers.iter().filter(|number| number.civil(layout).is_some()).count();
		(numbers.iter().all(|number| number.digits == Some(digits)) && dates * 10 >= numbers.len() * 9).then_some(layout)
	}
}

/// Returns a value in billionths as text with `decimals` decimals.
pub fn print(nanos: i128, decimals: usize) -> String {
	let sign = if nanos < 0 { "-" } else { "" };
	let (whole, rest) = (nanos.unsigned_abs() / UNIT as u128, nanos.unsigned_abs() % UNIT as u128);
	let fraction = format!("{rest:09}");
	match decimals {
		0 => format!("{sign}{whole}"),
		_ => format!("{sign}{whole}.{}", &fraction[..decimals.min(9)]),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn numbers_keep_nine_decimals() {
		let nanos = |text: &str| Number::parse(text).map(|number| number.nanos);
		assert_eq!(nanos("1927000800.5"), Some(1_927_000_800_500_000_000));
		assert_eq!(nanos("1.927e3"), Some(1_927 * UNIT));
		assert_eq!((nanos("-5"), nanos("+.25"), nanos("1e-12")), (Some(-5 * UNIT), Some(UNIT / 4), Some(0)));
		for text in ["", "-", ".", "1e", "1.2.3", "nan", "inf", "0x10", "1 2", "1e999", "1e28", "½", "--1"] {
			assert_eq!(nanos(text), None, "{text}");
		}
	}

	#[test]
	fn dates_without_separators_are_recognised_by_the_whole_column() {
		let layout = |texts: &[&str]| Layout::of(&texts.iter().map(|text| Number::parse(text).unwrap()).collect::<Vec<_>>());
		assert_eq!(layout(&["20310131", "20310201"]), Some(Layout::Day));
		assert_eq!((layout(&["1949", "1950"]), layout(&["194912", "195001"])), (Some(Layout::Year), Some(Layout::Month)));
		assert_eq!(layout(&["203101311830", "203101311845"]), Some(Layout::Minute));
		assert_eq!(layout(&["99990131", "99990201"]), None, "no plausible year");
		assert_eq!(layout(&["0", "60", "3600"]), None);
		assert_eq!(layout(&["1927000800", "1927004400"]), None, "seconds have ten digits, and no such month");
		assert_eq!(Number::parse("20310230").unwrap().civil(Layout::Day), None);
	}

	proptest! {
		#[test]
		fn numbers_are_printed_and_parsed_back(nanos in -(1i128 << 100)..(1i128 << 100)) {
			prop_assert_eq!(Number::parse(&print(nanos, 9)).map(|number| number.nanos), Some(nanos));
		}

		#[test]
		fn any_text_is_parsed_or_not(text in ".*") {
			let _ = Number::parse(&text);
		}
	}
}
