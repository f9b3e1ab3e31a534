//! Forecasts of the champion of a domain, by the forward pass that the chain scores.

use super::{
	chain::{no_champion, unreadable},
	convert,
	rungs::unavailable,
	Answer, SourceError,
};
use crate::shape::{At, Forecast, ForecastStep, PastForecast};
use anyhow::{bail, Result};
use doin_chain::Chain;
use doin_compute::thread_pool;
use doin_forecast::{
	step_errors::{forecast, Output},
	target::scored_steps,
};
use doin_primitives::{DomainId, ModelRef};
use doin_roles::{domain_cache::DomainCache, problem::Problem};
use doin_scoring::{model::OUT_FRAC, score, Forecast as Program, Model, Target, Windows};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};
use tokio::task::spawn_blocking;

/// Domains whose forecasts are kept.
const MOST: usize = 64;
/// Most values of the series.
const REAL: usize = 4_000;
/// Most forecasts from one part of the series.
const OF_A_PART: usize = 8;
/// Most forecasts from earlier places.
const PAST: usize = 16;

/// Forecasts of domains, computed one at a time and once per champion and series.
#[derive(Default)]
pub(super) struct Forecasts {
	found: Arc<Mutex<BTreeMap<DomainId, Entry>>>,
	/// Held while forecasts are computed, also if the client leaves meanwhile.
	alone: Arc<tokio::sync::Mutex<()>>,
}

struct Entry {
	model: ModelRef,
	/// Opened segments of the series.
	segments: u16,
	forecast: Forecast,
}

impl Forecasts {
	/// Returns the forecasts of a domain. Computes them unless champion and series are those of the last time.
	///
	/// # Errors
	/// Errors if the domain has no champion or forecasts no values, and if it cannot be read.
	pub async fn read(&self, chain: &Chain, domains: &DomainCache, domain: DomainId) -> Answer<Forecast> {
		let head = chain.head();
		let Some(champion) = chain.champion(head, domain).await.map_err(unreadable)? else { return Err(no_champion(domain)) };
		let problem = domains.problem(chain, head, domain).await.map_err(unavailable)?;
		check(&problem)?;
		let model = domains.model(chain, head, &problem, champion.model).await.map_err(unavailable)?;
		self.computed(problem, champion.model, model, convert::at(head)).await
	}

	/// Returns the forecasts of a domain at block `at`, if they are those of the last time.
	fn known(&self, problem: &Problem, model: ModelRef, at: &At) -> Option<Forecast> {
		let found = self.found.lock();
		let entry = found.get(&problem.id).filter(|entry| entry.model == model && entry.segments == problem.segments())?;
		Some(Forecast { at: at.clone(), ..entry.forecast.clone() })
	}

	async fn computed(&self, problem: Arc<Problem>, reference: ModelRef, model: Arc<Model>, at: At) -> Answer<Forecast> {
		if let Some(known) = self.known(&problem, reference, &at) {
			return Ok(known);
		}
		let alone = self.alone.clone().lock_owned().await;
		// Another client may have waited for the same.
		if let Some(known) = self.known(&problem, reference, &at) {
			return Ok(known);
		}
		let found = self.found.clone();
		let computing = spawn_blocking(move || {
			let forecast = thread_pool(1)?.install(|| computed(&problem, reference, &model, at))?;
			let entry = Entry { model: reference, segments: problem.segments(), forecast: forecast.clone() };
			let mut found = found.lock();
			if found.len() >= MOST {
				found.clear();
			}
			found.insert(problem.id, entry);
			drop(alone);
			anyhow::Ok(forecast)
		});
		let computed =
			computing.await.map_err(|error| SourceError::broken(error.to_string(), "report this as a fault of the worker"))?;
		computed.map_err(unavailable)
	}

	/// Forgets all forecasts: the chain began anew.
	pub fn clear(&self) {
		self.found.lock().clear();
	}
}

/// Checks that a domain forecasts values of a series.
fn check(problem: &Problem) -> Answer<()> {
	let reason = match problem.forecast() {
		Some(program) if matches!(program.target, Target::Classes(_)) => "classifies changes",
		Some(_) if problem.data.series().is_empty() => "has no series on the chain",
		Some(_) => return Ok(()),
		None => "has no series",
	};
	let next = "GET /api/optimization lists the domains; those with the program `forecast` have forecasts";
	Err(SourceError::not_found(format!("domain {} {reason}, so it has no forecast of values", problem.id), next))
}

/// Place from which an earlier forecast is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Origin {
	/// Step that is forecast first.
	from: usize,
	/// Part of the series that is forecast.
	part: &'static str,
}

/// Returns the newest places from which the last steps of each part are forecast, oldest first. Parts are ranges of steps.
fn origins(program: &Program, parts: &[(&'static str, usize, usize)], steps: usize) -> Vec<Origin> {
	let (history, horizon) = (usize::from(program.history), usize::from(program.horizon));
	let earliest = history.max(steps.saturating_sub(REAL));
	let mut found = Vec::new();
	for (part, start, end) in parts {
		let places = (1..=OF_A_PART).map_while(|number| end.checked_sub(number * horizon));
		let places = places.take_while(|from| from >= start && *from >= earliest);
		found.extend(places.map(|from| Origin { from, part }));
	}
	found.sort_by_key(|origin| origin.from);
	let surplus = found.len().saturating_sub(PAST);
	found.split_off(surplus)
}

fn computed(problem: &Problem, reference: ModelRef, model: &Model, at: At) -> Result<Forecast> {
	let Some(program) = problem.forecast() else { bail!("the domain has no series") };
	let (series, channels) = (problem.data.series(), usize::from(program.channels).max(1));
	let (history, steps) = (usize::from(program.history), series.len() / channels);
	if steps < history {
		bail!("the series has {steps} steps, and the champion reads {history}");
	}
	let initial = problem.initial()?;
	let split = problem.spec.split;
	let (train_end, validation_end) = (split.train_end as usize, split.validation_end as usize);
	let published = problem.published_series().len() / channels;
	let parts =
		[("validation", train_end, validation_end), ("held out", validation_end, published), ("opened", published, steps)];
	let past: Vec<PastForecast> = origins(program, &parts, steps)
		.into_iter()
		.map(|Origin { from, part }| PastForecast {
			from: from as u32,
			split: part.into(),
			forecast: forecast_steps(model, program, &series[..from * channels]),
			error: window_error(model, program, series, from).to_string(),
			initial_error: window_error(&initial, program, series, from).to_string(),
		})
		.collect();
	let first = past.first().map_or(steps.saturating_sub(2 * history), |oldest| oldest.from as usize).saturating_sub(history);
	let first = first.max(steps.saturating_sub(REAL));
	Ok(Forecast {
		at,
		domain_id: problem.id,
		name: problem.name(),
		unit: String::from_utf8_lossy(&problem.spec.unit).into_owned(),
		model: convert::json(&reference),
		horizon: program.horizon,
		history: program.history,
		season: program.season,
		steps: steps as u32,
		train_end: split.train_end,
		validation_end: split.validation_end,
		first: first as u32,
		real: series[first * channels..].iter().step_by(channels).copied().collect(),
		next: forecast_steps(model, program, series),
		past,
	})
}

/// Forecasts the steps behind `known`.
fn forecast_steps(model: &Model, program: &Program, known: &[i32]) -> Vec<ForecastStep> {
	let Output::Values(values) = forecast(model, program, known) else { return Vec::new() };
	let value = |sixteenths: i64| sixteenths as f64 / f64::from(1u32 << OUT_FRAC);
	scored_steps(program).into_iter().zip(values).map(|(step, raw)| ForecastStep { step, value: value(raw) }).collect()
}

/// Returns the error sum of the window whose first forecast step is `from`, as the chain scores it.
fn window_error(model: &Model, program: &Program, series: &[i32], from: usize) -> u32 {
	let (channels, history, horizon) =
		(usize::from(program.channels), usize::from(program.history), usize::from(program.horizon));
	let values = series[(from - history) * channels..(from + horizon) * channels].to_vec();
	score(model, program, &Windows { channels, history, horizon, values })
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::sawtooth;
	use doin_scoring::{Loss, WindowPhase};

	fn program() -> Program {
		Program {
			horizon: 4,
			history: 8,
			season: 2,
			chunks: 32,
			windows: 1,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		}
	}

	fn starts(origins: &[Origin], part: &str) -> Vec<usize> {
		origins.iter().filter(|origin| origin.part == part).map(|origin| origin.from).collect()
	}

	#[test]
	fn windows_end_with_their_part_and_do_not_overlap() {
		let parts = [("validation", 100, 130), ("held out", 130, 141), ("opened", 141, 141)];
		let found = origins(&program(), &parts, 141);
		assert_eq!(starts(&found, "validation"), [102, 106, 110, 114, 118, 122, 126]);
		assert_eq!(starts(&found, "held out"), [133, 137]);
		assert_eq!(starts(&found, "opened"), Vec::<usize>::new());
	}

	#[test]
	fn windows_have_a_whole_history_and_are_shown_beside_the_series() {
		let found = origins(&program(), &[("validation", 0, 20)], 20);
		assert_eq!(starts(&found, "validation"), [8, 12, 16], "the history has eight steps");
		let found = origins(&program(), &[("validation", 0, 2_000), ("held out", 2_000, 9_000)], 9_000);
		assert_eq!((starts(&found, "validation").len(), starts(&found, "held out").len()), (0, 8));
		let parts = [("validation", 0, 1_000), ("held out", 1_000, 1_100), ("opened", 1_100, 1_200)];
		assert_eq!(origins(&program(), &parts, 1_200).len(), PAST);
	}

	#[test]
	fn forecasts_repeat_the_season_exactly_and_errors_are_those_of_the_chain() {
		let problem = sawtooth();
		let found = computed(&problem, ModelRef::Seasonal, &Model::Seasonal, At::default()).unwrap();
		let series = problem.data.series();
		assert_eq!((found.steps, found.next.len()), (600, 4));
		for (step, forecast) in (1u16..).zip(&found.next) {
			assert_eq!((forecast.step, forecast.value), (step, f64::from(series[591 + usize::from(step)])));
		}
		assert_eq!(found.past.iter().filter(|past| past.split == "validation").count(), 8);
		assert_eq!(found.past.iter().filter(|past| past.split == "held out").count(), 8);
		for past in &found.past {
			let actual = &series[past.from as usize..past.from as usize + 4];
			let error: f64 = past
				.forecast
				.iter()
				.zip(actual)
				.map(|(forecast, actual)| (forecast.value - f64::from(*actual)).abs() * 16.0)
				.sum();
			assert_eq!(past.error.parse(), Ok(error), "window at {}", past.from);
			assert_eq!(past.error, past.initial_error, "the initial champion is seasonal");
		}
		let oldest = found.past[0].from;
		assert_eq!((found.first, found.real.len()), (oldest - 16, (600 - oldest + 16) as usize));
		assert_eq!(found.real.last(), series.last());
	}

	#[tokio::test]
	async fn forecasts_are_computed_once_per_champion_and_name_the_block_of_the_request() {
		let (forecasts, problem) = (Forecasts::default(), Arc::new(sawtooth()));
		let of = |reference: ModelRef, model: Model, number: u32| {
			let at = At { number, hash: String::new() };
			forecasts.computed(problem.clone(), reference, Arc::new(model), at)
		};
		let first = of(ModelRef::Seasonal, Model::Seasonal, 7).await.unwrap();
		// The reference decides: this model is not looked at.
		let again = of(ModelRef::Seasonal, Model::RepeatLast, 8).await.unwrap();
		assert_eq!((again.at.number, &again.next), (8, &first.next));
		let other = of(ModelRef::RepeatLast, Model::RepeatLast, 9).await.unwrap();
		assert_ne!(other.next, first.next);
	}

	#[test]
	fn a_domain_without_values_has_no_forecast() {
		let mut problem = sawtooth();
		assert_eq!(check(&problem), Ok(()));
		if let doin_scoring::Program::Forecast(program) = &mut problem.spec.program {
			program.target = Target::Classes(vec![0].try_into().unwrap());
		}
		let error = check(&problem).unwrap_err();
		assert!(matches!(error, SourceError::NotFound { .. }) && error.to_string().contains("classifies"), "{error}");
	}
}
