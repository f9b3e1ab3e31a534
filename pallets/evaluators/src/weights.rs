//! Weights of `pallet_doin_evaluators`: measured on 2026-11-21 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! The numbers were generated for the undivided pallet `quorum`, before it was split into `evaluators` and `recomputation`. Only
//! functions and storage items are renamed here. The next run of `scripts/bench.sh weights` regenerates both files.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the calls and hooks.
pub trait WeightInfo {
	/// Benchmark `bond`.
	fn bond() -> Weight;
	/// Benchmark `bond_extra`.
	fn bond_extra() -> Weight;
	/// Benchmark `serve`.
	fn serve() -> Weight;
	/// Benchmark `unserve`.
	fn unserve() -> Weight;
	/// Benchmark `unbond`.
	fn unbond() -> Weight;
	/// Benchmark `withdraw`.
	fn withdraw() -> Weight;
}

/// Weights with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:1 w:1)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:1 w:1)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:1 w:1)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	fn bond() -> Weight {
		// At least 66_289 ns.
		Weight::from_parts(71_166_000, 6_564).saturating_add(T::DbWeight::get().reads_writes(6, 6))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:9 w:0)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:9 w:9)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:9 w:9)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	fn bond_extra() -> Weight {
		// At least 143_043 ns.
		Weight::from_parts(152_487_000, 51_156).saturating_add(T::DbWeight::get().reads_writes(30, 21))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:1 w:1)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:1 w:1)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:0 w:1)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	fn serve() -> Weight {
		// At least 28_673 ns.
		Weight::from_parts(31_006_000, 7_556).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:1 w:2)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:1 w:1)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:1 w:1)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	fn unserve() -> Weight {
		// At least 35_583 ns.
		Weight::from_parts(37_976_000, 6_564).saturating_add(T::DbWeight::get().reads_writes(4, 5))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:9 w:18)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:9 w:9)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:9 w:9)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	fn unbond() -> Weight {
		// At least 144_185 ns.
		Weight::from_parts(160_609_000, 51_156).saturating_add(T::DbWeight::get().reads_writes(29, 37))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn withdraw() -> Weight {
		// At least 42_604 ns.
		Weight::from_parts(45_748_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
}

// Weights with the database weights of ParityDB, which the node uses; for tests.
impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(71_166_000, 6_564).saturating_add(ParityDbWeight::get().reads_writes(6, 6))
	}
	fn bond_extra() -> Weight {
		Weight::from_parts(152_487_000, 51_156).saturating_add(ParityDbWeight::get().reads_writes(30, 21))
	}
	fn serve() -> Weight {
		Weight::from_parts(31_006_000, 7_556).saturating_add(ParityDbWeight::get().reads_writes(4, 4))
	}
	fn unserve() -> Weight {
		Weight::from_parts(37_976_000, 6_564).saturating_add(ParityDbWeight::get().reads_writes(4, 5))
	}
	fn unbond() -> Weight {
		Weight::from_parts(160_609_000, 51_156).saturating_add(ParityDbWeight::get().reads_writes(29, 37))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(45_748_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
}
