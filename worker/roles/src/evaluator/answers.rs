//! Sums that the evaluators of a worker have computed.

use doin_primitives::{payload::Sums, Hash, TaskId};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::OnceCell;

/// Tasks whose sums are kept.
const MAX_TASKS: usize = 64;

/// Windows of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AnswerKey {
	/// Identifier of the task.
	pub(super) task: TaskId,
	/// Seed of its windows. A fork may draw others.
	pub(super) seed: Hash,
}

/// Sums by task and seed, each computed once, however many identities need them.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<BTreeMap<AnswerKey, Arc<OnceCell<Sums>>>>);

impl Answers {
	/// Returns the cell of the sums of `key`. Cells that are still being computed are never dropped.
	pub(super) fn cell(&self, key: AnswerKey) -> Arc<OnceCell<Sums>> {
		let mut answers = self.0.lock();
		if answers.len() >= MAX_TASKS {
			answers.retain(|_, cell| !cell.initialized());
		}
		answers.entry(key).or_default().clone()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn sums_are_kept_by_task_and_seed_up_to_a_limit() {
		let answers = Answers::default();
		let key = |task: u64| AnswerKey { task, seed: [1; 32] };
		let running = answers.cell(key(0));
		for task in 2..MAX_TASKS as u64 {
			answers.cell(key(task)).set(Sums::default()).unwrap();
		}
		assert!(answers.cell(key(2)).initialized());
		assert!(!answers.cell(AnswerKey { seed: [2; 32], ..key(2) }).initialized(), "another seed draws other windows");
		assert!(!answers.cell(key(3)).initialized(), "at the limit, computed sums make room");
		assert!(Arc::ptr_eq(&running, &answers.cell(key(0))), "a running computation is kept");
	}
}
