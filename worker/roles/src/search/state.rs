//! State of a search between runs of the worker: a file beside the journal.
//!
//! The file is replaced as a whole, so that a crash at any moment leaves a complete one: the last or the one before. Everything that
//! was trained since then is trained again, with the same results.

use super::{archive::ArchiveFile, ExperimentId};
use crate::problem::Problem;
use anyhow::{Context, Result};
use codec::Encode;
use doin_chain::Account;
use doin_compute::OPERAND_BITS;
use doin_primitives::blake2_256;
use doin_search::Checkpoint;
use serde::{Deserialize, Serialize};
use std::{
	fs::{self, File},
	io::{ErrorKind, Write},
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// Time between two writes, as a multiple of the time that a write takes.
const PAUSE: u32 = 50;
/// Shortest time between two writes.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// State that a search goes on from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
	/// Seed of the search.
	pub seed: u64,
	/// Opened segments that its candidates were trained on.
	pub segments: u16,
	/// Fitness and genes of the best candidates.
	pub best: Vec<(u64, Vec<i64>)>,
	/// Identifier of the search; another one if the state is of a version without it.
	#[serde(default = "rand::random")]
	pub experiment: ExperimentId,
	/// Time that the search has run for, in milliseconds.
	#[serde(default)]
	pub millis: u64,
	/// Operand bits that dense nets are trained in, if not by their genes; 12 in a state of a version without it.
	#[serde(default = "default_bits")]
	pub bits: u8,
	/// State of the algorithm.
	pub search: Checkpoint,
}

fn default_bits() -> u8 {
	OPERAND_BITS
}

/// Content of the file.
#[derive(Serialize, Deserialize)]
struct Content {
	/// Hash of what fitness depends on: the domain and the limits of training data.
	basis: String,
	#[serde(flatten)]
	saved: Saved,
}

/// File with the state of the search of one account on one domain.
#[derive(Debug)]
pub(crate) struct StateFile {
	path: PathBuf,
	basis: String,
	/// Archive of all domains that belongs to the same journal.
	archive: ArchiveFile,
	/// Time from which the next write is due.
	due: Instant,
}

impl StateFile {
	/// Returns the file of `account` in the folder of searches that belongs to the journal `journal`. `memory` is the limit of training data
	/// in MiB.
	pub(crate) fn new(journal: &Path, problem: &Problem, account: Account, memory: Option<u64>) -> Self {
		let mut folder = journal.as_os_str().to_owned();
		folder.push(".searches");
		let name = format!("{}-{}.json", problem.id, hex::encode(&account.0[..8]));
		let basis = hex::encode(blake2_256(&(&problem.spec, memory).encode()));
		let (path, archive) = (PathBuf::from(folder).join(name), ArchiveFile::new(journal));
		Self { path, basis, archive, due: Instant::now() }
	}

	/// Returns the path of the file.
	#[cfg(test)]
	pub(super) fn path(&self) -> &Path {
		&self.path
	}

	/// Returns the archive of domains that belongs to the same journal.
	pub(super) fn archive(&self) -> &ArchiveFile {
		&self.archive
	}

	/// Returns the state that was written last. `None` if there is none. A state of another domain or of another version of this program
	/// is moved aside, which is logged.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read.
	pub(super) fn read(&self) -> Result<Option<Saved>> {
		let text = match fs::read(&self.path) {
			Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
			read => read.with_context(|| format!("cannot read the state of a search, {}", self.path.display()))?,
		};
		let reason = match serde_json::from_slice::<Content>(&text) {
			Ok(content) if content.basis == self.basis => return Ok(Some(content.saved)),
			Ok(_) => "it is one of another domain, or of other limits of training data".into(),
			Err(error) => error.to_string(),
		};
		self.set_aside(&reason)?;
		Ok(None)
	}

	/// Moves the file aside, so that it is not overwritten.
	///
	/// # Errors
	///
	/// Errors if it cannot be renamed.
	pub(super) fn set_aside(&self, reason: &str) -> Result<()> {
		let aside = self.path.with_extension("json.unused");
		fs::rename(&self.path, &aside)
			.with_context(|| format!("cannot rename {} to {}", self.path.display(), aside.display()))?;
		let aside = aside.display();
		tracing::warn!(target: super::TARGET, "the search begins anew, since its state cannot be used: {reason}. It is kept as {aside}");
		Ok(())
	}

	/// Returns `true` if it is time for the next write.
	pub(super) fn is_due(&self) -> bool {
		Instant::now() >= self.due
	}

	/// Replaces the file by the state that `saved` returns. The time that it takes to make the state counts for the next pause.
	///
	/// # Errors
	///
	/// Errors if the folder cannot be created, or if the file cannot be written; the earlier file stays then.
	pub(super) fn write(&mut self, saved: impl FnOnce() -> Saved) -> Result<()> {
		let started = Instant::now();
		let written = self.try_write(saved());
		self.due = Instant::now() + (PAUSE * started.elapsed()).max(LEAST_PAUSE);
		written
	}

	fn try_write(&self, saved: Saved) -> Result<()> {
		let new = self.path.with_extension("json.new");
		let content = Content { basis: self.basis.clone(), saved };
		let write = || -> std::io::Result<()> {
			if let Some(folder) = self.path.parent() {
				fs::create_dir_all(folder)?;
			}
			let mut file = File::create(&new)?;
			file.write_all(&serde_json::to_vec(&content)?)?;
			file.sync_all()?;
			fs::rename(&new, &self.path)
		};
		write().with_context(|| format!("cannot write {}", self.path.display()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::tests::sawtooth;
	use doin_search::{Ga, GaConfig, GeneRange, Optimizer, Space};

	fn saved() -> Saved {
		let space = Space::new(vec![GeneRange::linear("a", 0, 9)]).unwrap();
		let search = Ga::new(space, GaConfig::default()).unwrap().checkpoint();
		Saved { seed: 7, segments: 2, best: vec![(u64::MAX - 1, vec![3])], experiment: [5; 16], millis: 1_234, bits: 8, search }
	}

	#[test]
	fn a_state_is_read_as_it_was_written() {
		let folder = tempfile::tempdir().unwrap();
		let journal = folder.path().join("journal.db");
		let mut file = StateFile::new(&journal, &sawtooth(), Account([1; 32]), None);
		assert_eq!(file.read().unwrap(), None);
		assert!(file.is_due());
		file.write(saved).unwrap();
		assert!(!file.is_due());
		assert_eq!(file.read().unwrap(), Some(saved()));
		let others = [
			StateFile::new(&journal, &sawtooth(), Account([2; 32]), None),
			StateFile::new(&folder.path().join("other.db"), &sawtooth(), Account([1; 32]), None),
		];
		assert!(others.iter().all(|other| other.read().unwrap().is_none()), "of another account or journal");
	}

	#[test]
	fn a_state_without_operand_bits_has_twelve() {
		let folder = tempfile::tempdir().unwrap();
		let mut file = StateFile::new(&folder.path().join("journal.db"), &sawtooth(), Account([1; 32]), None);
		file.write(saved).unwrap();
		let text = fs::read_to_string(&file.path).unwrap();
		assert!(text.contains("\"bits\":8,"), "{text}");
		fs::write(&file.path, text.replace("\"bits\":8,", "")).unwrap();
		assert_eq!(file.read().unwrap(), Some(Saved { bits: 12, ..saved() }));
	}

	#[test]
	fn a_state_that_cannot_be_used_is_kept_aside() {
		let folder = tempfile::tempdir().unwrap();
		let journal = folder.path().join("journal.db");
		let mut file = StateFile::new(&journal, &sawtooth(), Account([1; 32]), None);
		file.write(saved).unwrap();
		let other = StateFile::new(&journal, &sawtooth(), Account([1; 32]), Some(5));
		assert_eq!(other.read().unwrap(), None, "other training data");
		assert!(file.path.with_extension("json.unused").exists() && !file.path.exists());
		file.write(saved).unwrap();
		fs::write(&file.path, "{\"basis\":").unwrap();
		assert_eq!(file.read().unwrap(), None);
		assert_eq!(fs::read_to_string(file.path.with_extension("json.unused")).unwrap(), "{\"basis\":");
	}

	#[test]
	fn a_state_that_cannot_be_written_is_an_error_with_the_file() {
		let folder = tempfile::tempdir().unwrap();
		let journal = folder.path().join("journal.db");
		fs::write(folder.path().join("journal.db.searches"), "a file where the folder should be").unwrap();
		let mut file = StateFile::new(&journal, &sawtooth(), Account([1; 32]), None);
		let error = format!("{:#}", file.write(saved).unwrap_err());
		assert!(error.contains("cannot write") && error.contains("journal.db.searches"), "{error}");
	}
}
