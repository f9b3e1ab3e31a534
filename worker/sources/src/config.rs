//! Settings of a source, in configuration files and on the command line.

use crate::{
	bar::{Millis, Stamp},
	json::JsonPath,
	klines::{KlinePaths, UrlTemplate},
	lines::ColumnNames,
	replay::Replay,
	source::{Kind, Source},
	time::span_text,
};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// Time for an answer, seconds, unless the user sets another one.
const TIMEOUT: u64 = 10;
/// Longest time for an answer, seconds.
const MAX_TIMEOUT: u64 = 600;
/// Lengths of bars that Binance has klines of, with their names.
const INTERVALS: [(Millis, &str); 12] = [
	(60_000, "1m"),
	(180_000, "3m"),
	(300_000, "5m"),
	(900_000, "15m"),
	(1_800_000, "30m"),
	(3_600_000, "1h"),
	(7_200_000, "2h"),
	(14_400_000, "4h"),
	(21_600_000, "6h"),
	(28_800_000, "8h"),
	(43_200_000, "12h"),
	(86_400_000, "1d"),
];

/// A source of bars. Exactly one of `klines`, `csv` and `program` names their origin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
	/// Name in messages; that of the host, file or program without one.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub name: Option<String>,
	/// URL of klines in JSON, with the placeholders `{from}`, `{to}`, `{from_s}`, `{to_s}` and `{limit}`.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub klines: Option<String>,
	/// CSV file `timestamp,close,high,low,volume` that is replayed: its rows are the bars of the stream, whatever their times are. After the
	/// last one it begins anew, with prices moved so that the first close is the last one again.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub csv: Option<PathBuf>,
	/// Program that prints `timestamp,close,high,low,volume`, with its arguments, in which the placeholders of `klines` are replaced.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub program: Option<Vec<String>>,
	/// Moment that a time states, "open" or "close". By default that of klines is the beginning of a bar, and that of programs its end.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub stamp: Option<Stamp>,
	/// Time for an answer, in seconds.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub timeout: Option<u64>,
	/// Bars of the file before the first bar of the stream.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub skip: Option<u64>,
	/// Place of the list of klines in the answer, e.g. `data.ohlc`; the whole answer by default.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub rows: Option<String>,
	/// Place of the time in a kline, a position from 0 or a name; name of that column in a file. This and the following are by default those
	/// of Binance, and in a file the names of the settings.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub time: Option<String>,
	/// Place of the last price.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub close: Option<String>,
	/// Place of the highest price.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub high: Option<String>,
	/// Place of the lowest price.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub low: Option<String>,
	/// Place of the quantity.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub volume: Option<String>,
}

impl SourceConfig {
	/// Keys of a source in a configuration file.
	pub const KEYS: [&'static str; 13] =
		["name", "klines", "csv", "program", "stamp", "timeout", "skip", "rows", "time", "close", "high", "low", "volume"];

	/// Returns the source in `text` of the command line, for bars of this length: `binance:SYMBOL`, a URL of klines, `csv:FILE`, or
	/// `program:COMMAND ARGUMENTS`.
	///
	/// # Errors
	///
	/// Errors if the text is none of these, and if Binance has no klines of this length.
	pub fn from_text(text: &str, bar: Millis) -> Result<Self, String> {
		let text = text.trim();
		match text.split_once(':') {
			Some(("binance", symbol)) if !symbol.is_empty() && symbol.bytes().all(|sign| sign.is_ascii_alphanumeric()) => {
				let interval = INTERVALS.iter().find(|(length, _)| *length == bar).map(|(_, name)| *name);
				let interval =
					interval.ok_or_else(|| format!("Binance has no klines of {}: choose 1m, 5m, 1h or 1d", span_text(bar)))?;
				let symbol = symbol.to_uppercase();
				let url = format!(
					"https://api.binance.com/api/v3/klines?symbol={symbol}&interval={interval}&startTime={{from}}&endTime={{to}}&limit={{limit}}"
				);
				Ok(Self { name: Some("binance".into()), klines: Some(url), ..Self::default() })
			}
			Some(("http" | "https", _)) => Ok(Self { klines: Some(text.into()), ..Self::default() }),
			Some(("csv", file)) if !file.is_empty() => Ok(Self { csv: Some(file.into()), ..Self::default() }),
			Some(("program", command)) if !command.trim().is_empty() => {
				Ok(Self { program: Some(command.split_whitespace().map(String::from).collect()), ..Self::default() })
			}
			_ => Err(format!(
				"unknown source `{text}`: expected binance:SYMBOL, https://HOST/KLINES?…{{from}}…, csv:FILE or program:COMMAND"
			)),
		}
	}

	/// Opens the source. Nothing is read yet.
	///
	/// # Errors
	///
	/// Errors unless exactly one kind of source is named, and if a setting has no meaning for it or is invalid.
	pub fn open(&self) -> Result<Source, String> {
		let kind = match (&self.klines, &self.csv, &self.program) {
			(Some(url), None, None) => Kind::Klines { url: UrlTemplate::new(url)?, paths: Box::new(self.paths()?) },
			(None, Some(path), None) => Kind::Replay(Replay::new(path.clone(), self.skip.unwrap_or(0), self.names())),
			(None, None, Some(command)) if !command.is_empty() => Kind::Program(command.clone()),
			(None, None, Some(_)) => return Err("`program` is empty: write the name of a program and its arguments".into()),
			_ => return Err("it needs exactly one of `klines`, `csv` and `program`".into()),
		};
		self.check(&kind)?;
		let seconds = self.timeout.unwrap_or(TIMEOUT);
		if !(1..=MAX_TIMEOUT).contains(&seconds) {
			return Err(format!("`timeout` is {seconds}: expected 1 to {MAX_TIMEOUT} seconds"));
		}
		let stamp = self.stamp.unwrap_or(if self.klines.is_some() { Stamp::Open } else { Stamp::Close });
		let name = self.name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| kind.name());
		Ok(Source { name, kind, stamp, timeout: Duration::from_secs(seconds) })
	}

	/// Checks that no setting is that of another kind of source.
	fn check(&self, kind: &Kind) -> Result<(), String> {
		if self.rows.is_some() && self.klines.is_none() {
			return Err("`rows` is a place in klines: remove it".into());
		}
		let has_places = [&self.time, &self.close, &self.high, &self.low, &self.volume].iter().any(|place| place.is_some());
		if has_places && self.program.is_some() {
			return Err(
				"a program prints `timestamp,close,high,low,volume`: remove `time`, `close`, `high`, `low` and `volume`".into()
			);
		}
		if self.skip.is_some() && self.csv.is_none() {
			return Err("`skip` is for `csv`: remove it".into());
		}
		if matches!(kind, Kind::Replay(_)) && (self.stamp.is_some() || self.timeout.is_some()) {
			return Err("the times of `csv` are not those of the stream: remove `stamp` and `timeout`".into());
		}
		Ok(())
	}

	/// Returns the names of the columns of a file.
	fn names(&self) -> ColumnNames {
		let Self { time, close, high, low, volume, .. } = self.clone();
		ColumnNames { time, values: [close, high, low, volume] }
	}

	/// Returns the places of the values in klines.
	///
	/// # Errors
	///
	/// Errors if one of them is no path.
	pub fn paths(&self) -> Result<KlinePaths, String> {
		let path = |path: &Option<String>, default: &str| path.as_deref().unwrap_or(default).parse::<JsonPath>();
		Ok(KlinePaths {
			rows: path(&self.rows, "")?,
			time: path(&self.time, "0")?,
			high: path(&self.high, "2")?,
			low: path(&self.low, "3")?,
			close: path(&self.close, "4")?,
			volume: path(&self.volume, "5")?,
		})
	}
}

/// Opens the sources of a stream.
///
/// # Errors
///
/// Errors if there is none, if one cannot be opened, and if two have one name.
pub fn open_sources(configs: &[SourceConfig]) -> Result<Vec<Source>, String> {
	let sources = open_each(configs)?;
	for (at, source) in sources.iter().enumerate() {
		if is_taken(&sources[..at], &source.name) {
			return Err(format!("two sources have the name `{}`: give one of them another `name`, or remove it", source.name));
		}
	}
	match sources.is_empty() {
		true => Err("`sources` is empty: add one with `klines`, `csv` or `program`".into()),
		false => Ok(sources),
	}
}

/// Opens the sources of a command line, which have no names there. The second one of a name is told apart by a number: `binance 2`.
///
/// # Errors
///
/// Errors if one cannot be opened, and if two are the same.
pub fn open_numbered(configs: &[SourceConfig]) -> Result<Vec<Source>, String> {
	for (at, config) in configs.iter().enumerate() {
		if let Some(first) = configs[..at].iter().position(|other| other == config) {
			return Err(format!("sources {} and {} are the same: leave one of them out", first + 1, at + 1));
		}
	}
	let mut sources: Vec<Source> = Vec::with_capacity(configs.len());
	for source in open_each(configs)? {
		let mut numbered = (2..=sources.len() + 1).map(|number| format!("{} {number}", source.name));
		let name = match is_taken(&sources, &source.name) {
			true => numbered.find(|name| !is_taken(&sources, name)).unwrap_or_default(),
			false => source.name.clone(),
		};
		sources.push(Source { name, ..source });
	}
	Ok(sources)
}

/// Opens sources. An error names the number of its source.
fn open_each(configs: &[SourceConfig]) -> Result<Vec<Source>, String> {
	let numbered = configs.iter().zip(1..);
	numbered.map(|(config, at)| config.open().map_err(|reason| format!("source {at} is invalid: {reason}"))).collect()
}

/// Returns `true` if a source has this name.
fn is_taken(sources: &[Source], name: &str) -> bool {
	sources.iter().any(|source| source.name == name)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn klines() -> SourceConfig {
		SourceConfig { klines: Some("https://h.example/k?s={from}".into()), ..Default::default() }
	}

	fn refusal(config: SourceConfig) -> String {
		config.open().map(|source| source.name).unwrap_err()
	}

	#[test]
	fn a_source_is_of_one_kind() {
		assert_eq!(klines().open().unwrap().name(), "h.example");
		let program = SourceConfig { program: Some(vec!["/opt/feed".into(), "BTC".into()]), ..Default::default() };
		assert_eq!(program.open().unwrap().name(), "feed");
		let csv = SourceConfig { csv: Some("data/btc.csv".into()), ..Default::default() };
		assert_eq!(csv.open().unwrap().name(), "btc.csv");
		assert!(refusal(SourceConfig::default()).contains("exactly one of"));
		assert!(refusal(SourceConfig { csv: Some("a".into()), ..klines() }).contains("exactly one of"));
		assert!(refusal(SourceConfig { program: Some(vec![]), ..Default::default() }).contains("`program` is empty"));
		assert!(refusal(SourceConfig { skip: Some(3), ..klines() }).contains("`skip` is for `csv`"));
		assert!(refusal(SourceConfig { stamp: Some(Stamp::Open), ..csv.clone() }).contains("remove `stamp`"));
		assert!(refusal(SourceConfig { rows: Some("data".into()), ..csv.clone() }).contains("a place in klines"));
		assert!(SourceConfig { close: Some("ppm".into()), ..csv }.open().is_ok());
		assert!(refusal(SourceConfig { close: Some("c".into()), ..program }).contains("a program prints"));
		assert!(refusal(SourceConfig { close: Some("c..d".into()), ..klines() }).contains("invalid path `c..d`"));
		for timeout in [0, 601] {
			assert!(refusal(SourceConfig { timeout: Some(timeout), ..klines() }).contains("1 to 600 seconds"));
		}
	}

	#[test]
	fn sources_are_told_apart_by_their_names() {
		let named = |name: &str| SourceConfig { name: Some(name.into()), ..klines() };
		assert_eq!(open_sources(&[named("a"), named("b")]).unwrap().len(), 2);
		assert!(open_sources(&[named("a"), named("a")]).err().unwrap().contains("two sources have the name `a`"));
		assert!(open_sources(&[]).err().unwrap().contains("`sources` is empty"));
		let invalid = open_sources(&[klines(), SourceConfig::default()]).err().unwrap();
		assert!(invalid.starts_with("source 2 is invalid"), "{invalid}");
	}

	#[test]
	fn sources_of_a_command_line_are_numbered() {
		let of = |texts: &[&str]| {
			let configs: Vec<SourceConfig> = texts.iter().map(|text| SourceConfig::from_text(text, 300_000).unwrap()).collect();
			open_numbered(&configs).map(|sources| sources.iter().map(|source| source.name.clone()).collect::<Vec<_>>())
		};
		let several = ["binance:BTCUSDT", "https://h/k", "binance:BTCUSDC", "https://h/l", "binance:BTCEUR"];
		assert_eq!(of(&several).unwrap(), ["binance", "h", "binance 2", "h 2", "binance 3"]);
		let named = ["program:binance", "binance:BTCUSDT"];
		assert_eq!(of(&named).unwrap(), ["binance", "binance 2"]);
		let twice = of(&["binance:BTCUSDT", "https://h/k", "binance:btcusdt"]).unwrap_err();
		assert!(twice.contains("sources 1 and 3 are the same"), "{twice}");
		assert!(of(&["https://h/{x}"]).unwrap_err().starts_with("source 1 is invalid"));
	}

	#[test]
	fn a_source_is_one_word_on_the_command_line() {
		let of = |text: &str| SourceConfig::from_text(text, 300_000);
		let url = of("binance:btcusdt").unwrap().klines.unwrap();
		assert!(url.contains("symbol=BTCUSDT&interval=5m&startTime={from}&endTime={to}&limit={limit}"), "{url}");
		assert!(of("binance:BTCUSDT").unwrap().open().is_ok());
		assert_eq!(of("https://h/k").unwrap().klines.as_deref(), Some("https://h/k"));
		assert_eq!(of("csv:/a b.csv").unwrap().csv, Some("/a b.csv".into()));
		assert_eq!(of("program:./feed --pair BTC").unwrap().program.unwrap(), ["./feed", "--pair", "BTC"]);
		for wrong in ["", "btc", "csv:", "program: ", "binance:", "binance:BTC/USDT", "ftp://h"] {
			assert!(of(wrong).unwrap_err().contains("expected binance:SYMBOL"), "{wrong}");
		}
		assert!(SourceConfig::from_text("binance:BTCUSDT", 7_000).unwrap_err().contains("no klines of 7 s"));
	}

	#[test]
	fn the_keys_are_those_of_the_type() {
		let all: String = SourceConfig::KEYS.iter().map(|key| format!("\"{key}\": null,")).collect();
		let parsed: SourceConfig = serde_json::from_str(&format!("{{{}}}", all.trim_end_matches(','))).unwrap();
		assert_eq!(parsed, SourceConfig::default());
		let unknown = serde_json::from_str::<SourceConfig>("{\"url\": null}").unwrap_err().to_string();
		assert!(SourceConfig::KEYS.iter().all(|key| unknown.contains(&format!("`{key}`"))), "{unknown}");
	}
}
