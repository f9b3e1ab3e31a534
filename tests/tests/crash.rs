//! A worker that is killed between a commitment and its reveal reveals after its restart.

use anyhow::{Context, Result};
use doin_e2e::{accounts::DAVE, wait_for, Node, Worker};
use serde_json::{json, Value};
use std::time::Duration;

/// A round takes about a minute on a development chain; tests share the machine, and not every round brings an improvement.
const LIMIT: Duration = Duration::from_secs(1_200);

/// Returns `true` if `object` has seats and `is` holds for all of them.
fn all_seats(object: &Value, is: impl Fn(&Value) -> bool) -> bool {
	object["seats"].as_array().is_some_and(|seats| !seats.is_empty() && seats.iter().all(is))
}

/// Returns the recomputation tasks of domain 0.
async fn recomputations(node: &Node) -> Result<Vec<Value>> {
	Ok(node.call("doin_recomputations", [json!(0)]).await?.as_array().context("a list")?.clone())
}

/// Returns `true` if `task` was requested for this round of domain 0.
fn is_for(task: &Value, round: &Value) -> bool {
	task["subject"]["round"]["number"] == *round
}

#[tokio::test]
async fn killed_between_commit_and_reveal_it_reveals_after_its_restart() -> Result<()> {
	let node = Node::dev().await?;
	let url = node.url();
	let mut worker = Worker::start(&["run", "--dev", "--url", &url, "--journal", "{base}/journal.db"])?;

	// Once the commitment of the optimizer is on the chain, its candidate is in the journal only.
	let round = wait_for("the optimizer's commitment", LIMIT, || async {
		let round = node.call("doin_round", [json!(0)]).await?;
		let committed = |seat: &Value| seat["who"] == DAVE && seat["status"] == "committed";
		Ok((round["phase"] == "Commit" && all_seats(&round, committed)).then(|| round["round"]["number"].clone()))
	})
	.await?;
	worker.crash_and_restart()?;

	// The candidate is evaluated, so it was revealed. The evaluators commit their answers next.
	wait_for("the evaluators' commitments", LIMIT, || async {
		let answered = recomputations(&node).await?.into_iter().any(|task| {
			is_for(&task, &round) && task["phase"] == "Answering" && all_seats(&task, |seat| seat["committed"] == true)
		});
		let dave = node.call("doin_reputation", [json!(DAVE)]).await?;
		assert_eq!(dave["forfeited"], 0, "the candidate was not revealed");
		Ok(answered.then_some(()))
	})
	.await?;
	worker.crash_and_restart()?;

	wait_for("the settlement", LIMIT, || async {
		let settled = recomputations(&node)
			.await?
			.into_iter()
			.find(|task| is_for(task, &round) && !task["sums"].as_array().is_none_or(Vec::is_empty));
		Ok(settled.map(|task| {
			assert!(all_seats(&task, |seat| seat["revealed"] == true), "an answer was not revealed: {task}");
		}))
	})
	.await?;
	assert_eq!(
		worker.output().matches("was never revealed").count(),
		0,
		"the worker reports a forfeited seat:\n{}",
		worker.output()
	);
	worker.stop()
}

/// The configuration is changed while a candidate is committed, so that it does not name the domain any more.
#[tokio::test]
async fn what_was_committed_is_revealed_in_a_domain_that_is_not_optimized_any_more() -> Result<()> {
	let node = Node::dev().await?;
	let folder = tempfile::tempdir()?;
	let journal = folder.path().join("worker.db").display().to_string();
	let first = Worker::start(&["run", "--dev", "--url", &node.url(), "--journal", &journal])?;
	let round = wait_for("the optimizer's commitment", LIMIT, || async {
		let round = node.call("doin_round", [json!(0)]).await?;
		let committed = |seat: &Value| seat["who"] == DAVE && seat["status"] == "committed";
		Ok((round["phase"] == "Commit" && all_seats(&round, committed)).then(|| round["round"]["number"].clone()))
	})
	.await?;
	// Dropping a worker kills it.
	drop(first);
	let config = folder.path().join("worker.toml");
	let text = "[[identities]]\nrole = \"optimize\"\ndev = \"//Dave\"\n[[domains]]\nname = \"another domain\"\noptimize = true\n";
	std::fs::write(&config, text)?;
	let arguments = ["run", "--config", &config.display().to_string(), "--url", &node.url(), "--journal", &journal];
	let mut second = Worker::start(&arguments)?;
	wait_for("the evaluation of the candidate", LIMIT, || {
		second.check().expect("the worker runs");
		async { Ok(recomputations(&node).await?.iter().any(|task| is_for(task, &round)).then_some(())) }
	})
	.await?;
	let dave = node.call("doin_reputation", [json!(DAVE)]).await?;
	assert_eq!(dave["forfeited"], 0, "the candidate was not revealed:\n{}", second.output());
	assert!(second.output().contains("no domain `another domain`"), "{}", second.output());
	second.stop()
}
