//! Numbers as people write them: decimal point or comma, thousands in groups of three, typographic minus signs, and the
//! spellings of a missing value.

use super::sentinel;
use anyhow::{bail, ensure, Context, Result};
use std::{fmt, str::FromStr};

/// Spellings of a missing value, in lower case.
const MISSING: [&str; 19] = [
	"", "?", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "nat", "nil", "null", "none", "\\n", "-", "--", "\u{2013}",
	"\u{2014}", ".",
];
/// Largest absolute value: differences of values, and sums of as many of them as a file has rows, are finite.
pub const LARGEST: f64 = 1e300;
/// Error values that spreadsheets write into cells. The first two stand for a missing value.
const EXCEL_ERRORS: [&str; 8] = ["#N/A", "#NA", "#VALUE!", "#DIV/0!", "#REF!", "#NUM!", "#NAME?", "#NULL!"];

/// Returns `true` if the line begins with an error value of a spreadsheet, and not with a comment.
pub fn is_excel_error(line: &[u8]) -> bool {
	EXCEL_ERRORS.iter().any(|error| line.starts_with(error.as_bytes()))
}

/// Decimal separator of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimal {
	/// `1,226.8`: a point, and commas between groups of three digits.
	#[default]
	Point,
	/// `1.226,8`: a comma, and points between groups of three digits.
	Comma,
}

impl Decimal {
	fn separator(self) -> char {
		match self {
			Self::Point => '.',
			Self::Comma => ',',
		}
	}

	fn grouping(self) -> char {
		match self {
			Self::Point => ',',
			Self::Comma => '.',
		}
	}
}

impl FromStr for Decimal {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		match text {
			"." | "point" => Ok(Self::Point),
			"," | "comma" => Ok(Self::Comma),
			_ => Err(format!("invalid decimal separator `{text}`: expected . or ,")),
		}
	}
}

impl fmt::Display for Decimal {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}", self.separator())
	}
}

/// Texts that stand for a missing value: the usual spellings, and those of the user.
#[derive(Clone, Debug, Default)]
pub struct Missing {
	texts: Vec<String>,
	numbers: Vec<f64>,
}

impl Missing {
	/// Adds the spellings of a user. A number stands for all of its spellings: -9999 also for -9999.0.
	pub fn new(texts: &[String]) -> Self {
		let texts: Vec<String> = texts.iter().map(|text| text.trim().to_string()).collect();
		let numbers = texts.iter().filter_map(|text| parse(text, Decimal::Point).ok()).collect();
		Self { texts, numbers }
	}

	/// Returns `true` if the text is a usual spelling of a missing value, in upper or lower case.
	pub fn is_usual(text: &str) -> bool {
		text.len() <= 5 && MISSING.iter().any(|missing| missing.eq_ignore_ascii_case(text))
	}

	/// Returns `true` if the text stands for a missing value.
	pub fn matches(&self, text: &str) -> bool {
		Self::is_usual(text) || self.texts.iter().any(|missing| missing == text)
	}

	/// Returns `true` if the number stands for a missing value.
	pub fn matches_number(&self, value: f64) -> bool {
		self.numbers.contains(&value)
	}
}

/// Returns `true` if the text is a number with either decimal separator.
pub fn is_number(text: &str) -> bool {
	parse(text, Decimal::Point).is_ok() || parse(text, Decimal::Comma).is_ok()
}

/// Parses a finite number. Groups of three digits may be separated by the other of `.` and `,`, by blanks, or by apostrophes.
///
/// # Errors
///
/// Errors if the text is no number; the reason names the odd part.
pub fn parse(text: &str, decimal: Decimal) -> Result<f64> {
	let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
	if plain && (decimal == Decimal::Point || !text.contains('.')) {
		return in_range(text);
	}
	in_range(&normalise(text, decimal)?)
}

/// Parses a number in the notation of the language. Its differences and sums are finite, too.
fn in_range(text: &str) -> Result<f64> {
	let value: f64 = text.parse().ok().context("expected a number")?;
	ensure!(value.abs() <= LARGEST, "the number is too large: expected at most {LARGEST:e}. Divide the column by a power of ten");
	let digits = text.split(['e', 'E']).next().unwrap_or_default();
	let vanishes = value == 0.0 && digits.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
	ensure!(!vanishes, "the number is too small: expected 0, or at least 5e-324. Multiply the column by a power of ten");
	Ok(value)
}

/// Returns the number in the notation of the language: without groups, with a decimal point and an ASCII minus.
fn normalise(text: &str, decimal: Decimal) -> Result<String> {
	let (sign, unsigned) = match text.chars().next() {
		Some('-' | '\u{2212}' | '\u{2013}' | '\u{fe63}' | '\u{ff0d}') => {
			("-", &text[text.chars().next().map_or(0, char::len_utf8)..])
		}
		Some('+') => ("", &text[1..]),
		_ => ("", text),
	};
	let unsigned = unsigned.trim_start();
	let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
		Some(at) => (&unsigned[..at], Some(unsigned[at + 1..].replace('\u{2212}', "-"))),
		None => (unsigned, None),
	};
	let (whole, fraction) = match mantissa.split_once(decimal.separator()) {
		Some((whole, fraction)) => (whole, Some(fraction)),
		None => (mantissa, None),
	};
	let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
	if let Some(exponent) = &exponent {
		let size = exponent.trim_start_matches(['+', '-']);
		ensure!(!size.is_empty() && digits(size), "expected a number");
	}
	if let Some(fraction) = fraction {
		ensure!(
			digits(fraction),
			"expected a number whose decimal separator is `{}`, followed by digits only",
			decimal.separator()
		);
	}
	let whole = ungroup(whole, decimal)?;
	ensure!(!whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty()), "expected a number");
	let mut number = format!("{sign}{whole}");
	if let Some(fraction) = fraction {
		number.push('.');
		number.push_str(fraction);
	}
	if let Some(exponent) = exponent {
		number.push('e');
		number.push_str(&exponent);
	}
	Ok(number)
}

/// Removes the separators between groups of three digits.
fn ungroup(whole: &str, decimal: Decimal) -> Result<String> {
	let Some(separator) = whole.chars().find(|char| !char.is_ascii_digit()) else { return Ok(whole.into()) };
	let known = separator == decimal.grouping() || separator.is_whitespace() || matches!(separator, '\'' | '\u{2019}');
	ensure!(known, "expected a number");
	let groups: Vec<&str> = whole.split(separator).collect();
	ensure!(groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit())), "expected a number");
	ensure!(
		(1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3),
		"the digits around `{separator}` are not in groups of three, so it separates no thousands"
	);
	Ok(groups.concat())
}

/// Decimal separator that the spelling of one number shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
	/// The spelling has one meaning only.
	Sure(Decimal),
	/// `1,234`: a decimal separator or one of thousands.
	Either(Decimal),
}

/// Returns the hint of a number; `None` if it has neither point nor comma, or is no number.
fn hint(text: &str) -> Option<Hint> {
	if let Some(hint) = plain_hint(text) {
		return Some(hint);
	}
	if !text.contains(['.', ',']) {
		return None;
	}
	let (point, comma) = (parse(text, Decimal::Point).is_ok(), parse(text, Decimal::Comma).is_ok());
	match (point, comma) {
		(true, false) => Some(Hint::Sure(Decimal::Point)),
		(false, true) => Some(Hint::Sure(Decimal::Comma)),
		(false, false) => None,
		// A whole number does not begin with 0, so neither does a group of thousands.
		(true, true) => {
			let first = text.trim_start_matches(|char: char| !char.is_ascii_digit());
			let own = if text.contains(',') { Decimal::Comma } else { Decimal::Point };
			// Nor has a number with an exponent groups.
			let sure = first.starts_with('0') || text.contains(['e', 'E']);
			Some(if sure { Hint::Sure(own) } else { Hint::Either(own) })
		}
	}
}

/// Returns the hint of a number of ASCII digits around one point, the frequent case; `None` for any other text.
fn plain_hint(text: &str) -> Option<Hint> {
	let unsigned = text.as_bytes().strip_prefix(b"-").unwrap_or(text.as_bytes());
	let whole = unsigned.iter().position(|byte| !byte.is_ascii_digit())?;
	let fraction = unsigned[whole..].strip_prefix(b".")?;
	if !fraction.iter().all(u8::is_ascii_digit) {
		return None;
	}
	let thousands = (1..=3).contains(&whole) && unsigned[0] != b'0' && fraction.len() == 3;
	Some(if thousands { Hint::Either(Decimal::Point) } else { Hint::Sure(Decimal::Point) })
}

/// Returns `true` if a whole number without separators is usual as a sentinel, and no value below thousand such as 999.
fn is_sentinel(text: &str) -> bool {
	let unusual = text.len() > 3 && text.parse().is_ok_and(sentinel::is_usual);
	unusual && (text.starts_with('-') || text.bytes().filter(u8::is_ascii_digit).count() > 3)
}

/// Hints of the numbers of a column.
#[derive(Clone, Debug, Default)]
pub struct Hints {
	/// Line and text of the first number with a sure decimal point, and with a sure decimal comma.
	sure: [Option<(u64, String)>; 2],
	/// Line and text of the first number with a point, and with a comma, of either meaning.
	either: [Option<(u64, String)>; 2],
	/// Fewest digits of such a number with a point.
	fewest: usize,
	/// Most digits of a whole number without separators.
	most: usize,
	/// `true` if there is a whole number other than 0 without separators.
	whole: bool,
}

impl Hints {
	/// Counts a number.
	pub fn add(&mut self, line: u64, text: &str) {
		let (list, decimal) = match hint(text) {
			Some(Hint::Sure(decimal)) => (&mut self.sure, decimal),
			Some(Hint::Either(decimal)) => {
				if decimal == Decimal::Point {
					let digits = text.bytes().filter(u8::is_ascii_digit).count();
					self.fewest = if self.either[decimal as usize].is_some() { digits.min(self.fewest) } else { digits };
				}
				(&mut self.either, decimal)
			}
			None => {
				let whole = text.strip_prefix(['-', '+']).unwrap_or(text);
				// A number that stands for a missing value is not written as the others are.
				let counts = !self.whole || whole.len() > self.most;
				if whole.bytes().all(|byte| byte.is_ascii_digit()) && !(counts && is_sentinel(text)) {
					self.most = self.most.max(whole.len());
					self.whole |= whole.bytes().any(|byte| byte != b'0');
				}
				return;
			}
		};
		list[decimal as usize].get_or_insert_with(|| (line, text.to_string()));
	}

	/// Returns `true` if points before three digits may separate thousands: whole numbers stand beside them, and none with as many
	/// digits lacks a separator. Where commas do not separate the columns, numbers may be written either way.
	fn may_group(&self, delimiter: u8) -> bool {
		let ungrouped = self.most > 3 && self.most >= self.fewest;
		self.whole && !(delimiter == b',' && ungrouped)
	}

	/// Returns line and text of a number whose point is only probably a decimal one; `None` if a number of the column decides it.
	pub fn probable_point(&self) -> Option<&(u64, String)> {
		let decided = self.sure.iter().any(Option::is_some);
		self.either[Decimal::Point as usize].as_ref().filter(|_| !decided)
	}

	/// Returns line and text of a number that could have another decimal separator than `decimal`, so that its separator is one
	/// of thousands.
	pub fn thousands(&self, decimal: Decimal) -> Option<&(u64, String)> {
		match decimal {
			Decimal::Point => self.either[Decimal::Comma as usize].as_ref(),
			Decimal::Comma => self.either[Decimal::Point as usize].as_ref(),
		}
	}

	/// Returns the decimal separator that the numbers of the column show, if they show one.
	///
	/// # Errors
	///
	/// Errors if they show both.
	pub fn sure(&self) -> Result<Option<Decimal>> {
		match &self.sure {
			[Some((point_line, point)), Some((comma_line, comma))] => bail!(
				"the decimal separator of line {point_line}, `{point}`, is a point, and that of line {comma_line}, `{comma}`, is \
				a comma: write all numbers alike"
			),
			[Some(_), None] => Ok(Some(Decimal::Point)),
			[None, Some(_)] => Ok(Some(Decimal::Comma)),
			[None, None] => Ok(None),
		}
	}

	/// Returns the decimal separator of a column. Where its own numbers do not show it, that of the other columns, `others`,
	/// counts. Without any, a point is a decimal point, but is refused before three digits beside shorter whole numbers, as it may
	/// separate thousands; a comma is refused, unless commas separate the columns, so that numbers with commas are in quotes as
	/// spreadsheets write thousands.
	///
	/// # Errors
	///
	/// Errors if the numbers show two separators, or if a separator may mean either.
	pub fn decimal(&self, others: Option<Decimal>, delimiter: u8) -> Result<Decimal> {
		if let Some(sure) = self.sure()?.or(others) {
			return Ok(sure);
		}
		let (line, text, decimal) = match &self.either {
			[point, Some((line, text))] if point.is_some() || delimiter != b',' => (line, text, Decimal::Comma),
			[Some((line, text)), None] if self.may_group(delimiter) => (line, text, Decimal::Point),
			_ => return Ok(Decimal::Point),
		};
		let separator = decimal.separator();
		bail!(
			"line {line}: `{text}` is either {} or {}, and no number decides it: add --decimal {separator} if the {} is the decimal \
			separator, or --decimal {} if it separates thousands",
			text.replace(separator, "."),
			text.replace(separator, ""),
			if decimal == Decimal::Point { "point" } else { "comma" },
			decimal.grouping()
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn odd_numbers_are_refused_with_the_reason() {
		for text in
			["", "-", "e5", "1e", "1e+", "--5", "5-", "1.2.3", "1,2,3", "0x10", "inf", "nan", "1_000", "5 %", "1'00", "1 0000"]
		{
			assert!(parse(text, Decimal::Point).is_err(), "{text}");
		}
		for (text, value) in
			[("5.", 5.0), (".5", 0.5), ("+5", 5.0), ("- 5", -5.0), ("1E3", 1000.0), ("1e\u{2212}3", 0.001), ("007", 7.0)]
		{
			assert_eq!(parse(text, Decimal::Point).unwrap(), value, "{text}");
		}
		for large in ["1e309", "-1e301", "1e99999999999"] {
			assert!(parse(large, Decimal::Point).unwrap_err().to_string().contains("too large"), "{large}");
		}
		for small in ["1e-400", "-0.5e-330"] {
			assert!(parse(small, Decimal::Point).unwrap_err().to_string().contains("too small"), "{small}");
		}
		for (text, value) in [("1e300", 1e300), ("-1e-300", -1e-300), ("0e-999", 0.0), ("0.000", 0.0)] {
			assert_eq!(parse(text, Decimal::Point).unwrap(), value, "{text}");
		}
		assert!(parse("12,34", Decimal::Point).unwrap_err().to_string().contains("groups of three"));
		assert!(parse("1.5.2", Decimal::Comma).unwrap_err().to_string().contains("groups of three"));
	}

	proptest! {
		#[test]
		fn numbers_are_parsed_with_either_separator(value in -1e15f64..1e15) {
			prop_assert_eq!(parse(&value.to_string(), Decimal::Point).unwrap(), value);
			prop_assert_eq!(parse(&value.to_string().replace('.', ","), Decimal::Comma).unwrap(), value);
			prop_assert_eq!(parse(&format!("{value:e}"), Decimal::Point).unwrap(), value);
		}

		#[test]
		fn any_text_is_a_number_or_not(text in "[-+0-9., 'eE\u{2212}\u{a0}]{0,12}|\\PC{0,8}") {
			let mut hints = Hints::default();
			hints.add(1, &text);
			if let Ok(decimal) = hints.decimal(None, b',') {
				parse(&text, decimal).ok();
			}
			is_number(&text);
		}
	}
}
