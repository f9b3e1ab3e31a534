//! Decisions of the evaluators of a worker.

use super::budget::UnweightedBudget;
use crate::{
	deadline::Priority,
	journal::{Entry, Scope, State},
	random::spread,
};
use codec::Encode;
use doin_chain::Account;
use doin_primitives::{
	blake2_256,
	payload::{Challenge, Sums},
	views::{EvaluatorSeatView, RecomputationPhase, RecomputationView, RoundView},
	BlockNumber, DomainId, Hash, ModelId, ModelRef, RoundId, RoundParams, SeatStatus, TaskId,
};
use std::{collections::BTreeSet, time::Duration};

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
/// Error of a reveal whose commitment on the chain was made with another journal.
const COMMITMENT_MISMATCH: &str = "Recomputation::CommitmentMismatch";
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
	/// Commitment of the seat. On another branch, another account may have the seat.
	pub commitment: Hash,
}

/// Settled sums that were found to be correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct VerifiedSums {
	task: TaskId,
	/// Hash of the settled sums, since a challenged task is settled again.
	sums: Hash,
}

/// Next step of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeStep {
	/// The journal does not hold the challenge, or the challenge was made before: an entry is prepared, and announced.
	Prepare,
	/// The challenge is prepared, and its announcement is not on the chain: it is announced.
	Announce,
	/// The announcement is on the chain: the challenge is made.
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

/// Interest of the worker in a verdict, beside its seats as an evaluator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
	/// The domain has weight, so the verdict mints.
	pub is_weighted: bool,
	/// The configuration names the domain and wants it evaluated.
	pub is_named: bool,
	/// Account of the worker that has a seat as an optimizer in the round.
	pub own_seat: Option<Account>,
}

impl Interest {
	/// Returns the urgency of a verification.
	pub fn priority(&self) -> Priority {
		match self.is_weighted || self.own_seat.is_some() {
			true => Priority::Paid,
			false => Priority::Other,
		}
	}

	/// Returns `true` if the time of a verification counts against the limit for domains without weight.
	pub fn is_limited(&self) -> bool {
		!self.is_weighted && !self.is_named && self.own_seat.is_none()
	}
}

/// The decisions of the evaluators of one worker, and the state that they depend on.
#[derive(Debug)]
pub struct Policy {
	/// Accounts of the worker that evaluate.
	identities: Vec<Account>,
	/// Account of the worker that optimizes. It verifies the verdicts of the rounds that it has a seat in.
	optimizer: Option<Account>,
	/// Lengths of the phases of a round.
	params: RoundParams,
	/// Time for verdicts of domains without weight.
	budget: UnweightedBudget,
	verified: BTreeSet<VerifiedSums>,
	checked: BTreeSet<Claim>,
}

impl Policy {
	/// Returns the policy of the accounts `identities`, which evaluate, and of `optimizer`. They have verified nothing yet.
	pub fn new(identities: Vec<Account>, optimizer: Option<Account>, params: RoundParams, max_unweighted_seconds: u64) -> Self {
		let budget = UnweightedBudget::new(params.period(), max_unweighted_seconds);
		Self { identities, optimizer, params, budget, verified: BTreeSet::new(), checked: BTreeSet::new() }
	}

	/// Returns what is due on a task at block `block`.
	pub fn assignments(&self, block: BlockNumber, view: &RecomputationView<Account>, interest: Interest) -> Vec<Assignment> {
		let task = view.task;
		let on_turn = |duty| {
			let who = self.turn(block, view, interest.is_weighted);
			who.map(|who| Assignment { duty, who }).into_iter().collect()
		};
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
				let verifier = self.verifier(&task, block, interest);
				verifier.map(|who| Assignment { duty: Duty::VerifySums { task }, who }).into_iter().collect()
			}
		}
	}

	/// Returns the account that verifies what `key` names, or `None` if nothing obliges or allows the worker to do that: an
	/// optimizer verifies its own rounds, an evaluator any, those of unknown domains without weight as long as there is time for
	/// them.
	fn verifier(&self, key: &impl Encode, block: BlockNumber, interest: Interest) -> Option<Account> {
		if !self.has_time(block, interest) {
			return None;
		}
		// Several identities of one operator would pay for the same discovery.
		self.one_of(key).or(interest.own_seat.filter(|_| self.optimizer.is_some()))
	}

	/// Returns `true` if there is time at block `block` for a verification with this `interest`.
	pub fn has_time(&self, block: BlockNumber, interest: Interest) -> bool {
		!interest.is_limited() || self.budget.allows(block)
	}

	/// Records that verifying a verdict with this `interest` took `time`.
	pub fn time_spent(&mut self, block: BlockNumber, interest: Interest, time: Duration) {
		if interest.is_limited() {
			self.budget.spend(block, time);
		}
	}

	/// Returns the account of the worker that has a seat as an optimizer among `seats`.
	pub fn own_seat(&self, round: &RoundView<Account>) -> Option<Account> {
		self.optimizer.filter(|optimizer| round.seats.iter().any(|seat| seat.who == *optimizer))
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

	/// Returns the accounts that evaluate.
	pub fn identities(&self) -> &[Account] {
		&self.identities
	}

	/// Returns `true` if one of the journal's `entries` is an answer of the worker's evaluators in a domain.
	pub fn has_answer(&self, domain: DomainId, entries: &[Entry]) -> bool {
		let is_answer = |entry: &Entry| matches!(entry.scope, Scope::Sums { domain: of, .. } if of == domain);
		entries.iter().any(|entry| is_answer(entry) && self.identities.contains(&entry.who))
	}

	/// Returns `true` if `who` is one of the worker's evaluators.
	pub fn is_own(&self, who: &Account) -> bool {
		self.identities.contains(who)
	}

	/// Returns `true` if `who` is an account of the worker.
	fn is_ours(&self, who: &Account) -> bool {
		self.is_own(who) || self.optimizer == Some(*who)
	}

	/// Returns the account that settles or recomputes a task at block `block`: drawn evaluators in the order of their seats, one
	/// more per block, then any evaluator.
	fn turn(&self, block: BlockNumber, view: &RecomputationView<Account>, is_weighted: bool) -> Option<Account> {
		let timeout = match view.phase {
			RecomputationPhase::Recomputing => self.params.recompute_timeout(is_weighted),
			_ => self.params.settle_timeout,
		};
		let phase_start = view.phase_end.saturating_sub(timeout);
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

	/// Returns the claims in `rounds` that can be challenged, were not checked yet, and are worth a check at block `block`.
	/// `interest` is the interest in the domain.
	pub fn claims(&self, block: BlockNumber, rounds: &[RoundView<Account>], interest: Interest) -> Vec<Claim> {
		let mut claims = Vec::new();
		let is_due = |round: &&RoundView<Account>| {
			let interest = Interest { own_seat: self.own_seat(round), ..interest };
			self.verifier(&round.round, block, interest).is_some()
		};
		for RoundView { round, seats, .. } in rounds.iter().filter(is_due) {
			for (index, seat) in seats.iter().enumerate().filter(|(_, seat)| seat.status == SeatStatus::Revealed) {
				if let Some(ModelRef::Stored(model)) = seat.model {
					claims.push(Claim { model, round: *round, seat: index as u8, commitment: seat.commitment });
				}
			}
		}
		claims.retain(|claim| !self.checked.contains(claim));
		claims
	}

	/// Returns the account that challenges a claim.
	pub fn claim_challenger(&self, claim: Claim) -> Option<Account> {
		self.one_of(&claim.model).or(self.optimizer)
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
		(self.is_ours(&who) && !can_be_made).then_some(Assignment { duty: Duty::RecoverBond { task, who }, who })
	}
}

/// Returns the next step of `challenge`. `known` is the journal entry of the task and account, and `announced` the announcement
/// of the account on the chain, which a reorganisation may have removed.
pub fn challenge_step(known: Option<&Entry>, challenge: &Challenge, announced: Option<Hash>) -> ChallengeStep {
	match known.filter(|entry| entry.payload == challenge.encode()) {
		Some(entry) if announced == Some(entry.commitment) => ChallengeStep::Make,
		// The salt of a challenge that was made is public.
		Some(entry) if entry.state != State::Archived => ChallengeStep::Announce,
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

/// Returns `true` if a reveal failed because another worker has committed an answer for the account. If the journal
/// `has_other_entries` of the task, one of them may be that of this branch.
pub fn is_of_another_worker(dispatch_error: Option<&str>, has_other_entries: bool) -> bool {
	dispatch_error == Some(COMMITMENT_MISMATCH) && !has_other_entries
}

/// Returns `true` if a call of `recompute` failed because the runtime has the sums already.
pub fn is_already_recomputed(dispatch_error: Option<&str>) -> bool {
	dispatch_error == Some(ALREADY_RECOMPUTED)
}
