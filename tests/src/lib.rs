//! Harness of whole-system tests: the built executables as processes, observed from outside.
//!
//! [`Node`] and [`Worker`] start `doin-node` and `doin-worker` from the target folder of the running test, each in a directory of
//! its own that is deleted with it. Their output goes to a file in that directory. The end of the file is printed when a test
//! drops the process, and the test harness shows it for failed tests.

pub mod accounts;
pub mod chain;
pub mod commands;
pub mod flood;
pub mod http;
pub mod lan;
pub mod market;
mod node;
pub mod npm;
mod process;
pub mod python;
pub mod records;
pub mod rounds;
pub mod soak;
pub mod state;
pub mod streams;
pub mod validators;
mod worker;

pub use node::{Node, NodeConfig};
pub use process::{executable, run, Process};
pub use worker::{Worker, DEV_ROLES};

use anyhow::{anyhow, bail, Result};
use std::{
	future::Future,
	time::{Duration, Instant},
};
use tokio::signal::unix::{signal, SignalKind};

/// Longest time until a process answers its first request. The runtime is compiled at the start, and tests share the machine with
/// each other and with builds.
pub const START: Duration = Duration::from_secs(300);
/// Time between two polls.
pub const POLL: Duration = Duration::from_millis(200);
/// Address at which no node listens: port 1 is reserved for a service that is not used any more.
pub const NOWHERE: &str = "ws://127.0.0.1:1";

/// Polls `look` until it returns a value.
///
/// # Errors
/// Returns the first error of `look`, or an error that names `what` after `limit`.
pub async fn wait_for<T, F: Future<Output = Result<Option<T>>>>(
	what: &str,
	limit: Duration,
	mut look: impl FnMut() -> F,
) -> Result<T> {
	let start = Instant::now();
	loop {
		if let Some(answer) = look().await? {
			return Ok(answer);
		}
		if start.elapsed() > limit {
			bail!("waited {} s for {what}", limit.as_secs());
		}
		tokio::time::sleep(POLL).await;
	}
}

/// Runs `task` to its end, unless Ctrl-C or SIGTERM ends this program before. The task is dropped then: its processes end, and their
/// directories are deleted.
///
/// # Errors
/// Returns the error of `task`, or an error that names the signal.
pub async fn until_signal<T>(task: impl Future<Output = Result<T>>) -> Result<T> {
	let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
	tokio::select! {
		outcome = task => outcome,
		_ = interrupt.recv() => Err(anyhow!("ended by SIGINT")),
		_ = terminate.recv() => Err(anyhow!("ended by SIGTERM")),
	}
}
