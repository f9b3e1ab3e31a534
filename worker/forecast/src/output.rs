//! Files that a command writes: checked before a long computation, and replaced as a whole after it.

use anyhow::{ensure, Context, Result};
use std::{
	io::{self, Write},
	path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Checks that a file can be written at `path`, which `option` names, and that it is none of the files `kept`. Nothing is left
/// behind.
///
/// # Errors
///
/// Errors if the path is that of a folder, a device or one of the files `kept`, if its folder does not exist, or if the folder
/// cannot be written to.
pub fn check_output(path: &Path, option: &str, kept: &[&Path]) -> Result<()> {
	let shown = path.display();
	ensure!(path.file_name().is_some(), "{option} {shown}: this is a folder. Name a file in it");
	if let Ok(existing) = std::fs::metadata(path) {
		ensure!(
			!existing.is_dir(),
			"{option} {shown}: this is a folder. Name a file in it, e.g. {}",
			path.join("model.doin").display()
		);
		ensure!(existing.is_file(), "{option} {shown}: this is a device or a pipe, which a file would replace. Name a file");
		let same = |kept: &Path| matches!((kept.canonicalize(), path.canonicalize()), (Ok(kept), Ok(path)) if kept == path);
		if let Some(kept) = kept.iter().find(|kept| same(kept)) {
			anyhow::bail!("{option} {shown}: this would replace {}, which the command reads. Name another file", kept.display());
		}
	}
	let folder = folder_of(path);
	let there = folder.display();
	ensure!(folder.exists(), "{option} {shown}: the folder {there} does not exist. Create it first");
	ensure!(folder.is_dir(), "{option} {shown}: {there} is not a folder. Name a file in an existing one");
	tempfile::tempfile_in(&folder)
		.map(drop)
		.with_context(|| format!("{option} {shown}: cannot write to the folder {there}. Choose a folder that you may write to"))
}

/// Replaces a file atomically: a crash leaves the old contents or the new ones.
///
/// # Errors
///
/// Errors if the folder does not exist or cannot be written to.
pub fn replace_file(path: &Path, contents: &[u8]) -> io::Result<()> {
	let folder = folder_of(path);
	let mut builder = tempfile::Builder::new();
	#[cfg(unix)]
	{
		use std::os::unix::fs::PermissionsExt;
		// The usual mode of files; the process's umask applies.
		builder.permissions(std::fs::Permissions::from_mode(0o666));
	}
	let mut file: NamedTempFile = builder.tempfile_in(&folder)?;
	file.write_all(contents)?;
	file.as_file().sync_all()?;
	file.persist(path)?;
	// The name of the file is on the disk once its folder is.
	#[cfg(unix)]
	std::fs::File::open(folder)?.sync_all()?;
	Ok(())
}

/// Returns the folder of a file.
fn folder_of(path: &Path) -> PathBuf {
	path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn refusal(path: &Path, kept: &[&Path]) -> String {
		format!("{:#}", check_output(path, "--out", kept).unwrap_err())
	}

	#[test]
	fn k23_a_path_that_cannot_be_written_is_reported_before_training() {
		let folder = tempfile::tempdir().unwrap();
		let folder = folder.path();
		let file = folder.join("m.doin");
		check_output(&file, "--out", &[]).unwrap();
		assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "nothing is left behind");
		assert!(
			refusal(folder, &[]).contains("this is a folder. Name a file in it, e.g. ")
				&& refusal(folder, &[]).ends_with("model.doin")
		);
		assert!(refusal(&folder.join("none").join("m.doin"), &[]).contains("does not exist. Create it first"));
		std::fs::write(&file, "data").unwrap();
		check_output(&file, "--out", &[&folder.join("other.csv")]).unwrap();
		assert!(refusal(&file, &[&folder.join(".").join("m.doin")]).contains("which the command reads"));
		assert!(refusal(&file.join("m.doin"), &[]).contains("is not a folder"));
		assert_eq!(std::fs::read(&file).unwrap(), b"data");
	}

	#[cfg(unix)]
	#[test]
	fn k23_folders_without_permission_and_devices_are_refused() {
		use std::os::unix::fs::PermissionsExt;
		assert!(refusal(Path::new("/dev/null"), &[]).contains("device or a pipe"));
		let folder = tempfile::tempdir().unwrap();
		std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
		let path = folder.path().join("m.doin");
		// Root writes to any folder.
		match std::fs::write(&path, "x") {
			Ok(()) => check_output(&path, "--out", &[]).unwrap(),
			Err(_) => assert!(refusal(&path, &[]).contains("cannot write to the folder")),
		}
	}
}
