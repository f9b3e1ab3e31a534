//! Policy of a submission: when an attempt is made, with which tip, and when the call is done or given up. Pure: blocks and
//! nonces in, decisions out.
//!
//! A call must not be applied twice, although the node can go away between an attempt and its report. The nonce decides that:
//! attempts of one submission are signed with the nonce of the account at the best block. If that nonce is above the nonce of the
//! first attempt, an earlier attempt was included, since the calls of an account follow each other ([`crate::Signer`]).

use super::Urgency;
use doin_primitives::{Balance, BlockNumber};

/// Blocks for which a transaction is valid. The base fee grows at most sixfold in that time.
pub(super) const ERA: u32 = 16;
/// Blocks between the start of the era and the best block, so that a short fork does not invalidate the transaction.
const ERA_DEPTH: u32 = 2;
/// Least tip of a call that is large or has a deadline, in plancks: a full pool evicts the transaction with the lowest priority
/// per byte.
const MIN_TIP: Balance = 10_000;
/// Calls with more argument bytes than this are tipped.
const LARGE: usize = 1_024;
/// Blocks for which one attempt of a call with a deadline is watched, before it is repeated with twice the tip.
const ATTEMPT_BLOCKS: u32 = 3;

/// Returns the number of the block at which the era of a transaction starts, or `None` for the best block itself.
pub(super) fn era_start(head: BlockNumber) -> Option<BlockNumber> {
	head.checked_sub(ERA_DEPTH)
}

/// State of the submission of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Submission {
	/// Last block that the call may be in.
	last: BlockNumber,
	/// Blocks for which one attempt is watched.
	attempt_blocks: u32,
	/// Tip of the next attempt, in plancks.
	tip: Balance,
	/// Nonce of the first attempt.
	first_nonce: Option<u64>,
}

/// Next step of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
	/// Sign the call with this tip, send it, and watch it.
	Attempt {
		/// Tip in plancks.
		tip: Balance,
		/// Last block for which the attempt is watched.
		until: BlockNumber,
	},
	/// Give the call up: it cannot be in a block in time any more.
	GiveUp {
		/// Last block that the call could be in.
		by: BlockNumber,
	},
}

/// Relation of an attempt to the attempts before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nonce {
	/// No earlier attempt is included.
	Unspent,
	/// An earlier attempt is included. The call must not be sent again.
	Spent,
}

impl Submission {
	/// Returns the submission of a call with `size` argument bytes, which starts at the best block `head`.
	pub(super) fn new(size: usize, urgency: Urgency, head: BlockNumber) -> Self {
		let (last, attempt_blocks) = match urgency {
			Urgency::Relaxed => (head.saturating_add(ERA), ERA),
			Urgency::Before(block) => (block.saturating_sub(1), ATTEMPT_BLOCKS),
		};
		let tipped = size > LARGE || urgency != Urgency::Relaxed;
		Self { last, attempt_blocks, tip: if tipped { MIN_TIP } else { 0 }, first_nonce: None }
	}

	/// Returns the next step at the best block `head`.
	pub(super) fn next(&self, head: BlockNumber) -> Step {
		if head >= self.last {
			return Step::GiveUp { by: self.last };
		}
		Step::Attempt { tip: self.tip, until: head.saturating_add(self.attempt_blocks).min(self.last) }
	}

	/// Takes the nonce of the account at the best block, and returns whether an earlier attempt has spent the first one.
	pub(super) fn on_nonce(&mut self, nonce: u64) -> Nonce {
		match *self.first_nonce.get_or_insert(nonce) < nonce {
			true => Nonce::Spent,
			false => Nonce::Unspent,
		}
	}

	/// Doubles the tip after an attempt that was given up. A pool bans an invalid transaction for half an hour, so the next
	/// attempt has to be another transaction.
	pub(super) fn on_setback(&mut self) {
		self.tip = self.tip.max(MIN_TIP / 2).saturating_mul(2);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn attempt(submission: &Submission, head: BlockNumber) -> (Balance, BlockNumber) {
		match submission.next(head) {
			Step::Attempt { tip, until } => (tip, until),
			Step::GiveUp { by } => panic!("given up at block {head}, since the last block was {by}"),
		}
	}

	#[test]
	fn a_small_call_without_deadline_is_not_tipped_and_has_one_era() {
		let submission = Submission::new(40, Urgency::Relaxed, 100);
		assert_eq!(attempt(&submission, 100), (0, 116));
		assert_eq!(attempt(&submission, 110), (0, 116));
		assert_eq!(submission.next(116), Step::GiveUp { by: 116 });
	}

	#[test]
	fn a_large_call_is_tipped() {
		assert_eq!(attempt(&Submission::new(LARGE, Urgency::Relaxed, 0), 0).0, 0);
		assert_eq!(attempt(&Submission::new(LARGE + 1, Urgency::Relaxed, 0), 0).0, MIN_TIP);
	}

	#[test]
	fn a_call_with_a_deadline_is_tipped_and_watched_for_a_few_blocks() {
		let submission = Submission::new(40, Urgency::Before(120), 100);
		assert_eq!(attempt(&submission, 100), (MIN_TIP, 103));
		assert_eq!(attempt(&submission, 117), (MIN_TIP, 119), "no attempt outlives the deadline");
		assert_eq!(attempt(&submission, 118), (MIN_TIP, 119));
		assert_eq!(submission.next(119), Step::GiveUp { by: 119 }, "block 120 is too late, and 119 is there already");
	}

	#[test]
	fn a_deadline_in_the_past_allows_no_attempt() {
		for block in [0, 1, 99, 100, 101] {
			let submission = Submission::new(0, Urgency::Before(block), 100);
			assert_eq!(submission.next(100), Step::GiveUp { by: block.saturating_sub(1) });
		}
	}

	#[test]
	fn every_setback_doubles_the_tip() {
		let mut submission = Submission::new(0, Urgency::Relaxed, 0);
		let mut tips = vec![];
		for _ in 0..4 {
			tips.push(attempt(&submission, 0).0);
			submission.on_setback();
		}
		assert_eq!(tips, [0, 10_000, 20_000, 40_000]);
		let mut urgent = Submission::new(0, Urgency::Before(50), 0);
		urgent.on_setback();
		assert_eq!(attempt(&urgent, 0).0, 20_000);
		for _ in 0..200 {
			urgent.on_setback();
		}
		assert_eq!(attempt(&urgent, 0).0, Balance::MAX, "the tip saturates");
	}

	#[test]
	fn attempts_with_the_first_nonce_go_on() {
		let mut submission = Submission::new(0, Urgency::Relaxed, 0);
		assert_eq!(submission.on_nonce(7), Nonce::Unspent);
		submission.on_setback();
		assert_eq!(submission.on_nonce(7), Nonce::Unspent);
	}

	#[test]
	fn a_higher_nonce_ends_the_submission() {
		let mut submission = Submission::new(0, Urgency::Relaxed, 0);
		assert_eq!(submission.on_nonce(7), Nonce::Unspent);
		assert_eq!(submission.on_nonce(8), Nonce::Spent);
		assert_eq!(submission.on_nonce(9), Nonce::Spent, "it stays spent");
	}

	#[test]
	fn a_fork_that_lowers_the_nonce_does_not_end_the_submission() {
		let mut submission = Submission::new(0, Urgency::Relaxed, 0);
		submission.on_nonce(7);
		assert_eq!(submission.on_nonce(6), Nonce::Unspent);
		assert_eq!(submission.on_nonce(7), Nonce::Unspent);
	}

	#[test]
	fn a_submission_that_waits_for_its_node_is_given_up_by_the_first_block_after_the_deadline() {
		let submission = Submission::new(0, Urgency::Before(120), 100);
		// The head does not move while the node is away.
		assert_eq!(attempt(&submission, 100), attempt(&submission, 100));
		assert_eq!(submission.next(200), Step::GiveUp { by: 119 });
	}

	#[test]
	fn an_era_starts_below_the_head() {
		assert_eq!([0, 1, 2, 3, 100].map(era_start), [None, None, Some(0), Some(1), Some(98)]);
	}

	#[test]
	fn numbers_at_the_end_of_their_range_do_not_overflow() {
		let relaxed = Submission::new(usize::MAX, Urgency::Relaxed, BlockNumber::MAX);
		assert_eq!(relaxed.next(BlockNumber::MAX), Step::GiveUp { by: BlockNumber::MAX });
		let urgent = Submission::new(0, Urgency::Before(BlockNumber::MAX), 0);
		assert_eq!(attempt(&urgent, BlockNumber::MAX - 2).1, BlockNumber::MAX - 1);
	}

	proptest::proptest! {
		/// Plays a whole submission: every attempt starts and ends before the deadline, tips never fall, and it ends.
		#[test]
		fn every_submission_ends_in_time(
			size in 0usize..4_096, start in 0u32..1_000, deadline in proptest::option::of(0u32..1_100), steps: Vec<u8>
		) {
			let urgency = deadline.map_or(Urgency::Relaxed, Urgency::Before);
			let mut submission = Submission::new(size, urgency, start);
			let (mut head, mut last_tip) = (start, 0);
			let mut steps = steps.into_iter().map(|step| u32::from(step % 5)).chain(std::iter::repeat(1));
			loop {
				match submission.next(head) {
					Step::Attempt { tip, until } => {
						assert!(head < until && tip >= last_tip);
						assert!(deadline.is_none_or(|deadline| until < deadline));
						assert!(until <= start.max(head) + ERA);
						last_tip = tip;
					}
					Step::GiveUp { by } => {
						assert!(head >= by);
						break;
					}
				}
				submission.on_setback();
				head += steps.next().unwrap_or(1);
			}
		}
	}
}
