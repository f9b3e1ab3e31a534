//! Seats: joining, leaving and the size of rosters.

use super::*;
use crate::types::Roster;
use doin_primitives::SizeClass::{Large, Small};

#[test]
fn the_last_seat_fills_the_gap_and_rosters_stay_consistent() {
	with(200, || {
		assert_eq!(Evaluators::available(WEIGHTED, Small), 200);
		assert_eq!(Rosters::<Test>::get(Roster::Class(Small)).sums.len(), 4);
		// From the front, from the back, across chunk borders, until the roster is empty.
		let mut rest: Vec<u64> = (1..=200).collect();
		let mut step = 0;
		while !rest.is_empty() {
			step = (step * 31 + 17) % rest.len();
			assert_ok!(Evaluators::unbond(signed(rest.swap_remove(step))));
			if rest.len().is_multiple_of(13) {
				Evaluators::do_try_state().unwrap();
			}
		}
		assert_eq!(Rosters::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_roster_ends_at_1024_seats() {
	with(1_024, || {
		assert_noop!(Evaluators::bond(signed(OTHER), MIN_BOND, Small), Error::<Test>::RosterFull);
		assert_ok!(Evaluators::bond(signed(OTHER), MIN_BOND, Large));
		assert_ok!(Evaluators::unbond(signed(512)));
		assert_ok!(Evaluators::bond(signed(THIRD), MIN_BOND, Small));
	});
}
