//! A chain, seen through one node.

use crate::{
	connection::{backoff, Addresses, Connection, Identity},
	follow::{follow, Published},
	ConnectError, ReadError, SyncState,
};
use codec::{Decode, DecodeAll, Encode};
use doin_primitives::{BlockNumber, Hash};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use subxt::{
	client::OnlineClientAtBlock, config::SubstrateConfig, dynamic::Value, ext::scale_decode::DecodeAsType,
	rpcs::methods::legacy::NumberOrHex, utils::H256,
};
use tokio::{sync::watch, task::AbortHandle};

/// Time for which [`Chain::connect`] waits for a missing node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
	/// One attempt.
	Once,
	/// Attempts during this time.
	Within(Duration),
	/// Attempts until one succeeds.
	Forever,
}

impl Patience {
	/// Returns `true` if another attempt may start after `elapsed`.
	fn allows(self, elapsed: Duration) -> bool {
		match self {
			Self::Once => false,
			Self::Within(limit) => elapsed <= limit,
			Self::Forever => true,
		}
	}
}

/// A block that reads are made at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
	/// Number of the block.
	pub number: BlockNumber,
	/// Hash of the block.
	pub hash: Hash,
}

/// A DOIN chain, seen through one node at a time. Clones share the connection, which reopens by itself after it is lost.
#[derive(Clone)]
pub struct Chain(Arc<Inner>);

struct Inner {
	genesis: Hash,
	connection: Arc<Connection>,
	published: Arc<Published>,
	follower: AbortHandle,
}

impl Drop for Inner {
	fn drop(&mut self) {
		self.follower.abort();
	}
}

impl std::fmt::Debug for Chain {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("Chain").field("url", &self.url()).field("head", &self.head()).finish()
	}
}

impl Chain {
	/// Connects to the first of the nodes at `urls` that can be used, and follows its best block from then on. Whenever that node is
	/// lost, or is behind its network and another one of the list has more blocks, it is replaced. A missing node is waited for as
	/// long as `patience` allows.
	///
	/// # Errors
	/// Errors if there is no address, if one is not that of a WebSocket, if no node answers in time, or if the node runs another
	/// chain or another version.
	pub async fn connect(urls: &[impl AsRef<str>], patience: Patience) -> Result<Self, ConnectError> {
		let addresses = Addresses::new(urls)?;
		let started = Instant::now();
		let mut pauses = backoff();
		let (connection, identity) = loop {
			let error = match Connection::open(&addresses).await {
				Ok(opened) => break opened,
				Err(error) => error,
			};
			let pause = pauses.next().filter(|pause| patience.allows(started.elapsed() + *pause));
			let Some(pause) = pause.filter(|_| error.is_transient()) else { return Err(error) };
			if patience == Patience::Forever {
				let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
				tracing::warn!(url = addresses.shown(), reason, ?pause, "{error}; trying again");
			}
			tokio::time::sleep(pause).await;
		};
		Ok(Self::new(connection, identity))
	}

	fn new(connection: Connection, identity: Identity) -> Self {
		let published = Published { head: watch::Sender::new(identity.head), sync: watch::Sender::new(SyncState::Unknown) };
		let (connection, published) = (Arc::new(connection), Arc::new(published));
		let following = follow(connection.clone(), published.clone(), identity.genesis);
		let follower = tokio::spawn(following).abort_handle();
		Self(Arc::new(Inner { genesis: identity.genesis, connection, published, follower }))
	}

	/// Returns the address of the present node, as messages show it: scheme, host and port.
	pub fn url(&self) -> String {
		self.connection().url()
	}

	/// Returns the hash of the first block. Every commitment is bound to it.
	pub fn genesis(&self) -> Hash {
		self.0.genesis
	}

	/// Checks that the node belongs to the network with the genesis hash `expected`.
	///
	/// # Errors
	/// Errors if it belongs to another network.
	pub fn expect_genesis(&self, expected: Hash) -> Result<(), ConnectError> {
		if self.0.genesis == expected {
			return Ok(());
		}
		let hex = |hash: Hash| format!("0x{}", hex::encode(hash));
		Err(ConnectError::OtherGenesis { url: self.url(), found: hex(self.0.genesis), expected: hex(expected) })
	}

	/// Returns the last best block that the node reported while it was synced; at first, the best block at the connection.
	pub fn head(&self) -> Head {
		*self.0.published.head.borrow()
	}

	/// Returns the state of the node's synchronization.
	pub fn sync_state(&self) -> SyncState {
		*self.0.published.sync.borrow()
	}

	/// Waits until the node has reported the state of its synchronization, and returns it.
	pub async fn known_sync_state(&self) -> SyncState {
		let mut state = self.0.published.sync.subscribe();
		// `self` holds the sender, so waiting never fails.
		let known = state.wait_for(|state| *state != SyncState::Unknown).await.map(|state| *state);
		known.unwrap_or(SyncState::Unknown)
	}

	/// Waits until the node is synced. The wait is logged.
	pub async fn synced(&self) {
		let mut state = self.0.published.sync.subscribe();
		// `self` holds the sender, so waiting never fails.
		let _ = state.wait_for(|state| *state == SyncState::Synced).await;
	}

	/// Returns a receiver of best blocks. It keeps the newest one only.
	pub fn heads(&self) -> watch::Receiver<Head> {
		self.0.published.head.subscribe()
	}

	/// Waits until the best block is not `seen`, and returns it.
	pub async fn next_head(&self, seen: Head) -> Head {
		let mut heads = self.heads();
		let head = heads.wait_for(|head| *head != seen).await.map(|head| *head);
		// `self` holds the sender, so waiting never fails.
		head.unwrap_or(seen)
	}

	/// Returns the block with this number on the best branch of the node, or `None` if the branch is shorter.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn block(&self, number: BlockNumber) -> Result<Option<Head>, ReadError> {
		let answer = self.connection().rpc.chain_get_block_hash(Some(NumberOrHex::Number(number.into())));
		let hash = self.connection().request("chain_getBlockHash", answer).await?;
		Ok(hash.map(|hash| Head { number, hash: hash.0 }))
	}

	/// Returns the last finalized block. No reorganisation changes it, nor any block below it.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn finalized(&self) -> Result<Head, ReadError> {
		let connection = self.connection();
		let hash = connection.request("chain_getFinalizedHead", connection.rpc.chain_get_finalized_head()).await?;
		let header = connection.request("chain_getHeader", connection.rpc.chain_get_header(Some(hash))).await?;
		let header = header.ok_or_else(|| ReadError::Missing { item: "finalized block".into() })?;
		Ok(Head { number: header.number as BlockNumber, hash: hash.0 })
	}

	/// Calls a runtime API method at the block `at`. `args` are its arguments in SCALE, and `R` is its result.
	///
	/// # Errors
	/// Errors if the node does not answer, if the runtime refuses, or if the result is not an `R`.
	pub async fn call_runtime<R: Decode>(&self, at: Head, method: &str, args: &impl Encode) -> Result<R, ReadError> {
		let args = args.encode();
		let answer = self.connection().rpc.state_call(method, Some(&args), Some(H256(at.hash)));
		let bytes = self.connection().request(method, answer).await?;
		R::decode_all(&mut &bytes[..]).map_err(|error| self.undecodable(method, error))
	}

	/// Returns a constant of a pallet.
	///
	/// # Errors
	/// Errors if the runtime has no such constant, or if the constant is not an `R`.
	pub async fn constant<R: Decode>(&self, pallet: &str, name: &str) -> Result<R, ReadError> {
		let item = format!("{pallet}.{name}");
		let at = self.at(self.head()).await?;
		let constant = at.metadata_ref().pallet_by_name(pallet).and_then(|pallet| pallet.constant_by_name(name));
		let constant = constant.ok_or_else(|| ReadError::Missing { item: format!("constant {item}") })?;
		R::decode_all(&mut constant.value()).map_err(|error| self.undecodable(&item, error))
	}

	/// Returns a storage item, decoded by the metadata of the chain; `None` if nothing is stored under `keys`.
	pub(crate) async fn storage<R: DecodeAsType>(
		&self,
		at: Head,
		pallet: &str,
		item: &str,
		keys: Vec<Value>,
	) -> Result<Option<R>, ReadError> {
		let request = format!("{pallet}.{item}");
		let client = self.at(at).await?;
		let entry = client.storage().entry((pallet, item)).map_err(|error| self.connection().error(&request, error))?;
		let value = self.connection().request(&request, entry.try_fetch(keys)).await?;
		value.map(|value| value.decode_as::<R>().map_err(|error| self.undecodable(&request, error))).transpose()
	}

	/// Returns `true` if anything is stored under `keys`.
	pub(crate) async fn is_stored(&self, at: Head, pallet: &str, item: &str, keys: Vec<Value>) -> Result<bool, ReadError> {
		let request = format!("{pallet}.{item}");
		let client = self.at(at).await?;
		let key = client.storage().entry((pallet, item)).and_then(|entry| entry.fetch_key(keys));
		let key = key.map_err(|error| self.connection().error(&request, error))?;
		let answer = self.connection().rpc.state_get_storage(&key, Some(H256(at.hash)));
		Ok(self.connection().request(&request, answer).await?.is_some())
	}

	pub(crate) fn connection(&self) -> &Connection {
		&self.0.connection
	}

	pub(crate) async fn at(&self, head: Head) -> Result<OnlineClientAtBlock<SubstrateConfig>, ReadError> {
		self.connection().at(head).await
	}

	fn undecodable(&self, request: &str, error: impl std::error::Error + Send + Sync + 'static) -> ReadError {
		self.connection().error(request, crate::RequestError::malformed(error))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn patience_is_one_attempt_a_time_or_endless() {
		let second = Duration::from_secs(1);
		assert!(!Patience::Once.allows(Duration::ZERO));
		assert!(Patience::Within(second).allows(second) && !Patience::Within(second).allows(second * 2));
		assert!(Patience::Forever.allows(Duration::MAX));
	}
}
