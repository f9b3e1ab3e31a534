//! State that both roles share: the chain, the journal, the domain cache and the cores for deadlines.

use crate::{
	config::Config,
	deadline::{DeadlineQueue, Priority},
	domain_cache::DomainCache,
	journal::Journal,
	progress::Progress,
};
use anyhow::Result;
use doin_chain::Chain;
use doin_compute::gpu::Devices;
use doin_primitives::RoundParams;
use doin_serve::tasks::HostQueue;
use std::sync::{
	atomic::{AtomicBool, Ordering},
	Arc,
};

/// Handles that every role needs. Clones share everything.
#[derive(Clone)]
pub struct Context {
	/// Connection to the chain.
	pub chain: Chain,
	/// Domains and models that were loaded.
	pub domains: Arc<DomainCache>,
	/// Commitments that have to be revealed.
	pub journal: Arc<Journal>,
	/// Configuration of the worker.
	pub config: Arc<Config>,
	/// Lengths of the phases of a round.
	pub params: RoundParams,
	/// Computations with a deadline.
	pub queue: Arc<DeadlineQueue>,
	/// Devices that the search trains on.
	pub devices: Arc<Devices>,
	/// Figures of the searches.
	pub progress: Progress,
	/// Queue that other workers pull from; `None` if this worker computes everything itself.
	pub shared: Option<HostQueue>,
}

impl Context {
	/// Runs `work` on the threads for deadlines when it is the most urgent computation, without blocking the asynchronous
	/// runtime.
	///
	/// # Errors
	///
	/// Errors if `work` panics, or if the runtime shuts down before `work` has ended.
	pub async fn compute<T: Send + 'static>(&self, priority: Priority, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
		self.queue.run(priority, work).await
	}

	/// Runs `work`, which asks a program of a user, on a thread of its own: a program that hangs must not delay what has a deadline. The
	/// flag that `work` gets is set when the future is dropped.
	///
	/// # Errors
	///
	/// Errors if `work` panics, or if the runtime shuts down.
	pub async fn run_program<T: Send + 'static>(&self, work: impl FnOnce(&AtomicBool) -> T + Send + 'static) -> Result<T> {
		let stop = StopOnDrop::default();
		let flag = stop.0.clone();
		Ok(tokio::task::spawn_blocking(move || work(&flag)).await?)
	}
}

/// Flag that is set when it is dropped.
#[derive(Default)]
pub(crate) struct StopOnDrop(pub(crate) Arc<AtomicBool>);

impl Drop for StopOnDrop {
	fn drop(&mut self) {
		self.0.store(true, Ordering::Relaxed);
	}
}
