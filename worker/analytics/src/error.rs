//! Errors of the database of facts.

use crate::{block::Hash, facts::hex_of, FactsError, SCHEMA_VERSION};
use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Failure of the database of facts, or of a file that is made from it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
	/// There is no such file.
	#[error("there is no database {path}: `doin-worker index --olap-db {path}` makes it")]
	Missing {
		/// The file.
		path: PathBuf,
	},
	/// The file exists, and a new one was asked for.
	#[error("{path} exists, and a rebuild never overwrites a file: name a new file")]
	Exists {
		/// The file.
		path: PathBuf,
	},
	/// The file has other tables.
	#[error("{path} was not written by `doin-worker index`: name another file with --olap-db")]
	OtherFile {
		/// The file.
		path: PathBuf,
	},
	/// The file was written by a newer worker. Nothing was changed.
	#[error(
		"the database {path} has schema version {found}, this worker writes version {SCHEMA_VERSION}: update the worker, or name \
		 another file with --olap-db. Nothing was changed"
	)]
	NewerSchema {
		/// The file.
		path: PathBuf,
		/// Its version.
		found: i64,
	},
	/// The file was written by an older worker. Nothing was changed.
	#[error(
		"the database {path} has schema version {found}, this worker writes version {SCHEMA_VERSION}: move the file away, or name \
		 another file with --olap-db, and the facts are read again from the blocks. Nothing was changed"
	)]
	OlderSchema {
		/// The file.
		path: PathBuf,
		/// Its version.
		found: i64,
	},
	/// The file belongs to another network.
	#[error(
		"the database {path} belongs to the network with genesis {}, the node to the one with genesis {}: name another file for \
		 this network with --olap-db", hex_of(.found), hex_of(.expected)
	)]
	OtherGenesis {
		/// The file.
		path: PathBuf,
		/// Genesis hash of the file.
		found: Hash,
		/// Genesis hash of the node.
		expected: Hash,
	},
	/// The file has a block that the chain does not have.
	#[error(
		"block {block} of the database {path} is {}, and that of the node is {}: the chain began anew. Name a new file with \
		 --olap-db, or a node of the former chain with --url", hex_of(.stored), hex_of(.found)
	)]
	BeganAnew {
		/// The file.
		path: PathBuf,
		/// The block, which the node has finalized.
		block: u32,
		/// Its hash in the file.
		stored: Hash,
		/// Its hash at the node.
		found: Hash,
	},
	/// A block does not follow the last one of the file.
	#[error(
		"block {number} with the parent {} does not follow the last block of the database {path}, which is {}: the chain began \
		 anew, or another process writes the file. Stop the other process, or name a new file with --olap-db",
		hex_of(.parent), last_text(.last)
	)]
	NotNext {
		/// The file.
		path: PathBuf,
		/// Number of the block.
		number: u32,
		/// Its parent.
		parent: Hash,
		/// Number and hash of the last block of the file.
		last: Option<(u32, Hash)>,
	},
	/// Another process holds a lock.
	#[error(
		"the database {path} is locked by another process: stop the other indexer or the program that has it open, and start again"
	)]
	Locked {
		/// The file.
		path: PathBuf,
		/// Error of SQLite.
		#[source]
		cause: rusqlite::Error,
	},
	/// The disk has no space left.
	#[error(
		"the disk of the database {path} is full: free some space. The last blocks were not stored, and are read again; all earlier \
		 ones are complete"
	)]
	Full {
		/// The file.
		path: PathBuf,
		/// Error of SQLite.
		#[source]
		cause: rusqlite::Error,
	},
	/// The file is damaged, or no database.
	#[error(
		"{path} is damaged, or is not a SQLite database: name another file with --olap-db. Its facts can be read again from an \
		 archive node"
	)]
	Damaged {
		/// The file.
		path: PathBuf,
		/// Error of SQLite.
		#[source]
		cause: rusqlite::Error,
	},
	/// The database failed.
	#[error("cannot use the database {path}: check its folder, disk and permissions")]
	Database {
		/// The file.
		path: PathBuf,
		/// Error of SQLite.
		#[source]
		cause: rusqlite::Error,
	},
	/// An event could not be read.
	#[error(transparent)]
	Facts(#[from] FactsError),
	/// The file cannot be renamed.
	#[error("cannot rename the database {path}: check its folder and permissions")]
	Rename {
		/// The file.
		path: PathBuf,
		/// Error of the file system.
		#[source]
		cause: std::io::Error,
	},
	/// The file of rounds has other columns.
	#[error("the first line of {path} does not name the columns of rounds: name another file, or a new one")]
	OtherColumns {
		/// The file.
		path: PathBuf,
	},
	/// The last row of the file of rounds is no round of the database.
	#[error("the last row of {path} is the round `{round}`, which the database does not have: name another file, or a new one")]
	UnknownRound {
		/// The file.
		path: PathBuf,
		/// Identifier of the round.
		round: String,
	},
	/// Another process appends to the file of rounds.
	#[error("another process appends to {path}: stop it, or name another file")]
	CsvLocked {
		/// The file.
		path: PathBuf,
	},
	/// The file of rounds cannot be read or written.
	#[error("cannot write {path}: check its folder, disk and permissions")]
	Csv {
		/// The file.
		path: PathBuf,
		/// Error of the file.
		#[source]
		cause: csv::Error,
	},
}

fn last_text(last: &Option<(u32, Hash)>) -> String {
	last.map_or("none".into(), |(number, hash)| format!("block {number}, {}", hex_of(&hash)))
}

impl StoreError {
	/// Returns `true` if a later attempt may succeed without a change of the command: the file does not exist yet, is locked, its disk
	/// is full or fails, or another process has stored blocks meanwhile.
	pub fn is_temporary(&self) -> bool {
		match self {
			Self::Missing { .. } | Self::Locked { .. } | Self::Full { .. } | Self::NotNext { .. } => true,
			Self::Database { cause, .. } => {
				matches!(cause.sqlite_error_code(), Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen))
			}
			Self::Csv { cause, .. } => {
				matches!(cause.kind(), csv::ErrorKind::Io(cause) if cause.kind() == std::io::ErrorKind::StorageFull)
			}
			_ => false,
		}
	}

	/// Returns the error of SQLite as an error of this file.
	pub(crate) fn of(path: &Path, cause: rusqlite::Error) -> Self {
		use ErrorCode::{DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase};
		let path = path.into();
		match cause.sqlite_error_code() {
			Some(DatabaseBusy | DatabaseLocked) => Self::Locked { path, cause },
			Some(DiskFull) => Self::Full { path, cause },
			Some(DatabaseCorrupt | NotADatabase) => Self::Damaged { path, cause },
			_ => Self::Database { path, cause },
		}
	}
}
