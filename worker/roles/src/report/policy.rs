//! Decisions of a reporter.

use crate::journal::Entry;
use doin_chain::Account;
use doin_primitives::{
	oracle::{phase, PollPhase, Reports},
	views::PollView,
	BlockNumber,
};

/// Error of a reveal whose hash is not the one that was committed.
const WRONG_REVEAL: &str = "Oracle::WrongReveal";

/// Next step of a reporter in a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
	/// Nothing is due: the poll is over, or has what it needs.
	Nothing,
	/// The account is no validator of the session in which the poll opened.
	NoReporter,
	/// Ask the sources, and commit in one of the next blocks.
	Collect,
	/// Send the commitment of the journal entry.
	Commit,
	/// Send the reveal of the journal entry.
	Reveal,
	/// The chain has a commitment that the journal does not have. It cannot be revealed.
	Lost,
}

/// Returns the next step of `who`. A call that is sent now is in block `next` at the earliest. `entry` is the journal entry of the poll.
pub fn step(next: BlockNumber, poll: &PollView<Account>, who: Account, entry: Option<&Entry>) -> Step {
	if !poll.is_open {
		return Step::Nothing;
	}
	let Some(seat) = poll.reporters.iter().find(|reporter| reporter.who == who) else { return Step::NoReporter };
	let is_known = entry.is_some_and(|entry| fits(poll, entry));
	match phase(next, poll.commits_until, poll.reveals_until) {
		PollPhase::Committing if seat.committed => Step::Nothing,
		PollPhase::Committing if is_known => Step::Commit,
		PollPhase::Committing => Step::Collect,
		PollPhase::Revealing if seat.revealed || !seat.committed => Step::Nothing,
		PollPhase::Revealing if is_known => Step::Reveal,
		PollPhase::Revealing => Step::Lost,
		PollPhase::Counting => Step::Nothing,
	}
}

/// Returns `true` if the chain has a commitment of `who` in this poll.
pub(super) fn is_committed(poll: &PollView<Account>, who: Account) -> bool {
	poll.is_open && poll.reporters.iter().any(|reporter| reporter.who == who && reporter.committed)
}

/// Returns `true` if a reveal failed because the chain has another commitment. `dispatch_error` is the `Pallet::Error` of the call.
pub(super) fn is_of_another_entry(dispatch_error: Option<&str>) -> bool {
	dispatch_error == Some(WRONG_REVEAL)
}

/// Returns `true` if a journal entry is of this poll. On another branch of the chain, the poll of this number may ask for other batches.
pub(super) fn fits(poll: &PollView<Account>, entry: &Entry) -> bool {
	let Ok(reports) = entry.decode_payload::<Reports>() else { return false };
	let is_asked_for =
		|stream, bars: usize| poll.batches.iter().any(|batch| batch.stream == stream && usize::from(batch.bars) == bars);
	entry.reveal_from == poll.commits_until
		&& entry.reveal_until == poll.reveals_until
		&& reports.iter().all(|report| is_asked_for(report.stream, report.bars.len()))
}

/// Returns the best block up to which the sources are waited for. Three blocks can take the commitment then. A look that comes later waits
/// for one block. One before the last block that takes a commitment has a part of the time until that block, and this is the best block.
pub(super) fn last_wait(head: BlockNumber, poll: &PollView<Account>) -> BlockNumber {
	let latest = poll.commits_until.saturating_sub(2);
	poll.commits_until.saturating_sub(4).max(head.saturating_add(1)).min(latest)
}
