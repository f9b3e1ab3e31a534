//! The nodes that a connection may use: one at a time, and another one of the list when it is lost or behind its network.

use super::reconnect::{backoff, ClientState, Link, Policy, LONGEST_PAUSE};
use crate::{error::InvalidUrl, shown_url, ConnectError, RequestError};
use std::{
	future::Future,
	sync::{Arc, Weak},
	time::Duration,
};
use subxt::{
	config::{RpcConfigFor, SubstrateConfig},
	rpcs::{
		self,
		client::{RawRpcFuture, RawRpcSubscription, RawValue, ReconnectingRpcClient, RpcClient, RpcClientT},
		methods::LegacyRpcMethods,
	},
	utils::H256,
};
use tokio::sync::watch;

/// Time in which a node has to say which blocks it has.
const ANSWER: Duration = Duration::from_secs(10);
/// Blocks by which another node has to lead before a node that is behind is left for it. Two nodes that are synced differ by fewer.
const LEAD: u64 = 5;

/// Addresses of nodes, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addresses(Vec<String>);

impl Addresses {
	/// Returns these addresses.
	///
	/// # Errors
	/// Errors if there is none, or if one of them is not the URL of a WebSocket.
	pub(crate) fn new(urls: &[impl AsRef<str>]) -> Result<Self, ConnectError> {
		if urls.is_empty() {
			return Err(ConnectError::Url { url: String::new(), source: InvalidUrl::Host });
		}
		let checked = |url: &str| match check_url(url) {
			Ok(()) => Ok(url.to_owned()),
			Err(source) => Err(ConnectError::Url { url: shown_url(url), source }),
		};
		urls.iter().map(|url| checked(url.as_ref())).collect::<Result<_, _>>().map(Self)
	}

	/// Returns the number of addresses.
	pub(crate) fn len(&self) -> usize {
		self.0.len()
	}

	/// Returns all addresses, as messages show them.
	pub(crate) fn shown(&self) -> String {
		self.0.iter().map(|url| shown_url(url)).collect::<Vec<_>>().join(", ")
	}
}

/// Checks that `url` is the address of a WebSocket.
///
/// # Errors
/// Errors if the scheme is not `ws` or `wss`, or if the host is missing.
fn check_url(url: &str) -> Result<(), InvalidUrl> {
	let host = url.strip_prefix("ws://").or_else(|| url.strip_prefix("wss://")).ok_or(InvalidUrl::Scheme)?;
	match host.chars().next() {
		None | Some(':' | '/' | '?' | '#') => Err(InvalidUrl::Host),
		Some(_) => Ok(()),
	}
}

/// Client of one node of the list.
struct Node {
	/// Place of its address in the list.
	place: usize,
	/// Address of the node, as messages show it.
	url: String,
	client: ReconnectingRpcClient,
	/// Held for the retry policy of the client, which gives up when it is dropped.
	state: Arc<ClientState>,
}

impl Node {
	/// Opens the connection to the node at `place`. It is not opened again after a loss until [`Nodes::keep`] or
	/// [`Nodes::replace`] accepts the node.
	async fn open(addresses: &Addresses, place: usize, link: &Arc<watch::Sender<Link>>) -> Result<Self, ConnectError> {
		let url = addresses.0.get(place).map_or("", String::as_str);
		let shown = shown_url(url);
		let state = Arc::new(ClientState::new(link.clone()));
		let policy = Policy::new(&shown, Arc::downgrade(&state));
		match ReconnectingRpcClient::builder().retry_policy(policy).build(url).await {
			Ok(client) => Ok(Self { place, url: shown, client, state }),
			Err(error) => Err(ConnectError::Unreachable { url: shown, source: error.into() }),
		}
	}

	/// Returns the hash of the first block and the number of the best block; `None` if the node does not answer in time.
	async fn blocks(&self) -> Option<(H256, u64)> {
		let rpc = LegacyRpcMethods::<RpcConfigFor<SubstrateConfig>>::new(RpcClient::new(self.client.clone()));
		let answers = async { tokio::try_join!(rpc.genesis_hash(), rpc.chain_get_header(None)) };
		let (genesis, best) = tokio::time::timeout(ANSWER, answers).await.ok()?.ok()?;
		Some((genesis, best?.number))
	}
}

/// The transport of a connection: a client of one node, which is replaced by a client of another node of the list when the
/// connection is down, or when the node is behind. A request that waits at that moment fails as if the connection was lost.
pub(crate) struct Nodes {
	addresses: Addresses,
	present: watch::Sender<Arc<Node>>,
	link: Arc<watch::Sender<Link>>,
}

impl Nodes {
	/// Opens the connection to the node at `place` of the list, and publishes its losses in `link`.
	///
	/// # Errors
	/// Errors if no node answers there.
	pub(crate) async fn open(
		addresses: Addresses,
		place: usize,
		link: Arc<watch::Sender<Link>>,
	) -> Result<Arc<Self>, ConnectError> {
		let node = Node::open(&addresses, place, &link).await?;
		Ok(Arc::new(Self { addresses, present: watch::Sender::new(Arc::new(node)), link }))
	}

	/// Keeps the node: from now on a lost connection is opened again, and a list of several nodes is followed.
	pub(crate) fn keep(self: &Arc<Self>) {
		self.present.borrow().state.keep();
		if self.addresses.len() > 1 {
			tokio::spawn(replace_lost(Arc::downgrade(self), self.link.subscribe()));
		}
	}

	/// Returns the address of the present node, as messages show it.
	pub(crate) fn url(&self) -> String {
		self.present.borrow().url.clone()
	}

	/// Replaces the present node by the next one of the list that answers. Returns `false` if none does, or if the connection is
	/// up again meanwhile.
	async fn replace(&self) -> bool {
		let lost = self.present.borrow().clone();
		for place in self.further(&lost) {
			let found = Node::open(&self.addresses, place, &self.link).await;
			if *self.link.borrow() != Link::Down {
				return false;
			}
			match found {
				Ok(node) => {
					tracing::warn!(lost = %lost.url, url = %node.url, "the node is lost, continuing with the next one of the list");
					node.state.keep();
					self.present.send_replace(Arc::new(node));
					return true;
				}
				Err(error) => {
					let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
					tracing::warn!(reason, "{error}; trying the next one of the list");
				}
			}
		}
		false
	}

	/// Leaves the present node, which is behind its network, for the next one of the list that is on the same network and has more
	/// blocks. Returns `false` if there is none. The new node has to be checked: reads fail until then.
	pub(crate) async fn leave(&self) -> bool {
		let left = self.present.borrow().clone();
		if self.addresses.len() == 1 {
			return false;
		}
		let Some((genesis, best)) = left.blocks().await else { return false };
		for place in self.further(&left) {
			let Ok(node) = Node::open(&self.addresses, place, &self.link).await else { continue };
			if !node.blocks().await.is_some_and(|(other, block)| other == genesis && block > best + LEAD) {
				continue;
			}
			// A connection that was lost meanwhile is left to `replace`.
			let is_up = self.link.send_if_modified(|link| {
				let is_up = *link == Link::Up;
				if is_up {
					*link = Link::Unchecked;
				}
				is_up
			});
			if !is_up {
				return false;
			}
			tracing::warn!(left = %left.url, url = %node.url, "the node is behind, continuing with one of the list that has more blocks");
			node.state.keep();
			self.present.send_replace(Arc::new(node));
			return true;
		}
		false
	}

	/// Returns the places of the other nodes of the list, from that of `node` on.
	fn further(&self, node: &Node) -> impl Iterator<Item = usize> {
		let (place, count) = (node.place, self.addresses.len());
		(1..count).map(move |step| (place + step) % count)
	}

	/// Asks the present node. Errors if it is replaced before it answers.
	async fn ask<T, F: Future<Output = Result<T, rpcs::Error>>>(
		&self,
		request: impl FnOnce(Arc<Node>) -> F,
	) -> Result<T, rpcs::Error> {
		let mut present = self.present.subscribe();
		let node = present.borrow_and_update().clone();
		tokio::select! {
			biased;
			answer = request(node) => answer,
			// `self` holds the sender, so this is a replacement.
			_ = present.changed() => {
				Err(rpcs::Error::DisconnectedWillReconnect("the node was replaced by another one of the list".into()))
			}
		}
	}
}

impl RpcClientT for Nodes {
	fn request_raw<'a>(&'a self, method: &'a str, params: Option<Box<RawValue>>) -> RawRpcFuture<'a, Box<RawValue>> {
		Box::pin(self.ask(move |node| async move { node.client.request_raw(method, params).await }))
	}

	fn subscribe_raw<'a>(
		&'a self,
		sub: &'a str,
		params: Option<Box<RawValue>>,
		unsub: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		Box::pin(self.ask(move |node| async move { node.client.subscribe_raw(sub, params, unsub).await }))
	}
}

/// Replaces the present node whenever the connection is down, until `nodes` is dropped.
async fn replace_lost(nodes: Weak<Nodes>, mut link: watch::Receiver<Link>) {
	let mut pauses = backoff();
	// Waiting fails once nobody holds the connection.
	while link.wait_for(|link| *link == Link::Down).await.is_ok() {
		let Some(held) = nodes.upgrade() else { return };
		let is_replaced = held.replace().await;
		drop(held);
		if !is_replaced {
			tokio::time::sleep(pauses.next().unwrap_or(LONGEST_PAUSE)).await;
			continue;
		}
		pauses = backoff();
		// The new node is checked before anything is read from it. The result is published: up, or down once more.
		link.mark_unchanged();
		if link.changed().await.is_err() {
			return;
		}
	}
}

/// Returns the error of a list of nodes, none of which can be used: the first that waiting cannot mend, or the first one, which
/// names all addresses if no node answered.
pub(crate) fn of_all(addresses: &Addresses, errors: Vec<ConnectError>) -> ConnectError {
	let at = errors.iter().position(|error| !error.is_transient()).unwrap_or(0);
	match errors.into_iter().nth(at) {
		Some(ConnectError::Unreachable { source, .. }) => ConnectError::Unreachable { url: addresses.shown(), source },
		Some(error) => error,
		None => ConnectError::Unreachable { url: addresses.shown(), source: RequestError::Disconnected },
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn addresses_of_web_sockets_are_accepted() {
		for url in ["ws://127.0.0.1:9944", "wss://rpc.example.org", "ws://[::1]:9944/path"] {
			assert_eq!(check_url(url), Ok(()), "{url}");
		}
	}

	#[test]
	fn other_addresses_are_refused_with_the_fault() {
		for url in ["localhost:9944", "http://127.0.0.1:9944", "", "WS://host"] {
			assert_eq!(check_url(url), Err(InvalidUrl::Scheme), "{url}");
		}
		for url in ["ws://", "wss://", "ws://:9944", "ws:///path"] {
			assert_eq!(check_url(url), Err(InvalidUrl::Host), "{url}");
		}
	}

	#[test]
	fn every_address_of_a_list_is_checked() {
		let list = Addresses::new(&["ws://a:1", "wss://key@b/secret", "ws://c"]).unwrap();
		assert_eq!((list.len(), list.shown().as_str()), (3, "ws://a:1, wss://b/…, ws://c"));
		for (urls, wrong) in [(vec!["ws://a", ""], "``"), (vec!["ws://a", "http://b"], "`http://b`"), (vec![], "``")] {
			let error = Addresses::new(&urls).unwrap_err().to_string();
			assert!(error.contains(wrong), "{urls:?}: {error}");
		}
	}

	#[test]
	fn the_error_of_a_list_is_the_one_that_waiting_cannot_mend() {
		let addresses = Addresses::new(&["ws://a", "ws://b"]).unwrap();
		let lost = || ConnectError::Unreachable { url: "ws://a".into(), source: RequestError::Disconnected };
		let wrong = || ConnectError::WrongChain { url: "ws://b".into(), found: "x".into(), expected: "doin".into() };
		assert!(matches!(of_all(&addresses, vec![lost(), wrong()]), ConnectError::WrongChain { .. }));
		let error = of_all(&addresses, vec![lost(), lost()]);
		assert!(error.is_transient() && error.to_string().contains("ws://a, ws://b"), "{error}");
	}
}
