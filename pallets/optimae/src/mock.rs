//! Mock runtime of System, Balances and this pallet. [`World`] implements all other pallets: its domains, requests and queue are
//! in storage, so that a failing call leaves no trace in them, and its prices and sizes are static variables. Its evidence is
//! scripted: a test decides when it arrives.

use crate::{self as pallet_doin_optimae, test_utils::score_points, Config};
use codec::{Decode, Encode};
use doin_primitives::{
	domain::{Champion, DomainState, ModelBytes},
	settlement::Backing,
	Balance, BlockNumber, DomainId, DomainSpec, EvidenceRef, Hash, LastRound, ModelRef, Page, RoundId, RoundParams, RoundResult,
	SizeClass, Status, Subject, TaskId, UnpaidReason, DOIN, MILLION, Q32,
};
use doin_testing::mock_runtime;
use doin_traits::{AuthorList, ChunkDraw, ModelList, Payment, Progress, QueuedImprovement, RecomputationRequest, ScoreError};
use frame_support::{
	dispatch::DispatchResult,
	pallet_prelude::ValueQuery,
	parameter_types,
	traits::{
		fungible::Mutate,
		tokens::{Fortitude, Precision, Preservation},
		ConstU128, ConstU32,
	},
	weights::Weight,
	Twox64Concat,
};
use sp_runtime::DispatchError;

/// Account identifier.
pub type AccountId = u64;

/// Optimizers, each with [`ENDOWMENT`].
pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const CAROL: AccountId = 3;
/// Accounts of the evaluators.
pub const EVALUATORS: [AccountId; 3] = [51, 52, 53];
/// Settles every task.
pub const SETTLER: AccountId = 60;
/// Challenges claims.
pub const WATCHER: AccountId = 61;
/// Owns the domains, and the purse of those with sealed evidence.
pub const OWNER: AccountId = 62;
/// Owns nothing.
pub const PAUPER: AccountId = 99;

/// Balance of every account at genesis.
pub const ENDOWMENT: Balance = 10_000 * DOIN;
/// Fee of one of the first four seats: R/1 000.
pub const SEAT_FEE: Balance = DOIN / 20;
/// Hold of one seat.
pub const SEAT_HOLD: Balance = 5 * SEAT_FEE;
/// Hold per byte of a model.
pub const BYTE_HOLD: Balance = 1_000_000;
/// Domain of most tests.
pub const DOMAIN: DomainId = 7;
/// Number of chunks of every domain.
pub const CHUNKS: usize = 32;
/// Error sum of the initial champion, per chunk.
pub const INITIAL: u32 = 1_000;
/// First block of every test: the first one of a commit phase of [`DOMAIN`].
pub const FIRST: u64 = 14;
/// Stake of a seat of a domain with sealed evidence.
pub const STAKE: Balance = 10 * DOIN;
/// Amount in the purse of most tests with sealed evidence.
pub const PURSE: Balance = 5_000 * DOIN;
/// Reward of a work block.
pub const REWARD: Balance = 50 * DOIN;
/// Price of one bit: T is 1/16 bit.
pub const BIT_PRICE: Balance = 16 * REWARD;
/// Blocks in which evidence can arrive.
pub const EVIDENCE: BlockNumber = RoundParams::DEV.evidence;
/// Blocks in which the high-water mark of live evidence halves: 90 days, with blocks of an hour.
pub const HALF_LIFE: BlockNumber = 90 * 24;
/// Weight of reading a stream.
pub const STREAM_WEIGHT: Weight = Weight::from_parts(11, 2);
/// Weight of a report of a champion.
pub const CROWN_WEIGHT: Weight = Weight::from_parts(13, 3);
/// Hash of block 0.
pub const GENESIS: Hash = [42; 32];

mock_runtime! {
	existential_deposit: 1_000,
	2: Optimae = pallet_doin_optimae,
}

parameter_types! {
	/// Plancks per gas.
	pub static BaseFeeNow: Balance = 1_000;
	/// Number of evaluators that can be drawn.
	pub static Available: u32 = 3;
	/// `true` if the recomputation service accepts no requests.
	pub static ServiceFull: bool = false;
	/// Number of free places of the work queue.
	pub static FreePlaces: u32 = 8;
	/// Weight of every domain, parts per million.
	pub static WeightNow: u32 = 1_000_000;
	/// Number of blocks in which pay ramps up.
	pub static RampNow: BlockNumber = 0;
	/// `true` if the domain is suspended, or has no evidence left, when a round opens.
	pub static Exhausted: bool = false;
	/// `true` if bars are kept until a verdict.
	pub static BarsKept: bool = true;
	/// `true` if evidence cannot be requested.
	pub static NothingLeft: bool = false;
	/// Part of a payment from the purse that can be minted, parts per million: less where seats are unfilled.
	pub static Mintable: u32 = MILLION;
	pub const Genesis: Hash = GENESIS;
	pub const AnswerWeight: Weight = Weight::from_parts(1_000_000_000, 0);
	pub const SettleWeight: Weight = Weight::from_parts(20_000_000_000, 0);
}

#[frame_support::storage_alias]
pub type Specs = StorageMap<MockDomains, Twox64Concat, DomainId, DomainSpec>;
#[frame_support::storage_alias]
pub type States = StorageMap<MockDomains, Twox64Concat, DomainId, DomainState<AccountId>>;
#[frame_support::storage_alias]
pub type Requests = StorageMap<MockRecompute, Twox64Concat, RoundId, Request>;
#[frame_support::storage_alias]
pub type NextTask = StorageValue<MockRecompute, TaskId, ValueQuery>;
#[frame_support::storage_alias]
pub type Queue = StorageValue<MockWork, Vec<QueuedImprovement<AccountId>>, ValueQuery>;
/// Improvements that were paid from the purse, and the minted amounts.
#[frame_support::storage_alias]
pub type Payments = StorageValue<MockWork, Vec<(QueuedImprovement<AccountId>, Balance)>, ValueQuery>;
/// Amount in the purse of every domain.
#[frame_support::storage_alias]
pub type Purse = StorageValue<MockEvidence, Balance, ValueQuery>;
/// Rounds that await their evidence, and until when.
#[frame_support::storage_alias]
pub type Awaited = StorageMap<MockEvidence, Twox64Concat, RoundId, BlockNumber>;
/// Evidence that arrives in the block of its request, if any.
#[frame_support::storage_alias]
pub type AtOnce = StorageValue<MockEvidence, EvidenceRef>;

/// Request that the recomputation service accepted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Request {
	pub task: TaskId,
	pub class: SizeClass,
	pub weighted: bool,
	pub needs_quorum: bool,
	pub models: ModelList,
	pub evidence: EvidenceRef,
	pub exclude: AuthorList<AccountId>,
}

/// All other pallets.
pub struct World;

impl doin_traits::Domains<AccountId> for World {
	fn spec(domain: DomainId) -> Option<DomainSpec> {
		Specs::get(domain)
	}
	fn state(domain: DomainId) -> Option<DomainState<AccountId>> {
		States::get(domain)
	}
	fn page(_: DomainId, _: u32) -> Option<Page> {
		None
	}
	fn open_round(domain: DomainId) -> DispatchResult {
		States::mutate(domain, |state| state.as_mut().expect("registered").open_rounds += 1);
		Ok(())
	}
	fn close_round(round: RoundId, result: RoundResult, backing: Option<Backing>) {
		States::mutate(round.domain, |state| {
			if let Some(state) = state {
				state.open_rounds = state.open_rounds.checked_sub(1).expect("every round is closed once");
				let block = doin_traits::block::current_block::<Test>();
				state.last_round = Some(LastRound { number: round.number, block, result });
				state.unanswered = match (backing, result) {
					(Some(Backing::Quorum), _) => false,
					(_, RoundResult::Unpaid(UnpaidReason::NoQuorum)) => true,
					_ => state.unanswered,
				};
			}
		});
	}
	fn baseline(_: DomainId) -> Option<ModelBytes> {
		None
	}
	fn high_water(domain: DomainId) -> Q32 {
		let (spec, state) = (Specs::get(domain).expect("registered"), States::get(domain).expect("registered"));
		state.mark(spec.evidence.kind(), doin_traits::block::current_block::<Test>(), HALF_LIFE)
	}
	fn crown(domain: DomainId, champion: Champion<AccountId>, progress: Progress) {
		let Progress { high_water, carry, upper } = progress;
		let target = Specs::get(domain).expect("registered").target;
		let mark = Self::high_water(domain);
		States::mutate(domain, |state| {
			let state = state.as_mut().expect("registered");
			assert!(high_water >= mark, "a verdict does not lower the high-water mark");
			(state.high_water, state.high_water_at) = (high_water, doin_traits::block::current_block::<Test>());
			state.carry = carry;
			if doin_scoring::verdict::loss(upper, champion.initial_error) <= u64::from(target) {
				state.status = Status::Converged;
			}
			state.champion = champion;
		});
	}
	fn crown_weight() -> Weight {
		CROWN_WEIGHT
	}
	fn record_progress(domain: DomainId, high_water: Q32, carry: Q32) {
		let mark = Self::high_water(domain);
		States::mutate(domain, |state| {
			let state = state.as_mut().expect("registered");
			assert!(high_water >= mark && carry <= state.carry, "the mark does not fall, and carried bits do not grow");
			(state.high_water, state.carry) = (high_water, carry);
			state.high_water_at = doin_traits::block::current_block::<Test>();
		});
	}
}

impl doin_traits::DomainWeights for World {
	fn weight(_: DomainId) -> u32 {
		WeightNow::get()
	}
}

impl doin_traits::Recompute<AccountId> for World {
	fn request(request: RecomputationRequest<AccountId>) -> Result<TaskId, DispatchError> {
		frame_support::ensure!(!ServiceFull::get(), "the service is full");
		let Subject::Round(round) = request.subject;
		assert_eq!(request.domain, round.domain);
		assert!(!Requests::contains_key(round), "a round is evaluated once");
		let task = NextTask::mutate(|next| core::mem::replace(next, *next + 1));
		let RecomputationRequest { class, weighted, needs_quorum, models, evidence, exclude, .. } = request;
		Requests::insert(round, Request { task, class, weighted, needs_quorum, models, evidence, exclude });
		Ok(task)
	}
	/// The accounts of [`EVALUATORS`] are among the evaluators.
	fn available(_: DomainId, _: SizeClass, _: bool, exclude: &[AccountId]) -> u32 {
		let excluded = exclude.iter().filter(|who| EVALUATORS.contains(who)).count() as u32;
		Available::get().saturating_sub(excluded)
	}
	fn recompute_weight(_: DomainId, class: SizeClass) -> Weight {
		<Self as doin_traits::ChunkScorer>::weight(class).saturating_mul(CHUNKS as u64)
	}
}

impl doin_traits::ChunkScorer for World {
	fn drawn_sum(_: ChunkDraw, _: &ModelRef, _: u16) -> Result<u32, ScoreError> {
		Err(ScoreError::NoSuchChunk)
	}
	/// The validation sum of a chunk is the coordinate of the model with that index.
	fn validation_sum(_: DomainId, model: &ModelRef, index: u16) -> Result<u32, ScoreError> {
		let sums = score_points(model).ok_or(ScoreError::UnknownModel)?;
		sums.get(usize::from(index)).copied().ok_or(ScoreError::NoSuchChunk)
	}
	fn chunks(_: DomainId) -> Option<u16> {
		Some(CHUNKS as u16)
	}
	fn tolerance(_: DomainId) -> Option<u32> {
		unreachable!("the pallet settles no tasks")
	}
	fn weight(class: SizeClass) -> Weight {
		match class {
			SizeClass::Small => Weight::from_parts(1_000_000_000, 0),
			SizeClass::Large => Weight::from_parts(4_000_000_000, 0),
			SizeClass::Huge => Weight::from_parts(16_000_000_000, 0),
		}
	}
}

impl doin_traits::Work<AccountId> for World {
	fn free_places() -> u32 {
		FreePlaces::get()
	}
	fn enqueue(improvement: QueuedImprovement<AccountId>) {
		assert!(FreePlaces::get() > 0 && improvement.effective > 0, "the queue has a free place for every effective improvement");
		Queue::append(improvement);
	}
	fn reward() -> Balance {
		REWARD
	}
	fn price(effective: Q32) -> Balance {
		(BIT_PRICE * Balance::from(effective)) >> 32
	}
	/// Mints to the optimizer alone.
	fn pay(improvement: QueuedImprovement<AccountId>, most: Balance) -> Payment {
		let affordable = Q32::try_from((most << 32) / BIT_PRICE).unwrap_or(Q32::MAX);
		let effective = improvement.effective.min(affordable);
		let minted = Self::price(effective) * Balance::from(Mintable::get()) / Balance::from(MILLION);
		if minted > 0 {
			Balances::mint_into(&improvement.optimizer, minted).expect("optimizers can receive");
		}
		if effective > 0 {
			Payments::append((QueuedImprovement { effective, ..improvement }, minted));
		}
		Payment { effective, minted }
	}
}

impl doin_traits::EvidenceSource for World {
	fn ensure_provided(_: &DomainSpec) -> DispatchResult {
		unreachable!("the pallet registers no domains")
	}
	fn ensure_open(_: DomainId) -> DispatchResult {
		frame_support::ensure!(!Exhausted::get(), "no evidence is left");
		Ok(())
	}
	fn request(round: RoundId) -> DispatchResult {
		frame_support::ensure!(!NothingLeft::get(), "no evidence is left");
		assert!(!Awaited::contains_key(round), "evidence is requested once");
		if let Some(evidence) = AtOnce::get() {
			<Optimae as doin_traits::OnEvidence>::stands(round, evidence);
			return Ok(());
		}
		Awaited::insert(round, System::block_number() as BlockNumber + EVIDENCE);
		Ok(())
	}
	fn awaited_until(round: RoundId) -> Option<BlockNumber> {
		Awaited::get(round)
	}
	fn is_ready(_: DomainId, least: Balance) -> bool {
		Purse::get() >= least
	}
	fn purse(_: DomainId) -> Balance {
		Purse::get()
	}
	fn spend(_: RoundId, amount: Balance) -> Balance {
		Purse::mutate(|purse| *purse = purse.checked_sub(amount).expect("the purse covers what it pays for"));
		let (keep, exact, force) = (Preservation::Preserve, Precision::Exact, Fortitude::Polite);
		Balances::burn_from(&OWNER, amount, keep, exact, force).expect("the owner has the amount of its purse")
	}
	fn retired(_: DomainId) {}
	fn retired_weight() -> Weight {
		Weight::zero()
	}
	fn is_kept(_: DomainId, evidence: EvidenceRef) -> bool {
		BarsKept::get() || !matches!(evidence, EvidenceRef::Bars { .. })
	}
	fn stream_weight() -> Weight {
		STREAM_WEIGHT
	}
}

impl doin_traits::BaseFee for World {
	fn fee(weight: Weight, len: u32) -> Balance {
		(Balance::from(weight.ref_time() / 1_000_000) + Balance::from(len)) * BaseFeeNow::get()
	}
	fn base_fee() -> Balance {
		BaseFeeNow::get()
	}
}

impl doin_traits::Timing for World {
	fn blocks(_: u64) -> BlockNumber {
		1
	}
	fn rounds() -> RoundParams {
		RoundParams::DEV
	}
	fn ramp() -> BlockNumber {
		RampNow::get()
	}
}

impl Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Domains = World;
	type DomainWeights = World;
	type Recompute = World;
	type Evidence = World;
	type ChunkScorer = World;
	type Work = World;
	type BaseFee = World;
	type Timing = World;
	type GenesisHash = Genesis;
	type SeatFee = ConstU128<SEAT_FEE>;
	type HoldFactor = ConstU32<5>;
	type ByteHold = ConstU128<BYTE_HOLD>;
	type AnswerWeight = AnswerWeight;
	type AnswerLen = ConstU32<200>;
	type SettleWeight = SettleWeight;
	type SettleLen = ConstU32<200>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for World {
	fn domain() -> DomainId {
		crate::test_utils::add_domain(DOMAIN, crate::test_utils::synthetic());
		System::set_block_number(FIRST);
		DOMAIN
	}
	fn sealed_domain() -> DomainId {
		crate::test_utils::add_domain(DOMAIN, crate::test_utils::sealed());
		Purse::put(2 * BIT_PRICE);
		System::set_block_number(FIRST);
		DOMAIN
	}
	fn carrying(domain: DomainId, carry: Q32) {
		States::mutate(domain, |state| state.as_mut().expect("registered").carry = carry);
	}
	fn reveal(_: DomainId, _: u32) -> doin_primitives::payload::Reveal {
		crate::test_utils::candidate([INITIAL - 100; CHUNKS])
	}
	fn set_block(block: BlockNumber) {
		System::set_block_number(block.into());
	}
}
