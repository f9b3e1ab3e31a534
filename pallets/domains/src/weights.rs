//! Weights of the pallet's calls: hand estimates until the benchmarks have been run on reference hardware.

use core::marker::PhantomData;
use doin_primitives::domain::PAGE_VALUES;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// What each call costs.
pub trait WeightInfo {
	/// `register`.
	fn register() -> Weight;
	/// `upload` of a page of `values` values.
	fn upload(values: u32) -> Weight;
	/// `activate` of a domain of `values` values.
	fn activate(values: u32) -> Weight;
	/// `add_bounty`.
	fn add_bounty() -> Weight;
	/// `close`.
	fn close() -> Weight;
	/// `retire` of a domain that stores `pages` pages.
	fn retire(pages: u32) -> Weight;
}

/// Windows a validation split holds at most: 256 chunks of 64.
const MAX_VALIDATION_WINDOWS: u32 = 16_384;

fn register(db: RuntimeDbWeight) -> Weight {
	// Decoding and checking a record of at most 4 KiB; account, holds, and three records of the domain.
	Weight::from_parts(120_000_000, 16_384).saturating_add(db.reads_writes(4, 7))
}

fn upload(db: RuntimeDbWeight, values: u32) -> Weight {
	Weight::from_parts(40_000_000, 8_192)
		.saturating_add(Weight::from_parts(8_000, 4).saturating_mul(values.into()))
		.saturating_add(db.reads_writes(3, 2))
}

fn activate(db: RuntimeDbWeight, values: u32) -> Weight {
	// Each value is read, hashed and copied once; each window of up to 1 088 values is cut out and forecast by two baselines.
	Weight::from_parts(60_000_000, 16_384)
		.saturating_add(Weight::from_parts(20_000, 5).saturating_mul(values.into()))
		.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(values.min(MAX_VALIDATION_WINDOWS).into()))
		.saturating_add(db.reads(values.div_ceil(PAGE_VALUES).into()))
		.saturating_add(db.reads_writes(2, 1))
}

fn add_bounty(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(60_000_000, 16_384).saturating_add(db.reads_writes(5, 4))
}

fn close(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(25_000_000, 8_192).saturating_add(db.reads_writes(2, 1))
}

fn retire(db: RuntimeDbWeight, pages: u32) -> Weight {
	// Up to eight donors and the owner get holds released: two items each.
	Weight::from_parts(200_000_000, 32_768)
		.saturating_add(Weight::from_parts(2_000_000, 4_200).saturating_mul(pages.into()))
		.saturating_add(db.reads_writes(1, 1).saturating_mul(pages.into()))
		.saturating_add(db.reads_writes(22, 22))
}

/// Estimates on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		register(T::DbWeight::get())
	}
	fn upload(values: u32) -> Weight {
		upload(T::DbWeight::get(), values)
	}
	fn activate(values: u32) -> Weight {
		activate(T::DbWeight::get(), values)
	}
	fn add_bounty() -> Weight {
		add_bounty(T::DbWeight::get())
	}
	fn close() -> Weight {
		close(T::DbWeight::get())
	}
	fn retire(pages: u32) -> Weight {
		retire(T::DbWeight::get(), pages)
	}
}

impl WeightInfo for () {
	fn register() -> Weight {
		register(ParityDbWeight::get())
	}
	fn upload(values: u32) -> Weight {
		upload(ParityDbWeight::get(), values)
	}
	fn activate(values: u32) -> Weight {
		activate(ParityDbWeight::get(), values)
	}
	fn add_bounty() -> Weight {
		add_bounty(ParityDbWeight::get())
	}
	fn close() -> Weight {
		close(ParityDbWeight::get())
	}
	fn retire(pages: u32) -> Weight {
		retire(ParityDbWeight::get(), pages)
	}
}
