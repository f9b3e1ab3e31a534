//! Candidates with their fitness, in the order in which they were found.

use super::{named, shown, talk::Call};
use crate::{Individual, Space};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Candidates with their fitness, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Individual>", into = "Vec<Individual>")]
pub(super) struct Found {
	individuals: Vec<Individual>,
	/// Places of the individuals, by their genes.
	places: BTreeMap<Vec<i64>, usize>,
}

impl From<Vec<Individual>> for Found {
	fn from(individuals: Vec<Individual>) -> Self {
		let mut found = Self::default();
		individuals.into_iter().for_each(|individual| found.enter(individual));
		found
	}
}

impl From<Found> for Vec<Individual> {
	fn from(found: Found) -> Self {
		found.individuals
	}
}

impl Found {
	/// Enters an individual, in the place of one with the same genes.
	pub(super) fn enter(&mut self, individual: Individual) {
		match self.places.get(&individual.genes) {
			Some(place) => self.individuals[*place] = individual,
			None => {
				self.places.insert(individual.genes.clone(), self.individuals.len());
				self.individuals.push(individual);
			}
		}
	}

	/// Returns the fitness of genes that were found.
	pub(super) fn fitness(&self, genes: &[i64]) -> Option<u64> {
		self.places.get(genes).map(|place| self.individuals[*place].fitness)
	}

	/// Returns the individuals in the order in which they were found.
	pub(super) fn iter(&self) -> impl Iterator<Item = &Individual> {
		self.individuals.iter()
	}
}

/// Candidates that a program without checkpoints is told when it is started again, and their space.
pub(super) struct Known<'a> {
	pub(super) space: &'a Space,
	pub(super) found: &'a Found,
}

impl Known<'_> {
	/// Returns the messages that tell a program everything that was found.
	pub(super) fn calls(&self) -> Vec<Call> {
		let tell = |individual: &Individual| {
			let params = json!({ "genes": named(self.space, &individual.genes), "fitness": shown(individual.fitness) });
			Call::question("tell", params)
		};
		self.found.iter().map(tell).collect()
	}
}
