//! Executables of this workspace as child processes.

use anyhow::{bail, Context, Result};
use rustix::process::{kill_process, Pid, Signal};
use std::{
	fs::{self, File},
	path::{Path, PathBuf},
	process::{Child, Command, ExitStatus, Output, Stdio},
	time::{Duration, Instant},
};

/// Number of lines of the output that are shown when a process ends.
const SHOWN: usize = 60;
/// Longest time from a signal to the end of a process.
const STOP: Duration = Duration::from_secs(60);

/// Returns the path of the executable `name`, two folders above the running test (`<target>/release/deps/<test>`).
///
/// # Errors
/// Errors if it was not built.
pub fn executable(name: &str) -> Result<PathBuf> {
	let test = std::env::current_exe()?;
	let folder = test.ancestors().nth(2).context("a test executable lies in <target>/<profile>/deps")?;
	let path = folder.join(name);
	if !path.is_file() {
		bail!("{} is missing: build it with `cargo build --release --workspace --all-targets`", path.display());
	}
	Ok(path)
}

/// Runs the executable `name` to its end, and returns its output. A failing exit status is not an error.
///
/// # Errors
/// Errors if it was not built, or if it cannot be started.
pub fn run(name: &str, arguments: &[&str]) -> Result<Output> {
	Ok(Command::new(executable(name)?).args(arguments).stdin(Stdio::null()).output()?)
}

/// A child process with its output in a file. Dropping the value kills the process.
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
	/// Errors if it was not built, or if it cannot be started.
	pub fn start(name: &str, arguments: &[String], log: &Path) -> Result<Self> {
		Self::start_within(None, name, arguments, log)
	}

	/// Starts the executable `name` in the network namespace `namespace`, and appends its output to `log`.
	///
	/// # Errors
	/// Errors if it was not built, or if it cannot be started.
	pub fn start_within(namespace: Option<&str>, name: &str, arguments: &[String], log: &Path) -> Result<Self> {
		let output = File::options().create(true).append(true).open(log)?;
		let path = executable(name)?;
		let mut command = match namespace {
			// Becomes the executable, so signals reach it.
			Some(namespace) => {
				let mut command = Command::new("ip");
				command.args(["netns", "exec", namespace]).arg(path);
				command
			}
			None => Command::new(path),
		};
		let child = command
			.args(arguments)
			.stdin(Stdio::null())
			.stdout(output.try_clone()?)
			.stderr(output)
			.spawn()
			.with_context(|| format!("starting {name}"))?;
		Ok(Self { name: name.into(), child, log: log.into() })
	}

	/// Returns its process id.
	pub fn id(&self) -> u32 {
		self.child.id()
	}

	/// Returns its output so far.
	pub fn output(&self) -> String {
		fs::read_to_string(&self.log).unwrap_or_default()
	}

	/// Returns its exit status, or `None` while it runs.
	///
	/// # Errors
	/// Errors if the system has no such process.
	pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
		Ok(self.child.try_wait()?)
	}

	/// Checks that it runs.
	///
	/// # Errors
	/// Errors with the end of its output if it has ended.
	pub fn check(&mut self) -> Result<()> {
		match self.ended()? {
			Some(status) => bail!("{} ended with {status}:\n{}", self.name, self.tail()),
			None => Ok(()),
		}
	}

	/// Sends SIGINT, as Ctrl-C does, and waits for the end of the process.
	///
	/// # Errors
	/// Errors if it does not end in time.
	pub fn stop(&mut self) -> Result<ExitStatus> {
		if let Some(status) = self.ended()? {
			return Ok(status);
		}
		self.signal(Signal::INT)?;
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

	/// Sends SIGINT, as Ctrl-C does, and does not wait for the end of the process.
	///
	/// # Errors
	/// Errors if it has ended already.
	pub fn interrupt(&mut self) -> Result<()> {
		self.check()?;
		self.signal(Signal::INT)
	}

	/// Sends SIGSTOP: the process does nothing until [`Self::resume`], and its connections stay open.
	///
	/// # Errors
	/// Errors if it has ended already.
	pub fn pause(&mut self) -> Result<()> {
		self.check()?;
		self.signal(Signal::STOP)
	}

	/// Sends SIGCONT to a process that [`Self::pause`] has stopped.
	///
	/// # Errors
	/// Errors if it has ended already.
	pub fn resume(&mut self) -> Result<()> {
		self.check()?;
		self.signal(Signal::CONT)
	}

	fn signal(&self, signal: Signal) -> Result<()> {
		// The process has not been waited for, so its identifier is not in use by another one.
		Ok(kill_process(Pid::from_child(&self.child), signal)?)
	}

	/// Sends SIGKILL, as the system does when memory runs out.
	///
	/// # Errors
	/// Errors if it has ended already.
	pub fn kill(&mut self) -> Result<()> {
		self.check()?;
		self.child.kill()?;
		self.child.wait()?;
		Ok(())
	}

	/// Returns the end of its output.
	pub(crate) fn tail(&self) -> String {
		let output = self.output();
		let lines: Vec<&str> = output.lines().collect();
		lines[lines.len().saturating_sub(SHOWN)..].join("\n")
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		// Both fail only if the process has ended already.
		let _ = self.child.kill();
		let _ = self.child.wait();
		eprintln!("--- end of the output of {} ({}) ---\n{}", self.name, self.child.id(), self.tail());
	}
}
