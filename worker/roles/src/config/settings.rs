//! Settings that flags, environment and file all have.

use super::{Host, DEV_NODE};
use std::path::PathBuf;

/// One layer of settings. A layer that does not have a setting leaves it to the layer below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
	/// Address of the node.
	pub url: Option<String>,
	/// File of the journal.
	pub journal: Option<PathBuf>,
	/// Devices to train on: `auto`, `none`, or numbers and parts of names, separated by commas.
	pub gpu: Option<String>,
	/// Address that the HTTP server listens on.
	pub host: Option<Host>,
	/// Port of the HTTP server.
	pub port: Option<u16>,
	/// `false` for a worker without an HTTP server.
	pub dashboard_enabled: Option<bool>,
	/// File with the token of the HTTP server.
	pub dashboard_token: Option<PathBuf>,
	/// Analytics database; `none` for no database.
	pub olap_db: Option<PathBuf>,
	/// CSV file of rounds.
	pub stats_file: Option<PathBuf>,
}

impl Settings {
	/// Reads `DOIN_URL`, `DOIN_JOURNAL`, `DOIN_GPU` and `DOIN_OLAP_DB`. `lookup` returns the value of an environment variable.
	pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Self {
		Self {
			url: lookup("DOIN_URL"),
			journal: lookup("DOIN_JOURNAL").map(PathBuf::from),
			gpu: lookup("DOIN_GPU"),
			olap_db: lookup("DOIN_OLAP_DB").map(PathBuf::from),
			..Self::default()
		}
	}

	/// Returns the settings of this layer, with those it lacks from the layer `below`.
	pub fn over(self, below: Self) -> Self {
		Self {
			url: self.url.or(below.url),
			journal: self.journal.or(below.journal),
			gpu: self.gpu.or(below.gpu),
			host: self.host.or(below.host),
			port: self.port.or(below.port),
			dashboard_enabled: self.dashboard_enabled.or(below.dashboard_enabled),
			dashboard_token: self.dashboard_token.or(below.dashboard_token),
			olap_db: self.olap_db.or(below.olap_db),
			stats_file: self.stats_file.or(below.stats_file),
		}
	}
}

/// Returns the address of the node, or the list of addresses: `url` if it is given, otherwise [`DEV_NODE`].
pub fn node_url(url: Option<String>) -> String {
	url.unwrap_or_else(|| DEV_NODE.into())
}

/// Returns the addresses of a list, which commas separate.
pub fn addresses(list: &str) -> Vec<String> {
	list.split(',').map(|url| url.trim().to_owned()).collect()
}
