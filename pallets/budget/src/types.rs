//! Type of the storage item, and the arithmetic of a window.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{Balance, BlockNumber};
use scale_info::TypeInfo;

/// Budget of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Budget {
	/// Largest amount that can be spent in one window, in plancks.
	pub limit: Balance,
	/// Length of a window, in blocks.
	pub period: BlockNumber,
	/// Amount that was spent in the window that begins at `since`, in plancks.
	pub spent: Balance,
	/// First block of the window.
	pub since: BlockNumber,
}

impl Budget {
	/// Returns a budget of which nothing is spent and whose first window begins at block `now`.
	pub const fn new(limit: Balance, period: BlockNumber, now: BlockNumber) -> Self {
		Self { limit, period, spent: 0, since: now }
	}

	/// Returns the amount that can be spent at block `now`, in plancks.
	pub const fn left(&self, now: BlockNumber) -> Balance {
		self.limit.saturating_sub(self.at(now).spent)
	}

	/// Returns the budget after `amount` is spent at block `now`, or `None` if the limit of the window does not suffice. A window
	/// that is over is followed by one that begins at `now`.
	pub fn charged(&self, now: BlockNumber, amount: Balance) -> Option<Self> {
		let budget = self.at(now);
		let spent = budget.spent.checked_add(amount)?;
		(spent <= budget.limit).then_some(Self { spent, ..budget })
	}

	/// Returns the budget at block `now`: with a new window if the stored one is over.
	const fn at(&self, now: BlockNumber) -> Self {
		if now >= self.since.saturating_add(self.period) {
			Self::new(self.limit, self.period, now)
		} else {
			*self
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_window_begins_with_the_first_call_after_the_last_one() {
		let budget = Budget::new(10, 5, 100).charged(101, 7).unwrap();
		assert_eq!(budget, Budget { limit: 10, period: 5, spent: 7, since: 100 });
		assert_eq!((budget.left(104), budget.charged(104, 4)), (3, None));
		assert_eq!(budget.left(105), 10);
		assert_eq!(budget.charged(117, 4).unwrap(), Budget { limit: 10, period: 5, spent: 4, since: 117 });
	}

	#[test]
	fn extreme_numbers_are_refused_and_do_not_wrap() {
		let budget = Budget::new(Balance::MAX, BlockNumber::MAX, 1).charged(1, Balance::MAX).unwrap();
		assert_eq!((budget.left(2), budget.charged(2, 1)), (0, None));
		assert_eq!(
			Budget { period: 1, since: BlockNumber::MAX, ..budget }.left(BlockNumber::MAX),
			Balance::MAX,
			"the window is over"
		);
	}

	proptest! {
		#[test]
		fn at_most_the_limit_is_spent_in_a_window_and_twice_the_limit_in_any_period(
			limit in 1u128..1_000,
			period in 1u32..50,
			calls in prop::collection::vec((0u32..20, 0u128..600), 0..100),
		) {
			let mut budget = Budget::new(limit, period, 0);
			let (mut now, mut spent) = (0, Vec::<(BlockNumber, Balance)>::new());
			for (wait, amount) in calls {
				now += wait;
				if let Some(next) = budget.charged(now, amount) {
					prop_assert!(next.spent <= limit && next.since <= now);
					prop_assert_eq!(budget.left(now), limit - next.spent + amount);
					spent.push((now, amount));
					budget = next;
				} else {
					prop_assert!(amount > budget.left(now));
				}
			}
			for (from, _) in &spent {
				let within = spent.iter().filter(|(at, _)| (*from..from + period).contains(at));
				prop_assert!(within.map(|(_, amount)| amount).sum::<Balance>() <= 2 * limit);
			}
		}
	}
}
