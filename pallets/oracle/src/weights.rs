//! Weights of `pallet_doin_oracle`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	fn register() -> Weight;
	/// Benchmark `sponsor`.
	fn sponsor() -> Weight;
	/// Benchmark `retire`.
	fn retire() -> Weight;
	/// Benchmark `commit`.
	fn commit() -> Weight;
	/// Benchmark `reveal`.
	fn reveal(s: u32) -> Weight;
	/// Benchmark `leave`.
	fn leave() -> Weight;
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `open`.
	fn open(r: u32) -> Weight;
	/// Benchmark `count`.
	fn count(r: u32) -> Weight;
	/// Benchmark `close`.
	fn close(r: u32) -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Oracle::NextStream` (r:1 w:1)
	// Proof: `Oracle::NextStream` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Streams` (r:0 w:1)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	fn register() -> Weight {
		// At least 154_139 ns.
		Weight::from_parts(323_522_000, 6_196).saturating_add(T::DbWeight::get().reads_writes(7, 5))
	}
	// Storage: `Oracle::Streams` (r:1 w:1)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Awake` (r:1 w:1)
	// Proof: `Oracle::Awake` (`max_values`: Some(1), `max_size`: Some(385), added: 880, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	fn sponsor() -> Weight {
		// At least 98_797 ns.
		Weight::from_parts(221_730_000, 6_196).saturating_add(T::DbWeight::get().reads_writes(6, 4))
	}
	// Storage: `Oracle::Streams` (r:1 w:1)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Pages` (r:0 w:96)
	// Proof: `Oracle::Pages` (`max_values`: None, `max_size`: Some(13088), added: 15563, mode: `MaxEncodedLen`)
	fn retire() -> Weight {
		// At least 314_237 ns.
		Weight::from_parts(664_748_000, 6_196).saturating_add(T::DbWeight::get().reads_writes(6, 100))
	}
	// Storage: `Oracle::Poll` (r:1 w:0)
	// Proof: `Oracle::Poll` (`max_values`: Some(1), `max_size`: Some(494), added: 989, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Roll` (r:1 w:0)
	// Proof: `Oracle::Roll` (`max_values`: Some(1), `max_size`: Some(7202), added: 7697, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Reporters` (r:1 w:1)
	// Proof: `Oracle::Reporters` (`max_values`: None, `max_size`: Some(110), added: 2585, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn commit() -> Weight {
		// At least 110_364 ns.
		Weight::from_parts(250_452_000, 8_687).saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
	// Storage: `Oracle::Poll` (r:1 w:0)
	// Proof: `Oracle::Poll` (`max_values`: Some(1), `max_size`: Some(494), added: 989, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Reporters` (r:1 w:1)
	// Proof: `Oracle::Reporters` (`max_values`: None, `max_size`: Some(110), added: 2585, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Roll` (r:1 w:0)
	// Proof: `Oracle::Roll` (`max_values`: Some(1), `max_size`: Some(7202), added: 7697, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Reveals` (r:0 w:32)
	// Proof: `Oracle::Reveals` (`max_values`: None, `max_size`: Some(839), added: 3314, mode: `MaxEncodedLen`)
	fn reveal(s: u32) -> Weight {
		// At least 74_281 ns.
		Weight::from_parts(188_470_640, 8_687)
			// Standard error: 131_603 ps.
			.saturating_add(Weight::from_parts(12_351_642, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads_writes(4, 1))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(s.into()))
	}
	// Storage: `Oracle::Reporters` (r:1 w:1)
	// Proof: `Oracle::Reporters` (`max_values`: None, `max_size`: Some(110), added: 2585, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn leave() -> Weight {
		// At least 60_490 ns.
		Weight::from_parts(132_116_000, 3_874).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Storage: `Oracle::Poll` (r:1 w:0)
	// Proof: `Oracle::Poll` (`max_values`: Some(1), `max_size`: Some(494), added: 989, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Awake` (r:1 w:0)
	// Proof: `Oracle::Awake` (`max_values`: Some(1), `max_size`: Some(385), added: 880, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// At least 14_241 ns.
		Weight::from_parts(32_288_000, 1_979).saturating_add(T::DbWeight::get().reads_writes(4, 0))
	}
	// Storage: `Staking::ActiveEra` (r:1 w:0)
	// Proof: `Staking::ActiveEra` (`max_values`: Some(1), `max_size`: Some(13), added: 508, mode: `MaxEncodedLen`)
	// Storage: `Session::Validators` (r:1 w:0)
	// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Staking::ErasStakersOverview` (r:100 w:0)
	// Proof: `Staking::ErasStakersOverview` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	// Storage: `Babe::CurrentSlot` (r:1 w:0)
	// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Proof: `Timing::SlotDuration` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Streams` (r:32 w:0)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Timing::Public` (r:1 w:0)
	// Proof: `Timing::Public` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Poll` (r:0 w:1)
	// Proof: `Oracle::Poll` (`max_values`: Some(1), `max_size`: Some(494), added: 989, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Roll` (r:0 w:1)
	// Proof: `Oracle::Roll` (`max_values`: Some(1), `max_size`: Some(7202), added: 7697, mode: `MaxEncodedLen`)
	fn open(r: u32) -> Weight {
		// At least 198_625 ns.
		Weight::from_parts(421_279_292, 94_942)
			// Standard error: 33_397 ps.
			.saturating_add(Weight::from_parts(11_261_638, 0).saturating_mul(r.into()))
			.saturating_add(Weight::from_parts(0, 2_567).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads_writes(37, 2))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(r.into()))
	}
	// Storage: `Oracle::Poll` (r:1 w:1)
	// Proof: `Oracle::Poll` (`max_values`: Some(1), `max_size`: Some(494), added: 989, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Roll` (r:1 w:1)
	// Proof: `Oracle::Roll` (`max_values`: Some(1), `max_size`: Some(7202), added: 7697, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Reveals` (r:101 w:100)
	// Proof: `Oracle::Reveals` (`max_values`: None, `max_size`: Some(839), added: 3314, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Streams` (r:1 w:1)
	// Proof: `Oracle::Streams` (`max_values`: None, `max_size`: Some(461), added: 2936, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Pages` (r:1 w:1)
	// Proof: `Oracle::Pages` (`max_values`: None, `max_size`: Some(13088), added: 15563, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Awake` (r:1 w:1)
	// Proof: `Oracle::Awake` (`max_values`: Some(1), `max_size`: Some(385), added: 880, mode: `MaxEncodedLen`)
	// Storage: `Forecasts::Markets` (r:1 w:0)
	// Proof: `Forecasts::Markets` (`max_values`: None, `max_size`: Some(152), added: 2627, mode: `MaxEncodedLen`)
	fn count(r: u32) -> Weight {
		// At least 85_337 ns.
		Weight::from_parts(176_676_066, 16_553)
			// Standard error: 165_620 ps.
			.saturating_add(Weight::from_parts(21_614_076, 0).saturating_mul(r.into()))
			.saturating_add(Weight::from_parts(0, 3_314).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads_writes(7, 5))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(r.into()))
	}
	// Storage: `Oracle::Poll` (r:1 w:1)
	// Proof: `Oracle::Poll` (`max_values`: Some(1), `max_size`: Some(494), added: 989, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:101 w:101)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Reporters` (r:100 w:100)
	// Proof: `Oracle::Reporters` (`max_values`: None, `max_size`: Some(110), added: 2585, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:100 w:100)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(409), added: 2884, mode: `MaxEncodedLen`)
	// Storage: `Oracle::Roll` (r:0 w:1)
	// Proof: `Oracle::Roll` (`max_values`: Some(1), `max_size`: Some(7202), added: 7697, mode: `MaxEncodedLen`)
	fn close(r: u32) -> Weight {
		// At least 107_339 ns.
		Weight::from_parts(226_478_000, 3_593)
			// Standard error: 1_042_826 ps.
			.saturating_add(Weight::from_parts(208_881_582, 0).saturating_mul(r.into()))
			.saturating_add(Weight::from_parts(0, 2_884).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads_writes(2, 3))
			.saturating_add(T::DbWeight::get().reads(3).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().writes(3).saturating_mul(r.into()))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(323_522_000, 6_196).saturating_add(ParityDbWeight::get().reads_writes(7, 5))
	}
	fn sponsor() -> Weight {
		Weight::from_parts(221_730_000, 6_196).saturating_add(ParityDbWeight::get().reads_writes(6, 4))
	}
	fn retire() -> Weight {
		Weight::from_parts(664_748_000, 6_196).saturating_add(ParityDbWeight::get().reads_writes(6, 100))
	}
	fn commit() -> Weight {
		Weight::from_parts(250_452_000, 8_687).saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
	fn reveal(s: u32) -> Weight {
		Weight::from_parts(188_470_640, 8_687)
			.saturating_add(Weight::from_parts(12_351_642, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(4, 1))
			.saturating_add(ParityDbWeight::get().writes(1).saturating_mul(s.into()))
	}
	fn leave() -> Weight {
		Weight::from_parts(132_116_000, 3_874).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(32_288_000, 1_979).saturating_add(ParityDbWeight::get().reads_writes(4, 0))
	}
	fn open(r: u32) -> Weight {
		Weight::from_parts(421_279_292, 94_942)
			.saturating_add(Weight::from_parts(11_261_638, 0).saturating_mul(r.into()))
			.saturating_add(Weight::from_parts(0, 2_567).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(37, 2))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(r.into()))
	}
	fn count(r: u32) -> Weight {
		Weight::from_parts(176_676_066, 16_553)
			.saturating_add(Weight::from_parts(21_614_076, 0).saturating_mul(r.into()))
			.saturating_add(Weight::from_parts(0, 3_314).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(7, 5))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().writes(1).saturating_mul(r.into()))
	}
	fn close(r: u32) -> Weight {
		Weight::from_parts(226_478_000, 3_593)
			.saturating_add(Weight::from_parts(208_881_582, 0).saturating_mul(r.into()))
			.saturating_add(Weight::from_parts(0, 2_884).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2, 3))
			.saturating_add(ParityDbWeight::get().reads(3).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().writes(3).saturating_mul(r.into()))
	}
}
