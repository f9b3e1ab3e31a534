//! Keys: generated, read from files, and turned into signers.
//!
//! A key file holds one mnemonic phrase or one `0x…` seed, with optional derivations, on one line. Everything else is refused
//! with its kind ([`KeyFault`]). No error and no `Debug` output repeats a phrase or seed, also where one was given in place of a
//! file.

mod channel;
mod fault;
mod redact;
mod segment;
#[cfg(test)]
mod tests;
mod text;

pub use channel::channel_key;
pub use fault::KeyFault;
pub use redact::{without_secrets, without_typed_secrets};
pub use segment::{read_segment_key, segment_key, write_segment_key};

use crate::{home::expand_home, shell::quoted};
use anyhow::{bail, Context, Result};
use doin_chain::{Account, Signer};
use std::{
	fmt,
	fs::File,
	io::{ErrorKind, Read, Write},
	path::{Path, PathBuf},
	str::FromStr,
};
use subxt_signer::{bip39::Mnemonic, sr25519::Keypair, SecretUri};
use zeroize::Zeroizing;

/// Most bytes of a key file.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Source of a key. The `Debug` output has no phrase or seed.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
	/// A file with a mnemonic phrase or a `0x…` seed, with optional derivations.
	File(PathBuf),
	/// A publicly known development key, e.g. `//Alice`.
	Dev(String),
	/// A phrase or seed that was typed.
	Typed(Phrase),
}

/// A mnemonic phrase or a `0x…` seed, with optional derivations, that was typed in place of a file. The `Debug` output does not have it.
#[derive(Clone, PartialEq, Eq)]
pub struct Phrase(Zeroizing<String>);

impl fmt::Debug for Phrase {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(redact::PLACEHOLDER)
	}
}

impl FromStr for Phrase {
	type Err = std::convert::Infallible;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		Ok(Self(Zeroizing::new(text.into())))
	}
}

impl fmt::Debug for KeySource {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::File(path) => f.debug_tuple("File").field(&shown(path)).finish(),
			Self::Dev(name) => f.debug_tuple("Dev").field(&without_secrets(name)).finish(),
			Self::Typed(phrase) => f.debug_tuple("Typed").field(phrase).finish(),
		}
	}
}

impl KeySource {
	/// Returns the file of the key; `None` for a development key, and for one that was typed.
	pub fn file(&self) -> Option<&Path> {
		match self {
			Self::File(path) => Some(path),
			Self::Dev(_) | Self::Typed(_) => None,
		}
	}

	/// Checks that the source names a key.
	///
	/// # Errors
	///
	/// Errors for a phrase or seed in place of the name of a file, and for a development key without two slashes. The error does
	/// not repeat a phrase or seed.
	pub fn check(&self) -> Result<()> {
		match self {
			// Names of keystore files have 64 hexadecimal digits too.
			Self::File(path) if !path.exists() && redact::is_secret(&path.to_string_lossy()) => bail!(
				"the name of a key file is expected, and the text given looks like a phrase, a seed or the contents of a key file (it is \
				 not repeated here): write it into a file that only you can read, and name that file"
			),
			Self::File(_) | Self::Typed(_) => Ok(()),
			Self::Dev(name) => dev_name(name).map(|_| ()),
		}
	}

	/// Loads the key.
	///
	/// # Errors
	///
	/// Errors if the source is not one (see [`KeySource::check`]), if the file cannot be read, or if it holds anything but one
	/// mnemonic phrase or seed.
	pub fn load(&self) -> Result<Keypair> {
		self.check()?;
		match self {
			Self::File(path) => read(path),
			Self::Dev(name) => {
				let invalid = || format!("invalid development key `{}`", without_secrets(name));
				let uri = SecretUri::from_str(dev_name(name)?).map_err(|_| KeyFault::Derivation).with_context(invalid)?;
				Keypair::from_uri(&uri).map_err(|_| KeyFault::Derivation).with_context(invalid)
			}
			Self::Typed(phrase) => keypair(&phrase.0).context("the phrase that was typed is not usable"),
		}
	}
}

/// Returns the name of a development key.
///
/// # Errors
///
/// Errors unless `name` is two slashes and a name.
fn dev_name(name: &str) -> Result<&str> {
	match name.strip_prefix("//") {
		Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(name),
		_ => bail!("invalid development key `{}`: expected two slashes and a name, e.g. //Alice", without_secrets(name)),
	}
}

/// Returns the name of a file for messages, without the phrase or seed that was given in its place.
fn shown(path: &Path) -> String {
	let name = path.to_string_lossy();
	match without_secrets(&name) {
		shown if shown == name && redact::is_secret(&name) => redact::PLACEHOLDER.into(),
		shown => shown,
	}
}

/// Returns the key pair of a mnemonic phrase or a `0x…` seed, with optional derivations.
///
/// # Errors
///
/// Errors if `text` is anything else. The error has the kind of the text, but not the text.
pub fn keypair(text: &str) -> Result<Keypair, KeyFault> {
	Ok(text::parse(text.as_bytes())?.pair)
}

/// Reads a key file, with a warning if other users of the machine can read it, or if its phrase is public.
fn read(path: &Path) -> Result<Keypair> {
	let name = path.display();
	let expanded = expand_home(path)?;
	let file = File::open(&expanded).map_err(|error| {
		let advice = match error.kind() {
			ErrorKind::NotFound => {
				let out = quoted(&path.to_string_lossy()).into_owned();
				format!("there is no such file; correct its name, or make a key with `doin-worker keys generate --out {out}`")
			}
			ErrorKind::PermissionDenied => "this user may not read it; correct its owner or its permissions".into(),
			_ => "check the disk".into(),
		};
		anyhow::Error::new(error).context(format!("cannot read the key file {name}: {advice}"))
	})?;
	let metadata = file.metadata()?;
	if metadata.is_dir() {
		bail!("the key file {name} is a folder: name the file in it");
	}
	let mut bytes = Zeroizing::new(Vec::new());
	(&file)
		.take(MAX_FILE_BYTES + 1)
		.read_to_end(&mut bytes)
		.with_context(|| format!("cannot read the key file {name}: check the disk"))?;
	let unusable = || format!("the key file {name} is not usable");
	if bytes.len() as u64 > MAX_FILE_BYTES {
		return Err(KeyFault::TooLarge).with_context(unusable);
	}
	#[cfg(unix)]
	{
		use std::os::unix::fs::PermissionsExt;
		if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
			tracing::warn!(target: "doin::keys", file = %name, "key file can be read by other users; run `chmod 600` on it");
		}
	}
	let key = text::parse(&bytes).with_context(unusable)?;
	if key.is_public {
		tracing::warn!(
			target: "doin::keys",
			file = %name,
			"key file holds the public development phrase: everybody can spend what its account has; use it on development chains only"
		);
	}
	Ok(key.pair)
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
	let mut file = options.open(expand_home(path)?).map_err(|error| {
		let advice = match error.kind() {
			ErrorKind::AlreadyExists => "it exists, and an existing file is never overwritten; choose another name",
			_ => "choose a name in a writable folder",
		};
		anyhow::Error::new(error).context(format!("cannot create the key file {}: {advice}", shown(path)))
	})?;
	let written = file.write_all(secret.as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all());
	if written.is_err() {
		// A part of a key would be taken for a key that was copied wrongly. The error of the write is the one to report.
		let _ = std::fs::remove_file(expand_home(path)?);
	}
	written.with_context(|| format!("cannot write the key file {}, which was removed: check the disk", shown(path)))
}

/// Returns a new mnemonic phrase of 12 or 24 words.
///
/// # Errors
///
/// Errors for any other number of words.
pub fn new_phrase(words: usize) -> Result<Zeroizing<String>> {
	let entropy: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
	let used = match words {
		12 => &entropy[..16],
		24 => &entropy[..],
		_ => bail!("invalid number of words {words}: expected 12 or 24"),
	};
	Ok(Zeroizing::new(Mnemonic::from_entropy(used)?.to_string()))
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
