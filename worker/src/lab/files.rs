//! The files of a training, and what each of them is for.

use super::series::{ColumnArgs, Cut, Question, Source, Table};
use crate::csv_series::Quantised;
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_compute::CutSeries;
use doin_primitives::Split;

/// Which files.
#[derive(Clone, Debug, Args)]
pub struct FileArgs {
	/// A file; its first line holds the names of its columns. Given several times, one model is trained on all of them, and no window
	/// reaches from one into another. FILE:1000 takes its first 1000 rows.
	#[arg(long, value_name = "FILE[:ROWS]", required = true)]
	pub csv: Vec<Source>,
	/// Validate on this file, and train on the whole of the others. It can be given several times.
	#[arg(long, value_name = "FILE[:ROWS]", conflicts_with = "split")]
	validation_csv: Vec<Source>,
	/// Test on this file. It can be given several times.
	#[arg(long, value_name = "FILE[:ROWS]", requires = "validation_csv")]
	test_csv: Vec<Source>,
	#[command(flatten)]
	pub columns: ColumnArgs,
	/// What trains and what validates, in per cent or rows of each file; the rest is the test, or as much of it as a third part says.
	#[arg(long, value_name = "TRAIN/VAL", default_value = "70/15", help_heading = "Question")]
	split: Cut,
}

/// A file as it was read and cut.
pub struct File {
	/// Its columns.
	pub table: Table,
	/// The rows that are used, in raw units.
	pub part: CutSeries,
}

/// What a file is for.
#[derive(Clone, Copy)]
enum Use {
	/// Every part, as `--split` says.
	Cut,
	Training,
	Validation,
	Test,
}

impl FileArgs {
	/// The first file, which says what season and units are.
	pub fn first(&self) -> Result<Table> {
		Table::read(self.csv.first().context("--csv: name a file to train on")?, &self.columns)
	}

	/// Every file in the units of the first one.
	pub fn read(&self, first: Table, raw: Quantised, question: &Question) -> Result<Vec<File>> {
		let columns = ColumnArgs { column: Some(first.column.clone()), ..self.columns.clone() };
		let trains = if self.validation_csv.is_empty() { Use::Cut } else { Use::Training };
		let mut files = vec![self.cut(first, raw.values, trains, question)?];
		let more = self.csv.iter().skip(1).map(|source| (source, trains));
		let more = more.chain(self.validation_csv.iter().map(|source| (source, Use::Validation)));
		for (source, what) in more.chain(self.test_csv.iter().map(|source| (source, Use::Test))) {
			let table = Table::read(source, &columns)?;
			let values = table.raw(raw.quantum, &raw.inputs)?;
			files.push(self.cut(table, values, what, question)?);
		}
		Ok(files)
	}

	fn cut(&self, table: Table, mut series: Vec<i32>, what: Use, question: &Question) -> Result<File> {
		let rows = table.rows();
		let needed = usize::from(question.history) + usize::from(question.horizon);
		if matches!(what, Use::Validation | Use::Test) && rows < needed {
			bail!(
				"{} has {rows} rows, and {needed} are needed: {} to read and {} to compare with",
				table.file,
				question.history,
				question.horizon
			);
		}
		let whole = |train_end: usize, validation_end: usize| {
			(Split { train_end: train_end as u32, validation_end: validation_end as u32 }, rows)
		};
		let (split, end) = match what {
			Use::Cut => self.split.of(rows).with_context(|| format!("{} cannot be split", table.file))?,
			Use::Training => whole(rows, rows),
			Use::Validation => whole(0, rows),
			Use::Test => whole(0, 0),
		};
		series.truncate(end * usize::from(question.channels));
		Ok(File { table, part: CutSeries { series, split } })
	}
}

impl File {
	/// Rows that are used.
	pub fn rows(&self, channels: usize) -> usize {
		self.part.series.len() / channels
	}

	/// How many of them are for what.
	pub fn describe(&self, channels: usize) -> String {
		let Split { train_end, validation_end } = self.part.split;
		let test = self.rows(channels) - validation_end as usize;
		format!("{train_end} train, {} validate, {test} test", validation_end - train_end)
	}
}

/// Standard deviation of the first channel in what trains, in raw units.
pub fn deviation(files: &[File], channels: usize) -> f64 {
	let parts = files.iter().map(|file| &file.part);
	let values = parts.flat_map(|part| part.series.iter().step_by(channels).take(part.split.train_end as usize));
	let values: Vec<f64> = values.map(|value| f64::from(*value)).collect();
	let count = values.len().max(1) as f64;
	let mean = values.iter().sum::<f64>() / count;
	(values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn deviations_are_those_of_the_first_channel_where_it_trains() {
		let file = |series: &[i32], train_end| File {
			table: Table {
				file: "a".into(),
				column: "v".into(),
				inputs: vec!["w".into()],
				series: crate::csv_series::Series { values: Vec::new(), inputs: Vec::new(), filled: 0, clock: None },
			},
			part: CutSeries { series: series.to_vec(), split: Split { train_end, validation_end: train_end } },
		};
		let files = [file(&[1, 90, 1, 70, 900, 5], 2), file(&[5, 0, 5, 9], 2), file(&[77, 1], 0)];
		assert_eq!(deviation(&files, 2), 2.0);
		assert_eq!(files[0].describe(2), "2 train, 0 validate, 1 test");
	}
}
