//! Benchmarks of the calls, and the evaluators that benchmarks of other pallets need.
//!
//! Each call is measured in its most expensive case: the caller has the largest size class and serves as many domains as
//! possible, and its rosters are full.

// Benchmarks stop if their set-up failed.
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::{
	pallet::{Call, Config, DisplacedSeats, Evaluators, Pallet, Rosters, SeatIndex, Seats},
	types::{least_bid, DisplacedSeat, EvaluatorRecord, Roster, Seat, MAX_DISPLACED, MAX_SERVED},
};
use alloc::vec::Vec;
use doin_primitives::{
	draw::{CHUNK, MAX_ROSTER},
	quorum::MAX_QUORUM,
	Balance, DomainId, SizeClass, DOIN,
};
use doin_traits::{Behaviour, Reputation as _};
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

/// Returns a seat with the smallest bond.
fn small_seat<T: Config>(who: T::AccountId) -> Seat<T::AccountId> {
	Seat { who, bond: T::MinBond::get(), since: 0 }
}

/// Fills `roster` up to `len` seats with the smallest bonds, of accounts that have no record.
fn fill<T: Config>(roster: Roster, len: u32) {
	for position in Rosters::<T>::get(roster)..len {
		let who: T::AccountId = account("crowd", position, 0);
		SeatIndex::<T>::insert(&who, roster, position);
		Seats::<T>::mutate(roster, position / CHUNK, |seats| ready(seats.try_push(small_seat::<T>(who)).is_ok()));
	}
	Rosters::<T>::insert(roster, len);
}

/// Fills `roster`, and its list of displaced seats but for one place, so that another seat is displaced at the highest price.
fn fill_to_outbid<T: Config>(roster: Roster) {
	fill::<T>(roster, MAX_ROSTER);
	let left = Pallet::<T>::now();
	let displaced = |index| DisplacedSeat { seat: small_seat::<T>(account("displaced", index, 0)), left };
	DisplacedSeats::<T>::insert(roster, BoundedVec::truncate_from((1..MAX_DISPLACED).map(displaced).collect()));
}

/// Returns an evaluator with `bond` plancks on hold and the largest number of rosters. It has no seat. The domains are the
/// [`MAX_SERVED`] ones from `first` on, which need not exist.
fn everywhere<T: Config>(index: u32, bond: Balance, first: DomainId) -> (T::AccountId, Vec<Roster>) {
	let who = funded::<T>(index);
	let mut record = EvaluatorRecord::new(bond, SizeClass::Huge);
	record.serving = BoundedVec::truncate_from((first..first + MAX_SERVED).collect());
	ready(Pallet::<T>::hold_bond(&who, bond).is_ok());
	let rosters = record.rosters().collect();
	Evaluators::<T>::insert(&who, record);
	(who, rosters)
}

/// Returns `count` evaluators with the smallest bond, and seats in a block before this one.
///
/// A quorum is as expensive to slash as possible: each evaluator has a seat on the rosters of all classes and of [`MAX_SERVED`]
/// domains that no other one serves, each in a full chunk of its own, and the last chunk of each roster is another one. More
/// evaluators than that have a seat of `class` only, each with a record. A draw from them is as expensive as possible: one
/// evaluator less than a quorum has the reputation to be drawn, so that all records are read.
pub fn evaluators<T: Config>(count: u32, class: SizeClass) -> Vec<T::AccountId> {
	if count > MAX_QUORUM {
		let plain = |index| {
			let who = funded::<T>(index);
			ready(Pallet::<T>::do_bond(&who, T::MinBond::get(), class).is_ok());
			if index < count.saturating_sub(MAX_QUORUM - 1) {
				T::Reputation::record(&who, Behaviour::Equivocated);
			}
			who
		};
		return (0..count).map(plain).collect();
	}
	let seated = |index: u32| {
		let (who, rosters) = everywhere::<T>(index, T::MinBond::get(), index * MAX_SERVED);
		for roster in rosters {
			ready(Pallet::<T>::join(roster, &who, T::MinBond::get()).is_ok());
			let full = Rosters::<T>::get(roster).next_multiple_of(CHUNK);
			fill::<T>(roster, if matches!(roster, Roster::Class(_)) { full } else { full + 2 });
		}
		who
	};
	let members = (0..count).map(seated).collect();
	for class in [SizeClass::Small, SizeClass::Large, SizeClass::Huge] {
		let roster = Roster::Class(class);
		fill::<T>(roster, Rosters::<T>::get(roster) + CHUNK);
	}
	members
}

/// Returns an evaluator with the first seat of eleven full rosters.
fn seated<T: Config>() -> (T::AccountId, Vec<Roster>) {
	let bond = T::MinBond::get();
	let (who, rosters) = everywhere::<T>(0, bond, 0);
	for roster in &rosters {
		ready(Pallet::<T>::join(*roster, &who, bond).is_ok());
		fill::<T>(*roster, MAX_ROSTER);
	}
	(who, rosters)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The smallest seat of three full rosters is displaced.
	#[benchmark]
	fn bond() {
		for class in [SizeClass::Small, SizeClass::Large, SizeClass::Huge] {
			fill_to_outbid::<T>(Roster::Class(class));
		}
		let who = funded::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), least_bid(T::MinBond::get()), SizeClass::Huge);

		assert!(SeatIndex::<T>::contains_key(&who, Roster::Class(SizeClass::Small)));
	}

	/// A displaced evaluator takes the smallest seat of eleven full rosters.
	#[benchmark]
	fn bond_extra() {
		let smallest = T::MinBond::get();
		let (who, rosters) = everywhere::<T>(0, smallest, 0);
		for roster in &rosters {
			fill_to_outbid::<T>(*roster);
		}

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), least_bid(smallest) - smallest);

		assert!(rosters.iter().all(|roster| SeatIndex::<T>::contains_key(&who, roster)));
	}

	/// The smallest seat of a full roster is displaced.
	#[benchmark]
	fn serve() {
		let domain = T::BenchmarkHelper::domain();
		let who = funded::<T>(0);
		ready(Pallet::<T>::do_bond(&who, least_bid(T::MinBond::get()), SizeClass::Small).is_ok());
		fill_to_outbid::<T>(Roster::Domain(domain));

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), domain);

		assert!(SeatIndex::<T>::contains_key(&who, Roster::Domain(domain)));
	}

	#[benchmark]
	fn unserve() {
		let (who, rosters) = seated::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0);

		assert!(rosters.iter().filter(|roster| SeatIndex::<T>::contains_key(&who, roster)).count() == rosters.len() - 1);
	}

	/// The evaluator leaves eleven rosters: two chunks of each change.
	#[benchmark]
	fn unbond() {
		let (who, rosters) = seated::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!rosters.iter().any(|roster| SeatIndex::<T>::contains_key(&who, roster)));
	}

	#[benchmark]
	fn withdraw() {
		let (who, _) = seated::<T>();
		ready(Pallet::<T>::do_unbond(&who).is_ok());
		let later = Evaluators::<T>::get(&who).and_then(|record| record.withdrawable).unwrap_or(0);
		frame_system::Pallet::<T>::set_block_number(later.saturated_into());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Evaluators::<T>::contains_key(&who));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext_with(0), crate::mock::Test);
}
