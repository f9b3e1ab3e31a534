//! Convolutions: every back-end against the references, and the references against the chain.

use super::{others, Random};
use crate::{
	layout::*,
	ops::{
		conv1d::{ConvInputGradient, ConvRelu, ConvWeightUpdate, Im2col},
		lion::{StepSize, MAX_DECAY, MAX_RATE_SHIFT, MAX_WEIGHT},
	},
	Backend,
};
use doin_scoring::{encoder::Conv, model::MAX_ACT, Encoder, Layer, Net, Scratch};
use rayon::prelude::*;

impl Random {
	/// Returns tiles of several steps and channels within `least` to 2047.
	fn steps(&mut self, shape: StepMajorShape, least: i32) -> BatchTiles {
		let mut tiles = BatchTiles::new(shape.neurons());
		for input in 0..shape.steps * shape.channels {
			for sample in 0..BATCH {
				tiles.set(shape.neuron(input), sample, self.value(MAX_ACT).max(least) as i16);
			}
		}
		tiles
	}
}

/// One convolution, forward and backward.
fn conv_case(case: u64) {
	let random = &mut Random::new(5, case);
	// A convolution of a single channel is the first one of a net.
	let first = random.within(0, 2) == 0;
	let input =
		StepMajorShape { steps: random.within(1, 12) as usize, channels: if first { 1 } else { random.within(1, 36) as usize } };
	let (kernel, dilation, stride, channels) =
		(random.within(1, 6) as u16, random.within(1, 4) as u16, random.within(1, 4) as u16, random.within(1, 40) as usize);
	let Some(shape) = ConvGeometry::new(input, kernel, dilation, stride) else { return };
	let geometry = &if first { shape.of_patches() } else { shape };
	let patch = geometry.patch();
	let masters: Vec<i32> = (0..patch.steps * patch.channels * channels).map(|_| random.value(MAX_WEIGHT)).collect();
	let masters = patch.spread(&masters);
	let shift = random.within(1, 24) as u32;
	let mut layer = TrainableLayer::new(patch.neurons(), channels, shift, BackwardWeights::Stored, &masters);
	layer.bias.masters[..channels].iter_mut().for_each(|master| *master = random.value(8 << 20));
	layer.round_bias();
	let output = StepMajorShape { steps: geometry.outputs, channels };
	let tiles = if case.is_multiple_of(8) { random.within(1, 4) as usize } else { 1 };
	let x = if first { random.tiles(input.steps, -MAX_ACT, BATCH) } else { random.steps(input, -MAX_ACT) };
	let (activations, gradient) = (random.steps(geometry.input, 0), random.steps(output, -MAX_ACT));
	let mut groups = GradientGroups::new(output.neurons());
	for neuron in 0..output.neurons() {
		(0..BATCH).for_each(|sample| groups.set(neuron, sample, gradient.get(neuron, sample)));
	}
	let (rate, decay) = (1 << random.within(0, MAX_RATE_SHIFT.into()), random.within(0, MAX_DECAY.into()) as u8);
	let run = |backend: Backend| {
		let mut patches = BatchTiles::new(geometry.input.neurons());
		if first {
			backend.run(Im2col { geometry: &shape, x: &x, y: &mut patches, tiles });
		}
		let mut y = BatchTiles::new(output.neurons());
		let read = if first { &patches } else { &x };
		backend.run(ConvRelu { geometry, layer: &layer.forward, x: read, y: &mut y, tiles });
		let neurons = geometry.input.neurons();
		let (mut before, mut before_groups) = (BatchTiles::new(neurons), GradientGroups::new(neurons));
		let mut alone = before_groups.clone();
		// The content that an earlier call left in a buffer must not matter.
		let (mut unscaled, mut sums) = (vec![[Block([7; LANES]); TILE]; 9], vec![[Block([7; LANES]); ROWS]; 9]);
		let mut propagate = |tiles: Option<&mut BatchTiles>, groups: &mut GradientGroups| {
			let (layer, gradient, activations, unscaled) = (&layer, &gradient, &activations, &mut unscaled);
			backend.run(ConvInputGradient { geometry, layer, gradient, activations, unscaled, tiles, groups });
		};
		propagate(Some(&mut before), &mut before_groups);
		propagate(None, &mut alone);
		assert_eq!(alone, before_groups);
		let mut layer = layer.clone();
		for _ in 0..2 {
			let (layer, sums, step) = (&mut layer, &mut sums, StepSize { rate, decay });
			backend.run(ConvWeightUpdate { geometry, layer, gradient: &groups, x: &activations, sums, step });
		}
		(patches, y, before, before_groups, layer)
	};
	let expected = run(Backend::SCALAR);
	for backend in others() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {shape:?}, {channels} channels");
	}
	// The arithmetic of the chain, for one of the samples: a last layer returns the outputs one by one.
	let sample = random.within(0, tiles as i64 * 64 - 1) as usize;
	let neuron = |number| if first { number } else { input.neuron(number) };
	let window: Vec<i16> = (0..input.steps * input.channels).map(|number| x.get(neuron(number), sample)).collect();
	let count = output.steps * channels;
	let identity = (0..count * count).map(|place| if place % (count + 1) == 0 { 2 } else { 0 }).collect();
	let last = Layer { inputs: count as u16, outputs: count as u16, shift: 1, weights: identity, bias: vec![0; count] };
	let conv = Conv { kernel, dilation, stride, layer: patch.unpack(&layer.forward) };
	let (encoder, in_shifts) = (Encoder::Conv(vec![conv]), vec![0; input.channels]);
	let net = Net { window: input.steps as u16, in_shifts, skip: None, encoder, layers: vec![last] };
	let mut out = vec![0; count];
	net.forward(&window, &mut out, &mut Scratch::default());
	for (number, value) in out.into_iter().enumerate() {
		let neuron = number % output.steps * padded_channels(channels) + number / output.steps;
		assert_eq!(i32::from(expected.1.get(neuron, sample)), value, "case {case}, {shape:?}");
	}
}

#[test]
fn convolutions_give_equal_bits_everywhere_and_on_the_chain() {
	(0..60).into_par_iter().for_each(conv_case);
}

#[test]
#[ignore = "minutes: 5 000 convolutions"]
fn the_large_set_of_convolutions_gives_equal_bits_everywhere() {
	(0..5_000).into_par_iter().for_each(conv_case);
}
