//! A worker that is killed between a commitment and its reveal keeps its word once it is started again.

use anyhow::{Context, Result};
use doin_e2e::{wait_for, Node, Worker};
use serde_json::{json, Value};
use std::time::Duration;

/// The optimizer of the development chain.
const DAVE: &str = "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy";
/// A round takes about a minute on a development chain; tests share the machine, and not every round brings an improvement.
const LIMIT: Duration = Duration::from_secs(1_200);

/// The seats of an object of seats, all of which `is` has to hold for.
fn all_seats(object: &Value, is: impl Fn(&Value) -> bool) -> bool {
	object["seats"].as_array().is_some_and(|seats| !seats.is_empty() && seats.iter().all(is))
}

async fn quorums(node: &Node) -> Result<Vec<Value>> {
	Ok(node.call("doin_quorum", [json!(0)]).await?.as_array().context("a list")?.clone())
}

#[tokio::test]
async fn killed_between_commit_and_reveal_it_reveals_after_its_restart() -> Result<()> {
	let node = Node::dev().await?;
	let url = node.url();
	let mut worker = Worker::start(&["run", "--dev", "--url", &url, "--journal", "{base}/journal.db"])?;

	// The optimizer's candidate: once its commitment is on the chain, whatever the worker knew is only in its journal.
	let round = wait_for("the optimizer's commitment", LIMIT, || async {
		let round = node.call("doin_round", [json!(0)]).await?;
		let committed = |seat: &Value| seat["who"] == DAVE && seat["status"] == "Committed";
		Ok((round["phase"] == "Commit" && all_seats(&round, committed)).then(|| round["round"]["number"].clone()))
	})
	.await?;
	worker.crash_and_restart()?;

	// It went to its measurement, so it was revealed; the evaluators' answers are committed next.
	wait_for("the evaluators' commitments", LIMIT, || async {
		let answered = quorums(&node).await?.into_iter().any(|quorum| {
			quorum["round"]["number"] == round
				&& quorum["phase"] == "Answering"
				&& all_seats(&quorum, |seat| seat["committed"] == true)
		});
		let dave = node.call("doin_reputation", [json!(DAVE)]).await?;
		assert_eq!(dave["unrevealed"], 0, "the candidate was not revealed");
		Ok(answered.then_some(()))
	})
	.await?;
	worker.crash_and_restart()?;

	wait_for("the settlement", LIMIT, || async {
		let settled = quorums(&node)
			.await?
			.into_iter()
			.find(|quorum| quorum["round"]["number"] == round && !quorum["truth"].as_array().is_none_or(Vec::is_empty));
		Ok(settled.map(|quorum| {
			assert!(all_seats(&quorum, |seat| seat["revealed"] == true), "an answer was not revealed: {quorum}");
		}))
	})
	.await?;
	assert_eq!(
		worker.output().matches("was never revealed").count(),
		0,
		"the worker reports a broken word:\n{}",
		worker.output()
	);
	worker.stop()
}
