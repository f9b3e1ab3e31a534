//! Follows the last finalized block of a node, across losses of the connection.

use crate::{connection::backoff, Chain};
use doin_primitives::BlockNumber;
use std::{future::Future, time::Duration};
use tokio::{sync::watch, task::AbortHandle};

/// A subscription that is silent for this long is opened again.
const SILENCE: Duration = Duration::from_secs(120);

/// Content of the reports of a [`Finality`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Report {
	/// Number of the last finalized block; `None` until the first header of a subscription.
	pub(super) number: Option<BlockNumber>,
	/// Number of subscriptions that have ended.
	pub(super) ended: u64,
}

/// Number of the last finalized block. A task reads the subscription, so that the headers of a reader that pauses do not pile up.
/// The task ends when this value is dropped.
#[derive(Debug)]
pub(super) struct Finality {
	reports: watch::Receiver<Report>,
	/// [`Report::ended`] at the last call of [`Self::was_interrupted`].
	ended: u64,
	task: AbortHandle,
}

impl Drop for Finality {
	fn drop(&mut self) {
		self.task.abort();
	}
}

impl Finality {
	/// Starts to follow the node of `chain`.
	pub(super) fn of(chain: Chain) -> Self {
		Self::spawn(|reports| follow(chain, reports))
	}

	/// Starts a task that sends reports.
	pub(super) fn spawn<F>(task: impl FnOnce(watch::Sender<Report>) -> F) -> Self
	where
		F: Future<Output = ()> + Send + 'static,
	{
		let (sender, reports) = watch::channel(Report::default());
		let task = tokio::spawn(task(sender)).abort_handle();
		Self { reports, ended: 0, task }
	}

	/// Returns the number that the node reported last; `None` while there is no subscription. The number falls if the connection
	/// leads to a node that is behind.
	pub(super) fn number(&self) -> Option<BlockNumber> {
		self.reports.borrow().number
	}

	/// Returns `true` if a subscription has ended since the last call: the connection may lead to another node, which may not
	/// have finalized what was requested.
	pub(super) fn was_interrupted(&mut self) -> bool {
		let ended = self.reports.borrow().ended;
		std::mem::replace(&mut self.ended, ended) != ended
	}

	/// Returns `true` if the task has ended by itself, i.e. by a panic.
	pub(super) fn has_stopped(&self) -> bool {
		self.reports.has_changed().is_err()
	}

	/// Waits until block `number` is finalized, or until [`Self::has_stopped`].
	pub(super) async fn reaches(&mut self, number: BlockNumber) {
		// The error means that the task has ended by itself.
		let _ = self.reports.wait_for(|report| report.number.is_some_and(|last| last >= number)).await;
	}
}

/// Reports the number of every finalized head that the node sends, and every end of a subscription, until the task is aborted.
async fn follow(chain: Chain, reports: watch::Sender<Report>) {
	let mut pauses = backoff();
	loop {
		// Until the node is checked, it may belong to another network.
		chain.known_sync_state().await;
		let connection = chain.connection();
		match connection.request("chain_subscribeFinalizedHeads", connection.rpc.chain_subscribe_finalized_heads()).await {
			Ok(mut heads) => {
				// The first header of a subscription is the last finalized block.
				while let Ok(Some(Ok(header))) = tokio::time::timeout(SILENCE, heads.next()).await {
					let last = BlockNumber::try_from(header.number).unwrap_or(BlockNumber::MAX);
					reports.send_if_modified(|report| report.number.replace(last) != Some(last));
					pauses = backoff();
				}
				reports.send_modify(|report| {
					*report = Report { number: None, ended: report.ended.saturating_add(1) };
				});
			}
			Err(error) if error.is_transient() => {}
			Err(error) => {
				let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
				tracing::warn!(url = chain.url(), reason, "{error}; trying again");
			}
		}
		tokio::time::sleep(pauses.next().unwrap_or(SILENCE)).await;
	}
}
