//! A chain with balances and this pallet. Domains, weights and reputation are switches that a test can set.

use crate as pallet_doin_evaluators;
use doin_primitives::{
	domain::{Champion, DomainState, ModelBytes},
	Balance, BlockNumber, DomainId, DomainSpec, Evidence, Growth, Limits, Page, RoundId, RoundParams, RoundResult, SizeClass,
	Split, DOIN, Q32,
};
use doin_scoring::{Program, Quadratic};
use doin_traits::{Behaviour, Progress};
use frame_support::{
	derive_impl,
	dispatch::DispatchResult,
	parameter_types,
	traits::{ConstU128, Hooks},
};
use sp_runtime::{traits::IdentityLookup, BuildStorage};
use std::collections::BTreeMap;

type Block = frame_system::mocking::MockBlock<Test>;

pub const MIN_BOND: Balance = 400 * DOIN;
/// A domain with weight, the first of several without weight, and the first that is not registered.
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

parameter_types! {
	/// Scores in millionths; 3 000 000 for accounts without an entry.
	pub static Scores: BTreeMap<u64, u32> = BTreeMap::new();
	/// Behaviours in order of their records.
	pub static Behaviours: Vec<(u64, Behaviour)> = Vec::new();
	/// Lengths of the phases.
	pub static Rounds: RoundParams = RoundParams::DEV;
}

/// All other pallets.
pub struct Fake;

impl doin_traits::Domains<u64> for Fake {
	fn spec(domain: DomainId) -> Option<DomainSpec> {
		(domain < UNKNOWN).then(|| DomainSpec {
			name: b"domain".to_vec().try_into().unwrap(),
			unit: Default::default(),
			program: Program::Quadratic(Quadratic { target: vec![0; 8].try_into().unwrap() }),
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
		unreachable!("the pallet reads no state")
	}
	fn page(_: DomainId, _: u32) -> Option<Page> {
		unreachable!("the pallet reads no pages")
	}
	fn high_water(_: DomainId) -> Q32 {
		unreachable!("the pallet reads no mark")
	}
	fn baseline(_: DomainId) -> Option<ModelBytes> {
		unreachable!("the pallet reads no models")
	}
	fn open_round(_: DomainId) -> DispatchResult {
		unreachable!("the pallet opens no rounds")
	}
	fn close_round(_: RoundId, _: RoundResult, _: Option<doin_primitives::settlement::Backing>) {
		unreachable!("the pallet closes no rounds")
	}
	fn crown(_: DomainId, _: Champion<u64>, _: Progress) {
		unreachable!("the pallet crowns no models")
	}
	fn record_progress(_: DomainId, _: Q32, _: Q32) {
		unreachable!("the pallet records no progress")
	}
}

impl doin_traits::Timing for Fake {
	fn blocks(ms: u64) -> BlockNumber {
		(ms / 2_000).max(1) as BlockNumber
	}
	fn rounds() -> RoundParams {
		Rounds::get()
	}
	fn ramp() -> BlockNumber {
		0
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
	/// Moves the score, which does not decay.
	fn record(who: &u64, behaviour: Behaviour) {
		let score = Self::score(who);
		let moved = match behaviour {
			Behaviour::Agreed => score + 400_000,
			Behaviour::Absent => score.saturating_sub(1_000_000),
			Behaviour::AnsweredFalsely => score.saturating_sub(2_000_000),
			Behaviour::Equivocated => 0,
		};
		Scores::mutate(|scores| scores.insert(*who, moved.min(10_000_000)));
		Behaviours::mutate(|behaviours| behaviours.push((*who, behaviour)));
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for Fake {
	fn domain() -> DomainId {
		UNWEIGHTED
	}
}

impl crate::Config for Test {
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

/// Returns a chain at block 1 with `evaluators` evaluators of the small class, accounts 1 to `evaluators` with a bond of 500 DOIN
/// each, and accounts 9 000 to 9 099 with 1 000 DOIN.
pub fn new_test_ext_with(evaluators: u64) -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let accounts = (1..=evaluators).chain(9_000..9_100);
	pallet_balances::GenesisConfig::<Test> { balances: accounts.map(|who| (who, 1_000 * DOIN)).collect(), ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	let evaluators = (1..=evaluators).map(|who| (who, 500 * DOIN, SizeClass::Small)).collect();
	crate::GenesisConfig::<Test> { evaluators }.assimilate_storage(&mut storage).unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		Scores::set(BTreeMap::new());
		Behaviours::set(Vec::new());
		Rounds::set(RoundParams::DEV);
		to(1);
	});
	ext
}

/// Runs `test` on a chain with `evaluators` evaluators, then checks the invariants of the pallet.
pub fn with(evaluators: u64, test: impl FnOnce()) {
	new_test_ext_with(evaluators).execute_with(|| {
		test();
		Evaluators::do_try_state().unwrap();
	});
}

/// Makes blocks until `block`, and checks the invariants after each.
pub fn to(block: BlockNumber) {
	while System::block_number() < u64::from(block) {
		let next = System::block_number() + 1;
		System::set_block_number(next);
		Evaluators::on_initialize(next);
		Evaluators::do_try_state().unwrap();
	}
}

/// Returns the number of this block.
pub fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}
