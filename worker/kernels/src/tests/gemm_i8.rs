//! Dense layers in 8 bits: every back-end against the references, and the references against plain sums.

use super::{others, Random};
use crate::{
	layout::*,
	ops::{
		gemm::RoundWeights,
		gemm_i8::{DenseReluU8, DenseSumsU8, GroupGradientsI8, InputGradientU8, QuantizeU8, TransposeBatchU8, WeightUpdateI8},
		lion::{StepSize, MAX_DECAY, MAX_RATE_SHIFT, MAX_WEIGHT},
	},
	Backend,
};
use doin_scoring::{math::round_shift_i32, model::MAX_ACT};
use rayon::prelude::*;

impl Random {
	/// Returns any byte, often an extreme one.
	fn byte(&mut self) -> u8 {
		match self.within(0, 7) {
			0 => 0,
			1 => 255,
			2 => 128,
			_ => self.within(0, 255) as u8,
		}
	}

	/// Returns any bytes up to `most`, and `padding` where there is no neuron.
	fn bytes(&mut self, neurons: usize, most: u8, padding: u8) -> BatchTilesU8 {
		let mut tiles = BatchTilesU8::new(neurons);
		for neuron in 0..tiles.groups * ROWS {
			for sample in 0..BATCH {
				tiles.set(neuron, sample, if neuron < neurons { self.byte().min(most) } else { padding });
			}
		}
		tiles
	}
}

/// A layer, its inputs, and the gradient of its outputs.
struct LayerCase {
	inputs: usize,
	outputs: usize,
	/// The layer reads the inputs of a net, so its input gradient is not computed.
	first: bool,
	layer: TrainableLayer,
	weights: WeightsI8,
	x: BatchTilesU8,
	exact: BatchTiles,
	gradient_shift: u32,
	shift: u32,
	step: StepSize,
}

/// Results of a back-end.
#[derive(PartialEq)]
struct LayerResults {
	y: BatchTilesU8,
	sums: Vec<Block>,
	gradient: BatchTilesU8,
	groups: GradientGroupsI8,
	panels: ActivationPanelsU8,
	before: BatchTilesU8,
	before_groups: GradientGroupsI8,
	bits: u32,
	layer: TrainableLayer,
	weights: WeightsI8,
}

/// Returns the number that a byte with an offset of 128 has.
fn signed(value: u8) -> i32 {
	i32::from(value) - 128
}

impl LayerCase {
	fn random(random: &mut Random, case: u64) -> Self {
		let most = if case.is_multiple_of(20) { 230 } else { 60 };
		let (inputs, outputs) = (random.within(1, most) as usize, random.within(1, 40) as usize);
		let reads = if random.within(0, 1) == 1 { LayerInputs::Network } else { LayerInputs::Hidden };
		let first = reads == LayerInputs::Network;
		// Small weights, activations and gradients are added in 16 bits first.
		let limit = MAX_WEIGHT >> random.within(0, 5);
		let masters: Vec<i32> = (0..inputs * outputs).map(|_| random.value(limit)).collect();
		let mut layer = TrainableLayer::new(inputs, outputs, random.within(1, 24) as u32, BackwardWeights::Omitted, &masters);
		let columns = inputs.div_ceil(LANES);
		for output in 0..outputs {
			for input in 0..inputs {
				layer.momenta[output / ROWS * columns + input / LANES][output % ROWS].0[input % LANES] = random.value(1 << 30);
			}
		}
		layer.bias.masters[..outputs].iter_mut().for_each(|master| *master = random.value(8 << 20));
		let weights = WeightsI8::new(&layer, reads);
		// The padding is zero, with the offset that inputs of a net have.
		let most = u8::MAX >> random.within(0, 3);
		let x = random.bytes(inputs, most, if first { 128 } else { 0 });
		let exact = random.tiles(outputs, -MAX_ACT, BATCH);
		let gradient_shift = random.within(0, 9) as u32;
		let shift = random.within(0, 17) as u32;
		let (rate, decay) = (1 << random.within(0, MAX_RATE_SHIFT.into()), random.within(0, MAX_DECAY.into()) as u8);
		let step = StepSize { rate, decay };
		Self { inputs, outputs, first, layer, weights, x, exact, gradient_shift, shift, step }
	}

	/// Returns a layer whose weights and gradients are all `value`, and whose inputs are all 255.
	fn uniform(value: i32) -> Self {
		let (inputs, outputs) = (37, 21);
		let mut layer = TrainableLayer::new(inputs, outputs, 9, BackwardWeights::Omitted, &vec![value << 14; inputs * outputs]);
		layer.bias.masters[..outputs].fill(value << 10);
		let (mut x, mut exact) = (BatchTilesU8::new(inputs), BatchTiles::new(outputs));
		for sample in 0..BATCH {
			(0..inputs).for_each(|input| x.set(input, sample, 255));
			(0..outputs).for_each(|output| exact.set(output, sample, value as i16));
		}
		let weights = WeightsI8::new(&layer, LayerInputs::Hidden);
		let step = StepSize { rate: 1 << 10, decay: 2 };
		Self { inputs, outputs, first: false, layer, weights, x, exact, gradient_shift: 0, shift: 3, step }
	}

	/// Returns the results of `backend`, forward and backward.
	fn run(&self, backend: Backend) -> LayerResults {
		let Self { inputs, outputs, x, shift, step, .. } = self;
		let (inputs, outputs, shift, step) = (*inputs, *outputs, *shift, *step);
		let (mut layer, mut weights) = (self.layer.clone(), self.weights.clone());
		let (mut y, mut sums) = (BatchTilesU8::new(outputs), batch_rows(outputs));
		backend.run(DenseReluU8 { layer: &weights, x, y: &mut y });
		backend.run(DenseSumsU8 { layer: &weights, x, sums: &mut sums });
		sums.truncate(outputs * BATCH_BLOCKS);
		let (mut gradient, mut groups) = (BatchTilesU8::new(outputs), GradientGroupsI8::new(outputs));
		backend.run(QuantizeU8 { shift: self.gradient_shift, x: &self.exact, y: &mut gradient });
		backend.run(GroupGradientsI8 { x: &gradient, groups: &mut groups });
		let mut panels = ActivationPanelsU8::new(inputs);
		backend.run(TransposeBatchU8 { x, panels: &mut panels });
		let (mut before, mut before_groups, mut bits) = (BatchTilesU8::new(inputs), GradientGroupsI8::new(inputs), 0);
		if !self.first {
			let mut alone = before_groups.clone();
			let propagate = |tiles: Option<&mut BatchTilesU8>, groups: &mut GradientGroupsI8| {
				let (layer, gradient, activations) = (&weights, &gradient, x);
				backend.run(InputGradientU8 { layer, gradient, activations, shift, tiles, groups })
			};
			bits = propagate(Some(&mut before), &mut before_groups);
			assert_eq!(bits, propagate(None, &mut alone));
			assert_eq!(alone, before_groups);
		}
		let kept = layer.forward.clone();
		let (layer_mut, weights_mut) = (&mut layer, &mut weights);
		backend.run(WeightUpdateI8 { layer: layer_mut, weights: weights_mut, gradient: &groups, inputs: &panels, step });
		assert_eq!(layer.forward, kept);
		backend.run(RoundWeights { layer: &mut layer });
		LayerResults { y, sums, gradient, groups, panels, before, before_groups, bits, layer, weights }
	}

	/// Checks the outputs of one sample against plain sums: offsets cancel.
	fn check_outputs(&self, results: &LayerResults, sample: usize, case: u64) {
		let Self { x, weights, .. } = self;
		let input = |input: usize| if self.first { signed(x.get(input, sample)) } else { x.get(input, sample).into() };
		for output in 0..self.outputs {
			let bias = weights.bias(self.layer.bias.masters[output]);
			let sum = bias + (0..self.inputs).map(|at| i32::from(weights.get(output, at)) * input(at)).sum::<i32>();
			let rounded = round_shift_i32(sum, weights.shift()).clamp(0, 255);
			assert_eq!(i32::from(results.y.get(output, sample)), rounded, "case {case}");
			assert_eq!(row_value(&results.sums, output, sample), sum << 7, "case {case}");
		}
	}

	/// Checks that the weights after a step are those of the masters.
	fn check_weights(&self, LayerResults { layer, weights, .. }: &LayerResults) {
		for output in 0..self.outputs {
			for at in 0..self.inputs {
				let master = layer.master(output, at);
				assert_eq!(weights.get(output, at), round_weight_i8(master));
				assert_eq!(i32::from(layer.forward.get(output, at)), round_shift_i32(master, 10));
			}
		}
		let mut fresh = weights.clone();
		fresh.set_start_values(&layer.bias.masters);
		assert_eq!(&fresh, weights);
	}

	/// Checks the input gradient of one sample against plain sums.
	fn check_input_gradient(&self, results: &LayerResults, sample: usize, case: u64) {
		for at in 0..if self.first { 0 } else { self.inputs } {
			let term = |output: usize| i32::from(self.weights.get(output, at)) * signed(results.gradient.get(output, sample));
			let sum: i32 = (0..self.outputs).map(term).sum();
			let sum = if self.shift > 0 { round_shift_i32(sum, self.shift) } else { sum };
			let expected = if (1..255).contains(&self.x.get(at, sample)) { sum.clamp(-128, 127) } else { 0 };
			assert_eq!(signed(results.before.get(at, sample)), expected, "case {case}");
		}
	}
}

/// One layer, forward and backward.
fn layer_case(case: u64) {
	let random = &mut Random::new(9, case);
	let layer = LayerCase::random(random, case);
	let LayerCase { inputs, outputs, first, shift, step: StepSize { rate, decay }, .. } = layer;
	let expected = layer.run(Backend::SCALAR);
	for backend in others() {
		let is_equal = layer.run(backend) == expected;
		assert!(is_equal, "{backend:?}, case {case}, {inputs} x {outputs}, {first}, {shift}, {rate}, {decay}");
	}
	let sample = random.within(0, BATCH as i64 - 1) as usize;
	layer.check_outputs(&expected, sample, case);
	layer.check_weights(&expected);
	layer.check_input_gradient(&expected, sample, case);
}

#[test]
fn layers_in_8_bits_give_equal_bits_everywhere() {
	(0..60).into_par_iter().for_each(layer_case);
}

#[test]
fn sums_at_the_limits_of_16_bits_are_exact() {
	// 255 times the sum of eight, four or two weights is just within 16 bits, or just beyond.
	for value in [1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127].into_iter().flat_map(|value| [value, -value]).chain([-128]) {
		let layer = LayerCase::uniform(value);
		let expected = layer.run(Backend::SCALAR);
		for backend in others() {
			assert!(layer.run(backend) == expected, "{backend:?}, {value}");
		}
		layer.check_outputs(&expected, 7, 0);
		layer.check_input_gradient(&expected, 7, 0);
	}
}

#[test]
#[ignore = "minutes: 5 000 layers"]
fn the_large_set_of_layers_in_8_bits_gives_equal_bits_everywhere() {
	(0..5_000).into_par_iter().for_each(layer_case);
}
