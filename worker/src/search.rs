//! The search for better models of one domain: a genetic algorithm on threads of its own.

use crate::{
	config::{DomainConfig, ResourceLimits},
	problem::Problem,
};
use anyhow::{bail, Context, Result};
use doin_compute::{baseline, gpu::Devices, population, Candidate, Measure, Task, TrainingSet};
use doin_scoring::{
	verdict::{loss, total},
	Model,
};
use doin_search::{Ga, GeneRange, Settings, Space};
use rayon::prelude::*;
use std::{
	collections::BTreeMap,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		mpsc as sync_mpsc, Arc, Mutex, PoisonError,
	},
	time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Generated windows to train on beside the published ones, as far as memory allows.
const SYNTHETIC: u32 = 4_096;
/// Memory for training data when nothing is said, MiB.
const MEMORY: u64 = 512;
/// Time between two looks at whether candidates have trained for too long.
const WATCH: Duration = Duration::from_millis(200);

/// A trained candidate.
#[derive(Clone, Debug)]
pub struct Found {
	/// Its genes, in the order of the domain.
	pub genes: Vec<i64>,
	/// The model.
	pub model: Model,
	/// Its errors on validation and on the search's own practice draw.
	pub measure: Measure,
	/// What the search minimises; 2²⁰ is the initial champion.
	pub fitness: u64,
	/// Milliseconds from the start of the search.
	pub millis: u64,
}

/// A running search. Dropping it stops the search and waits for it.
pub struct Search {
	/// Candidates as they are trained.
	pub found: mpsc::UnboundedReceiver<Found>,
	/// What simple models achieve.
	pub baselines: Vec<baseline::Row>,
	immigrants: sync_mpsc::Sender<Vec<i64>>,
	stop: Arc<AtomicBool>,
	thread: Option<std::thread::JoinHandle<()>>,
}

impl Search {
	/// Starts to search on `cores` threads and `devices`. The ridge over the whole history comes first, then what the genetic algorithm breeds.
	pub fn start(
		problem: &Problem,
		config: &DomainConfig,
		limits: &ResourceLimits,
		cores: usize,
		devices: Arc<Devices>,
	) -> Result<Self> {
		let names = gene_names(problem);
		let space = space(problem, config, limits)?;
		let seed = config.optimization_config.seed.unwrap_or_else(rand::random);
		let data = training_set(problem, limits, seed)?;
		let history = data.task.program.history;
		// A gene that the trainer does not know is noticed before hours are spent.
		let middle: Vec<i64> = space.genes().iter().map(|gene| gene.lo).collect();
		Candidate::from_genes(named(&names, &middle), history)?;
		let baselines = baseline::report(&data, Candidate::default().mix, &[])?;
		let settings = &config.optimization_config;
		let ga = Ga::new(
			space,
			Settings {
				population: settings.population_size,
				elite: settings.elite,
				tournament: Settings::default().tournament.min(settings.population_size),
				stagnation: settings.patience,
				seed,
				..Settings::default()
			},
		)?;
		let (results, found) = mpsc::unbounded_channel();
		let (immigrants, arriving) = sync_mpsc::channel();
		let stop = Arc::new(AtomicBool::new(false));
		let runner = Runner {
			names,
			history,
			data,
			ga,
			pool: population::pool(cores)?,
			devices,
			generation: settings.population_size,
			limit: limits.max_training_seconds.map(Duration::from_secs),
			started: Instant::now(),
			stop: stop.clone(),
			results,
		};
		let thread = std::thread::Builder::new()
			.name(format!("search-{}", problem.id))
			.spawn(move || runner.run(arriving))
			.context("cannot start a thread for the search")?;
		Ok(Self { found, baselines, immigrants, stop, thread: Some(thread) })
	}

	/// Genes found by somebody else, to be bred with.
	pub fn immigrate(&self, genes: Vec<i64>) {
		// A search that has visited its whole space is over and listens no more.
		let _ = self.immigrants.send(genes);
	}
}

impl Drop for Search {
	fn drop(&mut self) {
		self.stop.store(true, Ordering::Relaxed);
		if let Some(thread) = self.thread.take() {
			let _ = thread.join();
		}
	}
}

/// Everything the search thread owns.
struct Runner {
	names: Vec<String>,
	history: u16,
	data: TrainingSet,
	ga: Ga,
	pool: rayon::ThreadPool,
	devices: Arc<Devices>,
	/// Candidates that devices are given at a time.
	generation: usize,
	limit: Option<Duration>,
	started: Instant,
	stop: Arc<AtomicBool>,
	results: mpsc::UnboundedSender<Found>,
}

/// Candidates in training, with a switch for each.
type Training = Mutex<BTreeMap<usize, (Instant, Arc<AtomicBool>)>>;

impl Runner {
	fn run(mut self, arriving: sync_mpsc::Receiver<Vec<i64>>) {
		self.batch(vec![ridge_genes(&self.ga, &self.names, self.history)]);
		while !self.stop.load(Ordering::Relaxed) {
			for genes in arriving.try_iter() {
				if let Err(error) = self.ga.immigrate(&genes) {
					tracing::debug!("genes from elsewhere are not used: {error}");
				}
			}
			// Devices train many candidates in hardly more time than one.
			let devices = if self.devices.working().next().is_some() { self.generation } else { 0 };
			let asked = self.ga.ask(devices.max(2 * self.pool.current_num_threads()));
			if asked.is_empty() {
				tracing::info!("the search has visited every point of its space");
				return;
			}
			self.batch(asked);
		}
	}

	/// Trains candidates and tells the algorithm what came of them.
	fn batch(&mut self, asked: Vec<Vec<i64>>) {
		let training = Training::default();
		let done = AtomicBool::new(false);
		let told: Vec<AtomicU64> = asked.iter().map(|_| AtomicU64::new(u64::MAX)).collect();
		let (candidates, numbers): (Vec<Candidate>, Vec<usize>) = self.for_devices(&asked).into_iter().unzip();
		std::thread::scope(|scope| {
			scope.spawn(|| self.watch(&training, &done));
			let train = |numbers: Vec<usize>| {
				self.pool.install(|| {
					numbers.into_par_iter().with_max_len(1).for_each(|at| {
						told[at].store(self.candidate(at, &asked[at], &training), Ordering::Relaxed);
					});
				});
			};
			let devices = scope.spawn(|| {
				self.devices.train(&self.data, &candidates, &self.stop, |number, trained| {
					told[numbers[number]].store(self.hand_over(&asked[numbers[number]], trained), Ordering::Relaxed);
				})
			});
			// The cores train what no device takes, and then what devices have left behind.
			train((0..asked.len()).filter(|at| !numbers.contains(at)).collect());
			let left = devices.join().unwrap_or_default();
			train(left.into_iter().map(|number| numbers[number]).collect());
			done.store(true, Ordering::Relaxed);
		});
		for (genes, fitness) in asked.iter().zip(told) {
			if let Err(error) = self.ga.tell(genes, fitness.into_inner()) {
				tracing::debug!("{error}");
			}
		}
	}

	/// The candidates that some device trains, with their numbers.
	fn for_devices(&self, asked: &[Vec<i64>]) -> Vec<(Candidate, usize)> {
		let supported = |(at, genes): (usize, &Vec<i64>)| {
			let candidate = Candidate::from_genes(named(&self.names, genes), self.history).ok()?;
			candidate.check(&self.data).ok()?;
			self.devices.working().any(|gpu| gpu.supports(&self.data, &candidate).is_ok()).then_some((candidate, at))
		};
		asked.iter().enumerate().filter_map(supported).collect()
	}

	/// Trains one candidate on this thread and hands it over; its fitness.
	fn candidate(&self, at: usize, genes: &[i64], training: &Training) -> u64 {
		// A small net can be trained between two looks of the watch.
		let over = self.stop.load(Ordering::Relaxed) || self.limit.is_some_and(|limit| limit.is_zero());
		let switch = Arc::new(AtomicBool::new(over));
		training.lock().unwrap_or_else(PoisonError::into_inner).insert(at, (Instant::now(), switch.clone()));
		let candidate = Candidate::from_genes(named(&self.names, genes), self.history);
		let trained = candidate.and_then(|candidate| candidate.evaluate(&self.data, &switch));
		training.lock().unwrap_or_else(PoisonError::into_inner).remove(&at);
		self.hand_over(genes, trained)
	}

	/// Hands a trained candidate over; its fitness.
	fn hand_over(&self, genes: &[i64], trained: Result<population::Trained, doin_compute::Error>) -> u64 {
		match trained {
			Ok(trained) => {
				let millis = self.started.elapsed().as_millis() as u64;
				let fitness = fitness(&self.data, &trained.measure);
				let found = Found { genes: genes.to_vec(), model: trained.model, measure: trained.measure, fitness, millis };
				// Nobody listens any more when the role has ended, and then the switch is about to be raised.
				let _ = self.results.send(found);
				fitness
			}
			Err(doin_compute::Error::Stopped | doin_compute::Error::Model(_)) => u64::MAX,
			Err(error) => {
				tracing::debug!("a candidate with genes {genes:?} came to nothing: {error}");
				u64::MAX
			}
		}
	}

	/// Ends candidates that train too long, and all of them when the search is to stop.
	fn watch(&self, training: &Training, done: &AtomicBool) {
		while !done.load(Ordering::Relaxed) {
			let stop = self.stop.load(Ordering::Relaxed);
			for (since, switch) in training.lock().unwrap_or_else(PoisonError::into_inner).values() {
				if stop || self.limit.is_some_and(|limit| since.elapsed() > limit) {
					switch.store(true, Ordering::Relaxed);
				}
			}
			std::thread::sleep(WATCH);
		}
	}
}

/// What the search minimises, 2²⁰ being the initial champion. What is paid is the progress on draws; validation, which is real data, only has
/// to be better than the initial champion's. So draws count three times.
fn fitness(data: &TrainingSet, measure: &Measure) -> u64 {
	let initial = data.initial();
	let validation = loss(total(&measure.validation), total(&initial.validation));
	if measure.practice.is_empty() {
		return validation;
	}
	let practice = loss(total(&measure.practice), total(&initial.practice));
	practice.saturating_mul(3).saturating_add(validation) / 4
}

/// The genes of the linear model over the whole history: the first candidate, and hard to beat. Genes it has no use for are the smallest.
fn ridge_genes(ga: &Ga, names: &[String], history: u16) -> Vec<i64> {
	let value = |(gene, name): (&GeneRange, &String)| match name.as_str() {
		"window" => i64::from(history).clamp(gene.lo, gene.hi),
		"skip" => gene.hi,
		"mix" => i64::from(Candidate::default().mix).clamp(gene.lo, gene.hi),
		_ => gene.lo,
	};
	ga.space().genes().iter().zip(names).map(value).collect()
}

fn gene_names(problem: &Problem) -> Vec<String> {
	problem.spec.genes.iter().map(|gene| String::from_utf8_lossy(&gene.name).into_owned()).collect()
}

fn named<'a>(names: &'a [String], genes: &'a [i64]) -> impl Iterator<Item = (&'a str, i64)> {
	names.iter().map(String::as_str).zip(genes.iter().copied())
}

/// The domain's search space, narrowed by what the configuration says.
fn space(problem: &Problem, config: &DomainConfig, limits: &ResourceLimits) -> Result<Space> {
	let names = gene_names(problem);
	if let Some(unknown) = config.param_bounds.keys().find(|key| !names.contains(key)) {
		bail!("`param_bounds` names `{unknown}`, but the genes of domain {} are {}", problem.id, names.join(", "));
	}
	let narrowed = |(gene, name): (&doin_primitives::Gene, &String)| -> Result<GeneRange> {
		let (mut lo, mut hi) = (gene.lo, gene.hi);
		if let Some([from, to]) = config.param_bounds.get(name) {
			(lo, hi) = (lo.max(*from), hi.min(*to));
		}
		if let Some(most) = limits.max_epochs.filter(|_| name == "epochs") {
			hi = hi.min(i64::from(most).max(lo));
		}
		if lo > hi {
			bail!("`param_bounds.{name}` leaves nothing of the domain's {}..={}: choose bounds that overlap", gene.lo, gene.hi);
		}
		Ok(GeneRange { name: name.clone(), lo, hi, log: gene.log })
	};
	let genes = problem.spec.genes.iter().zip(&names).map(narrowed).collect::<Result<_>>()?;
	Ok(Space::new(genes)?)
}

/// The published training part and as many generated windows as fit into memory.
fn training_set(problem: &Problem, limits: &ResourceLimits, seed: u64) -> Result<TrainingSet> {
	let task = Task::new(&problem.spec, problem.series.clone())?;
	let span = u64::from(task.program.span()) * 4;
	let room = (limits.max_memory_mb.unwrap_or(MEMORY) << 20) / span.max(1);
	let synthetic = if task.generator.is_some() { SYNTHETIC.min(room.try_into().unwrap_or(u32::MAX)) } else { 0 };
	Ok(TrainingSet::new(task, synthetic, seed)?)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::tests::sawtooth;
	use doin_primitives::{Evidence, Gene};
	use doin_scoring::{Program, Target};

	fn problem() -> Problem {
		let mut problem = sawtooth();
		let gene = |name: &str, lo, hi| Gene { name: name.as_bytes().to_vec().try_into().unwrap(), lo, hi, log: false, frac: 0 };
		problem.spec.genes =
			vec![gene("window", 4, 16), gene("width", 4, 8), gene("depth", 0, 1), gene("rate", 6, 10), gene("epochs", 1, 2)]
				.try_into()
				.unwrap();
		problem
	}

	#[test]
	fn a_search_begins_with_the_ridge_and_finds_admissible_models() {
		let problem = problem();
		let config = DomainConfig {
			optimization_config: crate::config::OptimizationConfig { seed: Some(1), ..Default::default() },
			..Default::default()
		};
		let mut search = Search::start(&problem, &config, &ResourceLimits::default(), 2, Arc::default()).unwrap();
		let first = search.found.blocking_recv().unwrap();
		assert_eq!(first.genes, [16, 4, 0, 6, 1]);
		let second = search.found.blocking_recv().unwrap();
		for found in [&first, &second] {
			crate::problem::admitted(&problem, &found.model.to_bytes()).unwrap();
			assert_eq!(found.measure.validation, problem.validation_sums(std::slice::from_ref(&found.model)).unwrap()[0]);
		}
		assert_eq!(search.baselines.len(), 3);
		drop(search);
	}

	#[test]
	fn several_channels_and_classes_are_searched_alike() {
		let mut problem = problem();
		let first = problem.series.clone();
		// A second channel that knows what comes next.
		problem.series = first.iter().zip(first.iter().skip(4).chain(&[0; 4])).flat_map(|(now, next)| [*now, *next]).collect();
		problem.spec.values = problem.series.len() as u32;
		problem.spec.evidence = Evidence::Public;
		let Program::Forecast(forecast) = &mut problem.spec.program else { panic!("a forecast") };
		forecast.channels = 2;
		forecast.target = Target::Classes(vec![-50, 50].try_into().unwrap());
		let config = DomainConfig::default();
		let mut search = Search::start(&problem, &config, &ResourceLimits::default(), 2, Arc::default()).unwrap();
		assert!(search.baselines.iter().all(|row| row.validation.mean <= 1.0 && row.practice.is_none()));
		for _ in 0..6 {
			let found = search.found.blocking_recv().unwrap();
			crate::problem::admitted(&problem, &found.model.to_bytes()).unwrap();
			let sums = problem.drawn_sums(std::slice::from_ref(&found.model), &[3; 32]).unwrap();
			assert_eq!((&found.measure.validation, found.measure.practice.len()), (&sums[0], 0), "validation is all there is");
		}
	}

	#[test]
	fn bounds_are_narrowed_or_refused() {
		let problem = problem();
		let with = |name: &str, bounds| DomainConfig { param_bounds: [(name.to_string(), bounds)].into(), ..Default::default() };
		let limits = ResourceLimits { max_epochs: Some(1), ..Default::default() };
		let space = space(&problem, &with("width", [6, 99]), &limits).unwrap();
		assert_eq!((space.genes()[1].lo, space.genes()[1].hi), (6, 8));
		assert_eq!((space.genes()[4].lo, space.genes()[4].hi), (1, 1));
		let refusal = |config| format!("{:#}", super::space(&problem, &config, &ResourceLimits::default()).unwrap_err());
		assert!(refusal(with("wdth", [1, 2])).contains("window, width, depth, rate, epochs"));
		assert!(refusal(with("width", [9, 10])).contains("leaves nothing of the domain's 4..=8"));
	}

	#[test]
	fn a_training_that_takes_too_long_ends() {
		let mut problem = problem();
		problem.spec.genes[4].lo = 900;
		problem.spec.genes[4].hi = 900;
		problem.spec.genes[2].lo = 1;
		let config = DomainConfig::default();
		let limits = ResourceLimits { max_training_seconds: Some(0), ..Default::default() };
		let mut search = Search::start(&problem, &config, &limits, 1, Arc::default()).unwrap();
		std::thread::sleep(Duration::from_millis(900));
		assert!(search.found.try_recv().is_err(), "nothing was trained to its end");
		let started = Instant::now();
		drop(search);
		assert!(started.elapsed() < Duration::from_secs(5));
	}

	#[test]
	fn devices_and_cores_share_a_search() {
		let problem = problem();
		let config = DomainConfig {
			optimization_config: crate::config::OptimizationConfig { seed: Some(1), ..Default::default() },
			..Default::default()
		};
		let software = Devices::open(&"llvmpipe".parse().unwrap()).expect("mesa-vulkan-drivers is installed by scripts/setup.sh");
		let best = |devices| {
			let mut search = Search::start(&problem, &config, &ResourceLimits::default(), 2, Arc::new(devices)).unwrap();
			let found: BTreeMap<Vec<i64>, Model> =
				std::iter::from_fn(|| search.found.blocking_recv()).take(40).map(|found| (found.genes, found.model)).collect();
			found
		};
		let (with, without) = (best(software), best(Devices::default()));
		let both: Vec<_> = with.iter().filter_map(|(genes, model)| Some((model, without.get(genes)?))).collect();
		assert!(both.len() > 4, "{} candidates were trained on both", both.len());
		assert!(both.iter().all(|(device, core)| device == core), "a candidate is the same model wherever it was trained");
	}
}
