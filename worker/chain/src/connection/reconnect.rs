//! Pauses between two attempts to reach a node.

use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Weak,
	},
	time::Duration,
};
use subxt::rpcs::client::reconnecting_rpc_client::ExponentialBackoff;
use tokio::sync::watch;

/// Longest pause between two attempts.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// State of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
	/// The connection is opened for the first time.
	Opening,
	/// The connection is open, and the node behind it is checked.
	Up,
	/// The connection is open, and the node behind it is not checked yet, since it has taken the place of one that was behind.
	Unchecked,
	/// The connection was lost and is not open again, or the node behind it did not pass the check.
	Down,
}

/// Returns the pauses between attempts to reach a node: 250 ms, doubled up to 8 s.
pub(crate) fn backoff() -> ExponentialBackoff {
	ExponentialBackoff::from_millis(2).factor(125).max_delay(LONGEST_PAUSE)
}

/// State that the client of one node shares with its retry policy.
#[derive(Debug)]
pub(crate) struct ClientState {
	link: Arc<watch::Sender<Link>>,
	/// `true` once the node is accepted. Before, a failed attempt is left to the caller.
	is_kept: AtomicBool,
}

impl ClientState {
	/// Returns the state of a client that is opened for the first time, and whose losses `link` publishes from
	/// [`ClientState::keep`] on.
	pub(crate) fn new(link: Arc<watch::Sender<Link>>) -> Self {
		Self { link, is_kept: AtomicBool::new(false) }
	}

	/// Lets the client open its connection again after a loss.
	pub(crate) fn keep(&self) {
		self.is_kept.store(true, Ordering::Relaxed);
	}
}

/// Retry policy of the reconnecting client: the pauses of [`backoff`] for as long as the state of the client is held.
///
/// The first attempt to open a connection is not repeated by the client: [`crate::Chain::connect`] waits as long as the caller
/// has patience.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
	url: String,
	state: Weak<ClientState>,
	pauses: ExponentialBackoff,
}

impl Policy {
	/// Returns the policy of a client of the node at `url`.
	pub(crate) fn new(url: &str, state: Weak<ClientState>) -> Self {
		Self { url: url.into(), state, pauses: backoff() }
	}
}

impl Iterator for Policy {
	type Item = Duration;

	/// Returns the next pause. The client asks for one after each failed attempt.
	fn next(&mut self) -> Option<Duration> {
		let state = self.state.upgrade()?;
		if !state.is_kept.load(Ordering::Relaxed) {
			return None;
		}
		state.link.send_replace(Link::Down);
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

	/// Returns the policy of a client whose node is accepted, and its state.
	fn policy() -> (Policy, Arc<ClientState>) {
		let state = Arc::new(ClientState::new(Arc::new(watch::Sender::new(Link::Up))));
		state.keep();
		(Policy::new("ws://127.0.0.1:9944", Arc::downgrade(&state)), state)
	}

	#[test]
	fn pauses_grow_to_a_limit() {
		let (policy, _state) = policy();
		let pauses: Vec<_> = policy.take(8).map(|pause| pause.as_millis()).collect();
		assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
	}

	#[test]
	fn every_outage_starts_with_a_short_pause() {
		let (policy, _state) = policy();
		// The client clones the policy for each outage.
		assert_eq!(policy.clone().take(4).last(), policy.clone().nth(3));
		assert_eq!(policy.clone().next(), Some(Duration::from_millis(250)));
	}

	#[test]
	fn a_failed_attempt_marks_the_connection_as_down() {
		let (mut policy, state) = policy();
		assert!(policy.next().is_some());
		assert_eq!(*state.link.borrow(), Link::Down);
	}

	#[test]
	fn the_first_attempt_is_left_to_the_caller() {
		let state = Arc::new(ClientState::new(Arc::new(watch::Sender::new(Link::Opening))));
		let mut policy = Policy::new("ws://127.0.0.1:9944", Arc::downgrade(&state));
		assert_eq!(policy.next(), None);
		assert_eq!(*state.link.borrow(), Link::Opening);
	}

	#[test]
	fn nobody_is_waited_for_once_the_client_is_dropped() {
		let (mut policy, state) = policy();
		let link = state.link.clone();
		drop(state);
		assert_eq!(policy.next(), None);
		assert_eq!(*link.borrow(), Link::Up, "the client of a replaced node does not publish its loss");
	}
}
