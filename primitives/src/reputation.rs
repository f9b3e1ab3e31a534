//! Reputation of an evaluator: a score that behaviour moves, and that decays to neutral.
//!
//! Scores are Q32. They decay lazily, by the number of blocks since they were last written, towards [`NEUTRAL`] from both sides
//! at the same rate. From two points below neutral, one half-life leads back to exactly [`THRESHOLD`].

use crate::{decay::halved, draw::ONE_Q16, ONE_Q32, Q32};
use doin_scoring::math::log2_q32;

/// Score of an account without a record: 3.
pub const NEUTRAL: Q32 = 3 << 32;
/// Lowest score at which an evaluator is drawn: 2.
pub const THRESHOLD: Q32 = 2 << 32;
/// Highest score: 10, where [`factor`] reaches 1. A higher score would only be a reserve against later faults.
pub const CEILING: Q32 = 10 << 32;
/// Change of the score for an answer that agreed with the final sums: +0.4.
pub const AGREED: i64 = (4 << 32) / 10;
/// Change of the score for a drawn seat without an answer: −1.
pub const ABSENT: i64 = -(1 << 32);
/// Change of the score for a false answer: −2.
pub const ANSWERED_FALSELY: i64 = -(2 << 32);
/// Change of the score for an equivocation: −10, which takes every score to 0.
pub const EQUIVOCATED: i64 = -(10 << 32);

/// log2(11) in Q32.
const LOG2_11: u64 = 14_858_145_665;

/// Returns `score` after `blocks` blocks of decay with the given half-life in blocks.
pub fn decayed(score: Q32, blocks: u32, half_life: u32) -> Q32 {
	match score.checked_sub(NEUTRAL) {
		Some(above) => NEUTRAL.saturating_add(halved(above, blocks, half_life)),
		None => NEUTRAL.saturating_sub(halved(NEUTRAL.saturating_sub(score), blocks, half_life)),
	}
}

/// Returns `score` changed by `by`, within `0..=`[`CEILING`].
pub fn moved(score: Q32, by: i64) -> Q32 {
	score.saturating_add_signed(by).min(CEILING)
}

/// Returns the factor of a score in a draw, `min(1, ln(1 + score) / ln 11)` in Q16.
pub fn factor(score: Q32) -> u32 {
	if score >= CEILING {
		return ONE_Q16;
	}
	// The logarithm of the Q32 number is that of the integer, minus 32.
	let log = log2_q32(score.saturating_add(ONE_Q32)).saturating_sub(32 << 32);
	let ratio = u128::from(log).saturating_mul(u128::from(ONE_Q16)).checked_div(u128::from(LOG2_11)).unwrap_or(0);
	(ratio as u32).min(ONE_Q16)
}

/// Returns `score` in millionths, for display.
pub fn millionths(score: Q32) -> u32 {
	(u128::from(score).saturating_mul(1_000_000) >> 32) as u32
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const WEEK: u32 = 100_800;

	#[test]
	fn factors_are_the_published_ones() {
		for (tenths, expected) in [(0, 0), (4, 1_403), (10, 2_891), (20, 4_582), (50, 7_472), (100, 10_000), (1_000, 10_000)] {
			let q16 = u64::from(factor((tenths << 32) / 10));
			let ten_thousandths = (q16 * 10_000 + (1 << 15)) >> 16;
			assert!(ten_thousandths.abs_diff(expected) <= 1, "score {tenths} / 10: {ten_thousandths}, expected {expected}");
		}
	}

	#[test]
	fn factors_never_fall_as_scores_rise() {
		let mut last = 0;
		for step in 0..11_000u64 {
			let now = factor(step * ONE_Q32 / 1_000);
			assert!(now >= last);
			last = now;
		}
		assert_eq!(last, ONE_Q16);
	}

	#[test]
	fn a_false_answer_from_neutral_excludes_for_exactly_one_half_life() {
		for half_life in [1, 2, 7, 50, WEEK, 302_400] {
			let fallen = moved(NEUTRAL, ANSWERED_FALSELY);
			assert_eq!(fallen, ONE_Q32);
			assert_eq!(decayed(fallen, half_life, half_life), THRESHOLD);
			assert!(decayed(fallen, half_life - 1, half_life) < THRESHOLD, "half-life {half_life}");
		}
	}

	#[test]
	fn decay_reaches_neutral_from_both_sides() {
		assert_eq!(decayed(CEILING, WEEK, WEEK), NEUTRAL + (7 << 31));
		assert_eq!(decayed(0, WEEK, WEEK), 3 << 31);
		assert_eq!(decayed(NEUTRAL, 12_345, WEEK), NEUTRAL);
		assert_eq!(decayed(0, u32::MAX, WEEK), NEUTRAL);
		assert_eq!(decayed(CEILING, u32::MAX, 1), NEUTRAL);
		// √½ of 7 above neutral: 4.949 747 468.
		assert_eq!(millionths(decayed(CEILING, WEEK / 2, WEEK)), 7_949_747);
	}

	#[test]
	fn behaviours_move_scores_within_their_range() {
		assert_eq!(millionths(moved(NEUTRAL, AGREED)), 3_399_999);
		assert_eq!(moved(NEUTRAL, ABSENT), THRESHOLD);
		assert_eq!(moved(ONE_Q32, ANSWERED_FALSELY), 0);
		assert_eq!(moved(CEILING, EQUIVOCATED), 0);
		assert_eq!(moved(CEILING, AGREED), CEILING);
	}

	proptest! {
		#[test]
		fn decay_is_monotone_in_time_and_never_crosses_neutral(score in 0..=CEILING, a in 0u32..2_000_000, b in 0u32..2_000_000) {
			let (early, late) = (decayed(score, a.min(b), WEEK), decayed(score, a.max(b), WEEK));
			prop_assert!(late.abs_diff(NEUTRAL) <= early.abs_diff(NEUTRAL) + 32);
			prop_assert_eq!(score > NEUTRAL && late < NEUTRAL, false);
			prop_assert_eq!(score < NEUTRAL && late > NEUTRAL, false);
		}

		#[test]
		fn decay_in_two_steps_is_decay_in_one(score in 0..=CEILING, a in 0u32..400_000, b in 0u32..400_000) {
			let twice = decayed(decayed(score, a, WEEK), b, WEEK);
			prop_assert!(twice.abs_diff(decayed(score, a + b, WEEK)) < 256);
		}
	}
}
