//! Data that the candidates of a search are trained on.

use super::TARGET;
use crate::{config::ResourceLimits, problem::Problem, simple_models};
use anyhow::{bail, Result};
use doin_compute::{
	baseline::{self, BaselineRow},
	Candidate, ChunkErrors, Control, Dataset, Error, Executor, ForecastTask, Grouping, RowsData, RowsTask, SplitSeries,
	TrainingRun,
};
use doin_primitives::Split;
use doin_scoring::{Model, Program};
use std::sync::Arc;

/// Generated windows to train on beside the published ones, as far as memory allows.
const SYNTHETIC_WINDOWS: u32 = 4_096;
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
			Program::LossGenome(_) => bail!("genomes are not trained on data: they are searched by genetic programming"),
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
		}
	}

	/// Returns `true` if a candidate is a point, which is scored and not trained.
	pub(super) fn has_points(&self) -> bool {
		matches!(self.form, Form::Points)
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
			Form::Points => 0,
		}
	}

	/// Returns the longest window of a linear model that the domain admits: at most the history, or the features of a row.
	pub(super) fn linear_window(&self) -> u16 {
		match &self.form {
			Form::Windows(data) => data.longest_linear_window().unwrap_or(self.history()),
			Form::Rows(_) | Form::Points => self.history(),
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
			Form::Rows(_) | Form::Points => simple_models::errors(&self.problem, None),
		}
	}

	/// Trains and evaluates candidates; returns their runs in the same order. Points are no candidates to train.
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
			Form::Points => Ok(Vec::new()),
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
