//! Integer arithmetic of consensus: logarithm, square root and rounding shifts.

/// Returns `log2(value)` in Q32, rounded down; 0 for 0.
///
/// The mantissa is squared 32 times in Q63 (bit-by-bit logarithm, Knuth, TAOCP 1, §1.2.2, exercise 25); each square is rounded
/// down and yields one bit. Both steps preserve order, so the function is monotone; powers of two are exact. The rounding error
/// stays below 2⁻⁶² bit, so the result is the floor of the real logarithm, or one unit of 2⁻³² less where the logarithm lies that
/// close above a unit.
///
/// ```
/// use doin_scoring::math::log2_q32;
/// assert_eq!(log2_q32(8), 3 << 32);
/// assert_eq!(log2_q32(10), 14_267_572_527, "3.3219 bits");
/// ```
pub fn log2_q32(value: u64) -> u64 {
	let Some(whole) = value.checked_ilog2() else { return 0 };
	let mut mantissa = value.wrapping_shl(value.leading_zeros());
	let mut result = u64::from(whole);
	for _ in 0..32 {
		// In [1, 4) as Q126, below 2¹²⁸.
		let square = u128::from(mantissa).wrapping_mul(u128::from(mantissa));
		let high = square >> 127;
		mantissa = if high == 1 { square >> 64 } else { square >> 63 } as u64;
		result = (result << 1) | high as u64;
	}
	result
}

/// Returns the largest integer whose square is at most `value`.
pub fn isqrt(value: u128) -> u128 {
	value.isqrt()
}

/// Returns `value / 2^bits`, rounded to the nearest integer, halves upwards. Shifts of 63 and more count as 62. Saturates.
///
/// ```
/// use doin_scoring::math::round_shift;
/// assert_eq!([5, 6, -6].map(|value| round_shift(value, 2)), [1, 2, -1]);
/// ```
pub fn round_shift(value: i64, bits: u32) -> i64 {
	match bits.min(62).checked_sub(1) {
		None => value,
		Some(below) => value.saturating_add(1i64.wrapping_shl(below)).wrapping_shr(below) >> 1,
	}
}

/// Returns the [`round_shift`] of an accumulator, for 1..=24 bits and `|value| + 2^(bits−1) < 2³¹`, which admission ensures.
#[inline(always)]
pub fn round_shift_i32(value: i32, bits: u32) -> i32 {
	value.wrapping_add(1i32.wrapping_shl(bits.wrapping_sub(1))).wrapping_shr(bits)
}

/// Returns `value · 2^shift`: a saturating left shift if `shift` is positive, a [`round_shift`] if it is negative.
pub fn scale(value: i64, shift: i8) -> i64 {
	let bits = u32::from(shift.unsigned_abs());
	if shift < 0 {
		round_shift(value, bits)
	} else {
		value.saturating_mul(1i64.checked_shl(bits.min(62)).unwrap_or(1))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn the_logarithm_of_a_power_of_two_is_exact() {
		assert_eq!(log2_q32(0), 0);
		for bit in 0..64 {
			assert_eq!(log2_q32(1 << bit), bit << 32);
		}
	}

	#[test]
	fn the_logarithm_agrees_with_exact_values() {
		// Floors of log2(x) · 2³², computed with 60 decimal digits.
		assert_eq!(log2_q32(3), 6_807_362_105);
		assert_eq!(log2_q32(5), 9_972_605_231);
		assert_eq!(log2_q32(10), 14_267_572_527);
		assert_eq!(log2_q32(1_000_000), 85_605_435_163);
		assert_eq!(log2_q32(12_345_678_901_234_567), 229_586_857_009);
		assert_eq!(log2_q32(u64::MAX), 274_877_906_943);
	}

	#[test]
	fn rounding_shifts_go_to_the_nearest_and_halves_upwards() {
		assert_eq!(round_shift(5, 0), 5);
		assert_eq!([-6, -5, -3, -2, -1, 0, 1, 2, 3].map(|v| round_shift(v, 2)), [-1, -1, -1, 0, 0, 0, 0, 1, 1]);
		assert_eq!([-6, -5, -3, -2, -1, 0, 1, 2, 3].map(|v| round_shift_i32(v, 2)), [-1, -1, -1, 0, 0, 0, 0, 1, 1]);
		assert_eq!(round_shift(i64::MAX, 62), 1);
		assert_eq!(round_shift(i64::MIN, 200), -2);
	}

	#[test]
	fn scaling_saturates_to_the_left_and_rounds_to_the_right() {
		assert_eq!(scale(3, 4), 48);
		assert_eq!(scale(-3, -1), -1);
		assert_eq!(scale(3, -1), 2);
		assert_eq!(scale(i64::MAX, 1), i64::MAX);
		assert_eq!(scale(-1, 127), -(1 << 62));
		assert_eq!(scale(-2, 127), i64::MIN);
		assert_eq!(scale(77, i8::MIN), 0);
	}

	proptest! {
		#[test]
		fn the_logarithm_is_monotone_and_close_to_the_float(a: u64, near in 0u64..1000) {
			let b = a.saturating_add(near);
			prop_assert!(log2_q32(a) <= log2_q32(b));
			if a > 0 {
				let float = (a as f64).log2();
				prop_assert!((log2_q32(a) as f64 / 4_294_967_296.0 - float).abs() < 1e-9);
			}
		}

		#[test]
		fn the_root_squares_to_at_most_its_argument(value: u128) {
			let root = isqrt(value);
			prop_assert!(root * root <= value);
			prop_assert!((root + 1).checked_mul(root + 1).is_none_or(|above| above > value));
		}

		#[test]
		fn both_rounding_shifts_agree(value in -(1i32 << 30)..(1 << 30), bits in 1u32..=24) {
			prop_assert_eq!(i64::from(round_shift_i32(value, bits)), round_shift(i64::from(value), bits));
			prop_assert_eq!(round_shift(i64::from(value), bits), (value as f64 / f64::from(1 << bits) + 0.5).floor() as i64);
		}
	}
}
