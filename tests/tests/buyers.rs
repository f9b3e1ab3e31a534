//! Programs that buy answers without the worker, as users write them: the examples in JavaScript and Python in `runtime/clients` open a
//! channel, pay, check what they get, and the money arrives.
//!
//! Needs Node.js, npm and Python, which `scripts/setup.sh` installs. Packages are installed once, into `<target>`.

use crate::clients::{built, CLIENTS};
use anyhow::{ensure, Context, Result};
use doin_e2e::{
	commands::{amount, report},
	http::Server,
	npm, python,
	streams::CO2,
	wait_for, Node, Worker,
};
use doin_primitives::DOIN;
use serde_json::{json, Value};
use std::{
	path::{Path, PathBuf},
	time::Duration,
};

const LIMIT: Duration = Duration::from_secs(300);
/// Price of one window: half a DOIN, so that two of them are worth the fee of redeeming.
const PRICE: u128 = DOIN / 2;

/// An example with the program that runs it.
#[derive(Clone)]
struct Example {
	folder: PathBuf,
	program: String,
	script: &'static str,
}

impl Example {
	/// Runs the example, and returns what it printed.
	async fn run(&self, arguments: &[&str]) -> Result<String> {
		let Self { folder, program, script } = self.clone();
		let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
		let run = move || {
			// An example that waits for ever fails.
			let all = ["300", program.as_str(), script].into_iter().chain(arguments.iter().map(String::as_str));
			npm::run(&folder, "timeout", &all.collect::<Vec<_>>(), &[])
		};
		tokio::task::spawn_blocking(run).await?
	}
}

/// Installs what the examples need.
fn examples() -> Result<[Example; 2]> {
	let packages = Path::new(CLIENTS).join("python");
	let python = python::installed(&packages.join("requirements.txt"), "buy-answer")?;
	Ok([
		Example { folder: built()?, program: "node".into(), script: "examples/buy-answer.mjs" },
		Example { folder: packages, program: python.display().to_string(), script: "buy_answer.py" },
	])
}

/// Returns the values of the lines that name this unit.
fn values(printed: &str, unit: &str) -> Vec<f64> {
	let value = |line: &str| line.split_once(": ")?.1.strip_suffix(unit)?.trim_end().parse().ok();
	printed.lines().filter_map(value).collect()
}

/// Returns the channel that an example has opened.
fn opened(printed: &str) -> Result<String> {
	let (_, rest) = printed.split_once("opened channel ").with_context(|| format!("no channel was opened:\n{printed}"))?;
	Ok(rest.split_whitespace().next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_examples_in_javascript_and_python_buy_answers_and_check_them() -> Result<()> {
	let examples = tokio::task::spawn_blocking(examples).await??;
	let node = Node::dev_with_fast_blocks().await?;
	node.reach(2, LIMIT).await?;
	let offer =
		["offer", "make", "--domain", "0", "--price", "0.5DOIN", "--endpoint", "http://127.0.0.1:1", "--dev-key", "//Bob"];
	report(&node, &offer)?;
	let mut worker = Worker::server(&node.url(), "//Bob")?;
	let server = Server::of(&mut worker).await?;
	// A server answers for a domain once its offer is final.
	wait_for("a server that answers", LIMIT, || async {
		let models = server.get("/models").await?.json()?;
		Ok((models["models"][0]["domain_id"] == 0).then_some(()))
	})
	.await?;
	let (url, address) = (node.url(), format!("http://{}", server.0));

	let free = ["infer", "--domain", "0", "--csv", CO2, "--column", "ppm", "--server", &address, "--free", "--purse"];
	let folder = tempfile::tempdir()?;
	let purse = folder.path().join("purse.db").display().to_string();
	let expected: Vec<f64> =
		serde_json::from_value(report(&node, &[&free[..], &[purse.as_str()]].concat())?["values"][0].clone())?;

	let ask = [CO2, "--column", "ppm", "--server", &address, "--url", &url, "--max-price", "0.5", "--deposit", "2"];
	let mut channels = Vec::new();
	for example in &examples {
		let first = example.run(&ask).await?;
		let channel = opened(&first)?;
		let second = example.run(&[&ask[..], &["--channel", &channel]].concat()).await?;
		ensure!(second.contains("1 DOIN in all"), "the second voucher pays for both answers:\n{second}");
		for printed in [first, second] {
			println!("{printed}");
			ensure!(printed.contains("hashes and signature are right"), "{printed}");
			let found = values(&printed, "ppm");
			let is_equal = |(one, other): (&f64, &f64)| (one - other).abs() < 1e-6;
			ensure!(found.len() == expected.len() && found.iter().zip(&expected).all(is_equal), "{expected:?}:\n{printed}");
		}
		channels.push(channel);
	}
	for example in &examples {
		let dear = example.run(&[&ask[..], &["--max-price", "0.4"]].concat()).await.expect_err("the price is above the limit");
		ensure!(dear.to_string().contains("the answer costs 0.5 DOIN"), "{dear}");
		let unknown = example.run(&[&ask[..], &["--channel", &format!("0x{}", "ab".repeat(32))]].concat()).await;
		let unknown = unknown.expect_err("there is no such channel").to_string();
		ensure!(unknown.contains("leave --channel out"), "{unknown}");
	}

	worker.stop()?;
	for channel in channels {
		let view: Value = node.call("doin_channel", [json!(channel)]).await?;
		assert_eq!(amount(&view["paid"]), 2 * PRICE, "everything is redeemed at the end: {view}");
	}
	Ok(())
}
