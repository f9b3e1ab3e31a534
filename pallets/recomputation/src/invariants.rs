//! Invariants of the stored state, checked after each block.

use crate::{
	pallet::{Answers, Challenges, Config, Due, HoldReason, NextTaskId, Pallet, RecomputedSums, SettledSums, Tasks},
	types::{Answer, Member, Stage, Task},
	MAX_TASKS,
};
use alloc::{collections::BTreeMap, vec::Vec};
use doin_primitives::{settlement::Backing, TaskId};
use doin_traits::ChunkScorer;
use frame_support::{ensure, traits::fungible::hold::Inspect};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks challenge bonds against holds, and tasks against the agenda and all that is stored for them.
	///
	/// # Errors
	///
	/// Fails with a description of the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_challenges()?;
		Self::check_tasks()
	}

	fn check_challenges() -> Result<(), TryRuntimeError> {
		let reason = HoldReason::Challenge.into();
		for (who, announced) in Challenges::<T>::iter() {
			let held = T::Currency::balance_on_hold(&reason, &who);
			ensure!(held == announced.bond, "a challenge bond differs from the amount on hold");
		}
		Ok(())
	}

	fn check_tasks() -> Result<(), TryRuntimeError> {
		let mut agenda = BTreeMap::<TaskId, Vec<u32>>::new();
		for (block, tasks) in Due::<T>::iter() {
			tasks.into_iter().for_each(|id| agenda.entry(id).or_default().push(block));
		}
		let mut open = 0u32;
		let mut answers = 0usize;
		for (id, task) in Tasks::<T>::iter() {
			open = open.saturating_add(1);
			ensure!(id < NextTaskId::<T>::get(), "a task has an id that was not given yet");
			ensure!(agenda.remove(&id) == Some(alloc::vec![task.due]), "a task is not on the agenda exactly once");
			let settled = matches!(task.stage, Stage::Challenge { .. });
			ensure!(
				SettledSums::<T>::contains_key(id) == settled,
				"settled sums are missing, or stored outside of the challenge window"
			);
			Self::check_quorum(&task)?;
			Self::check_need_of_quorum(&task)?;
			for member in &task.members {
				let revealed = member.answer == Answer::Revealed && !settled;
				ensure!(Answers::<T>::contains_key(id, &member.who) == revealed, "an answer is missing, or not needed any more");
				answers = answers.saturating_add(usize::from(revealed));
			}
			let computed = RecomputedSums::<T>::iter_prefix(id).flat_map(|(_, sums)| sums).flatten().count();
			let total = task.total_chunks() as usize;
			match task.stage {
				Stage::Recomputing { missing, .. } => {
					ensure!(total.checked_sub(computed) == Some(missing as usize), "the missing chunks do not add up")
				}
				_ => ensure!(computed == 0, "recomputed sums are stored of a task that is not recomputed"),
			}
		}
		ensure!(agenda.is_empty(), "the agenda names a task that is not open");
		ensure!(open == Tasks::<T>::count() && open <= MAX_TASKS, "the counter of open tasks is wrong");
		ensure!(Answers::<T>::iter_keys().count() == answers, "an answer belongs to no open task");
		ensure!(SettledSums::<T>::iter_keys().all(Tasks::<T>::contains_key), "settled sums belong to no open task");
		let orphan = RecomputedSums::<T>::iter_keys().any(|(id, _)| !Tasks::<T>::contains_key(id));
		ensure!(!orphan, "recomputed sums belong to no open task");
		Ok(())
	}

	/// Checks that a task that needs a quorum is recomputed only after a false answer, and one with a tolerance never.
	fn check_need_of_quorum(task: &Task<T::AccountId>) -> Result<(), TryRuntimeError> {
		ensure!(!(task.needs_quorum && task.weighted), "a task of a weighted domain needs no quorum");
		let recomputed = matches!(task.stage, Stage::Recomputing { .. } | Stage::Challenge { backing: Backing::Runtime, .. });
		let has_tolerance = T::ChunkScorer::tolerance(task.domain).is_some();
		ensure!(!(has_tolerance && recomputed), "the runtime recomputes a task whose sums it cannot compute");
		ensure!(
			!(task.needs_quorum && recomputed) || task.has_false_answer(),
			"a task that needs a quorum is recomputed although no answer was false"
		);
		Ok(())
	}

	/// Checks the quorum of a task, and the accounts that are credited for its sums.
	fn check_quorum(task: &Task<T::AccountId>) -> Result<(), TryRuntimeError> {
		let is_drawing = matches!(task.stage, Stage::Drawing { .. });
		let can_redraw = is_drawing || matches!(task.stage, Stage::Answering { .. }) && !task.redrawn;
		ensure!(task.seed.is_some() == (!is_drawing || task.redrawn), "a task has no seed after its draw, or one before");
		ensure!(task.exclude.is_empty() || can_redraw, "accounts are excluded from a draw that cannot follow");
		let open = |member: &Member<_>| matches!(member.answer, Answer::Awaited | Answer::Committed(_));
		let answering = matches!(task.stage, Stage::Answering { .. });
		ensure!(answering || !task.members.iter().any(open), "an answer is awaited after the reveals");
		for (place, member) in task.members.iter().enumerate() {
			ensure!(
				!task.members.iter().skip(place.saturating_add(1)).any(|other| other.who == member.who),
				"a member was drawn twice"
			);
			ensure!(is_drawing || !task.exclude.contains(&member.who), "an excluded account was drawn");
		}
		let credited: u32 = task.helpers.iter().map(|helper| helper.chunks).fold(0, u32::saturating_add);
		ensure!(credited <= task.total_chunks(), "accounts are credited for more chunks than the task has");
		match task.stage {
			Stage::Recomputing { missing, .. } => {
				ensure!(credited <= task.total_chunks().saturating_sub(missing), "an account is credited for a missing chunk")
			}
			Stage::Challenge { backing: Backing::Runtime, .. } => ensure!(credited > 0, "chunks were recomputed for nobody"),
			_ => ensure!(credited == 0, "an account is credited for a chunk although a quorum decides"),
		}
		Ok(())
	}
}
