//! Integer training of multi-layer perceptrons, alone or beside a frozen linear path.
//!
//! No float, division or root in the loop: Q11.20 masters, 12-bit forward weights and activations, gradients of the absolute error by
//! sign, a power-of-two rescale per batch and layer, and [`crate::lion`]. Batches and first weights come from Philox, so a net is a function of
//! (data, genes, seed).

use crate::{
	data::TrainingSet,
	kernel::{padded, products, transpose},
	lion::{Parameters, Schedule, ACT_FRAC, MASTER_FRAC, MAX_BIAS, MAX_WEIGHT, WEIGHT_FRAC},
	ridge::Linear,
	Error,
};
use doin_scoring::{
	math::round_shift_i32,
	model::{MAX_ACT, OUT_FRAC, SHIFTS},
	philox::{purpose, Key, Stream},
	score::{differences, MAX_ERROR},
	Layer, Net, Scratch,
};
use std::sync::atomic::{AtomicBool, Ordering};

/// Windows of a batch: the most that keeps gradient sums and momenta within `i32`.
pub const BATCH: usize = 256;
/// Gradient of one absolute error.
const UNIT: i16 = 64;
/// Bits of a gradient that is propagated back.
const GRADIENT_BITS: u32 = 11;
/// Fractional bits of an accumulator.
const ACC_FRAC: u32 = WEIGHT_FRAC + ACT_FRAC;

/// What is trained and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
	/// Steps of history the net reads.
	pub window: u16,
	/// Neurons of a hidden layer.
	pub width: u16,
	/// Hidden layers.
	pub depth: u8,
	/// The first rate is 2^(rate − 20).
	pub rate: u8,
	/// Passes over as many windows as there are.
	pub epochs: u16,
	/// Seed of first weights and batches.
	pub seed: u64,
}

/// Trains a net; with a linear path, that path stays as it is and the net learns what it leaves. The net of the epoch with the least
/// error on the inner validation windows is returned; with a linear path, that can be the path alone beside a net that says nothing.
pub fn train(data: &TrainingSet, schema: &Schema, skip: Option<&Linear>, stop: &AtomicBool) -> Result<Net, Error> {
	let mut trainer = Trainer::new(data, schema, skip);
	let steps = (data.fit_len() / BATCH).max(1) as u32;
	let mut schedule = Schedule::new(schema.rate, steps * u32::from(schema.epochs));
	let mut best = (u64::MAX, trainer.net());
	if skip.is_some() {
		best.0 = trainer.inner_error();
	}
	for epoch in 0..u32::from(schema.epochs) {
		for step in 0..steps {
			if stop.load(Ordering::Relaxed) {
				return Err(Error::Stopped);
			}
			trainer.step(u64::from(epoch * steps + step), schedule.advance());
		}
		let error = trainer.inner_error();
		if error < best.0 {
			best = (error, trainer.net());
		}
	}
	Ok(best.1)
}

/// One layer in training. Rows are padded to whole lanes.
struct Dense {
	inputs: usize,
	outputs: usize,
	shift: u32,
	weights: Parameters,
	bias: Parameters,
	/// Forward weights, one row per output.
	forward: Vec<i16>,
	/// The same, one row per input.
	backward: Vec<i16>,
	/// Forward biases at accumulator scale.
	forward_bias: Vec<i32>,
}

impl Dense {
	fn new(inputs: usize, outputs: usize, shift: u32, random: Option<&mut Stream>) -> Self {
		let mut masters = vec![0; outputs * inputs];
		if let Some(random) = random {
			// Uniform with the variance 2 / inputs that keeps the scale of activations from layer to layer.
			let bound = ((6u64 << (2 * MASTER_FRAC)) / inputs as u64).isqrt().min(MAX_WEIGHT as u64) as u32;
			masters
				.iter_mut()
				.for_each(|master| *master = random.below(2 * bound + 1) as i32 - bound as i32);
		}
		let mut dense = Self {
			inputs,
			outputs,
			shift,
			weights: Parameters::new(masters, MAX_WEIGHT),
			bias: Parameters::new(vec![0; outputs], MAX_BIAS),
			forward: vec![0; outputs * padded(inputs)],
			backward: vec![0; inputs * padded(outputs)],
			forward_bias: vec![0; outputs],
		};
		dense.round();
		dense
	}

	/// Rounds masters to what forward passes use.
	fn round(&mut self) {
		let rows = self
			.forward
			.chunks_exact_mut(padded(self.inputs))
			.zip(self.weights.masters.chunks_exact(self.inputs));
		for (row, masters) in rows {
			for (weight, master) in row.iter_mut().zip(masters) {
				*weight = round_shift_i32(*master, MASTER_FRAC - WEIGHT_FRAC) as i16;
			}
		}
		for (bias, master) in self.forward_bias.iter_mut().zip(&self.bias.masters) {
			*bias = round_shift_i32(*master, MASTER_FRAC - ACC_FRAC);
		}
		transpose(&self.forward, padded(self.inputs), self.inputs, &mut self.backward);
	}

	/// Accumulators of each row of `x`, biases included.
	fn accumulate(&self, x: &[i16], acc: &mut [i32]) {
		products(x, &self.forward, padded(self.inputs), acc);
		for row in acc.chunks_exact_mut(self.outputs) {
			for (acc, bias) in row.iter_mut().zip(&self.forward_bias) {
				*acc = acc.wrapping_add(*bias);
			}
		}
	}

	fn layer(&self) -> Layer {
		let rows = self.forward.chunks_exact(padded(self.inputs));
		Layer {
			inputs: self.inputs as u16,
			outputs: self.outputs as u16,
			shift: self.shift as u8,
			weights: rows.flat_map(|row| row[..self.inputs].iter().copied()).collect(),
			bias: self.forward_bias.clone(),
		}
	}
}

/// A net in training with the buffers of one batch.
struct Trainer<'a> {
	data: &'a TrainingSet,
	window: usize,
	horizon: usize,
	in_shift: i8,
	skip: Option<&'a Linear>,
	layers: Vec<Dense>,
	batches: Key,
	/// Inputs of each layer for the batch, rows padded.
	inputs: Vec<Vec<i16>>,
	/// What the net should say, in 2^−OUT_FRAC raw units.
	targets: Vec<i64>,
	acc: Vec<i32>,
	gradient: Vec<i16>,
	turned_gradient: Vec<i16>,
	turned_inputs: Vec<i16>,
	sums: Vec<i32>,
	path: Vec<i32>,
	scratch: Scratch,
}

impl<'a> Trainer<'a> {
	fn new(data: &'a TrainingSet, schema: &Schema, skip: Option<&'a Linear>) -> Self {
		let (window, horizon) = (usize::from(schema.window), usize::from(data.task.program.horizon));
		let mut seed = [0; 32];
		seed[..8].copy_from_slice(&schema.seed.to_le_bytes());
		let mut random = Stream::new(&seed, purpose::WEIGHTS, 0);
		let mut trainer = Self {
			data,
			window,
			horizon,
			in_shift: skip.map_or_else(|| data.in_shift(window), |skip| skip.net.in_shift),
			skip,
			layers: Vec::new(),
			batches: Key::new(&seed, purpose::BATCH),
			inputs: Vec::new(),
			targets: vec![0; BATCH * horizon],
			acc: Vec::new(),
			gradient: Vec::new(),
			turned_gradient: Vec::new(),
			turned_inputs: Vec::new(),
			sums: Vec::new(),
			path: vec![0; horizon],
			scratch: Scratch::default(),
		};
		let mut inputs = window;
		for _ in 0..schema.depth {
			trainer
				.layers
				.push(Dense::new(inputs, schema.width.into(), WEIGHT_FRAC, Some(&mut random)));
			trainer.inputs.push(vec![0; BATCH * padded(inputs)]);
			inputs = schema.width.into();
		}
		trainer.inputs.push(vec![0; BATCH * padded(inputs)]);
		let shift = trainer.out_shift();
		// Beside a linear path, a net starts by saying nothing.
		let random = if skip.is_some() { None } else { Some(&mut random) };
		trainer.layers.push(Dense::new(inputs, horizon, shift, random));
		trainer
	}

	/// The shift of the last layer under which targets are between a half and one on average, as accumulators see them.
	fn out_shift(&mut self) -> u32 {
		let rows = self.data.fit_len().min(16 * BATCH);
		let step = self.data.fit_len() / rows.max(1);
		let mut sum = 0u64;
		for start in (0..rows).step_by(BATCH) {
			let count = BATCH.min(rows - start);
			self.load(count, |row| (start + row) * step, false);
			sum += self.targets[..count * self.horizon]
				.iter()
				.map(|target| target.unsigned_abs())
				.sum::<u64>();
		}
		let mean = sum / (rows * self.horizon).max(1) as u64;
		let bits = u64::BITS - mean.leading_zeros();
		ACC_FRAC
			.saturating_sub(bits)
			.clamp(u32::from(*SHIFTS.start()), u32::from(*SHIFTS.end()))
	}

	/// Fills inputs and targets of the first `count` rows with windows of the fit, or of the inner validation.
	fn load(&mut self, count: usize, place: impl Fn(usize) -> usize, inner: bool) {
		let stride = padded(self.window);
		for row in 0..count {
			let at = place(row);
			let (history, future) = if inner {
				self.data.inner_window(at)
			} else {
				self.data.fit_window(at)
			};
			let x = &mut self.inputs[0][row * stride..row * stride + self.window];
			differences(self.in_shift, history, x);
			self.path.fill(0);
			if let Some(skip) = self.skip {
				skip.net.forward(x, &mut self.path, &mut self.scratch);
			}
			let last = i64::from(history.last().copied().unwrap_or(0));
			let targets = &mut self.targets[row * self.horizon..(row + 1) * self.horizon];
			for ((target, value), path) in targets.iter_mut().zip(future).zip(&self.path) {
				*target = ((i64::from(*value) - last) << OUT_FRAC) - i64::from(*path);
			}
		}
	}

	/// Runs the first `count` rows through all layers; `acc` then holds the accumulators of the last one.
	fn forward(&mut self, count: usize) {
		let last = self.layers.len() - 1;
		for (at, layer) in self.layers.iter().enumerate() {
			let (before, after) = self.inputs.split_at_mut(at + 1);
			self.acc.resize(count * layer.outputs, 0);
			layer.accumulate(&before[at][..count * padded(layer.inputs)], &mut self.acc);
			if at < last {
				let rows = after[0]
					.chunks_exact_mut(padded(layer.outputs))
					.zip(self.acc.chunks_exact(layer.outputs));
				for (row, acc) in rows {
					for (to, acc) in row.iter_mut().zip(acc) {
						*to = round_shift_i32(*acc, layer.shift).clamp(0, MAX_ACT) as i16;
					}
				}
			}
		}
	}

	/// One batch of windows drawn with replacement.
	fn step(&mut self, number: u64, rate: i32) {
		let mut stream = self.batches.stream(number);
		let windows = self.data.fit_len() as u32;
		let places: [u32; BATCH] = core::array::from_fn(|_| stream.below(windows));
		self.load(BATCH, |row| places[row] as usize, false);
		self.forward(BATCH);
		let last = self.layers.len() - 1;
		let shift = self.layers[last].shift;
		let stride = padded(self.horizon);
		self.gradient.clear();
		self.gradient.resize(BATCH * stride, 0);
		let rows = self
			.gradient
			.chunks_exact_mut(stride)
			.zip(self.acc.chunks_exact(self.horizon));
		for ((row, acc), targets) in rows.zip(self.targets.chunks_exact(self.horizon)) {
			for ((gradient, acc), target) in row.iter_mut().zip(acc).zip(targets) {
				*gradient = (i64::from(*acc) - (target << shift)).signum() as i16 * UNIT;
			}
		}
		for at in (0..=last).rev() {
			self.update(at, rate);
		}
	}

	/// Updates layer `at` from `gradient`, after replacing that by the gradient of the layer before.
	fn update(&mut self, at: usize, rate: i32) {
		let layer = &mut self.layers[at];
		let stride = padded(layer.outputs);
		self.turned_gradient.clear();
		self.turned_gradient.resize(layer.outputs * BATCH, 0);
		transpose(&self.gradient, stride, layer.outputs, &mut self.turned_gradient);
		self.turned_inputs.clear();
		self.turned_inputs.resize(layer.inputs * BATCH, 0);
		transpose(&self.inputs[at], padded(layer.inputs), layer.inputs, &mut self.turned_inputs);
		if at > 0 {
			self.acc.resize(BATCH * layer.inputs, 0);
			products(&self.gradient, &layer.backward, stride, &mut self.acc);
			propagate(&self.acc, &self.inputs[at], layer.inputs, &mut self.gradient);
		}
		self.sums.resize(layer.outputs * layer.inputs, 0);
		products(&self.turned_gradient, &self.turned_inputs, BATCH, &mut self.sums);
		layer.weights.step(&self.sums, rate);
		let bias_sums = self
			.turned_gradient
			.chunks_exact(BATCH)
			.map(|row| row.iter().map(|g| i32::from(*g)).sum::<i32>() << ACT_FRAC);
		let bias_sums: Vec<i32> = bias_sums.collect();
		layer.bias.step(&bias_sums, rate);
		layer.round();
	}

	/// Error sum of the inner validation windows, exactly as the chain counts it.
	fn inner_error(&mut self) -> u64 {
		let all = self.data.inner_len();
		let mut sum = 0;
		for start in (0..all).step_by(BATCH) {
			let count = BATCH.min(all - start);
			self.load(count, |row| start + row, true);
			self.forward(count);
			let shift = self.layers[self.layers.len() - 1].shift;
			let errors = self.acc.iter().zip(&self.targets);
			let error = |acc: &i32, target: &i64| {
				(i64::from(round_shift_i32(*acc, shift)) - target)
					.unsigned_abs()
					.min(MAX_ERROR)
			};
			sum += errors.map(|(acc, target)| error(acc, target)).sum::<u64>();
		}
		sum
	}

	fn net(&self) -> Net {
		Net {
			window: self.window as u16,
			in_shift: self.in_shift,
			skip: self.skip.and_then(|skip| skip.net.skip.clone()),
			layers: self.layers.iter().map(Dense::layer).collect(),
		}
	}
}

/// Gradients of a hidden layer: zero where its neurons are clamped, shifted right until the largest of the batch has 11 bits.
fn propagate(acc: &[i32], activations: &[i16], inputs: usize, gradient: &mut Vec<i16>) {
	let stride = padded(inputs);
	let alive = |x: i16| x > 0 && i32::from(x) < MAX_ACT;
	let mut bits = 0;
	for (acc, x) in acc.chunks_exact(inputs).zip(activations.chunks_exact(stride)) {
		for (acc, x) in acc.iter().zip(x) {
			bits |= if alive(*x) { acc.unsigned_abs() } else { 0 };
		}
	}
	let shift = (u32::BITS - bits.leading_zeros()).saturating_sub(GRADIENT_BITS);
	gradient.clear();
	gradient.resize(BATCH * stride, 0);
	let rows = gradient
		.chunks_exact_mut(stride)
		.zip(acc.chunks_exact(inputs))
		.zip(activations.chunks_exact(stride));
	for ((row, acc), x) in rows {
		for ((gradient, acc), x) in row.iter_mut().zip(acc).zip(x) {
			let rounded = if shift > 0 { round_shift_i32(*acc, shift) } else { *acc };
			*gradient = if alive(*x) {
				rounded.clamp(-MAX_ACT, MAX_ACT) as i16
			} else {
				0
			};
		}
	}
}
