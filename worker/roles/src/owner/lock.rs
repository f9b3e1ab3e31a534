//! Lock of a segment key on this machine.

use super::{Owned, TARGET};
use crate::home::expand_home;
use anyhow::{bail, Result};
use doin_primitives::{blake2_256, Hash};
use std::{
	fs::{File, OpenOptions, TryLockError},
	io,
	path::{Path, PathBuf},
};

/// Characters of the name of a lock that come from the key.
const NAME: usize = 32;

/// Proof that no other process of this machine opens the segments of a domain with the same segment key. Two processes would both
/// pay for every opening.
#[derive(Debug)]
pub struct SegmentKeyLock {
	/// Held until it is dropped. The operating system releases it even after a crash. `None` if no file of a lock can be written: a
	/// second fee costs less than a segment that is not opened.
	_file: Option<File>,
}

impl SegmentKeyLock {
	/// Locks the segment key of the domain on the chain with the hash `genesis`. The file of the lock lies beside that of the key,
	/// where every process finds it; in the folder of temporary files if the key has no file, or if that folder cannot be written.
	/// A full disk is logged, and the segments are opened without a lock.
	///
	/// # Errors
	///
	/// Errors if another process holds the lock.
	pub fn acquire(owned: &Owned, genesis: &Hash) -> Result<Self> {
		let key_file = owned.key_file.as_deref().and_then(|file| expand_home(file).ok());
		let folders = key_file.as_deref().map(folder_of).map(PathBuf::from).into_iter().chain([std::env::temp_dir()]);
		Self::acquire_in(folders, &name(owned, genesis))
	}

	/// Locks the file `name` in the first of these folders in which it can be written.
	fn acquire_in(folders: impl IntoIterator<Item = PathBuf>, name: &str) -> Result<Self> {
		let mut reasons = Vec::new();
		for path in folders.into_iter().map(|folder| folder.join(name)) {
			let locked = Self::open(&path).map_err(TryLockError::Error).and_then(|file| file.try_lock().map(|()| file));
			match locked {
				Ok(file) => return Ok(Self { _file: Some(file) }),
				Err(TryLockError::WouldBlock) => bail!(
					"another process on this machine opens the segments of this domain already: stop one of the two (the lock is {})",
					path.display()
				),
				Err(TryLockError::Error(reason)) => reasons.push(format!("{}: {reason}", path.display())),
			}
		}
		tracing::warn!(
			target: TARGET,
			"the segment key cannot be locked ({}): segments are opened all the same. Make room or correct the permissions, and run one \
			process only: two would both pay for every opening",
			reasons.join("; ")
		);
		Ok(Self { _file: None })
	}

	/// Opens the file of a lock, which only its owner can read: others could hold the lock.
	fn open(path: &Path) -> io::Result<File> {
		let mut options = OpenOptions::new();
		options.create(true).truncate(false).write(true);
		#[cfg(unix)]
		{
			use std::os::unix::fs::OpenOptionsExt;
			options.mode(0o600);
		}
		options.open(path)
	}
}

/// Returns the folder of a file.
fn folder_of(file: &Path) -> &Path {
	file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the name of the file of a lock, a hash that shows nothing of the key. Domains that publish the same data, and chains
/// with the same domains, have locks of their own.
fn name(owned: &Owned, genesis: &Hash) -> String {
	let secret = owned.key.salt(genesis, u16::MAX);
	let name = hex::encode(blake2_256(&[&b"doin segment lock"[..], &secret, &owned.domain.to_le_bytes()].concat()));
	format!("doin-segments-{}.lock", &name[..NAME])
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{config::OwnedConfig, keys::KeySource};
	use doin_forecast::sealed::SegmentKey;

	const GENESIS: Hash = [7; 32];

	/// Returns domain 3, with its key in a file in `folder`.
	fn owned(folder: &Path) -> Owned {
		let config = OwnedConfig { domain_id: 3, csv: "letters.csv".into(), label: Some("letter".into()), ..Default::default() };
		let owned = config.owned(&KeySource::Dev("//Alice".into())).unwrap();
		Owned { key_file: Some(folder.join("letters.segments")), ..owned }
	}

	#[test]
	fn two_processes_on_one_domain_are_refused() {
		let folder = tempfile::tempdir().unwrap();
		let first = owned(folder.path());
		let held = SegmentKeyLock::acquire(&first, &GENESIS).unwrap();
		let refused = SegmentKeyLock::acquire(&first, &GENESIS).unwrap_err().to_string();
		assert!(refused.contains("another process") && refused.contains(".lock"), "{refused}");
		// Another domain, which may publish the same data, another key, and another chain are other locks.
		SegmentKeyLock::acquire(&Owned { domain: 4, ..first.clone() }, &GENESIS).unwrap();
		SegmentKeyLock::acquire(&Owned { key: SegmentKey::of_child(&[2; 32]), ..first.clone() }, &GENESIS).unwrap();
		SegmentKeyLock::acquire(&first, &[8; 32]).unwrap();
		drop(held);
		assert!(SegmentKeyLock::acquire(&first, &GENESIS).unwrap()._file.is_some());
	}

	#[test]
	fn a_lock_lies_beside_the_key_and_belongs_to_its_owner() {
		let folder = tempfile::tempdir().unwrap();
		let owned = owned(folder.path());
		let _lock = SegmentKeyLock::acquire(&owned, &GENESIS).unwrap();
		let lock = folder.path().join(name(&owned, &GENESIS));
		#[cfg(unix)]
		{
			use std::os::unix::fs::PermissionsExt;
			assert_eq!(std::fs::metadata(&lock).unwrap().permissions().mode() & 0o777, 0o600);
		}
		assert!(lock.exists());
	}

	/// A full disk must not cost a part of the deposit.
	#[test]
	fn a_lock_that_cannot_be_written_keeps_no_segment_from_being_opened() {
		let folder = tempfile::tempdir().unwrap();
		let nowhere = PathBuf::from("/nonexistent-folder");
		let held = SegmentKeyLock::acquire_in([nowhere.clone(), folder.path().into()], "a.lock").unwrap();
		assert!(held._file.is_some() && folder.path().join("a.lock").exists(), "the next folder is tried");
		assert!(SegmentKeyLock::acquire_in([nowhere.clone(), folder.path().into()], "a.lock").is_err());
		assert!(SegmentKeyLock::acquire_in([nowhere.clone(), nowhere], "a.lock").unwrap()._file.is_none());
	}
}
