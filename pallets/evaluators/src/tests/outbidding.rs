//! Full rosters: bonds that are larger by a tenth take the smallest seats.

use super::*;
use crate::types::{least_bid, MAX_DISPLACED};
use doin_primitives::{
	draw::MAX_ROSTER,
	SizeClass::{Large, Small},
};

const ROSTER: Roster = Roster::Class(Small);

/// Bond that takes the seat of one of the evaluators that the mock starts with, in plancks.
const BID: Balance = 550 * DOIN;

fn has_seat(who: u64, roster: Roster) -> bool {
	SeatIndex::<Test>::contains_key(who, roster)
}

#[test]
fn n8_a_full_roster_is_outbid() {
	with(1_024, || {
		assert_noop!(Evaluators::bond(signed(OTHER), BID - 1, Small), Error::<Test>::RosterFull);
		// The smallest bond is that of account 512.
		Evaluators::record_absence(&512, Absence::Counted);
		let bond = bond_of(512);
		assert_noop!(Evaluators::bond(signed(OTHER), bond + bond / 10 - 1, Small), Error::<Test>::RosterFull);
		assert_ok!(Evaluators::bond(signed(OTHER), bond + bond / 10, Small));
		assert_event(Event::Displaced { who: 512, roster: ROSTER });
		assert!(has_seat(OTHER, ROSTER) && !has_seat(512, ROSTER));
		assert_eq!(available(WEIGHTED, Small), 1_024);
		// The youngest of several smallest seats is that of the account `THIRD`.
		assert_ok!(Evaluators::unbond(signed(600)));
		to(2);
		assert_ok!(Evaluators::bond(signed(THIRD), 500 * DOIN, Small));
		// The displaced evaluator keeps its bond, and gets a seat back with a larger one.
		assert_noop!(Evaluators::bond_extra(signed(512), BID - 1 - bond), Error::<Test>::RosterFull);
		assert_eq!(bond_of(512), bond);
		assert_ok!(Evaluators::bond_extra(signed(512), BID - bond));
		assert!(has_seat(512, ROSTER));
		assert!(!has_seat(THIRD, ROSTER), "of several smallest seats the youngest is displaced");
		// It can leave with everything that is left.
		assert_ok!(Evaluators::unbond(signed(THIRD)));
		assert_eq!(available(WEIGHTED, Small), 1_024);
	});
}

#[test]
fn n8_a_bid_is_a_tenth_above_the_smallest_bond_rounded_up() {
	for (smallest, bid) in [(10, 11), (11, 13), (MIN_BOND, 440 * DOIN), (MIN_BOND + 1, 440 * DOIN + 2), (1, 2)] {
		assert_eq!(least_bid(smallest), bid, "{smallest}");
	}
	assert_eq!(least_bid(Balance::MAX), Balance::MAX);
}

/// An operator that holds every seat bids against its own seats to use up the changes of every period, so that no other account
/// can bid.
#[test]
fn n8_outbidding_ones_own_seats_costs_a_tenth_more_for_all_of_them() {
	with(MAX_ROSTER.into(), || {
		let staked = || (1..=u64::from(MAX_ROSTER)).chain(OUTSIDER..OUTSIDER + 64).map(bond_of).sum::<Balance>();
		let before = staked();
		let mut free: Vec<u64> = (OUTSIDER..OUTSIDER + u64::from(MAX_DISPLACED)).collect();
		let raise = |who: u64, bond: Balance| match bond_of(who) {
			0 => Evaluators::bond(signed(who), bond, Small),
			former => Evaluators::bond_extra(signed(who), bond - former),
		};
		let periods = MAX_ROSTER / MAX_DISPLACED;
		for _ in 0..periods {
			assert_noop!(raise(free[0], 500 * DOIN + 1), Error::<Test>::RosterFull);
			for who in &free {
				assert_ok!(raise(*who, BID));
			}
			assert_noop!(raise(OUTSIDER + 99, 900 * DOIN), Error::<Test>::TooManyDisplaced);
			let displaced = crate::DisplacedSeats::<Test>::get(ROSTER);
			free = displaced.into_iter().map(|displaced| displaced.seat.who).collect();
			System::set_block_number((now() + Rounds::get().period()).into());
		}
		let smallest = Evaluators::seats_of(ROSTER).map(|seat| seat.bond).min();
		assert_eq!(smallest, Some(BID), "after {periods} periods every seat costs a tenth more");
		let displaced = u128::from(MAX_DISPLACED) * 500 * DOIN;
		assert_eq!(staked(), before + before / 10 + displaced, "and 64 displaced evaluators have their bonds on hold");
		assert_noop!(raise(free[0], BID + 1), Error::<Test>::RosterFull);
		assert_eq!(least_bid(BID), 605 * DOIN);
	});
}

#[test]
fn n8_a_displaced_evaluator_takes_a_free_seat_without_a_raise() {
	with(1_024, || {
		assert_ok!(Evaluators::bond(signed(OTHER), BID, Small));
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
		// A raise outbids there, once the bond is a tenth larger than the smallest one.
		assert_ok!(Evaluators::bond_extra(signed(OTHER), BID - 1 - MIN_BOND));
		assert!(!has_seat(OTHER, ROSTER));
		assert_ok!(Evaluators::bond_extra(signed(OTHER), 1));
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
			assert_ok!(Evaluators::bond(signed(OUTSIDER + bidder), BID, Small));
		}
		let last = OUTSIDER + u64::from(MAX_DISPLACED);
		assert_noop!(Evaluators::bond(signed(last), BID, Small), Error::<Test>::TooManyDisplaced);
		let free = now() + Rounds::get().period();
		to(free - 1);
		assert_noop!(Evaluators::bond(signed(last), BID, Small), Error::<Test>::TooManyDisplaced);
		to(free);
		assert_ok!(Evaluators::bond(signed(last), BID, Small));
		assert_eq!(crate::DisplacedSeats::<Test>::get(ROSTER).len(), 1, "expired seats are removed");
	});
}

#[test]
fn a_suspended_evaluator_loses_the_seats_that_it_still_has() {
	with(1_024, || {
		assert_ok!(Evaluators::serve(signed(1), UNWEIGHTED));
		assert_ok!(Evaluators::bond(signed(OTHER), BID, Small));
		assert!(!has_seat(1, ROSTER) && has_seat(1, Roster::Domain(UNWEIGHTED)));
		for _ in 0..3 {
			Evaluators::slash_false_answers(&[FalseAnswer { who: 1, sums: [0; 32] }], 13, None);
		}
		assert_event(Event::Suspended { who: 1, bond: bond_of(1) });
		assert!(!has_seat(1, Roster::Domain(UNWEIGHTED)));
	});
}
