//! Follows the last finalized block of a node, across losses of the connection.

use crate::{connection::backoff, Chain};
use doin_primitives::BlockNumber;
use std::time::Duration;
use tokio::{sync::watch, task::AbortHandle};

/// A subscription that is silent for this long is opened again.
const SILENCE: Duration = Duration::from_secs(120);

/// Number of the last finalized block. A task reads the subscription, so that the headers of a reader that pauses do not pile up.
/// The task ends when this value is dropped.
#[derive(Debug)]
pub(super) struct Finality {
	number: watch::Receiver<Option<BlockNumber>>,
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
		let (sender, number) = watch::channel(None);
		let task = tokio::spawn(follow(chain, sender)).abort_handle();
		Self { number, task }
	}

	/// Returns the number that the node reported last. It falls if the connection leads to a node that is behind.
	pub(super) fn number(&self) -> Option<BlockNumber> {
		*self.number.borrow()
	}

	/// Waits until block `number` is finalized.
	pub(super) async fn reaches(&mut self, number: BlockNumber) {
		// The task holds the sender, and ends with `self`.
		let _ = self.number.wait_for(|last| last.is_some_and(|last| last >= number)).await;
	}
}

/// Publishes the number of every finalized head that the node reports, until the task is aborted.
async fn follow(chain: Chain, number: watch::Sender<Option<BlockNumber>>) {
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
					number.send_if_modified(|number| number.replace(last) != Some(last));
					pauses = backoff();
				}
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
