//! Mock runtime of System and this pallet.

use crate as pallet_timing;
use doin_primitives::RoundParams;
use frame_support::derive_impl;
use sp_runtime::BuildStorage;

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
	pub type TimingPallet = pallet_timing;
}

type Block = frame_system::mocking::MockBlock<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

impl pallet_timing::Config for Test {}

/// Returns the genesis configuration of a development chain.
pub fn dev() -> pallet_timing::GenesisConfig<Test> {
	pallet_timing::GenesisConfig {
		public: false,
		slot_duration_ms: 2_000,
		epoch_length: 30,
		rounds: RoundParams::DEV,
		target_spacing_ms: 30_000,
		..Default::default()
	}
}

/// Runs `test` on a chain with this genesis, and checks the state afterwards.
pub fn execute_on(timing: pallet_timing::GenesisConfig<Test>, test: impl FnOnce()) {
	let storage = RuntimeGenesisConfig { system: Default::default(), timing_pallet: timing }.build_storage().unwrap();
	sp_io::TestExternalities::new(storage).execute_with(|| {
		test();
		TimingPallet::do_try_state().unwrap();
	});
}
