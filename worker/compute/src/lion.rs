//! Integer Lion: sign of the momentum, powers of two for every factor, nothing but `i32`.
//!
//! Parameters are kept as Q11.20 masters in (−2, 2) (biases: (−8, 8)); forward passes use them rounded to 12 bits. For a gradient G with
//! `|G| < 2³⁰` (a batch of 256, gradients and activations of 11 bits):
//!
//! ```text
//! u = sign(M − M/4 + G/4)       β₁ = 3/4
//! P ← P − u·rate − decay(P)     decay(P) = ((P >> 8) · rate) >> (12 − d)
//! M ← M + (G − M)/32            β₂ = 31/32
//! ```
//!
//! Where the sign never changes, step and decay cancel at `|P| = 2^(20 − d)`: no weight grows beyond 2^−d.

/// Fractional bits of a master.
pub const MASTER_FRAC: u32 = 20;
/// Fractional bits of a forward weight.
pub const WEIGHT_FRAC: u32 = 10;
/// Fractional bits of an activation.
pub const ACT_FRAC: u32 = 9;
/// Fractional bits of an accumulator.
pub const ACC_FRAC: u32 = WEIGHT_FRAC + ACT_FRAC;
/// β₁ = 1 − 2^−BETA_1.
pub const BETA_1: u32 = 2;
/// β₂ = 1 − 2^−BETA_2.
pub const BETA_2: u32 = 5;
/// Largest master of a weight: rounds to 2047.
pub const MAX_WEIGHT: i32 = (2 << MASTER_FRAC) - (1 << (MASTER_FRAC - WEIGHT_FRAC - 1)) - 1;
/// Largest master of a bias.
pub const MAX_BIAS: i32 = 8 << MASTER_FRAC;
/// Rates are powers of two up to this one; a step of the decay stays below 2³¹.
pub const MAX_RATE_SHIFT: u8 = 14;
/// Strongest decay d.
pub const MAX_DECAY: u8 = 8;

/// Masters and momenta of one kind of parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
	/// Masters, Q20.
	pub masters: Vec<i32>,
	momenta: Vec<i32>,
	limit: i32,
}

impl Parameters {
	/// Parameters starting at `masters`, kept within ±`limit`.
	pub fn new(masters: Vec<i32>, limit: i32) -> Self {
		Self { momenta: vec![0; masters.len()], masters, limit }
	}

	/// One step against `gradients` of `rate` 2⁻²⁰ with decay `decay`, at most [`MAX_DECAY`].
	#[inline(always)]
	pub fn step(&mut self, gradients: &[i32], rate: i32, decay: u8) {
		for ((p, m), g) in self.masters.iter_mut().zip(&mut self.momenta).zip(gradients) {
			step(p, m, *g, rate, decay, self.limit);
		}
	}
}

/// One step of one master `p` with momentum `m` against gradient `g`; see [`Parameters::step`].
#[inline(always)]
pub fn step(p: &mut i32, m: &mut i32, g: i32, rate: i32, decay: u8, limit: i32) {
	let sign = m.wrapping_sub(*m >> BETA_1).wrapping_add(g >> BETA_1).signum();
	let decay = ((*p >> 8) * rate) >> (12 - decay.min(MAX_DECAY));
	*p = (*p - sign * rate - decay).clamp(-limit, limit);
	*m = m.wrapping_add(g.wrapping_sub(*m) >> BETA_2);
}

/// A rate that falls linearly from 2^`shift` to a 128th of it, by additions only.
#[derive(Clone, Debug)]
pub struct Schedule {
	/// Q16.
	rate: i64,
	fall: i64,
	last: i64,
}

impl Schedule {
	/// A schedule over `steps` steps.
	pub fn new(shift: u8, steps: u32) -> Self {
		let first = 1i64 << (16 + shift.min(MAX_RATE_SHIFT));
		let last = (first >> 7).max(1 << 16);
		Self { rate: first, fall: (first - last) / i64::from(steps.max(1)), last }
	}

	/// Its first rate, what it loses with every step, and the rate it never falls below, in Q16.
	pub fn parts(&self) -> [i32; 3] {
		// At most 2^(16 + MAX_RATE_SHIFT).
		[self.rate, self.fall, self.last].map(|part| part as i32)
	}

	/// The rate of the next step.
	pub fn advance(&mut self) -> i32 {
		let rate = self.rate;
		self.rate = (rate - self.fall).max(self.last);
		(rate >> 16) as i32
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_scoring::math::round_shift_i32;

	#[test]
	fn masters_never_round_beyond_twelve_bits() {
		assert_eq!(round_shift_i32(MAX_WEIGHT, MASTER_FRAC - WEIGHT_FRAC), 2047);
		assert_eq!(round_shift_i32(-MAX_WEIGHT, MASTER_FRAC - WEIGHT_FRAC), -2047);
	}

	#[test]
	fn the_largest_gradients_do_not_overflow() {
		let extreme = 256 * 2047 * 2047;
		for rate in [1, 1 << MAX_RATE_SHIFT] {
			let mut parameters = Parameters::new(vec![MAX_BIAS, -MAX_BIAS], MAX_BIAS);
			for step in 0..200 {
				let g = if step / 40 % 2 == 0 { extreme } else { -extreme };
				parameters.step(&[g, -g], rate, MAX_DECAY);
				assert!(parameters.momenta.iter().all(|m| m.abs() <= extreme + 32));
				assert!(parameters.masters.iter().all(|p| p.abs() <= MAX_BIAS));
			}
		}
	}

	#[test]
	fn the_rate_falls_linearly() {
		let mut schedule = Schedule::new(10, 100);
		let rates: Vec<i32> = (0..120).map(|_| schedule.advance()).collect();
		assert_eq!((rates[0], rates[50], rates[119]), (1024, 516, 8));
		assert!(rates.windows(2).all(|pair| (0..=11).contains(&(pair[0] - pair[1]))));
	}

	#[test]
	fn decay_bounds_weights() {
		for (decay, bound) in [(0, 1 << 20), (3, 1 << 17)] {
			let mut parameters = Parameters::new(vec![0], MAX_WEIGHT);
			for _ in 0..20_000 {
				parameters.step(&[-1000], 1024, decay);
			}
			assert!(parameters.masters[0].abs_diff(bound) < 2048, "{}", parameters.masters[0]);
		}
	}

	#[test]
	fn a_known_sequence_of_steps() {
		let mut parameters = Parameters::new(vec![1 << 20, -(1 << 19), 0], MAX_WEIGHT);
		for gradients in [[64, -64, 0], [-640, 3, 1], [7, 7, -7]] {
			parameters.step(&gradients, 1024, 3);
		}
		assert_eq!(parameters.masters, [1_025_224, -510_070, 1024]);
		assert_eq!(parameters.momenta, [-19, -2, -1]);
	}
}
