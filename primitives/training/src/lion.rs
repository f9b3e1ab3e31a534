//! The Lion optimizer in integers: sign of the momentum, powers of two for every factor, nothing but `i32`.
//!
//! Lion is from Chen et al., "Symbolic discovery of optimization algorithms" (2023). Masters are Q11.20 numbers in (−2, 2), those
//! of biases in (−8, 8). Forward passes use masters rounded to 12 bits. For a gradient G with `|G| < 2³⁰` (the sum over a batch
//! of 256 of products of 11-bit gradients and activations):
//!
//! ```text
//! u = sign(M − M/4 + G/4)       β₁ = 3/4
//! P ← P − u·rate − decay(P)     decay(P) = ((P >> 8) · rate) >> (12 − d)
//! M ← M + (G − M)/32            β₂ = 31/32
//! ```
//!
//! Where the sign never changes, step and decay cancel at `|P| = 2^(20 − d)`: no weight grows beyond 2^−d.

use alloc::{vec, vec::Vec};
use doin_scoring::math::round_shift_i32;

/// Fractional bits of a master.
pub const MASTER_FRAC: u32 = 20;
/// Fractional bits of a 12-bit weight.
pub const WEIGHT_FRAC: u32 = 10;
/// Fractional bits of a 12-bit activation.
pub const ACT_FRAC: u32 = 9;
/// Fractional bits of an accumulator.
pub const ACC_FRAC: u32 = WEIGHT_FRAC + ACT_FRAC;
/// β₁ = 1 − 2^−BETA_1.
pub const BETA_1: u32 = 2;
/// β₂ = 1 − 2^−BETA_2.
pub const BETA_2: u32 = 5;
/// Largest master of a weight; it rounds to 2047.
pub const MAX_WEIGHT: i32 = (2 << MASTER_FRAC) - (1 << (MASTER_FRAC - WEIGHT_FRAC - 1)) - 1;
/// Largest master of a bias.
pub const MAX_BIAS: i32 = 8 << MASTER_FRAC;
/// Binary logarithm of the largest rate. A step of the decay stays below 2³¹.
pub const MAX_RATE_SHIFT: u8 = 14;
/// Strongest decay d.
pub const MAX_DECAY: u8 = 8;
/// Bits that a master has beyond a weight.
const WEIGHT_SHIFT: u32 = MASTER_FRAC - WEIGHT_FRAC;
/// Bits that a master has beyond an accumulator.
const BIAS_SHIFT: u32 = MASTER_FRAC - ACC_FRAC;

/// Size of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepSize {
	/// Learning rate in units of 2⁻²⁰.
	pub rate: i32,
	/// Strength d of the decay, at most [`MAX_DECAY`].
	pub decay: u8,
}

/// Masters and momenta of one kind of parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
	/// Masters, Q20.
	pub masters: Vec<i32>,
	/// Momenta, in the order of the masters.
	pub momenta: Vec<i32>,
	limit: i32,
}

impl Parameters {
	/// Creates parameters that start at `masters`, without momentum, and stay within ±`limit`.
	pub fn new(masters: Vec<i32>, limit: i32) -> Self {
		Self { momenta: vec![0; masters.len()], masters, limit }
	}

	/// Creates parameters in the middle of a training.
	pub fn resume(masters: Vec<i32>, momenta: Vec<i32>, limit: i32) -> Self {
		Self { masters, momenta, limit }
	}

	/// Makes one step against `gradients`.
	#[inline(always)]
	pub fn step(&mut self, gradients: &[i32], size: StepSize) {
		let limit = self.limit;
		for ((p, m), g) in self.masters.iter_mut().zip(&mut self.momenta).zip(gradients) {
			step(p, m, *g, size, limit);
		}
	}
}

/// Makes one step of one master `p` with momentum `m` against gradient `g`, and keeps the master within ±`limit`.
#[inline(always)]
pub fn step(p: &mut i32, m: &mut i32, g: i32, size: StepSize, limit: i32) {
	let StepSize { rate, decay } = size;
	let sign = m.wrapping_sub(*m >> BETA_1).wrapping_add(g >> BETA_1).signum();
	let fall = (*p >> 8).wrapping_mul(rate).wrapping_shr(12u32.wrapping_sub(decay.min(MAX_DECAY).into()));
	let moved = p.wrapping_sub(sign.wrapping_mul(rate)).wrapping_sub(fall);
	*p = moved.max(limit.wrapping_neg()).min(limit);
	*m = m.wrapping_add(g.wrapping_sub(*m) >> BETA_2);
}

/// Returns the 12-bit weight of a master.
#[inline(always)]
pub fn weight(master: i32) -> i16 {
	round_shift_i32(master, WEIGHT_SHIFT) as i16
}

/// Returns the bias of a master, at accumulator scale.
#[inline(always)]
pub fn bias(master: i32) -> i32 {
	round_shift_i32(master, BIAS_SHIFT)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn masters_never_round_beyond_twelve_bits() {
		assert_eq!(weight(MAX_WEIGHT), 2047);
		assert_eq!(weight(-MAX_WEIGHT), -2047);
	}

	#[test]
	fn the_largest_gradients_do_not_overflow() {
		let extreme = 256 * 2047 * 2047;
		for rate in [1, 1 << MAX_RATE_SHIFT] {
			let mut parameters = Parameters::new(vec![MAX_BIAS, -MAX_BIAS], MAX_BIAS);
			for step in 0..200 {
				let g = if step / 40 % 2 == 0 { extreme } else { -extreme };
				parameters.step(&[g, -g], StepSize { rate, decay: MAX_DECAY });
				assert!(parameters.momenta.iter().all(|m| m.abs() <= extreme + 32));
				assert!(parameters.masters.iter().all(|p| p.abs() <= MAX_BIAS));
			}
		}
	}

	#[test]
	fn decay_bounds_weights() {
		for (decay, bound) in [(0, 1 << 20), (3, 1 << 17)] {
			let mut parameters = Parameters::new(vec![0], MAX_WEIGHT);
			for _ in 0..20_000 {
				parameters.step(&[-1000], StepSize { rate: 1024, decay });
			}
			assert!(parameters.masters[0].abs_diff(bound) < 2048, "{}", parameters.masters[0]);
		}
	}

	#[test]
	fn a_known_sequence_of_steps() {
		let mut parameters = Parameters::new(vec![1 << 20, -(1 << 19), 0], MAX_WEIGHT);
		for gradients in [[64, -64, 0], [-640, 3, 1], [7, 7, -7]] {
			parameters.step(&gradients, StepSize { rate: 1024, decay: 3 });
		}
		assert_eq!(parameters.masters, [1_025_224, -510_070, 1024]);
		assert_eq!(parameters.momenta, [-19, -2, -1]);
	}
}
