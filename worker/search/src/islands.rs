//! Several searches side by side, which exchange their best candidates.
//!
//! In each *generation* every island asks for some trials. Once all of them have a fitness, each island is given its own, in the
//! order in which it asked, and in some generations candidates migrate. What an island asks next depends on nothing else, so that the
//! results are the same whatever number of threads or processes evaluates the trials, and in whatever order they end.
//!
//! All islands share an [`Archive`]: a trial that another island asked for is not evaluated again. A migrant has the fitness of the
//! archive, and takes part in the next selection of the island that it reaches.
//!
//! ```
//! use doin_search::{Ga, GaConfig, GeneRange, Islands, IslandsConfig, Optimizer, SearchError, Space, seed_of_island};
//!
//! let space = Space::new(vec![GeneRange::linear("x", -100, 100), GeneRange::linear("y", -100, 100)])?;
//! let islands = (0..3).map(|island| {
//!     let config = GaConfig { seed: seed_of_island(7, island), ..GaConfig::default() };
//!     Ok(Box::new(Ga::new(space.clone(), config)?) as Box<dyn Optimizer>)
//! });
//! let mut search = Islands::new(islands.collect::<Result<_, SearchError>>()?, IslandsConfig::default())?;
//! for _ in 0..20 {
//!     for trial in search.begin() {
//!         search.tell(&trial, trial.genes[0].abs_diff(42) + trial.genes[1].abs_diff(-17))?;
//!     }
//!     search.end()?;
//! }
//! assert!(search.archive().best().is_some_and(|best| best.fitness < 20));
//! # Ok::<(), SearchError>(())
//! ```

use crate::{
	optimizer::same_configuration, random::Random, Archive, Checkpoint, Individual, Injected, Migrant, Optimizer, SearchError,
	Trial,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Name of the state.
const NAME: &str = "islands";

/// Way that migrants take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topology {
	/// From each island to the next one, and from the last one to the first.
	#[default]
	Ring,
	/// From each island to all others, as champions on a chain.
	All,
}

/// Configuration of islands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IslandsConfig {
	/// Most trials that an island asks for in a generation, at least 1.
	pub batch: usize,
	/// Generations from one migration to the next one; 0 for none.
	pub interval: usize,
	/// Most candidates that an island takes from another one in a migration.
	pub migrants: usize,
	/// Way that migrants take.
	pub topology: Topology,
}

impl Default for IslandsConfig {
	fn default() -> Self {
		Self { batch: 24, interval: 5, migrants: 2, topology: Topology::Ring }
	}
}

/// One search among others.
struct Island {
	search: Box<dyn Optimizer>,
	/// Trials of the present generation.
	asked: Vec<Trial>,
	/// Candidates since the last migration that were trained to the end.
	recent: Vec<Individual>,
	counts: Counts,
}

/// Counts of one island.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
	/// Trials of the complete generations.
	pub asked: u64,
	/// Candidates that were offered to other islands.
	pub sent: u64,
	/// Candidates of other islands that were new, and took part in a selection.
	pub received: u64,
}

/// Several searches side by side.
pub struct Islands {
	config: IslandsConfig,
	islands: Vec<Island>,
	archive: Archive,
	generation: usize,
	/// `true` from [`begin`](Self::begin) to [`end`](Self::end).
	is_open: bool,
}

/// State of islands between two generations, or within one, whose trials are asked again.
#[derive(Serialize, Deserialize)]
struct State {
	config: IslandsConfig,
	generation: usize,
	archive: Archive,
	islands: Vec<IslandState>,
}

/// State of one island.
#[derive(Serialize, Deserialize)]
struct IslandState {
	search: Checkpoint,
	recent: Vec<Individual>,
	counts: Counts,
}

/// Returns the seed of an island: that of the whole for island 0, and a stream of its own for each other one.
pub fn seed_of_island(seed: u64, island: usize) -> u64 {
	match island {
		0 => seed,
		// A search uses the streams from 1 on.
		island => Random::new(seed, u64::MAX - island as u64).up_to(u64::MAX),
	}
}

impl Islands {
	/// Returns islands with these searches, which need different seeds. The bounds of their genes may differ.
	///
	/// # Errors
	/// Returns [`SearchError::Config`] if there is no search or if `config` is out of the range in its documentation, and
	/// [`SearchError::Islands`] if the genes of a search have other names or another order than those of the first one.
	pub fn new(searches: Vec<Box<dyn Optimizer>>, config: IslandsConfig) -> Result<Self, SearchError> {
		let Some(first) = searches.first() else {
			return Err(SearchError::Config { field: "islands", value: 0, expected: "at least 1" });
		};
		if config.batch == 0 {
			return Err(SearchError::Config { field: "batch", value: 0, expected: "at least 1" });
		}
		let names = |search: &dyn Optimizer| search.space().genes().iter().map(|gene| gene.name.clone()).collect::<Vec<_>>();
		let of_first = names(&**first);
		if let Some(island) = searches.iter().position(|search| names(&**search) != of_first) {
			return Err(SearchError::Islands { island });
		}
		let island = |search| Island { search, asked: Vec::new(), recent: Vec::new(), counts: Counts::default() };
		let islands = searches.into_iter().map(island).collect();
		Ok(Self { config, islands, archive: Archive::default(), generation: 0, is_open: false })
	}

	/// Begins a generation, or goes on with the present one. Returns its trials that have no fitness yet, each one once, in ascending
	/// order. There may be none, if all are known from other islands: the generation can be ended at once.
	pub fn begin(&mut self) -> Vec<Trial> {
		if !self.is_open {
			for island in &mut self.islands {
				island.asked = island.search.ask(self.config.batch);
			}
			self.is_open = true;
		}
		let asked = self.islands.iter().flat_map(|island| &island.asked);
		let new: BTreeSet<&Trial> = asked.filter(|trial| self.archive.fitness(trial).is_none()).collect();
		new.into_iter().cloned().collect()
	}

	/// Returns `true` if the islands ask for nothing in the present generation: all of them have visited their whole spaces.
	pub fn is_exhausted(&self) -> bool {
		self.is_open && self.islands.iter().all(|island| island.asked.is_empty())
	}

	/// Takes the fitness of a trial. Results may arrive in any order, and more than once.
	///
	/// # Errors
	/// Returns [`SearchError::Conflict`] if the trial has another fitness.
	pub fn tell(&mut self, trial: &Trial, fitness: u64) -> Result<(), SearchError> {
		self.archive.enter(trial, fitness)
	}

	/// Ends the generation: gives each island its results, and lets candidates migrate if it is time to. Returns `true` if it is.
	///
	/// # Errors
	/// Returns [`SearchError::Unevaluated`] and changes nothing if a trial of the generation has no fitness.
	pub fn end(&mut self) -> Result<bool, SearchError> {
		let mut asked = self.islands.iter().flat_map(|island| &island.asked);
		if let Some(trial) = asked.find(|trial| self.archive.fitness(trial).is_none()) {
			return Err(SearchError::Unevaluated { genes: trial.genes.clone() });
		}
		for island in &mut self.islands {
			for trial in std::mem::take(&mut island.asked) {
				let fitness = self.archive.fitness(&trial).unwrap_or(u64::MAX);
				island.search.tell(&trial, fitness)?;
				island.counts.asked += 1;
				if self.config.interval > 0 && trial.divisor == 1 && fitness < u64::MAX {
					island.recent.push(Individual { genes: trial.genes, fitness });
				}
			}
		}
		self.is_open = false;
		self.generation += 1;
		let is_due = self.config.interval > 0 && self.generation.is_multiple_of(self.config.interval);
		if is_due {
			self.migrate()?;
		}
		Ok(is_due)
	}

	/// Lets the best candidates of each island migrate, all of them at the same time.
	fn migrate(&mut self) -> Result<(), SearchError> {
		let offered: Vec<_> = self.islands.iter_mut().map(|island| island.emigrants(&self.archive)).collect();
		let count = self.islands.len();
		for to in 0..count {
			let sources: Vec<usize> = match self.config.topology {
				Topology::Ring => vec![(to + count - 1) % count],
				Topology::All => (0..count).collect(),
			};
			for from in sources.into_iter().filter(|from| *from != to) {
				let mut taken = 0;
				for migrant in &offered[from] {
					if taken == self.config.migrants {
						break;
					}
					self.islands[from].counts.sent += 1;
					if self.islands[to].search.inject(migrant)? != Injected::Known {
						self.islands[to].counts.received += 1;
						taken += 1;
					}
				}
			}
		}
		Ok(())
	}

	/// Returns the results of all islands.
	pub fn archive(&self) -> &Archive {
		&self.archive
	}

	/// Returns the best individual that the islands know after the complete generations; of several, the one with the smallest genes.
	pub fn best(&self) -> Option<&Individual> {
		let best = self.islands.iter().filter_map(|island| island.search.best());
		best.min_by(|one, other| (one.fitness, &one.genes).cmp(&(other.fitness, &other.genes)))
	}

	/// Returns the number of complete generations.
	pub fn generation(&self) -> usize {
		self.generation
	}

	/// Returns the number of islands, at least 1.
	pub fn count(&self) -> usize {
		self.islands.len()
	}

	/// Returns the search of an island, if there is one of this number.
	pub fn search(&self, island: usize) -> Option<&dyn Optimizer> {
		self.islands.get(island).map(|island| &*island.search)
	}

	/// Returns the counts of the islands, in their order.
	pub fn counts(&self) -> Vec<Counts> {
		self.islands.iter().map(|island| island.counts).collect()
	}

	/// Returns the number of trials that an island asked for after another one, so that they were not evaluated again. It is exact between
	/// two generations.
	pub fn shared(&self) -> u64 {
		let asked: u64 = self.islands.iter().map(|island| island.counts.asked).sum();
		asked.saturating_sub(self.archive.len() as u64)
	}

	/// Returns the diversity: the mean share of genes in which two different parents differ, over all pairs of parents of all islands, per
	/// thousand. `None` if there are fewer than two parents.
	pub fn diversity(&self) -> Option<u16> {
		diversity(&self.islands.iter().flat_map(|island| island.search.parents()).collect::<Vec<_>>())
	}

	/// Returns the state. Trials of the present generation are asked again by the islands that are restored, and their results are kept.
	pub fn checkpoint(&self) -> Checkpoint {
		let islands = self.islands.iter().map(|island| IslandState {
			search: island.search.checkpoint(),
			recent: island.recent.clone(),
			counts: island.counts,
		});
		let state = State {
			config: self.config.clone(),
			generation: self.generation,
			archive: self.archive.clone(),
			islands: islands.collect(),
		};
		Checkpoint::of(NAME, &state)
	}

	/// Goes on from a state.
	///
	/// # Errors
	/// Errors if the state belongs to another version, configuration, number of islands or search. The islands cannot be used any more
	/// then.
	pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), SearchError> {
		let state: State = checkpoint.read(NAME)?;
		same_configuration(&state.config, &self.config)?;
		if state.islands.len() != self.islands.len() {
			let reason = format!("it is one of {} islands, and there are {}", state.islands.len(), self.islands.len());
			return Err(SearchError::Checkpoint { reason });
		}
		for (island, IslandState { search, recent, counts }) in self.islands.iter_mut().zip(state.islands) {
			island.search.restore(&search)?;
			(island.asked, island.recent, island.counts) = (Vec::new(), recent, counts);
		}
		(self.archive, self.generation, self.is_open) = (state.archive, state.generation, false);
		Ok(())
	}
}

impl Island {
	/// Returns the candidates that may migrate, best first: the best one, the parents, and those since the last migration. Each has the
	/// fitness of its own evaluation, so that one that was moved into narrower bounds waits for it.
	fn emigrants(&mut self, archive: &Archive) -> Vec<Migrant> {
		let recent = std::mem::take(&mut self.recent);
		let living = self.search.best().into_iter().chain(self.search.parents()).chain(&recent);
		let verified = |individual: &Individual| {
			let fitness = archive.fitness(&Trial::whole(individual.genes.clone()))?;
			(fitness < u64::MAX).then(|| (fitness, individual.genes.clone()))
		};
		let sorted: BTreeSet<(u64, Vec<i64>)> = living.filter_map(verified).collect();
		let named = |(fitness, genes): (u64, Vec<i64>)| Migrant { genes: self.search.space().named(&genes), fitness };
		sorted.into_iter().map(named).collect()
	}
}

/// Returns the mean share of genes in which two individuals differ, over all pairs, per thousand.
fn diversity(individuals: &[&Individual]) -> Option<u16> {
	let genes = individuals.first()?.genes.len();
	let pairs_of = |count: u64| count * count.saturating_sub(1) / 2;
	let pairs = pairs_of(individuals.len() as u64);
	let mut equal = 0;
	for gene in 0..genes {
		let mut values: Vec<i64> = individuals.iter().filter_map(|individual| individual.genes.get(gene).copied()).collect();
		values.sort_unstable();
		equal += values.chunk_by(|one, other| one == other).map(|same| pairs_of(same.len() as u64)).sum::<u64>();
	}
	let all = pairs * genes as u64;
	(all > 0).then(|| ((all - equal) * 1_000 / all) as u16)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		Cmaes, CmaesConfig, Evolution, EvolutionConfig, Ga, GaConfig, GeneRange, Sampler, SamplerConfig, Sequence, Space,
	};

	const GENES: usize = 6;

	fn space(edge: i64) -> Space {
		Space::new((0..GENES).map(|at| GeneRange::linear(&format!("x{at}"), -edge, edge)).collect()).unwrap()
	}

	/// Returns a search of each algorithm.
	fn mixed(seed: u64) -> Vec<Box<dyn Optimizer>> {
		let seed_of = |island| seed_of_island(seed, island);
		let space = space(2_000);
		vec![
			Box::new(Ga::new(space.clone(), GaConfig { seed: seed_of(0), ..GaConfig::default() }).unwrap()),
			Box::new(Evolution::new(space.clone(), EvolutionConfig { seed: seed_of(1), ..EvolutionConfig::default() }).unwrap()),
			Box::new(Cmaes::new(space.clone(), CmaesConfig { seed: seed_of(2), ..CmaesConfig::default() }).unwrap()),
			Box::new(Sampler::new(space, SamplerConfig { sequence: Sequence::Sobol, seed: seed_of(3) }).unwrap()),
		]
	}

	fn genetic(count: usize, edge: i64) -> Vec<Box<dyn Optimizer>> {
		let island = |island| -> Box<dyn Optimizer> {
			Box::new(Ga::new(space(edge), GaConfig { seed: seed_of_island(5, island), ..GaConfig::default() }).unwrap())
		};
		(0..count).map(island).collect()
	}

	fn config() -> IslandsConfig {
		IslandsConfig { interval: 2, ..IslandsConfig::default() }
	}

	fn loss(trial: &Trial) -> u64 {
		trial.genes.iter().zip(1..).map(|(gene, weight)| weight * gene.abs_diff(300).pow(2)).sum()
	}

	/// Evaluates `generations` generations, each in the order that `arrange` makes. Returns the trials in the order of evaluation.
	fn drive(islands: &mut Islands, generations: usize, arrange: impl Fn(&mut Vec<Trial>)) -> Vec<Trial> {
		let mut all = Vec::new();
		for _ in 0..generations {
			let mut trials = islands.begin();
			arrange(&mut trials);
			for trial in trials {
				islands.tell(&trial, loss(&trial)).unwrap();
				all.push(trial);
			}
			islands.end().unwrap();
		}
		all
	}

	#[test]
	fn the_order_of_results_changes_nothing_and_no_trial_comes_twice() {
		let archive = |arrange: &dyn Fn(&mut Vec<Trial>)| {
			let mut islands = Islands::new(mixed(7), config()).unwrap();
			let evaluated = drive(&mut islands, 12, arrange);
			assert_eq!(evaluated.iter().collect::<BTreeSet<_>>().len(), evaluated.len(), "no trial is evaluated twice");
			assert_eq!(evaluated.len(), islands.archive().len());
			(islands.archive().hash(), islands.checkpoint())
		};
		let (hash, state) = archive(&|_| ());
		assert!(archive(&|trials| trials.reverse()) == (hash, state.clone()));
		assert!(archive(&|trials| trials.sort_by_key(|trial| trial.genes[1] % 7)) == (hash, state));
		let mut other = Islands::new(mixed(8), config()).unwrap();
		drive(&mut other, 12, |_| ());
		assert_ne!(other.archive().hash(), hash, "of another seed");
	}

	/// The process is killed between two generations, within one, and before the first one.
	#[test]
	fn islands_that_are_restored_go_on_exactly() {
		let mut whole = Islands::new(mixed(7), config()).unwrap();
		drive(&mut whole, 11, |_| ());
		for generations in [0, 1, 4, 5] {
			for told in [0, 1, 30] {
				let mut islands = Islands::new(mixed(7), config()).unwrap();
				drive(&mut islands, generations, |_| ());
				for trial in islands.begin().into_iter().take(told) {
					islands.tell(&trial, loss(&trial)).unwrap();
				}
				let text = serde_json::to_string(&islands.checkpoint()).unwrap();
				let mut restored = Islands::new(mixed(7), config()).unwrap();
				restored.restore(&serde_json::from_str(&text).unwrap()).unwrap();
				assert_eq!(restored.generation(), generations);
				let again = drive(&mut restored, 11 - generations, |_| ());
				assert_eq!(restored.archive().hash(), whole.archive().hash(), "{generations} {told}");
				let of_earlier = islands.archive();
				assert!(again.iter().all(|trial| of_earlier.fitness(trial).is_none()), "known results are not evaluated again");
			}
		}
	}

	#[test]
	fn a_migrant_is_a_parent_of_the_next_generation_and_does_not_take_over() {
		let champion = vec![300; GENES];
		let mut islands = Islands::new(genetic(3, 2_000), IslandsConfig { interval: 4, ..IslandsConfig::default() }).unwrap();
		drive(&mut islands, 3, |_| ());
		islands.islands[0].search.suggest(&champion).unwrap();
		drive(&mut islands, 1, |_| ());
		assert_eq!(islands.archive().best(), Some(Individual { genes: champion.clone(), fitness: 0 }));
		let parents = |islands: &Islands, island: usize| -> Vec<Vec<i64>> {
			islands.islands[island].search.parents().iter().map(|parent| parent.genes.clone()).collect()
		};
		assert!(parents(&islands, 1).contains(&champion), "the next island in the ring has it before its selection");
		assert!(!parents(&islands, 2).contains(&champion));
		let before = islands.diversity().unwrap();
		islands.begin();
		let near = |trial: &&Trial| trial.genes.iter().filter(|gene| **gene == 300).count() > GENES / 2;
		let children = &islands.islands[1].asked;
		assert!(children.iter().filter(near).count() < children.len() / 2, "{children:?}");
		drive(&mut islands, 1, |_| ());
		assert!(parents(&islands, 1).contains(&champion));
		assert!(islands.diversity().unwrap() > before / 2, "{before} {:?}", islands.diversity());
		drive(&mut islands, 3, |_| ());
		assert!(parents(&islands, 2).contains(&champion), "a migration later, it is on the island after the next one");
	}

	#[test]
	fn migrants_are_counted_and_reach_those_that_the_topology_names() {
		let received = |topology, count| {
			let mut islands = Islands::new(genetic(count, 2_000), IslandsConfig { topology, ..config() }).unwrap();
			drive(&mut islands, 2, |_| ());
			let counts = islands.counts();
			assert!(counts.iter().all(|counts| counts.sent >= counts.received));
			counts.iter().map(|counts| counts.received).collect::<Vec<_>>()
		};
		assert_eq!(received(Topology::Ring, 3), [2; 3], "two from the island before");
		assert_eq!(received(Topology::All, 3), [4; 3], "two from each of two");
		assert_eq!(received(Topology::Ring, 1), [0]);
		let mut apart = Islands::new(genetic(2, 2_000), IslandsConfig { interval: 0, ..config() }).unwrap();
		drive(&mut apart, 6, |_| ());
		assert_eq!(apart.counts()[0].received, 0);
	}

	#[test]
	fn candidates_of_wider_bounds_are_moved_and_evaluated() {
		let mut searches = genetic(1, 2_000);
		searches.extend(genetic(1, 100));
		let mut islands = Islands::new(searches, IslandsConfig { interval: 1, ..config() }).unwrap();
		let trials = drive(&mut islands, 1, |_| ());
		assert!(trials.iter().any(|trial| trial.genes.iter().any(|gene| gene.abs() > 100)));
		assert_eq!(islands.counts()[1].received, 2);
		islands.begin();
		let asked = &islands.islands[1].asked;
		assert!(asked[..2].iter().all(|trial| trial.genes.iter().any(|gene| gene.abs() == 100)), "{asked:?}");
		assert!(asked.iter().all(|trial| trial.genes.iter().all(|gene| gene.abs() <= 100)));
	}

	/// Both islands ask for every point, and each one is evaluated once.
	#[test]
	fn a_space_is_visited_once_by_all_islands_together() {
		let space = Space::new(vec![GeneRange::linear("a", 0, 9), GeneRange::linear("b", 0, 4)]).unwrap();
		let search = |island| -> Box<dyn Optimizer> {
			let config = SamplerConfig { sequence: Sequence::Random, seed: seed_of_island(1, island) };
			Box::new(Sampler::new(space.clone(), config).unwrap())
		};
		let mut islands = Islands::new(vec![search(0), search(1)], IslandsConfig { interval: 0, ..config() }).unwrap();
		let mut evaluated = 0;
		loop {
			let trials = islands.begin();
			if islands.is_exhausted() {
				break;
			}
			evaluated += trials.len();
			trials.iter().for_each(|trial| islands.tell(trial, loss(trial)).unwrap());
			islands.end().unwrap();
		}
		assert_eq!((evaluated, islands.archive().len()), (50, 50));
		assert_eq!(islands.shared(), 50);
	}

	#[test]
	fn diversity_is_the_share_of_genes_that_differ() {
		let individuals: Vec<_> = [[1, 1], [1, 2], [1, 3]].map(|genes| Individual { genes: genes.to_vec(), fitness: 0 }).to_vec();
		let of = |count: usize| diversity(&individuals.iter().take(count).collect::<Vec<_>>());
		assert_eq!([0, 1, 2, 3].map(of), [None, None, Some(500), Some(500)]);
		let equal = Individual { genes: vec![1, 1], fitness: 0 };
		assert_eq!(diversity(&[&equal, &equal]), Some(0));
	}

	#[test]
	fn what_does_not_fit_is_refused() {
		assert!(matches!(Islands::new(Vec::new(), config()), Err(SearchError::Config { field: "islands", .. })));
		let no_batch = IslandsConfig { batch: 0, ..config() };
		assert!(matches!(Islands::new(genetic(1, 9), no_batch), Err(SearchError::Config { field: "batch", .. })));
		let mut searches = genetic(2, 9);
		let other = Space::new(vec![GeneRange::linear("y", 0, 9)]).unwrap();
		searches.push(Box::new(Ga::new(other, GaConfig::default()).unwrap()));
		assert!(matches!(Islands::new(searches, config()), Err(SearchError::Islands { island: 2 })));
		let mut islands = Islands::new(genetic(2, 9), config()).unwrap();
		let first = islands.begin().remove(0);
		assert_eq!(islands.end(), Err(SearchError::Unevaluated { genes: islands.islands[0].asked[0].genes.clone() }));
		islands.tell(&first, 3).unwrap();
		assert_eq!(islands.tell(&first, 4), Err(SearchError::Conflict { genes: first.genes.clone(), before: 3, after: 4 }));
		let state = islands.checkpoint();
		let refusal = |mut islands: Islands| islands.restore(&state).unwrap_err().to_string();
		assert!(refusal(Islands::new(genetic(3, 9), config()).unwrap()).contains("one of 2 islands, and there are 3"));
		assert!(refusal(Islands::new(genetic(2, 9), IslandsConfig::default()).unwrap()).contains("configuration"));
		assert!(refusal(Islands::new(genetic(2, 8), config()).unwrap()).contains("bounds"));
	}
}
