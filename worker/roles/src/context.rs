//! State that both roles share: the chain, the journal, the domain cache and the cores for deadlines.

use crate::{config::Config, domain_cache::DomainCache, journal::Journal};
use anyhow::Result;
use doin_chain::{Chain, Head};
use doin_compute::gpu::Devices;
use doin_primitives::RoundParams;
use std::sync::Arc;

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
	/// Threads for computations with a deadline.
	pub deadline_pool: Arc<rayon::ThreadPool>,
	/// Devices that the search trains on.
	pub devices: Arc<Devices>,
}

impl Context {
	/// Archives journal entries whose reveal window is over, and logs those that were committed and never revealed.
	///
	/// # Errors
	///
	/// Errors if the journal cannot be read or written.
	pub fn archive_expired(&self, head: Head) -> Result<()> {
		for lost in self.journal.archive_expired(head.number)? {
			tracing::error!(
				target: "doin::journal",
				commitment = %lost.scope,
				account = %lost.who,
				reveal_until = lost.reveal_until,
				"commitment was never revealed; a part of what it holds is lost"
			);
		}
		Ok(())
	}

	/// Runs `work` on the threads for deadlines, without blocking the asynchronous runtime.
	///
	/// # Errors
	///
	/// Errors if `work` panics, or if the runtime shuts down before `work` has ended.
	pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
		let pool = self.deadline_pool.clone();
		tokio::task::spawn_blocking(move || pool.install(work))
			.await
			.map_err(|error| anyhow::anyhow!("a computation was cut short: {error}"))
	}
}
