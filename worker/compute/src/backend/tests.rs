//! Every back-end against the scalar one, and that one against the arithmetic of the chain.
//!
//! A fixed set of random cases runs always; the large one, of 100 000 forward cases and 1 000 training runs, by
//! `cargo test --release -p doin-compute backend -- --ignored`.

use super::{
	available,
	byte_layout::{BytePanels, ByteTiles},
	byte_tests::byte_case,
	detect,
	layout::*,
	named,
	scalar::Scalar,
	steps::{padded, Grid, Taps},
	Backend,
};
use crate::{
	fixtures::{seasonal, tent},
	lion::{MAX_DECAY, MAX_RATE_SHIFT, MAX_WEIGHT},
	population::{BITS, BYTE_BITS},
	Candidate, Error, Family, TrainingSet,
};
use doin_scoring::{
	encoder::Conv,
	math::round_shift_i32,
	model::{IN_SHIFTS, MAX_ACT},
	philox::{Key, Stream},
	Encoder, Layer, Net, Scratch,
};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Random numbers of one case.
pub struct Random(Stream);

impl Random {
	pub fn new(purpose: u32, case: u64) -> Self {
		Self(Stream::new(&[3; 32], 1_000 + purpose, case))
	}

	/// A number from `least` to `most`.
	pub fn within(&mut self, least: i64, most: i64) -> i64 {
		least + i64::from(self.0.below((most - least + 1) as u32))
	}

	/// A number within ±`limit`, often an extreme one or zero.
	pub fn value(&mut self, limit: i32) -> i32 {
		match self.0.below(12) {
			0 => limit,
			1 => -limit,
			2 => 0,
			_ => self.within(-i64::from(limit), limit.into()) as i32,
		}
	}

	/// Any accumulator, often an extreme one.
	pub fn sum(&mut self) -> i32 {
		match self.0.below(8) {
			0 => i32::MAX,
			1 => i32::MIN,
			2 => self.value(3),
			_ => self.0.next_u32() as i32 >> self.0.below(31),
		}
	}

	pub fn layer(&mut self, inputs: usize, outputs: usize) -> Layer {
		Layer {
			inputs: inputs as u16,
			outputs: outputs as u16,
			shift: self.within(1, 24) as u8,
			weights: (0..inputs * outputs).map(|_| self.value(MAX_ACT) as i16).collect(),
			bias: (0..outputs).map(|_| self.sum()).collect(),
		}
	}

	/// Tiles of `neurons` neurons within `least` to 2047.
	pub fn tiles(&mut self, neurons: usize, least: i32, samples: usize) -> Tiles {
		let mut tiles = Tiles::new(neurons);
		for neuron in 0..neurons {
			for sample in 0..samples {
				tiles.set(neuron, sample, self.value(MAX_ACT).max(least) as i16);
			}
		}
		tiles
	}

	/// Tiles of several steps and channels within `least` to 2047.
	fn steps(&mut self, grid: Grid, least: i32) -> Tiles {
		let mut tiles = Tiles::new(grid.neurons());
		for input in 0..grid.steps * grid.channels {
			for sample in 0..BATCH {
				tiles.set(grid.neuron(input), sample, self.value(MAX_ACT).max(least) as i16);
			}
		}
		tiles
	}

	fn rows(&mut self, neurons: usize) -> Vec<Block> {
		let mut rows = rows_of(neurons);
		for block in &mut rows[..neurons * COLUMNS] {
			block.0.iter_mut().for_each(|lane| *lane = self.sum());
		}
		rows
	}
}

/// The back-ends to compare with the scalar one.
pub fn others() -> impl Iterator<Item = &'static dyn Backend> {
	available().into_iter().filter(|backend| backend.name() != Scalar.name())
}

/// One layer over some tiles.
fn forward_case(case: u64) {
	let random = &mut Random::new(1, case);
	let (inputs, outputs) = (random.within(1, 70) as usize, random.within(1, 20) as usize);
	let tiles = if case.is_multiple_of(16) { random.within(1, 4) as usize } else { 1 };
	let layer = random.layer(inputs, outputs);
	let packed = Packed::from_layer(&layer);
	let x = random.tiles(inputs, -MAX_ACT, tiles * 64);
	let targets = random.rows(outputs);
	let run = |backend: &dyn Backend| {
		let (mut y, mut sums) = (Tiles::new(outputs), rows_of(outputs));
		backend.activate(&packed, &x, &mut y, tiles);
		backend.accumulate(&packed, &x, &mut sums, tiles);
		sums.truncate(outputs * COLUMNS);
		let count = tiles * 64 - case as usize % 64;
		let errors = backend.errors(packed.shift, &sums, &targets, outputs, count);
		(y, sums, errors)
	};
	let expected = run(&Scalar);
	for backend in others() {
		assert_eq!(run(backend), expected, "{backend:?}, case {case}, {inputs} x {outputs}");
	}
	// The chain's own arithmetic, for one of the samples.
	let sample = random.within(0, tiles as i64 * 64 - 1) as usize;
	let input: Vec<i16> = (0..inputs).map(|input| x.get(input, sample)).collect();
	let net = Net { window: inputs as u16, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() };
	let mut out = vec![0; outputs];
	net.forward(&input, &mut out, &mut Scratch::default());
	for (output, expected_out) in out.into_iter().enumerate() {
		let sum = expected.1[output * COLUMNS + sample / LANES].0[sample % LANES];
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
	let mut layer = Dense::new(inputs, outputs, random.within(1, 24) as u32, false, &masters);
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
	let run = |backend: &dyn Backend| {
		let mut layer = layer.clone();
		let (mut tiles, mut quads) = (Tiles::new(outputs), Quads::new(outputs));
		backend.signs(layer.forward.shift, &sums, &targets, &mut tiles, &mut quads);
		let mut panels = Panels::new(inputs);
		backend.turn(&activations, &mut panels);
		let (mut before, mut before_quads) = (Tiles::new(inputs), Quads::new(inputs));
		let mut alone = before_quads.clone();
		backend.propagate(&layer, &gradient, &activations, &mut Vec::new(), Some(&mut before), &mut before_quads);
		backend.propagate(&layer, &gradient, &activations, &mut Vec::new(), None, &mut alone);
		assert_eq!(alone, before_quads);
		backend.update(&mut layer, &quads, &panels, rate, decay);
		let mut deducted = targets.clone();
		backend.deduct(&mut deducted, &sums, layer.forward.shift);
		let mut sums = vec![[Block::ZERO; ROWS]; outputs.div_ceil(ROWS) * panels.columns];
		backend.gram(&quads, &panels, &mut sums);
		(tiles, quads, panels, before, before_quads, layer, deducted, sums)
	};
	let expected = run(&Scalar);
	for backend in others() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {inputs} x {outputs}, rate {rate}, decay {decay}");
	}
}

/// One convolution, forth and back.
fn conv_case(case: u64) {
	let random = &mut Random::new(5, case);
	// One of a single channel is the first one of a net.
	let first = random.within(0, 2) == 0;
	let input = Grid { steps: random.within(1, 12) as usize, channels: if first { 1 } else { random.within(1, 36) as usize } };
	let (kernel, dilation, stride, channels) =
		(random.within(1, 6) as u16, random.within(1, 4) as u16, random.within(1, 4) as u16, random.within(1, 40) as usize);
	let Some(shape) = Taps::new(input, kernel, dilation, stride) else { return };
	let taps = if first { shape.of_patches() } else { shape };
	let patch = taps.patch();
	let masters: Vec<i32> = (0..patch.steps * patch.channels * channels).map(|_| random.value(MAX_WEIGHT)).collect();
	let mut layer = Dense::new(patch.neurons(), channels, random.within(1, 24) as u32, false, &patch.spread(&masters));
	layer.bias.masters[..channels].iter_mut().for_each(|master| *master = random.value(8 << 20));
	layer.round_bias();
	let output = Grid { steps: taps.outputs, channels };
	let tiles = if case.is_multiple_of(8) { random.within(1, 4) as usize } else { 1 };
	let x = if first { random.tiles(input.steps, -MAX_ACT, BATCH) } else { random.steps(input, -MAX_ACT) };
	let (activations, gradient) = (random.steps(taps.input, 0), random.steps(output, -MAX_ACT));
	let mut quads = Quads::new(output.neurons());
	for neuron in 0..output.neurons() {
		(0..BATCH).for_each(|sample| quads.set(neuron, sample, gradient.get(neuron, sample)));
	}
	let (rate, decay) = (1 << random.within(0, MAX_RATE_SHIFT.into()), random.within(0, MAX_DECAY.into()) as u8);
	let run = |backend: &dyn Backend| {
		let mut patches = Tiles::new(taps.input.neurons());
		if first {
			backend.patches(&shape, &x, &mut patches, tiles);
		}
		let mut y = Tiles::new(output.neurons());
		backend.convolve(&taps, &layer.forward, if first { &patches } else { &x }, &mut y, tiles);
		let (mut before, mut before_quads) = (Tiles::new(taps.input.neurons()), Quads::new(taps.input.neurons()));
		let mut alone = before_quads.clone();
		// What an earlier call left must not matter.
		let (mut raw, mut sums) = (vec![[Block([7; LANES]); TILE]; 9], vec![[Block([7; LANES]); ROWS]; 9]);
		backend.convolve_back(&taps, &layer, &gradient, &activations, &mut raw, Some(&mut before), &mut before_quads);
		backend.convolve_back(&taps, &layer, &gradient, &activations, &mut raw, None, &mut alone);
		assert_eq!(alone, before_quads);
		let mut layer = layer.clone();
		for _ in 0..2 {
			backend.convolve_update(&taps, &mut layer, &quads, &activations, &mut sums, rate, decay);
		}
		(patches, y, before, before_quads, layer)
	};
	let expected = run(&Scalar);
	for backend in others() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {shape:?}, {channels} channels");
	}
	// The chain's own arithmetic, for one of the samples: outputs that a last layer shows one by one.
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
		let neuron = number % output.steps * padded(channels) + number / output.steps;
		assert_eq!(i32::from(expected.1.get(neuron, sample)), value, "case {case}, {shape:?}");
	}
}

/// Windows of a random series, and random words.
fn gather_case(case: u64) {
	let random = &mut Random::new(3, case);
	let (history, horizon) = (random.within(1, 80) as usize, random.within(1, 40) as usize);
	let window = random.within(1, history as i64) as usize;
	let size = 1 << random.within(1, 25);
	let offset = random.within(-(1 << 30), 1 << 30) as i32;
	let values: Vec<i32> = (0..history + horizon + 300 + LANES).map(|_| offset + random.value(size - 1)).collect();
	let mut starts = [0; BATCH];
	starts.iter_mut().for_each(|start| *start = random.within(0, 300) as u32);
	let in_shift = random.within((*IN_SHIFTS.start()).into(), (*IN_SHIFTS.end()).into()) as i8;
	let places = Places { values: &values, starts: &starts, history, window, horizon, in_shift };
	let seed = [case as u8; 32];
	let run = |backend: &dyn Backend| {
		let (mut tiles, mut panels, mut targets) = (Tiles::new(window), Panels::new(window), rows_of(horizon));
		backend.gather(&places, &mut tiles, &mut panels, &mut targets, 1 + case as usize % TILES);
		let (mut byte_tiles, mut byte_panels, mut again) = (ByteTiles::new(window), BytePanels::new(window), rows_of(horizon));
		backend.gather_bytes(&places, &mut byte_tiles, &mut byte_panels, &mut again);
		let mut words = [0; BATCH];
		backend.words(Key::new(&seed, 3).words(), case << 31, &mut words);
		(tiles, panels, targets, words, byte_tiles, byte_panels, again)
	};
	let expected = run(&Scalar);
	for backend in others() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {window} of {history}, {horizon}, {in_shift}");
	}
	let mut stream = Key::new(&seed, 3).stream(case << 31);
	assert!(expected.3.iter().all(|word| *word == stream.next_u32()));
}

/// A whole training run.
fn training_case(case: u64) {
	let random = &mut Random::new(4, case);
	let (task, synthetic) = if random.within(0, 2) == 0 { (tent(), 0) } else { (seasonal(), random.within(0, 1) as u32 * 400) };
	let candidate = Candidate {
		window: random.within(1, task.program.history.into()) as u16,
		width: random.within(1, 40) as u16,
		depth: random.within(1, 3) as u8,
		rate: random.within(0, MAX_RATE_SHIFT.into()) as u8,
		epochs: 1,
		decay: random.within(0, MAX_DECAY.into()) as u8,
		seed: case,
		skip: random.within(0, 1) == 1,
		mix: random.within(0, 256) as u16,
		..Candidate::default()
	};
	let mut data = TrainingSet::new(task, synthetic, case).unwrap();
	let conv = Candidate {
		family: Family::Conv,
		kernel: random.within(1, 5) as u8,
		stride: random.within(1, 3) as u8,
		dilate: random.within(0, 1) == 1,
		..candidate
	};
	// Every other one has convolutions, as far as they fit.
	let candidate = if case % 2 == 1 && conv.check(&data).is_ok() { conv } else { candidate };
	// Every other dense one is trained in bytes.
	let bits = if candidate.family == Family::Mlp && case % 4 < 2 { BYTE_BITS } else { BITS };
	let candidate = Candidate { bits, ..candidate };
	let stop = AtomicBool::new(false);
	data = data.on(&Scalar);
	let expected = candidate.train(&data, &stop).unwrap();
	for backend in others() {
		data = data.on(backend);
		assert_eq!(candidate.train(&data, &stop).unwrap(), expected, "{backend:?}, {candidate:?}");
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
fn convolutions_give_equal_bits_everywhere_and_on_the_chain() {
	(0..60).into_par_iter().for_each(conv_case);
}

#[test]
fn windows_and_random_words_are_the_same_everywhere() {
	(0..60).into_par_iter().for_each(gather_case);
}

#[test]
fn training_gives_equal_bits_everywhere() {
	(0..8).into_par_iter().for_each(training_case);
}

#[test]
#[ignore = "minutes: 100 000 layers, 5 000 gradients, 5 000 convolutions, 5 000 layers in bytes, 5 000 batches and 1 000 training runs"]
fn the_large_set_gives_equal_bits_everywhere() {
	(0..100_000).into_par_iter().for_each(forward_case);
	(0..5_000).into_par_iter().for_each(backward_case);
	(0..5_000).into_par_iter().for_each(conv_case);
	(0..5_000).into_par_iter().for_each(byte_case);
	(0..5_000).into_par_iter().for_each(gather_case);
	(0..1_000).into_par_iter().for_each(training_case);
}

#[test]
fn back_ends_are_known_by_name() {
	for backend in available() {
		assert_eq!(named(backend.name()).unwrap().name(), backend.name());
	}
	let refused = named("abacus").unwrap_err();
	assert!(matches!(&refused, Error::Backend(name, _) if name == "abacus"));
	assert!(refused.to_string().ends_with("portable, scalar; see the variable DOIN_BACKEND"), "{refused}");
	assert!(available().iter().any(|backend| backend.name() == detect().unwrap().name()));
}
