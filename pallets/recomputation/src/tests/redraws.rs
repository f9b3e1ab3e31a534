//! The second quorum, and settlement where too few evaluators answered.

use super::*;
use doin_primitives::{quorum::needed_at_last, views::RecomputationPhase};
use doin_traits::Timing;

/// Opens a task of which two of five members answer with `sums`, so that a second quorum is drawn. Returns the first members.
fn too_few(sums: impl Fn() -> Sums) -> Vec<u64> {
	let members = answered(|place| (place < 2).then(&sums));
	assert!(matches!(stage(), Stage::Drawing { .. }));
	members
}

/// Opens a task on a chain of 28 evaluators of which `answers` of seven members of the first quorum answer, and keeps all others
/// from being drawn. Returns the first members.
fn no_second(answers: usize) -> Vec<u64> {
	let members = answered(|place| (place < answers).then(correct));
	assert_eq!(members.len(), 7);
	let others = (1..=28).filter(|who| !members.contains(who));
	Scores::mutate(|scores| scores.extend(others.map(|who| (who, 0))));
	to_the_draw();
	members
}

#[test]
fn n5_too_few_answers_draw_a_second_quorum_once() {
	with(10, || {
		let before = issuance();
		let first = too_few(correct);
		let (seed, block) = (task().seed, now());
		let target = crate::Beacon::<Test>::get().folded + 2;
		assert_event(Event::QuorumRedrawn { task: TASK, target });
		let view = Recomputation::recomputation(TASK).unwrap();
		assert_eq!((view.phase, view.seed, view.seats), (RecomputationPhase::Drawing, None, vec![]));
		to_the_draw();
		assert_eq!(now(), block + 2, "two outputs after the second request");
		let second = members();
		assert_eq!(second.len(), 3, "a quorum of the five evaluators that were not drawn");
		assert!(second.iter().all(|who| !first.contains(who)));
		assert_ne!(task().seed, seed, "the windows are drawn again");
		assert_eq!(Answers::<Test>::iter().count(), 0, "the first answers are for other windows");
		// The second quorum does not answer either: there is no third one.
		quorum_answers(|place| (place == 0).then(correct));
		assert!(matches!(stage(), Stage::Recomputing { .. }));
		recompute_everything(OTHER);
		to_the_end();
		assert_eq!(before - issuance(), (3 + 2) * DOIN / 2, "each absence is slashed once");
		assert_eq!(paid(), [second[0], OTHER]);
		assert_clean();
	});
}

#[test]
fn n5_a_second_quorum_that_answers_decides() {
	with(10, || {
		let first = too_few(correct);
		to_the_draw();
		let second = quorum_answers(|_| Some(correct()));
		let correct = correct();
		assert_ok!(settle());
		to_the_end();
		assert_eq!((outcome().sums, outcome().backing), (correct, Backing::Quorum));
		assert_eq!(paid(), second, "answers that were not compared are not paid: {first:?}");
		assert_clean();
	});
}

#[test]
fn n5_a_copy_of_an_answer_of_the_first_quorum_is_false_on_the_windows_of_the_second() {
	with(10, || {
		let revealed = core::cell::RefCell::new(None);
		too_few(|| {
			revealed.replace(Some(correct()));
			correct()
		});
		to_the_draw();
		let copied = revealed.take().unwrap();
		let second = quorum_answers(|place| Some(if place == 0 { copied.clone() } else { correct() }));
		assert_ok!(settle());
		assert_slashed(second[0], 50 * DOIN, Offence::FalseAnswer);
	});
}

#[test]
fn n5_authors_and_members_of_the_first_quorum_are_not_drawn_again() {
	with(12, || {
		let exclude = AuthorList::try_from(vec![1, 2]).unwrap();
		let (subject, domain, class, weighted, needs_quorum, models) = (SUBJECT, WEIGHTED, Small, true, false, models(2));
		let evidence = EvidenceRef::Drawn;
		let request = RecomputationRequest { subject, domain, class, weighted, needs_quorum, models, evidence, exclude };
		Current::set(Recomputation::request(request).unwrap());
		to_the_draw();
		let first = quorum_answers(|_| None);
		to_the_draw();
		assert!(members().iter().all(|who| *who > 2 && !first.contains(who)));
	});
}

#[test]
fn n5_seats_taken_after_the_second_request_are_not_drawn() {
	with(8, || {
		let first = answered(|_| None);
		assert_eq!(first.len(), 4);
		// Four seats are left: a quorum of three. A large bond joins when the answers of the first quorum are known.
		assert_ok!(Evaluators::bond(signed(OUTSIDER), 900 * DOIN, Small));
		to_the_draw();
		assert_eq!(members().len(), 3);
		assert!(!members().contains(&OUTSIDER));
	});
}

#[test]
fn n5_few_evaluators_have_no_second_quorum() {
	for (evaluators, redrawn) in [(3, false), (5, false), (6, true)] {
		with(evaluators, || {
			answered(|place| (place == 0).then(correct));
			assert_eq!(matches!(stage(), Stage::Drawing { .. }), redrawn, "{evaluators} evaluators");
			assert_eq!(matches!(stage(), Stage::Recomputing { .. }), !redrawn);
		});
	}
}

#[test]
fn n5_a_part_of_the_second_quorum_is_settled() {
	with(28, || {
		answered(|_| None);
		to_the_draw();
		let second = quorum_answers(|place| (place < 3).then(correct));
		assert_eq!(needed_at_last(7), 3);
		assert_event(Event::SettlingStarted { task: TASK, answers: 3, seats: 7, until: now() + 150 });
		let correct = correct();
		assert_ok!(settle());
		assert!(matches!(stage(), Stage::Challenge { backing: Backing::Quorum, .. }));
		to_the_end();
		assert_eq!(outcome().sums, correct);
		assert_eq!(paid(), second[..3]);
		assert_eq!(pay_of(second[0]), 3_200_000 / 7, "an absent seat is not paid to the others");
	});
}

#[test]
fn n5_equal_false_answers_of_a_part_of_a_quorum_are_collusion() {
	with(28, || {
		answered(|_| None);
		to_the_draw();
		let second = quorum_answers(|place| (place < 3).then(|| wrong_everywhere(1)));
		assert_ok!(settle());
		for who in &second[..3] {
			assert_slashed(*who, 500 * DOIN, Offence::Collusion);
		}
		assert!(matches!(stage(), Stage::Recomputing { .. }));
	});
}

/// Seats of evaluators whose reputation is too low could otherwise force the recomputation of every chunk.
#[test]
fn n5_the_first_quorum_decides_if_the_second_draw_finds_too_few_evaluators() {
	with(28, || {
		let before = issuance();
		let first = no_second(3);
		assert_event(Event::SettlingStarted { task: TASK, answers: 3, seats: 7, until: now() + 150 });
		let correct = correct();
		assert_ok!(settle());
		to_the_end();
		assert_eq!(outcome().sums, correct, "on the windows of the first draw");
		assert_eq!(paid(), first[..3]);
		assert_eq!(before - issuance(), 4 * DOIN / 2, "the absent members are not slashed again");
		assert_clean();
	});
}

#[test]
fn n5_a_first_quorum_without_answers_is_recomputed_if_the_second_draw_finds_too_few_evaluators() {
	with(28, || {
		let first = no_second(2);
		assert!(matches!(stage(), Stage::Recomputing { .. }));
		recompute_everything(OTHER);
		to_the_end();
		assert_eq!(paid(), [first[0], first[1], OTHER]);
		assert_clean();
	});
}

/// A domain without weight cannot park a task for a day, neither without a quorum nor with one that nobody settles.
#[test]
fn n5_tasks_of_unweighted_domains_end_after_two_periods() {
	let until = || match stage() {
		Stage::Settling { until, .. } | Stage::Recomputing { until, .. } => until - now(),
		stage => panic!("{stage:?}"),
	};
	assert_eq!((RoundParams::DEV.recompute_timeout(true), RoundParams::DEV.recompute_timeout(false)), (150, 34));
	for (domain, blocks) in [(WEIGHTED, 150), (UNWEIGHTED, 34)] {
		with(3, || {
			serve_unweighted(3);
			pass(1);
			open_another(domain, 1);
			to_the_draw();
			quorum_answers(|_| Some(correct()));
			assert_eq!(until(), blocks);
			open_another(domain, 2);
			to_the_draw();
			quorum_answers(|_| None);
			assert_eq!(until(), blocks);
		});
	}
	with(0, || {
		open_another(UNWEIGHTED, 0);
		to_the_draw();
		pass(34);
		let subject = Subject::Round(RoundId { domain: UNWEIGHTED, number: 0 });
		assert_eq!(Calls::get(), [HandlerCall::Voided(subject, VoidReason::NoQuorum)]);
		assert_clean();
	});
}

/// The cool-down of a bond contains both quorums, so no member withdraws before the last conviction.
#[test]
fn n5_the_latest_conviction_lies_within_the_cool_down_of_a_bond() {
	with(28, || {
		Leader::set(Some(2));
		open();
		let requested = now();
		to_the_draw();
		quorum_answers(|_| None);
		to_the_draw();
		let second = quorum_answers(|_| Some(wrong_at(3, 6, 1)));
		let Stage::Settling { until, .. } = stage() else { panic!() };
		to(until - 1);
		assert_ok!(settle());
		let payload = payload_hash(&Challenge { model: 3, chunk: 6 });
		let announced = commitment(Tag::Challenge, &GENESIS, &TASK, &OUTSIDER, &payload, &[0; 32]);
		let Stage::Challenge { until, .. } = stage() else { panic!() };
		to(until - 2);
		assert_ok!(Recomputation::announce_challenge(signed(OUTSIDER), announced));
		pass(1);
		assert_ok!(Recomputation::challenge(signed(OUTSIDER), TASK, 3, 6, [0; 32], Small));
		assert_slashed(second[0], 500 * DOIN, Offence::Collusion);
		let period = MockTiming::rounds().period();
		assert!(now() - requested < MockTiming::rounds().longest() - period, "{} blocks after the request", now() - requested);
	});
}
