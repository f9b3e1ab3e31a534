//! Runtime of the real pallets that a round passes through, with a stream of bars that tests write.
//!
//! Lengths, deposits and weights are those of the real runtime. Only the validators, their sessions, the VRF output of a block
//! and the stream are replaced.

// The runtime macro asks for a feature `std`, which this crate does not have.
#![allow(unexpected_cfgs)]

use codec::Encode;
use doin_primitives::{
	blake2_256,
	emission::INITIAL_REWARD,
	evidence::{live_value, LIVE_CHUNKS},
	Balance, BlockNumber, DomainId, DomainSpec, Evidence as EvidenceSpec, EvidenceRef, Hash, ModelRef, SizeClass, DOIN,
};
use doin_runtime::chunk_scorer::OnChainScorer;
use doin_scoring::{sample, score, verdict::NO_EVIDENCE, Forecast, Loss, Model, Program, Target, WindowPhase, Windows};
use doin_testing::mock_runtime;
use doin_traits::{Bars, ChunkDraw, ChunkScorer, Domains as _, Models, ScoreError, Stream, Timing as _};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, ConstU64},
	weights::{
		constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_SECOND},
		Weight,
	},
	PalletId,
};
use frame_system::limits::BlockWeights;
use pallet_doin_optimae::weights::{SubstrateWeight as OptimaeWeight, WeightInfo as _};
use pallet_doin_recomputation::weights::{SubstrateWeight as RecomputationWeight, WeightInfo as _};
use sp_runtime::Perbill;
use std::{cell::RefCell, ops::Range};

/// Account identifier.
pub type AccountId = u64;

/// Validator with all of the stake.
pub const VALIDATOR: AccountId = 90;
/// Existential deposit.
pub const ED: Balance = DOIN / 1_000;
/// Length of a block.
pub const SLOT_MS: u64 = 40_000;
/// Length of a bar: one and a half blocks.
pub const BAR_MS: u64 = 60_000;
/// Blocks of a session.
const SESSION: BlockNumber = 10;
/// Deposit per stored byte.
const PER_BYTE: Balance = DOIN / 10_000;

/// Stream of the domain.
pub const STREAM: u32 = 7;
/// Value of one raw unit, in units of the stream.
pub const UNIT: u32 = 10;
/// Steps of the season.
pub const SEASON: u64 = 3;
/// Growth of a season, in raw units: a model that adds it to the last season errs by the noise only.
pub const GROWTH: i32 = 40;
/// Number of the first bar of the stream.
pub const FIRST_BAR: u64 = 5_000;
/// Bars before block 0.
const PAST: u64 = 200;
/// Bars that the tests can read.
const BARS: u64 = 6_000;

mock_runtime! {
	existential_deposit: ED,
	system: {
		type BlockWeights = Limits;
		type DbWeight = ParityDbWeight;
	},
	2: Timing = pallet_doin_timing,
	3: FeeMarket = pallet_doin_fee_market,
	4: Gauge = pallet_doin_gauge,
	5: Domains = pallet_doin_domains,
	6: Reputation = pallet_doin_reputation,
	7: Evaluators = pallet_doin_evaluators,
	8: Recomputation = pallet_doin_recomputation,
	9: Optimae = pallet_doin_optimae,
	10: Work = pallet_doin_work,
	11: Evidence = pallet_doin_evidence,
}

parameter_types! {
	pub Limits: BlockWeights = BlockWeights::with_sensible_defaults(
		Weight::from_parts(2 * WEIGHT_REF_TIME_PER_SECOND, u64::MAX),
		Perbill::from_percent(75),
	);
	pub const Genesis: Hash = [9; 32];
	pub const NoAuthor: Option<AccountId> = None;
	pub const BaseFeeFloor: Balance = doin_primitives::base_fee::DEFAULT_FLOOR;
	pub const BaseFeeCeiling: Balance = doin_primitives::base_fee::DEFAULT_CEILING;
	pub Session: u32 = System::block_number() as u32 / SESSION;
	pub HalfLife: BlockNumber = Timing::blocks(7 * 86_400_000);
	pub const SeatFee: Balance = INITIAL_REWARD / 1_000;
	pub AnswerWeight: Weight = RecomputationWeight::<Test>::reveal_sums();
	pub SettleWeight: Weight = RecomputationWeight::<Test>::settle()
		.saturating_add(OptimaeWeight::<Test>::verdict())
		.saturating_add(StreamScorer::weight(SizeClass::Small).saturating_mul(pallet_doin_optimae::types::SETTLED_CHUNKS));
	pub const PotId: PalletId = PalletId(*b"doin/gen");
}

impl pallet_doin_timing::Config for Test {}

impl pallet_doin_fee_market::Config for Test {
	type Author = NoAuthor;
	type Ceiling = BaseFeeCeiling;
	type Currency = Balances;
	type Floor = BaseFeeFloor;
	type WeightInfo = pallet_doin_fee_market::weights::SubstrateWeight<Test>;
}

/// [`VALIDATOR`], the VRF output of a block, and the undecided rounds of [`Optimae`].
pub struct World;

impl doin_traits::Electorate<AccountId> for World {
	fn stakes() -> Vec<(AccountId, Balance)> {
		vec![(VALIDATOR, DOIN)]
	}
	fn is_voter(who: &AccountId) -> bool {
		*who == VALIDATOR
	}
}

impl doin_traits::Entropy for World {
	fn parent_vrf() -> Option<Hash> {
		Some(blake2_256(&System::block_number().encode()))
	}
}

impl doin_traits::UndecidedRounds for World {
	fn earliest(domain: DomainId) -> Option<u32> {
		pallet_doin_optimae::Pending::<Test>::get(domain).first().copied()
	}
}

impl pallet_doin_gauge::Config for Test {
	type BallotDeposit = ConstU128<DOIN>;
	type Currency = Balances;
	type Electorate = World;
	type MaxVoters = ConstU32<100>;
	type NominationDeposit = ConstU128<{ 100 * DOIN }>;
	type NominationSessions = ConstU32<84>;
	type OnWeightGained = Domains;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SessionIndex = Session;
	type Votable = Domains;
	type WeightInfo = pallet_doin_gauge::weights::SubstrateWeight<Test>;
}

impl pallet_doin_domains::Config for Test {
	type BaseDeposit = ConstU128<{ 10 * DOIN }>;
	type ByteDeposit = ConstU128<PER_BYTE>;
	type Currency = Balances;
	type DomainWeights = Gauge;
	type Evidence = Evidence;
	type MinBounty = ConstU128<DOIN>;
	type OnCrowned = ();
	type RegistrationFee = ConstU128<{ 10 * DOIN }>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = Timing;
	type UndecidedRounds = World;
	type Votes = ();
	type WeightInfo = pallet_doin_domains::weights::SubstrateWeight<Test>;
}

impl pallet_doin_reputation::Config for Test {
	type HalfLife = HalfLife;
	type WeightInfo = pallet_doin_reputation::weights::SubstrateWeight<Test>;
}

impl pallet_doin_evaluators::Config for Test {
	type Currency = Balances;
	type Domains = Domains;
	type MinBond = ConstU128<{ 8 * INITIAL_REWARD }>;
	type Reputation = Reputation;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = Timing;
	type WeightInfo = pallet_doin_evaluators::weights::SubstrateWeight<Test>;
}

impl pallet_doin_recomputation::Config for Test {
	type BaseFee = FeeMarket;
	type ChallengeBond = ConstU128<DOIN>;
	type ChunkScorer = StreamScorer;
	type Currency = Balances;
	type Entropy = World;
	type EvaluatorSet = Evaluators;
	type GenesisHash = Genesis;
	type Handler = (Optimae,);
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = Timing;
	type WeightInfo = RecomputationWeight<Test>;
}

impl pallet_doin_optimae::Config for Test {
	type AnswerLen = ConstU32<800>;
	type AnswerWeight = AnswerWeight;
	type BaseFee = FeeMarket;
	type ByteHold = ConstU128<PER_BYTE>;
	type ChunkScorer = StreamScorer;
	type Currency = Balances;
	type DomainWeights = Gauge;
	type Domains = Domains;
	type Evidence = Evidence;
	type GenesisHash = Genesis;
	type HoldFactor = ConstU32<5>;
	type Recompute = Recomputation;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SeatFee = SeatFee;
	type SettleLen = ConstU32<160>;
	type SettleWeight = SettleWeight;
	type Timing = Timing;
	type WeightInfo = OptimaeWeight<Test>;
	type Work = Work;
}

impl pallet_doin_work::Config for Test {
	type AnchorInterval = ConstU64<100>;
	type Currency = Balances;
	type LowestFloor = ConstU64<{ pallet_doin_work::MIN_FLOOR }>;
	type PotId = PotId;
	type TargetSpacing = pallet_doin_timing::TargetSpacingBlocks<Test>;
	type WeightInfo = pallet_doin_work::weights::SubstrateWeight<Test>;
}

impl pallet_doin_evidence::Config for Test {
	type Bars = Market;
	type BaseFee = FeeMarket;
	type ByteDeposit = ConstU128<PER_BYTE>;
	type Currency = Balances;
	type DomainWeights = Gauge;
	type Domains = Domains;
	type GenesisHash = Genesis;
	type OnEvidence = Optimae;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = Timing;
	type Votes = ();
	type WeightInfo = pallet_doin_evidence::weights::SubstrateWeight<Test>;
	type Work = Work;
}

/// Stream [`STREAM`], whose bars run by the clock of the blocks.
#[derive(Clone, Debug)]
pub struct Market {
	/// Closes of the bars from [`FIRST_BAR`] on; `None` for a missing one.
	closes: Vec<Option<i64>>,
	/// Number of bars that the chain learns after they have ended.
	pub lag: u64,
	/// First bar that no reporter reports; `None` while all of them are.
	pub stopped: Option<u64>,
	/// First bar that the reporters are not paid for.
	pub paid_until: u64,
	/// Number of complete bars that are kept.
	pub capacity: u32,
}

thread_local! {
	static MARKET: RefCell<Market> = RefCell::new(Market::new());
}

/// Returns a number below `most` that `seed` decides.
fn noise(seed: u64, most: i64) -> i64 {
	(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as i64 % most
}

/// Returns `count` values with a season and noise, where the value grows by `growth` of its index within a season.
pub fn values(count: u64, growth: impl Fn(u64) -> i32) -> Vec<i32> {
	let mut trend = vec![0, 300, -200];
	let season = SEASON as usize;
	(0..count as usize).for_each(|at| trend.push(trend[at] + growth((at + season) as u64)));
	trend.iter().take(count as usize).zip(0..).map(|(value, at)| value + noise(at, 17) as i32 - 8).collect()
}

impl Market {
	/// Returns the stream of a fresh chain, which grows steadily.
	pub fn new() -> Self {
		let mut market = Self { closes: Vec::new(), lag: 1, stopped: None, paid_until: u64::MAX, capacity: 1_500 };
		market.hesitate(0..0);
		market
	}

	/// Writes the closes anew. Within `bars`, twelve of forty bars fall below the last season instead of growing.
	pub fn hesitate(&mut self, bars: Range<u64>) {
		let falls = |bar: u64| bars.contains(&bar) && bar % 40 < 12;
		let values = values(BARS, |at| if falls(FIRST_BAR + at) { -GROWTH } else { GROWTH });
		let close = |(value, at): (i32, u64)| Some(i64::from(value) * i64::from(UNIT) + noise(at + 1, UNIT.into()));
		self.closes = values.into_iter().zip(0..).map(close).collect();
	}

	/// Lets the bars `bars` be missing.
	pub fn lose(&mut self, bars: Range<u64>) {
		bars.for_each(|bar| self.closes[(bar - FIRST_BAR) as usize] = None);
	}

	/// Returns the value of a bar in raw units; `None` for a missing one.
	pub fn value(&self, bar: u64) -> Option<i32> {
		self.closes[(bar - FIRST_BAR) as usize].map(|close| close.div_euclid(UNIT.into()) as i32)
	}

	/// Returns the present state of the stream.
	pub fn now(&self) -> Stream {
		let running = FIRST_BAR + PAST + System::block_number() * SLOT_MS / BAR_MS;
		let next = self.stopped.unwrap_or(u64::MAX).min(running - self.lag);
		Stream {
			first: FIRST_BAR.max(next.saturating_sub(self.capacity.into())),
			next,
			running,
			paid_until: self.paid_until,
			capacity: self.capacity,
			bar_ms: BAR_MS,
		}
	}

	/// Reads the stream of this chain.
	pub fn read<R>(read: impl FnOnce(&Self) -> R) -> R {
		MARKET.with_borrow(read)
	}

	/// Changes the stream of this chain.
	pub fn change<R>(change: impl FnOnce(&mut Self) -> R) -> R {
		MARKET.with_borrow_mut(change)
	}
}

impl Bars for Market {
	fn stream(stream: u32) -> Option<Stream> {
		(stream == STREAM).then(|| Self::read(Self::now))
	}
	fn closes(stream: u32, bars: Range<u64>) -> Option<Vec<Option<i64>>> {
		let Stream { first, next, .. } = Self::stream(stream)?;
		let is_known = first <= bars.start && bars.end <= next;
		is_known.then(|| Self::read(|market| bars.map(|bar| market.closes[(bar - FIRST_BAR) as usize]).collect()))
	}
	fn stream_weight() -> Weight {
		ParityDbWeight::get().reads(1)
	}
	fn closes_weight(bars: u32) -> Weight {
		ParityDbWeight::get().reads(bars.into())
	}
}

/// Returns the program of the live domain.
pub fn program() -> Forecast {
	Forecast {
		horizon: 2,
		history: 24,
		season: SEASON as u16,
		chunks: LIVE_CHUNKS,
		windows: 2,
		channels: 1,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	}
}

/// Scores models on the published values of a domain in this runtime, and on the bars of [`Market`].
pub struct StreamScorer;

impl StreamScorer {
	fn spec(domain: DomainId) -> Result<DomainSpec, ScoreError> {
		Domains::spec(domain).ok_or(ScoreError::UnknownDomain)
	}

	fn model(model: &ModelRef) -> Result<Model, ScoreError> {
		match model {
			ModelRef::RepeatLast => Ok(Model::RepeatLast),
			ModelRef::Seasonal => Ok(Model::Seasonal),
			ModelRef::Stored(id) => {
				let bytes = Optimae::bytes(*id).ok_or(ScoreError::UnknownModel)?;
				Model::from_bytes(&bytes).map_err(|_| ScoreError::IncompatibleModel)
			}
			ModelRef::Origin | ModelRef::Linear | ModelRef::Constant | ModelRef::BuiltIn => Err(ScoreError::IncompatibleModel),
		}
	}

	/// Returns the windows of chunk `index` that `draw` chooses; `None` if too few are left.
	fn windows(draw: ChunkDraw, index: u16) -> Result<Option<Windows>, ScoreError> {
		let DomainSpec { program: Program::Forecast(program), evidence, .. } = Self::spec(draw.domain)? else {
			return Err(ScoreError::IncompatibleModel);
		};
		let (EvidenceSpec::Live { stream, unit }, EvidenceRef::Bars { first }) = (evidence, draw.evidence) else {
			return Err(ScoreError::NoSuchEvidence);
		};
		let (span, start) = (sample::segment_span(&program, draw.seed, index), first - u64::from(program.history));
		let bars = start + u64::from(span.start)..start + u64::from(span.end);
		let closes = Market::closes(stream, bars).ok_or(ScoreError::NoSuchEvidence)?;
		let values: Vec<_> = closes.into_iter().map(|close| close.and_then(|close| live_value(close, unit))).collect();
		let (windows, is_full) = sample::strided_live(&program, &values);
		Ok(is_full.then_some(windows))
	}
}

impl ChunkScorer for StreamScorer {
	fn drawn_sum(draw: ChunkDraw, model: &ModelRef, index: u16) -> Result<u32, ScoreError> {
		let (model, windows) = (Self::model(model)?, Self::windows(draw, index)?);
		Ok(windows.map_or(NO_EVIDENCE, |windows| score(&model, &program(), &windows)))
	}
	fn validation_sum(domain: DomainId, model: &ModelRef, index: u16) -> Result<u32, ScoreError> {
		let split = Self::spec(domain)?.split;
		let span = sample::validation_span(&program(), split.train_end, split.validation_end, index);
		let span = span.map_err(|_| ScoreError::NoSuchChunk)?;
		let series = Domains::series(domain).ok_or(ScoreError::MissingPage)?;
		let windows = sample::validation(&program(), &series[span.start as usize..span.end as usize]);
		Ok(score(&Self::model(model)?, &program(), &windows))
	}
	fn chunks(domain: DomainId) -> Option<u16> {
		Self::spec(domain).ok().map(|spec| spec.program.chunks())
	}
	fn tolerance(_: DomainId) -> Option<u32> {
		None
	}
	fn weight(class: SizeClass) -> Weight {
		OnChainScorer::weight(class)
	}
}
