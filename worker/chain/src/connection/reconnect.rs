//! Pauses between two attempts to reach a node.

use std::{sync::Weak, time::Duration};
use subxt::rpcs::client::reconnecting_rpc_client::ExponentialBackoff;
use tokio::sync::watch;

/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// State of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
	/// The connection is opened for the first time.
	Opening,
	/// The connection is open, and the node behind it is checked.
	Up,
	/// The connection was lost and is not open again, or the node behind it did not pass the check.
	Down,
}

/// Returns the pauses between attempts to reach a node: 250 ms, doubled up to 8 s.
pub(crate) fn backoff() -> ExponentialBackoff {
	ExponentialBackoff::from_millis(2).factor(125).max_delay(LONGEST_PAUSE)
}

/// Retry policy of the reconnecting client: the pauses of [`backoff`] for as long as the connection is held.
///
/// The first attempt to open a connection is not repeated by the client: [`crate::Chain::connect`] waits as long as the caller
/// has patience.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
	url: String,
	link: Weak<watch::Sender<Link>>,
	pauses: ExponentialBackoff,
}

impl Policy {
	/// Returns the policy of the connection to `url` whose state is `link`.
	pub(crate) fn new(url: &str, link: Weak<watch::Sender<Link>>) -> Self {
		Self { url: url.into(), link, pauses: backoff() }
	}
}

impl Iterator for Policy {
	type Item = Duration;

	/// Returns the next pause. The client asks for one after each failed attempt.
	fn next(&mut self) -> Option<Duration> {
		let link = self.link.upgrade()?;
		if *link.borrow() == Link::Opening {
			return None;
		}
		link.send_replace(Link::Down);
		let pause = self.pauses.next()?;
		tracing::warn!(
			url = %self.url,
			pause = ?pause,
			"the connection to the node is lost, reconnecting; if this goes on, start the node again, or look at its log"
		);
		Some(pause)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::Arc;

	fn policy(state: Link) -> (Policy, Arc<watch::Sender<Link>>) {
		let link = Arc::new(watch::Sender::new(state));
		(Policy::new("ws://127.0.0.1:9944", Arc::downgrade(&link)), link)
	}

	#[test]
	fn pauses_grow_to_a_limit() {
		let (policy, _link) = policy(Link::Up);
		let pauses: Vec<_> = policy.take(8).map(|pause| pause.as_millis()).collect();
		assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
	}

	#[test]
	fn every_outage_starts_with_a_short_pause() {
		let (policy, _link) = policy(Link::Up);
		// The client clones the policy for each outage.
		assert_eq!(policy.clone().take(4).last(), policy.clone().nth(3));
		assert_eq!(policy.clone().next(), Some(Duration::from_millis(250)));
	}

	#[test]
	fn a_failed_attempt_marks_the_connection_as_down() {
		let (mut policy, link) = policy(Link::Up);
		assert!(policy.next().is_some());
		assert_eq!(*link.borrow(), Link::Down);
	}

	#[test]
	fn the_first_attempt_is_left_to_the_caller() {
		let (mut policy, link) = policy(Link::Opening);
		assert_eq!(policy.next(), None);
		assert_eq!(*link.borrow(), Link::Opening);
	}

	#[test]
	fn nobody_is_waited_for_once_the_connection_is_dropped() {
		let (mut policy, link) = policy(Link::Down);
		drop(link);
		assert_eq!(policy.next(), None);
	}
}
