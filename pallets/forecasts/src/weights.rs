//! Weights of `pallet_doin_forecasts`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	/// Benchmark `sponsor`.
	fn sponsor() -> Weight;
	/// Benchmark `commit`.
	fn commit() -> Weight;
	/// Benchmark `reveal`.
	fn reveal() -> Weight;
	/// Benchmark `collect`.
	fn collect() -> Weight;
	/// Benchmark `clear`.
	fn clear() -> Weight;
	/// Benchmark `claim`.
	fn claim() -> Weight;
	/// Benchmark `leave`.
	fn leave() -> Weight;
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `open`.
	fn open() -> Weight;
	/// Benchmark `wait`.
	fn wait() -> Weight;
	/// Benchmark `evaluate`.
	fn evaluate() -> Weight;
	/// Benchmark `close`.
	fn close() -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Oracle::Streams` (r:1 w:0)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Markets` (r:1 w:1)
	// Proof: `Forecasts::Markets` (`max_values`: None, `max_size`: Some(152), added: 2627, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn sponsor() -> Weight {
		// At least 96_283 ns.
		Weight::from_parts(238_676_000, 6_196).saturating_add(T::DbWeight::get().reads_writes(7, 3))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1)
	// Proof: `Forecasts::Rounds` (`max_values`: None, `max_size`: Some(632), added: 3107, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Seats` (r:1 w:1)
	// Proof: `Forecasts::Seats` (`max_values`: None, `max_size`: Some(11410), added: 13885, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:3 w:3)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Streams` (r:1 w:0)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Forecasters` (r:2 w:2)
	// Proof: `Forecasts::Forecasters` (`max_values`: None, `max_size`: Some(360), added: 2835, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn commit() -> Weight {
		// At least 317_312 ns.
		Weight::from_parts(716_544_000, 14_875).saturating_add(T::DbWeight::get().reads_writes(12, 8))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1)
	// Proof: `Forecasts::Rounds` (`max_values`: None, `max_size`: Some(632), added: 3107, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Seats` (r:1 w:1)
	// Proof: `Forecasts::Seats` (`max_values`: None, `max_size`: Some(11410), added: 13885, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Streams` (r:1 w:0)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Forecasters` (r:1 w:1)
	// Proof: `Forecasts::Forecasters` (`max_values`: None, `max_size`: Some(360), added: 2835, mode: `MaxEncodedLen`)
	fn reveal() -> Weight {
		// At least 121_931 ns.
		Weight::from_parts(292_434_000, 14_875).saturating_add(T::DbWeight::get().reads_writes(8, 3))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1)
	// Proof: `Forecasts::Rounds` (`max_values`: None, `max_size`: Some(632), added: 3107, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Seats` (r:1 w:1)
	// Proof: `Forecasts::Seats` (`max_values`: None, `max_size`: Some(11410), added: 13885, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Markets` (r:1 w:1)
	// Proof: `Forecasts::Markets` (`max_values`: None, `max_size`: Some(152), added: 2627, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Streams` (r:1 w:0)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Forecasters` (r:1 w:1)
	// Proof: `Forecasts::Forecasters` (`max_values`: None, `max_size`: Some(360), added: 2835, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn collect() -> Weight {
		// At least 171_916 ns.
		Weight::from_parts(401_618_000, 14_875).saturating_add(T::DbWeight::get().reads_writes(10, 6))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1)
	// Proof: `Forecasts::Rounds` (`max_values`: None, `max_size`: Some(632), added: 3107, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Seats` (r:1 w:1)
	// Proof: `Forecasts::Seats` (`max_values`: None, `max_size`: Some(11410), added: 13885, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Markets` (r:1 w:1)
	// Proof: `Forecasts::Markets` (`max_values`: None, `max_size`: Some(152), added: 2627, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Streams` (r:1 w:0)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Forecasters` (r:1 w:1)
	// Proof: `Forecasts::Forecasters` (`max_values`: None, `max_size`: Some(360), added: 2835, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn clear() -> Weight {
		// At least 173_568 ns.
		Weight::from_parts(383_330_000, 14_875).saturating_add(T::DbWeight::get().reads_writes(10, 6))
	}
	// Storage: `Forecasts::Markets` (r:1 w:1)
	// Proof: `Forecasts::Markets` (`max_values`: None, `max_size`: Some(152), added: 2627, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Forecasters` (r:1 w:1)
	// Proof: `Forecasts::Forecasters` (`max_values`: None, `max_size`: Some(360), added: 2835, mode: `MaxEncodedLen`)
	// Storage: `Gauge::Weights` (r:1 w:0)
	// Proof: `Gauge::Weights` (`max_values`: Some(1), `max_size`: Some(257), added: 752, mode: `MaxEncodedLen`)
	// Storage: `Work::QueueState` (r:1 w:1)
	// Proof: `Work::QueueState` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Streams` (r:1 w:0)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Work::Entries` (r:0 w:1)
	// Proof: `Work::Entries` (`max_values`: None, `max_size`: Some(1150), added: 3625, mode: `MaxEncodedLen`)
	fn claim() -> Weight {
		// At least 100_139 ns.
		Weight::from_parts(233_848_000, 3_926).saturating_add(T::DbWeight::get().reads_writes(8, 4))
	}
	// Storage: `Forecasts::Forecasters` (r:1 w:1)
	// Proof: `Forecasts::Forecasters` (`max_values`: None, `max_size`: Some(360), added: 2835, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	fn leave() -> Weight {
		// At least 95_973 ns.
		Weight::from_parts(243_602_000, 3_874).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Storage: `Forecasts::Cursor` (r:1 w:1)
	// Proof: `Forecasts::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Due` (r:1 w:0)
	// Proof: `Forecasts::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 6_490 ns.
		Weight::from_parts(14_542_000, 3_734).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Storage: `Forecasts::Markets` (r:1 w:1)
	// Proof: `Forecasts::Markets` (`max_values`: None, `max_size`: Some(152), added: 2627, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Streams` (r:1 w:0)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Open` (r:1 w:1)
	// Proof: `Forecasts::Open` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Due` (r:33 w:1)
	// Proof: `Forecasts::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Rounds` (r:0 w:1)
	// Proof: `Forecasts::Rounds` (`max_values`: None, `max_size`: Some(632), added: 3107, mode: `MaxEncodedLen`)
	fn open() -> Weight {
		// At least 196_593 ns.
		Weight::from_parts(414_776_000, 91_542).saturating_add(T::DbWeight::get().reads_writes(39, 4))
	}
	// Storage: `Oracle::Streams` (r:1 w:0)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Due` (r:33 w:1)
	// Proof: `Forecasts::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Rounds` (r:0 w:1)
	// Proof: `Forecasts::Rounds` (`max_values`: None, `max_size`: Some(632), added: 3107, mode: `MaxEncodedLen`)
	fn wait() -> Weight {
		// At least 179_337 ns.
		Weight::from_parts(393_804_000, 91_542).saturating_add(T::DbWeight::get().reads_writes(37, 2))
	}
	// Storage: `Oracle::Streams` (r:1 w:0)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Pages` (r:14 w:0)
	// Proof: `Oracle::Pages` (`max_values`: None, `max_size`: Some(13088), added: 15563, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Markets` (r:1 w:1)
	// Proof: `Forecasts::Markets` (`max_values`: None, `max_size`: Some(152), added: 2627, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Magnitudes` (r:1 w:1)
	// Proof: `Forecasts::Magnitudes` (`max_values`: None, `max_size`: Some(2014), added: 4489, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Due` (r:33 w:1)
	// Proof: `Forecasts::Due` (`max_values`: None, `max_size`: Some(269), added: 2744, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Rounds` (r:0 w:1)
	// Proof: `Forecasts::Rounds` (`max_values`: None, `max_size`: Some(632), added: 3107, mode: `MaxEncodedLen`)
	fn evaluate() -> Weight {
		// At least 592_181 ns.
		Weight::from_parts(1_275_358_000, 218_872).saturating_add(T::DbWeight::get().reads_writes(53, 4))
	}
	// Storage: `Forecasts::Markets` (r:1 w:1)
	// Proof: `Forecasts::Markets` (`max_values`: None, `max_size`: Some(152), added: 2627, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Open` (r:1 w:1)
	// Proof: `Forecasts::Open` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Rounds` (r:0 w:1)
	// Proof: `Forecasts::Rounds` (`max_values`: None, `max_size`: Some(632), added: 3107, mode: `MaxEncodedLen`)
	fn close() -> Weight {
		// At least 25_558 ns.
		Weight::from_parts(71_466_000, 3_617).saturating_add(T::DbWeight::get().reads_writes(2, 3))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn sponsor() -> Weight {
		Weight::from_parts(238_676_000, 6_196).saturating_add(ParityDbWeight::get().reads_writes(7, 3))
	}
	fn commit() -> Weight {
		Weight::from_parts(716_544_000, 14_875).saturating_add(ParityDbWeight::get().reads_writes(12, 8))
	}
	fn reveal() -> Weight {
		Weight::from_parts(292_434_000, 14_875).saturating_add(ParityDbWeight::get().reads_writes(8, 3))
	}
	fn collect() -> Weight {
		Weight::from_parts(401_618_000, 14_875).saturating_add(ParityDbWeight::get().reads_writes(10, 6))
	}
	fn clear() -> Weight {
		Weight::from_parts(383_330_000, 14_875).saturating_add(ParityDbWeight::get().reads_writes(10, 6))
	}
	fn claim() -> Weight {
		Weight::from_parts(233_848_000, 3_926).saturating_add(ParityDbWeight::get().reads_writes(8, 4))
	}
	fn leave() -> Weight {
		Weight::from_parts(243_602_000, 3_874).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(14_542_000, 3_734).saturating_add(ParityDbWeight::get().reads_writes(2, 1))
	}
	fn open() -> Weight {
		Weight::from_parts(414_776_000, 91_542).saturating_add(ParityDbWeight::get().reads_writes(39, 4))
	}
	fn wait() -> Weight {
		Weight::from_parts(393_804_000, 91_542).saturating_add(ParityDbWeight::get().reads_writes(37, 2))
	}
	fn evaluate() -> Weight {
		Weight::from_parts(1_275_358_000, 218_872).saturating_add(ParityDbWeight::get().reads_writes(53, 4))
	}
	fn close() -> Weight {
		Weight::from_parts(71_466_000, 3_617).saturating_add(ParityDbWeight::get().reads_writes(2, 3))
	}
}
