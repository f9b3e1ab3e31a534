//! Start of a new network by its founders: session keys before there is a chain, and the chain specification from everybody's
//! keys.
//!
//! Each founder runs `network keys` and publishes the entry that it prints. One of them collects the entries in a [`Network`]
//! file and adds balances. From that file, `network create` of the same executable writes the same specification on every
//! machine, so every founder can check it by its hash. The specification contains the runtime of that executable, so nodes that
//! were built with other compilers can write another one.

use crate::chain_spec::{self, ChainSpec};
use doin_primitives::{Balance, DOIN};
use doin_runtime::{
	configs::consensus::MAX_AUTHORITIES,
	genesis_config_presets::{get_preset, MIN_VALIDATOR_BOND, TESTNET_RUNTIME_PRESET},
	AccountId, SessionKeys,
};
use sc_chain_spec::ChainType;
use sc_cli::KeystoreParams;
use sc_keystore::LocalKeystore;
use sc_network::config::MultiaddrWithPeerId;
use sc_service::config::{BasePath, KeystoreConfig};
use serde::{
	de::{Error as _, MapAccess, Visitor},
	Deserialize, Deserializer, Serialize,
};
use serde_json::{json, Value};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_keystore::Keystore;
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt, fs,
	path::{Path, PathBuf},
};

/// Balance that a validator has beside its bond, in DOIN: it pays for transactions.
const SPARE: u64 = 1;
/// Largest balance of an account at genesis, in DOIN: JSON numbers of a genesis have 64 bits.
const LARGEST_BALANCE: u64 = 18_000_000;

/// Commands that start a network.
#[derive(Debug, clap::Subcommand)]
pub enum NetworkCommand {
	/// Generate the session keys of a validator before its chain exists, and print the entry for the network file.
	Keys(KeysCommand),

	/// Write the chain specification of a public network from a network file, with the preset `testnet`.
	Create(CreateCommand),
}

/// Generates session keys.
#[derive(Debug, clap::Args)]
pub struct KeysCommand {
	/// Identifier of the network: the `id` of its network file.
	#[arg(long)]
	id: String,

	/// Account that bonds for the validator, as an address. Its own key is not needed here and should be kept elsewhere.
	#[arg(long)]
	stash: AccountId,

	/// Bond at genesis, in DOIN.
	#[arg(long, default_value_t = plain(MIN_VALIDATOR_BOND))]
	bond: u64,

	/// Base path of the validator's node.
	#[arg(long, short = 'd')]
	base_path: PathBuf,

	/// Keystore and its password.
	#[clap(flatten)]
	keystore: KeystoreParams,
}

/// Writes a chain specification.
#[derive(Debug, clap::Args)]
pub struct CreateCommand {
	/// Network file.
	file: PathBuf,

	/// File of the specification; without it, the specification is printed.
	#[arg(long)]
	output: Option<PathBuf>,

	/// Write raw storage, which nodes start from, in place of the readable form.
	#[arg(long)]
	raw: bool,
}

/// File from which founders create a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
	/// Name that wallets show.
	pub name: String,
	/// Identifier, by which nodes name the folder of the chain: lower-case letters, digits and hyphens.
	pub id: String,
	/// Addresses of nodes that new nodes connect to first, with their peer identifiers.
	pub boot_nodes: Vec<String>,
	/// Validators of the first sessions.
	pub validators: Vec<Validator>,
	/// Balances at genesis in DOIN, the bonds of validators included.
	#[serde(deserialize_with = "each_once")]
	pub balances: BTreeMap<AccountId, u64>,
}

/// Validator in a network file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validator {
	/// Account that bonds.
	pub stash: AccountId,
	/// Bond in DOIN.
	pub bond: u64,
	/// Public session keys.
	pub keys: SessionKeys,
}

/// Reads balances. An account that occurs twice is refused: a map would keep its last balance and lose the others.
fn each_once<'de, D: Deserializer<'de>>(source: D) -> Result<BTreeMap<AccountId, u64>, D::Error> {
	struct Balances;

	impl<'de> Visitor<'de> for Balances {
		type Value = BTreeMap<AccountId, u64>;

		fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
			text.write_str("balances in DOIN by account")
		}

		fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
			let mut balances = BTreeMap::new();
			while let Some((account, balance)) = entries.next_entry::<AccountId, u64>()? {
				if balances.contains_key(&account) {
					return Err(A::Error::custom(format!("the account {account} occurs twice: add its balances up")));
				}
				balances.insert(account, balance);
			}
			Ok(balances)
		}
	}

	source.deserialize_map(Balances)
}

/// Returns whole DOIN of an amount in plancks.
const fn plain(plancks: Balance) -> u64 {
	(plancks / DOIN) as u64
}

impl NetworkCommand {
	/// Runs the command.
	///
	/// # Errors
	///
	/// Fails if a file cannot be read or written, or if the network file describes no network that could run. The message names
	/// the entry and what it should be.
	pub fn run(&self) -> Result<(), String> {
		match self {
			Self::Keys(command) => command.run(),
			Self::Create(command) => command.run(),
		}
	}
}

impl KeysCommand {
	/// Prints the entry of a validator. Keys that the keystore has already are used again, so the command can be repeated.
	fn run(&self) -> Result<(), String> {
		check_id(&self.id)?;
		let folder = BasePath::new(&self.base_path).config_dir(&self.id);
		let config = self.keystore.keystore_config(&folder).map_err(|error| error.to_string())?;
		let KeystoreConfig::Path { path, password } = config else {
			return Err("session keys need a keystore on disk: name its folder with --keystore-path".into());
		};
		let shown = path.display().to_string();
		let failed = |reason: String| format!("the keystore {shown} cannot be used: {reason}");
		let keystore = LocalKeystore::open(path, password).map_err(|error| failed(inaccessible(&error)))?;
		let entry = Validator { stash: self.stash.clone(), bond: self.bond, keys: session_keys(&keystore).map_err(failed)? };
		eprintln!("the secret keys are in {shown}: back it up, and never run two nodes with it");
		println!("{}", serde_json::to_string_pretty(&entry).map_err(|error| error.to_string())?);
		Ok(())
	}
}

/// Returns the session keys of a keystore, which are generated if it has none.
///
/// # Errors
///
/// Fails if the keystore has several keys of a kind, or if it cannot store a key.
pub fn session_keys(keystore: &dyn Keystore) -> Result<SessionKeys, String> {
	let (babe, grandpa) = (sp_consensus_babe::KEY_TYPE, sp_consensus_grandpa::KEY_TYPE);
	let babe = match only("BABE", &keystore.sr25519_public_keys(babe))? {
		Some(key) => key,
		None => keystore.sr25519_generate_new(babe, None).map_err(|error| inaccessible(&error))?,
	};
	let grandpa = match only("GRANDPA", &keystore.ed25519_public_keys(grandpa))? {
		Some(key) => key,
		None => keystore.ed25519_generate_new(grandpa, None).map_err(|error| inaccessible(&error))?,
	};
	Ok(SessionKeys { grandpa: grandpa.into(), babe: babe.into() })
}

/// Returns the only key of a kind, or `None` if there is none. The files of a keystore have no order, so of several keys none is the
/// first.
fn only<K: Copy>(kind: &str, keys: &[K]) -> Result<Option<K>, String> {
	match keys {
		[] => Ok(None),
		[key] => Ok(Some(*key)),
		_ => Err(format!(
			"it has {} {kind} keys, and a validator starts with one: choose a --base-path without keys, or move those out that were \
			 rotated",
			keys.len()
		)),
	}
}

/// Returns the reason for which a keystore cannot be read or written.
fn inaccessible(error: &dyn fmt::Display) -> String {
	format!("{error}; check its owner and permissions")
}

impl CreateCommand {
	/// Writes the specification.
	fn run(&self) -> Result<(), String> {
		let network = Network::read(&self.file)?;
		let spec = network.spec().map_err(|reason| format!("{}: {reason}", self.file.display()))?;
		let text = sc_service::chain_ops::build_spec(&spec, self.raw)
			.map_err(|error| format!("the runtime refuses the genesis of {}: {error}", self.file.display()))?;
		match &self.output {
			Some(path) => fs::write(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display())),
			None => {
				println!("{text}");
				Ok(())
			}
		}
	}
}

impl Network {
	/// Reads a network file.
	///
	/// # Errors
	///
	/// Fails if the file cannot be read, or if it is not a network file.
	pub fn read(path: &Path) -> Result<Self, String> {
		let shown = path.display();
		let text = fs::read(path).map_err(|error| format!("the network file {shown} cannot be read: {error}"))?;
		serde_json::from_slice(&text)
			.map_err(|error| format!("the network file {shown} cannot be used: {error}; docs/operations.md has an example"))
	}

	/// Returns the chain specification.
	///
	/// # Errors
	///
	/// Fails with the first entry that a network could not start with: no validator or too many, a key or a stash that occurs
	/// twice, a bond that is too small or not covered by the balance, a balance of 0 or one that is too large, a well-known
	/// development key, an identifier or the address of a boot node that is not valid, or a node that was built without a runtime.
	pub fn spec(&self) -> Result<ChainSpec, String> {
		check_id(&self.id)?;
		self.check_validators()?;
		self.check_accounts()?;
		let boot_nodes = self.boot_nodes.iter().map(|address| {
			address.parse::<MultiaddrWithPeerId>().map_err(|error| {
				format!("invalid boot node `{address}`: {error}; expected e.g. /dns/node.example/tcp/30333/p2p/12D3KooW…")
			})
		});
		let boot_nodes = boot_nodes.collect::<Result<Vec<_>, _>>()?;
		let builder = chain_spec::builder(&self.name, &self.id, ChainType::Live)?;
		Ok(builder.with_boot_nodes(boot_nodes).with_genesis_config_patch(self.patch()?).build())
	}

	/// Checks validators one by one and against each other.
	fn check_validators(&self) -> Result<(), String> {
		let count = self.validators.len();
		if !(1..=MAX_AUTHORITIES as usize).contains(&count) {
			return Err(format!("{count} validators: expected 1 to {MAX_AUTHORITIES}"));
		}
		let mut seen = BTreeSet::new();
		for Validator { stash, bond, keys } in &self.validators {
			let least = plain(MIN_VALIDATOR_BOND);
			if *bond < least {
				return Err(format!("the bond of {stash} is {bond} DOIN: expected at least {least}"));
			}
			let balance = self.balances.get(stash).copied().unwrap_or(0);
			if balance < bond.saturating_add(SPARE) {
				return Err(format!(
					"the balance of {stash} is {balance} DOIN: its bond of {bond} DOIN needs {SPARE} DOIN more, for transactions"
				));
			}
			let (account, babe, grandpa): (&[u8], &[u8], &[u8]) = (stash.as_ref(), keys.babe.as_ref(), keys.grandpa.as_ref());
			for (what, key) in [("account", account), ("BABE key", babe), ("GRANDPA key", grandpa)] {
				if !seen.insert((what, key.to_vec())) {
					return Err(format!("the {what} of {stash} occurs twice: two nodes with one key equivocate and are slashed"));
				}
			}
			let is_known = Sr25519Keyring::iter().any(|known| known.public().0 == babe)
				|| Ed25519Keyring::iter().any(|known| known.public().0 == grandpa);
			if is_known {
				return Err(format!("the session keys of {stash} are development keys, which everybody has: run `network keys`"));
			}
		}
		Ok(())
	}

	/// Checks the accounts of the genesis.
	fn check_accounts(&self) -> Result<(), String> {
		for (account, balance) in &self.balances {
			if let Some(name) = chain_spec::development_account(account) {
				return Err(format!("{account} is the development account {name}, whose key everybody has: leave it out"));
			}
			if *balance == 0 {
				return Err(format!("the balance of {account} is 0 DOIN: leave it out"));
			}
			if *balance > LARGEST_BALANCE {
				return Err(format!("the balance of {account} is {balance} DOIN: expected at most {LARGEST_BALANCE}"));
			}
		}
		Ok(())
	}

	/// Returns the preset `testnet` with accounts and validators.
	fn patch(&self) -> Result<Value, String> {
		let preset = get_preset(&TESTNET_RUNTIME_PRESET.into()).ok_or("the runtime has no preset `testnet`: rebuild the node")?;
		let mut patch: Value = serde_json::from_slice(&preset).map_err(|error| error.to_string())?;
		// At most 18 · 10¹⁸, which has 64 bits.
		let plancks = |doin: u64| doin.saturating_mul(DOIN as u64);
		let balances: Vec<_> = self.balances.iter().map(|(account, balance)| (account, plancks(*balance))).collect();
		let keys: Vec<_> = self.validators.iter().map(|one| (&one.stash, &one.stash, &one.keys)).collect();
		let stakers: Vec<_> =
			self.validators.iter().map(|one| (&one.stash, &one.stash, plancks(one.bond), "Validator")).collect();
		patch["balances"] = json!({ "balances": balances });
		patch["session"] = json!({ "keys": keys });
		patch["staking"]["stakers"] = json!(stakers);
		Ok(patch)
	}
}

/// Checks an identifier, which becomes the name of a folder.
fn check_id(id: &str) -> Result<(), String> {
	let is_valid = !id.is_empty() && id.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-');
	if is_valid && !chain_spec::KNOWN.contains(&id) && !id.starts_with("doin-dev") && !id.starts_with("doin-local") {
		return Ok(());
	}
	Err(format!(
		"invalid identifier `{id}`: expected lower-case letters, digits and hyphens, not those of a development chain, e.g. \
		 doin-testnet"
	))
}
