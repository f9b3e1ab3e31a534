//! Gradients of losses at the outputs of a net.

use crate::dense::GRADIENT_BITS;
use doin_scoring::model::MAX_ACT;

/// Gradient of one absolute error, and of one violated margin.
pub const UNIT_GRADIENT: i16 = 64;

/// Returns the gradient of the absolute error of one output: [`UNIT_GRADIENT`] times the sign of `sum − target · 2^shift`.
#[inline(always)]
pub fn absolute(sum: i32, target: i32, shift: u32) -> i16 {
	let target = i64::from(target).wrapping_shl(shift);
	let sign = i64::from(sum).wrapping_sub(target).signum() as i16;
	sign.wrapping_mul(UNIT_GRADIENT)
}

/// Returns the rival of class `actual`: the other class with the highest score, the first one on a tie; `actual` if there is no
/// other class.
pub fn rival(scores: &[i64], actual: usize) -> usize {
	let others = scores.iter().enumerate().filter(|(class, _)| *class != actual);
	// The last of several maxima wins.
	others.rev().max_by_key(|(_, score)| **score).map_or(actual, |(class, _)| class)
}

/// Computes the gradient of the multi-class hinge loss of one sample with respect to its scores (Crammer & Singer, "On the
/// algorithmic implementation of multiclass kernel-based vector machines", 2001): where the score of the actual class does not
/// exceed that of its [`rival`] by `margin`, minus [`UNIT_GRADIENT`] for the actual class and [`UNIT_GRADIENT`] for the rival.
pub fn hinge(scores: &[i64], actual: usize, margin: i32, gradient: &mut [i16]) {
	gradient.fill(0);
	let rival = rival(scores, actual);
	let score = |class: usize| scores.get(class).copied().unwrap_or(0);
	if score(actual) >= score(rival).saturating_add(margin.into()) {
		return;
	}
	if let Some(gradient) = gradient.get_mut(rival) {
		*gradient = UNIT_GRADIENT;
	}
	if let Some(gradient) = gradient.get_mut(actual) {
		*gradient = UNIT_GRADIENT.wrapping_neg();
	}
}

/// Scales the gradients of a batch by the power of two under which the largest has [`GRADIENT_BITS`]: to the right with rounding,
/// halves upwards, or to the left. A loss gains nothing by being a larger or a smaller number. All zero stays zero.
///
/// ```
/// use doin_training::loss::normalise;
/// let mut gradient = [0; 3];
/// normalise(&[3, -1, 0], &mut gradient);
/// assert_eq!(gradient, [1_536, -512, 0]);
/// normalise(&[3 << 40, -1 << 40, 1], &mut gradient);
/// assert_eq!(gradient, [1_536, -512, 0]);
/// ```
pub fn normalise(values: &[i64], gradient: &mut [i16]) {
	let bits = values.iter().fold(0u64, |bits, value| bits | value.unsigned_abs());
	let length = u64::BITS.wrapping_sub(bits.leading_zeros());
	let (left, right) = (GRADIENT_BITS.saturating_sub(length), length.saturating_sub(GRADIENT_BITS));
	let half = 1i64.wrapping_shl(right) >> 1;
	let limit = i64::from(MAX_ACT);
	for (to, value) in gradient.iter_mut().zip(values) {
		let scaled = value.wrapping_shl(left).saturating_add(half).wrapping_shr(right);
		*to = scaled.max(limit.wrapping_neg()).min(limit) as i16;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_gradient_of_an_absolute_error_is_a_sign() {
		assert_eq!([5, 3, 4].map(|sum| absolute(sum, 2, 1)), [64, -64, 0]);
		assert_eq!(absolute(i32::MIN, i32::MAX, 24), -64);
		assert_eq!(absolute(i32::MAX, i32::MIN, 24), 64);
	}

	#[test]
	fn the_hinge_pulls_the_actual_class_above_its_rival() {
		let mut gradient = [1; 3];
		hinge(&[10, 4, 4], 0, 6, &mut gradient);
		assert_eq!(gradient, [0; 3], "separated by the margin");
		hinge(&[10, 4, 4], 0, 7, &mut gradient);
		assert_eq!(gradient, [-64, 64, 0], "the first one on a tie");
		hinge(&[10, 4, 12], 1, 0, &mut gradient);
		assert_eq!(gradient, [0, -64, 64]);
		hinge(&[10], 0, 1, &mut gradient);
		assert_eq!(gradient, [-64, 0, 0], "a class without others is its own rival");
	}

	#[test]
	fn the_largest_gradient_of_a_batch_has_eleven_bits() {
		for shift in 0..60 {
			let mut gradient = [0; 2];
			normalise(&[5 << shift, -(1 << shift)], &mut gradient);
			assert_eq!(gradient, [1_280, -256], "{shift}");
		}
		let mut gradient = [7; 2];
		normalise(&[0, 0], &mut gradient);
		assert_eq!(gradient, [0, 0]);
		normalise(&[i64::MIN, i64::MAX], &mut gradient);
		assert_eq!(gradient, [-1_024, 1_023], "the sum with the rounding term saturates");
	}
}
