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
		// At least 9_875 ns.
		Weight::from_parts(11_387_000, 3_734).saturating_add(T::DbWeight::get().reads_writes(4, 2))
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
		// At least 1_570_081 ns.
		Weight::from_parts(1_700_887_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(218, 82))
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
		// At least 66_289 ns.
		Weight::from_parts(71_166_000, 6_564).saturating_add(T::DbWeight::get().reads_writes(6, 6))
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
		// At least 143_043 ns.
		Weight::from_parts(152_487_000, 51_156).saturating_add(T::DbWeight::get().reads_writes(30, 21))
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
		// At least 28_673 ns.
		Weight::from_parts(31_006_000, 7_556).saturating_add(T::DbWeight::get().reads_writes(4, 4))
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
		// At least 35_583 ns.
		Weight::from_parts(37_976_000, 6_564).saturating_add(T::DbWeight::get().reads_writes(4, 5))
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
		// At least 144_185 ns.
		Weight::from_parts(160_609_000, 51_156).saturating_add(T::DbWeight::get().reads_writes(29, 37))
	}
	// Storage: `Quorum::Evaluators` (r:1 w:1)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn withdraw() -> Weight {
		// At least 42_604 ns.
		Weight::from_parts(45_748_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Storage: `Quorum::Requests` (r:1 w:1)
	// Proof: `Quorum::Requests` (`max_values`: None, `max_size`: Some(2328), added: 4803, mode: `MaxEncodedLen`)
	// Storage: `Quorum::Evaluators` (r:1 w:0)
	// Proof: `Quorum::Evaluators` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `MaxEncodedLen`)
	fn commit_sums() -> Weight {
		// At least 20_571 ns.
		Weight::from_parts(23_034_000, 5_793).saturating_add(T::DbWeight::get().reads_writes(2, 1))
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
		// At least 170_024 ns.
		Weight::from_parts(181_420_000, 5_793).saturating_add(T::DbWeight::get().reads_writes(3, 2))
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
		// At least 3_851_645 ns.
		Weight::from_parts(4_025_314_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(233, 96))
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
		// At least 3_908_810 ns.
		Weight::from_parts(4_138_573_000, 343_890).saturating_add(T::DbWeight::get().reads_writes(251, 116))
	}
	// Storage: `Quorum::Disputes` (r:1 w:1)
	// Proof: `Quorum::Disputes` (`max_values`: None, `max_size`: Some(100), added: 2575, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	fn dispute() -> Weight {
		// At least 42_774 ns.
		Weight::from_parts(48_833_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(3, 3))
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
		// At least 2_565_937 ns.
		Weight::from_parts(2_758_855_000, 183_870).saturating_add(T::DbWeight::get().reads_writes(160, 220))
	}
	// Storage: `Domains::Specs` (r:1 w:0)
	// Proof: `Domains::Specs` (`max_values`: None, `max_size`: Some(4091), added: 6566, mode: `MaxEncodedLen`)
	// Storage: `Optimae::Models` (r:1 w:0)
	// Proof: `Optimae::Models` (`max_values`: None, `max_size`: Some(66767), added: 69242, mode: `MaxEncodedLen`)
	fn judge(m: u32) -> Weight {
		// At least 1_879_573 ns.
		Weight::from_parts(1_958_449_100, 70_232)
			// Standard error: 1_007 ps.
			.saturating_add(Weight::from_parts(1_324_187, 0).saturating_mul(m.into()))
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
		// At least 41_892 ns.
		Weight::from_parts(46_560_000, 3_712).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn on_initialize() -> Weight {
		Weight::from_parts(11_387_000, 3_734).saturating_add(ParityDbWeight::get().reads_writes(4, 2))
	}
	fn step() -> Weight {
		Weight::from_parts(1_700_887_000, 343_890).saturating_add(ParityDbWeight::get().reads_writes(218, 82))
	}
	fn bond() -> Weight {
		Weight::from_parts(71_166_000, 6_564).saturating_add(ParityDbWeight::get().reads_writes(6, 6))
	}
	fn bond_extra() -> Weight {
		Weight::from_parts(152_487_000, 51_156).saturating_add(ParityDbWeight::get().reads_writes(30, 21))
	}
	fn serve() -> Weight {
		Weight::from_parts(31_006_000, 7_556).saturating_add(ParityDbWeight::get().reads_writes(4, 4))
	}
	fn unserve() -> Weight {
		Weight::from_parts(37_976_000, 6_564).saturating_add(ParityDbWeight::get().reads_writes(4, 5))
	}
	fn unbond() -> Weight {
		Weight::from_parts(160_609_000, 51_156).saturating_add(ParityDbWeight::get().reads_writes(29, 37))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(45_748_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
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
	fn dispute() -> Weight {
		Weight::from_parts(48_833_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn replay() -> Weight {
		Weight::from_parts(2_758_855_000, 183_870).saturating_add(ParityDbWeight::get().reads_writes(160, 220))
	}
	fn judge(m: u32) -> Weight {
		Weight::from_parts(1_958_449_100, 70_232)
			.saturating_add(Weight::from_parts(1_324_187, 0).saturating_mul(m.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2, 0))
	}
	fn withdraw_dispute() -> Weight {
		Weight::from_parts(46_560_000, 3_712).saturating_add(ParityDbWeight::get().reads_writes(4, 3))
	}
}
