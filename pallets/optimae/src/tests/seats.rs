//! Commits: seats and their price.

use crate::{
	mock::*,
	test_utils::*,
	types::{Round, Sale, MAX_ROUNDS},
	Call, Due, Error, Event, HoldReason, Pending, Rounds,
};
use doin_primitives::{
	round::{Phase, MAX_SEATS},
	Balance, EvidenceRef, RoundId, RoundParams, SizeClass, Status, DOIN,
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::DispatchResult,
	traits::{fungible::Mutate, tokens::Preservation},
};
use proptest::prelude::*;
use sp_runtime::TokenError;

#[test]
fn a_commit_takes_a_seat_for_a_fee_and_a_hold() {
	test(|| {
		let solution = steady(900);
		let commitment = commitment_of(current(DOMAIN), ALICE, &solution, SALT);
		assert_ok!(commit(ALICE, DOMAIN, &solution, SALT));
		let round = current(DOMAIN);
		assert_eq!(
			events(),
			[Event::Committed { round, seat: 0, who: ALICE, commitment, fee: SEAT_FEE, burned: 0, hold: SEAT_HOLD, stake: 0 }]
		);
		assert_eq!(held(HoldReason::SeatFee, ALICE), SEAT_FEE);
		assert_eq!(held(HoldReason::Seat, ALICE), SEAT_HOLD);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - SEAT_HOLD);
		assert_eq!(state(DOMAIN).open_rounds, 1);
		assert_eq!(Pending::<Test>::get(DOMAIN).to_vec(), [round.number]);
		let closing = RoundParams::DEV.reveal_window(round).1;
		assert_eq!(Due::<Test>::get(closing).to_vec(), [round]);
	});
}

#[test]
fn the_fifth_seat_costs_double_and_every_further_one_twice_the_one_before() {
	test(|| {
		for seat in 0..MAX_SEATS as u8 {
			let who = AccountId::from(seat) + 1;
			let factor = 1 << seat.saturating_sub(3);
			assert_eq!(Optimae::next_seat_fee(DOMAIN), Some(factor * SEAT_FEE));
			assert_ok!(commit(who, DOMAIN, &steady(900), SALT));
			assert_eq!(held(HoldReason::SeatFee, who), SEAT_FEE, "the undoubled part is held for the evaluators");
			assert_eq!(held(HoldReason::Seat, who), SEAT_HOLD, "the hold does not double");
			assert_eq!(free(who), ENDOWMENT - factor * SEAT_FEE - SEAT_HOLD, "seat {seat}");
		}
		let round = Rounds::<Test>::get(current(DOMAIN)).unwrap();
		assert_eq!(round.seats.last().unwrap().fee, 4_096 * SEAT_FEE);
		assert_eq!(burned(), (8_192 - 2 - 12) * SEAT_FEE, "4 plain seats, then 2 + 4 + … + 4 096 less 12 plain parts");
		assert_noop!(commit(17, DOMAIN, &steady(900), SALT), Error::<Test>::RoundFull);
	});
}

#[test]
fn a_seat_never_costs_less_than_its_evaluators_spend() {
	test(|| {
		BaseFeeNow::set(1_000_000_000);
		Available::set(100);
		// A quorum of nine commits and reveals at 1 200 gas and bytes per call. Settling takes 20 200, and is paid at most half
		// of the fee.
		let fee = (9 * 2 * 1_200 + 2 * 20_200) * 1_000_000_000;
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		assert_eq!(held(HoldReason::SeatFee, ALICE), fee);
		assert_eq!(held(HoldReason::Seat, ALICE), 5 * fee);
		assert_eq!(Rounds::<Test>::get(current(DOMAIN)).unwrap().seats[0].base_fee, 1_000_000_000);

		BaseFeeNow::set(1_000);
		assert_ok!(commit(BOB, DOMAIN, &steady(900), SALT));
		assert_eq!(held(HoldReason::SeatFee, BOB), SEAT_FEE, "each seat is priced by its own block");
	});
}

#[test]
fn one_seat_pays_for_settling_its_round_whatever_its_class() {
	test(|| {
		BaseFeeNow::set(1_000_000_000);
		let round = collect(DOMAIN, &[(ALICE, steady(900))]);
		decide(round);
		let settle = 20_200 * 1_000_000_000;
		assert_eq!(free(SETTLER), ENDOWMENT + settle, "the settler is reimbursed in full");
		assert_eq!(free(EVALUATORS[0]), ENDOWMENT + 2 * 1_200 * 1_000_000_000 + settle / 3);

		// Six large chunks cost 3 000 more each than small ones.
		assert_eq!(Optimae::settle_cost(SizeClass::Large), settle + 6 * 3_000 * 1_000_000_000);
	});
}

#[test]
fn an_account_may_take_several_seats_but_not_twice_the_same() {
	test(|| {
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), [1; 32]));
		assert_noop!(commit(ALICE, DOMAIN, &steady(900), [1; 32]), Error::<Test>::AlreadyCommitted);
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), [2; 32]));
		assert_eq!(held(HoldReason::SeatFee, ALICE), 2 * SEAT_FEE);
	});
}

#[test]
fn a_copied_commitment_does_not_exclude_its_author_and_cannot_be_revealed() {
	test(|| {
		let solution = steady(900);
		let hash = commitment_of(current(DOMAIN), ALICE, &solution, SALT);
		let round = current(DOMAIN);
		assert_ok!(send(BOB, Call::commit { round, hash, max_fee: Balance::MAX }));
		assert_ok!(send(ALICE, Call::commit { round, hash, max_fee: Balance::MAX }));
		run_to_phase(DOMAIN, Phase::Reveal);
		assert_ok!(reveal(ALICE, round, &solution, SALT));
		assert_noop!(reveal(BOB, round, &solution, SALT), Error::<Test>::CommitmentMismatch);
		run_to(RoundParams::DEV.reveal_window(round).1);
		assert_eq!(Optimae::record(&BOB).forfeited, 1);
		assert_eq!(free(BOB), ENDOWMENT - SEAT_FEE - SEAT_HOLD / 5);
	});
}

/// Eight other accounts take the first eight seats in front of a commit that was prepared for the first price.
#[test]
fn n3_a_seat_has_a_maximum_price() {
	test(|| {
		let first = Optimae::next_seat_fee(DOMAIN).unwrap();
		assert_eq!(first, SEAT_FEE);
		for who in 2..=9 {
			assert_ok!(commit(who, DOMAIN, &steady(900), SALT));
		}
		assert_noop!(commit_for(ALICE, DOMAIN, &steady(900), SALT, first), Error::<Test>::SeatTooExpensive);
		assert_eq!(free(ALICE), ENDOWMENT);
		assert_eq!(Rounds::<Test>::get(current(DOMAIN)).unwrap().seats.len(), 8);
		// The ninth seat costs 32 times the first one. One planck less is too little.
		assert_eq!(Optimae::next_seat_fee(DOMAIN), Some(32 * first));
		assert_noop!(commit_for(ALICE, DOMAIN, &steady(900), SALT, 32 * first - 1), Error::<Test>::SeatTooExpensive);
		assert_ok!(commit_for(ALICE, DOMAIN, &steady(900), SALT, 32 * first));

		// A commit that would have opened a round opens none, and a full round is full at every price.
		add_domain(8, synthetic());
		assert_noop!(commit_for(ALICE, 8, &steady(900), SALT, first - 1), Error::<Test>::SeatTooExpensive);
		assert_eq!((state(8).open_rounds, Due::<Test>::iter().count()), (0, 1));
		for who in 10..17 {
			assert_ok!(commit(who, DOMAIN, &steady(900), SALT));
		}
		assert_noop!(commit_for(18, DOMAIN, &steady(900), SALT, 0), Error::<Test>::RoundFull);
	});
}

#[test]
fn n3_a_rise_of_the_base_fee_does_not_raise_the_price_above_the_maximum() {
	test(|| {
		let before = Optimae::next_seat_fee(DOMAIN).unwrap();
		BaseFeeNow::set(1_000_000_000);
		assert_noop!(commit_for(ALICE, DOMAIN, &steady(900), SALT, before), Error::<Test>::SeatTooExpensive);
	});
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

	#[test]
	fn n3_a_commit_never_takes_more_than_its_maximum_and_the_hold_for_it(
		taken in 0u32..=MAX_SEATS,
		base_fee in prop_oneof![Just(1_000u128), Just(1_000_000), 1_000u128..1_000_000_000],
		available in prop_oneof![0u32..5, 5u32..2_000],
		weight in prop_oneof![Just(0u32), Just(1_000_000)],
		max_fee in prop_oneof![0..10 * SEAT_FEE, 0..1_000 * DOIN],
	) {
		test(|| {
			Available::set(available);
			WeightNow::set(weight);
			for who in 0..taken {
				assert_ok!(commit(AccountId::from(who) + 2, DOMAIN, &steady(900), SALT));
			}
			BaseFeeNow::set(base_fee);
			let next = Optimae::next_seat_fee(DOMAIN).unwrap();
			let result = commit_for(ALICE, DOMAIN, &steady(900), SALT, max_fee);
			let taken_from = ENDOWMENT - free(ALICE);
			match result {
				Ok(()) => {
					let factor = Balance::from(<<Test as crate::Config>::HoldFactor as frame_support::traits::Get<u32>>::get());
					assert!(next <= max_fee && taken_from >= next);
					assert!(taken_from <= max_fee + factor * max_fee, "{taken_from} for {max_fee}");
				}
				Err(error) => {
					assert_eq!(taken_from, 0);
					let too_expensive = error == Error::<Test>::SeatTooExpensive.into();
					assert_eq!(too_expensive, taken < MAX_SEATS && next > max_fee, "{error:?}");
				}
			}
		});
	}
}

#[test]
fn commits_are_accepted_in_the_commit_phase_only() {
	test(|| {
		run_to_phase(DOMAIN, Phase::Reveal);
		assert_noop!(commit(ALICE, DOMAIN, &steady(900), SALT), Error::<Test>::NotInCommitPhase);
		run_to_phase(DOMAIN, Phase::Commit);
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
	});
}

#[test]
fn only_active_domains_accept_commits() {
	test(|| {
		assert_noop!(commit(ALICE, 1_000, &steady(900), SALT), Error::<Test>::UnknownDomain);
		for status in [Status::Loading, Status::Converged, Status::Closing, Status::Refused] {
			States::mutate(DOMAIN, |state| state.as_mut().unwrap().status = status);
			assert_noop!(commit(ALICE, DOMAIN, &steady(900), SALT), Error::<Test>::NotActive);
		}
	});
}

#[test]
fn an_account_that_cannot_pay_gets_no_seat_and_leaves_no_trace() {
	test(|| {
		assert_noop!(commit(PAUPER, DOMAIN, &steady(900), SALT), TokenError::FundsUnavailable);
		// Enough for the fee, but not for the hold.
		assert_ok!(send_money(PAUPER, SEAT_FEE + SEAT_HOLD / 2));
		assert_noop!(commit(PAUPER, DOMAIN, &steady(900), SALT), TokenError::FundsUnavailable);
		assert_eq!(state(DOMAIN).open_rounds, 0);
		assert_eq!(Rounds::<Test>::count(), 0);

		// Enough for both, but not for the burned part of the fifth fee.
		assert_ok!(send_money(PAUPER, SEAT_HOLD / 2 + 1_000));
		for who in 1..=4 {
			assert_ok!(commit(who, DOMAIN, &steady(900), SALT));
		}
		assert_noop!(commit(PAUPER, DOMAIN, &steady(900), SALT), TokenError::FundsUnavailable);
	});
}

fn send_money(to: AccountId, amount: Balance) -> DispatchResult {
	<Balances as Mutate<AccountId>>::transfer(&20, &to, amount, Preservation::Preserve).map(|_| ())
}

#[test]
fn a_domain_has_at_most_four_undecided_rounds() {
	test(|| {
		for solution in [900, 800, 700, 600] {
			collect(DOMAIN, &[(ALICE, steady(solution))]);
		}
		assert_noop!(commit(ALICE, DOMAIN, &steady(500), SALT), Error::<Test>::TooManyRounds);

		decide(RoundId { domain: DOMAIN, number: Pending::<Test>::get(DOMAIN)[0] });
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
	});
}

#[test]
fn a_chain_has_at_most_1_024_undecided_rounds() {
	test(|| {
		for domain in 100..100 + MAX_ROUNDS {
			Rounds::<Test>::insert(RoundId { domain, number: 0 }, Round::new(Sale::Weighted, Some(EvidenceRef::Drawn)));
		}
		assert_noop!(commit(ALICE, DOMAIN, &steady(900), SALT), Error::<Test>::TooManyRounds);
		Rounds::<Test>::remove(RoundId { domain: 100, number: 0 });
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		assert_ok!(commit(BOB, DOMAIN, &steady(900), SALT));
		for domain in 101..100 + MAX_ROUNDS {
			Rounds::<Test>::remove(RoundId { domain, number: 0 });
		}
	});
}

#[test]
fn a_view_shows_the_round_the_grid_is_in() {
	test(|| {
		let empty = Optimae::round_view(DOMAIN).unwrap();
		assert_eq!((empty.round, empty.phase, empty.seats.len()), (current(DOMAIN), Phase::Commit, 0));
		assert_eq!((empty.next_seat_fee, empty.seat_hold), (SEAT_FEE, SEAT_HOLD));
		assert_eq!(Optimae::open_round(empty.round), None);
		assert_eq!(Optimae::round_view(1_000), None);

		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		let taken = Optimae::round_view(DOMAIN).unwrap();
		assert_eq!(taken.seats[0].who, ALICE);
		assert_eq!(taken.seats[0].fee, SEAT_FEE);
		assert_eq!(Optimae::open_round(taken.round), Some(taken.clone()));
		assert!(taken.reveal_from == taken.phase_end && taken.reveal_until > taken.reveal_from);
	});
}
