//! Weights of `pallet_doin_forecasts`: estimated by hand, until `scripts/bench.sh weights` measures them and overwrites this file.
//!
//! Times hold on the reference machine (docs/adr/0030). Database operations are counted exactly. The estimates are those of calls
//! of other pallets that are measured: 0.25 ms for a call that moves an amount or changes a hold and one item. Decoding and encoding
//! 128 seats of 90 bytes takes 20 µs, a record 2 µs, 24 values of a page 2 µs, and the error of 100 values 2 µs.

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

/// Estimated with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Oracle::Streams` (r:1 w:0), `Babe::CurrentSlot` (r:1 w:0), `Timing::SlotDuration` (r:1 w:0), `Timing::Public` (r:1 w:0)
	// Storage: `Forecasts::Markets` (r:1 w:1), `System::Account` (r:2 w:2)
	fn sponsor() -> Weight {
		Weight::from_parts(300_000_000, 7_600).saturating_add(T::DbWeight::get().reads_writes(7, 3))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1), `Forecasts::Seats` (r:1 w:1), `Forecasts::Forecasters` (r:2 w:2)
	// Storage: `Oracle::Streams` (r:1 w:0), `Babe::CurrentSlot` (r:1 w:0), `Timing::SlotDuration` (r:1 w:0), `Timing::Public` (r:1 w:0)
	// Storage: `System::Account` (r:3 w:3), `Balances::Holds` (r:1 w:1)
	fn commit() -> Weight {
		Weight::from_parts(700_000_000, 25_000).saturating_add(T::DbWeight::get().reads_writes(12, 8))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1), `Forecasts::Seats` (r:1 w:1), `Forecasts::Forecasters` (r:1 w:1)
	// Storage: `Oracle::Streams` (r:1 w:0), `Babe::CurrentSlot` (r:1 w:0), `Timing::SlotDuration` (r:1 w:0), `Timing::Public` (r:1 w:0)
	// Storage: `System::BlockHash` (r:1 w:0)
	fn reveal() -> Weight {
		Weight::from_parts(150_000_000, 25_000).saturating_add(T::DbWeight::get().reads_writes(8, 3))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1), `Forecasts::Seats` (r:1 w:1), `Forecasts::Forecasters` (r:1 w:1)
	// Storage: `Forecasts::Markets` (r:1 w:1), `Oracle::Streams` (r:1 w:0), `Babe::CurrentSlot` (r:1 w:0)
	// Storage: `Timing::SlotDuration` (r:1 w:0), `Timing::Public` (r:1 w:0), `System::Account` (r:2 w:2)
	fn collect() -> Weight {
		Weight::from_parts(350_000_000, 25_000).saturating_add(T::DbWeight::get().reads_writes(10, 6))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1), `Forecasts::Seats` (r:1 w:1), `Forecasts::Forecasters` (r:1 w:1)
	// Storage: `Forecasts::Markets` (r:1 w:1), `Oracle::Streams` (r:1 w:0), `Babe::CurrentSlot` (r:1 w:0)
	// Storage: `Timing::SlotDuration` (r:1 w:0), `Timing::Public` (r:1 w:0), `System::Account` (r:2 w:2)
	fn clear() -> Weight {
		Weight::from_parts(350_000_000, 25_000).saturating_add(T::DbWeight::get().reads_writes(10, 6))
	}
	// Storage: `Forecasts::Markets` (r:1 w:1), `Forecasts::Forecasters` (r:1 w:1), `Gauge::Weights` (r:1 w:0)
	// Storage: `Oracle::Streams` (r:1 w:0), `Babe::CurrentSlot` (r:1 w:0), `Timing::SlotDuration` (r:1 w:0), `Timing::Public` (r:1 w:0)
	// Storage: `Work::QueueState` (r:1 w:1), `Work::Entries` (r:0 w:1)
	fn claim() -> Weight {
		Weight::from_parts(250_000_000, 60_000).saturating_add(T::DbWeight::get().reads_writes(8, 4))
	}
	// Storage: `Forecasts::Forecasters` (r:1 w:1), `System::Account` (r:1 w:1), `Balances::Holds` (r:1 w:1)
	fn leave() -> Weight {
		Weight::from_parts(200_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Storage: `Forecasts::Cursor` (r:1 w:1), `Forecasts::Due` (r:1 w:1)
	fn on_initialize() -> Weight {
		Weight::from_parts(10_000_000, 3_000).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}
	// Storage: `Forecasts::Markets` (r:1 w:1), `Forecasts::Open` (r:1 w:1), `Forecasts::Rounds` (r:0 w:1)
	// Storage: `Forecasts::Due` (r:33 w:1), `Oracle::Streams` (r:1 w:0), `Timing::Public` (r:1 w:0)
	fn open() -> Weight {
		Weight::from_parts(200_000_000, 25_000).saturating_add(T::DbWeight::get().reads_writes(37, 4))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1), `Oracle::Streams` (r:1 w:0), `Babe::CurrentSlot` (r:1 w:0)
	// Storage: `Timing::SlotDuration` (r:1 w:0), `Timing::Public` (r:1 w:0), `Forecasts::Due` (r:33 w:1)
	fn wait() -> Weight {
		Weight::from_parts(150_000_000, 25_000).saturating_add(T::DbWeight::get().reads_writes(38, 2))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1), `Forecasts::Markets` (r:1 w:1), `Forecasts::Magnitudes` (r:1 w:1)
	// Storage: `Forecasts::Seats` (r:1 w:0), `Forecasts::Open` (r:1 w:1), `Forecasts::Due` (r:33 w:1), `Oracle::Streams` (r:1 w:0)
	// Storage: `Oracle::Pages` (r:16 w:0), `Babe::CurrentSlot` (r:1 w:0), `Timing::SlotDuration` (r:1 w:0), `Timing::Public` (r:1 w:0)
	fn evaluate() -> Weight {
		Weight::from_parts(800_000_000, 100_000).saturating_add(T::DbWeight::get().reads_writes(58, 5))
	}
	// Storage: `Forecasts::Rounds` (r:1 w:1), `Forecasts::Markets` (r:1 w:1), `Forecasts::Open` (r:1 w:1)
	fn close() -> Weight {
		Weight::from_parts(60_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn sponsor() -> Weight {
		Weight::from_parts(300_000_000, 7_600).saturating_add(ParityDbWeight::get().reads_writes(7, 3))
	}
	fn commit() -> Weight {
		Weight::from_parts(700_000_000, 25_000).saturating_add(ParityDbWeight::get().reads_writes(12, 8))
	}
	fn reveal() -> Weight {
		Weight::from_parts(150_000_000, 25_000).saturating_add(ParityDbWeight::get().reads_writes(8, 3))
	}
	fn collect() -> Weight {
		Weight::from_parts(350_000_000, 25_000).saturating_add(ParityDbWeight::get().reads_writes(10, 6))
	}
	fn clear() -> Weight {
		Weight::from_parts(350_000_000, 25_000).saturating_add(ParityDbWeight::get().reads_writes(10, 6))
	}
	fn claim() -> Weight {
		Weight::from_parts(250_000_000, 60_000).saturating_add(ParityDbWeight::get().reads_writes(8, 4))
	}
	fn leave() -> Weight {
		Weight::from_parts(200_000_000, 4_000).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(10_000_000, 3_000).saturating_add(ParityDbWeight::get().reads_writes(2, 2))
	}
	fn open() -> Weight {
		Weight::from_parts(200_000_000, 25_000).saturating_add(ParityDbWeight::get().reads_writes(37, 4))
	}
	fn wait() -> Weight {
		Weight::from_parts(150_000_000, 25_000).saturating_add(ParityDbWeight::get().reads_writes(38, 2))
	}
	fn evaluate() -> Weight {
		Weight::from_parts(800_000_000, 100_000).saturating_add(ParityDbWeight::get().reads_writes(58, 5))
	}
	fn close() -> Weight {
		Weight::from_parts(60_000_000, 8_000).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
}
