//! How operands lie in memory: what every back-end reads and writes.
//!
//! A batch has [`BATCH`] samples. Two neighbours along the axis that a product sums over share one 32-bit lane, low half first, as the
//! 16-bit dot product of a processor takes them; sixteen lanes make a [`Block`]. Everything is padded with zeros, which change no sum.
//!
//! - [`Tiles`], samples in lanes, pairs of neurons: what forward passes and input gradients sum over.
//! - [`Panels`], neurons in lanes, pairs of samples: activations as weight gradients take them.
//! - [`Quads`], four neurons side by side, pairs of samples: gradients as weight gradients take them.

use crate::lion::{Parameters, ACC_FRAC, MASTER_FRAC, MAX_BIAS, WEIGHT_FRAC};
use doin_scoring::{math::round_shift_i32, Layer};

/// Windows of a batch: the most that keeps gradient sums and momenta within `i32`.
pub const BATCH: usize = 256;
/// 32-bit lanes of a block.
pub const LANES: usize = 16;
/// Blocks of samples that are multiplied at a time.
pub const TILE: usize = 4;
/// Tiles of a batch.
pub const TILES: usize = BATCH / (TILE * LANES);
/// Rows of weights that are multiplied at a time.
pub const ROWS: usize = 4;
/// Blocks of samples in a batch.
pub const COLUMNS: usize = BATCH / LANES;
/// Pairs of samples in a batch.
pub const SAMPLE_PAIRS: usize = BATCH / 2;
/// Widest panel, in blocks: it takes 32 KiB, and with [`ROWS`] rows it fills half the registers of AVX-512.
pub const MAX_PANEL: usize = 4;

/// Sixteen lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Block(pub [i32; LANES]);

impl Block {
	/// Zeros.
	pub const ZERO: Self = Self([0; LANES]);

	/// Half `half` of lane `lane`.
	pub fn get(&self, lane: usize, half: usize) -> i16 {
		(self.0[lane] >> (16 * half)) as i16
	}

	/// Replaces half `half` of lane `lane`.
	pub fn set(&mut self, lane: usize, half: usize, value: i16) {
		let shift = 16 * half;
		self.0[lane] = self.0[lane] & !(0xffff << shift) | i32::from(value as u16) << shift;
	}
}

/// Neurons of a batch, samples in lanes: for each tile of 64 samples, for each pair of neurons, four blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiles {
	/// Pairs of neurons, a multiple of eight.
	pub pairs: usize,
	/// `TILES · pairs` entries.
	pub blocks: Vec<[Block; TILE]>,
}

impl Tiles {
	/// Room for `neurons` neurons, all zero.
	pub fn new(neurons: usize) -> Self {
		let pairs = neurons.next_multiple_of(LANES) / 2;
		Self { pairs, blocks: vec![[Block::ZERO; TILE]; TILES * pairs] }
	}

	/// The pairs of tile `tile`.
	#[inline(always)]
	pub fn tile(&self, tile: usize) -> &[[Block; TILE]] {
		&self.blocks[tile * self.pairs..(tile + 1) * self.pairs]
	}

	/// The pairs of tile `tile`.
	#[inline(always)]
	pub fn tile_mut(&mut self, tile: usize) -> &mut [[Block; TILE]] {
		&mut self.blocks[tile * self.pairs..(tile + 1) * self.pairs]
	}

	/// The value of a neuron for a sample.
	pub fn get(&self, neuron: usize, sample: usize) -> i16 {
		let (tile, block) = (sample / (TILE * LANES), sample / LANES % TILE);
		self.tile(tile)[neuron / 2][block].get(sample % LANES, neuron % 2)
	}

	/// Replaces it.
	pub fn set(&mut self, neuron: usize, sample: usize, value: i16) {
		let (tile, block) = (sample / (TILE * LANES), sample / LANES % TILE);
		self.tile_mut(tile)[neuron / 2][block].set(sample % LANES, neuron % 2, value);
	}
}

/// Neurons of a batch, neurons in lanes: panels of up to [`MAX_PANEL`] blocks, each with one row per pair of samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panels {
	/// Blocks of sixteen neurons.
	pub columns: usize,
	/// `SAMPLE_PAIRS · columns` entries.
	pub blocks: Vec<Block>,
}

/// Blocks of a panel, the last one of `columns` blocks possibly narrower.
#[inline(always)]
pub fn panel_width(columns: usize) -> usize {
	columns.div_ceil(columns.div_ceil(MAX_PANEL))
}

impl Panels {
	/// Room for `neurons` neurons, all zero.
	pub fn new(neurons: usize) -> Self {
		let columns = neurons.div_ceil(LANES);
		Self { columns, blocks: vec![Block::ZERO; SAMPLE_PAIRS * columns] }
	}

	/// Place of the first row of block `column`, and the distance between rows.
	#[inline(always)]
	pub fn place(&self, column: usize) -> (usize, usize) {
		let width = panel_width(self.columns);
		let first = column / width * width;
		(first * SAMPLE_PAIRS + column - first, width.min(self.columns - first))
	}

	/// The value of a neuron for a sample.
	pub fn get(&self, neuron: usize, sample: usize) -> i16 {
		let (first, stride) = self.place(neuron / LANES);
		self.blocks[first + sample / 2 * stride].get(neuron % LANES, sample % 2)
	}

	/// Replaces it.
	pub fn set(&mut self, neuron: usize, sample: usize, value: i16) {
		let (first, stride) = self.place(neuron / LANES);
		self.blocks[first + sample / 2 * stride].set(neuron % LANES, sample % 2, value);
	}
}

/// Neurons of a batch in groups of four, each with 32 blocks of four pairs of samples: the four neurons lie side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quads {
	/// `SAMPLE_PAIRS / 4` entries per group.
	pub blocks: Vec<Block>,
}

/// Blocks of a group of [`Quads`].
pub const QUAD: usize = SAMPLE_PAIRS / 4;

impl Quads {
	/// Room for `neurons` neurons, all zero.
	pub fn new(neurons: usize) -> Self {
		Self { blocks: vec![Block::ZERO; neurons.div_ceil(ROWS) * QUAD] }
	}

	/// Takes the neurons of `panels`, whole blocks of them.
	pub fn copy(&mut self, panels: &Panels) {
		for (group, blocks) in self.blocks.as_chunks_mut::<QUAD>().0.iter_mut().enumerate() {
			let (first, stride) = panels.place(group / ROWS);
			let rows = panels.blocks[first..].iter().step_by(stride);
			for (to, row) in blocks.iter_mut().flat_map(|block| block.0.as_chunks_mut::<ROWS>().0).zip(rows) {
				to.copy_from_slice(&row.0[group % ROWS * ROWS..][..ROWS]);
			}
		}
	}

	/// The value of a neuron for a sample.
	pub fn get(&self, neuron: usize, sample: usize) -> i16 {
		let pair = sample / 2;
		self.blocks[neuron / ROWS * QUAD + pair / 4].get(pair % 4 * ROWS + neuron % ROWS, sample % 2)
	}

	/// Replaces it.
	pub fn set(&mut self, neuron: usize, sample: usize, value: i16) {
		let pair = sample / 2;
		self.blocks[neuron / ROWS * QUAD + pair / 4].set(pair % 4 * ROWS + neuron % ROWS, sample % 2, value);
	}
}

/// Values of `rows` neurons for a batch, one row of 16 blocks each, padded to whole groups of four rows.
pub fn rows_of(neurons: usize) -> Vec<Block> {
	vec![Block::ZERO; neurons.next_multiple_of(ROWS) * COLUMNS]
}

/// The weights of a layer as forward passes take them.
#[derive(Debug, PartialEq, Eq)]
pub struct Packed {
	/// Inputs.
	pub inputs: usize,
	/// Outputs.
	pub outputs: usize,
	/// Requantising shift.
	pub shift: u32,
	/// For each group of four outputs, for each pair of inputs (padded to a multiple of eight pairs), the four pairs of weights.
	pub weights: Vec<Block>,
	/// Biases at accumulator scale, for each group of four outputs.
	pub bias: Vec<[i32; ROWS]>,
}

impl Clone for Packed {
	fn clone(&self) -> Self {
		Self { weights: self.weights.clone(), bias: self.bias.clone(), ..*self }
	}

	/// Needs no memory where the shapes are equal.
	fn clone_from(&mut self, from: &Self) {
		(self.inputs, self.outputs, self.shift) = (from.inputs, from.outputs, from.shift);
		self.weights.clone_from(&from.weights);
		self.bias.clone_from(&from.bias);
	}
}

impl Packed {
	/// A layer whose weights and biases are zero.
	pub fn new(inputs: usize, outputs: usize, shift: u32) -> Self {
		let groups = outputs.div_ceil(ROWS);
		let weights = vec![Block::ZERO; groups * inputs.div_ceil(LANES) * 2];
		Self { inputs, outputs, shift, weights, bias: vec![[0; ROWS]; groups] }
	}

	/// A layer of a net.
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

	/// The layer of a net.
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

	/// The weights of group `group`, as many blocks as hold an input.
	#[inline(always)]
	pub fn group(&self, group: usize) -> &[Block] {
		let stride = self.inputs.div_ceil(LANES) * 2;
		&self.weights[group * stride..][..self.inputs.div_ceil(2 * ROWS)]
	}

	/// A weight.
	pub fn get(&self, output: usize, input: usize) -> i16 {
		let (block, lane) = self.place(output, input);
		self.weights[block].get(lane, input % 2)
	}

	/// Replaces it.
	pub fn set(&mut self, output: usize, input: usize, weight: i16) {
		let (block, lane) = self.place(output, input);
		self.weights[block].set(lane, input % 2, weight);
	}

	fn place(&self, output: usize, input: usize) -> (usize, usize) {
		let (stride, pair) = (self.inputs.div_ceil(LANES) * 2, input / 2);
		(output / ROWS * stride + pair / ROWS, pair % ROWS * ROWS + output % ROWS)
	}
}

/// A layer in training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dense {
	/// What forward passes use.
	pub forward: Packed,
	/// What input gradients use: for each group of four inputs, for each pair of outputs, the four pairs of weights. Empty for the
	/// first layer, whose inputs have no gradient.
	pub backward: Vec<Block>,
	/// Masters of the weights, Q20: for each group of four outputs, for each block of inputs, four blocks.
	pub masters: Vec<[Block; ROWS]>,
	/// Their momenta, in the same order.
	pub momenta: Vec<[Block; ROWS]>,
	/// Masters of the biases with their momenta, padded to groups of four.
	pub bias: Parameters,
}

impl Dense {
	/// A layer with masters `masters`, one row of inputs per output, and biases of zero.
	pub fn new(inputs: usize, outputs: usize, shift: u32, first: bool, masters: &[i32]) -> Self {
		let (groups, columns) = (outputs.div_ceil(ROWS), inputs.div_ceil(LANES));
		let backward = if first { 0 } else { columns * (LANES / ROWS) * Self::pair_blocks(outputs) };
		let mut dense = Self {
			forward: Packed::new(inputs, outputs, shift),
			backward: vec![Block::ZERO; backward],
			masters: vec![[Block::ZERO; ROWS]; groups * columns],
			momenta: vec![[Block::ZERO; ROWS]; groups * columns],
			bias: Parameters::new(vec![0; groups * ROWS], MAX_BIAS),
		};
		for (output, row) in masters.chunks_exact(inputs).enumerate() {
			for (input, master) in row.iter().enumerate() {
				dense.masters[output / ROWS * columns + input / LANES][output % ROWS].0[input % LANES] = *master;
				dense.set_weight(output, input, round_shift_i32(*master, MASTER_FRAC - WEIGHT_FRAC) as i16);
			}
		}
		dense
	}

	/// The master of a weight.
	pub fn master(&self, output: usize, input: usize) -> i32 {
		let columns = self.forward.inputs.div_ceil(LANES);
		self.masters[output / ROWS * columns + input / LANES][output % ROWS].0[input % LANES]
	}

	/// Blocks of pairs of outputs in a group of `backward`.
	#[inline(always)]
	pub fn pair_blocks(outputs: usize) -> usize {
		outputs.div_ceil(2 * ROWS)
	}

	/// Group `group` of `backward`.
	#[inline(always)]
	pub fn backward_group(&self, group: usize) -> &[Block] {
		let stride = Self::pair_blocks(self.forward.outputs);
		&self.backward[group * stride..(group + 1) * stride]
	}

	/// Replaces a forward weight in both of its places.
	pub fn set_weight(&mut self, output: usize, input: usize, weight: i16) {
		self.forward.set(output, input, weight);
		if !self.backward.is_empty() {
			let (stride, pair) = (Self::pair_blocks(self.forward.outputs), output / 2);
			let block = &mut self.backward[input / ROWS * stride + pair / ROWS];
			block.set(pair % ROWS * ROWS + input % ROWS, output % 2, weight);
		}
	}

	/// Rounds masters of biases to what forward passes use.
	#[inline(always)]
	pub fn round_bias(&mut self) {
		for (bias, master) in self.forward.bias.as_flattened_mut().iter_mut().zip(&self.bias.masters) {
			*bias = round_shift_i32(*master, MASTER_FRAC - ACC_FRAC);
		}
	}
}

/// Windows to load: places in one array of values.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
	/// All values, and [`LANES`] more after the last window: they may be read, whatever they are.
	pub values: &'a [i32],
	/// First value of each window's history.
	pub starts: &'a [u32; BATCH],
	/// Values of a history.
	pub history: usize,
	/// Values at its end that are inputs.
	pub window: usize,
	/// Values after it that are targets.
	pub horizon: usize,
	/// The power of two from raw units to activations.
	pub in_shift: i8,
}

impl<'a> Places<'a> {
	/// Inputs and targets of window `sample`, and the last value before the targets.
	#[inline(always)]
	pub fn window(&self, sample: usize) -> (&'a [i32], &'a [i32], i32) {
		let end = self.starts[sample] as usize + self.history;
		(&self.values[end - self.window..end], &self.values[end..end + self.horizon], self.values[end - 1])
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
			assert_eq!(Packed::from_layer(&layer).layer(), layer);
		}
	}

	#[test]
	fn every_value_has_a_place_of_its_own() {
		for neurons in [1, 16, 97, 113, 208] {
			let value = |neuron: usize, sample: usize| (neuron * BATCH + sample) as i16;
			let (mut tiles, mut panels, mut quads) = (Tiles::new(neurons), Panels::new(neurons), Quads::new(neurons));
			for neuron in 0..neurons {
				for sample in 0..BATCH {
					tiles.set(neuron, sample, value(neuron, sample));
					panels.set(neuron, sample, value(neuron, sample));
					quads.set(neuron, sample, value(neuron, sample));
				}
			}
			for neuron in 0..neurons {
				for sample in 0..BATCH {
					let expected = value(neuron, sample);
					assert_eq!(tiles.get(neuron, sample), expected);
					assert_eq!(panels.get(neuron, sample), expected);
					assert_eq!(quads.get(neuron, sample), expected);
				}
			}
		}
	}
}
