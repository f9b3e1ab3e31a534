//! `journal`: copies the journal of a worker.

use crate::report::{count, entry, OutputArgs};
use anyhow::Result;
use clap::{Args, Subcommand};
use doin_primitives::Hash;
use doin_roles::{
	config::{ConfigFile, JOURNAL},
	journal::{backup, Copied},
};
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
};

/// Subcommands of `journal`.
#[derive(Clone, Debug, Subcommand)]
pub enum JournalCommand {
	/// Copy the journal, also while a worker uses it
	#[command(after_help = "\
EXAMPLES
  doin-worker journal backup --journal evaluator.db /backup/evaluator.db
  doin-worker journal backup --config worker.toml /backup/worker.db

The copy is of one moment, is checked, and is a journal itself: start a worker with it if the original is lost. Never start two \
workers with two copies of one journal.")]
	Backup(BackupArgs),
}

/// Arguments of `journal backup`.
#[derive(Clone, Debug, Args)]
pub struct BackupArgs {
	/// Journal to copy [default: that of the configuration, or doin-worker.db]
	#[arg(long, env = "DOIN_JOURNAL", value_name = "FILE")]
	journal: Option<PathBuf>,
	/// Configuration that names the journal
	#[arg(long, value_name = "FILE")]
	config: Option<PathBuf>,
	/// File of the copy; an existing file is never overwritten
	#[arg(value_name = "OUT")]
	copy: PathBuf,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `journal`.
///
/// # Errors
///
/// Errors if the journal cannot be read, or if the copy cannot be written.
pub async fn run(command: JournalCommand) -> Result<()> {
	let JournalCommand::Backup(args) = command;
	let configured = match (&args.journal, &args.config) {
		(None, Some(path)) => ConfigFile::load(path)?.journal,
		_ => None,
	};
	let journal = args.journal.or(configured).unwrap_or_else(|| JOURNAL.into());
	let copied = tokio::task::spawn_blocking(move || backup(&journal, &args.copy)).await??;
	args.output.print(&BackupReport::from(copied))
}

/// Report of `journal backup`.
#[derive(Debug, Serialize)]
struct BackupReport {
	journal: PathBuf,
	copy: PathBuf,
	genesis: Option<String>,
	/// Hash of the block that the chain is known by, beside its genesis.
	block: Option<String>,
	entries: u64,
	open: u64,
}

impl From<Copied> for BackupReport {
	fn from(copied: Copied) -> Self {
		let Copied { journal, copy, genesis, block, entries, open } = copied;
		let hash = |hash: Hash| format!("0x{}", hex::encode(hash));
		Self { journal, copy, genesis: genesis.map(hash), block: block.map(|block| hash(block.hash)), entries, open }
	}
}

impl Display for BackupReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "journal", self.journal.display())?;
		entry(f, "copy", self.copy.display())?;
		entry(f, "genesis", self.genesis.as_deref().unwrap_or("none: no worker was connected with this journal"))?;
		if let Some(block) = &self.block {
			entry(f, "block 1", block)?;
		}
		entry(f, "entries", format_args!("{}, {} open", count(self.entries as usize, "commitment"), self.open))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_roles::journal::Journal;

	#[tokio::test]
	async fn k38_a_journal_is_copied_and_described() {
		let folder = tempfile::tempdir().unwrap();
		let (path, copy) = (folder.path().join("worker.db"), folder.path().join("copy.db"));
		let journal = Journal::open(&path).unwrap();
		let args = |copy: &PathBuf| {
			JournalCommand::Backup(BackupArgs {
				journal: Some(path.clone()),
				config: None,
				copy: copy.clone(),
				output: OutputArgs::default(),
			})
		};
		run(args(&copy)).await.unwrap();
		let again = run(args(&copy)).await.unwrap_err();
		assert!(format!("{again:#}").contains("never overwritten"), "{again:#}");
		drop(journal);
		Journal::open(&copy).unwrap().bind([7; 32]).unwrap();
		let report = BackupReport::from(backup(&copy, &folder.path().join("second.db")).unwrap());
		assert_eq!((report.entries, report.open), (0, 0));
		assert_eq!(report.genesis, Some(format!("0x{}", "07".repeat(32))));
		assert!(report.to_string().ends_with("entries     0 commitments, 0 open\n"), "{report}");
	}
}
