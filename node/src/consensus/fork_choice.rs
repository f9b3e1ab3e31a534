//! The fork choice: BABE's, and work where BABE is indifferent.
//!
//! BABE prefers the chain with more primary slots, then the one with more blocks, and keeps the first of two equal chains. Here
//! the chain with more work blocks is preferred among those that are equal to BABE. Nothing else changes: no amount of work
//! outweighs one slot or one block.

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

impl Rank {
	/// Returns `true` if BABE prefers neither chain.
	pub fn is_tie(&self, other: &Self) -> bool {
		(self.primary_slots, self.blocks) == (other.primary_slots, other.blocks)
	}

	/// Returns `true` if BABE prefers neither chain, and this one has more work blocks than `best`.
	pub fn breaks_tie(&self, best: &Self) -> bool {
		self.is_tie(best) && self.work_blocks > best.work_blocks
	}
}
