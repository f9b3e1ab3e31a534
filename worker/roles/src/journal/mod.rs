//! Crash-safe journal of commitments (SQLite).
//!
//! A commitment whose payload or salt is lost cannot be revealed, which costs a part of its hold. An [`Entry`] is therefore on
//! disk before the transaction that commits it is sent, and stays until its round or task is over. After a crash, both roles
//! compare the open entries with the chain and go on from there.
//!
//! ```text
//!   prepare            commit included        reveal included        decided
//! ───────────▶ Prepared ───────────▶ Committed ───────────▶ Revealed ───────▶ Archived
//!                  │                     │                                        ▲
//!                  └── commit failed ────┴── reveal window over, rejected ────────┘
//! ```
//!
//! A candidate is keyed by its round, sums and challenges are keyed by their recomputation task.

mod entry;

pub use entry::{Entry, Kind, Note, Scope, State};

use doin_chain::Account;
use doin_primitives::{BlockNumber, Hash, RoundId};
use parking_lot::{Mutex, MutexGuard};
use rusqlite::{
	params,
	types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef},
	Connection, OptionalExtension, Row,
};
use std::{
	fs::{File, TryLockError},
	path::{Path, PathBuf},
};

/// Layout version, in `PRAGMA user_version`. Version 2 keys sums and challenges by task.
const LAYOUT: i64 = 2;

/// Failure of the journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
	/// The folder or the lock file cannot be made.
	#[error("cannot create {path}: choose a journal in a writable folder with --journal")]
	Unwritable {
		/// Folder or lock file.
		path: PathBuf,
		/// Error of the file system.
		#[source]
		cause: std::io::Error,
	},
	/// Another process holds the lock.
	#[error("the journal {path} is in use by another worker: stop that worker, or choose another file with --journal")]
	InUse {
		/// File of the journal.
		path: PathBuf,
	},
	/// The file was written by an older worker. Nothing was changed.
	#[error(
		"the journal {path} has layout {found}, this worker writes layout {LAYOUT}. Nothing was changed: finish its open rounds \
		 with the worker that wrote it, then move the file away or choose another one with --journal"
	)]
	OlderLayout {
		/// File of the journal.
		path: PathBuf,
		/// Layout of the file.
		found: i64,
	},
	/// The file was written by a newer worker. Nothing was changed.
	#[error("the journal {path} has layout {found}, this worker reads layout {LAYOUT}: update the worker")]
	NewerLayout {
		/// File of the journal.
		path: PathBuf,
		/// Layout of the file.
		found: i64,
	},
	/// The file belongs to another network.
	#[error(
		"the journal {path} belongs to the network with genesis 0x{found}, the node to the one with genesis 0x{expected}: \
		 choose another file for this network with --journal"
	)]
	OtherNetwork {
		/// File of the journal.
		path: PathBuf,
		/// Genesis hash in the journal, in hexadecimal.
		found: String,
		/// Genesis hash of the node, in hexadecimal.
		expected: String,
	},
	/// An entry of the same scope and account is past its preparation, and must not be replaced.
	#[error("the {scope} is in the journal already, and its commitment may be on the chain: wait until it is over")]
	AlreadyCommitted {
		/// Scope of the entry.
		scope: Scope,
	},
	/// The database failed.
	#[error("cannot use the journal {path}: check its disk and permissions")]
	Database {
		/// File of the journal.
		path: PathBuf,
		/// Error of SQLite.
		#[source]
		cause: rusqlite::Error,
	},
}

/// The journal, locked for this process.
#[derive(Debug)]
pub struct Journal {
	path: PathBuf,
	database: Mutex<Connection>,
	/// Held as long as the journal is open. The operating system releases it even after a crash.
	_lock: File,
}

impl Journal {
	/// Opens the journal at `path`, or creates it, for the network with the first block `genesis`.
	///
	/// # Errors
	///
	/// Errors if the file is in use by another worker, has another layout, belongs to another network, or cannot be read
	/// and written.
	pub fn open(path: &Path, genesis: Hash) -> Result<Self, JournalError> {
		let lock = Self::lock(path)?;
		let database = |cause| JournalError::Database { path: path.into(), cause };
		let connection = Connection::open(path).map_err(database)?;
		Self::check_layout(path, &connection)?;
		let known = Self::create_tables(&connection, genesis).map_err(database)?;
		if known != genesis {
			return Err(JournalError::OtherNetwork {
				path: path.into(),
				found: hex::encode(known),
				expected: hex::encode(genesis),
			});
		}
		Ok(Self { path: path.into(), database: Mutex::new(connection), _lock: lock })
	}

	/// Creates the folder of the journal and locks the file beside it.
	fn lock(path: &Path) -> Result<File, JournalError> {
		let unwritable = |path: &Path, cause| JournalError::Unwritable { path: path.into(), cause };
		if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
			std::fs::create_dir_all(folder).map_err(|cause| unwritable(folder, cause))?;
		}
		let lock_path = path.with_extension("lock");
		let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
		let lock = lock.map_err(|cause| unwritable(&lock_path, cause))?;
		match lock.try_lock() {
			Ok(()) => Ok(lock),
			Err(TryLockError::WouldBlock) => Err(JournalError::InUse { path: path.into() }),
			Err(TryLockError::Error(cause)) => Err(unwritable(&lock_path, cause)),
		}
	}

	/// Errors if the file has a layout other than [`LAYOUT`]; a new file has layout 0.
	fn check_layout(path: &Path, connection: &Connection) -> Result<(), JournalError> {
		let found: i64 = connection
			.pragma_query_value(None, "user_version", |row| row.get(0))
			.map_err(|cause| JournalError::Database { path: path.into(), cause })?;
		let path = path.into();
		match found {
			0 | LAYOUT => Ok(()),
			found if found > LAYOUT => Err(JournalError::NewerLayout { path, found }),
			found => Err(JournalError::OlderLayout { path, found }),
		}
	}

	/// Creates the tables unless they exist. Returns the genesis hash that the journal belongs to.
	fn create_tables(connection: &Connection, genesis: Hash) -> rusqlite::Result<Hash> {
		// Every commit reaches the disk before the call returns.
		connection.pragma_update(None, "journal_mode", "WAL")?;
		connection.pragma_update(None, "synchronous", "FULL")?;
		// `number` is the round of a candidate and the task of sums and challenges.
		connection.execute_batch(
			"BEGIN;
			CREATE TABLE IF NOT EXISTS network (genesis BLOB NOT NULL);
			CREATE TABLE IF NOT EXISTS entries (
				kind TEXT NOT NULL, domain INTEGER NOT NULL, number INTEGER NOT NULL, who BLOB NOT NULL,
				commitment BLOB NOT NULL, payload BLOB NOT NULL, salt BLOB NOT NULL,
				reveal_from INTEGER NOT NULL, reveal_until INTEGER NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL DEFAULT '',
				PRIMARY KEY (kind, domain, number, who)
			);
			CREATE INDEX IF NOT EXISTS open_entries ON entries (kind, reveal_until) WHERE state <> 'archived';
			COMMIT;",
		)?;
		connection.pragma_update(None, "user_version", LAYOUT)?;
		let known = connection.query_row("SELECT genesis FROM network", [], |row| row.get(0)).optional()?;
		if let Some(known) = known {
			return Ok(known);
		}
		connection.execute("INSERT INTO network VALUES (?)", params![&genesis[..]])?;
		Ok(genesis)
	}

	fn database(&self) -> MutexGuard<'_, Connection> {
		self.database.lock()
	}

	fn error(&self, cause: rusqlite::Error) -> JournalError {
		JournalError::Database { path: self.path.clone(), cause }
	}

	/// Writes an entry before its commitment is sent. An entry of the same scope and account is replaced only while it
	/// is prepared.
	///
	/// # Errors
	///
	/// Errors if the commitment of an earlier entry may be on the chain, and if the database fails.
	pub fn prepare(&self, entry: &Entry) -> Result<(), JournalError> {
		let existing = self.entry(entry.scope, entry.who)?;
		if existing.is_some_and(|existing| existing.state != State::Prepared) {
			return Err(JournalError::AlreadyCommitted { scope: entry.scope });
		}
		let row = params![
			entry.scope.kind(),
			entry.scope.domain(),
			entry.scope.number(),
			&entry.who.0[..],
			&entry.commitment[..],
			entry.payload,
			&entry.salt[..],
			entry.reveal_from,
			entry.reveal_until,
			State::Prepared,
		];
		let written = self.database().execute(
			"INSERT OR REPLACE INTO entries
				(kind, domain, number, who, commitment, payload, salt, reveal_from, reveal_until, state)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			row,
		);
		written.map(|_| ()).map_err(|cause| self.error(cause))
	}

	/// Sets the state of an entry, with a note for the record.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn mark(&self, scope: Scope, who: Account, state: State, note: Note) -> Result<(), JournalError> {
		let updated = self.database().execute(
			"UPDATE entries SET state = ?, note = ? WHERE kind = ? AND domain = ? AND number = ? AND who = ?",
			params![state, note, scope.kind(), scope.domain(), scope.number(), &who.0[..]],
		);
		updated.map(|_| ()).map_err(|cause| self.error(cause))
	}

	/// Returns the entry of a scope and account, archived or not.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn entry(&self, scope: Scope, who: Account) -> Result<Option<Entry>, JournalError> {
		let sql = format!("{SELECT} WHERE kind = ? AND domain = ? AND number = ? AND who = ?");
		let key = params![scope.kind(), scope.domain(), scope.number(), &who.0[..]];
		let entry = self.database().query_row(&sql, key, read).optional();
		entry.map_err(|cause| self.error(cause))
	}

	/// Returns the entries that are not archived, the first to expire first.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn open_entries(&self, kind: Kind) -> Result<Vec<Entry>, JournalError> {
		let sql = format!("{SELECT} WHERE kind = ? AND state <> 'archived' ORDER BY reveal_until, domain, number");
		select(&self.database(), &sql, params![kind]).map_err(|cause| self.error(cause))
	}

	/// Archives entries that can no longer be revealed in block `now`. Returns those that were committed and never revealed. A
	/// revealed candidate waits for its verdict, and a challenge waits until its bond is released, so neither expires.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn archive_expired(&self, now: BlockNumber) -> Result<Vec<Entry>, JournalError> {
		let database = self.database();
		let expire = || {
			let sql = format!("{SELECT} WHERE kind <> ? AND state = ? AND reveal_until <= ?");
			let lost = select(&database, &sql, params![Kind::Challenge, State::Committed, now])?;
			database.execute(
				"UPDATE entries SET state = ?, note = ?
				WHERE state <> 'archived' AND reveal_until <= ? AND kind <> ? AND NOT (kind = ? AND state = ?)",
				params![State::Archived, Note::Expired, now, Kind::Challenge, Kind::Candidate, State::Revealed],
			)?;
			Ok(lost)
		};
		expire().map_err(|cause| self.error(cause))
	}
}

const SELECT: &str = "SELECT kind, domain, number, who, commitment, payload, salt, reveal_from, reveal_until, state FROM entries";

fn select(database: &Connection, sql: &str, params: &[&dyn ToSql]) -> rusqlite::Result<Vec<Entry>> {
	database.prepare(sql)?.query_map(params, read)?.collect()
}

fn read(row: &Row) -> rusqlite::Result<Entry> {
	let domain = row.get(1)?;
	let scope = match row.get(0)? {
		Kind::Candidate => Scope::Candidate(RoundId { domain, number: row.get(2)? }),
		Kind::Sums => Scope::Sums { domain, task: row.get(2)? },
		Kind::Challenge => Scope::Challenge { domain, task: row.get(2)? },
	};
	Ok(Entry {
		scope,
		who: Account(row.get(3)?),
		commitment: row.get(4)?,
		payload: row.get(5)?,
		salt: row.get(6)?,
		reveal_from: row.get(7)?,
		reveal_until: row.get(8)?,
		state: row.get(9)?,
	})
}

impl ToSql for Kind {
	fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
		Ok(<&'static str>::from(self).into())
	}
}

impl ToSql for State {
	fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
		Ok(<&'static str>::from(self).into())
	}
}

impl ToSql for Note {
	fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
		Ok(<&'static str>::from(self).into())
	}
}

fn from_text<T: std::str::FromStr>(value: ValueRef<'_>) -> FromSqlResult<T> {
	let text = value.as_str()?;
	text.parse().map_err(|_| FromSqlError::Other(format!("unknown name `{text}`").into()))
}

impl FromSql for Kind {
	fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
		from_text(value)
	}
}

impl FromSql for State {
	fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
		from_text(value)
	}
}

#[cfg(test)]
mod tests;
