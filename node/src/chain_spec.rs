//! Chain specifications: named genesis presets of the runtime, and files.

use doin_runtime::{opaque::Block, WASM_BINARY};
use sc_chain_spec::{ChainSpecExtension, ChainType, Properties};
use serde::{Deserialize, Serialize};
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
pub const KNOWN: [&str; 2] = ["dev", "local"];

/// Returns the specification of a chain with one validator (Alice) and short rounds, for development on one machine.
///
/// # Errors
///
/// Fails if the node was built without a runtime.
pub fn development() -> Result<ChainSpec, String> {
	preset("DOIN development", "doin-dev", ChainType::Development, sp_genesis_builder::DEV_RUNTIME_PRESET)
}

/// Returns the specification of a chain with three validators (Alice, Bob, Charlie), for a test network.
///
/// # Errors
///
/// Fails if the node was built without a runtime.
pub fn local() -> Result<ChainSpec, String> {
	preset("DOIN local", "doin-local", ChainType::Local, sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET)
}

/// Returns the specification for `--chain id`: `dev` (also for an empty `id`), `local`, or the path of a file.
///
/// # Errors
///
/// Fails if `id` is neither a built-in identifier nor a file, or if the file is not a valid specification. The message lists the
/// accepted values.
pub fn load(id: &str) -> Result<ChainSpec, String> {
	match id {
		"" | "dev" => development(),
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
	let wasm = WASM_BINARY.ok_or("this node was built without a runtime: rebuild it with SKIP_WASM_BUILD unset")?;
	Ok(ChainSpec::builder(wasm, Extensions::default())
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_properties(properties())
		.with_genesis_config_preset_name(preset)
		.build())
}

/// Returns the properties that wallets need to print amounts and addresses.
fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "DOIN".into());
	properties.insert("tokenDecimals".into(), 12.into());
	properties.insert("ss58Format".into(), 42.into());
	properties
}
