//! Challenges: one chunk, one extrinsic.

use super::*;
use crate::Challenges;
use frame_support::dispatch::Pays;

const SALT: [u8; 32] = [5; 32];

/// Announces that `who` will challenge a chunk.
fn announce(who: u64, model: u8, chunk: u16) {
	let payload = payload_hash(&Challenge { model, chunk });
	assert_ok!(Recomputation::announce_challenge(
		signed(who),
		commitment(Tag::Challenge, &GENESIS, &TASK, &who, &payload, &SALT)
	));
}

fn challenge(who: u64, model: u8, chunk: u16) -> DispatchResultWithPostInfo {
	Recomputation::challenge(signed(who), TASK, model, chunk, SALT, Small)
}

/// Returns the error of a refused challenge, which is charged for less than a chunk.
fn refused(who: u64, model: u8, chunk: u16) -> DispatchResult {
	challenge(who, model, chunk).map(|_| ()).map_err(|refused| {
		let charged = refused.post_info.actual_weight.expect("nothing was computed");
		assert!(charged.ref_time() < Recomputation::challenge_weight(Small, 0).ref_time());
		refused.error
	})
}

/// Settles a task whose members all give the same false sum of the last model, which is not spot-checked. Returns the members.
fn settled_false_answer() -> Vec<u64> {
	Leader::set(Some(2));
	let members = answered(|_| Some(wrong_at(3, 6, 1)));
	assert_ok!(settle());
	members
}

#[docify::export]
#[test]
fn one_challenger_overturns_a_unanimous_false_answer_and_is_paid() {
	with(10, || {
		let before = issuance();
		// All five evaluators give the same false sum for chunk 6 of model 3, and the spot checks miss it.
		let members = settled_false_answer();
		// The challenger commits to the chunk and its bond is held.
		announce(OUTSIDER, 3, 6);
		assert_eq!(Balances::balance_on_hold(&HoldReason::Challenge.into(), &OUTSIDER), CHALLENGE_BOND);
		// A block later it names the chunk, and the runtime recomputes it.
		pass(1);
		let info = challenge(OUTSIDER, 3, 6).unwrap();
		assert_eq!(info.pays_fee, Pays::No, "the fee of a challenge that is upheld is refunded");
		// The evaluators lose their bonds of 500 DOIN each, and the challenger receives a tenth.
		let reward = 5 * 50 * DOIN;
		assert_event(Event::ChallengeUpheld { task: TASK, challenger: OUTSIDER, model: 3, chunk: 6, reward });
		assert_event(Event::TaskReopened { task: TASK });
		assert_eq!(Balances::balance(&OUTSIDER), 1_000 * DOIN + reward);
		assert_eq!(Balances::total_balance_on_hold(&OUTSIDER), 0);
		for who in &members {
			assert_slashed(*who, 500 * DOIN, Offence::Collusion);
		}
		assert_eq!(before - issuance(), 5 * 500 * DOIN - reward);
		assert_eq!(accounts_with(Behaviour::AnsweredFalsely), members);
		assert_eq!(Calls::get(), [], "the task is reopened before a result is handed over");

		// The task is decided by the runtime instead.
		let correct = correct();
		recompute_everything(OTHER);
		to_the_end();
		assert_eq!(outcome().sums, correct);
		assert_eq!((paid(), outcome().backing), (vec![OTHER], Backing::Runtime));
		assert!(accounts_with(Behaviour::Agreed).is_empty());
		assert_clean();
	});
}

#[test]
fn a_false_answer_that_stands_costs_a_tenth_and_a_tenth_of_that_is_the_reward() {
	with(100, || {
		Leader::set(Some(2));
		// Of nine answers, seven are false on a recomputed chunk. Two are equally false on another one: fewer than a third.
		let members = answered(|place| Some(if place < 2 { wrong_at(3, 6, 1) } else { wrong_at(0, 0, place as u32) }));
		assert_ok!(settle());
		assert_eq!(accounts_with(Behaviour::AnsweredFalsely), members[2..]);
		announce(OUTSIDER, 3, 6);
		pass(1);
		assert_ok!(challenge(OUTSIDER, 3, 6));
		assert_eq!(bond_of(members[0]), 450 * DOIN);
		assert_eq!(Balances::balance(&OUTSIDER), 1_000 * DOIN + 2 * 5 * DOIN);
	});
}

#[test]
fn a_wrong_challenge_costs_its_bond_half_to_the_accused() {
	with(10, || {
		let before = issuance();
		let members = answered(|_| Some(correct()));
		assert_ok!(settle());
		announce(OUTSIDER, 3, 6);
		pass(1);
		assert_eq!(challenge(OUTSIDER, 3, 6).unwrap().pays_fee, Pays::Yes);
		assert_event(Event::ChallengeRejected {
			task: TASK,
			challenger: OUTSIDER,
			paid: CHALLENGE_BOND / 2,
			burned: CHALLENGE_BOND / 2,
		});
		assert_eq!(Balances::balance(&OUTSIDER), 1_000 * DOIN - CHALLENGE_BOND);
		for who in &members {
			assert_eq!(Balances::balance(who), 500 * DOIN + CHALLENGE_BOND / 10);
		}
		assert_eq!(before - issuance(), CHALLENGE_BOND / 2);
		to_the_end();
		assert_eq!(paid(), members);
		assert_clean();
	});
}

#[test]
fn a_challenge_is_announced_a_block_earlier_and_cannot_be_copied() {
	with(10, || {
		settled_false_answer();
		assert_noop!(refused(OUTSIDER, 3, 6), Error::<Test>::NoChallenge);
		announce(OUTSIDER, 3, 6);
		assert_noop!(refused(OUTSIDER, 3, 6), Error::<Test>::ChallengeTooEarly);
		// A copier repeats the announcement, then the challenge with its salt.
		let copied = Challenges::<Test>::get(OUTSIDER).unwrap().hash;
		assert_ok!(Recomputation::announce_challenge(signed(OTHER), copied));
		pass(1);
		assert_noop!(refused(OTHER, 3, 6), Error::<Test>::CommitmentMismatch);
		assert_noop!(refused(OUTSIDER, 3, 5), Error::<Test>::CommitmentMismatch);
		assert_ok!(challenge(OUTSIDER, 3, 6));
		// The copier gets its bond back when the announcement has expired.
		assert_noop!(Recomputation::cancel_challenge(signed(OTHER)), Error::<Test>::ChallengeNotExpired);
		pass(4);
		assert_ok!(Recomputation::cancel_challenge(signed(OTHER)));
		assert_event(Event::ChallengeCancelled { who: OTHER });
		assert_eq!(Balances::balance(&OTHER), 1_000 * DOIN);
		assert_noop!(Recomputation::cancel_challenge(signed(OTHER)), Error::<Test>::NoChallenge);
	});
}

#[test]
fn a_challenge_is_refused_out_of_its_time_and_of_its_bounds() {
	with(10, || {
		settled_false_answer();
		announce(OUTSIDER, 3, 6);
		assert_noop!(Recomputation::announce_challenge(signed(OUTSIDER), [0; 32]), Error::<Test>::ChallengePending);
		pass(1);
		let wrong_class = Recomputation::challenge(signed(OUTSIDER), TASK, 3, 6, SALT, Large).map_err(|error| error.error);
		assert_noop!(wrong_class, Error::<Test>::WrongClass);
		announce(OTHER, 9, 6);
		announce(THIRD, 3, CHUNKS);
		let Stage::Challenge { until, .. } = stage() else { panic!() };
		pass(1);
		assert_noop!(refused(OTHER, 9, 6), Error::<Test>::NoSuchChunk);
		assert_noop!(refused(THIRD, 3, CHUNKS), Error::<Test>::NoSuchChunk);
		Ready::set(false);
		to(until);
		assert_ok!(challenge(OUTSIDER, 3, 6));
		assert_event(Event::ChallengeCancelled { who: OUTSIDER });
		assert_eq!(Balances::balance(&OUTSIDER), 1_000 * DOIN, "a challenge that is late gets the bond back");
		for who in [OTHER, THIRD] {
			pass(5);
			assert_ok!(Recomputation::cancel_challenge(signed(who)));
			assert_eq!(Balances::balance(&who), 1_000 * DOIN);
		}
	});
}

#[test]
fn an_evaluator_may_challenge_a_task_that_it_answered() {
	with(10, || {
		let members = settled_false_answer();
		// Reporting itself returns a tenth of what it loses.
		let who = members[0];
		announce(who, 3, 6);
		pass(1);
		assert_ok!(challenge(who, 3, 6));
		assert_eq!(bond_of(who), 0);
		assert_eq!(Balances::balance(&who), 500 * DOIN + 5 * 50 * DOIN);
	});
}

#[test]
fn a_challenger_that_lost_the_race_gets_the_bond_back_and_may_challenge_again() {
	with(10, || {
		settled_false_answer();
		announce(OUTSIDER, 3, 6);
		announce(OTHER, 3, 6);
		pass(1);
		assert_ok!(challenge(OUTSIDER, 3, 6));
		let info = challenge(OTHER, 3, 6).unwrap();
		assert!(info
			.actual_weight
			.is_some_and(|weight| weight.ref_time() < Recomputation::challenge_weight(Small, 0).ref_time()));
		assert_event(Event::ChallengeCancelled { who: OTHER });
		assert_eq!(Balances::balance(&OTHER), 1_000 * DOIN);
		announce(OTHER, 2, 2);
	});
}

#[test]
fn an_expired_challenge_gives_its_place_and_its_bond_to_the_next() {
	with(10, || {
		announce(OTHER, 3, 6);
		pass(4);
		assert_noop!(Recomputation::announce_challenge(signed(OTHER), [0; 32]), Error::<Test>::ChallengePending);
		pass(1);
		announce(OTHER, 2, 2);
		assert_eq!(Challenges::<Test>::get(OTHER).unwrap().at, now());
		assert_eq!(Balances::balance_on_hold(&HoldReason::Challenge.into(), &OTHER), CHALLENGE_BOND, "one bond stands for both");
		pass(5);
		assert_ok!(Recomputation::cancel_challenge(signed(OTHER)));
		assert_eq!(Balances::balance(&OTHER), 1_000 * DOIN);
	});
}

#[test]
fn a_challenge_of_a_task_that_is_not_settled_yet_waits() {
	with(10, || {
		open();
		announce(OTHER, 3, 6);
		pass(1);
		assert_noop!(refused(OTHER, 3, 6), Error::<Test>::WrongPhase);
		assert!(Challenges::<Test>::contains_key(OTHER));
	});
}
