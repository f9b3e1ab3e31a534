//! Benchmarks of the calls, and the evaluators that benchmarks of other pallets need.

// Benchmarks stop if their set-up failed.
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::{
	pallet::{Call, Config, Evaluators, Pallet, Rosters, SeatIndex, Seats},
	types::{EvaluatorRecord, Roster, RosterIndex, Seat, SeatChunk, MAX_SERVED},
};
use alloc::vec::Vec;
use doin_primitives::{draw, DomainId, SizeClass, DOIN};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Mutate, Get},
	BoundedVec,
};
use frame_system::RawOrigin;
use sp_runtime::SaturatedConversion;

/// Provides the domain that the calls are benchmarked with.
pub trait BenchmarkHelper {
	/// Returns a registered domain without weight. May write to storage.
	fn domain() -> DomainId;
}

/// Returns a funded account.
fn funded<T: Config>(index: u32) -> T::AccountId {
	let who = account("evaluator", index, 0);
	let amount = T::MinBond::get().saturating_mul(10).saturating_add(DOIN.saturating_mul(100));
	ready(T::Currency::mint_into(&who, amount).is_ok());
	who
}

/// Stops a benchmark whose set-up failed.
fn ready(done: bool) {
	assert!(done, "the benchmark's set-up failed");
}

/// Returns an evaluator on every roster that it can have a seat on. The domains are `0..MAX_SERVED`, which need not exist.
fn everywhere<T: Config>(index: u32, class: SizeClass) -> T::AccountId {
	let who = funded::<T>(index);
	let bond = T::MinBond::get().saturating_mul(2);
	ready(Pallet::<T>::do_bond(&who, bond, class).is_ok());
	for domain in 0..MAX_SERVED {
		ready(Pallet::<T>::join(Roster::Domain(domain), &who, bond).is_ok());
		Evaluators::<T>::mutate_extant(&who, |record| ready(record.serving.try_push(domain).is_ok()));
	}
	who
}

/// Returns `count` evaluators of `class` with twice [`Config::MinBond`], each on every roster that it can have a seat on: the
/// most expensive ones to slash.
pub fn evaluators<T: Config>(count: u32, class: SizeClass) -> Vec<T::AccountId> {
	(0..count).map(|index| everywhere::<T>(index, class)).collect()
}

/// Fills the roster of `class` up to one seat less than a full chunk, so that seats are read and written at their largest.
fn crowd<T: Config>(class: SizeClass) {
	let len = draw::CHUNK - 1;
	let seats = SeatChunk::<T::AccountId>::truncate_from(
		(0..len).map(|index| Seat { who: account("crowd", index, 0), bond: T::MinBond::get() }).collect(),
	);
	let sum = T::MinBond::get().saturating_mul(len.into());
	for (position, seat) in seats.iter().enumerate() {
		SeatIndex::<T>::insert(&seat.who, Roster::Class(class), position as u32);
		let record = EvaluatorRecord { bond: seat.bond, class, serving: BoundedVec::new(), absences: 0, withdrawable: None };
		Evaluators::<T>::insert(&seat.who, record);
	}
	Seats::<T>::insert(Roster::Class(class), 0, seats);
	Rosters::<T>::insert(Roster::Class(class), RosterIndex { len, sums: BoundedVec::truncate_from(alloc::vec![sum]) });
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn bond() {
		crowd::<T>(SizeClass::Small);
		let who = funded::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), T::MinBond::get(), SizeClass::Small);

		assert_eq!(Pallet::<T>::bond_of(&who), T::MinBond::get());
	}

	#[benchmark]
	fn bond_extra() {
		let who = everywhere::<T>(0, SizeClass::Small);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), DOIN);

		assert_eq!(Pallet::<T>::bond_of(&who), T::MinBond::get().saturating_mul(2).saturating_add(DOIN));
	}

	#[benchmark]
	fn serve() {
		let domain = T::BenchmarkHelper::domain();
		let who = funded::<T>(0);
		ready(Pallet::<T>::do_bond(&who, T::MinBond::get(), SizeClass::Small).is_ok());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), domain);

		assert!(SeatIndex::<T>::contains_key(&who, Roster::Domain(domain)));
	}

	#[benchmark]
	fn unserve() {
		let who = everywhere::<T>(0, SizeClass::Small);
		let _other = everywhere::<T>(1, SizeClass::Small);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0);

		assert!(!SeatIndex::<T>::contains_key(&who, Roster::Domain(0)));
	}

	#[benchmark]
	fn unbond() {
		let who = everywhere::<T>(0, SizeClass::Small);
		let _other = everywhere::<T>(1, SizeClass::Small);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!SeatIndex::<T>::contains_key(&who, Roster::Class(SizeClass::Small)));
	}

	#[benchmark]
	fn withdraw() {
		let who = everywhere::<T>(0, SizeClass::Small);
		ready(Pallet::<T>::do_unbond(&who).is_ok());
		let later = Evaluators::<T>::get(&who).and_then(|record| record.withdrawable).unwrap_or(0);
		frame_system::Pallet::<T>::set_block_number(later.saturated_into());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Evaluators::<T>::contains_key(&who));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext_with(0), crate::mock::Test);
}
