//! `index`: stores the facts of finalized blocks in a SQLite database, checks it and builds it anew.

mod convert;
mod follow;
mod report;
mod spawn;

use crate::{args::NodeArgs, report::OutputArgs};
use anyhow::{bail, Context, Result};
use clap::{Args, Subcommand};
use doin_analytics::{StatsFile, Store, StoreError};
use follow::{Indexer, OnCsvError};
use report::{CheckReport, IndexReport, RebuildReport};
use std::{
	cell::Cell,
	path::PathBuf,
	process::ExitCode,
	time::{Duration, Instant},
};

pub use follow::Begin;
pub use spawn::{spawn, FollowOptions, IndexState, Indexing};

/// File of the database, unless `--olap-db` names one.
pub const DATABASE: &str = "doin-olap.db";

/// Least time between two log lines about stored blocks.
const PROGRESS: Duration = Duration::from_secs(5);

/// Database of a command.
#[derive(Clone, Debug, Args)]
pub struct DatabaseArgs {
	/// SQLite database of facts
	#[arg(long, value_name = "FILE", env = "DOIN_OLAP_DB", default_value = DATABASE)]
	pub olap_db: PathBuf,
}

/// Arguments of `index`.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct IndexArgs {
	#[command(flatten)]
	database: DatabaseArgs,
	/// CSV file of rounds, to which every ended round is appended
	#[arg(long, value_name = "CSV")]
	stats_file: Option<PathBuf>,
	/// Stop at the last finalized block, in place of following until Ctrl-C
	#[arg(long)]
	once: bool,
	/// Begin a new database with a later block than 0, if the node has removed the states before it; facts before it are missing
	#[arg(long)]
	olap_partial: bool,
	#[command(flatten)]
	output: OutputArgs,
	#[command(subcommand)]
	command: Option<IndexCommand>,
}

impl IndexArgs {
	/// Returns `true` if the command runs until Ctrl-C.
	pub fn is_endless(&self) -> bool {
		self.command.is_none() && !self.once
	}
}

/// Subcommands of `index`.
#[derive(Clone, Debug, Subcommand)]
pub enum IndexCommand {
	/// Build a new database from the blocks alone, and compare its content with that of the existing one
	Rebuild(RebuildArgs),
	/// Find gaps and damage in the database, without a node
	Check(CheckArgs),
}

/// Arguments of `index rebuild`.
#[derive(Clone, Debug, Args)]
pub struct RebuildArgs {
	#[command(flatten)]
	database: DatabaseArgs,
	/// New database; an existing file is never overwritten
	#[arg(value_name = "NEW")]
	new: PathBuf,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `index check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
	#[command(flatten)]
	database: DatabaseArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `index`. The exit code is a failure if a check has findings, or if a new database differs from the existing one.
///
/// # Errors
///
/// Errors if the node cannot be reached or has removed a block, or if the database cannot be used.
pub async fn run(node: &NodeArgs, args: IndexArgs) -> Result<ExitCode> {
	match args.command {
		None => index(node, args).await.map(|()| ExitCode::SUCCESS),
		Some(IndexCommand::Rebuild(args)) => rebuild(node, args).await,
		Some(IndexCommand::Check(args)) => check(&args),
	}
}

async fn index(node: &NodeArgs, args: IndexArgs) -> Result<()> {
	let IndexArgs { database: DatabaseArgs { olap_db }, stats_file, once, olap_partial, output, .. } = args;
	let chain = node.connect().await?;
	let store = if olap_db.exists() { Some(Store::open(&olap_db)?) } else { None };
	let next = store.as_ref().and_then(Store::position).map(|position| position.next());
	let begin = if olap_partial { Begin::Readable } else { Begin::Genesis };
	let mut indexer = Indexer::new(chain.clone(), olap_db.clone(), store, begin, stats_file.clone(), OnCsvError::End).await?;
	let last = if once { Some(chain.finalized().await?.number) } else { None };
	let shown = Cell::new(Instant::now());
	let stored = |block| {
		if shown.get().elapsed() >= PROGRESS {
			shown.set(Instant::now());
			tracing::info!(target: "doin::index", block, "blocks stored");
		}
	};
	let lines = indexer.run(last, stored).await?;
	let position = indexer.into_store().and_then(|store| store.position());
	let (first, last) = position.map(|position| (position.first, position.last)).unzip();
	output.print(&IndexReport::new(olap_db, next.or(first).unwrap_or(0), last, stats_file.map(|file| (file, lines))))
}

async fn rebuild(node: &NodeArgs, args: RebuildArgs) -> Result<ExitCode> {
	let RebuildArgs { database: DatabaseArgs { olap_db }, new, output } = args;
	let store = Store::open_existing(&olap_db)?;
	let Some(position) = store.position() else {
		bail!("the database {} has no blocks: fill it with `doin-worker index` first", olap_db.display())
	};
	let chain = node.connect().await?;
	store.expect_genesis(chain.genesis())?;
	let existing = store.content()?;
	if Store::open(&olap_db)?.position() != Some(position) {
		bail!("another process writes the database {}: stop it, and start again", olap_db.display());
	}
	if new.exists() {
		Store::create(&new)?;
	}
	let begin = Begin::Block(position.first);
	let mut indexer = Indexer::new(chain, new.clone(), None, begin, None, OnCsvError::End).await?;
	indexer.run(Some(position.last), |_| ()).await?;
	let built = indexer.into_store().context("no block was read: wait until the node is synced")?;
	let report = RebuildReport::new((olap_db, &existing), (new, &built.content()?), position.last);
	output.print(&report)?;
	Ok(if report.is_equal() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(args: &CheckArgs) -> Result<ExitCode> {
	let store = Store::open_existing(&args.database.olap_db)?;
	let findings = store.check()?;
	let content = store.content()?;
	args.output.print(&CheckReport::new(&store, &content, &findings))?;
	Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Opens the CSV file of a database, and appends the rounds that it lacks. Returns the file and the number of new lines.
///
/// # Errors
///
/// Errors if the file does not belong to the database, or cannot be written.
pub fn append_rounds(file: &std::path::Path, store: &Store) -> Result<(StatsFile, u64), StoreError> {
	let mut file = StatsFile::open(file, store)?;
	let lines = file.append(store)?;
	Ok((file, lines))
}
