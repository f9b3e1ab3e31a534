//! Sums of products of bytes in 16 bits.
//!
//! Processors without a dot product of bytes multiply unsigned with signed bytes and add two neighbours in one instruction, whose
//! sums have 16 bits and saturate. The sums of several quads are exact in 16 bits as long as the largest unsigned byte times the
//! sum of the magnitudes of the signed ones is: no partial sum can be larger. This is known before the product: weights and
//! gradients are read once, and used for all samples or all inputs.
//!
//! ```text
//!   quads together    instructions for 128 products of bytes    of 16 bits, for comparison: 16
//!   4                 4 products, 3 sums, and 2 to 32 bits      9
//!   2                                                           10
//!   1                                                           12
//! ```
//!
//! Weights of nets in training rarely exceed a quarter, i.e. 16 of 127: eight of them times 255 fit.

use crate::{layout::Block, simd::SimdI8};

/// Quads whose products are added in 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
	/// None: products are added in 32 bits.
	None,
	/// One quad.
	One,
	/// Two quads.
	Two,
	/// Four quads.
	Four,
}

/// Sums of the magnitudes of signed bytes, the largest of all halves of four lanes: over one quad, over two, over four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach([i32; 3]);

impl Reach {
	/// Returns how many quads can be added in 16 bits with unsigned bytes up to `most`.
	#[inline(always)]
	pub fn together(self, most: i32) -> Together {
		let fits = |reach: i32| reach * most <= i32::from(i16::MAX);
		match self.0.map(fits) {
			[_, _, true] => Together::Four,
			[_, true, false] => Together::Two,
			[true, false, false] => Together::One,
			[false, false, false] => Together::None,
		}
	}
}

/// Returns the reach of each quarter of four vectors of quads.
#[inline(always)]
pub fn reach_of_quarters<S: SimdI8>(s: S, quads: [S::V; 4]) -> [Reach; 4] {
	let mut pairs = quads;
	for q in 0..4 {
		let (even, odd) = (s.shr_i16(s.shl_i16(quads[q], 8), 8), s.shr_i16(quads[q], 8));
		pairs[q] = s.add_i16(s.abs_i16(even), s.abs_i16(odd));
	}
	let (low, high) = (s.add_i16(pairs[0], pairs[1]), s.add_i16(pairs[2], pairs[3]));
	let one = s.max_i16(s.max_i16(pairs[0], pairs[1]), s.max_i16(pairs[2], pairs[3]));
	let sums = [one, s.max_i16(low, high), s.add_i16(low, high)];
	let mut reach = [Reach::default(); 4];
	for i in 0..3 {
		let mut lanes = Block::ZERO;
		s.store(&mut lanes, s.max_i16(sums[i], s.shr(sums[i], 16)));
		for (reach, lanes) in reach.iter_mut().zip(lanes.0.as_chunks::<4>().0) {
			reach.0[i] = lanes.iter().fold(0, |most, lane| most.max(lane & 0x7fff));
		}
	}
	reach
}

/// Returns the reach of each block of four quads of four rows; nothing if the back-end does not use it.
#[inline(always)]
pub fn reach_of_blocks<S: SimdI8>(s: S, blocks: &[Block]) -> Vec<Reach> {
	if !S::SHORT_SUMS {
		return Vec::new();
	}
	let mut all = Vec::with_capacity(blocks.len().next_multiple_of(4));
	for four in blocks.chunks(4) {
		let mut v = [s.splat(0); 4];
		for i in 0..four.len() {
			v[i] = s.load(&four[i]);
		}
		all.extend(reach_of_quarters(s, s.transpose_quarters(v)));
	}
	all.truncate(blocks.len());
	all
}

/// Returns how many quads of each block can be added in 16 bits with any unsigned bytes.
#[inline(always)]
pub fn together_with_any<S: SimdI8>(s: S, blocks: &[Block]) -> Vec<Together> {
	reach_of_blocks(s, blocks).into_iter().map(|reach| reach.together(u8::MAX.into())).collect()
}
