//! 8-bit layouts: four neighbours along the axis that a product sums over share a lane, the lowest byte first.
//!
//! The 8-bit dot product of a processor multiplies unsigned bytes with signed ones. The lane operand is the unsigned one. Where
//! its values may be negative, as inputs of a net and gradients are, [`OFFSET`] is added to them, and the start value of each sum
//! makes up for it.
//!
//! ```text
//!   BatchTilesU8, one block:              GradientGroupsI8, one block:
//!     lane 0            lane 1              lane 0            lane 1                  lane 4
//!   │ n0 n1 n2 n3 (s0) │ n0 n1 n2 n3 (s1) │ s0 s1 s2 s3 (n0) │ s0 s1 s2 s3 (n1) │ … │ s4 s5 s6 s7 (n0) │ …
//!
//!   ActivationPanelsU8, one row:
//!     lane 0            lane 1
//!   │ s0 s1 s2 s3 (n0) │ s0 s1 s2 s3 (n1) │ …
//! ```

use super::{panel_place, Block, BATCH, BATCH_BLOCKS, LANES, ROWS, TILE, TILES};
use crate::ops::lion;

/// Fractional bits of an 8-bit hidden activation, which lies in 0..=255.
pub const ACT_FRAC_U8: u32 = 6;
/// Fractional bits of an 8-bit input of a net, which lies in −128..=127.
pub const INPUT_FRAC_I8: u32 = 5;
/// Bits by which 12-bit inputs are shifted right to become 8-bit inputs.
pub const INPUT_SHIFT: u32 = lion::ACT_FRAC - INPUT_FRAC_I8;
/// Added to a signed 8-bit value to store it as an unsigned byte.
pub const OFFSET: i32 = 128;
/// Groups of four samples in a batch.
pub const SAMPLE_QUADS: usize = BATCH / 4;

/// 8-bit values of a batch with samples in lanes: for each tile of 64 samples, for each four neurons, four blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchTilesU8 {
	/// Groups of four neurons, a multiple of four.
	pub groups: usize,
	/// `TILES · groups` entries of four blocks.
	pub blocks: Vec<[Block; TILE]>,
}

impl BatchTilesU8 {
	/// Allocates zeros for `neurons` neurons.
	pub fn new(neurons: usize) -> Self {
		let groups = neurons.next_multiple_of(LANES) / ROWS;
		Self { groups, blocks: vec![[Block::ZERO; TILE]; TILES * groups] }
	}

	/// Returns all groups of neurons of tile `tile`.
	#[inline(always)]
	pub fn tile(&self, tile: usize) -> &[[Block; TILE]] {
		&self.blocks[tile * self.groups..(tile + 1) * self.groups]
	}

	/// Returns all groups of neurons of tile `tile`.
	#[inline(always)]
	pub fn tile_mut(&mut self, tile: usize) -> &mut [[Block; TILE]] {
		&mut self.blocks[tile * self.groups..(tile + 1) * self.groups]
	}

	/// Returns the value of a neuron for a sample.
	#[inline]
	pub fn get(&self, neuron: usize, sample: usize) -> u8 {
		let (tile, block) = (sample / (TILE * LANES), sample / LANES % TILE);
		self.tile(tile)[neuron / ROWS][block].byte(sample % LANES, neuron % ROWS)
	}

	/// Replaces the value of a neuron for a sample.
	#[inline]
	pub fn set(&mut self, neuron: usize, sample: usize, value: u8) {
		let (tile, block) = (sample / (TILE * LANES), sample / LANES % TILE);
		self.tile_mut(tile)[neuron / ROWS][block].set_byte(sample % LANES, neuron % ROWS, value);
	}
}

/// 8-bit values of a batch with neurons in lanes: panels as those of [`ActivationPanels`](super::ActivationPanels), each with one
/// row per four samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationPanelsU8 {
	/// Blocks of sixteen neurons.
	pub columns: usize,
	/// `SAMPLE_QUADS · columns` entries.
	pub blocks: Vec<Block>,
}

impl ActivationPanelsU8 {
	/// Allocates zeros for `neurons` neurons.
	pub fn new(neurons: usize) -> Self {
		let columns = neurons.div_ceil(LANES);
		Self { columns, blocks: vec![Block::ZERO; SAMPLE_QUADS * columns] }
	}

	/// Returns the index of the first row of block `column`, and the distance between its rows in blocks.
	#[inline(always)]
	pub fn place(&self, column: usize) -> (usize, usize) {
		panel_place(self.columns, column, SAMPLE_QUADS)
	}

	/// Returns the value of a neuron for a sample.
	#[inline]
	pub fn get(&self, neuron: usize, sample: usize) -> u8 {
		let (first, stride) = self.place(neuron / LANES);
		self.blocks[first + sample / 4 * stride].byte(neuron % LANES, sample % 4)
	}

	/// Replaces the value of a neuron for a sample.
	#[inline]
	pub fn set(&mut self, neuron: usize, sample: usize, value: u8) {
		let (first, stride) = self.place(neuron / LANES);
		self.blocks[first + sample / 4 * stride].set_byte(neuron % LANES, sample % 4, value);
	}
}

/// Signed 8-bit gradients of a batch in groups of four neurons, each of one block per sixteen samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradientGroupsI8 {
	/// [`BATCH_BLOCKS`] entries per group.
	pub blocks: Vec<Block>,
}

impl GradientGroupsI8 {
	/// Allocates zeros for `neurons` neurons.
	pub fn new(neurons: usize) -> Self {
		Self { blocks: vec![Block::ZERO; neurons.div_ceil(ROWS) * BATCH_BLOCKS] }
	}

	/// Returns the value of a neuron for a sample.
	#[inline]
	pub fn get(&self, neuron: usize, sample: usize) -> i8 {
		let block = &self.blocks[neuron / ROWS * BATCH_BLOCKS + sample / LANES];
		block.byte(sample % LANES / 4 * ROWS + neuron % ROWS, sample % 4) as i8
	}

	/// Replaces the value of a neuron for a sample.
	#[inline]
	pub fn set(&mut self, neuron: usize, sample: usize, value: i8) {
		let block = &mut self.blocks[neuron / ROWS * BATCH_BLOCKS + sample / LANES];
		block.set_byte(sample % LANES / 4 * ROWS + neuron % ROWS, sample % 4, value as u8);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_value_has_a_place_of_its_own() {
		for neurons in [1, 16, 97, 113] {
			let value = |neuron: usize, sample: usize| (neuron * 7 + sample * 31 + neuron * sample) as u8;
			let (mut tiles, mut panels) = (BatchTilesU8::new(neurons), ActivationPanelsU8::new(neurons));
			let mut groups = GradientGroupsI8::new(neurons);
			for neuron in 0..neurons {
				for sample in 0..BATCH {
					tiles.set(neuron, sample, value(neuron, sample));
					panels.set(neuron, sample, value(neuron, sample));
					groups.set(neuron, sample, value(neuron, sample) as i8);
				}
			}
			for neuron in 0..neurons {
				for sample in 0..BATCH {
					let expected = value(neuron, sample);
					assert_eq!(tiles.get(neuron, sample), expected);
					assert_eq!(panels.get(neuron, sample), expected);
					assert_eq!(groups.get(neuron, sample), expected as i8);
				}
			}
		}
	}
}
