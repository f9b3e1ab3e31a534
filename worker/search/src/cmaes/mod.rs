//! CMA-ES, evolution of the covariance matrix of a normal distribution.
//!
//! Parameters and updates are those of Hansen, "The CMA Evolution Strategy: A Tutorial" (2016), with the Cholesky factor in place of
//! the symmetric root (Krause, Arbonès & Igel 2016), solutions from elsewhere as in Hansen, "Injecting External Solutions Into
//! CMA-ES" (2011), and a population that doubles with each restart (Auger & Hansen 2005). Genes are positions between 0 and 1 on their
//! scales.
//!
//! The distribution is updated by points that are rounded to genes, i.e. by what was evaluated, and stays wider than half of a gene's step.
//! Hansen, "A CMA-ES for Mixed-Integer Nonlinear Optimization" (2011), rounds for the evaluation only; that makes no difference that can
//! be measured (record 70).
//!
//! Numbers are `f64`; sums, products and roots of them are the same on every machine, and the logarithm is that of `libm`.

mod distribution;

use crate::{algorithm::Algorithm, memory::Memory, Individual, SearchError, Space, Trial};
use distribution::{Distribution, Origin};
use serde::{Deserialize, Serialize};

/// Number of times that a population may double.
const DOUBLINGS: u32 = 6;

/// Configuration of CMA-ES.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CmaesConfig {
	/// Number of candidates of a generation before the first restart; 0 for `4 + ⌊3·ln n⌋` with n genes, otherwise at least 4.
	pub population: usize,
	/// First standard deviation of each gene in thousandths of its range, 1 to 1,000.
	pub deviation: u16,
	/// Number of generations without a better individual before a restart; 0 for `10 + ⌈30·n/λ⌉` with n genes and λ candidates (Auger &
	/// Hansen 2005).
	pub stagnation: usize,
	/// Seed of the random stream.
	pub seed: u64,
}

impl Default for CmaesConfig {
	fn default() -> Self {
		Self { population: 0, deviation: 300, stagnation: 0, seed: 0 }
	}
}

/// CMA-ES for genes whose values have an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cmaes {
	config: CmaesConfig,
	memory: Memory,
	/// Distribution that candidates are drawn from.
	distribution: Distribution,
	/// Candidates of the present generation whose fitness is awaited.
	asked: Vec<(Vec<i64>, Origin)>,
	/// Results of the present generation.
	results: Vec<(Individual, Origin)>,
	/// Individuals from elsewhere, which are compared with the results.
	guests: Vec<Individual>,
	/// The better half of the last generation, best first.
	parents: Vec<Individual>,
	generation: usize,
	/// Generation in which the distribution began or found something better.
	improved_at: usize,
	/// Best fitness that the distribution has found since the last restart.
	best_here: u64,
	restarts: u32,
}

impl Cmaes {
	/// Returns a search of `space`, whose first distribution has its mean in the middle.
	///
	/// # Errors
	/// Returns [`SearchError::Config`] if a field of `config` is out of the range in its documentation, and
	/// [`SearchError::Unordered`] if a gene is a category.
	pub fn new(space: Space, config: CmaesConfig) -> Result<Self, SearchError> {
		let refuse = |field, value, expected| Err(SearchError::Config { field, value, expected });
		if (1..4).contains(&config.population) {
			return refuse("population", config.population, "0 for the default, or at least 4");
		}
		if !(1..=1_000).contains(&config.deviation) {
			return refuse("deviation", config.deviation.into(), "1 to 1000 thousandths of the range");
		}
		if let Some(gene) = space.genes().iter().find(|gene| gene.scale == crate::Scale::Category) {
			return Err(SearchError::Unordered { gene: gene.name.clone() });
		}
		let distribution = Distribution::new(vec![0.5; dimensions(&space).len()], f64::from(config.deviation) / 1_000.0);
		Ok(Self {
			memory: Memory::new(space, config.seed),
			distribution,
			config,
			asked: Vec::new(),
			results: Vec::new(),
			guests: Vec::new(),
			parents: Vec::new(),
			generation: 0,
			improved_at: 0,
			best_here: u64::MAX,
			restarts: 0,
		})
	}

	/// Returns the number of candidates of a generation.
	pub fn population(&self) -> usize {
		let genes = dimensions(&self.memory.space).len() as f64;
		let first = if self.config.population > 0 { self.config.population } else { 4 + (3.0 * libm::log(genes)) as usize };
		first << self.restarts.min(DOUBLINGS)
	}

	/// Returns the number of generations without a better individual before a restart.
	fn patience(&self) -> usize {
		match self.config.stagnation {
			0 => 10 + (30 * dimensions(&self.memory.space).len()).div_ceil(self.population()),
			patience => patience,
		}
	}

	/// Updates the distribution by the results of a generation, and begins the next one.
	fn advance(&mut self) {
		let mut results = std::mem::take(&mut self.results);
		results.extend(std::mem::take(&mut self.guests).into_iter().map(|guest| (guest, Origin::Elsewhere)));
		results.sort_by(|(a, _), (b, _)| a.best_first(b));
		results.truncate(self.population());
		self.generation += 1;
		// A guest is no step forward of the distribution, and would hide those that follow.
		let best = results.iter().find(|(_, origin)| *origin == Origin::Own).map(|(best, _)| best.fitness);
		if let Some(fitness) = best.filter(|fitness| *fitness < self.best_here) {
			(self.best_here, self.improved_at) = (fitness, self.generation);
		}
		let space = &self.memory.space;
		let points: Vec<_> = results.iter().map(|(result, origin)| (shares(space, &result.genes), *origin)).collect();
		self.distribution.update(&points);
		let cells: Vec<f64> = dimensions(space).into_iter().map(|at| space.genes()[at].cell()).collect();
		self.distribution.keep_wider_than(&cells);
		results.truncate(results.len().div_ceil(2));
		self.parents = results.into_iter().map(|(result, _)| result).collect();
		if self.generation - self.improved_at >= self.patience() || self.distribution.is_degenerate() {
			self.restart();
		}
	}

	/// Draws a new mean, and doubles the population.
	fn restart(&mut self) {
		let mut random = self.memory.random();
		let mean = dimensions(&self.memory.space).iter().map(|_| random.unit()).collect();
		self.distribution = Distribution::new(mean, f64::from(self.config.deviation) / 1_000.0);
		self.restarts += 1;
		self.improved_at = self.generation;
		self.best_here = u64::MAX;
	}

	/// Draws a candidate that was not asked or told before. `None` if every point was visited.
	fn draw(&mut self) -> Option<Trial> {
		let (distribution, dimensions) = (&self.distribution, dimensions(&self.memory.space));
		let mut sampled = Vec::new();
		let drawn = self.memory.fresh(|space, random| {
			let mut positions = vec![0; space.genes().len()];
			for (at, share) in dimensions.iter().zip(distribution.sample(random)) {
				positions[*at] = position(share);
			}
			sampled = space.canonical(space.at_positions(&positions));
			sampled.clone()
		})?;
		// If all points near the mean were visited, the new one is no sample of the distribution.
		let origin = if drawn == sampled { Origin::Own } else { Origin::Elsewhere };
		self.asked.push((drawn.clone(), origin));
		Some(Trial::whole(drawn))
	}
}

/// Returns the indices of the genes that have several values: the others would add nothing to the path of the step size, which would
/// shrink. It is the first gene if all of them have one value.
fn dimensions(space: &Space) -> Vec<usize> {
	let genes = space.genes();
	let several: Vec<usize> = (0..genes.len()).filter(|at| genes[*at].lo < genes[*at].hi).collect();
	if several.is_empty() {
		vec![0]
	} else {
		several
	}
}

/// Returns the positions of a point as shares of the scales.
fn shares(space: &Space, genes: &[i64]) -> Vec<f64> {
	let positions = space.positions(genes);
	dimensions(space).into_iter().map(|at| f64::from(positions[at]) / 4_294_967_296.0).collect()
}

/// Returns the position of a share of a scale. Shares out of bounds are reflected once, and then moved to the bound.
fn position(share: f64) -> u32 {
	let reflected = if share < 0.0 {
		-share
	} else if share > 1.0 {
		2.0 - share
	} else {
		share
	};
	// The conversion saturates.
	(reflected * 4_294_967_296.0) as u32
}

impl Algorithm for Cmaes {
	type Config = CmaesConfig;

	fn label(&self) -> &'static str {
		"cmaes"
	}

	fn config(&self) -> &CmaesConfig {
		&self.config
	}

	fn memory(&self) -> &Memory {
		&self.memory
	}

	fn memory_mut(&mut self) -> &mut Memory {
		&mut self.memory
	}

	fn draw_trial(&mut self) -> Option<Trial> {
		// The distribution of the next generation is unknown until all results of this one are there.
		if self.asked.len() + self.results.len() >= self.population() {
			return None;
		}
		self.draw()
	}

	fn take(&mut self, individual: Individual, _divisor: u32, _is_best: bool) {
		self.guests.retain(|guest| guest.genes != individual.genes);
		match self.asked.iter().position(|(asked, _)| *asked == individual.genes) {
			Some(at) => {
				let (_, origin) = self.asked.remove(at);
				self.results.push((individual, origin));
			}
			None => self.guests.push(individual),
		}
		if self.asked.is_empty() && self.results.len() >= self.population() {
			self.advance();
		}
	}

	fn correct(&mut self, individual: &Individual, _divisor: u32) -> bool {
		let results = self.results.iter_mut().map(|(result, _)| result);
		let living = results.chain(&mut self.guests).chain(&mut self.parents);
		let mut is_known = false;
		for known in living.filter(|known| known.genes == individual.genes) {
			known.fitness = individual.fitness;
			is_known = true;
		}
		is_known
	}

	fn join(&mut self, individual: Individual, _is_best: bool) {
		self.guests.push(individual);
	}

	fn generations(&self) -> usize {
		self.generation
	}

	fn breeding(&self) -> Vec<&Individual> {
		let mut parents: Vec<_> = self.parents.iter().chain(&self.guests).collect();
		parents.sort_by(|a, b| a.best_first(b));
		parents.dedup();
		parents
	}

	fn living(&self) -> Vec<(&Individual, u32)> {
		let results = self.results.iter().map(|(result, _)| result);
		results.chain(&self.guests).chain(&self.parents).map(|individual| (individual, 1)).collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{GeneRange, Injected, Migrant, Optimizer};

	#[test]
	fn a_point_that_is_drawn_for_want_of_near_ones_is_no_sample() {
		let space = Space::new(vec![GeneRange::linear("a", 0, 1_000)]).unwrap();
		let mut search = Cmaes::new(space, CmaesConfig { deviation: 1, ..CmaesConfig::default() }).unwrap();
		search.draw().unwrap();
		assert_eq!(search.asked[0].1, Origin::Own);
		for gene in 450..=550 {
			search.tell(&Trial::whole(vec![gene]), 1).unwrap();
		}
		let far = search.draw().unwrap();
		assert_eq!(search.asked, [(far.genes, Origin::Elsewhere)]);
	}

	#[test]
	fn a_better_migrant_does_not_restart_a_distribution_that_improves() {
		let genes = (0..2).map(|at| GeneRange::linear(&format!("x{at}"), -2_000, 2_000)).collect();
		let mut search = Cmaes::new(Space::new(genes).unwrap(), CmaesConfig::default()).unwrap();
		let migrant = Migrant { genes: search.space().named(&[701, 700]), fitness: 0 };
		assert_eq!(search.inject(&migrant), Ok(Injected::Joined));
		while search.generation() < search.patience() + 2 {
			for trial in search.ask(1) {
				let loss = trial.genes.iter().map(|gene| gene.abs_diff(700).pow(2)).sum::<u64>();
				search.tell(&trial, 1 + loss).unwrap();
			}
		}
		assert_eq!(search.restarts, 0);
	}
}
