//! Weights of `governance`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	/// Benchmark `change`.
	fn change() -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn change() -> Weight {
		// At least 5_258 ns.
		Weight::from_parts(12_500_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn change() -> Weight {
		Weight::from_parts(12_500_000, 0).saturating_add(ParityDbWeight::get().reads_writes(0, 0))
	}
}
