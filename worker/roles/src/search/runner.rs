//! Thread of a search.

use super::{
	archive::ArchivedDomain,
	data::TrainingData,
	immigrants::{arrive, Arrival, Immigrant, Waiting},
	shared::{self, Part, WantedCandidates},
	space,
	state::{Saved, StateFile},
	ExperimentId, News, TrainedCandidate, TARGET,
};
use crate::{
	config::ResourceLimits,
	problem::Problem,
	progress::{Meter, Position},
};
use anyhow::Result;
use doin_compute::{
	Candidate, ChunkErrors, Control, Error, Executor, Grouping, Observer, StoppingRule, TrainingRun, INITIAL_FITNESS,
	OPERAND_BITS,
};
use doin_scoring::{verdict::total, Genome, Model};
use doin_search::{Individual, Optimizer, Trial};
use doin_serve::tasks::{HostQueue, LEASE};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::{
		atomic::{AtomicBool, Ordering},
		mpsc::{self as sync_mpsc, RecvTimeoutError},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// State of the search thread.
pub(super) struct Runner {
	/// Names of the genes, in the order of the domain.
	pub(super) names: Vec<String>,
	pub(super) data: TrainingData,
	pub(super) optimizer: Box<dyn Optimizer>,
	pub(super) executor: Executor,
	/// Limits of training data.
	pub(super) limits: ResourceLimits,
	/// Epochs without a smaller error after which a candidate ends; `None` for independent candidates.
	pub(super) patience: Option<u16>,
	/// Queue from which other workers train candidates.
	pub(super) shared: Option<HostQueue>,
	/// Time until which nothing is offered, after a part that did not come back.
	pub(super) offers_from: Option<Instant>,
	/// First candidates of a new search, from other domains.
	pub(super) proposals: Vec<Vec<i64>>,
	/// Models of other authors that wait to be taken in.
	pub(super) immigrants: Waiting,
	/// Domain as the archive has it.
	pub(super) domain: ArchivedDomain,
	/// Best candidates that the archive has of this search.
	pub(super) learnt: Vec<Individual>,
	/// Seed of generated windows.
	pub(super) seed: u64,
	/// Operand bits that dense nets are trained in; `None` if their genes decide.
	pub(super) bits: Option<u8>,
	/// Candidates that are trained at a time while a device works.
	pub(super) generation: usize,
	/// Candidates that are trained again when the data grows.
	pub(super) best: Best,
	/// Longest training of one candidate on the CPU.
	pub(super) time_limit: Option<Duration>,
	/// Identifier of the search.
	pub(super) experiment: ExperimentId,
	/// Time that the search ran for before this run.
	pub(super) earlier: Duration,
	/// Start of this run.
	pub(super) started: Instant,
	pub(super) stop: Arc<AtomicBool>,
	pub(super) results: mpsc::UnboundedSender<TrainedCandidate>,
	/// Candidates that failed since the last one that was trained.
	pub(super) failed: usize,
	/// Least error of a point that was sent.
	pub(super) least: Option<u64>,
	/// Publishes the progress.
	pub(super) meter: Meter,
	/// Opened segments that the fitnesses of the best candidates belong to.
	pub(super) segments: u16,
	/// File that the state is written to; `None` too once the training of immigrants was interrupted.
	pub(super) file: Option<StateFile>,
}

/// Time in which a search notices that it was stopped while it waits for data.
const STOP_TICK: Duration = Duration::from_millis(200);
/// Pause after a point was scored, which takes microseconds: no account needs more points in a round, and a search remembers each of them.
const POINT_PAUSE: Duration = Duration::from_millis(4);
/// Least time for which a search waits for candidates of other workers, once its own are trained.
const PATIENCE: Duration = Duration::from_secs(10);
/// Candidates in a row that may fail before a warning.
const MOST_FAILURES: usize = 32;
/// Models of other authors that are taken in before a batch. The genes of each one are trained, and of a round there are up to sixteen.
const MOST_IMMIGRANTS: usize = 4;

/// Genes of the best candidates.
pub(super) struct Best {
	most: usize,
	/// Fitness and genes, best first.
	found: BTreeSet<(u64, Vec<i64>)>,
}

impl Best {
	/// Returns a list of at most `most` candidates.
	pub(super) fn new(most: usize) -> Self {
		Self { most, found: BTreeSet::new() }
	}

	/// Returns a list of the candidates `found`, at most `most`.
	pub(super) fn of(most: usize, found: impl IntoIterator<Item = (u64, Vec<i64>)>) -> Self {
		let mut best = Self::new(most);
		found.into_iter().for_each(|(fitness, genes)| best.enter(&genes, fitness));
		best
	}

	/// Enters a candidate if it is one of the best.
	pub(super) fn enter(&mut self, genes: &[i64], fitness: u64) {
		if fitness < u64::MAX {
			self.found.retain(|(_, known)| known != genes);
			self.found.insert((fitness, genes.to_vec()));
			while self.found.len() > self.most {
				self.found.pop_last();
			}
		}
	}

	/// Returns the candidates with their fitness, best first.
	pub(super) fn individuals(&self) -> Vec<Individual> {
		let individual = |(fitness, genes): &(u64, Vec<i64>)| Individual { genes: genes.clone(), fitness: *fitness };
		self.found.iter().map(individual).collect()
	}

	/// Returns fitness and genes of the candidates, best first.
	pub(super) fn found(&self) -> Vec<(u64, Vec<i64>)> {
		self.found.iter().cloned().collect()
	}

	/// Returns trials of the candidates, best first.
	pub(super) fn trials(&self) -> Vec<Trial> {
		self.found.iter().map(|(_, genes)| Trial::whole(genes.clone())).collect()
	}
}

/// Sends every candidate as soon as its training ends.
struct Sender<'a> {
	data: &'a TrainingData,
	/// Trials of the candidates, in the order of the executor's numbers.
	trials: &'a [&'a Trial],
	/// The candidates, in the same order.
	candidates: &'a [Candidate],
	experiment: ExperimentId,
	earlier: Duration,
	started: Instant,
	results: &'a mpsc::UnboundedSender<TrainedCandidate>,
	meter: &'a Meter,
}

/// Returns the time of a search that has run for `earlier` before it was started again, in milliseconds.
pub(super) fn millis(earlier: Duration, started: Instant) -> u64 {
	u64::try_from((earlier + started.elapsed()).as_millis()).unwrap_or(u64::MAX)
}

/// Returns the candidate of a trial, whose genes have these names. Its net is trained in `bits` operand bits if it is dense; in those of
/// its genes if `bits` is `None`.
///
/// # Errors
///
/// Errors if a gene is not one of a candidate, or out of its range.
pub(super) fn candidate_of(names: &[String], trial: &Trial, history: u16, bits: Option<u8>) -> Result<Candidate, Error> {
	let candidate = Candidate::from_genes(space::named(names, &trial.genes), history)?;
	let divisor = u16::try_from(trial.divisor).unwrap_or(u16::MAX).max(1);
	let candidate = Candidate { epochs: (candidate.epochs / divisor).max(1), ..candidate };
	Ok(match bits {
		Some(bits) => candidate.with_operand_bits(bits),
		None => candidate,
	})
}

/// Returns independent candidates, or those that a patience ends, each one by itself.
///
/// The halving of brackets is left to `doin-worker train`. It ends a candidate because of the others in its bracket, so that the fitness of
/// genes would depend on what is trained beside them: on the number of cores, on devices and workers that share a batch, on immigrants, and on
/// the moment of a restart. A search is told each fitness once, and goes on exactly after `kill -9`, and alike on every machine, only if a
/// fitness follows from genes and seed alone. `de` halves by parts of the training of one candidate (`Trial::divisor`), whose fitnesses do.
pub(super) fn grouping(patience: Option<u16>) -> Grouping {
	match patience {
		None => Grouping::Independent,
		patience => Grouping::Brackets(StoppingRule { patience, halving: false }),
	}
}

/// Returns the epochs that a candidate is trained for.
fn epochs_of(candidate: &Candidate) -> u32 {
	if candidate.is_linear() {
		0
	} else {
		candidate.epochs.into()
	}
}

impl Observer for Sender<'_> {
	fn epoch(&self, _error: u128) {
		self.meter.epochs_trained(1);
	}

	fn advanced(&self, epochs: usize) {
		self.meter.epochs_trained(epochs.try_into().unwrap_or(u32::MAX));
	}

	fn finished(&self, number: usize, run: &TrainingRun) {
		let Trial { genes, divisor } = self.trials[number];
		if run.evaluated.is_err() {
			self.meter.candidate_failed(epochs_of(&self.candidates[number]));
		}
		match &run.evaluated {
			Ok(evaluated) => {
				let errors = &evaluated.errors;
				if *divisor > 1 {
					// A part of the training tells the algorithm something, and its net is nobody's candidate.
					self.meter.part_trained();
					return;
				}
				let Some(validation) = self.data.claim(&evaluated.model, &errors.validation) else { return };
				self.meter.candidate_trained(total(&validation));
				let trained = TrainedCandidate {
					genes: genes.clone(),
					model: evaluated.model.clone(),
					errors: ChunkErrors { validation, practice: errors.practice.clone() },
					fitness: evaluated.fitness,
					experiment: self.experiment,
					millis: millis(self.earlier, self.started),
				};
				if self.results.send(trained).is_err() {
					tracing::debug!(target: TARGET, "optimizer has ended; candidate dropped");
				}
			}
			Err(Error::Stopped | Error::Model(_)) => {}
			Err(error) => tracing::debug!(target: TARGET, ?genes, %error, "candidate failed"),
		}
	}
}

/// Returns the number of candidates that failed since the last one that was trained, of which `before` failed before `runs`.
fn failed_in_a_row(before: usize, runs: &[TrainingRun]) -> usize {
	match runs.iter().rposition(|run| run.evaluated.is_ok()) {
		Some(trained) => runs.len() - trained - 1,
		None => before + runs.len(),
	}
}

impl Runner {
	/// Breeds and trains candidates until the search is stopped or has visited its whole space.
	pub(super) fn run(mut self, arriving: &sync_mpsc::Receiver<News>) {
		let _stopped = StoppedAtEnd(self.meter.clone());
		self.meter.stands_at(Position::of(&*self.optimizer));
		let best = self.best.trials();
		if best.is_empty() {
			if self.data.has_nets() {
				let linear = space::linear_genes(self.optimizer.space(), &self.names, self.data.linear_window());
				self.train(&linear.into_iter().map(Trial::whole).collect::<Vec<_>>(), Told::New);
			}
			self.segments = self.data.segments();
			for genes in std::mem::take(&mut self.proposals) {
				if let Err(error) = self.optimizer.suggest(&genes) {
					tracing::debug!(target: TARGET, ?genes, %error, "proposal rejected");
				}
			}
		} else if self.segments != self.data.segments() {
			// A segment was opened since the state was written.
			self.renew();
		} else {
			// An earlier run has found these, and its nets are gone.
			self.train(&best, Told::Before);
		}
		let mut is_visited = false;
		while !self.stop.load(Ordering::Relaxed) {
			self.receive(arriving.try_iter());
			// A device trains many candidates in hardly more time than one.
			let for_devices = if self.executor.devices().working().next().is_some() { self.generation } else { 0 };
			let here = for_devices.max(2 * self.executor.threads());
			// Others train half of a batch.
			let wanted = if self.watched().is_some() { 2 * here } else { here };
			let asked = self.optimizer.ask(wanted);
			if !asked.is_empty() {
				self.train(&asked, Told::New);
				self.save(false);
				is_visited = false;
				continue;
			}
			if self.stop.load(Ordering::Relaxed) {
				break;
			}
			if let Some(reason) = self.optimizer.stopped() {
				tracing::error!(target: TARGET, "the search ends, and its state is kept: {reason}");
				break;
			}
			if !std::mem::replace(&mut is_visited, true) {
				tracing::info!(target: TARGET, "search has visited every point of its space, or its program has ended");
				self.save(true);
			}
			if !self.data.can_grow() {
				return;
			}
			self.meter.waits();
			// The best candidates are trained again when a segment is opened.
			match arriving.recv_timeout(STOP_TICK) {
				Ok(news) => self.receive(std::iter::once(news)),
				Err(RecvTimeoutError::Timeout) => {}
				Err(RecvTimeoutError::Disconnected) => return,
			}
		}
		self.save(true);
	}

	/// Writes the state, if it is time to do so or if `is_last` is set.
	fn save(&mut self, is_last: bool) {
		let Some(file) = self.file.as_mut().filter(|file| is_last || file.is_due()) else { return };
		let saved = || Saved {
			seed: self.seed,
			segments: self.segments,
			experiment: self.experiment,
			millis: millis(self.earlier, self.started),
			bits: self.bits.unwrap_or(OPERAND_BITS),
			best: self.best.found(),
			search: self.optimizer.checkpoint(),
		};
		if let Err(error) = file.write(saved) {
			tracing::warn!(target: TARGET, "the state of the search is not saved, and a restart begins anew: {error:#}");
		}
		// The optimum of one landscape says nothing about that of another.
		if !self.data.has_points() {
			file.archive().learn_new(&self.domain, self.optimizer.space(), self.best.individuals(), &mut self.learnt);
		}
	}

	/// Takes what has arrived: genes to breed with, and data that has grown.
	fn receive(&mut self, arriving: impl Iterator<Item = News>) {
		let (mut grown, mut threads) = (None, None);
		for news in arriving {
			match news {
				News::Immigrant(immigrant) => self.immigrants.push(immigrant),
				News::Grown(problem) => grown = Some(problem),
				News::Threads(number) => threads = Some(number),
				News::Share(queue) => self.shared = Some(queue),
			}
		}
		if let Some(threads) = threads {
			self.use_threads(threads);
		}
		// Immigrants are compared on the data that has grown.
		if let Some(problem) = grown {
			self.grow(problem);
		}
		self.take_in();
	}

	/// Takes in the first models of other authors that wait, before the next selection, and trains the genes of those that have joined.
	fn take_in(&mut self) {
		let mut joined = Vec::new();
		for immigrant in self.immigrants.take(MOST_IMMIGRANTS) {
			match self.immigrate(&immigrant) {
				Ok(Arrival::Known) => continue,
				Ok(Arrival::Asked) => {}
				Ok(Arrival::Joined(genes)) => joined.push(Trial::whole(genes)),
				Err(reason) => {
					immigrant.refuse(self.data.problem().id, &reason);
					continue;
				}
			}
			self.meter.immigrant_taken();
		}
		if !joined.is_empty() {
			// Nothing proves that a model was trained with its genes, and more segments may be open now than by then. The fitness of their
			// training replaces that of the model.
			if !self.train(&joined, Told::Again) {
				// The algorithm knows the genes now, so that a restart from this state would never train them. The state that was written last
				// stays: all that came after it is trained again, and the models are given again.
				self.file = None;
			}
		}
	}

	/// Trains on so many CPU threads from now on.
	fn use_threads(&mut self, threads: usize) {
		match Executor::new(threads, self.executor.devices().clone()) {
			Ok(executor) => {
				tracing::info!(target: TARGET, before = self.executor.threads(), threads, "the threads of the searches were divided anew");
				self.executor = executor;
			}
			Err(error) => tracing::warn!(target: TARGET, %error, "the search keeps its threads"),
		}
	}

	/// Takes in a model of another author: with its fitness if there is one, otherwise as genes to train.
	///
	/// # Errors
	///
	/// Errors if the genes are not those of the domain.
	fn immigrate(&mut self, immigrant: &Immigrant) -> Result<Arrival> {
		let named = immigrant.named(&self.names)?;
		let fitness = immigrant.model.as_deref().and_then(|model| self.data.fitness(model));
		Ok(arrive(&mut *self.optimizer, named, fitness)?)
	}

	/// Goes on with the data of `problem`, and trains on it what later candidates are compared with.
	fn grow(&mut self, problem: Arc<Problem>) {
		match TrainingData::new(problem, &self.limits, self.seed) {
			Ok(data) => {
				self.data = data;
				self.renew();
				self.save(true);
			}
			Err(error) => tracing::warn!(target: TARGET, "the search goes on without the opened segment: {error:#}"),
		}
	}

	/// Trains the best candidates and all that others are compared with again, on data that has grown: one that keeps its former fitness
	/// could be ahead of later ones for ever. If it is interrupted, it is due after a restart.
	fn renew(&mut self) {
		let mut trials = self.best.trials();
		let others: Vec<Trial> = self.optimizer.compared().into_iter().filter(|trial| !trials.contains(trial)).collect();
		trials.extend(others);
		// None of the former fitnesses keeps a place in the list of the best.
		let emptied = Best::new(self.best.most);
		let before = std::mem::replace(&mut self.best, emptied);
		if self.train(&trials, Told::Again) {
			self.segments = self.data.segments();
		} else {
			self.best = before;
		}
	}

	/// Warns that no candidate can be trained, with the last reason.
	fn warn_of_failures(&self, runs: &[TrainingRun]) {
		let reason = match runs.iter().rev().find_map(|run| run.evaluated.as_ref().err()) {
			Some(Error::Stopped) => "their training takes longer than `resource_limits.max_training_seconds`".into(),
			Some(error) => error.to_string(),
			None => return,
		};
		tracing::warn!(target: TARGET, failed = self.failed, reason, "no candidate of the last ones could be trained");
	}

	/// Trains the candidates of `trials`, or scores their points, and tells the algorithm their fitness. Returns `false` if it was
	/// interrupted, so that nothing was told.
	fn train(&mut self, trials: &[Trial], told: Told) -> bool {
		let fitness = if self.data.has_points() {
			self.scored(trials)
		} else if self.data.genomes().is_some() {
			self.run_with_genomes(trials)
		} else {
			self.trained(trials)
		};
		let Some(fitness) = fitness else { return false };
		for (trial, fitness) in trials.iter().zip(fitness) {
			if trial.divisor == 1 {
				self.best.enter(&trial.genes, fitness);
			}
			let accepted = match told {
				Told::New => self.optimizer.tell(trial, fitness),
				Told::Again => self.optimizer.retell(trial, fitness),
				Told::Before => Ok(()),
			};
			if let Err(error) = accepted {
				tracing::debug!(target: TARGET, genes = ?trial.genes, %error, "fitness rejected");
			}
		}
		self.meter.batch_ends(Position::of(&*self.optimizer));
		true
	}

	/// Scores the points of `trials`, and sends each one that is better than all before it: a worse one can never win. Returns their
	/// fitness, or `None` if the search was stopped.
	fn scored(&mut self, trials: &[Trial]) -> Option<Vec<u64>> {
		self.meter.batch_begins(0, self.devices());
		let mut fitness = Vec::with_capacity(trials.len());
		for Trial { genes, .. } in trials {
			let (model, error) = self.data.scored_point(genes);
			self.meter.candidate_trained(error);
			if self.least.is_none_or(|least| error < least) {
				self.least = Some(error);
				self.send_point(genes, model, error);
			}
			fitness.push(error);
			std::thread::sleep(POINT_PAUSE);
			if self.stop.load(Ordering::Relaxed) {
				return None;
			}
		}
		Some(fitness)
	}

	/// Makes the training runs of the genomes of `trials`, and sends each genome that is better than the initial champion on all runs: a
	/// worse one can never win. Returns their fitness, or `None` if the search was stopped.
	fn run_with_genomes(&self, trials: &[Trial]) -> Option<Vec<u64>> {
		let genomes = self.data.genomes()?;
		let mut fitness = vec![u64::MAX; trials.len()];
		// Trials with the same runs, in the order of the trials.
		let mut groups: BTreeMap<u16, (Vec<usize>, Vec<Genome>)> = BTreeMap::new();
		for (number, trial) in trials.iter().enumerate() {
			match self.data.admitted_genome(&trial.genes) {
				Some(genome) => {
					let (numbers, group) = groups.entry(genomes.runs(trial.divisor)).or_default();
					numbers.push(number);
					group.push(genome);
				}
				None => self.meter.part_trained(),
			}
		}
		let runs: u32 =
			groups.iter().map(|(runs, (numbers, _))| u32::from(*runs) * u32::try_from(numbers.len()).unwrap_or(0)).sum();
		self.meter.batch_begins(runs, self.devices());
		for (runs, (numbers, group)) in groups {
			let (meter, stop) = (&self.meter, &self.stop);
			let one_more = || meter.epochs_trained(1);
			let found = self.executor.install(|| genomes.fitness(&group, runs, stop, &one_more)).ok()?;
			for ((number, genome), found) in numbers.into_iter().zip(group).zip(found) {
				fitness[number] = found;
				let Trial { genes, divisor } = &trials[number];
				if *divisor == 1 && found < INITIAL_FITNESS {
					self.send_model(genes, Model::Genome(genome), found);
				} else {
					self.meter.part_trained();
				}
			}
		}
		Some(fitness)
	}

	/// Sends a genome with its claim.
	fn send_model(&self, genes: &[i64], model: Model, fitness: u64) {
		let data = &self.data;
		let Some(validation) = self.executor.install(|| data.claim(&model, &[])) else { return };
		self.meter.candidate_trained(total(&validation));
		self.send(genes, model, validation, fitness);
	}

	/// Sends a point with its claim.
	fn send_point(&self, genes: &[i64], model: Model, fitness: u64) {
		let Some(validation) = self.data.claim(&model, &[]) else { return };
		self.send(genes, model, validation, fitness);
	}

	/// Sends a candidate whose model was not trained, with the sums that a reveal claims.
	fn send(&self, genes: &[i64], model: Model, validation: Vec<u32>, fitness: u64) {
		self.send_with(genes, model, ChunkErrors { validation, practice: Vec::new() }, fitness);
	}

	/// Sends a candidate with its sums.
	fn send_with(&self, genes: &[i64], model: Model, errors: ChunkErrors, fitness: u64) {
		let (experiment, millis) = (self.experiment, millis(self.earlier, self.started));
		let candidate = TrainedCandidate { genes: genes.to_vec(), model, errors, fitness, experiment, millis };
		if self.results.send(candidate).is_err() {
			tracing::debug!(target: TARGET, "optimizer has ended; candidate dropped");
		}
	}

	/// Returns the queue from which other workers train candidates, if one of them looks at it.
	fn watched(&self) -> Option<&HostQueue> {
		let is_due = self.offers_from.is_none_or(|from| Instant::now() >= from);
		self.shared.as_ref().filter(|queue| is_due && self.data.has_nets() && queue.is_watched())
	}

	/// Puts a part of `trials` on the queue of this host if another worker looks at it. Returns the parts.
	fn offered(&self, trials: &[Trial]) -> Vec<Part> {
		let Some(queue) = self.watched() else { return Vec::new() };
		let problem = self.data.problem();
		let terms = WantedCandidates {
			trials: Vec::new(),
			seed: self.seed,
			segments: self.data.segments(),
			memory_mb: self.limits.max_memory_mb,
			patience: self.patience,
			seconds: self.limits.max_training_seconds,
			bits: self.bits,
		};
		shared::offer(queue, problem.id, &terms, trials, problem.spec.limits.model_bytes)
	}

	/// Trains the candidates of `trials`, some of them on other workers. Returns their fitness, or `None` if the search was stopped.
	fn trained(&mut self, trials: &[Trial]) -> Option<Vec<u64>> {
		let mut fitness = vec![u64::MAX; trials.len()];
		let (started, parts) = (Instant::now(), self.offered(trials));
		let offered: BTreeSet<usize> = parts.iter().flat_map(|part| part.numbers.iter().copied()).collect();
		let own: Vec<usize> = (0..trials.len()).filter(|number| !offered.contains(number)).collect();
		self.train_here(trials, &own, &mut fitness)?;
		let (back, claimed): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(Part::withdraw);
		let unclaimed: Vec<usize> = back.iter().flat_map(|part| part.numbers.iter().copied()).collect();
		self.train_here(trials, &unclaimed, &mut fitness)?;
		// A worker that is slower than this one, or that has ended, delays the search for as long as its own half took, once in a while.
		let until = Instant::now() + PATIENCE.max(started.elapsed());
		let mut rest = Vec::new();
		for part in claimed {
			let Some(models) = part.models(until, &self.stop) else {
				rest.extend(part.numbers.iter().copied());
				self.offers_from = Some(Instant::now() + LEASE);
				continue;
			};
			for (number, model) in part.numbers.iter().zip(models) {
				fitness[*number] = model.and_then(|bytes| self.accepted(&trials[*number], &bytes)).unwrap_or(u64::MAX);
			}
		}
		self.train_here(trials, &rest, &mut fitness)?;
		Some(fitness).filter(|_| !self.stop.load(Ordering::Relaxed))
	}

	/// Sends a candidate that another worker has trained, with the sums that are computed here. Returns its fitness, or `None` if it is no
	/// net that the domain admits.
	fn accepted(&self, Trial { genes, divisor }: &Trial, bytes: &[u8]) -> Option<u64> {
		let data = &self.data;
		let Some((model, errors, fitness)) = self.executor.install(|| data.checked(bytes)) else {
			tracing::warn!(target: TARGET, ?genes, "another worker has handed in a model that the domain does not admit: update it");
			return None;
		};
		if *divisor > 1 {
			self.meter.part_trained();
		} else {
			self.meter.candidate_trained(total(&errors.validation));
			self.send_with(genes, model, errors, fitness);
		}
		Some(fitness)
	}

	/// Trains the candidates of `trials` with these numbers on this machine, and enters their fitness. Returns `None` if the search was
	/// stopped.
	fn train_here(&mut self, trials: &[Trial], numbers: &[usize], fitness: &mut [u64]) -> Option<()> {
		if numbers.is_empty() {
			return Some(());
		}
		let (mut possible, mut candidates) = (Vec::new(), Vec::new());
		for number in numbers.iter().copied() {
			match candidate_of(&self.names, &trials[number], self.data.history(), self.bits) {
				Ok(candidate) => {
					possible.push(number);
					candidates.push(candidate);
				}
				Err(error) => tracing::debug!(target: TARGET, genes = ?trials[number].genes, %error, "candidate failed"),
			}
		}
		let trained: Vec<&Trial> = possible.iter().map(|number| &trials[*number]).collect();
		self.meter.batch_begins(candidates.iter().map(epochs_of).sum(), self.devices());
		let sender = Sender {
			data: &self.data,
			trials: &trained,
			candidates: &candidates,
			experiment: self.experiment,
			earlier: self.earlier,
			started: self.started,
			results: &self.results,
			meter: &self.meter,
		};
		let control = Control::new(&self.stop).with_time_limit(self.time_limit).with_observer(&sender);
		match self.data.train(&self.executor, &candidates, grouping(self.patience), &control) {
			Ok(runs) => {
				self.failed = failed_in_a_row(self.failed, &runs);
				if self.failed >= MOST_FAILURES {
					self.warn_of_failures(&runs);
					self.failed = 0;
				}
				if self.stop.load(Ordering::Relaxed) {
					// Some were interrupted. All of them are trained again after a restart, so that it goes on as if nothing had happened.
					return None;
				}
				for (number, run) in possible.iter().zip(runs) {
					fitness[*number] = run.evaluated.map_or(u64::MAX, |evaluated| evaluated.fitness);
				}
			}
			Err(Error::Stopped) => return None,
			Err(error) => tracing::warn!(target: TARGET, %error, "candidates were not trained"),
		}
		Some(())
	}

	/// Returns the CPU threads and the names of the working devices.
	fn devices(&self) -> Vec<String> {
		let threads = match self.executor.threads() {
			1 => "1 CPU thread".into(),
			threads => format!("{threads} CPU threads"),
		};
		std::iter::once(threads).chain(self.executor.devices().working().map(|device| device.name().into())).collect()
	}
}

/// Way in which the fitness of a candidate is told.
#[derive(Clone, Copy, Debug)]
enum Told {
	/// For the first time.
	New,
	/// After another training.
	Again,
	/// By an earlier run, whose state is restored.
	Before,
}

/// Publishes the end of a search, also of one that panics.
pub(super) struct StoppedAtEnd(pub(super) Meter);

impl Drop for StoppedAtEnd {
	fn drop(&mut self) {
		self.0.stops();
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_compute::{ComputeUnit, Evaluated};
	use doin_scoring::Model;

	#[test]
	fn the_best_candidates_are_kept_in_order() {
		let mut best = Best::new(2);
		for (gene, fitness) in [(1, 30), (2, 10), (3, 20), (4, u64::MAX), (2, 40)] {
			best.enter(&[gene], fitness);
		}
		let genes = |best: &Best| best.trials().into_iter().map(|trial| trial.genes).collect::<Vec<_>>();
		assert_eq!(genes(&best), [vec![3], vec![2]], "trained again on more data, the second candidate became worse");
		best.enter(&[5], 25);
		assert_eq!(genes(&best), [vec![3], vec![5]]);
	}

	#[test]
	fn failures_are_counted_from_the_last_trained_candidate_on() {
		let run = |evaluated| TrainingRun { evaluated, errors: Vec::new(), seconds: 0.0, unit: ComputeUnit::Cpu };
		let failed = || run(Err(Error::Stopped));
		let errors = ChunkErrors { validation: vec![1], practice: Vec::new() };
		let trained =
			|| run(Ok(Evaluated { candidate: Candidate::default(), model: Model::Seasonal, errors: errors.clone(), fitness: 1 }));
		assert_eq!(failed_in_a_row(5, &[failed(), trained(), failed(), failed()]), 2);
		assert_eq!(failed_in_a_row(5, &[trained(), failed(), trained()]), 0);
		assert_eq!(failed_in_a_row(5, &[failed(), failed()]), 7);
		assert_eq!(failed_in_a_row(5, &[]), 5);
	}
}
