//! Integer training of multi-layer perceptrons, alone or beside a frozen linear path.
//!
//! No float, division or root in the loop: Q11.20 masters, 12-bit forward weights and activations, gradients of the absolute error by
//! sign, a power-of-two rescale per batch and layer, and [`crate::lion`]. Batches and first weights come from Philox, so a net is a function of
//! (data, genes, seed).

use crate::{
	data::{TrainingSet, WHOLE},
	kernel::{padded, products, transpose},
	lion::{Parameters, Schedule, ACT_FRAC, MASTER_FRAC, MAX_BIAS, MAX_WEIGHT, WEIGHT_FRAC},
	population::Candidate,
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

// A share is counted in rows of a batch.
const _: () = assert!(WHOLE as usize == BATCH);

/// Trains a net; with a linear path, that path stays as it is and the net learns what it leaves. The net of the epoch with the least
/// error on the inner validation windows is returned; with a linear path, that can be the path alone beside a net that says nothing.
pub fn train(data: &TrainingSet, candidate: &Candidate, skip: Option<&Linear>, stop: &AtomicBool) -> Result<Net, Error> {
	let mut trainer = Trainer::new(data, candidate, skip);
	let steps = (data.len() / BATCH).max(1) as u32;
	let mut schedule = Schedule::new(candidate.rate, steps * u32::from(candidate.epochs));
	let mut best = (u128::MAX, trainer.net());
	if skip.is_some() {
		best.0 = trainer.weighted_error();
	}
	for epoch in 0..u32::from(candidate.epochs) {
		for step in 0..steps {
			if stop.load(Ordering::Relaxed) {
				return Err(Error::Stopped);
			}
			trainer.step(u64::from(epoch * steps + step), schedule.advance());
		}
		let error = trainer.weighted_error();
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
			masters.iter_mut().for_each(|master| *master = random.below(2 * bound + 1) as i32 - bound as i32);
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
		let rows = self.forward.chunks_exact_mut(padded(self.inputs)).zip(self.weights.masters.chunks_exact(self.inputs));
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
	share: u16,
	decay: u8,
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
	fn new(data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Self {
		let share = data.share(candidate.mix);
		let (window, horizon) = (usize::from(candidate.window), usize::from(data.task.program.horizon));
		let mut seed = [0; 32];
		seed[..8].copy_from_slice(&candidate.seed.to_le_bytes());
		let mut random = Stream::new(&seed, purpose::WEIGHTS, 0);
		let mut trainer = Self {
			data,
			window,
			horizon,
			share,
			decay: candidate.decay,
			in_shift: skip.map_or_else(|| data.in_shift(candidate.window, share), |skip| skip.net.in_shift),
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
		for _ in 0..candidate.depth {
			trainer.layers.push(Dense::new(inputs, candidate.width.into(), WEIGHT_FRAC, Some(&mut random)));
			trainer.inputs.push(vec![0; BATCH * padded(inputs)]);
			inputs = candidate.width.into();
		}
		trainer.inputs.push(vec![0; BATCH * padded(inputs)]);
		let shift = trainer.out_shift();
		// Beside a linear path, a net starts by saying nothing.
		let random = if skip.is_some() { None } else { Some(&mut random) };
		trainer.layers.push(Dense::new(inputs, horizon, shift, random));
		trainer
	}

	/// The shift of the last layer under which targets are between a half and one on average, as accumulators see them. It looks at the
	/// windows of a few batches.
	fn out_shift(&mut self) -> u32 {
		const LOOKED_AT: u64 = 16;
		let mut sum = 0u64;
		for number in 0..LOOKED_AT {
			self.draw(u64::MAX - number);
			sum += self.targets.iter().map(|target| target.unsigned_abs()).sum::<u64>();
		}
		let mean = sum / (LOOKED_AT * self.targets.len() as u64);
		let bits = u64::BITS - mean.leading_zeros();
		ACC_FRAC.saturating_sub(bits).clamp(u32::from(*SHIFTS.start()), u32::from(*SHIFTS.end()))
	}

	/// Loads batch `number`: windows drawn with replacement, the synthetic ones first.
	fn draw(&mut self, number: u64) {
		let mut stream = self.batches.stream(number);
		let data = self.data;
		let windows = [false, true].map(|synthetic| data.fit(synthetic).len() as u32);
		for row in 0..BATCH {
			let synthetic = row < usize::from(self.share);
			let at = stream.below(windows[usize::from(synthetic)]);
			self.load(row, data.fit_at(synthetic, at as usize));
		}
	}

	/// Fills input and targets of a row of the batch.
	fn load(&mut self, row: usize, (history, future): (&[i32], &[i32])) {
		let start = row * padded(self.window);
		let x = &mut self.inputs[0][start..start + self.window];
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

	/// Runs the first `count` rows through all layers; `acc` then holds the accumulators of the last one.
	fn forward(&mut self, count: usize) {
		let last = self.layers.len() - 1;
		for (at, layer) in self.layers.iter().enumerate() {
			let (before, after) = self.inputs.split_at_mut(at + 1);
			self.acc.resize(count * layer.outputs, 0);
			layer.accumulate(&before[at][..count * padded(layer.inputs)], &mut self.acc);
			if at < last {
				let rows = after[0].chunks_exact_mut(padded(layer.outputs)).zip(self.acc.chunks_exact(layer.outputs));
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
		self.draw(number);
		self.forward(BATCH);
		let last = self.layers.len() - 1;
		let shift = self.layers[last].shift;
		let stride = padded(self.horizon);
		self.gradient.clear();
		self.gradient.resize(BATCH * stride, 0);
		let rows = self.gradient.chunks_exact_mut(stride).zip(self.acc.chunks_exact(self.horizon));
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
		layer.weights.step(&self.sums, rate, self.decay);
		let bias_sums =
			self.turned_gradient.chunks_exact(BATCH).map(|row| row.iter().map(|g| i32::from(*g)).sum::<i32>() << ACT_FRAC);
		let bias_sums: Vec<i32> = bias_sums.collect();
		layer.bias.step(&bias_sums, rate, self.decay);
		layer.round();
	}

	/// Error of the inner validation windows, both sources by their shares: each mean times [`WHOLE`] and the number of windows of both,
	/// which spares the division.
	fn weighted_error(&mut self) -> u128 {
		let [published, synthetic] = [false, true].map(|synthetic| self.data.inner(synthetic).len() as u128);
		let parts = [(false, WHOLE - self.share, synthetic.max(1)), (true, self.share, published)];
		let part = |(synthetic, share, others)| match share {
			0 => 0,
			_ => u128::from(self.inner_error(synthetic)) * u128::from(share) * others,
		};
		parts.map(part).into_iter().sum()
	}

	/// Error sum of the inner validation windows of one source, exactly as the chain counts it.
	fn inner_error(&mut self, synthetic: bool) -> u64 {
		let data = self.data;
		let mut windows = data.inner(synthetic);
		let mut sum = 0;
		while windows.len() > 0 {
			let count = BATCH.min(windows.len());
			for (row, window) in windows.by_ref().take(count).enumerate() {
				self.load(row, window);
			}
			self.forward(count);
			let shift = self.layers[self.layers.len() - 1].shift;
			let error =
				|acc: &i32, target: &i64| (i64::from(round_shift_i32(*acc, shift)) - target).unsigned_abs().min(MAX_ERROR);
			sum += self.acc.iter().zip(&self.targets).map(|(acc, target)| error(acc, target)).sum::<u64>();
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
	let rows = gradient.chunks_exact_mut(stride).zip(acc.chunks_exact(inputs)).zip(activations.chunks_exact(stride));
	for ((row, acc), x) in rows {
		for ((gradient, acc), x) in row.iter_mut().zip(acc).zip(x) {
			let rounded = if shift > 0 { round_shift_i32(*acc, shift) } else { *acc };
			*gradient = if alive(*x) { rounded.clamp(-MAX_ACT, MAX_ACT) as i16 } else { 0 };
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{seasonal, tent};
	use doin_scoring::{score::score, Model, Windows};

	static RUN: AtomicBool = AtomicBool::new(false);

	fn candidate() -> Candidate {
		Candidate { window: 6, width: 20, depth: 1, rate: 10, epochs: 80, decay: 0, seed: 4, ..Candidate::default() }
	}

	#[test]
	fn beside_the_ridge_it_learns_what_no_linear_model_can() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		let linear = data.linear(6, 0).unwrap();
		let error = |net: Net| data.fitness(&data.measure(&Model::Net(net)));
		let (ridge, net) = (error(linear.net.clone()), error(train(&data, &candidate(), Some(&linear), &RUN).unwrap()));
		assert!(net * 2 < ridge, "net {net}, ridge {ridge}");
		let alone = error(train(&data, &candidate(), None, &RUN).unwrap());
		assert!(alone * 2 < ridge, "alone {alone}, ridge {ridge}");
	}

	#[test]
	fn training_counts_errors_as_the_chain_does() {
		let data = TrainingSet::new(seasonal(), 500, 1).unwrap();
		let linear = data.linear(20, 64).unwrap();
		let candidate = Candidate { window: 20, width: 9, ..candidate() };
		for skip in [None, Some(&*linear)] {
			let mut trainer = Trainer::new(&data, &candidate, skip);
			for step in 0..50 {
				trainer.step(step, 512);
			}
			let model = Model::Net(trainer.net());
			data.task.admit(&model).unwrap();
			for synthetic in [false, true] {
				let expected: u64 = data
					.inner(synthetic)
					.map(|(history, future)| {
						let values = [history, future].concat();
						u64::from(score(&model, 12, &Windows { history: 24, horizon: 6, values }))
					})
					.sum();
				assert_eq!(trainer.inner_error(synthetic), expected);
			}
		}
	}

	#[test]
	fn a_net_is_a_function_of_data_genes_and_seed() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		let short = Candidate { epochs: 1, ..candidate() };
		let net = train(&data, &short, None, &RUN).unwrap();
		assert_eq!(net, train(&data, &short, None, &RUN).unwrap());
		assert_ne!(net, train(&data, &Candidate { seed: 5, ..short }, None, &RUN).unwrap());
		// Pinned: another number here means that old training runs can no longer be repeated.
		let digest = doin_primitives::blake2_256(&Model::Net(net).to_bytes());
		assert_eq!(digest[..8], [195, 100, 52, 239, 211, 31, 59, 132]);
	}

	#[test]
	fn beside_a_linear_path_it_starts_by_saying_nothing() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear(24, 0).unwrap();
		let candidate = Candidate { window: 24, ..candidate() };
		let start = Trainer::new(&data, &candidate, Some(&linear)).net();
		assert_eq!(data.measure(&Model::Net(start)), data.measure(&Model::Net(linear.net.clone())));
	}

	#[test]
	fn it_stops_when_asked() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		assert_eq!(train(&data, &candidate(), None, &AtomicBool::new(true)), Err(Error::Stopped));
	}

	#[test]
	fn gradients_keep_eleven_bits_and_stop_at_clamped_neurons() {
		let mut acc = vec![0; BATCH * 3];
		let mut x = vec![0; BATCH * padded(3)];
		(acc[0], acc[1], acc[2]) = (1 << 20, -(1 << 25), 5 << 12);
		(x[0], x[1], x[2]) = (100, 0, 2046);
		let mut gradient = Vec::new();
		propagate(&acc, &x, 3, &mut gradient);
		assert_eq!(gradient[..3], [1 << 10, 0, 20]);
	}
}
