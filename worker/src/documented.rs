//! Tests that the commands of the documentation exist: those in code blocks are parsed, and those within a sentence name subcommands and
//! options.

use crate::cli::Cli;
use clap::{Command, CommandFactory, Parser};
use std::path::{Path, PathBuf};

/// Words of a document that stand for a value.
const VALUES: [(&str, &str); 3] =
	[("ADDRESS", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), ("ID", "3"), ("$key", "file.key")];

/// Returns the README, the pages on operations and on bars of real series, and the pages of the book. Linked folders have decisions and
/// results, whose commands may be of their time.
fn documents() -> Vec<PathBuf> {
	let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
	let mut found = vec![root.join("README.md"), root.join("docs/operations.md"), root.join("docs/forecasting.md")];
	let mut folders = vec![root.join("docs/book/src")];
	while let Some(folder) = folders.pop() {
		for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
			let (kind, path) = (entry.file_type().unwrap(), entry.path());
			if kind.is_dir() {
				folders.push(path);
			} else if kind.is_file() && path.extension().is_some_and(|extension| extension == "md") {
				found.push(path);
			}
		}
	}
	found
}

/// Returns the lines of the shell blocks of a document; lines that end with a backslash are joined.
fn shell_lines(text: &str) -> Vec<String> {
	let (mut lines, mut inside, mut joined) = (Vec::new(), false, String::new());
	for line in text.lines().map(str::trim) {
		if line.starts_with("```") {
			inside = line == "```sh";
		} else if let (true, Some(part)) = (inside, line.strip_suffix('\\')) {
			joined.push_str(part);
		} else if inside {
			lines.push(std::mem::take(&mut joined) + line);
		}
	}
	lines
}

/// Returns the words of one command up to a comment, a pipe or a redirection. Quotes join words, as in a shell.
fn words(command: &str) -> Vec<String> {
	let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
	for sign in command.chars() {
		match (quote, sign) {
			(Some(open), _) if sign == open => quote = None,
			(Some(_), _) => word.get_or_insert_default().push(sign),
			(None, '"' | '\'') => {
				quote = Some(sign);
				word.get_or_insert_default();
			}
			(None, ' ') => words.extend(word.take()),
			(None, '|' | '>' | ';') => break,
			(None, '#') if word.is_none() => break,
			(None, _) => word.get_or_insert_default().push(sign),
		}
	}
	words.extend(word);
	let value = |word: String| VALUES.iter().find(|(name, _)| *name == word).map_or(word, |(_, value)| (*value).into());
	words.into_iter().map(value).collect()
}

/// Returns the first word of a command within a sentence that is neither a subcommand nor one of its options.
fn unknown_word(words: &[String]) -> Option<&String> {
	let mut command: Command = Cli::command();
	command.build();
	let mut in_names = true;
	for word in words.iter().skip(1) {
		if let Some(option) = word.strip_prefix("--") {
			let name = option.split('=').next().unwrap_or_default();
			let is_known = command.get_arguments().any(|argument| argument.get_long() == Some(name));
			if !is_known && name != "help" {
				return Some(word);
			}
			in_names = false;
		} else if in_names {
			match command.find_subcommand(word) {
				Some(found) => command = found.clone(),
				// A command without further subcommands takes values.
				None if command.has_subcommands() && word.chars().all(char::is_lowercase) => return Some(word),
				None => in_names = false,
			}
		}
	}
	None
}

#[test]
fn commands_of_code_blocks_are_parsed() {
	let mut parsed = 0;
	for document in documents() {
		for line in shell_lines(&std::fs::read_to_string(&document).unwrap()) {
			let Some(start) = line.find("doin-worker ").filter(|start| *start == 0 || line[..*start].ends_with("| ")) else {
				continue;
			};
			let words = words(&line[start..]);
			if let Err(error) = Cli::try_parse_from(&words) {
				panic!("{}: `{line}`: {error}", document.display());
			}
			parsed += 1;
		}
	}
	assert!(parsed >= 80, "only {parsed} commands were found");
}

#[test]
fn commands_within_sentences_name_subcommands_and_options() {
	let mut named = 0;
	for document in documents() {
		let text = std::fs::read_to_string(&document).unwrap();
		for span in text.split('`').skip(1).step_by(2).filter(|span| span.starts_with("doin-worker ") && !span.contains('\n')) {
			let words = words(span);
			assert_eq!(unknown_word(&words), None, "{}: `{span}`", document.display());
			named += 1;
		}
	}
	assert!(named >= 40, "only {named} commands were found");
}

#[test]
fn words_of_a_shell_line_are_found() {
	assert_eq!(
		words("doin-worker bond \"500 DOIN\" --key $key   # prints"),
		["doin-worker", "bond", "500 DOIN", "--key", "file.key"]
	);
	assert_eq!(words("doin-worker predict --as-csv > out.csv"), ["doin-worker", "predict", "--as-csv"]);
	assert_eq!(shell_lines("```sh\na \\\n  b\n```\nc\n```toml\nd\n```"), ["a b"]);
	let unknown = |text: &str| unknown_word(&words(text)).cloned();
	assert_eq!(unknown("doin-worker domain creat --csv a").as_deref(), Some("creat"));
	assert_eq!(unknown("doin-worker domain create --sealed-rows 10").as_deref(), Some("--sealed-rows"));
	assert_eq!(unknown("doin-worker domain withdraw-bounty 3"), None);
	assert_eq!(unknown("doin-worker keys generate --out FILE"), None);
}
