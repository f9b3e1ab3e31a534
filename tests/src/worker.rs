//! A worker under test.

use crate::Process;
use anyhow::Result;
use std::path::Path;
use tempfile::TempDir;

/// A running worker. It is killed and its directory deleted when this value is dropped.
#[derive(Debug)]
pub struct Worker {
	process: Process,
	arguments: Vec<String>,
	base: TempDir,
}

impl Worker {
	/// Starts a worker with `arguments`. `{base}` in an argument stands for its new, empty directory.
	///
	/// # Errors
	/// When it was not built or cannot be started.
	pub fn start(arguments: &[&str]) -> Result<Self> {
		let base = tempfile::tempdir()?;
		let shown = base.path().display().to_string();
		let arguments: Vec<String> = arguments.iter().map(|argument| argument.replace("{base}", &shown)).collect();
		let process = Process::start("doin-worker", &arguments, &base.path().join("output.log"))?;
		Ok(Self { process, arguments, base })
	}

	/// Kills it without warning, and starts it again with the same arguments on the same directory.
	///
	/// # Errors
	/// When it has ended already, or cannot be started.
	pub fn crash_and_restart(&mut self) -> Result<()> {
		self.process.kill()?;
		self.process = Process::start("doin-worker", &self.arguments, &self.base.path().join("output.log"))?;
		Ok(())
	}

	/// Everything it has printed so far.
	pub fn output(&self) -> String {
		self.process.output()
	}

	/// Its directory.
	pub fn base(&self) -> &Path {
		self.base.path()
	}

	/// Fails if it has ended.
	///
	/// # Errors
	/// When it has ended.
	pub fn check(&mut self) -> Result<()> {
		self.process.check()
	}

	/// Ends it as Ctrl-C does.
	///
	/// # Errors
	/// When it does not end, or not cleanly.
	pub fn stop(mut self) -> Result<()> {
		let status = self.process.stop()?;
		anyhow::ensure!(status.success(), "the worker ended with {status} after SIGINT");
		Ok(())
	}
}
