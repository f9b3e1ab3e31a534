//! Follows the best block of a node, across losses of the connection and while the node is syncing.

use crate::{
	connection::{backoff, head_of, Connection, Header, Identity},
	sync::ClockCheck,
	ConnectError, Head, SyncState,
};
use doin_primitives::Hash;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use subxt::rpcs::client::RpcSubscription;
use tokio::sync::watch;

/// A subscription that is silent for this long is opened again.
const SILENCE: Duration = Duration::from_secs(120);
/// Pause between two questions to a node that is not synced.
const SYNC_PAUSE: Duration = Duration::from_secs(2);
/// Pause between two reports on a node that is not synced.
const REPORT_PAUSE: Duration = Duration::from_secs(30);

/// State of a chain that is published to its users.
pub(crate) struct Published {
	/// Best block, as long as the node is synced.
	pub(crate) head: watch::Sender<Head>,
	/// Synchronization of the node.
	pub(crate) sync: watch::Sender<SyncState>,
}

/// Publishes every best block, until the task is aborted.
///
/// Whenever a subscription has ended, the node is checked again before its blocks are published: it may have been replaced by a
/// node of another network or version. A block that changes the runtime ends the subscription too, so that calls are not signed
/// for a runtime that was not checked. While the check fails, reads fail and the head stays where it was. The head also stays
/// where it was while the node is not synced.
pub(crate) async fn follow(connection: Arc<Connection>, published: Arc<Published>, genesis: Hash) {
	let mut pauses = backoff();
	// Across subscriptions, so that a clock that is ahead is not found out anew after each of them.
	let mut clock = ClockCheck::default();
	loop {
		let subscribed = subscribe(&connection).await;
		let url = connection.url();
		match subscribed {
			Ok((heads, identity)) if identity.genesis == genesis => {
				if connection.set_up() {
					tracing::info!(%url, block = identity.head.number, "connected to the node again");
				}
				publish(&connection, heads, identity, &mut clock, &published).await;
				published.sync.send_replace(SyncState::Unknown);
				pauses = backoff();
				continue;
			}
			Ok(_) => tracing::error!(
				%url,
				genesis = %hex::encode(genesis),
				"the node belongs to another network; work goes on with a node of this genesis"
			),
			Err(error) => {
				let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
				tracing::warn!(%url, reason, "{error}; trying again");
			}
		}
		published.sync.send_replace(SyncState::Unknown);
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

/// Returns the `spec_version` of the runtime after the block `newest` if that is not the version of the checked block. Returns
/// `None` if the node does not answer: the connection is lost then, which ends the subscription.
async fn changed_version(connection: &Connection, newest: Head, checked: &Identity) -> Option<u32> {
	if newest == checked.head {
		return None;
	}
	let found = connection.spec_version(newest).await.ok();
	found.filter(|found| *found != checked.spec_version)
}

/// Publishes the checked block and the headers of a subscription while the node is synced, until the subscription ends or is
/// silent, until the runtime is not the checked one any more, or until the node is left because it is behind and another one of the
/// list has more blocks.
async fn publish(
	connection: &Connection,
	mut heads: RpcSubscription<Header>,
	checked: Identity,
	clock: &mut ClockCheck,
	published: &Published,
) {
	let url = connection.url();
	let mut newest = checked.head;
	let mut reported: Option<Instant> = None;
	loop {
		// Without an answer the connection is lost, which ends the subscription.
		let state = connection.sync_state(newest, clock).await.unwrap_or(SyncState::Unknown);
		if clock.look(Instant::now(), state) {
			let minutes = clock.ahead().as_secs() / 60;
			tracing::warn!(%url, minutes, "the clock of this machine is ahead of the chain: correct it; the node is synced");
			continue;
		}
		if state == SyncState::Synced {
			if let Some(spec_version) = changed_version(connection, newest, &checked).await {
				tracing::info!(%url, block = newest.number, spec_version, "the runtime of the chain was upgraded, checking it");
				return;
			}
			if reported.take().is_some() {
				tracing::info!(%url, block = newest.number, "the node is synced");
			}
			// Receivers are woken by other blocks only. The block is published before the state, so that work starts with it.
			published.head.send_if_modified(|head| std::mem::replace(head, newest) != newest);
		} else if state != SyncState::Unknown && reported.is_none_or(|reported| reported.elapsed() >= REPORT_PAUSE) {
			if connection.leave().await {
				return;
			}
			tracing::warn!(%url, "{state}: waiting; nothing is signed until it is synced");
			reported = Some(Instant::now());
		}
		published.sync.send_if_modified(|published| std::mem::replace(published, state) != state);
		let patience = if state == SyncState::Synced { SILENCE } else { SYNC_PAUSE };
		match tokio::time::timeout(patience, heads.next()).await {
			Ok(Some(Ok(header))) => newest = head_of(&header),
			Err(_) if state != SyncState::Synced => {}
			_ => return,
		}
	}
}
