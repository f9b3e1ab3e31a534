//! From the request to the end of the reveals.

use super::*;
use doin_primitives::{beacon, settlement::pay_shares, views::RecomputationPhase};

#[docify::export]
#[test]
fn an_honest_task_goes_from_request_to_result() {
	with(10, || {
		let before = issuance();
		// Another pallet requests the sums of four models.
		open();
		assert_event(Event::TaskOpened { task: TASK, subject: SUBJECT, domain: WEIGHTED, target: 1 + 2 });
		assert_eq!(Recomputation::recomputation(TASK).unwrap().phase, RecomputationPhase::Drawing);
		// The beacon folds in two more VRF outputs, then windows and evaluators are drawn.
		to_the_draw();
		assert_eq!(now(), 3, "two outputs after the request");
		let (members, seed) = (members(), task().seed.unwrap());
		assert_eq!(members.len(), 5);
		assert_eq!(seed, beacon::task_seed(&crate::Beacon::<Test>::get().value, TASK));
		assert_event(Event::QuorumDrawn { task: TASK, seed, evaluators: members.clone() });

		// The evaluators commit to their sums, then reveal them.
		let correct = correct();
		assert_eq!(Recomputation::recomputation(TASK).unwrap().phase, RecomputationPhase::Answering);
		for who in &members {
			assert_ok!(commit(*who, &correct));
			assert_event(Event::SumsCommitted { task: TASK, who: *who });
		}
		to_the_reveals();
		assert_eq!(Recomputation::recomputation(TASK).unwrap().phase, RecomputationPhase::Revealing);
		for who in &members {
			assert_ok!(reveal(*who, &correct));
			assert_event(Event::SumsRevealed { task: TASK, who: *who });
		}
		to_the_end_of_the_reveals();
		assert_event(Event::SettlingStarted { task: TASK, answers: 5, seats: 5, until: now() + 150 });
		assert_eq!(Recomputation::recomputation(TASK).unwrap().phase, RecomputationPhase::Settling);
		// Any account settles the task, and the challenge window opens.
		assert_ok!(settle());
		let until = now() + 5;
		assert_event(Event::Settled { task: TASK, settler: OUTSIDER, until });
		assert_eq!(Answers::<Test>::iter().count(), 0, "equal answers need not be kept");
		let view = Recomputation::recomputation(TASK).unwrap();
		assert_eq!((view.phase, view.phase_end), (RecomputationPhase::Challenge, until));
		assert_eq!(view.sums.len(), 4);
		assert!(view.seats.iter().all(|seat| seat.committed && seat.revealed));

		// Without a challenge, the handler receives the sums at the end of the window.
		to(until - 1);
		assert_eq!(Calls::get(), []);
		to(until);
		let pay = pay_shares(members.clone(), 5, &Default::default(), 4 * u32::from(CHUNKS));
		let recomputed = pay_shares([], 0, &Default::default(), 4 * u32::from(CHUNKS));
		let (backing, settler) = (Backing::Quorum, Some(OUTSIDER));
		assert!(recomputed.shares.is_empty());
		assert_eq!(outcome(), Outcome { seed, sums: correct, pay: pay.clone(), recomputed, backing, settler });
		assert_event(Event::TaskCompleted { task: TASK, subject: SUBJECT, pay, backing });
		assert_eq!(accounts_with(Behaviour::Agreed), members);
		assert_eq!(Behaviours::get().len(), members.len());
		assert_eq!(issuance(), before, "nobody was slashed");
		assert_clean();
		pass(200);
		assert_eq!(Calls::get().len(), 1, "a result is handed over once");
	});
}

#[test]
fn a_request_is_refused_before_anything_changes() {
	with(10, || {
		open();
		assert_noop!(request(UNKNOWN, 0, models(2)), Error::<Test>::UnknownDomain);
		assert_noop!(request(WEIGHTED, 0, ModelList::new()), Error::<Test>::NoModels);
	});
}

#[test]
fn every_request_opens_a_task_with_an_id_of_its_own() {
	with(2, || {
		open();
		assert_eq!(request(WEIGHTED, 7, models(2)), Ok(TASK + 1), "a subject does not identify a task");
		assert_eq!(task().models.len(), 4);
		recompute_after_the_draw();
		assert!(!Tasks::<Test>::contains_key(TASK));
		assert_eq!(request(WEIGHTED, 7, models(2)), Ok(TASK + 2), "ids are not reused");
	});
}

/// Has the runtime recompute the first task, and makes blocks until it has ended.
fn recompute_after_the_draw() {
	to_the_draw();
	recompute_everything(OTHER);
	to_the_end();
}

#[test]
fn a_draw_waits_for_outputs_and_not_for_blocks() {
	with(10, || {
		Vrf::set(false);
		open();
		pass(20);
		assert!(matches!(stage(), Stage::Drawing { .. }));
		Vrf::set(true);
		pass(1);
		assert!(matches!(stage(), Stage::Drawing { .. }));
		pass(2);
		assert!(matches!(stage(), Stage::Answering { .. }));
	});
}

#[test]
fn tasks_drawn_in_one_block_have_seeds_of_their_own() {
	with(10, || {
		open();
		let other = request(WEIGHTED, 8, models(2)).unwrap();
		to_the_draw();
		assert_ne!(task().seed, Tasks::<Test>::get(other).unwrap().seed);
		assert!(task().seed.is_some());
	});
}

#[test]
fn a_copied_commitment_is_worthless() {
	with(10, || {
		open();
		to_the_draw();
		let members = members();
		let (author, copier) = (members[0], members[1]);
		let sums = correct();
		assert_ok!(commit(author, &sums));
		assert_ok!(Recomputation::commit_sums(signed(copier), TASK, hash(author, &sums)));
		to_the_reveals();
		assert_ok!(reveal(author, &sums));
		// The copier has sums and salt now, and still cannot reveal the copy.
		let copied = Recomputation::reveal_sums(signed(copier), TASK, sums.clone(), salt(author));
		assert_noop!(copied, Error::<Test>::CommitmentMismatch);
	});
}

#[test]
fn a_commitment_to_another_task_or_chain_is_worthless() {
	with(10, || {
		open();
		to_the_draw();
		let sums = correct();
		let members = members();
		for (who, task, genesis, tag) in [
			(members[0], TASK + 1, GENESIS, Tag::Sums),
			(members[1], TASK, [0; 32], Tag::Sums),
			(members[2], TASK, GENESIS, Tag::Optimae),
		] {
			let foreign = commitment(tag, &genesis, &task, &who, &payload_hash(&sums), &salt(who));
			assert_ok!(Recomputation::commit_sums(signed(who), TASK, foreign));
		}
		to_the_reveals();
		for who in &members[..3] {
			assert_noop!(reveal(*who, &sums), Error::<Test>::CommitmentMismatch);
		}
	});
}

#[test]
fn commits_and_reveals_are_taken_in_their_windows_once_and_from_members_only() {
	with(10, || {
		assert_noop!(Recomputation::commit_sums(signed(1), TASK, [0; 32]), Error::<Test>::UnknownTask);
		open();
		assert_noop!(Recomputation::commit_sums(signed(1), TASK, [0; 32]), Error::<Test>::WrongPhase);
		to_the_draw();
		let (sums, members) = (correct(), members());
		let (one, two, late) = (members[0], members[1], members[2]);
		let stranger = (1..=10).find(|who| !members.contains(who)).unwrap();
		assert_noop!(commit(stranger, &sums), Error::<Test>::NotDrawn);
		assert_noop!(commit(OUTSIDER, &sums), Error::<Test>::NotBonded);
		assert_ok!(commit(one, &sums));
		assert_noop!(commit(one, &sums), Error::<Test>::AlreadyCommitted);
		assert_noop!(reveal(one, &sums), Error::<Test>::WrongPhase);
		let Stage::Answering { commits_until, reveals_until } = stage() else { panic!() };
		to(commits_until - 1);
		assert_ok!(commit(two, &sums));
		assert_noop!(reveal(two, &sums), Error::<Test>::WrongPhase);
		to(commits_until);
		assert_noop!(commit(late, &sums), Error::<Test>::WrongPhase);
		assert_noop!(reveal(late, &sums), Error::<Test>::NotCommitted);
		assert_noop!(reveal(stranger, &sums), Error::<Test>::NotDrawn);
		assert_ok!(reveal(one, &sums));
		assert_noop!(reveal(one, &sums), Error::<Test>::AlreadyRevealed);
		to(reveals_until - 1);
		assert_ok!(reveal(two, &sums));
		to(reveals_until);
		assert_noop!(reveal(two, &sums), Error::<Test>::WrongPhase);
	});
}

#[test]
fn sums_of_the_wrong_shape_are_refused() {
	with(10, || {
		open();
		to_the_draw();
		let who = members()[0];
		let (mut few_models, mut few_chunks, mut many_chunks) = (correct(), correct(), correct());
		few_models.pop();
		few_chunks[2].pop();
		many_chunks[3].try_push(0).unwrap();
		assert_ok!(commit(who, &few_chunks));
		to_the_reveals();
		for sums in [few_models, few_chunks, many_chunks, Sums::new()] {
			assert_noop!(reveal(who, &sums), Error::<Test>::InvalidShape);
		}
	});
}

#[test]
fn an_absent_evaluator_is_slashed_and_two_thirds_still_decide() {
	with(10, || {
		let before = issuance();
		open();
		to_the_draw();
		let members = members();
		let sums = correct();
		// Of five, one never commits; four commit and reveal.
		commit_all(&members[1..], &sums);
		to_the_reveals();
		reveal_all(&members[1..], &sums);
		to_the_end_of_the_reveals();
		assert_event(Event::AnswerMissed { task: TASK, who: members[0], excused: false });
		assert_slashed(members[0], DOIN / 2, Offence::Absence);
		assert_eq!(accounts_with(Behaviour::Absent), [members[0]]);
		assert_eq!(before - issuance(), DOIN / 2);
		assert_ok!(settle());
		to_the_end();
		assert_eq!(paid(), members[1..].to_vec());
	});
}

#[test]
fn a_commitment_that_is_not_revealed_is_no_answer() {
	with(10, || {
		open();
		to_the_draw();
		let sums = correct();
		let members = members();
		commit_all(&members, &sums);
		to_the_reveals();
		// Three of five are fewer than the four needed.
		reveal_all(&members[..3], &sums);
		to_the_end_of_the_reveals();
		assert_eq!(accounts_with(Behaviour::Absent), members[3..]);
		assert!(matches!(stage(), Stage::Drawing { .. }), "others are drawn");
	});
}

#[test]
fn an_evaluator_with_nothing_at_stake_cannot_answer() {
	with(10, || {
		open();
		to_the_draw();
		let who = members()[0];
		let mut task = task();
		// Two equal false answers of five are collusion.
		Recomputation::slash_members(&mut task, &[(0, [0; 32]), (1, [0; 32])], None);
		assert_slashed(who, 500 * DOIN, Offence::Collusion);
		assert!(!Records::<Test>::contains_key(who));
		assert!(task.members[..2].iter().all(|member| member.answer == Answer::False));
		assert_noop!(commit(who, &correct()), Error::<Test>::NotBonded);
	});
}

#[test]
fn a_view_shows_the_task_with_its_class_and_subject() {
	with(10, || {
		let subject = Subject::Round(RoundId { domain: UNWEIGHTED, number: 4 });
		let (domain, class, weighted, needs_quorum) = (UNWEIGHTED, Large, false, false);
		let (exclude, models) = (AuthorList::new(), models(2));
		let (evidence, listed) = (EvidenceRef::Segment(3), models.clone());
		let request = RecomputationRequest { subject, domain, class, weighted, needs_quorum, models, evidence, exclude };
		assert_eq!(Recomputation::request(request), Ok(TASK));
		let view = Recomputation::recomputation(TASK).unwrap();
		assert_eq!((view.task, view.class, view.subject, view.domain), (TASK, Large, subject, UNWEIGHTED));
		assert_eq!((view.models, view.evidence), (listed.into_inner(), evidence));
		assert!(Recomputation::recomputation(TASK + 1).is_none());
	});
}

#[test]
fn chunks_are_scored_on_the_evidence_of_the_task() {
	for evidence in [EvidenceRef::Drawn, EvidenceRef::Segment(2), EvidenceRef::Bars { first: 9 }] {
		with(3, || {
			let (subject, domain, class, weighted, needs_quorum) = (SUBJECT, WEIGHTED, Small, true, false);
			let (models, exclude) = (models(2), AuthorList::new());
			let request = RecomputationRequest { subject, domain, class, weighted, needs_quorum, models, evidence, exclude };
			Current::set(Recomputation::request(request).unwrap());
			to_the_draw();
			quorum_answers(|_| Some(correct()));
			assert_ok!(settle());
			assert_eq!((task().evidence, ScoredOn::get()), (evidence, Some(evidence)));
		});
	}
}

#[test]
fn a_view_shows_settling_from_the_block_on_after_which_a_settlement_is_accepted() {
	with(10, || {
		open();
		to_the_draw();
		let (members, sums) = (members(), correct());
		commit_all(&members, &sums);
		to_the_reveals();
		reveal_all(&members[..4], &sums);
		let Stage::Answering { reveals_until, .. } = stage() else { panic!() };
		let view = || Recomputation::recomputation(TASK).unwrap();
		to(reveals_until - 1);
		assert_eq!((view().phase, view().phase_end), (RecomputationPhase::Revealing, reveals_until));
		to(reveals_until);
		let shown = view();
		assert_eq!(shown.phase, RecomputationPhase::Settling);
		pass(1);
		assert_eq!((view().phase, view().phase_end), (shown.phase, shown.phase_end));
		assert_ok!(settle());
	});
}
