//! Medians, fees, missing bars and stored pages.

use crate::{mock::*, Event, Pages, Streams};
use doin_primitives::{
	oracle::{MAX_MISSES, UNREVEALED_BURN},
	DOIN,
};
use doin_traits::Bars;
use frame_support::{
	assert_ok,
	traits::fungible::{Inspect, InspectHold},
};

/// Returns two equal closes.
fn both(close: i64) -> Option<Vec<Option<i64>>> {
	Some(vec![Some(close); 2])
}

/// Returns the free and held balance of an account.
fn total(who: AccountId) -> u128 {
	<Balances as Inspect<AccountId>>::total_balance(&who)
}

#[docify::export]
#[test]
fn two_of_seven_reporters_that_lie_change_no_bar() {
	build_and_execute(|| {
		poll_of(|who| match who {
			1..=5 => Some(vec![Some(100_000), Some(101_000)]),
			6 => Some(vec![Some(50_000), Some(50_500)]),
			7 => Some(vec![Some(150_000), Some(151_500)]),
			_ => None,
		});
		assert_eq!(Oracle::closes(STREAM, 1_002..1_004), Some(vec![Some(100_000), Some(101_000)]));
		// The honest reporters share the fee of 1 DOIN.
		assert_eq!([1, 5, 6, 7].map(total), [ENDOWMENT + DOIN / 5, ENDOWMENT + DOIN / 5, ENDOWMENT, ENDOWMENT]);
	});
}

#[test]
fn half_of_the_stake_offline_voids_nothing_and_more_does() {
	build_and_execute(|| {
		Stakes::set((1..=8).map(|who| (who, 1_000)).collect());
		poll_of(|who| (who <= 4).then(|| vec![Some(7), Some(8)]));
		assert_eq!(Oracle::closes(STREAM, 1_002..1_004), Some(vec![Some(7), Some(8)]));
		Stakes::set((1..=8).map(|who| (who, if who == 8 { 1_001 } else { 1_000 })).collect());
		poll_of(|who| (who <= 4).then(|| vec![Some(7), Some(8)]));
		assert_eq!(Oracle::closes(STREAM, 1_004..1_006), Some(vec![None, None]));
		assert_eq!((state().misses, state().pot), (1, POT - DOIN), "a batch without bars takes no fee");
		assert_eq!(Received::get(), [(STREAM, 1_002..1_004)], "nothing hears of it");
		let missing = Event::BatchMissing { poll: 2, stream: STREAM, first: 1_004, reveals: 4 };
		assert!(events().contains(&missing));
	});
}

#[test]
fn stake_counts_and_not_heads() {
	build_and_execute(|| {
		Stakes::set((1..=7).map(|who| (who, if who <= 2 { 2_501 } else { 1_000 })).collect());
		poll_of(|who| both(if who <= 2 { 50 } else { 100 }).filter(|_| who <= 7));
		assert_eq!(Oracle::closes(STREAM, 1_002..1_004), Some(vec![Some(50); 2]), "more than half of the stake decides");
	});
}

#[test]
fn a_bar_that_few_know_is_missing_and_the_others_stand() {
	build_and_execute(|| {
		poll_of(|who| (who <= 7).then(|| vec![(who <= 3).then_some(9), Some(10)]));
		assert_eq!(Oracle::closes(STREAM, 1_002..1_004), Some(vec![None, Some(10)]));
		assert_eq!(Oracle::closes(STREAM, 1_003..1_004), Some(vec![Some(10)]));
		assert_eq!(state().misses, 0);
		// The seven values of the standing bar share the fee; the missing bar counts for nobody.
		assert_eq!(total(1), ENDOWMENT + DOIN / 7);
		assert_eq!((record(1).within, record(1).outside, record(1).polls), (1, 0, 1));
	});
}

#[test]
fn a_commitment_that_is_not_revealed_burns_a_part_of_its_hold() {
	build_and_execute(|| {
		let (poll, mine) = (to_poll(), reports(&[Some(1), Some(2)]));
		assert_ok!(commit(1, poll, &mine));
		let issued = Balances::total_issuance();
		assert_eq!(held(1), 10 * DOIN);
		to_close();
		assert_eq!(held(1), 10 * DOIN - UNREVEALED_BURN);
		assert_eq!(issued - Balances::total_issuance(), UNREVEALED_BURN);
		assert_eq!((record(1).unrevealed, record(1).polls, record(1).commitment), (1, 0, None));
		assert!(events().contains(&Event::Unrevealed { poll, who: 1, burned: UNREVEALED_BURN }));
		// The next commitment fills the hold up again.
		let poll = to_poll();
		assert_ok!(commit(1, poll, &mine));
		assert_eq!(held(1), 10 * DOIN);
		to_reveals();
		assert_ok!(reveal(1, poll, &mine));
		to_close();
		assert_eq!((held(1), record(1).polls), (10 * DOIN, 1));
	});
}

#[test]
fn a_stream_without_a_source_sleeps_and_pays_for_its_place() {
	build_and_execute(|| {
		let issued = Balances::total_issuance();
		while state().awake {
			assert!(state().misses < MAX_MISSES && state().pot == POT);
			to_poll();
			to_close();
		}
		assert_eq!(state().misses, MAX_MISSES);
		let burned = u128::from(MAX_MISSES) * DOIN;
		assert_eq!((state().pot, issued - Balances::total_issuance()), (POT - burned, burned));
		assert!(events().contains(&Event::Slept { stream: STREAM, next: state().next, burned }));
		assert_ok!(Oracle::sponsor(RuntimeOrigin::signed(OTHER), STREAM, DOIN));
		assert!(state().awake && state().misses == 0);
	});
}

/// A pot of two batches holds a place for two batches, whether they have bars or not.
#[test]
fn missed_batches_hold_a_place_for_as_many_fees_as_the_pot_has() {
	build_and_execute(|| {
		let stream = STREAM + 1;
		assert_ok!(Oracle::register(RuntimeOrigin::signed(OTHER), Box::new(spec())));
		assert_ok!(Oracle::sponsor(RuntimeOrigin::signed(OTHER), stream, 2 * DOIN));
		let paid_until = || Oracle::stream(stream).map(|stream| stream.paid_until);
		let issued = Balances::total_issuance();
		assert_eq!(paid_until(), Some(1_006));
		to_poll();
		to_close();
		assert_eq!(paid_until(), Some(1_006), "the stream cannot stop before it");
		to_poll();
		to_close();
		let state = Streams::<Test>::get(stream).expect("registered");
		assert_eq!((state.awake, state.pot, state.next), (false, 0, 1_006));
		assert_eq!(issued - Balances::total_issuance(), 2 * DOIN);
		assert!(events().contains(&Event::Slept { stream, next: 1_006, burned: 2 * DOIN }));
	});
}

#[test]
fn pages_are_a_ring_and_only_kept_bars_are_read() {
	build_and_execute(|| {
		// A page has 384 bars, and the stream keeps 10 of them, so two pages are enough.
		assert_eq!((spec().page_bars(), spec().pages()), (384, 2));
		for batch in 0..8 {
			poll_of(|who| both(batch).filter(|_| who <= 7 && batch != 5));
		}
		let next = 1_002 + 16;
		assert_eq!((state().next, state().first()), (next, next - 10));
		let expected = vec![Some(3), Some(3), Some(4), Some(4), None, None, Some(6), Some(6), Some(7), Some(7)];
		assert_eq!(Oracle::closes(STREAM, next - 10..next), Some(expected));
		assert_eq!(Oracle::closes(STREAM, next - 11..next), None, "a bar that is not kept any more");
		assert_eq!(Oracle::closes(STREAM, next - 1..next + 1), None, "a bar that is not complete");
		assert_eq!(Oracle::closes(STREAM + 1, 0..0), None);
		assert_eq!(Pages::<Test>::iter_prefix(STREAM).count(), 1);
		let view = Oracle::bars_view(STREAM, 0, 3).expect("the stream exists");
		assert_eq!((view.first, view.bars), (next - 10, vec![Some(vec![3]), Some(vec![3]), Some(vec![4])]));
		assert_eq!(Balances::total_balance_on_hold(&OWNER), Oracle::deposit(&spec()));
		assert!(Oracle::deposit(&spec()) > PER_BYTE * 2 * 384 * 10, "two pages of 384 bars of 10 bytes");
	});
}
