//! A second worker process computes the sums that the evaluators of the first one are drawn for, and trains candidates of its search.

use anyhow::{Context, Result};
use doin_e2e::{http::Server, wait_for, Node, Worker};
use serde_json::json;
use std::{fs, time::Duration};

/// A search finds a candidate within minutes, and a round takes one; tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[cfg(unix)]
fn private(path: &std::path::Path) -> Result<()> {
	use std::os::unix::fs::PermissionsExt;
	Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

#[tokio::test]
async fn a_second_process_pulls_sums_and_trainings_and_the_round_is_decided_by_them() -> Result<()> {
	let node = Node::dev_with_short_rounds().await?;
	node.reach(2, LIMIT).await?;
	let folder = tempfile::tempdir()?;
	let token = folder.path().join("token");
	fs::write(&token, TOKEN)?;
	private(&token)?;
	let mut worker = Worker::sharing(&node.url(), &token)?;
	let server = Server::of(&mut worker).await?;
	let (from, token, url) = (format!("http://{}", server.0), token.display().to_string(), node.url());
	let refused = server.send("POST", "/tasks/claim", &[("content-type", "application/json")], "{}").await?;
	assert_eq!(refused.status, 401, "the queue needs the token");
	let mut puller = Worker::start(&["pull", "--from", &from, "--token", &token, "--name", "second", "--url", &url])?;
	wait_for("sums and trainings of the second process", LIMIT, || {
		let checked = worker.check().and_then(|()| puller.check());
		let output = puller.output();
		let is_done = ["verification", "optimization"].iter().all(|kind| output.contains(&format!("task done: {kind}")));
		async move { checked.map(|()| is_done.then_some(())) }
	})
	.await?;
	// The sums were committed and revealed, and the round is decided.
	wait_for("a decided round", LIMIT, || async {
		let domain = node.call("doin_domain", [json!(0)]).await?;
		Ok((!domain["lastRound"].is_null()).then_some(()))
	})
	.await?;
	let domain = node.call("doin_domain", [json!(0)]).await?;
	let result = domain.get("lastRound").context("the result of the round")?;
	assert!(!result.to_string().contains("noQuorum"), "{result}");
	let refused = ["false sums", "does not admit"].into_iter().find(|fault| worker.output().contains(fault));
	assert_eq!(refused, None, "{}", worker.output());
	puller.stop()?;
	worker.stop()
}
