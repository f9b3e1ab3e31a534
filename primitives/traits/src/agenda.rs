//! Deadlines, served from `on_initialize` in bounded steps.
//!
//! A block holds at most [`PER_BLOCK`] items. Scheduling uses the first block with a free place at or after the wanted one. While
//! a pallet keeps at most [`MAX_ITEMS`] items, such a block is found within [`MAX_SCANNED`] blocks, so scheduling cannot fail.
//! Items that exceed the weight of a block are served in the next one.

use core::marker::PhantomData;
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	BlockNumber,
};
use frame_support::{
	storage::{StorageMap, StorageValue},
	weights::{Weight, WeightMeter},
};

/// Most items due in one block.
pub const PER_BLOCK: u32 = 32;
/// Most items of one agenda.
pub const MAX_ITEMS: u32 = 1_024;
/// Most blocks that scheduling reads: all that `MAX_ITEMS` items can fill, and one more. Weights of calls that schedule count
/// them.
pub const MAX_SCANNED: u32 = MAX_ITEMS / PER_BLOCK + 1;

/// Items due in one block, in order of scheduling.
pub type Items<Item> = BoundedVec<Item, ConstU32<PER_BLOCK>>;

/// An agenda over a pallet's two storage items: `Due: map block → Items` and `Cursor`, the first block not served completely.
pub struct Agenda<Due, Cursor, Item>(PhantomData<(Due, Cursor, Item)>);

impl<Due, Cursor, Item> Agenda<Due, Cursor, Item>
where
	Item: codec::FullCodec,
	Due: StorageMap<BlockNumber, Items<Item>, Query = Items<Item>>,
	Cursor: StorageValue<BlockNumber, Query = BlockNumber>,
{
	/// Schedules `item` for the first block with a free place after `now`, at `earliest` or later. Returns that block.
	pub fn schedule(now: BlockNumber, earliest: BlockNumber, mut item: Item) -> BlockNumber {
		let mut at = earliest.max(now.saturating_add(1));
		loop {
			let mut items = Due::get(at);
			match items.try_push(item) {
				Ok(()) => {
					Due::insert(at, items);
					return at;
				}
				Err(back) => item = back,
			}
			at = at.saturating_add(1);
		}
	}

	/// Removes `item` from block `at`, for which [`Self::schedule`] returned it. Returns `true` if the item was still there.
	pub fn cancel(at: BlockNumber, item: &Item) -> bool
	where
		Item: PartialEq,
	{
		let mut items = Due::get(at);
		let Some(place) = items.iter().position(|other| other == item) else {
			return false;
		};
		items.remove(place);
		if items.is_empty() {
			Due::remove(at);
		} else {
			Due::insert(at, items);
		}
		true
	}

	/// Calls `each` for every item due up to `now`, oldest first, and consumes `cost` of `meter` per item. Stops when `meter` is
	/// exhausted.
	pub fn serve(now: BlockNumber, meter: &mut WeightMeter, cost: Weight, mut each: impl FnMut(Item)) {
		Self::serve_weighed(now, meter, cost, |item| {
			each(item);
			cost
		});
	}

	/// Calls `each` for every item due up to `now`, oldest first, and consumes the weight that it returns of `meter`, at most
	/// `most`. Stops when `meter` has less than `most` left, so that no item exceeds it.
	pub fn serve_weighed(now: BlockNumber, meter: &mut WeightMeter, most: Weight, mut each: impl FnMut(Item) -> Weight) {
		// Nothing is due before the first service, so a pallet added to a running chain does not visit earlier blocks.
		let mut at = match Cursor::get() {
			0 => now,
			cursor => cursor,
		};
		while at <= now {
			let mut due = Due::take(at);
			while !due.is_empty() {
				if !meter.can_consume(most) {
					Due::insert(at, due);
					Cursor::put(at);
					return;
				}
				meter.consume(each(due.remove(0)).min(most));
			}
			at = at.saturating_add(1);
		}
		Cursor::put(at);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use frame_support::{pallet_prelude::ValueQuery, storage_alias, Twox64Concat};
	use sp_io::TestExternalities;

	#[storage_alias]
	type Due = StorageMap<Agenda, Twox64Concat, BlockNumber, Items<u32>, ValueQuery>;
	#[storage_alias]
	type Cursor = StorageValue<Agenda, BlockNumber, ValueQuery>;
	type Tested = Agenda<Due, Cursor, u32>;

	const COST: Weight = Weight::from_parts(10, 0);

	/// Returns the items that a block serves with the weight of `items` items.
	fn served(now: BlockNumber, items: u64) -> Vec<u32> {
		let mut meter = WeightMeter::with_limit(COST.saturating_mul(items));
		let mut served = Vec::new();
		Tested::serve(now, &mut meter, COST, |item| served.push(item));
		assert_eq!(meter.consumed(), COST.saturating_mul(served.len() as u64));
		served
	}

	#[test]
	fn items_are_served_in_their_block_and_in_order() {
		TestExternalities::default().execute_with(|| {
			assert_eq!(Tested::schedule(0, 5, 1), 5);
			assert_eq!(Tested::schedule(0, 3, 2), 3);
			assert_eq!(Tested::schedule(0, 5, 3), 5);
			assert_eq!(Tested::schedule(4, 2, 4), 5, "never in this block or before");
			assert!(served(1, 9).is_empty());
			assert!(served(2, 9).is_empty());
			assert_eq!(served(3, 9), [2]);
			assert!(served(4, 9).is_empty());
			assert_eq!(served(5, 9), [1, 3, 4]);
			assert_eq!(Due::iter().count(), 0);
			assert_eq!(Cursor::get(), 6);
		});
	}

	#[test]
	fn what_the_weight_does_not_reach_waits_for_the_next_block() {
		TestExternalities::default().execute_with(|| {
			for item in 0..5 {
				Tested::schedule(0, 1, item);
			}
			Tested::schedule(0, 2, 5);
			assert_eq!(served(1, 2), [0, 1]);
			assert_eq!(Cursor::get(), 1);
			assert!(served(2, 0).is_empty());
			assert_eq!(served(3, 3), [2, 3, 4]);
			assert_eq!(served(4, 3), [5]);
		});
	}

	#[test]
	fn a_full_block_spills_into_the_next_one() {
		TestExternalities::default().execute_with(|| {
			let blocks: Vec<_> = (0..1_024).map(|item| Tested::schedule(0, 7, item)).collect();
			assert_eq!(blocks.first(), Some(&7));
			assert_eq!(blocks.last(), Some(&38), "1 024 items fill 32 blocks");
			assert_eq!(Tested::schedule(0, 7, 1_024), 39);
			let all: Vec<_> = (1..=39).flat_map(|now| served(now, 100)).collect();
			assert_eq!(all, (0..=1_024).collect::<Vec<_>>());
		});
	}

	#[test]
	fn an_item_consumes_its_own_weight_and_starts_only_where_the_largest_one_fits() {
		TestExternalities::default().execute_with(|| {
			for item in 0..9 {
				Tested::schedule(0, 1, item);
			}
			let mut meter = WeightMeter::with_limit(COST.saturating_mul(3));
			let mut served = Vec::new();
			Tested::serve_weighed(1, &mut meter, COST, |item| {
				served.push(item);
				if item == 0 {
					COST.saturating_mul(2)
				} else {
					COST / 2
				}
			});
			assert_eq!(served, [0, 1, 2, 3], "one of the most, which none exceeds, and halves while the most is left");
			assert_eq!(meter.consumed(), COST + COST / 2 * 3);
		});
	}

	/// A full agenda is the worst case of scheduling, and the weights count so many reads.
	#[test]
	fn n15_scheduling_reads_at_most_33_blocks() {
		TestExternalities::default().execute_with(|| {
			let first = 7;
			for item in 0..MAX_ITEMS {
				Tested::schedule(0, first, item);
			}
			assert_eq!(MAX_SCANNED, 33);
			assert_eq!(Tested::schedule(0, first, MAX_ITEMS), first + MAX_SCANNED - 1);
		});
	}

	#[test]
	fn an_item_can_be_rescheduled_while_it_is_served() {
		TestExternalities::default().execute_with(|| {
			Tested::schedule(0, 1, 7);
			let mut meter = WeightMeter::new();
			Tested::serve(1, &mut meter, COST, |item| assert_eq!(Tested::schedule(1, 1, item), 2));
			assert_eq!(served(2, 9), [7]);
		});
	}

	#[test]
	fn a_cancelled_item_is_gone_and_its_place_free() {
		TestExternalities::default().execute_with(|| {
			for item in 0..PER_BLOCK {
				Tested::schedule(0, 4, item);
			}
			assert!(Tested::cancel(4, &3));
			assert!(!Tested::cancel(4, &3));
			assert!(!Tested::cancel(5, &4));
			assert_eq!(Tested::schedule(0, 4, 99), 4);
			let all = served(4, 100);
			assert_eq!(all.len(), PER_BLOCK as usize);
			assert!(!all.contains(&3) && all.contains(&99));
			assert_eq!(Tested::schedule(4, 9, 1), 9);
			assert!(Tested::cancel(9, &1));
			assert_eq!(Due::iter().count(), 0);
		});
	}

	#[test]
	fn an_agenda_that_joins_a_running_chain_starts_there() {
		TestExternalities::default().execute_with(|| {
			Tested::schedule(4_000_000_000, 0, 1);
			assert_eq!(served(4_000_000_001, 9), [1]);
			assert_eq!(Cursor::get(), 4_000_000_002);
		});
	}
}
