//! Plan of a training of rows: the rows and the candidates.

use crate::{
	commands::{
		genes::{describe_row_candidate, named_row_genes},
		train::{
			population::{trainable, Population, TrainedCandidate},
			TrainArgs,
		},
	},
	report::Remarks,
};
use anyhow::{ensure, Result};
use doin_compute::{Candidate, Executor, Grouping, RowsData, RowsTask, StoppingRule};
use doin_forecast::{
	model_file::ErrorSums,
	rows::{
		evaluation::constant_name,
		map_file::read_map,
		model_file::{RowFileRecord, RowTraining},
		LabelMap, RowErrors, RowFiles, RowModelFile, RowPart, RowSets,
	},
	spec::{explain, LIMITS},
	ModelFamily,
};
use doin_scoring::{
	rows::{Image, Rows},
	verdict::total,
	Model,
};
use std::sync::atomic::AtomicBool;

/// Most bytes of a patch of an image.
const MAX_PATCH: u16 = 32;

/// A training of rows that is about to begin.
pub struct RowPlan {
	/// Family of the candidates.
	pub family: ModelFamily,
	/// Rows of all files.
	pub sets: RowSets,
	/// Rows to train and validate on.
	pub data: RowsData,
	/// Name and model of each baseline.
	pub baselines: Vec<(String, Model)>,
	/// Candidates that can be trained and would be admitted.
	pub candidates: Vec<Candidate>,
}

impl RowPlan {
	/// Reads the files and makes the candidates.
	///
	/// # Errors
	///
	/// Errors if the files, the labels or the genes cannot be used.
	pub fn new(args: &TrainArgs, executor: &Executor, remarks: &Remarks) -> Result<Self> {
		let options = args.rows.options(&args.files.columns.inputs, &args.files.columns.read)?;
		let files = RowFiles {
			training: args.files.csv.clone(),
			validation: args.files.validation_csv.clone(),
			test: args.files.test_csv.clone(),
			mapping: args.rows.mapping(args.unit, options.fill),
			options,
			split: args.files.split.clone(),
			in_order: args.rows.in_order(),
			map: args.rows.map.as_deref().map(read_map).transpose()?,
		};
		let sets = executor.install(|| files.read())?;
		remarks.add_notes(&sets.notes);
		let program = sets.mapping.program();
		let (bytes, split) = (sets.bytes.clone(), sets.split());
		let task = RowsTask { program, limits: LIMITS, bytes, split, most_early_stopping: u32::MAX };
		let data = executor.install(|| RowsData::new(task)).map_err(explain)?;
		ensure!(
			total(&data.initial_errors().validation) > 0,
			"the most frequent label makes no error on the validation part: there is nothing to learn. Bring more rows of other labels"
		);
		let mut baselines = vec![(constant_name(program.target).to_string(), data.constant().clone())];
		match executor.install(|| data.ridge()) {
			Ok(ridge) => baselines.push(("ridge".into(), ridge)),
			Err(error) => remarks.add(format_args!("note: there is no ridge to compare with: {:#}", explain(error))),
		}
		let family = args.genes.family;
		let genes = args.genes.of_rows(
			program.features,
			program.outputs(),
			program.image.and_then(|image| largest_patch(&program, image)),
		)?;
		let candidates = genes.candidates(args.population, program.features, program.features)?;
		if let Some(note) = genes.describe_shortage(args.population, candidates.len()) {
			remarks.add(format_args!("note: {note}"));
		}
		let describe = |candidate: &Candidate| describe_row_candidate(family, candidate);
		let candidates = trainable(candidates, |candidate| data.check(candidate), describe, remarks)?;
		Ok(Self { family, sets, data, baselines, candidates })
	}

	/// Returns the program.
	pub fn program(&self) -> Rows {
		self.data.task().program
	}

	/// Returns the maps of values; none for classes.
	fn values(&self) -> &[doin_forecast::rows::labels::ValueMap] {
		match &self.sets.mapping.labels {
			LabelMap::Values(values) => values,
			LabelMap::Classes(_) => &[],
		}
	}

	/// Converts the error of an epoch to an error rate, to units of the column of values, or, for several, to raw units.
	fn curve_error(&self, error: u128) -> f64 {
		let mean = self.data.mean_error(error);
		match self.values() {
			[one] => mean * one.unit,
			_ => mean,
		}
	}

	/// Returns the unit of the learning curve.
	pub fn curve_unit(&self) -> &str {
		match self.values() {
			[] => "error rate",
			[one] => &one.column,
			_ => "raw units",
		}
	}

	/// Trains all candidates.
	///
	/// # Errors
	///
	/// Errors if no candidate is trained.
	pub fn train(
		&self,
		rule: StoppingRule,
		executor: &Executor,
		stop: &AtomicBool,
		remarks: &Remarks,
	) -> Result<Vec<TrainedCandidate>> {
		let (candidates, scale) = (self.candidates.as_slice(), |error| self.curve_error(error));
		let population = Population { family: self.family, candidates, describe: describe_row_candidate, scale: &scale };
		population.train(stop, remarks, |control| self.data.train(executor, candidates, Grouping::Brackets(rule), control))
	}

	/// Computes the errors of a model on validation and test.
	pub fn errors(&self, model: &Model) -> [RowErrors; 2] {
		let arrangement = self.sets.arrangement;
		let [train, validation, test] =
			[arrangement.train_end, arrangement.validation_end, arrangement.test_end].map(|end| end as usize);
		let rows = self.sets.rows();
		[train..validation, validation..test].map(|part| RowErrors::compute(model, &self.program(), &rows[part]))
	}

	/// Returns the model file of a candidate.
	pub fn model_file(&self, chosen: &TrainedCandidate) -> RowModelFile {
		let genes = named_row_genes(self.family, &chosen.candidate);
		let genes = genes.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
		let constant = if let Model::Constant(outputs) = self.data.constant() { outputs.clone() } else { Vec::new() };
		let mut first = 0;
		let files = self.sets.files.iter().map(|file| {
			let own = first..first + file.rows as u32;
			first = own.end;
			let error = self.file_errors(&chosen.model, own);
			RowFileRecord { file: file.file.clone(), rows: file.rows as u32, hash: file.hash.clone(), error }
		});
		let data = RowTraining { arrangement: self.sets.arrangement, constant, files: files.collect() };
		RowModelFile::new(&chosen.model, self.sets.mapping.clone(), genes, data)
	}

	/// Computes the error sums of a model on the rows of one file, which are `own` among all.
	fn file_errors(&self, model: &Model, own: std::ops::Range<u32>) -> ErrorSums {
		let (order, parts) = (self.sets.arrangement.order(), self.sets.arrangement.parts());
		let rows = self.sets.rows();
		let sum = |part: RowPart| {
			let is_own = |row: &u32| own.contains(row) && parts[*row as usize] == Some(part);
			let of_part: Vec<&[u8]> = order.iter().zip(&rows).filter(|(row, _)| is_own(row)).map(|(_, bytes)| *bytes).collect();
			(!of_part.is_empty()).then(|| RowErrors::compute(model, &self.program(), &of_part).total())
		};
		ErrorSums { validation: sum(RowPart::Validation), test: sum(RowPart::Test) }
	}
}

/// Returns the side of the largest square patch of an image.
fn largest_patch(program: &Rows, image: Image) -> Option<u8> {
	let channels = image.channels(program.features)?;
	let side = (MAX_PATCH / channels).isqrt() as u8;
	Some(side.min(image.height).min(image.width))
}
