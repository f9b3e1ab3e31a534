//! The database of facts.

use crate::{
	block::{Block, Hash},
	facts::{facts, hex_of, Row},
	statements as sql, StoreError,
};
use rusqlite::{
	params, params_from_iter, types::Type, Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior,
};
use std::{
	cmp::Ordering,
	ffi::OsString,
	io::ErrorKind,
	path::{Path, PathBuf},
	time::Duration,
};

/// Version of the schema, in `_schema_version`.
pub const SCHEMA_VERSION: i64 = 3;
/// Tables of this version.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");
/// Rows of `dim_source`: relation, field, origin and storage item, separated by tabs.
pub(crate) const SOURCES: &str = include_str!("../sql/sources.tsv");
/// `application_id` of the file: the letters DOIN.
const APPLICATION: i64 = 0x444F_494E;
/// Time that a locked file is waited for.
const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 20 } else { 5_000 });
/// Statements that stay prepared.
const STATEMENTS: usize = 64;

/// Position of a database in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
	/// Hash of block 0.
	pub genesis: Hash,
	/// Number of the first stored block: 0, unless the node had removed earlier ones.
	pub first: u32,
	/// Number of the last block.
	pub last: u32,
	/// Hash of the last block.
	pub hash: Hash,
}

impl Position {
	/// Returns the number of the next block.
	pub fn next(&self) -> u32 {
		self.last.saturating_add(1)
	}
}

/// A database of facts.
#[derive(Debug)]
pub struct Store {
	path: PathBuf,
	pub(crate) database: Connection,
	position: Option<Position>,
	/// Hash of block 0, and the first block of a database without blocks; `None` for block 0.
	begin: Option<(Hash, u32)>,
}

impl Store {
	/// Opens the database at `path`, or creates it.
	///
	/// # Errors
	/// Errors if the file is of another program, of another schema, locked, damaged, or cannot be written.
	pub fn open(path: &Path) -> Result<Self, StoreError> {
		Self::with_flags(path, OpenFlags::default())
	}

	/// Opens an existing database.
	///
	/// # Errors
	/// Errors as [`Self::open`] does, and if there is no file.
	pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
		match path.exists() {
			true => Self::open(path),
			false => Err(StoreError::Missing { path: path.into() }),
		}
	}

	/// Creates a database.
	///
	/// # Errors
	/// Errors as [`Self::open`] does, and if the file exists.
	pub fn create(path: &Path) -> Result<Self, StoreError> {
		match path.exists() {
			true => Err(StoreError::Exists { path: path.into() }),
			false => Self::open(path),
		}
	}

	fn with_flags(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
		let of = |cause| StoreError::of(path, cause);
		let mut database = Connection::open_with_flags(path, flags).map_err(of)?;
		database.busy_timeout(PATIENCE).map_err(of)?;
		database.set_prepared_statement_cache_capacity(STATEMENTS);
		let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate).map_err(of)?;
		prepare(&transaction, path)?;
		transaction.commit().map_err(of)?;
		// With a write-ahead log, readers do not lock the indexer out, and a killed process leaves whole batches.
		database.pragma_update(None, "journal_mode", "WAL").map_err(of)?;
		database.pragma_update(None, "synchronous", "NORMAL").map_err(of)?;
		let position = position(&database).map_err(of)?;
		Ok(Self { path: path.into(), database, position, begin: None })
	}

	/// Returns the file.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Returns the position, or `None` if there is no block yet.
	pub fn position(&self) -> Option<Position> {
		self.position
	}

	/// Returns the number of the next block.
	pub fn next_block(&self) -> u32 {
		self.position.map_or_else(|| self.begin.map_or(0, |(_, first)| first), |position| position.next())
	}

	/// Lets a database without blocks begin with block `first` of the network with this genesis. Facts of earlier blocks are missing: for
	/// a round that began before block `first`, only later seats and answers are known.
	pub fn begin_with(&mut self, genesis: Hash, first: u32) {
		self.begin = Some((genesis, first));
	}

	/// Errors if the database has blocks of another network.
	///
	/// # Errors
	/// Errors if the genesis hash differs.
	pub fn expect_genesis(&self, expected: Hash) -> Result<(), StoreError> {
		match self.position {
			Some(Position { genesis, .. }) if genesis != expected => {
				Err(StoreError::OtherGenesis { path: self.path.clone(), found: genesis, expected })
			}
			_ => Ok(()),
		}
	}

	/// Closes the database and renames it: `facts.db` becomes `facts-1.db`, or has the next number that is free. Returns the new name.
	///
	/// # Errors
	/// Errors if the file cannot be renamed.
	pub fn move_aside(self) -> Result<PathBuf, StoreError> {
		let Self { path, database, .. } = self;
		moved_aside(&path, database)
	}

	/// Renames the database of an older schema at `path`, which cannot be opened, as [`Self::move_aside`] does.
	///
	/// # Errors
	/// Errors if the file has another schema than an older one, or cannot be renamed.
	pub fn move_older_aside(path: &Path) -> Result<PathBuf, StoreError> {
		let of = |cause| StoreError::of(path, cause);
		let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(of)?;
		database.busy_timeout(PATIENCE).map_err(of)?;
		match expect_version(&database, path) {
			Err(StoreError::OlderSchema { .. }) => moved_aside(path, database),
			Err(error) => Err(error),
			Ok(()) => Err(StoreError::Exists { path: path.into() }),
		}
	}

	/// Errors if the chain has another block `number` than the database. A finalized block is to be compared: others can change.
	///
	/// # Errors
	/// Errors if the hash of block `number` in the database is not `found`.
	pub fn expect_block(&self, number: u32, found: Hash) -> Result<(), StoreError> {
		let query = "SELECT hash FROM block WHERE number = ?1";
		let stored = self.database.query_row(query, [number], |row| row.get::<_, String>(0)).optional();
		match stored.map_err(|cause| self.error(cause))?.map(|hash| parsed(&hash)) {
			Some(stored) if stored != found => {
				Err(StoreError::BeganAnew { path: self.path.clone(), block: number, stored, found })
			}
			_ => Ok(()),
		}
	}

	/// Makes all batches so far, and every later one as soon as it is written, outlast a loss of power. Without that, the last batches
	/// can be missing, and are read again.
	pub(crate) fn make_durable(&self) -> Result<(), StoreError> {
		let of = |cause| self.error(cause);
		self.database.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(of)?;
		self.database.pragma_update(None, "synchronous", "FULL").map_err(of)
	}

	/// Stores consecutive blocks, and the position after them, in one transaction.
	///
	/// # Errors
	/// Errors if the first block does not follow the last one of the file, if a block does not follow the one before it, if an
	/// event cannot be read, or if the file cannot be written. Nothing is stored then.
	pub fn write(&mut self, blocks: &[Block]) -> Result<(), StoreError> {
		let path = self.path.clone();
		let of = |cause| StoreError::of(&path, cause);
		let transaction = self.database.transaction_with_behavior(TransactionBehavior::Immediate).map_err(of)?;
		// Another process may have written meanwhile.
		let mut at = position(&transaction).map_err(of)?;
		for block in blocks {
			at = Some(next_position(at, self.begin, block).ok_or_else(|| StoreError::NotNext {
				path: path.clone(),
				number: block.number,
				parent: block.parent,
				last: at.map(|position| (position.last, position.hash)),
			})?);
			for row in facts(block)? {
				apply(&transaction, row).map_err(of)?;
			}
		}
		if let Some(Position { genesis, first, last, hash }) = at {
			let values = params![hex_of(&genesis), first, i64::from(last) + 1, hex_of(&hash)];
			let statement = "INSERT INTO _position VALUES (?1, ?2, ?3, ?4) \
				 ON CONFLICT DO UPDATE SET next_block = excluded.next_block, last_hash = excluded.last_hash";
			transaction.execute(statement, values).map_err(of)?;
		}
		transaction.commit().map_err(of)?;
		self.position = at;
		Ok(())
	}

	pub(crate) fn error(&self, cause: rusqlite::Error) -> StoreError {
		StoreError::of(&self.path, cause)
	}
}

/// Closes a database, and renames its files. Returns the new name.
fn moved_aside(path: &Path, database: Connection) -> Result<PathBuf, StoreError> {
	let of = |cause| StoreError::of(path, cause);
	// A reader keeps the log, so its content is moved into the database first, and the files are renamed together.
	let is_busy = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0)).map_err(of)?;
	if is_busy {
		let cause = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None);
		return Err(of(cause));
	}
	database.close().map_err(|(_, cause)| of(cause))?;
	let aside = name_aside(path);
	for suffix in ["", "-wal", "-shm"] {
		let with = |path: &Path| PathBuf::from([path.as_os_str(), suffix.as_ref()].into_iter().collect::<OsString>());
		match std::fs::rename(with(path), with(&aside)) {
			Err(cause) if suffix.is_empty() || cause.kind() != ErrorKind::NotFound => {
				return Err(StoreError::Rename { path: path.into(), cause });
			}
			_ => {}
		}
	}
	Ok(aside)
}

/// Returns the first name of a file that was moved aside which is free: `facts-1.db` for `facts.db`.
pub fn name_aside(path: &Path) -> PathBuf {
	let name = |number: u32| {
		let mut name = path.file_stem().unwrap_or_default().to_os_string();
		name.push(format!("-{number}"));
		if let Some(extension) = path.extension() {
			name.push(".");
			name.push(extension);
		}
		path.with_file_name(name)
	};
	(1..).map(name).find(|name| !name.exists()).unwrap_or_else(|| path.into())
}

/// Creates the tables of an empty file, and checks the version of another one.
fn prepare(database: &Transaction<'_>, path: &Path) -> Result<(), StoreError> {
	let of = |cause| StoreError::of(path, cause);
	let tables: i64 = database.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).map_err(of)?;
	if tables == 0 {
		database.pragma_update(None, "application_id", APPLICATION).map_err(of)?;
		database.execute_batch(SCHEMA).map_err(of)?;
		let statement = "INSERT INTO _schema_version VALUES (?1, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))";
		database.execute(statement, [SCHEMA_VERSION]).map_err(of)?;
		for row in sources() {
			database.execute("INSERT INTO dim_source VALUES (?1, ?2, ?3, nullif(?4, ''))", row).map_err(of)?;
		}
		return Ok(());
	}
	expect_version(database, path)
}

/// Returns the rows of `dim_source`: relation, field, origin, and storage item or an empty text.
pub(crate) fn sources() -> impl Iterator<Item = [&'static str; 4]> {
	SOURCES.lines().map(|line| {
		let mut cells = line.split('\t');
		std::array::from_fn(|_| cells.next().unwrap_or_default())
	})
}

/// Errors if a file was not written by an indexer, or by one of another schema.
pub(crate) fn expect_version(database: &Connection, path: &Path) -> Result<(), StoreError> {
	let of = |cause| StoreError::of(path, cause);
	let application: i64 = database.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(of)?;
	if application != APPLICATION {
		return Err(StoreError::OtherFile { path: path.into() });
	}
	let found: i64 = database.query_row("SELECT max(version) FROM _schema_version", [], |row| row.get(0)).map_err(of)?;
	match found.cmp(&SCHEMA_VERSION) {
		Ordering::Greater => Err(StoreError::NewerSchema { path: path.into(), found }),
		Ordering::Less => Err(StoreError::OlderSchema { path: path.into(), found }),
		Ordering::Equal => Ok(()),
	}
}

/// Returns the position of a database.
pub(crate) fn position(database: &Connection) -> rusqlite::Result<Option<Position>> {
	let read = |row: &rusqlite::Row<'_>| {
		let (genesis, next, hash) = (row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?);
		let last = u32::try_from(next - 1).unwrap_or(u32::MAX);
		Ok(Position { genesis: parsed(&genesis), first: row.get(3)?, last, hash: parsed(&hash) })
	};
	database.query_row("SELECT genesis, next_block, last_hash, first_block FROM _position", [], read).optional()
}

/// Returns the hash of a text; zeros, which are the hash of no block, if the text is none.
fn parsed(text: &str) -> Hash {
	let mut hash = Hash::default();
	let is_hash = hex::decode_to_slice(text.trim_start_matches("0x"), &mut hash).is_ok();
	if is_hash {
		hash
	} else {
		Hash::default()
	}
}

/// Returns the position after a block, or `None` if the block does not follow. `begin` has the genesis and the first block of a database
/// without blocks.
fn next_position(at: Option<Position>, begin: Option<(Hash, u32)>, block: &Block) -> Option<Position> {
	let Block { number, hash, .. } = *block;
	match at {
		None => {
			let (genesis, first) = begin.unwrap_or((hash, 0));
			(number == first).then_some(Position { genesis, first, last: number, hash })
		}
		Some(before) => {
			let follows = before.last.checked_add(1) == Some(number) && before.hash == block.parent;
			follows.then_some(Position { last: number, hash, ..before })
		}
	}
}

/// Returns what was minted to an account as optimizer after the block of its last fact, in plancks. A sum of SQLite has 64 bits.
///
/// # Errors
///
/// Errors if an amount is not a number.
fn earned(database: &Connection, account: &str) -> rusqlite::Result<u128> {
	let mut statement = database.prepare_cached(sql::EARNED)?;
	let mut amounts = statement.query_map([account], |row| {
		let amount = row.get::<_, String>(0)?;
		amount.parse::<u128>().map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
	})?;
	amounts.try_fold(0u128, |sum, amount| Ok(sum.saturating_add(amount?)))
}

/// Applies a row.
fn apply(database: &Connection, row: Row) -> rusqlite::Result<()> {
	match row {
		Row::Put { sql, values } => {
			database.prepare_cached(sql)?.execute(params_from_iter(values))?;
		}
		Row::End { domain, number, block } => {
			database.prepare_cached(sql::SEATS_END)?.execute([domain, number, block])?;
			database.prepare_cached(sql::CONTENDER_END)?.execute([domain, number])?;
			let mut statement = database.prepare_cached(sql::SEATS)?;
			let seats = statement.query_map([domain, number], |row| Ok((row.get(0)?, row.get(1)?)))?;
			let seats: Vec<(i64, String)> = seats.collect::<Result<_, _>>()?;
			for (seat, account) in seats {
				let earned = earned(database, &account)?.to_string();
				database.prepare_cached(sql::FACT_ROUND)?.execute(params![domain, number, seat, block, earned])?;
				database.prepare_cached(sql::SUMMARY)?.execute(params![domain, number, seat])?;
			}
		}
		Row::Converged { domain, block } => {
			database.prepare_cached(sql::SUMMARIES_CONVERGED)?.execute([domain, block])?;
		}
	}
	Ok(())
}
