//! Weights of `governance`.

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
		T::DbWeight::get().reads_writes(10, 10)
	}
}

impl WeightInfo for () {
	fn change() -> Weight {
		ParityDbWeight::get().reads_writes(10, 10)
	}
}
