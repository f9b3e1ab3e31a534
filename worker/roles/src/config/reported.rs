//! Streams that a worker reports the bars of.

use crate::home::{expand_home, is_in_home};
use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_primitives::oracle::StreamId;
use doin_sources::{decimal::MAX_DECIMALS, open_sources, SourceConfig};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A stream of bars, and the sources of its values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportedConfig {
	/// Identifier of the stream.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub stream: Option<StreamId>,
	/// Symbol of the stream, instead of its identifier.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub symbol: Option<String>,
	/// Number of sources that have to have a bar; more than half of them by default.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub quorum: Option<usize>,
	/// Decimals of a value, if the unit of the stream is no power of ten such as `0.01 USD`.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub decimals: Option<u8>,
	/// Sources; the median of each value is reported.
	#[serde(default)]
	pub sources: Vec<SourceConfig>,
}

impl ReportedConfig {
	/// Returns the identifier or the symbol of the stream as text.
	pub fn label(&self) -> String {
		match (self.stream, &self.symbol) {
			(Some(id), _) => format!("stream {id}"),
			(None, Some(symbol)) => format!("stream `{symbol}`"),
			(None, None) => "a stream without a name".into(),
		}
	}

	/// Makes relative paths start in `folder`, apart from those that start in the home folder. A program without a folder is looked for as
	/// a shell does.
	pub(super) fn resolve(&mut self, folder: &Path) {
		let is_relative = |path: &Path| path.is_relative() && !is_in_home(path);
		for source in &mut self.sources {
			if let Some(path) = source.csv.as_mut().filter(|path| is_relative(path)) {
				*path = folder.join(&*path);
			}
			let name = source.program.as_mut().and_then(|program| program.first_mut());
			if let Some(name) = name.filter(|name| name.contains('/') && is_relative(Path::new(name.as_str()))) {
				*name = folder.join(&*name).to_string_lossy().into_owned();
			}
		}
	}

	/// Puts the home folder in place of a leading `~` in paths.
	fn expand(&mut self) -> Result<()> {
		for source in &mut self.sources {
			if let Some(path) = &mut source.csv {
				*path = expand_home(path).context("`csv` is invalid")?;
			}
			if let Some(name) = source.program.as_mut().and_then(|program| program.first_mut()) {
				*name = expand_home(&PathBuf::from(&*name)).context("`program` is invalid")?.to_string_lossy().into_owned();
			}
		}
		Ok(())
	}

	/// Checks what the types cannot express, and expands paths.
	///
	/// # Errors
	///
	/// Errors for settings that exclude each other, for values out of their range, and for a source that cannot be opened.
	pub(super) fn check(&mut self) -> Result<()> {
		self.expand()?;
		ensure!(self.stream.is_some() != self.symbol.is_some(), "it needs either `stream` or `symbol`");
		open_sources(&self.sources).map_err(|reason| anyhow!(reason))?;
		let sources = self.sources.len();
		if let Some(quorum) = self.quorum.filter(|quorum| !(1..=sources).contains(quorum)) {
			bail!("`quorum` is {quorum}: expected 1 to {sources}, the number of its sources");
		}
		if let Some(decimals) = self.decimals.filter(|decimals| *decimals > MAX_DECIMALS) {
			bail!("`decimals` is {decimals}: expected 0 to {MAX_DECIMALS}");
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn config() -> ReportedConfig {
		let source = SourceConfig { csv: Some("bars.csv".into()), ..Default::default() };
		ReportedConfig { symbol: Some("BTC/USD".into()), sources: vec![source], ..Default::default() }
	}

	fn refusal(mut config: ReportedConfig) -> String {
		format!("{:#}", config.check().unwrap_err())
	}

	#[test]
	fn a_stream_has_one_name_and_sources() {
		config().check().unwrap();
		assert!(refusal(ReportedConfig { stream: Some(7), ..config() }).contains("either `stream` or `symbol`"));
		assert!(refusal(ReportedConfig { symbol: None, ..config() }).contains("either `stream` or `symbol`"));
		assert!(refusal(ReportedConfig { sources: vec![], ..config() }).contains("`sources` is empty"));
		assert!(refusal(ReportedConfig { sources: vec![Default::default()], ..config() }).contains("source 1 is invalid"));
		for quorum in [0, 2] {
			assert!(refusal(ReportedConfig { quorum: Some(quorum), ..config() }).contains("1 to 1"));
		}
		assert!(refusal(ReportedConfig { decimals: Some(19), ..config() }).contains("0 to 18"));
	}

	#[test]
	fn paths_start_in_the_folder_of_the_file() {
		let program = |name: &str| SourceConfig { program: Some(vec![name.into(), "./a".into()]), ..Default::default() };
		let sources = vec![config().sources.remove(0), program("./feed"), program("python3")];
		let mut config = ReportedConfig { sources, ..config() };
		config.resolve(Path::new("/etc/doin"));
		assert_eq!(config.sources[0].csv.as_deref(), Some(Path::new("/etc/doin/bars.csv")));
		assert_eq!(config.sources[1].program.as_deref(), Some(&["/etc/doin/./feed".to_owned(), "./a".to_owned()][..]));
		assert_eq!(config.sources[2].program.as_ref().map(|program| program[0].as_str()), Some("python3"));
	}
}
