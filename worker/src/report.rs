//! Reports of commands: one type from which both the JSON object and the text are made.

use anyhow::{Context, Result};
use clap::Args;
use comfy_table::{presets, CellAlignment, Table};
use doin_forecast::Note;
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	io::{self, ErrorKind, Write},
};

/// Columns of labels in front of a text.
const LABEL: usize = 12;

/// Format of a report.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct OutputArgs {
	/// Print one JSON object in place of text.
	#[arg(long)]
	json: bool,
}

impl OutputArgs {
	/// Returns `true` if the report is one JSON object.
	pub fn is_json(self) -> bool {
		self.json
	}

	/// Prints a report.
	///
	/// # Errors
	///
	/// Errors if the report cannot be serialised.
	pub fn print(self, report: &(impl Serialize + Display)) -> Result<()> {
		if self.json {
			print_text(serde_json::to_string(report)? + "\n")
		} else {
			print_text(report)
		}
	}
}

/// Prints a text to standard output. A reader that has closed it, such as `head`, is no error.
///
/// # Errors
///
/// Errors if standard output cannot be written to, e.g. because a disk is full.
pub fn print_text(text: impl Display) -> Result<()> {
	let mut output = io::stdout().lock();
	match write!(output, "{text}").and_then(|()| output.flush()) {
		Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot write to standard output"),
		_ => Ok(()),
	}
}

/// Prints remarks on a file to standard error.
pub fn print_notes(notes: &[Note]) {
	notes.iter().for_each(|note| eprintln!("{note}"));
}

/// Writes one line: a label, and a text beside it.
pub fn entry(f: &mut Formatter<'_>, label: &str, text: impl Display) -> fmt::Result {
	writeln!(f, "{label:<LABEL$}{text}")
}

/// Writes a table beside a label.
pub fn write_table(f: &mut Formatter<'_>, label: &str, table: &Table) -> fmt::Result {
	table.lines().enumerate().try_for_each(|(at, line)| entry(f, if at == 0 { label } else { "" }, line.trim_end()))
}

/// Alignment of a text column.
pub const LEFT: CellAlignment = CellAlignment::Left;
/// Alignment of a column of numbers.
pub const RIGHT: CellAlignment = CellAlignment::Right;

/// Returns a table without borders, with these titles and alignments of its columns.
pub fn table<T: Display>(columns: impl IntoIterator<Item = (T, CellAlignment)>) -> Table {
	let (titles, alignments): (Vec<String>, Vec<CellAlignment>) =
		columns.into_iter().map(|(title, alignment)| (title.to_string(), alignment)).unzip();
	let mut table = Table::new();
	table.load_style(presets::NOTHING).set_header(titles);
	for (column, alignment) in table.column_iter_mut().zip(alignments) {
		column.set_padding((0, 2)).set_cell_alignment(alignment);
	}
	table
}

/// Returns a count and its noun, in the plural unless the count is 1.
pub fn count(number: usize, noun: &str) -> String {
	format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
	use super::*;

	struct Example;

	impl Display for Example {
		fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
			let mut table = table([("model", LEFT), ("error", RIGHT)]);
			table.add_row(["ridge", "1.5"]).add_row(["repeat-last", "12.25"]);
			entry(f, "series", "1500 values")?;
			write_table(f, "errors", &table)
		}
	}

	#[test]
	fn numbers_are_aligned_right_beside_the_label() {
		let expected = "\
series      1500 values
errors      model        error
            ridge          1.5
            repeat-last  12.25
";
		assert_eq!(Example.to_string(), expected);
		assert_eq!((count(1, "seat"), count(2, "seat")), ("1 seat".into(), "2 seats".into()));
	}
}
