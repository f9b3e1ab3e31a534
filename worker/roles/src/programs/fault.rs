//! Faults of programs of tolerance domains.

use doin_plugin::{Fault, ProcessError};
use std::path::PathBuf;

/// Reason for which a program of a tolerance domain has not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramFault {
	/// Its file cannot be read.
	#[error("the program {path} cannot be read ({cause}): correct `file` in its entry of `programs`")]
	File {
		/// The file.
		path: PathBuf,
		/// Error of the system.
		cause: String,
	},
	/// Its file is another one than that of the domain.
	#[error(
		"the program {path} has the hash {found}, and its entry of `programs` {expected}: it was changed, or is that of another domain. \
		 Nothing is started; get the file of the domain, or correct `hash`"
	)]
	OtherFile {
		/// The file.
		path: PathBuf,
		/// Its hash, in hexadecimal.
		found: String,
		/// Hash of the configuration, in hexadecimal.
		expected: String,
	},
	/// It runs no longer, is late, or writes something else than answers.
	#[error(transparent)]
	Program(#[from] Fault),
	/// Its answer is not one to the question.
	#[error("program `{name}`: {reason}")]
	Answer {
		/// Name of the program.
		name: String,
		/// The reason, and the next step.
		reason: String,
	},
	/// It has failed, and is not started yet.
	#[error("{reason}. It is started again in {seconds} s")]
	Paused {
		/// Seconds until it can be started.
		seconds: u64,
		/// Last failure.
		reason: String,
	},
}

impl ProgramFault {
	/// Returns `true` if the worker itself has stopped the program.
	pub fn is_stop(&self) -> bool {
		matches!(self, Self::Program(Fault::Process { reason: ProcessError::Stopped, .. }))
	}
}
