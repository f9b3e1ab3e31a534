//! Weight updates of dense layers from 8-bit gradients and activations.

use super::{
	product,
	short_sums::{limit_of, BatchReach},
	without_offset, Together,
};
use crate::{
	layout::{
		panel_width, round_weight_i8, ActivationPanelsU8, Block, GradientGroupsI8, TrainableLayer, WeightsI8, BATCH,
		BATCH_BLOCKS, LANES, OFFSET, ROWS, SAMPLE_QUADS, WEIGHT_FRAC_I8,
	},
	ops::{
		gemm::{update_master, WeightBlock},
		lion::{self, StepSize, ACT_FRAC, MASTER_FRAC},
	},
	simd::SimdI8,
	Operation,
};
use doin_scoring::math::round_shift_i32;

/// Makes one step of the masters of a layer, as [`WeightUpdate`](crate::ops::gemm::WeightUpdate) does, and rounds them to 8-bit
/// weights. The 12-bit weights of the layer are left as they are; [`RoundWeights`](crate::ops::gemm::RoundWeights) brings them up
/// to date.
#[derive(Debug)]
pub struct WeightUpdateI8<'a> {
	/// Masters, momenta and biases to change.
	pub layer: &'a mut TrainableLayer,
	/// Weights to write.
	pub weights: &'a mut WeightsI8,
	/// Gradients of the outputs of the layer.
	pub gradient: &'a GradientGroupsI8,
	/// Activations that the layer reads.
	pub inputs: &'a ActivationPanelsU8,
	/// Size of the step.
	pub step: StepSize,
}

impl Operation for WeightUpdateI8<'_> {
	type Output = ();

	fn reference(self) {
		let Self { layer, weights, gradient, inputs, step } = self;
		for output in 0..weights.outputs {
			for input in 0..weights.inputs {
				let x = |sample: usize| {
					let x = inputs.get(input, sample);
					if weights.reads_network() {
						without_offset(x)
					} else {
						i32::from(x)
					}
				};
				let g = (0..BATCH).map(|sample| i32::from(gradient.get(output, sample)) * x(sample)).sum();
				weights.set(output, input, round_weight_i8(update_master(layer, output, input, g, step)));
			}
		}
		let sums: Vec<i32> = (0..layer.bias.masters.len())
			.map(|output| (0..BATCH).map(|sample| i32::from(gradient.get(output, sample))).sum::<i32>() << ACT_FRAC)
			.collect();
		layer.bias.step(&sums, step);
		weights.set_start_values(&layer.bias.masters);
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { layer, weights, gradient, inputs, step } = self;
		weight_update_i8(s, layer, weights, gradient, inputs, step);
	}
}

/// Computes [`WeightUpdateI8`] on vectors.
#[inline(always)]
fn weight_update_i8<S: SimdI8>(
	s: S,
	layer: &mut TrainableLayer,
	weights: &mut WeightsI8,
	gradient: &GradientGroupsI8,
	inputs: &ActivationPanelsU8,
	step: StepSize,
) {
	let gradients = gradient.blocks.as_chunks::<BATCH_BLOCKS>().0;
	// Start values are computed below. Until then, their buffer holds the gradients of the biases.
	for (sums, g) in weights.start.iter_mut().zip(gradients) {
		*sums = row_sums(s, g);
	}
	let (width, mut reach) = (panel_width(inputs.columns), Vec::new());
	if S::SHORT_SUMS {
		reach.reserve(gradients.len());
		for g in gradients {
			reach.push(BatchReach::new(s, g));
		}
	}
	let target = &mut UpdateTargetI8::new::<S>(layer, weights);
	for column in (0..inputs.columns).step_by(width) {
		let count = width.min(inputs.columns - column);
		let x = &inputs.blocks[column * SAMPLE_QUADS..][..count * SAMPLE_QUADS];
		match count {
			1 => target.update_panel::<S, 1>(s, gradients, &reach, x, column, step),
			2 => target.update_panel::<S, 2>(s, gradients, &reach, x, column, step),
			3 => target.update_panel::<S, 3>(s, gradients, &reach, x, column, step),
			_ => target.update_panel::<S, 4>(s, gradients, &reach, x, column, step),
		}
	}
	for sums in &mut weights.start {
		*sums = sums.map(|sum| sum << ACT_FRAC);
	}
	layer.bias.step(weights.start.as_flattened(), step);
	set_start_values(s, weights, &layer.bias.masters);
}

/// Gradients of a group of outputs.
#[derive(Clone, Copy)]
struct GroupGradients<'a> {
	blocks: &'a [Block; BATCH_BLOCKS],
	/// Quads that can be added in 16 bits, for each block; empty where a back-end does not use it.
	together: &'a [Together],
}

/// The parts of a layer that an update reads and writes, as slices. A copy: a field behind a reference is loaded again after
/// every store.
struct UpdateTargetI8<'a> {
	/// Blocks of sixteen inputs.
	columns: usize,
	/// Factor of the sums of the gradients in the start values of weight gradients: minus the offset that the inputs have in products.
	offset: i32,
	/// Sum over the batch of the gradients of each output.
	sums: &'a [[i32; ROWS]],
	masters: &'a mut [[Block; ROWS]],
	momenta: &'a mut [[Block; ROWS]],
	forward: &'a mut [Block],
	backward: &'a mut [Block],
}

impl<'a> UpdateTargetI8<'a> {
	#[inline(always)]
	fn new<S: SimdI8>(layer: &'a mut TrainableLayer, weights: &'a mut WeightsI8) -> Self {
		let stored = if weights.reads_network() { OFFSET } else { 0 };
		Self {
			columns: weights.inputs.div_ceil(LANES),
			offset: if S::SIGNED_DOT { OFFSET - stored } else { -stored },
			sums: &weights.start,
			masters: &mut layer.masters,
			momenta: &mut layer.momenta,
			forward: &mut weights.forward,
			backward: &mut weights.backward,
		}
	}

	/// Updates the weights of all outputs to one panel of inputs, from block `column` on.
	#[inline(always)]
	fn update_panel<S: SimdI8, const C: usize>(
		&mut self,
		s: S,
		gradients: &[[Block; BATCH_BLOCKS]],
		reach: &[BatchReach],
		x: &[Block],
		column: usize,
		step: StepSize,
	) {
		let x = x.as_chunks::<C>().0;
		let limits = limits_of_blocks(s, x);
		for (group, g) in gradients.iter().enumerate() {
			let place = WeightBlock { group, column };
			if S::WIDE {
				self.update_vectors::<S, C, C>(s, GroupGradients { blocks: g, together: &[] }, x, 0, place, step);
			} else {
				for at in 0..C {
					let together =
						if S::SHORT_SUMS { reach[group].together(&limits[at]) } else { [Together::NONE; BATCH_BLOCKS] };
					self.update_vectors::<S, C, 1>(s, GroupGradients { blocks: g, together: &together }, x, at, place, step);
				}
			}
		}
	}

	/// Updates the weights of one group of outputs to `N` blocks of inputs from block `at` of a panel on.
	#[inline(always)]
	fn update_vectors<S: SimdI8, const C: usize, const N: usize>(
		&mut self,
		s: S,
		g: GroupGradients,
		x: &[[Block; C]],
		at: usize,
		place: WeightBlock,
		step: StepSize,
	) {
		let offset = self.offset;
		let start = self.sums[place.group].map(|sum| sum * offset);
		let sums = product::<S, C, N>(s, x, at, g.blocks, g.together, start);
		let place = WeightBlock { column: place.column + at, ..place };
		// Unrolled by hand, so that sums stay in registers: compilers do not unroll a loop around so much code.
		if N > 0 {
			self.update_weights::<S, N, 0>(s, &sums, place, step);
		}
		if N > 1 {
			self.update_weights::<S, N, 1>(s, &sums, place, step);
		}
		if N > 2 {
			self.update_weights::<S, N, 2>(s, &sums, place, step);
		}
		if N > 3 {
			self.update_weights::<S, N, 3>(s, &sums, place, step);
		}
	}

	/// Makes one step of the masters of four outputs to the `C`-th block of inputs after `place`, against vector `C` of the
	/// gradients `sums`, and rounds them to weights.
	#[inline(always)]
	fn update_weights<S: SimdI8, const N: usize, const C: usize>(
		&mut self,
		s: S,
		sums: &[[S::V; N]; ROWS],
		place: WeightBlock,
		step: StepSize,
	) {
		let column = place.column + C;
		let block = place.group * self.columns + column;
		let (masters, momenta) = (&mut self.masters[block], &mut self.momenta[block]);
		let half = s.splat(1 << (MASTER_FRAC - WEIGHT_FRAC_I8 - 1));
		let mut w = [half; ROWS];
		for r in 0..ROWS {
			let p = lion::step_lanes(s, &mut masters[r], &mut momenta[r], sums[r][C], step);
			w[r] = s.shr(s.add(p, half), MASTER_FRAC - WEIGHT_FRAC_I8);
		}
		let packed = s.pack_i8(s.pack_i16(w[0], w[1]), s.pack_i16(w[2], w[3]));
		s.store(&mut self.forward[block], packed);
		if !self.backward.is_empty() {
			let groups = self.sums.len();
			s.store(&mut self.backward[column * groups + place.group], s.transpose_bytes(packed));
		}
	}
}

/// Returns the [limit](limit_of) of each block of a panel over each sixteen samples; zeros if the back-end does not use it.
#[inline(always)]
fn limits_of_blocks<S: SimdI8, const C: usize>(s: S, x: &[[Block; C]]) -> [[i32; BATCH_BLOCKS]; C] {
	let mut limits = [[0; BATCH_BLOCKS]; C];
	if !S::SHORT_SUMS {
		return limits;
	}
	for (block, x) in x.as_chunks::<4>().0.iter().enumerate().take(BATCH_BLOCKS) {
		for c in 0..C {
			let low = s.max_u8(s.load(&x[0][c]), s.load(&x[1][c]));
			let all = s.max_u8(low, s.max_u8(s.load(&x[2][c]), s.load(&x[3][c])));
			let halves = s.max_u8(all, s.shr(all, 16));
			let mut lanes = Block::ZERO;
			s.store(&mut lanes, s.max_u8(halves, s.shr(halves, 8)));
			limits[c][block] = limit_of(lanes.0.iter().fold(0, |most, lane| most.max(lane & 0xff)));
		}
	}
	limits
}

/// Computes the sum over a batch of each of four neurons, or of each of four outputs over its weights.
#[inline(always)]
pub fn row_sums<S: SimdI8>(s: S, blocks: &[Block]) -> [i32; ROWS] {
	let lanes = lane_sums(s, blocks);
	std::array::from_fn(|r| lanes.0[r] + lanes.0[4 + r] + lanes.0[8 + r] + lanes.0[12 + r])
}

/// Computes the sum of the four bytes of each lane over all blocks.
#[inline(always)]
fn lane_sums<S: SimdI8>(s: S, blocks: &[Block]) -> Block {
	let ones = s.splat(0x0101_0101);
	let mut sums = [s.splat(0); 2];
	let (pairs, rest) = blocks.as_chunks::<2>();
	for [a, b] in pairs {
		sums[0] = s.dot_short(sums[0], [ones], [s.load(a)]);
		sums[1] = s.dot_short(sums[1], [ones], [s.load(b)]);
	}
	for block in rest {
		sums[0] = s.dot_short(sums[0], [ones], [s.load(block)]);
	}
	let mut lanes = Block::ZERO;
	s.store(&mut lanes, s.add(sums[0], sums[1]));
	lanes
}

/// Computes [`WeightsI8::set_start_values`] on vectors.
#[inline(always)]
fn set_start_values<S: SimdI8>(s: S, weights: &mut WeightsI8, bias_masters: &[i32]) {
	let (shift, columns, groups) =
		(MASTER_FRAC - weights.accumulator_frac(), weights.inputs.div_ceil(LANES), weights.start.len());
	let reads_network = weights.reads_network();
	let masters = bias_masters.as_chunks::<ROWS>().0;
	let forward = weights.forward.chunks_exact(columns.max(1));
	for ((masters, w), start) in masters.iter().zip(forward).zip(&mut weights.start) {
		let mut first = masters.map(|master| round_shift_i32(master, shift));
		if reads_network {
			let sums = row_sums(s, w);
			for r in 0..ROWS {
				first[r] = first[r].wrapping_sub(OFFSET.wrapping_mul(sums[r]));
			}
		}
		*start = first;
	}
	let backward = weights.backward.chunks_exact(groups.max(1));
	for (w, start) in backward.zip(weights.back_start.chunks_exact_mut(LANES / ROWS)) {
		let sums = lane_sums(s, w);
		for (start, sums) in start.iter_mut().zip(sums.0.as_chunks::<ROWS>().0) {
			*start = sums.map(|sum| -OFFSET * sum);
		}
	}
}
