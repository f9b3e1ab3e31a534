//! Segment keys: derived from the key of an owner, and kept in files of their own.

use super::write_new;
use crate::home::expand_home;
use anyhow::{bail, Context, Result};
use doin_forecast::sealed::SegmentKey;
use std::{io::ErrorKind, path::Path};
use subxt_signer::{sr25519::Keypair, DeriveJunction};
use zeroize::Zeroizing;

/// Hard junction of the child whose public key the segment key is made of.
const JUNCTION: &str = "doin-segment";

/// Returns the segment key of an owner, from the hard child `//doin-segment` of the key that signs.
pub fn segment_key(pair: &Keypair) -> SegmentKey {
	SegmentKey::of_child(&pair.derive([DeriveJunction::hard(JUNCTION)]).public_key().0)
}

/// Writes a segment key into a file that only its owner can read. A file that has this key already is left as it is.
///
/// # Errors
///
/// Errors if the file has anything else, or if it cannot be read or written.
pub fn write_segment_key(path: &Path, key: &SegmentKey) -> Result<()> {
	match std::fs::read_to_string(expand_home(path)?).map(Zeroizing::new) {
		Err(error) if error.kind() == ErrorKind::NotFound => write_new(path, &Zeroizing::new(key.secret_text())),
		Ok(text) if text.parse::<SegmentKey>().is_ok_and(|known| known == *key) => Ok(()),
		Ok(_) => bail!(
			"--segment-key {}: the file exists and has another content, and is never overwritten: choose another name",
			path.display()
		),
		Err(error) => Err(error).with_context(|| {
			format!("--segment-key {}: there is something that cannot be read: choose another name", path.display())
		}),
	}
}

/// Reads the file of a segment key.
///
/// # Errors
///
/// Errors if the file cannot be read, or has no segment key. The error does not repeat its content.
pub fn read_segment_key(path: &Path) -> Result<SegmentKey> {
	let shown = path.display();
	let text = std::fs::read_to_string(expand_home(path)?).map(Zeroizing::new);
	let text = text.with_context(|| {
		format!("cannot read the segment key {shown}: write it on the machine of the owner's key with `domain create --segment-key FILE`")
	})?;
	text.parse::<SegmentKey>().with_context(|| format!("the segment key {shown} is not usable"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::keys::KeySource;

	fn dev(name: &str) -> Keypair {
		KeySource::Dev(name.into()).load().unwrap()
	}

	#[test]
	fn a_segment_key_is_that_of_the_hard_child() {
		let (alice, bob) = (dev("//Alice"), dev("//Bob"));
		assert_eq!(segment_key(&alice), segment_key(&alice));
		assert_ne!(segment_key(&alice), segment_key(&bob));
		// The path as it is written.
		assert_eq!(segment_key(&alice), SegmentKey::of_child(&dev("//Alice//doin-segment").public_key().0));
	}

	#[test]
	fn b15_the_file_of_a_segment_key_is_read_again_and_never_overwritten() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("segments.key");
		let (own, other) = (segment_key(&dev("//Alice")), segment_key(&dev("//Bob")));
		assert!(format!("{:#}", read_segment_key(&path).unwrap_err()).contains("--segment-key FILE"));
		write_segment_key(&path, &own).unwrap();
		assert_eq!(read_segment_key(&path).unwrap(), own);
		#[cfg(unix)]
		{
			use std::os::unix::fs::PermissionsExt;
			assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		}
		write_segment_key(&path, &own).unwrap();
		assert!(format!("{:#}", write_segment_key(&path, &other).unwrap_err()).contains("never overwritten"));
		assert_eq!(read_segment_key(&path).unwrap(), own);
		std::fs::write(&path, "stadium special ocean custom dune phrase demand badge distance toward toss shop").unwrap();
		let reason = format!("{:#}", read_segment_key(&path).unwrap_err());
		assert!(reason.contains("is not usable") && !reason.contains("stadium"), "{reason}");
	}
}
