//! Weights of `pallet_doin_optimae`: measured on 2026-11-21 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file. Since then, `commit`, `close` and `verdict` do more than the benchmarks
//! did: a comment above each of them states what was added by hand.
//!
//! Times are multiplied by 2.5, to hold on the reference machine (docs/adr/0030). Comments have the times before.

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
}

/// Weights that were measured with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(173), added: 2648, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2416), added: 4891, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Optimae::CounterForRounds` (r:1 w:1)
	// Proof: `Optimae::CounterForRounds` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:1)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Due` (r:1 w:1)
	// Proof: `Optimae::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:1 w:0)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// By hand: 32 further reads of `Optimae::Due`, since an agenda with 1 024 items has a free place within 33 blocks; two reads
	// of `Optimae::Contenders`, one of `Optimae::Models` for the author of the contender, and one more of `Evaluators::Rosters`
	// for the price of the seat; two reads of `Evaluators::SeatIndex`, since optimizers and that author are no evaluators of
	// the round (seventeen for the last seat, which opens no round); 2 us of decoding per read, and 20 us for the largest model.
	fn commit() -> Weight {
		// At least 122_152 ns, 37 * 2_000 ns and 20_000 ns.
		Weight::from_parts(573_355_000, 70_232).saturating_add(T::DbWeight::get().reads_writes(50, 7))
	}
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2416), added: 4891, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(173), added: 2648, mode: `MaxEncodedLen`)
	// Storage: `Optimae::NextModelId` (r:1 w:1)
	// Proof: `Optimae::NextModelId` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:0 w:1)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	fn reveal(b: u32) -> Weight {
		// At least 115_272 ns.
		Weight::from_parts(275_605_500, 7_556)
			// Standard error: 37 ps.
			.saturating_add(Weight::from_parts(26_428, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads_writes(8, 5))
	}
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2416), added: 4891, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:1 w:1)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:2 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4122), added: 6597, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Records` (r:1 w:1)
	// Proof: `Optimae::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	fn challenge_claim() -> Weight {
		// At least 304_705 ns.
		Weight::from_parts(825_030_000, 70_232).saturating_add(T::DbWeight::get().reads_writes(9, 6))
	}
	// Storage: `Optimae::Models` (r:1 w:1)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Pending` (r:1 w:0)
	// Proof: `Optimae::Pending` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Contenders` (r:1 w:1)
	// Proof: `Optimae::Contenders` (`max_values`: None, `max_size`: Some(12324), added: 14799, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:0)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(173), added: 2648, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn release_model() -> Weight {
		// At least 96_554 ns.
		Weight::from_parts(267_522_500, 70_232).saturating_add(T::DbWeight::get().reads_writes(6, 4))
	}
	// Storage: `Optimae::Cursor` (r:1 w:1)
	// Proof: `Optimae::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Due` (r:1 w:0)
	// Proof: `Optimae::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 4_436 ns.
		Weight::from_parts(12_745_000, 3_734).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// By hand: sixteen overtaken candidates, whose models are read and removed, and the end of the round with its agenda item, or
	// fifteen of them and a request for the last one. The larger count of both:
	// Storage: `Optimae::Rounds` (r:2 w:1), `Optimae::CounterForRounds` (r:1 w:1), `Optimae::Pending` (r:1 w:1)
	// Storage: `Optimae::Models` (r:17 w:16), `Optimae::Contenders` (r:1 w:0), `Optimae::Records` (r:16 w:16)
	// Storage: `Balances::Holds` (r:16 w:16), `System::Account` (r:16 w:16), `Balances::TotalIssuance` (r:1 w:1)
	// Storage: `Domains::Specs` (r:1 w:0), `Domains::States` (r:1 w:1), `Gauge::Weights` (r:1 w:0)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Storage: `Optimae::Due` or `Recomputation::Due` (r:33 w:1)
	// Storage: `Recomputation::CounterForTasks` (r:1 w:1), `Recomputation::Tasks` (r:1 w:1), `Recomputation::NextTaskId` (r:1 w:1),
	// `Recomputation::Beacon` (r:1 w:0), `Timing::Rounds` (r:1 w:0)
	// Storage: `Evaluators::Rosters` (r:1 w:0), `Evaluators::SeatIndex` (r:17 w:0)
	fn close() -> Weight {
		// Not more than a verdict as measured, 2_665_496 ns, which reads 18 and removes 17 models, and moves more holds; and
		// 16 * 40_000 ns to release the parts of the fees for recomputing models.
		Weight::from_parts(8_686_670_000, 1_247_346).saturating_add(T::DbWeight::get().reads_writes(131, 73))
	}
	// Storage: `Optimae::Rounds` (r:1 w:1)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2416), added: 4891, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Domains::States` (r:1 w:1)
	// Proof: `Domains::States` (`max_values`: None, `max_size`: Some(173), added: 2648, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Contenders` (r:1 w:1)
	// Proof: `Optimae::Contenders` (`max_values`: None, `max_size`: Some(12324), added: 14799, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:18 w:17)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Domains::Bounties` (r:1 w:1)
	// Proof: `Domains::Bounties` (`max_values`: None, `max_size`: Some(397), added: 2872, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:26 w:26)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:42 w:42)
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
	// Storage: `Work::Entries` (r:0 w:1)
	// Proof: `Work::Entries` (`max_values`: None, `max_size`: Some(545), added: 3020, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::NextTaskId` (r:1 w:1): added by hand, the benchmark ran before task ids existed.
	// By hand: the pay of fifteen further accounts (`System::Account` r:15 w:15, 40 us each), and the agenda item of the next round
	// (`Optimae::Rounds` r:1 w:0, `Optimae::Due` r:33 w:1, 2 us each). The parts of sixteen fees for recomputing models, which pay
	// fifteen of these accounts (31 times 40 us).
	fn verdict() -> Weight {
		// At least 2_665_496 ns, 668_000 ns and 1_240_000 ns.
		Weight::from_parts(11_856_670_000, 1_247_346).saturating_add(T::DbWeight::get().reads_writes(163, 127))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn commit() -> Weight {
		Weight::from_parts(573_355_000, 70_232).saturating_add(ParityDbWeight::get().reads_writes(50, 7))
	}
	fn reveal(b: u32) -> Weight {
		Weight::from_parts(275_605_500, 7_556)
			.saturating_add(Weight::from_parts(26_428, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(8, 5))
	}
	fn challenge_claim() -> Weight {
		Weight::from_parts(825_030_000, 70_232).saturating_add(ParityDbWeight::get().reads_writes(9, 6))
	}
	fn release_model() -> Weight {
		Weight::from_parts(267_522_500, 70_232).saturating_add(ParityDbWeight::get().reads_writes(6, 4))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(12_745_000, 3_734).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn close() -> Weight {
		Weight::from_parts(8_686_670_000, 1_247_346).saturating_add(ParityDbWeight::get().reads_writes(131, 73))
	}
	fn verdict() -> Weight {
		Weight::from_parts(11_856_670_000, 1_247_346).saturating_add(ParityDbWeight::get().reads_writes(163, 127))
	}
}
