//! Weight gradients of convolutions: sums over outputs and samples.

use crate::{
	layout::{
		padded_channels, BatchTiles, Block, ConvGeometry, GradientGroups, TrainableLayer, BATCH, GROUP_BLOCKS, LANES, ROWS,
		SAMPLE_PAIRS,
	},
	ops::{
		dot,
		gemm::{group_sums, transpose_column, update_weight, update_weights, UpdateTarget, WeightBlock},
		lion::{StepSize, ACT_FRAC},
		round_shift_any,
	},
	simd::{SimdI32, SimdI8},
	Operation,
};
use doin_scoring::math::round_shift_i32;

/// Makes one step of the weights and biases of a convolution, as [`WeightUpdate`](crate::ops::gemm::WeightUpdate) does for a
/// dense layer.
///
/// The gradient of a weight is the sum over all outputs of the sum over the batch. The sum of each output is shifted right with
/// rounding by [`ConvGeometry::gradient_shift`], so the whole sum stays within 2³⁰ for any number of outputs.
#[derive(Debug)]
pub struct ConvWeightUpdate<'a> {
	/// Geometry of the convolution.
	pub geometry: &'a ConvGeometry,
	/// Layer of all taps to change.
	pub layer: &'a mut TrainableLayer,
	/// Gradients of the outputs.
	pub gradient: &'a GradientGroups,
	/// Activations that the convolution reads.
	pub x: &'a BatchTiles,
	/// Buffer of the sums; it grows as needed, and its content does not matter.
	pub sums: &'a mut Vec<[Block; ROWS]>,
	/// Size of the step.
	pub step: StepSize,
}

impl Operation for ConvWeightUpdate<'_> {
	type Output = ();

	fn reference(self) {
		let Self { geometry, layer, gradient, x, step, .. } = self;
		let (channels, shift) = (layer.forward.outputs, geometry.gradient_shift());
		let mut sums = vec![0; channels * layer.forward.inputs];
		let mut biases = vec![0; layer.bias.masters.len()];
		for output in 0..geometry.outputs {
			for channel in 0..channels {
				let gradient = |sample: usize| gradient.get(output * padded_channels(channels) + channel, sample);
				for (input, neuron) in geometry.reads(output) {
					let sum = dot(0, (0..BATCH).map(|sample| (gradient(sample), x.get(neuron, sample))));
					sums[channel * layer.forward.inputs + input] += round_shift_any(sum, shift);
				}
				biases[channel] += (0..BATCH).map(|sample| i32::from(gradient(sample))).sum::<i32>();
			}
		}
		for (at, sum) in sums.iter().enumerate() {
			update_weight(layer, at / layer.forward.inputs, at % layer.forward.inputs, *sum, step);
		}
		biases.iter_mut().for_each(|sum| *sum = bias_gradient(*sum, shift));
		layer.bias.step(&biases, step);
		layer.round_bias();
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { geometry, layer, gradient, x, sums, step } = self;
		conv_weight_update(s, geometry, layer, gradient, x, sums, step);
	}
}

/// Computes [`ConvWeightUpdate`] on vectors.
#[inline(always)]
fn conv_weight_update<S: SimdI8>(
	s: S,
	geometry: &ConvGeometry,
	layer: &mut TrainableLayer,
	gradient: &GradientGroups,
	x: &BatchTiles,
	sums: &mut Vec<[Block; ROWS]>,
	size: StepSize,
) {
	let shift = geometry.gradient_shift();
	let (blocks, columns) = (padded_channels(geometry.input.channels) / LANES, layer.forward.inputs / LANES);
	let (groups, after) = (layer.forward.bias.len(), padded_channels(layer.forward.outputs) / ROWS);
	let gradient = gradient.blocks.as_chunks::<GROUP_BLOCKS>().0;
	sums.clear();
	sums.resize(groups * columns, [Block::ZERO; ROWS]);
	let mut rows = [Block::ZERO; SAMPLE_PAIRS];
	for (step, readers) in geometry.readers().into_iter().enumerate().filter(|(_, readers)| !readers.is_empty()) {
		for block in 0..blocks {
			// The transposed block stays in the nearest cache while all its readers are multiplied with it.
			transpose_column(s, x, step * blocks + block, &mut rows, 1);
			for (output, tap) in &readers {
				let g = &gradient[output * after..][..groups];
				add_gradients(s, g, &rows, shift, columns, &mut sums[tap * blocks + block..]);
			}
		}
	}
	let mut biases = vec![[0i32; ROWS]; groups];
	for g in gradient.chunks_exact(after).take(geometry.outputs) {
		for (biases, g) in biases.iter_mut().zip(g) {
			let sums = group_sums(s, g);
			biases.iter_mut().zip(sums).for_each(|(bias, sum)| *bias += sum);
		}
	}
	let target = &mut UpdateTarget::new(layer);
	for (at, sums) in sums.iter().enumerate() {
		let sums = [[s.load(&sums[0])], [s.load(&sums[1])], [s.load(&sums[2])], [s.load(&sums[3])]];
		let place = WeightBlock { group: at / columns, column: at % columns };
		update_weights::<S, 1, 0>(s, target, &sums, place, size);
	}
	let biases = biases.as_flattened_mut();
	biases.iter_mut().for_each(|bias| *bias = bias_gradient(*bias, shift));
	layer.bias.step(biases, size);
	layer.round_bias();
}

/// Returns the gradient of a bias at the scale of weight gradients, from the sum over all outputs, which is below 2^(19 + shift).
fn bias_gradient(sum: i32, shift: u32) -> i32 {
	match shift.checked_sub(ACT_FRAC) {
		None | Some(0) => sum << (ACT_FRAC - shift),
		Some(right) => round_shift_i32(sum, right),
	}
}

/// Adds the products of groups of gradients with a block of inputs over the batch, shifted right by `shift`, to every
/// `columns`-th entry of `sums`.
#[inline(always)]
fn add_gradients<S: SimdI32>(
	s: S,
	g: &[[Block; GROUP_BLOCKS]],
	x: &[Block; SAMPLE_PAIRS],
	shift: u32,
	columns: usize,
	sums: &mut [[Block; ROWS]],
) {
	/// Groups whose sums fit registers together.
	const TOGETHER: usize = 4;
	let together = if S::WIDE { TOGETHER } else { 1 };
	for (g, sums) in g.chunks(together).zip(sums.chunks_mut(together * columns)) {
		match g.len() {
			1 => add_groups::<S, 1>(s, g, x, shift, columns, sums),
			2 => add_groups::<S, 2>(s, g, x, shift, columns, sums),
			3 => add_groups::<S, 3>(s, g, x, shift, columns, sums),
			_ => add_groups::<S, TOGETHER>(s, g, x, shift, columns, sums),
		}
	}
}

#[inline(always)]
fn add_groups<S: SimdI32, const G: usize>(
	s: S,
	g: &[[Block; GROUP_BLOCKS]],
	x: &[Block; SAMPLE_PAIRS],
	shift: u32,
	columns: usize,
	sums: &mut [[Block; ROWS]],
) {
	let Some(g) = g.first_chunk::<G>() else { return };
	let mut all = [[s.splat((1 << shift) >> 1); ROWS]; G];
	for (block, [x0, x1, x2, x3]) in x.as_chunks::<4>().0.iter().enumerate() {
		// Unrolled by hand: compilers do not unroll a loop around so much code.
		add_sample_pair::<S, G, 0>(s, &mut all, g, block, x0);
		add_sample_pair::<S, G, 1>(s, &mut all, g, block, x1);
		add_sample_pair::<S, G, 2>(s, &mut all, g, block, x2);
		add_sample_pair::<S, G, 3>(s, &mut all, g, block, x3);
	}
	for i in 0..G {
		for r in 0..ROWS {
			let sum = &mut sums[i * columns][r];
			let v = s.add(s.load(sum), s.shr(all[i][r], shift));
			s.store(sum, v);
		}
	}
}

/// Adds the terms of pair `P` of the four pairs of samples in a block of gradients.
#[inline(always)]
fn add_sample_pair<S: SimdI32, const G: usize, const P: usize>(
	s: S,
	sums: &mut [[S::V; ROWS]; G],
	g: &[[Block; GROUP_BLOCKS]; G],
	block: usize,
	x: &Block,
) {
	let x = s.load(x);
	for i in 0..G {
		let pair = &g[i][block % GROUP_BLOCKS].0.as_chunks::<ROWS>().0[P];
		sums[i][0] = s.dot_broadcast::<0>(sums[i][0], x, pair);
		sums[i][1] = s.dot_broadcast::<1>(sums[i][1], x, pair);
		sums[i][2] = s.dot_broadcast::<2>(sums[i][2], x, pair);
		sums[i][3] = s.dot_broadcast::<3>(sums[i][3], x, pair);
	}
}
