//! 16-bit weights: the broadcast operand of forward passes and input gradients, and the masters that training changes.
//!
//! ```text
//!   one block of a group of outputs o … o + 3:
//!
//!     lane   0         1         2         3       │  4         5       …  │ 12 … 15
//!          o i0i1   o+1 i0i1  o+2 i0i1  o+3 i0i1   │ o i2i3   o+1 i2i3  …  │ o i6i7 …
//! ```
//!
//! The backward weights of a [`TrainableLayer`] have the same layout with inputs and outputs exchanged.

use super::{Block, LANES, ROWS};
use crate::ops::lion::{self, Parameters, MAX_BIAS};
use doin_scoring::Layer;

/// 12-bit weights and biases of a layer, as forward passes read them.
#[derive(Debug, PartialEq, Eq)]
pub struct PackedWeights {
	/// Inputs of the layer.
	pub inputs: usize,
	/// Outputs of the layer.
	pub outputs: usize,
	/// Requantising shift, in bits.
	pub shift: u32,
	/// Pairs of weights: for each group of four outputs, for each pair of inputs (padded to a multiple of eight pairs),
	/// four lanes.
	pub weights: Vec<Block>,
	/// Biases at accumulator scale, for each group of four outputs.
	pub bias: Vec<[i32; ROWS]>,
}

impl Clone for PackedWeights {
	fn clone(&self) -> Self {
		Self { weights: self.weights.clone(), bias: self.bias.clone(), ..*self }
	}

	/// Copies `from` and allocates nothing where both have one shape.
	fn clone_from(&mut self, from: &Self) {
		(self.inputs, self.outputs, self.shift) = (from.inputs, from.outputs, from.shift);
		self.weights.clone_from(&from.weights);
		self.bias.clone_from(&from.bias);
	}
}

impl PackedWeights {
	/// Allocates a layer whose weights and biases are zero.
	pub fn new(inputs: usize, outputs: usize, shift: u32) -> Self {
		let groups = outputs.div_ceil(ROWS);
		let weights = vec![Block::ZERO; groups * inputs.div_ceil(LANES) * 2];
		Self { inputs, outputs, shift, weights, bias: vec![[0; ROWS]; groups] }
	}

	/// Packs a layer of a net.
	pub fn from_layer(layer: &Layer) -> Self {
		let mut packed = Self::new(layer.inputs.into(), layer.outputs.into(), layer.shift.into());
		for (output, row) in layer.weights.chunks_exact(packed.inputs).enumerate() {
			for (input, weight) in row.iter().enumerate() {
				packed.set(output, input, *weight);
			}
		}
		for (to, bias) in packed.bias.as_flattened_mut().iter_mut().zip(&layer.bias) {
			*to = *bias;
		}
		packed
	}

	/// Returns the layer of a net that has these weights; the inverse of [`PackedWeights::from_layer`].
	pub fn layer(&self) -> Layer {
		let row = |output: usize| (0..self.inputs).map(move |input| self.get(output, input));
		Layer {
			inputs: self.inputs as u16,
			outputs: self.outputs as u16,
			shift: self.shift as u8,
			weights: (0..self.outputs).flat_map(row).collect(),
			bias: self.bias.as_flattened()[..self.outputs].to_vec(),
		}
	}

	/// Returns the weights of group `group` of outputs, as many blocks as hold an input.
	#[inline(always)]
	pub fn group(&self, group: usize) -> &[Block] {
		let stride = self.inputs.div_ceil(LANES) * 2;
		&self.weights[group * stride..][..self.inputs.div_ceil(2 * ROWS)]
	}

	/// Returns the weights of all groups of outputs, in order; see [`PackedWeights::group`].
	#[inline(always)]
	pub fn groups(&self) -> impl Iterator<Item = &[Block]> {
		let used = self.inputs.div_ceil(2 * ROWS);
		self.weights.chunks_exact((self.inputs.div_ceil(LANES) * 2).max(1)).map(move |group| &group[..used])
	}

	/// Returns a weight.
	#[inline]
	pub fn get(&self, output: usize, input: usize) -> i16 {
		let (block, lane) = self.place(output, input);
		self.weights[block].get(lane, input % 2)
	}

	/// Replaces a weight.
	#[inline]
	pub fn set(&mut self, output: usize, input: usize, weight: i16) {
		let (block, lane) = self.place(output, input);
		self.weights[block].set(lane, input % 2, weight);
	}

	#[inline]
	fn place(&self, output: usize, input: usize) -> (usize, usize) {
		let (stride, pair) = (self.inputs.div_ceil(LANES) * 2, input / 2);
		(output / ROWS * stride + pair / ROWS, pair % ROWS * ROWS + output % ROWS)
	}
}

/// Storage of the weights that input gradients read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackwardWeights {
	/// The layer has a copy of its weights for input gradients.
	Stored,
	/// The layer has none: no gradient of its inputs is computed in 12 bits.
	Omitted,
}

/// A layer in training: Q20 masters with their momenta, and the 12-bit weights that passes read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainableLayer {
	/// Weights of forward passes.
	pub forward: PackedWeights,
	/// Weights of input gradients: for each group of four inputs, for each pair of outputs, four pairs of weights. Empty where
	/// they are [omitted](BackwardWeights::Omitted).
	pub backward: Vec<Block>,
	/// Masters of the weights, Q20: for each group of four outputs, for each block of sixteen inputs, four blocks.
	pub masters: Vec<[Block; ROWS]>,
	/// Momenta of the weights, in the order of the masters.
	pub momenta: Vec<[Block; ROWS]>,
	/// Masters and momenta of the biases, padded to groups of four.
	pub bias: Parameters,
}

impl TrainableLayer {
	/// Creates a layer from Q20 masters, one row of inputs per output, with biases of zero.
	pub fn new(inputs: usize, outputs: usize, shift: u32, backward: BackwardWeights, masters: &[i32]) -> Self {
		let (groups, columns) = (outputs.div_ceil(ROWS), inputs.div_ceil(LANES));
		let backward = match backward {
			BackwardWeights::Stored => columns * (LANES / ROWS) * Self::pair_blocks(outputs),
			BackwardWeights::Omitted => 0,
		};
		let mut layer = Self {
			forward: PackedWeights::new(inputs, outputs, shift),
			backward: vec![Block::ZERO; backward],
			masters: vec![[Block::ZERO; ROWS]; groups * columns],
			momenta: vec![[Block::ZERO; ROWS]; groups * columns],
			bias: Parameters::new(vec![0; groups * ROWS], MAX_BIAS),
		};
		for (output, row) in masters.chunks_exact(inputs).enumerate() {
			for (input, master) in row.iter().enumerate() {
				layer.masters[output / ROWS * columns + input / LANES][output % ROWS].0[input % LANES] = *master;
				layer.set_weight(output, input, lion::weight(*master));
			}
		}
		layer
	}

	/// Returns the Q20 master of a weight.
	#[inline]
	pub fn master(&self, output: usize, input: usize) -> i32 {
		let columns = self.forward.inputs.div_ceil(LANES);
		self.masters[output / ROWS * columns + input / LANES][output % ROWS].0[input % LANES]
	}

	/// Returns the number of blocks that hold the pairs of outputs of one group of backward weights.
	#[inline(always)]
	pub fn pair_blocks(outputs: usize) -> usize {
		outputs.div_ceil(2 * ROWS)
	}

	/// Returns the backward weights of group `group` of inputs.
	#[inline(always)]
	pub fn backward_group(&self, group: usize) -> &[Block] {
		let stride = Self::pair_blocks(self.forward.outputs);
		&self.backward[group * stride..(group + 1) * stride]
	}

	/// Replaces a 12-bit weight, forward and backward.
	pub fn set_weight(&mut self, output: usize, input: usize, weight: i16) {
		self.forward.set(output, input, weight);
		if !self.backward.is_empty() {
			let (stride, pair) = (Self::pair_blocks(self.forward.outputs), output / 2);
			let block = &mut self.backward[input / ROWS * stride + pair / ROWS];
			block.set(pair % ROWS * ROWS + input % ROWS, output % 2, weight);
		}
	}

	/// Rounds the masters of the biases to the biases of forward passes.
	#[inline(always)]
	pub fn round_bias(&mut self) {
		for (bias, master) in self.forward.bias.as_flattened_mut().iter_mut().zip(&self.bias.masters) {
			*bias = lion::bias(*master);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn layers_come_back_from_their_packed_form() {
		for (inputs, outputs) in [(1, 1), (7, 5), (96, 64), (17, 24)] {
			let weights = (0..inputs * outputs).map(|at| (at * 37 % 4095) as i16 - 2047).collect();
			let bias = (0..outputs).map(|at| at * 1_000 - 77).collect();
			let layer = Layer { inputs: inputs as u16, outputs: outputs as u16, shift: 9, weights, bias };
			assert_eq!(PackedWeights::from_layer(&layer).layer(), layer);
		}
	}
}
