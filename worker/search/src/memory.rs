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
	/// Keys of the candidates that were asked or told, or wait, and are not asked again. A search may have millions of them.
	seen: BTreeSet<u64>,
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

	/// Returns `true` if genes were asked or told before, or wait.
	pub fn is_seen(&self, genes: &[i64]) -> bool {
		self.seen.contains(&key(genes))
	}

	/// Notes that genes were drawn, to be asked later.
	pub fn note_drawn(&mut self, genes: &[i64]) {
		self.seen.insert(key(genes));
	}

	/// Notes that `trial` is asked. A part of a training leaves the whole one to be asked.
	pub fn note_asked(&mut self, trial: &Trial) {
		if trial.divisor == 1 {
			self.seen.insert(key(&trial.genes));
		}
		self.asked.push(trial.clone());
	}

	/// Checks a trial that is told, which is not asked again. Returns its genes in the canonical form.
	///
	/// # Errors
	/// Errors if the genes are not a point of the space.
	pub fn note_told(&mut self, trial: &Trial) -> Result<Vec<i64>, SearchError> {
		let genes = self.space.checked(&trial.genes)?;
		let is_other = |other: &Trial| other.genes != genes || other.divisor != trial.divisor;
		self.asked.retain(is_other);
		self.next.retain(is_other);
		if trial.divisor == 1 {
			self.seen.insert(key(&genes));
		}
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

	/// Replaces the fitness of the best individual if it has the genes of `individual`, whose fitness is another one now. If `least`, the
	/// best of all others, is better then, it takes its place.
	pub fn revise(&mut self, individual: &Individual, least: Option<Individual>) {
		if let Some(best) = self.best.as_mut().filter(|best| best.genes == individual.genes) {
			best.fitness = individual.fitness;
		}
		if let Some(least) = least {
			self.enter(&least);
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
			let is_new = self.suggest(&individual.genes)?;
			return Ok((individual, if is_new { Injected::Moved } else { Injected::Known }));
		}
		// Candidates in training are known as well, and are told sooner or later.
		if !self.seen.insert(key(&individual.genes)) {
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
			if !self.seen.contains(&key(&candidate)) {
				return Some(candidate);
			}
		}
		// A space in which this fails is small, or most of what is drawn lies in a small part of it: take the first new point of many
		// that are spread over the whole space, from a random one on.
		let size = self.space.size();
		let start = u128::from(random.up_to(u64::try_from(size - 1).unwrap_or(u64::MAX)));
		let step = (size / ENUMERABLE).max(1);
		(0..size.min(ENUMERABLE))
			.map(|at| self.space.canonical(self.space.point((start + at * step) % size)))
			.find(|point| !self.seen.contains(&key(point)))
	}

	/// Lets genes be asked next, unless they were asked or told before. Returns `true` if they are asked next.
	///
	/// # Errors
	/// Errors if the genes are not a point of the space.
	pub fn suggest(&mut self, genes: &[i64]) -> Result<bool, SearchError> {
		self.space.check(genes)?;
		let trial = Trial::whole(self.space.canonical(genes.to_vec()));
		let is_new = self.seen.insert(key(&trial.genes));
		if is_new {
			self.next.push_back(trial);
		}
		Ok(is_new)
	}

	/// Prepares a restored memory: trials that were not told are asked again.
	///
	/// # Errors
	/// Errors if the memory is one of another space or seed.
	pub fn resume(&mut self, present: &Memory) -> Result<(), SearchError> {
		let reason = if self.space != present.space {
			"the genes or their bounds are others"
		} else if self.seed != present.seed {
			"the seed is another one"
		} else {
			for trial in std::mem::take(&mut self.asked).into_iter().rev() {
				self.next.push_front(trial);
			}
			return Ok(());
		};
		Err(SearchError::Checkpoint { reason: reason.into() })
	}
}

/// Returns a number that stands for a candidate: two of a million candidates have the same one with a probability below 10⁻⁷, and then
/// the second one is not asked. Each gene is mixed by the finalizer of SplitMix64 (Steele, Lea & Flood 2014).
fn key(genes: &[i64]) -> u64 {
	genes.iter().fold(0, |key: u64, gene| {
		let mut mixed = key.wrapping_add(gene.cast_unsigned()).wrapping_add(0x9e37_79b9_7f4a_7c15);
		mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		mixed ^ (mixed >> 31)
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::GeneRange;

	#[test]
	fn candidates_that_differ_in_one_gene_have_different_keys() {
		let keys: BTreeSet<u64> =
			(-50..50).flat_map(|a| (0..100).flat_map(move |b| (0..10).map(move |c| key(&[a, b, c])))).collect();
		assert_eq!(keys.len(), 100_000);
	}

	#[test]
	fn what_waits_is_neither_drawn_nor_asked_once_it_is_told() {
		let space = Space::new(vec![GeneRange::linear("a", 0, 1)]).unwrap();
		let mut memory = Memory::new(space, 7);
		assert_eq!(memory.suggest(&[1]), Ok(true));
		assert_eq!(memory.fresh(|_, _| vec![1]), Some(vec![0]));
		memory.note_told(&Trial::whole(vec![1])).unwrap();
		assert_eq!(memory.waiting(), None);
	}

	/// The uppermost octave of a logarithmic gene, one draw of 18, has half of its values.
	#[test]
	fn new_points_are_found_beyond_those_that_are_drawn_most() {
		let most = (1 << 17) + 1_000;
		let mut memory = Memory::new(Space::new(vec![GeneRange::log("a", 1, 1 << 18)]).unwrap(), 7);
		(1..=most).for_each(|value| memory.note_drawn(&[value]));
		let found = (0..200).filter(|_| memory.fresh(|_, random| vec![1 + i64::from(random.below(1 << 16))]).is_some()).count();
		assert_eq!(found, 200);
	}
}
