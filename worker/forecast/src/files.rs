//! Files of a training: what each of them is used for.

use crate::{
	quantise::Quantised,
	series::ReadOptions,
	spec::ForecastSpec,
	split::{Cut, SplitRule},
	table::{SeriesSource, Table},
};
use anyhow::{bail, Context, Result};
use doin_compute::SplitSeries;
use doin_primitives::Split;

/// Files of a training.
#[derive(Clone, Debug)]
pub struct FileSet {
	/// Files that train. The first one determines season and raw units. No window reaches from one file into another.
	pub training: Vec<SeriesSource>,
	/// Files that validate. If there are any, the training files train as a whole.
	pub validation: Vec<SeriesSource>,
	/// Files that test.
	pub test: Vec<SeriesSource>,
	/// Column to forecast; the only column of numbers if `None`.
	pub column: Option<String>,
	/// Further columns, times and gaps.
	pub options: ReadOptions,
	/// Split of each training file if there are no validation files.
	pub split: SplitRule,
}

/// A file that was read and split.
pub struct TrainingFile {
	/// Columns of the file.
	pub table: Table,
	/// Rows that are used, in raw units, and their split.
	pub part: SplitSeries,
}

/// Use of a file.
#[derive(Clone, Copy)]
enum Use {
	/// Training, validation and test, as the rule splits the file.
	Split,
	Training,
	Validation,
	Test,
}

impl FileSet {
	/// Reads the first file.
	///
	/// # Errors
	///
	/// Errors if there is none, or if [`Table::read`] does.
	pub fn first(&self) -> Result<Table> {
		let source = self.training.first().context("--csv: name a file to train on")?;
		Table::read(source, self.column.as_deref(), &self.options)
	}

	/// Reads the other files in the raw units of the first, and splits all of them.
	///
	/// # Errors
	///
	/// Errors if a file cannot be read, does not fit the units, or is too short for its use.
	pub fn read(&self, first: Table, raw: Quantised, spec: &ForecastSpec) -> Result<Vec<TrainingFile>> {
		let column = first.column.clone();
		let training = if self.validation.is_empty() { Use::Split } else { Use::Training };
		let mut files = vec![self.split(first, raw.values, training, spec)?];
		let more = self.training.iter().skip(1).map(|source| (source, training));
		let more = more.chain(self.validation.iter().map(|source| (source, Use::Validation)));
		for (source, purpose) in more.chain(self.test.iter().map(|source| (source, Use::Test))) {
			let table = Table::read(source, Some(&column), &self.options)?;
			let values = table.raw(raw.quantum, &raw.inputs)?;
			files.push(self.split(table, values, purpose, spec)?);
		}
		Ok(files)
	}

	fn split(&self, table: Table, mut series: Vec<i32>, purpose: Use, spec: &ForecastSpec) -> Result<TrainingFile> {
		let rows = table.rows();
		let needed = usize::from(spec.history) + usize::from(spec.horizon);
		if matches!(purpose, Use::Validation | Use::Test) && rows < needed {
			bail!(
				"{} has {rows} rows, and {needed} are needed: a history of {} and a horizon of {} steps",
				table.file,
				spec.history,
				spec.horizon
			);
		}
		let whole = |train_end: usize, validation_end: usize| Cut {
			split: Split { train_end: train_end as u32, validation_end: validation_end as u32 },
			rows,
		};
		let Cut { split, rows } = match purpose {
			Use::Split => self.split.cut(rows).with_context(|| format!("{} cannot be split", table.file))?,
			Use::Training => whole(rows, rows),
			Use::Validation => whole(0, rows),
			Use::Test => whole(0, 0),
		};
		series.truncate(rows * usize::from(spec.channels));
		Ok(TrainingFile { table, part: SplitSeries { series, split } })
	}
}

impl TrainingFile {
	/// Returns the number of rows that are used.
	pub fn rows(&self, channels: u8) -> usize {
		self.part.series.len() / usize::from(channels)
	}

	/// Returns the number of rows of each part as text.
	pub fn describe(&self, channels: u8) -> String {
		let Split { train_end, validation_end } = self.part.split;
		let test = self.rows(channels) - validation_end as usize;
		format!("{train_end} train, {} validate, {test} test", validation_end - train_end)
	}
}

/// Returns the standard deviation of the first channel over the training parts, in raw units.
pub fn deviation(files: &[TrainingFile], channels: u8) -> f64 {
	let parts = files.iter().map(|file| &file.part);
	let values = parts.flat_map(|part| part.series.iter().step_by(channels.into()).take(part.split.train_end as usize));
	let values: Vec<f64> = values.map(|value| f64::from(*value)).collect();
	let count = values.len().max(1) as f64;
	let mean = values.iter().sum::<f64>() / count;
	(values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::series::Series;
	use doin_scoring::Target;

	#[test]
	fn deviations_are_those_of_the_first_channel_in_the_training_parts() {
		let file = |series: &[i32], train_end| TrainingFile {
			table: Table { file: "a".into(), column: "v".into(), inputs: vec!["w".into()], series: Series::default() },
			part: SplitSeries { series: series.to_vec(), split: Split { train_end, validation_end: train_end } },
		};
		let files = [file(&[1, 90, 1, 70, 900, 5], 2), file(&[5, 0, 5, 9], 2), file(&[77, 1], 0)];
		assert_eq!(deviation(&files, 2), 2.0);
		assert_eq!(files[0].describe(2), "2 train, 0 validate, 1 test");
	}

	#[test]
	fn each_file_is_split_by_its_use() {
		let folder = tempfile::tempdir().unwrap();
		let write = |name: &str, rows: usize| {
			let text: String = std::iter::once("v\n".into()).chain((0..rows).map(|at| format!("{}\n", at % 9))).collect();
			std::fs::write(folder.path().join(name), text).unwrap();
			SeriesSource { path: folder.path().join(name), rows: None }
		};
		let mut set = FileSet {
			training: vec![write("a.csv", 100)],
			validation: vec![write("b.csv", 40)],
			test: vec![write("c.csv", 30)],
			column: None,
			options: ReadOptions::default(),
			split: "70/15".parse().unwrap(),
		};
		let spec = ForecastSpec { horizon: 2, history: 8, season: 1, channels: 1, target: Target::Values };
		let splits = |set: &FileSet| {
			let first = set.first().unwrap();
			let raw = first.series.quantise(2, Some(1.0)).unwrap();
			let files = set.read(first, raw, &spec)?;
			Ok::<_, anyhow::Error>(files.iter().map(|file| file.describe(1)).collect::<Vec<_>>())
		};
		let each = ["100 train, 0 validate, 0 test", "0 train, 40 validate, 0 test", "0 train, 0 validate, 30 test"];
		assert_eq!(splits(&set).unwrap(), each);
		set.validation[0].rows = Some(9);
		assert!(format!("{:#}", splits(&set).unwrap_err()).contains("b.csv has 9 rows, and 10 are needed"));
		set.validation.clear();
		assert_eq!(splits(&set).unwrap()[0], "70 train, 15 validate, 15 test");
	}
}
