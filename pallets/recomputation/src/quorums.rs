//! Quorums: the draw, the end of the answers, and the draw of a second quorum where the first one did not answer.
//!
//! # Excused absences
//!
//! An evaluator is not at fault if its call found no place in a block. Full blocks raise the base fee, so the base fee at the end
//! of a phase shows whether the blocks before were full. Two samples are compared with the base fee at the draw: one at the end
//! of the commitments, and one when the answers are closed, a block after the last reveal. A single sample at the close would
//! miss congestion that kept commitments out and was over before the close.
//!
//! * **Blocked evaluators.** Junk keeps a call out only while blocks are full, and only up to the end of the phase: if the
//!   congestion ends earlier, the call can still be sent. So the base fee is high at the end of the phase that was blocked. A
//!   member that did not commit is excused by the first sample alone, and a member that did not reveal by the second one alone.
//!   The first sample is missing if a full agenda delayed the visit at the end of the commitments beyond the reveals: then the
//!   second one decides for both. The second sample is compared with the lower of the base fees before, so congestion before or
//!   around the draw does not raise the bar.
//! * **Cheap excuses.** An excuse saves a point of reputation and the doubling of a slash, never the slash. An evaluator that
//!   wants one has to pay for twelve full blocks in a row at rising fees, right up to the end of the phase, while the honest
//!   members have sent their calls before. A member that committed is not excused by the first sample: it is public when the
//!   reveals begin, and would let a member withhold false sums for less. A member that did not commit is not excused by the
//!   second one: full blocks during the reveals kept no commitment out.

use crate::{
	pallet::{Answers, Beacon, Config, Event, Pallet},
	types::{Answer, Member, Stage, Task},
	LOG_TARGET,
};
use alloc::vec::Vec;
use doin_primitives::{
	beacon,
	quorum::{needed, needed_at_last, MIN_QUORUM},
	settlement::spot_seed,
	BlockNumber, Hash, TaskId,
};
use doin_traits::{Absence, BaseFee, DrawRequest, EvaluatorSet, Timing, VoidReason};
use frame_support::{traits::DefensiveTruncateFrom, BoundedVec};

/// Factor by which the base fee has to rise between a draw and the end of a phase for absences in this phase to be excused. Full
/// blocks raise the base fee by an eighth at most, so it passes the factor after twelve of them.
pub const EXCUSED_RISE: u128 = 4;

/// Kinds of the absences of a quorum.
struct Absences {
	/// Absences of members that did not commit.
	uncommitted: Absence,
	/// Absences of members that committed and did not reveal.
	unrevealed: Absence,
}

impl<T: Config> Pallet<T> {
	/// Returns the number of seats that a quorum of `task` can be drawn from.
	pub(crate) fn available_for(task: &Task<T::AccountId>) -> u32 {
		T::EvaluatorSet::available(task.domain, task.class, task.weighted, &task.exclude)
	}

	/// Starts [`Stage::Drawing`] in this block, with a roster of `roster` seats. Returns the number of VRF outputs since genesis
	/// at which the draw is made.
	pub(crate) fn start_drawing(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>, roster: u32) -> u64 {
		let outputs = T::Timing::rounds().draw_outputs;
		let target = Beacon::<T>::get().folded.saturating_add(outputs.into());
		task.stage = Stage::Drawing { target };
		task.fixed = now;
		task.roster = roster;
		Self::schedule(now, now.saturating_add(outputs), id, task);
		target
	}

	/// Draws windows and a quorum. Without a quorum, a first one that answered in part decides, or the task goes on with
	/// [`Stage::Recomputing`].
	///
	/// # Errors
	///
	/// Fails if the task needs a quorum and has none: it is void.
	pub(crate) fn draw(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>, beacon: &Hash) -> Result<(), VoidReason> {
		let seed = beacon::task_seed(beacon, id);
		let drawn = T::EvaluatorSet::draw(DrawRequest {
			seed,
			domain: task.domain,
			class: task.class,
			weighted: task.weighted,
			fixed: task.fixed,
			seats: task.roster,
			exclude: &task.exclude,
		});
		if drawn.is_empty() && task.redrawn {
			// The first quorum keeps its windows and its answers. Its absences were slashed already.
			return Self::decide_at_last(now, id, task);
		}
		// The answers of a first quorum are for other windows.
		for member in &task.members {
			Answers::<T>::remove(id, &member.who);
		}
		if task.redrawn {
			task.exclude = Default::default();
		}
		task.seed = Some(seed);
		task.base_fee = T::BaseFee::base_fee();
		task.congested = None;
		let members: Vec<_> = drawn.iter().map(|who| Member { who: who.clone(), answer: Answer::Awaited }).collect();
		task.members = BoundedVec::defensive_truncate_from(members);
		Self::deposit_event(Event::QuorumDrawn { task: id, seed, evaluators: drawn });
		if task.members.is_empty() {
			return Self::go_without_quorum(now, id, task);
		}
		let params = T::Timing::rounds();
		let commits_until = now.saturating_add(params.answer);
		let reveals_until = commits_until.saturating_add(params.answer_reveal);
		task.stage = Stage::Answering { commits_until, reveals_until };
		Self::schedule(now, commits_until, id, task);
		Ok(())
	}

	/// Ends the commitments: records the congestion so far.
	pub(crate) fn close_commitments(task: &mut Task<T::AccountId>) {
		task.congested = Some(Self::is_congested(task));
		task.base_fee = task.base_fee.min(T::BaseFee::base_fee());
	}

	/// Schedules the end of the reveals, one block after them: the VRF output of a block without reveals seeds the spot checks.
	pub(crate) fn schedule_close(now: BlockNumber, reveals_until: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) {
		Self::schedule(now, reveals_until.saturating_add(1), id, task);
	}

	/// Ends the reveals: slashes the absent members, then decides how the task goes on. Two thirds of the quorum can be settled.
	/// With fewer answers, a second quorum is drawn once, if the roster has enough other seats.
	///
	/// # Errors
	///
	/// Fails if the task needs a quorum and has none: it is void.
	pub(crate) fn close_answers(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) -> Result<(), VoidReason> {
		let Absences { uncommitted, unrevealed } = Self::absences(task);
		for member in task.members.iter_mut().filter(|member| member.answer != Answer::Revealed) {
			let absence = if matches!(member.answer, Answer::Committed(_)) { unrevealed } else { uncommitted };
			member.answer = Answer::Missed;
			let excused = absence == Absence::Excused;
			Self::deposit_event(Event::AnswerMissed { task: id, who: member.who.clone(), excused });
			T::EvaluatorSet::record_absence(&member.who, absence);
		}
		if task.answers() >= needed(task.seats()) {
			Self::start_settling(now, id, task);
			return Ok(());
		}
		if !task.redrawn {
			let members = task.members.iter().map(|member| member.who.clone());
			task.exclude = BoundedVec::defensive_truncate_from(task.exclude.iter().cloned().chain(members).collect::<Vec<_>>());
			let roster = Self::available_for(task);
			if roster >= MIN_QUORUM {
				Self::redraw(now, id, task, roster);
				return Ok(());
			}
		}
		Self::decide_at_last(now, id, task)
	}

	/// Returns `true` if the base fee has risen beyond [`EXCUSED_RISE`]: calls may not have found a place in a block.
	fn is_congested(task: &Task<T::AccountId>) -> bool {
		T::BaseFee::base_fee() > task.base_fee.saturating_mul(EXCUSED_RISE)
	}

	/// Returns the kinds of the absences of a quorum whose reveals are over. The network is at fault if the phase that a member
	/// missed was congested, and if fewer than half of the members answered. The close stands in for a missing sample of the end
	/// of the commitments. Behaviour in domains without weight has no effect on reputation.
	fn absences(task: &Task<T::AccountId>) -> Absences {
		let few = task.answers().saturating_mul(2) < task.seats();
		let kind = |congested: bool| {
			if task.weighted && !congested && !few {
				Absence::Counted
			} else {
				Absence::Excused
			}
		};
		let at_close = Self::is_congested(task);
		Absences { uncommitted: kind(task.congested.unwrap_or(at_close)), unrevealed: kind(at_close) }
	}

	/// Schedules the draw of a second quorum from `roster` seats.
	fn redraw(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>, roster: u32) {
		task.redrawn = true;
		let target = Self::start_drawing(now, id, task, roster);
		log::debug!(target: LOG_TARGET, "task {id}: {} of {} evaluators answered, others are drawn", task.answers(), task.seats());
		Self::deposit_event(Event::QuorumRedrawn { task: id, target });
	}

	/// Goes on with the quorum that there is, since no other one can be drawn: with [`Stage::Settling`] if so many members
	/// answered that equal false answers count as collusion, or else without a quorum.
	///
	/// # Errors
	///
	/// Fails if the task needs a quorum and has none: it is void.
	fn decide_at_last(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) -> Result<(), VoidReason> {
		if task.answers() >= needed_at_last(task.seats()) {
			Self::start_settling(now, id, task);
			return Ok(());
		}
		Self::go_without_quorum(now, id, task)
	}

	/// Goes on with [`Stage::Recomputing`], since too few evaluators were drawn or answered.
	///
	/// # Errors
	///
	/// Fails if the task needs a quorum. Nothing is paid for recomputing its chunks, so it must not wait for an account that
	/// does.
	fn go_without_quorum(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) -> Result<(), VoidReason> {
		if task.needs_quorum {
			return Err(VoidReason::NoQuorum);
		}
		Self::start_recomputing(now, id, task);
		Ok(())
	}

	/// Starts [`Stage::Settling`], and draws the seed of the spot checks.
	fn start_settling(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) {
		let until = now.saturating_add(T::Timing::rounds().recompute_timeout(task.weighted));
		let spot = spot_seed(&Beacon::<T>::get().value, id);
		task.stage = Stage::Settling { until, spot };
		task.exclude = Default::default();
		Self::schedule(now, until, id, task);
		let (answers, seats) = (task.answers(), task.seats());
		Self::deposit_event(Event::SettlingStarted { task: id, answers, seats, until });
	}
}
