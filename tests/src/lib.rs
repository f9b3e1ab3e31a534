//! Whole-system tests: the built executables as processes, watched from outside.
//!
//! [`Node`] and [`Worker`] start `doin-node` and `doin-worker` from the target folder that the running test comes from, each in a
//! directory of its own that disappears with it. Their output goes to a file there, and its end is printed when a test lets go of them:
//! the test harness shows it for tests that fail.

pub mod chain;
mod node;
mod process;
mod worker;

pub use node::{Node, NodeConfig};
pub use process::{executable, run, Process};
pub use worker::Worker;

use anyhow::{bail, Result};
use std::{
	future::Future,
	net::TcpListener,
	time::{Duration, Instant},
};

/// Time a process may take to answer its first request. The runtime is compiled at the start, and tests share the machine with each
/// other and, on a developer's machine, with a build.
pub const START: Duration = Duration::from_secs(300);
/// Time between two looks at something that is waited for.
pub const POLL: Duration = Duration::from_millis(200);

/// A TCP port of this machine that nobody listened on a moment ago.
///
/// # Errors
/// When the machine has none.
pub fn free_port() -> Result<u16> {
	Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Asks `look` until it has an answer.
///
/// # Errors
/// The first error of `look`, or when `limit` is over, naming `what` was waited for.
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
