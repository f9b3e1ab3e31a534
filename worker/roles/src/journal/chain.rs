//! Chain that a journal belongs to.

use super::{folder_of, Journal, JournalError};
use doin_chain::Head;
use doin_primitives::{BlockNumber, Hash};
use rusqlite::{params, Connection, OpenFlags, OptionalExtension};
use std::path::{Path, PathBuf};

/// Number of the block that a chain is known by, beside its genesis: the first one that differs if the chain begins anew.
pub const FIRST_BLOCK: BlockNumber = 1;

/// Outcome of [`Journal::bind_to_block`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
	/// The journal belongs to the chain.
	Same,
	/// The journal of another chain was moved aside, to the file of this name.
	MovedAside(PathBuf),
	/// An earlier journal of the chain, which had been moved aside, took the place of an unused one.
	TakenUp,
}

impl Journal {
	/// Binds a new journal to the network with the first block `genesis`.
	///
	/// # Errors
	///
	/// Errors if the journal belongs to another network.
	pub fn bind(&self, genesis: Hash) -> Result<(), JournalError> {
		let database = self.database();
		let bind = || match self::genesis(&database)? {
			Some(found) => Ok(found),
			None => database.execute("INSERT INTO network VALUES (?)", params![&genesis[..]]).map(|_| genesis),
		};
		match bind().map_err(|cause| self.error(cause))? {
			found if found == genesis => Ok(()),
			found => Err(JournalError::OtherNetwork {
				path: self.path.clone(),
				found: hex::encode(found),
				expected: hex::encode(genesis),
			}),
		}
	}

	/// Returns the block that the chain of the journal is known by, beside its genesis; `None` before the first block was
	/// finalized. A chain that began anew has the same genesis and another block of that number.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn chain_block(&self) -> Result<Option<Head>, JournalError> {
		chain_block(&self.database()).map_err(|cause| self.error(cause))
	}

	/// Sets the block that the chain is known by, unless there is one. The block is a finalized one.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn set_chain_block(&self, block: Head) -> Result<(), JournalError> {
		let sql = "INSERT INTO chain_block SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM chain_block)";
		let set = self.database().execute(sql, params![block.number, &block.hash[..]]);
		set.map(|_| ()).map_err(|cause| self.error(cause))
	}

	/// Returns the number of the block by which the chain of the node has to be compared with that of the journal; `None` for a
	/// journal that belongs to any chain of its network.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn block_to_compare(&self) -> Result<Option<BlockNumber>, JournalError> {
		if let Some(known) = self.chain_block()? {
			return Ok(Some(known.number));
		}
		Ok((self.is_unused()? && self.has_files_aside()).then_some(FIRST_BLOCK))
	}

	/// Binds the journal to the chain of `genesis` with the block `found`, whose number is that of
	/// [`Journal::block_to_compare`]. The file of another chain is moved aside. The file that was moved aside for this chain
	/// earlier, if any, takes its place, otherwise a new one.
	///
	/// A crash at any moment loses nothing: a file is only renamed, and an unused file in its place is replaced by the earlier
	/// one at the next start.
	///
	/// # Errors
	///
	/// Errors if a file cannot be renamed, or if the database fails.
	pub fn bind_to_block(&mut self, genesis: Hash, found: Head) -> Result<Binding, JournalError> {
		match self.chain_block()? {
			Some(known) if known == found => Ok(Binding::Same),
			Some(_) => {
				let aside = self.move_aside()?;
				self.take_earlier(genesis, found)?;
				self.reopen()?;
				self.bind(genesis)?;
				self.set_chain_block(found)?;
				Ok(Binding::MovedAside(aside))
			}
			None if self.is_unused()? => {
				self.close()?;
				let is_taken = self.take_earlier(genesis, found)?;
				self.reopen()?;
				Ok(if is_taken { Binding::TakenUp } else { Binding::Same })
			}
			None => Ok(Binding::Same),
		}
	}

	/// Closes the file, and renames it after the block that its chain is known by. Returns its new name.
	pub(super) fn move_aside(&mut self) -> Result<PathBuf, JournalError> {
		let own = self.chain_block()?.map_or([0; 32], |block| block.hash);
		let aside = unused(&self.path, own);
		self.close()?;
		rename(&self.path, &aside)?;
		Ok(aside)
	}

	/// Gives the file that was moved aside for the chain of `genesis` with the block `found` its name back. Returns `false` if
	/// there is none. A file of that name has to be closed, and is replaced.
	pub(super) fn take_earlier(&self, genesis: Hash, found: Head) -> Result<bool, JournalError> {
		let belongs = |path: &PathBuf| -> rusqlite::Result<bool> {
			let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
			Ok(self::genesis(&database)? == Some(genesis) && chain_block(&database)? == Some(found))
		};
		// A file of the lowest number may be missing.
		let mut names: Vec<PathBuf> = self.files_aside().collect();
		names.sort();
		match names.into_iter().find(|name| belongs(name).unwrap_or(false)) {
			Some(earlier) => rename(&earlier, &self.path).map(|()| true),
			None => Ok(false),
		}
	}

	/// Closes the file. A database in memory takes its place until [`Journal::reopen`].
	fn close(&mut self) -> Result<(), JournalError> {
		let closed = Connection::open_in_memory().map_err(|cause| self.error(cause))?;
		drop(std::mem::replace(self.database.get_mut(), closed));
		Ok(())
	}

	fn reopen(&mut self) -> Result<(), JournalError> {
		*self.database.get_mut() = Self::connect(&self.path)?;
		Ok(())
	}

	/// Returns `true` if the journal has never had an entry.
	fn is_unused(&self) -> Result<bool, JournalError> {
		let sql = "SELECT NOT EXISTS (SELECT 1 FROM entries) AND NOT EXISTS (SELECT 1 FROM replaced)";
		self.database().query_row(sql, [], |row| row.get(0)).map_err(|cause| self.error(cause))
	}

	/// Returns `true` if files were moved aside from the name of the journal.
	fn has_files_aside(&self) -> bool {
		self.files_aside().next().is_some()
	}

	/// Returns the files that were moved aside from the name of the journal.
	fn files_aside(&self) -> impl Iterator<Item = PathBuf> + '_ {
		let files = std::fs::read_dir(folder_of(&self.path)).into_iter().flatten().flatten();
		files.filter(|file| is_name_aside(&self.path, &file.file_name().to_string_lossy())).map(|file| file.path())
	}
}

/// Renames a file. The new name is on the disk before the call returns.
fn rename(path: &Path, aside: &Path) -> Result<(), JournalError> {
	let renamed = std::fs::rename(path, aside);
	#[cfg(unix)]
	let renamed = renamed.and_then(|()| std::fs::File::open(folder_of(aside))?.sync_all());
	renamed.map_err(|cause| JournalError::SetAside { path: path.into(), aside: aside.into(), cause })
}

/// Returns the genesis hash that the journal belongs to.
pub(super) fn genesis(database: &Connection) -> rusqlite::Result<Option<Hash>> {
	database.query_row("SELECT genesis FROM network", [], |row| row.get(0)).optional()
}

/// Returns the block that the chain of the journal is known by.
pub(super) fn chain_block(database: &Connection) -> rusqlite::Result<Option<Head>> {
	let read = |row: &rusqlite::Row| Ok(Head { number: row.get(0)?, hash: row.get(1)? });
	database.query_row("SELECT number, hash FROM chain_block", [], read).optional()
}

/// Returns the name of a journal that is moved aside: `worker.db` of the chain with block 0x1234abcd… becomes
/// `worker-1234abcd.db`, and a second one `worker-1234abcd-1.db`.
fn name_aside(path: &Path, block: Hash, copy: usize) -> PathBuf {
	let (stem, extension) = parts(path);
	let copy = if copy == 0 { String::new() } else { format!("-{copy}") };
	path.with_file_name(format!("{stem}-{}{copy}{extension}", hex::encode(&block[..4])))
}

/// Returns `true` if [`name_aside`] can return this name of a file.
pub(super) fn is_name_aside(path: &Path, name: &str) -> bool {
	let (stem, extension) = parts(path);
	let rest = name.strip_prefix(&stem).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(&extension));
	let Some((block, copy)) = rest.and_then(|rest| rest.split_at_checked(8)) else { return false };
	block.bytes().all(|digit| digit.is_ascii_hexdigit()) && (copy.is_empty() || copy.starts_with('-'))
}

/// Returns the name of a file without its extension, and the extension with its dot.
fn parts(path: &Path) -> (String, String) {
	let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
	(path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), extension)
}

/// Returns the first name of that form that no file has.
fn unused(path: &Path, block: Hash) -> PathBuf {
	let mut names = (0..).map(|copy| name_aside(path, block, copy));
	names.find(|name| !name.exists()).unwrap_or_else(|| path.into())
}
