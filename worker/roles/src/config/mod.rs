//! Configuration of `doin-worker run`.
//!
//! Every setting comes from the first layer that has it: command-line flag, environment variable, file, default.
//! [`Config::layered`] merges the layers; no layer has defaults of its own, so every default can also be given explicitly.
//!
//! A file is TOML or JSON, by its extension; a byte-order mark does no harm. Keys follow upstream's node configuration where it
//! has them (`domains`, `domain_id`, `optimize`, `evaluate`, `param_bounds`, `target_performance`, `resource_limits`, `host`, `port`,
//! `dashboard_enabled`, `olap_db_path`, `experiment_stats_file`). An unknown
//! key is an error, since a misspelt key would otherwise be a silent default; the error lists all of them, each with what takes
//! its place.

mod anchor;
mod devices;
mod file;
mod forecasted;
mod foreign;
mod operand_bits;
mod owned;
mod programs;
mod reported;
mod server;
mod serving;
mod settings;
#[cfg(test)]
mod tests;
mod upstream;

pub use anchor::AnchorConfig;
pub use file::GenesisHash as ProgramHash;
pub use file::{
	Algorithm, BiddingConfig, ClassName, ConfigFile, DomainConfig, GenesisHash, IdentityConfig, OptimizationConfig,
	ResourceLimits, Role,
};
pub use forecasted::{ForecastConfig, LEAST_WAGER};
pub use owned::OwnedConfig;
pub use programs::ProgramConfig;
pub use reported::ReportedConfig;
pub use server::{AnalyticsConfig, DashboardConfig, Host, DASHBOARD_PORT, NO_DATABASE};
pub use serving::ServeConfig;
pub use settings::{addresses, node_url, Settings};

use doin_forecast::SeriesSource;
use doin_primitives::{DomainId, Hash};
use std::path::PathBuf;

/// Address of a development node, the default of `url`.
pub const DEV_NODE: &str = "ws://127.0.0.1:9944";
/// Default of `journal`.
pub const JOURNAL: &str = "doin-worker.db";
/// Journal of `run --dev`.
pub const DEV_JOURNAL: &str = "doin-worker-dev.db";

/// Default port of the server for clients that pay.
pub const SERVING_PORT: u16 = 8475;

/// Development key that optimizes. The genesis of a development chain endows it.
pub const DEV_OPTIMIZER: &str = "//Dave";
/// Development keys that evaluate. The genesis of a development chain bonds them.
pub const DEV_EVALUATORS: [&str; 4] = ["//Eve", "//Ferdie", "//One", "//Two"];
/// Development key of the validator, which registers domains there.
pub const DEV_OWNER: &str = "//Alice";

/// Resolved configuration of a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
	/// Address of the node, or a list of addresses separated by commas.
	pub url: String,
	/// Genesis hash that the network must have; any network if `None`.
	pub genesis: Option<Hash>,
	/// File of the journal.
	pub journal: PathBuf,
	/// Keys and their roles.
	pub identities: Vec<IdentityConfig>,
	/// Domains to work on; every weighted domain if empty.
	pub domains: Vec<DomainConfig>,
	/// Sealed domains whose segments the worker opens.
	pub owned: Vec<OwnedConfig>,
	/// Places that the worker publishes anchors at; none if `None`.
	pub anchor: Option<AnchorConfig>,
	/// Streams that the worker reports the bars of.
	pub reported: Vec<ReportedConfig>,
	/// Streams that the worker forecasts.
	pub forecasts: Vec<ForecastConfig>,
	/// Domains that the worker serves for pay.
	pub serve: Option<ServeConfig>,
	/// Programs of tolerance domains that the worker runs.
	pub programs: Vec<ProgramConfig>,
	/// Most that the worker offers for seats and tips.
	pub bidding: BiddingConfig,
	/// Share of this machine that the worker uses.
	pub resource_limits: ResourceLimits,
	/// HTTP server.
	pub dashboard: DashboardConfig,
	/// Analytics database, and its CSV file.
	pub analytics: AnalyticsConfig,
}

impl Config {
	/// Merges the layers: flags over environment over file over defaults.
	pub fn layered(flags: Settings, environment: Settings, file: ConfigFile) -> Self {
		let settings = flags.over(environment).over(Settings {
			url: file.url,
			journal: file.journal,
			gpu: file.resource_limits.gpu.clone(),
			host: file.host,
			port: file.port,
			dashboard_enabled: file.dashboard_enabled,
			dashboard_token: file.dashboard_token_file,
			olap_db: file.olap_db_path,
			stats_file: file.experiment_stats_file,
		});
		let dashboard = DashboardConfig::from(&settings);
		Self {
			url: node_url(settings.url),
			genesis: file.genesis.map(|genesis| genesis.0),
			journal: settings.journal.unwrap_or_else(|| JOURNAL.into()),
			identities: file.identities,
			domains: file.domains,
			owned: file.owned,
			anchor: file.anchor,
			reported: file.reported,
			forecasts: file.forecasts,
			serve: file.serve,
			programs: file.programs,
			bidding: file.bidding,
			resource_limits: ResourceLimits { gpu: settings.gpu, ..file.resource_limits },
			dashboard,
			analytics: AnalyticsConfig { olap_db: settings.olap_db, stats_file: settings.stats_file },
		}
	}

	/// Returns the configuration of a domain, by its identifier or name.
	pub fn domain(&self, id: DomainId, name: &str) -> Option<&DomainConfig> {
		self.domains.iter().find(|domain| domain.domain_id == Some(id) || domain.name.as_deref() == Some(name))
	}

	/// Returns `true` if evaluators answer for a domain. They do unless the configuration names the domain and leaves
	/// `evaluate` out.
	pub fn evaluates(&self, id: DomainId, name: &str) -> bool {
		self.domain(id, name).is_none_or(|domain| domain.evaluate)
	}

	/// Returns warnings of settings that are valid and probably a mistake, each with the next step.
	pub fn warnings(&self) -> Vec<String> {
		let ignored = self.domains.iter().filter(|domain| !domain.evaluate && self.has_role(Role::Evaluate));
		let warning = |domain: &DomainConfig| {
			let label = domain.label();
			format!(
				"the evaluators do not answer draws for domain {label}, and each absence costs a part of the bond: set evaluate = true in \
				 its entry of `domains`"
			)
		};
		let others = self.idle_optimizer().into_iter().chain(self.unshared_work()).chain(self.files_of_two_domains());
		ignored.map(warning).chain(others).collect()
	}

	/// Returns the warning of work that no other worker can pull: each task waits for one in vain.
	fn unshared_work(&self) -> Option<String> {
		let is_pulled = self.dashboard.is_enabled && self.dashboard.token.is_some();
		let warning =
			"`resource_limits.share_work` is true, but no other worker can pull work without a token: start the server of the \
			dashboard with --dashboard-token FILE, or leave `share_work` out";
		(self.resource_limits.share_work && !is_pulled).then(|| warning.into())
	}

	/// Returns the warnings of sealed domains that are made of one file, unless the owner has confirmed it. Whether they have the same
	/// rows, only the chain shows.
	fn files_of_two_domains(&self) -> Vec<String> {
		let file = |owned: &OwnedConfig| owned.csv.parse::<SeriesSource>().map(|source| source.path).ok();
		let of_one_file = |(at, owned): (usize, &OwnedConfig)| {
			let mut others = self.owned[..at].iter().filter(|other| !owned.is_confirmed_beside(other));
			let other = others.find(|other| file(owned).is_some_and(|own| file(other) == Some(own)))?;
			Some(format!(
				"domains {} and {} in `owned` are made of the same file, {}. If they have the same rows, what one of them opens is known in \
				 the other, whose purse pays for it although nothing was found: leave no more in the purses than may be lost, and make a \
				 domain of other rows",
				other.domain_id, owned.domain_id, owned.csv
			))
		};
		self.owned.iter().enumerate().filter_map(of_one_file).collect()
	}

	/// Returns the warning of an optimizer that searches on no domain. It is no error: what the optimizer has committed is revealed.
	fn idle_optimizer(&self) -> Option<String> {
		let searches = self.domains.is_empty() || self.domains.iter().any(|domain| domain.optimize);
		let warning =
			"an identity has role = \"optimize\", but no entry of `domains` has optimize = true, so it only reveals what is \
			committed: set it for a domain, leave `domains` out to optimize every domain with a weight, or remove the identity";
		(self.has_role(Role::Optimize) && !searches).then(|| warning.into())
	}

	/// Returns `true` if one of the identities has `role`.
	pub fn has_role(&self, role: Role) -> bool {
		self.identities.iter().any(|identity| identity.role == role)
	}
}
