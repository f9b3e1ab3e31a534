//! `train`: trains one model, or a population of which it keeps the best.

mod candidates;
mod next_command;
mod plan;
mod population;
mod report;
mod rows;
pub mod trials;

use crate::{
	args::{ColumnArgs, TargetArgs},
	commands::{
		curve::{self, Picture},
		genes::{describe_candidate, GeneArgs},
	},
	report::{print_text, OutputArgs, Remarks},
	row_args::RowArgs,
	work::{compute_until_interrupted, interrupted, threads},
};
use anyhow::{ensure, Context, Result};
use clap::Args;
use doin_compute::{
	baseline,
	gpu::{DeviceSelection, Devices},
	Executor, StoppingRule,
};
use doin_forecast::{
	output::check_output, rows::RowModelFile, spec::explain, FileSet, ModelFile, SeriesSource, SplitRule, StepErrors,
};
use doin_scoring::verdict::total;
use next_command::NextCommand;
use plan::Plan;
use report::TrainReport;
use std::{
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Instant,
};

/// Arguments of `train`.
#[derive(Clone, Debug, Args)]
pub struct TrainArgs {
	#[command(flatten)]
	files: FileArgs,
	#[command(flatten)]
	rows: RowArgs,
	#[command(flatten)]
	genes: GeneArgs,
	/// Steps to forecast [default: the last of --steps, or one season within 6 and 24]
	#[arg(long, value_name = "STEPS", help_heading = "Forecast")]
	horizon: Option<u16>,
	#[command(flatten)]
	target: TargetArgs,
	/// Steps that precede every target, so that models with other windows are scored on the same targets [default: the longest
	/// window or the season]
	#[arg(long, value_name = "STEPS", help_heading = "Forecast")]
	history: Option<u16>,
	/// Steps of one season, e.g. 24 for hourly values with a daily rhythm [default: found by autocorrelation]
	#[arg(long, value_name = "STEPS", help_heading = "Forecast")]
	season: Option<u16>,
	/// Raw unit of the stored values, in units of the column [default: power of ten that keeps three significant digits]
	#[arg(long, value_name = "SIZE", help_heading = "Forecast")]
	unit: Option<f64>,
	/// Train this many candidates: one per seed, or points drawn from the ranges of genes. The best on validation is kept; after
	/// Ctrl-C, the best so far
	#[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
	population: Option<u32>,
	/// Stop a candidate after this many epochs without improvement [default: never]
	#[arg(long, value_name = "EPOCHS", value_parser = clap::value_parser!(u16).range(1..))]
	patience: Option<u16>,
	/// Successive halving (Jamieson & Talwalkar 2016): of every 64 candidates, the better half continues after an eighth, a
	/// quarter and half of the epochs. A population takes less than half of the time
	#[arg(long, requires = "population")]
	halving: bool,
	/// Devices to train on beside the CPU: `auto` for every GPU, or numbers and parts of names (`doin-worker devices`). Useful
	/// for a population; models do not depend on it
	#[arg(long, value_name = "auto|none|INDEX|NAME,...", default_value = "none")]
	gpu: String,
	/// Threads [default: all cores]. Models do not depend on it
	#[arg(long, value_name = "N")]
	cores: Option<usize>,
	/// Write the model to this file, for `evaluate` and `predict`. After Ctrl-C, it is the best one so far; a file that existed
	/// before is kept then, and the model is written beside it, as NAME-interrupted (-2, -3, …)
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
	/// Write the learning curve: a folder for curve.svg and curve.csv, or a file ending in .svg or .csv
	#[arg(long, value_name = "PATH")]
	curve: Option<PathBuf>,
	#[command(flatten)]
	output: OutputArgs,
}

/// Files of a training.
#[derive(Clone, Debug, Args)]
struct FileArgs {
	/// CSV file, also compressed by gzip, or - for standard input. FILE:1000 uses its first 1000 rows. If given several times,
	/// one model is trained on all files, and no window reaches from one file into another
	#[arg(long, value_name = "FILE[:ROWS]", required = true)]
	csv: Vec<SeriesSource>,
	/// Validate on this file, and train on the whole of the others; may be given several times
	#[arg(long, value_name = "FILE[:ROWS]", conflicts_with = "split")]
	validation_csv: Vec<SeriesSource>,
	/// Test on this file; may be given several times
	#[arg(long, value_name = "FILE[:ROWS]", requires = "validation_csv")]
	test_csv: Vec<SeriesSource>,
	#[command(flatten)]
	columns: ColumnArgs,
	/// Parts of each file that train and validate, in per cent or rows. The test is the rest, or as long as a third part
	#[arg(long, value_name = "TRAIN/VAL", default_value = "70/15", help_heading = "Forecast")]
	split: SplitRule,
}

impl FileArgs {
	fn file_set(&self) -> FileSet {
		FileSet {
			training: self.csv.clone(),
			validation: self.validation_csv.clone(),
			test: self.test_csv.clone(),
			column: self.columns.column.clone(),
			options: self.columns.options(),
			split: self.split.clone(),
		}
	}
}

/// Runs `train`. Returns `true` if it was interrupted, and has kept the best model so far.
///
/// # Errors
///
/// Errors if the files, the forecast or the genes cannot be used, if no candidate can be trained, or if the model cannot be
/// written.
pub async fn run(args: TrainArgs) -> Result<bool> {
	let ((), interrupted) = compute_until_interrupted(interrupted(), move |stop| train(&args, stop)).await?;
	Ok(interrupted)
}

/// Checks the files that will be written, so that a fault is reported before hours are spent. Returns those of the curve.
fn check_outputs(args: &TrainArgs) -> Result<Vec<PathBuf>> {
	let FileArgs { csv, validation_csv, test_csv, .. } = &args.files;
	let sources = csv.iter().chain(validation_csv).chain(test_csv).map(|source| source.path.as_path());
	let read: Vec<&Path> = sources.chain(args.rows.map.as_deref()).collect();
	if let Some(out) = &args.out {
		check_output(out, "--out", &read)?;
	}
	if let Some(map) = &args.rows.map_out {
		check_output(map, "--map-out", &read)?;
		ensure!(args.out.as_ref() != Some(map), "--out and --map-out name the same file, {}: name two", map.display());
	}
	let curve_files = args.curve.as_deref().map(curve::files).transpose()?.unwrap_or_default();
	for file in &curve_files {
		check_output(file, "--curve", &read)?;
		ensure!(args.out.as_ref() != Some(file), "--out and --curve name the same file, {}: name two", file.display());
	}
	Ok(curve_files)
}

/// Model file that a training keeps.
trait Kept {
	/// Writes the file.
	fn write(&self, path: &Path) -> Result<()>;
}

impl Kept for ModelFile {
	fn write(&self, path: &Path) -> Result<()> {
		self.write(path)
	}
}

impl Kept for RowModelFile {
	fn write(&self, path: &Path) -> Result<()> {
		self.write(path)
	}
}

/// Writes a model. If that fails, the model is written to the folder of temporary files, so that a training is not lost.
fn save(model: &impl Kept, out: &Path) -> Result<()> {
	let Err(error) = model.write(out) else { return Ok(()) };
	let rescued = std::env::temp_dir().join(format!("model-{}.doin", std::process::id()));
	match model.write(&rescued) {
		Ok(()) => Err(error.context(format!("the model was written to {} instead", rescued.display()))),
		Err(_) => Err(error),
	}
}

/// Returns the file of a model. The model of an interrupted training does not replace a file that existed before the training; it
/// gets the first name of a file that does not exist (`exists`): `NAME-interrupted`, `NAME-interrupted-2` and so on.
fn output_of(out: &Path, is_interrupted: bool, existed: bool, exists: impl Fn(&Path) -> bool) -> PathBuf {
	if !(is_interrupted && existed) {
		return out.into();
	}
	let numbered = |number: u64| {
		let mut name = out.file_stem().unwrap_or_default().to_os_string();
		name.push("-interrupted");
		if number > 1 {
			name.push(format!("-{number}"));
		}
		if let Some(extension) = out.extension() {
			name.push(".");
			name.push(extension);
		}
		out.with_file_name(name)
	};
	let mut number = 1;
	while exists(&numbered(number)) {
		number += 1;
	}
	numbered(number)
}

/// Opens the devices, and starts the threads.
fn executor(args: &TrainArgs, remarks: &Remarks) -> Result<Executor> {
	let selection: DeviceSelection = args.gpu.parse()?;
	let devices = Devices::open(&selection)?;
	if devices.all().is_empty() && selection != DeviceSelection::None {
		let advice = "`doin-worker devices` lists the devices of this machine";
		remarks.add(format_args!("warning: there is no GPU, so the CPU trains alone ({advice})"));
	}
	Ok(Executor::new(threads(args.cores), Arc::new(devices))?)
}

fn train(args: &TrainArgs, stop: &AtomicBool) -> Result<()> {
	if args.rows.is_given() {
		return rows::train(args, stop);
	}
	let curve_files = check_outputs(args)?;
	let existed = args.out.as_ref().is_some_and(|out| out.exists());
	let remarks = Remarks::default();
	let executor = executor(args, &remarks)?;
	let mut plan = Plan::new(args, &remarks)?;
	let has_devices = !executor.devices().all().is_empty();
	args.genes.choose_bits(&mut plan.candidates, has_devices, &remarks, |candidate| {
		executor.install(|| plan.data.step_times(candidate))
	})?;
	let family = args.genes.family;
	if !args.output.is_json() {
		print_text(report::PlanText { plan: &plan, executor: &executor })?;
	}
	let started = Instant::now();
	let rule = StoppingRule { patience: args.patience, halving: args.halving };
	let mut trained = plan.train(family, rule, &executor, stop, &remarks)?;
	let seconds = started.elapsed().as_secs_f64();
	trained.sort_by_key(|one| (total(&one.errors.validation), one.number));
	let chosen = trained.first().context("no candidate was trained")?;
	let errors = executor.install(|| plan.errors(&chosen.model));
	// The model is kept before anything else can fail.
	let out = args.out.as_deref().map(|out| output_of(out, stop.load(Ordering::Relaxed), existed, Path::exists));
	let saved = match &out {
		Some(out) => save(&plan.model_file(family, chosen, &errors), out),
		None => Ok(()),
	};
	let others = [(format!("this {family}"), chosen.model.clone())];
	let rows = executor.install(|| baseline::report(&plan.data, 0, &others)).map_err(explain)?;
	let most_frequent = |part: fn(&plan::FileErrors) -> &Option<StepErrors>| {
		let steps = errors.iter().filter_map(|file| part(file).clone()).reduce(|a, b| a.merge(&b));
		steps.and_then(|steps| steps.most_frequent())
	};
	let most_frequent =
		report::MostFrequent { validation: most_frequent(|file| &file.validation), test: most_frequent(|file| &file.test) };
	let has_curves = trained.iter().any(|one| !one.curve.points.is_empty());
	if has_curves {
		let mut curves: Vec<_> = trained.iter().map(|one| one.curve.clone()).collect();
		curves.sort_by_key(|curve| curve.candidate);
		let table = &plan.files[0].table;
		let title = format!("{}: {}", table.file, describe_candidate(family, &chosen.candidate));
		let unit = plan.scale.unit_name(&table.column);
		Picture { curves: &curves, chosen: chosen.number, title: &title, unit }.write(&curve_files)?;
	}
	let mut report = TrainReport::new(&plan, family, &trained, &rows, most_frequent);
	report.seconds = seconds;
	report.notes = remarks.texts();
	let out = out.filter(|_| saved.is_ok());
	report.next = out.map(|out| NextCommand::predict(&out, &args.files.csv[0], &args.files.columns.read, "a series"));
	if !curve_files.is_empty() {
		report.curve_files = Some(if has_curves { curve_files } else { Vec::new() });
	}
	args.output.print(&report)?;
	// The errors of the model are shown, even if it could not be written.
	saved
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn k44_an_interrupted_training_does_not_replace_an_earlier_model() {
		let out = |name: &str, is_interrupted, existed| output_of(Path::new(name), is_interrupted, existed, |_| false);
		assert_eq!(out("a/m.doin", true, true), Path::new("a/m-interrupted.doin"));
		assert_eq!(out("model", true, true), Path::new("model-interrupted"));
		for (is_interrupted, existed) in [(false, false), (false, true), (true, false)] {
			assert_eq!(out("a/m.doin", is_interrupted, existed), Path::new("a/m.doin"));
		}
	}

	/// Earlier interrupted runs and the files that are read exist.
	#[test]
	fn k44_an_interrupted_training_replaces_no_file_at_all() {
		let taken = ["a/m-interrupted.doin", "a/m-interrupted-2.doin"];
		let exists = |file: &Path| taken.iter().any(|taken| file == Path::new(taken));
		let out = output_of(Path::new("a/m.doin"), true, true, exists);
		assert_eq!(out, Path::new("a/m-interrupted-3.doin"));
	}
}
