//! Weights of `places`: measured on 2026-11-30 (AMD EPYC) with 10 steps and 10 repetitions by
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
	/// Benchmark `outbid_candidate`.
	fn outbid_candidate(c: u32) -> Weight;
	/// Benchmark `outbid_nominator`.
	fn outbid_nominator(n: u32, t: u32) -> Weight;
	/// Benchmark `outbid_for_pool`.
	fn outbid_for_pool(n: u32, t: u32) -> Weight;
}

/// Measured on the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `Staking::MaxValidatorsCount` (r:1 w:0)
	// Proof: `Staking::MaxValidatorsCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Staking::CounterForValidators` (r:1 w:1)
	// Proof: `Staking::CounterForValidators` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Staking::Validators` (r:203 w:2)
	// Proof: `Staking::Validators` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	// Storage: `Session::Validators` (r:1 w:0)
	// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Session::QueuedKeys` (r:1 w:0)
	// Proof: `Session::QueuedKeys` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `Staking::Bonded` (r:201 w:0)
	// Proof: `Staking::Bonded` (`max_values`: None, `max_size`: Some(72), added: 2547, mode: `MaxEncodedLen`)
	// Storage: `Staking::Ledger` (r:201 w:0)
	// Proof: `Staking::Ledger` (`max_values`: None, `max_size`: Some(1091), added: 3566, mode: `MaxEncodedLen`)
	// Storage: `VoterList::Lock` (r:1 w:0)
	// Proof: `VoterList::Lock` (`max_values`: Some(1), `max_size`: Some(0), added: 495, mode: `MaxEncodedLen`)
	// Storage: `VoterList::ListNodes` (r:5 w:5)
	// Proof: `VoterList::ListNodes` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `MaxEncodedLen`)
	// Storage: `VoterList::CounterForListNodes` (r:1 w:1)
	// Proof: `VoterList::CounterForListNodes` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Staking::Nominators` (r:2 w:0)
	// Proof: `Staking::Nominators` (`max_values`: None, `max_size`: Some(558), added: 3033, mode: `MaxEncodedLen`)
	// Storage: `Staking::MinValidatorBond` (r:1 w:0)
	// Proof: `Staking::MinValidatorBond` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Staking::MinCommission` (r:1 w:0)
	// Proof: `Staking::MinCommission` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `VoterList::ListBags` (r:1 w:1)
	// Proof: `VoterList::ListBags` (`max_values`: None, `max_size`: Some(82), added: 2557, mode: `MaxEncodedLen`)
	fn outbid_candidate(c: u32) -> Weight {
		// At least 176_272 ns.
		Weight::from_parts(396_191_746, 11_061)
			// Standard error: 32_660 ps.
			.saturating_add(Weight::from_parts(28_511_248, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 3_566).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads_writes(20, 9))
			.saturating_add(T::DbWeight::get().reads(3).saturating_mul(c.into()))
	}
	// Storage: `Staking::MaxNominatorsCount` (r:1 w:0)
	// Proof: `Staking::MaxNominatorsCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Staking::CounterForNominators` (r:1 w:1)
	// Proof: `Staking::CounterForNominators` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Staking::Nominators` (r:802 w:2)
	// Proof: `Staking::Nominators` (`max_values`: None, `max_size`: Some(558), added: 3033, mode: `MaxEncodedLen`)
	// Storage: `Staking::VirtualStakers` (r:800 w:0)
	// Proof: `Staking::VirtualStakers` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	// Storage: `Staking::Bonded` (r:801 w:0)
	// Proof: `Staking::Bonded` (`max_values`: None, `max_size`: Some(72), added: 2547, mode: `MaxEncodedLen`)
	// Storage: `Staking::Ledger` (r:801 w:0)
	// Proof: `Staking::Ledger` (`max_values`: None, `max_size`: Some(1091), added: 3566, mode: `MaxEncodedLen`)
	// Storage: `Staking::Validators` (r:18 w:0)
	// Proof: `Staking::Validators` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	// Storage: `VoterList::Lock` (r:1 w:0)
	// Proof: `VoterList::Lock` (`max_values`: Some(1), `max_size`: Some(0), added: 495, mode: `MaxEncodedLen`)
	// Storage: `VoterList::ListNodes` (r:5 w:5)
	// Proof: `VoterList::ListNodes` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `MaxEncodedLen`)
	// Storage: `VoterList::CounterForListNodes` (r:1 w:1)
	// Proof: `VoterList::CounterForListNodes` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Staking::MinNominatorBond` (r:1 w:0)
	// Proof: `Staking::MinNominatorBond` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Staking::CurrentEra` (r:1 w:0)
	// Proof: `Staking::CurrentEra` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `VoterList::ListBags` (r:1 w:1)
	// Proof: `VoterList::ListBags` (`max_values`: None, `max_size`: Some(82), added: 2557, mode: `MaxEncodedLen`)
	fn outbid_nominator(n: u32, t: u32) -> Weight {
		// At least 262_601 ns.
		Weight::from_parts(534_456_000, 11_895)
			// Standard error: 224_182 ps.
			.saturating_add(Weight::from_parts(40_920_370, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 3_566).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2_520).saturating_mul(t.into()))
			.saturating_add(T::DbWeight::get().reads_writes(17, 9))
			.saturating_add(T::DbWeight::get().reads(4).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(t.into()))
	}
	// Storage: `Staking::MaxNominatorsCount` (r:1 w:0)
	// Proof: `Staking::MaxNominatorsCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Staking::CounterForNominators` (r:1 w:1)
	// Proof: `Staking::CounterForNominators` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Staking::Nominators` (r:802 w:2)
	// Proof: `Staking::Nominators` (`max_values`: None, `max_size`: Some(558), added: 3033, mode: `MaxEncodedLen`)
	// Storage: `Staking::VirtualStakers` (r:801 w:0)
	// Proof: `Staking::VirtualStakers` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	// Storage: `Staking::Bonded` (r:801 w:0)
	// Proof: `Staking::Bonded` (`max_values`: None, `max_size`: Some(72), added: 2547, mode: `MaxEncodedLen`)
	// Storage: `Staking::Ledger` (r:801 w:0)
	// Proof: `Staking::Ledger` (`max_values`: None, `max_size`: Some(1091), added: 3566, mode: `MaxEncodedLen`)
	// Storage: `Staking::Validators` (r:18 w:0)
	// Proof: `Staking::Validators` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	// Storage: `VoterList::Lock` (r:1 w:0)
	// Proof: `VoterList::Lock` (`max_values`: Some(1), `max_size`: Some(0), added: 495, mode: `MaxEncodedLen`)
	// Storage: `VoterList::ListNodes` (r:5 w:5)
	// Proof: `VoterList::ListNodes` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `MaxEncodedLen`)
	// Storage: `VoterList::CounterForListNodes` (r:1 w:1)
	// Proof: `VoterList::CounterForListNodes` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NominationPools::BondedPools` (r:1 w:0)
	// Proof: `NominationPools::BondedPools` (`max_values`: None, `max_size`: Some(254), added: 2729, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:0)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `NominationPools::PoolMembers` (r:1 w:0)
	// Proof: `NominationPools::PoolMembers` (`max_values`: None, `max_size`: Some(237), added: 2712, mode: `MaxEncodedLen`)
	// Storage: `Staking::MinNominatorBond` (r:1 w:0)
	// Proof: `Staking::MinNominatorBond` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `NominationPools::MinCreateBond` (r:1 w:0)
	// Proof: `NominationPools::MinCreateBond` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `NominationPools::MinJoinBond` (r:1 w:0)
	// Proof: `NominationPools::MinJoinBond` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `Staking::CurrentEra` (r:1 w:0)
	// Proof: `Staking::CurrentEra` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `VoterList::ListBags` (r:1 w:1)
	// Proof: `VoterList::ListBags` (`max_values`: None, `max_size`: Some(82), added: 2557, mode: `MaxEncodedLen`)
	fn outbid_for_pool(n: u32, t: u32) -> Weight {
		// At least 325_083 ns.
		Weight::from_parts(264_276_124, 11_895)
			// Standard error: 431_933 ps.
			.saturating_add(Weight::from_parts(41_327_842, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 3_566).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2_520).saturating_mul(t.into()))
			.saturating_add(T::DbWeight::get().reads_writes(23, 9))
			.saturating_add(T::DbWeight::get().reads(4).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(t.into()))
	}
}

// The same on the database that the node uses, for tests.
impl WeightInfo for () {
	fn outbid_candidate(c: u32) -> Weight {
		Weight::from_parts(396_191_746, 11_061)
			.saturating_add(Weight::from_parts(28_511_248, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 3_566).saturating_mul(c.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(20, 9))
			.saturating_add(ParityDbWeight::get().reads(3).saturating_mul(c.into()))
	}
	fn outbid_nominator(n: u32, t: u32) -> Weight {
		Weight::from_parts(534_456_000, 11_895)
			.saturating_add(Weight::from_parts(40_920_370, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 3_566).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2_520).saturating_mul(t.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(17, 9))
			.saturating_add(ParityDbWeight::get().reads(4).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(t.into()))
	}
	fn outbid_for_pool(n: u32, t: u32) -> Weight {
		Weight::from_parts(264_276_124, 11_895)
			.saturating_add(Weight::from_parts(41_327_842, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 3_566).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2_520).saturating_mul(t.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(23, 9))
			.saturating_add(ParityDbWeight::get().reads(4).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(1).saturating_mul(t.into()))
	}
}
