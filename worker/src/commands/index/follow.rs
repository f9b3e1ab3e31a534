//! Reads finalized blocks and stores them in batches.

use super::{
	append_rounds,
	convert::{add_state, converted, known_domains},
};
use anyhow::{anyhow, Context, Result};
use doin_analytics::{Block, StatsFile, Store, StoreError};
use doin_chain::{BlocksError, Chain, FinalizedBlock, Head, ReadError};
use doin_primitives::Hash;
use std::{path::PathBuf, time::Duration};

/// Most blocks of a batch.
const BATCH: usize = 256;
/// Events after which a batch is stored, so that blocks with many events do not fill the memory.
const EVENTS: usize = 20_000;
/// Pause without a block after which an incomplete batch is stored.
const PAUSE: Duration = Duration::from_millis(100);
/// Pause before a state is read again.
const RETRY: Duration = Duration::from_secs(1);

/// Blocks behind the first one that a pruned node can read at which a database begins: the node removes further states meanwhile.
const MARGIN: u32 = 8;

/// Reads the blocks of one chain into one database.
pub struct Indexer {
	chain: Chain,
	files: Files,
	begin: Begin,
}

/// First block of a new database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Begin {
	/// Block 0. A node that has removed its state is refused.
	#[default]
	Genesis,
	/// Block 0, or a later one if the node has removed the states before it.
	Readable,
	/// A given block.
	Block(u32),
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
	/// Hash of block 0, and the first block of a new database; `None` for block 0.
	begin: Option<(Hash, u32)>,
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
		begin: Begin,
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
		let first = match begin {
			Begin::Genesis | Begin::Readable => None,
			Begin::Block(first) => Some((chain.genesis(), first)),
		};
		let files = Files { path, store, begin: first, stats, on_csv_error, stats_file: None, lines: 0 };
		let files = tokio::task::spawn_blocking(move || files.caught_up()).await.context("the CSV file was not read")??;
		Ok(Self { chain, files, begin })
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
		if self.begin == Begin::Readable && self.files.is_empty() && last.is_none_or(|last| last > 0) {
			// Block 1 decides: a node that was synced by warp has the state of block 0 for a while, and no other old one.
			if let Err(BlocksError::Pruned { first: Some(first), .. }) = self.chain.finalized_range(1..=1).next().await {
				self.begin_after(first);
			}
		}
		let mut blocks = self.chain.finalized_blocks(self.files.next_block());
		let (mut batch, mut events) = (Vec::new(), 0);
		while last.is_none_or(|last| blocks.next_number() <= last) {
			let next = match batch.is_empty() {
				true => Some(blocks.next().await),
				false => tokio::time::timeout(PAUSE, blocks.next()).await.ok(),
			};
			let is_paused = next.is_none();
			if let Some(next) = next {
				let is_first = batch.is_empty() && self.files.is_empty();
				if let (Err(BlocksError::Pruned { first: Some(first), .. }), true, Begin::Readable) =
					(&next, is_first, self.begin)
				{
					let first = self.begin_after(*first);
					blocks = self.chain.finalized_blocks(first);
					continue;
				}
				match read(&self.chain, next, is_first).await {
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

	/// Lets the new database begin behind block `first`, the first one that the node can read. Returns its first block.
	fn begin_after(&mut self, first: u32) -> u32 {
		let first = first.saturating_add(MARGIN);
		tracing::warn!(target: "doin::index", block = first, url = self.chain.url(),
			"the node has removed earlier states: the database begins with this block, and facts before it are missing");
		self.files.begin = Some((self.chain.genesis(), first));
		first
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

/// Returns a block of the stream. The first one of a database has the domains of its state too.
async fn read(chain: &Chain, next: Result<FinalizedBlock, BlocksError>, is_first: bool) -> Result<Block> {
	let block = next.map_err(explained)?;
	let mut read = converted(&block)?;
	complete(chain, block.head, &mut read).await?;
	if is_first {
		read.domains = known_domains(chain, block.head).await?;
	}
	Ok(read)
}

/// Adds to a block what no event has. As the stream of blocks does, it waits for a lost connection, and for a node that is behind.
async fn complete(chain: &Chain, at: Head, block: &mut Block) -> Result<(), ReadError> {
	loop {
		let Err(error) = add_state(chain, at, block).await else { return Ok(()) };
		let is_behind = match error.is_transient() {
			true => true,
			false => chain.finalized().await.map_or_else(|lost| lost.is_transient(), |last| last.number < at.number),
		};
		if !is_behind {
			return Err(error);
		}
		tracing::debug!(target: "doin::index", block = at.number, "{error}; trying again");
		tokio::time::sleep(RETRY).await;
		chain.known_sync_state().await;
	}
}

impl Files {
	/// Returns `true` if no block is stored.
	fn is_empty(&self) -> bool {
		self.store.as_ref().and_then(Store::position).is_none()
	}

	/// Returns the number of the block that is stored next.
	fn next_block(&self) -> u32 {
		match self.is_empty() {
			true => self.begin.map_or(0, |(_, first)| first),
			false => self.store.as_ref().map_or(0, Store::next_block),
		}
	}

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
		if let Some((genesis, first)) = self.begin.take() {
			store.begin_with(genesis, first);
		}
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

/// Returns an error of the stream with the next steps of an indexer, which stores blocks without gaps.
pub(super) fn explained(error: BlocksError) -> anyhow::Error {
	match error {
		BlocksError::Pruned { url, block, first } => anyhow!(
			"the node at {url} has no state of block {block}{}, and facts are stored without gaps: start a node with \
			 `--state-pruning archive` in a new folder (--base-path; a folder keeps its pruning), wait until it is synced, and name it \
			 with --url. Or begin a new database with the blocks that this node can read: name a new file with --olap-db, and add \
			 --olap-partial. The block and later ones were not stored",
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
		for part in
			["ws://node:9944", "block 7", "it can read is 300", "--state-pruning archive", "--base-path", "--olap-partial"]
		{
			assert!(text(Some(300)).contains(part), "`{part}` is missing in: {}", text(Some(300)));
		}
		assert!(!text(None).contains("it can read is"), "{}", text(None));
	}
}
