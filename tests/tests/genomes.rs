//! A loss is evolved, committed, revealed, computed by a quorum on training runs that are drawn afterwards, and paid.
//!
//! Runs are short: after 40 steps, nets of 64-16-10 err on two digits of five with the cross-entropy, and on a fifth less with a multiple
//! of the scores, so that a search finds a better loss within minutes. How many depends on its seed, so `scripts/test.sh --full` runs the
//! test, as does `cargo test --release --workspace --test system genomes:: -- --include-ignored`.

use anyhow::{bail, ensure, Context, Result};
use codec::{Decode, Encode};
use doin_e2e::{
	accounts::DAVE,
	chain,
	commands::{amount, refused, report},
	rounds::{Backing, History},
	state::{bytes, hex},
	wait_for, Node, Worker,
};
use doin_primitives::{DomainId, EvidenceRef, Hash};
use serde_json::{json, Value};
use std::time::Duration;
use subxt_signer::sr25519::dev;

/// A search finds a candidate within minutes, and a round takes one; tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
/// Digits of 8 × 8 pixels.
const DIGITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/digits.csv.gz");
/// The domain of loss genomes: the first after the demo domain.
const DOMAIN: DomainId = 1;
/// Training runs of a draw.
const RUNS: u16 = 32;
/// Formula of the cross-entropy, with which nets make fewer mistakes than with the squared error.
const CROSS_ENTROPY: &str = "loss = mean(−Σ_classes(y · ln(softmax(s))))";

/// Returns the answer of a method of the runtime API of this chain.
async fn runtime<T: Decode>(node: &Node, method: &str, argument: impl Encode) -> Result<T> {
	let call = [json!(format!("DoinApi_{method}")), json!(hex(&argument.encode()))];
	let answer = bytes(&node.call("state_call", call).await?)?;
	Ok(T::decode(&mut &answer[..])?)
}

/// Returns the history up to a block once the block is final.
async fn history(node: &Node, block: u64) -> Result<History> {
	let block = u32::try_from(block)?;
	node.finalize(block, LIMIT).await?;
	History::read(node, block).await
}

/// Returns the error sum of a model on the training runs that a seed draws, as the runtime computes it.
async fn error_of(node: &Node, model: &[u8], seed: Hash) -> Result<u64> {
	let mut error = 0;
	for run in 0..RUNS {
		let draw = Some((EvidenceRef::Drawn, seed));
		let sum: Option<u32> = runtime(node, "chunk_sum", (DOMAIN, model.to_vec(), draw, run)).await?;
		error += u64::from(sum.with_context(|| format!("the sum of run {run}"))?);
	}
	Ok(error)
}

/// Makes the domain, gives it all of the weight, and returns the report of the command.
fn make_domain(node: &Node) -> Result<Value> {
	let data = ["domain", "create", "--genome", "--csv", DIGITS, "--label", "digit", "--name", "losses"];
	let net = ["--hidden", "16", "--batch", "16", "--run-steps", "40"];
	let created = report(node, &[&data[..], &net, &["--dev-key", "//Bob"]].concat())?;
	report(node, &["vote", &format!("{DOMAIN}=1000000"), "--dev-key", "//Alice"])?;
	Ok(created)
}

/// Returns the champion once it is one of the miner.
async fn crowned(node: &Node, miner: &mut Worker, evaluators: &mut Worker) -> Result<Value> {
	wait_for("a champion of the miner", LIMIT, || {
		let running = miner.check().and_then(|()| evaluators.check());
		async move {
			running?;
			let champion = node.call("doin_champion", [json!(DOMAIN)]).await?;
			Ok((champion["author"] == DAVE).then_some(champion))
		}
	})
	.await
}

/// Checks that the runtime computes the error sums of a champion and of the initial one on the runs that the chain has drawn. A contender
/// has the means over the draws of several rounds.
async fn check_sums(node: &Node, champion: &Value, history: &History) -> Result<()> {
	let id = champion["model"]["Stored"].as_u64().with_context(|| format!("a stored champion: {champion}"))?;
	let model: Option<Vec<u8>> = runtime(node, "model", id).await?;
	let initial: Option<Vec<u8>> = runtime(node, "baseline", DOMAIN).await?;
	let (model, initial) = (model.context("the model of the champion")?, initial.context("the initial champion")?);
	let stated = (amount(&champion["error"]), amount(&champion["initialError"]));
	let (mut own, mut others) = (0, 0);
	for (outcome, draws) in history.outcomes().iter().rev().zip(1u64..) {
		let draw = *history.draws(outcome.task).last().context("the draw of the task")?;
		own += error_of(node, &model, draw.seed).await?;
		others += error_of(node, &initial, draw.seed).await?;
		if stated == (u128::from(own / draws), u128::from(others / draws)) {
			return Ok(());
		}
	}
	bail!("the runtime computes other sums than {champion} has: {history:?}")
}

#[tokio::test]
#[ignore = "three minutes or more: a search until it finds a better loss, then a round"]
async fn a_miner_evolves_a_loss_and_is_paid_once_quorum_and_runtime_have_trained_with_it() -> Result<()> {
	let chain = format!("--chain={}", chain::with_short_rounds()?.display());
	let node = Node::start(&["--dev", "--state-pruning=archive", &chain]).await?;
	node.reach(2, LIMIT).await?;
	refused(&node, &["mine", "--dev-key", "//Dave"], &["there is nothing to mine", "domain create --genome"])?;
	let created = make_domain(&node)?;
	assert_eq!(
		(&created["domain"], &created["program"], &created["samples"]),
		(&json!(DOMAIN), &json!("lossGenome"), &json!(1_797))
	);
	let initial = node.call("doin_champion", [json!(DOMAIN)]).await?;
	assert_eq!((&initial["model"], &initial["genome"]["formula"]), (&json!("BuiltIn"), &json!([CROSS_ENTROPY])), "{initial}");

	let url = node.url();
	let mut evaluators = Worker::with_roles(&url, &["//Eve", "//Ferdie", "//One", "//Two"].map(|key| ("evaluate", key)))?;
	let mut miner = Worker::start(&["mine", "--dev_key", "//Dave", "--pool_url", &url, "--journal", "{base}/mine.db"])?;
	let champion = crowned(&node, &mut miner, &mut evaluators).await?;
	assert!(amount(&champion["error"]) < amount(&champion["initialError"]), "{champion}");
	assert_eq!(champion["round"]["domain"], DOMAIN, "{champion}");
	let genome = &champion["genome"];
	assert_ne!(genome["fingerprint"], initial["genome"]["fingerprint"], "{champion}");
	let shown = report(&node, &["genome", "show", "--champion", &DOMAIN.to_string()])?;
	for part in ["formula", "list", "fingerprint"] {
		assert_eq!(shown[part], genome[part], "{part}");
	}

	let verdict = champion["block"].as_u64().context("the block of the verdict")?;
	let decided = history(&node, verdict).await?;
	let last = decided.outcomes().last().with_context(|| format!("a recomputation has ended: {decided:?}"))?;
	ensure!(last.backing == Backing::Quorum && !last.paid.is_empty(), "a quorum has decided: {decided:?}");
	check_sums(&node, &champion, &decided).await?;

	let seal = wait_for("a work block", LIMIT, || async {
		let seal = node.call("doin_work", []).await?["lastSeal"].clone();
		Ok((seal["block"].as_u64() >= Some(verdict)).then_some(seal))
	})
	.await?;
	assert!(amount(&seal["optimizers"]) > 0 && amount(&seal["evaluators"]) > 0, "{seal}");
	let paid = history(&node, seal["block"].as_u64().context("the block of the work block")?).await?;
	let reward = paid.reward(&dev::dave().public_key().to_account_id());
	assert!(reward > 0, "a work block has paid the miner: {paid:?}");
	let dave = node.call("doin_reputation", [json!(DAVE)]).await?;
	assert!(dave["accepted"].as_u64() >= Some(1), "{dave}");
	miner.stop()?;
	evaluators.stop()
}
