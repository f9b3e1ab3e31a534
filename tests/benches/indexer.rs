//! Blocks per second that `doin-worker index --once` reads from a local node and stores in an empty database.
//!
//! `cargo bench --workspace --bench indexer -- --blocks N [--slot-ms N] [--minutes N] | --url URL`, after node and worker were built;
//! `scripts/bench.sh indexer` does both, with 3,000 blocks by default. Without an option nothing runs, as in a run of all benchmarks.
//!
//! With `--blocks`, a chain is made first: an ordinary node, as its only validator, makes a block every `--slot-ms` (100) milliseconds,
//! beside a worker for all roles, until so many blocks are final. A network has slots of a second at least, so the specification gets its
//! length past the genesis ([`chain::with_short_slots`]); the phases of its rounds have ten times the blocks, i.e. the time that the
//! tests give them. The chain stops to grow after `--minutes` (15) and is measured as it is. It is kept in
//! `<target>/indexer-chain-<slot>ms`, with its specification, used and grown again, and begun anew once the genesis of the present build
//! differs.
//!
//! Each of three databases is read from block 0. The start is that of a run that finds few new blocks: process and connection. It is
//! taken off. The node goes on to make blocks meanwhile. Standard error has a report, standard output one line of JSON:
//!
//! ```text
//! {"blocks":3001,"events":…,"seconds":[…],"start_seconds":…,"per_second":…,"slot_ms":100}
//! ```

use anyhow::{ensure, Context, Result};
use doin_e2e::{chain, npm, run, until_signal, Process, Worker, START};
use jsonrpsee::{
	core::{client::ClientT, params::ArrayParams},
	ws_client::{WsClient, WsClientBuilder},
};
use serde_json::{json, Value};
use std::{
	fs,
	net::TcpListener,
	path::{Path, PathBuf},
	str::FromStr,
	time::{Duration, Instant},
};

/// Databases that are filled.
const RUNS: usize = 3;
/// Time between two reports of a growing chain.
const REPORT: Duration = Duration::from_secs(10);
/// Longest time without a new final block.
const STALLED: Duration = Duration::from_secs(120);

/// Returns the text after an option.
fn option(name: &str) -> Option<String> {
	let arguments: Vec<String> = std::env::args().collect();
	let at = arguments.iter().position(|argument| argument == name)?;
	arguments.get(at + 1).cloned()
}

/// Returns the number after an option, if there is the option.
fn number<T: FromStr>(name: &str, example: &str) -> Result<Option<T>> {
	let Some(text) = option(name) else { return Ok(None) };
	let parsed = text.parse::<T>().ok();
	Ok(Some(parsed.with_context(|| format!("invalid {name} {text}: expected a whole number, e.g. {name} {example}"))?))
}

/// Chain that is made for the benchmark.
#[derive(Clone, Copy, Debug)]
struct Made {
	/// Blocks that are to be final.
	blocks: u32,
	/// Length of a slot in milliseconds.
	slot_ms: u64,
	/// Longest time in which it grows.
	limit: Duration,
}

/// A node with the chain that is kept, and its RPC connection. Dropping the value ends the node.
struct Kept {
	process: Process,
	client: WsClient,
	url: String,
}

impl Kept {
	/// Starts the node.
	async fn start(slot_ms: u64) -> Result<Self> {
		let folder = npm::target()?.join(format!("indexer-chain-{slot_ms}ms"));
		let spec = specification(&folder, slot_ms)?;
		// The log of a node that is killed may be cut, so the port is not read from it.
		let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
		let arguments = [
			"--dev".to_owned(),
			format!("--chain={}", spec.display()),
			format!("--base-path={}", folder.display()),
			format!("--rpc-port={port}"),
		];
		let plain = [
			"--state-pruning=archive",
			"--blocks-pruning=archive",
			"--listen-addr=/ip4/127.0.0.1/tcp/0",
			"--no-mdns",
			"--no-prometheus",
			"--no-telemetry",
		];
		let arguments: Vec<String> = arguments.into_iter().chain(plain.map(str::to_owned)).collect();
		let mut process = Process::start("doin-node", &arguments, &folder.join("output.log"))?;
		let url = format!("ws://127.0.0.1:{port}");
		let start = Instant::now();
		let client = loop {
			process.check()?;
			match WsClientBuilder::default().build(&url).await {
				Ok(client) => break client,
				Err(error) => ensure!(start.elapsed() < START, "the node does not answer at {url}: {error}"),
			}
			tokio::time::sleep(Duration::from_millis(500)).await;
		};
		Ok(Self { process, client, url })
	}

	/// Returns the number of the last final block.
	async fn finalized(&mut self) -> Result<u32> {
		self.process.check()?;
		let hash: Value = self.client.request("chain_getFinalizedHead", ArrayParams::new()).await?;
		let mut params = ArrayParams::new();
		params.insert(hash)?;
		let header: Value = self.client.request("chain_getHeader", params).await?;
		let number = header["number"].as_str().with_context(|| format!("a header has a number: {header}"))?;
		Ok(u32::from_str_radix(number.trim_start_matches("0x"), 16)?)
	}

	/// Lets the chain grow until its blocks are final, or its time is over.
	async fn grow(&mut self, made: Made) -> Result<()> {
		let first = self.finalized().await?;
		if first >= made.blocks {
			eprintln!("the chain has {first} final blocks already");
			return Ok(());
		}
		let mut worker =
			Worker::start(&["run", "--dev", "--url", &self.url, "--journal", "{base}/journal.db", "--olap-db", "none"])?;
		let (start, mut finalized) = (Instant::now(), first);
		let (mut reported, mut changed) = (start, start);
		eprintln!("the chain grows from {first} to {} final blocks, for {} s at most", made.blocks, made.limit.as_secs());
		while finalized < made.blocks && start.elapsed() < made.limit {
			tokio::time::sleep(Duration::from_millis(500)).await;
			worker.check()?;
			let now = self.finalized().await?;
			if now > finalized {
				(finalized, changed) = (now, Instant::now());
			}
			ensure!(
				changed.elapsed() < STALLED,
				"no block is final since block {finalized}, for {} s: slots may be too short for this machine; try --slot-ms {}",
				STALLED.as_secs(),
				made.slot_ms * 2
			);
			if reported.elapsed() > REPORT {
				reported = Instant::now();
				let rate = f64::from(finalized - first) / start.elapsed().as_secs_f64();
				eprintln!("{finalized} of {} blocks are final, {rate:.1} blocks/s", made.blocks);
			}
		}
		if finalized < made.blocks {
			eprintln!("the time is over: {finalized} blocks are measured; a further run goes on");
		}
		worker.stop()
	}
}

/// Returns the specification of the chain in `folder`. A chain whose specification is not that of the present build begins anew.
fn specification(folder: &Path, slot_ms: u64) -> Result<PathBuf> {
	let (path, present) = (folder.join("chain.json"), chain::with_short_slots(slot_ms)?);
	if path.exists() && fs::read(&path)? == fs::read(&present)? {
		return Ok(path);
	}
	if folder.exists() {
		eprintln!("the chain in {} has another genesis than the present build makes: it begins anew", folder.display());
		fs::remove_dir_all(folder)?;
	}
	fs::create_dir_all(folder)?;
	fs::copy(present, &path)?;
	Ok(path)
}

/// Indexes up to the last final block, and returns the number of new blocks and the time in seconds.
fn index(database: &Path, url: &str) -> Result<(u64, f64)> {
	let start = Instant::now();
	let output = run("doin-worker", &["index", "--once", "--json", "--url", url, "--olap-db", &database.display().to_string()])?;
	let seconds = start.elapsed().as_secs_f64();
	ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	let report: Value = serde_json::from_slice(&output.stdout)?;
	Ok((report["blocks"].as_u64().context("a number of blocks")?, seconds))
}

/// Returns the events of a complete database.
fn events(database: &Path) -> Result<u64> {
	let output = run("doin-worker", &["index", "check", "--json", "--olap-db", &database.display().to_string()])?;
	ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
	let report: Value = serde_json::from_slice(&output.stdout)?;
	let tables = report["tables"].as_array().context("a list of tables")?;
	tables.iter().find(|table| table[0] == "event").and_then(|table| table[1].as_u64()).context("a number of events")
}

/// Fills databases from the node at `url`, and returns the figures.
fn measured(url: &str) -> Result<Value> {
	let folder = tempfile::tempdir()?;
	let (mut seconds, mut rates, mut starts, mut blocks) = (Vec::new(), Vec::new(), Vec::new(), 0);
	for place in 0..RUNS {
		eprintln!("database {} of {RUNS} is filled", place + 1);
		let database = folder.path().join(format!("{place}.db"));
		let (read, time) = index(&database, url)?;
		// Blocks that have come meanwhile are few.
		let (_, start) = index(&database, url)?;
		let rate = read as f64 / (time - start).max(0.001);
		eprintln!("{read} blocks in {time:.2} s, of which {start:.2} s are the start: {rate:.0} blocks/s");
		blocks = read;
		seconds.push(time);
		rates.push(rate);
		starts.push(start);
	}
	let events = events(&folder.path().join("0.db"))?;
	let median = |mut values: Vec<f64>| {
		values.sort_by(f64::total_cmp);
		(values[values.len() / 2] * 100.0).round() / 100.0
	};
	Ok(json!({
		"blocks": blocks,
		"events": events,
		"seconds": seconds,
		"start_seconds": median(starts),
		"per_second": median(rates).round(),
	}))
}

/// Returns the figures of a chain that is made, once its blocks are final.
async fn figures(made: Made) -> Result<Value> {
	let mut node = Kept::start(made.slot_ms).await?;
	node.grow(made).await?;
	let url = node.url.clone();
	let mut figures = tokio::task::spawn_blocking(move || measured(&url)).await??;
	figures["slot_ms"] = made.slot_ms.into();
	node.process.stop()?;
	Ok(figures)
}

fn main() -> Result<()> {
	// `cargo test --all-targets` runs benchmarks too, without this option.
	if !std::env::args().any(|argument| argument == "--bench") {
		return Ok(());
	}
	let figures = match (option("--url"), number::<u32>("--blocks", "3000")?) {
		(Some(url), _) => measured(&url)?,
		(None, Some(blocks)) => {
			let minutes = number::<u64>("--minutes", "15")?.unwrap_or(15);
			let slot_ms = number::<u64>("--slot-ms", "100")?.unwrap_or(100);
			let made = Made { blocks, slot_ms, limit: Duration::from_secs(60 * minutes) };
			let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
			runtime.block_on(until_signal(figures(made)))?
		}
		(None, None) => {
			eprintln!("no chain: say how long, e.g. `scripts/bench.sh indexer --blocks 3000`, or name a node with --url");
			return Ok(());
		}
	};
	println!("{figures}");
	Ok(())
}
