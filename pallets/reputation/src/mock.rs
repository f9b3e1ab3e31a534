//! Mock runtime of System, Balances and this pallet.

use crate as pallet_doin_reputation;
use doin_primitives::Balance;
use doin_testing::{at_block_one, checked, mock_runtime};
use frame_support::parameter_types;
use sp_runtime::BuildStorage;

mock_runtime! {
	existential_deposit: 1,
	2: Reputation = pallet_doin_reputation,
}

parameter_types! {
	pub const HalfLife: u32 = 100;
}

impl crate::Config for Test {
	type HalfLife = HalfLife;
	type WeightInfo = ();
}

/// Returns a fresh chain at block 1.
pub fn new_test_ext() -> sp_io::TestExternalities {
	at_block_one::<Test>(RuntimeGenesisConfig::default().build_storage().unwrap())
}

/// Runs `test` on a fresh chain and checks the invariants of the pallet afterwards.
pub fn build_and_execute(test: impl FnOnce()) {
	checked(new_test_ext(), Reputation::do_try_state, test);
}
