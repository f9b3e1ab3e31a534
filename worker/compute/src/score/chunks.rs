//! Chunk sums: error sums chunk by chunk, which evaluators answer with and reveals claim. Computed in parallel over chunks on the
//! current pool.

use super::{
	published::{self, Published, SeededEvidence},
	scorer::Scorer,
};
use crate::Error;
use doin_kernels::Backend;
use doin_primitives::{DomainSpec, Evidence};
use doin_scoring::{rows::score_rows, Model, Program};
use doin_training::run::run_sum;
use rayon::prelude::*;

/// Returns the chunk sums of each of `models` on a draw, in the order of the models. A domain with public evidence has no draw; its
/// validation split is scored.
///
/// # Errors
///
/// [`Error::Short`] or [`Error::FewRows`] if the data ends before a chunk; [`Error::NoSuchEvidence`] if the domain has no such evidence;
/// [`Error::Program`] if the program or the generator is invalid; [`Error::NoProgram`] for a tolerance domain; [`Error::Backend`] if the
/// environment names an unknown back-end.
pub fn chunk_sums(spec: &DomainSpec, data: &Published, draw: SeededEvidence, models: &[Model]) -> Result<Vec<Vec<u32>>, Error> {
	selected_chunk_sums(spec, data, Some(draw), models, &all(spec))
}

/// Returns the chunk sums of each of `models` on the validation split, in the order of the models. Points have no data, and their sums
/// are always the same.
///
/// # Errors
///
/// Those of [`chunk_sums`].
pub fn validation_sums(spec: &DomainSpec, data: &Published, models: &[Model]) -> Result<Vec<Vec<u32>>, Error> {
	selected_chunk_sums(spec, data, None, models, &all(spec))
}

fn all(spec: &DomainSpec) -> Vec<u16> {
	(0..spec.program.chunks()).collect()
}

/// Returns the sums of the selected `chunks`, in their order: those of [`chunk_sums`] with a draw, of [`validation_sums`]
/// without.
///
/// # Errors
///
/// Those of [`chunk_sums`].
pub fn selected_chunk_sums(
	spec: &DomainSpec,
	data: &Published,
	draw: Option<SeededEvidence>,
	models: &[Model],
	chunks: &[u16],
) -> Result<Vec<Vec<u32>>, Error> {
	match &spec.program {
		Program::Quadratic(_) | Program::Landscape(_) => per_chunk(chunks, models, |index| {
			let sums = models.iter().map(|model| match model {
				Model::Point(point) => spec.program.point_sum(point, index).unwrap_or(u32::MAX),
				_ => u32::MAX,
			});
			Ok(sums.collect())
		}),
		Program::Forecast(program) => {
			if let Evidence::Synthetic(generator) = &spec.evidence {
				generator.check(program)?;
			}
			let backend = Backend::detect()?;
			let scorers: Vec<Scorer> = models.iter().map(|model| Scorer::new(backend, model, program)).collect();
			per_chunk(chunks, models, |index| {
				let windows = [published::windows(spec, program, data.series(), draw, index)?];
				Ok(scorers.iter().flat_map(|scorer| scorer.scores(&windows)).collect())
			})
		}
		Program::Rows(program) => per_chunk(chunks, models, |index| {
			let rows = published::rows(spec, program, data.rows(), draw, index)?;
			Ok(models.iter().map(|model| score_rows(model, program, &rows)).collect())
		}),
		Program::Tolerance(_) => Err(Error::NoProgram),
		Program::LossGenome(program) => {
			let (samples, seed) = published::samples(spec, data.rows(), draw)?;
			per_chunk(chunks, models, |index| {
				let sum = |model: &Model| match model {
					Model::Genome(genome) => run_sum(program, genome, samples, seed, index),
					_ => u32::MAX,
				};
				Ok(models.iter().map(sum).collect())
			})
		}
	}
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
	use doin_primitives::{domain::Growth, EvidenceRef, Split, DOIN};
	use doin_scoring::{
		landscape::{Landscape, Shape},
		rows::{dealt, RowTarget, Rows},
		sample::{self, segment_span, strided},
		score, Quadratic,
	};

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
			licence: Default::default(),
		}
	}

	/// Returns the draw of the windows of a generator.
	fn drawn(seed: &[u8; 32]) -> SeededEvidence<'_> {
		SeededEvidence { evidence: EvidenceRef::Drawn, seed }
	}

	fn series(task: &ForecastTask) -> Published {
		Published::Series(task.series.clone())
	}

	#[test]
	fn drawn_sums_are_those_of_each_chunk_alone() {
		let task = seasonal();
		let models = [Model::Seasonal, Model::RepeatLast];
		let sums = chunk_sums(&spec(&task), &series(&task), drawn(&[9; 32]), &models).unwrap();
		assert_eq!((sums.len(), sums[0].len()), (2, 32));
		let windows = sample::drawn(&task.program, task.generator.as_ref().unwrap(), &[9; 32], 17);
		assert_eq!(sums[0][17], score(&Model::Seasonal, &task.program, &windows));
		assert_eq!(sums[1][17], score(&Model::RepeatLast, &task.program, &windows));
		let some = selected_chunk_sums(&spec(&task), &series(&task), Some(drawn(&[9; 32])), &models, &[30, 17]).unwrap();
		assert_eq!(some, sums.iter().map(|sums| vec![sums[30], sums[17]]).collect::<Vec<_>>());
	}

	#[test]
	fn validation_sums_are_those_of_a_dataset() {
		let task = seasonal();
		let sums = validation_sums(&spec(&task), &series(&task), &[Model::RepeatLast]).unwrap();
		let mut public = spec(&task);
		public.evidence = Evidence::Public;
		assert_eq!(chunk_sums(&public, &series(&task), drawn(&[1; 32]), &[Model::RepeatLast]).unwrap(), sums);
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
		let sums = chunk_sums(&domain, &Published::Series(Vec::new()), drawn(&[0; 32]), &models).unwrap();
		assert_eq!(sums[0], (0..40).map(|i| i * i * 100).collect::<Vec<u32>>());
		assert_eq!(sums[1], [0; 40]);
		let rastrigin = Landscape { shape: Shape::Rastrigin, dimensions: 3, seed: Some(5) };
		domain.program = Program::Landscape(rastrigin);
		let models = [Model::Point(vec![0; 3]), Model::Point(rastrigin.optimum()), Model::RepeatLast];
		let sums = validation_sums(&domain, &Published::Series(Vec::new()), &models).unwrap();
		assert_eq!(sums[0].iter().map(|sum| u64::from(*sum)).sum::<u64>(), rastrigin.value(&[]));
		assert_eq!((sums[1].clone(), sums[2].clone()), (vec![0; 32], vec![u32::MAX; 32]), "a baseline is not a point");
	}

	#[test]
	fn a_series_that_lacks_values_is_refused() {
		let task = seasonal();
		let refused = validation_sums(&spec(&task), &Published::Series(task.series[..2_400].to_vec()), &[Model::RepeatLast]);
		assert!(matches!(refused, Err(Error::Short { have: 2_400, .. })));
	}
	#[test]
	fn the_windows_of_a_segment_follow_the_base_and_earlier_segments() {
		let mut task = seasonal();
		task.generator = None;
		let mut domain = spec(&task);
		let Program::Forecast(program) = domain.program.clone() else { unreachable!("a forecast") };
		let units = program.segment_steps();
		domain.evidence = Evidence::Sealed { units, stake: DOIN };
		let all: Vec<i32> =
			(0..task.series.len() + 2 * units as usize).map(|at| task.series[at % task.series.len()] + at as i32).collect();
		domain.values = task.series.len() as u32;
		let mut data = Published::Series(all[..task.series.len()].to_vec());
		for segment in all[task.series.len()..].chunks(units as usize) {
			data.append(&segment.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
		}
		assert_eq!((data.series(), data.segments(&domain)), (all.as_slice(), 2));
		let draw = SeededEvidence { evidence: EvidenceRef::Segment(1), seed: &[7; 32] };
		let sums = chunk_sums(&domain, &data, draw, &[Model::Seasonal]).unwrap();
		let origin = task.series.len() + units as usize - usize::from(program.history);
		let span = segment_span(&program, &[7; 32], 31);
		let windows = strided(&program, &all[origin + span.start as usize..origin + span.end as usize]);
		assert_eq!(sums[0][31], score(&Model::Seasonal, &program, &windows));
		let unopened = SeededEvidence { evidence: EvidenceRef::Segment(2), ..draw };
		assert!(matches!(chunk_sums(&domain, &data, unopened, &[Model::Seasonal]), Err(Error::Short { .. })));
		assert_eq!(chunk_sums(&domain, &data, drawn(&[7; 32]), &[Model::Seasonal]), Err(Error::NoSuchEvidence));
	}

	#[test]
	fn the_rows_of_a_segment_are_dealt_by_the_seed() {
		let program = Rows { features: 2, image: None, target: RowTarget::Classes(3), rows: 8, chunks: 64 };
		let mut domain = spec(&seasonal());
		domain.program = Program::Rows(program);
		domain.evidence = Evidence::Sealed { units: 512, stake: DOIN };
		domain.split = Split { train_end: 100, validation_end: 200 };
		domain.values = 600;
		let bytes = |rows: u32| (0..rows).flat_map(|row| [row as u8, (row / 7) as u8, (row % 3) as u8]).collect::<Vec<u8>>();
		let mut data = Published::Rows(bytes(200));
		data.append(&bytes(512));
		let model = Model::Constant(vec![0, 1, 0]);
		let draw = SeededEvidence { evidence: EvidenceRef::Segment(0), seed: &[5; 32] };
		let sums = chunk_sums(&domain, &data, draw, std::slice::from_ref(&model)).unwrap();
		assert_eq!(sums[0][40], score_rows(&model, &program, &dealt(&program, &bytes(512), &[5; 32], 40)));
		let wrong: u64 = sums[0].iter().map(|sum| u64::from(*sum)).sum();
		assert_eq!(wrong, 341 << doin_scoring::model::OUT_FRAC, "every row is dealt once, and two of three classes are wrong");
		let unopened = SeededEvidence { evidence: EvidenceRef::Segment(1), ..draw };
		assert_eq!(chunk_sums(&domain, &data, unopened, std::slice::from_ref(&model)), Err(Error::NoSuchEvidence));
		assert_eq!(validation_sums(&domain, &data, &[model]).unwrap()[0].len(), 64);
	}
}
