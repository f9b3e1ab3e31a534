//! Memory of every algorithm: the candidates that were asked or told, and the best one.

use crate::{random::Random, Individual, Injected, Migrant, SearchError, Space, Trial};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// Number of points that are enumerated to find a new one when drawing fails.
const ENUMERABLE: u128 = 1 << 16;
/// Number of attempts to draw a new candidate.
const ATTEMPTS: usize = 32;

/// Candidates of a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
	pub space: Space,
	/// Seed of the random streams.
	pub seed: u64,
	/// Number of random streams that were used.
	turn: u64,
	/// Candidates that were asked or told, and are not asked again.
	seen: BTreeSet<Vec<i64>>,
	/// Trials that were asked and not told, in their order.
	asked: Vec<Trial>,
	/// Candidates that are asked next.
	next: VecDeque<Trial>,
	best: Option<Individual>,
}

impl Memory {
	/// Returns a memory without candidates.
	pub fn new(space: Space, seed: u64) -> Self {
		Self { space, seed, turn: 0, seen: BTreeSet::new(), asked: Vec::new(), next: VecDeque::new(), best: None }
	}

	/// Returns a random stream that was not used before.
	pub fn random(&mut self) -> Random {
		self.turn += 1;
		Random::new(self.seed, self.turn)
	}

	/// Returns the best individual.
	pub fn best(&self) -> Option<&Individual> {
		self.best.as_ref()
	}

	/// Returns the next trial that waits.
	pub fn waiting(&mut self) -> Option<Trial> {
		self.next.pop_front()
	}

	/// Lets `trial` be asked next, also if it was asked before.
	pub fn ask_next(&mut self, trial: Trial) {
		if !self.next.contains(&trial) && !self.asked.contains(&trial) {
			self.next.push_back(trial);
		}
	}

	/// Returns `true` if genes were asked or told before.
	pub fn is_seen(&self, genes: &[i64]) -> bool {
		self.seen.contains(genes)
	}

	/// Notes that genes were drawn, to be asked later.
	pub fn note_drawn(&mut self, genes: &[i64]) {
		self.seen.insert(genes.to_vec());
	}

	/// Notes that `trial` is asked.
	pub fn note_asked(&mut self, trial: &Trial) {
		self.seen.insert(trial.genes.clone());
		self.asked.push(trial.clone());
	}

	/// Checks a trial that is told. Returns its genes in the canonical form.
	///
	/// # Errors
	/// Errors if the genes are not a point of the space.
	pub fn note_told(&mut self, trial: &Trial) -> Result<Vec<i64>, SearchError> {
		self.space.check(&trial.genes)?;
		let genes = self.space.canonical(trial.genes.clone());
		self.asked.retain(|asked| asked != trial);
		self.seen.insert(genes.clone());
		Ok(genes)
	}

	/// Enters an individual as the best one if it is. Returns `true` if it is.
	pub fn enter(&mut self, individual: &Individual) -> bool {
		let is_better = self.best.as_ref().is_none_or(|best| individual.fitness < best.fitness);
		if is_better {
			self.best = Some(individual.clone());
		}
		is_better
	}

	/// Replaces the fitness of the best individual by that of another one of `living`, or by `fitness` if its genes are `genes`.
	pub fn revise<'a>(&mut self, genes: &[i64], fitness: u64, living: impl Iterator<Item = &'a Individual>) {
		if let Some(best) = self.best.as_mut().filter(|best| best.genes == genes) {
			best.fitness = fitness;
		}
		if let Some(better) = living.min_by_key(|individual| individual.fitness).cloned() {
			self.enter(&better);
		}
	}

	/// Takes a migrant: returns it in the form of this space, and what becomes of it.
	///
	/// # Errors
	/// Errors if a gene is missing or unknown.
	pub fn receive(&mut self, migrant: &Migrant) -> Result<(Individual, Injected), SearchError> {
		let (genes, is_moved) = self.space.adopt(&migrant.genes)?;
		let individual = Individual { genes, fitness: migrant.fitness };
		if is_moved {
			if self.seen.contains(&individual.genes) {
				return Ok((individual, Injected::Known));
			}
			self.ask_next(Trial::whole(individual.genes.clone()));
			return Ok((individual, Injected::Moved));
		}
		// Candidates in training are known as well, and are told sooner or later.
		if !self.seen.insert(individual.genes.clone()) {
			return Ok((individual, Injected::Known));
		}
		Ok((individual, Injected::Joined))
	}

	/// Returns a candidate of `draw` that was not asked or told before, else one drawn uniformly, else the next one of an enumeration.
	/// `None` if every point was visited.
	pub fn fresh(&mut self, mut draw: impl FnMut(&Space, &mut Random) -> Vec<i64>) -> Option<Vec<i64>> {
		if self.seen.len() as u128 >= self.space.size() {
			return None;
		}
		let mut random = self.random();
		for attempt in 0..2 * ATTEMPTS {
			let drawn = if attempt < ATTEMPTS { draw(&self.space, &mut random) } else { self.space.sample(&mut random) };
			let candidate = self.space.canonical(drawn);
			if !self.seen.contains(&candidate) {
				return Some(candidate);
			}
		}
		// A space in which this fails is small: take the first new point, from a random one on.
		let size = self.space.size().min(ENUMERABLE);
		let start = u128::from(random.below(size as u32));
		(0..size)
			.map(|at| self.space.canonical(self.space.point((start + at) % self.space.size())))
			.find(|point| !self.seen.contains(point))
	}

	/// Lets genes be asked next, unless they were asked or told before. Returns `true` if they are asked next.
	///
	/// # Errors
	/// Errors if the genes are not a point of the space.
	pub fn suggest(&mut self, genes: &[i64]) -> Result<bool, SearchError> {
		self.space.check(genes)?;
		let trial = Trial::whole(self.space.canonical(genes.to_vec()));
		let is_new = !self.seen.contains(&trial.genes) && !self.next.contains(&trial);
		if is_new {
			self.next.push_back(trial);
		}
		Ok(is_new)
	}

	/// Prepares a restored memory: trials that were not told are asked again.
	///
	/// # Errors
	/// Errors if the memory is one of another space or seed.
	pub fn resume(mut self, present: &Memory) -> Result<Self, SearchError> {
		let reason = if self.space != present.space {
			"the genes or their bounds are others"
		} else if self.seed != present.seed {
			"the seed is another one"
		} else {
			for trial in std::mem::take(&mut self.asked).into_iter().rev() {
				self.next.push_front(trial);
			}
			return Ok(self);
		};
		Err(SearchError::Checkpoint { reason: reason.into() })
	}
}
