//! Candidates of a search that other workers of the owner train.
//!
//! ```text
//! search ─▶ half of a batch, in parts ─▶ HostQueue ◀─▶ `doin-worker pull`: trains by its own node's data
//!    │ the other half                        │ models
//!    └─▶ trains here                         └─▶ decoded, admitted, scored here ─▶ candidates
//!          └─▶ what nobody has, what is late, and what cannot be read
//! ```
//!
//! Nothing is offered unless a worker has looked at the queue within the last seconds, so a search without one loses no time. It waits for
//! a part for as long as its own half took, ten seconds at least. After one that did not come back, nothing is offered for a minute.
//!
//! # What is checked
//!
//! A worker hands in models, and nothing else. Each one is decoded and has to be a net that the domain admits, and its sums on the
//! validation split and on the practice draw are computed here: what is committed and claimed, and what the algorithm is told, is what this
//! machine has computed. That takes one pass over the validation split, and a training many over the training part. Training is exact, so
//! an honest worker hands in the nets that this machine would train. One that hands in worse nets, other nets, or none wastes candidates
//! of the search, and can cause no false claim.

use super::{
	data::TrainingData,
	runner::{candidate_of, grouping},
	space, Searched,
};
use crate::{config::ResourceLimits, context::StopOnDrop, problem::Problem};
use anyhow::{ensure, Context, Result};
use doin_compute::{Control, Executor};
use doin_primitives::DomainId;
use doin_search::Trial;
use doin_serve::{
	tasks::{Ended, HostQueue, HostTask, Submitted, Work, MOST_BYTES},
	wire::hex,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	thread,
	time::{Duration, Instant},
};
use tokio::task::spawn_blocking;

/// Candidates of a task at most.
const PART: usize = 8;
/// Pause between two looks for the result of a task.
const TICK: Duration = Duration::from_millis(50);

/// Candidates that are wanted, with everything that their nets depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedCandidates {
	/// Genes of the candidates, in the order of the domain, and divisors of their epochs.
	pub trials: Vec<Trial>,
	/// Seed of generated windows.
	pub seed: u64,
	/// Opened segments of the data.
	pub segments: u16,
	/// Most memory for training data, in MiB.
	pub memory_mb: Option<u64>,
	/// Epochs without a smaller error after which a candidate ends.
	pub patience: Option<u16>,
	/// Longest training of one candidate on the CPU, in seconds.
	pub seconds: Option<u64>,
	/// Operand bits that dense nets are trained in; `None` if their genes decide.
	pub bits: Option<u8>,
}

/// Form of the result of a task: encodings of the models in hex, `None` for a candidate that failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Trained {
	models: Vec<Option<String>>,
}

impl WantedCandidates {
	/// Returns what a task asks for.
	///
	/// # Errors
	///
	/// Errors if the task is other work, or if its parameters cannot be read, e.g. since they are of a later version.
	pub fn of_task(task: &HostTask) -> Result<Self> {
		ensure!(task.task_type == Work::Optimization, "the task is not a training of candidates: {:?}", task.task_type);
		let wanted: Self = serde_json::from_value(task.parameters.clone()).context("the task cannot be read")?;
		ensure!(wanted.trials.len() <= PART, "the task has {} candidates: at most {PART} are possible", wanted.trials.len());
		Ok(wanted)
	}
}

/// Candidates of a batch that were offered as one task.
pub(super) struct Part {
	/// Their numbers in the batch.
	pub(super) numbers: Vec<usize>,
	task: Submitted,
}

/// Puts the last half of a batch on the queue of this host, in parts. `terms` has everything but the candidates. Models have up to
/// `model_bytes` bytes.
pub(super) fn offer(
	queue: &HostQueue,
	domain: DomainId,
	terms: &WantedCandidates,
	batch: &[Trial],
	model_bytes: u32,
) -> Vec<Part> {
	// Two characters a byte, and the quotes.
	let possible = MOST_BYTES / (2 * model_bytes as usize + 16);
	let numbers: Vec<usize> = (batch.len().div_ceil(2)..batch.len()).collect();
	let part = |numbers: &[usize]| {
		let trials = numbers.iter().map(|number| batch[*number].clone()).collect();
		let parameters = serde_json::to_value(WantedCandidates { trials, ..terms.clone() }).ok()?;
		// A queue that is full leaves the candidates here.
		let task = queue.submit(Work::Optimization, domain, parameters).ok()?;
		Some(Part { numbers: numbers.to_vec(), task })
	};
	numbers.chunks(PART.min(possible).max(1)).filter_map(part).collect()
}

impl Part {
	/// Takes the candidates back unless a worker has them. Returns `true` if they were taken back.
	pub(super) fn withdraw(&self) -> bool {
		self.task.withdraw()
	}

	/// Waits for the encodings of the models. Returns `None` if the lease ends, at the time `until`, if `stop` is set, and if the result
	/// cannot be read.
	pub(super) fn models(&self, until: Instant, stop: &AtomicBool) -> Option<Vec<Option<Vec<u8>>>> {
		loop {
			match self.task.take() {
				Some(Ended::Done(result)) => return models_of(result, self.numbers.len()),
				Some(Ended::GivenUp) => return None,
				None => {}
			}
			// A task whose lease is over is pending again.
			if self.task.withdraw() || Instant::now() >= until || stop.load(Ordering::Relaxed) {
				return None;
			}
			thread::sleep(TICK);
		}
	}
}

/// Returns the encodings of a result, if there is one for each of `count` candidates.
pub(super) fn models_of(result: Value, count: usize) -> Option<Vec<Option<Vec<u8>>>> {
	let Trained { models } = serde_json::from_value(result).ok()?;
	let bytes = |text: &String| hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok();
	(models.len() == count).then(|| models.iter().map(|model| model.as_ref().and_then(bytes)).collect())
}

/// Everything that training data depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Source {
	domain: DomainId,
	seed: u64,
	segments: u16,
	memory_mb: Option<u64>,
}

/// Training for other workers, which keeps the data of the last task.
pub struct Training {
	executor: Executor,
	last: Mutex<Option<(Source, Arc<TrainingData>)>>,
}

impl Training {
	/// Returns the training on the threads and devices of `executor`.
	pub fn new(executor: Executor) -> Self {
		Self { executor, last: Mutex::new(None) }
	}

	/// Trains the candidates of a task of the domain `problem`. The training stops when the future is dropped.
	///
	/// # Errors
	///
	/// Errors if the models of the domain are not trained, or if this node knows other segments than the other worker.
	pub async fn train(self: &Arc<Self>, problem: Arc<Problem>, wanted: WantedCandidates) -> Result<Value> {
		let (own, stop) = (self.clone(), StopOnDrop::default());
		let flag = stop.0.clone();
		spawn_blocking(move || own.train_until(&problem, &wanted, &flag)).await?
	}

	/// Trains the candidates of a task until `stop` is set.
	pub(super) fn train_until(&self, problem: &Arc<Problem>, wanted: &WantedCandidates, stop: &AtomicBool) -> Result<Value> {
		ensure!(Searched::of(problem) == Searched::Nets, "the models of domain {} are not trained", problem.id);
		let (known, asked) = (problem.segments(), wanted.segments);
		ensure!(known == asked, "this node knows {known} opened segments of domain {}, the task has {asked}", problem.id);
		let names = space::gene_names(problem)?;
		let data = self.data(problem, wanted)?;
		let mut models: Vec<Option<String>> = vec![None; wanted.trials.len()];
		let (mut numbers, mut candidates) = (Vec::new(), Vec::new());
		for (number, trial) in wanted.trials.iter().enumerate() {
			let (found, expected) = (trial.genes.len(), names.len());
			ensure!(found == expected, "a candidate has {found} genes, those of domain {} have {expected}", problem.id);
			// One that fails has no model.
			if let Ok(candidate) = candidate_of(&names, trial, data.history(), wanted.bits) {
				numbers.push(number);
				candidates.push(candidate);
			}
		}
		let control = Control::new(stop).with_time_limit(wanted.seconds.map(Duration::from_secs));
		let runs = data.train(&self.executor, &candidates, grouping(wanted.patience), &control)?;
		for (number, run) in numbers.into_iter().zip(runs) {
			models[number] = run.evaluated.ok().map(|evaluated| hex(&evaluated.model.to_bytes()));
		}
		Ok(serde_json::to_value(Trained { models })?)
	}

	/// Returns the data that the candidates of a task are trained on.
	fn data(&self, problem: &Arc<Problem>, wanted: &WantedCandidates) -> Result<Arc<TrainingData>> {
		let &WantedCandidates { seed, segments, memory_mb, .. } = wanted;
		let source = Source { domain: problem.id, seed, segments, memory_mb };
		let mut last = self.last.lock();
		if let Some((_, data)) = last.as_ref().filter(|(known, _)| *known == source) {
			return Ok(data.clone());
		}
		let limits = ResourceLimits { max_memory_mb: memory_mb, ..Default::default() };
		let data = Arc::new(TrainingData::new(problem.clone(), &limits, seed)?);
		*last = Some((source, data.clone()));
		Ok(data)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	fn terms() -> WantedCandidates {
		WantedCandidates {
			trials: Vec::new(),
			seed: u64::MAX,
			segments: 2,
			memory_mb: Some(64),
			patience: Some(3),
			seconds: None,
			bits: None,
		}
	}

	fn batch(size: i64) -> Vec<Trial> {
		(0..size).map(|gene| Trial { genes: vec![gene, -gene], divisor: 2 }).collect()
	}

	#[test]
	fn half_of_a_batch_is_offered_in_parts() {
		let queue = HostQueue::default();
		let parts = offer(&queue, 3, &terms(), &batch(21), 4_096);
		assert_eq!(
			parts.iter().map(|part| part.numbers.clone()).collect::<Vec<_>>(),
			[(11..19).collect::<Vec<_>>(), vec![19, 20]]
		);
		let tasks = queue.pending(Some(&[3]));
		let wanted = WantedCandidates::of_task(&tasks[1]).unwrap();
		assert_eq!(wanted, WantedCandidates { trials: batch(21)[19..].to_vec(), ..terms() });
		assert!(WantedCandidates::of_task(&HostTask { task_type: Work::Inference, ..tasks[0].clone() }).is_err());
		drop(parts);
		assert!(queue.pending(None).is_empty(), "a search that ends takes its candidates back");
		assert!(offer(&queue, 3, &terms(), &batch(1), 4_096).is_empty(), "one candidate is trained here");
		assert_eq!(offer(&queue, 3, &terms(), &batch(16), 512 * 1_024).len(), 8, "results of large models are bounded");
	}

	#[test]
	fn a_part_that_is_late_or_cannot_be_read_is_trained_here() {
		let (queue, stop) = (HostQueue::default(), AtomicBool::new(false));
		let later = Instant::now() + Duration::from_secs(3_600);
		let claimed = || {
			let part = offer(&queue, 3, &terms(), &batch(2), 64).remove(0);
			let task = queue.pending(None).remove(0).task_id;
			queue.claim(&task, "a").unwrap();
			assert!(!part.withdraw());
			(part, task)
		};
		let (part, task) = claimed();
		assert_eq!(part.models(Instant::now(), &stop), None, "it is late");
		drop(part);
		assert!(queue.complete(&task, "a", json!({ "models": ["0x01"] })).is_err());
		for (result, models) in [
			(json!({ "models": ["0x01"] }), Some(vec![Some(vec![1])])),
			(json!({ "models": ["x"] }), Some(vec![None])),
			(json!({ "models": [null] }), Some(vec![None])),
			(json!({ "models": [] }), None),
			(Value::Null, None),
		] {
			let (part, task) = claimed();
			queue.complete(&task, "a", result).unwrap();
			assert_eq!(part.models(later, &stop), models);
		}
		let (part, _) = claimed();
		stop.store(true, Ordering::Relaxed);
		assert_eq!(part.models(later, &stop), None, "the search is stopped");
	}
}
