//! Time in which optimizers on one development chain find a good model: islands that share their champions through the chain.
//!
//! `cargo bench --workspace --bench island_chain -- --workers N [--runs N] [--problem demo|landscape] [--shape SHAPE] [--dimensions N]
//! [--percent P] [--seconds S]`, after node and worker were built; `scripts/bench.sh islands --parts chain` does both. Without `--workers`
//! nothing runs, as in a run of all benchmarks. For 1 to N optimizers, each of `--runs` (2) runs starts a chain with a block each second
//! and evaluators. The clock runs from the start of the optimizers, each a process with one core and a seed of its own, until the loss of the
//! champion is `--percent` per cent below that of the initial one. A run ends after `--seconds` (180) in any case, and is `null` then.
//! Validator and evaluators share the cores with the optimizers.
//!
//! - **demo** (default): the demo domain, where every better champion is paid for, and the others breed from what is revealed; 3 per cent.
//! - **landscape**: a function of `--dimensions` (40) genes, with an optimum that the run hides, the same for all numbers of optimizers:
//!   `--shape rastrigin` (default), 97 per cent, or `--shape quadratic`, 99.9 per cent. Nothing but a bounty is paid, so an optimizer
//!   commits once it has reached the target: islands race, and share no champions before. A search scores 250 points a second at most.
//!
//! Standard error has a report, standard output one line of JSON:
//!
//! ```text
//! {"problem":"the demo domain","percent":3.0,"seconds":{"1":[…],"2":[…]}}
//! ```

use anyhow::{bail, ensure, Context, Result};
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
/// Bounty of the domain, which exceeds the fees of a seat.
const BOUNTY: &str = "100 DOIN";
/// Identifier of the demo domain.
const DEMO: u64 = 0;
/// Loss of an initial champion.
const INITIAL: f64 = 1_048_576.0;
/// Evaluators of the development chain.
const EVALUATORS: [&str; 4] = ["//Eve", "//Ferdie", "//One", "//Two"];
/// Longest time from a registration until the domain takes commits.
const ACTIVATION: Duration = Duration::from_secs(120);
/// Time between two looks at the chain.
const LOOK: Duration = Duration::from_millis(500);
/// Time between two reports of a run.
const REPORT: Duration = Duration::from_secs(30);

/// Function of a landscape.
#[derive(Clone, Copy)]
enum Shape {
	Rastrigin,
	Quadratic,
}

impl Shape {
	/// Returns the name, as `doin-worker` spells it.
	fn name(self) -> &'static str {
		match self {
			Self::Rastrigin => "rastrigin",
			Self::Quadratic => "quadratic",
		}
	}

	/// Returns the per cent below the value at the origin that a search of 40 genes reaches in about half a minute.
	fn percent(self) -> f64 {
		match self {
			Self::Rastrigin => 97.0,
			Self::Quadratic => 99.9,
		}
	}
}

/// Options of the command line.
struct Options {
	workers: usize,
	runs: u64,
	/// Function and coordinates of the landscape; `None` for the demo domain.
	landscape: Option<(Shape, u32)>,
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

/// Returns `true` if an option is given.
fn has(name: &str) -> bool {
	std::env::args().any(|argument| argument == name)
}

impl Options {
	/// Reads the command line. Returns `None` without `--workers`.
	///
	/// # Errors
	/// Errors if a value is not one of its option, or if an option of landscapes is given for the demo domain.
	fn read() -> Result<Option<Self>> {
		let workers = option("--workers", 0)?;
		if workers == 0 {
			return Ok(None);
		}
		ensure!(workers <= OPTIMIZERS.len(), "invalid --workers {workers}: expected 1 to {}", OPTIMIZERS.len());
		let shape = match &option("--shape", String::from("rastrigin"))?[..] {
			"rastrigin" => Shape::Rastrigin,
			"quadratic" => Shape::Quadratic,
			other => bail!("invalid --shape {other}: expected rastrigin or quadratic"),
		};
		let (landscape, percent) = match &option("--problem", String::from("demo"))?[..] {
			"landscape" => (Some((shape, option("--dimensions", 40)?)), shape.percent()),
			"demo" if has("--shape") || has("--dimensions") => {
				bail!("--shape and --dimensions are options of a landscape: add --problem landscape")
			}
			"demo" => (None, 3.0),
			other => bail!("invalid --problem {other}: expected demo or landscape"),
		};
		let options = Self {
			workers,
			runs: option("--runs", 2)?,
			landscape,
			percent: option("--percent", percent)?,
			limit: Duration::from_secs(option("--seconds", 180)?),
		};
		ensure!(options.runs > 0, "invalid --runs 0: expected at least 1");
		Ok(Some(options))
	}

	/// Returns the loss of the champion at which a run ends.
	fn target(&self) -> u64 {
		((1.0 - self.percent / 100.0) * INITIAL).round() as u64
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

/// Registers a landscape of so many coordinates, with a bounty. Returns the identifier of its domain, once it takes commits.
async fn registered(node: &Node, (shape, dimensions): (Shape, u32), percent: f64, run: u64) -> Result<u64> {
	let (dimensions, seed, percent) = (dimensions.to_string(), run.to_string(), percent.to_string());
	let landscape: [&str; 8] = ["domain", "create", "--landscape", shape.name(), "--dimensions", &dimensions, "--seed", &seed];
	let terms: [&str; 5] = ["--target-performance", &percent, "--no-nominate", "--dev-key", OWNER];
	let made = report(node, &[&landscape[..], &terms[..]].concat())?;
	let domain = made["domain"].as_u64().with_context(|| format!("the registration has a domain: {made}"))?;
	let start = Instant::now();
	loop {
		let view = node.call("doin_domain", [json!(domain)]).await?;
		if view["status"] == "Active" {
			report(node, &["domain", "bounty", &domain.to_string(), BOUNTY, "--dev-key", OWNER])?;
			return Ok(domain);
		}
		ensure!(start.elapsed() < ACTIVATION, "domain {domain} is not active within {} s: {view}", ACTIVATION.as_secs());
		tokio::time::sleep(LOOK).await;
	}
}

/// Returns the seconds until `count` optimizers have reached the target, or `None` if they do not within the limit.
async fn seconds(options: &Options, count: usize, run: u64) -> Result<Option<f64>> {
	let node = Node::dev_with_fast_blocks().await?;
	let domain = match options.landscape {
		Some(landscape) => registered(&node, landscape, options.percent, run).await?,
		None => DEMO,
	};
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
		let champion = node.call("doin_champion", [json!(domain)]).await?;
		if champion["loss"].as_u64().is_some_and(|loss| loss <= options.target()) {
			return Ok(Some(start.elapsed().as_secs_f64()));
		}
		if start.elapsed() > options.limit {
			return Ok(None);
		}
		if reported.elapsed() > REPORT {
			reported = Instant::now();
			eprintln!("  {} s: loss {}, target {}", start.elapsed().as_secs(), champion["loss"], options.target());
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
	let problem = match options.landscape {
		Some((shape, dimensions)) => format!("{} of {dimensions} genes", shape.name()),
		None => "the demo domain".into(),
	};
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
