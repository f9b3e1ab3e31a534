//! The database of facts: filled from a node, killed, checked, built anew and exported, as a user does it.

use anyhow::{ensure, Context, Result};
use doin_e2e::{
	chain,
	commands::{refused, report},
	http::Server,
	run, wait_for, Node, Worker,
};
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, BTreeSet},
	fs,
	path::Path,
	time::Duration,
};

/// Longest wait for some blocks, or for a new champion, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
/// `Timestamp.Now`, by the hashes of its names.
const NOW: &str = "0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb";
/// `System.EventCount`, by the hashes of its names.
const EVENT_COUNT: &str = "0x26aa394eea5630e07c48ae0c9558cef70a98fdbe9ce6c55837576c60c7af3850";

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

/// Returns the little-endian integer of a storage item at a block.
async fn integer(node: &Node, key: &str, hash: &Value) -> Result<u64> {
	let stored = node.call("state_getStorage", [json!(key), hash.clone()]).await?;
	let digits = stored.as_str().context("the item is stored")?.trim_start_matches("0x").as_bytes();
	let bytes = digits.chunks_exact(2).map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?));
	let bytes: Vec<u8> = bytes.collect::<Result<_>>()?;
	Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Makes a database one of schema version 1. The table of the version has one record.
fn make_older(database: &Path) -> Result<()> {
	// A record of SQLite: length of its header, types of both columns (an integer of one byte, a text of 24), version, time of creation.
	const HEADER: [u8; 3] = [3, 1, 13 + 2 * 24];
	let mut bytes = fs::read(database)?;
	let is_record = |record: &[u8]| record.starts_with(&HEADER) && record[4..].starts_with(b"20") && record.ends_with(b"Z");
	let found: Vec<usize> = bytes.windows(28).enumerate().filter(|(_, record)| is_record(record)).map(|(at, _)| at).collect();
	ensure!(found.len() == 1, "{} records look like that of the version", found.len());
	bytes[found[0] + HEADER.len()] = 1;
	Ok(fs::write(database, bytes)?)
}

/// Checks that a worker of a newer schema moves a database with blocks up to `last` and its CSV file aside, and reads the facts again.
async fn an_older_schema_is_read_again(node: &Node, database: &Path, last: u64) -> Result<()> {
	let folder = tempfile::tempdir()?;
	let path = |name: &str| folder.path().join(name);
	let (older, csv) = (path("facts.db"), path("rounds.csv"));
	fs::copy(database, &older)?;
	make_older(&older)?;
	fs::write(&csv, "rounds of the older worker\n")?;
	let (shown, rounds, bytes) = (older.display().to_string(), csv.display().to_string(), fs::read(&older)?);
	refused(node, &["index", "--once", "--olap-db", &shown], &["schema version 1", "move the file away", "Nothing was changed"])?;
	assert!(fs::read(&older)? == bytes && !path("facts-1.db").exists(), "a command leaves the file as it is");

	let url = node.url();
	let arguments =
		["run", "--dev", "--url", &url, "--journal", "{base}/journal.db", "--olap-db", &shown, "--stats-file", &rounds];
	let mut worker = Worker::start(&arguments)?;
	state(&mut worker, "following").await?;
	indexed(&older, last).await?;
	worker.stop()?;
	let checked = check(&older)?;
	assert_eq!(checked["findings"], json!([]), "{checked}");
	assert!(checked["first"] == 0 && rows(&checked, "fact_chain_optimae")? > 0, "{checked}");
	assert!(fs::read(path("facts-1.db"))? == bytes, "the older database is kept as it was");
	assert_eq!(fs::read_to_string(path("rounds-1.csv"))?, "rounds of the older worker\n");
	assert!(fs::read_to_string(&csv)?.starts_with("experiment_id,round_id,"), "the new file has the rounds of the new database");
	Ok(())
}

/// Returns the cells of a line of a CSV file. Quotes, which cells with commas have, stay.
fn cells(line: &str) -> Vec<&str> {
	let mut is_quoted = false;
	line.split(|char| {
		is_quoted ^= char == '"';
		char == ',' && !is_quoted
	})
	.collect()
}

/// Returns the lines of a CSV file of rounds, by the names of their columns.
fn lines(csv: &Path) -> Result<Vec<BTreeMap<String, String>>> {
	let text = fs::read_to_string(csv)?;
	let mut lines = text.lines().map(cells);
	let names = lines.next().context("a line of names")?;
	let named = |cells: Vec<&str>| names.iter().zip(cells).map(|(name, cell)| (name.to_string(), cell.to_string())).collect();
	Ok(lines.map(named).collect())
}

/// Compares facts with the states of the blocks that they name.
async fn facts_are_those_of_the_chain(node: &Node, checked: &Value, csv: &Path) -> Result<()> {
	let (mut events, mut crowned, mut hashes) = (0, BTreeSet::new(), Vec::new());
	for block in 0..=checked["last"].as_u64().context("a block")? {
		let hash = node.call("chain_getBlockHash", [json!(block)]).await?;
		if block > 0 {
			events += integer(node, EVENT_COUNT, &hash).await?;
			let champion = node.call("doin_champion", [json!(0), hash.clone()]).await?;
			crowned.extend(champion["round"]["number"].as_u64().or_else(|| champion["round"].as_u64()));
		}
		hashes.push(hash);
	}
	assert_eq!(rows(checked, "event")?, events, "`System.EventCount` of all blocks");
	assert_eq!(rows(checked, "fact_chain_optimae")?, crowned.len() as u64, "champions of all blocks");
	let lines = lines(csv)?;
	assert!(!lines.is_empty());
	for line in &lines {
		let number = |name: &str| line[name].parse::<u64>().with_context(|| format!("no {name}: {line:?}"));
		let (round, height) = (number("round_number")?, number("chain_height")?);
		let hash = &hashes[height as usize];
		let domain = node.call("doin_domain", [json!(0), hash.clone()]).await?;
		assert_eq!((&domain["lastRound"]["number"], &domain["lastRound"]["block"]), (&json!(round), &json!(height)), "{line:?}");
		let millis = integer(node, NOW, hash).await?;
		assert!(line["timestamp_utc"].ends_with(&format!(".{:03}Z", millis % 1_000)), "{millis}: {line:?}");
		let seconds = line["timestamp_utc"].get(17..19).and_then(|text| text.parse::<u64>().ok());
		assert_eq!(seconds, Some(millis / 1_000 % 60), "{line:?}");
		let champion = node.call("doin_champion", [json!(0), hash.clone()]).await?;
		if champion["block"] == height && champion["author"] == line["node_id"].as_str() {
			assert_eq!(champion["validationError"], line["performance"].as_str(), "{champion}: {line:?}");
		}
	}
	Ok(())
}

#[tokio::test]
async fn facts_survive_kills_and_are_built_anew_and_exported() -> Result<()> {
	let node = node("archive").await?;
	// The optimizer and the evaluators of the development chain.
	let mut roles =
		Worker::start(&["run", "--dev", "--url", &node.url(), "--journal", "{base}/journal.db", "--olap-db", "none"])?;
	let folder = tempfile::tempdir()?;
	let path = |name: &str| folder.path().join(name);
	let (database, shown) = (path("facts.db"), path("facts.db").display().to_string());
	let mut indexer = Worker::start(&["index", "--olap-db", &shown, "--url", &node.url()])?;
	for block in [4, 8, 12] {
		indexed(&database, block).await?;
		indexer.crash_and_restart()?;
	}
	// A round runs to its verdict, and crowns a champion.
	let crowned = wait_for("a champion", LIMIT, || {
		let running = roles.check();
		let node = &node;
		async move {
			running?;
			let champion = node.call("doin_champion", [json!(0)]).await?;
			Ok(champion["block"].as_u64().filter(|_| !champion["author"].is_null()))
		}
	});
	indexed(&database, crowned.await?).await?;
	roles.stop()?;
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
	facts_are_those_of_the_chain(&node, &checked, &csv).await?;
	let files = path("files").display().to_string();
	for (blocks, written) in [(last + 1, true), (0, false)] {
		let output = run("doin-worker", &["export", "--json", "--parquet", &files, "--olap-db", &shown])?;
		let exported: Value = serde_json::from_slice(&output.stdout)?;
		assert_eq!((&exported["parquet"]["blocks"], &exported["parquet"]["last"]), (&blocks.into(), &last.into()));
		assert_eq!(exported["parquet"]["files"].as_u64() > Some(0), written, "{exported}");
	}
	an_older_schema_is_read_again(&node, &database, last).await?;
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
	let parts = ["no state of block", "the first block that it can read is", "--state-pruning archive", "--olap-partial"];
	refused(&node, &["index", "--once", "--olap-db", &shown], &parts)?;
	assert!(!database.exists(), "a refused start leaves no file");

	// The roles of `run` go on without facts, and its server says why.
	let url = node.url();
	let arguments = ["run", "--dev", "--url", &url, "--journal", "{base}/journal.db"];
	let mut worker = Worker::start(&arguments)?;
	let failed = state(&mut worker, "failed").await?;
	let reason = failed["reason"].as_str().context("a reason")?;
	assert!(parts.iter().all(|part| reason.contains(part)), "{reason}");
	worker.stop()?;

	// On request, a new database begins with a block whose state is there.
	let database = folder.path().join("partial.db");
	let shown = database.display().to_string();
	let mut worker = Worker::start(&[&arguments[..], &["--olap-partial", "--olap-db", &shown]].concat())?;
	let begun = state(&mut worker, "following").await?["block"].as_u64().context("a block")?;
	indexed(&database, begun + 2).await?;
	worker.stop()?;
	let checked = check(&database)?;
	let (first, last) = (checked["first"].as_u64().context("a block")?, checked["last"].as_u64().context("a block")?);
	assert!(first > 1 && first <= begun, "{checked}");
	assert_eq!((&checked["findings"], rows(&checked, "block")?), (&json!([]), last - first + 1));
	assert!(rows(&checked, "dim_domain")? >= 1, "the demo domain is known without the event of its registration");

	// A database that this node cannot fill again stays, although its schema is older.
	make_older(&database)?;
	let bytes = fs::read(&database)?;
	let mut worker = Worker::start(&[&arguments[..], &["--olap-db", &shown]].concat())?;
	let failed = state(&mut worker, "failed").await?;
	let reason = failed["reason"].as_str().context("a reason")?;
	assert!(reason.contains("older worker") && parts.iter().all(|part| reason.contains(part)), "{reason}");
	worker.stop()?;
	assert!(fs::read(&database)? == bytes, "the older database is not changed");
	Ok(())
}

/// Waits until the database of a worker is in a state, and returns what the server of the worker says of it.
async fn state(worker: &mut Worker, name: &str) -> Result<Value> {
	let server = Server::of(worker).await?;
	wait_for(&format!("the state {name} of the database"), LIMIT, || async {
		let status = server.get("/status").await?;
		let analytics = status.json()?["analytics"].clone();
		Ok(Some(analytics).filter(|analytics| status.status == 200 && analytics["state"] == name))
	})
	.await
}
