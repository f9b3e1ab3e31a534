//! Recomputation tasks, and bodies of requests that change state.

use super::{At, Event};
use doin_serve::tasks::HostTask;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A recomputation task that is not final.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Task {
	/// Identifier of the task. Storage: `Recomputation.Tasks`.
	pub task_id: String,
	/// The domain whose models are evaluated. Storage: `Recomputation.Tasks`.
	pub domain_id: u32,
	/// Purpose of the task. Storage: `Recomputation.Tasks`.
	#[schema(value_type = Object)]
	pub subject: Value,
	/// Phase of the task. Storage: `Recomputation.Tasks`.
	pub phase: String,
	/// First block after this phase. Storage: `Recomputation.Tasks`.
	pub phase_end: u32,
	/// Number of models to evaluate. Storage: `Recomputation.Tasks`.
	pub models: u32,
	/// Seed of the windows, once drawn. Storage: `Recomputation.Tasks`.
	pub seed: Option<String>,
	/// Drawn evaluators. Storage: `Recomputation.Tasks`.
	pub evaluators: Vec<TaskSeat>,
}

/// A drawn evaluator of a task.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskSeat {
	/// Account of the evaluator. Storage: `Recomputation.Tasks`.
	pub peer_id: String,
	/// `true` once its commitment is stored. Storage: `Recomputation.Tasks`.
	pub committed: bool,
	/// `true` once its sums are revealed. Storage: `Recomputation.Tasks`.
	pub revealed: bool,
	/// Progress of its answer.
	pub state: SeatState,
}

/// Progress of the answer of a drawn evaluator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeatState {
	/// Its commitment is taken until the phase ends.
	#[default]
	Awaited,
	/// Committed; its sums are still taken, or will be.
	Committed,
	/// Its sums are revealed.
	Revealed,
	/// The phase in which it had to commit, or to reveal, is over.
	Missed,
}

/// A drawn evaluator that did not answer in time.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Late {
	/// The task. Storage: `Recomputation.Tasks`.
	pub task_id: String,
	/// Domain of the task. Storage: `Recomputation.Tasks`.
	pub domain_id: u32,
	/// Account of the evaluator. Storage: `Recomputation.Tasks`.
	pub peer_id: String,
	/// Missing part of its answer.
	pub missing: Missing,
}

/// Part of an answer that did not come in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
	/// The commitment to its sums.
	#[default]
	Commitment,
	/// The sums that it had committed to.
	Sums,
}

/// Answer of `/tasks/pending`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PendingTasks {
	/// Block of all numbers of this answer.
	pub at: At,
	/// Open tasks of the requested domains, oldest first.
	pub tasks: Vec<Task>,
	/// Number of open tasks of these domains.
	pub total_pending: u32,
	/// Work of this host that workers can claim, in the order in which it should be done: verification, inference, optimization. It needs
	/// the token, and is empty without it.
	pub host: Vec<HostTask>,
}

/// Answer of `/api/evaluations`.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evaluations {
	/// Block of `pending` and `late`.
	pub at: At,
	/// Number of open tasks. Storage: `Recomputation.Tasks`.
	pub pending_count: u32,
	/// Number of `completed`.
	pub completed_count: u32,
	/// Open tasks, at most 1,000.
	pub pending: Vec<Task>,
	/// Evaluators of these tasks that did not answer in time.
	pub late: Vec<Late>,
	/// Events `Recomputation.TaskCompleted` of finalized blocks among the recent events, oldest first.
	pub completed: Vec<Event>,
}

/// Body of `POST /tasks/claim`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
	/// Identifier of the task.
	pub task_id: String,
	/// Name of the worker.
	pub evaluator_id: String,
}

/// Body of `POST /tasks/complete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Completion {
	/// Identifier of the task.
	pub task_id: String,
	/// Name of the worker.
	pub evaluator_id: String,
	/// Performance that the worker found, for work that has one.
	#[serde(default)]
	pub verified_performance: Option<f64>,
	/// Result of the work.
	#[serde(default)]
	#[schema(value_type = Object)]
	pub result: Value,
}

/// Answer of `POST /tasks/claim`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Claimed {
	/// `claimed`.
	pub status: String,
	/// The task, with the seconds of its lease.
	pub task: HostTask,
}

/// Answer of `POST /tasks/complete`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Completed {
	/// `completed`.
	pub status: String,
	/// Identifier of the task.
	pub task_id: String,
	/// `false`: only calls of the chain lead to blocks. Upstream's key.
	pub block_generated: bool,
}
