//! One connection to a node: opened, checked, and kept open by subxt's reconnecting client. It goes on with another node of a list
//! when its node is lost or behind its network.

mod nodes;
mod reconnect;

use crate::{compatibility, ConnectError, Head, ReadError, RequestError};
use codec::{Decode, Encode};
use doin_primitives::{blake2_256, BlockNumber, Hash};
use std::{future::Future, sync::Arc};
use subxt::{
	backend::{utils::retry, LegacyBackend},
	client::{OnlineClient, OnlineClientAtBlock},
	config::{substrate::DigestItem, RpcConfigFor, SubstrateConfig},
	error::BackendError,
	rpcs::{
		self,
		client::{RpcClient, RpcSubscription},
		methods::LegacyRpcMethods,
	},
	utils::H256,
};
use tokio::sync::watch;

pub(crate) use nodes::Addresses;
pub(crate) use reconnect::backoff;

use nodes::Nodes;
use reconnect::Link;

/// The `spec_name` of the runtime.
const SPEC_NAME: &str = "doin";

/// Header of a block.
pub(crate) type Header = <SubstrateConfig as subxt::Config>::Header;

/// A connection. Requests wait while it is reopened for the first time, and fail at once after the first failed attempt. A request
/// that was waiting then may still reach the node after the connection is back; nonces and eras keep a transaction from being
/// applied twice.
pub(crate) struct Connection {
	nodes: Arc<Nodes>,
	pub(crate) rpc: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
	/// Requests without a method in `rpc`.
	pub(crate) raw: RpcClient,
	client: OnlineClient<SubstrateConfig>,
	link: Arc<watch::Sender<Link>>,
}

/// Chain that a node follows, its best block, and the runtime in the state after that block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
	pub(crate) genesis: Hash,
	pub(crate) head: Head,
	pub(crate) spec_version: u32,
}

/// First fields of `RuntimeVersion`: `spec_name`, `impl_name`, `authoring_version` and `spec_version`.
type RuntimeVersion = (String, String, u32, u32);

/// Returns the number and the hash of a block.
pub(crate) fn head_of(header: &Header) -> Head {
	Head { number: header.number as BlockNumber, hash: blake2_256(&header.encode()) }
}

/// Returns `true` if the runtime of the next block differs from the one that executed the block.
pub(crate) fn updates_runtime(header: &Header) -> bool {
	header.digest.logs.contains(&DigestItem::RuntimeEnvironmentUpdated)
}

impl Connection {
	/// Opens a connection to the first node of the list that can be used.
	///
	/// # Errors
	/// Errors if no node answers, or if none runs a runtime that this crate was built for.
	pub(crate) async fn open(addresses: &Addresses) -> Result<(Self, Identity), ConnectError> {
		let mut errors = Vec::new();
		for place in 0..addresses.len() {
			match Self::open_at(addresses, place).await {
				Ok(opened) => return Ok(opened),
				Err(error) => errors.push(error),
			}
		}
		Err(nodes::of_all(addresses, errors))
	}

	/// Opens a connection to the node at `place` of the list, and checks the node.
	async fn open_at(addresses: &Addresses, place: usize) -> Result<(Self, Identity), ConnectError> {
		let link = Arc::new(watch::Sender::new(Link::Opening));
		let nodes = Nodes::open(addresses.clone(), place, link.clone()).await?;
		let raw = RpcClient::new(nodes.clone());
		let backend = LegacyBackend::builder().build(raw.clone());
		let client = OnlineClient::from_backend_with_config(SubstrateConfig::new(), Arc::new(backend))
			.await
			.map_err(|error| ConnectError::Unreachable { url: nodes.url(), source: RequestError::Transport(Box::new(error)) })?;
		let connection = Self { nodes, rpc: LegacyRpcMethods::new(raw.clone()), raw, client, link };
		let identity = connection.verify().await?;
		connection.nodes.keep();
		connection.link.send_replace(Link::Up);
		Ok((connection, identity))
	}

	/// Returns the address of the node, as messages show it.
	pub(crate) fn url(&self) -> String {
		self.nodes.url()
	}

	/// Checks the chain, the calls and the runtime APIs of the node. Waits while the connection is down.
	///
	/// # Errors
	/// Errors if the node runs another chain or another version, or if it does not answer.
	pub(crate) async fn verify(&self) -> Result<Identity, ConnectError> {
		let header = self.wait("chain_getHeader", || self.rpc.chain_get_header(None)).await?;
		let head = head_of(&header.ok_or_else(|| ReadError::Missing { item: "best block".into() })?);
		let genesis = self.wait("chain_getBlockHash", || self.rpc.genesis_hash()).await?.0;
		let version = self.wait("Core_version", || self.rpc.state_call("Core_version", None, Some(H256(head.hash)))).await?;
		let (found, _, _, spec_version) = self.version(&version)?;
		if found != SPEC_NAME {
			return Err(ConnectError::WrongChain { url: self.url(), found, expected: SPEC_NAME.into() });
		}
		let at = self.client.at_block_hash_and_number(H256(head.hash), head.number.into()).await;
		let at = at.map_err(|error| self.error("metadata", error))?;
		compatibility::check(at.metadata_ref(), spec_version)
			.map_err(|difference| ConnectError::OtherVersion { url: self.url(), difference })?;
		Ok(Identity { genesis, head, spec_version })
	}

	/// Returns the `spec_version` of the runtime in the state after the block `at`.
	///
	/// # Errors
	/// Errors if the node does not answer, or does not have the state.
	pub(crate) async fn spec_version(&self, at: Head) -> Result<u32, ReadError> {
		let version = self.rpc.state_call("Core_version", None, Some(H256(at.hash)));
		let version = self.request("Core_version", version).await?;
		let (_, _, _, spec_version) = self.version(&version)?;
		Ok(spec_version)
	}

	/// Decodes the first fields of a runtime's version.
	fn version(&self, bytes: &[u8]) -> Result<RuntimeVersion, ReadError> {
		RuntimeVersion::decode(&mut &bytes[..]).map_err(|error| self.error("Core_version", RequestError::malformed(error)))
	}

	/// Subscribes to the headers of best blocks. Waits while the connection is down.
	///
	/// # Errors
	/// Errors if the node refuses.
	pub(crate) async fn subscribe_heads(&self) -> Result<RpcSubscription<Header>, ReadError> {
		self.wait("chain_subscribeNewHeads", || self.rpc.chain_subscribe_new_heads()).await
	}

	/// Publishes that the connection is open and checked. Returns `true` if it was not before.
	pub(crate) fn set_up(&self) -> bool {
		self.link.send_replace(Link::Up) != Link::Up
	}

	/// Publishes that the node failed the check, so that reads fail until it passes.
	pub(crate) fn set_down(&self) {
		self.link.send_replace(Link::Down);
	}

	/// Leaves the node, which is behind its network, for another one of the list that has more blocks. Returns `false` if there is
	/// none. Otherwise reads fail until the other node is checked and [`set_up`](Self::set_up) is called.
	pub(crate) async fn leave(&self) -> bool {
		self.nodes.leave().await
	}

	/// Returns a client at a block, for metadata, signing and storage.
	///
	/// # Errors
	/// Errors if the node does not answer, or if its metadata cannot be decoded.
	pub(crate) async fn at(&self, head: Head) -> Result<OnlineClientAtBlock<SubstrateConfig>, ReadError> {
		self.request("metadata", self.client.at_block_hash_and_number(H256(head.hash), head.number.into())).await
	}

	/// Awaits the answer to a request. Fails at once while the connection is down.
	///
	/// # Errors
	/// Errors if the connection is lost, if the node refuses, or if the answer cannot be decoded.
	pub(crate) async fn request<T, E: Into<RequestError>>(
		&self,
		name: &str,
		answer: impl Future<Output = Result<T, E>>,
	) -> Result<T, ReadError> {
		self.answer(answer).await.map_err(|reason| self.error(name, reason))
	}

	/// Awaits an answer. Fails at once while the connection is down.
	///
	/// # Errors
	/// Errors if the connection is lost, if the node refuses, or if the answer cannot be decoded.
	pub(crate) async fn answer<T, E: Into<RequestError>>(
		&self,
		answer: impl Future<Output = Result<T, E>>,
	) -> Result<T, RequestError> {
		tokio::select! {
			biased;
			() = self.is_down() => Err(RequestError::Disconnected),
			answer = answer => answer.map_err(Into::into),
		}
	}

	/// Returns the error of the request `name`.
	pub(crate) fn error(&self, name: &str, reason: impl Into<RequestError>) -> ReadError {
		ReadError::new(&self.url(), name, reason)
	}

	/// Returns once the connection is down, or leads to a node that is not checked.
	async fn is_down(&self) {
		let mut link = self.link.subscribe();
		// `self` holds the sender, so waiting never fails.
		if link.wait_for(|link| matches!(link, Link::Down | Link::Unchecked)).await.is_err() {
			std::future::pending::<()>().await;
		}
	}

	/// Awaits the answer to a request, and repeats the request when the connection was reopened.
	async fn wait<T, F: Future<Output = Result<T, rpcs::Error>>>(
		&self,
		name: &str,
		mut request: impl FnMut() -> F,
	) -> Result<T, ReadError> {
		let answer = retry(|| {
			let answer = request();
			async { Ok::<_, BackendError>(answer.await?) }
		});
		answer.await.map_err(|error| self.error(name, error))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_head_is_named_by_the_hash_of_its_header() {
		let header = Header {
			parent_hash: H256([1; 32]),
			number: 7,
			state_root: H256([2; 32]),
			extrinsics_root: H256([3; 32]),
			digest: Default::default(),
		};
		// Parent, compact number, state, extrinsics, and the empty list of digest items.
		let bytes = [&[1; 32][..], &[28], &[2; 32], &[3; 32], &[0]].concat();
		assert_eq!(head_of(&header), Head { number: 7, hash: blake2_256(&bytes) });
	}
}
