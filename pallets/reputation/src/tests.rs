//! Behaviours, decay and the removal of records.

use crate::{mock::*, Error, Event, Records};
use doin_traits::{Behaviour, Reputation as _};
use frame_support::{assert_noop, assert_ok};

const ALICE: u64 = 1;
const BOB: u64 = 2;

#[test]
fn an_account_without_a_record_is_neutral_and_eligible() {
	build_and_execute(|| {
		assert_eq!(Reputation::score(&ALICE), 3_000_000);
		assert!(Reputation::is_eligible(&ALICE));
		// ln 4 / ln 11.
		assert_eq!(Reputation::factor(&ALICE), 37_888);
		assert!(!Records::<Test>::contains_key(ALICE), "reading writes nothing");
	});
}

#[test]
fn every_behaviour_moves_the_score_and_is_reported() {
	build_and_execute(|| {
		Reputation::record(&ALICE, Behaviour::Agreed);
		System::assert_last_event(Event::BehaviourRecorded { who: ALICE, behaviour: Behaviour::Agreed, score: 3_399_999 }.into());
		Reputation::record(&ALICE, Behaviour::Absent);
		assert_eq!(Reputation::score(&ALICE), 2_399_999);
		Reputation::record(&ALICE, Behaviour::AnsweredFalsely);
		assert_eq!(Reputation::score(&ALICE), 399_999);
		Reputation::record(&ALICE, Behaviour::Equivocated);
		System::assert_last_event(Event::BehaviourRecorded { who: ALICE, behaviour: Behaviour::Equivocated, score: 0 }.into());
		assert_eq!(Reputation::factor(&ALICE), 0);
		assert_eq!(Reputation::score(&BOB), 3_000_000, "other accounts are not affected");
	});
}

#[test]
fn one_missed_seat_is_tolerated_and_two_are_not() {
	build_and_execute(|| {
		Reputation::record(&ALICE, Behaviour::Absent);
		assert!(Reputation::is_eligible(&ALICE));
		Reputation::record(&ALICE, Behaviour::Absent);
		assert!(!Reputation::is_eligible(&ALICE));
	});
}

#[docify::export]
#[test]
fn a_false_answer_excludes_an_evaluator_for_one_half_life() {
	build_and_execute(|| {
		Reputation::record(&ALICE, Behaviour::AnsweredFalsely);
		System::set_block_number(1 + 99);
		assert!(!Reputation::is_eligible(&ALICE));
		System::set_block_number(1 + 100);
		assert!(Reputation::is_eligible(&ALICE));
		assert_eq!(Reputation::score(&ALICE), 2_000_000);
	});
}

#[test]
fn merit_decays_like_penalties_and_never_exceeds_the_ceiling() {
	build_and_execute(|| {
		(0..50).for_each(|_| Reputation::record(&ALICE, Behaviour::Agreed));
		assert_eq!(Reputation::score(&ALICE), 10_000_000);
		assert_eq!(Reputation::factor(&ALICE), 65_536);
		System::set_block_number(1 + 100);
		assert_eq!(Reputation::score(&ALICE), 6_500_000);
		// An equivocation takes the highest score to 0.
		Reputation::record(&ALICE, Behaviour::Equivocated);
		assert_eq!(Reputation::score(&ALICE), 0);
	});
}

#[test]
fn the_next_behaviour_starts_from_the_decayed_score() {
	build_and_execute(|| {
		Reputation::record(&ALICE, Behaviour::AnsweredFalsely);
		System::set_block_number(1 + 100);
		Reputation::record(&ALICE, Behaviour::Agreed);
		assert_eq!(Reputation::score(&ALICE), 2_399_999);
	});
}

#[test]
fn a_record_is_removed_once_it_is_neutral_again_and_not_before() {
	build_and_execute(|| {
		assert_noop!(Reputation::remove_record(RuntimeOrigin::signed(BOB), ALICE), Error::<Test>::NoRecord);
		Reputation::record(&ALICE, Behaviour::AnsweredFalsely);
		System::set_block_number(1 + 17 * 100);
		assert_noop!(Reputation::remove_record(RuntimeOrigin::signed(BOB), ALICE), Error::<Test>::RecordNotExpired);
		System::set_block_number(2 + 17 * 100);
		assert_ok!(Reputation::remove_record(RuntimeOrigin::signed(BOB), ALICE));
		System::assert_last_event(Event::RecordRemoved { who: ALICE }.into());
		assert!(!Records::<Test>::contains_key(ALICE));
	});
}
