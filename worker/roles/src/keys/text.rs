//! Text of a key file.

use super::KeyFault;
use doin_chain::Account;
use std::str::FromStr;
use subxt_signer::{
	bip39::{Language, Mnemonic},
	sr25519::Keypair,
	SecretUri, DEV_PHRASE,
};
use zeroize::Zeroizing;

/// Numbers of words that a phrase may have.
const WORD_COUNTS: [usize; 5] = [12, 15, 18, 21, 24];
/// Hexadecimal digits of a seed.
const SEED_DIGITS: usize = 64;
/// Members of JSON objects that hold a phrase or seed in the clear, the preferred one first.
const JSON_SECRETS: [&str; 6] = ["secretPhrase", "mnemonic", "phrase", "secretSeed", "seed", "secretKeyUri"];
/// Pairs of quotes around a key.
const QUOTES: [(char, char); 6] = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('„', '“'), ('«', '»')];

/// The key of a text.
pub(super) struct ParsedKey {
	pub(super) pair: Keypair,
	/// The phrase is the public one of development chains.
	pub(super) is_public: bool,
}

/// Returns the key of a text: one line with a mnemonic phrase or a `0x…` seed, and optional derivations. A byte-order mark,
/// comment lines, blank lines, quotes around the line, and any white space between the words do no harm.
pub(super) fn parse(bytes: &[u8]) -> Result<ParsedKey, KeyFault> {
	let text = decode(bytes)?.trim_start_matches('\u{feff}').trim();
	match text.chars().next() {
		Some('{' | '[') => return Err(json_fault(text)),
		_ if text.starts_with("-----BEGIN") => return Err(KeyFault::Pem),
		_ => {}
	}
	let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
	let line = lines.next().ok_or(KeyFault::Empty)?;
	match lines.count() {
		0 => parse_line(unquoted(line)),
		more => Err(KeyFault::Lines { lines: 1 + more }),
	}
}

fn decode(bytes: &[u8]) -> Result<&str, KeyFault> {
	// Every other byte of Latin text is 0 in UTF-16.
	let zeros = bytes.iter().filter(|byte| **byte == 0).count();
	let is_utf16 = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) || 3 * zeros > bytes.len();
	if is_utf16 {
		return Err(KeyFault::Utf16);
	}
	std::str::from_utf8(bytes).map_err(|_| KeyFault::Binary)
}

/// Returns the kind of a JSON text.
fn json_fault(text: &str) -> KeyFault {
	let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return KeyFault::Json };
	if value.get("encoded").is_some() && value.get("encoding").is_some() {
		return KeyFault::PolkadotKeystore;
	}
	JSON_SECRETS
		.into_iter()
		.find(|field| value.get(field).is_some_and(serde_json::Value::is_string))
		.map_or(KeyFault::Json, |field| KeyFault::JsonSecret { field })
}

/// Returns the line without the quotes around it.
fn unquoted(line: &str) -> &str {
	QUOTES.into_iter().find_map(|(open, close)| line.strip_prefix(open)?.strip_suffix(close)).map_or(line, str::trim)
}

fn parse_line(line: &str) -> Result<ParsedKey, KeyFault> {
	// The derivations begin at the first slash; a password in them may hold any sign.
	let (base, derivations) = line.split_at(line.find('/').unwrap_or(line.len()));
	let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}');
	let words: Vec<&str> = base.split(is_blank).filter(|word| !word.is_empty()).collect();
	match words[..] {
		[] => return Err(KeyFault::NoSecret),
		[word] => check_seed(word)?,
		_ => check_phrase(base, &words)?,
	}
	let base = Zeroizing::new(words.join(" "));
	let uri = Zeroizing::new(format!("{}{derivations}", *base));
	let uri = SecretUri::from_str(&uri).map_err(|_| KeyFault::Derivation)?;
	let pair = Keypair::from_uri(&uri).map_err(|_| KeyFault::Unknown)?;
	Ok(ParsedKey { pair, is_public: *base == DEV_PHRASE })
}

/// Errors unless `word` is a seed.
fn check_seed(word: &str) -> Result<(), KeyFault> {
	let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
	if let Some(digits) = word.strip_prefix("0x") {
		return match digits.len() {
			_ if !is_hex(digits) => Err(KeyFault::SeedDigits),
			SEED_DIGITS => Ok(()),
			other => Err(KeyFault::SeedLength { digits: other }),
		};
	}
	Err(match word {
		_ if word.strip_prefix("0X").is_some_and(is_hex) => KeyFault::CapitalPrefix,
		_ if word.len() == SEED_DIGITS && is_hex(word) => KeyFault::BareHex,
		_ if word.contains(['=', ':']) => KeyFault::Assignment,
		_ if Account::from_str(word).is_ok() => KeyFault::Address,
		_ if word.contains([',', ';']) => KeyFault::Separators,
		_ => KeyFault::Unknown,
	})
}

/// Errors unless `words` are a mnemonic phrase.
fn check_phrase(base: &str, words: &[&str]) -> Result<(), KeyFault> {
	let is_known = |word: &str| Language::English.find_word(word).is_some();
	let is_number = |word: &&str| word.trim_end_matches(['.', ')', ':']).parse::<u32>().is_ok();
	if base.contains('=') || words[0].ends_with(':') && !is_number(&words[0]) {
		return Err(KeyFault::Assignment);
	}
	if words.iter().any(is_number) {
		return Err(KeyFault::Numbered);
	}
	if base.contains([',', ';', '|']) {
		return Err(KeyFault::Separators);
	}
	let unknown = words.iter().position(|word| !is_known(word));
	if let Some(unknown) = unknown {
		let lower = |word: &&str| is_known(&Zeroizing::new(word.to_lowercase()));
		return Err(match words {
			_ if words.iter().all(lower) => KeyFault::Capitals,
			_ if words.iter().filter(|word| is_known(word)).count() * 2 <= words.len() => KeyFault::Unknown,
			_ => KeyFault::UnknownWord { position: 1 + unknown, words: words.len() },
		});
	}
	if !WORD_COUNTS.contains(&words.len()) {
		return Err(KeyFault::WordCount { words: words.len() });
	}
	let phrase = Zeroizing::new(words.join(" "));
	Mnemonic::parse_in_normalized(Language::English, &phrase).map(|_| ()).map_err(|_| KeyFault::Checksum { words: words.len() })
}
