//! Results of all islands.

use crate::{Individual, SearchError, Trial};
use blake2::{digest::consts::U32, Blake2b, Digest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Beginning of the bytes that are hashed, so that a hash of another kind or version differs.
const DOMAIN: &[u8] = b"doin archive 1";

/// Result of one trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluated {
	/// Trial that was evaluated.
	#[serde(flatten)]
	pub trial: Trial,
	/// Fitness; lower is better, and `u64::MAX` stands for a candidate that could not be evaluated.
	pub fitness: u64,
}

/// Fitness of every trial that was evaluated. A trial has one fitness, whatever island asked for it, so that none is evaluated twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Evaluated>", into = "Vec<Evaluated>")]
pub struct Archive {
	results: BTreeMap<Trial, u64>,
}

impl TryFrom<Vec<Evaluated>> for Archive {
	type Error = SearchError;

	fn try_from(results: Vec<Evaluated>) -> Result<Self, SearchError> {
		let mut archive = Self::default();
		results.iter().try_for_each(|Evaluated { trial, fitness }| archive.enter(trial, *fitness))?;
		Ok(archive)
	}
}

impl From<Archive> for Vec<Evaluated> {
	fn from(archive: Archive) -> Self {
		archive.results.into_iter().map(|(trial, fitness)| Evaluated { trial, fitness }).collect()
	}
}

impl Archive {
	/// Returns the number of trials.
	pub fn len(&self) -> usize {
		self.results.len()
	}

	/// Returns `true` if there are no trials.
	pub fn is_empty(&self) -> bool {
		self.results.is_empty()
	}

	/// Returns the fitness of a trial, if it was evaluated.
	pub fn fitness(&self, trial: &Trial) -> Option<u64> {
		self.results.get(trial).copied()
	}

	/// Returns the trials with their fitness, in the order of the trials.
	pub fn iter(&self) -> impl Iterator<Item = (&Trial, u64)> {
		self.results.iter().map(|(trial, fitness)| (trial, *fitness))
	}

	/// Enters the fitness of a trial. The same result may be entered again.
	///
	/// # Errors
	/// Returns [`SearchError::Conflict`] and changes nothing if the trial has another fitness.
	pub fn enter(&mut self, trial: &Trial, fitness: u64) -> Result<(), SearchError> {
		match self.fitness(trial) {
			Some(before) if before != fitness => {
				return Err(SearchError::Conflict { genes: trial.genes.clone(), before, after: fitness });
			}
			Some(_) => {}
			None => {
				self.results.insert(trial.clone(), fitness);
			}
		}
		Ok(())
	}

	/// Returns the best individual after its whole training; of several, the one with the smallest genes.
	pub fn best(&self) -> Option<Individual> {
		let whole = self.results.iter().filter(|(trial, fitness)| trial.divisor == 1 && **fitness < u64::MAX);
		let best = whole.min_by_key(|(trial, fitness)| (**fitness, *trial));
		best.map(|(trial, fitness)| Individual { genes: trial.genes.clone(), fitness: *fitness })
	}

	/// Returns the blake2b-256 hash of all trials with their fitness. It depends on nothing else, e.g. not on the order of results.
	pub fn hash(&self) -> [u8; 32] {
		let mut hasher = Blake2b::<U32>::new();
		hasher.update(DOMAIN);
		hasher.update((self.results.len() as u64).to_le_bytes());
		for (trial, fitness) in &self.results {
			hasher.update((trial.genes.len() as u64).to_le_bytes());
			trial.genes.iter().for_each(|gene| hasher.update(gene.to_le_bytes()));
			hasher.update(trial.divisor.to_le_bytes());
			hasher.update(fitness.to_le_bytes());
		}
		hasher.finalize().into()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn archive(results: &[(i64, u32, u64)]) -> Archive {
		let mut archive = Archive::default();
		for &(gene, divisor, fitness) in results {
			archive.enter(&Trial { genes: vec![gene], divisor }, fitness).unwrap();
		}
		archive
	}

	#[test]
	fn a_hash_depends_on_the_results_and_not_on_their_order() {
		let one = archive(&[(1, 1, 10), (2, 3, 20), (-3, 1, 30)]);
		assert_eq!(one.hash(), archive(&[(-3, 1, 30), (2, 3, 20), (1, 1, 10), (1, 1, 10)]).hash());
		for other in
			[&[(1, 1, 10), (2, 3, 20)][..], &[(1, 1, 10), (2, 1, 20), (-3, 1, 30)], &[(1, 1, 11), (2, 3, 20), (-3, 1, 30)]]
		{
			assert_ne!(one.hash(), archive(other).hash(), "{other:?}");
		}
	}

	#[test]
	fn a_second_fitness_of_a_trial_is_refused() {
		let mut one = archive(&[(1, 1, 10)]);
		let before = one.clone();
		let error = one.enter(&Trial::whole(vec![1]), 11).unwrap_err();
		assert_eq!(error, SearchError::Conflict { genes: vec![1], before: 10, after: 11 });
		assert_eq!(one, before);
		assert_eq!(one.enter(&Trial { genes: vec![1], divisor: 3 }, 11), Ok(()), "a shorter training is another trial");
	}

	#[test]
	fn the_best_individual_was_trained_to_the_end() {
		assert_eq!(archive(&[(1, 1, u64::MAX), (2, 3, 1)]).best(), None);
		let best = archive(&[(9, 1, 10), (4, 1, 10), (2, 3, 1), (5, 1, 12)]).best();
		assert_eq!(best, Some(Individual { genes: vec![4], fitness: 10 }));
	}

	#[test]
	fn an_archive_is_read_as_it_was_written() {
		let one = archive(&[(1, 1, u64::MAX), (2, 3, 1), (i64::MIN, 1, 0)]);
		let text = serde_json::to_string(&one).unwrap();
		assert_eq!(serde_json::from_str::<Archive>(&text).unwrap(), one);
		let twice = r#"[{"genes":[1],"divisor":1,"fitness":2},{"genes":[1],"divisor":1,"fitness":3}]"#;
		assert!(serde_json::from_str::<Archive>(twice).unwrap_err().to_string().contains("two fitnesses"));
	}
}
