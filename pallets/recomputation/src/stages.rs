//! Stages of a task and the agenda that moves tasks on: the beacon, time-outs, and the end of the task.

use crate::{
	pallet::{Answers, Beacon, Config, Event, Pallet, RecomputedSums, SettledSums, Tasks},
	types::{BeaconState, Stage, Task},
	AgendaOf, WeightInfo, LOG_TARGET,
};
use alloc::vec::Vec;
use doin_primitives::{
	beacon,
	payload::Sums,
	quorum::MAX_QUORUM,
	settlement::{pay_shares, Backing},
	BlockNumber, TaskId,
};
use doin_traits::{share::hook_limit, Entropy, EvaluatorSet, OnRecomputed, Outcome, Timing, VoidReason};
use frame_support::{
	defensive,
	traits::Get,
	weights::{Weight, WeightMeter},
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

	/// Returns the weight of a step of the agenda in which `end`, the weight of what is removed, ends a task: only then the
	/// handler is called.
	fn end_weight(end: Weight) -> Weight {
		end.saturating_add(T::Handler::weight())
	}

	/// Returns the weight of the most expensive step of the agenda: a draw or the end of the answers, after which the task is
	/// void, or the end of the task.
	pub(crate) fn step_weight() -> Weight {
		let void = Self::end_weight(T::WeightInfo::void());
		let quorum = T::WeightInfo::draw().max(T::WeightInfo::close_answers(MAX_QUORUM));
		quorum.saturating_add(void).max(Self::end_weight(T::WeightInfo::complete()))
	}

	/// Serves the tasks that are due, within a tenth of the block. Returns the consumed weight.
	pub(crate) fn serve_agenda(now: BlockNumber) -> Weight {
		let step = Self::step_weight();
		let mut meter = WeightMeter::with_limit(hook_limit(T::BlockWeights::get().max_block, step));
		AgendaOf::<T>::serve_weighed(now, &mut meter, step, |id| Self::step(now, id));
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

	/// Does the step that is due for a task. Returns its weight.
	fn step(now: BlockNumber, id: TaskId) -> Weight {
		let Some(mut task) = Tasks::<T>::get(id) else {
			defensive!("the agenda names a task that is not open", id);
			return Self::lookup_weight();
		};
		let (weight, step) = match task.stage {
			Stage::Drawing { target } => {
				let state = Beacon::<T>::get();
				let step = if state.folded >= target {
					Self::draw(now, id, &mut task, &state.value)
				} else {
					let missing = target.saturating_sub(state.folded).saturated_into();
					Self::schedule(now, now.saturating_add(missing), id, &mut task);
					Ok(())
				};
				(T::WeightInfo::draw(), step)
			}
			Stage::Answering { reveals_until, .. } if now <= reveals_until => {
				Self::close_commitments(&mut task);
				Self::schedule_close(now, reveals_until, id, &mut task);
				// Reads and writes less than the end of the answers.
				(T::WeightInfo::close_answers(0), Ok(()))
			}
			Stage::Answering { .. } => {
				let absent = task.seats().saturating_sub(task.answers());
				(T::WeightInfo::close_answers(absent), Self::close_answers(now, id, &mut task))
			}
			Stage::Settling { .. } => {
				Self::void(id, task, VoidReason::Unsettled);
				return Self::end_weight(T::WeightInfo::void());
			}
			Stage::Recomputing { .. } => {
				Self::void(id, task, VoidReason::NoQuorum);
				return Self::end_weight(T::WeightInfo::void());
			}
			Stage::Challenge { backing, .. } => {
				if T::Handler::ready(&task.subject) {
					Self::complete(id, task, backing);
					return Self::end_weight(T::WeightInfo::complete());
				}
				Self::schedule(now, now.saturating_add(1), id, &mut task);
				(Self::end_weight(T::WeightInfo::complete()), Ok(()))
			}
		};
		match step {
			Ok(()) => {
				Tasks::<T>::insert(id, task);
				weight
			}
			Err(reason) => {
				Self::void(id, task, reason);
				weight.saturating_add(Self::end_weight(T::WeightInfo::void()))
			}
		}
	}

	/// Starts [`Stage::Recomputing`]: no quorum decides the task, so any account may have its chunks recomputed.
	pub(crate) fn start_recomputing(now: BlockNumber, id: TaskId, task: &mut Task<T::AccountId>) {
		let until = now.saturating_add(T::Timing::rounds().recompute_timeout(task.weighted));
		let missing = task.total_chunks();
		task.stage = Stage::Recomputing { until, missing };
		task.exclude = Default::default();
		task.settler = None;
		Self::reschedule(now, until, id, task);
		log::debug!(target: LOG_TARGET, "task {id}: no quorum decides, {missing} chunks can be recomputed until block {until}");
		Self::deposit_event(Event::RecomputingStarted { task: id, until });
	}

	/// Removes everything stored for a task. Returns its settled sums, if there are any.
	fn clear(id: TaskId, task: &Task<T::AccountId>) -> Option<Sums> {
		Tasks::<T>::remove(id);
		if let Stage::Challenge { .. } = task.stage {
			return SettledSums::<T>::take(id);
		}
		for member in &task.members {
			Answers::<T>::remove(id, &member.who);
		}
		if let Stage::Recomputing { .. } = task.stage {
			for model in 0..task.models.len() as u8 {
				RecomputedSums::<T>::remove(id, model);
			}
		}
		None
	}

	/// Ends a task that nobody decided before its time-out, that needs a quorum and has none, or whose answers do not agree. Its item
	/// on the agenda is served or cancelled before.
	pub(crate) fn void(id: TaskId, task: Task<T::AccountId>, reason: VoidReason) {
		Self::clear(id, &task);
		log::warn!(target: LOG_TARGET, "task {id} for {:?} is void in {:?}: {reason:?}", task.subject, task.stage);
		Self::deposit_event(Event::TaskVoided { task: id, subject: task.subject, reason });
		T::Handler::voided(&task.subject, reason);
	}

	/// Ends a task with final sums: hands them to the handler, with the division of the evaluators' pay. Only here, and only in a
	/// task of a weighted domain, an answer is recorded: it is proved to agree with the final sums.
	pub(crate) fn complete(id: TaskId, task: Task<T::AccountId>, backing: Backing) {
		let (Some(sums), Some(seed)) = (Self::clear(id, &task), task.seed) else {
			defensive!("a challenge window opens with a seed and settled sums", id);
			return T::Handler::voided(&task.subject, VoidReason::NoQuorum);
		};
		let agreed: Vec<_> = task.standing().map(|(_, member)| member.who.clone()).collect();
		if task.weighted {
			for who in &agreed {
				T::EvaluatorSet::record_answer(who);
				T::EvaluatorSet::record_agreement(who);
			}
		}
		let pay = pay_shares(agreed, task.seats(), &task.helpers, task.total_chunks());
		let recomputed = pay_shares([], 0, &task.helpers, task.total_chunks());
		log::debug!(target: LOG_TARGET, "task {id} for {:?} is final, {} accounts are paid", task.subject, pay.shares.len());
		Self::deposit_event(Event::TaskCompleted { task: id, subject: task.subject, pay: pay.clone(), backing });
		T::Handler::recomputed(&task.subject, Outcome { seed, sums, pay, recomputed, backing, settler: task.settler });
	}
}
