//! Dense layers and losses: every back-end against the references, and the references against the chain.

use super::{others, Random};
use crate::{
	layout::*,
	ops::{
		gemm::{DenseRelu, DenseSums, GemmAtB, InputGradient, TransposeBatch, WeightUpdate},
		lion::{StepSize, MAX_DECAY, MAX_RATE_SHIFT, MAX_WEIGHT},
		loss::{L1Error, L1Gradient, SubtractSkip},
	},
	Backend,
};
use doin_scoring::{math::round_shift_i32, model::MAX_ACT, Encoder, Net, Scratch};
use rayon::prelude::*;

/// One layer over some tiles.
fn forward_case(case: u64) {
	let random = &mut Random::new(1, case);
	let (inputs, outputs) = (random.within(1, 70) as usize, random.within(1, 20) as usize);
	let tiles = if case.is_multiple_of(16) { random.within(1, 4) as usize } else { 1 };
	let layer = random.layer(inputs, outputs);
	let packed = PackedWeights::from_layer(&layer);
	let x = random.tiles(inputs, -MAX_ACT, tiles * 64);
	let targets = random.rows(outputs);
	let run = |backend: Backend| {
		let (mut y, mut sums) = (BatchTiles::new(outputs), batch_rows(outputs));
		backend.run(DenseRelu { layer: &packed, x: &x, y: &mut y, tiles });
		backend.run(DenseSums { layer: &packed, x: &x, sums: &mut sums, tiles });
		sums.truncate(outputs * BATCH_BLOCKS);
		let count = tiles * 64 - case as usize % 64;
		let error = backend.run(L1Error { shift: packed.shift, sums: &sums, targets: &targets, outputs, count });
		(y, sums, error)
	};
	let expected = run(Backend::SCALAR);
	for backend in others() {
		assert_eq!(run(backend), expected, "{backend:?}, case {case}, {inputs} x {outputs}");
	}
	// The arithmetic of the chain, for one of the samples.
	let sample = random.within(0, tiles as i64 * 64 - 1) as usize;
	let input: Vec<i16> = (0..inputs).map(|input| x.get(input, sample)).collect();
	let net = Net { window: inputs as u16, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() };
	let mut out = vec![0; outputs];
	net.forward(&input, &mut out, &mut Scratch::default());
	for (output, expected_out) in out.into_iter().enumerate() {
		let sum = row_value(&expected.1, output, sample);
		assert_eq!(round_shift_i32(sum, packed.shift), expected_out, "case {case}");
		assert_eq!(i32::from(expected.0.get(output, sample)), expected_out.clamp(0, MAX_ACT), "case {case}");
	}
}

/// Gradients and updates of one layer.
fn backward_case(case: u64) {
	let random = &mut Random::new(2, case);
	let most = if case.is_multiple_of(20) { 230 } else { 60 };
	let (inputs, outputs) = (random.within(1, most) as usize, random.within(1, 40) as usize);
	let masters: Vec<i32> = (0..inputs * outputs).map(|_| random.value(MAX_WEIGHT)).collect();
	let shift = random.within(1, 24) as u32;
	let mut layer = TrainableLayer::new(inputs, outputs, shift, BackwardWeights::Stored, &masters);
	let columns = inputs.div_ceil(LANES);
	for output in 0..outputs {
		for input in 0..inputs {
			layer.momenta[output / ROWS * columns + input / LANES][output % ROWS].0[input % LANES] = random.value(1 << 30);
		}
	}
	layer.bias.masters[..outputs].iter_mut().for_each(|master| *master = random.value(8 << 20));
	layer.round_bias();
	let activations = random.tiles(inputs, 0, BATCH);
	let sums = random.rows(outputs);
	let mut targets = random.rows(outputs);
	// Some targets are met.
	for (target, sum) in targets.iter_mut().zip(&sums).step_by(3) {
		target.0.iter_mut().zip(sum.0).for_each(|(target, sum)| *target = sum >> layer.forward.shift);
	}
	let gradient = random.tiles(outputs, -MAX_ACT, BATCH);
	let (rate, decay) = (1 << random.within(0, MAX_RATE_SHIFT.into()), random.within(0, MAX_DECAY.into()) as u8);
	let run = |backend: Backend| {
		let mut layer = layer.clone();
		let (mut tiles, mut groups) = (BatchTiles::new(outputs), GradientGroups::new(outputs));
		backend.run(L1Gradient { shift, sums: &sums, targets: &targets, tiles: &mut tiles, groups: &mut groups });
		let mut panels = ActivationPanels::new(inputs);
		backend.run(TransposeBatch { x: &activations, panels: &mut panels });
		let (mut before, mut before_groups) = (BatchTiles::new(inputs), GradientGroups::new(inputs));
		let mut alone = before_groups.clone();
		let propagate = |tiles: Option<&mut BatchTiles>, groups: &mut GradientGroups| {
			let unscaled = &mut Vec::new();
			let (layer, gradient, activations) = (&layer, &gradient, &activations);
			backend.run(InputGradient { layer, gradient, activations, unscaled, tiles, groups });
		};
		propagate(Some(&mut before), &mut before_groups);
		propagate(None, &mut alone);
		assert_eq!(alone, before_groups);
		let step = StepSize { rate, decay };
		backend.run(WeightUpdate { layer: &mut layer, gradient: &groups, inputs: &panels, step });
		let mut subtracted = targets.clone();
		backend.run(SubtractSkip { targets: &mut subtracted, sums: &sums, shift });
		let mut sums = vec![[Block::ZERO; ROWS]; outputs.div_ceil(ROWS) * panels.columns];
		backend.run(GemmAtB { a: &groups, b: &panels, sums: &mut sums });
		(tiles, groups, panels, before, before_groups, layer, subtracted, sums)
	};
	let expected = run(Backend::SCALAR);
	for backend in others() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {inputs} x {outputs}, rate {rate}, decay {decay}");
	}
}

#[test]
fn layers_give_equal_bits_everywhere_and_on_the_chain() {
	(0..400).into_par_iter().for_each(forward_case);
}

#[test]
fn gradients_and_updates_give_equal_bits_everywhere() {
	(0..60).into_par_iter().for_each(backward_case);
}

#[test]
#[ignore = "minutes: 100 000 layers and 5 000 gradients"]
fn the_large_set_of_layers_gives_equal_bits_everywhere() {
	(0..100_000).into_par_iter().for_each(forward_case);
	(0..5_000).into_par_iter().for_each(backward_case);
}
