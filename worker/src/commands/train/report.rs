//! Report of `train`.

use super::{
	candidates::{write_files, write_population, CandidateReport},
	next_command::NextCommand,
	plan::Plan,
	population::TrainedCandidate,
};
use crate::{
	commands::genes::{describe_candidate, named_genes},
	report::{better_cell, entry, table, write_table, LEFT, RIGHT},
};
use comfy_table::Table;
use doin_compute::{baseline::BaselineRow, task::predictions_per_window, Executor};
use doin_forecast::{
	decimal,
	error_scale::{percent_below, ErrorFigures, ModelErrors},
	model_file::SplitFields,
	season::describe_season,
	significant,
	target::{self, scored_steps},
	ErrorScale, ModelFamily, TrainingFile,
};
use doin_primitives::Split;
use doin_scoring::{model::OUT_FRAC, verdict::total, Target};
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
};

/// Plan of a training as text, for the time until the report.
pub struct PlanText<'a> {
	/// Plan of the training.
	pub plan: &'a Plan,
	/// Executor that trains.
	pub executor: &'a Executor,
}

impl Display for PlanText<'_> {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Plan { files, spec, season_found, data, unit, inputs, .. } = self.plan;
		let filled: usize = files.iter().map(|file| file.table.series.filled).sum();
		let filled = if filled > 0 { format!(", {filled} of them interpolated") } else { String::new() };
		let (column, shown) = (&files[0].table.column, decimal(*unit));
		match &files[..] {
			[only] => {
				let (rows, parts) = (only.rows(spec.channels), only.describe(spec.channels));
				entry(f, "series", format_args!("{rows} values of {column} in steps of {shown}{filled}; {parts}"))?;
			}
			several => {
				entry(f, "series", format_args!("{column} in steps of {shown}{filled}"))?;
				for file in several {
					entry(f, "", format_args!("{}: {}", file.table.file, file.describe(spec.channels)))?;
				}
			}
		}
		if !inputs.is_empty() {
			let inputs = files[0].table.inputs.iter().zip(inputs);
			let inputs: Vec<String> = inputs.map(|(column, unit)| format!("{column} in steps of {}", decimal(*unit))).collect();
			entry(f, "inputs", inputs.join(", "))?;
		}
		let target = target::describe(&data.task.program, *unit);
		entry(f, "target", format_args!("{target}; {}", describe_season(spec.season, *season_found)))?;
		let devices: String = self.executor.devices().all().iter().map(|device| format!("; {}", device.name())).collect();
		entry(f, "trained by", format_args!("{} threads with {}{devices}", self.executor.threads(), data.backend().name()))
	}
}

/// Report of `train`.
#[derive(Debug, Serialize)]
pub struct TrainReport {
	family: ModelFamily,
	files: Vec<FileReport>,
	column: String,
	inputs: Vec<String>,
	unit: f64,
	deviation: f64,
	horizon: u16,
	history: u16,
	season: u16,
	steps: Vec<u16>,
	classes: Option<Vec<i32>>,
	most_frequent: MostFrequent,
	models: Vec<ModelErrors>,
	bytes: usize,
	window_macs: u64,
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
	scale: ErrorScale,
}

/// File of a training.
#[derive(Debug, Serialize)]
struct FileReport {
	file: String,
	rows: usize,
	#[serde(with = "SplitFields")]
	split: Split,
}

/// Share of the windows that belong to the most frequent class; `None` without classes.
#[derive(Debug, Serialize)]
pub struct MostFrequent {
	/// Share on validation.
	pub validation: Option<f64>,
	/// Share on the test.
	pub test: Option<f64>,
}

impl TrainReport {
	/// Returns the report of `trained` candidates, the chosen one first.
	pub fn new(
		plan: &Plan,
		family: ModelFamily,
		trained: &[TrainedCandidate],
		rows: &[BaselineRow],
		most_frequent: MostFrequent,
	) -> Self {
		let (program, first) = (&plan.data.task.program, &plan.files[0].table);
		let predictions = plan.data.validation_window_count() as f64 * predictions_per_window(program) as f64;
		let file = |file: &TrainingFile| FileReport {
			file: file.table.file.clone(),
			rows: file.rows(plan.spec.channels),
			split: file.part.split,
		};
		let candidate = |one: &TrainedCandidate| {
			let mean = total(&one.errors.validation) as f64 / (predictions * f64::from(1u32 << OUT_FRAC));
			CandidateReport::new(family, one, named_genes, describe_candidate, plan.scale.shown(mean))
		};
		let chosen = trained.first().map(|one| &one.model);
		Self {
			family,
			files: plan.files.iter().map(file).collect(),
			column: first.column.clone(),
			inputs: first.inputs.clone(),
			unit: plan.unit,
			deviation: plan.scale.deviation,
			horizon: plan.spec.horizon,
			history: plan.spec.history,
			season: plan.spec.season,
			steps: scored_steps(program),
			classes: if let Target::Classes(bounds) = &program.target { Some(bounds.to_vec()) } else { None },
			most_frequent,
			models: rows.iter().map(|row| plan.scale.model_errors(row)).collect(),
			bytes: chosen.map_or(0, |model| model.to_bytes().len()),
			window_macs: chosen.map_or(0, |model| model.macs()),
			candidates: trained.iter().map(candidate).collect(),
			seconds: 0.0,
			notes: Vec::new(),
			next: None,
			curve_files: None,
			scale: plan.scale,
		}
	}

	fn write_model(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Some(chosen) = self.candidates.first() else { return Ok(()) };
		let advice =
			"no epoch was better than the ridge alone, so the model is the ridge: try --blend, --no-skip, or other genes";
		chosen.write(f, advice)?;
		entry(f, "", format_args!("{} bytes, {} multiply-accumulates per forecast", self.bytes, self.window_macs))
	}

	fn errors_table(&self) -> Table {
		let mut errors =
			table([(self.scale.title(), LEFT), ("validation", RIGHT), ("better", RIGHT), ("test", RIGHT), ("better", RIGHT)]);
		let cells = |figures: Option<&ErrorFigures>| match figures {
			Some(figures) => [figures.shown(), better_cell(figures.better_percent)],
			None => ["-".into(), "-".into()],
		};
		if self.scale.classes {
			let [validation, test] = [
				(self.most_frequent.validation, self.naive_error(|model| Some(&model.validation))),
				(self.most_frequent.test, self.naive_error(|model| model.test.as_ref())),
			]
			.map(|(share, naive)| {
				share.zip(naive).map(|(share, naive)| self.scale.figures(1.0 - share, 0, percent_below(1.0 - share, naive)))
			});
			let [a, b] = cells(validation.as_ref());
			let [c, d] = cells(test.as_ref());
			errors.add_row(["most frequent class".into(), a, b, c, d]);
		}
		for model in &self.models {
			let [a, b] = cells(Some(&model.validation));
			let [c, d] = cells(model.test.as_ref());
			errors.add_row([model.name.clone(), a, b, c, d]);
		}
		errors
	}

	/// Returns the error rate of the better naive baseline.
	fn naive_error(&self, figures: impl Fn(&ModelErrors) -> Option<&ErrorFigures>) -> Option<f64> {
		let rates = self.models.iter().take(2).filter_map(|model| figures(model)?.accuracy).map(|accuracy| 1.0 - accuracy);
		rates.reduce(f64::min)
	}
}

impl Display for TrainReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		write_population(f, &self.candidates, self.scale.title())?;
		self.write_model(f)?;
		write_table(f, "errors", &self.errors_table())?;
		entry(f, "", "better: than the better of repeat-last and seasonal on the same windows")?;
		if let Some(ModelErrors { name, validation: ErrorFigures { scaled: Some(validation), .. }, test }) = self.models.last() {
			let test = test.as_ref().and_then(|test| test.scaled).map_or(String::new(), |test| format!(", {test:.5} on test"));
			entry(
				f,
				"",
				format_args!(
					"{name} in standard deviations of the training part ({}): {validation:.5} on validation{test}",
					significant(self.deviation)
				),
			)?;
		}
		write_files(f, self.curve_files.as_deref(), self.next.as_ref())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::args::ReadArgs;
	use doin_forecast::ErrorScale;
	use std::path::Path;

	fn figures(mae: f64, better_percent: f64) -> ErrorFigures {
		ErrorFigures { mae: Some(mae), scaled: Some(mae / 2.0), accuracy: None, error: (mae * 16.0) as u64, better_percent }
	}

	fn report() -> TrainReport {
		let model =
			|name: &str, mae| ModelErrors { name: name.into(), validation: figures(mae, 50.0), test: Some(figures(mae, 25.0)) };
		let candidate = CandidateReport {
			genes: [("window", 24)].into(),
			validation_error: 7,
			best_epoch: Some(3),
			epochs: Some(5),
			seconds: 1.0,
			description: "mlp: window 24".into(),
			shown: "1.2500".into(),
			requested: 8,
		};
		TrainReport {
			family: ModelFamily::Mlp,
			files: vec![FileReport { file: "a.csv".into(), rows: 100, split: Split { train_end: 70, validation_end: 85 } }],
			column: "load".into(),
			inputs: Vec::new(),
			unit: 0.01,
			deviation: 2.0,
			horizon: 6,
			history: 24,
			season: 24,
			steps: vec![1, 2],
			classes: None,
			most_frequent: MostFrequent { validation: None, test: None },
			models: vec![model("repeat-last", 2.5), model("this mlp", 1.25)],
			bytes: 100,
			window_macs: 200,
			candidates: vec![candidate],
			seconds: 1.5,
			notes: vec!["note: a".into()],
			next: Some(NextCommand::predict(Path::new("m.doin"), &Path::new("a.csv").into(), &ReadArgs::default(), "a series")),
			curve_files: None,
			scale: ErrorScale { unit: 0.01, deviation: 2.0, classes: false },
		}
	}

	#[test]
	fn the_text_shows_the_model_and_its_errors() {
		let expected = "\
model       mlp: window 24
            net of epoch 3 of 8, stopped after 5; 1.00 s
            100 bytes, 200 multiply-accumulates per forecast
errors      mean absolute error  validation   better    test   better
            repeat-last              2.5000  50.00 %  2.5000  25.00 %
            this mlp                 1.2500  50.00 %  1.2500  25.00 %
            better: than the better of repeat-last and seasonal on the same windows
            this mlp in standard deviations of the training part (2.0000): 0.62500 on validation, 0.62500 on test
saved       m.doin: doin-worker predict --model m.doin --csv a.csv
";
		assert_eq!(report().to_string(), expected);
	}

	#[test]
	fn json_has_the_keys_that_scripts_read() {
		let json = serde_json::to_value(report()).unwrap();
		assert_eq!(json["files"][0]["split"], serde_json::json!({ "train_end": 70, "validation_end": 85 }));
		assert_eq!(json["models"][1]["test"]["better_percent"], 25.0);
		assert_eq!((&json["candidates"][0]["best_epoch"], &json["family"]), (&3.into(), &"mlp".into()));
		assert!(json["next"].is_null() && json["candidates"][0]["description"].is_null());
		assert_eq!(json["notes"], serde_json::json!(["note: a"]));
	}
}
