//! Domain that `watch` has loaded.

use super::{
	findings::{bits_between, Findings},
	nearest::Nearest,
};
use crate::report::comparison;
use anyhow::Result;
use doin_chain::Account;
use doin_compute::baseline::BaselineRow;
use doin_forecast::{error_scale::percent_below, significant};
use doin_primitives::{
	views::{ChampionView, DomainView},
	EvidenceKind, ModelRef,
};
use doin_roles::{
	config::ProgramHash,
	loss::percent_better,
	problem::Problem,
	simple_models::{errors, OWNERS_MODEL},
};
use doin_scoring::model::OUT_FRAC;
use std::sync::Arc;

/// Domain with the errors of simple models.
pub struct KnownDomain {
	/// Record and series.
	pub problem: Arc<Problem>,
	/// Champion that was shown last; at first the initial one.
	pub champion: ModelRef,
	/// Family of that champion.
	pub family: &'static str,
	/// Bits that were found.
	pub findings: Findings,
	/// Errors of simple models on validation and held-out tail.
	baselines: Vec<BaselineRow>,
	/// Error of the nearest published row.
	pub nearest: Nearest,
}

impl KnownDomain {
	/// Computes the errors of simple models.
	///
	/// # Errors
	///
	/// Errors if the series does not fit the program.
	pub async fn new(problem: Arc<Problem>) -> Result<Self> {
		let shared = problem.clone();
		let baselines = tokio::task::spawn_blocking(move || errors(&shared, None)).await??;
		let champion = initial_champion(&problem, &baselines);
		let mut nearest = Nearest::default();
		// Nothing is counted in bits on public evidence.
		if problem.spec.evidence.kind() != EvidenceKind::Public {
			nearest.compute(problem.clone());
		}
		Ok(Self { champion, family: "baseline", findings: Findings::default(), problem, baselines, nearest })
	}

	/// Returns the errors to beat as text; `None` for a program whose errors are not known.
	pub fn introduction(&self) -> Option<String> {
		if let Some(tolerance) = self.problem.tolerance() {
			let (problem, code) = (&self.problem, ProgramHash(tolerance.code));
			return Some(format!(
				"domain {}: {}. Its sums are medians of what evaluators compute with the program {code}. To beat: the empty model with a mean \
				 chunk sum of {} {}",
				problem.id,
				problem.name(),
				significant(problem.draw_error(tolerance.initial_error)),
				problem.unit().1
			));
		}
		let row = self.initial_row()?;
		let (problem, size) = (&self.problem, self.problem.unit().0);
		let ridge = self.baselines.iter().find(|row| row.name == "ridge");
		let ridge = ridge.map_or(String::new(), |row| format!(", ridge {}", significant(row.validation.mean * size)));
		Some(format!(
			"domain {}: {}. To beat: {} with {} on validation{ridge}",
			problem.id,
			problem.name(),
			row.name,
			problem.describe_error(row.validation.mean)
		))
	}

	/// Returns the errors of the initial champion.
	fn initial_row(&self) -> Option<&BaselineRow> {
		match self.problem.linear {
			Some(_) => self.baselines.iter().find(|row| row.name == OWNERS_MODEL),
			// The first ones are naive.
			None if self.problem.rows().is_some() => self.baselines.first(),
			None => self.baselines.iter().take(2).min_by_key(|row| row.validation.error),
		}
	}

	/// Returns the bits that models may find: from the validation error of the initial champion to that of the nearest published row.
	/// `None` until the latter is computed, and for a series, of which nothing is claimed.
	pub fn bits_in_all(&mut self, domain: &DomainView<Account>) -> Option<f64> {
		let predictions = u64::from(self.problem.chunks()) * self.problem.predictions_per_validation_chunk();
		let mean = domain.initial_validation_error as f64 / f64::from(1u32 << OUT_FRAC) / predictions.max(1) as f64;
		bits_between(mean, self.nearest.error()?)
	}

	/// Returns the errors of a champion as text: on its draw, and on the held-out tail beside simple models.
	pub fn describe_champion(&self, champion: &ChampionView<Account>, tail: Option<f64>) -> String {
		let (size, unit) = self.problem.unit();
		let error = significant(self.problem.draw_error(champion.error));
		let (error, initial) = match self.problem.linear {
			_ if self.problem.has_points() => (format!("value {error}"), "the origin"),
			Some(_) => (format!("error {error} {unit} on its draw"), OWNERS_MODEL),
			None if self.problem.tolerance().is_some() => {
				(format!("mean chunk sum {error} {unit} on its draw"), "the empty model")
			}
			None => (format!("error {error} {unit} on its draw"), "the best naive model"),
		};
		let initial_error = significant(self.problem.draw_error(champion.initial_error));
		let on_draw = format!("{error}, {} ({initial_error})", comparison(percent_better(champion.loss), initial));
		let Some(error) = tail else { return on_draw };
		let compare = |row: &BaselineRow| Some(comparison(percent_below(error, row.test?.mean * size), &row.name));
		let against: Vec<_> = self.baselines.iter().filter_map(compare).collect();
		format!("{on_draw}; on the held-out tail {}: {}", significant(error), against.join(", "))
	}
}

/// Returns the initial champion: the linear model of the owner, the origin, or the better naive model on validation.
fn initial_champion(problem: &Problem, baselines: &[BaselineRow]) -> ModelRef {
	match baselines {
		_ if problem.linear.is_some() => ModelRef::Linear,
		_ if problem.rows().is_some() => ModelRef::Constant,
		_ if problem.has_points() || problem.tolerance().is_some() => ModelRef::Origin,
		_ if problem.runs().is_some() => ModelRef::BuiltIn,
		[last, seasonal, ..] if seasonal.validation.error < last.validation.error => ModelRef::Seasonal,
		_ => ModelRef::RepeatLast,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		commands::{
			status::tests::{domain, status},
			watch::nearest::tests::letters,
		},
		fixtures::sawtooth,
	};

	#[tokio::test]
	async fn a_domain_is_introduced_by_the_errors_to_beat() {
		let mut known = KnownDomain::new(Arc::new(sawtooth())).await.unwrap();
		assert_eq!(known.champion, ModelRef::Seasonal, "a sawtooth is seasonal");
		let text = known.introduction().unwrap();
		assert!(text.starts_with("domain 3: sawtooth. To beat: seasonal with a mean absolute error of"), "{text}");
		assert!(text.contains("mm on validation, ridge "), "{text}");
		let champion = status().champion.unwrap();
		let on_tail = known.describe_champion(&champion, Some(1.0));
		assert!(
			on_tail.contains("25.00 % better than the best naive model") && on_tail.contains("than repeat-last"),
			"{on_tail}"
		);
		assert!(!known.describe_champion(&champion, None).contains("tail"));
		assert_eq!(known.bits_in_all(&domain()), None, "of a series, nothing is claimed");
	}

	#[tokio::test]
	async fn bits_reach_from_the_initial_champion_to_the_nearest_row_of_all_opened_segments() {
		let problem = letters(0);
		let domain = DomainView { initial_validation_error: problem.bar().unwrap(), ..domain() };
		let mut known = KnownDomain::new(Arc::new(problem)).await.unwrap();
		let first = known.nearest.finish().await.unwrap();
		let few = known.bits_in_all(&domain).unwrap();
		let rate = known.baselines[0].validation.mean;
		assert!((few - (rate / first).log2()).abs() < 1e-9, "{few} {rate} {first}");
		known.nearest.compute(Arc::new(letters(2)));
		known.nearest.finish().await.unwrap();
		assert!(known.bits_in_all(&domain).unwrap() > few, "more rows are nearer");
	}
}
