//! Payment channels between accounts of the runtime, and each way to end one.

use doin_primitives::{
	channel::{ChannelId, Signature, Voucher, CHALLENGE_PHASES},
	Balance, BlockNumber, RoundParams, DOIN,
};
use doin_runtime::{
	configs::{
		doin::channels::ChannelDeposit,
		system::{ExistentialDeposit, ProxyType},
	},
	Balances, Channels, Runtime, RuntimeCall, RuntimeEvent, System,
};
use doin_runtime_tests::Chain;
use doin_traits::apis::runtime_decl_for_doin_api::DoinApi;
use frame_support::traits::fungible::InspectHold;
use pallet_doin_channels::{Call, Error, Event, HoldReason};
use pallet_proxy::Call as ProxyCall;
use sp_core::{sr25519, Pair};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Eve};
use sp_runtime::{DispatchError, TokenError};

/// Deposit of the channels.
const DEPOSIT: Balance = 100 * DOIN;
/// Blocks of a challenge on a development chain.
const CHALLENGE: BlockNumber = 30;
/// Pays.
const PAYER: Sr25519Keyring = Charlie;
/// Is paid.
const PAYEE: Sr25519Keyring = Bob;

/// Returns the key of the channels.
fn key() -> sr25519::Pair {
	sr25519::Pair::from_seed(&[3; 32])
}

/// Returns a development chain in its first block.
fn chain() -> Chain {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	chain.block();
	chain
}

/// Returns the call that opens a channel to `payee`.
fn open_call(payee: Sr25519Keyring) -> RuntimeCall {
	let (payee, key) = (payee.to_account_id(), key().public().0);
	Call::open { payee, key, deposit: DEPOSIT, lifetime: 1_000, domain: None }.into()
}

/// Opens a channel from PAYER to `payee`. Returns it.
fn open(chain: &mut Chain, payee: Sr25519Keyring) -> ChannelId {
	chain.ok(PAYER, open_call(payee));
	let opened = chain.events().into_iter().find_map(|event| match event {
		RuntimeEvent::Channels(Event::Opened { channel, .. }) => Some(channel),
		_ => None,
	});
	opened.expect("the channel is opened")
}

/// Returns the signature of a voucher.
fn signed(channel: ChannelId, cumulative: Balance) -> Signature {
	key().sign(&Voucher { channel, cumulative }.signed_bytes()).0
}

/// Returns the call that redeems a voucher.
fn redeem(channel: ChannelId, cumulative: Balance) -> RuntimeCall {
	Call::redeem { channel, cumulative, signature: signed(channel, cumulative) }.into()
}

/// Returns the amount that PAYER has on hold for channels.
fn held(chain: &mut Chain) -> Balance {
	chain.state(|| Balances::balance_on_hold(&HoldReason::Channel.into(), &PAYER.to_account_id()))
}

/// Returns the free balance of PAYEE.
fn free(chain: &mut Chain) -> Balance {
	chain.state(|| Balances::free_balance(PAYEE.to_account_id()))
}

fn error(error: Error<Runtime>) -> DispatchError {
	error.into()
}

#[test]
fn a_voucher_is_redeemed_by_anybody_and_the_rest_returns() {
	let mut chain = chain();
	let channel = open(&mut chain, PAYEE);
	assert_eq!(held(&mut chain), DEPOSIT + ChannelDeposit::get());
	let before = free(&mut chain);
	chain.ok(Eve, redeem(channel, 40 * DOIN));
	assert_eq!(free(&mut chain), before + 40 * DOIN - 40 * DOIN / 1_000);
	let view = chain.state(|| Runtime::channel(channel)).expect("open");
	assert_eq!((view.deposit, view.paid, view.closing), (DEPOSIT, 40 * DOIN, false));
	chain.ok(PAYEE, Call::close { channel });
	assert_eq!(held(&mut chain), 0);
	assert_eq!(chain.state(|| Runtime::channel(channel)), None);
	let returned = Event::Closed { channel, payer: PAYER.to_account_id(), returned: 60 * DOIN };
	assert!(chain.events().contains(&RuntimeEvent::Channels(returned)));
}

#[test]
fn a_voucher_in_the_last_block_of_the_challenge_is_paid() {
	let mut chain = chain();
	let channel = open(&mut chain, PAYEE);
	chain.ok(PAYER, Call::close { channel });
	let ends = chain.number() + CHALLENGE;
	assert_eq!(chain.state(|| Runtime::channel(channel)).map(|view| view.ends), Some(ends));
	chain.run_to(ends - 2);
	let before = free(&mut chain);
	chain.begin();
	assert_eq!(chain.apply(PAYER, Call::finish { channel }), Ok(Err(error(Error::NotEnded))));
	assert_eq!(chain.apply(Eve, redeem(channel, DEPOSIT)), Ok(Ok(())));
	chain.end();
	assert_eq!((chain.number(), free(&mut chain)), (ends - 1, before + DEPOSIT - DEPOSIT / 1_000));
	chain.ok(PAYER, Call::finish { channel });
	assert_eq!(held(&mut chain), 0);
}

#[test]
fn a_voucher_above_the_deposit_pays_the_deposit_and_one_of_another_channel_nothing() {
	let mut chain = chain();
	let (first, second) = (open(&mut chain, PAYEE), open(&mut chain, PAYEE));
	let foreign = Call::redeem { channel: second, cumulative: DOIN, signature: signed(first, DOIN) };
	assert_eq!(chain.fails(Eve, foreign), error(Error::BadSignature));
	let before = free(&mut chain);
	chain.ok(Eve, redeem(first, 10 * DEPOSIT));
	assert_eq!(free(&mut chain), before + DEPOSIT - DEPOSIT / 1_000);
	assert_eq!(chain.fails(Eve, redeem(first, 20 * DEPOSIT)), error(Error::NothingToPay));
}

#[test]
fn a_reaped_payee_takes_what_an_account_can_take() {
	let mut chain = chain();
	let channel = open(&mut chain, PAYEE);
	chain.ok(PAYEE, pallet_balances::Call::transfer_all { dest: Alice.to_account_id().into(), keep_alive: false });
	assert!(!chain.state(|| System::account_exists(&PAYEE.to_account_id())));
	let least = ExistentialDeposit::get();
	assert_eq!(chain.fails(Eve, redeem(channel, least)), TokenError::CannotCreate.into());
	assert_eq!(held(&mut chain), DEPOSIT + ChannelDeposit::get(), "nothing has changed");
	chain.ok(Eve, redeem(channel, 2 * least));
	assert_eq!(free(&mut chain), 2 * least - 2 * least / 1_000);
}

/// The block of the opening is reorganised away. On the other branch, the payer opens a channel to another payee.
#[test]
fn an_opening_that_is_reorganised_away_has_a_name_of_its_own() {
	let mut chain = chain();
	let mut branch = chain.fork();
	let lost = open(&mut chain, PAYEE);
	let other = open(&mut branch, Eve);
	assert_ne!(lost, other);
	let voucher = signed(lost, DEPOSIT);
	assert_eq!(branch.fails(PAYEE, redeem(lost, DEPOSIT)), error(Error::UnknownChannel));
	let redirected = Call::redeem { channel: other, cumulative: DEPOSIT, signature: voucher };
	assert_eq!(branch.fails(Eve, redirected), error(Error::BadSignature));
	// A later channel to the same payee is another contract, since its counter is.
	let later = open(&mut branch, PAYEE);
	assert_ne!(lost, later);
	let repeated = Call::redeem { channel: later, cumulative: DEPOSIT, signature: voucher };
	assert_eq!(branch.fails(PAYEE, repeated), error(Error::BadSignature));
}

/// A transaction is no voucher, and a voucher is no transaction: wallets sign the two in different forms.
#[test]
fn the_signed_bytes_of_a_voucher_are_no_transaction() {
	use codec::Decode;
	let bytes = Voucher { channel: [1; 32], cumulative: DOIN }.signed_bytes();
	assert!(doin_runtime::UncheckedExtrinsic::decode(&mut &bytes[..]).is_err());
	assert!(RuntimeCall::decode(&mut &bytes[..]).is_err());
}

#[test]
fn a_hot_key_redeems_for_its_principal_and_takes_nothing() {
	let mut chain = chain();
	let channel = open(&mut chain, PAYEE);
	let thief = Eve;
	chain.ok(PAYEE, ProxyCall::add_proxy { delegate: thief.to_account_id().into(), proxy_type: ProxyType::Serve, delay: 0 });
	let by_key = |call: RuntimeCall| -> RuntimeCall {
		ProxyCall::proxy { real: PAYEE.to_account_id().into(), force_proxy_type: None, call: Box::new(call) }.into()
	};
	let before = free(&mut chain);
	chain.ok(thief, by_key(redeem(channel, DOIN)));
	assert_eq!(free(&mut chain), before + DOIN - DOIN / 1_000);
	let steal: RuntimeCall = pallet_balances::Call::transfer_all { dest: thief.to_account_id().into(), keep_alive: false }.into();
	chain.ok(thief, by_key(steal));
	assert_eq!(free(&mut chain), before + DOIN - DOIN / 1_000, "the call is filtered");
	chain.ok(thief, by_key(Call::close { channel }.into()));
	assert!(!chain.state(|| pallet_doin_channels::Channels::<Runtime>::contains_key(channel)));
}

#[test]
fn the_challenge_is_six_challenges_of_a_round() {
	assert_eq!(Chain::preset("development").state(Channels::challenge_blocks), CHALLENGE);
	let challenge = |rounds: RoundParams| rounds.challenge * CHALLENGE_PHASES;
	assert_eq!([RoundParams::DEV, RoundParams::PUBLIC].map(challenge), [CHALLENGE, 600]);
}
