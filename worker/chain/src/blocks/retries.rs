//! Pauses between attempts to read the same block, and the reports on them.

use super::error::Delay;
use crate::connection::backoff;
use std::{collections::HashSet, time::Duration};
use subxt::rpcs::client::reconnecting_rpc_client::ExponentialBackoff;

/// Failed attempts before a reason is reported: as many as [`backoff`] has pauses that are shorter than [`PAUSE`].
pub(super) const QUIET: usize = 5;
/// Longest pause.
const PAUSE: Duration = Duration::from_secs(8);

/// Failed attempts to read the same block.
pub(super) struct Retries {
	/// All pauses.
	all: ExponentialBackoff,
	/// Pauses that are left.
	left: ExponentialBackoff,
	/// Number of failed attempts.
	failed: usize,
	/// Reasons that were reported.
	reported: HashSet<String>,
}

impl Default for Retries {
	fn default() -> Self {
		Self::new(backoff())
	}
}

impl Retries {
	/// Returns the value before the first attempt.
	pub(super) fn new(pauses: ExponentialBackoff) -> Self {
		Self { all: pauses, left: pauses, failed: 0, reported: HashSet::new() }
	}

	/// Forgets the failed attempts, because the block was read.
	pub(super) fn succeed(&mut self) {
		if self.failed > 0 {
			*self = Self::new(self.all);
		}
	}

	/// Counts an attempt that failed for this reason. Returns the pause before the next attempt, and `true` if the reason is to be
	/// reported: once, and only after [`QUIET`] failed attempts.
	pub(super) fn fail(&mut self, reason: &Delay) -> (Duration, bool) {
		self.failed = self.failed.saturating_add(1);
		let is_reported = self.failed > QUIET && self.reported.insert(reason.to_string());
		(self.left.next().unwrap_or(PAUSE), is_reported)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn not_there(block: u32) -> Delay {
		Delay::NotThere { url: "ws://node:9944".into(), block }
	}

	#[test]
	fn the_reason_is_reported_once_when_the_pauses_have_reached_the_longest_one() {
		let mut retries = Retries::default();
		let found: Vec<_> = (0..9).map(|_| retries.fail(&not_there(7))).collect();
		let reports = found.iter().map(|(_, is_reported)| *is_reported);
		assert!(reports.eq([false, false, false, false, false, true, false, false, false]));
		let longest = found.iter().map(|(pause, _)| *pause == PAUSE);
		assert!(longest.eq([false, false, false, false, false, true, true, true, true]));
	}

	#[test]
	fn another_reason_is_reported_too_and_an_alternation_is_not_repeated() {
		let mut retries = Retries::default();
		(0..=QUIET).for_each(|_| _ = retries.fail(&not_there(7)));
		let other = Delay::OtherNetwork { url: "ws://node:9944".into() };
		assert!(retries.fail(&other).1);
		assert!(!retries.fail(&not_there(7)).1 && !retries.fail(&other).1);
	}

	#[test]
	fn a_block_that_was_read_ends_the_count() {
		let mut retries = Retries::default();
		let first = retries.fail(&not_there(7)).0;
		(0..QUIET).for_each(|_| _ = retries.fail(&not_there(7)));
		retries.succeed();
		let found: Vec<_> = (0..=QUIET).map(|_| retries.fail(&not_there(7))).collect();
		assert_eq!(found[0], (first, false));
		assert_eq!(found.iter().filter(|(_, is_reported)| *is_reported).count(), 1);
	}
}
