//! Keys: made, read, and shown without their secrets.

use anyhow::{bail, Context, Result};
use doin_chain::{Account, Signer};
use std::{
	io::Write,
	path::{Path, PathBuf},
	str::FromStr,
};
use subxt_signer::{bip39::Mnemonic, sr25519::Keypair, SecretUri};

/// Where a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
	/// A file whose first line is a mnemonic phrase or a `0x…` seed, derivations allowed.
	File(PathBuf),
	/// A development key everybody knows, as `//Alice`.
	Dev(String),
}

impl KeySource {
	/// The key.
	pub fn load(&self) -> Result<Keypair> {
		match self {
			Self::File(path) => read(path),
			Self::Dev(name) if name.starts_with("//") => keypair(name).with_context(|| format!("`{name}` is no development key")),
			Self::Dev(name) => bail!("`{name}` is no development key: they start with two slashes, as //Optimizer"),
		}
	}
}

fn keypair(uri: &str) -> Result<Keypair> {
	let uri = SecretUri::from_str(uri).context("it is neither a mnemonic phrase nor a 0x seed")?;
	Keypair::from_uri(&uri).context("it is neither a mnemonic phrase nor a 0x seed of 64 hexadecimal digits")
}

/// Reads a key file, and says so when others can, too.
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
			tracing::warn!("the key file {shown} can be read by others: run `chmod 600 {shown}`");
		}
	}
	keypair(secret).with_context(|| format!("the key file {shown} is not usable"))
}

/// Writes `secret` into a new file that only its owner can read.
fn write_new(path: &Path, secret: &str) -> Result<()> {
	let mut options = std::fs::OpenOptions::new();
	options.write(true).create_new(true);
	#[cfg(unix)]
	{
		use std::os::unix::fs::OpenOptionsExt;
		options.mode(0o600);
	}
	let mut file = options.open(path).with_context(|| {
		format!("cannot create the key file {}: an existing one is never overwritten; choose another name", path.display())
	})?;
	writeln!(file, "{secret}")?;
	file.sync_all()?;
	Ok(())
}

/// A fresh mnemonic phrase of 12 or 24 words.
pub fn phrase(words: usize) -> Result<String> {
	let entropy: [u8; 32] = rand::random();
	let used = match words {
		12 => &entropy[..16],
		24 => &entropy[..],
		_ => bail!("a phrase has 12 or 24 words, not {words}"),
	};
	Ok(Mnemonic::from_entropy(used)?.to_string())
}

/// Makes a key: into a file, or on the screen.
pub fn generate(words: usize, out: Option<&Path>, json: bool) -> Result<()> {
	let phrase = phrase(words)?;
	let pair = keypair(&phrase)?;
	if let Some(path) = out {
		write_new(path, &phrase)?;
	}
	show(&pair, out.is_none().then_some(phrase.as_str()), json);
	match out {
		Some(path) => {
			eprintln!("The phrase is in {}. Whoever has it has the money: keep a copy where nobody else looks.", path.display())
		}
		None => eprintln!("Write the phrase down: it is shown once. With --out FILE it goes into a file instead."),
	}
	Ok(())
}

/// Shows the account of a key.
pub fn inspect(source: &KeySource, json: bool) -> Result<()> {
	show(&source.load()?, None, json);
	Ok(())
}

fn show(pair: &Keypair, phrase: Option<&str>, json: bool) {
	let account = Account(pair.public_key().0);
	let public = format!("0x{}", hex::encode(account.0));
	if json {
		println!("{}", serde_json::json!({ "address": account, "publicKey": public, "scheme": "sr25519", "phrase": phrase }));
		return;
	}
	println!("address     {account}\npublic key  {public}\nscheme      sr25519");
	if let Some(phrase) = phrase {
		println!("phrase      {phrase}");
	}
}

/// A signer from a source, for itself or for another account.
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
	fn a_key_file_is_made_once_and_only_for_its_owner() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a.key");
		generate(12, Some(&path), false).unwrap();
		let text = std::fs::read_to_string(&path).unwrap();
		assert_eq!(text.split_whitespace().count(), 12);
		let again = generate(12, Some(&path), false).unwrap_err();
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
	fn development_keys_are_the_usual_ones() {
		let alice = signer(&KeySource::Dev("//Alice".into()), None).unwrap();
		assert_eq!(alice.account().to_string(), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
		let reason = format!("{:#}", KeySource::Dev("Alice".into()).load().unwrap_err());
		assert!(reason.contains("two slashes"), "{reason}");
	}

	#[test]
	fn seeds_phrases_and_nonsense_are_told_apart() {
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
	fn phrases_have_the_words_asked_for() {
		assert_eq!(phrase(24).unwrap().split(' ').count(), 24);
		assert!(phrase(13).is_err());
		assert_ne!(phrase(12).unwrap(), phrase(12).unwrap());
	}
}
