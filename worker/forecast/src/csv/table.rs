//! Selected columns of a file, read in one pass.

use super::{
	cells::Cells,
	columns::{Columns, Selection},
	dialect::Dialect,
	header::{self, Header},
	number::{is_number, Decimal, Hints, Missing},
	records::{Record, RecordReader},
	source::{shown, Source},
};
use crate::time::resemble_numbers;
use anyhow::{anyhow, bail, ensure, Context, Result};
use std::{io::BufRead, path::Path};

/// Rows at the beginning that columns are recognised by.
const SAMPLE: usize = 100;
/// Name of a column of row numbers.
const NUMBER_SIGN: &str = "#";
/// Hint for a file whose columns are separated by blanks.
const BLANKS: &str = "The columns seem to be separated by blanks: tr -s ' ' ',' < FILE | doin-worker … --csv -";

/// Options of reading a CSV file that are not found out from the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
	/// Texts that stand for a missing value, beside the usual ones.
	pub missing: Vec<String>,
	/// `true` if the first line is a row, not a header.
	pub no_header: bool,
	/// Decimal separator; found out if `None`.
	pub decimal: Option<Decimal>,
	/// Conditions `COLUMN=VALUE`: other rows are left out.
	pub filters: Vec<String>,
}

/// Texts of the selected columns of a file.
#[derive(Debug)]
pub struct TextTable {
	/// Name of the file in messages.
	pub file: String,
	/// Names of the column to forecast and of the further columns. Each names the column in other files too.
	pub names: Vec<String>,
	/// Names of the columns of times, and `true` if the user named them.
	pub time: Option<(String, bool)>,
	/// Names of the text columns that may tell series apart.
	pub labels: Vec<String>,
	/// Cells of each row: those of `names`, the time if there is one, and the labels.
	pub cells: Cells,
	/// `true` if reading ended before the end of the file, for lack of room.
	pub cut_off: bool,
	/// Separator of the cells.
	pub delimiter: u8,
	/// Decimal separator that numbers in other columns show.
	pub decimal_elsewhere: Option<Decimal>,
	/// Properties of the file that were found out.
	pub findings: Vec<String>,
}

/// A file whose header has been read.
struct Opened {
	reader: RecordReader<Box<dyn BufRead>>,
	header: Header,
	/// First rows.
	sample: Vec<Record>,
	dialect: Dialect,
	/// Number of comment lines up to the header.
	comments: u64,
	findings: Vec<String>,
}

impl TextTable {
	/// Reads the selected columns of a file; `-` is standard input. The file is opened and read once.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read, is no CSV, lacks a column or has it twice, has no rows, or has a row with more cells
	/// than the header has names.
	pub fn read(path: &Path, selection: &Selection, options: &CsvOptions) -> Result<Self> {
		Self::new(shown(path), Source::open(path)?, selection, options)
	}

	/// Reads the selected columns of a source with this name.
	///
	/// # Errors
	///
	/// Errors as [`TextTable::read`] does.
	pub fn new(file: String, source: Source, selection: &Selection, options: &CsvOptions) -> Result<Self> {
		let missing = Missing::new(&options.missing);
		let Opened { mut reader, header, sample, dialect, comments, mut findings } =
			Opened::new(source, options).with_context(|| format!("{file} is not a regular CSV file"))?;
		ensure!(!sample.is_empty(), "{file} has a header and no rows: a model needs data");
		let columns = Columns::new(&header, &sample, selection, options, &missing)
			.map_err(|error| if blanks_separate(&header, &sample) { anyhow!("{error:#}. {BLANKS}") } else { error })
			.with_context(|| file.clone())?;
		let decimal_elsewhere = decimal_elsewhere(&sample, &columns, &header);
		let mut rows = Rows::new(&columns, selection.keep_last, header.width(), dialect.delimiter);
		let context = || format!("{file} is not a regular CSV file");
		let mut cut_off = false;
		for record in &sample {
			cut_off |= !rows.push(record).with_context(context)?;
		}
		let mut record = Record::default();
		while !cut_off && reader.read(&mut record).with_context(context)? {
			cut_off = !rows.push(&record).with_context(context)?;
		}
		rows.trim();
		findings.extend(rows.findings());
		if reader.comments > comments {
			findings.push(format!("{} below the header skipped", counted(reader.comments - comments, "comment line")));
		}
		if reader.gaps > 0 && header.width() == 1 {
			findings.push(format!("{} between the rows skipped", counted(reader.gaps, "empty line")));
		}
		if rows.cells.rows() == 0 {
			match options.filters.is_empty() {
				true => bail!("{file} has no rows with a value: a model needs data"),
				false => {
					bail!("{file}: no row meets --where {}. {}", options.filters.join(" --where "), examples(&columns, &sample))
				}
			}
		}
		let shown = |list: &[usize]| list.iter().map(|at| header.shown(*at)).collect::<Vec<_>>();
		let (names, labels, time) = (shown(&columns.values), shown(&columns.labels), shown(&columns.time).join(","));
		let cells = rows.cells;
		let time = (!columns.time.is_empty()).then_some((time, selection.time.is_some()));
		Ok(Self { file, names, time, labels, cells, cut_off, delimiter: dialect.delimiter, decimal_elsewhere, findings })
	}

	/// Returns the position of the text of the time in a row.
	pub fn time_cell(&self) -> usize {
		self.names.len()
	}

	/// Returns the position of the text of a label in a row.
	pub fn label_cell(&self, label: usize) -> usize {
		self.names.len() + usize::from(self.time.is_some()) + label
	}
}

impl Opened {
	/// Reads the header and the first rows.
	fn new(source: Source, options: &CsvOptions) -> Result<Self> {
		let Source { reader, head, mut findings } = source;
		let dialect = Dialect::of(&head)?;
		let mut reader = RecordReader::new(reader, dialect.delimiter, dialect.terminator);
		if dialect.sep_line {
			reader.skip_line()?;
		}
		let mut first = Record::default();
		ensure!(reader.read(&mut first)?, "there is no line but comments and empty ones");
		if dialect.delimiter != b',' && first.width() > 1 {
			findings.push(format!("columns are separated by {}", dialect.delimiter_name()));
		}
		let commented = commented_header(&reader, &first, dialect).filter(|_| !options.no_header);
		let comments = reader.comments;
		let mut second = Record::default();
		let second = reader.read(&mut second)?.then_some(second);
		let numbered = !options.no_header && commented.is_none() && header::numbers_columns(&first, second.as_ref());
		let is_row = options.no_header || (header::is_data(&first) && !numbered);
		// A header whose first name is `#` is none of the comments.
		let commented = commented.filter(|names| is_row || (names[0] == NUMBER_SIGN && header::has_numbers(&first)));
		let is_row = is_row || commented.is_some();
		let own = commented.as_ref().is_some_and(|names| names[0] == NUMBER_SIGN);
		let header = match commented {
			Some(names) => {
				if !own {
					findings.push("the last comment line above the rows is the header".into());
				}
				Header::named(names)
			}
			None if is_row => Header::unnamed(&first),
			None => Header::named(first.texts()),
		};
		let skipped = comments - u64::from(own);
		if skipped > 0 {
			findings.push(format!("{} skipped", counted(skipped, "comment line")));
		}
		if numbered {
			findings.push(format!("line {} numbers the columns, so it is the header", first.line));
		}
		if is_row && !header.has_names() && !options.no_header {
			findings.push(format!("line {} holds numbers, so it is a row and not a header", first.line));
		}
		if let Some(at) = (0..first.width()).find(|at| !is_row && first.text(*at).1) {
			let name = first.text(at).0;
			findings.push(format!("the header is not UTF-8: `{name}` is read as Windows-1252 (Latin-1)"));
		}
		let mut sample: Vec<Record> = is_row.then_some(first).into_iter().chain(second).collect();
		let mut record = Record::default();
		while sample.len() < SAMPLE && reader.read(&mut record)? {
			sample.push(record.clone());
		}
		Ok(Self { reader, header, sample, dialect, comments, findings })
	}
}

/// Returns `true` if the file has one column, and all lines are the same number of words between blanks.
fn blanks_separate(header: &Header, sample: &[Record]) -> bool {
	let words = |text: &str| text.split_whitespace().count();
	let first = header.names().first().map_or(0, |name| words(name));
	header.width() == 1 && first > 1 && sample.iter().all(|row| words(&row.text(0).0) == first)
}

/// Returns a number of things as text.
fn counted(count: u64, thing: &str) -> String {
	format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// Returns the names in the last comment line, if it has as many cells as the first row and none is a number. A line that begins
/// with `#` and a delimiter has `#` as its first name.
fn commented_header<R>(reader: &RecordReader<R>, first: &Record, dialect: Dialect) -> Option<Vec<String>> {
	let line = reader.last_comment.trim_ascii().strip_prefix(b"#")?;
	let mut record = Record::default();
	RecordReader::new(line, dialect.delimiter, dialect.terminator).read(&mut record).ok().filter(|found| *found)?;
	let mut names = record.texts();
	if line.first() == Some(&dialect.delimiter) {
		names[0] = NUMBER_SIGN.into();
	}
	let fits = names.len() > 1 && (names.len() == first.width() || names.len() == first.filled_len());
	(fits && names.iter().all(|name| !name.is_empty() && !is_number(name))).then_some(names)
}

/// Returns values of the filtered columns, for a message.
fn examples(columns: &Columns, sample: &[Record]) -> String {
	let mut texts = Vec::new();
	for (column, _) in &columns.filters {
		for record in sample {
			let text = format!("`{}`", record.text(*column).0);
			if !texts.contains(&text) && texts.len() < 8 {
				texts.push(text);
			}
		}
	}
	format!("The first rows have {}", texts.join(", "))
}

/// Returns the decimal separator of the numbers in other columns of the first rows, if they agree. Times are no numbers.
fn decimal_elsewhere(sample: &[Record], columns: &Columns, header: &Header) -> Option<Decimal> {
	let mut hints = Hints::default();
	for at in (0..header.width()).filter(|at| !columns.time.contains(at)) {
		let cells: Vec<String> = sample.iter().map(|record| record.text(at).0.into_owned()).collect();
		if !resemble_numbers(&cells) {
			sample.iter().zip(&cells).for_each(|(record, cell)| hints.add(record.line, cell));
		}
	}
	hints.sure().ok().flatten()
}

/// Rows that are being read.
struct Rows<'a> {
	columns: &'a Columns,
	cells: Cells,
	/// Number of columns of the header.
	width: usize,
	delimiter: u8,
	/// Number of rows at the end that have no cell.
	empty_tail: usize,
	/// Number of rows without any cell that were left out.
	empty: usize,
	/// Number of rows with fewer cells than the header, and the line of the first one.
	short: (u64, u64),
	/// First line that is not UTF-8.
	windows_1252: Option<u64>,
}

impl<'a> Rows<'a> {
	fn new(columns: &'a Columns, keep_last: bool, width: usize, delimiter: u8) -> Self {
		let held = columns.values.len() + usize::from(!columns.time.is_empty()) + columns.labels.len();
		let cells = Cells::new(held, keep_last);
		Self { columns, cells, width, delimiter, empty_tail: 0, empty: 0, short: (0, 0), windows_1252: None }
	}

	/// Adds the cells of a record. Returns `false` if there is no room for it.
	fn push(&mut self, record: &Record) -> Result<bool> {
		let filled = record.filled_len();
		if filled > self.width {
			bail!(
				"line {} has {filled} cells, and the first one has {}: `{}` belongs to no column. Put cells that hold a `{}` in \
				quotes, or name all columns",
				record.line,
				self.width,
				record.text(filled - 1).0,
				self.delimiter as char
			);
		}
		let Columns { values, time, labels, filters } = self.columns;
		if filters.iter().any(|(column, text)| record.text(*column).0 != *text) {
			return Ok(true);
		}
		if filled == 0 && !time.is_empty() {
			self.empty += 1;
			return Ok(true);
		}
		if filled > 0 && record.width() < self.width {
			let (count, first) = self.short;
			self.short = (count + 1, if count == 0 { record.line } else { first });
		}
		let mut windows_1252 = false;
		let mut text = |at: &usize| {
			let (text, decoded) = record.text(*at);
			windows_1252 |= decoded;
			text
		};
		let mut texts: Vec<_> = values.iter().map(&mut text).collect();
		match time[..] {
			[] => {}
			[one] => texts.push(text(&one)),
			_ => {
				let parts: Vec<_> = time.iter().map(&mut text).filter(|part| !part.is_empty()).collect();
				texts.push(parts.join(" ").into());
			}
		}
		texts.extend(labels.iter().map(&mut text));
		self.empty_tail = if filled == 0 { self.empty_tail + 1 } else { 0 };
		if windows_1252 {
			self.windows_1252.get_or_insert(record.line);
		}
		Ok(self.cells.push(record.line, texts.iter().map(AsRef::as_ref)))
	}

	/// Removes the empty rows at the end.
	fn trim(&mut self) {
		self.empty += self.empty_tail;
		for _ in 0..std::mem::take(&mut self.empty_tail) {
			self.cells.pop();
		}
	}

	fn findings(&self) -> Vec<String> {
		let encoding =
			self.windows_1252.map(|line| format!("line {line} is not UTF-8: its text is read as Windows-1252 (Latin-1)"));
		let empty = (self.empty > 0).then(|| format!("{} without any value left out", counted(self.empty as u64, "row")));
		let (count, line) = self.short;
		let short = (count > 0).then(|| match count {
			1 => format!("line {line} has fewer cells than the header"),
			_ => format!("{count} rows have fewer cells than the header, the first one in line {line}"),
		});
		encoding.into_iter().chain(empty).chain(short).collect()
	}
}
