//! Rounds of optimization with the built worker: on the demo domain from the commit to the reward, and on a file of one's own up
//! to its champion.

use anyhow::Result;
use doin_e2e::{
	accounts::{DAVE, EVE},
	commands::{amount, load},
	wait_for, Node, Worker, POLL,
};
use serde_json::json;
use std::time::{Duration, Instant};

/// A round takes about a minute on a development chain; tests share the machine, and not every round brings an improvement.
const LIMIT: Duration = Duration::from_secs(1_200);

#[tokio::test]
async fn a_worker_finds_a_better_model_and_everybody_who_helped_is_paid() -> Result<()> {
	let node = Node::dev().await?;
	let before = node.call("doin_champion", [json!(0)]).await?;
	assert!(before["author"].is_null(), "a chain starts with a baseline");
	let bond = amount(&node.call("doin_reputation", [json!(EVE)]).await?["bond"]);

	let url = node.url();
	let mut worker = Worker::start(&["run", "--dev", "--url", &url, "--journal", "{base}/journal.db"])?;
	let start = Instant::now();
	let work = loop {
		worker.check()?;
		let work = node.call("doin_work", []).await?;
		if work["workBlocks"].as_u64() >= Some(1) {
			break work;
		}
		assert!(start.elapsed() < LIMIT, "no work block within {} s; the worker printed:\n{}", LIMIT.as_secs(), worker.output());
		tokio::time::sleep(POLL * 5).await;
	};

	let champion = node.call("doin_champion", [json!(0)]).await?;
	assert_eq!(champion["author"], DAVE, "{champion}");
	assert!(amount(&champion["error"]) < amount(&champion["initialError"]));
	assert!(champion["loss"].as_u64() < Some(1 << 20));

	let seal = &work["lastSeal"];
	let (optimizers, evaluators, validators) =
		(amount(&seal["optimizers"]), amount(&seal["evaluators"]), amount(&seal["validators"]));
	assert!(optimizers > 0 && evaluators > 0 && validators > 0, "{seal}");
	assert!(optimizers + evaluators + validators <= amount(&seal["minted"]));
	assert!(amount(&work["mined"]) >= amount(&seal["minted"]));

	let dave = node.call("doin_reputation", [json!(DAVE)]).await?;
	assert!(dave["accepted"].as_u64() >= Some(1), "{dave}");
	let eve = node.call("doin_reputation", [json!(EVE)]).await?;
	assert_eq!(amount(&eve["bond"]), bond, "an evaluator that answers keeps its bond");

	worker.stop()
}

#[tokio::test]
async fn a_file_of_ones_own_becomes_a_domain_with_a_champion() -> Result<()> {
	let node = Node::dev_with_short_rounds().await?;
	let folder = tempfile::tempdir()?;
	let csv = load(folder.path())?;
	let mut worker = Worker::start(&[
		"run",
		"--dev",
		"--url",
		&node.url(),
		"--journal",
		"{base}/journal.db",
		"--data",
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
	])?;
	wait_for("a champion of the new domain", LIMIT, || {
		worker.check().expect("the worker runs");
		async {
			match node.call("doin_champion", [json!(1)]).await {
				Ok(champion) => Ok((champion["author"] == DAVE).then_some(())),
				Err(_) => Ok(None),
			}
		}
	})
	.await?;
	worker.stop()
}
