//! The indexer beside the roles of `run`.

use super::follow::{explained, Begin, Indexer, OnCsvError};
use anyhow::{Context, Result};
use doin_analytics::{name_aside, Store, StoreError};
use doin_chain::{BlocksError, Chain, ReadError};
use serde::Serialize;
use std::{
	future::Future,
	path::{Path, PathBuf},
	time::Duration,
};
use tokio::{sync::watch, task::JoinHandle};

const TARGET: &str = "doin::index";
/// Pause after a failure that may pass.
const PAUSE: Duration = Duration::from_secs(30);

/// Files of an indexer beside the roles.
#[derive(Clone, Debug)]
pub struct FollowOptions {
	/// The database.
	pub database: PathBuf,
	/// CSV file of rounds.
	pub stats_file: Option<PathBuf>,
	/// First block of a new database.
	pub begin: Begin,
}

/// State of an indexer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum IndexState {
	/// No block was stored since the start.
	Starting,
	/// Blocks are stored.
	Following {
		/// Last stored block.
		block: u32,
	},
	/// A failure that may pass, such as a locked file or a full disk. Blocks are tried again after a pause.
	Waiting {
		/// The failure, and what can be done.
		reason: String,
	},
	/// A failure that stays. No block is stored until the next start.
	Failed {
		/// The failure, and what can be done.
		reason: String,
	},
}

/// An indexer that runs. It ends when this value is dropped; a batch is stored as a whole or not at all.
#[derive(Debug)]
pub struct Indexing {
	task: JoinHandle<()>,
	state: watch::Receiver<IndexState>,
}

impl Indexing {
	/// Returns the state, as it changes.
	pub fn state(&self) -> watch::Receiver<IndexState> {
		self.state.clone()
	}
}

impl Drop for Indexing {
	fn drop(&mut self) {
		self.task.abort();
	}
}

/// Starts to store all finalized blocks. Has to be called in a Tokio runtime. A failure is one log line and a state, and touches
/// nothing else. The database of an earlier chain with the same genesis, and that of an older worker, is moved aside.
pub fn spawn(chain: Chain, options: FollowOptions) -> Indexing {
	let (sender, state) = watch::channel(IndexState::Starting);
	let task = tokio::spawn(keep(sender, PAUSE, move |sender| {
		let (chain, options) = (chain.clone(), options.clone());
		async move { attempt(chain, options, sender).await }
	}));
	Indexing { task, state }
}

/// Runs attempts until one fails for good, with a pause after one whose failure may pass.
async fn keep<F>(sender: watch::Sender<IndexState>, pause: Duration, attempt: impl Fn(watch::Sender<IndexState>) -> F)
where
	F: Future<Output = Result<()>> + Send + 'static,
{
	loop {
		// A panic ends the attempt only.
		let mut attempts = tokio::task::JoinSet::new();
		attempts.spawn(attempt(sender.clone()));
		let result = match attempts.join_next().await {
			Some(Ok(result)) => result,
			Some(Err(panic)) => Err(panic.into()),
			None => Ok(()),
		};
		let Err(error) = result else { return };
		let reason = format!("{error:#}");
		if !is_temporary(&error) {
			tracing::error!(target: TARGET, "no more facts are stored, and the roles go on: {reason}");
			sender.send_replace(IndexState::Failed { reason });
			return;
		}
		let waiting = IndexState::Waiting { reason };
		let is_new = sender.send_if_modified(|state| {
			let is_new = *state != waiting;
			*state = waiting.clone();
			is_new
		});
		if is_new {
			tracing::warn!(target: TARGET, seconds = pause.as_secs(), "facts are tried again after a pause: {error:#}");
		}
		tokio::time::sleep(pause).await;
	}
}

/// Returns `true` if a later attempt may succeed.
fn is_temporary(error: &anyhow::Error) -> bool {
	error.downcast_ref::<StoreError>().is_some_and(StoreError::is_temporary)
		// Another process has created the file in this moment.
		|| matches!(error.downcast_ref(), Some(StoreError::Exists { .. }))
		// A state that was removed meanwhile is that of the first block: the next attempt begins later, or names the reason.
		|| error.downcast_ref::<ReadError>().is_some_and(|error| error.is_transient() || error.is_pruned())
		// The next attempt compares the chain with the database.
		|| matches!(error.downcast_ref(), Some(BlocksError::OtherBranch { .. } | BlocksError::Unfollowed { .. }))
}

/// Stores blocks without end.
async fn attempt(chain: Chain, options: FollowOptions, sender: watch::Sender<IndexState>) -> Result<()> {
	let FollowOptions { database, stats_file, begin } = options;
	let open = |path: PathBuf| async move {
		let opened = tokio::task::spawn_blocking(move || path.exists().then(|| Store::open(&path)).transpose());
		anyhow::Ok(opened.await?)
	};
	let store = match open(database.clone()).await? {
		Err(StoreError::OlderSchema { found, .. }) => {
			if begin == Begin::Genesis {
				// From a node without the old states, a new database could not be filled: the old one stays in its place.
				let first = chain.finalized_range(1..=1).next().await.map_err(explained);
				first.context("the database is of an older worker, and its facts cannot be read again")?;
			}
			tracing::warn!(target: TARGET, version = found, "the database is of an older worker: its facts are read again from the blocks");
			move_aside(&database, stats_file.as_deref(), Store::move_older_aside)?;
			None
		}
		store => store?,
	};
	let opened = Indexer::new(chain.clone(), database.clone(), store, begin, stats_file.clone(), OnCsvError::GoOn).await;
	let mut indexer = match opened {
		Err(error) if matches!(error.downcast_ref(), Some(StoreError::BeganAnew { .. })) => {
			tracing::warn!(target: TARGET, "the chain began anew: its facts are read from block 0 on");
			move_aside(&database, stats_file.as_deref(), |path| Store::open(path)?.move_aside())?;
			Indexer::new(chain, database, None, begin, stats_file, OnCsvError::GoOn).await?
		}
		opened => opened?,
	};
	indexer.run(None, |block| drop(sender.send_replace(IndexState::Following { block }))).await.map(drop)
}

/// Renames the files of an earlier chain, or of an older worker. The CSV file belongs to the database, so it is renamed first: without a
/// database, the next attempt could not tell whose it is.
fn move_aside(database: &Path, stats_file: Option<&Path>, rename: impl Fn(&Path) -> Result<PathBuf, StoreError>) -> Result<()> {
	if let Some(path) = stats_file.filter(|path| path.exists()) {
		let aside = name_aside(path);
		std::fs::rename(path, &aside).with_context(|| format!("cannot rename {}: check its folder", path.display()))?;
		report_aside(path, &aside);
	}
	report_aside(database, &rename(database)?);
	Ok(())
}

fn report_aside(path: &Path, aside: &Path) {
	let bytes = std::fs::metadata(aside).map_or(0, |file| file.len());
	tracing::warn!(target: TARGET, file = %path.display(), aside = %aside.display(), bytes,
		"the file was moved aside; delete it if you do not need it");
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_chain::RequestError;
	use std::sync::atomic::{AtomicU32, Ordering};

	/// Returns the states after `keep` has run attempts that give these results, in order.
	async fn last_state(results: Vec<fn() -> Result<()>>) -> (IndexState, u32) {
		let (sender, state) = watch::channel(IndexState::Starting);
		let count = std::sync::Arc::new(AtomicU32::new(0));
		let counted = count.clone();
		let keeping = keep(sender, Duration::ZERO, move |_| {
			let at = counted.fetch_add(1, Ordering::Relaxed) as usize;
			let result = results.get(at).copied();
			async move { result.map_or(Ok(()), |result| result()) }
		});
		keeping.await;
		let state = state.borrow().clone();
		(state, count.load(Ordering::Relaxed))
	}

	#[tokio::test]
	async fn failures_that_may_pass_are_tried_again_and_others_are_not() {
		let missing = || Err(StoreError::Missing { path: "facts.db".into() }.into());
		let (state, attempts) = last_state(vec![missing, missing]).await;
		assert!(matches!(&state, IndexState::Waiting { reason } if reason.contains("facts.db")), "{state:?}");
		assert_eq!(attempts, 3);
		let pruned = || {
			let source = RequestError::Refused { code: 4003, message: "State already discarded for 0x07".into(), data: None };
			Err(ReadError::Refused { url: "ws://node:9944".into(), request: "DoinApi_domains".into(), source }.into())
		};
		let (state, attempts) = last_state(vec![pruned]).await;
		assert!(matches!(&state, IndexState::Waiting { reason } if reason.contains("DoinApi_domains")), "{state:?}");
		assert_eq!(attempts, 2);
		let (state, attempts) = last_state(vec![|| Err(StoreError::OtherFile { path: "facts.db".into() }.into())]).await;
		assert!(matches!(&state, IndexState::Failed { reason } if reason.contains("facts.db")), "{state:?}");
		assert_eq!(attempts, 1);
	}

	#[tokio::test]
	async fn a_panic_is_a_failure_and_ends_nothing_else() {
		let (state, _) = last_state(vec![|| panic!("a fault of this test")]).await;
		assert!(matches!(state, IndexState::Failed { .. }), "{state:?}");
	}

	#[test]
	fn the_csv_file_is_moved_aside_with_its_database() {
		let folder = tempfile::tempdir().unwrap();
		let path = |name: &str| folder.path().join(name);
		let (database, stats) = (path("facts.db"), path("rounds.csv"));
		drop(Store::open(&database).unwrap());
		std::fs::write(&stats, "rounds").unwrap();
		move_aside(&database, Some(&stats), |path| Store::open(path)?.move_aside()).unwrap();
		assert!(path("facts-1.db").exists() && !database.exists() && !stats.exists());
		assert_eq!(std::fs::read_to_string(path("rounds-1.csv")).unwrap(), "rounds");
		let missing = move_aside(&database, Some(&stats), Store::move_older_aside).unwrap_err();
		assert!(missing.to_string().contains("facts.db"), "{missing}");
	}

	#[test]
	fn states_are_tagged_json() {
		let json = |state: IndexState| serde_json::to_string(&state).unwrap();
		assert_eq!(json(IndexState::Following { block: 7 }), r#"{"state":"following","block":7}"#);
		assert_eq!(json(IndexState::Failed { reason: "x".into() }), r#"{"state":"failed","reason":"x"}"#);
	}
}
