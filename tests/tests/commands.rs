//! Every command that changes the chain, run as a user runs it, and hot keys and rival optimizers, until the chain shows what the
//! command said.

use anyhow::{Context, Result};
use doin_e2e::{
	accounts::{BOB, CHARLIE, DAVE, EVE, FERDIE},
	commands::{amount, load, refused, report},
	run, wait_for, Node, Worker,
};
use serde_json::{json, Value};
use std::{cell::RefCell, collections::BTreeSet, fmt::Write, fs, path::Path, time::Duration};
use subxt::{
	dynamic::{self, Value as Dynamic},
	OnlineClient, SubstrateConfig,
};
use subxt_signer::sr25519::dev;

/// Longest wait for a few blocks or for a round, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
const DOIN: u128 = 1_000_000_000_000;

/// Returns the free balance of an account in plancks.
fn free(node: &Node, who: &str) -> Result<u128> {
	let status = report(node, &["status", "--account", who])?;
	Ok(amount(&status["accounts"][0]["free"]))
}

/// Returns the number of a block in a report.
fn block(value: &Value) -> Result<u32> {
	Ok(u32::try_from(value.as_u64().context("a block")?)?)
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

/// No worker runs on this chain, so its blocks can be fast and its rounds short: the cool-down of a bond takes less than a
/// minute.
#[tokio::test]
async fn the_commands_of_owners_voters_and_evaluators_do_what_they_report() -> Result<()> {
	let node = Node::dev_with_fast_blocks().await?;
	node.reach(2, LIMIT).await?;
	let bond = Unbonding::start(&node).await?;
	let folder = tempfile::tempdir()?;
	create_domain(&node, &load(folder.path())?).await?;
	let donation = Donation::withdrawn_after_a_notice(&node).await?;
	an_evaluator_serves_and_leaves_a_domain(&node)?;
	a_stream_is_registered_and_retired(&node)?;
	a_proxy_reports_for_a_validator(&node)?;
	a_forgotten_challenge_is_cancelled(&node).await?;
	a_vote_changes_the_weights(&node).await?;
	bond.comes_back(&node).await?;
	donation.comes_back(&node).await
}

/// A bond after `unbond`.
struct Unbonding {
	/// First block in which it can be withdrawn.
	withdrawable: u32,
	/// Free balance of the evaluator while it is held.
	free: u128,
}

impl Unbonding {
	/// Bonds an evaluator, raises the bond and ends its service.
	async fn start(node: &Node) -> Result<Self> {
		let bond = report(node, &["bond", "500 DOIN", "--dev-key", "//Bob"])?;
		assert_eq!((&bond["bond"], &bond["account"]), (&json!("500 DOIN"), &json!(BOB)));
		let bond = report(node, &["bond", "100 DOIN", "--dev-key", "//Bob"])?;
		assert_eq!(bond["bond"], "600 DOIN");
		assert_eq!(amount(&node.call("doin_reputation", [json!(BOB)]).await?["bond"]), 600 * DOIN);
		let free = free(node, BOB)?;
		let unbond = report(node, &["unbond", "--dev-key", "//Bob"])?;
		let early = run("doin-worker", &["withdraw", "--dev-key", "//Bob", "--url", &node.url()])?;
		assert!(!early.status.success(), "a bond is not released before its cool-down has passed");
		Ok(Self { withdrawable: block(&unbond["withdrawable"])?, free })
	}

	/// Waits for the end of the cool-down and withdraws the bond.
	async fn comes_back(self, node: &Node) -> Result<()> {
		node.reach(self.withdrawable, LIMIT).await?;
		let withdrawn = report(node, &["withdraw", "--dev-key", "//Bob"])?;
		assert_eq!(withdrawn["amount"], "600 DOIN");
		let (before, after) = (self.free, free(node, BOB)?);
		assert!(after > before + 599 * DOIN && after < before + 600 * DOIN, "{before} → {after}: the bond without the fees");
		Ok(())
	}
}

/// Makes domain 1 of Charlie.
async fn create_domain(node: &Node, csv: &str) -> Result<()> {
	let data = ["domain", "create", "--csv", csv, "--column", "load", "--time", "time", "--season", "24"];
	let forecast = ["--horizon", "6", "--history", "48", "--target-performance", "5", "--dev-key", "//Charlie"];
	let created = report(node, &[&data[..], &forecast].concat())?;
	assert_eq!(created["domain"].as_u64().or(created["id"].as_u64()), Some(1), "{created}");
	let domain = node.call("doin_domain", [json!(1)]).await?;
	assert_eq!((&domain["owner"], &domain["status"]), (&json!(CHARLIE), &json!("Active")));
	Ok(())
}

/// Registers a stream of Charlie, which sleeps without ever having a bar, and retires it.
fn a_stream_is_registered_and_retired(node: &Node) -> Result<()> {
	let record = ["stream", "register", "--symbol", "LOAD", "--unit", "MW", "--source", "a meter", "--bar", "1h", "--batch", "1"];
	let dry = report(node, &[&record[..], &["--kept", "48", "--dry-run"]].concat())?;
	let signed = [&record[..], &["--kept", "48", "--dev-key", "//Charlie"]].concat();
	let registered = report(node, &signed)?;
	assert_eq!((&registered["owner"], &registered["fee"]), (&json!(CHARLIE), &json!("10 DOIN")), "{registered}");
	for name in ["fee", "deposit", "per_day"] {
		assert_eq!(dry["price"][name], registered[name], "the dry run shows the price");
	}
	refused(node, &signed, &["before, as stream 2147483649", "--another", "Nothing was sent"])?;
	let listed = report(node, &["stream", "list"])?;
	assert_eq!((&listed[1]["symbol"], &listed[1]["awake"], &listed[2]), (&json!("LOAD"), &json!(false), &Value::Null));
	refused(node, &["stream", "retire", "LOAD", "--dev-key", "//Alice"], &["belongs to", CHARLIE, "Nothing was sent"])?;
	let before = free(node, CHARLIE)?;
	let retired = report(node, &["stream", "retire", "LOAD", "--dev-key", "//Charlie"])?;
	assert_eq!((&retired["stream"], &retired["burned"]), (&json!(2_147_483_649u32), &json!("0 DOIN")));
	assert!(free(node, CHARLIE)? > before, "the deposit is worth more than the fee of the call");
	Ok(())
}

/// Lets Charlie's key report for Alice, and ends that.
fn a_proxy_reports_for_a_validator(node: &Node) -> Result<()> {
	let added = report(node, &["reporter", "add-proxy", CHARLIE, "--dev-key", "//Alice"])?;
	assert_eq!((&added["proxy"], &added["may_report"]), (&json!(CHARLIE), &json!(true)), "{added}");
	let removed = report(node, &["reporter", "remove-proxy", CHARLIE, "--dev-key", "//Alice"])?;
	assert_eq!((&removed["validator"], &removed["may_report"]), (&added["validator"], &json!(false)), "{removed}");
	let again = ["reporter", "remove-proxy", CHARLIE, "--dev-key", "//Alice"];
	refused(node, &again, &["Proxy::NotFound"])?;
	let shown = report(node, &["reporter", "show"])?;
	assert_eq!(shown["poll"]["id"], 0, "the only stream sleeps: {shown}");
	Ok(())
}

/// A donation whose withdrawal is announced.
struct Donation {
	/// Block in which the notice ends.
	notice_ends: u32,
	/// Free balance of the donor while the donation is held.
	free: u128,
}

impl Donation {
	const WITHDRAW: [&str; 5] = ["domain", "withdraw-bounty", "1", "--dev-key", "//Dave"];

	/// Adds to the bounty of domain 1, and announces the withdrawal: the bounty is not paid for later rounds, and stays on hold for
	/// the notice.
	async fn withdrawn_after_a_notice(node: &Node) -> Result<Self> {
		let bounty = || async { Ok::<_, anyhow::Error>(amount(&node.call("doin_domain", [json!(1)]).await?["bounty"])) };
		report(node, &["domain", "bounty", "1", "250 DOIN", "--dev-key", "//Dave"])?;
		assert_eq!(bounty().await?, 250 * DOIN);
		refused(node, &Self::WITHDRAW, &["NotAnnounced", "announce"])?;
		let announced = report(node, &["domain", "announce-withdrawal", "1", "--dev-key", "//Dave"])?;
		assert_eq!((&announced["amount"], &announced["account"]), (&json!("250 DOIN"), &json!(DAVE)));
		assert_eq!(announced["bounty"], "0 DOIN");
		assert_eq!(bounty().await?, 0);
		refused(node, &["domain", "announce-withdrawal", "1", "--dev-key", "//Dave"], &["AlreadyAnnounced"])?;
		refused(node, &Self::WITHDRAW, &["NoticeRunning", "Wait for the block"])?;
		refused(node, &["domain", "withdraw-bounty", "1", "--dev-key", "//Bob"], &["NoDonation"])?;
		Ok(Self { notice_ends: block(&announced["withdrawable"])?, free: free(node, DAVE)? })
	}

	/// Waits for the end of the notice and takes the donation back.
	async fn comes_back(self, node: &Node) -> Result<()> {
		node.reach(self.notice_ends, LIMIT).await?;
		let withdrawn = report(node, &Self::WITHDRAW)?;
		assert_eq!((&withdrawn["amount"], &withdrawn["domain"]), (&json!("250 DOIN"), &json!(1)));
		let (before, after) = (self.free, free(node, DAVE)?);
		assert!(after > before + 249 * DOIN && after < before + 250 * DOIN, "{before} → {after}: the bounty without the fees");
		refused(node, &Self::WITHDRAW, &["NoDonation"])
	}
}

/// Domain 1 has no weight, so evaluators are drawn for it only if they serve it.
fn an_evaluator_serves_and_leaves_a_domain(node: &Node) -> Result<()> {
	let serve = ["serve", "1", "--dev-key", "//Eve"];
	let unserve = ["unserve", "1", "--dev-key", "//Eve"];
	refused(node, &["serve", "1", "--dev-key", "//Dave"], &["has no bond", "doin-worker bond", "Nothing was sent"])?;
	refused(node, &["serve", "99", "--dev-key", "//Eve"], &["domain 99 does not exist", "doin-worker domain list"])?;
	refused(node, &unserve, &["does not serve domain 1", "It serves no single domain", "Nothing was sent"])?;
	let served = report(node, &serve)?;
	assert_eq!((&served["domain"], &served["account"]), (&json!(1), &json!(EVE)));
	refused(node, &serve, &["serves domain 1 already"])?;
	let left = report(node, &unserve)?;
	assert_eq!((&left["domain"], &left["account"]), (&json!(1), &json!(EVE)));
	assert!(block(&left["until"])? > block(&left["block"])?, "earlier draws have to be answered: {left}");
	refused(node, &unserve, &["It serves no single domain"])
}

/// A challenge is announced by another program, and never made: its bond comes back when the announcement has expired.
async fn a_forgotten_challenge_is_cancelled(node: &Node) -> Result<()> {
	let held = || -> Result<u128> { Ok(amount(&report(node, &["status", "--account", FERDIE])?["accounts"][0]["held"])) };
	let clean_up = ["clean-up", "--dev-key", "//Ferdie"];
	let nothing = report(node, &clean_up)?;
	assert_eq!((&nothing["models"], &nothing["challenge"], &nothing["pending"]), (&json!([]), &json!(null), &json!(null)));
	let before = held()?;
	let client = OnlineClient::<SubstrateConfig>::from_insecure_url(node.url()).await?;
	let announce = dynamic::tx("Recomputation", "announce_challenge", vec![Dynamic::from_bytes([7; 32])]);
	let mut transactions = client.tx().await?;
	transactions.sign_and_submit_then_watch_default(&announce, &dev::ferdie()).await?.wait_for_finalized_success().await?;
	let bond = held()? - before;
	assert!(bond > 0, "an announcement holds a bond");

	let dry_run = [&clean_up[..], &["--dry-run"]].concat();
	let planned = wait_for("the expiry of the announcement", LIMIT, || async {
		Ok(Some(report(node, &dry_run)?).filter(|planned| !planned["challenge"].is_null()))
	})
	.await?;
	assert_eq!((&planned["sent"], held()?), (&json!(false), before + bond), "a dry run sends nothing");
	let cancelled = report(node, &clean_up)?;
	assert_eq!((&cancelled["challenge"], &cancelled["sent"]), (&planned["challenge"], &json!(true)));
	assert_eq!(held()?, before, "the bond is free");

	refused(node, &["clean-up", "--record", DAVE, "--dev-key", "//Ferdie"], &["has no reputation record", "neutral"])?;
	refused(node, &["clean-up", "--model", "9", "--dev-key", "//Ferdie"], &["model 9 is not stored"])
}

async fn a_vote_changes_the_weights(node: &Node) -> Result<()> {
	report(node, &["vote", "0=400000", "1=600000", "--dev-key", "//Alice"])?;
	wait_for("the weights of the next session", LIMIT, || async {
		let weight = node.call("doin_domain", [json!(1)]).await?["weight"].as_u64();
		Ok((weight == Some(600_000)).then_some(()))
	})
	.await
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
	// No account can release the champion.
	let champion = node.call("doin_champion", [json!(0)]).await?;
	let model = champion["model"]["Stored"].as_u64().with_context(|| format!("a submitted champion: {champion}"))?.to_string();
	refused(
		&node,
		&["clean-up", "--model", &model, "--dev-key", "//Bob"],
		&["it is the champion of domain 0", "Nothing was sent"],
	)?;
	let spent = before.saturating_sub(free(&node, CHARLIE)?);
	assert!(spent <= 50 * DOIN, "the hot key spent {spent} plancks of 50 DOIN");
	for worker in workers {
		worker.stop()?;
	}
	Ok(())
}
