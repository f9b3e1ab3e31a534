//! Proof of optimization.

use super::At;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// State of proof of optimization.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Work {
	/// Block of all numbers of this answer, apart from `seals`.
	pub at: At,
	/// Work blocks sealed so far. Storage: `Work.LastSeal`.
	pub work_blocks: u64,
	/// Threshold T of the next work block, Q32 bits. Storage: `Work.DifficultyState`.
	pub threshold: String,
	/// Effective improvement in the queue, Q32 bits. Storage: `Work.QueueState`.
	pub queued: String,
	/// Reward R of a full next work block, in plancks; it follows from `work_blocks`. Storage: `Work.LastSeal`.
	pub reward: String,
	/// Minted by all work blocks so far, in plancks. Storage: `Work.Mined`.
	pub mined: String,
	/// Part of `mined` for improvements that a quorum recomputed, in plancks. Storage: `Work.MintedBy`.
	pub backed_by_quorum: String,
	/// Part of `mined` for improvements that the runtime computed, in plancks. Storage: `Work.MintedBy`.
	pub backed_by_runtime: String,
	/// Share of `mined` that is backed, in parts per million; 1,000,000 before the first work block. Storage: `Work.MintedBy`.
	pub backed_share: u32,
	/// Share of the validators that accrued in this era, in plancks. Storage: `Work.EraAccrual`.
	pub era_accrual: String,
	/// First entries of the queue, at most 32. Storage: `Work.Entries`.
	pub queue: Vec<WorkEntry>,
	/// The last work block; `null` before the first one. Storage: `Work.LastSeal`.
	#[schema(value_type = Option<Object>)]
	pub last_seal: Option<Value>,
	/// Shares of the reward of a work block, by the code of the runtime.
	pub emission: Emission,
	/// Domains with a voted weight. Storage: `Gauge.Weights`.
	pub weights: Vec<DomainWeight>,
	/// Base fees burned since block 0, in plancks. Storage: `FeeMarket.Burned`.
	pub burned: String,
	/// Newest work blocks of the analytics database, at most 200, newest first; `null` without one, and in `/status`.
	#[schema(value_type = Option<Vec<Object>>)]
	pub seals: Option<Vec<Value>>,
	/// Last block of the analytics database; `null` without `seals`.
	pub seals_at: Option<At>,
}

/// Shares of the reward of a work block, in parts per million.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Emission {
	/// Share of the optimizers, rounded down to the planck.
	pub optimizers: u32,
	/// Share of the evaluators, rounded down to the planck.
	pub evaluators: u32,
	/// Share of the validators, which also get the remainder of the rounding.
	pub validators: u32,
}

/// Voted weight of a domain.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DomainWeight {
	/// The domain.
	pub domain_id: u32,
	/// Display name. Storage: `Domains.Specs`.
	pub name: String,
	/// Voted weight, in parts per million. Storage: `Gauge.Weights`.
	pub weight: u32,
}

/// A verified improvement in the work queue.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkEntry {
	/// The domain. Storage: `Work.Entries`.
	pub domain_id: u32,
	/// Number of the round that earned it. Storage: `Work.Entries`.
	pub round: u32,
	/// Effective improvement that no work block has taken, Q32 bits. Storage: `Work.Entries`.
	pub effective: String,
	/// Account that submitted the model. Storage: `Work.Entries`.
	pub optimizer: String,
	/// Accounts that verified it. Storage: `Work.Entries`.
	pub evaluators: Vec<String>,
	/// Origin of the sums that decided it. Storage: `Work.Entries`.
	#[schema(value_type = Object)]
	pub backing: Value,
}
