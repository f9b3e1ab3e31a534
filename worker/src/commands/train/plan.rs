//! Plan of a training: the training set and the candidates.

use super::{
	population::{trainable, Population, TrainedCandidate},
	TrainArgs,
};
use crate::{
	commands::genes::{describe_candidate, named_genes},
	report::Remarks,
};
use anyhow::{bail, ensure, Result};
use doin_compute::{Candidate, Dataset, Executor, Grouping, SplitSeries, StoppingRule};
use doin_forecast::{
	files::deviation,
	find_season,
	model_file::{ErrorSums, FileRecord, InputColumn, TrainingData},
	table::data_hash,
	target, ErrorScale, ForecastSpec, ModelFamily, ModelFile, StepErrors, TargetOptions, TrainingFile,
};
use doin_scoring::{
	program::{MAX_HISTORY, MAX_SEASON},
	verdict::total,
	Model, Target,
};
use std::{ops::Range, sync::atomic::AtomicBool};

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
	/// Longest window of a candidate.
	pub window: u16,
	/// Candidates that can be trained and would be admitted.
	pub candidates: Vec<Candidate>,
}

/// Errors of a model on one file; `None` where there are no windows.
pub struct FileErrors {
	/// Errors on validation.
	pub validation: Option<StepErrors>,
	/// Errors on the test.
	pub test: Option<StepErrors>,
}

impl Plan {
	/// Reads the files and makes the candidates.
	pub fn new(args: &TrainArgs, remarks: &Remarks) -> Result<Self> {
		let mut plan = Self::read(args, remarks)?;
		let candidates = args.genes.candidates(args.population, plan.window, plan.spec.history)?;
		if let Some(note) = args.genes.describe_shortage(args.population, candidates.len()) {
			remarks.add(format_args!("note: {note}"));
		}
		let family = args.genes.family;
		let describe = |candidate: &Candidate| describe_candidate(family, candidate);
		plan.candidates = trainable(candidates, |candidate| candidate.check(&plan.data), describe, remarks)?;
		Ok(plan)
	}

	/// Reads the files, without candidates.
	pub fn read(args: &TrainArgs, remarks: &Remarks) -> Result<Self> {
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
		Ok(Self { files, spec, season_found, data, unit, inputs, scale, window, candidates: Vec::new() })
	}

	/// Converts the error of an epoch to units of the column, or an error rate.
	fn curve_error(&self, error: u128) -> f64 {
		self.scale.error(self.data.mean_error(error))
	}

	/// Trains all candidates.
	///
	/// # Errors
	///
	/// Errors if no candidate is trained.
	pub fn train(
		&self,
		family: ModelFamily,
		rule: StoppingRule,
		executor: &Executor,
		stop: &AtomicBool,
		remarks: &Remarks,
	) -> Result<Vec<TrainedCandidate>> {
		let (candidates, scale) = (self.candidates.as_slice(), |error| self.curve_error(error));
		let population = Population { family, candidates, describe: describe_candidate, scale: &scale };
		population.train(stop, remarks, |control| executor.run(&self.data, candidates, Grouping::Brackets(rule), control))
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
