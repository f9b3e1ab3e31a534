//! File of records: one line of JSON for each published anchor, in the order of their publication. Lines are only appended.

use super::{Record, TARGET};
use crate::home::expand_home;
use anyhow::{Context, Result};
use std::{
	fs::{self, File, OpenOptions},
	io::{ErrorKind, Write},
	path::{Path, PathBuf},
};

/// A file of records.
#[derive(Clone, Debug)]
pub struct AnchorFile {
	path: PathBuf,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
	/// Number of the line, from 1.
	pub(super) number: usize,
	/// The record, or the reason for which the line is none.
	pub(super) record: Result<Record, String>,
}

impl AnchorFile {
	/// Returns the file of this name. It need not exist.
	///
	/// # Errors
	///
	/// Errors if the name begins with the home folder of another user, or if the home folder is unknown.
	pub fn new(path: &Path) -> Result<Self> {
		Ok(Self { path: expand_home(path)? })
	}

	/// Returns the name of the file.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Returns the lines of the file. A file that does not exist has none.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read.
	pub(super) fn lines(&self) -> Result<Vec<Line>> {
		let bytes = match fs::read(&self.path) {
			Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
			bytes => {
				bytes.with_context(|| format!("cannot read {}: correct its name or its permissions", self.path.display()))?
			}
		};
		let text = String::from_utf8_lossy(&bytes);
		let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
		let record = |line: &str| serde_json::from_str(line).map_err(|error| error.to_string());
		Ok(lines.map(|(line, number)| Line { number, record: record(line) }).collect())
	}

	/// Returns the records of the file, after an unfinished last line was removed.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read or written.
	pub(super) fn open(&self) -> Result<Vec<Record>> {
		self.remove_unfinished_line()?;
		Ok(self.lines()?.into_iter().filter_map(|line| line.record.ok()).collect())
	}

	/// Removes a last line that a crash or a full disk has left without its end. The anchor of that line is published again.
	fn remove_unfinished_line(&self) -> Result<()> {
		let shown = self.path.display();
		let bytes = match fs::read(&self.path) {
			Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
			bytes => bytes.with_context(|| format!("cannot read {shown}: correct its name or its permissions"))?,
		};
		if bytes.last().is_none_or(|last| *last == b'\n') {
			return Ok(());
		}
		let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
		let cut = OpenOptions::new().write(true).open(&self.path).and_then(|file| file.set_len(whole as u64));
		cut.with_context(|| format!("cannot remove the unfinished last line of {shown}: correct its permissions"))?;
		tracing::warn!(target: TARGET, file = %shown, "the last line was unfinished and is removed; its anchor is published again");
		Ok(())
	}

	/// Appends a record, and waits until it is on the disk.
	///
	/// # Errors
	///
	/// Errors if the file cannot be written.
	pub(super) fn append(&self, record: &Record) -> Result<()> {
		self.remove_unfinished_line()?;
		let line = serde_json::to_string(record)? + "\n";
		let write = |mut file: File| {
			file.write_all(line.as_bytes())?;
			file.sync_data()
		};
		let written = OpenOptions::new().create(true).append(true).open(&self.path).and_then(write);
		written.with_context(|| {
			format!("cannot write {}: choose a file in a writable folder, and check the disk", self.path.display())
		})
	}
}
