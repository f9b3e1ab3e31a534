//! A program that is asked, and started again where it has failed.

use super::{found::Known, PluginConfig, TARGET};
use crate::SearchError;
use doin_plugin::{envelope::METHOD_NOT_FOUND, shown, Dialogue, Fault, VERSION};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::{
	iter::once,
	sync::atomic::{AtomicBool, Ordering},
	thread,
	time::{Duration, Instant},
};

/// Failures in a row after which a program is not started again.
pub(super) const MOST_FAILURES: u32 = 5;
/// Answers after which a program that has failed counts as one that works.
const PROVEN: usize = 64;
/// Messages after which a checkpoint takes their place.
const MOST_CALLS: usize = 1_024;
/// Time after which a pausing search looks whether it is stopped.
const TICK: Duration = Duration::from_millis(50);

/// A message to a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Call {
	method: String,
	params: Value,
	/// `true` for a message that has no answer.
	is_notification: bool,
}

impl Call {
	/// Returns a message that is answered.
	pub(super) fn question(method: &str, params: Value) -> Self {
		Self { method: method.into(), params, is_notification: false }
	}

	/// Returns a message that is not answered.
	pub(super) fn notification(method: &str, params: Value) -> Self {
		Self { method: method.into(), params, is_notification: true }
	}

	/// Sends the message, and waits for its answer if it has one.
	fn send(&self, dialogue: &mut Dialogue, stop: &AtomicBool) -> Result<(), Fault> {
		if self.is_notification {
			dialogue.notify(&self.method, &self.params);
			return Ok(());
		}
		dialogue.ask(&self.method, &self.params, stop).map(|_| ())
	}
}

/// A program that is asked, and started again where it has failed.
#[derive(Debug)]
pub(super) struct Talk {
	config: PluginConfig,
	/// Params of `configure`.
	configuration: Value,
	/// The program, while it runs.
	dialogue: Option<Dialogue>,
	/// State that the program has answered last; `None` if it has no checkpoints.
	program: Option<Value>,
	/// Messages since then.
	calls: Vec<Call>,
	/// Failures in a row.
	failures: u32,
	/// Answers since the last failure.
	answers: usize,
	/// Reason of the last failure.
	reason: String,
}

impl Talk {
	/// Returns a program that was not started yet.
	pub(super) fn new(config: PluginConfig, configuration: Value) -> Self {
		let (calls, reason) = (Vec::new(), String::new());
		Self { config, configuration, dialogue: None, program: None, calls, failures: 0, answers: 0, reason }
	}

	/// Returns the same program before its start, with the state `program` and the messages since then.
	pub(super) fn anew(&self, program: Option<Value>, calls: Vec<Call>) -> Self {
		Self { program, calls, ..Self::new(self.config.clone(), self.configuration.clone()) }
	}

	/// Starts the program.
	///
	/// # Errors
	/// Errors if it cannot be started, or refuses its configuration or state.
	pub(super) fn start(&mut self, known: &Known<'_>) -> Result<(), SearchError> {
		let dialogue = self.started(known).map_err(|fault| SearchError::Program { reason: fault.to_string() })?;
		if self.config.limits.writable.is_some() && !dialogue.is_confined() {
			let name = dialogue.name();
			tracing::warn!(target: TARGET, "program `{name}` can write wherever the worker can, since this system has no Landlock");
		}
		self.dialogue = Some(dialogue);
		Ok(())
	}

	/// Starts the program with its last state and the messages since then, or with everything that was found.
	fn started(&mut self, known: &Known<'_>) -> Result<Dialogue, Fault> {
		let PluginConfig { command, limits, patience, stop, .. } = &self.config;
		let opening = json!({ "version": VERSION, "kind": "optimizer" });
		let mut dialogue = Dialogue::start(command, opening, limits, *patience, stop)?;
		dialogue.ask("configure", &self.configuration, stop)?;
		if let Some(state) = &self.program {
			dialogue.ask("restore", json!({ "state": state }), stop)?;
			self.calls.iter().try_for_each(|call| call.send(&mut dialogue, stop))?;
			return Ok(dialogue);
		}
		let program = checkpoint_of(&mut dialogue, stop)?;
		let begin = Call::notification("on_generation_start", json!({ "generation": 0 }));
		let mut calls = Vec::new();
		for call in once(begin).chain(known.calls()) {
			call.send(&mut dialogue, stop)?;
			if program.is_some() {
				calls.push(call);
			}
		}
		(self.program, self.calls) = (program, calls);
		Ok(dialogue)
	}

	/// Asks the program, which is started unless it runs. One that fails is started again, at most [`MOST_FAILURES`] times in a row.
	/// `None` if the search is stopped.
	///
	/// # Errors
	/// Errors if the program has failed for good.
	pub(super) fn call<T>(
		&mut self,
		call: Call,
		known: &Known<'_>,
		read: impl Fn(Value) -> Result<T, String>,
	) -> Result<Option<T>, SearchError> {
		loop {
			if self.failures > MOST_FAILURES {
				let reason = &self.reason;
				return Err(SearchError::Program {
					reason: format!(
						"{reason}. It has failed {} times in a row, and is not started again: correct it and start the worker again, which \
						 goes on with its last checkpoint",
						self.failures
					),
				});
			}
			match self.attempt(&call, known, &read) {
				Ok(answer) => {
					self.answers += 1;
					if self.answers >= PROVEN {
						self.failures = 0;
					}
					self.note(call);
					return Ok(Some(answer));
				}
				Err(_) if self.config.stop.load(Ordering::Relaxed) => return Ok(None),
				Err(reason) => self.failed(reason),
			}
		}
	}

	/// Asks the program once. One that fails is killed.
	fn attempt<T>(&mut self, call: &Call, known: &Known<'_>, read: impl Fn(Value) -> Result<T, String>) -> Result<T, String> {
		let running = self.dialogue.take();
		let mut dialogue = match running {
			Some(running) => running,
			None => self.started(known).map_err(|fault| fault.to_string())?,
		};
		let answer = dialogue.ask(&call.method, &call.params, &self.config.stop).map_err(|fault| fault.to_string())?;
		let answer = read(answer).map_err(|reason| format!("program `{}`: {reason}", dialogue.name()))?;
		self.dialogue = Some(dialogue);
		Ok(answer)
	}

	/// Counts a failure, and waits before the next start.
	fn failed(&mut self, reason: String) {
		(self.answers, self.failures) = (0, self.failures + 1);
		if self.failures <= MOST_FAILURES {
			let how = if self.program.is_some() { "its last checkpoint" } else { "everything that was found" };
			let failures = self.failures;
			tracing::warn!(target: TARGET, failures, "{reason}. The search pauses, and the program is started again with {how}");
			let doubled = self.failures.checked_sub(2).map_or(0u32, |further| 1 << further);
			self.wait(self.config.pause * doubled);
		}
		self.reason = reason;
	}

	/// Waits, unless the search is stopped.
	fn wait(&self, pause: Duration) {
		let started = Instant::now();
		while started.elapsed() < pause && !self.config.stop.load(Ordering::Relaxed) {
			thread::sleep(TICK.min(pause.saturating_sub(started.elapsed())));
		}
	}

	/// Keeps a message for the next start, if the program has checkpoints.
	fn note(&mut self, call: Call) {
		if self.program.is_some() {
			self.calls.push(call);
			if self.calls.len() >= MOST_CALLS {
				self.update();
			}
		}
	}

	/// Sends the program a message that it does not answer.
	pub(super) fn notify(&mut self, call: Call) {
		if let Some(dialogue) = &self.dialogue {
			dialogue.notify(&call.method, &call.params);
		}
		self.note(call);
	}

	/// Asks a program that has checkpoints for its state, which takes the place of the messages before it.
	fn update(&mut self) {
		if self.program.is_none() || self.calls.is_empty() {
			return;
		}
		let Some(mut dialogue) = self.dialogue.take() else { return };
		match checkpoint_of(&mut dialogue, &self.config.stop) {
			Ok(program) => {
				(self.program, self.dialogue) = (program, Some(dialogue));
				self.calls.clear();
			}
			Err(_) if self.config.stop.load(Ordering::Relaxed) => {}
			// Its last state and the messages since then are kept.
			Err(fault) => self.failed(fault.to_string()),
		}
	}

	/// Returns the present state of the program, and the messages since then. There are some if it could not be asked.
	pub(super) fn state(&mut self) -> (Option<Value>, Vec<Call>) {
		self.update();
		(self.program.clone(), self.calls.clone())
	}

	/// Kills the program. Returns the error with its name and `reason`.
	pub(super) fn cut_off(&mut self, reason: &str) -> SearchError {
		self.dialogue = None;
		SearchError::Program { reason: format!("program `{}`: {reason}", shown(&self.config.command)) }
	}
}

/// Returns the state that a program answers; `None` if it has no checkpoints.
fn checkpoint_of(dialogue: &mut Dialogue, stop: &AtomicBool) -> Result<Option<Value>, Fault> {
	match dialogue.ask("checkpoint", json!({}), stop) {
		Ok(mut answer) => Ok(answer.get_mut("state").map(Value::take).filter(|state| !state.is_null())),
		Err(fault) if fault.is_reported(METHOD_NOT_FOUND) => Ok(None),
		Err(fault) => Err(fault),
	}
}
