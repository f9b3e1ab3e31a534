//! An elitist genetic algorithm with an ask/tell interface.

use crate::{random::Random, SearchError, Space};
use std::collections::{BTreeSet, VecDeque};

/// Number of attempts to breed a new candidate, and then to sample one.
const ATTEMPTS: usize = 32;
/// Number of points that are enumerated to find a new one, when breeding and sampling fail.
const ENUMERABLE: u128 = 1 << 16;

/// Configuration of the genetic algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// A candidate and its fitness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Individual {
	/// Values of the genes, in the order of the space.
	pub genes: Vec<i64>,
	/// Fitness; lower is better.
	pub fitness: u64,
}

/// An elitist genetic algorithm. [`Ga::ask`] and [`Ga::tell`] may be called in any pattern: more candidates can be in flight than
/// a generation has, and their fitnesses may be told in any order. The search is reproducible if the order is the same. A search
/// is resumed by telling a new one every remembered individual.
#[derive(Clone, Debug)]
pub struct Ga {
	space: Space,
	config: GaConfig,
	random: Random,
	/// The last complete generation, best first; empty before the first one.
	parents: Vec<Individual>,
	/// Individuals told since the last complete generation.
	offspring: Vec<Individual>,
	/// Genes from elsewhere that are asked next.
	immigrants: VecDeque<Vec<i64>>,
	/// Every candidate that was asked or told.
	seen: BTreeSet<Vec<i64>>,
	best: Option<Individual>,
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
			random: Random::new(config.seed),
			space,
			config,
			parents: Vec::new(),
			offspring: Vec::new(),
			immigrants: VecDeque::new(),
			seen: BTreeSet::new(),
			best: None,
			generation: 0,
			improved_at: 0,
			restarts: 0,
		})
	}

	/// Returns the space.
	pub fn space(&self) -> &Space {
		&self.space
	}

	/// Returns the best individual that was told.
	pub fn best(&self) -> Option<&Individual> {
		self.best.as_ref()
	}

	/// Returns the number of complete generations.
	pub fn generation(&self) -> usize {
		self.generation
	}

	/// Returns the number of restarts, in which the population was drawn anew.
	pub fn restarts(&self) -> usize {
		self.restarts
	}

	/// Returns `n` candidates that were not asked or told before. There are fewer, or none, if the whole space has been visited.
	pub fn ask(&mut self, n: usize) -> Vec<Vec<i64>> {
		let mut asked = Vec::with_capacity(n);
		while asked.len() < n {
			let Some(candidate) = self.fresh() else { break };
			self.seen.insert(candidate.clone());
			asked.push(candidate);
		}
		asked
	}

	/// Takes the fitness of a candidate, asked for or not; lower is better. A candidate that could not be evaluated has the
	/// fitness `u64::MAX` by convention.
	///
	/// # Errors
	/// Errors if `genes` is not a point of the space.
	pub fn tell(&mut self, genes: &[i64], fitness: u64) -> Result<(), SearchError> {
		self.space.check(genes)?;
		self.seen.insert(genes.to_vec());
		let individual = Individual { genes: genes.to_vec(), fitness };
		if self.best.as_ref().is_none_or(|best| fitness < best.fitness) {
			self.best = Some(individual.clone());
			self.improved_at = self.generation;
		}
		self.offspring.push(individual);
		if self.offspring.len() >= self.config.population {
			self.advance();
		}
		Ok(())
	}

	/// Replaces the fitness of a candidate that was told before, e.g. once it was trained on more data. Any other candidate is
	/// [told](Ga::tell).
	///
	/// # Errors
	/// Errors if `genes` is not a point of the space.
	pub fn retell(&mut self, genes: &[i64], fitness: u64) -> Result<(), SearchError> {
		let everybody = self.parents.iter_mut().chain(&mut self.offspring).chain(&mut self.best);
		let mut is_known = false;
		for individual in everybody.filter(|individual| individual.genes == genes) {
			individual.fitness = fitness;
			is_known = true;
		}
		if !is_known {
			return self.tell(genes, fitness);
		}
		self.parents.sort_by(|a, b| (a.fitness, &a.genes).cmp(&(b.fitness, &b.genes)));
		let living = self.parents.iter().chain(&self.offspring).min_by_key(|individual| individual.fitness);
		let better = living.filter(|living| self.best.as_ref().is_none_or(|best| living.fitness < best.fitness)).cloned();
		self.best = better.or(self.best.take());
		Ok(())
	}

	/// Takes genes found elsewhere, e.g. those of a champion. They are asked next, unless they were asked or told before. Returns
	/// `true` if they are asked next.
	///
	/// # Errors
	/// Errors if `genes` is not a point of the space.
	pub fn immigrate(&mut self, genes: &[i64]) -> Result<bool, SearchError> {
		self.space.check(genes)?;
		let is_new = !self.seen.contains(genes) && !self.immigrants.iter().any(|waiting| waiting == genes);
		if is_new {
			self.immigrants.push_back(genes.to_vec());
		}
		Ok(is_new)
	}

	/// Completes a generation with the elite of the last one and the best of its offspring.
	fn advance(&mut self) {
		let mut next = core::mem::take(&mut self.parents);
		next.truncate(self.config.elite);
		next.append(&mut self.offspring);
		next.sort_by(|a, b| (a.fitness, &a.genes).cmp(&(b.fitness, &b.genes)));
		next.dedup_by(|a, b| a.genes == b.genes);
		next.truncate(self.config.population);
		self.parents = next;
		self.generation += 1;
		let patience = self.config.stagnation;
		if patience > 0 && self.generation - self.improved_at >= patience {
			self.restart();
		}
	}

	/// Discards the parents. The best individual survives every other restart.
	fn restart(&mut self) {
		self.parents.clear();
		self.improved_at = self.generation;
		self.restarts += 1;
		if self.restarts.is_multiple_of(2) {
			self.offspring.extend(self.best.clone());
		}
	}

	/// Returns a new candidate: an immigrant, a bred one, a sampled one, or an enumerated one. `None` if every point was
	/// visited before.
	fn fresh(&mut self) -> Option<Vec<i64>> {
		while let Some(immigrant) = self.immigrants.pop_front() {
			if !self.seen.contains(&immigrant) {
				return Some(immigrant);
			}
		}
		if self.seen.len() as u128 >= self.space.size() {
			return None;
		}
		for attempt in 0..2 * ATTEMPTS {
			let breed = attempt < ATTEMPTS && !self.parents.is_empty();
			let candidate = if breed { self.breed() } else { self.space.sample(&mut self.random) };
			if !self.seen.contains(&candidate) {
				return Some(candidate);
			}
		}
		// A space in which this fails is small: take the first new point, from a random one on.
		let size = self.space.size().min(ENUMERABLE);
		let start = u128::from(self.random.below(size as u32));
		(0..size).map(|i| self.space.point((start + i) % self.space.size())).find(|point| !self.seen.contains(point))
	}

	/// Returns a child of one or two parents, recombined and mutated.
	fn breed(&mut self) -> Vec<i64> {
		let first = self.select();
		let mut child = self.parents[first].genes.clone();
		let mut changed = false;
		if self.random.chance(self.config.crossover) {
			let other = self.select();
			for (gene, &theirs) in child.iter_mut().zip(&self.parents[other].genes) {
				if self.random.below(2) == 1 && *gene != theirs {
					*gene = theirs;
					changed = true;
				}
			}
		}
		match self.random.below(4) {
			// Pure recombination, so that building blocks meet.
			0 if changed => {}
			1 => self.differ(&mut child),
			2 => self.mutate(&mut child, self.config.mutation),
			_ => self.mutate(&mut child, 0),
		}
		child
	}

	/// Mutates one gene, and each other one at the rate `permille` per thousand.
	fn mutate(&mut self, child: &mut [i64], permille: u16) {
		let always = self.random.below(child.len() as u32) as usize;
		for (at, (value, gene)) in child.iter_mut().zip(self.space.genes()).enumerate() {
			if at == always || self.random.chance(permille) {
				*value = gene.mutate(*value, &mut self.random);
			}
		}
	}

	/// Adds the difference of two parents (differential evolution, Storn & Price 1997), so that steps have the size and the
	/// direction of the population.
	fn differ(&mut self, child: &mut [i64]) {
		let (from, to) =
			(self.random.below(self.parents.len() as u32) as usize, self.random.below(self.parents.len() as u32) as usize);
		let always = self.random.below(child.len() as u32) as usize;
		for (at, (value, gene)) in child.iter_mut().zip(self.space.genes()).enumerate() {
			if at == always || self.random.below(2) == 1 {
				*value = gene.translate(*value, self.parents[from].genes[at], self.parents[to].genes[at]);
			}
		}
	}

	/// Returns the index of the best of a few parents drawn at random (tournament selection). Parents are sorted, so that it is
	/// the smallest index.
	fn select(&mut self) -> usize {
		let count = self.parents.len() as u32;
		(0..self.config.tournament).map(|_| self.random.below(count)).min().unwrap_or(0) as usize
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::GeneRange;
	use proptest::prelude::*;

	fn space(genes: usize, lo: i64, hi: i64) -> Space {
		Space::new((0..genes).map(|i| GeneRange::linear(&format!("x{i}"), lo, hi)).collect()).unwrap()
	}

	/// Returns the number of evaluations until `target` is reached, or `limit`.
	fn run(ga: &mut Ga, loss: impl Fn(&[i64]) -> u64, target: u64, limit: usize) -> usize {
		for done in 0..limit {
			if ga.best().is_some_and(|best| best.fitness <= target) {
				return done;
			}
			let asked = ga.ask(1);
			ga.tell(&asked[0], loss(&asked[0])).unwrap();
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
				for genes in &batch {
					ga.tell(genes, genes.iter().map(|x| x.unsigned_abs() % 11).sum()).unwrap();
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
			ga.tell(&[gene, 0], fitness).unwrap();
		}
		assert_eq!((ga.generation(), ga.parents.len(), ga.offspring.len()), (1, 4, 1));
		ga.retell(&[1, 0], 35).unwrap();
		ga.retell(&[5, 0], 15).unwrap();
		assert_eq!((ga.generation(), ga.parents.len(), ga.offspring.len()), (1, 4, 1), "nobody is there twice");
		assert_eq!(ga.parents.iter().map(|parent| parent.fitness).collect::<Vec<_>>(), [20, 30, 35, 40], "best first");
		assert_eq!(ga.best().map(|best| (best.genes[0], best.fitness)), Some((5, 15)));
		ga.retell(&[6, 0], 5).unwrap();
		assert_eq!((ga.offspring.len(), ga.best().unwrap().fitness), (2, 5), "a new one is told");
	}

	#[test]
	fn immigrants_are_asked_next_and_only_once() {
		let mut ga = Ga::new(space(2, 0, 9), GaConfig::default()).unwrap();
		assert_eq!([(); 2].map(|()| ga.immigrate(&[3, 4])), [Ok(true), Ok(false)]);
		assert_eq!(ga.ask(1), [[3, 4]]);
		assert_eq!(ga.immigrate(&[3, 4]), Ok(false));
		assert_ne!(ga.ask(1), [[3, 4]]);
		assert!(ga.immigrate(&[3, 10]).is_err());
	}

	#[test]
	fn a_restart_never_loses_the_champion() {
		let config = GaConfig { stagnation: 1, ..GaConfig::default() };
		let mut ga = Ga::new(space(2, 0, 500), config).unwrap();
		ga.tell(&[5, 5], 1).unwrap();
		for genes in ga.ask(400) {
			ga.tell(&genes, 2).unwrap();
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
		assert_eq!(ga.tell(&[1], 5), Err(SearchError::Length { expected: 2, found: 1 }));
		assert!(ga.tell(&[1, 10], 5).is_err());
		assert_eq!(ga.best(), None);
		ga.tell(&[1, 9], 5).unwrap();
		assert_eq!(ga.best(), Some(&Individual { genes: vec![1, 9], fitness: 5 }));
	}

	#[test]
	fn a_search_is_resumed_by_telling_what_is_remembered() {
		let mut ga = Ga::new(space(2, 0, 99), GaConfig::default()).unwrap();
		let told: Vec<_> = ga.ask(30);
		let mut resumed = Ga::new(space(2, 0, 99), GaConfig { seed: 1, ..GaConfig::default() }).unwrap();
		for genes in &told {
			resumed.tell(genes, genes[0].abs_diff(50)).unwrap();
		}
		assert_eq!(resumed.generation(), 1);
		assert!(resumed.ask(50).iter().all(|genes| !told.contains(genes)), "nothing is evaluated twice");
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]
		#[test]
		fn the_best_is_the_least_fitness_told(fitnesses in prop::collection::vec(any::<u64>(), 1..60), seed: u64) {
			let config = GaConfig { seed, population: 4, elite: 1, stagnation: 2, ..GaConfig::default() };
			let mut ga = Ga::new(space(3, -1_000, 1_000), config).unwrap();
			for (count, fitness) in fitnesses.iter().enumerate() {
				let genes = ga.ask(1).remove(0);
				ga.tell(&genes, *fitness).unwrap();
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
				GeneRange { name: format!("g{i}"), lo, hi: lo + i64::from(span), log }
			});
			let space = Space::new(genes.collect()).unwrap();
			let mut ga = Ga::new(space.clone(), GaConfig { seed, population: 6, elite: 2, ..GaConfig::default() }).unwrap();
			let mut seen = BTreeSet::new();
			for round in 0..20u64 {
				for genes in ga.ask(4) {
					prop_assert_eq!(space.check(&genes), Ok(()));
					prop_assert!(seen.insert(genes.clone()));
					ga.tell(&genes, genes.iter().fold(round, |sum, x| sum.wrapping_add(x.unsigned_abs()))).unwrap();
				}
			}
		}
	}
}
