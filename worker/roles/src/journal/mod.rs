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
//! A candidate is keyed by its round, sums and challenges are keyed by their recomputation task, and reports by their poll.
//!
//! # Reorganisations
//!
//! A fork may draw other windows, and then the sums of a task are other ones. [`Journal::prepare`] keeps the earlier entry beside
//! the new one, and [`Journal::recall`] returns to it if the chain returns to the earlier branch. The bars of a poll cannot be
//! computed again: [`Journal::other_entries`] and [`Journal::recall_commitment`] find the reports of a branch, and the forecasts of one
//! whose round has another input. Entries expire at the last *finalized* block, so that no entry is archived by a block that a
//! reorganisation removes.
//!
//! # File
//!
//! The journal is one file. Every change is on the disk, in that file, before the call returns: SQLite's rollback journal exists
//! during a change only (`journal_mode = DELETE`, `synchronous = EXTRA`). One entry of 24 KiB takes 13 ms on an SSD, against 0.5
//! ms with a write-ahead log, whose entries stay in a second file until a checkpoint; a worker writes a few entries a minute.
//! [`backup()`] copies the file of a worker that runs.
//!
//! The journal belongs to the chain with its genesis *and* with one block of it (see [`Journal::chain_block`]), since a
//! development chain that begins anew has the same genesis.

mod backup;
mod chain;
mod entry;
mod error;
mod rows;
#[cfg(test)]
mod tests;

pub use backup::{backup, Copied};
pub use chain::{Binding, FIRST_BLOCK};
pub use entry::{Entry, Kind, Note, Scope, State};
pub use error::JournalError;

use crate::home::expand_home;
use doin_chain::Account;
use doin_primitives::{Balance, BlockNumber, DomainId, Hash};
use parking_lot::{Mutex, MutexGuard};
use rows::{read, select, COLUMNS};
use rusqlite::{params, Connection, OptionalExtension};
use std::{
	fs::{File, TryLockError},
	io::{self, ErrorKind},
	ops::Range,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// Wait for the lock of the file, e.g. of a worker that is ending.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
/// Pause between two attempts to take that lock.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Layout version, in `PRAGMA user_version`. Version 2 keys sums and challenges by task.
const LAYOUT: i64 = 2;

/// Tables of the journal. Later ones are added to files that lack them.
const TABLES: &str = "
	CREATE TABLE IF NOT EXISTS network (genesis BLOB NOT NULL);
	-- Block that the chain is known by, beside its genesis.
	CREATE TABLE IF NOT EXISTS chain_block (number INTEGER NOT NULL, hash BLOB NOT NULL);
	-- `number` is the round of a candidate, the task of sums and challenges, and the poll of reports.
	CREATE TABLE IF NOT EXISTS entries (
		kind TEXT NOT NULL, domain INTEGER NOT NULL, number INTEGER NOT NULL, who BLOB NOT NULL,
		commitment BLOB NOT NULL, payload BLOB NOT NULL, salt BLOB NOT NULL,
		reveal_from INTEGER NOT NULL, reveal_until INTEGER NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL DEFAULT '',
		PRIMARY KEY (kind, domain, number, who)
	);
	CREATE INDEX IF NOT EXISTS open_entries ON entries (kind, reveal_until) WHERE state <> 'archived';
	-- Entries of other branches of the chain, until they can no longer be revealed.
	CREATE TABLE IF NOT EXISTS replaced (
		kind TEXT NOT NULL, domain INTEGER NOT NULL, number INTEGER NOT NULL, who BLOB NOT NULL,
		commitment BLOB NOT NULL, payload BLOB NOT NULL, salt BLOB NOT NULL,
		reveal_from INTEGER NOT NULL, reveal_until INTEGER NOT NULL, state TEXT NOT NULL,
		PRIMARY KEY (kind, domain, number, who, commitment)
	);
	-- Searches that were started on a domain.
	CREATE TABLE IF NOT EXISTS searches (domain INTEGER PRIMARY KEY, starts INTEGER NOT NULL);
	-- Stakes that an account has lost in a row on a domain; their sum is the number of plancks, in little-endian bytes.
	CREATE TABLE IF NOT EXISTS lost_stakes (
		domain INTEGER NOT NULL, who BLOB NOT NULL, in_a_row INTEGER NOT NULL, sum BLOB NOT NULL,
		PRIMARY KEY (domain, who)
	);
";

/// Tables of entries, which have the column `input_end` since version 3 of the worker.
const OF_ENTRIES: [&str; 2] = ["entries", "replaced"];

/// Condition on the scope and account of an entry.
const OF_SCOPE: &str = "kind = ? AND domain = ? AND number = ? AND who = ?";

/// The journal, locked for this process.
#[derive(Debug)]
pub struct Journal {
	path: PathBuf,
	database: Mutex<Connection>,
	/// Held as long as the journal is open. The operating system releases it even after a crash.
	_lock: File,
}

impl Journal {
	/// Opens the journal at `path`, or creates it. [`Journal::bind`] has to follow. Links are followed, so that every name of the
	/// file leads to one lock.
	///
	/// # Errors
	///
	/// Errors if the file is in use by another worker, has several names (hard links), has another layout, or cannot be read and written.
	pub fn open(path: &Path) -> Result<Self, JournalError> {
		let path = expand_home(path).map_err(|error| JournalError::Name { reason: error.to_string() })?;
		let path = canonical(&path)?;
		let lock = Self::lock(&path)?;
		check_names(&path)?;
		let connection = Self::connect(&path)?;
		Ok(Self { path, database: Mutex::new(connection), _lock: lock })
	}

	/// Returns the file of the journal.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Locks the file beside the journal, which another process may still have for a moment: a child process has a copy of every open
	/// file until it executes its program, and the lock with it.
	fn lock(path: &Path) -> Result<File, JournalError> {
		let unwritable = |path: &Path, cause| JournalError::Unwritable { path: path.into(), cause };
		// Two journals of one folder may differ in their extensions only.
		let mut lock_path = path.as_os_str().to_os_string();
		lock_path.push(".lock");
		let lock_path = PathBuf::from(lock_path);
		let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
		let lock = lock.map_err(|cause| unwritable(&lock_path, cause))?;
		let patience = Instant::now() + LOCK_PATIENCE;
		loop {
			match lock.try_lock() {
				Ok(()) => return Ok(lock),
				Err(TryLockError::WouldBlock) if Instant::now() < patience => std::thread::sleep(LOCK_PAUSE),
				Err(TryLockError::WouldBlock) => return Err(JournalError::InUse { path: path.into() }),
				Err(TryLockError::Error(cause)) => return Err(unwritable(&lock_path, cause)),
			}
		}
	}

	/// Opens the database, and creates the tables that it lacks.
	fn connect(path: &Path) -> Result<Connection, JournalError> {
		let database = |cause| JournalError::Database { path: path.into(), cause };
		let connection = Connection::open(path).map_err(database)?;
		Self::check_layout(path, &connection)?;
		let prepare = || {
			connection.pragma_update(None, "journal_mode", "DELETE")?;
			connection.pragma_update(None, "synchronous", "EXTRA")?;
			connection.execute_batch(&format!("BEGIN; {TABLES} PRAGMA user_version = {LAYOUT}; COMMIT;"))?;
			// Files of earlier versions have these tables without the column.
			for table in OF_ENTRIES.into_iter().filter(|table| !has_input_end(&connection, table)) {
				connection.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN input_end INTEGER"))?;
			}
			Ok(())
		};
		prepare().map_err(database)?;
		Ok(connection)
	}

	/// Returns the layout of the file; errors unless it is [`LAYOUT`], or 0 as in a new file.
	fn check_layout(path: &Path, connection: &Connection) -> Result<i64, JournalError> {
		let found: i64 = connection
			.pragma_query_value(None, "user_version", |row| row.get(0))
			.map_err(|cause| JournalError::Database { path: path.into(), cause })?;
		let path = path.into();
		match found {
			0 | LAYOUT => Ok(found),
			found if found > LAYOUT => Err(JournalError::NewerLayout { path, found }),
			found => Err(JournalError::OlderLayout { path, found }),
		}
	}

	/// Makes every change fail, as on a full disk.
	#[cfg(test)]
	pub(crate) fn refuse_changes(&self) {
		self.database().pragma_update(None, "query_only", true).expect("the pragma exists");
	}

	fn database(&self) -> MutexGuard<'_, Connection> {
		self.database.lock()
	}

	fn error(&self, cause: rusqlite::Error) -> JournalError {
		JournalError::Database { path: self.path.clone(), cause }
	}

	/// Writes an entry before its commitment is sent. An earlier entry of the same scope and account is kept beside it, for
	/// [`Journal::recall`].
	///
	/// # Errors
	///
	/// Errors if the commitment of an earlier candidate or of a forecast of the same input may be on the chain, if a challenge of the same
	/// task is announced, and if the database fails.
	pub fn prepare(&self, entry: &Entry) -> Result<(), JournalError> {
		let existing = self.entry(entry.scope, entry.who)?;
		if existing.is_some_and(|existing| !existing.can_be_replaced_by(entry)) {
			return Err(JournalError::AlreadyCommitted { scope: entry.scope });
		}
		let entry = Entry { state: State::Prepared, ..entry.clone() };
		let mut database = self.database();
		let mut write = || {
			let transaction = database.transaction()?;
			put_aside(&transaction, &entry)?;
			insert(&transaction, &entry)?;
			transaction.commit()
		};
		write().map_err(|cause| self.error(cause))
	}

	/// Makes the entry with this payload the current one of its scope and account, and returns it. Returns `None` if no entry has
	/// the payload.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn recall(&self, scope: Scope, who: Account, payload: &[u8]) -> Result<Option<Entry>, JournalError> {
		if let Some(current) = self.entry(scope, who)?.filter(|current| current.payload == payload) {
			return Ok(Some(current));
		}
		self.exchange(scope, who, "payload", payload)
	}

	/// Makes the entry with this commitment the current one of its scope and account, and returns it. Returns `None` if no entry
	/// has the commitment.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn recall_commitment(&self, scope: Scope, who: Account, commitment: &Hash) -> Result<Option<Entry>, JournalError> {
		if let Some(current) = self.entry(scope, who)?.filter(|current| current.commitment == *commitment) {
			return Ok(Some(current));
		}
		self.exchange(scope, who, "commitment", commitment)
	}

	/// Exchanges the current entry of a scope and account for the newest replaced one with this value in `column`.
	fn exchange(&self, scope: Scope, who: Account, column: &str, value: &[u8]) -> Result<Option<Entry>, JournalError> {
		let mut database = self.database();
		let mut exchange = || {
			let transaction = database.transaction()?;
			let sql = format!("SELECT {COLUMNS} FROM replaced WHERE {OF_SCOPE} AND {column} = ? ORDER BY rowid DESC LIMIT 1");
			let key = params![scope.kind(), scope.domain(), scope.number(), &who.0[..], value];
			let earlier = transaction.query_row(&sql, key, read).optional()?;
			if let Some(earlier) = &earlier {
				put_aside(&transaction, earlier)?;
				insert(&transaction, earlier)?;
				let sql = format!("DELETE FROM replaced WHERE {OF_SCOPE} AND commitment = ?");
				let key = params![scope.kind(), scope.domain(), scope.number(), &who.0[..], &earlier.commitment[..]];
				transaction.execute(&sql, key)?;
			}
			transaction.commit()?;
			Ok(earlier)
		};
		exchange().map_err(|cause| self.error(cause))
	}

	/// Returns `true` if entries of other branches are kept beside that of a scope and account.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn has_other_entries(&self, scope: Scope, who: Account) -> Result<bool, JournalError> {
		let sql = format!("SELECT EXISTS (SELECT 1 FROM replaced WHERE {OF_SCOPE})");
		let key = params![scope.kind(), scope.domain(), scope.number(), &who.0[..]];
		self.database().query_row(&sql, key, |row| row.get(0)).map_err(|cause| self.error(cause))
	}

	/// Returns the entries of other branches that are kept beside that of a scope and account, the newest first.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn other_entries(&self, scope: Scope, who: Account) -> Result<Vec<Entry>, JournalError> {
		let sql = format!("SELECT {COLUMNS} FROM replaced WHERE {OF_SCOPE} ORDER BY rowid DESC");
		let key = params![scope.kind(), scope.domain(), scope.number(), &who.0[..]];
		select(&self.database(), &sql, key).map_err(|cause| self.error(cause))
	}

	/// Sets the state of an entry, with a note for the record.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn mark(&self, scope: Scope, who: Account, state: State, note: Note) -> Result<(), JournalError> {
		let updated = self.database().execute(
			&format!("UPDATE entries SET state = ?, note = ? WHERE {OF_SCOPE}"),
			params![state, note, scope.kind(), scope.domain(), scope.number(), &who.0[..]],
		);
		updated.map(|_| ()).map_err(|cause| self.error(cause))
	}

	/// Sets the reveal window of an entry.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn reschedule(&self, scope: Scope, who: Account, reveal: Range<BlockNumber>) -> Result<(), JournalError> {
		let updated = self.database().execute(
			&format!("UPDATE entries SET reveal_from = ?, reveal_until = ? WHERE {OF_SCOPE}"),
			params![reveal.start, reveal.end, scope.kind(), scope.domain(), scope.number(), &who.0[..]],
		);
		updated.map(|_| ()).map_err(|cause| self.error(cause))
	}

	/// Returns the entry of a scope and account, archived or not.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn entry(&self, scope: Scope, who: Account) -> Result<Option<Entry>, JournalError> {
		let sql = format!("SELECT {COLUMNS} FROM entries WHERE {OF_SCOPE}");
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
		let sql =
			format!("SELECT {COLUMNS} FROM entries WHERE kind = ? AND state <> 'archived' ORDER BY reveal_until, domain, number");
		select(&self.database(), &sql, params![kind]).map_err(|cause| self.error(cause))
	}

	/// Archives entries that can no longer be revealed after the finalized block `finalized`. Returns those that were committed
	/// and never revealed. A revealed candidate waits for its verdict, a revealed forecast for its payment, and a challenge until its bond
	/// is released, so none of them expires.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn archive_expired(&self, finalized: BlockNumber) -> Result<Vec<Entry>, JournalError> {
		let database = self.database();
		let expire = || {
			// The condition of the index, so that the payloads of archived entries are not read.
			let sql = format!(
				"SELECT {COLUMNS} FROM entries WHERE kind <> ? AND state <> 'archived' AND state = ? AND reveal_until <= ?"
			);
			let lost = select(&database, &sql, params![Kind::Challenge, State::Committed, finalized])?;
			database.execute(
				"UPDATE entries SET state = ?, note = ?
				WHERE state <> 'archived' AND reveal_until <= ? AND kind <> ? AND NOT (kind IN (?, ?) AND state = ?)",
				params![
					State::Archived,
					Note::Expired,
					finalized,
					Kind::Challenge,
					Kind::Candidate,
					Kind::Forecast,
					State::Revealed
				],
			)?;
			database.execute("DELETE FROM replaced WHERE reveal_until <= ?", params![finalized])?;
			Ok(lost)
		};
		expire().map_err(|cause| self.error(cause))
	}

	/// Counts another search on a domain, and returns the number of searches before it.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn begin_search(&self, domain: DomainId) -> Result<u64, JournalError> {
		let sql =
			"INSERT INTO searches VALUES (?, 1) ON CONFLICT (domain) DO UPDATE SET starts = starts + 1 RETURNING starts - 1";
		self.database().query_row(sql, params![domain], |row| row.get(0)).map_err(|cause| self.error(cause))
	}

	/// Stores number and sum of the stakes that an account has lost in a row on a domain.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn store_lost_stakes(&self, domain: DomainId, who: Account, in_a_row: u32, sum: Balance) -> Result<(), JournalError> {
		let sum = sum.to_le_bytes();
		let row = params![domain, &who.0[..], in_a_row, &sum[..]];
		let stored = self.database().execute("INSERT OR REPLACE INTO lost_stakes VALUES (?, ?, ?, ?)", row);
		stored.map(|_| ()).map_err(|cause| self.error(cause))
	}

	/// Returns number and sum of the stakes that an account has lost in a row on a domain.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn lost_stakes(&self, domain: DomainId, who: Account) -> Result<(u32, Balance), JournalError> {
		let sql = "SELECT in_a_row, sum FROM lost_stakes WHERE domain = ? AND who = ?";
		let key = params![domain, &who.0[..]];
		let found = self.database().query_row(sql, key, |row| Ok((row.get(0)?, Balance::from_le_bytes(row.get(1)?))));
		let found = found.optional();
		found.map(Option::unwrap_or_default).map_err(|cause| self.error(cause))
	}
}

/// Errors if the file has several names. Each would have a lock of its own, and two workers would write one journal.
fn check_names(path: &Path) -> Result<(), JournalError> {
	#[cfg(unix)]
	{
		use std::os::unix::fs::MetadataExt;
		let names = path.metadata().map_or(1, |file| file.nlink());
		if names > 1 {
			return Err(JournalError::SeveralNames { path: path.into(), names });
		}
	}
	#[cfg(not(unix))]
	let _ = path;
	Ok(())
}

/// Creates the folder of the journal, and returns the name of the file without links, `.` and `..`.
fn canonical(path: &Path) -> Result<PathBuf, JournalError> {
	let folder = folder_of(path);
	std::fs::create_dir_all(folder).map_err(|cause| JournalError::Unwritable { path: folder.into(), cause })?;
	let found = resolved(path).map_err(|cause| JournalError::Unwritable { path: path.into(), cause })?;
	match found.is_dir() {
		true => Err(JournalError::Name { reason: format!("the journal {} is a folder: name a file in it", path.display()) }),
		false => Ok(found),
	}
}

/// Returns the name of a file without links, `.` and `..`. The file may be missing.
fn resolved(path: &Path) -> io::Result<PathBuf> {
	match path.canonicalize() {
		Err(error) if error.kind() == ErrorKind::NotFound => match (path.read_link(), path.file_name()) {
			// A link to a missing file leads to where that file will be. Links in a circle are another error.
			(Ok(target), _) => resolved(&folder_of(path).join(target)),
			(Err(_), Some(name)) => Ok(folder_of(path).canonicalize()?.join(name)),
			(Err(_), None) => Err(error),
		},
		found => found,
	}
}

/// Returns the folder of a file.
fn folder_of(path: &Path) -> &Path {
	path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns `true` if a table has the column `input_end`.
fn has_input_end(database: &Connection, table: &str) -> bool {
	database.prepare(&format!("SELECT input_end FROM {table} LIMIT 0")).is_ok()
}

impl Entry {
	/// Returns `true` if `other`, of the same scope and account, may take the place of this entry. The sums of a task are other ones on
	/// another branch, and so are the batches of a poll and the input of a round of a market, and a task that is settled again may be
	/// challenged again.
	fn can_be_replaced_by(&self, other: &Self) -> bool {
		match self.scope.kind() {
			Kind::Candidate => self.state == State::Prepared,
			// A forecast is one of any branch that has the round with its input, so the first commitment is sent wherever it is missing.
			Kind::Forecast => other.input_end.is_some_and(|input_end| !self.is_of_input(input_end)),
			Kind::Sums | Kind::Report => true,
			Kind::Challenge => matches!(self.state, State::Prepared | State::Archived),
		}
	}
}

/// Makes room for `entry`: the entry of its scope and account is kept among the replaced ones, unless it is the same commitment.
fn put_aside(database: &Connection, entry: &Entry) -> rusqlite::Result<()> {
	let scope = entry.scope;
	let copy =
		format!("INSERT OR REPLACE INTO replaced ({COLUMNS}) SELECT {COLUMNS} FROM entries WHERE {OF_SCOPE} AND commitment <> ?");
	let key = params![scope.kind(), scope.domain(), scope.number(), &entry.who.0[..], &entry.commitment[..]];
	database.execute(&copy, key)?;
	let key = params![scope.kind(), scope.domain(), scope.number(), &entry.who.0[..]];
	database.execute(&format!("DELETE FROM entries WHERE {OF_SCOPE}"), key)?;
	Ok(())
}

fn insert(database: &Connection, entry: &Entry) -> rusqlite::Result<()> {
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
		entry.state,
		entry.input_end,
	];
	let sql = format!("INSERT INTO entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	database.execute(&sql, row).map(|_| ())
}
