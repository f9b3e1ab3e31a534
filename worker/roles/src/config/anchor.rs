//! Places that a worker publishes anchors at.

use crate::{
	anchor::{Endpoint, OtherNode, Settings, FILE},
	keys::{signer, KeySource},
};
use anyhow::{bail, Result};
use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf};

/// Places to publish anchors at. At most one of `seed_file`, `mnemonic_file` and `dev` names the key that pays for remarks on the other
/// chain. The `Debug` output has no phrase or seed.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorConfig {
	/// File of the records, one line of JSON for each published anchor. `anchors.jsonl` without one.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub file: Option<PathBuf>,
	/// HTTP server that takes an anchor by `POST`, and answers `GET` with all of them.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub http: Option<Endpoint>,
	/// Node of another DOIN chain, or nodes of it, separated by commas. Each anchor is a remark there.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub chain: Option<String>,
	/// File with a `0x…` seed of the key that pays for the remarks.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub seed_file: Option<PathBuf>,
	/// File with a mnemonic phrase and optional derivations of that key.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub mnemonic_file: Option<PathBuf>,
	/// Publicly known development key, e.g. `//Dave`, in place of a file.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub dev: Option<String>,
}

impl fmt::Debug for AnchorConfig {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("AnchorConfig")
			.field("file", &self.file)
			.field("http", &self.http)
			.field("chain", &self.chain.as_deref().map(doin_chain::with_shown_urls))
			.field("key", &self.source().ok())
			.finish()
	}
}

impl AnchorConfig {
	/// Returns the names of files in the settings.
	pub(super) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
		// Without a name, the file lies beside the configuration.
		let file = self.file.get_or_insert_with(|| FILE.into());
		std::iter::once(file).chain(&mut self.seed_file).chain(&mut self.mnemonic_file)
	}

	/// Checks what the types cannot express.
	pub(super) fn check(&self) -> Result<()> {
		match (&self.chain, self.source()?) {
			(Some(_), Some(source)) => source.check(),
			(None, None) => Ok(()),
			(Some(_), None) => {
				bail!("it needs one of `seed_file`, `mnemonic_file` and `dev`: the key that pays for the remarks on `chain`")
			}
			(None, Some(_)) => bail!("it has a key, and only remarks on another chain need one: add `chain`, or remove the key"),
		}
	}

	/// Returns the source of the key, if there is one.
	fn source(&self) -> Result<Option<KeySource>> {
		match (&self.seed_file, &self.mnemonic_file, &self.dev) {
			(Some(path), None, None) | (None, Some(path), None) => Ok(Some(KeySource::File(path.clone()))),
			(None, None, Some(name)) => Ok(Some(KeySource::Dev(name.clone()))),
			(None, None, None) => Ok(None),
			_ => bail!("it names several keys: keep one of `seed_file`, `mnemonic_file` and `dev`"),
		}
	}

	/// Returns the places.
	///
	/// # Errors
	///
	/// Errors if the key cannot be loaded.
	pub fn settings(&self) -> Result<Settings> {
		let other = match (&self.chain, self.source()?) {
			(Some(url), Some(source)) => Some(OtherNode { urls: super::addresses(url), signer: signer(&source, None)? }),
			_ => None,
		};
		Ok(Settings { file: self.file.clone().unwrap_or_else(|| FILE.into()), http: self.http.clone(), other })
	}
}
