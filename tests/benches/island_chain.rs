//! Time in which optimizers on one development chain find a good point of a landscape: islands that share their champions through the chain.
//!
//! `cargo bench --workspace --bench island_chain -- --workers N [--runs N] [--dimensions N] [--percent P] [--seconds S]`, after node and
//! worker were built; `scripts/bench.sh islands --parts chain` does both. Without `--workers` nothing runs, as in a run of all benchmarks.
//! For 1 to N optimizers, each of `--runs` (3) runs starts a chain with a block each second, registers Rastrigin's function of
//! `--dimensions` (48) genes with a hidden optimum, the same for all numbers of optimizers, and starts evaluators that serve it. The clock runs
//! from the start of the optimizers, each a process with one core and a seed of its own, until the chain has accepted a champion that is
//! `--percent` (97) per cent better than the initial one: the domain has converged. A run ends after `--seconds` (180) in any case, and is
//! `null` then. Validator and evaluators share the cores with the optimizers. Standard error has a report, standard output one line of JSON:
//!
//! ```text
//! {"problem":"rastrigin of 48 genes","percent":97.0,"seconds":{"1":[…],"2":[…]}}
//! ```

use anyhow::{ensure, Context, Result};
use doin_e2e::{commands::report, until_signal, Node, Worker};
use serde_json::{json, Value};
use std::{
	collections::BTreeMap,
	fmt::Write,
	fs,
	path::Path,
	time::{Duration, Instant},
};

/// Accounts of the optimizers, in the order in which they join.
const OPTIMIZERS: [&str; 3] = ["//Dave", "//Charlie", "//Bob"];
/// Account that registers the domain.
const OWNER: &str = "//Alice";
/// Evaluators of the development chain.
const EVALUATORS: [&str; 4] = ["//Eve", "//Ferdie", "//One", "//Two"];
/// Longest time from a registration until the domain takes commits.
const ACTIVATION: Duration = Duration::from_secs(120);
/// Time between two looks at the chain.
const LOOK: Duration = Duration::from_millis(500);
/// Time between two reports of a run.
const REPORT: Duration = Duration::from_secs(30);

/// Options of the command line.
struct Options {
	workers: usize,
	runs: u64,
	dimensions: u32,
	percent: f64,
	limit: Duration,
}

/// Returns the value of an option, or `default` if it is not given.
///
/// # Errors
/// Errors if the value is not of its type.
fn option<T: std::str::FromStr>(name: &str, default: T) -> Result<T> {
	let arguments: Vec<String> = std::env::args().collect();
	let Some(at) = arguments.iter().position(|argument| argument == name) else { return Ok(default) };
	let text = arguments.get(at + 1).with_context(|| format!("{name} needs a value"))?;
	text.parse::<T>().ok().with_context(|| format!("invalid {name} {text}: expected a number"))
}

impl Options {
	/// Reads the command line. Returns `None` without `--workers`.
	///
	/// # Errors
	/// Errors if a value is not a number, or out of its range.
	fn read() -> Result<Option<Self>> {
		let workers = option("--workers", 0)?;
		if workers == 0 {
			return Ok(None);
		}
		ensure!(workers <= OPTIMIZERS.len(), "invalid --workers {workers}: expected 1 to {}", OPTIMIZERS.len());
		let options = Self {
			workers,
			runs: option("--runs", 3)?,
			dimensions: option("--dimensions", 48)?,
			percent: option("--percent", 97.0)?,
			limit: Duration::from_secs(option("--seconds", 180)?),
		};
		ensure!(options.runs > 0, "invalid --runs 0: expected at least 1");
		Ok(Some(options))
	}
}

/// Writes the configuration of a worker that has `role` for these accounts in one domain.
fn config(path: &Path, url: &str, role: &str, accounts: &[&str], domain: u64, seed: u64) -> Result<()> {
	let mut text = String::new();
	writeln!(text, "url = \"{url}\"\njournal = \"journal-{role}-{seed}.db\"\nolap_db_path = \"none\"")?;
	for account in accounts {
		writeln!(text, "[[identities]]\nrole = \"{role}\"\ndev = \"{account}\"")?;
	}
	writeln!(text, "[resource_limits]\ncores = 1\ngpu = \"none\"\n[[domains]]\ndomain_id = {domain}\n{role} = true")?;
	writeln!(text, "[domains.optimization_config]\nseed = {seed}")?;
	Ok(fs::write(path, text)?)
}

/// Registers the landscape. Returns the identifier of its domain, once it takes commits.
async fn registered(node: &Node, options: &Options, run: u64) -> Result<u64> {
	let (dimensions, hidden, percent) = (options.dimensions.to_string(), run.to_string(), options.percent.to_string());
	let landscape = ["domain", "create", "--landscape", "rastrigin", "--dimensions", &dimensions, "--hidden", &hidden];
	let terms = ["--target-performance", &percent, "--no-nominate", "--dev-key", OWNER];
	let made = report(node, &[&landscape[..], &terms[..]].concat())?;
	let domain = made["domain"].as_u64().with_context(|| format!("the registration has a domain: {made}"))?;
	let start = Instant::now();
	loop {
		let view = node.call("doin_domain", [json!(domain)]).await?;
		if view["status"] == "Active" {
			return Ok(domain);
		}
		ensure!(start.elapsed() < ACTIVATION, "domain {domain} is not active within {} s: {view}", ACTIVATION.as_secs());
		tokio::time::sleep(LOOK).await;
	}
}

/// Returns the seconds until `count` optimizers have reached the target, or `None` if they do not within the limit.
async fn seconds(options: &Options, count: usize, run: u64) -> Result<Option<f64>> {
	let node = Node::dev_with_fast_blocks().await?;
	let domain = registered(&node, options, run).await?;
	let folder = tempfile::tempdir()?;
	let start_worker = |role: &str, accounts: &[&str], seed: u64| {
		let path = folder.path().join(format!("{role}-{seed}.toml"));
		config(&path, &node.url(), role, accounts, domain, seed)?;
		Worker::start(&["run", "--no-dashboard", "--config", &path.display().to_string()])
	};
	let mut workers = vec![start_worker("evaluate", &EVALUATORS, 0)?];
	let start = Instant::now();
	for (number, account) in (1..).zip(&OPTIMIZERS[..count]) {
		workers.push(start_worker("optimize", &[*account], 100 * run + number)?);
	}
	let mut reported = Instant::now();
	loop {
		workers.iter_mut().try_for_each(Worker::check)?;
		let view = node.call("doin_domain", [json!(domain)]).await?;
		if view["status"] == "Converged" {
			return Ok(Some(start.elapsed().as_secs_f64()));
		}
		if start.elapsed() > options.limit {
			return Ok(None);
		}
		if reported.elapsed() > REPORT {
			reported = Instant::now();
			let champion = node.call("doin_champion", [json!(domain)]).await?;
			eprintln!("  {} s: loss {} of {}", start.elapsed().as_secs(), champion["loss"], 1 << 20);
		}
		tokio::time::sleep(LOOK).await;
	}
}

/// Returns the figures of all runs.
async fn figures(options: Options) -> Result<Value> {
	let mut all: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
	// Numbers of optimizers take turns, so that a change of the machine's speed hits all of them.
	for run in 1..=options.runs {
		for count in 1..=options.workers {
			let found = seconds(&options, count, run).await?;
			let shown = found.map_or(format!("not within {} s", options.limit.as_secs()), |found| format!("{found:.1} s"));
			eprintln!("{count} optimizers, run {run} of {}: {shown}", options.runs);
			all.entry(count.to_string()).or_default().push(found);
		}
	}
	let problem = format!("rastrigin of {} genes", options.dimensions);
	Ok(json!({ "problem": problem, "percent": options.percent, "seconds": all }))
}

fn main() -> Result<()> {
	// `cargo test --all-targets` runs benchmarks too, without this option.
	if !std::env::args().any(|argument| argument == "--bench") {
		return Ok(());
	}
	let Some(options) = Options::read()? else {
		eprintln!("no optimizers: say how many, e.g. `scripts/bench.sh islands --parts chain`");
		return Ok(());
	};
	let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
	println!("{}", runtime.block_on(until_signal(figures(options)))?);
	Ok(())
}
