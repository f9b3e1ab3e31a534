//! Weights of `pallet_doin_gauge`: measured on 2026-11-21 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! Times are multiplied by 2.5, to hold on the reference machine (docs/adr/0030). Comments have the times before.

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

/// Weights that were measured with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(173), added: 2648, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Nominations` (r:1 w:1)
	// Proof: `Gauge::Nominations` (`max_values`: Some(1), `max_size`: Some(3586), added: 4081, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:2 w:2)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Session::CurrentIndex` (r:1 w:0)
	// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn nominate() -> Weight {
		// At least 117_836 ns.
		Weight::from_parts(351_897_500, 10_293).saturating_add(T::DbWeight::get().reads_writes(9, 5))
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
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn withdraw_nomination() -> Weight {
		// At least 56_945 ns.
		Weight::from_parts(186_152_500, 5_640).saturating_add(T::DbWeight::get().reads_writes(5, 3))
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
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn vote(n: u32) -> Weight {
		// At least 65_167 ns.
		Weight::from_parts(200_665_100, 5_618)
			// Standard error: 13_341 ps.
			.saturating_add(Weight::from_parts(75_250, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
	// Storage: `Session::Validators` (r:1 w:0)
	// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Gauge::Ballots` (r:1 w:1)
	// Proof: `Gauge::Ballots` (`max_values`: None, `max_size`: Some(313), added: 2788, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn clear_ballot() -> Weight {
		// At least 47_100 ns.
		Weight::from_parts(132_322_500, 3_778).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
	// Storage: `Session::CurrentIndex` (r:1 w:0)
	// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Gauge::LastSession` (r:1 w:0)
	// Proof: `Gauge::LastSession` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 4_687 ns.
		Weight::from_parts(13_270_000, 1_786).saturating_add(T::DbWeight::get().reads_writes(2, 0))
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
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(173), added: 2648, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:32 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:1)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Gauge::LastSession` (r:0 w:1)
	// Proof: `Gauge::LastSession` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn new_session(v: u32, d: u32, c: u32) -> Weight {
		// At least 467_026 ns.
		Weight::from_parts(1_222_247_500, 14_670)
			// Standard error: 163_632 ps.
			.saturating_add(Weight::from_parts(12_578_568, 0).saturating_mul(v.into()))
			// Standard error: 256_275 ps.
			.saturating_add(Weight::from_parts(1_010_193, 0).saturating_mul(d.into()))
			// Standard error: 505_980 ps.
			.saturating_add(Weight::from_parts(16_528_903, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 4_628).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 1_365).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(0, 2_788).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(71, 3))
			.saturating_add(T::DbWeight::get().reads(2).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(c.into()))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn nominate() -> Weight {
		Weight::from_parts(351_897_500, 10_293).saturating_add(ParityDbWeight::get().reads_writes(9, 5))
	}
	fn withdraw_nomination() -> Weight {
		Weight::from_parts(186_152_500, 5_640).saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
	fn vote(n: u32) -> Weight {
		Weight::from_parts(200_665_100, 5_618)
			.saturating_add(Weight::from_parts(75_250, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
	fn clear_ballot() -> Weight {
		Weight::from_parts(132_322_500, 3_778).saturating_add(ParityDbWeight::get().reads_writes(4, 3))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(13_270_000, 1_786).saturating_add(ParityDbWeight::get().reads_writes(2, 0))
	}
	fn new_session(v: u32, d: u32, c: u32) -> Weight {
		Weight::from_parts(1_222_247_500, 14_670)
			.saturating_add(Weight::from_parts(12_578_568, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(1_010_193, 0).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(16_528_903, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 4_628).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 1_365).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(0, 2_788).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(71, 3))
			.saturating_add(ParityDbWeight::get().reads(2).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(c.into()))
	}
}
