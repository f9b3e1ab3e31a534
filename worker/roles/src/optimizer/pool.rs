//! Candidates that wait for a seat.

use crate::search::TrainedCandidate;
use doin_primitives::Balance;
use doin_scoring::{verdict::total, Model};
use std::collections::BTreeMap;

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
	/// Returns the number of candidates.
	pub(super) fn len(&self) -> usize {
		self.0.len()
	}

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

/// Amounts that decide whether a candidate is worth its seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prices {
	/// Weight of the domain times the part of an increment that is paid, each in parts per million.
	pub(super) pay: Balance,
	/// Bounty of the domain, in plancks.
	pub(super) bounty: Balance,
	/// Purse of the domain, in plancks; 0 for a domain without one.
	pub(super) purse: Balance,
	/// Fee of the next seat, in plancks.
	pub(super) fee: Balance,
}

impl Prices {
	/// Returns `true` if pay, bounty or purse is at least twice that of `then`, or the fee at most half.
	fn are_better_than(&self, then: &Self) -> bool {
		let is_twice = |more: Balance, less: Balance| more / 2 >= less.max(1);
		is_twice(self.pay, then.pay)
			|| is_twice(self.bounty, then.bounty)
			|| is_twice(self.purse, then.purse)
			|| is_twice(then.fee, self.fee)
	}
}

/// Candidates that failed their trial against certain rivals, or were worth less than their seat.
#[derive(Debug, Default)]
pub(super) struct FailedTrials {
	rivals: Vec<Model>,
	/// Genes of the candidates, with the prices at which one was worth less than its seat; `None` for a failed trial.
	genes: BTreeMap<Vec<i64>, Option<Prices>>,
}

impl FailedTrials {
	/// Forgets every failure if the rivals have changed.
	pub(super) fn reset_unless_against(&mut self, rivals: &[Model]) {
		if self.rivals != rivals {
			*self = Self { rivals: rivals.to_vec(), genes: BTreeMap::new() };
		}
	}

	/// Adds the genes of candidates that failed their trial, or that were worth less than their seat at `prices`.
	pub(super) fn extend(&mut self, genes: Vec<Vec<i64>>, prices: Option<Prices>) {
		self.genes.extend(genes.into_iter().map(|genes| (genes, prices)));
	}

	/// Returns `true` if the candidate failed against the current rivals, or was worth less than its seat at prices that are not much
	/// worse than `prices`.
	pub(super) fn contains(&self, candidate: &TrainedCandidate, prices: &Prices) -> bool {
		let failure = self.genes.get(&candidate.genes);
		failure.is_some_and(|then| then.is_none_or(|then| !prices.are_better_than(&then)))
	}
}
