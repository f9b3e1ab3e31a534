//! Every back-end against the references, and the references against the arithmetic of the chain.
//!
//! A fixed set of random cases runs always. The large sets, of 100 000 dense layers and thousands of everything else, run by
//! `cargo test --release -p doin-kernels -- --ignored`.

mod classes;
mod conv1d;
mod dots;
mod gather;
mod gemm;
mod gemm_i8;
mod genome;
mod random_genome;
mod rnn;
mod small;

use crate::{layout::*, Backend};
use doin_scoring::{model::MAX_ACT, philox::Stream, Layer};

/// Random numbers of one case.
pub struct Random(Stream);

impl Random {
	pub fn new(purpose: u32, case: u64) -> Self {
		Self(Stream::new(&[3; 32], 1_000 + purpose, case))
	}

	/// Returns a number from `least` to `most`.
	pub fn within(&mut self, least: i64, most: i64) -> i64 {
		least + i64::from(self.0.below((most - least + 1) as u32))
	}

	/// Returns a number within ±`limit`, often an extreme one or zero.
	pub fn value(&mut self, limit: i32) -> i32 {
		match self.0.below(12) {
			0 => limit,
			1 => -limit,
			2 => 0,
			_ => self.within(-i64::from(limit), limit.into()) as i32,
		}
	}

	/// Returns any accumulator, often an extreme one.
	pub fn sum(&mut self) -> i32 {
		match self.0.below(8) {
			0 => i32::MAX,
			1 => i32::MIN,
			2 => self.value(3),
			_ => self.0.next_u32() as i32 >> self.0.below(31),
		}
	}

	pub fn layer(&mut self, inputs: usize, outputs: usize) -> Layer {
		Layer {
			inputs: inputs as u16,
			outputs: outputs as u16,
			shift: self.within(1, 24) as u8,
			weights: (0..inputs * outputs).map(|_| self.value(MAX_ACT) as i16).collect(),
			bias: (0..outputs).map(|_| self.sum()).collect(),
		}
	}

	/// Returns tiles of `neurons` neurons within `least` to 2047.
	pub fn tiles(&mut self, neurons: usize, least: i32, samples: usize) -> BatchTiles {
		let mut tiles = BatchTiles::new(neurons);
		for neuron in 0..neurons {
			for sample in 0..samples {
				tiles.set(neuron, sample, self.value(MAX_ACT).max(least) as i16);
			}
		}
		tiles
	}

	/// Returns batch rows of any accumulators.
	pub fn rows(&mut self, neurons: usize) -> Vec<Block> {
		let mut rows = batch_rows(neurons);
		for block in &mut rows[..neurons * BATCH_BLOCKS] {
			block.0.iter_mut().for_each(|lane| *lane = self.sum());
		}
		rows
	}
}

/// Returns the back-ends that are compared with the references.
pub fn others() -> impl Iterator<Item = Backend> {
	Backend::available().into_iter().filter(|backend| *backend != Backend::SCALAR)
}
