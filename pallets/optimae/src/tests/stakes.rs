//! Stakes of seats: burned unless the model is revealed and leads the champion by one standard error.

use crate::{mock::*, test_utils::*, types::Sale, Contenders, Error, Event, HoldReason, Rounds};
use doin_primitives::{payload::Reveal, quorum::MIN_QUORUM, Balance, ModelRef, RejectionReason, RoundId, UnpaidReason, DOIN};
use doin_traits::VoidReason;
use frame_support::{
	assert_noop, assert_ok,
	traits::{fungible::Mutate, tokens::Preservation},
};
use sp_runtime::TokenError;

/// Returns the stakes on hold of ALICE and BOB.
fn stakes() -> [Balance; 2] {
	[ALICE, BOB].map(|who| held(HoldReason::Stake, who))
}

/// Returns the accounts whose stakes were burned in `round`, in order.
fn burned_in(round: RoundId) -> Vec<AccountId> {
	let of = |event| match event {
		Event::StakeBurned { round: of, seat, who, burned } => {
			assert_eq!((of, burned, Some(who)), (round, STAKE, seat_owner(seat)));
			Some(who)
		}
		_ => None,
	};
	events().into_iter().filter_map(of).collect()
}

/// Returns the account that took seat `index` of the only round of a test.
fn seat_owner(index: u8) -> Option<AccountId> {
	events().into_iter().find_map(|event| match event {
		Event::Committed { seat, who, .. } if seat == index => Some(who),
		_ => None,
	})
}

/// Runs a round of ALICE and BOB to its evaluation.
fn evaluated(ours: Reveal, theirs: Reveal) -> RoundId {
	collect_awaited(DOMAIN, &[(ALICE, ours), (BOB, theirs)])
}

/// Decides `round` with these sums of the models of ALICE and BOB, which are the first ones of the chain.
fn decide_at(round: RoundId, ours: [u32; CHUNKS], theirs: [u32; CHUNKS]) {
	decide_by(round, |model| match model {
		ModelRef::Stored(0) => ours.to_vec(),
		ModelRef::Stored(1) => theirs.to_vec(),
		_ => vec![INITIAL; CHUNKS],
	});
}

#[test]
fn a_commit_holds_the_stake_of_its_domain() {
	sealed_test(|| {
		let commitment = commitment_of(current(DOMAIN), ALICE, &steady(500), SALT);
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
		let round = current(DOMAIN);
		assert_eq!(
			events(),
			[Event::Committed {
				round,
				seat: 0,
				who: ALICE,
				commitment,
				fee: SEAT_FEE,
				burned: 0,
				hold: SEAT_HOLD,
				stake: STAKE
			}]
		);
		assert_eq!((stakes(), free(ALICE)), ([STAKE, 0], ENDOWMENT - SEAT_FEE - SEAT_HOLD - STAKE));
		// Every seat has a stake, which `max_fee` does not contain.
		assert_ok!(commit_for(ALICE, DOMAIN, &steady(501), [9; 32], SEAT_FEE));
		assert_eq!(stakes(), [2 * STAKE, 0]);
		// An account that cannot pay the stake takes no seat.
		Balances::transfer(&BOB, &PAUPER, SEAT_FEE + SEAT_HOLD + STAKE - DOIN, Preservation::Preserve).unwrap();
		assert_noop!(commit(PAUPER, DOMAIN, &steady(500), SALT), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_seat_that_is_not_revealed_loses_its_stake() {
	sealed_test(|| {
		let round = commit_all(DOMAIN, &[(ALICE, steady(500)), (BOB, steady(900))]);
		arrive(round);
		assert_ok!(reveal(BOB, round, &steady(900), [1; 32]));
		run_to(until(round));
		assert_eq!((burned_in(round), stakes()), (vec![ALICE], [0, STAKE]));
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - SEAT_HOLD / 5 - STAKE);
		decide(round);
		assert_eq!((burned_in(round), stakes()), (vec![ALICE], [0, 0]));
	});
}

#[test]
fn a_claim_that_is_not_better_loses_its_stake() {
	sealed_test(|| {
		let round = commit_all(DOMAIN, &[(ALICE, steady(999)), (BOB, steady(998))]);
		arrive(round);
		assert_ok!(reveal(ALICE, round, &steady(999), [0; 32]));
		let rejected = |event: &Event<Test>| matches!(event, Event::Rejected { reason: RejectionReason::NotBetter, .. });
		assert!(events().iter().any(rejected));
		assert_eq!((burned_in(round), stakes()), (vec![ALICE], [0, STAKE]));
		assert_eq!((held(HoldReason::Seat, ALICE), free(ALICE)), (0, ENDOWMENT - SEAT_FEE - STAKE));
		assert_ok!(reveal(BOB, round, &steady(998), [1; 32]));
		assert_eq!(stakes(), [0, STAKE], "0.2 % undercut the bar");
	});
}

#[test]
fn a_round_without_candidates_burns_all_stakes() {
	sealed_test(|| {
		let round = evaluated(steady(1_500), steady(1_500));
		assert_eq!((unpaid(round), burned_in(round)), (Some(UnpaidReason::NoCandidate), vec![ALICE, BOB]));
	});
}

#[test]
fn a_false_claim_loses_its_stake() {
	sealed_test(|| {
		let mut boast = steady(900);
		let mut sums = boast.validation.into_inner();
		sums[5] = 100;
		boast.validation = sums.try_into().unwrap();
		let round = evaluated(boast, steady(900));
		assert_noop!(challenge(WATCHER, round, 1, 5), Error::<Test>::ClaimCorrect);
		assert_eq!(stakes(), [STAKE; 2]);
		assert_ok!(challenge(WATCHER, round, 0, 5));
		assert_eq!((burned_in(round), stakes()), (vec![ALICE], [0, STAKE]));
		assert_eq!(free(WATCHER), ENDOWMENT + SEAT_HOLD / 50, "the challenger gets a part of the penalty, and none of the stake");
		decide(round);
		assert_eq!(stakes(), [0, 0]);
		assert_eq!(burned_in(round), [ALICE]);
	});
}

#[test]
fn a_winner_and_a_contender_keep_their_stakes() {
	sealed_test(|| {
		let round = evaluated(steady(500), steady(900));
		decide(round);
		assert_eq!((burned_in(round), stakes()), (vec![], [0, 0]), "both lead the champion");
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
	});
	sealed_test(|| {
		let round = evaluated(candidate(shaky(970, 100)), steady(1_500));
		decide_at(round, shaky(970, 100), [1_500; CHUNKS]);
		assert_eq!(unpaid(round), Some(UnpaidReason::ContenderKept));
		assert_eq!(Contenders::<Test>::get(DOMAIN).map(|contender| contender.model), Some(0));
		assert_eq!((burned_in(round), stakes()), (vec![BOB], [0, 0]));
		assert_eq!(free(ALICE) + held(HoldReason::Model, ALICE), ENDOWMENT - SEAT_FEE);
	});
}

#[test]
fn a_model_that_lost_keeps_its_stake_if_it_leads_by_one_standard_error() {
	let lost = |theirs: [u32; CHUNKS]| {
		let mut burned = false;
		sealed_test(|| {
			let round = evaluated(steady(500), steady(900));
			decide_at(round, [500; CHUNKS], theirs);
			let rejected =
				|event: &Event<Test>| matches!(event, Event::Rejected { seat: 1, who: BOB, reason: RejectionReason::Lost, .. });
			assert!(events().iter().any(rejected));
			burned = burned_in(round) == [BOB];
			assert_eq!(stakes(), [0, 0]);
			let lost = if burned { STAKE } else { 0 };
			assert_eq!(free(BOB), ENDOWMENT - SEAT_FEE - lost);
		});
		burned
	};
	assert!(!lost([900; CHUNKS]), "a certain lead");
	assert!(lost([INITIAL; CHUNKS]), "a copy of the champion");
	assert!(lost([1_100; CHUNKS]), "worse than the champion");
	assert!(lost(shaky(999, 100)), "a lead of 32, with a standard error of more than 500");
	// D = 32 · m reaches one standard error if D² ≥ Q = 32 · (m² + swing²).
	assert!(!lost(shaky(980, 111)) && lost(shaky(980, 112)), "20 per chunk");
}

#[test]
fn without_a_verdict_that_the_seats_could_have_had_stakes_are_returned() {
	// The initial champion makes no error, so there is nothing to improve.
	sealed_test(|| {
		let round = evaluated(steady(500), steady(900));
		decide_by(round, |_| vec![0; CHUNKS]);
		assert_eq!((unpaid(round), burned_in(round), stakes()), (Some(UnpaidReason::NothingToImprove), vec![], [0, 0]));
		assert_eq!([ALICE, BOB].map(free), [ENDOWMENT; 2]);
	});
	// The service accepts no request.
	sealed_test(|| {
		ServiceFull::set(true);
		let round = evaluated(steady(500), steady(900));
		assert_eq!((unpaid(round), burned_in(round), stakes()), (Some(UnpaidReason::NoRecomputation), vec![], [0, 0]));
		assert_eq!([ALICE, BOB].map(free), [ENDOWMENT; 2]);
	});
}

#[test]
fn answers_that_nobody_settles_burn_the_stakes() {
	sealed_test(|| {
		let round = evaluated(steady(500), steady(900));
		expire(round);
		assert_eq!((unpaid(round), burned_in(round)), (Some(UnpaidReason::Unsettled), vec![ALICE, BOB]));
		assert_eq!([ALICE, BOB].map(free), [ENDOWMENT - SEAT_FEE - STAKE; 2], "owners of losing models could wait instead");
	});
}

#[test]
fn a_missing_quorum_burns_the_stakes_of_seats_that_counted_on_it_or_could_do_without() {
	// Sold while a quorum served the domain without weight. Its evaluators leave before the evaluation.
	sealed_test(|| {
		WeightNow::set(0);
		let round = commit_all(DOMAIN, &[(ALICE, steady(500)), (BOB, steady(900))]);
		assert_eq!(Rounds::<Test>::get(round).map(|round| round.sale), Some(Sale::Served));
		arrive(round);
		assert_ok!(reveal(ALICE, round, &steady(500), [0; 32]));
		assert_ok!(reveal(BOB, round, &steady(900), [1; 32]));
		Available::set(MIN_QUORUM - 1);
		run_to(until(round));
		assert_eq!((unpaid(round), burned_in(round)), (Some(UnpaidReason::NoQuorum), vec![ALICE, BOB]));
	});
	// They do not answer.
	sealed_test(|| {
		WeightNow::set(0);
		let round = evaluated(steady(500), steady(900));
		void(round, VoidReason::NoQuorum);
		assert_eq!((unpaid(round), burned_in(round)), (Some(UnpaidReason::NoQuorum), vec![ALICE, BOB]));
	});
	// The seats have paid for recomputing their models, and nobody has it done.
	sealed_test(|| {
		Available::set(0);
		let round = evaluated(steady(500), steady(900));
		assert_eq!(Rounds::<Test>::get(round).map(|round| round.sale), Some(Sale::Prepaid));
		void(round, VoidReason::NoQuorum);
		assert_eq!((unpaid(round), burned_in(round)), (Some(UnpaidReason::NoQuorum), vec![ALICE, BOB]));
		assert_eq!([ALICE, BOB].map(free), [ENDOWMENT - SEAT_FEE - STAKE; 2], "the part for recomputing is returned");
	});
	// Sold with weight, and served: the seats have paid for a quorum, and the chain has not provided it.
	sealed_test(|| {
		let round = evaluated(steady(500), steady(900));
		assert_eq!(Rounds::<Test>::get(round).map(|round| round.sale), Some(Sale::Weighted));
		void(round, VoidReason::NoQuorum);
		assert_eq!((unpaid(round), burned_in(round)), (Some(UnpaidReason::NoQuorum), vec![]));
		assert_eq!([ALICE, BOB].map(free), [ENDOWMENT - SEAT_FEE; 2]);
	});
}

#[test]
fn the_stakes_of_a_domain_that_is_gone_are_returned() {
	sealed_test(|| {
		let round = evaluated(steady(500), steady(900));
		Specs::remove(DOMAIN);
		void(round, VoidReason::Unsettled);
		assert_eq!((burned_in(round), stakes()), (vec![], [0, 0]), "a domain that does not exist cannot be scored");
		assert_eq!([ALICE, BOB].map(free), [ENDOWMENT; 2]);
	});
}
