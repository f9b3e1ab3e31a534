//! Candidates that wait for a seat.

use super::bid::{BidLimits, Merit, Rates};
use crate::search::TrainedCandidate;
use doin_primitives::{Balance, MILLION};
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

/// Prices at one block, and what decides beside the merit of a candidate whether it is worth its seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer {
	/// Limits of a bid.
	pub(super) limits: BidLimits,
	/// Pay of the chain.
	pub(super) rates: Rates,
	/// Part of an increment that is paid, in parts per million.
	pub(super) factor: u32,
	/// Stake of a seat, in plancks.
	pub(super) stake: Balance,
	/// Fee of the next seat, in plancks.
	pub(super) fee: Balance,
}

/// Merit of a candidate that was worth less than its seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worth {
	/// Merit in its last trial.
	pub(super) merit: Merit,
	/// Part of an increment that was paid then, in parts per million.
	pub(super) factor: u32,
}

impl Worth {
	/// Returns the merit where `factor` parts per million of an increment are paid: below a full ramp, increments are proportional to
	/// it. `None` if that is not known, since nothing was paid or carried then.
	fn at(&self, factor: u32) -> Option<Merit> {
		let is_ramp_over = self.factor < MILLION && factor == MILLION;
		if factor != self.factor && (self.factor == 0 || is_ramp_over) {
			return None;
		}
		let increment = u128::from(self.merit.increment) * u128::from(factor) / u128::from(self.factor.max(1));
		Some(Merit { increment: u64::try_from(increment).unwrap_or(u64::MAX), ..self.merit })
	}
}

impl Offer {
	/// Returns `true` if the bid for a candidate of this worth covers the next seat, or if its merit has to be found out anew.
	pub(super) fn covers(&self, worth: &Worth) -> bool {
		let bid = |merit| self.limits.max_fee(self.rates.expected_gain(merit, self.stake));
		worth.at(self.factor).is_none_or(|merit| bid(merit) >= self.fee)
	}
}

/// Candidates that failed their trial against certain rivals, or were worth less than their seat.
#[derive(Debug, Default)]
pub(super) struct FailedTrials {
	rivals: Vec<Model>,
	/// Genes of the candidates, with the worth of one that was worth less than its seat; `None` for a failed trial.
	genes: BTreeMap<Vec<i64>, Option<Worth>>,
}

impl FailedTrials {
	/// Forgets every failure if the rivals have changed.
	pub(super) fn reset_unless_against(&mut self, rivals: &[Model]) {
		if self.rivals != rivals {
			*self = Self { rivals: rivals.to_vec(), genes: BTreeMap::new() };
		}
	}

	/// Adds the genes of candidates that failed their trial.
	pub(super) fn extend(&mut self, genes: Vec<Vec<i64>>) {
		self.genes.extend(genes.into_iter().map(|genes| (genes, None)));
	}

	/// Adds the genes of a candidate that was worth less than its seat.
	pub(super) fn insert(&mut self, genes: Vec<i64>, worth: Worth) {
		self.genes.insert(genes, Some(worth));
	}

	/// Returns `true` if the candidate failed against the current rivals, or was worth less than its seat and still is by `offer`.
	pub(super) fn contains(&self, candidate: &TrainedCandidate, offer: &Offer) -> bool {
		let failure = self.genes.get(&candidate.genes);
		failure.is_some_and(|worth| worth.is_none_or(|worth| !offer.covers(&worth)))
	}
}
