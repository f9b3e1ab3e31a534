//! A chain with balances and this pallet. Everything around it is the simplest thing that answers: a judge that hashes, a handler that
//! writes down what it is told, and switches for what a test wants to change.

use crate as pallet_doin_quorum;
use codec::Encode;
use doin_primitives::{
	blake2_256, payload::Sums, Balance, BlockNumber, DomainId, Hash, ModelRef, RoundId, RoundParams, SizeClass, DOIN,
};
use doin_primitives_frame::{Deed, Fault, OnRecomputed, Outcome};
use frame_support::{
	derive_impl, parameter_types,
	traits::{ConstU128, Hooks},
	weights::Weight,
};
use sp_runtime::{traits::IdentityLookup, BuildStorage};
use std::collections::BTreeMap;

type Block = frame_system::mocking::MockBlock<Test>;

pub const GENESIS: Hash = [9; 32];
pub const MIN_BOND: Balance = 400 * DOIN;
pub const DISPUTE_BOND: Balance = 10 * DOIN;
pub const CHUNKS: u16 = 8;
/// A domain that weighs something, one that weighs nothing, and the first that does not exist.
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
	pub type Quorum = pallet_doin_quorum;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = u64;
	type Lookup = IdentityLookup<u64>;
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<{ DOIN / 100 }>;
	type AccountStore = System;
}

/// What the handler was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
	Recomputed(RoundId, Outcome<u64>),
	Voided(RoundId),
}

parameter_types! {
	pub const GenesisHash: Hash = GENESIS;
	/// Whether blocks carry a VRF output.
	pub static Vrf: bool = true;
	/// Whether the handler takes verdicts.
	pub static Ready: bool = true;
	/// Whether the judge can compute.
	pub static Judging: bool = true;
	/// Chunks the judge has computed.
	pub static Judged: u32 = 0;
	/// What the handler says would win.
	pub static Leader: Option<u8> = None;
	/// Weight of a verdict.
	pub static HandlerWeight: Weight = Weight::from_parts(1_000_000, 0);
	pub static Calls: Vec<Told> = Vec::new();
	/// Scores in millionths; 3 000 000 for those not there.
	pub static Scores: BTreeMap<u64, u32> = BTreeMap::new();
	pub static Deeds: Vec<(u64, Deed)> = Vec::new();
}

pub struct Fake;

impl doin_primitives_frame::Judge for Fake {
	fn chunk(domain: DomainId, model: &ModelRef, seed: &Hash, index: u16) -> Result<u32, Fault> {
		if !Judging::get() {
			return Err(Fault::UnknownModel);
		}
		Judged::mutate(|judged| *judged += 1);
		Ok(true_sum(domain, model, seed, index))
	}
	fn claim(domain: DomainId, model: &ModelRef, index: u16) -> Result<u32, Fault> {
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

impl doin_primitives_frame::Entropy for Fake {
	fn parent_vrf() -> Option<Hash> {
		Vrf::get().then(|| blake2_256(&System::block_number().encode()))
	}
}

impl doin_primitives_frame::Timing for Fake {
	fn blocks(ms: u64) -> BlockNumber {
		(ms / 2_000).max(1) as BlockNumber
	}
	fn rounds() -> RoundParams {
		RoundParams::DEV
	}
}

impl doin_primitives_frame::Gauge for Fake {
	fn weight(domain: DomainId) -> u32 {
		if domain < 50 {
			1_000
		} else {
			0
		}
	}
}

impl doin_primitives_frame::Reputation<u64> for Fake {
	fn factor(who: &u64) -> u32 {
		doin_primitives::reputation::factor(u64::from(Self::score(who)) * (1 << 32) / 1_000_000)
	}
	fn drawable(who: &u64) -> bool {
		Self::score(who) >= 2_000_000
	}
	fn score(who: &u64) -> u32 {
		Scores::get().get(who).copied().unwrap_or(3_000_000)
	}
	fn note(who: &u64, deed: Deed) {
		Deeds::mutate(|deeds| deeds.push((*who, deed)));
	}
}

impl OnRecomputed<u64> for Fake {
	fn leader(_: RoundId, _: &Sums) -> Option<u8> {
		Leader::get()
	}
	fn ready() -> bool {
		Ready::get()
	}
	fn recomputed(round: RoundId, outcome: Outcome<u64>) {
		Calls::mutate(|calls| calls.push(Told::Recomputed(round, outcome)));
	}
	fn voided(round: RoundId) {
		Calls::mutate(|calls| calls.push(Told::Voided(round)));
	}
	fn weight() -> Weight {
		HandlerWeight::get()
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for Fake {
	fn domain() -> (DomainId, SizeClass, ModelRef) {
		(UNWEIGHTED, SizeClass::Small, ModelRef::Origin)
	}
	fn entropy() {
		Vrf::set(true);
	}
	fn judged(_: u32) -> (DomainId, ModelRef) {
		(UNWEIGHTED, ModelRef::Origin)
	}
}

impl crate::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Judge = Fake;
	type Entropy = Fake;
	type Timing = Fake;
	type Gauge = Fake;
	type Reputation = Fake;
	type Handler = Fake;
	type GenesisHash = GenesisHash;
	type MinBond = ConstU128<MIN_BOND>;
	type DisputeBond = ConstU128<DISPUTE_BOND>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Fake;
}

/// What the judge would say.
pub fn true_sum(domain: DomainId, model: &ModelRef, seed: &Hash, index: u16) -> u32 {
	let hash = blake2_256(&(domain, model, seed, index).encode());
	u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// A chain with `evaluators` bonded evaluators of the small class, accounts 1 to `evaluators`, and rich accounts 9 000 to 9 003.
pub fn new_test_ext_with(evaluators: u64) -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let accounts = (1..=evaluators).chain(9_000..9_004);
	pallet_balances::GenesisConfig::<Test> { balances: accounts.map(|who| (who, 1_000 * DOIN)).collect(), ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	let evaluators = (1..=evaluators).map(|who| (who, 500 * DOIN, SizeClass::Small)).collect();
	crate::GenesisConfig::<Test> { evaluators }.assimilate_storage(&mut storage).unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		Vrf::set(true);
		Ready::set(true);
		Judging::set(true);
		Judged::set(0);
		Leader::set(None);
		HandlerWeight::set(Weight::from_parts(1_000_000, 0));
		Calls::set(Vec::new());
		Scores::set(BTreeMap::new());
		Deeds::set(Vec::new());
		to(1);
	});
	ext
}

/// Runs `test` on a chain with `evaluators` evaluators and checks the pallet's invariants after it.
pub fn with(evaluators: u64, test: impl FnOnce()) {
	new_test_ext_with(evaluators).execute_with(|| {
		test();
		Quorum::do_try_state().unwrap();
	});
}

/// Makes blocks until `block`, checking the invariants after each.
pub fn to(block: BlockNumber) {
	while System::block_number() < u64::from(block) {
		let next = System::block_number() + 1;
		System::set_block_number(next);
		Quorum::on_initialize(next);
		Quorum::do_try_state().unwrap();
	}
}

/// Makes `blocks` blocks.
pub fn pass(blocks: BlockNumber) {
	to(now() + blocks);
}

/// This block.
pub fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}
