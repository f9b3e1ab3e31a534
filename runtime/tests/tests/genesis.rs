//! Genesis of the development chains.

use doin_primitives::{Balance, Status, DOIN, MILLION};
use doin_runtime::{demo, AccountId, AllPalletsWithSystem, Domains, Gauge, Recomputation, Runtime, Session, Staking, Timing};
use doin_runtime_tests::{round::DEMO, Chain};
use doin_traits::{DomainWeights as _, Recompute, Timing as _};
use frame_support::traits::{IntegrityTest, PalletsInfoAccess};
use sp_keyring::Sr25519Keyring;

#[test]
fn the_integrity_test_of_every_pallet_passes() {
	Chain::preset("development").state(AllPalletsWithSystem::integrity_test);
}

#[test]
fn the_development_chain_has_one_validator_and_two_second_slots() {
	let mut chain = Chain::preset("development");
	chain.state(|| {
		assert_eq!(Session::validators(), vec![Sr25519Keyring::Alice.to_account_id()]);
		assert_eq!(pallet_babe::Pallet::<Runtime>::slot_duration(), 2_000);
		assert_eq!(Timing::blocks(60_000), 30);
		assert_eq!(Staking::validator_count(), 100, "there is room for more");
	});
}

#[test]
fn the_local_chain_has_three_validators() {
	let mut chain = Chain::preset("local_testnet");
	assert_eq!(chain.state(|| Session::validators().len()), 3);
	chain.run_to(4);
}

#[test]
fn the_demo_domain_is_active_and_has_all_the_weight() {
	let mut chain = Chain::preset("development");
	chain.state(|| {
		let state = pallet_doin_domains::States::<Runtime>::get(DEMO).expect("registered");
		assert_eq!(state.status, Status::Active);
		assert_eq!(Gauge::weight(DEMO), MILLION);
		assert!(state.champion.error > 0);
		assert_eq!(Domains::series(DEMO), Some(demo::values()));
		assert_eq!(<Recomputation as Recompute<AccountId>>::available(DEMO, demo::spec().class()), 4);
	});
}

#[test]
fn the_series_of_the_demo_domain_is_the_published_one() {
	let values = demo::values();
	assert_eq!(values.len(), 2_284);
	assert_eq!((values[0], values[2_283]), (31_610, 37_150));
	assert_eq!(demo::spec().check(), Ok(()));
}

#[test]
fn weights_survive_the_first_sessions() {
	let mut chain = Chain::preset("development");
	chain.run_to(70);
	assert_eq!(chain.state(|| Gauge::weight(DEMO)), MILLION);
}

#[test]
fn endowments_fit_in_64_bits() {
	let mut chain = Chain::preset("development");
	let alice = chain.total(&Sr25519Keyring::Alice.to_account_id());
	assert!(alice <= Balance::from(u64::MAX) && alice >= 1_000_000 * DOIN);
}

#[test]
fn a_verdict_precedes_the_work_block_that_pays_it() {
	// The runtime macro runs hooks in order of the pallets' indices: the beacon folds in the parent's output before rounds request
	// tasks, and `Work` seals last.
	let order: Vec<_> = AllPalletsWithSystem::infos().into_iter().map(|pallet| pallet.name).collect();
	let ours = ["Gauge", "Domains", "Reputation", "Evaluators", "Recomputation", "Optimae", "Work"];
	assert_eq!(order[order.len() - ours.len()..], ours);
	assert!(order.iter().position(|name| *name == "Session") < order.iter().position(|name| *name == "Gauge"));
}
