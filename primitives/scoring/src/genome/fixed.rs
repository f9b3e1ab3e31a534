//! Arithmetic of genomes: Q16 numbers that saturate, and their elementary functions.
//!
//! | function | largest error against the real function |
//! |---|---|
//! | [`multiply`] | half a unit of 2⁻¹⁶ |
//! | [`divide`] | one unit, towards zero |
//! | [`ln`] | one unit |
//! | [`exp`] | one unit, and 2⁻¹⁹ of the result |
//! | [`sqrt`] | one unit, downwards |
//! | [`sigmoid`], [`tanh`] | two units |
//! | [`power`] | three units per unit of the exponent, and 2⁻¹³ of the result for exponents within ±8 |

use super::tables::{EXP2, LOG2};

/// Fractional bits of a value.
pub const FRAC: u32 = 16;
/// One as a Q16 number.
pub const ONE: i32 = 1 << FRAC;
/// Largest value in absolute value.
pub const LIMIT: i32 = 1 << 30;
/// Largest gradient in absolute value. Its product with a value fits `i64`.
pub const GRADIENT_LIMIT: i64 = (1 << 33) - 1;
/// log2 e, Q30.
const LOG2_E: i64 = 1_549_082_005;
/// ln 2, Q30.
const LN_2: i64 = 744_261_118;
/// Half a unit of a product of two Q16 numbers.
const HALF: i64 = 1 << (FRAC - 1);

/// Returns the value nearest to `value` within ±[`LIMIT`].
#[inline(always)]
pub fn saturate(value: i64) -> i32 {
	const MOST: i64 = LIMIT as i64;
	value.max(MOST.wrapping_neg()).min(MOST) as i32
}

/// Returns the gradient nearest to `value` within ±[`GRADIENT_LIMIT`].
#[inline(always)]
pub fn saturate_gradient(value: i64) -> i64 {
	value.max(GRADIENT_LIMIT.wrapping_neg()).min(GRADIENT_LIMIT)
}

/// Returns `x · y`, rounded to the nearest value, halves upwards.
#[inline(always)]
pub fn multiply(x: i32, y: i32) -> i32 {
	saturate(i64::from(x).wrapping_mul(y.into()).wrapping_add(HALF) >> FRAC)
}

/// Returns a gradient times a value, rounded.
#[inline(always)]
pub fn scale(gradient: i64, value: i32) -> i64 {
	// Below 2⁶³.
	saturate_gradient(gradient.wrapping_mul(value.into()).wrapping_add(HALF) >> FRAC)
}

/// Returns `x / y`, rounded towards zero. Division by zero saturates with the sign of x; 0/0 is 0.
#[inline(always)]
pub fn divide(x: i32, y: i32) -> i32 {
	match (i64::from(x) << FRAC).checked_div(y.into()) {
		Some(quotient) => saturate(quotient),
		None => x.signum().wrapping_mul(LIMIT),
	}
}

/// Returns a gradient divided by a value, rounded towards zero. Division by zero saturates with the sign of the gradient.
#[inline(always)]
pub fn divide_gradient(gradient: i64, value: i32) -> i64 {
	match (gradient << FRAC).checked_div(value.into()) {
		Some(quotient) => saturate_gradient(quotient),
		None => gradient.signum().wrapping_mul(GRADIENT_LIMIT),
	}
}

/// Returns `sum / count`, rounded to the nearest integer, halves upwards; 0 for a count of 0.
pub fn mean(sum: i64, count: usize) -> i64 {
	let count = count as i64;
	let twice = sum.saturating_mul(2).saturating_add(count);
	twice.checked_div_euclid(count.saturating_mul(2)).unwrap_or(0)
}

/// Returns `√max(x, 0)`, rounded down.
pub fn sqrt(x: i32) -> i32 {
	// Below 2⁴⁶, so the root is below 2²³.
	((x.max(0) as u64) << FRAC).isqrt() as i32
}

/// Returns the binary logarithm of a positive number, Q24; see [`ln`].
fn log2(x: u32) -> i64 {
	let whole = x.checked_ilog2().unwrap_or(0);
	// The mantissa without its leading one, Q31.
	let mantissa = x.wrapping_shl(31u32.wrapping_sub(whole)) & 0x7fff_ffff;
	let (index, rest) = ((mantissa >> 23) as usize, i64::from(mantissa & 0x7f_ffff));
	let entry = |index: usize| LOG2.get(index).copied().map_or(0, i64::from);
	let (low, high) = (entry(index), entry(index.wrapping_add(1)));
	let part = low.wrapping_add(high.wrapping_sub(low).wrapping_mul(rest).wrapping_add(1 << 22) >> 23);
	(i64::from(whole) << 24).wrapping_add(part)
}

/// Returns the natural logarithm of x, that of 2⁻¹⁶ for `x ≤ 0`.
///
/// ```
/// use doin_scoring::genome::fixed::{ln, ONE};
/// assert_eq!(ln(ONE), 0);
/// assert_eq!([ln(0), ln(-ONE), ln(1)], [-726_817; 3], "ln 2⁻¹⁶ = −11.0904");
/// ```
pub fn ln(x: i32) -> i32 {
	let log2 = log2(x.max(1).unsigned_abs()).wrapping_sub(i64::from(FRAC) << 24);
	// At most 2²⁹ · 2³⁰ in absolute value.
	(log2.wrapping_mul(LN_2).wrapping_add(1 << 37) >> 38) as i32
}

/// Returns `e^x` as a mantissa in `[2³⁰, 2³¹]` and the exponent n of `mantissa · 2^(n − 30)`, for x in Q16.
fn exp_parts(x: i64) -> (i64, i64) {
	// At most 2³² · 2³¹ in absolute value, Q46.
	let power = x.wrapping_mul(LOG2_E);
	let fraction = (power >> 22) & 0xff_ffff;
	let (index, rest) = ((fraction >> 16) as usize, fraction & 0xffff);
	let entry = |index: usize| EXP2.get(index).copied().map_or(0, i64::from);
	let (low, high) = (entry(index), entry(index.wrapping_add(1)));
	let mantissa = low.wrapping_add(high.wrapping_sub(low).wrapping_mul(rest).wrapping_add(1 << 15) >> 16);
	(mantissa, power >> 46)
}

/// Returns `e^x` with `frac` fractional bits, at most 30, rounded, at most 2⁴⁰.
fn exp_with(x: i64, frac: i64) -> i64 {
	let (mantissa, exponent) = exp_parts(x);
	match 30i64.wrapping_sub(frac).wrapping_sub(exponent) {
		..=-9 => 1 << 40,
		left @ -8..=0 => mantissa.wrapping_shl(left.unsigned_abs() as u32),
		right @ 1..=40 => mantissa.wrapping_add(1i64.wrapping_shl(right as u32) >> 1).wrapping_shr(right as u32),
		41.. => 0,
	}
}

/// Returns `e^x`, at most [`LIMIT`], which it reaches at 9.7.
///
/// ```
/// use doin_scoring::genome::fixed::{exp, LIMIT, ONE};
/// assert_eq!([exp(0), exp(ONE), exp(-ONE)], [ONE, 178_145, 24_109]);
/// assert_eq!((exp(10 * ONE), exp(-20 * ONE)), (LIMIT, 0));
/// ```
pub fn exp(x: i32) -> i32 {
	saturate(exp_with(x.into(), FRAC.into()))
}

/// Returns `e^−|x|`, Q30.
fn decay(x: i64) -> i64 {
	exp_with(x.saturating_abs().wrapping_neg(), 30)
}

/// Returns `numerator / (2³⁰ + e)` in Q16, rounded, for numbers in Q30.
fn over_one_plus(numerator: i64, e: i64) -> i32 {
	let denominator = e.wrapping_add(1 << 30);
	let scaled = (numerator << FRAC).wrapping_add(denominator >> 1);
	scaled.checked_div(denominator).unwrap_or(0) as i32
}

/// Returns `1 / (1 + e^−x)`.
///
/// ```
/// use doin_scoring::genome::fixed::{sigmoid, ONE};
/// assert_eq!([sigmoid(0), sigmoid(ONE), sigmoid(-ONE)], [ONE / 2, 47_911, ONE - 47_911]);
/// ```
pub fn sigmoid(x: i32) -> i32 {
	let high = over_one_plus(1 << 30, decay(x.into()));
	if x < 0 {
		ONE.wrapping_sub(high)
	} else {
		high
	}
}

/// Returns the hyperbolic tangent of x.
///
/// ```
/// use doin_scoring::genome::fixed::{tanh, ONE};
/// assert_eq!([tanh(0), tanh(ONE), tanh(-ONE)], [0, 49_912, -49_912]);
/// ```
pub fn tanh(x: i32) -> i32 {
	let e = decay(i64::from(x) << 1);
	let size = over_one_plus((1i64 << 30).wrapping_sub(e), e);
	x.signum().wrapping_mul(size)
}

/// Computes the softmax of a row, each probability at least 2⁻¹⁶. The probabilities add up to one within a unit per entry.
///
/// ```
/// use doin_scoring::genome::fixed::{softmax, ONE};
/// let mut p = [0; 3];
/// softmax(&[0, ONE, -20 * ONE], &mut p);
/// assert_eq!(p, [17_625, 47_911, 1]);
/// ```
pub fn softmax(row: &[i32], to: &mut [i32]) {
	let highest = row.iter().copied().max().unwrap_or(0);
	let part = |x: i32| exp_with(i64::from(x).wrapping_sub(highest.into()), 30);
	// At most 2³⁰ per entry, and at least 2³⁰.
	let sum = row.iter().fold(0i64, |sum, x| sum.saturating_add(part(*x)));
	for (to, x) in to.iter_mut().zip(row) {
		let rounded = (part(*x) << FRAC).saturating_add(sum >> 1).checked_div(sum).unwrap_or(0);
		*to = rounded.max(1) as i32;
	}
}

/// Returns `|x|^y` through logarithm and exponential function, with the sign of x where y is an odd integer. A base of 0, and a
/// negative base with a fractional exponent, count as 2⁻¹⁶.
///
/// ```
/// use doin_scoring::genome::fixed::{power, ONE};
/// assert_eq!([power(2 * ONE, 2 * ONE), power(-2 * ONE, 3 * ONE), power(ONE, -5 * ONE)], [262_143, -524_286, ONE]);
/// ```
pub fn power(x: i32, y: i32) -> i32 {
	let whole = y & (ONE.wrapping_sub(1)) == 0;
	let base = if x < 0 && !whole { 0 } else { x.saturating_abs() };
	// Beyond 2³¹ in absolute value, the result is 0 or saturates.
	let exponent = (i64::from(ln_fine(base)).wrapping_mul(y.into()) >> 24).clamp(-1 << 31, 1 << 31);
	let magnitude = saturate(exp_with(exponent, FRAC.into()));
	if x < 0 && whole && (y >> FRAC) & 1 == 1 {
		magnitude.wrapping_neg()
	} else {
		magnitude
	}
}

/// Returns the natural logarithm of x, that of 2⁻¹⁶ for `x ≤ 0`, Q24.
fn ln_fine(x: i32) -> i32 {
	let log2 = log2(x.max(1).unsigned_abs()).wrapping_sub(i64::from(FRAC) << 24);
	(log2.wrapping_mul(LN_2).wrapping_add(1 << 29) >> 30) as i32
}

/// Returns the logarithm that [`power`] raises its base by, Q16.
pub fn base_ln(x: i32, y: i32) -> i32 {
	let whole = y & (ONE.wrapping_sub(1)) == 0;
	ln(if x < 0 && !whole { 0 } else { x.saturating_abs() })
}

#[cfg(test)]
mod tests {
	use super::*;

	fn real(x: i32) -> f64 {
		f64::from(x) / f64::from(ONE)
	}

	/// Values of every magnitude, with both signs.
	fn values() -> impl Iterator<Item = i32> {
		(0..30)
			.flat_map(|bit| (0..40).map(move |step| (1i32 << bit) + ((i64::from(step) << bit) / 40) as i32))
			.flat_map(|x| [x, -x])
	}

	fn close(value: i32, exact: f64, units: f64, relative: f64) -> bool {
		let exact = exact.clamp(-16_384.0, 16_384.0);
		(real(value) - exact).abs() * f64::from(ONE) <= units + relative * exact.abs() * f64::from(ONE)
	}

	#[test]
	fn tables_hold_the_nearest_integers() {
		for at in 0..LOG2.len() {
			let x = at as f64 / 256.0;
			assert!((f64::from(LOG2[at]) - (1.0 + x).log2() * f64::from(1 << 24)).abs() < 0.501, "{at}");
			assert!((f64::from(EXP2[at]) - x.exp2() * f64::from(1 << 30)).abs() < 0.501, "{at}");
		}
	}

	#[test]
	fn functions_are_as_close_to_the_real_ones_as_stated() {
		for x in values() {
			let exact = real(x);
			assert!(close(ln(x), exact.max(1.0 / 65_536.0).ln(), 1.0, 0.0), "ln {exact}");
			assert!(close(exp(x), exact.exp(), 1.0, 2f64.powi(-19)), "exp {exact}");
			assert!(close(sqrt(x), exact.max(0.0).sqrt(), 1.0, 0.0), "sqrt {exact}");
			assert!(close(sigmoid(x), 1.0 / (1.0 + (-exact).exp()), 2.0, 0.0), "sigmoid {exact}");
			assert!(close(tanh(x), exact.tanh(), 2.0, 0.0), "tanh {exact}");
			for y in [1, -7, ONE, -3 * ONE, 5 * ONE / 2, 12_345_678] {
				assert!(close(multiply(x, y), exact * real(y), 0.5, 0.0), "{exact} times {}", real(y));
				assert!(close(divide(x, y), exact / real(y), 1.0, 0.0), "{exact} over {}", real(y));
			}
			for y in [0, ONE / 2, ONE, 2 * ONE, 3 * ONE, -ONE, -2 * ONE, 5 * ONE] {
				let base = if x > 0 { exact } else { 1.0 / 65_536.0 };
				assert!(
					close(power(x.max(0), y), base.powf(real(y)), 1.0 + 3.0 * real(y).abs(), 2f64.powi(-13)),
					"{exact} to {}",
					real(y)
				);
			}
		}
	}

	#[test]
	fn signs_and_limits_are_defined() {
		assert_eq!([divide(ONE, 0), divide(-1, 0), divide(0, 0)], [LIMIT, -LIMIT, 0]);
		assert_eq!(divide(-3, 2 * ONE), -1, "towards zero");
		assert_eq!(multiply(LIMIT, -LIMIT), -LIMIT);
		assert_eq!([power(-3 * ONE, 2 * ONE), power(-3 * ONE, 3 * ONE)].map(|x| x.signum()), [1, -1]);
		assert_eq!(power(-3 * ONE, ONE / 2), power(0, ONE / 2));
		assert_eq!(power(0, 0), ONE);
		assert_eq!([mean(5, 2), mean(-5, 2), mean(7, 0)], [3, -2, 0]);
		assert_eq!(scale(GRADIENT_LIMIT, -LIMIT), -GRADIENT_LIMIT);
		assert_eq!([divide_gradient(3, 0), divide_gradient(-3, 0), divide_gradient(0, 0)], [GRADIENT_LIMIT, -GRADIENT_LIMIT, 0]);
	}

	#[test]
	fn a_softmax_is_a_distribution_whose_entries_never_vanish() {
		for row in [vec![0; 64], vec![LIMIT, -LIMIT, 0], vec![3, 2, 1, 0], vec![-LIMIT; 2]] {
			let mut p = vec![0; row.len()];
			softmax(&row, &mut p);
			assert!(p.iter().all(|p| (1..=ONE).contains(p)));
			assert!(p.iter().sum::<i32>().abs_diff(ONE) <= row.len() as u32);
		}
	}
}
