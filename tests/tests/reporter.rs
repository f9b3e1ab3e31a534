//! A reporter brings the bars of a stream onto the chain, also if it is killed between its commitment and its reveal.

use anyhow::{Context, Result};
use doin_e2e::{
	accounts::ALICE,
	commands::{refused, report},
	wait_for, Node, Worker,
};
use serde_json::{json, Value};
use std::time::Duration;

/// File whose rows are the bars of the stream of a development chain.
const CO2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/mauna-loa-co2-weekly.csv");
/// A poll takes half a minute on a development chain; tests share the machine.
const LIMIT: Duration = Duration::from_secs(600);
/// Polls in which the worker is killed. A kill may come after the commitments of one, and a restart may take longer than its reveals.
const POLLS: usize = 8;

/// Returns the open poll, if its number is `poll`, or whatever its number is if that is `None`.
async fn open_poll(node: &Node, poll: Option<&Value>) -> Result<Option<Value>> {
	let view = node.call("doin_poll", []).await?;
	let is_wanted = view["isOpen"] == true && poll.is_none_or(|poll| view["id"] == *poll);
	Ok(is_wanted.then_some(view))
}

/// Returns `true` if a reporter cannot have sent a reveal at the best block `best`: the next block takes commitments.
fn is_before_reveals(view: &Value, best: u32) -> bool {
	view["commitsUntil"].as_u64().is_some_and(|until| u64::from(best) + 1 < until)
}

/// Returns `true` if a log names the reveal of a poll.
fn names_reveal(log: &str, poll: &Value) -> bool {
	let field = format!("poll={poll}");
	log.lines().any(|line| line.contains("report revealed") && line.split_whitespace().any(|word| word == field))
}

/// Kills the worker between its commitment and its reveal, and starts it again. Returns `true` if it has revealed after that in the same
/// poll.
async fn reveals_after_a_crash(node: &Node, worker: &mut Worker) -> Result<bool> {
	let view = wait_for("a commitment", LIMIT, || async {
		let best = node.best().await?;
		let is_committed = |view: &Value| view["reporters"][0]["committed"] == true && is_before_reveals(view, best);
		Ok(open_poll(node, None).await?.filter(is_committed))
	})
	.await?;
	worker.crash()?;
	let (best, logged) = (node.best().await?, worker.output().len());
	worker.start_again()?;
	if !is_before_reveals(&view, best) {
		// The killed worker may have sent the reveal.
		return Ok(false);
	}
	let (poll, restarted) = (&view["id"], &*worker);
	let has_revealed = wait_for("the end of the poll or a reveal", LIMIT, || async {
		Ok(match open_poll(node, Some(poll)).await? {
			None => Some(false),
			Some(view) => (view["reporters"][0]["revealed"] == true).then_some(true),
		})
	})
	.await?;
	if has_revealed {
		wait_for("the reveal in the log of the restarted worker", LIMIT, || async {
			let output = restarted.output();
			Ok(names_reveal(output.get(logged..).unwrap_or_default(), poll).then_some(()))
		})
		.await?;
	}
	Ok(has_revealed)
}

/// Pays 100 DOIN into the pot of the stream, which sleeps until then.
async fn sponsor(node: &Node) -> Result<()> {
	node.reach(2, LIMIT).await?;
	let asleep = node.call("doin_streams", []).await?[0].clone();
	assert_eq!((&asleep["awake"], &asleep["pot"]), (&json!(false), &json!("0")), "{asleep}");
	refused(node, &["sponsor", "BTC/USD", "100 DOIN", "--dev-key", "//Bob"], &["no stream `BTC/USD`", "CO2-DEMO (2147483648)"])?;
	let sponsored = report(node, &["sponsor", "CO2-DEMO", "100 DOIN", "--dev-key", "//Bob"])?;
	assert_eq!((&sponsored["pot"], &sponsored["awake"]), (&json!("100 DOIN"), &json!(true)), "{sponsored}");
	Ok(())
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
	wait_for("the name of the stream that sleeps in the log", LIMIT, || {
		let is_named = worker.output().contains("the stream CO2-DEMO sleeps");
		async move { Ok(is_named.then_some(())) }
	})
	.await?;
	sponsor(&node).await?;

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
	let rise = rows[rows.len() - 1] - rows[0];
	for (number, close) in &known {
		let passes = i64::try_from(number / rows.len())?;
		assert_eq!(*close, rows[number % rows.len()] + passes * rise, "bar {number}");
	}
	a_batch_opens_a_round_of_forecasts(&node).await?;
	worker.stop()?;
	the_reporter_leaves(&node).await
}

/// Shows the record of the validator, and releases its hold once its last poll is closed.
async fn the_reporter_leaves(node: &Node) -> Result<()> {
	wait_for("the end of the last commitment", LIMIT, || async {
		let view = open_poll(node, None).await?;
		Ok(view.is_none_or(|view| view["reporters"][0]["committed"] != true).then_some(()))
	})
	.await?;
	let shown = report(node, &["reporter", "show", ALICE])?;
	assert!(shown["record"]["polls"].as_u64() > Some(0), "{shown}");
	let left = report(node, &["reporter", "leave", "--dev-key", "//Alice"])?;
	assert_eq!(left["account"], ALICE);
	assert!(report(node, &["reporter", "show", ALICE])?["record"].is_null());
	refused(node, &["reporter", "leave", "--dev-key", "//Alice"], &["has no record as a reporter", "Nothing was sent"])
}

/// Waits until a batch that stands in time has opened a round of the stream's market, and reads that round.
async fn a_batch_opens_a_round_of_forecasts(node: &Node) -> Result<()> {
	let stream = json!(1u32 << 31);
	let newest = wait_for("a round of forecasts", LIMIT, || async {
		let rounds = node.call("doin_forecastRounds", [stream.clone()]).await?;
		Ok(rounds.as_array().context("a list")?.last().cloned())
	})
	.await?;
	let view = node.call("doin_forecastRound", [stream.clone(), newest["id"]["number"].clone()]).await?;
	assert_eq!((&view["round"]["id"], &view["seats"]), (&newest["id"], &json!([])), "{view}");
	let fields = |round: &Value| round.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
	assert_eq!(fields(&view["round"]), fields(&newest));
	for name in ["phase", "inputEnd", "reference", "leastWager", "zeroBar", "horizonEnd", "zero", "until", "wagers", "pot"] {
		assert!(newest.get(name).is_some(), "{name} of {newest}");
	}
	Ok(())
}
