//! Weights of `pallet_doin_channels`: estimated by hand from the storage items and the work of the benchmarks, beside measured calls
//! of other pallets with the same structure. `scripts/bench.sh weights` measures them and overwrites this file.
//!
//! Times hold on the reference machine (docs/adr/0030), with a margin.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the calls and hooks.
pub trait WeightInfo {
	/// Benchmark `open`.
	fn open() -> Weight;
	/// Benchmark `top_up`.
	fn top_up() -> Weight;
	/// Benchmark `redeem`.
	fn redeem() -> Weight;
	/// Benchmark `close`.
	fn close() -> Weight;
	/// Benchmark `finish`.
	fn finish() -> Weight;
}

/// Estimated on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `System::Account` (r:2 w:1)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Storage: `Channels::Payers` (r:1 w:1)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Storage: `Channels::Channels` (r:0 w:1)
	// Storage: `Channels::Sums` (r:1 w:1)
	fn open() -> Weight {
		Weight::from_parts(250_000_000, 6_196).saturating_add(T::DbWeight::get().reads_writes(8, 5))
	}
	// Storage: `Channels::Channels` (r:1 w:1)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Storage: `System::Account` (r:1 w:1)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Storage: `Channels::Sums` (r:1 w:1)
	fn top_up() -> Weight {
		Weight::from_parts(230_000_000, 3_874).saturating_add(T::DbWeight::get().reads_writes(6, 4))
	}
	// Storage: `Channels::Channels` (r:1 w:1)
	// Storage: `System::Account` (r:2 w:2)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Storage: `Inference::Offers` (r:1 w:0)
	// Storage: `Inference::Demands` (r:1 w:1)
	// Storage: `Timing::SlotDuration` (r:1 w:0)
	// Storage: `Channels::Sums` (r:1 w:1)
	// One signature of sr25519 is verified. The account of the payee is made anew.
	fn redeem() -> Weight {
		Weight::from_parts(520_000_000, 6_196).saturating_add(T::DbWeight::get().reads_writes(9, 6))
	}
	// Storage: `Channels::Channels` (r:1 w:1)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Storage: `System::Account` (r:1 w:1)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Storage: `Channels::Payers` (r:1 w:1)
	// Storage: `Channels::Sums` (r:1 w:1)
	fn close() -> Weight {
		Weight::from_parts(230_000_000, 3_874).saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}
	// Storage: `Channels::Channels` (r:1 w:1)
	// Storage: `System::Account` (r:1 w:1)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Storage: `Channels::Payers` (r:1 w:1)
	// Storage: `Channels::Sums` (r:1 w:1)
	fn finish() -> Weight {
		Weight::from_parts(230_000_000, 3_874).saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn open() -> Weight {
		Weight::from_parts(250_000_000, 6_196).saturating_add(ParityDbWeight::get().reads_writes(8, 5))
	}
	fn top_up() -> Weight {
		Weight::from_parts(230_000_000, 3_874).saturating_add(ParityDbWeight::get().reads_writes(6, 4))
	}
	fn redeem() -> Weight {
		Weight::from_parts(520_000_000, 6_196).saturating_add(ParityDbWeight::get().reads_writes(9, 6))
	}
	fn close() -> Weight {
		Weight::from_parts(230_000_000, 3_874).saturating_add(ParityDbWeight::get().reads_writes(6, 5))
	}
	fn finish() -> Weight {
		Weight::from_parts(230_000_000, 3_874).saturating_add(ParityDbWeight::get().reads_writes(5, 5))
	}
}
