//! Tasks of a domain with a tolerance, whose sums the runtime cannot compute.

use super::*;
use frame_support::dispatch::Pays;

/// Purpose of the tasks of these tests.
const TOLERANT_SUBJECT: Subject = Subject::Round(RoundId { domain: TOLERANT, number: 7 });

/// Runs `test` on a chain of `evaluators` evaluators that all serve the domain, with a task whose quorum is drawn.
fn with_task(evaluators: u64, test: impl FnOnce()) {
	with(evaluators, || {
		for who in 1..=evaluators {
			assert_ok!(Evaluators::serve(signed(who), TOLERANT));
		}
		pass(1);
		Current::set(request(TOLERANT, 7, models(4)).unwrap());
		to_the_draw();
		test();
	});
}

/// Returns sums that differ from the correct ones by `ppm` parts per million, all of them in the same direction.
fn moved(ppm: i64) -> Sums {
	let mut sums = correct();
	let moved = |sum: u32| (i64::from(sum) + i64::from(sum) * ppm / 1_000_000).clamp(0, u32::MAX.into()) as u32;
	sums.iter_mut().for_each(|model| model.iter_mut().for_each(|sum| *sum = moved(*sum)));
	sums
}

/// Returns correct sums, of which one is out of the tolerance.
fn deviating() -> Sums {
	let mut sums = correct();
	sums[2][5] /= 2;
	sums
}

/// Returns the one result that the handler received.
fn result() -> Outcome<u64> {
	match Calls::get().as_slice() {
		[HandlerCall::Recomputed(TOLERANT_SUBJECT, outcome)] => outcome.clone(),
		calls => panic!("expected one outcome: {calls:?}"),
	}
}

fn assert_void(reason: VoidReason) {
	assert_event(Event::TaskVoided { task: Current::get(), subject: TOLERANT_SUBJECT, reason });
	assert_eq!(Calls::get(), [HandlerCall::Voided(TOLERANT_SUBJECT, reason)]);
	assert_clean();
}

#[test]
fn the_median_of_a_quorum_is_final_at_once_and_no_chunk_is_scored() {
	with_task(6, || {
		let issued = issuance();
		let truth = correct();
		let members = quorum_answers(|place| Some(moved([-100, 0, 100][place])));
		let charged = settle().unwrap();
		assert!(charged.actual_weight.unwrap().all_lte(Recomputation::settle_weight(Small, 7, 15)));
		assert_event(Event::Settled { task: Current::get(), settler: OUTSIDER, until: now() });
		assert_eq!(stage(), Stage::Challenge { until: now(), backing: Backing::Quorum });
		try_state();
		to_the_end();
		let outcome = result();
		assert_eq!((outcome.sums, outcome.backing, outcome.settler), (truth, Backing::Quorum, Some(OUTSIDER)));
		let paid: Vec<u64> = outcome.pay.shares.iter().map(|share| share.who).collect();
		assert_eq!(paid, members);
		assert_eq!((Scored::get(), issuance()), (0, issued));
		assert_clean();
	});
}

#[test]
fn an_answer_out_of_the_tolerance_costs_a_hundredth_of_the_bond_and_is_not_paid() {
	with_task(6, || {
		let (issued, truth) = (issuance(), correct());
		let members = quorum_answers(|place| Some(if place == 1 { deviating() } else { correct() }));
		assert_ok!(settle());
		assert_slashed(members[1], 5 * DOIN, Offence::Deviation);
		assert_eq!(bond_of(members[1]), 495 * DOIN);
		assert_eq!(issuance(), issued - 5 * DOIN, "the slash is burned");
		assert_eq!(accounts_with(Behaviour::AnsweredFalsely), [0u64; 0], "nothing is proved, so reputation stays");
		try_state();
		to_the_end();
		let outcome = result();
		assert_eq!(outcome.sums, truth);
		let paid: Vec<u64> = outcome.pay.shares.iter().map(|share| share.who).collect();
		assert_eq!(paid, [members[0], members[2]]);
	});
}

#[test]
fn answers_that_do_not_agree_end_the_task_and_slash_nobody() {
	with_task(6, || {
		let issued = issuance();
		quorum_answers(|place| Some(moved([-900, 0, 900][place])));
		assert_eq!(settle().unwrap().pays_fee, Pays::No);
		assert_void(VoidReason::NoAgreement);
		assert_eq!(issuance(), issued);
		try_state();
		assert_noop!(settle().map_err(|error| error.error), Error::<Test>::UnknownTask);
		pass(30);
	});
}

/// Two of five seats answer and agree, and no other quorum can be drawn. Where the runtime checks them, two equal answers suffice.
#[test]
fn two_of_five_seats_are_no_majority() {
	with_task(10, || {
		let first = quorum_answers(|place| (place < 2).then(correct));
		assert_eq!(first.len(), 5);
		Scores::mutate(|scores| scores.extend((1..=10).filter(|who| !first.contains(who)).map(|who| (who, 0))));
		to_the_draw();
		assert!(matches!(stage(), Stage::Settling { .. }), "the first answers decide after all");
		assert_ok!(settle());
		assert_void(VoidReason::NoAgreement);
	});
}

#[test]
fn a_quorum_of_which_too_few_answer_is_none() {
	with_task(6, || {
		quorum_answers(|_| None);
		to_the_draw();
		quorum_answers(|place| (place == 0).then(correct));
		assert_void(VoidReason::NoQuorum);
	});
}

#[test]
fn a_task_without_a_quorum_is_void_and_never_recomputed() {
	with(2, || {
		Current::set(request(TOLERANT, 7, models(2)).unwrap());
		assert!(task().needs_quorum, "whatever the request states");
		pass(2);
		assert_void(VoidReason::NoQuorum);
	});
}

#[test]
fn nothing_of_a_median_can_be_recomputed_or_challenged() {
	with_task(6, || {
		quorum_answers(|_| Some(correct()));
		let challenge = Challenge { model: 1, chunk: 2 };
		let hash = commitment(Tag::Challenge, &GENESIS, &Current::get(), &OTHER, &payload_hash(&challenge), &salt(OTHER));
		assert_ok!(Recomputation::announce_challenge(signed(OTHER), hash));
		pass(1);
		assert_ok!(settle());
		let recomputed = Recomputation::recompute(signed(OTHER), Current::get(), 0, 0, 8, Small);
		assert_noop!(recomputed.map_err(|error| error.error), Error::<Test>::WrongPhase);
		let free = Balances::balance(&OTHER);
		assert_ok!(Recomputation::challenge(signed(OTHER), Current::get(), 1, 2, salt(OTHER), Small));
		assert_event(Event::ChallengeCancelled { who: OTHER });
		assert_eq!(Balances::balance(&OTHER), free + CHALLENGE_BOND, "the bond is released");
		assert_eq!(Scored::get(), 0);
		to_the_end();
		assert_clean();
	});
}

/// The limit of a domain with a tolerance, which is why it mints nothing: there is no runtime behind the quorum.
#[test]
fn a_majority_decides_against_an_honest_member() {
	with_task(6, || {
		let members = quorum_answers(|place| Some(if place == 0 { correct() } else { moved(500_000) }));
		assert_ok!(settle());
		assert_slashed(members[0], 5 * DOIN, Offence::Deviation);
		to_the_end();
		assert_eq!(result().sums.len(), 4);
	});
}
