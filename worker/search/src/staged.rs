//! Genes that are added stage by stage, to the search of any algorithm.
//!
//! At each stage, the genes of this stage and of all earlier ones are searched, and every other gene has its base value. A stage ends
//! after some candidates without a better one, or once all of its points were visited. The next one begins a new search of the wider
//! space, into which the better half of the parents is injected with the fitness that they have: nothing is trained again.
//!
//! A better individual from elsewhere whose later genes have other values becomes the base of the present stage, which begins anew around
//! it. A worse one waits for the stage whose genes it has.

use crate::{
	optimizer::same_configuration, random::Random, Checkpoint, Evaluated, Individual, Injected, Migrant, Optimizer, SearchError,
	Space, Trial,
};
use serde::{Deserialize, Serialize};
use std::{
	collections::{BTreeMap, BTreeSet, VecDeque},
	fmt,
};

/// Name of the state.
const NAME: &str = "staged";
/// Most individuals that wait for their stage.
const MOST_OUTSIDE: usize = 32;

/// Configuration of stages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedConfig {
	/// Names of the genes that each stage adds. Genes that no stage names are added by the last one.
	pub stages: Vec<Vec<String>>,
	/// Candidates in a row without a better one after which the next stage begins; at least 1.
	pub patience: usize,
}

impl StagedConfig {
	/// Returns stages of `size` genes each, in the order of the space; at least one gene each.
	pub fn of_size(space: &Space, size: usize, patience: usize) -> Self {
		let names: Vec<String> = space.genes().iter().map(|gene| gene.name.clone()).collect();
		Self { stages: names.chunks(size.max(1)).map(<[String]>::to_vec).collect(), patience }
	}

	/// Returns the stage of each gene of `space`, from 0 on.
	///
	/// # Errors
	/// Returns [`SearchError::Stages`] if there is no stage, if a stage adds no gene, or if a gene is unknown or added twice, and
	/// [`SearchError::Config`] without patience.
	fn stages_of(&self, space: &Space) -> Result<Vec<usize>, SearchError> {
		let refuse = |reason: String| Err(SearchError::Stages { reason });
		if self.patience == 0 {
			return Err(SearchError::Config { field: "patience", value: 0, expected: "at least 1 candidate" });
		}
		let Some(last) = self.stages.len().checked_sub(1) else {
			return refuse("there is none; list the genes of each stage".into());
		};
		let mut stages = vec![None; space.genes().len()];
		for (stage, names) in self.stages.iter().enumerate() {
			if names.is_empty() {
				return refuse(format!("stage {} adds no gene: name at least one", stage + 1));
			}
			for name in names {
				let Some(at) = space.genes().iter().position(|gene| gene.name == *name) else {
					let known: Vec<&str> = space.genes().iter().map(|gene| gene.name.as_str()).collect();
					return refuse(format!("stage {} names `{name}`, and the genes are {}", stage + 1, known.join(", ")));
				};
				if let Some(before) = stages[at].replace(stage) {
					return refuse(format!(
						"gene `{name}` is added by the stages {} and {}: once is enough",
						before + 1,
						stage + 1
					));
				}
			}
		}
		Ok(stages.into_iter().map(|stage| stage.unwrap_or(last)).collect())
	}
}

/// Makes the search of a space for the stage that begins as number `turn`, from 0 on. Each turn needs a seed of its own.
type Make = Box<dyn Fn(Space, usize) -> Result<Box<dyn Optimizer>, SearchError> + Send>;

/// A search whose genes are added stage by stage.
pub struct Staged {
	config: StagedConfig,
	/// Space of all genes.
	space: Space,
	/// Stage that adds each gene.
	stages: Vec<usize>,
	make: Make,
	state: State,
	/// Search of the present stage.
	search: Box<dyn Optimizer>,
	/// Fitness of every trial that was told.
	told: BTreeMap<Trial, u64>,
	/// Trials that were asked and not told.
	asked: BTreeSet<Trial>,
	/// Parents of the present search, as points of the whole space.
	parents: Vec<Individual>,
	/// Failure of the search of a stage that could not begin.
	stopped: Option<SearchError>,
}

/// State beside that of the present search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct State {
	/// Present stage, from 0 on.
	stage: usize,
	/// Number of searches that have begun before the present one.
	turn: usize,
	/// Values of the genes that no stage has added yet.
	base: Vec<i64>,
	best: Option<Individual>,
	/// Best fitness that the present stage has found.
	best_here: u64,
	/// Candidates since then.
	since: usize,
	/// Generations of earlier searches.
	generations: usize,
	/// Individuals that are no points of the present stage, best first.
	outside: Vec<Individual>,
	/// Trials that are no points of the present stage, and are asked next.
	next: VecDeque<Trial>,
}

/// Content of a checkpoint.
#[derive(Serialize, Deserialize)]
struct Content {
	config: StagedConfig,
	space: Space,
	state: State,
	told: Vec<Evaluated>,
	search: Checkpoint,
}

/// Returns the seed of a stage that begins as number `turn`: that of the whole for the first one, and a stream of its own for each other
/// one.
pub fn seed_of_stage(seed: u64, turn: usize) -> u64 {
	match turn {
		0 => seed,
		// A search uses the streams from 1 on, and islands those from the largest number down.
		turn => Random::new(seed, u64::MAX / 2 - turn as u64).up_to(u64::MAX),
	}
}

impl fmt::Debug for Staged {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Staged").field("config", &self.config).field("state", &self.state).finish_non_exhaustive()
	}
}

impl Staged {
	/// Returns a search of `space` at its first stage, whose searches `make` makes. Genes that are not added yet have the middle of their
	/// scale; a category has its first value, and a gene with a condition its lower bound.
	///
	/// # Errors
	/// Returns [`SearchError::Stages`] and [`SearchError::Config`] if the stages cannot add the genes of the space, and the errors of
	/// `make`.
	pub fn new(
		space: Space,
		config: StagedConfig,
		make: impl Fn(Space, usize) -> Result<Box<dyn Optimizer>, SearchError> + Send + 'static,
	) -> Result<Self, SearchError> {
		let stages = config.stages_of(&space)?;
		let base = space.genes().iter().map(|gene| if gene.used_if.is_some() { gene.lo } else { gene.middle() });
		let state = State {
			stage: 0,
			turn: 0,
			base: base.collect(),
			best: None,
			best_here: u64::MAX,
			since: 0,
			generations: 0,
			outside: Vec::new(),
			next: VecDeque::new(),
		};
		let make: Make = Box::new(make);
		let search = make(space_of(&space, &stages, &state)?, 0)?;
		let (told, asked, parents) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
		Ok(Self { config, space, stages, make, state, search, told, asked, parents, stopped: None })
	}

	/// Returns genes as a point of the present stage. `None` if a gene that is not added yet has another value than the base.
	fn at_stage(&self, genes: &[i64]) -> Option<Vec<i64>> {
		let space = self.search.space();
		let moved = space.genes().iter().zip(genes).map(|(gene, value)| (*value).clamp(gene.lo, gene.hi)).collect();
		let point = space.canonical(moved);
		(self.space.canonical(point.clone()) == genes).then_some(point)
	}

	/// Returns a trial of the present stage as one of the whole space.
	fn whole(&self, trial: Trial) -> Trial {
		Trial { genes: self.space.canonical(trial.genes), ..trial }
	}

	/// Begins the present stage anew with `state`, and takes the better half of the parents along, and those that have waited for it.
	///
	/// # Errors
	/// Errors and changes nothing if no search can begin.
	fn begin(&mut self, state: State) -> Result<(), SearchError> {
		let state = State {
			turn: self.state.turn + 1,
			generations: self.state.generations + self.search.generation(),
			best_here: u64::MAX,
			since: 0,
			outside: Vec::new(),
			..state
		};
		let search = (self.make)(space_of(&self.space, &self.stages, &state)?, state.turn)?;
		let kept = self.parents.len().div_ceil(2);
		let best = self.state.best.clone().filter(|best| best.fitness < u64::MAX);
		let living = self.parents.drain(..).take(kept).chain(best);
		let taken: Vec<Individual> = living.chain(std::mem::take(&mut self.state.outside)).collect();
		(self.state, self.search) = (state, search);
		for individual in taken {
			self.join(individual)?;
		}
		self.note_parents();
		Ok(())
	}

	/// Lets the search of the present stage take an individual of the whole space with its fitness, or lets it wait for its stage.
	fn join(&mut self, individual: Individual) -> Result<Injected, SearchError> {
		let Individual { genes, fitness } = &individual;
		let space = self.search.space();
		let Some(point) = self.at_stage(genes) else {
			// Its genes of this stage take part with the base values of the others, and are asked next.
			let migrant = Migrant { genes: self.space.named(genes), fitness: *fitness };
			let injected = self.search.inject(&migrant)?;
			self.wait(individual);
			return Ok(injected);
		};
		let migrant = Migrant { genes: space.named(&point), fitness: *fitness };
		let injected = self.search.inject(&migrant)?;
		self.state.best_here = self.state.best_here.min(*fitness);
		Ok(injected)
	}

	/// Lets an individual wait for its stage.
	fn wait(&mut self, individual: Individual) {
		let outside = &mut self.state.outside;
		outside.retain(|other| other.genes != individual.genes);
		let at = outside.partition_point(|other| other.best_first(&individual).is_lt());
		outside.insert(at, individual);
		outside.truncate(MOST_OUTSIDE);
	}

	/// Begins the next stage if there is one. Returns `true` if it has begun.
	fn advance(&mut self) -> bool {
		if self.state.stage + 1 >= self.config.stages.len() || self.stopped.is_some() {
			return false;
		}
		match self.begin(State { stage: self.state.stage + 1, ..self.state.clone() }) {
			Ok(()) => true,
			Err(error) => {
				self.stopped = Some(error);
				false
			}
		}
	}

	/// Enters a fitness after the whole training as the best one if it is.
	fn note(&mut self, individual: &Individual) {
		if self.state.best.as_ref().is_none_or(|best| individual.fitness < best.fitness) {
			self.state.best = Some(individual.clone());
		}
	}

	/// Notes the parents of the present search as points of the whole space.
	fn note_parents(&mut self) {
		let whole = |parent: &Individual| Individual { genes: self.space.canonical(parent.genes.clone()), ..*parent };
		let parents = self.search.parents().into_iter().map(whole).collect();
		self.parents = parents;
	}

	/// Returns a new trial of the present stage, or the next one. What an earlier stage was told is told at once.
	fn next_of_stage(&mut self) -> Option<Trial> {
		loop {
			let Some(trial) = self.search.ask(1).pop() else {
				// Every point of the stage was visited, unless fitnesses are awaited.
				if self.asked.is_empty() && self.search.stopped().is_none() && self.advance() {
					continue;
				}
				return None;
			};
			let whole = self.whole(trial.clone());
			if self.asked.contains(&whole) || self.state.next.contains(&whole) {
				// It was asked for by an earlier stage or suggested, and is told to this one, too.
				continue;
			}
			let Some(fitness) = self.told.get(&whole).copied() else { return Some(whole) };
			if let Err(error) = self.search.tell(&trial, fitness) {
				self.stopped = Some(error);
				return None;
			}
			self.note_parents();
		}
	}
}

/// Returns the space of the present stage: genes that are not added yet have one value.
fn space_of(space: &Space, stages: &[usize], state: &State) -> Result<Space, SearchError> {
	let genes = space.genes().iter().zip(stages).zip(&state.base).map(|((gene, stage), base)| {
		let mut gene = gene.clone();
		if *stage > state.stage {
			(gene.lo, gene.hi) = (*base, *base);
		}
		gene
	});
	Space::new(genes.collect())
}

impl Optimizer for Staged {
	fn name(&self) -> &'static str {
		self.search.name()
	}

	fn space(&self) -> &Space {
		&self.space
	}

	fn ask(&mut self, n: usize) -> Vec<Trial> {
		let mut asked = Vec::with_capacity(n);
		while asked.len() < n {
			let trial = match self.state.next.pop_front() {
				None => self.next_of_stage(),
				waiting => waiting,
			};
			let Some(trial) = trial else { break };
			self.asked.insert(trial.clone());
			asked.push(trial);
		}
		asked
	}

	fn tell(&mut self, trial: &Trial, fitness: u64) -> Result<(), SearchError> {
		let genes = self.space.checked(&trial.genes)?;
		let (individual, divisor) = (Individual { genes: genes.clone(), fitness }, trial.divisor);
		let whole = Trial { genes, divisor };
		self.asked.remove(&whole);
		self.state.next.retain(|waiting| *waiting != whole);
		self.told.insert(whole, fitness);
		if divisor == 1 {
			self.note(&individual);
		}
		match self.at_stage(&individual.genes) {
			Some(genes) => {
				self.search.tell(&Trial { genes, divisor }, fitness)?;
				self.state.since += 1;
				if divisor == 1 && fitness < self.state.best_here {
					(self.state.best_here, self.state.since) = (fitness, 0);
				}
			}
			None if divisor == 1 => self.wait(individual),
			None => {}
		}
		self.note_parents();
		if self.state.since >= self.config.patience {
			self.advance();
		}
		Ok(())
	}

	fn retell(&mut self, trial: &Trial, fitness: u64) -> Result<(), SearchError> {
		let genes = self.space.checked(&trial.genes)?;
		let whole = Trial { genes: genes.clone(), divisor: trial.divisor };
		if self.told.insert(whole, fitness).is_none() {
			return self.tell(trial, fitness);
		}
		let individual = Individual { genes, fitness };
		match self.at_stage(&individual.genes) {
			Some(genes) => self.search.retell(&Trial { genes, divisor: trial.divisor }, fitness)?,
			None if trial.divisor == 1 => self.wait(individual.clone()),
			None => {}
		}
		if let Some(best) = self.state.best.as_mut().filter(|best| trial.divisor == 1 && best.genes == individual.genes) {
			best.fitness = fitness;
		}
		let of_stage = self.search.best().cloned();
		let of_stage = of_stage.map(|best| Individual { genes: self.space.canonical(best.genes), ..best });
		for other in of_stage.iter().chain(self.state.outside.first().cloned().iter()) {
			self.note(other);
		}
		(self.state.best_here, self.state.since) = (of_stage.map_or(u64::MAX, |best| best.fitness), 0);
		self.note_parents();
		Ok(())
	}

	fn suggest(&mut self, genes: &[i64]) -> Result<bool, SearchError> {
		let genes = self.space.checked(genes)?;
		let trial = Trial::whole(genes);
		if self.told.contains_key(&trial) || self.asked.contains(&trial) || self.state.next.contains(&trial) {
			return Ok(false);
		}
		match self.at_stage(&trial.genes) {
			Some(point) => self.search.suggest(&point),
			None => {
				self.state.next.push_back(trial);
				Ok(true)
			}
		}
	}

	fn inject(&mut self, migrant: &Migrant) -> Result<Injected, SearchError> {
		let (genes, is_moved) = self.space.adopt(&migrant.genes)?;
		if is_moved {
			// It has the fitness of other genes until its own one is told.
			let injected = match self.at_stage(&genes) {
				Some(_) => self.search.inject(migrant)?,
				None if self.suggest(&genes)? => Injected::Moved,
				None => Injected::Known,
			};
			self.note_parents();
			return Ok(injected);
		}
		let trial = Trial::whole(genes);
		if self.told.contains_key(&trial) || self.asked.contains(&trial) || self.state.next.contains(&trial) {
			return Ok(Injected::Known);
		}
		let individual = Individual { genes: trial.genes.clone(), fitness: migrant.fitness };
		let is_best = self.state.best.as_ref().is_none_or(|best| individual.fitness < best.fitness);
		self.note(&individual);
		self.told.insert(trial, individual.fitness);
		if is_best && self.at_stage(&individual.genes).is_none() {
			// The best individual is the base of the new search, and is taken along as one of its points.
			self.begin(State { base: individual.genes, ..self.state.clone() })?;
			return Ok(Injected::Joined);
		}
		let injected = self.join(individual)?;
		self.note_parents();
		Ok(injected)
	}

	fn best(&self) -> Option<&Individual> {
		self.state.best.as_ref()
	}

	fn generation(&self) -> usize {
		self.state.generations + self.search.generation()
	}

	fn parents(&self) -> Vec<&Individual> {
		self.parents.iter().collect()
	}

	fn compared(&self) -> Vec<Trial> {
		let of_stage = self.search.compared().into_iter().map(|trial| self.whole(trial));
		let others = self.state.outside.iter().chain(&self.state.best).chain(self.search.best());
		let all = of_stage.chain(others.map(|individual| Trial::whole(self.space.canonical(individual.genes.clone()))));
		// A migrant that was moved takes part with the fitness of the original until it is evaluated.
		let known = all.filter(|trial| self.told.contains_key(trial));
		known.collect::<BTreeSet<_>>().into_iter().collect()
	}

	fn stage(&self) -> Option<(usize, usize)> {
		Some((self.state.stage + 1, self.config.stages.len()))
	}

	fn bracket_stage(&self) -> Option<(usize, usize)> {
		self.search.bracket_stage()
	}

	fn stopped(&self) -> Option<&SearchError> {
		self.stopped.as_ref().or(self.search.stopped())
	}

	fn checkpoint(&self) -> Checkpoint {
		let told = self.told.iter().map(|(trial, fitness)| Evaluated { trial: trial.clone(), fitness: *fitness });
		let mut state = self.state.clone();
		// The search of the stage asks its own ones again.
		let outside = self.asked.iter().filter(|trial| self.at_stage(&trial.genes).is_none());
		outside.rev().for_each(|trial| state.next.push_front(trial.clone()));
		let content = Content {
			config: self.config.clone(),
			space: self.space.clone(),
			state,
			told: told.collect(),
			search: self.search.checkpoint(),
		};
		Checkpoint::of(NAME, &content)
	}

	fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), SearchError> {
		let Content { config, space, state, told, search: stored } = checkpoint.read(NAME)?;
		same_configuration(&config, &self.config)?;
		if space != self.space {
			return Err(SearchError::Checkpoint { reason: "the genes or their bounds are others".into() });
		}
		let is_point = self.space.check(&state.base).is_ok() && state.stage < self.config.stages.len();
		if !is_point {
			return Err(SearchError::Checkpoint { reason: "it is damaged: its stage is none of this search".into() });
		}
		let mut search = (self.make)(space_of(&self.space, &self.stages, &state)?, state.turn)?;
		search.restore(&stored)?;
		let told = told.into_iter().map(|Evaluated { trial, fitness }| (trial, fitness)).collect();
		(self.state, self.search, self.told, self.asked, self.stopped) = (state, search, told, BTreeSet::new(), None);
		self.note_parents();
		Ok(())
	}
}

#[cfg(test)]
mod tests;
