//! A chain with a sealed domain, the files of its owner, and the processes of its roles.

use crate::{commands::report, wait_for, Node, Worker};
use anyhow::{ensure, Result};
use serde_json::{json, Value};
use std::{fmt::Write, fs, path::Path, time::Duration};
use tempfile::TempDir;

/// Longest wait for a few blocks or for a round, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(1_200);
/// Identifier of the sealed domain: the first after the demo domain.
const DOMAIN: u32 = 1;
/// Journal of the worker of the owner.
const OWNER_JOURNAL: &str = "owner.db";

/// A chain with sealed domain 1 of Bob, which has all of the weight, and the files of its owner.
#[derive(Debug)]
pub struct Market {
	/// Validator of the chain.
	pub node: Node,
	folder: TempDir,
	csv: String,
	label: String,
}

impl Market {
	/// Makes the sealed domain 1 of a table with `segments` segments of `rows` rows, twice, since a command that is run again finds its
	/// domain. Waits until the domain has the weight.
	///
	/// # Errors
	/// Errors if a command fails.
	pub async fn open(node: Node, csv: &Path, label: &str, segments: u16, rows: u32, terms: [&str; 2]) -> Result<Self> {
		node.reach(2, LIMIT).await?;
		let folder = tempfile::tempdir()?;
		let (csv, label) = (csv.display().to_string(), label.to_string());
		let market = Self { node, folder, csv, label };
		let (count, segments, rows, key, [stake, fund]) =
			(segments, segments.to_string(), rows.to_string(), market.segment_key(), terms);
		let data = ["domain", "create", "--csv", &market.csv, "--label", &market.label, "--sealed", &segments];
		let terms = ["--segment-rows", &rows, "--licence", "CC-BY-4.0", "--stake", stake, "--fund", fund];
		let create = [&data[..], &terms, &["--segment-key", &key, "--dev-key", "//Bob"]].concat();
		for _ in 0..2 {
			let created = report(&market.node, &create)?;
			ensure!(created["domain"] == DOMAIN && created["sealed"]["segments"] == count, "{created}");
		}
		let vote = format!("{DOMAIN}=1000000");
		report(&market.node, &["vote", &vote, "--dev-key", "//Alice"])?;
		wait_for("the weights of the next session", LIMIT, || async {
			Ok((market.domain().await?["weight"] == 1_000_000).then_some(()))
		})
		.await?;
		Ok(market)
	}

	/// Returns the path of the file with the segment key.
	pub fn segment_key(&self) -> String {
		self.folder.path().join("segments.key").display().to_string()
	}

	/// Starts the optimizer and the evaluators of the domain.
	///
	/// # Errors
	/// Errors if the worker was not built.
	pub fn workers(&self, population: u32) -> Result<Worker> {
		let mut text = format!("url = \"{}\"\njournal = \"workers.db\"\n", self.node.url());
		let evaluators = ["//Eve", "//Ferdie", "//One", "//Two"].map(|key| ("evaluate", key));
		for (role, key) in [("optimize", "//Dave")].into_iter().chain(evaluators) {
			writeln!(text, "[[identities]]\nrole = \"{role}\"\ndev = \"{key}\"")?;
		}
		writeln!(text, "[[domains]]\ndomain_id = {DOMAIN}\noptimize = true\nevaluate = true")?;
		writeln!(text, "[domains.optimization_config]\npopulation_size = {population}\nelite = 2\npatience = 4")?;
		let path = self.folder.path().join("workers.toml");
		fs::write(&path, text)?;
		Worker::start(&["run", "--config", &path.display().to_string()])
	}

	/// Starts a worker that opens the segments of the domain, by its configuration. The worker has no key of the owner: Charlie
	/// pays the fees. The configuration also owns a domain that does not exist, of a file that does not exist.
	///
	/// # Errors
	/// Errors if the worker was not built.
	pub fn owner_by_configuration(&self) -> Result<Worker> {
		let mut text = format!("url = \"{}\"\njournal = \"{OWNER_JOURNAL}\"\n", self.node.url());
		writeln!(text, "[[identities]]\nrole = \"own\"\ndev = \"//Charlie\"")?;
		for (domain, csv) in [(DOMAIN + 1, "missing.csv"), (DOMAIN, &self.csv)] {
			writeln!(text, "[[owned]]\ndomain_id = {domain}\ncsv = \"{csv}\"\nlabel = \"{}\"", self.label)?;
			writeln!(text, "segment_key = \"{}\"", self.segment_key())?;
		}
		let path = self.folder.path().join("owner.toml");
		fs::write(&path, text)?;
		Worker::start(&["run", "--config", &path.display().to_string()])
	}

	/// Deletes all files that the worker of the owner has written.
	///
	/// # Errors
	/// Errors if there are none, or if one cannot be deleted.
	pub fn forget_owner(&self) -> Result<()> {
		fs::remove_file(self.folder.path().join(OWNER_JOURNAL))?;
		for file in fs::read_dir(self.folder.path())? {
			let file = file?;
			let name = file.file_name().to_string_lossy().into_owned();
			if name.starts_with(OWNER_JOURNAL) || name.starts_with("doin-segments-") {
				fs::remove_file(file.path())?;
			}
		}
		Ok(())
	}

	/// Starts the command that opens segments. It has no key of the owner: Charlie pays the fees.
	///
	/// # Errors
	/// Errors if the worker was not built.
	pub fn owner(&self) -> Result<Worker> {
		let (domain, key, url) = (DOMAIN.to_string(), self.segment_key(), self.node.url());
		let data = ["own", "--domain", &domain, "--csv", &self.csv, "--label", &self.label, "--segment-key", &key];
		Worker::start(&[&data[..], &["--dev-key", "//Charlie", "--url", &url]].concat())
	}

	/// Returns the record and the state of the domain.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn domain(&self) -> Result<Value> {
		Ok(self.node.call("doin_domain", [json!(DOMAIN)]).await?)
	}

	/// Returns the segments and the purse of the domain.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn evidence(&self) -> Result<Value> {
		Ok(self.node.call("doin_evidence", [json!(DOMAIN)]).await?)
	}

	/// Waits until a round asks for a segment, and returns the evidence.
	///
	/// # Errors
	/// Errors if no round does in time, or if the workers end.
	pub async fn asked(&self, workers: &mut Worker) -> Result<Value> {
		self.evidence_once("a round that waits for a segment", workers, |evidence| !evidence["awaited"].is_null()).await
	}

	/// Waits until `is` holds for the evidence, and returns it.
	///
	/// # Errors
	/// Errors if it does not in time, or if `worker` ends.
	pub async fn evidence_once(&self, what: &str, worker: &mut Worker, is: impl Fn(&Value) -> bool) -> Result<Value> {
		wait_for(what, LIMIT, || {
			let running = worker.check();
			let is = &is;
			async move {
				running?;
				Ok(Some(self.evidence().await?).filter(is))
			}
		})
		.await
	}

	/// Returns the hash of block `number`.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn hash(&self, number: u64) -> Result<Value> {
		Ok(self.node.call("chain_getBlockHash", [json!(number)]).await?)
	}
}
