//! Candidates that are trained side by side on one device, from their first step to their nets.

use super::{
	device::{Dispatch, Gpu, SLOTS},
	layout::{read_layers, Arguments, Image, Values, BEST_AT, JUDGED_AT, LAST_AT, RESULTS, STEPS_AT, VEC4_BYTES},
	plan::{Form, Plan},
	shader::{Goal, Kernel, Shader},
	GpuError,
};
use crate::{
	backend::{gates::Kind, layout::BATCH},
	conv,
	mlp::Start,
	population::Candidate,
	recurrent, Error, Family, TrainingSet,
};
use doin_scoring::{Layer, Net};
use rayon::prelude::*;
use std::{
	collections::VecDeque,
	sync::atomic::{AtomicBool, Ordering},
	time::Instant,
};

/// Seconds that a submission should take: long enough to keep a device busy, short enough for watchdogs and for a stop.
pub(super) const TARGET: f64 = 0.2;
/// Candidates that are made ready at a time.
const TOGETHER: usize = 64;
/// Submissions that are under way at a time: while the host waits for one, the device has another.
const AHEAD: usize = 2;

/// Flags of a validation, as in its shader: sums start from zero; the error is judged; only nets beside a linear path take part.
const CLEAR: u32 = 1;
const JUDGE: u32 = 2;
const PATHS_ONLY: u32 = 4;

/// Words of the values and places of `data`, and of what is forecast.
pub fn words(data: &TrainingSet) -> usize {
	let places = [false, true].map(|synthetic| data.fit_places(synthetic).len() + data.inner_places(synthetic).len());
	data.values().len() + places.iter().sum::<usize>() + usize::from(data.task.program.outputs())
}

/// A training set on a device.
#[derive(Debug)]
pub struct Loaded<'a> {
	gpu: &'a Gpu,
	data: &'a TrainingSet,
	buffer: wgpu::Buffer,
	arguments: Arguments,
}

impl<'a> Loaded<'a> {
	/// Loads `data`.
	pub fn new(gpu: &'a Gpu, data: &'a TrainingSet) -> Result<Self, GpuError> {
		gpu.takes(data)?;
		let Values { words, arguments } = Values::new(data);
		let load = || gpu.upload(bytemuck::cast_slice(&words), wgpu::BufferUsages::STORAGE);
		Ok(Self { gpu, data, buffer: gpu.guarded(load)?, arguments })
	}
}

/// Multiply-accumulates that training a candidate takes for one window of a step: forward, back to what each layer reads, and back to
/// weights.
pub fn products(candidate: &Candidate, data: &TrainingSet) -> usize {
	Plan::of(candidate, data.channels(), data.task.program.outputs().into()).products()
}

/// What one training step of a candidate costs a device, in multiply-accumulates, whether or not it has passed its [check](Candidate::check).
pub fn macs(candidate: &Candidate, data: &TrainingSet) -> f64 {
	let plan = Plan::of(candidate, data.channels(), data.task.program.outputs().into());
	plan.macs(candidate.has_path()) * BATCH as f64
}

/// Steps or batches of all candidates in training.
#[derive(Clone, Copy)]
struct Work {
	kernel: Kernel,
	first: u32,
	count: u32,
	flags: u32,
	/// Multiply-accumulates of one of them, for all candidates.
	macs: f64,
	/// How many of them a dispatch may have.
	most: u32,
}

/// Candidates in training on a device. They go on together, epoch by epoch; each leaves when it has had all of its own, or when it is
/// dropped.
pub struct Wave<'a> {
	gpu: &'a Gpu,
	image: Image,
	starts: Vec<Start>,
	/// Epochs that each candidate should have and has had.
	epochs: Vec<(u32, u32)>,
	/// Multiply-accumulates of one step of each.
	macs: Vec<f64>,
	/// Who is still in training, form by form.
	active: Vec<u32>,
	/// Whether those beside a linear path have been judged as they are at first.
	begun: bool,
	/// Dispatches that wait to be submitted, and their multiply-accumulates.
	pending: (Vec<Dispatch>, f64),
	/// Submissions under way, with their multiply-accumulates and when they began.
	ahead: VecDeque<(wgpu::SubmissionIndex, f64, Instant)>,
	base: Arguments,
	goal: Goal,
	order: wgpu::Buffer,
	#[cfg(test)]
	scratch: wgpu::Buffer,
	best: wgpu::Buffer,
	results: wgpu::Buffer,
	arguments: wgpu::Buffer,
	group: wgpu::BindGroup,
}

impl<'a> Wave<'a> {
	/// Makes `candidates` ready to be trained on the data of `loaded`, on its device.
	pub fn new(loaded: &Loaded<'a>, candidates: &[Candidate]) -> Result<Self, Error> {
		let (gpu, data) = (loaded.gpu, loaded.data);
		for candidate in candidates {
			candidate.check(data)?;
			gpu.supports(data, candidate)?;
		}
		let mut image = Image::default();
		let mut starts = Vec::with_capacity(candidates.len());
		for candidates in candidates.chunks(TOGETHER) {
			let start = |candidate: &Candidate| {
				let linear = candidate.beside(data)?;
				Ok(match candidate.family {
					Family::Conv => conv::start(data, candidate, linear.as_deref()),
					Family::Lstm => recurrent::start(Kind::Lstm, data, candidate, linear.as_deref()),
					Family::Gru => recurrent::start(Kind::Gru, data, candidate, linear.as_deref()),
					Family::Mlp => Start::new(data, candidate, linear.as_deref()),
				})
			};
			let some = candidates.par_iter().map(start).collect::<Result<Vec<_>, Error>>()?;
			for (candidate, mut start) in candidates.iter().zip(some) {
				image.push(data, candidate, &start);
				start.layers = Vec::new();
				starts.push(start);
			}
		}
		let epochs = candidates.iter().map(|candidate| (candidate.epochs.into(), 0)).collect();
		let macs = candidates.iter().map(|candidate| macs(candidate, data)).collect();
		Ok(gpu.guarded(|| Self::load(gpu, loaded, image, starts, epochs, macs))?)
	}

	fn load(
		gpu: &'a Gpu,
		data: &Loaded<'a>,
		mut image: Image,
		starts: Vec<Start>,
		epochs: Vec<(u32, u32)>,
		macs: Vec<f64>,
	) -> Result<Self, GpuError> {
		use wgpu::BufferUsages as Usage;
		let active: Vec<u32> = Form::ALL.into_iter().flat_map(|form| image.of(form)).collect();
		let order = gpu.upload(bytemuck::cast_slice(&active), Usage::STORAGE)?;
		let candidates = gpu.upload(bytemuck::cast_slice(&image.candidates), Usage::STORAGE)?;
		let parameters = gpu.upload(bytemuck::cast_slice(&image.parameters), Usage::STORAGE)?;
		let scratch = gpu.room(image.room().scratch * VEC4_BYTES, Usage::STORAGE | Usage::COPY_SRC)?;
		let best = gpu.upload(bytemuck::cast_slice(&image.best), Usage::STORAGE | Usage::COPY_SRC)?;
		let results = gpu.upload(bytemuck::cast_slice(&image.results), Usage::STORAGE | Usage::COPY_SRC)?;
		let arguments = gpu.room(u64::from(gpu.slot() * SLOTS), Usage::UNIFORM | Usage::COPY_DST)?;
		let group = gpu.bind([&arguments, &order, &candidates, &data.buffer, &parameters, &scratch, &best, &results])?;
		// Only places are looked at again.
		(image.parameters, image.best, image.results) = (Vec::new(), Vec::new(), Vec::new());
		let (pending, ahead, base) = (Default::default(), VecDeque::new(), data.arguments);
		let goal = Goal::of(&data.data.task.program);
		Ok(Self {
			gpu,
			image,
			starts,
			epochs,
			macs,
			active,
			begun: false,
			pending,
			ahead,
			base,
			goal,
			order,
			#[cfg(test)]
			scratch,
			best,
			results,
			arguments,
			group,
		})
	}

	/// How many candidates it began with.
	pub fn size(&self) -> usize {
		self.starts.len()
	}

	/// Numbers of the candidates still in training.
	pub fn active(&self) -> &[u32] {
		&self.active
	}

	/// Keeps only those candidates in training that `keep` wants; the others keep the best net they have had.
	pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) -> Result<(), GpuError> {
		let before = self.active.len();
		self.active.retain(|at| keep(*at));
		if self.active.len() < before {
			let (gpu, order, active) = (self.gpu, &self.order, &self.active);
			gpu.guarded(|| {
				gpu.queue.write_buffer(order, 0, bytemuck::cast_slice(active));
				gpu.check()
			})?;
		}
		Ok(())
	}

	/// Trains all that are in training for `epochs` epochs, or until they have had theirs.
	pub fn advance(&mut self, epochs: u32, stop: &AtomicBool) -> Result<(), Error> {
		let gpu = self.gpu;
		self.begin(stop)?;
		for _ in 0..epochs {
			let due: Vec<bool> = self.epochs.iter().map(|(wanted, had)| had < wanted).collect();
			if self.active.iter().any(|at| !due[*at as usize]) {
				// Candidates change only between submissions.
				gpu.guarded(|| self.flush())?;
				self.retain(|at| due[at as usize])?;
			}
			if self.active.is_empty() {
				break;
			}
			gpu.guarded(|| self.epoch(stop))?;
			if stop.load(Ordering::Relaxed) {
				return Err(Error::Stopped);
			}
			for at in &self.active {
				self.epochs[*at as usize].1 += 1;
			}
		}
		Ok(gpu.guarded(|| {
			self.flush()?;
			self.settle(0)
		})?)
	}

	/// Judges those beside a linear path as they are at first, saying nothing.
	pub fn begin(&mut self, stop: &AtomicBool) -> Result<(), GpuError> {
		if self.begun || self.active.is_empty() {
			return Ok(());
		}
		self.begun = true;
		let (gpu, validate) = (self.gpu, self.validation());
		gpu.guarded(|| self.issue(Work { flags: PATHS_ONLY, ..validate }, stop))
	}

	/// The validation of all that are in training.
	fn validation(&self) -> Work {
		let macs: f64 = self.active.iter().map(|at| self.macs[*at as usize]).sum();
		let batches = self.base.inner.iter().map(|source| source.count.div_ceil(BATCH as u32)).sum();
		let most = self.most(Plan::forward_turns);
		// Forward passes alone: about two fifths of a step.
		Work { kernel: Kernel::Validate, first: 0, count: batches, flags: 0, macs: 0.4 * macs, most }
	}

	/// How many steps or batches, of which each takes so many turns of loops, a dispatch may have.
	fn most(&self, turns: fn(&Plan, usize) -> usize) -> u32 {
		let plans = self.active.iter().map(|at| &self.image.plans[*at as usize]);
		let turns = plans.map(|plan| turns(plan, self.gpu.size(plan.form()))).max().unwrap_or(1);
		(self.gpu.turns / turns).clamp(1, u32::MAX as usize) as u32
	}

	/// One epoch of all that are in training, or less of it if it is stopped.
	fn epoch(&mut self, stop: &AtomicBool) -> Result<(), GpuError> {
		let epoch = self.epochs[self.active[0] as usize].1;
		let steps = self.starts[0].steps;
		let macs: f64 = self.active.iter().map(|at| self.macs[*at as usize]).sum();
		let most = self.most(Plan::step_turns);
		self.issue(Work { kernel: Kernel::Train, first: epoch * steps, count: steps, flags: 0, macs, most }, stop)?;
		self.issue(self.validation(), stop)
	}

	/// Cuts work into dispatches, and submits these as soon as there is enough for a submission.
	fn issue(&mut self, work: Work, stop: &AtomicBool) -> Result<(), GpuError> {
		let mut done = 0;
		while done < work.count && !stop.load(Ordering::Relaxed) {
			let target = TARGET * self.gpu.pace();
			let fits = ((target - self.pending.1) / work.macs) as u32;
			let count = fits.min(work.most).clamp(1, work.count - done);
			let mut flags = work.flags;
			if work.kernel == Kernel::Validate {
				flags |= if done == 0 { CLEAR } else { 0 };
				flags |= if done + count == work.count { JUDGE } else { 0 };
			}
			let mut arguments = Arguments { first: work.first + done, count, flags, ..self.base };
			let plans = &self.image.plans;
			for some in self.active.chunk_by(|a, b| plans[*a as usize].form() == plans[*b as usize].form()) {
				let (form, workgroups) = (plans[some[0] as usize].form(), some.len() as u32);
				let shader = Shader { kernel: work.kernel, form, goal: self.goal };
				self.pending.0.push(Dispatch { shader, workgroups, arguments });
				arguments.begin += workgroups;
			}
			self.pending.1 += f64::from(count) * work.macs;
			done += count;
			if self.pending.1 + work.macs > target || self.pending.0.len() + Form::ALL.len() > SLOTS as usize {
				self.flush()?;
				self.settle(AHEAD - 1)?;
			}
		}
		Ok(())
	}

	/// Submits what waits.
	fn flush(&mut self) -> Result<(), GpuError> {
		let (dispatches, macs) = std::mem::take(&mut self.pending);
		if !dispatches.is_empty() {
			let submission = self.gpu.submit(&self.group, &self.arguments, &dispatches)?;
			self.ahead.push_back((submission, macs, Instant::now()));
		}
		Ok(())
	}

	/// Waits until at most `left` submissions are under way.
	fn settle(&mut self, left: usize) -> Result<(), GpuError> {
		while self.ahead.len() > left {
			let Some((submission, macs, began)) = self.ahead.pop_front() else { break };
			self.gpu.wait(submission)?;
			let now = Instant::now();
			self.gpu.measured(macs, now.duration_since(began).as_secs_f64());
			// The next one begins where this one ends.
			self.ahead.iter_mut().for_each(|(_, _, began)| *began = now);
		}
		Ok(())
	}

	/// The words of each candidate's results.
	fn results(&mut self) -> Result<Vec<[u32; RESULTS]>, GpuError> {
		let gpu = self.gpu;
		gpu.guarded(|| {
			self.flush()?;
			self.settle(0)?;
			let read = gpu.read(&self.results, 4 * (RESULTS * self.starts.len()) as u64)?;
			let words: Vec<u32> = bytemuck::pod_collect_to_vec(&read);
			Ok(words.as_chunks().0.to_vec())
		})
	}

	/// The error of each candidate on the inner validation windows after its last epoch, and the least one of all epochs: what training
	/// compares. Errors of candidates with different shares of synthetic windows cannot be compared.
	pub fn errors(&mut self) -> Result<Vec<(u128, u128)>, GpuError> {
		let error = |limbs: &[u32]| limbs.iter().rev().fold(0, |high: u128, limb| high << 32 | u128::from(*limb));
		let results = self.results()?;
		Ok(results.iter().map(|words| (error(&words[LAST_AT..LAST_AT + 4]), error(&words[BEST_AT..BEST_AT + 4]))).collect())
	}

	/// The best net of each candidate so far, to be [completed](Candidate::complete).
	pub fn nets(mut self) -> Result<Vec<Net>, GpuError> {
		let results = self.results()?;
		for ((words, (_, had)), start) in results.iter().zip(&self.epochs).zip(&self.starts) {
			let judged = had + u32::from(start.skip.is_some());
			let (done, expected) = ((words[STEPS_AT], words[JUDGED_AT]), (had * start.steps, judged));
			if done != expected {
				return self.gpu.guarded(|| {
					let text = format!(
						"it took {} steps and judged {} epochs instead of {} and {}",
						done.0, done.1, expected.0, expected.1
					);
					Err(self.gpu.failed(text))
				});
			}
		}
		let (gpu, image, best) = (self.gpu, &self.image, &self.best);
		let layers: Vec<Vec<Layer>> = gpu.guarded(|| {
			let read = gpu.read(best, image.room().best * VEC4_BYTES)?;
			let words: Vec<i32> = bytemuck::pod_collect_to_vec(&read);
			let candidates = image.candidates.iter().zip(&image.plans);
			Ok(candidates.map(|(candidate, plan)| read_layers(&words, candidate, plan)).collect())
		})?;
		Ok(layers.into_iter().zip(self.starts).map(|(layers, start)| start.net(layers)).collect())
	}
}

#[cfg(test)]
impl Wave<'_> {
	/// The windows that the first candidate draws for step `step` if these were the surpluses of both sources.
	pub fn draw(&mut self, surplus: [u32; 2], step: u32) -> Result<Vec<u32>, GpuError> {
		const ENTRY: &str = "
			@compute @workgroup_size(SIZE)
			fn draws(@builtin(local_invocation_index) t: u32) {
				draw(order[0], t, arguments.first);
				for (var sample = t; sample < BATCH; sample += SIZE) {
					scratch[sample] = vec4(i32(starts[sample]));
				}
			}";
		let shader = Shader { kernel: Kernel::Train, form: Form::Dense, goal: Goal::Values };
		let pipeline = self.gpu.pipeline(shader, "draws", &[&shader.source(), ENTRY].concat());
		let mut arguments = Arguments { first: step, ..self.base };
		arguments.fit.iter_mut().zip(surplus).for_each(|(source, surplus)| source.surplus = surplus);
		self.gpu.queue.write_buffer(&self.arguments, 0, bytemuck::bytes_of(&arguments));
		let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
		{
			let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
			pass.set_pipeline(&pipeline);
			pass.set_bind_group(0, &self.group, &[0]);
			pass.dispatch_workgroups(1, 1, 1);
		}
		self.gpu.queue.submit([encoder.finish()]);
		let read = self.gpu.read(&self.scratch, VEC4_BYTES * BATCH as u64)?;
		Ok(read.chunks_exact(VEC4_BYTES as usize).map(|vec4| bytemuck::pod_read_unaligned(&vec4[..4])).collect())
	}
}
