//! Passes of one dense layer over a batch, and the gradients of its inputs and weights.
//!
//! Matrices are slices, row after row. Activations and gradients are stored *by sample*, one row of neurons per sample, or *by
//! neuron*, one row of samples per neuron; [`transpose`] converts one to the other. The operand that a sum runs over is
//! contiguous in both factors, so that a compiler needs no gathers.

use doin_scoring::{
	forward::dot,
	math::round_shift_i32,
	model::{Layer, MAX_ACT},
};

/// Bits of a propagated gradient without its sign.
pub const GRADIENT_BITS: u32 = 11;

/// Writes the transpose of `from`, which has rows of `width` numbers, to `to`.
pub fn transpose(from: &[i16], width: usize, to: &mut [i16]) {
	let rows = from.len().checked_div(width).unwrap_or(0);
	for (column, to) in to.chunks_exact_mut(rows.max(1)).enumerate() {
		let from = from.get(column..).unwrap_or(&[]).iter().step_by(width.max(1));
		to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
	}
}

/// Weights and biases of a layer, as forward passes read them.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
	/// Inputs of the layer.
	pub inputs: usize,
	/// Requantising shift, in 1..=24 bits.
	pub shift: u32,
	/// Weights, one row of inputs per output.
	pub rows: &'a [i16],
	/// Bias of each output, at accumulator scale.
	pub bias: &'a [i32],
}

impl<'a> From<&'a Layer> for Weights<'a> {
	fn from(layer: &'a Layer) -> Self {
		Self { inputs: layer.inputs.into(), shift: layer.shift.into(), rows: &layer.weights, bias: &layer.bias }
	}
}

impl<'a> Weights<'a> {
	/// Returns the accumulators of all outputs for one sample.
	#[inline(always)]
	fn accumulators(self, x: &'a [i16]) -> impl Iterator<Item = i32> + 'a {
		let neurons = self.rows.chunks_exact(self.inputs.max(1)).zip(self.bias);
		neurons.map(move |(row, bias)| dot(row, x).wrapping_add(*bias))
	}
}

/// Computes the accumulators `W·x + b` of a layer, by sample, from its inputs by sample.
pub fn sums(layer: Weights, x: &[i16], sums: &mut [i32]) {
	let outputs = layer.bias.len().max(1);
	for (x, sums) in x.chunks_exact(layer.inputs.max(1)).zip(sums.chunks_exact_mut(outputs)) {
		sums.iter_mut().zip(layer.accumulators(x)).for_each(|(to, sum)| *to = sum);
	}
}

/// Computes the activations of a hidden layer, `clamp((W·x + b + 2^(shift−1)) >> shift, 0, 2047)`, by sample, from its inputs by
/// sample.
pub fn relu(layer: Weights, x: &[i16], y: &mut [i16]) {
	let outputs = layer.bias.len().max(1);
	for (x, y) in x.chunks_exact(layer.inputs.max(1)).zip(y.chunks_exact_mut(outputs)) {
		y.iter_mut().zip(layer.accumulators(x)).for_each(|(y, sum)| *y = activation(sum, layer.shift));
	}
}

/// Returns the activation of an accumulator.
#[inline(always)]
pub fn activation(sum: i32, shift: u32) -> i16 {
	round_shift_i32(sum, shift).clamp(0, MAX_ACT) as i16
}

/// Returns `true` unless an activation is clamped, which stops its gradient.
#[inline(always)]
pub fn is_alive(activation: i16) -> bool {
	(1..MAX_ACT).contains(&i32::from(activation))
}

/// Computes the gradients of the inputs of a layer before their shift, by sample: zero where the activations that the layer reads
/// are clamped. `columns` has one row of the weights of all outputs per input; `gradient` is that of the outputs, by sample.
/// Returns all magnitudes OR-ed, whose bit length is that of the largest.
pub fn input_gradient(columns: &[i16], outputs: usize, gradient: &[i16], activations: &[i16], unscaled: &mut [i32]) -> u32 {
	let outputs = outputs.max(1);
	let inputs = columns.len().checked_div(outputs).unwrap_or(0).max(1);
	let samples = gradient.chunks_exact(outputs).zip(activations.chunks_exact(inputs));
	let mut bits = 0;
	for ((gradient, activations), unscaled) in samples.zip(unscaled.chunks_exact_mut(inputs)) {
		for ((to, activation), column) in unscaled.iter_mut().zip(activations).zip(columns.chunks_exact(outputs)) {
			*to = if is_alive(*activation) { dot(column, gradient) } else { 0 };
			bits |= to.unsigned_abs();
		}
	}
	bits
}

/// Returns an unscaled gradient at the scale of a batch whose magnitudes have the bits `bits`: shifted right with rounding until
/// the largest of the batch has [`GRADIENT_BITS`].
#[inline(always)]
pub fn requantise_gradient(sum: i32, bits: u32) -> i16 {
	let length = u32::BITS.wrapping_sub(bits.leading_zeros());
	let scaled = match length.saturating_sub(GRADIENT_BITS) {
		0 => sum,
		shift => round_shift_i32(sum, shift),
	};
	scaled.max(MAX_ACT.wrapping_neg()).min(MAX_ACT) as i16
}

/// Returns the gradient of one weight: the sum, over the samples of a batch, of the gradient of its output times the activation
/// of its input.
#[inline(always)]
pub fn weight_gradient(gradient: &[i16], x: &[i16]) -> i32 {
	dot(gradient, x)
}

/// Returns the gradient of a bias, at the scale of the gradients of weights, from the gradients of its output.
pub fn bias_gradient(gradient: &[i16]) -> i32 {
	gradient.iter().fold(0i32, |sum, gradient| sum.wrapping_add((*gradient).into())) << crate::lion::ACT_FRAC
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_transpose_of_a_transpose_is_the_matrix() {
		let matrix: Vec<i16> = (0..12).collect();
		let (mut transposed, mut back) = (vec![0; 12], vec![0; 12]);
		transpose(&matrix, 4, &mut transposed);
		assert_eq!(transposed, [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
		transpose(&transposed, 3, &mut back);
		assert_eq!(back, matrix);
	}

	#[test]
	fn gradients_stop_at_clamped_activations_and_have_eleven_bits() {
		// Two inputs and two outputs, one sample each.
		let mut unscaled = [0; 4];
		let bits = input_gradient(&[100, 200, -300, 400], 2, &[2047, 2047, -1, 0], &[5, 0, 2047, 6], &mut unscaled);
		assert_eq!(unscaled, [300 * 2047, 0, 0, 300]);
		assert_eq!(bits, (300 * 2047) | 300);
		assert_eq!(unscaled.map(|sum| requantise_gradient(sum, bits)), [1_199, 0, 0, 1]);
		assert_eq!(requantise_gradient(-1_500, 1_500), -1_500, "never shifted left");
	}

	#[test]
	fn buffers_of_other_lengths_do_not_panic() {
		let layer = Layer { inputs: 3, outputs: 2, shift: 9, weights: vec![1; 6], bias: vec![0; 2] };
		let layer = Weights::from(&layer);
		sums(layer, &[1; 7], &mut [0; 3]);
		relu(Weights { inputs: 0, bias: &[], ..layer }, &[1; 7], &mut [0; 3]);
		assert_eq!(input_gradient(&[], 0, &[1], &[1], &mut [0]), 0);
		transpose(&[1, 2, 3], 0, &mut [0; 2]);
	}
}
