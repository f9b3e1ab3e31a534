//! Standing of a forecaster: the memory of the seed, for leaderboards.
//!
//! With `x = (prev + s·g)/(1 + g)`, a round moves the standing to `α·x + (1 − α)·prev`, α = 2/49, which is
//! `prev + α·g·(s − prev)/(1 + g)`. g is how large e₀² is among the last rounds.

use crate::{Error, Signed, ONE};
use doin_primitives::{ONE_Q32, Q32};
use doin_scoring::math::log2_q32;

/// Number of rounds among which g is a percentile.
pub const REMEMBERED: usize = 1_000;
/// Numerator and denominator of α.
const ALPHA: (i128, i128) = (2, 49);
/// Binary digits after the point of a [`magnitude`].
const MAGNITUDE_FRAC: u32 = 9;

/// Returns the standing after a round with `skill` and the weight `difficulty` = g. Both standings are within ±[`ONE`].
pub fn moved(standing: Signed, skill: Signed, difficulty: Q32) -> Signed {
	let (numerator, denominator) = ALPHA;
	let difficulty = i128::from(difficulty.min(ONE_Q32));
	let (standing, skill) = (bounded(standing), bounded(skill));
	// Below 2 · 2³² · 2³³ = 2⁶⁶.
	let product = skill.saturating_sub(standing).saturating_mul(difficulty).saturating_mul(numerator);
	let divisor = denominator.saturating_mul(difficulty.saturating_add(ONE.into()));
	let step = product.checked_div(divisor).unwrap_or(0);
	standing.saturating_add(step) as Signed
}

/// Returns `value` within ±[`ONE`].
fn bounded(value: Signed) -> i128 {
	value.clamp(ONE.saturating_neg(), ONE).into()
}

/// Returns `log2(error)` in Q9, rounded down; 0 for 0. It is what is stored of a round for [`difficulty`]: two errors that differ
/// by less than 0.14 % can have one magnitude.
pub fn magnitude(error: Error) -> u16 {
	let shift = 64u32.saturating_sub(error.leading_zeros());
	let top = u64::try_from(error.checked_shr(shift).unwrap_or(0)).unwrap_or(u64::MAX);
	let log = log2_q32(top).saturating_add(u64::from(shift) << 32) >> (32 - MAGNITUDE_FRAC);
	u16::try_from(log).unwrap_or(u16::MAX)
}

/// Returns g, the percentile of a round among the last ones: the share of those that are no more difficult, the round itself
/// included. `last` has the magnitudes of at most [`REMEMBERED`] earlier rounds.
pub fn difficulty(magnitude: u16, last: &[u16]) -> Q32 {
	let below = last.iter().filter(|other| **other <= magnitude).count().saturating_add(1) as u64;
	let all = last.len().saturating_add(1) as u64;
	below.saturating_mul(ONE_Q32).checked_div(all).unwrap_or(ONE_Q32)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn magnitudes_are_logarithms() {
		assert_eq!([0, 1, 2, 1 << 63, 1 << 64, 1 << 79].map(magnitude), [0, 0, 512, 63 * 512, 64 * 512, 79 * 512]);
		assert_eq!(magnitude(3 << 70), magnitude(3) + 70 * 512);
		assert_eq!(magnitude(u128::MAX), 65_535);
	}

	#[test]
	fn the_largest_of_all_rounds_has_a_difficulty_of_one() {
		assert_eq!(difficulty(7, &[]), ONE_Q32);
		assert_eq!(difficulty(7, &[1, 7, 3]), ONE_Q32);
		assert_eq!(difficulty(2, &[1, 7, 3]), ONE_Q32 / 2);
		assert_eq!(difficulty(0, &[1, 7, 3]), ONE_Q32 / 4);
	}

	#[test]
	fn a_standing_moves_towards_the_skill_from_both_sides() {
		let (mut up, mut down) = (-ONE, ONE);
		for _ in 0..3_000 {
			(up, down) = (moved(up, ONE / 3, ONE_Q32 / 2), moved(down, ONE / 3, ONE_Q32 / 2));
		}
		assert!((up - ONE / 3).abs() < 128 && (down - ONE / 3).abs() < 128, "{up} {down}");
		assert_eq!(moved(ONE / 2, -ONE, 0), ONE / 2, "a round of no difficulty moves nothing");
		assert_eq!(moved(i64::MAX, i64::MIN, u64::MAX), ONE - 2 * ONE * 2 / 49 / 2);
	}
}
