//! Weights of the work pallet's hook.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
};

/// Weights of the parts of `on_initialize`.
pub trait WeightInfo {
	/// A block without a seal: looks whether one is due, and writes the digest.
	fn on_initialize() -> Weight;
	/// What a seal of `e` entries adds, payments apart.
	fn seal(e: u32) -> Weight;
	/// Minting to `p` accounts.
	fn pay(p: u32) -> Weight;
}

/// Queue, difficulty, last seal, number of work blocks, slot and target spacing are read; the digest is appended to.
fn on_initialize(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(6_000_000, 4_000).saturating_add(db.reads_writes(7, 1))
}

/// Per entry a read, a write and the arithmetic of its shares; once, the pallet's seven values.
fn seal(db: RuntimeDbWeight, e: u32) -> Weight {
	Weight::from_parts(20_000_000, 4_000)
		.saturating_add(Weight::from_parts(8_000_000, 3_100).saturating_mul(e.into()))
		.saturating_add(db.reads_writes(u64::from(e).saturating_add(4), u64::from(e).saturating_add(7)))
}

/// Per account its record, twice the total issuance from the overlay, and two events.
fn pay(db: RuntimeDbWeight, p: u32) -> Weight {
	Weight::from_parts(5_000_000, 1_500)
		.saturating_add(Weight::from_parts(28_000_000, 2_603).saturating_mul(p.into()))
		.saturating_add(db.reads_writes(u64::from(p).saturating_add(1), u64::from(p).saturating_add(1)))
}

/// Estimates from reads, writes and the measured cost of a mint.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn on_initialize() -> Weight {
		on_initialize(T::DbWeight::get())
	}

	fn seal(e: u32) -> Weight {
		seal(T::DbWeight::get(), e)
	}

	fn pay(p: u32) -> Weight {
		pay(T::DbWeight::get(), p)
	}
}

impl WeightInfo for () {
	fn on_initialize() -> Weight {
		on_initialize(RocksDbWeight::get())
	}

	fn seal(e: u32) -> Weight {
		seal(RocksDbWeight::get(), e)
	}

	fn pay(p: u32) -> Weight {
		pay(RocksDbWeight::get(), p)
	}
}
