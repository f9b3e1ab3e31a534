//! Forecasts of a model window by window, and error sums step by step.

use doin_compute::task::predictions_per_window;
use doin_scoring::{
	model::OUT_FRAC,
	score::{class_of_change, predicted_class, MAX_ERROR},
	window_features, Forecast, Model, Net, PreparedNet, Scratch, Target,
};
use rayon::prelude::*;
use std::ops::Range;

/// Windows that one thread forecasts at a time.
const BATCH: usize = 64;

/// Outputs of a model for one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
	/// Values at the scored steps, in 2^−OUT_FRAC raw units.
	Values(Vec<i64>),
	/// Class of the change.
	Class(usize),
}

/// A model with the buffers of its forecasts.
struct Forecaster<'a> {
	model: &'a Model,
	/// The net of the model, if it is one.
	net: Option<(&'a Net, PreparedNet<'a>)>,
	program: &'a Forecast,
	features: Vec<i16>,
	out: Vec<i32>,
	scratch: Scratch,
}

impl<'a> Forecaster<'a> {
	fn new(model: &'a Model, program: &'a Forecast) -> Self {
		let net = if let Model::Net(net) = model { Some((net, PreparedNet::new(net))) } else { None };
		let features = vec![0; net.as_ref().map_or(0, |(net, _)| net.features())];
		Self { model, net, program, features, out: vec![0; program.outputs().into()], scratch: Scratch::default() }
	}

	/// Forecasts the steps after `history`, which is not empty.
	fn forecast(&mut self, history: &[i32]) -> Output {
		let fixed = |value: &i32| i64::from(*value) << OUT_FRAC;
		let channels = usize::from(self.program.channels);
		let last = history[history.len() - channels];
		if let Some((net, prepared)) = &self.net {
			window_features(net, channels, history, &mut self.features);
			prepared.forward(&self.features, &mut self.out, &mut self.scratch);
			return match self.program.target {
				Target::Classes(_) => Output::Class(predicted_class(&self.out)),
				_ => Output::Values(self.out.iter().map(|out| fixed(&last) + i64::from(*out)).collect()),
			};
		}
		let season = if *self.model == Model::Seasonal { usize::from(self.program.season) } else { 1 };
		let cycle = history[history.len() - channels * season.min(history.len() / channels)..].iter().step_by(channels).cycle();
		let naive: Vec<i32> = cycle.take(self.program.horizon.into()).copied().collect();
		match &self.program.target {
			Target::Classes(bounds) => Output::Class(actual_class(self.program, bounds, last, &naive)),
			_ => Output::Values(self.program.scored(&naive).map(fixed).collect()),
		}
	}
}

/// Returns the class of the change from `last` to the scored step of `future`, the values of the first channel.
fn actual_class(program: &Forecast, bounds: &[i32], last: i32, future: &[i32]) -> usize {
	let change = program.scored(future).last().map_or(0, |value| i64::from(*value) - i64::from(last));
	class_of_change(bounds, change)
}

/// Forecasts the steps after the last `program.history` steps of `known`. The program has to admit the model, and `known` must
/// not be shorter than the history.
pub fn forecast(model: &Model, program: &Forecast, known: &[i32]) -> Output {
	let history = &known[known.len() - usize::from(program.history) * usize::from(program.channels)..];
	Forecaster::new(model, program).forecast(history)
}

/// Error sums of a model, step by step, over all windows whose targets lie in given steps of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepErrors {
	/// Number of windows.
	pub windows: usize,
	/// Error sum of each scored step in 2^−OUT_FRAC raw units, as a chain counts it; for classes, one sum of 2^OUT_FRAC per
	/// wrong class.
	pub errors: Vec<u64>,
	/// Number of windows of each class; empty without classes.
	pub class_counts: Vec<u64>,
}

impl StepErrors {
	/// Computes the error sums on all cores of the current pool. Windows without a whole history are left out.
	pub fn compute(model: &Model, program: &Forecast, series: &[i32], targets: Range<usize>) -> Self {
		let (history, horizon) = (usize::from(program.history), usize::from(program.horizon));
		let channels = usize::from(program.channels);
		let first = targets.start.max(history);
		let count = (targets.end.min(series.len() / channels) + 1).saturating_sub(horizon + first);
		let origins: Vec<usize> = (first..first + count).collect();
		let outputs = predictions_per_window(program) as usize;
		let classes = if let Target::Classes(bounds) = &program.target { bounds.len() + 1 } else { 0 };
		let empty = || Self { windows: 0, errors: vec![0; outputs], class_counts: vec![0; classes] };
		let batch = |origins: &[usize]| {
			let mut forecaster = Forecaster::new(model, program);
			let mut sums = empty();
			for origin in origins {
				let window = &series[(origin - history) * channels..(origin + horizon) * channels];
				let (past, future) = window.split_at(history * channels);
				let future: Vec<i32> = future.iter().step_by(channels).copied().collect();
				sums.add_window(program, forecaster.forecast(past), past[past.len() - channels], &future);
			}
			sums
		};
		origins.par_chunks(BATCH).map(batch).reduce(empty, |a, b| a.merge(&b))
	}

	/// Adds the error of one window: its forecast, the last known value, and the true values of the first channel.
	fn add_window(&mut self, program: &Forecast, forecast: Output, last: i32, future: &[i32]) {
		self.windows += 1;
		match (forecast, &program.target) {
			(Output::Class(forecast), Target::Classes(bounds)) => {
				let actual = actual_class(program, bounds, last, future);
				self.class_counts[actual] += 1;
				self.errors[0] += u64::from(forecast != actual) << OUT_FRAC;
			}
			(Output::Values(values), _) => {
				for (error, (value, actual)) in self.errors.iter_mut().zip(values.iter().zip(program.scored(future))) {
					*error += (value - (i64::from(*actual) << OUT_FRAC)).unsigned_abs().min(MAX_ERROR);
				}
			}
			(Output::Class(_), _) => {}
		}
	}

	/// Returns the sums over the windows of both.
	pub fn merge(self, other: &Self) -> Self {
		let sum = |a: &[u64], b: &[u64]| a.iter().zip(b).map(|(a, b)| a + b).collect();
		Self {
			windows: self.windows + other.windows,
			errors: sum(&self.errors, &other.errors),
			class_counts: sum(&self.class_counts, &other.class_counts),
		}
	}

	/// Returns the error sum over all steps.
	pub fn total(&self) -> u64 {
		self.errors.iter().sum()
	}

	/// Returns the mean absolute error of each step, in raw units.
	pub fn means(&self) -> Vec<f64> {
		self.errors.iter().map(|error| mean(*error, self.windows)).collect()
	}

	/// Returns the mean absolute error in raw units, or the error rate.
	pub fn mean(&self) -> f64 {
		mean(self.total(), self.windows * self.errors.len())
	}

	/// Returns the share of the windows that belong to the most frequent class: the accuracy of forecasting that class always.
	/// `None` without classes.
	pub fn most_frequent(&self) -> Option<f64> {
		let most = self.class_counts.iter().max()?;
		Some(*most as f64 / self.windows.max(1) as f64)
	}
}

fn mean(error: u64, count: usize) -> f64 {
	error as f64 / f64::from(1u32 << OUT_FRAC) / count.max(1) as f64
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::{program, sawtooth},
		spec::LIMITS,
	};
	use doin_compute::{validation_sums, Dataset, ForecastTask, Published, SplitSeries};
	use doin_primitives::{DomainSpec, Split};
	use doin_scoring::{sample, score, verdict::total, Program, Windows};

	fn forecast_of(spec: &DomainSpec) -> &Forecast {
		match &spec.program {
			Program::Forecast(forecast) => forecast,
			_ => panic!("a forecast"),
		}
	}

	/// The mean error on the held-out tail, by the chain's score.
	fn tail_error(spec: &DomainSpec, series: &[i32], model: &Model) -> f64 {
		let program = forecast_of(spec);
		let windows = sample::tail(program, series, spec.split.validation_end);
		let span = (windows.history + windows.horizon) * windows.channels;
		let Windows { channels, history, horizon, .. } = windows;
		let chunks =
			windows.values.chunks(span * 16).map(|values| Windows { channels, history, horizon, values: values.to_vec() });
		let error: u64 = chunks.map(|chunk| u64::from(score(model, program, &chunk))).sum();
		mean(error, windows.len() * usize::from(program.horizon))
	}

	#[test]
	fn steps_sum_up_to_the_sums_of_the_chain() {
		let (spec, series) = sawtooth();
		let (program, split) = (forecast_of(&spec), spec.split);
		let data = Dataset::new(ForecastTask::new(&spec, series.clone()).unwrap(), 0, 0).unwrap();
		let ridge = Model::Net(data.linear_model(12, 0).unwrap().net.clone());
		let published = Published::Series(series.clone());
		let span = sample::validation_span(program, split.train_end, split.validation_end, 0).unwrap();
		for model in [Model::RepeatLast, Model::Seasonal, ridge] {
			let first = span.start as usize + usize::from(program.history);
			let steps = StepErrors::compute(&model, program, &series, first..split.validation_end as usize);
			let sums = validation_sums(&spec, &published, std::slice::from_ref(&model)).unwrap();
			assert_eq!(steps.total(), total(&sums[0]));
			let tail = StepErrors::compute(&model, program, &series, split.validation_end as usize..usize::MAX - 9);
			assert_eq!(tail.windows, 600 - 480 - 3);
			assert_eq!(tail.mean(), tail_error(&spec, &series, &model));
		}
	}

	#[test]
	fn several_channels_steps_and_classes_sum_up_alike() {
		let base = Forecast { windows: 1, ..program(6, 12, 4) };
		let value = |at: i32| (at * at * 7 + at * 13) % 101 + at % 4 * 30;
		let split = Split { train_end: 300, validation_end: 400 };
		let steps = Target::Steps(vec![2, 6].try_into().unwrap());
		let classes = Target::Classes(vec![-10, 10].try_into().unwrap());
		for (channels, target) in [(3, Target::Values), (2, steps), (1, classes.clone()), (2, classes)] {
			let program = Forecast { channels, target, ..base.clone() };
			let series: Vec<i32> = (0..500 * i32::from(channels)).map(value).collect();
			let part = SplitSeries { series: series.clone(), split };
			let set = Dataset::pooled(program.clone(), LIMITS, vec![part]).unwrap();
			for model in [Model::RepeatLast, Model::Seasonal, Model::Net(set.linear_model(7, 0).unwrap().net.clone())] {
				let validation = StepErrors::compute(&model, &program, &series, 300..400);
				assert_eq!((validation.windows, validation.total()), (95, total(&set.chunk_errors(&model).validation)));
				let test = StepErrors::compute(&model, &program, &series, 400..500);
				let expected: u64 = set.test_chunks().iter().map(|windows| u64::from(score(&model, &program, windows))).sum();
				assert_eq!((test.windows, test.total()), (95, expected));
				let both = validation.clone().merge(&test);
				assert_eq!((both.windows, both.total()), (190, validation.total() + test.total()));
				assert_eq!(both.class_counts.iter().sum::<u64>(), if both.class_counts.is_empty() { 0 } else { 190 });
				assert_eq!(both.most_frequent().is_some(), program.outputs() == 3);
			}
		}
	}

	#[test]
	fn windows_without_a_history_or_a_future_do_not_count() {
		let (spec, series) = sawtooth();
		let program = forecast_of(&spec);
		let windows = |series: &[i32], targets| StepErrors::compute(&Model::RepeatLast, program, series, targets).windows;
		assert_eq!(windows(&series, 0..600), 600 - 16 - 3);
		assert_eq!(windows(&series[..20], 0..600), 1);
		assert_eq!(windows(&series[..19], 0..600), 0);
	}

	#[test]
	fn forecasts_are_those_of_the_target() {
		let (spec, series) = sawtooth();
		let program = forecast_of(&spec);
		let known = &series[..100];
		let fixed = |values: &[i32]| Output::Values(values.iter().map(|value| i64::from(*value) << OUT_FRAC).collect());
		assert_eq!(forecast(&Model::RepeatLast, program, known), fixed(&[known[99]; 4]));
		assert_eq!(forecast(&Model::Seasonal, program, known), fixed(&known[92..96]));
		let some = Forecast { target: Target::Steps(vec![3].try_into().unwrap()), ..program.clone() };
		assert_eq!(forecast(&Model::Seasonal, &some, known), fixed(&known[94..95]));
		let sign = Forecast { target: Target::Classes(vec![0].try_into().unwrap()), ..program.clone() };
		assert_eq!(forecast(&Model::RepeatLast, &sign, known), Output::Class(1));
		let rises = known[95] >= known[99];
		assert_eq!(forecast(&Model::Seasonal, &sign, known), Output::Class(rises.into()));
	}
}
