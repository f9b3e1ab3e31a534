//! Decisions of tolerance domains, whose sums the runtime cannot compute: the median of the answers of a quorum decides.
//!
//! Nothing here is proved. A majority of a quorum that agrees on false sums decides, so domains of
//! [`Program::Tolerance`](doin_scoring::Program::Tolerance) mint nothing and pay their bounty only.

use crate::{
	payload::Sums,
	settlement::{sum_at, ChunkRef},
	MILLION,
};
use alloc::vec::Vec;

/// Decision about the answers of a quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
	/// Median of every sum.
	pub median: Sums,
	/// `true` for each answer that agrees with the median, in the order of the answers.
	pub agrees: Vec<bool>,
}

/// Returns the lower median of every sum over `answers`, which have one shape: model by chunk. The lower median of an even number of
/// values is one of them, so no sum is invented. Empty without answers.
pub fn median(answers: &[&Sums]) -> Sums {
	let Some(first) = answers.first() else { return Sums::new() };
	let (mut median, mut all) = (Sums::clone(first), Vec::<u32>::with_capacity(answers.len()));
	for (model, sums) in (0..).zip(median.iter_mut()) {
		for (chunk, sum) in (0..).zip(sums.iter_mut()) {
			all.clear();
			all.extend(answers.iter().filter_map(|answer| sum_at(answer, ChunkRef { model, chunk })));
			all.sort_unstable();
			*sum = all.get(all.len().saturating_sub(1) / 2).copied().unwrap_or(*sum);
		}
	}
	median
}

/// Returns `true` if `sum` differs from `median` by at most `epsilon` parts per million of the median.
///
/// ```
/// use doin_primitives::tolerance::is_within;
/// assert!(is_within(1_001, 1_000, 1_000) && is_within(999, 1_000, 1_000));
/// assert!(!is_within(1_002, 1_000, 1_000));
/// assert!(!is_within(1, 0, 1_000), "a median of 0 has no tolerance");
/// ```
pub fn is_within(sum: u32, median: u32, epsilon: u32) -> bool {
	let difference = u64::from(sum.abs_diff(median)).saturating_mul(MILLION.into());
	difference <= u64::from(median).saturating_mul(epsilon.into())
}

/// Returns `true` if every sum of an answer agrees with the median of it.
pub fn agrees(answer: &Sums, median: &Sums, epsilon: u32) -> bool {
	let pairs = answer.iter().zip(median.iter()).flat_map(|(sums, medians)| sums.iter().zip(medians.iter()));
	let mut pairs = pairs.map(|(sum, median)| is_within(*sum, *median, epsilon));
	pairs.all(|within| within)
}

/// Returns the median of `answers` and the answers that agree with it, or `None` unless more than half of the `seats` of the quorum
/// agree: seats that did not answer count, so that absences make no minority decide.
pub fn decide(answers: &[&Sums], epsilon: u32, seats: u32) -> Option<Agreement> {
	let median = median(answers);
	let agrees: Vec<bool> = answers.iter().map(|answer| agrees(answer, &median, epsilon)).collect();
	let agreed = agrees.iter().filter(|agrees| **agrees).count() as u32;
	(agreed.saturating_mul(2) > seats).then_some(Agreement { median, agrees })
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::payload::ChunkSums;
	use proptest::{collection::vec, prelude::*};

	const EPSILON: u32 = 500;

	fn sums(models: &[&[u32]]) -> Sums {
		let models: Vec<_> = models.iter().map(|chunks| ChunkSums::truncate_from(chunks.to_vec())).collect();
		Sums::truncate_from(models)
	}

	fn decided(answers: &[Sums], seats: u32) -> Option<Agreement> {
		decide(&answers.iter().collect::<Vec<_>>(), EPSILON, seats)
	}

	#[test]
	fn the_median_is_taken_sum_by_sum() {
		let answers = [sums(&[&[1, 50], &[7, 7]]), sums(&[&[2, 40], &[9, 7]]), sums(&[&[3, 60], &[8, 7]])];
		assert_eq!(median(&answers.iter().collect::<Vec<_>>()), sums(&[&[2, 50], &[8, 7]]));
		assert_eq!(median(&[]), Sums::new());
		let even = [sums(&[&[4]]), sums(&[&[1]]), sums(&[&[3]]), sums(&[&[2]])];
		assert_eq!(median(&even.iter().collect::<Vec<_>>()), sums(&[&[2]]), "the lower one of an even number");
	}

	#[test]
	fn a_majority_of_the_seats_decides() {
		let (near, far) = (sums(&[&[1_000_000]]), sums(&[&[1_000_501]]));
		let agreement = decided(&[near.clone(), near.clone(), far.clone()], 3).unwrap();
		assert_eq!((agreement.median, agreement.agrees), (near.clone(), alloc::vec![true, true, false]));
		assert_eq!(decided(&[near.clone(), near.clone()], 4), None, "two of four seats are no majority");
		assert!(decided(&[near.clone(), near.clone()], 3).is_some(), "one seat did not answer");
		assert_eq!(decided(std::slice::from_ref(&near), 3), None);
		assert_eq!(decided(&[], 0), None);
		let scattered = [sums(&[&[1_000_000]]), sums(&[&[2_000_000]]), sums(&[&[3_000_000]])];
		assert_eq!(decided(&scattered, 3), None, "nobody agrees with the median but its author");
	}

	/// Each of three answers deviates on another chunk, so the medians are the sums that all others have.
	#[test]
	fn one_sum_out_of_tolerance_is_a_deviation() {
		let mut answers = [sums(&[&[1_000, 1_000, 1_000]]), sums(&[&[1_000; 3]]), sums(&[&[1_000; 3]])];
		for (index, answer) in answers.iter_mut().enumerate() {
			answer[0][index] = 2_000;
		}
		assert_eq!(median(&answers.iter().collect::<Vec<_>>()), sums(&[&[1_000; 3]]));
		assert_eq!(decided(&answers, 3), None);
	}

	#[test]
	fn the_largest_sums_do_not_overflow() {
		assert!(is_within(u32::MAX, u32::MAX, u32::MAX));
		assert!(is_within(0, u32::MAX, MILLION) && !is_within(0, u32::MAX, MILLION - 1));
		assert!(is_within(0, 0, 0));
	}

	/// Returns sums within `EPSILON / 2` of `truth`, moved by `noise` parts of a million.
	fn near(truth: &[u32], noise: i32) -> Sums {
		let moved = |sum: &u32| (i64::from(*sum) + i64::from(*sum) * i64::from(noise) / 1_000_000) as u32;
		sums(&[&truth.iter().map(moved).collect::<Vec<_>>()])
	}

	proptest! {
		/// Whatever fewer answers than half of the seats say, the median stays between honest sums, and every honest answer agrees.
		#[test]
		fn a_minority_neither_moves_the_median_nor_rejects_an_honest_answer(
			truth in vec(1_000_000u32..1_000_000_000, 4),
			noise in vec(-200i32..=200, 2..8),
			lies in vec(vec(any::<u32>(), 4), 0..7),
		) {
			let honest: Vec<Sums> = noise.iter().map(|noise| near(&truth, *noise)).collect();
			let lies: Vec<Sums> = lies.iter().take(honest.len() - 1).map(|lie| sums(&[lie])).collect();
			let seats = (honest.len() + lies.len()) as u32;
			let all: Vec<&Sums> = lies.iter().chain(&honest).collect();
			let agreement = decide(&all, EPSILON, seats).expect("the honest majority decides");
			for (chunk, median) in agreement.median[0].iter().enumerate() {
				let values = honest.iter().map(|answer| answer[0][chunk]);
				prop_assert!(values.clone().min() <= Some(*median) && Some(*median) <= values.max());
			}
			prop_assert!(agreement.agrees.iter().skip(lies.len()).all(|agrees| *agrees));
		}

		#[test]
		fn the_order_of_the_answers_does_not_matter(answers in vec(vec(0u32..50, 3), 1..9), seats in 1u32..9) {
			let mut answers: Vec<Sums> = answers.iter().map(|answer| sums(&[answer])).collect();
			let forward = decided(&answers, seats);
			answers.reverse();
			let backward = decided(&answers, seats);
			prop_assert_eq!(forward.as_ref().map(|found| &found.median), backward.as_ref().map(|found| &found.median));
			let reversed = backward.map(|found| found.agrees.into_iter().rev().collect::<Vec<_>>());
			prop_assert_eq!(forward.map(|found| found.agrees), reversed);
		}

		/// The medians of two models that are equal differ by less than the least improvement, which is four times the tolerance.
		#[test]
		fn sums_within_the_tolerance_differ_by_about_half_of_the_least_improvement_at_most(
			truth in 1_000_000u32..1_000_000_000,
			up in 0u32..=500,
			down in 0u32..=500,
		) {
			let moved = |noise: i64| (i64::from(truth) * (1_000_000 + noise) / 1_000_000) as u64;
			let (high, low) = (moved(i64::from(up)), moved(-i64::from(down)));
			// 2 · ε of 1 − ε, and one for each division that rounds.
			prop_assert!((high - low) * 1_000_000 <= low * 1_001 + 2_000_000);
		}
	}
}
