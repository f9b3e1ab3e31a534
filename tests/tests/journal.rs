//! The journal of a worker: one file, copied while the worker runs, and set aside when its chain began anew.

use anyhow::{ensure, Context, Result};
use doin_e2e::{run, wait_for, Node, Worker};
use serde_json::Value;
use std::{fs, path::Path, time::Duration};

/// Longest wait for a commitment, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);

/// Copies the journal `journal` into a new file, and returns the report.
fn backup(journal: &Path, copy: &Path) -> Result<Value> {
	let shown = |path: &Path| path.display().to_string();
	let output = run("doin-worker", &["journal", "backup", "--json", "--journal", &shown(journal), &shown(copy)])?;
	ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	// The copy is only looked at.
	fs::remove_file(copy)?;
	Ok(serde_json::from_slice(&output.stdout)?)
}

/// Starts the worker of the development chain with the journal `journal`.
fn worker(node: &Node, journal: &Path) -> Result<Worker> {
	Worker::start(&["run", "--dev", "--url", &node.url(), "--journal", &journal.display().to_string()])
}

/// Returns the files of a folder whose names begin with `stem`, apart from the lock.
fn files(folder: &Path, stem: &str) -> Result<Vec<String>> {
	let names: Vec<String> =
		fs::read_dir(folder)?.map(|file| Ok(file?.file_name().to_string_lossy().into_owned())).collect::<Result<_>>()?;
	Ok(names.into_iter().filter(|name| name.starts_with(stem) && !name.ends_with(".lock")).collect())
}

#[tokio::test]
async fn k27_k38_the_journal_is_one_file_of_one_chain() -> Result<()> {
	let folder = tempfile::tempdir()?;
	let (journal, copy) = (folder.path().join("worker.db"), folder.path().join("copy"));
	let first = Node::dev().await?;
	let mut running = worker(&first, &journal)?;
	let report = wait_for("an entry of the journal", LIMIT, || async {
		// There is no journal before the worker has started.
		let Ok(report) = backup(&journal, &copy) else { return Ok(None) };
		Ok((report["entries"] != 0 && !report["block"].is_null()).then_some(report))
	})
	.await?;
	// The worker is killed, and the file that was named is kept, without those beside it.
	running.crash_and_restart()?;
	drop(running);
	let kept = folder.path().join("kept.db");
	fs::copy(&journal, &kept)?;
	let after = backup(&kept, &copy)?;
	let entries = |report: &Value| report["entries"].as_u64().context("a number");
	assert!(entries(&after)? >= entries(&report)?, "{after}");
	assert_eq!(after["block"], report["block"]);
	drop(first);

	// The development chain begins anew.
	let second = Node::dev().await?;
	let restarted = worker(&second, &journal)?;
	wait_for("the journal to be set aside", LIMIT, || async {
		Ok(restarted.output().contains("the chain began anew").then_some(()))
	})
	.await?;
	let block = report["block"].as_str().context("a hash")?;
	let aside = format!("worker-{}.db", &block[2..10]);
	assert!(files(folder.path(), "worker")?.contains(&aside), "{aside}: {:?}", files(folder.path(), "worker")?);
	let earlier = backup(&folder.path().join(&aside), &copy)?;
	assert!(entries(&earlier)? >= entries(&report)?, "nothing of the earlier chain is lost");
	let new = wait_for("a block of the new chain", LIMIT, || async {
		let report = backup(&journal, &copy)?;
		Ok((!report["block"].is_null()).then_some(report))
	})
	.await?;
	assert_ne!(new["block"], report["block"]);
	assert_eq!(new["genesis"], report["genesis"]);
	restarted.stop()
}
