//! Equal content of databases that were written in different ways.

use super::*;
use crate::{
	facts,
	postgres::{Table, TABLES},
	testing::{block, committed, crowned, of_round, revealed},
	Row,
};
use proptest::{collection::vec, prelude::*};
use rusqlite::params_from_iter;
use serde_json::{json, Value};
use std::{collections::BTreeMap, fs};

/// Events of a block: each number chooses an event, whose round, seat and account follow from it.
fn events(choices: &[u16]) -> Vec<(&'static str, &'static str, Value)> {
	let event = |choice: &u16| {
		let (domain, round, seat) = (u32::from(choice >> 4 & 1), u32::from(choice >> 5 & 1), u32::from(choice >> 6 & 3));
		let (who, model) = (["5Alice", "5Bob"][usize::from(choice >> 8 & 1)], u64::from(choice >> 4 & 15));
		let error = 1_000 - u64::from(choice >> 9);
		match choice & 15 {
			0..3 => revealed(domain, round, seat, who, model, error),
			3 => of_round("Rejected", domain, round, &[("seat", json!(seat)), ("reason", json!("falseClaim"))]),
			4 => of_round("StakeBurned", domain, round, &[("who", json!(who)), ("burned", json!("5"))]),
			5 => crate::testing::task("QuorumDrawn", model, json!({ "seed": "0x01", "evaluators": ["5Alice", "5Bob"] })),
			6 => crate::testing::task("SumsRevealed", model, json!({ "who": who })),
			7 => ("Domains", "Converged", json!({ "domain": domain, "loss": "12", "bounty": "9" })),
			8 => ("Domains", "HighWaterRaised", json!({ "domain": domain, "highWater": u64::MAX.to_string() })),
			_ => ("System", "Other", json!({ "z": [1, null], "a": error.to_string() })),
		}
	};
	choices.iter().map(event).collect()
}

/// Returns a chain: the seats and tasks of all rounds, blocks of chosen events, and the end of every round among them.
pub(super) fn random_chain(choices: &[Vec<u16>], ends: [usize; 4]) -> Vec<Block> {
	let seats = (0..16).map(|seat| committed(seat & 1, seat >> 1 & 1, seat >> 2, ["5Alice", "5Bob"][(seat >> 2 & 1) as usize]));
	let tasks = (0..16).map(|task| {
		let fields = json!({ "subject": { "round": { "domain": 0, "number": 0 } }, "domain": 0, "target": "7" });
		crate::testing::task("TaskOpened", task, fields)
	});
	let mut blocks = vec![block(1, 0, Vec::new()), block(1, 1, seats.chain(tasks).collect())];
	for (at, choices) in choices.iter().enumerate() {
		let mut events = events(choices);
		for (round, _) in (0u32..).zip(ends).filter(|(_, end)| *end == at) {
			if round & 1 == 0 {
				events.push(crowned(round & 1, round >> 1, "5Alice", u64::from(round), 900));
			}
			events.push(of_round("RoundDecided", round & 1, round >> 1, &[("winner", Value::Null)]));
		}
		blocks.push(block(1, at as u32 + 2, events));
	}
	blocks
}

/// Applies the rows of a block in a transaction that is still open when the files are copied, as a killed process leaves them, and
/// returns the database of the copies.
fn killed(store: &Store, blocks: &[Block], rows: usize) -> (TempDir, Store) {
	let other = raw(store);
	// A cache of one page writes the open transaction to the log.
	other.execute_batch("PRAGMA cache_size = 1; BEGIN IMMEDIATE").unwrap();
	let puts = blocks.iter().flat_map(|block| facts(block).unwrap()).take(rows);
	for row in puts {
		if let Row::Put { sql, values } = row {
			other.execute(sql, params_from_iter(values)).unwrap();
		}
	}
	let (folder, path) = folder();
	for end in ["", "-wal"] {
		let name = |path: &std::path::Path| format!("{}{end}", path.display());
		if fs::exists(name(store.path())).unwrap() {
			fs::copy(name(store.path()), name(&path)).unwrap();
		}
	}
	let store = Store::open(&path).unwrap();
	(folder, store)
}

#[test]
fn a_killed_process_leaves_whole_batches() {
	let blocks = chain(6);
	let (_whole_folder, whole) = stored(&blocks);
	for batch in [1, 4, 31] {
		let (mut folder, path) = folder();
		let mut store = Store::open(&path).unwrap();
		for part in blocks.chunks(batch) {
			let next = store.next_block();
			(folder, store) = killed(&store, part, 7);
			assert_eq!(store.next_block(), next, "the open transaction left nothing");
			store.write(part).unwrap();
		}
		assert_eq!(store.check().unwrap(), []);
		assert_eq!(store.content().unwrap(), whole.content().unwrap());
		drop(folder);
	}
}

#[test]
fn the_content_depends_on_every_block() {
	let blocks = chain(4);
	let (_folder, whole) = stored(&blocks);
	let (_other_folder, shorter) = stored(&blocks[..blocks.len() - 1]);
	assert_ne!(whole.content().unwrap().hash, shorter.content().unwrap().hash);
	let mut changed = blocks.clone();
	changed[3].timestamp = Some(1);
	let (_changed_folder, changed) = stored(&changed);
	let differing = |other: &Store| {
		let tables = whole.content().unwrap().tables.into_iter().zip(other.content().unwrap().tables);
		tables.filter(|(a, b)| a != b).map(|(a, _)| a.table).collect::<Vec<_>>()
	};
	assert_eq!(differing(&changed), ["block"]);
	assert!(differing(&shorter).contains(&"fact_round".to_string()));
}

#[test]
fn the_time_of_indexing_is_no_content() {
	let (_folder, store) = stored(&chain(2));
	let before = store.content().unwrap();
	raw(&store)
		.execute_batch("UPDATE fact_chain_optimae SET ingested_at = '1970'; UPDATE _schema_version SET applied_at = 'x'")
		.unwrap();
	assert_eq!(store.content().unwrap(), before);
	raw(&store).execute_batch("UPDATE fact_chain_optimae SET effective_increment = effective_increment + 1").unwrap();
	assert_ne!(store.content().unwrap(), before);
}

/// Returns the rows of a table as texts, with the block that each names as its last change.
fn rows(store: &Store, Table { name, block, .. }: Table) -> BTreeMap<String, i64> {
	let mut statement = store.database.prepare(&format!("SELECT {block}, * FROM {name}")).unwrap();
	let columns = statement.column_count();
	let row = |row: &rusqlite::Row<'_>| {
		let cells = (1..columns).map(|column| row.get::<_, Sql>(column)).collect::<Result<Vec<_>, _>>()?;
		Ok((format!("{cells:?}"), row.get(0)?))
	};
	statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	#[test]
	fn a_row_names_the_block_that_changed_it_last(
		choices in vec(vec(any::<u16>(), 0..6), 4..24),
		ends in any::<[u8; 4]>(),
		at in 2usize..20,
	) {
		let blocks = random_chain(&choices, ends.map(|end| usize::from(end) % choices.len()));
		let (before, after) = blocks.split_at(at.min(blocks.len() - 1));
		let (_folder, mut store) = stored(before);
		let earlier: Vec<_> = TABLES.iter().map(|table| rows(&store, *table)).collect();
		store.write(after).unwrap();
		for (table, earlier) in TABLES.iter().zip(earlier) {
			for (row, block) in rows(&store, *table) {
				let is_new = block >= i64::from(after[0].number);
				prop_assert_eq!(earlier.contains_key(&row), !is_new, "{} {}", table.name, row);
			}
		}
	}

	#[test]
	fn batches_and_interruptions_do_not_change_the_content(
		choices in vec(vec(any::<u16>(), 0..6), 4..24),
		ends in any::<[u8; 4]>(),
		batches in vec(1usize..9, 1..6),
		interrupted in vec(any::<bool>(), 1..5),
	) {
		let blocks = random_chain(&choices, ends.map(|end| usize::from(end) % choices.len()));
		let (_whole_folder, whole) = stored(&blocks);
		let (_folder, path) = folder();
		let mut store = Store::open(&path).unwrap();
		let (mut sizes, mut stops) = (batches.iter().cycle(), interrupted.iter().cycle());
		let mut rest = &blocks[..];
		while !rest.is_empty() {
			let (part, further) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
			if *stops.next().unwrap() {
				// The last block of the batch does not follow: nothing of it is stored.
				let mut broken = part.to_vec();
				broken.push(block(9, 0, Vec::new()));
				prop_assert!(store.write(&broken).is_err());
				drop(store);
				store = Store::open(&path).unwrap();
			}
			prop_assert_eq!(store.next_block(), part[0].number);
			store.write(part).unwrap();
			rest = further;
		}
		prop_assert_eq!(store.check().unwrap(), []);
		prop_assert_eq!(store.content().unwrap(), whole.content().unwrap());
		prop_assert_eq!(text(&store, "SELECT count(*) FROM fact_round"), "16");
	}
}
