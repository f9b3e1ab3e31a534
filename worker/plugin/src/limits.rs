//! Limits within which a program runs: rlimits of the system, and Landlock for the files that it may write.
//!
//! They keep a program with a mistake from taking the machine of the worker down. They are no sandbox for a program of somebody else:
//! it reads what the user can read, and has the network. The worker only starts programs that its own configuration names.

use std::{
	fs, io,
	path::PathBuf,
	process::{Child, Command},
};
use tempfile::TempDir;

/// Longest line that is read unless the limits name another one, bytes.
pub const LINE: u64 = 1 << 20;

/// Limits of a program and of all that it starts. The default is a line of [`LINE`] bytes, and no other limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
	/// Longest line of its output, bytes.
	pub line: u64,
	/// Most bytes of its standard error that the worker passes on in a minute; everything if `None`.
	pub log: Option<u64>,
	/// Most address space of each of its processes, bytes.
	pub memory: Option<u64>,
	/// Most processor time of each of its processes, seconds.
	pub cpu_seconds: Option<u64>,
	/// Most files that each of its processes has open.
	pub open_files: Option<u64>,
	/// Greatest size of a file that it writes, bytes.
	pub file: Option<u64>,
	/// Folders that it may write to beside a temporary one of its own, which `TMPDIR` names, and `/dev`. Everywhere if `None`, as far as the
	/// user may.
	pub writable: Option<Vec<PathBuf>>,
}

impl Default for Limits {
	fn default() -> Self {
		Self { line: LINE, log: None, memory: None, cpu_seconds: None, open_files: None, file: None, writable: None }
	}
}

/// A program that was started within limits.
pub(crate) struct Started {
	pub child: Child,
	/// Temporary folder of the program, which is removed with it.
	pub folder: Option<TempDir>,
	/// `true` if the system enforces the folders that the program may write to.
	pub is_confined: bool,
}

impl Limits {
	/// Starts a program within the limits.
	pub(crate) fn spawn(&self, mut command: Command) -> io::Result<Started> {
		let Some(writable) = &self.writable else {
			return Ok(Started { child: self.bounded(command.spawn()?)?, folder: None, is_confined: false });
		};
		let folder = tempfile::Builder::new().prefix("doin-program-").tempdir()?;
		command.env("TMPDIR", folder.path());
		for writable in writable {
			fs::create_dir_all(writable)?;
		}
		let own = [folder.path().to_owned(), "/dev".into()];
		let folders: Vec<PathBuf> = writable.iter().cloned().chain(own).collect();
		let (child, is_confined) = spawn_confined(command, &folders)?;
		Ok(Started { child: self.bounded(child)?, folder: Some(folder), is_confined })
	}

	/// Returns a child that has just been started, with its rlimits. It is killed if they cannot be set.
	fn bounded(&self, mut child: Child) -> io::Result<Child> {
		match self.bound(&child) {
			Ok(()) => Ok(child),
			Err(error) => {
				child.kill().ok();
				child.wait().ok();
				Err(error)
			}
		}
	}

	/// Sets the rlimits of a program, which its children inherit.
	#[cfg(target_os = "linux")]
	fn bound(&self, child: &Child) -> io::Result<()> {
		use rustix::process::{getrlimit, prlimit, Pid, Resource, Rlimit};
		let limits = [
			(Resource::As, self.memory),
			(Resource::Cpu, self.cpu_seconds),
			(Resource::Nofile, self.open_files),
			(Resource::Fsize, self.file),
		];
		for (resource, limit) in limits {
			let Some(limit) = limit else { continue };
			// A limit of the worker itself may be lower, and nobody may raise it.
			let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
			// At the soft limit of processor time, the program gets a signal that names the reason.
			let hard = limit.saturating_add(u64::from(resource == Resource::Cpu)).min(most);
			let new = Rlimit { current: Some(limit.min(most)), maximum: Some(hard) };
			prlimit(Some(Pid::from_child(child)), resource, new)?;
		}
		Ok(())
	}

	/// Sets nothing: other systems cannot set the limits of another process.
	#[cfg(not(target_os = "linux"))]
	fn bound(&self, _: &Child) -> io::Result<()> {
		Ok(())
	}
}

/// Starts a program that writes to `folders` only. Returns `false` if this kernel has no Landlock.
///
/// Landlock restricts a thread and what it starts, so the program is started by a thread of its own, which ends at once.
#[cfg(target_os = "linux")]
fn spawn_confined(mut command: Command, folders: &[PathBuf]) -> io::Result<(Child, bool)> {
	std::thread::scope(|scope| {
		let start = move || -> io::Result<(Child, bool)> {
			let is_confined = restrict(folders).map_err(io::Error::other)?;
			Ok((command.spawn()?, is_confined))
		};
		let thread = std::thread::Builder::new().name("program-start".into()).spawn_scoped(scope, start)?;
		thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that starts it panicked")))
	})
}

/// Starts a program that writes wherever the user may: other systems have no Landlock.
#[cfg(not(target_os = "linux"))]
fn spawn_confined(mut command: Command, _: &[PathBuf]) -> io::Result<(Child, bool)> {
	Ok((command.spawn()?, false))
}

/// Restricts this thread to reading, and to writing in `folders`. Returns `false` if this kernel has no Landlock.
#[cfg(target_os = "linux")]
fn restrict(folders: &[PathBuf]) -> Result<bool, landlock::RulesetError> {
	use landlock::{path_beneath_rules, Access, AccessFs, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, ABI};
	let abi = ABI::V5;
	let status = Ruleset::default()
		.handle_access(AccessFs::from_all(abi))?
		.create()?
		.add_rules(path_beneath_rules(["/"], AccessFs::from_read(abi)))?
		.add_rules(path_beneath_rules(folders, AccessFs::from_all(abi)))?
		.restrict_self()?;
	Ok(status.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
	use super::*;
	use crate::process::Program;
	use std::{sync::atomic::AtomicBool, time::Duration};

	const LONG: Duration = Duration::from_secs(60);

	/// Returns the lines that a shell script writes within limits, which are set when its input has a line.
	fn lines(limits: &Limits, script: &str) -> (Vec<String>, bool) {
		let command = ["sh", "-c", script].map(String::from);
		let mut program = Program::start(&command, limits).unwrap();
		program.write(b"go\n".to_vec());
		let stop = AtomicBool::new(false);
		let read = std::iter::from_fn(|| program.read(LONG, &stop).ok());
		let lines = read.map(|line| String::from_utf8_lossy(&line).trim_end().to_owned()).collect();
		(lines, program.is_confined())
	}

	#[test]
	fn a_program_and_what_it_starts_have_the_limits() {
		let limits = Limits {
			memory: Some(512 << 20),
			cpu_seconds: Some(77),
			open_files: Some(32),
			file: Some(1 << 20),
			..Limits::default()
		};
		let asked = "sh -c 'ulimit -v; ulimit -t; ulimit -n'; head -c 3000000 /dev/zero > $FILE || echo cut";
		let file = tempfile::tempdir().unwrap();
		let script = format!("read go; FILE={}/large; {asked}", file.path().display());
		assert_eq!(lines(&limits, &script).0, ["524288", "77", "32", "cut"]);
		assert_eq!(fs::metadata(file.path().join("large")).unwrap().len(), 1 << 20);
	}

	#[test]
	fn a_program_that_computes_for_too_long_is_ended_with_the_reason() {
		let limits = Limits { cpu_seconds: Some(1), ..Limits::default() };
		let command = ["sh", "-c", "while :; do :; done"].map(String::from);
		let mut program = Program::start(&command, &limits).unwrap();
		let ended = program.read(LONG, &AtomicBool::new(false)).unwrap_err().to_string();
		assert!(ended.contains("SIGXCPU"), "{ended}");
	}

	#[test]
	fn a_confined_program_writes_to_its_folders_only() {
		let (granted, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let folder = granted.path().join("new");
		let limits = Limits { writable: Some(vec![folder.clone()]), ..Limits::default() };
		let own = "echo $TMPDIR; echo a > $TMPDIR/a && cat $TMPDIR/a";
		let others = format!("echo b > {}/b && echo b; echo c > {}/c && echo c", folder.display(), other.path().display());
		let script = format!("{own}; {others}; echo > /dev/null && echo d");
		let (lines, is_confined) = lines(&limits, &script);
		assert!(!PathBuf::from(&lines[0]).exists(), "the temporary folder ends with the program");
		let expected: &[&str] = if is_confined { &["a", "b", "d"] } else { &["a", "b", "c", "d"] };
		assert_eq!(lines[1..], *expected);
		assert!(fs::write(other.path().join("of-the-worker"), "x").is_ok(), "the worker itself is not restricted");
	}
}
