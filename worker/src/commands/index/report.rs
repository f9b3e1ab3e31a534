//! Reports of `index`.

use crate::report::{count, entry};
use doin_analytics::{Content, Finding, Store};
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
};

/// Report of `index`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexReport {
	database: PathBuf,
	/// Number of new blocks.
	blocks: u32,
	/// Last block; `None` if there is none.
	last: Option<u32>,
	stats_file: Option<PathBuf>,
	/// Number of new lines of the CSV file.
	lines: Option<u64>,
}

impl IndexReport {
	/// Returns the report of a run that began with block `first`.
	pub fn new(database: PathBuf, first: u32, last: Option<u32>, stats: Option<(PathBuf, u64)>) -> Self {
		let blocks = last.map_or(0, |last| last.saturating_add(1).saturating_sub(first));
		let (stats_file, lines) = stats.unzip();
		Self { database, blocks, last, stats_file, lines }
	}
}

impl Display for IndexReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "database", self.database.display())?;
		let last = self.last.map_or("none".into(), |last| last.to_string());
		entry(f, "blocks", format_args!("{} new, last {last}", self.blocks))?;
		match (&self.stats_file, self.lines) {
			(Some(file), Some(lines)) => {
				entry(f, "CSV file", format_args!("{}, {} new", file.display(), count(lines as usize, "line")))
			}
			_ => Ok(()),
		}
	}
}

/// Report of `index check`.
#[derive(Debug, Serialize)]
pub struct CheckReport {
	database: PathBuf,
	/// First block; `None` if there is none.
	first: Option<u32>,
	/// Last block; `None` if there is none.
	last: Option<u32>,
	/// Hash of the content.
	content: String,
	/// Rows of each table.
	tables: Vec<(String, u64)>,
	findings: Vec<String>,
}

impl CheckReport {
	/// Returns the report of a database.
	pub fn new(store: &Store, content: &Content, findings: &[Finding]) -> Self {
		Self {
			database: store.path().into(),
			first: store.position().map(|position| position.first),
			last: store.position().map(|position| position.last),
			content: hash(content),
			tables: content.tables.iter().map(|table| (table.table.clone(), table.rows)).collect(),
			findings: findings.iter().map(ToString::to_string).collect(),
		}
	}
}

impl Display for CheckReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "database", self.database.display())?;
		entry(f, "last block", self.last.map_or("none".into(), |last| last.to_string()))?;
		entry(f, "content", &self.content)?;
		self.tables.iter().try_for_each(|(table, rows)| entry(f, "rows", format_args!("{rows:>9} {table}")))?;
		match self.findings.is_empty() {
			true => {
				let first = self.first.unwrap_or(0);
				entry(f, "complete", format_args!("every block from {first} on, with all its events"))
			}
			false => self.findings.iter().try_for_each(|finding| entry(f, "finding", finding)),
		}?;
		match self.findings.is_empty() {
			true => Ok(()),
			false => entry(f, "next step", "build a new file with `doin-worker index rebuild NEW` on an archive node"),
		}
	}
}

/// Report of `index rebuild`.
#[derive(Debug, Serialize)]
pub struct RebuildReport {
	database: PathBuf,
	new: PathBuf,
	last: u32,
	/// Hash of the content of the existing database.
	existing: String,
	/// Hash of the content of the new database.
	rebuilt: String,
	/// Tables whose contents differ.
	differing: Vec<String>,
}

impl RebuildReport {
	/// Returns the comparison of an existing database with a new one.
	pub fn new((database, existing): (PathBuf, &Content), (new, rebuilt): (PathBuf, &Content), last: u32) -> Self {
		let equal = |name: &str| {
			let of = |content: &Content| content.tables.iter().find(|table| table.table == name).cloned();
			of(existing) == of(rebuilt)
		};
		let mut names: Vec<_> = existing.tables.iter().chain(&rebuilt.tables).map(|table| table.table.clone()).collect();
		names.sort();
		names.dedup();
		let differing = names.into_iter().filter(|name| !equal(name)).collect();
		Self { database, new, last, existing: hash(existing), rebuilt: hash(rebuilt), differing }
	}

	/// Returns `true` if the contents are equal.
	pub fn is_equal(&self) -> bool {
		self.differing.is_empty()
	}
}

impl Display for RebuildReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "database", format_args!("{}, content {}", self.database.display(), self.existing))?;
		entry(f, "new", format_args!("{}, content {}", self.new.display(), self.rebuilt))?;
		entry(f, "last block", self.last)?;
		match self.is_equal() {
			true => entry(f, "result", "equal"),
			false => entry(
				f,
				"result",
				format_args!("different tables: {}. Keep the new file, and report the difference", self.differing.join(", ")),
			),
		}
	}
}

fn hash(content: &Content) -> String {
	format!("0x{}", hex::encode(content.hash))
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_analytics::TableContent;

	/// Returns a content of two tables.
	fn content(first: u8, second: u8) -> Content {
		let table = |name: &str, byte: u8| TableContent { table: name.into(), rows: 2, hash: [byte; 32] };
		Content { tables: vec![table("block", first), table("seat", second)], hash: [first ^ second; 32] }
	}

	#[test]
	fn a_rebuild_names_the_tables_that_differ() {
		let report = |rebuilt: &Content| RebuildReport::new(("a.db".into(), &content(1, 2)), ("b.db".into(), rebuilt), 9);
		assert!(report(&content(1, 2)).is_equal());
		let different = report(&content(1, 3));
		assert!(!different.is_equal() && different.to_string().contains("different tables: seat."), "{different}");
		let mut shorter = content(1, 2);
		shorter.tables.pop();
		assert!(!report(&shorter).is_equal());
	}

	#[test]
	fn a_run_counts_the_new_blocks() {
		let report = IndexReport::new("a.db".into(), 5, Some(9), Some(("r.csv".into(), 1)));
		assert_eq!(report.to_string(), "database    a.db\nblocks      5 new, last 9\nCSV file    r.csv, 1 line new\n");
		let nothing = IndexReport::new("a.db".into(), 10, Some(9), None);
		assert_eq!(nothing.to_string(), "database    a.db\nblocks      0 new, last 9\n");
		let empty = IndexReport::new("a.db".into(), 0, None, None);
		assert_eq!(empty.to_string(), "database    a.db\nblocks      0 new, last none\n");
	}

	#[test]
	fn a_check_shows_findings_and_the_next_step() {
		let folder = tempfile::tempdir().unwrap();
		let store = Store::open(&folder.path().join("facts.db")).unwrap();
		let content = store.content().unwrap();
		let complete = CheckReport::new(&store, &content, &store.check().unwrap()).to_string();
		assert!(complete.contains("every block from 0 on") && !complete.contains("finding"), "{complete}");
		let gap = CheckReport::new(&store, &content, &[Finding::Gap { from: 3, until: 5 }]).to_string();
		assert!(gap.contains("blocks 3 to 4 are missing") && gap.contains("index rebuild NEW"), "{gap}");
	}
}
