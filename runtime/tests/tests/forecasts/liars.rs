//! Validators that report what they have forecast. Fewer than half of the stake change no bar. Half of it and more can state any bar, as it
//! can vote any weight: what it gains in a round are the wagers of others and a 64th of the pot.

use super::{close, collect, perfect, reveal, Reported, HORIZON, WAGER};
use crate::oracle::{seven, SEVEN};
use doin_primitives::{bounded_collections::BoundedVec, Balance, DOIN};
use pallet_doin_forecasts::{types::Forecast, Event};
use sp_keyring::Sr25519Keyring::{Alice, Two};

/// Wager of the liar: more than a round can pay.
const STAKED: Balance = 10_000 * DOIN;

/// Returns the close that a liar reports: the price falls by 400 a bar.
fn lie(bar: u64) -> i64 {
	-400 * bar as i64
}

/// Returns the forecast of a liar, which comes true if its bars stand.
fn false_forecast() -> Forecast {
	BoundedVec::truncate_from((2..2 + HORIZON).map(|bars| -400 * bars).collect())
}

/// Runs a round on a chain of seven validators of equal stake, of which the first `liars` report a lie. Alice, one of them, forecasts it,
/// and Two forecasts what is true. Returns what both are paid, and the pot before.
fn paid(liars: usize) -> ([Balance; 2], Balance) {
	let closes = |place: usize| -> fn(u64) -> i64 {
		if place < liars {
			lie
		} else {
			close
		}
	};
	let witnesses = SEVEN.into_iter().enumerate().map(|(place, who)| (who, closes(place)));
	let mut reported = Reported::of(seven(1_000 * DOIN), witnesses.collect());
	let (round, _) = reported.until_opened();
	let commits = [reported.wager(Alice, round, &false_forecast(), STAKED), reported.commit(Two, round, &perfect())];
	reported.step(commits);
	let (market, _) = reported.market();
	reported.until_revealing(round);
	reported.step([(Alice, reveal(round, false_forecast())), (Two, reveal(round, perfect()))]);
	reported.until_closed(round);
	let events = reported.step([(Two, collect(round, Alice)), (Two, collect(round, Two))]);
	let paid = [Alice, Two].map(|who| {
		let paid = events.iter().find_map(|event| match event {
			Event::Collected { who: other, paid, .. } if *other == who.to_account_id() => Some(*paid),
			_ => None,
		});
		paid.expect("both seats are revealed")
	});
	(paid, market.pot)
}

#[test]
fn three_of_seven_validators_that_report_what_they_forecast_lose_their_wager() {
	let ([liar, honest], _) = paid(3);
	assert_eq!(liar, 0, "their bars do not stand");
	assert!(honest > WAGER, "{honest}");
}

#[test]
fn four_of_seven_gain_the_other_wagers_and_a_64th_of_the_pot_at_most() {
	let ([liar, honest], pot) = paid(4);
	assert_eq!(honest, 0);
	let most = STAKED + WAGER + pot / 64;
	assert!((most - DOIN / 1_000..=most).contains(&liar), "{liar} of {most}");
}
