//! The search's random numbers, from the one generator of the project.

use doin_scoring::philox::{purpose, Stream};

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(Stream);

impl Random {
	/// The stream of `seed`.
	pub fn new(seed: u64) -> Self {
		let mut bytes = [0; 32];
		bytes[..8].copy_from_slice(&seed.to_le_bytes());
		Self(Stream::new(&bytes, purpose::SEARCH, 0))
	}

	/// A number in `0..bound`; 0 when `bound` is 0.
	pub fn below(&mut self, bound: u32) -> u32 {
		self.0.below(bound)
	}

	/// A number in `0..=most`. Its bias is below `most / 2^64`.
	pub fn up_to(&mut self, most: u64) -> u64 {
		let word = u64::from(self.0.next_u32()) << 32 | u64::from(self.0.next_u32());
		((u128::from(word) * (u128::from(most) + 1)) >> 64) as u64
	}

	/// Whether an event of `permille` in a thousand happens.
	pub fn chance(&mut self, permille: u16) -> bool {
		self.below(1000) < u32::from(permille)
	}

	/// A step in `1..=range.max(1)` whose magnitude is spread evenly over all powers of two.
	pub fn step(&mut self, range: u64) -> u64 {
		let shift = self.below((64 - range.leading_zeros()).max(1));
		1 + self.up_to((range >> shift).max(1) - 1)
	}
}
