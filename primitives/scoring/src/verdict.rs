//! Which of two vectors of error sums is better, by how much, and how sure that is.

use crate::math::{isqrt, log2_q32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// One, in parts per million.
const MILLION: u128 = 1_000_000;
/// Square of the number of standard errors between an estimate and its upper bound.
const Z_SQUARED: u128 = 9;
/// One bit of progress in Q32, the most that one verdict adds.
pub const ONE_BIT: u64 = 1 << 32;

/// The result of a paired test of a candidate against the champion on the same windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Verdict {
	/// U: the candidate's error sum plus three standard errors of its difference from the champion's.
	pub upper: u64,
	/// Whether the candidate replaces the champion.
	pub passes: bool,
	/// Bits by which it raises the high-water mark, Q32; 0 unless it passes.
	pub increment: u64,
	/// Bits it lies below the initial champion, Q32; 0 when it is worse.
	pub progress: u64,
}

/// Error sum of all chunks.
pub fn total(sums: &[u32]) -> u64 {
	sums.iter().fold(0, |total: u64, sum| total.saturating_add(u64::from(*sum)))
}

/// An error sum for display, `⌊error · 2²⁰ / initial⌋`: the initial champion has 2²⁰. Saturates; `u64::MAX` when `initial` is 0.
pub fn loss(error: u64, initial: u64) -> u64 {
	let loss = (u128::from(error) << 20).checked_div(u128::from(initial));
	loss.and_then(|loss| u64::try_from(loss).ok()).unwrap_or(u64::MAX)
}

/// Whether error sum `candidate` undercuts `champion` by `min_improvement` parts per million, and at all. No allowance for chance: for
/// windows that are not drawn.
pub fn public_test(champion: u64, candidate: u64, min_improvement: u32) -> bool {
	let asked = u128::from(champion).saturating_mul(MILLION.saturating_sub(u128::from(min_improvement)));
	// The second condition matters for a champion without error, which nobody undercuts, and for a minimum of 0.
	u128::from(candidate).saturating_mul(MILLION) <= asked && candidate < champion
}

/// Bits from `from` down to `to`, Q32; 0 when `to` is larger. An error sum of 0 counts as 1, the smallest that has a logarithm.
fn bits_below(from: u64, to: u64) -> u64 {
	log2_q32(from.max(1)).saturating_sub(log2_q32(to.max(1)))
}

/// The paired test, on chunk sums of the initial champion, the champion and a candidate over the same windows.
///
/// With `dᵢ = championᵢ − candidateᵢ`, `D = Σd`, `Q = Σd²` over n chunks, `min_improvement` in parts per million and the domain's
/// `high_water` in Q32 bits:
///
/// ```text
/// U   = E(candidate) + isqrt(9 · (n·Q − D²) / (n − 1))
/// passes ⇔ U · 10⁶ ≤ E(champion) · (10⁶ − min_improvement), and U < E(champion)
/// increment = clamp(min(log2 E(champion) − log2 U, log2 E0 − log2 E(candidate) − high_water), 0, 1 bit)
/// ```
///
/// For a contender measured on several draws, concatenate the vectors. `None` when the lengths differ, when there are fewer than two
/// chunks, or when the initial champion makes no error: then there is nothing to measure progress by.
pub fn paired(initial: &[u32], champion: &[u32], candidate: &[u32], min_improvement: u32, high_water: u64) -> Option<Verdict> {
	let chunks = candidate.len();
	if initial.len() != chunks || champion.len() != chunks || chunks < 2 {
		return None;
	}
	let (e0, e_champion, e_candidate) = (total(initial), total(champion), total(candidate));
	if e0 == 0 {
		return None;
	}
	let (mut sum, mut squares) = (0i128, 0u128);
	for (champion, candidate) in champion.iter().zip(candidate) {
		let difference = i64::from(*champion).saturating_sub(i64::from(*candidate));
		sum = sum.saturating_add(i128::from(difference));
		let size = u128::from(difference.unsigned_abs());
		squares = squares.saturating_add(size.saturating_mul(size));
	}
	let n = chunks as u128;
	let size = sum.unsigned_abs();
	// n·Q ≥ D² by Cauchy and Schwarz.
	let spread = n.saturating_mul(squares).saturating_sub(size.saturating_mul(size));
	let variance = Z_SQUARED.saturating_mul(spread).checked_div(n.saturating_sub(1))?;
	let margin = u64::try_from(isqrt(variance)).unwrap_or(u64::MAX);
	let upper = e_candidate.saturating_add(margin);
	let passes = public_test(e_champion, upper, min_improvement);
	let progress = bits_below(e0, e_candidate);
	let increment = if passes { bits_below(e_champion, upper).min(progress.saturating_sub(high_water)).min(ONE_BIT) } else { 0 };
	Some(Verdict { upper, passes, increment, progress })
}
