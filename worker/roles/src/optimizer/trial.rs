//! Trials: a candidate against its rivals on random draws, before it is worth a seat.

use super::bid::{Merit, PayTerms};
use crate::{problem::Problem, search::TrainedCandidate};
use anyhow::Result;
use doin_primitives::{
	pay::{carried, pay},
	verdict::{leads_by_standard_error, Comparison, Criteria, Improvement},
	EvidenceKind, Hash, MILLION, Q32,
};
use doin_scoring::{
	verdict::{covered, loss, total},
	Model,
};
use std::sync::atomic::AtomicBool;

/// Draws of a trial.
pub(super) const DRAWS: usize = 4;
/// Draws on which a candidate has to beat every rival.
pub(super) const REQUIRED_PASSES: usize = 3;
/// Draws on which a candidate has to beat every rival in a domain of sealed rows. Only a commit opens the next segment, which all later
/// candidates are trained on. A near miss is measured on further segments, and a candidate that leads by one standard error loses no
/// stake, so the bid weighs what the candidate would earn against its price.
pub(super) const REQUIRED_PASSES_OF_ROWS: usize = 1;

/// Candidates to try against rivals.
#[derive(Clone, Debug)]
pub struct Trial {
	/// Candidates, in the order in which they are tried.
	pub candidates: Vec<TrainedCandidate>,
	/// Models that have to be beaten, the champion first.
	pub rivals: Vec<Model>,
	/// State of the domain that pay depends on.
	pub terms: PayTerms,
	/// A candidate has to raise the high-water mark, since nothing else pays for it.
	pub must_mint: bool,
}

/// A candidate that passed its trial.
#[derive(Clone, Debug)]
pub struct Passed {
	/// The candidate.
	pub candidate: TrainedCandidate,
	/// Its merit on the draws of the trial.
	pub merit: Merit,
}

/// Outcome of a trial.
#[derive(Clone, Debug, Default)]
pub struct TrialOutcome {
	/// Candidates that passed, in the order in which they were tried.
	pub passed: Vec<Passed>,
	/// Genes of the candidates that failed.
	pub failed: Vec<Vec<i64>>,
}

impl Trial {
	/// Tries all candidates, one after the other: the best one on the validation split need not be worth most on practice draws. `seed`
	/// returns a new seed for every draw.
	///
	/// # Errors
	///
	/// Errors if the domain does not admit a model.
	pub fn run(&self, problem: &Problem, initial: &Model, seed: impl FnMut() -> Hash) -> Result<TrialOutcome> {
		self.run_until(problem, initial, seed, &AtomicBool::new(false))
	}

	/// Tries all candidates as [`run`](Trial::run) does. The program of a tolerance domain is asked until `stop` is set.
	///
	/// # Errors
	///
	/// Errors if the domain does not admit a model, or if its program fails.
	pub fn run_until(
		&self,
		problem: &Problem,
		initial: &Model,
		mut seed: impl FnMut() -> Hash,
		stop: &AtomicBool,
	) -> Result<TrialOutcome> {
		let mut outcome = TrialOutcome::default();
		for candidate in &self.candidates {
			let sums = |models: &[Model]| -> Result<Vec<Vec<u32>>> {
				match (problem.tolerance(), models) {
					(Some(_), [initial, _, rivals @ ..]) => {
						let others: Vec<Model> = std::iter::once(initial).chain(rivals).cloned().collect();
						let mut sums = problem.program_sums(&others, stop)?;
						// The program has computed those of the candidate for the search, on the same chunks.
						sums.insert(1, candidate.errors.validation.clone());
						Ok(sums)
					}
					_ => problem.practice_sums(models, &seed()),
				}
			};
			match self.merit(problem, initial, &candidate.model, sums)? {
				Some(merit) => outcome.passed.push(Passed { candidate: candidate.clone(), merit }),
				None => outcome.failed.push(candidate.genes.clone()),
			}
		}
		Ok(outcome)
	}

	/// Returns the merit of `candidate`, or `None` unless it beats every rival on [`required_passes`] of [`DRAWS`] draws, or on the one of a
	/// tolerance domain, whose chunks are the same for every verdict. `sums` returns the sums of models on another draw.
	fn merit(
		&self,
		problem: &Problem,
		initial: &Model,
		candidate: &Model,
		mut sums: impl FnMut(&[Model]) -> Result<Vec<Vec<u32>>>,
	) -> Result<Option<Merit>> {
		let mut models = vec![initial.clone(), candidate.clone()];
		models.extend_from_slice(&self.rivals);
		let spec = &problem.spec;
		let criteria = Criteria::with_high_water(spec, self.terms.high_water);
		let (mut passes, mut behind, mut targets) = (0, 0, 0);
		let mut paid = Paid::default();
		let draws = if problem.tolerance().is_some() { 1 } else { DRAWS };
		for _ in 0..draws {
			let sums = sums(&models)?;
			let [initial, own, rivals @ ..] = &sums[..] else {
				return Ok(None);
			};
			behind += u32::from(rivals.first().is_some_and(|champion| !leads_by_standard_error(champion, own)));
			// As on the chain, carried bits of the champion are paid first, and raise the high-water mark.
			let certified = rivals.first().map_or(0, |champion| cover(&criteria, initial, champion));
			let before = carried(self.terms.carry, certified, self.terms.factor).increment;
			let criteria = criteria.raised_by(before);
			// The criteria of the chain: beyond doubt on drawn windows, by the error sums alone on public ones.
			let beats = |rival: &Vec<u32>| {
				let improvement = criteria.improvement(Comparison { initial, champion: rival, candidate: own });
				improvement.filter(|improvement| !self.must_mint || improvement.raw > 0)
			};
			let Some(won) = rivals.iter().map(beats).collect::<Option<Vec<Improvement>>>() else { continue };
			passes += 1;
			// The best rival may be champion by then, so the least increment counts.
			let least = won.iter().map(|improvement| improvement.raw).min().unwrap_or(0);
			paid.add(&self.terms, before, least, |rise| cover(&criteria.raised_by(rise), initial, own));
			let upper = won.iter().map(|improvement| improvement.upper).max().unwrap_or(u64::MAX);
			let target = u64::from(spec.target);
			targets += u32::from(target > 0 && loss(upper, total(initial)) <= target);
		}
		let mean = |sum: u64| sum / draws as u64;
		let merit = Merit {
			increment: mean(paid.increment),
			carried: mean(paid.carried),
			before: mean(paid.before),
			target_ppm: targets * MILLION / draws as u32,
			// Few draws: the rule of succession (Laplace 1774).
			behind_ppm: (behind + 1) * MILLION / (draws as u32 + 2),
		};
		Ok((passes >= required_passes(problem).min(draws)).then_some(merit))
	}
}

/// Returns the number of draws on which a candidate has to beat every rival.
pub(super) fn required_passes(problem: &Problem) -> usize {
	let is_awaited = problem.spec.evidence.kind().is_awaited();
	if is_awaited && problem.rows().is_some() {
		REQUIRED_PASSES_OF_ROWS
	} else {
		// Trials of a series draw from the validation split, by which its candidates were chosen.
		REQUIRED_PASSES
	}
}

/// Sums over the draws of a trial of the bits that are paid, Q32.
#[derive(Clone, Copy, Debug, Default)]
struct Paid {
	/// Bits of the candidate in the verdict.
	increment: Q32,
	/// Bits of the candidate in the next verdict.
	carried: Q32,
	/// Carried bits of the champion in the verdict.
	before: Q32,
}

impl Paid {
	/// Adds a draw on which the candidate is certain of `raw` bits, after `before` bits of the champion were paid. `cover` returns the
	/// bits that the draw certifies for the candidate once the high-water mark has risen.
	fn add(&mut self, terms: &PayTerms, before: Q32, raw: Q32, cover: impl FnOnce(Q32) -> Q32) {
		let verdict = pay(raw, before, terms.factor);
		let next = carried(verdict.carry, cover(verdict.rise), terms.factor);
		self.increment = self.increment.saturating_add(verdict.increment);
		self.carried = self.carried.saturating_add(next.increment);
		self.before = self.before.saturating_add(before);
	}
}

/// Returns the bits above the high-water mark that a draw certifies for a model, Q32; 0 on public evidence.
fn cover(criteria: &Criteria, initial: &[u32], model: &[u32]) -> Q32 {
	match criteria.evidence {
		EvidenceKind::Public => 0,
		EvidenceKind::Synthetic | EvidenceKind::Sealed | EvidenceKind::Live | EvidenceKind::Drawn => {
			covered(initial, model, &criteria.terms)
		}
	}
}
