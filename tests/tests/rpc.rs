//! The `doin` namespace, as a client sees it.

use anyhow::Result;
use doin_e2e::{accounts::ALICE, Node};
use jsonrpsee::core::{client::Subscription, ClientError};
use serde_json::{json, Value};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(240);
/// Message of a request for domain 4000.
const UNKNOWN_DOMAIN: &str = "unknown domain 4000: call doin_domains for the registered domains";

/// Returns the names of the fields of an object, sorted.
fn fields(value: &Value) -> Vec<&str> {
	let mut names: Vec<&str> =
		value.as_object().unwrap_or_else(|| panic!("not an object: {value}")).keys().map(String::as_str).collect();
	names.sort_unstable();
	names
}

/// Asserts that `value` has exactly the fields `names`.
fn assert_fields(value: &Value, names: &[&str]) {
	let mut names = names.to_vec();
	names.sort_unstable();
	assert_eq!(fields(value), names);
}

/// Asserts that `value` is a string with a decimal number.
fn assert_decimal(value: &Value) {
	let text = value.as_str().unwrap_or_else(|| panic!("amounts are strings: {value}"));
	text.parse::<u128>().unwrap_or_else(|_| panic!("amounts are decimal: {text}"));
}

fn refusal(result: Result<Value, ClientError>) -> (i32, String) {
	match result {
		Err(ClientError::Call(error)) => (error.code(), error.message().to_owned()),
		other => panic!("expected a refusal, got {other:?}"),
	}
}

async fn next(subscription: &mut Subscription<Value>) -> Value {
	let item = tokio::time::timeout(LIMIT, subscription.next()).await.expect("an answer in time");
	item.expect("the subscription is open").expect("the answer is JSON")
}

/// One node for all of them, since a start takes longer than all requests.
#[tokio::test]
async fn the_doin_namespace() -> Result<()> {
	let node = Node::dev().await?;
	node.reach(3, LIMIT).await?;
	every_method_has_a_response_of_the_documented_shape(&node).await?;
	a_request_for_an_earlier_block_reads_its_state(&node).await?;
	an_error_names_the_missing_thing_and_the_next_step(&node).await?;
	every_method_has_a_subscription(&node).await?;
	a_subscription_sends_changes_and_drops_repetitions(&node).await
}

/// Fields of a domain in a list.
const DOMAIN: [&str; 19] = [
	"bar",
	"bounty",
	"carry",
	"class",
	"evidence",
	"highWater",
	"id",
	"initialValidationError",
	"lastRound",
	"licence",
	"minImprovement",
	"name",
	"owner",
	"program",
	"status",
	"target",
	"unit",
	"weight",
	"weightSince",
];
/// Fields of the immutable record of a domain.
const SPEC: [&str; 14] = [
	"name",
	"unit",
	"program",
	"genes",
	"limits",
	"dataRoot",
	"values",
	"growth",
	"pages",
	"split",
	"licence",
	"evidence",
	"minImprovement",
	"target",
];
/// Fields of a champion.
const CHAMPION: [&str; 11] =
	["model", "author", "round", "block", "error", "initialError", "loss", "validationError", "genes", "bytes", "genome"];
/// Fields of a round.
const ROUND: [&str; 12] = [
	"round",
	"phase",
	"phaseEnd",
	"awaitedUntil",
	"evidence",
	"stake",
	"revealFrom",
	"revealUntil",
	"nextSeatFee",
	"seatHold",
	"seats",
	"contender",
];
/// Fields of a stream.
const STREAM: [&str; 21] = [
	"id",
	"symbol",
	"unit",
	"source",
	"barMs",
	"batch",
	"fields",
	"kept",
	"season",
	"scale",
	"horizon",
	"fee",
	"domain",
	"owner",
	"pot",
	"awake",
	"start",
	"first",
	"next",
	"running",
	"paidUntil",
];
/// Fields of the state of work blocks.
const WORK: [&str; 11] = [
	"workBlocks",
	"threshold",
	"queued",
	"reward",
	"mined",
	"backedByQuorum",
	"backedByRuntime",
	"backedShare",
	"eraAccrual",
	"queue",
	"lastSeal",
];

async fn every_method_has_a_response_of_the_documented_shape(node: &Node) -> Result<()> {
	let domains = node.call("doin_domains", []).await?;
	let domains = domains.as_array().expect("a list");
	assert!(!domains.is_empty(), "the development chain starts with domains");
	for view in domains {
		assert_fields(view, &DOMAIN);
		for number in ["bounty", "highWater", "carry", "bar", "initialValidationError"] {
			assert_decimal(&view[number]);
		}
		assert!(view["owner"].as_str().unwrap().starts_with('5'), "accounts are SS58 addresses: {view}");
		the_record_of_a_domain_has_the_documented_shape(node, view).await?;
		champion_and_round_have_the_documented_shape(node, &view["id"]).await?;
	}
	streams_bars_and_the_poll_have_the_documented_shape(node).await?;
	work_fees_and_standing_have_the_documented_shape(node).await
}

async fn streams_bars_and_the_poll_have_the_documented_shape(node: &Node) -> Result<()> {
	let streams = node.call("doin_streams", []).await?;
	assert_eq!(streams.as_array().map(Vec::len), Some(1), "the development chain has one stream: {streams}");
	let stream = &streams[0];
	assert_fields(stream, &STREAM);
	assert_eq!(
		(&stream["id"], &stream["symbol"], &stream["fields"]),
		(&json!(1u32 << 31), &json!("CO2-DEMO"), &json!(["close"]))
	);
	assert_decimal(&stream["pot"]);
	let bars = node.call("doin_bars", [stream["id"].clone(), json!(0), json!(5)]).await?;
	assert_fields(&bars, &["first", "bars"]);
	assert!(bars["bars"].is_array());
	let poll = node.call("doin_poll", []).await?;
	assert_fields(&poll, &["id", "isOpen", "commitsUntil", "revealsUntil", "batches", "reporters"]);
	// The chain has neither servers nor channels yet.
	assert_eq!(node.call("doin_offers", [json!(0)]).await?, json!([]));
	assert_eq!(node.call("doin_demand", [json!(0), json!(9)]).await?, json!([]));
	forecasts_have_the_documented_shape(node, &stream["id"]).await
}

/// The stream sleeps, so that its market has no round yet.
async fn forecasts_have_the_documented_shape(node: &Node, stream: &Value) -> Result<()> {
	let rounds = node.call("doin_forecastRounds", [stream.clone()]).await?;
	assert_eq!(rounds, json!([]));
	let board = node.call("doin_leaderboard", [stream.clone(), json!(3)]).await?;
	assert_fields(&board, &["stream", "pot", "rounds", "open", "weight", "mark", "forecasters"]);
	assert_eq!((&board["stream"], &board["rounds"], &board["forecasters"]), (stream, &json!(0), &json!([])));
	for amount in ["pot", "mark"] {
		assert_decimal(&board[amount]);
	}
	let record = node.call("doin_forecaster", [stream.clone(), json!(ALICE)]).await?;
	assert_fields(&record, &["stream", "rounds", "commitBlocks", "weight", "mark", "forecaster"]);
	assert_eq!((&record["stream"], &record["commitBlocks"], &record["forecaster"]), (stream, &json!(4), &Value::Null));
	assert_decimal(&record["mark"]);
	let (code, message) = refusal(node.call("doin_forecaster", [stream.clone(), json!("alice")]).await);
	assert_eq!(code, -32_602);
	assert!(message.contains("invalid account `alice`"), "{message}");
	Ok(())
}

async fn the_record_of_a_domain_has_the_documented_shape(node: &Node, view: &Value) -> Result<()> {
	let record = node.call("doin_domain", [view["id"].clone()]).await?;
	assert_fields(&record, &[&DOMAIN[..], &["spec"]].concat());
	assert_eq!(record["name"], view["name"]);
	let spec = &record["spec"];
	assert_fields(spec, &SPEC);
	assert_eq!(spec["program"]["kind"], view["program"]);
	assert_eq!(spec["evidence"]["kind"], view["evidence"]);
	assert_eq!(spec["dataRoot"].as_str().unwrap().len(), 66);
	assert_fields(&spec["limits"], &["modelBytes", "windowMacs"]);
	for gene in spec["genes"].as_array().unwrap() {
		assert_fields(gene, &["name", "lo", "hi", "log", "frac"]);
	}
	Ok(())
}

async fn champion_and_round_have_the_documented_shape(node: &Node, domain: &Value) -> Result<()> {
	let champion = node.call("doin_champion", [domain.clone()]).await?;
	assert_fields(&champion, &CHAMPION);
	assert_decimal(&champion["error"]);
	assert!(champion["genome"].is_null(), "the models of the development chain are nets: {champion}");
	let round = node.call("doin_round", [domain.clone()]).await?;
	assert_fields(&round, &ROUND);
	assert_decimal(&round["stake"]);
	assert_eq!(round["round"]["domain"], *domain);
	assert!(round["revealFrom"].as_u64() < round["revealUntil"].as_u64());
	assert!(node.call("doin_recomputations", [domain.clone()]).await?.is_array());
	Ok(())
}

async fn work_fees_and_standing_have_the_documented_shape(node: &Node) -> Result<()> {
	let work = node.call("doin_work", []).await?;
	assert_fields(&work, &WORK);
	for amount in ["threshold", "queued", "reward", "mined", "backedByQuorum", "backedByRuntime", "eraAccrual"] {
		assert_decimal(&work[amount]);
	}
	let fees = node.call("doin_feeMarket", []).await?;
	assert_fields(&fees, &["baseFee", "fullness", "floor", "ceiling", "burned"]);
	let base_fee: u128 = fees["baseFee"].as_str().unwrap().parse()?;
	assert!(base_fee >= fees["floor"].as_str().unwrap().parse()? && base_fee <= fees["ceiling"].as_str().unwrap().parse()?);
	let standing = node.call("doin_reputation", [json!(ALICE)]).await?;
	assert_fields(&standing, &["score", "eligible", "bond", "accepted", "rejected", "forfeited"]);
	Ok(())
}

async fn a_request_for_an_earlier_block_reads_its_state(node: &Node) -> Result<()> {
	let first = node.call("chain_getBlockHash", [json!(1)]).await?;
	let then = node.call("doin_round", [json!(0), first.clone()]).await?;
	assert_eq!(node.call("doin_round", [json!(0), first]).await?, then, "a block's state does not change");
	assert!(then["phaseEnd"].as_u64().unwrap() > 1);
	Ok(())
}

async fn an_error_names_the_missing_thing_and_the_next_step(node: &Node) -> Result<()> {
	for method in ["doin_domain", "doin_champion", "doin_round", "doin_evidence", "doin_recomputations"] {
		let (code, message) = refusal(node.call(method, [json!(4_000)]).await);
		assert_eq!((code, message.as_str()), (20_001, UNKNOWN_DOMAIN), "{method}");
	}
	let (code, message) = refusal(node.call("doin_evidence", [json!(0)]).await);
	assert_eq!(code, 20_001);
	assert!(message.contains("domain 0 has no sealed segments") && message.contains("doin_domain"), "{message}");
	let (code, message) = refusal(node.call("doin_bars", [json!(7)]).await);
	assert_eq!(code, 20_001);
	assert!(message.contains("unknown stream 7") && message.contains("doin_streams"), "{message}");
	for (method, params) in [("doin_forecastRounds", vec![json!(7)]), ("doin_forecastRound", vec![json!(7), json!(0)])] {
		let (code, message) = refusal(node.call(method, params).await);
		assert!(code == 20_001 && message.contains("unknown stream 7"), "{method}: {message}");
	}
	let (code, message) = refusal(node.call("doin_forecastRound", [json!(1u32 << 31), json!(9)]).await);
	assert_eq!(code, 20_001);
	assert!(message.contains("round 9 was not opened") && message.contains("doin_forecastRounds"), "{message}");
	let (code, message) = refusal(node.call("doin_reputation", [json!("alice")]).await);
	assert_eq!(code, -32_602);
	assert!(message.contains("invalid account `alice`"), "{message}");

	let (code, message) = refusal(node.call("doin_offers", [json!(4_000)]).await);
	assert_eq!((code, message.as_str()), (20_001, UNKNOWN_DOMAIN));
	let nowhere = format!("0x{}", "ab".repeat(32));
	let (code, message) = refusal(node.call("doin_channel", [json!(nowhere)]).await);
	assert_eq!(code, 20_001);
	assert!(message.contains(&nowhere) && message.contains("channels.Opened"), "{message}");
	let (code, message) = refusal(node.call("doin_work", [json!(nowhere)]).await);
	assert_eq!(code, 20_001);
	assert!(message.contains(&nowhere) && message.contains("chain_getBlockHash"), "{message}");

	match node.subscribe("Round", [json!(4_000)]).await {
		Err(ClientError::Call(error)) => assert_eq!(error.message(), UNKNOWN_DOMAIN),
		other => panic!("expected a refusal, got {other:?}"),
	}
	Ok(())
}

async fn every_method_has_a_subscription(node: &Node) -> Result<()> {
	for (name, method, params) in [
		("Domains", "doin_domains", vec![]),
		("Domain", "doin_domain", vec![json!(0)]),
		("Champion", "doin_champion", vec![json!(0)]),
		("Round", "doin_round", vec![json!(0)]),
		("Recomputations", "doin_recomputations", vec![json!(0)]),
		("Work", "doin_work", vec![]),
		("FeeMarket", "doin_feeMarket", vec![]),
		("Reputation", "doin_reputation", vec![json!(ALICE)]),
		("Streams", "doin_streams", vec![]),
		("Bars", "doin_bars", vec![json!(1u32 << 31)]),
		("Poll", "doin_poll", vec![]),
		("ForecastRounds", "doin_forecastRounds", vec![json!(1u32 << 31)]),
		("Leaderboard", "doin_leaderboard", vec![json!(1u32 << 31), json!(9)]),
		("Forecaster", "doin_forecaster", vec![json!(1u32 << 31), json!(ALICE)]),
		("Offers", "doin_offers", vec![json!(0)]),
		("Demand", "doin_demand", vec![]),
	] {
		let mut subscription = node.subscribe(name, params.clone()).await?;
		let first = next(&mut subscription).await;
		let answer = node.call(method, params).await?;
		assert_eq!(std::mem::discriminant(&first), std::mem::discriminant(&answer), "{method}");
		if first.is_object() {
			assert_eq!(fields(&first), fields(&answer), "{method}");
		}
		subscription.unsubscribe().await?;
	}
	Ok(())
}

async fn a_subscription_sends_changes_and_drops_repetitions(node: &Node) -> Result<()> {
	let mut rounds = node.subscribe("Round", [json!(0)]).await?;
	let mut domains = node.subscribe("Domains", []).await?;

	// The round changes with the chain: commits, reveals, commits of the next round.
	let mut last = next(&mut rounds).await;
	for _ in 0..2 {
		let now = next(&mut rounds).await;
		assert_ne!(now, last, "an answer is sent when it has changed");
		last = now;
	}
	// The domains did not change meanwhile, so that blocks passed without a response.
	let first = next(&mut domains).await;
	assert!(first.is_array());
	let again = tokio::time::timeout(Duration::from_millis(500), domains.next()).await;
	assert!(again.is_err(), "an answer that has not changed is not sent again: {again:?}");
	Ok(())
}
