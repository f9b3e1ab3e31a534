//! Networks of several nodes.

use anyhow::Result;
use doin_e2e::{wait_for, Node};
use serde_json::json;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(300);

/// Starts a validator. Its network key is `digit`, 64 times.
async fn validator(name: &str, digit: char, more: &[&str]) -> Result<Node> {
	let key = format!("--node-key={}", digit.to_string().repeat(64));
	Node::local(&[&[name, &key], more].concat()).await
}

#[tokio::test]
async fn three_validators_and_a_late_observer_agree_on_what_is_final() -> Result<()> {
	let alice = validator("--alice", '1', &[]).await?;
	let boot = format!("--bootnodes={}", alice.address().await?);
	let bob = validator("--bob", '2', &[&boot]).await?;
	// One validator uses the older network stack.
	let charlie = validator("--charlie", '3', &[&boot, "--network-backend=libp2p"]).await?;

	let final_block = alice.finalize(3, LIMIT).await?;
	let observer = Node::local(&[&boot]).await?;
	let hash = alice.call("chain_getBlockHash", [json!(final_block)]).await?;
	for node in [&bob, &charlie, &observer] {
		node.finalize(final_block, LIMIT).await?;
		assert_eq!(node.call("chain_getBlockHash", [json!(final_block)]).await?, hash);
	}

	// Finality needs more than two thirds of the votes. Without one of three validators, blocks are authored and none is
	// finalized.
	drop(charlie);
	wait_for("the loss of a peer", LIMIT, || async {
		let health = alice.call("system_health", []).await?;
		Ok((health["peers"] == 2).then_some(()))
	})
	.await?;
	let best = alice.best().await?;
	alice.reach(best + 3, LIMIT).await?;
	let settled = alice.finalized().await?;
	tokio::time::sleep(Duration::from_secs(10)).await;
	assert!(alice.finalized().await? <= settled + 1, "a vote under way may end, and no further block is finalized");
	Ok(())
}
