//! Removal of phrases and seeds from messages.

use std::ops::Range;
use subxt_signer::bip39::Language;

/// Text in place of a phrase or seed.
pub(super) const PLACEHOLDER: &str = "[phrase or seed, not shown]";
/// Consecutive words that are looked at together.
const WINDOW: usize = 8;
/// Words of a window that have to be in the word list of BIP-39. One may be misspelt.
const KNOWN_WORDS: usize = 7;
/// Numbers of words of a phrase.
const PHRASE_WORDS: [usize; 5] = [12, 15, 18, 21, 24];
/// Least length of a run of digits and letters that looks like a hexadecimal seed. A seed has 64 digits, some of which may be
/// missing.
const SEED_DIGITS: usize = 48;
/// Letters in such a run that are not hexadecimal: a digit may be mistyped.
const OTHER_LETTERS: usize = 3;
/// Least length of a run that looks like Base64. A secret key or a keystore has more, and an address of an account fewer.
const BASE64_SIGNS: usize = 64;
/// Least length of such a run that ends with padding. A seed has 44 signs.
const PADDED_BASE64_SIGNS: usize = 40;

/// Returns `text` with a placeholder for everything in it that looks like a mnemonic phrase, a seed, a key in Base64, or their
/// derivations.
///
/// Eight consecutive words, of which seven are in the English word list of BIP-39, look like a phrase, and so do twelve to 24
/// words between quotation marks, if two thirds of them are. The words beside them belong to the phrase. 48 hexadecimal digits in
/// a row look like a seed. A phrase ends at a quotation mark or a bracket. Hashes are removed too, so this is for messages about
/// keys, configurations and command lines only.
pub fn without_secrets(text: &str) -> String {
	let mut secrets = phrases(text);
	secrets.extend(seeds(text));
	secrets.extend(base64(text));
	secrets.sort_by_key(|secret| secret.start);
	hidden(text, secrets)
}

/// Returns `text` with a placeholder for everything in it that looks like a mnemonic phrase or its derivations. Seeds stay, since
/// hashes look like them, apart from those that are in `typed`, the arguments of the user: this is for errors of any kind.
pub fn without_typed_secrets(text: &str, typed: &[String]) -> String {
	let is_typed = |secret: &Range<usize>| typed.iter().any(|argument| argument.contains(&text[secret.clone()]));
	let mut secrets = phrases(text);
	secrets.extend(seeds(text).into_iter().chain(base64(text)).filter(is_typed));
	secrets.sort_by_key(|secret| secret.start);
	hidden(text, secrets)
}

/// Returns `true` if `text` is given in place of the name of a file and looks like a phrase, a seed, or the contents of a key
/// file.
pub(super) fn is_secret(text: &str) -> bool {
	let is_key_file = text.contains('{') && text.contains('"') || text.contains("-----BEGIN");
	// A phrase in another language has words that are not in the list.
	is_key_file || text.split_whitespace().count() >= PHRASE_WORDS[0] || without_secrets(text) != text
}

/// Returns `text` with a placeholder for `secrets`, in ascending order, and for the derivations behind them.
fn hidden(text: &str, secrets: Vec<Range<usize>>) -> String {
	let mut shown = String::with_capacity(text.len());
	let mut at = 0;
	for secret in secrets {
		let end = end_of_derivations(text, secret.end);
		if secret.start >= at {
			shown.push_str(&text[at..secret.start]);
			shown.push_str(PLACEHOLDER);
		}
		at = at.max(end);
	}
	shown.push_str(&text[at..]);
	shown
}

/// Returns the runs of `text` whose characters `is_part` admits.
fn runs(text: &str, is_part: impl Fn(char) -> bool) -> Vec<Range<usize>> {
	let mut runs: Vec<Range<usize>> = Vec::new();
	for (at, c) in text.char_indices().filter(|(_, c)| is_part(*c)) {
		match runs.last_mut() {
			Some(last) if last.end == at => last.end = at + c.len_utf8(),
			_ => runs.push(at..at + c.len_utf8()),
		}
	}
	runs
}

/// Returns the parts of `text` that look like phrases, from the first to the last word.
fn phrases(text: &str) -> Vec<Range<usize>> {
	let words = runs(text, char::is_alphabetic);
	let sentences = words.chunk_by(|word, next| !ends_phrase(&text[word.end..next.start]));
	sentences.filter_map(|words| phrase(text, words)).collect()
}

/// Returns `true` if a phrase does not go on behind this text between two words.
fn ends_phrase(between: &str) -> bool {
	// A list has a comma between its quoted words.
	between.contains(['"', '\'', '`', '“', '”', '<', '>', '(', ')']) && !between.contains(',')
}

/// Returns the part of `words` that looks like a phrase: the windows that do, and the words beside them that belong to it.
fn phrase(text: &str, words: &[Range<usize>]) -> Option<Range<usize>> {
	let is_known = |word: &Range<usize>| Language::English.find_word(&text[word.clone()].to_lowercase()).is_some();
	let known: Vec<bool> = words.iter().map(is_known).collect();
	let count = |known: &[bool]| known.iter().filter(|known| **known).count();
	if PHRASE_WORDS.contains(&words.len()) && 3 * count(&known) >= 2 * words.len() {
		return Some(words[0].start..words[words.len() - 1].end);
	}
	let is_phrase = |window: &[bool]| count(window) >= KNOWN_WORDS;
	let first = known.windows(WINDOW).position(is_phrase)?;
	let last = known.windows(WINDOW).rposition(is_phrase)? + WINDOW - 1;
	// An unknown word at an end of the windows is not a part of the phrase.
	let first = (first..=last).find(|at| known[*at])?;
	let last = (first..=last).rfind(|at| known[*at])?;
	let (first, last) = extended(&known, first, last);
	Some(words[first].start..words[last].end)
}

/// Returns the ends of a phrase from word `first` to word `last`, together with the words beside it that belong to it: known ones
/// up to one unknown word away, and unknown ones at the ends of a phrase that lacks words.
fn extended(known: &[bool], mut first: usize, mut last: usize) -> (usize, usize) {
	let is_known = |at: Option<usize>| at.and_then(|at| known.get(at)).is_some_and(|known| *known);
	while let Some(step) = (1..=2).find(|step| is_known(first.checked_sub(*step))) {
		first -= step;
	}
	while let Some(step) = (1..=2).find(|step| is_known(Some(last + step))) {
		last += step;
	}
	if !PHRASE_WORDS.contains(&(last + 1 - first)) {
		first = first.saturating_sub(1);
		last = (last + 1).min(known.len() - 1);
	}
	(first, last)
}

/// Returns the parts of `text` that look like hexadecimal seeds, also if a few digits are missing or mistyped.
fn seeds(text: &str) -> Vec<Range<usize>> {
	let mut seeds = runs(text, |c| c.is_ascii_alphanumeric());
	for seed in &mut seeds {
		// The prefix is no part of the digits.
		if text[seed.clone()].starts_with("0x") {
			seed.start += 2;
		}
	}
	seeds.retain(|seed| {
		let other = text[seed.clone()].chars().filter(|c| !c.is_ascii_hexdigit()).count();
		seed.len() >= SEED_DIGITS && other <= OTHER_LETTERS
	});
	seeds
}

/// Returns the parts of `text` that look like keys in Base64.
fn base64(text: &str) -> Vec<Range<usize>> {
	let mut keys = runs(text, |c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_'));
	for key in &mut keys {
		key.end += text[key.end..].bytes().take_while(|sign| *sign == b'=').count();
	}
	keys.retain(|key| {
		let key = &text[key.clone()];
		let least = if key.ends_with('=') { PADDED_BASE64_SIGNS } else { BASE64_SIGNS };
		key.len() >= least && looks_random(key)
	});
	keys
}

/// Returns `true` if capital letters, small letters and digits alternate as in random text. Paths and words change less often.
fn looks_random(text: &str) -> bool {
	let kind = |sign: u8| match sign {
		b'A'..=b'Z' => 0,
		b'a'..=b'z' => 1,
		b'0'..=b'9' => 2,
		_ => 3,
	};
	let kinds: Vec<u8> = text.bytes().map(kind).collect();
	let has_all = (0..3).all(|kind| kinds.contains(&kind));
	let changes = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
	has_all && 5 * changes >= 2 * kinds.len()
}

/// Returns the end of the derivations and the password that begin at `at`; `at` if there are none.
fn end_of_derivations(text: &str, at: usize) -> usize {
	let rest = &text[at..];
	if !rest.starts_with('/') {
		return at;
	}
	at + rest.find(['"', '\'', '`', '\n', '\r']).unwrap_or(rest.len())
}
