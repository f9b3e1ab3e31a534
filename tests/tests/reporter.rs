//! A reporter brings the bars of a stream onto the chain, also if it is killed between its commitment and its reveal.

use anyhow::{Context, Result};
use doin_e2e::{wait_for, Node, Worker};
use serde_json::{json, Value};
use std::time::Duration;

/// File whose rows are the bars of the stream of a development chain.
const CO2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/mauna-loa-co2-weekly.csv");
/// A poll takes half a minute on a development chain; tests share the machine.
const LIMIT: Duration = Duration::from_secs(600);
/// Polls in which the worker is killed. A restart may take longer than the reveals of one.
const POLLS: usize = 6;

/// Returns the only reporter of the open poll of number `poll`; of any open poll if that is `None`.
async fn reporter(node: &Node, poll: Option<&Value>) -> Result<Option<(Value, Value)>> {
	let view = node.call("doin_poll", []).await?;
	let is_wanted = view["isOpen"] == true && poll.is_none_or(|poll| view["id"] == *poll);
	Ok(is_wanted.then(|| (view["id"].clone(), view["reporters"][0].clone())))
}

/// Kills the worker after its commitment, and starts it again. Returns `true` if it has revealed in the same poll.
async fn reveals_after_a_crash(node: &Node, worker: &mut Worker) -> Result<bool> {
	let poll = wait_for("a commitment", LIMIT, || async {
		let found = reporter(node, None).await?;
		Ok(found.filter(|(_, reporter)| reporter["committed"] == true && reporter["revealed"] == false).map(|(poll, _)| poll))
	})
	.await?;
	worker.crash_and_restart()?;
	wait_for("the end of the poll or a reveal", LIMIT, || async {
		let found = reporter(node, Some(&poll)).await?;
		Ok(match found {
			None => Some(false),
			Some((_, reporter)) => (reporter["revealed"] == true).then_some(true),
		})
	})
	.await
}

/// Returns the values of the file, in units of the stream.
fn rows() -> Result<Vec<i64>> {
	let text = std::fs::read_to_string(CO2)?;
	let value = |line: &str| -> Option<i64> {
		let (whole, hundredths) = line.split(',').nth(1)?.split_once('.')?;
		Some(whole.parse::<i64>().ok()? * 100 + hundredths.parse::<i64>().ok()?)
	};
	text.lines().skip(1).map(|line| value(line).with_context(|| format!("`{line}` has a number with two decimals"))).collect()
}

#[tokio::test]
async fn killed_between_commitment_and_reveal_a_reporter_reveals_after_its_restart() -> Result<()> {
	let node = Node::dev().await?;
	let folder = tempfile::tempdir()?;
	let config = folder.path().join("reporter.toml");
	let source = format!("[[reported]]\nsymbol = \"CO2-DEMO\"\n[[reported.sources]]\ncsv = \"{CO2}\"\nclose = \"ppm\"\n");
	std::fs::write(&config, format!("[[identities]]\nrole = \"report\"\ndev = \"//Alice\"\n{source}"))?;
	let url = node.url();
	let arguments = ["run", "--config", &config.display().to_string(), "--url", &url, "--journal", "{base}/journal.db"];
	let mut worker = Worker::start(&arguments)?;

	let mut has_revealed = false;
	for _ in 0..POLLS {
		has_revealed = reveals_after_a_crash(&node, &mut worker).await?;
		if has_revealed {
			break;
		}
	}
	assert!(has_revealed, "no commitment was revealed:\n{}", worker.output());

	let rows = rows()?;
	let known = wait_for("bars", LIMIT, || async {
		let stream = node.call("doin_streams", []).await?[0].clone();
		let bars = node.call("doin_bars", [stream["id"].clone(), stream["start"].clone(), json!(1_000)]).await?;
		let start = stream["start"].as_u64().context("a number")?;
		let first = bars["first"].as_u64().context("a number")?.saturating_sub(start);
		let bars = bars["bars"].as_array().context("a list")?;
		let known = bars.iter().zip(first..).filter_map(|(bar, number)| Some((number as usize, bar[0].as_i64()?)));
		let known: Vec<(usize, i64)> = known.collect();
		Ok((!known.is_empty()).then_some(known))
	})
	.await?;
	for (number, close) in &known {
		assert_eq!(*close, rows[number % rows.len()], "bar {number}");
	}
	worker.stop()
}
