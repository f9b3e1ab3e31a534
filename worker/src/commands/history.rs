//! `history`: writes the historical bars of sources to a CSV file.

use crate::{
	report::{count, entry, OutputArgs},
	work::progress_bar,
};
use anyhow::{anyhow, bail, ensure, Context, Result};
use clap::Args;
use doin_roles::config::{ConfigFile, ReportedConfig};
use doin_sources::{
	decimal::MAX_DECIMALS,
	default_quorum,
	fault::Fault,
	history::{csv_header, csv_row, Chunk, History},
	open_numbered, open_sources,
	time::{parse_time, span_text, time_text},
	Field, Layout, Millis, Reason, Source, SourceConfig, Wanted,
};
use serde::Serialize;
use std::{
	collections::BTreeSet,
	fmt::{self, Display, Formatter},
	fs::File,
	io::{BufWriter, Write},
	path::{Path, PathBuf},
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::sleep;

/// Pause between two requests, so that an exchange does not refuse them.
const PAUSE: Duration = Duration::from_millis(250);
/// Pauses before a request that has failed is repeated.
const REPEATED: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(30)];

/// Arguments of `history`.
#[derive(Clone, Debug, Args)]
pub struct HistoryArgs {
	/// Source of the bars: binance:SYMBOL, a URL of klines with {from}, {to} and {limit}, or program:COMMAND. Of several, the median of each
	/// value is written. The second one of a name is called e.g. `binance 2`
	#[arg(long = "source", value_name = "SOURCE", required_unless_present = "config", conflicts_with = "config")]
	sources: Vec<String>,
	/// Take the sources of a stream from a configuration of `run`
	#[arg(long, value_name = "FILE", requires = "stream")]
	config: Option<PathBuf>,
	/// With --config: symbol or identifier of the stream in `reported`
	#[arg(long, value_name = "SYMBOL|ID", requires = "config")]
	stream: Option<String>,
	/// Beginning of the first bar: a date, or seconds since 1970
	#[arg(long, value_name = "TIME", value_parser = time)]
	from: Millis,
	/// End of the last bar [default: the last bar that has ended]
	#[arg(long, value_name = "TIME", value_parser = time)]
	to: Option<Millis>,
	/// Length of a bar, e.g. 1m, 5m, 1h or 1d
	#[arg(long, value_name = "LENGTH", default_value = "5m", value_parser = length)]
	bar: Millis,
	/// Decimals of the values; further ones are rounded
	#[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u8).range(..=MAX_DECIMALS as i64))]
	decimals: u8,
	/// Number of sources that have to have a bar [default: more than half of them]
	#[arg(long, value_name = "NUMBER")]
	quorum: Option<usize>,
	/// File to write; an existing file is never overwritten
	#[arg(long, value_name = "FILE")]
	out: PathBuf,
	#[command(flatten)]
	output: OutputArgs,
}

/// Parses a time.
fn time(text: &str) -> Result<Millis, String> {
	parse_time(text).ok_or_else(|| format!("invalid time `{text}`: expected e.g. 2026-01-31, 2026-01-31T12:05:00Z or 1769861100"))
}

/// Parses a length of time.
///
/// # Errors
///
/// Errors if the text is not a number with a unit, or not the length of a bar.
pub fn length(text: &str) -> Result<Millis, String> {
	let invalid = || format!("invalid length `{text}`: expected a number and s, m, h or d, e.g. 5m");
	let unit = match text.chars().last() {
		Some('s') => 1_000,
		Some('m') => 60_000,
		Some('h') => 3_600_000,
		Some('d') => 86_400_000,
		_ => return Err(invalid()),
	};
	let number: Millis = text[..text.len() - 1].parse().map_err(|_| invalid())?;
	number
		.checked_mul(unit)
		.filter(|length| (1_000..=86_400_000).contains(length))
		.ok_or_else(|| format!("invalid length `{text}`: a bar takes 1 second to 1 day"))
}

/// Runs `history`.
///
/// # Errors
///
/// Errors if a source, a time or the file cannot be used, and if all sources fail. What was written until then stays in the file.
pub async fn run(args: HistoryArgs) -> Result<()> {
	let (sources, quorum) = opened(&args)?;
	if let Some(replay) = sources.iter().find(|source| source.is_replay()) {
		bail!("`{}` is a file, and its rows are the history already: leave it out", replay.name());
	}
	let quorum = args.quorum.or(quorum).unwrap_or_else(|| default_quorum(sources.len()));
	ensure!(
		(1..=sources.len()).contains(&quorum),
		"--quorum is {quorum}: expected 1 to {}, the number of sources",
		sources.len()
	);
	let layout = Layout { bar: args.bar, origin: args.bar, fields: Field::ALL.to_vec(), decimals: args.decimals };
	let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis);
	let wanted = wanted(&layout, args.from, args.to, now)?;
	let report = write(&sources, quorum, &layout, wanted, &args.out).await?;
	args.output.print(&report)
}

/// Opens the sources of the command line, or those of a stream of a configuration. Returns the latter with their quorum.
fn opened(args: &HistoryArgs) -> Result<(Vec<Source>, Option<usize>)> {
	let Some(path) = &args.config else {
		let configs = args.sources.iter().map(|text| SourceConfig::from_text(text, args.bar));
		let sources = configs.collect::<Result<Vec<SourceConfig>, String>>().and_then(|configs| open_numbered(&configs));
		return Ok((sources.map_err(|reason| anyhow!(reason))?, None));
	};
	let name = args.stream.as_deref().unwrap_or_default();
	let is_named = |reported: &&ReportedConfig| {
		reported.symbol.as_deref() == Some(name) || reported.stream.is_some_and(|id| id.to_string() == name)
	};
	let file = ConfigFile::load(path)?;
	let found = file.reported.iter().find(is_named);
	let found = found.with_context(|| {
		let known: Vec<String> = file.reported.iter().map(ReportedConfig::label).collect();
		format!("{} has no stream `{name}` in `reported`: it has {}", path.display(), known.join(", "))
	})?;
	Ok((open_sources(&found.sources).map_err(|reason| anyhow!(reason))?, found.quorum))
}

/// Returns the bars from the first one that begins at `from` or later to the last one that has ended at `to`.
fn wanted(layout: &Layout, from: Millis, to: Option<Millis>, now: Millis) -> Result<Wanted> {
	let first = from.checked_add(2 * layout.bar - 1).and_then(|time| layout.last_end(time));
	let last = layout.last_end(to.unwrap_or(now).min(now));
	let (Some(first), Some(last)) = (first, last) else { bail!("--from or --to is out of range: name a date since 1970") };
	ensure!(
		first <= last,
		"no bar of {} lies between {} and {}: choose an earlier --from, or a later --to that is not in the future",
		span_text(layout.bar),
		time_text(from),
		time_text(to.unwrap_or(now))
	);
	Ok(Wanted { first, last, now })
}

/// Writes the bars to a new file.
async fn write(sources: &[Source], quorum: usize, layout: &Layout, wanted: Wanted, path: &Path) -> Result<HistoryReport> {
	let file = File::create_new(path).with_context(|| {
		format!("cannot create {}: an existing file is never overwritten; choose a new name in a writable folder", path.display())
	})?;
	let failed = || format!("cannot write {}: check the space on its disk", path.display());
	let mut out = BufWriter::new(file);
	out.write_all(csv_header(layout).as_bytes()).with_context(failed)?;
	let mut history = History::new(sources, quorum, layout, wanted);
	let bar = progress_bar(history.left(), "reading {bar:30} {pos}/{len} bars, {eta} left");
	let (mut report, mut printed) = (HistoryReport::new(path, wanted, layout), BTreeSet::new());
	while let Some(chunk) = next(&mut history, &REPEATED).await? {
		print_new(&chunk.faults, &mut printed, |text| bar.suspend(|| eprintln!("warning: {text}")));
		report.bars += chunk.bars.len() as u64;
		report.missing += chunk.asked.saturating_sub(chunk.bars.len() as u64);
		for (end, values) in &chunk.bars {
			out.write_all(csv_row(*end, values, layout).as_bytes()).with_context(failed)?;
		}
		out.flush().with_context(failed)?;
		bar.inc(chunk.asked);
		if history.left() > 0 {
			sleep(PAUSE).await;
		}
	}
	bar.finish_and_clear();
	ensure!(report.bars > 0, "no bar was found, and {} has a header only: see the warnings", path.display());
	Ok(report)
}

/// Returns the next bars. A request that has failed for all sources is repeated after each of these pauses.
async fn next(history: &mut History<'_>, pauses: &[Duration]) -> Result<Option<Chunk>> {
	let mut pauses = pauses.iter();
	loop {
		let Some(chunk) = history.ask().await else { return Ok(None) };
		let failed = chunk.bars.is_empty().then(|| chunk.faults.iter().find(|fault| is_failure(&fault.reason))).flatten();
		let Some(fault) = failed else {
			history.advance();
			return Ok(Some(chunk));
		};
		let Some(pause) = pauses.next().filter(|_| fault.reason.is_transient()) else {
			bail!("{fault}. The bars before are in the file; go on with --from and another --out");
		};
		sleep(*pause).await;
	}
}

/// Returns `true` if a source has failed. One that has no bars of the time, e.g. before it existed, has not.
fn is_failure(reason: &Reason) -> bool {
	!matches!(reason, Reason::Nothing { .. } | Reason::Behind { .. } | Reason::Gap { .. })
}

/// Prints the faults of sources, each kind once for each source.
fn print_new(faults: &[Fault], printed: &mut BTreeSet<(String, String)>, print: impl Fn(&Fault)) {
	for fault in faults {
		// The kind of a reason is the name of its variant.
		let debug = format!("{:?}", fault.reason);
		let kind = debug.split([' ', '{', '(']).next().unwrap_or_default().to_owned();
		if printed.insert((fault.source_name.clone(), kind)) {
			print(fault);
		}
	}
}

/// Report of `history`.
#[derive(Debug, Serialize)]
struct HistoryReport {
	path: PathBuf,
	/// Beginning of the first bar, and end of the last one.
	from: String,
	to: String,
	/// Length of a bar, in milliseconds.
	bar_ms: Millis,
	/// Bars that were written.
	bars: u64,
	/// Bars that too few sources have.
	missing: u64,
}

impl HistoryReport {
	fn new(path: &Path, wanted: Wanted, layout: &Layout) -> Self {
		let (from, to) = (time_text(wanted.first - layout.bar), time_text(wanted.last));
		Self { path: path.into(), from, to, bar_ms: layout.bar, bars: 0, missing: 0 }
	}
}

impl Display for HistoryReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "file", self.path.display())?;
		entry(f, "time", format_args!("{} to {}", self.from, self.to))?;
		let (bars, length) = (count(self.bars as usize, "bar"), span_text(self.bar_ms));
		entry(f, "bars", format_args!("{bars} of {length}, {} missing", self.missing))?;
		writeln!(f, "Next: doin-worker train --csv {} --column close --time timestamp", self.path.display())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::cli::Cli;
	use clap::Parser;
	use std::{
		io::{BufRead, BufReader},
		net::TcpListener,
	};

	const DAY: Millis = 86_400_000;

	fn layout() -> Layout {
		Layout { bar: 300_000, origin: 300_000, fields: Field::ALL.to_vec(), decimals: 2 }
	}

	#[test]
	fn whole_bars_between_two_times_are_wanted() {
		let bar = 300_000;
		let of = |from, to| wanted(&layout(), from, to, DAY + 1).map(|wanted| (wanted.first / bar, wanted.last / bar));
		assert_eq!(of(0, None).unwrap(), (1, 288));
		assert_eq!(of(0, Some(DAY)).unwrap(), (1, 288));
		assert_eq!(of(1, Some(3 * bar - 1)).unwrap(), (2, 2), "bars that lie between them as a whole");
		assert_eq!(of(0, Some(99 * DAY)).unwrap(), (1, 288), "the future is not asked for");
		for (from, to) in [(DAY, None), (bar, Some(bar)), (2 * DAY, Some(DAY))] {
			assert!(of(from, to).unwrap_err().to_string().contains("no bar of 5 min"), "{from}");
		}
		assert!(of(u64::MAX, None).unwrap_err().to_string().contains("out of range"));
	}

	#[test]
	fn lengths_and_times_are_parsed() {
		assert_eq!(["1s", "5m", "2h", "1d"].map(length), [1_000, 300_000, 7_200_000, DAY].map(Ok::<Millis, String>));
		for wrong in ["", "5", "m", "-1m", "2d", "0m", "5 m", "99999999999999999999m"] {
			assert!(length(wrong).unwrap_err().contains("invalid length"), "{wrong}");
		}
		assert_eq!(time("1970-01-02"), Ok(DAY));
		assert!(time("yesterday").unwrap_err().contains("2026-01-31"));
	}

	#[test]
	fn each_kind_of_fault_is_printed_once() {
		let fault = |source: &str, reason| Fault { source_name: source.into(), reason };
		let gap = |first| Reason::Gap { missing: 1, first };
		let faults = [fault("a", gap(1)), fault("a", gap(2)), fault("b", gap(1)), fault("a", Reason::Unanswered)];
		let times = std::cell::Cell::new(0);
		let mut printed = BTreeSet::new();
		print_new(&faults, &mut printed, |_| times.set(times.get() + 1));
		print_new(&faults, &mut printed, |_| times.set(times.get() + 1));
		assert_eq!(times.get(), 3);
	}

	/// A program prints every second bar that it is asked for.
	#[cfg(unix)]
	#[tokio::test]
	async fn bars_are_written_and_never_over_a_file() {
		let folder = tempfile::tempdir().unwrap();
		let out = folder.path().join("bars.csv");
		let script = "i={from_s}; while [ $i -lt {to_s} ]; do echo $((i+300)),5.25,9,1,7; i=$((i+600)); done";
		let config = SourceConfig {
			program: Some(["sh", "-c", script].map(String::from).to_vec()),
			timeout: Some(600),
			..Default::default()
		};
		let sources = open_sources(&[config]).unwrap();
		let wanted = wanted(&layout(), DAY, Some(DAY + 4 * 300_000), 2 * DAY).unwrap();
		let report = write(&sources, 1, &layout(), wanted, &out).await.unwrap();
		assert_eq!((report.bars, report.missing), (2, 2));
		let text = std::fs::read_to_string(&out).unwrap();
		assert_eq!(text, "timestamp,close,high,low,volume\n86700000,5.25,9.00,1.00,7.00\n87300000,5.25,9.00,1.00,7.00\n");
		assert!(report.to_string().contains("2 bars of 5 min, 2 missing"), "{report}");
		let again = write(&sources, 1, &layout(), wanted, &out).await.unwrap_err();
		assert!(format!("{again:#}").contains("never overwritten"), "{again:#}");
		assert_eq!(std::fs::read_to_string(&out).unwrap(), text);
	}

	/// Starts a market on this machine that answers requests with these texts in turn, and one without a text never. Returns the URL of its
	/// klines.
	fn market(answers: Vec<Option<String>>) -> String {
		let listener = TcpListener::bind("127.0.0.1:0").unwrap();
		let address = listener.local_addr().unwrap();
		std::thread::spawn(move || {
			let mut open = Vec::new();
			for answer in answers {
				let (stream, _) = listener.accept().unwrap();
				BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
				match answer {
					// The client may have given up.
					Some(text) => drop((&stream).write_all(text.as_bytes())),
					None => open.push(stream),
				}
			}
			// A connection is closed when it is dropped.
			while !open.is_empty() {
				std::thread::park();
			}
		});
		format!("http://{address}/klines?from={{from}}&to={{to}}&limit={{limit}}")
	}

	fn answer(status: u16, body: &str) -> Option<String> {
		Some(format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
	}

	/// Returns the next bars of a market of two bars, whose requests are repeated so often.
	async fn bars_of(answers: Vec<Option<String>>, repeated: usize) -> Result<Chunk, String> {
		let timeout = Some(if answers.contains(&None) { 1 } else { 600 });
		let config = SourceConfig { klines: Some(market(answers)), timeout, ..Default::default() };
		let (sources, layout) = (open_sources(&[config]).unwrap(), layout());
		let wanted = wanted(&layout, DAY, Some(DAY + 2 * layout.bar), 2 * DAY).unwrap();
		let mut history = History::new(&sources, 1, &layout, wanted);
		let chunk = next(&mut history, &vec![Duration::ZERO; repeated]).await.map_err(|error| error.to_string())?;
		assert_eq!(history.left(), 0);
		Ok(chunk.unwrap())
	}

	#[tokio::test]
	async fn a_market_that_limits_requests_hangs_or_is_under_maintenance_is_asked_again() {
		let klines = r#"[[86400,"5","9","1","5.25","7"],[86700,"5","9","1","5.5","7"]]"#;
		let (limited, page) = (answer(429, "Too many requests"), answer(200, "<html>Maintenance</html>"));
		let chunk = bars_of(vec![limited.clone(), page.clone(), answer(200, klines)], 2).await.unwrap();
		assert_eq!(chunk.bars.into_values().map(|values| values[0]).collect::<Vec<_>>(), [525, 550]);
		let gap = bars_of(vec![answer(200, &klines.replace("86400", "86100"))], 0).await.unwrap();
		assert_eq!((gap.bars.len(), gap.asked), (1, 2), "a bar that the market lacks is missing, and nothing is repeated");
		for (answers, expected) in [
			(vec![limited.clone(), limited], "HTTP status 429 (`Too many requests`)"),
			(vec![page.clone(), page], "it answers HTML in place of bars"),
			(vec![None, None], "it has not answered within 1 s"),
		] {
			let error = bars_of(answers, 1).await.unwrap_err();
			assert!(error.contains(expected) && error.contains("go on with --from"), "{error}");
		}
	}

	#[tokio::test]
	async fn a_market_whose_columns_have_changed_is_not_asked_again() {
		let error = bars_of(vec![answer(200, "[[86400,5],[86700,5]]")], 3).await.unwrap_err();
		assert!(error.contains("its format has changed") && error.contains("go on with --from"), "{error}");
	}

	#[tokio::test]
	async fn a_source_that_cannot_be_used_ends_the_command() {
		let folder = tempfile::tempdir().unwrap();
		let out = folder.path().join("bars.csv");
		let config = SourceConfig { program: Some(vec!["/nonexistent/feed".into()]), ..Default::default() };
		let sources = open_sources(&[config]).unwrap();
		let wanted = wanted(&layout(), DAY, None, 2 * DAY).unwrap();
		let failed = write(&sources, 1, &layout(), wanted, &out).await.unwrap_err().to_string();
		assert!(failed.contains("source `feed`: `/nonexistent/feed` cannot be started") && failed.contains("--from"), "{failed}");
	}

	#[test]
	fn several_sources_of_one_exchange_are_opened() {
		let args = |sources: &[&str]| HistoryArgs {
			sources: sources.iter().map(|source| String::from(*source)).collect(),
			config: None,
			stream: None,
			from: 0,
			to: None,
			bar: 300_000,
			decimals: 2,
			quorum: None,
			out: "a.csv".into(),
			output: OutputArgs::default(),
		};
		let (sources, quorum) = opened(&args(&["binance:BTCUSDT", "binance:BTCUSDC"])).unwrap();
		let names: Vec<&str> = sources.iter().map(Source::name).collect();
		assert_eq!((names, quorum), (vec!["binance", "binance 2"], None));
		let twice = opened(&args(&["binance:BTCUSDT", "binance:BTCUSDT"])).unwrap_err().to_string();
		assert!(twice.contains("sources 1 and 2 are the same"), "{twice}");
	}

	#[test]
	fn arguments_are_checked() {
		let parse = |line: &str| Cli::try_parse_from(format!("doin-worker history {line}").split(' '));
		for line in [
			"--source binance:BTCUSDT --from 2026-01-01 --out a.csv",
			"--source binance:BTCUSDT --source https://h/k?s={from} --from 0 --to 2026-02-01T00:00:00Z --bar 1h --decimals 2 --quorum 2 --out a",
			"--config reporter.toml --stream BTC/USD --from 2026-01-01 --out a --json",
		] {
			parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
		}
		for line in [
			"--from 2026-01-01 --out a",
			"--source binance:BTCUSDT --out a",
			"--source binance:BTCUSDT --from soon --out a",
			"--source binance:BTCUSDT --from 0 --bar 5 --out a",
			"--source binance:BTCUSDT --from 0 --decimals 19 --out a",
			"--config reporter.toml --from 0 --out a",
			"--source binance:BTCUSDT --config r.toml --stream s --from 0 --out a",
		] {
			assert!(parse(line).is_err(), "{line}");
		}
	}
}
