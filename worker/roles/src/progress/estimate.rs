//! Estimate of the time until the running batch of candidates ends.

use std::{collections::VecDeque, time::Duration};

/// Batches that the estimate is made from.
const BATCHES: usize = 15;

/// Lengths of past batches, and the begin of the running one.
#[derive(Clone, Debug, Default)]
pub(super) struct Estimate {
	begun: Option<Duration>,
	/// Lengths of the last batches with epochs, oldest first.
	lengths: VecDeque<Duration>,
}

impl Estimate {
	/// Records that a batch begins at the time `now`.
	pub(super) fn begin(&mut self, now: Duration) {
		self.begun = Some(now);
	}

	/// Records that the running batch ends at the time `now`. The length of a batch counts if it `has_epochs`: linear models
	/// alone take hardly any time.
	pub(super) fn end(&mut self, now: Duration, has_epochs: bool) {
		let Some(begun) = self.begun.take().filter(|_| has_epochs) else { return };
		if self.lengths.len() == BATCHES {
			self.lengths.pop_front();
		}
		self.lengths.push_back(now.saturating_sub(begun));
	}

	/// Records that the running batch was given up.
	pub(super) fn abandon(&mut self) {
		self.begun = None;
	}

	/// Returns the median of past batches less the time since the begin of the running one, at least 0. `None` without a
	/// running batch or a past one.
	pub(super) fn remaining(&self, now: Duration) -> Option<Duration> {
		let spent = now.saturating_sub(self.begun?);
		let mut lengths: Vec<_> = self.lengths.iter().copied().collect();
		lengths.sort_unstable();
		let median = lengths.get(lengths.len() / 2)?;
		Some(median.saturating_sub(spent))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn at(seconds: u64) -> Duration {
		Duration::from_secs(seconds)
	}

	#[test]
	fn the_median_of_past_batches_is_what_a_batch_takes() {
		let mut estimate = Estimate::default();
		estimate.begin(at(0));
		assert_eq!(estimate.remaining(at(3)), None, "no batch has ended");
		estimate.end(at(1), false);
		estimate.begin(at(1));
		assert_eq!(estimate.remaining(at(2)), None, "linear models are not an example");
		for (begin, length) in [(10, 5), (20, 100), (200, 7)] {
			estimate.begin(at(begin));
			estimate.end(at(begin + length), true);
		}
		assert_eq!(estimate.remaining(at(300)), None, "nothing is trained");
		estimate.begin(at(300));
		assert_eq!(estimate.remaining(at(302)), Some(at(5)));
		assert_eq!(estimate.remaining(at(900)), Some(at(0)), "later than estimated");
	}

	#[test]
	fn old_batches_are_forgotten() {
		let mut estimate = Estimate::default();
		for length in std::iter::repeat_n(100, 40).chain(std::iter::repeat_n(2, BATCHES)) {
			estimate.begin(at(0));
			estimate.end(at(length), true);
		}
		estimate.begin(at(0));
		assert_eq!((estimate.remaining(at(0)), estimate.lengths.len()), (Some(at(2)), BATCHES));
	}
}
