//! Specification of a forecast, and the training set that it makes of series.

use crate::target;
use anyhow::{bail, Result};
use doin_compute::{Dataset, Error, SplitSeries};
use doin_primitives::{
	domain::{MAX_MODEL_BYTES, MAX_WINDOW_MACS},
	Limits,
};
use doin_scoring::{
	program::{CHUNKS, MAX_HORIZON, MAX_SEASON},
	Forecast, Loss, ModelError, Target, WindowPhase,
};
use serde::{Deserialize, Serialize};

/// Limits of models that are trained without a chain: the largest that a chain admits.
pub const LIMITS: Limits = Limits { model_bytes: MAX_MODEL_BYTES, window_macs: MAX_WINDOW_MACS };
/// One in this many rows of the training part stops training early.
const EARLY_STOPPING: usize = 7;
/// Fewest windows of validation.
const MIN_WINDOWS: usize = *CHUNKS.start() as usize;

/// Forecast of one column: its target, and the steps that a model reads.
///
/// The serialised form has no `channels`, since a model file lists the input columns; deserialising sets one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "SerialisedSpec", try_from = "SerialisedSpec")]
pub struct ForecastSpec {
	/// Steps ahead.
	pub horizon: u16,
	/// Steps of history.
	pub history: u16,
	/// Steps of one season.
	pub season: u16,
	/// Columns that a model reads, the one to forecast included.
	pub channels: u8,
	/// Target, in raw units.
	pub target: Target,
}

/// Serialised form of a [`ForecastSpec`]: at most one of `steps` and `classes` is present.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SerialisedSpec {
	horizon: u16,
	history: u16,
	season: u16,
	steps: Option<Vec<u16>>,
	classes: Option<Vec<i32>>,
}

impl From<ForecastSpec> for SerialisedSpec {
	fn from(spec: ForecastSpec) -> Self {
		let ForecastSpec { horizon, history, season, target, .. } = spec;
		let (steps, classes) = match target {
			Target::Values => (None, None),
			Target::Steps(steps) => (Some(steps.into_inner()), None),
			Target::Classes(bounds) => (None, Some(bounds.into_inner())),
		};
		Self { horizon, history, season, steps, classes }
	}
}

impl TryFrom<SerialisedSpec> for ForecastSpec {
	type Error = &'static str;

	fn try_from(spec: SerialisedSpec) -> Result<Self, &'static str> {
		let SerialisedSpec { horizon, history, season, steps, classes } = spec;
		let target = match (steps, classes) {
			(None, None) => Target::Values,
			(Some(steps), None) => Target::Steps(steps.try_into().map_err(|_| "the forecast has too many steps")?),
			(None, Some(bounds)) => Target::Classes(bounds.try_into().map_err(|_| "the forecast has too many classes")?),
			(Some(_), Some(_)) => return Err("the forecast has both steps and classes, which exclude each other"),
		};
		Ok(Self { horizon, history, season, channels: 1, target })
	}
}

impl From<&Forecast> for ForecastSpec {
	fn from(program: &Forecast) -> Self {
		let Forecast { horizon, history, season, channels, .. } = *program;
		Self { horizon, history, season, channels, target: program.target.clone() }
	}
}

impl ForecastSpec {
	/// Checks the lengths.
	///
	/// # Errors
	///
	/// Errors if the season or the horizon is 0 or longer than a chain allows, or if history and horizon do not fit a window.
	pub fn check(&self) -> Result<()> {
		let within = |name: &str, value: u16, hi: u32| {
			if (1..=hi).contains(&u32::from(value)) {
				return Ok(());
			}
			bail!("invalid --{name} {value}: expected a value from 1 to {hi}")
		};
		within("season", self.season, MAX_SEASON)?;
		within("horizon", self.horizon, MAX_HORIZON.into())?;
		target::check_span("window", self.history, self.channels, self.horizon)
	}

	/// Returns the program. Chunks are those of a chain, so they are the smallest possible: training and evaluation use
	/// all windows.
	pub fn program(&self) -> Forecast {
		Forecast {
			horizon: self.horizon,
			history: self.history,
			season: self.season,
			chunks: *CHUNKS.start(),
			windows: 1,
			channels: self.channels,
			target: self.target.clone(),
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		}
	}

	/// Returns the windows of split series, each with the name of its file, as a training set.
	///
	/// # Errors
	///
	/// Errors if [`ForecastSpec::check`] does, if a part is too short, or if a class never occurs in the training part.
	pub fn training_set(&self, parts: Vec<(String, SplitSeries)>) -> Result<Dataset> {
		self.check()?;
		self.check_parts(&parts)?;
		let parts = parts.into_iter().map(|(_, part)| part).collect();
		let data = Dataset::pooled(self.program(), LIMITS, parts).map_err(explain)?;
		check_classes(&data)?;
		Ok(data)
	}

	/// Checks that every training part has a window to train on and one to stop early on, and that validation has enough windows.
	fn check_parts(&self, parts: &[(String, SplitSeries)]) -> Result<()> {
		let (horizon, history) = (usize::from(self.horizon), usize::from(self.history));
		let mut windows = 0;
		for (file, SplitSeries { series, split }) in parts {
			let rows = series.len() / usize::from(self.channels);
			let (train, end) = (split.train_end as usize, split.validation_end as usize);
			let needed = self.training_rows(train);
			if train > 0 && train < needed {
				bail!(
					"{file} has {rows} rows, of which {train} train; a window of {history} and a horizon of {horizon} steps \
					need {needed}: bring more data, choose smaller ones with --window, --horizon and --season, or train on more \
					with --split"
				);
			}
			windows += (end + 1).saturating_sub(horizon + train.max(history));
		}
		if windows >= MIN_WINDOWS {
			return Ok(());
		}
		let rows: usize = parts.iter().map(|(_, part)| (part.split.validation_end - part.split.train_end) as usize).sum();
		let needed = MIN_WINDOWS + horizon - 1;
		let after = match parts.iter().all(|(_, part)| part.split.train_end > 0) {
			true => String::new(),
			false => format!(" after a history of {history} steps"),
		};
		let example = self.longer_validation(parts, needed).map_or(String::new(), |split| format!(" (e.g. --split {split})"));
		bail!(
			"{rows} rows validate, and with a horizon of {horizon} steps {needed} are needed{after}: bring more data, or choose \
			another --split{example} or a smaller --horizon"
		)
	}

	/// Returns a split of a single file in rows, of which `needed` validate, as many test as before, and the rest trains;
	/// `None` if these are too few, or if the split would be read as per cent.
	fn longer_validation(&self, parts: &[(String, SplitSeries)], needed: usize) -> Option<String> {
		let [(_, SplitSeries { series, split })] = parts else { return None };
		let rows = series.len() / usize::from(self.channels);
		let train = (split.validation_end as usize).checked_sub(needed).filter(|_| split.train_end > 0)?;
		(train >= self.training_rows(train) && train + needed > 100 && train + needed <= rows)
			.then(|| format!("{train}/{needed}"))
	}

	/// Returns the least number of rows that train, of which `train` are there: a window to train on and one to stop early on.
	fn training_rows(&self, train: usize) -> usize {
		let (horizon, history) = (usize::from(self.horizon), usize::from(self.history));
		history + horizon + (train / EARLY_STOPPING).max(horizon)
	}
}

/// Checks that every class occurs in the training part.
///
/// # Errors
///
/// Errors if one does not: no model could learn it.
pub fn check_classes(data: &Dataset) -> Result<()> {
	if let Some(class) = data.class_counts().iter().position(|count| *count == 0) {
		bail!("class {class} never occurs in the training part: choose other bounds with --classes");
	}
	Ok(())
}

/// Returns an error of the trainer with the reason of a rejected model in words.
pub fn explain(error: Error) -> anyhow::Error {
	match error {
		Error::Model(error) => anyhow::anyhow!("the model would be rejected: {}", rejection(error)),
		other => other.into(),
	}
}

/// Returns the reason of a rejected model in words.
pub fn rejection(error: ModelError) -> &'static str {
	match error {
		ModelError::Malformed => "the bytes are not an encoded model",
		ModelError::Version => "the encoding has another version",
		ModelError::Family => "the model belongs to another kind of program",
		ModelError::Shape => "the layers do not fit the window, each other or the horizon",
		ModelError::Window => "the window is longer than the history",
		ModelError::Weight => "a weight lies outside 12 bits",
		ModelError::Shift => "a shift lies outside its range",
		ModelError::Genome(_) => "the genome is refused",
		ModelError::Overflow => "a sum of products could exceed 31 bits, and would not be exact",
		ModelError::TooCostly => "a forecast takes more multiply-accumulates than a chain admits",
		ModelError::TooLarge => "the model has more bytes than a chain admits",
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::split::{Cut, SplitRule};
	use doin_primitives::Split;

	fn spec() -> ForecastSpec {
		ForecastSpec { horizon: 4, history: 16, season: 8, channels: 1, target: Target::Values }
	}

	#[test]
	fn a_series_that_is_too_short_is_rejected_with_the_rows_it_needs() {
		let set = |rows: i32, rule: &str| {
			let Cut { split, rows } = rule.parse::<SplitRule>().unwrap().cut(rows as usize)?;
			let part = SplitSeries { series: (0..rows as i32).map(|at| at % 7).collect(), split };
			spec().training_set(vec![("a.csv".into(), part)])
		};
		set(300, "70/15").unwrap();
		let refusal = |rows, rule| format!("{:#}", set(rows, rule).err().unwrap());
		let reason = refusal(300, "7/50");
		assert!(reason.contains("21 train") && reason.contains("need 24") && reason.contains("--window"), "{reason}");
		let reason = refusal(300, "70/5");
		assert!(reason.contains("15 rows validate") && reason.contains("35 are needed"), "{reason}");
		// A split that works is proposed where there is one.
		assert!(reason.contains("--split (e.g. --split 190/35)"), "{reason}");
		set(300, "190/35").unwrap();
		assert!(!refusal(60, "70/5").contains("e.g."));
		let refusal = |spec: ForecastSpec| format!("{:#}", spec.check().unwrap_err());
		assert!(refusal(ForecastSpec { horizon: 1_025, ..spec() }).contains("--horizon 1025"));
		assert!(refusal(ForecastSpec { season: 0, ..spec() }).contains("--season 0"));
		assert!(refusal(ForecastSpec { history: 1_000, channels: 4, ..spec() }).contains("--window 1000"));
		let classes = Target::Classes(vec![0, 900].try_into().unwrap());
		let split = Split { train_end: 200, validation_end: 260 };
		let part = SplitSeries { series: (0..300).map(|at| at % 7).collect(), split };
		let never = ForecastSpec { target: classes, ..spec() }.training_set(vec![("a.csv".into(), part)]);
		assert!(format!("{:#}", never.err().unwrap()).contains("class 2 never occurs"));
	}

	#[test]
	fn a_spec_survives_json_and_its_program() {
		for target in
			[Target::Values, Target::Steps(vec![1, 4].try_into().unwrap()), Target::Classes(vec![-1, 1].try_into().unwrap())]
		{
			let spec = ForecastSpec { target, ..spec() };
			let json = serde_json::to_string(&spec).unwrap();
			assert_eq!(serde_json::from_str::<ForecastSpec>(&json).unwrap(), spec, "{json}");
			assert_eq!(ForecastSpec::from(&spec.program()), spec);
		}
		let json = serde_json::to_string(&spec()).unwrap();
		assert_eq!(json, r#"{"horizon":4,"history":16,"season":8,"steps":null,"classes":null}"#);
	}

	#[test]
	fn steps_and_classes_exclude_each_other() {
		let both = r#"{"horizon":4,"history":16,"season":8,"steps":[1],"classes":[0]}"#;
		assert!(serde_json::from_str::<ForecastSpec>(both).unwrap_err().to_string().contains("exclude each other"));
	}
}
