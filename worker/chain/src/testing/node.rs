//! A node that answers JSON-RPC requests from a script.

use super::Runtime;
use crate::connection::{head_of, Header};
use codec::{Compact, Encode};
use jsonrpsee::{
	core::SubscriptionResult,
	server::{IntoResponse, Server, ServerHandle, SubscriptionMessage},
	types::{ErrorObjectOwned, Params},
	RpcModule,
};
use serde_json::{json, Value};
use std::{
	collections::{HashMap, VecDeque},
	net::SocketAddr,
	sync::{Arc, Mutex},
	time::Duration,
};
use subxt::utils::H256;
use tokio::sync::watch;

/// Answers of a node.
pub(crate) struct Script {
	/// Runtime whose metadata the node sends.
	pub(crate) runtime: Runtime,
	/// `spec_name` of the runtime.
	pub(crate) spec_name: &'static str,
	/// `spec_version` of the runtime, whose metadata a client keeps.
	pub(crate) spec_version: u32,
	/// Hash of block 0.
	pub(crate) genesis: [u8; 32],
	/// Number of requests of the runtime's version that are refused first.
	pub(crate) refused_versions: u32,
	/// Results of runtime API methods, in SCALE.
	pub(crate) calls: HashMap<&'static str, Vec<u8>>,
	/// Value of every storage key, in SCALE.
	pub(crate) stored: Option<Vec<u8>>,
	/// All storage keys, in hex and in ascending order.
	pub(crate) keys: Vec<String>,
	/// Nonces of the account, one per request; the last one stays.
	pub(crate) nonces: VecDeque<u32>,
	/// Answers to submitted transactions; without one, the transaction is accepted and stays in the pool.
	pub(crate) refusals: VecDeque<ErrorObjectOwned>,
	/// Result of `TaggedTransactionQueue_validate_transaction`, in SCALE.
	pub(crate) validity: Vec<u8>,
	/// Submitted extrinsics, in hex.
	pub(crate) submitted: Vec<String>,
	/// Extrinsics of blocks by number, in hex.
	pub(crate) bodies: HashMap<u32, Vec<String>>,
	/// First nonce without a transaction in the pool; `None` if the node does not serve the request.
	pub(crate) free_nonce: Option<u32>,
	/// Best block of the peers, while the node is syncing.
	pub(crate) syncing_to: Option<u32>,
	/// Role of the node.
	pub(crate) role: &'static str,
}

impl Default for Script {
	fn default() -> Self {
		Self {
			runtime: Runtime::default(),
			spec_name: "doin",
			spec_version: 1,
			genesis: [9; 32],
			refused_versions: 0,
			calls: HashMap::new(),
			stored: None,
			keys: Vec::new(),
			nonces: VecDeque::from([0]),
			refusals: VecDeque::new(),
			validity: Vec::new(),
			submitted: Vec::new(),
			bodies: HashMap::new(),
			free_nonce: None,
			syncing_to: None,
			role: "Authority",
		}
	}
}

/// A running node. It stops when it is dropped.
pub(crate) struct MockNode {
	/// Answers of the node.
	pub(crate) script: Arc<Mutex<Script>>,
	address: SocketAddr,
	head: Arc<watch::Sender<u32>>,
	handle: ServerHandle,
}

fn header(number: u32) -> Header {
	let digest = Default::default();
	let parent_hash = number.checked_sub(1).map_or(H256::zero(), |parent| H256(head_of(&header(parent)).hash));
	Header { parent_hash, number: number.into(), state_root: H256::zero(), extrinsics_root: H256::zero(), digest }
}

fn hex_of(bytes: &[u8]) -> Value {
	json!(format!("0x{}", hex::encode(bytes)))
}

fn header_json(number: u32) -> Value {
	let zero = hex_of(&[0; 32]);
	json!({
		"parentHash": header(number).parent_hash,
		"number": format!("{number:#x}"),
		"stateRoot": zero,
		"extrinsicsRoot": zero,
		"digest": { "logs": [] },
	})
}

impl Script {
	/// Returns the result of a runtime API method, in SCALE.
	fn call(&mut self, method: &str) -> Result<Vec<u8>, ErrorObjectOwned> {
		let version = || (self.spec_name, "doin-node", 1u32, self.spec_version, 1u32, Vec::<([u8; 8], u32)>::new(), 1u32);
		match method {
			"Core_version" if self.refused_versions > 0 => {
				self.refused_versions -= 1;
				Err(ErrorObjectOwned::owned(4003, "Client error", Some("State already discarded")))
			}
			"Core_version" => Ok(version().encode()),
			"Metadata_metadata_versions" => Ok(vec![15u32].encode()),
			"Metadata_metadata_at_version" => {
				let metadata = self.runtime.encoded();
				Ok([vec![1], Compact(metadata.len() as u32).encode(), metadata].concat())
			}
			"AccountNonceApi_account_nonce" => {
				let nonce = if self.nonces.len() > 1 { self.nonces.pop_front() } else { self.nonces.front().copied() };
				Ok(nonce.unwrap_or_default().encode())
			}
			"TaggedTransactionQueue_validate_transaction" => Ok(self.validity.clone()),
			"TransactionPaymentApi_query_info" => Ok((Compact(1u64), Compact(2u64), 0u8, 1_234u128).encode()),
			other => self.calls.get(other).cloned().ok_or_else(|| {
				ErrorObjectOwned::owned(4003, "Client error", Some(format!("Exported method {other} is not found")))
			}),
		}
	}
}

impl MockNode {
	/// Starts a node at a free port.
	pub(crate) async fn start(script: Script) -> Self {
		Self::start_at("127.0.0.1:0".parse().unwrap(), script).await
	}

	/// Starts a node at `address`, with best block 1.
	pub(crate) async fn start_at(address: SocketAddr, script: Script) -> Self {
		Self::start_with(address, script, |_| ()).await
	}

	/// Starts a node at `address`, whose methods `change` replaces.
	pub(crate) async fn start_with(address: SocketAddr, script: Script, change: impl FnOnce(&mut RpcModule<()>)) -> Self {
		let server = loop {
			// The port of a stopped node is free a moment later.
			match Server::builder().build(address).await {
				Ok(server) => break server,
				Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
			}
		};
		let address = server.local_addr().unwrap();
		let (script, head) = (Arc::new(Mutex::new(script)), Arc::new(watch::Sender::new(1)));
		let mut module = module(script.clone(), head.clone());
		change(&mut module);
		let handle = server.start(module);
		Self { script, address, head, handle }
	}

	/// Returns the address of its WebSocket.
	pub(crate) fn url(&self) -> String {
		format!("ws://{}", self.address)
	}

	/// Publishes a new best block.
	pub(crate) fn set_head(&self, number: u32) {
		self.head.send_replace(number);
	}

	/// Puts the extrinsic that was submitted last into the block `number`.
	pub(crate) fn include(&self, number: u32) {
		let mut script = self.script.lock().unwrap();
		let extrinsic = script.submitted.last().expect("an extrinsic was submitted").clone();
		script.bodies.entry(number).or_default().push(extrinsic);
	}

	/// Stops the node, closes its connections, and returns its address.
	pub(crate) async fn stop(self) -> SocketAddr {
		let address = self.address;
		self.handle.stop().unwrap();
		self.handle.clone().stopped().await;
		address
	}
}

/// Returns the methods and subscriptions of a node with this script, whose best block is `head`.
fn module(script: Arc<Mutex<Script>>, head: Arc<watch::Sender<u32>>) -> RpcModule<()> {
	let mut module = RpcModule::new(());
	register_blocks(&mut module, &script, &head);
	register_state(&mut module, &script);
	register_system(&mut module, &script, &head);
	register_pool(&mut module, &script);
	module
}

/// Registers `method`, which `answer` answers from the script.
fn register<R: IntoResponse + 'static>(
	module: &mut RpcModule<()>,
	method: &'static str,
	script: &Arc<Mutex<Script>>,
	answer: impl Fn(&mut Script, Params<'_>) -> R + Send + Sync + 'static,
) {
	let script = script.clone();
	module.register_method(method, move |params, _, _| answer(&mut script.lock().unwrap(), params)).unwrap();
}

/// Registers the headers, hashes and bodies of blocks.
fn register_blocks(module: &mut RpcModule<()>, script: &Arc<Mutex<Script>>, head: &Arc<watch::Sender<u32>>) {
	let best = head.clone();
	module.register_method("chain_getHeader", move |_, _, _| header_json(*best.borrow())).unwrap();
	register(module, "chain_getBlockHash", script, |script, params| {
		let (number,): (u32,) = params.parse().unwrap();
		match number {
			0 => hex_of(&script.genesis),
			number => hex_of(&head_of(&header(number)).hash),
		}
	});
	register(module, "chain_getBlock", script, |script, params| {
		let (hash,): (H256,) = params.parse().unwrap();
		let number = (0..64).find(|number| head_of(&header(*number)).hash == hash.0)?;
		let extrinsics = script.bodies.get(&number).cloned().unwrap_or_default();
		Some(json!({ "block": { "header": header_json(number), "extrinsics": extrinsics }, "justifications": null }))
	});
	let (name, notification, end) = ("chain_subscribeNewHeads", "chain_newHead", "chain_unsubscribeNewHeads");
	let head = head.clone();
	let subscribed = module.register_subscription(name, notification, end, move |_, pending, _, _| {
		let mut heads = head.subscribe();
		async move {
			let sink = pending.accept().await?;
			loop {
				let number = *heads.borrow_and_update();
				sink.send(SubscriptionMessage::from_json(&header_json(number))?).await?;
				tokio::select! {
					changed = heads.changed() => changed?,
					() = sink.closed() => return SubscriptionResult::Ok(()),
				}
			}
		}
	});
	subscribed.unwrap();
}

/// Registers calls of the runtime, and storage.
fn register_state(module: &mut RpcModule<()>, script: &Arc<Mutex<Script>>) {
	register(module, "state_call", script, |script, params| {
		let method: String = params.sequence().next().unwrap();
		script.call(&method).map(|bytes| hex_of(&bytes))
	});
	register(module, "state_getStorage", script, |script, _| script.stored.as_deref().map(hex_of));
	register(module, "state_getKeysPaged", script, |script, params| {
		let (_, count, last): (String, usize, Option<String>) = {
			let mut params = params.sequence();
			(params.next().unwrap(), params.next().unwrap(), params.optional_next().unwrap())
		};
		let after = |key: &&String| last.as_ref().is_none_or(|last| *key > last);
		script.keys.iter().filter(after).take(count).cloned().collect::<Vec<_>>()
	});
}

/// Registers the health, the role and the synchronization of the node.
fn register_system(module: &mut RpcModule<()>, script: &Arc<Mutex<Script>>, head: &Arc<watch::Sender<u32>>) {
	register(module, "system_health", script, |script, _| {
		let is_syncing = script.syncing_to.is_some();
		json!({ "peers": u8::from(is_syncing), "isSyncing": is_syncing, "shouldHavePeers": is_syncing })
	});
	register(module, "system_nodeRoles", script, |script, _| json!([script.role]));
	let best = head.clone();
	register(
		module,
		"system_syncState",
		script,
		move |script, _| json!({ "startingBlock": 0, "currentBlock": *best.borrow(), "highestBlock": script.syncing_to }),
	);
}

/// Registers nonces and the transaction pool.
fn register_pool(module: &mut RpcModule<()>, script: &Arc<Mutex<Script>>) {
	register(module, "system_accountNextIndex", script, |script, _| {
		script.free_nonce.ok_or_else(|| ErrorObjectOwned::owned(-32_601, "Method not found", None::<()>))
	});
	register(module, "author_submitExtrinsic", script, |script, params| {
		script.submitted.push(params.one().unwrap());
		hex_of(&[0; 32])
	});
	let (name, notification, end) = ("author_submitAndWatchExtrinsic", "author_extrinsicUpdate", "author_unwatchExtrinsic");
	let script = script.clone();
	let subscribed = module.register_subscription(name, notification, end, move |params, pending, _, _| {
		let mut script = script.lock().unwrap();
		script.submitted.push(params.one().unwrap());
		let refusal = script.refusals.pop_front();
		async move {
			if let Some(refusal) = refusal {
				pending.reject(refusal).await;
				return Ok(());
			}
			let sink = pending.accept().await?;
			sink.send(SubscriptionMessage::from_json(&"ready")?).await?;
			sink.closed().await;
			SubscriptionResult::Ok(())
		}
	});
	subscribed.unwrap();
}
