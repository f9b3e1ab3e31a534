//! Checks of the networks in `networks`: what all of them have to do, and faults of their processes. `README.md` of this folder says
//! which faults the tests of the main workspace have.
//!
//! `scripts/local-net.sh test` runs these tests, one after another.

use anyhow::{ensure, Result};
use doin_zombienet::{agree, best, call, finalize, finalized, hash, reach, wait_for, Network};
use serde_json::{json, Value};
use zombienet_sdk::NetworkNode;

/// Optimizer of the development chains.
const OPTIMIZER: &str = "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy";
/// Blocks of an epoch of the local network.
const EPOCH: u32 = 30;
/// Blocks after a fault that have to become final, or that have to stay without finality.
const FURTHER: u32 = 5;
/// Largest median of the lag of finality, in blocks.
const LAG: u32 = 3;

/// Spawns a network, and checks that its validators are all connected, that finality follows the best block closely before the workers
/// begin, that these find a better model, which is paid, and that all validators have the same state.
async fn check(name: &str, validators: usize) -> Result<()> {
	let network = Network::spawn(name).await?;
	let nodes = network.nodes();
	assert_eq!(nodes.len(), validators);
	for node in &nodes {
		wait_for("all peers", || async {
			Ok((call(node, "system_health", &[]).await?["peers"] == validators - 1).then_some(()))
		})
		.await?;
	}
	let first = nodes[0];
	finalize(first, FURTHER).await?;
	let lag = network.lag_without_workers(first).await?;
	println!("{validators} validators: the median lag of finality is {lag} blocks without workers");
	ensure!(lag <= LAG, "the median lag of finality is {lag} blocks");

	wait_for("a work block", || async {
		Ok((call(first, "doin_work", &[]).await?["workBlocks"].as_u64() >= Some(1)).then_some(()))
	})
	.await?;
	finalize(first, best(first).await?).await?;
	let block = agree(&nodes).await?;
	let champion = call(first, "doin_champion", &[json!(0), block.clone()]).await?;
	assert_eq!(champion["author"], OPTIMIZER, "{champion}");
	let work = call(first, "doin_work", &[block.clone()]).await?;
	assert!(work["workBlocks"].as_u64() >= Some(1), "{work}");
	for node in &nodes {
		assert_eq!(call(node, "doin_work", &[block.clone()]).await?, work, "{}", node.name());
	}
	network.end();
	Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn three_validators_finalize_and_their_worker_is_paid() -> Result<()> {
	check("three", 3).await
}

#[tokio::test(flavor = "multi_thread")]
async fn five_validators_finalize_and_their_workers_are_paid() -> Result<()> {
	check("five", 5).await
}

#[tokio::test(flavor = "multi_thread")]
async fn seven_validators_finalize_and_their_workers_are_paid() -> Result<()> {
	check("seven", 7).await
}

#[tokio::test(flavor = "multi_thread")]
async fn late_nodes_sync_all_blocks_or_warp() -> Result<()> {
	let mut network = Network::spawn("three").await?;
	finalize(network.node("alice")?, EPOCH + FURTHER).await?;
	network.join("full", "full").await?;
	network.join("warp", "warp").await?;
	let (alice, full, warp) = (network.node("alice")?, network.node("full")?, network.node("warp")?);
	// The node has the final block before its log names the end of a step. A full sync writes neither line.
	wait_for("the end of the warp sync in the log", || async {
		let log = warp.logs().await?;
		Ok((log.contains("Warp sync is complete") && log.contains("State sync is complete")).then_some(()))
	})
	.await?;
	ensure!(!full.logs().await?.contains("Warp sync is complete"), "a full sync has no proof of finality");

	let first = hash(alice, 1).await?;
	for node in [full, warp] {
		wait_for("the blocks before the state", || async {
			Ok((!call(node, "chain_getBlock", &[first.clone()]).await?.is_null()).then_some(()))
		})
		.await?;
	}
	// Both go on. A block after the one that the node has warped to is there at once.
	finalize(alice, best(alice).await? + FURTHER).await?;
	agree(&[alice, full, warp]).await?;
	network.end();
	Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_that_hangs_and_is_killed_votes_again_after_its_start() -> Result<()> {
	let network = Network::spawn("three").await?;
	let (alice, charlie) = (network.node("alice")?, network.node("charlie")?);
	finalize(alice, FURTHER).await?;
	charlie.pause().await?;
	check_stall(alice).await?;

	network.kill_and_start("charlie").await?;
	finalize(alice, best(alice).await? + FURTHER).await?;
	agree(&network.nodes()).await?;
	network.end();
	Ok(())
}

/// Checks that blocks go on and none of them is final: finality needs more than two thirds of the votes. A block may have been on its way.
async fn check_stall(node: &NetworkNode) -> Result<()> {
	let lost = best(node).await?;
	reach(node, lost + FURTHER).await?;
	let stalled = finalized(node).await?;
	ensure!(stalled <= lost + 1, "block {stalled} is final without a third of the validators, which stopped at block {lost}");
	Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_seven_validators_may_hang_and_three_stop_finality() -> Result<()> {
	let network = Network::spawn("seven").await?;
	let nodes = network.nodes();
	let first = nodes[0];
	finalize(first, FURTHER).await?;
	for node in &nodes[5..] {
		node.pause().await?;
	}
	finalize(first, best(first).await? + FURTHER).await?;
	nodes[4].pause().await?;
	check_stall(first).await?;

	for node in &nodes[4..] {
		node.resume().await?;
	}
	finalize(first, best(first).await? + FURTHER).await?;
	agree(&nodes).await?;
	network.end();
	Ok(())
}

/// Returns the number of the last round of the demo domain that has ended, or null.
async fn last_round(node: &NetworkNode) -> Result<Value> {
	Ok(call(node, "doin_domain", &[json!(0)]).await?["lastRound"]["number"].clone())
}

/// Returns the number of transactions of the optimizer.
async fn sent(node: &NetworkNode) -> Result<Option<u64>> {
	Ok(call(node, "system_accountNextIndex", &[json!(OPTIMIZER)]).await?.as_u64())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optimizer_goes_on_with_its_next_node_when_its_validator_dies() -> Result<()> {
	let network = Network::spawn("five").await?;
	let bob = network.node("bob")?;
	wait_for("a call of the optimizer", || async { Ok((sent(bob).await? > Some(0)).then_some(())) }).await?;
	network.kill("alice").await?;
	wait_for("the second node of the optimizer", || async {
		let output = network.output("optimizer").await?;
		let is_used = output.contains("continuing with the next one of the list")
			&& output.contains("connected to the node again")
			&& output.contains(bob.ws_uri());
		Ok(is_used.then_some(()))
	})
	.await?;
	let (before, round) = (sent(bob).await?, last_round(bob).await?.as_u64());
	wait_for("a call through the second node", || async { Ok((sent(bob).await? > before).then_some(())) }).await?;
	wait_for("the end of a round", || async { Ok((last_round(bob).await?.as_u64() > round).then_some(())) }).await?;
	// Four of five validators go on.
	finalize(bob, best(bob).await? + FURTHER).await?;
	let others: Vec<&NetworkNode> = network.nodes().into_iter().filter(|node| node.name() != "alice").collect();
	agree(&others).await?;
	network.end();
	Ok(())
}
