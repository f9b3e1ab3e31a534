//! Five validators whose network is cut in two and healed. Each node has a network namespace of its own.
//!
//! `scripts/local-net.sh test` runs these tests: they need root, and a network namespace of their own.

use anyhow::{bail, ensure, Result};
use doin_e2e::{
	chain,
	lan::{Lan, Side},
	rounds::{ended, has_committed, id_of, is_before_reveals, round_of, seat, task_once, Backing, History},
	state::bytes,
	wait_for, Node, Worker,
};
use serde_json::{json, Value};
use std::{
	path::Path,
	time::{Duration, Instant},
};
use subxt_signer::sr25519::dev;

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(300);
/// Longest time from a heal to the finality of the next block at all nodes.
const HEALED: Duration = Duration::from_secs(30);
/// Blocks that are authored while the network is cut.
const CUT: u32 = 20;
/// Pairs of best and final blocks of which the lag of finality is the median.
const SAMPLES: usize = 30;

/// Tasks in which a validator is cut off. A cut may come after the step that it is to precede.
const TASKS: usize = 8;
/// Roles of the workers: one evaluator has a worker of its own.
const OTHERS: &[(&str, &str)] = &[("optimize", "//Dave"), ("evaluate", "//Eve"), ("evaluate", "//Ferdie"), ("evaluate", "//One")];
const LONE: &[(&str, &str)] = &[("evaluate", "//Two")];

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
		Self::of(&chain::of_five_validators()?).await
	}

	/// Starts the validators of a chain on which rounds are decided although some blocks have no calls.
	async fn with_rounds() -> Result<Self> {
		Self::of(&chain::of_five_with_long_phases()?).await
	}

	/// Starts the validators of the chain with this specification, which keep all states, and waits until blocks are final.
	async fn of(chain: &Path) -> Result<Self> {
		let lan = Lan::new(5)?;
		let chain = format!("--chain={}", chain.display());
		let mut nodes: Vec<Node> = Vec::new();
		for (number, name) in (1..).zip(NAMES) {
			let key = format!("--node-key={}", number.to_string().repeat(64));
			let mut arguments = vec![name.to_owned(), key, chain.clone(), "--state-pruning=archive".into()];
			arguments.extend(["--discover-local", "--no-mdns"].map(String::from));
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

	/// Returns the first validator, which stays on the left side, and the last one, which is cut off.
	fn ends(&self) -> (&Node, &Node) {
		(&self.nodes[0], &self.nodes[4])
	}

	/// Heals the network of these hosts, which were cut off, and checks that finality returns in time. `what` names them in the output.
	async fn heal(&self, hosts: &[u8], what: &str) -> Result<()> {
		self.lan.place(hosts, Side::Left)?;
		let took = self.finality_returns().await?;
		println!("{what}: finality everywhere {took:?} after the heal");
		ensure!(took <= HEALED, "{what}: finality returned {took:?} after the heal, which is later than {HEALED:?}");
		Ok(())
	}

	/// Returns the final history of the validator that was cut off, once it is found to be sound.
	async fn sound_history(&self) -> Result<History> {
		let (_, last) = self.ends();
		let history = History::read(last, last.finalized().await?).await?;
		history.check(last).await?;
		Ok(history)
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
		network.heal(&[5], "one of five validators").await
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
		network.heal(&[4, 5], "two and three of five validators").await
	}

	/// Rounds go on at both sides of a cut without a majority. One of the two chains remains: it decides and pays each round once, and the
	/// other one has paid nobody.
	#[tokio::test]
	#[ignore = "needs root and a network namespace of its own: scripts/local-net.sh test"]
	async fn rounds_on_two_sides_without_a_majority_are_decided_and_paid_once() -> Result<()> {
		let network = Network::with_rounds().await?;
		let (first, last) = network.ends();
		let mut rest = Worker::with_roles(&first.url(), OTHERS)?;
		let mut lone = Worker::with_roles(&last.url(), LONE)?;
		let task = task_once("a draw", first, &mut rest, |task| task["phase"] == "Drawing").await?;
		network.lan.place(&[4, 5], Side::Right)?;
		first.reach(first.best().await? + CUT, LIMIT).await?;
		network.heal(&[4, 5], "two and three of five validators with a draw").await?;
		// The chain that remains may have the end of this round, or that of a later one first.
		ended(round_of(&task)?, first, &mut rest).await?;
		lone.check()?;
		network.finality_returns().await?;
		let history = network.sound_history().await?;
		ensure!(!history.outcomes().is_empty(), "no recomputation has sums: {history:?}");
		rest.stop()?;
		lone.stop()
	}

	/// Cuts the last validator off while a task waits for the outputs of its draw, and returns the task.
	async fn cut_in_a_draw(network: &Network, worker: &mut Worker) -> Result<Value> {
		let (first, last) = network.ends();
		for _ in 0..TASKS {
			let task = task_once("a draw", first, worker, |task| task["phase"] == "Drawing").await?;
			network.lan.place(&[5], Side::Right)?;
			let tasks = last.call("doin_recomputations", [json!(0)]).await?;
			let mut tasks = tasks.as_array().into_iter().flatten();
			if tasks.any(|found| found["task"] == task["task"] && found["phase"] == "Drawing") {
				return Ok(task);
			}
			network.heal(&[5], "a cut that came too late").await?;
		}
		bail!("{TASKS} draws were over before the validator was cut off")
	}

	/// A validator that is cut off ends a draw with its own outputs: the draw of the others counts, and nobody is paid for the other one.
	#[tokio::test]
	#[ignore = "needs root and a network namespace of its own: scripts/local-net.sh test"]
	async fn a_draw_on_the_smaller_side_of_a_cut_is_undone() -> Result<()> {
		let network = Network::with_rounds().await?;
		let (first, last) = network.ends();
		let mut worker = Worker::with_roles(&first.url(), &[OTHERS, LONE].concat())?;
		let task = cut_in_a_draw(&network, &mut worker).await?;
		let id = id_of(&task)?;
		let is_drawn = |found: &Value| found["task"] == id && !found["seed"].is_null();
		let drawn = task_once("the seed", first, &mut worker, is_drawn).await?;
		let undone = task_once("the seed of the smaller side", last, &mut worker, is_drawn).await?;
		ensure!(drawn["seed"] != undone["seed"], "both sides have drawn {drawn}");
		ended(round_of(&task)?, first, &mut worker).await?;
		network.heal(&[5], "a validator with a draw of its own").await?;

		let history = network.sound_history().await?;
		let seeds: Vec<Vec<u8>> = history.draws(id).iter().map(|draw| draw.seed.to_vec()).collect();
		assert_eq!(seeds, [bytes(&drawn["seed"])?], "{history:?}");
		ensure!(history.outcome(id).is_some_and(|outcome| outcome.backing == Backing::Quorum), "{history:?}");
		worker.stop()
	}

	/// Cuts the validator of the evaluator Two off between its commitment and its reveal, and returns the task.
	async fn cut_before_its_reveal(network: &Network, rest: &mut Worker) -> Result<Value> {
		let (first, last) = network.ends();
		let two = dev::two().public_key().to_account_id();
		for _ in 0..TASKS {
			let task = task_once("a commitment of the evaluator", first, rest, |task| has_committed(task, &two)).await?;
			network.lan.place(&[5], Side::Right)?;
			if is_before_reveals(&task, first.best().await?.max(last.best().await?)) {
				return Ok(task);
			}
			network.heal(&[5], "a cut that came too late").await?;
		}
		bail!("{TASKS} times, the evaluator may have sent its reveal before it was cut off")
	}

	/// The host of one evaluator is cut off, the others decide the round, and the host comes back.
	#[tokio::test]
	#[ignore = "needs root and a network namespace of its own: scripts/local-net.sh test"]
	async fn a_quorum_decides_without_an_evaluator_that_is_cut_off() -> Result<()> {
		let network = Network::with_rounds().await?;
		let ((first, last), two) = (network.ends(), dev::two().public_key().to_account_id());
		let mut rest = Worker::with_roles(&first.url(), OTHERS)?;
		let mut lone = Worker::with_roles(&last.url(), LONE)?;
		let task = cut_before_its_reveal(&network, &mut rest).await?;
		ended(round_of(&task)?, first, &mut rest).await?;
		network.heal(&[5], "an evaluator and its validator").await?;

		let id = id_of(&task)?;
		let is_later = |found: &Value| found["task"].as_u64() > Some(id) && seat(found, &two)["revealed"] == true;
		let later = task_once("an answer of the evaluator after the heal", first, &mut rest, is_later).await?;
		ended(round_of(&later)?, first, &mut rest).await?;
		lone.check()?;
		rest.stop()?;
		lone.stop()?;
		network.finality_returns().await?;
		network.sound_history().await?.check_absence(id, id_of(&later)?, &two)
	}
}
