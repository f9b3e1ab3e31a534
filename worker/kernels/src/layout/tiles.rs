//! Batch tiles: samples in lanes.
//!
//! Forward passes and input gradients read this layout. Outputs of a forward pass are written in it, so no transposition lies
//! between layers.
//!
//! ```text
//!   blocks[tile · pairs + pair][c]                samples 64·tile + 16·c … + 15, neurons n = 2·pair and n + 1
//!
//!     lane 0        lane 1              lane 15
//!   ┌──────┬──────┬──────┬──────┬─────┬──────┬──────┐
//!   │ n s0 │n+1 s0│ n s1 │n+1 s1│  …  │n s15 │n+1 s15│      16 bits each, low half first
//!   └──────┴──────┴──────┴──────┴─────┴──────┴──────┘
//!
//!   one tile:          c = 0      c = 1      c = 2      c = 3
//!     pair 0         │ s0…15  │  s16…31 │  s32…47 │  s48…63 │    neurons 0, 1
//!     pair 1         │ s0…15  │  s16…31 │  s32…47 │  s48…63 │    neurons 2, 3
//!     …
//! ```

use super::{Block, LANES, TILE, TILES};

/// 16-bit values of a batch with samples in lanes: for each tile of 64 samples, for each pair of neurons, four blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchTiles {
	/// Pairs of neurons, a multiple of eight.
	pub pairs: usize,
	/// `TILES · pairs` entries of four blocks.
	pub blocks: Vec<[Block; TILE]>,
}

impl BatchTiles {
	/// Allocates zeros for `neurons` neurons.
	pub fn new(neurons: usize) -> Self {
		let pairs = neurons.next_multiple_of(LANES) / 2;
		Self { pairs, blocks: vec![[Block::ZERO; TILE]; TILES * pairs] }
	}

	/// Returns all pairs of neurons of tile `tile`.
	#[inline(always)]
	pub fn tile(&self, tile: usize) -> &[[Block; TILE]] {
		&self.blocks[tile * self.pairs..(tile + 1) * self.pairs]
	}

	/// Returns all pairs of neurons of tile `tile`.
	#[inline(always)]
	pub fn tile_mut(&mut self, tile: usize) -> &mut [[Block; TILE]] {
		&mut self.blocks[tile * self.pairs..(tile + 1) * self.pairs]
	}

	/// Returns the value of a neuron for a sample.
	#[inline]
	pub fn get(&self, neuron: usize, sample: usize) -> i16 {
		let (tile, block) = (sample / (TILE * LANES), sample / LANES % TILE);
		self.tile(tile)[neuron / 2][block].get(sample % LANES, neuron % 2)
	}

	/// Replaces the value of a neuron for a sample.
	#[inline]
	pub fn set(&mut self, neuron: usize, sample: usize, value: i16) {
		let (tile, block) = (sample / (TILE * LANES), sample / LANES % TILE);
		self.tile_mut(tile)[neuron / 2][block].set(sample % LANES, neuron % 2, value);
	}

	/// Returns the values of the first `samples` samples by sample: one row of `neurons` neurons each.
	pub fn by_sample(&self, neurons: usize, samples: usize) -> Vec<i16> {
		let row = |sample: usize| (0..neurons).map(move |neuron| self.get(neuron, sample));
		(0..samples).flat_map(row).collect()
	}

	/// Replaces the values of the first samples by `values`, one row of `neurons` neurons per sample.
	pub fn set_by_sample(&mut self, neurons: usize, values: &[i16]) {
		for (sample, row) in values.chunks_exact(neurons.max(1)).enumerate() {
			row.iter().enumerate().for_each(|(neuron, value)| self.set(neuron, sample, *value));
		}
	}
}
