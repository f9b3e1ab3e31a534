//! Faults of hosts while a round is in flight: a validator that includes no call, one that withholds its blocks during a draw, one that is
//! killed and started again, one that signs twice, an evaluator that dies between the commitment and the reveal of its answer, and the
//! node of a worker that dies. After each of them, the events of the whole chain are compared with what accounts have: no round is lost,
//! and none is paid twice.
//!
//! A round takes about a minute, so `scripts/test.sh --full` runs these tests, as does
//! `cargo test --release --workspace --test system round_faults:: -- --include-ignored`. `partitions.rs` has the same faults of a
//! network that is cut.

use anyhow::{bail, ensure, Result};
use doin_e2e::{
	chain,
	rounds::{ended, has_committed, id_of, is_before_reveals, round_of, seat, task_once, Backing, History},
	state::{bytes, claim, transactions},
	validators::{agree, pending_slash, Validators},
	wait_for, Node, Worker,
};
use serde_json::{json, Value};
use std::time::Duration;
use subxt::{OnlineClient, SubstrateConfig};
use subxt_signer::sr25519::dev;

/// Longest wait for blocks, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(600);
/// Blocks after the last step of a test that have to become final.
const FURTHER: u32 = 5;
/// Tasks in which a process is stopped. A stop may come after the step that it is to precede.
const TASKS: usize = 8;
/// Primary slots without a validator after which its own block cannot outweigh the chain of the others.
const PRIMARY: usize = 2;

/// Starts three validators that keep all states, on a chain with long phases. Charlie gets the arguments `charlie`.
async fn validators(charlie: &[&str]) -> Result<Validators> {
	Validators::start(&chain::local_with_long_phases()?, &["--state-pruning=archive"], charlie).await
}

/// Starts a worker with the optimizer and all evaluators of the network.
fn everybody(node: &Node) -> Result<Worker> {
	everybody_at(&node.url())
}

/// Starts the worker of [`everybody`] with a list of nodes.
fn everybody_at(urls: &str) -> Result<Worker> {
	Worker::start(&["run", "--dev", "--url", urls, "--journal", "{base}/journal.db", "--olap-db", "none"])
}

/// Waits until the next blocks are final at all validators, and returns the history up to then once it is found to be sound.
async fn sound_history(network: &Validators) -> Result<History> {
	let Validators { alice, bob, charlie, .. } = network;
	let best = alice.best().await?;
	alice.finalize(best + FURTHER, LIMIT).await?;
	let last = agree(alice, &[bob, charlie]).await?;
	let history = History::read(alice, last).await?;
	history.check(alice).await?;
	Ok(history)
}

/// A node whose pool holds no transaction includes none of anybody: reveals, answers and settlements wait for the blocks of the others.
#[tokio::test]
#[ignore = "three minutes: two rounds with a block each second"]
async fn rounds_are_decided_although_a_validator_censors_every_call() -> Result<()> {
	let network = validators(&["--pool-limit=0", "--pool-kbytes=0"]).await?;
	let mut worker = everybody(&network.alice)?;
	for _ in 0..2 {
		let task = task_once("a draw", &network.alice, &mut worker, |task| task["phase"] == "Drawing").await?;
		ended(round_of(&task)?, &network.alice, &mut worker).await?;
	}
	let history = sound_history(&network).await?;
	ensure!(history.forfeited().is_empty(), "a seat was not revealed: {history:?}");
	ensure!(history.outcomes().len() >= 2, "two recomputations have ended: {history:?}");
	// Where the first quorum is late on a loaded machine, the runtime computes. The chain decides either way.
	let by_quorum = history.outcomes().iter().any(|outcome| outcome.backing == Backing::Quorum);
	ensure!(by_quorum, "no quorum has decided: {history:?}");

	let (charlie, mut censored, mut included) = (dev::charlie().public_key().0, 0, 0);
	for number in 1..=network.alice.finalized().await? {
		let count = transactions(&network.alice, number).await?;
		if claim(&network.alice, number).await?.author == charlie {
			ensure!(count == 0, "Charlie has included {count} transactions in block {number}");
			censored += 1;
		} else {
			included += count;
		}
	}
	ensure!(censored > 0 && included > 0, "Charlie has authored {censored} blocks, and the others have {included} transactions");
	worker.stop()
}

/// Stops `validator` while a task waits for the outputs of its draw, and returns the task.
async fn stopped_in_a_draw(node: &Node, validator: &mut Node, worker: &mut Worker) -> Result<Value> {
	for _ in 0..TASKS {
		let task = task_once("a draw", node, worker, |task| task["phase"] == "Drawing").await?;
		validator.pause()?;
		let tasks = node.call("doin_recomputations", [json!(0)]).await?;
		let mut tasks = tasks.as_array().into_iter().flatten();
		if tasks.any(|found| found["task"] == task["task"] && found["phase"] == "Drawing") {
			return Ok(task);
		}
		validator.resume().await?;
	}
	bail!("{TASKS} draws were over before the validator was stopped")
}

/// The author of the last block of a draw knows the seed first. If it keeps the block, the next author ends the draw.
#[tokio::test]
#[ignore = "two minutes: a round with a block each second"]
async fn a_draw_takes_place_without_the_blocks_that_a_validator_withholds() -> Result<()> {
	let mut network = validators(&[]).await?;
	let mut worker = everybody(&network.alice)?;
	let task = stopped_in_a_draw(&network.alice, &mut network.charlie, &mut worker).await?;
	let (alice, id) = (&network.alice, id_of(&task)?);
	let stopped = alice.best().await?;
	let drawn = task_once("the seed", alice, &mut worker, |found| found["task"] == id && !found["seed"].is_null()).await?;
	ended(round_of(&task)?, alice, &mut worker).await?;
	// With two primary slots more, the chain of the others outweighs a block that Charlie still makes on its own head.
	// The first block may have been on its way.
	let (mut primary, mut number) = (0, stopped + 2);
	while primary < PRIMARY {
		alice.reach(number, LIMIT).await?;
		let claim = claim(alice, number).await?;
		ensure!(claim.author != dev::charlie().public_key().0, "the stopped validator has authored block {number}");
		primary += usize::from(claim.is_primary);
		number += 1;
	}
	ensure!(alice.finalized().await? < stopped + FURTHER, "a block is final without the votes of Charlie");

	network.charlie.resume().await?;
	let history = sound_history(&network).await?;
	let seeds: Vec<Vec<u8>> = history.draws(id).iter().map(|draw| draw.seed.to_vec()).collect();
	assert_eq!(seeds, [bytes(&drawn["seed"])?], "{history:?}");
	ensure!(history.outcome(id).is_some_and(|outcome| outcome.backing == Backing::Quorum), "{history:?}");
	worker.stop()
}

/// Without the third validator, rounds go on in blocks that are not final yet.
#[tokio::test]
#[ignore = "three minutes: two rounds with a block each second"]
async fn rounds_are_decided_although_a_validator_is_killed_and_started_again() -> Result<()> {
	let network = validators(&[]).await?;
	let mut worker = everybody(&network.alice)?;
	let task = task_once("a draw", &network.alice, &mut worker, |task| task["phase"] == "Drawing").await?;
	let network = network.after_a_crash_of_charlie(3 * FURTHER).await?;
	ended(round_of(&task)?, &network.alice, &mut worker).await?;

	let id = id_of(&task)?;
	let is_later = |found: &Value| found["task"].as_u64() > Some(id) && found["phase"] == "Drawing";
	let later = task_once("a later draw", &network.alice, &mut worker, is_later).await?;
	ended(round_of(&later)?, &network.alice, &mut worker).await?;
	let history = sound_history(&network).await?;
	for task in [id, id_of(&later)?] {
		ensure!(history.outcome(task).is_some(), "task {task} has no sums: {history:?}");
	}
	worker.stop()
}

/// Two nodes run with the keys of Alice, as after a restored backup whose former machine still runs.
#[tokio::test]
#[ignore = "three minutes: a round with a block each second"]
async fn rounds_are_decided_although_a_validator_signs_twice() -> Result<()> {
	let network = validators(&[]).await?;
	let client = OnlineClient::<SubstrateConfig>::from_insecure_url(network.bob.url()).await?;
	let mut worker = everybody(&network.bob)?;
	let task = task_once("a draw", &network.bob, &mut worker, |task| task["phase"] == "Drawing").await?;
	let key = format!("--node-key={}", "4".repeat(64));
	let double = network.join(&["--alice", &key]).await?;
	let alice = dev::alice().public_key().to_account_id();
	let slash = wait_for("the slash", LIMIT, || pending_slash(&client, &alice)).await?;
	ensure!(slash > 0, "a part of the stake of Alice");

	ended(round_of(&task)?, &network.bob, &mut worker).await?;
	let history = sound_history(&network).await?;
	ensure!(!history.outcomes().is_empty(), "no recomputation has sums: {history:?}");
	// Both nodes have signed until here.
	drop(double);
	worker.stop()
}

/// The node of all roles dies during a draw, and the worker goes on with the next one of its list.
#[tokio::test]
#[ignore = "two minutes: a round with a block each second"]
async fn rounds_are_decided_although_the_node_of_the_worker_dies() -> Result<()> {
	let network = validators(&[]).await?;
	let observer = network.join(&[]).await?;
	observer.finalize(network.alice.finalized().await?, LIMIT).await?;
	let mut worker = everybody_at(&format!("{},{}", observer.url(), network.bob.url()))?;
	let task = task_once("a draw", &network.alice, &mut worker, |task| task["phase"] == "Drawing").await?;
	observer.crash()?;
	wait_for("the second node", LIMIT, || {
		let output = worker.output();
		let is_used =
			output.contains("continuing with the next one of the list") && output.contains("connected to the node again");
		async move { Ok(is_used.then_some(())) }
	})
	.await?;
	ended(round_of(&task)?, &network.alice, &mut worker).await?;
	let history = sound_history(&network).await?;
	ensure!(history.outcome(id_of(&task)?).is_some(), "the task of the draw has no sums: {history:?}");
	worker.stop()
}

/// Kills the worker of the evaluator Two between its commitment and its reveal, and returns the task. `node` is the one of that worker.
async fn killed_before_its_reveal(node: &Node, rest: &mut Worker, lone: &mut Worker) -> Result<Value> {
	let two = dev::two().public_key().to_account_id();
	for _ in 0..TASKS {
		let task = task_once("a commitment of the evaluator", node, rest, |task| has_committed(task, &two)).await?;
		lone.crash()?;
		if is_before_reveals(&task, node.best().await?) {
			return Ok(task);
		}
		lone.start_again()?;
	}
	bail!("{TASKS} times, the evaluator may have sent its reveal before it was killed")
}

/// The host of one evaluator dies, the others decide the round, and the host comes back.
#[tokio::test]
#[ignore = "four minutes: several rounds with a block each second"]
async fn a_quorum_decides_without_an_evaluator_that_dies_before_its_reveal() -> Result<()> {
	let network = validators(&[]).await?;
	let (alice, two) = (&network.alice, dev::two().public_key().to_account_id());
	let roles = [("optimize", "//Dave"), ("evaluate", "//Eve"), ("evaluate", "//Ferdie"), ("evaluate", "//One")];
	let mut rest = Worker::with_roles(&alice.url(), &roles)?;
	let mut lone = Worker::with_roles(&network.bob.url(), &[("evaluate", "//Two")])?;
	let task = killed_before_its_reveal(&network.bob, &mut rest, &mut lone).await?;
	ended(round_of(&task)?, alice, &mut rest).await?;

	let id = id_of(&task)?;
	lone.start_again()?;
	let is_later = |found: &Value| found["task"].as_u64() > Some(id) && seat(found, &two)["revealed"] == true;
	let later = task_once("an answer of the evaluator after its return", alice, &mut rest, is_later).await?;
	ended(round_of(&later)?, alice, &mut rest).await?;
	lone.check()?;
	rest.stop()?;
	lone.stop()?;

	let history = sound_history(&network).await?;
	history.check_absence(id, id_of(&later)?, &two)
}
