//! Emission: the reward of a work block, its halvings, the cap, the exact 65/30/5 split, and amounts by the work that backs them.

use crate::{settlement::Backing, Balance, DOIN, MILLION, Q32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Reward of a work block before the first halving, in plancks.
pub const INITIAL_REWARD: Balance = 50 * DOIN;
/// Number of work blocks between two halvings.
pub const HALVING: u64 = 210_000;
/// Maximum amount that is ever mined, in plancks.
pub const CAP: Balance = 21_000_000 * DOIN;

/// Returns the reward R of work block `index` in plancks. Indices start at 0, as in the coin model of upstream.
pub fn reward(index: u64) -> Balance {
	INITIAL_REWARD.checked_shr((index / HALVING).min(128) as u32).unwrap_or(0)
}

/// Returns the price of `effective` bits at a threshold T in plancks: `R · effective / T`, rounded down; 0 without a threshold.
///
/// ```
/// use doin_primitives::emission::price;
/// assert_eq!([price(900, 3, 9), price(900, 18, 9), price(900, 0, 9)], [300, 1_800, 0]);
/// ```
pub fn price(reward: Balance, effective: Q32, threshold: Q32) -> Balance {
	reward.saturating_mul(effective.into()).checked_div(threshold.into()).unwrap_or(0)
}

/// Returns the most bits whose [`price`] is not above `most` plancks, rounded down; the maximum if bits have no price.
///
/// ```
/// use doin_primitives::emission::affordable;
/// assert_eq!([affordable(900, 300, 9), affordable(900, 299, 9), affordable(0, 1, 9)], [3, 2, u64::MAX]);
/// ```
pub fn affordable(reward: Balance, most: Balance, threshold: Q32) -> Q32 {
	let bits = most.saturating_mul(threshold.into()).checked_div(reward);
	bits.and_then(|bits| Q32::try_from(bits).ok()).unwrap_or(Q32::MAX)
}

/// Returns the amount that a seal mints for `taken` at a threshold T: its [`price`], but not that of more than T, and at most the
/// rest below the cap.
pub fn minted(reward: Balance, taken: Q32, threshold: Q32, mined: Balance) -> Balance {
	price(reward, taken.min(threshold), threshold).min(CAP.saturating_sub(mined))
}

/// Parts of a minted amount, in plancks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
	/// Part of the optimizers: 65 %, rounded down.
	pub optimizers: Balance,
	/// Part of the evaluators: 30 %, rounded down.
	pub evaluators: Balance,
	/// Part of the validators: 5 % and the rounding remainder.
	pub validators: Balance,
}

/// Splits `minted` into 65/30/5. The rounding remainder goes to the validators, so the parts add up to `minted`.
pub fn split(minted: Balance) -> Split {
	let optimizers = minted.saturating_mul(65) / 100;
	let evaluators = minted.saturating_mul(30) / 100;
	Split { optimizers, evaluators, validators: minted.saturating_sub(optimizers).saturating_sub(evaluators) }
}

/// Amount in plancks, by the origin of the sums that decided the improvements it is paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Backed {
	/// Part for improvements that a quorum of evaluators recomputed.
	pub quorum: Balance,
	/// Part for improvements that the runtime itself computed.
	pub runtime: Balance,
}

impl Backed {
	/// Returns `amount` plancks that are backed by `backing`.
	pub fn by(backing: Backing, amount: Balance) -> Self {
		match backing {
			Backing::Quorum => Self { quorum: amount, runtime: 0 },
			Backing::Runtime => Self { quorum: 0, runtime: amount },
		}
	}

	/// Returns the sum of two amounts, part by part.
	pub fn plus(self, other: Self) -> Self {
		Self { quorum: self.quorum.saturating_add(other.quorum), runtime: self.runtime.saturating_add(other.runtime) }
	}

	/// Returns both parts together, in plancks.
	pub fn total(self) -> Balance {
		self.quorum.saturating_add(self.runtime)
	}

	/// Returns the share of `minted` plancks that is backed, in parts per million, rounded down; one million if nothing was
	/// minted.
	pub fn share_of(self, minted: Balance) -> u32 {
		let share = self.total().saturating_mul(MILLION.into()).checked_div(minted).unwrap_or(MILLION.into());
		u32::try_from(share).unwrap_or(u32::MAX)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn the_reward_halves_as_upstreams_does() {
		// Golden vector A.9.
		let table =
			[(0, 50 * DOIN), (209_999, 50 * DOIN), (210_000, 25 * DOIN), (420_000, 25 * DOIN / 2), (630_000, 25 * DOIN / 4)];
		for (index, expected) in table {
			assert_eq!(reward(index), expected, "work block {index}");
		}
		assert_eq!(reward(13_440_000), 0);
		assert_eq!(reward(u64::MAX), 0);
	}

	#[test]
	fn all_rewards_together_stay_below_the_cap() {
		let total: Balance = (0..64).map(|era| reward(era * HALVING) * Balance::from(HALVING)).sum();
		assert!(total <= CAP && CAP - total < DOIN, "{total}");
	}

	#[test]
	fn every_split_adds_up() {
		for amount in [0, 1, 2, 3, 19, 99, 100, 101, 50 * DOIN, 50 * DOIN / 4096 + 1, Balance::from(u64::MAX)] {
			let s = split(amount);
			assert_eq!(s.optimizers + s.evaluators + s.validators, amount);
		}
		assert_eq!(split(50 * DOIN), Split { optimizers: 325 * DOIN / 10, evaluators: 15 * DOIN, validators: 25 * DOIN / 10 });
	}

	#[test]
	fn a_unit_of_improvement_is_always_worth_the_same() {
		let (r, t) = (reward(0), 1 << 30);
		assert_eq!(minted(r, t, t, 0), r);
		assert_eq!(minted(r, t / 4, t, 0), r / 4);
		assert_eq!(minted(r, t * 9, t, 0), r, "a seal never takes more than T");
		assert_eq!(minted(r, t, t, CAP - 7), 7, "the cap binds");
	}

	#[test]
	fn a_share_is_whole_only_if_everything_is_backed() {
		let backed = Backed::by(Backing::Quorum, 7).plus(Backed::by(Backing::Runtime, 3));
		assert_eq!((backed.quorum, backed.runtime, backed.total()), (7, 3, 10));
		assert_eq!([10, 20, 11].map(|minted| backed.share_of(minted)), [1_000_000, 500_000, 909_090]);
		assert_eq!(Backed::default().share_of(0), 1_000_000);
		assert_eq!(Backed::default().share_of(1), 0);
		assert_eq!(Backed::by(Backing::Runtime, CAP).share_of(CAP), 1_000_000, "no overflow");
	}

	proptest! {
		#[test]
		fn every_amount_is_split_without_remainder(amount in 0..=CAP) {
			let parts = split(amount);
			prop_assert_eq!(parts.optimizers + parts.evaluators + parts.validators, amount);
			prop_assert!(parts.optimizers * 100 <= amount * 65 && parts.evaluators * 100 <= amount * 30);
			prop_assert!(parts.validators * 100 < amount * 5 + 200);
		}

		#[test]
		fn slices_of_a_seal_never_mint_more_than_the_whole(first: u32, second: u32, threshold in 1u64..1 << 40, mined in 0..=CAP) {
			let (first, second) = (u64::from(first).min(threshold), u64::from(second).min(threshold));
			let whole = minted(reward(0), (first + second).min(threshold), threshold, mined);
			let slice = minted(reward(0), first, threshold, mined);
			prop_assert!(slice <= whole && whole <= reward(0));
			prop_assert!(mined + whole <= CAP);
			if first + second <= threshold {
				prop_assert!(slice + minted(reward(0), second, threshold, mined + slice) <= whole);
			}
		}

		#[test]
		fn what_is_affordable_is_the_most_that_the_amount_pays(
			reward in 1..=50 * DOIN, most in 0..=CAP, threshold in 1u64..1 << 40,
		) {
			let bits = affordable(reward, most, threshold);
			prop_assert!(price(reward, bits, threshold) <= most);
			if let Some(more) = bits.checked_add(1) {
				// One bit more costs more than the amount, before it is rounded down.
				prop_assert!(reward * u128::from(more) > most * u128::from(threshold));
			}
		}

		#[test]
		fn rewards_never_rise(index: u64, later: u64) {
			prop_assert!(reward(index.max(later)) <= reward(index.min(later)));
		}
	}
}
