//! Benchmarks of the calls, with all places taken.

use super::*;
use crate::configs::staking::{MAX_NOMINATING, MAX_TARGETS};
use alloc::vec::Vec;
use doin_primitives::{Balance, DOIN};
use frame_benchmarking::v2::*;
use frame_support::traits::fungible::Mutate;
use frame_system::RawOrigin;
use pallet_nomination_pools::{LastPoolId, MaxPools, Pallet as Pools, PoolId};
use pallet_staking::{
	MaxNominatorsCount, MaxValidatorsCount, MinNominatorBond, MinValidatorBond, Nominators, RewardDestination, ValidatorPrefs,
	Validators,
};
use sp_runtime::{traits::StaticLookup, SaturatedConversion};

/// Targets of a nominator, at most: those of `pallet_staking::FixedNominationsQuota`.
const MOST_TARGETS: u32 = 16;

/// Returns the smallest bond that holds a place of either kind.
fn smallest<T: Config>() -> Balance {
	MinValidatorBond::<T>::get().max(MinNominatorBond::<T>::get()).max(DOIN)
}

/// Funds `who` and bonds `amount` for it.
fn bond<T: Config>(who: &T::AccountId, amount: Balance) -> Result<(), BenchmarkError> {
	<T as pallet_staking::Config>::Currency::set_balance(who, amount.saturating_mul(2));
	let origin = RawOrigin::Signed(who.clone()).into();
	Ok(pallet_staking::Pallet::<T>::bond(origin, amount, RewardDestination::Staked)?)
}

/// Makes `count` accounts candidates. Returns them.
fn candidates<T: Config>(count: u32) -> Result<Vec<T::AccountId>, BenchmarkError> {
	let mut stashes = Vec::new();
	for index in 0..count {
		let stash: T::AccountId = account("candidate", index, 0);
		bond::<T>(&stash, smallest::<T>())?;
		pallet_staking::Pallet::<T>::validate(RawOrigin::Signed(stash.clone()).into(), ValidatorPrefs::default())?;
		stashes.push(stash);
	}
	Ok(stashes)
}

/// Makes `count` accounts nominators of `targets` candidates each, for all places. Returns the candidates.
fn nominators<T: Config>(count: u32, targets: u32) -> Result<Vec<T::AccountId>, BenchmarkError> {
	MaxValidatorsCount::<T>::put(u32::MAX);
	MaxNominatorsCount::<T>::put(u32::MAX);
	let candidates = candidates::<T>(targets)?;
	let targets: Vec<_> = candidates.iter().cloned().map(T::Lookup::unlookup).collect();
	for index in 0..count {
		let stash: T::AccountId = account("nominator", index, 0);
		bond::<T>(&stash, smallest::<T>())?;
		pallet_staking::Pallet::<T>::nominate(RawOrigin::Signed(stash).into(), targets.clone())?;
	}
	MaxNominatorsCount::<T>::put(Nominators::<T>::count());
	Ok(candidates)
}

/// Makes a pool of `who` with twice the smallest stake of a nominator and of a pool. Returns its identifier.
fn pool<T: Config>(who: &T::AccountId) -> Result<PoolId, BenchmarkError> {
	MaxPools::<T>::kill();
	let stake = smallest::<T>().saturating_mul(2).max(100 * DOIN);
	<T as pallet_staking::Config>::Currency::set_balance(who, stake.saturating_mul(2));
	let role = || T::Lookup::unlookup(who.clone());
	let origin = RawOrigin::Signed(who.clone()).into();
	Pools::<T>::create(origin, stake.saturated_into(), role(), role(), role())?;
	Ok(LastPoolId::<T>::get())
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn outbid_candidate(c: Linear<1, MAX_TARGETS>) -> Result<(), BenchmarkError> {
		MaxValidatorsCount::<T>::put(u32::MAX);
		candidates::<T>(c)?;
		MaxValidatorsCount::<T>::put(Validators::<T>::count());
		let caller: T::AccountId = whitelisted_caller();
		bond::<T>(&caller, smallest::<T>().saturating_mul(2))?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), ValidatorPrefs::default());

		assert!(Validators::<T>::contains_key(&caller));
		Ok(())
	}

	#[benchmark]
	fn outbid_nominator(n: Linear<1, MAX_NOMINATING>, t: Linear<1, MOST_TARGETS>) -> Result<(), BenchmarkError> {
		let targets: Vec<_> = nominators::<T>(n, t)?.into_iter().map(T::Lookup::unlookup).collect();
		let caller: T::AccountId = whitelisted_caller();
		bond::<T>(&caller, smallest::<T>().saturating_mul(2))?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), targets);

		assert!(Nominators::<T>::contains_key(&caller));
		Ok(())
	}

	#[benchmark]
	fn outbid_for_pool(n: Linear<1, MAX_NOMINATING>, t: Linear<1, MOST_TARGETS>) -> Result<(), BenchmarkError> {
		let targets = nominators::<T>(n, t)?;
		let caller: T::AccountId = whitelisted_caller();
		let pool_id = pool::<T>(&caller)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), pool_id, targets);

		assert!(Nominators::<T>::contains_key(Pools::<T>::generate_bonded_account(pool_id)));
		Ok(())
	}
}
