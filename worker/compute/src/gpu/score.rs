//! Error sums of nets on a device.

use super::{
	batch::SUBMISSION_SECONDS,
	buffers::{Bindings, Dispatch, MAX_DISPATCHES},
	dataset::{push_starts, push_targets},
	device::Device,
	layout::{DispatchArguments, VEC4_BYTES},
	packing::{BufferSizes, PackedBatch},
	plan::{NetKind, NetPlan},
	shader::{LossKind, Shader, Stage},
	DeviceError,
};
use crate::train::dataset::NARROW;
use doin_kernels::layout::BATCH;
use doin_scoring::{Forecast, Net, Windows};

/// Workgroups that keep the largest devices busy: several for every core.
const WORKGROUPS: usize = 1_024;
/// Initial sum of a window; a true one is less than 2²⁶.
const UNWRITTEN: u32 = u32::MAX;

/// All windows of some chunks, one after the other.
struct ScoredWindows {
	/// Values, channel by channel, then the start of each window, then the target steps.
	words: Vec<i32>,
	arguments: DispatchArguments,
	loss: LossKind,
	/// Windows of each chunk.
	counts: Vec<usize>,
}

impl ScoredWindows {
	fn new(program: &Forecast, chunks: &[Windows]) -> Self {
		let (span, channels) = (program.span() as usize, usize::from(program.channels));
		let values = |channel: usize| chunks.iter().flat_map(move |chunk| chunk.values.iter().skip(channel).step_by(channels));
		let mut words: Vec<i32> = (0..channels).flat_map(values).copied().collect();
		let counts: Vec<usize> = chunks.iter().map(Windows::len).collect();
		let channel_stride = (words.len() / channels.max(1)) as u32;
		let starts: Vec<u32> = (0..counts.iter().sum::<usize>()).map(|window| (window * span) as u32).collect();
		let early_stopping = [push_starts(&mut words, &starts), push_starts(&mut words, &[])];
		let arguments = DispatchArguments { channel_stride, early_stopping, ..push_targets(&mut words, program) };
		Self { words, arguments, loss: LossKind::of(program), counts }
	}

	/// Returns the number of windows of all chunks.
	fn len(&self) -> usize {
		self.arguments.early_stopping[0].count as usize
	}
}

impl Device {
	/// Returns the error sum of each of `nets` on each of `chunks`, as [`doin_scoring::score()`] defines it. The nets have been
	/// admitted to `program`.
	///
	/// # Errors
	///
	/// [`DeviceError::Unsupported`] for windows of another shape than the program's, values of a window's channel that differ by
	/// 2²⁶ or more, nets that do not fit the program, and nets or windows that do not fit the device; any other error if the
	/// device fails.
	pub fn score(&self, program: &Forecast, nets: &[&Net], chunks: &[Windows]) -> Result<Vec<Vec<u32>>, DeviceError> {
		let unsupported = |what| Err(DeviceError::Unsupported { what });
		let shape = (usize::from(program.channels), usize::from(program.history), usize::from(program.horizon));
		let values = program.values() as usize;
		if chunks.iter().any(|w| (w.channels, w.history, w.horizon) != shape || w.values.len() % values > 0) {
			return unsupported("windows of other shapes than the program's");
		}
		if chunks.iter().flat_map(|chunk| chunk.values.chunks(values)).any(|window| !is_narrow(program, window)) {
			return unsupported("windows whose values differ by 2^26 or more");
		}
		let plans: Option<Vec<NetPlan>> = nets.iter().map(|net| NetPlan::of_net(net, program)).collect();
		let Some(plans) = plans else { return unsupported("nets of a shape that the windows do not have") };
		let windows = ScoredWindows::new(program, chunks);
		if nets.is_empty() || windows.len() == 0 {
			return Ok(vec![vec![0; chunks.len()]; nets.len()]);
		}
		if 4 * windows.words.len() as u64 > self.limits.max_storage_buffer_binding_size {
			return unsupported("windows that do not fit a buffer of the device");
		}
		let upload = || self.upload("windows", bytemuck::cast_slice(&windows.words), wgpu::BufferUsages::STORAGE);
		let values = self.guarded(upload)?;
		let nets: Vec<(&Net, NetPlan)> = nets.iter().copied().zip(plans).collect();
		// At least so many workgroups per net that none exceeds the limit of loop iterations.
		let batches = windows.len().div_ceil(BATCH);
		let iterations =
			nets.iter().map(|(_, plan)| plan.forward_iterations(self.workgroup_size(plan.kind()))).max().unwrap_or(1);
		if iterations > self.loop_iterations {
			return unsupported("nets whose batches a device in software would cut short");
		}
		let least = batches.div_ceil(self.loop_iterations / iterations);
		let (mut sums, mut waiting) = (Vec::with_capacity(nets.len()), nets.as_slice());
		while !waiting.is_empty() {
			let workers = WORKGROUPS.div_ceil(waiting.len()).max(least).clamp(1, batches) as u32;
			let (now, later) = waiting.split_at(self.nets_per_pass(waiting, &windows, workers)?);
			match self.guarded(|| self.score_pass(now, &windows, &values, workers)) {
				Ok(more) => sums.extend(more),
				Err(DeviceError::Memory { .. }) if now.len() > 1 && self.take_out_of_memory() => {
					self.shrink_buffer_budget();
					continue;
				}
				Err(error) => return Err(error),
			}
			waiting = later;
		}
		Ok(sums)
	}

	/// Returns how many of `nets` fit the buffers at a time, at least one.
	fn nets_per_pass(&self, nets: &[(&Net, NetPlan)], windows: &ScoredWindows, workers: u32) -> Result<usize, DeviceError> {
		let most = self.limits.max_compute_workgroups_per_dimension / workers;
		let (mut sizes, mut count) = (BufferSizes::default(), 0);
		for (net, plan) in nets.iter().take(most as usize) {
			sizes = sizes.plus(BufferSizes::of_net(plan, net, workers));
			let sums = 4 * (count as u64 + 1) * windows.len() as u64;
			if !sizes.fit(self.buffer_budget()) || sums > self.buffer_budget() {
				break;
			}
			count += 1;
		}
		if count == 0 {
			return Err(DeviceError::Unsupported { what: "nets and windows that do not fit a buffer of the device" });
		}
		Ok(count)
	}

	/// Scores `nets` on all windows, `workers` workgroups per net.
	fn score_pass(
		&self,
		nets: &[(&Net, NetPlan)],
		windows: &ScoredWindows,
		values: &wgpu::Buffer,
		workers: u32,
	) -> Result<Vec<Vec<u32>>, DeviceError> {
		use wgpu::BufferUsages as Usage;
		let mut packed = PackedBatch::default();
		nets.iter().for_each(|(net, plan)| packed.push_net(plan, net, workers));
		// Nets of one kind are adjacent, and the workgroups of a net.
		let kinds = NetKind::ALL.map(|kind| (kind, of_kind(nets, kind)));
		let all = kinds.iter().flat_map(|(_, indices)| indices);
		let order: Vec<u32> = all.flat_map(|index| index * workers..(index + 1) * workers).collect();
		let count = windows.len();
		let order = self.upload("order", bytemuck::cast_slice(&order), Usage::STORAGE)?;
		let candidates = self.upload("nets", bytemuck::cast_slice(&packed.candidates), Usage::STORAGE)?;
		let parameters = self.upload("parameters", bytemuck::cast_slice(&packed.parameters), Usage::STORAGE)?;
		let scratch = self.alloc("scratch", packed.sizes().scratch * VEC4_BYTES, Usage::STORAGE)?;
		let best = self.alloc("best (unused)", 0, Usage::STORAGE)?;
		let unwritten = vec![UNWRITTEN; nets.len() * count];
		let results = self.upload("window sums", bytemuck::cast_slice(&unwritten), Usage::STORAGE | Usage::COPY_SRC)?;
		let argument_bytes = u64::from(self.argument_stride() * MAX_DISPATCHES);
		let arguments = self.alloc("arguments", argument_bytes, Usage::UNIFORM | Usage::COPY_DST)?;
		let bindings = Bindings {
			arguments: &arguments,
			order: &order,
			candidates: &candidates,
			values,
			parameters: &parameters,
			scratch: &scratch,
			best: &best,
			results: &results,
		};
		let group = self.bind("scoring", &bindings)?;
		// As many nets at a time as the device scores within one submission.
		let macs = nets.iter().map(|(net, _)| net.macs()).max().unwrap_or(1).max(1) as f64 * count as f64;
		let at_a_time = ((SUBMISSION_SECONDS * self.throughput() / macs) as usize).max(1);
		let mut first_candidate = 0;
		for (net, indices) in &kinds {
			for some in indices.chunks(at_a_time) {
				let workgroups = some.len() as u32 * workers;
				let shader = Shader { stage: Stage::Score, net: *net, loss: windows.loss };
				let dispatch_arguments = DispatchArguments { first_candidate, count: workers, ..windows.arguments };
				let dispatch = Dispatch { shader, workgroups, arguments: dispatch_arguments };
				let submission = self.submit(&group, &arguments, &[dispatch])?;
				self.wait(submission)?;
				first_candidate += workgroups;
			}
		}
		self.chunk_sums(&results, nets.len(), windows)
	}

	/// Reads the window sums of `nets` nets, and returns the chunk sums of each net.
	fn chunk_sums(&self, results: &wgpu::Buffer, nets: usize, windows: &ScoredWindows) -> Result<Vec<Vec<u32>>, DeviceError> {
		let count = windows.len();
		let read = self.read(results, 4 * (nets * count) as u64)?;
		let words: Vec<u32> = bytemuck::pod_collect_to_vec(&read);
		if words.contains(&UNWRITTEN) {
			return Err(self.driver_error("it left windows out"));
		}
		let of_net = |mut words: &[u32]| {
			let sum = |count: &usize| {
				let (chunk, rest) = words.split_at(*count);
				words = rest;
				// Chunk sums saturate.
				chunk.iter().map(|sum| u64::from(*sum)).sum::<u64>().min(u32::MAX.into()) as u32
			};
			windows.counts.iter().map(sum).collect()
		};
		Ok(words.chunks_exact(count).map(of_net).collect())
	}
}

/// Returns the indices of the nets of kind `kind`.
fn of_kind(nets: &[(&Net, NetPlan)], kind: NetKind) -> Vec<u32> {
	(0..).zip(nets).filter(|(_, (_, plan))| plan.kind() == kind).map(|(index, _)| index).collect()
}

/// Returns `true` if each channel differs from its last known value by less than 2²⁶.
fn is_narrow(program: &Forecast, window: &[i32]) -> bool {
	let channels = usize::from(program.channels);
	let last = &window[(usize::from(program.history) - 1) * channels..][..channels];
	window.chunks(channels).all(|step| step.iter().zip(last).all(|(value, last)| value.abs_diff(*last) < NARROW))
}
