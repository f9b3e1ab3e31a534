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

use super::lion::step_lanes;
use crate::{
	layout::{Block, LANES},
	simd::{SimdI32, SimdI8},
	Operation,
};
use doin_scoring::model::MAX_ACT;
use doin_training::{
	dense::{is_alive, requantise_gradient},
	lion::{self, Parameters, StepSize, ACT_FRAC, MASTER_FRAC, MAX_BIAS, MAX_WEIGHT, WEIGHT_FRAC},
	DenseNet, Shape,
};

/// Pairs of a block.
const PAIRS: usize = LANES / 2;

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
	/// Activations of each hidden layer, as pairs, by sample and padded to whole blocks.
	hidden: Vec<Vec<i32>>,
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

/// Inputs of a batch as the first layer reads them. Nets that train on the same samples share a batch.
#[derive(Clone, Debug, Default)]
pub struct SmallBatch {
	samples: usize,
	/// Inputs, by sample.
	x: Vec<i16>,
	/// Pairs of inputs, by sample.
	pairs: Vec<i32>,
	/// Pairs of samples, by input.
	turned: Vec<i32>,
}

impl SmallBatch {
	/// Loads the inputs of samples, `inputs` for each, by sample.
	pub fn load(&mut self, x: &[i16], inputs: usize) {
		self.samples = x.len() / inputs.max(1);
		self.x.clear();
		self.x.extend_from_slice(x);
		pack_rows(x, inputs, &mut self.pairs);
		turn_pairs(&self.pairs, inputs.div_ceil(2), &mut self.turned);
	}
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

	/// Returns the number of inputs.
	pub fn inputs(&self) -> usize {
		self.shape.inputs.into()
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
			let (block, lane) = (at / PAIRS, at % PAIRS * 2);
			let row = row.iter_mut().flat_map(|block| block.0.as_chunks_mut::<2>().0);
			for (to, weights) in row.zip(self.weights.chunks_exact(width)) {
				// Two outputs, each with the weights of two inputs.
				let (first, second) = (weights[block].0[lane], weights[block].0[lane + 1]);
				*to = [pair(first as i16, second as i16), pair((first >> 16) as i16, (second >> 16) as i16)];
			}
		}
	}

	/// Returns the number of pairs of inputs that a sample of a batch has.
	#[inline(always)]
	fn stride(&self, first: bool) -> usize {
		if first {
			self.inputs.div_ceil(2)
		} else {
			blocks(self.inputs) * PAIRS
		}
	}
}

/// Computes the outputs of a net for a batch.
#[derive(Debug)]
pub struct SmallOutputs<'a> {
	/// The net, whose [outputs](SmallNet::outputs) are written.
	pub net: &'a mut SmallNet,
	/// Inputs of the batch.
	pub batch: &'a SmallBatch,
}

impl Operation for SmallOutputs<'_> {
	type Output = ();

	fn reference(self) {
		let Self { net, batch } = self;
		let mut definition = net.definition();
		let sums = definition.outputs(&batch.x).sums;
		net.buffers.outputs.clear();
		net.buffers.outputs.extend_from_slice(sums);
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { net, batch } = self;
		outputs(s, net, batch);
	}
}

/// Makes one step against gradients of the outputs for the batch of the last [`SmallOutputs`].
#[derive(Debug)]
pub struct SmallStep<'a> {
	/// The net.
	pub net: &'a mut SmallNet,
	/// Inputs of the batch: those of the last outputs.
	pub batch: &'a SmallBatch,
	/// Gradients of the outputs, by sample, at most 2047 in absolute value.
	pub gradient: &'a [i16],
	/// Size of the step.
	pub size: StepSize,
}

impl Operation for SmallStep<'_> {
	type Output = ();

	fn reference(self) {
		let Self { net, batch, gradient, size } = self;
		let mut definition = net.definition();
		definition.step(&batch.x, |_, to| to.copy_from_slice(gradient), size);
		net.load(&definition);
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { net, batch, gradient, size } = self;
		step(s, net, batch, gradient, size);
	}
}

/// A matrix of blocks, of which one column is multiplied.
#[derive(Clone, Copy)]
struct Column<'a> {
	blocks: &'a [Block],
	/// Blocks of a row, and the place of the column.
	width: usize,
	at: usize,
}

impl<'a> Column<'a> {
	/// Returns the block of row `row`.
	#[inline(always)]
	fn row(self, row: usize) -> &'a Block {
		&self.blocks[row * self.width + self.at]
	}
}

/// Numbers that are broadcast.
#[derive(Clone, Copy)]
enum Broadcast<'a> {
	/// A row of numbers for each row of the product, this number apart.
	ByRow(&'a [i32], usize),
	/// A row of numbers for each term of a sum, this number apart, with one number for each row of the product.
	ByTerm(&'a [i32], usize),
}

/// Computes `start + Σ a·b` of `R` rows from row `row` on, for one column of blocks and `count` terms.
#[inline(always)]
fn product<S: SimdI32, const R: usize>(s: S, a: Column, b: Broadcast, (row, count): (usize, usize), start: S::V) -> [S::V; R] {
	let mut sums = [start; R];
	match b {
		Broadcast::ByRow(b, stride) => {
			let rows: [&[i32]; R] = std::array::from_fn(|r| &b[(row + r) * stride..][..count]);
			for k in 0..count {
				let block = s.load(a.row(k));
				for (sum, row) in sums.iter_mut().zip(&rows) {
					*sum = s.dot(*sum, block, s.splat(row[k]));
				}
			}
		}
		Broadcast::ByTerm(b, stride) => {
			for k in 0..count {
				let block = s.load(a.row(k));
				let numbers = &b[k * stride + row..][..R];
				for (sum, number) in sums.iter_mut().zip(numbers) {
					*sum = s.dot(*sum, block, s.splat(*number));
				}
			}
		}
	}
	sums
}

/// Computes [`product`] of all rows and blocks, and writes it as one row of blocks per row. `start` has the first terms; none are zeros.
#[inline(always)]
fn multiply<S: SimdI32>(s: S, a: (&[Block], usize), b: Broadcast, size: (usize, usize), start: &[Block], to: &mut Vec<Block>) {
	let (rows, width) = (size.0, a.1);
	if to.len() < rows * width {
		to.resize(rows * width, Block::ZERO);
	}
	// Sixteen registers hold the sums of four rows of two registers each.
	if S::WIDE {
		multiply_by::<S, 8>(s, a, b, size, start, to);
	} else {
		multiply_by::<S, 4>(s, a, b, size, start, to);
	}
}

/// Computes [`multiply`], `R` rows at a time.
#[inline(always)]
fn multiply_by<S: SimdI32, const R: usize>(
	s: S,
	(blocks, width): (&[Block], usize),
	b: Broadcast,
	(rows, count): (usize, usize),
	start: &[Block],
	to: &mut [Block],
) {
	for at in 0..width {
		let a = Column { blocks, width, at };
		let first = match start.get(at) {
			Some(block) => s.load(block),
			None => s.splat(0),
		};
		let mut row = 0;
		while row + R <= rows {
			let sums = product::<S, R>(s, a, b, (row, count), first);
			for (r, sum) in sums.into_iter().enumerate() {
				s.store(&mut to[(row + r) * width + at], sum);
			}
			row += R;
		}
		while row < rows {
			let [sum] = product::<S, 1>(s, a, b, (row, count), first);
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

/// Writes rows of `width` pairs of inputs, one row per sample, as rows of pairs of samples, one number per input. An odd sample has a
/// partner of zeros.
#[inline(always)]
fn turn_pairs(pairs: &[i32], width: usize, to: &mut Vec<i32>) {
	let samples = pairs.len() / width.max(1);
	to.resize(samples.div_ceil(2) * 2 * width, 0);
	for (rows, to) in pairs.chunks(2 * width.max(1)).zip(to.chunks_exact_mut(2 * width.max(1))) {
		let (low, high) = rows.split_at(width);
		let (to, _) = to.as_chunks_mut::<2>();
		if high.is_empty() {
			to.iter_mut().zip(low).for_each(|(to, low)| *to = [low & 0xffff, (low >> 16) & 0xffff]);
		} else {
			let turned = |low: i32, high: i32| [low & 0xffff | high << 16, (low >> 16) & 0xffff | high >> 16 << 16];
			to.iter_mut().zip(low).zip(high).for_each(|((to, low), high)| *to = turned(*low, *high));
		}
	}
}

/// Computes [`SmallOutputs`].
#[inline(always)]
fn outputs<S: SimdI32>(s: S, net: &mut SmallNet, batch: &SmallBatch) {
	let SmallNet { layers, buffers, .. } = net;
	let Buffers { hidden, sums, outputs, .. } = buffers;
	let Some(last) = layers.len().checked_sub(1) else { return };
	hidden.resize_with(last, Vec::new);
	let samples = batch.samples;
	for (at, layer) in layers.iter().enumerate() {
		let (width, pairs) = (blocks(layer.outputs), layer.inputs.div_ceil(2));
		let inputs = match at.checked_sub(1) {
			Some(before) => &hidden[before],
			None => &batch.pairs,
		};
		let b = Broadcast::ByRow(inputs, layer.stride(at == 0));
		multiply(s, (&layer.weights[..], width), b, (samples, pairs), &layer.bias, sums);
		let sums = &sums[..samples * width];
		if at < last {
			let next = &mut hidden[at];
			next.resize(samples * width * PAIRS, 0);
			activate(s, sums, layer.shift, next);
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

/// Writes the activations of accumulators as pairs.
#[inline(always)]
fn activate<S: SimdI32>(s: S, sums: &[Block], shift: u32, to: &mut [i32]) {
	let (half, zero, most) = (s.splat(1 << (shift - 1)), s.splat(0), s.splat(MAX_ACT));
	for (sums, to) in sums.iter().zip(to.chunks_exact_mut(PAIRS)) {
		let mut lanes = Block::ZERO;
		s.store(&mut lanes, s.min(s.max(s.shr(s.add(s.load(sums), half), shift), zero), most));
		let (pairs, _) = lanes.0.as_chunks::<2>();
		to.iter_mut().zip(pairs).for_each(|(to, [low, high])| *to = low | high << 16);
	}
}

/// Computes [`SmallStep`].
#[inline(always)]
fn step<S: SimdI32>(s: S, net: &mut SmallNet, batch: &SmallBatch, gradient: &[i16], size: StepSize) {
	let SmallNet { layers, buffers, .. } = net;
	let Buffers { hidden, sums, gradients: [own, before], broadcast, blocks: operand, .. } = buffers;
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
		let stride = layer.stride(at == 0);
		let inputs = match at.checked_sub(1) {
			Some(below) => {
				propagate(s, layer, own, &hidden[below], (&mut *sums, &mut *broadcast), before);
				turn_pairs(&hidden[below], stride, broadcast);
				&*broadcast
			}
			None => &batch.turned,
		};
		update(s, layer, own, (inputs, 2 * stride), (&mut *sums, &mut *operand), size);
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
	let b = Broadcast::ByRow(broadcast, padded / 2);
	multiply(s, (&layer.columns[..], width), b, (samples, layer.outputs.div_ceil(2)), &[], sums);
	let sums = &mut sums[..samples * width];
	// The gradient stops at inputs that are clamped.
	let mut bits = [0u32; LANES];
	for (sums, inputs) in sums.iter_mut().zip(inputs.chunks_exact(PAIRS)) {
		let (pairs, _) = sums.0.as_chunks_mut::<2>();
		for (sums, inputs) in pairs.iter_mut().zip(inputs) {
			let (low, high) = (*inputs as i16, (*inputs >> 16) as i16);
			*sums = [if is_alive(low) { sums[0] } else { 0 }, if is_alive(high) { sums[1] } else { 0 }];
		}
		bits.iter_mut().zip(&sums.0).for_each(|(bits, sum)| *bits |= sum.unsigned_abs());
	}
	let bits = bits.into_iter().fold(0, |all, bits| all | bits);
	before.resize(samples * width * LANES, 0);
	for (to, block) in before.chunks_exact_mut(LANES).zip(sums.iter()) {
		to.iter_mut().zip(&block.0).for_each(|(to, sum)| *to = requantise_gradient(*sum, bits));
	}
}

/// Makes one step of all weights and biases of a layer. `inputs` are pairs of samples, a row per pair.
#[inline(always)]
fn update<S: SimdI32>(
	s: S,
	layer: &mut SmallLayer,
	gradient: &[i16],
	inputs: (&[i32], usize),
	(sums, operand): (&mut Vec<Block>, &mut Vec<Block>),
	size: StepSize,
) {
	let (width, pairs) = (blocks(layer.outputs), layer.inputs.div_ceil(2));
	let padded = width * LANES;
	let halves = (gradient.len() / padded).div_ceil(2);
	// Pairs of samples of the gradients. An odd sample has a partner of zeros.
	operand.resize(halves * width, Block::ZERO);
	for (to, rows) in operand.chunks_exact_mut(width).zip(gradient.chunks(2 * padded)) {
		let (low, high) = rows.split_at(padded);
		let (low, high) = (low.as_chunks::<LANES>().0, high.as_chunks::<LANES>().0);
		for (at, (to, low)) in to.iter_mut().zip(low).enumerate() {
			let high = high.get(at).unwrap_or(&[0; LANES]);
			to.0.iter_mut().zip(low).zip(high).for_each(|((to, low), high)| *to = pair(*low, *high));
		}
	}
	let b = Broadcast::ByTerm(inputs.0, inputs.1);
	multiply(s, (&operand[..], width), b, (2 * pairs, halves), &[], sums);
	let [masters, momenta] = &mut layer.masters;
	let states = masters.chunks_exact_mut(2 * width).zip(momenta.chunks_exact_mut(2 * width));
	for ((weights, states), sums) in layer.weights.chunks_exact_mut(width).zip(states).zip(sums.chunks_exact(2 * width)) {
		step_pair(s, weights, states, sums, size);
	}
	let [masters, momenta] = &mut layer.bias_masters;
	for (at, ((masters, momenta), bias)) in masters.iter_mut().zip(momenta).zip(&mut layer.bias).enumerate() {
		let mut sum = [0i32; LANES];
		for row in gradient.chunks_exact(padded) {
			let row = &row[at * LANES..][..LANES];
			sum.iter_mut().zip(row).for_each(|(sum, gradient)| *sum = sum.wrapping_add((*gradient).into()));
		}
		for ((master, momentum), sum) in masters.0.iter_mut().zip(&mut momenta.0).zip(&sum) {
			lion::step(master, momentum, *sum << ACT_FRAC, size, MAX_BIAS);
		}
		bias.0.iter_mut().zip(&masters.0).for_each(|(bias, master)| *bias = lion::bias(*master));
	}
	layer.turn();
}

/// Makes one step of the weights of a pair of inputs, and rounds their masters.
#[inline(always)]
fn step_pair<S: SimdI32>(
	s: S,
	weights: &mut [Block],
	(masters, momenta): (&mut [Block], &mut [Block]),
	sums: &[Block],
	size: StepSize,
) {
	let (shift, low_half) = (MASTER_FRAC - WEIGHT_FRAC, s.splat(0xffff));
	let half = s.splat(1 << (shift - 1));
	let width = weights.len();
	for (at, weights) in weights.iter_mut().enumerate() {
		let low = step_lanes(s, &mut masters[at], &mut momenta[at], s.load(&sums[at]), size);
		let at = width + at;
		let high = step_lanes(s, &mut masters[at], &mut momenta[at], s.load(&sums[at]), size);
		let (low, high) = (s.shr(s.add(low, half), shift), s.shr(s.add(high, half), shift));
		s.store(weights, s.or(s.and(low, low_half), s.shl(high, 16)));
	}
}
