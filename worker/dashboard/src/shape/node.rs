//! The worker, its node, and summaries.

use super::{At, Fees, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Answer of `/health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
	/// Always `ok`: the server answers. Whether the node is synced is in `/status`.
	pub status: String,
	/// Port of the server.
	pub port: u16,
}

/// The worker, and the node that it is connected to.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Node {
	/// Best block of the node.
	pub at: At,
	/// Account that the worker optimizes for, else the first one that it acts for; `null` without one.
	pub peer_id: Option<String>,
	/// Port of the server.
	pub port: u16,
	/// Version of the worker.
	pub version: String,
	/// Address of the node.
	pub url: String,
	/// Hash of the first block.
	pub genesis: String,
	/// `true` if the node has the newest blocks of its network.
	pub synced: bool,
	/// State of the node's synchronization, as text.
	pub sync: String,
	/// Number of the best block.
	pub chain_height: u32,
	/// Seconds since the start of the worker.
	pub uptime_s: u64,
	/// Roles of the worker: `optimize`, `evaluate`, `own`.
	pub roles: Vec<String>,
	/// Domains that the worker optimizes, as of the last block whose views were read; at most 1,000.
	pub optimizer_domains: Vec<u32>,
	/// Domains whose draws the worker answers, as of the last block whose views were read; at most 1,000.
	pub evaluator_domains: Vec<u32>,
	/// `true`: this server has a page for browsers at `/dashboard`.
	pub dashboard_enabled: bool,
}

/// Answer of `/status`.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
	/// `ok`, or `waiting` while the node is not synced.
	pub status: String,
	/// Block of all numbers of this answer.
	pub at: At,
	/// The worker, and the node that it is connected to.
	pub node: Node,
	/// Account in `node.peer_id`.
	pub peer_id: Option<String>,
	/// Port of the server.
	pub port: u16,
	/// Number of connected peers of the node, by the node; `null` if it does not answer. `/peers` lists them.
	pub peers: Option<u32>,
	/// Domains that the worker optimizes, at most 1,000.
	pub optimizer_domains: Vec<u32>,
	/// Domains whose draws the worker answers, at most 1,000.
	pub evaluator_domains: Vec<u32>,
	/// Number of the block of all numbers of this answer.
	pub chain_height: u32,
	/// Number of registered domains. Storage: `Domains.NextDomainId`.
	pub total_domains: u32,
	/// Domains of the page by their id, at most 1,000.
	#[schema(value_type = BTreeMap<String, DomainStatus>)]
	pub domains: BTreeMap<u32, DomainStatus>,
	/// Open recomputation tasks.
	pub task_queue: TaskQueue,
	/// Secrets and quorums that are pending.
	pub security: Security,
	/// State of the controller of difficulty.
	pub difficulty: Difficulty,
	/// State of proof of optimization.
	pub work: Work,
	/// State of the fee market.
	pub fee_market: Fees,
	/// Supply of coins, and the balance of the worker.
	pub coin: Coin,
	/// State of the analytics database; `null` if it is switched off.
	pub analytics: Option<Analytics>,
}

/// State of the controller that sets the threshold of work blocks.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difficulty {
	/// Threshold T of the next work block, Q32 bits. Storage: `Work.DifficultyState`.
	pub threshold: String,
	/// Seconds between two work blocks that the controller aims at. Storage: `Timing.TargetSpacing`.
	pub target_block_time: u64,
	/// Moving average of the seconds between two work blocks, rounded down. Storage: `Work.DifficultyState`.
	pub ema_block_time: u64,
	/// Work blocks of the present span. Storage: `Work.DifficultyState`.
	pub blocks_in_epoch: u32,
	/// Work blocks of a span, over which T moves by at most a factor of 4, by the code of the runtime.
	pub epoch_length: u32,
}

/// Supply of coins, and the balance of the worker.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coin {
	/// Coins that exist, in plancks. Storage: `Balances.TotalIssuance`.
	pub total_supply: String,
	/// Free balance of the account in `node.peer_id`, in plancks; `null` without one. Storage: `System.Account`.
	pub my_balance: Option<String>,
	/// Bonds, deposits and seat holds of that account, in plancks; `null` without one. Storage: `System.Account`.
	pub my_holds: Option<String>,
}

/// State of the analytics database.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Analytics {
	/// `starting`, `following`, `waiting` (for a locked file or a full disk; tried again), or `failed` (not tried again).
	pub state: String,
	/// Last block that is stored; `null` unless the state is `following`.
	pub block: Option<u32>,
	/// Reason of the states `waiting` and `failed`.
	pub reason: Option<String>,
}

/// A domain in `/status`.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DomainStatus {
	/// Display name. Storage: `Domains.Specs`.
	pub name: String,
	/// Status in its life cycle. Storage: `Domains.States`.
	pub status: String,
	/// `true` if the worker optimizes the domain.
	pub optimize: bool,
	/// `true` if the worker answers draws for the domain.
	pub evaluate: bool,
	/// Loss at which the domain converges, where 2²⁰ is the initial champion's; 0 for never. Storage: `Domains.Specs`.
	pub target_performance: u32,
	/// Loss of the champion, where 2²⁰ is the initial champion's; `null` before the activation and above 2⁵³. Storage: `Domains.States`.
	pub best_performance: Option<u64>,
	/// `true` if the target is reached. Storage: `Domains.States`.
	pub converged: bool,
	/// Voted weight, in parts per million. Storage: `Gauge.Weights`.
	pub weight: u32,
}

/// Numbers of open recomputation tasks.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskQueue {
	/// Tasks that are not final. Storage: `Recomputation.Tasks`.
	pub pending: u32,
	/// Tasks for which evaluators are drawn. Storage: `Recomputation.Tasks`.
	pub claimed: u32,
	/// Numbers of tasks by phase. Storage: `Recomputation.Tasks`.
	pub by_phase: BTreeMap<String, u32>,
}

/// Numbers of secrets and quorums.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Security {
	/// Number of the last finalized block.
	pub finalized_height: u32,
	/// Hash of that block.
	pub finalized_hash: String,
	/// Seats of the rounds that the grids are in that are committed and not revealed. Storage: `Optimae.Rounds`.
	pub pending_commitments: u32,
	/// Tasks whose quorum has not answered. Storage: `Recomputation.Tasks`.
	pub pending_quorums: u32,
}

/// Answer of `/peers` and `/api/peers`.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Peers {
	/// Best block of the node.
	pub at: At,
	/// Number of connected peers, by the node.
	pub connected_count: u32,
	/// `true` unless the node is one that needs no peers, e.g. of a development chain.
	pub should_have_peers: bool,
	/// `true` while the node imports older blocks.
	pub is_syncing: bool,
	/// The peers.
	pub peers: Vec<Peer>,
}

/// A peer of the node.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Peer {
	/// Identifier of the peer in the network.
	pub peer_id: String,
	/// Roles of the peer, e.g. `AUTHORITY`.
	pub roles: String,
	/// Number of the best block that the peer has announced.
	pub best: u64,
	/// Hash of the best block that the peer has announced.
	pub best_hash: String,
}
