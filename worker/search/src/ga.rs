//! An elitist genetic algorithm.

use crate::{algorithm::Algorithm, memory::Memory, random::Random, Individual, SearchError, Space, Trial};
use serde::{Deserialize, Serialize};

/// Configuration of the genetic algorithm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaConfig {
	/// Number of individuals of a generation, at least 2.
	pub population: usize,
	/// Number of the best individuals that survive into the next generation, at least 1 and below `population`.
	pub elite: usize,
	/// Number of individuals that are compared to select a parent, at least 1 and at most `population`. A higher one is greedier.
	pub tournament: usize,
	/// Rate of candidates with two parents, per thousand.
	pub crossover: u16,
	/// Rate of mutated genes per thousand, beside the one gene that every mutation changes.
	pub mutation: u16,
	/// Number of generations without a better individual after which the population is drawn anew; 0 for never. The best
	/// individual survives every other restart, so that half of the restarts search elsewhere.
	pub stagnation: usize,
	/// Seed of the random stream.
	pub seed: u64,
}

impl Default for GaConfig {
	fn default() -> Self {
		Self { population: 24, elite: 6, tournament: 3, crossover: 700, mutation: 250, stagnation: 30, seed: 0 }
	}
}

/// An elitist genetic algorithm. [`ask`](crate::Optimizer::ask) and [`tell`](crate::Optimizer::tell) may be called in any pattern: more candidates
/// can be in flight than a generation has, and their fitnesses may be told in any order. A search is also resumed by telling a new
/// one every remembered individual.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ga {
	config: GaConfig,
	memory: Memory,
	/// The last complete generation, best first; empty before the first one.
	parents: Vec<Individual>,
	/// Individuals told since the last complete generation.
	offspring: Vec<Individual>,
	generation: usize,
	improved_at: usize,
	restarts: usize,
}

impl Ga {
	/// Returns a search of `space`.
	///
	/// # Errors
	/// Returns [`SearchError::Config`] if a field of `config` is out of the range in its documentation.
	pub fn new(space: Space, config: GaConfig) -> Result<Self, SearchError> {
		let GaConfig { population, elite, tournament, crossover, mutation, .. } = config;
		let refuse = |field, value, expected| Err(SearchError::Config { field, value, expected });
		if population < 2 {
			return refuse("population", population, "at least 2");
		}
		if elite == 0 || elite >= population {
			return refuse("elite", elite, "at least 1, and less than the population");
		}
		if tournament == 0 || tournament > population {
			return refuse("tournament", tournament, "at least 1, and at most the population");
		}
		if crossover > 1000 {
			return refuse("crossover", crossover.into(), "a rate per thousand, at most 1000");
		}
		if mutation > 1000 {
			return refuse("mutation", mutation.into(), "a rate per thousand, at most 1000");
		}
		Ok(Self {
			memory: Memory::new(space, config.seed),
			config,
			parents: Vec::new(),
			offspring: Vec::new(),
			generation: 0,
			improved_at: 0,
			restarts: 0,
		})
	}

	/// Returns the number of restarts, in which the population was drawn anew.
	pub fn restarts(&self) -> usize {
		self.restarts
	}

	/// Notes that the present generation has found a better individual, if it has.
	fn note(&mut self, is_best: bool) {
		if is_best {
			self.improved_at = self.generation;
		}
	}

	/// Completes a generation with the elite of the last one and the best of its offspring.
	fn advance(&mut self) {
		let mut next = core::mem::take(&mut self.parents);
		next.truncate(self.config.elite);
		next.append(&mut self.offspring);
		self.parents = next;
		self.sort_parents();
		self.generation += 1;
		let patience = self.config.stagnation;
		if patience > 0 && self.generation - self.improved_at >= patience {
			self.restart();
		}
	}

	/// Sorts the parents, best first, and removes those beyond the population.
	fn sort_parents(&mut self) {
		self.parents.sort_by(Individual::best_first);
		self.parents.dedup_by(|a, b| a.genes == b.genes);
		self.parents.truncate(self.config.population);
	}

	/// Discards the parents. The best individual survives every other restart.
	fn restart(&mut self) {
		self.parents.clear();
		self.improved_at = self.generation;
		self.restarts += 1;
		if self.restarts.is_multiple_of(2) {
			self.offspring.extend(self.memory.best().cloned());
		}
	}
}

impl Algorithm for Ga {
	type Config = GaConfig;

	fn label(&self) -> &'static str {
		"ga"
	}

	fn config(&self) -> &GaConfig {
		&self.config
	}

	fn memory(&self) -> &Memory {
		&self.memory
	}

	fn memory_mut(&mut self) -> &mut Memory {
		&mut self.memory
	}

	fn draw_trial(&mut self) -> Option<Trial> {
		let breeder = Breeder { parents: &self.parents, config: &self.config };
		self.memory.fresh(|space, random| breeder.breed(space, random)).map(Trial::whole)
	}

	fn take(&mut self, individual: Individual, _divisor: u32, is_best: bool) {
		self.note(is_best);
		// A migrant that was moved into the bounds of the space has its own fitness from now on.
		self.parents.retain(|parent| parent.genes != individual.genes);
		self.offspring.retain(|sibling| sibling.genes != individual.genes);
		self.offspring.push(individual);
		if self.offspring.len() >= self.config.population {
			self.advance();
		}
	}

	fn correct(&mut self, individual: &Individual, _divisor: u32) -> bool {
		let mut is_known = false;
		for known in self.parents.iter_mut().chain(&mut self.offspring).filter(|known| known.genes == individual.genes) {
			known.fitness = individual.fitness;
			is_known = true;
		}
		self.sort_parents();
		is_known
	}

	fn join(&mut self, individual: Individual, is_best: bool) {
		self.note(is_best);
		if self.parents.is_empty() {
			self.offspring.push(individual);
		} else {
			self.parents.push(individual);
			self.sort_parents();
		}
	}

	fn generations(&self) -> usize {
		self.generation
	}

	fn breeding(&self) -> Vec<&Individual> {
		self.parents.iter().collect()
	}

	fn living(&self) -> Vec<(&Individual, u32)> {
		self.parents.iter().chain(&self.offspring).map(|individual| (individual, 1)).collect()
	}
}

/// Breeds candidates from parents, best first.
struct Breeder<'a> {
	parents: &'a [Individual],
	config: &'a GaConfig,
}

impl Breeder<'_> {
	/// Returns a child of one or two parents, recombined and mutated; without parents, a point of the space.
	fn breed(&self, space: &Space, random: &mut Random) -> Vec<i64> {
		if self.parents.is_empty() {
			return space.sample(random);
		}
		let mut child = self.select(random).genes.clone();
		let mut changed = false;
		if random.chance(self.config.crossover) {
			let other = self.select(random);
			for (gene, &theirs) in child.iter_mut().zip(&other.genes) {
				if random.below(2) == 1 && *gene != theirs {
					*gene = theirs;
					changed = true;
				}
			}
		}
		match random.below(4) {
			// Pure recombination, so that building blocks meet.
			0 if changed => {}
			1 => self.differ(&mut child, space, random),
			2 => mutate(&mut child, self.config.mutation, space, random),
			_ => mutate(&mut child, 0, space, random),
		}
		child
	}

	/// Adds the difference of two parents (differential evolution, Storn & Price 1997), so that steps have the size and the
	/// direction of the population.
	fn differ(&self, child: &mut [i64], space: &Space, random: &mut Random) {
		let count = self.parents.len() as u32;
		let [from, to] = [(); 2].map(|()| &self.parents[random.below(count) as usize].genes);
		let always = random.below(child.len() as u32) as usize;
		for (at, (value, gene)) in child.iter_mut().zip(space.genes()).enumerate() {
			if at == always || random.below(2) == 1 {
				*value = gene.translate(*value, from[at], to[at]);
			}
		}
	}

	/// Returns the best of a few parents drawn at random (tournament selection). Parents are sorted, so that it has the smallest
	/// index.
	fn select(&self, random: &mut Random) -> &Individual {
		let count = self.parents.len() as u32;
		let index = (0..self.config.tournament).map(|_| random.below(count)).min().unwrap_or(0);
		&self.parents[index as usize]
	}
}

/// Mutates one gene, and each other one at the rate `permille` per thousand.
fn mutate(child: &mut [i64], permille: u16, space: &Space, random: &mut Random) {
	let always = random.below(child.len() as u32) as usize;
	for (at, (value, gene)) in child.iter_mut().zip(space.genes()).enumerate() {
		if at == always || random.chance(permille) {
			*value = gene.mutate(*value, random);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{GeneRange, Optimizer};
	use proptest::prelude::*;
	use std::collections::BTreeSet;

	fn space(genes: usize, lo: i64, hi: i64) -> Space {
		Space::new((0..genes).map(|i| GeneRange::linear(&format!("x{i}"), lo, hi)).collect()).unwrap()
	}

	fn at(genes: [i64; 2]) -> Trial {
		Trial::whole(genes.to_vec())
	}

	/// Returns the number of evaluations until `target` is reached, or `limit`.
	fn run(ga: &mut Ga, loss: impl Fn(&[i64]) -> u64, target: u64, limit: usize) -> usize {
		for done in 0..limit {
			if ga.best().is_some_and(|best| best.fitness <= target) {
				return done;
			}
			let asked = ga.ask(1);
			ga.tell(&asked[0], loss(&asked[0].genes)).unwrap();
		}
		limit
	}

	#[test]
	fn it_finds_the_optimum_of_a_quadratic() {
		let optimum = [17, -403, 999, -1000];
		let loss = |x: &[i64]| x.iter().zip(optimum).map(|(a, b)| a.abs_diff(b).pow(2)).sum();
		for seed in 0..10 {
			let mut ga = Ga::new(space(4, -1000, 1000), GaConfig { seed, ..GaConfig::default() }).unwrap();
			let spent = run(&mut ga, loss, 0, 6_000);
			assert!(spent < 6_000, "seed {seed}: {:?}", ga.best());
		}
	}

	#[test]
	fn it_finds_the_optimum_of_a_rugged_function() {
		// A parabola with a pit every 16 steps: a descent ends in one of 15 million pits.
		let loss =
			|x: &[i64]| x.iter().map(|x| x.abs_diff(77).pow(2) / 16 + if x.abs_diff(77) % 16 == 0 { 0 } else { 400 }).sum();
		for seed in 0..10 {
			let mut ga = Ga::new(space(6, -128, 127), GaConfig { seed, ..GaConfig::default() }).unwrap();
			let spent = run(&mut ga, loss, 0, 10_000);
			assert!(spent < 10_000, "seed {seed}: {:?}", ga.best());
		}
	}

	#[test]
	fn it_escapes_a_deceptive_function() {
		// Each pair of genes rewards walking away from its optimum at (0, 0), except on the spot itself.
		let loss = |x: &[i64]| {
			x.chunks(2).map(|pair| if pair == [0, 0] { 0 } else { 70 - pair.iter().sum::<i64>().unsigned_abs() }).sum()
		};
		for seed in 0..10 {
			let mut ga = Ga::new(space(6, 0, 7), GaConfig { seed, ..GaConfig::default() }).unwrap();
			let spent = run(&mut ga, loss, 0, 8_000);
			assert!(spent < 8_000, "seed {seed}: {:?}", ga.best());
		}
	}

	#[test]
	fn logarithmic_genes_are_found_over_many_octaves() {
		let genes = vec![GeneRange::log("rate", 1, 1 << 40), GeneRange::log("width", 1, 512)];
		let loss = |x: &[i64]| (x[0].abs_diff(12_345_678) >> 10) + x[1].abs_diff(33) * 100;
		for seed in 0..10 {
			let mut ga = Ga::new(Space::new(genes.clone()).unwrap(), GaConfig { seed, ..GaConfig::default() }).unwrap();
			let spent = run(&mut ga, loss, 120, 3_000);
			assert!(spent < 3_000, "seed {seed}: {:?}", ga.best());
		}
	}

	#[test]
	fn a_search_is_reproduced_by_its_seed_and_fitnesses() {
		let search = |seed| {
			let mut ga = Ga::new(space(3, 0, 50), GaConfig { seed, ..GaConfig::default() }).unwrap();
			let mut asked = Vec::new();
			for _ in 0..20 {
				let batch = ga.ask(7);
				for trial in &batch {
					ga.tell(trial, trial.genes.iter().map(|x| x.unsigned_abs() % 11).sum()).unwrap();
				}
				asked.extend(batch);
			}
			asked
		};
		assert_eq!(search(1), search(1));
		assert_ne!(search(1), search(2));
	}

	#[test]
	fn a_small_space_is_visited_once_and_then_exhausted() {
		let mut ga = Ga::new(space(2, -2, 2), GaConfig::default()).unwrap();
		let all = ga.ask(100);
		assert_eq!(all.len(), 25);
		assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 25);
		assert!(ga.ask(1).is_empty());
	}

	/// The data has grown, and the best candidates were trained again.
	#[test]
	fn a_candidate_that_is_told_again_has_its_new_fitness_only() {
		let mut ga = Ga::new(space(2, 0, 9), GaConfig { population: 4, elite: 1, ..GaConfig::default() }).unwrap();
		for (gene, fitness) in [(1, 10), (2, 20), (3, 30), (4, 40), (5, 50)] {
			ga.tell(&at([gene, 0]), fitness).unwrap();
		}
		assert_eq!((ga.generation(), ga.parents.len(), ga.offspring.len()), (1, 4, 1));
		ga.retell(&at([1, 0]), 35).unwrap();
		ga.retell(&at([5, 0]), 15).unwrap();
		assert_eq!((ga.generation(), ga.parents.len(), ga.offspring.len()), (1, 4, 1), "nobody is there twice");
		assert_eq!(ga.parents.iter().map(|parent| parent.fitness).collect::<Vec<_>>(), [20, 30, 35, 40], "best first");
		assert_eq!(ga.best().map(|best| (best.genes[0], best.fitness)), Some((5, 15)));
		ga.retell(&at([6, 0]), 5).unwrap();
		assert_eq!((ga.offspring.len(), ga.best().unwrap().fitness), (2, 5), "a new one is told");
	}

	#[test]
	fn suggestions_are_asked_next_and_only_once() {
		let mut ga = Ga::new(space(2, 0, 9), GaConfig::default()).unwrap();
		assert_eq!([(); 2].map(|()| ga.suggest(&[3, 4])), [Ok(true), Ok(false)]);
		assert_eq!(ga.ask(1), [at([3, 4])]);
		assert_eq!(ga.suggest(&[3, 4]), Ok(false));
		assert_ne!(ga.ask(1), [at([3, 4])]);
		assert!(ga.suggest(&[3, 10]).is_err());
	}

	#[test]
	fn a_restart_never_loses_the_champion() {
		let config = GaConfig { stagnation: 1, ..GaConfig::default() };
		let mut ga = Ga::new(space(2, 0, 500), config).unwrap();
		ga.tell(&at([5, 5]), 1).unwrap();
		for trial in ga.ask(400) {
			ga.tell(&trial, 2).unwrap();
		}
		assert!(ga.restarts() > 2);
		assert_eq!(ga.best().unwrap().genes, [5, 5]);
	}

	#[test]
	fn fields_out_of_range_are_refused_by_name() {
		let default = GaConfig::default;
		for (name, config) in [
			("population", GaConfig { population: 1, ..default() }),
			("elite", GaConfig { elite: 0, ..default() }),
			("elite", GaConfig { elite: 24, ..default() }),
			("tournament", GaConfig { tournament: 0, ..default() }),
			("tournament", GaConfig { tournament: 25, ..default() }),
			("crossover", GaConfig { crossover: 1001, ..default() }),
			("mutation", GaConfig { mutation: 1001, ..default() }),
		] {
			let error = Ga::new(space(1, 0, 1), config).unwrap_err();
			assert!(matches!(error, SearchError::Config { field, .. } if field == name), "{error:?}");
		}
	}

	#[test]
	fn a_candidate_of_another_space_is_not_told() {
		let mut ga = Ga::new(space(2, 0, 9), GaConfig::default()).unwrap();
		assert_eq!(ga.tell(&Trial::whole(vec![1]), 5), Err(SearchError::Length { expected: 2, found: 1 }));
		assert!(ga.tell(&at([1, 10]), 5).is_err());
		assert_eq!(ga.best(), None);
		ga.tell(&at([1, 9]), 5).unwrap();
		assert_eq!(ga.best(), Some(&Individual { genes: vec![1, 9], fitness: 5 }));
	}

	#[test]
	fn a_search_is_resumed_by_telling_what_is_remembered() {
		let mut ga = Ga::new(space(2, 0, 99), GaConfig::default()).unwrap();
		let told: Vec<_> = ga.ask(30);
		let mut resumed = Ga::new(space(2, 0, 99), GaConfig { seed: 1, ..GaConfig::default() }).unwrap();
		for trial in &told {
			resumed.tell(trial, trial.genes[0].abs_diff(50)).unwrap();
		}
		assert_eq!(resumed.generation(), 1);
		assert!(resumed.ask(50).iter().all(|trial| !told.contains(trial)), "nothing is evaluated twice");
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]
		#[test]
		fn the_best_is_the_least_fitness_told(fitnesses in prop::collection::vec(any::<u64>(), 1..60), seed: u64) {
			let config = GaConfig { seed, population: 4, elite: 1, stagnation: 2, ..GaConfig::default() };
			let mut ga = Ga::new(space(3, -1_000, 1_000), config).unwrap();
			for (count, fitness) in fitnesses.iter().enumerate() {
				let trial = ga.ask(1).remove(0);
				ga.tell(&trial, *fitness).unwrap();
				let least = fitnesses[..=count].iter().min();
				prop_assert_eq!(ga.best().map(|best| &best.fitness), least);
			}
		}

		#[test]
		fn every_candidate_is_inside_and_new(
			bounds in prop::collection::vec((any::<i32>(), 0u32..5000, any::<bool>()), 1..6), seed: u64
		) {
			let genes = bounds.iter().enumerate().map(|(i, &(lo, span, log))| {
				let lo = if log { i64::from(lo).abs().max(1) } else { i64::from(lo) };
				let (name, hi) = (format!("g{i}"), lo + i64::from(span));
				if log { GeneRange::log(&name, lo, hi) } else { GeneRange::linear(&name, lo, hi) }
			});
			let space = Space::new(genes.collect()).unwrap();
			let mut ga = Ga::new(space.clone(), GaConfig { seed, population: 6, elite: 2, ..GaConfig::default() }).unwrap();
			let mut seen = BTreeSet::new();
			for round in 0..20u64 {
				for trial in ga.ask(4) {
					prop_assert_eq!(space.check(&trial.genes), Ok(()));
					prop_assert!(seen.insert(trial.genes.clone()));
					ga.tell(&trial, trial.genes.iter().fold(round, |sum, x| sum.wrapping_add(x.unsigned_abs()))).unwrap();
				}
			}
		}
	}
}
