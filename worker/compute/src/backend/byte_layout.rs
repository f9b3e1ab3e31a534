//! How operands of 8 bits lie in memory: as in [`super::layout`], but four neighbours along the axis that a product sums over share a lane,
//! lowest byte first, as the 8-bit dot product of a processor takes them: one operand without a sign, one with.
//!
//! The operand without a sign has samples or neurons in lanes. Where it may be negative, as inputs of a net and gradients are, 128 is
//! added to it, and what that adds to a sum is taken from the number that the sum begins with.
//!
//! - [`ByteTiles`], samples in lanes, four neurons a lane, no sign: what forward passes and input gradients sum over.
//! - [`BytePanels`], neurons in lanes, four samples a lane, no sign: activations as weight gradients take them.
//! - [`ByteQuads`], four neurons side by side, four samples a lane, with a sign: gradients as weight gradients take them.
//! - [`ByteWeights`], with a sign.

use super::layout::{panel_width, Block, Dense, BATCH, COLUMNS, LANES, ROWS, TILE, TILES};
use crate::lion::{self, MASTER_FRAC};
use doin_scoring::math::round_shift_i32;

/// Fractional bits of a weight.
pub const WEIGHT_FRAC: u32 = 6;
/// Fractional bits of a hidden activation, from 0 to 255.
pub const ACT_FRAC: u32 = 6;
/// Fractional bits of an input, from −128 to 127.
pub const INPUT_FRAC: u32 = 5;
/// The shift from inputs of 12 bits to those of bytes.
pub const INPUT_SHIFT: u32 = lion::ACT_FRAC - INPUT_FRAC;
/// What is added to numbers with a sign where none is allowed.
pub const OFFSET: i32 = 128;
/// Groups of four samples in a batch.
pub const SAMPLE_QUADS: usize = BATCH / 4;

fn byte(block: &Block, lane: usize, at: usize) -> u8 {
	(block.0[lane] >> (8 * at)) as u8
}

fn set_byte(block: &mut Block, lane: usize, at: usize, value: u8) {
	let shift = 8 * at;
	block.0[lane] = block.0[lane] & !(0xff << shift) | i32::from(value) << shift;
}

/// Neurons of a batch, samples in lanes: for each tile of 64 samples, for each four neurons, four blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteTiles {
	/// Groups of four neurons, a multiple of four.
	pub quads: usize,
	/// `TILES · quads` entries.
	pub blocks: Vec<[Block; TILE]>,
}

impl ByteTiles {
	/// Room for `neurons` neurons, all zero.
	pub fn new(neurons: usize) -> Self {
		let quads = neurons.next_multiple_of(LANES) / ROWS;
		Self { quads, blocks: vec![[Block::ZERO; TILE]; TILES * quads] }
	}

	/// The groups of tile `tile`.
	#[inline(always)]
	pub fn tile(&self, tile: usize) -> &[[Block; TILE]] {
		&self.blocks[tile * self.quads..(tile + 1) * self.quads]
	}

	/// The groups of tile `tile`.
	#[inline(always)]
	pub fn tile_mut(&mut self, tile: usize) -> &mut [[Block; TILE]] {
		&mut self.blocks[tile * self.quads..(tile + 1) * self.quads]
	}

	/// The value of a neuron for a sample.
	pub fn get(&self, neuron: usize, sample: usize) -> u8 {
		let (tile, block) = (sample / (TILE * LANES), sample / LANES % TILE);
		byte(&self.tile(tile)[neuron / ROWS][block], sample % LANES, neuron % ROWS)
	}

	/// Replaces it.
	pub fn set(&mut self, neuron: usize, sample: usize, value: u8) {
		let (tile, block) = (sample / (TILE * LANES), sample / LANES % TILE);
		set_byte(&mut self.tile_mut(tile)[neuron / ROWS][block], sample % LANES, neuron % ROWS, value);
	}
}

/// Neurons of a batch, neurons in lanes: panels as those of [`super::layout::Panels`], each with one row per four samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BytePanels {
	/// Blocks of sixteen neurons.
	pub columns: usize,
	/// `SAMPLE_QUADS · columns` entries.
	pub blocks: Vec<Block>,
}

impl BytePanels {
	/// Room for `neurons` neurons, all zero.
	pub fn new(neurons: usize) -> Self {
		let columns = neurons.div_ceil(LANES);
		Self { columns, blocks: vec![Block::ZERO; SAMPLE_QUADS * columns] }
	}

	/// Place of the first row of block `column`, and the distance between rows.
	#[inline(always)]
	pub fn place(&self, column: usize) -> (usize, usize) {
		let width = panel_width(self.columns);
		let first = column / width * width;
		(first * SAMPLE_QUADS + column - first, width.min(self.columns - first))
	}

	/// The value of a neuron for a sample.
	pub fn get(&self, neuron: usize, sample: usize) -> u8 {
		let (first, stride) = self.place(neuron / LANES);
		byte(&self.blocks[first + sample / 4 * stride], neuron % LANES, sample % 4)
	}

	/// Replaces it.
	pub fn set(&mut self, neuron: usize, sample: usize, value: u8) {
		let (first, stride) = self.place(neuron / LANES);
		set_byte(&mut self.blocks[first + sample / 4 * stride], neuron % LANES, sample % 4, value);
	}
}

/// Neurons of a batch in groups of four, each with one block per sixteen samples: for each four of them, the four neurons lie side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteQuads {
	/// `COLUMNS` entries per group.
	pub blocks: Vec<Block>,
}

impl ByteQuads {
	/// Room for `neurons` neurons, all zero.
	pub fn new(neurons: usize) -> Self {
		Self { blocks: vec![Block::ZERO; neurons.div_ceil(ROWS) * COLUMNS] }
	}

	/// The value of a neuron for a sample.
	pub fn get(&self, neuron: usize, sample: usize) -> i8 {
		byte(&self.blocks[neuron / ROWS * COLUMNS + sample / LANES], sample % LANES / 4 * ROWS + neuron % ROWS, sample % 4) as i8
	}

	/// Replaces it.
	pub fn set(&mut self, neuron: usize, sample: usize, value: i8) {
		let block = &mut self.blocks[neuron / ROWS * COLUMNS + sample / LANES];
		set_byte(block, sample % LANES / 4 * ROWS + neuron % ROWS, sample % 4, value as u8);
	}
}

/// The weights of a layer as training steps take them. Masters, momenta and biases are those of a [`Dense`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteWeights {
	/// Inputs.
	pub inputs: usize,
	/// Outputs.
	pub outputs: usize,
	/// Whether it reads the inputs of the net, with [`OFFSET`] added, and not hidden activations.
	pub first: bool,
	/// For each group of four outputs, for each block of sixteen inputs: for each four of them, the weights of the four outputs side by
	/// side, four inputs a lane.
	pub forward: Vec<Block>,
	/// For each block of sixteen inputs, for each group of four outputs: the weights of the sixteen inputs side by side, four outputs a
	/// lane. Empty for the first layer, whose inputs have no gradient.
	pub backward: Vec<Block>,
	/// What accumulators of each group of four outputs begin with: biases, less what an offset of the inputs adds.
	pub start: Vec<[i32; ROWS]>,
	/// What gradients of each group of four inputs begin with: less what the offset of gradients of outputs adds.
	pub back_start: Vec<[i32; ROWS]>,
}

impl ByteWeights {
	/// The weights of `layer`, rounded.
	pub fn new(layer: &Dense, first: bool) -> Self {
		let (inputs, outputs) = (layer.forward.inputs, layer.forward.outputs);
		let (groups, columns) = (outputs.div_ceil(ROWS), inputs.div_ceil(LANES));
		let backward = if first { 0 } else { groups * columns };
		let mut weights = Self {
			inputs,
			outputs,
			first,
			forward: vec![Block::ZERO; groups * columns],
			backward: vec![Block::ZERO; backward],
			start: vec![[0; ROWS]; groups],
			back_start: vec![[0; ROWS]; if first { 0 } else { columns * LANES / ROWS }],
		};
		for output in 0..outputs {
			for input in 0..inputs {
				weights.set(output, input, rounded(layer.master(output, input)));
			}
		}
		weights.begin(&layer.bias.masters);
		weights
	}

	/// Fractional bits of an accumulator.
	#[inline(always)]
	pub fn frac(&self) -> u32 {
		WEIGHT_FRAC + if self.first { INPUT_FRAC } else { ACT_FRAC }
	}

	/// The shift from accumulators to activations.
	#[inline(always)]
	pub fn shift(&self) -> u32 {
		self.frac() - ACT_FRAC
	}

	/// The bias of an accumulator, from its master.
	#[inline(always)]
	pub fn bias(&self, master: i32) -> i32 {
		round_shift_i32(master, MASTER_FRAC - self.frac())
	}

	/// The weights of group `group` of outputs.
	#[inline(always)]
	pub fn group(&self, group: usize) -> &[Block] {
		let columns = self.inputs.div_ceil(LANES);
		&self.forward[group * columns..(group + 1) * columns]
	}

	/// The weights of block `column` of inputs, for their gradients.
	#[inline(always)]
	pub fn column(&self, column: usize) -> &[Block] {
		let groups = self.outputs.div_ceil(ROWS);
		&self.backward[column * groups..(column + 1) * groups]
	}

	/// A weight.
	pub fn get(&self, output: usize, input: usize) -> i8 {
		byte(&self.group(output / ROWS)[input / LANES], input % LANES / 4 * ROWS + output % ROWS, input % 4) as i8
	}

	/// Replaces it in both of its places.
	pub fn set(&mut self, output: usize, input: usize, weight: i8) {
		let (groups, columns) = (self.outputs.div_ceil(ROWS), self.inputs.div_ceil(LANES));
		let (group, column) = (output / ROWS, input / LANES);
		let lane = input % LANES / 4 * ROWS + output % ROWS;
		set_byte(&mut self.forward[group * columns + column], lane, input % 4, weight as u8);
		if !self.first {
			set_byte(&mut self.backward[column * groups + group], input % LANES, output % ROWS, weight as u8);
		}
	}

	/// Sets what sums begin with, from masters of the biases.
	pub fn begin(&mut self, biases: &[i32]) {
		for (output, master) in biases.iter().enumerate().take(self.outputs) {
			let sum: i32 = (0..self.inputs).map(|input| i32::from(self.get(output, input))).sum();
			let added = if self.first { OFFSET.wrapping_mul(sum) } else { 0 };
			self.start[output / ROWS][output % ROWS] = self.bias(*master).wrapping_sub(added);
		}
		if !self.first {
			for input in 0..self.inputs {
				let sum: i32 = (0..self.outputs).map(|output| i32::from(self.get(output, input))).sum();
				self.back_start[input / ROWS][input % ROWS] = -OFFSET * sum;
			}
		}
	}
}

/// The weight of a master.
pub fn rounded(master: i32) -> i8 {
	round_shift_i32(master, MASTER_FRAC - WEIGHT_FRAC).clamp(i8::MIN.into(), i8::MAX.into()) as i8
}

/// Bits of a gradient that is propagated back, without its sign.
const GRADIENT_BITS: u32 = 7;
/// The shift of propagated gradients in the first step.
pub const FIRST_SHIFT: u32 = 6;

/// The shift of the next step's propagated gradients: the one that would have left those of this step, which were shifted by `shift` and
/// whose magnitudes have these `bits`, with as many as a byte has.
pub fn next_shift(shift: u32, bits: u32) -> u32 {
	(shift + u32::BITS - bits.leading_zeros()).saturating_sub(GRADIENT_BITS)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::lion::MAX_WEIGHT;

	#[test]
	fn every_value_has_a_place_of_its_own() {
		for neurons in [1, 16, 97, 113] {
			let value = |neuron: usize, sample: usize| (neuron * 7 + sample * 31 + neuron * sample) as u8;
			let (mut tiles, mut panels, mut quads) = (ByteTiles::new(neurons), BytePanels::new(neurons), ByteQuads::new(neurons));
			for neuron in 0..neurons {
				for sample in 0..BATCH {
					tiles.set(neuron, sample, value(neuron, sample));
					panels.set(neuron, sample, value(neuron, sample));
					quads.set(neuron, sample, value(neuron, sample) as i8);
				}
			}
			for neuron in 0..neurons {
				for sample in 0..BATCH {
					let expected = value(neuron, sample);
					assert_eq!(tiles.get(neuron, sample), expected);
					assert_eq!(panels.get(neuron, sample), expected);
					assert_eq!(quads.get(neuron, sample), expected as i8);
				}
			}
		}
	}

	#[test]
	fn weights_are_rounded_masters() {
		let masters: Vec<i32> = (0..5 * 19).map(|at| (at * 88_001 + 12_345) % (2 * MAX_WEIGHT) - MAX_WEIGHT).collect();
		for first in [false, true] {
			let weights = ByteWeights::new(&Dense::new(19, 5, 9, first, &masters), first);
			for (at, master) in masters.iter().enumerate() {
				assert_eq!(weights.get(at / 19, at % 19), rounded(*master));
			}
			let row: i32 = (0..19).map(|input| i32::from(weights.get(4, input))).sum();
			assert_eq!(weights.start[1], [if first { -128 * row } else { 0 }, 0, 0, 0]);
		}
		assert_eq!((rounded(MAX_WEIGHT), rounded(-MAX_WEIGHT), rounded(1 << 13), rounded((1 << 13) - 1)), (127, -128, 1, 0));
	}

	#[test]
	fn the_next_shift_leaves_seven_bits() {
		assert_eq!([next_shift(6, 0), next_shift(6, 127), next_shift(6, 128), next_shift(6, 32_768)], [0, 6, 7, 15]);
		assert_eq!([next_shift(9, 0), next_shift(0, 3), next_shift(9, 63)], [2, 0, 8]);
	}
}
