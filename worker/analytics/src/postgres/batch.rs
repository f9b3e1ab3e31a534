//! Rows of a batch of blocks, in the text format of `COPY`.

use rusqlite::{params, types::ValueRef, Connection};
use std::collections::BTreeMap;

/// Most blocks and events of a batch, unless one block has more.
const EVENTS: i64 = if cfg!(test) { 24 } else { 20_000 };
/// Most blocks of a batch.
const BLOCKS: u32 = 4_096;
/// Columns of JSON.
const JSON: [&str; 2] = ["fields", "metrics"];

/// A table of the export.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
	/// Name of the table.
	pub(crate) name: &'static str,
	/// Primary key.
	pub(crate) key: &'static str,
	/// Column of the block that added a row, or changed it last.
	pub(crate) block: &'static str,
}

const fn table(name: &'static str, key: &'static str, block: &'static str) -> Table {
	Table { name, key, block }
}

/// All tables of facts.
pub(crate) const TABLES: [Table; 16] = [
	table("dim_domain", "domain_id", "changed_block"),
	table("dim_experiment", "experiment_id", "changed_block"),
	table("block", "number", "number"),
	table("event", "block, position", "block"),
	table("round", "domain, number", "changed_block"),
	table("seat", "domain, round, seat", "changed_block"),
	table("task", "task", "changed_block"),
	table("answer", "task, account, quorum", "changed_block"),
	table("challenge", "block, position", "block"),
	table("work_block", "number", "block"),
	table("payment", "block, position", "block"),
	table("burn", "block, position", "block"),
	table("purse_payment", "block, position", "block"),
	table("fact_round", "round_id", "chain_height"),
	table("fact_experiment_summary", "experiment_id", "changed_block"),
	table("fact_chain_optimae", "optimae_id", "block_height"),
];

impl Table {
	/// Returns the statement that moves the rows of the temporary table to this one.
	pub fn upsert(self, columns: &[String]) -> String {
		let Self { name, key, .. } = self;
		let is_key = |column: &&String| key.split(", ").any(|part| part == *column);
		let changes: Vec<_> =
			columns.iter().filter(|column| !is_key(column)).map(|column| format!("{column} = EXCLUDED.{column}")).collect();
		format!("INSERT INTO {name} SELECT * FROM new_{name} ON CONFLICT ({key}) DO UPDATE SET {}", changes.join(", "))
	}
}

/// Rows that blocks have added or changed.
#[derive(Debug)]
pub(super) struct Batch {
	/// Last block.
	pub last: u32,
	/// Its hash.
	pub last_hash: String,
	rows: u64,
	/// Columns and rows by the name of the table.
	tables: BTreeMap<&'static str, (Vec<String>, Vec<u8>)>,
}

impl Batch {
	/// Reads the rows of blocks from `first` on, at most up to `end`, as they are at one moment.
	pub fn read(database: &Connection, first: u32, end: u32) -> rusqlite::Result<Self> {
		let moment = database.unchecked_transaction()?;
		let query = "SELECT max(number) FROM (SELECT number, sum(events + 1) OVER (ORDER BY number) AS total FROM block \
			WHERE number BETWEEN ?1 AND ?2) WHERE total <= ?3 OR number = ?1";
		let most = end.min(first.saturating_add(BLOCKS - 1));
		let last = moment.query_row(query, params![first, most, EVENTS], |row| row.get(0))?;
		let last_hash = moment.query_row("SELECT hash FROM block WHERE number = ?1", [last], |row| row.get(0))?;
		let mut batch = Self { last, last_hash, rows: 0, tables: BTreeMap::new() };
		for Table { name, block, .. } in TABLES {
			let mut statement = moment.prepare_cached(&format!("SELECT * FROM {name} WHERE {block} BETWEEN ?1 AND ?2"))?;
			let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
			let (mut rows, mut text) = (statement.query([first, last])?, Vec::new());
			while let Some(row) = rows.next()? {
				for (at, column) in columns.iter().enumerate() {
					if at > 0 {
						text.push(b'\t');
					}
					write_cell(&mut text, row.get_ref(at)?, JSON.contains(&column.as_str()));
				}
				text.push(b'\n');
				batch.rows += 1;
			}
			drop(rows);
			batch.tables.insert(name, (columns, text));
		}
		Ok(batch)
	}

	/// Returns the number of rows.
	pub fn rows(&self) -> u64 {
		self.rows
	}

	/// Returns the tables that have rows, and the rows.
	pub fn tables(&self) -> impl Iterator<Item = (Table, &[u8])> {
		let rows = |table: Table| self.tables.get(table.name).map(|(_, rows)| (table, rows.as_slice()));
		TABLES.into_iter().filter_map(rows).filter(|(_, rows)| !rows.is_empty())
	}

	/// Returns the columns of a table.
	pub fn columns(&self, table: Table) -> &[String] {
		self.tables.get(table.name).map(|(columns, _)| columns.as_slice()).unwrap_or_default()
	}
}

/// Writes a value. A zero byte, which PostgreSQL has in no text, becomes a replacement character.
fn write_cell(line: &mut Vec<u8>, value: ValueRef<'_>, is_json: bool) {
	match value {
		ValueRef::Null | ValueRef::Blob(_) => line.extend(b"\\N"),
		ValueRef::Integer(number) => line.extend(number.to_string().bytes()),
		ValueRef::Real(number) => line.extend(number.to_string().bytes()),
		ValueRef::Text(text) => {
			let without_zeros = if is_json { Some(replaced_zeros(text)) } else { None };
			for byte in without_zeros.as_deref().unwrap_or(text) {
				match byte {
					b'\\' => line.extend(b"\\\\"),
					b'\t' => line.extend(b"\\t"),
					b'\n' => line.extend(b"\\n"),
					b'\r' => line.extend(b"\\r"),
					0 => line.extend(char::REPLACEMENT_CHARACTER.to_string().bytes()),
					byte => line.push(*byte),
				}
			}
		}
	}
}

/// Returns JSON with a replacement character in place of every escaped zero byte.
fn replaced_zeros(json: &[u8]) -> Vec<u8> {
	let (mut text, mut rest) = (Vec::with_capacity(json.len()), json);
	while let [first, tail @ ..] = rest {
		// A backslash escapes the byte after it, also another backslash.
		let (part, length) = match (first, tail) {
			(b'\\', [b'u', b'0', b'0', b'0', b'0', ..]) => (&b"\\ufffd"[..], 6),
			(b'\\', [_, ..]) => (&rest[..2], 2),
			_ => (&rest[..1], 1),
		};
		text.extend(part);
		rest = &rest[length..];
	}
	text
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn cells_are_escaped() {
		let cell = |value: ValueRef<'_>, is_json| {
			let mut line = Vec::new();
			write_cell(&mut line, value, is_json);
			String::from_utf8(line).unwrap()
		};
		assert_eq!(cell(ValueRef::Null, false), "\\N");
		assert_eq!(cell(ValueRef::Integer(-7), false), "-7");
		assert_eq!(cell(ValueRef::Real(0.000_000_1), false), "0.0000001");
		assert_eq!(cell(ValueRef::Text(b"a\tb\\c\nd\0"), false), "a\\tb\\\\c\\nd\u{fffd}");
		assert_eq!(cell(ValueRef::Text(br#"{"a":"\u0000\\u0000"}"#), true), r#"{"a":"\\ufffd\\\\u0000"}"#);
	}

	#[test]
	fn an_upsert_replaces_all_columns_but_the_key() {
		let columns = ["block", "position", "amount"].map(str::to_owned);
		let statement = table("payment", "block, position", "block").upsert(&columns);
		assert_eq!(
			statement,
			"INSERT INTO payment SELECT * FROM new_payment ON CONFLICT (block, position) DO UPDATE SET amount = EXCLUDED.amount"
		);
	}
}
