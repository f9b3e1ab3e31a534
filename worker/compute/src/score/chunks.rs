//! Chunk sums: error sums chunk by chunk, which evaluators answer with and reveals claim. Computed in parallel over chunks on the
//! current pool.

use super::scorer::Scorer;
use crate::Error;
use doin_kernels::Backend;
use doin_primitives::{DomainSpec, Evidence};
use doin_scoring::{sample, score::score_point, Forecast, Model, Program, Windows};
use rayon::prelude::*;

/// Returns the chunk sums of each of `models` on the windows that `seed` draws, in the order of the models. A domain without
/// synthetic evidence has no draw; its validation split is scored.
///
/// # Errors
///
/// [`Error::Short`] if the series ends before a chunk; [`Error::Program`] if the program or the generator is invalid;
/// [`Error::Backend`] if the environment names an unknown back-end.
pub fn chunk_sums(spec: &DomainSpec, series: &[i32], seed: &[u8; 32], models: &[Model]) -> Result<Vec<Vec<u32>>, Error> {
	selected_chunk_sums(spec, series, Some(seed), models, &all(spec))
}

/// Returns the chunk sums of each of `models` on the validation split, in the order of the models; for `Quadratic`, on its
/// coordinates.
///
/// # Errors
///
/// Those of [`chunk_sums`].
pub fn validation_sums(spec: &DomainSpec, series: &[i32], models: &[Model]) -> Result<Vec<Vec<u32>>, Error> {
	selected_chunk_sums(spec, series, None, models, &all(spec))
}

fn all(spec: &DomainSpec) -> Vec<u16> {
	(0..spec.program.chunks()).collect()
}

/// Returns the sums of the selected `chunks`, in their order: those of [`chunk_sums`] with a seed, of [`validation_sums`]
/// without.
///
/// # Errors
///
/// Those of [`chunk_sums`].
pub fn selected_chunk_sums(
	spec: &DomainSpec,
	series: &[i32],
	seed: Option<&[u8; 32]>,
	models: &[Model],
	chunks: &[u16],
) -> Result<Vec<Vec<u32>>, Error> {
	match (&spec.program, &spec.evidence, seed) {
		(Program::Quadratic(quadratic), ..) => per_chunk(chunks, models, |index| {
			let squares = models.iter().map(|model| match model {
				Model::Point(point) => score_point(quadratic, point, index),
				_ => u32::MAX,
			});
			Ok(squares.collect())
		}),
		(Program::Forecast(program), Evidence::Synthetic(generator), Some(seed)) => {
			generator.check(program)?;
			forecasts(program, models, chunks, |index| Ok(sample::drawn(program, generator, seed, index)))
		}
		(Program::Forecast(program), ..) => forecasts(program, models, chunks, |index| {
			let span = sample::validation_span(program, spec.split.train_end, spec.split.validation_end, index)?;
			let (have, need) = (series.len(), span.end as usize);
			let values = series.get(span.start as usize..need);
			let values = values.ok_or(Error::Short { have, need, what: "a chunk of its validation split" })?;
			Ok(sample::validation(program, values))
		}),
	}
}

/// Returns the sums of forecasts on the windows of each chunk, computed by the back-end of this CPU.
fn forecasts(
	program: &Forecast,
	models: &[Model],
	chunks: &[u16],
	windows: impl Fn(u16) -> Result<Windows, Error> + Sync + Send,
) -> Result<Vec<Vec<u32>>, Error> {
	let backend = Backend::detect()?;
	let scorers: Vec<Scorer> = models.iter().map(|model| Scorer::new(backend, model, program)).collect();
	per_chunk(chunks, models, |index| {
		let windows = [windows(index)?];
		Ok(scorers.iter().flat_map(|scorer| scorer.scores(&windows)).collect())
	})
}

/// Runs `chunk` for each chunk, and transposes the result from one row per chunk to one row per model.
fn per_chunk(
	chunks: &[u16],
	models: &[Model],
	chunk: impl Fn(u16) -> Result<Vec<u32>, Error> + Sync + Send,
) -> Result<Vec<Vec<u32>>, Error> {
	let rows: Vec<Vec<u32>> = chunks.par_iter().map(|index| chunk(*index)).collect::<Result<_, _>>()?;
	Ok((0..models.len()).map(|model| rows.iter().map(|row| row[model]).collect()).collect())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{fixtures::seasonal, Dataset, ForecastTask};
	use doin_primitives::{domain::Growth, Split};
	use doin_scoring::{score, Quadratic};

	fn spec(task: &ForecastTask) -> DomainSpec {
		DomainSpec {
			name: Default::default(),
			unit: Default::default(),
			program: Program::Forecast(task.program.clone()),
			genes: Default::default(),
			limits: task.limits.clone(),
			data_root: [0; 32],
			values: task.series.len() as u32,
			split: task.split,
			evidence: task.generator.clone().map_or(Evidence::Public, Evidence::Synthetic),
			min_improvement: 2_000,
			target: 0,
			growth: Growth::Fixed,
		}
	}

	#[test]
	fn drawn_sums_are_those_of_each_chunk_alone() {
		let task = seasonal();
		let models = [Model::Seasonal, Model::RepeatLast];
		let sums = chunk_sums(&spec(&task), &task.series, &[9; 32], &models).unwrap();
		assert_eq!((sums.len(), sums[0].len()), (2, 32));
		let windows = sample::drawn(&task.program, task.generator.as_ref().unwrap(), &[9; 32], 17);
		assert_eq!(sums[0][17], score(&Model::Seasonal, &task.program, &windows));
		assert_eq!(sums[1][17], score(&Model::RepeatLast, &task.program, &windows));
		let some = selected_chunk_sums(&spec(&task), &task.series, Some(&[9; 32]), &models, &[30, 17]).unwrap();
		assert_eq!(some, sums.iter().map(|sums| vec![sums[30], sums[17]]).collect::<Vec<_>>());
	}

	#[test]
	fn validation_sums_are_those_of_a_dataset() {
		let task = seasonal();
		let sums = validation_sums(&spec(&task), &task.series, &[Model::RepeatLast]).unwrap();
		let mut public = spec(&task);
		public.evidence = Evidence::Public;
		assert_eq!(chunk_sums(&public, &task.series, &[1; 32], &[Model::RepeatLast]).unwrap(), sums);
		assert_eq!(Dataset::new(task, 0, 0).unwrap().chunk_errors(&Model::RepeatLast).validation, sums[0]);
	}

	#[test]
	fn points_are_scored_coordinate_by_coordinate() {
		let target: Vec<i32> = (0..40).map(|i| i * 10).collect();
		let mut domain = spec(&seasonal());
		domain.program = Program::Quadratic(Quadratic { target: target.clone().try_into().unwrap() });
		domain.evidence = Evidence::Public;
		domain.split = Split { train_end: 0, validation_end: 0 };
		let models = [Model::Point(vec![]), Model::Point(target)];
		let sums = chunk_sums(&domain, &[], &[0; 32], &models).unwrap();
		assert_eq!(sums[0], (0..40).map(|i| i * i * 100).collect::<Vec<u32>>());
		assert_eq!(sums[1], [0; 40]);
	}

	#[test]
	fn a_series_that_lacks_values_is_refused() {
		let task = seasonal();
		let refused = validation_sums(&spec(&task), &task.series[..2_400], &[Model::RepeatLast]);
		assert!(matches!(refused, Err(Error::Short { have: 2_400, .. })));
	}
}
