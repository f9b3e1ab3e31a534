//! Report of the draft of a series.

use super::rows::SealedReport;
use crate::report::{entry, table, write_table, LEFT, RIGHT};
use anyhow::{Context, Result};
use doin_compute::{
	baseline::{BaselineRow, ErrorSummary},
	generator::{Comparison, FitReport},
};
use doin_forecast::{decimal, error_name, error_size, season::describe_season, significant, target, Draft};
use doin_primitives::{Evidence, Gene, Limits, ProgramKind, Split};
use doin_scoring::{Generator, Target};
use serde::Serialize;
use serde_with::{As, DisplayFromStr};
use std::fmt::{self, Display, Formatter};

/// Report of the draft of a series.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DraftReport {
	name: String,
	program: ProgramKind,
	unit: String,
	channels: u8,
	inputs: Vec<InputReport>,
	steps: Option<Vec<u16>>,
	classes: Option<Vec<i32>>,
	values: u32,
	filled: usize,
	season: u16,
	horizon: u16,
	history: u16,
	chunks: u16,
	windows: u16,
	split: Split,
	limits: Limits,
	genes: Vec<Gene>,
	min_improvement: u32,
	target: u32,
	data_root: String,
	generator: Option<Generator>,
	sealed: Option<SealedReport>,
	baselines: Vec<BaselineReport>,
	/// Name of the initial champion, one of the baselines.
	initial: String,
	/// Target as text.
	#[serde(skip)]
	description: String,
	#[serde(skip)]
	season_found: bool,
	#[serde(skip)]
	fit: Option<FitReport>,
	#[serde(skip)]
	error_name: &'static str,
}

/// Column that models read beside the one to forecast.
#[derive(Debug, Serialize)]
struct InputReport {
	column: String,
	/// Raw unit, in units of the column.
	unit: f64,
}

/// Mean errors of a simple model in units of the column, or error rates.
#[derive(Debug, Serialize)]
struct BaselineReport {
	name: String,
	#[serde(with = "As::<DisplayFromStr>")]
	validation: f64,
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	tail: Option<f64>,
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	practice: Option<f64>,
}

impl DraftReport {
	/// Returns the report of a draft that is not registered.
	///
	/// # Errors
	///
	/// Errors if the program is not a forecast.
	pub fn new(draft: &Draft) -> Result<Self> {
		let spec = &draft.domain.spec;
		let forecast = draft.forecast().context("only forecasts are made of files")?;
		let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
		let (steps, classes) = match &forecast.target {
			Target::Values => (None, None),
			Target::Steps(steps) => (Some(steps.to_vec()), None),
			Target::Classes(bounds) => (None, Some(bounds.to_vec())),
		};
		let size = error_size(forecast, draft.quantum);
		let mean = |summary: ErrorSummary| summary.mean * size;
		let baseline = |row: &BaselineRow| BaselineReport {
			name: row.name.clone(),
			validation: mean(row.validation),
			tail: row.test.map(mean),
			practice: row.practice.map(mean),
		};
		let input = |(column, unit): &(String, f64)| InputReport { column: column.clone(), unit: *unit };
		Ok(Self {
			name: text(&spec.name),
			program: (&spec.program).into(),
			unit: text(&spec.unit),
			channels: forecast.channels,
			inputs: draft.inputs.iter().map(input).collect(),
			steps,
			classes,
			values: spec.values,
			filled: draft.filled,
			season: forecast.season,
			horizon: forecast.horizon,
			history: forecast.history,
			chunks: forecast.chunks,
			windows: forecast.windows,
			split: spec.split,
			limits: spec.limits.clone(),
			genes: spec.genes.to_vec(),
			min_improvement: spec.min_improvement,
			target: spec.target,
			data_root: format!("0x{}", hex::encode(spec.data_root)),
			generator: match &spec.evidence {
				Evidence::Synthetic(generator) => Some(generator.clone()),
				Evidence::Public | Evidence::Sealed { .. } | Evidence::Live { .. } | Evidence::Drawn => None,
			},
			sealed: SealedReport::of(&draft.domain),
			baselines: draft.baselines.iter().map(baseline).collect(),
			initial: draft.initial.clone(),
			description: target::describe(forecast, draft.quantum),
			season_found: draft.season_found,
			fit: draft.fit.clone(),
			error_name: error_name(forecast),
		})
	}

	fn write_series(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let rows = self.values / u32::from(self.channels);
		let Split { train_end, validation_end } = self.split;
		let filled = if self.filled > 0 { format!(", {} of them interpolated", self.filled) } else { String::new() };
		let held_out = match (&self.sealed, rows - validation_end) {
			(Some(_), _) => String::new(),
			(None, held_out) => format!(", {held_out} are held out"),
		};
		entry(
			f,
			"series",
			format_args!(
				"{rows} values in units of {}{filled}; {train_end} train, {} validate{held_out}",
				self.unit,
				validation_end - train_end
			),
		)?;
		if self.inputs.is_empty() {
			return Ok(());
		}
		let inputs: Vec<String> =
			self.inputs.iter().map(|input| format!("{} in {}", input.column, decimal(input.unit))).collect();
		entry(f, "inputs", inputs.join(", "))
	}

	fn write_evidence(&self, f: &mut Formatter<'_>) -> fmt::Result {
		if let Some(sealed) = &self.sealed {
			return sealed.write(f, "steps");
		}
		let Some(fit) = &self.fit else {
			return entry(
				f,
				"evidence",
				"public: verdicts use the validation part, since no generator makes several channels; only a bounty is paid, \
				nothing is minted",
			);
		};
		let shown = |Comparison { synthetic, published }: Comparison| [format!("{synthetic:.1}"), format!("{published:.1}")];
		let title = format!("synthetic, order {}", fit.order);
		let mut generator = table([(title.as_str(), LEFT), ("generated", RIGHT), ("series", RIGHT)]);
		for (name, comparison) in [
			("deviation of differences, raw units", fit.deviation),
			("error of seasonal, raw units", fit.seasonal),
			("error of repeat-last, raw units", fit.repeat_last),
		] {
			let [synthetic, published] = shown(comparison);
			generator.add_row([name.to_string(), synthetic, published]);
		}
		write_table(f, "evidence", &generator)
	}
}

impl Display for DraftReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "domain", &self.name)?;
		self.write_series(f)?;
		let season = describe_season(self.season, self.season_found);
		entry(f, "target", format_args!("{} from {}; {season}", self.description, self.history))?;
		self.write_evidence(f)?;
		entry(
			f,
			"verdicts",
			format_args!("{} chunks of {} windows; at least {} ppm better", self.chunks, self.windows, self.min_improvement),
		)?;
		let columns = [(self.error_name, LEFT), ("validation", RIGHT), ("held-out tail", RIGHT), ("generated", RIGHT)];
		let mut baselines = table(columns);
		let shown = |mean: Option<f64>| mean.map_or("-".into(), significant);
		for row in &self.baselines {
			baselines.add_row([row.name.clone(), shown(Some(row.validation)), shown(row.tail), shown(row.practice)]);
		}
		write_table(f, "baselines", &baselines)?;
		entry(f, "", format_args!("the initial champion is {}: models that err less are paid", self.initial))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_forecast::{DomainTerms, DraftOptions};
	use std::path::Path;

	fn co2() -> Draft {
		let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mauna-loa-co2-weekly.csv");
		let options = DraftOptions {
			season: Some(52),
			horizon: Some(13),
			history: Some(104),
			name: Some("Mauna Loa CO2, weekly, 13 weeks ahead".into()),
			..Default::default()
		};
		Draft::from_csv(&path.as_path().into(), Some("ppm"), &options, &DomainTerms::default()).unwrap()
	}

	#[test]
	fn the_demo_series_is_reported_as_text_and_json() {
		let report = DraftReport::new(&co2()).unwrap();
		let text = report.to_string();
		assert!(text.starts_with(
			"domain      Mauna Loa CO2, weekly, 13 weeks ahead\nseries      2284 values in units of 0.01 ppm; 1598 train"
		));
		assert!(text.contains("\ntarget      forecast 13 steps from 104; a season has 52 steps\n"), "{text}");
		assert!(text.contains("verdicts    32 chunks of 16 windows; at least 5000 ppm better"), "{text}");
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!(json["generator"]["template"].as_array().unwrap().len(), 52);
		let rows: Vec<&str> = json["baselines"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
		assert_eq!(rows, ["repeat-last", "seasonal", "ridge", "mean of ridges"]);
		let initial = json["initial"].as_str().unwrap();
		assert!(rows[2..].contains(&initial), "the best linear model: {initial}");
		assert!(text.contains(&format!("the initial champion is {initial}")), "{text}");
		assert_eq!((&json["program"], json["sealed"].is_null()), (&"forecast".into(), true));
		assert!(json["baselines"][0]["validation"].is_string() && json["dataRoot"].as_str().unwrap().starts_with("0x"));
	}
}
