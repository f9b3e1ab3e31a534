//! `backtest`: forecasts the rounds of historical bars, and shows the skill of the forecasts.

mod report;
pub(super) mod source;

use crate::{
	args::NodeArgs,
	report::{OutputArgs, Remarks},
	work::{compute, progress_bar, threads},
};
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use doin_compute::Executor;
use doin_forecast::{find_season, LoadedModel};
use doin_forecaster::{
	backtest::{periods, Scored, Training},
	pairs::pairs,
	play,
	rounds::rounds_beside,
	Asked, BaseModel, Certainty, Channels, Figures, Fixed, Inputs, NamedModel, Recipe, Retrained, Rounds, Series, Terms, Times,
};
use doin_market::truth::squared;
use doin_sources::decimal::MAX_DECIMALS;
use report::BacktestReport;
use source::Given;
use std::{path::PathBuf, sync::atomic::AtomicBool, time::Duration};

/// Bars that are forecast, for a file and for a stream without a market.
const HORIZON: usize = 100;
/// Bars from one round to the next, for a file: half an hour of five minutes.
const BATCH: usize = 6;
/// Most training pairs that are drawn at a time.
pub(super) const MOST_PAIRS: i64 = 100_000;
/// Bars that the stream of a file keeps: 30 days of five minutes.
const KEPT: usize = 9_000;

/// Arguments of `backtest`.
#[derive(Clone, Debug, Args)]
pub struct BacktestArgs {
	/// CSV file of bars, e.g. one that `history` has written
	#[arg(long, value_name = "FILE", required_unless_present = "stream", conflicts_with = "stream")]
	csv: Option<PathBuf>,
	/// Stream of the chain, whose kept bars are read
	#[arg(long, value_name = "SYMBOL|ID")]
	stream: Option<String>,
	/// Column of the closes of the file
	#[arg(long, value_name = "COLUMN", default_value = "close", conflicts_with = "stream")]
	column: String,
	/// Column of the times of the file, or `none` to take its rows as bars without gaps [default: the one with a usual name]
	#[arg(long, value_name = "COLUMN|none", conflicts_with = "stream")]
	time: Option<Times>,
	/// Decimals of the values: forecasts are whole units of the last one [default: as many as the closes have, and as fit; those of the
	/// stream]
	#[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(..=MAX_DECIMALS as i64))]
	decimals: Option<u8>,
	/// Forecaster: a family of nets that are trained on the bars (linear, mlp, conv, lstm or gru), a file of `train --out`, or
	/// program:COMMAND for a model of your own
	#[arg(long, alias = "base_model", value_name = "FAMILY|FILE|program:COMMAND", default_value = "linear")]
	base_model: NamedModel,
	/// Bars that are forecast [default: 100; those of the stream, if it has a market]
	#[arg(long, value_name = "BARS")]
	horizon: Option<usize>,
	/// Bars of the input of a round
	#[arg(long, value_name = "BARS", default_value_t = 100)]
	lookback: usize,
	/// Bars from the last one of the input to the first one of the horizon: by default, one ends during the commits, and three are the zero
	#[arg(long, value_name = "BARS", default_value_t = 5)]
	lead: usize,
	/// Bars from one round to the next [default: 6; the batch of the stream]
	#[arg(long, value_name = "BARS")]
	batch: Option<usize>,
	/// Bars of the season, 1 for none [default: found by autocorrelation in the bars before the first round; that of the stream]
	#[arg(long, value_name = "BARS")]
	season: Option<u32>,
	/// Root of the mean squared error that averages start from, in units of the last decimal [default: that of no change in the bars before
	/// the first round; that of the stream]
	#[arg(long, value_name = "UNITS", value_parser = clap::value_parser!(u32).range(1..))]
	scale: Option<u32>,
	/// Channels that nets read beside the closes: high, low, volume, rsi, macd, bollinger, ema, day, day-quarter, week and week-quarter, at
	/// most seven; or none
	#[arg(long, value_name = "CHANNEL,...", default_value = "rsi,macd,bollinger,ema")]
	channels: Channels,
	/// Part of the bars before the first round, in per cent: nets are trained on them, and the averages of the references settle
	#[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(1..=95))]
	train: u8,
	/// Train nets anew after so many bars, on all bars until then [default: never]
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
	/// Training pairs that a program is given before the first round, of the bars before it: windows with their true continuations
	#[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=MOST_PAIRS))]
	pairs: u32,
	/// Periods with about as many rounds each, whose figures are shown
	#[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
	periods: u32,
	/// Threads [default: all cores]. Nets do not depend on it
	#[arg(long, value_name = "N")]
	cores: Option<usize>,
	/// Accepted as in the time-series subnet. All rounds of this command are historical
	#[arg(long, alias = "test_only_historical", value_name = "1", num_args = 0..=1, default_missing_value = "1")]
	test_only_historical: Option<u8>,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `backtest`.
///
/// # Errors
///
/// Errors if the bars, the model or a number cannot be used, and if a program does not forecast.
pub async fn run(node: &NodeArgs, args: BacktestArgs) -> Result<()> {
	ensure!(
		args.test_only_historical != Some(0),
		"--test-only-historical 0 asks for rounds on a chain: all rounds of this command are historical; omit it"
	);
	let given = match &args.stream {
		Some(name) => Some(Given::of_stream(node, name, args.decimals).await?),
		None => None,
	};
	let output = args.output;
	let report = compute(move |stop| backtest(&args, given, stop)).await?;
	output.print(&report)
}

/// Returns the report of a backtest. The bars are those of the file unless they are `given`.
fn backtest(args: &BacktestArgs, given: Option<Given>, stop: &AtomicBool) -> Result<BacktestReport> {
	let remarks = Remarks::default();
	let given = match (given, &args.csv) {
		(Some(given), _) => given,
		(None, Some(path)) => Given::of_file(path, &args.column, args.time.clone(), args.decimals)?,
		(None, None) => bail!("no bars are named: add --csv FILE or --stream SYMBOL"),
	};
	let mut from = given.series.bars.len() * usize::from(args.train) / 100;
	let loaded = match &args.base_model {
		NamedModel::File(path) => Some(LoadedModel::read(path)?),
		_ => None,
	};
	if let Some(end) = loaded.as_ref().and_then(|loaded| known_bars(loaded, &given.series)).filter(|end| *end > from) {
		remarks.add(format_args!(
			"note: the first round is that of bar {end}, since the model may have been chosen by the bars before"
		));
		from = end;
	}
	let terms = terms(args, &given, from);
	let closes = given.series.closes();
	let champion = given.champion.as_ref().filter(|champion| usize::from(champion.program.horizon) >= terms.horizon);
	if champion.is_some() {
		remarks.add(format_args!(
			"note: the champion of the live domain of the stream is among the references, and may have been trained on these bars"
		));
	}
	let rounds = rounds_beside(&closes, &terms, from, champion)?;
	let bar = progress_bar(rounds.held.len() as u64, "forecasting {bar:30} {pos}/{len} rounds, {eta} left");
	let played = Played { args, given: &given, terms: &terms, closes: &closes, rounds: &rounds, stop };
	let (scored, trainings) = played.play(loaded.as_ref(), &mut || bar.inc(1))?;
	bar.finish_and_clear();
	let all = Figures::of(&scored).context("no round was scored")?;
	let certainty = Certainty::of(&scored, &terms);
	let periods = periods(&scored, args.periods as usize)?;
	let model = args.base_model.to_string();
	Ok(BacktestReport::new(
		&given.series,
		&terms,
		&rounds,
		report::Outcome { model, trainings, all, certainty, periods },
		remarks.texts(),
	))
}

/// Returns the number of bars, from the first one, that a model may have been trained or chosen by; `None` if it was trained on other
/// files. A training on a part of the rows may have used the last ones.
fn known_bars(loaded: &LoadedModel, series: &Series) -> Option<usize> {
	let files = loaded.file.data.files.iter().filter(|file| file.file == series.name);
	let unused = |rows: u32| series.bars.len().saturating_sub(rows as usize);
	files.map(|file| unused(file.rows) + file.split.validation_end as usize).max()
}

/// Returns the terms of the rounds: those of the command line, else those of the stream, else the usual ones.
fn terms(args: &BacktestArgs, given: &Given, from: usize) -> Terms {
	let found = || {
		let filled = given.series.filled();
		let closes: Vec<f64> = filled.iter().take(from).map(|bar| bar.close as f64).collect();
		u32::from(find_season(&closes))
	};
	// A season of one bar is none.
	let season = Some(args.season.or(given.season).unwrap_or_else(found)).filter(|season| *season > 1).unwrap_or(0);
	Terms {
		horizon: args.horizon.or(given.horizon).unwrap_or(HORIZON),
		lookback: args.lookback,
		lead: args.lead,
		batch: args.batch.or(given.batch).unwrap_or(BATCH),
		season,
		kept: given.kept.unwrap_or(KEPT),
		scale: args.scale.or(given.scale).map(squared),
	}
}

/// Rounds that are about to be forecast.
struct Played<'a> {
	args: &'a BacktestArgs,
	given: &'a Given,
	terms: &'a Terms,
	closes: &'a [Option<i64>],
	rounds: &'a Rounds,
	stop: &'a AtomicBool,
}

impl Played<'_> {
	/// Returns the results of all rounds, and the trainings of nets.
	fn play(&self, loaded: Option<&LoadedModel>, progress: &mut dyn FnMut()) -> Result<(Vec<Scored>, Vec<Training>)> {
		let Self { args, given, terms, closes, rounds, stop } = *self;
		let series = &given.series;
		match (&args.base_model, loaded) {
			(NamedModel::Family(family), _) => {
				let inputs = Inputs::new(series, &args.channels.0)?;
				let recipe = Recipe { family: *family, seed: args.seed, epochs: args.epochs };
				let executor = Executor::cpu(threads(args.cores))?;
				let (every, model, trainings) = (args.retrain.map(|bars| bars as usize), None, Vec::new());
				let mut forecaster =
					Retrained { recipe: &recipe, inputs: &inputs, terms, executor: &executor, stop, every, model, trainings };
				let scored = play(rounds, closes, terms, &mut forecaster, stop, progress)?;
				Ok((scored, forecaster.trainings))
			}
			(NamedModel::Program(command), _) => {
				let patience = Duration::from_secs(args.timeout);
				let mut forecaster = Asked::start(command, series, terms, patience, stop)?;
				if args.pairs > 0 {
					let known = rounds.held.first().map_or(0, |round| round.bar + 1);
					let drawn = pairs(series, terms, known, args.pairs as usize, args.seed)?;
					drawn.iter().for_each(|pair| forecaster.plugin.pair(pair));
				}
				Ok((play(rounds, closes, terms, &mut forecaster, stop, progress)?, Vec::new()))
			}
			(NamedModel::File(_), Some(loaded)) => {
				let inputs = Inputs::new(series, &[])?;
				let model = BaseModel::of_file(loaded, series, terms)?;
				let mut forecaster = Fixed { model, inputs: &inputs, terms };
				Ok((play(rounds, closes, terms, &mut forecaster, stop, progress)?, Vec::new()))
			}
			(NamedModel::File(path), None) => bail!("{} was not read", path.display()),
		}
	}
}

#[cfg(test)]
mod tests;
