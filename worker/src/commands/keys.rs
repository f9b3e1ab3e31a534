//! `keys`: generates and inspects keys.

use crate::{
	args::KeyArgs,
	report::{entry, OutputArgs},
};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use doin_chain::Account;
use doin_roles::keys::{keypair, new_phrase, write_new};
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
};
use subxt_signer::sr25519::Keypair;

/// Subcommands of `keys`.
#[derive(Clone, Debug, Subcommand)]
pub enum KeysCommand {
	/// Generate an sr25519 key
	Generate(GenerateArgs),
	/// Show the address of a key
	Inspect(InspectArgs),
}

/// Arguments of `keys generate`.
#[derive(Clone, Debug, Args)]
pub struct GenerateArgs {
	/// File for the phrase, readable by its owner only; an existing file is never overwritten [default: print the phrase]
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
	/// Words of the phrase: 12 or 24
	#[arg(long, default_value_t = 12)]
	words: usize,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `keys inspect`.
#[derive(Clone, Debug, Args)]
pub struct InspectArgs {
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `keys`.
///
/// # Errors
///
/// Errors if a key cannot be read, or if the file of a new one exists.
pub fn run(command: KeysCommand) -> Result<()> {
	match command {
		KeysCommand::Generate(args) => generate(&args),
		KeysCommand::Inspect(args) => {
			let source = args.key.source().context("no key was named: add --key FILE, or --dev-key //Alice")?;
			args.output.print(&KeyReport::new(&source.load()?, None))
		}
	}
}

fn generate(args: &GenerateArgs) -> Result<()> {
	let phrase = new_phrase(args.words)?;
	let pair = keypair(&phrase)?;
	if let Some(path) = &args.out {
		write_new(path, &phrase)?;
	}
	args.output.print(&KeyReport::new(&pair, args.out.is_none().then_some(phrase.as_str())))?;
	match &args.out {
		Some(path) => eprintln!("The phrase is in {}. It controls the account: keep a copy in a safe place.", path.display()),
		None => eprintln!("Write the phrase down: it is shown once. With --out FILE it is written to a file instead."),
	}
	Ok(())
}

/// Report of `keys`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyReport<'a> {
	address: Account,
	public_key: String,
	scheme: &'static str,
	/// Phrase of a new key that is not written to a file.
	phrase: Option<&'a str>,
}

impl<'a> KeyReport<'a> {
	fn new(pair: &Keypair, phrase: Option<&'a str>) -> Self {
		let account = Account(pair.public_key().0);
		Self { address: account, public_key: format!("0x{}", hex::encode(account.0)), scheme: "sr25519", phrase }
	}
}

impl Display for KeyReport<'_> {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "address", self.address)?;
		entry(f, "public key", &self.public_key)?;
		entry(f, "scheme", self.scheme)?;
		match self.phrase {
			Some(phrase) => entry(f, "phrase", phrase),
			None => Ok(()),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_roles::keys::KeySource;

	#[test]
	fn a_key_file_is_written_once_and_readable_by_its_owner_only() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a.key");
		let args = GenerateArgs { out: Some(path.clone()), words: 12, output: OutputArgs::default() };
		generate(&args).unwrap();
		let text = std::fs::read_to_string(&path).unwrap();
		assert_eq!(text.split_whitespace().count(), 12);
		assert!(format!("{:#}", generate(&args).unwrap_err()).contains("never overwritten"));
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
	fn a_report_has_no_secret_but_the_phrase_it_is_given() {
		let alice = KeySource::Dev("//Alice".into()).load().unwrap();
		let report = KeyReport::new(&alice, None);
		let expected = "\
address     5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY
public key  0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d
scheme      sr25519
";
		assert_eq!(report.to_string(), expected);
		let json = serde_json::to_value(&report).unwrap();
		assert!(json["phrase"].is_null() && json["publicKey"].is_string());
		assert!(KeyReport::new(&alice, Some("a b c")).to_string().ends_with("phrase      a b c\n"));
	}
}
