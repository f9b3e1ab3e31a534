//! Every way through the life of a channel, to the planck.

use crate::{
	mock::*,
	types::{Payer, Totals},
	Call, Channels as Stored, Error, Event, Payers, Sums,
};
use doin_primitives::{
	channel::{first_counter, Contract, MAX_OPEN},
	DOIN,
};
use frame_support::assert_ok;
use sp_runtime::TokenError;

#[docify::export]
#[test]
fn a_channel_pays_its_newest_voucher_and_returns_the_rest() {
	test(|| {
		let channel = open(10 * DOIN);
		assert_eq!((free(PAYER), held(PAYER)), (ENDOWMENT - 10 * DOIN - STORAGE, 10 * DOIN + STORAGE));
		// The payer signs two vouchers off chain. The second one includes the first.
		let (_first, second) = (sign(1, channel, DOIN), sign(1, channel, 3 * DOIN));
		assert_ok!(Channels::redeem(RuntimeOrigin::signed(PAYEE), channel, 3 * DOIN, second));
		assert_eq!(free(PAYEE), ENDOWMENT + 3 * DOIN - 3 * DOIN / 1_000, "a thousandth is burned");

		to(2);
		assert_ok!(Channels::close(RuntimeOrigin::signed(PAYER), channel));
		to(2 + CHALLENGE);
		assert_ok!(Channels::finish(RuntimeOrigin::signed(OTHER), channel));
		assert_eq!((free(PAYER), held(PAYER)), (ENDOWMENT - 3 * DOIN, 0));
	});
}

#[test]
fn an_opened_channel_is_named_by_its_contract() {
	test(|| {
		let channel = open(10 * DOIN);
		let counter = first_counter(1);
		let contract = Contract { payer: PAYER, payee: PAYEE, key: key(1), counter };
		assert_eq!(channel, contract.id(&[9; 32]));
		let expires = 1 + LIFETIME;
		let opened = Event::Opened {
			channel,
			payer: PAYER,
			payee: PAYEE,
			key: key(1),
			counter,
			deposit: 10 * DOIN,
			expires,
			domain: Some(DOMAIN),
		};
		assert_eq!(events(), [opened]);
		let view = Channels::channel_view(channel).expect("open");
		assert_eq!((view.id, view.payer, view.payee, view.key, view.counter), (channel, PAYER, PAYEE, key(1), counter));
		assert_eq!((view.deposit, view.paid, view.expires, view.ends), (10 * DOIN, 0, expires, expires + CHALLENGE));
		assert_eq!((view.closing, view.domain), (false, Some(DOMAIN)));
		assert_eq!(Channels::channel_view([0; 32]), None);
	});
}

#[test]
fn an_opening_is_checked() {
	test(|| {
		let open = |payee, deposit, lifetime| send(PAYER, Call::open { payee, key: key(1), deposit, lifetime, domain: None });
		assert_eq!(open(PAYER, DOIN, 1), error(Error::OwnAccount));
		assert_eq!(open(NOBODY, DOIN, 1), error(Error::UnknownPayee));
		assert_eq!(open(PAYEE, DOIN - 1, 1), error(Error::DepositOutOfRange));
		assert_eq!(open(PAYEE, 10_000 * DOIN + 1, 1), error(Error::DepositOutOfRange));
		assert_eq!(open(PAYEE, DOIN, 0), error(Error::LifetimeOutOfRange));
		assert_eq!(open(PAYEE, DOIN, LONGEST + 1), error(Error::LifetimeOutOfRange));
		assert!(events().is_empty());
		assert_ok!(open(PAYEE, DOIN, 1));
		assert_ok!(open(PAYEE, 10_000 * DOIN, LONGEST));
		let poor = Call::open { payee: PAYEE, key: key(1), deposit: DOIN, lifetime: 1, domain: None };
		assert_ok!(Balances::transfer_allow_death(RuntimeOrigin::signed(OTHER), 50, DOIN));
		assert_eq!(send(50, poor), Err(TokenError::FundsUnavailable.into()), "deposit and storage");
	});
}

#[test]
fn a_payer_has_32_open_channels() {
	test(|| {
		let channels: Vec<_> = (0..MAX_OPEN).map(|_| open(DOIN)).collect();
		let more = || send(PAYER, Call::open { payee: PAYEE, key: key(1), deposit: DOIN, lifetime: 1, domain: None });
		assert_eq!(more(), error(Error::TooManyChannels));
		to(2);
		assert_ok!(send(PAYEE, Call::close { channel: channels[5] }));
		assert_ok!(more());
		assert_eq!(Payers::<Test>::get(PAYER), Some(Payer { next: first_counter(1) + 33, open: 32 }));
	});
}

#[test]
fn more_and_longer_is_added_and_never_less() {
	test(|| {
		let channel = open(10 * DOIN);
		let top_up = |who, amount, lifetime| send(who, Call::top_up { channel, amount, lifetime });
		assert_eq!(top_up(PAYEE, DOIN, None), error(Error::NotPayer));
		assert_eq!(top_up(PAYER, 0, None), error(Error::NothingAdded));
		assert_eq!(top_up(PAYER, 0, Some(LIFETIME)), error(Error::NothingAdded), "as long as before");
		assert_eq!(top_up(PAYER, DOIN, Some(LIFETIME - 1)), error(Error::NothingAdded), "a shorter lifetime");
		assert_eq!(top_up(PAYER, 0, Some(LONGEST + 1)), error(Error::LifetimeOutOfRange));
		assert_eq!(top_up(PAYER, 9_990 * DOIN + 1, None), error(Error::DepositOutOfRange));
		assert_eq!(top_up(PAYER, u128::MAX, None), error(Error::DepositOutOfRange));

		assert_ok!(top_up(PAYER, 5 * DOIN, None));
		assert_eq!(events().last(), Some(&Event::ToppedUp { channel, deposit: 15 * DOIN, expires: 1 + LIFETIME }));
		to(50);
		assert_ok!(top_up(PAYER, 0, Some(LIFETIME)));
		assert_eq!((state(channel).expires, state(channel).ends), (50 + LIFETIME, 50 + LIFETIME + CHALLENGE));
		assert_eq!(held(PAYER), 15 * DOIN + STORAGE);
		to(50 + LIFETIME - 1);
		assert_ok!(top_up(PAYER, DOIN, Some(LIFETIME)));
		let expires = state(channel).expires;
		to(expires);
		assert_eq!(top_up(PAYER, DOIN, None), error(Error::NotOpen), "it has expired");
	});
}

#[test]
fn a_closing_channel_is_not_topped_up() {
	test(|| {
		let channel = open(10 * DOIN);
		to(2);
		assert_ok!(send(PAYER, Call::close { channel }));
		let top_up = Call::top_up { channel, amount: DOIN, lifetime: Some(LONGEST) };
		assert_eq!(send(PAYER, top_up), error(Error::NotOpen), "the challenge cannot be made longer");
		assert_eq!(send(PAYER, Call::close { channel }), error(Error::AlreadyClosing));
	});
}

#[test]
fn a_payee_closes_at_once() {
	test(|| {
		let channel = open(10 * DOIN);
		assert_eq!(send(OTHER, Call::close { channel }), error(Error::NotParty));
		to(2);
		assert_ok!(redeem(channel, 4 * DOIN));
		assert_ok!(send(PAYEE, Call::close { channel }));
		assert_eq!(events().last(), Some(&Event::Closed { channel, payer: PAYER, returned: 6 * DOIN }));
		assert_eq!((free(PAYER), held(PAYER)), (ENDOWMENT - 4 * DOIN, 0));
		assert_eq!(redeem(channel, 5 * DOIN), error(Error::UnknownChannel));
		assert_eq!(send(OTHER, Call::finish { channel }), error(Error::UnknownChannel));
		assert_eq!(Payers::<Test>::get(PAYER), None, "nothing is left behind");
	});
}

#[test]
fn a_channel_that_nobody_closes_ends_a_challenge_after_its_expiry() {
	test(|| {
		let channel = open(10 * DOIN);
		let ends = 1 + LIFETIME + CHALLENGE;
		to(ends - 1);
		assert_eq!(send(OTHER, Call::finish { channel }), error(Error::NotEnded));
		assert_ok!(redeem(channel, DOIN));
		to(ends);
		assert_ok!(send(OTHER, Call::finish { channel }));
		assert_eq!((free(PAYER), held(PAYER)), (ENDOWMENT - DOIN, 0));
	});
}

#[test]
fn a_channel_that_expires_first_does_not_end_later_by_a_close() {
	test(|| {
		let channel = open(10 * DOIN);
		to(LIFETIME);
		assert_ok!(send(PAYER, Call::close { channel }));
		assert_eq!(state(channel).ends, LIFETIME + CHALLENGE, "one block before it would end by its expiry");
		let other = open(10 * DOIN);
		to(now() + LIFETIME);
		assert_eq!(send(PAYER, Call::close { channel: other }), error(Error::AlreadyClosing));
	});
}

#[test]
fn a_voucher_in_the_last_block_of_the_challenge_is_paid() {
	test(|| {
		let channel = open(10 * DOIN);
		to(2);
		assert_ok!(send(PAYER, Call::close { channel }));
		let ends = 2 + CHALLENGE;
		assert_eq!(events().last(), Some(&Event::Closing { channel, ends }));
		to(ends - 1);
		assert_eq!(send(PAYER, Call::finish { channel }), error(Error::NotEnded));
		assert_ok!(redeem(channel, 10 * DOIN));
		to(ends);
		assert_ok!(send(PAYER, Call::finish { channel }));
		assert_eq!(free(PAYER), ENDOWMENT - 10 * DOIN);
	});
}

#[test]
fn a_voucher_above_the_deposit_pays_the_deposit() {
	test(|| {
		let channel = open(10 * DOIN);
		assert_ok!(redeem(channel, u128::MAX));
		let redeemed =
			Event::Redeemed { channel, payee: PAYEE, amount: 10 * DOIN - DOIN / 100, fee: DOIN / 100, paid: 10 * DOIN };
		assert_eq!(events().last(), Some(&redeemed));
		assert_eq!(held(PAYER), STORAGE);
		assert_eq!(redeem(channel, u128::MAX), error(Error::NothingToPay));
		assert_ok!(send(PAYER, Call::top_up { channel, amount: DOIN, lifetime: None }));
		assert_ok!(redeem(channel, u128::MAX));
		assert_eq!(state(channel).paid, 11 * DOIN, "the same voucher covers what is added");
	});
}

#[test]
fn what_the_account_of_the_payee_cannot_take_fails_and_changes_nothing() {
	test(|| {
		let channel = open(10 * DOIN);
		assert_ok!(Balances::transfer_all(RuntimeOrigin::signed(PAYEE), OTHER, false));
		assert!(!System::account_exists(&PAYEE), "the payee is reaped");
		let before = (free(PAYER), held(PAYER), Balances::total_issuance(), state(channel), Sums::<Test>::get());
		assert_eq!(redeem(channel, LEAST), Err(TokenError::CannotCreate.into()), "below the existential deposit after the fee");
		assert_eq!(before, (free(PAYER), held(PAYER), Balances::total_issuance(), state(channel), Sums::<Test>::get()));
		assert_ok!(redeem(channel, 2 * LEAST));
		assert_eq!(free(PAYEE), 2 * LEAST - 2 * LEAST / 1_000, "enough for a new account");
	});
}

#[test]
fn a_payer_that_has_gone_is_paid_from_and_paid_back() {
	test(|| {
		let channel = open(10 * DOIN);
		assert_ok!(Balances::transfer_all(RuntimeOrigin::signed(PAYER), OTHER, false));
		assert!(System::account_exists(&PAYER), "the hold keeps the account");
		let rest = free(PAYER);
		assert_ok!(redeem(channel, 4 * DOIN));
		to(1 + LIFETIME + CHALLENGE);
		assert_ok!(send(OTHER, Call::finish { channel }));
		assert_eq!((free(PAYER), held(PAYER)), (rest + 6 * DOIN + STORAGE, 0));
	});
}

#[test]
fn fees_count_for_the_named_domain_while_the_payee_serves_it() {
	test(|| {
		let channel = open(10 * DOIN);
		assert_ok!(redeem(channel, DOIN));
		assert!(Fees::get().is_empty(), "the payee is not a server");
		Servers::set(vec![(PAYEE, DOMAIN)]);
		assert_ok!(redeem(channel, 2 * DOIN));
		Servers::set(vec![(PAYEE, DOMAIN + 1), (OTHER, DOMAIN)]);
		assert_ok!(redeem(channel, 3 * DOIN));
		assert_eq!(Fees::get(), [(DOMAIN, DOIN / 1_000)]);
	});
}

#[test]
fn deposits_are_paid_burned_or_returned() {
	test(|| {
		let (first, second) = (open(10 * DOIN), open(5 * DOIN));
		assert_ok!(redeem(first, 2 * DOIN));
		assert_ok!(redeem(second, 5 * DOIN));
		to(2);
		assert_ok!(send(PAYEE, Call::close { channel: first }));
		assert_ok!(send(PAYEE, Call::close { channel: second }));
		let burned = 7 * DOIN / 1_000;
		let sums = Totals { deposited: 15 * DOIN, paid: 7 * DOIN - burned, burned, returned: 8 * DOIN };
		assert_eq!(Sums::<Test>::get(), sums);
		assert_eq!(Balances::total_issuance(), 9 * ENDOWMENT - burned);
		assert_eq!(Stored::<Test>::iter().count(), 0);
	});
}
