//! Weights of `pallet_doin_work`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `seal`.
	fn seal(e: u32) -> Weight;
	/// Benchmark `pay`.
	fn pay(p: u32) -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Work::QueueState` (r:1 w:0)
	// Proof: `Work::QueueState` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `MaxEncodedLen`)
	// Storage: `Work::DifficultyState` (r:1 w:0)
	// Proof: `Work::DifficultyState` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Timing::TargetSpacing` (r:1 w:0)
	// Proof: `Timing::TargetSpacing` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Work::LastSeal` (r:1 w:0)
	// Proof: `Work::LastSeal` (`max_values`: Some(1), `max_size`: Some(84), added: 579, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 14_171 ns.
		Weight::from_parts(31_426_000, 1_569).saturating_add(T::DbWeight::get().reads_writes(5, 0))
	}
	// Storage: `Work::Entries` (r:32 w:32)
	// Proof: `Work::Entries` (`max_values`: None, `max_size`: Some(1150), added: 3625, mode: `MaxEncodedLen`)
	// Storage: `Work::LastSeal` (r:1 w:1)
	// Proof: `Work::LastSeal` (`max_values`: Some(1), `max_size`: Some(84), added: 579, mode: `MaxEncodedLen`)
	// Storage: `Work::Mined` (r:1 w:1)
	// Proof: `Work::Mined` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Work::EraAccrual` (r:1 w:1)
	// Proof: `Work::EraAccrual` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Work::MintedBy` (r:1 w:1)
	// Proof: `Work::MintedBy` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `System::ParentHash` (r:1 w:0)
	// Proof: `System::ParentHash` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `Work::QueueState` (r:0 w:1)
	// Proof: `Work::QueueState` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `MaxEncodedLen`)
	fn seal(e: u32) -> Weight {
		// At least 89_764 ns.
		Weight::from_parts(162_325_820, 5_191)
			// Standard error: 11_024 ps.
			.saturating_add(Weight::from_parts(25_783_494, 0).saturating_mul(e.into()))
			.saturating_add(Weight::from_parts(0, 3_567).saturating_mul(e.into()))
			.saturating_add(T::DbWeight::get().reads_writes(8, 6))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(e.into()))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(e.into()))
	}
	// Storage: `System::Account` (r:992 w:992)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn pay(p: u32) -> Weight {
		// At least 29_664 ns.
		Weight::from_parts(60_530_000, 990)
			// Standard error: 29_552 ps.
			.saturating_add(Weight::from_parts(59_346_384, 0).saturating_mul(p.into()))
			.saturating_add(Weight::from_parts(0, 2_603).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads_writes(0, 0))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(p.into()))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn on_initialize() -> Weight {
		Weight::from_parts(31_426_000, 1_569).saturating_add(ParityDbWeight::get().reads_writes(5, 0))
	}
	fn seal(e: u32) -> Weight {
		Weight::from_parts(162_325_820, 5_191)
			.saturating_add(Weight::from_parts(25_783_494, 0).saturating_mul(e.into()))
			.saturating_add(Weight::from_parts(0, 3_567).saturating_mul(e.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(8, 6))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(e.into()))
			.saturating_add(ParityDbWeight::get().writes(1).saturating_mul(e.into()))
	}
	fn pay(p: u32) -> Weight {
		Weight::from_parts(60_530_000, 990)
			.saturating_add(Weight::from_parts(59_346_384, 0).saturating_mul(p.into()))
			.saturating_add(Weight::from_parts(0, 2_603).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(0, 0))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().writes(1).saturating_mul(p.into()))
	}
}
