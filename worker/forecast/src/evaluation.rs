//! Evaluation of a loaded model on a series, beside simple models.

use crate::{
	error_scale::ErrorScale,
	model_file::LoadedModel,
	spec::{explain, ForecastSpec},
	split::{Cut, SplitRule},
	step_errors::StepErrors,
	table::data_hash,
};
use anyhow::{bail, ensure, Result};
use doin_compute::{rungs::MEAN_OF_RIDGES, Dataset, Error, SplitSeries};
use doin_scoring::Model;
use std::ops::Range;

/// Part of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
pub enum Part {
	/// The whole of a series that the model was not trained on.
	#[strum(serialize = "all windows")]
	All,
	/// Rows that trained the model, where no others did.
	#[strum(serialize = "training")]
	Training,
	/// Targets that chose among candidates.
	#[strum(serialize = "validation")]
	Validation,
	/// Targets after those of validation.
	#[strum(serialize = "test")]
	Test,
}

/// Errors of all models on one part.
#[derive(Debug)]
pub struct PartErrors {
	/// Part of the series.
	pub part: Part,
	/// Names and errors of models: repeat-last, seasonal, the mean of ridges if there is one, then the loaded model.
	pub models: Vec<(String, StepErrors)>,
}

impl PartErrors {
	/// Returns the position of the better naive model: 0 for repeat-last, 1 for seasonal.
	pub fn naive(&self) -> usize {
		usize::from(self.models[1].1.total() < self.models[0].1.total())
	}
}

/// Errors of a loaded model and simple ones on the parts of a series.
#[derive(Debug)]
pub struct Evaluation {
	/// `true` if the series is a file of the training, perhaps with further rows.
	pub same_data: bool,
	/// `true` if the mean of ridges, the linear model that a domain of the series starts from, is among the models.
	pub mean_of_ridges: bool,
	/// Scale of the errors.
	pub scale: ErrorScale,
	/// Errors on each part that has windows.
	pub parts: Vec<PartErrors>,
}

impl Evaluation {
	/// Evaluates a model on `values`, the raw values of `file`. Without `rule`, a file of the training is split as in the
	/// training, and other data is one part.
	///
	/// # Errors
	///
	/// Errors if there are too few rows for a window or for `rule`, if no part has a window, or if the validation error differs
	/// from that in the model file.
	pub fn new(loaded: &LoadedModel, file: &str, mut values: Vec<i32>, rule: Option<&SplitRule>) -> Result<Self> {
		let (model_file, program) = (&loaded.file, &loaded.program);
		let channels = usize::from(program.channels);
		let (rows, needed) = (values.len() / channels, usize::from(program.history) + usize::from(program.horizon));
		ensure!(
			rows >= needed,
			"{file} has {rows} rows, and the model needs {needed}: a history of {} and a horizon of {} steps",
			program.history,
			program.horizon
		);
		// A series that has grown since is still a file of the training.
		let known = model_file.data.files.iter().find(|known| {
			let known_values = known.rows as usize * channels;
			values.len() >= known_values && hex::encode(data_hash(&values[..known_values])) == known.hash
		});
		let own = known.filter(|_| rule.is_none());
		let cut = match rule {
			Some(rule) => Some(rule.cut(rows)?),
			None => own.map(|own| Cut { split: own.split, rows }),
		};
		let mut models = vec![("repeat-last".to_string(), Model::RepeatLast), ("seasonal".to_string(), Model::Seasonal)];
		if let Some(cut) = &cut {
			values.truncate(cut.rows * channels);
			let (train, validation) = (cut.split.train_end, cut.split.validation_end);
			// A model of several files has a mean of ridges of all of them, which are not available here.
			if train > 0 && train < validation && (own.is_none() || model_file.data.files.len() == 1) {
				let part = SplitSeries { series: values.clone(), split: cut.split };
				let data = ForecastSpec::from(program).training_set(vec![(file.into(), part)])?;
				models.extend(mean_of_ridges(&data)?.map(|mean| (MEAN_OF_RIDGES.to_string(), mean)));
			}
		}
		let mean_of_ridges = models.len() > 2;
		models.push((format!("this {}", model_file.family), loaded.model.clone()));
		let errors = |(part, targets): (Part, Range<usize>)| {
			let models = models
				.iter()
				.map(|(name, model)| (name.clone(), StepErrors::compute(model, program, &values, targets.clone())))
				.collect();
			PartErrors { part, models }
		};
		let parts: Vec<PartErrors> =
			parts(cut.as_ref(), rows).into_iter().map(errors).filter(|part| part.models[0].1.windows > 0).collect();
		ensure!(!parts.is_empty(), "no window has its targets in the parts of this split: choose another --split");
		if let Some(stored) = own.and_then(|own| own.error.validation) {
			check_stored_error(stored, &parts)?;
		}
		let scale = ErrorScale::new(program, loaded.unit, loaded.deviation);
		Ok(Self { same_data: known.is_some(), mean_of_ridges, scale, parts })
	}
}

/// Returns the mean of ridges that `domain create` would hand in for a domain of this data; `None` if it has no solution.
fn mean_of_ridges(data: &Dataset) -> Result<Option<Model>> {
	let Some(window) = data.longest_linear_window() else { return Ok(None) };
	match data.mean_linear_model(window, 0) {
		Ok(mean) => Ok(Some(Model::Net(mean.net.clone()))),
		Err(Error::Singular { .. }) => Ok(None),
		Err(error) => Err(explain(error)),
	}
}

/// Returns the parts of a series and the rows of their targets.
fn parts(cut: Option<&Cut>, rows: usize) -> Vec<(Part, Range<usize>)> {
	let Some(Cut { split, rows }) = cut else { return vec![(Part::All, 0..rows)] };
	let (train, validation) = (split.train_end as usize, split.validation_end as usize);
	let mut parts = Vec::new();
	if train == validation {
		parts.push((Part::Training, 0..train));
	}
	parts.extend([(Part::Validation, train..validation), (Part::Test, validation..*rows)]);
	parts
}

/// Checks the validation error against that in the model file.
fn check_stored_error(stored: u64, parts: &[PartErrors]) -> Result<()> {
	let Some(part) = parts.iter().find(|part| part.part == Part::Validation) else { return Ok(()) };
	let computed = part.models.last().map_or(0, |(_, steps)| steps.total());
	if computed != stored {
		bail!(
			"the model file has an error sum of {stored} on validation, and {computed} is computed here from the same data: the \
			file was \
			written by another version of this program"
		);
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{fixtures::model_file, model_file::ModelFile};
	use doin_primitives::Split;

	fn values() -> Vec<i32> {
		(0..600).map(|at| at % 8 * 100 + at * at % 13).collect()
	}

	fn load(file: &ModelFile) -> LoadedModel {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("m.doin");
		file.write(&path).unwrap();
		LoadedModel::read(&path).unwrap()
	}

	/// A model file of a training on `values`, with its own validation error.
	fn of_values() -> ModelFile {
		let mut file = model_file(0);
		let record = &mut file.data.files[0];
		(record.hash, record.error.validation) = (hex::encode(data_hash(&values())), None);
		let evaluation = Evaluation::new(&load(&file), "a.csv", values(), None).unwrap();
		file.data.files[0].error.validation = Some(evaluation.parts[0].models[3].1.total());
		file
	}

	fn names(evaluation: &Evaluation) -> Vec<String> {
		evaluation.parts.iter().map(|part| part.part.to_string()).collect()
	}

	#[test]
	fn a_file_of_the_training_is_split_as_in_the_training() {
		let loaded = load(&of_values());
		let own = Evaluation::new(&loaded, "a.csv", values(), None).unwrap();
		assert_eq!((own.same_data, own.mean_of_ridges, names(&own)), (true, true, vec!["validation".into(), "test".into()]));
		assert_eq!(
			own.parts[0].models.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
			["repeat-last", "seasonal", "mean of ridges", "this linear"]
		);
		assert_eq!(own.parts[0].naive(), 1);
		let grown = [values(), vec![1; 50]].concat();
		assert_eq!(Evaluation::new(&loaded, "a.csv", grown, None).unwrap().parts[1].models[0].1.windows, 120 + 50 - 3);
		let mut other = values();
		other[3] += 1;
		let other = Evaluation::new(&loaded, "b.csv", other, None).unwrap();
		assert_eq!((other.same_data, other.mean_of_ridges, names(&other)), (false, false, vec!["all windows".into()]));
	}

	#[test]
	fn a_file_that_only_trains_has_a_training_part() {
		let mut file = of_values();
		file.data.files[0].split = Split { train_end: 600, validation_end: 600 };
		let evaluation = Evaluation::new(&load(&file), "a.csv", values(), None).unwrap();
		assert_eq!(names(&evaluation), ["training"]);
	}

	#[test]
	fn a_changed_error_and_too_few_rows_are_rejected() {
		let mut file = of_values();
		file.data.files[0].error.validation = Some(5);
		let refusal = |values, rule: Option<&str>| {
			let rule = rule.map(|rule| rule.parse::<SplitRule>().unwrap());
			format!("{:#}", Evaluation::new(&load(&file), "a.csv", values, rule.as_ref()).unwrap_err())
		};
		assert!(refusal(values(), None).contains("error sum of 5"));
		assert!(refusal(values()[..19].to_vec(), None).contains("19 rows, and the model needs 20"));
		assert!(refusal(values(), Some("700/100")).contains("800 rows"));
	}
}
