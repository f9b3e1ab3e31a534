//! Soak of a network: three validators with a block each second, and a worker whose rounds begin every eleven blocks, for hours or days.
//!
//! `cargo bench --workspace --bench soak -- --minutes N [--csv FILE]`, after node and worker were built; `scripts/soak.sh` does both, for
//! 72 hours. Without `--minutes` nothing runs, as in a run of all benchmarks. The server of the worker is asked for a route of the page
//! each second. A row of figures is sampled each minute, and written to FILE: memory, open files and database of each process, storage
//! entries of each pallet, blocks, rounds and work blocks. It fails if a process ends, if no rounds end, or if a figure grows more than
//! [`doin_e2e::soak::rule_of`] allows. Standard error has a report, standard output one line of JSON:
//!
//! ```text
//! {"minutes":…,"blocks":…,"rounds":…,"work_blocks":…,"excessive":[…],"figures":[{"column":…,"median":…,"growth":…,"allowed":…},…]}
//! ```

use anyhow::{ensure, Context, Result};
use doin_e2e::{
	http::Server,
	soak::{folder_kib, memory_kib, open_files, report, Finding, Pallets, Table, BLOCKS, MINUTES, ROUNDS},
	until_signal, Node, Process, Worker,
};
use serde_json::{json, Value};
use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// Longest wait for the start of the network.
const LIMIT: Duration = Duration::from_secs(600);
/// Time between two samples.
const INTERVAL: Duration = Duration::from_secs(60);
/// Option of a node that limits its cache of the state to 16 MiB, which are full after some minutes. The default of 1 GiB fills for hours,
/// and looks like a leak.
const CACHE: &str = "--trie-cache-size=16777216";
/// Fewest rounds that have to end. Otherwise the figures show nothing.
const FEWEST_ROUNDS: f64 = 3.0;
/// Column of the number of work blocks.
const WORK_BLOCKS: &str = "work_blocks";
/// Names of the validators, and the options that start them.
const VALIDATORS: [(&str, &str); 3] = [("alice", "--alice"), ("bob", "--bob"), ("charlie", "--charlie")];

/// Routes that a page asks for. The server of the worker is asked for one each second.
const ROUTES: [&str; 10] = [
	"/status",
	"/api/optimization",
	"/api/work",
	"/api/evaluations",
	"/api/metrics?limit=50",
	"/api/history/0",
	"/api/forecast/0",
	"/api/unpaid?limit=100",
	"/api/chain?limit=20",
	"/api/events?limit=500",
];

/// Figures of one minute, by the names of their columns.
type Figures = BTreeMap<String, f64>;

/// Returns the value of an option.
fn option(name: &str) -> Option<String> {
	let arguments: Vec<String> = std::env::args().collect();
	let at = arguments.iter().position(|argument| argument == name)?;
	arguments.get(at + 1).cloned()
}

/// Validators of the local network, and a worker for all roles.
struct Network {
	nodes: Vec<Node>,
	worker: Worker,
	pallets: Pallets,
}

impl Network {
	/// Starts the network, and waits until blocks are final.
	async fn start() -> Result<Self> {
		let mut nodes: Vec<Node> = Vec::new();
		for (number, (_, name)) in (1u32..).zip(VALIDATORS) {
			let mut arguments = vec![name.to_owned(), format!("--node-key={}", number.to_string().repeat(64)), CACHE.to_owned()];
			for node in &nodes {
				arguments.push(format!("--bootnodes={}", node.address().await?));
			}
			let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
			nodes.push(Node::local_with_fast_blocks(&arguments).await?);
		}
		for node in &nodes {
			node.finalize(2, LIMIT).await?;
		}
		let urls: Vec<String> = nodes.iter().map(Node::url).collect();
		let mut worker = Worker::start(&["run", "--dev", "--url", &urls.join(","), "--journal", "{base}/journal.db"])?;
		tokio::spawn(read_routes(Server::of(&mut worker).await?));
		let pallets = Pallets::of(&nodes[0]).await?;
		Ok(Self { nodes, worker, pallets })
	}

	/// Returns the figures of this minute.
	async fn sample(&mut self, minutes: f64) -> Result<Figures> {
		let mut figures = Figures::from([(MINUTES.to_owned(), minutes)]);
		for ((name, _), node) in VALIDATORS.iter().zip(&mut self.nodes) {
			let base = node.base().to_owned();
			of_process(&mut figures, name, node.process(), &base)?;
		}
		let base = self.worker.base().to_owned();
		of_process(&mut figures, "worker", self.worker.process(), &base)?;
		let node = &self.nodes[0];
		figures.extend(self.pallets.entries(node).await?);
		let round = node.call("doin_domain", [json!(0)]).await?["lastRound"]["number"].as_f64();
		let work_blocks = node.call("doin_work", []).await?["workBlocks"].as_f64();
		figures.insert(ROUNDS.to_owned(), round.unwrap_or_default());
		figures.insert(WORK_BLOCKS.to_owned(), work_blocks.context("the chain counts work blocks")?);
		figures.insert(BLOCKS.to_owned(), node.finalized().await?.into());
		Ok(figures)
	}
}

/// Asks the server of the worker for its routes, for ever. A route that is not answered is reported.
async fn read_routes(server: Server) {
	for route in ROUTES.iter().cycle() {
		tokio::time::sleep(Duration::from_secs(1)).await;
		match server.get(route).await {
			Ok(response) if response.status < 400 => {}
			Ok(response) => eprintln!("{route} has status {}: {}", response.status, String::from_utf8_lossy(&response.body)),
			Err(error) => eprintln!("{route} is not answered: {error:#}"),
		}
	}
}

/// Inserts the figures of a process that has to run, and of its folder.
fn of_process(figures: &mut Figures, name: &str, process: &mut Process, base: &Path) -> Result<()> {
	process.check()?;
	let [anonymous, resident] = memory_kib(process.id())?;
	figures.insert(format!("{name}.memory_kib"), anonymous);
	figures.insert(format!("{name}.resident_kib"), resident);
	figures.insert(format!("{name}.files"), open_files(process.id())? as f64);
	figures.insert(format!("{name}.database_kib"), folder_kib(base)?);
	Ok(())
}

/// Returns the increase of a column over the whole run.
fn increase(table: &Table, column: &str) -> f64 {
	let values = table.column(column).unwrap_or_default();
	values.last().zip(values.first()).map_or(0.0, |(last, first)| last - first)
}

/// Runs the network. Returns the figures, and the columns that grow too much.
async fn run(minutes: u64, csv: Option<PathBuf>) -> Result<(Value, Vec<String>)> {
	let mut network = Network::start().await?;
	let (start, mut table) = (Instant::now(), Table::default());
	eprintln!("the network runs, for {minutes} minutes");
	let mut clock = tokio::time::interval(INTERVAL);
	for minute in 0..=minutes {
		clock.tick().await;
		let figures = network.sample(start.elapsed().as_secs_f64() / 60.0).await;
		table.push(&figures.with_context(|| format!("in minute {minute}"))?);
		if let Some(path) = &csv {
			fs::write(path, table.csv()).with_context(|| format!("writing {}", path.display()))?;
		}
		let [blocks, rounds] = [BLOCKS, ROUNDS].map(|column| increase(&table, column));
		eprintln!("minute {minute}: {blocks} blocks, {rounds} rounds");
	}
	// The processes print the ends of their logs.
	drop(network);
	let findings = table.findings()?;
	eprint!("{}", report(&findings));
	let [blocks, rounds, work_blocks] = [BLOCKS, ROUNDS, WORK_BLOCKS].map(|column| increase(&table, column));
	eprintln!("{blocks} blocks are final, {rounds} rounds ended, {work_blocks} work blocks were sealed");
	ensure!(rounds >= FEWEST_ROUNDS, "only {rounds} rounds ended: the network did not work, so its figures show nothing");
	let excessive: Vec<String> = findings.iter().filter(|one| one.is_excessive).map(|one| one.column.clone()).collect();
	let summary = json!({
		"minutes": minutes,
		"blocks": blocks,
		"rounds": rounds,
		"work_blocks": work_blocks,
		"excessive": excessive,
		"figures": findings.iter().map(Finding::json).collect::<Vec<_>>(),
	});
	Ok((summary, excessive))
}

/// Ends the program with an error.
fn fail(reason: &str) -> ! {
	eprintln!("error: {reason}");
	std::process::exit(1)
}

fn main() {
	// `cargo test --all-targets` runs benchmarks too, without this option.
	if !std::env::args().any(|argument| argument == "--bench") {
		return;
	}
	let Some(minutes) = option("--minutes") else {
		eprintln!("no soak: say how long, e.g. `scripts/soak.sh --minutes 20`");
		return;
	};
	let Ok(minutes) = minutes.parse::<u64>() else {
		fail(&format!("invalid --minutes {minutes}: expected a whole number, e.g. --minutes 20"));
	};
	let runtime =
		tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads can be started");
	let task = until_signal(run(minutes, option("--csv").map(PathBuf::from)));
	let (summary, excessive) = runtime.block_on(task).unwrap_or_else(|error| fail(&format!("{error:#}")));
	println!("{summary}");
	if !excessive.is_empty() {
		fail(&format!("these figures grow more than blocks and rounds explain: {}", excessive.join(", ")));
	}
}
