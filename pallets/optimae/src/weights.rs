//! Weights of `pallet_doin_optimae`: measured on 2026-11-29 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! Times are multiplied by 2.8, to hold on the reference machine (docs/adr/0030). Comments have the times before. What awaited
//! evidence, stakes, purses and carried bits add is counted by hand, as comments say, until the benchmarks are run again.

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
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2697), added: 5172, mode: `MaxEncodedLen`)
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
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	fn commit() -> Weight {
		// At least 249_993 ns. By hand: + 100 µs for the hold of a stake, and + 3 reads: `Evidence::Segments` (max_size 72),
		// `Evidence::Purses` (48), `Work::LastSeal` (84).
		Weight::from_parts(831_248_000, 101_692).saturating_add(T::DbWeight::get().reads_writes(51, 7))
	}
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2697), added: 5172, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Optimae::NextModelId` (r:1 w:1)
	// Proof: `Optimae::NextModelId` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:0 w:1)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	fn reveal(b: u32) -> Weight {
		// At least 98_998 ns.
		Weight::from_parts(250_835_282, 7_557)
			// Standard error: 24 ps.
			.saturating_add(Weight::from_parts(23_904, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads_writes(8, 5))
	}
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2697), added: 5172, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:1 w:1)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:2 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Records` (r:1 w:1)
	// Proof: `Optimae::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	fn challenge_claim() -> Weight {
		// At least 244_725 ns. By hand: + 90 µs for a stake that is burned.
		Weight::from_parts(825_537_600, 70_232).saturating_add(T::DbWeight::get().reads_writes(9, 6))
	}
	// Storage: `Optimae::Models` (r:1 w:1)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:0)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Contenders` (r:1 w:1)
	// Proof: `Optimae::Contenders` (`max_values`: None, `max_size`: Some(12324), added: 14799, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	fn release_model() -> Weight {
		// At least 87_420 ns.
		Weight::from_parts(259_470_400, 70_232).saturating_add(T::DbWeight::get().reads_writes(6, 4))
	}
	// Storage: `Optimae::Cursor` (r:1 w:1)
	// Proof: `Optimae::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Due` (r:1 w:0)
	// Proof: `Optimae::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 4_106 ns.
		Weight::from_parts(12_311_600, 3_734).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Storage: `Optimae::Rounds` (r:2 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2697), added: 5172, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:1)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:16 w:16)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:16 w:16)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:16 w:16)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Records` (r:16 w:16)
	// Proof: `Optimae::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Optimae::CounterForRounds` (r:1 w:1)
	// Proof: `Optimae::CounterForRounds` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Due` (r:33 w:1)
	// Proof: `Optimae::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn close() -> Weight {
		// At least 2_306_061 ns. By hand: + 300 µs, + 3 reads and 2 writes for a request of evidence: `Evidence::Segments` (r:1
		// w:1), `Evidence::Due` (w:1), `Timing` (r:2). It reads the agenda of pallet evidence instead of models. + 1.1 ms for the
		// stakes of 16 seats, which are returned or burned with the other holds of the same accounts.
		Weight::from_parts(8_293_415_200, 1_117_000).saturating_add(T::DbWeight::get().reads_writes(107, 71))
	}
	// Storage: `Optimae::Rounds` (r:2 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2697), added: 5172, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4092), added: 6567, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(192), added: 2667, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Contenders` (r:1 w:1)
	// Proof: `Optimae::Contenders` (`max_values`: None, `max_size`: Some(12324), added: 14799, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:18 w:17)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(469), added: 2944, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:26 w:26)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:56 w:56)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Work::QueueState` (r:1 w:1)
	// Proof: `Work::QueueState` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `MaxEncodedLen`)
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
	// Storage: `Work::Entries` (r:0 w:1)
	// Proof: `Work::Entries` (`max_values`: None, `max_size`: Some(1150), added: 3625, mode: `MaxEncodedLen`)
	fn verdict() -> Weight {
		// At least 2_972_576 ns. By hand: + 5 ms, 10 reads and 6 writes. Two payments of 32 accounts (`Work::pay`, 1.74 ms each),
		// the burn of a purse (0.3 ms), and 16 stakes (1.1 ms); `Evidence::Purses` (r:1 w:1), account and holds of the owner (r:2
		// w:2), accounts of the pot and of the author of the former champion (r:2 w:2), `Work::EraAccrual` (r:1 w:1),
		// `Work::DifficultyState`, `Work::LastSeal` and `Timing` (r:4).
		Weight::from_parts(13_840_193_600, 1_274_000).saturating_add(T::DbWeight::get().reads_writes(171, 131))
	}
	// By hand: `Optimae::Rounds` (r:1 w:1), `Timing::Rounds` (r:1), `FeeMarket::BaseFeePerGas` (r:1), `Optimae::Due` (r:33 w:1).
	fn evidence_stands() -> Weight {
		// About 125_000 ns.
		Weight::from_parts(350_000_000, 99_000).saturating_add(T::DbWeight::get().reads_writes(36, 2))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn commit() -> Weight {
		Weight::from_parts(831_248_000, 101_692).saturating_add(ParityDbWeight::get().reads_writes(51, 7))
	}
	fn reveal(b: u32) -> Weight {
		Weight::from_parts(250_835_282, 7_557)
			.saturating_add(Weight::from_parts(23_904, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(8, 5))
	}
	fn challenge_claim() -> Weight {
		Weight::from_parts(825_537_600, 70_232).saturating_add(ParityDbWeight::get().reads_writes(9, 6))
	}
	fn release_model() -> Weight {
		Weight::from_parts(259_470_400, 70_232).saturating_add(ParityDbWeight::get().reads_writes(6, 4))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(12_311_600, 3_734).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn close() -> Weight {
		Weight::from_parts(8_293_415_200, 1_117_000).saturating_add(ParityDbWeight::get().reads_writes(107, 71))
	}
	fn verdict() -> Weight {
		Weight::from_parts(13_840_193_600, 1_274_000).saturating_add(ParityDbWeight::get().reads_writes(171, 131))
	}
	fn evidence_stands() -> Weight {
		Weight::from_parts(350_000_000, 99_000).saturating_add(ParityDbWeight::get().reads_writes(36, 2))
	}
}
