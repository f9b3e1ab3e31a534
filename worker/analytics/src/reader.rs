//! Queries of a dashboard, beside the indexer that writes.

use crate::{
	store::{expect_version, position},
	Position, StoreError,
};
use rusqlite::{params, params_from_iter, types::ValueRef, Connection, OpenFlags, ToSql};
use serde_json::{Map, Value};
use std::{
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};

/// A record of an answer: names of columns and their values.
///
/// Integers of 64 bits and amounts are decimal strings, whatever their value; other integers are numbers. `metrics`, `parameters`,
/// `best_parameters`, `verified_by` and `domains` are JSON.
pub type Record = Map<String, Value>;

/// Most records of an answer. A larger limit is lowered to it.
pub const MAX_ROWS: u32 = 1_000;
/// Time that a locked file is waited for.
const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 20 } else { 1_000 });
/// Connections that are kept open between queries.
const IDLE: usize = 4;
/// Columns of integers of 64 bits.
const WIDE: [&str; 20] = [
	"best_performance",
	"carry",
	"effective",
	"final_performance",
	"increment",
	"initial_error",
	"model",
	"number",
	"performance",
	"performance_delta",
	"previous_best_performance",
	"reported_performance",
	"taken",
	"target_performance",
	"task",
	"threshold",
	"upper_error",
	"validation_error",
	"verified_performance",
	"winner",
];
/// Columns of JSON.
const JSON: [&str; 5] = ["best_parameters", "domains", "metrics", "parameters", "verified_by"];

/// Connections to a database of facts that only read. A clone shares them.
///
/// Methods block for some milliseconds. The file is opened by the first query, since the indexer creates it with its first block.
#[derive(Clone, Debug)]
pub struct Reader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	path: PathBuf,
	/// Open connections, and the file of each.
	idle: parking_lot::Mutex<Vec<(FileId, Connection)>>,
}

impl Reader {
	/// Returns a reader of the database at `path`, which may not exist yet.
	pub fn new(path: impl Into<PathBuf>) -> Self {
		Self(Arc::new(Inner { path: path.into(), idle: parking_lot::Mutex::default() }))
	}

	/// Returns the file.
	pub fn path(&self) -> &Path {
		&self.0.path
	}

	/// Returns the position of the database, or `None` if there is no block yet.
	///
	/// # Errors
	/// Errors if there is no file, or if it cannot be read.
	pub fn position(&self) -> Result<Option<Position>, StoreError> {
		self.with(position)
	}

	/// Returns experiments of a domain, or of all domains, with their summaries. The one that started last comes first.
	///
	/// # Errors
	/// Errors if there is no file, or if it cannot be read.
	pub fn experiments(&self, domain: Option<u32>, limit: u32, offset: u32) -> Result<Vec<Record>, StoreError> {
		let order = |table: &str| format!("{table}.started_block DESC, {table}.experiment_id DESC");
		let query = format!(
			"SELECT e.*, s.total_rounds, s.final_performance, s.best_performance, s.time_to_target_seconds, \
			 s.total_elapsed_seconds, s.rounds_to_convergence \
			 FROM (SELECT p.rowid AS id FROM dim_experiment p {} ORDER BY {} LIMIT ?2 OFFSET ?3) \
			 JOIN dim_experiment e ON e.rowid = id LEFT JOIN fact_experiment_summary s USING (experiment_id) ORDER BY {}",
			condition("p.domain_id", domain.is_some()),
			order("p"),
			order("e"),
		);
		self.query(&query, params![domain, rows(limit), offset])
	}

	/// Returns seats of ended rounds of a domain, or of all domains: the columns of `fact_round`, then account, status, reasons and the
	/// block of the reveal.
	/// The newest round comes first: that with the highest number in a domain, that which ended last among all domains.
	///
	/// # Errors
	/// Errors if there is no file, or if it cannot be read.
	pub fn rounds(&self, domain: Option<u32>, limit: u32, offset: u32) -> Result<Vec<Record>, StoreError> {
		let columns = match domain {
			Some(_) => ["round_number", "seat"].as_slice(),
			None => &["chain_height", "domain_id", "round_number", "seat"],
		};
		let order = |table: &str| columns.iter().map(|name| format!("{table}.{name} DESC")).collect::<Vec<_>>().join(", ");
		let query = format!(
			"SELECT f.*, s.account, s.status, s.reason, s.unpaid_reason, s.model, s.reveal_block, r.result, \
			 r.unpaid_reason AS round_unpaid_reason \
			 FROM (SELECT p.rowid AS id FROM fact_round p {} ORDER BY {} LIMIT ?2 OFFSET ?3) \
			 JOIN fact_round f ON f.rowid = id \
			 JOIN seat s ON s.domain = f.domain_id AND s.round = f.round_number AND s.seat = f.seat \
			 JOIN round r ON r.domain = f.domain_id AND r.number = f.round_number ORDER BY {}",
			condition("p.domain_id", domain.is_some()),
			order("p"),
			order("f"),
		);
		self.query(&query, params![domain, rows(limit), offset])
	}

	/// Returns the champions of a domain, or of all domains: the columns of `fact_chain_optimae`, then the recomputation that decided
	/// it. `verified_by` has the evaluators that answered and were paid: their answers agree with the final sums. It is empty if the runtime
	/// computed the sums itself.
	/// The newest champion comes first.
	///
	/// # Errors
	/// Errors if there is no file, or if it cannot be read.
	pub fn champions(&self, domain: Option<u32>, limit: u32) -> Result<Vec<Record>, StoreError> {
		let query = format!(
			"SELECT o.optimae_id, o.domain_id, o.optimizer_id, o.experiment_id, o.round_number, o.parameters, \
			 o.reported_performance, o.verified_performance, o.effective_increment, o.time_to_this_result_seconds, \
			 o.optimization_config_hash, o.data_hash, o.previous_best_performance, o.reward_fraction, o.quorum_agree_fraction, \
			 o.block_height, o.block_timestamp, b.timestamp_ms, o.model, o.initial_error, o.upper_error, \
			 o.increment, o.effective, o.carry, \
			 (SELECT s.model_bytes FROM seat s WHERE s.model = o.model AND s.domain = o.domain_id LIMIT 1) AS model_bytes, \
			 r.task, t.backing, t.quorums, (SELECT json_group_array(json_extract(p.value, '$.who')) \
				FROM event e, json_each(e.fields, '$.pay.shares') p \
				WHERE e.block = t.end_block AND e.pallet = 'Recomputation' AND e.name = 'TaskCompleted' \
				AND json_extract(e.fields, '$.task') = CAST(t.task AS TEXT) AND EXISTS (SELECT 1 FROM answer a \
					WHERE a.task = t.task AND a.account = json_extract(p.value, '$.who') AND a.reveal_block IS NOT NULL)) \
				AS verified_by \
			 FROM (SELECT p.rowid AS id FROM fact_chain_optimae p {} ORDER BY p.block_height DESC, p.rowid DESC LIMIT ?2) \
			 JOIN fact_chain_optimae o ON o.rowid = id JOIN block b ON b.number = o.block_height \
			 LEFT JOIN round r ON r.domain = o.domain_id AND r.number = o.round_number LEFT JOIN task t ON t.task = r.task \
			 ORDER BY o.block_height DESC, o.rowid DESC",
			condition("p.domain_id", domain.is_some()),
		);
		self.query(&query, params![domain, rows(limit)])
	}

	/// Returns seats of ended rounds that are not paid, of an account or of all accounts, with the reason in `unpaid_reason`. The seat
	/// whose round ended last comes first.
	///
	/// # Errors
	/// Errors if there is no file, or if it cannot be read.
	pub fn unpaid(&self, account: Option<&str>, limit: u32) -> Result<Vec<Record>, StoreError> {
		let query = format!(
			"SELECT s.domain, s.round, s.seat, s.account, s.status, s.reason, s.unpaid_reason, s.model, \
			 s.validation_error, s.fee, s.stake, s.end_block, {} AS end_utc, r.result, r.unpaid_reason AS round_unpaid_reason, \
			 r.winner \
			 FROM (SELECT domain AS d, round AS n, seat AS i FROM seat WHERE unpaid_reason IS NOT NULL {} \
				ORDER BY end_block DESC, domain DESC, round DESC, seat DESC LIMIT ?2) \
			 JOIN seat s ON s.domain = d AND s.round = n AND s.seat = i JOIN round r ON r.domain = d AND r.number = n \
			 JOIN block b ON b.number = s.end_block ORDER BY s.end_block DESC, d DESC, n DESC, i DESC",
			crate::statements::UTC,
			if account.is_some() { "AND account = ?1" } else { "AND ?1 IS NULL" },
		);
		self.query(&query, params![account, rows(limit)])
	}

	/// Returns sealed work blocks. The newest comes first.
	///
	/// # Errors
	/// Errors if there is no file, or if it cannot be read.
	pub fn work_blocks(&self, limit: u32) -> Result<Vec<Record>, StoreError> {
		let query = "SELECT w.number, w.block, b.timestamp_ms, w.taken, w.threshold, w.minted, w.optimizers, \
			 w.evaluators, w.validators FROM work_block w JOIN block b ON b.number = w.block ORDER BY w.block DESC, w.number DESC \
			 LIMIT ?1";
		self.query(query, params![rows(limit)])
	}

	/// Returns challenges of claims and of settled sums that were decided. The newest comes first.
	///
	/// # Errors
	/// Errors if there is no file, or if it cannot be read.
	pub fn challenges(&self, limit: u32) -> Result<Vec<Record>, StoreError> {
		let query = "SELECT c.block, c.position, c.kind, c.is_upheld, c.challenger, c.task, c.domain, c.round, c.seat, \
			 c.model AS model_index, c.chunk, c.claimed, c.computed, c.reward, c.paid, c.burned, b.timestamp_ms \
			 FROM challenge c JOIN block b ON b.number = c.block ORDER BY c.block DESC, c.position DESC LIMIT ?1";
		self.query(query, params![rows(limit)])
	}

	/// Returns answers that drawn evaluators missed. The newest comes first.
	///
	/// # Errors
	/// Errors if there is no file, or if it cannot be read.
	pub fn absences(&self, limit: u32) -> Result<Vec<Record>, StoreError> {
		let query = "SELECT a.task, a.account, a.quorum, a.drawn_block, a.commit_block, a.missed_block, a.is_excused, t.domain, \
			 b.timestamp_ms FROM answer a JOIN block b ON b.number = a.missed_block LEFT JOIN task t ON t.task = a.task \
			 WHERE a.missed_block IS NOT NULL ORDER BY a.missed_block DESC, a.task DESC, a.account DESC LIMIT ?1";
		self.query(query, params![rows(limit)])
	}

	/// Returns the position, and numbers of every domain in `domains`: its experiments, seats of ended rounds, champions and best
	/// performance.
	///
	/// # Errors
	/// Errors if there is no file, or if it cannot be read.
	pub fn summary(&self) -> Result<Record, StoreError> {
		let query = format!(
			"SELECT p.genesis, b.number AS last_block, b.hash AS last_hash, {} AS last_utc, \
			 (SELECT json_group_array(json_object('domain_id', d.domain_id, 'owner', d.owner, 'champion', d.champion, \
				'weight', d.weight, 'registered_block', d.registered_block, 'activated_block', d.activated_block, \
				'converged_block', d.converged_block, 'closed_block', d.closed_block, 'retired_block', d.retired_block, \
				'experiments', (SELECT count(*) FROM fact_experiment_summary s WHERE s.domain_id = d.domain_id), \
				'seats', (SELECT ifnull(sum(total_rounds), 0) FROM fact_experiment_summary s WHERE s.domain_id = d.domain_id), \
				'best_performance', (SELECT CAST(min(best_performance) AS TEXT) FROM fact_experiment_summary s \
					WHERE s.domain_id = d.domain_id), \
				'champions', (SELECT count(*) FROM fact_chain_optimae o WHERE o.domain_id = d.domain_id))) \
				FROM (SELECT * FROM dim_domain ORDER BY domain_id) d) AS domains \
			 FROM _position p JOIN block b ON b.number = p.next_block - 1",
			crate::statements::UTC
		);
		Ok(self.query(&query, params![])?.into_iter().next().unwrap_or_default())
	}

	/// Copies the database to a new file at `target`, as it is at one moment.
	///
	/// # Errors
	/// Errors if there is no file, if it cannot be read, or if `target` cannot be written.
	pub fn copy(&self, target: &Path) -> Result<(), StoreError> {
		self.with(|database| database.execute("VACUUM INTO ?1", [target.to_string_lossy()]).map(drop))
	}

	/// Returns the records of a query.
	fn query(&self, query: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Record>, StoreError> {
		self.with(|database| {
			let mut statement = database.prepare_cached(query)?;
			let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
			// Parameters that a query does not name are left out.
			let count = statement.parameter_count().min(parameters.len());
			let mut rows = statement.query(params_from_iter(&parameters[..count]))?;
			let mut records = Vec::new();
			while let Some(row) = rows.next()? {
				let cells = names.iter().enumerate().map(|(at, name)| Ok((name.clone(), value(name, row.get_ref(at)?))));
				records.push(cells.collect::<rusqlite::Result<_>>()?);
			}
			Ok(records)
		})
	}

	/// Runs a query on a connection.
	fn with<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
		let path = &self.0.path;
		let file = file_id(path).ok_or_else(|| StoreError::Missing { path: path.clone() })?;
		let idle = {
			let mut idle = self.0.idle.lock();
			// The database of an earlier chain was moved aside.
			idle.retain(|(opened, _)| *opened == file);
			idle.pop()
		};
		let database = match idle {
			Some((_, database)) => database,
			None => connect(path)?,
		};
		let result = query(&database).map_err(|cause| StoreError::of(path, cause));
		let mut idle = self.0.idle.lock();
		if result.is_ok() && idle.len() < IDLE {
			idle.push((file, database));
		}
		result
	}
}

/// Identifier of a file, which a rename does not change.
type FileId = (u64, u64);

/// Returns the identifier of a file, or `None` if it does not exist.
fn file_id(path: &Path) -> Option<FileId> {
	let file = std::fs::metadata(path).ok()?;
	#[cfg(unix)]
	{
		use std::os::unix::fs::MetadataExt;
		Some((file.dev(), file.ino()))
	}
	#[cfg(not(unix))]
	Some((0, file.is_file().into()))
}

/// Opens a database for reading.
pub(crate) fn connect(path: &Path) -> Result<Connection, StoreError> {
	if !path.exists() {
		return Err(StoreError::Missing { path: path.into() });
	}
	let of = |cause| StoreError::of(path, cause);
	let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
	let database = Connection::open_with_flags(path, flags).map_err(of)?;
	database.busy_timeout(PATIENCE).map_err(of)?;
	// The indexer has created the file, and its tables are not committed yet.
	if database.query_row("SELECT count(*) = 0 FROM sqlite_master", [], |row| row.get(0)).map_err(of)? {
		return Err(StoreError::Missing { path: path.into() });
	}
	expect_version(&database, path)?;
	Ok(database)
}

/// Returns a limit of records.
fn rows(limit: u32) -> u32 {
	limit.min(MAX_ROWS)
}

/// Returns the condition that a column is parameter 1, or one that names the parameter and is always true.
fn condition(column: &str, is_set: bool) -> String {
	match is_set {
		true => format!("WHERE {column} = ?1"),
		false => "WHERE ?1 IS NULL".into(),
	}
}

/// Returns the value of a column in JSON.
fn value(column: &str, value: ValueRef<'_>) -> Value {
	match value {
		ValueRef::Null | ValueRef::Blob(_) => Value::Null,
		ValueRef::Integer(number) if WIDE.contains(&column) => number.to_string().into(),
		ValueRef::Integer(number) => number.into(),
		ValueRef::Real(number) => number.into(),
		ValueRef::Text(text) => {
			let text = String::from_utf8_lossy(text);
			let json = JSON.contains(&column).then(|| serde_json::from_str(&text).ok()).flatten();
			json.unwrap_or_else(|| text.into())
		}
	}
}
