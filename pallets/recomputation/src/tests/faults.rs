//! Faults that live networks of this kind had, each as a test.

use super::*;
use doin_primitives::settlement::spot_seed;
use frame_support::traits::Hooks;

const SALT: [u8; 32] = [5; 32];

/// Challenges a chunk of the settled task, as `who`.
fn challenge(who: u64, model: u8, chunk: u16) {
	let payload = payload_hash(&Challenge { model, chunk });
	let hash = commitment(Tag::Challenge, &GENESIS, &Current::get(), &who, &payload, &SALT);
	assert_ok!(Recomputation::announce_challenge(signed(who), hash));
	pass(1);
	assert_ok!(Recomputation::challenge(signed(who), Current::get(), model, chunk, SALT, Small));
}

/// Settles a task whose members all give the same false sum of the last model, which is not spot-checked. Returns the members.
fn settled_false_answer() -> Vec<u64> {
	Leader::set(Some(2));
	let members = answered(|_| Some(wrong_at(3, 6, 1)));
	assert_ok!(settle());
	members
}

/// Returns everything that `who` owns.
fn wealth(who: u64) -> Balance {
	Balances::total_balance(&who)
}

/// The accused evaluator has the smallest bond, so that a tenth of all slashes would be more than it loses.
#[test]
fn an_accused_evaluator_never_gains_by_challenging_its_own_quorum() {
	for challenger in [1, OUTSIDER] {
		with(3, || {
			for who in [2, 3] {
				assert_ok!(Balances::force_set_balance(RuntimeOrigin::root(), who, 20_000 * DOIN));
				assert_ok!(Evaluators::bond_extra(signed(who), 9_500 * DOIN));
			}
			pass(1);
			settled_false_answer();
			let before = wealth(1) + wealth(OUTSIDER);
			challenge(challenger, 3, 6);
			assert!((1..=3).all(|who| bond_of(who) == 0), "every accused evaluator lost its bond");
			assert!(wealth(1) + wealth(OUTSIDER) <= before, "the accused evaluator and its other account earn nothing");
		});
	}
}

#[test]
fn an_evaluator_that_challenges_its_own_correct_answer_loses() {
	for direct in [true, false] {
		with(10, || {
			let members = answered(|_| Some(correct()));
			assert_ok!(settle());
			let challenger = if direct { members[0] } else { OUTSIDER };
			let before = wealth(members[0]) + wealth(OUTSIDER);
			challenge(challenger, 3, 6);
			assert_eq!(wealth(members[0]) + wealth(OUTSIDER), before - CHALLENGE_BOND * 9 / 10, "a fifth of half comes back");
		});
	}
}

/// The last member to reveal may be the author of the last block that takes reveals, and then has its VRF output.
#[test]
fn sampling_seeded_before_the_sampled_party_acted_is_impossible() {
	with(10, || {
		open();
		to_the_draw();
		let (members, sums) = (members(), correct());
		commit_all(&members, &sums);
		let Stage::Answering { reveals_until, .. } = stage() else { panic!() };
		to(reveals_until - 1);
		// The author of this block has its output, which the next block folds in.
		reveal_all(&members, &sums);
		pass(1);
		let known = spot_seed(&crate::Beacon::<Test>::get().value, TASK);
		assert_noop!(settle().map_err(|error| error.error), Error::<Test>::WrongPhase);
		pass(1);
		let Stage::Settling { spot, .. } = stage() else { panic!("{:?}", stage()) };
		assert_ne!(spot, known, "an output after the last reveal seeds the sample");
		assert_eq!(spot, spot_seed(&crate::Beacon::<Test>::get().value, TASK));
		let closed = stage();
		pass(9);
		assert_eq!(stage(), closed, "the sender of a settlement cannot choose it");
	});
}

#[test]
fn credit_for_validating_what_is_invalid_is_not_given() {
	with(10, || {
		let members = settled_false_answer();
		challenge(OUTSIDER, 3, 6);
		recompute_everything(OTHER);
		to_the_end();
		assert!(accounts_with(Behaviour::Agreed).is_empty(), "members of an overturned settlement agreed with nothing");
		assert!(members.iter().all(|who| pay_of(*who) == 0));
	});
	with(5, || {
		answered(|place| (place == 0).then(correct));
		Computable::set(false);
		assert!(Recomputation::recompute(signed(OTHER), TASK, 0, 0, 1, Small).is_err());
		assert!(task().helpers.is_empty(), "a chunk that was not computed is not credited");
	});
}

#[test]
fn shares_are_not_claimable_after_an_upheld_challenge() {
	with(10, || {
		let members = settled_false_answer();
		let settler = task().settler;
		assert_eq!(settler, Some(OUTSIDER));
		challenge(OTHER, 3, 6);
		assert_eq!(task().settler, None, "the settlement is not reimbursed");
		assert!(matches!(stage(), Stage::Recomputing { .. }));
		recompute_everything(THIRD);
		to_the_end();
		assert_eq!((paid(), outcome().settler), (vec![THIRD], Some(THIRD)));
		assert_eq!(pay_of(THIRD), 3_200_000);
		assert!(members.iter().all(|who| bond_of(*who) == 0));
		assert_clean();
	});
}

#[test]
fn a_threshold_parameter_is_validated_when_the_runtime_is_built() {
	with(0, || {
		let is_accepted = |bond| {
			ChallengeBondNow::set(bond);
			std::panic::catch_unwind(Recomputation::integrity_test).is_ok()
		};
		let least = Balances::minimum_balance() * 30;
		assert!(is_accepted(CHALLENGE_BOND) && is_accepted(least));
		assert!(!is_accepted(least - 1) && !is_accepted(0));
	});
}

#[test]
fn an_answer_is_not_overwritten_by_the_next_task_or_by_a_second_draw() {
	with(3, || {
		open();
		assert_eq!(request(WEIGHTED, 8, models(4)), Ok(TASK + 1));
		to_the_draw();
		let answer = |task: TaskId, call: fn(u64, &Sums) -> DispatchResult| {
			Current::set(task);
			assert_ok!(call(1, &correct()));
			correct()
		};
		answer(TASK, commit);
		answer(TASK + 1, commit);
		to_the_reveals();
		let (one, two) = (answer(TASK, reveal), answer(TASK + 1, reveal));
		assert_ne!(one, two);
		assert_eq!((Answers::<Test>::get(TASK, 1), Answers::<Test>::get(TASK + 1, 1)), (Some(one), Some(two)));
	});
	with(10, || {
		let first = answered(|place| (place < 2).then(correct));
		assert_eq!(Answers::<Test>::iter_prefix(TASK).count(), 2);
		to_the_draw();
		let (second, sums) = (members(), correct());
		assert!(first.iter().all(|who| commit(*who, &sums) == Err(Error::<Test>::NotDrawn.into())));
		commit_all(&second, &sums);
		to_the_reveals();
		reveal_all(&second, &sums);
		let mut stored: Vec<_> = Answers::<Test>::iter_prefix(TASK).map(|(who, _)| who).collect();
		let mut expected = second;
		stored.sort_unstable();
		expected.sort_unstable();
		assert_eq!(stored, expected);
	});
}

#[test]
fn a_commitment_is_not_lost_because_a_reveal_failed() {
	with(10, || {
		open();
		to_the_draw();
		let (who, sums) = (members()[0], correct());
		assert_ok!(commit(who, &sums));
		assert_noop!(reveal(who, &sums), Error::<Test>::WrongPhase);
		to_the_reveals();
		let mut short = correct();
		short.pop();
		assert_noop!(reveal(who, &short), Error::<Test>::InvalidShape);
		assert_noop!(reveal(who, &wrong_at(0, 0, 1)), Error::<Test>::CommitmentMismatch);
		let wrong_salt = Recomputation::reveal_sums(signed(who), TASK, sums.clone(), [0; 32]);
		assert_noop!(wrong_salt, Error::<Test>::CommitmentMismatch);
		assert_ok!(reveal(who, &sums));
	});
}

#[test]
fn the_second_of_two_accounts_that_race_on_a_settlement_pays_for_the_look_up_only() {
	with(10, || {
		answered(|_| Some(correct()));
		assert_ok!(settle());
		Scored::set(0);
		let refused = Recomputation::settle(signed(OTHER), TASK, Small).unwrap_err();
		assert_eq!(refused.error, Error::<Test>::WrongPhase.into());
		assert_eq!(refused.post_info.actual_weight, Some(Recomputation::lookup_weight()));
		assert_eq!(Scored::get(), 0, "it is refused before a chunk is scored");
		assert_eq!(task().settler, Some(OUTSIDER), "the first one is reimbursed");
	});
	with(2, || {
		open();
		to_the_draw();
		assert_ok!(Recomputation::recompute(signed(OUTSIDER), TASK, 0, 0, 8, Small));
		Scored::set(0);
		let refused = Recomputation::recompute(signed(OTHER), TASK, 0, 0, 8, Small).unwrap_err();
		assert_eq!(refused.error, Error::<Test>::AlreadyRecomputed.into());
		assert_eq!(refused.post_info.actual_weight, Some(Recomputation::lookup_weight()));
		assert_eq!(Scored::get(), 0);
	});
}
