//! Settings that flags, environment and file all have.

use super::DEV_NODE;
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
}

impl Settings {
	/// Reads `DOIN_URL`, `DOIN_JOURNAL` and `DOIN_GPU`. `lookup` returns the value of an environment variable.
	pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Self {
		Self { url: lookup("DOIN_URL"), journal: lookup("DOIN_JOURNAL").map(PathBuf::from), gpu: lookup("DOIN_GPU") }
	}

	/// Returns the settings of this layer, with those it lacks from the layer `below`.
	pub fn over(self, below: Self) -> Self {
		Self { url: self.url.or(below.url), journal: self.journal.or(below.journal), gpu: self.gpu.or(below.gpu) }
	}
}

/// Returns the address of the node: `url` if it is given, otherwise [`DEV_NODE`].
pub fn node_url(url: Option<String>) -> String {
	url.unwrap_or_else(|| DEV_NODE.into())
}
