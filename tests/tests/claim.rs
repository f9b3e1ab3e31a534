//! A forecaster claims what its record proves, and work blocks pay it.

use anyhow::Result;
use doin_e2e::{
	accounts::DAVE,
	commands::{amount, refused, report},
	records::chain_with_a_record,
	streams::{forecaster, STREAM, SYMBOL, TRAINING},
	wait_for, Node, Worker,
};
use serde_json::{json, Value};
use std::time::Duration;

/// A vote counts from the next session on, which has 15 blocks of a second, and a worker looks at its record every 20 blocks.
const LIMIT: Duration = Duration::from_secs(600);

/// Returns the market of the stream, with its forecasters.
async fn market(node: &Node) -> Result<Value> {
	Ok(node.call("doin_leaderboard", [json!(STREAM)]).await?)
}

/// Wakes the stream, puts it on the ballot, and votes all weight for it.
async fn vote_for_the_stream(node: &Node) -> Result<()> {
	let stream = STREAM.to_string();
	let nominate = ["domain", "nominate", &stream, "--dev-key", "//Alice"];
	refused(node, &nominate, &["nobody can vote for stream", "it sleeps", "doin-worker sponsor"])?;
	report(node, &["sponsor", SYMBOL, "200 DOIN", "--dev-key", "//Bob"])?;
	report(node, &nominate)?;
	report(node, &["vote", &format!("{stream}=1000000"), "--dev-key", "//Alice"])?;
	wait_for("the weights of the next session", LIMIT, || async {
		Ok((market(node).await?["weight"] == 1_000_000).then_some(()))
	})
	.await
}

#[tokio::test]
async fn a_forecaster_claims_what_its_record_proves_and_work_blocks_pay_it() -> Result<()> {
	let folder = tempfile::tempdir()?;
	let node = Node::start(&["--dev", &format!("--chain={}", chain_with_a_record(folder.path())?.display())]).await?;
	node.reach(2, LIMIT).await?;
	let unpaid = market(&node).await?["forecasters"][0].clone();
	assert_eq!((&unpaid["who"], &unpaid["increment"]), (&json!(DAVE), &json!("0")), "the stream has no weight: {unpaid}");
	assert!(amount(&unpaid["bound"]) > 1 << 30, "{unpaid}");
	let reporter = Worker::reporter(&node.url())?;
	vote_for_the_stream(&node).await?;
	let proved = market(&node).await?;
	assert!(amount(&proved["forecasters"][0]["increment"]) > 0 && amount(&proved["mark"]) == 0, "{proved}");
	let ballot = report(&node, &["domain", "ballot"])?;
	let places = ballot.as_array().into_iter().flatten();
	let place = places.filter(|place| place["domain"] == STREAM).map(|place| (place["name"].clone(), place["weight"].clone()));
	assert_eq!(place.collect::<Vec<_>>(), [(json!(SYMBOL), json!(1_000_000))], "{ballot}");

	let journal = folder.path().join("forecasts.db").display().to_string();
	let worker = forecaster(&node, "//Dave", &journal, &TRAINING)?;
	wait_for("a claim in the log of the worker", LIMIT, || {
		let is_claimed = worker.output().contains("record claimed");
		async move { Ok(is_claimed.then_some(())) }
	})
	.await?;
	let claimed = market(&node).await?;
	assert!(amount(&claimed["mark"]) > 0, "{claimed}");
	let seal = wait_for("a work block", LIMIT, || async {
		let work = node.call("doin_work", []).await?;
		Ok((amount(&work["mined"]) > 0).then(|| work["lastSeal"].clone()))
	})
	.await?;
	assert!(amount(&seal["optimizers"]) > 0 && amount(&seal["evaluators"]) == 0, "nobody has evaluated anything: {seal}");
	worker.stop()?;
	reporter.stop()
}
