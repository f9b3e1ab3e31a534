//! Exact decimals: a text as an integer of 10⁻ᵈ, without a binary fraction in between.
//!
//! Two reporters that read the same text have the same integer, whatever machine and compiler they use.

/// Largest number of decimals of a stream.
pub const MAX_DECIMALS: u8 = 18;
/// Longest text of a number, bytes.
const MAX_TEXT: usize = 64;
/// Digits of the largest `i64`.
const MAX_DIGITS: i64 = 19;

/// Reason for which a text is not a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
	/// The text is not a decimal number.
	#[error("it is not a decimal number: expected digits with a decimal point, e.g. 64250.10")]
	NotANumber,
	/// The value does not fit an `i64` with the decimals of the stream.
	#[error(
		"with {decimals} decimals it is outside of 64 bits: the source uses another unit, or the stream has too many decimals"
	)]
	Overflow {
		/// Decimals of the stream.
		decimals: u8,
	},
}

/// Parts of a number in decimal notation.
struct Parts<'a> {
	is_negative: bool,
	/// Digits before and after the decimal point.
	whole: &'a [u8],
	fraction: &'a [u8],
	/// Power of ten that the number is multiplied by.
	exponent: i64,
}

/// Returns the number in `text` times 10^`decimals`. Further digits are rounded, half of a unit away from 0.
///
/// # Errors
///
/// Errors if the text is not a decimal number, and if the result is outside of 64 bits.
pub fn parse_decimal(text: &str, decimals: u8) -> Result<i64, DecimalError> {
	let Parts { is_negative, whole, fraction, exponent } = parts(text.trim()).ok_or(DecimalError::NotANumber)?;
	let overflow = || DecimalError::Overflow { decimals };
	let digits: Vec<i64> =
		whole.iter().chain(fraction).map(|digit| i64::from(digit - b'0')).skip_while(|digit| *digit == 0).collect();
	if digits.is_empty() {
		return Ok(0);
	}
	// Digits of the result: those of the text up to the unit, then zeros.
	let leading = (whole.len() + fraction.len() - digits.len()) as i64;
	let kept = whole.len() as i64 - leading + exponent + i64::from(decimals);
	if kept > MAX_DIGITS {
		return Err(overflow());
	}
	let is_rounded_up = kept >= 0 && digits.get(kept as usize).is_some_and(|digit| *digit >= 5);
	let zeros = std::iter::repeat_n(0, (kept - digits.len() as i64).max(0) as usize);
	let value =
		digits.iter().copied().take(kept.max(0) as usize).chain(zeros).fold(0i128, |value, digit| value * 10 + i128::from(digit));
	let value = value + i128::from(is_rounded_up);
	i64::try_from(if is_negative { -value } else { value }).map_err(|_| overflow())
}

/// Returns the parts of a number, or `None` for another text.
fn parts(text: &str) -> Option<Parts<'_>> {
	if text.len() > MAX_TEXT {
		return None;
	}
	let (is_negative, text) = match text.strip_prefix('-') {
		Some(rest) => (true, rest),
		None => (false, text.strip_prefix('+').unwrap_or(text)),
	};
	let (mantissa, exponent) = match text.split_once(['e', 'E']) {
		Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i16>().ok()?)),
		None => (text, 0),
	};
	let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
	let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
	let is_number = is_digits(whole) && is_digits(fraction) && !(whole.is_empty() && fraction.is_empty());
	is_number.then_some(Parts { is_negative, whole: whole.as_bytes(), fraction: fraction.as_bytes(), exponent })
}

/// Returns `value` · 10^−`decimals` as text. [`parse_decimal`] returns `value` for it.
pub fn decimal_text(value: i64, decimals: u8) -> String {
	let sign = if value < 0 { "-" } else { "" };
	let digits = format!("{:0width$}", value.unsigned_abs(), width = usize::from(decimals) + 1);
	let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
	match fraction.is_empty() {
		true => format!("{sign}{whole}"),
		false => format!("{sign}{whole}.{fraction}"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn decimals_are_exact() {
		for (text, decimals, expected) in [
			("64250.10", 2, 6_425_010),
			("0.1", 18, 100_000_000_000_000_000),
			("0.30000000000000004", 17, 30_000_000_000_000_004),
			("9007199254740993", 0, 9_007_199_254_740_993),
			(" 5 ", 1, 50),
			("+5.", 0, 5),
			(".5", 1, 5),
			("-0.00", 2, 0),
			("6.425e4", 2, 6_425_000),
			("1E-3", 3, 1),
			("000123.450", 2, 12_345),
			("9223372036854775807", 0, i64::MAX),
			("-9223372036854775808", 0, i64::MIN),
		] {
			assert_eq!(parse_decimal(text, decimals), Ok(expected), "{text}");
		}
	}

	#[test]
	fn further_digits_are_rounded_half_away_from_zero() {
		for (text, decimals, expected) in [
			("1.005", 2, 101),
			("1.0049999999999999999999", 2, 100),
			("-1.005", 2, -101),
			("0.5", 0, 1),
			("0.49", 0, 0),
			("0.05", 0, 0),
			("99.999", 2, 10_000),
			("1e-400", 2, 0),
			("5e-3", 2, 1),
		] {
			assert_eq!(parse_decimal(text, decimals), Ok(expected), "{text}");
		}
	}

	#[test]
	fn other_texts_are_refused() {
		for text in ["", " ", ".", "-", "1,5", "1_000", "0x10", "NaN", "inf", "1.2.3", "--1", "1e", "1e99999", "١", "12 34"] {
			assert_eq!(parse_decimal(text, 2), Err(DecimalError::NotANumber), "{text}");
		}
		assert_eq!(parse_decimal(&"1".repeat(65), 2), Err(DecimalError::NotANumber));
	}

	#[test]
	fn what_does_not_fit_is_an_overflow() {
		for (text, decimals) in
			[("9223372036854775808", 0), ("-9223372036854775809", 0), ("92233720368547758.08", 2), ("1e30", 0), ("10", 18)]
		{
			assert_eq!(parse_decimal(text, decimals), Err(DecimalError::Overflow { decimals }), "{text}");
		}
		assert_eq!(parse_decimal("9.223372036854775807", 18), Ok(i64::MAX));
		assert_eq!(parse_decimal("9223372036854775807.5", 0), Err(DecimalError::Overflow { decimals: 0 }), "rounded up");
	}

	proptest! {
		#[test]
		fn a_value_is_read_back_from_its_text(value: i64, decimals in 0..=MAX_DECIMALS) {
			prop_assert_eq!(parse_decimal(&decimal_text(value, decimals), decimals), Ok(value));
		}

		#[test]
		fn no_text_panics(text in "[-+]?[0-9]{0,30}\\.?[0-9]{0,30}([eE][-+]?[0-9]{1,4})?", decimals in 0..=MAX_DECIMALS) {
			let _ = parse_decimal(&text, decimals);
		}
	}
}
