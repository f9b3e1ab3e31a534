//! Arithmetic of one entry without branches, so that compilers vectorise loops over it: the values of [`fixed`].
//!
//! Quotients and roots are computed by doubles. For integers a and b below 2⁵³ in absolute value, the distance of a/b from the next
//! integer is at least 1/b, and half a unit in the last place of a/b is less: rounding a/b to a double does not reach that integer, so
//! the integer part of the double is that of a/b. The root of an integer n below 2⁵² that is no square is at least 2⁻²⁷ from every integer,
//! which rounding does not reach either. Division and square root of IEEE 754 are rounded correctly on every processor, so these are
//! the integers that [`fixed`] computes.

use doin_scoring::genome::{
	fixed::{self, multiply, saturate, saturate_gradient, FRAC, GRADIENT_LIMIT, LIMIT, ONE},
	tables::{ENTRIES, EXP2, LOG2},
};

/// log2 e, Q30.
const LOG2_E: i64 = 1_549_082_005;
/// ln 2, Q30.
const LN_2: i64 = 744_261_118;
/// The double 1.5 · 2⁵²: the sum of it and an integer below 2⁵¹ in absolute value has the integer in its last bits.
const MAGIC: f64 = 6_755_399_441_055_744.0;
/// The bits of [`MAGIC`].
const MAGIC_BITS: i64 = 0x4338_0000_0000_0000;

/// Returns the entries of a table, each with the rise to the next one in its high half.
const fn with_rises(table: &[u32; ENTRIES]) -> [u64; ENTRIES - 1] {
	let mut pairs = [0; ENTRIES - 1];
	let mut at = 0;
	while at < ENTRIES - 1 {
		pairs[at] = table[at] as u64 | ((table[at + 1] - table[at]) as u64) << 32;
		at += 1;
	}
	pairs
}

static LOG2_PAIRS: [u64; ENTRIES - 1] = with_rises(&LOG2);
static EXP2_PAIRS: [u64; ENTRIES - 1] = with_rises(&EXP2);

/// Returns an integer below 2⁵¹ in absolute value as a double.
#[inline(always)]
fn to_double(x: i64) -> f64 {
	f64::from_bits(x.wrapping_add(MAGIC_BITS) as u64) - MAGIC
}

/// Returns a double that is an integer below 2⁵¹ in absolute value.
#[inline(always)]
fn to_integer(x: f64) -> i64 {
	((x + MAGIC).to_bits() as i64).wrapping_sub(MAGIC_BITS)
}

/// Returns a double, or the nearest number within ±`limit`.
#[inline(always)]
fn clamp(x: f64, limit: f64) -> f64 {
	let below = if x > limit { limit } else { x };
	if below < -limit {
		-limit
	} else {
		below
	}
}

/// Computes [`fixed::divide`].
#[inline(always)]
pub(super) fn divide(x: i32, y: i32) -> i32 {
	// Division by zero gives an infinity with the sign of x, since no zero is negative.
	let quotient = f64::from(x) * 65_536.0 / f64::from(y);
	let quotient = to_integer(clamp(quotient, f64::from(LIMIT)).trunc()) as i32;
	if x == 0 {
		0
	} else {
		quotient
	}
}

/// Computes [`fixed::divide_gradient`].
#[inline(always)]
pub(super) fn divide_gradient(gradient: i64, value: i32) -> i64 {
	const MOST: f64 = GRADIENT_LIMIT as f64;
	let quotient = to_double(gradient << FRAC) / f64::from(value);
	let quotient = to_integer(clamp(quotient, MOST).trunc());
	if gradient == 0 {
		0
	} else {
		quotient
	}
}

/// Computes [`fixed::mean`] of a sum below 2⁴⁹ in absolute value, for at least one number.
#[inline(always)]
pub(super) fn mean(sum: i64, count: usize) -> i64 {
	let count = count as i64;
	to_integer((to_double(2 * sum + count) / to_double(2 * count)).floor())
}

/// Computes [`fixed::sqrt`].
#[inline(always)]
pub(super) fn sqrt(x: i32) -> i32 {
	to_integer((f64::from(x.max(0)) * 65_536.0).sqrt().trunc()) as i32
}

/// Returns the binary logarithm of a positive number less that of one, Q24.
#[inline(always)]
fn log2(x: i32) -> i64 {
	let bits = f64::from(x).to_bits();
	let whole = (bits >> 52) as i64 - 1_023 - i64::from(FRAC);
	// The mantissa without its leading one, Q31.
	let mantissa = (bits >> 21) & 0x7fff_ffff;
	let entry = LOG2_PAIRS[(mantissa >> 23) as usize];
	let part = ((entry >> 32) * (mantissa & 0x7f_ffff) + (1 << 22)) >> 23;
	i64::from(((whole << 24) + ((entry & 0xffff_ffff) + part) as i64) as i32)
}

/// Computes [`fixed::ln`].
#[inline(always)]
pub(super) fn ln(x: i32) -> i32 {
	((log2(x.max(1)) * LN_2 + (1 << 37)) >> 38) as i32
}

/// Returns the natural logarithm of x, that of 2⁻¹⁶ for `x ≤ 0`, Q24.
#[inline(always)]
fn ln_fine(x: i32) -> i32 {
	((log2(x.max(1)) * LN_2 + (1 << 29)) >> 30) as i32
}

/// Returns `e^x` with `FRAC_BITS` fractional bits, rounded; [`LIMIT`] or more if it is at least 2¹⁴.
#[inline(always)]
fn exp_with<const FRAC_BITS: i64>(x: i32) -> i64 {
	let power = i64::from(x) * LOG2_E;
	let fraction = (power >> 22) as u64 & 0xff_ffff;
	let entry = EXP2_PAIRS[(fraction >> 16) as usize];
	let mantissa = (entry & 0xffff_ffff) + (((entry >> 32) * (fraction & 0xffff) + (1 << 15)) >> 16);
	let right = (30 - FRAC_BITS - (power >> 46)) as i32;
	// 41 bits to the right leave nothing of a mantissa, and nine to the left exceed the limit.
	let (left, right) = ((-right).clamp(0, 9) as u64, right.clamp(0, 41) as u64);
	(((mantissa << left) + ((1 << right) >> 1)) >> right) as i64
}

/// Computes [`fixed::exp`].
#[inline(always)]
pub(super) fn exp(x: i32) -> i32 {
	saturate(exp_with::<16>(x))
}

/// Returns `e^x` of a number that is not positive, Q30.
#[inline(always)]
pub(super) fn decay(x: i32) -> i32 {
	exp_with::<30>(x) as i32
}

/// Returns `numerator / denominator` in Q16, rounded, of positive numbers; the numerator is at most 2³⁰, the denominator at most 2³⁶.
#[inline(always)]
pub(super) fn rounded_quotient(numerator: i32, denominator: i64) -> i32 {
	let scaled = f64::from(numerator) * 65_536.0 + to_double(denominator >> 1);
	to_integer((scaled / to_double(denominator)).trunc()) as i32
}

/// Computes [`fixed::sigmoid`].
#[inline(always)]
pub(super) fn sigmoid(x: i32) -> i32 {
	let e = decay(-x.abs());
	let high = rounded_quotient(1 << 30, i64::from(e) + (1 << 30));
	if x < 0 {
		ONE - high
	} else {
		high
	}
}

/// Computes [`fixed::tanh`].
#[inline(always)]
pub(super) fn tanh(x: i32) -> i32 {
	let e = decay((-x.abs()).wrapping_shl(1));
	let size = rounded_quotient((1 << 30) - e, i64::from(e) + (1 << 30));
	if x < 0 {
		-size
	} else {
		// Zero for x = 0: e is one.
		size
	}
}

/// Returns the base that a power is computed of: its magnitude, or zero for a negative one whose exponent is fractional.
#[inline(always)]
fn base(x: i32, y: i32) -> i32 {
	if x < 0 && y & (ONE - 1) != 0 {
		0
	} else {
		x.abs()
	}
}

/// Computes [`fixed::power`].
#[inline(always)]
pub(super) fn power(x: i32, y: i32) -> i32 {
	let exponent = (i64::from(ln_fine(base(x, y))) * i64::from(y)) >> 24;
	// Beyond 2³¹, the result is zero or saturates.
	let exponent = exponent.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
	let magnitude = exp(exponent);
	if x < 0 && y & (2 * ONE - 1) == ONE {
		-magnitude
	} else {
		magnitude
	}
}

/// Computes [`fixed::base_ln`].
#[inline(always)]
fn base_ln(x: i32, y: i32) -> i32 {
	ln(base(x, y))
}

/// Computes the gradient of `z = x^y` with respect to the base.
#[inline(always)]
pub(super) fn base_gradient(gradient: i64, x: i32, y: i32, z: i32) -> i64 {
	let of_x = fixed::scale(gradient, divide(multiply(y, z), x));
	// A base that counts as 2⁻¹⁶ does not change with x.
	if x == 0 || (x < 0 && y & (ONE - 1) != 0) {
		0
	} else {
		of_x
	}
}

/// Computes the gradient of `z = x^y` with respect to the exponent.
#[inline(always)]
pub(super) fn exponent_gradient(gradient: i64, x: i32, y: i32, z: i32) -> i64 {
	fixed::scale(fixed::scale(gradient, z), base_ln(x, y))
}

/// Computes `x + y`.
#[inline(always)]
pub(super) fn add(x: i32, y: i32) -> i32 {
	// At most 2³¹ in absolute value, which is not a positive `i32`.
	x.saturating_add(y).clamp(-LIMIT, LIMIT)
}

/// Computes `x − y`.
#[inline(always)]
pub(super) fn subtract(x: i32, y: i32) -> i32 {
	x.saturating_sub(y).clamp(-LIMIT, LIMIT)
}

/// Computes the sum of two gradients.
#[inline(always)]
pub(super) fn add_gradients(a: i64, b: i64) -> i64 {
	saturate_gradient(a + b)
}

/// Returns a gradient times the sign of a value.
#[inline(always)]
pub(super) fn times_sign(gradient: i64, x: i32) -> i64 {
	if x > 0 {
		gradient
	} else if x < 0 {
		-gradient
	} else {
		0
	}
}

/// Returns twice a gradient.
#[inline(always)]
pub(super) fn twice(gradient: i64) -> i64 {
	saturate_gradient(2 * gradient)
}

/// Returns a probability within the range in which its logarithm, and that of its complement, is defined.
#[inline(always)]
fn probability(x: i32) -> i32 {
	x.clamp(1, ONE - 1)
}

/// Returns the binary cross-entropy of probability x against target y.
#[inline(always)]
pub(super) fn binary_cross_entropy(x: i32, y: i32) -> i32 {
	let p = probability(x);
	let rest = subtract(ONE, y);
	let sum = i64::from(multiply(y, ln(p))) + i64::from(multiply(rest, ln(ONE - p)));
	saturate(-sum)
}

/// Computes the gradient of the binary cross-entropy of one entry with respect to the probability.
#[inline(always)]
pub(super) fn probability_gradient(gradient: i64, x: i32, y: i32) -> i64 {
	let p = probability(x);
	let of_x = divide_gradient(divide_gradient(fixed::scale(gradient, subtract(p, y)), p), ONE - p);
	// A probability that is clamped does not change with x.
	if p == x {
		of_x
	} else {
		0
	}
}

/// Computes the gradient of the binary cross-entropy of one entry with respect to the target.
#[inline(always)]
pub(super) fn target_gradient(gradient: i64, x: i32) -> i64 {
	let p = probability(x);
	fixed::scale(gradient, ln(ONE - p) - ln(p))
}

/// Computes the gradient of a root z.
#[inline(always)]
pub(super) fn root_gradient(gradient: i64, x: i32, z: i32) -> i64 {
	let quotient = divide_gradient(gradient, z << 1);
	if x > 0 {
		quotient
	} else {
		0
	}
}

/// Computes the gradient of the logarithm of x.
#[inline(always)]
pub(super) fn logarithm_gradient(gradient: i64, x: i32) -> i64 {
	let quotient = divide_gradient(gradient, x);
	if x > 0 {
		quotient
	} else {
		0
	}
}

/// Computes the gradient of the quotient z with respect to its denominator.
#[inline(always)]
pub(super) fn denominator_gradient(gradient: i64, denominator: i32, z: i32) -> i64 {
	-divide_gradient(fixed::scale(gradient, z), denominator)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::tests::Random;

	/// Values of every magnitude, with both signs, and those beside powers of two.
	fn values(random: &mut Random, count: usize) -> Vec<i32> {
		let mut values = vec![0, LIMIT, -LIMIT];
		for bit in 0..30 {
			values.extend([-1, 0, 1].map(|by| (1 << bit) + by).into_iter().flat_map(|x| [x, -x]));
		}
		values.extend((0..count).map(|_| random.sum().clamp(-LIMIT, LIMIT)));
		values
	}

	fn compare(count: usize, case: u64) {
		let random = &mut Random::new(80, case);
		let all = values(random, count);
		for x in &all {
			let x = *x;
			assert_eq!([exp(x), ln(x), sqrt(x)], [fixed::exp(x), fixed::ln(x), fixed::sqrt(x)], "{x}");
			assert_eq!([sigmoid(x), tanh(x)], [fixed::sigmoid(x), fixed::tanh(x)], "{x}");
			for y in [all[random.within(0, all.len() as i64 - 1) as usize], 0, 1, -1, ONE, LIMIT, -LIMIT, 3 * ONE, ONE / 2] {
				assert_eq!([divide(x, y), power(x, y)], [fixed::divide(x, y), fixed::power(x, y)], "{x} {y}");
				assert_eq!(base_ln(x, y), fixed::base_ln(x, y), "{x} {y}");
				let sum = i64::from(x) + i64::from(y);
				assert_eq!(add(x, y), saturate(sum), "{x} {y}");
				assert_eq!(subtract(x, y), saturate(i64::from(x) - i64::from(y)), "{x} {y}");
				for gradient in [i64::from(x), i64::from(y) * 8, 8 * sum, GRADIENT_LIMIT, -GRADIENT_LIMIT, 0, 1, -1] {
					let gradient = saturate_gradient(gradient);
					assert_eq!(divide_gradient(gradient, y), fixed::divide_gradient(gradient, y), "{gradient} {y}");
					let counts = [1, 2, 3, 10, 32, 4_096, random.within(1, 4_096) as usize];
					counts.iter().for_each(|n| assert_eq!(mean(gradient, *n), fixed::mean(gradient, *n), "{gradient} {n}"));
				}
			}
		}
	}

	#[test]
	fn functions_of_entries_are_those_of_the_machine() {
		compare(2_000, 0);
	}

	#[test]
	#[ignore = "large: a million values"]
	fn functions_of_a_million_entries_are_those_of_the_machine() {
		(1..=100).for_each(|case| compare(10_000, case));
	}
}
