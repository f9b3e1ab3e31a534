//! Decisions of the evaluators of a worker.

use crate::{
	journal::{Entry, Scope, State},
	random::spread,
};
use codec::Encode;
use doin_chain::Account;
use doin_primitives::{
	blake2_256,
	payload::{Challenge, Sums},
	views::{EvaluatorSeatView, RecomputationPhase, RecomputationView, RoundView},
	BlockNumber, DomainId, Hash, ModelId, ModelRef, RoundId, SeatStatus, TaskId,
};
use std::collections::BTreeSet;

/// Blocks that the drawn evaluators have for themselves to settle or recompute a task, beside one block each.
pub(super) const COURTESY: BlockNumber = 4;
/// Chunks that one call of `recompute` covers.
pub(super) const CHUNKS_PER_CALL: u16 = 8;

/// Errors of calls that another evaluator has made first, or whose task has moved on.
const OVERTAKEN: [&str; 4] = [
	"Recomputation::WrongPhase",
	"Recomputation::UnknownTask",
	"Recomputation::AlreadyCommitted",
	"Recomputation::AlreadyRevealed",
];
/// Error of a recomputation that another evaluator has made first.
const ALREADY_RECOMPUTED: &str = "Recomputation::AlreadyRecomputed";

/// Work on a task or domain. A duty that is running is not started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
	/// Commits the sums of a drawn account.
	CommitSums {
		/// Task that the account was drawn for.
		task: TaskId,
		/// The drawn account.
		who: Account,
	},
	/// Reveals the sums of a drawn account.
	RevealSums {
		/// Task that the account was drawn for.
		task: TaskId,
		/// The drawn account.
		who: Account,
	},
	/// Has the runtime compare the answers.
	Settle {
		/// Task to settle.
		task: TaskId,
	},
	/// Has the runtime compute the chunks that no quorum answered.
	Recompute {
		/// Task to recompute.
		task: TaskId,
	},
	/// Compares settled sums with own ones, and challenges the first false one.
	VerifySums {
		/// Settled task.
		task: TaskId,
	},
	/// Compares claimed validation sums with own ones, and challenges the first false one.
	CheckClaims {
		/// Domain of the claims.
		domain: DomainId,
	},
	/// Gets the bond of a challenge back that is not needed any more.
	RecoverBond {
		/// Challenged task.
		task: TaskId,
		/// Account that announced the challenge.
		who: Account,
	},
}

/// A duty and the identity that does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
	/// Work to do.
	pub duty: Duty,
	/// Account that signs its calls.
	pub who: Account,
}

/// Validation sums that the author of a model claims, in a seat that awaits its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
	/// Model that the sums are claimed for.
	pub model: ModelId,
	/// Round of the seat.
	pub round: RoundId,
	/// Index of the seat.
	pub seat: u8,
}

/// Settled sums that were found to be correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct VerifiedSums {
	task: TaskId,
	/// Hash of the settled sums, since a challenged task is settled again.
	sums: Hash,
}

/// First step towards the commitment of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerStep {
	/// The journal holds the entry: its commitment is sent again.
	Resend,
	/// The journal has no entry: one is prepared.
	Prepare,
	/// The journal holds other sums. A fork drew other windows, and the old commitment is not on this branch.
	Replace,
}

/// Next step of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeStep {
	/// The journal does not hold the challenge: an entry is prepared, and announced.
	Prepare,
	/// The challenge is prepared: it is announced.
	Announce,
	/// The challenge is announced: it is made.
	Make,
}

/// Chunks of one call of `recompute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRange {
	/// First chunk.
	pub from: u16,
	/// Number of chunks.
	pub count: u16,
}

/// Meaning of a failed duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
	/// Another evaluator was faster, or the task has moved on. Nothing is lost.
	Overtaken,
	/// Anything else.
	Unexpected,
}

/// The decisions of the evaluators of one worker, and the state that they depend on.
#[derive(Debug)]
pub struct Policy {
	/// Accounts of the worker that evaluate; at least one.
	identities: Vec<Account>,
	/// Blocks that a task waits for a call of `settle`.
	settle_timeout: BlockNumber,
	verified: BTreeSet<VerifiedSums>,
	checked: BTreeSet<Claim>,
}

impl Policy {
	/// Returns the policy of the accounts `identities`, which have verified nothing yet.
	pub fn new(identities: Vec<Account>, settle_timeout: BlockNumber) -> Self {
		Self { identities, settle_timeout, verified: BTreeSet::new(), checked: BTreeSet::new() }
	}

	/// Returns what is due on a task at block `block`.
	pub fn assignments(&self, block: BlockNumber, view: &RecomputationView<Account>) -> Vec<Assignment> {
		let task = view.task;
		let on_turn = |duty| self.turn(block, view).map(|who| Assignment { duty, who }).into_iter().collect();
		match view.phase {
			RecomputationPhase::Drawing => Vec::new(),
			RecomputationPhase::Answering => self.own_seats(view, |seat| !seat.committed, |who| Duty::CommitSums { task, who }),
			RecomputationPhase::Revealing => {
				self.own_seats(view, |seat| seat.committed && !seat.revealed, |who| Duty::RevealSums { task, who })
			}
			RecomputationPhase::Settling => on_turn(Duty::Settle { task }),
			RecomputationPhase::Recomputing => on_turn(Duty::Recompute { task }),
			RecomputationPhase::Challenge if view.sums.is_empty() || self.is_verified(task, &view.sums) => Vec::new(),
			RecomputationPhase::Challenge => {
				// Several identities of one operator would pay for the same discovery.
				self.one_of(&task).map(|who| Assignment { duty: Duty::VerifySums { task }, who }).into_iter().collect()
			}
		}
	}

	/// Returns the duties of the worker's drawn accounts whose seats `is_due` admits.
	fn own_seats(
		&self,
		view: &RecomputationView<Account>,
		is_due: impl Fn(&EvaluatorSeatView<Account>) -> bool,
		duty: impl Fn(Account) -> Duty,
	) -> Vec<Assignment> {
		let due = view.seats.iter().filter(|seat| self.is_own(&seat.who) && is_due(seat));
		due.map(|seat| Assignment { duty: duty(seat.who), who: seat.who }).collect()
	}

	/// Returns `true` if `who` is one of the worker's evaluators.
	pub fn is_own(&self, who: &Account) -> bool {
		self.identities.contains(who)
	}

	/// Returns the account that settles or recomputes a task at block `block`: drawn evaluators in the order of their seats, one
	/// more per block, then any evaluator.
	fn turn(&self, block: BlockNumber, view: &RecomputationView<Account>) -> Option<Account> {
		let phase_start = view.phase_end.saturating_sub(self.settle_timeout);
		let since = block.saturating_sub(phase_start);
		let on_turn = view.seats.iter().take(since as usize + 1).map(|seat| seat.who);
		let drawn = on_turn.into_iter().find(|who| self.is_own(who));
		let patience = view.seats.len() as BlockNumber + COURTESY;
		drawn.or_else(|| self.identities.first().copied().filter(|_| since >= patience))
	}

	/// Returns the identity that acts on `key` for the whole worker.
	fn one_of(&self, key: &impl Encode) -> Option<Account> {
		let index = spread(&key.encode(), self.identities.len() as u32);
		self.identities.get(index as usize).copied()
	}

	/// Returns `true` if the settled sums of a task were found to be correct.
	fn is_verified(&self, task: TaskId, sums: &[Vec<u32>]) -> bool {
		self.verified.contains(&VerifiedSums { task, sums: blake2_256(&sums.encode()) })
	}

	/// Records that the settled sums of a task are correct, so that they are verified once.
	pub fn sums_verified(&mut self, task: TaskId, sums: &[Vec<u32>]) {
		self.verified.insert(VerifiedSums { task, sums: blake2_256(&sums.encode()) });
	}

	/// Returns the claims in `rounds` that can be challenged and were not checked yet.
	pub fn claims(&self, rounds: &[RoundView<Account>]) -> Vec<Claim> {
		let mut claims = Vec::new();
		for RoundView { round, seats, .. } in rounds {
			for (index, seat) in seats.iter().enumerate().filter(|(_, seat)| seat.status == SeatStatus::Revealed) {
				if let Some(ModelRef::Stored(model)) = seat.model {
					claims.push(Claim { model, round: *round, seat: index as u8 });
				}
			}
		}
		claims.retain(|claim| !self.checked.contains(claim));
		claims
	}

	/// Returns the identity that challenges a claim.
	pub fn claim_challenger(&self, claim: Claim) -> Option<Account> {
		self.one_of(&claim.model)
	}

	/// Records that a claim was checked, so that it is checked once.
	pub fn claim_checked(&mut self, claim: Claim) {
		self.checked.insert(claim);
	}

	/// Returns the duty that ends an announced challenge, if it can no longer be made because another one was made first or the
	/// task is over. `tasks` are the tasks of its domain that are not final.
	pub fn recovery(&self, entry: &Entry, tasks: &[RecomputationView<Account>]) -> Option<Assignment> {
		let Scope::Challenge { task, .. } = entry.scope else { return None };
		let can_be_made = tasks.iter().any(|view| view.task == task && view.phase == RecomputationPhase::Challenge);
		let who = entry.who;
		(self.is_own(&who) && !can_be_made).then_some(Assignment { duty: Duty::RecoverBond { task, who }, who })
	}
}

/// Returns the first step towards the commitment of `sums`. `known` is the journal entry of the task and account.
pub fn answer_step(known: Option<&Entry>, sums: &Sums) -> AnswerStep {
	match known {
		None => AnswerStep::Prepare,
		Some(entry) if entry.payload == sums.encode() => AnswerStep::Resend,
		Some(_) => AnswerStep::Replace,
	}
}

/// Returns the next step of `challenge`. `known` is the journal entry of the task and account.
pub fn challenge_step(known: Option<&Entry>, challenge: &Challenge) -> ChallengeStep {
	match known {
		Some(entry) if entry.payload == challenge.encode() => match entry.state {
			State::Prepared => ChallengeStep::Announce,
			State::Committed | State::Revealed | State::Archived => ChallengeStep::Make,
		},
		_ => ChallengeStep::Prepare,
	}
}

/// Returns the first chunk in which settled sums differ from own sums.
pub fn first_false_sum(settled: &[Vec<u32>], own: &Sums) -> Option<Challenge> {
	settled.iter().zip(own).enumerate().find_map(|(model, (settled, own))| {
		let chunk = first_difference(settled, own)?;
		Some(Challenge { model: model as u8, chunk })
	})
}

/// Returns the first chunk in which two sums of a model differ.
pub fn first_difference(claimed: &[u32], own: &[u32]) -> Option<u16> {
	claimed.iter().zip(own).position(|(claimed, own)| claimed != own).map(|chunk| chunk as u16)
}

/// Returns the calls of `recompute` that a model of `chunks` chunks needs, where `computed` are the sums that the runtime has.
pub fn missing_ranges(chunks: u16, computed: &[Option<u32>]) -> Vec<ChunkRange> {
	let is_missing = |chunk: u16| computed.get(usize::from(chunk)).is_none_or(|sum| sum.is_none());
	let ranges = (0..chunks).step_by(CHUNKS_PER_CALL.into());
	ranges
		.map(|from| ChunkRange { from, count: CHUNKS_PER_CALL.min(chunks - from) })
		.filter(|range| (range.from..range.from + range.count).any(is_missing))
		.collect()
}

/// Returns the meaning of a failed duty. `dispatch_error` is the `Pallet::Error` of its call, if it was included.
pub fn failure(dispatch_error: Option<&str>) -> Failure {
	match dispatch_error {
		Some(error) if OVERTAKEN.contains(&error) => Failure::Overtaken,
		_ => Failure::Unexpected,
	}
}

/// Returns `true` if a call of `recompute` failed because the runtime has the sums already.
pub fn is_already_recomputed(dispatch_error: Option<&str>) -> bool {
	dispatch_error == Some(ALREADY_RECOMPUTED)
}
