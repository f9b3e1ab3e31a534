//! Weights of `pallet_doin_gauge`: measured on 2026-11-29 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! Times are multiplied by 2.8, to hold on the reference machine (docs/adr/0030). Comments have the times before.
//!
//! Changed by hand since, until the next measurement: `nominate`, `withdraw_nomination` and each of the `d` domains of
//! `new_session` count the reads of `Evidence::Segments` and `Evidence::Purses`, which decide whether a domain without weight can
//! be voted for.

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
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Nominations` (r:1 w:1)
	// Proof: `Gauge::Nominations` (`max_values`: Some(1), `max_size`: Some(3586), added: 4081, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:2 w:2)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `Session::CurrentIndex` (r:1 w:0)
	// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn nominate() -> Weight {
		// At least 100_830 ns.
		Weight::from_parts(299_093_200, 10_299).saturating_add(T::DbWeight::get().reads_writes(11, 5))
	}
	// Storage: `Gauge::Nominations` (r:1 w:1)
	// Proof: `Gauge::Nominations` (`max_values`: Some(1), `max_size`: Some(3586), added: 4081, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Session::CurrentIndex` (r:1 w:0)
	// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	fn withdraw_nomination() -> Weight {
		// At least 46_229 ns.
		Weight::from_parts(143_488_800, 5_640).saturating_add(T::DbWeight::get().reads_writes(7, 3))
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
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	fn vote(n: u32) -> Weight {
		// At least 53_330 ns.
		Weight::from_parts(163_667_031, 5_618)
			// Standard error: 5_986 ps.
			.saturating_add(Weight::from_parts(98_838, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
	// Storage: `Session::Validators` (r:1 w:0)
	// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Gauge::Ballots` (r:1 w:1)
	// Proof: `Gauge::Ballots` (`max_values`: None, `max_size`: Some(313), added: 2788, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	fn clear_ballot() -> Weight {
		// At least 42_303 ns.
		Weight::from_parts(125_207_600, 3_778).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
	// Storage: `Session::CurrentIndex` (r:1 w:0)
	// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Gauge::LastSession` (r:1 w:0)
	// Proof: `Gauge::LastSession` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 4_497 ns.
		Weight::from_parts(13_767_600, 1_786).saturating_add(T::DbWeight::get().reads_writes(2, 0))
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
	// Storage: `Domains::States` (r:32 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:32 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:1)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Gauge::LastSession` (r:0 w:1)
	// Proof: `Gauge::LastSession` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn new_session(v: u32, d: u32, c: u32) -> Weight {
		// At least 410_202 ns.
		Weight::from_parts(1_167_580_400, 14_676)
			// Standard error: 134_082 ps.
			.saturating_add(Weight::from_parts(11_202_168, 0).saturating_mul(v.into()))
			// Standard error: 209_995 ps.
			.saturating_add(Weight::from_parts(1_369_380, 0).saturating_mul(d.into()))
			// Standard error: 414_607 ps.
			.saturating_add(Weight::from_parts(14_641_954, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 4_629).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 1_365).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(0, 2_788).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(71, 3))
			.saturating_add(T::DbWeight::get().reads(2).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads(2).saturating_mul(d.into()))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn nominate() -> Weight {
		Weight::from_parts(299_093_200, 10_299).saturating_add(ParityDbWeight::get().reads_writes(11, 5))
	}
	fn withdraw_nomination() -> Weight {
		Weight::from_parts(143_488_800, 5_640).saturating_add(ParityDbWeight::get().reads_writes(7, 3))
	}
	fn vote(n: u32) -> Weight {
		Weight::from_parts(163_667_031, 5_618)
			.saturating_add(Weight::from_parts(98_838, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
	fn clear_ballot() -> Weight {
		Weight::from_parts(125_207_600, 3_778).saturating_add(ParityDbWeight::get().reads_writes(4, 3))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(13_767_600, 1_786).saturating_add(ParityDbWeight::get().reads_writes(2, 0))
	}
	fn new_session(v: u32, d: u32, c: u32) -> Weight {
		Weight::from_parts(1_167_580_400, 14_676)
			.saturating_add(Weight::from_parts(11_202_168, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(1_369_380, 0).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(14_641_954, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 4_629).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 1_365).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(0, 2_788).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(71, 3))
			.saturating_add(ParityDbWeight::get().reads(2).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(c.into()))
			.saturating_add(ParityDbWeight::get().reads(2).saturating_mul(d.into()))
	}
}
