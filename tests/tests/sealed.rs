//! A domain with sealed evidence, from a CSV file to the verdict: the commands of its owner, the roles of a worker, and what
//! the chain shows. Nothing but the files of the owner survives the crash of the process that opens segments.

use anyhow::{ensure, Context, Result};
use doin_e2e::{
	accounts::{BOB, DAVE},
	commands::{amount, refused, report},
	market::Market,
	run, wait_for, Node, Worker,
};
use serde_json::{json, Value};
use std::{fmt::Write, fs, time::Duration};

/// A round takes about a minute; tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
const DOIN: u128 = 1_000_000_000_000;
/// Amount in the purse, in DOIN: more than one bit costs on a development chain.
const FUND: u128 = 4_000;
/// Storage key of the issuance: `twox128("Balances") ++ twox128("TotalIssuance")`.
const TOTAL_ISSUANCE: &str = "0xc2261276cc9d1f8598ea4b6a74b15c2f57c875e4cff74148e4628f264b974c80";

/// Returns rows of four numbers and one of three classes as CSV. Two classes lie in opposite corners, so a linear model does
/// not tell them apart. Three rows of a hundred have another class.
fn rows() -> Result<String> {
	let mut text = String::from("a,b,c,d,class\n");
	let mut state = 1u64;
	let mut next = || {
		// Multiplier of Knuth's MMIX.
		state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		(state >> 33) as usize
	};
	for _ in 0..2_800 {
		let [a, b, c, d] = [(); 4].map(|()| next() % 256);
		let class = match (c > 200, (a < 128) == (b < 128)) {
			(true, _) => 2,
			(false, true) => 0,
			(false, false) => 1,
		};
		let class = if next() % 100 < 3 { next() % 3 } else { class };
		writeln!(text, "{a},{b},{c},{d},{}", ["same", "other", "high"][class])?;
	}
	Ok(text)
}

/// Starts a chain with short rounds and a domain with `segments` segments of 512 rows.
async fn open(segments: u16) -> Result<Market> {
	let node = Node::dev_with_short_rounds().await?;
	let csv = node.base().join("corners.csv");
	fs::write(&csv, rows()?)?;
	let market = Market::open(node, &csv, "class", segments, 512, ["5 DOIN", &format!("{FUND} DOIN")]).await?;
	let evidence = market.evidence().await?;
	assert_eq!((&evidence["owner"], &evidence["sealed"], &evidence["opened"]), (&json!(BOB), &json!(segments), &json!(0)));
	assert_eq!((amount(&evidence["purse"]), amount(&evidence["spent"])), (FUND * DOIN, 0), "it is filled once");
	assert_eq!(amount(&evidence["stake"]), 5 * DOIN);
	Ok(market)
}

/// Returns the amount of an account on hold, in plancks.
fn held(node: &Node, who: &str) -> Result<u128> {
	Ok(amount(&report(node, &["status", "--account", who])?["accounts"][0]["held"]))
}

/// Returns everything that was minted and not burned until block `number`, in plancks.
async fn issuance(market: &Market, number: u64) -> Result<u128> {
	let bytes = market.node.call("state_getStorage", [json!(TOTAL_ISSUANCE), market.hash(number).await?]).await?;
	let digits = bytes.as_str().and_then(|text| text.strip_prefix("0x")).context("an issuance")?;
	Ok(u128::from_str_radix(digits, 16)?.swap_bytes())
}

/// Returns the base fees that were burned until block `number`, in plancks.
async fn burned_fees(market: &Market, number: u64) -> Result<u128> {
	Ok(amount(&market.node.call("doin_feeMarket", [market.hash(number).await?]).await?["burned"]))
}

/// A verdict that is paid.
struct Paid {
	/// Block of the verdict.
	block: u64,
	/// Effective improvement, Q32 bits.
	effective: u128,
}

/// Waits for a verdict that is paid: a later round pays if the first one does not.
async fn paid(market: &Market, processes: &mut [&mut Worker]) -> Result<Paid> {
	let last = wait_for("a verdict that is paid", LIMIT, || {
		let running = processes.iter_mut().try_for_each(|process| process.check());
		async move {
			running?;
			Ok(Some(market.domain().await?["lastRound"].clone()).filter(|last| last["result"]["paid"].is_object()))
		}
	})
	.await?;
	let effective = amount(&last["result"]["paid"]["effective"]);
	Ok(Paid { block: last["block"].as_u64().context("a block")?, effective })
}

/// The worker of the owner is killed when its segment is asked for, before the close of the commits is final. The file and the
/// segment key are all that is left for its next start.
async fn the_owner_survives_a_crash(market: &Market, owner: &mut Worker, workers: &mut Worker) -> Result<()> {
	let asked = market.asked(workers).await?;
	owner.crash()?;
	let evidence = market.evidence().await?;
	assert_eq!((&evidence["opened"], &evidence["awaited"]), (&json!(0), &asked["awaited"]), "killed before the opening");
	let withdraw = ["domain", "withdraw", "1", "100 DOIN", "--dev-key", "//Bob"];
	refused(&market.node, &withdraw, &["RoundsOpen", "Wait for the verdict"])?;
	market.forget_owner()?;
	owner.start_again()?;
	let opened = market.evidence_once("the segment", owner, |evidence| evidence["opened"] == 1).await?;
	assert!(opened["suspended"].is_null() && opened["awaited"].is_null(), "opened in time: {opened}");
	wait_for("the name of the other entry of the configuration in the log", LIMIT, || {
		let is_named = owner.output().contains("domain 2 does not exist");
		async move { Ok(is_named.then_some(())) }
	})
	.await
}

/// Everybody can recompute the sums of the verdict from what the owner has opened, the seed and the models of the chain.
fn the_verdict_is_verified(node: &Node) -> Result<()> {
	let verified = report(node, &["verify", "1"])?;
	assert_eq!((&verified["domain"], &verified["verdict"], &verified["missing"]), (&json!(1), &json!("verified"), &json!([])));
	assert_eq!(verified["chunks"], json!((0..64).collect::<Vec<u16>>()), "{verified}");
	let statements = verified["statements"].as_array().context("a list")?;
	assert!(statements.iter().all(|statement| statement["verdict"] == "verified" && statement["reason"].is_null()), "{verified}");
	for evidence in ["on validation", "on segment "] {
		let is_about = |statement: &Value| statement["about"].as_str().is_some_and(|about| about.contains(evidence));
		assert!(statements.iter().any(is_about), "{evidence}: {verified}");
	}
	let unknown = run("doin-worker", &["verify", "1", "--round", "1000000", "--url", &node.url()])?;
	assert_eq!(unknown.status.code(), Some(2), "{}", String::from_utf8_lossy(&unknown.stdout));
	Ok(())
}

/// The amount that the verdict mints is burned from the purse: the issuance falls by base fees, and by the undivided rest of
/// seat fees. Nothing of it is emission, so the work is that of `control`.
async fn the_purse_pays(market: &Market, Paid { block, effective }: Paid, control: &Value) -> Result<()> {
	let (at, before) = (market.hash(block).await?, market.hash(block - 1).await?);
	let evidence = market.node.call("doin_evidence", [json!(1), at.clone()]).await?;
	let earlier = market.node.call("doin_evidence", [json!(1), before]).await?;
	let minted = amount(&earlier["purse"]) - amount(&evidence["purse"]);
	assert_eq!(amount(&evidence["purse"]) + amount(&evidence["spent"]), FUND * DOIN);
	let price = amount(&control["reward"]) * effective / amount(&control["threshold"]);
	assert!(minted > price / 2 && minted <= price, "{minted} of {price} plancks for {effective} / 2³² bits");
	let lost = issuance(market, block - 1).await? - issuance(market, block).await?;
	let fees = burned_fees(market, block).await? - burned_fees(market, block - 1).await?;
	let rest = lost.checked_sub(fees).context("the purse pays less than is minted")?;
	assert!(rest < 100, "{rest} plancks are burned beside fees and the undivided rest of a seat's fee");
	let work = market.node.call("doin_work", [at]).await?;
	for field in ["mined", "workBlocks", "threshold", "queued"] {
		assert_eq!(work[field], control[field], "{field}: nothing of it is emission");
	}
	Ok(())
}

/// Without a weight, the owner closes the domain, and removes it once its rounds are decided. The model of its champion stays
/// until its author releases it.
async fn the_domain_ends_and_its_models_are_released(market: &Market, owner: Worker, workers: Worker) -> Result<()> {
	let node = &market.node;
	refused(node, &["domain", "close", "1", "--dev-key", "//Bob"], &["it has a weight"])?;
	report(node, &["vote", "--none", "--dev-key", "//Alice"])?;
	wait_for("the end of its weight", LIMIT, || async { Ok((market.domain().await?["weight"] == 0).then_some(())) }).await?;
	report(node, &["domain", "close", "1", "--dev-key", "//Bob"])?;
	wait_for("the verdicts of its open rounds", LIMIT, || async {
		let retired = run("doin-worker", &["domain", "retire", "1", "--dev-key", "//Bob", "--url", &node.url()])?;
		let message = String::from_utf8_lossy(&retired.stderr);
		ensure!(retired.status.success() || message.contains("undecided"), "{message}");
		Ok(retired.status.success().then_some(()))
	})
	.await?;
	owner.stop()?;
	workers.stop()?;

	let clean_up = ["clean-up", "--dev-key", "//Dave"];
	let planned = report(node, &[&clean_up[..], &["--dry-run"]].concat())?;
	let models = planned["models"].as_array().context("a list")?;
	assert!(!models.is_empty() && models.iter().all(|model| model["domain"] == 1 && model["author"] == DAVE), "{planned}");
	assert!(held(node, DAVE)? > 0, "a dry run releases nothing");
	assert_eq!(report(node, &clean_up)?["models"], planned["models"]);
	assert_eq!(held(node, DAVE)?, 0);
	assert_eq!(report(node, &clean_up)?["models"], json!([]));
	let first = models[0]["model"].to_string();
	refused(node, &["clean-up", "--model", &first, "--dev-key", "//Dave"], &["is not stored", "released already"])
}

#[tokio::test]
async fn a_sealed_domain_is_made_fed_paid_and_ended() -> Result<()> {
	let market = open(3).await?;
	let node = &market.node;
	assert_eq!(held(node, DAVE)?, 0);
	let control = node.call("doin_work", []).await?;
	let mut owner = market.owner_by_configuration()?;
	let mut workers = market.workers(8)?;
	the_owner_survives_a_crash(&market, &mut owner, &mut workers).await?;
	let verdict = paid(&market, &mut [&mut owner, &mut workers]).await?;
	the_verdict_is_verified(node)?;

	let champion = node.call("doin_champion", [json!(1), market.hash(verdict.block).await?]).await?;
	assert_eq!(champion["author"], DAVE, "{champion}");
	assert!(amount(&champion["error"]) < amount(&champion["initialError"]));
	let dave = node.call("doin_reputation", [json!(DAVE)]).await?;
	assert!(dave["accepted"].as_u64() >= Some(1), "{dave}");
	the_purse_pays(&market, verdict, &control).await?;
	the_domain_ends_and_its_models_are_released(&market, owner, workers).await
}

/// Nobody opens the segment of the first round. The optimizers lose nothing, and the owner opens it late as training data.
#[tokio::test]
async fn a_withheld_segment_costs_its_owner_and_nobody_else() -> Result<()> {
	let market = open(2).await?;
	let node = &market.node;
	let held = |who| held(node, who);
	let before = (held(BOB)?, held(DAVE)?);
	// A second domain of the file would publish what the first one has sealed.
	let csv = node.base().join("corners.csv").display().to_string();
	let data =
		["domain", "create", "--csv", &csv, "--label", "class", "--name", "again", "--sealed", "1", "--segment-rows", "512"];
	let again = [&data[..], &["--licence", "CC-BY-4.0", "--dev-key", "//Bob"]].concat();
	refused(node, &again, &["domain 1 of the same owner has segments of the same data", "Nothing was sent", "other rows"])?;
	let confirmed = [&again[..], &["--confirm-shared", "1"]].concat();
	refused(node, &confirmed, &["corners.csv: domain 1 of the same owner has segments", "Nothing was sent"])?;
	let mut workers = market.workers(8)?;
	let asked = market.asked(&mut workers).await?;
	assert!(held(DAVE)? >= before.1 + 5 * DOIN, "the seat holds its stake");

	let until = asked["awaitedUntil"].as_u64().context("a block")?;
	node.reach(u32::try_from(until)? + 2, LIMIT).await?;
	let evidence = market.evidence().await?;
	assert!(evidence["awaited"].is_null() && evidence["suspended"].is_u64() && evidence["opened"] == 0, "{evidence}");
	let domain = market.domain().await?;
	assert_eq!(domain["lastRound"]["result"]["unpaid"], "evidenceMissing", "{domain}");
	assert_eq!(held(DAVE)?, before.1, "fee, hold and stake are returned");
	assert!(held(BOB)? < before.0, "a part of the deposit burns");
	let dave = node.call("doin_reputation", [json!(DAVE)]).await?;
	assert_eq!(dave["forfeited"], 0, "{dave}");
	assert_eq!(amount(&evidence["purse"]), FUND * DOIN);

	// Opened late, it adds to the published data only, and commits are taken again.
	let mut owner = market.owner()?;
	let opened = market.evidence_once("the late segment", &mut owner, |evidence| evidence["opened"] == 1).await?;
	assert!(opened["suspended"].is_null() && opened["awaited"].is_null(), "{opened}");
	let next = market.asked(&mut workers).await?;
	assert_eq!(next["opened"], 1, "the next round asks for another segment");
	owner.stop()?;
	workers.stop()
}
