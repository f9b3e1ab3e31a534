//! Weights of `pallet_doin_domains`: measured on 2026-11-29 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! Times are multiplied by 2.8, to hold on the reference machine (docs/adr/0030). Comments have the times before.
//!
//! Changed by hand since, until the next measurement:
//!
//! - `register` counts a linear model of `b` bytes: one write, and 10 ns per byte for decoding and admitting it.
//! - `activate_values` and `activate_steps` count 15 ms for drawing and scoring 64 windows, and all activations the read and the
//!   write of `Baselines`.
//! - `activate_rows` is estimated: 5 ms, and 40 ns per byte for hashing it, checking its label and sorting it.
//! - `activate_linear` is estimated: 20 ms for the windows, as two baselines take, and 2 048 · 1.616 ns per unit, the time of the
//!   most expensive multiply-accumulate on the reference machine. `activate_narrow` is 5 ms, and 9 µs per unit: a model of one
//!   output took 2.5 µs natively, times 1.3 for WebAssembly and 2.8.
//! - `close` counts the read of `Timing::SlotDuration`, and `retire` the removal of `Baselines`.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the calls and hooks.
pub trait WeightInfo {
	/// Benchmark `register`.
	fn register(b: u32) -> Weight;
	/// Benchmark `upload_page`.
	fn upload_page(n: u32) -> Weight;
	/// Benchmark `activate_values`.
	fn activate_values(v: u32) -> Weight;
	/// Benchmark `activate_steps`.
	fn activate_steps(v: u32) -> Weight;
	/// Benchmark `activate_channels`.
	fn activate_channels(v: u32) -> Weight;
	/// Benchmark `activate_rows`.
	fn activate_rows(v: u32) -> Weight;
	/// Benchmark `activate_linear`.
	fn activate_linear(u: u32) -> Weight;
	/// Benchmark `activate_narrow`.
	fn activate_narrow(u: u32) -> Weight;
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

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Domains::NextDomainId` (r:1 w:1)
	// Proof: `Domains::NextDomainId` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:0 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:0 w:1)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::Deposits` (r:0 w:1)
	// Proof: `Domains::Deposits` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:0 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	fn register(b: u32) -> Weight {
		// At least 63_525 ns.
		Weight::from_parts(188_552_000, 3_730)
			.saturating_add(Weight::from_parts(10_000, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 7))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:1 w:1)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	fn upload_page(n: u32) -> Weight {
		// At least 19_459 ns.
		Weight::from_parts(59_976_703, 7_588)
			// Standard error: 14 ps.
			.saturating_add(Weight::from_parts(2_506, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	fn activate_values(v: u32) -> Weight {
		// At least 2_305_971 ns.
		Weight::from_parts(35_279_298_122, 69_017)
			// Standard error: 1_500 ps.
			.saturating_add(Weight::from_parts(124_746, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	fn activate_steps(v: u32) -> Weight {
		// At least 1_369_895 ns.
		Weight::from_parts(24_752_124_562, 69_017)
			// Standard error: 610 ps.
			.saturating_add(Weight::from_parts(101_484, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	fn activate_channels(v: u32) -> Weight {
		// At least 1_139_300 ns.
		Weight::from_parts(13_611_316_424, 69_017)
			// Standard error: 1_433 ps.
			.saturating_add(Weight::from_parts(153_393, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Storage: `Domains::Baselines` (r:1 w:1)
	fn activate_rows(v: u32) -> Weight {
		Weight::from_parts(5_000_000_000, 69_017)
			.saturating_add(Weight::from_parts(40_000, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 2).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// No storage: the model is read by the activation itself.
	fn activate_linear(u: u32) -> Weight {
		Weight::from_parts(20_279_298_122, 0).saturating_add(Weight::from_parts(3_309_568, 0).saturating_mul(u.into()))
	}
	// No storage: the model is read by the activation itself.
	fn activate_narrow(u: u32) -> Weight {
		Weight::from_parts(5_000_000_000, 0).saturating_add(Weight::from_parts(9_000_000, 0).saturating_mul(u.into()))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:0)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:2 w:2)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	fn add_bounty() -> Weight {
		// At least 98_067 ns.
		Weight::from_parts(287_428_400, 7_557).saturating_add(T::DbWeight::get().reads_writes(9, 6))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	fn close() -> Weight {
		// At least 12_819 ns.
		Weight::from_parts(40_350_800, 3_657).saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:1)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:256)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	// Storage: `Domains::Deposits` (r:1 w:1)
	// Proof: `Domains::Deposits` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:8 w:8)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:8 w:8)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	fn retire(p: u32) -> Weight {
		// At least 287_950 ns.
		Weight::from_parts(830_129_018, 22_910)
			// Standard error: 2_609 ps.
			.saturating_add(Weight::from_parts(2_697_865, 0).saturating_mul(p.into()))
			.saturating_add(Weight::from_parts(0, 6_598).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads_writes(20, 21))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(p.into()))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	fn announce_withdrawal() -> Weight {
		// At least 18_969 ns.
		Weight::from_parts(57_204_000, 3_934).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:0)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	fn withdraw_bounty() -> Weight {
		// At least 50_065 ns.
		Weight::from_parts(149_156_000, 3_934).saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn register(b: u32) -> Weight {
		Weight::from_parts(188_552_000, 3_730)
			.saturating_add(Weight::from_parts(10_000, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 7))
	}
	fn upload_page(n: u32) -> Weight {
		Weight::from_parts(59_976_703, 7_588)
			.saturating_add(Weight::from_parts(2_506, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_values(v: u32) -> Weight {
		Weight::from_parts(35_279_298_122, 69_017)
			.saturating_add(Weight::from_parts(124_746, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_steps(v: u32) -> Weight {
		Weight::from_parts(24_752_124_562, 69_017)
			.saturating_add(Weight::from_parts(101_484, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_channels(v: u32) -> Weight {
		Weight::from_parts(13_611_316_424, 69_017)
			.saturating_add(Weight::from_parts(153_393, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_rows(v: u32) -> Weight {
		Weight::from_parts(5_000_000_000, 69_017)
			.saturating_add(Weight::from_parts(40_000, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 2).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_linear(u: u32) -> Weight {
		Weight::from_parts(20_279_298_122, 0).saturating_add(Weight::from_parts(3_309_568, 0).saturating_mul(u.into()))
	}
	fn activate_narrow(u: u32) -> Weight {
		Weight::from_parts(5_000_000_000, 0).saturating_add(Weight::from_parts(9_000_000, 0).saturating_mul(u.into()))
	}
	fn add_bounty() -> Weight {
		Weight::from_parts(287_428_400, 7_557).saturating_add(ParityDbWeight::get().reads_writes(9, 6))
	}
	fn close() -> Weight {
		Weight::from_parts(40_350_800, 3_657).saturating_add(ParityDbWeight::get().reads_writes(3, 1))
	}
	fn retire(p: u32) -> Weight {
		Weight::from_parts(830_129_018, 22_910)
			.saturating_add(Weight::from_parts(2_697_865, 0).saturating_mul(p.into()))
			.saturating_add(Weight::from_parts(0, 6_598).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(20, 21))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().writes(1).saturating_mul(p.into()))
	}
	fn announce_withdrawal() -> Weight {
		Weight::from_parts(57_204_000, 3_934).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn withdraw_bounty() -> Weight {
		Weight::from_parts(149_156_000, 3_934).saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
}
