//! Bytes of a file, a pipe or standard input as a stream of text: decompressed, and decoded if they are UTF-16.

use anyhow::{bail, ensure, Context, Result};
use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use flate2::bufread::MultiGzDecoder;
use std::{
	fs::File,
	io::{self, BufRead, BufReader, Cursor, Read},
	path::Path,
};

/// Bytes of the beginning that are read ahead, to find out the format.
pub const HEAD_BYTES: usize = 256 * 1024;
/// Bytes of the beginning that show UTF-16 without a byte order mark.
const PROBE_BYTES: usize = 4_096;
/// First bytes of files that hold no text, the kind of file, and the next step.
const BINARY: [(&[u8], &str, &str); 10] = [
	(b"PK\x03\x04", "a ZIP archive or an Excel workbook (.xlsx)", "unpack it, or save its sheet as CSV"),
	(b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", "save its sheet as CSV"),
	(b"PAR1", "a Parquet file", "convert it to CSV"),
	(b"BZh", "compressed (bzip2)", "decompress it: bzcat FILE | doin-worker … --csv -"),
	(b"\xfd7zXZ\0", "compressed (xz)", "decompress it: xzcat FILE | doin-worker … --csv -"),
	(b"\x28\xb5\x2f\xfd", "compressed (Zstandard)", "decompress it: zstdcat FILE | doin-worker … --csv -"),
	(b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
	(b"\x89HDF", "an HDF5 file", "convert it to CSV"),
	(b"SQLite format 3\0", "an SQLite database", "export a table as CSV"),
	(b"%PDF", "a PDF document", "take the table from it as CSV"),
];

/// Text of a file as a stream of bytes in UTF-8 or an 8-bit encoding, without a byte order mark.
pub struct Source {
	/// The whole text.
	pub reader: Box<dyn BufRead>,
	/// Its first [`HEAD_BYTES`] bytes, or all if there are fewer.
	pub head: Vec<u8>,
	/// Properties that were found out, e.g. `gzip`.
	pub findings: Vec<String>,
}

/// Returns the name of a file in messages; `-` is standard input.
pub fn shown(path: &Path) -> String {
	match is_stdin(path) {
		true => "standard input".into(),
		false => path.display().to_string(),
	}
}

/// Returns `true` if the path stands for standard input.
pub fn is_stdin(path: &Path) -> bool {
	path.as_os_str() == "-"
}

impl Source {
	/// Opens a file, a pipe, or standard input for `-`. Nothing is opened or read twice.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read, is empty, or holds no text.
	pub fn open(path: &Path) -> Result<Self> {
		if is_stdin(path) {
			return Self::new(io::stdin()).context("standard input cannot be used");
		}
		let file = File::open(path)
			.with_context(|| format!("cannot read {}. Name a CSV file, or - for standard input", path.display()))?;
		let folder = file.metadata().is_ok_and(|metadata| metadata.is_dir());
		ensure!(!folder, "cannot read {}: it is a folder. Name a CSV file in it", path.display());
		Self::new(file).with_context(|| format!("{} cannot be used", path.display()))
	}

	/// Decodes a stream.
	///
	/// # Errors
	///
	/// Errors if the stream cannot be read, is empty, or holds no text.
	pub fn new(raw: impl Read + 'static) -> Result<Self> {
		let (mut head, mut reader) = peek(Box::new(raw))?;
		ensure!(!head.is_empty(), "it is empty. A pipe and standard input can be read only once");
		let mut findings = Vec::new();
		if head.starts_with(b"\x1f\x8b") {
			findings.push("compressed (gzip)".to_string());
			let decoder = MultiGzDecoder::new(reader);
			(head, reader) = peek(Box::new(decoder)).context("it begins like a gzip file, and cannot be decompressed")?;
			ensure!(!head.is_empty(), "it is a gzip file of nothing");
		}
		refuse_binary(&head)?;
		if let Some((decoder, name)) = utf_16(&head) {
			findings.push(format!("encoded in {name}"));
			(head, reader) = peek(Box::new(Utf16 { inner: reader, decoder, text: Vec::new(), at: 0, end: false }))?;
			ensure!(!head.is_empty(), "it is empty");
		} else if head.starts_with(b"\xef\xbb\xbf") {
			reader.consume(3);
			head.drain(..3);
		}
		if let Some(at) = head.iter().position(|byte| *byte == 0) {
			let line = 1 + head[..at].iter().filter(|byte| **byte == b'\n').count();
			bail!("it holds a zero byte in line {line}, so it is not a text file: export the data as CSV");
		}
		Ok(Self { reader, head, findings })
	}
}

/// Reads the beginning of a stream, and returns it beside the whole stream.
fn peek(mut raw: Box<dyn Read>) -> Result<(Vec<u8>, Box<dyn BufRead>)> {
	let mut head = Vec::with_capacity(PROBE_BYTES);
	raw.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
	let whole = Cursor::new(head.clone()).chain(BufReader::with_capacity(64 * 1024, raw));
	Ok((head, Box::new(whole)))
}

/// Errors if the first bytes are those of a format that is not text.
fn refuse_binary(head: &[u8]) -> Result<()> {
	if let Some((_, kind, next)) = BINARY.iter().find(|(magic, ..)| head.starts_with(magic)) {
		bail!("it is {kind}: {next}");
	}
	ensure!(head.get(257..262) != Some(b"ustar"), "it is a tar archive: unpack it");
	let utf_32 = head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff");
	ensure!(!utf_32, "it is encoded in UTF-32: iconv -f UTF-32 -t UTF-8 FILE | doin-worker … --csv -");
	let text = String::from_utf8_lossy(&head[..head.len().min(64)]).trim_start_matches('\u{feff}').trim_start().to_lowercase();
	let web_page = text.starts_with("<!doctype html") || text.starts_with("<html");
	ensure!(!web_page, "it is a web page (HTML), not CSV: download the file itself");
	ensure!(!text.starts_with("<?xml"), "it is XML: export the data as CSV");
	ensure!(!text.starts_with('{') && !text.starts_with("[{"), "it is JSON: export the data as CSV");
	Ok(())
}

/// Returns the decoder of a text in UTF-16. Without a byte order mark, every second byte of Western text is zero.
fn utf_16(head: &[u8]) -> Option<(Decoder, &'static str)> {
	let probe = &head[..head.len().min(PROBE_BYTES) & !1];
	let zeros = |from: usize| probe.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
	let many = probe.len() / 4;
	let (even, odd) = (zeros(0), zeros(1));
	match head {
		[0xff, 0xfe, ..] => Some((UTF_16LE.new_decoder_with_bom_removal(), "UTF-16")),
		[0xfe, 0xff, ..] => Some((UTF_16BE.new_decoder_with_bom_removal(), "UTF-16")),
		_ if many > 0 && odd > many && even == 0 => Some((UTF_16LE.new_decoder_without_bom_handling(), "UTF-16")),
		_ if many > 0 && even > many && odd == 0 => Some((UTF_16BE.new_decoder_without_bom_handling(), "UTF-16")),
		_ => None,
	}
}

/// Stream of UTF-8 from a stream of UTF-16.
struct Utf16 {
	inner: Box<dyn BufRead>,
	decoder: Decoder,
	/// Decoded text.
	text: Vec<u8>,
	/// Bytes of the text that were read.
	at: usize,
	/// `true` once the decoder has been flushed.
	end: bool,
}

impl Read for Utf16 {
	fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
		while self.at == self.text.len() && !self.end {
			let bytes = self.inner.fill_buf()?;
			let last = bytes.is_empty();
			// A unit of two bytes becomes at most three; a flushed rest becomes at most one replacement character.
			self.text.resize(bytes.len() * 2 + 16, 0);
			let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.text, last);
			self.inner.consume(read);
			self.text.truncate(written);
			self.at = 0;
			self.end = last && result == CoderResult::InputEmpty;
		}
		let count = buffer.len().min(self.text.len() - self.at);
		buffer[..count].copy_from_slice(&self.text[self.at..self.at + count]);
		self.at += count;
		Ok(count)
	}
}
