//! Tests of facts, store, check and CSV file over synthetic blocks.

mod csv_file;
mod failures;
mod meaning;
mod parquet;
#[cfg(unix)]
mod postgres;
mod reader;
mod rebuilt;
mod runtime;

use crate::{testing::chain, Block, Store};
use rusqlite::{types::Value as Sql, Connection, OptionalExtension};
use std::path::PathBuf;
use tempfile::TempDir;

/// Returns a new folder, and the path of a database in it.
fn folder() -> (TempDir, PathBuf) {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("facts.db");
	(folder, path)
}

/// Returns a database with these blocks.
fn stored(blocks: &[Block]) -> (TempDir, Store) {
	let (folder, path) = folder();
	let mut store = Store::open(&path).unwrap();
	store.write(blocks).unwrap();
	(folder, store)
}

/// Returns the columns of the first row of a query.
fn row(store: &Store, query: &str) -> Option<Vec<Sql>> {
	let mut statement = store.database.prepare(query).unwrap();
	let columns = statement.column_count();
	statement.query_row([], |row| (0..columns).map(|column| row.get(column)).collect()).optional().unwrap()
}

/// Returns the columns of the first row of a query as text.
fn text(store: &Store, query: &str) -> String {
	let cells = row(store, query).unwrap_or_else(|| panic!("no row: {query}")).into_iter().map(|value| match value {
		Sql::Null => "NULL".into(),
		Sql::Integer(number) => number.to_string(),
		Sql::Real(number) => format!("{number:?}"),
		Sql::Text(text) => format!("'{text}'"),
		Sql::Blob(_) => "blob".into(),
	});
	cells.collect::<Vec<String>>().join(" ")
}

/// Opens the file of a database without the checks of the store.
fn raw(store: &Store) -> Connection {
	Connection::open(store.path()).unwrap()
}
