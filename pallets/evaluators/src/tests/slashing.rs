//! Absences, false answers and collusion.

use super::*;
use crate::slashing::{absence_ppm, ABSENCE_PPM};
use doin_primitives::SizeClass::Small;
use doin_traits::share::ppm_of;

/// Returns false answers of `accounts` with equal sums.
fn alike(accounts: &[u64]) -> Vec<FalseAnswer<u64>> {
	accounts.iter().map(|who| FalseAnswer { who: *who, sums: [0; 32] }).collect()
}

#[docify::export]
#[test]
fn a_bond_below_the_minimum_suspends_until_it_is_raised() {
	with(10, || {
		assert_ok!(Evaluators::serve(signed(1), UNWEIGHTED));
		// Three false answers, each the only one of a quorum of ten, leave less than the minimum.
		for _ in 0..3 {
			Evaluators::slash_false_answers(&[FalseAnswer { who: 1, sums: [0; 32] }], 10, None);
		}
		assert_eq!(bond_of(1), 500 * DOIN / 1_000 * 729);
		assert_event(Event::Suspended { who: 1, bond: bond_of(1) });
		assert_eq!(available(WEIGHTED, Small), 9);
		assert_eq!(available(UNWEIGHTED, Small), 0);
		assert_ok!(Evaluators::bond_extra(signed(1), 100 * DOIN));
		assert_event(Event::BondIncreased { who: 1, amount: 100 * DOIN, bond: bond_of(1) });
		assert_eq!(available(WEIGHTED, Small), 10);
		assert_eq!(available(UNWEIGHTED, Small), 1);
	});
}

#[test]
fn absences_cost_twice_as_much_each_time_and_an_answer_starts_over() {
	with(10, || {
		let mut bond = 500 * DOIN;
		for doublings in [0, 1, 2, 3, 4, 5, 6, 7, 7, 7] {
			Evaluators::record_absence(&1, Absence::Counted);
			bond -= ppm_of(bond, ABSENCE_PPM << doublings);
			assert_eq!(bond_of(1), bond);
			to(now() + Rounds::get().absence_window());
		}
		Evaluators::record_answer(&1);
		Evaluators::record_absence(&1, Absence::Counted);
		bond -= ppm_of(bond, ABSENCE_PPM);
		assert_eq!(bond_of(1), bond);
		assert_eq!(accounts_with(Behaviour::Absent).len(), 11);
		assert_eq!(absence_ppm(u8::MAX), 128_000);
	});
}

#[test]
fn a_slash_burns_exactly_the_amount_that_leaves_the_bond() {
	with(10, || {
		let before = issuance();
		Evaluators::record_absence(&1, Absence::Counted);
		assert_eq!(before - issuance(), DOIN / 2);
		assert_eq!(500 * DOIN - bond_of(1), DOIN / 2);
		assert_event(Event::Slashed { who: 1, amount: DOIN / 2, offence: Offence::Absence });
	});
}

#[test]
fn a_false_answer_costs_a_tenth_and_collusion_costs_everything() {
	with(10, || {
		let before = issuance();
		let reward = Evaluators::slash_false_answers(&alike(&[1, 2]), 7, None);
		assert_eq!((bond_of(1), bond_of(2), reward), (450 * DOIN, 450 * DOIN, 0), "two of seven are less than a third");
		Evaluators::slash_false_answers(&alike(&[3, 4]), 6, None);
		for who in [3, 4] {
			assert_event(Event::Slashed { who, amount: 500 * DOIN, offence: Offence::Collusion });
			assert!(!Records::<Test>::contains_key(who), "an evaluator without a bond is not an evaluator");
			assert!(!SeatIndex::<Test>::contains_key(who, Roster::Class(Small)));
		}
		let answers = [FalseAnswer { who: 5, sums: [0; 32] }, FalseAnswer { who: 6, sums: [1; 32] }];
		Evaluators::slash_false_answers(&answers, 5, None);
		assert_eq!((bond_of(5), bond_of(6)), (450 * DOIN, 450 * DOIN), "different false answers are not collusion");
		assert_eq!(accounts_with(Behaviour::AnsweredFalsely), [1, 2, 3, 4, 5, 6]);
		assert_eq!(before - issuance(), 1_200 * DOIN);
	});
}

#[test]
fn a_challenger_receives_a_tenth_of_the_slash() {
	with(10, || {
		let before = issuance();
		assert_eq!(Evaluators::slash_false_answers(&alike(&[1, 2]), 10, Some(&OUTSIDER)), 10 * DOIN);
		assert_eq!(Balances::balance(&OUTSIDER), 1_010 * DOIN);
		assert_eq!(before - issuance(), 90 * DOIN);
	});
}

#[test]
fn a_reward_that_the_challenger_cannot_receive_is_burned() {
	with(10, || {
		let before = issuance();
		// The account does not exist, and the reward is below the existential deposit.
		Records::<Test>::mutate_extant(1, |record| record.bond = DOIN / 10);
		let held = Balances::balance_on_hold(&HoldReason::Bond.into(), &1);
		assert_ok!(<Balances as frame_support::traits::fungible::hold::Mutate<u64>>::burn_held(
			&HoldReason::Bond.into(),
			&1,
			held - DOIN / 10,
			frame_support::traits::tokens::Precision::Exact,
			frame_support::traits::tokens::Fortitude::Force,
		));
		for roster in Records::<Test>::get(1).unwrap().rosters() {
			crate::Pallet::<Test>::leave(roster, &1);
		}
		let burned = before - issuance();
		assert_eq!(Evaluators::slash_false_answers(&alike(&[1]), 10, Some(&77)), 0);
		assert_eq!(before - issuance() - burned, DOIN / 100);
		assert_eq!(bond_of(1), DOIN / 10 - DOIN / 100);
	});
}

#[test]
fn an_evaluator_that_agrees_gains_reputation_only() {
	with(3, || {
		Evaluators::record_agreement(&1);
		assert_eq!(Behaviours::get(), [(1, Behaviour::Agreed)]);
		assert_eq!(bond_of(1), 500 * DOIN);
	});
}

#[test]
fn a_deviation_costs_a_hundredth_however_many_deviate() {
	with(3, || {
		let before = issuance();
		Evaluators::slash_deviations(&[1, 2, OUTSIDER]);
		assert_eq!((bond_of(1), bond_of(2), bond_of(3)), (495 * DOIN, 495 * DOIN, 500 * DOIN));
		assert_event(Event::Slashed { who: 1, amount: 5 * DOIN, offence: Offence::Deviation });
		assert_eq!(before - issuance(), 10 * DOIN, "all of it is burned");
		assert!(Behaviours::get().is_empty(), "nothing is proved");
		Evaluators::slash_deviations(&[]);
	});
}

#[test]
fn accounts_without_a_bond_are_not_slashed() {
	with(3, || {
		let before = issuance();
		Evaluators::record_absence(&OUTSIDER, Absence::Counted);
		assert_eq!(Evaluators::slash_false_answers(&alike(&[OUTSIDER]), 3, Some(&OTHER)), 0);
		assert_eq!(issuance(), before);
		assert_eq!(Balances::balance(&OUTSIDER), 1_000 * DOIN);
	});
}

/// Fifteen equal false answers: a tenth of the slashes would be more than the challenger loses as one of the fifteen.
#[test]
fn an_evaluator_gains_nothing_by_challenging_its_own_quorum() {
	with(15, || {
		let everybody: Vec<u64> = (1..=15).collect();
		let before = issuance();
		assert_eq!(Evaluators::slash_false_answers(&alike(&everybody), 15, Some(&OUTSIDER)), 500 * DOIN);
		assert_eq!(before - issuance(), 14 * 500 * DOIN);
	});
	with(15, || {
		// Different false answers, after an absence of account 15: its slash is the smallest.
		Evaluators::record_absence(&15, Absence::Counted);
		let answers: Vec<_> = (1..=15).map(|who| FalseAnswer { who, sums: seed(who as u32) }).collect();
		let smallest = bond_of(15) / 10;
		assert_eq!(Evaluators::slash_false_answers(&answers, 15, Some(&OUTSIDER)), smallest);
		assert_eq!(Balances::balance(&OUTSIDER), 1_000 * DOIN + smallest);
	});
}
