//! Records of a CSV text: cells between delimiters, in quotes where they hold a delimiter or a line end (RFC 4180).
//!
//! More is accepted than RFC 4180 allows: blanks around quotes, lines of other lengths, comment lines, empty lines, and any of
//! the line ends LF, CR LF and CR.

use super::number::is_excel_error;
use anyhow::{bail, ensure, Context, Result};
use encoding_rs::WINDOWS_1252;
use std::{
	borrow::Cow,
	io::{BufRead, Read},
	ops::Range,
};

/// Most bytes of a record: a longer one is the mark of a quote that is not closed, or of a file that is no CSV.
pub const MAX_RECORD_BYTES: usize = 1 << 20;

/// Cells of a record.
#[derive(Clone, Debug, Default)]
pub struct Record {
	/// Line in which the record begins, counted from 1.
	pub line: u64,
	bytes: Vec<u8>,
	cells: Vec<Range<usize>>,
}

impl Record {
	/// Returns the number of cells.
	pub fn width(&self) -> usize {
		self.cells.len()
	}

	/// Returns the bytes of a cell, without blanks around them; empty beyond the end.
	pub fn bytes(&self, at: usize) -> &[u8] {
		self.cells.get(at).map_or(&[], |range| self.bytes[range.clone()].trim_ascii())
	}

	/// Returns the text of a cell without blanks around it, and `true` if it is not UTF-8 and was decoded as Windows-1252.
	pub fn text(&self, at: usize) -> (Cow<'_, str>, bool) {
		let bytes = self.bytes(at);
		match std::str::from_utf8(bytes) {
			Ok(text) => (text.trim().into(), false),
			Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0.trim().to_string().into(), true),
		}
	}

	/// Returns the texts of all cells.
	pub fn texts(&self) -> Vec<String> {
		(0..self.width()).map(|at| self.text(at).0.into_owned()).collect()
	}

	/// Returns the number of cells up to the last one that is not empty.
	pub fn filled_len(&self) -> usize {
		(0..self.width()).rev().find(|at| !self.bytes(*at).is_empty()).map_or(0, |at| at + 1)
	}

	/// Adds the bytes since `from` as a cell.
	fn close_cell(&mut self, from: usize) {
		self.cells.push(from..self.bytes.len());
	}
}

/// Reader of records.
pub struct RecordReader<R> {
	inner: R,
	delimiter: u8,
	/// Last byte of a line.
	terminator: u8,
	/// Number of lines that were read.
	line: u64,
	/// Number of records that were read.
	records: u64,
	/// Current line, without its end.
	buffer: Vec<u8>,
	/// Number of comment lines that were skipped.
	pub comments: u64,
	/// Number of empty lines between records.
	pub gaps: u64,
	/// Number of empty lines since the last record.
	empty: u64,
	/// Last comment line.
	pub last_comment: Vec<u8>,
}

impl<R: BufRead> RecordReader<R> {
	/// Reads records whose cells are separated by `delimiter` from a text whose lines end with `terminator`.
	pub fn new(inner: R, delimiter: u8, terminator: u8) -> Self {
		Self {
			inner,
			delimiter,
			terminator,
			line: 0,
			records: 0,
			buffer: Vec::new(),
			comments: 0,
			gaps: 0,
			empty: 0,
			last_comment: Vec::new(),
		}
	}

	/// Skips a line.
	///
	/// # Errors
	///
	/// Errors if the text cannot be read.
	pub fn skip_line(&mut self) -> Result<bool> {
		self.next_line()
	}

	/// Reads the next record; `false` at the end. Empty lines and comments are skipped.
	///
	/// # Errors
	///
	/// Errors if the text cannot be read, if a quote is not closed, or if a record is longer than [`MAX_RECORD_BYTES`].
	pub fn read(&mut self, record: &mut Record) -> Result<bool> {
		loop {
			if !self.next_line()? {
				return Ok(false);
			}
			let line = self.buffer.trim_ascii_start();
			if line.is_empty() {
				self.empty += u64::from(self.records > 0);
				continue;
			}
			if line[0] == b'#' && !is_excel_error(line) {
				self.comments += 1;
				self.last_comment.clone_from(&self.buffer);
				continue;
			}
			self.gaps += std::mem::take(&mut self.empty);
			self.records += 1;
			record.line = self.line;
			record.bytes.clear();
			record.cells.clear();
			if self.buffer.contains(&b'"') {
				self.split_quoted(record)?;
			} else {
				self.split(record);
			}
			return Ok(true);
		}
	}

	/// Reads a line into the buffer; `false` at the end of the text.
	fn next_line(&mut self) -> Result<bool> {
		self.buffer.clear();
		let limit = MAX_RECORD_BYTES as u64 + 2;
		let read = self.inner.by_ref().take(limit).read_until(self.terminator, &mut self.buffer);
		let read =
			read.with_context(|| format!("line {}: reading fails here, so the file may be cut off or damaged", self.line + 1))?;
		if read == 0 {
			return Ok(false);
		}
		self.line += 1;
		if self.buffer.last() == Some(&self.terminator) {
			self.buffer.pop();
		}
		if self.buffer.last() == Some(&b'\r') {
			self.buffer.pop();
		}
		ensure!(
			self.buffer.len() <= MAX_RECORD_BYTES,
			"line {} is longer than {MAX_RECORD_BYTES} bytes: the file seems not to be CSV",
			self.line
		);
		Ok(true)
	}

	/// Splits a line without quotes.
	fn split(&self, record: &mut Record) {
		record.bytes.extend_from_slice(&self.buffer);
		let mut from = 0;
		for (at, byte) in self.buffer.iter().enumerate() {
			if *byte == self.delimiter {
				record.cells.push(from..at);
				from = at + 1;
			}
		}
		record.cells.push(from..self.buffer.len());
	}

	/// Splits a line with quotes, and reads on where a cell in quotes holds a line end.
	fn split_quoted(&mut self, record: &mut Record) -> Result<()> {
		let mut at = 0;
		loop {
			let begin = record.bytes.len();
			while self.buffer.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\t') && *byte != self.delimiter) {
				at += 1;
			}
			if self.buffer.get(at) == Some(&b'"') {
				at = self.quoted_cell(at + 1, record)?;
			}
			let end = self.buffer[at..].iter().position(|byte| *byte == self.delimiter).map_or(self.buffer.len(), |len| at + len);
			record.bytes.extend_from_slice(&self.buffer[at..end]);
			record.close_cell(begin);
			if end == self.buffer.len() {
				return Ok(());
			}
			at = end + 1;
		}
	}

	/// Appends a cell in quotes from behind its first quote to the record. Returns the position behind the last quote.
	fn quoted_cell(&mut self, mut at: usize, record: &mut Record) -> Result<usize> {
		let opened = self.line;
		loop {
			let Some(quote) = self.buffer[at..].iter().position(|byte| *byte == b'"').map(|len| at + len) else {
				record.bytes.extend_from_slice(&self.buffer[at..]);
				record.bytes.push(b'\n');
				let closed = record.bytes.len() <= MAX_RECORD_BYTES && self.next_line()?;
				ensure!(closed, "line {opened}: a quote (\") opens a cell and is not closed: close it, or remove it");
				at = 0;
				continue;
			};
			record.bytes.extend_from_slice(&self.buffer[at..quote]);
			at = quote + 1;
			if self.buffer.get(at) == Some(&b'"') {
				record.bytes.push(b'"');
				at += 1;
				continue;
			}
			let rest = self.buffer[at..].split(|byte| *byte == self.delimiter).next().unwrap_or_default();
			if self.line > opened && !rest.trim_ascii().is_empty() {
				bail!(
					"line {opened}: a quote (\") opens a cell that reaches to line {}, where `{}` follows the closing quote: \
					close the quote in its own line, or remove it",
					self.line,
					String::from_utf8_lossy(rest.trim_ascii())
				);
			}
			return Ok(at);
		}
	}
}
