//! A forecaster stakes wagers on the stream of a development chain, and is paid, also if it is killed between its commitment and its reveal.
//! A leaving worker takes its place, which takes no new seats: the test ends with the round.

use anyhow::{Context, Result};
use doin_e2e::{
	accounts::DAVE,
	commands::{refused, report},
	streams::{forecaster, STREAM, TRAINING},
	wait_for, Node, Worker,
};
use serde_json::{json, Value};
use std::time::Duration;

/// A round begins a minute after the stream was woken, and takes one and a half on a development chain; tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
/// Rounds in which a worker is killed. On a machine that stalls, a restart may take longer than the bars and reveals of one.
const ROUNDS: usize = 6;

/// Returns the number of a round that has a seat of Dave and whose bars do not stand yet, so that nothing of it is revealed.
async fn waiting_seat(node: &Node) -> Result<Option<u64>> {
	let rounds = node.call("doin_forecastRounds", [json!(STREAM)]).await?;
	for round in rounds.as_array().context("a list of rounds")? {
		let number = &round["id"]["number"];
		if round["phase"] != "Waiting" || round["seats"] == 0 {
			continue;
		}
		let seats = node.call("doin_forecastRound", [json!(STREAM), number.clone()]).await?["seats"].clone();
		if seats.as_array().context("a list of seats")?.iter().any(|seat| seat["who"] == DAVE) {
			return Ok(number.as_u64());
		}
	}
	Ok(None)
}

/// Returns Dave's row of the leaderboard.
async fn standing(node: &Node) -> Result<Option<Value>> {
	let board = node.call("doin_leaderboard", [json!(STREAM)]).await?;
	let forecasters = board["forecasters"].as_array().context("a list of forecasters")?;
	Ok(forecasters.iter().find(|forecaster| forecaster["who"] == DAVE).cloned())
}

/// Returns the line of a log that has the text `what` for a round.
fn line_of(log: &str, what: &str, round: u64) -> Option<String> {
	let field = format!("round={round}");
	let names_round = |line: &&str| line.split_whitespace().any(|word| word == field);
	log.lines().filter(|line| line.contains(what)).find(names_round).map(String::from)
}

/// Kills a forecaster while a round with its seat waits for its bars, and starts one that is to leave the stream. Returns the line of that
/// one that names the pay of the round, if it has revealed the forecast.
async fn paid_after_a_crash(node: &Node, journal: &str) -> Result<Option<String>> {
	let mut worker = forecaster(node, "//Dave", journal, &TRAINING)?;
	let round = wait_for("a seat", LIMIT, || waiting_seat(node)).await?;
	worker.crash()?;
	let own = standing(node).await?.context("a record of Dave")?;
	assert!(own["seats"].as_u64().is_some_and(|seats| seats > 0), "{own}");
	// Its seats are revealed and collected before it leaves.
	let mut leaving = forecaster(node, "//Dave", journal, &["--leave"])?;
	let ended = wait_for("the end of the worker", LIMIT, || {
		let ended = leaving.process().ended();
		async move { ended }
	})
	.await?;
	let log = leaving.output();
	assert!(ended.success() && log.contains("left; the deposit of the record is released"), "{log}");
	assert_eq!(standing(node).await?, None);
	Ok(line_of(&log, "forecast revealed", round).and_then(|_| line_of(&log, "round paid", round)))
}

#[tokio::test]
async fn killed_between_commitment_and_reveal_a_forecaster_is_paid_after_its_restart() -> Result<()> {
	let node = Node::dev().await?;
	node.reach(2, LIMIT).await?;
	let folder = tempfile::tempdir()?;
	refused(&node, &["forecast", "--stream", "BTC/USD", "--wager", "2DOIN", "--dev-key", "//Dave"], &["no stream `BTC/USD`"])?;
	let market = report(&node, &["sponsor", "CO2-DEMO", "5 DOIN", "--market", "--dev-key", "//Bob"])?;
	assert_eq!((&market["added"], &market["market"]), (&json!("5 DOIN"), &json!(true)), "{market}");
	let reporter = Worker::reporter(&node.url())?;
	let sponsored = report(&node, &["sponsor", "CO2-DEMO", "200 DOIN", "--dev-key", "//Bob"])?;
	assert_eq!(sponsored["awake"], true, "{sponsored}");
	let journal = folder.path().join("forecasts.db").display().to_string();

	let mut paid = None;
	for _ in 0..ROUNDS {
		paid = paid_after_a_crash(&node, &journal).await?;
		if paid.is_some() {
			break;
		}
	}
	let line = paid.context("a round that is revealed after a restart")?;
	assert!(line.contains("skill=") && line.contains("wager=2 DOIN") && line.contains("paid="), "{line}");
	reporter.stop()
}
