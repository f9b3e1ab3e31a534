//! Rehearsal of a runtime upgrade with the checks of the feature `try-runtime`: `scripts/try-runtime.sh` runs it.
#![cfg(feature = "try-runtime")]

use doin_runtime::{Executive, Runtime};
use doin_runtime_tests::{round::seasonal_with_growth, Chain};
use frame_support::traits::{Get, GetStorageVersion, StorageVersion};
use frame_try_runtime::UpgradeCheckSelect;
use sp_keyring::Sr25519Keyring::Dave;

/// The state has a champion, work blocks, reputations and an open round. No migration is pending, so the upgrade has to leave the
/// versions as they are, and every invariant has to hold before and after.
#[test]
fn an_upgrade_of_a_chain_in_use_passes_its_checks() {
	let mut chain = Chain::preset("development");
	chain.honest_round(&[(Dave, seasonal_with_growth(125))]);
	chain.block();
	let weight = chain.state(|| Executive::try_runtime_upgrade(UpgradeCheckSelect::All)).expect("migrations and invariants pass");
	let block = <Runtime as frame_system::Config>::BlockWeights::get().max_block;
	assert!(weight.all_lt(block), "an upgrade fits in one block: {weight:?} of {block:?}");
	assert_eq!(chain.state(pallet_doin_optimae::Pallet::<Runtime>::on_chain_storage_version), StorageVersion::new(1));
}
