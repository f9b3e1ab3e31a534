//! Creation of a network: what a network file has to have, and the genesis that it becomes.

use clap::Parser;
use doin_node::{
	chain_spec::check_public,
	cli::Cli,
	network::{session_keys, Network, Validator},
};
use doin_runtime::AccountId;
use sc_keystore::LocalKeystore;
use serde_json::{json, Value};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_keystore::Keystore;
use sp_runtime::{app_crypto::Ss58Codec, BuildStorage, Storage};
use std::collections::BTreeMap;

/// Returns a validator with new keys.
fn validator(byte: u8) -> Validator {
	let keys = session_keys(&LocalKeystore::in_memory()).unwrap();
	Validator { stash: AccountId::new([byte; 32]), bond: 2_000, keys }
}

/// Returns a network of two validators and a holder.
fn network() -> Network {
	let validators = vec![validator(1), validator(2)];
	let balances = [(1, 2_001), (2, 5_000), (3, 1_000_000)].map(|(byte, balance)| (AccountId::new([byte; 32]), balance));
	let peer = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
	Network {
		name: "DOIN rehearsal".into(),
		id: "doin-rehearsal".into(),
		boot_nodes: vec![format!("/dns/node.example/tcp/30333/p2p/{peer}")],
		validators,
		balances: BTreeMap::from(balances),
	}
}

/// Returns the reason for which a network is refused after a change.
fn refusal(change: impl FnOnce(&mut Network)) -> String {
	let mut network = network();
	change(&mut network);
	network.spec().map(drop).expect_err("the network is refused")
}

/// Returns the genesis of a network.
fn genesis(network: &Network) -> Storage {
	network.spec().unwrap().build_storage().expect("the runtime accepts the genesis")
}

#[test]
fn the_genesis_of_a_network_has_its_validators_and_the_bounds_of_a_public_network() {
	let network = network();
	let spec = network.spec().unwrap();
	let plain: Value = serde_json::from_str(&spec.as_json(false).unwrap()).unwrap();
	assert_eq!((&plain["id"], &plain["chainType"]), (&json!("doin-rehearsal"), &json!("Live")));
	assert_eq!(plain["bootNodes"], json!(network.boot_nodes));
	let patch = &plain["genesis"]["runtimeGenesis"]["patch"];
	assert_eq!((&patch["timing"]["public"], &patch["timing"]["slotDurationMs"]), (&json!(true), &json!(6_000)));
	assert!(patch["timing"]["epochLength"].as_u64() >= Some(1_200), "{patch}");
	assert_eq!(patch["session"]["keys"].as_array().unwrap().len(), 2);

	let mut chain = sp_io::TestExternalities::new(genesis(&network));
	chain.execute_with(|| {
		use doin_runtime::{Babe, Balances, Grandpa, Session, Staking, Timing};
		assert!(Timing::is_public());
		let mut validators = Session::validators();
		validators.sort();
		assert_eq!(validators, [1, 2].map(|byte| AccountId::new([byte; 32])));
		let authors: Vec<_> = Babe::authorities().iter().map(|(key, _)| key.clone()).collect();
		assert_eq!(authors, network.validators.iter().map(|one| one.keys.babe.clone()).collect::<Vec<_>>());
		assert_eq!(Grandpa::grandpa_authorities().len(), 2);
		assert_eq!(Staking::validator_count(), 100);
		assert_eq!(Timing::epoch_length(), 1_200);
		let holder = AccountId::new([3; 32]);
		assert_eq!(Balances::free_balance(&holder), 1_000_000 * doin_primitives::DOIN);
	});
}

#[test]
fn founders_get_the_same_bytes_from_the_same_file() {
	let network = network();
	let again: Network = serde_json::from_str(&serde_json::to_string(&network).unwrap()).unwrap();
	assert_eq!(network, again);
	assert_eq!(network.spec().unwrap().as_json(true).unwrap(), again.spec().unwrap().as_json(true).unwrap());
}

#[test]
fn a_network_that_could_not_run_is_refused_with_the_entry() {
	assert!(refusal(|network| network.validators.clear()).contains("0 validators: expected 1 to 100"));
	let one = AccountId::new([1; 32]).to_string();
	assert_eq!(
		refusal(|network| network.validators[0].bond = 999),
		format!("the bond of {one} is 999 DOIN: expected at least 1000")
	);
	let poor = refusal(|network| network.validators[0].bond = 2_001);
	assert!(poor.contains(&one) && poor.contains("needs 1 DOIN more"), "{poor}");
	let absent = refusal(|network| network.balances.clear());
	assert!(absent.contains("the balance of") && absent.contains("is 0 DOIN"), "{absent}");
	let rich = refusal(|network| network.balances.extend([(AccountId::new([3; 32]), 18_000_001)]));
	assert!(rich.contains("expected at most 18000000"), "{rich}");
	let nothing = refusal(|network| network.balances.extend([(AccountId::new([4; 32]), 0)]));
	assert!(nothing.contains("is 0 DOIN: leave it out"), "{nothing}");
	for id in ["", "Doin", "../doin", "dev", "live", "local", "doin-dev"] {
		assert!(refusal(|network| network.id = id.into()).contains(&format!("invalid identifier `{id}`")));
	}
	let boot = refusal(|network| network.boot_nodes = vec!["node.example:30333".into()]);
	assert!(boot.contains("invalid boot node `node.example:30333`") && boot.contains("/dns/node.example"), "{boot}");
}

#[test]
fn a_key_that_occurs_twice_is_refused_since_its_validators_would_be_slashed() {
	let twice = refusal(|network| network.validators[1].keys = network.validators[0].keys.clone());
	assert!(twice.contains("the BABE key of") && twice.contains("occurs twice"), "{twice}");
	let account = refusal(|network| network.validators[1].stash = network.validators[0].stash.clone());
	assert!(account.contains("the account of"), "{account}");
}

#[test]
fn keys_that_everybody_has_are_refused() {
	let account = refusal(|network| network.balances.extend([(Sr25519Keyring::Alice.to_account_id(), 5)]));
	assert!(account.contains("is the development account") && account.contains("Alice"), "{account}");
	let babe = refusal(|network| network.validators[0].keys.babe = Sr25519Keyring::Bob.public().into());
	assert!(babe.contains("are development keys"), "{babe}");
	let grandpa = refusal(|network| network.validators[0].keys.grandpa = Ed25519Keyring::Charlie.public().into());
	assert!(grandpa.contains("are development keys"), "{grandpa}");
}

/// Marks a genesis as public.
fn public(mut genesis: Storage, flag: u8) -> Storage {
	let key = frame_support::storage::storage_prefix(b"Timing", b"Public").to_vec();
	assert!(genesis.top.insert(key, vec![flag]).is_some(), "the genesis says whether it is public");
	genesis
}

#[test]
fn a_public_genesis_with_development_keys_is_found_and_a_test_network_may_have_them() {
	let founders = genesis(&network());
	assert_eq!(check_public(&founders), Ok(()));
	let local = doin_node::chain_spec::local().unwrap().build_storage().unwrap();
	assert_eq!(check_public(&local), Ok(()));
	let reason = check_public(&public(local.clone(), 1)).unwrap_err();
	assert!(reason.contains("development account") && reason.contains("doin-node network create"), "{reason}");

	// A genesis without the flag is public for the runtime.
	let mut silent = local.clone();
	silent.top.remove(frame_support::storage::storage_prefix(b"Timing", b"Public").as_slice());
	let reason = check_public(&silent).unwrap_err();
	assert!(reason.contains("development account"), "{reason}");

	// Without the accounts, the keys of the validators are found.
	let accounts = frame_support::storage::storage_prefix(b"System", b"Account").to_vec();
	let mut keyed = public(local, 1);
	keyed.top.retain(|key, _| !key.starts_with(&accounts));
	let reason = check_public(&keyed).unwrap_err();
	assert!(reason.contains("the development key of"), "{reason}");
}

#[test]
fn session_keys_are_generated_once() {
	let folder = tempfile::tempdir().unwrap();
	let open = || LocalKeystore::open(folder.path(), None).unwrap();
	let first = session_keys(&open()).unwrap();
	assert_eq!(session_keys(&open()).unwrap(), first, "a repeated command prints the same entry");
	assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "one file per key");

	// Of several keys, none is more that of the validator than another.
	open().sr25519_generate_new(sp_consensus_babe::KEY_TYPE, None).unwrap();
	let reason = session_keys(&open()).unwrap_err();
	assert!(reason.contains("it has 2 BABE keys"), "{reason}");
}

#[test]
fn an_account_that_occurs_twice_in_the_balances_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("network.json");
	let account = AccountId::new([3; 32]);
	let mut file = serde_json::to_value(network()).unwrap();
	file["balances"] = json!({});
	let file = file.to_string();
	let once = format!("\"balances\":{{\"{account}\":7}}");
	std::fs::write(&path, file.replace("\"balances\":{}", &once)).unwrap();
	assert_eq!(Network::read(&path).unwrap().balances, BTreeMap::from([(account.clone(), 7)]));

	// Also as two addresses of one account.
	let other = account.to_ss58check_with_version(0u16.into());
	for second in [account.to_string(), other] {
		let twice = format!("\"balances\":{{\"{account}\":7,\"{second}\":5}}");
		std::fs::write(&path, file.replace("\"balances\":{}", &twice)).unwrap();
		let reason = Network::read(&path).unwrap_err();
		assert!(reason.contains(&format!("the account {account} occurs twice")), "{reason}");
	}
}

#[test]
fn a_network_file_with_an_unknown_field_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("network.json");
	let mut file = serde_json::to_value(network()).unwrap();
	file["bootnodes"] = json!([]);
	std::fs::write(&path, file.to_string()).unwrap();
	let reason = Network::read(&path).unwrap_err();
	assert!(reason.contains("unknown field `bootnodes`") && reason.contains("docs/operations.md"), "{reason}");
	let missing = Network::read(&folder.path().join("nowhere.json")).unwrap_err();
	assert!(missing.contains("nowhere.json cannot be read"), "{missing}");
}

#[test]
fn the_commands_are_parsed() {
	let stash = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
	for command in [
		&["doin-node", "network", "keys", "--id", "doin-testnet", "--stash", stash, "--base-path", "node"][..],
		&["doin-node", "network", "create", "network.json", "--raw", "--output", "spec.json"],
	] {
		assert!(Cli::try_parse_from(command).is_ok(), "{command:?}");
	}
	let error = Cli::try_parse_from(["doin-node", "network", "keys", "--id", "x", "--stash", "Alice", "-d", "node"]).unwrap_err();
	assert!(error.to_string().contains("--stash"), "{error}");
}
