//! Life of a round, and its settlement.

use crate::{mock::*, types::Stage, Error, Event, Open, Pallet, Rounds, Seats, COMMIT_BURN, MAX_OPEN, SEAT_DEPOSIT};
use doin_market::{payment, skill, truth::squared, Reference, Truth, ONE};
use doin_primitives::{oracle::StreamId, Balance, DOIN, ONE_Q32};
use doin_traits::OnBatch;
use frame_support::{assert_noop, assert_ok, traits::Hooks};

#[docify::export]
#[test]
fn a_round_pays_skill_to_the_planck() {
	build_and_execute(|| {
		let (knows, still_, wager) = (1, 2, 10 * DOIN);
		let round = whole(&[(knows, perfect(), wager), (still_, still(), wager)]);
		// The reference is no change. Its error is what the first forecaster gains, divided by the average.
		let changes: Vec<_> = (2..26).map(Some).collect();
		let error = Truth::new(0, &changes).and_then(|truth| truth.error(&still())).expect("all bars stand");
		let gained = skill(error, 0, squared(SCALE));
		assert!((ONE / 2..ONE).contains(&gained));
		// Nobody has lost, so a 64th of the pot is divided: 1 DOIN.
		let factor = (u128::from(ONE_Q32) * DOIN / ((wager * gained as u128) >> 32)) as u64;
		let paid = payment(wager, gained, factor);
		assert_ok!(collect(round, knows));
		assert_ok!(collect(round, still_));
		assert!(paid > wager + DOIN - 2_000 && paid <= wager + DOIN);
		assert_eq!(free(knows), ENDOWMENT - RECORD - COMMIT_BURN - wager + paid);
		assert_eq!(free(still_), ENDOWMENT - RECORD - COMMIT_BURN, "the reference has a skill of exactly 0");
		assert_eq!(market().pot, POT + wager - paid);
		assert_eq!(account(), LEAST + market().pot, "nothing is left in the account");
		assert!(!Rounds::<Test>::contains_key(round) && !Seats::<Test>::contains_key(round));
	});
}

#[test]
fn a_batch_opens_a_round_and_the_blocks_after_it_run_its_stages() {
	build_and_execute(|| {
		to(7);
		let round = open();
		let bar = FIRST_BAR + 6;
		assert_eq!((self::round(round).bar, market().open, Open::<Test>::get()), (bar, 1, 1));
		assert_eq!(market().since, (bar / SLICE) as u32);
		let opened = Event::Opened { round, bar, until: 11, reference: Reference::RepeatLast };
		assert!(events().contains(&opened));
		assert_ok!(commit(1, round, &still(), DOIN));
		to(10);
		assert_eq!(self::round(round).stage, Stage::Committing { until: 11 });
		to(11);
		assert_eq!(
			self::round(round).stage,
			Stage::Waiting { zero: FIRST_BAR + 11 },
			"the bar that runs after the last commitment"
		);
		to_reveals(round);
		// The 27 bars end with bar 37, and the batch of it with bar 41.
		assert_eq!(now(), 42);
		let Stage::Revealing(outcome) = self::round(round).stage else { panic!("it takes reveals") };
		assert_eq!((outcome.until, outcome.zero), (47, close(FIRST_BAR + 12)));
		assert_eq!(outcome.changes.to_vec(), (2..26).map(Some).collect::<Vec<_>>());
		assert_eq!(outcome.difficulty, ONE_Q32, "the first round");
		to(46);
		assert!(self::round(round).stage.is_open());
		to(47);
		assert_eq!((market().open, Open::<Test>::get()), (0, 0));
		assert!(matches!(self::round(round).stage, Stage::Closed { settled, .. } if settled.seats == 1));
	});
}

#[test]
fn losses_pay_gains_first() {
	build_and_execute(|| {
		let wrong = crate::types::Forecast::truncate_from(vec![1_000; HORIZON]);
		let round = whole(&[(1, perfect(), DOIN), (2, wrong, 100 * DOIN)]);
		let Stage::Closed { settled, .. } = self::round(round).stage else { panic!("it is closed") };
		assert_eq!(settled.factor, ONE_Q32, "100 DOIN are lost, and less than one is gained");
		let before = free(2);
		assert_ok!(collect(round, 1));
		assert_ok!(collect(round, 2));
		assert_eq!(free(2), before + SEAT_DEPOSIT, "a skill of −1 is paid nothing");
		let gained = free(1) - (ENDOWMENT - RECORD - COMMIT_BURN);
		assert!(gained > DOIN / 2 && gained < DOIN);
		assert_eq!(market().pot, POT + 100 * DOIN - gained);
		assert_eq!(account(), LEAST + market().pot);
	});
}

/// Silence costs the whole wager, also if the account clears its own seat.
#[test]
fn a_forecast_that_is_not_revealed_loses_its_wager_to_the_pot() {
	build_and_execute(|| {
		let round = open();
		assert_ok!(commit(1, round, &perfect(), 7 * DOIN));
		assert_ok!(commit(2, round, &perfect(), 5 * DOIN));
		to_reveals(round);
		to(now() + REVEALS);
		assert_eq!(market().pot, POT + 12 * DOIN);
		let signed = RuntimeOrigin::signed;
		assert_ok!(Forecasts::clear(signed(OTHER), round, 1));
		assert_eq!(free(OTHER), ENDOWMENT + SEAT_DEPOSIT);
		assert_ok!(Forecasts::clear(signed(2), round, 2));
		assert_eq!(free(2), ENDOWMENT - RECORD - COMMIT_BURN - 5 * DOIN);
		assert!(forecaster(1).standing < 0);
		let reward = SEAT_DEPOSIT;
		assert!(events().contains(&Event::Cleared { round, who: 1, wager: 7 * DOIN, caller: OTHER, reward }));
		assert_eq!(account(), LEAST + market().pot);
	});
}

/// Makes a round with two seats void by `change`, and checks that everything is returned.
fn void_returns_everything(change: impl FnOnce(u64)) {
	build_and_execute(|| {
		let round = open();
		assert_ok!(commit(1, round, &perfect(), 7 * DOIN));
		assert_ok!(commit(2, round, &still(), 5 * DOIN));
		to(now() + COMMITS);
		let Stage::Waiting { zero } = self::round(round).stage else { panic!("it waits") };
		change(zero);
		to_reveals(round);
		assert_eq!(self::round(round).stage, Stage::Void);
		assert!(events().contains(&Event::Voided { round }));
		assert_eq!((market().open, market().pot), (0, POT));
		for who in [1, 2] {
			assert_ok!(collect(round, who));
			assert_eq!(free(who), ENDOWMENT - RECORD - COMMIT_BURN);
		}
		assert_eq!(account(), LEAST + POT);
		assert!(!Rounds::<Test>::contains_key(round));
	});
}

#[test]
fn a_round_without_a_zero_is_void() {
	void_returns_everything(|zero| Missing::set(vec![zero, zero + 2]));
}

#[test]
fn a_round_with_less_than_three_quarters_of_its_weight_is_void() {
	void_returns_everything(|zero| Missing::set((zero + 3..zero + 9).collect()));
}

#[test]
fn a_round_whose_stream_sleeps_is_void() {
	void_returns_everything(|_| Paid::set(0));
}

#[test]
fn a_round_whose_stream_is_retired_is_void() {
	void_returns_everything(|_| Retired::set(vec![STREAM]));
}

#[test]
fn a_round_whose_bars_are_not_kept_any_more_is_void() {
	void_returns_everything(|_| Kept::set(5));
}

#[test]
fn missing_bars_leave_the_sums() {
	build_and_execute(|| {
		let round = open();
		assert_ok!(commit(1, round, &perfect(), DOIN));
		to(now() + COMMITS);
		let Stage::Waiting { zero } = self::round(round).stage else { panic!("it waits") };
		Missing::set(vec![zero + 5]);
		to_reveals(round);
		let Stage::Revealing(outcome) = self::round(round).stage else { panic!("it takes reveals") };
		assert_eq!((outcome.changes[1], outcome.changes[2], outcome.changes[3]), (Some(3), None, Some(5)));
		let mut forecast = perfect();
		forecast[2] = 0;
		assert_eq!(outcome.error_of(&forecast), Some(0));
	});
}

/// A chain that stands still for five hours has no block in which the price is known and commitments are taken.
#[test]
fn a_stall_moves_the_zero() {
	build_and_execute(|| {
		let round = open();
		assert_ok!(commit(1, round, &still(), DOIN));
		to(now() + COMMITS - 1);
		Ahead::set(9_000);
		to(now() + 1);
		let Stage::Waiting { zero } = self::round(round).stage else { panic!("it waits") };
		assert_eq!(zero, FIRST_BAR + 9_000 + u64::from(now()));
		to_reveals(round);
		assert!(matches!(self::round(round).stage, Stage::Revealing(_)));
	});
}

/// The hook of a full block leaves items to the next one. Nobody commits or reveals in between.
#[test]
fn a_late_agenda_moves_the_zero_and_takes_neither_commitments_nor_reveals() {
	build_and_execute(|| {
		to(2);
		let round = open();
		assert_ok!(commit(1, round, &perfect(), DOIN));
		assert_ok!(commit(2, round, &still(), DOIN));
		System::set_block_number(u64::from(now() + COMMITS + 3));
		assert_noop!(commit(3, round, &still(), DOIN), Error::<Test>::NotCommitting);
		<Forecasts as Hooks<u64>>::on_initialize(now().into());
		assert_eq!(self::round(round).stage, Stage::Waiting { zero: running() });
		to_reveals(round);
		assert_ok!(reveal(1, round, &perfect()));
		let Stage::Revealing(outcome) = self::round(round).stage else { panic!("it takes reveals") };
		System::set_block_number(outcome.until.into());
		assert_noop!(reveal(2, round, &still()), Error::<Test>::NotRevealing);
		assert_noop!(collect(round, 1), Error::<Test>::StillOpen);
		<Forecasts as Hooks<u64>>::on_initialize(now().into());
		assert_ok!(collect(round, 1));
		assert_ok!(Forecasts::clear(RuntimeOrigin::signed(OTHER), round, 2));
		assert_eq!(account(), LEAST + market().pot);
	});
}

/// A stream is retired once its bars are expired, maybe before the seats of its last rounds are paid.
#[test]
fn seats_of_a_retired_stream_are_revealed_and_paid() {
	build_and_execute(|| {
		let round = open();
		for (who, forecast) in [(1, perfect()), (2, still()), (3, still())] {
			assert_ok!(commit(who, round, &forecast, 7 * DOIN));
		}
		to_reveals(round);
		assert_ok!(reveal(1, round, &perfect()));
		Retired::set(vec![STREAM]);
		assert_ok!(reveal(2, round, &still()));
		to(now() + REVEALS);
		assert_ok!(collect(round, 1));
		assert_ok!(collect(round, 2));
		assert_ok!(Forecasts::clear(RuntimeOrigin::signed(OTHER), round, 3));
		assert!(!Rounds::<Test>::contains_key(round) && !Seats::<Test>::contains_key(round));
		for who in [1, 2, 3] {
			assert_ok!(Forecasts::leave(RuntimeOrigin::signed(who), STREAM));
		}
		assert!(free(1) > ENDOWMENT - COMMIT_BURN, "what the third account loses pays the first one");
		assert_eq!((free(2), free(3)), (ENDOWMENT - COMMIT_BURN, ENDOWMENT - COMMIT_BURN - 7 * DOIN - SEAT_DEPOSIT));
		assert_eq!(account(), LEAST + market().pot);
		assert_eq!(free(1) + free(2) + free(3) + free(OTHER) + market().pot, 4 * ENDOWMENT + POT - 3 * COMMIT_BURN);
	});
}

#[test]
fn rounds_open_for_the_newest_batch_of_a_stream_that_is_paid_and_keeps_them() {
	build_and_execute(|| {
		to(30);
		let bar = running() / BATCH * BATCH;
		let opens = |bar: u64| {
			let before = market().next;
			Next::set(bar);
			Forecasts::on_batch(STREAM, bar - BATCH..bar);
			market().next > before
		};
		assert!(!opens(bar - BATCH), "a later batch has ended");
		Paid::set(30);
		assert!(!opens(bar));
		Paid::set(40);
		Kept::set(50);
		assert!(!opens(bar));
		Kept::set(100);
		assert!(opens(bar));
		Forecasts::on_batch(QUIET, bar - BATCH..bar);
		assert_eq!(Rounds::<Test>::iter().count(), 1, "the other stream has no market");
	});
}

#[test]
fn a_market_has_at_most_24_open_rounds() {
	build_and_execute(|| {
		open_all();
		batch();
		assert_eq!((market().open, Open::<Test>::get()), (MAX_OPEN, MAX_OPEN));
		to(now() + COMMITS + 60);
		assert_eq!((market().open, market().next), (0, MAX_OPEN), "rounds without seats end with their bars");
		assert_eq!(Rounds::<Test>::iter().count(), 0);
		assert_ne!(market().average, crate::types::Market::new(SCALE.into()).average, "and count in the averages");
	});
}

#[test]
fn a_hook_takes_its_share_and_leaves_the_rest_to_the_next_block() {
	build_and_execute(|| {
		for _ in 0..MAX_OPEN {
			Forecasts::on_batch(STREAM, FIRST_BAR - BATCH..FIRST_BAR);
		}
		to(35);
		assert_eq!(market().open, MAX_OPEN);
		System::set_block_number(36);
		Next::set(running());
		let taken = <Forecasts as Hooks<u64>>::on_initialize(36);
		let limit = Pallet::<Test>::hook_limit();
		assert!(taken.all_lte(limit), "{taken:?} of {limit:?}");
		assert!((1..MAX_OPEN).contains(&market().open), "{} rounds are left", market().open);
		to(40);
		assert_eq!(market().open, 0);
	});
}

#[test]
fn another_reference_takes_over_once_it_errs_less() {
	build_and_execute(|| {
		assert_eq!(market().errors.best(false), Reference::RepeatLast);
		for _ in 0..80 {
			let round = open();
			to_reveals(round);
		}
		// The closes rise by one a bar for ever: the drift makes no error.
		assert_eq!(market().errors.best(false), Reference::Drift);
		let round = open();
		assert_ok!(commit(1, round, &perfect(), DOIN));
		assert_eq!(self::round(round).reference, Reference::Drift);
		to_reveals(round);
		assert_ok!(reveal(1, round, &perfect()));
		let skill = Seats::<Test>::get(round)[0].skill;
		assert_eq!(skill, Some(0), "a copy of the drift gains nothing");
	});
}

#[test]
fn the_pot_is_sponsored_by_any_account() {
	build_and_execute(|| {
		let sponsor = |stream: StreamId, amount: Balance| Forecasts::sponsor(RuntimeOrigin::signed(OTHER), stream, amount);
		assert_ok!(sponsor(STREAM, 3 * DOIN));
		assert_eq!(free(OTHER), ENDOWMENT - 3 * DOIN);
		assert_ok!(sponsor(QUIET, DOIN));
		assert_eq!(free(OTHER), ENDOWMENT - 4 * DOIN - LEAST, "a new market leaves an existential deposit");
		assert_eq!(account(), POT + 4 * DOIN + 2 * LEAST);
		assert!(events().contains(&Event::Sponsored { stream: STREAM, who: OTHER, amount: 3 * DOIN, pot: POT + 3 * DOIN }));
	});
}
