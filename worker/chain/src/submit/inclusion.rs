//! Search for the block that includes an extrinsic, by the hash of the extrinsic.
//!
//! A nonce that was spent does not show which transaction has spent it: another program may sign with the same key. Only the
//! extrinsic itself in the body of a block does.

use super::{outcome::Event, Stop};
use crate::{
	connection::{head_of, updates_runtime},
	error::RequestError,
	Chain, Head, ReadError, Setback,
};
use doin_primitives::{blake2_256, BlockNumber, Hash};
use subxt::{error::EventsError, events::Phase, utils::H256};

/// Place of an extrinsic in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
	/// Block that includes the extrinsic.
	pub(super) block: Head,
	/// Index of the extrinsic in the block.
	pub(super) index: u32,
	/// Block whose state has the runtime that executed `block`: its parent if `block` changes the runtime.
	pub(super) runtime: Head,
}

/// Blocks that may include an extrinsic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
	/// First block of its era, of which the best block is a part when it is signed. Only later blocks can include it.
	pub(super) after: BlockNumber,
	/// Last block of its era.
	pub(super) until: BlockNumber,
}

/// A block, as far as the search needs it.
struct Body {
	block: Head,
	parent: Head,
	/// The runtime of the next block differs from that of this one.
	updates_runtime: bool,
	extrinsics: Vec<Hash>,
}

impl Body {
	/// Returns the place of the first extrinsic that has one of the hashes `sent`.
	fn place(&self, sent: &[Hash]) -> Option<Place> {
		let runtime = if self.updates_runtime { self.parent } else { self.block };
		position(&self.extrinsics, sent).map(|index| Place { block: self.block, index, runtime })
	}
}

/// Returns the index of the first extrinsic that has one of the hashes `sent`.
fn position(extrinsics: &[Hash], sent: &[Hash]) -> Option<u32> {
	extrinsics.iter().position(|hash| sent.contains(hash)).map(|index| index as u32)
}

impl Chain {
	/// Returns the place of the extrinsic that has one of the hashes `sent`, on the branch of `head`; `None` if no block of
	/// `range` includes one.
	///
	/// # Errors
	/// Errors if the node does not answer, or does not have a block of the branch.
	pub(super) async fn find_extrinsic(&self, head: Head, range: Range, sent: &[Hash]) -> Result<Option<Place>, Stop> {
		let mut at = match head.number > range.until {
			true => self.block(range.until).await?.unwrap_or(head),
			false => head,
		};
		while at.number > range.after {
			let body = self.body(at.hash).await?;
			if let Some(place) = body.place(sent) {
				return Ok(Some(place));
			}
			at = Head { number: at.number.saturating_sub(1), ..body.parent };
		}
		Ok(None)
	}

	/// Returns the place of the extrinsic that has one of the hashes `sent` in the block `hash`, or `None` if the block does not
	/// include it.
	///
	/// # Errors
	/// Errors if the node does not answer, or does not have the block.
	pub(super) async fn find_in_block(&self, hash: Hash, sent: &[Hash]) -> Result<Option<Place>, Stop> {
		Ok(self.body(hash).await?.place(sent))
	}

	async fn body(&self, hash: Hash) -> Result<Body, Stop> {
		let answer = self.connection().rpc.chain_get_block(Some(H256(hash)));
		let found = self.connection().request("chain_getBlock", answer).await?;
		// A block of a branch that the node has dropped.
		let block = found.ok_or(Stop::Again(Setback::NoReport))?.block;
		let head = Head { hash, ..head_of(&block.header) };
		Ok(Body {
			block: head,
			parent: Head { number: head.number.saturating_sub(1), hash: block.header.parent_hash.0 },
			updates_runtime: updates_runtime(&block.header),
			extrinsics: block.extrinsics.iter().map(|bytes| blake2_256(&bytes.0)).collect(),
		})
	}

	/// Returns the events of an extrinsic, in order, decoded by the runtime that executed the block.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the events cannot be decoded.
	pub(super) async fn events_of(&self, place: Place) -> Result<Vec<Event>, ReadError> {
		let at = self.at(place.block).await?;
		let name = format!("events of block {}", place.block.number);
		let mut events = self.connection().request(&name, async { at.events().fetch().await.map_err(events_error) }).await?;
		if place.runtime != place.block {
			events = self.at(place.runtime).await?.events().from_bytes(events.bytes().to_vec());
		}
		let mut own = Vec::new();
		for event in events.iter() {
			let event = event.map_err(|error| self.connection().error(&name, RequestError::malformed(error)))?;
			if event.phase() == Phase::ApplyExtrinsic(place.index) {
				let (pallet, name) = (event.pallet_name().into(), event.event_name().into());
				own.push(Event { pallet, name, fields: event.field_bytes().into() });
			}
		}
		Ok(own)
	}
}

/// Returns the reason for which the events of a block are not available.
fn events_error(error: EventsError) -> RequestError {
	match error {
		EventsError::CannotFetchEventBytes(error) => error.into(),
		other => RequestError::malformed(other),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_extrinsic_is_found_by_its_hash() {
		let block = [[1; 32], [2; 32], [3; 32]];
		assert_eq!(position(&block, &[[9; 32], [3; 32]]), Some(2));
		assert_eq!(position(&block, &[[9; 32]]), None);
		assert_eq!(position(&block, &[]), None);
	}

	#[test]
	fn the_runtime_of_a_block_that_changes_it_is_in_the_state_of_its_parent() {
		let (block, parent) = (Head { number: 7, hash: [7; 32] }, Head { number: 6, hash: [6; 32] });
		let body = |updates_runtime| Body { block, parent, updates_runtime, extrinsics: vec![[1; 32]] };
		assert_eq!(body(false).place(&[[1; 32]]), Some(Place { block, index: 0, runtime: block }));
		assert_eq!(body(true).place(&[[1; 32]]), Some(Place { block, index: 0, runtime: parent }));
		assert_eq!(body(true).place(&[[2; 32]]), None);
	}
}
