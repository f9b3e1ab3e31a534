//! Weight gradients of dense layers, which go from registers into masters, momenta and weights.

use super::{super::dot, product};
use crate::{
	layout::{
		panel_width, ActivationPanels, Block, GradientGroups, PackedWeights, TrainableLayer, BATCH, GROUP_BLOCKS, LANES, ROWS,
		SAMPLE_PAIRS,
	},
	ops::lion::{self, StepSize, ACT_FRAC, MASTER_FRAC, MAX_WEIGHT, WEIGHT_FRAC},
	simd::{SimdI32, SimdI8},
	Operation,
};
use doin_training::dense;

/// Makes one step of [Lion](lion) for the weights and biases of a layer, and rounds them for the next passes.
#[derive(Debug)]
pub struct WeightUpdate<'a> {
	/// Layer to change.
	pub layer: &'a mut TrainableLayer,
	/// Gradients of its outputs.
	pub gradient: &'a GradientGroups,
	/// Activations that it reads.
	pub inputs: &'a ActivationPanels,
	/// Size of the step.
	pub step: StepSize,
}

impl Operation for WeightUpdate<'_> {
	type Output = ();

	fn reference(self) {
		let Self { layer, gradient, inputs, step } = self;
		let PackedWeights { inputs: width, outputs, .. } = layer.forward;
		let samples = |value: &dyn Fn(usize) -> i16| (0..BATCH).map(value).collect::<Vec<i16>>();
		let x: Vec<Vec<i16>> = (0..width).map(|input| samples(&|sample| inputs.get(input, sample))).collect();
		let g: Vec<Vec<i16>> =
			(0..layer.bias.masters.len()).map(|output| samples(&|sample| gradient.get(output, sample))).collect();
		for (output, g) in g.iter().enumerate().take(outputs) {
			for (input, x) in x.iter().enumerate() {
				update_weight(layer, output, input, dense::weight_gradient(g, x), step);
			}
		}
		let sums: Vec<i32> = g.iter().map(|g| dense::bias_gradient(g)).collect();
		layer.bias.step(&sums, step);
		layer.round_bias();
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { layer, gradient, inputs, step } = self;
		weight_update(s, layer, gradient, inputs, step);
	}
}

/// Computes [`WeightUpdate`] on vectors.
#[inline(always)]
fn weight_update<S: SimdI8>(
	s: S,
	layer: &mut TrainableLayer,
	gradient: &GradientGroups,
	inputs: &ActivationPanels,
	step: StepSize,
) {
	let width = panel_width(inputs.columns);
	let target = &mut UpdateTarget::new(layer);
	// A panel stays in the nearest cache while all groups of gradients are multiplied with it.
	for column in (0..inputs.columns).step_by(width) {
		let count = width.min(inputs.columns - column);
		let x = &inputs.blocks[column * SAMPLE_PAIRS..][..count * SAMPLE_PAIRS];
		let gradients = gradient.blocks.as_chunks::<GROUP_BLOCKS>().0;
		match count {
			1 => update_panel::<S, 1>(s, target, gradients, x, column, step),
			2 => update_panel::<S, 2>(s, target, gradients, x, column, step),
			3 => update_panel::<S, 3>(s, target, gradients, x, column, step),
			_ => update_panel::<S, 4>(s, target, gradients, x, column, step),
		}
	}
	// Biases are rounded below. Until then, the buffer of the biases holds their gradients.
	let sums = &mut layer.forward.bias;
	for (sums, g) in sums.iter_mut().zip(gradient.blocks.as_chunks::<GROUP_BLOCKS>().0) {
		*sums = group_sums(s, g).map(|sum| sum << ACT_FRAC);
	}
	layer.bias.step(sums.as_flattened(), step);
	layer.round_bias();
}

/// Place of a block of weights: a group of four outputs, and a block of sixteen inputs.
#[derive(Clone, Copy)]
pub(crate) struct WeightBlock {
	/// Group of outputs.
	pub group: usize,
	/// Block of inputs.
	pub column: usize,
}

/// The parts of a layer that an update writes, as slices. A copy: a field behind a reference is loaded again after every store.
pub(crate) struct UpdateTarget<'a> {
	/// Blocks of sixteen inputs.
	columns: usize,
	/// Blocks of pairs of outputs of a group of backward weights.
	pair_blocks: usize,
	masters: &'a mut [[Block; ROWS]],
	momenta: &'a mut [[Block; ROWS]],
	forward: &'a mut [Block],
	backward: &'a mut [Block],
}

impl<'a> UpdateTarget<'a> {
	#[inline(always)]
	pub fn new(layer: &'a mut TrainableLayer) -> Self {
		Self {
			columns: layer.forward.inputs.div_ceil(LANES),
			pair_blocks: TrainableLayer::pair_blocks(layer.forward.outputs),
			masters: &mut layer.masters,
			momenta: &mut layer.momenta,
			forward: &mut layer.forward.weights,
			backward: &mut layer.backward,
		}
	}
}

/// Updates the weights of all outputs to one panel of inputs, from block `column` on.
#[inline(always)]
fn update_panel<S: SimdI32, const C: usize>(
	s: S,
	target: &mut UpdateTarget,
	gradients: &[[Block; GROUP_BLOCKS]],
	x: &[Block],
	column: usize,
	step: StepSize,
) {
	let x = x.as_chunks::<C>().0;
	if S::WIDE {
		for (group, g) in gradients.iter().enumerate() {
			update_vectors::<S, C, C>(s, target, g, x, 0, WeightBlock { group, column }, step);
		}
		return;
	}
	// One block of a panel stays in the nearest cache beside the gradients; a whole panel of four would fill it.
	for at in 0..C {
		for (group, g) in gradients.iter().enumerate() {
			update_vectors::<S, C, 1>(s, target, g, x, at, WeightBlock { group, column }, step);
		}
	}
}

/// Updates the weights of one group of outputs to `N` blocks of inputs from block `at` of a panel on.
#[inline(always)]
fn update_vectors<S: SimdI32, const C: usize, const N: usize>(
	s: S,
	target: &mut UpdateTarget,
	g: &[Block; GROUP_BLOCKS],
	x: &[[Block; C]],
	at: usize,
	place: WeightBlock,
	step: StepSize,
) {
	let sums = product::<S, C, N>(s, x, at, g, [0; ROWS]);
	let place = WeightBlock { column: place.column + at, ..place };
	// Unrolled by hand, so that sums stay in registers: compilers do not unroll a loop around so much code.
	if N > 0 {
		update_weights::<S, N, 0>(s, target, &sums, place, step);
	}
	if N > 1 {
		update_weights::<S, N, 1>(s, target, &sums, place, step);
	}
	if N > 2 {
		update_weights::<S, N, 2>(s, target, &sums, place, step);
	}
	if N > 3 {
		update_weights::<S, N, 3>(s, target, &sums, place, step);
	}
}

/// Makes one step of the masters of four outputs to the `C`-th block of inputs after `place`, against vector `C` of the gradients
/// `sums`, and rounds them to weights.
#[inline(always)]
pub(crate) fn update_weights<S: SimdI32, const N: usize, const C: usize>(
	s: S,
	target: &mut UpdateTarget,
	sums: &[[S::V; N]; ROWS],
	place: WeightBlock,
	step: StepSize,
) {
	let WeightBlock { group, column } = place;
	let block = group * target.columns + column + C;
	let (masters, momenta) = (&mut target.masters[block], &mut target.momenta[block]);
	let half = s.splat(1 << (MASTER_FRAC - WEIGHT_FRAC - 1));
	let mut w = [half; ROWS];
	for r in 0..ROWS {
		let p = lion::step_lanes(s, &mut masters[r], &mut momenta[r], sums[r][C], step);
		w[r] = s.shr(s.add(p, half), MASTER_FRAC - WEIGHT_FRAC);
	}
	let (ab, cd) = (s.pack_clamped(w[0], w[1]), s.pack_clamped(w[2], w[3]));
	let [low, high] = s.interleave_rows(ab, cd);
	s.store(&mut target.forward[2 * block], low);
	s.store(&mut target.forward[2 * block + 1], high);
	if target.backward.is_empty() {
		return;
	}
	let stride = target.pair_blocks;
	let mut pairs = [Block::ZERO; 2];
	s.store(&mut pairs[0], s.interleave(ab));
	s.store(&mut pairs[1], s.interleave(cd));
	let blocks = target.backward[(column + C) * ROWS * stride..].iter_mut().skip(group / 2).step_by(stride);
	for (quarter, block) in blocks.take(ROWS).enumerate() {
		// A group has two of the four pairs of outputs of a block.
		let to = &mut block.0[group % 2 * 2 * ROWS..][..2 * ROWS];
		to[..ROWS].copy_from_slice(&pairs[0].0[quarter * ROWS..][..ROWS]);
		to[ROWS..].copy_from_slice(&pairs[1].0[quarter * ROWS..][..ROWS]);
	}
}

/// Computes the sum over a batch of each of four neurons.
#[inline(always)]
pub(crate) fn group_sums<S: SimdI32>(s: S, g: &[Block; GROUP_BLOCKS]) -> [i32; ROWS] {
	let ones = s.splat(0x0001_0001);
	let mut all = [s.splat(0); 4];
	for g in g.as_chunks::<4>().0 {
		for i in 0..4 {
			all[i] = s.dot(all[i], s.load(&g[i]), ones);
		}
	}
	let mut lanes = Block::ZERO;
	s.store(&mut lanes, s.add(s.add(all[0], all[1]), s.add(all[2], all[3])));
	std::array::from_fn(|r| lanes.0[r] + lanes.0[4 + r] + lanes.0[8 + r] + lanes.0[12 + r])
}

/// Makes one step of one weight against gradient `g`.
pub(crate) fn update_weight(layer: &mut TrainableLayer, output: usize, input: usize, g: i32, step: StepSize) {
	let master = update_master(layer, output, input, g, step);
	layer.set_weight(output, input, lion::weight(master));
}

/// Makes one step of the master of one weight against gradient `g`, and returns the master.
pub(crate) fn update_master(layer: &mut TrainableLayer, output: usize, input: usize, g: i32, step: StepSize) -> i32 {
	let columns = layer.forward.inputs.div_ceil(LANES);
	let (block, row, lane) = (output / ROWS * columns + input / LANES, output % ROWS, input % LANES);
	let (p, m) = (&mut layer.masters[block][row].0[lane], &mut layer.momenta[block][row].0[lane]);
	lion::step(p, m, g, step, MAX_WEIGHT);
	*p
}

/// Computes `AᵀB` over a batch, for matrices with one row per sample: for each group of four columns of A, for each block of
/// sixteen columns of B, four blocks of sums.
#[derive(Debug)]
pub struct GemmAtB<'a> {
	/// Columns of A, in groups.
	pub a: &'a GradientGroups,
	/// Columns of B, in panels.
	pub b: &'a ActivationPanels,
	/// Sums to write.
	pub sums: &'a mut [[Block; ROWS]],
}

impl Operation for GemmAtB<'_> {
	type Output = ();

	fn reference(self) {
		let Self { a, b, sums } = self;
		for row in 0..a.blocks.len() / GROUP_BLOCKS * ROWS {
			for column in 0..b.columns * LANES {
				let sum = dot(0, (0..BATCH).map(|sample| (a.get(row, sample), b.get(column, sample))));
				sums[row / ROWS * b.columns + column / LANES][row % ROWS].0[column % LANES] = sum;
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { a, b, sums } = self;
		gemm_at_b(s, a, b, sums);
	}
}

/// Computes [`GemmAtB`] on vectors.
#[inline(always)]
fn gemm_at_b<S: SimdI8>(s: S, a: &GradientGroups, b: &ActivationPanels, sums: &mut [[Block; ROWS]]) {
	let width = panel_width(b.columns);
	for (rows, sums) in a.blocks.as_chunks::<GROUP_BLOCKS>().0.iter().zip(sums.chunks_mut(b.columns)) {
		for (panel, sums) in sums.chunks_mut(width).enumerate() {
			let x = &b.blocks[panel * width * SAMPLE_PAIRS..][..sums.len() * SAMPLE_PAIRS];
			match sums.len() {
				1 => multiply_panel::<S, 1>(s, rows, x, sums),
				2 => multiply_panel::<S, 2>(s, rows, x, sums),
				3 => multiply_panel::<S, 3>(s, rows, x, sums),
				_ => multiply_panel::<S, 4>(s, rows, x, sums),
			}
		}
	}
}

#[inline(always)]
fn multiply_panel<S: SimdI32, const C: usize>(s: S, rows: &[Block; GROUP_BLOCKS], x: &[Block], sums: &mut [[Block; ROWS]]) {
	let x = x.as_chunks::<C>().0;
	if S::WIDE {
		multiply_vectors::<S, C, C>(s, rows, x, 0, sums);
	} else {
		for at in 0..C {
			multiply_vectors::<S, C, 1>(s, rows, x, at, sums);
		}
	}
}

#[inline(always)]
fn multiply_vectors<S: SimdI32, const C: usize, const N: usize>(
	s: S,
	rows: &[Block; GROUP_BLOCKS],
	x: &[[Block; C]],
	at: usize,
	sums: &mut [[Block; ROWS]],
) {
	let product = product::<S, C, N>(s, x, at, rows, [0; ROWS]);
	for c in 0..N {
		for r in 0..ROWS {
			s.store(&mut sums[at + c][r], product[r][c]);
		}
	}
}

/// Rounds the masters of weights and biases to the weights of 12-bit forward passes. Backward weights are left as they are.
#[derive(Debug)]
pub struct RoundWeights<'a> {
	/// Layer to change.
	pub layer: &'a mut TrainableLayer,
}

impl Operation for RoundWeights<'_> {
	type Output = ();

	fn reference(self) {
		let Self { layer } = self;
		for output in 0..layer.forward.outputs {
			for input in 0..layer.forward.inputs {
				let weight = lion::weight(layer.master(output, input));
				layer.forward.set(output, input, weight);
			}
		}
		layer.round_bias();
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { layer } = self;
		round_weights(s, layer);
	}
}

/// Computes [`RoundWeights`] on vectors.
#[inline(always)]
fn round_weights<S: SimdI8>(s: S, layer: &mut TrainableLayer) {
	let half = s.splat(1 << (MASTER_FRAC - WEIGHT_FRAC - 1));
	for (masters, out) in layer.masters.iter().zip(layer.forward.weights.as_chunks_mut::<2>().0) {
		let mut w = [half; ROWS];
		for r in 0..ROWS {
			w[r] = s.shr(s.add(s.load(&masters[r]), half), MASTER_FRAC - WEIGHT_FRAC);
		}
		let [low, high] = s.interleave_rows(s.pack_clamped(w[0], w[1]), s.pack_clamped(w[2], w[3]));
		s.store(&mut out[0], low);
		s.store(&mut out[1], high);
	}
	layer.round_bias();
}
