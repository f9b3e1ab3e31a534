//! Search for better models of one domain: an [`Optimizer`] on a thread of its own.
//!
//! The first candidates are the mean of several ridges and the ridge over the whole history, which are hard to beat. Everything
//! after them is bred by the optimizer that the configuration names, and trained by an [`Executor`] on CPU threads and devices.
//! Models that others have revealed enter with their fitness, which is computed here, and their genes are trained. The state is written
//! to a file, so that a search that was interrupted goes on. When a segment of the domain is opened, the search goes on with the data
//! that has grown, and trains its best candidates again.
//!
//! Where models are points, genes are their coordinates. A point is scored in place of a training. Where models are loss genomes, genes
//! are their instructions, and training runs take the place of epochs: all candidates are compared on the same runs.
//!
//! Other workers of the owner can train a part of the nets; see [`shared`].

mod archive;
mod bits;
mod by_program;
mod data;
mod immigrants;
mod runner;
pub mod shared;
mod space;
mod state;
#[cfg(test)]
mod tests;

use crate::{
	config::{Algorithm, DomainConfig, OptimizationConfig, ResourceLimits},
	home::expand_home,
	problem::Problem,
	programs,
	progress::Meter,
};
use anyhow::{bail, Context, Result};
use archive::ArchivedDomain;
use by_program::ProgramRunner;
use codec::Encode;
use data::TrainingData;
use doin_compute::{baseline, Candidate, ChunkErrors, Executor};
use doin_primitives::blake2_256;
use doin_scoring::Model;
use doin_search::{
	seed_of_stage, Cmaes, CmaesConfig, Evolution, EvolutionConfig, Ga, GaConfig, Gp, GpConfig, MetaConfig, Optimizer,
	PluginConfig, PluginOptimizer, Sampler, SamplerConfig, SearchError, Sequence, Space, Staged, StagedConfig,
};
use doin_serve::tasks::HostQueue;
use immigrants::Waiting;
pub(crate) use immigrants::{Immigrant, MOST_GIVEN};
use runner::{Best, Runner};
pub(crate) use state::StateFile;
use std::{
	path::Path,
	sync::{
		atomic::{AtomicBool, Ordering},
		mpsc as sync_mpsc, Arc,
	},
	thread::JoinHandle,
	time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Target of log events.
const TARGET: &str = "doin::search";
/// Pause before a program of the user is started for the third time in a row.
const PAUSE: Duration = Duration::from_secs(1);

/// A candidate after its training.
#[derive(Clone, Debug)]
pub struct TrainedCandidate {
	/// Values of the genes, in the order of the domain.
	pub genes: Vec<i64>,
	/// Model that was trained.
	pub model: Model,
	/// Chunk sums on the validation split and on the search's own practice draw.
	pub errors: ChunkErrors,
	/// Number that the search minimises: 2²⁰ is the initial champion, except of points, whose fitness is their error.
	pub fitness: u64,
	/// Identifier of the search, which stays the same after a restart.
	pub experiment: ExperimentId,
	/// Time from the start of the search, in milliseconds, without the time between two runs.
	pub millis: u64,
}

/// Identifier of a search, drawn at random.
pub type ExperimentId = [u8; 16];

/// Message to the thread of a search.
enum News {
	/// A model of another author, to breed with.
	Immigrant(Immigrant),
	/// The domain with more opened segments, to train on.
	Grown(Arc<Problem>),
	/// CPU threads to train on from now on.
	Threads(usize),
	/// Queue from which other workers train candidates from now on.
	Share(HostQueue),
}

/// A running search. Dropping it stops the search and waits for its thread.
pub struct Search {
	/// Candidates, in the order in which their training ends.
	pub results: mpsc::UnboundedReceiver<TrainedCandidate>,
	/// Errors of simple models.
	pub baselines: Vec<baseline::BaselineRow>,
	news: sync_mpsc::Sender<News>,
	/// Opened segments of the data that candidates are trained on.
	segments: u16,
	/// CPU threads that candidates are trained on.
	threads: usize,
	stop: Arc<AtomicBool>,
	thread: Option<JoinHandle<()>>,
	meter: Meter,
}

impl Search {
	/// Starts a search on the CPU threads and devices of `executor`, which publishes its progress by `meter`. It goes on from the state in
	/// `file`, if there is one.
	///
	/// # Errors
	///
	/// Errors if the domain cannot be trained on, e.g. since its evidence is live, if the configuration leaves no search space, if the
	/// optimizer cannot search that space, or if no thread can be started.
	pub(crate) fn start(
		problem: &Arc<Problem>,
		config: &DomainConfig,
		limits: &ResourceLimits,
		executor: Executor,
		meter: Meter,
		file: Option<StateFile>,
	) -> Result<Self> {
		problem.check_trainable()?;
		if problem.tolerance().is_some() {
			return Self::start_by_program(problem, config, limits, executor.threads(), meter, file);
		}
		let names = space::gene_names(problem)?;
		let space = space::narrowed(problem, config, limits)?;
		let options = &config.optimization_config;
		let stop = Arc::new(AtomicBool::new(false));
		let searched = Searched::of(problem);
		bits::check(problem, options, searched == Searched::Nets, &names)?;
		let beginning = Beginning::of(&space, options, &searched, file.as_ref(), &stop)?;
		let Beginning { optimizer, seed, best, segments, experiment, earlier, bits } = beginning;
		let data = TrainingData::new(problem.clone(), limits, seed)?;
		// An unknown gene is an error now, not after hours of training.
		let lowest: Vec<i64> = space.genes().iter().map(|gene| gene.lo).collect();
		if searched == Searched::Nets {
			Candidate::from_genes(space::named(&names, &lowest), data.history())?;
		}
		let bits = options.operand_bits.map(|asked| bits.unwrap_or_else(|| bits::begin(asked, &data, &space, &names, &executor)));
		let baselines = data.baselines()?;
		let domain = ArchivedDomain::of(problem);
		let is_new = segments.is_none() && searched != Searched::Points;
		let file_of_new = file.as_ref().filter(|_| is_new);
		let proposals = proposals(file_of_new, &domain, &space, options, seed, &stop)?;
		let (patience, threads) = (options.early_patience, executor.threads());
		let (sender, results) = mpsc::unbounded_channel();
		let (news, arriving) = sync_mpsc::channel();
		let runner = Runner {
			names,
			data,
			optimizer,
			executor,
			limits: limits.clone(),
			patience,
			shared: None,
			offers_from: None,
			proposals,
			immigrants: Waiting::default(),
			domain,
			learnt: Vec::new(),
			seed,
			bits,
			generation: options.population_size,
			best,
			time_limit: limits.max_training_seconds.map(Duration::from_secs),
			experiment,
			earlier,
			started: Instant::now(),
			stop: stop.clone(),
			results: sender,
			failed: 0,
			least: None,
			meter: meter.clone(),
			segments: segments.unwrap_or(problem.segments()),
			file,
		};
		let thread = std::thread::Builder::new()
			.name(format!("search-{}", problem.id))
			.spawn(move || runner.run(&arriving))
			.context("cannot start a thread for the search")?;
		Ok(Self { results, baselines, news, segments: problem.segments(), threads, stop, thread: Some(thread), meter })
	}

	/// Starts a search whose candidates the program of a tolerance domain trains and scores.
	///
	/// # Errors
	///
	/// Errors if the configuration does not list the program or leaves no search space, if the optimizer cannot search that space, or if no
	/// thread can be started.
	fn start_by_program(
		problem: &Arc<Problem>,
		config: &DomainConfig,
		limits: &ResourceLimits,
		threads: usize,
		meter: Meter,
		file: Option<StateFile>,
	) -> Result<Self> {
		let program = problem.user_program()?.apart();
		let space = space::narrowed(problem, config, limits)?;
		let options = &config.optimization_config;
		let stop = Arc::new(AtomicBool::new(false));
		let (searched, names) = (Searched::of(problem), space::gene_names(problem)?);
		bits::check(problem, options, searched == Searched::Nets, &names)?;
		let beginning = Beginning::of(&space, options, &searched, file.as_ref(), &stop)?;
		let Beginning { optimizer, seed, best, segments, experiment, earlier, .. } = beginning;
		let domain = ArchivedDomain::of(problem);
		let file_of_new = file.as_ref().filter(|_| segments.is_none());
		let (sender, results) = mpsc::unbounded_channel();
		let (news, arriving) = sync_mpsc::channel();
		let runner = ProgramRunner {
			names,
			problem: problem.clone(),
			program,
			optimizer,
			proposals: proposals(file_of_new, &domain, &space, options, seed, &stop)?,
			immigrants: Waiting::default(),
			domain,
			learnt: Vec::new(),
			seed,
			best,
			experiment,
			earlier,
			started: Instant::now(),
			stop: stop.clone(),
			results: sender,
			meter: meter.clone(),
			file,
			failed: 0,
		};
		let thread = std::thread::Builder::new()
			.name(format!("search-{}", problem.id))
			.spawn(move || runner.run(&arriving))
			.context("cannot start a thread for the search")?;
		Ok(Self { results, baselines: Vec::new(), news, segments: 0, threads, stop, thread: Some(thread), meter })
	}

	/// Returns the meter that publishes the progress of the search.
	pub(crate) fn meter(&self) -> &Meter {
		&self.meter
	}

	/// Lets the search breed with a model of another author, which is compared by the fitness that is computed here.
	pub(crate) fn immigrate(&self, immigrant: Immigrant) {
		if self.news.send(News::Immigrant(immigrant)).is_err() {
			tracing::debug!(target: TARGET, "search has ended; immigrant ignored");
		}
	}

	/// Trains on so many CPU threads, at least one, from the next candidates on.
	pub fn use_threads(&mut self, threads: usize) {
		let threads = threads.max(1);
		if threads != self.threads && self.news.send(News::Threads(threads)).is_ok() {
			self.threads = threads;
		}
	}

	/// Lets other workers train candidates from `queue`, from the next ones on. Only nets are trained by others: points take microseconds,
	/// the fitness of a genome cannot be checked for less than it costs, and the program of a tolerance domain is on this machine.
	pub(crate) fn share_work(&self, queue: HostQueue) {
		if self.news.send(News::Share(queue)).is_err() {
			tracing::debug!(target: TARGET, "search has ended; its candidates are not shared");
		}
	}

	/// Goes on with the data of `problem` if it has more opened segments. The population is kept, and the best candidates are trained
	/// again.
	pub fn grow(&mut self, problem: &Arc<Problem>) {
		let segments = problem.segments();
		if segments > self.segments && self.news.send(News::Grown(problem.clone())).is_ok() {
			tracing::info!(target: TARGET, domain = problem.id, segments, "a segment was opened: the search trains on it too");
			self.segments = segments;
		}
	}
}

impl Drop for Search {
	fn drop(&mut self) {
		self.stop.store(true, Ordering::Relaxed);
		if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
			tracing::error!(target: TARGET, "thread of the search panicked");
		}
	}
}

/// Returns the first candidates for `domain` from the archive beside the file of a new search, as many as the configuration admits. Its
/// program, if there is one, is asked until `stop` is set.
///
/// # Errors
///
/// Errors if the home folder is named and not known.
fn proposals(
	file: Option<&StateFile>,
	domain: &ArchivedDomain,
	space: &Space,
	options: &OptimizationConfig,
	seed: u64,
	stop: &Arc<AtomicBool>,
) -> Result<Vec<Vec<i64>>> {
	let Some(file) = file.filter(|_| options.proposals > 0) else { return Ok(Vec::new()) };
	let program = options.proposal_program.as_ref().map(|command| {
		let PluginConfig { command, seed, patience, limits, stop, .. } = program(command, options, seed, stop)?;
		Ok::<_, anyhow::Error>(MetaConfig { command, seed, patience, limits, stop })
	});
	Ok(file.archive().propose(domain, space, options.proposals, program.transpose()?))
}

/// Beginning of a search: a new one, or that of an earlier run.
struct Beginning {
	optimizer: Box<dyn Optimizer>,
	seed: u64,
	best: Best,
	/// Opened segments of an earlier run.
	segments: Option<u16>,
	/// Identifier of the search.
	experiment: ExperimentId,
	/// Time of earlier runs.
	earlier: Duration,
	/// Operand bits of an earlier run.
	bits: Option<u8>,
}

impl Beginning {
	/// Returns the state in `file`, or a new one. A state that the optimizer cannot go on from is moved aside, which is logged.
	///
	/// # Errors
	///
	/// Errors if the optimizer cannot search the space, or if the file cannot be read or moved aside.
	fn of(
		space: &Space,
		options: &OptimizationConfig,
		searched: &Searched,
		file: Option<&StateFile>,
		stop: &Arc<AtomicBool>,
	) -> Result<Self> {
		let saved = file.map(|file| Ok::<_, anyhow::Error>((file, file.read()?))).transpose()?;
		if let Some((file, Some(saved))) = saved {
			let mut optimizer = optimizer(space.clone(), options, searched, saved.seed, stop)?;
			let restored = bits::kept(options.operand_bits, saved.bits)
				.and_then(|bits| optimizer.restore(&saved.search).map(|()| bits).map_err(|error| error.to_string()));
			match restored {
				Ok(bits) => {
					let (generation, best) = (optimizer.generation(), Best::of(options.elite, saved.best));
					tracing::info!(target: TARGET, generation, seed = saved.seed, "search goes on where it was interrupted");
					let (experiment, earlier) = (saved.experiment, Duration::from_millis(saved.millis));
					let (segments, bits) = (Some(saved.segments), Some(bits));
					return Ok(Self { optimizer, seed: saved.seed, best, segments, experiment, earlier, bits });
				}
				Err(reason) => file.set_aside(&reason)?,
			}
		}
		let seed = options.seed.unwrap_or_else(rand::random);
		let optimizer = optimizer(space.clone(), options, searched, seed, stop)?;
		let (best, experiment) = (Best::new(options.elite), rand::random());
		Ok(Self { optimizer, seed, best, segments: None, experiment, earlier: Duration::ZERO, bits: None })
	}
}

/// Returns the optimizer that the configuration names, with its stages. A program of the user is asked until `stop` is set.
///
/// # Errors
///
/// Errors if it cannot search the space, if the configuration is out of range, or if a program cannot be started.
fn optimizer(
	space: Space,
	options: &OptimizationConfig,
	searched: &Searched,
	seed: u64,
	stop: &Arc<AtomicBool>,
) -> Result<Box<dyn Optimizer>> {
	// Errors that depend on the home folder are those of the start.
	let program = program(options.program.as_deref().unwrap_or_default(), options, seed, stop)?;
	if !options.is_staged() {
		return Ok(algorithm(space, options, searched, seed, program)?);
	}
	if matches!(searched, Searched::Genomes(_)) {
		bail!("genomes have no stages: remove `optimization_stages` and `optimization_increment_size`");
	}
	let patience = options.optimization_patience.saturating_mul(options.population_size);
	let stages = match options.optimization_increment_size {
		Some(size) => StagedConfig::of_size(&space, size, patience),
		None => StagedConfig { stages: options.optimization_stages.clone(), patience },
	};
	let (options, searched) = (options.clone(), searched.clone());
	let make = move |space, turn| algorithm(space, &options, &searched, seed_of_stage(seed, turn), program.clone());
	Ok(Box::new(Staged::new(space, stages, make)?))
}

/// Returns the algorithm that the configuration names, in a space of all genes or of those of a stage. Differential
/// evolution trains candidates for parts of their epochs first if they have any. The genetic algorithm of genomes is genetic programming.
///
/// # Errors
///
/// Errors if it cannot search the space, if the configuration is out of range, or if a program cannot be started.
fn algorithm(
	space: Space,
	options: &OptimizationConfig,
	searched: &Searched,
	seed: u64,
	program: PluginConfig,
) -> Result<Box<dyn Optimizer>, SearchError> {
	let (population, stagnation) = (options.population_size, options.patience);
	let sampler = |sequence| SamplerConfig { sequence, seed };
	Ok(match options.algorithm {
		Algorithm::Ga => match searched {
			Searched::Genomes(config) => {
				let tournament = GpConfig::default().tournament.min(population);
				Box::new(Gp::new(GpConfig { population, tournament, seed, ..config.clone() })?)
			}
			Searched::Nets | Searched::Points | Searched::Programmed => {
				let tournament = GaConfig::default().tournament.min(population);
				let (elite, default) = (options.elite, GaConfig::default());
				Box::new(Ga::new(space, GaConfig { population, elite, tournament, stagnation, seed, ..default })?)
			}
		},
		Algorithm::De => {
			let stages = match searched {
				Searched::Nets | Searched::Genomes(_) => EvolutionConfig::default().stages,
				Searched::Points | Searched::Programmed => 1,
			};
			let whole_if = space::without_epochs(&space);
			let config = EvolutionConfig { population, stages, whole_if, seed, ..EvolutionConfig::default() };
			Box::new(Evolution::new(space, config)?)
		}
		Algorithm::Cmaes => {
			// A population and a patience of its own, since those of a genetic algorithm do not depend on the number of genes.
			Box::new(Cmaes::new(space, CmaesConfig { seed, ..CmaesConfig::default() })?)
		}
		Algorithm::Random => Box::new(Sampler::new(space, sampler(Sequence::Random))?),
		Algorithm::Sobol => Box::new(Sampler::new(space, sampler(Sequence::Sobol))?),
		Algorithm::Program => Box::new(PluginOptimizer::new(space, PluginConfig { seed, ..program })?),
	})
}

/// Kind of the candidates of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Searched {
	/// Nets, which are trained for epochs.
	Nets,
	/// Points, which are scored.
	Points,
	/// Models of a program of the user, which decides how long it trains them.
	Programmed,
	/// Loss genomes, which are scored by training runs, with what bounds them.
	Genomes(GpConfig),
}

impl Searched {
	/// Returns the kind of the candidates of a domain.
	fn of(problem: &Problem) -> Self {
		match problem.runs() {
			Some(runs) => Self::Genomes(GpConfig {
				samples: runs.batch,
				classes: runs.classes.into(),
				entry_macs: problem.spec.limits.window_macs.into(),
				..GpConfig::default()
			}),
			None if problem.has_points() => Self::Points,
			None if problem.tolerance().is_some() => Self::Programmed,
			None => Self::Nets,
		}
	}
}

/// Returns a program of the user that the configuration names, and what bounds it.
///
/// # Errors
///
/// Errors if the home folder is named and not known.
fn program(command: &[String], options: &OptimizationConfig, seed: u64, stop: &Arc<AtomicBool>) -> Result<PluginConfig> {
	let mut command = command.to_vec();
	if let Some(name) = command.first_mut().filter(|name| name.contains('/')) {
		*name = expand_home(Path::new(&*name))?.to_string_lossy().into_owned();
	}
	let folder = options.program_folder.as_deref().map(expand_home).transpose()?;
	let limits = programs::limits(options.program_memory_mb, folder);
	let patience = Duration::from_secs(options.program_timeout);
	Ok(PluginConfig { command, population: options.population_size, seed, patience, pause: PAUSE, limits, stop: stop.clone() })
}

/// Returns the seed of a search on a domain that `earlier` searches were started on: `seed` itself for the first one, and another seed
/// for each later one, so that a restarted worker does not train the candidates of the earlier search again. The sequence depends on
/// `seed` only.
pub fn seed_of_search(seed: u64, earlier: u64) -> u64 {
	if earlier == 0 {
		return seed;
	}
	let [a, b, c, d, e, f, g, h, ..] = blake2_256(&(seed, earlier).encode());
	u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
