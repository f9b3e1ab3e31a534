//! Rungs: simple models of a forecast, each of them better than the one before where the series allows it. The best one on
//! validation is what a search has to improve on.
//!
//! The [best ridge](LinearModel::best) is selected by its error on one validation part, and loses on the next part what it gained
//! by chance. The [mean of several](LinearModel::mean) has nothing to select.

use crate::{
	train::{
		candidate::Candidate,
		dataset::{Dataset, Part},
		ridge::LinearModel,
	},
	Error,
};
use doin_scoring::{verdict::total, Model};

/// Names of the rungs, in their order.
pub const RUNG_NAMES: [&str; 4] = ["repeat-last", "seasonal", "ridge", MEAN_OF_RIDGES];
/// Name of the [mean of several ridges](LinearModel::mean).
pub const MEAN_OF_RIDGES: &str = "mean of ridges";
/// Bytes of a model beside its weights and biases, at most.
const HEADER: u64 = 64;

/// A simple model of a forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
	/// Name, one of [`RUNG_NAMES`].
	pub name: &'static str,
	/// The model. The domain admits linear ones.
	pub model: Model,
	/// Error sum on the validation split, 2^−OUT_FRAC raw units.
	pub validation_error: u64,
}

impl Rung {
	fn linear(name: &'static str, linear: &LinearModel) -> Self {
		Self { name, model: Model::Net(linear.net.clone()), validation_error: linear.validation_error }
	}
}

/// Returns the simple models of a forecast on a dataset of windows: repeat-last, seasonal, and the linear models that have a
/// solution and that the domain admits, with `synthetic_share` of [`FULL_SHARE`](crate::FULL_SHARE) synthetic windows. The linear
/// models read as much of the history as the limits of the domain allow.
///
/// # Errors
///
/// [`Error::UnitTooFine`] if no 12-bit weights reach from inputs to outputs.
pub fn rungs(data: &Dataset, synthetic_share: u16) -> Result<Vec<Rung>, Error> {
	let [repeat_last, seasonal, ridge, mean] = RUNG_NAMES;
	let naive = [(repeat_last, Model::RepeatLast), (seasonal, Model::Seasonal)];
	let mut rungs: Vec<Rung> = naive
		.into_iter()
		.map(|(name, model)| Rung { name, validation_error: total(&data.chunk_errors(&model).validation), model })
		.collect();
	let Some(window) = data.longest_linear_window() else { return Ok(rungs) };
	let ridge = LinearModel::best(data, Part::All, window, data.synthetic_share(synthetic_share))
		.map(|linear| Rung::linear(ridge, &linear));
	let mean = data.mean_linear_model(window, synthetic_share).map(|linear| Rung::linear(mean, &linear));
	for rung in [ridge, mean] {
		match rung {
			Ok(rung) => rungs.extend(data.admit(&rung.model).is_ok().then_some(rung)),
			Err(Error::Singular { .. }) => {}
			Err(error) => return Err(error),
		}
	}
	Ok(rungs)
}

/// Returns the rung with the least error on validation; of equal ones, the simplest. `None` only if there is no rung.
pub fn best(rungs: &[Rung]) -> Option<&Rung> {
	rungs.iter().min_by_key(|rung| rung.validation_error)
}

impl Dataset {
	/// Returns the longest window of a linear model within the limits of the domain, at most the history; `None` if not even one
	/// step is.
	pub fn longest_linear_window(&self) -> Option<u16> {
		let limits = &self.task.limits;
		let fits = |window: &u16| {
			let linear = Candidate { window: *window, depth: 0, ..Candidate::default() };
			linear
				.cost(self)
				.is_ok_and(|cost| cost.macs <= limits.window_macs.into() && cost.bytes() + HEADER <= limits.model_bytes.into())
		};
		(1..=self.task.program.history).rev().find(fits)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::{direction, seasonal, tent},
		ForecastTask,
	};
	use doin_scoring::Net;

	fn window(rung: &Rung) -> u16 {
		match &rung.model {
			Model::Net(Net { window, .. }) => *window,
			_ => 0,
		}
	}

	#[test]
	fn a_seasonal_series_has_four_rungs_and_the_last_ones_are_better() {
		// Without a generator, validation alone selects.
		let data = Dataset::new(ForecastTask { generator: None, ..seasonal() }, 0, 0).unwrap();
		let rungs = rungs(&data, 0).unwrap();
		assert_eq!(rungs.iter().map(|rung| rung.name).collect::<Vec<_>>(), RUNG_NAMES);
		for rung in &rungs {
			assert!(window(rung) == 0 || data.task.admit(&rung.model).is_ok(), "{}", rung.name);
			assert_eq!(rung.validation_error, total(&data.chunk_errors(&rung.model).validation), "{}", rung.name);
		}
		let errors: Vec<u64> = rungs.iter().map(|rung| rung.validation_error).collect();
		assert!(errors[1] < errors[0] && errors[2] < errors[1] && errors[3] < errors[1], "{errors:?}");
		assert_eq!(best(&rungs).unwrap().validation_error, *errors.iter().min().unwrap());
	}

	#[test]
	fn linear_rungs_read_what_the_limits_allow() {
		let mut task = seasonal();
		// Six outputs of 24 steps have 144 weights of two bytes, and 24 bytes of biases.
		task.limits.model_bytes = 24 + 64 + 12 * 15 + 11;
		let data = Dataset::new(task.clone(), 0, 0).unwrap();
		assert_eq!(data.longest_linear_window(), Some(15));
		let all = rungs(&data, 0).unwrap();
		assert_eq!(all.len(), 4);
		assert!(all[2..].iter().all(|rung| (1..=15).contains(&window(rung)) && data.task.admit(&rung.model).is_ok()));
		// No linear model fits at all.
		task.limits.model_bytes = 80;
		let data = Dataset::new(task, 0, 0).unwrap();
		assert_eq!(data.longest_linear_window(), None);
		assert_eq!(rungs(&data, 0).unwrap().len(), 2);
	}

	#[test]
	fn steady_series_and_classes_have_rungs_too() {
		let mut task = tent();
		task.series = (0..6_000).map(|t| t * 7).collect();
		let steady = rungs(&Dataset::new(task, 0, 0).unwrap(), 0).unwrap();
		assert_eq!((steady[2].validation_error, steady[3].name), (0, "mean of ridges"));
		let classes = Dataset::new(direction(), 0, 0).unwrap();
		assert_eq!(rungs(&classes, 0).unwrap().len(), 4);
	}
}
