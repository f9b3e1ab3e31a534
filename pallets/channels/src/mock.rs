//! Mock runtime of System, Balances and this pallet. The offers of servers and the votes of payers are scripted.

use crate::{self as pallet_doin_channels, types::Channel, Channels as Stored, Config, Error, Event, HoldReason};
use doin_primitives::{
	channel::{ChannelId, Key, Signature, Voucher},
	Balance, BlockNumber, DomainId, Hash, DOIN,
};
use doin_testing::{checked, endowed, mock_runtime, DevTiming};
use doin_traits::{Offers, Votes};
use frame_support::{
	assert_ok,
	dispatch::DispatchResult,
	parameter_types,
	traits::{fungible::hold::Inspect as _, ConstU128},
	weights::{constants::ParityDbWeight, Weight},
};
use sp_core::{sr25519, Pair};
use sp_runtime::{traits::Dispatchable, BuildStorage};

/// Account identifier.
pub type AccountId = u64;

/// Opens channels.
pub const PAYER: AccountId = 1;
/// Is paid.
pub const PAYEE: AccountId = 2;
/// Has no part in a channel.
pub const OTHER: AccountId = 3;
/// Account that does not exist.
pub const NOBODY: AccountId = 99;
/// Balance of accounts 1 to 9 at genesis.
pub const ENDOWMENT: Balance = 1_000_000 * DOIN;
/// Existential deposit.
pub const LEAST: Balance = DOIN / 1_000;
/// Hold for the storage of a channel.
pub const STORAGE: Balance = 12 * DOIN / 100;
/// Blocks of a challenge: six of a round.
pub const CHALLENGE: BlockNumber = 30;
/// Blocks of 90 days.
pub const LONGEST: BlockNumber = 3_888_000;
/// Lifetime of most channels.
pub const LIFETIME: BlockNumber = 100;
/// Weight of the end of votes.
pub const END: Weight = Weight::from_parts(19, 7);
/// Domain that most channels name.
pub const DOMAIN: DomainId = 4;

mock_runtime! {
	existential_deposit: LEAST,
	system: { type DbWeight = ParityDbWeight; },
	2: Channels = pallet_doin_channels,
}

parameter_types! {
	/// Hash of block 0.
	pub static Genesis: Hash = [9; 32];
	/// Servers with their domains.
	pub static Servers: Vec<(AccountId, DomainId)> = Vec::new();
	/// Fees that were recorded for domains, in order.
	pub static Fees: Vec<(DomainId, Balance)> = Vec::new();
	/// Accounts whose votes have ended, in order.
	pub static EndedVotes: Vec<AccountId> = Vec::new();
}

/// Scripted offers and votes.
pub struct World;

impl Offers<AccountId> for World {
	fn serves(who: &AccountId, domain: DomainId) -> bool {
		Servers::get().contains(&(*who, domain))
	}
	fn record_fee(domain: DomainId, burned: Balance) {
		Fees::mutate(|fees| fees.push((domain, burned)));
	}
}

impl Votes<AccountId> for World {
	fn end(who: &AccountId) {
		EndedVotes::mutate(|ended| ended.push(*who));
	}
	fn end_weight() -> Weight {
		END
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for World {
	fn serve(who: &AccountId) -> DomainId {
		Servers::mutate(|servers| servers.push((*who, DOMAIN)));
		DOMAIN
	}
}

impl Config for Test {
	type Currency = Balances;
	type GenesisHash = Genesis;
	type Offers = World;
	type RuntimeHoldReason = RuntimeHoldReason;
	type StorageDeposit = ConstU128<STORAGE>;
	type Timing = DevTiming<2_000>;
	type Votes = World;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

/// Returns the storage of a fresh chain.
pub fn ext() -> sp_io::TestExternalities {
	Genesis::set([9; 32]);
	Servers::set(Vec::new());
	Fees::set(Vec::new());
	EndedVotes::set(Vec::new());
	let balances = endowed!(1..10, ENDOWMENT);
	let genesis = RuntimeGenesisConfig { balances, ..Default::default() };
	let mut ext: sp_io::TestExternalities = genesis.build_storage().expect("the genesis is valid").into();
	ext.register_extension(sp_keystore::KeystoreExt::new(sp_keystore::testing::MemoryKeystore::new()));
	ext
}

/// Runs `run` on a fresh chain at block 1 and checks the invariants of the pallet afterwards.
pub fn test(run: impl FnOnce()) {
	checked(ext(), Channels::do_try_state, || {
		System::set_block_number(1);
		run();
	});
}

/// Returns the number of this block.
pub fn now() -> BlockNumber {
	doin_traits::block::current_block::<Test>()
}

/// Moves the chain to block `block`.
pub fn to(block: BlockNumber) {
	System::set_block_number(block.into());
}

/// Returns key pair `number`.
pub fn pair(number: u8) -> sr25519::Pair {
	sr25519::Pair::from_seed(&[number; 32])
}

/// Returns the public key of pair `number`.
pub fn key(number: u8) -> Key {
	pair(number).public().0
}

/// Dispatches `call` as a transaction does: it changes nothing if it fails.
pub fn send(who: AccountId, call: crate::Call<Test>) -> DispatchResult {
	RuntimeCall::Channels(call).dispatch(RuntimeOrigin::signed(who)).map(|_| ()).map_err(|failed| failed.error)
}

/// Opens a channel from [`PAYER`] to [`PAYEE`] with key pair 1. Returns it.
pub fn open(deposit: Balance) -> ChannelId {
	open_with(PAYER, PAYEE, 1, deposit)
}

/// Opens a channel with a key pair. Returns it.
pub fn open_with(payer: AccountId, payee: AccountId, pair: u8, deposit: Balance) -> ChannelId {
	let open = crate::Call::open { payee, key: key(pair), deposit, lifetime: LIFETIME, domain: Some(DOMAIN) };
	assert_ok!(send(payer, open));
	match events().last() {
		Some(Event::Opened { channel, .. }) => *channel,
		other => panic!("{other:?} is not the event of the opening"),
	}
}

/// Returns the signature of pair `number` on a voucher.
pub fn sign(number: u8, channel: ChannelId, cumulative: Balance) -> Signature {
	pair(number).sign(&Voucher { channel, cumulative }.signed_bytes()).0
}

/// Redeems a voucher that key pair 1 has signed.
pub fn redeem(channel: ChannelId, cumulative: Balance) -> DispatchResult {
	redeem_signed(channel, cumulative, sign(1, channel, cumulative))
}

/// Redeems a voucher with this signature, for [`OTHER`].
pub fn redeem_signed(channel: ChannelId, cumulative: Balance, signature: Signature) -> DispatchResult {
	send(OTHER, crate::Call::redeem { channel, cumulative, signature })
}

/// Returns the state of an open channel.
pub fn state(channel: ChannelId) -> Channel<AccountId> {
	Stored::<Test>::get(channel).expect("the channel is open")
}

/// Returns the free balance of an account.
pub fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

/// Returns the amount on hold for channels.
pub fn held(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Channel.into(), &who)
}

/// Returns the result of a call that fails.
pub fn error(error: Error<Test>) -> DispatchResult {
	Err(error.into())
}

/// Returns all events of this pallet.
pub fn events() -> Vec<Event<Test>> {
	doin_testing::events::<Test, _>()
}
