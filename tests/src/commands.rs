//! Commands of the worker, as a user runs them.

use crate::{run, Node};
use anyhow::{ensure, Context, Result};
use serde_json::Value;
use std::{fmt::Write, fs, path::Path};

/// Returns an amount of a JSON answer, in plancks.
///
/// # Panics
/// Panics if the value is not an amount.
pub fn amount(value: &Value) -> u128 {
	value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("not an amount: {value}"))
}

/// Writes an hourly load with the season of a day and a trend, and returns its path.
///
/// # Errors
/// Errors if the file cannot be written.
pub fn load(folder: &Path) -> Result<String> {
	let mut text = String::from("time,load\n");
	for row in 0..1_000u32 {
		let day =
			[0, 3, 9, 16, 22, 27, 30, 31, 30, 27, 22, 16, 9, 3, 0, -3, -9, -16, -22, -27, -30, -27, -22, -9][row as usize % 24];
		writeln!(text, "{},{}", 1_927_000_800 + 3_600 * row, 500 + day * 4 + row as i32 * 7919 % 11)?;
	}
	let path = folder.join("load.csv");
	fs::write(&path, text)?;
	Ok(path.display().to_string())
}

/// Runs a command of the worker against `node`. Returns its JSON report.
///
/// # Errors
/// Errors if the command fails, or if it prints no JSON.
pub fn report(node: &Node, arguments: &[&str]) -> Result<Value> {
	let url = node.url();
	let output = run("doin-worker", &[arguments, &["--url", &url, "--json"]].concat())?;
	let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
	ensure!(output.status.success(), "{arguments:?} failed:\n{errors}");
	serde_json::from_str(text.lines().last().unwrap_or_default())
		.or_else(|_| serde_json::from_str(&text))
		.with_context(|| format!("{arguments:?} printed no JSON: {text}"))
}

/// Checks that a command fails, and that its error names all of `parts`.
///
/// # Errors
/// Errors if it succeeds, or if a part is missing.
pub fn refused(node: &Node, arguments: &[&str], parts: &[&str]) -> Result<()> {
	let output = run("doin-worker", &[arguments, &["--url", &node.url()]].concat())?;
	let message = String::from_utf8_lossy(&output.stderr);
	ensure!(!output.status.success(), "{arguments:?} was accepted");
	for part in parts {
		ensure!(message.contains(part), "`{part}` is missing in the error of {arguments:?}: {message}");
	}
	Ok(())
}
