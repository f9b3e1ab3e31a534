//! The DOIN digest of a header, as far as headers alone can verify it.
//!
//! The runtime of every node writes the digest and compares it with that of an imported block, so a false digest never enters
//! the chain. The checks here come before the execution of the block and need its parent's header only: exactly one item, its
//! form, and the count of work blocks.

use codec::DecodeAll;
use doin_primitives::{DoinLog, DOIN_ENGINE_ID, Q32};
use sp_runtime::{
	traits::{Header, Zero},
	DigestItem,
};

/// Last version of [`DoinLog`] that this node knows.
const VERSION: u8 = 1;

/// Reason to refuse a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
	/// No DOIN digest.
	#[error("the header has no DOIN digest; every block of this chain has one")]
	Missing,
	/// Several DOIN digests.
	#[error("the header has {0} DOIN digests; a block has exactly one")]
	Several(usize),
	/// Content that is not a [`DoinLog`].
	#[error("the DOIN digest cannot be decoded: 0x{}", hex(.0))]
	Malformed(Vec<u8>),
	/// Number of work blocks that does not follow from the parent's.
	#[error("the DOIN digest counts {stated} work blocks; after {parent} at its parent it has to count {expected}")]
	Count {
		/// Number in the header.
		stated: u64,
		/// Number in the header of the parent.
		parent: u64,
		/// Number that follows from the parent's.
		expected: u64,
	},
	/// Seal that took nothing, or more than the threshold.
	#[error("the DOIN digest seals {taken} of a threshold of {threshold}; a seal takes more than 0 and at most the threshold")]
	Seal {
		/// Effective improvement that the seal states, Q32 bits.
		taken: Q32,
		/// Threshold that the seal states, Q32 bits.
		threshold: Q32,
	},
}

/// Returns the DOIN digest of `header`, or `None` if its version is later than this node: a runtime upgrade does not need the
/// nodes to be upgraded first. The digest of block 0, which has none, counts no work block.
///
/// # Errors
///
/// Errors if the header does not have exactly one DOIN digest, or if it cannot be decoded. Items of another kind do not count,
/// e.g. pre-runtime items, which an author can add as it likes.
pub fn read<H: Header>(header: &H) -> Result<Option<DoinLog>, DigestError> {
	if header.number().is_zero() {
		return Ok(Some(DoinLog::V1 { work_index: 0, seal: None }));
	}
	let mut items = header.digest().logs().iter().filter_map(|item| match item {
		DigestItem::Consensus(DOIN_ENGINE_ID, data) => Some(data),
		_ => None,
	});
	let data = items.next().ok_or(DigestError::Missing)?;
	match items.count() {
		0 => {}
		more => return Err(DigestError::Several(more + 1)),
	}
	if data.first().is_some_and(|version| *version > VERSION) {
		return Ok(None);
	}
	DoinLog::decode_all(&mut &data[..]).map(Some).map_err(|_| DigestError::Malformed(data.clone()))
}

/// Returns the number of work blocks on the chain that ends with `header`, or `None` if the header does not say so in a form
/// that this node knows.
pub fn work_index<H: Header>(header: &H) -> Option<u64> {
	read(header).ok().flatten().map(|DoinLog::V1 { work_index, .. }| work_index)
}

/// Checks the DOIN digest of `header` against the header of its parent: a block with a seal counts one work block more, any
/// other block as many.
///
/// The sums are not checked if the digest of one of the two has a later version than this node.
///
/// # Errors
///
/// Errors for a digest that no runtime of this chain writes.
pub fn check<H: Header>(parent: &H, header: &H) -> Result<(), DigestError> {
	let Some(DoinLog::V1 { work_index: stated, seal }) = read(header)? else { return Ok(()) };
	if let Some((taken, threshold)) = seal {
		if taken == 0 || taken > threshold {
			return Err(DigestError::Seal { taken, threshold });
		}
	}
	let Some(parent) = work_index(parent) else { return Ok(()) };
	// A count at its limit cannot be reached; the execution of the block would find it.
	let expected = parent.saturating_add(u64::from(seal.is_some()));
	if stated != expected {
		return Err(DigestError::Count { stated, parent, expected });
	}
	Ok(())
}

/// Returns `bytes` in hex.
fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
