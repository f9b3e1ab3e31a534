//! Landscapes as domains: registered with a bounty, searched by a worker, committed, revealed and evaluated on a development chain, and
//! paid once a champion reaches the target. One search is the genetic algorithm of the worker, the other one the program of a user that
//! README.md shows.

use anyhow::{anyhow, bail, ensure, Context, Result};
use codec::Decode;
use doin_e2e::{
	accounts::{BOB, DAVE},
	commands::{amount, report},
	python,
	state::{bytes, hex},
	wait_for, Node, Worker,
};
use doin_primitives::DOIN;
use doin_scoring::{
	landscape::{Landscape, Shape},
	Model,
};
use serde_json::{json, Value};
use std::{fmt::Write, fs, process::Command, time::Duration};
use tempfile::TempDir;

/// Longest wait for a step: a round takes about a minute, and tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
/// Identifier of the landscape: the first domain after the demo domain.
const DOMAIN: u32 = 1;
/// Bounty, in DOIN.
const BOUNTY: u128 = 250;
/// Most that the optimizer spends on seats and calls, in DOIN.
const SPENT: u128 = 10;
/// Folder of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A chain with a landscape of Bob, which has a bounty and no champion.
struct Played {
	node: Node,
	landscape: Landscape,
	/// Files of the worker.
	folder: TempDir,
	/// Coins of Bob and of Dave before the search, in plancks.
	coins: [u128; 2],
}

impl Played {
	/// Registers a landscape that is solved `target` per cent below the value at the origin, and gives the bounty.
	async fn open(landscape: Landscape, target: &str) -> Result<Self> {
		let node = Node::dev_with_short_rounds().await?;
		node.reach(2, LIMIT).await?;
		let (shape, dimensions) = (landscape.shape.name(), landscape.dimensions.to_string());
		let seed = landscape.seed.context("a landscape of a chain has a seed")?.to_string();
		let function = ["domain", "create", "--landscape", shape, "--dimensions", &dimensions, "--seed", &seed];
		let made = report(&node, &[&function[..], &["--target-performance", target, "--dev-key", "//Bob"]].concat())?;
		ensure!(made["domain"] == DOMAIN, "{made}");
		let (domain, given) = (DOMAIN.to_string(), format!("{BOUNTY} DOIN"));
		report(&node, &["domain", "bounty", &domain, &given, "--dev-key", "//Bob"])?;
		let coins = [coins(&node, BOB)?, coins(&node, DAVE)?];
		let played = Self { node, landscape, folder: tempfile::tempdir()?, coins };
		let domain = played.domain().await?;
		assert_eq!((&domain["status"], &domain["weight"]), (&json!("Active"), &json!(0)), "{domain}");
		assert_eq!(amount(&domain["bounty"]), BOUNTY * DOIN);
		Ok(played)
	}

	/// Returns the record and the state of the domain.
	async fn domain(&self) -> Result<Value> {
		Ok(self.node.call("doin_domain", [json!(DOMAIN)]).await?)
	}

	/// Starts a worker with this configuration.
	fn worker(&self, config: &str) -> Result<Worker> {
		let path = self.folder.path().join("worker.toml");
		fs::write(&path, config)?;
		Worker::start(&["run", "--no-dashboard", "--config", &path.display().to_string()])
	}

	/// Waits until a champion of Dave has reached the target, and checks that the bounty is paid to him, and nothing else.
	async fn is_paid(&self, mut worker: Worker) -> Result<()> {
		let domain = wait_for("a champion that reaches the target", LIMIT, || {
			let running = worker.check();
			async move {
				running?;
				Ok(Some(self.domain().await?).filter(|domain| domain["status"] == "Converged"))
			}
		})
		.await?;
		assert_eq!(amount(&domain["bounty"]), 0, "{domain}");

		let champion = self.node.call("doin_champion", [json!(DOMAIN)]).await?;
		assert_eq!(champion["author"], DAVE, "{champion}");
		assert!(champion["loss"].as_u64() <= domain["target"].as_u64(), "{champion}");
		let point = self.point(champion["model"]["Stored"].as_u64().context("a stored champion")?).await?;
		assert_eq!(amount(&champion["error"]), u128::from(self.landscape.value(&point)), "the exact value of {point:?}");
		assert_eq!(amount(&champion["initialError"]), u128::from(self.landscape.value(&[])));
		let shown = report(&self.node, &["domain", "show", &DOMAIN.to_string()])?;
		assert_eq!(shown["point"].as_array().map(Vec::len), Some(point.len()), "{shown}");

		let [bob, dave] = self.coins;
		wait_for("the payment of the bounty", LIMIT, || async {
			Ok((coins(&self.node, BOB)? + BOUNTY * DOIN == bob).then_some(()))
		})
		.await?;
		let now = coins(&self.node, DAVE)?;
		assert!(now <= dave + BOUNTY * DOIN && now + SPENT * DOIN > dave + BOUNTY * DOIN, "{dave} plancks became {now}");
		let work = self.node.call("doin_work", []).await?;
		assert_eq!(amount(&work["mined"]), 0, "a landscape pays its bounty only: {work}");

		wait_for("the end of the search in the log", LIMIT, || {
			let has_ended = worker.output().contains("the domain has reached its target");
			async move { Ok(has_ended.then_some(())) }
		})
		.await?;
		worker.stop()
	}

	/// Returns the coordinates of a stored model.
	async fn point(&self, model: u64) -> Result<Vec<i32>> {
		let answer = self.node.call("state_call", [json!("DoinApi_model"), json!(hex(&model.to_le_bytes()))]).await?;
		let stored = Option::<Vec<u8>>::decode(&mut &bytes(&answer)?[..])?.with_context(|| format!("model {model} is stored"))?;
		match Model::from_bytes(&stored).map_err(|error| anyhow!("{error:?}"))? {
			Model::Point(point) => Ok(point),
			_ => bail!("model {model} is not a point"),
		}
	}
}

/// Returns the coins of an account, free and held, in plancks.
fn coins(node: &Node, who: &str) -> Result<u128> {
	let status = report(node, &["status", "--account", who])?;
	let account = &status["accounts"][0];
	Ok(amount(&account["free"]) + amount(&account["held"]))
}

#[tokio::test]
async fn a_landscape_is_registered_searched_and_its_bounty_is_paid() -> Result<()> {
	let landscape = Landscape { shape: Shape::Rastrigin, dimensions: 4, seed: Some(3) };
	let played = Played::open(landscape, "99").await?;
	let mut config = format!("url = \"{}\"\njournal = \"journal.db\"\nolap_db_path = \"none\"\n", played.node.url());
	let evaluators = ["//Eve", "//Ferdie", "//One", "//Two"].map(|key| ("evaluate", key));
	for (role, key) in [("optimize", "//Dave")].into_iter().chain(evaluators) {
		writeln!(config, "[[identities]]\nrole = \"{role}\"\ndev = \"{key}\"")?;
	}
	writeln!(config, "[resource_limits]\ngpu = \"none\"\ncores = 2")?;
	writeln!(config, "[[domains]]\ndomain_id = {DOMAIN}\noptimize = true\nevaluate = true")?;
	let worker = played.worker(&config)?;
	played.is_paid(worker).await
}

/// Returns the first block of code in this language below a heading.
fn code<'a>(text: &'a str, heading: &str, language: &str) -> Result<&'a str> {
	let section =
		text.split_once(&format!("\n## {heading}\n")).with_context(|| format!("README.md has no heading `{heading}`"))?.1;
	let code = section.split_once(&format!("\n```{language}\n")).and_then(|(_, code)| code.split_once("\n```"));
	Ok(code.with_context(|| format!("`{heading}` of README.md has no code in {language}"))?.0)
}

/// Returns a text in which `to` takes the place of `from`.
fn replaced(text: &str, from: &str, to: &str) -> Result<String> {
	ensure!(text.contains(from), "the configuration has no `{from}`:\n{text}");
	Ok(text.replace(from, to))
}

/// Program, installation and configuration are those of README.md, but for what names the chain, the files and the domain. No model of the
/// worker begins the search of a landscape, so what is paid is what the program has proposed.
#[tokio::test]
async fn the_optimizer_of_the_readme_earns_on_a_development_chain() -> Result<()> {
	let readme = fs::read_to_string(format!("{ROOT}/README.md"))?;
	let heading = "Researchers: your own optimizer";
	let (program, commands) = (code(&readme, heading, "python")?, code(&readme, heading, "sh")?);
	assert!(program.lines().filter(|line| !line.trim().is_empty()).count() < 10, "{program}");

	let landscape = Landscape { shape: Shape::Rastrigin, dimensions: 2, seed: Some(1) };
	let played = Played::open(landscape, "90").await?;
	let file = played.folder.path().join("random_search.py");
	fs::write(&file, program)?;
	let command = commands.lines().find_map(|line| line.strip_suffix(" > mine.toml"));
	let command = command.context("README.md has a command that writes mine.toml")?;
	let written = Command::new("sh").args(["-c", command]).current_dir(ROOT).output()?;
	ensure!(written.status.success(), "{command} failed: {}", String::from_utf8_lossy(&written.stderr));

	let install = commands.lines().find(|line| line.contains("pip install")).context("README.md installs the package")?;
	let installed = python::installed_by(install, "readme-optimizer")?;
	let words = format!("[\"{}\", \"{}\"]", installed.join("plugins/bin/python3").display(), file.display());
	let mut config = String::from_utf8(written.stdout)?;
	for (from, to) in [
		("[\"plugins/bin/python3\", \"random_search.py\"]", words),
		("ws://127.0.0.1:9944", played.node.url()),
		("/tmp/doin-single-machine.db", "journal.db".into()),
		("/tmp/doin-single-machine-olap.db", "none".into()),
		("domain_id = 0", format!("domain_id = {DOMAIN}")),
	] {
		config = replaced(&config, from, &to)?;
	}
	let worker = played.worker(&config)?;
	played.is_paid(worker).await
}
