//! The runtime that executed a block: its metadata, and the parts of a block that are read with it.

use super::{block::BlockEvent, fetch::RawBlock};
use crate::{Chain, Head, ReadError, RequestError};
use codec::{Compact, CompactLen, Decode};
use subxt::{client::OnlineClientAtBlock, config::SubstrateConfig, events::Phase, ArcMetadata};

/// Bits of the first byte of an extrinsic that are 0 if it is neither signed nor has transaction extensions.
const EXTRINSIC_TYPE: u8 = 0b1100_0000;

/// A runtime. The metadata is fetched once per `spec_version` and connection, by subxt.
#[derive(Clone)]
pub(super) struct Runtime {
	client: OnlineClientAtBlock<SubstrateConfig>,
	/// Indices of the pallet and the call of `Timestamp.set`.
	set_time: Option<(u8, u8)>,
}

impl Runtime {
	/// Returns the runtime in the state after the block `at`. It executes the next block.
	///
	/// # Errors
	/// Errors if the node does not answer, does not have the state, or if its metadata cannot be decoded.
	pub(super) async fn after(chain: &Chain, at: Head) -> Result<Self, ReadError> {
		let client = chain.at(at).await?;
		let set_time = client.metadata_ref().pallet_by_name("Timestamp").and_then(|pallet| {
			let call = pallet.call_variant_by_name("set")?;
			Some((pallet.call_index(), call.index))
		});
		Ok(Self { client, set_time })
	}

	/// Returns the `spec_version` of the runtime.
	pub(super) fn spec_version(&self) -> u32 {
		self.client.spec_version()
	}

	/// Returns the metadata of the runtime.
	pub(super) fn metadata(&self) -> ArcMetadata {
		self.client.metadata()
	}

	/// Splits the value of `System.Events` into events.
	///
	/// # Errors
	/// Errors if the bytes are not events of this runtime.
	pub(super) fn events(&self, bytes: &[u8]) -> Result<Vec<BlockEvent>, RequestError> {
		if bytes.is_empty() {
			return Ok(Vec::new());
		}
		let (metadata, all) = (self.metadata(), self.client.events().from_bytes(bytes.to_vec()));
		let mut read = Compact::<u32>::compact_len(&all.len());
		let mut events = Vec::new();
		for event in all.iter() {
			let event = event.map_err(RequestError::malformed)?;
			read += event.bytes().len();
			events.push(BlockEvent {
				index: event.index(),
				extrinsic: match event.phase() {
					Phase::ApplyExtrinsic(index) => Some(index),
					Phase::Initialization | Phase::Finalization => None,
				},
				pallet: event.pallet_name().into(),
				name: event.event_name().into(),
				bytes: event.field_bytes().into(),
				variant: (event.pallet_index(), event.event_index()),
				metadata: metadata.clone(),
			});
		}
		// The iterator ends early when no bytes are left, and leaves those over that follow the last event.
		match read == bytes.len() && events.len() == all.len() as usize {
			true => Ok(events),
			false => Err(RequestError::malformed(codec::Error::from("the events and their types have different lengths"))),
		}
	}

	/// Returns the time that the inherent `Timestamp.set` of a block sets, in milliseconds since 1970.
	pub(super) fn timestamp(&self, block: &RawBlock) -> Option<u64> {
		let set_time = self.set_time?;
		block.extrinsics.iter().find_map(|bytes| {
			let input = &mut &bytes[..];
			Compact::<u32>::decode(input).ok()?;
			match *input {
				[version, pallet, call, now @ ..] if version & EXTRINSIC_TYPE == 0 && (*pallet, *call) == set_time => {
					Compact::<u64>::decode(&mut &now[..]).ok().map(|now| now.0)
				}
				_ => None,
			}
		})
	}
}
