//! Programs of tolerance domains, over the envelope of [`doin_plugin`].
//!
//! | message | params | result |
//! |---|---|---|
//! | `initialize` | `version`, `kind`: `evaluator` | `{"version":1}` |
//! | `evaluate` | `model`: bytes in hexadecimal, empty for the initial champion; `chunks`: their numbers | `{"sums":[…]}`, one per chunk |
//! | `train` | `genes`: a table of whole numbers | `{"model":"0x…"}` |
//!
//! The chain names a program by its hash. The worker runs the file that its own configuration lists for that hash, after it has compared
//! the hash of the file, and nothing else. A program runs in a process of its own, off the threads for deadlines, so one that hangs
//! delays its own domains only. One that is late, ends, or writes something else than answers is killed and started again, after a pause
//! that doubles with each failure in a row.

mod answer;
mod fault;
#[cfg(test)]
mod tests;

pub use fault::ProgramFault;

use crate::config::ProgramConfig;
use doin_plugin::{envelope::EnvelopeError, Dialogue, Fault, Limits, VERSION};
use doin_primitives::{blake2_256, Hash};
use parking_lot::Mutex;
use serde_json::{json, Value};
use std::{
	collections::BTreeMap,
	fs,
	path::PathBuf,
	sync::{atomic::AtomicBool, Arc},
	time::{Duration, Instant},
};

/// Target of log events.
const TARGET: &str = "doin::program";
/// Pause before a program is started again after a failure; each further one in a row is twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Longest line of a program of the user, which may hold the state of a search.
const LINE: u64 = 16 << 20;
/// Most that a program writes to the log, bytes a minute.
const LOG: u64 = 64 << 10;
/// Most processor time of each process of a program, after which it is started again.
const CPU_SECONDS: u64 = 24 * 3_600;
/// Most files that a program has open.
const OPEN_FILES: u64 = 256;
/// Greatest size of a file that a program writes, bytes.
const FILE: u64 = 1 << 30;
/// Answers of a program that are kept at most.
const MOST_KNOWN: usize = 64;

/// Returns the limits of a program of the user that has `memory_mb` MiB and may write to `folder`.
pub(crate) fn limits(memory_mb: u64, folder: Option<PathBuf>) -> Limits {
	Limits {
		line: LINE,
		log: Some(LOG),
		memory: Some(memory_mb.saturating_mul(1 << 20)),
		cpu_seconds: Some(CPU_SECONDS),
		open_files: Some(OPEN_FILES),
		file: Some(FILE),
		writable: Some(folder.into_iter().collect()),
	}
}

/// Programs that the configuration lists, by hash.
#[derive(Clone, Debug, Default)]
pub struct Programs(BTreeMap<Hash, Arc<UserProgram>>);

impl Programs {
	/// Returns the programs of a configuration. None of them is started.
	pub fn new(configs: &[ProgramConfig]) -> Self {
		Self(configs.iter().map(|config| (config.hash.0, Arc::new(UserProgram::new(config.clone())))).collect())
	}

	/// Returns the program with this hash, if the configuration lists it.
	pub fn get(&self, code: &Hash) -> Option<Arc<UserProgram>> {
		self.0.get(code).cloned()
	}

	/// Returns `true` if the configuration lists the program with this hash.
	pub fn lists(&self, code: &Hash) -> bool {
		self.0.contains_key(code)
	}
}

/// Hash of a model, and chunks that it is evaluated on.
type Question = (Hash, Vec<u16>);

/// A program of tolerance domains. It is started when it is asked first, and answers one question at a time.
#[derive(Debug)]
pub struct UserProgram {
	config: ProgramConfig,
	state: Mutex<State>,
	/// Answers that are kept.
	known: Mutex<BTreeMap<Question, Vec<u32>>>,
}

/// Process of a program, and its failures.
#[derive(Debug, Default)]
struct State {
	/// The program, while it runs.
	dialogue: Option<Dialogue>,
	/// Failures in a row.
	failures: u32,
	/// Time from which the program is started again, and the last failure.
	pause: Option<(Instant, String)>,
	/// `true` once it was reported that the system does not confine the program.
	is_reported: bool,
}

impl UserProgram {
	/// Returns a program that is not started.
	pub fn new(config: ProgramConfig) -> Self {
		Self { config, state: Mutex::default(), known: Mutex::default() }
	}

	/// Returns the same program in a process of its own, so that a training does not delay an answer.
	pub fn apart(&self) -> Self {
		Self::new(self.config.clone())
	}

	/// Returns the error sums of `model` on chunks 0 to `chunks` − 1. Blocks until the program answers, is late, or `stop` is set.
	///
	/// # Errors
	///
	/// Errors if the file does not have its hash, and if the program fails or answers something else than such sums.
	pub fn evaluate(&self, model: &[u8], chunks: u16, stop: &AtomicBool) -> Result<Vec<u32>, ProgramFault> {
		self.evaluate_on(model, &(0..chunks).collect::<Vec<_>>(), stop)
	}

	/// Returns the error sums of `model` on `chunks`, in their order, and asks the program only if they are not among the answers that are
	/// kept: the sums of a model are the same for every round. Blocks as [`evaluate`](Self::evaluate) does.
	///
	/// # Errors
	///
	/// Errors as [`evaluate`](Self::evaluate) does.
	pub fn known_sums(&self, model: &[u8], chunks: &[u16], stop: &AtomicBool) -> Result<Vec<u32>, ProgramFault> {
		let question = (blake2_256(model), chunks.to_vec());
		if let Some(known) = self.known.lock().get(&question) {
			return Ok(known.clone());
		}
		let sums = self.evaluate_on(model, chunks, stop)?;
		let mut known = self.known.lock();
		if known.len() >= MOST_KNOWN {
			known.clear();
		}
		known.insert(question, sums.clone());
		Ok(sums)
	}

	fn evaluate_on(&self, model: &[u8], chunks: &[u16], stop: &AtomicBool) -> Result<Vec<u32>, ProgramFault> {
		let params = json!({ "model": answer::hexadecimal(model), "chunks": chunks });
		self.ask("evaluate", &params, stop, |result| answer::sums(result, chunks))
	}

	/// Returns the model that the program makes of genes. Blocks as [`evaluate`](Self::evaluate) does.
	///
	/// # Errors
	///
	/// Errors as [`evaluate`](Self::evaluate) does, and if the model is empty or has more than `most` bytes.
	pub fn train<'a>(
		&self,
		genes: impl Iterator<Item = (&'a str, i64)>,
		most: usize,
		stop: &AtomicBool,
	) -> Result<Vec<u8>, ProgramFault> {
		let genes: serde_json::Map<String, Value> = genes.map(|(name, value)| (name.to_owned(), value.into())).collect();
		self.ask("train", &json!({ "genes": genes }), stop, |result| answer::model(result, most))
	}

	/// Asks the program, which is started unless it runs. A program that fails is killed. One that has run before and has ended since, e.g.
	/// at its limit of processor time, is started again at once.
	fn ask<T>(
		&self,
		method: &str,
		params: &Value,
		stop: &AtomicBool,
		read: impl Fn(&Value) -> Result<T, String>,
	) -> Result<T, ProgramFault> {
		let mut state = self.state.lock();
		if let Some((until, reason)) = state.pause.as_ref().filter(|(until, _)| Instant::now() < *until) {
			let seconds = until.saturating_duration_since(Instant::now()).as_secs().saturating_add(1);
			return Err(ProgramFault::Paused { seconds, reason: reason.clone() });
		}
		let has_ended = state.dialogue.as_mut().is_some_and(|dialogue| !dialogue.is_running());
		if has_ended {
			state.dialogue = None;
		}
		let outcome = self.attempt(&mut state, method, params, stop, read);
		match &outcome {
			Ok(_) => (state.failures, state.pause) = (0, None),
			Err(fault) if fault.is_stop() => {}
			Err(fault) => {
				let pause = PAUSE.saturating_mul(1u32.checked_shl(state.failures).unwrap_or(u32::MAX)).min(LONGEST_PAUSE);
				state.failures = state.failures.saturating_add(1);
				state.pause = Some((Instant::now() + pause, fault.to_string()));
			}
		}
		outcome
	}

	/// Asks the program once.
	fn attempt<T>(
		&self,
		state: &mut State,
		method: &str,
		params: &Value,
		stop: &AtomicBool,
		read: impl Fn(&Value) -> Result<T, String>,
	) -> Result<T, ProgramFault> {
		let mut dialogue = match state.dialogue.take() {
			Some(running) => running,
			None => self.start(&mut state.is_reported, stop)?,
		};
		match dialogue.ask(method, params, stop) {
			Ok(result) => {
				let read = read(&result).map_err(|reason| ProgramFault::Answer { name: dialogue.name().to_owned(), reason })?;
				state.dialogue = Some(dialogue);
				Ok(read)
			}
			Err(fault) => {
				// A program that reports an error works.
				if matches!(fault, Fault::Envelope { reason: EnvelopeError::Reported { .. }, .. }) {
					state.dialogue = Some(dialogue);
				}
				Err(fault.into())
			}
		}
	}

	/// Starts the program, after its file was compared with its hash.
	fn start(&self, is_reported: &mut bool, stop: &AtomicBool) -> Result<Dialogue, ProgramFault> {
		let ProgramConfig { hash, file, command, timeout, memory_mb, folder } = &self.config;
		let bytes = fs::read(file).map_err(|error| ProgramFault::File { path: file.clone(), cause: error.to_string() })?;
		let found = blake2_256(&bytes);
		if found != hash.0 {
			let (found, expected) = (answer::hexadecimal(&found), answer::hexadecimal(&hash.0));
			return Err(ProgramFault::OtherFile { path: file.clone(), found, expected });
		}
		let command: Vec<String> = command.iter().cloned().chain([file.to_string_lossy().into_owned()]).collect();
		let opening = json!({ "version": VERSION, "kind": "evaluator" });
		let limits = limits(*memory_mb, folder.clone());
		let dialogue = Dialogue::start(&command, opening, &limits, Duration::from_secs(*timeout), stop)?;
		if !dialogue.is_confined() && !std::mem::replace(is_reported, true) {
			let name = dialogue.name();
			tracing::warn!(target: TARGET, "program `{name}` can write wherever the worker can, since this system has no Landlock");
		}
		tracing::info!(target: TARGET, program = dialogue.name(), "program started");
		Ok(dialogue)
	}
}
