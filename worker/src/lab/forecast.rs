//! What a model says, window by window and step by step.

use doin_scoring::{
	features,
	model::OUT_FRAC,
	score::{class, winner, MAX_ERROR},
	Forecast, Model, Scratch, Target,
};
use rayon::prelude::*;
use std::ops::Range;

/// Windows that one thread forecasts at a time.
const TOGETHER: usize = 64;

/// What a model says of the steps ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
	/// The values at the steps that count, in 2^−OUT_FRAC raw units.
	Values(Vec<i64>),
	/// The class of the change.
	Class(usize),
}

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

	/// What comes after `history`, which is not empty.
	fn forecast(&mut self, history: &[i32]) -> Said {
		let fixed = |value: &i32| i64::from(*value) << OUT_FRAC;
		let channels = usize::from(self.program.channels);
		let last = history[history.len() - channels];
		if let Model::Net(net) = self.model {
			features(net, channels, history, &mut self.x);
			net.forward(&self.x, &mut self.out, &mut self.scratch);
			return match self.program.target {
				Target::Classes(_) => Said::Class(winner(&self.out)),
				_ => Said::Values(self.out.iter().map(|out| fixed(&last) + i64::from(*out)).collect()),
			};
		}
		let season = if *self.model == Model::Seasonal { usize::from(self.program.season) } else { 1 };
		let cycle = history[history.len() - channels * season.min(history.len() / channels)..].iter().step_by(channels).cycle();
		let naive: Vec<i32> = cycle.take(self.program.horizon.into()).copied().collect();
		match &self.program.target {
			Target::Classes(bounds) => Said::Class(came(self.program, bounds, last, &naive)),
			_ => Said::Values(self.program.scored(&naive).map(fixed).collect()),
		}
	}
}

/// The class of what came, `future` being the first channel alone.
fn came(program: &Forecast, bounds: &[i32], last: i32, future: &[i32]) -> usize {
	let change = program.scored(future).last().map_or(0, |value| i64::from(*value) - i64::from(last));
	class(bounds, change)
}

/// What comes after the last `program.history` steps of `known`. The model was admitted to the program, and `known` is long enough.
pub fn forecast(model: &Model, program: &Forecast, known: &[i32]) -> Said {
	let history = &known[known.len() - usize::from(program.history) * usize::from(program.channels)..];
	Forecaster::new(model, program).forecast(history)
}

/// Error sums of a model step by step, over every window whose targets lie in some steps of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
	/// Windows.
	pub windows: usize,
	/// For each step that counts, the error sum in 2^−OUT_FRAC raw units, as the chain counts it; for classes, that of the mistakes.
	pub errors: Vec<u64>,
	/// How often each class came; empty without classes.
	pub came: Vec<u64>,
}

impl Steps {
	/// Measures on all cores. Windows without a whole history are left out.
	pub fn measure(model: &Model, program: &Forecast, series: &[i32], targets: Range<usize>) -> Self {
		let (history, horizon) = (usize::from(program.history), usize::from(program.horizon));
		let channels = usize::from(program.channels);
		let first = targets.start.max(history);
		let count = (targets.end.min(series.len() / channels) + 1).saturating_sub(horizon + first);
		let origins: Vec<usize> = (first..first + count).collect();
		let outputs = doin_compute::task::predictions(program) as usize;
		let classes = if let Target::Classes(bounds) = &program.target { bounds.len() + 1 } else { 0 };
		let (errors, came) = origins
			.par_chunks(TOGETHER)
			.map(|origins| {
				let mut forecaster = Forecaster::new(model, program);
				let (mut errors, mut seen) = (vec![0u64; outputs], vec![0u64; classes]);
				for origin in origins {
					let (past, future) =
						series[(origin - history) * channels..(origin + horizon) * channels].split_at(history * channels);
					let future: Vec<i32> = future.iter().step_by(channels).copied().collect();
					match (forecaster.forecast(past), &program.target) {
						(Said::Class(class), Target::Classes(bounds)) => {
							let right = came(program, bounds, past[past.len() - channels], &future);
							seen[right] += 1;
							errors[0] += u64::from(class != right) << OUT_FRAC;
						}
						(Said::Values(values), _) => {
							for (error, (value, actual)) in errors.iter_mut().zip(values.iter().zip(program.scored(&future))) {
								*error += (value - (i64::from(*actual) << OUT_FRAC)).unsigned_abs().min(MAX_ERROR);
							}
						}
						(Said::Class(_), _) => {}
					}
				}
				(errors, seen)
			})
			.reduce(|| (vec![0; outputs], vec![0; classes]), |a, b| (sum(&a.0, &b.0), sum(&a.1, &b.1)));
		Self { windows: count, errors, came }
	}

	/// The same over several series.
	pub fn and(self, other: &Self) -> Self {
		Self {
			windows: self.windows + other.windows,
			errors: sum(&self.errors, &other.errors),
			came: sum(&self.came, &other.came),
		}
	}

	/// The whole error sum.
	pub fn total(&self) -> u64 {
		self.errors.iter().sum()
	}

	/// Mean absolute error of each step, in raw units.
	pub fn means(&self) -> Vec<f64> {
		self.errors.iter().map(|error| mean(*error, self.windows)).collect()
	}

	/// Mean absolute error in raw units, or mistakes per window.
	pub fn mean(&self) -> f64 {
		mean(self.total(), self.windows * self.errors.len())
	}

	/// Share of the windows that are of the most frequent class: what saying that class alone gets right.
	pub fn most_frequent(&self) -> Option<f64> {
		let most = self.came.iter().max()?;
		Some(*most as f64 / self.windows.max(1) as f64)
	}
}

fn sum(a: &[u64], b: &[u64]) -> Vec<u64> {
	a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn mean(error: u64, count: usize) -> f64 {
	error as f64 / f64::from(1u32 << OUT_FRAC) / count.max(1) as f64
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::tests::sawtooth;
	use doin_compute::{CutSeries, Task, TrainingSet};
	use doin_primitives::Split;
	use doin_scoring::{sample, score, verdict::total};

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
	fn several_channels_steps_and_classes_sum_up_alike() {
		let base = Forecast { horizon: 6, history: 12, season: 4, chunks: 32, windows: 1, channels: 1, target: Target::Values };
		let value = |at: i32| (at * at * 7 + at * 13) % 101 + at % 4 * 30;
		let split = Split { train_end: 300, validation_end: 400 };
		let steps = Target::Steps(vec![2, 6].try_into().unwrap());
		let classes = Target::Classes(vec![-10, 10].try_into().unwrap());
		for (channels, target) in [(3, Target::Values), (2, steps), (1, classes.clone()), (2, classes)] {
			let program = Forecast { channels, target, ..base.clone() };
			let series: Vec<i32> = (0..500 * i32::from(channels)).map(value).collect();
			let part = CutSeries { series: series.clone(), split };
			let set = TrainingSet::pooled(program.clone(), crate::lab::series::LIMITS, vec![part]).unwrap();
			for model in [Model::RepeatLast, Model::Seasonal, Model::Net(set.linear(7, 0).unwrap().net.clone())] {
				let validation = Steps::measure(&model, &program, &series, 300..400);
				assert_eq!((validation.windows, validation.total()), (95, total(&set.measure(&model).validation)));
				let test = Steps::measure(&model, &program, &series, 400..500);
				let expected: u64 = set.test().iter().map(|windows| u64::from(score(&model, &program, windows))).sum();
				assert_eq!((test.windows, test.total()), (95, expected));
				let both = validation.clone().and(&test);
				assert_eq!((both.windows, both.total()), (190, validation.total() + test.total()));
				assert_eq!(both.came.iter().sum::<u64>(), if both.came.is_empty() { 0 } else { 190 });
				assert_eq!(both.most_frequent().is_some(), program.outputs() == 3);
			}
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
	fn forecasts_are_of_what_is_asked() {
		let problem = sawtooth();
		let program = problem.forecast().unwrap();
		let known = &problem.series[..100];
		let fixed = |values: &[i32]| Said::Values(values.iter().map(|value| i64::from(*value) << OUT_FRAC).collect());
		assert_eq!(forecast(&Model::RepeatLast, program, known), fixed(&[known[99]; 4]));
		assert_eq!(forecast(&Model::Seasonal, program, known), fixed(&known[92..96]));
		let some = Forecast { target: Target::Steps(vec![3].try_into().unwrap()), ..program.clone() };
		assert_eq!(forecast(&Model::Seasonal, &some, known), fixed(&known[94..95]));
		let sign = Forecast { target: Target::Classes(vec![0].try_into().unwrap()), ..program.clone() };
		assert_eq!(forecast(&Model::RepeatLast, &sign, known), Said::Class(1));
		let rises = known[95] >= known[99];
		assert_eq!(forecast(&Model::Seasonal, &sign, known), Said::Class(rises.into()));
	}
}
