//! Mock runtime of System, Balances and this pallet.

use crate as pallet_timing;
use doin_primitives::{Balance, RoundParams};
use doin_testing::{checked, mock_runtime};
use sp_runtime::BuildStorage;

mock_runtime! {
	existential_deposit: 1,
	2: TimingPallet = pallet_timing,
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
	let genesis = RuntimeGenesisConfig { timing_pallet: timing, ..Default::default() };
	checked(genesis.build_storage().unwrap().into(), TimingPallet::do_try_state, test);
}
