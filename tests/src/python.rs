//! Packages of PyPI, for tests that run in Python.

use crate::npm::{run, target};
use anyhow::{Context, Result};
use std::{
	fs,
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
};

/// Longest time of an installation, in seconds.
const LIMIT: &str = "600";

/// Installs the packages of a file of requirements into the environment `<target>/<name>`, once per content of the file, and returns the
/// path of its interpreter.
///
/// # Errors
/// Errors if Python or its module `venv` is missing, or if the packages cannot be installed in time.
pub fn installed(requirements: &Path, name: &str) -> Result<PathBuf> {
	static LOCK: Mutex<()> = Mutex::new(());
	let _guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);

	let folder = target()?.join(name);
	let (wanted, stamp) = (fs::read(requirements)?, folder.join(".installed"));
	let python = folder.join("bin/python");
	if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
		return Ok(python);
	}
	fs::create_dir_all(&folder)?;
	let path = folder.display().to_string();
	run(&folder, "timeout", &[LIMIT, "python3", "-m", "venv", "--clear", &path], &[])?;
	let (pip, file) = (python.display().to_string(), requirements.display().to_string());
	run(
		&folder,
		"timeout",
		&[LIMIT, &pip, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--requirement", &file],
		&[],
	)
	.with_context(|| format!("pip cannot install the packages of {file} (it needs a connection to the registry once)"))?;
	fs::write(stamp, wanted)?;
	Ok(python)
}
