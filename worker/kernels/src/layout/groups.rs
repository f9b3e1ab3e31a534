//! Gradient groups: the broadcast operand of weight gradients.
//!
//! ```text
//!   one block of a group of neurons n … n + 3:
//!
//!     lane   0         1         2         3       │  4         5       …  │ 12 … 15
//!          n s0s1   n+1 s0s1  n+2 s0s1  n+3 s0s1   │ n s2s3   n+1 s2s3  …  │ n s6s7 …
//!
//!   32 blocks make the 256 samples of a group
//! ```

use super::{ActivationPanels, Block, ROWS, SAMPLE_PAIRS};

/// Blocks of a group of four neurons.
pub const GROUP_BLOCKS: usize = SAMPLE_PAIRS / 4;

/// 16-bit gradients of a batch in groups of four neurons, each of [`GROUP_BLOCKS`] blocks of four pairs of samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradientGroups {
	/// [`GROUP_BLOCKS`] entries per group.
	pub blocks: Vec<Block>,
}

impl GradientGroups {
	/// Allocates zeros for `neurons` neurons.
	pub fn new(neurons: usize) -> Self {
		Self { blocks: vec![Block::ZERO; neurons.div_ceil(ROWS) * GROUP_BLOCKS] }
	}

	/// Copies the neurons of `panels`, whole blocks of sixteen of them.
	pub fn copy_from_panels(&mut self, panels: &ActivationPanels) {
		for (group, blocks) in self.blocks.as_chunks_mut::<GROUP_BLOCKS>().0.iter_mut().enumerate() {
			let (first, stride) = panels.place(group / ROWS);
			let rows = panels.blocks[first..].iter().step_by(stride);
			for (to, row) in blocks.iter_mut().flat_map(|block| block.0.as_chunks_mut::<ROWS>().0).zip(rows) {
				to.copy_from_slice(&row.0[group % ROWS * ROWS..][..ROWS]);
			}
		}
	}

	/// Returns the value of a neuron for a sample.
	#[inline]
	pub fn get(&self, neuron: usize, sample: usize) -> i16 {
		let pair = sample / 2;
		self.blocks[neuron / ROWS * GROUP_BLOCKS + pair / 4].get(pair % 4 * ROWS + neuron % ROWS, sample % 2)
	}

	/// Replaces the value of a neuron for a sample.
	#[inline]
	pub fn set(&mut self, neuron: usize, sample: usize, value: i16) {
		let pair = sample / 2;
		self.blocks[neuron / ROWS * GROUP_BLOCKS + pair / 4].set(pair % 4 * ROWS + neuron % ROWS, sample % 2, value);
	}
}
