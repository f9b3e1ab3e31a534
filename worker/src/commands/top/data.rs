//! Answers of a worker's server, as far as `top` shows them. Unknown keys are ignored, and missing ones have their defaults, so
//! that servers of other versions can be read.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Answer of `/status`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status {
	/// Worker and node.
	pub node: Node,
	/// Number of the block of all figures.
	pub chain_height: u64,
	/// Finalized block and commitments.
	pub security: Security,
	/// Proof of optimization.
	pub work: Work,
	/// Fee market.
	pub fee_market: Fees,
	/// Supply and balance.
	pub coin: Coin,
	/// State of the analytics database.
	pub analytics: Option<Analytics>,
}

/// Worker and node in `/status`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Node {
	/// Account that the worker acts for.
	pub peer_id: Option<String>,
	/// Version of the worker.
	pub version: String,
	/// Address of the node.
	pub url: String,
	/// The node has the newest blocks.
	pub synced: bool,
	/// Synchronization as text.
	pub sync: String,
	/// Seconds since the start of the worker.
	pub uptime_s: u64,
	/// Roles of the worker.
	pub roles: Vec<String>,
}

/// Finality in `/status`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Security {
	/// Last finalized block.
	pub finalized_height: u64,
	/// Seats that are committed and not revealed.
	pub pending_commitments: u32,
}

/// Proof of optimization in `/status`. Bits are Q32, amounts are plancks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Work {
	/// Work blocks so far.
	pub work_blocks: u64,
	/// Threshold of the next work block.
	pub threshold: String,
	/// Bits in the queue.
	pub queued: String,
	/// Reward of a full work block.
	pub reward: String,
	/// Amount that was minted.
	pub mined: String,
	/// Backed share, parts per million.
	pub backed_share: u32,
	/// First entries of the queue.
	pub queue: Vec<WorkEntry>,
	/// Last work block.
	pub last_seal: Option<Seal>,
	/// Domains with a voted weight.
	pub weights: Vec<Weight>,
	/// Base fees that were burned.
	pub burned: String,
}

/// Entry of the work queue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WorkEntry {
	/// Domain of the improvement.
	pub domain_id: u32,
	/// Round that earned it.
	pub round: u32,
	/// Bits that no work block has taken.
	pub effective: String,
	/// Author of the model.
	pub optimizer: String,
	/// Accounts that verified it.
	pub evaluators: Vec<String>,
}

/// The last work block.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Seal {
	/// Number of the work block.
	pub work_block: u64,
	/// Block that sealed it.
	pub block: u64,
	/// Bits that it took.
	pub taken: String,
	/// Amount that was minted.
	pub minted: String,
	/// Share of the optimizers.
	pub optimizers: String,
	/// Share of the evaluators.
	pub evaluators: String,
	/// Share of the validators.
	pub validators: String,
}

/// Voted weight of a domain.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Weight {
	/// The domain.
	pub domain_id: u32,
	/// Its name.
	pub name: String,
	/// Its weight, parts per million.
	pub weight: u32,
}

/// Fee market in `/status`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fees {
	/// Plancks per gas.
	pub base_fee: String,
	/// Fullness of the last block, parts per million.
	pub fullness: u32,
}

/// Supply and balance in `/status`, in plancks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Coin {
	/// Coins that exist.
	pub total_supply: String,
	/// Free balance of the worker's account.
	pub my_balance: Option<String>,
	/// Holds of the worker's account.
	pub my_holds: Option<String>,
}

/// State of the analytics database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Analytics {
	/// State as a word.
	pub state: String,
	/// Last block that is stored.
	pub block: Option<u64>,
	/// Reason of a failure.
	pub reason: Option<String>,
}

/// Answer of `/api/optimization`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Optimization {
	/// All domains.
	pub domains: Vec<Domain>,
	/// Round of each active domain.
	pub rounds: Vec<Round>,
}

/// A domain.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Domain {
	/// Identifier of the domain.
	pub domain_id: u32,
	/// Display name.
	pub name: String,
	/// Kind of its evidence.
	pub evidence: String,
	/// Status in its life cycle.
	pub status: String,
	/// Voted weight, parts per million.
	pub weight: u32,
	/// High-water mark, Q32 bits.
	pub high_water: String,
	/// Bounty, plancks.
	pub bounty: String,
	/// The best model.
	pub champion: Option<Champion>,
}

/// The best model of a domain.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Champion {
	/// Reference of the model.
	pub model: Value,
	/// Account that submitted it.
	pub author: Option<String>,
	/// Round that crowned it.
	pub round: Option<u32>,
	/// Block of its verdict.
	pub block: u64,
	/// Loss on the windows of its round.
	pub loss: u64,
	/// Size, bytes.
	pub bytes: u32,
}

/// A round.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Round {
	/// The domain.
	pub domain_id: u32,
	/// Number of the round.
	pub round: u32,
	/// Phase of the round.
	pub phase: String,
	/// First block after the phase.
	pub phase_end: u64,
	/// First block of the round.
	pub commit_from: u64,
	/// First block in which reveals are taken.
	pub reveal_from: u64,
	/// First block in which reveals are not taken.
	pub reveal_until: u64,
	/// Fee of the next seat, plancks.
	pub next_seat_fee: String,
	/// Seats in order of commit.
	pub seats: Vec<RoundSeat>,
}

/// A seat of a round.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoundSeat {
	/// Account that committed.
	pub peer_id: String,
	/// State of the seat.
	pub status: Value,
}

/// Answer of `/api/training`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Training {
	/// Searches of the worker.
	pub searches: Vec<Search>,
}

/// A search of the worker.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
	/// The domain.
	pub domain_id: u32,
	/// Account that commits.
	pub peer_id: String,
	/// `training`, `waiting` or `stopped`.
	pub state: String,
	/// Complete generations.
	pub generation: u32,
	/// Candidates of a generation.
	pub population: u32,
	/// Epochs of the running batch so far.
	pub epoch: u32,
	/// Epochs of the running batch.
	pub total_epochs: u32,
	/// Candidates that were trained.
	pub candidates: u64,
	/// Candidates per hour.
	pub per_hour: Option<u64>,
	/// Least validation loss.
	pub best: Option<u64>,
	/// Validation loss of the champion.
	pub champion: Option<u64>,
	/// Candidates that were found and not committed.
	pub pool: u32,
	/// Genes of champions that were taken in.
	pub immigrants: u64,
	/// Estimated time until the running batch ends, ms.
	pub remaining_ms: Option<u64>,
	/// Start, ms since 1970.
	pub since_ms: u64,
	/// CPU threads and devices.
	pub devices: Vec<String>,
}

/// Answer of `/api/evaluations`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Evaluations {
	/// Open tasks.
	pub pending: Vec<Task>,
	/// Evaluators that did not answer in time.
	pub late: Vec<Late>,
}

/// An open task.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Task {
	/// Identifier of the task.
	pub task_id: String,
	/// The domain.
	pub domain_id: u32,
	/// Purpose of the task.
	pub subject: Value,
	/// Phase of the task.
	pub phase: String,
	/// First block after the phase.
	pub phase_end: u64,
	/// Models to evaluate.
	pub models: u32,
	/// Drawn evaluators.
	pub evaluators: Vec<TaskSeat>,
}

/// A drawn evaluator.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TaskSeat {
	/// Its account.
	pub peer_id: String,
	/// Its commitment is stored.
	pub committed: bool,
	/// Its sums are revealed.
	pub revealed: bool,
}

/// An evaluator that did not answer in time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Late {
	/// The task.
	pub task_id: String,
	/// Domain of the task.
	pub domain_id: u32,
	/// Account of the evaluator.
	pub peer_id: String,
	/// `commitment` or `sums`.
	pub missing: String,
}

/// Answer of `/api/peers`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Peers {
	/// Number of connected peers.
	pub connected_count: u32,
}

/// Answer of `/api/unpaid`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct UnpaidSeats {
	/// Seats, newest first.
	pub rows: Vec<UnpaidSeat>,
}

/// A seat of an ended round that was not paid.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct UnpaidSeat {
	/// The domain.
	pub domain: u32,
	/// Number of the round.
	pub round: u32,
	/// Account that committed.
	pub account: String,
	/// Code of the reason.
	pub unpaid_reason: String,
	/// Block that ended the round.
	pub end_block: Option<u64>,
}

/// Answer of `/api/events`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Events {
	/// Events, oldest first.
	pub events: Vec<Event>,
}

/// An event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Event {
	/// Number since the start of the server; `None` for an event that is not kept.
	pub id: Option<u64>,
	/// Pallet and event, `block`, `best` or `search`.
	pub kind: String,
	/// Number of the block.
	pub block: Option<u64>,
	/// Fields of the event.
	pub data: Value,
}

/// Body of an answer that is an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
	/// Reason of the error.
	pub error: String,
	/// Next step.
	pub next: String,
}

/// Figures of domains by their identifiers.
pub type ByDomain<T> = BTreeMap<u32, T>;
