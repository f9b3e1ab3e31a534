//! Weights of `pallet_doin_optimae`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	/// Benchmark `commit`.
	fn commit() -> Weight;
	/// Benchmark `reveal`.
	fn reveal(b: u32) -> Weight;
	/// Benchmark `challenge_claim`.
	fn challenge_claim() -> Weight;
	/// Benchmark `release_model`.
	fn release_model() -> Weight;
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `close`.
	fn close() -> Weight;
	/// Benchmark `verdict`.
	fn verdict() -> Weight;
	/// Benchmark `evidence_stands`.
	fn evidence_stands() -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2963), added: 5438, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Contenders` (r:1 w:0)
	// Proof: `Optimae::Contenders` (`max_values`: None, `max_size`: Some(12324), added: 14799, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:1 w:0)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:2 w:0)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:1 w:0)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Segments` (r:1 w:0)
	// Proof: `Evidence::Segments` (`max_values`: None, `max_size`: Some(58), added: 2533, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Purses` (r:1 w:0)
	// Proof: `Evidence::Purses` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Work::LastSeal` (r:1 w:0)
	// Proof: `Work::LastSeal` (`max_values`: Some(1), `max_size`: Some(84), added: 579, mode: `MaxEncodedLen`)
	// Storage: `Optimae::CounterForRounds` (r:1 w:1)
	// Proof: `Optimae::CounterForRounds` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:1)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Due` (r:33 w:1)
	// Proof: `Optimae::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn commit() -> Weight {
		// At least 459_794 ns.
		Weight::from_parts(1_024_182_000, 91_542).saturating_add(T::DbWeight::get().reads_writes(51, 7))
	}
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2963), added: 5438, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Optimae::NextModelId` (r:1 w:1)
	// Proof: `Optimae::NextModelId` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:0 w:1)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	fn reveal(b: u32) -> Weight {
		// At least 162_992 ns.
		Weight::from_parts(335_135_936, 7_590)
			// Standard error: 141 ps.
			.saturating_add(Weight::from_parts(23_298, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads_writes(8, 5))
	}
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2963), added: 5438, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:1 w:1)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:2 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Records` (r:1 w:1)
	// Proof: `Optimae::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	fn challenge_claim() -> Weight {
		// At least 473_173 ns.
		Weight::from_parts(1_105_524_000, 70_232).saturating_add(T::DbWeight::get().reads_writes(9, 6))
	}
	// Storage: `Optimae::Models` (r:1 w:1)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:0)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Contenders` (r:1 w:1)
	// Proof: `Optimae::Contenders` (`max_values`: None, `max_size`: Some(12324), added: 14799, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn release_model() -> Weight {
		// At least 153_999 ns.
		Weight::from_parts(431_902_000, 70_232).saturating_add(T::DbWeight::get().reads_writes(6, 4))
	}
	// Storage: `Optimae::Cursor` (r:1 w:1)
	// Proof: `Optimae::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Due` (r:1 w:0)
	// Proof: `Optimae::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 6_410 ns.
		Weight::from_parts(15_302_000, 3_734).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Storage: `Optimae::Rounds` (r:2 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2963), added: 5438, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:1)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:16 w:16)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:16 w:16)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:16 w:16)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Records` (r:16 w:16)
	// Proof: `Optimae::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Optimae::CounterForRounds` (r:1 w:1)
	// Proof: `Optimae::CounterForRounds` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Due` (r:33 w:1)
	// Proof: `Optimae::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn close() -> Weight {
		// At least 4_640_639 ns.
		Weight::from_parts(9_742_464_000, 1_108_862).saturating_add(T::DbWeight::get().reads_writes(104, 69))
	}
	// Storage: `Optimae::Rounds` (r:2 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2963), added: 5438, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(222), added: 2697, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Contenders` (r:1 w:1)
	// Proof: `Optimae::Contenders` (`max_values`: None, `max_size`: Some(12324), added: 14799, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:18 w:17)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `Evidence::Purses` (r:1 w:1)
	// Proof: `Evidence::Purses` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Work::LastSeal` (r:1 w:0)
	// Proof: `Work::LastSeal` (`max_values`: Some(1), `max_size`: Some(84), added: 579, mode: `MaxEncodedLen`)
	// Storage: `Work::DifficultyState` (r:1 w:0)
	// Proof: `Work::DifficultyState` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:57 w:57)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Work::EraAccrual` (r:1 w:1)
	// Proof: `Work::EraAccrual` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:26 w:26)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Records` (r:17 w:17)
	// Proof: `Optimae::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Optimae::CounterForRounds` (r:1 w:1)
	// Proof: `Optimae::CounterForRounds` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:1)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Due` (r:33 w:1)
	// Proof: `Optimae::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn verdict() -> Weight {
		// At least 7_429_036 ns.
		Weight::from_parts(21_989_736_000, 1_247_346).saturating_add(T::DbWeight::get().reads_writes(168, 126))
	}
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2963), added: 5438, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Due` (r:33 w:1)
	// Proof: `Optimae::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn evidence_stands() -> Weight {
		// At least 171_144 ns.
		Weight::from_parts(367_446_000, 91_542).saturating_add(T::DbWeight::get().reads_writes(36, 2))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn commit() -> Weight {
		Weight::from_parts(1_024_182_000, 91_542).saturating_add(ParityDbWeight::get().reads_writes(51, 7))
	}
	fn reveal(b: u32) -> Weight {
		Weight::from_parts(335_135_936, 7_590)
			.saturating_add(Weight::from_parts(23_298, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(8, 5))
	}
	fn challenge_claim() -> Weight {
		Weight::from_parts(1_105_524_000, 70_232).saturating_add(ParityDbWeight::get().reads_writes(9, 6))
	}
	fn release_model() -> Weight {
		Weight::from_parts(431_902_000, 70_232).saturating_add(ParityDbWeight::get().reads_writes(6, 4))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(15_302_000, 3_734).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn close() -> Weight {
		Weight::from_parts(9_742_464_000, 1_108_862).saturating_add(ParityDbWeight::get().reads_writes(104, 69))
	}
	fn verdict() -> Weight {
		Weight::from_parts(21_989_736_000, 1_247_346).saturating_add(ParityDbWeight::get().reads_writes(168, 126))
	}
	fn evidence_stands() -> Weight {
		Weight::from_parts(367_446_000, 91_542).saturating_add(ParityDbWeight::get().reads_writes(36, 2))
	}
}
