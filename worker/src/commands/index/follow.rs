//! Reads finalized blocks and stores them in batches.

use super::{append_rounds, convert::converted};
use anyhow::{anyhow, Context, Result};
use doin_analytics::{Block, StatsFile, Store, StoreError};
use doin_chain::{BlocksError, Chain, FinalizedBlock};
use std::{path::PathBuf, time::Duration};

/// Most blocks of a batch.
const BATCH: usize = 256;
/// Events after which a batch is stored, so that blocks with many events do not fill the memory.
const EVENTS: usize = 20_000;
/// Pause without a block after which an incomplete batch is stored.
const PAUSE: Duration = Duration::from_millis(100);

/// Reads the blocks of one chain into one database.
pub struct Indexer {
	chain: Chain,
	files: Files,
}

/// Consequence of a failure of the CSV file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnCsvError {
	/// The indexer ends.
	#[default]
	End,
	/// The database goes on without the file.
	GoOn,
}

/// The database and the CSV file of an indexer.
#[derive(Default)]
struct Files {
	path: PathBuf,
	/// The database; `None` until there is a block for a new one, so that a refused start leaves no file.
	store: Option<Store>,
	stats: Option<PathBuf>,
	on_csv_error: OnCsvError,
	stats_file: Option<StatsFile>,
	/// Lines that were appended to the CSV file.
	lines: u64,
}

impl Indexer {
	/// Returns an indexer that goes on after the last block of `store`.
	///
	/// # Errors
	///
	/// Errors if the database belongs to another chain, or the CSV file to another database.
	pub async fn new(
		chain: Chain,
		path: PathBuf,
		store: Option<Store>,
		stats: Option<PathBuf>,
		on_csv_error: OnCsvError,
	) -> Result<Self> {
		store.as_ref().map_or(Ok(()), |store| store.expect_genesis(chain.genesis()))?;
		// A development chain that begins anew has the same genesis, and can be shorter. Blocks that are not final can change.
		if let Some(position) = store.as_ref().and_then(Store::position) {
			let finalized = chain.finalized().await?;
			let found = match finalized.number > position.last {
				true => chain.block(position.last).await?,
				false => Some(finalized),
			};
			let compared = found.zip(store.as_ref()).map(|(head, store)| store.expect_block(head.number, head.hash));
			compared.unwrap_or(Ok(()))?;
		}
		let files = Files { path, store, stats, on_csv_error, stats_file: None, lines: 0 };
		let files = tokio::task::spawn_blocking(move || files.caught_up()).await.context("the CSV file was not read")??;
		Ok(Self { chain, files })
	}

	/// Returns the database, if there is a block.
	pub fn into_store(self) -> Option<Store> {
		self.files.store
	}

	/// Stores blocks up to `last`, or without end, and calls `stored` with the last block of every batch. Returns the number of lines
	/// that were appended to the CSV file.
	///
	/// # Errors
	///
	/// Errors if the node has removed a block, if a block cannot be read, or if a file cannot be written. Complete blocks before
	/// the failure are stored.
	pub async fn run(&mut self, last: Option<u32>, stored: impl Fn(u32)) -> Result<u64> {
		let first = self.files.store.as_ref().map_or(0, Store::next_block);
		let mut blocks = self.chain.finalized_blocks(first);
		let (mut batch, mut events) = (Vec::new(), 0);
		while last.is_none_or(|last| blocks.next_number() <= last) {
			let next = match batch.is_empty() {
				true => Some(blocks.next().await),
				false => tokio::time::timeout(PAUSE, blocks.next()).await.ok(),
			};
			let is_paused = next.is_none();
			if let Some(next) = next {
				match next.map_err(explained).and_then(|block: FinalizedBlock| Ok(converted(&block)?)) {
					Ok(block) => {
						events += block.events.len();
						batch.push(block);
					}
					Err(error) => {
						self.store(batch, &stored).await?;
						return Err(error);
					}
				}
			}
			if is_paused || batch.len() >= BATCH || events >= EVENTS {
				self.store(std::mem::take(&mut batch), &stored).await?;
				events = 0;
			}
		}
		self.store(batch, &stored).await?;
		Ok(self.files.lines)
	}

	/// Stores a batch. A file is written on a thread that may block.
	async fn store(&mut self, batch: Vec<Block>, stored: impl Fn(u32)) -> Result<()> {
		let Some(last) = batch.last().map(|block| block.number) else { return Ok(()) };
		let mut files = std::mem::take(&mut self.files);
		let written = tokio::task::spawn_blocking(move || {
			let result = files.write(&batch);
			(files, result)
		});
		let (files, result) = written.await.context("a batch of blocks was not written")?;
		self.files = files;
		result?;
		stored(last);
		Ok(())
	}
}

impl Files {
	/// Returns the files, with the CSV file up to the last round of the database.
	fn caught_up(mut self) -> Result<Self> {
		self.append()?;
		Ok(self)
	}

	/// Writes consecutive blocks, of which there is at least one.
	fn write(&mut self, batch: &[Block]) -> Result<()> {
		let store = match &mut self.store {
			Some(store) => store,
			empty => empty.insert(Store::create(&self.path)?),
		};
		store.write(batch)?;
		let (first, last) = (batch.first().map(|block| block.number), batch.last().map(|block| block.number));
		tracing::debug!(target: "doin::index", first, last, "blocks stored");
		self.append()
	}

	/// Appends the new rounds to the CSV file.
	fn append(&mut self) -> Result<()> {
		match self.append_lines() {
			Err(error) if self.on_csv_error == OnCsvError::GoOn => {
				let error = anyhow::Error::from(error);
				tracing::error!(target: "doin::index", "no more rounds are appended to the CSV file, and the database goes on: {error:#}");
				(self.stats, self.stats_file) = (None, None);
				Ok(())
			}
			result => Ok(result?),
		}
	}

	fn append_lines(&mut self) -> Result<(), StoreError> {
		let (Some(path), Some(store)) = (&self.stats, &self.store) else { return Ok(()) };
		self.lines += match &mut self.stats_file {
			Some(file) => file.append(store)?,
			empty => {
				let (file, lines) = append_rounds(path, store)?;
				*empty = Some(file);
				lines
			}
		};
		Ok(())
	}
}

/// Returns an error of the stream with the next step of an indexer, which needs all blocks from genesis on.
fn explained(error: BlocksError) -> anyhow::Error {
	match error {
		BlocksError::Pruned { url, block, first } => anyhow!(
			"the node at {url} has no state of block {block}{}, and facts are stored without gaps: name an archive node, which runs \
			 with `--state-pruning archive`, with --url. The block and later ones were not stored",
			first.map_or_else(String::new, |first| format!("; the first block that it can read is {first}")),
		),
		error => error.into(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_pruned_block_leads_to_an_archive_node_and_names_the_first_readable_one() {
		let text = |first| explained(BlocksError::Pruned { url: "ws://node:9944".into(), block: 7, first }).to_string();
		for part in ["ws://node:9944", "block 7", "it can read is 300", "--state-pruning archive", "--url"] {
			assert!(text(Some(300)).contains(part), "`{part}` is missing in: {}", text(Some(300)));
		}
		assert!(!text(None).contains("can read"), "{}", text(None));
	}
}
