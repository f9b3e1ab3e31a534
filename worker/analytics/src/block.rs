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
}

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
