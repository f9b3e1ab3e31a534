//! Speed of the queries of a dashboard over a database of 1,000,000 synthetic rounds, and of writing that database.
//!
//! `cargo bench --workspace --bench reader [-- ROUNDS [FILE]]`. With a file, the database is kept and used again. Every query of the
//! server runs ten times, with its largest limit, and where it has an offset also on its last page; the slowest run counts. The limit of
//! a dashboard is 200 ms. Standard error has a table, standard output one line of JSON:
//!
//! ```text
//! {"rounds":1000000,"queries":{"summary":{"rows":1,"ms":…},…},"slowest_ms":…}
//! ```

use doin_analytics::{Block, Event, Reader, Record, RevealedGenes, Store, StoreError, MAX_ROWS};
use serde_json::{json, Value};
use std::{
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../src/testing.rs"]
mod testing;

/// Rounds of the database, unless an argument states their number.
const ROUNDS: u32 = 1_000_000;
/// Rounds that begin in one block, and end in the next one.
const IN_BLOCK: u32 = 50;
/// Domains that the rounds belong to.
const DOMAINS: u32 = 40;
/// Accounts of optimizers.
const ACCOUNTS: u32 = 2_000;
/// Blocks of a batch.
const BATCH: u32 = 64;
/// Runs of a query.
const RUNS: usize = 10;
/// Time between two reports while the database is written.
const REPORT: Duration = Duration::from_secs(10);
/// Longest run that a dashboard accepts.
const LIMIT: Duration = Duration::from_millis(200);

fn main() {
	let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
	let rounds = arguments.next().map_or(ROUNDS, |text| text.parse().expect("a number of rounds"));
	let folder = tempfile::tempdir().expect("a folder for the database");
	let path = arguments.next().map_or_else(|| folder.path().join("facts.db"), PathBuf::from);
	if !path.exists() {
		fill(&path, rounds);
	}
	let (figures, slowest) = measured(&Reader::new(&path), rounds);
	println!("{}", json!({ "rounds": rounds, "queries": figures, "slowest_ms": ms(slowest) }));
	assert!(slowest < LIMIT, "a query is too slow for a dashboard");
}

/// Writes a chain of rounds, and reports how far it is.
fn fill(path: &Path, rounds: u32) {
	let mut store = Store::open(path).expect("a new database");
	let (start, blocks) = (Instant::now(), rounds.div_ceil(IN_BLOCK) + 1);
	let (mut events, mut reported) = (0, start);
	eprintln!("a database of {rounds} rounds is written: {blocks} blocks, about 2.4 KB a round");
	for first in (0..=blocks).step_by(BATCH as usize) {
		let batch: Vec<Block> = (first..=blocks.min(first + BATCH - 1)).map(|number| block(number, rounds)).collect();
		events += batch.iter().map(|block| block.events.len()).sum::<usize>();
		store.write(&batch).expect("the blocks are stored");
		if reported.elapsed() > REPORT {
			reported = Instant::now();
			eprintln!("block {first} of {blocks}: {:.0} events/s", per_second(events, start));
		}
	}
	eprintln!("{rounds} rounds, {blocks} blocks, {events} events: {:.0} events/s", per_second(events, start));
}

/// Returns how many events are written in a second.
fn per_second(events: usize, start: Instant) -> f64 {
	events as f64 / start.elapsed().as_secs_f64()
}

/// Returns block `number`: it begins the rounds of its place, and ends those of the block before it.
fn block(number: u32, rounds: u32) -> Block {
	let mut events = Vec::new();
	let of = |place: u32| {
		(place * IN_BLOCK..rounds.min((place + 1) * IN_BLOCK)).map(|round| (round, round % DOMAINS, round / DOMAINS))
	};
	for (round, domain, number) in number.checked_sub(2).into_iter().flat_map(of) {
		let model = u64::from(round);
		let winner = match round % 2 {
			0 => {
				events.push(testing::crowned(domain, number, &account(round), model, 2_000_000_000 - model));
				json!(model.to_string())
			}
			_ => {
				let reason = ["noImprovement", "contenderKept", "noQuorum"][(round / 2 % 3) as usize];
				events.push(testing::of_round("RoundUnpaid", domain, number, &[("reason", json!(reason))]));
				Value::Null
			}
		};
		events.push(testing::of_round("RoundDecided", domain, number, &[("winner", winner)]));
	}
	for (round, domain, number) in number.checked_sub(1).into_iter().flat_map(of) {
		let (who, model) = (account(round), u64::from(round));
		events.push(testing::committed(domain, number, 0, &who));
		events.push(testing::revealed(domain, number, 0, &who, model, 2_000_000_000 - model));
		if round % 4 == 0 {
			events.extend(recomputation(domain, number, round));
		}
	}
	if number % 20 == 1 {
		let mut fields = json!({ "workBlock": (number / 20).to_string(), "taken": "4294967296", "threshold": "8589934592" });
		["minted", "optimizers", "evaluators", "validators"].iter().for_each(|name| fields[*name] = json!("1000000000000"));
		events.push(("Work", "Sealed", fields));
	}
	testing::block(1, number, events)
}

/// Returns the events of the recomputation that a round waits for: two of three evaluators answer and are paid, one misses its answer, and
/// of every eighth one the settled sums are challenged.
fn recomputation(domain: u32, number: u32, round: u32) -> Vec<(&'static str, &'static str, Value)> {
	let id = u64::from(round);
	let evaluators = [1, 2, 3].map(|place| account(round + place));
	let [missing, present @ ..] = &evaluators;
	let subject = json!({ "round": { "domain": domain, "number": number } });
	let mut events = vec![
		testing::task("TaskOpened", id, json!({ "subject": subject, "domain": domain, "target": "1" })),
		testing::of_round("RecomputationRequested", domain, number, &[("task", json!(id.to_string()))]),
		testing::task("QuorumDrawn", id, json!({ "seed": "0x01", "evaluators": evaluators })),
	];
	events.extend(present.iter().map(|who| testing::task("SumsRevealed", id, json!({ "who": who }))));
	events.push(testing::task("AnswerMissed", id, json!({ "who": missing, "excused": false })));
	let challenger = account(round + 4);
	match round / 4 % 16 {
		0 => events.push(testing::task(
			"ChallengeUpheld",
			id,
			json!({ "challenger": challenger, "model": 1, "chunk": 2, "reward": "3" }),
		)),
		8 => {
			events.push(testing::task("ChallengeRejected", id, json!({ "challenger": challenger, "paid": "3", "burned": "4" })));
		}
		_ => {}
	}
	let shares: Vec<Value> = present.iter().map(|who| json!({ "who": who, "parts": 1 })).collect();
	let pay = json!({ "shares": shares, "whole": present.len() });
	events.push(testing::task("TaskCompleted", id, json!({ "backing": "quorum", "pay": pay })));
	events
}

/// Returns an account.
fn account(number: u32) -> String {
	format!("5Account{:04}", number % ACCOUNTS)
}

/// Name of a query, and the query, which returns the number of its rows.
type Query<'q> = (&'static str, Box<dyn Fn() -> Result<usize, StoreError> + 'q>);

/// Returns all queries of the server over a database of `rounds` rounds. Of `/api/history` it is the two that one answer runs.
fn queries(reader: &Reader, rounds: u32) -> Vec<Query<'_>> {
	let count = |rows: Result<Vec<Record>, StoreError>| rows.map(|rows| rows.len());
	let one = |row: Result<Record, StoreError>| row.map(|_| 1);
	let last = |rows: u32| rows.saturating_sub(MAX_ROWS);
	// Domain 3 and account 7 have no paid round, domain 4 has champions only.
	let (unpaid, crowned) = (Some(3), Some(4));
	vec![
		("position", Box::new(move || reader.position().map(|position| usize::from(position.is_some())))),
		("summary", Box::new(move || one(reader.summary()))),
		("experiments", Box::new(move || count(reader.experiments(None, MAX_ROWS, 0)))),
		("experiments, last page", Box::new(move || count(reader.experiments(None, MAX_ROWS, last(ACCOUNTS))))),
		("experiments of a domain", Box::new(move || count(reader.experiments(unpaid, MAX_ROWS, 0)))),
		("rounds", Box::new(move || count(reader.rounds(None, MAX_ROWS, 0)))),
		("rounds, last page", Box::new(move || count(reader.rounds(None, MAX_ROWS, last(rounds))))),
		("rounds of a domain", Box::new(move || count(reader.rounds(unpaid, MAX_ROWS, 0)))),
		("rounds of a domain, last page", Box::new(move || count(reader.rounds(unpaid, MAX_ROWS, last(rounds / DOMAINS))))),
		("champions", Box::new(move || count(reader.champions(None, MAX_ROWS)))),
		("champions of a domain", Box::new(move || count(reader.champions(crowned, MAX_ROWS)))),
		(
			"history of a domain",
			Box::new(move || reader.summary().and_then(|_| reader.champions(crowned, MAX_ROWS)).map(|rows| rows.len())),
		),
		("unpaid", Box::new(move || count(reader.unpaid(None, MAX_ROWS)))),
		("unpaid of an account", Box::new(move || count(reader.unpaid(Some("5Account0007"), MAX_ROWS)))),
		("work blocks", Box::new(move || count(reader.work_blocks(MAX_ROWS)))),
		("challenges", Box::new(move || count(reader.challenges(MAX_ROWS)))),
		("absences", Box::new(move || count(reader.absences(MAX_ROWS)))),
	]
}

/// Returns milliseconds with one decimal place.
fn ms(time: Duration) -> f64 {
	(time.as_secs_f64() * 1e4).round() / 10.0
}

/// Runs all queries, and returns their figures and the time of the slowest run. A query without rows measures nothing, so it is an error.
fn measured(reader: &Reader, rounds: u32) -> (Record, Duration) {
	let (mut figures, mut slowest) = (Record::new(), Duration::ZERO);
	for (name, query) in queries(reader, rounds) {
		let (mut worst, mut rows) = (Duration::ZERO, 0);
		for _ in 0..RUNS {
			let start = Instant::now();
			rows = query().unwrap_or_else(|error| panic!("{name}: {error}"));
			worst = worst.max(start.elapsed());
		}
		assert!(rows > 0, "{name} has no rows: the database lacks what it selects");
		eprintln!("{name:<36}{rows:>6} rows {:>8.1} ms", ms(worst));
		figures.insert(name.to_owned(), json!({ "rows": rows, "ms": ms(worst) }));
		slowest = slowest.max(worst);
	}
	(figures, slowest)
}
