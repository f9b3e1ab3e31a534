//! Weights of `governance`: estimated by hand, until `scripts/bench.sh weights` measures them and overwrites this file.
//!
//! The call reads nothing but the call that it sends.

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

/// Estimated on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn change() -> Weight {
		Weight::from_parts(100_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn change() -> Weight {
		Weight::from_parts(100_000_000, 0).saturating_add(ParityDbWeight::get().reads_writes(0, 0))
	}
}
