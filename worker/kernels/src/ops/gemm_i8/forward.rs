//! Forward passes of dense layers in 8 bits, over whole batches.

use super::{product, short_sums::together_by_block, weight_update::row_sums, Together};
use crate::{
	layout::{
		row_value_mut, BatchTilesU8, Block, WeightsI8, ACT_FRAC_U8, BATCH, BATCH_BLOCKS, OFFSET, ROWS, TILE, TILES,
		WEIGHT_FRAC_I8,
	},
	ops::lion::ACC_FRAC,
	simd::SimdI8,
	Operation,
};
use doin_scoring::math::round_shift_i32;

/// Bits by which sums of the last layer are shifted left, to the scale of the accumulators of 12-bit nets.
pub const SUM_SHIFT: u32 = ACC_FRAC - WEIGHT_FRAC_I8 - ACT_FRAC_U8;

/// Computes a hidden layer: `y = clamp((W·x + b + 2^(shift−1)) >> shift, 0, 255)`.
#[derive(Debug)]
pub struct DenseReluU8<'a> {
	/// Weights of the layer.
	pub layer: &'a WeightsI8,
	/// Inputs of the batch.
	pub x: &'a BatchTilesU8,
	/// Outputs to write.
	pub y: &'a mut BatchTilesU8,
}

impl Operation for DenseReluU8<'_> {
	type Output = ();

	fn reference(self) {
		let Self { layer, x, y } = self;
		for output in 0..layer.outputs {
			for sample in 0..BATCH {
				let value = round_shift_i32(accumulator(layer, x, output, sample), layer.shift());
				y.set(output, sample, value.clamp(0, u8::MAX.into()) as u8);
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { layer, x, y } = self;
		dense_relu_u8(s, layer, x, y);
	}
}

/// Computes [`DenseReluU8`] on vectors.
#[inline(always)]
fn dense_relu_u8<S: SimdI8>(s: S, layer: &WeightsI8, x: &BatchTilesU8, y: &mut BatchTilesU8) {
	let (shift, together) = (layer.shift(), together_by_block(s, &layer.forward));
	for tile in 0..TILES {
		let (x, y) = (x.tile(tile), y.tile_mut(tile));
		for (group, ((start, w), y)) in layer.start.iter().zip(layer.groups()).zip(y).enumerate() {
			let w = GroupWeights::new(s, w, &together, group, start);
			if S::WIDE {
				relu_vectors::<S, TILE>(s, shift, x, 0, w, y);
			} else {
				for at in 0..TILE {
					relu_vectors::<S, 1>(s, shift, x, at, w, y);
				}
			}
		}
	}
}

/// Weights of a group of outputs.
#[derive(Clone, Copy)]
struct GroupWeights<'a> {
	weights: &'a [Block],
	/// Quads that can be added in 16 bits, for each block; empty where a back-end does not use it.
	together: &'a [Together],
	/// Start values of the accumulators.
	start: [i32; ROWS],
}

impl<'a> GroupWeights<'a> {
	/// Takes the part of a group from the quads of all groups, and adds to `start` what signed dot products leave out.
	#[inline(always)]
	fn new<S: SimdI8>(s: S, weights: &'a [Block], together: &'a [Together], group: usize, start: &[i32; ROWS]) -> Self {
		let mut start = *start;
		if S::SIGNED_DOT {
			let sums = row_sums(s, weights);
			for r in 0..ROWS {
				start[r] = start[r].wrapping_add(OFFSET.wrapping_mul(sums[r]));
			}
		}
		let together = if S::SHORT_SUMS { &together[group * weights.len()..][..weights.len()] } else { &[] };
		Self { weights, together, start }
	}
}

/// Computes four outputs for `N` vectors of samples from vector `at` on.
#[inline(always)]
fn relu_vectors<S: SimdI8, const N: usize>(
	s: S,
	shift: u32,
	x: &[[Block; TILE]],
	at: usize,
	w: GroupWeights,
	y: &mut [Block; TILE],
) {
	let half = 1 << (shift - 1);
	let GroupWeights { weights, together, start } = w;
	let sums = product::<S, TILE, N>(s, x, at, weights, together, start.map(|start| start.wrapping_add(half)));
	for c in 0..N {
		let ab = s.pack_i16(s.shr(sums[0][c], shift), s.shr(sums[1][c], shift));
		let cd = s.pack_i16(s.shr(sums[2][c], shift), s.shr(sums[3][c], shift));
		s.store(&mut y[at + c], s.transpose_bytes(s.pack_u8(ab, cd)));
	}
}

/// Computes the accumulators of a last layer, `W·x + b`, at the scale of [`DenseSums`](crate::ops::gemm::DenseSums).
#[derive(Debug)]
pub struct DenseSumsU8<'a> {
	/// Weights of the layer.
	pub layer: &'a WeightsI8,
	/// Inputs of the batch.
	pub x: &'a BatchTilesU8,
	/// Accumulators to write, as batch rows.
	pub sums: &'a mut [Block],
}

impl Operation for DenseSumsU8<'_> {
	type Output = ();

	fn reference(self) {
		let Self { layer, x, sums } = self;
		for output in 0..layer.outputs {
			for sample in 0..BATCH {
				*row_value_mut(sums, output, sample) = accumulator(layer, x, output, sample) << SUM_SHIFT;
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { layer, x, sums } = self;
		dense_sums_u8(s, layer, x, sums);
	}
}

/// Computes [`DenseSumsU8`] on vectors.
#[inline(always)]
fn dense_sums_u8<S: SimdI8>(s: S, layer: &WeightsI8, x: &BatchTilesU8, sums: &mut [Block]) {
	let together = together_by_block(s, &layer.forward);
	for tile in 0..TILES {
		let x = x.tile(tile);
		let groups = sums.as_chunks_mut::<BATCH_BLOCKS>().0.as_chunks_mut::<ROWS>().0;
		for (group, ((start, w), out)) in layer.start.iter().zip(layer.groups()).zip(groups).enumerate() {
			let w = GroupWeights::new(s, w, &together, group, start);
			if S::WIDE {
				sum_vectors::<S, TILE>(s, x, 0, w, out, tile);
			} else {
				for at in 0..TILE {
					sum_vectors::<S, 1>(s, x, at, w, out, tile);
				}
			}
		}
	}
}

/// Computes the accumulators of four outputs for `N` vectors of samples from vector `at` on.
#[inline(always)]
fn sum_vectors<S: SimdI8, const N: usize>(
	s: S,
	x: &[[Block; TILE]],
	at: usize,
	w: GroupWeights,
	out: &mut [[Block; BATCH_BLOCKS]; ROWS],
	tile: usize,
) {
	let sums = product::<S, TILE, N>(s, x, at, w.weights, w.together, w.start);
	for (out, sums) in out.iter_mut().zip(sums) {
		for (c, sum) in sums.into_iter().enumerate() {
			s.store(&mut out[(tile * TILE + at + c) % BATCH_BLOCKS], s.shl(sum, SUM_SHIFT));
		}
	}
}

/// Returns the accumulator of an output for a sample.
fn accumulator(layer: &WeightsI8, x: &BatchTilesU8, output: usize, sample: usize) -> i32 {
	let start = layer.start[output / ROWS][output % ROWS];
	let term = |input: usize| i32::from(layer.get(output, input)) * i32::from(x.get(input, sample));
	(0..layer.inputs).fold(start, |sum, input| sum.wrapping_add(term(input)))
}
