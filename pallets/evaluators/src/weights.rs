//! Weights of `pallet_doin_evaluators`. `withdraw` was measured on 2026-11-21 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! The other functions are written by hand for the benchmarks of this pallet, and hold until the next run of `scripts/bench.sh
//! weights`. Reads and writes are counted in the code. Computing is the measured time of the former benchmark plus 12 µs per
//! chunk of seats that is read, and 23 µs per roster for the list of displaced seats and the event (a seat was measured at 11 µs:
//! reading, changing and writing its chunk, its index and its roster).
//!
//! Times are multiplied by 2.5, to hold on the reference machine (docs/adr/0030). Comments have the times before.

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
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
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
		Weight::from_parts(1_790_000_000, 280_830).saturating_add(T::DbWeight::get().reads_writes(61, 15))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
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
		Weight::from_parts(6_292_500_000, 1_027_070).saturating_add(T::DbWeight::get().reads_writes(213, 47))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
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
		Weight::from_parts(615_000_000, 94_270).saturating_add(T::DbWeight::get().reads_writes(21, 5))
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
		Weight::from_parts(125_000_000, 12_650).saturating_add(T::DbWeight::get().reads_writes(5, 6))
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
		Weight::from_parts(820_000_000, 129_250).saturating_add(T::DbWeight::get().reads_writes(46, 56))
	}
	// Storage: `Evaluators::Evaluators` (r:1 w:1)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn withdraw() -> Weight {
		// At least 42_604 ns.
		Weight::from_parts(114_370_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
}

// Weights with the database weights of ParityDB, which the node uses; for tests.
impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(1_790_000_000, 280_830).saturating_add(ParityDbWeight::get().reads_writes(61, 15))
	}
	fn bond_extra() -> Weight {
		Weight::from_parts(6_292_500_000, 1_027_070).saturating_add(ParityDbWeight::get().reads_writes(213, 47))
	}
	fn serve() -> Weight {
		Weight::from_parts(615_000_000, 94_270).saturating_add(ParityDbWeight::get().reads_writes(21, 5))
	}
	fn unserve() -> Weight {
		Weight::from_parts(125_000_000, 12_650).saturating_add(ParityDbWeight::get().reads_writes(5, 6))
	}
	fn unbond() -> Weight {
		Weight::from_parts(820_000_000, 129_250).saturating_add(ParityDbWeight::get().reads_writes(46, 56))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(114_370_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
}
