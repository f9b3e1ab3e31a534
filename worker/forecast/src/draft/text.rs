//! Texts of a record: names and units, within their bytes.

use anyhow::{anyhow, Result};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	Gene,
};
use std::path::Path;

/// Most bytes of the name of a domain.
pub const NAME_BYTES: u32 = 64;
/// Most bytes of the text of a unit.
pub const UNIT_BYTES: u32 = 32;

/// Text of a record.
pub type Text<const N: u32> = BoundedVec<u8, ConstU32<N>>;

/// Returns the name of a file without its extensions; `stdin` for standard input.
pub fn stem(path: &Path) -> String {
	let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
	let name = name.strip_suffix(".gz").unwrap_or(&name);
	match name {
		"-" => "stdin".into(),
		_ => name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem }).into(),
	}
}

/// Returns the text if it has at most `N` bytes, or its beginning and an ellipsis.
pub fn shortened<const N: u32>(text: &str) -> String {
	let ellipsis = "…";
	if text.len() <= N as usize {
		return text.to_string();
	}
	let most = N as usize - ellipsis.len();
	let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= most).last().unwrap_or(0);
	text[..end].trim_end().to_string() + ellipsis
}

/// Returns a text of a record.
///
/// # Errors
///
/// Errors if the text is too long. `field` names it, and `option` the option that chooses another.
pub fn bounded_text<const N: u32>(text: &str, field: &str, option: &str) -> Result<Text<N>> {
	let bytes = text.as_bytes().to_vec();
	bytes.try_into().map_err(|_| anyhow!("the {field} `{text}` is longer than {N} bytes: choose a shorter one with {option}"))
}

/// Returns an integer gene.
pub fn gene(name: &str, lo: i64, hi: i64, log: bool) -> Gene {
	Gene { name: name.as_bytes().to_vec().try_into().unwrap_or_default(), lo, hi, log, frac: 0 }
}
