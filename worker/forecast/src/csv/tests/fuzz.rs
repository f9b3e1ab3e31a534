//! Random tables in random dialects, and random bytes.

use crate::csv::{source::Source, CsvOptions, Decimal, Selection, TextTable};
use flate2::{write::GzEncoder, Compression};
use proptest::prelude::*;
use std::io::{Cursor, Read, Write};

/// A way to write a table.
#[derive(Clone, Debug)]
struct Style {
	delimiter: char,
	decimal: Decimal,
	grouped: bool,
	quoted: bool,
	blank_before_quote: bool,
	line_end: &'static str,
	final_line_end: bool,
	stray_delimiter: bool,
	comments: bool,
	minus: char,
	encoding: Encoding,
	gzip: bool,
}

#[derive(Clone, Copy, Debug)]
enum Encoding {
	Utf8,
	Utf8Bom,
	Latin1,
	Utf16,
}

fn style() -> impl Strategy<Value = Style> {
	let looks = (
		prop::sample::select(vec![',', ';', '\t', '|']),
		prop::sample::select(vec![Decimal::Point, Decimal::Comma]),
		any::<[bool; 7]>(),
		prop::sample::select(vec!["\n", "\r\n", "\r"]),
		prop::sample::select(vec!['-', '\u{2212}']),
		prop::sample::select(vec![Encoding::Utf8, Encoding::Utf8Bom, Encoding::Latin1, Encoding::Utf16]),
	);
	looks.prop_map(|(delimiter, decimal, flags, line_end, minus, encoding)| Style {
		delimiter,
		decimal,
		grouped: flags[0],
		quoted: flags[1],
		blank_before_quote: flags[2],
		line_end,
		final_line_end: flags[3],
		stray_delimiter: flags[4],
		comments: flags[5],
		// The sign is no character of Latin-1.
		minus: if matches!(encoding, Encoding::Latin1) { '-' } else { minus },
		encoding,
		gzip: flags[6],
	})
}

impl Style {
	fn cell(&self, text: &str) -> String {
		if self.quoted || text.contains([self.delimiter, '"', '\n', '\r']) || text.starts_with('#') {
			let blank = if self.blank_before_quote { " " } else { "" };
			return format!("{blank}\"{}\"", text.replace('"', "\"\""));
		}
		text.into()
	}

	fn number(&self, value: Option<i64>) -> String {
		let Some(value) = value else { return "n/a".into() };
		let mut whole = (value.unsigned_abs() / 100).to_string();
		let (point, group) = match self.decimal {
			Decimal::Point => ('.', ','),
			Decimal::Comma => (',', '.'),
		};
		if self.grouped {
			for at in (1..whole.len()).rev().filter(|at| (whole.len() - at) % 3 == 0).collect::<Vec<_>>() {
				whole.insert(at, group);
			}
		}
		let sign = if value < 0 { self.minus.to_string() } else { String::new() };
		format!("{sign}{whole}{point}{:02}", value.unsigned_abs() % 100)
	}

	fn render(&self, names: &[String; 3], rows: &[Row]) -> Vec<u8> {
		let mut lines = Vec::new();
		if self.comments {
			lines.push("# made up, \"of\" no use".to_string());
		}
		let join = |cells: [String; 3]| cells.map(|cell| self.cell(&cell)).join(&self.delimiter.to_string());
		lines.push(join(names.clone()));
		for (text, a, b) in rows {
			let stray = if self.stray_delimiter { self.delimiter.to_string() } else { String::new() };
			lines.push(join([text.clone(), self.number(*a), self.number(*b)]) + &stray);
		}
		let mut text = lines.join(self.line_end);
		if self.final_line_end {
			text.push_str(self.line_end);
		}
		let bytes = match self.encoding {
			Encoding::Utf8 => text.into_bytes(),
			Encoding::Utf8Bom => format!("\u{feff}{text}").into_bytes(),
			Encoding::Latin1 => text.chars().map(|char| char as u8).collect(),
			Encoding::Utf16 => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
		};
		if !self.gzip {
			return bytes;
		}
		let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
		encoder.write_all(&bytes).unwrap();
		encoder.finish().unwrap()
	}
}

fn read(bytes: impl Read + 'static, selection: Selection) -> anyhow::Result<TextTable> {
	TextTable::new("random".into(), Source::new(bytes)?, &selection, &CsvOptions::default())
}

const SELECTED: Selection = Selection { column: Some("2"), inputs: &[], time: Some("none"), keep_last: false, rows: None };

/// Cell of a text column, without anything that a number, a time or another delimiter could be taken for.
fn text() -> impl Strategy<Value = String> {
	"[a-zäöü][a-zäöü,;|\" #]{0,8}[a-zäöü]"
}

/// A text, and two numbers in hundredths.
type Row = (String, Option<i64>, Option<i64>);

fn row() -> impl Strategy<Value = Row> {
	(text(), prop::option::weighted(0.9, -99_999_999i64..99_999_999), prop::option::of(-999i64..999))
}

/// Bytes that mean something in a CSV file.
fn byte() -> impl Strategy<Value = u8> {
	prop::sample::select(b"\"\"\"\n\n\r,,;;\t|#0123459.-eE \xff\xfe\xc3\xa4a\0=p\x1f\x8b".to_vec())
}

/// First bytes that choose a decoder.
fn magic() -> impl Strategy<Value = &'static [u8]> {
	prop::sample::select(vec![&b""[..], b"\x1f\x8b\x08\0", b"\xff\xfe", b"\xfe\xff", b"sep=;\n", b"\xef\xbb\xbf", b"a,b\n1,2\n"])
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(512))]

	#[test]
	fn tables_in_any_dialect_are_read_as_they_were_written(
		style in style(),
		names in [text(), text(), text()],
		rows in prop::collection::vec(row(), 3..40),
	) {
		let names = [format!("a {}", names[0]), format!("b {}", names[1]), format!("c {}", names[2])];
		prop_assume!(rows.iter().any(|row| row.1.is_some()));
		let bytes = style.render(&names, &rows);
		let inputs = ["3".to_string()];
		let selection = Selection { column: Some(&names[1]), inputs: &inputs, ..SELECTED };
		let table = read(Cursor::new(bytes), selection).map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
		prop_assert_eq!(&table.names[..], &names[1..]);
		let numbers = table.numbers(&Default::default(), None).map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
		let cents = |value: &Option<f64>| value.map(|value| (value * 100.0).round() as i64);
		for ((row, a), b) in rows.iter().zip(&numbers.columns[0]).zip(&numbers.columns[1]) {
			prop_assert_eq!((row.1, row.2), (cents(a), cents(b)));
		}
		prop_assert_eq!((rows.len(), rows.len()), (numbers.columns[0].len(), numbers.columns[1].len()));
	}

	#[test]
	fn what_a_csv_writer_writes_is_read_back(
		rows in prop::collection::vec(("\\PC{0,12}", "\\PC{0,12}", -1e9f64..1e9), 2..20),
	) {
		let mut writer = csv::Writer::from_writer(Vec::new());
		writer.write_record(["first", "second", "value"]).unwrap();
		for (first, second, value) in &rows {
			writer.write_record([first, second, &value.to_string()]).unwrap();
		}
		let bytes = writer.into_inner().unwrap();
		let comments = rows.iter().filter(|(first, ..)| first.trim_start().starts_with('#')).count();
		let selection = Selection { column: Some("value"), ..SELECTED };
		let table = read(Cursor::new(bytes), selection).map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
		prop_assert!(table.cells.rows() + comments >= rows.len());
		if comments == 0 {
			let values: Vec<String> = table.cells.iter().map(|row| row.cell(0).to_string()).collect();
			prop_assert_eq!(values, rows.iter().map(|(.., value)| value.to_string()).collect::<Vec<_>>());
		}
	}

	#[test]
	fn random_bytes_are_read_or_refused(
		bytes in prop::collection::vec(byte(), 0..600),
		magic in magic(),
	) {
		let bytes = [magic, &bytes[..]].concat();
		for column in [Some("1"), Some("a"), None] {
			let Ok(table) = read(Cursor::new(bytes.clone()), Selection { column, time: None, ..SELECTED }) else { continue };
			prop_assert!(table.cells.rows() <= bytes.len());
			table.numbers(&Default::default(), None).ok();
		}
	}
}

#[test]
fn an_endless_line_is_refused_in_bounded_memory() {
	for (text, byte, reason) in [("a,b\n1,\"", b'\n', "not closed"), ("a,b\n1,", b'x', "longer than 1048576 bytes")] {
		let endless = Cursor::new(text).chain(std::io::repeat(byte));
		let error = format!("{:#}", read(endless, SELECTED).unwrap_err());
		assert!(error.contains("line 2") && error.contains(reason), "{error}");
	}
}

#[test]
fn a_small_file_that_decompresses_to_endless_rows_is_cut_off() {
	let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
	encoder.write_all(b"a,b\n").unwrap();
	let block = "x,1\n".repeat(1 << 20);
	(0..4).for_each(|_| encoder.write_all(block.as_bytes()).unwrap());
	let bytes = encoder.finish().unwrap();
	assert!(bytes.len() < 100_000, "{}", bytes.len());
	let table = read(Cursor::new(bytes.clone()), SELECTED).unwrap();
	assert_eq!((table.cut_off, table.cells.rows()), (true, crate::csv::MAX_HELD_ROWS));
	let last = read(Cursor::new(bytes), Selection { keep_last: true, ..SELECTED }).unwrap();
	assert_eq!((last.cut_off, last.cells.rows() + last.cells.dropped()), (false, 4 << 20));
}
