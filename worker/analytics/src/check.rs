//! Canonical content hash of a database, and a search for gaps.

use crate::{block::Hash, Store, StoreError};
use blake2::{
	digest::{consts::U32, Digest},
	Blake2b,
};
use rusqlite::{types::ValueRef, OptionalExtension};
use std::fmt;

/// Columns that depend on the time of indexing, and do not belong to the content.
const VOLATILE: [&str; 2] = ["applied_at", "ingested_at"];

/// Content of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableContent {
	/// Name of the table.
	pub table: String,
	/// Number of rows.
	pub rows: u64,
	/// blake2b-256 of the rows in the order of their keys.
	pub hash: Hash,
}

/// Content of a database: its tables in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
	/// Tables in alphabetical order.
	pub tables: Vec<TableContent>,
	/// blake2b-256 of the names and hashes of the tables.
	pub hash: Hash,
}

/// A finding of [`Store::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
	/// Blocks are missing.
	Gap {
		/// First missing block.
		from: i64,
		/// First block behind the gap.
		until: i64,
	},
	/// A block does not name the hash of the block before it.
	Parent {
		/// The block.
		block: i64,
	},
	/// A block has another number of events than it had when it was stored.
	Events {
		/// The block.
		block: i64,
		/// Number of its events in the block.
		expected: i64,
		/// Number of its events in the database.
		found: i64,
	},
	/// The position is not behind the last block.
	Position,
	/// A finding of SQLite.
	Damage(String),
}

impl fmt::Display for Finding {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Gap { from, until } => write!(f, "blocks {from} to {} are missing", until - 1),
			Self::Parent { block } => write!(f, "block {block} does not follow the block before it"),
			Self::Events { block, expected, found } => write!(f, "block {block} has {found} events in place of {expected}"),
			Self::Position => f.write_str("the stored position is not the end of the stored blocks"),
			Self::Damage(found) => write!(f, "SQLite reports: {found}"),
		}
	}
}

impl Store {
	/// Returns the content of the database. It is a function of the stored blocks alone: the same blocks give the same hashes,
	/// whatever the batches, interruptions and times of indexing.
	///
	/// # Errors
	/// Errors if the file cannot be read.
	pub fn content(&self) -> Result<Content, StoreError> {
		// One moment for all tables.
		let transaction = self.database.unchecked_transaction().map_err(|cause| self.error(cause))?;
		let content = || -> rusqlite::Result<Content> {
			let mut names = transaction.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")?;
			let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
			let tables = names.into_iter().map(|name| table(&transaction, name)).collect::<Result<Vec<_>, _>>()?;
			let mut hasher = Blake2b::<U32>::new();
			tables.iter().for_each(|table| {
				add(&mut hasher, b'N', table.table.as_bytes());
				hasher.update(table.hash);
			});
			Ok(Content { tables, hash: hasher.finalize().into() })
		};
		content().map_err(|cause| self.error(cause))
	}

	/// Returns what is missing or inconsistent. An empty list means that the blocks from the first to the last one, and their events,
	/// are complete. The first one is block 0, unless [`begin_with`](Self::begin_with) has chosen another one.
	///
	/// # Errors
	/// Errors if the file cannot be read.
	pub fn check(&self) -> Result<Vec<Finding>, StoreError> {
		self.findings().map_err(|cause| self.error(cause))
	}

	fn findings(&self) -> rusqlite::Result<Vec<Finding>> {
		let database = self.database.unchecked_transaction()?;
		let mut findings = Vec::new();
		let mut damage = database.prepare("PRAGMA integrity_check(8)")?;
		for text in damage.query_map([], |row| row.get::<_, String>(0))? {
			let text = text?;
			if text != "ok" {
				findings.push(Finding::Damage(text));
			}
		}
		let mut blocks = database.prepare(
			"SELECT number, hash, parent, events, (SELECT count(*) FROM event WHERE block = number) FROM block ORDER BY number",
		)?;
		let mut rows = blocks.query([])?;
		let first: Option<i64> = database.query_row("SELECT first_block FROM _position", [], |row| row.get(0)).optional()?;
		let (mut next, mut last) = (first.unwrap_or(0), None::<String>);
		while let Some(row) = rows.next()? {
			let (block, expected, found) = (row.get::<_, i64>(0)?, row.get::<_, i64>(3)?, row.get::<_, i64>(4)?);
			if block != next {
				findings.push(Finding::Gap { from: next, until: block });
			} else if last.is_some_and(|last| row.get::<_, String>(2).is_ok_and(|parent| parent != last)) {
				findings.push(Finding::Parent { block });
			}
			if expected != found {
				findings.push(Finding::Events { block, expected, found });
			}
			(next, last) = (block + 1, Some(row.get(1)?));
		}
		let at: Vec<(i64, String)> = database
			.prepare("SELECT next_block, last_hash FROM _position")?
			.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
			.collect::<Result<_, _>>()?;
		if at != last.map(|hash| (next, hash)).into_iter().collect::<Vec<_>>() {
			findings.push(Finding::Position);
		}
		Ok(findings)
	}
}

/// Adds a tagged text with its length.
fn add(hasher: &mut Blake2b<U32>, tag: u8, bytes: &[u8]) {
	hasher.update([tag]);
	hasher.update((bytes.len() as u64).to_be_bytes());
	hasher.update(bytes);
}

/// Returns the content of a table, in the order of its primary key; a table without one has one row.
fn table(database: &rusqlite::Connection, name: String) -> rusqlite::Result<TableContent> {
	let mut info = database.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?;
	let columns: Vec<(String, i64)> = info.query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
	let mut key: Vec<_> = columns.iter().filter(|(_, place)| *place > 0).collect();
	key.sort_by_key(|(_, place)| *place);
	let kept: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).filter(|name| !VOLATILE.contains(name)).collect();
	let quoted = |names: &[&str]| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
	let key: Vec<&str> = key.into_iter().map(|(name, _)| name.as_str()).collect();
	let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", quoted(&key)) };
	let mut statement = database.prepare(&format!("SELECT {} FROM \"{name}\"{order}", quoted(&kept)))?;
	let mut hasher = Blake2b::<U32>::new();
	kept.iter().for_each(|name| add(&mut hasher, b'C', name.as_bytes()));
	let (mut rows, mut count) = (statement.query([])?, 0);
	while let Some(row) = rows.next()? {
		count += 1;
		for column in 0..kept.len() {
			match row.get_ref(column)? {
				ValueRef::Null => hasher.update(b"0"),
				ValueRef::Integer(number) => add(&mut hasher, b'I', &number.to_be_bytes()),
				ValueRef::Real(number) => add(&mut hasher, b'R', &number.to_bits().to_be_bytes()),
				ValueRef::Text(text) => add(&mut hasher, b'T', text),
				ValueRef::Blob(bytes) => add(&mut hasher, b'B', bytes),
			}
		}
	}
	Ok(TableContent { table: name, rows: count, hash: hasher.finalize().into() })
}
