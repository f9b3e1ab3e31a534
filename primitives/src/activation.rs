//! Costs of an activation and of training runs, which follow from the record of a domain.

use crate::{
	domain::{DomainSpec, SizeClass, Split, MACS_PER_UNIT, MAX_ACTIVATION_UNITS},
	evidence::MAX_SEGMENT_BYTES,
};
use doin_scoring::{genome::RunError, model::OUT_FRAC, Program, TrainingRuns};

impl DomainSpec {
	/// Returns the number of units of [`MACS_PER_UNIT`] multiply-accumulates that a model takes on the validation split, rounded
	/// up, if one window or row costs `macs` multiply-accumulates. The activation of a domain with a linear model of its owner is
	/// priced by it.
	pub fn activation_units(&self, macs: u64) -> u64 {
		let Split { train_end, validation_end } = self.split;
		let per_chunk = match &self.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) | Program::LossGenome(_) => 0,
			Program::Forecast(forecast) => forecast.validation_windows(train_end, validation_end).unwrap_or(0),
			Program::Rows(rows) => rows.validation_rows(train_end, validation_end).unwrap_or(0),
		};
		let examples = u64::from(per_chunk).saturating_mul(self.program.chunks().into());
		examples.saturating_mul(macs).div_ceil(MACS_PER_UNIT)
	}

	/// Returns the number of published runs that the activation makes with each built-in genome, as many as
	/// [`MAX_ACTIVATION_UNITS`] pay for, and at least one; 0 for another program than [`Program::LossGenome`]. The better genome
	/// becomes the initial champion.
	pub fn activation_runs(&self) -> u16 {
		let Program::LossGenome(runs) = &self.program else { return 0 };
		let both = self.run_cost(runs.baseline_cost()).saturating_mul(2).max(1);
		let most = u64::from(MAX_ACTIVATION_UNITS).saturating_mul(MACS_PER_UNIT).checked_div(both).unwrap_or(0);
		most.clamp(1, u64::from(runs.chunks).max(1)) as u16
	}

	/// Returns the units of the price of an activation: those of the linear model of the owner, whose window costs `macs`
	/// multiply-accumulates, or those of the runs with built-in genomes.
	pub fn activation_price(&self, macs: u64) -> u64 {
		let runs = u64::from(self.activation_runs()).saturating_mul(2);
		let Program::LossGenome(program) = &self.program else { return self.activation_units(macs) };
		runs.saturating_mul(self.run_cost(program.baseline_cost())).div_ceil(MACS_PER_UNIT)
	}

	/// Returns the error sum of a genome over all published runs, estimated from its sum over the first
	/// [`activation_runs`](Self::activation_runs).
	pub fn estimated_error(&self, sum: u64) -> u64 {
		sum.saturating_mul(self.program.chunks().into()).checked_div(self.activation_runs().into()).unwrap_or(sum)
	}

	/// Returns the bar of a domain of training runs: the estimated error sum of the initial champion, and three standard errors of
	/// the estimate. A number of mistakes has a variance of about itself.
	pub fn estimated_bar(&self, error: u64) -> u64 {
		const MISTAKE: u64 = 1 << OUT_FRAC;
		let mistakes = u128::from(error.div_ceil(MISTAKE));
		// The variance of the mistakes of all runs is that of the counted ones times the square of the ratio of their numbers.
		let scaled = mistakes.saturating_mul(self.program.chunks().into());
		let variance = scaled.checked_div(self.activation_runs().into()).unwrap_or(0);
		let margin = u64::try_from(variance.isqrt()).unwrap_or(u64::MAX).saturating_mul(3).saturating_mul(MISTAKE);
		error.saturating_add(margin)
	}

	/// Returns the cost of a training run, in multiply-accumulates, with a genome that costs `entry_cost` per entry of a batch; 0
	/// for another program than [`Program::LossGenome`].
	pub fn run_cost(&self, entry_cost: u64) -> u64 {
		let Program::LossGenome(runs) = &self.program else { return 0 };
		let samples = u64::from(self.values).checked_div(runs.sample_bytes() as u64).unwrap_or(0);
		doin_training::run::cost(runs, samples, entry_cost)
	}

	/// Checks the record of a domain of training runs: its limits admit the built-in genomes, no run that they admit costs more than
	/// a chunk of the largest size class, and a chunk can read the samples.
	pub(crate) fn check_runs(&self, runs: &TrainingRuns) -> Result<(), RunError> {
		let [.., largest] = SizeClass::MACS;
		let limit = u64::from(self.limits.window_macs);
		if runs.baseline_cost() > limit || self.run_cost(limit) > largest {
			return Err(RunError::Cost);
		}
		if self.values > MAX_SEGMENT_BYTES {
			return Err(RunError::TooManyBytes);
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		domain::{Evidence, Growth, Limits, SpecError, MIN_IMPROVEMENT_FLOOR},
		EvidenceKind, ProgramKind, MILLION,
	};
	use bounded_collections::BoundedVec;
	use doin_scoring::ProgramError;

	/// A domain of the 1 797 digits of 8 × 8 pixels.
	fn digits() -> DomainSpec {
		DomainSpec {
			name: BoundedVec::truncate_from(b"digits".to_vec()),
			unit: BoundedVec::default(),
			program: Program::LossGenome(TrainingRuns {
				features: 64,
				classes: 10,
				shift: 4,
				hidden: BoundedVec::truncate_from(alloc::vec![32]),
				training: 256,
				validation: 128,
				batch: 32,
				steps: 48,
				rate: 12,
				decay: 0,
				chunks: 32,
			}),
			genes: BoundedVec::default(),
			limits: Limits { model_bytes: 512, window_macs: 300 },
			data_root: [7; 32],
			values: 1_797 * 65,
			growth: Growth::Fixed,
			split: Split { train_end: 0, validation_end: 0 },
			licence: BoundedVec::default(),
			evidence: Evidence::Drawn,
			min_improvement: MIN_IMPROVEMENT_FLOOR,
			target: 0,
		}
	}

	fn changed(change: impl FnOnce(&mut DomainSpec, &mut TrainingRuns)) -> DomainSpec {
		let mut spec = digits();
		let Program::LossGenome(mut runs) = spec.program.clone() else { unreachable!("digits are runs") };
		change(&mut spec, &mut runs);
		if matches!(spec.program, Program::LossGenome(_)) {
			spec.program = Program::LossGenome(runs);
		}
		spec
	}

	#[test]
	fn digits_are_a_domain_of_training_runs() {
		let spec = digits();
		assert_eq!(spec.check(), Ok(()));
		assert_eq!(spec.class(), SizeClass::Huge);
		assert_eq!((spec.evidence.kind(), spec.evidence.value(), spec.evidence.stake()), (EvidenceKind::Drawn, MILLION, 0));
		assert_eq!((ProgramKind::from(&spec.program), spec.pages(), spec.segment_pages()), (ProgramKind::LossGenome, 29, 0));
		assert!(!spec.evidence.kind().is_awaited());
	}

	#[test]
	fn an_activation_pays_for_as_many_runs_as_fit() {
		let spec = digits();
		let runs = spec.activation_runs();
		assert!((1..=32).contains(&runs));
		assert!(spec.activation_price(0) <= MAX_ACTIVATION_UNITS.into());
		assert!(spec.activation_price(0) * u64::from(runs + 1) > u64::from(MAX_ACTIVATION_UNITS) * u64::from(runs));
		let tiny = changed(|_, runs| (runs.steps, runs.validation) = (1, 1));
		assert_eq!(tiny.activation_runs(), 32, "all published runs");
	}

	#[test]
	fn the_bar_of_an_estimate_has_three_standard_errors() {
		let spec = digits();
		let runs = u64::from(spec.activation_runs());
		// A hundred mistakes in the runs that were made.
		let error = spec.estimated_error(1_600);
		assert_eq!(error, 1_600 * 32 / runs);
		let margin = (spec.estimated_bar(error) - error) as f64 / 16.0;
		assert!((margin - 3.0 * 10.0 * 32.0 / runs as f64).abs() < 8.0, "{margin}");
	}

	#[test]
	fn runs_that_a_chunk_cannot_hold_are_refused_by_name() {
		let refused = |change: fn(&mut DomainSpec, &mut TrainingRuns)| changed(change).check().err();
		let run = |error| Some(SpecError::Program(ProgramError::Run(error)));
		assert_eq!(refused(|spec, _| spec.limits.window_macs = 1_000), run(RunError::Cost), "genomes that are too expensive");
		assert_eq!(refused(|spec, _| spec.limits.window_macs = 10), run(RunError::Cost), "not even the built-in genomes");
		assert_eq!(refused(|_, runs| runs.steps = 200), run(RunError::Cost), "too many steps");
		assert_eq!(refused(|spec, _| spec.values = 65 * 2_017), run(RunError::TooManyBytes));
		assert_eq!(refused(|spec, _| spec.values = 65 * 300), run(RunError::Samples));
		assert_eq!(refused(|spec, _| spec.values += 1), run(RunError::Length));
		assert_eq!(refused(|spec, _| spec.split.validation_end = 1), Some(SpecError::Program(ProgramError::Split)));
		assert_eq!(refused(|spec, _| spec.evidence = Evidence::Public), Some(SpecError::Drawn));
		assert_eq!(refused(|spec, _| (spec.growth, spec.values) = (Growth::Appending, 65 * 400)), Some(SpecError::Growth));
	}
}
