//! Packages of PyPI and of this repository, for tests that run in Python.

use crate::npm::{copy, run, target};
use anyhow::{Context, Result};
use std::{
	fs,
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
};

/// Longest time of an installation, in seconds.
const LIMIT: &str = "600";
/// Folder of the package for plug-ins in the repository.
const PACKAGE: &str = "worker/plugins/python";
/// Lock of the environments, which tests of one process share.
static LOCK: Mutex<()> = Mutex::new(());

/// Installs the packages of a file of requirements into the environment `<target>/<name>`, once per content of the file, and returns the
/// path of its interpreter.
///
/// # Errors
/// Errors if Python or its module `venv` is missing, or if the packages cannot be installed in time.
pub fn installed(requirements: &Path, name: &str) -> Result<PathBuf> {
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

/// Runs the documented `commands` that install the package for plug-ins from a checkout, once per content of commands and package. They run
/// in `<target>/<name>`, where the package is copied to the place that it has in a checkout, and this folder is returned.
///
/// # Errors
/// Errors if the package cannot be copied, or if a command fails or takes too long.
pub fn installed_by(commands: &str, name: &str) -> Result<PathBuf> {
	let _guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);

	let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PACKAGE);
	let folder = target()?.join(name);
	let (mut wanted, stamp) = (commands.as_bytes().to_vec(), folder.join(".installed"));
	for file in ["pyproject.toml", "README.md"] {
		wanted.extend(fs::read(package.join(file))?);
	}
	let mut modules: Vec<PathBuf> = Vec::new();
	for entry in fs::read_dir(package.join("src/doin_plugin"))? {
		let entry = entry?;
		if entry.file_type()?.is_file() {
			modules.push(entry.path());
		}
	}
	modules.sort();
	for module in modules {
		wanted.extend(fs::read(module)?);
	}
	if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
		return Ok(folder);
	}
	if folder.exists() {
		fs::remove_dir_all(&folder)?;
	}
	copy(&package, &folder.join(PACKAGE))?;
	run(&folder, "timeout", &[LIMIT, "sh", "-ec", commands], &[])
		.with_context(|| format!("{commands} fails (it needs a connection to the registry once)"))?;
	fs::write(stamp, wanted)?;
	Ok(folder)
}
