//! A node under test.

use crate::{chain, free_port, wait_for, Process, START};
use anyhow::{Context, Result};
use jsonrpsee::{
	core::{
		client::{ClientT, Subscription, SubscriptionClientT},
		params::ArrayParams,
		ClientError,
	},
	ws_client::{WsClient, WsClientBuilder},
};
use serde_json::Value;
use std::{path::Path, time::Duration};
use tempfile::TempDir;

/// How to start a node.
#[derive(Clone, Debug, Default)]
pub struct NodeConfig {
	/// Arguments besides base path, ports and reporting.
	pub arguments: Vec<String>,
}

/// A running node with its RPC connection. It is killed and its directory deleted when this value is dropped.
#[derive(Debug)]
pub struct Node {
	/// Its JSON-RPC client.
	pub client: WsClient,
	process: Process,
	config: NodeConfig,
	rpc_port: u16,
	network_port: u16,
	base: TempDir,
}

impl Node {
	/// Starts a node with `arguments` in a new directory, and waits until it answers.
	///
	/// # Errors
	/// When it does not come up.
	pub async fn start(arguments: &[&str]) -> Result<Self> {
		let config = NodeConfig { arguments: arguments.iter().map(|argument| argument.to_string()).collect() };
		Self::start_in(tempfile::tempdir()?, config).await
	}

	/// Starts the one validator of a development chain.
	///
	/// # Errors
	/// When it does not come up.
	pub async fn dev() -> Result<Self> {
		Self::start(&["--dev", &format!("--chain={}", chain::raw("dev")?.display())]).await
	}

	/// Starts a node of the local network.
	///
	/// # Errors
	/// When it does not come up.
	pub async fn local(arguments: &[&str]) -> Result<Self> {
		let chain = format!("--chain={}", chain::raw("local")?.display());
		Self::start(&[arguments, &[&chain]].concat()).await
	}

	async fn start_in(base: TempDir, config: NodeConfig) -> Result<Self> {
		let (rpc_port, network_port) = (free_port()?, free_port()?);
		let mut arguments = config.arguments.clone();
		arguments.extend([
			format!("--base-path={}", base.path().display()),
			format!("--rpc-port={rpc_port}"),
			format!("--listen-addr=/ip4/127.0.0.1/tcp/{network_port}"),
			"--no-prometheus".into(),
			"--no-telemetry".into(),
			"--no-mdns".into(),
		]);
		let mut process = Process::start("doin-node", &arguments, &base.path().join("output.log"))?;
		let url = format!("ws://127.0.0.1:{rpc_port}");
		let start = std::time::Instant::now();
		let client = loop {
			process.check()?;
			match WsClientBuilder::default().request_timeout(Duration::from_secs(60)).build(&url).await {
				Ok(client) => break client,
				Err(error) if start.elapsed() > START => return Err(error).context("the node's RPC port does not answer"),
				Err(_) => tokio::time::sleep(crate::POLL).await,
			}
		};
		Ok(Self { client, process, config, rpc_port, network_port, base })
	}

	/// Ends the node as Ctrl-C does, and starts it again on the same directory.
	///
	/// # Errors
	/// When it does not end or does not come up.
	pub async fn restart(self) -> Result<Self> {
		let (base, config) = self.stop()?;
		Self::start_in(base, config).await
	}

	/// Ends the node as Ctrl-C does. Its directory is there until the returned value is dropped.
	///
	/// # Errors
	/// When it does not end.
	pub fn stop(self) -> Result<(TempDir, NodeConfig)> {
		let Self { mut process, base, config, .. } = self;
		process.stop()?;
		Ok((base, config))
	}

	/// Its WebSocket address.
	pub fn url(&self) -> String {
		format!("ws://127.0.0.1:{}", self.rpc_port)
	}

	/// Its address for other nodes.
	///
	/// # Errors
	/// When the node does not answer.
	pub async fn address(&self) -> Result<String> {
		let peer = self.call("system_localPeerId", []).await?;
		let peer = peer.as_str().with_context(|| format!("a peer id is a string: {peer}"))?;
		Ok(format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer}", self.network_port))
	}

	/// Its directory.
	pub fn base(&self) -> &Path {
		self.base.path()
	}

	/// Everything it has printed so far.
	pub fn output(&self) -> String {
		self.process.output()
	}

	/// Calls a method.
	///
	/// # Errors
	/// When the node answers with an error.
	pub async fn call(&self, method: &str, params: impl IntoIterator<Item = Value>) -> Result<Value, ClientError> {
		self.client.request(method, positional(params)?).await
	}

	/// Subscribes.
	///
	/// # Errors
	/// When the node refuses.
	pub async fn subscribe(
		&self,
		name: &str,
		params: impl IntoIterator<Item = Value>,
	) -> Result<Subscription<Value>, ClientError> {
		self.client.subscribe(&format!("doin_subscribe{name}"), positional(params)?, &format!("doin_unsubscribe{name}")).await
	}

	/// Number of the best block.
	///
	/// # Errors
	/// When the node does not answer.
	pub async fn best(&self) -> Result<u32> {
		number(&self.call("chain_getHeader", []).await?)
	}

	/// Number of the last final block.
	///
	/// # Errors
	/// When the node does not answer.
	pub async fn finalized(&self) -> Result<u32> {
		let hash = self.call("chain_getFinalizedHead", []).await?;
		number(&self.call("chain_getHeader", [hash]).await?)
	}

	/// Waits until the best block is at least `block`.
	///
	/// # Errors
	/// When `limit` is over before.
	pub async fn reach(&self, block: u32, limit: Duration) -> Result<u32> {
		wait_for(&format!("block {block}"), limit, || async { Ok(Some(self.best().await?).filter(|best| *best >= block)) }).await
	}

	/// Waits until block `block` is final.
	///
	/// # Errors
	/// When `limit` is over before.
	pub async fn finalize(&self, block: u32, limit: Duration) -> Result<u32> {
		wait_for(&format!("finality of block {block}"), limit, || async {
			Ok(Some(self.finalized().await?).filter(|finalized| *finalized >= block))
		})
		.await
	}
}

fn positional(params: impl IntoIterator<Item = Value>) -> Result<ArrayParams, ClientError> {
	let mut array = ArrayParams::new();
	for param in params {
		array.insert(param)?;
	}
	Ok(array)
}

/// Block number of a header.
fn number(header: &Value) -> Result<u32> {
	let text = header["number"].as_str().with_context(|| format!("a header has a number: {header}"))?;
	Ok(u32::from_str_radix(text.trim_start_matches("0x"), 16)?)
}
