//! Draft of a domain: its record, made from a series, and what an owner should know before paying for it.

use crate::{
	csv::{number::LARGEST, Note},
	quantise::Quantised,
	season::find_season,
	series::{ReadOptions, Series},
	spec::check_classes,
	table::{data_hash, max_rows, SeriesSource, Table},
	target::{self, TargetOptions},
	units::exact,
};
use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_compute::{
	baseline::{self, BaselineRow},
	generator::{self, FitReport},
	Dataset, ForecastTask,
};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	domain::{MAX_MODEL_BYTES, MAX_WINDOW_MACS, MIN_IMPROVEMENT_FLOOR},
	DomainSpec, Evidence, Gene, Growth, Limits, Split,
};
use doin_scoring::{
	program::{CHUNKS, MAX_HISTORY, MAX_HORIZON, MAX_SEASON, MAX_WINDOWS},
	Forecast, Loss, Program, Target, WindowPhase,
};
use std::path::Path;

/// Per cent of the rows that train; the next [`VALIDATION_PERCENT`] validate, and the rest is held out.
const TRAINING_PERCENT: usize = 70;
/// Per cent of the rows that validate.
const VALIDATION_PERCENT: usize = 15;
/// Most bytes of the name of a domain.
const NAME_BYTES: u32 = 64;
/// Most bytes of the text of a unit.
const UNIT_BYTES: u32 = 32;
/// Multiply-accumulates per window that suffice for the nets of the trainer.
const ENOUGH_MACS: u32 = 32_768;

/// Text of a record.
type Text<const N: u32> = BoundedVec<u8, ConstU32<N>>;

/// Part of a file that becomes a domain, and its forecast. `None` leaves a value to the draft.
#[derive(Clone, Debug)]
pub struct DraftOptions {
	/// Further columns, times and gaps.
	pub read: ReadOptions,
	/// Target in units of the column.
	pub target: TargetOptions,
	/// Steps of one season.
	pub season: Option<u16>,
	/// Steps ahead.
	pub horizon: Option<u16>,
	/// Steps of history.
	pub history: Option<u16>,
	/// Raw unit, in units of the column.
	pub unit: Option<f64>,
	/// Factor that the column is multiplied by first.
	pub scale: f64,
	/// Name of the domain.
	pub name: Option<String>,
	/// Name of the unit; that of the column if `None`.
	pub unit_name: Option<String>,
}

impl Default for DraftOptions {
	fn default() -> Self {
		Self {
			read: ReadOptions::default(),
			target: TargetOptions::default(),
			season: None,
			horizon: None,
			history: None,
			unit: None,
			scale: 1.0,
			name: None,
			unit_name: None,
		}
	}
}

/// Terms of a domain that do not depend on its series.
#[derive(Clone, Debug)]
pub struct DomainTerms {
	/// Chunks of a recomputation.
	pub chunks: u16,
	/// Windows of a drawn chunk.
	pub windows: u16,
	/// Least improvement of an accepted candidate, in parts per million.
	pub min_improvement: u32,
	/// Loss at which the domain counts as solved, 2²⁰ being that of the initial champion; 0 for never.
	pub target: u32,
	/// Most bytes of a model.
	pub model_bytes: u32,
	/// Most multiply-accumulates of a model per window; as many as the small class of evaluators serves if `None`.
	pub window_macs: Option<u32>,
}

impl Default for DomainTerms {
	fn default() -> Self {
		Self { chunks: 32, windows: 16, min_improvement: 5_000, target: 0, model_bytes: 64 * 1024, window_macs: None }
	}
}

/// Domain that is not registered yet.
#[derive(Clone, Debug)]
pub struct Draft {
	/// Record of the domain.
	pub spec: DomainSpec,
	/// Series in raw units, step by step.
	pub values: Vec<i32>,
	/// Raw unit, in units of the column.
	pub quantum: f64,
	/// Name and raw unit of each further column.
	pub inputs: Vec<(String, f64)>,
	/// Number of values that were interpolated.
	pub filled: usize,
	/// `true` if the season was found in the series.
	pub season_found: bool,
	/// Likeness of generated series to the published one; `None` for several channels, which have no generator.
	pub fit: Option<FitReport>,
	/// Errors of simple models.
	pub baselines: Vec<BaselineRow>,
	/// Remarks on the file, for the user.
	pub notes: Vec<Note>,
}

impl Draft {
	/// Reads `column`, or the only column of numbers, and the columns of `options` from a CSV file, and drafts a domain.
	///
	/// # Errors
	///
	/// Errors if the file cannot be used, if an option is out of range, if there are too few or too many rows, if no generator
	/// fits the series, or if there is nothing to improve.
	pub fn from_csv(source: &SeriesSource, column: Option<&str>, options: &DraftOptions, terms: &DomainTerms) -> Result<Self> {
		ensure!(
			options.scale.is_finite() && options.scale != 0.0,
			"invalid --scale {}: expected a finite factor other than 0",
			options.scale
		);
		let Table { column, inputs, mut series, .. } = Table::read(source, column, &options.read)?;
		series.values.iter_mut().for_each(|value| *value *= options.scale);
		ensure!(
			series.values.iter().all(|value| value.abs() <= LARGEST),
			"invalid --scale {}: values beyond {LARGEST:e} result, which is the largest one",
			exact(options.scale)
		);
		let default_name = shortened::<NAME_BYTES>(&format!("{} {column}", stem(&source.path)));
		// The columns by the names that they have in the file.
		let options = DraftOptions { read: ReadOptions { inputs, ..options.read.clone() }, ..options.clone() };
		Self::new(&series, &column, options.name.as_deref().unwrap_or(&default_name), &options, terms)
	}

	/// Drafts a domain of a series whose values are in units of `column`.
	///
	/// # Errors
	///
	/// Errors as [`Draft::from_csv`] does.
	pub fn new(series: &Series, column: &str, name: &str, options: &DraftOptions, terms: &DomainTerms) -> Result<Self> {
		let mut forecast = forecast(series, options, terms)?;
		let rows = series.rows();
		check_rows(rows, &forecast)?;
		let quantised = series.quantise(forecast.horizon.into(), options.unit)?;
		let (unit, shortened) = unit_text(&quantised, column, options.unit_name.as_deref())?;
		let Quantised { values, quantum, inputs } = quantised;
		forecast.target = options.target.target(quantum)?;
		let split = Split {
			train_end: percent_of(rows, TRAINING_PERCENT),
			validation_end: percent_of(rows, TRAINING_PERCENT + VALIDATION_PERCENT),
		};
		// A generator makes one channel. Without one, the validation part itself is the evidence, and nothing is minted.
		let (evidence, fit) = if forecast.channels == 1 {
			let fitted = generator::fit(&values[..split.train_end as usize], &forecast);
			let (generator, fit) = fitted.context("no generator fits the series")?;
			(Evidence::Synthetic(generator), Some(fit))
		} else {
			(Evidence::Public, None)
		};
		let spec = DomainSpec {
			name: bounded_text(name, "name", "--name")?,
			unit,
			genes: genes(&forecast).try_into().map_err(|_| anyhow!("too many genes"))?,
			limits: Limits {
				model_bytes: terms.model_bytes,
				window_macs: terms.window_macs.unwrap_or_else(|| small_class_macs(&forecast, &split)),
			},
			program: Program::Forecast(forecast),
			data_root: data_hash(&values),
			values: values.len() as u32,
			growth: Growth::Fixed,
			split,
			evidence,
			min_improvement: terms.min_improvement,
			target: terms.target,
		};
		let baselines = baselines(&spec, &values)?;
		let inputs = options.read.inputs.iter().cloned().zip(inputs).collect();
		let season_found = options.season.is_none();
		let (filled, mut notes) = (series.filled, series.notes.clone());
		notes.extend(shortened);
		Ok(Self { spec, values, quantum, inputs, filled, season_found, fit, baselines, notes })
	}

	/// Returns the program, if it is a forecast.
	pub fn forecast(&self) -> Option<&Forecast> {
		match &self.spec.program {
			Program::Forecast(forecast) => Some(forecast),
			Program::Quadratic(_) => None,
		}
	}

	/// Returns `true` if improvements of the domain can be minted for, so that it may be put on the ballot. A domain on public
	/// evidence pays a bounty only.
	pub fn is_mintable(&self) -> bool {
		self.spec.evidence.value() > 0
	}
}

/// Returns the name of a file without its extensions; `stdin` for standard input.
fn stem(path: &Path) -> String {
	let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
	let name = name.strip_suffix(".gz").unwrap_or(&name);
	match name {
		"-" => "stdin".into(),
		_ => name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem }).into(),
	}
}

/// Returns the program of a domain, with all steps as its target until the raw unit is known.
fn forecast(series: &Series, options: &DraftOptions, terms: &DomainTerms) -> Result<Forecast> {
	let season = options.season.unwrap_or_else(|| find_season(&series.values));
	let horizon = options.target.horizon(options.horizon, season.clamp(6, 24))?;
	let channels = target::channels(series.inputs.len())?;
	let default = season.saturating_mul(2).max(horizon.saturating_mul(4)).min(target::longest_history(channels, horizon));
	let history = options.history.unwrap_or(default.clamp(season, MAX_HISTORY));
	check_lengths(season, horizon, history, terms)?;
	target::check_span("history", history, channels, horizon)?;
	Ok(Forecast {
		horizon,
		history,
		season,
		chunks: terms.chunks,
		windows: terms.windows,
		channels,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	})
}

/// Checks the record, and computes the errors of simple models.
fn baselines(spec: &DomainSpec, values: &[i32]) -> Result<Vec<BaselineRow>> {
	let data = Dataset::new(ForecastTask::new(spec, values.to_vec())?, 0, 0)?;
	spec.check().map_err(|error| anyhow!("the chain would reject the record: {error:?}"))?;
	check_classes(&data)?;
	let baselines = baseline::report(&data, 0, &[])?;
	ensure!(
		baselines.iter().take(2).all(|row| row.validation.error > 0),
		"repeating earlier values makes no error on the validation part: there is nothing to improve"
	);
	Ok(baselines)
}

fn percent_of(rows: usize, percent: usize) -> u32 {
	(rows * percent / 100) as u32
}

/// Returns the text of the unit, e.g. `0.01 °C`, and a note if the name of the column had to be shortened.
///
/// # Errors
///
/// Errors if a requested name is too long.
fn unit_text(quantised: &Quantised, column: &str, requested: Option<&str>) -> Result<(Text<UNIT_BYTES>, Option<Note>)> {
	let whole = quantised.unit(requested.unwrap_or(column));
	if requested.is_some() {
		return Ok((bounded_text(&whole, "unit", "--unit-name")?, None));
	}
	let short = shortened::<UNIT_BYTES>(&whole);
	let note = (short != whole).then(|| {
		Note::Info(format!(
			"the unit of the domain is shortened to `{short}`: a record has room for {UNIT_BYTES} bytes. \
			Choose another name with --unit-name"
		))
	});
	Ok((bounded_text(&short, "unit", "--unit-name")?, note))
}

/// Returns the text if it has at most `N` bytes, or its beginning and an ellipsis.
fn shortened<const N: u32>(text: &str) -> String {
	let ellipsis = "…";
	if text.len() <= N as usize {
		return text.to_string();
	}
	let most = N as usize - ellipsis.len();
	let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= most).last().unwrap_or(0);
	text[..end].trim_end().to_string() + ellipsis
}

fn bounded_text<const N: u32>(text: &str, field: &str, option: &str) -> Result<Text<N>> {
	let bytes = text.as_bytes().to_vec();
	bytes.try_into().map_err(|_| anyhow!("the {field} `{text}` is longer than {N} bytes: choose a shorter one with {option}"))
}

/// Returns the most multiply-accumulates per window at which the costliest chunk stays in the small class, at
/// most [`ENOUGH_MACS`].
fn small_class_macs(forecast: &Forecast, split: &Split) -> u32 {
	let validation = (split.validation_end - split.train_end).div_ceil(forecast.chunks.into());
	let windows = validation.min(MAX_WINDOWS.into()).max(forecast.windows.into());
	((1 << 20) / windows.max(1)).min(ENOUGH_MACS)
}

/// Returns the search space of the worker's trainer.
fn genes(forecast: &Forecast) -> Vec<Gene> {
	let gene = |name: &str, lo: i64, hi: i64, log| Gene {
		name: name.as_bytes().to_vec().try_into().unwrap_or_default(),
		lo,
		hi,
		log,
		frac: 0,
	};
	vec![
		gene("window", forecast.horizon.min(forecast.history).into(), forecast.history.into(), false),
		gene("width", 4, 64, true),
		gene("depth", 0, 3, false),
		gene("rate", 6, 13, false),
		gene("epochs", 1, 64, true),
		gene("mix", 0, doin_compute::FULL_SHARE.into(), false),
		gene("decay", 0, 4, false),
		gene("skip", 0, 2, false),
	]
}

fn check_lengths(season: u16, horizon: u16, history: u16, terms: &DomainTerms) -> Result<()> {
	let within = |name: &str, value: u32, lo: u32, hi: u32| {
		if (lo..=hi).contains(&value) {
			return Ok(());
		}
		bail!("invalid --{name} {value}: expected a value from {lo} to {hi}")
	};
	within("season", season.into(), 1, MAX_SEASON)?;
	within("horizon", horizon.into(), 1, MAX_HORIZON.into())?;
	within("history", history.into(), season.into(), MAX_HISTORY.into())?;
	within("chunks", terms.chunks.into(), (*CHUNKS.start()).into(), (*CHUNKS.end()).into())?;
	within("windows", terms.windows.into(), 1, MAX_WINDOWS.into())?;
	within("min-improvement", terms.min_improvement, MIN_IMPROVEMENT_FLOOR, 999_999)?;
	within("window-macs", terms.window_macs.unwrap_or(1), 1, MAX_WINDOW_MACS)?;
	within("model-bytes", terms.model_bytes, 64, MAX_MODEL_BYTES)
}

/// Checks that the number of rows is possible; the error names the number that is.
fn check_rows(rows: usize, forecast: &Forecast) -> Result<()> {
	let needed = rows_needed(forecast);
	ensure!(
		rows >= needed,
		"the series has {rows} rows, and {needed} are needed for a season of {}, a history of {} and a horizon of {} steps: \
		bring more data, or choose smaller ones with --season, --history and --horizon",
		forecast.season,
		forecast.history,
		forecast.horizon
	);
	let most = max_rows(forecast.channels);
	ensure!(
		rows <= most,
		"the series has {rows} rows, and a chain stores at most {most} of {} channels: keep the last ones, or choose a coarser \
		step",
		forecast.channels
	);
	Ok(())
}

/// Returns the least number of rows at which every part is long enough.
fn rows_needed(forecast: &Forecast) -> usize {
	let span = forecast.span() as usize;
	// A window to train on and one to stop early on, or three seasons for the generator.
	let train = (span * 7 / 6 + 2).max(span + usize::from(forecast.horizon)).max(3 * usize::from(forecast.season) + 2);
	let validation = usize::from(forecast.chunks) + usize::from(forecast.horizon);
	(train * 100).div_ceil(TRAINING_PERCENT).max((validation * 100).div_ceil(VALIDATION_PERCENT)) + 2
}

#[cfg(test)]
mod tests;
