//! Types of the storage of segments and purses.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	Balance, BlockNumber, Hash,
};
use scale_info::TypeInfo;

/// Maximum number of hashes of one call.
pub const MAX_HASHES: u32 = 64;
/// Number of hashes of one storage entry.
pub const CHUNK: u16 = 32;

/// Hashes of consecutive segments.
pub type Hashes = BoundedVec<Hash, ConstU32<{ CHUNK as u32 }>>;

/// Segments of one domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Segments {
	/// Number of segments whose hashes are stored.
	pub sealed: u16,
	/// Number of opened segments. The next segment to open has this index.
	pub opened: u16,
	/// Request for the next segment; `None` unless a round waits for it.
	pub awaited: Option<Awaited>,
	/// Hold for the bytes and hashes of all sealed segments, in plancks.
	pub hold: Balance,
}

/// Request for a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Awaited {
	/// Number of the round that waits, on the grid of the domain.
	pub number: u32,
	/// Block in which the time for opening the segment ends.
	pub until: BlockNumber,
	/// Base fee at the request, in plancks per gas.
	pub base_fee: Balance,
	/// `true` once the time was doubled.
	pub doubled: bool,
}

/// Purse of one domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Purse {
	/// Amount on hold, in plancks.
	pub held: Balance,
	/// Amount that verdicts have burned so far, in plancks.
	pub spent: Balance,
}

impl Segments {
	/// Returns the number of sealed segments that are not opened.
	pub fn left(&self) -> u16 {
		self.sealed.saturating_sub(self.opened)
	}
}

/// Returns the key of the storage entry of the hash of segment `index`, and the place in it.
///
/// ```
/// use pallet_doin_evidence::types::place_of;
/// assert_eq!([place_of(0), place_of(31), place_of(32), place_of(1_023)], [(0, 0), (0, 31), (1, 0), (31, 31)]);
/// ```
pub fn place_of(index: u16) -> (u16, usize) {
	let chunk = index.checked_div(CHUNK).unwrap_or(0);
	(chunk, usize::from(index.checked_rem(CHUNK).unwrap_or(0)))
}
