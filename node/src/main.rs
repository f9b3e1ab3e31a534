//! The DOIN node's executable.

use std::process::ExitCode;

fn main() -> ExitCode {
	match doin_node::command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::FAILURE
		}
	}
}
