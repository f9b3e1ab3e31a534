//! Report of a training of rows.

use super::plan::RowPlan;
use crate::{
	commands::{
		genes::{describe_row_candidate, named_row_genes},
		row_figures::{class_figures, class_table, value_table, ClassFigures, RowFigures},
		train::{
			candidates::{write_files, write_population, CandidateReport},
			next_command::NextCommand,
			population::TrainedCandidate,
		},
	},
	report::{entry, table, write_table, LEFT, RIGHT},
};
use doin_compute::Executor;
use doin_forecast::{
	decimal,
	rows::{labels::ValueMap, model_file::features_text, Arrangement, LabelMap, RowErrors, RowMapping},
	ModelFamily,
};
use doin_scoring::{rows::Image, verdict::total};
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
};

/// Columns whose ranges the text lists.
const RANGES: usize = 16;

/// Plan of a training as text, for the time until the report.
pub struct PlanText<'a> {
	/// Plan of the training.
	pub plan: &'a RowPlan,
	/// Executor that trains.
	pub executor: &'a Executor,
}

impl Display for PlanText<'_> {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let sets = &self.plan.sets;
		let rows: usize = sets.files.iter().map(|file| file.rows).sum();
		let files: Vec<&str> = sets.files.iter().map(|file| file.file.as_str()).collect();
		entry(f, "rows", format_args!("{rows} of {}; {}", files.join(", "), sets.describe()))?;
		entry(f, "features", format_args!("{}, as bytes: {}", features_text(&sets.mapping), describe_ranges(&sets.mapping)))?;
		entry(f, "labels", describe_labels(&sets.mapping.labels))?;
		let devices: String = self.executor.devices().all().iter().map(|device| format!("; {}", device.name())).collect();
		let backend = self.plan.data.backend().name();
		entry(f, "trained by", format_args!("{} threads with {backend}{devices}", self.executor.threads()))
	}
}

/// Returns the range of each column as text.
fn describe_ranges(mapping: &RowMapping) -> String {
	let maps = &mapping.features;
	if let (Some(_), Some(map)) = (mapping.image, maps.first()) {
		return format!("{} to {} for all pixels", decimal(map.least), decimal(map.greatest));
	}
	let ranges =
		maps.iter().take(RANGES).map(|map| format!("{} {} to {}", map.column, decimal(map.least), decimal(map.greatest)));
	let more = maps.len().saturating_sub(RANGES);
	let more = if more > 0 { format!(", and {more} more") } else { String::new() };
	ranges.collect::<Vec<_>>().join(", ") + &more
}

/// Returns the labels as text.
fn describe_labels(labels: &LabelMap) -> String {
	match labels {
		LabelMap::Classes(classes) => format!("{}: {} classes, {}", classes.column, classes.classes.len(), classes.listed()),
		LabelMap::Values(maps) => {
			let describe =
				|map: &ValueMap| format!("{} in steps of {} around {}", map.column, decimal(map.unit), decimal(map.offset));
			maps.iter().map(describe).collect::<Vec<_>>().join(", ")
		}
	}
}

/// Report of a training of rows.
#[derive(Debug, Serialize)]
pub struct RowTrainReport {
	family: ModelFamily,
	files: Vec<FileReport>,
	/// Order and parts of the rows.
	arrangement: Arrangement,
	/// Map from columns to bytes, and of the labels.
	mapping: MappingReport,
	models: Vec<ModelReport>,
	/// Classes on the test, or on validation if there is none; empty for values.
	classes: Vec<ClassFigures>,
	bytes: usize,
	row_macs: u64,
	/// Candidates, the best on validation first.
	candidates: Vec<CandidateReport>,
	/// Seconds of the whole training.
	pub seconds: f64,
	/// Remarks on the files and the candidates.
	pub notes: Vec<String>,
	/// File of the model and the command that uses it; `None` if the model is not kept.
	#[serde(skip)]
	pub next: Option<NextCommand>,
	/// Files of the learning curve, empty if there is no curve; `None` if none was requested.
	#[serde(skip)]
	pub curve_files: Option<Vec<PathBuf>>,
	#[serde(skip)]
	labels: LabelMap,
}

/// File of a training.
#[derive(Debug, Serialize)]
struct FileReport {
	file: String,
	rows: usize,
}

/// Map from columns to bytes.
#[derive(Debug, Serialize)]
struct MappingReport {
	features: Vec<FeatureReport>,
	image: Option<Image>,
	/// Column of the classes; `None` for values.
	label: Option<String>,
	/// Text of each class; `None` for values.
	classes: Option<Vec<String>>,
	/// Columns of values; `None` for classes.
	values: Option<Vec<ValueReport>>,
}

/// Column of features, and its range.
#[derive(Debug, Serialize)]
struct FeatureReport {
	column: String,
	least: f64,
	greatest: f64,
}

/// Column of values.
#[derive(Debug, Serialize)]
struct ValueReport {
	column: String,
	offset: f64,
	unit: f64,
	deviation: f64,
}

/// Errors of a model on validation and test.
#[derive(Debug, Serialize)]
struct ModelReport {
	name: String,
	validation: RowFigures,
	test: Option<RowFigures>,
}

impl From<&RowMapping> for MappingReport {
	fn from(mapping: &RowMapping) -> Self {
		let feature = |map: &doin_forecast::rows::bytes::ByteMap| FeatureReport {
			column: map.column.clone(),
			least: map.least,
			greatest: map.greatest,
		};
		let value = |map: &ValueMap| ValueReport {
			column: map.column.clone(),
			offset: map.offset,
			unit: map.unit,
			deviation: map.deviation,
		};
		let (label, classes, values) = match &mapping.labels {
			LabelMap::Classes(classes) => (Some(classes.column.clone()), Some(classes.classes.clone()), None),
			LabelMap::Values(maps) => (None, None, Some(maps.iter().map(value).collect())),
		};
		Self { features: mapping.features.iter().map(feature).collect(), image: mapping.image, label, classes, values }
	}
}

impl RowTrainReport {
	/// Returns the report of `trained` candidates, the chosen one first.
	pub fn new(plan: &RowPlan, trained: &[TrainedCandidate]) -> Self {
		let labels = &plan.sets.mapping.labels;
		let chosen = trained.first().map(|one| (format!("this {}", plan.family), one.model.clone()));
		let errors: Vec<(String, [RowErrors; 2])> =
			plan.baselines.iter().cloned().chain(chosen).map(|(name, model)| (name, plan.errors(&model))).collect();
		let constant = &errors[0].1;
		let model = |(name, [validation, test]): &(String, [RowErrors; 2])| ModelReport {
			name: name.clone(),
			validation: RowFigures::new(labels, validation, &constant[0]),
			test: (test.rows > 0).then(|| RowFigures::new(labels, test, &constant[1])),
		};
		let shown_part = errors.last().map(|(_, [validation, test])| if test.rows > 0 { test } else { validation });
		let candidate = |one: &TrainedCandidate| {
			let error = total(&one.errors.validation);
			let scaled = RowErrors { errors: vec![error], ..constant[0].clone() };
			let shown = match labels {
				LabelMap::Values(maps) if maps.len() > 1 => error.to_string(),
				_ => RowFigures::new(labels, &scaled, &constant[0]).shown(),
			};
			CandidateReport::new(plan.family, one, named_row_genes, describe_row_candidate, shown)
		};
		let chosen = trained.first().map(|one| &one.model);
		Self {
			family: plan.family,
			files: plan.sets.files.iter().map(|file| FileReport { file: file.file.clone(), rows: file.rows }).collect(),
			arrangement: plan.sets.arrangement,
			mapping: (&plan.sets.mapping).into(),
			classes: shown_part.map_or(Vec::new(), |part| class_figures(labels, part)),
			models: errors.iter().map(model).collect(),
			bytes: chosen.map_or(0, |model| model.to_bytes().len()),
			row_macs: chosen.map_or(0, |model| model.macs()),
			candidates: trained.iter().map(candidate).collect(),
			seconds: 0.0,
			notes: Vec::new(),
			next: None,
			curve_files: None,
			labels: labels.clone(),
		}
	}

	/// Returns the name of the part that classes and columns are shown for.
	fn shown_part(&self) -> &'static str {
		if self.models.iter().any(|model| model.test.is_some()) {
			"test"
		} else {
			"validation"
		}
	}

	fn write_model(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Some(chosen) = self.candidates.first() else { return Ok(()) };
		chosen.write(f, "no epoch was better than the first weights: try other genes, e.g. --rate, --blend or --no-skip")?;
		entry(f, "", format_args!("{} bytes, {} multiply-accumulates per row", self.bytes, self.row_macs))
	}

	fn write_errors(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let title = RowFigures::title(&self.labels);
		let mut errors = table([(title, LEFT), ("validation", RIGHT), ("better", RIGHT), ("test", RIGHT), ("better", RIGHT)]);
		let cells = |figures: Option<&RowFigures>| match figures {
			Some(figures) => [figures.shown(), figures.better()],
			None => ["-".into(), "-".into()],
		};
		for model in &self.models {
			let [a, b] = cells(Some(&model.validation));
			let [c, d] = cells(model.test.as_ref());
			errors.add_row([model.name.clone(), a, b, c, d]);
		}
		write_table(f, "errors", &errors)?;
		entry(f, "", format_args!("better: than the {} of the training rows", self.models[0].name))
	}
}

impl Display for RowTrainReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let title = match &self.labels {
			LabelMap::Values(maps) if maps.len() > 1 => "error sum",
			labels => RowFigures::title(labels),
		};
		write_population(f, &self.candidates, title)?;
		self.write_model(f)?;
		self.write_errors(f)?;
		match &self.labels {
			LabelMap::Classes(_) => write_table(f, "classes", &class_table(&self.classes, self.shown_part()))?,
			LabelMap::Values(maps) if maps.len() > 1 => {
				let figures = |model: &'_ ModelReport| model.test.clone().unwrap_or_else(|| model.validation.clone());
				let models: Vec<(&str, RowFigures)> =
					self.models.iter().map(|model| (model.name.as_str(), figures(model))).collect();
				let models = models.iter().map(|(name, figures)| (*name, figures));
				write_table(f, "columns", &value_table(maps, models, self.shown_part()))?;
			}
			LabelMap::Values(_) => {}
		}
		write_files(f, self.curve_files.as_deref(), self.next.as_ref())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::args::ReadArgs;
	use doin_forecast::rows::labels::ClassMap;
	use std::path::Path;

	fn figures(rate: f64) -> RowFigures {
		RowFigures {
			error_rate: Some(rate),
			wrong: Some((rate * 100.0) as u64),
			mae: None,
			scaled: None,
			error: (rate * 1_600.0) as u64,
			better_percent: 100.0 * (1.0 - rate / 0.5),
		}
	}

	fn report() -> RowTrainReport {
		let labels = LabelMap::Classes(ClassMap { column: "y".into(), classes: vec!["A".into(), "B".into()] });
		let mapping = RowMapping { features: Vec::new(), image: None, labels: labels.clone() };
		let model = |name: &str, rate| ModelReport { name: name.into(), validation: figures(rate), test: Some(figures(rate)) };
		let candidate = CandidateReport {
			genes: [("width", 8)].into(),
			validation_error: 400,
			best_epoch: Some(3),
			epochs: Some(5),
			seconds: 1.0,
			description: "mlp: width 8".into(),
			shown: "25.00 %".into(),
			requested: 8,
		};
		RowTrainReport {
			family: ModelFamily::Mlp,
			files: vec![FileReport { file: "a.csv".into(), rows: 1_000 }],
			arrangement: Arrangement { rows: 1_000, shuffled: 1_000, train_end: 800, validation_end: 900, test_end: 1_000 },
			mapping: (&mapping).into(),
			models: vec![model("majority class", 0.5), model("this mlp", 0.25)],
			classes: vec![ClassFigures { label: "A".into(), rows: 4, wrong: 1, taken_for: Vec::new() }],
			bytes: 100,
			row_macs: 200,
			candidates: vec![candidate],
			seconds: 1.5,
			notes: vec!["note: a".into()],
			next: Some(NextCommand::predict(Path::new("m.doin"), &Path::new("a.csv").into(), &ReadArgs::default(), "rows")),
			curve_files: None,
			labels,
		}
	}

	#[test]
	fn the_text_shows_the_model_its_errors_and_classes() {
		let expected = "\
model       mlp: width 8
            net of epoch 3 of 8, stopped after 5; 1.00 s
            100 bytes, 200 multiply-accumulates per row
errors      wrong           validation   better     test   better
            majority class     50.00 %   0.00 %  50.00 %   0.00 %
            this mlp           25.00 %  50.00 %  25.00 %  50.00 %
            better: than the majority class of the training rows
classes     class, test  rows    wrong  taken for
            A               4  25.00 %
saved       m.doin: doin-worker predict --model m.doin --csv a.csv
";
		assert_eq!(report().to_string(), expected);
	}

	#[test]
	fn json_has_the_keys_that_scripts_read() {
		let json = serde_json::to_value(report()).unwrap();
		assert_eq!((&json["models"][1]["test"]["error_rate"], &json["models"][1]["test"]["wrong"]), (&0.25.into(), &25.into()));
		assert_eq!((&json["mapping"]["classes"], &json["mapping"]["label"]), (&serde_json::json!(["A", "B"]), &"y".into()));
		assert_eq!((&json["arrangement"]["train_end"], &json["classes"][0]["wrong"]), (&800.into(), &1.into()));
		assert_eq!((&json["notes"], &json["family"]), (&serde_json::json!(["note: a"]), &"mlp".into()));
		assert!(json["next"].is_null() && json["labels"].is_null() && json["candidates"][0]["shown"].is_null());
	}
}
