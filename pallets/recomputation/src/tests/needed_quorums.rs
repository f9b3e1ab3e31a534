//! Tasks that need a quorum, since nothing is paid for having the runtime recompute them.

use super::*;

/// Purpose of the tasks of these tests.
const NEEDED: Subject = Subject::Round(RoundId { domain: UNWEIGHTED, number: 7 });

/// Requests the sums of four models of a domain, which need a quorum if the domain has no weight.
fn open_needed(weighted: bool, exclude: &[u64]) {
	let (subject, domain, class, needs_quorum, models) = (NEEDED, UNWEIGHTED, Small, true, models(4));
	let exclude = AuthorList::try_from(exclude.to_vec()).unwrap();
	let evidence = EvidenceRef::Drawn;
	let request = RecomputationRequest { subject, domain, class, weighted, needs_quorum, models, evidence, exclude };
	Current::set(Recomputation::request(request).unwrap());
}

/// Asserts that the task ended in this block for lack of a quorum.
fn assert_void() {
	assert_event(Event::TaskVoided { task: Current::get(), subject: NEEDED, reason: VoidReason::NoQuorum });
	assert_eq!(Calls::get(), [HandlerCall::Voided(NEEDED, VoidReason::NoQuorum)]);
	assert!(!System::events()
		.iter()
		.any(|record| matches!(record.event, RuntimeEvent::Recomputation(Event::RecomputingStarted { .. }))));
	assert_clean();
}

/// Runs `test` on a chain of `evaluators` evaluators that all serve the domain.
fn with_served(evaluators: u64, test: impl FnOnce()) {
	with(evaluators, || {
		serve_unweighted(evaluators);
		pass(1);
		test();
	});
}

/// Three evaluators serve the domain while its seats are sold, and leave before the draw.
#[test]
fn n5_a_task_that_needs_a_quorum_is_void_when_none_is_drawn() {
	with_served(3, || {
		open_needed(false, &[]);
		assert!(task().needs_quorum);
		for who in 1..=3 {
			assert_ok!(Evaluators::unserve(signed(who), UNWEIGHTED));
		}
		pass(2);
		assert_void();
	});
	// Authors and evaluators of low reputation are not drawn.
	with_served(4, || {
		Scores::mutate(|scores| scores.insert(4, 0));
		open_needed(false, &[1]);
		pass(2);
		assert_void();
	});
}

#[test]
fn n5_a_task_that_needs_a_quorum_is_void_when_too_few_answer() {
	// Three of five are drawn, and two are too few for a second quorum.
	with_served(5, || {
		open_needed(false, &[]);
		to_the_draw();
		quorum_answers(|place| (place == 0).then(correct));
		assert_void();
	});
	// Neither quorum answers.
	with_served(10, || {
		open_needed(false, &[]);
		to_the_draw();
		quorum_answers(|_| None);
		to_the_draw();
		quorum_answers(|_| None);
		assert_void();
	});
	// The others leave before the second draw.
	with_served(10, || {
		open_needed(false, &[]);
		to_the_draw();
		let first = quorum_answers(|place| (place == 0).then(correct));
		for who in (1..=10).filter(|who| !first.contains(who)) {
			assert_ok!(Evaluators::unserve(signed(who), UNWEIGHTED));
		}
		pass(2);
		assert_void();
	});
}

#[test]
fn n5_a_task_that_needs_a_quorum_is_decided_by_the_answers_that_suffice() {
	with_served(10, || {
		open_needed(false, &[]);
		to_the_draw();
		quorum_answers(|_| None);
		to_the_draw();
		assert_eq!(members().len(), 3);
		quorum_answers(|place| (place < 2).then(correct));
		assert_ok!(settle());
		to_the_end();
		assert!(matches!(Calls::get().as_slice(), [HandlerCall::Recomputed(NEEDED, _)]));
	});
}

/// False answers must not end a round: their evaluators have paid with their bonds, and any account can have the task recomputed.
#[test]
fn n5_a_task_that_needs_a_quorum_is_recomputed_after_false_answers() {
	with_served(3, || {
		open_needed(false, &[]);
		to_the_draw();
		quorum_answers(|_| Some(wrong_everywhere(1)));
		assert_ok!(settle());
		assert!(matches!(stage(), Stage::Recomputing { .. }));
		assert_slashed(1, 500 * DOIN, Offence::Collusion);
		recompute_everything(OTHER);
		to_the_end();
		assert!(matches!(Calls::get().as_slice(), [HandlerCall::Recomputed(NEEDED, _)]));
	});
}

#[test]
fn n5_a_task_of_a_weighted_domain_needs_no_quorum() {
	with(2, || {
		open_needed(true, &[]);
		assert!(!task().needs_quorum);
		to_the_draw();
		assert!(matches!(stage(), Stage::Recomputing { .. }));
	});
}

/// A step that ends a task is charged for the end too.
#[test]
fn n15_a_draw_that_ends_its_task_is_charged_for_both() {
	use crate::WeightInfo;
	use frame_support::traits::Hooks;
	with(0, || {
		open_needed(false, &[]);
		to(2);
		System::set_block_number(3);
		let weight = Recomputation::on_initialize(3).saturating_sub(<() as WeightInfo>::on_initialize());
		assert_void();
		assert_eq!(weight, <() as WeightInfo>::draw() + <() as WeightInfo>::void() + HandlerWeight::get());
		assert!(weight.all_lte(Recomputation::step_weight()));
	});
}
