//! A domain on paper: its record, made from a series, with everything an owner should know before paying for it.

use crate::{
	cli::SeriesArgs,
	csv_series::{Quantised, Selection, Series},
	target,
};
use anyhow::{bail, Context, Result};
use codec::Encode;
use doin_compute::{baseline, generator, Task, TrainingSet};
use doin_primitives::{
	blake2_256,
	domain::{MAX_PAGES, MAX_WINDOW_MACS, MIN_IMPROVEMENT_FLOOR, PAGE_VALUES},
	DomainSpec, Evidence, Gene, Limits, Split,
};
use doin_scoring::{
	program::{CHUNKS, MAX_HISTORY, MAX_HORIZON, MAX_SEASON, MAX_WINDOWS},
	Forecast, Program, Target,
};
use std::path::Path;

/// Per cent of the rows that train, and that validate; the rest is held out.
const SPLIT: (usize, usize) = (70, 15);
/// Multiply-accumulates per window that are plenty for the nets that are trained here.
const MACS: u32 = 32_768;
/// Correlation of differences one season apart from which on a season is believed.
const SEASONAL: f64 = 0.1;

/// What a domain asks, beside its series.
#[derive(Clone, Debug)]
pub struct Question {
	/// Chunks of a measurement.
	pub chunks: u16,
	/// Windows of a drawn chunk.
	pub windows: u16,
	/// Least improvement of an accepted candidate, parts per million.
	pub min_improvement: u32,
	/// Loss at which it is solved, 2²⁰ being the initial champion; 0 for never.
	pub target: u32,
	/// Most bytes of a model.
	pub model_bytes: u32,
	/// Most multiply-accumulates of a model per window; as many as the small class of evaluators serves when not said.
	pub window_macs: Option<u32>,
}

impl Default for Question {
	fn default() -> Self {
		Self { chunks: 32, windows: 16, min_improvement: 5_000, target: 0, model_bytes: 64 * 1024, window_macs: None }
	}
}

/// A domain that is not registered yet.
#[derive(Clone, Debug)]
pub struct Draft {
	/// Its record.
	pub spec: DomainSpec,
	/// Its series.
	pub values: Vec<i32>,
	/// Size of a raw unit in units of the column.
	pub quantum: f64,
	/// The columns beside it, and the same of each.
	pub inputs: Vec<(String, f64)>,
	/// Rows that were filled in.
	pub filled: usize,
	/// Whether the season was found rather than given.
	pub season_found: bool,
	/// How like the series the generator's are; nothing where several channels have none.
	pub fit: Option<generator::Report>,
	/// What simple models achieve.
	pub baselines: Vec<baseline::Row>,
}

impl Draft {
	/// Reads a column, and those beside it, and makes a domain of them.
	pub fn from_csv(path: &Path, column: &str, args: &SeriesArgs, question: &Question) -> Result<Self> {
		if !args.scale.is_finite() || args.scale == 0.0 {
			bail!("--scale {} would make nothing of the column: choose a factor other than 0", args.scale);
		}
		let mut series =
			Series::read(path, &Selection { column, inputs: &args.inputs, time: args.time.as_deref(), fill: args.fill })?;
		series.values.iter_mut().for_each(|value| *value *= args.scale);
		let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
		let default_name = format!("{stem} {column}");
		Self::new(&series, column, args.name.as_deref().unwrap_or(&default_name), args, question)
	}

	fn new(series: &Series, column: &str, name: &str, args: &SeriesArgs, question: &Question) -> Result<Self> {
		let season_found = args.season.is_none();
		let season = args.season.unwrap_or_else(|| find_season(&series.values));
		let horizon = args.target.horizon(args.horizon, season.clamp(6, 24))?;
		let channels = target::channels(series.inputs.len())?;
		let usual = season.saturating_mul(2).max(horizon.saturating_mul(4)).min(target::longest_history(channels, horizon));
		let history = args.history.unwrap_or(usual.clamp(season, MAX_HISTORY));
		check_lengths(season, horizon, history, question)?;
		target::check_span("history", history, channels, horizon)?;
		let mut forecast = Forecast {
			horizon,
			history,
			season,
			chunks: question.chunks,
			windows: question.windows,
			channels,
			target: Target::Values,
		};
		let rows = series.values.len();
		check_rows(rows, &forecast)?;
		let quantised = series.quantise(horizon.into(), args.unit)?;
		let unit = quantised.unit(column);
		let Quantised { values, quantum, inputs } = quantised;
		forecast.target = args.target.target(quantum)?;
		let split = Split { train_end: part(rows, SPLIT.0), validation_end: part(rows, SPLIT.0 + SPLIT.1) };
		// A generator makes one channel. Without one, the validation part itself decides, and nothing is minted.
		let (evidence, fit) = if channels == 1 {
			let fitted = generator::fit(&values[..split.train_end as usize], &forecast);
			let (generator, fit) = fitted.context("no generator fits the series")?;
			(Evidence::Synthetic(generator), Some(fit))
		} else {
			(Evidence::Public, None)
		};
		let spec = DomainSpec {
			name: text(name, "name")?,
			unit: text(&unit, "unit")?,
			program: Program::Forecast(forecast.clone()),
			genes: genes(&forecast).try_into().map_err(|_| anyhow::anyhow!("too many genes"))?,
			limits: Limits {
				model_bytes: question.model_bytes,
				window_macs: question.window_macs.unwrap_or_else(|| small_macs(&forecast, &split)),
			},
			data_root: blake2_256(&values.encode()),
			values: values.len() as u32,
			split,
			evidence,
			min_improvement: question.min_improvement,
			target: question.target,
		};
		let data = TrainingSet::new(Task::new(&spec, values.clone())?, 0, 0)?;
		spec.check().map_err(|error| anyhow::anyhow!("the chain would refuse the record: {error:?}"))?;
		if let Some(class) = data.class_counts().iter().position(|count| *count == 0) {
			bail!("class {class} never comes in the training part: choose other bounds with --classes");
		}
		let baselines = baseline::report(&data, 0, &[])?;
		if baselines.iter().take(2).any(|row| row.validation.error == 0) {
			bail!("repeating old values makes no error at all on the validation part: there is nothing to improve");
		}
		let inputs = args.inputs.iter().cloned().zip(inputs).collect();
		Ok(Self { spec, values, quantum, inputs, filled: series.filled, season_found, fit, baselines })
	}

	/// What is forecast.
	pub fn forecast(&self) -> Option<&Forecast> {
		match &self.spec.program {
			Program::Forecast(forecast) => Some(forecast),
			Program::Quadratic(_) => None,
		}
	}

	/// Whether the domain may be put on the ballot: one that is judged on windows everybody knows may not.
	pub fn may_weigh(&self) -> bool {
		!matches!(self.spec.evidence, Evidence::Public)
	}
}

/// `percent` of `length`.
fn part(length: usize, percent: usize) -> u32 {
	(length * percent / 100) as u32
}

fn text<const N: u32>(
	text: &str,
	what: &str,
) -> Result<doin_primitives::bounded_collections::BoundedVec<u8, doin_primitives::bounded_collections::ConstU32<N>>> {
	text.as_bytes()
		.to_vec()
		.try_into()
		.map_err(|_| anyhow::anyhow!("the {what} `{text}` is longer than {N} bytes: choose a shorter one"))
}

/// Most multiply-accumulates per window with which the costliest chunk stays in the small class, at most [`MACS`].
fn small_macs(forecast: &Forecast, split: &Split) -> u32 {
	let validation = (split.validation_end - split.train_end).div_ceil(forecast.chunks.into());
	let windows = validation.min(MAX_WINDOWS.into()).max(forecast.windows.into());
	((1 << 20) / windows.max(1)).min(MACS)
}

/// The genes that the worker's trainer understands.
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
		gene("mix", 0, doin_compute::data::WHOLE.into(), false),
		gene("decay", 0, 4, false),
		gene("skip", 0, 2, false),
	]
}

fn check_lengths(season: u16, horizon: u16, history: u16, question: &Question) -> Result<()> {
	let within = |name: &str, value: u32, lo: u32, hi: u32| {
		if (lo..=hi).contains(&value) {
			return Ok(());
		}
		bail!("--{name} {value} is not possible: it has to lie within {lo} and {hi}")
	};
	within("season", season.into(), 1, MAX_SEASON)?;
	within("horizon", horizon.into(), 1, MAX_HORIZON.into())?;
	within("history", history.into(), season.into(), MAX_HISTORY.into())?;
	within("chunks", question.chunks.into(), (*CHUNKS.start()).into(), (*CHUNKS.end()).into())?;
	within("windows", question.windows.into(), 1, MAX_WINDOWS.into())?;
	within("min-improvement", question.min_improvement, MIN_IMPROVEMENT_FLOOR, 999_999)?;
	within("window-macs", question.window_macs.unwrap_or(1), 1, MAX_WINDOW_MACS)?;
	within("model-bytes", question.model_bytes, 64, doin_primitives::domain::MAX_MODEL_BYTES)
}

/// Says how many rows are needed when there are too few or too many.
fn check_rows(rows: usize, forecast: &Forecast) -> Result<()> {
	let needed = rows_needed(forecast);
	if rows < needed {
		bail!(
			"the series has {rows} rows, and {needed} are needed for a season of {}, a history of {} and a horizon of {} steps: \
			bring more data, or choose smaller ones with --season, --history and --horizon",
			forecast.season,
			forecast.history,
			forecast.horizon
		);
	}
	let most = (MAX_PAGES * PAGE_VALUES) as usize / usize::from(forecast.channels);
	if rows > most {
		bail!("the series has {rows} rows, and the chain stores at most {most} of {} channels: take the last ones, or a coarser step", forecast.channels);
	}
	Ok(())
}

/// Least rows so that every part is long enough.
fn rows_needed(forecast: &Forecast) -> usize {
	let span = forecast.span() as usize;
	// A window to train on and one to stop early on, or three seasons for the generator.
	let train = (span * 7 / 6 + 2).max(span + usize::from(forecast.horizon)).max(3 * usize::from(forecast.season) + 2);
	let validation = usize::from(forecast.chunks) + usize::from(forecast.horizon);
	(train * 100).div_ceil(SPLIT.0).max((validation * 100).div_ceil(SPLIT.1)) + 2
}

/// The season of a series: the smallest lag at which differences correlate almost as well as they ever do; 1 when they never do.
pub fn find_season(values: &[f64]) -> u16 {
	let differences: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
	let count = differences.len().max(1) as f64;
	let mean = differences.iter().sum::<f64>() / count;
	let centred: Vec<f64> = differences.iter().map(|difference| difference - mean).collect();
	let variance = centred.iter().map(|value| value * value).sum::<f64>();
	let most = (MAX_SEASON as usize).min(centred.len() / 8);
	let correlation =
		|lag: usize| centred.iter().zip(&centred[lag..]).map(|(a, b)| a * b).sum::<f64>() / variance.max(f64::MIN_POSITIVE);
	let correlations: Vec<(usize, f64)> = (2..=most).map(|lag| (lag, correlation(lag))).collect();
	// A peak, not the slope of a series that moves slowly.
	let peaks = correlations.windows(3).filter(|three| three[1].1 > three[0].1 && three[1].1 >= three[2].1).map(|three| three[1]);
	let peaks: Vec<(usize, f64)> = peaks.filter(|(_, height)| *height >= SEASONAL).collect();
	let highest = peaks.iter().map(|(_, height)| *height).fold(0.0, f64::max);
	peaks.iter().find(|(_, height)| *height >= 0.9 * highest).map_or(1, |(lag, _)| *lag as u16)
}

#[cfg(test)]
pub mod tests {
	use super::*;
	use crate::target::TargetArgs;

	pub fn args() -> SeriesArgs {
		SeriesArgs {
			inputs: Vec::new(),
			target: Default::default(),
			time: None,
			season: None,
			horizon: None,
			history: None,
			unit: None,
			scale: 1.0,
			fill: None,
			name: None,
		}
	}

	fn wave(rows: usize, season: usize) -> Series {
		let noise = |t: usize| ((t * 7919 + t * t * 31) % 101) as f64 / 1000.0;
		let values = (0..rows)
			.map(|t| (t as f64 * std::f64::consts::TAU / season as f64).sin() * 5.0 + noise(t) + t as f64 / 1e4)
			.collect();
		Series { values, inputs: Vec::new(), filled: 0, clock: None }
	}

	#[test]
	fn a_series_becomes_a_domain_that_the_chain_takes() {
		let draft = Draft::new(&wave(1500, 24), "load", "a wave", &args(), &Question::default()).unwrap();
		let forecast = draft.forecast().unwrap();
		assert_eq!((forecast.season, forecast.horizon, forecast.history), (24, 24, 96));
		assert!(draft.season_found);
		let Evidence::Synthetic(generator) = &draft.spec.evidence else { panic!() };
		generator.check(forecast).unwrap();
		let split = draft.spec.split;
		draft.spec.program.check(split.train_end, split.validation_end, draft.spec.values).unwrap();
		assert_eq!((split.train_end, split.validation_end, draft.spec.values), (1050, 1275, 1500));
		assert_eq!(draft.spec.data_root, blake2_256(&draft.values.encode()));
		assert!(draft.spec.unit.ends_with(b" load"));
		assert_eq!(draft.spec.class(), doin_primitives::SizeClass::Small, "so that every evaluator can serve it");
		assert_eq!(draft.baselines[2].name, "ridge");
		assert!(draft.baselines[1].validation.error < draft.baselines[0].validation.error, "a wave is seasonal");
	}

	#[test]
	fn several_channels_steps_and_classes_become_domains() {
		let draft = |series: &Series, args: SeriesArgs| Draft::new(series, "load", "a wave", &args, &Question::default());
		let one = wave(1500, 24);
		let target = |steps: &[u16], classes: &[f64]| TargetArgs { steps: steps.to_vec(), classes: classes.to_vec() };
		let some = draft(&one, SeriesArgs { target: target(&[6, 12], &[]), ..args() }).unwrap();
		let forecast = some.forecast().unwrap();
		assert_eq!((forecast.horizon, forecast.outputs(), forecast.channels), (12, 2, 1));
		assert_eq!(some.spec.check(), Ok(()));
		assert_eq!(some.baselines[0].validation.predictions % 2, 0);
		let signs = draft(&one, SeriesArgs { target: target(&[], &[0.0]), horizon: Some(12), ..args() }).unwrap();
		assert_eq!(signs.spec.program.name(), "classify");
		assert!(matches!(signs.spec.evidence, Evidence::Synthetic(_)) && signs.spec.check() == Ok(()));
		assert!(signs.baselines[0].validation.mean < 1.0, "a share of mistakes");
		let never = draft(&one, SeriesArgs { target: target(&[], &[0.0, 1_000.0]), ..args() }).unwrap_err();
		assert!(format!("{never:#}").contains("class 2 never comes"), "{never:#}");

		let shifted: Vec<f64> = one.values.iter().map(|value| value * 3.0 + 1.0).collect();
		let both = Series { inputs: vec![shifted], ..one.clone() };
		let two = draft(&both, SeriesArgs { inputs: vec!["other".into()], ..args() }).unwrap();
		let forecast = two.forecast().unwrap();
		assert_eq!((forecast.channels, two.spec.values, two.spec.split.validation_end), (2, 3_000, 1_275));
		assert_eq!((&two.spec.evidence, two.fit.is_none(), two.spec.check()), (&Evidence::Public, true, Ok(())));
		let wide = SeriesArgs { inputs: vec!["other".into()], history: Some(1_024), ..args() };
		assert!(format!("{:#}", draft(&both, wide).unwrap_err()).contains("--history 1024"));
	}

	#[test]
	fn too_few_rows_are_answered_with_how_many_are_needed() {
		let reason = format!("{:#}", Draft::new(&wave(100, 24), "v", "n", &args(), &Question::default()).unwrap_err());
		assert!(reason.contains("100 rows") && reason.contains("--history"), "{reason}");
		// With exactly as many as the message asks for it works.
		let given = SeriesArgs { season: Some(24), ..args() };
		let forecast =
			Forecast { horizon: 24, history: 96, season: 24, chunks: 32, windows: 16, channels: 1, target: Target::Values };
		let needed = rows_needed(&forecast);
		assert!(Draft::new(&wave(needed - 1, 24), "v", "n", &given, &Question::default()).is_err());
		Draft::new(&wave(needed, 24), "v", "n", &given, &Question::default()).unwrap();
	}

	#[test]
	fn impossible_lengths_are_named() {
		let refusal = |args: SeriesArgs, question: Question| {
			format!("{:#}", Draft::new(&wave(900, 24), "v", "n", &args, &question).unwrap_err())
		};
		assert!(refusal(SeriesArgs { horizon: Some(1_025), ..args() }, Question::default()).contains("--horizon 1025"));
		assert!(
			refusal(SeriesArgs { season: Some(24), history: Some(23), ..args() }, Question::default()).contains("--history 23")
		);
		assert!(refusal(args(), Question { chunks: 31, ..Default::default() }).contains("--chunks 31"));
		assert!(refusal(args(), Question { min_improvement: 1, ..Default::default() }).contains("--min-improvement 1"));
		assert!(refusal(SeriesArgs { name: Some("x".into()), ..args() }, Question { windows: 0, ..Default::default() })
			.contains("--windows 0"));
	}

	#[test]
	fn seasons_are_found_and_not_invented() {
		for season in [7usize, 24, 52] {
			assert_eq!(usize::from(find_season(&wave(1200, season).values)), season);
		}
		let mut state = 1u64;
		let walk: Vec<f64> = (0..2000)
			.map(|_| {
				state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
				(state >> 40) as f64
			})
			.scan(0.0, |level, step| {
				*level += step - 8_388_608.0;
				Some(*level)
			})
			.collect();
		assert_eq!(find_season(&walk), 1, "a random walk has none");
		assert_eq!(find_season(&[1.0, 2.0]), 1);
	}
}
