//! Thread of a search.

use super::{space, TrainedCandidate, TARGET};
use doin_compute::{Candidate, Control, Dataset, Error, Executor, Grouping, Observer, TrainingRun};
use doin_search::Ga;
use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		mpsc as sync_mpsc, Arc,
	},
	time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// State of the search thread.
pub(super) struct Runner {
	/// Names of the genes, in the order of the domain.
	pub(super) names: Vec<String>,
	pub(super) data: Dataset,
	pub(super) ga: Ga,
	pub(super) executor: Executor,
	/// Candidates that are trained at a time while a device works.
	pub(super) generation: usize,
	/// Longest training of one candidate on the CPU.
	pub(super) time_limit: Option<Duration>,
	pub(super) started: Instant,
	pub(super) stop: Arc<AtomicBool>,
	pub(super) results: mpsc::UnboundedSender<TrainedCandidate>,
	/// Candidates that failed since the last one that was trained.
	pub(super) failed: usize,
}

/// Candidates in a row that may fail before a warning.
const MOST_FAILURES: usize = 32;

/// Sends every candidate as soon as its training ends.
struct Sender<'a> {
	/// Genes of the candidates, in the order of the executor's numbers.
	genes: &'a [&'a [i64]],
	started: Instant,
	results: &'a mpsc::UnboundedSender<TrainedCandidate>,
}

impl Observer for Sender<'_> {
	fn finished(&self, number: usize, run: &TrainingRun) {
		let genes = self.genes[number];
		match &run.evaluated {
			Ok(evaluated) => {
				let trained = TrainedCandidate {
					genes: genes.to_vec(),
					model: evaluated.model.clone(),
					errors: evaluated.errors.clone(),
					fitness: evaluated.fitness,
					millis: self.started.elapsed().as_millis() as u64,
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
	pub(super) fn run(mut self, arriving: &sync_mpsc::Receiver<Vec<i64>>) {
		self.train(&[space::ridge_genes(&self.ga, &self.names, self.history())]);
		while !self.stop.load(Ordering::Relaxed) {
			for genes in arriving.try_iter() {
				if let Err(error) = self.ga.immigrate(&genes) {
					tracing::debug!(target: TARGET, ?genes, %error, "immigrant rejected");
				}
			}
			// A device trains many candidates in hardly more time than one.
			let for_devices = if self.executor.devices().working().next().is_some() { self.generation } else { 0 };
			let asked = self.ga.ask(for_devices.max(2 * self.executor.threads()));
			if asked.is_empty() {
				tracing::info!(target: TARGET, "search has visited every point of its space");
				return;
			}
			self.train(&asked);
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

	fn history(&self) -> u16 {
		self.data.task.program.history
	}

	/// Trains the candidates with the genes `asked`, and reports their fitness to the algorithm.
	fn train(&mut self, asked: &[Vec<i64>]) {
		let mut fitness = vec![u64::MAX; asked.len()];
		let (mut numbers, mut candidates) = (Vec::new(), Vec::new());
		for (number, genes) in asked.iter().enumerate() {
			match Candidate::from_genes(space::named(&self.names, genes), self.history()) {
				Ok(candidate) => {
					numbers.push(number);
					candidates.push(candidate);
				}
				Err(error) => tracing::debug!(target: TARGET, ?genes, %error, "candidate failed"),
			}
		}
		let genes: Vec<&[i64]> = numbers.iter().map(|number| &asked[*number][..]).collect();
		let sender = Sender { genes: &genes, started: self.started, results: &self.results };
		let control = Control::new(&self.stop).with_time_limit(self.time_limit).with_observer(&sender);
		match self.executor.run(&self.data, &candidates, Grouping::Independent, &control) {
			Ok(runs) => {
				self.failed = failed_in_a_row(self.failed, &runs);
				if self.failed >= MOST_FAILURES {
					self.warn_of_failures(&runs);
					self.failed = 0;
				}
				for (number, run) in numbers.iter().zip(runs) {
					fitness[*number] = run.evaluated.map_or(u64::MAX, |evaluated| evaluated.fitness);
				}
			}
			Err(Error::Stopped) => return,
			Err(error) => tracing::warn!(target: TARGET, %error, "candidates were not trained"),
		}
		for (genes, fitness) in asked.iter().zip(fitness) {
			if let Err(error) = self.ga.tell(genes, fitness) {
				tracing::debug!(target: TARGET, ?genes, %error, "fitness rejected");
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_compute::{ChunkErrors, ComputeUnit, Evaluated};
	use doin_scoring::Model;

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
