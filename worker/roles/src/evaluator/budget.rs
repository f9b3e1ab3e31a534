//! Limit of the time for verdicts of domains without weight, which anybody can make many of.

use doin_primitives::BlockNumber;
use std::time::Duration;

/// Time that verifications of domains without weight may take per round.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnweightedBudget {
	/// Blocks of a round.
	period: BlockNumber,
	/// Time per round.
	limit: Duration,
	/// Round in which time was spent last, counted from block 0.
	round: BlockNumber,
	/// Time spent in that round and before, less the limit of every round since.
	spent: Duration,
}

impl UnweightedBudget {
	/// Returns a budget of `seconds` per `period` blocks, of which nothing is spent.
	pub(super) fn new(period: BlockNumber, seconds: u64) -> Self {
		Self { period: period.max(1), limit: Duration::from_secs(seconds), round: 0, spent: Duration::ZERO }
	}

	/// Returns the time that counts against the limit at block `block`. A computation that took longer than the limit counts in
	/// the next rounds too.
	fn spent_at(&self, block: BlockNumber) -> Duration {
		let rounds = (block / self.period).saturating_sub(self.round);
		self.spent.saturating_sub(self.limit.saturating_mul(rounds))
	}

	/// Returns `true` if another computation may start at block `block`.
	pub(super) fn allows(&self, block: BlockNumber) -> bool {
		self.spent_at(block) < self.limit
	}

	/// Records that a computation took `time`.
	pub(super) fn spend(&mut self, block: BlockNumber, time: Duration) {
		self.spent = self.spent_at(block).saturating_add(time);
		self.round = self.round.max(block / self.period);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn n14_domains_without_weight_cost_a_bounded_time() {
		let mut budget = UnweightedBudget::new(10, 30);
		let second = Duration::from_secs(1);
		assert!(budget.allows(100));
		// Eighty huge domains: each verdict takes seven seconds.
		let mut verified = 0;
		for block in 100..1_100 {
			while budget.allows(block) {
				budget.spend(block, 7 * second);
				verified += 1;
			}
		}
		assert!((420..=430).contains(&verified), "30 s in each of 100 rounds, and at most one computation more: {verified}");
	}

	#[test]
	fn a_long_computation_counts_in_the_next_rounds() {
		let mut budget = UnweightedBudget::new(10, 30);
		budget.spend(100, Duration::from_secs(65));
		assert_eq!([100, 110, 119, 120].map(|block| budget.allows(block)), [false, false, false, true]);
		assert!(!UnweightedBudget::new(10, 0).allows(5), "a limit of 0 verifies none");
	}
}
