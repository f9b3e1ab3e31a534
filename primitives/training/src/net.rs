//! One step of training of a whole dense net.

use crate::{
	dense::{self, activation, is_alive, requantise_gradient, transpose},
	initial::he_masters,
	lion::{self, Parameters, StepSize, MAX_BIAS, MAX_WEIGHT, WEIGHT_FRAC},
	MAX_BATCH,
};
use alloc::{vec, vec::Vec};
use doin_scoring::{
	model::{Layer, MAX_DEPTH, REQUANTISE_MACS, SHIFTS},
	packed::PackedRows,
	philox::Stream,
};

/// Maximum number of inputs of a layer: `508 · 2047² + 2²² + 2²³ < 2³¹`, so no accumulator with its bias and its rounding term
/// leaves `i32`.
pub const MAX_INPUTS: u16 = 508;
/// Maximum number of outputs: `512 · 2047² + 2²⁰ < 2³¹`, so no propagated gradient with its rounding term leaves `i32`.
pub const MAX_OUTPUTS: u16 = 512;
/// Cost of one parameter of a step beside its products, in multiply-accumulates: the step of Lion, and rounding.
pub const UPDATE_MACS: u64 = 16;
/// Cost of loading one input of a batch, and transposing it, in multiply-accumulates.
pub const LOAD_MACS: u64 = 4;

/// Numbers of neurons of a dense net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
	/// Inputs of the net.
	pub inputs: u16,
	/// Neurons of each hidden layer.
	pub hidden: Vec<u16>,
	/// Outputs of the net.
	pub outputs: u16,
}

/// Reason for which a net is not trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeError {
	/// A layer has no input, or more than [`MAX_INPUTS`].
	Inputs,
	/// The net has more than [`MAX_DEPTH`] hidden layers.
	Depth,
	/// The net has no output, or more than [`MAX_OUTPUTS`].
	Outputs,
	/// The shift of the last layer lies outside 1..=24 bits.
	Shift,
	/// The number of masters or momenta of a layer differs from its shape.
	Parameters,
}

impl Shape {
	/// Checks that every sum of a step stays within `i32`, for batches of at most [`MAX_BATCH`] samples whose inputs are
	/// activations and whose gradients at the outputs are at most 2047 in absolute value.
	///
	/// # Errors
	///
	/// Fails with the first fault found: inputs, depth, then outputs.
	pub fn check(&self) -> Result<(), ShapeError> {
		let mut read = core::iter::once(&self.inputs).chain(&self.hidden);
		ensure(read.all(|inputs| (1..=MAX_INPUTS).contains(inputs)), ShapeError::Inputs)?;
		ensure(self.hidden.len() <= MAX_DEPTH, ShapeError::Depth)?;
		ensure((1..=MAX_OUTPUTS).contains(&self.outputs), ShapeError::Outputs)
	}

	/// Returns inputs and outputs of every layer, from the first one to the last one.
	pub fn layers(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
		let inputs = core::iter::once(self.inputs).chain(self.hidden.iter().copied());
		inputs.zip(self.hidden.iter().copied().chain(core::iter::once(self.outputs)))
	}

	/// Returns the cost of the outputs of `samples` samples, in multiply-accumulates. Requantisation and loading count as in
	/// scoring.
	pub fn forward_cost(&self, samples: u64) -> u64 {
		let layers = self.layers().fold(0u64, |sum, (inputs, outputs)| {
			let products = u64::from(inputs).saturating_mul(outputs.into());
			sum.saturating_add(products).saturating_add(u64::from(outputs).saturating_mul(REQUANTISE_MACS))
		});
		layers.saturating_add(u64::from(self.inputs).saturating_mul(LOAD_MACS)).saturating_mul(samples)
	}

	/// Returns the cost of one step on a batch of `samples` samples, in multiply-accumulates: the outputs, the gradients of the
	/// inputs of all layers but the first one, the gradients of the weights, and the update of every parameter.
	///
	/// ```
	/// use doin_training::Shape;
	/// let shape = Shape { inputs: 96, hidden: vec![64, 64], outputs: 24 };
	/// assert_eq!(shape.products(256), 7_471_104, "7.47 M products");
	/// assert_eq!(shape.step_cost(256), 8_333_696, "and what else a step does");
	/// ```
	pub fn step_cost(&self, samples: u64) -> u64 {
		let mut cost = self.forward_cost(samples);
		for (at, (inputs, outputs)) in self.layers().enumerate() {
			let products = u64::from(inputs).saturating_mul(outputs.into());
			let propagated = match at {
				0 => 0,
				_ => products.saturating_add(u64::from(inputs).saturating_mul(REQUANTISE_MACS)),
			};
			let by_samples = products.saturating_add(propagated).saturating_mul(samples);
			let parameters = products.saturating_add(outputs.into()).saturating_mul(UPDATE_MACS);
			cost = cost.saturating_add(by_samples).saturating_add(parameters);
		}
		cost
	}

	/// Returns the number of products of one step on a batch of `samples` samples.
	pub fn products(&self, samples: u64) -> u64 {
		let layers = self.layers().enumerate();
		let sum = layers.fold(0u64, |sum, (at, (inputs, outputs))| {
			let passes = if at == 0 { 2 } else { 3 };
			sum.saturating_add(u64::from(inputs).saturating_mul(outputs.into()).saturating_mul(passes))
		});
		sum.saturating_mul(samples)
	}
}

/// A dense layer in training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainedLayer {
	/// Weights and biases that forward passes read.
	layer: Layer,
	/// The weights, one row of outputs per input; empty if no gradient of the inputs is computed.
	columns: Vec<i16>,
	/// Masters and momenta of the weights, one row of inputs per output.
	weights: Parameters,
	/// Masters and momenta of the biases.
	biases: Parameters,
}

impl TrainedLayer {
	/// Returns the layer that forward passes read.
	pub fn layer(&self) -> &Layer {
		&self.layer
	}

	/// Returns masters and momenta of the weights, one row of inputs per output.
	pub fn weights(&self) -> &Parameters {
		&self.weights
	}

	/// Returns masters and momenta of the biases.
	pub fn biases(&self) -> &Parameters {
		&self.biases
	}

	/// Rounds the masters to the weights and biases of the next passes.
	fn round(&mut self) {
		let Self { layer, weights, biases, .. } = self;
		layer.weights.iter_mut().zip(&weights.masters).for_each(|(weight, master)| *weight = lion::weight(*master));
		layer.bias.iter_mut().zip(&biases.masters).for_each(|(bias, master)| *bias = lion::bias(*master));
		self.turn();
	}

	/// Copies the weights to the rows that input gradients read.
	fn turn(&mut self) {
		if !self.columns.is_empty() {
			transpose(&self.layer.weights, self.layer.inputs.into(), &mut self.columns);
		}
	}

	/// Computes the accumulators of the outputs, by sample, from inputs by sample.
	fn sums(&self, x: &[i16], packed: &mut PackedRows, sums: &mut Vec<i32>) {
		let (inputs, outputs) = (usize::from(self.layer.inputs).max(1), usize::from(self.layer.outputs));
		packed.pack(&self.layer.weights, inputs);
		sums.clear();
		sums.resize(x.len().checked_div(inputs).unwrap_or(0).saturating_mul(outputs), 0);
		for (x, sums) in x.chunks_exact(inputs).zip(sums.chunks_exact_mut(outputs.max(1))) {
			packed.products(x, sums);
			sums.iter_mut().zip(&self.layer.bias).for_each(|(sum, bias)| *sum = sum.wrapping_add(*bias));
		}
	}

	/// Computes the gradients of the inputs, by sample, from those of the outputs, as [`dense::input_gradient`] defines them.
	fn propagate(&self, gradient: &[i16], x: &[i16], products: &mut Products, before: &mut Vec<i16>) {
		let Products { packed, sums } = products;
		let (inputs, outputs) = (usize::from(self.layer.inputs).max(1), usize::from(self.layer.outputs).max(1));
		packed.pack(&self.columns, outputs);
		sums.clear();
		sums.resize(x.len(), 0);
		let samples = gradient.chunks_exact(outputs).zip(x.chunks_exact(inputs));
		let mut bits = 0;
		for ((gradient, x), sums) in samples.zip(sums.chunks_exact_mut(inputs)) {
			packed.products(gradient, sums);
			for (sum, activation) in sums.iter_mut().zip(x) {
				if !is_alive(*activation) {
					*sum = 0;
				}
				bits |= sum.unsigned_abs();
			}
		}
		before.clear();
		before.extend(sums.iter().map(|sum| requantise_gradient(*sum, bits)));
	}

	/// Makes one step of all weights and biases against the gradients of the outputs. The gradient of a weight is the sum over the
	/// samples of [`dense::weight_gradient`].
	fn update(&mut self, gradient: &[i16], x: &[i16], size: StepSize, products: &mut Products, turned: &mut [Vec<i16>; 2]) {
		let (inputs, outputs) = (usize::from(self.layer.inputs).max(1), usize::from(self.layer.outputs).max(1));
		let [by_output, by_input] = turned;
		for (from, width, to) in [(gradient, outputs, &mut *by_output), (x, inputs, &mut *by_input)] {
			to.clear();
			to.resize(from.len(), 0);
			transpose(from, width, to);
		}
		let samples = x.len().checked_div(inputs).unwrap_or(0).max(1);
		let Products { packed, sums } = products;
		packed.pack(by_input, samples);
		sums.clear();
		sums.resize(inputs, 0);
		let Self { layer, weights, biases, .. } = self;
		let masters = weights.masters.chunks_exact_mut(inputs).zip(weights.momenta.chunks_exact_mut(inputs));
		let rows = masters.zip(layer.weights.chunks_exact_mut(inputs));
		for (gradient, ((masters, momenta), row)) in by_output.chunks_exact(samples).zip(rows) {
			packed.products(gradient, sums);
			for (((master, momentum), weight), sum) in masters.iter_mut().zip(momenta).zip(row).zip(&*sums) {
				lion::step(master, momentum, *sum, size, MAX_WEIGHT);
				*weight = lion::weight(*master);
			}
		}
		let parameters = biases.masters.iter_mut().zip(&mut biases.momenta).zip(&mut layer.bias);
		for (((master, momentum), bias), gradient) in parameters.zip(by_output.chunks_exact(samples)) {
			lion::step(master, momentum, dense::bias_gradient(gradient), size, MAX_BIAS);
			*bias = lion::bias(*master);
		}
		self.turn();
	}
}

/// Outputs of a net for a batch, by sample, as accumulators of its last layer.
#[derive(Clone, Copy, Debug)]
pub struct Outputs<'a> {
	/// Accumulators, with [`ACC_FRAC`](lion::ACC_FRAC) fractional bits.
	pub sums: &'a [i32],
	/// Outputs of a sample.
	pub width: usize,
	/// Requantising shift of the last layer.
	pub shift: u32,
}

impl<'a> Outputs<'a> {
	/// Returns the accumulators of each sample.
	pub fn samples(&self) -> impl Iterator<Item = &'a [i32]> {
		self.sums.chunks_exact(self.width.max(1))
	}
}

/// Buffers of the products of one layer.
#[derive(Clone, Debug, Default)]
struct Products {
	/// The matrix that products read.
	packed: PackedRows,
	/// Sums of products.
	sums: Vec<i32>,
}

/// Buffers of one step.
#[derive(Clone, Debug, Default)]
struct Buffers {
	/// Activations of each hidden layer, by sample.
	activations: Vec<Vec<i16>>,
	/// Accumulators of the last layer, by sample.
	sums: Vec<i32>,
	/// Gradients of the outputs of the current layer, and of its inputs.
	gradients: [Vec<i16>; 2],
	/// Products of the current layer.
	products: Products,
	/// Gradients and inputs of the current layer, by neuron.
	turned: [Vec<i16>; 2],
}

/// A dense net in training, with the buffers of one batch.
#[derive(Clone, Debug)]
pub struct DenseNet {
	layers: Vec<TrainedLayer>,
	buffers: Buffers,
}

impl DenseNet {
	/// Returns the net of `shape` whose first masters `random` draws, layer by layer. `out_shift` is the requantising shift of the
	/// last layer.
	///
	/// # Errors
	///
	/// Fails with the errors of [`Shape::check`], and with [`ShapeError::Shift`].
	pub fn drawn(shape: &Shape, out_shift: u8, random: &mut Stream) -> Result<Self, ShapeError> {
		shape.check()?;
		let parameters = shape.layers().map(|(inputs, outputs)| {
			let weights = he_masters(inputs.into(), outputs.into(), random);
			[Parameters::new(weights, MAX_WEIGHT), Parameters::new(vec![0; outputs.into()], MAX_BIAS)]
		});
		let parameters: Vec<_> = parameters.collect();
		Self::resume(shape, out_shift, parameters)
	}

	/// Returns the net of `shape` with these parameters: weights and biases of each layer.
	///
	/// # Errors
	///
	/// Fails with the errors of [`Shape::check`], with [`ShapeError::Shift`], and with [`ShapeError::Parameters`] for another
	/// number of layers, masters or momenta.
	pub fn resume(shape: &Shape, out_shift: u8, parameters: Vec<[Parameters; 2]>) -> Result<Self, ShapeError> {
		shape.check()?;
		ensure(SHIFTS.contains(&out_shift), ShapeError::Shift)?;
		ensure(parameters.len() == shape.hidden.len().saturating_add(1), ShapeError::Parameters)?;
		let mut layers = Vec::with_capacity(parameters.len());
		for (at, ((inputs, outputs), [weights, biases])) in shape.layers().zip(parameters).enumerate() {
			let count = usize::from(inputs).saturating_mul(outputs.into());
			let fits =
				|parameters: &Parameters, count: usize| parameters.masters.len() == count && parameters.momenta.len() == count;
			ensure(fits(&weights, count) && fits(&biases, outputs.into()), ShapeError::Parameters)?;
			let shift = if at < shape.hidden.len() { WEIGHT_FRAC as u8 } else { out_shift };
			let columns = if at > 0 { vec![0; count] } else { Vec::new() };
			let layer = Layer { inputs, outputs, shift, weights: vec![0; count], bias: vec![0; outputs.into()] };
			let mut layer = TrainedLayer { layer, columns, weights, biases };
			layer.round();
			layers.push(layer);
		}
		Ok(Self { layers, buffers: Buffers::default() })
	}

	/// Returns the layers, the last one last.
	pub fn layers(&self) -> &[TrainedLayer] {
		&self.layers
	}

	/// Computes the outputs for inputs `x`, by sample.
	pub fn outputs(&mut self, x: &[i16]) -> Outputs<'_> {
		let Self { layers, buffers: Buffers { activations, sums, products: Products { packed, .. }, .. } } = self;
		let Some((last, hidden)) = layers.split_last() else { return Outputs { sums: &[], width: 0, shift: 0 } };
		activations.resize(hidden.len(), Vec::new());
		let mut from = x;
		for (layer, to) in hidden.iter().zip(activations) {
			layer.sums(from, packed, sums);
			to.clear();
			to.extend(sums.iter().map(|sum| activation(*sum, layer.layer.shift.into())));
			from = to;
		}
		last.sums(from, packed, sums);
		Outputs { sums, width: last.layer.outputs.into(), shift: last.layer.shift.into() }
	}

	/// Makes one step on a batch of at most [`MAX_BATCH`] samples with inputs `x`, by sample. `loss` writes the gradient of the loss
	/// with respect to each output, at most 2047 in absolute value, by sample.
	pub fn step(&mut self, x: &[i16], loss: impl FnOnce(Outputs, &mut [i16]), size: StepSize) {
		let inputs = self.layers.first().map_or(1, |first| usize::from(first.layer.inputs));
		let x = x.get(..inputs.saturating_mul(MAX_BATCH)).unwrap_or(x);
		let Outputs { width, shift, .. } = self.outputs(x);
		let Self { layers, buffers } = self;
		let Buffers { activations, sums, gradients: [gradient, before], products, turned } = buffers;
		gradient.clear();
		gradient.resize(sums.len(), 0);
		loss(Outputs { sums, width, shift }, gradient);
		let activations: &[Vec<i16>] = activations;
		for (at, layer) in layers.iter_mut().enumerate().rev() {
			let read = at.checked_sub(1).and_then(|below| activations.get(below));
			let x = read.map_or(x, Vec::as_slice);
			// Weights change, so gradients are propagated first. The first layer propagates nothing to its inputs.
			if at > 0 {
				layer.propagate(gradient, x, products, before);
			}
			layer.update(gradient, x, size, products, turned);
			core::mem::swap(gradient, before);
		}
	}
}

/// Returns `Ok` if `condition` holds, and `error` otherwise.
fn ensure(condition: bool, error: ShapeError) -> Result<(), ShapeError> {
	condition.then_some(()).ok_or(error)
}
