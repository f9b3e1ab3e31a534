//! A chain with balances, evaluators and this pallet. The other pallets are replaced: chunk sums are hashes, the handler stores
//! its calls, and switches let a test change the rest.

use crate as pallet_doin_recomputation;
use codec::Encode;
use doin_primitives::{
	blake2_256, payload::Sums, Balance, BlockNumber, DomainId, EvidenceRef, Hash, ModelRef, SizeClass, Subject, DOIN,
};
use doin_scoring::verdict::NO_EVIDENCE;
use doin_testing::{checked, endowed, mock_runtime, to_block, DevTiming, QuadraticDomains, ScriptedReputation};
pub use doin_testing::{Behaviours, Scores};
use doin_traits::{ChunkDraw, OnRecomputed, Outcome, ScoreError, VoidReason};
use frame_support::{
	parameter_types,
	traits::{ConstU128, Hooks},
	weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight},
};
use frame_system::limits::BlockWeights;
use sp_runtime::{BuildStorage, TryRuntimeError};

pub const GENESIS: Hash = [9; 32];
pub const MIN_BOND: Balance = 400 * DOIN;
pub const CHALLENGE_BOND: Balance = 10 * DOIN;
pub const CHUNKS: u16 = 8;
/// A domain with weight, one without, and the first that is not registered.
pub const WEIGHTED: DomainId = 1;
pub const UNWEIGHTED: DomainId = 60;
/// A domain without weight whose sums the runtime cannot compute, and its tolerance in parts per million.
pub const TOLERANT: DomainId = 61;
pub const EPSILON: u32 = 500;
pub const UNKNOWN: DomainId = 100;

mock_runtime! {
	existential_deposit: DOIN / 100,
	system: { type BlockWeights = TestBlockWeights; },
	2: Evaluators = pallet_doin_evaluators,
	3: Recomputation = pallet_doin_recomputation,
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
}

/// Reputation whose scores do not move.
pub type MockReputation = ScriptedReputation<false>;
/// Rounds of a development chain, and blocks of two seconds.
pub type MockTiming = DevTiming<2_000>;

/// Scorer, beacon, prices and handler, which tests script.
pub struct Fake;

impl doin_traits::ChunkScorer for Fake {
	fn drawn_sum(draw: ChunkDraw, model: &ModelRef, index: u16) -> Result<u32, ScoreError> {
		assert_ne!(draw.domain, TOLERANT, "the runtime scores no chunk of a domain with a tolerance");
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
	fn tolerance(domain: DomainId) -> Option<u32> {
		(domain == TOLERANT).then_some(EPSILON)
	}
	fn weight(class: SizeClass) -> Weight {
		match class {
			SizeClass::Small => Weight::from_parts(1_000_000_000, 0),
			SizeClass::Large => Weight::from_parts(4_000_000_000, 0),
			SizeClass::Huge => Weight::from_parts(16_000_000_000, 0),
		}
	}
}

impl doin_traits::Entropy for Fake {
	fn parent_vrf() -> Option<Hash> {
		Vrf::get().then(|| blake2_256(&System::block_number().encode()))
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
	type Domains = QuadraticDomains<UNKNOWN, { CHUNKS as usize }>;
	type Reputation = MockReputation;
	type Timing = MockTiming;
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
	type Timing = MockTiming;
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
	let bonds = (1..=evaluators).map(|who| (who, 500 * DOIN, SizeClass::Small)).collect();
	let genesis = RuntimeGenesisConfig {
		balances: endowed!((1..=evaluators).chain(9_000..9_004), 1_000 * DOIN),
		evaluators: pallet_doin_evaluators::GenesisConfig { evaluators: bonds },
		..Default::default()
	};
	let mut ext: sp_io::TestExternalities = genesis.build_storage().unwrap().into();
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
		MockReputation::reset();
		to(1);
	});
	ext
}

/// Checks the invariants of both pallets.
fn checked_state() -> Result<(), TryRuntimeError> {
	Evaluators::do_try_state()?;
	Recomputation::do_try_state()
}

/// Checks the invariants of both pallets now.
pub fn try_state() {
	checked_state().unwrap();
}

/// Runs `test` on a chain with `evaluators` evaluators, then checks the invariants.
pub fn with(evaluators: u64, test: impl FnOnce()) {
	checked(new_test_ext_with(evaluators), checked_state, test);
}

/// Makes blocks until `block`, and checks the invariants after each.
pub fn to(block: BlockNumber) {
	to_block::<Test>(block, checked_state, |block| {
		Evaluators::on_initialize(block.into());
		Recomputation::on_initialize(block.into());
	});
}

/// Makes `blocks` blocks and checks the invariants.
pub fn pass(blocks: BlockNumber) {
	to(now() + blocks);
}

/// Returns the number of this block.
pub fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}
