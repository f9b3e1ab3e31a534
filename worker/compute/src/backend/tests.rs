//! Every back-end against the scalar one, and that one against the arithmetic of the chain.
//!
//! A fixed set of random cases runs always; the large one, of 100 000 forward cases and 1 000 training runs, by
//! `cargo test --release -p doin-compute backend -- --ignored`.

use super::{available, detect, layout::*, named, scalar::Scalar, Backend};
use crate::{
	fixtures::{seasonal, tent},
	lion::{MAX_DECAY, MAX_RATE_SHIFT, MAX_WEIGHT},
	Candidate, Error, TrainingSet,
};
use doin_scoring::{
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

	fn rows(&mut self, neurons: usize) -> Vec<Block> {
		let mut rows = rows_of(neurons);
		for block in &mut rows[..neurons * COLUMNS] {
			block.0.iter_mut().for_each(|lane| *lane = self.sum());
		}
		rows
	}
}

/// The back-ends to compare with the scalar one.
fn others() -> impl Iterator<Item = &'static dyn Backend> {
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
		let mut words = [0; BATCH];
		backend.words(Key::new(&seed, 3).words(), case << 31, &mut words);
		(tiles, panels, targets, words)
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
fn windows_and_random_words_are_the_same_everywhere() {
	(0..60).into_par_iter().for_each(gather_case);
}

#[test]
fn training_gives_equal_bits_everywhere() {
	(0..6).into_par_iter().for_each(training_case);
}

#[test]
#[ignore = "minutes: 100 000 layers, 5 000 gradients, 5 000 batches and 1 000 training runs"]
fn the_large_set_gives_equal_bits_everywhere() {
	(0..100_000).into_par_iter().for_each(forward_case);
	(0..5_000).into_par_iter().for_each(backward_case);
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
