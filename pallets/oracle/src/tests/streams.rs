//! Registration, pots, sleep and removal of streams.

use crate::{mock::*, Awake, Error, Event, HoldReason, NextStream, Pages, Poll, Streams};
use doin_primitives::{
	bounded_collections::BoundedVec,
	oracle::{StreamSpec, FIRST_STREAM, MAX_AWAKE},
	DOIN,
};
use doin_traits::Bars;
use frame_support::{
	assert_noop, assert_ok,
	dispatch::DispatchResult,
	traits::fungible::{hold::Inspect as _, Inspect},
};

fn register(spec: StreamSpec) -> DispatchResult {
	Oracle::register(RuntimeOrigin::signed(OTHER), Box::new(spec))
}

fn sponsor(stream: u32, amount: u128) -> DispatchResult {
	Oracle::sponsor(RuntimeOrigin::signed(OTHER), stream, amount)
}

fn free(who: AccountId) -> u128 {
	<Balances as Inspect<AccountId>>::balance(&who)
}

#[test]
fn a_registration_burns_a_fee_and_holds_the_price_of_its_bytes() {
	build_and_execute(|| {
		let issued = Balances::total_issuance();
		assert_ok!(register(spec()));
		let (stream, deposit) = (FIRST_STREAM + 1, Oracle::deposit(&spec()));
		assert_eq!(Balances::balance_on_hold(&HoldReason::Stream.into(), &OTHER), deposit);
		assert_eq!(issued - Balances::total_issuance(), 10 * DOIN);
		assert!(events().contains(&Event::Registered { stream, owner: OTHER, deposit, fee: 10 * DOIN }));
		let state = Streams::<Test>::get(stream).expect("registered");
		assert!(!state.awake && state.pot == 0 && state.spec == spec());
	});
}

#[test]
fn a_record_that_is_refused_costs_nothing() {
	build_and_execute(|| {
		let refused = [
			StreamSpec { symbol: BoundedVec::new(), ..spec() },
			StreamSpec { batch: 25, ..spec() },
			StreamSpec { bar_ms: BAR_MS / 2 - 1, ..spec() },
			StreamSpec { bar_ms: 43_200_001, ..spec() },
			// A day after block 1, bar 5 320 is running. A later one would keep a place for nothing.
			StreamSpec { first_bar: 5_321, ..spec() },
			StreamSpec { fee: DOIN - 1, ..spec() },
			StreamSpec { kept: 9_001, ..spec() },
		];
		for spec in refused {
			assert_noop!(register(spec), Error::<Test>::InvalidSpec);
		}
		assert_ok!(register(StreamSpec { bar_ms: BAR_MS / 2, ..spec() }));
		assert_ok!(register(StreamSpec { first_bar: 5_320, ..spec() }));
		NextStream::<Test>::put(u32::MAX);
		assert_noop!(register(spec()), Error::<Test>::NoMoreIds);
		NextStream::<Test>::put(3);
	});
}

#[test]
fn a_stream_sleeps_when_its_pot_cannot_pay_and_goes_on_after_a_gap() {
	build_and_execute(|| {
		assert_ok!(register(StreamSpec { fee: 2 * DOIN, ..spec() }));
		let stream = FIRST_STREAM + 1;
		assert_noop!(sponsor(stream, DOIN - 1), Error::<Test>::AmountTooSmall);
		assert_noop!(sponsor(stream + 1, DOIN), Error::<Test>::UnknownStream);
		assert_ok!(sponsor(stream, DOIN));
		let state = || Streams::<Test>::get(stream).expect("registered");
		assert!(!state().awake, "one batch costs 2 DOIN");
		assert_eq!(Oracle::stream(stream).map(|s| s.paid_until), Some(0));
		assert_ok!(sponsor(stream, 2 * DOIN));
		assert!(state().awake);
		assert_eq!((state().next, state().start, Oracle::stream(stream).map(|s| s.paid_until)), (1_002, 1_002, Some(1_004)));

		let poll = to_poll();
		let report = |stream| doin_primitives::oracle::Report { stream, bars: closes(&[Some(1), Some(1)]) };
		let both = BoundedVec::truncate_from(vec![report(STREAM), report(stream)]);
		(1..=7).for_each(|who| {
			assert_ok!(commit(who, poll, &both));
		});
		to_reveals();
		(1..=7).for_each(|who| {
			assert_ok!(reveal(who, poll, &both));
		});
		to_close();
		assert_eq!((state().awake, state().next), (false, 1_004));
		assert!(state().pot < 2 * DOIN);
		assert!(events().contains(&Event::Slept { stream, next: 1_004, burned: 0 }));

		to(83);
		assert_ok!(sponsor(stream, 10 * DOIN));
		// Bar 1 008 is running in block 83, and bar 1 010 begins the next whole batch.
		assert_eq!((state().next, state().start), (1_010, 1_002));
		assert!(events().contains(&Event::Woken { stream, next: 1_010 }));
		let expected = [Some(1), Some(1), None, None, None, None, None, None];
		assert_eq!(Oracle::closes(stream, 1_002..1_010), Some(expected.to_vec()), "the gap is missing");
	});
}

#[test]
fn a_place_is_free_once_another_stream_sleeps() {
	build_and_execute(|| {
		for number in 1..=MAX_AWAKE {
			assert_ok!(register(spec()));
			if number < MAX_AWAKE {
				assert_ok!(sponsor(FIRST_STREAM + number, DOIN));
			} else {
				assert_noop!(sponsor(FIRST_STREAM + number, DOIN), Error::<Test>::NoPlace);
			}
		}
		let last = FIRST_STREAM + MAX_AWAKE;
		let is_awake = |stream| Streams::<Test>::get(stream).expect("registered").awake;
		assert!(!is_awake(last) && is_awake(last - 1), "one of {MAX_AWAKE} places is that of the first stream");
		assert_eq!(Awake::<Test>::get().len() as u32, MAX_AWAKE);
		// Every stream is in one poll. The seven reporters know the bars of one of the streams with a pot of one batch.
		let poll = to_poll();
		let bars = closes(&[Some(1), Some(1)]);
		let report = doin_primitives::oracle::Report { stream: FIRST_STREAM + 1, bars };
		let reports = BoundedVec::truncate_from(vec![report]);
		(1..=7).for_each(|who| {
			assert_ok!(commit(who, poll, &reports));
		});
		to_reveals();
		(1..=7).for_each(|who| {
			assert_ok!(reveal(who, poll, &reports));
		});
		to_close();
		assert!(!is_awake(FIRST_STREAM + 1));
		assert_ok!(sponsor(last, DOIN));
		assert!(is_awake(last));
	});
}

#[test]
fn a_stream_is_retired_once_its_bars_are_expired() {
	build_and_execute(|| {
		assert_ok!(register(StreamSpec { fee: 3 * DOIN, ..spec() }));
		let stream = FIRST_STREAM + 1;
		let retire = |who| Oracle::retire(RuntimeOrigin::signed(who), stream);
		assert_ok!(sponsor(stream, 5 * DOIN));
		assert_noop!(retire(OWNER), Error::<Test>::NotOwner);
		assert_noop!(retire(OTHER), Error::<Test>::StillAwake);
		let poll = to_poll();
		let report = doin_primitives::oracle::Report { stream, bars: closes(&[Some(1), Some(1)]) };
		let reports = BoundedVec::truncate_from(vec![report]);
		(1..=7).for_each(|who| {
			assert_ok!(commit(who, poll, &reports));
		});
		to_reveals();
		(1..=7).for_each(|who| {
			assert_ok!(reveal(who, poll, &reports));
		});
		to_close();
		let pot = Streams::<Test>::get(stream).expect("registered").pot;
		assert!(pot < 3 * DOIN);
		Ahead::set(5 * BAR_MS);
		assert_noop!(retire(OTHER), Error::<Test>::BarsKept);
		Ahead::set(10 * BAR_MS + 2 * BAR_MS);
		let (before, issued) = (free(OTHER), Balances::total_issuance());
		assert_ok!(retire(OTHER));
		assert_eq!(free(OTHER), before + Oracle::deposit(&spec()), "the deposit is released");
		assert_eq!(issued - Balances::total_issuance(), pot, "the rest of the pot is burned");
		assert_eq!(Pages::<Test>::iter_prefix(stream).count(), 0);
		assert_noop!(retire(OTHER), Error::<Test>::UnknownStream);
	});
}

#[test]
fn a_stream_of_genesis_without_a_pot_sleeps_until_it_is_paid_into() {
	build_and_execute(|| {
		assert_ok!(Oracle::do_genesis(OTHER, spec(), 0));
		let stream = FIRST_STREAM + 1;
		let asleep = Streams::<Test>::get(stream).expect("registered");
		assert!(!asleep.awake && asleep.pot == 0 && !Awake::<Test>::get().iter().any(|(id, _)| *id == stream));
		to_poll();
		assert!(Poll::<Test>::get().batches.iter().all(|batch| batch.stream != stream), "nobody is asked");
		assert_ok!(sponsor(stream, DOIN));
		let awake = Streams::<Test>::get(stream).expect("registered");
		assert!(awake.awake && awake.pot == DOIN && awake.start > 0 && awake.start == awake.next);
	});
}

#[test]
fn an_entry_of_genesis_that_is_no_record_is_refused() {
	use crate::types::GenesisStream;
	let entry = |spec: &StreamSpec| GenesisStream::new(OWNER, spec, POT);
	assert_eq!(entry(&spec()).decoded(), Ok(spec()));
	let cut = GenesisStream { spec: "0x00".into(), ..entry(&spec()) };
	assert!(cut.decoded().is_err_and(|reason| reason.contains("not a SCALE-encoded StreamSpec")));
	let no_hex = GenesisStream { spec: "00".into(), ..entry(&spec()) };
	assert!(no_hex.decoded().is_err_and(|reason| reason.contains("does not start with 0x")));
}
