//! Commands of the node in the documentation, in the units of systemd and in its own help: they are parsed.

use clap::{CommandFactory, Parser};
use doin_node::{cli::Cli, network::Network};
use std::{
	fs,
	path::{Path, PathBuf},
};

/// Words of a document that stand for a value.
const VALUES: [(&str, &str); 2] = [
	("ADDRESS", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
	("<peer id>", "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"),
];
/// Starts of a line that a command of the node can follow.
const BEFORE: [&str; 3] = ["", "sudo -u doin ", "docker exec doin-node "];

/// Returns a path of the repository.
fn in_repository(path: &str) -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Returns the text of a file of the repository.
fn text(path: &str) -> String {
	let path = in_repository(path);
	fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns README, the page on operations, and the guides of the book.
fn documents() -> Vec<String> {
	let guides = fs::read_dir(in_repository("docs/book/src/guides")).unwrap();
	let guides = guides.map(|entry| format!("docs/book/src/guides/{}", entry.unwrap().file_name().to_string_lossy()));
	["README.md", "docs/operations.md"].map(String::from).into_iter().chain(guides).collect()
}

/// Returns the content of the blocks of a document in `language`.
fn blocks(text: &str, language: &str) -> Vec<String> {
	let (mut found, mut inside) = (Vec::new(), false);
	for line in text.lines().map(str::trim) {
		if line.starts_with("```") {
			inside = !inside && line == format!("```{language}");
			if inside {
				found.push(String::new());
			}
		} else if let (true, Some(block)) = (inside, found.last_mut()) {
			block.push_str(line);
			block.push('\n');
		}
	}
	found
}

/// Returns the words of a command, up to a comment, a pipe, a redirection or the sign of the background. Quotes join words, as in a shell.
fn words(command: &str) -> Vec<String> {
	let command = VALUES.iter().fold(command.to_owned(), |command, (name, value)| command.replace(name, value));
	let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
	for sign in command.chars() {
		match (quote, sign) {
			(Some(open), _) if sign == open => quote = None,
			(None, '"' | '\'') => quote = Some(sign),
			(None, ' ') => words.extend(word.take()),
			(None, '|' | '>' | '&') => break,
			(None, '#') if word.is_none() => break,
			_ => word.get_or_insert_default().push(sign),
		}
	}
	words.extend(word);
	words
}

/// Parses a command of the node.
fn parse(place: &str, command: &str) {
	if let Err(error) = Cli::try_parse_from(words(command)) {
		let is_information = matches!(error.kind(), clap::error::ErrorKind::DisplayVersion | clap::error::ErrorKind::DisplayHelp);
		assert!(is_information, "{place}: `{command}`: {error}");
	}
}

#[test]
fn commands_of_code_blocks_are_parsed() {
	let mut parsed = 0;
	for document in documents() {
		for block in blocks(&text(&document), "sh") {
			for line in block.replace("\\\n", " ").lines() {
				let command =
					BEFORE.iter().find_map(|before| line.strip_prefix(before).filter(|rest| rest.starts_with("doin-node ")));
				if let Some(command) = command {
					parse(&document, command);
					parsed += 1;
				}
			}
		}
	}
	assert!(parsed >= 25, "only {parsed} commands were found");
}

#[test]
fn options_within_sentences_exist() {
	let mut command = Cli::command();
	command.build();
	let mut options: Vec<String> = command.get_arguments().filter_map(|one| one.get_long().map(String::from)).collect();
	options
		.extend(command.get_subcommands().flat_map(|one| one.get_arguments()).filter_map(|one| one.get_long().map(String::from)));
	// Options of other programs: the worker and docker.
	options.extend(["url", "network", "file", "http", "key", "proxy-for"].map(String::from));
	let page = text("docs/operations.md");
	let mut named = 0;
	for span in page.split('`').skip(1).step_by(2).filter(|span| span.starts_with("--") && !span.contains('\n')) {
		for word in span.split(' ').filter_map(|word| word.strip_prefix("--")) {
			assert!(options.iter().any(|option| option == word), "docs/operations.md: `--{word}`");
			named += 1;
		}
	}
	assert!(named >= 15, "only {named} options were found");
}

#[test]
fn the_commands_of_the_help_are_parsed() {
	let help = Cli::command().render_long_help().to_string();
	let commands: Vec<&str> = help.lines().map(str::trim).filter(|line| line.starts_with("doin-node ")).collect();
	assert!(commands.len() >= 7, "{commands:?}");
	for command in commands {
		parse("--help", &command.replace("<address>", "ADDRESS"));
	}
}

#[test]
fn the_units_of_systemd_start_programs_with_options_that_exist() {
	let unit = text("scripts/systemd/doin-node.service");
	let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/")).expect("the unit starts a program");
	for options in ["", "--validator --name NAME"] {
		parse("doin-node.service", &start.replace("$DOIN_NODE_OPTIONS", options));
	}
	for name in ["doin-node", "doin-worker"] {
		let unit = text(&format!("scripts/systemd/{name}.service"));
		for line in ["NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "KillSignal=SIGINT", "UMask=0077"] {
			assert!(unit.lines().any(|found| found == line), "{name}.service has no {line}");
		}
	}
	// Without these calls, a worker ends when it starts a program.
	for call in ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"] {
		let admitted = text("scripts/systemd/doin-worker.service");
		let mut filters = admitted.lines().filter_map(|line| line.strip_prefix("SystemCallFilter="));
		assert!(filters.any(|filter| filter.split(' ').any(|word| word == call)), "doin-worker.service does not admit {call}");
	}
}

#[test]
fn the_image_of_the_node_starts_it_with_options_that_exist_and_without_root() {
	let dockerfile = text("Dockerfile");
	let entry = dockerfile.lines().find(|line| line.contains("doin-node\", \"--base-path")).expect("the node has an entry point");
	let words: Vec<String> = serde_json::from_str(entry.trim_start_matches("ENTRYPOINT ")).expect("the entry point is JSON");
	let full: Vec<&str> = words.iter().map(String::as_str).chain(["--chain", "/network.json", "--prometheus-external"]).collect();
	assert!(Cli::try_parse_from(full).is_ok(), "{entry}");
	let user = dockerfile.find("\nUSER 10001:10001\n").expect("the images have a user");
	assert!(dockerfile.rfind(" AS base\n").is_some_and(|base| base < user), "both programs are built on the stage with the user");
	assert!(!dockerfile[user + 1..].contains("\nUSER "), "no later stage is root again");
}

#[test]
fn the_example_of_a_network_file_is_one() {
	let page = text("docs/operations.md");
	let example = blocks(&page, "json").into_iter().next().expect("the page has an example");
	let network: Network = serde_json::from_str(&example).expect("the example is a network file");
	assert_eq!(network.id, "doin-testnet");
	network.spec().expect("a network can start from the example");
}
