//! `evaluate`: errors of a saved model on a series or on rows, beside simple models, and those of a model of a tolerance domain.

mod rows;
mod tolerance;

use crate::{
	args::{ColumnArgs, DataArgs, NodeArgs},
	report::{better_cell, entry, table, write_table, OutputArgs, Remarks, LEFT, RIGHT},
	row_args::RowLabelArgs,
	work::{compute, threads},
};
use anyhow::{bail, Result};
use clap::Args;
use doin_compute::thread_pool;
use doin_forecast::{
	error_scale::percent_below,
	evaluation::{Part, PartErrors},
	rows::AnyModel,
	significant,
	target::{class_range, scored_steps},
	ErrorFigures, ErrorScale, Evaluation, LoadedModel, SeriesSource, SplitRule, StepErrors, Table,
};
use doin_scoring::Target;
pub use rows::read as read_rows;
use serde::Serialize;
use std::{
	collections::BTreeMap,
	fmt::{self, Display, Formatter},
	path::PathBuf,
};

/// Arguments of `evaluate`.
#[derive(Clone, Debug, Args)]
pub struct EvaluateArgs {
	/// File that `train --out` wrote
	#[arg(long, value_name = "FILE", required_unless_present = "domain")]
	model: Option<PathBuf>,
	/// CSV file, also compressed by gzip, or - for standard input; FILE:1000 uses its first 1000 rows
	#[arg(long, value_name = "FILE[:ROWS]", required_unless_present = "domain", conflicts_with = "config")]
	csv: Option<SeriesSource>,
	#[command(flatten)]
	columns: ColumnArgs,
	#[command(flatten)]
	rows: RowLabelArgs,
	/// Parts to validate and test on, as TRAIN/VAL in per cent or rows [default: those of the training for a file of the
	/// training; all windows of other data]
	#[arg(long, value_name = "TRAIN/VAL")]
	split: Option<SplitRule>,
	/// Threads [default: all cores]
	#[arg(long, value_name = "N")]
	cores: Option<usize>,
	#[command(flatten)]
	tolerance: tolerance::DomainArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// A model file, and the data that it is evaluated on.
struct OnFile {
	model: PathBuf,
	data: DataArgs,
	rows: RowLabelArgs,
	split: Option<SplitRule>,
	cores: Option<usize>,
	output: OutputArgs,
}

/// Runs `evaluate`.
///
/// # Errors
///
/// Errors if the model or the data cannot be used.
pub async fn run(node: &NodeArgs, args: EvaluateArgs) -> Result<()> {
	let EvaluateArgs { model, csv, columns, rows, split, cores, tolerance, output } = args;
	if let Some(id) = tolerance.domain {
		return tolerance::run(node, id, model, tolerance, output).await;
	}
	let (Some(model), Some(csv)) = (model, csv) else {
		bail!("no model and no data are named: add --model FILE and --csv FILE, or --domain ID for a tolerance domain");
	};
	let on_file = OnFile { model, data: DataArgs { csv, columns }, rows, split, cores, output };
	compute(move |_| on_file.evaluate()).await
}

impl OnFile {
	fn evaluate(&self) -> Result<()> {
		let loaded = match AnyModel::read(&self.model)? {
			AnyModel::Series(loaded) => loaded,
			AnyModel::Rows(loaded) => return rows::run(self, &self.rows.mapped(*loaded)?),
		};
		self.rows.check_unused()?;
		let columns = &self.data.columns;
		let table = loaded.table(&self.data.csv, columns.column.as_deref(), &columns.options())?;
		let remarks = Remarks::default();
		remarks.add_notes(&table.series.notes);
		let values = table.raw(loaded.unit, &loaded.inputs)?;
		let evaluation =
			thread_pool(threads(self.cores))?.install(|| Evaluation::new(&loaded, &table.file, values, self.split.as_ref()))?;
		let notes = remarks.texts();
		let report = EvaluateReport::new(&loaded, &table, &evaluation, self.split.is_some());
		self.output.print(&EvaluateReport { notes, ..report })
	}
}

/// Report of `evaluate`.
#[derive(Debug, Serialize)]
struct EvaluateReport {
	model: String,
	genes: BTreeMap<String, u64>,
	file: String,
	column: String,
	inputs: Vec<String>,
	steps: Vec<u16>,
	same_data: bool,
	parts: Vec<PartReport>,
	/// Remarks on the file.
	notes: Vec<String>,
	/// Description of the model.
	#[serde(skip)]
	description: String,
	/// Reason for which there is no mean of ridges; `None` if there is one.
	#[serde(skip)]
	without_mean: Option<&'static str>,
	#[serde(skip)]
	scale: ErrorScale,
	/// Class ranges of a classification, in units of the column.
	#[serde(skip)]
	classes: Vec<String>,
}

/// Errors on one part.
#[derive(Debug, Serialize)]
struct PartReport {
	name: String,
	windows: usize,
	/// Number of windows of each class.
	came: Vec<u64>,
	most_frequent: Option<f64>,
	models: Vec<ModelReport>,
	#[serde(skip)]
	part: Part,
	/// Position of the better naive model.
	#[serde(skip)]
	naive: usize,
	/// Mean raw error of the better naive model.
	#[serde(skip)]
	naive_mean: f64,
}

/// Errors of one model on a part.
#[derive(Debug, Serialize)]
struct ModelReport {
	name: String,
	#[serde(flatten)]
	figures: ErrorFigures,
	/// Mean absolute error of each step, in units of the column; `None` for classes.
	#[serde(skip_serializing_if = "Option::is_none")]
	steps: Option<Vec<f64>>,
}

impl EvaluateReport {
	/// Returns the report of a model on a table. `is_split` is `true` if the command states the parts.
	fn new(loaded: &LoadedModel, table: &Table, evaluation: &Evaluation, is_split: bool) -> Self {
		let classes = match &loaded.program.target {
			Target::Classes(bounds) => (0..=bounds.len()).map(|class| class_range(bounds, class, loaded.unit)).collect(),
			_ => Vec::new(),
		};
		Self {
			model: loaded.file.family.clone(),
			genes: loaded.file.genes.clone(),
			file: table.file.clone(),
			column: table.column.clone(),
			inputs: table.inputs.clone(),
			steps: scored_steps(&loaded.program),
			same_data: evaluation.same_data,
			parts: evaluation.parts.iter().map(|part| PartReport::new(part, evaluation.scale)).collect(),
			notes: Vec::new(),
			description: loaded.describe(),
			without_mean: (!evaluation.mean_of_ridges).then(|| {
				let parts: Vec<Part> = evaluation.parts.iter().map(|part| part.part).collect();
				without_mean(&parts, evaluation.same_data && !is_split, loaded.file.data.files.len())
			}),
			scale: evaluation.scale,
			classes,
		}
	}

	/// Returns a description of the relation between data and training.
	fn describe_data(&self) -> &'static str {
		match (self.same_data, self.parts.first().map(|part| part.part)) {
			(true, Some(Part::Validation)) => "a file of the training; validation and test come after the rows that trained",
			(true, _) => "a file of the training",
			(false, Some(Part::All)) => "other data than that of the training; all windows count",
			(false, _) => "other data than that of the training",
		}
	}

	fn write_classes(&self, f: &mut Formatter<'_>, part: &PartReport) -> fmt::Result {
		for (class, (range, count)) in self.classes.iter().zip(&part.came).enumerate() {
			let share = 100.0 * *count as f64 / part.windows as f64;
			let label = if class == 0 { "classes" } else { "" };
			entry(f, label, format_args!("{class} ({range}): {share:.2} % of the windows of {}", part.name))?;
		}
		Ok(())
	}

	/// Writes the errors of the model step by step, beside those of the better naive model.
	fn write_steps(&self, f: &mut Formatter<'_>, part: &PartReport) -> fmt::Result {
		let (Some(own), naive) = (part.models.last(), &part.models[part.naive]) else { return Ok(()) };
		let (Some(errors), Some(baselines)) = (&own.steps, &naive.steps) else { return Ok(()) };
		let title = format!("step ahead, {}", part.name);
		let mut steps =
			table([(title.as_str(), LEFT), (own.name.as_str(), RIGHT), (naive.name.as_str(), RIGHT), ("better", RIGHT)]);
		for (step, (own, naive)) in self.steps.iter().zip(errors.iter().zip(baselines)) {
			let better = better_cell(percent_below(*own, *naive));
			steps.add_row([step.to_string(), significant(*own), significant(*naive), better]);
		}
		write_table(f, "steps", &steps)
	}
}

/// Returns the reason for which there is no mean of ridges on data with these parts. `is_own` is `true` for a file that is split as in the
/// training, which had `files` files.
fn without_mean(parts: &[Part], is_own: bool, files: usize) -> &'static str {
	let is_trained = !parts.iter().any(|part| matches!(part, Part::All | Part::Training));
	match (is_trained, is_own && files > 1) {
		(false, _) => "no part of this data trains one",
		(true, true) => "the model was trained on several files, and one of them is not enough to train it",
		(true, false) => "its equations have no solution on the training part",
	}
}

impl PartReport {
	fn new(part: &PartErrors, scale: ErrorScale) -> Self {
		let (first, naive) = (&part.models[0].1, &part.models[part.naive()].1);
		let model = |(name, errors): &(String, StepErrors)| ModelReport {
			name: name.clone(),
			figures: scale.figures(errors.mean(), errors.total(), percent_below(errors.mean(), naive.mean())),
			steps: (!scale.classes).then(|| errors.means().into_iter().map(|mean| scale.error(mean)).collect()),
		};
		Self {
			name: part.part.to_string(),
			windows: first.windows,
			came: first.class_counts.clone(),
			most_frequent: first.most_frequent(),
			models: part.models.iter().map(model).collect(),
			part: part.part,
			naive: part.naive(),
			naive_mean: naive.mean(),
		}
	}

	fn errors_table(&self, scale: ErrorScale) -> comfy_table::Table {
		let windows = format!("{} windows", self.windows);
		let scaled = |figures: &ErrorFigures| figures.scaled.map_or(String::new(), |scaled| format!("{scaled:.5}"));
		let mut errors = table([
			(windows.as_str(), LEFT),
			(scale.title(), RIGHT),
			(if scale.classes { "" } else { "scaled" }, RIGHT),
			("better", RIGHT),
		]);
		let most_frequent = self.most_frequent.map(|share| {
			let figures = scale.figures(1.0 - share, 0, percent_below(1.0 - share, self.naive_mean));
			("most frequent class", figures)
		});
		let rows = self.models.iter().map(|model| (model.name.as_str(), model.figures.clone()));
		for (name, figures) in most_frequent.into_iter().chain(rows) {
			let better = better_cell(figures.better_percent);
			errors.add_row([name.to_string(), figures.shown(), scaled(&figures), better]);
		}
		errors
	}
}

impl Display for EvaluateReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "model", &self.description)?;
		let linear = self.without_mean.map_or(String::new(), |reason| format!("; no mean of ridges, since {reason}"));
		entry(f, "data", format_args!("{} of {}: {}{linear}", self.column, self.file, self.describe_data()))?;
		for part in &self.parts {
			write_table(f, &part.name, &part.errors_table(self.scale))?;
		}
		entry(f, "", "better: than the better of repeat-last and seasonal on the same windows")?;
		if !self.scale.classes {
			let deviation = significant(self.scale.deviation);
			entry(f, "", format_args!("scaled: in standard deviations of the training part ({deviation})"))?;
		}
		match self.parts.last() {
			Some(part) if self.scale.classes => self.write_classes(f, part),
			Some(part) => self.write_steps(f, part),
			None => Ok(()),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn part(class_counts: Vec<u64>) -> PartErrors {
		let steps = |errors: [u64; 1]| StepErrors { windows: 10, errors: errors.to_vec(), class_counts: class_counts.clone() };
		let models = vec![
			("repeat-last".to_string(), steps([80])),
			("seasonal".to_string(), steps([40])),
			("this mlp".to_string(), steps([20])),
		];
		PartErrors { part: Part::Test, models }
	}

	fn report(scale: ErrorScale, classes: Vec<String>, counts: Vec<u64>) -> EvaluateReport {
		EvaluateReport {
			model: "mlp".into(),
			genes: BTreeMap::new(),
			file: "a.csv".into(),
			column: "load".into(),
			inputs: Vec::new(),
			steps: vec![3],
			same_data: false,
			parts: vec![PartReport::new(&part(counts), scale)],
			notes: Vec::new(),
			description: "mlp: forecast step 3 ahead".into(),
			without_mean: Some(without_mean(&[Part::All], false, 1)),
			scale,
			classes,
		}
	}

	#[test]
	fn the_text_shows_errors_and_steps() {
		let scale = ErrorScale { unit: 2.0, deviation: 4.0, classes: false };
		let expected = "\
model       mlp: forecast step 3 ahead
data        load of a.csv: other data than that of the training; no mean of ridges, since no part of this data trains one
test        10 windows   mean absolute error   scaled    better
            repeat-last               1.0000  0.25000  -100.00 %
            seasonal                 0.50000  0.12500    0.00 %
            this mlp                 0.25000  0.06250   50.00 %
            better: than the better of repeat-last and seasonal on the same windows
            scaled: in standard deviations of the training part (4.0000)
steps       step ahead, test  this mlp  seasonal   better
            3                  0.25000   0.50000  50.00 %
";
		let shown = report(scale, Vec::new(), Vec::new()).to_string();
		let squeeze =
			|text: &str| text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
		assert_eq!(squeeze(&shown), squeeze(expected), "{shown}");
	}

	#[test]
	fn the_reason_for_a_missing_mean_of_ridges_is_that_of_the_data() {
		let split = [Part::Validation, Part::Test];
		assert_eq!(without_mean(&[Part::All], false, 1), "no part of this data trains one");
		assert_eq!(without_mean(&[Part::Training], true, 1), "no part of this data trains one");
		assert!(without_mean(&split, true, 2).contains("trained on several files"));
		for (is_own, files) in [(true, 1), (false, 1), (false, 2)] {
			assert_eq!(without_mean(&split, is_own, files), "its equations have no solution on the training part");
		}
	}

	#[test]
	fn classes_are_shown_as_accuracy_and_shares() {
		let scale = ErrorScale { unit: 2.0, deviation: 4.0, classes: true };
		let report = report(scale, vec!["below 0".into(), "0 or more".into()], vec![3, 7]);
		let text = report.to_string();
		assert!(text.contains("accuracy") && text.contains("most frequent class"), "{text}");
		assert!(text.contains("1 (0 or more): 70.00 % of the windows of test"), "{text}");
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["parts"][0]["came"], &json["parts"][0]["most_frequent"]), (&serde_json::json!([3, 7]), &0.7.into()));
		assert_eq!(json["parts"][0]["models"][2]["accuracy"], 0.875);
		assert!(json["parts"][0]["models"][2]["steps"].is_null());
	}
}
