//! Rungs of domains, computed once in the background.

use super::{convert, SourceError};
use crate::shape::{Rung, RungsState};
use anyhow::Result;
use doin_chain::Chain;
use doin_compute::thread_pool;
use doin_primitives::DomainId;
use doin_roles::{domain_cache::DomainCache, problem::Problem, simple_models};
use doin_scoring::verdict::{loss, total};
use parking_lot::Mutex;
use std::{
	collections::BTreeMap,
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::task::spawn_blocking;

/// Domains whose rungs are kept.
const MOST: usize = 256;
/// Domains that wait for their rungs at most.
const WAITING: usize = 16;
/// Time after which a failed computation is tried again.
const AGAIN: Duration = Duration::from_secs(60);

/// Rungs of domains.
#[derive(Default)]
pub(super) struct Rungs {
	found: Mutex<BTreeMap<DomainId, Entry>>,
	/// Held while rungs are computed, so that they take one core at most.
	alone: tokio::sync::Mutex<()>,
}

struct Entry {
	/// Opened segments that the rungs are computed with.
	segments: u16,
	state: State,
}

#[derive(Clone)]
enum State {
	Computing(Arc<()>),
	Ready(Arc<Vec<Rung>>),
	Failed(String, Instant),
}

/// Rungs of a domain, as far as they are computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
	pub state: RungsState,
	pub rungs: Vec<Rung>,
	pub error: Option<String>,
}

impl Found {
	/// Returns no rungs, with the reason.
	pub fn failed(error: SourceError) -> Self {
		Self { state: RungsState::None, rungs: Vec::new(), error: Some(error.to_string()) }
	}
}

impl Rungs {
	/// Returns the rungs of a domain. Starts their computation unless they are known.
	///
	/// # Errors
	/// Errors if the data of the domain cannot be read, or if too many domains wait for their rungs.
	pub async fn of(self: &Arc<Self>, chain: &Chain, domains: &DomainCache, domain: DomainId) -> Result<Found, SourceError> {
		let problem = domains.problem(chain, chain.head(), domain).await.map_err(unavailable)?;
		self.found(problem)
	}

	fn found(self: &Arc<Self>, problem: Arc<Problem>) -> Result<Found, SourceError> {
		let mut found = self.found.lock();
		// Rungs of a series are fitted to the data of the activation.
		let segments = if problem.rows().is_some() { problem.segments() } else { 0 };
		let known = found.get(&problem.id).filter(|entry| entry.segments == segments).map(|entry| entry.state.clone());
		let shown = |state, rungs, error| Ok(Found { state, rungs, error });
		match known {
			Some(State::Ready(rungs)) if rungs.is_empty() => return shown(RungsState::None, Vec::new(), None),
			Some(State::Ready(rungs)) => return shown(RungsState::Ready, rungs.to_vec(), None),
			Some(State::Computing(_)) => return shown(RungsState::Computing, Vec::new(), None),
			Some(State::Failed(error, since)) if since.elapsed() < AGAIN => {
				return shown(RungsState::None, Vec::new(), Some(error))
			}
			Some(State::Failed(..)) | None => {}
		}
		if found.values().filter(|entry| matches!(entry.state, State::Computing(_))).count() >= WAITING {
			return Err(SourceError::unavailable(
				format!("the rungs of {WAITING} other domains are being computed"),
				"repeat the request in some minutes",
			));
		}
		if found.len() >= MOST {
			found.retain(|_, entry| matches!(entry.state, State::Computing(_)));
		}
		let token = Arc::new(());
		found.insert(problem.id, Entry { segments, state: State::Computing(token.clone()) });
		drop(found);
		tokio::spawn(self.clone().compute(problem, token));
		shown(RungsState::Computing, Vec::new(), None)
	}

	/// Computes the rungs of a domain on one thread.
	async fn compute(self: Arc<Self>, problem: Arc<Problem>, token: Arc<()>) {
		let _alone = self.alone.lock().await;
		let id = problem.id;
		let computed = spawn_blocking(move || computed(&problem)).await;
		let state = match computed {
			Ok(Ok(rungs)) => State::Ready(Arc::new(rungs)),
			Ok(Err(error)) => State::Failed(format!("{error:#}"), Instant::now()),
			Err(error) => State::Failed(error.to_string(), Instant::now()),
		};
		let mut found = self.found.lock();
		// Forgotten meanwhile, or begun anew with further segments.
		let is_wanted = |entry: &&mut Entry| matches!(&entry.state, State::Computing(own) if Arc::ptr_eq(own, &token));
		if let Some(entry) = found.get_mut(&id).filter(is_wanted) {
			entry.state = state;
		}
	}

	/// Forgets all rungs: the chain began anew.
	pub fn clear(&self) {
		self.found.lock().clear();
	}
}

/// Computes the errors of the simple models of a domain.
fn computed(problem: &Problem) -> Result<Vec<Rung>> {
	thread_pool(1)?.install(|| {
		let initial = total(&problem.validation_sums(&[problem.initial()?])?[0]);
		let rows = simple_models::errors(problem, None)?;
		let rung = |row: doin_compute::baseline::BaselineRow| Rung {
			rung: row.name,
			loss: convert::exact(loss(row.validation.error, initial)),
			validation_error: row.validation.error.to_string(),
		};
		Ok(rows.into_iter().map(rung).collect())
	})
}

/// Returns the error of data that cannot be read at this time.
pub(super) fn unavailable(error: anyhow::Error) -> SourceError {
	SourceError::unavailable(format!("{error:#}"), "repeat the request; if it fails again, look at the log of the worker")
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::sawtooth;

	#[test]
	fn rungs_are_compared_with_the_initial_champion() {
		let rungs = computed(&sawtooth()).unwrap();
		assert_eq!(
			rungs.iter().map(|rung| &*rung.rung).collect::<Vec<_>>(),
			["repeat-last", "seasonal", "ridge", "mean of ridges"]
		);
		assert_eq!(rungs[1].loss, Some(1 << 20), "the initial champion is seasonal");
		assert!(rungs[0].loss > Some(1 << 20));
	}

	/// Waits until the computation that was started has ended: the lock is fair.
	async fn ended(rungs: &Rungs) {
		drop(rungs.alone.lock().await);
	}

	#[tokio::test]
	async fn rungs_are_computed_once_and_shown_when_they_are_there() {
		let (rungs, problem) = (Arc::new(Rungs::default()), Arc::new(sawtooth()));
		let held = rungs.alone.lock().await;
		for _ in 0..3 {
			assert_eq!(rungs.found(problem.clone()).unwrap().state, RungsState::Computing);
		}
		// The one task that computes waits for the lock.
		tokio::task::yield_now().await;
		drop(held);
		ended(&rungs).await;
		let found = rungs.found(problem.clone()).unwrap();
		assert_eq!((found.state, found.rungs.len(), found.error), (RungsState::Ready, 4, None));
		rungs.clear();
		assert_eq!(rungs.found(problem).unwrap().state, RungsState::Computing);
	}

	#[tokio::test]
	async fn a_bounded_number_of_domains_waits() {
		let rungs = Arc::new(Rungs::default());
		let _held = rungs.alone.lock().await;
		let of = |id: usize| Arc::new(Problem { id: id as DomainId, ..sawtooth() });
		for id in 0..WAITING {
			rungs.found(of(id)).unwrap();
		}
		assert!(matches!(rungs.found(of(WAITING)), Err(SourceError::Unavailable { .. })));
		assert!(rungs.found(of(0)).is_ok(), "a domain that waits already");
	}
}
