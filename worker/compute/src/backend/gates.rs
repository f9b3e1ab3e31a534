//! How gated cells lie in memory.
//!
//! A step of a cell reads one vector: its last output, padded to a multiple of eight units, then the channels of the step, then a one that
//! carries the biases. So weights from all three lie in one layer, row by row: all units of a first kind of gate, padded to a multiple of
//! four, then all of a second kind, and so on.
//!
//! | | kinds |
//! |---|---|
//! | LSTM | input, forget, candidate, output |
//! | GRU | reset, update, candidate from the last output, candidate from the input |
//!
//! The two candidates of a GRU are different sums, so the weights of the one from the input, and those to the other, are zero.

use super::layout::{Block, Packed, LANES, ROWS, TILE};
use crate::lion::{ACT_FRAC, WEIGHT_FRAC};
use doin_scoring::{activation::ARGUMENT_FRAC, Cell, Encoder, Layer};

/// Fractional bits of an output.
pub const OUTPUT_FRAC: u32 = 11;
/// What a step reads as one.
pub const ONE: i16 = 1 << ACT_FRAC;
/// Kinds of gates.
pub const KINDS: usize = 4;
/// Numbers that a unit keeps of a step for its gradients, at most.
pub const FACTORS: usize = 6;
/// Pairs of samples of a tile.
pub const TILE_PAIRS: usize = TILE * LANES / 2;

/// Which cell it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	/// A long short-term memory.
	Lstm,
	/// A gated recurrent unit.
	Gru,
}

impl Kind {
	/// The kinds of gates that read the input, and those that read the last output, in the order of a [`Cell`].
	pub fn gates(self) -> [&'static [usize]; 2] {
		match self {
			Self::Lstm => [&[0, 1, 2, 3]; 2],
			Self::Gru => [&[0, 1, 3], &[0, 1, 2]],
		}
	}

	/// The encoder that is such a cell.
	pub fn encoder(self, cell: Cell) -> Encoder {
		match self {
			Self::Lstm => Encoder::Lstm(cell),
			Self::Gru => Encoder::Gru(cell),
		}
	}
}

/// The shape of a cell, and what its packed weights lack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
	/// Which cell it is.
	pub kind: Kind,
	/// Units.
	pub units: usize,
	/// Numbers that it reads in each step.
	pub channels: usize,
	/// Steps of a window.
	pub steps: usize,
	/// Requantising shift of what is read from the input; that of the last output is the one of the packed weights.
	pub input_shift: u32,
	/// Biases of what is read from the input, for each group of four gates.
	pub input_bias: Vec<[i32; ROWS]>,
}

impl Shape {
	/// The shape of a cell in training.
	pub fn new(kind: Kind, units: usize, channels: usize, steps: usize) -> Self {
		let input_bias = vec![[0; ROWS]; KINDS * units.div_ceil(ROWS)];
		Self { kind, units, channels, steps, input_shift: WEIGHT_FRAC + ACT_FRAC - ARGUMENT_FRAC, input_bias }
	}

	/// Requantising shift of what a cell in training reads from its last output.
	pub fn hidden_shift() -> u32 {
		WEIGHT_FRAC + OUTPUT_FRAC - ARGUMENT_FRAC
	}

	/// A cell of a net, for windows of `steps` steps, and its packed weights.
	pub fn from_cell(kind: Kind, cell: &Cell, steps: usize) -> (Self, Packed) {
		let mut shape = Self::new(kind, cell.units().into(), cell.input.inputs.into(), steps);
		let mut packed = Packed::new(shape.inputs(), shape.outputs(), cell.hidden.shift.into());
		shape.input_shift = cell.input.shift.into();
		let [input, hidden] = kind.gates();
		for (layer, kinds, first) in [(&cell.input, input, shape.hidden()), (&cell.hidden, hidden, 0)] {
			for (at, row) in layer.weights.chunks_exact(layer.inputs.into()).enumerate() {
				let output = shape.row(kinds[at / shape.units], at % shape.units);
				row.iter().enumerate().for_each(|(input, weight)| packed.set(output, first + input, *weight));
				let bias = if first > 0 { &mut shape.input_bias } else { &mut packed.bias };
				bias.as_flattened_mut()[output] = layer.bias[at];
			}
		}
		(shape, packed)
	}

	/// The cell of packed weights.
	pub fn cell(&self, packed: &Packed) -> Cell {
		let [input, hidden] = self.kind.gates();
		let layer = |kinds: &[usize], inputs: std::ops::Range<usize>, shift: u32, bias: &dyn Fn(usize) -> i32| {
			let rows = || kinds.iter().flat_map(|kind| (0..self.units).map(|unit| self.row(*kind, unit)));
			Layer {
				inputs: inputs.len() as u16,
				outputs: (kinds.len() * self.units) as u16,
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

	/// Groups of four units.
	#[inline(always)]
	pub fn quads(&self) -> usize {
		self.units.div_ceil(ROWS)
	}

	/// Places of the last output in what a step reads.
	#[inline(always)]
	pub fn hidden(&self) -> usize {
		self.units.next_multiple_of(2 * ROWS)
	}

	/// Numbers that a step reads.
	#[inline(always)]
	pub fn inputs(&self) -> usize {
		self.hidden() + self.channels + 1
	}

	/// Blocks of sixteen of them.
	#[inline(always)]
	pub fn columns(&self) -> usize {
		self.inputs().div_ceil(LANES)
	}

	/// Sums of a step.
	#[inline(always)]
	pub fn outputs(&self) -> usize {
		KINDS * self.quads() * ROWS
	}

	/// The row of a gate.
	#[inline(always)]
	pub fn row(&self, kind: usize, unit: usize) -> usize {
		kind * self.quads() * ROWS + unit
	}

	/// The columns in which a kind of gate has weights.
	#[inline(always)]
	pub fn read(&self, kind: usize) -> std::ops::Range<usize> {
		match (self.kind, kind) {
			(Kind::Gru, 2) => 0..self.hidden().div_ceil(LANES),
			(Kind::Gru, 3) => self.hidden() / LANES..self.columns(),
			_ => 0..self.columns(),
		}
	}

	/// Whether a kind of gate reads place `input`.
	#[inline(always)]
	pub fn reads(&self, kind: usize, input: usize) -> bool {
		match (self.kind, kind) {
			(Kind::Gru, 2) => input < self.hidden(),
			(Kind::Gru, 3) => input >= self.hidden(),
			_ => true,
		}
	}

	/// Bits of the gradient of a state: so few that no sum of its products with weights leaves 32 bits.
	pub fn gradient_bits(&self) -> u32 {
		// The gradients of a unit's gates add up to at most five times 2^bits, and 96 · 5 · 2^11 · 2047 < 2^31.
		11 - self.units.div_ceil(96).next_power_of_two().ilog2()
	}

	/// Bits by which the gradient of a weight in one step, over one tile, is shifted right when states have the largest exponent.
	pub fn sum_shift(&self, tiles: usize) -> u32 {
		// Each is below 2^29, and the sum of all of them below 2^30.
		(self.steps * tiles).next_power_of_two().ilog2().max(2) - 1
	}
}

/// What a tile of samples leaves behind on its way through a cell.
#[derive(Clone, Debug)]
pub struct Trace {
	/// Whether all steps are kept for the gradients.
	pub learns: bool,
	/// What each step reads, samples in lanes: pairs.
	pub inputs: Vec<[Block; TILE]>,
	/// What each step keeps, packed: for each factor, for each group of four units, two rows.
	pub factors: Vec<[Block; TILE]>,
	/// State, packed.
	pub state: Vec<[Block; TILE]>,
	/// Gradients of the last output before rounding, one row per unit.
	pub raw: Vec<[Block; TILE]>,
	/// Gradients of the state, packed.
	pub carry: Vec<[Block; TILE]>,
	/// Gradients of the gates, samples in lanes: pairs.
	pub gradients: Vec<[Block; TILE]>,
	/// The same in groups of four, pairs of samples.
	pub groups: Vec<[Block; 2 * TILE]>,
	/// What a step reads, in panels: places in lanes, pairs of samples.
	pub panels: Vec<Block>,
}

impl Trace {
	/// Room for a cell of `shape`, all zero.
	pub fn new(shape: &Shape, learns: bool) -> Self {
		let rows = |count: usize| vec![[Block::ZERO; TILE]; count];
		let (pairs, halves) = (shape.columns() * LANES / 2, 2 * shape.quads());
		let learned = |count: usize| if learns { count } else { 0 };
		Self {
			learns,
			inputs: rows(pairs * if learns { shape.steps + 1 } else { 2 }),
			factors: rows(learned(shape.steps * FACTORS * halves)),
			state: rows(halves),
			raw: rows(learned(2 * halves)),
			carry: rows(learned(halves)),
			gradients: rows(learned(KINDS * halves)),
			groups: vec![[Block::ZERO; 2 * TILE]; learned(KINDS * shape.quads())],
			panels: vec![Block::ZERO; learned(TILE_PAIRS * shape.columns())],
		}
	}
}

/// Sums of gradients of the weights of a cell: for each group of four gates, for each column, four blocks.
pub fn sums(shape: &Shape) -> Vec<[Block; ROWS]> {
	vec![[Block::ZERO; ROWS]; KINDS * shape.quads() * shape.columns()]
}
