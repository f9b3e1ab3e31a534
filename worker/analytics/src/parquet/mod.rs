//! Export of the facts to Parquet files: incremental, and safe to repeat.
//!
//! ```text
//!   FOLDER/_position.json                     next block; written last, so it says what is complete
//!   FOLDER/event/0000000000-0000004095.parquet   rows of these blocks, of a table whose rows never change
//!   FOLDER/seat/all.parquet                   all rows, of a table whose rows change; written again if one has changed
//! ```
//!
//! A file is written under another name and renamed, so a killed export leaves no half of it. Files behind the position are those of
//! such an export, and the next one removes them.

mod columns;

use crate::{facts::hex_of, postgres::TABLES, reader::connect, store::position, Position, StoreError, SCHEMA_VERSION};
use columns::write_rows;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use std::{
	cmp::Ordering,
	fs::{self, File},
	io::{self, Write},
	path::{Path, PathBuf},
};

/// File with the position of a folder.
const POSITION: &str = "_position.json";
/// File that an export locks.
const LOCK: &str = "_lock";
/// End of the name of a file that is being written.
const UNFINISHED: &str = ".part";

/// Failure of an export to Parquet files.
#[derive(Debug, thiserror::Error)]
pub enum ParquetError {
	/// The folder has other files.
	#[error("the folder {folder} has files of another program: name an empty folder, or a new one")]
	OtherFiles {
		/// The folder.
		folder: PathBuf,
	},
	/// The files were written by a newer worker. Nothing was changed.
	#[error(
		"the files of {folder} have schema version {found}, this worker writes version {SCHEMA_VERSION}: update the worker, or name \
		 another folder. Nothing was changed"
	)]
	NewerSchema {
		/// The folder.
		folder: PathBuf,
		/// Version of the files.
		found: i64,
	},
	/// The files were written by an older worker. Nothing was changed.
	#[error(
		"the files of {folder} have schema version {found}, this worker writes version {SCHEMA_VERSION}: name an empty folder, and all \
		 facts are exported again. Nothing was changed"
	)]
	OlderSchema {
		/// The folder.
		folder: PathBuf,
		/// Version of the files.
		found: i64,
	},
	/// The files have the facts of another chain.
	#[error(
		"{folder} has the facts of another chain: its block {block} is {found}, and that of the database is {expected}. Name another \
		 folder for this chain"
	)]
	OtherChain {
		/// The folder.
		folder: PathBuf,
		/// The block that differs.
		block: u32,
		/// Its hash in the folder.
		found: String,
		/// Its hash in the database.
		expected: String,
	},
	/// The folder has more blocks than the database.
	#[error(
		"{folder} has block {block}, and the database {path} ends before it: fill the database with `doin-worker index` first"
	)]
	Ahead {
		/// The folder.
		folder: PathBuf,
		/// Last block of the folder.
		block: u32,
		/// The database.
		path: PathBuf,
	},
	/// The database begins behind the last block of the folder.
	#[error(
		"{folder} ends with block {block}, and the database {path} begins with block {first}: the blocks between them would be missing. \
		 Name an empty folder, or a database that has these blocks"
	)]
	Behind {
		/// The folder.
		folder: PathBuf,
		/// Last block of the folder.
		block: u32,
		/// The database.
		path: PathBuf,
		/// First block of the database.
		first: u32,
	},
	/// Another export writes the folder.
	#[error("another export writes to {folder}: wait until it ends, and start again")]
	Locked {
		/// The folder.
		folder: PathBuf,
	},
	/// A file cannot be written or read.
	#[error("cannot write {path}: check its folder, disk and permissions, and start again. Nothing is lost")]
	Write {
		/// The file.
		path: PathBuf,
		/// Error of the file.
		#[source]
		cause: Box<dyn std::error::Error + Send + Sync>,
	},
	/// The database of facts cannot be read.
	#[error(transparent)]
	Store(#[from] StoreError),
}

/// Result of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportedFiles {
	/// Number of blocks that were new to the folder.
	pub blocks: u32,
	/// Number of files that were written.
	pub files: u32,
	/// Number of rows in them.
	pub rows: u64,
	/// Last block in the folder; `None` if the database has none.
	pub last: Option<u32>,
}

/// Position of a folder.
#[derive(Debug, Deserialize, Serialize)]
struct State {
	schema: i64,
	genesis: String,
	next_block: u32,
	last_hash: String,
}

/// Exports the facts of the database at `path` that the files of `folder` do not have. The folder is created if there is none.
///
/// # Errors
/// Errors if the database cannot be read, if a file cannot be written, or if the folder belongs to another chain or program. The folder
/// has the facts of earlier exports then.
pub fn export_parquet(path: &Path, folder: &Path) -> Result<ExportedFiles, ParquetError> {
	let database = connect(path)?;
	fs::create_dir_all(folder).map_err(|cause| written(folder, cause))?;
	let _lock = lock(folder)?;
	let state = state(folder)?;
	let of = |cause| StoreError::of(path, cause);
	// One moment for all tables.
	let moment = database.unchecked_transaction().map_err(of)?;
	let Some(end) = position(&moment).map_err(of)? else { return Ok(ExportedFiles::default()) };
	let first = next_block(&moment, path, folder, state.as_ref(), &end)?;
	let mut exported = ExportedFiles { blocks: end.last + 1 - first, last: Some(end.last), ..ExportedFiles::default() };
	if exported.blocks == 0 {
		return Ok(exported);
	}
	for table in TABLES {
		let place = folder.join(table.name);
		fs::create_dir_all(&place).map_err(|cause| written(&place, cause))?;
		remove_unfinished(&place, first)?;
		let changes = table.block == "changed_block";
		let query = format!("SELECT EXISTS (SELECT 1 FROM {} WHERE {} >= ?1)", table.name, table.block);
		if !moment.query_row(&query, [first], |row| row.get::<_, bool>(0)).map_err(of)? {
			continue;
		}
		let (name, from) = match changes {
			true => ("all.parquet".into(), 0),
			false => (format!("{first:010}-{:010}.parquet", end.last), first),
		};
		let query = format!("FROM {} WHERE {} >= {from} ORDER BY {}", table.name, table.block, table.key);
		exported.rows += replace(&place.join(name), |file| write_rows(&moment, path, table.name, &query, file))?;
		exported.files += 1;
	}
	let state =
		State { schema: SCHEMA_VERSION, genesis: hex_of(&end.genesis), next_block: end.next(), last_hash: hex_of(&end.hash) };
	let target = folder.join(POSITION);
	let text = serde_json::to_vec(&state).map_err(|cause| written(&target, cause))?;
	replace(&target, |file| file.write_all(&text).map_err(Failure::file))?;
	Ok(exported)
}

/// Reason for which a file was not written.
enum Failure {
	File(Box<dyn std::error::Error + Send + Sync>),
	Store(StoreError),
}

impl Failure {
	fn file(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
		Self::File(cause.into())
	}
}

fn written(path: &Path, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ParquetError {
	ParquetError::Write { path: path.into(), cause: cause.into() }
}

/// Writes a file under another name, and gives it its own name once it is complete.
fn replace<T>(path: &Path, write: impl FnOnce(&mut File) -> Result<T, Failure>) -> Result<T, ParquetError> {
	let mut unfinished = path.as_os_str().to_owned();
	unfinished.push(UNFINISHED);
	let of = |cause: io::Error| written(path, cause);
	let mut file = File::create(&unfinished).map_err(of)?;
	let result = write(&mut file).map_err(|failure| match failure {
		Failure::File(cause) => ParquetError::Write { path: path.into(), cause },
		Failure::Store(error) => error.into(),
	})?;
	file.sync_all().map_err(of)?;
	fs::rename(&unfinished, path).map_err(of)?;
	Ok(result)
}

/// Locks a folder until the returned file is dropped.
fn lock(folder: &Path) -> Result<File, ParquetError> {
	let path = folder.join(LOCK);
	let file = File::options().create(true).append(true).open(&path).map_err(|cause| written(&path, cause))?;
	match file.try_lock() {
		Ok(()) => Ok(file),
		Err(fs::TryLockError::WouldBlock) => Err(ParquetError::Locked { folder: folder.into() }),
		Err(fs::TryLockError::Error(cause)) => Err(written(&path, cause)),
	}
}

/// Returns the position of a folder; `None` for an empty one.
fn state(folder: &Path) -> Result<Option<State>, ParquetError> {
	let path = folder.join(POSITION);
	match fs::read(&path) {
		Ok(text) => {
			let state: State = serde_json::from_slice(&text).map_err(|_| ParquetError::OtherFiles { folder: folder.into() })?;
			match state.schema.cmp(&SCHEMA_VERSION) {
				Ordering::Greater => Err(ParquetError::NewerSchema { folder: folder.into(), found: state.schema }),
				Ordering::Less => Err(ParquetError::OlderSchema { folder: folder.into(), found: state.schema }),
				Ordering::Equal => Ok(Some(state)),
			}
		}
		Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
			// An export that was killed before its end leaves folders of tables.
			let names = fs::read_dir(folder).map_err(|cause| written(folder, cause))?.flatten().map(|entry| entry.file_name());
			let is_ours = |name: &std::ffi::OsString| {
				name.to_str().is_some_and(|name| name.starts_with('_') || TABLES.iter().any(|table| table.name == name))
			};
			match names.into_iter().all(|name| is_ours(&name)) {
				true => Ok(None),
				false => Err(ParquetError::OtherFiles { folder: folder.into() }),
			}
		}
		Err(cause) => Err(written(&path, cause)),
	}
}

/// Returns the next block of a folder, if the block before it is that of the database.
fn next_block(
	database: &Connection,
	path: &Path,
	folder: &Path,
	state: Option<&State>,
	end: &Position,
) -> Result<u32, ParquetError> {
	let Some(State { genesis, next_block, last_hash, .. }) = state else { return Ok(end.first) };
	let other = |block, found: &str, expected: String| {
		Err(ParquetError::OtherChain { folder: folder.into(), block, found: found.into(), expected })
	};
	if *genesis != hex_of(&end.genesis) {
		return other(0, genesis, hex_of(&end.genesis));
	}
	let Some(last) = next_block.checked_sub(1) else { return Ok(0) };
	if *next_block < end.first {
		return Err(ParquetError::Behind { folder: folder.into(), block: last, path: path.into(), first: end.first });
	}
	let hash = database.query_row("SELECT hash FROM block WHERE number = ?1", [last], |row| row.get::<_, String>(0)).optional();
	match hash.map_err(|cause| StoreError::of(path, cause))? {
		// The block before the first one of the database.
		None if *next_block == end.first => Ok(*next_block),
		None => Err(ParquetError::Ahead { folder: folder.into(), block: last, path: path.into() }),
		Some(expected) if expected != *last_hash => other(last, last_hash, expected),
		Some(_) => Ok(*next_block),
	}
}

/// Removes the files of an export that was killed: those that begin with block `first` or later, and those without their name.
fn remove_unfinished(place: &Path, first: u32) -> Result<(), ParquetError> {
	for entry in fs::read_dir(place).map_err(|cause| written(place, cause))?.flatten() {
		let name = entry.file_name().to_string_lossy().into_owned();
		let begins = name.split_once('-').and_then(|(begins, _)| begins.parse::<u32>().ok());
		if name.ends_with(UNFINISHED) || begins.is_some_and(|begins| begins >= first) {
			fs::remove_file(entry.path()).map_err(|cause| written(&entry.path(), cause))?;
		}
	}
	Ok(())
}
