//! Weights of `pallet_doin_evaluators`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:3 w:6)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:3 w:0)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:48 w:3)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::DisplacedSeats` (r:3 w:3)
	// Proof: `Evaluators::DisplacedSeats` (`max_values`: None, `max_size`: Some(3599), added: 6074, mode: `MaxEncodedLen`)
	fn bond() -> Weight {
		// At least 520_894 ns.
		Weight::from_parts(1_163_228_000, 280_830).saturating_add(T::DbWeight::get().reads_writes(61, 15))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:11 w:22)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:11 w:0)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:176 w:11)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::DisplacedSeats` (r:11 w:11)
	// Proof: `Evaluators::DisplacedSeats` (`max_values`: None, `max_size`: Some(3599), added: 6074, mode: `MaxEncodedLen`)
	fn bond_extra() -> Weight {
		// At least 1_642_022 ns.
		Weight::from_parts(3_400_256_000, 1_027_070).saturating_add(T::DbWeight::get().reads_writes(213, 47))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:1 w:0)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:16 w:1)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::DisplacedSeats` (r:1 w:1)
	// Proof: `Evaluators::DisplacedSeats` (`max_values`: None, `max_size`: Some(3599), added: 6074, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:0 w:2)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	fn serve() -> Weight {
		// At least 221_880 ns.
		Weight::from_parts(527_324_000, 94_270).saturating_add(T::DbWeight::get().reads_writes(21, 5))
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
		// At least 130_294 ns.
		Weight::from_parts(285_284_000, 12_650).saturating_add(T::DbWeight::get().reads_writes(5, 6))
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
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	fn unbond() -> Weight {
		// At least 440_765 ns.
		Weight::from_parts(931_366_000, 129_250).saturating_add(T::DbWeight::get().reads_writes(46, 56))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn withdraw() -> Weight {
		// At least 116_673 ns.
		Weight::from_parts(247_408_000, 3_874).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(1_163_228_000, 280_830).saturating_add(ParityDbWeight::get().reads_writes(61, 15))
	}
	fn bond_extra() -> Weight {
		Weight::from_parts(3_400_256_000, 1_027_070).saturating_add(ParityDbWeight::get().reads_writes(213, 47))
	}
	fn serve() -> Weight {
		Weight::from_parts(527_324_000, 94_270).saturating_add(ParityDbWeight::get().reads_writes(21, 5))
	}
	fn unserve() -> Weight {
		Weight::from_parts(285_284_000, 12_650).saturating_add(ParityDbWeight::get().reads_writes(5, 6))
	}
	fn unbond() -> Weight {
		Weight::from_parts(931_366_000, 129_250).saturating_add(ParityDbWeight::get().reads_writes(46, 56))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(247_408_000, 3_874).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
}
