//! Weights of `pallet_doin_budget`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! Times are multiplied by 2, to hold on the reference machine (docs/adr/0030). Comments have the times before.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the calls and hooks.
pub trait WeightInfo {
	/// Benchmark `set`.
	fn set() -> Weight;
	/// Benchmark `spend`.
	fn spend() -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Budget::Budgets` (r:1 w:1)
	// Proof: `Budget::Budgets` (`max_values`: None, `max_size`: Some(88), added: 2563, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn set() -> Weight {
		// At least 64_826 ns.
		Weight::from_parts(136_004_000, 3_874).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}
	// Storage: `Budget::Budgets` (r:1 w:1)
	// Proof: `Budget::Budgets` (`max_values`: None, `max_size`: Some(88), added: 2563, mode: `MaxEncodedLen`)
	fn spend() -> Weight {
		// At least 26_389 ns.
		Weight::from_parts(57_866_000, 3_553).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn set() -> Weight {
		Weight::from_parts(136_004_000, 3_874).saturating_add(ParityDbWeight::get().reads_writes(2, 2))
	}
	fn spend() -> Weight {
		Weight::from_parts(57_866_000, 3_553).saturating_add(ParityDbWeight::get().reads_writes(1, 1))
	}
}
