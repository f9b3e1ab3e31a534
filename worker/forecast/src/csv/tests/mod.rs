//! Tests of reading: the forms in which people have tables, and random ones.

mod cases;
mod fuzz;

use crate::{ReadOptions, SeriesSource, Table};
use std::path::PathBuf;

/// A file in a folder of its own.
struct File {
	folder: tempfile::TempDir,
	name: &'static str,
}

impl File {
	fn new(bytes: impl AsRef<[u8]>) -> Self {
		Self::named("data.csv", bytes)
	}

	fn named(name: &'static str, bytes: impl AsRef<[u8]>) -> Self {
		let file = Self { folder: tempfile::tempdir().unwrap(), name };
		std::fs::write(file.path(), bytes).unwrap();
		file
	}

	fn path(&self) -> PathBuf {
		self.folder.path().join(self.name)
	}

	fn read(&self, column: Option<&str>, options: &ReadOptions) -> Result<Table, String> {
		Table::read(&SeriesSource::from(self.path().as_path()), column, options).map_err(|error| format!("{error:#}"))
	}

	/// Reads a column with options that `change` sets.
	fn with(&self, column: &str, change: impl FnOnce(&mut ReadOptions)) -> Result<Table, String> {
		let mut options = ReadOptions::default();
		change(&mut options);
		self.read(Some(column), &options)
	}

	/// Returns the values of a column.
	fn values(&self, column: &str) -> Vec<f64> {
		self.with(column, |_| ()).unwrap_or_else(|error| panic!("{error}")).series.values
	}

	/// Returns the reason why a column cannot be read.
	fn refusal(&self, column: &str) -> String {
		self.with(column, |_| ()).map(|table| table.series.values).unwrap_err()
	}
}

/// Returns the remarks on a file as text.
fn notes(table: &Table) -> String {
	table.series.notes.iter().map(|note| format!("{note}\n")).collect()
}

/// Asserts that a text has all of these parts.
#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
	for part in parts {
		assert!(text.contains(part), "`{part}` is missing in: {text}");
	}
}
