//! Finalized blocks, as the indexer reads them.

use serde_json::Value;

/// Hash of a block.
pub type Hash = [u8; 32];

/// A finalized block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
	/// Number of the block.
	pub number: u32,
	/// Hash of the block.
	pub hash: Hash,
	/// Hash of its parent.
	pub parent: Hash,
	/// Time of the block in milliseconds since 1970; `None` for block 0.
	pub timestamp: Option<u64>,
	/// `spec_version` of the runtime that executed the block.
	pub spec_version: u32,
	/// Index of the author among the validators of the session, and its slot.
	pub author: Option<(u32, u64)>,
	/// Number of work blocks on this branch.
	pub work_index: Option<u64>,
	/// Effective improvement that this block seals, and the threshold T, both Q32 bits.
	pub seal: Option<(u64, u64)>,
	/// Number of extrinsics, inherents included.
	pub extrinsics: u32,
	/// Events in order.
	pub events: Vec<Event>,
	/// Genes of the models that the block revealed, in its state.
	pub genes: Vec<RevealedGenes>,
	/// Targets of the domains that the block registered, in its state.
	pub targets: Vec<RegisteredTarget>,
	/// Domains in the state of the block, if it is the first one of a database: no stored event registers them.
	pub domains: Vec<KnownDomain>,
}

/// Genes of a revealed model, which no event has. A model that its own block removed again has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevealedGenes {
	/// Identifier of the model.
	pub model: u64,
	/// Its genes, in the order of the search space.
	pub genes: Vec<i64>,
}

/// Target of a registered domain, which no event has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisteredTarget {
	/// The domain.
	pub domain: u32,
	/// Loss at which the domain converges, where 2²⁰ is the initial champion's; 0 for never.
	pub target: u32,
}

/// A domain in the state of the first stored block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDomain {
	/// Identifier of the domain.
	pub id: u32,
	/// Account that registered it, SS58.
	pub owner: String,
	/// Voted weight, parts per million.
	pub weight: u32,
	/// Loss at which it converges, where 2²⁰ is the initial champion's; 0 for never.
	pub target: u32,
	/// Its champions; `None` before its activation.
	pub champions: Option<KnownChampions>,
}

/// Initial and reigning champion of a domain, in the form of the fields of events.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownChampions {
	/// Block of the activation; `None` unless the initial champion reigns.
	pub activated_block: Option<u32>,
	/// Initial champion.
	pub initial: Value,
	/// Its error sum on the validation split.
	pub initial_error: u64,
	/// Reigning champion.
	pub champion: Value,
	/// High-water mark, Q32 bits.
	pub high_water: u64,
}

// JSON of models has no floating-point numbers.
impl Eq for KnownChampions {}

/// An event of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
	/// Position among the events of the block.
	pub index: u32,
	/// Position of the extrinsic that deposited the event; `None` if a hook did.
	pub extrinsic: Option<u32>,
	/// Name of the pallet.
	pub pallet: String,
	/// Name of the event.
	pub name: String,
	/// Fields as JSON: integers of 64 and 128 bits are decimal strings, hashes are hex with `0x`, accounts are SS58, enums are
	/// their variants in camel case. `doin_chain::BlockEvent::json` returns this form.
	pub fields: Value,
}
