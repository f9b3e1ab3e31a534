//! Properties of the arithmetic that the design relies on.

use doin_market::{
	payment, record,
	reference::{ALL, REFERENCES},
	settlement::{gain, loss, MAX_WAGER},
	skill, standing, zero, Book, Error, History, Record, Reference, ReferenceErrors, Truth, MAX_HORIZON, MIN_HORIZON, ONE,
};
use doin_primitives::{Balance, DOIN, ONE_Q32};
use proptest::{collection::vec, option, prelude::*};

/// A seat: wager, and skill if it was revealed.
type Seat = (Balance, Option<i64>);

fn skills() -> impl Strategy<Value = i64> {
	prop_oneof![-ONE..=ONE, Just(-ONE), Just(0), Just(ONE)]
}

fn wagers() -> impl Strategy<Value = Balance> {
	prop_oneof![1..=1_000u128, DOIN..1_000 * DOIN, Just(MAX_WAGER)]
}

fn seats() -> impl Strategy<Value = Vec<Seat>> {
	vec((wagers(), option::weighted(0.9, skills())), 1..=128)
}

fn changes() -> impl Strategy<Value = Vec<i32>> {
	(MIN_HORIZON..=MAX_HORIZON).prop_flat_map(|horizon| vec(-1_000_000..1_000_000, horizon))
}

/// Returns the book of a round with these seats.
fn book(seats: &[Seat]) -> Book {
	let mut book = Book::default();
	for (wager, skill) in seats {
		book.take(*wager);
		if let Some(skill) = skill {
			book.reveal(*wager, *skill);
		}
	}
	book
}

/// Settles a round and returns the payments in the given order, and the pot afterwards.
fn settle(seats: &[Seat], mut pot: Balance) -> (Vec<Balance>, Balance) {
	let mut settled = book(seats).close(&mut pot);
	let paid = seats.iter().map(|(wager, skill)| settled.collect(*wager, *skill, &mut pot)).collect();
	assert_eq!(settled.owed, 0);
	(paid, pot)
}

fn truth(changes: &[i32]) -> Truth {
	let closes: Vec<_> = changes.iter().map(|change| Some(i64::from(*change))).collect();
	Truth::new(0, &closes).expect("all bars stand")
}

proptest! {
	#[test]
	fn no_planck_is_made_or_lost(seats in seats(), pot in prop_oneof![0..1_000u128, 0..=MAX_WAGER]) {
		let (paid, after) = settle(&seats, pot);
		let wagers: Balance = seats.iter().map(|(wager, _)| wager).sum();
		prop_assert_eq!(paid.iter().sum::<Balance>() + after, wagers + pot);
		prop_assert!(after >= pot - pot / 64, "a round takes a 64th of the pot at most");
	}

	/// The payment of a seat does not depend on the order in which seats are paid.
	#[test]
	fn every_seat_is_paid_in_full(seats in seats(), pot in 0..=MAX_WAGER) {
		let factor = book(&seats).close(&mut pot.clone()).factor;
		for ((wager, skill), paid) in seats.iter().zip(settle(&seats, pot).0) {
			prop_assert_eq!(paid, skill.map_or(0, |skill| payment(*wager, skill, factor)));
		}
	}

	#[test]
	fn a_wager_split_over_seats_is_paid_alike(parts in vec(prop_oneof![1..=1_000u128, DOIN..1_000 * DOIN], 1..64), skill in skills(), factor in 0..=ONE_Q32) {
		let whole: Balance = parts.iter().sum();
		let split: Balance = parts.iter().map(|part| payment(*part, skill, factor)).sum();
		let one = payment(whole, skill, factor);
		// Rounding takes less than two plancks of each part: of a gain, and of its product with the factor.
		prop_assert!(split <= one && one - split <= 2 * parts.len() as Balance, "{split} of {one}");
	}

	#[test]
	fn a_seat_is_paid_at_most_twice_its_wager_and_silence_is_the_worst(wager in wagers(), skill in skills(), factor in 0..=ONE_Q32) {
		let paid = payment(wager, skill, factor);
		prop_assert!(paid <= 2 * wager);
		prop_assert!(skill >= 0 || paid < wager);
		prop_assert_eq!(payment(wager, -ONE, factor), 0, "what a seat that is not revealed gets");
		prop_assert!(gain(wager, skill) == 0 || loss(wager, skill) == 0);
	}

	#[test]
	fn a_better_forecast_is_never_paid_less(wager in wagers(), a in skills(), b in skills(), factor in 0..=ONE_Q32) {
		prop_assert!(payment(wager, a.min(b), factor) <= payment(wager, a.max(b), factor));
	}

	/// Errors of other seats, extreme ones included, change a payment through f alone, and never a skill.
	#[test]
	fn another_seat_never_lowers_what_a_loser_keeps(wager in wagers(), skill in -ONE..0, other in seats()) {
		let alone = settle(&[(wager, Some(skill))], 0).0[0];
		let mut all = vec![(wager, Some(skill))];
		all.extend(other.into_iter().take(127));
		prop_assert_eq!(settle(&all, 0).0[0], alone);
	}

	/// p and −p together lose, against a reference of no change: 2p²/ē² before the clamp.
	#[test]
	fn a_mirror_pair_never_gains(actual in changes(), seed in any::<u32>(), size in 0i32..1_000_000, average in 1u128..1 << 60) {
		let forecast: Vec<i32> = (0..actual.len() as u32).map(|step| ((seed.rotate_left(step) >> 1) as i32) % (size + 1)).collect();
		let mirror: Vec<i32> = forecast.iter().map(|value| -value).collect();
		let truth = truth(&actual);
		let error = |values: &[i32]| truth.error(values).expect("of the horizon's length");
		let reference = error(&vec![0; actual.len()]);
		let (up, down) = (skill(reference, error(&forecast), average), skill(reference, error(&mirror), average));
		prop_assert!(up + down <= 0, "{up} {down}");
		prop_assert!(payment(DOIN, up, ONE_Q32) + payment(DOIN, down, ONE_Q32) <= 2 * DOIN);
	}

	#[test]
	fn a_reference_has_no_skill_and_loses_nothing(
		closes in vec(option::weighted(0.97, -1_000_000i64..1_000_000), 2..400),
		actual in changes(),
		zero in -1_000_000i64..1_000_000,
		season in 0u32..200,
		average in any::<u128>(),
	) {
		let oldest = closes[0].map(|close| (close, closes.len() as u32 - 1));
		let history = History { closes: &closes, oldest, zero, lead: 5, season, horizon: actual.len(), champion: None };
		let truth = truth(&actual);
		for reference in ALL.into_iter().filter(|reference| *reference != Reference::Champion) {
			let error = truth.error(&reference.changes(&history).expect("not the champion")).expect("of the horizon's length");
			prop_assert_eq!(skill(error, error, average), 0);
		}
		prop_assert_eq!(payment(DOIN, 0, 0), DOIN);
	}

	/// The unit of a price is a convention: pay does not depend on it, but for the rounding of references to whole units.
	#[test]
	fn prices_times_ten_change_no_pay(
		closes in vec(-1_000_000i64..1_000_000, 2..300),
		actual in changes(),
		errors in vec(-100_000i32..100_000, 100),
		zero in -1_000_000i64..1_000_000,
		scale in 10_000u32..1_000_000,
	) {
		let run = |times: i64| -> Vec<i64> {
			let input: Vec<_> = closes.iter().map(|close| Some(close * times)).collect();
			let bars: Vec<_> = actual.iter().map(|change| Some((zero + i64::from(*change)) * times)).collect();
			let truth = Truth::new(zero * times, &bars).expect("all bars stand");
			let oldest = Some((closes[0] * times, closes.len() as u32 - 1));
			let history =
				History { closes: &input, oldest, zero: zero * times, lead: 5, season: 24, horizon: actual.len(), champion: None };
			let forecast: Vec<i32> =
				actual.iter().zip(&errors).map(|(change, error)| (change + error) * times as i32).collect();
			let error = truth.error(&forecast).expect("of the horizon's length");
			let average = doin_market::truth::squared(scale) * (times * times) as Error;
			ALL[..4]
				.iter()
				.map(|reference| skill(truth.error(&reference.changes(&history).unwrap()).unwrap(), error, average))
				.collect()
		};
		for (reference, (one, ten)) in ALL.iter().zip(run(1).into_iter().zip(run(10))) {
			// Half a unit of a change of up to 10⁶ in an average of at least 10⁸ squared units.
			let allowed = if *reference == Reference::RepeatLast { 4 } else { ONE / 20 };
			prop_assert!((one - ten).abs() <= allowed, "{reference:?}: {one} {ten}");
		}
	}

	#[test]
	fn errors_follow_the_definition(actual in changes(), seed in any::<u64>()) {
		let forecast: Vec<i32> = (0..actual.len() as u32).map(|step| (seed.rotate_left(step) as i32) >> 10).collect();
		let weights: Vec<f64> = (0..actual.len()).map(|step| (-0.001 * step as f64).exp()).collect();
		let sum: f64 = actual.iter().zip(&forecast).zip(&weights).map(|((a, p), w)| w * f64::from(p - a).powi(2)).sum();
		let exact = sum / weights.iter().sum::<f64>();
		let error = truth(&actual).error(&forecast).expect("of the horizon's length") as f64 / 65_536.0;
		prop_assert!((error - exact).abs() <= exact * 1e-9 + 2e-5, "{error} {exact}");
	}

	#[test]
	fn no_input_panics(
		closes in vec(option::of(any::<i64>()), 0..130),
		bars in any::<[Option<i64>; 3]>(),
		forecast in vec(any::<i32>(), 0..130),
		errors in any::<[Option<u128>; REFERENCES]>(),
		wager: u128,
		skills in any::<(i64, i64)>(),
		pot: u128,
		factor: u64,
	) {
		let zero = zero(bars).unwrap_or(i64::MIN);
		if let Some(error) = Truth::new(zero, &closes).and_then(|truth| truth.error(&forecast)) {
			prop_assert!(error < 1 << 80);
		}
		let mut averages = ReferenceErrors::new(wager);
		averages.observe(&errors);
		averages.forget_champion();
		averages.best(true);
		payment(wager, skills.0, factor);
		let mut pot = pot;
		book(&[(wager, Some(skills.0)), (wager, None)]).close(&mut pot).collect(wager, Some(skills.1), &mut pot);
		let moved = standing::moved(skills.0, skills.1, factor);
		prop_assert!((-ONE..=ONE).contains(&moved));
		standing::difficulty(standing::magnitude(wager), &[1, 2, 3]);
		record::increment(skills.0, factor, pot as u64);
	}

	#[test]
	fn the_bound_follows_the_definition(skills in vec(-ONE..=ONE, 32..400)) {
		let mut record = Record::default();
		for (slice, skill) in (0..).zip(&skills) {
			record.enter(slice, 1);
			prop_assert!(record.correct(slice, *skill));
		}
		let now = skills.len() as u32 + record::OPEN_SLICES - 1;
		record.settle(now, 1);
		let end = skills.len() / 32 * 32;
		let values: Vec<f64> = skills[end.saturating_sub(256)..end].iter().map(|skill| *skill as f64 / ONE as f64).collect();
		let n = values.len() as f64;
		let mean = values.iter().sum::<f64>() / n;
		let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
		let bound = record.bound(now, 0).expect("a term is complete") as f64 / ONE as f64;
		prop_assert!((bound - (mean - 3.0 * (variance / n).sqrt())).abs() < 2e-9);
	}

	/// The order of corrections does not matter, and rounds that are void or displaced leave no trace.
	#[test]
	fn a_corrected_record_is_that_of_its_skills(skills in vec(option::of(-ONE..=ONE), 1..12), void in 0usize..12) {
		let (mut one, mut other) = (Record::default(), Record::default());
		skills.iter().for_each(|_| one.enter(160, 12));
		(0..skills.len() + void).for_each(|_| other.enter(160, 12));
		skills.iter().flatten().for_each(|skill| {
			one.correct(160, *skill);
		});
		(0..void).for_each(|_| {
			other.correct(160, 0);
		});
		skills.iter().rev().flatten().for_each(|skill| {
			other.correct(160, *skill);
		});
		prop_assert_eq!(one, other);
	}

	#[test]
	fn progress_follows_the_definition(bound in 0..ONE - 1_000) {
		let exact = -0.5 * (1.0 - bound as f64 / ONE as f64).log2();
		prop_assert!((record::progress(bound) as f64 / ONE as f64 - exact).abs() < 1e-6);
		let (increment, mark) = (record::increment(bound, 0, 0), ONE_Q32 / 2);
		prop_assert!(increment <= ONE_Q32 && record::increment(bound, mark, 0) <= increment);
	}

	/// The mark rises with every claim and halves between two terms, as after 90 days. However often accounts claim, a term pays one bit.
	#[test]
	fn claims_of_one_term_are_paid_one_bit_together(terms in vec(vec(-ONE..=ONE, 0..20), 1..6)) {
		let mut mark = 0;
		for bounds in terms {
			let mut claimed = 0;
			for bound in bounds {
				let increment = record::increment(bound, mark, claimed);
				(mark, claimed) = (mark + increment, claimed + increment);
				prop_assert!(claimed <= ONE_Q32);
				prop_assert!(claimed == ONE_Q32 || mark >= record::progress(bound), "a claim below the limit reaches the bound");
			}
			mark /= 2;
		}
	}

	#[test]
	fn magnitudes_never_fall_as_errors_rise(a in 0u128..1 << 80, more in 0u128..1 << 70) {
		prop_assert!(standing::magnitude(a) <= standing::magnitude(a + more));
	}
}
