//! Export of the facts to PostgreSQL: incremental, and safe to repeat.
//!
//! ```text
//!   SQLite, one moment ──▶ rows of the next blocks ──▶ COPY into temporary tables ──▶ upsert ──▶ _sync_state
//!                          changed_block, block         └────────────── one transaction a batch ──────────────┘
//! ```
//!
//! Rows that never change are found by their block, and the others by the block that changed them last. Where an export ends, the next
//! one goes on, whatever ended it. Two exports at a time wait for one another and share the work.

mod batch;
mod error;
mod tls;

pub use error::PostgresError;

use crate::{
	reader::connect,
	store::{position, sources},
	Position, StoreError, SCHEMA_VERSION,
};
use batch::Batch;
pub(crate) use batch::{Table, TABLES};
use error::Server;
use futures::SinkExt;
use rusqlite::{Connection, OptionalExtension};
use std::{io::Cursor, path::Path, time::Duration};
use tls::TlsOptions;
use tokio_postgres::{
	config::{Host, SslMode},
	Client, Config, Transaction,
};

/// Tables of this version.
const SCHEMA: &str = include_str!("../../sql/postgres.sql");
/// Views for programs that draw charts.
const VIEWS: &str = include_str!("../../sql/views.sql");
/// Time that a server is waited for, unless the connection string has one.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time after which sent bytes without an answer mean a lost connection.
const SILENCE: Duration = Duration::from_secs(60);
/// Bytes that are sent at a time.
const CHUNK: usize = 1 << 16;

/// Result of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
	/// The server, without credentials.
	pub server: String,
	/// Number of blocks that were new to the server.
	pub blocks: u32,
	/// Number of rows that were written.
	pub rows: u64,
	/// Last block on the server; `None` if the database has none.
	pub last: Option<u32>,
}

/// Exports the facts of the database at `path` that the server does not have. Tables and views are created at the first export.
/// `written` is called with the last block of every batch.
///
/// # Errors
/// Errors if the database cannot be read, if the server cannot be reached, refuses a statement or goes away, or if its tables belong
/// to another chain or another program. Batches before the failure are complete, and the next export goes on after them.
pub async fn export_postgres(path: &Path, server: &str, mut written: impl FnMut(u32)) -> Result<Exported, PostgresError> {
	let database = connect(path)?;
	let of = |cause| StoreError::of(path, cause);
	let end = position(&database).map_err(of)?;
	let (mut client, server) = open(server).await?;
	prepare(&mut client, &server).await?;
	let mut exported = Exported { server: server.to_string(), blocks: 0, rows: 0, last: None };
	let Some(end) = end else { return Ok(exported) };
	let genesis = crate::facts::hex_of(&end.genesis);
	loop {
		let transaction = client.transaction().await.map_err(|cause| server.error(exported.last, cause))?;
		let next = next_block(&transaction, &server, &genesis, exported.last).await?;
		let next = expected(&database, path, &server, &end, next)?;
		exported.last = (next > end.first).then(|| next - 1);
		if next > end.last {
			return Ok(exported);
		}
		let batch = Batch::read(&database, next, end.last).map_err(of)?;
		let result = write(&transaction, &batch).await;
		result.map_err(|cause| server.error(exported.last, cause))?;
		let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
			[&path.to_string_lossy(), &genesis, &(i64::from(batch.last) + 1), &batch.last_hash];
		let statement = "INSERT INTO _sync_state VALUES ($1, now(), $2, $3, $4) ON CONFLICT (genesis) DO UPDATE SET \
			source_path = EXCLUDED.source_path, last_sync_utc = EXCLUDED.last_sync_utc, next_block = EXCLUDED.next_block, \
			last_hash = EXCLUDED.last_hash";
		let executed = transaction.execute(statement, &values).await.map(drop);
		let ended = match executed {
			Ok(()) => transaction.commit().await,
			Err(cause) => Err(cause),
		};
		ended.map_err(|cause| server.error(exported.last, cause))?;
		exported.last = Some(batch.last);
		exported.blocks += batch.last - next + 1;
		exported.rows += batch.rows();
		written(batch.last);
	}
}

/// Connects to a server.
async fn open(text: &str) -> Result<(Client, Server), PostgresError> {
	let (tls, text) = TlsOptions::split(text);
	let mut config: Config = text.parse().map_err(|cause| PostgresError::Address { cause })?;
	let server = Server::of(&config)?;
	// Connections by a file of this machine are not encrypted, also if an authority is named.
	let is_tcp = config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_)));
	// An attacker between two machines could answer that the server has no encryption.
	if config.get_ssl_mode() == SslMode::Prefer && (!server.is_local() || (tls.is_verified() && is_tcp)) {
		config.ssl_mode(SslMode::Require);
	}
	if config.get_connect_timeout().is_none() {
		config.connect_timeout(PATIENCE);
	}
	if config.get_tcp_user_timeout().is_none() {
		config.tcp_user_timeout(SILENCE);
	}
	config.application_name("doin-worker export");
	let connected = config.connect(tls.connector()?).await;
	let (client, connection) = connected.map_err(|cause| server.unconnected(cause))?;
	// A failure of the connection is an error of the next statement.
	tokio::spawn(connection);
	Ok((client, server))
}

/// Creates the tables of an empty server, checks those of another one, and creates the views and the temporary tables.
async fn prepare(client: &mut Client, server: &Server) -> Result<(), PostgresError> {
	let of = |cause| server.error(None, cause);
	// An export that was cut off can hold a lock until the server notices.
	client.batch_execute("SET lock_timeout = '60s'").await.map_err(of)?;
	let transaction = client.transaction().await.map_err(of)?;
	// Exports that begin at the same time create the tables once.
	transaction.execute("SELECT pg_advisory_xact_lock(hashtext('doin-worker export'))", &[]).await.map_err(of)?;
	let found = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = ANY($1)";
	// Those of every version.
	let known: Vec<&str> = TABLES.iter().map(|table| table.name).chain(["_schema_version", "_sync_state"]).collect();
	let names: Vec<&str> = known.iter().copied().chain(["dim_source"]).collect();
	let count: i64 = transaction.query_one(found, &[&names]).await.map_err(of)?.get(0);
	if count == 0 {
		create(&transaction).await.map_err(of)?;
	} else if count < known.len() as i64 {
		return Err(PostgresError::OtherTables { server: server.to_string() });
	}
	let version: Option<i64> = transaction.query_one("SELECT max(version) FROM _schema_version", &[]).await.map_err(of)?.get(0);
	match (version.unwrap_or_default(), server.to_string()) {
		(found, server) if found > SCHEMA_VERSION => return Err(PostgresError::NewerSchema { server, found }),
		(found, server) if found < SCHEMA_VERSION => return Err(PostgresError::OlderSchema { server, found }),
		_ => {}
	}
	transaction.batch_execute(VIEWS).await.map_err(of)?;
	for Table { name, .. } in TABLES {
		let statement = format!("CREATE TEMPORARY TABLE new_{name} (LIKE {name}) ON COMMIT DELETE ROWS");
		transaction.batch_execute(&statement).await.map_err(of)?;
	}
	transaction.commit().await.map_err(of)
}

/// Creates the tables, with the origins of all columns.
async fn create(transaction: &Transaction<'_>) -> Result<(), tokio_postgres::Error> {
	transaction.batch_execute(SCHEMA).await?;
	transaction.execute("INSERT INTO _schema_version VALUES ($1, now())", &[&SCHEMA_VERSION]).await?;
	for [relation, field, origin, storage] in sources() {
		let statement = "INSERT INTO dim_source VALUES ($1, $2, $3, nullif($4, ''))";
		transaction.execute(statement, &[&relation, &field, &origin, &storage]).await?;
	}
	Ok(())
}

/// Locks the position of the server, and returns its next block and the hash of the block before it.
async fn next_block(
	transaction: &Transaction<'_>,
	server: &Server,
	genesis: &str,
	last: Option<u32>,
) -> Result<Option<(u32, String)>, PostgresError> {
	let of = |cause| server.error(last, cause);
	transaction.batch_execute("LOCK TABLE _sync_state IN EXCLUSIVE MODE").await.map_err(of)?;
	let states = transaction.query("SELECT genesis, next_block, last_hash FROM _sync_state", &[]).await.map_err(of)?;
	let Some(state) = states.first() else { return Ok(None) };
	let (found, next): (String, i64) = (state.get(0), state.get(1));
	if found != genesis || states.len() > 1 {
		return Err(PostgresError::OtherChain { server: server.to_string(), block: 0, found, expected: genesis.into() });
	}
	Ok(Some((u32::try_from(next).unwrap_or(u32::MAX), state.get(2))))
}

/// Returns the next block of a server, if the block before it is that of the database.
fn expected(
	database: &Connection,
	path: &Path,
	server: &Server,
	end: &Position,
	next: Option<(u32, String)>,
) -> Result<u32, PostgresError> {
	let Some((next, found)) = next else { return Ok(end.first) };
	if next < end.first {
		let (server, block) = (server.to_string(), next.saturating_sub(1));
		return Err(PostgresError::Behind { server, block, path: path.into(), first: end.first });
	}
	let Some(last) = next.checked_sub(1) else { return Ok(next) };
	let hash = database.query_row("SELECT hash FROM block WHERE number = ?1", [last], |row| row.get::<_, String>(0)).optional();
	match hash.map_err(|cause| StoreError::of(path, cause))? {
		// The block before the first one of the database.
		None if next == end.first => Ok(next),
		None => Err(PostgresError::Ahead { server: server.to_string(), block: last, path: path.into() }),
		Some(expected) if expected != found => {
			Err(PostgresError::OtherChain { server: server.to_string(), block: last, found, expected })
		}
		Some(_) => Ok(next),
	}
}

/// Writes the rows of a batch.
async fn write(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), tokio_postgres::Error> {
	for (table, rows) in batch.tables() {
		let Table { name, .. } = table;
		let sink = transaction.copy_in(&format!("COPY new_{name} FROM STDIN")).await?;
		let mut sink = std::pin::pin!(sink);
		for chunk in rows.chunks(CHUNK) {
			sink.send(Cursor::new(chunk.to_vec())).await?;
		}
		sink.finish().await?;
		transaction.execute(&table.upsert(batch.columns(table)), &[]).await?;
		transaction.batch_execute(&format!("TRUNCATE new_{name}")).await?;
	}
	Ok(())
}
