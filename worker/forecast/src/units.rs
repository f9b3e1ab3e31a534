//! Numbers with units, as text.

/// Returns `value` with five significant digits, without exponent.
pub fn significant(value: f64) -> String {
	let magnitude = if value == 0.0 || !value.is_finite() { 0 } else { value.abs().log10().floor() as i32 };
	format!("{value:.*}", (4 - magnitude).clamp(0, 12) as usize)
}

/// Returns `value` with at most twelve decimals and without trailing zeros; in scientific notation if twelve decimals are
/// all zero.
pub fn decimal(value: f64) -> String {
	let text = format!("{value:.12}");
	match text.trim_end_matches('0').trim_end_matches('.') {
		"0" => format!("{value:e}"),
		text => text.to_string(),
	}
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

	#[test]
	fn values_keep_five_digits() {
		for (value, shown) in
			[(0.0, "0.0000"), (1.26984, "1.2698"), (0.0020123456, "0.0020123"), (123456.7, "123457"), (-12.5, "-12.500")]
		{
			assert_eq!(significant(value), shown);
		}
	}

	#[test]
	fn units_are_parsed_and_printed() {
		assert_eq!(parse_unit("0.01 °C"), (0.01, "°C"));
		assert_eq!(parse_unit("0.00001"), (0.00001, ""));
		assert_eq!(parse_unit("ppm"), (1.0, "ppm"));
		assert_eq!(decimal(1e-5), "0.00001");
		assert_eq!(decimal(100.0), "100");
		assert_eq!(decimal(1e-30), "1e-30");
	}
}
