//! Errors of models on the windows of a dataset, and the fitness that a search minimises.

use super::{ChunkErrors, Dataset, FULL_SHARE};
use crate::{score::scorer::Scorer, train::task::predictions_per_window};
use doin_scoring::{
	model::OUT_FRAC,
	verdict::{loss, total},
	Model, Windows,
};
use rayon::prelude::*;

/// Weight of the practice draw in the fitness; validation has a weight of one. Progress is paid on draws like it. Validation,
/// which is published data, only has to improve on the initial champion.
const PRACTICE_WEIGHT: u64 = 3;
/// Chunks that one scorer's buffers are used for at a time.
const CHUNKS_AT_A_TIME: usize = 8;

/// Chunks that models are evaluated on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EvaluationChunks<'a> {
	/// The validation split.
	pub validation: &'a [Windows],
	/// The practice draw; empty without a generator.
	pub practice: &'a [Windows],
}

impl Dataset {
	/// Returns the chunks that models are evaluated on.
	pub(crate) fn evaluation_chunks(&self) -> EvaluationChunks<'_> {
		EvaluationChunks { validation: &self.validation, practice: &self.practice }
	}

	/// Returns the error sums of `model` on validation and practice, computed on all threads of the current pool.
	pub fn chunk_errors(&self, model: &Model) -> ChunkErrors {
		ChunkErrors { validation: self.score(model, &self.validation), practice: self.score(model, &self.practice) }
	}

	/// Returns the error sums of `model` on any windows of the task's program, computed on all threads of the current pool. A
	/// chunk of more than [`doin_scoring::program::MAX_WINDOWS`] windows saturates.
	pub fn score(&self, model: &Model, chunks: &[Windows]) -> Vec<u32> {
		let scorer = Scorer::new(self.backend, model, &self.task.program);
		chunks.par_chunks(CHUNKS_AT_A_TIME).flat_map_iter(|chunks| scorer.scores(chunks)).collect()
	}

	/// Returns the mean absolute error in raw units of an [`EpochError`](crate::EpochError).
	pub fn mean_error(&self, error: u128) -> f64 {
		let [published, synthetic] = self.early_stopping.each_ref().map(|starts| starts.len().max(1) as f64);
		let predictions = published * synthetic * predictions_per_window(&self.task.program) as f64;
		error as f64 / f64::from(FULL_SHARE) / predictions / f64::from(1u32 << OUT_FRAC)
	}

	/// Returns the error sums of the initial champion: the better of repeat-last and seasonal on validation.
	pub fn initial_errors(&self) -> &ChunkErrors {
		&self.initial_errors
	}

	/// Returns the number that a search minimises: the mean of the losses on validation and practice, the latter with three times
	/// the weight; the loss on validation alone without a practice draw. The initial champion has
	/// [`INITIAL_FITNESS`](super::INITIAL_FITNESS).
	pub fn fitness(&self, errors: &ChunkErrors) -> u64 {
		self.mean_loss(errors, PRACTICE_WEIGHT)
	}

	/// Returns the mean of the losses on validation and practice, the latter with weight `practice_weight`.
	pub(crate) fn mean_loss(&self, errors: &ChunkErrors, practice_weight: u64) -> u64 {
		let validation = loss(total(&errors.validation), total(&self.initial_errors.validation));
		if errors.practice.is_empty() {
			return validation;
		}
		let practice = loss(total(&errors.practice), total(&self.initial_errors.practice));
		let sum = u128::from(practice) * u128::from(practice_weight) + u128::from(validation);
		// A mean of two u64 is a u64.
		(sum / u128::from(practice_weight + 1)) as u64
	}
}
