//! Evidence that nobody has at the time of the commits: hashes of sealed segments, their limits, and the rules of pay around them.

use crate::{blake2_256, Balance, BlockNumber, Hash, DOIN, MILLION};
use codec::Encode;
use core::ops::RangeInclusive;

/// Maximum number of sealed segments of a domain.
pub const MAX_SEGMENTS: u32 = 1_024;
/// Maximum number of bytes of a segment: 128 KiB.
pub const MAX_SEGMENT_BYTES: u32 = 128 * 1024;
/// Smallest number of rows of a segment. To tell an error of 2 % from one of 5 % with three standard errors takes about 410 rows.
pub const MIN_SEGMENT_ROWS: u32 = 512;
/// Admitted stakes of a seat, in plancks.
pub const STAKES: RangeInclusive<Balance> = DOIN..=100 * DOIN;
/// Part of the deposit of a domain that burns if a segment is not opened in time, parts per million.
pub const MISSED_PENALTY: u32 = MILLION / 10;
/// Multiple of the base fee at which a window, for opening a segment or for reveals, is doubled once: an attacker that fills the blocks
/// of a window must not keep others out of it.
pub const EXTENDING_RISE: Balance = 4;

/// Largest ratio of the errors of the baseline on drawn and on published series. Fitted generators of ordinary series differ by up to
/// 2.5: noise in levels accumulates in a generator of differences.
pub const LIKENESS: u128 = 8;

/// First bytes of the preimage of a segment's hash.
const SEGMENT: &[u8] = b"doin segment";

/// Returns the hash under which a segment is sealed: `blake2_256(SCALE("doin segment", genesis, owner, index, salt, bytes))`.
///
/// The hash binds the chain, the owner and the index, so nobody can seal an opened segment again. The salt keeps others from guessing
/// segments with few possible contents.
pub fn segment_hash(genesis: &Hash, owner: &impl Encode, index: u16, salt: &[u8; 32], bytes: &[u8]) -> Hash {
	blake2_256(&segment_preimage(genesis, owner, index, salt, bytes))
}

/// Returns the preimage of [`segment_hash`], for a host function that hashes it.
pub fn segment_preimage(genesis: &Hash, owner: &impl Encode, index: u16, salt: &[u8; 32], bytes: &[u8]) -> alloc::vec::Vec<u8> {
	(SEGMENT, genesis, owner, index, salt, bytes).encode()
}

/// Returns the part of an increment that is paid in block `at`, in parts per million: `min(1, (at − since) / length)`, where `since` is
/// the block in which the weight of the domain rose from 0. Without a length everything is paid.
///
/// ```
/// use doin_primitives::evidence::ramp;
/// assert_eq!([ramp(100, 90, 40), ramp(100, 110, 40), ramp(100, 140, 40), ramp(100, 100, 0)], [0, 250_000, 1_000_000, 1_000_000]);
/// ```
pub fn ramp(since: BlockNumber, at: BlockNumber, length: BlockNumber) -> u32 {
	let part = u64::from(at.saturating_sub(since)).saturating_mul(MILLION.into()).checked_div(length.into());
	part.and_then(|part| u32::try_from(part).ok()).unwrap_or(MILLION).min(MILLION)
}

/// Returns `true` if the mean errors of the baseline on drawn series and on the validation split differ by a factor of [`LIKENESS`] at
/// most. Both are given as the sum of errors and the number of scored windows. A generator that draws other series would pay for
/// improvements that mean nothing for the published one.
///
/// ```
/// use doin_primitives::evidence::is_alike;
/// assert!(is_alike((100, 10), (790, 10)) && is_alike((790, 10), (100, 10)));
/// assert!(!is_alike((100, 10), (810, 10)) && !is_alike((810, 10), (100, 10)));
/// ```
pub fn is_alike(drawn: (u64, u32), validation: (u64, u32)) -> bool {
	let scaled = |(error, _): (u64, u32), (_, windows): (u64, u32)| u128::from(error).saturating_mul(windows.into());
	let (drawn, validation) = (scaled(drawn, validation), scaled(validation, drawn));
	drawn <= validation.saturating_mul(LIKENESS) && validation <= drawn.saturating_mul(LIKENESS)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_segment_hash_binds_every_part() {
		let hash = |genesis: u8, owner: u32, index, salt: u8, bytes: &[u8]| {
			segment_hash(&[genesis; 32], &owner, index, &[salt; 32], bytes)
		};
		let all = [
			hash(1, 2, 3, 4, b"rows"),
			hash(9, 2, 3, 4, b"rows"),
			hash(1, 9, 3, 4, b"rows"),
			hash(1, 2, 9, 4, b"rows"),
			hash(1, 2, 3, 9, b"rows"),
			hash(1, 2, 3, 4, b"row"),
		];
		for (index, hash) in all.iter().enumerate() {
			assert!(all.iter().skip(index + 1).all(|other| other != hash), "{index}");
		}
		let mut preimage = alloc::vec![12u8 << 2];
		preimage.extend(b"doin segment");
		preimage.extend([1; 32]);
		preimage.extend(2u32.to_le_bytes());
		preimage.extend(3u16.to_le_bytes());
		preimage.extend([4; 32]);
		preimage.push(4 << 2);
		preimage.extend(b"rows");
		assert_eq!(all[0], blake2_256(&preimage));
	}

	#[test]
	fn pay_ramps_up_from_nothing() {
		assert_eq!(ramp(0, u32::MAX, u32::MAX), MILLION);
		assert_eq!(ramp(10, 10, 7), 0);
		assert_eq!(ramp(10, 11, 3), 333_333);
	}
}
