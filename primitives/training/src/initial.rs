//! First masters of nets.

use crate::lion::{MASTER_FRAC, MAX_WEIGHT};
use alloc::vec::Vec;
use doin_scoring::philox::Stream;

/// Draws `count` masters, uniform within ± the square root of `square`, which is Q40.
pub fn uniform(count: usize, square: u64, random: &mut Stream) -> Vec<i32> {
	// At most `MAX_WEIGHT`, which has 21 bits.
	let bound = square.isqrt().min(MAX_WEIGHT as u64) as u32;
	let width = bound.saturating_mul(2).saturating_add(1);
	(0..count).map(|_| (random.below(width) as i32).wrapping_sub(bound as i32)).collect()
}

/// Draws the first masters of a layer, one row per output, uniform with variance 2 / inputs, which keeps the scale of activations
/// from layer to layer (He et al., "Delving deep into rectifiers", 2015).
pub fn he_masters(inputs: usize, outputs: usize, random: &mut Stream) -> Vec<i32> {
	const SIX_Q40: u64 = 6 << (2 * MASTER_FRAC);
	let square = SIX_Q40.checked_div(inputs as u64).unwrap_or(0);
	uniform(outputs.saturating_mul(inputs), square, random)
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::philox::purpose;

	#[test]
	fn first_masters_have_the_variance_of_their_number_of_inputs() {
		for inputs in [2, 64, 1_000] {
			let masters = he_masters(inputs, 4_000 / inputs, &mut Stream::new(&[1; 32], purpose::WEIGHTS, 0));
			let one = f64::from(1 << MASTER_FRAC);
			let mean = masters.iter().map(|master| (f64::from(*master) / one).powi(2)).sum::<f64>() / masters.len() as f64;
			assert!((mean * inputs as f64 - 2.0).abs() < 0.15, "{inputs} inputs: {mean}");
		}
	}
}
