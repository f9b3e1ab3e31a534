//! Data that the candidates of a search are trained on.

use super::{space::FAMILY, TARGET};
use crate::{
	config::ResourceLimits,
	problem::{decode_admissible, Problem},
	simple_models,
};
use anyhow::{bail, Result};
use doin_compute::{
	baseline::{self, BaselineRow},
	Candidate, ChunkErrors, Control, Dataset, Error, Executor, ForecastTask, GenomeRuns, Grouping, RowsData, RowsTask,
	SplitSeries, StepTimes, TrainingRun,
};
use doin_primitives::{blake2_256, Hash, Limits, Split};
use doin_scoring::{
	verdict::{loss, total},
	Genome, Model, Program, TrainingRuns,
};
use doin_search::program;
use std::sync::{atomic::AtomicBool, Arc};

/// Generated windows to train on beside the published ones, as far as memory allows.
const SYNTHETIC_WINDOWS: u32 = 4_096;
/// Training runs that a genome is compared on, in multiples of those of a draw.
const RUN_DRAWS: u16 = 2;
/// Memory for training data unless the configuration limits it, in MiB.
const DEFAULT_MEMORY_MB: u64 = 512;

/// Published data of a domain, in the form that candidates are trained on.
pub(super) struct TrainingData {
	problem: Arc<Problem>,
	form: Form,
}

/// Form of training data.
enum Form {
	/// Windows of a series.
	Windows(Box<Dataset>),
	/// Rows with labels.
	Rows(Box<RowsData>),
	/// None: a candidate is a point, and its model.
	Points,
	/// Samples of training runs: a candidate is a loss genome, and its model.
	Genomes(Box<Genomes>),
}

/// Training runs that the genomes of a search are compared on.
pub(super) struct Genomes {
	data: GenomeRuns,
	/// Seed of the runs, which no verdict uses.
	seed: Hash,
	/// Sums of the runs with the initial champion as their loss.
	initial: Vec<u32>,
}

impl Genomes {
	/// Returns the runs of the search with seed `seed` on the samples of a domain.
	///
	/// # Errors
	///
	/// Errors if the samples do not fit the program, or if the initial champion cannot be scored.
	fn new(problem: &Problem, runs: TrainingRuns, seed: u64) -> Result<Self> {
		let count = runs.chunks.saturating_mul(RUN_DRAWS);
		let data = GenomeRuns::new(runs, problem.data.rows().to_vec())?;
		let seed = blake2_256(&[&b"doin search"[..], &seed.to_le_bytes()].concat());
		let initial = match problem.initial()? {
			Model::Genome(genome) => genome,
			_ => doin_scoring::genome::library::cross_entropy(),
		};
		let sums = data.sums(&[initial], &seed, count, &AtomicBool::new(false), &|| ())?;
		Ok(Self { data, seed, initial: sums.into_iter().next().unwrap_or_default() })
	}

	/// Returns the number of runs of a trial with this divisor, at least one.
	pub(super) fn runs(&self, divisor: u32) -> u16 {
		let all = u32::try_from(self.initial.len()).unwrap_or(1);
		u16::try_from(all / divisor.max(1)).unwrap_or(u16::MAX).max(1)
	}

	/// Returns the fitness of genomes on the first `runs` runs, in their order: the number of mistakes relative to the initial
	/// champion, which has 2²⁰. Calls `on_run` after each run. Runs on the current pool.
	///
	/// # Errors
	///
	/// [`Error::Stopped`] if `stop` is set.
	pub(super) fn fitness(
		&self,
		genomes: &[Genome],
		runs: u16,
		stop: &AtomicBool,
		on_run: &(dyn Fn() + Sync),
	) -> Result<Vec<u64>, Error> {
		let initial = total(&self.initial[..usize::from(runs).min(self.initial.len())]);
		let sums = self.data.sums(genomes, &self.seed, runs, stop, on_run)?;
		Ok(sums.iter().map(|sums| loss(total(sums), initial)).collect())
	}
}

impl TrainingData {
	/// Returns the training part of a domain with its opened segments, and as many generated windows as fit into memory.
	///
	/// # Errors
	///
	/// Errors if the domain cannot be trained on.
	pub(super) fn new(problem: Arc<Problem>, limits: &ResourceLimits, seed: u64) -> Result<Self> {
		let form = match &problem.spec.program {
			Program::Rows(_) => Form::Rows(Box::new(RowsData::new(RowsTask::of_domain(&problem.spec, problem.data.rows())?)?)),
			Program::Forecast(_) if problem.segments() == 0 => Form::Windows(Box::new(windows(&problem, limits, seed)?)),
			Program::Forecast(_) => Form::Windows(Box::new(windows_with_segments(&problem)?)),
			Program::Quadratic(_) | Program::Landscape(_) => Form::Points,
			Program::Tolerance(_) => bail!("candidates of domain {} are trained by its program", problem.id),
			Program::LossGenome(runs) => Form::Genomes(Box::new(Genomes::new(&problem, runs.clone(), seed)?)),
		};
		Ok(Self { problem, form })
	}

	/// Returns the number of opened segments that candidates are trained on.
	pub(super) fn segments(&self) -> u16 {
		self.problem.segments()
	}

	/// Returns the number that the search minimises, for a model of somebody else. `None` if it cannot be computed, which is logged.
	pub(super) fn fitness(&self, model: &Model) -> Option<u64> {
		match &self.form {
			Form::Windows(data) => Some(data.fitness(&data.chunk_errors(model))),
			Form::Rows(data) => {
				let validation = self.claim(model, &[])?;
				Some(data.fitness(&ChunkErrors { validation, practice: Vec::new() }))
			}
			Form::Points => match model {
				Model::Point(point) => self.problem.spec.program.point_error(point),
				_ => None,
			},
			Form::Genomes(genomes) => match model {
				Model::Genome(genome) => {
					let fitness = genomes.fitness(std::slice::from_ref(genome), genomes.runs(1), &AtomicBool::new(false), &|| ());
					fitness.ok()?.first().copied()
				}
				_ => None,
			},
		}
	}

	/// Returns the domain.
	pub(super) fn problem(&self) -> &Problem {
		&self.problem
	}

	/// Returns the net with this encoding, which another worker has trained, with its sums and the number that the search minimises, all
	/// computed here. `None` if it is no net that the domain admits.
	pub(super) fn checked(&self, bytes: &[u8]) -> Option<(Model, ChunkErrors, u64)> {
		let model = decode_admissible(&self.problem, bytes).ok().filter(|model| matches!(model, Model::Net(_)))?;
		let (errors, fitness) = match &self.form {
			Form::Windows(data) => {
				let errors = data.chunk_errors(&model);
				let fitness = data.fitness(&errors);
				(ChunkErrors { validation: self.claim(&model, &errors.validation)?, practice: errors.practice }, fitness)
			}
			Form::Rows(data) => {
				let errors = ChunkErrors { validation: self.claim(&model, &[])?, practice: Vec::new() };
				let fitness = data.fitness(&errors);
				(errors, fitness)
			}
			Form::Points | Form::Genomes(_) => return None,
		};
		Some((model, errors, fitness))
	}

	/// Returns `true` if a candidate is a point, which is scored and not trained.
	pub(super) fn has_points(&self) -> bool {
		matches!(self.form, Form::Points)
	}

	/// Returns the training runs of genomes; `None` if candidates are something else.
	pub(super) fn genomes(&self) -> Option<&Genomes> {
		match &self.form {
			Form::Genomes(genomes) => Some(genomes),
			Form::Windows(_) | Form::Rows(_) | Form::Points => None,
		}
	}

	/// Returns the genome with these genes; `None` if the domain does not admit it.
	pub(super) fn admitted_genome(&self, genes: &[i64]) -> Option<Genome> {
		let (spec, model) = (&self.problem.spec, Model::Genome(program::genome(genes).ok()?));
		let Limits { model_bytes, window_macs } = spec.limits;
		model.admit(&spec.program, model_bytes, window_macs, model.to_bytes().len()).ok()?;
		match model {
			Model::Genome(genome) => Some(genome),
			_ => None,
		}
	}

	/// Returns `true` if candidates are nets, which are trained for epochs.
	pub(super) fn has_nets(&self) -> bool {
		matches!(self.form, Form::Windows(_) | Form::Rows(_))
	}

	/// Returns the point with these coordinates, and its error, which the search minimises: losses near the optimum would all be 0.
	pub(super) fn scored_point(&self, genes: &[i64]) -> (Model, u64) {
		let model = self.problem.point(genes);
		let error = self.fitness(&model).unwrap_or(u64::MAX);
		(model, error)
	}

	/// Returns `true` if segments of the domain are opened while the search runs.
	pub(super) fn can_grow(&self) -> bool {
		self.problem.spec.evidence.kind().is_awaited()
	}

	/// Returns the longest window: the history of a series, or the features of a row.
	pub(super) fn history(&self) -> u16 {
		match &self.form {
			Form::Windows(data) => data.task.program.history,
			Form::Rows(data) => data.task().program.features,
			Form::Points | Form::Genomes(_) => 0,
		}
	}

	/// Returns the longest window of a linear model that the domain admits: at most the history, or the features of a row.
	pub(super) fn linear_window(&self) -> u16 {
		match &self.form {
			Form::Windows(data) => data.longest_linear_window().unwrap_or(self.history()),
			Form::Rows(_) | Form::Points | Form::Genomes(_) => self.history(),
		}
	}

	/// Returns the errors of simple models.
	///
	/// # Errors
	///
	/// Errors if a simple model cannot be fitted.
	pub(super) fn baselines(&self) -> Result<Vec<BaselineRow>> {
		match &self.form {
			Form::Windows(data) => Ok(baseline::report(data, Candidate::default().synthetic_share, &[])?),
			Form::Rows(_) | Form::Points | Form::Genomes(_) => simple_models::errors(&self.problem, None),
		}
	}

	/// Returns the largest dense net that the domain admits among nets with these genes, which are the upper ends of a search space: its
	/// width is halved until it is admitted. `None` if no width is.
	pub(super) fn largest_dense<'a>(&self, genes: impl Iterator<Item = (&'a str, i64)>) -> Option<Candidate> {
		let dense = genes.filter(|(name, _)| *name != FAMILY);
		let mut candidate = Candidate::from_genes(dense, self.history()).ok()?;
		let is_admitted = |candidate: &Candidate| match &self.form {
			Form::Windows(data) => candidate.check(data).is_ok(),
			Form::Rows(data) => data.check(candidate).is_ok(),
			Form::Points | Form::Genomes(_) => false,
		};
		while !is_admitted(&candidate) {
			candidate.width /= 2;
			if candidate.width == 0 {
				return None;
			}
		}
		Some(candidate)
	}

	/// Returns the times of a training step of a candidate in 12 and in 8 bits; `None` if it is no dense net with layers.
	///
	/// # Errors
	///
	/// Errors if the candidate cannot be trained.
	pub(super) fn step_times(&self, candidate: &Candidate) -> Result<Option<StepTimes>, Error> {
		match &self.form {
			Form::Windows(data) => data.step_times(candidate),
			Form::Rows(data) => data.step_times(candidate),
			Form::Points | Form::Genomes(_) => Ok(None),
		}
	}

	/// Trains and evaluates candidates; returns their runs in the same order. Points and genomes are no candidates to train.
	pub(super) fn train(
		&self,
		executor: &Executor,
		candidates: &[Candidate],
		grouping: Grouping,
		control: &Control,
	) -> Result<Vec<TrainingRun>, Error> {
		match &self.form {
			Form::Windows(data) => executor.run(data, candidates, grouping, control),
			Form::Rows(data) => data.train(executor, candidates, grouping, control),
			Form::Points | Form::Genomes(_) => Ok(Vec::new()),
		}
	}

	/// Returns the validation sums of a model that a reveal claims, if they are other than those of its training run, which are
	/// `trained`. `None` if they cannot be computed, which is logged.
	pub(super) fn claim(&self, model: &Model, trained: &[u32]) -> Option<Vec<u32>> {
		let has_chunks_of_the_domain = matches!(&self.form, Form::Windows(_)) && self.problem.segments() == 0;
		if has_chunks_of_the_domain {
			return Some(trained.to_vec());
		}
		match self.problem.validation_sums(std::slice::from_ref(model)) {
			Ok(mut sums) => sums.pop(),
			Err(error) => {
				tracing::warn!(target: TARGET, domain = self.problem.id, "candidate dropped, since it cannot be validated: {error:#}");
				None
			}
		}
	}
}

/// Returns the published training part and as many generated windows as fit into memory.
fn windows(problem: &Problem, limits: &ResourceLimits, seed: u64) -> Result<Dataset> {
	let task = ForecastTask::new(&problem.spec, problem.published_series().to_vec())?;
	let window_bytes = u64::from(task.program.span()) * 4;
	let windows = (limits.max_memory_mb.unwrap_or(DEFAULT_MEMORY_MB) << 20) / window_bytes.max(1);
	let synthetic = match task.generator {
		Some(_) => SYNTHETIC_WINDOWS.min(windows.try_into().unwrap_or(u32::MAX)),
		None => 0,
	};
	Ok(Dataset::new(task, synthetic, seed)?)
}

/// Returns the published training part and everything behind the validation split: the rest of the published series, and the opened
/// segments.
fn windows_with_segments(problem: &Problem) -> Result<Dataset> {
	let task = ForecastTask::new(&problem.spec, problem.published_series().to_vec())?;
	let (series, channels) = (problem.data.series(), usize::from(task.program.channels).max(1));
	// The history of the first window lies before the end of the validation split.
	let first = (task.split.validation_end as usize).saturating_sub(task.program.history.into());
	let rest = series.get(first * channels..).unwrap_or_default().to_vec();
	let steps = u32::try_from(rest.len() / channels).unwrap_or(u32::MAX);
	let ForecastTask { program, limits, series, split, .. } = task;
	let parts = vec![
		SplitSeries { series, split },
		SplitSeries { series: rest, split: Split { train_end: steps, validation_end: steps } },
	];
	Ok(Dataset::pooled(program, limits, parts)?)
}
