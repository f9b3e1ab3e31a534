//! Configuration files.

use super::{
	anchor::AnchorConfig, devices, forecasted::ForecastConfig, foreign, operand_bits, owned::OwnedConfig,
	programs::ProgramConfig, reported::ReportedConfig, serving::ServeConfig, Host, DEV_EVALUATORS, DEV_JOURNAL, DEV_OPTIMIZER,
	NO_DATABASE,
};
use crate::{
	amount::Amount,
	home::{expand_home, is_in_home},
	keys::{without_secrets, KeySource, Phrase},
};
use anyhow::{anyhow, bail, Context, Result};
use doin_chain::Account;
use doin_compute::OperandBits;
use doin_primitives::{DomainId, Hash, SizeClass, DOIN};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use std::{
	collections::BTreeMap,
	fmt,
	io::ErrorKind,
	path::{Path, PathBuf},
	str::FromStr,
};

/// Seconds that a program has for an answer at most.
pub(super) const LONGEST_TIMEOUT: u64 = 3_600;
/// Least memory of a program, in MiB.
const LEAST_MEMORY_MB: u64 = 64;

/// A configuration file. Settings without a value are left to the layer below.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
	/// Address of the node, or addresses of several, separated by commas: when one is lost or behind, the worker continues with another one.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub url: Option<String>,
	/// Genesis hash of the network. Any network is accepted without one.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub genesis: Option<GenesisHash>,
	/// File of the journal, which holds every commitment that has to be revealed. Keep it on a disk that survives a crash.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub journal: Option<PathBuf>,
	/// Keys and their roles.
	pub identities: Vec<IdentityConfig>,
	/// Domains to work on.
	#[serde(default)]
	pub domains: Vec<DomainConfig>,
	/// Sealed domains whose segments the worker opens.
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub owned: Vec<OwnedConfig>,
	/// Places that the worker publishes anchors at. It publishes none without this table.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub anchor: Option<AnchorConfig>,
	/// Streams that the worker reports the bars of, for validators.
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub reported: Vec<ReportedConfig>,
	/// Streams that the worker forecasts, each with its wager.
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub forecasts: Vec<ForecastConfig>,
	/// Domains that the worker serves for pay.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub serve: Option<ServeConfig>,
	/// Programs of tolerance domains that the worker runs, by their hashes.
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub programs: Vec<ProgramConfig>,
	/// Most that the worker offers for seats and tips.
	#[serde(default)]
	pub bidding: BiddingConfig,
	/// Share of this machine that the worker uses.
	#[serde(default)]
	pub resource_limits: ResourceLimits,
	/// Address that the HTTP server listens on.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub host: Option<Host>,
	/// Port of the HTTP server.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub port: Option<u16>,
	/// `false` for a worker without an HTTP server.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub dashboard_enabled: Option<bool>,
	/// File with the token of requests that change state or ask for the whole database.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub dashboard_token_file: Option<PathBuf>,
	/// Analytics database; `none` for no database.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub olap_db_path: Option<PathBuf>,
	/// CSV file of rounds, to which every ended round is appended.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub experiment_stats_file: Option<PathBuf>,
}

/// Role of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
	/// Finds better models.
	Optimize,
	/// Recomputes the sums of models when it is drawn.
	Evaluate,
	/// Opens the segments of sealed domains when rounds wait for them.
	Own,
	/// Reports the bars of streams, as a validator or its proxy of type `Report`.
	Report,
	/// Forecasts the rounds of streams, with a wager.
	Forecast,
	/// Answers requests for champions, for pay. The account has an offer on the chain, and the key of the identity signs receipts.
	Serve,
}

/// A key and its role. Exactly one of `seed_file`, `mnemonic_file` and `dev` names the key. The `Debug` output has no phrase or
/// seed, also if one was written in place of a file.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
	/// Role of the identity.
	pub role: Role,
	/// File with a `0x…` seed.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub seed_file: Option<PathBuf>,
	/// File with a mnemonic phrase and optional derivations.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub mnemonic_file: Option<PathBuf>,
	/// Publicly known development key, e.g. `//Dave`.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub dev: Option<String>,
	/// Phrase or seed that was typed on a command line. No file has it.
	#[serde(skip)]
	pub typed: Option<Phrase>,
	/// Account that the key works for as its proxy. The key works for its own account without one.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub proxy_for: Option<Account>,
	/// Bond of an evaluator. It is made at the start if the account has none.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub bond: Option<Amount>,
	/// Size class of the bond.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub class: Option<ClassName>,
}

/// Name of a [`SizeClass`] in files and on the command line.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Serialize,
	Deserialize,
	strum::Display,
	strum::EnumIter,
	strum::EnumMessage,
	strum::EnumString,
	strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ClassName {
	/// Chunks of at most 2²⁰ multiply-accumulates.
	#[default]
	Small,
	/// Chunks of at most 2²² multiply-accumulates.
	Large,
	/// Every chunk, including those of recurrent nets and of convolutions over long windows.
	Huge,
}

impl From<ClassName> for SizeClass {
	fn from(class: ClassName) -> Self {
		match class {
			ClassName::Small => SizeClass::Small,
			ClassName::Large => SizeClass::Large,
			ClassName::Huge => SizeClass::Huge,
		}
	}
}

/// Work on one domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainConfig {
	/// Identifier of the domain.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub domain_id: Option<DomainId>,
	/// Name of the domain, instead of its identifier.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub name: Option<String>,
	/// Search for better models.
	#[serde(default)]
	pub optimize: bool,
	/// Answer when drawn. An evaluator is drawn for every domain of its class, so leaving one out costs a part of the bond; the
	/// worker warns of it at its start.
	#[serde(default)]
	pub evaluate: bool,
	/// Improvement over the initial champion at which the search ends, in percent of the initial champion's error.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub target_performance: Option<f64>,
	/// Narrower bounds of genes, e.g. `width = [16, 64]`.
	#[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
	pub param_bounds: BTreeMap<String, [i64; 2]>,
	/// Genetic search.
	#[serde(default)]
	pub optimization_config: OptimizationConfig,
}

/// Algorithm of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
	/// Elitist genetic algorithm.
	Ga,
	/// Differential evolution with successive halving: many candidates are trained for a part of their epochs, the best ones to the end.
	De,
	/// CMA-ES, for genes whose values have an order.
	Cmaes,
	/// Random points, to compare with.
	Random,
	/// Points of a Sobol sequence, to compare with.
	Sobol,
	/// A program of the user.
	Program,
}

/// Settings of the search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizationConfig {
	/// Algorithm: `ga`, `de`, `cmaes`, `random`, `sobol` or `program`.
	pub algorithm: Algorithm,
	/// Candidates of a generation of `ga` or `program`, or of the first stage of `de`, and candidates that devices train at a time.
	pub population_size: usize,
	/// Best candidates of a generation of `ga` that survive, and best candidates that are trained again when a segment is opened.
	pub elite: usize,
	/// Generations of `ga` without improvement after which the population is drawn anew; 0 for never.
	pub patience: usize,
	/// Epochs without a smaller error after which the training of a candidate ends; all epochs without it. It cannot be used together with
	/// `resource_limits.max_training_seconds`.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub early_patience: Option<u16>,
	/// Genes that each stage of the search adds, by their names; genes that none names are added by the last one. Without it and
	/// `optimization_increment_size`, all genes are searched from the beginning.
	#[serde(skip_serializing_if = "Vec::is_empty")]
	pub optimization_stages: Vec<Vec<String>>,
	/// Genes that each stage of the search adds, in the order of the domain, in place of `optimization_stages`.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub optimization_increment_size: Option<usize>,
	/// Generations without improvement after which the next stage begins; one has as many candidates as `population_size` says.
	pub optimization_patience: usize,
	/// Most first candidates that the best ones of the nearest domains which this worker has searched propose; 0 for none.
	pub proposals: usize,
	/// Program of the user and its arguments that proposes the first candidates, from all domains of the kind which this worker has searched.
	/// It has the limits of `program`.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub proposal_program: Option<Vec<String>>,
	/// Seed of the first search on the domain; every later one uses another seed that follows from it. A random seed is drawn
	/// without one. A search that goes on after a restart keeps its seed.
	pub seed: Option<u64>,
	/// Bits of the operands of training steps of dense nets: 12, as without it, 8, or `auto` for those with which a step takes less
	/// time on this machine. They are measured when a search begins and stay as they are until it ends. Not on domains with the gene `bits`.
	#[serde(with = "operand_bits", skip_serializing_if = "Option::is_none")]
	pub operand_bits: Option<OperandBits>,
	/// Program of the user and its arguments, for the algorithm `program`.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub program: Option<Vec<String>>,
	/// Seconds that the program has for an answer, 1 to 3600.
	pub program_timeout: u64,
	/// Most memory of each process of the program, in MiB, at least 64.
	pub program_memory_mb: u64,
	/// Folder that the program may write to, beside a temporary one, which `TMPDIR` names.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub program_folder: Option<PathBuf>,
}

impl Default for OptimizationConfig {
	fn default() -> Self {
		Self {
			algorithm: Algorithm::Ga,
			population_size: 24,
			elite: 6,
			patience: 12,
			early_patience: None,
			optimization_stages: Vec::new(),
			optimization_increment_size: None,
			optimization_patience: 6,
			proposals: 8,
			proposal_program: None,
			seed: None,
			operand_bits: None,
			program: None,
			program_timeout: 60,
			program_memory_mb: 4096,
			program_folder: None,
		}
	}
}

impl OptimizationConfig {
	/// Returns `true` if genes are added stage by stage.
	pub fn is_staged(&self) -> bool {
		!self.optimization_stages.is_empty() || self.optimization_increment_size.is_some()
	}

	fn check_stages(&self) -> Result<()> {
		if !self.optimization_stages.is_empty() && self.optimization_increment_size.is_some() {
			bail!(
				"`optimization_config` has `optimization_stages` and `optimization_increment_size`: keep the one that is to decide \
				 which genes a stage adds"
			);
		}
		if self.optimization_increment_size == Some(0) {
			bail!(
				"`optimization_config.optimization_increment_size` is 0: expected the number of genes that a stage adds, from 1"
			);
		}
		if self.is_staged() && self.optimization_patience == 0 {
			bail!(
				"`optimization_config.optimization_patience` is 0: expected the generations without improvement after which the next stage \
				 begins, from 1"
			);
		}
		if self.early_patience == Some(0) {
			bail!("`optimization_config.early_patience` is 0: expected a number of epochs, from 1, or leave it out");
		}
		Ok(())
	}

	/// Makes relative paths start in the folder of the file by `from_folder`. A program without a folder is looked for as a shell does.
	fn resolve(&mut self, from_folder: impl Fn(&mut PathBuf)) {
		self.program_folder.iter_mut().for_each(&from_folder);
		let programs = [&mut self.program, &mut self.proposal_program].into_iter().flatten();
		for name in programs.filter_map(|program| program.first_mut()).filter(|name| name.contains('/')) {
			let mut path = PathBuf::from(&*name);
			from_folder(&mut path);
			*name = path.to_string_lossy().into_owned();
		}
	}

	fn check(&self) -> Result<()> {
		if self.population_size < 2 || self.elite == 0 || self.elite >= self.population_size {
			bail!(
				"`optimization_config` has elite = {} and population_size = {}: expected 1 ≤ elite < population_size",
				self.elite,
				self.population_size
			);
		}
		self.check_stages()?;
		let has_program = self.program.as_ref().is_some_and(|program| !program.is_empty());
		match (self.algorithm == Algorithm::Program, has_program) {
			(true, false) => bail!(
				"`optimization_config` has algorithm = \"program\" and no `program`: write the program and its arguments, e.g. [\"python3\", \
				 \"my_optimizer.py\"]"
			),
			(false, true) => {
				bail!("`optimization_config.program` is not used: set algorithm = \"program\" beside it, or remove `program`")
			}
			_ => {}
		}
		match &self.proposal_program {
			Some(program) if program.is_empty() => bail!(
				"`optimization_config.proposal_program` is empty: write the program and its arguments, e.g. [\"python3\", \"my_meta.py\"]"
			),
			Some(_) if self.proposals == 0 => {
				bail!("`optimization_config.proposal_program` is not used: set `proposals` to at least 1, or remove it")
			}
			_ => {}
		}
		if !(1..=LONGEST_TIMEOUT).contains(&self.program_timeout) {
			let timeout = self.program_timeout;
			bail!("`optimization_config.program_timeout` is {timeout}: expected 1 to {LONGEST_TIMEOUT} seconds");
		}
		if self.program_memory_mb < LEAST_MEMORY_MB {
			let memory = self.program_memory_mb;
			bail!("`optimization_config.program_memory_mb` is {memory}: expected at least {LEAST_MEMORY_MB} MiB");
		}
		Ok(())
	}
}

/// Most that the worker offers for seats and tips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BiddingConfig {
	/// Most that one seat may cost, the part that is burned included.
	pub max_seat_fee: Amount,
	/// Most that one seat may cost, in percent of what its candidate would probably earn.
	pub max_seat_fee_percent: f64,
	/// Most that the tip of a call with a deadline may rise to, in percent of what is lost if the call is late.
	pub max_tip_percent: f64,
	/// Most that a seat of a sealed domain may stake. The stake is burned unless the candidate leads the champion by one standard
	/// error on a segment that nobody has seen, also if the owner of the domain has.
	pub max_stake: Amount,
	/// Stakes that may be lost in a row on one domain. The search on it ends then, until this number is raised. The journal has the
	/// count.
	pub lost_stakes: u32,
}

impl Default for BiddingConfig {
	fn default() -> Self {
		Self {
			max_seat_fee: Amount(2 * DOIN),
			max_seat_fee_percent: 50.0,
			max_tip_percent: 10.0,
			max_stake: Amount(10 * DOIN),
			lost_stakes: 3,
		}
	}
}

/// Share of this machine that the worker uses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceLimits {
	/// CPU cores. All of them by default.
	pub cores: Option<usize>,
	/// Devices to train on: `auto` for every GPU (the default), `none`, or numbers and parts of names, e.g. `0`, `"0,2"`, `[0,
	/// 2]` or `"3080 Ti"`; see `doin-worker devices`.
	#[serde(deserialize_with = "devices::deserialize", skip_serializing_if = "Option::is_none")]
	pub gpu: Option<String>,
	/// Most memory for training data, in MiB.
	pub max_memory_mb: Option<u64>,
	/// Longest training of one candidate, in seconds.
	pub max_training_seconds: Option<u64>,
	/// Most epochs of one candidate, below the bound of the search space.
	pub max_epochs: Option<u32>,
	/// Most seconds of computation per round that verifying verdicts of a domain without weight may take, unless the
	/// configuration names the domain or the worker has a seat in the round.
	pub max_unweighted_seconds: Option<u64>,
	/// `true` to let other workers of yours pull work from the server of this one (`doin-worker pull`): sums of tasks, audits of answers, and
	/// half of the candidates of a search. This one does what nobody claims or hands in. Give the token to your own machines only.
	pub share_work: bool,
}

/// Genesis hash of a network, `0x` and 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SerializeDisplay, DeserializeFromStr)]
pub struct GenesisHash(pub Hash);

impl FromStr for GenesisHash {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let bytes = hex::decode(text.trim_start_matches("0x")).ok().and_then(|bytes| Hash::try_from(bytes).ok());
		bytes.map(Self).ok_or_else(|| format!("invalid hash `{text}`: expected 0x and 64 hexadecimal digits"))
	}
}

impl fmt::Display for GenesisHash {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "0x{}", hex::encode(self.0))
	}
}

impl ConfigFile {
	/// Reads and checks a file. Relative paths in it start in the folder of the file.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read, is neither TOML nor JSON, has unknown keys (all of them are listed), or has settings
	/// that exclude each other. No error repeats a phrase or seed.
	pub fn load(path: &Path) -> Result<Self> {
		let path = &expand_home(path)?;
		let shown = path.display();
		let invalid = || format!("invalid configuration {shown}");
		let text = read(path)?;
		let format = match path.extension().and_then(|extension| extension.to_str()) {
			Some("toml") => Format::Toml,
			Some("json") => Format::Json,
			_ => bail!("the configuration {shown} is neither .toml nor .json: rename it to what it is"),
		};
		let findings = foreign::findings(&format.parse(&text).with_context(invalid)?);
		if !findings.is_empty() {
			bail!("{}:\n  {}", invalid(), findings.join("\n  "));
		}
		let mut file: Self = format.parse(&text).with_context(invalid)?;
		file.resolve(path.parent().unwrap_or(Path::new("")));
		file.check_reported().with_context(invalid)?;
		file.check_forecasts().with_context(invalid)?;
		file.check_programs().with_context(invalid)?;
		file.check().with_context(invalid)?;
		Ok(file)
	}

	/// Returns the configuration of `run --dev`: the development identities on every domain of a development node.
	pub fn dev() -> Self {
		let optimizer = IdentityConfig::dev(Role::Optimize, DEV_OPTIMIZER);
		let evaluators = DEV_EVALUATORS.iter().map(|name| IdentityConfig::dev(Role::Evaluate, name));
		Self {
			journal: Some(DEV_JOURNAL.into()),
			identities: std::iter::once(optimizer).chain(evaluators).collect(),
			..Self::default()
		}
	}

	/// Makes relative paths start in `folder`, apart from those that start in the home folder.
	fn resolve(&mut self, folder: &Path) {
		let from_folder = |path: &mut PathBuf| {
			if path.is_relative() && !is_in_home(path) {
				*path = folder.join(&*path);
			}
		};
		// A file without a journal keeps it beside itself.
		from_folder(self.journal.get_or_insert_with(|| super::JOURNAL.into()));
		for identity in &mut self.identities {
			identity.seed_file.iter_mut().chain(&mut identity.mnemonic_file).for_each(from_folder);
		}
		self.domains.iter_mut().for_each(|domain| domain.optimization_config.resolve(from_folder));
		self.owned.iter_mut().for_each(|owned| owned.resolve(folder));
		let anchor = self.anchor.iter_mut().flat_map(|anchor| anchor.files());
		anchor.for_each(from_folder);
		self.reported.iter_mut().for_each(|reported| reported.resolve(folder));
		self.forecasts.iter_mut().for_each(|forecast| forecast.resolve(folder));
		self.programs.iter_mut().for_each(|program| program.resolve(folder));
		// Upstream's files have an empty text where nothing is set.
		for path in [&mut self.dashboard_token_file, &mut self.olap_db_path, &mut self.experiment_stats_file] {
			path.take_if(|path| path.as_os_str().is_empty());
		}
		let database = self.olap_db_path.iter_mut().filter(|path| path.as_os_str() != NO_DATABASE);
		self.dashboard_token_file.iter_mut().chain(database).chain(&mut self.experiment_stats_file).for_each(from_folder);
	}

	/// Checks what the types cannot express.
	pub(super) fn check(&self) -> Result<()> {
		if self.identities.is_empty() {
			bail!("`identities` is empty: add one with a role and a key");
		}
		for (at, identity) in self.identities.iter().enumerate() {
			identity.check().with_context(|| format!("identity {} is invalid", at + 1))?;
		}
		if self.identities.iter().filter(|identity| identity.role == Role::Optimize).count() > 1 {
			bail!("two identities optimize: keep one, which works on every domain; two would bid against each other");
		}
		for (at, domain) in self.domains.iter().enumerate() {
			domain.check().with_context(|| format!("domain {} is invalid", at + 1))?;
		}
		let optimizer = self.identities.iter().any(|identity| identity.role == Role::Optimize);
		if self.domains.iter().any(|domain| domain.optimize) && !optimizer {
			bail!("a domain is to be optimized, but no identity has role = \"optimize\": add one, or set optimize = false");
		}
		self.check_owned()?;
		self.check_serve()?;
		if let Some(anchor) = &self.anchor {
			anchor.check().context("`anchor` is invalid")?;
		}
		if self.resource_limits.cores == Some(0) {
			bail!("`resource_limits.cores` is 0: leave it out for all cores");
		}
		if let Some(domain) = self.domains.iter().find(|domain| domain.optimization_config.early_patience.is_some()) {
			// Candidates with a patience are trained side by side, and none of them can be ended by a clock.
			if self.resource_limits.max_training_seconds.is_some() {
				bail!(
					"domain {} has `early_patience`, which cannot be used together with `resource_limits.max_training_seconds`: keep one \
					 of them",
					domain.label()
				);
			}
		}
		self.bidding.check()
	}

	/// Checks the streams that are reported, and the identities that report them.
	fn check_reported(&mut self) -> Result<()> {
		for (at, reported) in self.reported.iter_mut().enumerate() {
			let label = reported.label();
			reported.check().with_context(|| format!("entry {} of `reported`, {label}, is invalid", at + 1))?;
		}
		for (at, reported) in self.reported.iter().enumerate() {
			if self.reported[..at].iter().any(|other| other.label() == reported.label()) {
				bail!("two entries of `reported` are {}: write its sources into one of them", reported.label());
			}
		}
		let is_reporter = self.identities.iter().any(|identity| identity.role == Role::Report);
		match (is_reporter, self.reported.is_empty()) {
			(false, false) => bail!(
				"a stream is in `reported`, but no identity has role = \"report\": add one with the key of the validator, or of its proxy and \
				 `proxy_for`"
			),
			(true, true) => bail!("an identity has role = \"report\", but `reported` is empty: add the stream and its `sources`"),
			_ => Ok(()),
		}
	}

	/// Checks the streams that are forecast, and the identity that forecasts them.
	fn check_forecasts(&mut self) -> Result<()> {
		for (at, forecast) in self.forecasts.iter_mut().enumerate() {
			let label = forecast.label();
			forecast.check().with_context(|| format!("entry {} of `forecasts`, {label}, is invalid", at + 1))?;
		}
		for (at, forecast) in self.forecasts.iter().enumerate() {
			if self.forecasts[..at].iter().any(|other| other.label() == forecast.label()) {
				bail!(
					"two entries of `forecasts` are {}: an account has one seat in a round; remove one of them",
					forecast.label()
				);
			}
		}
		let forecasters = self.identities.iter().filter(|identity| identity.role == Role::Forecast).count();
		match (forecasters, self.forecasts.is_empty()) {
			(0, true) | (1, false) => Ok(()),
			(0, false) => {
				bail!("a stream is in `forecasts`, but no identity has role = \"forecast\": add one, which pays the wagers")
			}
			(1, true) => {
				bail!("an identity has role = \"forecast\", but `forecasts` is empty: add the stream and its `wager`")
			}
			_ => bail!("two identities have role = \"forecast\": keep one, which forecasts every stream in `forecasts`"),
		}
	}

	/// Checks the domains that are served for pay, and the identity that serves them.
	fn check_serve(&self) -> Result<()> {
		if let Some(serve) = &self.serve {
			serve.check().context("`serve` is invalid")?;
		}
		let servers = self.identities.iter().filter(|identity| identity.role == Role::Serve).count();
		match (servers, &self.serve) {
			(0, None) | (1, Some(_)) => Ok(()),
			(0, Some(_)) => bail!(
				"the table `serve` is there, but no identity has role = \"serve\": add one with the key of the offer, or remove the table"
			),
			(1, None) => {
				bail!("an identity has role = \"serve\", but there is no table `serve`: add [serve] with the `domains` that it offers")
			}
			_ => bail!("two identities have role = \"serve\": keep one, which serves every domain of `serve`"),
		}
	}

	/// Checks the programs of tolerance domains.
	fn check_programs(&mut self) -> Result<()> {
		for (at, program) in self.programs.iter_mut().enumerate() {
			program.check().with_context(|| format!("entry {} of `programs` is invalid", at + 1))?;
		}
		for (at, program) in self.programs.iter().enumerate() {
			if self.programs[..at].iter().any(|other| other.hash == program.hash) {
				bail!("two entries of `programs` have the hash {}: remove one of them", program.hash);
			}
		}
		Ok(())
	}

	/// Checks the sealed domains, and the identity that opens their segments.
	fn check_owned(&self) -> Result<()> {
		for (at, owned) in self.owned.iter().enumerate() {
			owned.check().with_context(|| format!("entry {} of `owned` is invalid", at + 1))?;
			if self.owned[..at].iter().any(|other| other.domain_id == owned.domain_id) {
				bail!("two entries of `owned` have domain_id = {}: remove one of them", owned.domain_id);
			}
		}
		let owners = self.identities.iter().filter(|identity| identity.role == Role::Own).count();
		match (owners, self.owned.is_empty()) {
			(0, true) | (1, false) => Ok(()),
			(0, false) => {
				bail!("a domain is in `owned`, but no identity has role = \"own\": add one, which pays the fees of openings")
			}
			(1, true) => {
				bail!("an identity has role = \"own\", but `owned` is empty: add the domain with its `domain_id` and `csv`")
			}
			_ => bail!("two identities have role = \"own\": keep one, which opens the segments of every domain in `owned`"),
		}
	}
}

/// Format of a file.
#[derive(Clone, Copy)]
enum Format {
	Toml,
	Json,
}

impl Format {
	/// Parses a text. The error does not repeat a phrase or seed of the text.
	fn parse<T: DeserializeOwned>(self, text: &str) -> Result<T> {
		let parsed = match self {
			Self::Toml => toml::from_str(text).map_err(|error| error.to_string()),
			Self::Json => serde_json::from_str(text).map_err(|error| error.to_string()),
		};
		parsed.map_err(|reason| anyhow!("{}", without_secrets(reason.trim_end())))
	}
}

/// Reads a configuration without its byte-order mark.
fn read(path: &Path) -> Result<String> {
	let shown = path.display();
	let bytes = std::fs::read(path).map_err(|error| {
		let advice = match error.kind() {
			ErrorKind::NotFound => "copy one of worker/configs and name it with --config",
			_ => "correct its name or its permissions",
		};
		anyhow::Error::new(error).context(format!("cannot read the configuration {shown}: {advice}"))
	})?;
	let text = String::from_utf8(bytes).map_err(|_| {
		anyhow!("the configuration {shown} is not UTF-8 text: save it as UTF-8 (UTF-16: `iconv -f UTF-16 -t UTF-8`)")
	})?;
	Ok(match text.strip_prefix('\u{feff}') {
		Some(rest) => rest.into(),
		None => text,
	})
}

impl BiddingConfig {
	fn check(&self) -> Result<()> {
		let percent = |name: &str, value: f64, is_valid: bool, range: &str| match is_valid {
			true => Ok(()),
			false => Err(anyhow!("`bidding.{name}` is {value}: expected a percentage {range}")),
		};
		let (seat, tip) = (self.max_seat_fee_percent, self.max_tip_percent);
		percent("max_seat_fee_percent", seat, seat > 0.0 && seat <= 100.0, "above 0 and up to 100")?;
		percent("max_tip_percent", tip, (0.0..=100.0).contains(&tip), "from 0 to 100")?;
		if self.lost_stakes == 0 {
			bail!("`bidding.lost_stakes` is 0: expected the number of stakes after whose loss a search ends, from 1");
		}
		Ok(())
	}
}

impl fmt::Debug for IdentityConfig {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("IdentityConfig")
			.field("role", &self.role)
			.field("key", &self.source().ok())
			.field("proxy_for", &self.proxy_for)
			.field("bond", &self.bond)
			.field("class", &self.class)
			.finish()
	}
}

impl IdentityConfig {
	/// Returns the identity of a development key.
	fn dev(role: Role, name: &str) -> Self {
		Self::new(role, KeySource::Dev(name.into()))
	}

	/// Returns the identity of a key.
	pub fn new(role: Role, key: KeySource) -> Self {
		let (mnemonic_file, dev, typed) = match key {
			KeySource::File(path) => (Some(path), None, None),
			KeySource::Dev(name) => (None, Some(name), None),
			KeySource::Typed(phrase) => (None, None, Some(phrase)),
		};
		Self { role, seed_file: None, mnemonic_file, dev, typed, proxy_for: None, bond: None, class: None }
	}

	/// Returns the source of the key.
	///
	/// # Errors
	///
	/// Errors unless exactly one of `seed_file`, `mnemonic_file` and `dev` is set.
	pub fn source(&self) -> Result<KeySource> {
		match (&self.seed_file, &self.mnemonic_file, &self.dev, &self.typed) {
			(Some(path), None, None, None) | (None, Some(path), None, None) => Ok(KeySource::File(path.clone())),
			(None, None, Some(name), None) => Ok(KeySource::Dev(name.clone())),
			(None, None, None, Some(phrase)) => Ok(KeySource::Typed(phrase.clone())),
			_ => bail!(
				"it needs exactly one of `seed_file`, `mnemonic_file` and `dev`; make a key with `doin-worker keys generate`"
			),
		}
	}

	fn check(&self) -> Result<()> {
		self.source()?.check()?;
		if self.role != Role::Evaluate && (self.bond.is_some() || self.class.is_some()) {
			let what = match self.role {
				Role::Own => "owns",
				Role::Report => "reports",
				Role::Forecast => "forecasts",
				Role::Serve => "serves for pay",
				Role::Optimize | Role::Evaluate => "optimizes",
			};
			bail!("it {what}, and only evaluators bond: remove `bond` and `class`, or set role = \"evaluate\"");
		}
		if self.role == Role::Own && self.proxy_for.is_some() {
			bail!("it owns, and any account can open a segment: remove `proxy_for`");
		}
		Ok(())
	}
}

impl DomainConfig {
	/// Returns the identifier or the name of the domain as text.
	pub fn label(&self) -> String {
		match (self.domain_id, &self.name) {
			(Some(id), _) => id.to_string(),
			(None, Some(name)) => format!("`{name}`"),
			(None, None) => "without a name".into(),
		}
	}

	fn check(&self) -> Result<()> {
		if self.domain_id.is_some() == self.name.is_some() {
			bail!("it needs either `domain_id` or `name`");
		}
		for (gene, [lo, hi]) in &self.param_bounds {
			if lo > hi {
				bail!("`param_bounds.{gene}` is the empty range [{lo}, {hi}]: write the smaller bound first");
			}
		}
		self.optimization_config.check()?;
		if let Some(target) = self.target_performance.filter(|target| !(0.0..100.0).contains(target)) {
			bail!("`target_performance` is {target}: expected a percentage from 0 to below 100 by which the error should shrink");
		}
		Ok(())
	}
}
