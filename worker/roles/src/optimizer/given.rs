//! Models of the chain that a search breeds with, and what a search is given of each one.

use super::TARGET;
use crate::{problem::Problem, search::Immigrant};
use anyhow::{Context, Error, Result};
use doin_chain::ReadError;
use doin_primitives::{ModelId, ModelRef};
use doin_scoring::Model;
use std::{collections::BTreeSet, sync::Arc};

/// Remembered models from which on those are forgotten that the chain does not show any more.
const MANY: usize = 1_024;

/// Models that the search of a domain was given, or has found itself.
#[derive(Debug, Default)]
pub(super) struct GivenModels {
	ids: BTreeSet<ModelId>,
}

impl GivenModels {
	/// Remembers the models that the chain shows: those that the search has found, `own`, and the `others`. Returns those of the others
	/// that were not known, in their order.
	pub(super) fn add(&mut self, own: &[ModelId], others: &[ModelId]) -> Vec<ModelId> {
		if self.ids.len() > MANY {
			self.ids.retain(|id| own.contains(id) || others.contains(id));
		}
		self.ids.extend(own);
		others.iter().copied().filter(|model| self.ids.insert(*model)).collect()
	}

	/// Forgets a model, which is given again.
	pub(super) fn forget(&mut self, model: ModelId) {
		self.ids.remove(&model);
	}
}

/// Returns the identifier of a stored model; `None` for a baseline.
pub(super) fn stored(model: ModelRef) -> Option<ModelId> {
	match model {
		ModelRef::Stored(id) => Some(id),
		ModelRef::RepeatLast
		| ModelRef::Seasonal
		| ModelRef::Origin
		| ModelRef::Linear
		| ModelRef::Constant
		| ModelRef::BuiltIn => None,
	}
}

/// Returns what the search of `problem` is given of model `id`, whose author states `genes`: without the model if it could not be decoded,
/// which is logged.
///
/// # Errors
///
/// Errors if the node has not answered, or if nothing is known of a model that could not be decoded since it holds its own genes.
pub(super) fn immigrant(problem: &Problem, id: ModelId, genes: Vec<i64>, loaded: Result<Arc<Model>>) -> Result<Immigrant> {
	match loaded {
		Ok(model) => Ok(Immigrant { id, genes, model: Some(model) }),
		Err(error) if error.is::<ReadError>() => Err(error),
		Err(error) if problem.has_points() || problem.runs().is_some() => {
			Err(error).with_context(|| format!("the search of domain {} goes on without model {id}", problem.id))
		}
		Err(error) => {
			tracing::warn!(
				target: TARGET,
				domain = problem.id,
				model = id,
				"the search does not know the fitness of a model of another author, and trains its genes: {error:#}"
			);
			Ok(Immigrant { id, genes, model: None })
		}
	}
}

/// Returns `true` if a model that could not be read may be read at a later block: the node has not answered, or has refused. An answer
/// that this worker cannot decode, and an item that the runtime does not have, stay so until one of both is updated.
pub(super) fn is_worth_repeating(error: &Error) -> bool {
	matches!(error.downcast_ref::<ReadError>(), Some(ReadError::NoAnswer { .. } | ReadError::Refused { .. }))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::{
		decode_admissible,
		tests::{rastrigin, sawtooth},
	};
	use doin_chain::RequestError;
	use doin_scoring::model::VERSION;

	#[test]
	fn each_model_is_given_once() {
		let mut given = GivenModels::default();
		assert_eq!(given.add(&[5], &[7, 5, 3, 7]), [7, 3]);
		assert_eq!(given.add(&[], &[3, 5, 9]), [9]);
		given.forget(7);
		assert_eq!(given.add(&[], &[3, 7]), [7], "it could not be read");
	}

	#[test]
	fn of_many_models_those_that_the_chain_shows_are_remembered() {
		let mut given = GivenModels::default();
		let many: Vec<ModelId> = (0..2 * MANY as u64).collect();
		assert_eq!(given.add(&[], &many), many);
		assert_eq!(given.add(&[2], &[0, 9_999]), [9_999], "the champion has reigned for many rounds");
		assert_eq!(given.ids, [0, 2, 9_999].into());
	}

	/// Returns the error of a model whose encoding has the next version.
	fn newer(problem: &Problem) -> Result<Arc<Model>> {
		decode_admissible(problem, &[VERSION + 1, 9, 9]).map(Arc::new).context("model 5 is not admissible in domain 3")
	}

	/// The worker is older than that of the author.
	#[test]
	fn of_a_model_of_a_newer_version_the_genes_are_trained() {
		let problem = sawtooth();
		let known = immigrant(&problem, 5, vec![4], Ok(Arc::new(Model::Seasonal))).unwrap();
		assert_eq!((known.id, known.genes, known.model.as_deref()), (5, vec![4], Some(&Model::Seasonal)));
		let newer = immigrant(&problem, 5, vec![4], newer(&problem)).unwrap();
		assert_eq!((newer.id, newer.genes, newer.model), (5, vec![4], None));
	}

	#[test]
	fn a_point_of_a_newer_version_is_left_out_with_the_next_step() {
		let problem = rastrigin();
		let reason = format!("{:#}", immigrant(&problem, 5, Vec::new(), newer(&problem)).unwrap_err());
		for part in ["goes on without model 5", &format!("version {}", VERSION + 1), "update doin-worker"] {
			assert!(reason.contains(part), "{reason}");
		}
	}

	#[test]
	fn a_model_that_was_not_read_is_not_given_yet() {
		let missing = ReadError::Missing { item: "storage Optimae.Models".into() };
		let error = immigrant(&sawtooth(), 5, vec![4], Err(missing.into())).unwrap_err();
		assert!(error.is::<ReadError>(), "{error:?}");
	}

	#[test]
	fn only_what_the_node_may_answer_later_is_worth_repeating() {
		let lost =
			|| ReadError::NoAnswer { url: "ws://127.0.0.1".into(), request: "x".into(), source: RequestError::Disconnected };
		assert!(is_worth_repeating(&lost().into()));
		assert!(is_worth_repeating(&Error::from(lost()).context("model 5 is not read")));
		assert!(!is_worth_repeating(&ReadError::Missing { item: "storage Optimae.Models".into() }.into()));
		assert!(!is_worth_repeating(&anyhow::anyhow!("model 5 is not admissible")));
	}
}
