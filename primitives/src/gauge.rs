//! Half-stake clip of voted weights: Yuma consensus (Opentensor 2021) with κ = ½.

use crate::{Balance, MILLION};

/// Maximum number of domains with a weight above 0, and of domains on one ballot.
pub const MAX_WEIGHED: u32 = 32;

/// Returns the largest weight that voters with at least half of the active stake support, at most [`MILLION`].
///
/// `votes` holds (stake, value) of every voter of the domain. `total` is the active stake, including validators without a vote. A
/// voter supports every value up to its own. The slice is sorted in place; the result does not depend on its order.
///
/// ```
/// use doin_primitives::gauge::clip;
/// // Stakes of 40, 30 and 30: 70 of 100 support 600 000, only 40 support more.
/// assert_eq!(clip(&mut [(40, 1_000_000), (30, 600_000), (30, 0)], 100), 600_000);
/// ```
pub fn clip(votes: &mut [(Balance, u32)], total: Balance) -> u32 {
	let half = total.div_ceil(2);
	if half == 0 {
		return 0;
	}
	votes.sort_unstable_by_key(|&(_, value)| core::cmp::Reverse(value));
	let mut support: Balance = 0;
	for &(stake, value) in votes.iter() {
		support = support.saturating_add(stake);
		if support >= half {
			return value.min(MILLION);
		}
	}
	0
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn half_of_the_stake_is_enough_and_less_is_not() {
		assert_eq!(clip(&mut [(50, 700_000)], 100), 700_000);
		assert_eq!(clip(&mut [(49, 700_000)], 100), 0);
		assert_eq!(clip(&mut [(50, 700_000)], 101), 0, "half of an odd stake is rounded up");
	}

	#[test]
	fn the_weight_is_what_the_last_supporter_needed_accepts() {
		let mut votes = [(20, 1_000_000), (20, 900_000), (20, 300_000), (40, 0)];
		assert_eq!(clip(&mut votes, 100), 300_000);
	}

	#[test]
	fn a_domain_without_votes_or_stake_has_no_weight() {
		assert_eq!(clip(&mut [], 100), 0);
		assert_eq!(clip(&mut [(10, 5)], 0), 0, "no active stake");
		assert_eq!(clip(&mut [(0, 5)], 0), 0);
		assert_eq!(clip(&mut [(100, 0)], 100), 0);
	}

	#[test]
	fn a_vote_above_one_counts_as_one() {
		assert_eq!(clip(&mut [(100, u32::MAX)], 100), MILLION);
		assert_eq!(clip(&mut [(Balance::MAX, u32::MAX), (Balance::MAX, 1)], Balance::MAX), MILLION, "sums saturate");
	}

	fn votes() -> impl Strategy<Value = Vec<(Balance, u32)>> {
		prop::collection::vec((0..1_000_000u128, 0..=MILLION), 0..40)
	}

	proptest! {
		#[test]
		fn a_minority_cannot_set_a_weight(minority in votes(), extra in 1..1_000_000u128) {
			let stake: Balance = minority.iter().map(|(stake, _)| stake).sum();
			prop_assert_eq!(clip(&mut minority.clone(), stake * 2 + extra), 0);
		}

		#[test]
		fn a_minority_cannot_raise_what_the_majority_agreed_on(minority in votes(), agreed in 0..=MILLION, extra in 1..1_000_000u128) {
			let stake: Balance = minority.iter().map(|(stake, _)| stake).sum();
			let majority = stake + extra;
			let mut all = minority;
			all.push((majority, agreed));
			prop_assert_eq!(clip(&mut all, stake + majority), agreed);
		}

		#[test]
		fn the_order_of_votes_does_not_matter(votes in votes(), seed in any::<u64>(), silent in 0..1_000_000u128) {
			let total = votes.iter().map(|(stake, _)| stake).sum::<Balance>() + silent;
			let mut shuffled = votes.clone();
			let len = shuffled.len().max(1) as u64;
			for i in 0..shuffled.len() {
				let j = (seed.rotate_left(i as u32) % len) as usize;
				shuffled.swap(i, j);
			}
			prop_assert_eq!(clip(&mut votes.clone(), total), clip(&mut shuffled, total));
		}

		#[test]
		fn more_stake_behind_a_high_vote_never_lowers_the_weight(votes in votes(), at in any::<prop::sample::Index>(), more in 0..1_000_000u128) {
			prop_assume!(!votes.is_empty());
			let total = 40_000_000;
			let before = clip(&mut votes.clone(), total);
			let mut heavier = votes;
			let at = at.index(heavier.len());
			// The stake moves from validators without a vote to this voter.
			heavier[at].0 += more;
			prop_assert!(clip(&mut heavier, total) >= before);
		}

		#[test]
		fn it_is_the_largest_supported_value(votes in votes(), silent in 0..1_000_000u128) {
			let total = votes.iter().map(|(stake, _)| stake).sum::<Balance>() + silent;
			prop_assume!(total > 0);
			let support = |value: u32| votes.iter().filter(|(_, v)| *v >= value).map(|(stake, _)| stake).sum::<Balance>() * 2 >= total;
			let weight = clip(&mut votes.clone(), total);
			prop_assert!(weight == 0 || support(weight));
			prop_assert!(weight == MILLION || !support(weight + 1));
		}
	}
}
