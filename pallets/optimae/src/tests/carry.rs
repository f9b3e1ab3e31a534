//! Bits above one that follow in later rounds, and pay that ramps up.

use crate::{mock::*, test_utils::*, Event, Models};
use doin_primitives::{
	pay::{MOST_CARRIED, MOST_RAMPED},
	Evidence, ModelRef, RoundId, RoundParams, RoundResult, UnpaidReason, MILLION, ONE_Q32, Q32,
};
use doin_scoring::math::log2_q32;

/// Error per chunk of a model that is more than four bits better than the initial champion.
const LEAP: u32 = 50;

/// Returns `log2(INITIAL / error)` in Q32 bits, for the same error on every chunk.
fn bits(error: u32) -> Q32 {
	let total = |error: u32| u64::from(error) * CHUNKS as u64;
	log2_q32(total(INITIAL)) - log2_q32(total(error))
}

/// Runs a round of `who` to its evaluation.
fn evaluated(who: AccountId, error: u32) -> RoundId {
	collect_awaited(DOMAIN, &[(who, steady(error))])
}

/// Lets ALICE lead by [`LEAP`].
fn leap() -> RoundId {
	let round = evaluated(ALICE, LEAP);
	decide(round);
	assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
	round
}

/// Runs a round in which BOB loses, and the sums of the champion are `champion` per chunk.
fn measured(champion: u32) -> RoundId {
	let round = evaluated(BOB, LEAP + 10);
	decide_by(round, |model| match model {
		ModelRef::Stored(0) => vec![champion; CHUNKS],
		ModelRef::Stored(_) => vec![INITIAL; CHUNKS],
		_ => vec![INITIAL; CHUNKS],
	});
	assert_eq!(state(DOMAIN).champion.author, Some(ALICE), "the champion stays");
	round
}

/// Returns increment, effective improvement and the rest of the payments of carried bits, in order.
fn carries() -> Vec<(Q32, Q32, Q32)> {
	let of = |event| match event {
		Event::CarryPaid { model: 0, who: ALICE, increment, effective, left, .. } => Some((increment, effective, left)),
		Event::CarryPaid { .. } => panic!("only the champion of the test carries bits"),
		_ => None,
	};
	events().into_iter().filter_map(of).collect()
}

/// Returns the mark of the domain and the bits that its champion carries.
fn progress() -> (Q32, Q32) {
	(state(DOMAIN).high_water, state(DOMAIN).carry)
}

/// Returns the effective improvement that was paid to `who`, in order.
fn paid_to(who: AccountId) -> Vec<Q32> {
	let paid = Payments::get().into_iter().filter(|(improvement, _)| improvement.optimizer == who);
	paid.map(|(improvement, _)| improvement.effective).collect()
}

fn result() -> Option<RoundResult> {
	state(DOMAIN).last_round.map(|last| last.result)
}

#[test]
fn three_bits_follow() {
	let bit = ONE_Q32;
	sealed_test(|| {
		leap();
		assert!(bits(LEAP) > 4 * bit);
		assert_eq!(progress(), (bit, MOST_CARRIED));
		for (round, left) in [2 * bit, bit, 0].into_iter().enumerate() {
			let id = measured(LEAP);
			let paid = RoundResult::Paid { effective: bit };
			assert_eq!((result(), unpaid(id)), (Some(paid), None), "the round pays, although nobody won");
			assert_eq!(progress(), ((round as u64 + 2) * bit, left));
		}
		assert_eq!(carries(), [(bit, bit, 2 * bit), (bit, bit, bit), (bit, bit, 0)]);
		assert_eq!((paid_to(ALICE), Purse::get()), (vec![bit; 4], PURSE - 4 * BIT_PRICE));
		let id = measured(LEAP);
		assert_eq!((unpaid(id), progress()), (Some(UnpaidReason::NoImprovement), (4 * bit, 0)), "four bits are all");
		assert_eq!(carries().len(), 3);
	});
}

#[test]
fn a_round_uses_a_bit_up_covered_or_not() {
	let bit = ONE_Q32;
	sealed_test(|| {
		leap();
		// A draw on which the champion is no better than the initial champion.
		let id = measured(INITIAL);
		assert_eq!((unpaid(id), progress()), (Some(UnpaidReason::NoImprovement), (bit, 2 * bit)));
		// A draw that certifies half a bit above the mark.
		let cover = bits(354) - bit;
		assert!(cover > 0 && cover < bit);
		measured(354);
		assert_eq!((result(), progress()), (Some(RoundResult::Paid { effective: cover }), (bit + cover, bit)));
		// The next one certifies no more than the mark.
		let id = measured(354);
		assert_eq!((unpaid(id), progress()), (Some(UnpaidReason::NoImprovement), (bit + cover, 0)));
		assert_eq!(carries(), [(0, 0, 2 * bit), (cover, cover, bit), (0, 0, 0)]);
		assert_eq!(paid_to(ALICE), [bit, cover]);
	});
}

#[test]
fn the_dethroning_draw_still_pays() {
	let bit = ONE_Q32;
	sealed_test(|| {
		leap();
		let round = evaluated(BOB, 40);
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		// The bit of this verdict goes to ALICE, and that of BOB follows.
		assert_eq!((paid_to(ALICE), paid_to(BOB)), (vec![bit, bit], vec![]));
		let lead = bits(40) - bits(LEAP);
		assert_eq!((progress(), result()), ((2 * bit, lead), Some(RoundResult::Paid { effective: bit })));
		let of = |event| match event {
			Event::Crowned { who: BOB, increment, effective, carry, .. } => Some((increment, effective, carry)),
			_ => None,
		};
		assert_eq!(events().into_iter().filter_map(of).collect::<Vec<_>>(), [(0, 0, lead)]);
		assert_eq!(carries(), [(bit, bit, 2 * bit)], "the other two bits of ALICE are dropped");
		assert_eq!(Models::<Test>::iter_keys().collect::<Vec<_>>(), [1]);
	});
	// The draw certifies a part of a bit for the former champion: the winner gets the rest of the bit.
	sealed_test(|| {
		leap();
		let round = evaluated(BOB, 40);
		decide_by(round, |model| match model {
			ModelRef::Stored(0) => vec![354; CHUNKS],
			ModelRef::Stored(_) => vec![40; CHUNKS],
			_ => vec![INITIAL; CHUNKS],
		});
		let cover = bits(354) - bit;
		assert_eq!((paid_to(ALICE), paid_to(BOB)), (vec![bit, cover], vec![bit - cover]));
		let raw = bits(40) - bits(354);
		assert_eq!((progress(), result()), ((2 * bit, raw - (bit - cover)), Some(RoundResult::Paid { effective: bit })));
	});
}

#[test]
fn an_empty_purse_uses_carried_bits_up() {
	sealed_test(|| {
		leap();
		let round = evaluated(BOB, LEAP + 10);
		Purse::put(0);
		decide(round);
		assert_eq!((unpaid(round), progress()), (Some(UnpaidReason::NoImprovement), (ONE_Q32, 2 * ONE_Q32)));
		let round = evaluated_after_funding(BOB, 40);
		Purse::put(0);
		decide(round);
		assert_eq!(unpaid(round), Some(UnpaidReason::EmptyPurse), "a winner whose bit the purse does not pay");
		assert_eq!(state(DOMAIN).high_water, ONE_Q32);
	});
}

/// As [`evaluated`], with a purse that covers commits.
fn evaluated_after_funding(who: AccountId, error: u32) -> RoundId {
	Purse::put(REWARD);
	evaluated(who, error)
}

#[test]
fn a_domain_that_lost_its_weight_carries_nothing() {
	sealed_test(|| {
		leap();
		let round = evaluated(BOB, LEAP + 10);
		WeightNow::set(0);
		decide(round);
		assert_eq!((unpaid(round), progress()), (Some(UnpaidReason::NoImprovement), (ONE_Q32, 0)));
		assert_eq!(carries(), [(0, 0, 0)]);
	});
	sealed_test(|| {
		WeightNow::set(0);
		leap();
		assert_eq!(progress(), (ONE_Q32, 0));
	});
}

#[test]
fn a_round_without_verdict_uses_nothing_up() {
	sealed_test(|| {
		leap();
		let round = evaluated(BOB, LEAP + 10);
		decide_by(round, |_| vec![0; CHUNKS]);
		assert_eq!((unpaid(round), progress()), (Some(UnpaidReason::NothingToImprove), (ONE_Q32, MOST_CARRIED)));
		let round = evaluated(BOB, LEAP + 10);
		expire(round);
		assert_eq!((unpaid(round), progress()), (Some(UnpaidReason::Unsettled), (ONE_Q32, MOST_CARRIED)));
		assert!(carries().is_empty());
	});
}

#[test]
fn carried_bits_of_synthetic_evidence_are_queued() {
	test(|| {
		decide(collect(DOMAIN, &[(ALICE, steady(LEAP))]));
		assert_eq!(progress(), (ONE_Q32, MOST_CARRIED));
		let round = collect(DOMAIN, &[(BOB, steady(40))]);
		decide(round);
		let queued: Vec<_> = Queue::get().into_iter().map(|entry| (entry.optimizer, entry.effective)).collect();
		assert_eq!(queued, [(ALICE, ONE_Q32), (ALICE, ONE_Q32)], "the bit of this verdict is the one of the former champion");
		assert_eq!((progress(), unpaid(round)), ((2 * ONE_Q32, bits(40) - bits(LEAP)), None));
	});
}

#[test]
fn public_evidence_carries_nothing() {
	test(|| {
		add_domain(DOMAIN, Evidence::Public);
		decide(collect(DOMAIN, &[(ALICE, steady(LEAP))]));
		assert_eq!((progress(), Queue::get()), ((0, 0), vec![]));
	});
}

/// Lets ALICE lead by [`LEAP`] in a round whose first block is `age` blocks after the domain has gained weight, where pay ramps
/// up over `length` blocks.
fn leap_at(age: u32, length: u32) -> RoundId {
	RampNow::set(length);
	let round = evaluated(ALICE, LEAP);
	let first = RoundParams::DEV.first_block(round);
	States::mutate(DOMAIN, |state| state.as_mut().expect("registered").weight_since = first - age);
	// A verdict that is delayed gains nothing.
	run_to(block() + 7);
	decide(round);
	round
}

#[test]
fn pay_ramps_up_with_the_first_block_of_the_round() {
	// Half of a ramp.
	sealed_test(|| {
		leap_at(10, 20);
		assert_eq!(result(), Some(RoundResult::Paid { effective: ONE_Q32 / 2 }));
		assert_eq!((paid_to(ALICE), progress()), (vec![ONE_Q32 / 2], (MOST_RAMPED, 0)));
	});
	// The block in which the weight has left 0.
	sealed_test(|| {
		let round = leap_at(0, 20);
		assert_eq!((unpaid(round), progress()), (Some(UnpaidReason::Ramp), (MOST_RAMPED, 0)));
		assert!(paid_to(ALICE).is_empty());
	});
	// The last block before a full ramp, and the first one of it.
	sealed_test(|| {
		leap_at(9, 10);
		let paid = (u128::from(ONE_Q32) * 900_000 / u128::from(MILLION)) as Q32;
		assert_eq!((paid_to(ALICE), progress()), (vec![paid], (MOST_RAMPED, 0)));
	});
	sealed_test(|| {
		leap_at(10, 10);
		assert_eq!((paid_to(ALICE), progress()), (vec![ONE_Q32], (ONE_Q32, MOST_CARRIED)));
	});
	// A round that began before the weight left 0.
	sealed_test(|| {
		RampNow::set(20);
		let round = evaluated(ALICE, LEAP);
		States::mutate(DOMAIN, |state| state.as_mut().expect("registered").weight_since = block());
		decide(round);
		assert_eq!(unpaid(round), Some(UnpaidReason::Ramp));
	});
}

/// A leap in the ramp raises the mark in full, so no later round pays the bits that it was not paid for.
#[test]
fn ramp_cannot_launder() {
	sealed_test(|| {
		leap_at(1, 100);
		let first = ONE_Q32 / 100;
		assert_eq!((paid_to(ALICE), progress()), (vec![first], (MOST_RAMPED, 0)));
		States::mutate(DOMAIN, |state| state.as_mut().expect("registered").weight_since = 0);
		RampNow::set(1);
		for _ in 0..3 {
			let id = measured(LEAP);
			assert_eq!(unpaid(id), Some(UnpaidReason::NoImprovement));
		}
		assert_eq!(paid_to(ALICE), [first]);
		// A successor is paid for what it adds to the mark only.
		let round = evaluated(BOB, LEAP / 2);
		decide(round);
		let added = bits(LEAP / 2) - bits(LEAP);
		assert_eq!(paid_to(BOB), [added.min(ONE_Q32)]);
		assert_eq!(state(DOMAIN).high_water, MOST_RAMPED + added.min(ONE_Q32));
	});
}

/// The purse covers a quarter of a half.
#[test]
fn a_purse_that_is_too_small_raises_the_mark_in_part_while_pay_ramps_up() {
	sealed_test(|| {
		Purse::put(BIT_PRICE / 8);
		leap_at(10, 20);
		assert_eq!((paid_to(ALICE), Purse::get()), (vec![ONE_Q32 / 8], 0));
		assert_eq!(progress(), (MOST_RAMPED / 4, 0));
	});
}
