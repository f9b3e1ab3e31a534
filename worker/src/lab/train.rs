//! `train`: one model or a population by hand.

use super::{
	explained,
	genes::{named, shown, GeneArgs, Kind},
	model_file::{self, Saved},
	plot::{self, Curve},
	rows_json,
	series::{data_hash, Cut, DataArgs, Question, Table},
	working,
};
use crate::{amount::significant, csv_series::decimal, draft::find_season};
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_compute::{baseline, population, Candidate, Error, Measure, TrainingSet};
use doin_scoring::{
	program::{MAX_HISTORY, MAX_SEASON},
	verdict::total,
	Model,
};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use std::{
	io::IsTerminal,
	ops::ControlFlow,
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
	data: DataArgs,
	#[command(flatten)]
	genes: GeneArgs,
	/// Steps to forecast; one season when left out, within 6 and 24.
	#[arg(long, value_name = "STEPS", help_heading = "Question")]
	horizon: Option<u16>,
	/// Steps of one season, as 24 for hourly values of a daily rhythm; found out when left out.
	#[arg(long, value_name = "STEPS", help_heading = "Question")]
	season: Option<u16>,
	/// Size of one step of the stored values, in units of the column; a suitable power of ten when left out.
	#[arg(long, value_name = "SIZE", help_heading = "Question")]
	unit: Option<f64>,
	/// What trains and what validates, in per cent or rows; the rest is the test, or as much of it as a third part says.
	#[arg(long, value_name = "TRAIN/VAL", default_value = "70/15", help_heading = "Question")]
	split: Cut,
	/// Train this many candidates: one per seed, or points drawn from the ranges of genes. The best on validation is kept.
	#[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
	population: Option<u32>,
	/// Stop a candidate after this many epochs without a better one; never when left out.
	#[arg(long, value_name = "EPOCHS", value_parser = clap::value_parser!(u16).range(1..))]
	patience: Option<u16>,
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
	table: Table,
	question: Question,
	season_found: bool,
	data: TrainingSet,
	unit: f64,
	candidates: Vec<Candidate>,
}

/// `train`.
pub async fn run(args: TrainArgs) -> Result<()> {
	working(move |stop| train(&args, stop)).await
}

impl Plan {
	fn new(args: &TrainArgs) -> Result<Self> {
		let table = Table::read(&args.data, None)?;
		let season_found = args.season.is_none();
		let season = args.season.unwrap_or_else(|| find_season(&table.series.values));
		let horizon = args.horizon.unwrap_or(season.clamp(6, 24));
		let longest = u32::from(season).min(MAX_SEASON) as u16;
		let usual = season.saturating_mul(2).max(horizon.saturating_mul(4)).clamp(1, MAX_HISTORY);
		let window = args.genes.longest_window(usual)?;
		let question = Question { horizon, history: window.max(longest), season };
		question.check()?;
		let (split, end) = args.split.of(table.series.values.len())?;
		let quantised = table.series.quantise(horizon.into(), args.unit)?;
		let mut values = quantised.values;
		values.truncate(end);
		let task = question.task(values, split)?;
		let data = TrainingSet::new(task, 0, 0).map_err(explained)?;
		if total(&data.initial().validation) == 0 {
			bail!("repeating old values makes no error at all on the validation part: there is nothing to learn");
		}
		let candidates = args.genes.candidates(args.population, window, question.history)?;
		for candidate in &candidates {
			candidate.check(&data).map_err(explained).with_context(|| shown(args.genes.family, candidate))?;
		}
		Ok(Self { table, question, season_found, data, unit: quantised.quantum, candidates })
	}

	fn describe(&self) {
		let (split, rows) = (self.data.task.split, self.data.task.series.len());
		let filled = self.table.series.filled;
		println!(
			"series      {rows} values of {} in steps of {}{}; {} train, {} validate, {} test",
			self.table.column,
			decimal(self.unit),
			if filled > 0 { format!(", {filled} of them filled in") } else { String::new() },
			split.train_end,
			split.validation_end - split.train_end,
			rows - split.validation_end as usize
		);
		println!(
			"question    forecast {} steps; a season has {}{}",
			self.question.horizon,
			if self.question.season == 1 { "one step".into() } else { format!("{} steps", self.question.season) },
			if self.season_found { " (found in the series; set it with --season)" } else { "" }
		);
	}

	/// Trains all candidates; those that failed are named.
	fn train(&self, kind: Kind, patience: Option<u16>, cores: usize, stop: &AtomicBool) -> Result<Vec<Trained>> {
		let epochs: u64 = self.candidates.iter().map(|candidate| u64::from(candidate.epochs)).sum();
		let bar = if std::io::stderr().is_terminal() { ProgressBar::new(epochs) } else { ProgressBar::hidden() };
		let style = ProgressStyle::with_template("training {bar:30} {pos}/{len} epochs, {eta} left{msg}");
		bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
		let best = Mutex::new(f64::INFINITY);
		let results: Vec<Result<Trained>> = population::pool(cores)?.install(|| {
			// Each linear path is fitted once, on all cores.
			for candidate in &self.candidates {
				candidate.linear(&self.data).map_err(explained)?;
			}
			let train = |(at, candidate): (usize, &Candidate)| {
				let started = Instant::now();
				let mut curve = Curve { candidate: at, points: Vec::new() };
				let mut least = (0, u128::MAX);
				let mut watch = |epoch: u16, error: u128| {
					let mean = self.data.mean_error(error) * self.unit;
					curve.points.push((epoch, mean));
					if epoch > 0 {
						bar.inc(1);
					}
					if error < least.1 {
						least = (epoch, error);
					}
					let mut best = best.lock().unwrap_or_else(PoisonError::into_inner);
					if mean < *best {
						*best = mean;
						bar.set_message(format!(", best {}", significant(mean)));
					}
					match patience {
						Some(patience) if epoch - least.0 >= patience => ControlFlow::Break(()),
						_ => ControlFlow::Continue(()),
					}
				};
				let net = candidate.train_watched(&self.data, stop, &mut watch).map_err(explained)?;
				kind.check(&net)?;
				let done = curve.points.last().map_or(0, |(epoch, _)| *epoch);
				bar.inc(u64::from(candidate.epochs - done.min(candidate.epochs)));
				let model = Model::Net(net);
				self.data.task.admit(&model).map_err(explained)?;
				let measure = self.data.measure(&model);
				Ok(Trained { at, candidate: *candidate, model, measure, curve, seconds: started.elapsed().as_secs_f64() })
			};
			Ok::<_, anyhow::Error>(self.candidates.par_iter().enumerate().with_max_len(1).map(train).collect())
		})?;
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

	/// The file of a model.
	fn saved(&self, kind: Kind, chosen: &Trained, row: &baseline::Row) -> Saved {
		let genes = named(kind, &chosen.candidate).into_iter().map(|(name, value)| (name.to_string(), value)).collect();
		let task = &self.data.task;
		let data = model_file::Data {
			file: self.table.file.clone(),
			column: self.table.column.clone(),
			unit: self.unit.to_string(),
			values: task.series.len() as u32,
			hash: hex::encode(data_hash(&task.series)),
			split: task.split,
		};
		let error = model_file::Errors { validation: row.validation.error, test: row.tail.map(|tail| tail.error) };
		Saved::new(&chosen.model, &task.program, genes, data, error)
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
	let plan = Plan::new(args)?;
	let kind = args.genes.family;
	if !args.json {
		plan.describe();
	}
	let started = Instant::now();
	let mut trained = plan.train(kind, args.patience, super::cores(args.cores), stop)?;
	let seconds = started.elapsed().as_secs_f64();
	trained.sort_by_key(|one| (total(&one.measure.validation), one.at));
	let chosen = trained.first().context("nothing was trained")?;
	let others = [(format!("this {}", kind.name()), chosen.model.clone())];
	let rows = baseline::report(&plan.data, 0, &others).map_err(explained)?;
	let row = rows.last().context("nothing was measured")?;
	if let Some(out) = &args.out {
		plan.saved(kind, chosen, row).write(out)?;
	}
	let mut curves: Vec<Curve> = trained.iter().map(|one| one.curve.clone()).collect();
	curves.sort_by_key(|curve| curve.candidate);
	let curves_drawn = curves.iter().any(|curve| !curve.points.is_empty());
	if curves_drawn {
		let title = format!("{}: {}", plan.table.file, shown(kind, &chosen.candidate));
		plot::write(&curve_files, &curves, chosen.at, &title, &plan.table.column)?;
	}
	if args.json {
		println!("{}", json(&plan, kind, &trained, &rows, seconds));
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
	super::show_rows(&rows, plan.unit, "errors");
	if !curve_files.is_empty() {
		let names: Vec<String> = curve_files.iter().map(|file| file.display().to_string()).collect();
		match curves_drawn {
			true => println!("curve       {}", names.join(", ")),
			false => println!("curve       none: a linear model is solved for, not learned epoch by epoch"),
		}
	}
	match &args.out {
		Some(out) => {
			println!("saved       {0}: doin-worker predict --model {0} --csv {1}", out.display(), args.data.csv.display())
		}
		None => println!("saved       nowhere: keep it with --out model.doin"),
	}
	Ok(())
}

/// The best of a population, by validation, and the middle of it.
fn population_table(plan: &Plan, kind: Kind, trained: &[Trained]) {
	let windows = f64::from(plan.data.task.program.chunks)
		* f64::from(
			plan.data
				.task
				.program
				.validation_windows(plan.data.task.split.train_end, plan.data.task.split.validation_end)
				.unwrap_or(1),
		);
	let scale = plan.unit / 16.0 / windows / f64::from(plan.question.horizon);
	let mean = |one: &Trained| significant(total(&one.measure.validation) as f64 * scale);
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

fn json(plan: &Plan, kind: Kind, trained: &[Trained], rows: &[baseline::Row], seconds: f64) -> serde_json::Value {
	let task = &plan.data.task;
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
		"file": plan.table.file,
		"column": plan.table.column,
		"unit": plan.unit,
		"values": task.series.len(),
		"split": task.split,
		"horizon": plan.question.horizon,
		"history": plan.question.history,
		"season": plan.question.season,
		"models": rows_json(rows, plan.unit),
		"bytes": trained[0].model.to_bytes().len(),
		"window_macs": trained[0].model.macs(),
		"candidates": trained.iter().map(candidate).collect::<Vec<_>>(),
		"seconds": seconds,
	})
}
