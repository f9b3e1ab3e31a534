//! Deadlines, served from `on_initialize` in bounded steps.
//!
//! Blocks hold at most [`PER_BLOCK`] items. Scheduling takes the first block with room at or after the wish; while a pallet keeps no more
//! than 1 024 items, one is found within 33 blocks, so scheduling cannot fail. What one block's weight cannot serve waits for the next.

use core::marker::PhantomData;
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	BlockNumber,
};
use frame_support::{
	storage::{StorageMap, StorageValue},
	weights::{Weight, WeightMeter},
};

/// Items due in one block.
pub const PER_BLOCK: u32 = 32;

/// Items due in a block.
pub type Items<Item> = BoundedVec<Item, ConstU32<PER_BLOCK>>;

/// An agenda over a pallet's two storage items: `Due: map block → Items` and `Cursor`, the first block not served completely.
pub struct Agenda<Due, Cursor, Item>(PhantomData<(Due, Cursor, Item)>);

impl<Due, Cursor, Item> Agenda<Due, Cursor, Item>
where
	Item: codec::FullCodec,
	Due: StorageMap<BlockNumber, Items<Item>, Query = Items<Item>>,
	Cursor: StorageValue<BlockNumber, Query = BlockNumber>,
{
	/// Puts `item` on the first block with room after `now`, at `wish` at the earliest, and says which.
	pub fn schedule(now: BlockNumber, wish: BlockNumber, mut item: Item) -> BlockNumber {
		let mut at = wish.max(now.saturating_add(1));
		loop {
			let mut items = Due::get(at);
			match items.try_push(item) {
				Ok(()) => {
					Due::insert(at, items);
					return at;
				},
				Err(back) => item = back,
			}
			at = at.saturating_add(1);
		}
	}

	/// Serves everything due up to `now`, oldest first, at `cost` an item, as long as `meter` lasts.
	pub fn serve(now: BlockNumber, meter: &mut WeightMeter, cost: Weight, mut each: impl FnMut(Item)) {
		let mut at = Cursor::get();
		while at <= now {
			let mut due = Due::take(at);
			while !due.is_empty() {
				if meter.try_consume(cost).is_err() {
					Due::insert(at, due);
					Cursor::put(at);
					return;
				}
				each(due.remove(0));
			}
			at = at.saturating_add(1);
		}
		Cursor::put(at);
	}
}
