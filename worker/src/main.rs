//! `doin-worker`: finds better models, recomputes other people's scores, and is paid for both.

mod amount;
mod cli;
mod clock;
mod config;
mod csv_series;
mod devices;
mod domain;
mod draft;
mod journal;
mod keys;
mod lab;
mod problem;
mod roles;
mod run;
mod search;
mod status;
mod target;
mod watch;

use clap::Parser;
use std::{io::IsTerminal, process::ExitCode};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
	let cli = cli::Cli::parse();
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(cli.log_filter()));
	tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(std::io::stderr)
		.with_ansi(std::io::stderr().is_terminal())
		.with_target(false)
		.init();
	// Before any thread is started: threads inherit it.
	cli.lower_priority();
	let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
		Ok(runtime) => runtime,
		Err(error) => {
			eprintln!("error: cannot start: {error}");
			return ExitCode::FAILURE;
		}
	};
	let interrupted_code = cli.when_interrupted();
	let outcome = runtime.block_on(async {
		tokio::select! {
			outcome = cli.execute() => outcome,
			_ = interrupted() => {
				eprintln!("stopped");
				Ok(interrupted_code)
			},
		}
	});
	// What still computes in the background is told to stop by its owner's end, and is not waited for longer than this.
	runtime.shutdown_timeout(std::time::Duration::from_secs(5));
	match outcome {
		Ok(code) => code,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

/// Ctrl-C, or a service manager's request to end.
async fn interrupted() {
	let ctrl_c = tokio::signal::ctrl_c();
	#[cfg(unix)]
	{
		let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
			let _ = ctrl_c.await;
			return;
		};
		tokio::select! {
			_ = ctrl_c => {},
			_ = terminate.recv() => {},
		}
	}
	#[cfg(not(unix))]
	let _ = ctrl_c.await;
}
