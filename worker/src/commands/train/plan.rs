//! Plan of a training: the training set and the candidates.

use super::TrainArgs;
use crate::{
	commands::{
		curve::{Curve, Point},
		genes::{describe_candidate, named_genes},
	},
	report::Remarks,
	work::progress_bar,
};
use anyhow::{bail, ensure, Context, Result};
use doin_compute::{
	Candidate, ChunkErrors, Control, Dataset, Error, Executor, Grouping, Observer, SplitSeries, StoppingRule, TrainingRun,
};
use doin_forecast::{
	files::deviation,
	find_season,
	model_file::{ErrorSums, FileRecord, InputColumn, TrainingData},
	significant,
	spec::explain,
	table::data_hash,
	target, ErrorScale, ForecastSpec, ModelFamily, ModelFile, StepErrors, TargetOptions, TrainingFile,
};
use doin_scoring::{
	program::{MAX_HISTORY, MAX_SEASON},
	verdict::total,
	Model, Target,
};
use indicatif::ProgressBar;
use parking_lot::Mutex;
use std::{
	ops::Range,
	sync::atomic::{AtomicBool, Ordering},
};

/// A training that is about to begin.
pub struct Plan {
	/// Files, split into parts.
	pub files: Vec<TrainingFile>,
	/// Forecast that is trained for.
	pub spec: ForecastSpec,
	/// `true` if the season was found in the series.
	pub season_found: bool,
	/// Windows of all files.
	pub data: Dataset,
	/// Raw unit, in units of the column.
	pub unit: f64,
	/// Raw unit of each further column.
	pub inputs: Vec<f64>,
	/// Scale of the errors.
	pub scale: ErrorScale,
	/// Candidates that can be trained and would be admitted.
	pub candidates: Vec<Candidate>,
}

/// A trained candidate.
pub struct TrainedCandidate {
	/// Number, in the order of the candidates.
	pub number: usize,
	/// Candidate that was trained.
	pub candidate: Candidate,
	/// Model of the best epoch.
	pub model: Model,
	/// Errors on validation.
	pub errors: ChunkErrors,
	/// Learning curve.
	pub curve: Curve,
	/// Seconds of training.
	pub seconds: f64,
}

/// Errors of a model on one file; `None` where there are no windows.
pub struct FileErrors {
	/// Errors on validation.
	pub validation: Option<StepErrors>,
	/// Errors on the test.
	pub test: Option<StepErrors>,
}

/// Shows the epochs of a training, and the least error so far.
struct Progress<'a> {
	bar: ProgressBar,
	plan: &'a Plan,
	least: Mutex<u128>,
}

impl Observer for Progress<'_> {
	fn epoch(&self, error: u128) {
		self.bar.inc(1);
		let mut least = self.least.lock();
		if error < *least {
			*least = error;
			self.bar.set_message(format!(", best {}", significant(self.plan.curve_error(error))));
		}
	}
}

impl Plan {
	/// Reads the files and makes the candidates.
	pub fn new(args: &TrainArgs, remarks: &Remarks) -> Result<Self> {
		let set = args.files.file_set();
		let first = set.first()?;
		let season_found = args.season.is_none();
		let season = args.season.unwrap_or_else(|| find_season(&first.series.values));
		let options = TargetOptions::from(&args.target);
		let horizon = options.horizon(args.horizon, season.clamp(6, 24))?;
		let channels = target::channels(first.inputs.len())?;
		let window = args.genes.longest_window(default_window(season, horizon, channels))?;
		let history = history(args.history, window, season)?;
		let mut spec = ForecastSpec { horizon, history, season, channels, target: Target::Values };
		spec.check()?;
		let raw = first.series.quantise(horizon.into(), args.unit)?;
		let (unit, inputs) = (raw.quantum, raw.inputs.clone());
		spec.target = options.target(unit)?;
		let files = set.read(first, raw, &spec)?;
		let data = spec.training_set(files.iter().map(|file| (file.table.file.clone(), file.part.clone())).collect())?;
		ensure!(
			total(&data.initial_errors().validation) > 0,
			"repeating earlier values makes no error on the validation part: there is nothing to learn"
		);
		files.iter().for_each(|file| remarks.add_notes(&file.table.series.notes));
		let deviation = deviation(&files, channels) * unit;
		ensure!(
			deviation != 0.0,
			"column `{}` is constant in the training part: there is nothing to learn",
			files[0].table.column
		);
		let scale = ErrorScale::new(&data.task.program, unit, deviation);
		let candidates = args.genes.candidates(args.population, window, history)?;
		if let Some(note) = args.genes.describe_shortage(args.population, candidates.len()) {
			remarks.add(format_args!("note: {note}"));
		}
		let candidates = trainable(args.genes.family, candidates, &data, remarks)?;
		Ok(Self { files, spec, season_found, data, unit, inputs, scale, candidates })
	}

	/// Converts the error of an epoch to units of the column, or an error rate.
	fn curve_error(&self, error: u128) -> f64 {
		self.scale.error(self.data.mean_error(error))
	}

	/// Trains all candidates. A warning names a failure, unless all fail. Once `stop` is set, those that have finished no epoch
	/// are left out, and a note counts them.
	pub fn train(
		&self,
		family: ModelFamily,
		rule: StoppingRule,
		executor: &Executor,
		stop: &AtomicBool,
		remarks: &Remarks,
	) -> Result<Vec<TrainedCandidate>> {
		let epochs: u64 = self.candidates.iter().map(|candidate| u64::from(candidate.epochs)).sum();
		let bar = progress_bar(epochs, "training {bar:30} {pos}/{len} epochs, {eta} left{msg}");
		let progress = Progress { bar, plan: self, least: Mutex::new(u128::MAX) };
		let control = Control::new(stop).with_observer(&progress).keeping_unfinished();
		let runs = executor.run(&self.data, &self.candidates, Grouping::Brackets(rule), &control).map_err(explain);
		progress.bar.finish_and_clear();
		let (mut trained, mut failure, mut stopped) = (Vec::new(), None, 0);
		for (number, run) in runs?.into_iter().enumerate() {
			match self.trained(family, number, run) {
				Ok(one) => trained.push(one),
				Err(error) if error.downcast_ref() == Some(&Error::Stopped) => stopped += 1,
				Err(error) => failure = Some(error.context(describe_candidate(family, &self.candidates[number]))),
			}
		}
		let all = self.candidates.len();
		match failure {
			Some(error) if trained.is_empty() => return Err(error),
			Some(error) => {
				let failed = all - trained.len() - stopped;
				remarks.add(format_args!("warning: {failed} of {all} candidates failed, e.g. {error:#}"));
			}
			None => {}
		}
		if stop.load(Ordering::Relaxed) {
			ensure!(!trained.is_empty(), "stopped before any candidate had finished an epoch, so there is no model to keep");
			remarks.add(format_args!(
				"note: stopped; the best model so far is kept. Of {all} candidates, {stopped} have not finished an epoch"
			));
		}
		Ok(trained)
	}

	fn trained(&self, family: ModelFamily, number: usize, run: TrainingRun) -> Result<TrainedCandidate> {
		let evaluated = run.evaluated.map_err(explain)?;
		if let Model::Net(net) = &evaluated.model {
			family.check(net)?;
		}
		let points = run.errors.iter().map(|epoch| Point { epoch: epoch.epoch, error: self.curve_error(epoch.error) });
		Ok(TrainedCandidate {
			number,
			candidate: evaluated.candidate,
			model: evaluated.model,
			errors: evaluated.errors,
			curve: Curve { candidate: number, points: points.collect() },
			seconds: run.seconds,
		})
	}

	/// Computes the errors of a model on each file.
	pub fn errors(&self, model: &Model) -> Vec<FileErrors> {
		let errors = |file: &TrainingFile| {
			let SplitSeries { series, split } = &file.part;
			let (train, validation) = (split.train_end as usize, split.validation_end as usize);
			let compute = |targets: Range<usize>| {
				let steps = StepErrors::compute(model, &self.data.task.program, series, targets);
				(steps.windows > 0).then_some(steps)
			};
			FileErrors { validation: compute(train..validation), test: compute(validation..usize::MAX - 1) }
		};
		self.files.iter().map(errors).collect()
	}

	/// Returns the model file of a candidate.
	pub fn model_file(&self, family: ModelFamily, chosen: &TrainedCandidate, errors: &[FileErrors]) -> ModelFile {
		let genes = named_genes(family, &chosen.candidate).into_iter().map(|(name, value)| (name.to_string(), value)).collect();
		let table = &self.files[0].table;
		let record = |(file, errors): (&TrainingFile, &FileErrors)| {
			let sum = |steps: &Option<StepErrors>| steps.as_ref().map(StepErrors::total);
			FileRecord {
				file: file.table.file.clone(),
				rows: file.rows(self.spec.channels) as u32,
				hash: hex::encode(data_hash(&file.part.series)),
				split: file.part.split,
				error: ErrorSums { validation: sum(&errors.validation), test: sum(&errors.test) },
			}
		};
		let inputs = table.inputs.iter().zip(&self.inputs);
		let data = TrainingData {
			column: table.column.clone(),
			unit: self.unit.to_string(),
			deviation: self.scale.deviation.to_string(),
			inputs: inputs.map(|(column, unit)| InputColumn { column: column.clone(), unit: unit.to_string() }).collect(),
			files: self.files.iter().zip(errors).map(record).collect(),
		};
		ModelFile::new(&chosen.model, &self.data.task.program, genes, data)
	}
}

/// Returns the candidates that can be trained and would be admitted. A warning counts the others, unless none is left.
fn trainable(family: ModelFamily, candidates: Vec<Candidate>, data: &Dataset, remarks: &Remarks) -> Result<Vec<Candidate>> {
	let (requested, mut usable, mut failure) = (candidates.len(), Vec::new(), None);
	for candidate in candidates {
		match candidate.check(data).map_err(explain).with_context(|| describe_candidate(family, &candidate)) {
			Ok(()) => usable.push(candidate),
			Err(error) => failure = Some(error),
		}
	}
	match failure {
		Some(error) if usable.is_empty() => return Err(error),
		Some(error) => {
			let left_out = requested - usable.len();
			remarks.add(format_args!("warning: {left_out} of {requested} candidates are left out, e.g. {error:#}"));
		}
		None => {}
	}
	Ok(usable)
}

/// Returns the default window: two seasons or four horizons, as far as they fit.
fn default_window(season: u16, horizon: u16, channels: u8) -> u16 {
	let window = season.saturating_mul(2).max(horizon.saturating_mul(4));
	window.min(target::longest_history(channels, horizon)).clamp(1, MAX_HISTORY)
}

/// Returns the steps that precede every target: those requested, or as many as the longest window and the season need.
fn history(requested: Option<u16>, window: u16, season: u16) -> Result<u16> {
	let least = window.max(u32::from(season).min(MAX_SEASON) as u16);
	match requested {
		Some(history) if history < least || history > MAX_HISTORY => bail!(
			"invalid --history {history}: expected at least a window of {window} and a season of {season} steps, and at most \
			{MAX_HISTORY}"
		),
		Some(history) => Ok(history),
		None => Ok(least),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_default_window_fits_the_channels() {
		assert_eq!(default_window(24, 6, 1), 48);
		assert_eq!(default_window(1, 6, 1), 24);
		assert_eq!(default_window(400, 24, 8), 256 - 24);
	}

	#[test]
	fn a_history_holds_window_and_season() {
		assert_eq!(
			(history(None, 48, 24).unwrap(), history(None, 12, 24).unwrap(), history(Some(60), 48, 24).unwrap()),
			(48, 24, 60)
		);
		assert!(format!("{:#}", history(Some(23), 12, 24).unwrap_err()).contains("--history 23"));
		assert!(history(Some(1_025), 12, 24).is_err());
	}
}
