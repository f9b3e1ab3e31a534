//! Random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
//!
//! The generator is counter-based: block n of a stream does not depend on earlier blocks, so a GPU thread, a SIMD lane and the
//! runtime read the same numbers in any order.
//!
//! # From a seed to a stream
//!
//! A seed is eight little-endian words `s0..s7`. With `P(counter; key)` for Philox and `^` word by word,
//!
//! ```text
//! a = P(s0, s1, s2, s3; s4, s5)
//! k = P(a0 ^ s6, a1 ^ s7, a2 ^ purpose, a3; s4, s5)
//! block n of step t = P(n, low word of t, high word of t, k2; k0, k1)
//! ```
//!
//! A [`purpose`] separates the uses of one seed. A step separates the repetitions of one use, e.g. windows, training steps
//! or generations.

/// Uses of a stream.
pub mod purpose {
	/// Windows of a draw; step = index of the window.
	pub const WINDOW: u32 = 1;
	/// Synthetic series for training.
	pub const SERIES: u32 = 2;
	/// Batches of a training step.
	pub const BATCH: u32 = 3;
	/// Initial weights of a net.
	pub const WEIGHTS: u32 = 4;
	/// Search over genes.
	pub const SEARCH: u32 = 5;
	/// Deal of the rows of a segment to chunks.
	pub const DEAL: u32 = 6;
}

/// Multipliers M0 and M1 of Philox4x32.
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// Weyl constants that advance the key of Philox4x32 from round to round.
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Computes one block: ten rounds of Philox4x32.
///
/// ```
/// use doin_scoring::philox::philox4x32_10;
/// // First known-answer vector of Random123.
/// assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
#[inline]
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
	let [mut c0, mut c1, mut c2, mut c3] = counter;
	let [mut k0, mut k1] = key;
	for _ in 0..10 {
		// 32 × 32 → 64 bits: cannot overflow.
		let low = u64::from(MULTIPLIERS[0]).wrapping_mul(u64::from(c0));
		let high = u64::from(MULTIPLIERS[1]).wrapping_mul(u64::from(c2));
		(c0, c1, c2, c3) = ((high >> 32) as u32 ^ c1 ^ k0, high as u32, (low >> 32) as u32 ^ c3 ^ k1, low as u32);
		k0 = k0.wrapping_add(WEYL[0]);
		k1 = k1.wrapping_add(WEYL[1]);
	}
	[c0, c1, c2, c3]
}

/// Seed prepared for one purpose: k0, k1 and k2 of the scheme in the [module documentation](self). Derived once, used for
/// every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
	key: [u32; 2],
	tweak: u32,
}

impl Key {
	/// Derives the key of `purpose` from `seed`.
	pub fn new(seed: &[u8; 32], purpose: u32) -> Self {
		let mut words = [0u32; 8];
		for (word, bytes) in words.iter_mut().zip(seed.chunks_exact(4)) {
			*word = bytes.iter().rev().fold(0, |high, byte| (high << 8) | u32::from(*byte));
		}
		let [s0, s1, s2, s3, s4, s5, s6, s7] = words;
		let [a0, a1, a2, a3] = philox4x32_10([s0, s1, s2, s3], [s4, s5]);
		let [k0, k1, k2, _] = philox4x32_10([a0 ^ s6, a1 ^ s7, a2 ^ purpose, a3], [s4, s5]);
		Self { key: [k0, k1], tweak: k2 }
	}

	/// Returns block `index` of `step`.
	#[inline]
	pub fn block(&self, step: u64, index: u32) -> [u32; 4] {
		philox4x32_10([index, step as u32, (step >> 32) as u32, self.tweak], self.key)
	}

	/// Returns the stream of `step`.
	pub fn stream(&self, step: u64) -> Stream {
		Stream { key: *self, step, next: 0, rest: [0; 4], left: 0 }
	}

	/// Returns the words (k0, k1, k2), for kernels that compute blocks on another device.
	pub fn words(&self) -> [u32; 3] {
		let [k0, k1] = self.key;
		[k0, k1, self.tweak]
	}
}

/// Numbers of one (seed, purpose, step), in order. The period is 2³² blocks.
#[derive(Clone, Debug)]
pub struct Stream {
	key: Key,
	step: u64,
	next: u32,
	rest: [u32; 4],
	left: u8,
}

impl Stream {
	/// Returns the stream of `step` for `purpose` under `seed`.
	pub fn new(seed: &[u8; 32], purpose: u32, step: u64) -> Self {
		Key::new(seed, purpose).stream(step)
	}

	/// Returns the next whole block, and drops the remaining words of the previous one.
	#[inline]
	pub fn next_block(&mut self) -> [u32; 4] {
		let block = self.key.block(self.step, self.next);
		self.next = self.next.wrapping_add(1);
		self.left = 0;
		block
	}

	/// Returns the next word. Blocks are read from their first word to their last.
	#[inline]
	pub fn next_u32(&mut self) -> u32 {
		if self.left == 0 {
			self.rest = self.next_block();
			self.left = 4;
		}
		let [first, second, third, fourth] = self.rest;
		self.rest = [second, third, fourth, first];
		self.left = self.left.saturating_sub(1);
		first
	}

	/// Returns a uniform number below `n` by multiplication with rejection (Lemire, "Fast random integer generation in an
	/// interval", 2019); 0 if `n` is 0.
	pub fn below(&mut self, n: u32) -> u32 {
		// 2³² mod n: products with a smaller low word belong to results that would occur once too often.
		let surplus = n.wrapping_neg().checked_rem(n).unwrap_or(0);
		loop {
			let product = u64::from(self.next_u32()).wrapping_mul(u64::from(n));
			if product as u32 >= surplus {
				return (product >> 32) as u32;
			}
		}
	}

	/// Shuffles `items` uniformly (Fisher–Yates, from the last item down). Items beyond the first 2³² − 1 keep their places.
	pub fn shuffle<T>(&mut self, items: &mut [T]) {
		let len = u32::try_from(items.len()).unwrap_or(u32::MAX);
		for last in (1..len).rev() {
			let other = self.below(last.saturating_add(1));
			items.swap(last as usize, other as usize);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_stream_is_read_word_by_word_or_block_by_block() {
		let seed = [7; 32];
		let mut words = Stream::new(&seed, 3, 9);
		let mut blocks = Stream::new(&seed, 3, 9);
		for _ in 0..5 {
			assert_eq!(core::array::from_fn(|_| words.next_u32()), blocks.next_block());
		}
		// Drops the block that was started.
		words.next_u32();
		blocks.next_block();
		assert_eq!(words.next_block(), blocks.next_block());
	}

	#[test]
	fn every_byte_of_the_seed_the_purpose_and_the_step_matter() {
		let base = Stream::new(&[0; 32], 1, 1).next_block();
		for byte in 0..32 {
			let mut seed = [0; 32];
			seed[byte] = 1;
			assert_ne!(Stream::new(&seed, 1, 1).next_block(), base, "byte {byte}");
		}
		assert_ne!(Stream::new(&[0; 32], 2, 1).next_block(), base);
		assert_ne!(Stream::new(&[0; 32], 1, 2).next_block(), base);
		assert_ne!(Stream::new(&[0; 32], 1, 1 << 32 | 1).next_block(), base);
	}

	#[test]
	fn numbers_below_n_are_uniform() {
		let mut stream = Stream::new(&[1; 32], 0, 0);
		assert_eq!(stream.below(0), 0);
		assert_eq!(stream.below(1), 0);
		let mut counts = [0u32; 6];
		for _ in 0..60_000 {
			counts[stream.below(6) as usize] += 1;
		}
		assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
		// A bound of 3 · 2³⁰ rejects a quarter of all words.
		let mean = (0..40_000).map(|_| u64::from(stream.below(3 << 30))).sum::<u64>() / 40_000;
		assert!(mean.abs_diff(3 << 29) < 1 << 25, "{mean}");
	}

	proptest! {
		#[test]
		fn a_shuffle_keeps_every_item(seed: [u8; 32], len in 0usize..200) {
			let mut items: Vec<usize> = (0..len).collect();
			Stream::new(&seed, 0, 0).shuffle(&mut items);
			items.sort_unstable();
			prop_assert_eq!(items, (0..len).collect::<Vec<_>>());
		}

		#[test]
		fn a_number_below_n_is_below_n(seed: [u8; 32], n in 1u32..) {
			prop_assert!(Stream::new(&seed, 0, 0).below(n) < n);
		}
	}
}
