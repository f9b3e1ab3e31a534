//! Error sums chunk by chunk: what evaluators answer and reveals claim. Parallel over chunks on the current pool.

use crate::Error;
use doin_primitives::{DomainSpec, Evidence};
use doin_scoring::{
	sample,
	score::{score, score_point},
	Model, Program, Windows,
};
use rayon::prelude::*;

/// Sums of each of `models` on the windows that `seed` draws, in the order of the models. A domain with public evidence has no draw: its
/// validation split counts.
pub fn chunk_sums(spec: &DomainSpec, series: &[i32], seed: &[u8; 32], models: &[Model]) -> Result<Vec<Vec<u32>>, Error> {
	match (&spec.program, &spec.evidence) {
		(Program::Forecast(program), Evidence::Synthetic(generator)) => {
			generator.check(program)?;
			per_chunk(program.chunks, models, |index| {
				let windows = sample::drawn(program, generator, seed, index);
				Ok(models.iter().map(|model| score(model, program.season, &windows)).collect())
			})
		}
		_ => validation_sums(spec, series, models),
	}
}

/// Sums of each of `models` on the validation split, in the order of the models; for `Quadratic`, on its coordinates.
pub fn validation_sums(spec: &DomainSpec, series: &[i32], models: &[Model]) -> Result<Vec<Vec<u32>>, Error> {
	match &spec.program {
		Program::Quadratic(quadratic) => per_chunk(quadratic.dimension(), models, |index| {
			let squares = models.iter().map(|model| match model {
				Model::Point(point) => score_point(quadratic, point, index),
				_ => u32::MAX,
			});
			Ok(squares.collect())
		}),
		Program::Forecast(program) => per_chunk(program.chunks, models, |index| {
			let span = sample::validation_span(program, spec.split.train_end, spec.split.validation_end, index)?;
			let (have, need) = (series.len(), span.end as usize);
			let values = series.get(span.start as usize..need);
			let values = values.ok_or(Error::Short {
				have,
				need,
				what: "a chunk of its validation split",
			})?;
			let windows: Windows = sample::validation(program, values);
			Ok(models.iter().map(|model| score(model, program.season, &windows)).collect())
		}),
	}
}

/// Runs `chunk` for each chunk and turns the result from one row per chunk to one row per model.
fn per_chunk(
	chunks: u16,
	models: &[Model],
	chunk: impl Fn(u16) -> Result<Vec<u32>, Error> + Sync + Send,
) -> Result<Vec<Vec<u32>>, Error> {
	let rows: Vec<Vec<u32>> = (0..chunks).into_par_iter().map(chunk).collect::<Result<_, _>>()?;
	Ok((0..models.len())
		.map(|model| rows.iter().map(|row| row[model]).collect())
		.collect())
}
