//! What was promised to the chain and has to be kept: a crash-safe journal.
//!
//! A commitment whose payload or salt is lost cannot be revealed, and costs its hold. So an entry is on disk before the transaction that
//! commits it is sent, and stays until its round is over; after a crash the worker goes on where the chain says the round is.

use anyhow::{bail, Context, Result};
use doin_chain::Account;
use doin_primitives::{BlockNumber, Hash, RoundId};
use rusqlite::{params, Connection, OptionalExtension, Row};
use std::{fs::File, path::Path, sync::Mutex};

/// Layout version, in `PRAGMA user_version`.
const VERSION: i64 = 1;

/// What was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	/// An optimizer's candidate.
	Optimae,
	/// An evaluator's sums.
	Sums,
	/// A challenge.
	Dispute,
}

/// How far an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
	/// Written; the commit may or may not have reached the chain.
	Prepared,
	/// The commit is on the chain.
	Committed,
	/// The reveal is on the chain.
	Revealed,
	/// Nothing is left to do; kept for the record.
	Archived,
}

/// A commitment with everything that is needed to reveal it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
	/// What it is.
	pub kind: Kind,
	/// Its round.
	pub round: RoundId,
	/// The account it is bound to.
	pub who: Account,
	/// The hash on the chain.
	pub commitment: Hash,
	/// What will be revealed, in SCALE.
	pub payload: Vec<u8>,
	/// Its salt.
	pub salt: [u8; 32],
	/// First block in which it can be revealed.
	pub reveal_from: BlockNumber,
	/// First block in which it no longer can.
	pub reveal_until: BlockNumber,
	/// How far it is.
	pub state: State,
}

/// The journal, locked for this process.
pub struct Journal {
	db: Mutex<Connection>,
	/// Held as long as the journal is open; the operating system lets go of it even after a crash.
	_lock: File,
}

impl Kind {
	const ALL: [(Self, &'static str); 3] = [(Self::Optimae, "optimae"), (Self::Sums, "sums"), (Self::Dispute, "dispute")];

	fn name(self) -> &'static str {
		Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
	}
}

impl State {
	const ALL: [(Self, &'static str); 4] = [
		(Self::Prepared, "prepared"),
		(Self::Committed, "committed"),
		(Self::Revealed, "revealed"),
		(Self::Archived, "archived"),
	];

	fn name(self) -> &'static str {
		Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
	}
}

/// The value that `name` stands for in a column.
fn named<T: Copy>(all: &[(T, &str)], name: &str) -> rusqlite::Result<T> {
	let found = all.iter().find(|(_, known)| *known == name).map(|(value, _)| *value);
	found.ok_or_else(|| {
		rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, format!("unknown name `{name}`").into())
	})
}

impl Journal {
	/// Opens the journal at `path`, or makes it, for the network whose first block is `genesis`.
	pub fn open(path: &Path, genesis: Hash) -> Result<Self> {
		let shown = path.display();
		if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
			std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder of the journal {shown}"))?;
		}
		let lock_path = path.with_extension("lock");
		let lock = File::options().create(true).truncate(false).write(true).open(&lock_path).with_context(|| {
			format!("cannot open {}: choose a journal in a folder that can be written to", lock_path.display())
		})?;
		match lock.try_lock() {
			Ok(()) => {}
			Err(std::fs::TryLockError::WouldBlock) => {
				bail!("the journal {shown} is in use by another worker: stop that one, or give this one its own with --journal")
			}
			Err(std::fs::TryLockError::Error(error)) => {
				return Err(error).with_context(|| format!("cannot lock {}", lock_path.display()))
			}
		}
		let db = Connection::open(path).with_context(|| format!("cannot open the journal {shown}"))?;
		Self::prepare(&db, genesis).with_context(|| format!("the journal {shown} cannot be used"))?;
		Ok(Self { db: Mutex::new(db), _lock: lock })
	}

	fn prepare(db: &Connection, genesis: Hash) -> Result<()> {
		// Every commit reaches the disk before the call returns.
		db.pragma_update(None, "journal_mode", "WAL")?;
		db.pragma_update(None, "synchronous", "FULL")?;
		let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
		if version > VERSION {
			bail!("it was written by a newer worker (layout {version}, this one knows {VERSION}): update the worker");
		}
		db.execute_batch(
			"BEGIN;
			CREATE TABLE IF NOT EXISTS network (genesis BLOB NOT NULL);
			CREATE TABLE IF NOT EXISTS entries (
				kind TEXT NOT NULL, domain INTEGER NOT NULL, round INTEGER NOT NULL, who BLOB NOT NULL,
				commitment BLOB NOT NULL, payload BLOB NOT NULL, salt BLOB NOT NULL,
				reveal_from INTEGER NOT NULL, reveal_until INTEGER NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL DEFAULT '',
				PRIMARY KEY (kind, domain, round, who)
			);
			CREATE INDEX IF NOT EXISTS open_entries ON entries (kind, reveal_until) WHERE state <> 'archived';
			COMMIT;",
		)?;
		db.pragma_update(None, "user_version", VERSION)?;
		let known: Option<Vec<u8>> = db.query_row("SELECT genesis FROM network", [], |row| row.get(0)).optional()?;
		match known {
			None => {
				db.execute("INSERT INTO network VALUES (?)", params![&genesis[..]])?;
			}
			Some(known) if known == genesis => {}
			Some(known) => bail!(
				"it belongs to the network with genesis 0x{}, and the node to the one with 0x{}: give this network its own with --journal",
				hex::encode(known),
				hex::encode(genesis)
			),
		}
		Ok(())
	}

	fn db(&self) -> std::sync::MutexGuard<'_, Connection> {
		self.db.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
	}

	/// Writes an entry down before its commitment is sent. Refuses to replace one of the same round and account that may be on the chain.
	pub fn prepare_entry(&self, entry: &Entry) -> Result<()> {
		let existing = self.entry(entry.kind, entry.round, entry.who)?;
		if existing.is_some_and(|existing| existing.state != State::Prepared) {
			bail!("{:?} of round {} of domain {} is in the journal already", entry.kind, entry.round.number, entry.round.domain);
		}
		self.db().execute(
			"INSERT OR REPLACE INTO entries (kind, domain, round, who, commitment, payload, salt, reveal_from, reveal_until, state)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			params![
				entry.kind.name(),
				entry.round.domain,
				entry.round.number,
				&entry.who.0[..],
				&entry.commitment[..],
				entry.payload,
				&entry.salt[..],
				entry.reveal_from,
				entry.reveal_until,
				State::Prepared.name(),
			],
		)?;
		Ok(())
	}

	/// Notes how far an entry is, and why.
	pub fn mark(&self, kind: Kind, round: RoundId, who: Account, state: State, note: &str) -> Result<()> {
		self.db().execute(
			"UPDATE entries SET state = ?, note = ? WHERE kind = ? AND domain = ? AND round = ? AND who = ?",
			params![state.name(), note, kind.name(), round.domain, round.number, &who.0[..]],
		)?;
		Ok(())
	}

	/// An entry.
	pub fn entry(&self, kind: Kind, round: RoundId, who: Account) -> Result<Option<Entry>> {
		let sql = format!("{SELECT} WHERE kind = ? AND domain = ? AND round = ? AND who = ?");
		Ok(self.db().query_row(&sql, params![kind.name(), round.domain, round.number, &who.0[..]], read).optional()?)
	}

	/// Entries that are not archived, the most urgent first.
	pub fn open_entries(&self, kind: Kind) -> Result<Vec<Entry>> {
		let db = self.db();
		let mut statement =
			db.prepare(&format!("{SELECT} WHERE kind = ? AND state <> 'archived' ORDER BY reveal_until, domain, round"))?;
		let entries = statement.query_map(params![kind.name()], read)?.collect::<rusqlite::Result<_>>()?;
		Ok(entries)
	}

	/// Archives what can no longer be revealed in block `now`, and says what was lost: committed, never revealed. A challenge loses nothing
	/// by that, and stays until its bond is back.
	pub fn archive_expired(&self, now: BlockNumber) -> Result<Vec<Entry>> {
		let db = self.db();
		let sql = format!("{SELECT} WHERE kind <> 'dispute' AND state = 'committed' AND reveal_until <= ?");
		let lost = db.prepare(&sql)?.query_map(params![now], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
		// A revealed candidate still waits for its verdict.
		db.execute(
			"UPDATE entries SET state = 'archived', note = 'expired'
			WHERE state <> 'archived' AND reveal_until <= ? AND kind <> 'dispute' AND NOT (kind = 'optimae' AND state = 'revealed')",
			params![now],
		)?;
		Ok(lost)
	}
}

const SELECT: &str = "SELECT kind, domain, round, who, commitment, payload, salt, reveal_from, reveal_until, state FROM entries";

fn read(row: &Row) -> rusqlite::Result<Entry> {
	Ok(Entry {
		kind: named(&Kind::ALL, &row.get::<_, String>(0)?)?,
		round: RoundId { domain: row.get(1)?, number: row.get(2)? },
		who: Account(row.get(3)?),
		commitment: row.get(4)?,
		payload: row.get(5)?,
		salt: row.get(6)?,
		reveal_from: row.get(7)?,
		reveal_until: row.get(8)?,
		state: named(&State::ALL, &row.get::<_, String>(9)?)?,
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	const GENESIS: Hash = [1; 32];

	fn entry(number: u32) -> Entry {
		Entry {
			kind: Kind::Optimae,
			round: RoundId { domain: 7, number },
			who: Account([2; 32]),
			commitment: [number as u8; 32],
			payload: vec![1, 2, 3],
			salt: [9; 32],
			reveal_from: 10 * number,
			reveal_until: 10 * number + 5,
			state: State::Prepared,
		}
	}

	#[test]
	fn what_was_prepared_is_there_after_a_crash() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("deep/er/worker.db");
		let journal = Journal::open(&path, GENESIS).unwrap();
		journal.prepare_entry(&entry(1)).unwrap();
		// A killed process runs no destructor and checkpoints nothing: copy the files as they lie on the disk.
		let copy = folder.path().join("after");
		std::fs::create_dir(&copy).unwrap();
		for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
			let file = file.unwrap();
			std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
		}
		std::mem::forget(journal);
		let after = Journal::open(&copy.join("worker.db"), GENESIS).unwrap();
		assert_eq!(after.open_entries(Kind::Optimae).unwrap(), [entry(1)]);
		assert_eq!(after.entry(Kind::Optimae, entry(1).round, entry(1).who).unwrap(), Some(entry(1)));
		assert_eq!(after.open_entries(Kind::Sums).unwrap(), []);
	}

	#[test]
	fn two_workers_cannot_share_a_journal() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("worker.db");
		let first = Journal::open(&path, GENESIS).unwrap();
		let reason = format!("{:#}", Journal::open(&path, GENESIS).err().unwrap());
		assert!(reason.contains("in use by another worker") && reason.contains("--journal"), "{reason}");
		drop(first);
		Journal::open(&path, GENESIS).unwrap();
	}

	#[test]
	fn a_journal_belongs_to_one_network() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("worker.db");
		drop(Journal::open(&path, GENESIS).unwrap());
		let reason = format!("{:#}", Journal::open(&path, [3; 32]).err().unwrap());
		assert!(reason.contains(&hex::encode(GENESIS)) && reason.contains("--journal"), "{reason}");
	}

	#[test]
	fn a_newer_layout_is_left_alone() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("worker.db");
		drop(Journal::open(&path, GENESIS).unwrap());
		Connection::open(&path).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
		assert!(format!("{:#}", Journal::open(&path, GENESIS).err().unwrap()).contains("update the worker"));
	}

	#[test]
	fn entries_move_on_and_expire() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(&folder.path().join("worker.db"), GENESIS).unwrap();
		for number in [3, 1, 2] {
			journal.prepare_entry(&entry(number)).unwrap();
		}
		let order: Vec<u32> = journal.open_entries(Kind::Optimae).unwrap().iter().map(|entry| entry.round.number).collect();
		assert_eq!(order, [1, 2, 3], "the most urgent first");
		journal.mark(Kind::Optimae, entry(1).round, entry(1).who, State::Committed, "").unwrap();
		journal.mark(Kind::Optimae, entry(2).round, entry(2).who, State::Revealed, "").unwrap();
		let lost = journal.archive_expired(25).unwrap();
		assert_eq!(lost.len(), 1, "only what was committed and never revealed is a loss");
		assert_eq!((lost[0].round.number, lost[0].state), (1, State::Committed));
		let open: Vec<_> = journal.open_entries(Kind::Optimae).unwrap().iter().map(|entry| entry.round.number).collect();
		assert_eq!(open, [2, 3], "a revealed candidate waits for its verdict");
		assert_eq!(journal.entry(Kind::Optimae, entry(1).round, entry(1).who).unwrap().unwrap().state, State::Archived);
	}

	#[test]
	fn a_challenge_outlives_its_window_until_its_bond_is_back() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(&folder.path().join("worker.db"), GENESIS).unwrap();
		let challenge = Entry { kind: Kind::Dispute, ..entry(1) };
		journal.prepare_entry(&challenge).unwrap();
		journal.mark(Kind::Dispute, challenge.round, challenge.who, State::Committed, "").unwrap();
		assert_eq!(journal.archive_expired(1_000).unwrap(), []);
		assert_eq!(journal.open_entries(Kind::Dispute).unwrap().len(), 1);
		journal.mark(Kind::Dispute, challenge.round, challenge.who, State::Archived, "made").unwrap();
		assert_eq!(journal.open_entries(Kind::Dispute).unwrap(), []);
	}

	#[test]
	fn a_commitment_on_the_chain_is_never_replaced() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(&folder.path().join("worker.db"), GENESIS).unwrap();
		journal.prepare_entry(&entry(1)).unwrap();
		let better = Entry { payload: vec![4], ..entry(1) };
		journal.prepare_entry(&better).unwrap();
		journal.mark(Kind::Optimae, entry(1).round, entry(1).who, State::Committed, "").unwrap();
		assert!(journal.prepare_entry(&entry(1)).is_err());
		assert_eq!(journal.entry(Kind::Optimae, entry(1).round, entry(1).who).unwrap().unwrap().payload, [4]);
	}
}
