//! The newest finalized blocks that were read.

use crate::shape::Block;
use std::{collections::BTreeMap, sync::Arc};

/// Blocks that are kept at most.
const MOST: usize = 1_024;
/// Extrinsics of these blocks at most, so that full blocks take bounded memory.
const MOST_TRANSACTIONS: usize = 100_000;

/// The newest finalized blocks that were read, by number.
#[derive(Debug, Default)]
pub(super) struct Kept {
	blocks: BTreeMap<u32, Arc<Block>>,
	transactions: usize,
}

impl Kept {
	/// Keeps a block. Beyond a number of blocks or extrinsics, the oldest blocks are dropped.
	pub fn push(&mut self, block: Block) {
		self.transactions += block.transactions.len();
		if let Some(former) = self.blocks.insert(block.index, Arc::new(block)) {
			self.transactions -= former.transactions.len();
		}
		while self.blocks.len() > MOST || (self.transactions > MOST_TRANSACTIONS && self.blocks.len() > 1) {
			let Some((_, oldest)) = self.blocks.pop_first() else { return };
			self.transactions -= oldest.transactions.len();
		}
	}

	/// Forgets all blocks.
	pub fn clear(&mut self) {
		*self = Self::default();
	}

	/// Returns the blocks from `from` on, at most `count`, or `None` unless all of them are kept.
	pub fn range(&self, from: u32, count: u32) -> Option<Vec<Arc<Block>>> {
		// The keys are distinct, so a range of `count` numbers with `count` blocks has no gap.
		let blocks: Vec<_> = self.blocks.range(from..from.saturating_add(count)).map(|(_, block)| block.clone()).collect();
		(blocks.len() == count as usize).then_some(blocks)
	}

	/// Returns all blocks, in ascending order.
	pub fn all(&self) -> Vec<Arc<Block>> {
		self.blocks.values().cloned().collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn kept(numbers: impl IntoIterator<Item = u32>) -> Kept {
		let mut kept = Kept::default();
		numbers.into_iter().for_each(|index| kept.push(Block { index, ..Block::default() }));
		kept
	}

	fn numbers(kept: &Kept, from: u32, count: u32) -> Option<Vec<u32>> {
		kept.range(from, count).map(|blocks| blocks.iter().map(|block| block.index).collect())
	}

	#[test]
	fn a_range_is_kept_as_a_whole_or_read_again() {
		let kept = kept([5, 6, 7, 9]);
		assert_eq!(numbers(&kept, 5, 3), Some(vec![5, 6, 7]));
		assert_eq!(numbers(&kept, 9, 1), Some(vec![9]));
		for (from, count) in [(4, 2), (7, 2), (7, 3), (9, 2), (u32::MAX, 1)] {
			assert_eq!(numbers(&kept, from, count), None, "{from} {count}");
		}
	}

	#[test]
	fn full_blocks_are_dropped_sooner() {
		let full = |index| Block { index, transactions: vec![Default::default(); MOST_TRANSACTIONS / 2], ..Block::default() };
		let mut kept = Kept::default();
		(0..4).for_each(|index| kept.push(full(index)));
		assert_eq!(kept.all().iter().map(|block| block.index).collect::<Vec<_>>(), [2, 3]);
		kept.push(full(3));
		assert_eq!(kept.all().len(), 2, "a block that is kept again counts once");
		kept.push(Block { index: 9, transactions: vec![Default::default(); 2 * MOST_TRANSACTIONS], ..Block::default() });
		assert_eq!(kept.all().len(), 1, "the newest block is kept, whatever its size");
		kept.clear();
		assert_eq!((kept.all().len(), kept.transactions), (0, 0));
	}

	#[test]
	fn the_oldest_blocks_are_dropped() {
		let kept = kept(0..MOST as u32 + 3);
		assert_eq!((kept.all().len(), kept.all()[0].index), (MOST, 3));
		assert_eq!((numbers(&kept, 2, 1), numbers(&kept, 3, 1)), (None, Some(vec![3])));
	}
}
