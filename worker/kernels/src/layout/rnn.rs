//! Recurrent cells: long short-term memories (Hochreiter & Schmidhuber, 1997) and gated recurrent units (Cho et al., 2014).
//!
//! A step of a cell reads one vector: the last output, padded to a multiple of eight units, then the channels of the step, then a
//! constant [`ONE`] whose weights are the biases. The weights of all three parts are one layer. Its rows are ordered by gate, the
//! units of each gate padded to a multiple of four:
//!
//! ```text
//!                  last output   channels  one
//!   gate 0   ┌ │ u0 u1 … u7 │ c0 c1 │ 1 │   unit 0
//!            └ │                        │   unit 1 …
//!   gate 1   ┌ │                        │   unit 0 …
//!   gates 2, 3 …
//! ```
//!
//! | | gates |
//! |---|---|
//! | LSTM | input, forget, candidate, output |
//! | GRU | reset, update, candidate from the last output, candidate from the input |
//!
//! The two candidates of a GRU are separate sums: the candidate from the last output has no weights of channels, and the
//! candidate from the input has none of the last output.

use super::{Block, PackedWeights, LANES, ROWS, TILE};
use crate::ops::lion::{ACT_FRAC, WEIGHT_FRAC};
use doin_scoring::{activation::ARGUMENT_FRAC, Cell, Encoder, Layer};
use std::ops::Range;

/// Fractional bits of an output of a cell.
pub const OUTPUT_FRAC: u32 = 11;
/// The constant input 1.0 of a step, whose weights are the biases.
pub const ONE: i16 = 1 << ACT_FRAC;
/// Gates of a cell.
pub const GATES: usize = 4;
/// Largest number of factors that a unit stores per step for its gradients.
pub const FACTORS: usize = 6;
/// Pairs of samples of a tile.
pub const TILE_PAIRS: usize = TILE * LANES / 2;

/// Kind of a recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
	/// Long short-term memory.
	Lstm,
	/// Gated recurrent unit.
	Gru,
}

impl CellKind {
	/// Returns the gates that read the input, and the gates that read the last output, each in the order of a [`Cell`].
	pub fn gates(self) -> [&'static [usize]; 2] {
		match self {
			Self::Lstm => [&[0, 1, 2, 3]; 2],
			Self::Gru => [&[0, 1, 3], &[0, 1, 2]],
		}
	}

	/// Returns the encoder of a net that consists of such a cell.
	pub fn encoder(self, cell: Cell) -> Encoder {
		match self {
			Self::Lstm => Encoder::Lstm(cell),
			Self::Gru => Encoder::Gru(cell),
		}
	}
}

/// Shape of a cell, and the constants that its packed weights do not contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellShape {
	/// Kind of the cell.
	pub kind: CellKind,
	/// Number of units.
	pub units: usize,
	/// Channels of a step.
	pub channels: usize,
	/// Steps of a window.
	pub steps: usize,
	/// Requantising shift of sums over the input, in bits. The shift of sums over the last output is the shift of the
	/// packed weights.
	pub input_shift: u32,
	/// Biases of sums over the input, for each group of four rows.
	pub input_bias: Vec<[i32; ROWS]>,
}

impl CellShape {
	/// Returns the shape of a cell in training.
	pub fn new(kind: CellKind, units: usize, channels: usize, steps: usize) -> Self {
		let input_bias = vec![[0; ROWS]; GATES * units.div_ceil(ROWS)];
		Self { kind, units, channels, steps, input_shift: WEIGHT_FRAC + ACT_FRAC - ARGUMENT_FRAC, input_bias }
	}

	/// Returns the requantising shift of sums over the last output of a cell in training, in bits.
	pub fn hidden_shift() -> u32 {
		WEIGHT_FRAC + OUTPUT_FRAC - ARGUMENT_FRAC
	}

	/// Returns the shape and the packed weights of a cell of a net, for windows of `steps` steps.
	pub fn from_cell(kind: CellKind, cell: &Cell, steps: usize) -> (Self, PackedWeights) {
		let mut shape = Self::new(kind, cell.units().into(), cell.input.inputs.into(), steps);
		let mut packed = PackedWeights::new(shape.inputs(), shape.outputs(), cell.hidden.shift.into());
		shape.input_shift = cell.input.shift.into();
		let [input, hidden] = kind.gates();
		for (layer, gates, first) in [(&cell.input, input, shape.hidden()), (&cell.hidden, hidden, 0)] {
			for (at, row) in layer.weights.chunks_exact(layer.inputs.into()).enumerate() {
				let output = shape.row(gates[at / shape.units], at % shape.units);
				row.iter().enumerate().for_each(|(input, weight)| packed.set(output, first + input, *weight));
				let bias = if first > 0 { &mut shape.input_bias } else { &mut packed.bias };
				bias.as_flattened_mut()[output] = layer.bias[at];
			}
		}
		(shape, packed)
	}

	/// Returns the cell of a net that has these packed weights; the inverse of [`CellShape::from_cell`].
	pub fn cell(&self, packed: &PackedWeights) -> Cell {
		let [input, hidden] = self.kind.gates();
		let layer = |gates: &[usize], inputs: Range<usize>, shift: u32, bias: &dyn Fn(usize) -> i32| {
			let rows = || gates.iter().flat_map(|gate| (0..self.units).map(|unit| self.row(*gate, unit)));
			Layer {
				inputs: inputs.len() as u16,
				outputs: (gates.len() * self.units) as u16,
				shift: shift as u8,
				weights: rows().flat_map(|row| inputs.clone().map(move |input| packed.get(row, input))).collect(),
				bias: rows().map(bias).collect(),
			}
		};
		let first = self.hidden();
		let one = |row: usize| i32::from(packed.get(row, first + self.channels)) * i32::from(ONE);
		Cell {
			input: layer(input, first..first + self.channels, self.input_shift, &|row| {
				self.input_bias.as_flattened()[row].wrapping_add(one(row))
			}),
			hidden: layer(hidden, 0..self.units, packed.shift, &|row| packed.bias.as_flattened()[row]),
		}
	}

	/// Returns the number of groups of four units.
	#[inline(always)]
	pub fn unit_groups(&self) -> usize {
		self.units.div_ceil(ROWS)
	}

	/// Returns the number of places that the last output takes in the vector of a step.
	#[inline(always)]
	pub fn hidden(&self) -> usize {
		self.units.next_multiple_of(2 * ROWS)
	}

	/// Returns the length of the vector that a step reads.
	#[inline(always)]
	pub fn inputs(&self) -> usize {
		self.hidden() + self.channels + 1
	}

	/// Returns the number of blocks of sixteen places of that vector.
	#[inline(always)]
	pub fn columns(&self) -> usize {
		self.inputs().div_ceil(LANES)
	}

	/// Returns the number of rows: sums of a step, padding included.
	#[inline(always)]
	pub fn outputs(&self) -> usize {
		GATES * self.unit_groups() * ROWS
	}

	/// Returns the row of gate `gate` of unit `unit`.
	#[inline(always)]
	pub fn row(&self, gate: usize, unit: usize) -> usize {
		gate * self.unit_groups() * ROWS + unit
	}

	/// Returns the columns of blocks in which gate `gate` has weights.
	#[inline(always)]
	pub fn columns_read(&self, gate: usize) -> Range<usize> {
		match (self.kind, gate) {
			(CellKind::Gru, 2) => 0..self.hidden().div_ceil(LANES),
			(CellKind::Gru, 3) => self.hidden() / LANES..self.columns(),
			_ => 0..self.columns(),
		}
	}

	/// Returns `true` if gate `gate` has a weight for place `input` of the vector of a step.
	#[inline(always)]
	pub fn reads(&self, gate: usize, input: usize) -> bool {
		match (self.kind, gate) {
			(CellKind::Gru, 2) => input < self.hidden(),
			(CellKind::Gru, 3) => input >= self.hidden(),
			_ => true,
		}
	}

	/// Returns the bits of the gradient of a state: so few that no sum of products with weights exceeds 32 bits.
	pub fn gradient_bits(&self) -> u32 {
		// The gradients of a unit's gates add up to at most five times 2^bits, and 96 · 5 · 2^11 · 2047 < 2^31.
		11 - self.units.div_ceil(96).next_power_of_two().ilog2()
	}

	/// Returns the bits by which the weight gradient of one step over one tile is shifted right when states have the
	/// largest exponent.
	pub fn sum_shift(&self, tiles: usize) -> u32 {
		// Each gradient is below 2^29, and the sum of all of them below 2^30.
		(self.steps * tiles).next_power_of_two().ilog2().max(2) - 1
	}

	/// Allocates the sums of the weight gradients of a cell, all zero: for each group of four rows, for each column, four blocks.
	pub fn gradient_sums(&self) -> Vec<[Block; ROWS]> {
		vec![[Block::ZERO; ROWS]; GATES * self.unit_groups() * self.columns()]
	}
}

/// Values that a tile of samples stores on its forward pass through a cell, and buffers of the backward pass.
///
/// *Packed* rows hold 16-bit values of two vectors as [`SimdI32::pack_clamped`](crate::simd::SimdI32::pack_clamped) leaves them.
#[derive(Clone, Debug)]
pub struct RnnTape {
	/// `true` if all steps are stored for the gradients.
	pub records: bool,
	/// Vectors that the steps read, samples in lanes, pairs of places.
	pub inputs: Vec<[Block; TILE]>,
	/// Factors of the gradients, packed: for each step, for each factor, for each group of four units, two rows.
	pub factors: Vec<[Block; TILE]>,
	/// State, packed.
	pub state: Vec<[Block; TILE]>,
	/// Gradients of the last output before rounding, one row per unit.
	pub unscaled: Vec<[Block; TILE]>,
	/// Gradients of the state, packed.
	pub carry: Vec<[Block; TILE]>,
	/// Gradients of the gates, samples in lanes, pairs of rows.
	pub gradients: Vec<[Block; TILE]>,
	/// Gradients of the gates in groups of four, pairs of samples.
	pub groups: Vec<[Block; 2 * TILE]>,
	/// Vector that a step reads, as panels: places in lanes, pairs of samples.
	pub panels: Vec<Block>,
}

impl RnnTape {
	/// Allocates a tape for training: all steps are stored.
	pub fn training(shape: &CellShape) -> Self {
		Self::new(shape, true)
	}

	/// Allocates a tape for forward passes alone: two steps are stored in turn.
	pub fn inference(shape: &CellShape) -> Self {
		Self::new(shape, false)
	}

	fn new(shape: &CellShape, records: bool) -> Self {
		let rows = |count: usize| vec![[Block::ZERO; TILE]; count];
		let (pairs, halves) = (shape.columns() * LANES / 2, 2 * shape.unit_groups());
		let recorded = |count: usize| if records { count } else { 0 };
		Self {
			records,
			inputs: rows(pairs * if records { shape.steps + 1 } else { 2 }),
			factors: rows(recorded(shape.steps * FACTORS * halves)),
			state: rows(halves),
			unscaled: rows(recorded(2 * halves)),
			carry: rows(recorded(halves)),
			gradients: rows(recorded(GATES * halves)),
			groups: vec![[Block::ZERO; 2 * TILE]; recorded(GATES * shape.unit_groups())],
			panels: vec![Block::ZERO; recorded(TILE_PAIRS * shape.columns())],
		}
	}
}
