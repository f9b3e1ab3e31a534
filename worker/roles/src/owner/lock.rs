//! Lock of a segment key on this machine.

use super::Owned;
use crate::home::expand_home;
use anyhow::{bail, Context, Result};
use doin_forecast::sealed::SegmentKey;
use doin_primitives::{blake2_256, Hash};
use std::{
	fs::{File, OpenOptions, TryLockError},
	io::{self, ErrorKind},
	path::{Path, PathBuf},
};

/// Characters of the name of a lock that come from the key.
const NAME: usize = 32;

/// Proof that no other process of this machine opens the segments of a domain with the same segment key. Two processes would both
/// pay for every opening.
#[derive(Debug)]
pub struct SegmentKeyLock {
	/// Held until it is dropped. The operating system releases it even after a crash.
	_file: File,
}

impl SegmentKeyLock {
	/// Locks the segment key of the domain whose published data has the hash `data_root`. The file of the lock lies beside that of the
	/// key, where every process finds it; in the folder of temporary files if the key has no file, or if that folder cannot be written.
	///
	/// # Errors
	///
	/// Errors if another process holds the lock, and if the file of the lock cannot be written.
	pub fn acquire(owned: &Owned, data_root: &Hash) -> Result<Self> {
		let key_file = owned.key_file.as_deref().map(expand_home).transpose()?;
		match key_file.as_deref().map(folder_of).map(|folder| path(folder, &owned.key, data_root)) {
			Some(path) => match Self::open(&path) {
				Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
					Self::acquire_in(&std::env::temp_dir(), &owned.key, data_root)
				}
				opened => Self::lock(&path, opened),
			},
			None => Self::acquire_in(&std::env::temp_dir(), &owned.key, data_root),
		}
	}

	fn acquire_in(folder: &Path, key: &SegmentKey, data_root: &Hash) -> Result<Self> {
		let path = path(folder, key, data_root);
		Self::lock(&path, Self::open(&path))
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

	fn lock(path: &Path, opened: io::Result<File>) -> Result<Self> {
		let unusable =
			|| format!("cannot lock the segment key with the file {}: correct its permissions, or remove it", path.display());
		let file = opened.with_context(unusable)?;
		match file.try_lock() {
			Ok(()) => Ok(Self { _file: file }),
			Err(TryLockError::WouldBlock) => bail!(
				"another process on this machine opens the segments of this domain already: stop one of the two (the lock is {})",
				path.display()
			),
			Err(TryLockError::Error(cause)) => Err(cause).with_context(unusable),
		}
	}
}

/// Returns the folder of a file.
fn folder_of(file: &Path) -> &Path {
	file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the file of a lock. Its name is a hash that contains a salt, so it shows nothing of the key.
fn path(folder: &Path, key: &SegmentKey, data_root: &Hash) -> PathBuf {
	let name = hex::encode(blake2_256(&[&b"doin segment lock"[..], &key.salt(data_root, u16::MAX)].concat()));
	folder.join(format!("doin-segments-{}.lock", &name[..NAME]))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::config::OwnedConfig;
	use crate::keys::KeySource;

	#[test]
	fn two_processes_on_one_key_are_refused() {
		let folder = tempfile::tempdir().unwrap();
		let key = SegmentKey::of_child(&[1; 32]);
		let first = SegmentKeyLock::acquire_in(folder.path(), &key, &[7; 32]).unwrap();
		let refused = SegmentKeyLock::acquire_in(folder.path(), &key, &[7; 32]).unwrap_err().to_string();
		assert!(refused.contains("another process") && refused.contains(".lock"), "{refused}");
		// Another domain, and another key, are other locks.
		SegmentKeyLock::acquire_in(folder.path(), &key, &[8; 32]).unwrap();
		SegmentKeyLock::acquire_in(folder.path(), &SegmentKey::of_child(&[2; 32]), &[7; 32]).unwrap();
		drop(first);
		SegmentKeyLock::acquire_in(folder.path(), &key, &[7; 32]).unwrap();
	}

	#[test]
	fn a_lock_lies_beside_the_key_and_belongs_to_its_owner() {
		let folder = tempfile::tempdir().unwrap();
		let config = OwnedConfig { domain_id: 3, csv: "letters.csv".into(), label: Some("letter".into()), ..Default::default() };
		let owned = Owned {
			key_file: Some(folder.path().join("letters.segments")),
			..config.owned(&KeySource::Dev("//Alice".into())).unwrap()
		};
		let _lock = SegmentKeyLock::acquire(&owned, &[7; 32]).unwrap();
		let lock = path(folder.path(), &owned.key, &[7; 32]);
		#[cfg(unix)]
		{
			use std::os::unix::fs::PermissionsExt;
			assert_eq!(std::fs::metadata(&lock).unwrap().permissions().mode() & 0o777, 0o600);
		}
		assert!(lock.exists());
		assert!(SegmentKeyLock::acquire(&owned, &[7; 32]).unwrap_err().to_string().contains("another process"));
	}

	#[test]
	fn a_lock_that_cannot_be_written_is_named() {
		let key = SegmentKey::of_child(&[1; 32]);
		let refused = SegmentKeyLock::acquire_in(Path::new("/nonexistent-folder"), &key, &[7; 32]).unwrap_err();
		assert!(format!("{refused:#}").contains("/nonexistent-folder/doin-segments-"), "{refused:#}");
	}
}
