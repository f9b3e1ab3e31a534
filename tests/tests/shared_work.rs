//! A second worker process computes the sums that the evaluators of the first one are drawn for, trains candidates of its search, and
//! audits the answers of a server.

use anyhow::{Context, Result};
use doin_e2e::{commands::report, http::Server, streams::CO2, wait_for, Node, Worker};
use serde_json::json;
use std::{
	fs,
	path::{Path, PathBuf},
	time::Duration,
};

/// A search finds a candidate within minutes, and a round takes one; tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[cfg(unix)]
fn private(path: &Path) -> Result<()> {
	use std::os::unix::fs::PermissionsExt;
	Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

/// Writes a token into a folder, and returns its file.
fn token_file(folder: &Path) -> Result<PathBuf> {
	let path = folder.join("token");
	fs::write(&path, TOKEN)?;
	private(&path)?;
	Ok(path)
}

#[tokio::test]
async fn a_second_process_pulls_sums_and_trainings_and_the_round_is_decided_by_them() -> Result<()> {
	let node = Node::dev_with_short_rounds().await?;
	node.reach(2, LIMIT).await?;
	let folder = tempfile::tempdir()?;
	let token = token_file(folder.path())?;
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

#[tokio::test]
async fn a_second_process_audits_the_answer_of_a_server() -> Result<()> {
	let node = Node::dev_with_fast_blocks().await?;
	node.reach(2, LIMIT).await?;
	let folder = tempfile::tempdir()?;
	let token = token_file(folder.path())?;
	let offer = ["offer", "make", "--domain", "0", "--price", "0.2DOIN", "--endpoint", "http://127.0.0.1:1"];
	report(&node, &[&offer[..], &["--dev-key", "//Bob"]].concat())?;
	let mut worker = Worker::sharing_server(&node.url(), "//Bob", &token)?;
	let server = Server::of(&mut worker).await?;
	wait_for("a server that answers", LIMIT, || async {
		let response = server.get("/models").await?;
		Ok((response.status == 200 && response.json()?["models"][0]["domain_id"] == 0).then_some(()))
	})
	.await?;
	let (from, token, url) = (format!("http://{}", server.0), token.display().to_string(), node.url());
	let pull = ["pull", "--from", &from, "--token", &token, "--name", "second", "--work", "inference", "--url", &url];
	let mut puller = Worker::start(&pull)?;
	let purse = folder.path().join("purse.db").display().to_string();
	let ask = ["infer", "--domain", "0", "--csv", CO2, "--column", "ppm", "--server", &from, "--free", "--purse", &purse];
	let answer = report(&node, &ask)?;
	assert_eq!(answer["verified"], "right", "{answer}");
	// One answer every 30 seconds is audited. The second process has five seconds to claim the task.
	wait_for("the audit of the second process", LIMIT, || {
		let checked = worker.check().and_then(|()| puller.check());
		let is_done = puller.output().contains("task done: inference");
		async move { checked.map(|()| is_done.then_some(())) }
	})
	.await?;
	let numbers = wait_for("the result of the audit", LIMIT, || async {
		let numbers = server.json("/api/serving").await?;
		Ok((numbers["audited"] != 0).then_some(numbers))
	})
	.await?;
	assert_eq!((&numbers["audited"], &numbers["wrong"]), (&json!(1), &json!(0)), "{numbers}");
	assert!(!worker.output().contains("other outputs"), "{}", worker.output());
	puller.stop()?;
	worker.stop()
}
