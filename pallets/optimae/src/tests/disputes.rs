//! False validation sums.

use crate::{mock::*, types::*, *};
use doin_primitives_frame::OnRecomputed;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResultWithPostInfo};
use sp_runtime::traits::Dispatchable;

/// A model of 900 per chunk that claims 800 on chunk 5.
fn boast() -> Reveal {
	let mut solution = steady(900);
	solution.validation = {
		let mut sums = solution.validation.into_inner();
		sums[5] = 800;
		sums.try_into().unwrap()
	};
	solution
}

const PENALTY: Balance = SEAT_HOLD / 5;

#[test]
fn a_false_claim_is_disproved_by_one_chunk() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, boast()), (BOB, steady(950))]);
		assert_noop!(dispute(WATCHER, round, 0, 4), Error::<Test>::ClaimHolds);
		assert_ok!(dispute(WATCHER, round, 0, 5));
		let (reward, burned) = (PENALTY / 10, PENALTY - PENALTY / 10);
		let disproved =
			Event::ClaimDisproved { round, seat: 0, challenger: WATCHER, chunk: 5, claimed: 800, truth: 900, burned, reward };
		assert_eq!(events().last(), Some(&disproved));
		assert_eq!(free(WATCHER), ENDOWMENT + reward);
		assert_eq!(held(HoldReason::Seat, ALICE), 0, "the rest of the hold comes back at once");
		assert_noop!(dispute(WATCHER, round, 0, 5), Error::<Test>::NotRevealed);

		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB), "a liar never wins, however good his model is");
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - PENALTY);
		assert_eq!(Optimae::record(&ALICE), Record { rejected: 1, ..Default::default() });
		assert_eq!(Models::<Test>::iter().count(), 1);
	});
}

#[test]
fn a_liars_bytes_stay_while_evaluators_need_them() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, boast())]);
		assert_ok!(dispute(WATCHER, round, 0, 5));
		assert!(Models::<Test>::contains_key(0) && held(HoldReason::Model, ALICE) > 0);
		assert_eq!(Optimae::leader(round, &truth_by(round, |model| coordinates(model).unwrap())), None);
		decide(round);
		assert!(!Models::<Test>::contains_key(0));
		assert_eq!(held(HoldReason::Model, ALICE), 0);
		assert_eq!(state(DOMAIN).champion.author, None);
	});
}

#[test]
fn a_claim_can_be_disproved_before_it_is_measured() {
	test(|| {
		assert_ok!(commit(ALICE, DOMAIN, &boast(), SALT));
		let round = current(DOMAIN);
		run_to_phase(DOMAIN, doin_primitives::round::Phase::Reveal);
		assert_noop!(dispute(WATCHER, round, 0, 5), Error::<Test>::NotRevealed);
		assert_ok!(reveal(ALICE, round, &boast(), SALT));
		assert_ok!(dispute(WATCHER, round, 0, 5));
		assert!(!Models::<Test>::contains_key(0), "nobody needs its bytes");
		run_to_phase(DOMAIN, doin_primitives::round::Phase::Commit);
		assert_eq!(Requests::get(round), None);
		assert_eq!(Rounds::<Test>::count(), 0);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - PENALTY);
	});
}

#[test]
fn a_dispute_names_an_existing_chunk_of_an_existing_candidate_at_the_right_price() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, boast())]);
		assert_noop!(dispute(WATCHER, RoundId { number: 77, ..round }, 0, 5), Error::<Test>::UnknownRound);
		assert_noop!(dispute(WATCHER, round, 1, 5), Error::<Test>::NoSuchSeat);
		assert_noop!(dispute(WATCHER, round, 0, CHUNKS as u16), Error::<Test>::NoSuchChunk);
		let wrong = Call::dispute_claim { round, seat: 0, chunk: 5, class: SizeClass::Large };
		assert_noop!(send(WATCHER, wrong), Error::<Test>::WrongClass);
		decide(round);
		assert_noop!(dispute(WATCHER, round, 0, 5), Error::<Test>::UnknownRound);
	});
}

#[test]
fn a_void_round_does_not_return_what_fraud_has_cost() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, boast()), (BOB, steady(950))]);
		assert_ok!(dispute(WATCHER, round, 0, 5));
		expire(round);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - PENALTY);
		assert_eq!(free(BOB), ENDOWMENT - SEAT_FEE);
	});
}

/// A model of 900 per chunk that claims next to nothing on each of them.
fn bluff() -> Reveal {
	Reveal { validation: vec![1; CHUNKS].try_into().unwrap(), ..steady(900) }
}

/// Sends a call and keeps what the chain says about its price.
fn priced(call: Call<Test>) -> DispatchResultWithPostInfo {
	RuntimeCall::from(call).dispatch(RuntimeOrigin::signed(WATCHER))
}

#[test]
fn a_candidates_disprover_pays_nothing_and_who_comes_too_late_no_chunk() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, boast())]);
		let call = || Call::<Test>::dispute_claim { round, seat: 0, chunk: 5, class: SizeClass::Small };
		assert_eq!(priced(call()).unwrap().pays_fee, Pays::No);
		let late = priced(call()).unwrap_err();
		assert_eq!(late.error, Error::<Test>::NotRevealed.into());
		assert_eq!(late.post_info.actual_weight, Some(<() as WeightInfo>::dispute_claim()));
	});
}

#[test]
fn a_champion_that_lied_about_validation_or_trained_on_it_cannot_lock_its_domain() {
	test(|| {
		// Nobody disputes it in time, and the draw proves it better all the same.
		decide(collect(DOMAIN, &[(ALICE, bluff())]));
		assert_eq!((state(DOMAIN).champion.author, state(DOMAIN).champion.validation_error), (Some(ALICE), 32));
		decide(collect(DOMAIN, &[(BOB, steady(950))]));
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE), "the draw has still to be won");
		decide(collect(DOMAIN, &[(BOB, steady(500))]));
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		assert_eq!(held(HoldReason::Model, ALICE), 0);
	});
}

#[test]
fn on_public_evidence_the_truth_about_a_champion_is_the_bar() {
	test(|| {
		add_domain(20, doin_primitives::Evidence::Public);
		decide(collect(20, &[(ALICE, bluff())]));
		assert_eq!(state(20).champion.validation_error, 900 * 32);
		let round = collect(20, &[(BOB, steady(950))]);
		assert!(events().contains(&Event::Rejected { round, seat: 0, who: BOB, model: None, reason: Reason::NotBetter }));
		decide(collect(20, &[(BOB, steady(500))]));
		assert_eq!(state(20).champion.author, Some(BOB));
	});
}
