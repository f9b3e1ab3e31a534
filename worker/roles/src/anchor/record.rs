//! Anchors, and records of their publication.

use codec::{Decode, Encode};
use doin_chain::BlockHeader;
use doin_primitives::{BlockNumber, DoinLog, Hash};
use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use std::{fmt, str::FromStr};

/// First bytes of a remark with an anchor: a tag, and the version of what follows.
const TAG: &[u8] = b"doin-anchor\x01";

/// A hash that texts have as `0x` and 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, SerializeDisplay, DeserializeFromStr)]
pub struct HexHash(pub Hash);

impl FromStr for HexHash {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let bytes = text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
		let hash = bytes.and_then(|bytes| Hash::try_from(bytes).ok());
		hash.map(Self).ok_or_else(|| format!("invalid hash `{text}`: expected 0x and 64 hexadecimal digits"))
	}
}

impl fmt::Display for HexHash {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "0x{}", hex::encode(self.0))
	}
}

/// A work block that others keep a record of. Everything in it follows from the header of the block that sealed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anchor {
	/// Hash of block 0, which names the network.
	pub genesis: HexHash,
	/// Number of the work block: the work that the chain has accumulated.
	pub work_block: u64,
	/// Number of the block that sealed it.
	pub block: BlockNumber,
	/// Hash of that block.
	pub hash: HexHash,
	/// Hash of its parent, as the event `Work.Anchored` names it.
	pub parent: HexHash,
	/// Root of the state after that block.
	pub state_root: HexHash,
}

impl Anchor {
	/// Returns the anchor of a block; `None` if the block seals no work block.
	pub fn of(genesis: Hash, header: &BlockHeader) -> Option<Self> {
		let Some(DoinLog::V1 { work_index, seal: Some(_) }) = &header.log else { return None };
		Some(Self {
			genesis: HexHash(genesis),
			work_block: *work_index,
			block: header.head.number,
			hash: HexHash(header.head.hash),
			parent: HexHash(header.parent),
			state_root: HexHash(header.state_root),
		})
	}

	/// Returns the bytes of a remark with this anchor: a tag, a version, and the anchor in SCALE.
	pub fn remark(&self) -> Vec<u8> {
		[TAG, &self.encode()].concat()
	}

	/// Returns the anchors in the remarks of a block, whose extrinsics are given in SCALE. Bytes after the tag that are no anchor are
	/// skipped.
	pub fn in_extrinsics(extrinsics: &[Vec<u8>]) -> Vec<Self> {
		let of_one = |bytes: &Vec<u8>| -> Vec<Self> {
			let after_tag = |at: usize| bytes.get(at..)?.strip_prefix(TAG);
			(0..bytes.len()).filter_map(after_tag).filter_map(|mut rest| Self::decode(&mut rest).ok()).collect()
		};
		extrinsics.iter().flat_map(of_one).collect()
	}
}

/// A remark on another chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remark {
	/// Hash of block 0 of the other chain.
	pub genesis: HexHash,
	/// Number of the block with the remark, which is final.
	pub block: BlockNumber,
	/// Hash of that block.
	pub hash: HexHash,
}

/// A line of the file: an anchor, and where it was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
	/// The anchor.
	pub anchor: Anchor,
	/// Address of the HTTP server that has accepted it.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub http: Option<String>,
	/// Remark with it on another chain.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub remark: Option<Remark>,
}

impl From<Anchor> for Record {
	fn from(anchor: Anchor) -> Self {
		Self { anchor, http: None, remark: None }
	}
}
