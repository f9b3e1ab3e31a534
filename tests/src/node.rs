//! Nodes under test.

use crate::{chain, lan::Host, wait_for, Process, START};
use anyhow::{bail, Context, Result};
use jsonrpsee::{
	core::{
		client::{ClientT, Subscription, SubscriptionClientT},
		params::ArrayParams,
		ClientError,
	},
	ws_client::{WsClient, WsClientBuilder},
};
use serde_json::Value;
use std::{net::Ipv4Addr, path::Path, time::Duration};
use tempfile::TempDir;

/// Configuration of a node.
#[derive(Clone, Debug, Default)]
pub struct NodeConfig {
	/// Arguments, without those for the base path, the ports and the telemetry.
	pub arguments: Vec<String>,
	/// Network namespace that the node runs in; that of the test if `None`.
	pub host: Option<Host>,
	/// Executable; that of this chain if `None`.
	pub program: Option<&'static str>,
}

/// A running node with its RPC connection. Dropping the value kills the node and deletes its directory.
#[derive(Debug)]
pub struct Node {
	/// JSON-RPC client of the node.
	pub client: WsClient,
	process: Process,
	config: NodeConfig,
	url: String,
	base: TempDir,
}

impl Node {
	/// Starts a node with `arguments` in a new directory, and waits for its RPC server.
	///
	/// # Errors
	/// Errors if the node was not built, ends, or does not answer in time.
	pub async fn start(arguments: &[&str]) -> Result<Self> {
		Self::start_program(chain::NODE, arguments).await
	}

	/// Starts the executable `program`, which has the options of a node of the SDK, in a new directory.
	///
	/// # Errors
	/// See [`Node::start`].
	pub async fn start_program(program: &'static str, arguments: &[&str]) -> Result<Self> {
		let arguments = arguments.iter().map(|argument| argument.to_string()).collect();
		Self::start_in(tempfile::tempdir()?, NodeConfig { arguments, host: None, program: Some(program) }).await
	}

	/// Starts a node on `host`, in a new directory.
	///
	/// # Errors
	/// See [`Node::start`].
	pub async fn start_on(host: &Host, arguments: &[&str]) -> Result<Self> {
		let arguments = arguments.iter().map(|argument| argument.to_string()).collect();
		Self::start_in(tempfile::tempdir()?, NodeConfig { arguments, host: Some(host.clone()), program: None }).await
	}

	/// Starts the validator of a development chain.
	///
	/// # Errors
	/// See [`Node::start`].
	pub async fn dev() -> Result<Self> {
		Self::start(&["--dev", &format!("--chain={}", chain::raw("dev")?.display())]).await
	}

	/// Starts the validator of a development chain on which rounds are short.
	///
	/// # Errors
	/// See [`Node::start`].
	pub async fn dev_with_short_rounds() -> Result<Self> {
		Self::start(&["--dev", &format!("--chain={}", chain::with_short_rounds()?.display())]).await
	}

	/// Starts the validator of a development chain with a block each second.
	///
	/// # Errors
	/// See [`Node::start`].
	pub async fn dev_with_fast_blocks() -> Result<Self> {
		Self::start(&["--dev", &format!("--chain={}", chain::with_fast_blocks()?.display())]).await
	}

	/// Starts a node of the local network.
	///
	/// # Errors
	/// See [`Node::start`].
	pub async fn local(arguments: &[&str]) -> Result<Self> {
		let chain = format!("--chain={}", chain::raw("local")?.display());
		Self::start(&[arguments, &[&chain]].concat()).await
	}

	/// Starts a node of the local network on which a block is due each second.
	///
	/// # Errors
	/// See [`Node::start`].
	pub async fn local_with_fast_blocks(arguments: &[&str]) -> Result<Self> {
		let chain = format!("--chain={}", chain::local_with_fast_blocks()?.display());
		Self::start(&[arguments, &[&chain]].concat()).await
	}

	/// Starts a node on the directory `base`, e.g. one with the database of a stopped node.
	///
	/// # Errors
	/// See [`Node::start`].
	pub async fn start_in(base: TempDir, config: NodeConfig) -> Result<Self> {
		let mut arguments = config.arguments.clone();
		arguments.extend([
			format!("--base-path={}", base.path().display()),
			// The system chooses a free port, which the node reports.
			format!("--listen-addr=/ip4/{}/tcp/0", address(&config)),
			"--no-prometheus".into(),
			"--no-telemetry".into(),
		]);
		match &config.host {
			// The test reaches the node through a network of its own.
			Some(_) => arguments.extend(["--rpc-port=9944", "--unsafe-rpc-external", "--rpc-cors=all"].map(String::from)),
			// The log names the port. Nodes of other tests are on the same loopback interface.
			None => arguments.extend(["--rpc-port=0", "--no-mdns"].map(String::from)),
		}
		let log = base.path().join("output.log");
		let printed_before = std::fs::read_to_string(&log).map_or(0, |text| text.len());
		let namespace = config.host.as_ref().map(|host| host.namespace.as_str());
		let program = config.program.unwrap_or(chain::NODE);
		let mut process = Process::start_within(namespace, program, &arguments, &log)?;
		let start = std::time::Instant::now();
		let rpc_port = loop {
			process.check()?;
			// A restarted node appends to the log of the one before it.
			if let Some(port) = process.output().get(printed_before..).and_then(rpc_port) {
				break port;
			}
			if start.elapsed() > START {
				bail!("the node did not start its RPC server within {} s:\n{}", START.as_secs(), process.tail());
			}
			tokio::time::sleep(crate::POLL).await;
		};
		let url = match &config.host {
			Some(host) => format!("ws://{}:{rpc_port}", host.rpc),
			None => format!("ws://127.0.0.1:{rpc_port}"),
		};
		let client = connect(&url).await?;
		Ok(Self { client, process, config, url, base })
	}

	/// Stops the node as Ctrl-C does, and starts it again in the same directory, at another port.
	///
	/// # Errors
	/// Errors if the node does not end or does not start.
	pub async fn restart(self) -> Result<Self> {
		let (base, config) = self.stop()?;
		Self::start_in(base, config).await
	}

	/// Stops the node as Ctrl-C does. Dropping the returned directory deletes it.
	///
	/// # Errors
	/// Errors if the node does not end.
	pub fn stop(self) -> Result<(TempDir, NodeConfig)> {
		let Self { mut process, base, config, .. } = self;
		process.stop()?;
		Ok((base, config))
	}

	/// Kills the node with SIGKILL. Dropping the returned directory deletes it.
	///
	/// # Errors
	/// Errors if it has ended already.
	pub fn crash(self) -> Result<(TempDir, NodeConfig)> {
		let Self { mut process, base, config, .. } = self;
		process.kill()?;
		Ok((base, config))
	}

	/// Stops the node with SIGSTOP: it keeps its connections, and does nothing until [`Self::resume`].
	///
	/// # Errors
	/// Errors if it has ended already.
	pub fn pause(&mut self) -> Result<()> {
		self.process.pause()
	}

	/// Lets a node go on that [`Self::pause`] has stopped, and connects to it anew: after a longer stop, its server finds the client inactive.
	///
	/// # Errors
	/// Errors if it has ended already, or if it does not answer.
	pub async fn resume(&mut self) -> Result<()> {
		self.process.resume()?;
		self.client = connect(&self.url).await?;
		Ok(())
	}

	/// Returns the address of its WebSocket.
	pub fn url(&self) -> String {
		self.url.clone()
	}

	/// Returns its address for other nodes, with its peer id.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn address(&self) -> Result<String> {
		wait_for("the address of the node", START, || async {
			let addresses = self.call("system_localListenAddresses", []).await?;
			let mut addresses = addresses.as_array().into_iter().flatten().filter_map(Value::as_str);
			let begin = format!("/ip4/{}/tcp/", address(&self.config));
			let bound = |address: &&str| address.starts_with(&begin) && !address.contains("/tcp/0/");
			Ok(addresses.find(bound).map(ToString::to_string))
		})
		.await
	}

	/// Returns its directory.
	pub fn base(&self) -> &Path {
		self.base.path()
	}

	/// Returns its process.
	pub fn process(&mut self) -> &mut Process {
		&mut self.process
	}

	/// Returns its output so far.
	pub fn output(&self) -> String {
		self.process.output()
	}

	/// Calls a JSON-RPC method.
	///
	/// # Errors
	/// Errors if the node answers with an error.
	pub async fn call(&self, method: &str, params: impl IntoIterator<Item = Value>) -> Result<Value, ClientError> {
		self.client.request(method, positional(params)?).await
	}

	/// Subscribes to `doin_subscribe{name}`.
	///
	/// # Errors
	/// Errors if the node refuses.
	pub async fn subscribe(
		&self,
		name: &str,
		params: impl IntoIterator<Item = Value>,
	) -> Result<Subscription<Value>, ClientError> {
		self.client.subscribe(&format!("doin_subscribe{name}"), positional(params)?, &format!("doin_unsubscribe{name}")).await
	}

	/// Returns the number of the best block.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn best(&self) -> Result<u32> {
		number(&self.call("chain_getHeader", []).await?)
	}

	/// Returns the number of the last finalized block.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn finalized(&self) -> Result<u32> {
		let hash = self.call("chain_getFinalizedHead", []).await?;
		number(&self.call("chain_getHeader", [hash]).await?)
	}

	/// Waits until the number of the best block is at least `block`, and returns it.
	///
	/// # Errors
	/// Errors after `limit`.
	pub async fn reach(&self, block: u32, limit: Duration) -> Result<u32> {
		wait_for(&format!("block {block}"), limit, || async { Ok(Some(self.best().await?).filter(|best| *best >= block)) }).await
	}

	/// Waits until `block` is finalized, and returns the number of the last finalized block.
	///
	/// # Errors
	/// Errors after `limit`.
	pub async fn finalize(&self, block: u32, limit: Duration) -> Result<u32> {
		wait_for(&format!("finality of block {block}"), limit, || async {
			Ok(Some(self.finalized().await?).filter(|finalized| *finalized >= block))
		})
		.await
	}
}

/// Connects to a node.
async fn connect(url: &str) -> Result<WsClient> {
	let client = WsClientBuilder::default().request_timeout(Duration::from_secs(60)).build(url).await;
	client.with_context(|| format!("the RPC server at {url} does not answer"))
}

/// Returns the address that the node listens on for other nodes.
fn address(config: &NodeConfig) -> Ipv4Addr {
	config.host.as_ref().map_or(Ipv4Addr::LOCALHOST, |host| host.address)
}

fn positional(params: impl IntoIterator<Item = Value>) -> Result<ArrayParams, ClientError> {
	let mut array = ArrayParams::new();
	for param in params {
		array.insert(param)?;
	}
	Ok(array)
}

/// Returns the port of the RPC server on IPv4, once the log names it: `Running JSON-RPC server: addr=127.0.0.1:9944,[::1]:9944`.
fn rpc_port(log: &str) -> Option<u16> {
	let (_, addresses) = log.split_once("Running JSON-RPC server: addr=")?;
	// The rest of the line may not be written yet.
	let (addresses, _) = addresses.split_once('\n')?;
	let (_, port) = addresses.split_once("127.0.0.1:").or_else(|| addresses.split_once("0.0.0.0:"))?;
	port.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Returns the number in a header.
fn number(header: &Value) -> Result<u32> {
	let text = header["number"].as_str().with_context(|| format!("a header has a number: {header}"))?;
	Ok(u32::from_str_radix(text.trim_start_matches("0x"), 16)?)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_port_of_the_rpc_server_is_read_from_the_log() {
		let line = |addresses: &str| format!("2026-01-01 12:00:00 INFO Running JSON-RPC server: addr={addresses}\n");
		assert_eq!(rpc_port(&line("127.0.0.1:40001,")), Some(40_001));
		assert_eq!(rpc_port(&line("[::1]:40002,127.0.0.1:40003")), Some(40_003));
		assert_eq!(rpc_port(&line("0.0.0.0:9944,[::]:9944")), Some(9_944));
		assert_eq!(rpc_port(&line("127.0.0.1:40001, allowed origins=[]")), Some(40_001));
		assert_eq!(rpc_port("Running JSON-RPC server: addr=127.0.0.1:4000"), None, "the line is not complete");
		assert_eq!(rpc_port("Local node identity is: 12D3KooW"), None);
	}
}
