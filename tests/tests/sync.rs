//! A worker at a node that is dozens of blocks behind its network.

use anyhow::Result;
use doin_e2e::{accounts::DAVE, chain, run, wait_for, Node, Worker};
use serde_json::json;
use std::time::Duration;

/// Blocks that the node is behind; the validator authors one each second.
const BEHIND: u32 = 24;
const LIMIT: Duration = Duration::from_secs(1_200);

#[tokio::test]
async fn k28_a_worker_waits_until_its_node_has_the_blocks_of_the_network() -> Result<()> {
	// A node without a boot node has no peers, and its health does not show that it is behind.
	let chain = format!("--chain={}", chain::with_fast_blocks()?.display());
	let arguments = ["--sync=full", &chain];
	let (validator, node) = tokio::try_join!(Node::dev_with_fast_blocks(), Node::start(&arguments))?;
	let mut worker = Worker::start(&["run", "--dev", "--url", &node.url(), "--journal", "{base}/journal.db"])?;
	wait_for("the worker to wait", LIMIT, || {
		let is_waiting = worker.output().contains("nothing is signed until it is synced");
		async move { Ok(is_waiting.then_some(())) }
	})
	.await?;
	// The worker goes on waiting while the network goes on.
	let waited = validator.best().await?;
	validator.reach(BEHIND.max(waited + 5), LIMIT).await?;
	worker.check()?;
	assert!(!worker.output().contains("connected"), "the journal is bound once the node is synced:\n{}", worker.output());
	let nonce = || async { validator.call("system_accountNextIndex", [json!(DAVE)]).await };
	assert_eq!(nonce().await?, 0, "nothing was signed");
	let status = run("doin-worker", &["status", "--url", &node.url()])?;
	let status = String::from_utf8_lossy(&status.stdout).into_owned();
	assert!(status.contains("no block of its network yet") && status.contains("everything below is old"), "{status}");

	node.call("system_addReservedPeer", [json!(validator.address().await?)]).await?;
	wait_for("the worker to begin", LIMIT, || {
		worker.check().expect("the worker runs");
		let output = worker.output();
		async move { Ok((output.contains("the node is synced") && output.contains("connected")).then_some(())) }
	})
	.await?;
	assert!(node.best().await? >= BEHIND, "the worker began before the node had the blocks of the network");
	// Its calls reach the network.
	wait_for("a call of the worker", LIMIT, || async { Ok((nonce().await? != 0).then_some(())) }).await?;
	worker.stop()
}

/// The first node of the list has no peers, so it stays at block 0.
#[tokio::test]
async fn a_worker_leaves_a_node_that_is_behind() -> Result<()> {
	let chain = format!("--chain={}", chain::with_fast_blocks()?.display());
	let arguments = ["--sync=full", &chain];
	let (validator, node) = tokio::try_join!(Node::dev_with_fast_blocks(), Node::start(&arguments))?;
	validator.reach(BEHIND, LIMIT).await?;
	let list = format!("{},{}", node.url(), validator.url());
	let mut worker = Worker::start(&["run", "--dev", "--url", &list, "--journal", "{base}/journal.db"])?;
	wait_for("a call of the worker", LIMIT, || {
		worker.check().expect("the worker runs");
		async { Ok((validator.call("system_accountNextIndex", [json!(DAVE)]).await? != 0).then_some(())) }
	})
	.await?;
	assert!(worker.output().contains("the node is behind, continuing with one of the list"), "{}", worker.output());
	assert_eq!(node.best().await?, 0);
	worker.stop()
}
