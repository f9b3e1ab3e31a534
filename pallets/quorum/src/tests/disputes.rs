//! Challenges: one chunk, one extrinsic.

use super::*;
use crate::Disputes;
use frame_support::dispatch::Pays;

const SALT: [u8; 32] = [5; 32];

/// Announces that `who` will challenge a chunk.
fn announce(who: u64, model: u8, chunk: u16) {
	let payload = payload_hash(&Challenge { model, chunk });
	assert_ok!(Quorum::dispute(signed(who), commitment(Tag::Dispute, &GENESIS, ROUND, &who, &payload, &SALT)));
}

fn replay(who: u64, model: u8, chunk: u16) -> DispatchResultWithPostInfo {
	Quorum::replay(signed(who), ROUND, model, chunk, SALT, Small)
}

/// What a refused challenge says; it is charged for less than a chunk.
fn refused(who: u64, model: u8, chunk: u16) -> DispatchResult {
	replay(who, model, chunk).map(|_| ()).map_err(|refused| {
		let charged = refused.post_info.actual_weight.expect("nothing was computed");
		assert!(charged.ref_time() < Quorum::replay_weight(Small).ref_time());
		refused.error
	})
}

/// Everybody tells the same lie about the last model, which is not spot-checked. Returns the members.
fn settled_lie() -> Vec<u64> {
	Leader::set(Some(2));
	let members = answered(|_| Some(lie(3, 6, 1)));
	assert_ok!(settle());
	members
}

#[test]
fn one_challenger_overturns_a_unanimous_lie_and_is_paid() {
	with(10, || {
		let before = issuance();
		let members = settled_lie();
		announce(OUTSIDER, 3, 6);
		assert_eq!(Balances::balance_on_hold(&HoldReason::Dispute.into(), &OUTSIDER), DISPUTE_BOND);
		pass(1);
		let info = replay(OUTSIDER, 3, 6).unwrap();
		assert_eq!(info.pays_fee, Pays::No, "who is right pays nothing");
		let reward = 5 * 50 * DOIN;
		seen(Event::DisputeUpheld { round: ROUND, challenger: OUTSIDER, model: 3, chunk: 6, reward });
		seen(Event::Reopened { round: ROUND });
		assert_eq!(Balances::balance(&OUTSIDER), 1_000 * DOIN + reward);
		assert_eq!(Balances::total_balance_on_hold(&OUTSIDER), 0);
		for liar in &members {
			seen(Event::Slashed { who: *liar, amount: 500 * DOIN, offence: Offence::Collusion });
		}
		assert_eq!(before - issuance(), 5 * 500 * DOIN - reward);
		assert_eq!(doers(Deed::False), members);
		assert_eq!(Calls::get(), [], "a verdict that changes is reopened before anything is handed over");

		let truth = truth();
		recompute_everything(OTHER);
		to_the_end();
		assert_eq!(outcome().truth, truth);
		assert_eq!(outcome().truthful, vec![OTHER]);
		assert!(doers(Deed::Agreed).is_empty());
		assert_clean();
	});
}

#[test]
fn a_lone_lie_that_stands_costs_a_tenth_and_a_tenth_of_that_is_the_reward() {
	with(100, || {
		Leader::set(Some(2));
		// Of nine, seven lie where the runtime looks; two lie alike where it does not: fewer than a third.
		let members = answered(|place| Some(if place < 2 { lie(3, 6, 1) } else { lie(0, 0, place as u32) }));
		assert_ok!(settle());
		assert_eq!(doers(Deed::False), members[2..]);
		announce(OUTSIDER, 3, 6);
		pass(1);
		assert_ok!(replay(OUTSIDER, 3, 6));
		assert_eq!(bond_of(members[0]), 450 * DOIN);
		assert_eq!(Balances::balance(&OUTSIDER), 1_000 * DOIN + 2 * 5 * DOIN);
	});
}

#[test]
fn a_wrong_challenge_costs_its_bond_half_to_the_accused() {
	with(10, || {
		let before = issuance();
		let members = answered(|_| Some(truth()));
		assert_ok!(settle());
		announce(OUTSIDER, 3, 6);
		pass(1);
		assert_eq!(replay(OUTSIDER, 3, 6).unwrap().pays_fee, Pays::Yes);
		seen(Event::DisputeRejected { round: ROUND, challenger: OUTSIDER, paid: DISPUTE_BOND / 2, burned: DISPUTE_BOND / 2 });
		assert_eq!(Balances::balance(&OUTSIDER), 1_000 * DOIN - DISPUTE_BOND);
		for who in &members {
			assert_eq!(Balances::balance(who), 500 * DOIN + DISPUTE_BOND / 10);
		}
		assert_eq!(before - issuance(), DISPUTE_BOND / 2);
		to_the_end();
		assert_eq!(outcome().truthful, members);
		assert_clean();
	});
}

#[test]
fn a_challenge_is_announced_a_block_earlier_and_cannot_be_copied() {
	with(10, || {
		settled_lie();
		assert_noop!(refused(OUTSIDER, 3, 6), Error::<Test>::NoDispute);
		announce(OUTSIDER, 3, 6);
		assert_noop!(refused(OUTSIDER, 3, 6), Error::<Test>::TooEarly);
		// A copier repeats the announcement, then the challenge with its salt.
		let copied = Disputes::<Test>::get(OUTSIDER).unwrap().hash;
		assert_ok!(Quorum::dispute(signed(OTHER), copied));
		pass(1);
		assert_noop!(refused(OTHER, 3, 6), Error::<Test>::CommitmentMismatch);
		assert_noop!(refused(OUTSIDER, 3, 5), Error::<Test>::CommitmentMismatch);
		assert_ok!(replay(OUTSIDER, 3, 6));
		// The copier gets its bond back when the announcement has expired.
		assert_noop!(Quorum::withdraw_dispute(signed(OTHER)), Error::<Test>::NotExpired);
		pass(4);
		assert_ok!(Quorum::withdraw_dispute(signed(OTHER)));
		seen(Event::DisputeWithdrawn { who: OTHER });
		assert_eq!(Balances::balance(&OTHER), 1_000 * DOIN);
		assert_noop!(Quorum::withdraw_dispute(signed(OTHER)), Error::<Test>::NoDispute);
	});
}

#[test]
fn a_challenge_is_refused_out_of_its_time_and_of_its_bounds() {
	with(10, || {
		settled_lie();
		announce(OUTSIDER, 3, 6);
		assert_noop!(Quorum::dispute(signed(OUTSIDER), [0; 32]), Error::<Test>::AlreadyDisputing);
		pass(1);
		let wrong_class = Quorum::replay(signed(OUTSIDER), ROUND, 3, 6, SALT, Large).map_err(|error| error.error);
		assert_noop!(wrong_class, Error::<Test>::WrongClass);
		announce(OTHER, 9, 6);
		announce(THIRD, 3, CHUNKS);
		let Stage::Challenge { until } = request().stage else { panic!() };
		pass(1);
		assert_noop!(refused(OTHER, 9, 6), Error::<Test>::NoSuchChunk);
		assert_noop!(refused(THIRD, 3, CHUNKS), Error::<Test>::NoSuchChunk);
		Ready::set(false);
		to(until);
		assert_ok!(replay(OUTSIDER, 3, 6));
		seen(Event::DisputeWithdrawn { who: OUTSIDER });
		assert_eq!(Balances::balance(&OUTSIDER), 1_000 * DOIN, "who is late gets the bond back");
		for who in [OTHER, THIRD] {
			pass(5);
			assert_ok!(Quorum::withdraw_dispute(signed(who)));
			assert_eq!(Balances::balance(&who), 1_000 * DOIN);
		}
	});
}

#[test]
fn an_evaluator_may_challenge_a_round_that_it_sat_in() {
	with(10, || {
		let members = settled_lie();
		// Reporting itself returns a tenth of what it loses.
		let who = members[0];
		announce(who, 3, 6);
		pass(1);
		assert_ok!(replay(who, 3, 6));
		assert_eq!(bond_of(who), 0);
		assert_eq!(Balances::balance(&who), 500 * DOIN + 5 * 50 * DOIN);
	});
}

#[test]
fn who_lost_the_race_gets_the_bond_back_and_may_challenge_again() {
	with(10, || {
		settled_lie();
		announce(OUTSIDER, 3, 6);
		announce(OTHER, 3, 6);
		pass(1);
		assert_ok!(replay(OUTSIDER, 3, 6));
		let info = replay(OTHER, 3, 6).unwrap();
		assert!(info.actual_weight.is_some_and(|weight| weight.ref_time() < Quorum::replay_weight(Small).ref_time()));
		seen(Event::DisputeWithdrawn { who: OTHER });
		assert_eq!(Balances::balance(&OTHER), 1_000 * DOIN);
		announce(OTHER, 2, 2);
	});
}

#[test]
fn an_expired_challenge_gives_its_place_and_its_bond_to_the_next() {
	with(10, || {
		announce(OTHER, 3, 6);
		pass(4);
		assert_noop!(Quorum::dispute(signed(OTHER), [0; 32]), Error::<Test>::AlreadyDisputing);
		pass(1);
		announce(OTHER, 2, 2);
		assert_eq!(Disputes::<Test>::get(OTHER).unwrap().at, now());
		assert_eq!(Balances::balance_on_hold(&HoldReason::Dispute.into(), &OTHER), DISPUTE_BOND, "one bond stands for both");
		pass(5);
		assert_ok!(Quorum::withdraw_dispute(signed(OTHER)));
		assert_eq!(Balances::balance(&OTHER), 1_000 * DOIN);
	});
}

#[test]
fn a_challenge_of_a_round_that_is_not_settled_yet_waits() {
	with(10, || {
		open();
		announce(OTHER, 3, 6);
		pass(1);
		assert_noop!(refused(OTHER, 3, 6), Error::<Test>::WrongPhase);
		assert!(Disputes::<Test>::contains_key(OTHER));
	});
}
