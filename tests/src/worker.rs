//! Workers under test.

use crate::{streams::CO2, Process};
use anyhow::Result;
use std::{fmt::Write, fs, path::Path};
use tempfile::TempDir;

/// Optimizer and evaluators of a development chain.
pub const DEV_ROLES: [(&str, &str); 5] =
	[("optimize", "//Dave"), ("evaluate", "//Eve"), ("evaluate", "//Ferdie"), ("evaluate", "//One"), ("evaluate", "//Two")];

/// Returns the tables of a configuration that give development accounts these roles.
fn identities(roles: &[(&str, &str)]) -> Result<String> {
	let mut text = String::new();
	for (role, key) in roles {
		writeln!(text, "[[identities]]\nrole = \"{role}\"\ndev = \"{key}\"")?;
	}
	Ok(text)
}

/// A running worker. Dropping the value kills the worker and deletes its directory.
#[derive(Debug)]
pub struct Worker {
	process: Process,
	arguments: Vec<String>,
	base: TempDir,
}

impl Worker {
	/// Starts a worker with `arguments`. `{base}` in an argument is replaced by its new, empty directory. The server of `run` gets a free
	/// port unless an argument names one, since tests run at the same time.
	///
	/// # Errors
	/// Errors if it was not built, or if it cannot be started.
	pub fn start(arguments: &[&str]) -> Result<Self> {
		let base = tempfile::tempdir()?;
		let shown = base.path().display().to_string();
		let arguments = arguments.iter().map(|argument| argument.replace("{base}", &shown)).collect();
		Self::start_in(base, arguments)
	}

	/// Starts a worker that has these roles for development accounts, e.g. `("evaluate", "//Eve")`. It works on every domain with a
	/// weight, and has neither a server nor a database of facts.
	///
	/// # Errors
	/// Errors if it was not built, or if it cannot be started.
	pub fn with_roles(url: &str, roles: &[(&str, &str)]) -> Result<Self> {
		Self::configured(url, &identities(roles)?)
	}

	/// Starts a worker as [`Worker::with_roles`] does that also publishes anchors: to `anchors.jsonl` in its directory, and as remarks of a
	/// development account on the chain of the node at `other`.
	///
	/// # Errors
	/// Errors if it was not built, or if it cannot be started.
	pub fn anchoring(url: &str, roles: &[(&str, &str)], other: &str, dev_key: &str) -> Result<Self> {
		let anchor = format!("[anchor]\nchain = \"{other}\"\ndev = \"{dev_key}\"\n");
		Self::configured(url, &(identities(roles)? + &anchor))
	}

	/// Starts the reporter of the validator of a development chain, which replays a file as the bars of the chain's stream.
	///
	/// # Errors
	/// Errors if it was not built, or if it cannot be started.
	pub fn reporter(url: &str) -> Result<Self> {
		let source = format!("[[reported]]\nsymbol = \"CO2-DEMO\"\n[[reported.sources]]\ncsv = \"{CO2}\"\nclose = \"ppm\"\n");
		Self::configured(url, &format!("[[identities]]\nrole = \"report\"\ndev = \"//Alice\"\n{source}"))
	}

	/// Starts the optimizer and the evaluators of a development chain in one worker, whose sums other workers can pull with `token`.
	///
	/// # Errors
	/// Errors if it cannot be started.
	pub fn sharing(url: &str, token: &Path) -> Result<Self> {
		let base = tempfile::tempdir()?;
		let config = base.path().join("worker.toml");
		let mut text = format!("url = \"{url}\"\njournal = \"journal.db\"\nolap_db_path = \"none\"\n");
		writeln!(text, "dashboard_token_file = \"{}\"", token.display())?;
		text += &identities(&DEV_ROLES)?;
		writeln!(text, "[resource_limits]\ngpu = \"none\"\ncores = 2\nshare_work = true")?;
		fs::write(&config, text)?;
		let arguments = vec!["run".into(), "--dashboard-port=0".into(), "--config".into(), config.display().to_string()];
		Self::start_in(base, arguments)
	}

	/// Starts a worker that has these roles for development accounts in one domain, a tolerance domain whose program is the entry `program`
	/// of its configuration.
	///
	/// # Errors
	/// Errors if it was not built, or if it cannot be started.
	pub fn in_tolerance_domain(url: &str, domain: u64, program: &str, roles: &[(&str, &str)]) -> Result<Self> {
		let has = |wanted: &str| roles.iter().any(|(role, _)| *role == wanted);
		let mut text = identities(roles)?;
		let (optimize, evaluate) = (has("optimize"), has("evaluate"));
		writeln!(text, "[[domains]]\ndomain_id = {domain}\noptimize = {optimize}\nevaluate = {evaluate}")?;
		Self::configured(url, &format!("{text}{program}[resource_limits]\ngpu = \"none\"\n"))
	}

	/// Starts a worker that serves domain 0 for the offer of a development account, at the address of its dashboard.
	///
	/// # Errors
	/// Errors if it cannot be started.
	pub fn server(url: &str, dev_key: &str) -> Result<Self> {
		Self::serving(url, dev_key, None)
	}

	/// Starts such a server whose audits other workers can pull with `token`.
	///
	/// # Errors
	/// Errors if it cannot be started.
	pub fn sharing_server(url: &str, dev_key: &str, token: &Path) -> Result<Self> {
		Self::serving(url, dev_key, Some(token))
	}

	fn serving(url: &str, dev_key: &str, token: Option<&Path>) -> Result<Self> {
		let base = tempfile::tempdir()?;
		let config = base.path().join("worker.toml");
		let mut text = format!("url = \"{url}\"\njournal = \"journal.db\"\nolap_db_path = \"none\"\n");
		if let Some(token) = token {
			writeln!(text, "dashboard_token_file = \"{}\"", token.display())?;
		}
		writeln!(text, "[[identities]]\nrole = \"serve\"\ndev = \"{dev_key}\"\n[serve]\ndomains = [0]\nfree_per_minute = 2")?;
		if token.is_some() {
			writeln!(text, "[resource_limits]\nshare_work = true")?;
		}
		fs::write(&config, text)?;
		let arguments = vec!["run".into(), "--dashboard-port=0".into(), "--config".into(), config.display().to_string()];
		Self::start_in(base, arguments)
	}

	/// Starts a worker with these tables in its configuration, which has neither a server nor a database of facts.
	fn configured(url: &str, tables: &str) -> Result<Self> {
		let base = tempfile::tempdir()?;
		let config = base.path().join("worker.toml");
		fs::write(&config, format!("url = \"{url}\"\njournal = \"journal.db\"\nolap_db_path = \"none\"\n{tables}"))?;
		let arguments = vec!["run".into(), "--no-dashboard".into(), "--config".into(), config.display().to_string()];
		Self::start_in(base, arguments)
	}

	/// Starts a worker with `arguments` in the directory `base`.
	fn start_in(base: TempDir, mut arguments: Vec<String>) -> Result<Self> {
		let names_server = arguments.iter().any(|argument| argument.contains("dashboard"));
		if arguments.first().is_some_and(|command| command == "run") && !names_server {
			arguments.push("--dashboard-port=0".into());
		}
		let process = Process::start("doin-worker", &arguments, &base.path().join("output.log"))?;
		Ok(Self { process, arguments, base })
	}

	/// Kills the worker with SIGKILL, and starts it again with the same arguments in the same directory.
	///
	/// # Errors
	/// Errors if it has ended already, or if it cannot be started.
	pub fn crash_and_restart(&mut self) -> Result<()> {
		self.crash()?;
		self.start_again()
	}

	/// Kills the worker with SIGKILL. Its directory stays.
	///
	/// # Errors
	/// Errors if it has ended already.
	pub fn crash(&mut self) -> Result<()> {
		self.process.kill()
	}

	/// Starts the worker again with the same arguments in the same directory, after it has ended.
	///
	/// # Errors
	/// Errors if it cannot be started.
	pub fn start_again(&mut self) -> Result<()> {
		self.process = Process::start("doin-worker", &self.arguments, &self.base.path().join("output.log"))?;
		Ok(())
	}

	/// Returns its process.
	pub fn process(&mut self) -> &mut Process {
		&mut self.process
	}

	/// Returns its output so far.
	pub fn output(&self) -> String {
		self.process.output()
	}

	/// Returns its directory.
	pub fn base(&self) -> &Path {
		self.base.path()
	}

	/// Returns the path of the configuration that it was started with.
	pub fn config(&self) -> String {
		self.base.path().join("worker.toml").display().to_string()
	}

	/// Checks that it runs.
	///
	/// # Errors
	/// Errors with the end of its output if it has ended.
	pub fn check(&mut self) -> Result<()> {
		self.process.check()
	}

	/// Stops it as Ctrl-C does.
	///
	/// # Errors
	/// Errors if it does not end, or if its exit status is a failure.
	pub fn stop(mut self) -> Result<()> {
		let status = self.process.stop()?;
		anyhow::ensure!(status.success(), "the worker ended with {status} after SIGINT");
		Ok(())
	}
}
