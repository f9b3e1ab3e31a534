//! Programs of tolerance domains that a worker runs.

use super::{file::LONGEST_TIMEOUT, ProgramHash};
use crate::home::{expand_home, is_in_home};
use anyhow::{ensure, Context, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Least memory of a program, in MiB.
const LEAST_MEMORY_MB: u64 = 64;

/// A program of tolerance domains, which the evaluators and the optimizer of this worker run. The worker runs no program that is not listed
/// here, whatever a domain on the chain names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramConfig {
	/// blake2b-256 of the file, as the record of the domain has it: `b2sum -l 256 FILE`, with `0x` before it. A file with another hash is
	/// not started.
	pub hash: ProgramHash,
	/// File of the program. Read it before you list it: it runs with the rights of the worker.
	pub file: PathBuf,
	/// Command that runs the file, which becomes its last argument, e.g. `["python3"]`. The file itself is started without one.
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub command: Vec<String>,
	/// Seconds that the program has for an answer, i.e. for all chunks of one model, 1 to 3600; 300 by default.
	#[serde(default = "timeout")]
	pub timeout: u64,
	/// Most memory of each process of the program, in MiB, at least 64; 4096 by default.
	#[serde(default = "memory_mb")]
	pub memory_mb: u64,
	/// Folder that the program may write to, beside a temporary one, which `TMPDIR` names.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub folder: Option<PathBuf>,
}

/// Returns the default of `timeout`.
fn timeout() -> u64 {
	300
}

/// Returns the default of `memory_mb`.
fn memory_mb() -> u64 {
	4_096
}

impl ProgramConfig {
	/// Returns the settings of a program with the default limits.
	pub fn new(hash: [u8; 32], file: PathBuf, command: Vec<String>) -> Self {
		Self { hash: ProgramHash(hash), file, command, timeout: timeout(), memory_mb: memory_mb(), folder: None }
	}

	/// Makes relative paths start in `folder`, apart from those that start in the home folder. A command without a folder is looked for
	/// as a shell does.
	pub(super) fn resolve(&mut self, folder: &Path) {
		let from_folder = |path: &mut PathBuf| {
			if path.is_relative() && !is_in_home(path) {
				*path = folder.join(&*path);
			}
		};
		from_folder(&mut self.file);
		self.folder.iter_mut().for_each(from_folder);
		if let Some(name) = self.command.first_mut().filter(|name| name.contains('/')) {
			let mut path = PathBuf::from(&*name);
			from_folder(&mut path);
			*name = path.to_string_lossy().into_owned();
		}
	}

	/// Checks what the types cannot express, and expands paths. Whether the file has the hash is checked whenever it is started.
	///
	/// # Errors
	///
	/// Errors for values out of their range.
	pub(super) fn check(&mut self) -> Result<()> {
		self.file = expand_home(&self.file).context("`file` is invalid")?;
		if let Some(folder) = &mut self.folder {
			*folder = expand_home(folder).context("`folder` is invalid")?;
		}
		let timeouts = 1..=LONGEST_TIMEOUT;
		ensure!(timeouts.contains(&self.timeout), "`timeout` is {}: expected 1 to {LONGEST_TIMEOUT} seconds", self.timeout);
		let memory = self.memory_mb;
		ensure!(memory >= LEAST_MEMORY_MB, "`memory_mb` is {memory}: expected at least {LEAST_MEMORY_MB} MiB");
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn config() -> ProgramConfig {
		ProgramConfig::new([7; 32], "train.py".into(), vec!["python3".into()])
	}

	#[test]
	fn a_program_has_a_hash_and_a_file() {
		let text = format!("hash = \"0x{}\"\nfile = \"train.py\"\n", "07".repeat(32));
		let read: ProgramConfig = toml::from_str(&text).unwrap();
		assert_eq!(read, ProgramConfig { command: Vec::new(), ..config() });
		assert!(toml::from_str::<ProgramConfig>("file = \"train.py\"").unwrap_err().to_string().contains("hash"));
		let short = toml::from_str::<ProgramConfig>("hash = \"0x07\"\nfile = \"a\"").unwrap_err().to_string();
		assert!(short.contains("expected 0x and 64 hexadecimal digits"), "{short}");
	}

	#[test]
	fn paths_start_in_the_folder_of_the_file_and_numbers_have_ranges() {
		let mut named = ProgramConfig { folder: Some("data".into()), command: vec!["./run".into()], ..config() };
		named.resolve(Path::new("/etc/doin"));
		named.check().unwrap();
		assert_eq!(
			(named.file.as_path(), named.folder.as_deref()),
			(Path::new("/etc/doin/train.py"), Some(Path::new("/etc/doin/data")))
		);
		assert_eq!(named.command, ["/etc/doin/./run"]);
		let refusal = |mut config: ProgramConfig| format!("{:#}", config.check().unwrap_err());
		assert!(refusal(ProgramConfig { timeout: 0, ..config() }).contains("1 to 3600 seconds"));
		assert!(refusal(ProgramConfig { memory_mb: 1, ..config() }).contains("at least 64 MiB"));
	}
}
