//! Stages of a task and the agenda that moves tasks on: the beacon, the draw, the end of the reveals, and the end of the task.

use crate::{
	pallet::{Answers, Beacon, Config, Event, Pallet, RecomputedSums, SettledSums, Tasks},
	types::{Answer, BeaconState, Member, Stage, Task},
	AgendaOf, WeightInfo, LOG_TARGET,
};
use alloc::vec::Vec;
use doin_primitives::{
	beacon,
	payload::Sums,
	quorum,
	settlement::{paid, spot_seed},
	BlockNumber, Hash, TaskId,
};
use doin_traits::{share::hook_limit, Entropy, EvaluatorSet, OnRecomputed, Outcome, Timing};
use frame_support::{
	defensive,
	traits::{DefensiveTruncateFrom, Get},
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use sp_runtime::SaturatedConversion;

impl<T: Config> Pallet<T> {
	/// Returns the number of this block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Folds the parent's VRF output into the beacon.
	pub(crate) fn fold() {
		if let Some(vrf) = T::Entropy::parent_vrf() {
			Beacon::<T>::mutate(|state| {
				*state = BeaconState { value: beacon::fold(&state.value, &vrf), folded: state.folded.saturating_add(1) }
			});
		}
	}

	/// Returns the weight of the most expensive step of the agenda.
	pub(crate) fn step_weight() -> Weight {
		T::WeightInfo::step().saturating_add(T::Handler::weight())
	}

	/// Serves the tasks that are due, within a tenth of the block. Returns the consumed weight.
	pub(crate) fn serve_agenda(now: BlockNumber) -> Weight {
		let step = Self::step_weight();
		let mut meter = WeightMeter::with_limit(hook_limit(T::BlockWeights::get().max_block, step));
		AgendaOf::<T>::serve(now, &mut meter, step, |id| Self::step(now, id));
		meter.consumed()
	}

	/// Puts the one item of a task on the agenda.
	pub(crate) fn schedule(now: BlockNumber, earliest: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) {
		task.due = AgendaOf::<T>::schedule(now, earliest, id);
	}

	/// Moves the one item of a task whose stage ended early.
	pub(crate) fn reschedule(now: BlockNumber, earliest: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) {
		AgendaOf::<T>::cancel(task.due, &id);
		Self::schedule(now, earliest, id, task);
	}

	/// Does the step that is due for a task.
	fn step(now: BlockNumber, id: TaskId) {
		let Some(mut task) = Tasks::<T>::get(id) else {
			defensive!("the agenda names a task that is not open", id);
			return;
		};
		match task.stage {
			Stage::Drawing { target } => {
				let state = Beacon::<T>::get();
				if state.folded >= target {
					Self::draw(now, id, &mut task, &state.value);
				} else {
					let missing = target.saturating_sub(state.folded).saturated_into();
					Self::schedule(now, now.saturating_add(missing), id, &mut task);
				}
			}
			Stage::Answering { .. } => Self::close_answers(now, id, &mut task),
			Stage::Settling { .. } | Stage::Recomputing { .. } => return Self::void(id, task),
			Stage::Challenge { .. } => {
				if T::Handler::ready(&task.subject) {
					return Self::complete(id, task);
				}
				Self::schedule(now, now.saturating_add(1), id, &mut task);
			}
		}
		Tasks::<T>::insert(id, task);
	}

	/// Draws windows and a quorum. Without a quorum, the task goes on with [`Stage::Recomputing`].
	fn draw(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>, beacon: &Hash) {
		let seed = beacon::task_seed(beacon, id);
		let exclude = core::mem::take(&mut task.exclude);
		let drawn = T::EvaluatorSet::draw(seed, task.domain, task.class, &exclude);
		task.seed = Some(seed);
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
		Self::schedule(now, reveals_until, id, task);
	}

	/// Ends the reveals: slashes the absent members, and goes on with [`Stage::Settling`] if two thirds of the quorum answered.
	fn close_answers(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) {
		let mut answers = 0u32;
		for member in task.members.iter_mut() {
			if member.answer == Answer::Revealed {
				answers = answers.saturating_add(1);
				T::EvaluatorSet::record_answer(&member.who);
			} else {
				member.answer = Answer::Missed;
				Self::deposit_event(Event::AnswerMissed { task: id, who: member.who.clone() });
				T::EvaluatorSet::record_absence(&member.who);
			}
		}
		if answers < quorum::needed(task.members.len() as u32) {
			return Self::start_recomputing(now, id, task);
		}
		let until = now.saturating_add(T::Timing::rounds().settle_timeout);
		let spot = spot_seed(&Beacon::<T>::get().value, id);
		task.stage = Stage::Settling { until, spot };
		Self::schedule(now, until, id, task);
	}

	/// Starts [`Stage::Recomputing`]: no quorum decides the task, so any account may have its chunks recomputed.
	pub(crate) fn start_recomputing(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) {
		let until = now.saturating_add(T::Timing::rounds().settle_timeout);
		let missing = task.total_chunks();
		task.stage = Stage::Recomputing { until, missing };
		task.settler = None;
		Self::reschedule(now, until, id, task);
		log::debug!(target: LOG_TARGET, "task {id}: no quorum decides, {missing} chunks can be recomputed until block {until}");
		Self::deposit_event(Event::RecomputingStarted { task: id, until });
	}

	/// Removes everything stored for a task. Returns its settled sums, if there are any.
	fn clear(id: TaskId, task: &Task<T::AccountId>) -> Option<Sums> {
		Tasks::<T>::remove(id);
		for member in &task.members {
			Answers::<T>::remove(id, &member.who);
		}
		if let Stage::Recomputing { .. } = task.stage {
			for model in 0..task.models.len() as u8 {
				RecomputedSums::<T>::remove(id, model);
			}
		}
		SettledSums::<T>::take(id)
	}

	/// Ends a task that nobody decided before its time-out.
	fn void(id: TaskId, task: Task<T::AccountId>) {
		Self::clear(id, &task);
		log::warn!(target: LOG_TARGET, "task {id} for {:?} is void: undecided at its time-out in {:?}", task.subject, task.stage);
		Self::deposit_event(Event::TaskVoided { task: id, subject: task.subject });
		T::Handler::voided(&task.subject);
	}

	/// Ends a task with final sums: hands them to the handler, with the accounts that share the evaluators' part of the fees.
	fn complete(id: TaskId, task: Task<T::AccountId>) {
		let (Some(sums), Some(seed)) = (Self::clear(id, &task), task.seed) else {
			defensive!("a challenge window opens with a seed and settled sums", id);
			return T::Handler::voided(&task.subject);
		};
		let agreed: Vec<_> = task.standing().map(|(_, member)| member.who.clone()).collect();
		agreed.iter().for_each(T::EvaluatorSet::record_agreement);
		let paid = paid(agreed, &task.helpers, task.total_chunks());
		log::debug!(target: LOG_TARGET, "task {id} for {:?} is final, {} accounts are paid", task.subject, paid.len());
		Self::deposit_event(Event::TaskCompleted { task: id, subject: task.subject, paid: paid.to_vec() });
		T::Handler::recomputed(&task.subject, Outcome { seed, sums, paid, settler: task.settler });
	}
}
