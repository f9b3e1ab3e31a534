//! Mock runtime of System, Balances and this pallet. The stream, the clock, the weights and the queue of improvements are scripted.

use crate::{
	self as pallet_doin_forecasts,
	types::{Forecast, Forecaster, Market, Round, Stage},
	Config, Event, Forecasters, HoldReason, Markets, Rounds, MAX_OPEN,
};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	oracle::{StreamId, FIRST_STREAM},
	Balance, BlockNumber, DomainId, Hash, ModelRef, RoundId, DOIN, Q32,
};
use doin_testing::{at_block_one, checked, endowed, mock_runtime, to_block};
use doin_traits::{Bars, Champions, DomainWeights, OnBatch, Payment, QueuedImprovement, Stream, StreamTerms, Terms, Work};
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
pub const ENDOWMENT: Balance = 10_000 * DOIN;
/// Existential deposit.
pub const LEAST: Balance = 100;
/// Account that has sponsored [`STREAM`].
pub const SPONSOR: AccountId = 900;
/// Account that forecasts nothing.
pub const OTHER: AccountId = 901;
/// Stream with a market.
pub const STREAM: StreamId = FIRST_STREAM;
/// Stream with a horizon and without a market.
pub const QUIET: StreamId = FIRST_STREAM + 1;
/// Stream without a horizon.
pub const PLAIN: StreamId = FIRST_STREAM + 2;
/// Amount in the pot at genesis.
pub const POT: Balance = 64 * DOIN;
/// Milliseconds of a block, and of a bar.
pub const BLOCK_MS: u64 = 2_000;
/// Bars of a batch.
pub const BATCH: u64 = 6;
/// Values of a forecast.
pub const HORIZON: usize = 24;
/// Ordinary error of a forecast.
pub const SCALE: u32 = 20;
/// Number of the bar that is running in block 0: one at which a batch begins.
pub const FIRST_BAR: u64 = 600_000;
/// Blocks in which a round takes commitments.
pub const COMMITS: BlockNumber = 4;
/// Blocks in which a round takes reveals.
pub const REVEALS: BlockNumber = 5;
/// Bars of a slice: two horizons, and the phases.
pub const SLICE: u64 = 2 * HORIZON as u64 + (COMMITS + REVEALS) as u64;
/// Hold for a record.
pub const RECORD: Balance = DOIN / 8;
/// Domain that [`STREAM`] names once [`Names`] is set.
pub const DOMAIN: DomainId = 9;
/// Weight of a run of the champion.
pub const RUN: Weight = Weight::from_parts(17, 5);
/// Blocks in which a mark halves.
pub const HALF_LIFE: BlockNumber = 1_000;
/// Salt of all commitments.
pub const SALT: [u8; 32] = [5; 32];

mock_runtime! {
	existential_deposit: LEAST,
	system: { type DbWeight = ParityDbWeight; },
	2: Forecasts = pallet_doin_forecasts,
}

parameter_types! {
	/// Bars by which the clock is ahead of the blocks.
	pub static Ahead: u64 = 0;
	/// Number of the first bar that is not complete.
	pub static Next: u64 = FIRST_BAR;
	/// Bars that are paid after it.
	pub static Paid: u64 = 1_000;
	/// Bars that are missing.
	pub static Missing: Vec<u64> = Vec::new();
	/// Bars that are kept.
	pub static Kept: u32 = 9_000;
	/// Streams that were retired.
	pub static Retired: Vec<StreamId> = Vec::new();
	/// `true` if [`STREAM`] names [`DOMAIN`].
	pub static Names: bool = false;
	/// Champion of [`DOMAIN`], and the change per bar that it forecasts.
	pub static Crowned: Option<(ModelRef, i32)> = None;
	/// Inputs that the champion was run on: the number of the bar after each.
	pub static Runs: Vec<u64> = Vec::new();
	/// Weight of [`STREAM`].
	pub static Weighs: u32 = 0;
	/// Free places in the queue.
	pub static Free: u32 = 9;
	/// Improvements in the queue.
	pub static Queue: Vec<QueuedImprovement<AccountId>> = Vec::new();
	/// Hash of block 0.
	pub const Genesis: Hash = [9; 32];
	/// Account of the pots.
	pub const Pots: PalletId = PalletId(*b"doin/fct");
}

/// Scripted stream, weights and queue.
pub struct World;

/// Returns the number of the bar that is running.
pub fn running() -> u64 {
	FIRST_BAR + Ahead::get() + System::block_number()
}

/// Returns the close of a bar: it rises by 1 a bar.
pub fn close(bar: u64) -> i64 {
	bar as i64
}

impl Bars for World {
	fn stream(stream: u32) -> Option<Stream> {
		let next = Next::get();
		(stream <= PLAIN && !Retired::get().contains(&stream)).then(|| Stream {
			first: next.saturating_sub(Kept::get().into()),
			next,
			running: running().max(next),
			paid_until: next + Paid::get(),
			capacity: Kept::get(),
			bar_ms: BLOCK_MS,
		})
	}
	fn closes(stream: u32, bars: Range<u64>) -> Option<Vec<Option<i64>>> {
		let state = Self::stream(stream)?;
		let is_complete = state.first <= bars.start && bars.end <= state.next;
		let missing = Missing::get();
		is_complete.then(|| bars.map(|bar| (!missing.contains(&bar)).then(|| close(bar))).collect())
	}
	fn stream_weight() -> Weight {
		Weight::zero()
	}
	fn closes_weight(_: u32) -> Weight {
		Weight::zero()
	}
}

impl StreamTerms for World {
	fn terms(stream: u32) -> Option<Terms> {
		let horizon = if stream == PLAIN { 0 } else { HORIZON as u16 };
		let domain = (stream == STREAM && Names::get()).then_some(DOMAIN);
		Self::stream(stream).map(|_| Terms { horizon, batch: BATCH as u16, season: 1, scale: SCALE.into(), domain })
	}
}

impl Champions for World {
	fn forecast(domain: DomainId, stream: u32, bar: u64, horizon: u16) -> Option<(ModelRef, Vec<i32>)> {
		assert_eq!((domain, stream, usize::from(horizon)), (DOMAIN, STREAM, HORIZON));
		Runs::mutate(|runs| runs.push(bar));
		let (model, slope) = Crowned::get()?;
		Some((model, (1..=200).map(|ahead| ahead * slope).collect()))
	}
	fn forecast_weight() -> Weight {
		RUN
	}
}

impl DomainWeights for World {
	fn weight(stream: u32) -> u32 {
		if stream == STREAM {
			Weighs::get()
		} else {
			0
		}
	}
}

impl Work<AccountId> for World {
	fn free_places() -> u32 {
		Free::get()
	}
	fn enqueue(improvement: QueuedImprovement<AccountId>) {
		Queue::mutate(|queue| queue.push(improvement));
	}
	fn reward() -> Balance {
		unreachable!("the pallet enqueues only")
	}
	fn price(_: Q32) -> Balance {
		unreachable!("the pallet enqueues only")
	}
	fn pay(_: QueuedImprovement<AccountId>, _: Balance) -> Payment {
		unreachable!("the pallet enqueues only")
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for World {
	fn stream() -> (StreamId, u64) {
		Next::set(running());
		(STREAM, running())
	}
	fn weigh(_: StreamId) {
		Weighs::set(doin_primitives::MILLION);
	}
}

impl Config for Test {
	type Champions = World;
	type CommitBlocks = ConstU32<COMMITS>;
	type Currency = Balances;
	type DomainWeights = World;
	type GenesisHash = Genesis;
	type HalfLife = ConstU32<HALF_LIFE>;
	type PotId = Pots;
	type RecordDeposit = ConstU128<RECORD>;
	type RevealBlocks = ConstU32<REVEALS>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SlotMs = ConstU64<BLOCK_MS>;
	type Streams = World;
	type WeightInfo = ();
	type Work = World;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

/// Returns a chain at block 1 with the market of [`STREAM`].
pub fn new_test_ext() -> sp_io::TestExternalities {
	Ahead::set(0);
	Next::set(FIRST_BAR);
	Paid::set(1_000);
	Missing::set(Vec::new());
	Kept::set(9_000);
	Retired::set(Vec::new());
	Names::set(false);
	Crowned::set(None);
	Runs::set(Vec::new());
	Weighs::set(0);
	Free::set(9);
	Queue::set(Vec::new());
	let genesis = RuntimeGenesisConfig {
		system: Default::default(),
		balances: endowed!((1..=200).chain([SPONSOR, OTHER]), ENDOWMENT),
		forecasts: crate::GenesisConfig { pots: vec![(STREAM, SPONSOR, POT)] },
	};
	at_block_one::<Test>(genesis.build_storage().expect("the genesis is valid"))
}

/// Runs `test` on a fresh chain and checks the invariants of the pallet afterwards.
pub fn build_and_execute(test: impl FnOnce()) {
	checked(new_test_ext(), Forecasts::do_try_state, test);
}

/// Returns the number of this block.
pub fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}

/// Makes blocks until `block`, each of which completes the batches that have ended, and checks the invariants after each.
pub fn to(block: BlockNumber) {
	to_block::<Test>(block, Forecasts::do_try_state, |block| {
		Next::mutate(|next| *next = (*next).max(running() / BATCH * BATCH));
		<Forecasts as Hooks<u64>>::on_initialize(block.into());
	});
}

/// Completes the last batch that has ended, and reports it to the pallet. Returns the number of the first bar after it.
pub fn batch() -> u64 {
	let bar = running() / BATCH * BATCH;
	Next::set(bar);
	Forecasts::on_batch(STREAM, bar - BATCH..bar);
	bar
}

/// Opens a round. Returns it.
pub fn open() -> RoundId {
	let number = market().next;
	batch();
	assert_eq!(market().next, number + 1, "a round opens");
	RoundId { domain: STREAM, number }
}

/// Makes blocks until the bars of a round are evaluated, or it is void.
pub fn to_reveals(round: RoundId) {
	let limit = now() + 60;
	while Rounds::<Test>::get(round).is_some_and(|state| matches!(state.stage, Stage::Committing { .. } | Stage::Waiting { .. }))
	{
		assert!(now() < limit, "the bars of a round stand");
		to(now() + 1);
	}
}

/// Returns a round that exists.
pub fn round(round: RoundId) -> Round {
	Rounds::<Test>::get(round).expect("the round exists")
}

/// Returns the market of [`STREAM`].
pub fn market() -> Market {
	Markets::<Test>::get(STREAM).expect("it is sponsored")
}

/// Returns the record of a forecaster of [`STREAM`].
pub fn forecaster(who: AccountId) -> Forecaster {
	Forecasters::<Test>::get(STREAM, who).expect("the account has forecast")
}

/// Returns the forecast of no change.
pub fn still() -> Forecast {
	Forecast::truncate_from(vec![0; HORIZON])
}

/// Returns the changes that come true: the zero is the close of the middle one of three bars, and the horizon follows them.
pub fn perfect() -> Forecast {
	Forecast::truncate_from((2..2 + HORIZON as i32).collect())
}

/// Takes a seat with a forecast.
pub fn commit(who: AccountId, round: RoundId, forecast: &Forecast, wager: Balance) -> DispatchResult {
	let hash = commitment(Tag::Forecast, &Genesis::get(), &round, &who, &payload_hash(forecast), &SALT);
	Forecasts::commit(RuntimeOrigin::signed(who), round, hash, wager).map(drop).map_err(|refused| refused.error)
}

/// Reveals a forecast.
pub fn reveal(who: AccountId, round: RoundId, forecast: &Forecast) -> DispatchResult {
	Forecasts::reveal(RuntimeOrigin::signed(who), round, forecast.clone(), SALT)
}

/// Pays the seat of `who`.
pub fn collect(round: RoundId, who: AccountId) -> DispatchResult {
	Forecasts::collect(RuntimeOrigin::signed(OTHER), round, who)
}

/// Makes a whole round in which each account forecasts as given. Returns it once it is closed.
pub fn whole(entries: &[(AccountId, Forecast, Balance)]) -> RoundId {
	let round = open();
	for (who, forecast, wager) in entries {
		assert_ok!(commit(*who, round, forecast, *wager));
	}
	to_reveals(round);
	for (who, forecast, _) in entries {
		assert_ok!(reveal(*who, round, forecast));
	}
	to(now() + REVEALS);
	round
}

/// Returns the free balance of an account.
pub fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

/// Returns the amount that `who` has on hold for records.
pub fn held(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Record.into(), &who)
}

/// Returns the amount in the account of the pots.
pub fn account() -> Balance {
	free(Forecasts::account())
}

/// Returns all events of this pallet.
pub fn events() -> Vec<Event<Test>> {
	doin_testing::events::<Test, _>()
}

/// Opens as many rounds as a market can have open.
pub fn open_all() {
	for number in 0..MAX_OPEN {
		batch();
		assert_eq!(market().open, number + 1);
		Ahead::mutate(|ahead| *ahead += BATCH);
	}
}
