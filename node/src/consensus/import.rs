//! Block import between BABE's and GRANDPA's: checks the DOIN digest and compares the ranks of chains.

use super::{digest, fork_choice::Rank};
use codec::DecodeAll;
use sc_client_api::{backend::AuxStore, HeaderBackend};
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ForkChoiceStrategy, ImportResult};
use sc_consensus_babe::aux_schema::{block_weight_key, load_block_weight};
use sp_consensus::Error;
use sp_consensus_babe::BabeBlockWeight;
use sp_runtime::{
	traits::{Block as BlockT, Header as HeaderT},
	SaturatedConversion,
};
use std::sync::Arc;

/// Wrapper of the import `I` that BABE passes blocks to, where `client` reads the chain.
///
/// It acts on blocks that BABE has weighed, i.e. on those that a node authors or downloads at the head of its chain. Blocks
/// that come with their state, blocks of a warp sync and of the gap behind it, and known blocks are passed on as they are: BABE
/// weighs none of them, GRANDPA has finalised them, and their parents may be missing.
///
/// It stores nothing. It reads BABE's weight of a block, which BABE stores with the block, and headers.
pub struct WorkBlockImport<I, C> {
	inner: I,
	client: Arc<C>,
}

impl<I: Clone, C> Clone for WorkBlockImport<I, C> {
	fn clone(&self) -> Self {
		Self { inner: self.inner.clone(), client: self.client.clone() }
	}
}

impl<I, C> WorkBlockImport<I, C> {
	/// Returns a wrapper of `inner`.
	pub fn new(inner: I, client: Arc<C>) -> Self {
		Self { inner, client }
	}

	/// Checks the digest of `block` against the header of its parent.
	fn check_digest<Block>(&self, block: &BlockImportParams<Block>) -> Result<(), Error>
	where
		Block: BlockT,
		C: HeaderBackend<Block>,
	{
		let parent = self.header(*block.header.parent_hash())?;
		digest::check(&parent, &block.header)
			.map_err(|error| Error::ClientImport(format!("block {} ({:?}): {error}", block.header.number(), block.post_hash())))
	}

	/// Returns `true` if the chain of `block`, which has `primary_slots`, ranks higher than the best chain. Returns `None` if BABE
	/// has not weighed the best block, e.g. block 0.
	fn outranks<Block>(&self, block: &BlockImportParams<Block>, primary_slots: BabeBlockWeight) -> Result<Option<bool>, Error>
	where
		Block: BlockT,
		C: HeaderBackend<Block> + AuxStore,
	{
		let info = self.client.info();
		let Some(slots_of_best) = load_block_weight(&*self.client, info.best_hash).map_err(lookup)? else { return Ok(None) };
		let best = self.header(info.best_hash)?;
		// Work decides nothing if the digest of one of the two has a later version than this node.
		let work = digest::work_index(&block.header).zip(digest::work_index(&best));
		let (work_of_block, work_of_best) = work.unwrap_or_default();
		Ok(Some(rank(&block.header, primary_slots, work_of_block) > rank(&best, slots_of_best, work_of_best)))
	}

	/// Returns the header of the block `hash`.
	fn header<Block: BlockT>(&self, hash: Block::Hash) -> Result<Block::Header, Error>
	where
		C: HeaderBackend<Block>,
	{
		self.client.expect_header(hash).map_err(lookup)
	}
}

/// Returns the rank of the chain that ends with `header`.
fn rank<H: HeaderT>(header: &H, primary_slots: BabeBlockWeight, work_blocks: u64) -> Rank {
	Rank { primary_slots, blocks: (*header.number()).saturated_into(), work_blocks }
}

/// Returns the number of primary slots that BABE stores with `block`: `None` for blocks that BABE does not weigh.
fn primary_slots<Block: BlockT>(block: &BlockImportParams<Block>) -> Option<BabeBlockWeight> {
	if block.with_state() {
		// BABE starts to count anew at the block of a state import.
		return None;
	}
	let key = block_weight_key(block.post_hash());
	let (_, value) = block.auxiliary.iter().find(|(entry, _)| *entry == key)?;
	BabeBlockWeight::decode_all(&mut value.as_deref()?).ok()
}

/// Returns the error of a header or weight that cannot be read.
fn lookup(error: sc_client_api::blockchain::Error) -> Error {
	Error::ChainLookup(error.to_string())
}

#[async_trait::async_trait]
impl<Block, I, C> BlockImport<Block> for WorkBlockImport<I, C>
where
	Block: BlockT,
	I: BlockImport<Block, Error = Error> + Send + Sync,
	C: HeaderBackend<Block> + AuxStore + Send + Sync,
{
	type Error = Error;

	async fn check_block(&self, block: BlockCheckParams<Block>) -> Result<ImportResult, Error> {
		self.inner.check_block(block).await
	}

	// BABE reads the best block before it waits for the lock of its epochs, so its own decision can be about a former best block.
	// It holds the lock until this future ends: no other block of the head is imported between the comparison here and the import.
	async fn import_block(&self, mut block: BlockImportParams<Block>) -> Result<ImportResult, Error> {
		if let Some(primary_slots) = primary_slots(&block) {
			self.check_digest(&block)?;
			if let Some(is_better) = self.outranks(&block, primary_slots)? {
				block.fork_choice = Some(ForkChoiceStrategy::Custom(is_better));
			}
		}
		self.inner.import_block(block).await
	}
}
