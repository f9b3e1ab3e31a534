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

/// A convolution, its inputs, and the gradient of its outputs.
struct ConvCase {
	/// A convolution of a single channel is the first one of a net.
	first: bool,
	input: StepMajorShape,
	output: StepMajorShape,
	shape: ConvGeometry,
	geometry: ConvGeometry,
	conv: [u16; 3],
	layer: TrainableLayer,
	tiles: usize,
	x: BatchTiles,
	activations: BatchTiles,
	gradient: BatchTiles,
	groups: GradientGroups,
	step: StepSize,
}

/// Results of a back-end.
#[derive(PartialEq)]
struct ConvResults {
	patches: BatchTiles,
	y: BatchTiles,
	before: BatchTiles,
	before_groups: GradientGroups,
	layer: TrainableLayer,
}

impl ConvCase {
	/// Returns a random convolution, or `None` if its kernel does not fit its input.
	fn random(random: &mut Random, case: u64) -> Option<Self> {
		let first = random.within(0, 2) == 0;
		let steps = random.within(1, 12) as usize;
		let input = StepMajorShape { steps, channels: if first { 1 } else { random.within(1, 36) as usize } };
		let (kernel, dilation, stride, channels) =
			(random.within(1, 6) as u16, random.within(1, 4) as u16, random.within(1, 4) as u16, random.within(1, 40) as usize);
		let shape = ConvGeometry::new(input, kernel, dilation, stride)?;
		let geometry = if first { shape.of_patches() } else { shape };
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
		let (conv, step) = ([kernel, dilation, stride], StepSize { rate, decay });
		Some(Self { first, input, output, shape, geometry, conv, layer, tiles, x, activations, gradient, groups, step })
	}

	/// Returns the results of `backend`, forward and backward.
	fn run(&self, backend: Backend) -> ConvResults {
		let Self { geometry, layer, tiles, x, activations, gradient, .. } = self;
		let mut patches = BatchTiles::new(geometry.input.neurons());
		if self.first {
			backend.run(Im2col { geometry: &self.shape, x, y: &mut patches, tiles: *tiles });
		}
		let mut y = BatchTiles::new(self.output.neurons());
		let read = if self.first { &patches } else { x };
		backend.run(ConvRelu { geometry, layer: &layer.forward, x: read, y: &mut y, tiles: *tiles });
		let neurons = geometry.input.neurons();
		let (mut before, mut before_groups) = (BatchTiles::new(neurons), GradientGroups::new(neurons));
		let mut alone = before_groups.clone();
		// The content that an earlier call left in a buffer must not matter.
		let (mut unscaled, mut sums) = (vec![[Block([7; LANES]); TILE]; 9], vec![[Block([7; LANES]); ROWS]; 9]);
		let mut propagate = |tiles: Option<&mut BatchTiles>, groups: &mut GradientGroups| {
			let unscaled = &mut unscaled;
			backend.run(ConvInputGradient { geometry, layer, gradient, activations, unscaled, tiles, groups });
		};
		propagate(Some(&mut before), &mut before_groups);
		propagate(None, &mut alone);
		assert_eq!(alone, before_groups);
		let mut layer = layer.clone();
		for _ in 0..2 {
			let (layer, gradient, sums, step) = (&mut layer, &self.groups, &mut sums, self.step);
			backend.run(ConvWeightUpdate { geometry, layer, gradient, x: activations, sums, step });
		}
		ConvResults { patches, y, before, before_groups, layer }
	}

	/// Returns the outputs of one sample by the arithmetic of the chain: a last layer returns them one by one.
	fn outputs_on_the_chain(&self, sample: usize) -> Vec<i32> {
		let Self { input, output, x, .. } = self;
		let neuron = |number| if self.first { number } else { input.neuron(number) };
		let window: Vec<i16> = (0..input.steps * input.channels).map(|number| x.get(neuron(number), sample)).collect();
		let count = output.steps * output.channels;
		let identity = (0..count * count).map(|place| if place % (count + 1) == 0 { 2 } else { 0 }).collect();
		let last = Layer { inputs: count as u16, outputs: count as u16, shift: 1, weights: identity, bias: vec![0; count] };
		let [kernel, dilation, stride] = self.conv;
		let conv = Conv { kernel, dilation, stride, layer: self.geometry.patch().unpack(&self.layer.forward) };
		let (encoder, in_shifts) = (Encoder::Conv(vec![conv]), vec![0; input.channels]);
		let net = Net { window: input.steps as u16, in_shifts, skip: None, encoder, layers: vec![last] };
		let mut out = vec![0; count];
		net.forward(&window, &mut out, &mut Scratch::default());
		out
	}
}

/// One convolution, forward and backward.
fn conv_case(case: u64) {
	let random = &mut Random::new(5, case);
	let Some(conv) = ConvCase::random(random, case) else { return };
	let (shape, StepMajorShape { steps, channels }) = (conv.shape, conv.output);
	let expected = conv.run(Backend::SCALAR);
	for backend in others() {
		assert!(conv.run(backend) == expected, "{backend:?}, case {case}, {shape:?}, {channels} channels");
	}
	let sample = random.within(0, conv.tiles as i64 * 64 - 1) as usize;
	for (number, value) in conv.outputs_on_the_chain(sample).into_iter().enumerate() {
		let neuron = number % steps * padded_channels(channels) + number / steps;
		assert_eq!(i32::from(expected.y.get(neuron, sample)), value, "case {case}, {shape:?}");
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
