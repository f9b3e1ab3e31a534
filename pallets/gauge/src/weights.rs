//! Weights of the pallet's calls and hook: hand estimates until the benchmarks have been run on reference hardware.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// What each call and hook costs.
pub trait WeightInfo {
	/// `nominate`.
	fn nominate() -> Weight;
	/// `withdraw`.
	fn withdraw() -> Weight;
	/// `vote` with `n` entries.
	fn vote(n: u32) -> Weight;
	/// `clear_ballot`.
	fn clear_ballot() -> Weight;
	/// A block inside a session.
	fn on_initialize() -> Weight;
	/// Recomputing all weights from the ballots of `voters` voters on `nominated` domains, `changed` of which change weight.
	fn new_session(voters: u32, nominated: u32, changed: u32) -> Weight;
}

/// Estimates on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn nominate() -> Weight {
		// Nominations, session index, the domain's record and state, holds and account.
		Weight::from_parts(60_000_000, 16_384).saturating_add(T::DbWeight::get().reads_writes(6, 3))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(60_000_000, 16_384).saturating_add(T::DbWeight::get().reads_writes(7, 3))
	}
	fn vote(n: u32) -> Weight {
		// Nominations, the voter's stake, his ballot, holds and account.
		Weight::from_parts(60_000_000, 8_192)
			.saturating_add(Weight::from_parts(150_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}
	fn clear_ballot() -> Weight {
		Weight::from_parts(50_000_000, 8_192).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(2_000_000, 1_024).saturating_add(T::DbWeight::get().reads(2))
	}
	fn new_session(voters: u32, nominated: u32, changed: u32) -> Weight {
		estimate(T::DbWeight::get(), voters, nominated, changed)
	}
}

/// A stake and a ballot per voter, a record and a state per domain, the domain's state again for each that changes.
fn estimate(db: frame_support::weights::RuntimeDbWeight, voters: u32, nominated: u32, changed: u32) -> Weight {
	Weight::from_parts(20_000_000, 16_384)
		.saturating_add(Weight::from_parts(6_000_000, 1_024).saturating_mul(voters.into()))
		.saturating_add(Weight::from_parts(10_000_000, 8_192).saturating_mul(nominated.into()))
		.saturating_add(Weight::from_parts(5_000_000, 1_024).saturating_mul(changed.into()))
		.saturating_add(db.reads_writes(4, 3))
		.saturating_add(db.reads(2).saturating_mul(voters.into()))
		.saturating_add(db.reads(2).saturating_mul(nominated.into()))
		.saturating_add(db.reads_writes(1, 1).saturating_mul(changed.into()))
}

impl WeightInfo for () {
	fn nominate() -> Weight {
		Weight::from_parts(60_000_000, 16_384).saturating_add(ParityDbWeight::get().reads_writes(6, 3))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(60_000_000, 16_384).saturating_add(ParityDbWeight::get().reads_writes(7, 3))
	}
	fn vote(n: u32) -> Weight {
		Weight::from_parts(60_000_000, 8_192)
			.saturating_add(Weight::from_parts(150_000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(5, 3))
	}
	fn clear_ballot() -> Weight {
		Weight::from_parts(50_000_000, 8_192).saturating_add(ParityDbWeight::get().reads_writes(4, 3))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(2_000_000, 1_024).saturating_add(ParityDbWeight::get().reads(2))
	}
	fn new_session(voters: u32, nominated: u32, changed: u32) -> Weight {
		estimate(ParityDbWeight::get(), voters, nominated, changed)
	}
}
