//! Forward passes of convolutions.

use crate::{
	layout::{padded_channels, BatchTiles, Block, ConvGeometry, PackedWeights, LANES, ROWS, TILE, TILES},
	ops::{dot, gemm::add_pairs},
	simd::{SimdI32, SimdI8},
	Operation,
};
use doin_scoring::{math::round_shift_i32, model::MAX_ACT};

/// Copies the steps that each output of a convolution of one channel reads into the channels of one step per output.
#[derive(Debug)]
pub struct Im2col<'a> {
	/// Geometry of the convolution.
	pub geometry: &'a ConvGeometry,
	/// Window of one channel, one step per neuron.
	pub x: &'a BatchTiles,
	/// Patches to write: one step of `geometry.kernel` channels per output.
	pub y: &'a mut BatchTiles,
	/// Tiles of 64 samples to copy.
	pub tiles: usize,
}

impl Operation for Im2col<'_> {
	type Output = ();

	fn reference(self) {
		let Self { geometry, x, y, tiles } = self;
		for output in 0..geometry.outputs {
			for tap in 0..geometry.kernel {
				for sample in 0..tiles * TILE * LANES {
					y.set(output * padded_channels(geometry.kernel) + tap, sample, x.get(geometry.step(output, tap), sample));
				}
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { geometry, x, y, tiles } = self;
		im2col(s, geometry, x, y, tiles);
	}
}

/// Computes [`Im2col`] on vectors.
#[inline(always)]
fn im2col<S: SimdI8>(s: S, geometry: &ConvGeometry, x: &BatchTiles, y: &mut BatchTiles, tiles: usize) {
	let (low, high) = (s.splat(0xffff), s.splat(!0xffff));
	for tile in 0..tiles.min(TILES) {
		let (x, y) = (x.tile(tile), y.tile_mut(tile));
		for (output, y) in y.chunks_exact_mut(padded_channels(geometry.kernel) / 2).take(geometry.outputs).enumerate() {
			for (pair, y) in y.iter_mut().take(geometry.kernel.div_ceil(2)).enumerate() {
				let first = geometry.step(output, 2 * pair);
				let second = (2 * pair + 1 < geometry.kernel).then(|| geometry.step(output, 2 * pair + 1));
				for (c, y) in y.iter_mut().enumerate() {
					let v = s.load(&x[first / 2][c]);
					let mut v = if first.is_multiple_of(2) { s.and(v, low) } else { s.and(s.shr(v, 16), low) };
					if let Some(second) = second {
						let w = s.load(&x[second / 2][c]);
						v = s.or(v, if second % 2 == 0 { s.shl(w, 16) } else { s.and(w, high) });
					}
					s.store(y, v);
				}
			}
		}
	}
}

/// Computes a convolution: [`DenseRelu`](crate::ops::gemm::DenseRelu) with one layer for all outputs.
#[derive(Debug)]
pub struct ConvRelu<'a> {
	/// Geometry of the convolution.
	pub geometry: &'a ConvGeometry,
	/// Weights of all taps.
	pub layer: &'a PackedWeights,
	/// Inputs, step by step.
	pub x: &'a BatchTiles,
	/// Outputs to write.
	pub y: &'a mut BatchTiles,
	/// Tiles of 64 samples to compute.
	pub tiles: usize,
}

impl Operation for ConvRelu<'_> {
	type Output = ();

	fn reference(self) {
		let Self { geometry, layer, x, y, tiles } = self;
		for output in 0..geometry.outputs {
			for channel in 0..layer.outputs {
				let bias = layer.bias.as_flattened()[channel];
				for sample in 0..tiles * TILE * LANES {
					let terms = geometry.reads(output).map(|(input, neuron)| (layer.get(channel, input), x.get(neuron, sample)));
					let value = round_shift_i32(dot(bias, terms), layer.shift).clamp(0, MAX_ACT) as i16;
					y.set(output * padded_channels(layer.outputs) + channel, sample, value);
				}
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { geometry, layer, x, y, tiles } = self;
		conv_relu(s, geometry, layer, x, y, tiles);
	}
}

/// Computes [`ConvRelu`] on vectors.
#[inline(always)]
fn conv_relu<S: SimdI8>(s: S, geometry: &ConvGeometry, layer: &PackedWeights, x: &BatchTiles, y: &mut BatchTiles, tiles: usize) {
	let after = padded_channels(layer.outputs) / 2;
	for tile in 0..tiles.min(TILES) {
		let (x, y) = (x.tile(tile), y.tile_mut(tile));
		for (output, y) in y.chunks_exact_mut(after).take(geometry.outputs).enumerate() {
			for (group, (bias, y)) in layer.bias.iter().zip(y.as_chunks_mut::<2>().0).enumerate() {
				let channels = ChannelGroup { geometry, output, shift: layer.shift, bias, weights: layer.group(group) };
				if S::WIDE {
					channels.compute::<S, TILE>(s, x, 0, y);
				} else {
					for at in 0..TILE {
						channels.compute::<S, 1>(s, x, at, y);
					}
				}
			}
		}
	}
}

/// Four channels of one output of a convolution.
#[derive(Clone, Copy)]
struct ChannelGroup<'a> {
	geometry: &'a ConvGeometry,
	output: usize,
	shift: u32,
	bias: &'a [i32; ROWS],
	weights: &'a [Block],
}

impl ChannelGroup<'_> {
	/// Computes the channels for `N` vectors of samples from vector `at` on.
	#[inline(always)]
	fn compute<S: SimdI32, const N: usize>(self, s: S, x: &[[Block; TILE]], at: usize, y: &mut [[Block; TILE]; 2]) {
		let Self { geometry, output, shift, bias, weights } = self;
		let half = 1i32 << (shift - 1);
		let mut sums = bias.map(|bias| [s.splat(bias.wrapping_add(half)); N]);
		// Pairs of a step, and blocks of the weights of a tap that are not padding alone.
		let (pairs, used) = (padded_channels(geometry.input.channels) / 2, geometry.input.channels.div_ceil(2 * ROWS));
		for (tap, w) in weights.chunks(pairs / ROWS).enumerate() {
			let x = &x[geometry.step(output, tap) * pairs..][..pairs];
			add_pairs::<S, TILE, N>(s, &mut sums, x, at, &w[..used.min(w.len())]);
		}
		for c in 0..N {
			for pair in 0..2 {
				let (a, b) = (s.shr(sums[2 * pair][c], shift), s.shr(sums[2 * pair + 1][c], shift));
				s.store(&mut y[pair][at + c], s.pack_relu(a, b));
			}
		}
	}
}
