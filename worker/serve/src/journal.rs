//! Journal of vouchers: the newest voucher of each channel of a server, on disk before an answer is sent.
//!
//! The file is SQLite with a write-ahead log, since a voucher is due in milliseconds and there are thousands in a second. One thread writes
//! all vouchers that wait in one transaction, and the call returns after the log is on the disk. A channel has one row, so the file does not
//! grow with the number of requests. Chains that began anew have rows of their own: a row is keyed by a block of its chain too.

use crate::voucher::{Kept, Offered};
use doin_primitives::{channel::ChannelId, Balance, Hash};
use parking_lot::Mutex;
use rusqlite::{params, Connection, OptionalExtension};
use std::{
	path::{Path, PathBuf},
	sync::Arc,
	thread::JoinHandle,
};
use tokio::sync::{mpsc, oneshot};

/// Vouchers that wait for the disk at most. A request that finds no place is refused.
const WAITING: usize = 4_096;
/// Vouchers of one transaction at most.
const GROUP: usize = 1_024;
/// Wait for another process that reads the file.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// Table of the newest vouchers. Amounts are little-endian bytes, since integers of SQLite have 64 bits.
const TABLES: &str = "
	CREATE TABLE IF NOT EXISTS vouchers (
		chain BLOB NOT NULL, channel BLOB NOT NULL, cumulative BLOB NOT NULL, signature BLOB NOT NULL, request BLOB NOT NULL,
		PRIMARY KEY (chain, channel)
	);
";

/// Failure of the journal of vouchers.
#[derive(Debug, thiserror::Error)]
pub enum VoucherError {
	/// The database failed, e.g. because the disk is full.
	#[error("cannot use the journal of vouchers {path}: check its disk and permissions")]
	Database {
		/// File of the journal.
		path: PathBuf,
		/// Error of SQLite.
		#[source]
		cause: rusqlite::Error,
	},
	/// A voucher was not written.
	#[error("the voucher is not journalled: {reason}")]
	NotWritten {
		/// Reason of the failure.
		reason: String,
	},
	/// Too many vouchers wait for the disk.
	#[error("{WAITING} vouchers wait for the disk")]
	Busy,
}

/// A voucher that waits for the disk.
struct Waiting {
	offered: Offered,
	written: oneshot::Sender<Result<(), String>>,
}

/// The journal of vouchers of one chain. Dropping the value ends its thread after what waits is written.
pub struct VoucherJournal {
	path: PathBuf,
	chain: Hash,
	reader: Mutex<Connection>,
	waiting: Option<mpsc::Sender<Waiting>>,
	writer: Option<JoinHandle<()>>,
	/// Connection of the thread, by which tests make writes fail.
	#[cfg_attr(not(test), allow(dead_code, reason = "only tests use it"))]
	writing: Arc<Mutex<Connection>>,
}

impl std::fmt::Debug for VoucherJournal {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("VoucherJournal").field("path", &self.path).finish_non_exhaustive()
	}
}

impl Drop for VoucherJournal {
	fn drop(&mut self) {
		drop(self.waiting.take());
		if let Some(writer) = self.writer.take() {
			// A panic of the thread was reported to those that waited.
			let _ = writer.join();
		}
	}
}

impl VoucherJournal {
	/// Opens the journal at `path` for the chain that block `chain` belongs to, or creates it.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read and written.
	pub fn open(path: &Path, chain: Hash) -> Result<Self, VoucherError> {
		let error = |cause| VoucherError::Database { path: path.into(), cause };
		let writing = Arc::new(Mutex::new(connect(path).map_err(error)?));
		let reader = Mutex::new(connect(path).map_err(error)?);
		let (waiting, mut arriving) = mpsc::channel(WAITING);
		let connection = writing.clone();
		let writer = std::thread::spawn(move || {
			while let Some(first) = arriving.blocking_recv() {
				let mut group = vec![first];
				while group.len() < GROUP {
					let Ok(next) = arriving.try_recv() else { break };
					group.push(next);
				}
				let written = write(&mut connection.lock(), &chain, &group).map_err(|error| error.to_string());
				for Waiting { written: answer, .. } in group {
					// The request may have been cut.
					let _ = answer.send(written.clone());
				}
			}
		});
		Ok(Self { path: path.into(), chain, reader, waiting: Some(waiting), writer: Some(writer), writing })
	}

	/// Returns the file of the journal.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Writes a voucher. It is on the disk when the call returns.
	///
	/// # Errors
	///
	/// Errors if it cannot be written, e.g. on a full disk, and if too many vouchers wait. Nothing of it is on the disk then.
	pub async fn write(&self, offered: Offered) -> Result<(), VoucherError> {
		let not_written = |reason: &str| VoucherError::NotWritten { reason: reason.into() };
		let waiting = self.waiting.as_ref().ok_or_else(|| not_written("the worker is ending"))?;
		let (written, answer) = oneshot::channel();
		waiting.try_send(Waiting { offered, written }).map_err(|_| VoucherError::Busy)?;
		match answer.await {
			Ok(Ok(())) => Ok(()),
			Ok(Err(reason)) => Err(VoucherError::NotWritten { reason }),
			Err(_) => Err(not_written("its thread has ended")),
		}
	}

	/// Returns the newest voucher of a channel.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn newest(&self, channel: &ChannelId) -> Result<Option<Kept>, VoucherError> {
		let sql = "SELECT cumulative, signature, request FROM vouchers WHERE chain = ? AND channel = ?";
		let read = |row: &rusqlite::Row| {
			Ok(Kept { cumulative: Balance::from_le_bytes(row.get(0)?), signature: row.get(1)?, request: row.get(2)? })
		};
		let found = self.reader.lock().query_row(sql, params![&self.chain[..], &channel[..]], read).optional();
		found.map_err(|cause| self.error(cause))
	}

	/// Returns the newest vouchers of all channels of the chain.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn all(&self) -> Result<Vec<Offered>, VoucherError> {
		let read = |row: &rusqlite::Row| {
			let kept = Kept { cumulative: Balance::from_le_bytes(row.get(1)?), signature: row.get(2)?, request: row.get(3)? };
			Ok(Offered { channel: row.get(0)?, kept })
		};
		let select = || {
			let reader = self.reader.lock();
			let mut rows = reader.prepare("SELECT channel, cumulative, signature, request FROM vouchers WHERE chain = ?")?;
			let found: rusqlite::Result<Vec<Offered>> = rows.query_map(params![&self.chain[..]], read)?.collect();
			found
		};
		select().map_err(|cause| self.error(cause))
	}

	/// Removes the voucher of a channel that is removed from the chain.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn remove(&self, channel: &ChannelId) -> Result<(), VoucherError> {
		let sql = "DELETE FROM vouchers WHERE chain = ? AND channel = ?";
		let removed = self.reader.lock().execute(sql, params![&self.chain[..], &channel[..]]);
		removed.map(|_| ()).map_err(|cause| self.error(cause))
	}

	/// Makes every write fail, as on a full disk.
	#[cfg(test)]
	pub(crate) fn refuse_writes(&self, refuses: bool) {
		self.writing.lock().pragma_update(None, "query_only", refuses).expect("the pragma exists");
	}

	fn error(&self, cause: rusqlite::Error) -> VoucherError {
		VoucherError::Database { path: self.path.clone(), cause }
	}
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
	let connection = Connection::open(path)?;
	connection.busy_timeout(BUSY)?;
	connection.pragma_update(None, "journal_mode", "WAL")?;
	connection.pragma_update(None, "synchronous", "FULL")?;
	connection.execute_batch(TABLES)?;
	Ok(connection)
}

/// Writes a group of vouchers in one transaction. Of several of one channel, the largest one stays. Of equal ones the last one stays: the
/// request of an earlier one was cut, and is not answered any more.
fn write(connection: &mut Connection, chain: &Hash, group: &[Waiting]) -> rusqlite::Result<()> {
	let transaction = connection.transaction()?;
	{
		let mut known = transaction.prepare_cached("SELECT cumulative FROM vouchers WHERE chain = ? AND channel = ?")?;
		let mut insert = transaction.prepare_cached("INSERT OR REPLACE INTO vouchers VALUES (?, ?, ?, ?, ?)")?;
		for Waiting { offered: Offered { channel, kept }, .. } in group {
			let read = |row: &rusqlite::Row| Ok(Balance::from_le_bytes(row.get(0)?));
			let newest: Option<Balance> = known.query_row(params![&chain[..], &channel[..]], read).optional()?;
			if newest.is_some_and(|newest| newest > kept.cumulative) {
				continue;
			}
			let cumulative = kept.cumulative.to_le_bytes();
			insert.execute(params![&chain[..], &channel[..], &cumulative[..], &kept.signature[..], &kept.request[..]])?;
		}
	}
	transaction.commit()
}

#[cfg(test)]
mod tests {
	use super::*;
	use tempfile::TempDir;

	const CHAIN: Hash = [1; 32];

	fn offered(channel: u8, cumulative: Balance) -> Offered {
		let kept = Kept { cumulative, signature: [channel; 64], request: [9; 32] };
		Offered { channel: [channel; 32], kept }
	}

	fn open(folder: &TempDir) -> VoucherJournal {
		VoucherJournal::open(&folder.path().join("vouchers.db"), CHAIN).unwrap()
	}

	#[tokio::test]
	async fn the_newest_voucher_of_a_channel_is_found_after_a_restart() {
		let folder = tempfile::tempdir().unwrap();
		let journal = open(&folder);
		for voucher in [offered(1, 10), offered(2, Balance::MAX), offered(1, 20), offered(1, 15)] {
			journal.write(voucher).await.unwrap();
		}
		drop(journal);
		let journal = open(&folder);
		assert_eq!(journal.newest(&[1; 32]).unwrap(), Some(offered(1, 20).kept), "amounts never fall");
		assert_eq!(journal.newest(&[2; 32]).unwrap(), Some(offered(2, Balance::MAX).kept));
		assert_eq!((journal.newest(&[3; 32]).unwrap(), journal.all().unwrap().len()), (None, 2));
		journal.remove(&[1; 32]).unwrap();
		assert_eq!(journal.all().unwrap(), [offered(2, Balance::MAX)]);
	}

	#[tokio::test]
	async fn a_voucher_pays_for_the_last_request_that_it_was_journalled_with() {
		let folder = tempfile::tempdir().unwrap();
		let journal = open(&folder);
		let cut = offered(1, 10);
		let answered = Offered { kept: Kept { request: [8; 32], ..cut.kept }, ..cut };
		journal.write(cut).await.unwrap();
		journal.write(answered).await.unwrap();
		assert_eq!(journal.newest(&[1; 32]).unwrap(), Some(answered.kept), "the request that was cut is not answered too");
	}

	#[tokio::test]
	async fn a_chain_that_began_anew_has_vouchers_of_its_own() {
		let folder = tempfile::tempdir().unwrap();
		open(&folder).write(offered(1, 10)).await.unwrap();
		let other = VoucherJournal::open(&folder.path().join("vouchers.db"), [2; 32]).unwrap();
		assert_eq!(other.newest(&[1; 32]).unwrap(), None);
		other.write(offered(1, 5)).await.unwrap();
		assert_eq!(open(&folder).newest(&[1; 32]).unwrap(), Some(offered(1, 10).kept));
	}

	#[tokio::test]
	async fn a_full_disk_is_an_error_and_later_writes_succeed() {
		let folder = tempfile::tempdir().unwrap();
		let journal = open(&folder);
		journal.refuse_writes(true);
		assert!(matches!(journal.write(offered(1, 10)).await, Err(VoucherError::NotWritten { .. })));
		assert_eq!(journal.newest(&[1; 32]).unwrap(), None);
		journal.refuse_writes(false);
		journal.write(offered(1, 10)).await.unwrap();
		assert_eq!(journal.newest(&[1; 32]).unwrap(), Some(offered(1, 10).kept));
	}

	#[tokio::test]
	async fn vouchers_that_arrive_together_are_all_written() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Arc::new(open(&folder));
		let mut writes = tokio::task::JoinSet::new();
		for channel in 1..=200u8 {
			let journal = journal.clone();
			writes.spawn(async move { journal.write(offered(channel, 10)).await });
		}
		assert!(writes.join_all().await.into_iter().all(|written| written.is_ok()));
		assert_eq!(journal.all().unwrap().len(), 200);
	}

	#[test]
	fn a_folder_that_is_missing_is_named() {
		let error = VoucherJournal::open(Path::new("/nonexistent/vouchers.db"), CHAIN).unwrap_err().to_string();
		assert!(error.contains("/nonexistent/vouchers.db") && error.contains("check its disk"), "{error}");
	}
}
