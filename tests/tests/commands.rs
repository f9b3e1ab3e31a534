//! Every command that changes the chain, run as a user runs it, and hot keys and rival optimizers, until the chain shows what the
//! command said.

use anyhow::{Context, Result};
use doin_e2e::{
	commands::{amount, load, refused, report},
	run, wait_for, Node, Worker,
};
use serde_json::json;
use std::{cell::RefCell, collections::BTreeSet, fmt::Write, fs, path::Path, time::Duration};
use subxt::{
	dynamic::{self, Value as Dynamic},
	OnlineClient, SubstrateConfig,
};
use subxt_signer::sr25519::dev;

const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
const CHARLIE: &str = "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y";
const DAVE: &str = "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy";
/// Longest wait for a few blocks or for a round, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
const DOIN: u128 = 1_000_000_000_000;

/// Returns the free balance of an account in plancks.
fn free(node: &Node, who: &str) -> Result<u128> {
	let status = report(node, &["status", "--account", who])?;
	Ok(amount(&status["accounts"][0]["free"]))
}

/// Writes a worker configuration for `node` and returns its path.
fn configuration(node: &Node, folder: &Path, name: &str, identities: &[(&str, &str, &str)]) -> Result<String> {
	let mut text = format!("url = \"{}\"\njournal = \"{name}.db\"\n", node.url());
	for (role, key, more) in identities {
		writeln!(text, "[[identities]]\nrole = \"{role}\"\ndev = \"{key}\"\n{more}")?;
	}
	text.push_str("[[domains]]\ndomain_id = 0\noptimize = true\nevaluate = true\n[domains.optimization_config]\npopulation_size = 8\nelite = 2\npatience = 4\n");
	let path = folder.join(format!("{name}.toml"));
	fs::write(&path, text)?;
	Ok(path.display().to_string())
}

const EVALUATORS: [(&str, &str, &str); 4] =
	[("evaluate", "//Eve", ""), ("evaluate", "//Ferdie", ""), ("evaluate", "//One", ""), ("evaluate", "//Two", "")];

/// No worker runs on this chain, so its blocks can be fast and its rounds short: the cool-down of a bond takes less than a minute.
#[tokio::test]
async fn the_commands_of_owners_voters_and_evaluators_do_what_they_report() -> Result<()> {
	let node = Node::dev_with_fast_blocks().await?;
	node.reach(2, LIMIT).await?;
	let folder = tempfile::tempdir()?;

	// Evaluators: bond, raise, unbond.
	let bond = report(&node, &["bond", "500 DOIN", "--dev-key", "//Bob"])?;
	assert_eq!((&bond["bond"], &bond["account"]), (&json!("500 DOIN"), &json!(BOB)));
	let bond = report(&node, &["bond", "100 DOIN", "--dev-key", "//Bob"])?;
	assert_eq!(bond["bond"], "600 DOIN");
	assert_eq!(amount(&node.call("doin_reputation", [json!(BOB)]).await?["bond"]), 600 * DOIN);
	let bonded = free(&node, BOB)?;
	let unbond = report(&node, &["unbond", "--dev-key", "//Bob"])?;
	let withdrawable = u32::try_from(unbond["withdrawable"].as_u64().context("a block")?)?;
	let early = run("doin-worker", &["withdraw", "--dev-key", "//Bob", "--url", &node.url()])?;
	assert!(!early.status.success(), "a bond is not released before its cool-down has passed");

	// Owners: create, fund. Validators: vote.
	let csv = load(folder.path())?;
	let created = report(
		&node,
		&[
			"domain",
			"create",
			"--csv",
			&csv,
			"--column",
			"load",
			"--time",
			"time",
			"--season",
			"24",
			"--horizon",
			"6",
			"--history",
			"48",
			"--target-performance",
			"5",
			"--dev-key",
			"//Charlie",
		],
	)?;
	assert_eq!(created["domain"].as_u64().or(created["id"].as_u64()), Some(1), "{created}");
	let domain = node.call("doin_domain", [json!(1)]).await?;
	assert_eq!((&domain["owner"], &domain["status"]), (&json!(CHARLIE), &json!("Active")));
	report(&node, &["domain", "bounty", "1", "250 DOIN", "--dev-key", "//Dave"])?;
	assert_eq!(amount(&node.call("doin_domain", [json!(1)]).await?["bounty"]), 250 * DOIN);

	// The donor announces its withdrawal. The bounty is not paid for later rounds, and stays on hold for the notice.
	let withdraw_bounty = ["domain", "withdraw-bounty", "1", "--dev-key", "//Dave"];
	refused(&node, &withdraw_bounty, &["NotAnnounced", "announce"])?;
	let announced = report(&node, &["domain", "announce-withdrawal", "1", "--dev-key", "//Dave"])?;
	assert_eq!((&announced["amount"], &announced["account"]), (&json!("250 DOIN"), &json!(DAVE)));
	assert_eq!(announced["bounty"], "0 DOIN");
	assert_eq!(amount(&node.call("doin_domain", [json!(1)]).await?["bounty"]), 0);
	let notice_ends = u32::try_from(announced["withdrawable"].as_u64().context("a block")?)?;
	refused(&node, &["domain", "announce-withdrawal", "1", "--dev-key", "//Dave"], &["AlreadyAnnounced"])?;
	refused(&node, &withdraw_bounty, &["NoticeRunning", "Wait for the block"])?;
	refused(&node, &["domain", "withdraw-bounty", "1", "--dev-key", "//Bob"], &["NoDonation"])?;
	let held = free(&node, DAVE)?;

	report(&node, &["vote", "0=400000", "1=600000", "--dev-key", "//Alice"])?;
	wait_for("the weights of the next session", LIMIT, || async {
		let weight = node.call("doin_domain", [json!(1)]).await?["weight"].as_u64();
		Ok((weight == Some(600_000)).then_some(()))
	})
	.await?;

	// The cool-down passes, and the bond comes back.
	node.reach(withdrawable, LIMIT).await?;
	let withdrawn = report(&node, &["withdraw", "--dev-key", "//Bob"])?;
	assert_eq!(withdrawn["amount"], "600 DOIN");
	let after = free(&node, BOB)?;
	assert!(after > bonded + 599 * DOIN && after < bonded + 600 * DOIN, "{bonded} → {after}: the bond without the fees");

	// So does the bounty.
	node.reach(notice_ends, LIMIT).await?;
	let withdrawn = report(&node, &withdraw_bounty)?;
	assert_eq!((&withdrawn["amount"], &withdrawn["domain"]), (&json!("250 DOIN"), &json!(1)));
	let released = free(&node, DAVE)?;
	assert!(released > held + 249 * DOIN && released < held + 250 * DOIN, "{held} → {released}: the bounty without the fees");
	refused(&node, &withdraw_bounty, &["NoDonation"])?;
	Ok(())
}

#[tokio::test]
async fn a_hot_key_and_a_second_optimizer_work_on_one_domain() -> Result<()> {
	let node = Node::dev_with_short_rounds().await?;
	node.reach(2, LIMIT).await?;
	let folder = tempfile::tempdir()?;
	let client = OnlineClient::<SubstrateConfig>::from_insecure_url(node.url()).await?;

	// Charlie's cold key makes Ferdie's a hot key with a budget of 50 DOIN in 1 000 blocks, as polkadot.js does.
	let hot = Dynamic::unnamed_variant("Id", [Dynamic::from_bytes(dev::ferdie().public_key().0)]);
	let none = Vec::<(&str, Dynamic)>::new();
	let add = dynamic::tx("Proxy", "add_proxy", vec![hot, Dynamic::named_variant("Work", none), Dynamic::u128(0)]);
	let budget = dynamic::tx("Budget", "set", vec![Dynamic::u128(50 * DOIN), Dynamic::u128(1_000)]);
	for call in [add, budget] {
		let mut transactions = client.tx().await?;
		transactions.sign_and_submit_then_watch_default(&call, &dev::charlie()).await?.wait_for_finalized_success().await?;
	}

	let rival = configuration(&node, folder.path(), "dave", &[("optimize", "//Dave", "")])?;
	let hot = format!("proxy_for = \"{CHARLIE}\"");
	let mut identities = vec![("optimize", "//Ferdie", hot.as_str())];
	identities.extend(EVALUATORS.into_iter().filter(|(_, key, _)| *key != "//Ferdie"));
	let main = configuration(&node, folder.path(), "main", &identities)?;
	let before = free(&node, CHARLIE)?;
	let mut workers = [Worker::start(&["run", "--config", &rival])?, Worker::start(&["run", "--config", &main])?];

	// Both take seats, and a work block is sealed.
	let seen = RefCell::new(BTreeSet::new());
	wait_for("seats of both optimizers, and a work block", LIMIT, || {
		workers.iter_mut().for_each(|worker| worker.check().expect("the worker runs"));
		async {
			let round = node.call("doin_round", [json!(0)]).await?;
			let seats = round["seats"].as_array().into_iter().flatten();
			seen.borrow_mut().extend(seats.filter_map(|seat| seat["who"].as_str().map(ToString::to_string)));
			let sealed = node.call("doin_work", []).await?["workBlocks"].as_u64() >= Some(1);
			Ok((sealed && seen.borrow().len() > 1).then_some(()))
		}
	})
	.await?;
	let seen = seen.into_inner();
	assert!(seen.contains(CHARLIE) && seen.contains(DAVE), "{seen:?}");
	let spent = before.saturating_sub(free(&node, CHARLIE)?);
	assert!(spent <= 50 * DOIN, "the hot key spent {spent} plancks of 50 DOIN");
	for worker in workers {
		worker.stop()?;
	}
	Ok(())
}
