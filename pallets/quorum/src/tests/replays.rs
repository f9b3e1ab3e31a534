//! Rounds that no quorum decides.

use super::*;
use crate::MAX_RECOMPUTED;
use doin_primitives::quorum::MAX_QUORUM;

#[test]
fn without_evaluators_anybody_has_the_runtime_compute_the_round() {
	with(2, || {
		open();
		to_the_draw();
		seen(Event::Drawn { round: ROUND, seed: request().seed.unwrap(), evaluators: vec![] });
		let truth = truth();
		for model in 0..4 {
			assert_ok!(Quorum::recompute(signed(OUTSIDER), ROUND, model, 0, 32, Small));
		}
		seen(Event::ChunksComputed { round: ROUND, who: OUTSIDER, model: 0, computed: 8, missing: 24 });
		seen(Event::Replayed { round: ROUND });
		// What the runtime computed needs no challenge window.
		pass(1);
		assert_eq!(
			outcome(),
			Outcome { seed: outcome().seed, truth, truthful: vec![OUTSIDER].try_into().unwrap(), settler: Some(OUTSIDER) }
		);
		assert_eq!(Deeds::get(), [], "no evaluator has done anything");
		assert_clean();
	});
}

#[test]
fn a_round_that_nobody_answers_is_replayed_and_the_absent_pay() {
	with(10, || {
		let before = issuance();
		let members = answered(|_| None);
		assert_eq!(doers(Deed::NoShow), members);
		assert_eq!(before - issuance(), 5 * DOIN / 2);
		recompute_everything(OTHER);
		to_the_end();
		assert_eq!(outcome().truthful, vec![OTHER]);
		assert_eq!(outcome().settler, Some(OTHER));
	});
}

#[test]
fn a_round_that_nobody_computes_is_void_after_the_time_out() {
	with(2, || {
		open();
		to_the_draw();
		assert_ok!(Quorum::recompute(signed(OUTSIDER), ROUND, 1, 2, 3, Small));
		let Stage::Replaying { until, .. } = request().stage else { panic!() };
		to(until - 1);
		assert!(Requests::<Test>::contains_key(ROUND));
		to(until);
		assert_eq!(Calls::get(), [Told::Voided(ROUND)]);
		assert_clean();
	});
}

#[test]
fn answers_that_were_too_few_are_judged_by_what_the_runtime_computes() {
	with(10, || {
		let members = answered(|place| match place {
			0 => Some(truth()),
			1 => Some(lie(3, 7, 1)),
			_ => None,
		});
		recompute_everything(OTHER);
		assert_eq!(doers(Deed::False), [members[1]]);
		assert_eq!(bond_of(members[1]), 450 * DOIN);
		to_the_end();
		assert_eq!(outcome().truthful, vec![members[0], OTHER]);
		assert_eq!(doers(Deed::Agreed), [members[0]]);
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
		assert_noop!(refused(0, 0, 0, Small), Error::<Test>::NothingNew);
		let info = Quorum::recompute(signed(OUTSIDER), ROUND, 0, 2, 3, Small).unwrap();
		assert_eq!(info.actual_weight, Some(Quorum::recompute_weight(Small, 3)));
		assert_noop!(refused(0, 2, 3, Small), Error::<Test>::NothingNew);
		Judged::set(0);
		let info = Quorum::recompute(signed(OUTSIDER), ROUND, 0, 0, 32, Small).unwrap();
		assert_eq!(info.actual_weight, Some(Quorum::recompute_weight(Small, 5)));
		assert_eq!(Judged::get(), 5);
		assert_eq!(Known::<Test>::get(ROUND, 0).into_inner(), truth()[0].iter().copied().map(Some).collect::<Vec<_>>());
	});
}

/// What a refused computation says.
fn refused(model: u8, from: u16, count: u16, class: SizeClass) -> DispatchResult {
	Quorum::recompute(signed(OUTSIDER), ROUND, model, from, count, class).map(|_| ()).map_err(|refused| {
		let lookup = (refused.error != Error::<Test>::Unjudgeable.into()).then(Quorum::lookup_weight);
		assert_eq!(refused.post_info.actual_weight, lookup, "only what was tried is paid for");
		refused.error
	})
}

#[test]
fn the_round_can_still_be_recomputed_when_a_model_cannot_be_read_for_a_while() {
	with(2, || {
		open();
		to_the_draw();
		Judging::set(false);
		assert_noop!(refused(0, 0, 1, Small), Error::<Test>::Unjudgeable);
		Judging::set(true);
		recompute_everything(OTHER);
		to_the_end();
		outcome();
	});
}

#[test]
fn crumbs_earn_nothing_and_keep_nobody_out() {
	// 32 chunks, fifteen places: a share is three chunks.
	let mut ext = new_test_ext_with(2);
	ext.execute_with(|| {
		open();
		to_the_draw();
		let mut request = request();
		for crumb in 100..(100 + u64::from(MAX_QUORUM)) {
			Quorum::credit(&mut request, &crumb, 1);
		}
		Quorum::credit(&mut request, &OTHER, 1);
		assert!(!request.helpers.iter().any(|helper| helper.who == OTHER), "one crumb does not replace another");
		Quorum::credit(&mut request, &OTHER, 2);
		Quorum::credit(&mut request, &OTHER, 2);
		assert_eq!(request.helpers.iter().find(|helper| helper.who == OTHER).unwrap().chunks, 4);
	});
	with(2, || {
		open();
		to_the_draw();
		assert_ok!(Quorum::recompute(signed(OUTSIDER), ROUND, 0, 0, 2, Small));
		recompute_everything_left(OTHER);
		to_the_end();
		assert_eq!(outcome().truthful, vec![OTHER]);
	});
}

fn recompute_everything_left(who: u64) {
	for model in 0..4 {
		assert_ok!(Quorum::recompute(signed(who), ROUND, model, 0, 32, Small));
	}
}

#[test]
fn a_computed_round_cannot_be_challenged() {
	with(2, || {
		open();
		to_the_draw();
		let salt = [1; 32];
		let payload = payload_hash(&Challenge { model: 0, chunk: 0 });
		assert_ok!(Quorum::dispute(signed(OTHER), commitment(Tag::Dispute, &GENESIS, ROUND, &OTHER, &payload, &salt)));
		pass(1);
		recompute_everything(OUTSIDER);
		let judged = Judged::get();
		assert_ok!(Quorum::replay(signed(OTHER), ROUND, 0, 0, salt, Small));
		seen(Event::DisputeWithdrawn { who: OTHER });
		assert_eq!(Judged::get(), judged, "there is nothing to compute again");
		assert_eq!(Balances::balance(&OTHER), 1_000 * DOIN);
	});
}
