//! Seats: joining, leaving and the size of rosters.

use super::*;
use doin_primitives::SizeClass::Small;

#[test]
fn the_last_seat_fills_the_gap_and_rosters_stay_consistent() {
	with(200, || {
		assert_eq!(available(WEIGHTED, Small), 200);
		assert_eq!(Rosters::<Test>::get(Roster::Class(Small)), 200);
		assert_eq!(crate::Seats::<Test>::iter_prefix(Roster::Class(Small)).count(), 4);
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
fn an_evaluator_of_a_larger_class_serves_the_smaller_ones() {
	use doin_primitives::SizeClass::{Huge, Large};
	with(3, || {
		assert_ok!(Evaluators::bond(signed(OUTSIDER), MIN_BOND, Huge));
		assert_ok!(Evaluators::bond(signed(OTHER), MIN_BOND, Large));
		assert_eq!([Small, Large, Huge].map(|class| available(WEIGHTED, class)), [5, 2, 1]);
		assert_ok!(Evaluators::unbond(signed(OUTSIDER)));
		assert_eq!([Small, Large, Huge].map(|class| available(WEIGHTED, class)), [4, 1, 0]);
	});
}

#[test]
fn excluded_accounts_count_only_if_they_have_a_seat() {
	with(10, || {
		assert_eq!(Evaluators::available(WEIGHTED, Small, true, &[1, 2, OUTSIDER]), 8);
		assert_eq!(Evaluators::available(WEIGHTED, Small, false, &[]), 0, "the weight is that of the request");
	});
}
