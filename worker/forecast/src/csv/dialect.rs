//! Dialect of a CSV text, found out from its beginning: delimiter, line end, and a `sep=` line.

use super::{
	number::{is_number, Missing},
	records::{Record, RecordReader},
};
use anyhow::{bail, Result};

/// Delimiters that are tried, and their names.
const DELIMITERS: [(u8, &str); 4] = [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs"), (b'|', "vertical bars")];
/// Records that are compared.
const COMPARED: usize = 100;

/// Dialect of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
	/// Separator of cells.
	pub delimiter: u8,
	/// Last byte of a line: LF, or CR where a text has no LF.
	pub terminator: u8,
	/// `true` if the first line is `sep=` and the delimiter, as spreadsheets write it.
	pub sep_line: bool,
}

impl Dialect {
	/// Finds out the dialect of a text that begins with `head`.
	///
	/// # Errors
	///
	/// Errors if the first line has fewer cells than nearly all others, so that the header seems to begin further below.
	pub fn of(head: &[u8]) -> Result<Self> {
		let terminator = if head.contains(&b'\r') && !head.contains(&b'\n') { b'\r' } else { b'\n' };
		if let Some(delimiter) = sep_line(head) {
			return Ok(Self { delimiter, terminator, sep_line: true });
		}
		// The last line of the beginning may be cut off.
		let whole = match head.iter().rposition(|byte| *byte == terminator) {
			Some(end) if end > 0 => &head[..=end],
			_ => head,
		};
		let candidates: Vec<Candidate> =
			DELIMITERS.iter().map(|(delimiter, _)| Candidate::new(whole, *delimiter, terminator)).collect();
		let best = candidates.iter().max_by(|a, b| a.rank().total_cmp(&b.rank()).then(a.width.cmp(&b.width)));
		let delimiter = match best.filter(|best| best.cells > 1 && best.fitting >= 0.5) {
			Some(best) => best.delimiter,
			None => {
				match candidates.iter().filter(|one| one.begins > 0).min_by_key(|one| (one.begins_with_numbers, one.begins)) {
					// A single column of numbers with decimal commas has a name of one cell above rows of two.
					Some(commas) if commas.decimal_commas => b';',
					Some(candidate) if candidate.begins_with_numbers => bail!(
					"line {} has {} cells, and most lines have {}: name every column in the header, and put cells that hold the \
					delimiter in quotes",
					candidate.first_line,
					candidate.width,
					candidate.usual
				),
					Some(candidate) => bail!(
					"line {} is not a header: it has {} cells, and most lines have {}. The header seems to be line {}: leave out \
					the lines above it, e.g. tail -n +{} FILE | doin-worker … --csv -",
					candidate.first_line,
					candidate.width,
					candidate.usual,
					candidate.begins,
					candidate.begins
				),
					None => best.filter(|best| best.cells > 1).map_or(b',', |best| best.delimiter),
				}
			}
		};
		Ok(Self { delimiter, terminator, sep_line: false })
	}

	/// Returns the name of the delimiter in the plural.
	pub fn delimiter_name(&self) -> String {
		let known = DELIMITERS.iter().find(|(delimiter, _)| *delimiter == self.delimiter);
		known.map_or_else(|| format!("`{}`", self.delimiter as char), |(_, name)| (*name).to_string())
	}
}

/// Returns the delimiter of a first line such as `sep=;`.
fn sep_line(head: &[u8]) -> Option<u8> {
	let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
	let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
	let (key, delimiter) = (line.get(..4)?, &line[4..]);
	let delimiter = match delimiter {
		b"\\t" => b'\t',
		[one] => *one,
		_ => return None,
	};
	(key.eq_ignore_ascii_case(b"sep=") && delimiter.is_ascii() && !delimiter.is_ascii_alphanumeric() && delimiter != b'"')
		.then_some(delimiter)
}

/// A delimiter, and how the first records look with it.
struct Candidate {
	delimiter: u8,
	/// Cells of the first record.
	cells: usize,
	/// Cells of the first record, without empty ones at its end.
	width: usize,
	/// Share of the other records that have as many cells; a record with fewer cells counts half.
	fitting: f64,
	/// Share of the cells below the header that are numbers or missing.
	numbers: f64,
	/// Line of the first record.
	first_line: u64,
	/// Usual number of cells.
	usual: usize,
	/// Line of the first record with the usual number of cells; 0 if that is the first record, or if there is no usual number.
	begins: u64,
	/// `true` if a cell of that record is a number, so that it is not a header.
	begins_with_numbers: bool,
	/// `true` if all records below a first one of one cell are two parts of a number with a decimal comma.
	decimal_commas: bool,
}

impl Candidate {
	fn new(head: &[u8], delimiter: u8, terminator: u8) -> Self {
		let mut reader = RecordReader::new(head, delimiter, terminator);
		let mut records = Vec::new();
		let mut record = Record::default();
		while records.len() < COMPARED && matches!(reader.read(&mut record), Ok(true)) {
			if record.filled_len() > 0 {
				records.push(record.clone());
			}
		}
		let lengths: Vec<usize> = records.iter().map(Record::filled_len).collect();
		let width = lengths.first().copied().unwrap_or(0);
		let rows = records.get(1..).unwrap_or_default();
		let fits = |length: &usize| match *length {
			length if length == width => 1.0,
			length if length < width && length > 1 => 0.5,
			_ => 0.0,
		};
		let share = |sum: f64, count: usize| if count == 0 { 1.0 } else { sum / count as f64 };
		let number = |text: &str| Missing::is_usual(text) || is_number(text);
		let (mut compared, mut numbers) = (0, 0);
		for row in rows {
			compared += row.width();
			numbers += (0..row.width()).filter(|at| number(&row.text(*at).0)).count();
		}
		let usual = usual_length(&lengths);
		let begins = lengths.iter().position(|length| Some(*length) == usual).filter(|at| *at > 0).map(|at| &records[at]);
		let halves = |row: &Record| {
			row.width() == 2
				&& is_number(&row.text(0).0)
				&& !row.bytes(1).is_empty()
				&& row.bytes(1).iter().all(u8::is_ascii_digit)
		};
		Self {
			delimiter,
			cells: records.first().map_or(0, Record::width),
			width,
			fitting: share(lengths.iter().skip(1).map(fits).sum(), rows.len()),
			numbers: share(numbers as f64, compared),
			first_line: records.first().map_or(1, |record| record.line),
			usual: usual.unwrap_or(0),
			begins: begins.map_or(0, |record| record.line),
			begins_with_numbers: begins.is_some_and(|record| (0..record.width()).any(|at| is_number(&record.text(at).0))),
			decimal_commas: delimiter == b',' && width == 1 && rows.iter().all(halves),
		}
	}

	/// Returns the order of preference: more fitting records, then more numbers.
	fn rank(&self) -> f64 {
		if self.cells < 2 {
			return 0.0;
		}
		self.fitting + 0.1 * self.numbers
	}
}

/// Returns the number of cells that most records have, if it is above one and two of three records have it.
fn usual_length(lengths: &[usize]) -> Option<usize> {
	let mut sorted = lengths.to_vec();
	sorted.sort_unstable();
	let middle = sorted.get(sorted.len() / 2).copied()?;
	let share = lengths.iter().filter(|length| **length == middle).count() * 3 / 2;
	(middle > 1 && share >= lengths.len()).then_some(middle)
}
