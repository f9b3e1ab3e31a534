//! Weights of `places`: estimated by hand, until `scripts/bench.sh weights` measures them and overwrites this file.
//!
//! Four reads and 10 µs for each account that holds a place: the place, the kind of the staker, its controller and its ledger. The rest
//! is `staking.validate` or `staking.nominate`, and `staking.chill`; a pool reads its records too.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the calls and hooks.
pub trait WeightInfo {
	/// Benchmark `outbid_candidate`.
	fn outbid_candidate(c: u32) -> Weight;
	/// Benchmark `outbid_nominator`.
	fn outbid_nominator(n: u32, t: u32) -> Weight;
	/// Benchmark `outbid_for_pool`.
	fn outbid_for_pool(n: u32, t: u32) -> Weight;
}

/// Estimated on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn outbid_candidate(c: u32) -> Weight {
		Weight::from_parts(300_000_000, 0)
			.saturating_add(T::DbWeight::get().reads_writes(24, 14))
			.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads(4).saturating_mul(c.into()))
	}
	fn outbid_nominator(n: u32, t: u32) -> Weight {
		Weight::from_parts(300_000_000, 0)
			.saturating_add(T::DbWeight::get().reads_writes(26, 14))
			.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(t.into()))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(t.into()))
	}
	fn outbid_for_pool(n: u32, t: u32) -> Weight {
		Weight::from_parts(400_000_000, 0)
			.saturating_add(T::DbWeight::get().reads_writes(34, 14))
			.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(t.into()))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(t.into()))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn outbid_candidate(c: u32) -> Weight {
		Weight::from_parts(300_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads_writes(24, 14))
			.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(c.into()))
			.saturating_add(ParityDbWeight::get().reads(4).saturating_mul(c.into()))
	}
	fn outbid_nominator(n: u32, t: u32) -> Weight {
		Weight::from_parts(300_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads_writes(26, 14))
			.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(t.into()))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(t.into()))
	}
	fn outbid_for_pool(n: u32, t: u32) -> Weight {
		Weight::from_parts(400_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads_writes(34, 14))
			.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(t.into()))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(t.into()))
	}
}
