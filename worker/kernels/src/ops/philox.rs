//! Random words by Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011);
//! see [`doin_scoring::philox`].

use crate::{
	layout::{BATCH, LANES},
	simd::SimdI8,
	Operation,
};
use doin_scoring::philox::philox4x32_10;

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Computes the first [`BATCH`] words of one step of a stream.
#[derive(Debug)]
pub struct PhiloxBatch<'a> {
	/// [Words](doin_scoring::philox::Key::words) of the key of the stream.
	pub key: [u32; 3],
	/// Step of the stream.
	pub step: u64,
	/// Words to write.
	pub words: &'a mut [u32; BATCH],
}

impl Operation for PhiloxBatch<'_> {
	type Output = ();

	fn reference(self) {
		let Self { key, step, words } = self;
		for (index, words) in words.as_chunks_mut().0.iter_mut().enumerate() {
			*words = philox4x32_10([index as u32, step as u32, (step >> 32) as u32, key[2]], [key[0], key[1]]);
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, _: S) {
		let Self { key, step, words } = self;
		// 64-bit products of lanes: plain loops, which compilers vectorise for the instructions of the caller.
		for (chunk, words) in words.as_chunks_mut::<{ 4 * LANES }>().0.iter_mut().enumerate() {
			let mut c = [[0u32; LANES]; 4];
			for (lane, counter) in c[0].iter_mut().enumerate() {
				*counter = (chunk * LANES + lane) as u32;
			}
			c[1..].copy_from_slice(&[[step as u32; LANES], [(step >> 32) as u32; LANES], [key[2]; LANES]]);
			let mut k = [key[0], key[1]];
			for _ in 0..10 {
				let mut next = c;
				for lane in 0..LANES {
					let low = u64::from(MULTIPLIERS[0]) * u64::from(c[0][lane]);
					let high = u64::from(MULTIPLIERS[1]) * u64::from(c[2][lane]);
					next[0][lane] = (high >> 32) as u32 ^ c[1][lane] ^ k[0];
					next[1][lane] = high as u32;
					next[2][lane] = (low >> 32) as u32 ^ c[3][lane] ^ k[1];
					next[3][lane] = low as u32;
				}
				c = next;
				k = [k[0].wrapping_add(WEYL[0]), k[1].wrapping_add(WEYL[1])];
			}
			for lane in 0..LANES {
				for word in 0..4 {
					words[4 * lane + word] = c[word][lane];
				}
			}
		}
	}
}
