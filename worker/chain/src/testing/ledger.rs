//! Blocks that a node serves: branches, finality, runtimes, and states that are removed.

use super::{MockNode, Runtime, Script};
use crate::{
	connection::{head_of, Header},
	Head,
};
use codec::{Compact, Encode};
use jsonrpsee::{core::SubscriptionResult, server::SubscriptionMessage, types::ErrorObjectOwned, RpcModule};
use serde_json::{json, Value};
use std::{
	collections::{HashMap, HashSet},
	net::SocketAddr,
	sync::{Arc, Mutex, MutexGuard},
};
use subxt::{
	config::substrate::{Digest, DigestItem},
	utils::H256,
};
use tokio::sync::watch;

/// Content of a block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
	/// Items of the digest.
	pub(crate) digest: Vec<DigestItem>,
	/// Extrinsics in SCALE, each with its length in front.
	pub(crate) extrinsics: Vec<Vec<u8>>,
	/// Records of events in SCALE.
	pub(crate) events: Vec<Vec<u8>>,
	/// `spec_version` of the runtime in the state after the block, if the block changes it.
	pub(crate) upgrade: Option<u32>,
}

/// Blocks of a node. Clones share them.
#[derive(Clone)]
pub(crate) struct Ledger {
	state: Arc<Mutex<State>>,
	finalized: Arc<watch::Sender<u32>>,
}

/// Requests that a node has answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
	/// Number by method.
	pub(crate) methods: HashMap<&'static str, usize>,
	/// Largest block number whose hash was asked for.
	pub(crate) highest: u32,
	/// `true` if the hash of a block was asked for before it was finalized.
	pub(crate) early: bool,
}

struct State {
	blocks: HashMap<H256, Block>,
	/// Hashes of the best branch, by number.
	branch: Vec<H256>,
	runtimes: HashMap<u32, Runtime>,
	/// Numbers of the blocks whose bodies and states are removed.
	removed: HashSet<u64>,
	/// Numbers of the blocks whose hashes the node does not know.
	unknown: HashSet<u64>,
	/// Versions whose metadata the node refuses.
	refused: HashSet<u32>,
	requests: Requests,
}

struct Block {
	header: Header,
	extrinsics: Vec<Vec<u8>>,
	events: Vec<u8>,
	/// `spec_version` of the runtime in the state after the block.
	spec_version: u32,
}

fn hex_of(bytes: &[u8]) -> Value {
	json!(format!("0x{}", hex::encode(bytes)))
}

impl Ledger {
	/// Returns the blocks of a node that has block 0 only, with runtimes by `spec_version`. Block 0 has the first version.
	pub(crate) fn new(runtimes: impl IntoIterator<Item = (u32, Runtime)>) -> Self {
		Self::with_genesis(runtimes, Content::default())
	}

	/// Returns the blocks of a node that has this block 0 only.
	pub(crate) fn with_genesis(runtimes: impl IntoIterator<Item = (u32, Runtime)>, genesis: Content) -> Self {
		let runtimes: HashMap<_, _> = runtimes.into_iter().collect();
		let first = runtimes.keys().copied().min().expect("there is a runtime");
		let state = State {
			blocks: HashMap::new(),
			branch: Vec::new(),
			runtimes,
			removed: HashSet::new(),
			unknown: HashSet::new(),
			refused: HashSet::new(),
			requests: Requests::default(),
		};
		let ledger = Self { state: Arc::new(Mutex::new(state)), finalized: Arc::new(watch::Sender::new(0)) };
		ledger.append(Content { upgrade: Some(first), ..genesis });
		ledger
	}

	/// Appends a block to the best branch.
	pub(crate) fn append(&self, content: Content) -> Head {
		let mut state = self.state();
		let parent = state.branch.last().copied();
		let header = Header {
			parent_hash: parent.unwrap_or_default(),
			number: state.branch.len() as u64,
			state_root: H256::zero(),
			extrinsics_root: H256::zero(),
			digest: Digest { logs: content.digest },
		};
		let former = parent.and_then(|parent| state.blocks.get(&parent)).map(|parent| parent.spec_version);
		let spec_version = content.upgrade.or(former).expect("block 0 has a version");
		let events = match content.events.is_empty() {
			true => Vec::new(),
			false => [Compact(content.events.len() as u32).encode(), content.events.concat()].concat(),
		};
		let head = head_of(&header);
		state.branch.push(H256(head.hash));
		state.blocks.insert(H256(head.hash), Block { header, extrinsics: content.extrinsics, events, spec_version });
		head
	}

	/// Cuts the best branch, so that `number` is its last block. The blocks above stay known by their hashes.
	pub(crate) fn cut(&self, number: u32) {
		self.state().branch.truncate(number as usize + 1);
	}

	/// Finalizes the blocks of the best branch up to `number`.
	pub(crate) fn finalize(&self, number: u32) {
		self.finalized.send_replace(number);
	}

	/// Removes bodies and states of the blocks with these numbers.
	pub(crate) fn remove(&self, numbers: impl IntoIterator<Item = u64>) {
		self.state().removed.extend(numbers);
	}

	/// Leaves blocks with these numbers out, as a node does that was synced by a warp and has not fetched them yet.
	pub(crate) fn leave_out(&self, numbers: impl IntoIterator<Item = u64>) {
		self.state().unknown.extend(numbers);
	}

	/// Refuses requests of the metadata of these versions, and of no other one.
	pub(crate) fn refuse_metadata(&self, versions: impl IntoIterator<Item = u32>) {
		self.state().refused = versions.into_iter().collect();
	}

	/// Returns the requests so far.
	pub(crate) fn requests(&self) -> Requests {
		self.state().requests.clone()
	}

	/// Starts a node with these blocks at a free port.
	pub(crate) async fn start(&self) -> MockNode {
		self.start_at("127.0.0.1:0".parse().unwrap()).await
	}

	/// Starts a node with these blocks at `address`.
	pub(crate) async fn start_at(&self, address: SocketAddr) -> MockNode {
		MockNode::start_with(address, Script::default(), |module| self.serve(module)).await
	}

	fn state(&self) -> MutexGuard<'_, State> {
		self.state.lock().unwrap()
	}

	fn serve(&self, module: &mut RpcModule<()>) {
		for method in ["chain_getHeader", "chain_getBlockHash", "chain_getBlock", "state_getStorage", "state_call"] {
			module.remove_method(method);
		}
		let ledger = self.clone();
		module
			.register_method("chain_getHeader", move |params, _, _| ledger.state().header(params.sequence().next().ok()))
			.unwrap();
		let ledger = self.clone();
		module
			.register_method("chain_getBlockHash", move |params, _, _| {
				let asked: Value = params.sequence().next().unwrap();
				let finalized = *ledger.finalized.borrow();
				ledger.state().hashes(&asked, finalized)
			})
			.unwrap();
		let ledger = self.clone();
		module
			.register_method("chain_getBlock", move |params, _, _| ledger.state().block(params.sequence().next().unwrap()))
			.unwrap();
		let ledger = self.clone();
		module
			.register_method("state_getStorage", move |params, _, _| {
				let mut params = params.sequence();
				let (_key, hash): (String, H256) = (params.next().unwrap(), params.next().unwrap());
				ledger.state().events(hash)
			})
			.unwrap();
		let ledger = self.clone();
		module
			.register_method("state_call", move |params, _, _| {
				let mut params = params.sequence();
				let (method, _arguments, hash): (String, String, H256) =
					(params.next().unwrap(), params.next().unwrap(), params.next().unwrap());
				ledger.state().call(&method, hash)
			})
			.unwrap();
		let ledger = self.clone();
		module
			.register_method("chain_getFinalizedHead", move |_, _, _| {
				let finalized = *ledger.finalized.borrow();
				json!(ledger.state().branch[finalized as usize])
			})
			.unwrap();
		self.serve_finality(module);
	}

	fn serve_finality(&self, module: &mut RpcModule<()>) {
		let ledger = self.clone();
		module
			.register_subscription(
				"chain_subscribeFinalizedHeads",
				"chain_finalizedHead",
				"chain_unsubscribeFinalizedHeads",
				move |_, pending, _, _| {
					let ledger = ledger.clone();
					async move {
						let mut finalized = ledger.finalized.subscribe();
						ledger.state().count("chain_subscribeFinalizedHeads");
						let sink = pending.accept().await?;
						loop {
							let number = *finalized.borrow_and_update();
							let header = ledger.state().header_at(number);
							sink.send(SubscriptionMessage::from_json(&header)?).await?;
							tokio::select! {
								changed = finalized.changed() => changed?,
								() = sink.closed() => return SubscriptionResult::Ok(()),
							}
						}
					}
				},
			)
			.unwrap();
	}
}

impl State {
	fn count(&mut self, method: &'static str) {
		*self.requests.methods.entry(method).or_default() += 1;
	}

	fn header_at(&self, number: u32) -> Header {
		self.blocks[&self.branch[number as usize]].header.clone()
	}

	/// Returns the header of a block, or of the best one.
	fn header(&self, hash: Option<H256>) -> Option<Header> {
		let hash = hash.or(self.branch.last().copied());
		hash.and_then(|hash| self.blocks.get(&hash)).map(|block| block.header.clone())
	}

	fn hashes(&mut self, asked: &Value, finalized: u32) -> Value {
		self.count("chain_getBlockHash");
		let mut hash = |number: &Value| {
			let number = number.as_u64().expect("a number") as u32;
			self.requests.highest = self.requests.highest.max(number);
			self.requests.early |= number > finalized;
			json!(self.branch.get(number as usize).filter(|_| !self.unknown.contains(&u64::from(number))))
		};
		match asked {
			Value::Array(numbers) => numbers.iter().map(hash).collect(),
			number => hash(number),
		}
	}

	fn block(&mut self, hash: H256) -> Option<Value> {
		self.count("chain_getBlock");
		let block = self.blocks.get(&hash).filter(|block| !self.removed.contains(&block.header.number))?;
		let extrinsics: Vec<_> = block.extrinsics.iter().map(|bytes| hex_of(bytes)).collect();
		Some(json!({ "block": { "header": block.header, "extrinsics": extrinsics }, "justifications": null }))
	}

	/// Returns the block whose state is asked for.
	fn with_state(&self, hash: H256) -> Result<&Block, ErrorObjectOwned> {
		let refused = |data: String| ErrorObjectOwned::owned(4003, "Client error", Some(data));
		let block = self.blocks.get(&hash);
		let block = block.ok_or_else(|| refused(format!("UnknownBlock: Header was not found in the database: {hash:?}")))?;
		match self.removed.contains(&block.header.number) {
			false => Ok(block),
			true => Err(refused(format!("UnknownBlock: State already discarded for {hash:?}"))),
		}
	}

	fn events(&mut self, hash: H256) -> Result<Option<Value>, ErrorObjectOwned> {
		self.count("state_getStorage");
		let events = &self.with_state(hash)?.events;
		Ok((!events.is_empty()).then(|| hex_of(events)))
	}

	fn call(&mut self, method: &str, hash: H256) -> Result<Value, ErrorObjectOwned> {
		let spec_version = self.with_state(hash)?.spec_version;
		let bytes = match method {
			"Core_version" => {
				self.count("Core_version");
				("doin", "doin-node", 1u32, spec_version, 1u32, Vec::<([u8; 8], u32)>::new(), 1u32).encode()
			}
			"Metadata_metadata_versions" => vec![15u32].encode(),
			"Metadata_metadata_at_version" => {
				self.count("Metadata_metadata_at_version");
				if self.refused.contains(&spec_version) {
					return Err(ErrorObjectOwned::owned(4003, "the runtime is out of memory", None::<()>));
				}
				let metadata = self.runtimes[&spec_version].encoded();
				[vec![1], Compact(metadata.len() as u32).encode(), metadata].concat()
			}
			other => {
				return Err(ErrorObjectOwned::owned(4003, "Client error", Some(format!("Exported method {other} is not found"))))
			}
		};
		Ok(hex_of(&bytes))
	}
}
