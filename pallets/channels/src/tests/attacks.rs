//! Attacks of payers, payees, authors of blocks and others, none of which gains anything.

use crate::{mock::*, Call, Error, Event};
use doin_primitives::{
	channel::{burned, Contract, Voucher},
	DOIN,
};
use frame_support::{
	assert_ok,
	dispatch::GetDispatchInfo,
	traits::{LockableCurrency, WithdrawReasons},
};
use sp_core::Pair;
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeSet;

/// A voucher for 5 DOIN that another library has signed (py-sr25519-bindings 0.2.4): the key of the seed `[1; 32]`, on the channel
/// `[7; 32]`.
const FOREIGN: &str = "5e9a7e5932fdd90d48657ad8aca7abbbb1b1741775c9b3516b52fd4dac71992213a5069fe50fbfd90326bdfc9ee5cd0ae2ee09475de171ec87c2c6e37b0df48c";

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
	core::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex digits"))
}

#[test]
fn a_signature_of_another_library_is_understood() {
	test(|| {
		let voucher = Voucher { channel: [7; 32], cumulative: 5 * DOIN };
		let signature = sp_core::sr25519::Signature::from_raw(bytes(FOREIGN));
		let key = sp_core::sr25519::Public::from_raw(key(1));
		assert!(sp_io::crypto::sr25519_verify(&signature, &voucher.signed_bytes(), &key));
	});
}

#[test]
fn a_payee_redeems_no_voucher_twice_and_no_old_one() {
	test(|| {
		let channel = open(10 * DOIN);
		assert_ok!(redeem(channel, 5 * DOIN));
		for cumulative in [0, 1, DOIN, 5 * DOIN] {
			assert_eq!(redeem(channel, cumulative), error(Error::NothingToPay));
		}
	});
}

#[test]
fn a_forged_voucher_pays_nothing() {
	test(|| {
		let channel = open(10 * DOIN);
		let refused = error(Error::BadSignature);
		assert_eq!(redeem_signed(channel, DOIN, sign(2, channel, DOIN)), refused, "of another key");
		assert_eq!(redeem_signed(channel, 2 * DOIN, sign(1, channel, DOIN)), refused, "for another amount");
		assert_eq!(redeem_signed(channel, DOIN, [0; 64]), refused, "of zeros");
		let plain = Voucher { channel, cumulative: DOIN }.signed_bytes();
		let unwrapped = &plain[7..plain.len() - 8];
		assert_eq!(redeem_signed(channel, DOIN, pair(1).sign(unwrapped).0), refused, "without the wrapper");
		let longer = [plain.as_slice(), &[0]].concat();
		assert_eq!(redeem_signed(channel, DOIN, pair(1).sign(&longer).0), refused, "of more bytes");
	});
}

/// One key in two channels is no use to the payee of either: a voucher names its channel.
#[test]
fn a_voucher_of_another_channel_pays_nothing() {
	test(|| {
		let (first, second) = (open(10 * DOIN), open_with(PAYER, 5, 1, 10 * DOIN));
		assert_eq!(redeem_signed(second, DOIN, sign(1, first, DOIN)), error(Error::BadSignature));
		assert_eq!(redeem_signed(first, DOIN, sign(1, second, DOIN)), error(Error::BadSignature));
	});
}

/// A payer signs a voucher for a channel whose block is reorganised away, and opens others then. Its voucher is for none of them.
#[test]
fn an_opening_that_is_reorganised_away_leaves_a_voucher_that_pays_nobody() {
	let (mut lost, mut voucher) = ([0; 32], [0; 64]);
	test(|| {
		lost = open(10 * DOIN);
		voucher = sign(1, lost, 10 * DOIN);
	});
	// The chain without that block: the same payer, the same amount, and the counters start anew.
	for (payee, number, block) in [(5, 1, 1), (PAYEE, 2, 1), (PAYEE, 1, 2)] {
		test(|| {
			to(block);
			let channel = open_with(PAYER, payee, number, 10 * DOIN);
			assert_ne!(channel, lost, "another payee, key or block");
			assert_eq!(redeem_signed(channel, 10 * DOIN, voucher), error(Error::BadSignature));
		});
	}
	test(|| {
		assert_eq!(open(10 * DOIN), lost, "the same contract has the same name");
		assert_ok!(redeem_signed(lost, 10 * DOIN, voucher));
	});
}

/// On another chain, e.g. a test network with the same accounts and keys, a voucher pays nothing.
#[test]
fn a_voucher_of_another_chain_pays_nothing() {
	let mut voucher = [0; 64];
	test(|| voucher = sign(1, open(10 * DOIN), DOIN));
	test(|| {
		Genesis::set([8; 32]);
		let channel = open(10 * DOIN);
		assert_eq!(redeem_signed(channel, DOIN, voucher), error(Error::BadSignature));
	});
}

/// A payee keeps its old vouchers until the payer, who uses one key for all channels, opens another one. Every channel of the payer has a
/// name of its own, although nothing is stored between two of them.
#[test]
fn an_old_voucher_pays_from_no_later_channel() {
	test(|| {
		let (mut names, mut vouchers) = (BTreeSet::new(), Vec::new());
		for _ in 0..40 {
			let channels: Vec<_> = (0..3).map(|_| open(10 * DOIN)).collect();
			for channel in &channels {
				assert!(names.insert(*channel), "the name is new");
				for voucher in &vouchers {
					assert_eq!(redeem_signed(*channel, 9 * DOIN, *voucher), error(Error::BadSignature));
				}
				// With its record removed in the same block, the payer could open a channel of the same counter.
				assert_eq!(send(PAYEE, Call::close { channel: *channel }), error(Error::JustOpened));
				assert_eq!(send(PAYER, Call::close { channel: *channel }), error(Error::JustOpened));
			}
			vouchers = channels.iter().map(|channel| sign(1, *channel, 9 * DOIN)).collect();
			to(now() + 1);
			for channel in channels {
				assert_ok!(send(PAYEE, Call::close { channel }));
			}
		}
	});
}

/// A payer cannot keep the payee from its money: not by spending, not by closing, not by a lock.
#[test]
fn a_payer_takes_nothing_back_before_the_challenge_is_over() {
	test(|| {
		let channel = open(10 * DOIN);
		to(2);
		let transfer = Balances::transfer_allow_death(RuntimeOrigin::signed(PAYER), OTHER, ENDOWMENT - 10 * DOIN);
		assert!(transfer.is_err(), "the deposit cannot be spent");
		assert_ok!(send(PAYER, Call::close { channel }));
		for block in 2..2 + CHALLENGE {
			to(block);
			assert_eq!(send(PAYER, Call::finish { channel }), error(Error::NotEnded));
		}
		assert_ok!(redeem(channel, 10 * DOIN));
		assert_eq!(held(PAYER), STORAGE);
	});
}

/// Coins on hold can vote, and a vote locks them. The lock does not keep them from the payee, who could vote with them too.
#[test]
fn locked_coins_are_paid_and_the_votes_of_the_payer_end() {
	test(|| {
		let channel = open(10 * DOIN);
		assert_ok!(redeem(channel, DOIN));
		assert!(EndedVotes::get().is_empty(), "nothing is locked");
		Balances::set_lock(*b"a vote  ", &PAYER, ENDOWMENT - DOIN, WithdrawReasons::all());
		assert_ok!(redeem(channel, 3 * DOIN));
		assert_eq!((free(PAYEE), EndedVotes::get()), (ENDOWMENT + 3 * DOIN - 3 * DOIN / 1_000, vec![PAYER]));
	});
}

/// A batch of redemptions from payers with many votes is no heavier than its weight: the end of votes is charged beforehand, and returned.
#[test]
fn the_end_of_votes_is_charged_before_a_redemption() {
	test(|| {
		let channel = open(10 * DOIN);
		let call = || {
			let signature = sign(1, channel, DOIN);
			RuntimeCall::Channels(Call::redeem { channel, cumulative: DOIN, signature })
		};
		let weight = <() as crate::WeightInfo>::redeem();
		assert_eq!(call().get_dispatch_info().call_weight, weight.saturating_add(END));
		let paid = call().dispatch(RuntimeOrigin::signed(OTHER)).expect("the voucher is new");
		assert_eq!(paid.actual_weight, Some(weight));
		let refused = call().dispatch(RuntimeOrigin::signed(OTHER)).expect_err("the voucher is old");
		assert_eq!(refused.post_info.actual_weight, Some(weight));
	});
}

/// An account that has vouchers, e.g. the payer, cannot make the payee lose a planck by redeeming them one by one.
#[test]
fn many_small_payments_burn_no_more_than_a_large_one() {
	test(|| {
		let channel = open(10 * DOIN);
		for cumulative in (2..400).step_by(2).chain([1_000, 1_001, 1_003, 5_000, DOIN]) {
			let _ = redeem(channel, cumulative);
		}
		assert_eq!(state(channel).paid, DOIN);
		assert_eq!(free(PAYEE), ENDOWMENT + DOIN - burned(DOIN));
	});
}

/// The key of a channel pays its payee, and nothing else.
#[test]
fn a_stolen_key_pays_the_payee_only() {
	test(|| {
		let channel = open(10 * DOIN);
		let thief = OTHER;
		assert_ok!(redeem(channel, u128::MAX));
		assert_eq!((free(thief), free(PAYEE)), (ENDOWMENT, ENDOWMENT + 10 * DOIN - DOIN / 100));
		to(2);
		assert_eq!(send(thief, Call::close { channel }), error(Error::NotParty));
		let amount = DOIN;
		assert_eq!(send(thief, Call::top_up { channel, amount, lifetime: None }), error(Error::NotPayer));
	});
}

/// A payer and a payee that are one hand pay the fee, a DOIN burned for a DOIN of demand.
#[test]
fn demand_costs_what_it_shows() {
	test(|| {
		Servers::set(vec![(PAYEE, DOMAIN)]);
		let before = Balances::total_issuance();
		let channel = open(10_000 * DOIN);
		for part in 1..=10 {
			assert_ok!(redeem(channel, part * 1_000 * DOIN));
		}
		let shown: u128 = Fees::get().iter().map(|(_, fee)| fee).sum();
		assert_eq!((shown, before - Balances::total_issuance()), (10 * DOIN, 10 * DOIN));
	});
}

#[test]
fn names_differ_by_payer_payee_key_and_counter() {
	test(|| {
		let names: BTreeSet<_> = [
			open(DOIN),
			open(DOIN),
			open_with(PAYER, 5, 1, DOIN),
			open_with(PAYER, PAYEE, 2, DOIN),
			open_with(4, PAYEE, 1, DOIN),
		]
		.into_iter()
		.collect();
		assert_eq!(names.len(), 5);
		for event in events() {
			let Event::Opened { channel, payer, payee, key, counter, .. } = event else { panic!("{event:?}") };
			assert_eq!(channel, Contract { payer, payee, key, counter }.id(&[9; 32]));
		}
	});
}
