//! Weights of `pallet_doin_fee_market`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	/// Benchmark `on_finalize`.
	fn on_finalize() -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:1)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::Fullness` (r:0 w:1)
	// Proof: `FeeMarket::Fullness` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn on_finalize() -> Weight {
		// At least 7_351 ns.
		Weight::from_parts(16_446_000, 1_501).saturating_add(T::DbWeight::get().reads_writes(1, 2))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn on_finalize() -> Weight {
		Weight::from_parts(16_446_000, 1_501).saturating_add(ParityDbWeight::get().reads_writes(1, 2))
	}
}
