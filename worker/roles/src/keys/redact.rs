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
/// Signs of a seed in Base64 without padding.
const UNPADDED_SEED_SIGNS: usize = 43;

/// Returns `text` with a placeholder for everything in it that looks like a mnemonic phrase, a seed, a key in Base64, or their
/// derivations.
///
/// Eight consecutive words, of which seven are in the English word list of BIP-39, look like a phrase, and so do twelve to 24
/// words between quotation marks, if two thirds of them are. The words beside them belong to the phrase. 48 hexadecimal digits in
/// a row look like a seed. A phrase ends at a quotation mark or a bracket. Hashes are removed too, so this is for messages about
/// keys, configurations and command lines only.
pub fn without_secrets(text: &str) -> String {
	let mut secrets = numbers(text);
	let words = runs(text, is_base64_sign);
	secrets.extend(words.into_iter().filter(|word| is_unpadded_seed(&text[word.clone()])));
	hidden(text, secrets)
}

/// Returns `text` with a placeholder for everything in it that looks like a mnemonic phrase or its derivations. Seeds stay, since
/// hashes look like them, apart from those that are in `typed`, the arguments of the user: this is for errors of any kind.
pub fn without_typed_secrets(text: &str, typed: &[String]) -> String {
	let is_typed = |secret: &Range<usize>| typed.iter().any(|argument| argument.contains(&text[secret.clone()]));
	hidden(text, numbers(text).into_iter().filter(is_typed).collect())
}

/// Returns `true` if `text` is given in place of the name of a file and looks like a phrase, a seed, or the contents of a key
/// file.
pub(super) fn is_secret(text: &str) -> bool {
	let is_key_file = text.contains('{') && text.contains('"') || text.contains("-----BEGIN");
	// A phrase in another language has words that are not in the list.
	is_key_file
		|| text.split_whitespace().count() >= PHRASE_WORDS[0]
		|| ends_with_unpadded_seed(text)
		|| without_secrets(text) != text
}

/// Returns `true` if `text` is a path that ends with a seed in Base64 without padding. Only a text in place of a key is looked at
/// so closely: the names of other files may have as many signs.
fn ends_with_unpadded_seed(text: &str) -> bool {
	let parts = text.len().checked_sub(UNPADDED_SEED_SIGNS).and_then(|at| text.split_at_checked(at));
	parts.is_some_and(|(folder, seed)| folder.ends_with('/') && is_unpadded_seed(seed))
}

/// Returns `true` if `text` looks like a seed in Base64 without padding.
fn is_unpadded_seed(text: &str) -> bool {
	// 43 signs have two bits more than 32 bytes, which are zero.
	let has_zero_bits = text.ends_with(|sign| "AEIMQUYcgkosw048".contains(sign));
	text.len() == UNPADDED_SEED_SIGNS && text.chars().all(is_base64_sign) && has_zero_bits && looks_random(text)
}

/// Returns `text` with a placeholder for the phrases in it, for `numbers`, which are seeds or keys, and for the derivations behind
/// them.
fn hidden(text: &str, numbers: Vec<Range<usize>>) -> String {
	let phrases = phrases(text).into_iter().map(|phrase| phrase.start..end_of_phrase(text, phrase.end));
	let numbers = numbers.into_iter().map(|number| number.start..end_of_number(text, number.end));
	let mut secrets: Vec<Range<usize>> = phrases.chain(numbers).collect();
	secrets.sort_by_key(|secret| secret.start);
	let mut shown = String::with_capacity(text.len());
	let mut at = 0;
	for secret in secrets {
		if secret.start >= at {
			shown.push_str(&text[at..secret.start]);
			shown.push_str(PLACEHOLDER);
		}
		at = at.max(secret.end);
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

/// Returns the parts of `text` that look like seeds or keys in digits.
fn numbers(text: &str) -> Vec<Range<usize>> {
	let seeds = seeds(text);
	let mut numbers = base64(text);
	// A path with a hash in it may alternate as Base64 does.
	numbers.retain(|key| !seeds.iter().any(|seed| key.start <= seed.start && seed.end <= key.end));
	numbers.extend(seeds);
	numbers
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
	let mut keys = runs(text, is_base64_sign);
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

fn is_base64_sign(c: char) -> bool {
	c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_')
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

/// Returns the end of the derivations and the password of a phrase that begin at `at`; `at` if there are none.
fn end_of_phrase(text: &str, at: usize) -> usize {
	let rest = &text[at..];
	if !rest.starts_with('/') {
		return at;
	}
	at + rest.find(ends_secret).unwrap_or(rest.len())
}

/// Returns the end of the derivations and the password of a seed that begin at `at`; `at` if there are none. Two slashes distinguish
/// them from the rest of a path with a hash in it. Only a password, behind three of them, may hold white space.
fn end_of_number(text: &str, at: usize) -> usize {
	let rest = &text[at..];
	let quoted = &rest[..rest.find(ends_secret).unwrap_or(rest.len())];
	let word = &quoted[..quoted.find(char::is_whitespace).unwrap_or(quoted.len())];
	match word.starts_with('/') && word.contains("//") {
		true if word.contains("///") => at + quoted.len(),
		true => at + word.len(),
		false => at,
	}
}

/// Returns `true` if derivations and passwords within a text end before `c`.
fn ends_secret(c: char) -> bool {
	matches!(c, '"' | '\'' | '`' | '\n' | '\r')
}
