//! Domain that `watch` has loaded.

use crate::{
	commands::{domain::model_errors, status::model_name},
	report::comparison,
};
use anyhow::Result;
use doin_chain::Account;
use doin_compute::baseline::BaselineRow;
use doin_forecast::{error_scale::percent_below, significant};
use doin_primitives::{views::ChampionView, ModelRef};
use doin_roles::{loss::percent_better, problem::Problem};
use std::sync::Arc;

/// Domain with the errors of simple models.
pub struct KnownDomain {
	/// Record and series.
	pub problem: Arc<Problem>,
	/// Champion that was shown last; at first the initial one.
	pub champion: ModelRef,
	/// Errors of simple models on validation and held-out tail.
	baselines: Vec<BaselineRow>,
}

impl KnownDomain {
	/// Computes the errors of simple models.
	///
	/// # Errors
	///
	/// Errors if the series does not fit the program.
	pub async fn new(problem: Arc<Problem>) -> Result<Self> {
		let shared = problem.clone();
		let baselines = tokio::task::spawn_blocking(move || model_errors(&shared, None)).await??;
		Ok(Self { champion: initial_champion(&baselines), problem, baselines })
	}

	/// Returns the errors to beat as text; `None` for a program that is not a forecast.
	pub fn introduction(&self) -> Option<String> {
		let row = self.baselines.iter().find(|row| row.name == model_name(&self.champion))?;
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

	/// Returns the errors of a champion as text: on its draw, and on the held-out tail beside simple models.
	pub fn describe_champion(&self, champion: &ChampionView<Account>, tail: Option<f64>) -> String {
		let (size, unit) = self.problem.unit();
		let on_draw = format!(
			"error {} {unit} on its draw, {} ({})",
			significant(self.problem.draw_error(champion.error)),
			comparison(percent_better(champion.loss), "the best naive model"),
			significant(self.problem.draw_error(champion.initial_error))
		);
		let Some(error) = tail else { return on_draw };
		let compare = |row: &BaselineRow| Some(comparison(percent_below(error, row.test?.mean * size), &row.name));
		let against: Vec<_> = self.baselines.iter().filter_map(compare).collect();
		format!("{on_draw}; on the held-out tail {}: {}", significant(error), against.join(", "))
	}
}

/// Returns the better naive model on validation.
fn initial_champion(baselines: &[BaselineRow]) -> ModelRef {
	match baselines {
		[last, seasonal, ..] if seasonal.validation.error < last.validation.error => ModelRef::Seasonal,
		_ => ModelRef::RepeatLast,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{commands::status::tests::status, fixtures::sawtooth};

	#[tokio::test]
	async fn a_domain_is_introduced_by_the_errors_to_beat() {
		let known = KnownDomain::new(Arc::new(sawtooth())).await.unwrap();
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
	}
}
