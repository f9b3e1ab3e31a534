//! Weights of `pallet_doin_domains`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:0 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:0 w:1)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Deposits` (r:0 w:1)
	// Proof: `Domains::Deposits` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:0 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	fn register(b: u32) -> Weight {
		// At least 112_337 ns.
		Weight::from_parts(240_038_814, 3_874)
			// Standard error: 5 ps.
			.saturating_add(Weight::from_parts(5_352, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 7))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:1 w:1)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	fn upload_page(n: u32) -> Weight {
		// At least 38_547 ns.
		Weight::from_parts(87_616_368, 7_590)
			// Standard error: 99 ps.
			.saturating_add(Weight::from_parts(3_288, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	fn activate_values(v: u32) -> Weight {
		// At least 6_315_551 ns.
		Weight::from_parts(31_206_454_354, 69_017)
			// Standard error: 4_253 ps.
			.saturating_add(Weight::from_parts(156_322, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	fn activate_steps(v: u32) -> Weight {
		// At least 7_023_803 ns.
		Weight::from_parts(25_189_008_794, 69_017)
			// Standard error: 2_704 ps.
			.saturating_add(Weight::from_parts(109_030, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	fn activate_channels(v: u32) -> Weight {
		// At least 1_901_888 ns.
		Weight::from_parts(16_910_186_238, 69_017)
			// Standard error: 4_869 ps.
			.saturating_add(Weight::from_parts(228_920, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	fn activate_rows(v: u32) -> Weight {
		// At least 302_910 ns.
		Weight::from_parts(614_754_000, 69_017)
			// Standard error: 29 ps.
			.saturating_add(Weight::from_parts(32_476, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 2).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:20 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	fn activate_linear(u: u32) -> Weight {
		// At least 15_556_931 ns.
		Weight::from_parts(28_507_923_084, 132_950)
			// Standard error: 9_375 ps.
			.saturating_add(Weight::from_parts(3_392_712, 0).saturating_mul(u.into()))
			.saturating_add(T::DbWeight::get().reads_writes(23, 1))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:20 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	fn activate_narrow(u: u32) -> Weight {
		// At least 11_649_461 ns.
		Weight::from_parts(26_767_512_220, 132_950)
			// Standard error: 80_414 ps.
			.saturating_add(Weight::from_parts(8_850_184, 0).saturating_mul(u.into()))
			.saturating_add(T::DbWeight::get().reads_writes(23, 1))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:0)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:2 w:2)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn add_bounty() -> Weight {
		// At least 172_006 ns.
		Weight::from_parts(384_872_000, 7_590).saturating_add(T::DbWeight::get().reads_writes(9, 6))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	fn close() -> Weight {
		// At least 39_549 ns.
		Weight::from_parts(105_938_000, 3_687).saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:1)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:256 w:256)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	// Storage: `Domains::Deposits` (r:1 w:1)
	// Proof: `Domains::Deposits` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:8 w:8)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:8 w:8)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:0 w:1)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	fn retire(p: u32) -> Weight {
		// At least 467_335 ns.
		Weight::from_parts(980_168_684, 24_062)
			// Standard error: 13_717 ps.
			.saturating_add(Weight::from_parts(3_143_152, 0).saturating_mul(p.into()))
			.saturating_add(Weight::from_parts(0, 6_598).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads_writes(20, 21))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(p.into()))
	}
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	fn announce_withdrawal() -> Weight {
		// At least 46_279 ns.
		Weight::from_parts(130_154_000, 3_934).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:0)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn withdraw_bounty() -> Weight {
		// At least 98_367 ns.
		Weight::from_parts(229_280_000, 3_934).saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn register(b: u32) -> Weight {
		Weight::from_parts(240_038_814, 3_874)
			.saturating_add(Weight::from_parts(5_352, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 7))
	}
	fn upload_page(n: u32) -> Weight {
		Weight::from_parts(87_616_368, 7_590)
			.saturating_add(Weight::from_parts(3_288, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_values(v: u32) -> Weight {
		Weight::from_parts(31_206_454_354, 69_017)
			.saturating_add(Weight::from_parts(156_322, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_steps(v: u32) -> Weight {
		Weight::from_parts(25_189_008_794, 69_017)
			.saturating_add(Weight::from_parts(109_030, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_channels(v: u32) -> Weight {
		Weight::from_parts(16_910_186_238, 69_017)
			.saturating_add(Weight::from_parts(228_920, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 6).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_rows(v: u32) -> Weight {
		Weight::from_parts(614_754_000, 69_017)
			.saturating_add(Weight::from_parts(32_476, 0).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(0, 2).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn activate_linear(u: u32) -> Weight {
		Weight::from_parts(28_507_923_084, 132_950)
			.saturating_add(Weight::from_parts(3_392_712, 0).saturating_mul(u.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(23, 1))
	}
	fn activate_narrow(u: u32) -> Weight {
		Weight::from_parts(26_767_512_220, 132_950)
			.saturating_add(Weight::from_parts(8_850_184, 0).saturating_mul(u.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(23, 1))
	}
	fn add_bounty() -> Weight {
		Weight::from_parts(384_872_000, 7_590).saturating_add(ParityDbWeight::get().reads_writes(9, 6))
	}
	fn close() -> Weight {
		Weight::from_parts(105_938_000, 3_687).saturating_add(ParityDbWeight::get().reads_writes(3, 1))
	}
	fn retire(p: u32) -> Weight {
		Weight::from_parts(980_168_684, 24_062)
			.saturating_add(Weight::from_parts(3_143_152, 0).saturating_mul(p.into()))
			.saturating_add(Weight::from_parts(0, 6_598).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(20, 21))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().writes(1).saturating_mul(p.into()))
	}
	fn announce_withdrawal() -> Weight {
		Weight::from_parts(130_154_000, 3_934).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn withdraw_bounty() -> Weight {
		Weight::from_parts(229_280_000, 3_934).saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
}
