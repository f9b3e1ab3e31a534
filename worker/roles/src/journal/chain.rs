//! Chain that a journal belongs to.

use super::{Journal, JournalError};
use doin_chain::Head;
use doin_primitives::Hash;
use rusqlite::{params, Connection, OptionalExtension};
use std::path::{Path, PathBuf};

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

	/// Moves the file aside, since the node is at another chain: the one of `genesis` with the block `found`. The file that was
	/// moved aside for that chain earlier, if any, takes its place, otherwise a new one. Returns the name that the file has now.
	///
	/// # Errors
	///
	/// Errors if the file cannot be renamed, or if the database fails.
	pub fn set_aside(&mut self, genesis: Hash, found: Head) -> Result<PathBuf, JournalError> {
		let own = self.chain_block()?.map_or([0; 32], |block| block.hash);
		let aside = unused(&self.path, own);
		let rename = |from: &Path, to: &Path| {
			let (path, aside) = (from.to_path_buf(), to.to_path_buf());
			std::fs::rename(from, to).map_err(|cause| JournalError::SetAside { path, aside, cause })
		};
		// The file has to be closed while it is renamed.
		let closed = Connection::open_in_memory().map_err(|cause| self.error(cause))?;
		drop(std::mem::replace(self.database.get_mut(), closed));
		rename(&self.path, &aside)?;
		let earlier = name_aside(&self.path, found.hash, 0);
		if earlier.exists() {
			let database = Connection::open(&earlier).map_err(|cause| self.error(cause))?;
			let belongs = || Ok(self::genesis(&database)? == Some(genesis) && chain_block(&database)? == Some(found));
			let belongs: rusqlite::Result<bool> = belongs();
			drop(database);
			if belongs.unwrap_or(false) {
				rename(&earlier, &self.path)?;
			}
		}
		*self.database.get_mut() = Self::connect(&self.path)?;
		self.bind(genesis)?;
		self.set_chain_block(found)?;
		Ok(aside)
	}
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
	let stem = path.file_stem().unwrap_or_default().to_string_lossy();
	let copy = if copy == 0 { String::new() } else { format!("-{copy}") };
	let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
	path.with_file_name(format!("{stem}-{}{copy}{extension}", hex::encode(&block[..4])))
}

/// Returns the first name of that form that no file has.
fn unused(path: &Path, block: Hash) -> PathBuf {
	let mut names = (0..).map(|copy| name_aside(path, block, copy));
	names.find(|name| !name.exists()).unwrap_or_else(|| path.into())
}
