//! Weights of `pallet_doin_oracle`: estimated by hand, until `scripts/bench.sh weights` measures them and overwrites this file.
//!
//! Times hold on the reference machine (docs/adr/0030). Database operations are counted exactly. The estimates are those of calls
//! of other pallets that are measured: 0.25 ms for a call that moves an amount or changes a hold and one item, 20 µs for decoding,
//! checking and encoding a batch of 24 values, and 30 µs for decoding it and sorting it into 24 medians and 24 deviations of 100
//! reporters each: `24 · 2 · 100 · log2(100)` comparisons of 3 ns, divided by 100, and twice the time of decoding.

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

/// Estimated with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Timing::Public` (r:1 w:0), `Timing::SlotDuration` (r:1 w:0), `Oracle::NextStream` (r:1 w:1)
	// Storage: `System::Account` (r:2 w:2), `Balances::Holds` (r:1 w:1), `Oracle::Streams` (r:0 w:1)
	fn register() -> Weight {
		Weight::from_parts(350_000_000, 7_600).saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}
	// Storage: `Oracle::Streams` (r:1 w:1), `System::Account` (r:2 w:2), `Babe::CurrentSlot` (r:1 w:0)
	// Storage: `Timing::SlotDuration` (r:1 w:0), `Oracle::Awake` (r:1 w:1)
	fn sponsor() -> Weight {
		Weight::from_parts(250_000_000, 7_600).saturating_add(T::DbWeight::get().reads_writes(6, 4))
	}
	// Storage: `Oracle::Streams` (r:1 w:1), `Babe::CurrentSlot` (r:1 w:0), `Timing::SlotDuration` (r:1 w:0)
	// Storage: `Oracle::Pages` (r:0 w:96), `System::Account` (r:2 w:2), `Balances::Holds` (r:1 w:1)
	fn retire() -> Weight {
		Weight::from_parts(500_000_000, 7_600).saturating_add(T::DbWeight::get().reads_writes(6, 100))
	}
	// Storage: `Oracle::Poll` (r:1 w:0), `Oracle::Roll` (r:1 w:0), `Oracle::Reporters` (r:1 w:1)
	// Storage: `System::Account` (r:1 w:1), `Balances::Holds` (r:1 w:1)
	fn commit() -> Weight {
		Weight::from_parts(300_000_000, 12_000).saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
	// Storage: `Oracle::Poll` (r:1 w:0), `Oracle::Reporters` (r:1 w:1), `System::BlockHash` (r:1 w:0)
	// Storage: `Oracle::Roll` (r:1 w:0), `Oracle::Reveals` (r:0 w:32)
	fn reveal(s: u32) -> Weight {
		Weight::from_parts(150_000_000, 12_000)
			.saturating_add(Weight::from_parts(20_000_000, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads_writes(4, 1))
			.saturating_add(T::DbWeight::get().reads_writes(0, 1).saturating_mul(s.into()))
	}
	// Storage: `Oracle::Reporters` (r:1 w:1), `System::Account` (r:1 w:1), `Balances::Holds` (r:1 w:1)
	fn leave() -> Weight {
		Weight::from_parts(200_000_000, 3_800).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Storage: `Oracle::Poll` (r:1 w:0), `Oracle::Awake` (r:1 w:0), `Babe::CurrentSlot` (r:1 w:0)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	fn on_initialize() -> Weight {
		Weight::from_parts(20_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(4, 0))
	}
	// Storage: `Session::Validators` (r:1 w:0), `Staking::ActiveEra` (r:1 w:0), `Staking::ErasStakersOverview` (r:100 w:0)
	// Storage: `Oracle::Streams` (r:32 w:0), `Timing::Public` (r:1 w:0), `Oracle::Roll` (r:0 w:1), `Oracle::Poll` (r:0 w:1)
	fn open(r: u32) -> Weight {
		Weight::from_parts(300_000_000, 40_000)
			.saturating_add(Weight::from_parts(5_000_000, 3_000).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads_writes(35, 2))
			.saturating_add(T::DbWeight::get().reads_writes(1, 0).saturating_mul(r.into()))
	}
	// Storage: `Oracle::Roll` (r:1 w:1), `Oracle::Poll` (r:0 w:1), `Oracle::Streams` (r:1 w:1), `Oracle::Pages` (r:1 w:1)
	// Storage: `Oracle::Awake` (r:1 w:1), `System::Account` (r:1 w:1), `Oracle::Reveals` (r:101 w:100)
	fn count(r: u32) -> Weight {
		Weight::from_parts(300_000_000, 40_000)
			.saturating_add(Weight::from_parts(30_000_000, 3_000).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads_writes(6, 6))
			.saturating_add(T::DbWeight::get().reads_writes(1, 1).saturating_mul(r.into()))
	}
	// Storage: `Oracle::Roll` (r:1 w:1), `Oracle::Poll` (r:0 w:1), `System::Account` (r:101 w:101)
	// Storage: `Oracle::Reporters` (r:100 w:100), `Balances::Holds` (r:100 w:100)
	fn close(r: u32) -> Weight {
		Weight::from_parts(100_000_000, 12_000)
			.saturating_add(Weight::from_parts(80_000_000, 8_000).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads_writes(2, 3))
			.saturating_add(T::DbWeight::get().reads_writes(3, 3).saturating_mul(r.into()))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(350_000_000, 7_600).saturating_add(ParityDbWeight::get().reads_writes(6, 5))
	}
	fn sponsor() -> Weight {
		Weight::from_parts(250_000_000, 7_600).saturating_add(ParityDbWeight::get().reads_writes(6, 4))
	}
	fn retire() -> Weight {
		Weight::from_parts(500_000_000, 7_600).saturating_add(ParityDbWeight::get().reads_writes(6, 100))
	}
	fn commit() -> Weight {
		Weight::from_parts(300_000_000, 12_000).saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
	fn reveal(s: u32) -> Weight {
		Weight::from_parts(150_000_000, 12_000)
			.saturating_add(Weight::from_parts(20_000_000, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(4, 1))
			.saturating_add(ParityDbWeight::get().reads_writes(0, 1).saturating_mul(s.into()))
	}
	fn leave() -> Weight {
		Weight::from_parts(200_000_000, 3_800).saturating_add(ParityDbWeight::get().reads_writes(3, 3))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(20_000_000, 4_000).saturating_add(ParityDbWeight::get().reads_writes(4, 0))
	}
	fn open(r: u32) -> Weight {
		Weight::from_parts(300_000_000, 40_000)
			.saturating_add(Weight::from_parts(5_000_000, 3_000).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(35, 2))
			.saturating_add(ParityDbWeight::get().reads_writes(1, 0).saturating_mul(r.into()))
	}
	fn count(r: u32) -> Weight {
		Weight::from_parts(300_000_000, 40_000)
			.saturating_add(Weight::from_parts(30_000_000, 3_000).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(6, 6))
			.saturating_add(ParityDbWeight::get().reads_writes(1, 1).saturating_mul(r.into()))
	}
	fn close(r: u32) -> Weight {
		Weight::from_parts(100_000_000, 12_000)
			.saturating_add(Weight::from_parts(80_000_000, 8_000).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2, 3))
			.saturating_add(ParityDbWeight::get().reads_writes(3, 3).saturating_mul(r.into()))
	}
}
