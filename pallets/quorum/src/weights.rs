//! Weights of `pallet_doin_quorum`: measured on 2026-11-21 (AMD EPYC) with 10 steps and 10 repetitions by
//! `scripts/bench.sh weights`, which overwrites this file.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// What each call and hook costs.
pub trait WeightInfo {
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `step`.
	fn step() -> Weight;
	/// Benchmark `bond`.
	fn bond() -> Weight;
	/// Benchmark `bond_extra`.
	fn bond_extra() -> Weight;
	/// Benchmark `serve`.
	fn serve() -> Weight;
	/// Benchmark `unserve`.
	fn unserve() -> Weight;
	/// Benchmark `unbond`.
	fn unbond() -> Weight;
	/// Benchmark `withdraw`.
	fn withdraw() -> Weight;
	/// Benchmark `commit_sums`.
	fn commit_sums() -> Weight;
	/// Benchmark `reveal_sums`.
	fn reveal_sums() -> Weight;
	/// Benchmark `settle`.
	fn settle() -> Weight;
	/// Benchmark `recompute`.
	fn recompute() -> Weight;
	/// Benchmark `dispute`.
	fn dispute() -> Weight;
	/// Benchmark `replay`.
	fn replay() -> Weight;
	/// Benchmark `judge`.
	fn judge(m: u32) -> Weight;
	/// Benchmark `withdraw_dispute`.
	fn withdraw_dispute() -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Babe::AuthorVrfRandomness` (r:1 w:0)
	// Proof: `Babe::AuthorVrfRandomness` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Beacon` (r:1 w:1)
	// Proof: `Quorum::Beacon` (`max_values`: Some(1), `max_size`: Some(40), added: 535, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Cursor` (r:1 w:1)
	// Proof: `Quorum::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Due` (r:1 w:0)
	// Proof: `Quorum::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 10_045 ns.
		Weight::from_parts(10_896_000, 3_734).saturating_add(T::DbWeight::get().reads_writes(4, 2))
	}
	// Storage: `Quorum::Cursor` (r:1 w:1)
	// Proof: `Quorum::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Due` (r:2 w:2)
	// Proof: `Quorum::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Requests` (r:1 w:1)
	// Proof: `Quorum::Requests` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:15 w:15)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Evaluators` (r:15 w:15)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:15 w:15)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:15 w:15)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Quorum::SeatIndex` (r:135 w:0)
	// Proof: `Quorum::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Seats` (r:9 w:9)
	// Proof: `Quorum::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Rosters` (r:9 w:9)
	// Proof: `Quorum::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	fn step() -> Weight {
		// At least 1_539_796 ns.
		Weight::from_parts(1_644_002_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(218, 82))
	}
	// Storage: `Quorum::Evaluators` (r:1 w:1)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Quorum::SeatIndex` (r:1 w:1)
	// Proof: `Quorum::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Rosters` (r:1 w:1)
	// Proof: `Quorum::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Seats` (r:1 w:1)
	// Proof: `Quorum::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	fn bond() -> Weight {
		// At least 62_032 ns.
		Weight::from_parts(68_433_000, 6_564).saturating_add(T::DbWeight::get().reads_writes(6, 6))
	}
	// Storage: `Quorum::Evaluators` (r:1 w:1)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Quorum::SeatIndex` (r:9 w:0)
	// Proof: `Quorum::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Seats` (r:9 w:9)
	// Proof: `Quorum::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Rosters` (r:9 w:9)
	// Proof: `Quorum::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	fn bond_extra() -> Weight {
		// At least 140_229 ns.
		Weight::from_parts(148_231_000, 51_156).saturating_add(T::DbWeight::get().reads_writes(30, 21))
	}
	// Storage: `Quorum::Evaluators` (r:1 w:1)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Rosters` (r:1 w:1)
	// Proof: `Quorum::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Seats` (r:1 w:1)
	// Proof: `Quorum::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Quorum::SeatIndex` (r:0 w:1)
	// Proof: `Quorum::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	fn serve() -> Weight {
		// At least 28_342 ns.
		Weight::from_parts(30_335_000, 7_556).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	// Storage: `Quorum::Evaluators` (r:1 w:1)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `Quorum::SeatIndex` (r:1 w:2)
	// Proof: `Quorum::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Rosters` (r:1 w:1)
	// Proof: `Quorum::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Seats` (r:1 w:1)
	// Proof: `Quorum::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	fn unserve() -> Weight {
		// At least 34_561 ns.
		Weight::from_parts(37_085_000, 6_564).saturating_add(T::DbWeight::get().reads_writes(4, 5))
	}
	// Storage: `Quorum::Evaluators` (r:1 w:1)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `Quorum::SeatIndex` (r:9 w:18)
	// Proof: `Quorum::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Rosters` (r:9 w:9)
	// Proof: `Quorum::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Seats` (r:9 w:9)
	// Proof: `Quorum::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	fn unbond() -> Weight {
		// At least 142_012 ns.
		Weight::from_parts(157_936_000, 51_156).saturating_add(T::DbWeight::get().reads_writes(29, 37))
	}
	// Storage: `Quorum::Evaluators` (r:1 w:1)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn withdraw() -> Weight {
		// At least 41_362 ns.
		Weight::from_parts(44_897_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Storage: `Quorum::Requests` (r:1 w:1)
	// Proof: `Quorum::Requests` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Evaluators` (r:1 w:0)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	fn commit_sums() -> Weight {
		// At least 19_859 ns.
		Weight::from_parts(24_516_000, 5_793).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Storage: `Quorum::Requests` (r:1 w:1)
	// Proof: `Quorum::Requests` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Evaluators` (r:1 w:0)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Answers` (r:0 w:1)
	// Proof: `Quorum::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	fn reveal_sums() -> Weight {
		// At least 173_269 ns.
		Weight::from_parts(187_009_000, 5_793).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Quorum::Requests` (r:1 w:1)
	// Proof: `Quorum::Requests` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Answers` (r:15 w:15)
	// Proof: `Quorum::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:15 w:15)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Evaluators` (r:15 w:15)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:15 w:15)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:15 w:15)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Quorum::SeatIndex` (r:135 w:0)
	// Proof: `Quorum::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Seats` (r:9 w:9)
	// Proof: `Quorum::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Rosters` (r:9 w:9)
	// Proof: `Quorum::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Due` (r:2 w:2)
	// Proof: `Quorum::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn settle() -> Weight {
		// At least 3_898_575 ns.
		Weight::from_parts(4_180_545_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(233, 96))
	}
	// Storage: `Quorum::Requests` (r:1 w:1)
	// Proof: `Quorum::Requests` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Known` (r:19 w:19)
	// Proof: `Quorum::Known` (`max_values`: None, `max_size`: Some(1307), added: 3782, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Answers` (r:15 w:15)
	// Proof: `Quorum::Answers` (`max_values`: None, `max_size`: Some(19559), added: 22034, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:15 w:15)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Evaluators` (r:15 w:15)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:15 w:15)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:15 w:15)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Quorum::SeatIndex` (r:135 w:0)
	// Proof: `Quorum::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Seats` (r:9 w:9)
	// Proof: `Quorum::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Rosters` (r:9 w:9)
	// Proof: `Quorum::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Due` (r:2 w:2)
	// Proof: `Quorum::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Truths` (r:0 w:1)
	// Proof: `Quorum::Truths` (`max_values`: None, `max_size`: Some(19511), added: 21986, mode: `MaxEncodedLen`)
	fn recompute() -> Weight {
		// At least 3_963_241 ns.
		Weight::from_parts(4_310_549_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(251, 116))
	}
	// Storage: `Quorum::Disputes` (r:1 w:1)
	// Proof: `Quorum::Disputes` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn dispute() -> Weight {
		// At least 44_496 ns.
		Weight::from_parts(47_681_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Storage: `Quorum::Disputes` (r:1 w:1)
	// Proof: `Quorum::Disputes` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Requests` (r:1 w:1)
	// Proof: `Quorum::Requests` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Truths` (r:1 w:1)
	// Proof: `Quorum::Truths` (`max_values`: None, `max_size`: Some(19511), added: 21986, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:16 w:16)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:16 w:16)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	// Storage: `Reputation::Records` (r:15 w:15)
	// Proof: `Reputation::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Evaluators` (r:15 w:15)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `Quorum::SeatIndex` (r:72 w:135)
	// Proof: `Quorum::SeatIndex` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Rosters` (r:9 w:9)
	// Proof: `Quorum::Rosters` (`max_values`: None, `max_size`: Some(274), added: 2749, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Seats` (r:9 w:9)
	// Proof: `Quorum::Seats` (`max_values`: None, `max_size`: Some(3099), added: 5574, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Due` (r:2 w:2)
	// Proof: `Quorum::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn replay() -> Weight {
		// At least 2_479_087 ns.
		Weight::from_parts(2_638_896_000, 183_870).saturating_add(T::DbWeight::get().reads_writes(160, 220))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:1 w:0)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	fn judge(m: u32) -> Weight {
		// At least 1_890_650 ns.
		Weight::from_parts(1_764_759_179, 70_232)
			// Standard error: 71_280 ps.
			.saturating_add(Weight::from_parts(2_704_791, 0).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads_writes(2, 0))
	}
	// Storage: `Quorum::Disputes` (r:1 w:1)
	// Proof: `Quorum::Disputes` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Proof: `Timing::Rounds` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn withdraw_dispute() -> Weight {
		// At least 42_033 ns.
		Weight::from_parts(45_909_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn on_initialize() -> Weight {
		Weight::from_parts(10_896_000, 3_734).saturating_add(ParityDbWeight::get().reads_writes(4, 2))
	}
	fn step() -> Weight {
		Weight::from_parts(1_644_002_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(218, 82))
	}
	fn bond() -> Weight {
		Weight::from_parts(68_433_000, 6_564).saturating_add(ParityDbWeight::get().reads_writes(6, 6))
	}
	fn bond_extra() -> Weight {
		Weight::from_parts(148_231_000, 51_156).saturating_add(ParityDbWeight::get().reads_writes(30, 21))
	}
	fn serve() -> Weight {
		Weight::from_parts(30_335_000, 7_556).saturating_add(ParityDbWeight::get().reads_writes(4, 4))
	}
	fn unserve() -> Weight {
		Weight::from_parts(37_085_000, 6_564).saturating_add(ParityDbWeight::get().reads_writes(4, 5))
	}
	fn unbond() -> Weight {
		Weight::from_parts(157_936_000, 51_156).saturating_add(ParityDbWeight::get().reads_writes(29, 37))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(44_897_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn commit_sums() -> Weight {
		Weight::from_parts(24_516_000, 5_793).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn reveal_sums() -> Weight {
		Weight::from_parts(187_009_000, 5_793).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn settle() -> Weight {
		Weight::from_parts(4_180_545_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(233, 96))
	}
	fn recompute() -> Weight {
		Weight::from_parts(4_310_549_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(251, 116))
	}
	fn dispute() -> Weight {
		Weight::from_parts(47_681_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn replay() -> Weight {
		Weight::from_parts(2_638_896_000, 183_870).saturating_add(ParityDbWeight::get().reads_writes(160, 220))
	}
	fn judge(m: u32) -> Weight {
		Weight::from_parts(1_764_759_179, 70_232)
			.saturating_add(Weight::from_parts(2_704_791, 0).saturating_mul(m.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2, 0))
	}
	fn withdraw_dispute() -> Weight {
		Weight::from_parts(45_909_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(4, 3))
	}
}
