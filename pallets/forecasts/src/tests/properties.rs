//! Random sequences of calls, blocks and faults of a stream. The invariants hold after each block, and no planck is lost.

use crate::{
	mock::*,
	types::{Forecast, Stage},
	Event, Forecasters, Markets, Rounds, Seats, COMMIT_BURN, SEAT_DEPOSIT,
};
use doin_primitives::{Balance, ModelRef, RoundId, DOIN};
use frame_support::assert_ok;
use proptest::{collection::vec, prelude::*};

/// Accounts that forecast.
const FORECASTERS: AccountId = 6;

/// Step of a sequence.
#[derive(Clone, Copy, Debug)]
enum Step {
	/// Makes blocks, and completes the batches that have ended.
	Blocks(u8),
	/// Reports a batch.
	Batch,
	/// Commits an account to a forecast, with a wager.
	Commit(u8, u8, u64),
	/// Reveals the forecasts of an account that can be revealed.
	Reveal(u8),
	/// Pays all seats of an account.
	Collect(u8),
	/// Clears all seats that can be cleared.
	Clear,
	/// Removes the record of an account.
	Leave(u8),
	/// Pays into the pot.
	Sponsor(u8),
	/// Makes every n-th bar missing.
	Missing(u8),
	/// Lets the stream sleep or wake.
	Paid(bool),
	/// Moves the clock.
	Stall(u16),
	/// Crowns a model, or removes the champion. The stream names its domain from then on.
	Crown(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let who = || 0..FORECASTERS as u8;
	let step = prop_oneof![
		6 => (1u8..12).prop_map(Step::Blocks),
		4 => Just(Step::Batch),
		8 => (who(), any::<u8>(), 0..50 * DOIN as u64).prop_map(|(who, kind, wager)| Step::Commit(who, kind, wager)),
		6 => who().prop_map(Step::Reveal),
		2 => who().prop_map(Step::Collect),
		1 => Just(Step::Clear),
		1 => who().prop_map(Step::Leave),
		1 => any::<u8>().prop_map(Step::Sponsor),
		1 => (2u8..40).prop_map(Step::Missing),
		1 => any::<bool>().prop_map(Step::Paid),
		1 => (0u16..300).prop_map(Step::Stall),
		2 => any::<u8>().prop_map(Step::Crown),
	];
	vec(step, 1..120)
}

/// Returns the forecast that `who` commits to in a round: the same ones again and again, good and bad.
fn forecast_of(who: AccountId, round: RoundId) -> Forecast {
	match (who + u64::from(round.number)) % 4 {
		0 => still(),
		1 => perfect(),
		2 => Forecast::truncate_from(vec![i32::MAX; HORIZON]),
		_ => Forecast::truncate_from((0..HORIZON as i32).map(|step| -step).collect()),
	}
}

/// Returns all rounds.
fn rounds() -> Vec<(RoundId, Stage)> {
	Rounds::<Test>::iter().map(|(round, state)| (round, state.stage)).collect()
}

/// Runs a step. Calls that are refused change nothing, which the invariants show.
fn run(step: Step) {
	let account = |who: u8| 1 + AccountId::from(who);
	match step {
		Step::Blocks(count) => to(now() + u32::from(count)),
		Step::Batch => {
			batch();
		}
		Step::Commit(who, kind, wager) => {
			let taking =
				rounds().into_iter().filter(|(_, stage)| matches!(stage, Stage::Committing { .. })).map(|(round, _)| round);
			let taking: Vec<_> = taking.collect();
			if let Some(round) = taking.get(usize::from(kind) % taking.len().max(1)) {
				let _ = commit(account(who), *round, &forecast_of(account(who), *round), wager.into());
			}
		}
		Step::Reveal(who) => rounds().into_iter().for_each(|(round, _)| {
			let _ = reveal(account(who), round, &forecast_of(account(who), round));
		}),
		Step::Collect(who) => rounds().into_iter().for_each(|(round, _)| {
			let _ = collect(round, account(who));
		}),
		Step::Clear => rounds().into_iter().for_each(|(round, _)| {
			(0..FORECASTERS as u8).for_each(|who| {
				let _ = Forecasts::clear(RuntimeOrigin::signed(OTHER), round, account(who));
			});
		}),
		Step::Leave(who) => {
			let _ = Forecasts::leave(RuntimeOrigin::signed(account(who)), STREAM);
		}
		Step::Sponsor(coins) => {
			let _ = Forecasts::sponsor(RuntimeOrigin::signed(SPONSOR), STREAM, Balance::from(coins) * DOIN / 100);
		}
		Step::Missing(part) => Missing::set((FIRST_BAR..running() + 100).filter(|bar| bar % u64::from(part) == 0).collect()),
		Step::Paid(pays) => Paid::set(if pays { 1_000 } else { 0 }),
		Step::Stall(bars) => Ahead::mutate(|ahead| *ahead += u64::from(bars)),
		Step::Crown(kind) => {
			Names::set(true);
			// A few models, right and wrong ones.
			let champion = (ModelRef::Stored(u64::from(kind % 5)), i32::from(kind % 7) - 2);
			Crowned::set(Some(champion).filter(|_| !kind.is_multiple_of(6)));
			// Without this, hundreds of rounds would pass until the champion is a reference.
			if kind.is_multiple_of(2) {
				Markets::<Test>::mutate(STREAM, |market| {
					let market = market.as_mut().expect("it is sponsored");
					(0..100).for_each(|_| market.errors.observe(&[None, None, None, None, Some(0)]));
				});
			}
		}
	}
}

/// Ends all rounds, pays all seats and removes all records. What is left in the account is the pot.
fn settle_everything() {
	Paid::set(1_000);
	to(now() + 120);
	for (round, stage) in rounds() {
		assert!(!stage.is_open(), "{round:?} is over");
		for seat in Seats::<Test>::get(round) {
			if stage == Stage::Void || seat.skill.is_some() {
				assert_ok!(collect(round, seat.who));
			} else {
				assert_ok!(Forecasts::clear(RuntimeOrigin::signed(OTHER), round, seat.who));
			}
		}
	}
	assert_eq!(Rounds::<Test>::iter().count() + Seats::<Test>::iter().count(), 0, "nobody's seat is stranded");
	for who in 1..=FORECASTERS {
		if Forecasters::<Test>::contains_key(STREAM, who) {
			assert_ok!(Forecasts::leave(RuntimeOrigin::signed(who), STREAM));
		}
		assert_eq!(held(who), 0);
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(16))]

	/// More accounts than seats, with any wagers: those without a seat have everything back but the burned fee.
	#[test]
	fn no_displaced_wager_is_lost(wagers in vec(1u64..50, 129..200)) {
		build_and_execute(|| {
			let round = open();
			for (who, wager) in (1..).zip(&wagers) {
				let before = free(who);
				let refused = commit(who, round, &still(), Balance::from(*wager) * DOIN).is_err();
				assert!(!refused || free(who) == before, "a refused commitment takes nothing");
			}
			assert_ok!(Forecasts::do_try_state());
			let seats = Seats::<Test>::get(round);
			assert_eq!(seats.len(), 128);
			for who in 1..=wagers.len() as AccountId {
				let staked = seats.iter().find(|seat| seat.who == who).map_or(0, |seat| seat.wager + SEAT_DEPOSIT);
				let burned = if Forecasters::<Test>::contains_key(STREAM, who) { COMMIT_BURN } else { 0 };
				assert_eq!(free(who) + held(who) + staked, ENDOWMENT - burned);
				assert!(staked == 0 || burned > 0);
			}
			to_reveals(round);
			seats.iter().for_each(|seat| {
				assert_ok!(reveal(seat.who, round, &still()));
			});
			to(now() + REVEALS);
			seats.iter().for_each(|seat| {
				assert_ok!(collect(round, seat.who));
			});
			assert_eq!((account(), market().pot), (LEAST + POT, POT), "a forecast of no change is paid its wager");
			assert!(seats.iter().all(|seat| free(seat.who) + held(seat.who) == ENDOWMENT - COMMIT_BURN));
		});
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn no_sequence_strands_a_wager_or_makes_a_planck(steps in steps()) {
		build_and_execute(|| {
			let issuance = Balances::total_issuance();
			steps.into_iter().for_each(run);
			settle_everything();
			assert_eq!(account(), LEAST + market().pot, "the account has the pot and nothing else");
			let commits = events().iter().filter(|event| matches!(event, Event::Committed { .. })).count() as Balance;
			assert_eq!(Balances::total_issuance(), issuance - commits * COMMIT_BURN);
			let cleared = events().iter().filter(|event| matches!(event, Event::Cleared { .. })).count() as Balance;
			assert_eq!(free(OTHER), ENDOWMENT + cleared * SEAT_DEPOSIT);
		});
	}
}
