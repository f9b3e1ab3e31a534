//! Weights of `pallet_doin_evaluators`: measured on 2026-11-29 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! Times are multiplied by 2.8, to hold on the reference machine (docs/adr/0030). Comments have the times before.

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

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:3 w:6)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:3 w:0)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:48 w:3)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::DisplacedSeats` (r:3 w:3)
	// Proof: `Evaluators::DisplacedSeats` (`max_values`: None, `max_size`: Some(3599), added: 6074, mode: `MaxEncodedLen`)
	fn bond() -> Weight {
		// At least 379_436 ns.
		Weight::from_parts(1_202_014_800, 280_830).saturating_add(T::DbWeight::get().reads_writes(61, 15))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:11 w:22)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:11 w:0)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:176 w:11)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::DisplacedSeats` (r:11 w:11)
	// Proof: `Evaluators::DisplacedSeats` (`max_values`: None, `max_size`: Some(3599), added: 6074, mode: `MaxEncodedLen`)
	fn bond_extra() -> Weight {
		// At least 1_127_983 ns.
		Weight::from_parts(3_408_655_600, 1_027_070).saturating_add(T::DbWeight::get().reads_writes(213, 47))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:1 w:0)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:16 w:1)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::DisplacedSeats` (r:1 w:1)
	// Proof: `Evaluators::DisplacedSeats` (`max_values`: None, `max_size`: Some(3599), added: 6074, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:0 w:2)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	fn serve() -> Weight {
		// At least 143_294 ns.
		Weight::from_parts(439_331_200, 94_270).saturating_add(T::DbWeight::get().reads_writes(21, 5))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:1 w:2)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:1 w:1)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:2 w:2)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	fn unserve() -> Weight {
		// At least 99_369 ns.
		Weight::from_parts(334_706_400, 12_650).saturating_add(T::DbWeight::get().reads_writes(5, 6))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:11 w:22)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:11 w:11)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:22 w:22)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	fn unbond() -> Weight {
		// At least 275_531 ns.
		Weight::from_parts(915_678_400, 129_250).saturating_add(T::DbWeight::get().reads_writes(46, 56))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	fn withdraw() -> Weight {
		// At least 87_771 ns.
		Weight::from_parts(278_342_400, 3_730).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(1_202_014_800, 280_830).saturating_add(ParityDbWeight::get().reads_writes(61, 15))
	}
	fn bond_extra() -> Weight {
		Weight::from_parts(3_408_655_600, 1_027_070).saturating_add(ParityDbWeight::get().reads_writes(213, 47))
	}
	fn serve() -> Weight {
		Weight::from_parts(439_331_200, 94_270).saturating_add(ParityDbWeight::get().reads_writes(21, 5))
	}
	fn unserve() -> Weight {
		Weight::from_parts(334_706_400, 12_650).saturating_add(ParityDbWeight::get().reads_writes(5, 6))
	}
	fn unbond() -> Weight {
		Weight::from_parts(915_678_400, 129_250).saturating_add(ParityDbWeight::get().reads_writes(46, 56))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(278_342_400, 3_730).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
}
