//! Removal of phrases and seeds from messages.

use std::ops::Range;
use subxt_signer::bip39::Language;

/// Text in place of a phrase or seed.
const PLACEHOLDER: &str = "[phrase or seed, not shown]";
/// Consecutive words that are looked at together.
const WINDOW: usize = 8;
/// Words of a window that have to be in the word list of BIP-39. One may be misspelt.
const KNOWN_WORDS: usize = 7;
/// Least number of hexadecimal digits of a seed.
const SEED_DIGITS: usize = 64;

/// Returns `text` with a placeholder for everything in it that looks like a mnemonic phrase, a seed, or their derivations.
///
/// Eight consecutive words, of which seven are in the English word list of BIP-39, look like a phrase, and so do the words beside
/// them; 64 hexadecimal digits in a row look like a seed. A phrase ends at a quotation mark or a bracket. Hashes are removed too,
/// so this is for messages about keys, configurations and command lines only.
pub fn without_secrets(text: &str) -> String {
	let mut secrets = phrases(text);
	secrets.extend(seeds(text));
	secrets.sort_by_key(|secret| secret.start);
	hidden(text, secrets)
}

/// Returns `text` with a placeholder for everything in it that looks like a mnemonic phrase or its derivations. Seeds stay, since
/// hashes look like them: this is for errors of any kind.
pub fn without_phrases(text: &str) -> String {
	hidden(text, phrases(text))
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

/// Returns the part of `words` that looks like a phrase: the windows that do, and the known words beside them.
fn phrase(text: &str, words: &[Range<usize>]) -> Option<Range<usize>> {
	let is_known = |word: &Range<usize>| Language::English.find_word(&text[word.clone()].to_lowercase()).is_some();
	let known: Vec<bool> = words.iter().map(is_known).collect();
	let is_phrase = |window: &[bool]| window.iter().filter(|known| **known).count() >= KNOWN_WORDS;
	let first = known.windows(WINDOW).position(is_phrase)?;
	let last = known.windows(WINDOW).rposition(is_phrase)? + WINDOW - 1;
	// An unknown word at an end is not a part of the phrase.
	let start = (first..=last).find(|at| known[*at])?;
	let end = (first..=last).rfind(|at| known[*at])?;
	Some(words[start].start..words[end].end)
}

/// Returns the parts of `text` that look like seeds.
fn seeds(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
	let digits = runs(text, |c| c.is_ascii_hexdigit());
	digits.into_iter().filter(|run| run.len() >= SEED_DIGITS)
}

/// Returns the end of the derivations and the password that begin at `at`; `at` if there are none.
fn end_of_derivations(text: &str, at: usize) -> usize {
	let rest = &text[at..];
	if !rest.starts_with('/') {
		return at;
	}
	at + rest.find(['"', '\'', '`', '\n', '\r']).unwrap_or(rest.len())
}
