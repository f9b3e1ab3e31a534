//! Models of other authors, which a search takes in.

use super::TARGET;
use anyhow::{bail, Error, Result};
use doin_primitives::{DomainId, ModelId};
use doin_scoring::Model;
use doin_search::{
	program::{self, SLOTS},
	Injected, Migrant, Optimizer, SearchError,
};
use std::{collections::VecDeque, sync::Arc};

/// Models that wait at most: those of four full rounds.
const MOST_WAITING: usize = 64;
/// Models that a search is given at most at one look. One more full round fits behind them, before the first one of them is dropped.
pub(crate) const MOST_GIVEN: usize = 48;

/// A stored model of another author, or of an earlier search.
#[derive(Clone, Debug)]
pub(crate) struct Immigrant {
	/// Identifier of the model.
	pub(crate) id: ModelId,
	/// Genes that its author states.
	pub(crate) genes: Vec<i64>,
	/// The model, if it could be decoded.
	pub(crate) model: Option<Arc<Model>>,
}

impl Immigrant {
	/// Returns the genes by their names, those of the domain: the coordinates of a point, the instructions of a genome, otherwise what the
	/// author states.
	///
	/// # Errors
	///
	/// Errors if the model or its author has genes of another number.
	pub(super) fn named(&self, names: &[String]) -> Result<Vec<(String, i64)>> {
		let genes = match self.model.as_deref() {
			Some(Model::Point(point)) => point.iter().copied().map(i64::from).collect(),
			Some(Model::Genome(genome)) => match program::genes(genome) {
				Some(genes) => genes,
				None => bail!("it has more than {SLOTS} instructions before its last return, which a search cannot breed with"),
			},
			_ => self.genes.clone(),
		};
		if genes.len() != names.len() {
			let (found, expected) = (genes.len(), names.len());
			bail!("it has {found} genes, and the search has {expected}: update doin-worker if its author has a newer one");
		}
		Ok(names.iter().cloned().zip(genes).collect())
	}

	/// Logs that the search of `domain` goes on without this model.
	pub(super) fn refuse(&self, domain: DomainId, reason: &Error) {
		tracing::warn!(target: TARGET, domain, model = self.id, "the search goes on without a model of another author: {reason:#}");
	}
}

/// Models that wait, in the order in which they are taken in.
#[derive(Debug, Default)]
pub(super) struct Waiting(VecDeque<Immigrant>);

impl Waiting {
	/// Adds a model behind the others. If there are too many, the first one is dropped: it is of the earliest round.
	pub(super) fn push(&mut self, immigrant: Immigrant) {
		if self.0.len() >= MOST_WAITING {
			let dropped = self.0.pop_front().map(|dropped| dropped.id);
			tracing::info!(target: TARGET, model = dropped, "too many models of other authors wait, and one is left out");
		}
		self.0.push_back(immigrant);
	}

	/// Removes the first models, at most `most`.
	pub(super) fn take(&mut self, most: usize) -> Vec<Immigrant> {
		self.0.drain(..most.min(self.0.len())).collect()
	}
}

/// Outcome for the genes of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
	/// They were known before, and nothing changes.
	Known,
	/// They are asked next.
	Asked,
	/// These genes take part in the next selection with the fitness of the model.
	Joined(Vec<i64>),
}

/// Lets `optimizer` take in named genes before the next selection: with the `fitness` of their model if it is known, otherwise as a candidate
/// to train.
///
/// # Errors
///
/// Errors if the genes are not those of its space.
pub(super) fn arrive(
	optimizer: &mut dyn Optimizer,
	genes: Vec<(String, i64)>,
	fitness: Option<u64>,
) -> Result<Arrival, SearchError> {
	let (point, _) = optimizer.space().adopt(&genes)?;
	let Some(fitness) = fitness else {
		let is_new = optimizer.suggest(&point)?;
		return Ok(if is_new { Arrival::Asked } else { Arrival::Known });
	};
	Ok(match optimizer.inject(&Migrant { genes, fitness })? {
		Injected::Known => Arrival::Known,
		Injected::Moved => Arrival::Asked,
		Injected::Joined => Arrival::Joined(point),
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_search::{Ga, GaConfig, GeneRange, Space};

	fn immigrant(genes: &[i64], model: Option<Model>) -> Immigrant {
		Immigrant { id: 5, genes: genes.to_vec(), model: model.map(Arc::new) }
	}

	fn names(names: &[&str]) -> Vec<String> {
		names.iter().map(|name| name.to_string()).collect()
	}

	#[test]
	fn the_genes_are_those_of_the_model_or_of_its_author() {
		let expected = [("x0".to_string(), 3i64), ("x1".to_string(), -4)];
		let names = names(&["x0", "x1"]);
		assert_eq!(immigrant(&[3, -4], None).named(&names).unwrap(), expected);
		assert_eq!(immigrant(&[3, -4], Some(Model::Seasonal)).named(&names).unwrap(), expected);
		assert_eq!(immigrant(&[], Some(Model::Point(vec![3, -4]))).named(&names).unwrap(), expected);
	}

	#[test]
	fn genes_of_another_version_are_refused_with_the_next_step() {
		let refused = immigrant(&[3, -4], None).named(&names(&["x0"])).unwrap_err().to_string();
		assert!(refused.contains("2 genes, and the search has 1") && refused.contains("update doin-worker"), "{refused}");
	}

	#[test]
	fn the_first_ones_are_taken_and_the_oldest_of_too_many_is_dropped() {
		let mut waiting = Waiting::default();
		for id in 0..=MOST_WAITING as ModelId {
			waiting.push(Immigrant { id, ..immigrant(&[], None) });
		}
		let ids = |taken: Vec<Immigrant>| taken.into_iter().map(|immigrant| immigrant.id).collect::<Vec<_>>();
		assert_eq!(ids(waiting.take(3)), [1, 2, 3]);
		assert_eq!(ids(waiting.take(usize::MAX)).len(), MOST_WAITING - 3);
		assert!(waiting.take(1).is_empty());
	}

	#[test]
	fn a_model_joins_with_its_fitness_or_is_asked_once() {
		let space = Space::new(vec![GeneRange::linear("x", 0, 9)]).unwrap();
		let mut search = Ga::new(space, GaConfig::default()).unwrap();
		let mut arrives = |value, fitness| arrive(&mut search, vec![("x".into(), value)], fitness).unwrap();
		assert_eq!(arrives(4, Some(7)), Arrival::Joined(vec![4]));
		assert_eq!(arrives(4, Some(7)), Arrival::Known);
		assert_eq!(arrives(12, Some(3)), Arrival::Asked, "it is moved into the bounds");
		assert_eq!(arrives(5, None), Arrival::Asked);
		assert_eq!(arrives(5, None), Arrival::Known);
		assert!(arrive(&mut search, vec![("y".into(), 1)], None).unwrap_err().to_string().contains("unknown gene `y`"));
	}
}
