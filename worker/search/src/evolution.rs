//! Differential evolution with successive halving, after DEHB (Awad, Mallik & Hutter 2021).
//!
//! A bracket begins with many candidates that are trained for a part of their epochs. The best of them are trained longer, stage by
//! stage, and few are trained to the end. Each stage has a population of its own, whose fitnesses compare trainings of the same
//! length. In later brackets a candidate of a stage is bred from the best of the stage before it, and replaces the member of its
//! stage that it beats.
//!
//! A candidate without epochs, e.g. a linear model, is the same after any part of them. It is trained once, to the end, at the stage that
//! asks for it, and enters the later stages of its bracket with that fitness.

use crate::{algorithm::Algorithm, memory::Memory, random::Random, Condition, Individual, SearchError, Space, Trial};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Least number of individuals that mutants are made of, if there are as many.
const LEAST_POOL: usize = 4;

/// Configuration of differential evolution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvolutionConfig {
	/// Number of candidates of the first stage of a bracket, at least 4.
	pub population: usize,
	/// Number of stages, 1 to 6. With one, every candidate is trained to the end.
	pub stages: usize,
	/// Factor between the epochs of successive stages, and between their numbers of candidates; 2 to 8.
	pub reduction: u32,
	/// Factor of a difference of two parents, per thousand; 1 to 2,000.
	pub scale: u16,
	/// Rate per thousand at which a gene is taken from the mutant.
	pub crossover: u16,
	/// Conditions that a candidate without epochs meets, all of them, e.g. depth 0. No candidate does without conditions.
	#[serde(default)]
	pub whole_if: Vec<Condition>,
	/// Seed of the random stream.
	pub seed: u64,
}

impl Default for EvolutionConfig {
	fn default() -> Self {
		Self { population: 27, stages: 3, reduction: 3, scale: 500, crossover: 500, whole_if: Vec::new(), seed: 0 }
	}
}

/// Candidate of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entrant {
	genes: Vec<i64>,
	/// Member that it replaces if it is not worse; none if it takes a free place.
	place: Option<usize>,
}

/// Differential evolution with successive halving.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evolution {
	config: EvolutionConfig,
	memory: Memory,
	/// Populations of the stages, that of the shortest training first.
	stages: Vec<Vec<Individual>>,
	/// Index of the present stage.
	stage: usize,
	/// Candidates of the present stage that were not asked yet.
	waiting: VecDeque<Entrant>,
	/// Candidates of the present stage whose fitness is awaited.
	asked: Vec<Entrant>,
	/// Individuals from elsewhere, which are parents until the bracket is complete.
	migrants: Vec<Individual>,
	/// Number of complete brackets.
	brackets: usize,
}

impl Evolution {
	/// Returns a search of `space`.
	///
	/// # Errors
	/// Returns [`SearchError::Config`] if a field of `config` is out of the range in its documentation.
	pub fn new(space: Space, config: EvolutionConfig) -> Result<Self, SearchError> {
		let refuse = |field, value, expected| Err(SearchError::Config { field, value, expected });
		let EvolutionConfig { population, stages, reduction, scale, crossover, .. } = config;
		if population < 4 {
			return refuse("population", population, "at least 4");
		}
		if !(1..=6).contains(&stages) {
			return refuse("stages", stages, "1 to 6");
		}
		if !(2..=8).contains(&reduction) {
			return refuse("reduction", reduction as usize, "2 to 8");
		}
		if !(1..=2_000).contains(&scale) {
			return refuse("scale", scale.into(), "1 to 2000 per thousand");
		}
		if crossover > 1000 {
			return refuse("crossover", crossover.into(), "a rate per thousand, at most 1000");
		}
		let mut search = Self {
			memory: Memory::new(space, config.seed),
			stages: vec![Vec::new(); stages],
			config,
			stage: 0,
			waiting: VecDeque::new(),
			asked: Vec::new(),
			migrants: Vec::new(),
			brackets: 0,
		};
		search.draw();
		Ok(search)
	}

	/// Returns the number of places of a stage.
	fn places(&self, stage: usize) -> usize {
		(0..stage).fold(self.config.population, |places, _| (places / self.config.reduction as usize).max(1))
	}

	/// Returns the divisor of the epochs of a candidate at a stage.
	fn divisor(&self, stage: usize, genes: &[i64]) -> u32 {
		if self.is_whole(genes) {
			return 1;
		}
		self.config.reduction.pow((self.config.stages - 1 - stage) as u32)
	}

	/// Returns `true` if a candidate has no epochs, so that it is trained to the end at each stage.
	fn is_whole(&self, genes: &[i64]) -> bool {
		let genes_of_space = self.memory.space.genes();
		let is_met = |condition: &Condition| {
			let mut pairs = genes_of_space.iter().zip(genes);
			pairs.any(|(gene, value)| gene.name == condition.gene && condition.values.contains(value))
		};
		!self.config.whole_if.is_empty() && self.config.whole_if.iter().all(is_met)
	}

	/// Draws the candidates of the present stage.
	fn draw(&mut self) {
		let places = self.places(self.stage);
		if let Some(before) = self.stage.checked_sub(1).filter(|_| self.brackets == 0) {
			// The first bracket halves: the best of the stage before are trained longer.
			let promoted = self.stages[before].iter().take(places).cloned();
			let (whole, trained): (Vec<_>, Vec<_>) = promoted.partition(|individual| self.is_whole(&individual.genes));
			self.stages[self.stage].extend(whole);
			self.waiting.extend(trained.into_iter().map(|Individual { genes, .. }| Entrant { genes, place: None }));
			return;
		}
		let pool = self.pool(places);
		for place in 0..places {
			let target = self.stages[self.stage].get(place);
			let config = &self.config;
			let breed = |space: &Space, random: &mut Random| match target {
				Some(target) => bred(&target.genes, &pool, config, space, random),
				None => space.sample(random),
			};
			let Some(genes) = self.memory.fresh(breed) else { break };
			self.memory.note_drawn(&genes);
			self.waiting.push_back(Entrant { genes, place: target.is_some().then_some(place) });
		}
	}

	/// Returns the individuals that mutants of the present stage are made of: migrants, and the best of the stage before; in the first
	/// stage, its own members.
	fn pool(&self, places: usize) -> Vec<Individual> {
		let best = match self.stage.checked_sub(1) {
			Some(before) => &self.stages[before][..places.max(LEAST_POOL).min(self.stages[before].len())],
			None => &self.stages[self.stage][..],
		};
		self.migrants.iter().chain(best).cloned().collect()
	}

	/// Enters a result into the present stage.
	fn enter(&mut self, entrant: &Entrant, individual: Individual) {
		let members = &mut self.stages[self.stage];
		match entrant.place.and_then(|place| members.get_mut(place)) {
			Some(member) if individual.fitness <= member.fitness => *member = individual,
			Some(_) => {}
			None => members.push(individual),
		}
	}

	/// Goes on with the next stage once all results of the present one are there.
	fn advance(&mut self) {
		while self.asked.is_empty() && self.waiting.is_empty() {
			let (stage, places) = (self.stage, self.places(self.stage));
			let members = &mut self.stages[stage];
			if stage + 1 == self.config.stages {
				members.append(&mut self.migrants);
			}
			members.sort_by(Individual::best_first);
			members.dedup_by(|a, b| a.genes == b.genes);
			members.truncate(places);
			if members.is_empty() {
				return;
			}
			self.stage += 1;
			if self.stage == self.config.stages {
				(self.stage, self.brackets) = (0, self.brackets + 1);
			}
			self.draw();
			if self.stage == 0 && self.waiting.is_empty() {
				// The whole space was visited.
				return;
			}
		}
	}
}

impl Algorithm for Evolution {
	type Config = EvolutionConfig;

	fn label(&self) -> &'static str {
		"de"
	}

	fn config(&self) -> &EvolutionConfig {
		&self.config
	}

	fn memory(&self) -> &Memory {
		&self.memory
	}

	fn memory_mut(&mut self) -> &mut Memory {
		&mut self.memory
	}

	fn draw_trial(&mut self) -> Option<Trial> {
		let entrant = self.waiting.pop_front()?;
		let trial = Trial { genes: entrant.genes.clone(), divisor: self.divisor(self.stage, &entrant.genes) };
		self.asked.push(entrant);
		Some(trial)
	}

	fn take(&mut self, individual: Individual, divisor: u32, _is_best: bool) {
		let awaited = self.asked.iter().position(|entrant| entrant.genes == individual.genes);
		match awaited.filter(|_| divisor == self.divisor(self.stage, &individual.genes)) {
			Some(at) => {
				let entrant = self.asked.remove(at);
				self.enter(&entrant, individual);
				self.advance();
			}
			// A migrant that was moved into the bounds of the space has its own fitness from now on.
			None if divisor == 1 && !self.correct(&individual, divisor) => self.migrants.push(individual),
			None => {}
		}
	}

	fn correct(&mut self, individual: &Individual, divisor: u32) -> bool {
		let mut is_known = false;
		for stage in 0..self.stages.len() {
			if self.divisor(stage, &individual.genes) == divisor {
				let members = self.stages[stage].iter_mut();
				members.filter(|member| member.genes == individual.genes).for_each(|member| {
					(member.fitness, is_known) = (individual.fitness, true);
				});
			}
		}
		for migrant in self.migrants.iter_mut().filter(|migrant| divisor == 1 && migrant.genes == individual.genes) {
			(migrant.fitness, is_known) = (individual.fitness, true);
		}
		is_known
	}

	fn join(&mut self, individual: Individual, _is_best: bool) {
		self.migrants.push(individual);
	}

	fn generations(&self) -> usize {
		self.brackets
	}

	fn halving(&self) -> Option<(usize, usize)> {
		Some((self.stage + 1, self.config.stages))
	}

	fn breeding(&self) -> Vec<&Individual> {
		let mut parents: Vec<_> = self.stages.last().into_iter().flatten().chain(&self.migrants).collect();
		parents.sort_by(|a, b| a.best_first(b));
		parents.dedup();
		parents
	}

	fn living(&self) -> Vec<(&Individual, u32)> {
		let mut living: Vec<_> = self.migrants.iter().map(|migrant| (migrant, 1)).collect();
		for (stage, members) in self.stages.iter().enumerate() {
			living.extend(members.iter().map(|member| (member, self.divisor(stage, &member.genes))));
		}
		living
	}
}

/// Returns a candidate with genes of `target` and of a mutant `a + F·(b − c)` of three parents (rand/1/bin, Storn & Price 1997). The
/// parents and the target are different ones; if `pool` has too few, the target is a parent too.
fn bred(target: &[i64], pool: &[Individual], config: &EvolutionConfig, space: &Space, random: &mut Random) -> Vec<i64> {
	let mut others: Vec<&[i64]> = pool.iter().map(|other| &other.genes[..]).filter(|genes| *genes != target).collect();
	let mut parent = || match others.len() {
		0 => target,
		count => others.swap_remove(random.below(count as u32) as usize),
	};
	let [base, from, to] = [parent(), parent(), parent()];
	let always = random.below(target.len() as u32) as usize;
	let mut child = target.to_vec();
	for (at, (value, gene)) in child.iter_mut().zip(space.genes()).enumerate() {
		if at == always || random.chance(config.crossover) {
			*value = gene.differ([base[at], from[at], to[at]], config.scale, random);
		}
	}
	child
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{GeneRange, Optimizer};
	use std::collections::BTreeSet;

	#[test]
	fn the_parents_of_a_mutant_differ() {
		let space = Space::new(vec![GeneRange::linear("a", 0, 1_000)]).unwrap();
		let pool = [0, 1, 10, 100].map(|gene| Individual { genes: vec![gene], fitness: 1 });
		let config = EvolutionConfig { scale: 1_000, crossover: 1_000, ..EvolutionConfig::default() };
		// One of 1, 10 and 100 with the difference of both others: 91 or 109 in two of three cases, otherwise below 0 and drawn anew.
		// Parents that are drawn with repetition give these sums far less often.
		let is_sum = |child: i64| [91, 109].iter().any(|sum: &i64| sum.abs_diff(child) <= 1);
		let child = |turn| bred(&[0], &pool, &config, &space, &mut Random::new(1, turn))[0];
		let sums = (0..200).filter(|turn| is_sum(child(*turn))).count();
		assert!((100..170).contains(&sums), "{sums}");
	}

	#[test]
	fn a_bracket_goes_through_its_stages() {
		let space = Space::new(vec![GeneRange::linear("a", 0, 100_000)]).unwrap();
		let mut search = Evolution::new(space, EvolutionConfig::default()).unwrap();
		let mut stages = Vec::new();
		while search.generation() == 0 {
			stages.push(search.bracket_stage());
			for trial in search.ask(27) {
				search.tell(&trial, trial.genes[0].unsigned_abs()).unwrap();
			}
		}
		assert_eq!(stages, [Some((1, 3)), Some((2, 3)), Some((3, 3))]);
		assert_eq!(search.bracket_stage(), Some((1, 3)), "the next bracket begins");
	}

	/// Depth 0 is a linear model, which has no epochs.
	#[test]
	fn a_candidate_without_epochs_is_trained_once_and_enters_the_later_stages() {
		let space = Space::new(vec![GeneRange::linear("depth", 0, 1), GeneRange::linear("width", 1, 400)]).unwrap();
		let linear = Condition { gene: "depth".into(), values: vec![0] };
		let config = EvolutionConfig { whole_if: vec![linear], ..EvolutionConfig::default() };
		let mut search = Evolution::new(space, config).unwrap();
		// Linear models are better, and the promoted ones of a bracket are linear.
		let loss = |trial: &Trial| trial.genes[0] as u64 * 1_000 + trial.genes[1].unsigned_abs();
		let (mut asked, mut linear) = (BTreeSet::new(), 0);
		while search.generation() < 4 {
			for trial in search.ask(5) {
				assert!(asked.insert(trial.clone()), "{trial:?} is trained twice");
				if trial.genes[0] == 0 {
					linear += 1;
					assert_eq!(trial.divisor, 1, "to the end at once");
				}
				search.tell(&trial, loss(&trial)).unwrap();
				if trial.divisor == 1 {
					assert!(search.best().is_some_and(|best| best.fitness <= loss(&trial)));
				}
			}
			if search.generation() == 1 && search.stage == 0 {
				assert!(search.stages[2].iter().all(|member| member.genes[0] == 0), "{:?}", search.stages[2]);
			}
		}
		assert!(linear > 20, "{linear}");
	}

	#[test]
	fn every_member_of_every_stage_is_compared_with_later_ones() {
		let space = Space::new(vec![GeneRange::linear("a", 0, 1_000), GeneRange::linear("b", 0, 1_000)]).unwrap();
		let mut search = Evolution::new(space, EvolutionConfig::default()).unwrap();
		while search.generation() < 1 {
			for trial in search.ask(1) {
				search.tell(&trial, trial.genes[0].unsigned_abs()).unwrap();
			}
		}
		let compared = search.compared();
		let of = |divisor| compared.iter().filter(|trial| trial.divisor == divisor).count();
		assert_eq!((of(9), of(3), of(1)), (27, 9, 3));
		// On more data each of them errs more, and none keeps the former fitness.
		for trial in &compared {
			search.retell(trial, trial.genes[0].unsigned_abs() + 5_000).unwrap();
		}
		assert!(search.stages.iter().flatten().all(|member| member.fitness >= 5_000));
		assert!(search.best().is_some_and(|best| best.fitness >= 5_000));
	}
}
