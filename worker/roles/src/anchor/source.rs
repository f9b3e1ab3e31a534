//! Chains as anchors are read from them.

use anyhow::{Context, Result};
use doin_chain::{BlockHeader, Chain, Head};
use doin_primitives::{BlockNumber, DoinLog, Hash};
use std::future::Future;

/// A chain that anchors are read from.
pub trait Source {
	/// Returns the hash of block 0.
	fn genesis(&self) -> Hash;

	/// Returns the number of the last final block.
	///
	/// # Errors
	///
	/// Errors if the node does not answer.
	fn finalized(&self) -> impl Future<Output = Result<BlockNumber>>;

	/// Returns the header of a block; `None` if the node does not have it. A number above the last final block names a block that can be
	/// replaced.
	///
	/// # Errors
	///
	/// Errors if the node does not answer, or sends another header.
	fn header(&self, number: BlockNumber) -> impl Future<Output = Result<Option<BlockHeader>>>;

	/// Returns the extrinsics of a block in SCALE; `None` if the node does not have them.
	///
	/// # Errors
	///
	/// Errors if the node does not answer.
	fn extrinsics(&self, at: Head) -> impl Future<Output = Result<Option<Vec<Vec<u8>>>>>;
}

impl Source for Chain {
	fn genesis(&self) -> Hash {
		Chain::genesis(self)
	}

	async fn finalized(&self) -> Result<BlockNumber> {
		Ok(Chain::finalized(self).await?.number)
	}

	async fn header(&self, number: BlockNumber) -> Result<Option<BlockHeader>> {
		let Some(head) = self.block(number).await? else { return Ok(None) };
		Ok(Chain::header(self, head).await?)
	}

	async fn extrinsics(&self, at: Head) -> Result<Option<Vec<Vec<u8>>>> {
		Ok(self.extrinsics_of(at).await?)
	}
}

/// Returns the number of work blocks from one anchor to the next on a chain.
///
/// # Errors
///
/// Errors if the node does not answer, or if its runtime has no anchors.
pub async fn interval(chain: &Chain) -> Result<u64> {
	Ok(chain.constant::<u64>("Work", "AnchorInterval").await?.max(1))
}

/// Returns the number of work blocks up to a block, the block included.
pub(super) fn work_blocks(header: &BlockHeader) -> u64 {
	header.log.as_ref().map_or(0, |DoinLog::V1 { work_index, .. }| *work_index)
}

/// Returns the header of a block.
///
/// # Errors
///
/// Errors if the node does not answer, or does not have the header.
pub(super) async fn header_of<S: Source>(source: &S, number: BlockNumber) -> Result<BlockHeader> {
	let missing = "wait until it has downloaded old blocks, or use another node";
	source.header(number).await?.with_context(|| format!("the node does not have the header of block {number}: {missing}"))
}

/// Returns the header of the first block above `above` and up to `last` with `work_block` work blocks or more, by bisection. The number
/// of work blocks never falls. The block `last` has that many.
///
/// # Errors
///
/// Errors if the node does not answer, or does not have a header.
pub(super) async fn first_with<S: Source>(
	source: &S,
	work_block: u64,
	above: BlockNumber,
	last: BlockNumber,
) -> Result<BlockHeader> {
	let (mut below, mut found) = (above, last);
	while found.saturating_sub(below) > 1 {
		let middle = below + (found - below) / 2;
		match work_blocks(&header_of(source, middle).await?) >= work_block {
			true => found = middle,
			false => below = middle,
		}
	}
	header_of(source, found).await
}
