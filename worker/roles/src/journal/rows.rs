//! Rows of the database.

use super::{Entry, Kind, Note, Scope, State};
use doin_chain::Account;
use doin_primitives::RoundId;
use rusqlite::{
	types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef},
	Connection, Row,
};

/// Columns of an entry.
pub(super) const COLUMNS: &str =
	"kind, domain, number, who, commitment, payload, salt, reveal_from, reveal_until, state, input_end";

/// Returns the entries that `sql` selects.
pub(super) fn select(database: &Connection, sql: &str, params: &[&dyn ToSql]) -> rusqlite::Result<Vec<Entry>> {
	database.prepare(sql)?.query_map(params, read)?.collect()
}

/// Returns the entry of a row of [`COLUMNS`].
pub(super) fn read(row: &Row) -> rusqlite::Result<Entry> {
	let domain = row.get(1)?;
	let scope = match row.get(0)? {
		Kind::Candidate => Scope::Candidate(RoundId { domain, number: row.get(2)? }),
		Kind::Sums => Scope::Sums { domain, task: row.get(2)? },
		Kind::Challenge => Scope::Challenge { domain, task: row.get(2)? },
		Kind::Report => Scope::Report(row.get(2)?),
		Kind::Forecast => Scope::Forecast(RoundId { domain, number: row.get(2)? }),
	};
	Ok(Entry {
		scope,
		who: Account(row.get(3)?),
		commitment: row.get(4)?,
		payload: row.get(5)?,
		salt: row.get(6)?,
		reveal_from: row.get(7)?,
		reveal_until: row.get(8)?,
		state: row.get(9)?,
		input_end: row.get(10)?,
	})
}

impl ToSql for Kind {
	fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
		Ok(<&'static str>::from(self).into())
	}
}

impl ToSql for State {
	fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
		Ok(<&'static str>::from(self).into())
	}
}

impl ToSql for Note {
	fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
		Ok(<&'static str>::from(self).into())
	}
}

fn from_text<T: std::str::FromStr>(value: ValueRef<'_>) -> FromSqlResult<T> {
	let text = value.as_str()?;
	text.parse().map_err(|_| FromSqlError::Other(format!("unknown name `{text}`").into()))
}

impl FromSql for Kind {
	fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
		from_text(value)
	}
}

impl FromSql for State {
	fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
		from_text(value)
	}
}
