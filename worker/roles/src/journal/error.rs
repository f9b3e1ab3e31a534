//! Errors of the journal.

use super::{Scope, LAYOUT};
use std::path::PathBuf;

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
	/// The name of the file cannot be resolved.
	#[error("{reason}")]
	Name {
		/// Reason, with the next step.
		reason: String,
	},
	/// The file has hard links, so that another worker may use it by another name.
	#[error(
		"the journal {path} has {names} names (hard links), and another worker may use it by another one: remove the other names, or \
		 copy it with `doin-worker journal backup {path} NEW` and choose the copy with --journal"
	)]
	SeveralNames {
		/// File of the journal.
		path: PathBuf,
		/// Number of its names.
		names: u64,
	},
	/// A copy was asked for, and there is no such file.
	#[error("there is no journal {path}: name the file that the worker writes with --journal")]
	Missing {
		/// File of the journal.
		path: PathBuf,
	},
	/// A file that no worker has written.
	#[error("{path} is not a journal of a worker: name the file that the worker writes with --journal")]
	NoJournal {
		/// The file.
		path: PathBuf,
	},
	/// The copy cannot be created.
	#[error("cannot create the copy {path}: an existing file is never overwritten; choose a new name in a writable folder")]
	Copy {
		/// File of the copy.
		path: PathBuf,
		/// Error of the file system.
		#[source]
		cause: std::io::Error,
	},
	/// The copy is damaged. It was removed.
	#[error("the copy of the journal {path} is damaged ({found}): check the disks of both files, and copy again")]
	Damaged {
		/// File of the journal.
		path: PathBuf,
		/// Finding of SQLite.
		found: String,
	},
	/// The file cannot be moved aside.
	#[error("cannot rename the journal {path} to {aside}: rename it by hand, or choose another file with --journal")]
	SetAside {
		/// File of the journal.
		path: PathBuf,
		/// New name.
		aside: PathBuf,
		/// Error of the file system.
		#[source]
		cause: std::io::Error,
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
