//! Rows of a query as columns of a Parquet file.

use super::Failure;
use crate::StoreError;
use parquet::{
	basic::Compression,
	data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type},
	errors::ParquetError,
	file::{properties::WriterProperties, writer::SerializedFileWriter},
	schema::parser::parse_message_type,
};
use rusqlite::{types::ValueRef, Connection};
use std::{fs::File, path::Path, sync::Arc};

/// Rows of a row group, of which one is in memory at a time.
const ROWS: usize = if cfg!(test) { 16 } else { 16_384 };
/// Columns of truth values.
const TRUTH: [&str; 6] = ["higher_is_better", "converged", "is_improvement", "is_excused", "is_upheld", "is_forfeited"];
/// Columns of times, as UTC text.
const TIMES: [&str; 5] = ["timestamp_utc", "started_at", "finished_at", "block_timestamp", "ingested_at"];
/// Columns of JSON.
const JSON: [&str; 5] = ["best_parameters", "fields", "genes", "metrics", "parameters"];

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
	Integer,
	/// Integer of 64 bits without sign, which SQLite has as text from 2⁶³ on.
	Unsigned,
	Real,
	Truth,
	/// Milliseconds since 1970.
	Time,
	Json,
	/// Text, also amounts, which can have more digits than a decimal of Parquet.
	Text,
}

impl Kind {
	/// Returns the type of a column by its name and its type in SQLite.
	fn of(name: &str, declared: &str) -> Self {
		match declared {
			_ if TRUTH.contains(&name) => Self::Truth,
			_ if TIMES.contains(&name) => Self::Time,
			_ if JSON.contains(&name) => Self::Json,
			// The only one that can be negative.
			_ if name == "performance_delta" => Self::Integer,
			"ANY" => Self::Unsigned,
			"INTEGER" => Self::Integer,
			"REAL" => Self::Real,
			_ => Self::Text,
		}
	}

	/// Returns a column in the language of schemas.
	fn declaration(self, name: &str) -> String {
		match self {
			Self::Integer => format!("OPTIONAL INT64 {name};"),
			Self::Unsigned => format!("OPTIONAL INT64 {name} (INTEGER(64,false));"),
			Self::Real => format!("OPTIONAL DOUBLE {name};"),
			Self::Truth => format!("OPTIONAL BOOLEAN {name};"),
			Self::Time => format!("OPTIONAL INT64 {name} (TIMESTAMP(MILLIS,true));"),
			Self::Json => format!("OPTIONAL BYTE_ARRAY {name} (JSON);"),
			Self::Text => format!("OPTIONAL BYTE_ARRAY {name} (STRING);"),
		}
	}

	/// Returns the SQL expression of a column.
	fn expression(self, name: &str) -> String {
		match self {
			Self::Time => {
				format!("CAST(strftime('%s', {name}) AS INTEGER) * 1000 + CAST(substr({name}, 21, 3) AS INTEGER)")
			}
			_ => format!("\"{name}\""),
		}
	}
}

/// Values of a column in one row group.
#[derive(Default)]
struct Column {
	/// 1 for a value, 0 for NULL.
	levels: Vec<i16>,
	integers: Vec<i64>,
	reals: Vec<f64>,
	truths: Vec<bool>,
	texts: Vec<ByteArray>,
}

impl Column {
	fn push(&mut self, kind: Kind, value: ValueRef<'_>) {
		let is_known = match (kind, value) {
			(Kind::Real, ValueRef::Real(number)) => push(&mut self.reals, number),
			(Kind::Real, ValueRef::Integer(number)) => push(&mut self.reals, number as f64),
			(Kind::Truth, ValueRef::Integer(number)) => push(&mut self.truths, number != 0),
			(Kind::Integer | Kind::Unsigned | Kind::Time, ValueRef::Integer(number)) => push(&mut self.integers, number),
			(Kind::Unsigned, ValueRef::Text(digits)) => match std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok())
			{
				// The bits of a number without sign.
				Some(number) => push(&mut self.integers, u64::cast_signed(number)),
				None => false,
			},
			(Kind::Json | Kind::Text, ValueRef::Text(text)) => push(&mut self.texts, ByteArray::from(text.to_vec())),
			_ => false,
		};
		self.levels.push(is_known.into());
	}
}

fn push<T>(values: &mut Vec<T>, value: T) -> bool {
	values.push(value);
	true
}

/// Writes the rows of a query without its columns to a file, and returns their number.
pub(super) fn write_rows(database: &Connection, path: &Path, table: &str, query: &str, file: &mut File) -> Result<u64, Failure> {
	let of = |cause| Failure::Store(StoreError::of(path, cause));
	let mut info = database.prepare("SELECT name, type FROM pragma_table_info(?1) ORDER BY cid").map_err(of)?;
	let read = info.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).map_err(of)?;
	let names: Vec<(String, String)> = read.collect::<Result<_, _>>().map_err(of)?;
	let kinds: Vec<(&str, Kind)> = names.iter().map(|(name, declared)| (name.as_str(), Kind::of(name, declared))).collect();
	let schema: Vec<String> = kinds.iter().map(|(name, kind)| kind.declaration(name)).collect();
	let schema = parse_message_type(&format!("message {table} {{ {} }}", schema.join(" "))).map_err(Failure::file)?;
	let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
	let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(Failure::file)?;
	let expressions: Vec<String> = kinds.iter().map(|(name, kind)| kind.expression(name)).collect();
	let mut statement = database.prepare(&format!("SELECT {} {query}", expressions.join(", "))).map_err(of)?;
	let (mut rows, mut count) = (statement.query([]).map_err(of)?, 0);
	loop {
		let mut group: Vec<Column> = kinds.iter().map(|_| Column::default()).collect();
		let mut length = 0;
		while length < ROWS {
			let Some(row) = rows.next().map_err(of)? else { break };
			for (at, (column, (_, kind))) in group.iter_mut().zip(&kinds).enumerate() {
				column.push(*kind, row.get_ref(at).map_err(of)?);
			}
			length += 1;
		}
		if length == 0 {
			break;
		}
		write_group(&mut writer, &group, &kinds).map_err(Failure::file)?;
		count += length as u64;
	}
	writer.close().map_err(Failure::file)?;
	Ok(count)
}

/// Writes a row group.
fn write_group(
	writer: &mut SerializedFileWriter<&mut File>,
	group: &[Column],
	kinds: &[(&str, Kind)],
) -> Result<(), ParquetError> {
	let mut row_group = writer.next_row_group()?;
	for (column, (_, kind)) in group.iter().zip(kinds) {
		let Some(mut target) = row_group.next_column()? else { break };
		let levels = Some(column.levels.as_slice());
		match kind {
			Kind::Integer | Kind::Unsigned | Kind::Time => {
				target.typed::<Int64Type>().write_batch(&column.integers, levels, None)?
			}
			Kind::Real => target.typed::<DoubleType>().write_batch(&column.reals, levels, None)?,
			Kind::Truth => target.typed::<BoolType>().write_batch(&column.truths, levels, None)?,
			Kind::Json | Kind::Text => target.typed::<ByteArrayType>().write_batch(&column.texts, levels, None)?,
		};
		target.close()?;
	}
	row_group.close()?;
	Ok(())
}
