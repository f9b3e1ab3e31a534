//! Finalized blocks that were read: the newest ones, and earlier ones that requests have asked for.

use crate::shape::Block;
use std::{
	collections::{BTreeMap, VecDeque},
	sync::Arc,
};

/// Blocks that are kept at most.
const MOST: usize = 1_024;
/// Extrinsics of these blocks at most, so that full blocks take bounded memory.
const MOST_TRANSACTIONS: usize = 100_000;

/// Earlier blocks that are kept at most.
const MOST_EARLIER: usize = 256;
/// Extrinsics of these blocks at most.
const MOST_EARLIER_TRANSACTIONS: usize = 25_000;

/// The newest finalized blocks that were read, by number.
#[derive(Debug, Default)]
pub(super) struct Kept {
	blocks: BTreeMap<u32, Arc<Block>>,
	transactions: usize,
}

/// Blocks that requests have asked for and that are older than the newest ones. What was read first is dropped first.
#[derive(Debug, Default)]
pub(super) struct Earlier {
	blocks: BTreeMap<u32, Arc<Block>>,
	/// Numbers of the blocks in the order in which they were read.
	order: VecDeque<u32>,
	transactions: usize,
	/// Number of calls of [`Self::clear`].
	cleared: u64,
}

impl Earlier {
	/// Returns the number of times that all blocks were forgotten.
	pub fn cleared(&self) -> u64 {
		self.cleared
	}

	/// Keeps a block. Beyond a number of blocks or extrinsics, the blocks that were read first are dropped. A block whose read began
	/// when [`Self::cleared`] had another value than `since` is one of a former chain, and is not kept.
	pub fn push(&mut self, block: Arc<Block>, since: u64) {
		let number = block.index;
		if since != self.cleared || self.blocks.contains_key(&number) {
			return;
		}
		self.transactions += block.transactions.len();
		self.blocks.insert(number, block);
		self.order.push_back(number);
		while self.blocks.len() > MOST_EARLIER || (self.transactions > MOST_EARLIER_TRANSACTIONS && self.blocks.len() > 1) {
			let Some(first) = self.order.pop_front().and_then(|number| self.blocks.remove(&number)) else { return };
			self.transactions -= first.transactions.len();
		}
	}

	/// Returns a block.
	pub fn get(&self, number: u32) -> Option<Arc<Block>> {
		self.blocks.get(&number).cloned()
	}

	/// Forgets all blocks.
	pub fn clear(&mut self) {
		*self = Self { cleared: self.cleared + 1, ..Self::default() };
	}
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

	/// Returns a block.
	pub fn get(&self, number: u32) -> Option<Arc<Block>> {
		self.blocks.get(&number).cloned()
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

	#[test]
	fn earlier_blocks_are_bounded_and_those_read_first_are_dropped_first() {
		let block = |index, transactions| {
			Arc::new(Block { index, transactions: vec![Default::default(); transactions], ..Block::default() })
		};
		let mut earlier = Earlier::default();
		(0..MOST_EARLIER as u32).rev().for_each(|index| earlier.push(block(index, 0), 0));
		earlier.push(block(0, 0), 0);
		assert_eq!((earlier.blocks.len(), earlier.order.len()), (MOST_EARLIER, MOST_EARLIER), "a block is kept once");
		earlier.push(block(1_000, 0), 0);
		let last = MOST_EARLIER as u32 - 1;
		assert_eq!((earlier.get(last), earlier.get(0).map(|block| block.index)), (None, Some(0)), "block {last} was read first");
		earlier.push(block(2_000, MOST_EARLIER_TRANSACTIONS + 1), 0);
		assert_eq!((earlier.blocks.len(), earlier.get(2_000).is_some()), (1, true), "one block is kept, whatever its size");
		earlier.push(block(2_001, 1), 0);
		assert_eq!((earlier.get(2_000), earlier.transactions), (None, 1));
		earlier.clear();
		earlier.push(block(2_002, 1), 0);
		assert_eq!((earlier.get(2_001), earlier.order.len()), (None, 0), "a block of a former chain is not kept");
		earlier.push(block(2_003, 1), earlier.cleared());
		assert!(earlier.get(2_003).is_some());
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
		assert_eq!((kept.get(2), kept.get(3).map(|block| block.index)), (None, Some(3)));
	}
}
