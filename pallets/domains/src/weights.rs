//! Weights of `pallet_doin_domains`: measured on 2026-11-21 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! Changed by hand on 2026-11-28, until the next measurement:
//!
//! - `activate_steps` and `activate_channels` have the weight of `activate_values`, which was measured as `activate`, when a
//!   chunk of both baselines took 23.2 µs natively. Now it takes 15.3 µs for values, 2.4 µs for one step of the longest horizon
//!   (62.7 µs before) and 15.7 µs for eight channels (native, minimum of 300 runs, 2026-11-28).
//! - `announce_withdrawal` and `withdraw_bounty` have the time of `add_bounty`, which does more, and their own storage accesses.
//! - `add_bounty` also reads the lengths of rounds and the undecided rounds of the domain, where every place is taken.
//! - `close` also reads the length of a slot. States and bounties have their new largest sizes.
//!
//! Times are multiplied by 2.5, to hold on the reference machine (docs/adr/0030). Comments have the times before.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the calls and hooks.
pub trait WeightInfo {
	/// Benchmark `register`.
	fn register() -> Weight;
	/// Benchmark `upload_page`.
	fn upload_page(n: u32) -> Weight;
	/// Benchmark `activate_values`.
	fn activate_values(v: u32) -> Weight;
	/// Benchmark `activate_steps`.
	fn activate_steps(v: u32) -> Weight;
	/// Benchmark `activate_channels`.
	fn activate_channels(v: u32) -> Weight;
	/// Benchmark `add_bounty`.
	fn add_bounty() -> Weight;
	/// Benchmark `close`.
	fn close() -> Weight;
	/// Benchmark `retire`.
	fn retire(p: u32) -> Weight;
	/// Benchmark `announce_withdrawal`.
	fn announce_withdrawal() -> Weight;
	/// Benchmark `withdraw_bounty`.
	fn withdraw_bounty() -> Weight;
}

/// Weights that were measured with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Domains::NextDomainId` (r:1 w:1)
	// Proof: `Domains::NextDomainId` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:0 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:0 w:1)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Domains::Deposits` (r:0 w:1)
	// Proof: `Domains::Deposits` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	fn register() -> Weight {
		// At least 66_750 ns.
		Weight::from_parts(188_955_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(3, 6))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:1 w:1)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4122), added: 6597, mode: `MaxEncodedLen`)
	fn upload_page(n: u32) -> Weight {
		// At least 22_324 ns.
		Weight::from_parts(60_472_358, 7_587)
			// Standard error: 22 ps.
			.saturating_add(Weight::from_parts(3_503, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4122), added: 6597, mode: `MaxEncodedLen`)
	fn activate_values(v: u32) -> Weight {
		// At least 1_513_157 ns.
		Weight::from_parts(14_083_466_013, 7_556)
			// Standard error: 1_260 ps.
			.saturating_add(Weight::from_parts(116_860, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4122), added: 6597, mode: `MaxEncodedLen`)
	fn activate_steps(v: u32) -> Weight {
		// At least 1_513_157 ns.
		Weight::from_parts(14_083_466_013, 7_556)
			// Standard error: 1_260 ps.
			.saturating_add(Weight::from_parts(116_860, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4122), added: 6597, mode: `MaxEncodedLen`)
	fn activate_channels(v: u32) -> Weight {
		// At least 1_513_157 ns.
		Weight::from_parts(14_083_466_013, 7_556)
			// Standard error: 1_260 ps.
			.saturating_add(Weight::from_parts(116_860, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:2 w:2)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:0)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	fn add_bounty() -> Weight {
		// At least 103_164 ns.
		Weight::from_parts(280_670_000, 7_556).saturating_add(T::DbWeight::get().reads_writes(9, 6))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	fn close() -> Weight {
		// At least 14_021 ns.
		Weight::from_parts(43_062_500, 3_656).saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:1)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:256)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4122), added: 6597, mode: `MaxEncodedLen`)
	// Storage: `Domains::Deposits` (r:1 w:1)
	// Proof: `Domains::Deposits` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:8 w:8)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:8 w:8)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	fn retire(p: u32) -> Weight {
		// At least 321_520 ns.
		Weight::from_parts(836_640_770, 22_766)
			// Standard error: 9_895 ps.
			.saturating_add(Weight::from_parts(3_769_743, 0).saturating_mul(p.into()))
			.saturating_add(Weight::from_parts(0, 6_597).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads_writes(20, 20))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(p.into()))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	fn announce_withdrawal() -> Weight {
		Weight::from_parts(280_670_000, 3_934).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(191), added: 2666, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:0)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn withdraw_bounty() -> Weight {
		Weight::from_parts(280_670_000, 3_934).saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(188_955_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(3, 6))
	}
	fn upload_page(n: u32) -> Weight {
		Weight::from_parts(60_472_358, 7_587)
			.saturating_add(Weight::from_parts(3_503, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_values(v: u32) -> Weight {
		Weight::from_parts(14_083_466_013, 7_556)
			.saturating_add(Weight::from_parts(116_860, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn activate_steps(v: u32) -> Weight {
		Weight::from_parts(14_083_466_013, 7_556)
			.saturating_add(Weight::from_parts(116_860, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn activate_channels(v: u32) -> Weight {
		Weight::from_parts(14_083_466_013, 7_556)
			.saturating_add(Weight::from_parts(116_860, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn add_bounty() -> Weight {
		Weight::from_parts(280_670_000, 7_556).saturating_add(ParityDbWeight::get().reads_writes(9, 6))
	}
	fn close() -> Weight {
		Weight::from_parts(43_062_500, 3_656).saturating_add(ParityDbWeight::get().reads_writes(3, 1))
	}
	fn retire(p: u32) -> Weight {
		Weight::from_parts(836_640_770, 22_766)
			.saturating_add(Weight::from_parts(3_769_743, 0).saturating_mul(p.into()))
			.saturating_add(Weight::from_parts(0, 6_597).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(20, 20))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().writes(1).saturating_mul(p.into()))
	}
	fn announce_withdrawal() -> Weight {
		Weight::from_parts(280_670_000, 3_934).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn withdraw_bounty() -> Weight {
		Weight::from_parts(280_670_000, 3_934).saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
}
