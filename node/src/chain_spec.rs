//! Chain specifications: the genesis presets of the runtime with a name, and files.

use doin_runtime::{opaque::Block, WASM_BINARY};
use sc_chain_spec::{ChainSpecExtension, ChainType, Properties};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What this node reads from a chain specification besides the standard fields.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
	/// Blocks with known hashes: a chain that has another one there is refused.
	pub fork_blocks: sc_client_api::ForkBlocks<Block>,
	/// Blocks that are never imported.
	pub bad_blocks: sc_client_api::BadBlocks<Block>,
	/// Where light clients start from; `sync_state_genSyncSpec` writes it.
	pub light_sync_state: sc_sync_state_rpc::LightSyncStateExtension,
}

/// A specification of a DOIN chain.
pub type ChainSpec = sc_service::GenericChainSpec<Extensions>;

/// The identifiers that `--chain` knows.
pub const KNOWN: [&str; 2] = ["dev", "local"];

/// One validator (Alice) and short rounds, for work on one machine.
///
/// # Errors
/// When the node was built without a runtime.
pub fn development() -> Result<ChainSpec, String> {
	preset("DOIN development", "doin-dev", ChainType::Development, sp_genesis_builder::DEV_RUNTIME_PRESET)
}

/// Several validators (Alice, Bob, …) on one machine or in a test network.
///
/// # Errors
/// When the node was built without a runtime.
pub fn local() -> Result<ChainSpec, String> {
	preset("DOIN local", "doin-local", ChainType::Local, sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET)
}

/// The specification that `--chain id` names: nothing or `dev`, `local`, or the path of a file.
///
/// # Errors
/// A sentence that names `id` and says what would have been understood.
pub fn load(id: &str) -> Result<ChainSpec, String> {
	match id {
		"" | "dev" => development(),
		"local" => local(),
		path => from_file(Path::new(path)),
	}
}

fn from_file(path: &Path) -> Result<ChainSpec, String> {
	let shown = path.display();
	if !path.is_file() {
		return Err(format!(
			"no chain `{shown}`: it is neither a known id ({}) nor a file. `export-chain-spec --chain local --output {shown}` writes one.",
			KNOWN.join(", ")
		));
	}
	ChainSpec::from_json_file(path.into()).map_err(|error| {
		format!("the chain specification {shown} cannot be used: {error}. `export-chain-spec` writes a valid one.")
	})
}

fn preset(name: &str, id: &str, chain_type: ChainType, preset: &str) -> Result<ChainSpec, String> {
	let wasm = WASM_BINARY.ok_or("this node was built without its runtime: build it again with SKIP_WASM_BUILD unset")?;
	Ok(ChainSpec::builder(wasm, Extensions::default())
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_properties(properties())
		.with_genesis_config_preset_name(preset)
		.build())
}

/// What wallets need to print amounts and addresses.
fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "DOIN".into());
	properties.insert("tokenDecimals".into(), 12.into());
	properties.insert("ss58Format".into(), 42.into());
	properties
}
