//! Searches of the worker, and rows of the analytics database.

use super::At;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Answer of `/api/training`: the searches of the worker. Nothing of it is a state of the chain.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Training {
	/// `true` while a search trains candidates.
	pub active: bool,
	/// Domain of the first search that trains; the keys up to `best` are those of this search. `null` if none trains.
	pub domain_id: Option<u32>,
	/// Complete generations of the search.
	pub generation: u32,
	/// Number in `generation`, as upstream names it.
	pub round: u32,
	/// Stage of the search, from 1 on; 0 if none trains.
	pub stage: u32,
	/// Number of stages; 1 for a search of all genes from the beginning.
	pub total_stages: u32,
	/// Epochs that the candidates of the running batch were trained for, together.
	pub epoch: u32,
	/// Epochs of the running batch, all candidates together.
	pub total_epochs: u32,
	/// Candidates trained since the start.
	pub candidates: u64,
	/// Validation loss of the champion, where 2²⁰ is the initial champion's; `null` until it is read.
	pub champion_loss: Option<u64>,
	/// Least validation loss of a candidate, in the same unit; `null` before the first one. The same number as `best`, as upstream names
	/// it. Losses on the training split are not kept.
	pub val_loss: Option<u64>,
	/// Least validation loss of a candidate, where 2²⁰ is the initial champion's; `null` before the first one.
	pub best: Option<u64>,
	/// All searches, by domain and account.
	pub searches: Vec<Search>,
}

/// A search of the worker.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Search {
	/// Domain that is searched.
	pub domain_id: u32,
	/// Account that the worker optimizes for.
	pub peer_id: String,
	/// `training`, `waiting` or `stopped`.
	pub state: String,
	/// Complete generations of the search.
	pub generation: u32,
	/// Stage of the search, from 1 on.
	pub stage: u32,
	/// Number of stages; 1 for a search of all genes from the beginning.
	pub stages: u32,
	/// Stage of the bracket, from 1 on: candidates of one stage are trained for the same part of their epochs.
	pub bracket_stage: u32,
	/// Number of stages of a bracket; 1 for a search without successive halving.
	pub bracket_stages: u32,
	/// Candidates of a generation.
	pub population: u32,
	/// Epochs that the candidates of the running batch were trained for, together.
	pub epoch: u32,
	/// Epochs of the running batch, all candidates together.
	pub total_epochs: u32,
	/// Candidates trained since the start.
	pub candidates: u64,
	/// Candidates per hour; `null` until it can be estimated.
	pub per_hour: Option<u64>,
	/// Least validation loss of a candidate, where 2²⁰ is the initial champion's; `null` before the first one.
	pub best: Option<u64>,
	/// Validation loss of the champion, in the same unit.
	pub champion: Option<u64>,
	/// Candidates that are found and not committed.
	pub pool: u32,
	/// Models of others, and of earlier searches, whose genes the search has taken in.
	pub immigrants: u64,
	/// Estimated time until the running batch ends, in milliseconds; `null` before the first complete batch.
	pub remaining_ms: Option<u64>,
	/// Start of the search, in milliseconds since 1970.
	pub since_ms: u64,
	/// CPU threads and devices that train.
	pub devices: Vec<String>,
}

/// Rows of the analytics database, newest first. Keys are names of its columns; amounts and integers of 64 bits are decimal strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rows {
	/// Last block that is stored in the database: later blocks are not in the rows.
	pub at: At,
	/// First block that is stored in the database: 0, unless it was begun at a node that had removed earlier states.
	pub first_block: u32,
	/// Rows, each an object.
	#[schema(value_type = Vec<Object>)]
	pub rows: Vec<Value>,
	/// Number of `rows`.
	pub count: u32,
}

/// Answer of `/api/metrics`: performances of the revealed seats, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Metrics {
	/// Last block that is stored in the database: later blocks are not in the rows.
	pub at: At,
	/// First block that is stored in the database: 0, unless it was begun at a node that had removed earlier states.
	pub first_block: u32,
	/// Performances of seats, newest first.
	pub metrics: Vec<Performance>,
	/// Number of `metrics`.
	pub count: u32,
}

/// Performance of one seat of an ended round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Performance {
	/// Number of the round on the grid of the domain.
	pub round_num: u32,
	/// The domain.
	pub domain_id: u32,
	/// Account of the seat.
	pub peer_id: String,
	/// Claimed error sum on the validation split: lower is better. `null` without a reveal.
	pub performance: Option<String>,
	/// Smallest performance of the account in the domain so far.
	pub best_performance: Option<String>,
	/// `true` if no earlier round of the account in the domain was better.
	pub is_improvement: bool,
	/// Block of the reveal, whose events have the performance; `null` without a reveal.
	pub reveal_block: Option<u32>,
	/// Block that ended the round.
	pub block: Option<u32>,
	/// Time of the block that ended the round, in UTC.
	pub timestamp: Option<String>,
}
