//! Packages of npm, for tests that run in Node.js.

use crate::executable;
use anyhow::{ensure, Context, Result};
use std::{
	ffi::OsStr,
	fs,
	path::{Path, PathBuf},
	process::Command,
	sync::{Mutex, PoisonError},
};

/// Cure of a missing program.
pub const CURE: &str = "run scripts/setup.sh, which installs Chromium, Node.js, npm and Python";
/// Folders of packages and of generated files, which a copy leaves out.
const GENERATED: [&str; 4] = ["node_modules", "build", "dist", "descriptors"];

/// Returns the folder of compiled files.
///
/// # Errors
/// Errors if the node was not built.
pub fn target() -> Result<PathBuf> {
	let node = executable("doin-node")?;
	node.ancestors().nth(2).map(Path::to_path_buf).context("a test executable lies in <target>/<profile>/deps")
}

/// Copies the files of `source` to `<target>/<name>`, installs the packages of its `package-lock.json` there, and returns that folder.
/// Packages are installed once per lock file, and their scripts are not run.
///
/// # Errors
/// Errors if a file cannot be copied, if npm is missing, or if it cannot install the packages.
pub fn installed(source: &Path, name: &str) -> Result<PathBuf> {
	static LOCK: Mutex<()> = Mutex::new(());
	let _guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);

	let folder = target()?.join(name);
	copy(source, &folder)?;
	let (lock, stamp) = (fs::read(folder.join("package-lock.json"))?, folder.join("node_modules/.installed"));
	if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
		return Ok(folder);
	}
	run(&folder, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"], &[]).with_context(|| {
		let lock = source.join("package-lock.json");
		format!("npm cannot install the packages of {} (it needs a connection to the registry once)", lock.display())
	})?;
	fs::write(stamp, lock)?;
	Ok(folder)
}

/// Runs a program in `folder` to its end, with these variables in its environment, and returns what it printed.
///
/// # Errors
/// Errors if the program is missing, and with all that it printed if its exit status is a failure.
pub fn run(folder: &Path, program: &str, arguments: &[&str], environment: &[(&str, &OsStr)]) -> Result<String> {
	let output = Command::new(program).args(arguments).envs(environment.iter().copied()).current_dir(folder).output();
	let output = output.with_context(|| format!("{program} cannot be started: {CURE}"))?;
	let printed = String::from_utf8_lossy(&output.stdout).into_owned();
	ensure!(
		output.status.success(),
		"{program} {} ended with {}:\n{printed}\n{}",
		arguments.join(" "),
		output.status,
		String::from_utf8_lossy(&output.stderr)
	);
	Ok(printed)
}

/// Copies a folder without packages and generated files.
pub(crate) fn copy(source: &Path, folder: &Path) -> Result<()> {
	fs::create_dir_all(folder)?;
	let entries = fs::read_dir(source).with_context(|| format!("reading {}", source.display()))?;
	for entry in entries {
		let entry = entry?;
		let (from, to) = (entry.path(), folder.join(entry.file_name()));
		if !entry.file_type()?.is_dir() {
			fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
		} else if !GENERATED.iter().any(|name| entry.file_name() == *name) {
			copy(&from, &to)?;
		}
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_copy_leaves_out_packages_and_generated_files() -> Result<()> {
		let (source, copied) = (tempfile::tempdir()?, tempfile::tempdir()?);
		for (folder, file) in [("a/b", "kept.json"), ("node_modules/x", "left.js"), ("a/dist", "left.js")] {
			fs::create_dir_all(source.path().join(folder))?;
			fs::write(source.path().join(folder).join(file), "text")?;
		}
		copy(source.path(), copied.path())?;
		assert_eq!(fs::read_to_string(copied.path().join("a/b/kept.json"))?, "text");
		assert!(!copied.path().join("node_modules").exists() && !copied.path().join("a/dist").exists());
		Ok(())
	}

	#[test]
	fn a_program_that_fails_is_an_error_with_its_output() {
		let error = run(Path::new("/"), "sh", &["-c", "echo printed; echo complained >&2; exit 3"], &[]).unwrap_err().to_string();
		assert!(error.contains("printed") && error.contains("complained") && error.contains('3'), "{error}");
		let missing = run(Path::new("/"), "no-such-program", &[], &[]).unwrap_err().to_string();
		assert!(missing.contains("scripts/setup.sh"), "{missing}");
	}
}
