//! `evaluate` of a model of rows.

use super::OnFile;
use crate::{
	commands::row_figures::{class_figures, class_table, value_table, ClassFigures, RowFigures},
	report::{entry, table, write_table, LEFT, RIGHT},
	row_args::row_options,
	work::threads,
};
use anyhow::{ensure, Result};
use doin_compute::thread_pool;
use doin_forecast::rows::{LabelMap, LoadedRowModel, RowEvaluation, RowTable, Wanted};
use serde::Serialize;
use std::{
	collections::BTreeMap,
	fmt::{self, Display, Formatter},
};

/// Evaluates a model of rows, and prints the report.
///
/// # Errors
///
/// Errors if the file has no labels or does not fit the model.
pub(super) fn run(args: &OnFile, loaded: &LoadedRowModel) -> Result<()> {
	ensure!(
		args.split.is_none(),
		"--split is not used for a model of rows: a file of the training has the parts of the training, and all rows of other data count"
	);
	let table = read(loaded, &args.data, args.rows.label.as_deref(), false)?;
	let evaluation = thread_pool(threads(args.cores))?.install(|| RowEvaluation::new(loaded, &table))?;
	evaluation.notes.iter().for_each(|note| eprintln!("{note}"));
	args.output.print(&RowEvaluateReport::new(loaded, &table, &evaluation))
}

/// Reads the columns of a model from a file.
///
/// # Errors
///
/// Errors if options of a series are given, or if the file cannot be used.
pub fn read(
	loaded: &LoadedRowModel,
	data: &crate::args::DataArgs,
	label: Option<&str>,
	label_is_optional: bool,
) -> Result<RowTable> {
	let columns = &data.columns;
	let options = columns.options();
	ensure!(
		columns.column.is_none(),
		"--column is the column of a series, and the model reads rows: name the labels with --label"
	);
	ensure!(
		options.time.is_none() && options.clock == Default::default(),
		"options of times are those of a series, and the model reads rows: omit them"
	);
	let mapping = &loaded.file.mapping;
	let values = matches!(mapping.labels, LabelMap::Values(_));
	let fill = mapping.features.iter().any(|map| map.fill.is_some());
	let mut options = row_options(label, values, options)?;
	// A model that was trained with gaps fills them.
	options.fill |= fill;
	let (features, labels) = (mapping.columns(), mapping.labels.columns());
	RowTable::read(&data.csv, &options, Wanted::Model { features: &features, labels: &labels, label_is_optional })
}

/// Report of `evaluate` for rows.
#[derive(Debug, Serialize)]
struct RowEvaluateReport {
	model: String,
	genes: BTreeMap<String, u64>,
	file: String,
	/// Columns of the labels.
	label: Vec<String>,
	/// Columns of the features.
	features: Vec<String>,
	same_data: bool,
	parts: Vec<PartReport>,
	/// Remarks on the file.
	notes: Vec<String>,
	/// Description of the model.
	#[serde(skip)]
	description: String,
	#[serde(skip)]
	ridge: bool,
	#[serde(skip)]
	labels: LabelMap,
}

/// Errors on one part.
#[derive(Debug, Serialize)]
struct PartReport {
	name: String,
	rows: usize,
	models: Vec<ModelReport>,
	/// Classes, and what the model takes their rows for; empty for values.
	classes: Vec<ClassFigures>,
	/// Number of rows that the model takes for each class: `confusion[actual][predicted]`; empty for values.
	confusion: Vec<Vec<u64>>,
}

/// Errors of one model on a part.
#[derive(Debug, Serialize)]
struct ModelReport {
	name: String,
	#[serde(flatten)]
	figures: RowFigures,
}

impl RowEvaluateReport {
	fn new(loaded: &LoadedRowModel, table: &RowTable, evaluation: &RowEvaluation) -> Self {
		let labels = &loaded.file.mapping.labels;
		let parts = evaluation.parts.iter().map(|part| {
			let (constant, own) = (&part.models[0].1, &part.models[part.models.len() - 1].1);
			let model = |(name, errors): &(String, _)| ModelReport {
				name: name.clone(),
				figures: RowFigures::new(labels, errors, constant),
			};
			PartReport {
				name: part.part.to_string(),
				rows: own.rows,
				models: part.models.iter().map(model).collect(),
				classes: class_figures(labels, own),
				confusion: own.confusion.clone(),
			}
		});
		Self {
			model: loaded.file.family.clone(),
			genes: loaded.file.genes.clone(),
			file: table.file.clone(),
			label: table.label_columns.clone(),
			features: table.features.clone(),
			same_data: evaluation.same_data,
			parts: parts.collect(),
			notes: evaluation.notes.iter().map(ToString::to_string).collect(),
			description: loaded.describe(),
			ridge: evaluation.ridge,
			labels: labels.clone(),
		}
	}

	/// Returns a description of the relation between data and training.
	fn describe_data(&self) -> &'static str {
		match self.same_data {
			true => "a file of the training; only rows that did not train it count",
			false => "other data than that of the training; all rows count",
		}
	}
}

impl Display for RowEvaluateReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "model", &self.description)?;
		let ridge = if self.ridge { "" } else { "; no ridge, since no part of this data trains one" };
		entry(f, "data", format_args!("{} of {}: {}{ridge}", self.label.join(", "), self.file, self.describe_data()))?;
		for part in &self.parts {
			let title = format!("{} rows", part.rows);
			let mut errors = table([(title.as_str(), LEFT), (RowFigures::title(&self.labels), RIGHT), ("better", RIGHT)]);
			for model in &part.models {
				errors.add_row([model.name.clone(), model.figures.shown(), model.figures.better()]);
			}
			write_table(f, &part.name, &errors)?;
		}
		let Some(part) = self.parts.last() else { return Ok(()) };
		entry(f, "", format_args!("better: than the {} of the training rows", part.models[0].name))?;
		match &self.labels {
			LabelMap::Classes(_) => write_table(f, "classes", &class_table(&part.classes, &part.name)),
			LabelMap::Values(maps) if maps.len() > 1 => {
				let models = part.models.iter().map(|model| (model.name.as_str(), &model.figures));
				write_table(f, "columns", &value_table(maps, models, &part.name))
			}
			LabelMap::Values(_) => Ok(()),
		}
	}
}
