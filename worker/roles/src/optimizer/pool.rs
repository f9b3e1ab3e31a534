//! Candidates that wait for a seat.

use crate::search::TrainedCandidate;
use doin_scoring::{verdict::total, Model};
use std::collections::BTreeSet;

/// Candidates that are kept for later rounds.
pub(super) const MAX_CANDIDATES: usize = 256;
/// Candidates that are tried at one block.
pub(super) const CANDIDATES_PER_TRIAL: usize = 4;

impl TrainedCandidate {
	/// Returns the error sum on the validation split, over all chunks.
	pub fn validation_error(&self) -> u64 {
		total(&self.errors.validation)
	}
}

/// The best candidates of the search, best first.
#[derive(Debug, Default)]
pub(super) struct CandidatePool(Vec<TrainedCandidate>);

impl CandidatePool {
	/// Inserts a candidate by its fitness, and drops the worst one if there are more than [`MAX_CANDIDATES`].
	pub(super) fn insert(&mut self, candidate: TrainedCandidate) {
		let at = self.0.partition_point(|other| other.fitness <= candidate.fitness);
		self.0.insert(at, candidate);
		self.0.truncate(MAX_CANDIDATES);
	}

	/// Returns the best [`CANDIDATES_PER_TRIAL`] candidates that `is_new` admits, among the best `most` that `is_worthy` admits.
	pub(super) fn best(
		&self,
		most: usize,
		is_worthy: impl Fn(&TrainedCandidate) -> bool,
		is_new: impl Fn(&TrainedCandidate) -> bool,
	) -> Vec<TrainedCandidate> {
		let worthy = self.0.iter().filter(|candidate| is_worthy(candidate)).take(most);
		worthy.filter(|candidate| is_new(candidate)).take(CANDIDATES_PER_TRIAL).cloned().collect()
	}

	/// Removes the candidates with these genes.
	pub(super) fn remove(&mut self, genes: &[i64]) {
		self.0.retain(|candidate| candidate.genes != genes);
	}
}

/// Candidates that failed their trial against certain rivals.
#[derive(Debug, Default)]
pub(super) struct FailedTrials {
	rivals: Vec<Model>,
	genes: BTreeSet<Vec<i64>>,
}

impl FailedTrials {
	/// Forgets every failure if the rivals have changed.
	pub(super) fn reset_unless_against(&mut self, rivals: &[Model]) {
		if self.rivals != rivals {
			*self = Self { rivals: rivals.to_vec(), genes: BTreeSet::new() };
		}
	}

	/// Adds the genes of candidates that failed.
	pub(super) fn extend(&mut self, genes: Vec<Vec<i64>>) {
		self.genes.extend(genes);
	}

	/// Returns `true` if the candidate failed against the current rivals.
	pub(super) fn contains(&self, candidate: &TrainedCandidate) -> bool {
		self.genes.contains(&candidate.genes)
	}
}
