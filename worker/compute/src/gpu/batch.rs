//! Batches of candidates that a device trains side by side, from their first step to their nets.
//!
//! ```text
//! GpuBatch::new ──► initial_errors ──► advance(epochs) ──► errors ──► retain ──► … ──► nets
//!                                          │
//!                     enqueue ─ dispatches of about 0.2 s ─► submit ─► wait (two submissions in flight)
//! ```

use super::{
	buffers::{Bindings, Dispatch, MAX_DISPATCHES},
	dataset::DeviceDataset,
	device::Device,
	layout::{DispatchArguments, EPOCHS_AT, LAST_ERROR_AT, LEAST_ERROR_AT, RESULTS, STEPS_AT, VEC4_BYTES},
	packing::{read_layers, PackedBatch},
	plan::{NetKind, NetPlan},
	shader::{LossKind, Shader, Stage},
	DeviceError,
};
use crate::{
	train::{candidate::Candidate, families, initial::InitialState, stopping::StopSignal},
	Error,
};
use doin_kernels::layout::BATCH;
use doin_scoring::{Layer, Net};
use rayon::prelude::*;
use std::{collections::VecDeque, time::Instant};

/// Duration of a submission, seconds: long enough to keep a device busy, short enough for watchdogs and for a stop.
pub(super) const SUBMISSION_SECONDS: f64 = 0.2;
/// Candidates whose initial states are in memory at a time.
const PACKED_AT_A_TIME: usize = 64;
/// Submissions in flight: while the host waits for one, the device computes another.
const IN_FLIGHT: usize = 2;
/// Cost of evaluating the early-stopping set for one window, relative to a training step: the forward pass alone.
const FORWARD_COST: f64 = 0.4;

/// Flag of the stage `evaluate`: clear the error sums first.
const CLEAR: u32 = 1;
/// Flag of the stage `evaluate`: record the error of the epoch.
const RECORD: u32 = 2;
/// Flag of the stage `evaluate`: only candidates with a linear skip take part.
const SKIPS_ONLY: u32 = 4;

/// Steps or batches of all candidates in training.
#[derive(Clone, Copy)]
struct Work {
	stage: Stage,
	/// First step or batch.
	first: u32,
	/// Number of steps or batches.
	count: u32,
	flags: u32,
	/// Multiply-accumulates of one step or batch, all candidates together.
	macs: f64,
	/// Most steps or batches of one dispatch.
	per_dispatch: u32,
}

/// Progress of one candidate.
struct Progress {
	/// Epochs to train.
	epochs: u32,
	/// Epochs trained so far.
	done: u32,
	/// Multiply-accumulates of one training step.
	step_macs: f64,
}

/// Dispatches that are not submitted yet.
#[derive(Default)]
struct Pending {
	dispatches: Vec<Dispatch>,
	macs: f64,
}

/// A submission in flight.
struct Submission {
	index: wgpu::SubmissionIndex,
	macs: f64,
	began: Instant,
}

/// Error of a candidate on the early-stopping set. Errors of candidates with different shares of synthetic windows are not
/// comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchError {
	/// Error after the last epoch.
	pub last: u128,
	/// Least error of all epochs.
	pub least: u128,
}

/// Candidates in training on a device. They advance together, epoch by epoch; a candidate leaves after its last epoch, or when it
/// is not [retained](Self::retain).
pub struct GpuBatch<'a> {
	device: &'a Device,
	packed: PackedBatch,
	/// Initial states without their layers.
	initial: Vec<InitialState>,
	progress: Vec<Progress>,
	/// Indices of the candidates in training, grouped by kind.
	active: Vec<u32>,
	/// `true` once the candidates with a linear skip were evaluated before the first step.
	initial_errors_recorded: bool,
	pending: Pending,
	in_flight: VecDeque<Submission>,
	/// Arguments that all dispatches share.
	base: DispatchArguments,
	loss: LossKind,
	order: wgpu::Buffer,
	#[cfg(test)]
	scratch: wgpu::Buffer,
	best: wgpu::Buffer,
	results: wgpu::Buffer,
	arguments: wgpu::Buffer,
	group: wgpu::BindGroup,
}

impl<'a> GpuBatch<'a> {
	/// Packs and uploads `candidates`, which are to be trained on `data`.
	///
	/// # Errors
	///
	/// The error of [`Candidate::check`] or [`Device::supports`] of the first candidate that fails it, of its linear skip, or of
	/// the driver.
	pub fn new(data: &DeviceDataset<'a>, candidates: &[Candidate]) -> Result<Self, Error> {
		let (device, dataset) = (data.device, data.data);
		for candidate in candidates {
			candidate.check(dataset)?;
			device.supports(dataset, candidate)?;
		}
		let mut packed = PackedBatch::default();
		let mut initial = Vec::with_capacity(candidates.len());
		for candidates in candidates.chunks(PACKED_AT_A_TIME) {
			let start = |candidate: &Candidate| {
				let skip = candidate.training_skip(dataset)?;
				Ok(families::initial_state(dataset, candidate, skip.as_deref()))
			};
			let states = candidates.par_iter().map(start).collect::<Result<Vec<_>, Error>>()?;
			for (candidate, mut state) in candidates.iter().zip(states) {
				packed.push_candidate(dataset, candidate, &state);
				state.layers = Vec::new();
				initial.push(state);
			}
		}
		let progress = candidates.iter().map(|candidate| Progress {
			epochs: candidate.epochs.into(),
			done: 0,
			step_macs: super::step_macs(candidate, dataset),
		});
		let progress = progress.collect();
		Ok(device.guarded(|| Self::upload(data, packed, initial, progress))?)
	}

	fn upload(
		data: &DeviceDataset<'a>,
		mut packed: PackedBatch,
		initial: Vec<InitialState>,
		progress: Vec<Progress>,
	) -> Result<Self, DeviceError> {
		use wgpu::BufferUsages as Usage;
		let device = data.device;
		let active: Vec<u32> = NetKind::ALL.into_iter().flat_map(|kind| packed.of_kind(kind)).collect();
		let order = device.upload("order", bytemuck::cast_slice(&active), Usage::STORAGE)?;
		let candidates = device.upload("candidates", bytemuck::cast_slice(&packed.candidates), Usage::STORAGE)?;
		let parameters = device.upload("parameters", bytemuck::cast_slice(&packed.parameters), Usage::STORAGE)?;
		let scratch = device.alloc("scratch", packed.sizes().scratch * VEC4_BYTES, Usage::STORAGE | Usage::COPY_SRC)?;
		let best = device.upload("best", bytemuck::cast_slice(&packed.best), Usage::STORAGE | Usage::COPY_SRC)?;
		let results = device.upload("results", bytemuck::cast_slice(&packed.results), Usage::STORAGE | Usage::COPY_SRC)?;
		let argument_bytes = u64::from(device.argument_stride() * MAX_DISPATCHES);
		let arguments = device.alloc("arguments", argument_bytes, Usage::UNIFORM | Usage::COPY_DST)?;
		let bindings = Bindings {
			arguments: &arguments,
			order: &order,
			candidates: &candidates,
			values: &data.values,
			parameters: &parameters,
			scratch: &scratch,
			best: &best,
			results: &results,
		};
		let group = device.bind("training", &bindings)?;
		// The host reads only plans and places again.
		(packed.parameters, packed.best, packed.results) = (Vec::new(), Vec::new(), Vec::new());
		Ok(Self {
			device,
			packed,
			initial,
			progress,
			active,
			initial_errors_recorded: false,
			pending: Pending::default(),
			in_flight: VecDeque::new(),
			base: data.arguments,
			loss: LossKind::of(&data.data.task.program),
			order,
			#[cfg(test)]
			scratch,
			best,
			results,
			arguments,
			group,
		})
	}

	/// Returns the number of candidates, including those that have left.
	pub fn size(&self) -> usize {
		self.initial.len()
	}

	/// Returns the indices of the candidates in training.
	pub fn active(&self) -> &[u32] {
		&self.active
	}

	/// Keeps only those candidates in training for which `keep` returns `true`; the others keep their best net.
	///
	/// # Errors
	///
	/// A fault of the device.
	pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) -> Result<(), DeviceError> {
		let before = self.active.len();
		self.active.retain(|at| keep(*at));
		if self.active.len() < before {
			let (device, order, active) = (self.device, &self.order, &self.active);
			device.guarded(|| {
				device.queue.write_buffer(order, 0, bytemuck::cast_slice(active));
				device.check()
			})?;
		}
		Ok(())
	}

	/// Trains the candidates in training for `epochs` epochs, or to their last one.
	///
	/// # Errors
	///
	/// [`Error::Stopped`] if `stop` is set, or a fault of the device.
	pub fn advance(&mut self, epochs: u32, stop: &dyn StopSignal) -> Result<(), Error> {
		self.advance_with(epochs, stop, &mut |_| {})
	}

	/// [Advances](Self::advance) the candidates, and calls `enqueued` with the number of epochs, all candidates together, that the
	/// device has been given since the last call. The device is at most two submissions behind.
	///
	/// # Errors
	///
	/// Those of [`advance`](Self::advance).
	pub fn advance_with(&mut self, epochs: u32, stop: &dyn StopSignal, enqueued: &mut dyn FnMut(usize)) -> Result<(), Error> {
		let device = self.device;
		self.record_initial_errors(stop)?;
		for _ in 0..epochs {
			let due: Vec<bool> = self.progress.iter().map(|progress| progress.done < progress.epochs).collect();
			if self.active.iter().any(|at| !due[*at as usize]) {
				// The order of candidates changes only between submissions.
				device.guarded(|| self.submit())?;
				self.retain(|at| due[at as usize])?;
			}
			if self.active.is_empty() {
				break;
			}
			device.guarded(|| self.enqueue_epoch(stop))?;
			if stop.is_set() {
				return Err(Error::Stopped);
			}
			for at in &self.active {
				self.progress[*at as usize].done += 1;
			}
			enqueued(self.active.len());
		}
		Ok(device.guarded(|| {
			self.submit()?;
			self.wait_until(0)
		})?)
	}

	/// Evaluates the candidates with a linear skip before their first step, when their net outputs zero.
	///
	/// # Errors
	///
	/// A fault of the device.
	pub fn record_initial_errors(&mut self, stop: &dyn StopSignal) -> Result<(), DeviceError> {
		if self.initial_errors_recorded || self.active.is_empty() {
			return Ok(());
		}
		self.initial_errors_recorded = true;
		let (device, evaluation) = (self.device, self.evaluation());
		device.guarded(|| self.enqueue(Work { flags: SKIPS_ONLY, ..evaluation }, stop))
	}

	/// Returns the evaluation of all candidates in training on the early-stopping set.
	fn evaluation(&self) -> Work {
		let batches = self.base.early_stopping.iter().map(|source| source.count.div_ceil(BATCH as u32)).sum();
		let per_dispatch = self.per_dispatch(NetPlan::forward_iterations);
		Work { stage: Stage::Evaluate, first: 0, count: batches, flags: 0, macs: FORWARD_COST * self.step_macs(), per_dispatch }
	}

	/// Returns the multiply-accumulates of one training step of all candidates in training.
	fn step_macs(&self) -> f64 {
		self.active.iter().map(|at| self.progress[*at as usize].step_macs).sum()
	}

	/// Returns the most steps or batches of one dispatch; `iterations` returns the loop iterations of one of them.
	fn per_dispatch(&self, iterations: fn(&NetPlan, usize) -> usize) -> u32 {
		let plans = self.active.iter().map(|at| &self.packed.plans[*at as usize]);
		let most = plans.map(|plan| iterations(plan, self.device.workgroup_size(plan.kind()))).max().unwrap_or(1);
		(self.device.loop_iterations / most).clamp(1, u32::MAX as usize) as u32
	}

	/// Enqueues one epoch of all candidates in training, or less of it if `stop` is set.
	fn enqueue_epoch(&mut self, stop: &dyn StopSignal) -> Result<(), DeviceError> {
		let epoch = self.progress[self.active[0] as usize].done;
		let steps = self.initial[0].steps;
		let per_dispatch = self.per_dispatch(NetPlan::step_iterations);
		let macs = self.step_macs();
		let training = Work { stage: Stage::Train, first: epoch * steps, count: steps, flags: 0, macs, per_dispatch };
		self.enqueue(training, stop)?;
		self.enqueue(self.evaluation(), stop)
	}

	/// Cuts work into dispatches, and submits them whenever they fill a submission.
	fn enqueue(&mut self, work: Work, stop: &dyn StopSignal) -> Result<(), DeviceError> {
		let mut done = 0;
		while done < work.count && !stop.is_set() {
			let target = SUBMISSION_SECONDS * self.device.throughput();
			let fits = ((target - self.pending.macs) / work.macs) as u32;
			let count = fits.min(work.per_dispatch).clamp(1, work.count - done);
			let mut flags = work.flags;
			if work.stage == Stage::Evaluate {
				flags |= if done == 0 { CLEAR } else { 0 };
				flags |= if done + count == work.count { RECORD } else { 0 };
			}
			let mut arguments = DispatchArguments { first: work.first + done, count, flags, ..self.base };
			let plans = &self.packed.plans;
			for group in self.active.chunk_by(|a, b| plans[*a as usize].kind() == plans[*b as usize].kind()) {
				let (net, workgroups) = (plans[group[0] as usize].kind(), group.len() as u32);
				let shader = Shader { stage: work.stage, net, loss: self.loss };
				self.pending.dispatches.push(Dispatch { shader, workgroups, arguments });
				arguments.first_candidate += workgroups;
			}
			self.pending.macs += f64::from(count) * work.macs;
			done += count;
			let full = self.pending.dispatches.len() + NetKind::ALL.len() > MAX_DISPATCHES as usize;
			if full || self.pending.macs + work.macs > target {
				self.submit()?;
				self.wait_until(IN_FLIGHT - 1)?;
			}
		}
		Ok(())
	}

	/// Submits the pending dispatches.
	fn submit(&mut self) -> Result<(), DeviceError> {
		let Pending { dispatches, macs } = std::mem::take(&mut self.pending);
		if !dispatches.is_empty() {
			let index = self.device.submit(&self.group, &self.arguments, &dispatches)?;
			self.in_flight.push_back(Submission { index, macs, began: Instant::now() });
		}
		Ok(())
	}

	/// Waits until at most `left` submissions are in flight.
	fn wait_until(&mut self, left: usize) -> Result<(), DeviceError> {
		while self.in_flight.len() > left {
			let Some(Submission { index, macs, began }) = self.in_flight.pop_front() else { break };
			self.device.wait(index)?;
			let now = Instant::now();
			self.device.record_throughput(macs, now.duration_since(began).as_secs_f64());
			// The next submission begins where this one ends.
			self.in_flight.iter_mut().for_each(|submission| submission.began = now);
		}
		Ok(())
	}

	/// Reads the results of each candidate.
	fn results(&mut self) -> Result<Vec<[u32; RESULTS]>, DeviceError> {
		let device = self.device;
		device.guarded(|| {
			self.submit()?;
			self.wait_until(0)?;
			let read = device.read(&self.results, 4 * (RESULTS * self.initial.len()) as u64)?;
			let words: Vec<u32> = bytemuck::pod_collect_to_vec(&read);
			Ok(words.as_chunks().0.to_vec())
		})
	}

	/// Returns the errors of each candidate on the early-stopping set.
	///
	/// # Errors
	///
	/// A fault of the device.
	pub fn errors(&mut self) -> Result<Vec<BatchError>, DeviceError> {
		let error = |limbs: &[u32]| limbs.iter().rev().fold(0, |high: u128, limb| high << 32 | u128::from(*limb));
		let of = |words: &[u32; RESULTS]| BatchError {
			last: error(&words[LAST_ERROR_AT..LAST_ERROR_AT + 4]),
			least: error(&words[LEAST_ERROR_AT..LEAST_ERROR_AT + 4]),
		};
		Ok(self.results()?.iter().map(of).collect())
	}

	/// Returns the best net of each candidate, before [`Candidate::with_blend`].
	///
	/// # Errors
	///
	/// A fault of the device, also if it counted other steps or epochs than were submitted.
	pub fn nets(mut self) -> Result<Vec<Net>, DeviceError> {
		let results = self.results()?;
		for ((words, progress), initial) in results.iter().zip(&self.progress).zip(&self.initial) {
			let done = (words[STEPS_AT], words[EPOCHS_AT]);
			let expected = (progress.done * initial.steps, progress.done + u32::from(initial.skip.is_some()));
			if done != expected {
				return self.device.guarded(|| {
					let reason = format!(
						"it ran {} steps and recorded {} epochs instead of {} and {}",
						done.0, done.1, expected.0, expected.1
					);
					Err(self.device.driver_error(reason))
				});
			}
		}
		let (device, packed, best) = (self.device, &self.packed, &self.best);
		let layers: Vec<Vec<Layer>> = device.guarded(|| {
			let read = device.read(best, packed.sizes().best * VEC4_BYTES)?;
			let words: Vec<i32> = bytemuck::pod_collect_to_vec(&read);
			let candidates = packed.candidates.iter().zip(&packed.plans);
			Ok(candidates.map(|(candidate, plan)| read_layers(&words, candidate, plan)).collect())
		})?;
		Ok(layers.into_iter().zip(self.initial).map(|(layers, initial)| initial.net(layers)).collect())
	}
}

#[cfg(test)]
impl GpuBatch<'_> {
	/// Returns the windows that the first candidate draws for training step `step` if both sources have these surpluses.
	///
	/// # Errors
	///
	/// Fails if the device is lost or runs out of memory.
	pub fn draw(&mut self, surplus: [u32; 2], step: u32) -> Result<Vec<u32>, DeviceError> {
		const ENTRY: &str = "
			@compute @workgroup_size(SIZE)
			fn draws(@builtin(local_invocation_index) t: u32) {
				draw(order[0], t, arguments.first);
				for (var sample = t; sample < BATCH; sample += SIZE) {
					scratch[sample] = vec4(i32(starts[sample]));
				}
			}";
		let device = self.device;
		let shader = Shader { stage: Stage::Train, net: NetKind::Dense, loss: LossKind::Absolute };
		let source = [&shader.source(), ENTRY].concat();
		let pipeline = device.pipelines.compile(&device.device, shader, "draws", &source);
		let mut arguments = DispatchArguments { first: step, ..self.base };
		arguments.training.iter_mut().zip(surplus).for_each(|(source, surplus)| source.surplus = surplus);
		device.queue.write_buffer(&self.arguments, 0, bytemuck::bytes_of(&arguments));
		let mut encoder = device.encoder("draws");
		{
			let mut pass = encoder.begin_compute_pass(&super::buffers::pass("draws"));
			pass.set_pipeline(&pipeline);
			pass.set_bind_group(0, &self.group, &[0]);
			pass.dispatch_workgroups(1, 1, 1);
		}
		device.queue.submit([encoder.finish()]);
		let read = device.read(&self.scratch, VEC4_BYTES * BATCH as u64)?;
		Ok(read.chunks_exact(VEC4_BYTES as usize).map(|vec4| bytemuck::pod_read_unaligned(&vec4[..4])).collect())
	}
}
