//! Time in which a node warp-syncs a chain with as many sessions, each with new voters, and as much state as a year leaves.
//!
//! `cargo bench --workspace --bench warp -- [--sessions N] [--entries N] [--mib N] [--slot-ms N]`, after the node was built;
//! `scripts/bench.sh warp` does both. Without `--sessions` nothing runs, as in a run of all benchmarks. A development chain with sessions
//! of ten slots stands in for one with sessions of two hours; its validator votes with a new key in each. Slots have `--slot-ms` (1,000)
//! milliseconds: a shorter length is written past the genesis ([`chain::with_state`]), so that a year of sessions takes hours. The genesis
//! has `--entries` (200,000) storage entries as long as those of accounts, and `--mib` (64) MiB of entries as long as models. Two further
//! nodes follow the chain, since a warp sync asks for three peers. The time counts from the start of the new node until it has the state
//! of a block that was final before. Standard error has a report, standard output one line of JSON:
//!
//! ```text
//! {"sessions":…,"voter_sets":…,"blocks":…,"slot_ms":…,"entries":…,"mib":…,"seconds":…}
//! ```

use anyhow::{ensure, Context, Result};
use codec::Decode;
use doin_e2e::{
	chain,
	state::{bytes, hex},
	until_signal,
	validators::boot,
	wait_for, Node,
};
use serde_json::{json, Value as Json};
use std::time::{Duration, Instant};
use subxt::{
	dynamic::{self, Value},
	ext::scale_value::Composite,
	OnlineClient, SubstrateConfig,
};
use subxt_signer::sr25519::dev;

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(600);
/// Longest time of the sync, in seconds.
const TARGET: f64 = 120.0;
/// Bytes of each of the two session keys.
const KEY: usize = 32;

/// Returns the value of an option.
fn option(name: &str) -> Option<u32> {
	let arguments: Vec<String> = std::env::args().collect();
	let at = arguments.iter().position(|argument| argument == name)?;
	let text = arguments.get(at + 1).map_or("", String::as_str);
	Some(text.parse().unwrap_or_else(|_| panic!("invalid {name} {text}: expected a whole number, e.g. {name} 30")))
}

/// Returns the number that a runtime API answers with first: the index of an epoch, or the number of a set of voters.
async fn number(node: &Node, method: &str) -> Result<u64> {
	let answer = node.call("state_call", [json!(method), json!("0x")]).await?;
	Ok(u64::decode(&mut &bytes(&answer)?[..])?)
}

/// Gives the validator Alice new session keys, which her node generates.
async fn rotate_keys(node: &Node, client: &OnlineClient<SubstrateConfig>) -> Result<()> {
	let owner = dev::alice().public_key().to_account_id();
	let rotated = node.call("author_rotateKeysWithOwner", [json!(hex(&owner.0))]).await?;
	let (keys, proof) = (bytes(&rotated["keys"])?, bytes(&rotated["proof"])?);
	ensure!(keys.len() == 2 * KEY, "two keys: {rotated}");
	let (grandpa, babe) = keys.split_at(KEY);
	let keys = Value::named_composite([("grandpa", Value::from_bytes(grandpa)), ("babe", Value::from_bytes(babe))]);
	let call = dynamic::tx("Session", "set_keys", Composite::named([("keys", keys), ("proof", Value::from_bytes(proof))]));
	let mut transactions = client.tx().await?;
	transactions.sign_and_submit_then_watch_default(&call, &dev::alice()).await?.wait_for_finalized_success().await?;
	Ok(())
}

/// Changes the keys of the validator in each of `sessions` sessions.
async fn hold_sessions(node: &Node, sessions: u32) -> Result<()> {
	let client = OnlineClient::<SubstrateConfig>::from_insecure_url(node.url()).await?;
	for session in 1..=sessions {
		let epoch = number(node, "BabeApi_current_epoch").await?;
		rotate_keys(node, &client).await.with_context(|| format!("in session {session}"))?;
		wait_for("the next session", LIMIT, || async {
			Ok((number(node, "BabeApi_current_epoch").await? > epoch).then_some(()))
		})
		.await?;
		// Once a minute with slots of a second.
		if session % 6 == 0 {
			eprintln!("session {session} of {sessions}");
		}
	}
	Ok(())
}

/// Starts a node without a state, and returns the seconds until it has that of block `target` or of a later one.
async fn warp_seconds(arguments: &[&str], target: u32, key: &str) -> Result<f64> {
	let start = Instant::now();
	let node = Node::start(arguments).await?;
	node.finalize(target, LIMIT).await?;
	// The node has the final block before its log names the end of a step. A full sync writes neither line.
	wait_for("the end of the warp sync in the log", LIMIT, || {
		let log = node.output();
		let is_complete = log.contains("Warp sync is complete") && log.contains("State sync is complete");
		async move { Ok(is_complete.then_some(())) }
	})
	.await?;
	let seconds = start.elapsed().as_secs_f64();
	let head = node.call("chain_getFinalizedHead", []).await?;
	let value = node.call("state_getStorage", [json!(key), head]).await?;
	ensure!(!value.is_null(), "the synchronised node does not have the storage entry {key}");
	Ok(seconds)
}

/// Makes the chain, and returns the figures.
async fn figures(sessions: u32) -> Result<Json> {
	let (entries, mib) = (option("--entries").unwrap_or(200_000), option("--mib").unwrap_or(64));
	let slot_ms = option("--slot-ms").unwrap_or(1_000);
	ensure!(entries > 0, "invalid --entries 0: the check of the state reads the first entry");
	let chain = format!("--chain={}", chain::with_state(entries, mib, slot_ms.into())?.display());
	let author = Node::start(&["--dev", &chain]).await?;
	let mut boots = vec![boot(&author).await?];
	let first = boots[0].clone();
	let follow = ["--sync=full", chain.as_str(), first.as_str()];
	let (left, right) = tokio::try_join!(Node::start(&follow), Node::start(&follow))?;
	for node in [&left, &right] {
		boots.push(boot(node).await?);
	}
	let before = number(&author, "GrandpaApi_current_set_id").await?;
	hold_sessions(&author, sessions).await?;
	let sets = number(&author, "GrandpaApi_current_set_id").await? - before;
	let target = author.finalized().await?;
	for node in [&left, &right] {
		node.finalize(target, LIMIT).await?;
	}
	let mut arguments = vec!["--sync=warp", chain.as_str()];
	arguments.extend(boots.iter().map(String::as_str));
	let seconds = warp_seconds(&arguments, target, &chain::state_key(0)).await?;
	Ok(json!({
		"sessions": sessions,
		"voter_sets": sets,
		"blocks": target,
		"slot_ms": slot_ms,
		"entries": entries,
		"mib": mib,
		"seconds": (seconds * 10.0).round() / 10.0,
	}))
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
	let Some(sessions) = option("--sessions") else {
		eprintln!("no warp sync: say how many sessions, e.g. `scripts/bench.sh warp --sessions 30`");
		return;
	};
	let runtime =
		tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads can be started");
	// The processes print the ends of their logs before.
	let figures = runtime.block_on(until_signal(figures(sessions))).unwrap_or_else(|error| fail(&format!("{error:#}")));
	println!("{figures}");
	if figures["seconds"].as_f64() > Some(TARGET) {
		fail(&format!("the warp sync took more than {TARGET} s"));
	}
}
