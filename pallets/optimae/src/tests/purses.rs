//! Pay of sealed evidence: minted at the verdict, and burned from the purse of the domain.

use crate::{mock::*, test_utils::*, Event};
use doin_primitives::{settlement::Backing, Balance, RoundId, RoundResult, UnpaidReason, DOIN, MILLION, ONE_Q32, Q32};
use doin_traits::{QueuedImprovement, Work};

/// Lets ALICE win one bit.
fn won() -> RoundId {
	let round = collect_awaited(DOMAIN, &[(ALICE, steady(500))]);
	decide(round);
	round
}

/// Returns the result of the last round of the domain.
fn result() -> Option<RoundResult> {
	state(DOMAIN).last_round.map(|last| last.result)
}

/// Returns increment and effective improvement of the last champion.
fn crowned() -> (Q32, Q32) {
	let of = |event| match event {
		Event::Crowned { increment, effective, .. } => Some((increment, effective)),
		_ => None,
	};
	events().into_iter().filter_map(of).next_back().expect("a champion was crowned")
}

/// Returns what ALICE has earned, apart from the fee of her seat and the hold of her model.
fn earned() -> Balance {
	free(ALICE) + held(crate::HoldReason::Model, ALICE) + SEAT_FEE - ENDOWMENT
}

#[test]
fn a_verdict_is_paid_by_the_purse_at_once() {
	sealed_test(|| {
		FreePlaces::set(0);
		let round = won();
		let improvement = QueuedImprovement {
			round,
			effective: ONE_Q32,
			optimizer: ALICE,
			evaluators: shares_of(&EVALUATORS),
			backing: Backing::Quorum,
		};
		assert_eq!(Payments::get(), [(improvement, BIT_PRICE)]);
		assert_eq!((earned(), Purse::get()), (BIT_PRICE, PURSE - BIT_PRICE));
		assert_eq!(free(OWNER), ENDOWMENT - BIT_PRICE, "minted is burned");
		assert_eq!(Queue::get(), [], "it takes no place in the queue");
		assert_eq!((result(), unpaid(round)), (Some(RoundResult::Paid { effective: ONE_Q32 }), None));
		assert_eq!((crowned(), state(DOMAIN).high_water), ((ONE_Q32, ONE_Q32), ONE_Q32));
	});
}

#[test]
fn minted_is_burned_to_the_unit() {
	// A fifth of the price is not minted, e.g. since seats of the quorum are unfilled or an account cannot receive its part.
	for mintable in [MILLION, 800_000, 799_999, 333_333, 1, 0] {
		sealed_test(|| {
			Mintable::set(mintable);
			let round = won();
			let minted = BIT_PRICE * Balance::from(mintable) / Balance::from(MILLION);
			assert_eq!((earned(), PURSE - Purse::get(), ENDOWMENT - free(OWNER)), (minted, minted, minted));
			assert_eq!(unpaid(round), None);
		});
	}
}

#[test]
fn a_purse_that_is_too_small_pays_a_part_and_raises_the_mark_by_that_part() {
	sealed_test(|| {
		Purse::put(2 * REWARD);
		won();
		assert_eq!((Purse::get(), earned()), (0, 2 * REWARD));
		let eighth = ONE_Q32 / 8;
		assert_eq!(result(), Some(RoundResult::Paid { effective: eighth }));
		assert_eq!((crowned(), state(DOMAIN).high_water), ((eighth, eighth), eighth));
		// The next improvement counts from the champion, and the bits that were not paid are not paid to its successor.
		Purse::put(PURSE - 2 * REWARD);
		let round = collect_awaited(DOMAIN, &[(BOB, steady(250))]);
		decide(round);
		assert_eq!((crowned(), state(DOMAIN).high_water), ((ONE_Q32, ONE_Q32), ONE_Q32 + eighth));
		assert_eq!(state(DOMAIN).carry, 0);
	});
	// One planck less than the price.
	sealed_test(|| {
		Purse::put(BIT_PRICE - 1);
		won();
		let RoundResult::Paid { effective } = result().unwrap() else { panic!("paid") };
		assert!(effective < ONE_Q32 && ONE_Q32 - effective <= 2);
		assert_eq!(state(DOMAIN).high_water, effective);
		assert!(Purse::get() <= BIT_PRICE >> 32, "the rest is below the price of one unit");
	});
}

#[test]
fn an_empty_purse_crowns_without_pay_and_keeps_the_mark() {
	sealed_test(|| {
		let round = collect_awaited(DOMAIN, &[(ALICE, steady(500))]);
		Purse::put(0);
		decide(round);
		assert_eq!(unpaid(round), Some(UnpaidReason::EmptyPurse));
		assert_eq!((crowned(), state(DOMAIN).high_water), ((0, 0), 0));
		assert_eq!((state(DOMAIN).champion.author, earned(), Payments::get()), (Some(ALICE), 0, vec![]));
	});
}

#[test]
fn the_weight_of_the_domain_scales_the_price() {
	sealed_test(|| {
		WeightNow::set(MILLION / 4);
		won();
		assert_eq!((crowned(), state(DOMAIN).high_water), ((ONE_Q32, ONE_Q32 / 4), ONE_Q32));
		assert_eq!(earned(), BIT_PRICE / 4);
	});
	// The purse covers half of what the weight leaves.
	sealed_test(|| {
		WeightNow::set(MILLION / 4);
		Purse::put(BIT_PRICE / 8);
		won();
		assert_eq!((crowned(), state(DOMAIN).high_water), ((ONE_Q32 / 2, ONE_Q32 / 8), ONE_Q32 / 2));
		assert_eq!((earned(), Purse::get()), (BIT_PRICE / 8, 0));
	});
	sealed_test(|| {
		WeightNow::set(0);
		let round = won();
		assert_eq!(unpaid(round), Some(UnpaidReason::NoWeight));
		assert_eq!((earned(), Purse::get(), state(DOMAIN).high_water), (0, PURSE, ONE_Q32));
	});
}

#[test]
fn other_evidence_never_touches_the_purse() {
	test(|| {
		Purse::put(PURSE);
		let round = collect(DOMAIN, &[(ALICE, steady(500))]);
		decide(round);
		assert_eq!((Queue::get().len(), Payments::get(), Purse::get()), (1, vec![], PURSE));
	});
}

#[test]
fn the_price_of_the_mock_is_that_of_a_sixteenth_of_a_bit() {
	assert_eq!(
		(<World as Work<AccountId>>::price(ONE_Q32), <World as Work<AccountId>>::price(ONE_Q32 / 16)),
		(BIT_PRICE, REWARD)
	);
	assert_eq!(BIT_PRICE, 800 * DOIN);
}
