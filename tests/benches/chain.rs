//! Transactions per second that the node of a development chain includes while it is flooded, the same of the SDK's solochain template,
//! and lag of finality of five validators under full blocks.
//!
//! `cargo bench --workspace --bench chain -- [--accounts N] [--blocks N]`, after both nodes were built; `scripts/bench.sh chain` does both.
//! `--accounts` (512) accounts send 64 transfers each, the most that a pool takes of an account. They are signed before the clock starts,
//! and the program that sends them shares the cores with the node. Then an empty node imports their blocks from a file. At last, batches
//! of transfers fill `--blocks` (20) blocks of five validators; 0 leaves this part out. Slots have 6 s everywhere. Standard error has a
//! report, standard output one line of JSON:
//!
//! ```text
//! {"throughput":{"transactions":…,"sent_seconds":…,"per_second":…,"slot_ms":6000,"blocks":[…],"fullest_per_second":…,
//!   "import_ms_per_1000":…},
//!  "template":{…},"ratio":…,"import_ratio":…,
//!  "finality":{"validators":5,"slot_ms":6000,"full_blocks":…,"samples":…,"lag_blocks":{"median":…,"p95":…,"most":…}}}
//! ```

use anyhow::{ensure, Context, Result};
use doin_e2e::{chain, flood, run, until_signal, wait_for, Node};
use doin_primitives::pool_limits::MAX_PENDING;
use serde_json::{json, Value};
use std::{
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(600);
/// Slot of all chains, in milliseconds.
const SLOT_MS: u64 = 6_000;
/// Options of a node with the database of this chain, also where its own default is another one.
const DATABASE: &str = "--database=paritydb";
/// Options of a pool that takes all transactions of a flood.
const POOL: [&str; 2] = ["--pool-limit=131072", "--pool-kbytes=131072"];
/// Development accounts that validate.
const VALIDATORS: [&str; 5] = ["--alice", "--bob", "--charlie", "--dave", "--eve"];
/// Accounts that fill the blocks of the five validators.
const SENDERS: u32 = 32;
/// Transfers of a batch.
const BATCH: usize = 400;
/// Batches for each full block. A block takes 37: the rest is for blocks that fill while the batches are still sent.
const BATCHES: u32 = 48;
/// Fullness of a full block, in parts per million.
const FULL: u64 = 900_000;

/// Returns the value of an option, or the default without it.
fn option(name: &str, default: u32) -> u32 {
	let arguments: Vec<String> = std::env::args().collect();
	let Some(at) = arguments.iter().position(|argument| argument == name) else { return default };
	let text = arguments.get(at + 1).map_or("", String::as_str);
	text.parse().unwrap_or_else(|_| panic!("invalid {name} {text}: expected a whole number, e.g. {name} {default}"))
}

/// Returns transactions per second.
fn rate(transactions: usize, seconds: f64) -> f64 {
	(transactions as f64 / seconds * 10.0).round() / 10.0
}

/// Runs a command of `program`.
fn succeed(program: &str, arguments: &[&str]) -> Result<()> {
	let output = run(program, arguments)?;
	ensure!(output.status.success(), "{arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
	Ok(())
}

/// Returns the seconds in which a node starts and imports the blocks up to block `last` of the database in `base` to a new one.
fn import_seconds(program: &str, chain: &str, base: &Path, last: u32) -> Result<f64> {
	let folder = tempfile::tempdir()?;
	let (from, to) = (format!("--base-path={}", base.display()), format!("--base-path={}", folder.path().display()));
	let (last, blocks) = (last.to_string(), folder.path().join("blocks").display().to_string());
	succeed(program, &["export-blocks", chain, &from, DATABASE, "--binary", "--to", &last, &blocks])?;
	let start = Instant::now();
	succeed(program, &["import-blocks", chain, &to, DATABASE, "--binary", &blocks])?;
	Ok(start.elapsed().as_secs_f64())
}

/// Returns the transactions per second of blocks that follow each other, without the first block and the last one with transactions,
/// which are not full.
fn sustained(parts: &[flood::Part]) -> Result<f64> {
	let parts: Vec<_> = parts.iter().skip_while(|part| part.count == 0).collect();
	ensure!(parts.len() > 3, "{} blocks took all transfers, too few for a rate: use more --accounts", parts.len());
	let full = &parts[..parts.len() - 1];
	let seconds = full[full.len() - 1].at - full[0].at;
	Ok(rate(full[1..].iter().map(|part| part.count).sum(), seconds.as_secs_f64()))
}

/// Floods the node of a development chain with transfers, and returns the figures. `spec` returns the specification of the chain with
/// these accounts.
async fn throughput(program: &'static str, spec: fn(&[String]) -> Result<PathBuf>, accounts: u32) -> Result<Value> {
	let keys = flood::keys(accounts)?;
	let chain = format!("--chain={}", spec(&flood::addresses(&keys))?.display());
	let node = Node::start_program(program, &["--dev", &chain, DATABASE, POOL[0], POOL[1]]).await?;
	let next = |number: usize| flood::transfer(&keys[(number + 1) % keys.len()]);
	let transactions = flood::signed(&node, &keys, MAX_PENDING.into(), next).await?;
	let best = node.reach(2, LIMIT).await?;
	eprintln!("{program}: {} transfers of {accounts} accounts are signed", transactions.len());

	let start = Instant::now();
	let send = async {
		flood::send(&node, &transactions).await?;
		anyhow::Ok(start.elapsed().as_secs_f64())
	};
	let (sent, parts) = tokio::try_join!(send, flood::included(&node, &transactions, best, start))?;
	let blocks: Vec<usize> = parts.iter().map(|part| part.count).collect();
	let last = parts.last().context("there are blocks")?;
	let fullest = blocks.iter().max().copied().unwrap_or_default();
	let (base, _) = node.stop()?;
	eprintln!("{program}: {} blocks took the transfers, which a new node imports now", blocks.len());
	// A node that imports no transfers takes the time of the start.
	let import = import_seconds(program, &chain, base.path(), last.block)? - import_seconds(program, &chain, base.path(), best)?;
	Ok(json!({
		"transactions": transactions.len(),
		"sent_seconds": sent,
		"per_second": sustained(&parts)?,
		"slot_ms": SLOT_MS,
		"blocks": blocks,
		"fullest_per_second": rate(fullest, SLOT_MS as f64 / 1e3),
		"import_ms_per_1000": import * 1e6 / transactions.len() as f64,
	}))
}

/// Returns the quotient of a figure of two nodes.
fn ratio(name: &str, ours: &Value, other: &Value) -> Option<f64> {
	Some((ours[name].as_f64()? / other[name].as_f64()? * 1e3).round() / 1e3)
}

/// Starts five validators that know each other, and waits until blocks are final.
async fn validators(chain: &str) -> Result<Vec<Node>> {
	let mut nodes: Vec<Node> = Vec::new();
	for (number, name) in (1u32..).zip(VALIDATORS) {
		let key = format!("--node-key={}", number.to_string().repeat(64));
		let mut arguments = vec![name.to_owned(), key, chain.to_owned(), "--discover-local".to_owned()];
		arguments.extend(POOL.map(String::from));
		for node in &nodes {
			arguments.push(format!("--bootnodes={}", node.address().await?));
		}
		let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
		nodes.push(Node::start(&arguments).await?);
	}
	for node in &nodes {
		wait_for("all peers", LIMIT, || async {
			Ok((node.call("system_health", []).await?["peers"] == VALIDATORS.len() as u64 - 1).then_some(()))
		})
		.await?;
		node.finalize(3, LIMIT).await?;
	}
	Ok(nodes)
}

/// Returns the lags of finality at all nodes, each second until `blocks` blocks were full. Seconds after blocks that were not full are
/// left out. The first block of a session has no transactions, and counts as the block before it does: it keeps its fullness.
async fn lags(nodes: &[Node], blocks: u32) -> Result<Vec<u32>> {
	let (mut lags, mut full, mut newest) = (Vec::new(), 0, 0);
	let (start, limit) = (Instant::now(), LIMIT + Duration::from_millis(2 * SLOT_MS * u64::from(blocks)));
	while full < blocks {
		ensure!(start.elapsed() < limit, "{full} of {blocks} blocks were full within {} s", limit.as_secs());
		tokio::time::sleep(Duration::from_secs(1)).await;
		let best = nodes[0].best().await?;
		if nodes[0].call("doin_feeMarket", []).await?["fullness"].as_u64() < Some(FULL) {
			continue;
		}
		if best > newest {
			(full, newest) = (full + 1, best);
			eprintln!("{full} of {blocks} blocks were full");
		}
		for node in nodes {
			let (best, finalized) = (node.best().await?, node.finalized().await?);
			lags.push(best.saturating_sub(finalized));
		}
	}
	lags.sort_unstable();
	Ok(lags)
}

/// Fills the blocks of five validators, and returns how far finality lags behind.
async fn finality(blocks: u32) -> Result<Value> {
	let keys = flood::keys(SENDERS)?;
	let each = blocks.saturating_mul(BATCHES).div_ceil(SENDERS);
	ensure!(each <= MAX_PENDING, "{blocks} full blocks need {each} batches of an account: a pool takes {MAX_PENDING}");
	let chain = format!("--chain={}", chain::of_five_validators_with(&flood::addresses(&keys))?.display());
	eprintln!("starting {} validators", VALIDATORS.len());
	let nodes = validators(&chain).await?;
	let transactions = flood::signed(&nodes[0], &keys, each.into(), |_| flood::batch(&keys[0], BATCH)).await?;
	eprintln!("{} batches of {BATCH} transfers are signed for {} validators", transactions.len(), nodes.len());
	let ((), lags) = tokio::try_join!(flood::send(&nodes[0], &transactions), lags(&nodes, blocks))?;
	let (median, p95, most) = (lags[lags.len() / 2], lags[lags.len() * 95 / 100], lags[lags.len() - 1]);
	Ok(json!({
		"validators": nodes.len(),
		"slot_ms": SLOT_MS,
		"full_blocks": blocks,
		"samples": lags.len(),
		"lag_blocks": { "median": median, "p95": p95, "most": most },
	}))
}

/// Returns the report on figures.
fn report(figures: &Value) -> String {
	let Value::Object(parts) = figures else { return String::new() };
	let lines = parts.iter().flat_map(|(part, figures)| match figures {
		Value::Object(figures) => {
			figures.iter().map(|(name, value)| format!("{part:<12} {name:<20} {value}\n")).collect::<Vec<_>>()
		}
		figure => vec![format!("{part:<12} {:<20} {figure}\n", "")],
	});
	lines.collect()
}

/// Returns the figures.
async fn figures() -> Result<Value> {
	let (accounts, blocks) = (option("--accounts", 512), option("--blocks", 20));
	let ours = throughput(chain::NODE, chain::dev_with, accounts).await?;
	let template = throughput(chain::TEMPLATE, chain::template_with, accounts).await?;
	let finality = if blocks == 0 { Value::Null } else { finality(blocks).await? };
	Ok(json!({
		"ratio": ratio("per_second", &ours, &template),
		"import_ratio": ratio("import_ms_per_1000", &template, &ours),
		"throughput": ours,
		"template": template,
		"finality": finality,
	}))
}

fn main() {
	// `cargo test --all-targets` runs benchmarks too, without this option.
	if !std::env::args().any(|argument| argument == "--bench") {
		return;
	}
	let runtime =
		tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads can be started");
	// The processes print the ends of their logs before.
	match runtime.block_on(until_signal(figures())) {
		Ok(figures) => {
			eprint!("{}", report(&figures));
			println!("{figures}");
		}
		Err(error) => {
			eprintln!("error: {error:#}");
			std::process::exit(1);
		}
	}
}
