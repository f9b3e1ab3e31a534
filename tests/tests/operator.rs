//! The first start of a node, as an operator meets it: network keys, ports, the check of the machine, a new network, RPC that other
//! machines reach, and monitoring.

use anyhow::{ensure, Context, Result};
use doin_e2e::{chain, executable, http::Server, run, wait_for, Node, Process, START};
use serde_json::{json, Value};
use std::{
	collections::BTreeSet,
	fs,
	net::{Ipv4Addr, SocketAddr, TcpListener},
	path::Path,
	process::Command,
	time::Duration,
};

/// Storage key of `Timing.Public`: twox128 of both names.
const PUBLIC: &str = "0x555c48c31df7d962f1d80c62cc5f0c408bfb31108d40b40fb56c5ad8589a407f";
/// Longest wait for the first blocks of a network with a block each 6 seconds.
const LIMIT: Duration = Duration::from_secs(240);

/// Starts a node with exactly `arguments` and waits for its end. Returns its output.
async fn output_of_failure(arguments: &[String], folder: &Path) -> Result<String> {
	let mut process = Process::start("doin-node", arguments, &folder.join("output.log"))?;
	let status = wait_for("the end of the node", START, || {
		let ended = process.ended();
		async move { ended }
	})
	.await?;
	assert!(!status.success(), "the node ended with {status}: {}", process.output());
	let output = process.output();
	assert!(!output.contains("panicked"), "{output}");
	Ok(output)
}

/// Writes the specification of the local network as one of a live network, and returns its path.
fn live_network(folder: &Path) -> Result<String> {
	let mut spec: Value = serde_json::from_slice(&fs::read(chain::raw("local")?)?)?;
	spec["chainType"] = "Live".into();
	spec["id"] = "doin-rehearsal".into();
	let path = folder.join("network.json");
	fs::write(&path, serde_json::to_vec(&spec)?)?;
	Ok(path.display().to_string())
}

#[tokio::test]
async fn k25_a_validator_of_a_local_network_starts_without_a_network_key() -> Result<()> {
	// Without peers it authors no block.
	let node = Node::local(&["--bob", "--no-hardware-check"]).await?;
	assert_eq!(node.call("system_nodeRoles", []).await?, serde_json::json!(["Authority"]));
	Ok(())
}

#[tokio::test]
async fn k25_a_validator_of_a_network_is_shown_the_command_for_its_network_key() -> Result<()> {
	let folder = tempfile::tempdir()?;
	let (spec, base) = (live_network(folder.path())?, folder.path().join("node").display().to_string());
	// Other ports than those of a node that runs beside the tests.
	let ports = ["--rpc-port=0", "--listen-addr=/ip4/127.0.0.1/tcp/0", "--no-prometheus"];
	let network = ["--validator", "--name=x", "--chain", &spec, "--base-path", &base];
	let arguments: Vec<String> = network.into_iter().chain(ports).map(ToString::to_string).collect();
	let output = output_of_failure(&arguments, folder.path()).await?;
	let (_, command) = output.split_once("generate it once and keep it:").with_context(|| output.clone())?;
	let command: Vec<&str> = command.split_whitespace().collect();
	assert_eq!(command[..3], ["doin-node", "key", "generate-node-key"], "{output}");

	// The printed command works as printed, and the node starts then.
	let generated = Command::new(executable("doin-node")?).args(&command[1..]).output()?;
	assert!(generated.status.success(), "{}", String::from_utf8_lossy(&generated.stderr));
	let node = Process::start("doin-node", &arguments, &folder.path().join("second.log"))?;
	wait_for("the hardware check and the RPC server", START, || async {
		let output = node.output();
		Ok((output.contains("Running JSON-RPC server") && output.contains("multiply-accumulate")).then_some(()))
	})
	.await
}

#[tokio::test]
async fn k26_a_node_refuses_an_rpc_port_that_is_in_use() -> Result<()> {
	let folder = tempfile::tempdir()?;
	let taken = TcpListener::bind("127.0.0.1:0")?;
	let port = taken.local_addr()?.port().to_string();
	let base = folder.path().join("node").display().to_string();
	let arguments: Vec<String> = [
		"--dev",
		"--rpc-port",
		&port,
		"--listen-addr=/ip4/127.0.0.1/tcp/0",
		"--no-prometheus",
		"--chain",
		&chain::raw("dev")?.display().to_string(),
		"--base-path",
		&base,
	]
	.map(ToString::to_string)
	.into();
	let output = output_of_failure(&arguments, folder.path()).await?;
	assert!(output.contains(&format!("the RPC port {port}")) && output.contains("--rpc-port"), "{output}");
	Ok(())
}

#[test]
fn the_example_of_a_local_validator_in_the_help_is_one_that_starts() -> Result<()> {
	let help = String::from_utf8(run("doin-node", &["--help"])?.stdout)?;
	assert!(help.contains("doin-node --chain local --bob"), "the example that `k25_…` runs");
	assert!(help.contains("--no-hardware-check"), "{help}");
	Ok(())
}

/// Runs a command of the node and returns what it prints.
fn printed(arguments: &[&str]) -> Result<String> {
	let output = run("doin-node", arguments)?;
	ensure!(output.status.success(), "{arguments:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
	Ok(String::from_utf8(output.stdout)?)
}

#[tokio::test]
async fn a_public_chain_with_development_keys_does_not_start() -> Result<()> {
	let folder = tempfile::tempdir()?;
	let path = live_network(folder.path())?;
	let mut spec: Value = serde_json::from_slice(&fs::read(&path)?)?;
	let public = spec["genesis"]["raw"]["top"].get_mut(PUBLIC).context("the genesis says whether the network is public")?;
	assert_eq!(*public, "0x00");
	*public = "0x01".into();
	let base = folder.path().join("node").display().to_string();
	// The genesis decides, and not the type of chain that the file names.
	for (chain_type, option) in [("Live", "--no-mdns"), ("Local", "--no-mdns"), ("Development", "--dev")] {
		spec["chainType"] = chain_type.into();
		fs::write(&path, serde_json::to_vec(&spec)?)?;
		let options = ["--chain", &path, "--base-path", &base, "--no-prometheus", "--rpc-port=0", option];
		// Each start has a log of its own.
		let logs = tempfile::tempdir()?;
		let output = output_of_failure(&options.map(ToString::to_string), logs.path()).await?;
		let is_refused = output.contains("this public chain has the development account") && output.contains("network create");
		assert!(is_refused, "{chain_type}: {output}");
	}
	Ok(())
}

/// A network with one validator, made as `docs/operations.md` says. Its RPC server listens to all machines.
struct Founded {
	process: Process,
	rpc: Server,
	metrics: Server,
	_folder: tempfile::TempDir,
}

impl Founded {
	/// Creates the network and starts its validator.
	async fn start() -> Result<Self> {
		let folder = tempfile::tempdir()?;
		let path = |name: &str| folder.path().join(name).display().to_string();
		let (base, file, spec) = (path("node"), path("network.json"), path("doin-rehearsal.json"));
		let account: Value = serde_json::from_str(&printed(&["key", "generate", "--output-type", "json"])?)?;
		let stash = account["ss58Address"].as_str().context("an address")?;
		let keys =
			printed(&["network", "keys", "--id", "doin-rehearsal", "--stash", stash, "--bond", "2000", "--base-path", &base])?;
		let network = json!({
			"name": "DOIN rehearsal",
			"id": "doin-rehearsal",
			"bootNodes": [],
			"validators": [serde_json::from_str::<Value>(&keys)?],
			"balances": { stash: 3_000 },
		});
		fs::write(&file, network.to_string())?;
		printed(&["network", "create", &file, "--raw", "--output", &spec])?;
		printed(&["key", "generate-node-key", "--chain", &spec, "--base-path", &base])?;

		let network = ["--chain", &spec, "--base-path", &base, "--validator", "--name=x", "--force-authoring"];
		let open = ["--unsafe-rpc-external", "--rpc-port=0", "--prometheus-port=0", "--listen-addr=/ip4/127.0.0.1/tcp/0"];
		let quiet = ["--no-hardware-check", "--no-telemetry", "--no-mdns"];
		let arguments: Vec<String> = network.into_iter().chain(open).chain(quiet).map(ToString::to_string).collect();

		let refused = [&arguments[..], &["--rpc-methods=unsafe".into()]].concat();
		let output = output_of_failure(&refused, folder.path()).await?;
		assert!(output.contains("unsafe RPC methods at 0.0.0.0:0: every machine"), "{output}");

		let mut process = Process::start("doin-node", &arguments, &folder.path().join("node.log"))?;
		let port = |output: &str, before: &str| -> Option<u16> {
			let (line, _) = output.split_once(before)?.1.split_once('\n')?;
			line.split(|sign: char| !sign.is_ascii_digit()).next()?.parse().ok()
		};
		let ports = wait_for("the ports of the node", START, || {
			let checked = process.check();
			let output = process.output();
			async move {
				checked?;
				let rpc = output.split_once("Running JSON-RPC server").and_then(|(_, rest)| port(rest, "0.0.0.0:"));
				Ok(rpc.zip(port(&output, "Prometheus exporter started at 127.0.0.1:")))
			}
		})
		.await?;
		let [rpc, metrics] = [ports.0, ports.1].map(|port| Server(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
		Ok(Self { process, rpc, metrics, _folder: folder })
	}

	/// Sends a body of JSON-RPC.
	async fn post(&self, body: &Value) -> Result<Value> {
		self.rpc.send("POST", "/", &[("content-type", "application/json")], &body.to_string()).await?.json()
	}

	/// Calls a method.
	async fn call(&self, method: &str, params: &[&str]) -> Result<Value> {
		self.post(&request(method, params)).await
	}
}

/// Returns the metrics of a node.
async fn exported(node: Server) -> Result<String> {
	let response = node.get("/metrics").await?;
	ensure!(response.status == 200, "{}", response.head);
	Ok(String::from_utf8(response.body)?)
}

/// Returns a request of JSON-RPC.
fn request(method: &str, params: &[&str]) -> Value {
	json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

#[tokio::test]
async fn a_network_of_new_keys_authors_refuses_unsafe_calls_and_exports_what_dashboards_read() -> Result<()> {
	let mut node = Founded::start().await?;
	let (metrics, process) = (node.metrics, &mut node.process);
	let exported = wait_for("a finalized block in the metrics", LIMIT, || {
		let checked = process.check();
		async move {
			checked?;
			let exported = self::exported(metrics).await?;
			let height =
				exported.lines().find_map(|line| line.strip_prefix("doin_observed_block_height{chain=\"doin-rehearsal\"} "));
			Ok(height.and_then(|height| height.parse::<u32>().ok()).filter(|height| *height > 0).map(|_| exported.clone()))
		}
	})
	.await?;
	assert!(exported.contains("\ndoin_observed_blocks_total{result=\"unknown\",chain=\"doin-rehearsal\"} 0\n"), "{exported}");
	let read = exported
		.lines()
		.find_map(|line| line.strip_prefix("doin_observed_blocks_total{result=\"read\",chain=\"doin-rehearsal\"} "));
	assert!(read.is_some_and(|read| read != "0"), "{exported}");

	assert_eq!(node.call("system_chainType", &[]).await?["result"], "Live");
	let unsafe_calls: [(&str, &[&str]); 4] = [
		("author_rotateKeys", &[]),
		("author_hasSessionKeys", &["0x00"]),
		("author_insertKey", &["babe", "//Alice", "0x00"]),
		("system_addLogFilter", &["sync=trace"]),
	];
	for (method, params) in unsafe_calls {
		let refused = node.call(method, params).await?;
		let reason = refused["error"]["message"].as_str();
		assert!(refused["result"].is_null() && reason.is_some_and(|reason| reason.contains("unsafe")), "{method}: {refused}");
	}
	let batch = |requests| Value::Array(vec![request("system_chain", &[]); requests]);
	assert_eq!(node.post(&batch(100)).await?.as_array().map(Vec::len), Some(100));
	let refused = node.post(&batch(101)).await?;
	assert!(refused["error"]["message"].as_str().is_some_and(|message| message.contains("batch")), "{refused}");
	// Counters of calls are exported once there was a call.
	dashboards_read_what_is_exported(&self::exported(metrics).await?)
}

/// Checks that every metric that a query of the dashboard or of an alert names is exported, with the labels that select its series.
fn dashboards_read_what_is_exported(exported: &str) -> Result<()> {
	let names: BTreeSet<&str> =
		exported.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(['{', ' ']).next()).collect();
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/grafana");
	for (file, least) in [("doin-node.json", 30), ("alerts.yml", 15)] {
		let text = fs::read_to_string(folder.join(file))?;
		let words = text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
		let queried: BTreeSet<&str> = words.filter(|word| word.starts_with("doin_") || word.starts_with("substrate_")).collect();
		let missing: Vec<_> = queried.difference(&names).collect();
		ensure!(missing.is_empty(), "{file} reads metrics that a node does not export: {missing:?}");
		ensure!(queried.len() >= least, "{file} reads {} metrics", queried.len());
		ensure!(selected_labels_are_exported(file, &text, exported)? >= 5, "{file} selects few series by labels");
	}
	Ok(())
}

/// Checks that a node exports the labels, with the values, by which the queries in `text` select series. Returns their number,
/// without those of the chain and the instance.
fn selected_labels_are_exported(file: &str, text: &str, exported: &str) -> Result<usize> {
	// Quotes within a string of JSON.
	let text = text.replace("\\\"", "\"");
	let mut checked = 0;
	for (place, _) in text.match_indices('{') {
		let name = text[..place].rsplit(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').next().unwrap_or_default();
		if !name.starts_with("doin_") && !name.starts_with("substrate_") {
			continue;
		}
		let series: Vec<&str> =
			exported.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{'))).collect();
		let (selector, _) = text[place + 1..].split_once('}').with_context(|| format!("{file}: {name}"))?;
		for matcher in selector.split(',') {
			let (label, values) = matcher.split_once('=').with_context(|| format!("{file}: {name}{{{matcher}"))?;
			let label = label.trim().trim_end_matches('!');
			if ["chain", "instance"].contains(&label) {
				continue;
			}
			for value in values.trim_start_matches('~').trim_matches('"').split('|') {
				let pair = format!("{label}=\"{value}\"");
				ensure!(series.iter().any(|line| line.contains(&pair)), "{file}: no node exports {name}{{{pair}}}");
				checked += 1;
			}
		}
	}
	Ok(checked)
}
