//! Keys: generated, read from files, and turned into signers.

use anyhow::{bail, Context, Result};
use doin_chain::{Account, Signer};
use std::{
	io::Write,
	path::{Path, PathBuf},
	str::FromStr,
};
use subxt_signer::{bip39::Mnemonic, sr25519::Keypair, SecretUri};

/// Source of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
	/// A file whose first line is a mnemonic phrase or a `0x…` seed, with optional derivations.
	File(PathBuf),
	/// A publicly known development key, e.g. `//Alice`.
	Dev(String),
}

impl KeySource {
	/// Loads the key.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read or holds neither a mnemonic phrase nor a seed, and for a development key without
	/// two slashes.
	pub fn load(&self) -> Result<Keypair> {
		match self {
			Self::File(path) => read(path),
			Self::Dev(name) if name.starts_with("//") => {
				keypair(name).with_context(|| format!("invalid development key `{name}`"))
			}
			Self::Dev(name) => bail!("invalid development key `{name}`: expected two slashes and a name, e.g. //Alice"),
		}
	}
}

/// Returns the key pair of a mnemonic phrase, a `0x…` seed, or a development key.
///
/// # Errors
///
/// Errors if `uri` is none of the three.
pub fn keypair(uri: &str) -> Result<Keypair> {
	let uri = SecretUri::from_str(uri).context("it is neither a mnemonic phrase nor a 0x seed")?;
	Keypair::from_uri(&uri).context("it is neither a mnemonic phrase nor a 0x seed of 64 hexadecimal digits")
}

/// Reads a key file, with a warning if other users of the machine can read it.
fn read(path: &Path) -> Result<Keypair> {
	let shown = path.display();
	let text = std::fs::read_to_string(path)
		.with_context(|| format!("cannot read the key file {shown}. Make one with `doin-worker keys generate --out {shown}`"))?;
	let secret = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
	let secret = secret
		.with_context(|| format!("the key file {shown} is empty: its first line should be a mnemonic phrase or a 0x seed"))?;
	#[cfg(unix)]
	{
		use std::os::unix::fs::PermissionsExt;
		let mode = std::fs::metadata(path)?.permissions().mode();
		if mode & 0o077 != 0 {
			tracing::warn!(target: "doin::keys", file = %shown, "key file can be read by other users; run `chmod 600` on it");
		}
	}
	keypair(secret).with_context(|| format!("the key file {shown} is not usable"))
}

/// Writes `secret` into a new file that only its owner can read.
///
/// # Errors
///
/// Errors if the file exists or cannot be written.
pub fn write_new(path: &Path, secret: &str) -> Result<()> {
	let mut options = std::fs::OpenOptions::new();
	options.write(true).create_new(true);
	#[cfg(unix)]
	{
		use std::os::unix::fs::OpenOptionsExt;
		options.mode(0o600);
	}
	let mut file = options.open(path).with_context(|| {
		format!("cannot create the key file {}: an existing file is never overwritten; choose another name", path.display())
	})?;
	writeln!(file, "{secret}")?;
	file.sync_all()?;
	Ok(())
}

/// Returns a new mnemonic phrase of 12 or 24 words.
///
/// # Errors
///
/// Errors for any other number of words.
pub fn new_phrase(words: usize) -> Result<String> {
	let entropy: [u8; 32] = rand::random();
	let used = match words {
		12 => &entropy[..16],
		24 => &entropy[..],
		_ => bail!("invalid number of words {words}: expected 12 or 24"),
	};
	Ok(Mnemonic::from_entropy(used)?.to_string())
}

/// Returns a signer for the account of the key, or for `proxy_for` if the key is the proxy of that account.
///
/// # Errors
///
/// Errors if the key cannot be loaded.
pub fn signer(source: &KeySource, proxy_for: Option<Account>) -> Result<Signer> {
	let signer = Signer::new(source.load()?);
	Ok(match proxy_for {
		Some(real) => signer.on_behalf_of(real),
		None => signer,
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_key_file_is_written_once_and_only_for_its_owner() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a.key");
		write_new(&path, &new_phrase(12).unwrap()).unwrap();
		let text = std::fs::read_to_string(&path).unwrap();
		assert_eq!(text.split_whitespace().count(), 12);
		let again = write_new(&path, &new_phrase(12).unwrap()).unwrap_err();
		assert!(format!("{again:#}").contains("never overwritten"));
		assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
		#[cfg(unix)]
		{
			use std::os::unix::fs::PermissionsExt;
			assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		}
		let pair = KeySource::File(path).load().unwrap();
		assert_eq!(pair.public_key().0, keypair(text.trim()).unwrap().public_key().0);
	}

	#[test]
	fn development_keys_are_those_of_every_substrate_chain() {
		let alice = signer(&KeySource::Dev("//Alice".into()), None).unwrap();
		assert_eq!(alice.account().to_string(), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
		let reason = format!("{:#}", KeySource::Dev("Alice".into()).load().unwrap_err());
		assert!(reason.contains("two slashes"), "{reason}");
	}

	#[test]
	fn seeds_and_phrases_are_accepted_and_anything_else_is_refused() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("k");
		let load = |text: &str| {
			std::fs::write(&path, text).unwrap();
			KeySource::File(path.clone()).load()
		};
		let seed = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
		assert_eq!(load(&format!("# Alice\n{seed}\n")).unwrap().public_key().0, keypair("//Alice").unwrap().public_key().0);
		assert!(format!("{:#}", load("").unwrap_err()).contains("is empty"));
		for nonsense in ["0x12", "hello world", seed.trim_start_matches("0x")] {
			assert!(
				format!("{:#}", load(nonsense).unwrap_err()).contains("neither a mnemonic phrase nor a 0x seed"),
				"{nonsense}"
			);
		}
		let missing = format!("{:#}", KeySource::File(folder.path().join("none")).load().unwrap_err());
		assert!(missing.contains("keys generate"), "{missing}");
	}

	#[test]
	fn phrases_have_the_requested_number_of_words() {
		assert_eq!(new_phrase(24).unwrap().split(' ').count(), 24);
		assert!(new_phrase(13).is_err());
		assert_ne!(new_phrase(12).unwrap(), new_phrase(12).unwrap());
	}
}
