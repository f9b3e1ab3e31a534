//! Rolling beacon: the source of randomness of every draw.
//!
//! One VRF output is folded in per block. The seed of a task is taken once enough outputs have been folded in after its
//! request. A block author can compute its own outputs in advance, but not those of other authors, so the seed cannot be
//! predicted at the request.

use crate::{blake2_256, Hash, TaskId};
use codec::Encode;

/// Returns the beacon after one more VRF output: `blake2_256(beacon ‖ vrf)`.
pub fn fold(beacon: &Hash, vrf: &Hash) -> Hash {
	blake2_256(&(beacon, vrf).encode())
}

/// Returns the seed of a task's windows and of its draw of evaluators: `blake2_256(beacon ‖ SCALE(task))`. Tasks that are due in
/// one block get independent seeds.
pub fn task_seed(beacon: &Hash, task: TaskId) -> Hash {
	blake2_256(&(beacon, task).encode())
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
	fn every_task_has_its_own_seed() {
		assert_eq!(task_seed(&[7; 32], 1), task_seed(&[7; 32], 1));
		assert_ne!(task_seed(&[7; 32], 1), task_seed(&[7; 32], 2));
		assert_ne!(task_seed(&[7; 32], 1), task_seed(&[8; 32], 1));
	}
}
