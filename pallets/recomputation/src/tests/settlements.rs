//! Settling: answers that differ, and answers that agree on false sums.

use super::*;
use doin_primitives::settlement::MAX_SETTLED_CHUNKS;

/// Returns the error of a refused settlement, which is charged for the look-up only.
fn unsettled(class: SizeClass) -> DispatchResult {
	let refused = Recomputation::settle(signed(OUTSIDER), TASK, class).map(|_| ());
	refused.map_err(|refused| {
		assert_eq!(refused.post_info.actual_weight, Some(Recomputation::lookup_weight()));
		assert!(Recomputation::lookup_weight().ref_time() < Recomputation::settle_weight(class, 1, 0).ref_time());
		refused.error
	})
}

#[test]
fn one_false_answer_of_three_is_no_collusion() {
	with(3, || {
		let members = answered(|place| Some(if place == 0 { wrong_at(0, 0, 1) } else { correct() }));
		assert_eq!(members.len(), 3);
		assert_ok!(settle());
		assert_eq!(accounts_with(Behaviour::AnsweredFalsely), members[..1]);
		assert_slashed(members[0], 50 * DOIN, Offence::FalseAnswer);
	});
}

#[test]
fn two_equal_false_answers_of_three_are_collusion() {
	with(3, || {
		let members = answered(|place| Some(if place < 2 { wrong_at(0, 0, 1) } else { correct() }));
		assert_ok!(settle());
		for who in &members[..2] {
			assert_slashed(*who, 500 * DOIN, Offence::Collusion);
		}
	});
}

#[test]
fn a_settlement_is_refused_out_of_its_time_and_with_the_wrong_class() {
	with(10, || {
		assert_noop!(unsettled(Small), Error::<Test>::UnknownTask);
		open();
		assert_noop!(unsettled(Small), Error::<Test>::WrongPhase);
		to_the_draw();
		assert_noop!(unsettled(Small), Error::<Test>::WrongPhase);
		let sums = correct();
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
fn a_false_minority_is_found_by_one_recomputed_chunk() {
	with(10, || {
		let before = issuance();
		let members = answered(|place| Some(if place == 3 { wrong_at(2, 5, 1) } else { correct() }));
		let correct = correct();
		assert_ok!(settle());
		assert_slashed(members[3], 50 * DOIN, Offence::FalseAnswer);
		assert_eq!(bond_of(members[3]), 450 * DOIN);
		assert_eq!(before - issuance(), 50 * DOIN);
		to_the_end();
		assert_eq!(outcome().sums, correct);
		assert!(!paid().contains(&members[3]));
		assert_eq!(paid().len(), 4);
		assert_eq!(accounts_with(Behaviour::AnsweredFalsely), [members[3]]);
		assert_eq!(accounts_with(Behaviour::Agreed).len(), 4);
		assert_clean();
	});
}

#[test]
fn one_honest_answer_overturns_a_false_majority() {
	with(10, || {
		let before = issuance();
		let members = answered(|place| Some(if place == 4 { correct() } else { wrong_at(1, 0, 77) }));
		let correct = correct();
		assert_ok!(settle());
		for who in &members[..4] {
			assert_slashed(*who, 500 * DOIN, Offence::Collusion);
			assert_eq!(bond_of(*who), 0);
			assert!(!Records::<Test>::contains_key(who));
		}
		assert_eq!(before - issuance(), 2_000 * DOIN);
		assert_eq!(Evaluators::available(WEIGHTED, Small, true, &[]), 6);
		to_the_end();
		assert_eq!(outcome().sums, correct);
		assert_eq!(paid(), vec![members[4]]);
	});
}

#[test]
fn false_answers_that_differ_are_rejected_one_call_at_a_time() {
	with(10, || {
		// Five members, four false answers in different places: each call recomputes one chunk.
		let members = answered(|place| Some(if place == 4 { correct() } else { wrong_at(place, place, 1) }));
		for standing in (2..=4).rev() {
			assert_ok!(settle());
			assert_event(Event::AnswersRejected { task: TASK, standing });
			assert!(matches!(stage(), Stage::Settling { .. }));
		}
		assert_ok!(settle());
		assert!(matches!(stage(), Stage::Challenge { .. }));
		assert_eq!(accounts_with(Behaviour::AnsweredFalsely), members[..4]);
		for who in &members[..4] {
			assert_eq!(bond_of(*who), 450 * DOIN, "no two false answers are equal");
		}
		to_the_end();
		assert_eq!(paid(), vec![members[4]]);
	});
}

#[test]
fn two_equal_false_answers_of_five_are_a_third_and_lose_everything() {
	with(10, || {
		let members = answered(|place| Some(if place < 2 { wrong_at(0, 0, 5) } else { correct() }));
		assert_ok!(settle());
		assert_eq!((bond_of(members[0]), bond_of(members[1]), bond_of(members[2])), (0, 0, 500 * DOIN));
	});
}

#[test]
fn a_common_false_answer_is_found_by_the_spot_check_and_all_are_slashed() {
	with(10, || {
		let before = issuance();
		let members = answered(|_| Some(wrong_everywhere(1)));
		assert_ok!(settle());
		assert_eq!(accounts_with(Behaviour::AnsweredFalsely), members);
		assert_eq!(before - issuance(), 5 * 500 * DOIN);
		assert!(matches!(stage(), Stage::Recomputing { .. }));
		assert_event(Event::RecomputingStarted { task: TASK, until: now() + 150 });
		let correct = correct();
		recompute_everything(OTHER);
		to_the_end();
		assert_eq!(outcome().sums, correct);
		assert_eq!(paid(), vec![OTHER]);
	});
}

#[test]
fn the_winner_is_among_the_models_that_are_spot_checked() {
	with(10, || {
		Leader::set(Some(3));
		answered(|_| {
			let mut sums = correct();
			sums[3].iter_mut().for_each(|sum| *sum ^= 1);
			Some(sums)
		});
		assert_ok!(settle());
		assert!(matches!(stage(), Stage::Recomputing { .. }));
	});
}

#[test]
fn a_false_sum_of_a_model_that_is_not_checked_waits_for_a_challenger() {
	with(10, || {
		// The first two are always checked; 2 would win, so 3 is not.
		Leader::set(Some(2));
		answered(|_| {
			let mut sums = correct();
			sums[3].iter_mut().for_each(|sum| *sum ^= 1);
			Some(sums)
		});
		assert_ok!(settle());
		assert!(matches!(stage(), Stage::Challenge { .. }));
	});
}

#[test]
fn the_spot_check_is_drawn_when_the_reveals_close_and_not_by_the_settler() {
	with(10, || {
		answered(|_| Some(correct()));
		let closed = stage();
		let Stage::Settling { spot, .. } = closed else { panic!() };
		assert_ne!(spot, [0; 32]);
		pass(10);
		assert_eq!(stage(), closed, "waiting does not draw again");
	});
}

#[test]
fn a_settlement_is_charged_for_the_chunks_that_it_recomputed() {
	with(10, || {
		use frame_support::dispatch::GetDispatchInfo;
		Leader::set(Some(3));
		answered(|place| Some(if place == 3 { wrong_at(2, 5, 1) } else { correct() }));
		let declared = crate::Call::<Test>::settle { task: TASK, class: Small }.get_dispatch_info().call_weight;
		Scored::set(0);
		let actual = settle().unwrap().actual_weight.unwrap();
		assert_eq!(Scored::get(), MAX_SETTLED_CHUNKS, "one on which answers differ, two for each of three models");
		assert_eq!(actual, Recomputation::settle_weight(Small, MAX_SETTLED_CHUNKS, 1), "one member was slashed");
		assert_eq!(declared, Recomputation::settle_weight(Small, MAX_SETTLED_CHUNKS, quorum::MAX_QUORUM));
	});
	with(10, || {
		answered(|place| Some(if place < 4 { wrong_at(place, place, 1) } else { correct() }));
		Scored::set(0);
		let actual = settle().unwrap().actual_weight.unwrap();
		assert_eq!(Scored::get(), 1);
		assert_eq!(actual, Recomputation::settle_weight(Small, 1, 1));
	});
}

#[test]
fn a_task_of_one_model_is_settled_too() {
	with(3, || {
		assert_eq!(request(WEIGHTED, 7, models(1)), Ok(TASK));
		to_the_draw();
		let sums = correct();
		commit_all(&members(), &sums);
		to_the_reveals();
		reveal_all(&members(), &sums);
		to_the_end_of_the_reveals();
		assert_ok!(settle());
		to_the_end();
		assert_eq!(outcome().sums, sums);
	});
}

#[test]
fn a_task_that_nobody_settles_is_void_after_the_time_out() {
	with(10, || {
		let before = issuance();
		answered(|_| Some(correct()));
		let Stage::Settling { until, .. } = stage() else { panic!() };
		to(until - 1);
		assert_eq!(Calls::get(), []);
		to(until);
		assert_eq!(Calls::get(), [HandlerCall::Voided(SUBJECT, VoidReason::Unsettled)]);
		assert_event(Event::TaskVoided { task: TASK, subject: SUBJECT, reason: VoidReason::Unsettled });
		assert_eq!(issuance(), before);
		assert_clean();
	});
}

#[test]
fn a_task_whose_models_are_gone_changes_nothing_and_ends_void() {
	with(10, || {
		answered(|place| Some(if place == 0 { wrong_at(0, 0, 1) } else { correct() }));
		Computable::set(false);
		assert_noop!(settle().map_err(|error| error.error), Error::<Test>::NotComputable);
		to_the_end();
		assert_eq!(Calls::get(), [HandlerCall::Voided(SUBJECT, VoidReason::Unsettled)]);
		assert_clean();
	});
}

#[test]
fn results_wait_until_the_handler_is_ready() {
	with(10, || {
		answered(|_| Some(correct()));
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
