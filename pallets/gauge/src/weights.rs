//! Weights of `pallet_doin_gauge`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	/// Benchmark `nominate`.
	fn nominate() -> Weight;
	/// Benchmark `withdraw_nomination`.
	fn withdraw_nomination() -> Weight;
	/// Benchmark `vote`.
	fn vote(n: u32) -> Weight;
	/// Benchmark `clear_ballot`.
	fn clear_ballot() -> Weight;
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `new_session`.
	fn new_session(v: u32, d: u32, c: u32) -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Segments` (r:1 w:0)
	// Proof: `Evidence::Segments` (`max_values`: None, `max_size`: Some(58), added: 2533, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Purses` (r:1 w:0)
	// Proof: `Evidence::Purses` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Nominations` (r:1 w:1)
	// Proof: `Gauge::Nominations` (`max_values`: Some(1), `max_size`: Some(3586), added: 4081, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:2 w:2)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Session::CurrentIndex` (r:1 w:0)
	// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn nominate() -> Weight {
		// At least 194_589 ns.
		Weight::from_parts(444_722_000, 9_711).saturating_add(T::DbWeight::get().reads_writes(11, 5))
	}
	// Storage: `Gauge::Nominations` (r:1 w:1)
	// Proof: `Gauge::Nominations` (`max_values`: Some(1), `max_size`: Some(3586), added: 4081, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Session::CurrentIndex` (r:1 w:0)
	// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Segments` (r:1 w:0)
	// Proof: `Evidence::Segments` (`max_values`: None, `max_size`: Some(58), added: 2533, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Purses` (r:1 w:0)
	// Proof: `Evidence::Purses` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn withdraw_nomination() -> Weight {
		// At least 131_196 ns.
		Weight::from_parts(302_050_000, 9_872).saturating_add(T::DbWeight::get().reads_writes(9, 3))
	}
	// Storage: `Session::Validators` (r:1 w:0)
	// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Gauge::Nominations` (r:1 w:0)
	// Proof: `Gauge::Nominations` (`max_values`: Some(1), `max_size`: Some(3586), added: 4081, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Ballots` (r:1 w:1)
	// Proof: `Gauge::Ballots` (`max_values`: None, `max_size`: Some(313), added: 2788, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn vote(n: u32) -> Weight {
		// At least 99_127 ns.
		Weight::from_parts(221_410_460, 8_788)
			// Standard error: 15_612 ps.
			.saturating_add(Weight::from_parts(144_500, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
	// Storage: `Session::Validators` (r:1 w:0)
	// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Gauge::Ballots` (r:1 w:1)
	// Proof: `Gauge::Ballots` (`max_values`: None, `max_size`: Some(313), added: 2788, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn clear_ballot() -> Weight {
		// At least 75_141 ns.
		Weight::from_parts(163_944_000, 5_571).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
	// Storage: `Session::CurrentIndex` (r:1 w:0)
	// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Gauge::LastSession` (r:1 w:0)
	// Proof: `Gauge::LastSession` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 5_718 ns.
		Weight::from_parts(12_878_000, 1_786).saturating_add(T::DbWeight::get().reads_writes(2, 0))
	}
	// Storage: `Session::CurrentIndex` (r:1 w:0)
	// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Staking::ActiveEra` (r:1 w:0)
	// Proof: `Staking::ActiveEra` (`max_values`: Some(1), `max_size`: Some(13), added: 508, mode: `MaxEncodedLen`)
	// Storage: `Session::Validators` (r:1 w:0)
	// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Staking::ErasStakersOverview` (r:100 w:0)
	// Proof: `Staking::ErasStakersOverview` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Nominations` (r:1 w:1)
	// Proof: `Gauge::Nominations` (`max_values`: Some(1), `max_size`: Some(3586), added: 4081, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Ballots` (r:100 w:0)
	// Proof: `Gauge::Ballots` (`max_values`: None, `max_size`: Some(313), added: 2788, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:1)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:64 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:64 w:32)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Segments` (r:64 w:0)
	// Proof: `Evidence::Segments` (`max_values`: None, `max_size`: Some(58), added: 2533, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Purses` (r:64 w:0)
	// Proof: `Evidence::Purses` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Gauge::LastSession` (r:0 w:1)
	// Proof: `Gauge::LastSession` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn new_session(v: u32, d: u32, c: u32) -> Weight {
		// At least 2_309_564 ns.
		Weight::from_parts(4_753_928_000, 82_046)
			// Standard error: 435_183 ps.
			.saturating_add(Weight::from_parts(8_861_600, 0).saturating_mul(v.into()))
			// Standard error: 822_106 ps.
			.saturating_add(Weight::from_parts(5_126_712, 0).saturating_mul(d.into()))
			// Standard error: 1_336_015 ps.
			.saturating_add(Weight::from_parts(18_307_566, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 1_254).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 6_600).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(0, 2_771).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(266, 3))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(d.into()))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(c.into()))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn nominate() -> Weight {
		Weight::from_parts(444_722_000, 9_711).saturating_add(ParityDbWeight::get().reads_writes(11, 5))
	}
	fn withdraw_nomination() -> Weight {
		Weight::from_parts(302_050_000, 9_872).saturating_add(ParityDbWeight::get().reads_writes(9, 3))
	}
	fn vote(n: u32) -> Weight {
		Weight::from_parts(221_410_460, 8_788)
			.saturating_add(Weight::from_parts(144_500, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
	fn clear_ballot() -> Weight {
		Weight::from_parts(163_944_000, 5_571).saturating_add(ParityDbWeight::get().reads_writes(4, 3))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(12_878_000, 1_786).saturating_add(ParityDbWeight::get().reads_writes(2, 0))
	}
	fn new_session(v: u32, d: u32, c: u32) -> Weight {
		Weight::from_parts(4_753_928_000, 82_046)
			.saturating_add(Weight::from_parts(8_861_600, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(5_126_712, 0).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(18_307_566, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 1_254).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 6_600).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(0, 2_771).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(266, 3))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(d.into()))
			.saturating_add(ParityDbWeight::get().writes(1).saturating_mul(c.into()))
	}
}
