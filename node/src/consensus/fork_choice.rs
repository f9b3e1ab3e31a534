//! The fork choice: BABE's, and work where BABE is indifferent.
//!
//! BABE prefers the chain with more primary slots, then the one with more blocks, and keeps the first of two equal chains. Here
//! the chain with more work blocks is preferred among those that are equal to BABE. Nothing else changes: no amount of work
//! outweighs one slot or one block.
//!
//! The order of chains is the derived one of [`Rank`]: field by field.

use doin_primitives::BlockNumber;
use sp_consensus_babe::BabeBlockWeight;

/// Rank of a chain, by its head. The greater rank is preferred; of equal ranks the current chain stays. A child ranks higher
/// than its parent, because it has one block more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
	/// Number of primary slots, as BABE counts them.
	pub primary_slots: BabeBlockWeight,
	/// Number of blocks.
	pub blocks: BlockNumber,
	/// Number of work blocks.
	pub work_blocks: u64,
}
