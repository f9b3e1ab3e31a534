//! Chain specifications: named genesis presets of the runtime, and files.
//!
//! A public network must not know the keys of development accounts, which are printed in every copy of the SDK.
//! [`check_public`] finds them in a genesis.

use codec::Decode;
use doin_runtime::{genesis_config_presets::LIVE_RUNTIME_PRESET, opaque::Block, AccountId, Runtime, WASM_BINARY};
use frame_support::storage::storage_prefix;
use sc_chain_spec::{ChainSpecBuilder, ChainSpecExtension, ChainType, Properties};
use serde::{Deserialize, Serialize};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::Storage;
use std::path::Path;

/// Fields that this node reads from a chain specification beside the standard ones.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
	/// Known block hashes by number. A chain with a different hash at one of these numbers is rejected.
	pub fork_blocks: sc_client_api::ForkBlocks<Block>,
	/// Hashes of blocks that are never imported.
	pub bad_blocks: sc_client_api::BadBlocks<Block>,
	/// State that light clients start from, as `sync_state_genSyncSpec` writes it.
	pub light_sync_state: sc_sync_state_rpc::LightSyncStateExtension,
}

/// Specification of a DOIN chain.
pub type ChainSpec = sc_service::GenericChainSpec<Extensions>;

/// Identifiers of the built-in specifications, as `--chain` accepts them.
pub const KNOWN: [&str; 3] = ["dev", "live", "local"];

/// Returns the specification of a chain with one validator (Alice) and short rounds, for development on one machine.
///
/// # Errors
///
/// Fails if the node was built without a runtime.
pub fn development() -> Result<ChainSpec, String> {
	preset("DOIN development", "doin-dev", ChainType::Development, sp_genesis_builder::DEV_RUNTIME_PRESET)
}

/// Returns the specification of a development chain with a block each second, for forecasts of its stream.
///
/// # Errors
///
/// Fails if the node was built without a runtime.
pub fn live() -> Result<ChainSpec, String> {
	preset("DOIN live development", "doin-dev-live", ChainType::Development, LIVE_RUNTIME_PRESET)
}

/// Returns the specification of a chain with three validators (Alice, Bob, Charlie), for a test network.
///
/// # Errors
///
/// Fails if the node was built without a runtime.
pub fn local() -> Result<ChainSpec, String> {
	preset("DOIN local", "doin-local", ChainType::Local, sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET)
}

/// Returns the specification for `--chain id`: `dev` (also for an empty `id`), `live`, `local`, or the path of a file.
///
/// # Errors
///
/// Fails if `id` is neither a built-in identifier nor a file, or if the file is not a valid specification. The message lists the
/// accepted values.
pub fn load(id: &str) -> Result<ChainSpec, String> {
	match id {
		"" | "dev" => development(),
		"live" => live(),
		"local" => local(),
		path => from_file(Path::new(path)),
	}
}

/// Reads a specification from a file.
fn from_file(path: &Path) -> Result<ChainSpec, String> {
	let shown = path.display();
	if !path.is_file() {
		return Err(format!(
			"invalid chain `{shown}`: expected a built-in id ({}) or the path of a chain specification; \
			 `export-chain-spec --chain local --output {shown}` writes one",
			KNOWN.join(", ")
		));
	}
	ChainSpec::from_json_file(path.into()).map_err(|error| {
		format!("the chain specification {shown} cannot be used: {error}; `export-chain-spec` writes a valid one")
	})
}

/// Returns the specification of a genesis preset.
fn preset(name: &str, id: &str, chain_type: ChainType, preset: &str) -> Result<ChainSpec, String> {
	Ok(builder(name, id, chain_type)?.with_genesis_config_preset_name(preset).build())
}

/// Returns a builder of a specification with the runtime of this node.
///
/// # Errors
///
/// Fails if the node was built without a runtime.
pub fn builder(name: &str, id: &str, chain_type: ChainType) -> Result<ChainSpecBuilder<Extensions>, String> {
	let wasm = WASM_BINARY.ok_or("this node was built without a runtime: rebuild it with SKIP_WASM_BUILD unset")?;
	let builder = ChainSpec::builder(wasm, Extensions::default());
	Ok(builder.with_name(name).with_id(id).with_chain_type(chain_type).with_properties(properties()))
}

/// Returns the name of a development account, whose key everybody has.
pub fn development_account(account: &AccountId) -> Option<String> {
	let sr25519 = Sr25519Keyring::from_account_id(account).map(|known| known.to_string());
	sr25519.or_else(|| Ed25519Keyring::from_account_id(account).map(|known| known.to_string()))
}

/// Checks that a public network has no development account and no development key at genesis. Other chains may have them.
///
/// # Errors
///
/// Fails with the first account or key that everybody has.
pub fn check_public(genesis: &Storage) -> Result<(), String> {
	let stored = |pallet: &[u8], item: &[u8]| genesis.top.get(storage_prefix(pallet, item).as_slice());
	// Without the item, the runtime takes the chain for a public one.
	if stored(b"Timing", b"Public").is_some_and(|flag| flag == &[0]) {
		return Ok(());
	}
	let accounts = Sr25519Keyring::iter()
		.map(|known| (known.to_account_id(), known.to_string()))
		.chain(Ed25519Keyring::iter().map(|known| (known.to_account_id(), known.to_string())));
	for (account, name) in accounts {
		if genesis.top.contains_key(&frame_system::Account::<Runtime>::hashed_key_for(&account)) {
			return Err(format!(
				"this public chain has the development account {name} ({account}), whose key everybody has: ask for the right chain \
				 specification, or create one with `doin-node network create`"
			));
		}
	}
	let keys = |pallet: &[u8]| -> Vec<([u8; 32], u64)> {
		// Both pallets store a list of keys with weights.
		stored(pallet, b"Authorities").and_then(|list| Decode::decode(&mut list.as_slice()).ok()).unwrap_or_default()
	};
	let babe = keys(b"Babe").into_iter().find_map(|(key, _)| Sr25519Keyring::iter().find(|known| known.public().0 == key));
	let grandpa = keys(b"Grandpa").into_iter().find_map(|(key, _)| Ed25519Keyring::iter().find(|known| known.public().0 == key));
	match babe.map(|known| known.to_string()).or_else(|| grandpa.map(|known| known.to_string())) {
		Some(name) => Err(format!(
			"this public chain has the development key of {name} as a validator, which everybody has: ask for the right chain \
			 specification, or create one with `doin-node network create`"
		)),
		None => Ok(()),
	}
}

/// Returns the properties that wallets need to print amounts and addresses.
fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "DOIN".into());
	properties.insert("tokenDecimals".into(), 12.into());
	properties.insert("ss58Format".into(), 42.into());
	properties
}
