//! Columns of one file.

use crate::{
	csv::source::{shown, Source},
	series::{ReadOptions, Series},
	units::exact,
};
use anyhow::{Context, Result};
use codec::Encode;
use doin_primitives::{
	blake2_256,
	domain::{MAX_PAGES, PAGE_VALUES},
	Hash,
};
use std::{
	fmt,
	path::{Path, PathBuf},
	str::FromStr,
};

/// A file, or its first rows: `FILE` or `FILE:ROWS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesSource {
	/// Path of the file.
	pub path: PathBuf,
	/// Number of rows that are read; `None` for all.
	pub rows: Option<usize>,
}

impl FromStr for SeriesSource {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let whole = Self { path: text.into(), rows: None };
		match text.rsplit_once(':') {
			// A file may have such a name.
			Some((path, rows)) if !path.is_empty() && !whole.path.exists() => match rows.parse() {
				Ok(0) => Err(format!("invalid source `{text}`: expected FILE:ROWS with at least one row of {path}")),
				Ok(rows) => Ok(Self { path: path.into(), rows: Some(rows) }),
				Err(_) => Ok(whole),
			},
			_ => Ok(whole),
		}
	}
}

impl From<&Path> for SeriesSource {
	fn from(path: &Path) -> Self {
		Self { path: path.into(), rows: None }
	}
}

impl fmt::Display for SeriesSource {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self.rows {
			Some(rows) => write!(f, "{}:{rows}", self.path.display()),
			None => write!(f, "{}", self.path.display()),
		}
	}
}

/// Columns of a file, in their units.
#[derive(Clone, Debug)]
pub struct Table {
	/// Name of the file, without its folder.
	pub file: String,
	/// Name of the column to forecast.
	pub column: String,
	/// Names of the columns that are read beside it.
	pub inputs: Vec<String>,
	/// Values of these columns.
	pub series: Series,
}

impl Table {
	/// Reads `column`, or the only column of numbers, and the columns of `options`.
	///
	/// # Errors
	///
	/// Errors if [`Series::read`] does.
	pub fn read(source: &SeriesSource, column: Option<&str>, options: &ReadOptions) -> Result<Self> {
		Self::of_text(source, Source::open(&source.path)?, column, options)
	}

	/// Reads `text`, the text of the file of `source` or its beginning, as [`Table::read`] reads the file.
	///
	/// # Errors
	///
	/// Errors if [`Series::of_source`] does.
	pub fn of_text(source: &SeriesSource, text: Source, column: Option<&str>, options: &ReadOptions) -> Result<Self> {
		let path = source.path.as_path();
		let (mut names, series) = Series::of_source(shown(path), text, source.rows, column, options)?;
		let file = path.file_name().filter(|name| *name != "-").map(|name| name.to_string_lossy().into_owned());
		let column = names.remove(0);
		Ok(Self { file: file.unwrap_or_else(|| shown(path)), column, inputs: names, series })
	}

	/// Returns the number of rows.
	pub fn rows(&self) -> usize {
		self.series.rows()
	}

	/// Returns the values in the raw units of a model, step by step.
	///
	/// # Errors
	///
	/// Errors if [`Series::raw`] does.
	pub fn raw(&self, unit: f64, inputs: &[f64]) -> Result<Vec<i32>> {
		self.series.raw(unit, inputs).with_context(|| {
			format!("column `{}` of {} does not fit the unit of the model, {}", self.column, self.file, exact(unit))
		})
	}
}

/// Returns the largest number of rows that a chain stores of a series of `channels` channels.
pub fn max_rows(channels: u8) -> usize {
	(MAX_PAGES * PAGE_VALUES) as usize / usize::from(channels)
}

/// Returns the hash that identifies raw values, as the `dataRoot` of a domain.
pub fn data_hash(values: &[i32]) -> Hash {
	blake2_256(&values.encode())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_file_may_be_read_in_part() {
		let source = |text: &str| text.parse::<SeriesSource>();
		assert_eq!(source("a.csv:7").unwrap(), SeriesSource { path: "a.csv".into(), rows: Some(7) });
		assert_eq!(source("a.csv:7").unwrap().to_string(), "a.csv:7");
		for whole in ["a.csv", "x:y.csv", ":7", "a:b:c"] {
			assert_eq!(source(whole).unwrap(), SeriesSource { path: whole.into(), rows: None });
		}
		assert!(source("a.csv:0").unwrap_err().contains("at least one"));
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a:3");
		std::fs::write(&path, "v\n1\n2\n3\n4\n").unwrap();
		let text = path.to_string_lossy().into_owned();
		assert_eq!(source(&text).unwrap(), SeriesSource::from(path.as_path()), "a file of that very name");
		let read = |rows: usize| Table::read(&source(&format!("{text}:{rows}")).unwrap(), None, &ReadOptions::default());
		assert_eq!(read(3).unwrap().series.values, [1.0, 2.0, 3.0]);
		assert!(format!("{:#}", read(5).unwrap_err()).contains("5 rows, and the file has 4"));
	}

	#[test]
	fn a_series_larger_than_a_chain_stores_is_rejected() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a.csv");
		let text: String = std::iter::once("v,w\n".to_string()).chain((0..=max_rows(2)).map(|at| format!("{at},1\n"))).collect();
		std::fs::write(&path, text).unwrap();
		let options = ReadOptions { inputs: vec!["w".into()], ..Default::default() };
		let reason = format!("{:#}", Table::read(&path.as_path().into(), Some("v"), &options).unwrap_err());
		assert!(reason.contains("131073 rows, and at most 131072"), "{reason}");
	}
}
