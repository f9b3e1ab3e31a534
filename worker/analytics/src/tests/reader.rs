//! Queries of a dashboard.

use super::*;
use crate::{
	testing::{block, committed, crowned, of_round, revealed, task},
	Reader, Record, StoreError,
};
use serde_json::{json, Value};

/// Returns one column of records.
fn column(records: &[Record], name: &str) -> Vec<Value> {
	records.iter().map(|record| record.get(name).unwrap_or_else(|| panic!("no {name} in {record:?}")).clone()).collect()
}

#[test]
fn a_file_that_does_not_exist_yet_is_read_later() {
	let (_folder, path) = folder();
	let reader = Reader::new(&path);
	let error = reader.rounds(None, 1, 0).unwrap_err();
	assert!(matches!(error, StoreError::Missing { .. }) && error.is_temporary(), "{error}");
	std::fs::write(&path, "").unwrap();
	assert!(matches!(reader.position(), Err(StoreError::Missing { .. })), "the tables are not there yet");
	let mut store = Store::open(&path).unwrap();
	assert_eq!((reader.position().unwrap(), reader.rounds(None, 1, 0).unwrap().len()), (None, 0));
	assert!(reader.summary().unwrap().is_empty());
	store.write(&chain(1)).unwrap();
	assert_eq!((reader.position().unwrap(), reader.rounds(None, 10, 0).unwrap().len()), (store.position(), 2));
}

#[test]
fn a_query_reads_whole_batches_while_the_indexer_writes() {
	let (_folder, store) = stored(&chain(1));
	let reader = Reader::new(store.path());
	let writer = raw(&store);
	writer.execute_batch("BEGIN IMMEDIATE; DELETE FROM fact_round").unwrap();
	assert_eq!(reader.rounds(None, 10, 0).unwrap().len(), 2);
	writer.execute_batch("COMMIT").unwrap();
	assert_eq!(reader.rounds(None, 10, 0).unwrap().len(), 0);
}

#[test]
fn rounds_and_experiments_are_paged_from_the_newest_on() {
	let (_folder, store) = stored(&chain(7));
	let reader = Reader::new(store.path());
	let rounds = reader.rounds(None, 4, 1).unwrap();
	assert_eq!(column(&rounds, "round_id"), ["0/2/0", "2/1/1", "2/1/0", "1/1/1"]);
	let rounds = reader.rounds(Some(0), 1_000_000, 0).unwrap();
	assert_eq!(column(&rounds, "round_id"), ["0/2/1", "0/2/0", "0/1/1", "0/1/0", "0/0/1", "0/0/0"]);
	assert_eq!(column(&reader.rounds(Some(0), 2, 4).unwrap(), "round_id"), ["0/0/1", "0/0/0"]);
	assert_eq!(reader.rounds(Some(9), 5, 0).unwrap().len(), 0);
	let first = &rounds[0];
	assert_eq!((&first["performance"], &first["chain_height"]), (&json!("999983"), &json!(35)));
	assert_eq!((&first["account"], &first["result"], &first["model"]), (&json!("5Bob"), &json!("decided"), &json!("13")));
	assert_eq!((&first["metrics"]["optimizer"], &first["metrics"]["millis"]), (&json!("doin"), &json!("1500")));

	let experiments = reader.experiments(None, 3, 0).unwrap();
	assert_eq!(column(&experiments, "experiment_id"), ["2/5Bob", "2/5Alice", "1/5Bob"]);
	let experiments = reader.experiments(Some(0), 5, 1).unwrap();
	assert_eq!(column(&experiments, "experiment_id"), ["0/5Alice"]);
	assert_eq!((&experiments[0]["total_rounds"], &experiments[0]["best_performance"]), (&json!(3), &json!("999982")));
}

#[test]
fn a_champion_names_the_accounts_that_verified_it() {
	let pay = json!({ "shares": [{ "who": "5Carol", "parts": 1 }, { "who": "5Dave", "parts": 1 }, { "who": "5Helper", "parts": 1 }], "whole": 3 });
	let opened = json!({ "subject": { "round": { "domain": 3, "number": 1 } }, "domain": 3, "target": "7" });
	let completed = |number: u64, pay: &Value| task("TaskCompleted", number, json!({ "backing": "quorum", "pay": pay }));
	let (_folder, store) = stored(&[
		block(1, 0, vec![]),
		block(1, 1, vec![committed(3, 1, 0, "5Alice"), task("TaskOpened", 5, opened), task("QuorumDrawn", 5, drawn())]),
		block(1, 2, vec![revealed(3, 1, 0, "5Alice", u64::MAX, 100)]),
		block(
			1,
			3,
			vec![
				of_round("RecomputationRequested", 3, 1, &[("task", json!("5"))]),
				task("SumsRevealed", 5, json!({ "who": "5Carol" })),
				task("SumsRevealed", 5, json!({ "who": "5Dave" })),
				completed(6, &json!({ "shares": [{ "who": "5Other", "parts": 1 }], "whole": 1 })),
				completed(5, &pay),
				crowned(3, 1, "5Alice", u64::MAX, 101),
				of_round("RoundDecided", 3, 1, &[("winner", json!(u64::MAX.to_string()))]),
			],
		),
	]);
	let reader = Reader::new(store.path());
	let champions = reader.champions(Some(3), 5).unwrap();
	assert_eq!(champions.len(), 1);
	let champion = &champions[0];
	assert_eq!(champion["verified_by"], json!(["5Carol", "5Dave"]));
	assert_eq!((&champion["task"], &champion["backing"], &champion["quorums"]), (&json!("5"), &json!("quorum"), &json!(1)));
	assert_eq!((&champion["model"], &champion["model_bytes"]), (&json!("18446744073709551615"), &json!(24_000)));
	assert_eq!((&champion["reported_performance"], &champion["verified_performance"]), (&json!("100"), &json!("101")));
	assert_eq!((&champion["effective"], &champion["timestamp_ms"]), (&json!("1073741824"), &json!(1_700_000_018_000u64)));
	assert_eq!(reader.champions(Some(4), 5).unwrap().len(), 0);
	assert_eq!(reader.champions(None, 5).unwrap(), champions);
}

/// Returns the fields of a draw.
fn drawn() -> Value {
	json!({ "seed": "0x01", "evaluators": ["5Carol", "5Dave"] })
}

/// Returns the blocks of five rounds of domain 3 with every way in which a seat ends.
fn ended_rounds() -> [Block; 6] {
	let seats =
		|round: u32, count: u32| (0..count).map(move |seat| committed(3, round, seat, ["5A", "5B", "5C", "5D"][seat as usize]));
	let rejected =
		|round, seat: u32, reason: &str| of_round("Rejected", 3, round, &[("seat", json!(seat)), ("reason", json!(reason))]);
	let forfeited = of_round("SeatForfeited", 3, 1, &[("seat", json!(3)), ("who", json!("5D")), ("burned", json!("5"))]);
	let unpaid = |round, reason: &str| of_round("RoundUnpaid", 3, round, &[("reason", json!(reason))]);
	let decided = |round, winner: Value| of_round("RoundDecided", 3, round, &[("winner", winner)]);
	[
		block(1, 0, vec![]),
		block(1, 1, (1..=5).flat_map(|round| seats(round, if round == 1 { 4 } else { 2 })).collect()),
		// Round 1: paid, lost, a false claim, not revealed.
		block(
			1,
			2,
			vec![
				revealed(3, 1, 0, "5A", 10, 100),
				rejected(1, 1, "lost"),
				rejected(1, 2, "falseClaim"),
				forfeited,
				crowned(3, 1, "5A", 10, 90),
				decided(1, json!("10")),
			],
		),
		// Round 2: a contender is kept, and the other one lost.
		block(
			1,
			3,
			vec![revealed(3, 2, 0, "5A", 20, 80), rejected(2, 1, "lost"), unpaid(2, "contenderKept"), decided(2, Value::Null)],
		),
		// Round 3: the contender of round 2 becomes champion, in a domain without weight.
		block(1, 4, vec![rejected(3, 0, "lost"), crowned(3, 3, "5A", 20, 70), unpaid(3, "noWeight"), decided(3, json!("20"))]),
		// Round 4: no verdict. Round 5: carried bits of the champion are paid, and a contender is kept.
		block(
			1,
			5,
			vec![
				unpaid(4, "noQuorum"),
				of_round("RoundVoided", 3, 4, &[]),
				revealed(3, 5, 0, "5A", 50, 60),
				rejected(5, 1, "lost"),
				decided(5, Value::Null),
			],
		),
	]
}

#[test]
fn every_seat_of_an_ended_round_has_a_reason_unless_it_is_paid() {
	let (_folder, store) = stored(&ended_rounds());
	let reader = Reader::new(store.path());
	let reasons = |account: Option<&str>| -> Vec<String> {
		let records = reader.unpaid(account, 100).unwrap();
		let text =
			|record: &Record| format!("{}/{} {}", record["round"], record["seat"], record["unpaid_reason"].as_str().unwrap());
		records.iter().map(text).collect()
	};
	let expected = [
		"5/1 lost",
		"5/0 contenderKept",
		"4/1 noQuorum",
		"4/0 noQuorum",
		"3/1 noWeight",
		"3/0 noWeight",
		"2/1 contenderKept",
		"2/0 noWeight",
		"1/3 forfeited",
		"1/2 falseClaim",
		"1/1 lost",
	];
	assert_eq!(reasons(None), expected);
	assert_eq!(reasons(Some("5A")), ["5/0 contenderKept", "4/0 noQuorum", "3/0 noWeight", "2/0 noWeight"]);
	assert_eq!(reasons(Some("5X")), [""; 0]);

	// A contender that is dropped after its round has the reason of that.
	let mut store = store;
	let dropped = json!({ "domain": 3, "model": "20", "reason": "expired" });
	store.write(&[block(1, 6, vec![("Optimae", "ContenderDropped", dropped)])]).unwrap();
	assert!(reasons(None).contains(&"2/0 expired".into()), "{:?}", reasons(None));
	let records = reader.unpaid(None, 3).unwrap();
	assert_eq!(records.len(), 3);
	assert_eq!((&records[2]["end_utc"], &records[2]["result"]), (&json!("2023-11-14T22:13:50.000Z"), &json!("voided")));
	assert_eq!(records[2]["fee"], json!("340282366920938463463374607431768211455"));
}

#[test]
fn work_blocks_challenges_and_absences_are_records() {
	let sealed = |number: u64| {
		let amounts = ["minted", "optimizers", "evaluators", "validators"];
		let mut fields = json!({ "workBlock": number.to_string(), "taken": "4294967296", "threshold": "8589934592" });
		amounts.iter().for_each(|name| fields[*name] = json!("1000000000000"));
		("Work", "Sealed", fields)
	};
	let rejected = task("ChallengeRejected", 5, json!({ "challenger": "5Alice", "paid": "3", "burned": "4" }));
	let opened = json!({ "subject": { "round": { "domain": 3, "number": 1 } }, "domain": 3, "target": "7" });
	let (_folder, store) = stored(&[
		block(1, 0, vec![]),
		block(1, 1, vec![task("TaskOpened", 5, opened), task("QuorumDrawn", 5, drawn()), sealed(1)]),
		block(1, 2, vec![task("AnswerMissed", 5, json!({ "who": "5Dave", "excused": false })), rejected, sealed(2)]),
	]);
	let reader = Reader::new(store.path());
	let seals = reader.work_blocks(5).unwrap();
	assert_eq!((column(&seals, "number"), column(&seals, "block")), (vec![json!("2"), json!("1")], vec![json!(2), json!(1)]));
	assert_eq!((&seals[0]["taken"], &seals[0]["minted"]), (&json!("4294967296"), &json!("1000000000000")));
	let challenges = reader.challenges(5).unwrap();
	assert_eq!((column(&challenges, "challenger"), column(&challenges, "burned")), (vec![json!("5Alice")], vec![json!("4")]));
	let absences = reader.absences(5).unwrap();
	assert_eq!((column(&absences, "account"), column(&absences, "domain")), (vec![json!("5Dave")], vec![json!(3)]));
	assert_eq!((&absences[0]["is_excused"], &absences[0]["missed_block"]), (&json!(0), &json!(2)));
}

#[test]
fn a_summary_has_the_position_and_the_numbers_of_every_domain() {
	let (_folder, store) = stored(&chain(4));
	let summary = Reader::new(store.path()).summary().unwrap();
	assert_eq!((&summary["last_block"], &summary["last_utc"]), (&json!(20), &json!("2023-11-14T22:15:20.000Z")));
	let domains = summary["domains"].as_array().unwrap();
	assert_eq!(domains.len(), 3);
	let first = &domains[0];
	assert_eq!((&first["domain_id"], &first["experiments"], &first["seats"]), (&json!(0), &json!(2), &json!(4)));
	assert_eq!((&first["champions"], &first["best_performance"]), (&json!(1), &json!("999991")));
}

#[test]
fn a_copy_is_a_whole_database() {
	let (folder, store) = stored(&chain(3));
	let target = folder.path().join("copy.db");
	Reader::new(store.path()).copy(&target).unwrap();
	let copy = Store::open_existing(&target).unwrap();
	assert_eq!(copy.content().unwrap(), store.content().unwrap());
	assert_eq!(copy.position(), store.position());
	let error = Reader::new(store.path()).copy(&target).unwrap_err();
	assert!(error.to_string().contains("facts.db"), "an existing file is not overwritten: {error}");
}

#[test]
fn files_of_others_and_of_newer_workers_are_not_read() {
	let (_folder, store) = stored(&chain(1));
	raw(&store).execute_batch("INSERT INTO _schema_version VALUES (4, '')").unwrap();
	assert!(matches!(Reader::new(store.path()).summary(), Err(StoreError::NewerSchema { found: 4, .. })));
	raw(&store).execute_batch("PRAGMA application_id = 7").unwrap();
	assert!(matches!(Reader::new(store.path()).summary(), Err(StoreError::OtherFile { .. })));
	let (_damaged_folder, damaged) = folder();
	std::fs::write(&damaged, "no database at all, and longer than a header would be. ".repeat(40)).unwrap();
	assert!(matches!(Reader::new(&damaged).summary(), Err(StoreError::Damaged { .. })));
}
