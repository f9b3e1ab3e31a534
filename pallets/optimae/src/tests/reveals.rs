//! Reveals, and seats without a reveal.

use crate::{mock::*, test_utils::*, types::Record, Call, Error, Event, HoldReason, Models, NextModelId, Rounds};
use codec::Encode;
use doin_primitives::{payload::Reveal, round::Phase, Balance, ModelRef, RejectionReason, RoundId, RoundParams, SizeClass};
use doin_scoring::{Model, ModelError};
use frame_support::{
	assert_noop, assert_ok,
	traits::{fungible::Mutate, tokens::Preservation},
};
use sp_runtime::TokenError;

/// Commits `solution` for ALICE and runs to the reveal phase.
fn committed(solution: &Reveal) -> RoundId {
	assert_ok!(commit(ALICE, DOMAIN, solution, SALT));
	let round = current(DOMAIN);
	run_to_phase(DOMAIN, Phase::Reveal);
	round
}

#[test]
fn a_reveal_stores_the_model_against_a_hold_and_deposits_the_metrics() {
	test(|| {
		let mut solution = steady(900);
		solution.metrics.optimizer = b"ga".to_vec().try_into().unwrap();
		let round = committed(&solution);
		assert_ok!(reveal(ALICE, round, &solution, SALT));
		let stored = Models::<Test>::get(0).unwrap();
		assert_eq!((stored.author, stored.round, &stored.bytes), (ALICE, round, &solution.model));
		assert_eq!((&stored.genes, &stored.validation), (&solution.genes, &solution.validation));
		assert_eq!(stored.hold, stored.encoded_size() as Balance * BYTE_HOLD);
		assert_eq!(held(HoldReason::Model, ALICE), stored.hold);
		assert_eq!(
			events().last(),
			Some(&Event::Revealed {
				round,
				seat: 0,
				who: ALICE,
				model: 0,
				bytes: solution.model.len() as u32,
				validation_error: 28_800,
				hold: stored.hold,
				metrics: solution.metrics
			})
		);
		assert_eq!(<Optimae as doin_traits::Models>::bytes(0), Some(solution.model));
		assert!(events().last().unwrap().encoded_size() < 256, "an event never carries a model");
	});
}

#[test]
fn reveals_are_taken_in_the_rounds_own_window_only() {
	test(|| {
		let solution = steady(900);
		let round = current(DOMAIN);
		assert_noop!(reveal(ALICE, round, &solution, SALT), Error::<Test>::UnknownRound);
		assert_ok!(commit(ALICE, DOMAIN, &solution, SALT));
		assert_noop!(reveal(ALICE, round, &solution, SALT), Error::<Test>::NotInRevealPhase);
		run_to(RoundParams::DEV.reveal_window(round).1 - 1);
		let untouched = Rounds::<Test>::get(round);
		System::set_block_number(System::block_number() + 1);
		assert_noop!(reveal(ALICE, round, &solution, SALT), Error::<Test>::NotInRevealPhase);
		System::set_block_number(System::block_number() - 1);
		assert_eq!(Rounds::<Test>::get(round), untouched);
		assert_ok!(reveal(ALICE, round, &solution, SALT));
		assert_noop!(reveal(ALICE, round, &solution, SALT), Error::<Test>::AlreadyRevealed);
	});
}

#[test]
fn only_what_was_committed_can_be_revealed_and_only_by_its_author() {
	test(|| {
		let solution = steady(900);
		assert_ok!(commit(BOB, DOMAIN, &steady(950), SALT));
		let round = committed(&solution);
		assert_noop!(reveal(ALICE, round, &solution, [9; 32]), Error::<Test>::CommitmentMismatch);
		assert_noop!(reveal(ALICE, round, &steady(899), SALT), Error::<Test>::CommitmentMismatch);
		assert_noop!(reveal(BOB, round, &solution, SALT), Error::<Test>::CommitmentMismatch);
		let mut changed = solution.clone();
		changed.metrics.millis = 1;
		assert_noop!(reveal(ALICE, round, &changed, SALT), Error::<Test>::CommitmentMismatch);
		assert_ok!(reveal(ALICE, round, &solution, SALT));
	});
}

#[test]
fn a_commitment_is_worth_nothing_in_another_round() {
	test(|| {
		let solution = steady(900);
		let before = current(DOMAIN);
		let old = commitment_of(before, ALICE, &solution, SALT);
		run_to_phase(DOMAIN, Phase::Commit);
		assert_noop!(
			send(ALICE, Call::commit { round: before, hash: old, max_fee: Balance::MAX }),
			Error::<Test>::NotInCommitPhase
		);
		let round = current(DOMAIN);
		assert_ne!(round, before);
		assert_ok!(send(ALICE, Call::commit { round, hash: old, max_fee: Balance::MAX }));
		run_to_phase(DOMAIN, Phase::Reveal);
		assert_noop!(reveal(ALICE, round, &solution, SALT), Error::<Test>::CommitmentMismatch);
	});
}

#[test]
fn every_inadmissible_reveal_has_its_own_error() {
	let short = |n: usize| steady(900).validation.into_inner()[..n].to_vec().try_into().unwrap();
	let with_model = |bytes: Vec<u8>| Reveal { model: bytes.try_into().unwrap(), ..steady(900) };
	let cases: Vec<(Reveal, Error<Test>)> = vec![
		(Reveal { genes: Default::default(), ..steady(900) }, Error::InvalidGeneCount),
		(Reveal { genes: vec![101].try_into().unwrap(), ..steady(900) }, Error::GeneOutOfRange),
		(Reveal { genes: vec![-1].try_into().unwrap(), ..steady(900) }, Error::GeneOutOfRange),
		(Reveal { validation: short(31), ..steady(900) }, Error::InvalidChunkCount),
		(with_model(vec![]), Error::InvalidModelEncoding),
		(with_model(vec![255, 0]), Error::InvalidModelVersion),
		(with_model(Model::Seasonal.to_bytes()), Error::InvalidModelFamily),
		(with_model(Model::Point(vec![0; 31]).to_bytes()), Error::InvalidModelShape),
		(with_model(Model::Point(vec![i32::MAX; 32]).to_bytes()), Error::InvalidModelWeight),
		(with_model(vec![0; 1_025]), Error::ModelTooLarge),
	];
	for (solution, error) in cases {
		test(|| {
			let round = committed(&solution);
			assert_noop!(reveal(ALICE, round, &solution, SALT), error);
		});
	}
}

#[test]
fn every_fault_of_a_model_has_its_own_error() {
	let pairs: [(ModelError, Error<Test>); 10] = [
		(ModelError::Malformed, Error::InvalidModelEncoding),
		(ModelError::Version, Error::InvalidModelVersion),
		(ModelError::Family, Error::InvalidModelFamily),
		(ModelError::Shape, Error::InvalidModelShape),
		(ModelError::Window, Error::InvalidModelWindow),
		(ModelError::Weight, Error::InvalidModelWeight),
		(ModelError::Shift, Error::InvalidModelShift),
		(ModelError::Overflow, Error::ModelOverflow),
		(ModelError::TooCostly, Error::ModelTooExpensive),
		(ModelError::TooLarge, Error::ModelTooLarge),
	];
	for (fault, error) in pairs {
		assert_eq!(Error::<Test>::from(fault).encode(), error.encode());
	}
}

#[test]
fn a_model_whose_bytes_cannot_be_paid_for_is_not_stored() {
	test(|| {
		let solution = steady(900);
		let round = committed(&solution);
		let most = free(ALICE) - 2_000;
		assert_ok!(<Balances as Mutate<AccountId>>::transfer(&ALICE, &BOB, most, Preservation::Preserve));
		assert_noop!(reveal(ALICE, round, &solution, SALT), TokenError::FundsUnavailable);
		assert_eq!(NextModelId::<Test>::get(), 0);
	});
}

/// A reveal that fails takes neither the commitment nor the seat: it can be sent again.
#[test]
fn a_failed_reveal_can_be_repeated() {
	test(|| {
		let solution = steady(900);
		let round = committed(&solution);
		let untouched = Rounds::<Test>::get(round);
		// Without money for the bytes, with another salt, with another model, and from another account.
		let most = free(ALICE) - 2_000;
		assert_ok!(<Balances as Mutate<AccountId>>::transfer(&ALICE, &BOB, most, Preservation::Preserve));
		assert_noop!(reveal(ALICE, round, &solution, SALT), TokenError::FundsUnavailable);
		assert_noop!(reveal(ALICE, round, &solution, [9; 32]), Error::<Test>::CommitmentMismatch);
		assert_noop!(reveal(ALICE, round, &steady(899), SALT), Error::<Test>::CommitmentMismatch);
		assert_noop!(reveal(BOB, round, &solution, SALT), Error::<Test>::CommitmentMismatch);
		assert_eq!(Rounds::<Test>::get(round), untouched);
		// The last block of the window is early enough.
		run_to(RoundParams::DEV.reveal_window(round).1 - 1);
		assert_ok!(<Balances as Mutate<AccountId>>::transfer(&BOB, &ALICE, most, Preservation::Preserve));
		assert_ok!(reveal(ALICE, round, &solution, SALT));
		run_to(block() + 1);
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
	});
}

/// Silence must never be the better choice: not to reveal costs more than to reveal the worst candidate.
#[test]
fn silence_costs_more_than_the_worst_reveal() {
	test(|| {
		assert_ok!(commit(BOB, DOMAIN, &steady(5_000), SALT));
		let round = committed(&steady(900));
		assert_ok!(reveal(BOB, round, &steady(5_000), SALT));
		run_to(RoundParams::DEV.reveal_window(round).1);
		assert!(free(ALICE) < free(BOB), "ALICE did not reveal");
	});
}

#[test]
fn a_candidate_that_is_not_better_on_validation_loses_only_its_fee() {
	test(|| {
		// The least improvement is 0.2 %: 998 passes, 999 does not.
		assert_ok!(commit(BOB, DOMAIN, &steady(998), SALT));
		let solution = steady(999);
		let round = committed(&solution);
		assert_ok!(reveal(ALICE, round, &solution, SALT));
		assert_ok!(reveal(BOB, round, &steady(998), SALT));
		assert!(events().contains(&Event::Rejected {
			round,
			seat: 1,
			who: ALICE,
			model: None,
			reason: RejectionReason::NotBetter
		}));
		assert_eq!(held(HoldReason::Seat, ALICE), 0);
		assert_eq!(held(HoldReason::Model, ALICE), 0);
		assert_eq!(held(HoldReason::SeatFee, ALICE), SEAT_FEE);
		assert_eq!(Optimae::record(&ALICE), Record { rejected: 1, ..Default::default() });
		assert_noop!(reveal(ALICE, round, &solution, SALT), Error::<Test>::AlreadyRevealed);

		run_to(RoundParams::DEV.reveal_window(round).1);
		assert_eq!(Requests::get(round).unwrap().models.to_vec(), [ModelRef::RepeatLast, ModelRef::Stored(0)]);
		decide(round);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE, "its fee pays the evaluators of the round");
	});
}

#[test]
fn a_seat_that_is_never_revealed_loses_its_fee_and_a_fifth_of_its_hold() {
	test(|| {
		let round = committed(&steady(900));
		run_to(RoundParams::DEV.reveal_window(round).1);
		let loss = SEAT_FEE + SEAT_HOLD / 5;
		assert!(events().contains(&Event::SeatForfeited { round, seat: 0, who: ALICE, burned: loss }));
		assert!(events().contains(&Event::RoundDecided { round, winner: None }));
		assert_eq!(free(ALICE), ENDOWMENT - loss);
		assert_eq!(Optimae::record(&ALICE), Record { forfeited: 1, ..Default::default() });
		assert_eq!(Rounds::<Test>::count(), 0);
		assert_eq!(Requests::get(round), None, "a round without reveals is not evaluated");
	});
}

#[test]
fn a_missing_reveal_is_excused_if_the_base_fee_rose_above_four_times() {
	for (fee, excused) in [(4_000, false), (4_001, true)] {
		test(|| {
			let round = committed(&steady(900));
			BaseFeeNow::set(fee);
			run_to(RoundParams::DEV.reveal_window(round).1);
			assert_eq!(events().contains(&Event::SeatExcused { round, seat: 0, who: ALICE }), excused);
			assert_eq!(free(ALICE) == ENDOWMENT, excused);
			assert_eq!(Optimae::record(&ALICE).forfeited, u32::from(!excused));
		});
	}
}

#[test]
fn revealed_seats_are_evaluated_without_the_forfeited_ones() {
	test(|| {
		assert_ok!(commit(BOB, DOMAIN, &steady(950), SALT));
		let round = committed(&steady(900));
		assert_ok!(reveal(BOB, round, &steady(950), SALT));
		run_to(RoundParams::DEV.reveal_window(round).1);
		let request = Requests::get(round).unwrap();
		assert_eq!(request.models.to_vec(), [ModelRef::RepeatLast, ModelRef::Stored(0)]);
		assert_eq!(request.exclude.to_vec(), [BOB]);
		assert_eq!(request.class, SizeClass::Small);
		let view = Optimae::open_round(round).unwrap();
		assert_eq!(view.seats[0].model, Some(ModelRef::Stored(0)));
		assert_eq!(view.seats[1].model, None);
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
	});
}

#[test]
fn a_full_service_voids_the_round_and_releases_everything() {
	test(|| {
		ServiceFull::set(true);
		let round = collect(DOMAIN, &[(ALICE, steady(900)), (BOB, steady(950))]);
		assert!(events().contains(&Event::RoundVoided { round }));
		assert_eq!((free(ALICE), free(BOB)), (ENDOWMENT, ENDOWMENT));
		assert_eq!(Models::<Test>::iter().count(), 0);
		assert_eq!(state(DOMAIN).open_rounds, 0);
	});
}
