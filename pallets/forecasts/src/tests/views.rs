//! Views of rounds, seats and forecasters.

use crate::{mock::*, types::Forecast, Error, Markets, Seats, MAX_OPEN, MIN_WAGER};
use doin_market::{
	record::{OPEN_SLICES, SLICES},
	Record, ONE,
};
use doin_primitives::{
	views::{ForecastPhase, ForecastReference, ForecastRoundView, ForecasterView, MarketRecordView},
	RoundId, DOIN, MILLION, ONE_Q32,
};
use doin_traits::OnWeightGained;
use frame_support::{assert_noop, assert_ok};

/// Returns the view of a round that exists.
fn view(id: RoundId) -> ForecastRoundView {
	Forecasts::seats_view(id).expect("the round exists").round
}

/// Returns the first `limit` forecasters of the leaderboard.
fn board(limit: u32) -> Vec<ForecasterView<AccountId>> {
	Forecasts::leaderboard_view(STREAM, limit).expect("a market").forecasters
}

#[test]
fn a_round_shows_its_phases() {
	build_and_execute(|| {
		let id = open();
		let opened = ForecastRoundView {
			id,
			phase: ForecastPhase::Committing,
			until: Some(now() + COMMITS),
			input_end: FIRST_BAR,
			zero_bar: None,
			horizon_end: None,
			zero: None,
			reference: ForecastReference::RepeatLast,
			seats: 0,
			wagers: 0,
			least_wager: Some(MIN_WAGER),
			pot: POT,
			factor: None,
		};
		assert_eq!(Forecasts::round_views(STREAM), Some(vec![opened.clone()]));
		assert_ok!(commit(1, id, &perfect(), 3 * DOIN));
		assert_ok!(commit(2, id, &still(), DOIN));
		let taken = ForecastRoundView { seats: 2, wagers: 4 * DOIN, ..opened };
		assert_eq!(view(id), taken);
		to(now() + COMMITS);
		let zero_bar = running();
		let horizon_end = Some(zero_bar + 3 + HORIZON as u64);
		let waiting = ForecastRoundView {
			phase: ForecastPhase::Waiting,
			until: None,
			zero_bar: Some(zero_bar),
			horizon_end,
			least_wager: None,
			..taken
		};
		assert_eq!(view(id), waiting);
		to_reveals(id);
		let zero = Some(close(zero_bar + 1));
		let until = Some(now() + REVEALS);
		let revealing =
			ForecastRoundView { phase: ForecastPhase::Revealing, until, zero_bar: None, horizon_end: None, zero, ..waiting };
		assert_eq!(view(id), revealing);
		assert_ok!(reveal(1, id, &perfect()));
		let seats = Forecasts::seats_view(id).expect("the round exists").seats;
		let skills: Vec<_> = seats.iter().map(|seat| (seat.who, seat.wager, seat.skill)).collect();
		assert_eq!(skills, [(1, 3 * DOIN, Seats::<Test>::get(id)[0].skill), (2, DOIN, None)]);
		assert!(skills[0].2.is_some_and(|skill| skill > 0));
		to(now() + REVEALS);
		let closed = view(id);
		assert_eq!((closed.phase, closed.until, closed.zero), (ForecastPhase::Closed, None, None));
		assert!(closed.factor.is_some_and(|factor| factor > 0));
		assert_eq!(closed.pot, market().pot);
		assert_ok!(collect(id, 1));
		let rest: Vec<_> = Forecasts::seats_view(id).expect("a seat is left").seats.into_iter().map(|seat| seat.who).collect();
		assert_eq!(rest, [2]);
		assert_ok!(Forecasts::clear(RuntimeOrigin::signed(OTHER), id, 2));
		assert_eq!(Forecasts::seats_view(id), None);
	});
}

#[test]
fn the_open_rounds_of_a_market_are_listed_from_the_oldest_on() {
	build_and_execute(|| {
		assert_eq!(Forecasts::round_views(QUIET), None, "nobody has sponsored it");
		assert_eq!(Forecasts::round_views(STREAM), Some(vec![]));
		let closed = whole(&[(1, still(), DOIN)]);
		assert_eq!(view(closed).phase, ForecastPhase::Closed);
		open_all();
		let numbers: Vec<_> = Forecasts::round_views(STREAM).expect("a market").iter().map(|view| view.id.number).collect();
		assert_eq!(numbers, (1..=MAX_OPEN).collect::<Vec<_>>(), "the closed round is not open");
	});
}

#[test]
fn a_full_round_shows_the_wager_that_displaces_the_smallest_one() {
	build_and_execute(|| {
		let id = open();
		for who in 1..=127 {
			assert_ok!(commit(who, id, &still(), if who == 9 { 2 * DOIN } else { 3 * DOIN }));
		}
		assert_eq!(view(id).least_wager, Some(MIN_WAGER), "a seat is free");
		assert_ok!(commit(128, id, &still(), 3 * DOIN));
		for least in [4 * DOIN, 6 * DOIN] {
			assert_eq!(view(id).least_wager, Some(least));
			let who = 130 + (least / DOIN) as AccountId;
			assert_noop!(commit(who, id, &still(), least - 1), Error::<Test>::Full);
			assert_ok!(commit(who, id, &still(), least));
		}
	});
}

#[test]
fn a_leaderboard_ranks_standings_from_zero_up() {
	build_and_execute(|| {
		assert_eq!(Forecasts::leaderboard_view(QUIET, 9), None);
		assert!(board(9).is_empty());
		let wrong = Forecast::truncate_from(vec![-1_000; HORIZON]);
		let id = whole(&[(3, wrong, DOIN), (2, still(), DOIN), (4, perfect(), DOIN)]);
		let standings: Vec<_> = board(9).into_iter().map(|view| (view.who, view.standing, view.seats)).collect();
		assert!(forecaster(3).standing < 0 && forecaster(4).standing > 0);
		assert_eq!(standings, [(4, forecaster(4).standing, 1), (2, 0, 1), (3, 0, 1)]);
		assert_eq!(board(1).into_iter().map(|view| view.who).collect::<Vec<_>>(), [4]);
		assert!(board(0).is_empty());
		for who in 2..=4 {
			assert_ok!(collect(id, who));
		}
		assert!(board(9).iter().all(|view| view.seats == 0));
		let board = Forecasts::leaderboard_view(STREAM, 0).expect("a market");
		assert_eq!((board.pot, board.rounds, board.open, board.weight, board.mark), (market().pot, 1, 0, 0, 0));
	});
}

/// The leaderboard has no place for account 3, whose record is read all the same.
#[test]
fn a_record_is_read_wherever_its_account_stands() {
	build_and_execute(|| {
		assert_eq!(Forecasts::record_view(QUIET, 3), None);
		let wrong = Forecast::truncate_from(vec![-1_000; HORIZON]);
		let id = whole(&[(3, wrong, DOIN), (4, perfect(), DOIN)]);
		assert!(board(1).iter().all(|view| view.who == 4));
		let forecaster = board(2).into_iter().find(|view| view.who == 3);
		assert!(forecaster.is_some());
		let expected = MarketRecordView { stream: STREAM, rounds: 1, commit_blocks: COMMITS, weight: 0, mark: 0, forecaster };
		assert_eq!(Forecasts::record_view(STREAM, 3), Some(expected.clone()));
		assert_ok!(collect(id, 3));
		assert_ok!(Forecasts::leave(RuntimeOrigin::signed(3), STREAM));
		assert_eq!(Forecasts::record_view(STREAM, 3), Some(MarketRecordView { forecaster: None, ..expected }));
	});
}

/// Gives account 1 a record with a skill of ½ in every round of the term that `from` begins, and moves the clock to its end.
fn half(from: u32) {
	let (mut entered, rounds) = (forecaster(1), (SLICE / BATCH) as u32);
	entered.record = Record::default();
	for slice in from..from + SLICES {
		(0..rounds).for_each(|_| entered.record.enter(slice, rounds));
		(0..rounds).for_each(|_| assert!(entered.record.correct(slice, ONE / 2)));
	}
	crate::Forecasters::<Test>::insert(STREAM, 1, entered);
	let end = u64::from(from + SLICES + OPEN_SLICES) * SLICE;
	Ahead::mutate(|ahead| *ahead += end - running());
}

#[test]
fn a_leaderboard_shows_what_a_claim_proves() {
	build_and_execute(|| {
		let id = whole(&[(1, still(), DOIN)]);
		assert_ok!(collect(id, 1));
		assert_eq!((board(1)[0].bound, board(1)[0].increment), (None, 0), "no term is complete");
		let next = |now: u64| ((now / SLICE) as u32 / SLICES + 1) * SLICES;
		let begin = next(running());
		// The market begins with the term, so that its bound is that of this term alone.
		Markets::<Test>::mutate(STREAM, |market| market.as_mut().expect("a market").since = begin);
		half(begin);
		assert_eq!((board(1)[0].bound, board(1)[0].increment), (Some(ONE / 2), 0), "nobody has voted for the stream");
		Weighs::set(MILLION);
		Forecasts::weight_gained(STREAM);
		assert_eq!((board(1)[0].bound, board(1)[0].increment), (None, 0), "a claim counts later terms only");
		half(next(running()));
		let ForecasterView { bound, increment, .. } = board(1)[0];
		assert_eq!(Forecasts::record_view(STREAM, 1).and_then(|view| view.forecaster), board(1).pop());
		// −½·log2(1 − ½) is half a bit.
		assert_eq!((bound, increment), (Some(ONE / 2), ONE_Q32 / 2));
		assert_ok!(Forecasts::claim(RuntimeOrigin::signed(1), STREAM));
		assert_eq!(board(1)[0].increment, 0, "the mark is at the bound");
		let view = Forecasts::leaderboard_view(STREAM, 1).expect("a market");
		assert_eq!((view.mark, view.weight), (increment, MILLION));
		System::set_block_number(System::block_number() + u64::from(HALF_LIFE));
		let view = Forecasts::leaderboard_view(STREAM, 1).expect("a market");
		assert_eq!(view.mark, increment / 2);
	});
}
