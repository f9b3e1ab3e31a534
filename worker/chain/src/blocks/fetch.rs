//! Fetches blocks with the bytes of their events.
//!
//! A span of blocks costs one request for their hashes, and two requests a block, `chain_getBlock` and `state_getStorage` of
//! `System.Events`. All requests of a span, except the first, are sent at once over the open WebSocket. subxt's clients have no
//! JSON-RPC batches; requests in flight keep the node as busy as a batch does.

use crate::{
	connection::{Connection, Header},
	Chain, Head, ReadError, RequestError,
};
use doin_primitives::{BlockNumber, Hash};
use std::{ops::RangeInclusive, sync::Arc};
use subxt::{ext::futures::future::join_all, rpcs::rpc_params, utils::H256};

/// Storage key of `System.Events`: the two hashes `twox_128("System")` and `twox_128("Events")`.
const EVENTS_KEY: &str = "26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";

/// A block as the node sends it.
#[derive(Clone, Debug)]
pub(super) struct RawBlock {
	pub(super) head: Head,
	pub(super) header: Header,
	/// Extrinsics in SCALE, each with its length in front.
	pub(super) extrinsics: Arc<[Vec<u8>]>,
	/// Value of `System.Events` after the block, in SCALE; empty if there is none.
	pub(super) events: Vec<u8>,
}

/// Reason for which a block could not be fetched.
#[derive(Debug)]
pub(super) enum Failure {
	/// The node belongs to another network: the connection was reopened to another node, which is not checked yet.
	OtherNetwork,
	/// The node does not have the hash of the block, the block, or its state. Other blocks above it may be there.
	Unavailable,
	/// The request failed.
	Read(ReadError),
}

impl From<ReadError> for Failure {
	fn from(error: ReadError) -> Self {
		match error.is_pruned() {
			true => Self::Unavailable,
			false => Self::Read(error),
		}
	}
}

/// Blocks of a span, up to the first one that could not be fetched.
#[derive(Debug)]
pub(super) struct Span {
	/// Fetched blocks, in order.
	pub(super) blocks: Vec<RawBlock>,
	/// Reason for which the block after them is missing; `None` if the span is complete.
	pub(super) failure: Option<Failure>,
}

/// Fetches the blocks with these numbers.
pub(super) async fn fetch(chain: Chain, numbers: RangeInclusive<BlockNumber>) -> Span {
	let (mut blocks, connection) = (Vec::new(), chain.connection());
	let hashes = match hashes(connection, chain.genesis(), numbers.clone()).await {
		Ok(hashes) => hashes,
		Err(failure) => return Span { blocks, failure: Some(failure) },
	};
	let fetched = numbers.zip(hashes).map(|(number, hash)| async move {
		match hash {
			Some(hash) => block(connection, Head { number, hash: hash.0 }).await,
			// The block is finalized. After a warp sync, a node does not know blocks below the target until it has fetched them.
			None => Err(Failure::Unavailable),
		}
	});
	for fetched in join_all(fetched).await {
		match fetched {
			Ok(block) => blocks.push(block),
			Err(failure) => return Span { blocks, failure: Some(failure) },
		}
	}
	Span { blocks, failure: None }
}

/// Returns the hashes of the blocks with these numbers on the branch of the node. The request asks for the hash of block 0 too,
/// so that no block of an unchecked node of another network is taken.
pub(super) async fn hashes(
	connection: &Connection,
	genesis: Hash,
	numbers: RangeInclusive<BlockNumber>,
) -> Result<Vec<Option<H256>>, Failure> {
	let asked: Vec<_> = std::iter::once(0).chain(numbers).collect();
	let answer = connection.raw.request::<Vec<Option<H256>>>("chain_getBlockHash", rpc_params![&asked]);
	let mut found = connection.request("chain_getBlockHash", answer).await?;
	if found.first() != Some(&Some(H256(genesis))) {
		return Err(Failure::OtherNetwork);
	}
	if found.len() != asked.len() {
		let fault = codec::Error::from("the number of hashes is not that of the blocks");
		return Err(connection.error("chain_getBlockHash", RequestError::malformed(fault)).into());
	}
	Ok(found.split_off(1))
}

async fn block(connection: &Connection, head: Head) -> Result<RawBlock, Failure> {
	let hash = Some(H256(head.hash));
	let body = connection.request("chain_getBlock", connection.rpc.chain_get_block(hash));
	let (body, events) = tokio::join!(body, events(connection, head));
	let (block, events) = (body?.ok_or(Failure::Unavailable)?.block, events?);
	let extrinsics = block.extrinsics.into_iter().map(|bytes| bytes.0).collect();
	Ok(RawBlock { head, header: block.header, extrinsics, events })
}

async fn events(connection: &Connection, head: Head) -> Result<Vec<u8>, ReadError> {
	let key = hex::decode(EVENTS_KEY).unwrap_or_default();
	let answer = connection.rpc.state_get_storage(&key, Some(H256(head.hash)));
	Ok(connection.request("System.Events", answer).await?.unwrap_or_default())
}

/// Returns the first block from `from` on that the node can read, by bisection: a node removes old blocks first. Returns `from`
/// if the node has not finalized it, and `None` if it cannot read its last finalized block.
///
/// # Errors
/// Errors if the node does not answer.
pub(super) async fn first_readable(chain: &Chain, from: BlockNumber) -> Result<Option<BlockNumber>, ReadError> {
	let finalized = chain.finalized().await?.number;
	if finalized < from || is_readable(chain, from).await? {
		return Ok(Some(from));
	}
	if !is_readable(chain, finalized).await? {
		return Ok(None);
	}
	let (mut missing, mut found) = (from, finalized);
	while found.saturating_sub(missing) > 1 {
		let middle = missing + (found - missing) / 2;
		match is_readable(chain, middle).await? {
			true => found = middle,
			false => missing = middle,
		}
	}
	Ok(Some(found))
}

async fn is_readable(chain: &Chain, number: BlockNumber) -> Result<bool, ReadError> {
	let Some(head) = chain.block(number).await? else { return Ok(false) };
	match block(chain.connection(), head).await {
		Ok(_) => Ok(true),
		Err(Failure::Unavailable) => Ok(false),
		Err(Failure::Read(error)) => Err(error),
		Err(Failure::OtherNetwork) => Err(chain.connection().error("chain_getBlock", RequestError::Disconnected)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_removed_state_is_told_from_other_refusals_and_from_a_lost_connection() {
		let failure = |reason: RequestError| Failure::from(ReadError::new("ws://node", "chain_getBlock", reason));
		let refused = |data: &str| RequestError::Refused { code: 4003, message: "Client error".into(), data: Some(data.into()) };
		assert!(matches!(failure(RequestError::Disconnected), Failure::Read(error) if error.is_transient()));
		assert!(matches!(failure(refused("State already discarded for 0x12")), Failure::Unavailable));
		assert!(matches!(failure(refused("Response is too big")), Failure::Read(error) if !error.is_transient()));
	}
}
