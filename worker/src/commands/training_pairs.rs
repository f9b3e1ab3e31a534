//! `training-pairs`: writes windows of the past with their true continuations, for programs that learn.

use super::backtest::{source::Given, MOST_PAIRS};
use crate::{
	args::NodeArgs,
	report::{count, entry, print_text, OutputArgs},
	work::compute,
};
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use doin_forecaster::{
	pairs::{lines, pairs},
	plugin::Opening,
	Terms, Times,
};
use doin_sources::decimal::MAX_DECIMALS;
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	fs::File,
	io::Write,
	path::{Path, PathBuf},
};

/// Bars of a continuation, for a file and for a stream without a market.
const HORIZON: usize = 100;

/// Arguments of `training-pairs`.
#[derive(Clone, Debug, Args)]
pub struct TrainingPairsArgs {
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
	/// Decimals of the values [default: as many as the closes have, and as fit; those of the stream]
	#[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(..=MAX_DECIMALS as i64))]
	decimals: Option<u8>,
	/// Bars of a continuation [default: 100; those of the stream, if it has a market]
	#[arg(long, value_name = "BARS")]
	horizon: Option<usize>,
	/// Bars of a window
	#[arg(long, value_name = "BARS", default_value_t = 100)]
	lookback: usize,
	/// Bars from the last one of the window to the first one of the continuation; the last three before it are the zero
	#[arg(long, value_name = "BARS", default_value_t = 5)]
	lead: usize,
	/// Part of the bars that pairs are taken of, from the first one on, in per cent. `backtest` with the same number has its rounds behind
	#[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(1..=100))]
	train: u8,
	/// Pairs to draw
	#[arg(long, value_name = "NUMBER", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=MOST_PAIRS))]
	count: u32,
	/// Seed of the draw: the same bars and seed give the same pairs
	#[arg(long, value_name = "N", default_value_t = 0)]
	seed: u64,
	/// File to write in place of standard output; an existing file is never overwritten
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `training-pairs`.
///
/// # Errors
///
/// Errors if the bars, a number or the file cannot be used.
pub async fn run(node: &NodeArgs, args: TrainingPairsArgs) -> Result<()> {
	ensure!(
		args.out.is_some() || !args.output.is_json(),
		"--json reports on a file, and the pairs are printed: name the file with --out, or omit --json"
	);
	let given = match &args.stream {
		Some(name) => Some(Given::of_stream(node, name, args.decimals).await?),
		None => None,
	};
	let (out, output) = (args.out.clone(), args.output);
	let (text, report) = compute(move |_| drawn(&args, given)).await?;
	let Some(path) = out else { return print_text(String::from_utf8_lossy(&text)) };
	write(&path, &text)?;
	output.print(&report)
}

/// Returns the lines of the pairs, and the report on them. The bars are those of the file unless they are `given`.
fn drawn(args: &TrainingPairsArgs, given: Option<Given>) -> Result<(Vec<u8>, PairsReport)> {
	let given = match (given, &args.csv) {
		(Some(given), _) => given,
		(None, Some(path)) => Given::of_file(path, &args.column, args.time.clone(), args.decimals)?,
		(None, None) => bail!("no bars are named: add --csv FILE or --stream SYMBOL"),
	};
	let series = &given.series;
	let terms = Terms {
		horizon: args.horizon.or(given.horizon).unwrap_or(HORIZON),
		lookback: args.lookback,
		lead: args.lead,
		batch: given.batch.unwrap_or(1),
		season: 0,
		kept: given.kept.unwrap_or(series.bars.len()),
		scale: None,
	};
	let known = series.bars.len() * usize::from(args.train) / 100;
	let pairs = pairs(series, &terms, known, args.count as usize, args.seed)?;
	let text = lines(&Opening::new(series, &terms), &pairs);
	let (horizon, lookback) = (terms.horizon, terms.lookback);
	Ok((
		text,
		PairsReport { path: args.out.clone(), series: series.name.clone(), bars: known, pairs: pairs.len(), lookback, horizon },
	))
}

/// Writes lines to a new file.
fn write(path: &Path, text: &[u8]) -> Result<()> {
	let mut file = File::create_new(path).with_context(|| {
		format!("cannot create {}: an existing file is never overwritten; choose a new name in a writable folder", path.display())
	})?;
	file.write_all(text).with_context(|| format!("cannot write {}: check the space on its disk", path.display()))
}

/// Report of `training-pairs`.
#[derive(Debug, Serialize)]
struct PairsReport {
	path: Option<PathBuf>,
	/// Name of the file or the stream.
	series: String,
	/// Bars that the pairs were taken of.
	bars: usize,
	pairs: usize,
	/// Bars of a window.
	lookback: usize,
	/// Bars of a continuation.
	horizon: usize,
}

impl Display for PairsReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { path, series, bars, pairs, lookback, horizon } = self;
		if let Some(path) = path {
			entry(f, "file", path.display())?;
		}
		entry(f, "bars", format_args!("the first {} of {series}", count(*bars, "bar")))?;
		entry(f, "pairs", format_args!("{pairs} of {lookback} bars and the {horizon} after their zero"))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::cli::Cli;
	use clap::{FromArgMatches, Parser};
	use serde_json::Value;

	fn parse(line: &str) -> TrainingPairsArgs {
		let words = std::iter::once("training-pairs").chain(line.split_whitespace());
		let matches = TrainingPairsArgs::augment_args(clap::Command::new("training-pairs")).try_get_matches_from(words);
		TrainingPairsArgs::from_arg_matches(&matches.unwrap_or_else(|error| panic!("{error}"))).unwrap()
	}

	/// Writes 400 bars whose close is their number.
	fn write_bars(path: &Path) {
		let rows: String = (0..400).map(|bar| format!("{},{bar},5\n", 1_600_000_000 + 300 * bar)).collect();
		std::fs::write(path, format!("timestamp,close,volume\n{rows}")).unwrap();
	}

	#[tokio::test]
	async fn pairs_are_written_and_never_over_a_file() {
		let folder = tempfile::tempdir().unwrap();
		let (bars, out) = (folder.path().join("bars.csv"), folder.path().join("pairs.jsonl"));
		write_bars(&bars);
		let line = format!("--csv {} --horizon 24 --lookback 16 --count 50 --seed 3 --out {}", bars.display(), out.display());
		run(&NodeArgs::default(), parse(&line)).await.unwrap();
		let text = std::fs::read_to_string(&out).unwrap();
		let messages: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
		assert_eq!((messages.len(), &messages[0]["params"]["fields"]), (51, &serde_json::json!(["close", "volume"])));
		for pair in &messages[1..] {
			let params = &pair["params"];
			let (last, zero) = (params["bars"][15][0].as_i64().unwrap(), params["zero"].as_i64().unwrap());
			// The zero is the median of the three bars before the horizon, of which the second half is left out.
			assert_eq!((zero, params["closes"][0].as_i64(), params["closes"][24].as_i64()), (last + 3, Some(last + 5), None));
			assert!(params["closes"][23].as_i64().is_some_and(|close| close < 200), "{params}");
		}
		let again = run(&NodeArgs::default(), parse(&line)).await.unwrap_err();
		assert!(format!("{again:#}").contains("never overwritten"), "{again:#}");
		assert_eq!(std::fs::read_to_string(&out).unwrap(), text);
	}

	#[tokio::test]
	async fn what_cannot_be_used_is_named() {
		let folder = tempfile::tempdir().unwrap();
		let bars = folder.path().join("bars.csv");
		write_bars(&bars);
		let refused = |line: &str| {
			let args = parse(&format!("--csv {} {line}", bars.display()));
			async move { format!("{:#}", run(&NodeArgs::default(), args).await.unwrap_err()) }
		};
		assert!(refused("--horizon 23").await.contains("invalid --horizon 23"));
		assert!(refused("--train 10").await.contains("40 bars have no window of 100"));
		assert!(refused("--json").await.contains("name the file with --out"));
		assert!(refused("--column open").await.contains("no column `open`"));
	}

	#[test]
	fn arguments_are_checked() {
		let parse = |line: &str| Cli::try_parse_from(format!("doin-worker training-pairs {line}").split(' '));
		for line in ["--csv a.csv --count 5 --seed 1", "--stream BTC/USD --train 100 --out a --json"] {
			parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
		}
		for line in
			["", "--csv a --stream b", "--csv a --count 0", "--csv a --train 0", "--csv a --train 101", "--stream a --time t"]
		{
			assert!(parse(line).is_err(), "{line}");
		}
	}
}
