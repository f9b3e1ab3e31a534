//! Purses: funding, withdrawal and spending.

use super::*;
use doin_primitives::{domain::DomainState, MILLION, ONE_Q32};
use frame_support::traits::{fungible::Inspect as _, LockableCurrency, WithdrawReasons};

#[test]
fn a_purse_is_funded_and_withdrawn_by_its_owner() {
	build_and_execute(|| {
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 500));
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 300));
		assert_eq!(events().last(), Some(&Event::Funded { domain: ROWS, amount: 300, purse: 800 }));
		assert_eq!((held_in_purses(), <Sealed as EvidenceSource>::purse(ROWS)), (800, 800));
		assert_noop!(Sealed::withdraw(signed(OWNER), ROWS, 801), Error::<Test>::PurseTooSmall);
		assert_ok!(Sealed::withdraw(signed(OWNER), ROWS, 200));
		assert_eq!(events().last(), Some(&Event::Withdrawn { domain: ROWS, amount: 200, purse: 600 }));
		assert_ok!(Sealed::withdraw(signed(OWNER), ROWS, 600));
		assert_eq!((held_in_purses(), Balances::free_balance(OWNER)), (0, ENDOWMENT));
		assert_noop!(Sealed::withdraw(signed(OWNER), ROWS, 1), Error::<Test>::PurseTooSmall);
	});
}

#[test]
fn a_purse_belongs_to_the_owner_of_a_sealed_domain() {
	build_and_execute(|| {
		assert_noop!(Sealed::fund(signed(OTHER), ROWS, 1), Error::<Test>::NotOwner);
		assert_noop!(Sealed::fund(signed(OWNER), PUBLIC, 1), Error::<Test>::NotSealedEvidence);
		assert_noop!(Sealed::fund(signed(OWNER), UNKNOWN, 1), Error::<Test>::UnknownDomain);
		assert_noop!(Sealed::fund(signed(OWNER), ROWS, 0), Error::<Test>::ZeroAmount);
		assert_noop!(Sealed::fund(signed(OWNER), ROWS, 2 * ENDOWMENT), TokenError::FundsUnavailable);
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 100));
		assert_noop!(Sealed::withdraw(signed(OTHER), ROWS, 1), Error::<Test>::NotOwner);
		assert_noop!(Sealed::withdraw(signed(OWNER), SERIES, 1), Error::<Test>::PurseTooSmall);
		assert_noop!(Sealed::withdraw(signed(OWNER), PUBLIC, 1), Error::<Test>::NotSealedEvidence);
		assert_noop!(Sealed::withdraw(signed(OWNER), ROWS, 0), Error::<Test>::ZeroAmount);
		// A closing domain takes no money any more, but gives it back.
		change(ROWS, |state| state.status = Status::Closing);
		assert_noop!(Sealed::fund(signed(OWNER), ROWS, 1), Error::<Test>::DomainClosed);
		assert_ok!(Sealed::withdraw(signed(OWNER), ROWS, 100));
	});
}

#[test]
fn a_purse_stays_while_a_round_is_undecided() {
	build_and_execute(|| {
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 500));
		change(ROWS, |state| state.open_rounds = 1);
		assert_noop!(Sealed::withdraw(signed(OWNER), ROWS, 1), Error::<Test>::RoundsOpen);
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 100));
		change(ROWS, |state| state.open_rounds = 0);
		assert_ok!(Sealed::withdraw(signed(OWNER), ROWS, 600));
	});
}

/// A measured round uses up a carried bit whether the purse pays it or not.
#[test]
fn the_price_of_carried_bits_stays_in_the_purse() {
	build_and_execute(|| {
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 500));
		assert_ok!(Sealed::fund(signed(OWNER), SERIES, 10));
		change(ROWS, |state| state.carry = 2 * ONE_Q32);
		WeightNow::set(MILLION / 2);
		assert_noop!(Sealed::withdraw(signed(OWNER), ROWS, 500 - BIT_PRICE + 1), Error::<Test>::BitsCarried);
		assert_ok!(Sealed::withdraw(signed(OWNER), ROWS, 500 - 2 * BIT_PRICE));
		// A vote that doubles the weight doubles the price, and money can always be added.
		WeightNow::set(MILLION);
		assert_noop!(Sealed::withdraw(signed(OWNER), ROWS, 1), Error::<Test>::BitsCarried);
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 1));
		assert_ok!(Sealed::withdraw(signed(OWNER), SERIES, 10));
		// One bit is paid, and half a bit is still carried.
		change(ROWS, |state| state.carry = ONE_Q32 / 2);
		assert_ok!(Sealed::withdraw(signed(OWNER), ROWS, 2 * BIT_PRICE + 1 - BIT_PRICE / 2));
		assert_eq!(held_in_purses(), BIT_PRICE / 2);
		assert_noop!(Sealed::withdraw(signed(OWNER), ROWS, 1), Error::<Test>::BitsCarried);
	});
	// No bit is paid any more without a weight, after the last commit, or to another champion.
	let ends: [fn(&mut DomainState<AccountId>); 3] =
		[|_| WeightNow::set(0), |state| state.status = Status::Closing, |state| state.carry = 0];
	for end in ends {
		build_and_execute(|| {
			assert_ok!(Sealed::fund(signed(OWNER), ROWS, 500));
			change(ROWS, |state| state.carry = 3 * ONE_Q32);
			WeightNow::set(MILLION);
			assert_noop!(Sealed::withdraw(signed(OWNER), ROWS, 500), Error::<Test>::BitsCarried);
			change(ROWS, end);
			assert_ok!(Sealed::withdraw(signed(OWNER), ROWS, 500));
		});
	}
}

#[test]
fn what_is_spent_is_burned() {
	build_and_execute(|| {
		let issuance = Balances::total_issuance();
		let round = RoundId { domain: ROWS, number: 3 };
		assert_eq!(<Sealed as EvidenceSource>::spend(round, 10), 0, "an empty purse");
		assert!(events().is_empty());
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 500));
		assert_ok!(Sealed::fund(signed(OWNER), SERIES, 40));
		assert_eq!(<Sealed as EvidenceSource>::spend(round, 120), 120);
		assert_eq!(events().last(), Some(&Event::PurseSpent { round, minted: 120, left: 380 }));
		assert_eq!(<Sealed as EvidenceSource>::spend(round, 0), 0);
		assert_eq!(<Sealed as EvidenceSource>::spend(round, 1_000), 380, "no more than the purse holds");
		assert_eq!(Purses::<Test>::get(ROWS).spent, 500);
		assert_eq!((held_in_purses(), <Sealed as EvidenceSource>::purse(SERIES)), (40, 40), "the other purse is not touched");
		assert_eq!(Balances::total_issuance(), issuance - 500);
		assert_eq!(Balances::total_balance(&OWNER), ENDOWMENT - 500);
		assert_eq!(<Sealed as EvidenceSource>::spend(RoundId { domain: UNKNOWN, number: 3 }, 10), 0);
	});
}

/// A vote locks the coins of the purse too, and an account that is paid by it can vote.
#[test]
fn the_votes_of_an_owner_end_when_locked_coins_are_spent() {
	build_and_execute(|| {
		let round = RoundId { domain: ROWS, number: 1 };
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 500));
		Balances::set_lock(*b"a vote  ", &OWNER, ENDOWMENT - 200, WithdrawReasons::all());
		assert_eq!(<Sealed as EvidenceSource>::spend(round, 200), 200);
		assert!(EndedVotes::get().is_empty(), "the owner has what is locked");
		assert_eq!(<Sealed as EvidenceSource>::spend(round, 200), 200);
		assert_eq!(EndedVotes::get(), [OWNER]);
	});
}

#[test]
fn a_domain_is_ready_with_a_segment_and_enough_money() {
	build_and_execute(|| {
		let ready = |least| <Sealed as EvidenceSource>::is_ready(ROWS, least);
		assert!(!ready(0) && !ready(1));
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 500));
		assert!(!ready(1), "no segment");
		seal(ROWS, 1);
		assert!(ready(1) && ready(500) && !ready(501));
		ask(ROWS, 1);
		open(ROWS, 0);
		assert!(!ready(1), "the last segment is opened");
	});
}

/// An account below the existential deposit keeps its purse, which is on hold.
#[test]
fn an_owner_keeps_its_purse_when_its_free_balance_is_gone() {
	build_and_execute(|| {
		assert_ok!(Sealed::fund(signed(OWNER), ROWS, 500));
		let free = Balances::free_balance(OWNER);
		assert_ok!(Balances::transfer_allow_death(signed(OWNER), OTHER, free - 100));
		assert_eq!(<Sealed as EvidenceSource>::spend(RoundId { domain: ROWS, number: 1 }, 500), 500);
		assert_eq!(held_in_purses(), 0);
	});
}
