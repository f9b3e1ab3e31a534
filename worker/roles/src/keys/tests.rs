//! Tests of keys. The phrases and seeds belong to nobody.

use super::*;
use std::path::PathBuf;

const PHRASE: &str = "stadium special ocean custom dune phrase demand badge distance toward toss shop";
const SEED: &str = "0x4715f565f5e11312b439ed5c92a1a6d9bac43db0ce82e244dbc1218b52e8bf19";
/// 24 words, of which the first twelve are a phrase as well.
const LONG: [&str; 2] = [
	"another round quality fitness jar then elder rival ivory borrow feel sense",
	"attitude iron food right genius remain love camera circle display theory tunnel",
];

fn public(pair: &Keypair) -> [u8; 32] {
	pair.public_key().0
}

fn parsed(text: &str) -> Result<[u8; 32], KeyFault> {
	text::parse(text.as_bytes()).map(|key| public(&key.pair))
}

/// Returns the error of a text that is no key, after a check that no word of the text is in it.
fn fault(text: &str) -> KeyFault {
	let fault = parsed(text).unwrap_err();
	let shown = format!("{fault} {fault:?}");
	for secret in ["stadium", "special", "ocean", "toss", "rival", "fitness", "evaluator", "battery", "horse", "4715"] {
		assert!(!shown.contains(secret), "{shown}");
	}
	fault
}

#[test]
fn a_key_file_is_written_once_and_only_for_its_owner() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("a.key");
	write_new(&path, &new_phrase(12).unwrap()).unwrap();
	let text = std::fs::read_to_string(&path).unwrap();
	assert_eq!(text.split_whitespace().count(), 12);
	let again = write_new(&path, &new_phrase(12).unwrap()).unwrap_err();
	assert!(format!("{again:#}").contains("never overwritten"));
	assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
	#[cfg(unix)]
	{
		use std::os::unix::fs::PermissionsExt;
		assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
	}
	let pair = KeySource::File(path).load().unwrap();
	assert_eq!(public(&pair), public(&keypair(&text).unwrap()));
}

#[test]
fn development_keys_are_those_of_every_substrate_chain() {
	let alice = signer(&KeySource::Dev("//Alice".into()), None).unwrap();
	assert_eq!(alice.account().to_string(), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
	for name in ["Alice", "//", "///password", "/Alice", ""] {
		let reason = format!("{:#}", KeySource::Dev(name.into()).load().unwrap_err());
		assert!(reason.contains("two slashes"), "{reason}");
	}
}

#[test]
fn seeds_and_phrases_are_accepted_and_anything_else_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("k");
	let load = |text: &str| {
		std::fs::write(&path, text).unwrap();
		KeySource::File(path.clone()).load()
	};
	let alice = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
	let dev = KeySource::Dev("//Alice".into()).load().unwrap();
	assert_eq!(public(&load(&format!("# Alice\n{alice}\n")).unwrap()), public(&dev));
	assert!(format!("{:#}", load("").unwrap_err()).contains("is empty"));
	for nonsense in ["0x12", "hello world", alice.trim_start_matches("0x")] {
		let reason = format!("{:#}", load(nonsense).unwrap_err());
		assert!(reason.starts_with(&format!("the key file {} is not usable: ", path.display())), "{nonsense}: {reason}");
	}
	let missing = format!("{:#}", KeySource::File(folder.path().join("none")).load().unwrap_err());
	assert!(missing.contains("keys generate"), "{missing}");
	let is_folder = format!("{:#}", KeySource::File(folder.path().into()).load().unwrap_err());
	assert!(is_folder.contains("is a folder"), "{is_folder}");
	assert!(format!("{:#}", load(&" ".repeat(70_000)).unwrap_err()).contains("larger than 64 KiB"));
}

#[test]
fn phrases_have_the_requested_number_of_words() {
	assert_eq!(new_phrase(24).unwrap().split(' ').count(), 24);
	assert!(new_phrase(13).is_err());
	assert_ne!(*new_phrase(12).unwrap(), *new_phrase(12).unwrap());
}

#[test]
fn k33_a_phrase_is_one_line_and_the_rest_of_a_file_is_never_left_out() {
	let [first, second] = LONG;
	let long = parsed(&LONG.join(" ")).unwrap();
	assert!(parsed(first).is_ok_and(|half| half != long), "the first line alone is another account");
	assert_eq!(fault(&format!("{first}\n{second}\n")), KeyFault::Lines { lines: 2 });
	let numbered: Vec<String> = PHRASE.split(' ').enumerate().map(|(at, word)| format!("{}. {word}", at + 1)).collect();
	assert_eq!(fault(&numbered.join("\n")), KeyFault::Lines { lines: 12 });
	assert_eq!(fault(&numbered.join(" ")), KeyFault::Numbered);
	let lines = KeyFault::Lines { lines: 2 }.to_string();
	assert!(lines.contains("2 lines") && lines.contains("on one line"), "{lines}");
	// Comments and blank lines are no part of the key.
	assert_eq!(parsed(&format!("# mine\n\n{}\n\n# end\n", LONG.join(" "))), Ok(long));
}

#[test]
fn k34_a_file_without_phrase_or_seed_is_no_key() {
	for text in ["/run/secrets/evaluator", "///correct-horse", "//Alice", "./keys/a", "/", "//Alice///password"] {
		let expected = if text.starts_with('/') { KeyFault::NoSecret } else { KeyFault::Unknown };
		assert_eq!(fault(text), expected, "{text}");
		assert!(keypair(text).is_err(), "{text}");
	}
	assert!(KeyFault::NoSecret.to_string().contains("name that file"));
}

#[test]
fn k35_what_does_no_harm_is_accepted() {
	let expected = parsed(PHRASE).unwrap();
	let spaced = |between: &str| PHRASE.replace(' ', between);
	for text in [
		format!("\u{feff}{PHRASE}\r\n"),
		format!("\r\n  {}  \r\n", spaced("  ")),
		spaced("\t"),
		spaced("\u{a0} "),
		format!("\"{PHRASE}\""),
		format!("'{PHRASE}'\n"),
		format!("“{PHRASE}”"),
	] {
		assert_eq!(parsed(&text), Ok(expected), "{text:?}");
	}
	let seed = parsed(SEED).unwrap();
	assert_eq!(parsed(&format!("0x{}", SEED[2..].to_uppercase())), Ok(seed));
	assert_eq!(parsed(&format!("\"{SEED}\"\n")), Ok(seed));
	// Derivations and passwords belong to the key; a password may hold anything.
	let derived = parsed(&format!("{PHRASE}//hard/soft///pass, = word")).unwrap();
	assert_ne!(derived, expected);
	assert_eq!(parsed(&format!("{}//hard/soft///pass, = word", spaced("\t"))), Ok(derived));
	assert_eq!(fault(&format!("{PHRASE}//")), KeyFault::Derivation);
}

#[test]
fn k35_what_is_no_key_is_refused_with_its_kind() {
	let capitals: Vec<String> = PHRASE.split(' ').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..])).collect();
	let cases = [
		(capitals.join(" "), KeyFault::Capitals),
		(PHRASE.replace(' ', ", "), KeyFault::Separators),
		(PHRASE.replace(' ', ","), KeyFault::Separators),
		(format!("MNEMONIC={PHRASE}"), KeyFault::Assignment),
		(format!("export KEY={SEED}"), KeyFault::Assignment),
		(format!("SEED={SEED}"), KeyFault::Assignment),
		(format!("phrase: {PHRASE}"), KeyFault::Assignment),
		(format!("{PHRASE} abstract"), KeyFault::WordCount { words: 13 }),
		(PHRASE.replace("ocean", "ocaen"), KeyFault::UnknownWord { position: 3, words: 12 }),
		(PHRASE.replace("special ocean", "ocean special"), KeyFault::Checksum { words: 12 }),
		(SEED[2..].into(), KeyFault::BareHex),
		(SEED.to_uppercase(), KeyFault::CapitalPrefix),
		(SEED[..40].into(), KeyFault::SeedLength { digits: 38 }),
		(format!("0x{}", "g".repeat(64)), KeyFault::SeedDigits),
		("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".into(), KeyFault::Address),
		(
			r#"{"encoded":"MFM","encoding":{"content":["pkcs8","sr25519"],"version":"3"},"address":"5G"}"#.into(),
			KeyFault::PolkadotKeystore,
		),
		(format!("{{\"secretPhrase\": \"{PHRASE}\"}}"), KeyFault::JsonSecret { field: "secretPhrase" }),
		("{\"a\": 1}".into(), KeyFault::Json),
		("{ broken".into(), KeyFault::Json),
		("-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----".into(), KeyFault::Pem),
		("# only a comment".into(), KeyFault::Empty),
		("correct horse battery staple or something like that".into(), KeyFault::Unknown),
	];
	for (text, expected) in cases {
		assert_eq!(fault(&text), expected, "{text:?}");
	}
	let utf16: Vec<u8> = format!("\u{feff}{PHRASE}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
	assert_eq!(text::parse(&utf16).err(), Some(KeyFault::Utf16));
	assert_eq!(text::parse(&utf16[2..]).err(), Some(KeyFault::Utf16), "without a byte-order mark");
	assert_eq!(text::parse(&[0xc3, 0x28, b'a']).err(), Some(KeyFault::Binary));
	assert!(KeyFault::PolkadotKeystore.to_string().contains("proxy_for"));
}

#[test]
fn k36_a_phrase_in_place_of_a_file_is_not_repeated() {
	let folder = PathBuf::from("/etc/doin");
	let password = format!("{PHRASE}//hard///correct horse");
	for text in [PHRASE, SEED, password.as_str()] {
		for source in [KeySource::File(text.into()), KeySource::File(folder.join(text)), KeySource::Dev(text.into())] {
			let shown = format!("{:#} {source:?}", source.load().unwrap_err());
			for secret in ["stadium", "special", "toss", "shop", "4715f565", "horse", "hard"] {
				assert!(!shown.contains(secret), "{shown}");
			}
			assert!(source.check().is_err());
			let expected = if matches!(source, KeySource::File(_)) { "name of a key file is expected" } else { "two slashes" };
			assert!(shown.contains(expected), "{shown}");
		}
	}
	let file = KeySource::File(folder.join("evaluator.key"));
	assert_eq!(format!("{file:?}"), "File(\"/etc/doin/evaluator.key\")");
	file.check().unwrap();
}

#[test]
fn k36_secrets_are_taken_out_of_messages_and_nothing_else() {
	let with = |secret: &str| format!("3 | mnemonic = \"{secret}\"\n  | ^^^ unknown field");
	for secret in [
		PHRASE.to_string(),
		PHRASE.to_uppercase(),
		PHRASE.replace(' ', ", "),
		PHRASE.replace("phrase", "phrsae"),
		format!("{PHRASE}//hard///pass word"),
		LONG.join(" "),
		SEED.to_string(),
	] {
		let shown = without_secrets(&with(&secret));
		assert!(shown.contains("[phrase or seed, not shown]") && shown.ends_with("unknown field"), "{shown}");
		assert!(shown.starts_with("3 | mnemonic = \""), "{shown}");
		for word in secret.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2 && *word != "phrase") {
			assert!(!shown.contains(word), "`{word}` is in: {shown}");
		}
	}
	for harmless in [
		"no key was named: add --key FILE, or --dev-key //Alice on a development chain",
		"unknown field `jurnal`, expected one of `url`, `genesis`, `journal`, `identities`, `domains`, `resource_limits`",
		"the node at ws://127.0.0.1:9944 did not answer `chain_getHeader`",
		"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
	] {
		assert_eq!(without_secrets(harmless), harmless);
	}
}

/// Returns `text` with the word at `at` replaced.
fn with_word(text: &str, at: usize, word: &str) -> String {
	let mut words: Vec<&str> = text.split(' ').collect();
	words[at] = word;
	words.join(" ")
}

#[test]
fn k36_a_phrase_with_wrong_words_is_not_repeated() {
	let long = LONG.join(" ");
	for text in [PHRASE, long.as_str()] {
		let words = text.split(' ').count();
		for at in 0..words {
			for other in (at + 1..words).step_by(3) {
				let wrong = with_word(&with_word(text, at, "qqwrong"), other, "zzwrong");
				for shown in
					[without_secrets(&format!("cannot use `{wrong}`")), without_typed_secrets(&format!("'{wrong}'"), &[])]
				{
					let left =
						text.split(' ').chain(["qqwrong", "zzwrong"]).find(|word| shown.contains(word) && *word != "phrase");
					assert_eq!(left, None, "{shown}");
				}
			}
		}
	}
	// Without quotation marks around it, a phrase with one wrong word is found too.
	for at in 0..12 {
		let shown = without_secrets(&format!("the value is {} and with no file", with_word(PHRASE, at, "qqwrong")));
		assert!(!shown.contains("qqwrong") && !shown.contains("ocean") && shown.ends_with("no file"), "{shown}");
	}
}

#[test]
fn k36_a_seed_with_missing_or_wrong_digits_is_not_repeated() {
	let digits = &SEED[2..];
	let wrong = format!("{}l{}o{}", &digits[..20], &digits[21..40], &digits[41..]);
	let cases = [&digits[1..], &digits[..62], &digits[..48], &digits.to_uppercase(), &wrong].map(ToString::to_string);
	for seed in cases.iter().flat_map(|seed| [seed.clone(), format!("0x{seed}"), format!("0X{seed}")]) {
		let shown = without_secrets(&format!("invalid `{seed}`: expected a hash"));
		assert!(!shown.contains(&seed[10..20]) && shown.ends_with("`: expected a hash"), "{shown}");
		let source = KeySource::File(PathBuf::from("/etc/doin").join(&seed));
		let refused = format!("{:#} {source:?}", source.check().unwrap_err());
		assert!(refused.contains("not repeated") && !refused.contains(&seed[10..20]), "{refused}");
		// Errors of the chain have hashes, which stay, unless the user typed them.
		let error = format!("unknown account `{seed}`");
		assert_eq!(without_typed_secrets(&error, &["status".into()]), error);
		assert!(!without_typed_secrets(&error, &[format!("--account={seed}")]).contains(&seed[10..20]));
	}
}

#[test]
fn k36_the_contents_of_a_key_file_are_not_repeated() {
	let encoded = "MFMCAQEwBQYDK2VwBCIEIJd9kQ3mZ0c7Y8tXhB5vRk2LwP1nQe6sUa4GjFzTiDoH+/x3oSMDIQA7c0pV9rE2yNfKlWm8BtXuJqZg5dHh1A==";
	let seed = "RxX1ZfXhMxK0Oe1ckqGm2brEPbDOguJE28EhjVLovxk=";
	let keystore = format!("{{\"encoded\":\"{encoded}\",\"encoding\":{{\"version\":\"3\"}},\"address\":\"5G\"}}");
	let foreign = "acelga acelga acelga acelga acelga acelga acelga acelga acelga acelga acelga acelga";
	let pem = format!("-----BEGIN PRIVATE KEY-----\n{encoded}\n-----END PRIVATE KEY-----");
	for text in [encoded, seed, keystore.as_str(), pem.as_str(), foreign] {
		for source in [KeySource::File(text.into()), KeySource::File(PathBuf::from("/etc/doin").join(text))] {
			let shown = format!("{:#} {source:?}", source.load().unwrap_err());
			assert!(shown.contains("the contents of a key file"), "{shown}");
			for secret in ["MFMCAQ", "UJqZg5dHh1A", "RxX1Zf", "acelga"] {
				assert!(!shown.contains(secret), "{shown}");
			}
		}
	}
	for harmless in [
		"/data/operator/doin/networks/test-2031/evaluators/first-machine/keys/evaluator-1.key",
		"--proxy-for=5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
		"recomputation_of_the_first_validation_window_of_domain_7_round_12_model_3=",
	] {
		assert_eq!(without_secrets(harmless), harmless);
		assert!(KeySource::File(harmless.into()).check().is_ok());
	}
}

/// Folders of data are named after hashes.
#[test]
fn k36_a_hash_in_a_path_hides_neither_the_reason_nor_the_next_step() {
	let digits = &SEED[2..];
	let reason = "No such file or directory (os error 2): correct its name";
	for (folder, file) in [("/data", "load.csv"), ("/Data", "Load.csv")] {
		let message = format!("cannot read {folder}/{digits}/{file}: {reason}");
		let expected = format!("cannot read {folder}/[phrase or seed, not shown]/{file}: {reason}");
		assert_eq!(without_secrets(&message), expected);
		assert_eq!(without_typed_secrets(&message, &[format!("--csv={folder}/{digits}/{file}")]), expected);
	}
	for derivations in ["//hard", "//hard/soft", "/soft//hard", "///password"] {
		let shown = without_secrets(&format!("unknown key `{SEED}{derivations}`: {reason}"));
		assert_eq!(shown, format!("unknown key `0x[phrase or seed, not shown]`: {reason}"));
	}
	assert_eq!(without_secrets(&format!("{SEED}//hard: {reason}")), format!("0x[phrase or seed, not shown] {reason}"));
	let password = without_secrets(&format!("`{SEED}//hard///correct horse`: {reason}"));
	assert_eq!(password, format!("`0x[phrase or seed, not shown]`: {reason}"));
	let phrase = without_secrets(&format!("`{PHRASE}/soft`: {reason}"));
	assert_eq!(phrase, format!("`[phrase or seed, not shown]`: {reason}"));
}

#[test]
fn k36_a_seed_in_base64_without_padding_is_not_repeated_in_place_of_a_file() {
	let seed = "RxX1ZfXhMxK0Oe1ckqGm2brEPbDOguJE28EhjVLovxk";
	for source in [KeySource::File(seed.into()), KeySource::File(PathBuf::from("/etc/doin").join(seed))] {
		let shown = format!("{:#} {source:?}", source.load().unwrap_err());
		assert!(shown.contains("not repeated") && !shown.contains("RxX1Zf"), "{shown}");
	}
	let argument = format!("unexpected argument '{seed}' found");
	assert_eq!(without_secrets(&argument), "unexpected argument '[phrase or seed, not shown]' found");
	// An error of any other kind, such as one about a file, shows it.
	assert_eq!(without_typed_secrets(&argument, &[seed.into()]), argument);
	// Other names of that length, and a run whose last sign has bits beyond 32 bytes.
	for name in [
		"evaluator-of-the-third-machine-2031-01-a.key",
		"keys/evaluator_of_the_third_machine_of_us_04",
		&(seed[..42].to_string() + "l"),
	] {
		assert!(KeySource::File(name.into()).check().is_ok(), "{name}");
	}
}
