use crate::{mock::*, Error, Event, Records};
use doin_primitives_frame::{Deed, Reputation as _};
use frame_support::{assert_noop, assert_ok};

const ALICE: u64 = 1;
const BOB: u64 = 2;

#[test]
fn an_unknown_account_is_neutral_and_drawable() {
	build_and_execute(|| {
		assert_eq!(Reputation::score(&ALICE), 3_000_000);
		assert!(Reputation::drawable(&ALICE));
		// ln 4 / ln 11.
		assert_eq!(Reputation::factor(&ALICE), 37_888);
		assert!(!Records::<Test>::contains_key(ALICE), "reading writes nothing");
	});
}

#[test]
fn deeds_move_the_score_and_say_so() {
	build_and_execute(|| {
		Reputation::note(&ALICE, Deed::Agreed);
		System::assert_last_event(Event::Noted { who: ALICE, deed: Deed::Agreed, score: 3_399_999 }.into());
		Reputation::note(&ALICE, Deed::NoShow);
		assert_eq!(Reputation::score(&ALICE), 2_399_999);
		Reputation::note(&ALICE, Deed::False);
		assert_eq!(Reputation::score(&ALICE), 399_999);
		Reputation::note(&ALICE, Deed::Equivocated);
		System::assert_last_event(Event::Noted { who: ALICE, deed: Deed::Equivocated, score: 0 }.into());
		assert_eq!(Reputation::factor(&ALICE), 0);
		assert_eq!(Reputation::score(&BOB), 3_000_000, "a deed is its doer's alone");
	});
}

#[test]
fn one_missed_seat_is_tolerated_and_two_are_not() {
	build_and_execute(|| {
		Reputation::note(&ALICE, Deed::NoShow);
		assert!(Reputation::drawable(&ALICE));
		Reputation::note(&ALICE, Deed::NoShow);
		assert!(!Reputation::drawable(&ALICE));
	});
}

#[test]
fn a_liar_is_drawable_again_after_exactly_one_half_life() {
	build_and_execute(|| {
		Reputation::note(&ALICE, Deed::False);
		System::set_block_number(1 + 99);
		assert!(!Reputation::drawable(&ALICE));
		System::set_block_number(1 + 100);
		assert!(Reputation::drawable(&ALICE));
		assert_eq!(Reputation::score(&ALICE), 2_000_000);
	});
}

#[test]
fn merit_fades_like_faults_and_never_exceeds_the_ceiling() {
	build_and_execute(|| {
		(0..50).for_each(|_| Reputation::note(&ALICE, Deed::Agreed));
		assert_eq!(Reputation::score(&ALICE), 10_000_000);
		assert_eq!(Reputation::factor(&ALICE), 65_536);
		System::set_block_number(1 + 100);
		assert_eq!(Reputation::score(&ALICE), 6_500_000);
		// No stock of merit survives signing twice.
		Reputation::note(&ALICE, Deed::Equivocated);
		assert_eq!(Reputation::score(&ALICE), 0);
	});
}

#[test]
fn the_next_deed_starts_from_the_decayed_score() {
	build_and_execute(|| {
		Reputation::note(&ALICE, Deed::False);
		System::set_block_number(1 + 100);
		Reputation::note(&ALICE, Deed::Agreed);
		assert_eq!(Reputation::score(&ALICE), 2_399_999);
	});
}

#[test]
fn a_record_is_forgotten_once_it_is_neutral_again_and_not_before() {
	build_and_execute(|| {
		assert_noop!(Reputation::forget(RuntimeOrigin::signed(BOB), ALICE), Error::<Test>::NoRecord);
		Reputation::note(&ALICE, Deed::False);
		System::set_block_number(1 + 17 * 100);
		assert_noop!(Reputation::forget(RuntimeOrigin::signed(BOB), ALICE), Error::<Test>::StillRemembered);
		System::set_block_number(2 + 17 * 100);
		assert_ok!(Reputation::forget(RuntimeOrigin::signed(BOB), ALICE));
		System::assert_last_event(Event::Forgotten { who: ALICE }.into());
		assert!(!Records::<Test>::contains_key(ALICE));
	});
}
