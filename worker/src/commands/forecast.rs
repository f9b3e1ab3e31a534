//! `forecast`: stakes wagers on forecasts of a stream.

use super::backtest::MOST_PAIRS;
use crate::args::{KeyArgs, NodeArgs};
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use doin_forecaster::{Channels, NamedModel};
use doin_roles::{
	amount::Amount,
	config::{Config, ConfigFile, ForecastConfig, IdentityConfig, ResourceLimits, Role, Settings, LEAST_WAGER},
	forecast::{check, check_files},
	participant::Participant,
	worker::Worker,
};
use doin_sources::decimal::MAX_DECIMALS;
use std::path::PathBuf;

/// Arguments of `forecast`.
#[derive(Clone, Debug, Args)]
pub struct ForecastArgs {
	/// Symbol of the stream, e.g. BTC/USD, or its identifier
	#[arg(long, value_name = "SYMBOL|ID")]
	stream: String,
	/// Forecaster: a family of nets that are trained on the bars (linear, mlp, conv, lstm or gru), or a file of `train --out`
	#[arg(long, alias = "base_model", value_name = "FAMILY|FILE", default_value = "linear")]
	base_model: NamedModel,
	/// Program of your own that forecasts, with its arguments, instead of a base model
	#[arg(long, value_name = "COMMAND", conflicts_with = "base_model")]
	program: Option<String>,
	/// Amount that is staked on each forecast, e.g. 2 DOIN. It is what a forecast can lose
	#[arg(long, value_name = "AMOUNT", num_args = 1..=2, required_unless_present = "leave")]
	wager: Vec<String>,
	/// Bars of the input of a round
	#[arg(long, value_name = "BARS", default_value_t = 100)]
	lookback: usize,
	/// Channels that nets read beside the closes: high, low, volume, rsi, macd, bollinger, ema, day, day-quarter, week and week-quarter, at
	/// most seven; or none
	#[arg(long, value_name = "CHANNEL,...", default_value = "rsi,macd,bollinger,ema")]
	channels: Channels,
	/// Train nets anew after so many bars, while rounds are forecast by the present one [default: never]
	#[arg(long, value_name = "BARS", value_parser = clap::value_parser!(u32).range(1..))]
	retrain: Option<u32>,
	/// Passes over the bars of a training [default: 24; 12 for cells]
	#[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
	epochs: Option<u16>,
	/// Seed of first weights and batches, and of training pairs
	#[arg(long, value_name = "N", default_value_t = 0)]
	seed: u64,
	/// Time that a program has for each answer, in seconds
	#[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
	timeout: u64,
	/// Training pairs that a program is given when it is started, of the bars of --history and of the stream: windows with their true
	/// continuations
	#[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=MOST_PAIRS))]
	pairs: u32,
	/// CSV file of earlier bars that nets are trained on too, and that training pairs are drawn of, e.g. one that `history` has written
	#[arg(long, value_name = "FILE")]
	history: Option<PathBuf>,
	/// Column of the closes of --history and of the file of a model
	#[arg(long, value_name = "COLUMN", default_value = "close")]
	column: String,
	/// Column of the times of --history, or `none` to take its rows as the bars right before those of the stream, moved to its level [default:
	/// the one with a usual name]
	#[arg(long, value_name = "COLUMN|none", requires = "history")]
	time: Option<String>,
	/// Decimals of the values [default: those of the unit of the stream]
	#[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(..=MAX_DECIMALS as i64))]
	decimals: Option<u8>,
	/// Take no new seats: reveal and collect those that are left, then leave the stream, which releases the deposit of the record
	#[arg(long)]
	leave: bool,
	/// Threads of trainings [default: all cores]. Nets do not depend on it
	#[arg(long, value_name = "N")]
	cores: Option<usize>,
	/// Journal, which holds what was committed and has to be revealed [default: doin-worker.db]
	#[arg(long, value_name = "FILE")]
	journal: Option<PathBuf>,
	/// Accepted as in the time-series subnet. Historical rounds are those of `backtest`
	#[arg(long, alias = "test_only_historical", value_name = "0", num_args = 0..=1, default_missing_value = "1")]
	test_only_historical: Option<u8>,
	#[command(flatten)]
	key: KeyArgs,
}

impl ForecastArgs {
	/// Returns the stream, its forecaster and the wager.
	fn config(&self) -> Result<ForecastConfig> {
		let wager = match self.wager[..] {
			[] => LEAST_WAGER,
			_ => self.wager.join(" ").parse::<Amount>().map_err(anyhow::Error::msg).context("invalid --wager")?,
		};
		let program = self.program.as_ref().map(|command| command.split_whitespace().map(String::from).collect());
		let mut config = ForecastConfig {
			base_model: self.program.is_none().then(|| self.base_model.clone()),
			program,
			lookback: self.lookback,
			channels: self.channels.clone(),
			retrain: self.retrain,
			epochs: self.epochs,
			seed: self.seed,
			timeout: self.timeout,
			pairs: self.pairs,
			history: self.history.clone(),
			column: self.column.clone(),
			time: self.time.clone(),
			decimals: self.decimals,
			leave: self.leave,
			..ForecastConfig::new(&self.stream, wager)
		};
		config.check()?;
		Ok(config)
	}

	/// Returns the identity that forecasts.
	fn identity(&self) -> Result<IdentityConfig> {
		let Some(key) = self.key.source() else {
			bail!("no key was named: add --key FILE, or --dev-key //Alice on a development chain")
		};
		Ok(IdentityConfig { proxy_for: self.key.proxy_for(), ..IdentityConfig::new(Role::Forecast, key) })
	}
}

/// Runs `forecast`.
///
/// # Errors
///
/// Errors if an option, a file or the key cannot be used, and if the chain has no such stream, no market of it, or one that the model is
/// not of.
pub async fn run(node: &NodeArgs, args: ForecastArgs) -> Result<()> {
	ensure!(
		args.test_only_historical.is_none_or(|historical| historical == 0),
		"--test-only-historical asks for rounds of historical bars: `doin-worker backtest` holds them; omit it here"
	);
	// What needs no node comes first.
	let (signer, identity, forecast) = (args.key.signer()?, args.identity()?, args.config()?);
	check_files(&forecast)?;
	if !forecast.leave {
		check(&Participant { chain: node.connect().await?, signer }, &forecast).await?;
	}
	let file = ConfigFile {
		identities: vec![identity],
		forecasts: vec![forecast],
		resource_limits: ResourceLimits { cores: args.cores, ..Default::default() },
		..Default::default()
	};
	let flags = Settings { url: node.url.clone(), journal: args.journal, ..Default::default() };
	let environment = Settings::from_env(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
	Worker::open(Config::layered(flags, environment, file)).await?.run().await
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::cli::Cli;
	use clap::{FromArgMatches, Parser};
	use doin_forecast::ModelFamily;
	use doin_primitives::DOIN;

	fn parse(line: &str) -> Result<ForecastArgs, clap::Error> {
		let words = std::iter::once("forecast").chain(line.split_whitespace());
		let matches = ForecastArgs::augment_args(clap::Command::new("forecast")).try_get_matches_from(words)?;
		ForecastArgs::from_arg_matches(&matches)
	}

	#[test]
	fn arguments_are_parsed_as_the_time_series_subnet_spells_them() {
		let args = parse("--stream BTC/USD --base_model GRU --wager 2 DOIN --test_only_historical 0").unwrap();
		let config = args.config().unwrap();
		assert_eq!((config.symbol.as_deref(), config.wager), (Some("BTC/USD"), Amount(2 * DOIN)));
		assert_eq!(config.forecaster(), NamedModel::Family(ModelFamily::Gru));
		let program = parse("--stream 2147483648 --wager 1DOIN --program ./model").unwrap().config().unwrap();
		assert_eq!(program.stream, Some(2_147_483_648));
		assert_eq!(program.forecaster(), NamedModel::Program(vec!["./model".into()]));
		let learning = parse("--stream a --wager 1DOIN --program ./model --pairs 500").unwrap().config().unwrap();
		assert_eq!(learning.pairs, 500);
		let net = parse("--stream a --wager 1DOIN --pairs 500").unwrap().config().unwrap_err();
		assert!(format!("{net:#}").contains("name a `program`"), "{net:#}");
		assert!(parse("--stream a --leave").unwrap().config().unwrap().leave);
		for wrong in [
			"--wager 1DOIN",
			"--stream a",
			"--stream a --wager 1DOIN --base-model gru --program ./m",
			"--stream a --wager 1DOIN --time t",
			"--stream a --wager 1DOIN --retrain 0",
			"--stream a --wager 1DOIN --channels atr",
			"--stream a --wager 1DOIN --program ./model --pairs 100001",
		] {
			assert!(parse(wrong).is_err(), "{wrong}");
		}
		let line =
			"doin-worker forecast --stream BTC/USD --base-model lstm --wager 2 DOIN --retrain 288 --dev-key //Dave --journal j";
		assert!(Cli::try_parse_from(line.split(' ')).is_ok());
	}

	#[tokio::test]
	async fn what_cannot_be_used_is_named_before_a_node_is_asked() {
		let refused = |line: &'static str| async move {
			let node = NodeArgs { url: Some("ws://127.0.0.1:1".into()) };
			format!("{:#}", run(&node, parse(line).unwrap()).await.unwrap_err())
		};
		let small = refused("--stream a --wager 0.5 DOIN --dev-key //Dave").await;
		assert!(small.contains("the market takes 1 DOIN at least"), "{small}");
		assert!(refused("--stream a --wager 5 --dev-key //Dave").await.contains("5 of what?"));
		assert!(refused("--stream a --wager 5DOIN --test_only_historical 1 --dev-key //Dave")
			.await
			.contains("doin-worker backtest"));
		let file = refused("--stream a --wager 5DOIN --base-model /nonexistent/btc.doin --dev-key //Dave").await;
		assert!(file.contains("/nonexistent/btc.doin"), "{file}");
		if std::env::var_os("DOIN_KEY").is_none() {
			assert!(refused("--stream a --wager 5DOIN").await.contains("no key was named"));
		}
	}
}
