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

	/// Returns any bytes, and `padding` where there is no neuron.
	fn bytes(&mut self, neurons: usize, padding: u8) -> BatchTilesU8 {
		let mut tiles = BatchTilesU8::new(neurons);
		for neuron in 0..tiles.groups * ROWS {
			for sample in 0..BATCH {
				tiles.set(neuron, sample, if neuron < neurons { self.byte() } else { padding });
			}
		}
		tiles
	}
}

/// One layer, forward and backward.
fn layer_case(case: u64) {
	let random = &mut Random::new(9, case);
	let most = if case.is_multiple_of(20) { 230 } else { 60 };
	let (inputs, outputs) = (random.within(1, most) as usize, random.within(1, 40) as usize);
	let reads = if random.within(0, 1) == 1 { LayerInputs::Network } else { LayerInputs::Hidden };
	let first = reads == LayerInputs::Network;
	let masters: Vec<i32> = (0..inputs * outputs).map(|_| random.value(MAX_WEIGHT)).collect();
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
	let x = random.bytes(inputs, if first { 128 } else { 0 });
	let exact = random.tiles(outputs, -MAX_ACT, BATCH);
	let gradient_shift = random.within(0, 4) as u32;
	let shift = random.within(0, 17) as u32;
	let (rate, decay) = (1 << random.within(0, MAX_RATE_SHIFT.into()), random.within(0, MAX_DECAY.into()) as u8);
	let run = |backend: Backend| {
		let (mut layer, mut weights) = (layer.clone(), weights.clone());
		let (mut y, mut sums) = (BatchTilesU8::new(outputs), batch_rows(outputs));
		backend.run(DenseReluU8 { layer: &weights, x: &x, y: &mut y });
		backend.run(DenseSumsU8 { layer: &weights, x: &x, sums: &mut sums });
		sums.truncate(outputs * BATCH_BLOCKS);
		let (mut gradient, mut groups) = (BatchTilesU8::new(outputs), GradientGroupsI8::new(outputs));
		backend.run(QuantizeU8 { shift: gradient_shift, x: &exact, y: &mut gradient });
		backend.run(GroupGradientsI8 { x: &gradient, groups: &mut groups });
		let mut panels = ActivationPanelsU8::new(inputs);
		backend.run(TransposeBatchU8 { x: &x, panels: &mut panels });
		let (mut before, mut before_groups, mut bits) = (BatchTilesU8::new(inputs), GradientGroupsI8::new(inputs), 0);
		if !first {
			let mut alone = before_groups.clone();
			let propagate = |tiles: Option<&mut BatchTilesU8>, groups: &mut GradientGroupsI8| {
				let (layer, gradient, activations) = (&weights, &gradient, &x);
				backend.run(InputGradientU8 { layer, gradient, activations, shift, tiles, groups })
			};
			bits = propagate(Some(&mut before), &mut before_groups);
			assert_eq!(bits, propagate(None, &mut alone));
			assert_eq!(alone, before_groups);
		}
		let kept = layer.forward.clone();
		let (layer_mut, weights_mut, step) = (&mut layer, &mut weights, StepSize { rate, decay });
		backend.run(WeightUpdateI8 { layer: layer_mut, weights: weights_mut, gradient: &groups, inputs: &panels, step });
		assert_eq!(layer.forward, kept);
		backend.run(RoundWeights { layer: &mut layer });
		(y, sums, gradient, groups, panels, before, before_groups, bits, layer, weights)
	};
	let expected = run(Backend::SCALAR);
	for backend in others() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {inputs} x {outputs}, {first}, {shift}, {rate}, {decay}");
	}
	// Offsets cancel, and weights are those of the masters.
	let (y, sums, gradient, _, _, before, _, _, after, rounded_after) = &expected;
	let sample = random.within(0, BATCH as i64 - 1) as usize;
	let signed = |value: u8| i32::from(value) - 128;
	let input = |input: usize| if first { signed(x.get(input, sample)) } else { x.get(input, sample).into() };
	for output in 0..outputs {
		let bias = weights.bias(layer.bias.masters[output]);
		let sum = bias + (0..inputs).map(|at| i32::from(weights.get(output, at)) * input(at)).sum::<i32>();
		assert_eq!(i32::from(y.get(output, sample)), round_shift_i32(sum, weights.shift()).clamp(0, 255), "case {case}");
		assert_eq!(row_value(sums, output, sample), sum << 7, "case {case}");
		for at in 0..inputs {
			let master = after.master(output, at);
			assert_eq!(rounded_after.get(output, at), round_weight_i8(master));
			assert_eq!(i32::from(after.forward.get(output, at)), round_shift_i32(master, 10));
		}
	}
	let mut fresh = rounded_after.clone();
	fresh.set_start_values(&after.bias.masters);
	assert_eq!(&fresh, rounded_after);
	for at in 0..if first { 0 } else { inputs } {
		let term = |output: usize| i32::from(weights.get(output, at)) * signed(gradient.get(output, sample));
		let sum: i32 = (0..outputs).map(term).sum();
		let sum = if shift > 0 { round_shift_i32(sum, shift) } else { sum };
		let expected = if (1..255).contains(&x.get(at, sample)) { sum.clamp(-128, 127) } else { 0 };
		assert_eq!(signed(before.get(at, sample)), expected, "case {case}");
	}
}

#[test]
fn layers_in_8_bits_give_equal_bits_everywhere() {
	(0..60).into_par_iter().for_each(layer_case);
}

#[test]
#[ignore = "minutes: 5 000 layers"]
fn the_large_set_of_layers_in_8_bits_gives_equal_bits_everywhere() {
	(0..5_000).into_par_iter().for_each(layer_case);
}
