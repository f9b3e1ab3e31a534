//! Reports of commands: one type from which both the JSON object and the text are made.

use anyhow::{Context, Result};
use clap::Args;
use comfy_table::{presets, CellAlignment, Table};
use doin_chain::with_shown_urls;
use doin_forecast::Note;
use doin_roles::keys::without_typed_secrets;
use parking_lot::Mutex;
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

/// Remarks of a command: each is printed to standard error at once, and all are kept for the report in JSON.
#[derive(Debug, Default)]
pub struct Remarks {
	texts: Mutex<Vec<String>>,
	is_silent: bool,
}

impl Remarks {
	/// Returns remarks that are not printed, e.g. since another process prints them.
	pub fn silent() -> Self {
		Self { is_silent: true, ..Self::default() }
	}

	/// Prints a remark, and keeps it. The remark begins with `note:` or `warning:`.
	pub fn add(&self, remark: impl Display) {
		let remark = remark.to_string();
		if !self.is_silent {
			eprintln!("{remark}");
		}
		self.texts.lock().push(remark);
	}

	/// Prints remarks on a file, and keeps them.
	pub fn add_notes(&self, notes: &[Note]) {
		notes.iter().for_each(|note| self.add(note));
	}

	/// Returns the remarks so far.
	pub fn texts(&self) -> Vec<String> {
		self.texts.lock().clone()
	}
}

/// Returns an error and its causes as text, without the phrases, seeds and credentials that the user may have typed in place of
/// something else.
pub fn shown_error(error: &anyhow::Error) -> String {
	let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
	let variables = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DOIN_"));
	let typed: Vec<String> = arguments.chain(variables.map(|(_, value)| value.to_string_lossy().into_owned())).collect();
	with_shown_urls(&without_typed_secrets(&format!("{error:#}"), &typed))
}

/// Returns the percentage by which an error is below another one, for a column `better`. An error of more than twice the other
/// one is `worse`, since its percentage has no meaning to a reader.
pub fn better_cell(percent: f64) -> String {
	match percent {
		percent if !percent.is_finite() => "-".into(),
		percent if percent < -100.0 => "worse".into(),
		// Rounded, a tiny loss would be shown as -0.
		percent if percent.abs() < 0.005 => "0.00 %".into(),
		percent => format!("{percent:.2} %"),
	}
}

/// Returns the comparison of an error with that of `other`, e.g. `3.00 % better than seasonal`. The error is `percent` below that
/// of `other`.
pub fn comparison(percent: f64, other: impl Display) -> String {
	match percent {
		percent if !percent.is_finite() => format!("not comparable with {other}"),
		percent if percent < -100.0 => format!("with more than twice the error of {other}"),
		percent if percent < 0.0 => format!("{:.2} % worse than {other}", percent.abs()),
		percent => format!("{percent:.2} % better than {other}"),
	}
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

	#[test]
	fn k22_a_percentage_without_meaning_is_a_word() {
		let cells = [25.0, 0.0, -0.001, -99.5, -100.0, -175.0, -1.75e21, f64::NEG_INFINITY, f64::NAN].map(better_cell);
		assert_eq!(cells, ["25.00 %", "0.00 %", "0.00 %", "-99.50 %", "-100.00 %", "worse", "worse", "-", "-"]);
		let texts = [25.0, -3.0, -1.75e21, f64::NAN].map(|percent| comparison(percent, "seasonal"));
		assert_eq!(
			texts,
			[
				"25.00 % better than seasonal",
				"3.00 % worse than seasonal",
				"with more than twice the error of seasonal",
				"not comparable with seasonal"
			]
		);
	}

	#[test]
	fn k10_remarks_are_kept_for_the_report() {
		let remarks = Remarks::default();
		remarks.add_notes(&[Note::Info("columns are separated by `;`".into()), Note::Warning("-9999 comes twice".into())]);
		remarks.add("note: there are only 3 candidates");
		let expected = ["note: columns are separated by `;`", "warning: -9999 comes twice", "note: there are only 3 candidates"];
		assert_eq!(remarks.texts(), expected);
	}

	#[test]
	fn k36_an_error_is_shown_without_credentials() {
		let error = anyhow::anyhow!("redirected to wss://alice:s3cret@b.example/v1/token").context("cannot reach a node");
		assert_eq!(shown_error(&error), "cannot reach a node: redirected to wss://b.example/…");
	}
}
