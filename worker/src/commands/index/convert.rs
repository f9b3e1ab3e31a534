//! Blocks of the chain as blocks of the indexer.

use doin_analytics::{Block, Event};
use doin_chain::{FinalizedBlock, ReadError};
use doin_primitives::DoinLog;

/// Returns a block with the fields of all its events.
///
/// # Errors
///
/// Errors if the fields of an event cannot be decoded.
pub fn converted(block: &FinalizedBlock) -> Result<Block, ReadError> {
	let (work_index, seal) = match block.log {
		Some(DoinLog::V1 { work_index, seal }) => (Some(work_index), seal),
		None => (None, None),
	};
	let events = block.events.iter().map(|event| {
		Ok(Event {
			index: event.index,
			extrinsic: event.extrinsic,
			pallet: event.pallet.clone(),
			name: event.name.clone(),
			fields: event.json()?,
		})
	});
	Ok(Block {
		number: block.head.number,
		hash: block.head.hash,
		parent: block.parent,
		timestamp: block.timestamp,
		spec_version: block.spec_version,
		author: block.author.map(|author| (author.authority, author.slot)),
		work_index,
		seal,
		extrinsics: u32::try_from(block.extrinsic_count()).unwrap_or(u32::MAX),
		events: events.collect::<Result<_, ReadError>>()?,
	})
}
