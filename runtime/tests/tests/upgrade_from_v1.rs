//! Upgrade of a chain of version 1 while a round is in flight.
//!
//! The runtime of version 1, compiled, builds the genesis and executes the blocks before the upgrade. The native runtime executes
//! those after it. With the feature `try-runtime` (`scripts/try-runtime.sh`), the invariants of all pallets are checked after each
//! of them.

use doin_runtime::{Identity, NominationPools, Preimage, Referenda, Runtime, Scheduler, VERSION};
use doin_runtime_tests::{
	code::Code,
	upgrade::{check_rounds_in_flight, upgrade},
	Chain,
};
use frame_support::traits::GetStorageVersion;

#[test]
fn a_round_in_flight_is_decided_and_paid_after_the_upgrade_from_version_1() {
	check_rounds_in_flight(&Code::of_version(1));
}

#[test]
fn the_upgrade_from_version_1_sets_what_new_pallets_need() {
	let mut chain = Chain::of_code("development", Code::of_version(1));
	chain.run_to(40);
	upgrade(&mut chain);
	chain.state(|| {
		let upgraded = frame_system::LastRuntimeUpgrade::<Runtime>::get().expect("the runtime was upgraded");
		assert_eq!(upgraded.spec_version.0, VERSION.spec_version);
		assert_eq!(Preimage::on_chain_storage_version(), Preimage::in_code_storage_version());
		assert_eq!(Scheduler::on_chain_storage_version(), Scheduler::in_code_storage_version());
		assert_eq!(Referenda::on_chain_storage_version(), Referenda::in_code_storage_version());
		assert_eq!(Identity::on_chain_storage_version(), Identity::in_code_storage_version());
		assert_eq!(NominationPools::on_chain_storage_version(), NominationPools::in_code_storage_version());
		assert_eq!(pallet_nomination_pools::MaxPools::<Runtime>::get(), Some(64));
	});
	chain.run_to(100);
}
