//! Bonding, serving and withdrawing.

use super::*;
use crate::types::MAX_SERVED;
use doin_primitives::{
	RoundParams,
	SizeClass::{Huge, Large, Small},
};

const LONGEST: u32 = RoundParams::DEV.longest();

#[test]
fn an_account_bonds_and_serves_the_weighted_domains_of_its_class() {
	with(3, || {
		assert_ok!(Evaluators::bond(signed(OUTSIDER), MIN_BOND, Large));
		assert_event(Event::Bonded { who: OUTSIDER, amount: MIN_BOND, class: Large });
		assert_eq!(Balances::balance_on_hold(&HoldReason::Bond.into(), &OUTSIDER), MIN_BOND);
		assert_eq!(bond_of(OUTSIDER), MIN_BOND);
		assert!(Evaluators::is_bonded(&OUTSIDER) && !Evaluators::is_bonded(&OTHER));
		assert_eq!(available(WEIGHTED, Small), 4, "an evaluator of a larger class serves the smaller ones");
		assert_eq!(available(WEIGHTED, Large), 1);
		assert_eq!(available(WEIGHTED, Huge), 0);
		assert_eq!(available(UNWEIGHTED, Large), 0, "an unweighted domain is served by choice");
		assert_noop!(Evaluators::bond(signed(OUTSIDER), MIN_BOND, Small), Error::<Test>::AlreadyBonded);
		assert_noop!(Evaluators::bond(signed(OTHER), MIN_BOND - 1, Small), Error::<Test>::BondTooSmall);
	});
}

#[test]
fn a_bond_that_cannot_be_held_bonds_nobody() {
	with(0, || {
		assert!(Evaluators::bond(signed(OUTSIDER), 2_000 * DOIN, Small).is_err());
		assert_eq!(available(WEIGHTED, Small), 0);
		assert_eq!(bond_of(OUTSIDER), 0);
	});
}

#[test]
fn an_evaluator_serves_a_few_unweighted_domains_by_choice() {
	with(3, || {
		assert_ok!(Evaluators::serve(signed(1), UNWEIGHTED));
		assert_event(Event::ServiceStarted { who: 1, domain: UNWEIGHTED });
		assert_eq!(available(UNWEIGHTED, Small), 1);
		assert_noop!(Evaluators::serve(signed(1), UNWEIGHTED), Error::<Test>::AlreadyServing);
		assert_noop!(Evaluators::serve(signed(1), UNKNOWN), Error::<Test>::UnknownDomain);
		assert_noop!(Evaluators::serve(signed(OUTSIDER), UNWEIGHTED), Error::<Test>::NotBonded);
		for extra in 1..MAX_SERVED {
			assert_ok!(Evaluators::serve(signed(1), UNWEIGHTED + extra));
		}
		assert_noop!(Evaluators::serve(signed(1), UNWEIGHTED + MAX_SERVED), Error::<Test>::TooManyDomains);
		assert_ok!(Evaluators::unserve(signed(1), UNWEIGHTED));
		assert_event(Event::ServiceStopped { who: 1, domain: UNWEIGHTED });
		assert_eq!(available(UNWEIGHTED, Small), 0);
		assert_noop!(Evaluators::unserve(signed(1), UNWEIGHTED), Error::<Test>::NotServing);
	});
}

#[docify::export]
#[test]
fn an_evaluator_leaves_its_rosters_at_once_and_with_its_bond_after_the_longest_round() {
	with(3, || {
		assert_ok!(Evaluators::serve(signed(2), UNWEIGHTED));
		assert_noop!(Evaluators::withdraw(signed(2)), Error::<Test>::NotUnbonding);
		assert_ok!(Evaluators::unbond(signed(2)));
		let until = now() + LONGEST;
		assert_event(Event::UnbondingStarted { who: 2, until });
		assert_eq!(available(WEIGHTED, Small), 2);
		assert_eq!(available(UNWEIGHTED, Small), 0);
		assert_noop!(Evaluators::unbond(signed(2)), Error::<Test>::AlreadyUnbonding);
		assert_noop!(Evaluators::bond_extra(signed(2), DOIN), Error::<Test>::AlreadyUnbonding);
		assert_noop!(Evaluators::serve(signed(2), UNWEIGHTED), Error::<Test>::AlreadyUnbonding);
		to(until - 1);
		assert_noop!(Evaluators::withdraw(signed(2)), Error::<Test>::StillUnbonding);
		to(until);
		assert_ok!(Evaluators::withdraw(signed(2)));
		assert_event(Event::Withdrawn { who: 2, amount: 500 * DOIN });
		assert_eq!(Balances::balance(&2), 1_000 * DOIN);
		assert_ok!(Evaluators::bond(signed(2), MIN_BOND, Small));
	});
}

#[test]
fn genesis_evaluators_must_be_able_to_bond() {
	let result = std::panic::catch_unwind(|| {
		new_test_ext_with(0).execute_with(|| {
			use sp_runtime::traits::Zero;
			assert!(Balances::balance(&55).is_zero());
			frame_support::traits::BuildGenesisConfig::build(&crate::GenesisConfig::<Test> {
				evaluators: vec![(55, MIN_BOND, Small)],
			});
		})
	});
	let message = *result.unwrap_err().downcast::<String>().unwrap();
	assert!(message.contains("evaluator 55 cannot bond"), "{message}");
}
