//! Evaluation of the trials of a generation: by processes, or by devices beside the cores of this process.

use super::{
	pool::{Pool, Program},
	problem::Problem,
	OptimizeArgs,
};
use anyhow::{bail, ensure, Result};
use doin_compute::{
	gpu::{DeviceSelection, Devices},
	Executor,
};
use doin_search::{Evaluated, Trial};
use std::sync::{atomic::AtomicBool, Arc};

/// Evaluates trials.
pub enum Evaluator {
	/// Processes, each of which evaluates one trial at a time.
	Processes(Pool),
	/// Devices and threads of this process, which train all trials of a generation at a time.
	Devices(Executor),
}

impl Evaluator {
	/// Returns the evaluator that the arguments name. `bits` are the operand bits that the search has chosen.
	///
	/// # Errors
	///
	/// Errors if no process can be started, if there is no such device, or if a landscape is to be evaluated on devices.
	pub fn new(args: &OptimizeArgs, bits: Option<u8>) -> Result<Self> {
		let selection = args.devices()?;
		if selection == DeviceSelection::None {
			return Ok(Self::Processes(Pool::start(&Program::this(bits)?, args.processes())?));
		}
		ensure!(
			!args.train.is_empty(),
			"--gpu trains models, and a landscape has none: leave it out, or give a training after `--`"
		);
		let devices = Devices::open(&selection)?;
		if devices.all().is_empty() {
			bail!("--gpu {}: there is no GPU (`doin-worker devices` lists the devices of this machine); leave it out", args.gpu);
		}
		Ok(Self::Devices(Executor::new(args.processes(), Arc::new(devices))?))
	}

	/// Returns the number of processes, or of threads beside the devices.
	pub fn count(&self) -> usize {
		match self {
			Self::Processes(pool) => pool.count(),
			Self::Devices(executor) => executor.threads(),
		}
	}

	/// Returns the number of processes that ended and were replaced.
	pub fn replaced(&self) -> u64 {
		match self {
			Self::Processes(pool) => pool.replaced(),
			Self::Devices(_) => 0,
		}
	}

	/// Returns the names of the devices.
	pub fn devices(&self) -> Vec<String> {
		match self {
			Self::Processes(_) => Vec::new(),
			Self::Devices(executor) => executor.devices().all().iter().map(|device| device.name().into()).collect(),
		}
	}

	/// Evaluates trials of `problem`, and hands each result to `take`. Returns `false` if `stop` is set before the last one.
	///
	/// # Errors
	///
	/// Errors if `take` does, if no process can be started, or if the problem is a landscape and there are devices.
	pub fn evaluate(
		&self,
		problem: &Problem,
		trials: Vec<Trial>,
		stop: &AtomicBool,
		mut take: impl FnMut(Evaluated) -> Result<()>,
	) -> Result<bool> {
		let executor = match self {
			Self::Processes(pool) => return pool.evaluate(trials, stop, take),
			Self::Devices(executor) => executor,
		};
		let Problem::Training(training, _) = problem else { bail!("a landscape is not trained on devices") };
		let Some(fitnesses) = training.fitnesses(executor, &trials, stop)? else { return Ok(false) };
		for (trial, fitness) in trials.into_iter().zip(fitnesses) {
			take(Evaluated { trial, fitness })?;
		}
		Ok(true)
	}
}
