//! 8-bit weights of training steps. The integer recipe (8-bit operands, 32-bit accumulators, wide masters) follows Jacob et al.,
//! "Quantization and training of neural networks for efficient integer-arithmetic-only inference" (2018).
//!
//! ```text
//!   forward, one block:  lane 4·q + r holds weights (o + r; i + 4·q … i + 4·q + 3) of outputs o … o + 3 and inputs i … i + 15
//!   backward, one block: lane j       holds weights (o … o + 3; i + j)
//! ```

use super::{Block, TrainableLayer, ACT_FRAC_U8, INPUT_FRAC_I8, LANES, OFFSET, ROWS};
use crate::ops::lion::MASTER_FRAC;
use doin_scoring::math::round_shift_i32;

/// Fractional bits of an 8-bit weight.
pub const WEIGHT_FRAC_I8: u32 = 6;

/// Values that a layer reads in 8-bit training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerInputs {
	/// Inputs of the net: signed, stored with [`OFFSET`] added. They have no gradient.
	Network,
	/// Hidden activations in 0..=255, whose gradients are computed.
	Hidden,
}

/// The 8-bit weights of a layer. Masters, momenta and biases are those of a [`TrainableLayer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightsI8 {
	/// Inputs of the layer.
	pub inputs: usize,
	/// Outputs of the layer.
	pub outputs: usize,
	/// Values that the layer reads.
	pub reads: LayerInputs,
	/// Weights of forward passes: for each group of four outputs, one block per sixteen inputs, four inputs a lane.
	pub forward: Vec<Block>,
	/// Weights of input gradients: for each block of sixteen inputs, one block per group of four outputs, four outputs a lane.
	/// Empty where the layer reads the [inputs of the net](LayerInputs::Network).
	pub backward: Vec<Block>,
	/// Start values of accumulators, for each group of four outputs: biases less the contribution of the offset of the inputs.
	pub start: Vec<[i32; ROWS]>,
	/// Start values of input gradients, for each group of four inputs: minus the contribution of the offset of the
	/// output gradients.
	pub back_start: Vec<[i32; ROWS]>,
}

impl WeightsI8 {
	/// Rounds the masters of `layer` to 8-bit weights.
	pub fn new(layer: &TrainableLayer, reads: LayerInputs) -> Self {
		let (inputs, outputs) = (layer.forward.inputs, layer.forward.outputs);
		let (groups, columns) = (outputs.div_ceil(ROWS), inputs.div_ceil(LANES));
		let (backward, back_start) = match reads {
			LayerInputs::Network => (0, 0),
			LayerInputs::Hidden => (groups * columns, columns * LANES / ROWS),
		};
		let mut weights = Self {
			inputs,
			outputs,
			reads,
			forward: vec![Block::ZERO; groups * columns],
			backward: vec![Block::ZERO; backward],
			start: vec![[0; ROWS]; groups],
			back_start: vec![[0; ROWS]; back_start],
		};
		for output in 0..outputs {
			for input in 0..inputs {
				weights.set(output, input, round_weight_i8(layer.master(output, input)));
			}
		}
		weights.set_start_values(&layer.bias.masters);
		weights
	}

	/// Returns `true` if the layer reads the inputs of the net.
	#[inline(always)]
	pub fn reads_network(&self) -> bool {
		self.reads == LayerInputs::Network
	}

	/// Returns the fractional bits of an accumulator.
	#[inline(always)]
	pub fn accumulator_frac(&self) -> u32 {
		WEIGHT_FRAC_I8 + if self.reads_network() { INPUT_FRAC_I8 } else { ACT_FRAC_U8 }
	}

	/// Returns the shift from accumulators to activations, in bits.
	#[inline(always)]
	pub fn shift(&self) -> u32 {
		self.accumulator_frac() - ACT_FRAC_U8
	}

	/// Rounds the Q20 master of a bias to the scale of accumulators.
	#[inline(always)]
	pub fn bias(&self, master: i32) -> i32 {
		round_shift_i32(master, MASTER_FRAC - self.accumulator_frac())
	}

	/// Returns the forward weights of group `group` of outputs.
	#[inline(always)]
	pub fn group(&self, group: usize) -> &[Block] {
		let columns = self.inputs.div_ceil(LANES);
		&self.forward[group * columns..(group + 1) * columns]
	}

	/// Returns the forward weights of all groups of outputs, in order.
	#[inline(always)]
	pub fn groups(&self) -> impl Iterator<Item = &[Block]> {
		self.forward.chunks_exact(self.inputs.div_ceil(LANES).max(1))
	}

	/// Returns the backward weights of block `column` of inputs.
	#[inline(always)]
	pub fn column(&self, column: usize) -> &[Block] {
		let groups = self.outputs.div_ceil(ROWS);
		&self.backward[column * groups..(column + 1) * groups]
	}

	/// Returns a weight.
	#[inline]
	pub fn get(&self, output: usize, input: usize) -> i8 {
		self.group(output / ROWS)[input / LANES].byte(input % LANES / 4 * ROWS + output % ROWS, input % 4) as i8
	}

	/// Replaces a weight, forward and backward.
	pub fn set(&mut self, output: usize, input: usize, weight: i8) {
		let (groups, columns) = (self.outputs.div_ceil(ROWS), self.inputs.div_ceil(LANES));
		let (group, column) = (output / ROWS, input / LANES);
		let lane = input % LANES / 4 * ROWS + output % ROWS;
		self.forward[group * columns + column].set_byte(lane, input % 4, weight as u8);
		if !self.reads_network() {
			self.backward[column * groups + group].set_byte(input % LANES, output % ROWS, weight as u8);
		}
	}

	/// Computes the start values of all sums from the weights and from the Q20 masters of the biases.
	pub fn set_start_values(&mut self, bias_masters: &[i32]) {
		for (output, master) in bias_masters.iter().enumerate().take(self.outputs) {
			let sum: i32 = (0..self.inputs).map(|input| i32::from(self.get(output, input))).sum();
			let added = if self.reads_network() { OFFSET.wrapping_mul(sum) } else { 0 };
			self.start[output / ROWS][output % ROWS] = self.bias(*master).wrapping_sub(added);
		}
		if !self.reads_network() {
			for input in 0..self.inputs {
				let sum: i32 = (0..self.outputs).map(|output| i32::from(self.get(output, input))).sum();
				self.back_start[input / ROWS][input % ROWS] = -OFFSET * sum;
			}
		}
	}
}

/// Rounds a Q20 master to an 8-bit weight.
pub fn round_weight_i8(master: i32) -> i8 {
	round_shift_i32(master, MASTER_FRAC - WEIGHT_FRAC_I8).clamp(i8::MIN.into(), i8::MAX.into()) as i8
}

/// Bits of a propagated gradient without its sign.
const GRADIENT_BITS: u32 = 7;
/// Shift of propagated gradients in the first step, in bits.
pub const FIRST_GRADIENT_SHIFT: u32 = 6;

/// Returns the shift of the next step's propagated gradients: the one that would have left the gradients of this step with seven
/// bits. `bits` is the OR of the magnitudes of this step after its shift by `shift`. Scaling by the statistics of the step before
/// is the delayed scaling of Micikevicius et al., "FP8 formats for deep learning" (2022).
pub fn next_gradient_shift(shift: u32, bits: u32) -> u32 {
	(shift + u32::BITS - bits.leading_zeros()).saturating_sub(GRADIENT_BITS)
}

#[cfg(test)]
mod tests {
	use super::{super::BackwardWeights, *};
	use crate::ops::lion::MAX_WEIGHT;

	#[test]
	fn weights_are_rounded_masters() {
		let masters: Vec<i32> = (0..5 * 19).map(|at| (at * 88_001 + 12_345) % (2 * MAX_WEIGHT) - MAX_WEIGHT).collect();
		for (reads, backward) in
			[(LayerInputs::Hidden, BackwardWeights::Stored), (LayerInputs::Network, BackwardWeights::Omitted)]
		{
			let weights = WeightsI8::new(&TrainableLayer::new(19, 5, 9, backward, &masters), reads);
			for (at, master) in masters.iter().enumerate() {
				assert_eq!(weights.get(at / 19, at % 19), round_weight_i8(*master));
			}
			let row: i32 = (0..19).map(|input| i32::from(weights.get(4, input))).sum();
			assert_eq!(weights.start[1], [if weights.reads_network() { -128 * row } else { 0 }, 0, 0, 0]);
		}
		let extremes = [MAX_WEIGHT, -MAX_WEIGHT, 1 << 13, (1 << 13) - 1].map(round_weight_i8);
		assert_eq!(extremes, [127, -128, 1, 0]);
	}

	#[test]
	fn the_next_shift_leaves_seven_bits() {
		let next = next_gradient_shift;
		assert_eq!([next(6, 0), next(6, 127), next(6, 128), next(6, 32_768)], [0, 6, 7, 15]);
		assert_eq!([next(9, 0), next(0, 3), next(9, 63)], [2, 0, 8]);
	}
}
