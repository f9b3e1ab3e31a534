//! Weights of `pallet_doin_recomputation`: measured on 2026-11-21 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! The numbers were generated for the undivided pallet `quorum`, before it was split into `evaluators` and `recomputation`. Only
//! functions and storage items are renamed here. The next run of `scripts/bench.sh weights` regenerates both files.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the calls and hooks.
pub trait WeightInfo {
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `step`.
	fn step() -> Weight;
	/// Benchmark `commit_sums`.
	fn commit_sums() -> Weight;
	/// Benchmark `reveal_sums`.
	fn reveal_sums() -> Weight;
	/// Benchmark `settle`.
	fn settle() -> Weight;
	/// Benchmark `recompute`.
	fn recompute() -> Weight;
	/// Benchmark `announce_challenge`.
	fn announce_challenge() -> Weight;
	/// Benchmark `challenge`.
	fn challenge() -> Weight;
	/// Benchmark `cancel_challenge`.
	fn cancel_challenge() -> Weight;
	/// Benchmark `score_chunk`.
	fn score_chunk(m: u32) -> Weight;
}

/// Weights with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Babe::AuthorVrfRandomness` (r:1 w:0)
	// Proof: `Babe::AuthorVrfRandomness` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Beacon` (r:1 w:1)
	// Proof: `Recomputation::Beacon` (`max_values`: Some(1), `max_size`: Some(40), added: 535, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Cursor` (r:1 w:1)
	// Proof: `Recomputation::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:1 w:0)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 9_875 ns.
		Weight::from_parts(11_387_000, 3_734).saturating_add(T::DbWeight::get().reads_writes(4, 2))
	}
	// Storage: `Recomputation::Cursor` (r:1 w:1)
	// Proof: `Recomputation::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:2 w:2)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:15 w:15)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:15 w:15)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:15 w:15)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:15 w:15)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:135 w:0)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:9 w:9)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:9 w:9)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	fn step() -> Weight {
		// At least 1_570_081 ns.
		Weight::from_parts(1_700_887_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(218, 82))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:1 w:0)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	fn commit_sums() -> Weight {
		// At least 20_571 ns.
		Weight::from_parts(23_034_000, 5_793).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:1 w:0)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Answers` (r:0 w:1)
	// Proof: `Recomputation::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	fn reveal_sums() -> Weight {
		// At least 170_024 ns.
		Weight::from_parts(181_420_000, 5_793).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Answers` (r:15 w:15)
	// Proof: `Recomputation::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:15 w:15)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:15 w:15)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:15 w:15)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:15 w:15)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:135 w:0)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:9 w:9)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:9 w:9)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:2 w:2)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn settle() -> Weight {
		// At least 3_851_645 ns.
		Weight::from_parts(4_025_314_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(233, 96))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::RecomputedSums` (r:19 w:19)
	// Proof: `Recomputation::RecomputedSums` (`max_values`: None, `max_size`: Some(1307), added: 3782, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Answers` (r:15 w:15)
	// Proof: `Recomputation::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:15 w:15)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:15 w:15)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:15 w:15)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:15 w:15)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:135 w:0)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:9 w:9)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:9 w:9)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:2 w:2)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::SettledSums` (r:0 w:1)
	// Proof: `Recomputation::SettledSums` (`max_values`: None, `max_size`: Some(19511), added: 21986, mode: `MaxEncodedLen`)
	fn recompute() -> Weight {
		// At least 3_908_810 ns.
		Weight::from_parts(4_138_573_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(251, 116))
	}
	// Storage: `Recomputation::Challenges` (r:1 w:1)
	// Proof: `Recomputation::Challenges` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn announce_challenge() -> Weight {
		// At least 42_774 ns.
		Weight::from_parts(48_833_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Storage: `Recomputation::Challenges` (r:1 w:1)
	// Proof: `Recomputation::Challenges` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::SettledSums` (r:1 w:1)
	// Proof: `Recomputation::SettledSums` (`max_values`: None, `max_size`: Some(19511), added: 21986, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:16 w:16)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:16 w:16)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:15 w:15)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:15 w:15)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:72 w:135)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:9 w:9)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:9 w:9)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:2 w:2)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn challenge() -> Weight {
		// At least 2_565_937 ns.
		Weight::from_parts(2_758_855_000, 183_870).saturating_add(T::DbWeight::get().reads_writes(160, 220))
	}
	// Storage: `Recomputation::Challenges` (r:1 w:1)
	// Proof: `Recomputation::Challenges` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn cancel_challenge() -> Weight {
		// At least 41_892 ns.
		Weight::from_parts(46_560_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:1 w:0)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	fn score_chunk(m: u32) -> Weight {
		// At least 1_879_573 ns.
		Weight::from_parts(1_958_449_100, 70_232)
			// Standard error: 1_007 ps.
			.saturating_add(Weight::from_parts(1_324_187, 0).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads_writes(2, 0))
	}
}

// Weights with the database weights of ParityDB, which the node uses; for tests.
impl WeightInfo for () {
	fn on_initialize() -> Weight {
		Weight::from_parts(11_387_000, 3_734).saturating_add(ParityDbWeight::get().reads_writes(4, 2))
	}
	fn step() -> Weight {
		Weight::from_parts(1_700_887_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(218, 82))
	}
	fn commit_sums() -> Weight {
		Weight::from_parts(23_034_000, 5_793).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn reveal_sums() -> Weight {
		Weight::from_parts(181_420_000, 5_793).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn settle() -> Weight {
		Weight::from_parts(4_025_314_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(233, 96))
	}
	fn recompute() -> Weight {
		Weight::from_parts(4_138_573_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(251, 116))
	}
	fn announce_challenge() -> Weight {
		Weight::from_parts(48_833_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn challenge() -> Weight {
		Weight::from_parts(2_758_855_000, 183_870).saturating_add(ParityDbWeight::get().reads_writes(160, 220))
	}
	fn cancel_challenge() -> Weight {
		Weight::from_parts(46_560_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(4, 3))
	}
	fn score_chunk(m: u32) -> Weight {
		Weight::from_parts(1_958_449_100, 70_232)
			.saturating_add(Weight::from_parts(1_324_187, 0).saturating_mul(m.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2, 0))
	}
}
