//! A fixed batch on which genomes are compared.

use super::{fixed::ONE, loss_gradient, Batch, Genome, LossGradient};
use alloc::vec::Vec;

/// Samples of the probe.
pub const SAMPLES: usize = 8;
/// Classes of the probe.
pub const CLASSES: usize = 4;
/// Scores of the probe, in quarters: separated, equal, large and small ones, of either sign.
#[rustfmt::skip]
const QUARTERS: [i32; SAMPLES * CLASSES] = [
	8, -4, 0, 2,
	-3, 5, 1, -6,
	0, 0, 0, 0,
	1, 2, 3, 4,
	-12, 9, 20, -7,
	6, 6, -6, -6,
	-1, -2, 10, 3,
	40, -35, 13, 2,
];
/// Actual classes of the probe.
const ACTUAL: [u8; SAMPLES] = [0, 3, 2, 1, 2, 0, 3, 1];

/// Returns the probe.
pub fn batch() -> Batch {
	Batch::new(ACTUAL, QUARTERS.iter().map(|quarter| quarter.wrapping_mul(ONE >> 2)).collect(), CLASSES)
}

/// Returns loss and gradient of a genome on the probe.
pub fn gradient(genome: &Genome) -> LossGradient {
	loss_gradient(genome, &batch())
}

/// Returns loss and gradient on the probe as bytes, little-endian. The hash of them is the fingerprint of a genome: genomes with
/// different fingerprints are different functions, and a search skips a genome whose fingerprint it has seen.
pub fn bytes(genome: &Genome) -> Vec<u8> {
	let LossGradient { loss, gradient } = gradient(genome);
	let mut bytes = loss.to_le_bytes().to_vec();
	bytes.extend(gradient.iter().flat_map(|value| value.to_le_bytes()));
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::genome::{json, library::longest};

	#[test]
	fn a_run_on_the_probe_takes_less_than_the_smallest_chunk() {
		for genome in [longest(5, alloc::vec![2, 2, 2]), longest(102, alloc::vec![2, 2, 2])].into_iter().flatten() {
			let cost = genome.entry_cost(SAMPLES as u16, CLASSES as u16) * (SAMPLES * CLASSES) as u64;
			assert!(cost < 1 << 20, "{cost}");
		}
	}

	#[test]
	fn equal_functions_have_equal_bytes_and_other_functions_have_others() {
		let of = |text: &str| bytes(&json::parse(text).unwrap());
		let square = of("[[100,1,0],[100,2,1],[2,1,2,3],[10,3,9],[453,9]]");
		let product = of("[[100,1,0],[100,2,1],[2,1,2,4],[3,4,4,9],[453,9]]");
		assert_eq!(square, product, "x² and x · x");
		assert_ne!(of("[[350,100,101,9],[453,9]]"), of("[[351,100,101,9],[453,9]]"), "squared and absolute error");
		assert_eq!(square.len(), 4 + 8 * SAMPLES * CLASSES);
	}
}
