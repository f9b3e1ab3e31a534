//! Mock runtime of System, Balances and this pallet. [`World`] implements all other pallets: its domains, requests and queue are
//! in storage, so that a failing call leaves no trace in them, and its prices and sizes are static variables.

use crate::{self as pallet_doin_optimae, test_utils::score_points, Config};
use codec::{Decode, Encode};
use doin_primitives::{
	domain::{Champion, DomainState},
	settlement::Backing,
	Balance, BlockNumber, DomainId, DomainSpec, Hash, LastRound, ModelRef, Page, RoundId, RoundParams, RoundResult, SizeClass,
	Status, Subject, TaskId, UnpaidReason, DOIN, Q32,
};
use doin_traits::{AuthorList, ModelList, QueuedImprovement, RecomputationRequest, ScoreError};
use frame_support::{
	derive_impl,
	dispatch::DispatchResult,
	pallet_prelude::ValueQuery,
	parameter_types,
	traits::{ConstU128, ConstU32},
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
/// Hash of block 0.
pub const GENESIS: Hash = [42; 32];

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Optimae = pallet_doin_optimae;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<1_000>;
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

/// Request that the recomputation service accepted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Request {
	pub task: TaskId,
	pub class: SizeClass,
	pub weighted: bool,
	pub needs_quorum: bool,
	pub models: ModelList,
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
	fn crown(domain: DomainId, champion: Champion<AccountId>, high_water: Q32, upper: u64) {
		let target = Specs::get(domain).expect("registered").target;
		States::mutate(domain, |state| {
			let state = state.as_mut().expect("registered");
			assert!(high_water >= state.high_water, "the high-water mark does not fall");
			state.high_water = high_water;
			if doin_scoring::verdict::loss(upper, champion.initial_error) <= u64::from(target) {
				state.status = Status::Converged;
			}
			state.champion = champion;
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
		let RecomputationRequest { class, weighted, needs_quorum, models, exclude, .. } = request;
		Requests::insert(round, Request { task, class, weighted, needs_quorum, models, exclude });
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
	fn drawn_sum(_: DomainId, _: &ModelRef, _: &Hash, _: u16) -> Result<u32, ScoreError> {
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
}

impl Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Domains = World;
	type DomainWeights = World;
	type Recompute = World;
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
	fn public_domain() -> DomainId {
		crate::test_utils::add_domain(DOMAIN, doin_primitives::Evidence::Public);
		System::set_block_number(FIRST);
		DOMAIN
	}
	fn reveal(_: DomainId, _: u32) -> doin_primitives::payload::Reveal {
		crate::test_utils::candidate([INITIAL - 100; CHUNKS])
	}
	fn set_block(block: BlockNumber) {
		System::set_block_number(block.into());
	}
}
