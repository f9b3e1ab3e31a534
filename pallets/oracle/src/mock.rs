//! Mock runtime of System, Balances and this pallet. The validators, their stakes and the clock are scripted.

use crate::{
	self as pallet_doin_oracle,
	types::{GenesisStream, StreamState},
	Config, Error, Event, HoldReason, Poll, Reporters, Streams,
};
use doin_primitives::{
	bounded_collections::BoundedVec,
	commitment::{commitment, payload_hash, Tag},
	oracle::{Bars as BatchBars, Fields, Report, Reports, StreamId, StreamSpec, Values, FIRST_STREAM},
	Balance, BlockNumber, Hash, DOIN,
};
use doin_testing::{at_block_one, checked, endowed, mock_runtime, to_block};
use doin_traits::{Clock, Electorate, OnBatch};
use frame_support::{
	assert_ok,
	dispatch::DispatchResult,
	parameter_types,
	traits::{fungible::hold::Inspect as _, ConstU128, ConstU32, ConstU64, Hooks},
	weights::{constants::ParityDbWeight, Weight},
	PalletId,
};
use sp_runtime::BuildStorage;
use std::ops::Range;

/// Account identifier.
pub type AccountId = u64;

/// Balance of every account at genesis.
pub const ENDOWMENT: Balance = 100_000 * DOIN;
/// Account that owns the streams.
pub const OWNER: AccountId = 90;
/// Account that is no reporter.
pub const OTHER: AccountId = 91;
/// Stream of genesis: closes of batches of two bars.
pub const STREAM: StreamId = FIRST_STREAM;
/// Amount in its pot at genesis.
pub const POT: Balance = 100 * DOIN;
/// Milliseconds of a block.
pub const BLOCK_MS: u64 = 2_000;
/// Milliseconds of a bar: ten blocks.
pub const BAR_MS: u64 = 20_000;
/// Blocks of a phase of a poll.
pub const PHASE: BlockNumber = 4;
/// Number of the bar that is running in block 0.
pub const FIRST_BAR: u64 = 1_000;
/// Price of a stored byte.
pub const PER_BYTE: Balance = 2;
/// Salt of all commitments.
pub const SALT: [u8; 32] = [5; 32];
/// Weight of a received batch.
pub const BATCH_WEIGHT: Weight = Weight::from_parts(7_000, 70);

mock_runtime! {
	existential_deposit: 100,
	system: { type DbWeight = ParityDbWeight; },
	2: Oracle = pallet_doin_oracle,
}

parameter_types! {
	/// Validators and their stakes.
	pub static Stakes: Vec<(AccountId, Balance)> = Vec::new();
	/// Milliseconds by which the clock is ahead of the blocks.
	pub static Ahead: u64 = 0;
	/// Batches that were received, in order.
	pub static Received: Vec<(StreamId, Range<u64>)> = Vec::new();
	/// Hash of block 0.
	pub const Genesis: Hash = [9; 32];
	/// Account of the pots.
	pub const Pots: PalletId = PalletId(*b"doin/orc");
}

/// Scripted validators, clock and receiver of batches.
pub struct World;

impl Electorate<AccountId> for World {
	fn stakes() -> Vec<(AccountId, Balance)> {
		Stakes::get()
	}
	fn is_voter(_: &AccountId) -> bool {
		unreachable!("the pallet reads stakes only")
	}
}

impl Clock for World {
	fn now_ms() -> u64 {
		FIRST_BAR * BAR_MS + Ahead::get() + System::block_number() * BLOCK_MS
	}
}

impl OnBatch for World {
	fn on_batch(stream: u32, bars: Range<u64>) {
		Received::mutate(|received| received.push((stream, bars)));
	}
	fn on_batch_weight() -> Weight {
		BATCH_WEIGHT
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for World {
	fn reporters(count: u32) -> Vec<AccountId> {
		let reporters: Vec<AccountId> = (1..).take(count as usize).collect();
		Stakes::set(reporters.iter().map(|who| (*who, DOIN)).collect());
		reporters
	}
	fn set_time(ms: u64) {
		Ahead::set(ms.saturating_sub(FIRST_BAR * BAR_MS));
	}
}

impl Config for Test {
	type BaseDeposit = ConstU128<1_000>;
	type ByteDeposit = ConstU128<PER_BYTE>;
	type Clock = World;
	type Currency = Balances;
	type Electorate = World;
	type GenesisHash = Genesis;
	type MaxReporters = ConstU32<10>;
	type OnBatch = World;
	type PhaseBlocks = ConstU32<PHASE>;
	type PotId = Pots;
	type RegistrationFee = ConstU128<{ 10 * DOIN }>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SlotMs = ConstU64<BLOCK_MS>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

/// Returns the record of the stream of genesis.
pub fn spec() -> StreamSpec {
	StreamSpec {
		symbol: BoundedVec::truncate_from(b"BTC/USD".to_vec()),
		unit: BoundedVec::truncate_from(b"USD".to_vec()),
		source: BoundedVec::truncate_from(b"a market of the tests".to_vec()),
		bar_ms: BAR_MS,
		first_bar: 0,
		batch: 2,
		fields: Fields::default(),
		kept: 10,
		season: 1,
		scale: 1,
		horizon: 0,
		fee: DOIN,
		domain: None,
	}
}

/// Returns a chain at block 1 with seven reporters of equal stake, 1 to 7, and the stream [`STREAM`].
pub fn new_test_ext() -> sp_io::TestExternalities {
	Stakes::set((1..=7).map(|who| (who, 1_000)).collect());
	Ahead::set(0);
	Received::set(Vec::new());
	let genesis = RuntimeGenesisConfig {
		system: Default::default(),
		balances: endowed!((1..=10).chain([OWNER, OTHER]), ENDOWMENT),
		oracle: crate::GenesisConfig { streams: vec![GenesisStream::new(OWNER, &spec(), POT)] },
	};
	let mut ext = at_block_one::<Test>(genesis.build_storage().expect("the genesis is valid"));
	ext.execute_with(|| <Oracle as Hooks<u64>>::on_initialize(1));
	ext
}

/// Runs `test` on a fresh chain and checks the invariants of the pallet afterwards.
pub fn build_and_execute(test: impl FnOnce()) {
	checked(new_test_ext(), Oracle::do_try_state, test);
}

/// Returns the number of this block.
pub fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}

/// Makes blocks until `block`, and checks the invariants after each. Returns the largest weight of a hook.
pub fn to(block: BlockNumber) -> Weight {
	let mut most = Weight::zero();
	to_block::<Test>(block, Oracle::do_try_state, |block| {
		most = most.max(<Oracle as Hooks<u64>>::on_initialize(block.into()));
	});
	most
}

/// Makes blocks until a poll is open. Returns its number.
pub fn to_poll() -> u32 {
	let limit = now() + 100;
	while !Poll::<Test>::get().is_open {
		assert!(now() < limit, "a poll opens");
		to(now() + 1);
	}
	Poll::<Test>::get().id
}

/// Makes blocks until the open poll takes reveals.
pub fn to_reveals() {
	to(Poll::<Test>::get().commits_until);
}

/// Makes blocks until the open poll is closed.
pub fn to_close() {
	let id = Poll::<Test>::get().id;
	while Poll::<Test>::get().is_open {
		to(now() + 1);
	}
	assert_eq!(Poll::<Test>::get().id, id);
}

/// Returns bars with these closes.
pub fn closes(closes: &[Option<i64>]) -> BatchBars {
	BatchBars::truncate_from(closes.iter().map(|close| close.map(|close| Values::truncate_from(vec![close]))).collect())
}

/// Returns the reports of [`STREAM`] with these closes.
pub fn reports(of: &[Option<i64>]) -> Reports {
	Reports::truncate_from(vec![Report { stream: STREAM, bars: closes(of) }])
}

/// Commits `who` to `reports` in poll `poll`.
pub fn commit(who: AccountId, poll: u32, reports: &Reports) -> DispatchResult {
	let hash = commitment(Tag::Report, &Genesis::get(), &poll, &who, &payload_hash(reports), &SALT);
	Oracle::commit(RuntimeOrigin::signed(who), poll, hash)
}

/// Reveals the `reports` of `who` in poll `poll`.
pub fn reveal(who: AccountId, poll: u32, reports: &Reports) -> DispatchResult {
	Oracle::reveal(RuntimeOrigin::signed(who), poll, reports.clone(), SALT)
}

/// Makes a whole poll in which each account reports these closes. Accounts without closes do nothing.
pub fn poll_of(closes_of: impl Fn(AccountId) -> Option<Vec<Option<i64>>>) -> u32 {
	let poll = to_poll();
	let all: Vec<_> = (1..=10).filter_map(|who| Some((who, reports(&closes_of(who)?)))).collect();
	all.iter().for_each(|(who, reports)| {
		assert_ok!(commit(*who, poll, reports));
	});
	to_reveals();
	all.iter().for_each(|(who, reports)| {
		assert_ok!(reveal(*who, poll, reports));
	});
	to_close();
	poll
}

/// Returns the state of [`STREAM`].
pub fn state() -> StreamState<AccountId> {
	Streams::<Test>::get(STREAM).expect("the stream exists")
}

/// Returns the amount that `who` has on hold as a reporter.
pub fn held(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Report.into(), &who)
}

/// Returns the record of a reporter.
pub fn record(who: AccountId) -> crate::types::Reporter {
	Reporters::<Test>::get(who).expect("the account has reported")
}

/// Returns the error of a call.
pub fn error(error: Error<Test>) -> DispatchResult {
	Err(error.into())
}

/// Returns all events of this pallet.
pub fn events() -> Vec<Event<Test>> {
	doin_testing::events::<Test, _>()
}
