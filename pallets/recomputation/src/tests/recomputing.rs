//! Tasks that no quorum decides.

use super::*;
use crate::MAX_RECOMPUTED;
use doin_primitives::{
	quorum::MAX_QUORUM,
	settlement::{credit, pay_shares, Helpers},
};

#[test]
fn without_evaluators_any_account_has_the_runtime_recompute_the_task() {
	with(2, || {
		open();
		to_the_draw();
		assert_event(Event::QuorumDrawn { task: TASK, seed: task().seed.unwrap(), evaluators: vec![] });
		let correct = correct();
		for model in 0..4 {
			assert_ok!(Recomputation::recompute(signed(OUTSIDER), TASK, model, 0, 32, Small));
		}
		assert_event(Event::ChunksRecomputed { task: TASK, who: OUTSIDER, model: 0, computed: 8, missing: 24 });
		assert_event(Event::FullyRecomputed { task: TASK });
		// Sums that the runtime computed need no challenge window.
		pass(1);
		let (seed, backing, settler) = (outcome().seed, Backing::Runtime, Some(OUTSIDER));
		let mut helpers = Helpers::new();
		credit(&mut helpers, &OUTSIDER, 32);
		let pay = pay_shares([], 0, &helpers, 32);
		let recomputed = pay.clone();
		assert_eq!(outcome(), Outcome { seed, sums: correct, pay, recomputed, backing, settler });
		assert_eq!(pay_of(OUTSIDER), 3_200_000, "without a quorum, helpers share the whole pay");
		assert_eq!(Behaviours::get(), [], "no evaluator was drawn");
		assert_clean();
	});
}

#[test]
fn a_task_that_nobody_answers_is_recomputed_and_absences_are_slashed() {
	// Three of five are drawn, and the other two are too few for a second quorum.
	with(5, || {
		let before = issuance();
		let members = answered(|_| None);
		for who in members {
			assert_event(Event::AnswerMissed { task: TASK, who, excused: true });
		}
		assert_eq!(before - issuance(), 3 * DOIN / 2);
		recompute_everything(OTHER);
		to_the_end();
		assert_eq!(paid(), vec![OTHER]);
		assert_eq!(outcome().settler, Some(OTHER));
	});
}

#[test]
fn a_task_that_nobody_recomputes_is_void_after_the_time_out() {
	with(2, || {
		open();
		to_the_draw();
		assert_ok!(Recomputation::recompute(signed(OUTSIDER), TASK, 1, 2, 3, Small));
		let Stage::Recomputing { until, .. } = stage() else { panic!() };
		to(until - 1);
		assert!(Tasks::<Test>::contains_key(TASK));
		to(until);
		assert_eq!(Calls::get(), [HandlerCall::Voided(SUBJECT, VoidReason::NoQuorum)]);
		assert_event(Event::TaskVoided { task: TASK, subject: SUBJECT, reason: VoidReason::NoQuorum });
		assert_clean();
	});
}

#[test]
fn answers_that_were_too_few_are_compared_with_the_recomputed_sums() {
	// Two quorums of seven: the second one answers in part, and has too few answers to settle them.
	with(28, || {
		answered(|_| None);
		to_the_draw();
		let members = quorum_answers(|place| match place {
			0 => Some(correct()),
			1 => Some(wrong_at(3, 7, 1)),
			_ => None,
		});
		assert_eq!(members.len(), 7);
		recompute_everything(OTHER);
		assert_eq!(accounts_with(Behaviour::AnsweredFalsely), [members[1]]);
		assert_eq!(bond_of(members[1]), 450 * DOIN);
		to_the_end();
		assert_eq!(paid(), vec![members[0], OTHER]);
		let alone = outcome().recomputed.shares;
		assert_eq!(alone.iter().map(|share| share.who).collect::<Vec<_>>(), [OTHER], "a member computed no chunk");
		assert_eq!(accounts_with(Behaviour::Agreed), [members[0]]);
	});
}

#[test]
fn a_call_computes_what_is_missing_and_is_charged_for_that() {
	with(2, || {
		open();
		assert_noop!(refused(0, 0, 1, Small), Error::<Test>::WrongPhase);
		to_the_draw();
		assert_noop!(refused(0, 0, MAX_RECOMPUTED + 1, Small), Error::<Test>::TooManyChunks);
		assert_noop!(refused(0, 0, 1, Large), Error::<Test>::WrongClass);
		assert_noop!(refused(4, 0, 1, Small), Error::<Test>::NoSuchChunk);
		assert_noop!(refused(0, CHUNKS, 1, Small), Error::<Test>::NoSuchChunk);
		assert_noop!(refused(0, 0, 0, Small), Error::<Test>::AlreadyRecomputed);
		let info = Recomputation::recompute(signed(OUTSIDER), TASK, 0, 2, 3, Small).unwrap();
		assert_eq!(info.actual_weight, Some(Recomputation::recompute_weight(Small, 3)));
		assert_noop!(refused(0, 2, 3, Small), Error::<Test>::AlreadyRecomputed);
		Scored::set(0);
		let info = Recomputation::recompute(signed(OUTSIDER), TASK, 0, 0, 32, Small).unwrap();
		assert_eq!(info.actual_weight, Some(Recomputation::recompute_weight(Small, 5)));
		assert_eq!(Scored::get(), 5);
		for model in 1..3 {
			assert_ok!(Recomputation::recompute(signed(OUTSIDER), TASK, model, 0, 32, Small));
		}
		let last = Recomputation::recompute(signed(OUTSIDER), TASK, 3, 1, 32, Small).unwrap();
		assert_eq!(last.actual_weight, Some(Recomputation::recompute_weight(Small, 7)));
		assert_eq!(RecomputedSums::<Test>::get(TASK, 0).into_inner(), correct()[0].iter().copied().map(Some).collect::<Vec<_>>());
		let end = Recomputation::recompute(signed(OUTSIDER), TASK, 3, 0, 32, Small).unwrap();
		assert_eq!(end.actual_weight, Some(Recomputation::last_recompute_weight(Small, 1, 0)), "the last call pays for the end");
	});
}

/// Returns the error of a refused computation, which is charged for the look-up unless a chunk was tried.
fn refused(model: u8, from: u16, count: u16, class: SizeClass) -> DispatchResult {
	Recomputation::recompute(signed(OUTSIDER), TASK, model, from, count, class).map(|_| ()).map_err(|refused| {
		let lookup = (refused.error != Error::<Test>::NotComputable.into()).then(Recomputation::lookup_weight);
		assert_eq!(refused.post_info.actual_weight, lookup, "only a tried chunk is paid for");
		refused.error
	})
}

#[test]
fn the_task_can_still_be_recomputed_when_a_model_cannot_be_read_for_a_while() {
	with(2, || {
		open();
		to_the_draw();
		Computable::set(false);
		assert_noop!(refused(0, 0, 1, Small), Error::<Test>::NotComputable);
		Computable::set(true);
		recompute_everything(OTHER);
		to_the_end();
		outcome();
	});
}

#[test]
fn small_credits_keep_no_account_out() {
	with(2, || {
		open();
		to_the_draw();
		let mut task = task();
		for who in 100..(100 + u64::from(MAX_QUORUM)) {
			credit(&mut task.helpers, &who, 1);
		}
		credit(&mut task.helpers, &OTHER, 1);
		assert!(!task.helpers.iter().any(|helper| helper.who == OTHER), "an equal payment does not replace another");
		credit(&mut task.helpers, &OTHER, 2);
		credit(&mut task.helpers, &OTHER, 2);
		assert_eq!(task.helpers.iter().find(|helper| helper.who == OTHER).unwrap().chunks, 4);
	});
}

#[test]
fn a_recomputed_task_cannot_be_challenged() {
	with(2, || {
		open();
		to_the_draw();
		let salt = [1; 32];
		let payload = payload_hash(&Challenge { model: 0, chunk: 0 });
		assert_ok!(Recomputation::announce_challenge(
			signed(OTHER),
			commitment(Tag::Challenge, &GENESIS, &TASK, &OTHER, &payload, &salt)
		));
		pass(1);
		recompute_everything(OUTSIDER);
		let scored = Scored::get();
		assert_ok!(Recomputation::challenge(signed(OTHER), TASK, 0, 0, salt, Small));
		assert_event(Event::ChallengeCancelled { who: OTHER });
		assert_eq!(Scored::get(), scored, "there is nothing to compute again");
		assert_eq!(Balances::balance(&OTHER), 1_000 * DOIN);
	});
}
