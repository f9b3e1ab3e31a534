//! Likeness of a generator to the published series, as the chain compares both at the activation of a domain. A domain whose
//! generator makes other series is active and costs its deposits, and nobody can ever vote for it.

use anyhow::{bail, Result};
use doin_compute::{predictions_per_window, validation_sums, Published};
use doin_forecast::{error_name, error_size, parse_unit, significant, NewDomain};
use doin_primitives::{
	evidence::{drawn_error, is_alike, LIKENESS},
	DomainSpec, Evidence, Page,
};
use doin_scoring::{model::OUT_FRAC, verdict::total, Forecast, Model, Program};
use std::fmt::{self, Display, Formatter};

/// Part of the largest admitted factor from which on an owner is warned.
const NEAR: f64 = 0.5;

/// Error of the best baseline on drawn and on published series, each as an error sum and the number of scored windows.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
	/// Name of the baseline.
	baseline: &'static str,
	drawn: (u64, u32),
	validation: (u64, u32),
	/// Size of one raw unit of error.
	size: f64,
	/// Name and unit of the error.
	error: (&'static str, String),
	/// Predictions of a window.
	predictions: u64,
}

impl Likeness {
	/// Returns the likeness of the generator of a domain to its published `series`; `None` for a domain without a generator.
	///
	/// # Errors
	///
	/// Errors if the series does not fit the record.
	pub fn of(spec: &DomainSpec, series: &[i32]) -> Result<Option<Self>> {
		let (Program::Forecast(program), Evidence::Synthetic(generator)) = (&spec.program, &spec.evidence) else {
			return Ok(None);
		};
		let baselines = [("repeat-last", Model::RepeatLast), ("seasonal", Model::Seasonal)];
		let models = baselines.clone().map(|(_, model)| model);
		let sums = validation_sums(spec, &Published::Series(series.to_vec()), &models)?;
		let errors = sums.iter().map(|sums| total(sums)).zip(baselines);
		let Some((error, (baseline, model))) = errors.min_by_key(|(error, _)| *error) else { return Ok(None) };
		let per_chunk = program.validation_windows(spec.split.train_end, spec.split.validation_end).unwrap_or(0);
		let scored = u32::from(per_chunk) * u32::from(program.chunks);
		let unit = String::from_utf8_lossy(&spec.unit);
		let (size, error_unit) = unit_of(program, &unit);
		Ok(Some(Self {
			baseline,
			drawn: drawn_error(program, generator, &spec.data_root, &model),
			validation: (error, scored),
			size,
			error: (error_name(program), error_unit),
			predictions: predictions_per_window(program),
		}))
	}

	/// Returns `true` if the chain admits the domain to the ballot.
	pub fn is_alike(&self) -> bool {
		is_alike(self.drawn, self.validation)
	}

	/// Returns the mean error of a prediction.
	fn mean(&self, (error, windows): (u64, u32)) -> f64 {
		let predictions = u64::from(windows) * self.predictions;
		error as f64 / f64::from(1u32 << OUT_FRAC) / predictions.max(1) as f64 * self.size
	}

	/// Returns the factor between both errors, at least 1.
	fn factor(&self) -> f64 {
		let (drawn, validation) = (self.mean(self.drawn), self.mean(self.validation));
		drawn.max(validation) / drawn.min(validation)
	}

	/// Returns `true` if the factor is at least half of the largest that the chain admits.
	fn is_near_limit(&self) -> bool {
		self.factor() >= LIKENESS as f64 * NEAR
	}
}

impl Display for Likeness {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let (name, unit) = &self.error;
		let shown = |sum| format!("{}{unit}", significant(self.mean(sum)));
		let (windows, drawn, validation) = (self.drawn.1, shown(self.drawn), shown(self.validation));
		let factor = self.factor();
		let factor = if factor.is_finite() { format!("a factor of {factor:.1}") } else { "any factor".into() };
		write!(
			f,
			"{} has a {name} of {drawn} on {windows} generated windows and of {validation} on the validation part, {factor} apart, \
			and the chain admits {LIKENESS}",
			self.baseline
		)
	}
}

/// Returns the size of one raw unit of error, and its unit behind a space; no unit for rates.
fn unit_of(program: &Forecast, unit: &str) -> (f64, String) {
	let (size, name) = parse_unit(unit);
	let is_rate = matches!(program.target, doin_scoring::Target::Classes(_));
	(error_size(program, size), if is_rate || name.is_empty() { String::new() } else { format!(" {name}") })
}

/// Compares generator and series of a domain that is about to be registered. Returns a warning for one that is close to what the
/// chain refuses, or that can pay its bounty only. `nominate` is `true` if the domain is to be put on the ballot.
///
/// # Errors
///
/// Errors if nothing could ever be paid for the domain, because the chain admits no vote for it.
pub fn check(new: &NewDomain, nominate: bool) -> Result<Option<String>> {
	let series: Vec<i32> = new.pages.iter().filter_map(Page::values).flatten().copied().collect();
	let Some(likeness) = Likeness::of(&new.spec, &series)? else { return Ok(None) };
	match (likeness.is_alike(), nominate || new.spec.target == 0) {
		(true, _) if likeness.is_near_limit() => Ok(Some(format!(
			"warning: the generator makes series that hardly resemble the published one: {likeness} at most. What is found on them may \
			mean little for the published series"
		))),
		(true, _) => Ok(None),
		(false, false) => Ok(Some(format!(
			"warning: the generator makes other series than the published one, so validators cannot vote for the domain, and it pays \
			its bounty only: {likeness} at most"
		))),
		(false, true) => bail!(
			"the generator makes other series than the published one, so nobody could ever vote for the domain: {likeness} at most. \
			Nothing was sent. Take a longer or more typical part of the series (--last ROWS), state its season (--season STEPS), seal a \
			part of the data in place of the generator (`domain create --sealed SEGMENTS --licence ID`), or make a domain that pays a \
			bounty only (`domain create --no-nominate --target-performance PERCENT`)"
		),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::sawtooth;

	/// Returns the sawtooth with innovations of the generator that are `factor` times as large.
	fn domain(factor: u32, target: u32) -> NewDomain {
		let problem = sawtooth();
		let mut spec = problem.spec.clone();
		if let Evidence::Synthetic(generator) = &mut spec.evidence {
			generator.noise *= factor;
		}
		spec.target = target;
		let pages = problem.data.series().chunks(200).filter_map(|page| Page::from_values(page.to_vec())).collect();
		NewDomain { spec, pages, linear: None, sealed: None }
	}

	fn likeness(factor: u32) -> Likeness {
		let new = domain(factor, 0);
		Likeness::of(&new.spec, sawtooth().data.series()).unwrap().unwrap()
	}

	#[test]
	fn a_generator_is_compared_as_the_chain_does() {
		let (problem, likeness) = (sawtooth(), likeness(1));
		let forecast = problem.forecast().unwrap();
		assert_eq!((likeness.baseline, likeness.drawn.1), ("seasonal", 64));
		let windows = u64::from(likeness.validation.1) * u64::from(forecast.horizon);
		assert_eq!(u64::from(problem.chunks()) * problem.predictions_per_validation_chunk(), windows);
		assert_eq!(likeness.validation.0, problem.bar().unwrap(), "the error that the chain compares with");
		// 64 windows are eight chunks of eight, with the data root as the seed.
		let drawn = problem.drawn_sums(&[Model::Seasonal], doin_primitives::EvidenceRef::Drawn, &problem.spec.data_root).unwrap();
		assert_eq!(likeness.drawn.0, total(&drawn[0][..8]));
	}

	#[test]
	fn a_draft_that_could_never_be_voted_for_is_refused_with_both_errors() {
		let far = likeness(100);
		assert!(!far.is_alike() && far.factor() > 8.0, "{far}");
		let reason = format!("{:#}", check(&domain(100, 0), true).unwrap_err());
		let (drawn, published) = (significant(far.mean(far.drawn)), significant(far.mean(far.validation)));
		for part in [
			&format!("seasonal has a mean absolute error of {drawn} mm on 64 generated windows and of {published} mm"),
			&format!("a factor of {:.1} apart", far.factor()),
			"the chain admits 8 at most",
			"Nothing was sent",
			"--season STEPS",
			"--sealed SEGMENTS",
			"--no-nominate",
		] {
			assert!(reason.contains(part), "`{part}`: {reason}");
		}
		assert!(check(&domain(100, 900_000), true).is_err(), "it is to be put on the ballot");
		assert!(check(&domain(100, 0), false).is_err(), "nothing is ever paid for it");
		let bounty = check(&domain(100, 900_000), false).unwrap().unwrap();
		assert!(bounty.starts_with("warning: ") && bounty.contains("pays its bounty only"), "{bounty}");
	}

	#[test]
	fn a_draft_within_a_factor_of_two_of_the_limit_is_admitted_with_a_warning() {
		let alike = (1..100).find(|factor| !likeness(*factor).is_alike()).unwrap() - 1;
		let near = likeness(alike);
		assert!(near.is_alike() && near.is_near_limit(), "{near}");
		let warning = check(&domain(alike, 0), true).unwrap().unwrap();
		assert!(warning.starts_with("warning: ") && warning.contains("the chain admits 8 at most"), "{warning}");
		let least = (1..100).find(|factor| likeness(*factor).is_near_limit()).unwrap();
		assert!(least < alike, "{least} {alike}");
		assert_eq!(check(&domain(least - 1, 0), true).unwrap(), None);
		let sealed = Evidence::Sealed { units: 512, stake: doin_primitives::DOIN };
		let mut other = domain(100, 0);
		other.spec.evidence = sealed;
		assert_eq!(check(&other, true).unwrap(), None, "a domain without a generator");
	}
}
