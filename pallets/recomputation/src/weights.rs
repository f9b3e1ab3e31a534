//! Weights of `pallet_doin_recomputation`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `draw`.
	fn draw() -> Weight;
	/// Benchmark `close_answers`.
	fn close_answers(n: u32) -> Weight;
	/// Benchmark `void`.
	fn void() -> Weight;
	/// Benchmark `complete`.
	fn complete() -> Weight;
	/// Benchmark `slash_members`.
	fn slash_members(n: u32) -> Weight;
	/// Benchmark `commit_sums`.
	fn commit_sums() -> Weight;
	/// Benchmark `reveal_sums`.
	fn reveal_sums() -> Weight;
	/// Benchmark `settle`.
	fn settle() -> Weight;
	/// Benchmark `recompute`.
	fn recompute() -> Weight;
	/// Benchmark `finish_recomputing`.
	fn finish_recomputing() -> Weight;
	/// Benchmark `announce_challenge`.
	fn announce_challenge() -> Weight;
	/// Benchmark `challenge`.
	fn challenge() -> Weight;
	/// Benchmark `score_chunk`.
	fn score_chunk(m: u32) -> Weight;
	/// Benchmark `deal_rows`.
	fn deal_rows() -> Weight;
	/// Benchmark `cancel_challenge`.
	fn cancel_challenge() -> Weight;
}

/// Measured on the runtime's database weights.
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
		// At least 12_619 ns.
		Weight::from_parts(27_762_000, 3_734).saturating_add(T::DbWeight::get().reads_writes(4, 2))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2923), added: 5398, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Cursor` (r:1 w:1)
	// Proof: `Recomputation::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:34 w:2)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Beacon` (r:1 w:0)
	// Proof: `Recomputation::Beacon` (`max_values`: Some(1), `max_size`: Some(40), added: 535, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:1 w:0)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::DisplacedSeats` (r:1 w:0)
	// Proof: `Evaluators::DisplacedSeats` (`max_values`: None, `max_size`: Some(3599), added: 6074, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:16 w:0)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:965 w:0)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Answers` (r:0 w:15)
	// Proof: `Recomputation::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	fn draw() -> Weight {
		// At least 8_732_514 ns.
		Weight::from_parts(18_534_416_000, 2_447_265).saturating_add(T::DbWeight::get().reads_writes(1023, 19))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2923), added: 5398, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Cursor` (r:1 w:1)
	// Proof: `Recomputation::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:2 w:2)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `FeeMarket::BaseFeePerGas` (r:1 w:0)
	// Proof: `FeeMarket::BaseFeePerGas` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:15 w:15)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:15 w:15)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:15 w:15)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:165 w:330)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:123 w:123)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:288 w:288)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Beacon` (r:1 w:0)
	// Proof: `Recomputation::Beacon` (`max_values`: Some(1), `max_size`: Some(40), added: 535, mode: `MaxEncodedLen`)
	fn close_answers(n: u32) -> Weight {
		// At least 268_590 ns.
		Weight::from_parts(822_552_124, 95_651)
			// Standard error: 4_654_692 ps.
			.saturating_add(Weight::from_parts(732_467_204, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 110_770).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(45, 8))
			.saturating_add(T::DbWeight::get().reads(39).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(52).saturating_mul(n.into()))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2923), added: 5398, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Cursor` (r:1 w:1)
	// Proof: `Recomputation::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:1 w:1)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::CounterForTasks` (r:1 w:1)
	// Proof: `Recomputation::CounterForTasks` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Rounds` (r:1 w:0)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2963), added: 5438, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Answers` (r:0 w:15)
	// Proof: `Recomputation::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::RecomputedSums` (r:0 w:19)
	// Proof: `Recomputation::RecomputedSums` (`max_values`: None, `max_size`: Some(1307), added: 3782, mode: `MaxEncodedLen`)
	fn void() -> Weight {
		// At least 209_551 ns.
		Weight::from_parts(438_952_000, 6_428).saturating_add(T::DbWeight::get().reads_writes(5, 38))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2923), added: 5398, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Cursor` (r:1 w:1)
	// Proof: `Recomputation::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:1 w:1)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Work::QueueState` (r:1 w:0)
	// Proof: `Work::QueueState` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::CounterForTasks` (r:1 w:1)
	// Proof: `Recomputation::CounterForTasks` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::SettledSums` (r:1 w:1)
	// Proof: `Recomputation::SettledSums` (`max_values`: None, `max_size`: Some(19511), added: 21986, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:15 w:15)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:15 w:15)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Rounds` (r:1 w:0)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2963), added: 5438, mode: `MaxEncodedLen`)
	fn complete() -> Weight {
		// At least 413_434 ns.
		Weight::from_parts(870_714_000, 39_825).saturating_add(T::DbWeight::get().reads_writes(38, 35))
	}
	// Storage: `Evaluators::Evaluators` (r:15 w:15)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:15 w:15)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:15 w:15)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:15 w:15)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::SeatIndex` (r:165 w:330)
	// Proof: `Evaluators::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Rosters` (r:123 w:123)
	// Proof: `Evaluators::Rosters` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Seats` (r:288 w:288)
	// Proof: `Evaluators::Seats` (`max_values`: None, `max_size`: Some(3355), added: 5830, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Answers` (r:0 w:15)
	// Proof: `Recomputation::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	fn slash_members(n: u32) -> Weight {
		// At least 4_106 ns.
		Weight::from_parts(85_478_000, 18_480)
			// Standard error: 3_822_407 ps.
			.saturating_add(Weight::from_parts(1_122_928_522, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 110_770).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(4, 4))
			.saturating_add(T::DbWeight::get().reads(42).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(54).saturating_mul(n.into()))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2923), added: 5398, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:1 w:0)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	fn commit_sums() -> Weight {
		// At least 84_966 ns.
		Weight::from_parts(181_228_000, 6_388).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2923), added: 5398, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:1 w:0)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(114), added: 2589, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Answers` (r:0 w:1)
	// Proof: `Recomputation::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	fn reveal_sums() -> Weight {
		// At least 285_114 ns.
		Weight::from_parts(589_156_000, 6_388).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2923), added: 5398, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Answers` (r:15 w:15)
	// Proof: `Recomputation::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Rounds` (r:1 w:0)
	// Proof: `Optimae::Rounds` (`max_values`: None, `max_size`: Some(2963), added: 5438, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:33 w:2)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::SettledSums` (r:0 w:1)
	// Proof: `Recomputation::SettledSums` (`max_values`: None, `max_size`: Some(19511), added: 21986, mode: `MaxEncodedLen`)
	fn settle() -> Weight {
		// At least 698_128 ns.
		Weight::from_parts(1_520_580_000, 331_500).saturating_add(T::DbWeight::get().reads_writes(52, 19))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2923), added: 5398, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::RecomputedSums` (r:1 w:1)
	// Proof: `Recomputation::RecomputedSums` (`max_values`: None, `max_size`: Some(1307), added: 3782, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	fn recompute() -> Weight {
		// At least 115_231 ns.
		Weight::from_parts(250_272_000, 7_590).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Recomputation::RecomputedSums` (r:19 w:19)
	// Proof: `Recomputation::RecomputedSums` (`max_values`: None, `max_size`: Some(1307), added: 3782, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Answers` (r:15 w:15)
	// Proof: `Recomputation::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Due` (r:33 w:2)
	// Proof: `Recomputation::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::SettledSums` (r:0 w:1)
	// Proof: `Recomputation::SettledSums` (`max_values`: None, `max_size`: Some(19511), added: 21986, mode: `MaxEncodedLen`)
	fn finish_recomputing() -> Weight {
		// At least 797_916 ns.
		Weight::from_parts(1_731_854_000, 331_500).saturating_add(T::DbWeight::get().reads_writes(67, 37))
	}
	// Storage: `Recomputation::Challenges` (r:1 w:1)
	// Proof: `Recomputation::Challenges` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn announce_challenge() -> Weight {
		// At least 67_610 ns.
		Weight::from_parts(141_610_000, 3_874).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Storage: `Recomputation::Challenges` (r:1 w:1)
	// Proof: `Recomputation::Challenges` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::Tasks` (r:1 w:0)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2923), added: 5398, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Recomputation::SettledSums` (r:1 w:0)
	// Proof: `Recomputation::SettledSums` (`max_values`: None, `max_size`: Some(19511), added: 21986, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:16 w:16)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn challenge() -> Weight {
		// At least 931_295 ns.
		Weight::from_parts(1_952_102_000, 42_638).saturating_add(T::DbWeight::get().reads_writes(22, 18))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:1 w:0)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	fn score_chunk(m: u32) -> Weight {
		// At least 2_221_413 ns.
		Weight::from_parts(4_546_579_466, 70_232)
			// Standard error: 3_927 ps.
			.saturating_add(Weight::from_parts(3_549_226, 0).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads_writes(2, 0))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4125), added: 6600, mode: `MaxEncodedLen`)
	// Storage: `Domains::Baselines` (r:1 w:0)
	// Proof: `Domains::Baselines` (`max_values`: None, `max_size`: Some(65552), added: 68027, mode: `MaxEncodedLen`)
	// Storage: `Domains::Pages` (r:32 w:0)
	// Proof: `Domains::Pages` (`max_values`: None, `max_size`: Some(4123), added: 6598, mode: `MaxEncodedLen`)
	fn deal_rows() -> Weight {
		// At least 387_847 ns.
		Weight::from_parts(792_518_000, 212_126).saturating_add(T::DbWeight::get().reads_writes(34, 0))
	}
	// Storage: `Recomputation::Challenges` (r:1 w:1)
	// Proof: `Recomputation::Challenges` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn cancel_challenge() -> Weight {
		// At least 65_908 ns.
		Weight::from_parts(139_488_000, 3_874).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn on_initialize() -> Weight {
		Weight::from_parts(27_762_000, 3_734).saturating_add(ParityDbWeight::get().reads_writes(4, 2))
	}
	fn draw() -> Weight {
		Weight::from_parts(18_534_416_000, 2_447_265).saturating_add(ParityDbWeight::get().reads_writes(1023, 19))
	}
	fn close_answers(n: u32) -> Weight {
		Weight::from_parts(822_552_124, 95_651)
			.saturating_add(Weight::from_parts(732_467_204, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 110_770).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(45, 8))
			.saturating_add(ParityDbWeight::get().reads(39).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().writes(52).saturating_mul(n.into()))
	}
	fn void() -> Weight {
		Weight::from_parts(438_952_000, 6_428).saturating_add(ParityDbWeight::get().reads_writes(5, 38))
	}
	fn complete() -> Weight {
		Weight::from_parts(870_714_000, 39_825).saturating_add(ParityDbWeight::get().reads_writes(38, 35))
	}
	fn slash_members(n: u32) -> Weight {
		Weight::from_parts(85_478_000, 18_480)
			.saturating_add(Weight::from_parts(1_122_928_522, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 110_770).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(4, 4))
			.saturating_add(ParityDbWeight::get().reads(42).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().writes(54).saturating_mul(n.into()))
	}
	fn commit_sums() -> Weight {
		Weight::from_parts(181_228_000, 6_388).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn reveal_sums() -> Weight {
		Weight::from_parts(589_156_000, 6_388).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn settle() -> Weight {
		Weight::from_parts(1_520_580_000, 331_500).saturating_add(ParityDbWeight::get().reads_writes(52, 19))
	}
	fn recompute() -> Weight {
		Weight::from_parts(250_272_000, 7_590).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn finish_recomputing() -> Weight {
		Weight::from_parts(1_731_854_000, 331_500).saturating_add(ParityDbWeight::get().reads_writes(67, 37))
	}
	fn announce_challenge() -> Weight {
		Weight::from_parts(141_610_000, 3_874).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn challenge() -> Weight {
		Weight::from_parts(1_952_102_000, 42_638).saturating_add(ParityDbWeight::get().reads_writes(22, 18))
	}
	fn score_chunk(m: u32) -> Weight {
		Weight::from_parts(4_546_579_466, 70_232)
			.saturating_add(Weight::from_parts(3_549_226, 0).saturating_mul(m.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2, 0))
	}
	fn deal_rows() -> Weight {
		Weight::from_parts(792_518_000, 212_126).saturating_add(ParityDbWeight::get().reads_writes(34, 0))
	}
	fn cancel_challenge() -> Weight {
		Weight::from_parts(139_488_000, 3_874).saturating_add(ParityDbWeight::get().reads_writes(4, 3))
	}
}
