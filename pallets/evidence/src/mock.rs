//! Mock runtime of System, Balances and this pallet. Domains and a stream are scripted, and reports to rounds are recorded.

use crate::{self as pallet_doin_evidence, Config, Event, HoldReason};
use doin_primitives::{
	bounded_collections::BoundedVec,
	domain::{Champion, DomainState, Limits, ModelBytes},
	evidence::{segment_hash, LIVE_CHUNKS},
	settlement::Backing,
	Balance, BlockNumber, DomainId, DomainSpec, Evidence, EvidenceKind, EvidenceRef, Growth, Hash, ModelRef, Page, RoundId,
	RoundResult, Split, UnpaidReason, DOIN, Q32,
};
use doin_scoring::{
	rows::{RowTarget, Rows},
	Forecast, Loss, Program, Target, WindowPhase,
};
use doin_testing::{active, at_block_one, checked, endowed, mock_runtime, to_block, DevTiming};
use doin_traits::{Bars, Domains, GrowingDomains, OnEvidence, Payment, Progress, QueuedImprovement, Stream};
use frame_support::{
	assert_ok,
	dispatch::DispatchResult,
	parameter_types,
	traits::{fungible::hold::Inspect as _, ConstU128, Hooks},
	weights::{constants::ParityDbWeight, Weight},
};
use sp_runtime::{BuildStorage, Perbill};
use std::{collections::BTreeMap, ops::Range};

/// Account identifier.
pub type AccountId = u64;

/// Balance of every account at genesis.
pub const ENDOWMENT: Balance = 10_000_000;
/// Hold per byte.
pub const PER_BYTE: Balance = 2;
/// Account that owns the domains.
pub const OWNER: AccountId = 1;
/// Account that owns no domain.
pub const OTHER: AccountId = 2;
/// Sealed domain of rows with 16 features and one of four classes.
pub const ROWS: DomainId = 0;
/// Sealed domain of a series with two channels.
pub const SERIES: DomainId = 1;
/// Domain with public evidence.
pub const PUBLIC: DomainId = 2;
/// Domain whose evidence is the stream [`STREAM`].
pub const LIVE: DomainId = 3;
/// First identifier without a domain.
pub const UNKNOWN: DomainId = 4;
/// Identifier of the stream.
pub const STREAM: u32 = 7;
/// Blocks that a bar takes.
pub const BAR_BLOCKS: BlockNumber = 2;
/// Milliseconds of a block.
pub const BLOCK_MS: u64 = 600_000;
/// Complete bars that the stream keeps.
pub const CAPACITY: u32 = 460;
/// Deposit of every domain.
pub const DEPOSIT: Balance = 1_000;
/// Price of one bit.
pub const BIT_PRICE: Balance = 160;
/// Weight of a report of evidence.
pub const STANDS_WEIGHT: Weight = Weight::from_parts(5_000, 50);
/// Weight of a report of missing evidence.
pub const FAILED_WEIGHT: Weight = Weight::from_parts(9_000, 90);
/// Weight of reading a stream.
pub const STREAM_WEIGHT: Weight = Weight::from_parts(7_000, 70);

mock_runtime! {
	existential_deposit: 100,
	system: { type DbWeight = ParityDbWeight; },
	2: Sealed = pallet_doin_evidence,
}

/// Report to a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
	/// The evidence stands.
	Stands(RoundId, EvidenceRef),
	/// The evidence is missing.
	Failed(RoundId, UnpaidReason),
}

parameter_types! {
	/// State of every domain.
	pub static States: BTreeMap<DomainId, DomainState<AccountId>> = BTreeMap::new();
	/// Appended pages.
	pub static Pages: BTreeMap<(DomainId, u32), Page> = BTreeMap::new();
	/// Rest of the deposit of every domain.
	pub static Deposits: BTreeMap<DomainId, Balance> = BTreeMap::new();
	/// Reports to rounds, in order.
	pub static Reports: Vec<Report> = Vec::new();
	/// Base fee, in plancks per gas.
	pub static BaseFeeNow: Balance = 100;
	/// Weight of every domain, parts per million.
	pub static WeightNow: u32 = 0;
	/// Stream at this block; `None` if the chain has none.
	pub static StreamNow: Option<Stream> = None;
	/// Number of bars that come into being in [`BAR_BLOCKS`] blocks.
	pub static Pace: u64 = 1;
	/// Number of bars by which the chain is behind the clock; `None` once the stream has stopped.
	pub static Lag: Option<u64> = Some(0);
	/// Chunks and rows a chunk of the domain of rows, if they differ from those of the tests.
	pub static Shape: Option<(u16, u16)> = None;
	/// Accounts whose votes have ended, in order.
	pub static EndedVotes: Vec<AccountId> = Vec::new();
}

/// Returns the program of the rows.
pub fn rows_program() -> Rows {
	match Shape::get() {
		None => Rows { features: 16, image: None, target: RowTarget::Classes(4), rows: 8, chunks: 64 },
		Some((chunks, rows)) => Rows { features: 7, image: None, target: RowTarget::Classes(4), rows, chunks },
	}
}

/// Returns the program of the series.
pub fn series_program() -> Forecast {
	Forecast {
		horizon: 4,
		history: 24,
		season: 12,
		chunks: 32,
		windows: 8,
		channels: 2,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	}
}

/// Returns the program of the live domain, whose rounds take [`BARS`] bars.
pub fn live_program() -> Forecast {
	Forecast { horizon: 2, history: 24, season: 3, chunks: LIVE_CHUNKS, windows: 1, channels: 1, ..series_program() }
}

/// Bars of a round of the live domain.
pub const BARS: u64 = 145;
/// Bars before those of a round that its models read.
pub const HISTORY: u64 = 24;

/// Returns the record of a domain.
pub fn spec(domain: DomainId) -> Option<DomainSpec> {
	let steps = series_program().segment_steps();
	let (program, values, split, evidence) = match domain {
		ROWS => (
			Program::Rows(rows_program()),
			1_024 * rows_program().row_bytes() as u32,
			Split { train_end: 512, validation_end: 1_024 },
			Evidence::Sealed { units: rows_program().segment_rows(), stake: DOIN },
		),
		SERIES | PUBLIC => (
			Program::Forecast(series_program()),
			2 * 900,
			Split { train_end: 500, validation_end: 900 },
			if domain == PUBLIC { Evidence::Public } else { Evidence::Sealed { units: steps, stake: 2 * DOIN } },
		),
		LIVE => (
			Program::Forecast(live_program()),
			900,
			Split { train_end: 500, validation_end: 900 },
			Evidence::Live { stream: STREAM, unit: 1 },
		),
		_ => return None,
	};
	let spec = DomainSpec {
		name: BoundedVec::truncate_from(b"domain".to_vec()),
		unit: BoundedVec::new(),
		program,
		genes: BoundedVec::new(),
		limits: Limits { model_bytes: 4_096, window_macs: 4_096 },
		data_root: [1; 32],
		values,
		growth: if evidence.kind() == EvidenceKind::Sealed { Growth::Appending } else { Growth::Fixed },
		split,
		licence: BoundedVec::truncate_from(b"CC0-1.0".to_vec()),
		evidence,
		min_improvement: 2_000,
		target: 0,
	};
	assert_eq!(spec.check(), Ok(()), "the record is sound");
	Some(spec)
}

/// Changes the state of a domain.
pub fn change(domain: DomainId, change: impl FnOnce(&mut DomainState<AccountId>)) {
	States::mutate(|states| change(states.get_mut(&domain).expect("the domain exists")));
}

/// Changes the stream.
pub fn change_stream(change: impl FnOnce(&mut Stream)) {
	StreamNow::mutate(|stream| change(stream.as_mut().expect("the stream exists")));
}

/// Rounds of a development chain, and blocks of ten minutes.
pub type MockTiming = DevTiming<BLOCK_MS>;

/// Scripted domains, rounds, streams and prices.
pub struct World;

impl Domains<AccountId> for World {
	fn spec(domain: DomainId) -> Option<DomainSpec> {
		spec(domain)
	}
	fn state(domain: DomainId) -> Option<DomainState<AccountId>> {
		States::get().get(&domain).cloned()
	}
	fn page(domain: DomainId, index: u32) -> Option<Page> {
		Pages::get().get(&(domain, index)).cloned()
	}
	fn high_water(_: DomainId) -> Q32 {
		unreachable!("the pallet reads no high-water mark")
	}
	fn baseline(_: DomainId) -> Option<ModelBytes> {
		unreachable!("the pallet reads no models")
	}
	fn open_round(_: DomainId) -> DispatchResult {
		unreachable!("the pallet opens no rounds")
	}
	fn close_round(_: RoundId, _: RoundResult, _: Option<Backing>) {
		unreachable!("the pallet closes no rounds")
	}
	fn crown(_: DomainId, _: Champion<AccountId>, _: Progress) {
		unreachable!("the pallet crowns no models")
	}
	fn crown_weight() -> Weight {
		unreachable!("the pallet crowns no models")
	}
	fn record_progress(domain: DomainId, _: Q32, carry: Q32) {
		change(domain, |state| state.carry = carry);
	}
}

impl Bars for World {
	fn stream(stream: u32) -> Option<Stream> {
		StreamNow::get().filter(|_| stream == STREAM)
	}
	fn closes(_: u32, _: Range<u64>) -> Option<Vec<Option<i64>>> {
		unreachable!("the pallet reads no bars")
	}
	fn stream_weight() -> Weight {
		STREAM_WEIGHT
	}
	fn closes_weight(_: u32) -> Weight {
		unreachable!("the pallet reads no bars")
	}
}

impl GrowingDomains for World {
	fn append(domain: DomainId, segment: u16, pages: Vec<Page>) {
		let first = spec(domain).expect("the domain exists").segment_page(segment);
		Pages::mutate(|all| all.extend((first..).zip(pages).map(|(index, page)| ((domain, index), page))));
		change(domain, |state| state.suspended = None);
	}
	fn suspend(domain: DomainId) {
		change(domain, |state| state.suspended = Some(now()));
	}
	fn slash_deposit(domain: DomainId, part: Perbill) -> Balance {
		Deposits::mutate(|deposits| {
			let deposit = deposits.entry(domain).or_insert(DEPOSIT);
			let burned = part.mul_ceil(DEPOSIT).min(*deposit);
			*deposit -= burned;
			burned
		})
	}
}

impl OnEvidence for World {
	fn stands(round: RoundId, evidence: EvidenceRef) {
		Reports::mutate(|reports| reports.push(Report::Stands(round, evidence)));
	}
	fn failed(round: RoundId, reason: UnpaidReason) {
		// A void round is closed.
		change(round.domain, |state| state.open_rounds -= 1);
		Reports::mutate(|reports| reports.push(Report::Failed(round, reason)));
	}
	fn stands_weight() -> Weight {
		STANDS_WEIGHT
	}
	fn failed_weight() -> Weight {
		FAILED_WEIGHT
	}
}

impl doin_traits::DomainWeights for World {
	fn weight(_: DomainId) -> u32 {
		WeightNow::get()
	}
}

impl doin_traits::Work<AccountId> for World {
	fn free_places() -> u32 {
		unreachable!("the pallet does not use the queue")
	}
	fn enqueue(_: QueuedImprovement<AccountId>) {
		unreachable!("the pallet does not use the queue")
	}
	fn reward() -> Balance {
		unreachable!("the pallet prices bits only")
	}
	fn price(effective: Q32) -> Balance {
		(BIT_PRICE * Balance::from(effective)) >> 32
	}
	fn pay(_: QueuedImprovement<AccountId>, _: Balance) -> Payment {
		unreachable!("the pallet mints nothing")
	}
}

impl doin_traits::Votes<AccountId> for World {
	fn end(who: &AccountId) {
		EndedVotes::mutate(|ended| ended.push(*who));
	}
	fn end_weight() -> Weight {
		unreachable!("verdicts do not pay for the end of votes")
	}
}

impl doin_traits::BaseFee for World {
	fn fee(_: Weight, _: u32) -> Balance {
		unreachable!("the pallet prices no calls")
	}
	fn base_fee() -> Balance {
		BaseFeeNow::get()
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for World {
	/// The domain of rows takes the requested shape.
	fn sealed_domain(chunks: u16, rows: u16) -> (DomainId, AccountId) {
		Shape::set(Some((chunks, rows)));
		(ROWS, OWNER)
	}
}

parameter_types! {
	/// Hash of block 0.
	pub const Genesis: Hash = [9; 32];
}

impl Config for Test {
	type Bars = World;
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Domains = World;
	type DomainWeights = World;
	type Work = World;
	type Votes = World;
	type OnEvidence = World;
	type Timing = MockTiming;
	type BaseFee = World;
	type GenesisHash = Genesis;
	type ByteDeposit = ConstU128<PER_BYTE>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

/// Returns a chain at block 1 with accounts 1 to 9 endowed, and four active domains of [`OWNER`]. Bar 60 of the stream is
/// running, and its reporters are paid for a long time.
pub fn new_test_ext() -> sp_io::TestExternalities {
	States::set((0..UNKNOWN).map(|domain| (domain, active(OWNER, ModelRef::Constant, 1_000))).collect());
	Pages::set(BTreeMap::new());
	Deposits::set(BTreeMap::new());
	Reports::set(Vec::new());
	BaseFeeNow::set(100);
	WeightNow::set(0);
	Shape::set(None);
	EndedVotes::set(Vec::new());
	StreamNow::set(Some(Stream {
		first: 0,
		next: 60,
		running: 60,
		paid_until: 1_000_000,
		capacity: CAPACITY,
		bar_ms: u64::from(BAR_BLOCKS) * BLOCK_MS,
	}));
	Pace::set(1);
	Lag::set(Some(0));
	let genesis = RuntimeGenesisConfig { system: Default::default(), balances: endowed!(1..10, ENDOWMENT) };
	let mut ext = at_block_one::<Test>(genesis.build_storage().expect("the genesis is valid"));
	ext.execute_with(|| <Sealed as Hooks<u64>>::on_initialize(1));
	ext
}

/// Runs `test` on a fresh chain and checks the invariants of the pallet afterwards.
pub fn build_and_execute(test: impl FnOnce()) {
	checked(new_test_ext(), Sealed::do_try_state, test);
}

/// Returns the number of this block.
pub fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}

/// Lets the stream go on at the start of block `block`.
fn record_bars(block: BlockNumber) {
	if !block.is_multiple_of(BAR_BLOCKS) || StreamNow::get().is_none() {
		return;
	}
	change_stream(|stream| {
		stream.running += Pace::get();
		if let Some(lag) = Lag::get() {
			stream.next = stream.next.max(stream.running.saturating_sub(lag));
			stream.first = stream.first.max(stream.next.saturating_sub(stream.capacity.into()));
		}
	});
}

/// Makes blocks until `block`, none of which serves the agenda, as if their weight were used up.
pub fn to_unserved(block: BlockNumber) {
	while now() < block {
		System::set_block_number(System::block_number() + 1);
		record_bars(now());
	}
}

/// Makes blocks until `block`, and checks the invariants after each. Returns the largest weight of a hook.
pub fn to(block: BlockNumber) -> Weight {
	let mut most = Weight::zero();
	to_block::<Test>(block, Sealed::do_try_state, |block| {
		record_bars(block);
		most = most.max(<Sealed as Hooks<u64>>::on_initialize(block.into()));
	});
	most
}

/// Returns the bytes of segment `index`, which are rows of [`ROWS`] or values of [`SERIES`].
pub fn segment(domain: DomainId, index: u16) -> Vec<u8> {
	let len = spec(domain).expect("the domain exists").segment_bytes();
	let mut bytes: Vec<u8> = (0..len).map(|at| (at.wrapping_mul(31).wrapping_add(u32::from(index) * 7) >> 1) as u8).collect();
	if domain == ROWS {
		bytes.chunks_exact_mut(17).for_each(|row| row[16] %= 4);
	}
	bytes
}

/// Returns the salt of segment `index`.
pub fn salt(index: u16) -> [u8; 32] {
	[index as u8; 32]
}

/// Returns the hash under which [`OWNER`] seals segment `index`.
pub fn hash(domain: DomainId, index: u16) -> Hash {
	segment_hash(&Genesis::get(), &OWNER, index, &salt(index), &segment(domain, index))
}

/// Seals `count` segments of `domain` after those that are sealed.
pub fn seal(domain: DomainId, count: u16) {
	let first = crate::Segments::<Test>::get(domain).sealed;
	let hashes = (first..first + count).map(|index| hash(domain, index)).collect();
	assert_ok!(Sealed::seal(RuntimeOrigin::signed(OWNER), domain, first, BoundedVec::truncate_from(hashes)));
}

/// Opens a round of `domain` and asks for its evidence.
pub fn ask(domain: DomainId, number: u32) -> RoundId {
	let round = RoundId { domain, number };
	change(domain, |state| state.open_rounds += 1);
	assert_ok!(<Sealed as doin_traits::EvidenceSource>::request(round));
	round
}

/// Opens segment `index` of `domain` from an account that does not own it. Returns the weight that the call has after all.
pub fn open(domain: DomainId, index: u16) -> Option<Weight> {
	let bytes = BoundedVec::truncate_from(segment(domain, index));
	Sealed::open_segment(RuntimeOrigin::signed(OTHER), domain, index, bytes, salt(index))
		.expect("it is the segment")
		.actual_weight
}

/// Returns the amount of [`OWNER`] on hold for segments.
pub fn held_for_segments() -> Balance {
	Balances::balance_on_hold(&HoldReason::Segments.into(), &OWNER)
}

/// Returns the amount of [`OWNER`] on hold in purses.
pub fn held_in_purses() -> Balance {
	Balances::balance_on_hold(&HoldReason::Purse.into(), &OWNER)
}

/// Returns all events of this pallet.
pub fn events() -> Vec<Event<Test>> {
	doin_testing::events::<Test, _>()
}
