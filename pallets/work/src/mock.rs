use crate as pallet_work;
use codec::Decode;
use doin_primitives::{Balance, DoinLog, RoundId, DOIN, DOIN_ENGINE_ID, ONE_Q32, Q32};
use doin_primitives_frame::{Eff, Work as _};
use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::Inspect, Hooks},
	weights::Weight,
	PalletId,
};
use sp_runtime::{BuildStorage, Storage};

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
	pub type WorkPallet = pallet_work;
}

type Block = frame_system::mocking::MockBlock<Test>;

/// The existential deposit.
pub const ED: Balance = DOIN / 1_000;
/// The first threshold: a quarter of a bit.
pub const T: Q32 = ONE_Q32 / 4;
/// The target spacing in blocks.
pub const TARGET: u32 = 100;
/// What everybody below 100 owns at genesis.
pub const ENDOWMENT: Balance = 1_000 * DOIN;

parameter_types! {
	pub const ExistentialDeposit: Balance = ED;
	pub const TargetSpacing: u32 = TARGET;
	pub const PotId: PalletId = PalletId(*b"doin/gen");
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
}

impl pallet_work::Config for Test {
	type Currency = Balances;
	type TargetSpacing = TargetSpacing;
	type PotId = PotId;
	type WeightInfo = ();
}

/// Genesis with this difficulty; accounts 1 to 99 are funded.
pub fn storage(work: pallet_work::GenesisConfig<Test>) -> Storage {
	RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: (1..100).map(|who| (who, ENDOWMENT)).collect(),
			..Default::default()
		},
		work_pallet: work,
		..Default::default()
	}
	.build_storage()
	.unwrap()
}

/// Genesis of the tests' chain.
pub fn genesis() -> pallet_work::GenesisConfig<Test> {
	pallet_work::GenesisConfig { threshold: T, floor: 1 << 16, ceiling: ONE_Q32 * 64, ..Default::default() }
}

/// Externalities of the tests' chain.
pub fn new_test_ext() -> sp_io::TestExternalities {
	storage(genesis()).into()
}

/// Runs `test`, then checks the state, and that issuance moved by what was mined and by nothing else.
pub fn execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		let before = Balances::total_issuance();
		test();
		WorkPallet::do_try_state().unwrap();
		assert_eq!(Balances::total_issuance() - before, crate::Mined::<Test>::get());
	});
}

/// Makes block `number`, and returns its weight and its digest.
pub fn block(number: u64) -> (Weight, DoinLog) {
	System::reset_events();
	// Blocks between two that matter are skipped.
	System::set_block_number(number - 1);
	System::initialize(&number, &Default::default(), &Default::default());
	let weight = WorkPallet::on_initialize(number);
	WorkPallet::do_try_state().unwrap();
	let logs: Vec<_> = System::digest()
		.logs
		.iter()
		.filter_map(|log| log.as_consensus())
		.filter(|(engine, _)| *engine == DOIN_ENGINE_ID)
		.map(|(_, data)| DoinLog::decode(&mut &data[..]).unwrap())
		.collect();
	assert_eq!(logs.len(), 1, "every header carries one DOIN digest");
	(weight, logs[0].clone())
}

/// The seal of a digest, with the number of work blocks.
pub fn sealed(log: DoinLog) -> (u64, Option<(Q32, Q32)>) {
	let DoinLog::V1 { work_index, seal } = log;
	(work_index, seal)
}

/// An improvement.
pub fn entry(eff: Q32, optimizer: u64, evaluators: &[u64]) -> Eff<u64> {
	Eff { round: RoundId { domain: 1, number: 7 }, eff, optimizer, evaluators: evaluators.to_vec().try_into().unwrap() }
}

/// Enqueues an improvement.
pub fn enqueue(eff: Q32, optimizer: u64, evaluators: &[u64]) {
	WorkPallet::enqueue(entry(eff, optimizer, evaluators));
}

/// What an account of the genesis has earned.
pub fn earned(who: u64) -> Balance {
	Balances::balance(&who) - ENDOWMENT
}

/// The pot's balance above the existential deposit.
pub fn pot() -> Balance {
	Balances::balance(&WorkPallet::pot()) - ED
}
