//! Standings, records, and what they mint.

use crate::{mock::*, Error, Event, Forecasters, Markets, COMMIT_BURN};
use doin_market::{
	record::{effective, increment, progress, OPEN_SLICES, SLICES},
	Record, Signed, ONE,
};
use doin_primitives::{settlement::Backing, DOIN, MILLION, ONE_Q32};
use doin_traits::{OnWeightGained, Votable};
use frame_support::{assert_noop, assert_ok};

/// Returns the slice that the stream is in.
fn slice() -> u32 {
	(running() / SLICE) as u32
}

/// Moves the clock to the beginning of a term, and lets the stream gain a weight in it.
fn weigh() {
	let term = u64::from(SLICES) * SLICE;
	Ahead::mutate(|ahead| *ahead += term - running() % term);
	Weighs::set(MILLION / 2);
	Forecasts::weight_gained(STREAM);
}

/// Gives `who` a record with the skills of one round a slice from the next term on, and moves the clock to the end of that term.
fn one_term(who: AccountId, skill: impl Fn(u32) -> Signed) {
	let from = (slice() / SLICES + 1) * SLICES;
	let mut forecaster = forecaster(who);
	forecaster.record = Record::new(from);
	// As many rounds as a slice has batches.
	let rounds = (SLICE / BATCH) as u32;
	for slice in from..from + SLICES {
		(0..rounds).for_each(|_| forecaster.record.enter(slice, rounds));
		(0..rounds).for_each(|_| assert!(forecaster.record.correct(slice, skill(slice))));
	}
	Forecasters::<Test>::insert(STREAM, who, forecaster);
	let end = u64::from(from + SLICES + OPEN_SLICES) * SLICE;
	Ahead::mutate(|ahead| *ahead += end - running());
}

/// Returns the claim of `who`.
fn claim(who: AccountId) -> frame_support::dispatch::DispatchResult {
	Forecasts::claim(RuntimeOrigin::signed(who), STREAM)
}

/// Gives accounts a record with one seat each, which is collected.
fn enter(accounts: &[AccountId]) {
	let entries: Vec<_> = accounts.iter().map(|who| (*who, still(), DOIN)).collect();
	let round = whole(&entries);
	accounts.iter().for_each(|who| {
		assert_ok!(collect(round, *who));
	});
}

#[test]
fn a_standing_follows_the_skill_of_revealed_rounds_and_silence() {
	build_and_execute(|| {
		let round = whole(&[(1, perfect(), DOIN), (2, still(), DOIN)]);
		assert!(forecaster(1).standing > 0);
		assert_eq!(forecaster(2).standing, 0);
		assert_ok!(collect(round, 1));
		let round = open();
		assert_ok!(commit(2, round, &still(), DOIN));
		to_reveals(round);
		to(now() + REVEALS);
		assert_ok!(Forecasts::clear(RuntimeOrigin::signed(OTHER), round, 2));
		assert!(forecaster(2).standing < 0);
	});
}

/// A record counts a round from the commitment on: a forecaster cannot wait for the outcome and leave bad rounds out.
#[test]
fn a_record_counts_an_entered_round_until_it_is_revealed_displaced_or_void() {
	build_and_execute(|| {
		let fresh = |entries: u32| {
			let mut record = Record::new(slice());
			(0..entries).for_each(|_| record.enter(slice(), (SLICE / BATCH) as u32));
			record
		};
		let round = open();
		assert_ok!(commit(1, round, &still(), DOIN));
		assert_eq!(forecaster(1).record, fresh(1));
		let first = slice();
		let mut expected = fresh(1);
		to_reveals(round);
		assert_ok!(reveal(1, round, &still()));
		assert!(expected.correct(first, 0));
		assert_eq!(forecaster(1).record, expected);
	});
}

#[test]
fn a_void_round_counts_nothing_once_it_is_collected() {
	build_and_execute(|| {
		let (round, first) = (open(), slice());
		assert_ok!(commit(1, round, &still(), DOIN));
		let mut expected = forecaster(1).record;
		to(now() + COMMITS);
		Paid::set(0);
		to_reveals(round);
		assert_ok!(collect(round, 1));
		assert!(expected.correct(first, 0));
		assert_eq!(forecaster(1).record, expected);
	});
}

#[test]
fn a_stream_can_be_voted_for_once_its_market_has_32_slices() {
	build_and_execute(|| {
		assert!(!Forecasts::votable(STREAM), "no round");
		open();
		let since = market().since;
		assert!(!Forecasts::votable(STREAM));
		Ahead::mutate(|ahead| *ahead += u64::from(since + SLICES) * SLICE - running() - 1);
		assert!(!Forecasts::votable(STREAM));
		Ahead::mutate(|ahead| *ahead += 1);
		assert!(Forecasts::votable(STREAM));
		assert!(!Forecasts::votable(QUIET), "no market");
		Paid::set(0);
		assert!(!Forecasts::votable(STREAM), "the stream sleeps");
	});
}

#[test]
fn a_claim_mints_what_the_record_proves_beyond_the_mark() {
	build_and_execute(|| {
		enter(&[1]);
		weigh();
		assert_noop!(claim(1), Error::<Test>::NoTerm);
		one_term(1, |_| ONE / 2);
		assert_ok!(claim(1));
		let bound = ONE / 2;
		let expected = effective(MILLION / 2, increment(bound, 0));
		assert_eq!(increment(bound, 0), ONE_Q32 / 2, "half of the squared error is half a bit");
		let queued = Queue::get();
		assert_eq!((queued.len(), queued[0].effective, queued[0].optimizer), (1, expected, 1));
		assert_eq!((queued[0].round.domain, queued[0].backing), (STREAM, Backing::Runtime));
		assert!(queued[0].evaluators.shares.is_empty(), "the part of evaluators is not minted");
		let claimed = Event::Claimed { stream: STREAM, who: 1, bound, increment: ONE_Q32 / 2, effective: expected };
		assert!(events().contains(&claimed));
		assert_eq!((market().mark, market().marked), (ONE_Q32 / 2, now()));
		assert_noop!(claim(1), Error::<Test>::NothingToClaim);
	});
}

/// The mark belongs to the stream: copies of one forecast mint once, and again only as the mark falls.
#[test]
fn a_second_account_with_the_same_skill_proves_nothing_new() {
	build_and_execute(|| {
		enter(&[1, 2]);
		weigh();
		one_term(1, |_| ONE / 2);
		let copy = crate::types::Forecaster { deposit: RECORD, ..forecaster(1) };
		Forecasters::<Test>::insert(STREAM, 2, copy);
		assert_ok!(claim(1));
		assert_noop!(claim(2), Error::<Test>::NothingToClaim);
		System::set_block_number(System::block_number() + u64::from(HALF_LIFE));
		assert_ok!(claim(2));
		let increments: Vec<_> = events()
			.into_iter()
			.filter_map(|event| match event {
				Event::Claimed { increment, .. } => Some(increment),
				_ => None,
			})
			.collect();
		assert_eq!(increments, [ONE_Q32 / 2, ONE_Q32 / 4], "the mark has halved");
	});
}

#[test]
fn claims_are_refused_for_their_reason() {
	build_and_execute(|| {
		assert_noop!(Forecasts::claim(RuntimeOrigin::signed(1), QUIET), Error::<Test>::NoMarket);
		assert_noop!(claim(1), Error::<Test>::NoRecord);
		enter(&[1]);
		assert_noop!(claim(1), Error::<Test>::NoWeight);
		weigh();
		Free::set(0);
		assert_noop!(claim(1), Error::<Test>::QueueFull);
		Free::set(1);
		one_term(1, |slice| if slice.is_multiple_of(2) { ONE } else { -ONE / 2 });
		assert_noop!(claim(1), Error::<Test>::NothingToClaim);
		assert_eq!(progress(-1), 0);
		assert!(Queue::get().is_empty());
	});
}

#[test]
fn terms_that_began_before_the_vote_are_not_paid() {
	build_and_execute(|| {
		enter(&[1]);
		one_term(1, |_| ONE / 2);
		weigh();
		assert_noop!(claim(1), Error::<Test>::NoTerm);
		assert_eq!(market().paid_from, slice() / SLICES + 1);
		let before = market();
		Forecasts::weight_gained(QUIET);
		assert_eq!((market(), Markets::<Test>::iter().count()), (before, 1));
		assert_eq!(free(1) + held(1), ENDOWMENT - COMMIT_BURN);
	});
}
