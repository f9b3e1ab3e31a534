//! Pauses between the attempts of a step that fails.

use doin_primitives::BlockNumber;

/// Blocks until a step that failed is tried again: twice as many after each failure, up to this many.
const LONGEST_PAUSE: BlockNumber = 64;

/// Failures of a step, and the block from which it is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retry {
	failures: u32,
	again: BlockNumber,
}

impl Retry {
	/// Returns `true` if the step may be tried at this block.
	pub(crate) fn is_due(&self, block: BlockNumber) -> bool {
		block >= self.again
	}

	/// Records a failure at this block. Returns the block in which the step is tried again.
	pub(crate) fn fail(&mut self, block: BlockNumber) -> BlockNumber {
		let pause = 1u32.checked_shl(self.failures).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
		self.failures = self.failures.saturating_add(1);
		self.again = block.saturating_add(pause);
		self.again
	}

	/// Records an end at this block, after which the step is not tried again for the longest pause.
	pub(crate) fn rest(&mut self, block: BlockNumber) {
		self.again = block.saturating_add(LONGEST_PAUSE);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn pauses_double_up_to_the_longest() {
		let mut retry = Retry::default();
		assert!(retry.is_due(0));
		assert_eq!([retry.fail(100), retry.fail(101), retry.fail(103)], [101, 103, 107]);
		assert!(!retry.is_due(106) && retry.is_due(107));
		for _ in 0..80 {
			retry.fail(200);
		}
		assert_eq!(retry.fail(200), 200 + LONGEST_PAUSE);
	}
}
