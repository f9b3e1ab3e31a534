//! Executables of this workspace as child processes.

use anyhow::{bail, Context, Result};
use std::{
	fs::{self, File},
	path::{Path, PathBuf},
	process::{Child, Command, ExitStatus, Output, Stdio},
	time::{Duration, Instant},
};

/// Lines of a process's output that are shown when it ends.
const SHOWN: usize = 60;
/// Time a process may take to end when it is asked to.
const STOP: Duration = Duration::from_secs(60);

/// Path of the executable `name`: two folders above the running test (`<target>/release/deps/<test>`).
///
/// # Errors
/// When it was not built.
pub fn executable(name: &str) -> Result<PathBuf> {
	let test = std::env::current_exe()?;
	let folder = test.ancestors().nth(2).context("a test executable lies in <target>/<profile>/deps")?;
	let path = folder.join(name);
	if !path.is_file() {
		bail!("{} is missing: build it with `cargo build --release --workspace --all-targets`", path.display());
	}
	Ok(path)
}

/// Runs the executable `name` to its end.
///
/// # Errors
/// When it was not built or cannot be started. A failing exit status is no error.
pub fn run(name: &str, arguments: &[&str]) -> Result<Output> {
	Ok(Command::new(executable(name)?).args(arguments).stdin(Stdio::null()).output()?)
}

/// A running child process with its output in a file. It is killed when this value is dropped.
#[derive(Debug)]
pub struct Process {
	name: String,
	child: Child,
	log: PathBuf,
}

impl Process {
	/// Starts the executable `name`, and appends its output to `log`.
	///
	/// # Errors
	/// When it was not built or cannot be started.
	pub fn start(name: &str, arguments: &[String], log: &Path) -> Result<Self> {
		let output = File::options().create(true).append(true).open(log)?;
		let child = Command::new(executable(name)?)
			.args(arguments)
			.stdin(Stdio::null())
			.stdout(output.try_clone()?)
			.stderr(output)
			.spawn()
			.with_context(|| format!("starting {name}"))?;
		Ok(Self { name: name.into(), child, log: log.into() })
	}

	/// Everything it has printed so far.
	pub fn output(&self) -> String {
		fs::read_to_string(&self.log).unwrap_or_default()
	}

	/// Its exit status, once it has ended.
	///
	/// # Errors
	/// When the system does not know the process.
	pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
		Ok(self.child.try_wait()?)
	}

	/// Fails if it has ended, with the end of its output.
	///
	/// # Errors
	/// When it has ended.
	pub fn check(&mut self) -> Result<()> {
		match self.ended()? {
			Some(status) => bail!("{} ended with {status}:\n{}", self.name, self.tail()),
			None => Ok(()),
		}
	}

	/// Asks it to end, as Ctrl-C does, and waits for it.
	///
	/// # Errors
	/// When it does not end in time.
	pub fn stop(&mut self) -> Result<ExitStatus> {
		// The standard library can only kill.
		Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
		let start = Instant::now();
		loop {
			if let Some(status) = self.ended()? {
				return Ok(status);
			}
			if start.elapsed() > STOP {
				bail!("{} did not end within {} s after SIGINT:\n{}", self.name, STOP.as_secs(), self.tail());
			}
			std::thread::sleep(Duration::from_millis(50));
		}
	}

	/// Kills it, as the system does when memory runs out: it gets no chance to tidy up.
	///
	/// # Errors
	/// When it has ended already.
	pub fn kill(&mut self) -> Result<()> {
		self.check()?;
		self.child.kill()?;
		self.child.wait()?;
		Ok(())
	}

	fn tail(&self) -> String {
		let output = self.output();
		let lines: Vec<&str> = output.lines().collect();
		lines[lines.len().saturating_sub(SHOWN)..].join("\n")
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		// Both fail only when it has ended already, which is what they are for.
		let _ = self.child.kill();
		let _ = self.child.wait();
		eprintln!("--- the end of what {} ({}) printed ---\n{}", self.name, self.child.id(), self.tail());
	}
}
