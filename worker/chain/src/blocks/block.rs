//! A finalized block with its events and extrinsics, decoded by the metadata of the runtime that executed it.

use super::{events::TypedEvent, fetch::RawBlock, json, runtime::Runtime};
use crate::{Account, Head, ReadError, RequestError};
use codec::Decode;
use doin_primitives::{blake2_256, Balance, DoinLog, Hash, DOIN_ENGINE_ID};
use std::{fmt, sync::Arc};
use subxt::{
	config::substrate::DigestItem,
	ext::{
		frame_decode::extrinsics::decode_extrinsic,
		scale_decode::{DecodeAsFields, DecodeAsType, Field},
	},
	ArcMetadata,
};

/// Engine id of BABE in the digest of a header.
const BABE_ENGINE_ID: [u8; 4] = *b"BABE";

/// A finalized block.
#[derive(Clone, Debug)]
pub struct FinalizedBlock {
	/// Number and hash of the block.
	pub head: Head,
	/// Hash of the parent: the block that the stream returned before this one.
	pub parent: Hash,
	/// Time of the block in milliseconds since 1970, as its author set it; `None` for block 0.
	pub timestamp: Option<u64>,
	/// `spec_version` of the runtime that executed the block. A block that upgrades the runtime is executed by the former one.
	pub spec_version: u32,
	/// Slot of the block and its author; `None` for block 0.
	pub author: Option<BlockAuthor>,
	/// Content of the DOIN digest: the number of work blocks, and the one that this block seals; `None` for block 0.
	pub log: Option<DoinLog>,
	/// Events of the block, in order.
	pub events: Vec<BlockEvent>,
	extrinsics: Arc<[Vec<u8>]>,
	metadata: Metadata,
}

/// Slot of a block, and its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockAuthor {
	/// Index of the author among the validators of the session, `Session.Validators`.
	pub authority: u32,
	/// Number of the slot.
	pub slot: u64,
}

/// An event of a block. Its fields are decoded on demand.
#[derive(Clone)]
pub struct BlockEvent {
	/// Position among the events of the block.
	pub index: u32,
	/// Position of the extrinsic that deposited the event; `None` if a hook did.
	pub extrinsic: Option<u32>,
	/// Name of the pallet.
	pub pallet: String,
	/// Name of the event.
	pub name: String,
	/// Fields in SCALE, one after the other.
	pub(super) bytes: Vec<u8>,
	/// Indices of the pallet and the event.
	pub(super) variant: (u8, u8),
	pub(super) metadata: ArcMetadata,
}

/// Summary of an extrinsic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtrinsicSummary {
	/// Position in the block.
	pub index: u32,
	/// blake2b-256 of its bytes.
	pub hash: Hash,
	/// Name of the pallet of its call.
	pub pallet: String,
	/// Name of its call. A call inside a proxy, a budget or a batch is not looked at.
	pub call: String,
	/// Account that signed it; `None` for an inherent.
	pub signer: Option<Account>,
	/// `true` unless it failed.
	pub success: bool,
	/// Fee paid in plancks, the tip included.
	pub fee: Balance,
}

/// Part of the event `TransactionPayment.TransactionFeePaid`.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct FeePaid {
	actual_fee: Balance,
}

/// Metadata, which are too long for a debug text.
#[derive(Clone)]
struct Metadata(ArcMetadata);

impl fmt::Debug for Metadata {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("Metadata")
	}
}

impl FinalizedBlock {
	/// Returns a block, decoded by the runtime that executed it.
	///
	/// # Errors
	/// Errors if the events are not those of this runtime.
	pub(super) fn decode(raw: &RawBlock, runtime: &Runtime) -> Result<Self, RequestError> {
		let logs = &raw.header.digest.logs;
		Ok(Self {
			head: raw.head,
			parent: raw.header.parent_hash.0,
			timestamp: runtime.timestamp(raw),
			spec_version: runtime.spec_version(),
			author: logs.iter().find_map(author),
			log: logs.iter().find_map(doin_log),
			events: runtime.events(&raw.events)?,
			extrinsics: raw.extrinsics.clone(),
			metadata: Metadata(runtime.metadata()),
		})
	}

	/// Returns the number of extrinsics, inherents included.
	pub fn extrinsic_count(&self) -> usize {
		self.extrinsics.len()
	}

	/// Returns a summary of every extrinsic, in order.
	///
	/// # Errors
	/// Errors if an extrinsic cannot be decoded.
	pub fn extrinsics(&self) -> Result<Vec<ExtrinsicSummary>, ReadError> {
		let mut summaries = Vec::new();
		for (bytes, index) in self.extrinsics.iter().zip(0..) {
			summaries.push(self.summary(index, bytes)?);
		}
		for event in &self.events {
			let Some(summary) = event.extrinsic.and_then(|index| summaries.get_mut(index as usize)) else { continue };
			match (event.pallet.as_str(), event.name.as_str()) {
				("System", "ExtrinsicFailed") => summary.success = false,
				("TransactionPayment", "TransactionFeePaid") => summary.fee = event.decode::<FeePaid>()?.actual_fee,
				_ => {}
			}
		}
		Ok(summaries)
	}

	fn summary(&self, index: u32, bytes: &[u8]) -> Result<ExtrinsicSummary, ReadError> {
		let metadata = &*self.metadata.0;
		let decoded = decode_extrinsic(&mut &*bytes, metadata, metadata.types()).map_err(|error| ReadError::Undecodable {
			request: format!("extrinsic {index} of block {}", self.head.number),
			source: Box::new(error),
		})?;
		let address = decoded.signature_payload().and_then(|payload| bytes.get(payload.address_range()));
		Ok(ExtrinsicSummary {
			index,
			hash: blake2_256(bytes),
			pallet: decoded.pallet_name().into(),
			call: decoded.call_name().into(),
			signer: address.and_then(account),
			success: true,
			fee: 0,
		})
	}
}

impl BlockEvent {
	/// Returns `true` if the event has this name.
	pub fn is(&self, pallet: &str, name: &str) -> bool {
		self.pallet == pallet && self.name == name
	}

	/// Returns the fields of the event as a `T`, by the names that they have in the metadata of the block. Further fields are
	/// skipped, so a `T` reads the events of later runtimes too.
	///
	/// # Errors
	/// Errors if a field is missing or has another type.
	pub fn decode<T: DecodeAsFields>(&self) -> Result<T, ReadError> {
		let mut fields = self.fields();
		T::decode_as_fields(&mut &self.bytes[..], &mut fields, self.metadata.types()).map_err(|error| self.undecodable(error))
	}

	/// Returns the event as a `T`, or `None` if it is another event.
	///
	/// # Errors
	/// Errors if a field is missing or has another type.
	pub fn typed<T: TypedEvent>(&self) -> Result<Option<T>, ReadError> {
		self.is(T::PALLET, T::NAME).then(|| self.decode()).transpose()
	}

	/// Returns the fields of the event as JSON: an object, or an array if the fields have no names.
	///
	/// | type | JSON |
	/// |---|---|
	/// | integer of up to 32 bits | number |
	/// | integer of 64 or 128 bits: amounts, Q32, error sums, ids of models and tasks | decimal string |
	/// | bytes and hashes | hex with `0x` |
	/// | account | SS58 |
	/// | enum | its variant in camel case: a string, or an object from it to the fields of the variant |
	/// | `Option` | `null`, or the value |
	///
	/// Names of fields are in camel case. The forms of integers follow from their types, never from their values.
	///
	/// # Errors
	/// Errors if the fields cannot be decoded.
	pub fn json(&self) -> Result<serde_json::Value, ReadError> {
		let mut fields = self.fields();
		json::of_fields(&self.bytes, &mut fields, self.metadata.types()).map_err(|error| self.undecodable(error))
	}

	/// Returns the fields in SCALE, one after the other.
	pub fn bytes(&self) -> &[u8] {
		&self.bytes
	}

	fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_, u32>> {
		let (pallet, event) = self.variant;
		let pallet = self.metadata.pallet_by_event_index(pallet);
		let variant = pallet.and_then(|pallet| pallet.event_variant_by_index(event));
		let fields = variant.map(|variant| &variant.fields[..]).unwrap_or_default();
		fields.iter().map(|field| Field::new(field.ty.id, field.name.as_deref()))
	}

	fn undecodable(&self, error: impl std::error::Error + Send + Sync + 'static) -> ReadError {
		ReadError::Undecodable { request: format!("event {}.{}", self.pallet, self.name), source: Box::new(error) }
	}
}

impl fmt::Debug for BlockEvent {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let mut text = f.debug_struct("BlockEvent");
		text.field("index", &self.index).field("extrinsic", &self.extrinsic);
		text.field("pallet", &self.pallet).field("name", &self.name).finish_non_exhaustive()
	}
}

/// Returns the account of an address in SCALE, if the address is one.
fn account(address: &[u8]) -> Option<Account> {
	match address {
		[0, id @ ..] => id.try_into().ok().map(Account),
		_ => None,
	}
}

/// Returns the author that a digest item of BABE names. Its three kinds of claims begin with the authority and the slot.
fn author(item: &DigestItem) -> Option<BlockAuthor> {
	match item {
		DigestItem::PreRuntime(BABE_ENGINE_ID, claim) => {
			let (kind, authority, slot) = <(u8, u32, u64)>::decode(&mut &claim[..]).ok()?;
			(1..=3).contains(&kind).then_some(BlockAuthor { authority, slot })
		}
		_ => None,
	}
}

/// Returns the content of a DOIN digest item.
pub(crate) fn doin_log(item: &DigestItem) -> Option<DoinLog> {
	match item {
		DigestItem::Consensus(DOIN_ENGINE_ID, log) => DoinLog::decode(&mut &log[..]).ok(),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;

	#[test]
	fn the_author_is_read_from_every_kind_of_claim() {
		for kind in 1..=3u8 {
			let claim = (kind, 5u32, 77u64, [0u8; 96]).encode();
			let found = author(&DigestItem::PreRuntime(BABE_ENGINE_ID, claim));
			assert_eq!(found, Some(BlockAuthor { authority: 5, slot: 77 }));
		}
		assert_eq!(author(&DigestItem::PreRuntime(BABE_ENGINE_ID, (4u8, 5u32, 77u64).encode())), None);
		assert_eq!(author(&DigestItem::PreRuntime(*b"aura", (1u8, 5u32, 77u64).encode())), None);
		assert_eq!(author(&DigestItem::PreRuntime(BABE_ENGINE_ID, vec![1])), None);
	}

	#[test]
	fn the_doin_digest_is_decoded() {
		let log = DoinLog::V1 { work_index: 3, seal: Some((1, 2)) };
		assert_eq!(doin_log(&DigestItem::Consensus(DOIN_ENGINE_ID, log.encode())), Some(log));
		assert_eq!(doin_log(&DigestItem::Consensus(*b"FRNK", vec![1, 0])), None);
	}

	#[test]
	fn an_address_of_another_kind_has_no_account() {
		assert_eq!(account(&[&[0][..], &[7; 32]].concat()), Some(Account([7; 32])));
		assert_eq!(account(&[&[3][..], &[7; 32]].concat()), None);
		assert_eq!(account(&[]), None);
	}
}
