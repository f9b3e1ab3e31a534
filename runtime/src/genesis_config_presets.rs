//! Genesis presets.
//!
//! | preset | validators | for |
//! |---|---|---|
//! | `development` | Alice | one machine: 2 s blocks, rounds of about 30 blocks, the demo domain registered and voted |
//! | `live` | Alice | forecasts on one machine: `development` with 1 s blocks, and batches of 14 bars of the demo stream |
//! | `local_testnet` | Alice, Bob, Charlie | a small network on one machine, with the same domain and round lengths |
//! | `testnet` | none | a public network: 6 s blocks, epochs of two hours, rounds of 18 minutes, no account and no domain |
//!
//! The first three endow the well-known development accounts. Dave is the optimizer, and Eve, Ferdie, One and Two are bonded
//! evaluators, so the accounts of `doin-worker run --dev` are funded. Their demo stream sleeps until its pot is paid into.
//!
//! `testnet` is a patch without an account, since nobody may know the keys of a public network in advance. `doin-node network
//! create` adds the balances and keys that its founders state. Genesis checks its lengths against the bounds of a public network.

use crate::{
	configs::{
		consensus::MAX_AUTHORITIES,
		pools,
		staking::{MAX_NOMINATING, MAX_TARGETS},
	},
	demo, *,
};
use alloc::{vec, vec::Vec};
use doin_primitives::{
	oracle::{StreamSpec, FIRST_STREAM},
	RoundParams, SizeClass, DOIN, MILLION,
};
use frame_support::build_struct_json_patch;
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

pub use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};

/// Identifier of the preset of a development chain for forecasts.
pub const LIVE_RUNTIME_PRESET: &str = "live";
/// Identifier of the preset of a public network.
pub const TESTNET_RUNTIME_PRESET: &str = "testnet";

/// BABE: a quarter of the slots has a primary author, and every slot has a VRF output, which the beacon folds in.
pub const BABE_EPOCH: BabeEpochConfiguration =
	BabeEpochConfiguration { c: (1, 4), allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots };

/// Length of a slot of a development chain, in milliseconds.
const DEV_SLOT_MS: u64 = 2_000;
/// Length of a slot of a development chain for forecasts, in milliseconds: the shortest one.
const LIVE_SLOT_MS: u64 = pallet_doin_timing::MIN_SLOT_MS;
/// Endowment of a development account, in plancks.
const ENDOWMENT: Balance = 1_000_000 * DOIN;
/// Stake of a development validator, in plancks.
const STAKE: Balance = 100_000 * DOIN;
/// Smallest bond of a validator, in plancks: the price of one of [`MAX_TARGETS`] places.
pub const MIN_VALIDATOR_BOND: Balance = 1_000 * DOIN;
/// Smallest bond of a nominator, in plancks.
const MIN_NOMINATOR_BOND: Balance = 10 * DOIN;
/// Bond of a development evaluator, in plancks.
const BOND: Balance = 1_000 * DOIN;
/// Amount in the pot of the market of the demo stream, in plancks.
const MARKET_POT: Balance = 10_000 * DOIN;
/// Threshold T of the first work block of a development chain, and its floor: 0.02 bit in Q32.
const DEV_THRESHOLD: u64 = doin_primitives::ONE_Q32 / 50;

/// Optimizer of the development chains.
pub const OPTIMIZER: Sr25519Keyring = Sr25519Keyring::Dave;
/// Evaluators of the development chains.
pub const EVALUATORS: [Sr25519Keyring; 4] =
	[Sr25519Keyring::Eve, Sr25519Keyring::Ferdie, Sr25519Keyring::One, Sr25519Keyring::Two];

/// Returns the session keys of a development validator.
fn session_keys(validator: Sr25519Keyring) -> SessionKeys {
	let grandpa = match validator {
		Sr25519Keyring::Bob => Ed25519Keyring::Bob,
		Sr25519Keyring::Charlie => Ed25519Keyring::Charlie,
		_ => Ed25519Keyring::Alice,
	};
	SessionKeys { grandpa: grandpa.public().into(), babe: validator.public().into() }
}

/// Returns the genesis of a development chain with `validators`, slots of `slot_ms` milliseconds and the demo stream `stream`, as a patch
/// of the default genesis.
fn development(validators: &[Sr25519Keyring], slot_ms: u64, stream: &StreamSpec) -> serde_json::Value {
	let stashes: Vec<AccountId> = validators.iter().map(|key| key.to_account_id()).collect();
	let owner = Sr25519Keyring::Alice.to_account_id();
	let mut balances: Vec<(AccountId, Balance)> = [
		Sr25519Keyring::Alice,
		Sr25519Keyring::Bob,
		Sr25519Keyring::Charlie,
		Sr25519Keyring::Dave,
		Sr25519Keyring::Eve,
		Sr25519Keyring::Ferdie,
		Sr25519Keyring::One,
		Sr25519Keyring::Two,
	]
	.iter()
	.map(|key| (key.to_account_id(), ENDOWMENT))
	.collect();
	// The owner of the demo stream pays the existential deposits of the accounts of all pots and the pot of the market, and has the
	// endowment left.
	if let Some((_, endowment)) = balances.iter_mut().find(|(who, _)| *who == owner) {
		*endowment += MARKET_POT + 2 * crate::configs::system::ExistentialDeposit::get();
	}
	// The stream sleeps until its pot is paid into: most development chains have no reporter, and the fees of missed batches burn. Rounds
	// of its market open as soon as it is awake.
	let demo_stream = pallet_doin_oracle::types::GenesisStream::new(owner.clone(), stream, 0);
	let demo_market = (FIRST_STREAM, owner.clone(), MARKET_POT);
	let demo_domain = pallet_doin_domains::GenesisDomain::new(owner, &demo::spec(), demo::values());
	build_struct_json_patch!(RuntimeGenesisConfig {
		timing: TimingConfig {
			public: false,
			slot_duration_ms: slot_ms,
			epoch_length: 30,
			rounds: RoundParams::DEV,
			target_spacing_ms: 30_000,
		},
		babe: BabeConfig { epoch_config: BABE_EPOCH },
		balances: BalancesConfig { balances },
		staking: StakingConfig {
			validator_count: MAX_AUTHORITIES,
			minimum_validator_count: 1,
			max_validator_count: Some(MAX_TARGETS),
			max_nominator_count: Some(MAX_NOMINATING),
			min_validator_bond: MIN_VALIDATOR_BOND,
			min_nominator_bond: MIN_NOMINATOR_BOND,
			stakers: stashes
				.iter()
				.map(|stash| (stash.clone(), stash.clone(), STAKE, pallet_staking::StakerStatus::Validator))
				.collect::<Vec<_>>(),
		},
		nomination_pools: pools::genesis(),
		session: SessionConfig {
			keys: validators.iter().map(|key| (key.to_account_id(), key.to_account_id(), session_keys(*key))).collect::<Vec<_>>(),
		},
		domains: DomainsConfig { domains: vec![demo_domain] },
		oracle: OracleConfig { streams: vec![demo_stream] },
		forecasts: ForecastsConfig { pots: vec![demo_market] },
		gauge: GaugeConfig {
			votes: stashes.iter().map(|stash| (stash.clone(), vec![(0, MILLION)])).collect::<Vec<_>>(),
			weights: vec![(0, MILLION)],
		},
		evaluators: EvaluatorsConfig {
			// Of the largest class, which serves the smaller ones too, so that any domain has a quorum.
			evaluators: EVALUATORS.iter().map(|key| (key.to_account_id(), BOND, SizeClass::Huge)).collect::<Vec<_>>(),
		},
		work: WorkConfig { threshold: DEV_THRESHOLD, floor: DEV_THRESHOLD, ceiling: 1_000 * doin_primitives::ONE_Q32 },
	})
}

/// Returns the genesis of a public network without accounts, as a patch of the default genesis. The lengths are the defaults of
/// the timing pallet, stated here so that a reader of the chain specification sees them.
fn testnet() -> serde_json::Value {
	build_struct_json_patch!(RuntimeGenesisConfig {
		timing: TimingConfig {
			public: true,
			slot_duration_ms: pallet_doin_timing::DEFAULT_SLOT_MS,
			epoch_length: pallet_doin_timing::DEFAULT_EPOCH,
			rounds: RoundParams::PUBLIC,
			target_spacing_ms: pallet_doin_timing::DEFAULT_SPACING_MS,
		},
		babe: BabeConfig { epoch_config: BABE_EPOCH },
		staking: StakingConfig {
			validator_count: MAX_AUTHORITIES,
			minimum_validator_count: 1,
			max_validator_count: Some(MAX_TARGETS),
			max_nominator_count: Some(MAX_NOMINATING),
			min_validator_bond: MIN_VALIDATOR_BOND,
			min_nominator_bond: MIN_NOMINATOR_BOND,
		},
		nomination_pools: pools::genesis(),
	})
}

/// Returns the genesis of a preset as JSON, or `None` if no preset has this identifier.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEV_RUNTIME_PRESET => development(&[Sr25519Keyring::Alice], DEV_SLOT_MS, &demo::stream()),
		LIVE_RUNTIME_PRESET => development(&[Sr25519Keyring::Alice], LIVE_SLOT_MS, &demo::live_stream()),
		LOCAL_TESTNET_RUNTIME_PRESET => {
			development(&[Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie], DEV_SLOT_MS, &demo::stream())
		}
		TESTNET_RUNTIME_PRESET => testnet(),
		_ => return None,
	};
	Some(serde_json::to_vec(&patch).expect("a JSON value with string keys serializes; qed"))
}

/// Returns the identifiers of all presets.
pub fn preset_names() -> Vec<PresetId> {
	[DEV_RUNTIME_PRESET, LIVE_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET, TESTNET_RUNTIME_PRESET].map(PresetId::from).into()
}
