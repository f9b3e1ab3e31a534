//! Challenges of claims.

use crate::{mock::*, test_utils::*, types::Record, Call, Contenders, Error, Event, HoldReason, Models, Rounds, WeightInfo};
use doin_primitives::{
	payload::Reveal, round::Phase, Balance, Evidence, ModelRef, RejectionReason, RoundId, SizeClass, UnpaidReason,
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchResultWithPostInfo, Pays},
};
use sp_runtime::traits::Dispatchable;

/// Returns a model of 900 per chunk that claims 800 on chunk 5.
fn with_false_sum() -> Reveal {
	let mut solution = steady(900);
	solution.validation = {
		let mut sums = solution.validation.into_inner();
		sums[5] = 800;
		sums.try_into().unwrap()
	};
	solution
}

const PENALTY: Balance = SEAT_HOLD / 5;

#[docify::export]
#[test]
fn a_false_claim_is_disproved_by_one_chunk() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, with_false_sum()), (BOB, steady(950))]);
		assert_noop!(challenge(WATCHER, round, 0, 4), Error::<Test>::ClaimCorrect);
		assert_ok!(challenge(WATCHER, round, 0, 5));
		let (reward, burned) = (PENALTY / 10, PENALTY - PENALTY / 10);
		let disproved =
			Event::ClaimDisproved { round, seat: 0, challenger: WATCHER, chunk: 5, claimed: 800, computed: 900, burned, reward };
		assert_eq!(events().last(), Some(&disproved));
		assert_eq!(free(WATCHER), ENDOWMENT + reward);
		assert_eq!(held(HoldReason::Seat, ALICE), 0, "the rest of the hold is released at once");
		assert_noop!(challenge(WATCHER, round, 0, 5), Error::<Test>::NotRevealed);

		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB), "a candidate with a false claim does not win");
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - PENALTY);
		assert_eq!(Optimae::record(&ALICE), Record { rejected: 1, ..Default::default() });
		assert_eq!(Models::<Test>::iter().count(), 1);
	});
}

#[test]
fn the_bytes_of_a_disproved_candidate_stay_while_evaluators_need_them() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, with_false_sum())]);
		assert_ok!(challenge(WATCHER, round, 0, 5));
		assert!(Models::<Test>::contains_key(0) && held(HoldReason::Model, ALICE) > 0);
		assert_eq!(leader(round, &sums_by(round, |model| score_points(model).unwrap())), None);
		decide(round);
		assert!(!Models::<Test>::contains_key(0));
		assert_eq!(held(HoldReason::Model, ALICE), 0);
		assert_eq!(state(DOMAIN).champion.author, None);
	});
}

#[test]
fn a_claim_can_be_disproved_before_the_evaluation() {
	test(|| {
		assert_ok!(commit(ALICE, DOMAIN, &with_false_sum(), SALT));
		let round = current(DOMAIN);
		run_to_phase(DOMAIN, Phase::Reveal);
		assert_noop!(challenge(WATCHER, round, 0, 5), Error::<Test>::NotRevealed);
		assert_ok!(reveal(ALICE, round, &with_false_sum(), SALT));
		assert_ok!(challenge(WATCHER, round, 0, 5));
		assert!(!Models::<Test>::contains_key(0), "its bytes are not needed");
		run_to_phase(DOMAIN, Phase::Commit);
		assert_eq!(Requests::get(round), None);
		assert_eq!(Rounds::<Test>::count(), 0);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - PENALTY);
	});
}

#[test]
fn a_challenge_refers_to_an_existing_chunk_of_a_candidate_with_the_right_class() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, with_false_sum())]);
		assert_noop!(challenge(WATCHER, RoundId { number: 77, ..round }, 0, 5), Error::<Test>::UnknownRound);
		assert_noop!(challenge(WATCHER, round, 1, 5), Error::<Test>::NoSuchSeat);
		assert_noop!(challenge(WATCHER, round, 0, CHUNKS as u16), Error::<Test>::NoSuchChunk);
		let wrong = Call::challenge_claim { round, seat: 0, chunk: 5, class: SizeClass::Large };
		assert_noop!(send(WATCHER, wrong), Error::<Test>::WrongClass);
		decide(round);
		assert_noop!(challenge(WATCHER, round, 0, 5), Error::<Test>::UnknownRound);
	});
}

#[test]
fn a_void_round_does_not_return_the_penalty_for_a_false_claim() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, with_false_sum()), (BOB, steady(950))]);
		assert_ok!(challenge(WATCHER, round, 0, 5));
		expire(round);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - PENALTY);
		assert_eq!(free(BOB), ENDOWMENT - SEAT_FEE);
	});
}

/// A candidate that was disproved earns nothing, whatever it scores: neither the championship nor the place of the contender, and
/// its fee and penalty are gone.
#[test]
fn a_disproved_candidate_claims_nothing_afterwards() {
	for score in [500, 970] {
		test(|| {
			let round = collect(DOMAIN, &[(ALICE, with_false_sum()), (BOB, steady(990))]);
			assert_ok!(challenge(WATCHER, round, 0, 5));
			decide_by(round, |model| match model {
				ModelRef::Stored(0) if score == 970 => shaky(score, 100).to_vec(),
				ModelRef::Stored(0) => vec![score; CHUNKS],
				_ => vec![INITIAL; CHUNKS],
			});
			assert_eq!((state(DOMAIN).champion.author, Contenders::<Test>::get(DOMAIN)), (None, None));
			assert_eq!((Queue::get(), Models::<Test>::iter().count()), (vec![], 0));
			assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - PENALTY);
			assert_noop!(reveal(ALICE, round, &with_false_sum(), [0; 32]), Error::<Test>::UnknownRound);
			assert_noop!(send(ALICE, Call::release_model { model: 0 }), Error::<Test>::UnknownModel);
			assert_eq!(unpaid(round), Some(UnpaidReason::NoImprovement));
		});
	}
}

/// Returns a model of 900 per chunk that claims 1 on each of them.
fn with_false_claim() -> Reveal {
	Reveal { validation: vec![1; CHUNKS].try_into().unwrap(), ..steady(900) }
}

/// Dispatches a call and returns its post-dispatch information.
fn priced(call: Call<Test>) -> DispatchResultWithPostInfo {
	RuntimeCall::from(call).dispatch(RuntimeOrigin::signed(WATCHER))
}

#[test]
fn a_successful_challenge_is_free_and_a_late_one_is_not_charged_for_its_chunk() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, with_false_sum())]);
		let call = || Call::<Test>::challenge_claim { round, seat: 0, chunk: 5, class: SizeClass::Small };
		assert_eq!(priced(call()).unwrap().pays_fee, Pays::No);
		let late = priced(call()).unwrap_err();
		assert_eq!(late.error, Error::<Test>::NotRevealed.into());
		assert_eq!(late.post_info.actual_weight, Some(<() as WeightInfo>::challenge_claim()));
	});
}

#[test]
fn a_champion_with_a_false_claim_does_not_raise_the_bar() {
	test(|| {
		// The false claim is not challenged, and the draw shows a better model. The bar stays that of the initial champion.
		decide(collect(DOMAIN, &[(ALICE, with_false_claim())]));
		assert_eq!((state(DOMAIN).champion.author, state(DOMAIN).champion.validation_error), (Some(ALICE), 32));
		decide(collect(DOMAIN, &[(BOB, steady(950))]));
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE), "950 undercuts the bar, but loses the draw");
		decide(collect(DOMAIN, &[(BOB, steady(500))]));
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		assert_eq!(held(HoldReason::Model, ALICE), 0);
	});
}

#[test]
fn on_public_evidence_the_final_sums_of_the_champion_are_the_bar() {
	test(|| {
		add_domain(20, Evidence::Public);
		decide(collect(20, &[(ALICE, with_false_claim())]));
		assert_eq!(state(20).champion.validation_error, 900 * 32);
		let round = collect(20, &[(BOB, steady(950))]);
		assert!(events().contains(&Event::Rejected {
			round,
			seat: 0,
			who: BOB,
			model: None,
			reason: RejectionReason::NotBetter
		}));
		decide(collect(20, &[(BOB, steady(500))]));
		assert_eq!(state(20).champion.author, Some(BOB));
	});
}
