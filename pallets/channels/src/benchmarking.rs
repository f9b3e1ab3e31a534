//! Benchmarks of the calls, each on a payer with as many channels as possible.

// Set-up code does not run on a chain.
#![allow(clippy::arithmetic_side_effects)]

use super::{types::Payer, *};
use doin_primitives::{
	channel::{ChannelId, Signature, Voucher, DEPOSITS, MAX_OPEN},
	Balance, BlockNumber, DomainId, DOIN,
};
use frame_benchmarking::v2::*;
use frame_support::traits::fungible::{Inspect, Mutate};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_runtime::KeyTypeId;

/// Provides an offer for benchmarks.
pub trait BenchmarkHelper<AccountId> {
	/// Makes `who` a server of a domain. Returns the domain.
	fn serve(who: &AccountId) -> DomainId;
}

/// Type of the keys that sign vouchers.
const VOUCHER: KeyTypeId = KeyTypeId(*b"vouc");
/// Lifetime of a channel.
const LIFETIME: BlockNumber = 100;

/// Returns an account that can pay deposits.
fn rich<T: Config>(name: &'static str) -> T::AccountId
where
	T::Currency: Mutate<T::AccountId>,
{
	let who: T::AccountId = account(name, 0, 0);
	assert!(T::Currency::mint_into(&who, 100_000 * DOIN).is_ok());
	who
}

/// Opens a channel of the last free place of a payer. Returns payer, payee, the channel and its key.
fn opened<T: Config>() -> (T::AccountId, T::AccountId, ChannelId, sp_core::sr25519::Public)
where
	T::Currency: Mutate<T::AccountId>,
{
	let (payer, payee) = (rich::<T>("payer"), rich::<T>("payee"));
	let key = sp_io::crypto::sr25519_generate(VOUCHER, None);
	let domain = T::BenchmarkHelper::serve(&payee);
	let opened = Pallet::<T>::do_open(payer.clone(), payee.clone(), key.0, *DEPOSITS.start(), LIFETIME, Some(domain));
	assert!(opened.is_ok(), "the channel is opened: {opened:?}");
	Payers::<T>::mutate(&payer, |record| *record = record.map(|record| Payer { open: MAX_OPEN, ..record }));
	let channel = Channels::<T>::iter_keys().next().expect("one channel is open");
	frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(2u32));
	(payer, payee, channel, key)
}

/// Returns the signature of a voucher for `cumulative` plancks.
fn signed(channel: ChannelId, cumulative: Balance, key: &sp_core::sr25519::Public) -> Signature {
	let bytes = Voucher { channel, cumulative }.signed_bytes();
	sp_io::crypto::sr25519_sign(VOUCHER, key, &bytes).expect("the keystore has the key").0
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn open() {
		let (payer, payee) = (rich::<T>("payer"), rich::<T>("payee"));
		Payers::<T>::insert(&payer, Payer { next: 1, open: MAX_OPEN - 1 });

		#[extrinsic_call]
		_(RawOrigin::Signed(payer.clone()), payee, [1; 32], *DEPOSITS.start(), LIFETIME, Some(0));

		assert_eq!(Payers::<T>::get(&payer).map(|record| record.open), Some(MAX_OPEN));
	}

	#[benchmark]
	fn top_up() {
		let (payer, _, channel, _) = opened::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(payer), channel, DOIN, Some(2 * LIFETIME));

		assert_eq!(Channels::<T>::get(channel).map(|state| state.deposit), Some(DEPOSITS.start() + DOIN));
	}

	/// The payee is a server. Its account was removed, and is made anew.
	#[benchmark]
	fn redeem() {
		let (_, payee, channel, key) = opened::<T>();
		assert!(T::Currency::set_balance(&payee, 0) == 0);
		let signature = signed(channel, DOIN, &key);
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), channel, DOIN, signature);

		assert_eq!(T::Currency::balance(&payee), DOIN - DOIN / 1_000);
	}

	/// The payee closes it, which removes it.
	#[benchmark]
	fn close() {
		let (_, payee, channel, _) = opened::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(payee), channel);

		assert!(!Channels::<T>::contains_key(channel));
	}

	#[benchmark]
	fn finish() {
		let (_, _, channel, _) = opened::<T>();
		let ends = Channels::<T>::get(channel).expect("open").ends;
		frame_system::Pallet::<T>::set_block_number(ends.into());
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), channel);

		assert!(!Channels::<T>::contains_key(channel));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ext(), crate::mock::Test);
}
