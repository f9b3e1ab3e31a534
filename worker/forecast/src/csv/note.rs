//! Remarks on a file that a user should see beside the result.

use std::fmt;

/// Remark on how a file was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
	/// Property of the file that was found out, e.g. its delimiter.
	Info(String),
	/// Probable fault of the data.
	Warning(String),
}

impl fmt::Display for Note {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Info(text) => write!(f, "note: {text}"),
			Self::Warning(text) => write!(f, "warning: {text}"),
		}
	}
}
