//! Views for runtime APIs.

use crate::{
	pallet::{Config, Pallet, SettledSums, Tasks},
	types::{Answer, Member, Stage, Task},
};
use doin_primitives::{
	quorum::needed,
	views::{EvaluatorSeatView, RecomputationPhase, RecomputationView},
	BlockNumber, TaskId,
};
use doin_traits::Timing;

impl<T: Config> Pallet<T> {
	/// Returns one task, while it is not final.
	pub fn recomputation(id: TaskId) -> Option<RecomputationView<T::AccountId>> {
		Some(Self::view(id, Tasks::<T>::get(id)?))
	}

	/// Returns the phase of a task, and the block in which it ends.
	fn phase(task: &Task<T::AccountId>) -> (RecomputationPhase, BlockNumber) {
		let now = Self::now();
		match task.stage {
			Stage::Drawing { .. } => (RecomputationPhase::Drawing, task.due),
			Stage::Answering { commits_until, .. } if now < commits_until => (RecomputationPhase::Answering, commits_until),
			// The answers are closed in the next block, from which on they can be settled.
			Stage::Answering { reveals_until, .. } if now >= reveals_until && task.answers() >= needed(task.seats()) => {
				let timeout = T::Timing::rounds().recompute_timeout(task.weighted);
				(RecomputationPhase::Settling, task.due.max(reveals_until.saturating_add(1)).saturating_add(timeout))
			}
			Stage::Answering { reveals_until, .. } => (RecomputationPhase::Revealing, reveals_until),
			Stage::Settling { until, .. } => (RecomputationPhase::Settling, until),
			Stage::Recomputing { until, .. } => (RecomputationPhase::Recomputing, until),
			Stage::Challenge { until, .. } => (RecomputationPhase::Challenge, until),
		}
	}

	fn view(id: TaskId, task: Task<T::AccountId>) -> RecomputationView<T::AccountId> {
		let (phase, phase_end) = Self::phase(&task);
		let seat = |member: Member<T::AccountId>| EvaluatorSeatView {
			committed: !matches!(member.answer, Answer::Awaited | Answer::Missed),
			revealed: matches!(member.answer, Answer::Revealed | Answer::False),
			who: member.who,
		};
		// A task that waits for its second draw still stores its first quorum, which is not the one that will answer.
		let is_drawn = phase != RecomputationPhase::Drawing;
		let sums = SettledSums::<T>::get(id).map(|sums| sums.into_iter().map(|model| model.into_inner()).collect());
		RecomputationView {
			task: id,
			subject: task.subject,
			domain: task.domain,
			phase,
			phase_end,
			seed: task.seed.filter(|_| is_drawn),
			models: task.models.into_inner(),
			evidence: task.evidence,
			class: task.class,
			seats: task.members.into_iter().filter(|_| is_drawn).map(seat).collect(),
			sums: sums.unwrap_or_default(),
		}
	}
}
