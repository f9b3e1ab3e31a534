//! Clients of other people: types for @polkadot/api and papi in `runtime/clients`, an example, the same actions in papi, @polkadot/api
//! and subxt on one node, payouts, withdrawals and a slash, and the checks by which polkadot.js Apps decides what it shows.
//!
//! Needs Node.js and npm, which `scripts/setup.sh` installs. Packages are installed once, into `<target>/clients`.

mod actions;
mod connection;
mod holders;

use anyhow::{ensure, Context, Result};
use connection::{address, batch, call, transfer, unit, Account, Connection};
use doin_e2e::{
	accounts::DAVE,
	chain,
	commands::report,
	npm, run,
	validators::{self, boot},
	Node, Worker, NOWHERE,
};
use doin_primitives::DOIN;
use serde_json::json;
use std::{
	fs,
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
	time::Duration,
};
use subxt::dynamic::Value;
use subxt_signer::sr25519::dev;

/// Package with types, example and scripts.
pub const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime/clients");
/// Series of the demo domain.
const CO2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/mauna-loa-co2-weekly.csv");
/// Accounts that need money before the actions, by the last part of their path, and how much, in DOIN.
const ENDOWED: [(&str, u128); 4] = [("principal", 5_000), ("delegate", 100), ("operator", 1_000), ("member", 200)];
/// Longest wait for a few blocks, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(240);
/// Block in which the second era of a chain with a block each second has begun.
const SECOND_ERA: u32 = 100;
/// Longest wait for it.
const ERA_LIMIT: Duration = Duration::from_secs(600);
/// Milliseconds of a slot on a chain whose eras take 12 s.
const SHORT_SLOT_MS: u64 = 200;
/// Files that the types are generated from and by.
const INPUTS: [&str; 6] = [
	"metadata/doin.scale",
	".papi/polkadot-api.json",
	"scripts/build.mjs",
	"scripts/tsconfig.emit.json",
	"package.json",
	"package-lock.json",
];

/// Installs the packages, generates the types unless their inputs are those of the last time, and returns the folder.
pub fn built() -> Result<PathBuf> {
	static LOCK: Mutex<()> = Mutex::new(());
	let _guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);

	let folder = npm::installed(Path::new(CLIENTS), "clients")?;
	let mut inputs = Vec::new();
	for name in INPUTS {
		inputs.extend(fs::read(folder.join(name)).with_context(|| format!("runtime/clients/{name}"))?);
	}
	let stamp = folder.join("dist/.built");
	if !fs::read(&stamp).is_ok_and(|built| built == inputs) {
		npm::run(&folder, "npm", &["run", "build"], &[])?;
		fs::write(stamp, inputs)?;
	}
	Ok(folder)
}

/// Runs a script of the package, and returns what it printed.
async fn script(folder: &Path, arguments: &[&str]) -> Result<String> {
	let (folder, arguments) = (folder.to_path_buf(), arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
	tokio::task::spawn_blocking(move || npm::run(&folder, "node", &arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[]))
		.await?
}

#[tokio::test]
async fn every_action_passes_in_papi_polkadot_js_and_subxt() -> Result<()> {
	let folder = tokio::task::spawn_blocking(built).await??;
	let node = Node::dev_with_short_rounds().await?;
	node.reach(2, LIMIT).await?;
	alice_prepares(&node).await?;

	let url = node.url();
	let (papi, polkadot_js, apps) = (["actions/papi.mjs", &url], ["actions/polkadot-js.mjs", &url], ["actions/apps.mjs", &url]);
	let (papi, polkadot_js, apps, ()) =
		tokio::try_join!(script(&folder, &papi), script(&folder, &polkadot_js), script(&folder, &apps), actions::run(&url))?;
	let count = actions::sequences()?.concat().len();
	for printed in [papi, polkadot_js] {
		println!("{printed}");
		check_actions(&printed, count)?;
	}
	ensure!(apps.contains("Apps shows staking, staking/payout, staking/pools, staking/bags, referenda, preimages"), "{apps}");
	// The types are checked last, while nothing waits for a block.
	tokio::task::spawn_blocking(move || npm::run(&folder, "npm", &["run", "check"], &[])).await??;
	Ok(())
}

#[tokio::test]
async fn a_forecast_is_committed_revealed_and_collected_with_polkadot_js() -> Result<()> {
	let folder = tokio::task::spawn_blocking(built).await??;
	let node = Node::dev().await?;
	node.reach(2, LIMIT).await?;
	let mut reporter = Worker::reporter(&node.url())?;
	let sponsored = report(&node, &["sponsor", "CO2-DEMO", "200 DOIN", "--dev-key", "//Bob"])?;
	ensure!(sponsored["awake"] == true, "{sponsored}");
	let printed = script(&folder, &["actions/forecasts.mjs", &node.url()]).await?;
	println!("{printed}");
	check_actions(&printed, 5)?;
	reporter.check()?;
	reporter.stop()
}

/// The pool is at stake from the second era on, so the worker that earns the rewards begins there.
#[tokio::test]
async fn the_reward_of_an_era_is_paid_once_and_a_pool_shares_it_with_polkadot_js() -> Result<()> {
	let folder = tokio::task::spawn_blocking(built).await??;
	let node = Node::dev_with_fast_blocks().await?;
	let url = node.url();
	let arguments = ["actions/payouts.mjs", &url];
	let work = async {
		node.reach(SECOND_ERA, ERA_LIMIT).await?;
		Worker::start(&["run", "--dev", "--url", &url, "--journal", "{base}/journal.db", "--olap-db", "none"])
	};
	let (printed, mut worker) = tokio::try_join!(script(&folder, &arguments), work)?;
	println!("{printed}");
	check_actions(&printed, 5)?;
	worker.check()?;
	worker.stop()
}

/// Stake is unbonded for 28 eras.
#[tokio::test]
#[ignore = "six minutes: 28 eras of 12 s"]
async fn unbonded_stake_is_withdrawn_with_polkadot_js() -> Result<()> {
	let folder = tokio::task::spawn_blocking(built).await??;
	// A chain with short sessions, without further entries in its state.
	let chain = format!("--chain={}", chain::with_state(0, 0, SHORT_SLOT_MS)?.display());
	let node = Node::start(&["--dev", &chain]).await?;
	let printed = script(&folder, &["actions/unbonding.mjs", &node.url()]).await?;
	println!("{printed}");
	check_actions(&printed, 7)
}

/// Two nodes run with the keys of one validator. A network of four disables one of them, and one of three none.
#[tokio::test]
#[ignore = "three minutes: a network of four validators"]
async fn a_slash_waits_and_its_validator_is_disabled_with_polkadot_js() -> Result<()> {
	let folder = tokio::task::spawn_blocking(built).await??;
	let chain = chain::of_five_validators()?;
	let nodes = validators::start(&chain, &["--alice", "--bob", "--charlie", "--dave"]).await?;
	let bob = nodes.get(1).context("four nodes")?;
	let (chain, key) = (format!("--chain={}", chain.display()), format!("--node-key={}", "9".repeat(64)));
	let (boot, url) = (boot(bob).await?, bob.url());
	let double = ["--alice", &key, &chain, &boot];
	let arguments = ["actions/slashes.mjs", &url];
	let (printed, _double) = tokio::try_join!(script(&folder, &arguments), Node::start(&double))?;
	println!("{printed}");
	ensure!(printed.contains("\"Staking.SlashReported\""), "the script saw no slash:\n{printed}");
	Ok(())
}

/// Checks that a script printed a line for each of `count` actions.
fn check_actions(printed: &str, count: usize) -> Result<()> {
	ensure!(
		printed.lines().filter(|line| line.contains("\"action\"")).count() == count,
		"the script left actions out:\n{printed}"
	);
	Ok(())
}

/// Makes an account of every client a proxy of Alice, the validator, since only validators vote, and pays the accounts of the second
/// sequence.
async fn alice_prepares(node: &Node) -> Result<()> {
	let connection = Connection::open(&node.url(), "//Alice", "setup").await?;
	let mut calls = Vec::new();
	for client in ["papi", "polkadot-js", "subxt"] {
		let friend = Account::dev(&format!("//{client}//friend"))?.id;
		let arguments = [("delegate", address(&friend)), ("proxy_type", unit("Any")), ("delay", Value::u128(0))];
		calls.push(call("Proxy", "add_proxy", arguments));
		for (name, amount) in ENDOWED {
			calls.push(transfer(&Account::dev(&format!("//{client}//{name}"))?.id, amount * DOIN));
		}
	}
	let sent = connection.send(&connection.funder, &batch(calls)).await?;
	ensure!(connection.funder.id == dev::alice().public_key().to_account_id() && sent.fee > 0);
	Ok(())
}

/// Starts evaluators, and no optimizer, so that the example is the only one that commits.
fn evaluators(node: &Node) -> Result<Worker> {
	Worker::with_roles(&node.url(), &["//Eve", "//Ferdie", "//One", "//Two"].map(|key| ("evaluate", key)))
}

/// Trains a linear model of the demo domain.
fn trained(folder: &Path) -> Result<String> {
	let path = folder.join("co2.doin").display().to_string();
	let data = ["train", "--csv", CO2, "--column", "ppm", "--season", "52", "--horizon", "13", "--history", "104"];
	let output = run("doin-worker", &[&data[..], &["--family", "linear", "--out", &path]].concat())?;
	ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	Ok(path)
}

#[tokio::test]
async fn the_example_follows_a_candidate_to_its_verdict() -> Result<()> {
	let folder = tokio::task::spawn_blocking(built).await??;
	let files = tempfile::tempdir()?;
	let model = trained(files.path())?;
	let node = Node::dev_with_short_rounds().await?;
	node.reach(2, LIMIT).await?;
	let mut worker = evaluators(&node)?;
	let url = node.url();
	let submit = |more: &'static [&'static str]| {
		let arguments = [&["examples/submit-candidate.mjs", &model, "--url", &url][..], more].concat();
		let folder = folder.clone();
		async move { script(&folder, &arguments).await }
	};
	let refused = |printed: Result<String>, parts: &[&str]| {
		let error = printed.expect_err("the example has to refuse this").to_string();
		for part in parts {
			assert!(error.contains(part), "`{part}` is missing in: {error}");
		}
	};

	refused(submit(&["--domain", "4000"]).await, &["no domain 4000", "doin_domains"]);
	refused(submit(&["--max-fee", "0.000001"]).await, &["the seat costs", "--max-fee"]);
	let missing = script(&folder, &["examples/submit-candidate.mjs", "missing.doin", "--url", &url]).await;
	refused(missing, &["cannot read missing.doin", "doin-worker train --out"]);
	for example in [&["examples/submit-candidate.mjs", &model][..], &["examples/upgrade.mjs", "show", "0"]] {
		let alone = script(&folder, &[example, &["--url", NOWHERE]].concat()).await;
		refused(alone, &["no node answers at ws://127.0.0.1:1", "scripts/run.sh"]);
	}

	let printed = submit(&[]).await?;
	println!("{printed}");
	for step in
		["committed: seat 0", "revealed: model", "evaluators drawn", "sums settled", "crowned: error", "verdict: crowned; paid"]
	{
		ensure!(printed.contains(step), "`{step}` is missing in:\n{printed}");
	}
	let champion = node.call("doin_champion", [json!(0)]).await?;
	ensure!(champion["author"] == DAVE, "{champion}");
	// The champion itself is no improvement.
	refused(submit(&[]).await, &["not better than the champion", "train longer"]);
	worker.check()?;
	worker.stop()
}
