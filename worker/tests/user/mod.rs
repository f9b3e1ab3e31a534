//! The worker as a user runs it in a folder, and random numbers for the files of the user.

#![allow(dead_code, reason = "each test binary uses its own part")]

use serde_json::Value;
use std::{
	path::Path,
	process::{Command, Output},
};

/// Returns what the worker prints.
pub fn worker(folder: &Path, args: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_doin-worker")).current_dir(folder).args(args).output().unwrap()
}

/// Returns the text of a command that succeeds.
pub fn fine(folder: &Path, args: &[&str]) -> String {
	let output = worker(folder, args);
	assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
	String::from_utf8(output.stdout).unwrap()
}

/// Returns the report in JSON of a command that succeeds.
pub fn json(folder: &Path, args: &[&str]) -> Value {
	serde_json::from_str(fine(folder, args).lines().last().unwrap()).unwrap()
}

/// Returns the remarks and the error of a command that fails: the last line begins with `error: `, with no panic, and nothing on
/// standard output.
pub fn refusal(folder: &Path, args: &[&str]) -> String {
	let output = worker(folder, args);
	let message = String::from_utf8(output.stderr).unwrap();
	assert_eq!(output.status.code(), Some(1), "{args:?}: {message}");
	let last = message.lines().last().unwrap_or_default();
	assert!(last.starts_with("error: ") && !message.contains("panicked"), "{args:?}: {message}");
	assert!(output.stdout.is_empty(), "{args:?}");
	message
}

/// Random numbers from 0 to below 1.
pub struct Random(pub u64);

impl Random {
	/// Returns the next number.
	pub fn next(&mut self) -> f64 {
		// Multiplier of Knuth's MMIX.
		self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		(self.0 >> 44) as f64 / f64::from(1 << 20)
	}
}
