//! Beginning of the file of a sealed series that can be read, where a later line cannot.
//!
//! A series keeps its order, so rows that are appended after the segments were sealed belong to none of them. A mistake in such a
//! row must not keep the segments before it from being opened.

use super::{seal::SealedData, series::StepSource};
use crate::{
	csv::source::Source,
	series::Series,
	table::{SeriesSource, Table},
	ReadOptions,
};
use anyhow::{ensure, Error, Result};
use doin_primitives::DomainSpec;
use doin_scoring::Program;
use std::{
	fmt,
	io::{Cursor, Read},
	sync::Arc,
};

/// Most bytes of a text that are held, as many as of the cells of a table.
const MOST_BYTES: u64 = 256 << 20;

/// Data of a sealed domain, as far as its file can be read.
#[derive(Debug)]
pub struct Beginning {
	/// Data of the lines that can be read.
	pub data: SealedData,
	/// Part that cannot be read; `None` if the file is read to its end.
	pub unread: Option<Unread>,
}

/// Part of a file that cannot be read.
#[derive(Debug)]
pub struct Unread {
	/// First line of the part.
	pub line: usize,
	/// Reason, with the file and, unless all lines together are at fault, the line.
	pub error: Error,
}

impl fmt::Display for Unread {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{:#}. From line {} on, nothing is read", self.error, self.line)
	}
}

/// Text of a file.
struct Text {
	bytes: Arc<Vec<u8>>,
	/// End of each line, its line feed included.
	ends: Vec<usize>,
}

/// The first bytes of a text, which all of its beginnings share.
struct First {
	bytes: Arc<Vec<u8>>,
	length: usize,
}

impl AsRef<[u8]> for First {
	fn as_ref(&self) -> &[u8] {
		&self.bytes[..self.length]
	}
}

impl Text {
	/// Reads a file, up to the place where it is damaged. Returns `None` if it cannot be opened.
	fn read(source: &SeriesSource) -> Option<Self> {
		let mut bytes = Vec::new();
		// What was read before an error stays.
		let _ = Source::open(&source.path).ok()?.reader.take(MOST_BYTES).read_to_end(&mut bytes);
		let feeds = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
		let mut ends: Vec<usize> = feeds.map(|(at, _)| at + 1).collect();
		if ends.last() != Some(&bytes.len()) {
			ends.push(bytes.len());
		}
		Some(Self { bytes: Arc::new(bytes), ends })
	}

	/// Returns the first `lines` lines, from one on, as a source.
	fn first(&self, lines: usize) -> Result<Source> {
		Source::new(Cursor::new(First { bytes: self.bytes.clone(), length: self.ends[lines - 1] }))
	}

	/// Returns line `line`, counted from 1.
	fn line(&self, line: usize) -> &[u8] {
		let first = if line > 1 { self.ends[line - 2] } else { 0 };
		&self.bytes[first..self.ends[line - 1]]
	}

	/// Returns the largest number of lines that `can_read` accepts, 0 for none. Every smaller number is taken to be accepted too.
	fn most(&self, can_read: impl Fn(Source) -> bool) -> usize {
		most(self.ends.len(), |lines| self.first(lines).is_ok_and(&can_read))
	}
}

/// Returns the largest number up to `limit` that `accepts` accepts, 0 for none. Every smaller number is taken to be accepted too.
fn most(limit: usize, accepts: impl Fn(usize) -> bool) -> usize {
	let (mut accepted, mut refused) = (0, limit + 1);
	while refused - accepted > 1 {
		let number = accepted + (refused - accepted) / 2;
		match accepts(number) {
			true => accepted = number,
			false => refused = number,
		}
	}
	accepted
}

impl StepSource {
	/// Rebuilds the data of a sealed series from its record, up to the first line that cannot be read.
	///
	/// # Errors
	///
	/// Errors as [`StepSource::rebuild`] does, unless the lines before the fault have the published steps of the domain.
	pub fn rebuild_beginning(&self, spec: &DomainSpec) -> Result<Beginning> {
		let error = match Table::read(&self.source, self.column.as_deref(), &self.read) {
			Ok(table) => return self.fitting_beginning(table, spec, usize::MAX),
			Err(error) => error,
		};
		let Some(text) = Text::read(&self.source) else { return Err(error) };
		let lines = text.most(|text| self.table(text).is_ok());
		match self.beginning(&text, lines).and_then(|table| self.fitting_beginning(table, spec, lines)) {
			Ok(Beginning { data, unread }) => {
				Ok(Beginning { data, unread: Some(unread.unwrap_or(Unread { line: lines + 1, error })) })
			}
			Err(_) => Err(error),
		}
	}

	/// Returns the data of the steps of a table, the first `lines` lines of the file, up to the first step with a value that does not
	/// fit the unit of the domain.
	///
	/// # Errors
	///
	/// Errors as [`StepSource::rebuild`] does, unless the published steps fit.
	fn fitting_beginning(&self, table: Table, spec: &DomainSpec, lines: usize) -> Result<Beginning> {
		let error = match self.steps_of(table.clone(), spec) {
			Ok(steps) => return Ok(Beginning { data: Self::data_of(steps, spec)?, unread: None }),
			Err(error) => error,
		};
		let Program::Forecast(program) = &spec.program else { return Err(error) };
		let published = spec.values as usize / usize::from(program.channels).max(1);
		let is_part = self.source.rows.is_some() || self.read.last.is_some();
		let fits = |rows: usize| self.steps_of(first_rows(&table, rows), spec).is_ok();
		// A file of another domain, or one with too few steps, does not fit however much of it is read.
		if is_part || table.rows() <= published || !fits(published) {
			return Err(error);
		}
		let rows = published + most(table.rows() - published, |more| fits(published + more));
		let data = Self::data_of(self.steps_of(first_rows(&table, rows), spec)?, spec)?;
		Ok(Beginning { data, unread: Some(Unread { line: self.line_of(rows, table.rows(), lines), error }) })
	}

	/// Returns the line of step `step` among the `steps` steps of the first `lines` lines of the file.
	fn line_of(&self, step: usize, steps: usize, lines: usize) -> usize {
		let Some(text) = Text::read(&self.source) else { return 0 };
		let rows = |lines: usize| text.first(lines).and_then(|text| self.table(text)).map_or(0, |table| table.rows());
		let is_blank = |line: &usize| text.line(*line).iter().all(u8::is_ascii_whitespace);
		let last = (1..=text.ends.len().min(lines)).rev().find(|line| !is_blank(line)).unwrap_or(1);
		// Each step has a line in most files. Otherwise, the line is searched for.
		let likely = (last + 1 + step).saturating_sub(steps);
		if likely > 1 && rows(likely) == step + 1 && rows(likely - 1) == step {
			return likely;
		}
		1 + most(last, |lines| rows(lines) <= step)
	}

	/// Reads the file, and returns the part that cannot be read, if there is one.
	///
	/// # Errors
	///
	/// Errors as [`Table::read`] does, unless the lines before the fault can be read.
	pub fn check_beginning(&self) -> Result<Option<Unread>> {
		let Err(error) = Table::read(&self.source, self.column.as_deref(), &self.read) else { return Ok(None) };
		let Some(text) = Text::read(&self.source) else { return Err(error) };
		let lines = text.most(|text| self.table(text).is_ok());
		match self.beginning(&text, lines) {
			Ok(_) => Ok(Some(Unread { line: lines + 1, error })),
			Err(_) => Err(error),
		}
	}

	/// Reads the first lines of a text, as many as the source takes of them.
	fn beginning(&self, text: &Text, lines: usize) -> Result<Table> {
		ensure!(lines > 0, "no line can be read");
		Table::of_text(&self.source, text.first(lines)?, self.column.as_deref(), &self.read)
	}

	/// Reads all steps of a text, also those that the source leaves out.
	fn table(&self, text: Source) -> Result<Table> {
		let source = SeriesSource { rows: None, ..self.source.clone() };
		let read = ReadOptions { last: None, ..self.read.clone() };
		Table::of_text(&source, text, self.column.as_deref(), &read)
	}
}

/// Returns the first `rows` rows of a table.
fn first_rows(table: &Table, rows: usize) -> Table {
	let first = |values: &Vec<f64>| values[..rows].to_vec();
	let Series { values, inputs, .. } = &table.series;
	let series = Series { values: first(values), inputs: inputs.iter().map(first).collect(), ..Series::default() };
	Table { file: table.file.clone(), column: table.column.clone(), inputs: table.inputs.clone(), series }
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{fixtures::sawtooth, series::Fill};
	use doin_primitives::{Evidence, DOIN};
	use std::path::Path;

	/// Steps of a segment.
	const SEGMENT: usize = 300;

	/// Returns the record of a sealed series, and the lines of a file with its published steps and two segments.
	fn sealed() -> (DomainSpec, Vec<String>) {
		let (mut spec, series) = sawtooth();
		spec.evidence = Evidence::Sealed { units: SEGMENT as u32, stake: DOIN };
		let later = (0..2 * SEGMENT).map(|at| 100 * (at as i32 % 8) + 7);
		let steps = series.into_iter().chain(later).map(|step| format!("{}", f64::from(step) * 0.5));
		(spec, std::iter::once("mm".to_string()).chain(steps).collect())
	}

	fn source(folder: &Path, lines: &[String]) -> StepSource {
		let path = folder.join("steps.csv");
		std::fs::write(&path, lines.join("\n")).unwrap();
		let read = ReadOptions { time: Some("none".into()), ..ReadOptions::default() };
		StepSource { source: path.as_path().into(), column: Some("mm".into()), read, scale: 1.0 }
	}

	#[test]
	fn m3_bad_rows_behind_the_segments_leave_them_as_they_are() {
		let folder = tempfile::tempdir().unwrap();
		let (spec, lines) = sealed();
		let whole = source(folder.path(), &lines).rebuild_beginning(&spec).unwrap();
		assert!(whole.unread.is_none() && whole.data.segments.len() == 2);
		assert_eq!(whole.data.data_root, spec.data_root);
		for (bad, part) in
			[("much", "`much`"), ("NaN", "has no value"), ("1,2,3", "3 cells"), ("inf", "`inf`"), ("1e300", "1e300")]
		{
			let appended = ["50", "60", bad, "70"].map(String::from);
			let all: Vec<String> = lines.iter().cloned().chain(appended).collect();
			let source = source(folder.path(), &all);
			let refused = format!("{:#}", source.rebuild(&spec).unwrap_err());
			assert!(refused.contains("steps.csv") && refused.contains(part), "{refused}");
			let Beginning { data, unread } = source.rebuild_beginning(&spec).unwrap();
			assert_eq!(data, whole.data, "{bad}");
			let (unread, line) = (unread.unwrap(), lines.len() + 3);
			assert_eq!(unread.line, line, "{bad}");
			let reason = unread.to_string();
			assert!(reason.contains(&refused) && reason.ends_with(&format!("From line {line} on, nothing is read")), "{reason}");
			// Without the record of a domain, numbers are not too large for a unit.
			assert_eq!(source.check_beginning().unwrap().map(|unread| unread.line), (bad != "1e300").then_some(line), "{bad}");
		}
	}

	#[test]
	fn m3_a_bad_row_of_a_segment_leaves_the_segments_before_it() {
		let folder = tempfile::tempdir().unwrap();
		let (spec, mut lines) = sealed();
		let whole = source(folder.path(), &lines).rebuild(&spec).unwrap();
		lines[1 + 600 + SEGMENT + 5] = "x".into();
		let Beginning { data, unread } = source(folder.path(), &lines).rebuild_beginning(&spec).unwrap();
		assert_eq!((&data.segments[..], unread.unwrap().line), (&whole.segments[..1], 1 + 600 + SEGMENT + 6));
		// Of a bad row of the published steps, nothing is left.
		lines[100] = "y".into();
		let refused = format!("{:#}", source(folder.path(), &lines).rebuild_beginning(&spec).unwrap_err());
		assert!(refused.contains("line 101") && refused.contains("`y`"), "{refused}");
	}

	#[test]
	fn m3_rows_that_a_source_leaves_out_do_no_harm() {
		let folder = tempfile::tempdir().unwrap();
		let (spec, lines) = sealed();
		let mut all = lines.clone();
		all.extend(["50", "", "60", "x"].map(String::from));
		let mut source = source(folder.path(), &all);
		source.source.rows = Some(lines.len() - 1);
		let data = source.rebuild_beginning(&spec).unwrap();
		assert_eq!((data.data.segments.len(), data.unread.unwrap().line), (2, lines.len() + 4));
		source.source.rows = Some(lines.len() + 10);
		assert!(source.rebuild_beginning(&spec).is_err(), "so many rows cannot be read");
		source.source.rows = None;
		source.read.fill = Some(Fill::Linear);
		assert_eq!(source.rebuild_beginning(&spec).unwrap().data.segments.len(), 2);
	}

	#[test]
	fn a_file_that_is_read_with_wrong_options_is_refused() {
		let folder = tempfile::tempdir().unwrap();
		let (spec, lines) = sealed();
		let source = source(folder.path(), &lines);
		let wrong = StepSource { column: Some("cm".into()), ..source.clone() };
		for refused in [wrong.check_beginning().map(drop), wrong.rebuild_beginning(&spec).map(drop)] {
			assert!(format!("{:#}", refused.unwrap_err()).contains("no column `cm`"));
		}
		std::fs::remove_file(&source.source.path).unwrap();
		assert!(source.check_beginning().is_err() && source.rebuild_beginning(&spec).is_err());
	}
}
