//! Searches that learn nothing: points drawn at random, and points of a Sobol sequence. They are what other algorithms are compared with.

use crate::{algorithm::Algorithm, memory::Memory, Individual, SearchError, Space, Trial};
use serde::{Deserialize, Serialize};

/// Number of points of a Sobol sequence before the next one begins.
const SEQUENCE: u64 = 1 << 16;
/// Most genes of a Sobol sequence.
const MOST_GENES: usize = 256;

/// Way in which points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sequence {
	/// Each point is drawn uniformly, independently of all others.
	Random,
	/// Points of a Sobol sequence with Owen's scrambling, which fill the space evenly (Burley 2020).
	Sobol,
}

/// Configuration of a search that learns nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplerConfig {
	/// Way in which points are drawn.
	pub sequence: Sequence,
	/// Seed of the random stream.
	pub seed: u64,
}

/// A search that learns nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sampler {
	config: SamplerConfig,
	memory: Memory,
	/// Number of points of Sobol sequences that were drawn.
	drawn: u64,
	/// Number of trials that were told.
	told: usize,
}

impl Sampler {
	/// Returns a search of `space`.
	///
	/// # Errors
	/// Returns [`SearchError::Config`] if a Sobol sequence has fewer dimensions than the space.
	pub fn new(space: Space, config: SamplerConfig) -> Result<Self, SearchError> {
		let genes = space.genes().len();
		if config.sequence == Sequence::Sobol && genes > MOST_GENES {
			return Err(SearchError::Config { field: "genes", value: genes, expected: "at most 256 for a Sobol sequence" });
		}
		Ok(Self { memory: Memory::new(space, config.seed), config, drawn: 0, told: 0 })
	}

	/// Returns a point that was not asked or told before.
	fn draw(&mut self) -> Option<Vec<i64>> {
		let Self { memory, config, drawn, .. } = self;
		match config.sequence {
			Sequence::Random => memory.fresh(|space, random| space.sample(random)),
			Sequence::Sobol => memory.fresh(|space, _| {
				let point = sobol(*drawn, space.genes().len(), config.seed);
				*drawn += 1;
				space.at_positions(&point)
			}),
		}
	}
}

/// Returns the positions of point `number` of the Sobol sequences of `seed`.
fn sobol(number: u64, genes: usize, seed: u64) -> Vec<u32> {
	let scrambling = (seed ^ (seed >> 32) ^ (number / SEQUENCE)) as u32;
	let share = |gene| sobol_burley::sample((number % SEQUENCE) as u32, gene, scrambling);
	(0..genes as u32).map(|gene| (f64::from(share(gene)) * 4_294_967_296.0) as u32).collect()
}

impl Algorithm for Sampler {
	type Config = SamplerConfig;

	fn label(&self) -> &'static str {
		match self.config.sequence {
			Sequence::Random => "random",
			Sequence::Sobol => "sobol",
		}
	}

	fn config(&self) -> &SamplerConfig {
		&self.config
	}

	fn memory(&self) -> &Memory {
		&self.memory
	}

	fn memory_mut(&mut self) -> &mut Memory {
		&mut self.memory
	}

	fn draw_trial(&mut self) -> Option<Trial> {
		self.draw().map(Trial::whole)
	}

	fn take(&mut self, _individual: Individual, _divisor: u32, _is_best: bool) {
		self.told += 1;
	}

	fn correct(&mut self, _individual: &Individual, _divisor: u32) -> bool {
		false
	}

	fn join(&mut self, _individual: Individual, _is_best: bool) {}

	fn generations(&self) -> usize {
		self.told
	}

	fn breeding(&self) -> Vec<&Individual> {
		Vec::new()
	}

	fn living(&self) -> Vec<(&Individual, u32)> {
		Vec::new()
	}
}
