//! Conversions between 12-bit and 8-bit values, and between the layouts of the latter.

#![expect(clippy::needless_range_loop, reason = "vectors are registers: their loops are unrolled by index")]

use super::{clamp_i8, with_offset, without_offset};
use crate::{
	layout::{
		ActivationPanelsU8, BatchTiles, BatchTilesU8, Block, GradientGroupsI8, BATCH, BATCH_BLOCKS, LANES, ROWS, TILE, TILES,
	},
	ops::round_shift_any,
	simd::{both_halves, SimdI8},
	Operation,
};

/// Converts the values of a batch, padding included, to signed bytes with an offset:
/// `y = clamp((x + 2^(shift−1)) >> shift, −128, 127) + 128`.
#[derive(Debug)]
pub struct QuantizeU8<'a> {
	/// Bits to shift right, fewer than 16.
	pub shift: u32,
	/// Values to read.
	pub x: &'a BatchTiles,
	/// Values to write.
	pub y: &'a mut BatchTilesU8,
}

impl Operation for QuantizeU8<'_> {
	type Output = ();

	fn reference(self) {
		let Self { shift, x, y } = self;
		for neuron in 0..y.groups * ROWS {
			for sample in 0..BATCH {
				y.set(neuron, sample, with_offset(clamp_i8(round_shift_any(x.get(neuron, sample).into(), shift))));
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { shift, x, y } = self;
		quantize_u8(s, shift, x, y);
	}
}

/// Computes [`QuantizeU8`] on vectors.
#[inline(always)]
fn quantize_u8<S: SimdI8>(s: S, shift: u32, x: &BatchTiles, y: &mut BatchTilesU8) {
	let half = s.splat(both_halves(((1 << shift) >> 1) as i16));
	for (x, y) in x.blocks.as_chunks::<2>().0.iter().zip(&mut y.blocks) {
		for c in 0..TILE {
			let ab = s.shr_i16(s.add_i16(s.load(&x[0][c]), half), shift);
			let cd = s.shr_i16(s.add_i16(s.load(&x[1][c]), half), shift);
			s.store(&mut y[c], s.add_offset(s.join_pairs_i8(ab, cd)));
		}
	}
}

/// Converts unsigned bytes with an offset to groups of signed gradients: `x − 128`.
#[derive(Debug)]
pub struct GroupGradientsI8<'a> {
	/// Values to read.
	pub x: &'a BatchTilesU8,
	/// Gradients to write.
	pub groups: &'a mut GradientGroupsI8,
}

impl Operation for GroupGradientsI8<'_> {
	type Output = ();

	fn reference(self) {
		let Self { x, groups } = self;
		for neuron in 0..groups.blocks.len() / BATCH_BLOCKS * ROWS {
			for sample in 0..BATCH {
				groups.set(neuron, sample, without_offset(x.get(neuron, sample)) as i8);
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { x, groups } = self;
		group_gradients_i8(s, x, groups);
	}
}

/// Computes [`GroupGradientsI8`] on vectors.
#[inline(always)]
fn group_gradients_i8<S: SimdI8>(s: S, x: &BatchTilesU8, groups: &mut GradientGroupsI8) {
	for (group, blocks) in groups.blocks.as_chunks_mut::<BATCH_BLOCKS>().0.iter_mut().enumerate() {
		for (tile, blocks) in blocks.as_chunks_mut::<TILE>().0.iter_mut().enumerate() {
			let x = &x.tile(tile)[group];
			for c in 0..TILE {
				s.store(&mut blocks[c], s.transpose_bytes(s.add_offset(s.load(&x[c]))));
			}
		}
	}
}

/// Converts activations with samples in lanes to activations with neurons in lanes.
#[derive(Debug)]
pub struct TransposeBatchU8<'a> {
	/// Activations to read.
	pub x: &'a BatchTilesU8,
	/// Activations to write.
	pub panels: &'a mut ActivationPanelsU8,
}

impl Operation for TransposeBatchU8<'_> {
	type Output = ();

	fn reference(self) {
		let Self { x, panels } = self;
		for neuron in 0..panels.columns * LANES {
			for sample in 0..BATCH {
				panels.set(neuron, sample, x.get(neuron, sample));
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { x, panels } = self;
		transpose_batch_u8(s, x, panels);
	}
}

/// Computes [`TransposeBatchU8`] on vectors.
#[inline(always)]
fn transpose_batch_u8<S: SimdI8>(s: S, x: &BatchTilesU8, panels: &mut ActivationPanelsU8) {
	for column in 0..panels.columns {
		let (first, stride) = panels.place(column);
		for tile in 0..TILES {
			let x: &[[Block; TILE]; 4] = &x.tile(tile).as_chunks::<4>().0[column];
			for c in 0..TILE {
				let mut v = [s.splat(0); 4];
				for i in 0..4 {
					v[i] = s.transpose_bytes(s.load(&x[i][c]));
				}
				let v = s.transpose_quarters(v);
				let out = &mut panels.blocks[first + (tile * TILE + c) * 4 * stride..][..3 * stride + 1];
				for i in 0..4 {
					s.store(&mut out[i * stride], v[i]);
				}
			}
		}
	}
}
