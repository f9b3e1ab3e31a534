//! Activation panels: neurons in lanes.
//!
//! Weight gradients sum over samples, so they read activations in this layout. A panel is up to [`MAX_PANEL`] blocks wide and
//! stays in the nearest cache while all groups of gradients are multiplied with it.
//!
//! ```text
//!   a panel of two blocks of neurons:
//!
//!                      block 0 (neurons 0…15)        block 1 (neurons 16…31)
//!     samples 0, 1   │ n0 s0s1 │ n1 s0s1 │ … │     │ n16 s0s1 │ n17 s0s1 │ … │
//!     samples 2, 3   │ n0 s2s3 │ n1 s2s3 │ … │     │ n16 s2s3 │ …
//!     …                 128 rows, stored row by row
//! ```

use super::{Block, BATCH, LANES};

/// Pairs of samples in a batch.
pub const SAMPLE_PAIRS: usize = BATCH / 2;
/// Widest panel, in blocks: it takes 32 KiB, and with four rows of gradients its accumulators fill half the registers of AVX-512.
pub const MAX_PANEL: usize = 4;

/// 16-bit values of a batch with neurons in lanes: panels of up to [`MAX_PANEL`] blocks, each with one row per pair of samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationPanels {
	/// Blocks of sixteen neurons.
	pub columns: usize,
	/// `SAMPLE_PAIRS · columns` entries.
	pub blocks: Vec<Block>,
}

/// Returns the width of the panels of `columns` blocks of neurons, in blocks. The last panel may be narrower.
#[inline(always)]
pub fn panel_width(columns: usize) -> usize {
	columns.div_ceil(columns.div_ceil(MAX_PANEL))
}

/// Returns the index of the first row of block `column`, and the distance between its rows in blocks, in panels of `columns`
/// blocks and `rows` rows.
#[inline(always)]
pub fn panel_place(columns: usize, column: usize, rows: usize) -> (usize, usize) {
	let width = panel_width(columns);
	let first = column / width * width;
	(first * rows + column - first, width.min(columns - first))
}

impl ActivationPanels {
	/// Allocates zeros for `neurons` neurons.
	pub fn new(neurons: usize) -> Self {
		let columns = neurons.div_ceil(LANES);
		Self { columns, blocks: vec![Block::ZERO; SAMPLE_PAIRS * columns] }
	}

	/// Returns the index of the first row of block `column`, and the distance between its rows in blocks.
	#[inline(always)]
	pub fn place(&self, column: usize) -> (usize, usize) {
		panel_place(self.columns, column, SAMPLE_PAIRS)
	}

	/// Returns the value of a neuron for a sample.
	#[inline]
	pub fn get(&self, neuron: usize, sample: usize) -> i16 {
		let (first, stride) = self.place(neuron / LANES);
		self.blocks[first + sample / 2 * stride].get(neuron % LANES, sample % 2)
	}

	/// Replaces the value of a neuron for a sample.
	#[inline]
	pub fn set(&mut self, neuron: usize, sample: usize, value: i16) {
		let (first, stride) = self.place(neuron / LANES);
		self.blocks[first + sample / 2 * stride].set(neuron % LANES, sample % 2, value);
	}
}
