//! Sums of products of bytes in 16 bits.
//!
//! Processors without a dot product of bytes multiply unsigned with signed bytes and add two neighbours in one instruction, whose
//! sums have 16 bits and saturate. The sums of several quads are exact in 16 bits as long as the largest unsigned byte times the
//! sum of the magnitudes of the signed ones is: no partial sum can be larger. This is known before the product: weights and
//! gradients are read once, and used for all samples or all inputs.
//!
//! ```text
//!   quads together    instructions for four quads of a vector
//!   four              4 products, 3 sums, 2 to add them in 32 bits       9
//!   two               4 products, 2 sums, 4 to add them in 32 bits      10
//!   one               4 products,         8 to add them in 32 bits      12
//!   none              8 products of 16 bits and 8 sums, and to widen    16 and more
//! ```
//!
//! Weights of nets in training rarely exceed a quarter, i.e. 16 of 127: eight of them times 255 fit.

use crate::{
	layout::{Block, BATCH_BLOCKS, ROWS},
	simd::SimdI8,
};

/// Number of quads that are added in 16 bits: none, one, two or four, for the numbers from 0 to 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Together(pub u8);

impl Together {
	/// No quad: products are added in 32 bits.
	pub const NONE: Self = Self(0);

	/// Returns how many quads of this reach can be added with unsigned bytes of this [limit](limit_of).
	#[inline(always)]
	fn new([one, two, four]: Reach, limit: i32) -> Self {
		Self(u8::from(one <= limit) + u8::from(two <= limit) + u8::from(four <= limit))
	}
}

/// Sums of the magnitudes of signed bytes, the largest of all halves of four lanes: over one quad, over two, over four.
pub type Reach = [i32; 3];

/// Returns the largest reach with which unsigned bytes up to `most` can be added in 16 bits.
#[inline(always)]
pub fn limit_of(most: i32) -> i32 {
	i32::from(i16::MAX) / most.max(1)
}

/// Returns the greater half of each lane. No half is negative.
#[inline(always)]
fn greater_half<S: SimdI8>(s: S, v: S::V) -> S::V {
	s.and(s.max_i16(v, s.shr(v, 16)), s.splat(0xffff))
}

/// Returns the reach of each quarter of four vectors of quads.
#[inline(always)]
fn reach_of_quarters<S: SimdI8>(s: S, quads: [S::V; 4]) -> [Reach; 4] {
	let mut pairs = quads;
	for q in 0..4 {
		let (even, odd) = (s.shr_i16(s.shl_i16(quads[q], 8), 8), s.shr_i16(quads[q], 8));
		pairs[q] = s.add_i16(s.abs_i16(even), s.abs_i16(odd));
	}
	let (low, high) = (s.add_i16(pairs[0], pairs[1]), s.add_i16(pairs[2], pairs[3]));
	let one = greater_half(s, s.max_i16(s.max_i16(pairs[0], pairs[1]), s.max_i16(pairs[2], pairs[3])));
	let two = greater_half(s, s.max_i16(low, high));
	let four = greater_half(s, s.add_i16(low, high));
	// Of each quarter: two lanes of the greater halves of `one`, two of `two`, then two of `four`, twice.
	let (first, second) = (greater_half(s, s.pack_i16(one, two)), greater_half(s, s.pack_i16(four, four)));
	let mut lanes = Block::ZERO;
	s.store(&mut lanes, greater_half(s, s.pack_i16(first, second)));
	let mut reach = [[0; 3]; 4];
	for (reach, [one, two, four, _]) in reach.iter_mut().zip(lanes.0.as_chunks::<ROWS>().0) {
		*reach = [*one, *two, *four];
	}
	reach
}

/// Loads up to four blocks, and zeros for the others.
#[inline(always)]
fn four_blocks<S: SimdI8>(s: S, blocks: &[Block]) -> [S::V; 4] {
	let mut v = [s.splat(0); 4];
	for i in 0..blocks.len().min(4) {
		v[i] = s.load(&blocks[i]);
	}
	v
}

/// Returns how many quads can be added with any unsigned bytes, for each block of four quads of four rows; nothing if the back-end
/// does not use it.
#[inline(always)]
pub fn together_by_block<S: SimdI8>(s: S, blocks: &[Block]) -> Vec<Together> {
	if !S::SHORT_SUMS {
		return Vec::new();
	}
	let (limit, mut all) = (limit_of(u8::MAX.into()), Vec::with_capacity(blocks.len().next_multiple_of(4)));
	for four in blocks.chunks(4) {
		for reach in reach_of_quarters(s, s.transpose_quarters(four_blocks(s, four))) {
			all.push(Together::new(reach, limit));
		}
	}
	all.truncate(blocks.len());
	all
}

/// Returns how many quads can be added with any unsigned bytes, for each of the quarters of blocks that are one quad each: quarter by
/// quarter, for each four blocks.
#[inline(always)]
pub fn together_by_quarter<S: SimdI8>(s: S, blocks: &[Block], to: &mut [Together]) {
	let (limit, chunks) = (limit_of(u8::MAX.into()), blocks.len().div_ceil(4));
	for (chunk, four) in blocks.chunks(4).enumerate() {
		for (quarter, reach) in reach_of_quarters(s, four_blocks(s, four)).into_iter().enumerate() {
			to[quarter * chunks + chunk] = Together::new(reach, limit);
		}
	}
}

/// The reach of each block of a batch: over one quad, over two, over four.
#[derive(Clone, Copy, Debug)]
pub struct BatchReach([[i32; BATCH_BLOCKS]; 3]);

impl BatchReach {
	/// Computes the reach of each block.
	#[inline(always)]
	pub fn new<S: SimdI8>(s: S, blocks: &[Block; BATCH_BLOCKS]) -> Self {
		let mut all = [[0; BATCH_BLOCKS]; 3];
		for (chunk, four) in blocks.chunks(4).enumerate() {
			for (at, reach) in reach_of_quarters(s, s.transpose_quarters(four_blocks(s, four))).into_iter().enumerate() {
				for (all, reach) in all.iter_mut().zip(reach) {
					all[4 * chunk + at] = reach;
				}
			}
		}
		Self(all)
	}

	/// Returns how many quads of each block can be added with unsigned bytes of its limit.
	#[inline(always)]
	pub fn together(&self, limits: &[i32; BATCH_BLOCKS]) -> [Together; BATCH_BLOCKS] {
		let mut together = [Together::NONE; BATCH_BLOCKS];
		for (block, (together, limit)) in together.iter_mut().zip(limits).enumerate() {
			*together = Together::new([self.0[0][block], self.0[1][block], self.0[2][block]], *limit);
		}
		together
	}
}
