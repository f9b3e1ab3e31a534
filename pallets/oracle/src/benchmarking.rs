//! Benchmarks of the calls and of the steps of the hook, at the sizes that cost most.

// Benchmarks stop if their set-up failed.
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::{
	pallet::{Awake, Call, Config, NextStream, Pages, Pallet, Poll, Reporters, Reveals, Roll, Streams},
	types::{AwakeStreams, Commitment, Page, PollState, Reporter, Seat, StreamState},
	HoldReason,
};
use alloc::{boxed::Box, vec, vec::Vec};
use doin_primitives::{
	bounded_collections::BoundedVec,
	commitment::{commitment, payload_hash, Tag},
	oracle::{
		Bars as BatchBars, Fields, Report, Reports, StreamId, StreamSpec, Values, FIRST_STREAM, MAX_AWAKE, MAX_KEPT, REPORT_HOLD,
	},
	DOIN,
};
use doin_traits::{block::current_block, Clock, Electorate};
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate, MutateHold},
	Get, Hooks,
};
use frame_system::RawOrigin;

/// Provides the reporters that polls are benchmarked with.
pub trait BenchmarkHelper<AccountId> {
	/// Makes `count` accounts the validators of this session, each with a stake, and returns them.
	fn reporters(count: u32) -> Vec<AccountId>;
	/// Sets the clock to `ms` milliseconds or up to a slot earlier.
	fn set_time(ms: u64);
}

/// Salt of all commitments.
const SALT: [u8; 32] = [7; 32];
/// Bars of a batch of [`spec`].
const BATCH: u16 = 5;

/// Returns the record of a stream with the most pages, with every text at its largest length.
fn spec<T: Config>() -> StreamSpec {
	StreamSpec {
		symbol: BoundedVec::truncate_from(vec![b'x'; 16]),
		unit: BoundedVec::truncate_from(vec![b'x'; 32]),
		source: BoundedVec::truncate_from(vec![b'x'; 256]),
		bar_ms: Pallet::<T>::least_batch_ms().max(1_000),
		first_bar: 0,
		batch: BATCH,
		fields: Fields { high: true, low: true, volume: true },
		kept: MAX_KEPT,
		season: 288,
		scale: 1_000,
		horizon: 100,
		fee: DOIN,
		domain: Some(0),
	}
}

/// Returns an account that can pay everything.
fn rich<T: Config>(name: &'static str, index: u32) -> T::AccountId {
	let who: T::AccountId = account(name, index, 0);
	assert!(T::Currency::mint_into(&who, 1_000_000 * DOIN).is_ok());
	who
}

/// Registers a stream, whose bars are all stored. Returns its identifier and its owner.
fn stream<T: Config>() -> (StreamId, T::AccountId) {
	let owner = rich::<T>("owner", 0);
	let id = FIRST_STREAM + NextStream::<T>::get();
	assert!(Pallet::<T>::do_register(owner.clone(), spec::<T>()).is_ok());
	(id, owner)
}

/// Wakes as many streams as can be awake, and returns the first of them.
fn awake_streams<T: Config>() -> StreamId {
	Awake::<T>::kill();
	let (first, owner) = stream::<T>();
	for _ in 1..MAX_AWAKE {
		assert!(Pallet::<T>::do_register(owner.clone(), spec::<T>()).is_ok());
	}
	for id in first..first + MAX_AWAKE {
		assert!(Pallet::<T>::do_sponsor(owner.clone(), id, 100 * DOIN).is_ok());
	}
	first
}

/// Returns the bars of a batch as a reporter knows them.
fn bars(value: i64) -> BatchBars {
	BatchBars::truncate_from(vec![Some(Values::truncate_from(vec![value; 4])); BATCH.into()])
}

/// Opens a poll with `count` reporters, who answer with the hold of a commitment, for as many streams as can be awake.
fn poll<T: Config>(count: u32) -> (StreamId, Vec<T::AccountId>) {
	frame_system::Pallet::<T>::set_block_number(1u32.into());
	let first = awake_streams::<T>();
	let reporters = T::BenchmarkHelper::reporters(count);
	let due = AwakeStreams::truncate_from((first..first + MAX_AWAKE).map(|id| (id, 1)).collect());
	Pallet::<T>::open(0, due, T::Clock::now_ms().max(1), T::Electorate::stakes());
	let id = Poll::<T>::get().id;
	for who in &reporters {
		assert!(T::Currency::mint_into(who, 100 * DOIN).is_ok());
		assert!(T::Currency::hold(&HoldReason::Report.into(), who, REPORT_HOLD).is_ok());
		let commitment = Some(Commitment { poll: id, hash: [1; 32], revealed: false });
		Reporters::<T>::insert(who, Reporter { commitment, ..Default::default() });
	}
	assert_eq!(Roll::<T>::get().len() as u32, count);
	(first, reporters)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register() {
		let owner = rich::<T>("owner", 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), Box::new(spec::<T>()));

		assert!(Streams::<T>::contains_key(FIRST_STREAM + NextStream::<T>::get() - 1));
	}

	/// The stream wakes, and takes the last place.
	#[benchmark]
	fn sponsor() {
		let first = awake_streams::<T>();
		Awake::<T>::mutate(|awake| awake.pop());
		let last = first + MAX_AWAKE - 1;
		Streams::<T>::mutate(last, |state| {
			if let Some(StreamState { awake, .. }) = state {
				*awake = false;
			}
		});
		let payer = rich::<T>("sponsor", 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(payer), last, DOIN);

		assert!(Streams::<T>::get(last).is_some_and(|state| state.awake));
	}

	/// All pages are stored.
	#[benchmark]
	fn retire() {
		let (id, owner) = stream::<T>();
		let page = Page { number: 0, bars: BoundedVec::truncate_from(vec![Some(Values::truncate_from(vec![1; 4])); 95]) };
		for slot in 0..spec::<T>().pages() {
			Pages::<T>::insert(id, slot, &page);
		}
		T::BenchmarkHelper::set_time(u64::from(MAX_KEPT + 1) * spec::<T>().bar_ms);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);

		assert!(!Streams::<T>::contains_key(id));
	}

	/// The roll is full, and the reporter is its last.
	#[benchmark]
	fn commit() {
		let (_, reporters) = poll::<T>(T::MaxReporters::get());
		let who = reporters[reporters.len() - 1].clone();
		let id = Poll::<T>::get().id;
		Reporters::<T>::remove(&who);
		assert!(T::Currency::set_on_hold(&HoldReason::Report.into(), &who, 0).is_ok());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), id, [2; 32]);

		assert!(Reporters::<T>::get(&who).is_some_and(|record| record.commitment.is_some()));
	}

	/// The reporter is the last of a full roll and reports `s` streams.
	#[benchmark]
	fn reveal(s: Linear<1, MAX_AWAKE>) {
		let (first, reporters) = poll::<T>(T::MaxReporters::get());
		let who = reporters[reporters.len() - 1].clone();
		let reports = (first..first + s).map(|stream| Report { stream, bars: bars(i64::MAX) });
		let reports = Reports::truncate_from(reports.collect());
		let id = Poll::<T>::get().id;
		let hash = commitment(Tag::Report, &T::GenesisHash::get(), &id, &who, &payload_hash(&reports), &SALT);
		let made = Some(Commitment { poll: id, hash, revealed: false });
		Reporters::<T>::insert(&who, Reporter { commitment: made, ..Default::default() });
		frame_system::Pallet::<T>::set_block_number(Poll::<T>::get().commits_until.into());

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, reports, SALT);

		assert_eq!(Reveals::<T>::iter().count() as u32, s);
	}

	#[benchmark]
	fn leave() {
		let who = rich::<T>("reporter", 0);
		assert!(T::Currency::hold(&HoldReason::Report.into(), &who, REPORT_HOLD).is_ok());
		Reporters::<T>::insert(&who, Reporter::default());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Reporters::<T>::contains_key(&who));
	}

	/// No batch is due.
	#[benchmark]
	fn on_initialize() {
		let now = frame_system::Pallet::<T>::block_number();
		Awake::<T>::put(AwakeStreams::truncate_from(vec![(FIRST_STREAM, u64::MAX); MAX_AWAKE as usize]));
		Poll::<T>::put(PollState::default());

		#[block]
		{
			Pallet::<T>::on_initialize(now);
		}

		assert!(!Poll::<T>::get().is_open);
	}

	/// As many streams are due as can be awake. The list of them, and the last poll, are read before.
	#[benchmark]
	fn open(r: Linear<1, { T::MaxReporters::get() }>) {
		let first = awake_streams::<T>();
		T::BenchmarkHelper::reporters(r);
		let due = AwakeStreams::truncate_from((first..first + MAX_AWAKE).map(|id| (id, 1)).collect());

		#[block]
		{
			let stakes = T::Electorate::stakes();
			Pallet::<T>::open(0, due, T::Clock::now_ms().max(1), stakes);
		}

		assert_eq!(Poll::<T>::get().batches.len() as u32, MAX_AWAKE);
		assert_eq!(Roll::<T>::get().len() as u32, r);
	}

	/// Every reporter has reported the batch, each with other values.
	#[benchmark]
	fn count(r: Linear<1, { T::MaxReporters::get() }>) {
		let (first, _) = poll::<T>(r);
		for place in 0..r {
			Reveals::<T>::insert(first, place as u16, bars(i64::from(place * 7_919 % 101)));
		}

		#[block]
		{
			let (mut poll, mut roll) = (Poll::<T>::get(), Roll::<T>::get());
			let batch = poll.batches.remove(0);
			Pallet::<T>::count_batch(poll.id, batch, roll.as_mut());
			Roll::<T>::put(roll);
			Poll::<T>::put(poll);
		}

		assert_eq!(Reveals::<T>::iter().count(), 0);
		assert!(Streams::<T>::get(first).is_some_and(|state| state.misses == 0));
	}

	/// Every reporter is paid, and loses a part of its hold.
	#[benchmark]
	fn close(r: Linear<1, { T::MaxReporters::get() }>) {
		let (_, reporters) = poll::<T>(r);
		let earned = T::Currency::minimum_balance();
		let seat = |who: &T::AccountId| Seat { who: who.clone(), stake: 1, earned, within: 1, outside: 1 };
		let roll: Vec<_> = reporters.iter().map(seat).collect();
		let account = Pallet::<T>::account();
		assert!(T::Currency::mint_into(&account, 1_000 * DOIN).is_ok());
		let now = current_block::<T>();

		#[block]
		{
			let mut poll = Poll::<T>::get();
			(poll.is_open, poll.reveals_until) = (false, now);
			Pallet::<T>::close(poll.id, roll);
			Poll::<T>::put(poll);
		}

		let unrevealed = |who: &T::AccountId| Reporters::<T>::get(who).is_some_and(|record| record.unrevealed == 1);
		assert!(reporters.iter().all(unrevealed));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
