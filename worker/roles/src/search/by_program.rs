//! Search of a tolerance domain, whose candidates are trained and scored by the program of the domain.
//!
//! The program makes a model of genes (`train`) and answers its sums (`evaluate`), one candidate after the other. Its process is another one
//! than that of the evaluators. The optimizer of the configuration proposes the genes, as in any other search.

use super::{
	archive::ArchivedDomain,
	immigrants::{arrive, Arrival, Immigrant, Waiting},
	runner::{millis, Best, StoppedAtEnd},
	space,
	state::{Saved, StateFile},
	ExperimentId, News, TrainedCandidate, TARGET,
};
use crate::{
	problem::Problem,
	programs::{ProgramFault, UserProgram},
	progress::{Meter, Position},
};
use doin_compute::{ChunkErrors, OPERAND_BITS};
use doin_scoring::{
	verdict::{loss, total},
	Model,
};
use doin_search::{Individual, Optimizer, Trial};
use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		mpsc::Receiver,
		Arc,
	},
	thread,
	time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Time after which a pausing search looks whether it is stopped.
const TICK: Duration = Duration::from_millis(50);
/// Candidates in a row that may fail before a warning.
const MOST_FAILURES: u32 = 8;

/// State of the search thread.
pub(super) struct ProgramRunner {
	/// Names of the genes, in the order of the domain.
	pub(super) names: Vec<String>,
	pub(super) problem: Arc<Problem>,
	pub(super) program: UserProgram,
	pub(super) optimizer: Box<dyn Optimizer>,
	/// First candidates of a new search, from other domains of the program.
	pub(super) proposals: Vec<Vec<i64>>,
	/// Models of other authors that wait to be taken in.
	pub(super) immigrants: Waiting,
	/// Domain as the archive has it.
	pub(super) domain: ArchivedDomain,
	/// Best candidates that the archive has of this search.
	pub(super) learnt: Vec<Individual>,
	pub(super) seed: u64,
	/// Candidates of an earlier run.
	pub(super) best: Best,
	/// Identifier of the search.
	pub(super) experiment: ExperimentId,
	/// Time that the search ran for before this run.
	pub(super) earlier: Duration,
	/// Start of this run.
	pub(super) started: Instant,
	pub(super) stop: Arc<AtomicBool>,
	pub(super) results: mpsc::UnboundedSender<TrainedCandidate>,
	pub(super) meter: Meter,
	/// File that the state is written to; `None` too once the training of an immigrant was interrupted.
	pub(super) file: Option<StateFile>,
	/// Candidates that failed since the last one that was trained.
	pub(super) failed: u32,
}

/// Reason for which a search goes no further.
enum End {
	/// The worker has stopped it.
	Stopped,
	/// The program cannot be started.
	Failed(ProgramFault),
}

impl ProgramRunner {
	/// Trains candidates until the search is stopped, has visited its whole space, or its program cannot be started.
	pub(super) fn run(mut self, arriving: &Receiver<News>) {
		let _stopped = StoppedAtEnd(self.meter.clone());
		self.meter.stands_at(Position::of(&*self.optimizer));
		if let Err(End::Failed(fault)) = self.search(arriving) {
			tracing::error!(target: TARGET, domain = self.problem.id, "the search ends, and its state is kept: {fault}");
		}
		self.save(true);
	}

	fn search(&mut self, arriving: &Receiver<News>) -> Result<(), End> {
		// The fitness of the empty model is 2²⁰.
		let sums = self.patiently(|program, stop| program.evaluate(&[], self.problem.chunks(), stop))?;
		let Some(initial) = sums.map(|sums| total(&sums)).filter(|initial| *initial > 0) else {
			let domain = self.problem.id;
			tracing::error!(target: TARGET, domain, "the program has no error on the empty model, to compare candidates with: see its log");
			return Ok(());
		};
		for genes in std::mem::take(&mut self.proposals) {
			if let Err(error) = self.optimizer.suggest(&genes) {
				tracing::debug!(target: TARGET, ?genes, %error, "proposal rejected");
			}
		}
		for trial in self.best.trials() {
			// Found by an earlier run, whose models are gone.
			self.train(&trial.genes, initial)?;
		}
		while !self.stop.load(Ordering::Relaxed) {
			for news in arriving.try_iter() {
				if let News::Immigrant(immigrant) = news {
					self.immigrants.push(immigrant);
				}
			}
			// One before each candidate: the program scores its model, trains its genes, and scores what it has trained.
			for immigrant in self.immigrants.take(1) {
				self.immigrate(&immigrant, initial)?;
			}
			let asked = self.optimizer.ask(1);
			let Some(trial) = asked.first() else { break };
			let fitness = self.train(&trial.genes, initial)?;
			self.best.enter(&trial.genes, fitness);
			if let Err(error) = self.optimizer.tell(trial, fitness) {
				tracing::debug!(target: TARGET, genes = ?trial.genes, %error, "fitness rejected");
			}
			self.meter.batch_ends(Position::of(&*self.optimizer));
			self.save(false);
		}
		match self.optimizer.stopped() {
			_ if self.stop.load(Ordering::Relaxed) => return Err(End::Stopped),
			Some(reason) => tracing::error!(target: TARGET, "the search ends, and its state is kept: {reason}"),
			None => tracing::info!(target: TARGET, "search has visited every point of its space, or its program has ended"),
		}
		Ok(())
	}

	/// Asks the program, and waits where it pauses after a failure. `None` if it has failed on this question, which is logged.
	///
	/// # Errors
	///
	/// Errors if the search is stopped, or if the file of the program is missing or another one.
	fn patiently<T>(&self, ask: impl Fn(&UserProgram, &AtomicBool) -> Result<T, ProgramFault>) -> Result<Option<T>, End> {
		loop {
			match ask(&self.program, &self.stop) {
				Ok(answer) => return Ok(Some(answer)),
				Err(_) if self.stop.load(Ordering::Relaxed) => return Err(End::Stopped),
				Err(ProgramFault::Paused { .. }) => thread::sleep(TICK),
				Err(fault @ (ProgramFault::File { .. } | ProgramFault::OtherFile { .. })) => return Err(End::Failed(fault)),
				Err(fault) => {
					tracing::debug!(target: TARGET, domain = self.problem.id, "program failed: {fault}");
					return Ok(None);
				}
			}
		}
	}

	/// Has the program train and score a candidate, and sends it. Returns its fitness; `u64::MAX` if the program fails on it.
	fn train(&mut self, genes: &[i64], initial: u64) -> Result<u64, End> {
		self.meter.batch_begins(0, vec!["program".into()]);
		let most = self.problem.opaque_bytes();
		let trained = self.patiently(|program, stop| {
			let bytes = program.train(space::named(&self.names, genes), most, stop)?;
			let sums = program.evaluate(&bytes, self.problem.chunks(), stop)?;
			Ok((bytes, sums))
		})?;
		let Some((bytes, validation)) = trained else {
			self.meter.candidate_failed(0);
			self.failed = self.failed.saturating_add(1);
			if self.failed >= MOST_FAILURES {
				let failed = std::mem::take(&mut self.failed);
				tracing::warn!(target: TARGET, failed, "no candidate of the last ones could be trained: see what the program writes");
			}
			return Ok(u64::MAX);
		};
		self.failed = 0;
		self.meter.candidate_trained(total(&validation));
		let fitness = loss(total(&validation), initial);
		let trained = TrainedCandidate {
			genes: genes.to_vec(),
			model: Model::Opaque(bytes),
			errors: ChunkErrors { validation, practice: Vec::new() },
			fitness,
			experiment: self.experiment,
			millis: millis(self.earlier, self.started),
		};
		if self.results.send(trained).is_err() {
			tracing::debug!(target: TARGET, "optimizer has ended; candidate dropped");
		}
		Ok(fitness)
	}

	/// Takes in a model of another author, with the fitness that the program of this worker gives it, and trains its genes, whose fitness
	/// replaces that of the model.
	fn immigrate(&mut self, immigrant: &Immigrant, initial: u64) -> Result<(), End> {
		let named = match immigrant.named(&self.names) {
			Ok(named) => named,
			Err(reason) => {
				immigrant.refuse(self.problem.id, &reason);
				return Ok(());
			}
		};
		let sums = match immigrant.model.as_deref() {
			Some(Model::Opaque(bytes)) => self.patiently(|program, stop| program.evaluate(bytes, self.problem.chunks(), stop))?,
			_ => None,
		};
		let fitness = sums.map(|sums| loss(total(&sums), initial));
		match arrive(&mut *self.optimizer, named, fitness) {
			Ok(Arrival::Known) => {}
			Ok(Arrival::Asked) => self.meter.immigrant_taken(),
			Ok(Arrival::Joined(genes)) => {
				self.meter.immigrant_taken();
				// Nothing proves that its model was trained with these genes.
				let trained = self.train(&genes, initial);
				if trained.is_err() {
					// The algorithm knows the genes now, so that a restart from this state would never train them. The state that was
					// written last stays, and the model is given again.
					self.file = None;
				}
				let fitness = trained?;
				self.best.enter(&genes, fitness);
				if let Err(error) = self.optimizer.retell(&Trial::whole(genes), fitness) {
					tracing::debug!(target: TARGET, %error, "fitness rejected");
				}
			}
			Err(reason) => immigrant.refuse(self.problem.id, &reason.into()),
		}
		Ok(())
	}

	/// Writes the state, if it is time to do so or if `is_last` is set.
	fn save(&mut self, is_last: bool) {
		let Some(file) = self.file.as_mut().filter(|file| is_last || file.is_due()) else { return };
		let saved = || Saved {
			seed: self.seed,
			segments: 0,
			best: self.best.found(),
			experiment: self.experiment,
			millis: millis(self.earlier, self.started),
			bits: OPERAND_BITS,
			search: self.optimizer.checkpoint(),
		};
		if let Err(error) = file.write(saved) {
			tracing::warn!(target: TARGET, "the state of the search is not saved, and a restart begins anew: {error:#}");
		}
		file.archive().learn_new(&self.domain, self.optimizer.space(), self.best.individuals(), &mut self.learnt);
	}
}
