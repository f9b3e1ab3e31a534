//! Weights of `places`.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the calls and hooks.
pub trait WeightInfo {
	/// Benchmark `outbid_candidate`.
	fn outbid_candidate(c: u32) -> Weight;
	/// Benchmark `outbid_nominator`.
	fn outbid_nominator(n: u32, t: u32) -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn outbid_candidate(_c: u32) -> Weight {
		T::DbWeight::get().reads_writes(10, 10)
	}
	fn outbid_nominator(_n: u32, _t: u32) -> Weight {
		T::DbWeight::get().reads_writes(10, 10)
	}
}

impl WeightInfo for () {
	fn outbid_candidate(_c: u32) -> Weight {
		ParityDbWeight::get().reads_writes(10, 10)
	}
	fn outbid_nominator(_n: u32, _t: u32) -> Weight {
		ParityDbWeight::get().reads_writes(10, 10)
	}
}
