//! CSV file of rounds: one line a seat of an ended round, in the order in which the rounds ended.

use crate::{Store, StoreError};
use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use rusqlite::{params, types::ValueRef, OptionalExtension, Row};
use std::{
	fs::{File, OpenOptions, TryLockError},
	io::{self, Read, Seek, SeekFrom, Write},
	path::{Path, PathBuf},
};

/// Columns of the file, and the SQL expression of each. NULL, an empty cell, stands in the columns that nothing on the chain fills.
const COLUMNS: [(&str, &str); 51] = [
	("experiment_id", "f.experiment_id"),
	("round_id", "f.round_id"),
	("domain_id", "f.domain_id"),
	("node_id", "e.node_id"),
	("timestamp_utc", "f.timestamp_utc"),
	("wall_clock_seconds", "f.wall_clock_seconds"),
	("experiment_start_utc", "e.started_at"),
	("time_to_current_best_seconds", "f.time_to_current_best_seconds"),
	("time_to_target_seconds", "f.time_to_target_seconds"),
	("total_rounds", "f.experiment_round"),
	("round_number", "f.round_number"),
	("performance", "f.performance"),
	("best_performance", "f.best_performance"),
	("target_performance", "e.target_performance"),
	("performance_delta", "f.performance_delta"),
	("converged", "f.converged"),
	("parameters", "f.parameters"),
	("best_parameters", "f.best_parameters"),
	("optimization_config", "NULL"),
	("param_bounds", "NULL"),
	("hostname", "NULL"),
	("optimizer_plugin", "s.author_optimizer"),
	("doin_version", "NULL"),
	("chain_height", "f.chain_height"),
	("peers_count", "NULL"),
	("block_reward_earned", "f.block_reward_earned"),
	("train_mae", "NULL"),
	("train_naive_mae", "NULL"),
	("val_mae", "NULL"),
	("val_naive_mae", "NULL"),
	("test_mae", "NULL"),
	("test_naive_mae", "NULL"),
	("performance_metric", "e.performance_metric"),
	("metric_schema", "f.metric_schema"),
	("higher_is_better", "e.higher_is_better"),
	("generation", "NULL"),
	("stage", "NULL"),
	("total_stages", "NULL"),
	("stage_name", "NULL"),
	("gen_in_stage", "NULL"),
	("n_generations_stage", "NULL"),
	("n_generations_total", "NULL"),
	("total_candidates_evaluated", "NULL"),
	("population_size", "NULL"),
	("no_improve_counter", "NULL"),
	("optimization_patience", "NULL"),
	("avg_fitness", "NULL"),
	("best_fitness_gen", "NULL"),
	("neat_species_count", "NULL"),
	("neat_avg_complexity", "NULL"),
	("metrics", "f.metrics"),
];
/// Columns that identify a round. Chains that begin anew have rounds with the same `round_id`.
const IDENTITY: [&str; 4] = ["round_id", "experiment_id", "timestamp_utc", "chain_height"];
/// Characters with which a spreadsheet begins a formula.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

/// Place of a fact in the order of the file: block, domain, round and seat.
type Place = (i64, i64, i64, i64);

/// The CSV file of rounds of one database. Every line is one record, so a line that a killed process left incomplete is recognised
/// by its missing end, and written again.
#[derive(Debug)]
pub struct StatsFile {
	path: PathBuf,
	file: File,
	/// Place of the last line, if there is any.
	last: Option<Place>,
}

impl StatsFile {
	/// Opens the file at `path`, or creates it with the names of its columns.
	///
	/// # Errors
	/// Errors if the file has other columns, if its last round is not in the database, if another process appends to it, or if it
	/// cannot be written. A file that does not belong to the database is not changed.
	pub fn open(path: &Path, store: &Store) -> Result<Self, StoreError> {
		let of = |cause: io::Error| csv_error(path, cause.into());
		let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(of)?;
		match file.try_lock() {
			Ok(()) => {}
			Err(TryLockError::WouldBlock) => return Err(StoreError::CsvLocked { path: path.into() }),
			Err(TryLockError::Error(cause)) => return Err(of(cause)),
		}
		// After a loss of power, the file must not have rounds that the database has lost.
		store.make_durable()?;
		let end = end_of_lines(&mut file).map_err(of)?;
		let mut last = None;
		if end > 0 {
			file.seek(SeekFrom::Start(0)).map_err(of)?;
			let mut reader = ReaderBuilder::new().has_headers(false).from_reader((&mut file).take(end));
			let mut record = StringRecord::new();
			let is_read = reader.read_record(&mut record).map_err(|cause| csv_error(path, cause))?;
			if !is_read || !record.iter().eq(COLUMNS.iter().map(|(name, _)| *name)) {
				return Err(StoreError::OtherColumns { path: path.into() });
			}
			let mut is_round = false;
			let mut line = StringRecord::new();
			while reader.read_record(&mut line).map_err(|cause| csv_error(path, cause))? {
				(record, line, is_round) = (line, record, true);
			}
			last = is_round.then(|| place(path, store, &record)).transpose()?;
		} else if file.metadata().map_err(of)?.len() > 0 {
			// A whole line is missing: only the beginning of the names of the columns can have been written.
			let (mut begun, names) = (String::new(), header());
			file.seek(SeekFrom::Start(0)).map_err(of)?;
			(&mut file).take(names.len() as u64 + 1).read_to_string(&mut begun).map_err(of)?;
			if !names.starts_with(&begun) {
				return Err(StoreError::OtherColumns { path: path.into() });
			}
		}
		file.set_len(end).map_err(of)?;
		file.seek(SeekFrom::Start(end)).map_err(of)?;
		if end == 0 {
			file.write_all(header().as_bytes()).map_err(of)?;
		}
		Ok(Self { path: path.into(), file, last })
	}

	/// Appends the rounds that ended after the last line. Returns the number of new lines.
	///
	/// # Errors
	/// Errors if the database cannot be read, or the file cannot be written.
	pub fn append(&mut self, store: &Store) -> Result<u64, StoreError> {
		let columns: Vec<_> = COLUMNS.iter().map(|(_, expression)| *expression).collect();
		let query = format!(
			"SELECT {}, f.chain_height, f.domain_id, f.round_number, f.seat FROM fact_round f \
			 JOIN dim_experiment e USING (experiment_id) \
			 JOIN seat s ON s.domain = f.domain_id AND s.round = f.round_number AND s.seat = f.seat \
			 WHERE (f.chain_height, f.domain_id, f.round_number, f.seat) > (?1, ?2, ?3, ?4) \
			 ORDER BY f.chain_height, f.domain_id, f.round_number, f.seat",
			columns.join(", ")
		);
		let (height, domain, round, seat) = self.last.unwrap_or((-1, -1, -1, -1));
		let of = |cause| store.error(cause);
		let mut statement = store.database.prepare_cached(&query).map_err(of)?;
		let mut rows = statement.query(params![height, domain, round, seat]).map_err(of)?;
		let mut writer = WriterBuilder::new().from_writer(&mut self.file);
		let (mut lines, mut last) = (0, self.last);
		while let Some(row) = rows.next().map_err(of)? {
			for column in 0..COLUMNS.len() {
				let cell = cell(row.get_ref(column).map_err(of)?);
				writer.write_field(&cell).map_err(|cause| csv_error(&self.path, cause))?;
			}
			writer.write_record(None::<&[u8]>).map_err(|cause| csv_error(&self.path, cause))?;
			(lines, last) = (lines + 1, Some(place_of(row, COLUMNS.len()).map_err(of)?));
		}
		writer.flush().map_err(|cause| csv_error(&self.path, cause.into()))?;
		drop(writer);
		self.file.sync_data().map_err(|cause| csv_error(&self.path, cause.into()))?;
		self.last = last;
		Ok(lines)
	}
}

fn csv_error(path: &Path, cause: csv::Error) -> StoreError {
	StoreError::Csv { path: path.into(), cause }
}

/// Returns the first line.
fn header() -> String {
	COLUMNS.map(|(name, _)| name).join(",") + "\n"
}

/// Returns the place of a row that ends with its four columns, from column `from` on.
fn place_of(row: &Row<'_>, from: usize) -> rusqlite::Result<Place> {
	Ok((row.get(from)?, row.get(from + 1)?, row.get(from + 2)?, row.get(from + 3)?))
}

/// Returns the place of a line of the file in the database.
fn place(path: &Path, store: &Store, line: &StringRecord) -> Result<Place, StoreError> {
	let cell =
		|name: &str| COLUMNS.iter().position(|(column, _)| *column == name).and_then(|at| line.get(at)).unwrap_or_default();
	let query = "SELECT chain_height, domain_id, round_number, seat FROM fact_round \
		WHERE round_id = ?1 AND experiment_id = ?2 AND ifnull(timestamp_utc, '') = ?3 AND CAST(chain_height AS TEXT) = ?4";
	let found = store.database.query_row(query, IDENTITY.map(cell), |row| place_of(row, 0)).optional();
	let unknown = || StoreError::UnknownRound { path: path.into(), round: cell("round_id").into() };
	found.map_err(|cause| store.error(cause))?.ok_or_else(unknown)
}

/// Returns the length of a file up to the end of its last whole line.
fn end_of_lines(file: &mut File) -> io::Result<u64> {
	let mut end = file.metadata()?.len();
	let mut buffer = [0; 4_096];
	while end > 0 {
		let start = end.saturating_sub(buffer.len() as u64);
		let part = &mut buffer[..(end - start) as usize];
		file.seek(SeekFrom::Start(start))?;
		file.read_exact(part)?;
		match part.iter().rposition(|byte| *byte == b'\n') {
			Some(at) => return Ok(start + at as u64 + 1),
			None => end = start,
		}
	}
	Ok(0)
}

/// Returns the text of a cell. A spreadsheet would run a text that begins like a formula, so such a text gets an apostrophe.
fn cell(value: ValueRef<'_>) -> String {
	match value {
		ValueRef::Null | ValueRef::Blob(_) => String::new(),
		ValueRef::Integer(number) => number.to_string(),
		ValueRef::Real(number) => number.to_string(),
		ValueRef::Text(text) => {
			let text = String::from_utf8_lossy(text).into_owned();
			if text.starts_with(FORMULA) {
				format!("'{text}")
			} else {
				text
			}
		}
	}
}
