//! Draft of the domain of a series.

use super::{
	initial::{initial, Initial, Simple},
	terms::{within, DomainTerms},
	text::{bounded_text, gene, shortened, stem, Text, NAME_BYTES, UNIT_BYTES},
	NewDomain,
};
use crate::{
	csv::{number::LARGEST, Note},
	quantise::Quantised,
	sealed::{
		layout::{Layout, Unit},
		series as steps, SealedData,
	},
	season::find_season,
	series::{ReadOptions, Series},
	spec::check_classes,
	table::{data_hash, max_rows, SeriesSource, Table},
	target::{self, TargetOptions},
	units::exact,
};
use anyhow::{anyhow, ensure, Context, Result};
use doin_compute::{
	baseline::{self, BaselineRow},
	generator::{self, FitReport},
	rungs::{self, Rung},
	Dataset, ForecastTask,
};
use doin_primitives::{domain::PAGE_VALUES, DomainSpec, Evidence, Gene, Growth, Limits, Page, Split};
use doin_scoring::{
	program::{CHUNKS, MAX_HISTORY, MAX_HORIZON, MAX_SEASON, MAX_WINDOWS},
	Forecast, Loss, Model, Program, Target, WindowPhase,
};

/// Per cent of the rows that train; the next [`VALIDATION_PERCENT`] validate, and the rest is held out.
const TRAINING_PERCENT: usize = 70;
/// Per cent of the rows that validate.
const VALIDATION_PERCENT: usize = 15;
/// Windows of a drawn chunk of a generated series.
const WINDOWS: u16 = 16;
/// Multiply-accumulates per window that suffice for the nets of the trainer.
const ENOUGH_MACS: u32 = 32_768;

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

/// Domain of a series that is not registered yet.
#[derive(Clone, Debug)]
pub struct Draft {
	/// Domain to register.
	pub domain: NewDomain,
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
	/// Name of the initial champion, one of these.
	pub initial: String,
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
		let Table { file, column, inputs, mut series } = Table::read(source, column, &options.read)?;
		series.values.iter_mut().for_each(|value| *value *= options.scale);
		ensure!(
			series.values.iter().all(|value| value.abs() <= LARGEST),
			"invalid --scale {}: values beyond {LARGEST:e} result, which is the largest one",
			exact(options.scale)
		);
		let default_name = shortened::<NAME_BYTES>(&format!("{} {column}", stem(&source.path)));
		// The columns by the names that they have in the file.
		let options = DraftOptions { read: ReadOptions { inputs, ..options.read.clone() }, ..options.clone() };
		let mut draft = Self::new(&series, &column, options.name.as_deref().unwrap_or(&default_name), &options, terms)?;
		draft.domain.sealed.iter_mut().for_each(|sealed| sealed.file.clone_from(&file));
		Ok(draft)
	}

	/// Drafts a domain of a series whose values are in units of `column`.
	///
	/// # Errors
	///
	/// Errors as [`Draft::from_csv`] does.
	pub fn new(series: &Series, column: &str, name: &str, options: &DraftOptions, terms: &DomainTerms) -> Result<Self> {
		let mut forecast = forecast(series, options, terms)?;
		let layout = layout(series.rows(), &forecast, terms)?;
		let quantised = steps::quantise(series, layout.published, forecast.horizon.into(), options.unit)?;
		let (unit, shortened) = unit_text(&quantised, column, options.unit_name.as_deref())?;
		let Quantised { mut values, quantum, inputs } = quantised;
		forecast.target = options.target.target(quantum)?;
		let split = split(&layout);
		let segments = steps::segments(&values, forecast.channels, &layout);
		values.truncate(layout.published * usize::from(forecast.channels));
		let data_root = data_hash(&values);
		// A generator makes one channel. Without one, the validation part itself is the evidence, and nothing is minted.
		let (evidence, fit) = match &terms.sealed {
			Some(sealed) => (Evidence::Sealed { units: layout.segment, stake: sealed.stake }, None),
			None if forecast.channels == 1 => {
				let fitted = generator::fit(&values[..split.train_end as usize], &forecast);
				let (generator, fit) = fitted.context("no generator fits the series")?;
				(Evidence::Synthetic(generator), Some(fit))
			}
			None => (Evidence::Public, None),
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
			data_root,
			values: values.len() as u32,
			growth: if terms.sealed.is_some() { Growth::Appending } else { Growth::Fixed },
			split,
			licence: terms.licence()?,
			evidence,
			min_improvement: terms.min_improvement,
			target: terms.target,
		};
		let (baselines, rungs) = baselines(&spec, &values)?;
		let inputs = options.read.inputs.iter().cloned().zip(inputs).collect();
		let season_found = options.season.is_none();
		let (filled, mut notes) = (series.filled, series.notes.clone());
		notes.extend(shortened);
		let Initial { name: initial, linear } = initial(&spec, &simple(&rungs, terms.linear), &mut notes);
		let file = name.to_string();
		let sealed = terms.sealed.as_ref().map(|_| SealedData { file, unit: Unit::Steps, data_root, segments });
		let pages = values.chunks(PAGE_VALUES as usize).filter_map(|page| Page::from_values(page.to_vec())).collect();
		let domain = NewDomain { spec, pages, linear, sealed };
		Ok(Self { domain, quantum, inputs, filled, season_found, fit, baselines, initial, notes })
	}

	/// Returns the program, if it is a forecast.
	pub fn forecast(&self) -> Option<&Forecast> {
		match &self.domain.spec.program {
			Program::Forecast(forecast) => Some(forecast),
			Program::Quadratic(_) | Program::Landscape(_) | Program::Rows(_) | Program::Tolerance(_) | Program::LossGenome(_) => {
				None
			}
		}
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
	let mut forecast = Forecast {
		horizon,
		history,
		season,
		chunks: terms.chunks.unwrap_or(*CHUNKS.start()),
		windows: terms.windows.unwrap_or(WINDOWS),
		channels,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	};
	if let (Some(sealed), None) = (&terms.sealed, terms.windows) {
		forecast.windows = steps::windows(&forecast, sealed.segment)?;
	}
	Ok(forecast)
}

/// Returns the places of the published steps and of the segments.
fn layout(rows: usize, forecast: &Forecast, terms: &DomainTerms) -> Result<Layout> {
	match &terms.sealed {
		Some(sealed) => steps::layout(rows, forecast, sealed.segments, rows_needed(forecast)),
		None => {
			check_rows(rows, forecast)?;
			Ok(Layout { published: rows, segments: 0, segment: 0 })
		}
	}
}

/// Returns the ends of the steps that train and validate. Nothing is held out where segments follow.
fn split(layout: &Layout) -> Split {
	let rows = layout.published;
	match layout.segments {
		0 => Split {
			train_end: percent_of(rows, TRAINING_PERCENT),
			validation_end: percent_of(rows, TRAINING_PERCENT + VALIDATION_PERCENT),
		},
		_ => Split { train_end: percent_of(rows, 100 - VALIDATION_PERCENT), validation_end: rows as u32 },
	}
}

/// Checks the record, and returns the errors of simple models beside those that the domain admits.
fn baselines(spec: &DomainSpec, values: &[i32]) -> Result<(Vec<BaselineRow>, Vec<Rung>)> {
	let data = Dataset::new(ForecastTask::new(spec, values.to_vec())?, 0, 0)?;
	spec.check().map_err(|error| anyhow!("the chain would reject the record: {error:?}"))?;
	check_classes(&data)?;
	let baselines = baseline::report(&data, 0, &[])?;
	ensure!(
		baselines.iter().take(2).all(|row| row.validation.error > 0),
		"repeating earlier values makes no error on the validation part: there is nothing to improve"
	);
	Ok((baselines, rungs::rungs(&data, 0)?))
}

/// Returns the models that may become the initial champion: all of them, or those of the chain if `linear` is `false`.
fn simple(rungs: &[Rung], linear: bool) -> Vec<Simple<'_>> {
	let models = rungs.iter().filter(|rung| linear || !matches!(rung.model, Model::Net(_)));
	models.map(|rung| Simple { name: rung.name, model: &rung.model, error: rung.validation_error }).collect()
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

/// Returns the most multiply-accumulates per window at which the costliest chunk stays in the small class, at
/// most [`ENOUGH_MACS`].
fn small_class_macs(forecast: &Forecast, split: &Split) -> u32 {
	let validation = (split.validation_end - split.train_end).div_ceil(forecast.chunks.into());
	let windows = validation.min(MAX_WINDOWS.into()).max(forecast.windows.into());
	((1 << 20) / windows.max(1)).min(ENOUGH_MACS)
}

/// Returns the search space of the worker's trainer.
fn genes(forecast: &Forecast) -> Vec<Gene> {
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
	within("season", season.into(), 1, MAX_SEASON)?;
	within("horizon", horizon.into(), 1, MAX_HORIZON.into())?;
	within("history", history.into(), season.into(), MAX_HISTORY.into())?;
	within("chunks", terms.chunks.unwrap_or(*CHUNKS.start()).into(), (*CHUNKS.start()).into(), (*CHUNKS.end()).into())?;
	within("windows", terms.windows.unwrap_or(WINDOWS).into(), 1, MAX_WINDOWS.into())?;
	terms.check()
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
