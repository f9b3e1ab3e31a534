//! What a model says, window by window and step by step.

use doin_scoring::{features, model::OUT_FRAC, score::MAX_ERROR, Forecast, Model, Scratch};
use rayon::prelude::*;
use std::ops::Range;

/// Windows that one thread forecasts at a time.
const TOGETHER: usize = 64;

/// A model with the buffers of its forecasts.
struct Forecaster<'a> {
	model: &'a Model,
	program: &'a Forecast,
	x: Vec<i16>,
	out: Vec<i32>,
	scratch: Scratch,
}

impl<'a> Forecaster<'a> {
	fn new(model: &'a Model, program: &'a Forecast) -> Self {
		let features = if let Model::Net(net) = model { net.features() } else { 0 };
		Self { model, program, x: vec![0; features], out: vec![0; program.outputs().into()], scratch: Scratch::default() }
	}

	/// The values after `history`, which is not empty, in 2^−OUT_FRAC raw units.
	fn forecast(&mut self, history: &[i32]) -> Vec<i64> {
		let fixed = |value: i32| i64::from(value) << OUT_FRAC;
		let last = history[history.len() - 1];
		let horizon = usize::from(self.program.horizon);
		match self.model {
			Model::Net(net) => {
				features(net, 1, history, &mut self.x);
				net.forward(&self.x, &mut self.out, &mut self.scratch);
				self.out.iter().map(|out| fixed(last) + i64::from(*out)).collect()
			}
			Model::Seasonal => {
				let season = usize::from(self.program.season).min(history.len());
				history[history.len() - season..].iter().cycle().take(horizon).map(|value| fixed(*value)).collect()
			}
			Model::RepeatLast | Model::Point(_) => vec![fixed(last); horizon],
		}
	}
}

/// The `program.horizon` values after the last `program.history` of `known`, in raw units. The model was admitted to the program, and
/// `known` is long enough.
pub fn forecast(model: &Model, program: &Forecast, known: &[i32]) -> Vec<f64> {
	let history = &known[known.len() - usize::from(program.history)..];
	let values = Forecaster::new(model, program).forecast(history);
	values.into_iter().map(|value| value as f64 / f64::from(1u32 << OUT_FRAC)).collect()
}

/// Error sums of a model step by step, over every window whose targets lie in `targets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
	/// Windows.
	pub windows: usize,
	/// For each step ahead, the error sum in 2^−OUT_FRAC raw units, as the chain counts it.
	pub errors: Vec<u64>,
}

impl Steps {
	/// Measures on all cores. Windows without a whole history are left out.
	pub fn measure(model: &Model, program: &Forecast, series: &[i32], targets: Range<usize>) -> Self {
		let (history, horizon) = (usize::from(program.history), usize::from(program.horizon));
		let first = targets.start.max(history);
		let count = (targets.end.min(series.len()) + 1).saturating_sub(horizon + first);
		let origins: Vec<usize> = (first..first + count).collect();
		let errors = origins
			.par_chunks(TOGETHER)
			.map(|origins| {
				let mut forecaster = Forecaster::new(model, program);
				let mut errors = vec![0u64; horizon];
				for origin in origins {
					let forecast = forecaster.forecast(&series[origin - history..*origin]);
					for (step, (value, actual)) in forecast.iter().zip(&series[*origin..origin + horizon]).enumerate() {
						errors[step] += (value - (i64::from(*actual) << OUT_FRAC)).unsigned_abs().min(MAX_ERROR);
					}
				}
				errors
			})
			.reduce(|| vec![0; horizon], |a, b| a.iter().zip(b).map(|(a, b)| a + b).collect());
		Self { windows: count, errors }
	}

	/// The whole error sum.
	pub fn total(&self) -> u64 {
		self.errors.iter().sum()
	}

	/// Mean absolute error of each step, in raw units.
	pub fn means(&self) -> Vec<f64> {
		self.errors.iter().map(|error| mean(*error, self.windows)).collect()
	}

	/// Mean absolute error, in raw units.
	pub fn mean(&self) -> f64 {
		mean(self.total(), self.windows * self.errors.len())
	}
}

fn mean(error: u64, count: usize) -> f64 {
	error as f64 / f64::from(1u32 << OUT_FRAC) / count.max(1) as f64
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::tests::sawtooth;
	use doin_compute::{Task, TrainingSet};
	use doin_scoring::{sample, verdict::total};

	#[test]
	fn steps_sum_up_to_what_the_chain_counts() {
		let problem = sawtooth();
		let (program, split) = (problem.forecast().unwrap(), problem.spec.split);
		let data = TrainingSet::new(Task::new(&problem.spec, problem.series.clone()).unwrap(), 0, 0).unwrap();
		let ridge = Model::Net(data.linear(12, 0).unwrap().net.clone());
		let span = sample::validation_span(program, split.train_end, split.validation_end, 0).unwrap();
		for model in [Model::RepeatLast, Model::Seasonal, ridge] {
			let first = span.start as usize + usize::from(program.history);
			let steps = Steps::measure(&model, program, &problem.series, first..split.validation_end as usize);
			let sums = problem.validation_sums(std::slice::from_ref(&model)).unwrap();
			assert_eq!(steps.total(), total(&sums[0]));
			let tail = Steps::measure(&model, program, &problem.series, split.validation_end as usize..usize::MAX - 9);
			assert_eq!(tail.windows, 600 - 480 - 3);
			assert_eq!(Some(tail.mean() * 0.5), problem.tail_error(&model));
		}
	}

	#[test]
	fn windows_without_a_history_or_a_future_do_not_count() {
		let problem = sawtooth();
		let program = problem.forecast().unwrap();
		let windows = |series: &[i32], targets| Steps::measure(&Model::RepeatLast, program, series, targets).windows;
		assert_eq!(windows(&problem.series, 0..600), 600 - 16 - 3);
		assert_eq!(windows(&problem.series[..20], 0..600), 1);
		assert_eq!(windows(&problem.series[..19], 0..600), 0);
	}

	#[test]
	fn forecasts_are_in_raw_units() {
		let problem = sawtooth();
		let program = problem.forecast().unwrap();
		let known = &problem.series[..100];
		assert_eq!(forecast(&Model::RepeatLast, program, known), [f64::from(known[99]); 4]);
		assert_eq!(forecast(&Model::Seasonal, program, known), known[92..96].iter().map(|v| f64::from(*v)).collect::<Vec<_>>());
	}
}
