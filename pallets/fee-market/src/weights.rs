//! Weights of the fee market's hooks.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::RocksDbWeight, Weight},
};

/// Weights of the hooks.
pub trait WeightInfo {
	/// Measuring the block and moving the base fee.
	fn on_finalize() -> Weight;
}

/// Estimates from reads and writes: the block's weight and size are at hand, base fee and fullness are read and written.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn on_finalize() -> Weight {
		Weight::from_parts(4_000_000, 3_500).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
}

impl WeightInfo for () {
	fn on_finalize() -> Weight {
		Weight::from_parts(4_000_000, 3_500).saturating_add(RocksDbWeight::get().reads_writes(3, 2))
	}
}
