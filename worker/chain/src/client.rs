//! The connection: opened, checked, kept up, and followed block by block.

use crate::{calls::EXPECTED, ChainError};
use codec::{Decode, DecodeAll, Encode};
use doin_primitives::{blake2_256, BlockNumber, Hash};
use std::{
	sync::{Arc, RwLock, Weak},
	time::Duration,
};
use subxt::{
	backend::LegacyBackend,
	client::{OnlineClient, OnlineClientAtBlock},
	config::{RpcConfigFor, SubstrateConfig},
	dynamic::Value,
	ext::scale_decode::DecodeAsType,
	rpcs::{methods::LegacyRpcMethods, RpcClient},
	utils::H256,
	ArcMetadata,
};
use tokio::sync::watch;

/// The `spec_name` of the runtime.
const SPEC_NAME: &str = "doin";
/// First and longest pause between two attempts to connect.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(8));
/// A chain whose head does not move for this long is asked on a new connection.
const SILENCE: Duration = Duration::from_secs(120);

/// How long a missing node is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
	/// Not at all.
	Once,
	/// At most this long.
	Within(Duration),
	/// As long as it takes.
	Forever,
}

/// A block: what reads are made at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
	/// Its number.
	pub number: BlockNumber,
	/// Its hash.
	pub hash: Hash,
}

/// One connection.
pub(crate) struct Link {
	pub(crate) rpc: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
	pub(crate) client: OnlineClient<SubstrateConfig>,
}

/// A DOIN chain, seen through one node. Clones share the connection, which is opened again by itself when it breaks.
#[derive(Clone)]
pub struct Chain(Arc<Inner>);

struct Inner {
	url: String,
	genesis: Hash,
	link: RwLock<Arc<Link>>,
	head: watch::Sender<Head>,
}

impl std::fmt::Debug for Chain {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("Chain").field("url", &self.0.url).field("head", &self.head()).finish()
	}
}

/// Doubles a pause up to the longest one.
fn longer(pause: Duration) -> Duration {
	(pause * 2).min(BACKOFF.1)
}

impl Link {
	/// Connects, and refuses a node whose chain is not the one this program was written for.
	async fn open(url: &str) -> Result<(Self, Hash, Head), ChainError> {
		if !(url.starts_with("ws://") || url.starts_with("wss://")) {
			return Err(ChainError::BadUrl { url: url.into(), reason: "it does not start with ws:// or wss://".into() });
		}
		let unreachable = |reason: String| ChainError::Unreachable { url: url.into(), reason };
		let raw = RpcClient::from_insecure_url(url).await.map_err(|e| unreachable(plain(&e)))?;
		let rpc = LegacyRpcMethods::new(raw.clone());
		let backend = LegacyBackend::builder().build(raw);
		let client = OnlineClient::from_backend_with_config(SubstrateConfig::new(), Arc::new(backend))
			.await
			.map_err(|e| unreachable(plain(&e)))?;
		let link = Self { rpc, client };
		let head = link.best(url).await?;
		link.check_name(url, head).await?;
		let at = link.at(url, head).await?;
		check_calls(url, &at.metadata())?;
		let genesis = link.client.genesis_hash().0;
		Ok((link, genesis, head))
	}

	async fn best(&self, url: &str) -> Result<Head, ChainError> {
		let lost = |e: subxt::rpcs::Error| lost(url, "chain_getHeader", &e);
		let header = self.rpc.chain_get_header(None).await.map_err(lost)?;
		let header =
			header.ok_or_else(|| ChainError::Unreadable { request: "chain_getHeader".into(), reason: "no best block".into() })?;
		Ok(head_of(&header))
	}

	async fn check_name(&self, url: &str, head: Head) -> Result<(), ChainError> {
		let bytes =
			self.rpc.state_call("Core_version", None, Some(H256(head.hash))).await.map_err(|e| lost(url, "Core_version", &e))?;
		let found = String::decode(&mut &bytes[..])
			.map_err(|e| ChainError::Unreadable { request: "Core_version".into(), reason: e.to_string() })?;
		if found != SPEC_NAME {
			return Err(ChainError::WrongChain { url: url.into(), found, expected: SPEC_NAME.into() });
		}
		Ok(())
	}

	/// A client at a block, for metadata, signing and storage.
	pub(crate) async fn at(&self, url: &str, head: Head) -> Result<OnlineClientAtBlock<SubstrateConfig>, ChainError> {
		self.client.at_block_hash_and_number(H256(head.hash), head.number.into()).await.map_err(|e| lost(url, "metadata", &e))
	}
}

/// The first call that the chain does not have as this program writes it.
fn check_calls(url: &str, metadata: &ArcMetadata) -> Result<(), ChainError> {
	let other = |what: String| Err(ChainError::OtherVersion { url: url.into(), what });
	for (pallet, name, args) in EXPECTED {
		let Some(found) = metadata.pallet_by_name(pallet) else {
			return other(format!("its runtime has no pallet {pallet}"));
		};
		let Some(call) = found.call_variant_by_name(name) else {
			return other(format!("its runtime has no call {pallet}.{name}"));
		};
		let names: Vec<&str> = call.fields.iter().map(|field| field.name.as_deref().unwrap_or("?")).collect();
		if names != *args {
			return other(format!("{pallet}.{name} takes ({}), not ({})", names.join(", "), args.join(", ")));
		}
	}
	Ok(())
}

fn head_of(header: &<SubstrateConfig as subxt::Config>::Header) -> Head {
	Head { number: header.number as BlockNumber, hash: blake2_256(&header.encode()) }
}

/// An error's innermost reason, without the layers it went through.
pub(crate) fn plain(error: &(dyn std::error::Error + 'static)) -> String {
	let mut inner = error;
	while let Some(cause) = inner.source() {
		inner = cause;
	}
	let text = inner.to_string();
	let mut rest = text.as_str();
	for layer in ["Backend error: ", "RPC error: ", "client error: ", "User error: "].iter().cycle().take(12) {
		rest = rest.strip_prefix(layer).unwrap_or(rest);
	}
	rest.to_string()
}

pub(crate) fn lost(url: &str, request: &str, error: &(dyn std::error::Error + 'static)) -> ChainError {
	ChainError::Lost { url: url.into(), request: request.into(), reason: plain(error) }
}

impl Chain {
	/// Connects to the node at `url`, waiting for it as long as `patience` says, and follows its best block from then on.
	pub async fn connect(url: &str, patience: Patience) -> Result<Self, ChainError> {
		let started = std::time::Instant::now();
		let mut pause = BACKOFF.0;
		let (link, genesis, head) = loop {
			let error = match Link::open(url).await {
				Ok(opened) => break opened,
				Err(error) => error,
			};
			let wait = match patience {
				Patience::Once => false,
				Patience::Within(limit) => started.elapsed() + pause <= limit,
				Patience::Forever => true,
			};
			if !error.is_passing() || !wait {
				return Err(error);
			}
			if patience == Patience::Forever {
				tracing::warn!("{error}; trying again in {:.1} s", pause.as_secs_f32());
			}
			tokio::time::sleep(pause).await;
			pause = longer(pause);
		};
		let inner =
			Arc::new(Inner { url: url.into(), genesis, link: RwLock::new(Arc::new(link)), head: watch::Sender::new(head) });
		tokio::spawn(follow(Arc::downgrade(&inner)));
		Ok(Self(inner))
	}

	/// Where the node is.
	pub fn url(&self) -> &str {
		&self.0.url
	}

	/// Hash of the first block, which every commitment is bound to.
	pub fn genesis(&self) -> Hash {
		self.0.genesis
	}

	/// Refuses to go on with another network.
	pub fn expect_genesis(&self, expected: Hash) -> Result<(), ChainError> {
		if self.0.genesis == expected {
			return Ok(());
		}
		let (found, expected) = (hex::encode(self.0.genesis), hex::encode(expected));
		Err(ChainError::OtherGenesis { url: self.0.url.clone(), found: format!("0x{found}"), expected: format!("0x{expected}") })
	}

	/// The best block as last heard of.
	pub fn head(&self) -> Head {
		*self.0.head.borrow()
	}

	/// Follows the best block; only the newest is kept.
	pub fn heads(&self) -> watch::Receiver<Head> {
		self.0.head.subscribe()
	}

	/// Waits until the best block is another one than `seen`.
	pub async fn next_head(&self, seen: Head) -> Head {
		let mut heads = self.heads();
		let head = heads.wait_for(|head| *head != seen).await.map(|head| *head);
		// The sender lives in `self`.
		head.unwrap_or(seen)
	}

	/// The block with this number on the node's best branch.
	pub async fn block(&self, number: BlockNumber) -> Result<Option<Head>, ChainError> {
		let number_or_hash = subxt::rpcs::methods::legacy::NumberOrHex::Number(number.into());
		let hash =
			self.link().rpc.chain_get_block_hash(Some(number_or_hash)).await.map_err(|e| self.lost("chain_getBlockHash", &e))?;
		Ok(hash.map(|hash| Head { number, hash: hash.0 }))
	}

	/// Asks the runtime at `at`.
	pub async fn ask<R: Decode>(&self, at: Head, method: &str, args: &impl Encode) -> Result<R, ChainError> {
		let args = args.encode();
		let bytes = match self.link().rpc.state_call(method, Some(&args), Some(H256(at.hash))).await {
			Ok(bytes) => bytes,
			Err(subxt::rpcs::Error::User(error)) => {
				let data = error.data.as_ref().map(|data| format!(": {}", data.get())).unwrap_or_default();
				return Err(ChainError::Unreadable { request: method.into(), reason: format!("{error}{data}") });
			}
			Err(error) => return Err(self.lost(method, &error)),
		};
		R::decode_all(&mut &bytes[..]).map_err(|e| ChainError::Unreadable { request: method.into(), reason: e.to_string() })
	}

	/// A pallet's constant, as SCALE says it.
	pub async fn constant<R: Decode>(&self, pallet: &str, name: &str) -> Result<R, ChainError> {
		let request = format!("{pallet}.{name}");
		let unreadable = |reason: String| ChainError::Unreadable { request: request.clone(), reason };
		let at = self.at(self.head()).await?;
		let metadata = at.metadata();
		let found = metadata.pallet_by_name(pallet).and_then(|pallet| pallet.constant_by_name(name));
		let constant = found.ok_or_else(|| unreadable("the runtime has no such constant".into()))?;
		R::decode_all(&mut constant.value()).map_err(|e| unreadable(e.to_string()))
	}

	/// A storage item, decoded as the chain's metadata describes it; `None` when nothing is stored under these keys.
	pub(crate) async fn storage<R: DecodeAsType>(
		&self,
		at: Head,
		pallet: &str,
		item: &str,
		keys: Vec<Value>,
	) -> Result<Option<R>, ChainError> {
		let request = format!("{pallet}.{item}");
		let client = self.at(at).await?;
		let entry = client.storage().entry((pallet, item)).map_err(|e| self.lost(&request, &e))?;
		let Some(value) = entry.try_fetch(keys).await.map_err(|e| self.lost(&request, &e))? else {
			return Ok(None);
		};
		value.decode_as::<R>().map(Some).map_err(|e| ChainError::Unreadable { request, reason: plain(&e) })
	}

	pub(crate) fn link(&self) -> Arc<Link> {
		self.0.link.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
	}

	pub(crate) async fn at(&self, head: Head) -> Result<OnlineClientAtBlock<SubstrateConfig>, ChainError> {
		self.link().at(&self.0.url, head).await
	}

	pub(crate) fn lost(&self, request: &str, error: &(dyn std::error::Error + 'static)) -> ChainError {
		lost(&self.0.url, request, error)
	}
}

/// Publishes every best block, and opens a new connection when the old one breaks, until nobody holds the chain any more.
async fn follow(inner: Weak<Inner>) {
	loop {
		let Some(link) = inner.upgrade().map(|inner| inner.link.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone())
		else {
			return;
		};
		if let Ok(mut heads) = link.rpc.chain_subscribe_new_heads().await {
			while let Ok(Some(Ok(header))) = tokio::time::timeout(SILENCE, heads.next()).await {
				let Some(inner) = inner.upgrade() else { return };
				inner.head.send_replace(head_of(&header));
			}
		}
		let mut pause = BACKOFF.0;
		loop {
			let Some(held) = inner.upgrade() else { return };
			match Link::open(&held.url).await {
				Ok((link, genesis, head)) if genesis == held.genesis => {
					*held.link.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Arc::new(link);
					if *held.head.borrow() != head {
						held.head.send_replace(head);
					}
					tracing::info!("connected to {} at block {}", held.url, head.number);
					break;
				}
				Ok(_) => tracing::error!(
					"the node at {} now belongs to another network; work goes on when the one with genesis 0x{} is back",
					held.url,
					hex::encode(held.genesis)
				),
				Err(error) => tracing::warn!("{error}; trying again in {:.1} s", pause.as_secs_f32()),
			}
			drop(held);
			tokio::time::sleep(pause).await;
			pause = longer(pause);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn a_missing_node_is_named_with_a_next_step() {
		// A port that was free a moment ago.
		let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
		let url = format!("ws://127.0.0.1:{port}");
		let error = Chain::connect(&url, Patience::Once).await.unwrap_err();
		assert!(matches!(error, ChainError::Unreachable { .. }), "{error:?}");
		let text = error.to_string();
		assert!(text.contains(&url) && text.contains("doin-node --dev") && text.contains("refused"), "{text}");
	}

	#[tokio::test]
	async fn patience_ends() {
		let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
		let started = std::time::Instant::now();
		let patience = Patience::Within(Duration::from_millis(600));
		Chain::connect(&format!("ws://127.0.0.1:{port}"), patience).await.unwrap_err();
		assert!(started.elapsed() >= Duration::from_millis(250) && started.elapsed() < Duration::from_secs(5));
	}

	#[tokio::test]
	async fn an_address_that_is_none_is_not_tried() {
		let error = Chain::connect("localhost:9944", Patience::Forever).await.unwrap_err();
		assert!(error.to_string().contains("ws://HOST:PORT"), "{error}");
	}

	#[test]
	fn reasons_are_shown_without_their_layers() {
		let error = std::io::Error::other("RPC error: client error: RPC error: client error: connection refused");
		assert_eq!(plain(&error), "connection refused");
	}

	#[test]
	fn pauses_grow_to_a_limit() {
		let pauses: Vec<_> = std::iter::successors(Some(BACKOFF.0), |pause| Some(longer(*pause))).take(8).collect();
		assert_eq!(pauses.iter().map(Duration::as_millis).collect::<Vec<_>>(), [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
	}
}
