//! `doin-worker`: improves models of a DOIN chain, and recomputes the models of others.

use doin_worker::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
	Cli::from_arguments().run()
}
