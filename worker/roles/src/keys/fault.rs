//! Kinds of text that are no key.

/// Kind of a text that is neither one mnemonic phrase nor one seed. The messages have the next step, and no part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
	/// Nothing but blanks and comments.
	#[error("it is empty: write a mnemonic phrase or a 0x seed on one line into it")]
	Empty,
	/// More than any key has.
	#[error("it is larger than 64 KiB, which no key file is: name the file that holds the phrase or seed")]
	TooLarge,
	/// UTF-16.
	#[error("it is UTF-16 text: save it as UTF-8, e.g. with `iconv -f UTF-16 -t UTF-8`")]
	Utf16,
	/// Neither UTF-8 nor UTF-16.
	#[error("it holds bytes that are no text: name the file that holds the phrase or seed as UTF-8 text")]
	Binary,
	/// An encrypted keystore as polkadot.js exports it.
	#[error(
		"it is an encrypted JSON keystore of polkadot.js, which holds no phrase: write the phrase that was shown when the account \
		 was created into a key file; if the phrase is lost, make a new key with `doin-worker keys generate`, and let the account \
		 of the keystore add it as its `Work` proxy (`proxy_for`)"
	)]
	PolkadotKeystore,
	/// A JSON object with the phrase or seed in the clear.
	#[error(
		"it is JSON with a phrase or seed in it: copy the value of `{field}`, without quotes, into a file that only you can read"
	)]
	JsonSecret {
		/// Name of the member.
		field: &'static str,
	},
	/// Any other JSON.
	#[error(
		"it is JSON, and no keystore that is known: write the phrase or the 0x seed of the account, and nothing else, into it"
	)]
	Json,
	/// A PEM file.
	#[error("it is a PEM file, whose kind of key this chain does not use: make a key with `doin-worker keys generate`")]
	Pem,
	/// Text on more than one line.
	#[error(
		"it holds {lines} lines of text, and a key is one line: if they are the words of one phrase, write them on one line, \
		 without numbers"
	)]
	Lines {
		/// Lines that are neither blank nor comments.
		lines: usize,
	},
	/// A derivation path or a password without a phrase or seed before it.
	#[error(
		"it holds a path or a password, but no phrase or seed: if it is the path of the key file, name that file; a development key \
		 such as //Alice is named with --dev-key or `dev`"
	)]
	NoSecret,
	/// `NAME=phrase`.
	#[error("it is an assignment such as `NAME=phrase`: keep only what follows `=` or `:`")]
	Assignment,
	/// Commas or semicolons between the words.
	#[error("its words have commas or other signs between them: write them with spaces only")]
	Separators,
	/// Numbers between the words.
	#[error("it has numbers between its words: write the words only")]
	Numbered,
	/// Capital letters.
	#[error("its words have capital letters: write them in lower case")]
	Capitals,
	/// A word that is not in the English list of BIP-39.
	#[error("word {position} of {words} is not in the English word list of BIP-39: correct its spelling")]
	UnknownWord {
		/// Position of the word, from 1.
		position: usize,
		/// Number of words.
		words: usize,
	},
	/// Another number of words than phrases have.
	#[error("it has {words} words, and a phrase has 12, 15, 18, 21 or 24: look for a word too many or too few")]
	WordCount {
		/// Number of words.
		words: usize,
	},
	/// Words whose checksum is wrong.
	#[error("the checksum of its {words} words is wrong: one of them is another word, or two are exchanged")]
	Checksum {
		/// Number of words.
		words: usize,
	},
	/// `0X` in place of `0x`.
	#[error("its seed begins with a capital 0X: write 0x")]
	CapitalPrefix,
	/// 64 hexadecimal digits without `0x`.
	#[error("it holds 64 hexadecimal digits without 0x: if they are the seed, and not a public key, write 0x in front")]
	BareHex,
	/// A seed of another length.
	#[error("its seed has {digits} digits after 0x, and a seed has 64 hexadecimal ones: copy all of it")]
	SeedLength {
		/// Digits after `0x`.
		digits: usize,
	},
	/// `0x` and something else than hexadecimal digits.
	#[error("its seed has other signs than 0-9 and a-f after 0x: copy it again")]
	SeedDigits,
	/// An address.
	#[error("it holds an address, which is public and signs nothing: write the phrase or the 0x seed of that account into it")]
	Address,
	/// A derivation that cannot be parsed.
	#[error("the derivation after the phrase or seed is invalid: expected e.g. //hard/soft, or ///password at its end")]
	Derivation,
	/// Anything else.
	#[error("it is neither a mnemonic phrase nor a 0x seed: write one of the two on one line into it")]
	Unknown,
}
