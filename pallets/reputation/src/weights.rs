//! Weights of `pallet_doin_reputation`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	/// Benchmark `remove_record`.
	fn remove_record() -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Reputation::Records` (r:1 w:1)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	fn remove_record() -> Weight {
		// At least 19_339 ns.
		Weight::from_parts(42_282_000, 3_525).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn remove_record() -> Weight {
		Weight::from_parts(42_282_000, 3_525).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
}
