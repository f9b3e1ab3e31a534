//! Weights of `pallet_doin_evidence`: estimated by hand, until `scripts/bench.sh weights` measures them and overwrites this file.
//!
//! Times hold on the reference machine (docs/adr/0030). Database operations are counted exactly. The estimates are those of calls
//! of other pallets that are measured: 0.25 ms for a call that changes a hold and one item, and 11 ns per byte of a segment, of
//! which copying takes 3 ns, two hashes by the host 4 ns, and checking the labels of rows of eight bytes 4 ns.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the calls and hooks.
pub trait WeightInfo {
	/// Benchmark `seal`.
	fn seal(n: u32) -> Weight;
	/// Benchmark `fund`.
	fn fund() -> Weight;
	/// Benchmark `withdraw`.
	fn withdraw() -> Weight;
	/// Benchmark `open_segment`.
	fn open_segment(p: u32) -> Weight;
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `miss`.
	fn miss() -> Weight;
	/// Benchmark `double`.
	fn double() -> Weight;
	/// Benchmark `keep_waiting`.
	fn keep_waiting() -> Weight;
	/// Benchmark `end_bars`.
	fn end_bars() -> Weight;
	/// Benchmark `retired`.
	fn retired() -> Weight;
}

/// Estimated with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Domains::Specs` (r:1 w:0), `Domains::States` (r:1 w:0), `Evidence::Segments` (r:1 w:1)
	// Storage: `System::Account` (r:1 w:1), `Balances::Holds` (r:1 w:1), `Evidence::Hashes` (r:3 w:3)
	fn seal(n: u32) -> Weight {
		Weight::from_parts(250_000_000, 7_600)
			.saturating_add(Weight::from_parts(1_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(8, 6))
	}
	// Storage: `Domains::Specs` (r:1 w:0), `Domains::States` (r:1 w:0), `Evidence::Purses` (r:1 w:1)
	// Storage: `System::Account` (r:1 w:1), `Balances::Holds` (r:1 w:1)
	fn fund() -> Weight {
		Weight::from_parts(250_000_000, 7_600).saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
	// Storage: `Domains::Specs` (r:1 w:0), `Domains::States` (r:1 w:0), `Evidence::Purses` (r:1 w:1)
	// Storage: `System::Account` (r:1 w:1), `Balances::Holds` (r:1 w:1)
	// Storage: `Gauge::Weights` (r:1 w:0), `Work::LastSeal` (r:1 w:0), `Work::DifficultyState` (r:1 w:0)
	fn withdraw() -> Weight {
		Weight::from_parts(270_000_000, 9_500).saturating_add(T::DbWeight::get().reads_writes(8, 3))
	}
	// Storage: `Domains::Specs` (r:1 w:0), `Domains::States` (r:1 w:1), `Evidence::Segments` (r:1 w:1)
	// Storage: `Evidence::Hashes` (r:1 w:1), `System::BlockHash` (r:1 w:0), `Domains::Pages` (r:0 w:32)
	fn open_segment(p: u32) -> Weight {
		Weight::from_parts(150_000_000, 7_600)
			.saturating_add(Weight::from_parts(45_000_000, 0).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads_writes(5, 3))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(p.into()))
	}
	// Storage: `Evidence::Cursor` (r:1 w:1), `Evidence::Due` (r:1 w:1)
	fn on_initialize() -> Weight {
		Weight::from_parts(20_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}
	// Storage: `Evidence::Segments` (r:1 w:1), `FeeMarket::BaseFeePerGas` (r:1 w:0), `Domains::States` (r:1 w:1)
	// Storage: `Domains::Deposits` (r:1 w:1), `System::Account` (r:1 w:1), `Balances::Holds` (r:1 w:1)
	// Storage: `Domains::Specs` (r:1 w:0), `Domains::Baselines` (r:1 w:0), up to 64 KiB
	fn miss() -> Weight {
		Weight::from_parts(300_000_000, 82_200).saturating_add(T::DbWeight::get().reads_writes(8, 5))
	}
	// Storage: `Evidence::Segments` (r:1 w:1), `FeeMarket::BaseFeePerGas` (r:1 w:0), `Timing::Rounds` (r:1 w:0)
	// Storage: `Evidence::Due` (r:33 w:1)
	fn double() -> Weight {
		Weight::from_parts(300_000_000, 100_000).saturating_add(T::DbWeight::get().reads_writes(36, 2))
	}
	// Storage: `Evidence::Live` (r:0 w:1), `Evidence::Due` (r:33 w:1)
	fn keep_waiting() -> Weight {
		Weight::from_parts(300_000_000, 100_000).saturating_add(T::DbWeight::get().reads_writes(33, 2))
	}
	// Storage: `Evidence::Live` (r:0 w:1)
	fn end_bars() -> Weight {
		Weight::from_parts(50_000_000, 3_600).saturating_add(T::DbWeight::get().writes(1))
	}
	// Storage: `Evidence::Segments` (r:1 w:1), `Evidence::Purses` (r:1 w:1), `Evidence::Hashes` (r:8 w:8)
	// Storage: `Domains::States` (r:1 w:0), `System::Account` (r:1 w:1), `Balances::Holds` (r:1 w:1)
	// Storage: `Evidence::Live` (r:1 w:1)
	fn retired() -> Weight {
		Weight::from_parts(400_000_000, 30_000).saturating_add(T::DbWeight::get().reads_writes(14, 13))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn seal(n: u32) -> Weight {
		Weight::from_parts(250_000_000, 7_600)
			.saturating_add(Weight::from_parts(1_000_000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(8, 6))
	}
	fn fund() -> Weight {
		Weight::from_parts(250_000_000, 7_600).saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(270_000_000, 9_500).saturating_add(ParityDbWeight::get().reads_writes(8, 3))
	}
	fn open_segment(p: u32) -> Weight {
		Weight::from_parts(150_000_000, 7_600)
			.saturating_add(Weight::from_parts(45_000_000, 0).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(5, 3))
			.saturating_add(ParityDbWeight::get().writes(1).saturating_mul(p.into()))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(20_000_000, 4_000).saturating_add(ParityDbWeight::get().reads_writes(2, 2))
	}
	fn miss() -> Weight {
		Weight::from_parts(300_000_000, 82_200).saturating_add(ParityDbWeight::get().reads_writes(8, 5))
	}
	fn double() -> Weight {
		Weight::from_parts(300_000_000, 100_000).saturating_add(ParityDbWeight::get().reads_writes(36, 2))
	}
	fn keep_waiting() -> Weight {
		Weight::from_parts(300_000_000, 100_000).saturating_add(ParityDbWeight::get().reads_writes(33, 2))
	}
	fn end_bars() -> Weight {
		Weight::from_parts(50_000_000, 3_600).saturating_add(ParityDbWeight::get().writes(1))
	}
	fn retired() -> Weight {
		Weight::from_parts(400_000_000, 30_000).saturating_add(ParityDbWeight::get().reads_writes(14, 13))
	}
}
