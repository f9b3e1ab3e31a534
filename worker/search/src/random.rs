//! Random numbers of a search, from the Philox generator of the project (Salmon et al. 2011).

use doin_scoring::philox::{purpose, Stream};

/// A counter-based stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(Stream);

impl Random {
	/// Returns stream `turn` of `seed`. Streams of different turns are independent, so that the state of a search holds no more than
	/// the number of turns.
	pub fn new(seed: u64, turn: u64) -> Self {
		let mut bytes = [0; 32];
		bytes[..8].copy_from_slice(&seed.to_le_bytes());
		Self(Stream::new(&bytes, purpose::SEARCH, turn))
	}

	/// Returns a number drawn uniformly between 0 and 1, never one of them.
	pub fn unit(&mut self) -> f64 {
		(f64::from(self.0.next_u32()) + 0.5) / 4_294_967_296.0
	}

	/// Returns a number with the standard normal distribution, by Box and Muller (1958). Logarithm and cosine are those of `libm`, which are
	/// the same on every machine.
	pub fn normal(&mut self) -> f64 {
		let radius = (-2.0 * libm::log(self.unit())).sqrt();
		radius * libm::cos(std::f64::consts::TAU * self.unit())
	}

	/// Returns a number in `0..bound`, or 0 if `bound` is 0.
	pub fn below(&mut self, bound: u32) -> u32 {
		self.0.below(bound)
	}

	/// Returns a number in `0..=most`. Its bias is below `most / 2^64`.
	pub fn up_to(&mut self, most: u64) -> u64 {
		let word = u64::from(self.0.next_u32()) << 32 | u64::from(self.0.next_u32());
		((u128::from(word) * (u128::from(most) + 1)) >> 64) as u64
	}

	/// Returns `true` with a probability of `permille` per thousand.
	pub fn chance(&mut self, permille: u16) -> bool {
		self.below(1000) < u32::from(permille)
	}

	/// Returns a step in `1..=range.max(1)` whose magnitude is distributed evenly over all powers of two.
	pub fn step(&mut self, range: u64) -> u64 {
		let shift = self.below((64 - range.leading_zeros()).max(1));
		1 + self.up_to((range >> shift).max(1) - 1)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn every_magnitude_of_a_step_is_as_likely() {
		let mut random = Random::new(3, 0);
		let mut magnitudes = [0u32; 10];
		for _ in 0..10_000 {
			magnitudes[random.step(1 << 9).ilog2() as usize] += 1;
		}
		// Steps of magnitude k also come from larger ranges, so that small ones are more frequent than one in ten.
		assert!(magnitudes.windows(2).all(|pair| pair[0] + 150 > pair[1]), "{magnitudes:?}");
		assert!(magnitudes[..9].iter().all(|&count| count > 300), "{magnitudes:?}");
	}

	#[test]
	fn a_chance_is_its_rate_per_thousand() {
		let mut random = Random::new(5, 0);
		assert!((0..1_000).all(|_| !random.chance(0)));
		assert!((0..1_000).all(|_| random.chance(1_000)));
		let hits = (0..10_000).filter(|_| random.chance(250)).count();
		assert!((2_300..2_700).contains(&hits), "{hits}");
	}

	#[test]
	fn normal_numbers_have_mean_0_and_variance_1() {
		let mut random = Random::new(7, 0);
		let drawn: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
		let mean = drawn.iter().sum::<f64>() / 20_000.0;
		let variance = drawn.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / 20_000.0;
		assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
		assert_ne!(Random::new(7, 1).normal(), Random::new(7, 2).normal());
	}

	proptest! {
		#[test]
		fn numbers_keep_their_bounds(seed: u64, most: u64, bound: u32) {
			let mut random = Random::new(seed, 0);
			for _ in 0..20 {
				prop_assert!(random.up_to(most) <= most);
				prop_assert!(random.below(bound) < bound.max(1));
				prop_assert!((1..=most.max(1)).contains(&random.step(most)));
			}
		}
	}
}
