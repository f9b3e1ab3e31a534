//! Rows of the analytics database.

use super::{Answer, Export, Query, Selection, SourceError};
use crate::shape::{Analytics, At, Metrics, Performance, Rows};
use doin_analytics::{Position, Reader, Record, StoreError};
use serde_json::Value;
use std::{
	fmt,
	fs::{self, File},
	path::Path,
	sync::Arc,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Queries at a time; further ones wait.
const QUERIES: usize = 4;
/// Name of the file of a copy.
const COPY: &str = "doin-olap.db";
/// Attempts to read rows and position without a block that is stored in between.
const ATTEMPTS: usize = 50;

/// The analytics database of a worker. Clones share it.
#[derive(Clone)]
pub struct Database {
	reader: Reader,
	state: Arc<dyn Fn() -> Analytics + Send + Sync>,
	queries: Arc<Semaphore>,
	exports: Arc<Semaphore>,
}

impl fmt::Debug for Database {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Database").field("path", &self.reader.path()).finish_non_exhaustive()
	}
}

/// Answer of a query, and the last block that was stored when it was read.
pub(super) struct Facts<T = Vec<Record>> {
	pub position: Position,
	pub records: T,
}

impl<T> Facts<T> {
	/// Returns the last block that was stored.
	pub fn at(&self) -> At {
		At { number: self.position.last, hash: super::convert::hex(self.position.hash) }
	}
}

impl Database {
	/// Returns a database that `reader` reads. `state` returns the state of the indexer that writes it.
	pub fn new(reader: Reader, state: impl Fn() -> Analytics + Send + Sync + 'static) -> Self {
		remove_copies(reader.path());
		let (queries, exports) = (Arc::new(Semaphore::new(QUERIES)), Arc::new(Semaphore::new(1)));
		Self { reader, state: Arc::new(state), queries, exports }
	}

	/// Returns the state of the indexer.
	pub fn state(&self) -> Analytics {
		(self.state)()
	}

	/// Returns rows.
	pub(super) async fn rows(&self, query: Query) -> Answer<Rows> {
		let facts = self.read(move |reader| select(reader, &query)).await?;
		let (at, first_block, count) = (facts.at(), facts.position.first, facts.records.len() as u32);
		Ok(Rows { at, first_block, count, rows: facts.records.into_iter().map(Value::Object).collect() })
	}

	/// Returns the performances of seats of ended rounds.
	pub(super) async fn performances(&self, Selection { domain, limit, offset }: Selection) -> Answer<Metrics> {
		let facts = self.read(move |reader| reader.rounds(domain, limit, offset)).await?;
		let metrics: Vec<Performance> = facts.records.iter().map(performance).collect();
		Ok(Metrics { at: facts.at(), first_block: facts.position.first, count: metrics.len() as u32, metrics })
	}

	/// Returns a copy of the database. There is one at a time.
	pub(super) async fn export(&self) -> Answer<Export> {
		let busy = || {
			SourceError::unavailable(
				"another copy of the analytics database is being sent",
				"repeat the request once it has arrived",
			)
		};
		let permit = self.exports.clone().try_acquire_owned().map_err(|_| busy())?;
		let reader = self.reader.clone();
		let copying = spawn_blocking(move || {
			// Where the database is, there is room for databases.
			let folder = tempfile::Builder::new()
				.prefix(&copies_of(reader.path()))
				.tempdir_in(folder_of(reader.path()))
				.map_err(unwritable)?;
			let path = folder.path().join(COPY);
			reader.copy(&path).map_err(unusable)?;
			let file = File::open(&path).map_err(unwritable)?;
			let bytes = file.metadata().map_err(unwritable)?.len();
			Ok(Export { file, bytes, folder, permit: Some(permit) })
		});
		copying.await.map_err(panicked)?
	}

	/// Runs a query, and returns its answer with the position that it shows.
	pub(super) async fn read<T: Send + 'static>(
		&self,
		query: impl Fn(&Reader) -> Result<T, StoreError> + Send + 'static,
	) -> Answer<Facts<T>> {
		// The semaphore is never closed.
		let permit = self.queries.clone().acquire_owned().await.map_err(|error| SourceError::broken(error.to_string(), ""))?;
		let reader = self.reader.clone();
		let reading = spawn_blocking(move || {
			let found = consistent(|| reader.position(), || query(&reader));
			drop(permit);
			found
		});
		reading.await.map_err(panicked)?
	}
}

/// Returns the folder of a database.
fn folder_of(database: &Path) -> &Path {
	database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the beginning of the names of folders with copies of a database. It contains the name of the database, since another
/// worker may copy a database of the same folder.
fn copies_of(database: &Path) -> String {
	format!(".{}.copy-", database.file_name().unwrap_or_default().to_string_lossy())
}

/// Removes the copies of a database that were being made when an earlier worker was killed: folders with nothing but a copy.
fn remove_copies(database: &Path) {
	let beginning = copies_of(database);
	for entry in fs::read_dir(folder_of(database)).into_iter().flatten().flatten() {
		if !entry.file_name().to_string_lossy().starts_with(&beginning) {
			continue;
		}
		for file in [COPY, "doin-olap.db-journal"] {
			let _ = fs::remove_file(entry.path().join(file));
		}
		if let Err(error) = fs::remove_dir(entry.path()) {
			tracing::debug!(target: "doin::dashboard", path = %entry.path().display(), "a copy stays: {error}");
		}
	}
}

/// Reads the answer of a query between two equal positions, so that it is that of the position.
fn consistent<T>(
	position: impl Fn() -> Result<Option<Position>, StoreError>,
	query: impl Fn() -> Result<T, StoreError>,
) -> Answer<Facts<T>> {
	for _ in 0..ATTEMPTS {
		let Some(before) = position().map_err(unusable)? else {
			return Err(SourceError::unavailable(
				"the analytics database has no block yet",
				"repeat the request in some seconds; `analytics` in /status has its state",
			));
		};
		let records = query().map_err(unusable)?;
		if position().map_err(unusable)? == Some(before) {
			return Ok(Facts { position: before, records });
		}
	}
	Err(SourceError::unavailable(
		"blocks are being stored faster than the analytics database can be read",
		"repeat the request once `analytics` in /status is at the last finalized block",
	))
}

fn select(reader: &Reader, query: &Query) -> Result<Vec<Record>, StoreError> {
	match query {
		Query::Experiments(Selection { domain, limit, offset }) => reader.experiments(*domain, *limit, *offset),
		Query::Rounds(Selection { domain, limit, offset }) => reader.rounds(*domain, *limit, *offset),
		Query::Unpaid(account, limit) => reader.unpaid(account.as_deref(), *limit),
		Query::WorkBlocks(limit) => reader.work_blocks(*limit),
		Query::Challenges(limit) => reader.challenges(*limit),
		Query::Absences(limit) => reader.absences(*limit),
	}
}

fn performance(record: &Record) -> Performance {
	Performance {
		round_num: number(record, "round_number").unwrap_or_default(),
		domain_id: number(record, "domain_id").unwrap_or_default(),
		peer_id: text(record, "account").unwrap_or_default(),
		performance: text(record, "performance"),
		best_performance: text(record, "best_performance"),
		is_improvement: number(record, "is_improvement") == Some(1),
		reveal_block: number(record, "reveal_block"),
		block: number(record, "chain_height"),
		timestamp: text(record, "timestamp_utc"),
	}
}

/// Returns a column as text; `None` for NULL.
pub(super) fn text(record: &Record, column: &str) -> Option<String> {
	match record.get(column)? {
		Value::String(text) => Some(text.clone()),
		Value::Number(number) => Some(number.to_string()),
		_ => None,
	}
}

/// Returns a column as a number; `None` for NULL.
pub(super) fn number(record: &Record, column: &str) -> Option<u32> {
	u32::try_from(record.get(column)?.as_u64()?).ok()
}

fn unusable(error: StoreError) -> SourceError {
	let next = "`analytics` in /status has the state of the database, and the log of the worker its errors";
	match &error {
		StoreError::Missing { .. } => SourceError::unavailable("the analytics database has no block yet", next),
		_ if error.is_temporary() => SourceError::unavailable(error.to_string(), next),
		_ => SourceError::broken(error.to_string(), next),
	}
}

fn unwritable(error: std::io::Error) -> SourceError {
	SourceError::unavailable(format!("no copy of the analytics database can be made: {error}"), "free some space on the disk")
}

fn panicked(error: tokio::task::JoinError) -> SourceError {
	SourceError::broken(format!("the analytics database cannot be read: {error}"), "report this as a fault of the worker")
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;
	use std::cell::Cell;

	fn position(last: u32) -> Option<Position> {
		Some(Position { genesis: [0; 32], first: 0, last, hash: [last as u8; 32] })
	}

	fn record(value: Value) -> Record {
		value.as_object().cloned().unwrap_or_default()
	}

	#[test]
	fn rows_are_read_again_if_a_block_is_stored_meanwhile() {
		let stored = Cell::new(6);
		let rows = || {
			// Blocks 7 and 8 are stored during the first two queries.
			if stored.get() < 8 {
				stored.set(stored.get() + 1);
			}
			Ok(vec![record(json!({ "block": stored.get() }))])
		};
		let facts = consistent(|| Ok(position(stored.get())), rows).unwrap();
		assert_eq!((facts.at().number, number(&facts.records[0], "block")), (8, Some(8)));
	}

	#[test]
	fn a_database_that_never_rests_is_not_waited_for_without_end() {
		let stored = Cell::new(0);
		let moving = || {
			stored.set(stored.get() + 1);
			Ok(position(stored.get()))
		};
		let error = consistent(moving, || Ok(())).err().unwrap();
		assert!(matches!(error, SourceError::Unavailable { .. }), "{error}");
		let empty = consistent(|| Ok(None), || Ok(())).err().unwrap();
		assert!(empty.to_string().contains("no block yet"), "{empty}");
	}

	#[test]
	fn performances_keep_all_digits() {
		let found = performance(&record(json!({
			"round_number": 7, "domain_id": 3, "account": "5G", "performance": "18446744073709551615", "best_performance": null,
			"is_improvement": 1, "reveal_block": 80, "chain_height": 90, "timestamp_utc": "2026-01-01T00:00:00Z"
		})));
		assert_eq!((found.round_num, found.domain_id, found.is_improvement, found.block), (7, 3, true, Some(90)));
		assert_eq!(found.reveal_block, Some(80));
		assert_eq!((found.performance.as_deref(), found.best_performance), (Some("18446744073709551615"), None));
	}

	#[tokio::test]
	async fn a_database_without_a_file_has_no_rows_yet() {
		let folder = tempfile::tempdir().unwrap();
		let state = || Analytics { state: "starting".into(), block: None, reason: None };
		let database = Database::new(Reader::new(folder.path().join("none.db")), state);
		let error = database.rows(Query::WorkBlocks(3)).await.unwrap_err();
		assert!(matches!(error, SourceError::Unavailable { .. }), "{error}");
		assert!(database.export().await.is_err());
		assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing stays");
		assert_eq!(database.state().state, "starting");
	}

	#[test]
	fn copies_of_a_killed_worker_are_removed() {
		let folder = tempfile::tempdir().unwrap();
		let database = folder.path().join("facts.db");
		let copy = folder.path().join(format!("{}x", copies_of(&database)));
		// An export of the user, a copy that the worker of another database makes, and the journal.
		let others = ["doin-export-2026/rounds.parquet", ".other.db.copy-x/doin-olap.db", "journal.db"];
		let others = others.map(|name| folder.path().join(name));
		for path in others.iter().chain([&copy.join(COPY)]) {
			fs::create_dir_all(path.parent().unwrap()).unwrap();
			fs::write(path, "x").unwrap();
		}
		remove_copies(&database);
		assert!(!copy.exists());
		assert!(others.iter().all(|path| path.exists()), "nothing else is removed");
	}
}
