//! Quorums: the draw, the end of the answers, and the draw of a second quorum where the first one did not answer.

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
use doin_traits::{Absence, BaseFee, DrawRequest, EvaluatorSet, Timing};
use frame_support::{traits::DefensiveTruncateFrom, BoundedVec};

/// Factor by which the base fee has to rise between a draw and the end of its answers for absences to be excused. Full blocks
/// raise the base fee by an eighth at most, so it passes the factor after twelve of them.
pub const EXCUSED_RISE: u128 = 4;

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
	pub(crate) fn draw(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>, beacon: &Hash) {
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
		let members: Vec<_> = drawn.iter().map(|who| Member { who: who.clone(), answer: Answer::Awaited }).collect();
		task.members = BoundedVec::defensive_truncate_from(members);
		Self::deposit_event(Event::QuorumDrawn { task: id, seed, evaluators: drawn });
		if task.members.is_empty() {
			return Self::start_recomputing(now, id, task);
		}
		let params = T::Timing::rounds();
		let commits_until = now.saturating_add(params.answer);
		let reveals_until = commits_until.saturating_add(params.answer_reveal);
		task.stage = Stage::Answering { commits_until, reveals_until };
		// One block after the reveals: the VRF output of a block without reveals seeds the spot checks.
		Self::schedule(now, reveals_until.saturating_add(1), id, task);
	}

	/// Ends the reveals: slashes the absent members, then decides how the task goes on. Two thirds of the quorum can be settled.
	/// With fewer answers, a second quorum is drawn once, if the roster has enough other seats.
	pub(crate) fn close_answers(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) {
		let absence = Self::absence(task);
		for member in task.members.iter_mut().filter(|member| member.answer != Answer::Revealed) {
			member.answer = Answer::Missed;
			let excused = absence == Absence::Excused;
			Self::deposit_event(Event::AnswerMissed { task: id, who: member.who.clone(), excused });
			T::EvaluatorSet::record_absence(&member.who, absence);
		}
		if task.answers() >= needed(task.seats()) {
			return Self::start_settling(now, id, task);
		}
		if !task.redrawn {
			let members = task.members.iter().map(|member| member.who.clone());
			task.exclude = BoundedVec::defensive_truncate_from(task.exclude.iter().cloned().chain(members).collect::<Vec<_>>());
			let roster = Self::available_for(task);
			if roster >= MIN_QUORUM {
				return Self::redraw(now, id, task, roster);
			}
		}
		Self::decide_at_last(now, id, task);
	}

	/// Returns the kind of the absences of a quorum whose reveals are over. The network is at fault if the base fee has risen
	/// beyond [`EXCUSED_RISE`] since the draw, since answers may not have found a place in a block, and if fewer than half of the
	/// members answered. Behaviour in domains without weight has no effect on reputation.
	fn absence(task: &Task<T::AccountId>) -> Absence {
		let congested = T::BaseFee::base_fee() > task.base_fee.saturating_mul(EXCUSED_RISE);
		let few = task.answers().saturating_mul(2) < task.seats();
		if task.weighted && !congested && !few {
			Absence::Counted
		} else {
			Absence::Excused
		}
	}

	/// Schedules the draw of a second quorum from `roster` seats.
	fn redraw(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>, roster: u32) {
		task.redrawn = true;
		let target = Self::start_drawing(now, id, task, roster);
		log::debug!(target: LOG_TARGET, "task {id}: {} of {} evaluators answered, others are drawn", task.answers(), task.seats());
		Self::deposit_event(Event::QuorumRedrawn { task: id, target });
	}

	/// Goes on with the quorum that there is, since no other one can be drawn: with [`Stage::Settling`] if so many members
	/// answered that equal false answers count as collusion, or else with [`Stage::Recomputing`].
	fn decide_at_last(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) {
		if task.answers() >= needed_at_last(task.seats()) {
			Self::start_settling(now, id, task);
		} else {
			Self::start_recomputing(now, id, task);
		}
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
