//! Nomination pools: members delegate stake to a pool, which takes one place among the nominators for all of them.
//!
//! A member's coins stay in its account, on hold (`pallet-delegated-staking`), so they vote in referenda.

use crate::*;
use doin_primitives::DOIN;
use frame_support::{
	parameter_types,
	traits::{BuildGenesisConfig, ConstU32, ConstU8, OnRuntimeUpgrade},
	weights::{constants::ParityDbWeight, Weight},
	PalletId,
};
use frame_system::EnsureRoot;
use sp_core::U256;
use sp_runtime::{traits::Convert, FixedU128, Perbill};

/// Returns the bounds of pools that every genesis and the upgrade to version 2 set. The track `parameters` changes them.
pub fn genesis() -> NominationPoolsConfig {
	NominationPoolsConfig {
		// Smallest stake of a member: 1 DOIN.
		min_join_bond: DOIN,
		// Smallest stake with which a pool is created: 100 DOIN.
		min_create_bond: 100 * DOIN,
		max_pools: Some(64),
		max_members_per_pool: Some(1_024),
		max_members: Some(16_384),
		global_max_commission: Some(Perbill::from_percent(10)),
	}
}

/// Sets the bounds of pools on a chain that began without pools.
pub struct SetPoolBounds;
impl OnRuntimeUpgrade for SetPoolBounds {
	fn on_runtime_upgrade() -> Weight {
		if pallet_nomination_pools::MaxPools::<Runtime>::exists() {
			return ParityDbWeight::get().reads(1);
		}
		genesis().build();
		ParityDbWeight::get().reads_writes(1, 6)
	}
}

parameter_types! {
	/// Identifier from which the accounts of pools are derived, as on other Substrate chains.
	pub const PoolsPalletId: PalletId = PalletId(*b"py/nopls");
	/// Identifier from which the accounts of delegations are derived, as on other Substrate chains.
	pub const DelegatedStakingPalletId: PalletId = PalletId(*b"py/dlstk");
	/// Share of a member's slash that the account which applies it earns: 1 %.
	pub const SlashApplierShare: Perbill = Perbill::from_percent(1);
}

/// Conversion of an amount to 256 bits and back.
pub struct Wide;
impl Convert<Balance, U256> for Wide {
	fn convert(amount: Balance) -> U256 {
		amount.into()
	}
}
impl Convert<U256, Balance> for Wide {
	fn convert(amount: U256) -> Balance {
		amount.try_into().unwrap_or(Balance::MAX)
	}
}

impl pallet_delegated_staking::Config for Runtime {
	type CoreStaking = Staking;
	type Currency = Balances;
	/// Slashed stake is burned.
	type OnSlash = ();
	type PalletId = DelegatedStakingPalletId;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SlashRewardFraction = SlashApplierShare;
}

impl pallet_nomination_pools::Config for Runtime {
	type AdminOrigin = EnsureRoot<AccountId>;
	type BalanceToU256 = Wide;
	type BlockNumberProvider = System;
	type Currency = Balances;
	/// Accounts that stake on their own cannot join a pool.
	type Filter = pallet_staking::AllStakers<Runtime>;
	type MaxMetadataLen = ConstU32<256>;
	/// Points of a pool per planck of its stake, at most, so that a slashed pool takes no members whose points overflow.
	type MaxPointsToBalance = ConstU8<10>;
	/// Amounts that a member unbonds at a time.
	type MaxUnbonding = ConstU32<8>;
	/// Eras of which the unbonding stake of a pool is kept apart: more than stake stays bonded.
	type MaxUnbondingPools = ConstU32<32>;
	type PalletId = PoolsPalletId;
	type RewardCounter = FixedU128;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type StakeAdapter = pallet_nomination_pools::adapter::DelegateStake<Runtime, Staking, DelegatedStaking>;
	type U256ToBalance = Wide;
	type WeightInfo = pallet_nomination_pools::weights::SubstrateWeight<Runtime>;
}
