//! Block import between BABE's and GRANDPA's: checks the DOIN digest and decides ties between chains.

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

	/// Returns `true` if BABE prefers neither `block`, whose chain has `primary_slots`, nor the best block, and more work blocks
	/// were sealed on the chain of `block`.
	fn breaks_tie<Block>(&self, block: &BlockImportParams<Block>, primary_slots: BabeBlockWeight) -> Result<bool, Error>
	where
		Block: BlockT,
		C: HeaderBackend<Block> + AuxStore,
	{
		let info = self.client.info();
		if *block.header.number() != info.best_number {
			return Ok(false);
		}
		let Some(of_best) = load_block_weight(&*self.client, info.best_hash).map_err(lookup)? else { return Ok(false) };
		let candidate = rank(&block.header, primary_slots);
		let best = rank(&self.header(info.best_hash)?, of_best);
		Ok(candidate.zip(best).is_some_and(|(candidate, best)| candidate.breaks_tie(&best)))
	}

	/// Returns the header of the block `hash`.
	fn header<Block: BlockT>(&self, hash: Block::Hash) -> Result<Block::Header, Error>
	where
		C: HeaderBackend<Block>,
	{
		self.client.expect_header(hash).map_err(lookup)
	}
}

/// Returns the rank of the chain that ends with `header`, or `None` if its number of work blocks is unknown.
fn rank<H: HeaderT>(header: &H, primary_slots: BabeBlockWeight) -> Option<Rank> {
	let work_blocks = digest::work_index(header)?;
	Some(Rank { primary_slots, blocks: (*header.number()).saturated_into(), work_blocks })
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

	// BABE holds the lock of its epochs until this future ends, so no other block is imported between the comparison and the
	// import.
	async fn import_block(&self, mut block: BlockImportParams<Block>) -> Result<ImportResult, Error> {
		if let Some(primary_slots) = primary_slots(&block) {
			self.check_digest(&block)?;
			if block.fork_choice == Some(ForkChoiceStrategy::Custom(false)) && self.breaks_tie(&block, primary_slots)? {
				block.fork_choice = Some(ForkChoiceStrategy::Custom(true));
			}
		}
		self.inner.import_block(block).await
	}
}
