//! Weights of `pallet_doin_inference`: estimated by hand from the storage items and the work of the benchmarks, beside measured calls
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
	/// Benchmark `offer`.
	fn offer() -> Weight;
	/// Benchmark `withdraw`.
	fn withdraw() -> Weight;
	/// Benchmark `release`.
	fn release() -> Weight;
	/// Benchmark `accuse`.
	fn accuse() -> Weight;
	/// Benchmark `crowned`.
	fn crowned() -> Weight;
}

/// Estimated on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Inference::Offers` (r:2 w:2)
	// Storage: `Domains::Specs` (r:1 w:0)
	// Storage: `Domains::States` (r:1 w:0)
	// Storage: `Inference::Served` (r:1 w:1)
	// Storage: `Optimae::Models` (r:1 w:0)
	// Storage: `Inference::Listed` (r:1 w:1)
	// Storage: `System::Account` (r:1 w:1)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// 64 KiB of a model are hashed, and a full list is outbid.
	fn offer() -> Weight {
		Weight::from_parts(700_000_000, 71_000).saturating_add(T::DbWeight::get().reads_writes(11, 6))
	}
	// Storage: `Inference::Offers` (r:1 w:1)
	// Storage: `Inference::Listed` (r:1 w:1)
	// Storage: `Timing::Rounds` (r:1 w:0)
	fn withdraw() -> Weight {
		Weight::from_parts(160_000_000, 6_000).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	// Storage: `Inference::Offers` (r:1 w:1)
	// Storage: `System::Account` (r:1 w:1)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Storage: `Inference::Served` (r:1 w:1)
	fn release() -> Weight {
		Weight::from_parts(260_000_000, 8_500).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	// Storage: `Inference::Offers` (r:1 w:1)
	// Storage: `Inference::Served` (r:1 w:1)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Storage: `Optimae::Models` (r:1 w:0)
	// Storage: `System::Account` (r:3 w:3)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Storage: `Inference::Listed` (r:1 w:1)
	// One signature of sr25519 is verified, and 64 KiB of a model are hashed. Running it is added by the runtime.
	fn accuse() -> Weight {
		Weight::from_parts(1_200_000_000, 75_000).saturating_add(T::DbWeight::get().reads_writes(11, 7))
	}
	// Storage: `Inference::Served` (r:1 w:1)
	// Storage: `Optimae::Models` (r:1 w:0)
	// Storage: `Timing::Rounds` (r:1 w:0)
	// 64 KiB of a model are hashed.
	fn crowned() -> Weight {
		Weight::from_parts(350_000_000, 71_000).saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn offer() -> Weight {
		Weight::from_parts(700_000_000, 71_000).saturating_add(ParityDbWeight::get().reads_writes(11, 6))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(160_000_000, 6_000).saturating_add(ParityDbWeight::get().reads_writes(3, 2))
	}
	fn release() -> Weight {
		Weight::from_parts(260_000_000, 8_500).saturating_add(ParityDbWeight::get().reads_writes(4, 4))
	}
	fn accuse() -> Weight {
		Weight::from_parts(1_200_000_000, 75_000).saturating_add(ParityDbWeight::get().reads_writes(11, 7))
	}
	fn crowned() -> Weight {
		Weight::from_parts(350_000_000, 71_000).saturating_add(ParityDbWeight::get().reads_writes(3, 1))
	}
}
