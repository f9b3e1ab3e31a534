//! The rolling beacon that every draw is made from.
//!
//! One VRF output is folded in per block. A round's seed is taken once enough outputs were folded in after its last reveal, so no author,
//! who knows its own outputs in advance, knows the sum of them all.

use crate::{blake2_256, Hash, RoundId};
use codec::Encode;

/// The beacon after one more VRF output: `blake2_256(beacon ‖ vrf)`.
pub fn fold(beacon: &Hash, vrf: &Hash) -> Hash {
	blake2_256(&(beacon, vrf).encode())
}

/// Seed of `round`'s windows and of its draw of evaluators: `blake2_256(beacon ‖ SCALE(round))`. Rounds that are due in one block get
/// seeds that have nothing to do with each other.
pub fn round_seed(beacon: &Hash, round: RoundId) -> Hash {
	blake2_256(&(beacon, round).encode())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn folding_hashes_the_concatenation() {
		let (beacon, vrf) = ([1; 32], [2; 32]);
		let mut both = [1; 64];
		both[32..].copy_from_slice(&vrf);
		assert_eq!(fold(&beacon, &vrf), blake2_256(&both));
		assert_ne!(fold(&beacon, &vrf), fold(&vrf, &beacon));
	}

	#[test]
	fn every_round_has_its_own_seed() {
		let seed = |domain, number| round_seed(&[7; 32], RoundId { domain, number });
		assert_eq!(seed(1, 2), seed(1, 2));
		assert_ne!(seed(1, 2), seed(2, 1));
		assert_ne!(seed(1, 2), round_seed(&[8; 32], RoundId { domain: 1, number: 2 }));
	}
}
