//! Executable of the DOIN node.

use sc_cli::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
	match doin_node::command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			match error {
				// Without the prefix "Invalid input" of the SDK: the message names the invalid value.
				Error::Input(message) => eprintln!("error: {message}"),
				error => eprintln!("error: {error}"),
			}
			ExitCode::FAILURE
		}
	}
}
