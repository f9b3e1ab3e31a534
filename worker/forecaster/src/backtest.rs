//! Forecasts of the rounds of historical bars, and their skill.
//!
//! A forecaster is asked round by round. It sees the bars up to the last one of the input, and the truth of rounds that have closed.

use crate::{
	base_model::{BaseModel, Inputs, Recipe},
	rounds::{Round, Rounds, Terms},
};
use anyhow::{bail, ensure, Context, Result};
use doin_compute::Executor;
use doin_market::{
	record::{OPEN_SLICES, SLICES},
	reference::ALL,
	skill, Error, Record, Reference, Signed, ONE,
};
use serde::Serialize;
use std::{
	collections::VecDeque,
	sync::atomic::{AtomicBool, Ordering},
};

/// One squared unit of an error.
const ERROR_ONE: f64 = 65_536.0;

/// Forecaster of rounds.
pub trait Forecaster {
	/// Returns the changes from the zero over the horizon of the round whose input ends with `bar`.
	///
	/// # Errors
	///
	/// Errors if there is no forecast.
	fn forecast(&mut self, bar: usize) -> Result<Vec<i32>>;

	/// Learns the truth of a round that has closed: its zero, and the closes of its horizon.
	///
	/// # Errors
	///
	/// Errors if the forecaster cannot be reached.
	#[allow(unused_variables)]
	fn truth(&mut self, bar: usize, zero: i64, closes: &[Option<i64>]) -> Result<()> {
		Ok(())
	}
}

/// Training of a base model in a backtest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Training {
	/// Bars that were known.
	pub bars: usize,
	/// Part of the forecast changes that the model answers.
	pub factor: f64,
}

/// Base model that is trained on all bars before the first round, and trained anew on a schedule.
pub struct Retrained<'a> {
	/// Recipe of its nets.
	pub recipe: &'a Recipe,
	/// Bars of the series.
	pub inputs: &'a Inputs,
	/// Terms of the rounds.
	pub terms: &'a Terms,
	/// Executor of the trainings.
	pub executor: &'a Executor,
	/// Stops a training when set.
	pub stop: &'a AtomicBool,
	/// Bars from one training to the next; `None` for a single training.
	pub every: Option<usize>,
	/// Present model.
	pub model: Option<BaseModel>,
	/// Trainings so far.
	pub trainings: Vec<Training>,
}

impl Forecaster for Retrained<'_> {
	fn forecast(&mut self, bar: usize) -> Result<Vec<i32>> {
		let known = bar + 1;
		let is_due = |last: &Training| self.every.is_some_and(|every| known >= last.bars + every);
		if self.trainings.last().is_none_or(is_due) {
			let model = self.recipe.train(self.inputs, known, self.terms, self.executor, self.stop)?;
			self.trainings.push(Training { bars: known, factor: model.factor() });
			self.model = Some(model);
		}
		self.model.as_ref().context("the base model was not trained")?.changes(self.inputs, bar, self.terms)
	}
}

/// Base model of a file.
pub struct Fixed<'a> {
	/// The model.
	pub model: BaseModel,
	/// Bars of the series.
	pub inputs: &'a Inputs,
	/// Terms of the rounds.
	pub terms: &'a Terms,
}

impl Forecaster for Fixed<'_> {
	fn forecast(&mut self, bar: usize) -> Result<Vec<i32>> {
		self.model.changes(self.inputs, bar, self.terms)
	}
}

/// Result of one forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
	/// Last bar of the input.
	pub bar: usize,
	/// Skill against the reference.
	pub skill: Signed,
	/// Error e² of the forecast.
	pub error: Error,
	/// Reference of the round.
	pub reference: Reference,
	/// Error e₀² of the reference.
	pub reference_error: Error,
}

/// Asks a forecaster for every round, and scores its forecasts as the market does. `progress` is called after each of them.
///
/// # Errors
///
/// Errors if the forecaster has no forecast, or one of another length than the horizon, and if `stop` is set.
pub fn play(
	rounds: &Rounds,
	closes: &[Option<i64>],
	terms: &Terms,
	forecaster: &mut dyn Forecaster,
	stop: &AtomicBool,
	progress: &mut dyn FnMut(),
) -> Result<Vec<Scored>> {
	let mut open: VecDeque<&Round> = VecDeque::new();
	let mut scored = Vec::with_capacity(rounds.held.len());
	for round in &rounds.held {
		if stop.load(Ordering::Relaxed) {
			bail!("stopped");
		}
		while open.front().is_some_and(|before| before.bar + terms.span() < round.bar) {
			let Some(closed) = open.pop_front() else { break };
			tell(forecaster, closed, closes, terms)?;
		}
		let forecast = forecaster.forecast(round.bar)?;
		let error = round.truth.error(&forecast);
		let error = error.with_context(|| {
			format!("the forecast of the round of bar {} has {} values: expected {}", round.bar, forecast.len(), terms.horizon)
		})?;
		scored.push(Scored {
			bar: round.bar,
			skill: skill(round.error, error, round.average),
			error,
			reference: round.reference,
			reference_error: round.error,
		});
		open.push_back(round);
		progress();
	}
	open.into_iter().try_for_each(|closed| tell(forecaster, closed, closes, terms))?;
	Ok(scored)
}

/// Gives a forecaster the truth of a round.
fn tell(forecaster: &mut dyn Forecaster, round: &Round, closes: &[Option<i64>], terms: &Terms) -> Result<()> {
	let first = round.bar + terms.lead;
	forecaster.truth(round.bar, round.zero, &closes[first..first + terms.horizon])
}

/// Figures of consecutive rounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
	/// Last bar of the input of the first round.
	pub first_bar: usize,
	/// Number of rounds.
	pub rounds: usize,
	/// Mean skill, the mean return on a wager while all gains are paid in full.
	pub skill: f64,
	/// Part of the rounds in which the forecast was better than the reference.
	pub better: f64,
	/// Root of the mean e², in units of the stream.
	pub error: f64,
	/// Root of the mean e₀², in units of the stream.
	pub reference_error: f64,
	/// Reference of most rounds.
	pub reference: String,
}

/// Returns a signed Q32 number.
fn of_q32(value: Signed) -> f64 {
	value as f64 / ONE as f64
}

/// Returns the mean of a value over rounds.
fn mean(scored: &[Scored], value: impl Fn(&Scored) -> f64) -> f64 {
	scored.iter().map(value).sum::<f64>() / scored.len() as f64
}

impl Figures {
	/// Returns the figures of rounds; `None` if there are none.
	pub fn of(scored: &[Scored]) -> Option<Self> {
		let first = scored.first()?;
		let rounds_of = |reference: &Reference| scored.iter().filter(|one| one.reference == *reference).count();
		// Of equal numbers, the first one of all.
		let reference = ALL.into_iter().rev().max_by_key(rounds_of);
		Some(Self {
			first_bar: first.bar,
			rounds: scored.len(),
			skill: mean(scored, |one| of_q32(one.skill)),
			better: mean(scored, |one| if one.skill > 0 { 1.0 } else { 0.0 }),
			error: mean(scored, |one| one.error as f64 / ERROR_ONE).sqrt(),
			reference_error: mean(scored, |one| one.reference_error as f64 / ERROR_ONE).sqrt(),
			reference: reference.map(reference_name).unwrap_or_default().into(),
		})
	}
}

/// Returns the name of a reference.
pub fn reference_name(reference: Reference) -> &'static str {
	match reference {
		Reference::RepeatLast => "repeat-last",
		Reference::Drift => "drift",
		Reference::HalfwayToMean => "halfway to the mean",
		Reference::SeasonBefore => "season before",
		Reference::Champion => "champion",
	}
}

/// Skill of all rounds, with the certainty that a record has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Certainty {
	/// Number of slices: rounds that open within two horizons are one sample.
	pub slices: usize,
	/// Standard error of the mean skill over the slices; `None` for fewer than two.
	pub standard_error: Option<f64>,
	/// Lower bound L of the skill after each complete term of 32 slices, over up to eight of them, as a record has it.
	pub bounds: Vec<f64>,
}

impl Certainty {
	/// Returns the certainty of the skill of rounds in order.
	pub fn of(scored: &[Scored], terms: &Terms) -> Self {
		let (mut means, mut bounds, mut record) = (Vec::new(), Vec::new(), Record::default());
		let slices = scored.chunk_by(|one, next| one.bar / (2 * terms.horizon) == next.bar / (2 * terms.horizon));
		for (slice, rounds) in (0..).zip(slices) {
			let mean = rounds.iter().map(|round| round.skill).sum::<Signed>().div_euclid(rounds.len() as Signed);
			means.push(of_q32(mean));
			// One round stands for all of its slice.
			record.enter(slice, 1);
			record.correct(slice, mean);
			if (slice + 1).is_multiple_of(SLICES) {
				let (mut settled, now) = (record, slice + OPEN_SLICES);
				settled.settle(now, 1);
				bounds.extend(settled.bound(now, 0).map(of_q32));
			}
		}
		Self { slices: means.len(), standard_error: standard_error(&means), bounds }
	}
}

/// Returns the standard error of the mean of independent samples; `None` for fewer than two.
fn standard_error(samples: &[f64]) -> Option<f64> {
	let count = samples.len() as f64;
	let mean = samples.iter().sum::<f64>() / count;
	let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
	(samples.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt())
}

/// Returns the figures of `count` periods with about as many rounds each.
///
/// # Errors
///
/// Errors if `count` is 0.
pub fn periods(scored: &[Scored], count: usize) -> Result<Vec<Figures>> {
	ensure!(count > 0, "invalid --periods 0: expected the number of periods that are shown");
	let each = scored.len().div_ceil(count).max(1);
	Ok(scored.chunks(each).filter_map(Figures::of).collect())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		bars::{Bar, Series},
		rounds::{
			rounds,
			tests::{sawtooth, terms},
		},
	};
	use doin_forecast::ModelFamily;
	use doin_sources::Field;

	/// Forecaster that knows the bars, or repeats the reference without skill.
	struct Known {
		closes: Option<Vec<Option<i64>>>,
		asked: Vec<usize>,
		told: Vec<(usize, usize)>,
		values: usize,
	}

	impl Known {
		fn new(closes: Option<Vec<Option<i64>>>) -> Self {
			Self { closes, asked: Vec::new(), told: Vec::new(), values: 24 }
		}
	}

	impl Forecaster for Known {
		fn forecast(&mut self, bar: usize) -> Result<Vec<i32>> {
			self.asked.push(bar);
			let Some(closes) = &self.closes else { return Ok(vec![0; self.values]) };
			let (zero, _) = terms().truth(closes, bar).context("no bar is missing")?;
			let first = bar + terms().lead;
			Ok(closes[first..first + 24].iter().map(|close| (close.unwrap_or(0) - zero) as i32).collect())
		}

		fn truth(&mut self, bar: usize, zero: i64, closes: &[Option<i64>]) -> Result<()> {
			assert_eq!((terms().truth(&sawtooth(900), bar).unwrap().0, closes.len()), (zero, 24));
			self.told.push((bar, self.asked.len()));
			Ok(())
		}
	}

	/// Plays the rounds of a sawtooth from bar 300 on.
	fn played(forecaster: &mut dyn Forecaster) -> Result<Vec<Scored>> {
		let closes = sawtooth(900);
		let rounds = rounds(&closes, &terms(), 300).unwrap();
		play(&rounds, &closes, &terms(), forecaster, &AtomicBool::new(false), &mut || {})
	}

	#[test]
	fn a_forecast_of_the_truth_is_better_in_every_round() {
		let scored = played(&mut Known::new(Some(sawtooth(900)))).unwrap();
		assert!(scored.iter().all(|one| one.error == 0 && one.skill > 0));
		let figures = Figures::of(&scored).unwrap();
		assert_eq!((figures.rounds, figures.better, figures.error), (scored.len(), 1.0, 0.0));
		assert!(figures.reference_error > 0.0 && figures.skill > 0.0);
	}

	#[test]
	fn the_reference_itself_has_no_skill() {
		let closes = sawtooth(900);
		let terms = Terms { season: 0, ..terms() };
		let held = rounds(&closes, &terms, 300).unwrap();
		let scored = play(&held, &closes, &terms, &mut Known::new(None), &AtomicBool::new(false), &mut || {}).unwrap();
		let still: Vec<&Scored> = scored.iter().filter(|one| one.reference == Reference::RepeatLast).collect();
		assert!(
			still.len() > 20 && still.iter().all(|one| one.skill == 0 && one.error == one.reference_error),
			"{}",
			still.len()
		);
	}

	#[test]
	fn truths_follow_once_their_rounds_have_closed() {
		let mut known = Known::new(None);
		let scored = played(&mut known).unwrap();
		let rounds: Vec<usize> = scored.iter().map(|one| one.bar).collect();
		assert_eq!(known.asked, rounds);
		assert_eq!(known.told.iter().map(|(bar, _)| *bar).collect::<Vec<_>>(), rounds, "each of them once, in order");
		for (bar, asked) in known.told {
			// The round that is asked for next opens after the last bar of the closed one.
			let next = rounds.get(asked);
			assert!(next.is_none_or(|next| bar + terms().span() < *next), "{bar} {asked}");
		}
	}

	#[test]
	fn forecasts_of_another_length_and_a_stop_end_the_backtest() {
		for values in [23, 25] {
			let error = played(&mut Known { values, ..Known::new(None) }).unwrap_err().to_string();
			assert!(error.contains(&format!("has {values} values: expected 24")), "{error}");
		}
		let closes = sawtooth(900);
		let held = rounds(&closes, &terms(), 300).unwrap();
		let stopped = play(&held, &closes, &terms(), &mut Known::new(None), &AtomicBool::new(true), &mut || {});
		assert_eq!(stopped.unwrap_err().to_string(), "stopped");
	}

	#[test]
	fn a_base_model_is_trained_on_a_schedule() {
		let closes = sawtooth(900);
		let bars = closes.iter().map(|close| close.map(Bar::of_close)).collect();
		let series =
			Series { name: "a".into(), column: "close".into(), bars, fields: vec![Field::Close], clock: None, decimals: 0 };
		let inputs = Inputs::new(&series, &[]).unwrap();
		let (recipe, executor) = (Recipe { family: ModelFamily::Linear, seed: 0, epochs: None }, Executor::cpu(1).unwrap());
		let (terms, stop) = (terms(), AtomicBool::new(false));
		for (every, trained) in [(None, vec![304]), (Some(200), vec![304, 508, 712])] {
			let (model, trainings) = (None, Vec::new());
			let mut base = Retrained {
				recipe: &recipe,
				inputs: &inputs,
				terms: &terms,
				executor: &executor,
				stop: &stop,
				every,
				model,
				trainings,
			};
			let scored = played(&mut base).unwrap();
			assert_eq!(base.trainings.iter().map(|training| training.bars).collect::<Vec<_>>(), trained);
			let figures = Figures::of(&scored).unwrap();
			// No change errs by about 300, a linear model that has seen two seasons by about 105.
			assert!(figures.error < 150.0, "{figures:?}");
		}
	}

	fn scored(bar: usize, skill: Signed) -> Scored {
		Scored { bar, skill, error: 4 << 16, reference: Reference::Drift, reference_error: 9 << 16 }
	}

	#[test]
	fn periods_are_consecutive_rounds() {
		let all: Vec<Scored> = (0..10).map(|at| scored(6 * at, if at < 5 { ONE / 2 } else { -ONE / 4 })).collect();
		let two = periods(&all, 2).unwrap();
		assert_eq!(
			two.iter().map(|one| (one.first_bar, one.rounds, one.skill)).collect::<Vec<_>>(),
			[(0, 5, 0.5), (30, 5, -0.25)]
		);
		assert_eq!((two[0].better, two[1].better, two[0].error, two[0].reference_error), (1.0, 0.0, 2.0, 3.0));
		assert_eq!(two[0].reference, "drift");
		assert_eq!(periods(&all, 99).unwrap().len(), 10);
		assert!(periods(&[], 4).unwrap().is_empty());
		assert!(periods(&all, 0).is_err());
	}

	#[test]
	fn rounds_within_two_horizons_are_one_sample() {
		// Eight rounds a slice, of a horizon of 24 bars.
		let all: Vec<Scored> =
			(0..8 * 64).map(|at| scored(6 * at, if (at / 8).is_multiple_of(2) { ONE / 10 } else { 3 * ONE / 10 })).collect();
		let certainty = Certainty::of(&all, &terms());
		assert_eq!((certainty.slices, certainty.bounds.len()), (64, 2));
		// Mean 0.2, and a standard deviation of 0.1·√(64/63) over 64 slices.
		assert!((certainty.standard_error.unwrap() - 0.1 / 63f64.sqrt()).abs() < 1e-6);
		// As in `doin_market::record`: 0.2 − 0.3/√(n − 1) after one term and after two.
		for (bound, slices) in certainty.bounds.iter().zip([32.0f64, 64.0]) {
			assert!((bound - (0.2 - 0.3 / (slices - 1.0).sqrt())).abs() < 1e-6, "{:?}", certainty.bounds);
		}
		assert_eq!(Certainty::of(&all[..8], &terms()), Certainty { slices: 1, standard_error: None, bounds: vec![] });
	}
}
