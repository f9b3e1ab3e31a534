//! Absences: one per window, excused ones, and what an outage costs.

use super::*;
use crate::slashing::ABSENCE_PPM;
use doin_primitives::{quorum, RoundId, RoundParams};
use doin_traits::share::ppm_of;
use proptest::prelude::*;

const WINDOW: u32 = RoundParams::DEV.absence_window();

fn score_of(who: u64) -> u32 {
	MockReputation::score(&who)
}

#[test]
fn n2_an_outage_that_affects_many_rounds_counts_once() {
	with(20, || {
		Rounds::set(RoundParams::PUBLIC);
		for _ in 0..11 {
			Evaluators::record_absence(&1, Absence::Counted);
			to(now() + 6);
		}
		assert!(500 * DOIN - bond_of(1) <= 500 * DOIN / 1_000 * 2, "at most 0.2 %: {}", bond_of(1));
		assert_eq!(score_of(1), 2_000_000, "one point");
		assert!(MockReputation::is_eligible(&1));
		assert_eq!(accounts_with(Behaviour::Absent), [1]);
	});
}

#[test]
fn n2_absences_of_different_windows_count_each() {
	with(10, || {
		let first = now();
		Evaluators::record_absence(&1, Absence::Counted);
		let bond = 500 * DOIN - 500 * DOIN / 1_000;
		to(first + WINDOW - 1);
		Evaluators::record_absence(&1, Absence::Counted);
		assert_eq!(bond_of(1), bond, "an absence within the window costs nothing and does not extend it");
		to(first + WINDOW);
		Evaluators::record_absence(&1, Absence::Counted);
		assert_eq!(bond_of(1), bond - ppm_of(bond, 2 * ABSENCE_PPM), "twice as much");
		assert_eq!(accounts_with(Behaviour::Absent), [1, 1]);
	});
}

#[test]
fn n2_an_excused_absence_costs_the_lowest_rate_and_no_reputation() {
	with(10, || {
		for _ in 0..5 {
			let bond = bond_of(1);
			Evaluators::record_absence(&1, Absence::Excused);
			Evaluators::record_absence(&1, Absence::Excused);
			assert_eq!(bond_of(1), bond - ppm_of(bond, ABSENCE_PPM), "the rate never rises");
			to(now() + WINDOW);
		}
		assert!(Behaviours::get().is_empty());
		assert_eq!(Records::<Test>::get(1).unwrap().absences, 0);
	});
}

/// A counted absence covers excused ones of its window. The reverse would sell a window of free absences for 0.1 %: an evaluator
/// can always be absent in a domain of its own.
#[test]
fn n10_an_excused_absence_never_shields_a_counted_one() {
	with(10, || {
		Evaluators::record_absence(&1, Absence::Excused);
		Evaluators::record_absence(&1, Absence::Counted);
		assert_eq!(accounts_with(Behaviour::Absent), [1]);
		let bond = 500 * DOIN - 500 * DOIN / 1_000;
		assert_eq!(bond_of(1), bond - ppm_of(bond, ABSENCE_PPM));
		Evaluators::record_absence(&1, Absence::Excused);
		Evaluators::record_absence(&1, Absence::Counted);
		assert_eq!(bond_of(1), bond - ppm_of(bond, ABSENCE_PPM));
	});
}

#[test]
fn n10_a_hundred_absences_without_weight_leave_score_and_counter_as_they_were() {
	with(10, || {
		Evaluators::record_absence(&1, Absence::Counted);
		let (score, absences) = (score_of(1), Records::<Test>::get(1).unwrap().absences);
		for _ in 0..100 {
			to(now() + WINDOW);
			Evaluators::record_absence(&1, Absence::Excused);
		}
		assert_eq!((score_of(1), Records::<Test>::get(1).unwrap().absences), (score, absences));
	});
}

#[test]
fn n2_a_permanently_absent_evaluator_is_soon_not_drawn_any_more() {
	// From neutral and from the ceiling of the scale.
	for (score, windows) in [(3_000_000, 2), (10_000_000, 9)] {
		with(10, || {
			Rounds::set(RoundParams::PUBLIC);
			Scores::mutate(|scores| scores.insert(1, score));
			let mut absent = 0;
			while MockReputation::is_eligible(&1) {
				// Several quorums per window.
				for _ in 0..4 {
					Evaluators::record_absence(&1, Absence::Counted);
					System::set_block_number(System::block_number() + u64::from(RoundParams::PUBLIC.absence_window() / 4));
				}
				absent += 1;
			}
			assert_eq!(absent, windows);
			assert!((0..50).all(|number| !draw(number, WEIGHTED, now(), 10, &[]).contains(&1)));
		});
	}
}

/// Silence never leaves an evaluator with a larger bond or a better reputation than a correct answer.
#[test]
fn silence_never_pays_better_than_an_answer() {
	for absences_before in 0..6 {
		for kind in [Absence::Counted, Absence::Excused] {
			for pause in [1, WINDOW] {
				let outcome = |answers: bool| {
					let mut outcome = (0, 0);
					with(10, || {
						for _ in 0..absences_before {
							Evaluators::record_absence(&1, Absence::Counted);
							to(now() + WINDOW);
						}
						to(now() + pause);
						if answers {
							Evaluators::record_answer(&1);
							Evaluators::record_agreement(&1);
						} else {
							Evaluators::record_absence(&1, kind);
						}
						outcome = (bond_of(1), score_of(1));
					});
					outcome
				};
				let (answer, silence) = (outcome(true), outcome(false));
				assert!(answer.0 > silence.0 && answer.1 > silence.1, "{answer:?} after an answer, {silence:?} after silence");
			}
		}
	}
}

/// Blocks in which an evaluator does not run: first block and length.
type Outage = (u32, u32);

/// Returns `true` if an evaluator that is out during `outages` can neither commit nor reveal in time for a task drawn in `block`.
fn misses(outages: &[Outage], params: &RoundParams, block: u32) -> bool {
	let reveals = block + params.answer;
	let covers = |from: u32, until: u32| outages.iter().any(|(start, len)| *start <= from && until <= start + len);
	covers(block, reveals) || covers(reveals, reveals + params.answer_reveal)
}

/// Lets account 1 take part in the quorums of 32 weighted domains for a day of a public network, except during `outages`. Returns
/// the rest of its bond.
fn bond_after(outages: &[Outage], seed: u32) -> Balance {
	let params = RoundParams::PUBLIC;
	let mut rest = 0;
	with(20, || {
		Rounds::set(params);
		Scores::mutate(|scores| scores.insert(1, 10_000_000));
		let rounds = (0..32).flat_map(|domain| (1..80).map(move |number| RoundId { domain, number }));
		let mut steps: Vec<_> = rounds
			.map(|round| params.reveal_window(round).1 + params.draw_outputs)
			.enumerate()
			.flat_map(|(task, drawn)| {
				[(drawn, true, task as u32), (drawn + params.answer + params.answer_reveal, false, task as u32)]
			})
			.collect();
		steps.sort_unstable();
		let mut drawn_in = std::collections::BTreeMap::new();
		for (block, is_draw, task) in steps {
			System::set_block_number(block.into());
			if is_draw {
				if draw(seed.wrapping_add(task), WEIGHTED, block, 20, &[]).contains(&1) {
					drawn_in.insert(task, block);
				}
			} else if let Some(drawn) = drawn_in.remove(&task) {
				if misses(outages, &params, drawn) {
					Evaluators::record_absence(&1, Absence::Counted);
				} else {
					Evaluators::record_answer(&1);
					Evaluators::record_agreement(&1);
				}
			}
		}
		rest = bond_of(1);
	});
	rest
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(12))]

	/// Three outages of at most an hour in a day of a public network, hours apart.
	#[test]
	fn n2_outages_of_an_hour_never_cost_more_than_a_hundredth_of_the_bond(
		seed: u32,
		first in (500u32..3_000, 1u32..=600),
		second in (5_000u32..8_000, 1u32..=600),
		third in (10_000u32..13_000, 1u32..=600),
	) {
		let rest = bond_after(&[first, second, third], seed);
		prop_assert!(rest >= 500 * DOIN / 100 * 99, "{} of 500 DOIN", rest / DOIN);
	}
}

#[test]
fn n2_an_hour_without_answers_is_noticed() {
	// The control of the property above: the outage affects dozens of quorums, and two of them are slashed.
	assert_eq!(quorum::size(20), 7);
	let bond = 500 * DOIN - 500 * DOIN / 1_000;
	assert_eq!(bond_after(&[(1_000, 600)], 7), bond - ppm_of(bond, 2 * ABSENCE_PPM));
	assert_eq!(bond_after(&[], 7), 500 * DOIN);
}
