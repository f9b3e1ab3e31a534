//! Rows of one file: numbers of the columns of features, and labels as the file has them.

use crate::{
	csv::{
		cells::Row,
		number::{self, Hints, Missing},
		row_columns::{Features, LabelColumns, RowSelection},
		source::shown,
		values::sentinel_warnings,
		CsvOptions, Decimal, Note, Selection, TextTable,
	},
	table::SeriesSource,
};
use anyhow::{anyhow, bail, ensure, Context, Result};
use std::ops::Range;

/// Most features of all rows of a file together. Bounds the memory of a file.
const MAX_CELLS: usize = 1 << 26;
/// Most warnings of numbers that stand for a missing value.
const MAX_WARNINGS: usize = 5;
/// Spellings of a missing label, in lower case. Other spellings of missing values, such as `none`, are usual names of classes.
const MISSING_LABELS: [&str; 9] = ["", "?", "na", "n/a", "#n/a", "nan", "<na>", "null", "nat"];

/// Columns of rows, and the notation of a file.
#[derive(Clone, Debug, Default)]
pub struct RowOptions {
	/// Column of classes, or list of columns of values; empty for those of a model.
	pub label: String,
	/// `true` if labels are values to compute, `false` if they are classes.
	pub values: bool,
	/// Columns of features, as lists; all columns but the labels if there are none.
	pub inputs: Vec<String>,
	/// Columns that are left out, as lists.
	pub without: Vec<String>,
	/// Facts about the file that its text leaves open.
	pub csv: CsvOptions,
	/// `true` if missing features are replaced by the median of their column.
	pub fill: bool,
	/// Number of rows at the end that are used; `None` for all.
	pub last: Option<usize>,
}

/// Columns that are read from a file.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
	/// Those of [`RowOptions`].
	Chosen,
	/// Features of [`RowOptions`] without labels: its inputs, or all columns but those that are left out.
	Features,
	/// Those of another file, by their names: features and labels.
	Same(&'a RowTable),
	/// Those of a model, by their names, or those of [`RowOptions`] where they are named there.
	Model {
		/// Names of the columns of features.
		features: &'a [String],
		/// Names of the columns of labels.
		labels: &'a [String],
		/// `true` if a file may lack the labels.
		label_is_optional: bool,
	},
}

/// Labels of the rows of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
	/// Text of each row.
	Texts(Vec<String>),
	/// Numbers of each column, one per row.
	Numbers(Vec<Vec<f64>>),
}

/// Rows of a file.
#[derive(Clone, Debug)]
pub struct RowTable {
	/// Name of the file, without its folder.
	pub file: String,
	/// Names of the columns of features.
	pub features: Vec<String>,
	/// Numbers of each column of features, one per row; `None` where the file has none and gaps are filled.
	pub columns: Vec<Vec<Option<f64>>>,
	/// Names of the columns of labels; empty if the file has none.
	pub label_columns: Vec<String>,
	/// Labels; `None` if the file has none.
	pub labels: Option<Labels>,
	/// Line of each row.
	pub lines: Vec<u64>,
	/// Remarks on the file, for the user.
	pub notes: Vec<Note>,
}

impl RowTable {
	/// Reads the rows of a file.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read, lacks a column, has no rows or too many, has a cell that is not a finite number, or if a
	/// label or, unless gaps are filled, a feature is missing. The message names the line of the fault.
	pub fn read(source: &SeriesSource, options: &RowOptions, wanted: Wanted) -> Result<Self> {
		let label = match options.values {
			true => LabelColumns::List(&options.label),
			false => LabelColumns::One(&options.label),
		};
		let named = !options.label.is_empty();
		let (labels, features) = match wanted {
			Wanted::Chosen if options.inputs.is_empty() => (label, Features::AllBut(&options.without)),
			Wanted::Chosen => (label, Features::Lists(&options.inputs)),
			Wanted::Features if options.inputs.is_empty() => (LabelColumns::Exactly(&[]), Features::AllBut(&options.without)),
			Wanted::Features => (LabelColumns::Exactly(&[]), Features::Lists(&options.inputs)),
			Wanted::Same(other) => (LabelColumns::Exactly(&other.label_columns), Features::Exactly(&other.features)),
			Wanted::Model { features, labels, label_is_optional } => {
				let labels = match label_is_optional {
					_ if named => label,
					true => LabelColumns::IfPresent(labels),
					false => LabelColumns::Exactly(labels),
				};
				let named = !options.inputs.is_empty();
				(labels, if named { Features::Lists(&options.inputs) } else { Features::Exactly(features) })
			}
		};
		let rows = Some(RowSelection { labels, features });
		let keep_last = options.last.is_some() && source.rows.is_none();
		let selection = Selection { column: None, inputs: &[], time: Some("none"), keep_last, rows };
		let text = TextTable::read(&source.path, &selection, &options.csv)?;
		let used = part(&text, source.rows, options.last)?;
		Self::new(text, used, options).map(|table| Self { file: file_name(source), ..table })
	}

	fn new(text: TextTable, used: Range<usize>, options: &RowOptions) -> Result<Self> {
		let missing = Missing::new(&options.csv.missing);
		let numbers = text.numbers(&missing, options.csv.decimal);
		let numbers = numbers.map_err(|error| anyhow!("{error:#}: --without COLUMN leaves a column out"))?;
		let lines: Vec<u64> = text.cells.iter().skip(used.start).take(used.len()).map(|row| row.line()).collect();
		let columns: Vec<Vec<Option<f64>>> = numbers.columns.into_iter().map(|column| column[used.clone()].to_vec()).collect();
		let mut findings = text.findings.clone();
		findings.extend(numbers.findings);
		let labels = match (text.labels.is_empty(), options.values) {
			(true, _) => None,
			(false, true) => Some(Labels::Numbers(label_numbers(&text, &used, &missing, options, &mut findings)?)),
			(false, false) => Some(Labels::Texts(label_texts(&text, &used, &options.csv.missing)?)),
		};
		let names = text.names;
		if !options.fill {
			check_gaps(&text.file, &names, &columns, &lines)?;
		}
		let mut notes = Vec::new();
		if !findings.is_empty() {
			notes.push(Note::Info(format!("{}: {}", text.file, findings.join("; "))));
		}
		let warnings = names.iter().zip(&columns).flat_map(|(name, column)| sentinel_warnings(&text.file, name, column, true));
		notes.extend(warnings.take(MAX_WARNINGS));
		Ok(Self { file: text.file, features: names, columns, label_columns: text.labels, labels, lines, notes })
	}

	/// Returns the number of rows.
	pub fn rows(&self) -> usize {
		self.lines.len()
	}

	/// Keeps the rows that `kept` marks.
	pub(crate) fn retain(&mut self, kept: &[bool]) {
		self.columns.iter_mut().for_each(|column| retain(column, kept));
		match &mut self.labels {
			Some(Labels::Texts(texts)) => retain(texts, kept),
			Some(Labels::Numbers(columns)) => columns.iter_mut().for_each(|column| retain(column, kept)),
			None => {}
		}
		retain(&mut self.lines, kept);
	}
}

/// Keeps the items that `kept` marks.
fn retain<T>(items: &mut Vec<T>, kept: &[bool]) {
	let mut kept = kept.iter();
	items.retain(|_| kept.next().is_some_and(|kept| *kept));
}

/// Returns the name of a file without its folder, or that of standard input.
fn file_name(source: &SeriesSource) -> String {
	let name = source.path.file_name().filter(|name| *name != "-").map(|name| name.to_string_lossy().into_owned());
	name.unwrap_or_else(|| shown(&source.path))
}

/// Returns the rows that are used.
fn part(text: &TextTable, first: Option<usize>, last: Option<usize>) -> Result<Range<usize>> {
	let (file, rows) = (&text.file, text.cells.rows());
	ensure!(
		!text.cut_off || first.is_some_and(|first| first <= rows),
		"{file} has more than {rows} rows, and at most so many are read: take the last ones with --last {rows}"
	);
	let mut used = 0..rows;
	if let Some(first) = first {
		ensure!(first <= rows, "{file}:{first} takes {first} rows, and the file has {rows}: take fewer");
		used.end = first;
	}
	if let Some(last) = last {
		let rows = used.len();
		ensure!(last <= rows, "{file}: --last {last} takes {last} rows, and there are {rows}: take fewer");
		used.start = used.end - last;
	}
	let features = text.names.len().max(1);
	let most = MAX_CELLS / features;
	ensure!(
		used.len() <= most,
		"{file} has {} rows of {features} columns, and at most {most} such rows are used: take the last ones with --last {most}",
		used.len()
	);
	Ok(used)
}

/// Returns the values of the columns of labels, and adds to the findings what was found out about their notation.
fn label_numbers(
	text: &TextTable,
	used: &Range<usize>,
	missing: &Missing,
	options: &RowOptions,
	findings: &mut Vec<String>,
) -> Result<Vec<Vec<f64>>> {
	let file = &text.file;
	let rows = || text.cells.iter().skip(used.start).take(used.len());
	let mut columns = Vec::new();
	for (at, name) in text.labels.iter().enumerate() {
		let cell = text.label_cell(at);
		let mut hints = Hints::default();
		rows().for_each(|row| hints.add(row.line(), row.cell(cell)));
		let decimal = match options.csv.decimal {
			Some(decimal) => decimal,
			None => hints.decimal(text.decimal_elsewhere, text.delimiter).with_context(|| format!("{file}, column `{name}`"))?,
		};
		if options.csv.decimal.is_none() && decimal == Decimal::Comma {
			findings.push(format!("decimals of `{name}` are separated by commas"));
		}
		let value = |row: Row| {
			let (line, label) = (row.line(), row.cell(cell));
			ensure!(!missing.matches(label), missing_label(file, line, name, label));
			let value = number::parse(label, decimal).map_err(|reason| {
				anyhow!(
					"{file}, line {line}: the label `{label}` in column `{name}` is not a number ({reason}): omit --values to train a \
					classifier, or correct it"
				)
			})?;
			ensure!(!missing.matches_number(value), missing_label(file, line, name, label));
			Ok(value)
		};
		columns.push(rows().map(value).collect::<Result<_>>()?);
	}
	Ok(columns)
}

/// Returns the texts of the column of classes.
fn label_texts(text: &TextTable, used: &Range<usize>, missing: &[String]) -> Result<Vec<String>> {
	let (cell, name) = (text.label_cell(0), &text.labels[0]);
	let label = |row: Row| {
		let label = row.cell(cell);
		let usual = MISSING_LABELS.iter().any(|text| text.eq_ignore_ascii_case(label));
		let is_missing = usual || missing.iter().any(|text| text.trim() == label);
		ensure!(!is_missing, missing_label(&text.file, row.line(), name, label));
		Ok(label.to_string())
	};
	text.cells.iter().skip(used.start).take(used.len()).map(label).collect()
}

/// Returns the message of a missing label.
fn missing_label(file: &str, line: u64, name: &str, label: &str) -> String {
	let shown = if label.is_empty() { String::new() } else { format!(" (`{label}`)") };
	format!(
		"{file}, line {line}: the label is missing in column `{name}`{shown}. Correct it, or remove the row: a row without a label \
		neither trains nor tests"
	)
}

/// Errors if a feature is missing.
fn check_gaps(file: &str, names: &[String], columns: &[Vec<Option<f64>>], lines: &[u64]) -> Result<()> {
	let gap = |column: &Vec<Option<f64>>| column.iter().position(Option::is_none);
	match columns.iter().enumerate().filter_map(|(column, values)| gap(values).map(|row| (row, column))).min() {
		None => Ok(()),
		Some((row, column)) => bail!(
			"{file}, line {}: column `{name}` has no value. Correct it, fill gaps by the median of the column with --fill median, or leave \
			the column out with --without \"{name}\"",
			lines[row],
			name = names[column]
		),
	}
}
