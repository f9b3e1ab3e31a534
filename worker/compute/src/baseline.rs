//! Errors of simple models on a task, which every champion is compared with in reports.

use crate::{
	rungs::RUNG_NAMES,
	train::{dataset::Dataset, task::predictions_per_window},
	Error,
};
use doin_scoring::{
	model::OUT_FRAC,
	verdict::{loss, total},
	Model, Windows,
};

/// Errors of one model on one set of windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorSummary {
	/// Error sum, 2^−OUT_FRAC raw units.
	pub error: u64,
	/// Number of predictions in the sum.
	pub predictions: u64,
	/// Mean absolute error, raw units.
	pub mean: f64,
	/// Error sum relative to that of the best naive baseline (repeat-last or seasonal) on the same windows, which has 2²⁰.
	pub loss: u64,
}

/// Errors of one model on every set of windows.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineRow {
	/// Name of the model, e.g. `repeat-last`, `seasonal`, `ridge`, `mean of ridges`.
	pub name: String,
	/// Errors on the validation split.
	pub validation: ErrorSummary,
	/// Errors on the test, if the series has one. Nothing may be selected by them.
	pub test: Option<ErrorSummary>,
	/// Errors on the practice draw, if the domain has a generator.
	pub practice: Option<ErrorSummary>,
}

/// Returns the errors of repeat-last, seasonal, the ridge over the whole history and the
/// [mean of several ridges](crate::LinearModel::mean), both with `synthetic_share` of [`FULL_SHARE`](crate::FULL_SHARE) synthetic
/// windows, then those of `others`.
///
/// # Errors
///
/// Those of [`LinearModel::fit`](crate::LinearModel::fit).
pub fn report(data: &Dataset, synthetic_share: u16, others: &[(String, Model)]) -> Result<Vec<BaselineRow>, Error> {
	let history = data.task.program.history;
	let ridge = data.linear_model(history, synthetic_share)?.net.clone();
	let mean = data.mean_linear_model(history, synthetic_share)?.net.clone();
	let simple = [Model::RepeatLast, Model::Seasonal, Model::Net(ridge), Model::Net(mean)];
	let mut models: Vec<(String, Model)> = RUNG_NAMES.map(str::to_owned).into_iter().zip(simple).collect();
	models.extend_from_slice(others);
	let program = &data.task.program;
	let test = data.test_chunks();
	let sums: Vec<[u64; 3]> = models
		.iter()
		.map(|(_, model)| {
			let errors = data.chunk_errors(model);
			[total(&errors.validation), total(&data.score(model, &test)), total(&errors.practice)]
		})
		.collect();
	let initial: [u64; 3] = std::array::from_fn(|set| sums[0][set].min(sums[1][set]));
	let each = predictions_per_window(program);
	let predictions = [
		data.validation_window_count() as u64 * each,
		test.iter().map(Windows::len).sum::<usize>() as u64 * each,
		if data.task.generator.is_some() { u64::from(program.chunks) * u64::from(program.windows) * each } else { 0 },
	];
	let summary = |row: &[u64; 3], set: usize| {
		let (error, predictions) = (row[set], predictions[set]);
		let mean = error as f64 / f64::from(1u32 << OUT_FRAC) / predictions as f64;
		(predictions > 0).then(|| ErrorSummary { error, predictions, mean, loss: loss(error, initial[set]) })
	};
	let rows = models.iter().zip(&sums).filter_map(|((name, _), row)| {
		let name = name.clone();
		Some(BaselineRow { name, validation: summary(row, 0)?, test: summary(row, 1), practice: summary(row, 2) })
	});
	Ok(rows.collect())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{seasonal, tent};

	#[test]
	fn a_report_shows_every_model_on_every_set_of_windows() {
		let data = Dataset::new(seasonal(), 0, 1).unwrap();
		let rows = report(&data, 0, &[("mine".into(), Model::Seasonal)]).unwrap();
		assert_eq!(
			rows.iter().map(|row| &*row.name).collect::<Vec<_>>(),
			["repeat-last", "seasonal", "ridge", "mean of ridges", "mine"]
		);
		assert_eq!((rows[4].validation, rows[4].test, rows[4].practice), (rows[1].validation, rows[1].test, rows[1].practice));
		assert_eq!(rows[1].validation.loss, 1 << 20);
		assert!(rows[2].test.unwrap().loss < 1 << 20);
		assert_eq!(rows[0].validation.predictions, 32 * 13 * 6);
		assert_eq!(rows[0].test.unwrap().predictions, (450 - 5) * 6);
		assert_eq!(rows[0].practice.unwrap().predictions, 32 * 8 * 6);
	}

	#[test]
	fn mean_errors_are_in_raw_units() {
		let mut task = tent();
		task.series = (0..6_000).map(|t| t * 7).collect();
		task.program.horizon = 2;
		let data = Dataset::new(task, 0, 0).unwrap();
		let rows = report(&data, 0, &[]).unwrap();
		assert_eq!((rows[0].validation.mean, rows[0].test.unwrap().mean, rows[0].practice), (10.5, 10.5, None));
	}

	#[test]
	fn without_a_test_none_is_reported() {
		let mut task = tent();
		task.split.validation_end = 6_000;
		let rows = report(&Dataset::new(task, 0, 0).unwrap(), 0, &[]).unwrap();
		assert!(rows.iter().all(|row| row.test.is_none()));
	}
}
