//! Networks of the built node and worker, which zombienet spawns as processes of this machine.
//!
//! A network is a file in `networks`, which `zombie-cli` spawns too. `scripts/local-net.sh test` runs the tests of this crate: it puts
//! the built programs on PATH, and gives the tests a network namespace of their own, since nodes listen at all addresses.

use anyhow::{anyhow, bail, ensure, Context, Result};
use serde_json::{json, Value};
use std::{
	fs,
	future::Future,
	path::Path,
	time::{Duration, Instant},
};
use tempfile::TempDir;
use zombienet_sdk::{
	subxt::ext::subxt_rpcs::client::RpcParams, AddNodeOptions, Arg, GlobalSettingsBuilder, LocalFileSystem, NetworkConfig,
	NetworkConfigExt, NetworkNode,
};

/// Longest time until the nodes of a network, or a node that is added or started again, answer, in seconds.
const START: u32 = 600;
/// Longest wait for anything else, while nodes and workers share the machine. Not every round has a better model.
const LIMIT: Duration = Duration::from_secs(1_200);
/// Time between two polls.
const POLL: Duration = Duration::from_millis(500);
/// Pairs of best and final blocks of which the lag of finality is the median.
const SAMPLES: usize = 30;
/// Lines of the output of each process that are shown when a test fails.
const SHOWN: usize = 60;

/// A running network. Dropping the value kills its processes and deletes their directories, and prints the ends of their outputs unless
/// [`Network::end`] was called.
#[derive(Debug)]
pub struct Network {
	// Dropped before the directory: its processes end.
	spawned: zombienet_sdk::Network<LocalFileSystem>,
	base: TempDir,
	has_ended: bool,
}

impl Network {
	/// Spawns the network of the file `networks/{name}.toml`, and waits until its nodes answer.
	///
	/// # Errors
	/// Errors if the test has no network namespace of its own, if a program is not on PATH, or if a node does not answer in time.
	pub async fn spawn(name: &str) -> Result<Self> {
		// The list of routes has a heading, and a new namespace has no route.
		let routes = fs::read_to_string("/proc/self/net/route")?.lines().count();
		ensure!(routes <= 1, "the test needs a network namespace of its own: run scripts/local-net.sh test");
		let base = tempfile::tempdir()?;
		let settings = GlobalSettingsBuilder::new()
			.with_base_dir(base.path())
			.with_network_spawn_timeout(START)
			// A test stops nodes, and zombienet would take the network down.
			.with_tear_down_on_failure(false)
			.build()
			.map_err(|errors| anyhow!("invalid settings of a network: {errors:?}"))?;
		let file = format!("{}/networks/{name}.toml", env!("CARGO_MANIFEST_DIR"));
		let config = NetworkConfig::load_from_toml_with_settings(&file, &settings).with_context(|| file)?;
		let spawned = config.spawn_native().await.inspect_err(|_| print_outputs(base.path()))?;
		Ok(Self { spawned, base, has_ended: false })
	}

	/// Returns all nodes, in the order in which they were started: the validators first.
	pub fn nodes(&self) -> Vec<&NetworkNode> {
		self.spawned.relaychain().nodes()
	}

	/// Returns a node.
	///
	/// # Errors
	/// Errors if the network has none of this name.
	pub fn node(&self, name: &str) -> Result<&NetworkNode> {
		self.spawned.get_node(name)
	}

	/// Starts a node that is not a validator, in the mode `sync` of `--sync`, and waits until it answers. It keeps the states of new
	/// blocks only, unlike the others: arguments of a node take the place of those of the network.
	///
	/// # Errors
	/// Errors if it does not answer in time.
	pub async fn join(&mut self, name: &str, sync: &str) -> Result<()> {
		let args: Vec<Arg> = vec!["--no-mdns".into(), ("--sync", sync).into()];
		self.spawned.add_node(name, AddNodeOptions { args, ..AddNodeOptions::default() }).await
	}

	/// Kills a node with SIGKILL, and starts it again in the same directory.
	///
	/// # Errors
	/// Errors if the network has no such node, if it has ended already, or if it does not answer in time.
	pub async fn kill_and_start(&self, name: &str) -> Result<()> {
		let node = self.node(name)?;
		node.restart(None).await?;
		node.wait_until_is_up(START).await
	}

	/// Kills a node with SIGKILL, for good.
	///
	/// # Errors
	/// Errors if the network has no such node, or if it has ended already.
	pub async fn kill(&self, name: &str) -> Result<()> {
		Ok(self.node(name)?.core().inner().destroy().await?)
	}

	/// Returns the output of a worker so far.
	///
	/// # Errors
	/// Errors if the network has no such worker.
	pub async fn output(&self, worker: &str) -> Result<String> {
		let process = self.spawned.get_custom_process(worker)?;
		// The file comes with the first line.
		Ok(process.core().logs().await.unwrap_or_default())
	}

	/// Returns the median of blocks between the best and the last final block of a node while all workers are stopped: their training
	/// would take the cores of the validators.
	///
	/// # Errors
	/// Errors if a worker has ended, or if the node does not answer.
	pub async fn lag_without_workers(&self, node: &NetworkNode) -> Result<u32> {
		let workers = self.spawned.custom_processes();
		for worker in &workers {
			worker.core().pause().await?;
		}
		let lag = median_lag(node).await?;
		for worker in &workers {
			worker.core().resume().await?;
		}
		Ok(lag)
	}

	/// Ends the network of a test that has passed.
	pub fn end(mut self) {
		self.has_ended = true;
	}
}

impl Drop for Network {
	fn drop(&mut self) {
		if !self.has_ended {
			print_outputs(self.base.path());
		}
	}
}

/// Prints the ends of the outputs of all processes of the network in `base`.
fn print_outputs(base: &Path) {
	let folders = fs::read_dir(base).into_iter().flatten().flatten();
	for name in folders.map(|folder| folder.file_name().to_string_lossy().into_owned()) {
		let Ok(output) = fs::read_to_string(base.join(&name).join(format!("{name}.log"))) else { continue };
		let lines: Vec<&str> = output.lines().collect();
		eprintln!("--- end of the output of {name} ---\n{}", lines[lines.len().saturating_sub(SHOWN)..].join("\n"));
	}
}

/// Polls `look` until it returns a value.
///
/// # Errors
/// Returns the first error of `look`, or an error that names `what` after 20 minutes.
pub async fn wait_for<T, F: Future<Output = Result<Option<T>>>>(what: &str, mut look: impl FnMut() -> F) -> Result<T> {
	let start = Instant::now();
	loop {
		if let Some(answer) = look().await? {
			return Ok(answer);
		}
		if start.elapsed() > LIMIT {
			bail!("waited {} s for {what}", LIMIT.as_secs());
		}
		tokio::time::sleep(POLL).await;
	}
}

/// Calls a JSON-RPC method. Each call has a connection of its own, since nodes are stopped and started again.
///
/// # Errors
/// Errors if the node does not answer, or answers with an error.
pub async fn call(node: &NetworkNode, method: &str, params: &[Value]) -> Result<Value> {
	let client = node.rpc().await.with_context(|| format!("connecting to {}", node.name()))?;
	let mut list = RpcParams::new();
	for param in params {
		list.push(param)?;
	}
	client.request(method, list).await.with_context(|| format!("calling {method} of {}", node.name()))
}

/// Returns the number of the best block.
///
/// # Errors
/// Errors if the node does not answer.
pub async fn best(node: &NetworkNode) -> Result<u32> {
	number(&call(node, "chain_getHeader", &[]).await?)
}

/// Returns the number of the last final block.
///
/// # Errors
/// Errors if the node does not answer.
pub async fn finalized(node: &NetworkNode) -> Result<u32> {
	let hash = call(node, "chain_getFinalizedHead", &[]).await?;
	number(&call(node, "chain_getHeader", &[hash]).await?)
}

/// Returns the number in a header.
fn number(header: &Value) -> Result<u32> {
	let text = header["number"].as_str().with_context(|| format!("a header has a number: {header}"))?;
	Ok(u32::from_str_radix(text.trim_start_matches("0x"), 16)?)
}

/// Returns the hash of a block of the best chain, or null.
///
/// # Errors
/// Errors if the node does not answer.
pub async fn hash(node: &NetworkNode, block: u32) -> Result<Value> {
	call(node, "chain_getBlockHash", &[json!(block)]).await
}

/// Waits until the number of the best block is at least `block`.
///
/// # Errors
/// Errors after 20 minutes.
pub async fn reach(node: &NetworkNode, block: u32) -> Result<()> {
	wait_for(&format!("block {block} at {}", node.name()), || async { Ok((best(node).await? >= block).then_some(())) }).await
}

/// Waits until `block` is final.
///
/// # Errors
/// Errors after 20 minutes.
pub async fn finalize(node: &NetworkNode, block: u32) -> Result<()> {
	let what = format!("finality of block {block} at {}", node.name());
	wait_for(&what, || async { Ok((finalized(node).await? >= block).then_some(())) }).await
}

/// Waits until all nodes have the final block of the first one, and returns its hash.
///
/// # Errors
/// Errors if there is no node, or if one has another block, or none in time.
pub async fn agree(nodes: &[&NetworkNode]) -> Result<Value> {
	let first = nodes.first().context("a network has nodes")?;
	let block = finalized(first).await?;
	let expected = hash(first, block).await?;
	for node in nodes {
		finalize(node, block).await?;
		let found = hash(node, block).await?;
		ensure!(found == expected, "the final block {block} is {expected} at {} and {found} at {}", first.name(), node.name());
	}
	Ok(expected)
}

/// Returns the median of blocks between the best and the last final block, of samples that are taken each second.
async fn median_lag(node: &NetworkNode) -> Result<u32> {
	let mut lags = Vec::new();
	for _ in 0..SAMPLES {
		tokio::time::sleep(Duration::from_secs(1)).await;
		let (best, finalized) = (best(node).await?, finalized(node).await?);
		lags.push(best.saturating_sub(finalized));
	}
	lags.sort_unstable();
	Ok(lags[SAMPLES / 2])
}
