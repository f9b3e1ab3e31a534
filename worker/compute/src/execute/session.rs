//! One call of [`Executor::run`]: distribution of jobs over the CPU and devices.

use super::{
	bracket::{train_brackets, CpuBatch, TrainedNet},
	evaluate::evaluate,
	queue::{Job, JobQueue},
	ComputeUnit, Control, Executor, Grouping, TrainingRun, LOG_TARGET,
};
use crate::{
	gpu::{step_macs, Device, DeviceDataset, DeviceError, GpuBatch},
	train::{
		candidate::Candidate,
		dataset::Dataset,
		stopping::{Deadline, EpochError, StopSignal, StoppingRule, BRACKET},
	},
	Error,
};
use doin_scoring::Net;
use parking_lot::Mutex;
use rayon::prelude::*;
use std::{cmp::Reverse, ops::ControlFlow, thread, time::Instant};

/// One call of [`Executor::run`].
pub(super) struct Session<'a> {
	executor: &'a Executor,
	data: &'a Dataset,
	candidates: &'a [Candidate],
	grouping: Grouping,
	control: &'a Control<'a>,
	queue: Mutex<JobQueue>,
	runs: Mutex<Vec<Option<TrainingRun>>>,
}

impl<'a> Session<'a> {
	pub fn new(
		executor: &'a Executor,
		data: &'a Dataset,
		candidates: &'a [Candidate],
		grouping: Grouping,
		control: &'a Control<'a>,
	) -> Self {
		let runs = Mutex::new(candidates.iter().map(|_| None).collect());
		Self { executor, data, candidates, grouping, control, queue: Mutex::default(), runs }
	}

	pub fn run(self) -> Result<Vec<TrainingRun>, Error> {
		*self.queue.lock() = JobQueue::new(self.prepare()?);
		while self.devices_have_work() {
			thread::scope(|scope| {
				for (index, device) in self.working_devices() {
					let session = &self;
					scope.spawn(move || session.run_device(index, device));
				}
				self.run_cpu(match self.grouping {
					Grouping::Independent => CpuShare::Unsupported,
					Grouping::Brackets(_) => CpuShare::All,
				});
			});
		}
		// Jobs that no device supports, or that failed devices returned.
		self.run_cpu(CpuShare::All);
		self.fail_rest();
		let runs = self.runs.into_inner().into_iter();
		if self.control.keep_unfinished && self.control.stop.is_set() {
			return Ok(runs.map(|run| run.unwrap_or_else(not_begun)).collect());
		}
		let runs: Option<Vec<TrainingRun>> = runs.collect();
		let stopped = |run: &TrainingRun| run.evaluated == Err(Error::Stopped);
		match runs {
			Some(runs) if !(self.control.stop.is_set() && runs.iter().any(stopped)) => Ok(runs),
			_ => Err(Error::Stopped),
		}
	}

	/// Checks all candidates, and computes linear models and skips, one after the other on all threads: candidates that share one
	/// would otherwise fit it several times. Returns the jobs of all others.
	fn prepare(&self) -> Result<Vec<Job>, Error> {
		let mut trained = Vec::new();
		for (index, candidate) in self.candidates.iter().enumerate() {
			if self.control.stop.is_set() {
				if self.control.keep_unfinished {
					break;
				}
				return Err(Error::Stopped);
			}
			let started = Instant::now();
			let ready = candidate.check(self.data).and_then(|()| candidate.linear_model(self.data).map(drop));
			let evaluated = match ready {
				Err(error) => Err(error),
				Ok(()) if candidate.is_linear() => candidate.evaluate(self.data, self.control.stop),
				Ok(()) => {
					trained.push(index);
					continue;
				}
			};
			let seconds = started.elapsed().as_secs_f64();
			self.finish(index, TrainingRun { evaluated, errors: Vec::new(), seconds, unit: ComputeUnit::Cpu });
		}
		Ok(match self.grouping {
			Grouping::Brackets(_) => trained.chunks(BRACKET).map(|indices| self.job(indices)).collect(),
			Grouping::Independent => {
				// Candidates of a batch wait for the slowest one, so those of similar cost are adjacent.
				trained.sort_by_cached_key(|at| (Reverse(step_macs(&self.candidates[*at], self.data) as u64), *at));
				trained.chunks(1).map(|indices| self.job(indices)).collect()
			}
		})
	}

	fn job(&self, indices: &[usize]) -> Job {
		Job { indices: indices.to_vec(), candidates: indices.iter().map(|at| self.candidates[*at]).collect() }
	}

	/// Records the run of a candidate and reports it.
	fn finish(&self, index: usize, run: TrainingRun) {
		self.control.observer.finished(index, &run);
		self.runs.lock()[index] = Some(run);
	}

	fn working_devices(&self) -> impl Iterator<Item = (usize, &'a Device)> {
		let executor: &'a Executor = self.executor;
		executor.devices.all().iter().enumerate().filter(|(_, device)| device.fault().is_none())
	}

	/// Returns `true` if a working device supports a waiting job.
	fn devices_have_work(&self) -> bool {
		let queue = self.queue.lock();
		!self.control.stop.is_set() && self.working_devices().any(|(_, device)| queue.has_job_for(device, self.data))
	}

	/// Trains jobs on a device until none is left that it supports, or until it fails.
	fn run_device(&self, index: usize, device: &'a Device) {
		let cpu_shares = usize::from(self.grouping != Grouping::Independent && self.executor.pool.is_some());
		let units = self.working_devices().count() + cpu_shares;
		let mut dataset = None;
		while !self.control.stop.is_set() {
			let jobs = self.queue.lock().take_for_device(device, self.data, units);
			if jobs.is_empty() {
				return;
			}
			match self.train_on_device(index, device, &mut dataset, &jobs) {
				Ok(()) => {}
				Err(Error::Device(DeviceError::Memory { .. })) if device.recover_from_out_of_memory() => {
					tracing::debug!(target: LOG_TARGET, device = device.name(), "out of memory; continuing with smaller batches");
					self.queue.lock().put_back(jobs);
				}
				Err(Error::Device(error)) => {
					tracing::warn!(target: LOG_TARGET, "{error}; its candidates are trained elsewhere");
					self.queue.lock().put_back(jobs);
					return;
				}
				Err(error) => {
					let unit = ComputeUnit::Device(index);
					let failed = || TrainingRun { evaluated: Err(error.clone()), errors: Vec::new(), seconds: 0.0, unit };
					jobs.iter().flat_map(|job| &job.indices).for_each(|at| self.finish(*at, failed()));
				}
			}
		}
	}

	/// Trains jobs as one batch of a device, which holds the data after the first batch.
	fn train_on_device(
		&self,
		index: usize,
		device: &'a Device,
		dataset: &mut Option<DeviceDataset<'a>>,
		jobs: &[Job],
	) -> Result<(), Error> {
		let started = Instant::now();
		let dataset = match dataset {
			Some(dataset) => dataset,
			None => dataset.insert(DeviceDataset::new(device, self.data)?),
		};
		let candidates: Vec<Candidate> = jobs.iter().flat_map(|job| job.candidates.iter().copied()).collect();
		let mut batch = GpuBatch::new(dataset, &candidates)?;
		let trained = match self.grouping {
			Grouping::Independent => {
				batch.advance_with(u32::MAX, self.control.stop, &mut |epochs| self.control.observer.advanced(epochs))?;
				let nets = batch.nets()?;
				let seconds = started.elapsed().as_secs_f64();
				nets.into_iter().map(|net| TrainedNet { net, errors: Vec::new(), seconds }).collect()
			}
			Grouping::Brackets(rule) => {
				let sizes: Vec<usize> = jobs.iter().map(|job| job.indices.len()).collect();
				train_brackets(Box::new(batch), &candidates, &sizes, rule, self.control)?
			}
		};
		let indices = jobs.iter().flat_map(|job| job.indices.iter().copied());
		self.evaluate(indices.zip(trained), Some(device), ComputeUnit::Device(index));
		Ok(())
	}

	/// Trains waiting jobs on the CPU, if the executor has threads.
	fn run_cpu(&self, share: CpuShare) {
		if self.executor.pool.is_none() {
			return;
		}
		match self.grouping {
			Grouping::Independent => {
				let devices: Vec<&Device> = self.working_devices().map(|(_, device)| device).collect();
				let jobs = match share {
					CpuShare::All => self.queue.lock().take_all(),
					CpuShare::Unsupported => self.queue.lock().take_unsupported(&devices, self.data),
				};
				// One candidate per thread, without barriers between epochs.
				jobs.into_par_iter().with_max_len(1).for_each(|job| self.train_alone(&job));
			}
			Grouping::Brackets(rule) => loop {
				let next = self.queue.lock().take_last();
				let Some(job) = next.filter(|_| !self.control.stop.is_set()) else { return };
				self.train_bracket(&job, rule);
			},
		}
	}

	/// Trains the candidate of a job on this thread.
	fn train_alone(&self, job: &Job) {
		for (index, candidate) in job.indices.iter().zip(&job.candidates) {
			let started = Instant::now();
			let stop = Deadline::new(self.control.stop, self.control.time_limit);
			let mut on_epoch = |error: EpochError| {
				if error.epoch > 0 {
					self.control.observer.advanced(1);
				}
				ControlFlow::Continue(())
			};
			let evaluated = candidate.evaluate_with(self.data, &stop, &mut on_epoch);
			let seconds = started.elapsed().as_secs_f64();
			self.finish(*index, TrainingRun { evaluated, errors: Vec::new(), seconds, unit: ComputeUnit::Cpu });
		}
	}

	/// Trains a bracket on all threads, epoch by epoch.
	fn train_bracket(&self, job: &Job, rule: StoppingRule) {
		let skips = job.candidates.par_iter().map(|candidate| candidate.training_skip(self.data));
		let trained = skips.collect::<Result<Vec<_>, Error>>().and_then(|skips| {
			let batch = Box::new(CpuBatch::new(self.data, &job.candidates, &skips));
			train_brackets(batch, &job.candidates, &[job.indices.len()], rule, self.control)
		});
		match trained {
			Ok(trained) => self.evaluate(job.indices.iter().copied().zip(trained), None, ComputeUnit::Cpu),
			Err(error) => {
				let unit = ComputeUnit::Cpu;
				let failed = || TrainingRun { evaluated: Err(error.clone()), errors: Vec::new(), seconds: 0.0, unit };
				job.indices.iter().for_each(|index| self.finish(*index, failed()));
			}
		}
	}

	/// Evaluates trained nets, on the device that trained them if there is one, and records their runs.
	fn evaluate(&self, trained: impl Iterator<Item = (usize, TrainedNet)>, device: Option<&Device>, unit: ComputeUnit) {
		let (mut nets, mut rest): (Vec<(Candidate, Result<Net, Error>)>, Vec<_>) = (Vec::new(), Vec::new());
		for (index, TrainedNet { net, errors, seconds }) in trained {
			let candidate = self.candidates[index];
			nets.push((candidate, candidate.with_blend(self.data, net)));
			rest.push((index, errors, seconds));
		}
		let evaluated = evaluate(self.data, nets, device);
		for (evaluated, (index, errors, seconds)) in evaluated.into_iter().zip(rest) {
			self.finish(index, TrainingRun { evaluated, errors, seconds, unit });
		}
	}

	/// Ends jobs that no unit trained, of an executor without threads, with the error of a device.
	fn fail_rest(&self) {
		if self.control.stop.is_set() || self.executor.pool.is_some() {
			return;
		}
		let jobs = self.queue.lock().take_all();
		let none = || DeviceError::NoAdapter { wanted: "any".into(), available: "none".into() };
		for (index, candidate) in jobs.iter().flat_map(|job| job.indices.iter().zip(&job.candidates)) {
			let reason = |device: &Device| device.fault().or_else(|| device.supports(self.data, candidate).err());
			let error = self.executor.devices.all().iter().find_map(reason).unwrap_or_else(none);
			let unit = ComputeUnit::Cpu;
			self.finish(*index, TrainingRun { evaluated: Err(error.into()), errors: Vec::new(), seconds: 0.0, unit });
		}
	}
}

/// Returns the run of a candidate that was stopped before it began.
fn not_begun() -> TrainingRun {
	TrainingRun { evaluated: Err(Error::Stopped), errors: Vec::new(), seconds: 0.0, unit: ComputeUnit::Cpu }
}

/// Jobs that the CPU takes.
#[derive(Clone, Copy)]
enum CpuShare {
	/// All jobs.
	All,
	/// Those that no working device supports.
	Unsupported,
}
