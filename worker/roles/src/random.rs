//! Salts, and choices that several workers make alike without talking to each other.

use doin_primitives::blake2_256;

/// Returns 32 random bytes. A salt hides a payload, so it must not be predictable.
pub fn salt() -> [u8; 32] {
	rand::random()
}

/// Returns a number in `0..bound` that depends on `key` only; 0 for an empty range. Chooses one of several identities for a duty
/// that would be paid for once per identity.
pub fn spread(key: &[u8], bound: u32) -> u32 {
	let [a, b, c, d, ..] = blake2_256(key);
	u32::from_le_bytes([a, b, c, d]) % bound.max(1)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn salts_differ_and_spreads_stay_in_range() {
		assert_ne!(salt(), salt());
		assert!((0..100u8).all(|i| spread(&[i], 4) < 4));
		assert_eq!(spread(b"a", 0), 0);
		assert_eq!(spread(b"a", 7), spread(b"a", 7));
	}
}
