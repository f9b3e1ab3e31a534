//! Simple models of a domain, which every champion is compared with.

use crate::problem::Problem;
use anyhow::Result;
use doin_compute::{
	baseline::{self, BaselineRow, ErrorSummary},
	Dataset, ForecastTask, RowsData, RowsTask,
};
use doin_primitives::blake2_256;
use doin_scoring::{
	genome::library::baselines,
	model::OUT_FRAC,
	philox::{purpose, Key},
	rows::{Label, RowSet, RowTarget, Rows},
	verdict::{loss, total},
	Model, Program,
};
use rayon::prelude::*;

/// Name of the linear model that the owner of a domain has handed in.
pub const OWNERS_MODEL: &str = "linear of the owner";
/// Name of the initial champion of a program whose models are points.
const ORIGIN: &str = "origin";
/// Validation rows that the nearest neighbour is looked up for. The standard error of a rate of one half is 1.6 % then.
const NEIGHBOUR_ROWS: usize = 1_024;

/// Returns the errors of simple models on the validation split, and of `champion` beside them; of a series also those behind the
/// split. A ridge of rows that the limits of the domain do not admit is left out.
///
/// # Errors
///
/// Errors if the data does not fit the program.
pub fn errors(problem: &Problem, champion: Option<Model>) -> Result<Vec<BaselineRow>> {
	let owners = problem.linear.clone().map(|model| (OWNERS_MODEL.to_string(), model));
	let others: Vec<(String, Model)> = owners.into_iter().chain(champion.map(|model| ("champion".to_string(), model))).collect();
	match &problem.spec.program {
		Program::Quadratic(_) | Program::Landscape(_) => {
			let origin = (ORIGIN.to_string(), problem.naive()?);
			compared(problem, std::iter::once(origin).chain(others).collect(), 1, |error| problem.draw_error(error))
		}
		Program::Tolerance(_) => Ok(Vec::new()),
		Program::Forecast(_) => {
			let data = Dataset::new(ForecastTask::new(&problem.spec, problem.published_series().to_vec())?, 0, 0)?;
			Ok(baseline::report(&data, 0, &others)?)
		}
		Program::LossGenome(_) => {
			let built_in = baselines().into_iter().map(|(name, genome)| (name.to_string(), Model::Genome(genome)));
			let predictions = u64::from(problem.chunks()) * problem.predictions_per_validation_chunk();
			compared(problem, built_in.chain(others).collect(), predictions, |error| problem.draw_error(error))
		}
		Program::Rows(rows) => {
			let data = RowsData::new(RowsTask::of_domain(&problem.spec, problem.data.rows())?)?;
			let constant = (constant_name(rows).to_string(), problem.naive()?);
			// The domain may admit smaller nets only.
			let ridge = data.ridge().ok().map(|model| ("ridge".to_string(), model));
			let predictions = u64::from(problem.chunks()) * problem.predictions_per_validation_chunk();
			let mean = |error: u64| error as f64 / f64::from(1u32 << OUT_FRAC) / predictions as f64;
			compared(problem, std::iter::once(constant).chain(ridge).chain(others).collect(), predictions, mean)
		}
	}
}

/// Returns the name of the constant model of rows.
fn constant_name(rows: &Rows) -> &'static str {
	match rows.target {
		RowTarget::Classes(_) => "majority class",
		RowTarget::Values(_) => "median",
	}
}

/// Returns the errors of models on the validation split, which has `predictions` predictions; `mean` returns the mean of an error sum, in raw
/// units. Losses are relative to the first model.
fn compared(
	problem: &Problem,
	models: Vec<(String, Model)>,
	predictions: u64,
	mean: impl Fn(u64) -> f64,
) -> Result<Vec<BaselineRow>> {
	let (names, models): (Vec<String>, Vec<Model>) = models.into_iter().unzip();
	let sums: Vec<u64> = problem.validation_sums(&models)?.iter().map(|sums| total(sums)).collect();
	let summary = |error: u64| ErrorSummary { error, predictions, mean: mean(error), loss: loss(error, sums[0]) };
	let rows = names.into_iter().zip(&sums);
	Ok(rows.map(|(name, error)| BaselineRow { name, validation: summary(*error), test: None, practice: None }).collect())
}

/// Returns the mean error, in raw units, of the nearest published row on the validation split: a guess of how small the error of a model
/// can become (Cover & Hart 1967: for classes and ever more rows, at most twice the least possible error). `None` for a series, of
/// which nothing is claimed.
///
/// At most 1 024 rows of the split are looked up, chosen by the hash of the data.
pub fn nearest_neighbour(problem: &Problem) -> Option<f64> {
	let Program::Rows(rows) = &problem.spec.program else { return None };
	let row_bytes = rows.row_bytes();
	let (bytes, split) = (problem.data.rows(), problem.spec.split);
	let (train_end, validation_end) = (split.train_end as usize * row_bytes, split.validation_end as usize * row_bytes);
	let (training, validation) = (bytes.get(..train_end)?, bytes.get(train_end..validation_end)?);
	let segments = bytes.get(problem.spec.values as usize..)?;
	let known = RowSet::new(rows, [training, segments].concat());
	let asked = RowSet::new(rows, validation.to_vec());
	let known: Vec<(&[u8], Label)> = known.iter().collect();
	let mut asked: Vec<(&[u8], Label)> = asked.iter().collect();
	Key::new(&blake2_256(&problem.spec.data_root), purpose::SEARCH).stream(0).shuffle(&mut asked);
	asked.truncate(NEIGHBOUR_ROWS);
	let error = |(features, label): &(&[u8], Label)| {
		let nearest = known.iter().min_by_key(|(other, _)| distance(features, other))?;
		let differences = label.values().zip(nearest.1.values()).map(|(a, b)| f64::from(a.abs_diff(b)));
		Some(match rows.target {
			RowTarget::Classes(_) => f64::from(u8::from(differences.sum::<f64>() > 0.0)),
			RowTarget::Values(values) => differences.sum::<f64>() / f64::from(values),
		})
	};
	let errors: Vec<f64> = asked.par_iter().map(error).collect::<Option<_>>()?;
	(!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
}

/// Returns the squared Euclidean distance of two rows.
fn distance(a: &[u8], b: &[u8]) -> u32 {
	a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::tests::{letters, rastrigin, sawtooth, sealed_sawtooth};

	fn names(rows: &[BaselineRow]) -> Vec<&str> {
		rows.iter().map(|row| row.name.as_str()).collect()
	}

	#[test]
	fn simple_models_of_a_series_and_of_rows_are_compared_with_the_champion() {
		assert_eq!(
			names(&errors(&sawtooth(), Some(Model::Seasonal)).unwrap()),
			["repeat-last", "seasonal", "ridge", "mean of ridges", "champion"]
		);
		let problem = letters(1);
		let champion = problem.naive().unwrap();
		let rows = errors(&problem, Some(champion)).unwrap();
		assert_eq!(names(&rows), ["majority class", "ridge", "champion"]);
		assert_eq!(rows[0].validation, rows[2].validation);
		assert_eq!((rows[0].validation.predictions, rows[0].validation.loss), (64 * 3, 1 << 20));
		assert!(rows[1].validation.mean < rows[0].validation.mean, "a class follows from two features");
	}

	#[test]
	fn the_value_of_a_point_is_compared_with_that_of_the_origin() {
		let problem = rastrigin();
		let optimum = problem.point(&[250, -1_000, 417]);
		let rows = errors(&problem, Some(optimum.clone())).unwrap();
		assert_eq!(names(&rows), ["origin", "champion"]);
		let Program::Landscape(landscape) = problem.spec.program else { unreachable!("a landscape") };
		let Model::Point(point) = optimum else { unreachable!("a point") };
		assert_eq!((rows[0].validation.error, rows[1].validation.error), (landscape.value(&[]), landscape.value(&point)));
		assert_eq!(rows[0].validation.mean, landscape.value(&[]) as f64 / 1e6);
		assert_eq!((problem.unit(), problem.error_description()), ((1.0, "value".into()), "value".into()));
		assert_eq!(problem.describe_error(0.25), "a value of 0.25000");
	}

	#[test]
	fn a_ridge_that_the_domain_does_not_admit_is_left_out() {
		let mut problem = letters(1);
		// A product per feature and output, and the requantisation of each output.
		let rows = problem.rows().unwrap();
		let macs = u32::from(rows.outputs()) * (u32::from(rows.features) + doin_scoring::model::REQUANTISE_MACS as u32);
		problem.spec.limits.window_macs = macs;
		assert_eq!(names(&errors(&problem, None).unwrap()), ["majority class", "ridge"]);
		problem.spec.limits.window_macs = macs - 1;
		assert_eq!(names(&errors(&problem, None).unwrap()), ["majority class"]);
	}

	#[test]
	fn opened_segments_of_a_series_do_not_change_the_errors_of_its_published_part() {
		assert_eq!(errors(&sealed_sawtooth(2), None).unwrap(), errors(&sealed_sawtooth(0), None).unwrap());
	}

	#[test]
	fn the_nearest_neighbour_guesses_what_is_left_of_rows_only() {
		let problem = letters(2);
		let error = nearest_neighbour(&problem).unwrap();
		let constant = errors(&problem, None).unwrap()[0].validation.mean;
		assert!(error > 0.0 && error < constant, "{error} {constant}");
		assert_eq!(nearest_neighbour(&problem), Some(error), "the same rows every time");
		assert_eq!(nearest_neighbour(&sawtooth()), None);
		assert_eq!(distance(&[1, 5], &[4, 1]), 25);
	}
}
