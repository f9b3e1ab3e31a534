//! An elitist genetic algorithm with an ask/tell interface.

use crate::{random::Random, SearchError, Space};
use std::collections::{BTreeSet, VecDeque};

/// Attempts to breed a candidate that was not asked before, until a random one is taken.
const ATTEMPTS: usize = 32;
/// Largest space that is searched exhaustively for a last unseen point.
const ENUMERABLE: u128 = 1 << 16;

/// How the algorithm searches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
	/// Individuals of a generation.
	pub population: usize,
	/// The best individuals that survive into the next generation; fewer than `population`.
	pub elite: usize,
	/// Individuals compared to choose a parent; more means greedier.
	pub tournament: usize,
	/// Candidates with two parents, per thousand.
	pub crossover: u16,
	/// Genes mutated per thousand, beside the one gene that every mutation changes.
	pub mutation: u16,
	/// Generations without a better champion after which the population is drawn anew; 0 for never. The best individual survives every
	/// other restart, so that half of them are free of it.
	pub stagnation: usize,
	/// Seed of everything random.
	pub seed: u64,
}

impl Default for Settings {
	fn default() -> Self {
		Self { population: 24, elite: 6, tournament: 3, crossover: 700, mutation: 250, stagnation: 30, seed: 0 }
	}
}

/// A candidate and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Individual {
	/// One value per gene.
	pub genes: Vec<i64>,
	/// Lower is better.
	pub fitness: u64,
}

/// The search. [`Ga::ask`] and [`Ga::tell`] may be called in any pattern: more candidates can be in flight than a generation holds, and
/// answers may come in any order (the search is reproducible if they come in the same one). A search is resumed by telling a new one
/// everything that is remembered.
#[derive(Clone, Debug)]
pub struct Ga {
	space: Space,
	settings: Settings,
	random: Random,
	/// The generation that breeds, best first; empty until the first one is complete.
	parents: Vec<Individual>,
	/// Told since.
	offspring: Vec<Individual>,
	/// Genes from elsewhere that wait to be asked.
	immigrants: VecDeque<Vec<i64>>,
	/// Everything ever asked or told.
	seen: BTreeSet<Vec<i64>>,
	best: Option<Individual>,
	generation: usize,
	improved_at: usize,
	restarts: usize,
}

impl Ga {
	/// A search of `space`.
	pub fn new(space: Space, settings: Settings) -> Result<Self, SearchError> {
		let Settings { population, elite, tournament, crossover, mutation, .. } = settings;
		let refuse = |name, value, why| Err(SearchError::Setting(name, value, why));
		if population < 2 {
			return refuse("population", population, "a generation needs at least two individuals");
		}
		if elite == 0 || elite >= population {
			return refuse("elite", elite, "it must be at least 1 and leave room for offspring in the population");
		}
		if tournament == 0 || tournament > population {
			return refuse("tournament", tournament, "it must lie between 1 and the population");
		}
		if crossover > 1000 {
			return refuse("crossover", crossover.into(), "it is a rate per thousand");
		}
		if mutation > 1000 {
			return refuse("mutation", mutation.into(), "it is a rate per thousand");
		}
		Ok(Self {
			random: Random::new(settings.seed),
			space,
			settings,
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

	/// The space that is searched.
	pub fn space(&self) -> &Space {
		&self.space
	}

	/// The best individual ever told.
	pub fn best(&self) -> Option<&Individual> {
		self.best.as_ref()
	}

	/// Generations completed.
	pub fn generation(&self) -> usize {
		self.generation
	}

	/// Times the population was drawn anew.
	pub fn restarts(&self) -> usize {
		self.restarts
	}

	/// Up to `n` candidates that were never asked or told before. Fewer, or none, only when the whole space has been visited.
	pub fn ask(&mut self, n: usize) -> Vec<Vec<i64>> {
		let mut asked = Vec::with_capacity(n);
		while asked.len() < n {
			let Some(candidate) = self.fresh() else { break };
			self.seen.insert(candidate.clone());
			asked.push(candidate);
		}
		asked
	}

	/// The fitness of a candidate, asked for or not; lower is better. A candidate that could not be evaluated is told with `u64::MAX`.
	pub fn tell(&mut self, genes: &[i64], fitness: u64) -> Result<(), SearchError> {
		self.space.check(genes)?;
		self.seen.insert(genes.to_vec());
		let individual = Individual { genes: genes.to_vec(), fitness };
		if self.best.as_ref().is_none_or(|best| fitness < best.fitness) {
			self.best = Some(individual.clone());
			self.improved_at = self.generation;
		}
		self.offspring.push(individual);
		if self.offspring.len() >= self.settings.population {
			self.advance();
		}
		Ok(())
	}

	/// Genes found by somebody else, such as a champion's: they are asked next, unless they were seen before.
	pub fn immigrate(&mut self, genes: &[i64]) -> Result<(), SearchError> {
		self.space.check(genes)?;
		if !self.seen.contains(genes) && !self.immigrants.iter().any(|waiting| waiting == genes) {
			self.immigrants.push_back(genes.to_vec());
		}
		Ok(())
	}

	/// Completes a generation: the elite of the last one and the best of its offspring.
	fn advance(&mut self) {
		let mut next = core::mem::take(&mut self.parents);
		next.truncate(self.settings.elite);
		next.append(&mut self.offspring);
		next.sort_by(|a, b| (a.fitness, &a.genes).cmp(&(b.fitness, &b.genes)));
		next.dedup_by(|a, b| a.genes == b.genes);
		next.truncate(self.settings.population);
		self.parents = next;
		self.generation += 1;
		let patience = self.settings.stagnation;
		if patience > 0 && self.generation - self.improved_at >= patience {
			self.restart();
		}
	}

	fn restart(&mut self) {
		self.parents.clear();
		self.improved_at = self.generation;
		self.restarts += 1;
		if self.restarts.is_multiple_of(2) {
			self.offspring.extend(self.best.clone());
		}
	}

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
		// A space this crowded is small: take the first point that is left, from a random one on.
		let size = self.space.size().min(ENUMERABLE);
		let start = u128::from(self.random.below(size as u32));
		(0..size).map(|i| self.space.point((start + i) % self.space.size())).find(|point| !self.seen.contains(point))
	}

	fn breed(&mut self) -> Vec<i64> {
		let first = self.select();
		let mut child = self.parents[first].genes.clone();
		let mut changed = false;
		if self.random.chance(self.settings.crossover) {
			let other = self.select();
			for (gene, &theirs) in child.iter_mut().zip(&self.parents[other].genes) {
				if self.random.below(2) == 1 && *gene != theirs {
					*gene = theirs;
					changed = true;
				}
			}
		}
		match self.random.below(4) {
			// Pure recombination: it is how building blocks meet.
			0 if changed => {}
			1 => self.differ(&mut child),
			2 => self.mutate(&mut child, self.settings.mutation),
			_ => self.mutate(&mut child, 0),
		}
		child
	}

	/// Mutates one gene, and each other one with `permille`.
	fn mutate(&mut self, child: &mut [i64], permille: u16) {
		let always = self.random.below(child.len() as u32) as usize;
		for (at, (value, gene)) in child.iter_mut().zip(self.space.genes()).enumerate() {
			if at == always || self.random.chance(permille) {
				*value = gene.mutate(*value, &mut self.random);
			}
		}
	}

	/// Adds the difference of two parents, as differential evolution does: steps take the size and the direction that the population has.
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

	/// Place of the best of a few parents drawn at random; they are sorted, so that is the smallest place.
	fn select(&mut self) -> usize {
		let count = self.parents.len() as u32;
		(0..self.settings.tournament).map(|_| self.random.below(count)).min().unwrap_or(0) as usize
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

	/// Evaluations until `target` is reached, or `limit`.
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
			let mut ga = Ga::new(space(4, -1000, 1000), Settings { seed, ..Settings::default() }).unwrap();
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
			let mut ga = Ga::new(space(6, -128, 127), Settings { seed, ..Settings::default() }).unwrap();
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
			let mut ga = Ga::new(space(6, 0, 7), Settings { seed, ..Settings::default() }).unwrap();
			let spent = run(&mut ga, loss, 0, 8_000);
			assert!(spent < 8_000, "seed {seed}: {:?}", ga.best());
		}
	}

	#[test]
	fn logarithmic_genes_are_found_over_many_octaves() {
		let genes = vec![GeneRange::log("rate", 1, 1 << 40), GeneRange::log("width", 1, 512)];
		let loss = |x: &[i64]| (x[0].abs_diff(12_345_678) >> 10) + x[1].abs_diff(33) * 100;
		for seed in 0..10 {
			let mut ga = Ga::new(Space::new(genes.clone()).unwrap(), Settings { seed, ..Settings::default() }).unwrap();
			let spent = run(&mut ga, loss, 120, 3_000);
			assert!(spent < 3_000, "seed {seed}: {:?}", ga.best());
		}
	}

	#[test]
	fn the_same_seed_and_answers_give_the_same_search() {
		let search = |seed| {
			let mut ga = Ga::new(space(3, 0, 50), Settings { seed, ..Settings::default() }).unwrap();
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
		let mut ga = Ga::new(space(2, -2, 2), Settings::default()).unwrap();
		let all = ga.ask(100);
		assert_eq!(all.len(), 25);
		assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 25);
		assert!(ga.ask(1).is_empty());
	}

	#[test]
	fn immigrants_are_asked_next_and_only_once() {
		let mut ga = Ga::new(space(2, 0, 9), Settings::default()).unwrap();
		ga.immigrate(&[3, 4]).unwrap();
		ga.immigrate(&[3, 4]).unwrap();
		assert_eq!(ga.ask(1), [[3, 4]]);
		ga.immigrate(&[3, 4]).unwrap();
		assert_ne!(ga.ask(1), [[3, 4]]);
		assert!(ga.immigrate(&[3, 10]).is_err());
	}

	#[test]
	fn a_restart_never_loses_the_champion() {
		let settings = Settings { stagnation: 1, ..Settings::default() };
		let mut ga = Ga::new(space(2, 0, 500), settings).unwrap();
		ga.tell(&[5, 5], 1).unwrap();
		for genes in ga.ask(400) {
			ga.tell(&genes, 2).unwrap();
		}
		assert!(ga.restarts() > 2);
		assert_eq!(ga.best().unwrap().genes, [5, 5]);
	}

	#[test]
	fn settings_that_make_no_sense_are_refused() {
		for settings in [
			Settings { population: 1, ..Settings::default() },
			Settings { elite: 0, ..Settings::default() },
			Settings { elite: 24, ..Settings::default() },
			Settings { tournament: 0, ..Settings::default() },
			Settings { crossover: 1001, ..Settings::default() },
			Settings { mutation: 1001, ..Settings::default() },
		] {
			assert!(matches!(Ga::new(space(1, 0, 1), settings), Err(SearchError::Setting(..))));
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]
		#[test]
		fn every_candidate_is_inside_and_new(bounds in prop::collection::vec((any::<i32>(), 0u32..5000, any::<bool>()), 1..6), seed: u64) {
			let genes = bounds.iter().enumerate().map(|(i, &(lo, span, log))| {
				let lo = if log { i64::from(lo).abs().max(1) } else { i64::from(lo) };
				GeneRange { name: format!("g{i}"), lo, hi: lo + i64::from(span), log }
			});
			let space = Space::new(genes.collect()).unwrap();
			let mut ga = Ga::new(space.clone(), Settings { seed, population: 6, elite: 2, ..Settings::default() }).unwrap();
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
