//! `optimize`: searches a landscape or the genes of a model on this machine, on several islands, whose candidates are evaluated by several
//! processes.
//!
//! The processes are this program with the same arguments and `--evaluate`: each one reads trials from its standard input and writes
//! their fitness to its standard output. One that ends is replaced, and its trial is given again. Since the islands wait for all
//! trials of a generation, neither the number of processes nor their ends change the results.

mod evaluate;
mod evaluator;
mod pool;
mod problem;
mod progress;
mod report;
mod state;

use crate::{
	args::{one_of, shapes},
	report::OutputArgs,
	work::{compute_until_interrupted, interrupted, threads},
};
use anyhow::{ensure, Context, Result};
use clap::Args;
use doin_compute::gpu::DeviceSelection;
use doin_search::{
	landscape::Shape, seed_of_island, seed_of_stage, Cmaes, CmaesConfig, Condition, Evolution, EvolutionConfig, Ga, GaConfig,
	Islands, IslandsConfig, Optimizer, Sampler, SamplerConfig, SearchError, Sequence, Space, Staged, StagedConfig, Topology,
	Trial,
};
use evaluator::Evaluator;
use problem::Problem;
use progress::Progress;
use report::OptimizeReport;
use state::StateFile;
use std::{
	io,
	path::PathBuf,
	sync::atomic::{AtomicBool, Ordering},
};

/// Target of log events.
const TARGET: &str = "doin::optimize";
/// Share of the best candidates of a generation of the genetic algorithm that survive, one in this many.
const ELITE: usize = 4;

/// Algorithm of the islands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::EnumMessage, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
enum Algorithm {
	/// Elitist genetic algorithm.
	Ga,
	/// Differential evolution.
	De,
	/// CMA-ES, for genes that depend on each other.
	Cmaes,
	/// Random points, to compare with.
	Random,
	/// Points of a Sobol sequence, to compare with.
	Sobol,
}

/// Arguments of `optimize`.
#[derive(Clone, Debug, Args)]
pub struct OptimizeArgs {
	/// Function to search
	#[arg(long, value_name = "SHAPE", value_parser = shapes(), required_unless_present = "train", conflicts_with = "train")]
	landscape: Option<Shape>,
	/// Genes of the function
	#[arg(long, value_name = "N", default_value_t = 5, conflicts_with = "train",
		value_parser = clap::value_parser!(u16).range(1..=256))]
	dimensions: u16,
	/// Move the optimum from the middle of the space to a place drawn by this seed
	#[arg(long, value_name = "SEED", conflicts_with = "train")]
	hidden: Option<u64>,
	/// Algorithm of every island
	#[arg(long, value_parser = one_of::<Algorithm>(), default_value = "ga")]
	algorithm: Algorithm,
	/// Islands
	#[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
	islands: u16,
	/// Processes that evaluate candidates [default: all cores]
	#[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
	workers: Option<u16>,
	/// Devices that train the candidates of a generation, with the cores of this process in place of others: `auto` for every GPU, or
	/// numbers and parts of names (`doin-worker devices`). Results do not depend on it
	#[arg(long, value_name = "auto|none|INDEX|NAME,...", default_value = "none")]
	gpu: String,
	/// Seed of the search
	#[arg(long, value_name = "SEED", default_value_t = 0)]
	seed: u64,
	/// Generations after which the search ends
	#[arg(long, value_name = "N", default_value_t = 100)]
	generations: u32,
	/// Value at which the search ends; of a training, the validation error relative to that of the better naive model
	#[arg(long, value_name = "VALUE")]
	target: Option<f64>,
	/// Candidates of a generation of an island [default: 24; de: 27; cmaes: 4 + 3 ln N for N genes]
	#[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=4_096))]
	population: Option<u16>,
	/// Genes that a stage adds, separated by commas; give it once for each stage. Without it, all genes are searched from the beginning
	#[arg(long, value_name = "GENES")]
	stage: Vec<String>,
	/// Generations without a better candidate after which an island begins its next stage
	#[arg(long, value_name = "N", default_value_t = 6, requires = "stage", value_parser = clap::value_parser!(u16).range(1..))]
	stage_patience: u16,
	/// Generations from one migration to the next one; 0 for none
	#[arg(long, value_name = "N", default_value_t = 5)]
	migrate_every: u16,
	/// Most candidates that an island takes from the one before it
	#[arg(long, value_name = "N", default_value_t = 2)]
	migrants: u16,
	/// File of the state, from which the search goes on after a crash. Results since its last writing are in FILE.results
	#[arg(long, value_name = "FILE")]
	state: Option<PathBuf>,
	/// Options of `doin-worker train` for a series, after `--`: the search trains models in place of a landscape. The genes that are
	/// ranges are searched, e.g. -- --csv load.csv --width 8..64 --rate 7..11
	#[arg(last = true, value_name = "TRAIN-OPTIONS")]
	train: Vec<String>,
	/// Evaluate trials that standard input has, one a line
	#[arg(long, hide = true)]
	evaluate: bool,
	/// Operand bits that the search has chosen for them
	#[arg(long, hide = true, requires = "evaluate")]
	evaluate_bits: Option<u8>,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `optimize`. Returns `true` if it was interrupted; its state is kept then.
///
/// # Errors
///
/// Errors if the problem, the algorithm or the state cannot be used, or if no process can be started.
pub async fn run(args: OptimizeArgs) -> Result<bool> {
	if args.evaluate {
		let mut problem = Problem::new(&args)?;
		if let Some(bits) = args.evaluate_bits {
			problem.fix_bits(bits);
		}
		evaluate::serve(io::stdin().lock(), io::stdout().lock(), |trial| problem.fitness(trial))?;
		return Ok(false);
	}
	let output = args.output;
	let (report, interrupted) = compute_until_interrupted(interrupted(), move |stop| search(&args, stop)).await?;
	output.print(&report)?;
	Ok(interrupted)
}

impl OptimizeArgs {
	/// Returns the search of island `island`, with its stages. `whole_if` are the conditions of candidates without epochs.
	///
	/// # Errors
	///
	/// Errors if the algorithm cannot have such a population, or if the stages cannot add the genes of the problem.
	fn optimizer(&self, problem: &Problem, whole_if: &[Condition], island: usize) -> Result<Box<dyn Optimizer>, SearchError> {
		let (space, seed) = (problem.space().clone(), seed_of_island(self.seed, island));
		let (args, whole_if, has_epochs) = (self.clone(), whole_if.to_vec(), problem.has_epochs());
		let algorithm = move |space, turn| args.algorithm(space, has_epochs, &whole_if, seed_of_stage(seed, turn));
		if self.stage.is_empty() {
			return algorithm(space, 0);
		}
		let names = |genes: &String| genes.split(',').map(|name| name.trim().to_owned()).collect();
		let patience = usize::from(self.stage_patience) * self.batch();
		let stages = StagedConfig { stages: self.stage.iter().map(names).collect(), patience };
		Ok(Box::new(Staged::new(space, stages, algorithm)?))
	}

	/// Returns a search of `space`, of all genes or of those of a stage.
	///
	/// # Errors
	///
	/// Errors if the algorithm cannot have such a population.
	fn algorithm(
		&self,
		space: Space,
		has_epochs: bool,
		whole_if: &[Condition],
		seed: u64,
	) -> Result<Box<dyn Optimizer>, SearchError> {
		let population = self.batch();
		let sampler = |space, sequence| Sampler::new(space, SamplerConfig { sequence, seed });
		Ok(match self.algorithm {
			Algorithm::Ga => {
				let tournament = GaConfig::default().tournament.min(population);
				let elite = (population / ELITE).max(1);
				Box::new(Ga::new(space, GaConfig { population, elite, tournament, seed, ..GaConfig::default() })?)
			}
			Algorithm::De => {
				// Without epochs, each candidate is evaluated to the end.
				let stages = if has_epochs { EvolutionConfig::default().stages } else { 1 };
				let whole_if = whole_if.to_vec();
				let config = EvolutionConfig { population, stages, whole_if, seed, ..EvolutionConfig::default() };
				Box::new(Evolution::new(space, config)?)
			}
			Algorithm::Cmaes => {
				let population = self.population.map_or(0, usize::from);
				Box::new(Cmaes::new(space, CmaesConfig { population, seed, ..CmaesConfig::default() })?)
			}
			Algorithm::Random => Box::new(sampler(space, Sequence::Random)?),
			Algorithm::Sobol => Box::new(sampler(space, Sequence::Sobol)?),
		})
	}

	/// Returns the most trials that an island asks for in a generation.
	fn batch(&self) -> usize {
		let default = match self.algorithm {
			Algorithm::Ga => GaConfig::default().population,
			Algorithm::De => EvolutionConfig::default().population,
			Algorithm::Cmaes | Algorithm::Random | Algorithm::Sobol => IslandsConfig::default().batch,
		};
		self.population.map_or(default, usize::from)
	}

	/// Returns the islands before their first generation.
	///
	/// # Errors
	///
	/// Errors if the algorithm cannot have such a population, or if the stages cannot add the genes of the problem.
	fn new_islands(&self, problem: &Problem) -> Result<Islands> {
		let config = IslandsConfig {
			batch: self.batch(),
			interval: self.migrate_every.into(),
			migrants: self.migrants.into(),
			topology: Topology::Ring,
		};
		let whole_if = problem.without_epochs()?;
		let searches = (0..usize::from(self.islands)).map(|island| self.optimizer(problem, &whole_if, island));
		Ok(Islands::new(searches.collect::<Result<_, _>>()?, config)?)
	}

	/// Returns the fitness at which the search ends, if that of a value of one is `unit`.
	///
	/// # Errors
	///
	/// Errors if the target is negative, infinite or not a number.
	fn target_fitness(&self, unit: f64) -> Result<Option<u64>> {
		let Some(target) = self.target else { return Ok(None) };
		ensure!(target.is_finite() && target >= 0.0, "invalid --target {target}: expected a value of at least 0, e.g. 0.01");
		Ok(Some((target * unit).round() as u64))
	}

	/// Returns the devices that train.
	///
	/// # Errors
	///
	/// Errors if the selection cannot be read.
	fn devices(&self) -> Result<DeviceSelection> {
		Ok(self.gpu.parse()?)
	}

	/// Returns the number of processes.
	fn processes(&self) -> usize {
		self.workers.map_or_else(|| threads(None), usize::from)
	}
}

/// Searches until the last generation or the target, or until `stop` is set.
fn search(args: &OptimizeArgs, stop: &AtomicBool) -> Result<OptimizeReport> {
	let mut problem = Problem::new(args)?;
	problem.choose_bits(args.state.as_deref().and_then(state::chosen_bits), args.devices()? != DeviceSelection::None)?;
	let target = args.target_fitness(problem.unit())?;
	let mut islands = args.new_islands(&problem)?;
	let mut state = match &args.state {
		None => None,
		Some(path) => Some(StateFile::open(path, problem.record()?, &mut islands)?),
	};
	let evaluator = Evaluator::new(args, problem.chosen_bits())?;
	let mut progress = Progress::new(islands.generation(), args.generations as usize, problem.unit());
	let is_reached = |islands: &Islands| match (target, islands.best()) {
		(Some(target), Some(best)) => best.fitness <= target,
		_ => false,
	};
	let mut is_exhausted = false;
	while islands.generation() < args.generations as usize && !is_reached(&islands) && !stop.load(Ordering::Relaxed) {
		let asked = islands.begin();
		is_exhausted = islands.is_exhausted();
		if is_exhausted || !generation(&mut islands, asked, (&problem, &evaluator), state.as_mut(), &mut progress, stop)? {
			break;
		}
		islands.end().context("the generation cannot be ended")?;
		if let Some(state) = &mut state {
			state.save_if_due(&islands)?;
		}
		progress.show(&islands);
	}
	progress.finish(&islands);
	if let Some(state) = state.as_mut().filter(|_| !stop.load(Ordering::Relaxed)) {
		state.save(&islands)?;
	}
	Ok(OptimizeReport::new(args, &problem, &islands, &evaluator, &progress, (is_reached(&islands), is_exhausted)))
}

/// Evaluates the trials of a generation. Returns `false` if it was interrupted.
fn generation(
	islands: &mut Islands,
	asked: Vec<Trial>,
	(problem, evaluator): (&Problem, &Evaluator),
	mut state: Option<&mut StateFile>,
	progress: &mut Progress,
	stop: &AtomicBool,
) -> Result<bool> {
	let mut unknown = Vec::with_capacity(asked.len());
	for trial in asked {
		// An earlier process has evaluated it, and was ended before it wrote the state.
		match state.as_ref().and_then(|state| state.known(&trial)) {
			Some(fitness) => islands.tell(&trial, fitness)?,
			None => unknown.push(trial),
		}
	}
	evaluator.evaluate(problem, unknown, stop, |evaluated| {
		if let Some(state) = &mut state {
			state.note(&evaluated)?;
		}
		islands.tell(&evaluated.trial, evaluated.fitness)?;
		progress.evaluated(islands);
		Ok(())
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Debug, Parser)]
	struct Line {
		#[command(flatten)]
		args: OptimizeArgs,
	}

	fn args(line: &str) -> OptimizeArgs {
		Line::try_parse_from(std::iter::once("optimize").chain(line.split(' '))).unwrap().args
	}

	#[test]
	fn every_algorithm_searches_every_landscape() {
		for shape in Shape::ALL {
			for algorithm in ["ga", "de", "cmaes", "random", "sobol"] {
				let args = args(&format!("--landscape {} --algorithm {algorithm} --islands 2 --hidden 3", shape.name()));
				let problem = Problem::new(&args).unwrap();
				let mut islands = args.new_islands(&problem).unwrap();
				let trials = islands.begin();
				assert!(trials.len() >= 8 && trials.iter().all(|trial| trial.divisor == 1), "{algorithm}");
				assert!(trials.iter().all(|trial| problem.fitness(trial).is_ok()));
				assert_eq!(islands.search(1).unwrap().name(), algorithm);
			}
		}
	}

	#[test]
	fn what_cannot_be_searched_is_refused_by_name() {
		let refusal = |line: &str| {
			let args = args(line);
			let searched = Problem::new(&args).and_then(|problem| args.new_islands(&problem));
			match searched {
				Err(error) => error.to_string(),
				Ok(_) => args.target_fitness(1e6).unwrap_err().to_string(),
			}
		};
		assert!(refusal("--landscape rosenbrock --dimensions 1").contains("invalid number of dimensions 1: expected 2 to 256"));
		assert!(refusal("--landscape sphere --algorithm de --population 3").contains("invalid population 3: expected at least 4"));
		assert!(refusal("--landscape sphere --stage x0 --stage y")
			.contains("stage 2 names `y`, and the genes are x0, x1, x2, x3, x4"));
		assert!(refusal("--landscape sphere --target nan").contains("invalid --target NaN"));
		assert!(refusal("--landscape sphere --target=-1").contains("invalid --target -1"));
		for wrong in [
			"",
			"--landscape sphere -- --csv a",
			"--dimensions 3 -- --csv a",
			"--landscape sphere --islands 0",
			"--landscape sphere --population 1",
			"--landscape sphere --stage-patience 3",
			"--landscape sphere --stage x0 --stage-patience 0",
		] {
			let words = wrong.split(' ').filter(|word| !word.is_empty());
			assert!(Line::try_parse_from(std::iter::once("optimize").chain(words)).is_err(), "{wrong}");
		}
		assert_eq!(args("--islands 2 -- --csv a --width 4..8").train, ["--csv", "a", "--width", "4..8"]);
		let unknown = Line::try_parse_from(["optimize", "--landscape", "hill"]).unwrap_err().to_string();
		assert!(unknown.contains("rastrigin") && unknown.contains("quadratic"), "{unknown}");
	}

	#[test]
	fn devices_train_models_and_evaluate_no_landscape() {
		let error =
			Evaluator::new(&args("--landscape sphere --gpu auto"), None).err().expect("a landscape is not trained").to_string();
		assert!(error.contains("a landscape has none: leave it out"), "{error}");
	}

	#[test]
	fn stages_add_genes_on_every_island() {
		let args = args("--landscape sphere --hidden 1 --islands 2 --stage x3 --stage x0,x1 --stage-patience 2");
		let problem = Problem::new(&args).unwrap();
		let mut islands = args.new_islands(&problem).unwrap();
		let first = islands.begin();
		assert!(first.iter().all(|trial| trial.genes[..3] == [0, 0, 0] && trial.genes[4] == 0), "{first:?}");
		while islands.search(0).unwrap().stage() != Some((2, 2)) || islands.search(1).unwrap().stage() != Some((2, 2)) {
			for trial in islands.begin() {
				islands.tell(&trial, problem.fitness(&trial).unwrap()).unwrap();
			}
			islands.end().unwrap();
		}
		assert!(islands.begin().iter().any(|trial| trial.genes[0] != 0));
	}

	#[test]
	fn a_target_counts_the_unit_of_the_problem() {
		assert_eq!(args("--landscape sphere").target_fitness(1e6).unwrap(), None);
		assert_eq!(args("--landscape sphere --target 0.01").target_fitness(1e6).unwrap(), Some(10_000));
	}
}
