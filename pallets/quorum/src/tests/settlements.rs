//! Settling: where answers differ, and where they agree on something false.

use super::*;
use crate::settlement::MAX_REPLAYED;

/// Why a settlement is refused; it is charged for no more than finding that out.
fn unsettled(class: SizeClass) -> DispatchResult {
	let refused = Quorum::settle(signed(OUTSIDER), ROUND, class).map(|_| ());
	refused.map_err(|refused| {
		assert_eq!(refused.post_info.actual_weight, Some(Quorum::lookup_weight()));
		assert!(Quorum::lookup_weight().ref_time() < Quorum::settle_weight(class, 1).ref_time());
		refused.error
	})
}

#[test]
fn one_false_answer_of_three_is_no_collusion() {
	with(3, || {
		let members = answered(|place| Some(if place == 0 { lie(0, 0, 1) } else { truth() }));
		assert_eq!(members.len(), 3);
		assert_ok!(settle());
		assert_eq!(doers(Deed::False), members[..1]);
		seen(Event::Slashed { who: members[0], amount: 50 * DOIN, offence: Offence::False });
	});
}

#[test]
fn two_alike_of_three_have_agreed_on_it() {
	with(3, || {
		let members = answered(|place| Some(if place < 2 { lie(0, 0, 1) } else { truth() }));
		assert_ok!(settle());
		for liar in &members[..2] {
			seen(Event::Slashed { who: *liar, amount: 500 * DOIN, offence: Offence::Collusion });
		}
	});
}

#[test]
fn a_settlement_is_refused_out_of_its_time_and_with_the_wrong_class() {
	with(10, || {
		assert_noop!(unsettled(Small), Error::<Test>::UnknownRound);
		open();
		assert_noop!(unsettled(Small), Error::<Test>::WrongPhase);
		to_the_draw();
		assert_noop!(unsettled(Small), Error::<Test>::WrongPhase);
		let sums = truth();
		commit_all(&members(), &sums);
		to_the_reveals();
		reveal_all(&members(), &sums);
		assert_noop!(unsettled(Small), Error::<Test>::WrongPhase);
		to_the_end_of_the_reveals();
		assert_noop!(unsettled(Large), Error::<Test>::WrongClass);
		assert_ok!(settle());
		assert_noop!(unsettled(Small), Error::<Test>::WrongPhase);
	});
}

#[test]
fn a_lying_minority_is_caught_by_one_replayed_chunk() {
	with(10, || {
		let before = issuance();
		let members = answered(|place| Some(if place == 3 { lie(2, 5, 1) } else { truth() }));
		let truth = truth();
		assert_ok!(settle());
		seen(Event::Slashed { who: members[3], amount: 50 * DOIN, offence: Offence::False });
		assert_eq!(bond_of(members[3]), 450 * DOIN);
		assert_eq!(before - issuance(), 50 * DOIN);
		to_the_end();
		let outcome = outcome();
		assert_eq!(outcome.truth, truth);
		assert!(!outcome.truthful.contains(&members[3]));
		assert_eq!(outcome.truthful.len(), 4);
		assert_eq!(doers(Deed::False), [members[3]]);
		assert_eq!(doers(Deed::Agreed).len(), 4);
		assert_clean();
	});
}

#[test]
fn one_honest_answer_overturns_a_lying_majority() {
	with(10, || {
		let before = issuance();
		let members = answered(|place| Some(if place == 4 { truth() } else { lie(1, 0, 77) }));
		let truth = truth();
		assert_ok!(settle());
		for liar in &members[..4] {
			seen(Event::Slashed { who: *liar, amount: 500 * DOIN, offence: Offence::Collusion });
			assert_eq!(bond_of(*liar), 0);
			assert!(!Evaluators::<Test>::contains_key(liar));
		}
		assert_eq!(before - issuance(), 2_000 * DOIN);
		assert_eq!(Quorum::available(WEIGHTED, Small), 6);
		to_the_end();
		assert_eq!(outcome().truth, truth);
		assert_eq!(outcome().truthful, vec![members[4]]);
	});
}

#[test]
fn liars_that_differ_are_removed_one_call_at_a_time() {
	with(10, || {
		// Five members, four lies in different places: each call replays one chunk.
		let members = answered(|place| Some(if place == 4 { truth() } else { lie(place, place, 1) }));
		for standing in (2..=4).rev() {
			assert_ok!(settle());
			seen(Event::Narrowed { round: ROUND, standing });
			assert!(matches!(request().stage, Stage::Settling { .. }));
		}
		assert_ok!(settle());
		assert!(matches!(request().stage, Stage::Challenge { .. }));
		assert_eq!(doers(Deed::False), members[..4]);
		for liar in &members[..4] {
			assert_eq!(bond_of(*liar), 450 * DOIN, "nobody lied alike");
		}
		to_the_end();
		assert_eq!(outcome().truthful, vec![members[4]]);
	});
}

#[test]
fn two_alike_of_five_are_a_third_and_lose_everything() {
	with(10, || {
		let members = answered(|place| Some(if place < 2 { lie(0, 0, 5) } else { truth() }));
		assert_ok!(settle());
		assert_eq!((bond_of(members[0]), bond_of(members[1]), bond_of(members[2])), (0, 0, 500 * DOIN));
	});
}

#[test]
fn a_common_lie_falls_to_the_spot_check_and_everybody_pays() {
	with(10, || {
		let before = issuance();
		let members = answered(|_| Some(lies(1)));
		assert_ok!(settle());
		assert_eq!(doers(Deed::False), members);
		assert_eq!(before - issuance(), 5 * 500 * DOIN);
		assert!(matches!(request().stage, Stage::Replaying { .. }));
		seen(Event::ReplayStarted { round: ROUND, until: now() + 150 });
		let truth = truth();
		recompute_everything(OTHER);
		to_the_end();
		assert_eq!(outcome().truth, truth);
		assert_eq!(outcome().truthful, vec![OTHER]);
	});
}

#[test]
fn the_winner_is_among_the_models_that_are_spot_checked() {
	with(10, || {
		Leader::set(Some(3));
		answered(|_| {
			let mut sums = truth();
			sums[3].iter_mut().for_each(|sum| *sum ^= 1);
			Some(sums)
		});
		assert_ok!(settle());
		assert!(matches!(request().stage, Stage::Replaying { .. }));
	});
}

#[test]
fn a_lie_about_a_model_that_is_not_checked_waits_for_a_challenger() {
	with(10, || {
		// The first two are always checked; 2 would win, so 3 is not.
		Leader::set(Some(2));
		answered(|_| {
			let mut sums = truth();
			sums[3].iter_mut().for_each(|sum| *sum ^= 1);
			Some(sums)
		});
		assert_ok!(settle());
		assert!(matches!(request().stage, Stage::Challenge { .. }));
	});
}

#[test]
fn the_spot_check_is_drawn_when_the_reveals_close_and_not_by_the_settler() {
	with(10, || {
		answered(|_| Some(truth()));
		let stage = request().stage;
		let Stage::Settling { spot, .. } = stage else { panic!() };
		assert_ne!(spot, [0; 32]);
		pass(10);
		assert_eq!(request().stage, stage, "waiting does not draw again");
	});
}

#[test]
fn a_settlement_is_charged_for_the_chunks_it_replayed() {
	with(10, || {
		use frame_support::dispatch::GetDispatchInfo;
		Leader::set(Some(3));
		answered(|place| Some(if place == 3 { lie(2, 5, 1) } else { truth() }));
		let declared = crate::Call::<Test>::settle { round: ROUND, class: Small }.get_dispatch_info().call_weight;
		Judged::set(0);
		let actual = settle().unwrap().actual_weight.unwrap();
		assert_eq!(Judged::get(), MAX_REPLAYED, "one in dispute, two for each of three models");
		assert_eq!(actual, declared);
	});
	with(10, || {
		answered(|place| Some(if place < 4 { lie(place, place, 1) } else { truth() }));
		Judged::set(0);
		let actual = settle().unwrap().actual_weight.unwrap();
		assert_eq!(Judged::get(), 1);
		assert_eq!(actual, Quorum::settle_weight(Small, 1));
	});
}

#[test]
fn a_round_of_one_model_is_settled_too() {
	with(3, || {
		assert_ok!(Quorum::open(ROUND, Small, models(1), Authors::new()));
		to_the_draw();
		let sums = truth();
		commit_all(&members(), &sums);
		to_the_reveals();
		reveal_all(&members(), &sums);
		to_the_end_of_the_reveals();
		assert_ok!(settle());
		to_the_end();
		assert_eq!(outcome().truth, sums);
	});
}

#[test]
fn a_round_that_nobody_settles_is_void_after_the_time_out() {
	with(10, || {
		let before = issuance();
		answered(|_| Some(truth()));
		let Stage::Settling { until, .. } = request().stage else { panic!() };
		to(until - 1);
		assert_eq!(Calls::get(), []);
		to(until);
		assert_eq!(Calls::get(), [Told::Voided(ROUND)]);
		seen(Event::Voided { round: ROUND });
		assert_eq!(issuance(), before);
		assert_clean();
	});
}

#[test]
fn a_round_whose_models_are_gone_changes_nothing_and_ends_void() {
	with(10, || {
		answered(|place| Some(if place == 0 { lie(0, 0, 1) } else { truth() }));
		Judging::set(false);
		assert_noop!(settle().map_err(|error| error.error), Error::<Test>::Unjudgeable);
		to_the_end();
		assert_eq!(Calls::get(), [Told::Voided(ROUND)]);
		assert_clean();
	});
}

#[test]
fn a_full_queue_makes_verdicts_wait() {
	with(10, || {
		answered(|_| Some(truth()));
		assert_ok!(settle());
		Ready::set(false);
		pass(60);
		assert_eq!(Calls::get(), []);
		Ready::set(true);
		pass(1);
		outcome();
		assert_clean();
	});
}
