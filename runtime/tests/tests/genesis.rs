//! Genesis of the development chains.

use doin_primitives::{Balance, ModelRef, Status, DOIN, MILLION};
use doin_runtime::{
	demo, AccountId, AllPalletsWithSystem, Domains, Evidence, Gauge, Recomputation, Runtime, Session, Staking, Timing,
};
use doin_runtime_tests::{preset_genesis, round::DEMO, Chain};
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

/// Builds a preset with these changes of the timing, and returns the reason for which genesis refuses it.
fn refusal(change: fn(&mut doin_runtime::TimingConfig)) -> Option<String> {
	let mut genesis = preset_genesis("development");
	change(&mut genesis.timing);
	let built = std::panic::catch_unwind(move || drop(Chain::from_genesis(genesis)));
	built.err().map(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn n17_the_lengths_of_the_presets_are_not_those_of_a_public_network() {
	assert_eq!(refusal(|_| ()), None);
	let reason = refusal(|timing| timing.public = true).expect("the epochs are too short");
	assert!(reason.contains("timing genesis: epoch_length of a public network must be at least 1 200 slots"), "{reason}");
	let public = |timing: &mut doin_runtime::TimingConfig| {
		*timing = doin_runtime::TimingConfig { slot_duration_ms: 2_000, ..Default::default() };
	};
	assert_eq!(refusal(public), None, "the defaults are those of a public network");
	for preset in ["development", "live", "local_testnet"] {
		assert!(!Chain::preset(preset).state(Timing::is_public), "{preset}");
	}
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
		assert_eq!(<Recomputation as Recompute<AccountId>>::available(DEMO, demo::spec().class(), true, &[]), 4);
	});
}

/// A linear model of the owner as E0 would leave the first round of the demo domain little to be paid for.
#[test]
fn the_initial_champion_of_the_demo_domain_is_the_seasonal_baseline() {
	let mut chain = Chain::preset("development");
	chain.state(|| {
		let state = pallet_doin_domains::States::<Runtime>::get(DEMO).expect("registered");
		assert_eq!((state.initial, state.champion.model), (ModelRef::Seasonal, ModelRef::Seasonal));
		assert_eq!(state.bar, state.initial_validation_error, "reveals have to undercut it");
		assert_eq!(<Domains as doin_traits::Domains<AccountId>>::baseline(DEMO), None);
		assert!(state.is_alike, "its generator draws series like the published one");
		assert_eq!(Evidence::evidence(DEMO), None, "its evidence is drawn");
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
	// The runtime macro runs hooks in order of the pallets' indices: the beacon folds in the parent's output before rounds
	// request tasks, and `Work` seals last.
	let order: Vec<_> = AllPalletsWithSystem::infos().into_iter().map(|pallet| pallet.name).collect();
	let ours = ["Gauge", "Domains", "Reputation", "Evaluators", "Recomputation", "Optimae", "Work", "Budget", "Evidence"];
	let first = order.iter().position(|name| *name == ours[0]).expect("the gauge is a pallet");
	assert_eq!(order[first..first + ours.len()], ours);
	assert!(order.iter().position(|name| *name == "Scheduler") > Some(first + ours.len()), "referenda take effect after them");
	assert!(order.iter().position(|name| *name == "Session") < order.iter().position(|name| *name == "Gauge"));
}
