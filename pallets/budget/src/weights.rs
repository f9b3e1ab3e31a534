//! Weights of `pallet_doin_budget`: estimated by hand, until `scripts/bench.sh weights` measures them and overwrites this file.
//! Every estimate is the measured weight of a call of another pallet with at least as many accesses and hashes, and counts the
//! accesses of its own.
//!
//! Times are multiplied by 2.5, to hold on the reference machine (docs/adr/0030). Comments have the times before.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the calls.
pub trait WeightInfo {
	/// Benchmark `set`.
	fn set() -> Weight;
	/// Benchmark `spend`.
	fn spend() -> Weight;
}

/// Weights with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Budget::Budgets` (r:1 w:1), `Balances::Holds` (r:1 w:1), `System::Account` (r:1 w:1)
	// Not more than `Optimae::release_model`, which releases one hold and removes an item of 66 KB: 107_009 ns.
	fn set() -> Weight {
		Weight::from_parts(267_522_500, 3_733).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Storage: `Budget::Budgets` (r:1 w:1), `System::Account` (r:1 w:0)
	// Not more than three times `Reputation::remove_record`, which reads, decodes and writes one item: 15_283 ns. Includes a
	// storage layer, which is rolled back if the budget is exceeded.
	fn spend() -> Weight {
		Weight::from_parts(114_622_500, 3_593).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn set() -> Weight {
		Weight::from_parts(267_522_500, 3_733).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn spend() -> Weight {
		Weight::from_parts(114_622_500, 3_593).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
}
