//! The DOIN node's executable.

use sc_cli::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
	match doin_node::command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			match error {
				// The sentence says it all; the SDK would put "Invalid input" before it.
				Error::Input(sentence) => eprintln!("error: {sentence}"),
				error => eprintln!("error: {error}"),
			}
			ExitCode::FAILURE
		}
	}
}
