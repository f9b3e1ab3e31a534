//! Purse of a client: its channels with their newest vouchers, and what proves lies of servers.
//!
//! A voucher is on the disk before it is sent, so a client that was killed never signs two different amounts for one step, and loses one
//! price at most. A receipt is kept with the request and the answer as soon as it arrives, and with the bytes of the model once they are
//! read, for as long as it can be accused: the chain drops models that were replaced.

use doin_primitives::{channel::ChannelId, Balance, BlockNumber, Hash};
use parking_lot::Mutex;
use rusqlite::{params, Connection, OptionalExtension};
use std::{
	path::{Path, PathBuf},
	time::Duration,
};

/// Wait for another process that writes the file.
const BUSY: Duration = Duration::from_secs(10);

/// Tables of the purse. Amounts are little-endian bytes.
const TABLES: &str = "
	CREATE TABLE IF NOT EXISTS channels (
		chain BLOB NOT NULL, channel BLOB NOT NULL, payer BLOB NOT NULL, number INTEGER NOT NULL, cumulative BLOB NOT NULL,
		PRIMARY KEY (chain, channel)
	);
	CREATE TABLE IF NOT EXISTS numbers (chain BLOB NOT NULL, payer BLOB NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (chain, payer));
	CREATE TABLE IF NOT EXISTS receipts (
		id INTEGER PRIMARY KEY, chain BLOB NOT NULL, block INTEGER NOT NULL, server BLOB NOT NULL, windows BLOB NOT NULL,
		answer TEXT NOT NULL, contract BLOB, program BLOB NOT NULL, model BLOB NOT NULL
	);
	CREATE TABLE IF NOT EXISTS models (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL);
	CREATE TABLE IF NOT EXISTS incomplete (receipt INTEGER PRIMARY KEY);
";

/// Removes what is known of receipts that were deleted.
const FORGOTTEN: &str = "DELETE FROM incomplete WHERE receipt NOT IN (SELECT id FROM receipts)";

/// Failure of a purse.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the purse {path}: check its disk and permissions, or name another file with --purse")]
pub struct PurseError {
	/// File of the purse.
	path: PathBuf,
	/// Error of SQLite.
	#[source]
	cause: rusqlite::Error,
}

/// A channel of the purse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnChannel {
	/// The channel.
	pub channel: ChannelId,
	/// Account that pays.
	pub payer: [u8; 32],
	/// Number of the key that signs its vouchers.
	pub number: u32,
	/// Largest amount of a voucher that was signed, in plancks.
	pub cumulative: Balance,
}

/// A receipt with what proves a lie of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
	/// Block of the receipt.
	pub block: BlockNumber,
	/// Account of the server.
	pub server: [u8; 32],
	/// Inputs of the windows, in SCALE.
	pub windows: Vec<u8>,
	/// The answer as JSON.
	pub answer: String,
	/// Contract of the channel that has paid, in SCALE; `None` for a free answer.
	pub contract: Option<Vec<u8>>,
	/// Program of the domain, in SCALE.
	pub program: Vec<u8>,
	/// Hash of the encoded champion of the block; before it is read, that of the model that the receipt names.
	pub model: Hash,
	/// `true` once the champion of the block was read, and its bytes are kept.
	pub is_complete: bool,
}

/// The purse of one chain.
#[derive(Debug)]
pub struct Purse {
	path: PathBuf,
	chain: Hash,
	database: Mutex<Connection>,
}

impl Purse {
	/// Opens the purse at `path` for the chain that block `chain` belongs to, or creates it.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read and written.
	pub fn open(path: &Path, chain: Hash) -> Result<Self, PurseError> {
		let connect = || {
			let connection = Connection::open(path)?;
			connection.busy_timeout(BUSY)?;
			connection.pragma_update(None, "synchronous", "FULL")?;
			connection.execute_batch(TABLES)?;
			Ok(connection)
		};
		let database = connect().map_err(|cause| PurseError { path: path.into(), cause })?;
		Ok(Self { path: path.into(), chain, database: Mutex::new(database) })
	}

	fn error(&self, cause: rusqlite::Error) -> PurseError {
		PurseError { path: self.path.clone(), cause }
	}

	/// Returns a number for the key of another channel of a payer, which was not returned before.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn next_number(&self, payer: &[u8; 32]) -> Result<u32, PurseError> {
		let sql =
			"INSERT INTO numbers VALUES (?, ?, 1) ON CONFLICT (chain, payer) DO UPDATE SET next = next + 1 RETURNING next - 1";
		let key = params![&self.chain[..], &payer[..]];
		self.database.lock().query_row(sql, key, |row| row.get(0)).map_err(|cause| self.error(cause))
	}

	/// Adds a channel that was opened, or that is found on the chain again. What was signed for it stays.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn add(&self, channel: &OwnChannel) -> Result<(), PurseError> {
		let sql = "INSERT OR IGNORE INTO channels VALUES (?, ?, ?, ?, ?)";
		let cumulative = channel.cumulative.to_le_bytes();
		let row = params![&self.chain[..], &channel.channel[..], &channel.payer[..], channel.number, &cumulative[..]];
		self.database.lock().execute(sql, row).map(|_| ()).map_err(|cause| self.error(cause))
	}

	/// Returns a channel; `None` if the purse has no key of it.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn channel(&self, channel: &ChannelId) -> Result<Option<OwnChannel>, PurseError> {
		Ok(self.channels()?.into_iter().find(|own| own.channel == *channel))
	}

	/// Returns all channels, the newest one last.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn channels(&self) -> Result<Vec<OwnChannel>, PurseError> {
		let read = |row: &rusqlite::Row| {
			let cumulative = Balance::from_le_bytes(row.get(3)?);
			Ok(OwnChannel { channel: row.get(0)?, payer: row.get(1)?, number: row.get(2)?, cumulative })
		};
		let select = || {
			let database = self.database.lock();
			let sql = "SELECT channel, payer, number, cumulative FROM channels WHERE chain = ? ORDER BY rowid";
			let mut rows = database.prepare(sql)?;
			let found: rusqlite::Result<Vec<OwnChannel>> = rows.query_map(params![&self.chain[..]], read)?.collect();
			found
		};
		select().map_err(|cause| self.error(cause))
	}

	/// Raises the amount that was signed for a channel. Returns `false` if as much was signed before, e.g. by another process, and nothing
	/// must be signed then.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn raise(&self, channel: &ChannelId, from: Balance, to: Balance) -> Result<bool, PurseError> {
		let sql = "UPDATE channels SET cumulative = ? WHERE chain = ? AND channel = ? AND cumulative = ?";
		let (from, to) = (from.to_le_bytes(), to.to_le_bytes());
		let raised = self.database.lock().execute(sql, params![&to[..], &self.chain[..], &channel[..], &from[..]]);
		raised.map(|rows| rows == 1).map_err(|cause| self.error(cause))
	}

	/// Removes a channel that is removed from the chain.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn remove(&self, channel: &ChannelId) -> Result<(), PurseError> {
		let sql = "DELETE FROM channels WHERE chain = ? AND channel = ?";
		let removed = self.database.lock().execute(sql, params![&self.chain[..], &channel[..]]);
		removed.map(|_| ()).map_err(|cause| self.error(cause))
	}

	/// Keeps a receipt, and the bytes of its model if they are known.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn keep(&self, proof: &Proof, bytes: Option<&[u8]>) -> Result<(), PurseError> {
		let mut database = self.database.lock();
		let mut write = || {
			let transaction = database.transaction()?;
			let Proof { block, server, windows, answer, contract, program, model, is_complete } = proof;
			if let Some(bytes) = bytes {
				transaction.execute("INSERT OR IGNORE INTO models VALUES (?, ?)", params![&model[..], bytes])?;
			}
			transaction.execute(
				"INSERT INTO receipts (chain, block, server, windows, answer, contract, program, model) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
				params![&self.chain[..], block, &server[..], windows, answer, contract, program, &model[..]],
			)?;
			if !*is_complete {
				let receipt = transaction.last_insert_rowid();
				transaction.execute("INSERT OR REPLACE INTO incomplete VALUES (?)", params![receipt])?;
			}
			transaction.commit()
		};
		write().map_err(|cause| self.error(cause))
	}

	/// Keeps the champion of the block of a receipt, which is named by its answer.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn complete(&self, answer: &str, model: &Hash, bytes: &[u8]) -> Result<(), PurseError> {
		let mut database = self.database.lock();
		let mut write = || {
			let transaction = database.transaction()?;
			transaction.execute("INSERT OR IGNORE INTO models VALUES (?, ?)", params![&model[..], bytes])?;
			let receipt = params![&self.chain[..], answer];
			let found = "SELECT id FROM receipts WHERE chain = ? AND answer = ?";
			transaction.execute(&format!("DELETE FROM incomplete WHERE receipt IN ({found})"), receipt)?;
			let sql = "UPDATE receipts SET model = ? WHERE chain = ? AND answer = ?";
			transaction.execute(sql, params![&model[..], &self.chain[..], answer])?;
			transaction.commit()
		};
		write().map_err(|cause| self.error(cause))
	}

	/// Returns the kept receipts, oldest first.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn proofs(&self) -> Result<Vec<Proof>, PurseError> {
		let read = |row: &rusqlite::Row| {
			let (block, server, windows, answer) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
			let (contract, program, model, is_complete) = (row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
			Ok(Proof { block, server, windows, answer, contract, program, model, is_complete })
		};
		let select = || {
			let database = self.database.lock();
			let sql =
				"SELECT block, server, windows, answer, contract, program, model, id NOT IN (SELECT receipt FROM incomplete) \
				FROM receipts WHERE chain = ? ORDER BY id";
			let mut rows = database.prepare(sql)?;
			let found: rusqlite::Result<Vec<Proof>> = rows.query_map(params![&self.chain[..]], read)?.collect();
			found
		};
		select().map_err(|cause| self.error(cause))
	}

	/// Forgets a receipt by its answer, which has a nonce of its own: its server was slashed for it, or it proves nothing.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn forget(&self, answer: &str) -> Result<(), PurseError> {
		let database = self.database.lock();
		let forget = || {
			database.execute("DELETE FROM receipts WHERE chain = ? AND answer = ?", params![&self.chain[..], answer])?;
			database.execute(FORGOTTEN, [])
		};
		forget().map(|_| ()).map_err(|cause| self.error(cause))
	}

	/// Returns the bytes of a kept model.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn model(&self, hash: &Hash) -> Result<Option<Vec<u8>>, PurseError> {
		let found =
			self.database.lock().query_row("SELECT bytes FROM models WHERE hash = ?", params![&hash[..]], |row| row.get(0));
		found.optional().map_err(|cause| self.error(cause))
	}

	/// Forgets receipts of blocks before `block`, which cannot be accused any more, and the models that no receipt names.
	///
	/// # Errors
	///
	/// Errors if the database fails.
	pub fn forget_before(&self, block: BlockNumber) -> Result<(), PurseError> {
		let database = self.database.lock();
		let forget = || {
			database.execute("DELETE FROM receipts WHERE chain = ? AND block < ?", params![&self.chain[..], block])?;
			database.execute(FORGOTTEN, [])?;
			database.execute("DELETE FROM models WHERE hash NOT IN (SELECT model FROM receipts)", [])
		};
		forget().map(|_| ()).map_err(|cause| self.error(cause))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const CHAIN: Hash = [1; 32];

	fn purse(folder: &tempfile::TempDir) -> Purse {
		Purse::open(&folder.path().join("purse.db"), CHAIN).unwrap()
	}

	fn own(number: u32) -> OwnChannel {
		OwnChannel { channel: [number as u8; 32], payer: [9; 32], number, cumulative: 0 }
	}

	#[test]
	fn no_amount_is_signed_twice_not_even_by_two_processes() {
		let folder = tempfile::tempdir().unwrap();
		let (first, second) = (purse(&folder), purse(&folder));
		first.add(&own(3)).unwrap();
		assert!(first.raise(&[3; 32], 0, 10).unwrap());
		assert!(!second.raise(&[3; 32], 0, 10).unwrap(), "the other process has signed it");
		assert!(second.raise(&[3; 32], 10, 20).unwrap());
		second.add(&own(3)).unwrap();
		assert_eq!(first.channel(&[3; 32]).unwrap().map(|own| own.cumulative), Some(20), "it is not forgotten");
		assert!(!first.raise(&[4; 32], 0, 10).unwrap(), "a channel without a key");
		first.remove(&[3; 32]).unwrap();
		assert_eq!(second.channels().unwrap(), []);
	}

	#[test]
	fn keys_have_numbers_of_their_own() {
		let folder = tempfile::tempdir().unwrap();
		let (first, second) = (purse(&folder), purse(&folder));
		assert_eq!([&first, &second, &first].map(|purse| purse.next_number(&[9; 32]).unwrap()), [0, 1, 2]);
		assert_eq!(first.next_number(&[8; 32]).unwrap(), 0);
	}

	/// Returns the proof of a receipt of block `block`.
	fn proof(block: BlockNumber, model: u8, is_complete: bool) -> Proof {
		Proof {
			block,
			server: [7; 32],
			windows: vec![1, 2],
			answer: format!("{{\"block\":{block}}}"),
			contract: (model == 1).then(|| vec![3]),
			program: vec![4],
			model: [model; 32],
			is_complete,
		}
	}

	#[test]
	fn a_receipt_is_kept_with_its_model_until_it_cannot_be_accused() {
		let folder = tempfile::tempdir().unwrap();
		let purse = purse(&folder);
		for (block, model) in [(100, 1), (110, 1), (120, 2)] {
			purse.keep(&proof(block, model, true), Some(&[model; 3])).unwrap();
		}
		purse.forget_before(110).unwrap();
		assert_eq!(purse.proofs().unwrap(), [proof(110, 1, true), proof(120, 2, true)]);
		assert_eq!(purse.model(&[1; 32]).unwrap(), Some(vec![1; 3]));
		purse.forget("{\"block\":110}").unwrap();
		assert_eq!(purse.proofs().unwrap(), [proof(120, 2, true)]);
		purse.forget_before(111).unwrap();
		assert_eq!((purse.model(&[1; 32]).unwrap(), purse.model(&[2; 32]).unwrap()), (None, Some(vec![2; 3])));
	}

	#[test]
	fn a_receipt_is_kept_before_the_champion_of_its_block_is_read() {
		let folder = tempfile::tempdir().unwrap();
		let purse = purse(&folder);
		purse.keep(&proof(100, 1, false), None).unwrap();
		purse.keep(&proof(110, 2, false), Some(&[2; 3])).unwrap();
		purse.forget_before(100).unwrap();
		assert_eq!(purse.proofs().unwrap(), [proof(100, 1, false), proof(110, 2, false)]);
		assert_eq!((purse.model(&[1; 32]).unwrap(), purse.model(&[2; 32]).unwrap()), (None, Some(vec![2; 3])));
		// The champion of the block is another model than the receipt names.
		purse.complete("{\"block\":100}", &[5; 32], &[5; 3]).unwrap();
		let complete = Proof { model: [5; 32], ..proof(100, 1, true) };
		assert_eq!(purse.proofs().unwrap(), [complete, proof(110, 2, false)]);
		assert_eq!(purse.model(&[5; 32]).unwrap(), Some(vec![5; 3]));
		// The next receipt has the number of the forgotten one, and not what is known of it.
		purse.forget("{\"block\":110}").unwrap();
		purse.keep(&proof(120, 2, true), None).unwrap();
		assert_eq!(purse.proofs().unwrap()[1..], [proof(120, 2, true)]);
	}

	#[test]
	fn a_chain_that_began_anew_has_channels_of_its_own() {
		let folder = tempfile::tempdir().unwrap();
		purse(&folder).add(&own(3)).unwrap();
		let other = Purse::open(&folder.path().join("purse.db"), [2; 32]).unwrap();
		assert_eq!((other.channels().unwrap(), other.next_number(&[9; 32]).unwrap()), (vec![], 0));
	}
}
