//! Base models: nets of the exact trainer, trained on the bars of a stream.
//!
//! A base model forecasts every bar from the end of its input to the end of the horizon. The bars of the zero are among them: the changes
//! that it answers are those from the zero that it expects.
//!
//! The trainer minimises absolute errors, and the market pays by squared ones. A forecast that knows little loses less if it is closer to
//! the zero, so all changes of a model are multiplied by one factor from 0 to 1: the one with the least weighted square error on the
//! bars that the model was not trained on. A model without skill there answers no change.

use crate::{
	bars::{Bar, Clock, Series},
	channels::{Channel, MOST},
	rounds::Terms,
};
use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_compute::{Candidate, Control, Dataset, Error, Executor, Grouping, SplitSeries};
use doin_forecast::{
	model_file::InputColumn,
	spec::{explain, LIMITS},
	step_errors::{forecast, Output},
	target::longest_history,
	ForecastSpec, LoadedModel, ModelFamily,
};
use doin_market::truth::{self, WEIGHTS, ZERO_BARS};
use doin_primitives::Split;
use doin_scoring::{model::OUT_FRAC, program::MAX_SEASON, Forecast, Model, ModelError, Target};
use doin_sources::Field;
use std::{ops::Range, sync::atomic::AtomicBool};

/// Typical change over a round, in raw units. Activations have twelve bits, and outputs four digits after the point.
const TYPICAL: f64 = 192.0;
/// Largest difference of a raw value from the last one.
const MAX_RAW: f64 = (1 << 30) as f64;
/// One in so many bars that a model learns from validates it.
const VALIDATION: usize = 6;
/// Binary digits after the point of the factor of all changes.
const FACTOR_FRAC: u32 = 8;
/// Shortest window that is tried where a longer one makes too large a net.
const LEAST_WINDOW: u16 = 8;
/// Longest window of a cell, in bars.
const CELL_WINDOW: u16 = 48;

/// Bars without gaps, and their channels.
#[derive(Clone, Debug)]
pub struct Inputs {
	bars: Vec<Bar>,
	channels: Vec<(Channel, Vec<i16>)>,
}

impl Inputs {
	/// Computes the channels of a series.
	///
	/// # Errors
	///
	/// Errors if there are more than [`MOST`] channels or one comes twice, if the series lacks the values or the times of one, and if it
	/// has no bars.
	pub fn new(series: &Series, channels: &[Channel]) -> Result<Self> {
		ensure!(channels.len() <= MOST, "--channels names {} channels: a model reads {MOST} beside the closes", channels.len());
		let bars = series.filled();
		ensure!(!bars.is_empty(), "{} has no bars", series.name);
		let mut computed: Vec<(Channel, Vec<i16>)> = Vec::with_capacity(channels.len());
		for channel in channels.iter().copied() {
			ensure!(computed.iter().all(|(known, _)| *known != channel), "--channels names `{channel}` twice");
			let field = match channel {
				Channel::High => Some(Field::High),
				Channel::Low => Some(Field::Low),
				Channel::Volume => Some(Field::Volume),
				_ => None,
			};
			if let Some(field) = field.filter(|field| !series.fields.contains(field)) {
				bail!("{} has no {field}: leave the channel `{channel}` out of --channels", series.name);
			}
			let clock: Option<&Clock> = series.clock.as_ref();
			computed.push((channel, channel.compute(&bars, clock)?));
		}
		Ok(Self { bars, channels: computed })
	}

	/// Returns the number of bars.
	pub fn len(&self) -> usize {
		self.bars.len()
	}

	/// Returns `true` if there are none.
	pub fn is_empty(&self) -> bool {
		self.bars.is_empty()
	}
}

/// Values that a model reads beside the closes.
#[derive(Clone, Debug, PartialEq)]
enum Others {
	/// The channels of the inputs.
	Channels,
	/// Fields of the bars, each with its raw units per unit of the stream.
	Fields(Vec<(Field, f64)>),
}

/// Training of base models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
	/// Family of the nets.
	pub family: ModelFamily,
	/// Seed of first weights and batches.
	pub seed: u64,
	/// Passes over the bars; `None` for the usual number of the family.
	pub epochs: Option<u16>,
}

/// A model that forecasts rounds of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct BaseModel {
	model: Model,
	program: Forecast,
	/// Raw units per unit of the stream.
	scale: f64,
	others: Others,
	/// Factor of all changes, Q8.
	factor: i64,
}

impl Recipe {
	/// Returns the candidate of the trainer, with the genes at which nets of the family usually do well.
	fn candidate(&self, window: u16) -> Candidate {
		let usual =
			Candidate { family: self.family.family(), window, seed: self.seed, synthetic_share: 0, ..Candidate::default() };
		let candidate = match self.family {
			ModelFamily::Linear => Candidate { depth: 0, blend: true, ..usual },
			ModelFamily::Mlp => Candidate { width: 32, depth: 1, epochs: 24, ..usual },
			ModelFamily::Conv => Candidate { width: 16, depth: 2, kernel: 5, stride: 2, epochs: 24, ..usual },
			ModelFamily::Lstm | ModelFamily::Gru => {
				Candidate { width: 24, depth: 1, rate: 12, epochs: 12, window: window.min(CELL_WINDOW), ..usual }
			}
		};
		Candidate { epochs: self.epochs.unwrap_or(candidate.epochs), ..candidate }
	}

	/// Trains a model on the first `known` bars. Nothing after them is read.
	///
	/// # Errors
	///
	/// Errors if the bars are too few or do not move, if the net does not fit, and if `stop` is set.
	pub fn train(
		&self,
		inputs: &Inputs,
		known: usize,
		terms: &Terms,
		executor: &Executor,
		stop: &AtomicBool,
	) -> Result<BaseModel> {
		terms.check()?;
		let bars = inputs.bars.get(..known).with_context(|| format!("there are {} bars, not {known}", inputs.len()))?;
		let steps = terms.span();
		let program = program_of(terms, inputs.channels.len() as u8 + 1)?;
		let train_end = known - known / VALIDATION;
		let needed = usize::from(program.history) + steps + (train_end / 7).max(steps);
		let room = (known / VALIDATION).checked_sub(steps).is_some_and(|windows| windows > 0);
		ensure!(
			train_end >= needed && room,
			"{known} bars are too few to train on: with --lookback {} and --horizon {} about {} are needed; choose a larger --train, or \
			 smaller ones of these",
			terms.lookback,
			terms.horizon,
			(needed + needed / 4).max((steps + 1) * VALIDATION)
		);
		let scale = scale_of(bars, steps)?;
		let others = Others::Channels;
		let raw = Raw { inputs, scale, others: &others };
		let series: Vec<i32> = (0..known).flat_map(|bar| raw.values(bar, 0)).collect();
		let split = Split { train_end: train_end as u32, validation_end: known as u32 };
		let data = Dataset::pooled(program.clone(), LIMITS, vec![SplitSeries { series, split }]).map_err(explain)?;
		let candidate = self.fitting(&data)?;
		let mut runs = executor.run(&data, &[candidate], Grouping::Independent, &Control::new(stop)).map_err(explain)?;
		let run = runs.pop().context("the trainer has trained nothing")?;
		let model = run.evaluated.map_err(explain)?.model;
		let mut trained = BaseModel { model, program, scale, others, factor: 1 << FACTOR_FRAC };
		trained.factor = trained.best_factor(inputs, train_end..known, terms)?;
		Ok(trained)
	}

	/// Returns the candidate with the longest window whose net is not too large.
	fn fitting(&self, data: &Dataset) -> Result<Candidate> {
		let mut window = data.task.program.history;
		loop {
			let candidate = self.candidate(window);
			match candidate.check(data) {
				Err(Error::Model(ModelError::TooCostly | ModelError::TooLarge)) if window > LEAST_WINDOW => {
					window = (window.min(candidate.window) * 3 / 4).max(LEAST_WINDOW);
				}
				checked => return checked.map_err(explain).map(|()| candidate),
			}
		}
	}
}

/// Returns the program of a model that forecasts rounds from so many channels.
fn program_of(terms: &Terms, channels: u8) -> Result<Forecast> {
	let steps = terms.span() as u16;
	let most = longest_history(channels, steps);
	ensure!(
		(1..=usize::from(most)).contains(&terms.lookback),
		"invalid --lookback {}: with {channels} channels and a horizon of {} bars, base models read at most {most} bars; leave some of \
		 --channels out, or choose a smaller one",
		terms.lookback,
		terms.horizon
	);
	let history = terms.lookback as u16;
	let fits = (1..=MAX_SEASON).contains(&terms.season) && terms.season <= u32::from(history);
	let season = if fits { terms.season as u16 } else { 1 };
	Ok(ForecastSpec { horizon: steps, history, season, channels, target: Target::Values }.program())
}

/// Returns the raw units per unit of the stream: a power of two, in which the mean absolute change over `steps` bars is about
/// [`TYPICAL`].
fn scale_of(bars: &[Bar], steps: usize) -> Result<f64> {
	let changes = bars.iter().zip(bars.iter().skip(steps)).map(|(one, later)| one.close.abs_diff(later.close) as f64);
	let count = bars.len().saturating_sub(steps).max(1) as f64;
	let mean = changes.sum::<f64>() / count;
	ensure!(mean > 0.0, "the closes do not move in the bars to train on: there is nothing to learn");
	Ok(2f64.powi((TYPICAL / mean).log2().round() as i32))
}

/// Values of bars as a model reads them: differences from those of a base bar, in raw units.
struct Raw<'a> {
	inputs: &'a Inputs,
	scale: f64,
	others: &'a Others,
}

impl Raw<'_> {
	/// Returns the values of a bar, all channels. A base only moves values into the range of a raw value: nets read differences alone.
	fn values(&self, bar: usize, base: usize) -> Vec<i32> {
		let (here, from) = (&self.inputs.bars[bar], &self.inputs.bars[base]);
		let difference = |field: Field, scale: f64| {
			let units = i128::from(here.get(field)) - i128::from(from.get(field));
			(units as f64 * scale).round().clamp(-MAX_RAW, MAX_RAW) as i32
		};
		let mut values = vec![difference(Field::Close, self.scale)];
		match self.others {
			Others::Channels => values.extend(self.inputs.channels.iter().map(|(_, channel)| i32::from(channel[bar]))),
			Others::Fields(fields) => values.extend(fields.iter().map(|(field, scale)| difference(*field, *scale))),
		}
		values
	}
}

impl BaseModel {
	/// Returns the model of a file that `train --out` has written.
	///
	/// # Errors
	///
	/// Errors if the model forecasts another column, reads columns that bars do not have, or does not forecast each bar of a round.
	pub fn of_file(loaded: &LoadedModel, series: &Series, terms: &Terms) -> Result<Self> {
		let (program, data) = (&loaded.program, &loaded.file.data);
		ensure!(
			data.column.eq_ignore_ascii_case(series.column.trim()),
			"the model forecasts `{}`, and the closes of {} are the column `{}`: it is a model of another stream; name one of this stream",
			data.column,
			series.name,
			series.column
		);
		ensure!(
			program.target == Target::Values,
			"the model forecasts single steps or classes: train one without --steps and --classes"
		);
		ensure!(
			usize::from(program.horizon) >= terms.span(),
			"the model forecasts {} bars, and a round takes {}: the {} bars before the horizon, and its {}; train one with --horizon {}",
			program.horizon,
			terms.span(),
			terms.lead - 1,
			terms.horizon,
			terms.span()
		);
		ensure!(
			usize::from(program.history) <= terms.lookback,
			"the model reads {} bars, and a round shows {}: choose --lookback {}",
			program.history,
			terms.lookback,
			program.history
		);
		let one = 10f64.powi(-i32::from(series.decimals));
		let field = |(input, unit): (&InputColumn, &f64)| -> Result<(Field, f64)> {
			let known = Field::ALL.into_iter().find(|field| field.to_string() == input.column.trim().to_lowercase());
			let field = known.filter(|field| series.fields.contains(field));
			let field =
				field.ok_or_else(|| anyhow!("the model reads `{}`, which the bars of {} lack", input.column, series.name))?;
			Ok((field, one / unit))
		};
		let fields = data.inputs.iter().zip(&loaded.inputs).map(field).collect::<Result<Vec<_>>>()?;
		Ok(Self {
			model: loaded.model.clone(),
			program: program.clone(),
			scale: one / loaded.unit,
			others: Others::Fields(fields),
			factor: 1 << FACTOR_FRAC,
		})
	}

	/// Returns the part of the forecast changes that the model answers, from 0 to 1.
	pub fn factor(&self) -> f64 {
		self.factor as f64 / f64::from(1u32 << FACTOR_FRAC)
	}

	/// Forecasts the changes from the zero over the horizon of the round whose input ends with `bar`.
	///
	/// # Errors
	///
	/// Errors if there are fewer bars than the model reads.
	pub fn changes(&self, inputs: &Inputs, bar: usize, terms: &Terms) -> Result<Vec<i32>> {
		let history = usize::from(self.program.history);
		let first = (bar + 1).checked_sub(history).filter(|_| bar < inputs.len());
		let first = first.with_context(|| format!("bar {bar} has too few bars before it: the model reads {history}"))?;
		let raw = Raw { inputs, scale: self.scale, others: &self.others };
		// The last close is 0, so that outputs are changes from it.
		let known: Vec<i32> = (first..=bar).flat_map(|at| raw.values(at, bar)).collect();
		let Output::Values(values) = forecast(&self.model, &self.program, &known) else {
			bail!("the model answers a class: train one without --classes");
		};
		let values = values.get(..terms.span()).context("the model forecasts fewer bars than a round takes")?;
		let (before, horizon) = values.split_at(terms.lead - 1);
		let mut zeros: Vec<i64> = before.iter().rev().take(ZERO_BARS).copied().collect();
		zeros.sort_unstable();
		let zero = zeros.get(ZERO_BARS / 2).copied().unwrap_or(0);
		Ok(horizon.iter().map(|value| self.change(*value - zero)).collect())
	}

	/// Returns a change in units of the stream, times the factor. `raw` is in 2⁻⁴ raw units.
	fn change(&self, raw: i64) -> i32 {
		let units = raw as f64 * self.factor() / (self.scale * f64::from(1u32 << OUT_FRAC));
		// Neither a large nor an infinite change leaves the range of a forecast.
		units.round().clamp(-f64::from(i32::MAX), f64::from(i32::MAX)) as i32
	}

	/// Returns the factor with the least weighted square error over rounds whose bars after the input all lie in `bars`.
	fn best_factor(&self, inputs: &Inputs, bars: Range<usize>, terms: &Terms) -> Result<i64> {
		let closes: Vec<Option<i64>> = inputs.bars[..bars.end].iter().map(|bar| Some(bar.close)).collect();
		let (mut products, mut squares) = (0i128, 0i128);
		for bar in (bars.start - 1..bars.end - terms.span()).step_by(terms.batch) {
			let Some((zero, _)) = terms.truth(&closes, bar) else { continue };
			let horizon = &closes[bar + terms.lead..bar + terms.lead + terms.horizon];
			for ((change, close), weight) in self.changes(inputs, bar, terms)?.into_iter().zip(horizon).zip(WEIGHTS) {
				// Changes are below 2³¹, weights in Q16 at most 2¹⁶, and there are fewer than 2³² of them.
				let (weight, change) = (i128::from(weight >> 16), i128::from(change));
				products += weight * change * i128::from(truth::change(zero, close.unwrap_or(zero)));
				squares += weight * change * change;
			}
		}
		let factor = (products << FACTOR_FRAC).checked_div_euclid(squares).unwrap_or(0);
		Ok(factor.clamp(0, 1 << FACTOR_FRAC) as i64)
	}
}

#[cfg(test)]
mod tests;
