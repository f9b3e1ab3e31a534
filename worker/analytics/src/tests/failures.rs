//! Files and blocks that are refused, and gaps that are found.

use super::*;
use crate::{
	store::{sources, SCHEMA, SOURCES},
	testing::{block, hash},
	Finding, StoreError,
};
use serde_json::json;
use std::fs;

/// Columns of the Python implementation of DOIN, in its order.
const UPSTREAM: [(&str, &str); 6] = [
	("_schema_version", "version applied_at"),
	("dim_domain", "domain_id domain_type description"),
	(
		"dim_experiment",
		"experiment_id domain_id node_id hostname optimizer_plugin performance_metric metric_schema higher_is_better \
		 optimization_config param_bounds target_performance started_at finished_at converged doin_version",
	),
	(
		"fact_round",
		"round_id experiment_id domain_id round_number timestamp_utc performance best_performance performance_delta is_improvement \
		 parameters best_parameters wall_clock_seconds elapsed_seconds time_to_current_best_seconds time_to_target_seconds \
		 chain_height peers_count block_reward_earned converged train_mae train_naive_mae val_mae val_naive_mae test_mae \
		 test_naive_mae metric_schema metrics",
	),
	(
		"fact_experiment_summary",
		"experiment_id domain_id total_rounds final_performance best_performance time_to_target_seconds total_elapsed_seconds \
		 converged rounds_to_convergence node_id hostname",
	),
	(
		"fact_chain_optimae",
		"optimae_id domain_id optimizer_id experiment_id round_number parameters reported_performance verified_performance \
		 effective_increment time_to_this_result_seconds optimization_config_hash data_hash previous_best_performance \
		 reward_fraction quorum_agree_fraction block_height block_timestamp ingested_at",
	),
];

#[test]
fn the_tables_of_the_python_implementation_begin_with_its_columns() {
	let (_folder, store) = stored(&chain(1));
	for (table, columns) in UPSTREAM {
		let mut info = store.database.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid").unwrap();
		let found: Vec<String> = info.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
		let expected: Vec<&str> = columns.split_whitespace().collect();
		assert_eq!(found[..expected.len()], expected, "{table}");
	}
}

/// A change of the schema, or of the origins in `dim_source`, needs a new version: databases of the former one are filled anew.
#[test]
fn the_schema_of_a_version_never_changes() {
	use blake2::{digest::consts::U32, Blake2b, Digest};
	let hash = hex::encode(Blake2b::<U32>::digest([SCHEMA, SOURCES].concat()));
	assert_eq!((crate::SCHEMA_VERSION, hash.as_str()), (3, "90f6a07c2a81753b31e92885480a1139151d86098df6babadb69e13b5c9556d6"));
}

#[test]
fn blocks_of_another_chain_are_refused() {
	let (_folder, mut store) = stored(&chain(1));
	let error = store.expect_genesis([9; 32]).unwrap_err().to_string();
	assert!(error.contains(&"09".repeat(32)) && error.contains("--olap-db"), "{error}");
	store.expect_genesis(hash(1, 0)).unwrap();
	let next = store.next_block();
	let before = store.content().unwrap();
	for wrong in [block(2, next, vec![]), block(1, next + 1, vec![]), block(1, next - 1, vec![])] {
		let error = store.write(&[wrong]).unwrap_err();
		assert!(matches!(error, StoreError::NotNext { .. }), "{error}");
		assert!(error.to_string().contains(&format!("block {}", next - 1)), "{error}");
	}
	assert_eq!(store.content().unwrap(), before);
	let (_folder, path) = folder();
	let error = Store::open(&path).unwrap().write(&[block(1, 1, vec![])]).unwrap_err();
	assert!(matches!(error, StoreError::NotNext { last: None, .. }), "{error}");
}

#[test]
fn a_block_that_another_process_stored_is_refused() {
	let blocks = chain(2);
	let (_folder, mut store) = stored(&blocks[..4]);
	let mut other = Store::open(store.path()).unwrap();
	other.write(&blocks[4..6]).unwrap();
	assert!(matches!(store.write(&blocks[4..6]), Err(StoreError::NotNext { .. })));
	assert_eq!(other.check().unwrap(), []);
}

#[test]
fn an_event_without_a_field_stores_nothing_of_its_batch() {
	let (_folder, mut store) = stored(&chain(1));
	let next = store.next_block();
	let broken = block(1, next + 1, vec![("Optimae", "Committed", json!({ "round": { "domain": 1, "number": 2 } }))]);
	let error = store.write(&[block(1, next, vec![]), broken]).unwrap_err().to_string();
	for part in ["event 0", "Optimae.Committed", &format!("block {}", next + 1), "update the worker"] {
		assert!(error.contains(part), "`{part}` is missing in: {error}");
	}
	assert_eq!(store.next_block(), next);
	assert_eq!(store.check().unwrap(), []);
}

#[test]
fn files_of_others_and_of_newer_workers_are_not_changed() {
	let (_folder, path) = folder();
	raw_file(&path, "CREATE TABLE _schema_version (version, applied_at); INSERT INTO _schema_version VALUES (3, '')");
	assert!(matches!(Store::open(&path), Err(StoreError::OtherFile { .. })));

	let (_newer_folder, store) = stored(&chain(1));
	raw(&store).execute_batch("INSERT INTO _schema_version VALUES (4, '')").unwrap();
	let error = Store::open(store.path()).unwrap_err();
	assert!(matches!(error, StoreError::NewerSchema { found: 4, .. }), "{error}");
	assert!(error.to_string().contains("update the worker"), "{error}");
	assert!(matches!(Store::move_older_aside(store.path()), Err(StoreError::NewerSchema { .. })));

	let (_damaged_folder, damaged) = folder();
	fs::write(&damaged, "no database at all, and longer than a header would be. ".repeat(40)).unwrap();
	let error = Store::open(&damaged).unwrap_err();
	assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
	assert!(error.to_string().contains(&damaged.display().to_string()), "{error}");

	let (_missing_folder, missing) = folder();
	assert!(matches!(Store::open_existing(&missing), Err(StoreError::Missing { .. })));
	assert!(matches!(Store::create(store.path()), Err(StoreError::Exists { .. })));
	assert!(!missing.exists());
}

#[test]
fn the_database_of_an_older_worker_is_refused_and_can_be_moved_aside() {
	let (folder, store) = stored(&chain(1));
	let path = store.path().to_owned();
	assert!(matches!(Store::move_older_aside(&path), Err(StoreError::Exists { .. })), "its schema is that of this version");
	raw(&store).execute_batch("UPDATE _schema_version SET version = 1; DROP TABLE dim_source").unwrap();
	drop(store);
	let before = fs::read(&path).unwrap();
	let error = Store::open(&path).unwrap_err();
	assert!(matches!(error, StoreError::OlderSchema { found: 1, .. }) && !error.is_temporary(), "{error}");
	for part in ["facts.db", "version 1", "move the file away", "--olap-db"] {
		assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
	}
	assert!(matches!(crate::Reader::new(&path).position(), Err(StoreError::OlderSchema { .. })));
	assert_eq!(fs::read(&path).unwrap(), before, "a refused file is not changed");
	assert_eq!(Store::move_older_aside(&path).unwrap(), folder.path().join("facts-1.db"));
	let mut anew = Store::open(&path).unwrap();
	anew.write(&chain(1)).unwrap();
	assert_eq!(anew.check().unwrap(), []);
}

/// Returns the names of the columns of all tables.
fn columns(store: &Store) -> Vec<(String, String)> {
	let query = "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1, 2";
	let mut statement = store.database.prepare(query).unwrap();
	statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_column_has_an_origin() {
	let (_folder, store) = stored(&[]);
	let mut named: Vec<(String, String)> = Vec::new();
	for [relation, field, origin, _] in sources() {
		let (kind, rest) = origin.split_once(": ").unwrap_or((origin, ""));
		assert!(
			matches!(kind, "event" | "block" | "header" | "state" | "rule" | "column" | "none"),
			"{relation}.{field}: {origin}"
		);
		assert_eq!(kind == "none", rest.is_empty(), "{relation}.{field}: {origin}");
		if !relation.starts_with("doin_") {
			named.push((relation.into(), field.into()));
		}
	}
	named.sort();
	assert_eq!(named, columns(&store));
	let stored: i64 = store.database.query_row("SELECT count(*) FROM dim_source", [], |row| row.get(0)).unwrap();
	assert_eq!(stored as usize, sources().count());
	// Views name columns of tables.
	for [relation, field, origin, _] in sources().filter(|[relation, ..]| relation.starts_with("doin_")) {
		let parts = origin.strip_prefix("column: ").unwrap_or_else(|| panic!("{relation}.{field}: {origin}"));
		for part in parts.split(", ") {
			let (table, column) = part.split_once('.').unwrap();
			assert!(named.contains(&(table.into(), column.into())), "{relation}.{field} is of {part}");
		}
	}
}

#[test]
fn a_column_without_an_origin_is_null_in_every_row() {
	let (_folder, store) = stored(&chain(7));
	for [relation, field, ..] in sources().filter(|[_, _, origin, _]| *origin == "none") {
		let query = format!("SELECT count(*) FROM {relation} WHERE {field} IS NOT NULL");
		assert_eq!(text(&store, &query), "0", "{relation}.{field}");
	}
}

#[test]
fn a_database_can_begin_with_a_later_block() {
	let blocks = chain(4);
	let (_folder, path) = folder();
	let mut store = Store::open(&path).unwrap();
	let genesis = blocks[0].hash;
	store.begin_with(genesis, 7);
	assert_eq!(store.next_block(), 7);
	let error = store.write(&blocks[6..9]).unwrap_err();
	assert!(matches!(error, StoreError::NotNext { number: 6, .. }), "{error}");
	store.write(&blocks[7..9]).unwrap();
	drop(store);
	let mut store = Store::open(&path).unwrap();
	store.write(&blocks[9..]).unwrap();
	let at = store.position().unwrap();
	assert_eq!((at.genesis, at.first, at.last, store.check().unwrap()), (genesis, 7, 20, vec![]));
	// Round 1 began in block 6: its commits are not known, and it leaves no facts of seats.
	assert_eq!(text(&store, "SELECT min(commit_block) FROM seat"), "11");
	assert_eq!(text(&store, "SELECT count(*) FROM fact_round"), "4");
	raw(&store).execute_batch("DELETE FROM event WHERE block = 7; DELETE FROM block WHERE number = 7").unwrap();
	assert_eq!(store.check().unwrap(), [Finding::Gap { from: 7, until: 8 }]);
}

fn raw_file(path: &std::path::Path, statements: &str) {
	Connection::open(path).unwrap().execute_batch(statements).unwrap();
}

#[test]
fn a_locked_file_is_named() {
	let blocks = chain(1);
	let (_folder, mut store) = stored(&blocks[..2]);
	let other = raw(&store);
	other.execute_batch("BEGIN IMMEDIATE").unwrap();
	let error = store.write(&blocks[2..3]).unwrap_err();
	assert!(matches!(error, StoreError::Locked { .. }), "{error}");
	assert!(error.to_string().contains(&store.path().display().to_string()), "{error}");
	other.execute_batch("ROLLBACK").unwrap();
	store.write(&blocks[2..3]).unwrap();
}

#[test]
fn a_full_disk_keeps_whole_batches_and_the_next_attempt_goes_on() {
	let blocks = chain(40);
	let (_folder, mut store) = stored(&blocks[..20]);
	let before = store.content().unwrap();
	let pages: i64 = store.database.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
	let limit = |store: &Store, pages: i64| {
		let set: i64 = store.database.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get(0)).unwrap();
		assert_eq!(set, pages);
	};
	limit(&store, pages + 2);
	let error = store.write(&blocks[20..]).unwrap_err();
	assert!(matches!(error, StoreError::Full { .. }) && error.is_temporary(), "{error}");
	for part in [&store.path().display().to_string(), "free some space"] {
		assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
	}
	assert_eq!((store.next_block(), store.content().unwrap()), (20, before));
	limit(&store, 1 << 20);
	store.write(&blocks[20..]).unwrap();
	let (_whole_folder, whole) = stored(&blocks);
	assert_eq!((store.check().unwrap(), store.content().unwrap()), (vec![], whole.content().unwrap()));
}

#[test]
fn a_file_with_broken_pages_is_reported_and_named() {
	let (_folder, store) = stored(&chain(40));
	let path = store.path().to_owned();
	drop(store);
	let mut bytes = fs::read(&path).unwrap();
	let middle = bytes.len() / 2;
	bytes[middle..middle + 8_192].fill(0xA5);
	fs::write(&path, bytes).unwrap();
	let store = Store::open(&path).unwrap();
	let error = match store.check() {
		Ok(findings) => {
			assert!(findings.iter().any(|finding| matches!(finding, Finding::Damage(_))), "{findings:?}");
			store.content().unwrap_err()
		}
		Err(error) => error,
	};
	assert!(matches!(error, StoreError::Damaged { .. }) && !error.is_temporary(), "{error}");
	assert!(error.to_string().contains(&path.display().to_string()), "{error}");
}

#[test]
fn the_database_of_an_earlier_chain_is_moved_aside_as_a_whole() {
	let (folder, store) = stored(&chain(2));
	let (content, last) = (store.content().unwrap(), store.position().unwrap());
	store.expect_block(last.last, last.hash).unwrap();
	store.expect_block(last.last + 1, [9; 32]).unwrap();
	assert!(matches!(store.expect_block(3, [9; 32]), Err(StoreError::BeganAnew { block: 3, .. })));
	let error = store.expect_block(last.last, [9; 32]).unwrap_err();
	assert!(matches!(error, StoreError::BeganAnew { block: 10, .. }), "{error}");
	for part in ["facts.db", &"09".repeat(32), "--olap-db", "--url"] {
		assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
	}
	let path = store.path().to_owned();
	// A reader has the file open, as a dashboard has.
	let reader = crate::Reader::new(&path);
	assert_eq!(reader.position().unwrap(), Some(last));
	let aside = store.move_aside().unwrap();
	assert_eq!(aside, folder.path().join("facts-1.db"));
	assert!(!path.exists());
	assert_eq!(Store::open_existing(&aside).unwrap().content().unwrap(), content);
	let mut anew = Store::open(&path).unwrap();
	anew.write(&[block(7, 0, vec![])]).unwrap();
	assert_eq!((reader.position().unwrap(), anew.check().unwrap()), (anew.position(), vec![]));
	assert_eq!(anew.move_aside().unwrap(), folder.path().join("facts-2.db"));
}

#[test]
fn gaps_and_changes_are_found() {
	let check = |statements: &str| {
		let (_folder, store) = stored(&chain(2));
		raw(&store).execute_batch(statements).unwrap();
		store.check().unwrap()
	};
	assert_eq!(check(""), []);
	let removed = "DELETE FROM event WHERE block IN (3, 4); DELETE FROM block WHERE number IN (3, 4)";
	assert_eq!(check(removed), [Finding::Gap { from: 3, until: 5 }]);
	assert_eq!(
		check("DELETE FROM event WHERE block = 1 AND position = 1"),
		[Finding::Events { block: 1, expected: 2, found: 1 }]
	);
	assert_eq!(check("UPDATE block SET parent = '0x' WHERE number = 2"), [Finding::Parent { block: 2 }]);
	assert_eq!(check("UPDATE _position SET next_block = 5"), [Finding::Position]);
	assert_eq!(check("DELETE FROM event WHERE block = 10; DELETE FROM block WHERE number = 10"), [Finding::Position]);
	assert_eq!(Finding::Gap { from: 3, until: 5 }.to_string(), "blocks 3 to 4 are missing");
}
