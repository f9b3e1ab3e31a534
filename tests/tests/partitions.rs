//! Five validators whose network is cut in two and healed. Each node has a network namespace of its own.
//!
//! `scripts/local-net.sh test` runs these tests: they need root, and a network namespace of their own.

use anyhow::{ensure, Result};
use doin_e2e::{
	chain,
	lan::{Lan, Side},
	wait_for, Node,
};
use serde_json::json;
use std::time::{Duration, Instant};

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(300);
/// Blocks that are authored while the network is cut.
const CUT: u32 = 20;
/// Pairs of best and final blocks of which the lag of finality is the median.
const SAMPLES: usize = 30;

/// Development accounts that validate, by the number of their host.
const NAMES: [&str; 5] = ["--alice", "--bob", "--charlie", "--dave", "--eve"];

/// Five validators, and their network.
struct Network {
	// Dropped before the network that they run in.
	nodes: Vec<Node>,
	lan: Lan,
}

impl Network {
	/// Starts the validators, and waits until blocks are final.
	async fn start() -> Result<Self> {
		let lan = Lan::new(5)?;
		let chain = format!("--chain={}", chain::of_five_validators()?.display());
		let mut nodes: Vec<Node> = Vec::new();
		for (number, name) in (1..).zip(NAMES) {
			let key = format!("--node-key={}", number.to_string().repeat(64));
			let mut arguments = vec![name.to_owned(), key, chain.clone(), "--discover-local".into(), "--no-mdns".into()];
			for node in &nodes {
				arguments.push(format!("--bootnodes={}", node.address().await?));
			}
			let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
			nodes.push(Node::start_on(lan.host(number)?, &arguments).await?);
		}
		let network = Self { nodes, lan };
		for node in &network.nodes {
			wait_for("all peers", LIMIT, || async {
				Ok((node.call("system_health", []).await?["peers"] == NAMES.len() as u64 - 1).then_some(()))
			})
			.await?;
			node.finalize(3, LIMIT).await?;
		}
		Ok(network)
	}

	/// Waits until a block that is authored from now on is final at all nodes, checks that it is the same one, and returns how long it
	/// took.
	async fn finality_returns(&self) -> Result<Duration> {
		let start = Instant::now();
		let mut newest = 0;
		for node in &self.nodes {
			newest = newest.max(node.best().await?);
		}
		let block = newest + 1;
		for node in &self.nodes {
			node.finalize(block, LIMIT).await?;
		}
		let took = start.elapsed();
		let hash = self.nodes[0].call("chain_getBlockHash", [json!(block)]).await?;
		for node in &self.nodes {
			assert_eq!(node.call("chain_getBlockHash", [json!(block)]).await?, hash, "block {block}");
		}
		Ok(took)
	}
}

/// `scripts/test.sh --full` runs these tests by `scripts/local-net.sh test`.
mod namespaces {
	use super::*;

	#[tokio::test]
	#[ignore = "needs root and a network namespace of its own: scripts/local-net.sh test"]
	async fn finality_follows_the_best_block_closely() -> Result<()> {
		let network = Network::start().await?;
		let mut lags = Vec::new();
		for _ in 0..SAMPLES {
			tokio::time::sleep(Duration::from_secs(1)).await;
			let node = &network.nodes[0];
			let (best, finalized) = (node.best().await?, node.finalized().await?);
			lags.push(best.saturating_sub(finalized));
		}
		lags.sort_unstable();
		let median = lags[SAMPLES / 2];
		println!("lag of finality: median {median} blocks, {lags:?}");
		ensure!(median <= 3, "the median lag of finality is {median} blocks: {lags:?}");
		Ok(())
	}

	/// One of five validators is cut off: the others go on, and it comes back to their chain.
	#[tokio::test]
	#[ignore = "needs root and a network namespace of its own: scripts/local-net.sh test"]
	async fn a_minority_stops_and_comes_back_to_the_chain_of_the_majority() -> Result<()> {
		let network = Network::start().await?;
		let (majority, minority) = (&network.nodes[0], &network.nodes[4]);
		network.lan.place(&[5], Side::Right)?;
		let before = minority.finalized().await?;
		majority.finalize(before + CUT, LIMIT).await?;
		let stalled = minority.finalized().await?;
		ensure!(stalled <= before + 3, "one validator of five finalized block {stalled} alone, after {before}");
		network.lan.place(&[5], Side::Left)?;
		let took = network.finality_returns().await?;
		println!("one of five validators: finality everywhere {took:?} after the heal");
		Ok(())
	}

	/// No side of a cut has more than two thirds of the validators: blocks are authored on both, none is final, and one chain remains.
	#[tokio::test]
	#[ignore = "needs root and a network namespace of its own: scripts/local-net.sh test"]
	async fn two_sides_without_a_majority_finalize_nothing_and_agree_after_the_heal() -> Result<()> {
		let network = Network::start().await?;
		network.lan.place(&[4, 5], Side::Right)?;
		let (left, right) = (&network.nodes[0], &network.nodes[4]);
		let (left_best, right_best) = (left.best().await?, right.best().await?);
		left.reach(left_best + CUT, LIMIT).await?;
		right.reach(right_best + CUT / 4, LIMIT).await?;
		for (node, best) in [(left, left_best), (right, right_best)] {
			let finalized = node.finalized().await?;
			ensure!(finalized <= best + 1, "block {finalized} was finalized after the cut at block {best}");
		}
		let height = right.best().await?;
		let [on_left, on_right] =
			[left.call("chain_getBlockHash", [json!(height)]).await?, right.call("chain_getBlockHash", [json!(height)]).await?];
		ensure!(on_left != on_right, "both sides have the same block {height}");
		network.lan.place(&[4, 5], Side::Left)?;
		let took = network.finality_returns().await?;
		println!("two and three of five validators: finality everywhere {took:?} after the heal");
		Ok(())
	}
}
