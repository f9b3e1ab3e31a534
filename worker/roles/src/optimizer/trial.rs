//! Trials: a candidate against its rivals on random draws, before it is worth a seat.

use super::bid::Merit;
use crate::{problem::Problem, search::TrainedCandidate};
use anyhow::Result;
use doin_primitives::{
	verdict::{leads_by_standard_error, Comparison, Criteria, Improvement},
	Hash, MILLION, Q32,
};
use doin_scoring::{
	verdict::{loss, total, ONE_BIT},
	Model,
};

/// Draws of a trial.
pub(super) const DRAWS: usize = 4;
/// Draws on which a candidate has to beat every rival.
pub(super) const REQUIRED_PASSES: usize = 3;

/// Candidates to try against rivals.
#[derive(Clone, Debug)]
pub struct Trial {
	/// Candidates, in the order in which they are tried.
	pub candidates: Vec<TrainedCandidate>,
	/// Models that have to be beaten, the champion first.
	pub rivals: Vec<Model>,
	/// High-water mark of the domain, Q32 bits.
	pub high_water: Q32,
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
	/// First candidate that passed.
	pub passed: Option<Passed>,
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
			if let Some(merit) = self.merit(problem, initial, &candidate.model, &mut seed)? {
				outcome.passed = Some(Passed { candidate: candidate.clone(), merit });
				break;
			}
			outcome.failed.push(candidate.genes.clone());
		}
		Ok(outcome)
	}

	/// Returns the merit of `candidate`, or `None` unless it beats every rival on [`REQUIRED_PASSES`] of [`DRAWS`] draws.
	fn merit(
		&self,
		problem: &Problem,
		initial: &Model,
		candidate: &Model,
		seed: &mut impl FnMut() -> Hash,
	) -> Result<Option<Merit>> {
		let mut models = vec![initial.clone(), candidate.clone()];
		models.extend_from_slice(&self.rivals);
		let spec = &problem.spec;
		let criteria = Criteria::with_high_water(spec, self.high_water);
		let (mut passes, mut behind, mut increments, mut targets) = (0, 0, 0u64, 0);
		for _ in 0..DRAWS {
			let sums = problem.practice_sums(&models, &seed())?;
			let [initial, own, rivals @ ..] = &sums[..] else {
				return Ok(None);
			};
			behind += u32::from(rivals.first().is_some_and(|champion| !leads_by_standard_error(champion, own)));
			// The criteria of the chain: beyond doubt on drawn windows, by the error sums alone on public ones.
			let beats = |rival: &Vec<u32>| {
				let improvement = criteria.improvement(Comparison { initial, champion: rival, candidate: own });
				improvement.filter(|improvement| !self.must_mint || improvement.raw > 0)
			};
			let Some(won) = rivals.iter().map(beats).collect::<Option<Vec<Improvement>>>() else { continue };
			passes += 1;
			// The best rival may be champion by then, so the least increment counts.
			let least = won.iter().map(|improvement| improvement.raw.min(ONE_BIT)).min().unwrap_or(0);
			increments = increments.saturating_add(least);
			let upper = won.iter().map(|improvement| improvement.upper).max().unwrap_or(u64::MAX);
			let target = u64::from(spec.target);
			targets += u32::from(target > 0 && loss(upper, total(initial)) <= target);
		}
		let merit = Merit {
			increment: increments / DRAWS as u64,
			target_ppm: targets * MILLION / DRAWS as u32,
			// Few draws: the rule of succession (Laplace 1774).
			behind_ppm: (behind + 1) * MILLION / (DRAWS as u32 + 2),
		};
		Ok((passes >= REQUIRED_PASSES).then_some(merit))
	}
}
