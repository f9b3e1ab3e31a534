//! Standings, records, and what they mint.

use crate::{mock::*, records::MAX_PAUSE, Error, Event, Forecasters, Markets, COMMIT_BURN, MIN_INCREMENT};
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
	forecaster.record = Record::default();
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
fn a_record_counts_an_entered_round_until_it_is_revealed() {
	build_and_execute(|| {
		let fresh = |entries: u32| {
			let mut record = Record::default();
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

/// Fills a round with 128 seats, and lets a larger wager displace the first one.
#[test]
fn a_displaced_seat_counts_nothing_at_once() {
	build_and_execute(|| {
		let (round, first) = (open(), slice());
		for who in 1..=128 {
			assert_ok!(commit(who, round, &still(), DOIN));
		}
		let entered = forecaster(1).record;
		assert_ok!(commit(129, round, &still(), 2 * DOIN));
		let mut expected = entered;
		assert!(expected.correct(first, 0));
		assert_eq!(forecaster(1).record, expected);
		assert_eq!((forecaster(2).record, forecaster(129).record), (entered, entered));
		assert_ok!(commit(1, round, &still(), 2 * DOIN));
		expected.enter(first, (SLICE / BATCH) as u32);
		assert_eq!(forecaster(1).record, expected, "another seat in the same round counts again");
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
		let expected = effective(MILLION / 2, increment(bound, 0, 0));
		assert_eq!(increment(bound, 0, 0), ONE_Q32 / 2, "half of the squared error is half a bit");
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

/// Half of the stake can report bars that one account knows: its record proves 16 bits in a term. All claims of a term pay one.
#[test]
fn all_claims_of_a_term_are_paid_one_bit_together() {
	build_and_execute(|| {
		enter(&[1, 2]);
		weigh();
		one_term(1, |_| ONE);
		let copy = crate::types::Forecaster { deposit: RECORD, ..forecaster(1) };
		Forecasters::<Test>::insert(STREAM, 2, copy);
		assert_ok!(claim(1));
		assert_eq!((market().mark, market().claimed), (ONE_Q32, ONE_Q32));
		for who in [1, 2] {
			assert_noop!(claim(who), Error::<Test>::NothingToClaim);
		}
		assert_eq!(Forecasts::leaderboard_view(STREAM, 1).map(|board| board.forecasters[0].increment), Some(0));
		one_term(1, |_| ONE);
		// The bound of the last term alone, as after eight terms of such a record.
		Markets::<Test>::mutate(STREAM, |market| market.as_mut().expect("a market").paid_from = slice() / SLICES - 1);
		assert_ok!(claim(1));
		assert_eq!((market().mark, market().claimed), (2 * ONE_Q32, ONE_Q32), "the next term pays the next bit");
		assert_eq!(Queue::get().len(), 2);
	});
}

/// The mark falls in every block. A claim of what it falls in one would take a place of the queue for next to nothing.
#[test]
fn a_claim_waits_until_the_mark_has_fallen_by_a_part_of_a_bit() {
	build_and_execute(|| {
		enter(&[1]);
		weigh();
		one_term(1, |_| ONE / 2);
		assert_ok!(claim(1));
		// Half a bit falls by 0.00069 bits in two blocks, and by 0.00104 in three.
		System::set_block_number(System::block_number() + 2);
		assert_noop!(claim(1), Error::<Test>::NothingToClaim);
		System::set_block_number(System::block_number() + 1);
		assert_ok!(claim(1));
		let claimed = events().into_iter().rev().find_map(|event| match event {
			Event::Claimed { increment, .. } => Some(increment),
			_ => None,
		});
		assert!(claimed.is_some_and(|increment| (MIN_INCREMENT..2 * MIN_INCREMENT).contains(&increment)), "{claimed:?}");
		assert_eq!(Queue::get().len(), 2);
	});
}

/// A forecaster that leaves and returns is rid of its bad terms. They count 0 from then on, so the rest proves less.
#[test]
fn a_record_that_begins_anew_counts_the_terms_before_it() {
	build_and_execute(|| {
		enter(&[1]);
		weigh();
		one_term(1, |_| -ONE);
		assert_ok!(Forecasts::leave(RuntimeOrigin::signed(1), STREAM));
		enter(&[1]);
		one_term(1, |_| ONE / 2);
		assert_eq!(slice() / SLICES - market().paid_from, 3, "terms since the vote");
		assert_ok!(claim(1));
		let claimed = events().into_iter().find_map(|event| match event {
			Event::Claimed { bound, .. } => Some(bound),
			_ => None,
		});
		// 32 of 96 slices have a mean of a half: ȳ = 1/6, and sd² = (8 − 96/36)/95.
		let variance: f64 = (8.0 - 96.0 / 36.0) / 95.0;
		let exact = 1.0 / 6.0 - 3.0 * (variance / 96.0).sqrt();
		let bound = claimed.expect("the claim has an event") as f64 / ONE as f64;
		assert!((bound - exact).abs() < 1e-6, "{bound} instead of {exact}");
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

/// Moves the clock by `slices`, between the loss of the weight and its return.
fn pause(slices: u32) {
	Forecasts::weight_lost(STREAM);
	Weighs::set(0);
	Ahead::mutate(|ahead| *ahead += u64::from(slices) * SLICE);
	Weighs::set(MILLION / 2);
	Forecasts::weight_gained(STREAM);
}

/// A stream that sleeps when a session changes, and whose pot is paid into, has lost its weight for a session.
#[test]
fn a_stream_that_slept_for_a_session_keeps_the_terms_of_its_records() {
	build_and_execute(|| {
		enter(&[1]);
		weigh();
		one_term(1, |_| ONE / 2);
		let before = market();
		assert!(Forecasts::votable(STREAM));
		Paid::set(0);
		assert!(!Forecasts::votable(STREAM), "the gauge takes its weight");
		Forecasts::weight_lost(STREAM);
		assert_eq!(market().paused, Some(slice()));
		Weighs::set(0);
		assert_noop!(claim(1), Error::<Test>::NoWeight);
		Paid::set(1_000);
		assert!(Forecasts::votable(STREAM));
		Weighs::set(MILLION / 2);
		Forecasts::weight_gained(STREAM);
		assert_eq!(market(), before);
		assert_ok!(claim(1));
	});
}

#[test]
fn a_pause_of_more_than_a_term_ends_the_terms_before_it() {
	build_and_execute(|| {
		enter(&[1]);
		weigh();
		let from = market().paid_from;
		pause(MAX_PAUSE);
		assert_eq!((market().paid_from, market().paused), (from, None));
		pause(MAX_PAUSE + 1);
		let next = slice() / SLICES + 1;
		assert_eq!((market().paid_from, market().paused), (next, None));
		assert!(next > from + 1);
		Forecasts::weight_lost(QUIET);
		assert_eq!(Markets::<Test>::iter().count(), 1, "a stream without a market has no pause");
	});
}

/// A weight of genesis has not been gained, so no term is paid before the first gain.
#[test]
fn a_pause_of_a_weight_of_genesis_begins_the_terms() {
	build_and_execute(|| {
		assert_eq!(market().paid_from, u32::MAX);
		pause(1);
		assert_eq!(market().paid_from, slice() / SLICES + 1);
	});
}
