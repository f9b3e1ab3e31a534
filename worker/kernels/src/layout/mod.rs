//! Memory layouts of the operands that every back-end reads and writes.
//!
//! A batch has [`BATCH`] samples. A 32-bit lane holds two neighbours along the axis that a product sums over, the low half first,
//! because the 16-bit dot product of a processor multiplies such pairs. Sixteen lanes are one [`Block`] of 64 bytes. The 8-bit
//! layouts put four neighbours into a lane instead of two. Padding is zero and changes no sum.
//!
//! A product has two operands: a *lane operand*, whose blocks are loaded, and a *broadcast operand*, of which one lane at a time
//! is copied to all lanes of a register. This is the register tiling of Goto & van de Geijn, "Anatomy of high-performance matrix
//! multiplication" (2008): four broadcast rows times four lane vectors keep sixteen accumulators in registers.
//!
//! ```text
//!                      sums over      lane operand            broadcast operand
//!   forward            inputs         BatchTiles              PackedWeights
//!   input gradient     outputs        BatchTiles              backward weights of a TrainableLayer
//!   weight gradient    samples        ActivationPanels        GradientGroups
//! ```
//!
//! | layout | lanes | a lane holds | file |
//! |---|---|---|---|
//! | [`BatchTiles`] | 16 samples | 2 neurons | `tiles.rs` |
//! | [`ActivationPanels`] | 16 neurons | 2 samples | `panels.rs` |
//! | [`GradientGroups`] | 4 neurons × 4 pairs of samples | 2 samples | `groups.rs` |
//! | [`PackedWeights`] | 4 outputs × 4 pairs of inputs | 2 inputs | `weights.rs` |
//! | [batch rows](batch_rows) | 16 samples | 1 accumulator or target | this file |
//! | [`BatchTilesU8`], [`ActivationPanelsU8`], [`GradientGroupsI8`] | as above | 4 bytes | `bytes.rs` |
//! | [`WeightsI8`] | as above | 4 bytes | `weights_i8.rs` |
//!
//! [`StepMajorShape`] and [`ConvGeometry`] place the steps and channels of a convolution, [`CellShape`] and [`RnnTape`] the gates
//! of a recurrent cell, and [`WindowGather`] names the windows of a series that are loaded.

mod bytes;
mod groups;
mod panels;
mod rnn;
mod steps;
mod tiles;
mod weights;
mod weights_i8;
mod windows;

pub use bytes::{
	ActivationPanelsU8, BatchTilesU8, GradientGroupsI8, ACT_FRAC_U8, INPUT_FRAC_I8, INPUT_SHIFT, OFFSET, SAMPLE_QUADS,
};
pub use groups::{GradientGroups, GROUP_BLOCKS};
pub use panels::{panel_place, panel_width, ActivationPanels, MAX_PANEL, SAMPLE_PAIRS};
pub use rnn::{CellKind, CellShape, RnnTape, FACTORS, GATES, ONE, OUTPUT_FRAC, TILE_PAIRS};
pub use steps::{padded_channels, ConvGeometry, StepMajorShape};
pub use tiles::BatchTiles;
pub use weights::{BackwardWeights, PackedWeights, TrainableLayer};
pub use weights_i8::{next_gradient_shift, round_weight_i8, LayerInputs, WeightsI8, FIRST_GRADIENT_SHIFT, WEIGHT_FRAC_I8};
pub use windows::WindowGather;

use doin_scoring::math::round_shift_i32;

/// Samples of a batch. 256 is the largest number that keeps gradient sums and momenta within `i32`.
pub const BATCH: usize = 256;
/// 32-bit lanes of a [`Block`].
pub const LANES: usize = 16;
/// Blocks of samples in a tile, which are multiplied together.
pub const TILE: usize = 4;
/// Tiles of 64 samples in a batch.
pub const TILES: usize = BATCH / (TILE * LANES);
/// Rows of the broadcast operand that are multiplied together.
pub const ROWS: usize = 4;
/// Blocks of samples in a batch.
pub const BATCH_BLOCKS: usize = BATCH / LANES;

/// Sixteen 32-bit lanes, aligned to one AVX-512 register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Block(pub [i32; LANES]);

impl Block {
	/// A block of zeros.
	pub const ZERO: Self = Self([0; LANES]);

	/// Returns half `half` (0 is the low one) of lane `lane`.
	#[inline]
	pub fn get(&self, lane: usize, half: usize) -> i16 {
		(self.0[lane] >> (16 * half)) as i16
	}

	/// Replaces half `half` of lane `lane`.
	#[inline]
	pub fn set(&mut self, lane: usize, half: usize, value: i16) {
		let shift = 16 * half;
		self.0[lane] = self.0[lane] & !(0xffff << shift) | i32::from(value as u16) << shift;
	}

	/// Returns byte `at` (0 is the lowest one) of lane `lane`.
	#[inline]
	pub fn byte(&self, lane: usize, at: usize) -> u8 {
		(self.0[lane] >> (8 * at)) as u8
	}

	/// Replaces byte `at` of lane `lane`.
	#[inline]
	pub fn set_byte(&mut self, lane: usize, at: usize, value: u8) {
		let shift = 8 * at;
		self.0[lane] = self.0[lane] & !(0xff << shift) | i32::from(value) << shift;
	}
}

/// Allocates batch rows: one `i32` per sample for each of `neurons` neurons, [`BATCH_BLOCKS`] blocks per neuron, padded with
/// zeros to whole groups of four rows. Accumulators of a last layer and targets have this layout.
///
/// ```text
///            block 0            block 1                 block 15
///   row 0  │ s0 s1 … s15 │ s16 s17 … s31 │ … │ s240 … s255 │      neuron 0
///   row 1  │ s0 s1 … s15 │ …                                      neuron 1
/// ```
pub fn batch_rows(neurons: usize) -> Vec<Block> {
	vec![Block::ZERO; neurons.next_multiple_of(ROWS) * BATCH_BLOCKS]
}

/// Returns the value of sample `sample` in row `row` of [batch rows](batch_rows).
#[inline]
pub fn row_value(rows: &[Block], row: usize, sample: usize) -> i32 {
	rows[row * BATCH_BLOCKS + sample / LANES].0[sample % LANES]
}

/// Returns the place of sample `sample` in row `row` of [batch rows](batch_rows).
#[inline]
pub fn row_value_mut(rows: &mut [Block], row: usize, sample: usize) -> &mut i32 {
	&mut rows[row * BATCH_BLOCKS + sample / LANES].0[sample % LANES]
}

/// Accumulators of a layer as batch rows, with the shift that makes them outputs.
#[derive(Clone, Copy, Debug)]
pub struct LayerSums<'a> {
	/// Accumulators of the layer, as batch rows.
	pub sums: &'a [Block],
	/// Requantising shift, in 1..=24 bits.
	pub shift: u32,
}

impl LayerSums<'_> {
	/// Returns the requantised output in row `row` for sample `sample`.
	#[inline]
	pub fn output(&self, row: usize, sample: usize) -> i32 {
		round_shift_i32(row_value(self.sums, row, sample), self.shift)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_value_has_a_place_of_its_own() {
		for neurons in [1, 16, 97, 113, 208] {
			let value = |neuron: usize, sample: usize| (neuron * BATCH + sample) as i16;
			let (mut tiles, mut panels) = (BatchTiles::new(neurons), ActivationPanels::new(neurons));
			let mut groups = GradientGroups::new(neurons);
			for neuron in 0..neurons {
				for sample in 0..BATCH {
					tiles.set(neuron, sample, value(neuron, sample));
					panels.set(neuron, sample, value(neuron, sample));
					groups.set(neuron, sample, value(neuron, sample));
				}
			}
			for neuron in 0..neurons {
				for sample in 0..BATCH {
					let expected = value(neuron, sample);
					assert_eq!(tiles.get(neuron, sample), expected);
					assert_eq!(panels.get(neuron, sample), expected);
					assert_eq!(groups.get(neuron, sample), expected);
				}
			}
		}
	}
}
