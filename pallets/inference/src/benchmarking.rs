//! Benchmarks of the calls, on a full list, the longest list of champions and the largest model.

// Set-up code does not run on a chain.
#![allow(clippy::arithmetic_side_effects)]

use super::{
	types::{Accusation, Claim, Offer, Place, PlaceList, ServedDomain, Window},
	*,
};
use alloc::{boxed::Box, vec, vec::Vec};
use doin_primitives::{
	blake2_256,
	channel::{Contract, Key},
	domain::MAX_MODEL_BYTES,
	inference::{
		pairs_hash, Crowned, CrownedList, Endpoint, Pair, Pairs, Receipt, MAX_CHAMPIONS, MAX_ENDPOINT, MAX_OFFERS, MAX_OUTPUT,
		MAX_PAIRS, MIN_BOND,
	},
	Balance, BlockNumber, DomainId, ModelRef, DOIN,
};
use doin_scoring::{
	rows::{RowTarget, Rows},
	Encoder, Layer, Model, Net, Program,
};
use doin_traits::OnCrowned;
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate, MutateHold},
	Get,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_runtime::KeyTypeId;

/// Provides a domain for benchmarks.
pub trait BenchmarkHelper {
	/// Returns an active domain, and its champion, whose encoding is as large as possible.
	fn champion() -> (DomainId, ModelRef);
}

/// Type of the keys that sign receipts.
const RECEIPT: KeyTypeId = KeyTypeId(*b"rcpt");
/// Features of the rows of the domain that is accused.
const FEATURES: u16 = 1_024;
/// Classes of these rows: a linear model of them is nearly as large as admitted.
const CLASSES: u8 = 31;
/// Block of the benchmarks.
const NOW: BlockNumber = 1_000;

/// Returns an account that can pay bonds.
fn rich<T: Config>(name: &'static str, index: u32) -> T::AccountId
where
	T::Currency: Mutate<T::AccountId>,
{
	let who: T::AccountId = account(name, index, 0);
	assert!(T::Currency::mint_into(&who, 10_000 * DOIN).is_ok());
	who
}

/// Returns the longest address.
fn endpoint() -> Endpoint {
	Endpoint::truncate_from(vec![b'x'; MAX_ENDPOINT as usize])
}

/// Inserts an offer with this bond for `domain`.
fn insert<T: Config>(domain: DomainId, who: &T::AccountId, key: Key, bond: Balance)
where
	T::Currency: Mutate<T::AccountId>,
{
	assert!(T::Currency::hold(&HoldReason::Offer.into(), who, bond).is_ok());
	let offer = Offer { key, price: 0, endpoint: endpoint(), bond, since: 0, leaves: None, is_halved: false };
	Offers::<T>::insert(domain, who, offer);
	Listed::<T>::mutate(domain, |list| list.force_push(Place { who: who.clone(), bond }));
}

/// Fills the list of `domain` up to `count` offers with the smallest bond.
fn fill<T: Config>(domain: DomainId, count: u32)
where
	T::Currency: Mutate<T::AccountId>,
{
	for index in 0..count {
		insert::<T>(domain, &rich::<T>("server", index), [1; 32], MIN_BOND);
	}
}

/// Returns the program of the domain that is accused, and a model of it.
fn model() -> (Program, Vec<u8>) {
	let (inputs, outputs) = (FEATURES, u16::from(CLASSES));
	let weights = vec![1; usize::from(inputs) * usize::from(outputs)];
	let skip = Layer { inputs, outputs, shift: 1, weights, bias: vec![0; outputs.into()] };
	let net = Net { window: inputs, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: Vec::new() };
	let rows = Rows { features: FEATURES, image: None, target: RowTarget::Classes(CLASSES), rows: 1, chunks: 64 };
	let bytes = Model::Net(net).to_bytes();
	assert!(bytes.len() <= MAX_MODEL_BYTES as usize);
	(Program::Rows(rows), bytes)
}

/// Inserts the record of `domain` with as many champions as possible, of which the first has `hash`.
fn serve<T: Config>(domain: DomainId, program: Program, hash: doin_primitives::Hash, bonds: u32) {
	let champion = |index: u32| Crowned {
		model: ModelRef::Stored(index.into()),
		hash: if index == 0 { hash } else { [index as u8; 32] },
		from: if index == 0 { 0 } else { NOW },
	};
	let champions = CrownedList::truncate_from((0..MAX_CHAMPIONS).map(champion).collect());
	Served::<T>::insert(domain, ServedDomain { program, champions, bonds });
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
	use super::*;

	/// The first bond of a domain, whose champion is hashed, with a list that is full all the same.
	#[benchmark]
	fn offer() {
		let (domain, _) = T::BenchmarkHelper::champion();
		fill::<T>(domain, MAX_OFFERS);
		let who = rich::<T>("caller", 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), domain, [2; 32], 0, endpoint(), 2 * MIN_BOND);

		assert!(<Pallet<T> as doin_traits::Offers<T::AccountId>>::serves(&who, domain));
	}

	#[benchmark]
	fn withdraw() {
		fill::<T>(0, MAX_OFFERS);
		let who: T::AccountId = account("server", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0);

		assert_eq!(Listed::<T>::decode_len(0), Some(MAX_OFFERS as usize - 1));
	}

	#[benchmark]
	fn release() {
		fill::<T>(0, 1);
		let (program, _) = model();
		serve::<T>(0, program, [0; 32], 2);
		let who: T::AccountId = account("server", 0, 0);
		assert!(Pallet::<T>::do_withdraw(who.clone(), 0).is_ok());
		let over = Offers::<T>::get(0, &who).and_then(|offer| offer.leaves).expect("withdrawn");
		frame_system::Pallet::<T>::set_block_number(over.into());
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), 0, who.clone());

		assert!(!Offers::<T>::contains_key(0, &who));
	}

	/// A false output of the largest receipt, of a server in a full list. Payer and accuser have no account yet.
	#[benchmark]
	fn accuse() {
		frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(NOW));
		fill::<T>(0, MAX_OFFERS - 1);
		let key = sp_io::crypto::sr25519_generate(RECEIPT, None);
		let server = rich::<T>("server", MAX_OFFERS);
		insert::<T>(0, &server, key.0, 1_000 * DOIN);
		let (program, bytes) = model();
		serve::<T>(0, program, blake2_256(&bytes), 2);

		let genesis = T::GenesisHash::get();
		let payer: T::AccountId = account("payer", 0, 0);
		let contract = Contract { payer: payer.clone(), payee: server.clone(), key: [3; 32], counter: 0 };
		let (input, output) = (vec![7; FEATURES.into()], vec![9; MAX_OUTPUT as usize]);
		let pairs = Pairs::truncate_from(vec![Pair::new(&[5; 32], &input, &output); MAX_PAIRS as usize]);
		let receipt = Receipt {
			domain: 0,
			block: NOW - 1,
			model: blake2_256(&bytes),
			channel: contract.id(&genesis),
			cumulative: DOIN,
			price: DOIN,
			pairs: pairs_hash(&pairs),
		};
		let signed = sp_io::crypto::sr25519_sign(RECEIPT, &key, &receipt.signed_bytes(&genesis));
		let window = Window {
			pairs,
			index: MAX_PAIRS as u16 - 1,
			nonce: [5; 32],
			input: input.try_into().expect("short"),
			output: output.try_into().expect("short"),
			model: Some(bytes.try_into().expect("admitted")),
		};
		let accusation = Accusation {
			receipt,
			signature: signed.expect("the keystore has the key").0,
			contract: Some(contract),
			claim: Claim::Output(Box::new(window)),
		};
		let caller: T::AccountId = account("accuser", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), server.clone(), Box::new(accusation));

		assert!(!Offers::<T>::contains_key(0, &server));
		assert_eq!(T::Currency::balance(&caller), 100 * DOIN);
		assert_eq!(T::Currency::balance(&payer), 10 * DOIN);
	}

	/// A report of a champion to a full list.
	#[benchmark]
	fn crowned() {
		frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(NOW));
		let (domain, champion) = T::BenchmarkHelper::champion();
		let (program, _) = model();
		serve::<T>(domain, program, [0; 32], 1);

		#[block]
		{
			<Pallet<T> as OnCrowned>::crowned(domain, &champion);
		}

		let newest = Served::<T>::get(domain).and_then(|served| served.champions.last().copied());
		assert_eq!(newest.map(|newest| newest.model), Some(champion));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ext(), crate::mock::Test);
}
