//! A chain with balances, evaluators and this pallet. The other pallets are replaced: chunk sums are hashes, the handler stores
//! its calls, and switches let a test change the rest.

use crate as pallet_doin_recomputation;
use codec::Encode;
use doin_primitives::{
	blake2_256,
	domain::{Champion, DomainState, ModelBytes},
	payload::Sums,
	settlement::Backing,
	Balance, BlockNumber, DomainId, DomainSpec, Evidence, EvidenceRef, Growth, Hash, Limits, ModelRef, Page, RoundId,
	RoundParams, RoundResult, SizeClass, Split, Subject, DOIN, Q32,
};
use doin_scoring::{verdict::NO_EVIDENCE, Program, Quadratic};
use doin_traits::{Behaviour, ChunkDraw, OnRecomputed, Outcome, Progress, ScoreError, VoidReason};
use frame_support::{
	derive_impl,
	dispatch::DispatchResult,
	parameter_types,
	traits::{ConstU128, Hooks},
	weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight},
};
use frame_system::limits::BlockWeights;
use sp_runtime::{traits::IdentityLookup, BuildStorage};
use std::collections::BTreeMap;

type Block = frame_system::mocking::MockBlock<Test>;

pub const GENESIS: Hash = [9; 32];
pub const MIN_BOND: Balance = 400 * DOIN;
pub const CHALLENGE_BOND: Balance = 10 * DOIN;
pub const CHUNKS: u16 = 8;
/// A domain with weight, one without, and the first that is not registered.
pub const WEIGHTED: DomainId = 1;
pub const UNWEIGHTED: DomainId = 60;
pub const UNKNOWN: DomainId = 100;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeHoldReason,
		RuntimeFreezeReason,
		RuntimeTask
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Evaluators = pallet_doin_evaluators;
	#[runtime::pallet_index(3)]
	pub type Recomputation = pallet_doin_recomputation;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = u64;
	type Lookup = IdentityLookup<u64>;
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
	type BlockWeights = TestBlockWeights;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<{ DOIN / 100 }>;
	type AccountStore = System;
}

/// One call of the handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerCall {
	Recomputed(Subject, Outcome<u64>),
	Voided(Subject, VoidReason),
}

parameter_types! {
	/// Blocks of ten seconds, of whose tenth many tasks can be drawn.
	pub TestBlockWeights: BlockWeights =
		BlockWeights::simple_max(Weight::from_parts(10 * WEIGHT_REF_TIME_PER_SECOND, u64::MAX));
	pub const GenesisHash: Hash = GENESIS;
	/// `true` if blocks carry a VRF output.
	pub static Vrf: bool = true;
	/// `true` if the handler takes results.
	pub static Ready: bool = true;
	/// `true` if chunks can be scored.
	pub static Computable: bool = true;
	/// Number of chunks scored.
	pub static Scored: u32 = 0;
	/// Evidence that the last chunk was scored on.
	pub static ScoredOn: Option<EvidenceRef> = None;
	/// Chunk without evidence.
	pub static EmptyChunk: Option<u16> = None;
	/// Model that the handler would crown.
	pub static Leader: Option<u8> = None;
	/// Weight of the handler.
	pub static HandlerWeight: Weight = Weight::from_parts(1_000_000, 0);
	/// Calls of the handler, in order.
	pub static Calls: Vec<HandlerCall> = Vec::new();
	/// Bond of a challenge.
	pub static ChallengeBondNow: Balance = CHALLENGE_BOND;
	/// Base fee of every block.
	pub static BaseFeeNow: Balance = 1_000;
	/// Scores in millionths; 3 000 000 for accounts without an entry.
	pub static Scores: BTreeMap<u64, u32> = BTreeMap::new();
	/// Behaviours in order of their records.
	pub static Behaviours: Vec<(u64, Behaviour)> = Vec::new();
}

/// All other pallets.
pub struct Fake;

impl doin_traits::ChunkScorer for Fake {
	fn drawn_sum(draw: ChunkDraw, model: &ModelRef, index: u16) -> Result<u32, ScoreError> {
		if !Computable::get() {
			return Err(ScoreError::UnknownModel);
		}
		Scored::mutate(|scored| *scored += 1);
		ScoredOn::set(Some(draw.evidence));
		Ok(true_sum(draw.domain, model, draw.seed, index))
	}
	fn validation_sum(domain: DomainId, model: &ModelRef, index: u16) -> Result<u32, ScoreError> {
		Ok(true_sum(domain, model, &[0; 32], index))
	}
	fn chunks(domain: DomainId) -> Option<u16> {
		(domain < UNKNOWN).then_some(CHUNKS)
	}
	fn weight(class: SizeClass) -> Weight {
		match class {
			SizeClass::Small => Weight::from_parts(1_000_000_000, 0),
			SizeClass::Large => Weight::from_parts(4_000_000_000, 0),
			SizeClass::Huge => Weight::from_parts(16_000_000_000, 0),
		}
	}
}

impl doin_traits::Domains<u64> for Fake {
	fn spec(domain: DomainId) -> Option<DomainSpec> {
		(domain < UNKNOWN).then(|| DomainSpec {
			name: b"domain".to_vec().try_into().unwrap(),
			unit: Default::default(),
			program: Program::Quadratic(Quadratic { target: vec![0; CHUNKS.into()].try_into().unwrap() }),
			genes: Default::default(),
			limits: Limits { model_bytes: 1_024, window_macs: 1_000 },
			data_root: Default::default(),
			values: 0,
			growth: Growth::Fixed,
			split: Split { train_end: 0, validation_end: 0 },
			licence: Default::default(),
			evidence: Evidence::Public,
			min_improvement: 2_000,
			target: 0,
		})
	}
	fn state(_: DomainId) -> Option<DomainState<u64>> {
		unreachable!("evaluators read no state")
	}
	fn page(_: DomainId, _: u32) -> Option<Page> {
		unreachable!("evaluators read no pages")
	}
	fn open_round(_: DomainId) -> DispatchResult {
		unreachable!("evaluators open no rounds")
	}
	fn close_round(_: RoundId, _: RoundResult, _: Option<Backing>) {
		unreachable!("evaluators close no rounds")
	}
	fn high_water(_: DomainId) -> Q32 {
		unreachable!("evaluators read no mark")
	}
	fn baseline(_: DomainId) -> Option<ModelBytes> {
		unreachable!("evaluators read no models")
	}
	fn crown(_: DomainId, _: Champion<u64>, _: Progress) {
		unreachable!("evaluators crown no models")
	}
	fn record_progress(_: DomainId, _: Q32, _: Q32) {
		unreachable!("evaluators record no progress")
	}
}

impl doin_traits::Entropy for Fake {
	fn parent_vrf() -> Option<Hash> {
		Vrf::get().then(|| blake2_256(&System::block_number().encode()))
	}
}

impl doin_traits::Timing for Fake {
	fn blocks(ms: u64) -> BlockNumber {
		(ms / 2_000).max(1) as BlockNumber
	}
	fn rounds() -> RoundParams {
		RoundParams::DEV
	}
	fn ramp() -> BlockNumber {
		0
	}
}

impl doin_traits::BaseFee for Fake {
	fn fee(_: Weight, _: u32) -> Balance {
		unreachable!("this pallet sets no prices")
	}
	fn base_fee() -> Balance {
		BaseFeeNow::get()
	}
}

impl doin_traits::Reputation<u64> for Fake {
	fn factor(who: &u64) -> u32 {
		doin_primitives::reputation::factor(u64::from(Self::score(who)) * (1 << 32) / 1_000_000)
	}
	fn is_eligible(who: &u64) -> bool {
		Self::score(who) >= 2_000_000
	}
	fn score(who: &u64) -> u32 {
		Scores::get().get(who).copied().unwrap_or(3_000_000)
	}
	fn record(who: &u64, behaviour: Behaviour) {
		Behaviours::mutate(|behaviours| behaviours.push((*who, behaviour)));
	}
}

impl OnRecomputed<u64> for Fake {
	fn handles(_: &Subject) -> bool {
		true
	}
	fn leader(_: &Subject, _: &Sums) -> Option<u8> {
		Leader::get()
	}
	fn ready(_: &Subject) -> bool {
		Ready::get()
	}
	fn recomputed(subject: &Subject, outcome: Outcome<u64>) {
		Calls::mutate(|calls| calls.push(HandlerCall::Recomputed(*subject, outcome)));
	}
	fn voided(subject: &Subject, reason: VoidReason) {
		Calls::mutate(|calls| calls.push(HandlerCall::Voided(*subject, reason)));
	}
	fn weight() -> Weight {
		HandlerWeight::get()
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<u64> for Fake {
	fn domain() -> (DomainId, SizeClass, ModelRef) {
		(UNWEIGHTED, SizeClass::Small, ModelRef::Origin)
	}
	fn entropy() {
		Vrf::set(true);
	}
	fn scored(_: u32) -> (DomainId, ModelRef) {
		(UNWEIGHTED, ModelRef::Origin)
	}
	fn dealt() -> (DomainId, EvidenceRef, ModelRef) {
		(UNWEIGHTED, EvidenceRef::Drawn, ModelRef::Origin)
	}
	fn evaluators(count: u32, class: SizeClass) -> Vec<u64> {
		pallet_doin_evaluators::benchmarking::evaluators::<Test>(count, class)
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_doin_evaluators::benchmarking::BenchmarkHelper for Fake {
	fn domain() -> DomainId {
		UNWEIGHTED
	}
}

impl pallet_doin_evaluators::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Domains = Fake;
	type Reputation = Fake;
	type Timing = Fake;
	type MinBond = ConstU128<MIN_BOND>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Fake;
}

impl crate::Config for Test {
	type BaseFee = Fake;
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type ChunkScorer = Fake;
	type Entropy = Fake;
	type EvaluatorSet = Evaluators;
	type Timing = Fake;
	type Handler = (Fake,);
	type GenesisHash = GenesisHash;
	type ChallengeBond = ChallengeBondNow;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Fake;
}

/// Returns the sum that the runtime would compute: that of [`EmptyChunk`] marks a chunk without evidence for every model.
pub fn true_sum(domain: DomainId, model: &ModelRef, seed: &Hash, index: u16) -> u32 {
	if EmptyChunk::get() == Some(index) {
		return NO_EVIDENCE;
	}
	let hash = blake2_256(&(domain, model, seed, index).encode());
	u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// Returns a chain with `evaluators` evaluators of the small class, accounts 1 to `evaluators` with a bond of 500 DOIN each, and
/// accounts 9 000 to 9 003 with 1 000 DOIN.
pub fn new_test_ext_with(evaluators: u64) -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let accounts = (1..=evaluators).chain(9_000..9_004);
	pallet_balances::GenesisConfig::<Test> { balances: accounts.map(|who| (who, 1_000 * DOIN)).collect(), ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	let evaluators = (1..=evaluators).map(|who| (who, 500 * DOIN, SizeClass::Small)).collect();
	pallet_doin_evaluators::GenesisConfig::<Test> { evaluators }.assimilate_storage(&mut storage).unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		Vrf::set(true);
		Ready::set(true);
		Computable::set(true);
		Scored::set(0);
		EmptyChunk::set(None);
		Leader::set(None);
		ChallengeBondNow::set(CHALLENGE_BOND);
		BaseFeeNow::set(1_000);
		HandlerWeight::set(Weight::from_parts(1_000_000, 0));
		Calls::set(Vec::new());
		Scores::set(BTreeMap::new());
		Behaviours::set(Vec::new());
		to(1);
	});
	ext
}

/// Checks the invariants of both pallets.
pub fn try_state() {
	Evaluators::do_try_state().unwrap();
	Recomputation::do_try_state().unwrap();
}

/// Runs `test` on a chain with `evaluators` evaluators, then checks the invariants.
pub fn with(evaluators: u64, test: impl FnOnce()) {
	new_test_ext_with(evaluators).execute_with(|| {
		test();
		try_state();
	});
}

/// Makes blocks until `block`, and checks the invariants after each.
pub fn to(block: BlockNumber) {
	while System::block_number() < u64::from(block) {
		let next = System::block_number() + 1;
		System::set_block_number(next);
		Evaluators::on_initialize(next);
		Recomputation::on_initialize(next);
		try_state();
	}
}

/// Makes `blocks` blocks and checks the invariants.
pub fn pass(blocks: BlockNumber) {
	to(now() + blocks);
}

/// Returns the number of this block.
pub fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}
