//! Command line of the worker: its results for valid files, and its errors. Every error names the thing, the reason and the next
//! step, and leaves the chain as it was.

use anyhow::Result;
use doin_e2e::{run, Node, NOWHERE};
use serde_json::{json, Value};
use std::{fmt::Write, fs, path::Path, time::Duration};

/// Source file of the demo domain of the development chains.
const CO2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/mauna-loa-co2-weekly.csv");
const LIMIT: Duration = Duration::from_secs(240);

/// Returns the error of the worker for `arguments`.
fn refusal(arguments: &[&str]) -> Result<String> {
	let output = run("doin-worker", arguments)?;
	let message = String::from_utf8_lossy(&output.stderr).into_owned();
	assert!(!output.status.success(), "{arguments:?} was accepted: {}", String::from_utf8_lossy(&output.stdout));
	assert!(!message.contains("panicked"), "{arguments:?}: {message}");
	Ok(message)
}

/// Asserts that the error for `arguments` names all of `parts`.
fn refused(arguments: &[&str], parts: &[&str]) -> Result<()> {
	let message = refusal(arguments)?;
	for part in parts {
		assert!(message.contains(part), "`{part}` is missing in the error for {arguments:?}:\n{message}");
	}
	Ok(())
}

/// Writes an hourly series of `rows` values with a season of a day, after `change` has changed its lines, and returns its path.
fn series(folder: &Path, name: &str, rows: usize, change: impl Fn(usize, i64, String) -> (i64, String)) -> Result<String> {
	let mut text = String::from("time,load\n");
	for row in 0..rows {
		let value = format!("{}", 500 + 40 * (row % 24) as i64 + (row * row % 17) as i64);
		let (time, value) = change(row, 3_600 * row as i64, value);
		writeln!(text, "{time},{value}")?;
	}
	let path = folder.join(name);
	fs::write(&path, text)?;
	Ok(path.display().to_string())
}

#[test]
fn malformed_files_are_refused_with_the_line_and_the_cure() -> Result<()> {
	let folder = tempfile::tempdir()?;
	// The file is read before the node is connected to.
	let nowhere = NOWHERE;
	let check = |path: &str, column: &str, parts: &[&str]| {
		refused(
			&["domain", "create", "--csv", path, "--column", column, "--time", "time", "--season", "24", "--url", nowhere],
			parts,
		)
	};
	let changed = |name: &str, at: usize, to: &'static str| {
		series(folder.path(), name, 900, move |row, time, value| (time, if row == at { to.into() } else { value }))
	};
	let same = |_: usize, time: i64, value: String| (time, value);

	check("/nowhere/load.csv", "load", &["/nowhere/load.csv", "No such file", "Name a CSV file"])?;
	let good = series(folder.path(), "good.csv", 900, same)?;
	check(&good, "lode", &["good.csv", "no column `lode`", "`time`, `load`"])?;
	check(&changed("text.csv", 41, "much")?, "load", &["text.csv, line 43", "`much`", "expected a number", "Correct it"])?;
	check(&changed("nan.csv", 41, "NaN")?, "load", &["nan.csv, line 43", "has no value", "--fill linear"])?;
	check(&changed("infinite.csv", 41, "inf")?, "load", &["infinite.csv, line 43", "infinite"])?;
	check(&changed("wide.csv", 41, "1,2")?, "load", &["wide.csv", "not a regular CSV file"])?;
	let gap = series(folder.path(), "gap.csv", 900, |row, time, value| (if row > 40 { time + 7_200 } else { time }, value))?;
	check(&gap, "load", &["gap.csv", "line 43", "2 values are missing", "--fill linear"])?;
	let back = series(folder.path(), "back.csv", 900, |row, time, value| (if row == 41 { 0 } else { time }, value))?;
	check(&back, "load", &["back.csv", "line 43", "not after", "Sort the rows"])?;
	let flat = series(folder.path(), "flat.csv", 900, |_, time, _| (time, "7".into()))?;
	check(&flat, "load", &["flat.csv", "constant at 7", "nothing to forecast"])?;
	check(&series(folder.path(), "short.csv", 60, same)?, "load", &["60 rows", "are needed", "--history"])?;
	check(&series(folder.path(), "empty.csv", 0, same)?, "load", &["empty.csv", "a header and no rows"])?;
	// A valid file leads to the missing node.
	check(&good, "load", &[nowhere, "cannot reach a node", "doin-node --dev"])
}

#[test]
fn wrong_configurations_and_keys_are_refused_by_name() -> Result<()> {
	let folder = tempfile::tempdir()?;
	let write = |name: &str, text: &str| -> Result<String> {
		let path = folder.path().join(name);
		fs::write(&path, text)?;
		Ok(path.display().to_string())
	};
	let identity = "[[identities]]\nrole = \"optimize\"\ndev = \"//Dave\"\n";
	let typo = write("typo.toml", &format!("jurnal = \"x.db\"\n{identity}"))?;
	refused(&["run", "--config", &typo], &["typo.toml", "jurnal", "journal"])?;
	refused(&["run", "--config", "/nowhere/worker.toml"], &["/nowhere/worker.toml", "worker/configs"])?;
	refused(&["run", "--config", &write("worker.yaml", "a: 1")?], &["worker.yaml", ".toml nor .json"])?;
	refused(&["run"], &["--config", "--dev"])?;
	let missing = folder.path().join("missing.key").display().to_string();
	refused(&["vote", "0=1", "--key", &missing], &["missing.key", "keys generate"])?;
	refused(&["vote", "0=1", "--key", &write("bad.key", "not a phrase at all")?], &["bad.key", "neither a mnemonic phrase"])?;
	refused(&["vote", "0", "--dev-key", "//Alice"], &["DOMAIN=WEIGHT"])?;
	let nowhere = NOWHERE;
	refused(&["status", "--url", nowhere], &[nowhere, "doin-node --dev", "--url"])?;
	refused(&["status", "--url", "localhost"], &["localhost", "ws://HOST:PORT"])
}

/// One node for everything that a chain refuses.
#[tokio::test]
async fn a_chain_refuses_a_call_by_the_name_of_the_error() -> Result<()> {
	let node = Node::dev().await?;
	let url = node.url();
	let folder = tempfile::tempdir()?;
	let poor = folder.path().join("poor.key").display().to_string();
	let made = run("doin-worker", &["keys", "generate", "--out", &poor])?;
	assert!(made.status.success());

	the_demo_domain_is_what_the_worker_makes_of_its_file(&node, &url).await?;
	node.reach(2, LIMIT).await?;

	let create = ["domain", "create", "--csv", CO2, "--column", "ppm", "--season", "52", "--horizon", "12", "--history", "104"];
	let before = node.call("doin_domains", []).await?;
	refused(&[&create[..], &["--url", &url]].concat(), &["no key was named", "--key FILE"])?;
	refused(&[&create[..], &["--url", &url, "--key", &poor]].concat(), &["has 0 DOIN", "takes", "send it more"])?;
	refused(&["vote", "0=1000000", "--url", &url, "--dev-key", "//Bob"], &["NotVoter", "Only active validators can vote"])?;
	refused(
		&["vote", "7=1000000", "--url", &url, "--dev-key", "//Alice"],
		&["not on the ballot", "domain 7", "domain nominate"],
	)?;
	refused(&["bond", "1 DOIN", "--url", &url, "--dev-key", "//Bob"], &["BondTooSmall", "MinBond"])?;
	refused(&["domain", "show", "99", "--url", &url], &["99"])?;
	assert_eq!(node.call("doin_domains", []).await?, before, "a refusal changes nothing");

	let other = folder.path().join("other.toml");
	let identity = "[[identities]]\nrole = \"optimize\"\ndev = \"//Dave\"\n";
	fs::write(&other, format!("url = \"{url}\"\ngenesis = \"0x{}\"\n{identity}", "ab".repeat(32)))?;
	refused(
		&["run", "--no-dashboard", "--config", &other.display().to_string()],
		&["network with genesis", "abab", "connect to a node"],
	)
}

/// The preset is compiled from constants. They have to be equal to the ones that the worker makes from the file.
async fn the_demo_domain_is_what_the_worker_makes_of_its_file(node: &Node, url: &str) -> Result<()> {
	let create = ["domain", "create", "--csv", CO2, "--column", "ppm", "--season", "52", "--horizon", "13", "--history", "104"];
	let output = run("doin-worker", &[&create[..], &["--dry-run", "--json", "--url", url]].concat())?;
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	let made: Value = serde_json::from_slice(&output.stdout)?;
	assert!(made["domain"].is_null(), "a dry run registers nothing: {made}");
	for price in ["fee", "deposit", "nominationDeposit"] {
		assert!(made[price].as_str().is_some_and(|price| price.parse::<u128>().is_ok_and(|price| price > 0)), "{made}");
	}

	let spec = node.call("doin_domain", [json!(0)]).await?["spec"].clone();
	let program = json!({
		"kind": "forecast",
		"horizon": made["horizon"],
		"history": made["history"],
		"season": made["season"],
		"chunks": made["chunks"],
		"windows": made["windows"],
		"channels": 1,
		"target": "values",
		"loss": "absolute",
		"phase": "hidden",
	});
	assert_eq!(spec["program"], program);
	for (field, generated) in [("template", "template"), ("ar", "ar"), ("noise", "noise"), ("level", "level")] {
		assert_eq!(spec["evidence"][field], made["generator"][generated], "{field} of the demo domain's generator");
	}
	assert_eq!((&spec["dataRoot"], &spec["values"]), (&made["dataRoot"], &made["values"]));
	let bounds = |genes: &Value| -> Vec<Value> {
		let genes = genes.as_array().cloned().unwrap_or_default();
		genes.iter().map(|gene| json!([gene["name"], gene["lo"], gene["hi"], gene["log"]])).collect()
	};
	assert_eq!(bounds(&spec["genes"]), bounds(&made["genes"]));
	Ok(())
}
