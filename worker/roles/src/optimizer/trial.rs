//! Trials: a candidate against its rivals on random draws, before it is worth a seat.

use crate::{problem::Problem, search::TrainedCandidate};
use anyhow::Result;
use doin_primitives::{Hash, Q32};
use doin_scoring::{verdict::paired, Model};

/// Draws of a trial.
pub(super) const DRAWS: usize = 4;
/// Draws on which a candidate has to beat every rival.
pub(super) const REQUIRED_PASSES: usize = 3;

/// Candidates to try against rivals.
#[derive(Clone, Debug)]
pub struct Trial {
	/// Candidates, in the order in which they are tried.
	pub candidates: Vec<TrainedCandidate>,
	/// Models that have to be beaten.
	pub rivals: Vec<Model>,
	/// High-water mark of the domain, Q32 bits.
	pub high_water: Q32,
	/// A candidate has to raise the high-water mark, since nothing else pays for it.
	pub must_mint: bool,
}

/// Outcome of a trial.
#[derive(Clone, Debug, Default)]
pub struct TrialOutcome {
	/// First candidate that passed.
	pub passed: Option<TrainedCandidate>,
	/// Genes of the candidates that failed before it.
	pub failed: Vec<Vec<i64>>,
}

impl Trial {
	/// Tries the candidates one after the other until one passes. `seed` returns a new seed for every draw.
	///
	/// # Errors
	///
	/// Errors if the domain does not admit a model.
	pub fn run(&self, problem: &Problem, initial: &Model, mut seed: impl FnMut() -> Hash) -> Result<TrialOutcome> {
		let mut outcome = TrialOutcome::default();
		for candidate in &self.candidates {
			if self.passes(problem, initial, &candidate.model, &mut seed)? {
				outcome.passed = Some(candidate.clone());
				break;
			}
			outcome.failed.push(candidate.genes.clone());
		}
		Ok(outcome)
	}

	/// Returns `true` if `candidate` beats every rival on [`REQUIRED_PASSES`] of [`DRAWS`] draws.
	fn passes(&self, problem: &Problem, initial: &Model, candidate: &Model, seed: &mut impl FnMut() -> Hash) -> Result<bool> {
		let mut models = vec![initial.clone(), candidate.clone()];
		models.extend_from_slice(&self.rivals);
		let mut passes = 0;
		for _ in 0..DRAWS {
			let sums = problem.drawn_sums(&models, &seed())?;
			let [initial, own, rivals @ ..] = &sums[..] else {
				return Ok(false);
			};
			let beats = |rival: &Vec<u32>| {
				paired(initial, rival, own, problem.spec.min_improvement, self.high_water)
					.is_some_and(|verdict| verdict.passes && (!self.must_mint || verdict.increment > 0))
			};
			passes += usize::from(rivals.iter().all(beats));
		}
		Ok(passes >= REQUIRED_PASSES)
	}
}
