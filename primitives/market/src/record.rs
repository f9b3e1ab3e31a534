//! Record of a forecaster: how certain its skill is, and the increment that it mints.
//!
//! Rounds that are opened within two horizons are a slice, and [`SLICES`] slices on a fixed grid are a term. Skills of rounds
//! that overlap are not independent, so a slice is one sample: the mean skill y of its rounds.

use crate::{Signed, ONE};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{BlockNumber, MILLION, ONE_Q32, Q32};
use doin_scoring::math::{isqrt, log2_q32};
use scale_info::TypeInfo;

/// Number of slices of a term.
pub const SLICES: u32 = 32;
/// Square of the number of standard errors between the mean and its lower bound.
const Z_SQUARED: u128 = 9;

/// Skills of one forecaster in the rounds of a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Slice {
	/// Sum of the skills.
	sum: Signed,
}

impl Slice {
	/// Adds a round. `skill` is `None` if the seat was not revealed, which counts −1. A round that was not entered is not added.
	pub fn add(&mut self, skill: Option<Signed>) {
		self.sum = self.sum.saturating_add(skill.unwrap_or(ONE.saturating_neg()).clamp(ONE.saturating_neg(), ONE));
	}

	/// Returns the mean skill of a slice in which the stream opened `rounds` rounds, rounded down; 0 without rounds.
	pub fn mean(self, rounds: u32) -> Signed {
		self.sum.checked_div_euclid(rounds.into()).unwrap_or(0)
	}
}

/// Sums over the slices of a term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Term {
	/// Slices so far.
	slices: u32,
	/// Sum of their means.
	sum: Signed,
	/// Sum of the squares of their means.
	squares: u128,
}

impl Term {
	/// Adds a slice with the mean skill `mean`, within ±[`ONE`]. A term that is complete takes no more.
	pub fn add(&mut self, mean: Signed) {
		if self.is_complete() {
			return;
		}
		let mean = mean.clamp(ONE.saturating_neg(), ONE);
		let size = u128::from(mean.unsigned_abs());
		self.slices = self.slices.saturating_add(1);
		self.sum = self.sum.saturating_add(mean);
		self.squares = self.squares.saturating_add(size.saturating_mul(size));
	}

	/// Returns `true` if all slices of the term are added.
	pub fn is_complete(&self) -> bool {
		self.slices >= SLICES
	}

	/// Returns the lower bound `L = ȳ − 3·sd/√32` of the skill, rounded down; `None` before the term is complete. sd is the
	/// standard deviation of a sample.
	pub fn bound(&self) -> Option<Signed> {
		if !self.is_complete() {
			return None;
		}
		let n = u128::from(SLICES);
		let size = u128::from(self.sum.unsigned_abs());
		// n·Σy² − (Σy)², below 2⁷⁴; the variance of the mean is that, divided by n²·(n − 1).
		let spread = n.saturating_mul(self.squares).saturating_sub(size.saturating_mul(size));
		let divisor = n.saturating_mul(n).saturating_mul(n.saturating_sub(1));
		let square = spread.saturating_mul(Z_SQUARED).div_ceil(divisor);
		let root = isqrt(square);
		let margin = root.saturating_add(u128::from(root.saturating_mul(root) < square));
		let mean = self.sum.checked_div_euclid(SLICES.into()).unwrap_or(0);
		Some(mean.saturating_sub(Signed::try_from(margin).unwrap_or(Signed::MAX)))
	}
}

/// Returns the progress `−½·log2(1 − L)` that a bound L proves, Q32 bits; 0 for a bound of 0 or less. A bound of one counts as the
/// largest one below it, 16 bits.
///
/// ```
/// use doin_market::{record::progress, ONE};
/// assert_eq!(progress(ONE * 3 / 4), 1 << 32, "a quarter of the squared error is half of the error");
/// assert_eq!(progress(-5), 0);
/// ```
pub fn progress(bound: Signed) -> Q32 {
	let rest = ONE.saturating_sub(bound.clamp(0, ONE)).max(1).unsigned_abs();
	(32u64 << 32).saturating_sub(log2_q32(rest)) >> 1
}

/// Returns the increment of a claim, `clamp(−½·log2(1 − L) − H, 0, 1 bit)`, Q32 bits. `mark` is H at the block of the claim (see
/// [`mark_at`]), and rises by the increment.
pub fn increment(bound: Signed, mark: Q32) -> Q32 {
	progress(bound).saturating_sub(mark).min(ONE_Q32)
}

/// Returns a mark `blocks` blocks after it was written. It halves every `half_life` blocks, which is 90 days.
pub fn mark_at(mark: Q32, blocks: BlockNumber, half_life: BlockNumber) -> Q32 {
	doin_primitives::decay::halved(mark, blocks, half_life)
}

/// Returns the effective improvement `weight · ½ · increment` of a claim, rounded down. `weight` is that of the stream in parts per
/// million.
pub fn effective(weight: u32, increment: Q32) -> Q32 {
	let product = u128::from(weight.min(MILLION)).saturating_mul(increment.into()) >> 1;
	product.checked_div(MILLION.into()).unwrap_or(0) as Q32
}

#[cfg(test)]
mod tests {
	use super::*;

	fn term(means: impl IntoIterator<Item = Signed>) -> Term {
		let mut term = Term::default();
		means.into_iter().for_each(|mean| term.add(mean));
		term
	}

	#[test]
	fn the_bound_of_equal_slices_is_their_mean() {
		for mean in [-ONE, -3, 0, ONE / 7, ONE] {
			assert_eq!(term([mean; 32]).bound(), Some(mean));
		}
		assert_eq!(term([ONE; 31]).bound(), None);
		assert_eq!(term([0; 32].into_iter().chain([ONE; 9])).bound(), Some(0), "a complete term takes no more");
	}

	#[test]
	fn the_bound_is_three_standard_errors_below_the_mean() {
		// ȳ = 0.2, sd = 0.1·√(32/31), so L = 0.2 − 0.3/√31 = 0.146 118 406.
		let bound = term((0..32).map(|slice| if slice % 2 == 0 { ONE / 10 } else { 3 * ONE / 10 })).bound().expect("complete");
		assert!((bound as f64 / ONE as f64 - (0.2 - 0.3 / 31f64.sqrt())).abs() < 1e-9);
		assert!(term((0..32).map(|slice| if slice % 2 == 0 { ONE } else { -ONE })).bound() < Some(0));
	}

	#[test]
	fn a_slice_counts_rounds_that_were_not_entered() {
		let mut slice = Slice::default();
		slice.add(Some(ONE));
		slice.add(None);
		slice.add(Some(ONE / 2));
		assert_eq!(slice.mean(4), ONE / 8);
		assert_eq!(slice.mean(0), 0);
	}

	#[test]
	fn a_claim_is_paid_what_exceeds_the_mark_and_one_bit_at_most() {
		assert_eq!(increment(ONE, 0), ONE_Q32);
		assert_eq!(progress(ONE), 16 << 32);
		assert_eq!(increment(ONE * 3 / 4, ONE_Q32 / 4), ONE_Q32 * 3 / 4);
		assert_eq!(increment(ONE / 2, ONE_Q32), 0);
		assert_eq!([mark_at(ONE_Q32, 1_296_000, 1_296_000), mark_at(ONE_Q32, 0, 1_296_000)], [ONE_Q32 / 2, ONE_Q32]);
		assert_eq!(effective(MILLION / 2, ONE_Q32), ONE_Q32 / 4);
		assert_eq!(effective(u32::MAX, u64::MAX), u64::MAX / 2, "a weight above one counts as one");
	}
}
