//! The first start of a node, as an operator meets it: network keys, ports and the check of the machine.

use anyhow::{Context, Result};
use doin_e2e::{chain, executable, run, wait_for, Node, Process, START};
use serde_json::Value;
use std::{fs, net::TcpListener, path::Path, process::Command};

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
