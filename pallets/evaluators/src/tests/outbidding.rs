//! Full rosters: larger bonds take the smallest seats.

use super::*;
use crate::types::MAX_DISPLACED;
use doin_primitives::SizeClass::{Large, Small};

const ROSTER: Roster = Roster::Class(Small);

fn has_seat(who: u64, roster: Roster) -> bool {
	SeatIndex::<Test>::contains_key(who, roster)
}

#[test]
fn n8_a_full_roster_is_outbid() {
	with(1_024, || {
		assert_noop!(Evaluators::bond(signed(OTHER), 500 * DOIN, Small), Error::<Test>::RosterFull);
		// The smallest bond is that of account 512.
		Evaluators::record_absence(&512, Absence::Counted);
		assert_ok!(Evaluators::bond(signed(OTHER), 500 * DOIN, Small));
		assert_event(Event::Displaced { who: 512, roster: ROSTER });
		assert!(has_seat(OTHER, ROSTER) && !has_seat(512, ROSTER));
		assert_eq!(available(WEIGHTED, Small), 1_024);
		// The displaced evaluator keeps its bond, and gets a seat back with a larger one.
		let bond = bond_of(512);
		assert_noop!(Evaluators::bond_extra(signed(512), 500 * DOIN - bond), Error::<Test>::RosterFull);
		assert_eq!(bond_of(512), bond);
		assert_ok!(Evaluators::bond_extra(signed(512), 501 * DOIN - bond));
		assert!(has_seat(512, ROSTER));
		assert!(!has_seat(OTHER, ROSTER), "of several smallest seats the youngest is displaced");
		// It can leave with everything that is left.
		assert_ok!(Evaluators::unbond(signed(OTHER)));
		assert_eq!(available(WEIGHTED, Small), 1_024);
	});
}

#[test]
fn n8_a_displaced_evaluator_takes_a_free_seat_without_a_raise() {
	with(1_024, || {
		assert_ok!(Evaluators::bond(signed(OTHER), 501 * DOIN, Small));
		assert!(!has_seat(1, ROSTER));
		assert_ok!(Evaluators::unbond(signed(600)));
		assert_ok!(Evaluators::bond_extra(signed(1), 0));
		assert!(has_seat(1, ROSTER));
		assert_eq!(bond_of(1), 500 * DOIN);
	});
}

#[test]
fn n8_a_larger_class_does_not_fail_on_a_full_roster_of_a_smaller_one() {
	with(1_024, || {
		assert_ok!(Evaluators::bond(signed(OTHER), MIN_BOND, Large));
		assert_event(Event::NotSeated { who: OTHER, roster: ROSTER });
		assert!(has_seat(OTHER, Roster::Class(Large)) && !has_seat(OTHER, ROSTER));
		// A raise outbids there.
		assert_ok!(Evaluators::bond_extra(signed(OTHER), 101 * DOIN));
		assert_event(Event::Displaced { who: 1, roster: ROSTER });
		assert!(has_seat(OTHER, ROSTER));
	});
}

#[test]
fn n8_the_roster_of_a_domain_is_outbid_too() {
	with(1_024, || {
		for who in 1..=1_024 {
			assert_ok!(Evaluators::serve(signed(who), UNWEIGHTED));
		}
		assert_ok!(Evaluators::bond(signed(OTHER), MIN_BOND, Large));
		assert_noop!(Evaluators::serve(signed(OTHER), UNWEIGHTED), Error::<Test>::RosterFull);
		assert_ok!(Evaluators::bond_extra(signed(OTHER), 200 * DOIN));
		assert_ok!(Evaluators::serve(signed(OTHER), UNWEIGHTED));
		assert_event(Event::Displaced { who: 1, roster: Roster::Domain(UNWEIGHTED) });
		// The service goes on once the evaluator bids again, and can be ended without a seat.
		assert_ok!(Evaluators::bond_extra(signed(1), 300 * DOIN));
		assert!(has_seat(1, Roster::Domain(UNWEIGHTED)));
		let loser = (2..=1_024).find(|who| !has_seat(*who, Roster::Domain(UNWEIGHTED))).unwrap();
		assert_ok!(Evaluators::unserve(signed(loser), UNWEIGHTED));
	});
}

#[test]
fn n8_a_bounded_number_of_seats_is_outbid_per_period() {
	with(1_024, || {
		for bidder in 0..u64::from(MAX_DISPLACED) {
			assert_ok!(Evaluators::bond(signed(OUTSIDER + bidder), 501 * DOIN, Small));
		}
		let last = OUTSIDER + u64::from(MAX_DISPLACED);
		assert_noop!(Evaluators::bond(signed(last), 501 * DOIN, Small), Error::<Test>::TooManyDisplaced);
		let free = now() + Rounds::get().period();
		to(free - 1);
		assert_noop!(Evaluators::bond(signed(last), 501 * DOIN, Small), Error::<Test>::TooManyDisplaced);
		to(free);
		assert_ok!(Evaluators::bond(signed(last), 501 * DOIN, Small));
		assert_eq!(crate::DisplacedSeats::<Test>::get(ROSTER).len(), 1, "expired seats are removed");
	});
}

#[test]
fn a_suspended_evaluator_loses_the_seats_that_it_still_has() {
	with(1_024, || {
		assert_ok!(Evaluators::serve(signed(1), UNWEIGHTED));
		assert_ok!(Evaluators::bond(signed(OTHER), 501 * DOIN, Small));
		assert!(!has_seat(1, ROSTER) && has_seat(1, Roster::Domain(UNWEIGHTED)));
		for _ in 0..3 {
			Evaluators::slash_false_answers(&[FalseAnswer { who: 1, sums: [0; 32] }], 13, None);
		}
		assert_event(Event::Suspended { who: 1, bond: bond_of(1) });
		assert!(!has_seat(1, Roster::Domain(UNWEIGHTED)));
	});
}
