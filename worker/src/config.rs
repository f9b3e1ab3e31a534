//! The configuration of `run`: TOML or JSON, by the file's extension.
//!
//! Names follow upstream's node configuration where it has one (`domains`, `domain_id`, `optimize`, `evaluate`, `param_bounds`,
//! `target_performance`, `resource_limits`). A key nobody knows is refused: a misspelt one would otherwise be a silent default.

use crate::{amount::Amount, keys::KeySource};
use anyhow::{bail, Context, Result};
use doin_chain::Account;
use doin_primitives::{DomainId, SizeClass};
use serde::{Deserialize, Serialize};
use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
};

/// Where a development node listens.
pub const DEV_NODE: &str = "ws://127.0.0.1:9944";

/// Who optimizes on a development chain; its genesis endows it.
pub const DEV_OPTIMIZER: &str = "//Dave";
/// Who evaluates there; its genesis bonds them.
pub const DEV_EVALUATORS: [&str; 4] = ["//Eve", "//Ferdie", "//One", "//Two"];
/// Who registers domains there, and validates.
pub const DEV_OWNER: &str = "//Alice";

/// Everything `run` needs to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
	/// Address of the node.
	#[serde(default = "dev_node")]
	pub url: String,
	/// Genesis hash of the network, as `0x…`; any network when left out.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub genesis: Option<String>,
	/// The journal: what was committed and has to be revealed. Keep it on a disk that survives a crash.
	#[serde(default = "journal")]
	pub journal: PathBuf,
	/// Keys, and what each one does.
	pub identities: Vec<IdentityConfig>,
	/// Domains to work on.
	#[serde(default)]
	pub domains: Vec<DomainConfig>,
	/// What the worker may use of this machine.
	#[serde(default)]
	pub resource_limits: ResourceLimits,
}

/// What an identity does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
	/// Finds better models.
	Optimize,
	/// Recomputes other people's scores when drawn.
	Evaluate,
}

/// A key and its role. Exactly one of `seed_file`, `mnemonic_file` and `dev` says where the key is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
	/// What it does.
	pub role: Role,
	/// File with a `0x…` seed.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub seed_file: Option<PathBuf>,
	/// File with a mnemonic phrase, derivations allowed.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub mnemonic_file: Option<PathBuf>,
	/// Publicly known development key, as `//Dave`.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub dev: Option<String>,
	/// The account it works for through a proxy; its own when left out.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub proxy_for: Option<Account>,
	/// An evaluator's bond: made at the start if the account has none.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub bond: Option<Amount>,
	/// The size class it bonds for.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub class: Option<Class>,
}

/// A size class, as a file spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Class {
	/// Chunks of at most 2²⁰ multiply-accumulates.
	Small,
	/// Chunks of at most 2²².
	Large,
	/// Everything: nets with cells and convolutions over long windows, too.
	Huge,
}

impl From<Class> for SizeClass {
	fn from(class: Class) -> Self {
		match class {
			Class::Small => SizeClass::Small,
			Class::Large => SizeClass::Large,
			Class::Huge => SizeClass::Huge,
		}
	}
}

/// What to do on one domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainConfig {
	/// Its identifier.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub domain_id: Option<DomainId>,
	/// Its name, instead of the identifier.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub name: Option<String>,
	/// Whether to look for better models.
	#[serde(default)]
	pub optimize: bool,
	/// Whether to answer when drawn. An evaluator is drawn for every domain of its class: leaving one out costs a part of the bond.
	#[serde(default)]
	pub evaluate: bool,
	/// Percent below the initial champion's error at which to stop optimizing.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub target_performance: Option<f64>,
	/// Narrower bounds of genes, as `width = [16, 64]`.
	#[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
	pub param_bounds: BTreeMap<String, [i64; 2]>,
	/// How the search goes.
	#[serde(default)]
	pub optimization_config: OptimizationConfig,
}

/// Settings of the genetic search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizationConfig {
	/// Candidates of a generation.
	pub population_size: usize,
	/// The best of them that survive.
	pub elite: usize,
	/// Generations without a better one after which the population is drawn anew.
	pub patience: usize,
	/// Seed of the search; random when left out.
	pub seed: Option<u64>,
}

impl Default for OptimizationConfig {
	fn default() -> Self {
		Self { population_size: 24, elite: 6, patience: 12, seed: None }
	}
}

/// What the worker may use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceLimits {
	/// Cores to compute on; all but the one that evaluating needs when left out.
	pub cores: Option<usize>,
	/// Devices to train on beside the cores: `auto` for every GPU, `none`, a number or a part of a name; see `doin-worker devices`.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub gpu: Option<String>,
	/// Most memory for training data, in MiB.
	pub max_memory_mb: Option<u64>,
	/// Longest training of one candidate.
	pub max_training_seconds: Option<u64>,
	/// Most epochs of one candidate, whatever the domain's search space says.
	pub max_epochs: Option<u32>,
}

fn dev_node() -> String {
	DEV_NODE.into()
}

fn journal() -> PathBuf {
	"doin-worker.db".into()
}

/// Keys that upstream has and this worker has not, and what takes their place.
const ELSEWHERE: &[(&str, &str)] = &[
	("has_synthetic_data", "the domain's record on the chain says what its verdicts are measured on"),
	("synthetic_data_validation", "the domain's record on the chain says what its verdicts are measured on"),
	("higher_is_better", "losses are lower-is-better on every domain"),
	("initial_threshold", "the chain sets the threshold of a work block; see `doin-worker status`"),
	("target_block_time", "the chain's genesis sets it"),
	("quorum_min_evaluators", "the chain sizes the quorum"),
	("quorum_tolerance", "scores are exact, so there is none"),
	("incentive_config", "the chain sets rewards"),
	("optimization_plugin", "a domain's program says how it is optimized"),
	("inference_plugin", "a domain's program says how it is scored"),
	("bootstrap_peers", "the node finds peers; the worker needs only `url`"),
	("gpu", "set `resource_limits.gpu` to `auto`, `none`, a number or a part of a name"),
];

impl Config {
	/// Reads a file.
	pub fn load(path: &Path) -> Result<Self> {
		let shown = path.display();
		let text = std::fs::read_to_string(path).with_context(|| {
			format!("cannot read the configuration {shown}. Copy one of worker/configs and name it with --config")
		})?;
		let parsed = match path.extension().and_then(|extension| extension.to_str()) {
			Some("toml") => toml::from_str(&text).map_err(|e| e.to_string()),
			Some("json") => serde_json::from_str(&text).map_err(|e| e.to_string()),
			_ => bail!("the configuration {shown} is neither .toml nor .json: rename it to what it is"),
		};
		let mut config: Self = parsed.map_err(|reason| {
			let hint =
				elsewhere(&reason).map(|hint| format!("\n`{}` is no key of this worker: {}", hint.0, hint.1)).unwrap_or_default();
			anyhow::anyhow!("the configuration {shown} is wrong: {}{hint}", reason.trim_end())
		})?;
		config.resolve(path.parent().unwrap_or(Path::new("")));
		config.check().with_context(|| format!("the configuration {shown} is wrong"))?;
		Ok(config)
	}

	/// What `run --dev` does: the development identities on every domain of a development node.
	pub fn dev(url: &str, journal: PathBuf) -> Self {
		let identity = |role, dev: String| IdentityConfig {
			role,
			dev: Some(dev),
			seed_file: None,
			mnemonic_file: None,
			proxy_for: None,
			bond: None,
			class: None,
		};
		let mut identities = vec![identity(Role::Optimize, DEV_OPTIMIZER.into())];
		identities.extend(DEV_EVALUATORS.iter().map(|name| identity(Role::Evaluate, name.to_string())));
		Self { url: url.into(), genesis: None, journal, identities, domains: Vec::new(), resource_limits: Default::default() }
	}

	/// Paths are meant from where the file lies.
	fn resolve(&mut self, folder: &Path) {
		let from_folder = |path: &mut PathBuf| {
			if path.is_relative() {
				*path = folder.join(&*path);
			}
		};
		from_folder(&mut self.journal);
		for identity in &mut self.identities {
			identity.seed_file.iter_mut().chain(&mut identity.mnemonic_file).for_each(from_folder);
		}
	}

	/// What serde cannot see.
	fn check(&self) -> Result<()> {
		if self.identities.is_empty() {
			bail!("`identities` is empty: add one with a role and a key");
		}
		for (at, identity) in self.identities.iter().enumerate() {
			identity.source().with_context(|| format!("identity {} is incomplete", at + 1))?;
			if identity.role == Role::Optimize && (identity.bond.is_some() || identity.class.is_some()) {
				bail!(
					"identity {} optimizes, and only evaluators bond: remove `bond` and `class`, or set role = \"evaluate\"",
					at + 1
				);
			}
		}
		if self.identities.iter().filter(|identity| identity.role == Role::Optimize).count() > 1 {
			bail!("two identities optimize: one is enough for every domain, and two would bid against each other");
		}
		for (at, domain) in self.domains.iter().enumerate() {
			if domain.domain_id.is_some() == domain.name.is_some() {
				bail!("domain {} needs either `domain_id` or `name`", at + 1);
			}
			for (gene, [lo, hi]) in &domain.param_bounds {
				if lo > hi {
					bail!("`param_bounds.{gene}` is [{lo}, {hi}], which holds nothing: write the smaller one first");
				}
			}
			let search = &domain.optimization_config;
			if search.population_size < 2 || search.elite == 0 || search.elite >= search.population_size {
				bail!(
					"`optimization_config` needs 1 ≤ elite < population_size, not {} and {}",
					search.elite,
					search.population_size
				);
			}
			if domain.target_performance.is_some_and(|target| !(0.0..100.0).contains(&target)) {
				bail!("`target_performance` is a percentage below 100: how much smaller the error should get");
			}
		}
		if self.domains.iter().any(|domain| domain.optimize) && self.optimizer().is_none() {
			bail!("a domain is to be optimized, but no identity has role = \"optimize\"");
		}
		if self.resource_limits.cores == Some(0) {
			bail!("`resource_limits.cores` is 0: leave it out for all cores");
		}
		if let Some(genesis) = &self.genesis {
			parse_hash(genesis)?;
		}
		Ok(())
	}

	/// The identity that optimizes.
	pub fn optimizer(&self) -> Option<&IdentityConfig> {
		self.identities.iter().find(|identity| identity.role == Role::Optimize)
	}

	/// What is said about a domain.
	pub fn domain(&self, id: DomainId, name: &str) -> Option<&DomainConfig> {
		self.domains.iter().find(|domain| domain.domain_id == Some(id) || domain.name.as_deref() == Some(name))
	}
}

impl IdentityConfig {
	/// Where its key is.
	pub fn source(&self) -> Result<KeySource> {
		match (&self.seed_file, &self.mnemonic_file, &self.dev) {
			(Some(path), None, None) | (None, Some(path), None) => Ok(KeySource::File(path.clone())),
			(None, None, Some(name)) => Ok(KeySource::Dev(name.clone())),
			_ => bail!(
				"it needs exactly one of `seed_file`, `mnemonic_file` and `dev`; make a key with `doin-worker keys generate`"
			),
		}
	}
}

/// A 32-byte hash in hexadecimal.
pub fn parse_hash(text: &str) -> Result<[u8; 32]> {
	let bytes = hex::decode(text.trim_start_matches("0x")).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
	bytes.with_context(|| format!("`{text}` is no hash: it should be 0x and 64 hexadecimal digits"))
}

/// The upstream key that a parser complains about.
fn elsewhere(reason: &str) -> Option<&'static (&'static str, &'static str)> {
	ELSEWHERE.iter().find(|(key, _)| reason.contains(&format!("unknown field `{key}`")))
}

#[cfg(test)]
mod tests {
	use super::*;

	const IDENTITY: &str = "[[identities]]\nrole = \"optimize\"\ndev = \"//Dave\"\n";

	fn load(name: &str, text: &str) -> Result<Config> {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join(name);
		std::fs::write(&path, text).unwrap();
		Config::load(&path)
	}

	fn refusal(name: &str, text: &str) -> String {
		format!("{:#}", load(name, text).unwrap_err())
	}

	#[test]
	fn the_examples_are_valid() {
		for name in ["single-machine.toml", "gpu-host.toml", "cpu-only.toml"] {
			let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(name);
			Config::load(&path).unwrap_or_else(|e| panic!("{e:#}"));
		}
	}

	#[test]
	fn toml_and_json_say_the_same() {
		let toml = format!("{IDENTITY}[[domains]]\ndomain_id = 3\noptimize = true\nparam_bounds = {{ width = [8, 16] }}\n");
		let json = r#"{"identities": [{"role": "optimize", "dev": "//Dave"}],
			"domains": [{"domain_id": 3, "optimize": true, "param_bounds": {"width": [8, 16]}}], "journal": "/tmp/x.db"}"#;
		let (a, b) = (load("a.toml", &format!("journal = \"/tmp/x.db\"\n{toml}")).unwrap(), load("b.json", json).unwrap());
		assert_eq!(a, b);
		assert_eq!(a.url, DEV_NODE);
		assert_eq!(a.domain(3, "").unwrap().param_bounds["width"], [8, 16]);
	}

	#[test]
	fn an_unknown_key_is_named_with_the_known_ones() {
		for name in ["a.toml", "a.json"] {
			let text = if name == "a.toml" {
				format!("jurnal = \"x\"\n{IDENTITY}")
			} else {
				r#"{"jurnal": "x", "identities": []}"#.into()
			};
			let reason = refusal(name, &text);
			assert!(reason.contains("unknown field `jurnal`") && reason.contains("`journal`"), "{reason}");
		}
	}

	#[test]
	fn upstreams_keys_are_explained() {
		let reason = refusal("a.toml", &format!("{IDENTITY}[[domains]]\ndomain_id = 1\nhas_synthetic_data = true\n"));
		assert!(reason.contains("the domain's record on the chain"), "{reason}");
	}

	#[test]
	fn what_makes_no_sense_is_refused_with_a_way_out() {
		assert!(refusal("a.yaml", "").contains("neither .toml nor .json"));
		assert!(refusal("a.toml", "identities = []").contains("add one"));
		assert!(refusal("a.toml", "[[identities]]\nrole = \"evaluate\"\n").contains("exactly one of `seed_file`"));
		assert!(refusal("a.toml", &format!("{IDENTITY}{IDENTITY}")).contains("two identities optimize"));
		assert!(refusal("a.toml", &format!("{IDENTITY}[[domains]]\noptimize = true\n")).contains("either `domain_id` or `name`"));
		let bounds = format!("{IDENTITY}[[domains]]\ndomain_id = 1\nparam_bounds = {{ width = [9, 8] }}\n");
		assert!(refusal("a.toml", &bounds).contains("the smaller one first"));
		let nobody = "[[identities]]\nrole = \"evaluate\"\ndev = \"//Eve\"\n[[domains]]\ndomain_id = 1\noptimize = true\n";
		assert!(refusal("a.toml", nobody).contains("no identity has role"));
		assert!(refusal("a.toml", &format!("genesis = \"0x12\"\n{IDENTITY}")).contains("64 hexadecimal digits"));
		assert!(refusal("a.toml", &format!("{IDENTITY}bond = \"9 DOIN\"\n")).contains("only evaluators bond"));
	}

	#[test]
	fn paths_start_where_the_file_lies() {
		let config =
			load("a.toml", "journal = \"j.db\"\n[[identities]]\nrole = \"evaluate\"\nseed_file = \"keys/e.seed\"\n").unwrap();
		assert!(config.journal.is_absolute() && config.journal.ends_with("j.db"));
		assert!(config.identities[0].seed_file.as_ref().unwrap().is_absolute());
	}

	#[test]
	fn development_needs_no_file() {
		let config = Config::dev(DEV_NODE, "x".into());
		config.check().unwrap();
		assert_eq!(config.identities.len(), 5);
		assert_eq!(config.optimizer().unwrap().dev.as_deref(), Some(DEV_OPTIMIZER));
	}
}
