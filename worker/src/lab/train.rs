//! `train`: one model or a population by hand.

use super::{
	explained,
	files::{deviation, File, FileArgs},
	forecast::Steps,
	genes::{named, shown, GeneArgs, Kind},
	model_file::{self, Saved},
	plot::{self, Curve},
	rows_json,
	series::{data_hash, Question},
	working, Scale,
};
use crate::{
	amount::significant,
	csv_series::decimal,
	draft::find_season,
	target::{self, TargetArgs},
};
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_compute::{
	baseline,
	gpu::{Devices, Selection},
	population::{self, Trained as Evaluated},
	task::predictions,
	train_brackets, Candidate, Course, CutSeries, Error, Measure, Rule, TrainingSet,
};
use doin_scoring::{
	model::OUT_FRAC,
	program::{MAX_HISTORY, MAX_SEASON},
	verdict::total,
	Model, Target,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
	io::IsTerminal,
	path::PathBuf,
	sync::{atomic::AtomicBool, Mutex, PoisonError},
	time::Instant,
};

/// Candidates of a population that are listed.
const LISTED: usize = 10;

/// What `train` takes.
#[derive(Clone, Debug, Args)]
pub struct TrainArgs {
	#[command(flatten)]
	files: FileArgs,
	#[command(flatten)]
	genes: GeneArgs,
	/// Steps to forecast; the last of --steps, or one season within 6 and 24, when left out.
	#[arg(long, value_name = "STEPS", help_heading = "Question")]
	horizon: Option<u16>,
	#[command(flatten)]
	target: TargetArgs,
	/// Steps that precede every target, whatever the model reads of them: models with other windows then face the same targets. The
	/// longest window or the season when left out.
	#[arg(long, value_name = "STEPS", help_heading = "Question")]
	history: Option<u16>,
	/// Steps of one season, as 24 for hourly values of a daily rhythm; found out when left out.
	#[arg(long, value_name = "STEPS", help_heading = "Question")]
	season: Option<u16>,
	/// Size of one step of the stored values, in units of the column; a suitable power of ten when left out.
	#[arg(long, value_name = "SIZE", help_heading = "Question")]
	unit: Option<f64>,
	/// Train this many candidates: one per seed, or points drawn from the ranges of genes. The best on validation is kept.
	#[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
	population: Option<u32>,
	/// Stop a candidate after this many epochs without a better one; never when left out.
	#[arg(long, value_name = "EPOCHS", value_parser = clap::value_parser!(u16).range(1..))]
	patience: Option<u16>,
	/// Successive halving: of every 64 candidates, the better half goes on after an eighth, a quarter and half of the epochs. A population
	/// takes less than half of the time.
	#[arg(long, requires = "population")]
	halving: bool,
	/// Devices to train on beside the cores: `auto` for every GPU, a number or a part of a name (`doin-worker devices`). Worth it for a
	/// population; models do not depend on it.
	#[arg(long, value_name = "auto|none|INDEX|NAME", default_value = "none")]
	gpu: String,
	/// Threads; all cores when left out. Models do not depend on it.
	#[arg(long, value_name = "N")]
	cores: Option<usize>,
	/// Write the model to this file, for `evaluate` and `predict`.
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
	/// Write the learning curve: a folder for curve.svg and curve.csv, or a file ending in .svg or .csv.
	#[arg(long, value_name = "PATH")]
	curve: Option<PathBuf>,
	/// As one JSON object.
	#[arg(long)]
	json: bool,
}

/// A candidate that was trained.
struct Trained {
	at: usize,
	candidate: Candidate,
	model: Model,
	measure: Measure,
	curve: Curve,
	seconds: f64,
}

/// A training that is about to begin.
struct Plan {
	files: Vec<File>,
	question: Question,
	season_found: bool,
	data: TrainingSet,
	unit: f64,
	/// One raw unit of each column beside the one that is forecast.
	inputs: Vec<f64>,
	scale: Scale,
	candidates: Vec<Candidate>,
}

/// `train`.
pub async fn run(args: TrainArgs) -> Result<()> {
	working(move |stop| train(&args, stop)).await
}

impl Plan {
	fn new(args: &TrainArgs) -> Result<Self> {
		let first = args.files.first()?;
		let season_found = args.season.is_none();
		let season = args.season.unwrap_or_else(|| find_season(&first.series.values));
		let horizon = args.target.horizon(args.horizon, season.clamp(6, 24))?;
		let channels = target::channels(first.inputs.len())?;
		let history = Self::history(args, season, horizon, channels)?;
		let mut question = Question { horizon, history, season, channels, target: Target::Values };
		question.check()?;
		let raw = first.series.quantise(horizon.into(), args.unit)?;
		let (unit, inputs) = (raw.quantum, raw.inputs.clone());
		question.target = args.target.target(unit)?;
		let files = args.files.read(first, raw, &question)?;
		let data = question.training_set(files.iter().map(|file| (file.table.file.clone(), file.part.clone())).collect())?;
		if total(&data.initial().validation) == 0 {
			bail!("repeating old values makes no error at all on the validation part: there is nothing to learn");
		}
		let deviation = deviation(&files, channels.into()) * unit;
		if deviation == 0.0 {
			bail!("column `{}` is constant where it trains: there is nothing to learn", files[0].table.column);
		}
		let scale = Scale::of(&data.task.program, unit, deviation);
		let window = args.genes.longest_window(Self::usual_window(season, horizon, channels))?;
		let candidates = Self::usable(args, args.genes.candidates(args.population, window, question.history)?, &data)?;
		Ok(Self { files, question, season_found, data, unit, inputs, scale, candidates })
	}

	/// The candidates that can be trained and would be admitted. Of a population, the others are left out and said to be.
	fn usable(args: &TrainArgs, candidates: Vec<Candidate>, data: &TrainingSet) -> Result<Vec<Candidate>> {
		let check =
			|candidate: &Candidate| candidate.check(data).map_err(explained).with_context(|| shown(args.genes.family, candidate));
		let (asked, mut usable, mut refused) = (candidates.len(), Vec::new(), None);
		for candidate in candidates {
			match check(&candidate) {
				Ok(()) => usable.push(candidate),
				Err(error) => refused = Some(error),
			}
		}
		match refused {
			Some(error) if usable.is_empty() => return Err(error),
			Some(error) => eprintln!("warning: {} of {asked} candidates are left out, as {error:#}", asked - usable.len()),
			None => {}
		}
		Ok(usable)
	}

	/// The window when nothing is said.
	fn usual_window(season: u16, horizon: u16, channels: u8) -> u16 {
		let usual = season.saturating_mul(2).max(horizon.saturating_mul(4));
		usual.min(target::longest_history(channels, horizon)).clamp(1, MAX_HISTORY)
	}

	/// Steps that precede every target.
	fn history(args: &TrainArgs, season: u16, horizon: u16, channels: u8) -> Result<u16> {
		let window = args.genes.longest_window(Self::usual_window(season, horizon, channels))?;
		let least = window.max(u32::from(season).min(MAX_SEASON) as u16);
		match args.history {
			Some(history) if history < least || history > MAX_HISTORY => bail!(
				"--history {history} is not possible: it has to hold a window of {window} and a season of {season} steps, and at most {MAX_HISTORY}"
			),
			Some(history) => Ok(history),
			None => Ok(least),
		}
	}

	fn describe(&self) {
		let channels = usize::from(self.question.channels);
		let filled: usize = self.files.iter().map(|file| file.table.series.filled).sum();
		let filled = if filled > 0 { format!(", {filled} of them filled in") } else { String::new() };
		let (column, unit) = (&self.files[0].table.column, decimal(self.unit));
		match &self.files[..] {
			[only] => println!(
				"series      {} values of {column} in steps of {unit}{filled}; {}",
				only.rows(channels),
				only.describe(channels)
			),
			several => {
				println!("series      {column} in steps of {unit}{filled}");
				for file in several {
					println!("            {}: {}", file.table.file, file.describe(channels));
				}
			}
		}
		if !self.inputs.is_empty() {
			let inputs = self.files[0].table.inputs.iter().zip(&self.inputs);
			let inputs: Vec<String> = inputs.map(|(column, unit)| format!("{column} in steps of {}", decimal(*unit))).collect();
			println!("beside it   {}", inputs.join(", "));
		}
		println!(
			"question    {}; a season has {}{}",
			target::describe(&self.data.task.program, self.unit),
			if self.question.season == 1 { "one step".into() } else { format!("{} steps", self.question.season) },
			if self.season_found { " (found in the series; set it with --season)" } else { "" }
		);
	}

	/// Trains all candidates; those that failed are named.
	fn train(&self, kind: Kind, rule: Rule, devices: &Devices, cores: usize, stop: &AtomicBool) -> Result<Vec<Trained>> {
		let epochs: u64 = self.candidates.iter().map(|candidate| u64::from(candidate.epochs)).sum();
		let bar = if std::io::stderr().is_terminal() { ProgressBar::new(epochs) } else { ProgressBar::hidden() };
		let style = ProgressStyle::with_template("training {bar:30} {pos}/{len} epochs, {eta} left{msg}");
		bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
		let least = Mutex::new(u128::MAX);
		let told = |error: u128| {
			bar.inc(1);
			let mut least = least.lock().unwrap_or_else(PoisonError::into_inner);
			if error < *least {
				*least = error;
				bar.set_message(format!(", best {}", significant(self.scale.error(self.data.mean_error(error)))));
			}
		};
		let train = || train_brackets(&self.data, &self.candidates, devices, rule, stop, &told);
		let courses = population::pool(cores)?.install(train).map_err(explained)?;
		let result = |(at, course): (usize, Course)| {
			let one = course.trained.map_err(explained)?;
			if let Model::Net(net) = &one.model {
				kind.check(net)?;
			}
			let point = |(epoch, error): &(u16, u128)| (*epoch, self.scale.error(self.data.mean_error(*error)));
			let curve = Curve { candidate: at, points: course.errors.iter().map(point).collect() };
			let Evaluated { candidate, model, measure, .. } = one;
			Ok(Trained { at, candidate, model, measure, curve, seconds: course.seconds })
		};
		let results: Vec<Result<Trained>> = courses.into_iter().enumerate().map(result).collect();
		bar.finish_and_clear();
		let mut trained = Vec::new();
		let mut failure = None;
		for (result, candidate) in results.into_iter().zip(&self.candidates) {
			match result {
				Ok(one) => trained.push(one),
				Err(error) if error.downcast_ref() == Some(&Error::Stopped) => return Err(error),
				Err(error) => failure = Some(error.context(shown(kind, candidate))),
			}
		}
		match failure {
			Some(error) if trained.is_empty() => Err(error),
			Some(error) => {
				eprintln!(
					"warning: {} of {} candidates failed, as {error:#}",
					self.candidates.len() - trained.len(),
					self.candidates.len()
				);
				Ok(trained)
			}
			None => Ok(trained),
		}
	}

	/// The chosen model file by file, on validation and test; nothing where there are no windows.
	fn judge(&self, model: &Model) -> Vec<[Option<Steps>; 2]> {
		let judge = |file: &File| {
			let CutSeries { series, split } = &file.part;
			let (train, validation) = (split.train_end as usize, split.validation_end as usize);
			[train..validation, validation..usize::MAX - 1].map(|targets| {
				let steps = Steps::measure(model, &self.data.task.program, series, targets);
				(steps.windows > 0).then_some(steps)
			})
		};
		self.files.iter().map(judge).collect()
	}

	/// The file of a model.
	fn saved(&self, kind: Kind, chosen: &Trained, judged: &[[Option<Steps>; 2]]) -> Saved {
		let genes = named(kind, &chosen.candidate).into_iter().map(|(name, value)| (name.to_string(), value)).collect();
		let table = &self.files[0].table;
		let files = self.files.iter().zip(judged).map(|(file, judged)| {
			let [validation, test] = judged.each_ref().map(|steps| steps.as_ref().map(Steps::total));
			let CutSeries { series, split } = &file.part;
			model_file::File {
				file: file.table.file.clone(),
				rows: file.rows(self.question.channels.into()) as u32,
				hash: hex::encode(data_hash(series)),
				split: *split,
				error: model_file::Errors { validation, test },
			}
		});
		let inputs = table.inputs.iter().zip(&self.inputs);
		let data = model_file::Data {
			column: table.column.clone(),
			unit: self.unit.to_string(),
			deviation: self.scale.deviation.to_string(),
			inputs: inputs.map(|(column, unit)| model_file::Input { column: column.clone(), unit: unit.to_string() }).collect(),
			files: files.collect(),
		};
		Saved::new(&chosen.model, &self.data.task.program, genes, data)
	}
}

fn train(args: &TrainArgs, stop: &AtomicBool) -> Result<()> {
	// A place that cannot be written to is noticed before hours are spent.
	if let Some(folder) = args.out.as_ref().and_then(|out| out.parent()).filter(|folder| !folder.as_os_str().is_empty()) {
		if !folder.is_dir() {
			bail!("--out: there is no folder {}: make it first", folder.display());
		}
	}
	let curve_files = args.curve.as_deref().map(plot::files).transpose()?.unwrap_or_default();
	let selection: Selection = args.gpu.parse()?;
	let devices = Devices::open(&selection)?;
	if devices.gpus().is_empty() && selection != Selection::None {
		eprintln!("warning: there is no GPU, so the cores train alone (`doin-worker devices` says what there is)");
	}
	let plan = Plan::new(args)?;
	let (kind, cores) = (args.genes.family, super::cores(args.cores));
	if !args.json {
		plan.describe();
		let names: String = devices.gpus().iter().map(|gpu| format!("; {}", gpu.name())).collect();
		println!("trained by  {cores} threads with {}{names}", plan.data.backend().name());
	}
	let started = Instant::now();
	let rule = Rule { patience: args.patience, halving: args.halving };
	let mut trained = plan.train(kind, rule, &devices, cores, stop)?;
	let seconds = started.elapsed().as_secs_f64();
	trained.sort_by_key(|one| (total(&one.measure.validation), one.at));
	let chosen = trained.first().context("nothing was trained")?;
	let others = [(format!("this {}", kind.name()), chosen.model.clone())];
	let rows = baseline::report(&plan.data, 0, &others).map_err(explained)?;
	let judged = plan.judge(&chosen.model);
	if let Some(out) = &args.out {
		plan.saved(kind, chosen, &judged).write(out)?;
	}
	let most_frequent = [0, 1].map(|part| {
		let steps = judged.iter().filter_map(|judged| judged[part].clone()).reduce(|a, b| a.and(&b));
		steps.and_then(|steps| steps.most_frequent())
	});
	let mut curves: Vec<Curve> = trained.iter().map(|one| one.curve.clone()).collect();
	curves.sort_by_key(|curve| curve.candidate);
	let curves_drawn = curves.iter().any(|curve| !curve.points.is_empty());
	if curves_drawn {
		let table = &plan.files[0].table;
		let title = format!("{}: {}", table.file, shown(kind, &chosen.candidate));
		plot::write(&curve_files, &curves, chosen.at, &title, plan.scale.name(&table.column))?;
	}
	if args.json {
		println!("{}", json(&plan, kind, &trained, &rows, most_frequent, seconds));
		return Ok(());
	}
	if trained.len() > 1 {
		population_table(&plan, kind, &trained);
	}
	println!("model       {}", shown(kind, &chosen.candidate));
	if let (Some((epoch, _)), Some((last, _))) = (chosen.curve.best(), chosen.curve.points.last()) {
		let asked = chosen.candidate.epochs;
		let stopped = if *last < asked { format!(", stopped after {last} of {asked}") } else { format!(" of {asked}") };
		println!("            the net of epoch {epoch}{stopped}; {:.2} s", chosen.seconds);
		if epoch == 0 {
			println!(
				"            no epoch was better than the ridge alone, so that is what it is: try --blend, --no-skip, or other genes"
			);
		}
	}
	println!("            {} bytes, {} multiply-accumulates per forecast", chosen.model.to_bytes().len(), chosen.model.macs());
	super::show_rows(&rows, plan.scale, "errors", most_frequent);
	if !curve_files.is_empty() {
		let names: Vec<String> = curve_files.iter().map(|file| file.display().to_string()).collect();
		match curves_drawn {
			true => println!("curve       {}", names.join(", ")),
			false => println!("curve       none: a linear model is solved for, not learned epoch by epoch"),
		}
	}
	match &args.out {
		Some(out) => {
			println!(
				"saved       {0}: doin-worker predict --model {0} --csv {1}",
				out.display(),
				args.files.csv[0].path.display()
			)
		}
		None => println!("saved       nowhere: keep it with --out model.doin"),
	}
	Ok(())
}

/// The best of a population, by validation, and the middle of it.
fn population_table(plan: &Plan, kind: Kind, trained: &[Trained]) {
	let each = predictions(&plan.data.task.program) as f64;
	let count = plan.data.validation_windows() as f64 * each * f64::from(1u32 << OUT_FRAC);
	let mean = |one: &Trained| plan.scale.shown(total(&one.measure.validation) as f64 / count);
	println!(
		"population  {} candidates; on validation the best has {}, the middle one {}, the last {}",
		trained.len(),
		mean(&trained[0]),
		mean(&trained[trained.len() / 2]),
		mean(&trained[trained.len() - 1])
	);
	for one in trained.iter().take(LISTED) {
		println!("            {:>12}  {}", mean(one), shown(kind, &one.candidate));
	}
	if trained.len() > LISTED {
		println!("            and {} more", trained.len() - LISTED);
	}
}

fn json(
	plan: &Plan,
	kind: Kind,
	trained: &[Trained],
	rows: &[baseline::Row],
	most_frequent: [Option<f64>; 2],
	seconds: f64,
) -> serde_json::Value {
	let (program, table) = (&plan.data.task.program, &plan.files[0].table);
	let file = |file: &File| {
		serde_json::json!({
			"file": file.table.file,
			"rows": file.rows(plan.question.channels.into()),
			"split": file.part.split,
		})
	};
	let candidate = |one: &Trained| {
		let genes: serde_json::Map<_, _> =
			named(kind, &one.candidate).into_iter().map(|(name, value)| (name.to_string(), value.into())).collect();
		serde_json::json!({
			"genes": genes,
			"validation_error": total(&one.measure.validation),
			"best_epoch": one.curve.best().map(|(epoch, _)| epoch),
			"epochs": one.curve.points.last().map(|(epoch, _)| epoch),
			"seconds": one.seconds,
		})
	};
	serde_json::json!({
		"family": kind.name(),
		"files": plan.files.iter().map(file).collect::<Vec<_>>(),
		"column": table.column,
		"inputs": table.inputs,
		"unit": plan.unit,
		"deviation": plan.scale.deviation,
		"horizon": plan.question.horizon,
		"history": plan.question.history,
		"season": plan.question.season,
		"steps": target::steps(program),
		"classes": if let Target::Classes(bounds) = &program.target { Some(bounds.to_vec()) } else { None },
		"most_frequent": { "validation": most_frequent[0], "test": most_frequent[1] },
		"models": rows_json(rows, plan.scale),
		"bytes": trained[0].model.to_bytes().len(),
		"window_macs": trained[0].model.macs(),
		"candidates": trained.iter().map(candidate).collect::<Vec<_>>(),
		"seconds": seconds,
	})
}
