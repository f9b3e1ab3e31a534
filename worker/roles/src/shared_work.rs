//! Work that workers pull from the task queue of this one: sums of recomputation tasks.
//!
//! ```text
//! evaluator ─▶ HostQueue ◀─ GET /tasks/pending, POST /tasks/claim ── `doin-worker pull`, here or on another machine
//!     │            └──────── POST /tasks/complete ◀── sums ◀── its node: domain, models, evidence
//!     └─▶ computes itself if nobody claims the task, if the result is late, or if a sample of it is wrong
//! ```
//!
//! # What is checked
//!
//! A result has to have a sum of every chunk for each model. One of sixteen chunks, at least two, is drawn after the result has come, and
//! their sums are computed here for all models, before anything is committed. Chunks that differ discard the result, and this worker computes
//! all sums. So a worker of another version, or one that invents its sums, is found at once; one false sum among many is found only if its
//! chunk is drawn, and costs the bond if it is revealed. A worker that pulls has the token of the server, and belongs to its owner.
//!
//! Answers are audited ([`doin_serve::audit`]) and candidates are trained ([`crate::search::shared`]) by the same workers.

use crate::domain_cache::DomainCache;
use anyhow::{bail, ensure, Context, Result};
use codec::{Decode, DecodeAll, Encode};
use doin_chain::{Chain, Head};
use doin_primitives::{DomainId, EvidenceRef, Hash, ModelRef};
use doin_serve::{
	tasks::{HostQueue, HostTask, Work},
	wire::{bytes, hex},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{future::Future, time::Duration};
use tokio::{sync::oneshot, task::spawn_blocking, time::timeout};

/// Part of the chunks of a result that are computed here too.
const SAMPLED_PART: usize = 16;
/// Chunks of a result that are computed here too, at least.
const LEAST_SAMPLED: usize = 2;

/// Times after which a worker computes what it has shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
	/// Time in which another worker has to claim the task.
	pub(crate) claim: Duration,
	/// Time in which its result has to come.
	pub(crate) result: Duration,
}

/// Sums that are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSums {
	/// Models of the task.
	pub models: Vec<ModelRef>,
	/// Evidence of the task.
	pub evidence: EvidenceRef,
	/// Seed of its windows.
	pub seed: Hash,
}

/// Form of [`WantedSums`] in a task: SCALE in hex.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
	models: String,
	evidence: String,
	seed: String,
}

/// Form of the result of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Computed {
	sums: Vec<Vec<u32>>,
}

impl WantedSums {
	/// Returns the parameters of a task.
	fn to_parameters(&self) -> Value {
		let parameters =
			Parameters { models: hex(&self.models.encode()), evidence: hex(&self.evidence.encode()), seed: hex(&self.seed) };
		serde_json::to_value(parameters).unwrap_or_default()
	}

	/// Returns what a task asks for.
	///
	/// # Errors
	///
	/// Errors if the parameters cannot be read, e.g. since they are of a later version.
	pub fn of_task(task: &HostTask) -> Result<Self> {
		ensure!(task.task_type == Work::Verification, "this worker does no {:?} work", task.task_type);
		let parameters: Parameters = serde_json::from_value(task.parameters.clone()).context("the task cannot be read")?;
		Ok(Self {
			models: scale(&parameters.models)?,
			evidence: scale(&parameters.evidence)?,
			seed: bytes("seed", &parameters.seed)?,
		})
	}

	/// Computes the sums by the data of a node.
	///
	/// # Errors
	///
	/// Errors if domain or models cannot be read, or if the domain does not admit a model.
	pub async fn compute(self, chain: &Chain, at: Head, domains: &DomainCache, domain: DomainId) -> Result<Value> {
		let problem = domains.problem(chain, at, domain).await?;
		let mut models = Vec::with_capacity(self.models.len());
		for model in &self.models {
			models.push(domains.model(chain, at, &problem, *model).await?.as_ref().clone());
		}
		let Self { evidence, seed, .. } = self;
		let sums = spawn_blocking(move || problem.drawn_sums(&models, evidence, &seed)).await??;
		Ok(serde_json::to_value(Computed { sums })?)
	}
}

/// Decodes SCALE in hex.
fn scale<T: Decode>(text: &str) -> Result<T> {
	let bytes = hex::decode(text.trim_start_matches("0x")).context("the task has no hexadecimal bytes")?;
	T::decode_all(&mut &bytes[..]).context("the task is one of another version")
}

/// Returns the sums of a result, if there is a sum of every chunk for each model.
fn checked(result: Value, models: usize, chunks: usize) -> Result<Vec<Vec<u32>>> {
	let Computed { sums } = serde_json::from_value(result).context("the result cannot be read")?;
	if sums.len() != models || sums.iter().any(|sums| sums.len() != chunks) {
		bail!("the result has {} models, expected {models} with {chunks} chunks each", sums.len());
	}
	Ok(sums)
}

/// Returns the chunks of a result that are computed here too: different ones, drawn at random.
pub(crate) fn sampled_chunks(chunks: usize) -> Vec<u16> {
	let count = chunks.div_ceil(SAMPLED_PART).max(LEAST_SAMPLED).min(chunks);
	let mut drawn: Vec<u16> = (0..chunks).map(|chunk| chunk as u16).collect();
	for at in 0..count {
		let left = (chunks - at) as u64;
		drawn.swap(at, at + (rand::random::<u64>() % left) as usize);
	}
	drawn.truncate(count);
	drawn
}

/// Returns `true` if the sums of a result are those of `own` in the chunks `sampled`, which `own` has in that order.
pub(crate) fn agree(sums: &[Vec<u32>], own: &[Vec<u32>], sampled: &[u16]) -> bool {
	let same = |(sums, own): (&Vec<u32>, &Vec<u32>)| {
		let of_chunk = |(chunk, own): (&u16, &u32)| sums.get(usize::from(*chunk)) == Some(own);
		own.len() == sampled.len() && sampled.iter().zip(own).all(of_chunk)
	};
	sums.len() == own.len() && sums.iter().zip(own).all(same)
}

/// Returns sums that another worker computes and `is_right` accepts, or those of `own`, which starts if nobody claims the task in time, if
/// its result is late, or if it is not accepted. The time of `own` comes with its sums.
///
/// # Errors
///
/// Returns the error of `own`.
pub(crate) async fn sums_by_anybody<Right: Future<Output = bool>>(
	queue: &HostQueue,
	domain: DomainId,
	wanted: WantedSums,
	chunks: usize,
	patience: Patience,
	is_right: impl FnOnce(Vec<Vec<u32>>) -> Right,
	own: impl Future<Output = Result<(Vec<Vec<u32>>, Duration)>>,
) -> Result<(Vec<Vec<u32>>, Duration)> {
	let (waits, given_up) = oneshot::channel::<()>();
	let elsewhere = async move {
		// Dropped when nobody does the task, so that this worker starts at once.
		let _waits = waits;
		let result = queue.offer(Work::Verification, domain, wanted.to_parameters(), patience.claim).await.ok()??;
		match checked(result, wanted.models.len(), chunks) {
			Ok(sums) => {
				let is_right = is_right(sums.clone()).await;
				if !is_right {
					tracing::warn!(target: "doin::evaluator", domain, "a worker has handed in false sums, which are discarded: check it");
				}
				is_right.then_some(sums)
			}
			Err(error) => {
				tracing::warn!(target: "doin::evaluator", domain, "a worker has handed in no sums: {error:#}");
				None
			}
		}
	};
	let here = async move {
		// An error means that nobody does the task.
		let _ = timeout(patience.result, given_up).await;
		own.await
	};
	tokio::select! {
		Some(sums) = elsewhere => Ok((sums, Duration::ZERO)),
		computed = here => computed,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;
	use std::collections::BTreeSet;

	/// Longer than a test.
	const LONG: Duration = Duration::from_secs(3_600);

	fn wanted() -> WantedSums {
		WantedSums { models: vec![ModelRef::Seasonal, ModelRef::Stored(7)], evidence: EvidenceRef::Segment(3), seed: [9; 32] }
	}

	async fn sums(queue: HostQueue, claim: Duration) -> Result<(Vec<Vec<u32>>, Duration)> {
		let own = async { Ok((vec![vec![0; 2]; 2], Duration::from_secs(1))) };
		let patience = Patience { claim, result: LONG };
		// The first sum of the first model is 1.
		let is_right = |sums: Vec<Vec<u32>>| async move { sums[0][0] == 1 };
		sums_by_anybody(&queue, 5, wanted(), 2, patience, is_right, own).await
	}

	/// Claims the only task of a queue.
	async fn claimed(queue: &HostQueue) -> HostTask {
		while queue.pending(None).is_empty() {
			tokio::task::yield_now().await;
		}
		let task = queue.pending(None).remove(0);
		queue.claim(&task.task_id, "a").unwrap()
	}

	#[tokio::test]
	async fn sums_of_another_worker_are_taken() {
		let queue = HostQueue::default();
		let computing = tokio::spawn(sums(queue.clone(), LONG));
		let task = claimed(&queue).await;
		assert_eq!((WantedSums::of_task(&task).unwrap(), task.domain_id), (wanted(), 5));
		queue.complete(&task.task_id, "a", json!({ "sums": [[1, 2], [3, 4]] })).unwrap();
		assert_eq!(computing.await.unwrap().unwrap(), (vec![vec![1, 2], vec![3, 4]], Duration::ZERO));
	}

	#[tokio::test]
	async fn this_worker_computes_what_nobody_does() {
		let queue = HostQueue::default();
		let computing = tokio::spawn(sums(queue.clone(), LONG));
		let task = claimed(&queue).await;
		queue.complete(&task.task_id, "a", json!({ "sums": [[1, 2]] })).unwrap();
		assert_eq!(computing.await.unwrap().unwrap().1, Duration::from_secs(1), "a model is missing");
		let computing = tokio::spawn(sums(queue.clone(), LONG));
		let task = claimed(&queue).await;
		queue.complete(&task.task_id, "a", json!({ "sums": [[9, 2], [3, 4]] })).unwrap();
		assert_eq!(computing.await.unwrap().unwrap().1, Duration::from_secs(1), "a sum is false");
		assert_eq!(sums(queue.clone(), Duration::ZERO).await.unwrap().1, Duration::from_secs(1), "nobody has claimed it");
		assert!(queue.pending(None).is_empty());
	}

	#[test]
	fn a_sample_of_the_chunks_is_compared() {
		assert_eq!([0, 1, 2, 3, 64, 65].map(|chunks| sampled_chunks(chunks).len()), [0, 1, 2, 2, 4, 5]);
		let different: BTreeSet<u16> = sampled_chunks(1_024).into_iter().collect();
		assert!(different.len() == 64 && different.into_iter().all(|chunk| chunk < 1_024));
		let sums = [vec![1, 2, 3], vec![4, 5, 6]];
		assert!(agree(&sums, &[vec![3, 1], vec![6, 4]], &[2, 0]));
		for own in [vec![vec![3, 2], vec![6, 4]], vec![vec![3, 1]], vec![vec![3], vec![6]]] {
			assert!(!agree(&sums, &own, &[2, 0]), "{own:?}");
		}
		assert!(!agree(&sums, &[vec![0], vec![0]], &[3]), "there is no such chunk");
	}

	#[test]
	fn a_task_of_another_version_is_refused() {
		let task = |parameters: Value| HostTask {
			task_id: "1".into(),
			task_type: Work::Verification,
			domain_id: 5,
			parameters,
			evaluator_id: None,
			lease_seconds: 0,
		};
		for (parameters, part) in [
			(json!({}), "cannot be read"),
			(json!({ "models": "0x", "evidence": "0x00", "seed": hex(&[0; 32]) }), "another version"),
			(json!({ "models": "0x00", "evidence": "0x00", "seed": "0x" }), "`seed`"),
		] {
			let error = format!("{:#}", WantedSums::of_task(&task(parameters)).unwrap_err());
			assert!(error.contains(part), "{error}");
		}
		let other = HostTask { task_type: Work::Inference, ..task(json!({})) };
		assert!(WantedSums::of_task(&other).is_err());
	}
}
