//! What simple models achieve on a domain: the measure of every champion, for people.

use crate::{data::TrainingSet, task::predictions, Error};
use doin_scoring::{
	model::OUT_FRAC,
	verdict::{loss, total},
	Model, Windows,
};

/// The errors of one model on one set of windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
	/// Error sum, 2^−OUT_FRAC raw units.
	pub error: u64,
	/// Predictions it is the sum of.
	pub predictions: u64,
	/// Mean absolute error, raw units.
	pub mean: f64,
	/// Error sum against that of the best naive baseline (repeat-last or seasonal) on the same windows, which has 2²⁰.
	pub loss: u64,
}

/// A model on every set of windows.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
	/// The model, as `repeat-last`, `seasonal`, `ridge`.
	pub name: String,
	/// On the validation split.
	pub validation: Line,
	/// On the held-out tail, if there is one. Nothing may be chosen by it.
	pub tail: Option<Line>,
	/// On the practice draw, if the domain has a generator.
	pub practice: Option<Line>,
}

/// Repeat-last, seasonal and the ridge over the whole history and `mix` of [`crate::data::WHOLE`] synthetic windows, then `others`.
pub fn report(data: &TrainingSet, mix: u16, others: &[(String, Model)]) -> Result<Vec<Row>, Error> {
	let ridge = data.linear(data.task.program.history, mix)?;
	let mut models = vec![
		("repeat-last".to_owned(), Model::RepeatLast),
		("seasonal".to_owned(), Model::Seasonal),
		("ridge".to_owned(), Model::Net(ridge.net.clone())),
	];
	models.extend_from_slice(others);
	let program = &data.task.program;
	let test = data.test();
	let sums: Vec<[u64; 3]> = models
		.iter()
		.map(|(_, model)| {
			let measure = data.measure(model);
			[total(&measure.validation), total(&data.score(model, &test)), total(&measure.practice)]
		})
		.collect();
	let initial: [u64; 3] = std::array::from_fn(|set| sums[0][set].min(sums[1][set]));
	let each = predictions(program);
	let predictions = [
		data.validation_windows() as u64 * each,
		test.iter().map(Windows::len).sum::<usize>() as u64 * each,
		if data.task.generator.is_some() { u64::from(program.chunks) * u64::from(program.windows) * each } else { 0 },
	];
	let line = |row: &[u64; 3], set: usize| {
		let (error, predictions) = (row[set], predictions[set]);
		let mean = error as f64 / f64::from(1u32 << OUT_FRAC) / predictions as f64;
		(predictions > 0).then(|| Line { error, predictions, mean, loss: loss(error, initial[set]) })
	};
	let rows = models.iter().zip(&sums).filter_map(|((name, _), row)| {
		Some(Row { name: name.clone(), validation: line(row, 0)?, tail: line(row, 1), practice: line(row, 2) })
	});
	Ok(rows.collect())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{seasonal, tent};

	#[test]
	fn a_report_shows_every_model_on_every_set_of_windows() {
		let data = TrainingSet::new(seasonal(), 0, 1).unwrap();
		let rows = report(&data, 0, &[("mine".into(), Model::Seasonal)]).unwrap();
		assert_eq!(rows.iter().map(|row| &*row.name).collect::<Vec<_>>(), ["repeat-last", "seasonal", "ridge", "mine"]);
		assert_eq!((rows[3].validation, rows[3].tail, rows[3].practice), (rows[1].validation, rows[1].tail, rows[1].practice));
		assert_eq!(rows[1].validation.loss, 1 << 20);
		assert!(rows[2].tail.unwrap().loss < 1 << 20);
		assert_eq!(rows[0].validation.predictions, 32 * 13 * 6);
		assert_eq!(rows[0].tail.unwrap().predictions, (450 - 5) * 6);
		assert_eq!(rows[0].practice.unwrap().predictions, 32 * 8 * 6);
	}

	#[test]
	fn mean_errors_are_in_raw_units() {
		let mut task = tent();
		task.series = (0..6_000).map(|t| t * 7).collect();
		task.program.horizon = 2;
		let data = TrainingSet::new(task, 0, 0).unwrap();
		let rows = report(&data, 0, &[]).unwrap();
		assert_eq!((rows[0].validation.mean, rows[0].tail.unwrap().mean, rows[0].practice), (10.5, 10.5, None));
	}

	#[test]
	fn without_a_tail_none_is_reported() {
		let mut task = tent();
		task.split.validation_end = 6_000;
		let rows = report(&TrainingSet::new(task, 0, 0).unwrap(), 0, &[]).unwrap();
		assert!(rows.iter().all(|row| row.tail.is_none()));
	}
}
