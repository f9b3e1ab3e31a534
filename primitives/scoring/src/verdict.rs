//! Paired comparison of two vectors of error sums: the improvement, and the certainty of it.

use crate::{
	math::{isqrt, log2_q32},
	model::OUT_FRAC,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Parts per million in one.
const MILLION: u128 = 1_000_000;
/// Square of the number of standard errors between an estimate and its upper bound.
const Z_SQUARED: u128 = 9;
/// One bit of progress in Q32, the largest increment of one verdict.
pub const ONE_BIT: u64 = 1 << 32;
/// Error of half a mistake of classification, half of 2^OUT_FRAC.
const HALF_ROW: u64 = 1 << (OUT_FRAC - 1);

/// Number of halvings of the variance that make the least value of twice the covariance of neighbours: a quarter.
const LEAST_COVARIANCE: u32 = 2;

/// Chunk sum of the initial champion that marks a chunk without evidence, such as a live chunk that is less than half full. On a
/// chunk with evidence, the sum of an initial champion stays below 2³² − 1.
pub const NO_EVIDENCE: u32 = u32::MAX;
/// Least number of chunks with evidence that a test needs.
pub const MIN_CHUNKS: usize = 32;

/// Correlation between the differences of chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
	/// Chunks are independent: drawn from a generator, or dealt by a seed.
	Independent,
	/// Chunks follow one another in time, so each is correlated with its neighbours.
	Neighbours,
}

/// Terms of a paired test, besides the chunk sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
	/// Least relative improvement, parts per million.
	pub min_improvement: u32,
	/// High-water mark H of the domain, Q32 bits.
	pub high_water: u64,
	/// Chunks per draw. Longer vectors are several draws, concatenated; chunks of different draws are not neighbours.
	pub chunks: u16,
	/// Correlation between the differences of chunks.
	pub spread: Spread,
	/// `true` if half a mistake is added to every upper bound: for classes of rows, whose error sums are small numbers of
	/// mistakes.
	pub half_row: bool,
}

/// Result of a paired test of a candidate against the champion on the same evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Verdict {
	/// Upper bound U: error sum of the candidate plus three standard errors of its difference from the champion.
	pub upper: u64,
	/// `true` if the candidate replaces the champion.
	pub passes: bool,
	/// Certain improvement in Q32 bits, without a limit; 0 unless the candidate passes.
	pub raw: u64,
	/// Increment of the high-water mark in Q32 bits: `raw`, at most [`ONE_BIT`].
	pub increment: u64,
	/// Certain progress below the initial champion, `log2 E0 − log2 U`, in Q32 bits; 0 if U is larger.
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

/// Returns the chunk sums of a model on the chunks with evidence, i.e. those on which `initial` is not [`NO_EVIDENCE`].
///
/// ```
/// use doin_scoring::verdict::{with_evidence, NO_EVIDENCE};
/// let initial = [7, NO_EVIDENCE, 9];
/// assert_eq!(with_evidence(&initial, &[1, NO_EVIDENCE, 3]).collect::<Vec<_>>(), [1, 3]);
/// ```
pub fn with_evidence<'a>(initial: &'a [u32], sums: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
	initial.iter().zip(sums).filter(|(initial, _)| **initial != NO_EVIDENCE).map(|(_, sum)| *sum)
}

/// Returns the number of chunks with evidence, i.e. those on which `initial` is not [`NO_EVIDENCE`].
pub fn evidence_chunks(initial: &[u32]) -> usize {
	initial.iter().filter(|sum| **sum != NO_EVIDENCE).count()
}

/// Statistics of the differences `dᵢ = referenceᵢ − modelᵢ` of two models over n chunks.
#[derive(Default)]
struct Differences {
	/// Number n of chunks with evidence.
	chunks: u64,
	/// Error sum of the reference on these chunks.
	reference: u64,
	/// Error sum of the model on these chunks.
	model: u64,
	/// `D = Σ dᵢ`.
	sum: i128,
	/// `Q = Σ dᵢ²`.
	squares: i128,
	/// Number p of pairs of neighbours.
	pairs: u64,
	/// `T = Σ (dᵢ + dᵢ₊₁)` over all pairs of neighbours.
	pair_sums: i128,
	/// `S = Σ dᵢ · dᵢ₊₁` over all pairs of neighbours.
	pair_products: i128,
}

impl Differences {
	/// Collects the statistics of `model` against `reference` on the chunks with evidence. Neighbours are two chunks with
	/// evidence that follow one another within a draw of `per_draw` chunks. Returns `None` if the lengths differ, or if there are
	/// fewer than [`MIN_CHUNKS`] chunks with evidence.
	fn new(initial: &[u32], reference: &[u32], model: &[u32], per_draw: u16) -> Option<Self> {
		if initial.len() != model.len() || reference.len() != model.len() || evidence_chunks(initial) < MIN_CHUNKS {
			return None;
		}
		let per_draw = usize::from(per_draw).max(1);
		let mut all = Self::default();
		let draws = initial.chunks(per_draw).zip(reference.chunks(per_draw)).zip(model.chunks(per_draw));
		for ((initial, reference), model) in draws {
			let mut former = None;
			for ((initial, reference), model) in initial.iter().zip(reference).zip(model) {
				if *initial == NO_EVIDENCE {
					former = None;
					continue;
				}
				let difference = i128::from(*reference).saturating_sub(i128::from(*model));
				all.chunks = all.chunks.saturating_add(1);
				all.reference = all.reference.saturating_add(u64::from(*reference));
				all.model = all.model.saturating_add(u64::from(*model));
				all.sum = all.sum.saturating_add(difference);
				all.squares = all.squares.saturating_add(difference.saturating_mul(difference));
				if let Some(former) = former.replace(difference) {
					all.pairs = all.pairs.saturating_add(1);
					all.pair_sums = all.pair_sums.saturating_add(difference.saturating_add(former));
					all.pair_products = all.pair_products.saturating_add(difference.saturating_mul(former));
				}
			}
		}
		Some(all)
	}

	/// Returns `n` times the sum of squared deviations of the differences from their mean, `V = n·Q − D²`. With
	/// [`Spread::Neighbours`], twice the covariance of neighbours is added, at least a quarter of V:
	///
	/// ```text
	/// V + max(2·C, V/4)   with C = n · Σ (dᵢ − D/n) · (dᵢ₊₁ − D/n) = n·S − D·T + p·D²/n
	/// ```
	///
	/// For m draws without a missing chunk, `p = n − m`, and `T = 2·D − B` with B the sum of the first and the last difference of
	/// every draw. For 1 280 chunks and differences below 2³², every term stays below 2⁹⁶.
	fn spread(&self, spread: Spread) -> i128 {
		let (n, square) = (i128::from(self.chunks), self.sum.saturating_mul(self.sum));
		// n·Q ≥ D² by the Cauchy–Schwarz inequality.
		let variance = n.saturating_mul(self.squares).saturating_sub(square);
		match spread {
			Spread::Independent => variance,
			Spread::Neighbours => {
				let means = i128::from(self.pairs).saturating_mul(square).checked_div(n).unwrap_or(0);
				let products = n.saturating_mul(self.pair_products).saturating_sub(self.sum.saturating_mul(self.pair_sums));
				let covariance = products.saturating_add(means).saturating_mul(2);
				variance.saturating_add(covariance.max(variance >> LEAST_COVARIANCE))
			}
		}
	}

	/// Returns the upper bound of the error sum of the model: `E + isqrt(9 · spread / (n − 1))`, and half a mistake more where
	/// the terms ask for it.
	fn upper(&self, terms: &Terms) -> u64 {
		let spread = self.spread(terms.spread).max(0).unsigned_abs();
		let variance = Z_SQUARED.saturating_mul(spread).checked_div(u128::from(self.chunks.saturating_sub(1)));
		let margin = variance.map(isqrt).and_then(|margin| u64::try_from(margin).ok()).unwrap_or(u64::MAX);
		let half = if terms.half_row { HALF_ROW } else { 0 };
		self.model.saturating_add(margin).saturating_add(half)
	}
}

/// Computes the paired test on the chunk sums of the initial champion, the champion and a candidate over the same chunks. Chunks
/// on which `initial` is [`NO_EVIDENCE`] are left out of everything.
///
/// With `dᵢ = championᵢ − candidateᵢ`, `D = Σd`, `Q = Σd²` over n chunks:
///
/// ```text
/// U         = E(candidate) + isqrt(9 · spread / (n − 1)) + (half a mistake, where terms.half_row is set)
/// spread    = V                    with V = n·Q − D²                Spread::Independent
///           = V + max(2·C, V/4)    with C = n·S − D·T + p·D²/n      Spread::Neighbours
/// passes    ⇔ U · 10⁶ ≤ E(champion) · (10⁶ − min_improvement), and U < E(champion)
/// raw       = max(0, min(log2 E(champion), log2 E0 − high_water) − log2 U) if the candidate passes, else 0
/// increment = min(raw, 1 bit)
/// progress  = max(0, log2 E0 − log2 U)
/// ```
///
/// The margin is three standard errors of a paired t-test (Student 1908) in sums. For chunks that follow one another in time, the
/// variance of a sum has the covariance of neighbours twice (Hansen and Hodrick 1980, with one lag): S and T are
/// the sums of `dᵢ · dᵢ₊₁` and of `dᵢ + dᵢ₊₁` over the p pairs of neighbours, i.e. chunks with evidence that follow one another
/// in a draw. The covariance of 32 chunks is uncertain: its estimate is often 0 where the correlation is 0.12. Twice the
/// covariance therefore counts as a quarter of V at least. Of equal models with that correlation, 0.38 % would pass on 32 chunks
/// without this floor, and 0.23 % do with it (simulated, 400 000 draws of normal differences; the standard error is 0.01 %).
///
/// Half a mistake is the correction for continuity (Yates 1934): a lead is a whole number of rows, so the least lead beyond the
/// margin can be more likely than three standard errors suggest. Of 12 rows on which exactly one of two equal models errs, the
/// other one is right on at least 11 with a probability of 0.32 % and would pass; of 21 rows, on at least 17 with 0.36 %. With
/// half a mistake both leads are too small.
///
/// The high-water mark is compared with the bound, like the champion: a candidate with hardly any mistake would show many bits
/// that its bound does not support.
///
/// For a contender that was evaluated on several draws, the vectors are concatenated. Returns `None` if the lengths differ, if
/// fewer than [`MIN_CHUNKS`] chunks have evidence, or if the initial champion makes no error, so that progress has no scale.
///
/// ```
/// use doin_scoring::verdict::{paired, Spread, Terms, ONE_BIT};
/// let terms =
///     Terms { min_improvement: 2_000, high_water: 0, chunks: 32, spread: Spread::Independent, half_row: false };
/// let (initial, champion) = ([1_000; 32], [1_000; 32]);
/// let verdict = paired(&initial, &champion, &[500; 32], &terms).unwrap();
/// assert!(verdict.passes);
/// assert_eq!((verdict.upper, verdict.increment), (16_000, ONE_BIT), "half the error on every chunk: certain, and one bit");
/// let leap = paired(&initial, &champion, &[125; 32], &terms).unwrap();
/// assert_eq!((leap.raw, leap.increment), (3 * ONE_BIT, ONE_BIT), "one of three bits");
/// // The mean is 3 % better, but the spread over the chunks leaves doubt.
/// let shaky: Vec<u32> = (0..32).map(|i| if i % 2 == 0 { 1_070 } else { 870 }).collect();
/// assert!(!paired(&initial, &champion, &shaky, &terms).unwrap().passes);
/// ```
pub fn paired(initial: &[u32], champion: &[u32], candidate: &[u32], terms: &Terms) -> Option<Verdict> {
	let differences = Differences::new(initial, champion, candidate, terms.chunks)?;
	let initial = error_on_evidence(initial)?;
	let upper = differences.upper(terms);
	let passes = public_test(differences.reference, upper, terms.min_improvement);
	let progress = bits_below(initial, upper);
	let above_mark = progress.saturating_sub(terms.high_water);
	let raw = if passes { bits_below(differences.reference, upper).min(above_mark) } else { 0 };
	Some(Verdict { upper, passes, raw, increment: raw.min(ONE_BIT), progress })
}

/// Returns the bits above the high-water mark that the champion is certain of on this evidence, in Q32:
///
/// ```text
/// U     = E(champion) + isqrt(9 · spread / (n − 1)) + (half a mistake, where terms.half_row is set)
/// cover = max(0, log2 E0 − log2 U − high_water)
/// ```
///
/// The spread is that of [`paired`] with the differences `initialᵢ − championᵢ`. Returns 0 wherever [`paired`] has no result.
/// `terms.min_improvement` has no influence.
///
/// ```
/// use doin_scoring::verdict::{covered, Spread, Terms, ONE_BIT};
/// let terms =
///     Terms { min_improvement: 2_000, high_water: ONE_BIT, chunks: 32, spread: Spread::Independent, half_row: false };
/// assert_eq!(covered(&[1_000; 32], &[125; 32], &terms), 2 * ONE_BIT, "three bits below, of which one is paid");
/// assert_eq!(covered(&[1_000; 32], &[600; 32], &terms), 0);
/// ```
pub fn covered(initial: &[u32], champion: &[u32], terms: &Terms) -> u64 {
	let cover = || {
		let differences = Differences::new(initial, initial, champion, terms.chunks)?;
		let progress = bits_below(error_on_evidence(initial)?, differences.upper(terms));
		Some(progress.saturating_sub(terms.high_water))
	};
	cover().unwrap_or(0)
}

/// Returns the error sum of the initial champion on the chunks with evidence, or `None` if it makes no error.
fn error_on_evidence(initial: &[u32]) -> Option<u64> {
	let error = with_evidence(initial, initial).fold(0, |sum: u64, error| sum.saturating_add(u64::from(error)));
	(error > 0).then_some(error)
}
