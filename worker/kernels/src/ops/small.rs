//! Dense nets in training on batches of any size, e.g. of 32 samples: the runs of loss genomes.
//!
//! Kernels of [`gemm`](super::gemm) compute batches of 256 samples, with samples in lanes. Here the sixteen lanes are neurons, so a
//! batch may have any number of samples. One product serves all three passes: a matrix of blocks, whose rows are multiplied by numbers
//! that are broadcast, with pairs of 16-bit factors in each lane.
//!
//! ```text
//!   pass              lanes      broadcast                sum over
//!   outputs           outputs    inputs of a sample       pairs of inputs
//!   input gradient    inputs     gradients of a sample    pairs of outputs
//!   weight gradient   outputs    inputs of two samples    pairs of samples
//! ```
//!
//! Everything else (activation, rounding, the step of Lion) is computed lane by lane by the functions of `doin-training`. References run
//! its [`DenseNet`] itself.

use crate::{
	layout::{Block, LANES},
	simd::{SimdI32, SimdI8},
	Operation,
};
use doin_training::{
	dense::{activation, is_alive, requantise_gradient},
	lion::{self, Parameters, StepSize, ACT_FRAC, MAX_BIAS, MAX_WEIGHT},
	DenseNet, Shape,
};

/// Rows that are multiplied together.
const GROUP: usize = 8;

/// One layer.
#[derive(Clone, Debug)]
struct SmallLayer {
	inputs: usize,
	outputs: usize,
	shift: u32,
	/// Weights, a row of blocks of outputs per pair of inputs.
	weights: Vec<Block>,
	/// Weights, a row of blocks of inputs per pair of outputs; empty if no gradient of the inputs is computed.
	columns: Vec<Block>,
	/// Biases, in blocks of outputs.
	bias: Vec<Block>,
	/// Masters and momenta of the weights, a row of blocks of outputs per input.
	masters: [Vec<Block>; 2],
	/// Masters and momenta of the biases.
	bias_masters: [Vec<Block>; 2],
}

/// Buffers of one batch.
#[derive(Clone, Debug, Default)]
struct Buffers {
	/// Inputs of each layer, as pairs, by sample.
	inputs: Vec<Vec<i32>>,
	/// Accumulators or gradients before their shift, a row of blocks per sample.
	sums: Vec<Block>,
	/// Gradients of the outputs of a layer and of its inputs, by sample, padded to whole blocks.
	gradients: [Vec<i16>; 2],
	/// Operands of a pass.
	broadcast: Vec<i32>,
	blocks: Vec<Block>,
	/// Accumulators of the last layer, by sample.
	outputs: Vec<i32>,
}

/// A dense net in training, with the buffers of one batch.
#[derive(Clone, Debug)]
pub struct SmallNet {
	shape: Shape,
	out_shift: u8,
	layers: Vec<SmallLayer>,
	buffers: Buffers,
}

/// Returns the lane of two halves.
#[inline(always)]
fn pair(low: i16, high: i16) -> i32 {
	i32::from(low as u16) | i32::from(high) << 16
}

/// Returns the number of blocks of so many lanes.
#[inline(always)]
const fn blocks(lanes: usize) -> usize {
	lanes.div_ceil(LANES)
}

impl SmallNet {
	/// Returns a net in the state of its definition.
	pub fn new(net: &DenseNet) -> Self {
		let (first, last) = (net.layers().first(), net.layers().last());
		let shape = Shape {
			inputs: first.map_or(0, |layer| layer.layer().inputs),
			hidden: net.layers().iter().rev().skip(1).rev().map(|layer| layer.layer().outputs).collect(),
			outputs: last.map_or(0, |layer| layer.layer().outputs),
		};
		let out_shift = last.map_or(1, |layer| layer.layer().shift);
		let mut small = Self { shape, out_shift, layers: Vec::new(), buffers: Buffers::default() };
		small.load(net);
		small
	}

	/// Returns the definition in the state of the net.
	pub fn definition(&self) -> DenseNet {
		let parameters = self.layers.iter().map(|layer| {
			let of = |kind: usize| {
				(0..layer.outputs).flat_map(move |output| (0..layer.inputs).map(move |input| layer.weight(kind, output, input)))
			};
			let of_bias =
				|kind: usize| (0..layer.outputs).map(move |output| layer.bias_masters[kind][output / LANES].0[output % LANES]);
			[
				Parameters::resume(of(0).collect(), of(1).collect(), MAX_WEIGHT),
				Parameters::resume(of_bias(0).collect(), of_bias(1).collect(), MAX_BIAS),
			]
		});
		let parameters: Vec<[Parameters; 2]> = parameters.collect();
		DenseNet::resume(&self.shape, self.out_shift, parameters)
			.unwrap_or_else(|error| unreachable!("a net of its shape: {error:?}"))
	}

	/// Takes the state of the definition.
	fn load(&mut self, net: &DenseNet) {
		self.layers = net
			.layers()
			.iter()
			.enumerate()
			.map(|(at, layer)| {
				let (inputs, outputs) = (usize::from(layer.layer().inputs), usize::from(layer.layer().outputs));
				let width = blocks(outputs);
				let rows = |values: &[i32]| {
					let mut rows = vec![Block::ZERO; inputs.next_multiple_of(2) * width];
					for (output, row) in values.chunks_exact(inputs).enumerate() {
						for (input, value) in row.iter().enumerate() {
							rows[input * width + output / LANES].0[output % LANES] = *value;
						}
					}
					rows
				};
				let row = |values: &[i32]| {
					let mut row = vec![Block::ZERO; width];
					values.iter().enumerate().for_each(|(output, value)| row[output / LANES].0[output % LANES] = *value);
					row
				};
				let columns = if at > 0 { blocks(inputs) * outputs.div_ceil(2) } else { 0 };
				let mut small = SmallLayer {
					inputs,
					outputs,
					shift: layer.layer().shift.into(),
					weights: vec![Block::ZERO; inputs.div_ceil(2) * width],
					columns: vec![Block::ZERO; columns],
					bias: vec![Block::ZERO; width],
					masters: [rows(&layer.weights().masters), rows(&layer.weights().momenta)],
					bias_masters: [row(&layer.biases().masters), row(&layer.biases().momenta)],
				};
				small.round();
				small
			})
			.collect();
	}

	/// Returns the accumulators of the last layer for the last batch, by sample.
	pub fn outputs(&self) -> &[i32] {
		&self.buffers.outputs
	}

	/// Returns the number of outputs.
	pub fn width(&self) -> usize {
		self.shape.outputs.into()
	}

	/// Returns the requantising shift of the last layer.
	pub fn out_shift(&self) -> u32 {
		self.out_shift.into()
	}
}

impl SmallLayer {
	/// Returns the master (kind 0) or the momentum (kind 1) of a weight.
	fn weight(&self, kind: usize, output: usize, input: usize) -> i32 {
		self.masters[kind][input * blocks(self.outputs) + output / LANES].0[output % LANES]
	}

	/// Rounds all masters to the weights and biases of the next passes.
	#[inline(always)]
	fn round(&mut self) {
		let width = blocks(self.outputs);
		let pairs = self.masters[0].chunks_exact(2 * width);
		for (weights, masters) in self.weights.chunks_exact_mut(width).zip(pairs) {
			let (low, high) = masters.split_at(width);
			for ((weights, low), high) in weights.iter_mut().zip(low).zip(high) {
				for ((weight, low), high) in weights.0.iter_mut().zip(&low.0).zip(&high.0) {
					*weight = pair(lion::weight(*low), lion::weight(*high));
				}
			}
		}
		for (bias, masters) in self.bias.iter_mut().zip(&self.bias_masters[0]) {
			bias.0.iter_mut().zip(&masters.0).for_each(|(bias, master)| *bias = lion::bias(*master));
		}
		self.turn();
	}

	/// Copies the weights to the rows that input gradients read.
	#[inline(always)]
	fn turn(&mut self) {
		let (width, columns) = (blocks(self.outputs), blocks(self.inputs));
		for (at, row) in self.columns.chunks_exact_mut(columns.max(1)).enumerate() {
			let weight =
				|input: usize, output: usize| self.weights[input / 2 * width + output / LANES].get(output % LANES, input % 2);
			for input in 0..self.inputs {
				// Beyond the outputs there are lanes of zeros, or nothing.
				let high = if 2 * at + 1 < self.outputs { weight(input, 2 * at + 1) } else { 0 };
				row[input / LANES].0[input % LANES] = pair(weight(input, 2 * at), high);
			}
		}
	}
}

/// Computes the outputs of a net for a batch.
#[derive(Debug)]
pub struct SmallOutputs<'a> {
	/// The net, whose [outputs](SmallNet::outputs) are written.
	pub net: &'a mut SmallNet,
	/// Inputs of the batch, by sample.
	pub x: &'a [i16],
}

impl Operation for SmallOutputs<'_> {
	type Output = ();

	fn reference(self) {
		let Self { net, x } = self;
		let mut definition = net.definition();
		let sums = definition.outputs(x).sums;
		net.buffers.outputs.clear();
		net.buffers.outputs.extend_from_slice(sums);
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { net, x } = self;
		outputs(s, net, x);
	}
}

/// Makes one step against gradients of the outputs for the batch of the last [`SmallOutputs`].
#[derive(Debug)]
pub struct SmallStep<'a> {
	/// The net.
	pub net: &'a mut SmallNet,
	/// Inputs of the batch, by sample: those of the last outputs.
	pub x: &'a [i16],
	/// Gradients of the outputs, by sample, at most 2047 in absolute value.
	pub gradient: &'a [i16],
	/// Size of the step.
	pub size: StepSize,
}

impl Operation for SmallStep<'_> {
	type Output = ();

	fn reference(self) {
		let Self { net, x, gradient, size } = self;
		let mut definition = net.definition();
		definition.step(x, |_, to| to.copy_from_slice(gradient), size);
		net.load(&definition);
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { net, gradient, size, .. } = self;
		step(s, net, gradient, size);
	}
}

/// Computes `start + Σ a·b` of `R` rows for one block: row r of `b` begins at `r · strides.1`, its numbers are `strides.0` apart, and
/// the blocks of `a` are `stride` apart.
#[inline(always)]
fn product<S: SimdI32, const R: usize>(
	s: S,
	(a, stride): (&[Block], usize),
	b: &[i32],
	strides: (usize, usize),
	count: usize,
	start: S::V,
) -> [S::V; R] {
	let mut sums = [start; R];
	for k in 0..count {
		let block = s.load(&a[k * stride]);
		let b = &b[k * strides.0..];
		for (r, sum) in sums.iter_mut().enumerate() {
			*sum = s.dot(*sum, block, s.splat(b[r * strides.1]));
		}
	}
	sums
}

/// Computes [`product`] of all rows and blocks, and writes it as one row of blocks per row. `start` has the first terms; none are zeros.
#[inline(always)]
fn multiply<S: SimdI32>(
	s: S,
	a: (&[Block], usize),
	b: &[i32],
	strides: (usize, usize),
	(rows, count): (usize, usize),
	start: &[Block],
	to: &mut [Block],
) {
	let (blocks, width) = a;
	for at in 0..width {
		let first = match start.get(at) {
			Some(block) => s.load(block),
			None => s.splat(0),
		};
		let a = (blocks.get(at..).unwrap_or(&[]), width);
		let mut row = 0;
		while row + GROUP <= rows {
			let sums = product::<S, GROUP>(s, a, &b[row * strides.1..], strides, count, first);
			for (r, sum) in sums.into_iter().enumerate() {
				s.store(&mut to[(row + r) * width + at], sum);
			}
			row += GROUP;
		}
		while row < rows {
			let [sum] = product::<S, 1>(s, a, &b[row * strides.1..], strides, count, first);
			s.store(&mut to[row * width + at], sum);
			row += 1;
		}
	}
}

/// Writes rows of `width` numbers as pairs, padded with zeros.
#[inline(always)]
fn pack_rows(values: &[i16], width: usize, to: &mut Vec<i32>) {
	to.clear();
	for row in values.chunks_exact(width.max(1)) {
		let (pairs, rest) = row.as_chunks::<2>();
		to.extend(pairs.iter().map(|[low, high]| pair(*low, *high)));
		to.extend(rest.iter().map(|low| pair(*low, 0)));
	}
}

/// Computes [`SmallOutputs`].
#[inline(always)]
fn outputs<S: SimdI32>(s: S, net: &mut SmallNet, x: &[i16]) {
	let SmallNet { layers, buffers, .. } = net;
	let Buffers { inputs, sums, outputs, .. } = buffers;
	let Some(first) = layers.first() else { return };
	let samples = x.len() / first.inputs.max(1);
	inputs.resize_with(layers.len(), Vec::new);
	pack_rows(x, first.inputs, &mut inputs[0]);
	let last = layers.len() - 1;
	for (at, layer) in layers.iter().enumerate() {
		let (width, pairs) = (blocks(layer.outputs), layer.inputs.div_ceil(2));
		sums.clear();
		sums.resize(samples * width, Block::ZERO);
		multiply(s, (&layer.weights[..], width), &inputs[at], (1, pairs), (samples, pairs), &layer.bias, sums);
		if at < last {
			let (next, shift) = (&mut inputs[at + 1], layer.shift);
			next.clear();
			let half = layer.outputs.div_ceil(2);
			for row in sums.chunks_exact(width) {
				for place in 0..half {
					let lane = 2 * place;
					let [low, high] = [lane, lane + 1].map(|lane| activation(row[lane / LANES].0[lane % LANES], shift));
					// The lane beyond an odd number of outputs has zeros only.
					next.push(pair(low, high));
				}
			}
		} else {
			outputs.clear();
			for row in sums.chunks_exact(width) {
				let mut left = layer.outputs;
				for block in row {
					let taken = left.min(LANES);
					outputs.extend_from_slice(&block.0[..taken]);
					left -= taken;
				}
			}
		}
	}
}

/// Computes [`SmallStep`].
#[inline(always)]
fn step<S: SimdI32>(s: S, net: &mut SmallNet, gradient: &[i16], size: StepSize) {
	let SmallNet { layers, buffers, .. } = net;
	let Buffers { inputs, sums, gradients: [own, before], broadcast, blocks: operand, .. } = buffers;
	let Some(last) = layers.last() else { return };
	// The gradients of the outputs, padded.
	let (outputs, padded) = (last.outputs, blocks(last.outputs) * LANES);
	let samples = gradient.len() / outputs.max(1);
	own.clear();
	own.resize(samples * padded, 0);
	for (to, from) in own.chunks_exact_mut(padded).zip(gradient.chunks_exact(outputs.max(1))) {
		to[..outputs].copy_from_slice(from);
	}
	for at in (0..layers.len()).rev() {
		let layer = &mut layers[at];
		if at > 0 {
			propagate(s, layer, own, &inputs[at], (&mut *sums, &mut *broadcast), before);
		}
		update(s, layer, own, &inputs[at], (&mut *sums, &mut *broadcast, &mut *operand), size);
		std::mem::swap(own, before);
	}
}

/// Computes the gradients of the inputs of a layer, by sample and padded, from those of its outputs.
#[inline(always)]
fn propagate<S: SimdI32>(
	s: S,
	layer: &SmallLayer,
	gradient: &[i16],
	inputs: &[i32],
	(sums, broadcast): (&mut Vec<Block>, &mut Vec<i32>),
	before: &mut Vec<i16>,
) {
	let (padded, width) = (blocks(layer.outputs) * LANES, blocks(layer.inputs));
	let samples = gradient.len() / padded;
	pack_rows(gradient, padded, broadcast);
	sums.clear();
	sums.resize(samples * width, Block::ZERO);
	let (stride, count) = (padded / 2, layer.outputs.div_ceil(2));
	multiply(s, (&layer.columns[..], width), broadcast, (1, stride), (samples, count), &[], sums);
	// The gradient stops at inputs that are clamped.
	let pairs = layer.inputs.div_ceil(2);
	let mut bits = 0;
	for (row, inputs) in sums.chunks_exact_mut(width).zip(inputs.chunks_exact(pairs)) {
		for (place, inputs) in inputs.iter().enumerate() {
			for (lane, input) in [(2 * place, *inputs as i16), (2 * place + 1, (*inputs >> 16) as i16)] {
				let sum = &mut row[lane / LANES].0[lane % LANES];
				*sum = if is_alive(input) { *sum } else { 0 };
				bits |= sum.unsigned_abs();
			}
		}
	}
	before.clear();
	before.resize(samples * width * LANES, 0);
	for (to, block) in before.chunks_exact_mut(LANES).zip(sums.iter()) {
		to.iter_mut().zip(&block.0).for_each(|(to, sum)| *to = requantise_gradient(*sum, bits));
	}
}

/// Makes one step of all weights and biases of a layer.
#[inline(always)]
fn update<S: SimdI32>(
	s: S,
	layer: &mut SmallLayer,
	gradient: &[i16],
	inputs: &[i32],
	(sums, broadcast, operand): (&mut Vec<Block>, &mut Vec<i32>, &mut Vec<Block>),
	size: StepSize,
) {
	let (width, pairs) = (blocks(layer.outputs), layer.inputs.div_ceil(2));
	let padded = width * LANES;
	let samples = gradient.len() / padded;
	let halves = samples.div_ceil(2);
	// Pairs of samples: blocks of gradients, and inputs to broadcast. An odd sample has a partner of zeros.
	operand.clear();
	operand.resize(halves * width, Block::ZERO);
	for (to, rows) in operand.chunks_exact_mut(width).zip(gradient.chunks(2 * padded)) {
		let (low, high) = rows.split_at(padded);
		for (lane, low) in low.iter().enumerate() {
			to[lane / LANES].0[lane % LANES] = pair(*low, high.get(lane).copied().unwrap_or(0));
		}
	}
	broadcast.clear();
	for rows in inputs.chunks(2 * pairs) {
		let (low, high) = rows.split_at(pairs);
		for (place, low) in low.iter().enumerate() {
			let high = high.get(place).copied().unwrap_or(0);
			broadcast.push(pair(*low as i16, high as i16));
			broadcast.push(pair((*low >> 16) as i16, (high >> 16) as i16));
		}
	}
	let rows = 2 * pairs;
	sums.clear();
	sums.resize(rows * width, Block::ZERO);
	multiply(s, (&operand[..], width), broadcast, (rows, 1), (rows, halves), &[], sums);
	let [masters, momenta] = &mut layer.masters;
	for ((masters, momenta), sums) in masters.iter_mut().zip(momenta).zip(sums.iter()) {
		for ((master, momentum), sum) in masters.0.iter_mut().zip(&mut momenta.0).zip(&sums.0) {
			lion::step(master, momentum, *sum, size, MAX_WEIGHT);
		}
	}
	let [masters, momenta] = &mut layer.bias_masters;
	for (at, (masters, momenta)) in masters.iter_mut().zip(momenta).enumerate() {
		let mut sum = [0i32; LANES];
		for row in gradient.chunks_exact(padded) {
			sum.iter_mut().zip(&row[at * LANES..]).for_each(|(sum, gradient)| *sum = sum.wrapping_add((*gradient).into()));
		}
		for ((master, momentum), sum) in masters.0.iter_mut().zip(&mut momenta.0).zip(&sum) {
			lion::step(master, momentum, *sum << ACT_FRAC, size, MAX_BIAS);
		}
	}
	layer.round();
}
