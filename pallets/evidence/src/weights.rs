//! Weights of `pallet_doin_evidence`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Segments` (r:1 w:1)
	// Proof: `Evidence::Segments` (`max_values`: None, `max_size`: Some(58), added: 2533, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Hashes` (r:3 w:3)
	// Proof: `Evidence::Hashes` (`max_values`: None, `max_size`: Some(1047), added: 3522, mode: `MaxEncodedLen`)
	fn seal(n: u32) -> Weight {
		// At least 106_098 ns.
		Weight::from_parts(219_316_056, 11_556)
			// Standard error: 3_155 ps.
			.saturating_add(Weight::from_parts(129_682, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(8, 6))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Purses` (r:1 w:1)
	// Proof: `Evidence::Purses` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn fund() -> Weight {
		// At least 87_911 ns.
		Weight::from_parts(184_554_000, 7_590).saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Purses` (r:1 w:1)
	// Proof: `Evidence::Purses` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Work::LastSeal` (r:1 w:0)
	// Proof: `Work::LastSeal` (`max_values`: Some(1), `max_size`: Some(84), added: 579, mode: `MaxEncodedLen`)
	// Storage: `Work::DifficultyState` (r:1 w:0)
	// Proof: `Work::DifficultyState` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn withdraw() -> Weight {
		// At least 89_883 ns.
		Weight::from_parts(190_022_000, 7_590).saturating_add(T::DbWeight::get().reads_writes(8, 3))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Segments` (r:1 w:1)
	// Proof: `Evidence::Segments` (`max_values`: None, `max_size`: Some(58), added: 2533, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Hashes` (r:1 w:1)
	// Proof: `Evidence::Hashes` (`max_values`: None, `max_size`: Some(1047), added: 3522, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:0 w:32)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	fn open_segment(p: u32) -> Weight {
		// At least 76_503 ns.
		Weight::from_parts(129_823_250, 7_590)
			// Standard error: 15_876 ps.
			.saturating_add(Weight::from_parts(29_991_192, 0).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads_writes(5, 3))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(p.into()))
	}
	// Storage: `Evidence::Cursor` (r:1 w:1)
	// Proof: `Evidence::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Due` (r:1 w:0)
	// Proof: `Evidence::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 4_847 ns.
		Weight::from_parts(10_956_000, 3_734).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Storage: `Evidence::Segments` (r:1 w:1)
	// Proof: `Evidence::Segments` (`max_values`: None, `max_size`: Some(58), added: 2533, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:0)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	// Storage: `Domains::Deposits` (r:1 w:1)
	// Proof: `Domains::Deposits` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn miss() -> Weight {
		// At least 117_835 ns.
		Weight::from_parts(248_410_000, 69_017).saturating_add(T::DbWeight::get().reads_writes(8, 5))
	}
	// Storage: `Evidence::Segments` (r:1 w:1)
	// Proof: `Evidence::Segments` (`max_values`: None, `max_size`: Some(58), added: 2533, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Due` (r:33 w:1)
	// Proof: `Evidence::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn double() -> Weight {
		// At least 156_793 ns.
		Weight::from_parts(326_246_000, 91_542).saturating_add(T::DbWeight::get().reads_writes(36, 2))
	}
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Due` (r:33 w:1)
	// Proof: `Evidence::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Live` (r:0 w:1)
	// Proof: `Evidence::Live` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	fn keep_waiting() -> Weight {
		// At least 141_911 ns.
		Weight::from_parts(295_340_000, 91_542).saturating_add(T::DbWeight::get().reads_writes(34, 2))
	}
	// Storage: `Evidence::Live` (r:0 w:1)
	// Proof: `Evidence::Live` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	fn end_bars() -> Weight {
		// At least 4_968 ns.
		Weight::from_parts(11_338_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
	}
	// Storage: `Evidence::Segments` (r:1 w:1)
	// Proof: `Evidence::Segments` (`max_values`: None, `max_size`: Some(58), added: 2533, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Purses` (r:1 w:1)
	// Proof: `Evidence::Purses` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Hashes` (r:8 w:8)
	// Proof: `Evidence::Hashes` (`max_values`: None, `max_size`: Some(1047), added: 3522, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Live` (r:1 w:0)
	// Proof: `Evidence::Live` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn retired() -> Weight {
		// At least 122_512 ns.
		Weight::from_parts(258_506_000, 29_166).saturating_add(T::DbWeight::get().reads_writes(14, 12))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn seal(n: u32) -> Weight {
		Weight::from_parts(219_316_056, 11_556)
			.saturating_add(Weight::from_parts(129_682, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(8, 6))
	}
	fn fund() -> Weight {
		Weight::from_parts(184_554_000, 7_590).saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(190_022_000, 7_590).saturating_add(ParityDbWeight::get().reads_writes(8, 3))
	}
	fn open_segment(p: u32) -> Weight {
		Weight::from_parts(129_823_250, 7_590)
			.saturating_add(Weight::from_parts(29_991_192, 0).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(5, 3))
			.saturating_add(ParityDbWeight::get().writes(1).saturating_mul(p.into()))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(10_956_000, 3_734).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn miss() -> Weight {
		Weight::from_parts(248_410_000, 69_017).saturating_add(ParityDbWeight::get().reads_writes(8, 5))
	}
	fn double() -> Weight {
		Weight::from_parts(326_246_000, 91_542).saturating_add(ParityDbWeight::get().reads_writes(36, 2))
	}
	fn keep_waiting() -> Weight {
		Weight::from_parts(295_340_000, 91_542).saturating_add(ParityDbWeight::get().reads_writes(34, 2))
	}
	fn end_bars() -> Weight {
		Weight::from_parts(11_338_000, 0).saturating_add(ParityDbWeight::get().reads_writes(0, 1))
	}
	fn retired() -> Weight {
		Weight::from_parts(258_506_000, 29_166).saturating_add(ParityDbWeight::get().reads_writes(14, 12))
	}
}
