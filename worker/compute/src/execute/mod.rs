//! Execution of candidates: training and evaluation on the CPU, on devices, or on both.
//!
//! # Overview
//!
//! An [`Executor`] distributes *jobs* over its CPU threads and devices. A job is one candidate, or one bracket of up to
//! [`BRACKET`](crate::BRACKET) candidates among which early stopping and successive halving decide. Neither the executor nor the
//! order of jobs affects a [`TrainingRun`]: trainers are exact on every unit, and stopping rules compare candidates of one
//! bracket only.
//!
//! ```text
//! candidates ─► check, linear models ─► JobQueue ─┬─► CPU thread pool ─┬─► evaluate ─► TrainingRun ─► Observer
//!                                          ▲      └─► device threads ──┤
//!                                          └──────── lost device ──────┘
//! ```
//!
//! - [`Grouping::Independent`]: a search trains candidates one by one and needs each result early. Devices take whatever they
//!   support, dearest candidates first; the CPU takes the rest at once.
//! - [`Grouping::Brackets`]: a population is trained as a whole. The CPU takes brackets from the end of the queue, devices
//!   several at a time from its front, in smaller batches towards the end, so that all units finish at about the same time.
//!
//! # Failures
//!
//! Jobs of a device that fails return to the queue. The other devices take them, then the CPU. A device that runs out of memory
//! continues with smaller batches.

mod bracket;
mod control;
mod evaluate;
mod queue;
mod session;
#[cfg(test)]
mod tests;

pub use control::{Control, Grouping, Observer};
pub use evaluate::Evaluated;

use crate::{
	gpu::Devices,
	train::{
		candidate::{thread_pool, Candidate},
		dataset::Dataset,
		stopping::EpochError,
	},
	Error,
};
use rayon::ThreadPool;
use session::Session;
use std::sync::Arc;

/// Log target of this module.
const LOG_TARGET: &str = "doin::execute";

/// Unit that trained a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComputeUnit {
	/// The CPU.
	Cpu,
	/// The device with this index in [`Devices::all`].
	Device(usize),
}

/// Result and learning curve of one candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingRun {
	/// The best net, admitted and evaluated, or the reason why there is none.
	pub evaluated: Result<Evaluated, Error>,
	/// Learning curve: errors on the early-stopping set. Empty for linear models and under [`Grouping::Independent`].
	pub errors: Vec<EpochError>,
	/// Time from the start of its batch until the candidate ended, seconds.
	pub seconds: f64,
	/// Unit that trained it.
	pub unit: ComputeUnit,
}

/// Trains and evaluates candidates on the CPU, on devices, or on both.
#[derive(Debug)]
pub struct Executor {
	/// CPU threads; `None` for devices alone.
	pool: Option<ThreadPool>,
	devices: Arc<Devices>,
}

impl Executor {
	/// Returns an executor of `threads` CPU threads, at least one, and of `devices`, which other executors may share.
	///
	/// # Errors
	///
	/// [`Error::Threads`] if the operating system does not start the threads.
	pub fn new(threads: usize, devices: Arc<Devices>) -> Result<Self, Error> {
		Ok(Self { pool: Some(thread_pool(threads)?), devices })
	}

	/// Returns an executor of `threads` CPU threads alone.
	///
	/// # Errors
	///
	/// Those of [`Executor::new`].
	pub fn cpu(threads: usize) -> Result<Self, Error> {
		Self::new(threads, Arc::default())
	}

	/// Returns an executor of devices alone, for benchmarks and tests. Candidates that no device trains or finishes end with
	/// [`Error::Device`].
	pub fn devices_only(devices: Arc<Devices>) -> Self {
		Self { pool: None, devices }
	}

	/// Returns the number of CPU threads.
	pub fn threads(&self) -> usize {
		self.pool.as_ref().map_or(0, ThreadPool::current_num_threads)
	}

	/// Returns the devices.
	pub fn devices(&self) -> &Arc<Devices> {
		&self.devices
	}

	/// Runs `operation` on the CPU threads of the executor.
	pub fn install<R: Send>(&self, operation: impl FnOnce() -> R + Send) -> R {
		match &self.pool {
			Some(pool) => pool.install(operation),
			None => operation(),
		}
	}

	/// Trains and evaluates `candidates` on `data`; returns their runs in the same order.
	///
	/// # Errors
	///
	/// [`Error::Stopped`] if `control.stop` was set before all candidates were evaluated, unless `control.keep_unfinished` is
	/// set: then this is the error of each candidate that has finished no epoch. Errors of one candidate are those of its run.
	pub fn run(
		&self,
		data: &Dataset,
		candidates: &[Candidate],
		grouping: Grouping,
		control: &Control,
	) -> Result<Vec<TrainingRun>, Error> {
		self.install(|| Session::new(self, data, candidates, grouping, control).run())
	}
}
