//! Paired comparison of two vectors of error sums: the improvement, and the certainty of it.

use crate::math::{isqrt, log2_q32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Parts per million in one.
const MILLION: u128 = 1_000_000;
/// Square of the number of standard errors between an estimate and its upper bound.
const Z_SQUARED: u128 = 9;
/// One bit of progress in Q32, the largest increment of one verdict.
pub const ONE_BIT: u64 = 1 << 32;

/// Result of a paired test of a candidate against the champion on the same windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Verdict {
	/// Upper bound U: error sum of the candidate plus three standard errors of its difference from the champion.
	pub upper: u64,
	/// `true` if the candidate replaces the champion.
	pub passes: bool,
	/// Increment of the high-water mark in Q32 bits; 0 unless the candidate passes.
	pub increment: u64,
	/// Progress of the candidate below the initial champion in Q32 bits; 0 if it is worse.
	pub progress: u64,
}

/// Returns the sum of all chunk sums, saturating.
pub fn total(sums: &[u32]) -> u64 {
	sums.iter().fold(0, |total: u64, sum| total.saturating_add(u64::from(*sum)))
}

/// Returns the loss of an error sum, `⌊error · 2²⁰ / initial⌋`; the loss of the initial champion is 2²⁰. Saturates; `u64::MAX` if
/// `initial` is 0.
///
/// ```
/// assert_eq!(doin_scoring::verdict::loss(500, 1_000), 1 << 19);
/// ```
pub fn loss(error: u64, initial: u64) -> u64 {
	let loss = (u128::from(error) << 20).checked_div(u128::from(initial));
	loss.and_then(|loss| u64::try_from(loss).ok()).unwrap_or(u64::MAX)
}

/// Returns `true` if the error sum `candidate` is below `champion`, by at least `min_improvement` parts per million. Makes no
/// allowance for chance, so it suits windows that are not drawn.
///
/// ```
/// use doin_scoring::verdict::public_test;
/// assert!(public_test(1_000, 998, 2_000));
/// assert!(!public_test(1_000, 999, 2_000), "0.2 % are required");
/// ```
pub fn public_test(champion: u64, candidate: u64, min_improvement: u32) -> bool {
	let required = u128::from(champion).saturating_mul(MILLION.saturating_sub(u128::from(min_improvement)));
	// The second condition matters for a champion without error, and for a minimum of 0.
	u128::from(candidate).saturating_mul(MILLION) <= required && candidate < champion
}

/// Returns `log2(from / to)` in Q32 bits, or 0 if `to` is larger. An error sum of 0 counts as 1.
fn bits_below(from: u64, to: u64) -> u64 {
	log2_q32(from.max(1)).saturating_sub(log2_q32(to.max(1)))
}

/// Computes the paired test on the chunk sums of the initial champion, the champion and a candidate over the same windows.
///
/// With `dᵢ = championᵢ − candidateᵢ`, `D = Σd`, `Q = Σd²` over n chunks, `min_improvement` in parts per million and the
/// high-water mark of the domain in Q32 bits:
///
/// ```text
/// U   = E(candidate) + isqrt(9 · (n·Q − D²) / (n − 1))
/// passes ⇔ U · 10⁶ ≤ E(champion) · (10⁶ − min_improvement), and U < E(champion)
/// increment = clamp(min(log2 E(champion) − log2 U, log2 E0 − log2 E(candidate) − high_water), 0, 1 bit)
/// ```
///
/// The margin is three standard errors of a paired t-test (Student 1908) in sums. For a contender that was evaluated on several
/// draws, the vectors are concatenated. Returns `None` if the lengths differ, if there are fewer than two chunks, or if the
/// initial champion makes no error, so that progress has no scale.
///
/// ```
/// use doin_scoring::verdict::{paired, ONE_BIT};
/// let (initial, champion) = ([1_000; 32], [1_000; 32]);
/// let verdict = paired(&initial, &champion, &[500; 32], 2_000, 0).unwrap();
/// assert!(verdict.passes);
/// assert_eq!((verdict.upper, verdict.increment), (16_000, ONE_BIT), "half the error on every chunk: certain, and one bit");
/// // The mean is 3 % better, but the spread over the chunks leaves doubt.
/// let shaky: Vec<u32> = (0..32).map(|i| if i % 2 == 0 { 1_070 } else { 870 }).collect();
/// assert!(!paired(&initial, &champion, &shaky, 2_000, 0).unwrap().passes);
/// ```
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
	// n·Q ≥ D² by the Cauchy–Schwarz inequality.
	let spread = n.saturating_mul(squares).saturating_sub(size.saturating_mul(size));
	let variance = Z_SQUARED.saturating_mul(spread).checked_div(n.saturating_sub(1))?;
	let margin = u64::try_from(isqrt(variance)).unwrap_or(u64::MAX);
	let upper = e_candidate.saturating_add(margin);
	let passes = public_test(e_champion, upper, min_improvement);
	let progress = bits_below(e0, e_candidate);
	let increment = if passes { bits_below(e_champion, upper).min(progress.saturating_sub(high_water)).min(ONE_BIT) } else { 0 };
	Some(Verdict { upper, passes, increment, progress })
}
