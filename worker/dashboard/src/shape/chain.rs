//! Blocks, events and fees.

use super::At;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Answer of `/chain/status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChainStatus {
	/// Best block.
	pub at: At,
	/// Number of the best block.
	pub chain_height: u32,
	/// Hash of the best block.
	pub tip_hash: String,
	/// Number of the best block.
	pub tip_index: u32,
	/// Number of the last finalized block.
	pub finalized_height: u32,
	/// Hash of the last finalized block.
	pub finalized_hash: String,
	/// Hash of the first block.
	pub genesis_hash: String,
	/// Versions of the programs, by their names.
	pub component_versions: BTreeMap<String, String>,
}

/// A finalized block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Block {
	/// The block itself.
	pub at: At,
	/// Number of the block.
	pub index: u32,
	/// Hash of the block.
	pub hash: String,
	/// Hash of its parent.
	pub previous_hash: String,
	/// Time of the block, in milliseconds since 1970; `null` for block 0. Storage: `Timestamp.Now`.
	pub timestamp: Option<u64>,
	/// Index of the author among the validators of the session; `null` for block 0. Storage: `Session.Validators`.
	pub authority: Option<u32>,
	/// Slot of the block; `null` for block 0.
	pub slot: Option<u64>,
	/// `spec_version` of the runtime that executed the block.
	pub spec_version: u32,
	/// Work blocks that are sealed up to this block, by the DOIN digest of its header; `null` for block 0.
	pub work_blocks: Option<u64>,
	/// Extrinsics, in order.
	pub transactions: Vec<Transaction>,
	/// Number of events. Storage: `System.Events`.
	pub events: u32,
}

/// An extrinsic of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Transaction {
	/// Position in the block.
	pub index: u32,
	/// blake2b-256 of its bytes.
	pub id: String,
	/// Pallet and call, e.g. `Optimae.commit`.
	pub tx_type: String,
	/// Account that signed it; `null` for an inherent.
	pub peer_id: Option<String>,
	/// `true` unless it failed. Storage: `System.Events`.
	pub success: bool,
	/// Paid fee in plancks, the tip included. Storage: `System.Events`.
	pub fee: String,
}

/// Answer of `/chain/blocks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockPage {
	/// Last finalized block.
	pub at: At,
	/// First block of the page.
	pub from: u32,
	/// Blocks of the page, in ascending order.
	pub blocks: Vec<Block>,
	/// `true` if blocks of the range are left after this page.
	pub has_more: bool,
}

/// Answer of `/api/chain`: the newest blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecentBlocks {
	/// Last finalized block.
	pub at: At,
	/// Number of the last finalized block.
	pub height: u32,
	/// Newest blocks, in descending order.
	pub blocks: Vec<Block>,
}

/// State of the fee market.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fees {
	/// Block of these numbers.
	pub at: At,
	/// Plancks per gas. Storage: `FeeMarket.BaseFeePerGas`.
	pub base_fee: String,
	/// Fullness of the last block, in parts per million. Storage: `FeeMarket.Fullness`.
	pub fullness: u32,
	/// Lowest base fee, in plancks per gas: the constant `FeeMarket.Floor`.
	pub floor: String,
	/// Highest base fee, in plancks per gas: the constant `FeeMarket.Ceiling`.
	pub ceiling: String,
	/// Base fees burned since block 0, in plancks. Storage: `FeeMarket.Burned`.
	pub total_burned: String,
	/// Always `true`: the fee market is a part of the chain.
	pub enabled: bool,
}

/// Answer of `/stats/chain-metrics`: numbers over the newest blocks that the server has read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChainMetrics {
	/// Block of `work_blocks`, `threshold` and `mined`.
	pub at: At,
	/// Last block that the means and sums are of; `null` before the first one.
	pub finalized: Option<At>,
	/// Number of the last finalized block.
	pub height: u32,
	/// Number of blocks that the means are of: finalized ones without a gap, the newest that were read.
	pub blocks: u32,
	/// Mean time between two of these blocks, in milliseconds; `null` with fewer than two. Storage: `Timestamp.Now`.
	pub mean_block_time_ms: Option<u64>,
	/// Extrinsics of these blocks, inherents included.
	pub transactions: u64,
	/// Events of these blocks. Storage: `System.Events`.
	pub events: u64,
	/// Work blocks sealed so far. Storage: `Work.LastSeal`.
	pub work_blocks: u64,
	/// Threshold T of the next work block, Q32 bits. Storage: `Work.DifficultyState`.
	pub threshold: String,
	/// Minted by all work blocks so far, in plancks. Storage: `Work.Mined`.
	pub mined: String,
}

/// Answer of `/api/events`.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecentEvents {
	/// Events, oldest first.
	pub events: Vec<Event>,
	/// Number of `events`.
	pub count: u32,
}

/// An event of the chain or of the worker.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
	/// Number of the event since the start of the server, from 1; `null` for an event that is not kept (`best`, `search`).
	pub id: Option<u64>,
	/// `block` for a finalized block; pallet and event, e.g. `Optimae.Crowned`, for an event of a finalized block; `best` for a new
	/// best block; `search` for a change of a search.
	pub kind: String,
	/// Number of the block; `null` for an event of the worker.
	pub block: Option<u32>,
	/// Time of the block, in milliseconds since 1970.
	pub timestamp: Option<u64>,
	/// Fields of the event; number and hash of a best block; the body of `/api/training` for a change of a search.
	#[schema(value_type = Object)]
	pub data: Value,
}
