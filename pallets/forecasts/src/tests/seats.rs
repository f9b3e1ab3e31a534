//! Commitments, reveals, and seats that are paid or displaced.

use crate::{mock::*, types::Forecast, Error, Event, Forecasters, Seats, COMMIT_BURN, MIN_WAGER, SEAT_DEPOSIT};
use doin_primitives::{RoundId, DOIN};
use frame_support::{assert_noop, assert_ok};

#[test]
fn a_commitment_takes_wager_deposits_and_a_fee() {
	build_and_execute(|| {
		let round = open();
		let issuance = Balances::total_issuance();
		assert_ok!(commit(1, round, &still(), 3 * DOIN));
		assert_eq!(held(1), RECORD);
		assert_eq!(free(1), ENDOWMENT - RECORD - 3 * DOIN - SEAT_DEPOSIT - COMMIT_BURN);
		assert_eq!(Balances::total_issuance(), issuance - COMMIT_BURN);
		assert_eq!(account(), LEAST + POT + 3 * DOIN + SEAT_DEPOSIT);
		assert!(events().contains(&Event::Committed { round, who: 1, wager: 3 * DOIN, burned: COMMIT_BURN }));
		to_reveals(round);
		let next = open();
		assert_ok!(commit(1, next, &still(), DOIN));
		assert_eq!(held(1), RECORD, "one record has one deposit");
	});
}

#[test]
fn commitments_are_refused_for_their_reason() {
	build_and_execute(|| {
		let round = open();
		let unknown = RoundId { number: 9, ..round };
		assert_noop!(commit(1, unknown, &still(), DOIN), Error::<Test>::UnknownRound);
		assert_noop!(commit(1, round, &still(), MIN_WAGER - 1), Error::<Test>::WagerTooSmall);
		assert!(commit(1, round, &still(), ENDOWMENT).is_err(), "the account cannot pay it");
		assert_ok!(commit(1, round, &still(), DOIN));
		assert_noop!(commit(1, round, &perfect(), DOIN), Error::<Test>::AlreadyCommitted);
		assert_noop!(reveal(1, round, &still()), Error::<Test>::NotRevealing);
		assert_noop!(collect(round, 1), Error::<Test>::StillOpen);
		assert_noop!(Forecasts::clear(RuntimeOrigin::signed(2), round, 1), Error::<Test>::NotClosed);
		to(now() + COMMITS);
		assert_noop!(commit(2, round, &still(), DOIN), Error::<Test>::NotCommitting);
	});
}

#[test]
fn reveals_are_refused_for_their_reason() {
	build_and_execute(|| {
		let round = open();
		let short = Forecast::truncate_from(vec![0; HORIZON - 1]);
		let long = Forecast::truncate_from(vec![0; HORIZON + 1]);
		for (who, forecast) in [(1, &still()), (2, &short), (3, &long), (4, &still())] {
			assert_ok!(commit(who, round, forecast, DOIN));
		}
		to_reveals(round);
		assert_noop!(reveal(9, round, &still()), Error::<Test>::NoSeat);
		assert_noop!(reveal(1, round, &perfect()), Error::<Test>::WrongReveal);
		assert_noop!(reveal(2, round, &short), Error::<Test>::WrongLength);
		assert_noop!(reveal(3, round, &long), Error::<Test>::WrongLength);
		assert_ok!(reveal(1, round, &still()));
		assert_noop!(reveal(1, round, &still()), Error::<Test>::AlreadyRevealed);
		assert_noop!(collect(round, 1), Error::<Test>::StillOpen);
		to(now() + REVEALS);
		assert_noop!(reveal(4, round, &still()), Error::<Test>::NotRevealing);
		assert_noop!(collect(round, 4), Error::<Test>::Unrevealed);
		assert_noop!(Forecasts::clear(RuntimeOrigin::signed(OTHER), round, 1), Error::<Test>::AlreadyRevealed);
		assert_ok!(collect(round, 1));
		assert_noop!(collect(round, 1), Error::<Test>::NoSeat);
		for who in [2, 3, 4] {
			assert_ok!(Forecasts::clear(RuntimeOrigin::signed(OTHER), round, who));
		}
		assert_noop!(collect(round, 1), Error::<Test>::UnknownRound);
	});
}

/// Copies the commitment of another account: it cannot be revealed, since it binds the account.
#[test]
fn a_copied_commitment_cannot_be_revealed() {
	build_and_execute(|| {
		let round = open();
		assert_ok!(commit(1, round, &perfect(), DOIN));
		let copied = Seats::<Test>::get(round)[0].commitment;
		assert_ok!(Forecasts::commit(RuntimeOrigin::signed(2), round, copied, DOIN));
		to_reveals(round);
		assert_ok!(reveal(1, round, &perfect()));
		assert_noop!(reveal(2, round, &perfect()), Error::<Test>::WrongReveal);
	});
}

#[test]
fn in_a_full_round_twice_the_smallest_wager_displaces_it() {
	build_and_execute(|| {
		let round = open();
		for who in 1..=128 {
			let wager = if who == 77 { 2 * DOIN } else { 3 * DOIN };
			assert_ok!(commit(who, round, &still(), wager));
		}
		assert_noop!(commit(150, round, &still(), 4 * DOIN - 1), Error::<Test>::Full);
		assert_ok!(commit(150, round, &still(), 4 * DOIN));
		assert!(events().contains(&Event::Displaced { round, who: 77, wager: 2 * DOIN }));
		assert_eq!(free(77), ENDOWMENT - RECORD - COMMIT_BURN, "wager and deposit are returned");
		assert_eq!(forecaster(77).seats, 0);
		assert_noop!(commit(151, round, &still(), 5 * DOIN), Error::<Test>::Full);
		assert_ok!(commit(77, round, &still(), 6 * DOIN));
		assert_eq!(Seats::<Test>::decode_len(round), Some(128));
		to_reveals(round);
		assert_noop!(reveal(1, round, &still()), Error::<Test>::NoSeat);
		assert_ok!(Forecasts::leave(RuntimeOrigin::signed(1), STREAM));
		assert!(!Forecasters::<Test>::contains_key(STREAM, 1));
		assert_eq!((free(1), held(1)), (ENDOWMENT - COMMIT_BURN, 0));
	});
}

#[test]
fn a_forecaster_leaves_without_seats_only() {
	build_and_execute(|| {
		let leave = |who: AccountId| Forecasts::leave(RuntimeOrigin::signed(who), STREAM);
		assert_noop!(leave(1), Error::<Test>::NoRecord);
		let round = whole(&[(1, still(), DOIN)]);
		assert_noop!(leave(1), Error::<Test>::SeatsLeft);
		assert_ok!(collect(round, 1));
		assert_ok!(leave(1));
		assert!(events().contains(&Event::Left { stream: STREAM, who: 1 }));
		assert_eq!((free(1), held(1)), (ENDOWMENT - COMMIT_BURN, 0));
		assert_noop!(leave(1), Error::<Test>::NoRecord);
	});
}

#[test]
fn pots_need_a_stream_with_a_horizon_and_a_coin() {
	build_and_execute(|| {
		let sponsor = |stream, amount| Forecasts::sponsor(RuntimeOrigin::signed(OTHER), stream, amount);
		assert_noop!(sponsor(PLAIN + 1, DOIN), Error::<Test>::UnknownStream);
		assert_noop!(sponsor(PLAIN, DOIN), Error::<Test>::NoMarket);
		assert_noop!(sponsor(STREAM, DOIN - 1), Error::<Test>::AmountTooSmall);
		// 4 bars of commitments, 27 of a round, and 4 batches of 6.
		Kept::set(54);
		assert_noop!(sponsor(QUIET, DOIN), Error::<Test>::NoMarket);
		Kept::set(55);
		assert_ok!(sponsor(QUIET, DOIN));
	});
}
