//! Numbers with units, as text.

/// Least absolute value that is printed without exponent.
const LEAST: f64 = 1e-6;
/// Absolute value from which on numbers are printed with an exponent.
const LARGE: f64 = 1e15;
/// Decimals from which on numbers are printed with an exponent.
const MOST_DECIMALS: i32 = 9;

/// Returns the exponent of the leading digit of a value; 0 for 0 and what is not finite.
fn magnitude(value: f64) -> i32 {
	if value == 0.0 || !value.is_finite() {
		0
	} else {
		value.abs().log10().floor() as i32
	}
}

/// Returns `true` if a value is so small or large that it is printed with an exponent.
fn takes_exponent(value: f64) -> bool {
	value != 0.0 && value.is_finite() && !(LEAST..LARGE).contains(&value.abs())
}

/// Returns `value` with five significant digits; very small and very large ones with an exponent.
pub fn significant(value: f64) -> String {
	if takes_exponent(value) {
		return format!("{value:.4e}");
	}
	format!("{value:.*}", (4 - magnitude(value)).clamp(0, 12) as usize)
}

/// Returns `value` with at most twelve significant digits and without trailing zeros; very small and very large ones with an
/// exponent.
pub fn decimal(value: f64) -> String {
	let trim = |text: &str| match text.contains('.') {
		true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
		false => text.to_string(),
	};
	let scientific = format!("{value:.11e}");
	match scientific.split_once('e') {
		Some((mantissa, exponent)) if takes_exponent(value) => format!("{}e{exponent}", trim(mantissa)),
		Some((_, exponent)) => trim(&format!("{value:.*}", (11 - exponent.parse().unwrap_or(0)).max(0) as usize)),
		None => value.to_string(),
	}
}

/// Returns the shortest text that is parsed as `value`; very small and very large ones with an exponent.
pub fn exact(value: f64) -> String {
	if takes_exponent(value) {
		format!("{value:e}")
	} else {
		value.to_string()
	}
}

/// Returns the decimals of a forecast: one more than those of the raw unit, since outputs are sixteen times finer. Negative for
/// units of ten and more.
pub fn decimals(unit: f64) -> i32 {
	1 - magnitude(unit)
}

/// Returns `value` with `decimals` decimals; with an exponent and as many digits if there are many decimals, or if the value is
/// very large.
pub fn with_decimals(value: f64, decimals: i32) -> String {
	if value == 0.0 && decimals > MOST_DECIMALS {
		return "0".into();
	}
	if decimals > MOST_DECIMALS || value.abs() >= LARGE {
		let digits = (magnitude(value) + decimals).clamp(0, 16) as usize;
		return format!("{value:.digits$e}");
	}
	format!("{value:.*}", decimals.max(0) as usize)
}

/// Splits a domain's unit, e.g. `0.01 °C`, into the size of a raw unit and the name of the unit. The size is 1 where the text
/// does not begin with a positive number.
pub fn parse_unit(unit: &str) -> (f64, &str) {
	let (number, rest) = unit.trim().split_once(' ').unwrap_or((unit.trim(), ""));
	match number.parse::<f64>() {
		Ok(value) if value.is_finite() && value > 0.0 => (value, rest.trim()),
		_ => (1.0, unit.trim()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn values_keep_five_digits() {
		for (value, shown) in
			[(0.0, "0.0000"), (1.26984, "1.2698"), (0.0020123456, "0.0020123"), (123456.7, "123457"), (-12.5, "-12.500")]
		{
			assert_eq!(significant(value), shown);
		}
	}

	#[test]
	fn k22_tiny_and_huge_magnitudes_have_exponents() {
		assert_eq!(
			(significant(1.23456e-21), significant(-4.5e-9), significant(1.5e22)),
			("1.2346e-21".into(), "-4.5000e-9".into(), "1.5000e22".into())
		);
		assert_eq!((decimal(1e-23), decimal(2.5e-12), decimal(1e20)), ("1e-23".into(), "2.5e-12".into(), "1e20".into()));
		assert_eq!((exact(1.2e-21), exact(0.1 + 0.2), exact(0.0)), ("1.2e-21".into(), "0.30000000000000004".into(), "0".into()));
		assert_eq!(
			(with_decimals(1.23456e-21, decimals(1e-24)), with_decimals(0.0, decimals(1e-24))),
			("1.2346e-21".into(), "0".into())
		);
		assert_eq!(
			(with_decimals(3.21e22, decimals(1e20)), with_decimals(-12.345, decimals(0.01))),
			("3.210e22".into(), "-12.345".into())
		);
	}

	#[test]
	fn decimals_follow_the_unit() {
		assert_eq!([1.0, 0.01, 100.0, 1e-5].map(decimals), [1, 3, -1, 6]);
		assert_eq!(
			(with_decimals(1.25, 1), with_decimals(1250.0, -1), with_decimals(1.25, 3)),
			("1.2".into(), "1250".into(), "1.250".into())
		);
	}

	#[test]
	fn units_are_parsed_and_printed() {
		assert_eq!(parse_unit("0.01 °C"), (0.01, "°C"));
		assert_eq!(parse_unit("0.00001"), (0.00001, ""));
		assert_eq!(parse_unit("ppm"), (1.0, "ppm"));
		assert_eq!((decimal(1e-5), decimal(0.1 + 0.2), decimal(-0.25)), ("0.00001".into(), "0.3".into(), "-0.25".into()));
		assert_eq!(
			(decimal(100.0), decimal(0.0), decimal(123456789012345.0)),
			("100".into(), "0".into(), "123456789012345".into())
		);
		assert_eq!(decimal(1e-30), "1e-30");
	}

	proptest! {
		#[test]
		fn numbers_are_parsed_back(value in prop::num::f64::NORMAL | prop::num::f64::ZERO, unit in -40i32..40) {
			let parsed = |text: String| text.parse::<f64>().unwrap();
			prop_assert_eq!(parsed(exact(value)), value);
			prop_assert!((parsed(decimal(value)) - value).abs() <= value.abs() * 1e-11);
			prop_assert!((parsed(significant(value)) - value).abs() <= value.abs() * 1e-4);
			let unit = 10f64.powi(unit);
			let value = unit * (value.to_bits() % 1_000_000) as f64;
			prop_assert!((parsed(with_decimals(value, decimals(unit))) - value).abs() <= unit * 0.51);
		}
	}
}
