//! Rows: tables whose rows have a class or values, trained as windows of a forecast.
//!
//! A row of F bytes is embedded in a window of F + 1 values: its bytes, then the constant 128. A net reads the differences of a
//! window from its last value, so its inputs are the features of the row, and one input that is always 0. The future of the window
//! is the class plus 128, with one bound between any two classes, or the values plus 128. All trainers, on CPUs and devices, then
//! train rows without any change. [`RowsData::train`] returns nets of rows: the column of the last input is removed, which
//! changes no output.
//!
//! An image is embedded patch by patch, and a two-dimensional convolution trains as a convolution over time whose kernel and stride
//! are the size of a patch. The last patch has constants only; what it contributes to the layer behind is added to the biases of
//! that layer.
//!
//! ```text
//! row                 │ b0 b1 … bF−1 │ class │
//! window, features    │ b0 b1 … bF−1 │ 128 ║ 128 + class │
//! window, patches     │ patch 0 │ patch 1 │ … │ 128 … 128 ║ 128 + class │
//! ```

mod embedding;
mod task;
#[cfg(test)]
mod tests;

pub(crate) use embedding::EmbeddedRows;
pub use task::RowsTask;

use crate::{
	train::{
		candidate::{within, Family},
		dataset::{ChunkErrors, Dataset, RowWindows},
	},
	Candidate, ComputeUnit, Control, Error, Executor, Grouping, LinearModel, Observer, StepTimes, TrainingRun,
};
use doin_kernels::Backend;
use doin_scoring::{
	rows::{constant_model, score_rows, RowSet, RowTarget, MAX_ROWS},
	Model, Windows,
};
use embedding::Inputs;
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// The rows of a task, embedded in windows: those to train on, to stop early on and to validate on.
///
/// The early-stopping set is the last seventh of the rows before the validation part, or fewer; see [`RowsTask::early_stopping`].
#[derive(Debug)]
pub struct RowsData {
	task: RowsTask,
	backend: Backend,
	/// The constant model of the rows to train on.
	constant: Model,
	/// Rows as features.
	features: Arc<Dataset>,
	/// Rows as patches of images, by the geometry of the patches.
	patches: Mutex<BTreeMap<Inputs, Arc<Dataset>>>,
}

impl RowsData {
	/// Returns the data of `task`. All rows in its validation part validate, in chunks of at most 64 rows; the chunks of the program
	/// are not used.
	///
	/// # Errors
	///
	/// The errors of [`RowsTask::check`]; [`Error::FewRows`] without a row to train on, to stop early on and to validate on;
	/// [`Error::TooManyInputs`] if the rows have too many inputs; [`Error::Backend`] if the environment names an unknown back-end.
	pub fn new(task: RowsTask) -> Result<Self, Error> {
		task.check()?;
		let training = task.rows(0..task.split.train_end);
		let constant = constant_model(&training).ok_or(Error::FewRows { have: 0, need: 2, what: "training" })?;
		let features = Arc::new(embed(&task, &constant, Inputs::Features)?);
		Ok(Self { backend: features.backend(), constant, features, patches: Mutex::default(), task })
	}

	/// Returns the data with kernels of another back-end. Every back-end computes the same nets.
	///
	/// # Errors
	///
	/// Those of [`RowsData::new`].
	pub fn with_backend(self, backend: Backend) -> Result<Self, Error> {
		let features = embed(&self.task, &self.constant, Inputs::Features)?.with_backend(backend);
		Ok(Self { backend, features: Arc::new(features), patches: Mutex::default(), ..self })
	}

	/// Returns the task.
	pub fn task(&self) -> &RowsTask {
		&self.task
	}

	/// Returns the back-end that trains and scores on the data.
	pub fn backend(&self) -> Backend {
		self.backend
	}

	/// Returns the number of rows of the validation part.
	pub fn validation_rows(&self) -> usize {
		self.features.validation_window_count()
	}

	/// Returns the error sums of the initial champion, which is the [`constant`](Self::constant) model, on the validation part.
	pub fn initial_errors(&self) -> &ChunkErrors {
		self.features.initial_errors()
	}

	/// Returns the number that a search minimises: the error sum on the validation part relative to that of the constant model,
	/// which has [`INITIAL_FITNESS`](crate::INITIAL_FITNESS).
	pub fn fitness(&self, errors: &ChunkErrors) -> u64 {
		self.features.fitness(errors)
	}

	/// Returns the mean error of an output for an [`EpochError`](crate::EpochError): the share of wrong classes, or the mean
	/// absolute error.
	pub fn mean_error(&self, error: u128) -> f64 {
		self.features.mean_error(error)
	}

	/// Returns the constant model of the rows to train on: the majority class, or the medians of the values.
	pub fn constant(&self) -> &Model {
		&self.constant
	}

	/// Returns the ridge regression of the rows before the validation part, as a net of rows.
	///
	/// # Errors
	///
	/// The errors of [`LinearModel::fit`]; [`Error::Model`] if the limits of the task do not admit it.
	pub fn ridge(&self) -> Result<Model, Error> {
		let linear: Arc<LinearModel> = self.features.linear_model(self.features.task.program.history, 0)?;
		let model = Model::Net(linear.net.clone());
		Ok(self.features.admit(&model)?.unwrap_or(model))
	}

	/// Returns the models that nets are compared with, by name: the [`constant`](Self::constant) one, then the
	/// [`ridge`](Self::ridge) regression.
	///
	/// # Errors
	///
	/// Those of [`RowsData::ridge`].
	pub fn baselines(&self) -> Result<Vec<(&'static str, Model)>, Error> {
		let constant = match self.task.program.target {
			RowTarget::Classes(_) => "majority class",
			RowTarget::Values(_) => "median",
		};
		Ok(vec![(constant, self.constant.clone()), ("ridge", self.ridge()?)])
	}

	/// Checks, before any training, that `candidate` can be trained on the rows and that its net would be admitted.
	///
	/// # Errors
	///
	/// [`Error::UnsupportedFamily`] for a family that does not read rows; otherwise the errors of [`Candidate::check`].
	pub fn check(&self, candidate: &Candidate) -> Result<(), Error> {
		let (data, embedded) = self.embedded(candidate)?;
		embedded.check(&data)
	}

	/// Returns the times of a training step of `candidate` in 12 and in 8 bits, as [`Dataset::step_times`] does.
	///
	/// # Errors
	///
	/// Those of [`check`](Self::check) and of [`LinearModel::fit`].
	pub fn step_times(&self, candidate: &Candidate) -> Result<Option<StepTimes>, Error> {
		let (data, embedded) = self.embedded(candidate)?;
		data.step_times(&embedded)
	}

	/// Trains and evaluates `candidates`; returns their runs in the same order, with nets of rows.
	///
	/// The window of a candidate is the number of features. For a convolution, `kernel` is the side of a square patch of the image
	/// and `stride` the distance of two patches, both in pixels; its depth is 1, and `dilate` and `skip` are without effect.
	/// Candidates whose inputs differ in their geometry compete in brackets of their own.
	///
	/// # Errors
	///
	/// [`Error::Stopped`] as [`Executor::run`] does. Errors of one candidate are those of its run.
	pub fn train(
		&self,
		executor: &Executor,
		candidates: &[Candidate],
		grouping: Grouping,
		control: &Control,
	) -> Result<Vec<TrainingRun>, Error> {
		let mut groups: Vec<Group> = Vec::new();
		let mut runs: Vec<Option<TrainingRun>> = candidates.iter().map(|_| None).collect();
		for (index, candidate) in candidates.iter().enumerate() {
			match self.embedded(candidate) {
				Ok((data, embedded)) => {
					let at = groups.iter().position(|group| Arc::ptr_eq(&group.data, &data)).unwrap_or(groups.len());
					if at == groups.len() {
						groups.push(Group { data, indices: Vec::new(), candidates: Vec::new() });
					}
					groups[at].indices.push(index);
					groups[at].candidates.push(embedded);
				}
				Err(error) => {
					let run = TrainingRun { evaluated: Err(error), errors: Vec::new(), seconds: 0.0, unit: ComputeUnit::Cpu };
					control.observer.finished(index, &run);
					runs[index] = Some(run);
				}
			}
		}
		for group in &groups {
			let observer = RowObserver { inner: control.observer, indices: &group.indices, candidates };
			let trained = executor.run(&group.data, &group.candidates, grouping, &control.with_observer(&observer))?;
			for (run, index) in trained.into_iter().zip(&group.indices) {
				runs[*index] = Some(as_candidate(run, candidates[*index]));
			}
		}
		// Every candidate either failed above or belongs to a group.
		Ok(runs.into_iter().flatten().collect())
	}

	/// Returns the data that a candidate is trained on, and the candidate with the genes of its windows.
	fn embedded(&self, candidate: &Candidate) -> Result<(Arc<Dataset>, Candidate), Error> {
		let features = self.task.program.features;
		within("window", candidate.window.into(), features.into(), features.into())?;
		let unsupported = |reason| Err(Error::UnsupportedFamily { family: candidate.family, reason });
		match candidate.family {
			Family::Mlp | Family::Conv if candidate.is_linear() => {}
			Family::Mlp => {}
			Family::Conv => return self.embedded_in_patches(candidate),
			Family::Lstm | Family::Gru => return unsupported("rows have no order in time: take dense nets"),
		}
		// Linear models have no convolutions that would have to fit.
		let embedded = Candidate { family: Family::Mlp, window: features + 1, ..*candidate };
		Ok((self.features.clone(), embedded))
	}

	fn embedded_in_patches(&self, candidate: &Candidate) -> Result<(Arc<Dataset>, Candidate), Error> {
		let Some(image) = self.task.program.image else {
			let reason = "convolutions read images: give the height and the width of the image, or take dense nets";
			return Err(Error::UnsupportedFamily { family: candidate.family, reason });
		};
		within("depth", candidate.depth.into(), 1, 1)?;
		let inputs = Inputs::patches(&self.task.program, image, candidate.kernel, candidate.stride)?;
		let size = inputs.padding() as u8;
		let known = self.patches.lock().get(&inputs).cloned();
		let data = match known {
			Some(data) => data,
			None => {
				let data = Arc::new(embed(&self.task, &self.constant, inputs)?.with_backend(self.backend));
				self.patches.lock().entry(inputs).or_insert(data).clone()
			}
		};
		let window = data.task.program.history;
		let embedded =
			Candidate { window, kernel: size, stride: size, dilate: false, linear_skip: false, blend: false, ..*candidate };
		Ok((data, embedded))
	}
}

/// Candidates that are trained on the same windows.
struct Group {
	data: Arc<Dataset>,
	/// Index of each candidate among all of a call.
	indices: Vec<usize>,
	/// Candidates with the genes of their windows.
	candidates: Vec<Candidate>,
}

/// Reports runs under the index and with the genes of the candidate that a caller trains.
struct RowObserver<'a> {
	inner: &'a dyn Observer,
	indices: &'a [usize],
	candidates: &'a [Candidate],
}

impl Observer for RowObserver<'_> {
	fn epoch(&self, error: u128) {
		self.inner.epoch(error);
	}

	fn advanced(&self, epochs: usize) {
		self.inner.advanced(epochs);
	}

	fn finished(&self, index: usize, run: &TrainingRun) {
		let index = self.indices[index];
		self.inner.finished(index, &as_candidate(run.clone(), self.candidates[index]));
	}
}

/// Returns `run` with the genes of `candidate`.
fn as_candidate(mut run: TrainingRun, candidate: Candidate) -> TrainingRun {
	if let Ok(evaluated) = &mut run.evaluated {
		evaluated.candidate = candidate;
	}
	run
}

/// Returns the rows of `task` as windows.
fn embed(task: &RowsTask, constant: &Model, inputs: Inputs) -> Result<Dataset, Error> {
	let rows = EmbeddedRows::new(task.program, task.limits.clone(), inputs);
	let (row_bytes, forecast) = (task.program.row_bytes(), rows.forecast_task()?);
	let part = |rows: std::ops::Range<u32>| &task.bytes[rows.start as usize * row_bytes..rows.end as usize * row_bytes];
	let training = rows.windows(part(0..task.split.train_end))?;
	let validation = part(task.split.train_end..task.split.validation_end).chunks(usize::from(MAX_ROWS) * row_bytes);
	let program = &forecast.program;
	let (history, horizon) = (usize::from(program.history), usize::from(program.horizon));
	let windows = |bytes: &[u8]| rows.windows(bytes).map(|values| Windows { channels: 1, history, horizon, values });
	let chunks: Vec<Windows> = validation.clone().map(windows).collect::<Result<_, _>>()?;
	let error = |bytes: &[u8]| score_rows(constant, &task.program, &RowSet::new(&task.program, bytes.to_vec()));
	let initial_errors = ChunkErrors { validation: validation.map(error).collect(), practice: Vec::new() };
	let early_stopping = task.early_stopping().len();
	Dataset::of_rows(forecast, rows, RowWindows { training, early_stopping, validation: chunks }, initial_errors)
}
