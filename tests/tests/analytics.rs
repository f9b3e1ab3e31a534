//! The database of facts: filled from a node, killed, checked, built anew and exported, as a user does it.

use anyhow::{ensure, Context, Result};
use doin_e2e::{
	chain,
	commands::{refused, report},
	run, wait_for, Node, Worker,
};
use serde_json::Value;
use std::{fs, path::Path, time::Duration};

/// Longest wait for some blocks, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(600);

/// Starts the validator of a development chain with a block each second.
async fn node(pruning: &str) -> Result<Node> {
	let chain = format!("--chain={}", chain::with_fast_blocks()?.display());
	Node::start(&["--dev", &chain, &format!("--state-pruning={pruning}")]).await
}

/// Checks a database, and returns the report.
fn check(database: &Path) -> Result<Value> {
	let output = run("doin-worker", &["index", "check", "--json", "--olap-db", &database.display().to_string()])?;
	ensure!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
	Ok(serde_json::from_slice(&output.stdout)?)
}

/// Returns the number of rows of a table in a report of a check.
fn rows(report: &Value, table: &str) -> Result<u64> {
	let tables = report["tables"].as_array().context("a list of tables")?;
	let found = tables.iter().find(|entry| entry[0] == table).context("the table")?;
	found[1].as_u64().context("a number of rows")
}

/// Waits until a database has block `block`.
async fn indexed(database: &Path, block: u64) -> Result<()> {
	wait_for(&format!("block {block} in the database"), LIMIT, || async {
		// The file may not be there yet, or be locked for a moment.
		Ok(check(database).ok().filter(|report| report["last"].as_u64() >= Some(block)).map(drop))
	})
	.await
}

#[tokio::test]
async fn facts_survive_kills_and_are_built_anew_and_exported() -> Result<()> {
	let node = node("archive").await?;
	let folder = tempfile::tempdir()?;
	let path = |name: &str| folder.path().join(name);
	let (database, shown) = (path("facts.db"), path("facts.db").display().to_string());
	let mut indexer = Worker::start(&["index", "--olap-db", &shown, "--url", &node.url()])?;
	for block in [4, 8, 12] {
		indexed(&database, block).await?;
		indexer.crash_and_restart()?;
	}
	indexed(&database, 16).await?;
	indexer.stop()?;

	let checked = check(&database)?;
	let last = checked["last"].as_u64().context("a block")?;
	assert_eq!(checked["findings"], serde_json::json!([]));
	assert_eq!(rows(&checked, "block")?, last + 1);
	assert!(rows(&checked, "event")? > last, "every block has events: {checked}");

	let anew = path("anew.db").display().to_string();
	let rebuilt = report(&node, &["index", "rebuild", &anew, "--olap-db", &shown])?;
	assert_eq!((&rebuilt["existing"], &rebuilt["last"]), (&rebuilt["rebuilt"], &checked["last"]));
	assert_eq!(rebuilt["existing"], checked["content"]);
	refused(&node, &["index", "rebuild", &anew, "--olap-db", &shown], &["anew.db", "never overwrites"])?;

	let csv = path("rounds.csv");
	let output = run("doin-worker", &["export", "--csv", &csv.display().to_string(), "--olap-db", &shown])?;
	ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	assert!(fs::read_to_string(&csv)?.starts_with("experiment_id,round_id,"));
	let files = path("files").display().to_string();
	for (blocks, written) in [(last + 1, true), (0, false)] {
		let output = run("doin-worker", &["export", "--json", "--parquet", &files, "--olap-db", &shown])?;
		let exported: Value = serde_json::from_slice(&output.stdout)?;
		assert_eq!((&exported["parquet"]["blocks"], &exported["parquet"]["last"]), (&blocks.into(), &last.into()));
		assert_eq!(exported["parquet"]["files"].as_u64() > Some(0), written, "{exported}");
	}
	drop(node);

	// The development chain begins anew, with the same genesis, and is shorter than the database.
	let second = self::node("archive").await?;
	second.finalize(1, LIMIT).await?;
	refused(&second, &["index", "--once", "--olap-db", &shown], &["facts.db", "began anew", "--olap-db"])?;
	assert_eq!(check(&database)?, checked, "a refused database is not changed");
	Ok(())
}

#[tokio::test]
async fn a_node_that_has_removed_states_names_the_first_block_that_it_can_read() -> Result<()> {
	let node = node("8").await?;
	node.finalize(24, LIMIT).await?;
	let folder = tempfile::tempdir()?;
	let database = folder.path().join("facts.db");
	let shown = database.display().to_string();
	let parts = ["no state of block", "the first block that it can read is", "--state-pruning archive"];
	refused(&node, &["index", "--once", "--olap-db", &shown], &parts)?;
	Ok(())
}
