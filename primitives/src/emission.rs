//! Emission: reward of a work block, halving, cap, and the exact 65/30/5 split.

use crate::{Balance, DOIN, Q32};

/// Reward of the first work blocks.
pub const INITIAL_REWARD: Balance = 50 * DOIN;
/// Work blocks between two halvings.
pub const HALVING: u64 = 210_000;
/// Most DOIN ever mined.
pub const CAP: Balance = 21_000_000 * DOIN;

/// Reward R of work block `index`, counted from 0 (as upstream's coin model does).
pub fn reward(index: u64) -> Balance {
	INITIAL_REWARD.checked_shr((index / HALVING).min(128) as u32).unwrap_or(0)
}

/// What a seal mints for `taken` of a threshold `threshold`: `R · taken / T`, never beyond what the cap leaves.
pub fn minted(reward: Balance, taken: Q32, threshold: Q32, mined: Balance) -> Balance {
	let whole = reward.saturating_mul(taken.min(threshold).into()).checked_div(threshold.into()).unwrap_or(0);
	whole.min(CAP.saturating_sub(mined))
}

/// The three parts of a minted amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
	/// 65 %, rounded down.
	pub optimizers: Balance,
	/// 30 %, rounded down.
	pub evaluators: Balance,
	/// 5 % and the dust.
	pub generator: Balance,
}

/// Splits `minted` into 65/30/5; the dust goes to the generator, so the parts always add up.
pub fn split(minted: Balance) -> Split {
	let optimizers = minted.saturating_mul(65) / 100;
	let evaluators = minted.saturating_mul(30) / 100;
	Split { optimizers, evaluators, generator: minted.saturating_sub(optimizers).saturating_sub(evaluators) }
}

#[cfg(test)]
mod tests {
	use super::*;

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
			assert_eq!(s.optimizers + s.evaluators + s.generator, amount);
		}
		assert_eq!(split(50 * DOIN), Split { optimizers: 325 * DOIN / 10, evaluators: 15 * DOIN, generator: 25 * DOIN / 10 });
	}

	#[test]
	fn a_unit_of_improvement_is_always_worth_the_same() {
		let (r, t) = (reward(0), 1 << 30);
		assert_eq!(minted(r, t, t, 0), r);
		assert_eq!(minted(r, t / 4, t, 0), r / 4);
		assert_eq!(minted(r, t * 9, t, 0), r, "a seal never takes more than T");
		assert_eq!(minted(r, t, t, CAP - 7), 7, "the cap binds");
	}
}
