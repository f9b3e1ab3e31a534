//! Streams that a worker forecasts.

use super::file::LONGEST_TIMEOUT;
use crate::{
	amount::Amount,
	home::{expand_home, is_in_home},
};
use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_forecast::ModelFamily;
use doin_forecaster::{Channels, NamedModel, Times};
use doin_primitives::{oracle::StreamId, DOIN};
use doin_sources::decimal::MAX_DECIMALS;
use serde::{Deserialize, Serialize};
use serde_with::{As, DisplayFromStr};
use std::path::{Path, PathBuf};

/// Most training pairs of a program.
const MOST_PAIRS: u32 = 100_000;
/// Smallest wager of the market.
pub const LEAST_WAGER: Amount = Amount(DOIN);

/// A stream that is forecast, the forecaster, and the wager of each round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastConfig {
	/// Identifier of the stream.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub stream: Option<StreamId>,
	/// Symbol of the stream, instead of its identifier.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub symbol: Option<String>,
	/// Amount that is staked on each forecast. It is what a forecast can lose.
	pub wager: Amount,
	/// Family of nets that are trained on the bars (`linear` by default), or the file of a model.
	#[serde(default, with = "As::<Option<DisplayFromStr>>", skip_serializing_if = "Option::is_none")]
	pub base_model: Option<NamedModel>,
	/// Program of the user and its arguments, instead of a base model.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub program: Option<Vec<String>>,
	/// Bars of the input of a round; 100 by default.
	#[serde(default = "usual_lookback")]
	pub lookback: usize,
	/// Channels that nets read beside the closes, separated by commas, or `none`; `rsi,macd,bollinger,ema` by default.
	#[serde(default, with = "As::<DisplayFromStr>")]
	pub channels: Channels,
	/// Bars after which a net is trained anew; never without it.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub retrain: Option<u32>,
	/// Passes over the bars of a training; the usual number of the family without it.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub epochs: Option<u16>,
	/// Seed of first weights and batches, and of training pairs; 0 by default.
	#[serde(default)]
	pub seed: u64,
	/// Seconds that a program has for an answer; 10 by default.
	#[serde(default = "usual_timeout")]
	pub timeout: u64,
	/// Training pairs that a program is given when it is started, of the bars of `history` and of the stream; none by default.
	#[serde(default)]
	pub pairs: u32,
	/// CSV file of bars before those of the stream, to train on.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub history: Option<PathBuf>,
	/// Column of the closes, of `history` and of the file of a model; `close` by default.
	#[serde(default = "usual_column")]
	pub column: String,
	/// Column of the times of `history`, or `none` to take its rows as the bars before the first one of the stream, moved to its level.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub time: Option<String>,
	/// Decimals of a value, if the unit of the stream is no power of ten such as `0.01 USD`.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub decimals: Option<u8>,
	/// `true` to take no new seats, collect those that are left, and leave the stream.
	#[serde(default)]
	pub leave: bool,
}

/// Returns the usual number of bars of an input.
fn usual_lookback() -> usize {
	100
}

/// Returns the usual number of seconds for an answer of a program.
fn usual_timeout() -> u64 {
	10
}

/// Returns the usual name of the column of closes.
fn usual_column() -> String {
	"close".into()
}

impl ForecastConfig {
	/// Returns a linear base model on the stream `name`, a symbol or an identifier.
	pub fn new(name: &str, wager: Amount) -> Self {
		let stream = name.parse().ok();
		Self {
			stream,
			symbol: stream.is_none().then(|| name.into()),
			wager,
			base_model: None,
			program: None,
			lookback: usual_lookback(),
			channels: Channels::default(),
			retrain: None,
			epochs: None,
			seed: 0,
			timeout: usual_timeout(),
			pairs: 0,
			history: None,
			column: usual_column(),
			time: None,
			decimals: None,
			leave: false,
		}
	}

	/// Returns the identifier or the symbol of the stream as text.
	pub fn label(&self) -> String {
		match (self.stream, &self.symbol) {
			(Some(id), _) => format!("stream {id}"),
			(None, Some(symbol)) => format!("stream `{symbol}`"),
			(None, None) => "a stream without a name".into(),
		}
	}

	/// Returns the forecaster.
	pub fn forecaster(&self) -> NamedModel {
		match (&self.program, &self.base_model) {
			(Some(program), _) => NamedModel::Program(program.clone()),
			(None, Some(model)) => model.clone(),
			(None, None) => NamedModel::Family(ModelFamily::Linear),
		}
	}

	/// Returns the column of the times of the history.
	///
	/// # Errors
	///
	/// Errors if its name is empty.
	pub fn times(&self) -> Result<Times> {
		let time = self.time.as_ref().map(|time| time.parse::<Times>().map_err(|reason| anyhow!("`time` is invalid: {reason}")));
		Ok(time.transpose()?.unwrap_or_default())
	}

	/// Makes relative paths start in `folder`, apart from those that start in the home folder. A program without a folder is looked for as
	/// a shell does.
	pub(super) fn resolve(&mut self, folder: &Path) {
		let from_folder = |path: &mut PathBuf| {
			if path.is_relative() && !is_in_home(path) {
				*path = folder.join(&*path);
			}
		};
		self.history.iter_mut().for_each(from_folder);
		if let Some(NamedModel::File(path)) = &mut self.base_model {
			from_folder(path);
		}
		let program = self.program.as_mut().and_then(|program| program.first_mut());
		if let Some(name) = program.filter(|name| name.contains('/')) {
			let mut path = PathBuf::from(&*name);
			from_folder(&mut path);
			*name = path.to_string_lossy().into_owned();
		}
	}

	/// Checks what the types cannot express, and expands paths.
	///
	/// # Errors
	///
	/// Errors for settings that exclude each other, and for values out of their range.
	pub fn check(&mut self) -> Result<()> {
		if let Some(path) = &mut self.history {
			*path = expand_home(path).context("`history` is invalid")?;
		}
		if let Some(NamedModel::File(path)) = &mut self.base_model {
			*path = expand_home(path).context("`base_model` is invalid")?;
		}
		ensure!(self.stream.is_some() != self.symbol.is_some(), "it needs either `stream` or `symbol`");
		ensure!(
			self.wager >= LEAST_WAGER,
			"the wager is {}, and the market takes {LEAST_WAGER} at least: stake more",
			self.wager
		);
		ensure!(
			self.program.is_none() || self.base_model.is_none(),
			"it has both `program` and `base_model`: keep the one that is to forecast"
		);
		if self.program.as_ref().is_some_and(Vec::is_empty) {
			bail!("`program` is empty: write the program and its arguments, e.g. [\"python3\", \"model.py\"]");
		}
		ensure!(self.lookback > 0, "`lookback` is 0: expected the number of bars that a forecast is made from");
		ensure!(self.retrain != Some(0), "`retrain` is 0: expected a number of bars, or leave it out");
		ensure!(self.epochs != Some(0), "`epochs` is 0: expected a number of passes over the bars, or leave it out");
		let timeouts = 1..=LONGEST_TIMEOUT;
		ensure!(timeouts.contains(&self.timeout), "`timeout` is {}: expected 1 to {LONGEST_TIMEOUT} seconds", self.timeout);
		ensure!(self.pairs <= MOST_PAIRS, "`pairs` is {}: expected at most {MOST_PAIRS}", self.pairs);
		ensure!(
			self.pairs == 0 || matches!(self.forecaster(), NamedModel::Program(_)),
			"`pairs` are given to a program, and nets are trained on all bars: remove it, or name a `program`"
		);
		if let Some(decimals) = self.decimals.filter(|decimals| *decimals > MAX_DECIMALS) {
			bail!("`decimals` is {decimals}: expected 0 to {MAX_DECIMALS}");
		}
		self.times().map(drop)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn config() -> ForecastConfig {
		ForecastConfig::new("BTC/USD", Amount(2 * DOIN))
	}

	fn refusal(mut config: ForecastConfig) -> String {
		format!("{:#}", config.check().unwrap_err())
	}

	#[test]
	fn a_stream_has_one_name_and_one_forecaster() {
		config().check().unwrap();
		assert_eq!(ForecastConfig::new("2147483648", LEAST_WAGER).stream, Some(2_147_483_648));
		assert!(refusal(ForecastConfig { stream: Some(7), ..config() }).contains("either `stream` or `symbol`"));
		let program = Some(vec!["./model".into()]);
		let two = ForecastConfig { program: program.clone(), base_model: Some(NamedModel::Family(ModelFamily::Gru)), ..config() };
		assert!(refusal(two).contains("both `program` and `base_model`"));
		assert!(refusal(ForecastConfig { program: Some(vec![]), ..config() }).contains("`program` is empty"));
		assert_eq!(config().forecaster(), NamedModel::Family(ModelFamily::Linear));
		assert_eq!(ForecastConfig { program, ..config() }.forecaster(), NamedModel::Program(vec!["./model".into()]));
	}

	#[test]
	fn numbers_out_of_their_range_are_named() {
		let below = refusal(ForecastConfig { wager: Amount(DOIN - 1), ..config() });
		assert!(below.contains("the market takes 1 DOIN at least"), "{below}");
		assert!(refusal(ForecastConfig { lookback: 0, ..config() }).contains("`lookback` is 0"));
		assert!(refusal(ForecastConfig { retrain: Some(0), ..config() }).contains("`retrain` is 0"));
		assert!(refusal(ForecastConfig { epochs: Some(0), ..config() }).contains("`epochs` is 0"));
		for timeout in [0, 3_601] {
			assert!(refusal(ForecastConfig { timeout, ..config() }).contains("1 to 3600 seconds"));
		}
		let program = Some(vec!["./model".into()]);
		ForecastConfig { pairs: MOST_PAIRS, program: program.clone(), ..config() }.check().unwrap();
		assert!(refusal(ForecastConfig { pairs: MOST_PAIRS + 1, program, ..config() }).contains("at most 100000"));
		assert!(refusal(ForecastConfig { pairs: 1, ..config() }).contains("name a `program`"));
		assert!(refusal(ForecastConfig { decimals: Some(19), ..config() }).contains("0 to 18"));
		assert!(refusal(ForecastConfig { time: Some(" ".into()), ..config() }).contains("`time` is invalid"));
	}

	#[test]
	fn paths_start_in_the_folder_of_the_file() {
		let mut config = ForecastConfig {
			history: Some("btc.csv".into()),
			base_model: Some(NamedModel::File("btc.doin".into())),
			program: Some(vec!["./model".into(), "./a".into()]),
			..config()
		};
		config.resolve(Path::new("/etc/doin"));
		assert_eq!(config.history.as_deref(), Some(Path::new("/etc/doin/btc.csv")));
		assert_eq!(config.base_model, Some(NamedModel::File("/etc/doin/btc.doin".into())));
		assert_eq!(config.program, Some(vec!["/etc/doin/./model".into(), "./a".into()]));
		let mut shell = ForecastConfig { program: Some(vec!["python3".into()]), ..config };
		shell.resolve(Path::new("/etc/doin"));
		assert_eq!(shell.program, Some(vec!["python3".into()]));
	}
}
