//! Discovery of the nodes of one local network. Each node has a network namespace of its own.
//!
//! `scripts/local-net.sh test` runs these tests: they need root, and a network namespace of their own. They print the times that
//! nodes took, and check none of them.

use anyhow::{ensure, Result};
use doin_e2e::{chain, lan::Lan, wait_for, Node};
use std::time::{Duration, Instant};

/// Longest wait for a peer.
const LIMIT: Duration = Duration::from_secs(300);

/// Waits until `node` has `count` peers, and returns how long it took.
async fn peers(node: &Node, count: u64) -> Result<Duration> {
	let start = Instant::now();
	wait_for("peers", LIMIT, || async { Ok((node.call("system_health", []).await?["peers"] == count).then_some(())) }).await?;
	Ok(start.elapsed())
}

/// Returns the argument for the chain spec that all nodes share.
fn chain_argument() -> Result<String> {
	Ok(format!("--chain={}", chain::of_five_validators()?.display()))
}

/// `scripts/test.sh --full` runs these tests by `scripts/local-net.sh test`.
mod namespaces {
	use super::*;

	#[tokio::test]
	#[ignore = "needs root and a network namespace of its own: scripts/local-net.sh test"]
	async fn a_node_finds_its_network_by_the_chain_spec_alone() -> Result<()> {
		let lan = Lan::new(2)?;
		let chain = chain_argument()?;
		let alice = Node::start_on(lan.host(1)?, &[&chain, "--alice"]).await?;
		ensure!(alice.call("system_health", []).await?["peers"] == 0, "the first node has a peer before there is another node");
		let newcomer = Node::start_on(lan.host(2)?, &[&chain]).await?;
		let took = peers(&newcomer, 1).await?;
		println!("multicast DNS: a node that knows the chain spec alone has a peer {took:?} after its start");
		// The newcomer follows the chain of its peer.
		let best = alice.best().await?;
		newcomer.reach(best + 2, LIMIT).await?;
		Ok(())
	}

	#[tokio::test]
	#[ignore = "needs root and a network namespace of its own: scripts/local-net.sh test"]
	async fn a_node_finds_the_peers_of_its_bootnode() -> Result<()> {
		let lan = Lan::new(3)?;
		let chain = chain_argument()?;
		let key = format!("--node-key={}", "1".repeat(64));
		let bootnode = Node::start_on(lan.host(1)?, &[&chain, "--alice", &key, "--no-mdns", "--discover-local"]).await?;
		let known = format!("--bootnodes={}", bootnode.address().await?);
		let arguments = [chain.as_str(), known.as_str(), "--no-mdns", "--discover-local"];
		let second = Node::start_on(lan.host(2)?, &arguments).await?;
		peers(&second, 1).await?;
		let third = Node::start_on(lan.host(3)?, &arguments).await?;
		let took = peers(&third, 2).await?;
		println!("Kademlia: a node that knows one bootnode has the bootnode and its peer as peers {took:?} after its start");
		peers(&second, 2).await?;
		Ok(())
	}
}
