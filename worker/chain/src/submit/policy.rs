//! Policy of a submission: when an attempt is made, with which tip, and when the call is done or given up. Pure: blocks and
//! nonces in, decisions out.
//!
//! A call must not be applied twice, although the node can go away between an attempt and its report. All attempts of a
//! submission therefore have one nonce, so that at most one of them is applied. Once that nonce is spent, the blocks since the
//! first attempt show whether one of the attempts has spent it ([`fate`]). If none has, another program signs with the same key,
//! no attempt can be applied any more, and the call is signed with another nonce.

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
/// Blocks for which one attempt of a call with a deadline is watched, before it is repeated with a higher tip.
const ATTEMPT_BLOCKS: u32 = 3;
/// Bits by which the highest tip is reduced for each attempt that remains after this one.
const TIP_STEP_BITS: u32 = 4;

/// Returns the number of the block at which the era of a transaction starts, or `None` for the best block itself.
pub(super) fn era_start(head: BlockNumber) -> Option<BlockNumber> {
	head.checked_sub(ERA_DEPTH)
}

/// Returns the last block that can include a transaction that is signed at the best block `head`.
pub(super) fn era_end(head: BlockNumber) -> BlockNumber {
	era_start(head).unwrap_or(head).saturating_add(ERA - 1)
}

/// State of the submission of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Submission {
	/// Last block that the call may be in.
	last: BlockNumber,
	/// Blocks for which one attempt is watched.
	attempt_blocks: u32,
	/// Tip of the next attempt in plancks, before it rises towards the highest tip.
	tip: Balance,
	/// Highest tip in plancks, which the last attempt offers; `None` if the tip only doubles.
	max_tip: Option<Balance>,
	/// An attempt was given up.
	repeated: bool,
	/// Last block that can include the newest attempt, if that is watched beyond `last`.
	watched_until: Option<BlockNumber>,
	/// The call is watched until no attempt of it can be included any more.
	outlasts: bool,
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
	/// Wait for the next block: an earlier attempt can still be included.
	Watch,
	/// Give the call up: it cannot be in a block in time any more.
	GiveUp {
		/// Last block that the call could be in.
		by: BlockNumber,
	},
}

/// Fate of the attempts with one nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate<P> {
	/// No transaction has spent the nonce: an attempt may still be included.
	Open,
	/// An attempt is included.
	Included(P),
	/// Another transaction of the account has spent the nonce: no attempt can be included any more.
	Displaced,
}

/// Returns the fate of the attempts with `nonce`. `next` is the nonce of the account's next transaction, and `found` the place
/// of an attempt on the same branch.
pub(super) fn fate<P>(nonce: u64, next: u64, found: Option<P>) -> Fate<P> {
	match found {
		Some(place) => Fate::Included(place),
		None if next > nonce => Fate::Displaced,
		None => Fate::Open,
	}
}

impl Submission {
	/// Returns the submission of a call with `size` argument bytes, which starts at the best block `head`.
	pub(super) fn new(size: usize, urgency: Urgency, head: BlockNumber) -> Self {
		let (last, attempt_blocks, max_tip) = match urgency {
			Urgency::Relaxed => (head.saturating_add(ERA), ERA, None),
			Urgency::Before(block) => (block.saturating_sub(1), ATTEMPT_BLOCKS, None),
			Urgency::Staked { block, max_tip } => (block.saturating_sub(1), ATTEMPT_BLOCKS, Some(max_tip.max(MIN_TIP))),
		};
		let outlasts = urgency == Urgency::Relaxed;
		let tip = if size > LARGE || !outlasts { MIN_TIP } else { 0 };
		Self { last, attempt_blocks, tip, max_tip, repeated: false, watched_until: None, outlasts }
	}

	/// Returns the next step at the best block `head`.
	pub(super) fn next(&self, head: BlockNumber) -> Step {
		if head >= self.last {
			return match self.watched_until {
				Some(until) if self.outlasts && head < until => Step::Watch,
				_ => Step::GiveUp { by: self.watched_until.filter(|_| self.outlasts).unwrap_or(self.last).max(self.last) },
			};
		}
		let left = self.last.saturating_sub(head);
		// A first attempt with the least tip leaves a block for another one.
		let reserved = u32::from(self.max_tip.is_some() && !self.repeated && left > 1);
		Step::Attempt {
			tip: self.tip_at(head),
			until: head.saturating_add(self.attempt_blocks.min(left.saturating_sub(reserved))),
		}
	}

	/// Returns the tip of an attempt at the best block `head`: the least one first, since most blocks have room. From the second
	/// attempt on it rises to the highest tip, which the last attempt before the deadline offers.
	fn tip_at(&self, head: BlockNumber) -> Balance {
		let Some(max_tip) = self.max_tip else { return self.tip };
		let left = self.last.saturating_sub(head);
		let attempts_after = match self.repeated {
			true => left.div_ceil(ATTEMPT_BLOCKS).saturating_sub(1),
			false if left > 1 => return self.tip,
			false => 1,
		};
		let steps = attempts_after.saturating_mul(TIP_STEP_BITS);
		self.tip.max(max_tip.checked_shr(steps).unwrap_or(0)).min(max_tip)
	}

	/// Records that an attempt was signed at the best block `head`.
	pub(super) fn on_signed(&mut self, head: BlockNumber) {
		self.watched_until = Some(era_end(head));
	}

	/// Doubles the tip after an attempt that was given up. A pool bans an invalid transaction for half an hour, so the next
	/// attempt has to be another transaction.
	pub(super) fn on_setback(&mut self) {
		self.tip = self.tip.max(MIN_TIP / 2).saturating_mul(2);
		self.repeated = true;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn attempt(submission: &Submission, head: BlockNumber) -> (Balance, BlockNumber) {
		match submission.next(head) {
			Step::Attempt { tip, until } => (tip, until),
			other => panic!("{other:?} at block {head}"),
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

	/// Two programs sign with one key, and the nonce moves on without a transaction of this one.
	#[test]
	fn k31_a_spent_nonce_alone_does_not_show_that_the_call_was_included() {
		assert_eq!(fate::<u8>(7, 7, None), Fate::Open);
		assert_eq!(fate::<u8>(7, 6, None), Fate::Open, "a fork may lower the nonce");
		assert_eq!(fate::<u8>(7, 8, None), Fate::Displaced);
		assert_eq!(fate(7, 8, Some(1u8)), Fate::Included(1));
	}

	/// An answer for which 0.4 DOIN are at stake: a tenth of that is offered before it is late, and nearly nothing at first.
	#[test]
	fn n2_the_tip_rises_to_a_part_of_what_is_at_stake() {
		let max_tip = 40_000_000_000;
		let mut submission = Submission::new(40, Urgency::Staked { block: 112, max_tip }, 100);
		let mut tips = Vec::new();
		for head in [100, 103, 106, 109] {
			tips.push(attempt(&submission, head).0);
			submission.on_setback();
		}
		assert_eq!(tips, [MIN_TIP, max_tip >> 8, max_tip >> 4, max_tip]);
		let mut short = Submission::new(40, Urgency::Staked { block: 104, max_tip }, 100);
		assert_eq!(attempt(&short, 100), (MIN_TIP, 102), "a block is left for another attempt");
		short.on_setback();
		assert_eq!(attempt(&short, 102), (max_tip, 103));
		let late = Submission::new(40, Urgency::Staked { block: 112, max_tip }, 110);
		assert_eq!(attempt(&late, 110), (max_tip >> 4, 111), "the only attempt");
		let mut poor = Submission::new(40, Urgency::Staked { block: 200, max_tip: 0 }, 100);
		poor.on_setback();
		assert_eq!(attempt(&poor, 150).0, MIN_TIP, "the least tip is not worth a setting");
	}

	#[test]
	fn a_call_about_money_is_watched_until_no_attempt_can_be_included() {
		let mut submission = Submission::new(40, Urgency::Relaxed, 100);
		submission.on_signed(110);
		assert_eq!((submission.next(116), submission.next(122)), (Step::Watch, Step::Watch));
		assert_eq!(submission.next(123), Step::GiveUp { by: 123 }, "the era ends with block 123");
		let mut urgent = Submission::new(40, Urgency::Before(117), 100);
		urgent.on_signed(110);
		assert_eq!(urgent.next(116), Step::GiveUp { by: 116 }, "after its deadline a late call is useless");
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
		assert_eq!([0, 2, 100].map(era_end), [15, 15, 113]);
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
			size in 0usize..4_096,
			start in 0u32..1_000,
			deadline in proptest::option::of(0u32..1_100),
			stake in proptest::option::of(0u128..1 << 60),
			steps: Vec<u8>,
		) {
			let urgency = match (deadline, stake) {
				(None, _) => Urgency::Relaxed,
				(Some(block), None) => Urgency::Before(block),
				(Some(block), Some(max_tip)) => Urgency::Staked { block, max_tip },
			};
			let mut submission = Submission::new(size, urgency, start);
			let (mut head, mut last_tip) = (start, 0);
			let mut steps = steps.into_iter().map(|step| u32::from(step % 5)).chain(std::iter::repeat(1));
			loop {
				match submission.next(head) {
					Step::Attempt { tip, until } => {
						assert!(head < until && tip >= last_tip);
						assert!(deadline.is_none_or(|deadline| until < deadline));
						assert!(until <= start.max(head) + ERA);
						assert!(deadline.is_none() || stake.is_none_or(|stake| tip <= stake.max(MIN_TIP)));
						last_tip = tip;
						submission.on_signed(head);
					}
					Step::Watch => assert!(deadline.is_none() && head <= start + 2 * ERA),
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
