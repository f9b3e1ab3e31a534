//! Fingerprints of loss genomes.

use crate::{blake2_256, Hash};
use doin_scoring::{genome::probe, Genome};

/// Returns the fingerprint of a genome: the hash of its loss and its gradient on a fixed probe. Genomes that differ in their
/// instructions only have equal fingerprints. The chain keeps no register of them: a genome cannot improve on the champion whose
/// function it has.
pub fn fingerprint(genome: &Genome) -> Hash {
	blake2_256(&probe::bytes(genome))
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::genome::{json, library};

	#[test]
	fn fingerprints_are_those_of_functions() {
		let of = |text: &str| fingerprint(&json::parse(text).unwrap());
		let renamed = of("[[100,3,0],[100,4,1],[253,4,5],[7,5,6],[3,3,6,7],[200,7,-1,8],[11,8,9],[454]]");
		assert_eq!(renamed, fingerprint(&library::cross_entropy()));
		assert_ne!(renamed, fingerprint(&library::squared_error()));
	}
}
