//! Weights of `pallet_doin_recomputation`: measured on 2026-11-21 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.
//!
//! Functions with "Read:" and "Written:" are counted by hand, since the benchmarks of those functions are newer than the last
//! run: keys of storage in the most expensive case, at 8 µs per read and 50 µs per write of ParityDB, and an estimate of the time
//! of computing from the measurements of the functions before. The next run of `scripts/bench.sh weights` replaces them.
//!
//! Times are multiplied by 2.5, to hold on the reference machine (docs/adr/0030). Comments have the times before.

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
	/// Benchmark `complete`.
	fn complete() -> Weight;
	/// Benchmark `void`.
	fn void() -> Weight;
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
		Weight::from_parts(28_467_500, 3_734).saturating_add(T::DbWeight::get().reads_writes(4, 2))
	}
	// The draw of a second quorum from a full roster.
	// Read: `Tasks` 1, `Due` 34, `Cursor` 1, `Beacon` 1, `Evaluators::Rosters` 1, `Evaluators::Seats` 16,
	// `Evaluators::DisplacedSeats` 1, `Evaluators::Evaluators` 64, `Reputation::Records` 1 024, `Timing::Rounds` 1,
	// `FeeMarket::BaseFeePerGas` 1.
	// Written: `Tasks` 1, `Answers` 15, `Due` 2, `Cursor` 1. Computing: 6 ms for 1 024 keys and records.
	fn draw() -> Weight {
		Weight::from_parts(15_000_000_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(1_145, 19))
	}
	// Read: `Tasks` 1, `Due` 34, `Cursor` 1, `Beacon` 1, `Timing::Rounds` 1, `FeeMarket::BaseFeePerGas` 1, `Evaluators::Rosters`
	// 1, `Evaluators::SeatIndex` 32. Written: `Tasks` 1, `Due` 2, `Cursor` 1. Computing: 0.2 ms.
	// The end of the commitments is charged as this with `n` = 0, of which it reads `Tasks` 1, `Due` 34, `Cursor` 1,
	// `FeeMarket::BaseFeePerGas` 1, and writes the same `Tasks`, `Due` and `Cursor`.
	// For each absent member, which loses its seats on eleven rosters of two chunks each, read: `Evaluators::Evaluators` 1,
	// `System::Account` 1, `Balances::Holds` 1, `Evaluators::SeatIndex` 11, `Evaluators::Seats` 22, `Evaluators::Rosters` 11.
	// Written: the same, and `Evaluators::SeatIndex` 11 more. Computing: 0.35 ms. Counted absences also write
	// `Reputation::Records`, but fewer than half of a quorum.
	fn close_answers(n: u32) -> Weight {
		Weight::from_parts(500_000_000, 343_890)
			.saturating_add(Weight::from_parts(875_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(72u64.saturating_add(u64::from(n).saturating_mul(47))))
			.saturating_add(T::DbWeight::get().writes(4u64.saturating_add(u64::from(n).saturating_mul(58))))
	}
	// Read: `Tasks` 1, `CounterForTasks` 1, `Due` 1, `Cursor` 1, `SettledSums` 1, `Evaluators::Evaluators` 15,
	// `Reputation::Records` 15.
	// Written: the same. Computing: 0.5 ms. The handler is not included.
	fn complete() -> Weight {
		Weight::from_parts(1_250_000_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(35, 35))
	}
	// Read: `Tasks` 1, `CounterForTasks` 1, `Due` 1, `Cursor` 1, `SettledSums` 1.
	// Written: `Tasks` 1, `CounterForTasks` 1, `Due` 1, `Cursor` 1, `Answers` 15, `RecomputedSums` 19. Computing: 0.1 ms. The
	// handler is not included.
	fn void() -> Weight {
		Weight::from_parts(250_000_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(5, 38))
	}
	// For each member, which loses its bond and its seats on eleven rosters of two chunks each, read: `Reputation::Records` 1,
	// `Evaluators::Evaluators` 1, `System::Account` 1, `Balances::Holds` 1, `Evaluators::SeatIndex` 11, `Evaluators::Seats` 22,
	// `Evaluators::Rosters` 11. Written: the same, `Evaluators::SeatIndex` 11 more, and `Answers` 1. Computing: 0.45 ms, of which
	// 0.1 ms hash an answer of 19 KiB.
	fn slash_members(n: u32) -> Weight {
		Weight::from_parts(25_000_000, 343_890)
			.saturating_add(Weight::from_parts(1_125_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(u64::from(n).saturating_mul(48)))
			.saturating_add(T::DbWeight::get().writes(u64::from(n).saturating_mul(60)))
	}
	// Storage: `Recomputation::Tasks` (r:1 w:1)
	// Proof: `Recomputation::Tasks` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Evaluators::Evaluators` (r:1 w:0)
	// Proof: `Evaluators::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	fn commit_sums() -> Weight {
		// At least 20_571 ns.
		Weight::from_parts(57_585_000, 5_793).saturating_add(T::DbWeight::get().reads_writes(2, 1))
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
		Weight::from_parts(453_550_000, 5_793).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Read: `Tasks` 1, `Answers` 15, `Timing::Rounds` 1, `Due` 34. Written: `Tasks` 1, `Answers` 15, `SettledSums` 1, `Due` 2.
	// Computing: 2 ms to decode and compare fifteen answers of 19 KiB. Slashes, chunks and the handler are not included.
	fn settle() -> Weight {
		Weight::from_parts(5_000_000_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(51, 19))
	}
	// Read and written: `Tasks` 1, `RecomputedSums` 1. Computing: 0.06 ms. Chunks are not included.
	fn recompute() -> Weight {
		Weight::from_parts(150_000_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}
	// Read: `RecomputedSums` 19, `Answers` 15, `Due` 34. Written: `RecomputedSums` 19, `Answers` 15, `SettledSums` 1, `Due` 2.
	// Computing: 1.8 ms. Slashes are not included.
	fn finish_recomputing() -> Weight {
		Weight::from_parts(4_500_000_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(68, 37))
	}
	// Storage: `Recomputation::Challenges` (r:1 w:1)
	// Proof: `Recomputation::Challenges` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn announce_challenge() -> Weight {
		// At least 42_774 ns.
		Weight::from_parts(122_082_500, 3_712).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Read: `Challenges` 1, `System::BlockHash` 1, `Tasks` 1, `SettledSums` 1, `System::Account` 16, `Balances::Holds` 1, `Due`
	// 34, `Timing::Rounds` 1. Written: `Challenges` 1, `Tasks` 1, `SettledSums` 1, `System::Account` 16, `Balances::Holds` 1,
	// `Due` 2. No challenge reads both the agenda and fifteen accounts. Computing: 0.6 ms. Slashes and the chunk are not
	// included.
	fn challenge() -> Weight {
		Weight::from_parts(1_500_000_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(56, 22))
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
		Weight::from_parts(116_400_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:1 w:0)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	fn score_chunk(m: u32) -> Weight {
		// At least 1_879_573 ns.
		Weight::from_parts(4_896_122_750, 70_232)
			// Standard error: 1_007 ps.
			.saturating_add(Weight::from_parts(3_310_468, 0).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads_writes(2, 0))
	}
}

// Weights with the database weights of ParityDB, which the node uses; for tests.
impl WeightInfo for () {
	fn on_initialize() -> Weight {
		Weight::from_parts(28_467_500, 3_734).saturating_add(ParityDbWeight::get().reads_writes(4, 2))
	}
	fn draw() -> Weight {
		Weight::from_parts(15_000_000_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(1_145, 19))
	}
	fn close_answers(n: u32) -> Weight {
		Weight::from_parts(500_000_000, 343_890)
			.saturating_add(Weight::from_parts(875_000_000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(72u64.saturating_add(u64::from(n).saturating_mul(47))))
			.saturating_add(ParityDbWeight::get().writes(4u64.saturating_add(u64::from(n).saturating_mul(58))))
	}
	fn complete() -> Weight {
		Weight::from_parts(1_250_000_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(35, 35))
	}
	fn void() -> Weight {
		Weight::from_parts(250_000_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(5, 38))
	}
	fn slash_members(n: u32) -> Weight {
		Weight::from_parts(25_000_000, 343_890)
			.saturating_add(Weight::from_parts(1_125_000_000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(u64::from(n).saturating_mul(48)))
			.saturating_add(ParityDbWeight::get().writes(u64::from(n).saturating_mul(60)))
	}
	fn commit_sums() -> Weight {
		Weight::from_parts(57_585_000, 5_793).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn reveal_sums() -> Weight {
		Weight::from_parts(453_550_000, 5_793).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn settle() -> Weight {
		Weight::from_parts(5_000_000_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(51, 19))
	}
	fn recompute() -> Weight {
		Weight::from_parts(150_000_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(2, 2))
	}
	fn finish_recomputing() -> Weight {
		Weight::from_parts(4_500_000_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(68, 37))
	}
	fn announce_challenge() -> Weight {
		Weight::from_parts(122_082_500, 3_712).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn challenge() -> Weight {
		Weight::from_parts(1_500_000_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(56, 22))
	}
	fn cancel_challenge() -> Weight {
		Weight::from_parts(116_400_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(4, 3))
	}
	fn score_chunk(m: u32) -> Weight {
		Weight::from_parts(4_896_122_750, 70_232)
			.saturating_add(Weight::from_parts(3_310_468, 0).saturating_mul(m.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2, 0))
	}
}
