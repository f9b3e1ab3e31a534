//! Processes that evaluate trials.

use super::TARGET;
use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_search::{Evaluated, Trial};
use parking_lot::Mutex;
use std::{
	ffi::OsString,
	io::{BufRead, BufReader, Write},
	path::PathBuf,
	process::{Child, ChildStdin, ChildStdout, Command, Stdio},
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		mpsc::{self, RecvTimeoutError},
		Arc,
	},
	thread::JoinHandle,
	time::Duration,
};

/// Time in which a pool notices that it is stopped.
const STOP_TICK: Duration = Duration::from_millis(100);
/// Processes that may end during one trial, before the trial counts as one that cannot be evaluated.
const MOST_ATTEMPTS: usize = 16;

/// Command of a process.
#[derive(Clone, Debug)]
pub struct Program {
	/// Executable file.
	pub file: PathBuf,
	/// Arguments of the process.
	pub arguments: Vec<OsString>,
}

impl Program {
	/// Returns this program with its own arguments, as one that evaluates trials. `bits` are the operand bits that the search has
	/// chosen.
	///
	/// # Errors
	///
	/// Errors if the file of this program is unknown.
	pub fn this(bits: Option<u8>) -> Result<Self> {
		let file = std::env::current_exe().context("cannot find the file of this program")?;
		let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
		// What follows `--` belongs to a training.
		let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
		let evaluate = ["--evaluate".to_owned()].into_iter().chain(bits.map(|bits| format!("--evaluate-bits={bits}")));
		arguments.splice(end..end, evaluate.map(OsString::from));
		Ok(Self { file, arguments })
	}

	/// Starts a process.
	fn start(&self) -> Result<(Child, Connection)> {
		let mut command = Command::new(&self.file);
		command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
		#[cfg(unix)]
		{
			// Ctrl-C reaches the search alone, which ends its processes.
			std::os::unix::process::CommandExt::process_group(&mut command, 0);
		}
		let cannot = || format!("cannot start a process that evaluates candidates, {}", self.file.display());
		let mut child = command.spawn().with_context(cannot)?;
		let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { bail!(cannot()) };
		Ok((child, Connection { input, output: BufReader::new(output) }))
	}
}

/// Pipes of a process.
struct Connection {
	input: ChildStdin,
	output: BufReader<ChildStdout>,
}

impl Connection {
	/// Returns the fitness that the process answers.
	///
	/// # Errors
	///
	/// Errors if the process has ended, or if its answer is not one to this trial.
	fn ask(&mut self, trial: &Trial) -> Result<u64> {
		let mut question = serde_json::to_vec(trial)?;
		question.push(b'\n');
		self.input.write_all(&question)?;
		let mut line = String::new();
		self.output.read_line(&mut line)?;
		ensure!(!line.is_empty(), "the process has ended");
		let answer: Evaluated = serde_json::from_str(&line).with_context(|| format!("unexpected answer {line:?}"))?;
		ensure!(answer.trial == *trial, "unexpected answer {line:?}");
		Ok(answer.fitness)
	}
}

/// State that all threads of a pool share.
struct Shared {
	program: Program,
	/// Trials that nobody evaluates yet.
	trials: Mutex<mpsc::Receiver<Trial>>,
	stop: AtomicBool,
	/// Processes that were replaced.
	replaced: AtomicU64,
}

/// One process after another, each one in place of the one before.
struct Worker {
	shared: Arc<Shared>,
	/// The present process, which the pool kills at its end.
	child: Arc<Mutex<Option<Child>>>,
	connection: Option<Connection>,
}

impl Worker {
	/// Evaluates trials until there are no more, or until the pool is dropped.
	fn run(mut self, results: &mpsc::Sender<Result<Evaluated>>) {
		loop {
			let trial = self.shared.trials.lock().recv();
			let Ok(trial) = trial else { break };
			let Some(result) = self.evaluate(trial).transpose() else { break };
			if results.send(result).is_err() {
				break;
			}
		}
		self.retire();
	}

	/// Evaluates a trial. Returns `None` if the pool is dropped.
	///
	/// # Errors
	///
	/// Errors if no process can be started.
	fn evaluate(&mut self, trial: Trial) -> Result<Option<Evaluated>> {
		for _ in 0..MOST_ATTEMPTS {
			let Some(connection) = self.connected()? else { return Ok(None) };
			match connection.ask(&trial) {
				Ok(fitness) => return Ok(Some(Evaluated { trial, fitness })),
				Err(_) if self.shared.stop.load(Ordering::Relaxed) => return Ok(None),
				Err(error) => {
					tracing::debug!(target: TARGET, "a process is replaced, and its candidate is evaluated again: {error:#}");
					self.retire();
					self.shared.replaced.fetch_add(1, Ordering::Relaxed);
				}
			}
		}
		let genes = &trial.genes;
		tracing::warn!(target: TARGET, ?genes, "{MOST_ATTEMPTS} processes have ended during one candidate, which is left out");
		Ok(Some(Evaluated { trial, fitness: u64::MAX }))
	}

	/// Returns the connection to the present process, or to a new one. `None` if the pool is dropped.
	fn connected(&mut self) -> Result<Option<&mut Connection>> {
		if self.connection.is_none() {
			let mut child = self.child.lock();
			// The pool sets this before it kills the processes.
			if self.shared.stop.load(Ordering::Relaxed) {
				return Ok(None);
			}
			let (started, connection) = self.shared.program.start()?;
			*child = Some(started);
			self.connection = Some(connection);
		}
		Ok(self.connection.as_mut())
	}

	/// Ends the present process.
	fn retire(&mut self) {
		self.connection = None;
		if let Some(mut child) = self.child.lock().take() {
			end(&mut child);
		}
	}
}

/// Ends a process, and waits for its end.
fn end(child: &mut Child) {
	if let Err(error) = child.kill().and_then(|()| child.wait()) {
		tracing::debug!(target: TARGET, %error, "a process could not be ended");
	}
}

/// Processes that evaluate trials. They end when it is dropped, and also when this process is killed.
pub struct Pool {
	/// Open until the pool is dropped.
	trials: Option<mpsc::Sender<Trial>>,
	results: mpsc::Receiver<Result<Evaluated>>,
	shared: Arc<Shared>,
	children: Vec<Arc<Mutex<Option<Child>>>>,
	threads: Vec<JoinHandle<()>>,
}

impl Pool {
	/// Returns a pool of `count` processes, which are started with their first trials.
	///
	/// # Errors
	///
	/// Errors if no thread can be started.
	pub fn start(program: &Program, count: usize) -> Result<Self> {
		let (sender, trials) = mpsc::channel();
		let (results, receiver) = mpsc::channel();
		let shared = Arc::new(Shared {
			program: program.clone(),
			trials: Mutex::new(trials),
			stop: AtomicBool::new(false),
			replaced: AtomicU64::new(0),
		});
		let mut pool =
			Self { trials: Some(sender), results: receiver, shared: shared.clone(), children: Vec::new(), threads: Vec::new() };
		for number in 0..count.max(1) {
			let child = Arc::new(Mutex::new(None));
			let worker = Worker { shared: shared.clone(), child: child.clone(), connection: None };
			let results = results.clone();
			let thread = std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || worker.run(&results));
			pool.children.push(child);
			pool.threads.push(thread.context("cannot start a thread for a process")?);
		}
		Ok(pool)
	}

	/// Returns the number of processes.
	pub fn count(&self) -> usize {
		self.children.len()
	}

	/// Returns the number of processes that ended and were replaced.
	pub fn replaced(&self) -> u64 {
		self.shared.replaced.load(Ordering::Relaxed)
	}

	/// Evaluates trials, and hands each result to `take` as soon as it is there. Returns `false` if `stop` is set before the last one.
	///
	/// # Errors
	///
	/// Errors if `take` does, or if no process can be started.
	pub fn evaluate(&self, trials: Vec<Trial>, stop: &AtomicBool, mut take: impl FnMut(Evaluated) -> Result<()>) -> Result<bool> {
		let mut awaited = trials.len();
		for trial in trials {
			let sent = self.trials.as_ref().map(|sender| sender.send(trial));
			sent.transpose().map_err(|_| anyhow!("all threads of the pool have ended"))?;
		}
		while awaited > 0 {
			match self.results.recv_timeout(STOP_TICK) {
				Ok(result) => {
					take(result?)?;
					awaited -= 1;
				}
				Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => return Ok(false),
				Err(RecvTimeoutError::Timeout) => {}
				Err(RecvTimeoutError::Disconnected) => bail!("all threads of the pool have ended"),
			}
		}
		Ok(true)
	}
}

impl Drop for Pool {
	fn drop(&mut self) {
		self.shared.stop.store(true, Ordering::Relaxed);
		self.trials = None;
		for child in &self.children {
			// Its thread notices that the process has ended.
			if let Some(child) = child.lock().as_mut() {
				end(child);
			}
		}
		for thread in self.threads.drain(..) {
			if thread.join().is_err() {
				tracing::error!(target: TARGET, "a thread of the pool panicked");
			}
		}
	}
}

#[cfg(all(test, unix))]
mod tests {
	use super::*;

	/// Returns a shell that runs `script`.
	fn shell(script: &str) -> Program {
		Program { file: "/bin/sh".into(), arguments: vec!["-c".into(), script.into()] }
	}

	fn trials(count: i64) -> Vec<Trial> {
		(0..count).map(|gene| Trial::whole(vec![gene])).collect()
	}

	fn evaluate(pool: &Pool, count: i64) -> Vec<(i64, u64)> {
		let mut all = Vec::new();
		let is_whole = pool.evaluate(trials(count), &AtomicBool::new(false), |evaluated| {
			all.push((evaluated.trial.genes[0], evaluated.fitness));
			Ok(())
		});
		assert!(is_whole.unwrap());
		all.sort_unstable();
		all
	}

	/// Command that answers one trial.
	const ANSWER: &str = r#"read -r line && echo "${line%\}},\"fitness\":7}""#;

	#[test]
	fn a_process_that_ends_is_replaced_and_its_trial_is_given_again() {
		let expected: Vec<_> = (0..5).map(|gene| (gene, 7)).collect();
		let steady = Pool::start(&shell(&format!("while {ANSWER}; do :; done")), 2).unwrap();
		assert_eq!((evaluate(&steady, 5), steady.replaced()), (expected.clone(), 0));
		let once = Pool::start(&shell(ANSWER), 1).unwrap();
		assert_eq!((evaluate(&once, 5), once.replaced()), (expected, 4), "each one answers once");
	}

	#[test]
	fn a_trial_that_ends_every_process_is_left_out() {
		for script in ["exit 1", "read -r line; echo hello", "read -r line; echo '{\"genes\":[9],\"divisor\":1,\"fitness\":7}'"] {
			let pool = Pool::start(&shell(script), 1).unwrap();
			assert_eq!(evaluate(&pool, 1), [(0, u64::MAX)], "{script}");
			assert_eq!(pool.replaced(), MOST_ATTEMPTS as u64);
		}
	}

	#[test]
	fn a_pool_ends_processes_that_do_not_answer() {
		let pool = Pool::start(&shell("read -r line; exec sleep 3600"), 2).unwrap();
		let stopped = pool.evaluate(trials(4), &AtomicBool::new(true), |_| bail!("no process answers"));
		assert!(!stopped.unwrap());
		drop(pool);
	}

	#[test]
	fn a_program_that_cannot_be_started_is_an_error_with_its_file() {
		let none = Program { file: "/none/worker".into(), arguments: Vec::new() };
		let pool = Pool::start(&none, 1).unwrap();
		let error = pool.evaluate(trials(1), &AtomicBool::new(false), |_| Ok(())).unwrap_err();
		assert!(format!("{error:#}").contains("/none/worker"), "{error:#}");
	}
}
