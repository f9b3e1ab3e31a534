//! Record of a forecaster: how certain its skill is, and the increment that it mints.
//!
//! Rounds that are opened within two horizons are a slice, and [`SLICES`] slices on a fixed grid are a term. Skills of rounds
//! that overlap are not independent, so a slice is one sample: the mean skill y of its rounds. The bound of a record is that of all
//! slices of the last [`TERMS`] terms.

use crate::{Signed, ONE};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{BlockNumber, MILLION, ONE_Q32, Q32};
use doin_scoring::math::{isqrt, log2_q32};
use scale_info::TypeInfo;

/// Number of slices of a term.
pub const SLICES: u32 = 32;
/// Number of terms that a bound looks back at most: 256 slices.
pub const TERMS: u32 = 8;
/// Number of terms that a record keeps: those of a bound, and the one that is not complete.
const KEPT_TERMS: u32 = TERMS + 1;
/// Slices in which rounds can be corrected, the present one included. A slice is settled once as many have begun after it.
pub const OPEN_SLICES: u32 = 4;
/// Square of the number of standard errors between the mean and its lower bound.
const Z_SQUARED: u128 = 9;

/// Returns the number of the term that `slice` belongs to.
pub fn term_of(slice: u32) -> u32 {
	slice.checked_div(SLICES).unwrap_or(0)
}

/// Skills of one forecaster in the rounds of a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Slice {
	/// Number of the slice on the grid.
	number: u32,
	/// Sum of the skills.
	sum: Signed,
}

impl Slice {
	/// Returns the mean skill of a slice with `rounds` rounds, rounded down and within ±[`ONE`]; 0 without rounds.
	fn mean(self, rounds: u32) -> Signed {
		self.sum.checked_div_euclid(rounds.into()).unwrap_or(0).clamp(ONE.saturating_neg(), ONE)
	}
}

/// Sums over the slices of a term. A slice without an entry has a mean of 0 and changes no sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Term {
	/// Number of the term on the grid.
	number: u32,
	/// Sum of the means of its slices.
	sum: Signed,
	/// Sum of the squares of these means.
	squares: u128,
}

impl Term {
	/// Adds a slice with the mean skill `mean`, within ±[`ONE`].
	fn add(&mut self, mean: Signed) {
		let size = u128::from(mean.unsigned_abs());
		self.sum = self.sum.saturating_add(mean);
		self.squares = self.squares.saturating_add(size.saturating_mul(size));
	}
}

/// Record of one forecaster on one stream. Slices are numbered on a grid of the stream, and no number falls from one call to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Record {
	/// Slices that are not settled, each at its number modulo [`OPEN_SLICES`].
	slices: [Slice; OPEN_SLICES as usize],
	/// Sums of the last terms, each at its number modulo [`KEPT_TERMS`].
	terms: [Term; KEPT_TERMS as usize],
}

impl Record {
	/// Enters a round of slice `slice`, which counts −1 until [`correct`](Self::correct) replaces that. `rounds` is the number of
	/// rounds of a slice; those that were not entered count 0.
	pub fn enter(&mut self, slice: u32, rounds: u32) {
		self.settle(slice, rounds);
		if let Some(open) = self.open_mut(slice) {
			// A slice that was settled has left an empty place.
			open.number = slice;
			open.sum = open.sum.saturating_sub(ONE);
		}
	}

	/// Replaces the −1 of a round of slice `slice` by `skill`, within ±[`ONE`]. A round that is void, or in which the forecaster lost
	/// its seat to a larger wager, has a skill of 0. Returns `false` and changes nothing if the slice is settled.
	pub fn correct(&mut self, slice: u32, skill: Signed) -> bool {
		let Some(open) = self.open_mut(slice).filter(|open| open.number == slice) else { return false };
		open.sum = open.sum.saturating_add(ONE).saturating_add(skill.clamp(ONE.saturating_neg(), ONE));
		true
	}

	/// Settles the slices that cannot be corrected any more when slice `now` has begun: adds their means to their terms.
	pub fn settle(&mut self, now: u32, rounds: u32) {
		for open in &mut self.slices {
			if open.number.saturating_add(OPEN_SLICES) > now {
				continue;
			}
			let slice = core::mem::take(open);
			let number = term_of(slice.number);
			let place = number.checked_rem(KEPT_TERMS).and_then(|place| self.terms.get_mut(place as usize));
			let Some(term) = place.filter(|term| term.number <= number) else { continue };
			if term.number < number {
				*term = Term { number, ..Default::default() };
			}
			term.add(slice.mean(rounds));
		}
	}

	/// Returns the place of slice `slice` among those that are not settled.
	fn open_mut(&mut self, slice: u32) -> Option<&mut Slice> {
		slice.checked_rem(OPEN_SLICES).and_then(|place| self.slices.get_mut(place as usize))
	}

	/// Returns the lower bound `L = ȳ − 3·sd/√n` of the skill over all n slices of the last [`TERMS`] complete terms, rounded down. sd is
	/// the standard deviation of a sample. Terms before `from` are left out, and a slice without an entry has y = 0, also before the first
	/// entry: a forecaster that begins its record anew gains nothing from a shorter one. A term is complete once all its slices are settled
	/// in slice `now`. Returns `None` without a complete term.
	///
	/// The caller has called [`settle`](Self::settle) for `now`.
	pub fn bound(&self, now: u32, from: u32) -> Option<Signed> {
		let end = term_of(now.saturating_add(1).saturating_sub(OPEN_SLICES));
		let start = end.saturating_sub(TERMS).max(from);
		let terms = end.checked_sub(start).filter(|terms| *terms > 0)?;
		let counted = self.terms.iter().filter(|term| (start..end).contains(&term.number));
		let (sum, squares) = counted
			.fold((0i64, 0u128), |(sum, squares), term| (sum.saturating_add(term.sum), squares.saturating_add(term.squares)));
		Some(lower_bound(sum, squares, terms.saturating_mul(SLICES)))
	}
}

/// Returns the mean of `count` samples, at least two, less three standard errors.
fn lower_bound(sum: Signed, squares: u128, count: u32) -> Signed {
	let n = u128::from(count);
	let size = u128::from(sum.unsigned_abs());
	// n·Σy² − (Σy)², below 2⁸⁰; the variance of the mean is that, divided by n²·(n − 1).
	let spread = n.saturating_mul(squares).saturating_sub(size.saturating_mul(size));
	let divisor = n.saturating_mul(n).saturating_mul(n.saturating_sub(1)).max(1);
	let square = spread.saturating_mul(Z_SQUARED).div_ceil(divisor);
	let root = isqrt(square);
	let margin = root.saturating_add(u128::from(root.saturating_mul(root) < square));
	let mean = sum.checked_div_euclid(count.into()).unwrap_or(0);
	mean.saturating_sub(Signed::try_from(margin).unwrap_or(Signed::MAX))
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

/// Returns the increment of a claim, `clamp(−½·log2(1 − L) − H, 0, 1 bit − C)`, Q32 bits. `mark` is H at the block of the claim (see
/// [`mark_at`]), and rises by the increment. `claimed` is C, the sum of the increments of the stream in the running term: all claims of a
/// term together are paid one bit at most.
///
/// ```
/// use doin_market::{record::increment, ONE};
/// let bit = 1 << 32;
/// assert_eq!(increment(ONE, 0, 0), bit, "16 bits are proved, and one is paid");
/// assert_eq!(increment(ONE, bit / 4, bit / 4), 3 * (bit / 4));
/// assert_eq!(increment(ONE, bit, bit), 0, "the next term pays the next bit");
/// ```
pub fn increment(bound: Signed, mark: Q32, claimed: Q32) -> Q32 {
	progress(bound).saturating_sub(mark).min(ONE_Q32.saturating_sub(claimed))
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

	/// Returns a record with one round of each slice, whose skills are given, and the slice in which all of them are settled.
	fn record(skills: impl IntoIterator<Item = Signed>) -> (Record, u32) {
		let (mut record, mut now) = (Record::default(), 0);
		for skill in skills {
			record.enter(now, 1);
			assert!(record.correct(now, skill));
			now += 1;
		}
		now += OPEN_SLICES - 1;
		record.settle(now, 1);
		(record, now)
	}

	fn bound(skills: impl IntoIterator<Item = Signed>) -> Option<Signed> {
		let (record, now) = record(skills);
		record.bound(now, 0)
	}

	#[test]
	fn the_bound_of_equal_slices_is_their_mean() {
		for skill in [-ONE, -3, 0, ONE / 7, ONE] {
			for terms in 1..=10 {
				assert_eq!(bound(vec![skill; 32 * terms]), Some(skill), "{terms} terms");
			}
		}
		assert_eq!(bound([ONE; 31]), None, "the term is not complete");
	}

	#[test]
	fn the_bound_is_three_standard_errors_below_the_mean_of_all_terms() {
		// ȳ = 0.2, sd = 0.1·√(n/(n − 1)), so L = 0.2 − 0.3/√(n − 1).
		for (terms, counted) in [(1, 1), (2, 2), (8, 8), (11, 8)] {
			let of = |slice: u32| if slice.is_multiple_of(2) { ONE / 10 } else { 3 * ONE / 10 };
			let bound = bound((0..32 * terms).map(of)).expect("complete");
			let exact = 0.2 - 0.3 / f64::from(32u32 * counted - 1).sqrt();
			assert!((bound as f64 / ONE as f64 - exact).abs() < 1e-9, "{terms} terms");
		}
		assert!(bound((0..32).map(|slice| if slice % 2 == 0 { ONE } else { -ONE })) < Some(0));
	}

	#[test]
	fn terms_before_a_vote_and_before_the_last_eight_are_left_out() {
		let skills =
			|bad: usize, good: usize| (0..32 * (bad + good)).map(move |slice| if slice < 32 * bad { -ONE } else { ONE / 2 });
		assert_eq!(bound(skills(2, 8)), Some(ONE / 2), "ten terms, of which the last eight count");
		assert!(bound(skills(1, 7)) < Some(ONE / 4));
		let (record, now) = record(skills(1, 3));
		assert_eq!(record.bound(now, 1), Some(ONE / 2));
		assert_eq!(record.bound(now, 4), None, "no term has begun after the vote");
	}

	#[test]
	fn a_term_that_is_not_complete_takes_the_place_of_none_that_counts() {
		let losing_then_good = |slices: usize| bound((0..slices).map(|slice| if slice < 32 { -ONE } else { ONE / 2 }));
		for rest in 1..32 {
			assert_eq!(losing_then_good(8 * 32 + rest), losing_then_good(8 * 32), "{rest} slices of the ninth term");
			assert_eq!(losing_then_good(9 * 32 + rest), Some(ONE / 2), "{rest} slices of the tenth term");
		}
	}

	#[test]
	fn rounds_count_minus_one_until_they_are_corrected_and_nothing_if_they_are_not_entered() {
		let mut record = Record::default();
		for slice in 70..74 {
			record.enter(slice, 4);
			record.enter(slice, 4);
			assert!(record.correct(slice, ONE));
		}
		assert!(record.correct(70, ONE), "four slices are open");
		record.enter(74, 4);
		assert!(!record.correct(70, ONE), "the slice is settled");
		assert_eq!(
			record.terms[2],
			Term { number: 2, sum: ONE / 2, squares: 1 << 62 },
			"two of four rounds, both with a skill of one"
		);
		assert_eq!(record.slices[3], Slice { number: 71, sum: 0 });
		record.settle(99, 4);
		// Slice 70 has a mean of ½, 71 to 73 of 0, 74 of −¼, and the other 27 of the term were not entered.
		assert_eq!((record.terms[2].sum, record.bound(98, 2)), (ONE / 4, None));
		let bound = record.bound(99, 2).expect("the term is complete");
		assert!(bound < 0 && bound > -ONE / 10, "{bound}");
	}

	/// A record that begins anew in each term would otherwise be bounded by its luckiest term alone.
	#[test]
	fn terms_before_the_first_entry_count_nothing() {
		let mut record = Record::default();
		for slice in 7 * SLICES..8 * SLICES {
			record.enter(slice, 1);
			assert!(record.correct(slice, ONE / 2));
		}
		let now = 8 * SLICES + OPEN_SLICES - 1;
		record.settle(now, 1);
		assert_eq!(record.bound(now, 7), Some(ONE / 2), "the vote was a term ago");
		// 32 of 256 slices: ȳ = 1/16, sd² = (8 − 1)/255.
		let bound = record.bound(now, 0).expect("complete") as f64 / ONE as f64;
		assert!((bound - (1.0 / 16.0 - 3.0 * (7.0f64 / 255.0 / 256.0).sqrt())).abs() < 1e-9, "{bound}");
	}

	#[test]
	fn a_forecaster_that_stays_away_for_years_has_no_old_terms() {
		let (mut record, now) = record([ONE; 64]);
		record.settle(now + 3_200, 1);
		assert_eq!(record.bound(now + 3_200, 0), Some(0), "nothing was entered in the last eight terms");
		record.enter(now + 3_200, 1);
		record.settle(now + 3_300, 1);
		assert!(record.bound(now + 3_300, 0) < Some(0));
	}

	#[test]
	fn a_claim_is_paid_what_exceeds_the_mark_and_one_bit_a_term_at_most() {
		assert_eq!(increment(ONE, 0, 0), ONE_Q32);
		assert_eq!(progress(ONE), 16 << 32);
		assert_eq!(increment(ONE * 3 / 4, ONE_Q32 / 4, 0), ONE_Q32 * 3 / 4);
		assert_eq!(increment(ONE / 2, ONE_Q32, 0), 0);
		assert_eq!([0, 1, ONE_Q32, u64::MAX].map(|claimed| increment(ONE, ONE_Q32, claimed)), [ONE_Q32, ONE_Q32 - 1, 0, 0]);
		assert_eq!([mark_at(ONE_Q32, 1_296_000, 1_296_000), mark_at(ONE_Q32, 0, 1_296_000)], [ONE_Q32 / 2, ONE_Q32]);
		assert_eq!(effective(MILLION / 2, ONE_Q32), ONE_Q32 / 4);
		assert_eq!(effective(u32::MAX, u64::MAX), u64::MAX / 2, "a weight above one counts as one");
	}
}
