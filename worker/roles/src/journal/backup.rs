//! Copies of a journal, also while a worker writes it.

use super::{
	chain::{chain_block, genesis},
	Journal, JournalError, LAYOUT,
};
use crate::home::expand_home;
use doin_chain::Head;
use doin_primitives::Hash;
use rusqlite::{
	backup::{Backup, StepResult},
	Connection, OpenFlags,
};
use std::{
	path::{Path, PathBuf},
	time::Duration,
};

/// Pause before another attempt while the worker writes.
const PAUSE: Duration = Duration::from_millis(50);
/// Attempts until the copy is given up.
const ATTEMPTS: usize = 200;

/// A copy of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
	/// File of the journal.
	pub journal: PathBuf,
	/// File of the copy.
	pub copy: PathBuf,
	/// Genesis hash of its network, once a worker has been connected.
	pub genesis: Option<Hash>,
	/// Block that its chain is known by, once one was finalized.
	pub block: Option<Head>,
	/// Entries of the copy.
	pub entries: u64,
	/// Entries that are not archived.
	pub open: u64,
}

/// Copies the journal `journal` into the new file `copy`, and checks the copy. A worker may use the journal meanwhile.
///
/// # Errors
///
/// Errors if there is no journal at `journal`, if `copy` exists or cannot be written, and if the copy is damaged. A copy that
/// failed is removed.
pub fn backup(journal: &Path, copy: &Path) -> Result<Copied, JournalError> {
	let expanded = |path: &Path| expand_home(path).map_err(|error| JournalError::Name { reason: error.to_string() });
	let (journal, copy) = (expanded(journal)?, expanded(copy)?);
	if !journal.is_file() {
		return Err(JournalError::Missing { path: journal });
	}
	let database = |cause| JournalError::Database { path: journal.clone(), cause };
	// Not read-only: after a crash, SQLite finishes or undoes the last change first.
	let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
	let source = Connection::open_with_flags(&journal, flags).map_err(database)?;
	match Journal::check_layout(&journal, &source) {
		Ok(LAYOUT) => {}
		Ok(_) => return Err(JournalError::NoJournal { path: journal }),
		Err(JournalError::Database { cause, .. }) if cause.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
			return Err(JournalError::NoJournal { path: journal })
		}
		Err(error) => return Err(error),
	}
	create(&copy)?;
	let copied = write(&journal, &source, &copy);
	if copied.is_err() {
		// The error of the copy is the one to report.
		let _ = std::fs::remove_file(&copy);
	}
	copied
}

/// Creates the file of the copy, for its owner only.
fn create(copy: &Path) -> Result<(), JournalError> {
	let mut options = std::fs::OpenOptions::new();
	options.write(true).create_new(true);
	#[cfg(unix)]
	{
		use std::os::unix::fs::OpenOptionsExt;
		options.mode(0o600);
	}
	options.open(copy).map(|_| ()).map_err(|cause| JournalError::Copy { path: copy.into(), cause })
}

/// Copies all pages in one step, so that the copy is of one moment.
fn write(journal: &Path, source: &Connection, copy: &Path) -> Result<Copied, JournalError> {
	let database = |cause| JournalError::Database { path: copy.into(), cause };
	let mut target = Connection::open(copy).map_err(database)?;
	copy_pages(source, &mut target).map_err(database)?;
	// The copy is one file, whatever the journal was written with.
	target.pragma_update(None, "journal_mode", "DELETE").map_err(database)?;
	let found: String = target.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(database)?;
	if found != "ok" {
		return Err(JournalError::Damaged { path: journal.into(), found });
	}
	let count = |condition: &str| -> rusqlite::Result<u64> {
		target.query_row(&format!("SELECT count(*) FROM entries {condition}"), [], |row| row.get(0))
	};
	let counted = || {
		Ok(Copied {
			journal: journal.into(),
			copy: copy.into(),
			genesis: genesis(&target)?,
			block: chain_block(&target)?,
			entries: count("")?,
			open: count("WHERE state <> 'archived'")?,
		})
	};
	counted().map_err(database)
}

fn copy_pages(source: &Connection, target: &mut Connection) -> rusqlite::Result<()> {
	target.pragma_update(None, "synchronous", "EXTRA")?;
	let backup = Backup::new(source, target)?;
	for _ in 0..ATTEMPTS {
		match backup.step(-1)? {
			StepResult::Done => return Ok(()),
			_ => std::thread::sleep(PAUSE),
		}
	}
	Err(rusqlite::Error::SqliteFailure(
		rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
		Some("the journal was being written for 10 s".into()),
	))
}
