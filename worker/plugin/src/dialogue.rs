//! Questions to a program, and their answers.

use crate::{
	envelope::{check_version, notification, request, result_of, EnvelopeError, INITIALIZE},
	limits::Limits,
	process::{ProcessError, Program},
};
use serde::Serialize;
use serde_json::Value;
use std::{sync::atomic::AtomicBool, time::Duration};

/// Characters of a command that an error shows.
const SHOWN: usize = 60;

/// Reason for which a program has not answered a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
	/// The program runs no longer, is late, or is stopped.
	#[error("program `{name}`: {reason}")]
	Process {
		/// Name of the program.
		name: String,
		/// Reason for which it gives no line.
		reason: ProcessError,
	},
	/// A line of the program is not an answer, or an error.
	#[error("program `{name}`: {reason}")]
	Envelope {
		/// Name of the program.
		name: String,
		/// Reason for which its line is not the result.
		reason: EnvelopeError,
	},
}

impl Fault {
	/// Returns `true` if the program has reported the error `code`.
	pub fn is_reported(&self, code: i64) -> bool {
		matches!(self, Self::Envelope { reason: EnvelopeError::Reported { code: found, .. }, .. } if *found == code)
	}
}

/// A program that runs and answers questions, one at a time. It is killed when it is dropped.
#[derive(Debug)]
pub struct Dialogue {
	name: String,
	program: Program,
	/// Identifier of the last message.
	last: u64,
	patience: Duration,
}

impl Dialogue {
	/// Starts a program, and asks it for the version of the protocol with the params `opening`. It has `patience` for each answer.
	///
	/// # Errors
	///
	/// Errors if the program cannot be started, does not answer, or speaks another version.
	pub fn start(
		command: &[String],
		opening: impl Serialize,
		limits: &Limits,
		patience: Duration,
		stop: &AtomicBool,
	) -> Result<Self, Fault> {
		let name = shown(command);
		let program = Program::start(command, limits).map_err(|reason| Fault::Process { name: name.clone(), reason })?;
		let mut dialogue = Self { name, program, last: 0, patience };
		let result = dialogue.ask(INITIALIZE, opening, stop)?;
		check_version(&result).map_err(|reason| Fault::Envelope { name: dialogue.name.clone(), reason })?;
		Ok(dialogue)
	}

	/// Sends a message, and returns the result of its answer.
	///
	/// # Errors
	///
	/// Errors if there is no answer in time, if it is not one to this message, or if it is an error.
	pub fn ask(&mut self, method: &str, params: impl Serialize, stop: &AtomicBool) -> Result<Value, Fault> {
		self.last += 1;
		self.program.write(request(self.last, method, params));
		let line = self.program.read(self.patience, stop);
		let line = line.map_err(|reason| Fault::Process { name: self.name.clone(), reason })?;
		result_of(&line, self.last).map_err(|reason| Fault::Envelope { name: self.name.clone(), reason })
	}

	/// Sends a message that has no answer.
	pub fn notify(&self, method: &str, params: impl Serialize) {
		self.program.write(notification(method, params));
	}

	/// Returns the beginning of the command of the program.
	pub fn name(&self) -> &str {
		&self.name
	}

	/// Returns `true` if the system keeps the program from writing files outside the folders that its limits name.
	pub fn is_confined(&self) -> bool {
		self.program.is_confined()
	}

	/// Returns `false` once the program has ended.
	pub fn is_running(&mut self) -> bool {
		self.program.is_running()
	}
}

/// Returns the beginning of a command as text.
pub fn shown(command: &[String]) -> String {
	let text = command.join(" ");
	match text.chars().count() > SHOWN {
		true => text.chars().take(SHOWN).chain(['…']).collect(),
		false => text,
	}
}
