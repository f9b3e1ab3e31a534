//! Gradients of the inputs of convolutions: each step collects the terms of all outputs that read it.

use crate::{
	layout::{
		padded_channels, BatchTiles, Block, ConvGeometry, GradientGroups, PackedWeights, TrainableLayer, BATCH, ROWS, TILE, TILES,
	},
	ops::{
		dot,
		gemm::{add_pairs, mask_and_store, requantise_gradient, rescale},
	},
	simd::{SimdI32, SimdI8},
	Operation,
};
use doin_scoring::model::MAX_ACT;

/// Computes the gradients of the inputs of a convolution, as [`InputGradient`](crate::ops::gemm::InputGradient) does for a
/// dense layer.
#[derive(Debug)]
pub struct ConvInputGradient<'a> {
	/// Geometry of the convolution.
	pub geometry: &'a ConvGeometry,
	/// The layer of all taps, with backward weights.
	pub layer: &'a TrainableLayer,
	/// Gradients of the outputs.
	pub gradient: &'a BatchTiles,
	/// Activations that the convolution reads.
	pub activations: &'a BatchTiles,
	/// Buffer of the gradients before their shift; it grows as needed, and its content does not matter.
	pub unscaled: &'a mut Vec<[Block; TILE]>,
	/// Gradients to write, samples in lanes; `None` if no layer propagates them further.
	pub tiles: Option<&'a mut BatchTiles>,
	/// Gradients to write, in groups.
	pub groups: &'a mut GradientGroups,
}

impl Operation for ConvInputGradient<'_> {
	type Output = ();

	fn reference(self) {
		let Self { geometry, layer, gradient, activations, mut tiles, groups, .. } = self;
		let PackedWeights { outputs: channels, .. } = layer.forward;
		let neurons = geometry.input.neurons();
		let mut unscaled = vec![0i32; neurons * BATCH];
		for output in 0..geometry.outputs {
			for (input, neuron) in geometry.reads(output) {
				for sample in 0..BATCH {
					let weight = |channel: usize| layer.forward.get(channel, input);
					let gradient = |channel: usize| gradient.get(output * padded_channels(channels) + channel, sample);
					let sum = &mut unscaled[neuron * BATCH + sample];
					*sum = dot(*sum, (0..channels).map(|channel| (weight(channel), gradient(channel))));
				}
			}
		}
		for (at, sum) in unscaled.iter_mut().enumerate() {
			if !(1..MAX_ACT).contains(&i32::from(activations.get(at / BATCH, at % BATCH))) {
				*sum = 0;
			}
		}
		let bits = unscaled.iter().fold(0, |bits, sum| bits | sum.unsigned_abs());
		for (at, sum) in unscaled.iter().enumerate() {
			let gradient = requantise_gradient(*sum, bits);
			if let Some(tiles) = tiles.as_mut() {
				tiles.set(at / BATCH, at % BATCH, gradient);
			}
			groups.set(at / BATCH, at % BATCH, gradient);
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { geometry, layer, gradient, activations, unscaled, tiles, groups } = self;
		let step_groups = geometry.input.steps * padded_channels(geometry.input.channels) / ROWS;
		let len = TILES * step_groups * ROWS;
		if unscaled.len() < len {
			unscaled.resize(len, [Block::ZERO; TILE]);
		}
		let unscaled = &mut unscaled[..len];
		let bits = propagate(s, geometry, layer, gradient, activations, unscaled);
		rescale(s, unscaled, step_groups, bits, tiles, groups);
	}
}

/// Computes the unscaled gradients of [`ConvInputGradient`], and returns the OR of their magnitudes.
#[inline(always)]
fn propagate<S: SimdI32>(
	s: S,
	geometry: &ConvGeometry,
	layer: &TrainableLayer,
	gradient: &BatchTiles,
	activations: &BatchTiles,
	unscaled: &mut [[Block; TILE]],
) -> S::V {
	// Groups of four channels of a step, and those that are not padding alone.
	let (groups, used) = (padded_channels(geometry.input.channels) / ROWS, geometry.input.channels.div_ceil(ROWS));
	let readers = geometry.readers();
	let after = padded_channels(layer.forward.outputs) / 2;
	let mut bits = s.splat(0);
	for (tile, unscaled) in unscaled.chunks_exact_mut(geometry.input.steps * groups * ROWS).enumerate() {
		let (g, h) = (gradient.tile(tile), activations.tile(tile));
		let steps = unscaled.chunks_exact_mut(groups * ROWS).zip(h.chunks_exact(groups * 2)).zip(&readers);
		for ((unscaled, h), readers) in steps {
			let (unscaled, padding) = unscaled.as_chunks_mut::<ROWS>().0.split_at_mut(used);
			padding.fill([[Block::ZERO; TILE]; ROWS]);
			for (group, (unscaled, h)) in unscaled.iter_mut().zip(h.as_chunks::<2>().0).enumerate() {
				let from = InputGroup { readers, layer, group, groups, gradient: g, pairs: after };
				if S::WIDE {
					bits = from.compute::<S, TILE>(s, 0, h, unscaled, bits);
				} else {
					for at in 0..TILE {
						bits = from.compute::<S, 1>(s, at, h, unscaled, bits);
					}
				}
			}
		}
	}
	bits
}

/// Four channels of one step, and the sources of their gradients.
#[derive(Clone, Copy)]
struct InputGroup<'a> {
	/// Pairs (output, tap) that read the step.
	readers: &'a [(usize, usize)],
	layer: &'a TrainableLayer,
	/// The group of channels.
	group: usize,
	/// Groups of a tap.
	groups: usize,
	/// Gradients of one tile.
	gradient: &'a [[Block; TILE]],
	/// Pairs of channels of an output.
	pairs: usize,
}

impl InputGroup<'_> {
	/// Computes unscaled gradients for `N` vectors of samples from vector `at` on, and returns `bits` OR their magnitudes.
	#[inline(always)]
	fn compute<S: SimdI32, const N: usize>(
		self,
		s: S,
		at: usize,
		h: &[[Block; TILE]; 2],
		unscaled: &mut [[Block; TILE]; ROWS],
		bits: S::V,
	) -> S::V {
		let Self { readers, layer, group, groups, gradient, pairs } = self;
		let mut sums = [[s.splat(0); N]; ROWS];
		for (output, tap) in readers {
			let w = layer.backward_group(tap * groups + group);
			add_pairs::<S, TILE, N>(s, &mut sums, &gradient[output * pairs..][..pairs], at, w);
		}
		mask_and_store(s, &sums, at, h, unscaled, bits)
	}
}
