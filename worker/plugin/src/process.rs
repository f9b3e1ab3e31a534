//! A program of a user that reads lines and writes lines.
//!
//! Two threads write to it and read from it, so that a program which neither reads nor writes holds up nothing. It is killed, with the
//! programs that it has started, when it is dropped.

use crate::limits::{Limits, Started};
use std::{
	fmt::Display,
	io::{BufRead, BufReader, Read, Write},
	process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
	sync::{
		atomic::{AtomicBool, Ordering},
		mpsc::{channel, sync_channel, Receiver, RecvTimeoutError, Sender, SyncSender},
	},
	thread,
	time::{Duration, Instant},
};
use tempfile::TempDir;

/// Lines that are read before they are asked for. A program that writes more of them waits, so that a flood fills no memory.
const AHEAD: usize = 2;
/// Time after which a waiting worker looks whether it is stopped.
const PAUSE: Duration = Duration::from_millis(50);
/// Time in which a program may fill the log once.
const MINUTE: Duration = Duration::from_secs(60);
/// Time that a program has to end after it has closed its output.
const ENDING: Duration = Duration::from_secs(1);

/// Reason for which a program gives no line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcessError {
	/// It was not started.
	#[error("it cannot be started ({cause}): correct the name of the program")]
	Start {
		/// Error of the system.
		cause: String,
	},
	/// It has not written a line in time.
	#[error("it has not answered within {seconds} s: make it faster, or raise its timeout (`timeout`, `program_timeout`)")]
	Silent {
		/// Time that it had.
		seconds: u64,
	},
	/// It has ended or closed its output.
	#[error("it has ended ({status}): run it by hand, and see what it writes")]
	Ended {
		/// Status of its end.
		status: String,
	},
	/// A line is too long.
	#[error("it has written a line of more than {mebibytes} MiB: write one message a line")]
	TooLong {
		/// Longest line, MiB.
		mebibytes: u64,
	},
	/// Its output cannot be read.
	#[error("its output cannot be read ({cause}): run it by hand")]
	Unreadable {
		/// Error of the system.
		cause: String,
	},
	/// The worker is stopped.
	#[error("stopped")]
	Stopped,
}

/// Part of the output of a program.
enum Output {
	Line(Vec<u8>),
	TooLong,
	Unreadable(String),
}

/// Returns the error of a program that is not started.
fn not_started(cause: impl Display) -> ProcessError {
	ProcessError::Start { cause: cause.to_string() }
}

/// A program that runs.
#[derive(Debug)]
pub struct Program {
	child: Child,
	input: Sender<Vec<u8>>,
	output: Receiver<Output>,
	/// Longest line, bytes.
	longest: u64,
	/// Temporary folder of the program, which is removed with it.
	_folder: Option<TempDir>,
	is_confined: bool,
	/// Status of its end, once it is known.
	status: Option<ExitStatus>,
}

impl Program {
	/// Starts a program within `limits`. Its standard error is that of the worker.
	///
	/// # Errors
	///
	/// [`ProcessError::Start`] if the command has no name, or cannot be started.
	pub fn start(command: &[String], limits: &Limits) -> Result<Self, ProcessError> {
		let (name, arguments) = command.split_first().ok_or_else(|| not_started("it has no name"))?;
		let mut command = Command::new(name);
		command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
		#[cfg(unix)]
		std::os::unix::process::CommandExt::process_group(&mut command, 0);
		if limits.log.is_some() {
			command.stderr(Stdio::piped());
		}
		let Started { mut child, folder, is_confined } = limits.spawn(command).map_err(not_started)?;
		let (pipe_in, pipe_out, pipe_log) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
		let ((input, lines), (sender, output)) = (channel(), sync_channel(AHEAD));
		let longest = limits.line;
		let program = Self { child, input, output, longest, _folder: folder, is_confined, status: None };
		let (Some(pipe_in), Some(pipe_out)) = (pipe_in, pipe_out) else { return Err(not_started("it has no input or output")) };
		let writer = thread::Builder::new().name("program-input".into());
		writer.spawn(move || write_lines(pipe_in, lines)).map_err(not_started)?;
		let reader = thread::Builder::new().name("program-output".into());
		reader.spawn(move || read_lines(pipe_out, longest, sender)).map_err(not_started)?;
		if let Some((pipe, most)) = pipe_log.zip(limits.log) {
			let logger = thread::Builder::new().name("program-log".into());
			logger.spawn(move || pass_on(pipe, most, std::io::stderr())).map_err(not_started)?;
		}
		Ok(program)
	}

	/// Returns `true` if the system keeps the program from writing outside the folders that its limits name.
	pub fn is_confined(&self) -> bool {
		self.is_confined
	}

	/// Writes a line. It is written in the background; a program that has ended is noticed when its next line is read.
	pub fn write(&self, line: Vec<u8>) {
		self.input.send(line).ok();
	}

	/// Returns the next line that the program writes within `patience`.
	///
	/// # Errors
	///
	/// Errors if there is none in time, or if `stop` is set.
	pub fn read(&mut self, patience: Duration, stop: &AtomicBool) -> Result<Vec<u8>, ProcessError> {
		let started = Instant::now();
		loop {
			if stop.load(Ordering::Relaxed) {
				return Err(ProcessError::Stopped);
			}
			let left = patience.saturating_sub(started.elapsed());
			match self.output.recv_timeout(left.min(PAUSE)) {
				Ok(Output::Line(line)) => return Ok(line),
				Ok(Output::TooLong) => return Err(ProcessError::TooLong { mebibytes: self.longest >> 20 }),
				Ok(Output::Unreadable(cause)) => return Err(ProcessError::Unreadable { cause }),
				Err(RecvTimeoutError::Disconnected) => return Err(ProcessError::Ended { status: self.ended() }),
				Err(RecvTimeoutError::Timeout) if left.is_zero() => {
					return Err(ProcessError::Silent { seconds: patience.as_secs() });
				}
				Err(RecvTimeoutError::Timeout) => {}
			}
		}
	}

	/// Waits a while for the end of a program that has closed its output, and returns its status as text.
	fn ended(&mut self) -> String {
		let started = Instant::now();
		while self.is_running() {
			if started.elapsed() > ENDING {
				self.kill();
				return "it has closed its output, and was killed".into();
			}
			thread::sleep(Duration::from_millis(10));
		}
		self.kill();
		self.status.map_or_else(|| "its status is not known".into(), |status| status.to_string())
	}

	/// Returns `false` once the program has ended. Its identifier stays its own until its status is taken, so that no other group is
	/// killed.
	#[cfg(unix)]
	pub fn is_running(&mut self) -> bool {
		use rustix::process::{waitid, Pid, WaitId, WaitIdOptions};
		let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
		let pid = Pid::from_raw(self.child.id() as i32).filter(|_| self.status.is_none());
		pid.is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), options), Ok(None)))
	}

	/// Returns `false` once the program has ended.
	#[cfg(not(unix))]
	pub fn is_running(&mut self) -> bool {
		self.status.is_none() && matches!(self.child.try_wait(), Ok(None))
	}

	/// Kills the program and its group, unless its status was taken, and takes the status.
	fn kill(&mut self) {
		if self.status.is_some() {
			return;
		}
		#[cfg(unix)]
		if let Some(group) = rustix::process::Pid::from_raw(self.child.id() as i32) {
			// The group may have ended meanwhile.
			rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
		}
		self.child.kill().ok();
		self.status = self.child.wait().ok();
	}
}

impl Drop for Program {
	fn drop(&mut self) {
		self.kill();
	}
}

/// Writes lines until there are no more, or the program reads no more. The program then sees the end of its input.
fn write_lines(mut pipe: ChildStdin, lines: Receiver<Vec<u8>>) {
	for line in lines {
		if pipe.write_all(&line).and_then(|()| pipe.flush()).is_err() {
			return;
		}
	}
}

/// Passes on what a program writes to its standard error, at most `most` bytes a minute. The rest is read and dropped, so that the program
/// does not wait.
fn pass_on(mut pipe: ChildStderr, most: u64, mut log: impl Write) {
	let mut buffer = [0; 4_096];
	let (mut since, mut left) = (Instant::now(), most);
	while let Ok(length @ 1..) = pipe.read(&mut buffer) {
		if since.elapsed() >= MINUTE {
			(since, left) = (Instant::now(), most);
		}
		let passed = (length as u64).min(left);
		log.write_all(&buffer[..passed as usize]).ok();
		if left > 0 && passed == left {
			let note = "the rest of this minute is left out";
			writeln!(log, "\n[a program writes more than {most} bytes a minute to standard error: {note}]").ok();
		}
		left -= passed;
	}
}

/// Reads lines of at most `longest` bytes until the program writes no more, or nobody asks for them. The last line may lack its end.
fn read_lines(pipe: ChildStdout, longest: u64, sender: SyncSender<Output>) {
	let mut pipe = BufReader::new(pipe);
	loop {
		let mut line = Vec::new();
		let read = pipe.by_ref().take(longest.saturating_add(1)).read_until(b'\n', &mut line);
		let output = match read {
			Ok(0) => return,
			Ok(length) if length as u64 > longest => Output::TooLong,
			Ok(_) => Output::Line(line),
			Err(error) => Output::Unreadable(error.to_string()),
		};
		let is_last = !matches!(output, Output::Line(_));
		if sender.send(output).is_err() || is_last {
			return;
		}
	}
}

#[cfg(all(test, unix))]
mod tests {
	use super::*;

	const LONG: Duration = Duration::from_secs(60);

	/// Returns the command of a shell script.
	fn script(text: &str) -> Vec<String> {
		["sh", "-c", text].map(String::from).to_vec()
	}

	fn start(text: &str) -> Program {
		Program::start(&script(text), &Limits::default()).unwrap()
	}

	fn read(program: &mut Program) -> Result<String, ProcessError> {
		let line = program.read(LONG, &AtomicBool::new(false))?;
		Ok(String::from_utf8_lossy(&line).trim_end().into())
	}

	#[test]
	fn lines_are_written_and_read() {
		let mut program = start("while read line; do echo \"<$line>\"; done; echo end");
		for line in ["a", "b c"] {
			program.write(format!("{line}\n").into_bytes());
			assert_eq!(read(&mut program), Ok(format!("<{line}>")));
		}
	}

	#[test]
	fn a_program_that_neither_reads_nor_writes_holds_up_nothing() {
		let mut program = start("sleep 1000");
		// More than a pipe holds.
		program.write(vec![b'x'; 1 << 20]);
		let silent = program.read(Duration::from_millis(80), &AtomicBool::new(false));
		assert_eq!(silent, Err(ProcessError::Silent { seconds: 0 }));
		assert_eq!(program.read(LONG, &AtomicBool::new(true)), Err(ProcessError::Stopped));
	}

	#[test]
	fn a_program_that_ends_is_named_with_its_status() {
		let mut program = start("echo last; exit 3");
		assert_eq!(read(&mut program), Ok("last".into()));
		let ended = read(&mut program).unwrap_err();
		assert_eq!(ended, ProcessError::Ended { status: "exit status: 3".into() });
		program.write(b"more\n".to_vec());
		assert!(matches!(read(&mut program), Err(ProcessError::Ended { .. })), "it stays so");
		let mut closed = start("exec 1>&-; sleep 1000");
		assert!(read(&mut closed).unwrap_err().to_string().contains("closed its output"));
		let mut unfinished = start("printf half");
		assert_eq!(read(&mut unfinished), Ok("half".into()), "the last line may lack its end");
	}

	#[test]
	fn a_line_without_end_is_refused() {
		let mut program = start("head -c 3000000 /dev/zero; sleep 1000");
		assert_eq!(read(&mut program), Err(ProcessError::TooLong { mebibytes: 1 }));
	}

	#[test]
	fn a_program_that_does_not_exist_is_named() {
		let missing = Program::start(&["/nonexistent/model".to_owned()], &Limits::default()).unwrap_err().to_string();
		assert!(missing.contains("cannot be started"), "{missing}");
		assert!(Program::start(&[], &Limits::default()).unwrap_err().to_string().contains("it has no name"));
	}

	#[test]
	fn a_program_is_killed_with_what_it_has_started() {
		let mut program = start("sh -c 'echo $$; sleep 1000' & wait");
		let inner: i32 = read(&mut program).unwrap().parse().unwrap();
		let pid = rustix::process::Pid::from_raw(inner).unwrap();
		assert!(rustix::process::test_kill_process(pid).is_ok());
		drop(program);
		// A killed process exists until its new parent has waited for it.
		let has_ended = || rustix::process::test_kill_process(pid).is_err() || is_defunct(pid);
		let started = Instant::now();
		while !has_ended() && started.elapsed() < LONG {
			thread::sleep(Duration::from_millis(5));
		}
		assert!(has_ended(), "the inner program outlives the outer one");
	}

	#[test]
	fn a_flood_of_standard_error_is_cut() {
		let mut child = Command::new("sh").args(["-c", "head -c 100000 /dev/zero >&2"]).stderr(Stdio::piped()).spawn().unwrap();
		let mut log = Vec::new();
		pass_on(child.stderr.take().unwrap(), 500, &mut log);
		assert!(child.wait().unwrap().success(), "it does not wait for a reader");
		let (passed, note) = log.split_at(500);
		assert!(passed.iter().all(|byte| *byte == 0));
		assert!(String::from_utf8_lossy(note).contains("more than 500 bytes a minute"), "{note:?}");
	}

	fn is_defunct(pid: rustix::process::Pid) -> bool {
		let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
		stat.rsplit(") ").next().is_some_and(|state| state.starts_with('Z'))
	}
}
