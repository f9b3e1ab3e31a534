//! Forward passes of dense layers, and the transposition of their activations for weight gradients.

use super::product;
use crate::{
	layout::{row_value_mut, ActivationPanels, BatchTiles, Block, PackedWeights, BATCH, BATCH_BLOCKS, LANES, ROWS, TILE, TILES},
	simd::{SimdI32, SimdI8},
	Operation,
};
use doin_scoring::Layer;
use doin_training::dense::{self, Weights};

/// Computes a hidden layer: `y = clamp((W·x + b + 2^(shift−1)) >> shift, 0, 2047)`.
#[derive(Debug)]
pub struct DenseRelu<'a> {
	/// Weights of the layer.
	pub layer: &'a PackedWeights,
	/// Inputs of the batch.
	pub x: &'a BatchTiles,
	/// Outputs to write.
	pub y: &'a mut BatchTiles,
	/// Tiles of 64 samples to compute.
	pub tiles: usize,
}

impl Operation for DenseRelu<'_> {
	type Output = ();

	fn reference(self) {
		let Self { layer, x, y, tiles } = self;
		let samples = tiles * TILE * LANES;
		let mut values = vec![0; samples * layer.outputs];
		let Layer { weights, bias, .. } = layer.layer();
		let weights = Weights { inputs: layer.inputs, shift: layer.shift, rows: &weights, bias: &bias };
		dense::relu(weights, &x.by_sample(layer.inputs, samples), &mut values);
		y.set_by_sample(layer.outputs, &values);
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { layer, x, y, tiles } = self;
		dense_relu(s, layer, x, y, tiles);
	}
}

/// Computes [`DenseRelu`] on vectors.
#[inline(always)]
fn dense_relu<S: SimdI8>(s: S, layer: &PackedWeights, x: &BatchTiles, y: &mut BatchTiles, tiles: usize) {
	let shift = layer.shift;
	for tile in 0..tiles.min(TILES) {
		let (x, y) = (x.tile(tile), y.tile_mut(tile));
		let y = y.as_chunks_mut::<2>().0;
		for ((bias, w), y) in layer.bias.iter().zip(layer.groups()).zip(y) {
			if S::WIDE {
				relu_vectors::<S, TILE>(s, shift, bias, x, 0, w, y);
			} else {
				for at in 0..TILE {
					relu_vectors::<S, 1>(s, shift, bias, x, at, w, y);
				}
			}
		}
	}
}

/// Computes four outputs for `N` vectors of samples from vector `at` on.
#[inline(always)]
fn relu_vectors<S: SimdI32, const N: usize>(
	s: S,
	shift: u32,
	bias: &[i32; ROWS],
	x: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	y: &mut [[Block; TILE]; 2],
) {
	let half = 1 << (shift - 1);
	let mut start = *bias;
	for start in &mut start {
		*start = start.wrapping_add(half);
	}
	let sums = product::<S, TILE, N>(s, x, at, w, start);
	for c in 0..N {
		for pair in 0..2 {
			let (a, b) = (s.shr(sums[2 * pair][c], shift), s.shr(sums[2 * pair + 1][c], shift));
			s.store(&mut y[pair][at + c], s.pack_relu(a, b));
		}
	}
}

/// Computes the accumulators of a last layer, `W·x + b`, as batch rows padded to whole groups of four.
#[derive(Debug)]
pub struct DenseSums<'a> {
	/// Weights of the layer.
	pub layer: &'a PackedWeights,
	/// Inputs of the batch.
	pub x: &'a BatchTiles,
	/// Accumulators to write.
	pub sums: &'a mut [Block],
	/// Tiles of 64 samples to compute.
	pub tiles: usize,
}

impl Operation for DenseSums<'_> {
	type Output = ();

	fn reference(self) {
		let Self { layer, x, sums, tiles } = self;
		let samples = tiles * TILE * LANES;
		let mut values = vec![0; samples * layer.outputs];
		let Layer { weights, bias, .. } = layer.layer();
		let weights = Weights { inputs: layer.inputs, shift: layer.shift, rows: &weights, bias: &bias };
		dense::sums(weights, &x.by_sample(layer.inputs, samples), &mut values);
		for (sample, row) in values.chunks_exact(layer.outputs).enumerate() {
			row.iter().enumerate().for_each(|(output, sum)| *row_value_mut(sums, output, sample) = *sum);
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { layer, x, sums, tiles } = self;
		dense_sums(s, layer, x, sums, tiles);
	}
}

/// Computes [`DenseSums`] on vectors.
#[inline(always)]
fn dense_sums<S: SimdI8>(s: S, layer: &PackedWeights, x: &BatchTiles, sums: &mut [Block], tiles: usize) {
	for tile in 0..tiles.min(TILES) {
		let x = x.tile(tile);
		let groups = sums.as_chunks_mut::<BATCH_BLOCKS>().0.as_chunks_mut::<ROWS>().0;
		for ((bias, w), out) in layer.bias.iter().zip(layer.groups()).zip(groups) {
			if S::WIDE {
				sum_vectors::<S, TILE>(s, bias, x, 0, w, out, tile);
			} else {
				for at in 0..TILE {
					sum_vectors::<S, 1>(s, bias, x, at, w, out, tile);
				}
			}
		}
	}
}

/// Computes the accumulators of four outputs for `N` vectors of samples from vector `at` on.
#[inline(always)]
fn sum_vectors<S: SimdI32, const N: usize>(
	s: S,
	bias: &[i32; ROWS],
	x: &[[Block; TILE]],
	at: usize,
	w: &[Block],
	out: &mut [[Block; BATCH_BLOCKS]; ROWS],
	tile: usize,
) {
	let sums = product::<S, TILE, N>(s, x, at, w, *bias);
	for r in 0..ROWS {
		for c in 0..N {
			s.store(&mut out[r][(tile * TILE + at + c) % BATCH_BLOCKS], sums[r][c]);
		}
	}
}

/// Converts activations with samples in lanes to activations with neurons in lanes.
#[derive(Debug)]
pub struct TransposeBatch<'a> {
	/// Activations to read.
	pub x: &'a BatchTiles,
	/// Activations to write.
	pub panels: &'a mut ActivationPanels,
}

impl Operation for TransposeBatch<'_> {
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
		transpose_batch(s, x, panels);
	}
}

/// Computes [`TransposeBatch`] on vectors.
#[inline(always)]
fn transpose_batch<S: SimdI8>(s: S, x: &BatchTiles, panels: &mut ActivationPanels) {
	for column in 0..panels.columns {
		let (first, stride) = panels.place(column);
		transpose_column(s, x, column, &mut panels.blocks[first..], stride);
	}
}

/// Transposes one block of sixteen neurons; rows of the result are `stride` blocks apart.
#[inline(always)]
pub(crate) fn transpose_column<S: SimdI32>(s: S, x: &BatchTiles, column: usize, rows: &mut [Block], stride: usize) {
	for tile in 0..TILES {
		let x: &[[Block; TILE]; 8] = &x.tile(tile).as_chunks::<8>().0[column];
		for c in 0..TILE {
			let mut v = [s.splat(0); 8];
			for i in 0..8 {
				v[i] = s.load(&x[i][c]);
			}
			let v = s.transpose_pairs(v);
			let out = &mut rows[(tile * TILE + c) * 8 * stride..][..7 * stride + 1];
			for i in 0..8 {
				s.store(&mut out[i * stride], v[i]);
			}
		}
	}
}
