//! Follows the best block of a node, across losses of the connection.

use crate::{
	connection::{backoff, head_of, Connection, Header, Identity},
	ConnectError, Head,
};
use doin_primitives::Hash;
use std::{sync::Arc, time::Duration};
use subxt::rpcs::client::RpcSubscription;
use tokio::sync::watch;

/// A subscription that is silent for this long is opened again.
const SILENCE: Duration = Duration::from_secs(120);

/// Publishes every best block, until the task is aborted.
///
/// Whenever a subscription has ended, the node is checked again before its blocks are published: it may have been replaced by a
/// node of another network or version. Until the check passes, reads fail and the head stays where it was.
pub(crate) async fn follow(url: String, connection: Arc<Connection>, head: Arc<watch::Sender<Head>>, genesis: Hash) {
	let mut pauses = backoff();
	loop {
		match subscribe(&connection).await {
			Ok((heads, identity)) if identity.genesis == genesis => {
				if connection.set_up() {
					tracing::info!(%url, block = identity.head.number, "connected to the node again");
				}
				// Receivers are woken by other blocks only.
				head.send_if_modified(|head| std::mem::replace(head, identity.head) != identity.head);
				publish(heads, &head).await;
				pauses = backoff();
				continue;
			}
			Ok(_) => tracing::error!(
				%url,
				genesis = %hex::encode(genesis),
				"the node belongs to another network now; work goes on when a node with this genesis is back"
			),
			Err(error) => {
				let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
				tracing::warn!(%url, reason, "{error}; trying again");
			}
		}
		connection.set_down();
		tokio::time::sleep(pauses.next().unwrap_or(SILENCE)).await;
	}
}

/// Subscribes to the best blocks of the node, and then checks it. If the connection is lost in between, the subscription has
/// ended, so that no block of an unchecked node is published.
async fn subscribe(connection: &Connection) -> Result<(RpcSubscription<Header>, Identity), ConnectError> {
	let heads = connection.subscribe_heads().await?;
	Ok((heads, connection.verify().await?))
}

/// Publishes the headers of a subscription, until it ends or is silent.
async fn publish(mut heads: RpcSubscription<Header>, head: &watch::Sender<Head>) {
	while let Ok(Some(Ok(header))) = tokio::time::timeout(SILENCE, heads.next()).await {
		head.send_replace(head_of(&header));
	}
}
