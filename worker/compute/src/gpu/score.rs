//! Error sums of a population of nets on one device.

use super::{
	device::{Dispatch, Gpu, SLOTS},
	layout::{source, target, Arguments, Image, Room, VEC4_BYTES},
	plan::{Form, Plan},
	shader::{Goal, Kernel, Shader},
	wave::TARGET,
	GpuError,
};
use crate::backend::layout::BATCH;
use doin_scoring::{Forecast, Net, Windows};

/// Workgroups that should be at work on a population, if it is that large: several for every core of the largest devices.
const BUSY: usize = 1_024;
/// Sums of a window that nobody has written; a true one is less than 2²⁶.
const UNWRITTEN: u32 = u32::MAX;
/// Values of a window that differ by this much or more are not scored by a device.
const NARROW: u32 = 1 << 26;

/// All windows of some chunks, one after the other.
struct Batches {
	/// Values, channel by channel, then the place of each window, then what is forecast.
	words: Vec<i32>,
	arguments: Arguments,
	goal: Goal,
	/// Windows of each chunk.
	counts: Vec<usize>,
}

impl Batches {
	fn new(program: &Forecast, chunks: &[Windows]) -> Self {
		let (span, channels) = (program.span() as usize, usize::from(program.channels));
		let values = |channel: usize| chunks.iter().flat_map(move |chunk| chunk.values.iter().skip(channel).step_by(channels));
		let mut words: Vec<i32> = (0..channels).flat_map(values).copied().collect();
		let counts: Vec<usize> = chunks.iter().map(Windows::len).collect();
		let stride = (words.len() / channels.max(1)) as u32;
		let places: Vec<u32> = (0..counts.iter().sum::<usize>()).map(|window| (window * span) as u32).collect();
		let inner = [source(&mut words, &places), source(&mut words, &[])];
		let arguments = Arguments { stride, inner, ..target(&mut words, program) };
		Self { words, arguments, goal: Goal::of(program), counts }
	}

	/// Windows of all chunks.
	fn windows(&self) -> usize {
		self.arguments.inner[0].count as usize
	}
}

impl Gpu {
	/// The error sum of each of `nets` on each of `chunks`, as [`doin_scoring::score`] gives it. The nets have been admitted to `program`;
	/// all windows are of that program, and values of a window's channel differ by less than 2²⁶.
	pub fn score(&self, program: &Forecast, nets: &[&Net], chunks: &[Windows]) -> Result<Vec<Vec<u32>>, GpuError> {
		let shape = (usize::from(program.channels), usize::from(program.history), usize::from(program.horizon));
		let values = program.values() as usize;
		if chunks.iter().any(|w| (w.channels, w.history, w.horizon) != shape || w.values.len() % values > 0) {
			return Err(GpuError::Unsupported("windows of other shapes than the program's"));
		}
		if chunks.iter().flat_map(|chunk| chunk.values.chunks(values)).any(|window| !is_narrow(program, window)) {
			return Err(GpuError::Unsupported("windows whose values differ by 2^26 or more"));
		}
		let plans: Option<Vec<Plan>> = nets.iter().map(|net| Plan::of_net(net, program)).collect();
		let Some(plans) = plans else { return Err(GpuError::Unsupported("nets of a shape that the windows do not have")) };
		let batches = Batches::new(program, chunks);
		if nets.is_empty() || batches.windows() == 0 {
			return Ok(vec![vec![0; chunks.len()]; nets.len()]);
		}
		let bytes = 4 * batches.words.len() as u64;
		if bytes > self.limits.max_storage_buffer_binding_size {
			return Err(GpuError::Unsupported("windows that do not fit a buffer of the device"));
		}
		let mut sums = Vec::with_capacity(nets.len());
		let values = self.guarded(|| self.upload(bytemuck::cast_slice(&batches.words), wgpu::BufferUsages::STORAGE))?;
		let nets: Vec<(&Net, Plan)> = nets.iter().copied().zip(plans).collect();
		let mut waiting = nets.as_slice();
		// So few batches for each workgroup that none takes too many turns.
		let all = batches.windows().div_ceil(BATCH);
		let turns = nets.iter().map(|(_, plan)| plan.forward_turns(self.size(plan.form()))).max().unwrap_or(1);
		if turns > self.turns {
			return Err(GpuError::Unsupported("nets whose batches a device in software would cut short"));
		}
		let least = all.div_ceil(self.turns / turns);
		while !waiting.is_empty() {
			let workers = BUSY.div_ceil(waiting.len()).max(least).clamp(1, all) as u32;
			let (wave, rest) = waiting.split_at(self.fitting(waiting, &batches, workers)?);
			match self.guarded(|| self.score_wave(wave, &batches, &values, workers)) {
				Ok(more) => sums.extend(more),
				Err(GpuError::Memory { .. }) if wave.len() > 1 && self.ran_out() => {
					self.save();
					continue;
				}
				Err(error) => return Err(error),
			}
			waiting = rest;
		}
		Ok(sums)
	}

	/// How many of `nets` find room at a time, at least one.
	fn fitting(&self, nets: &[(&Net, Plan)], batches: &Batches, workers: u32) -> Result<usize, GpuError> {
		let most = self.limits.max_compute_workgroups_per_dimension / workers;
		let (mut room, mut count) = (Room::default(), 0);
		for (net, plan) in nets.iter().take(most as usize) {
			room = room.plus(Room::of_net(plan, net, workers));
			let sums = 4 * (count as u64 + 1) * batches.windows() as u64;
			if !room.fits(self.budget()) || sums > self.budget() {
				break;
			}
			count += 1;
		}
		if count == 0 {
			return Err(GpuError::Unsupported("nets and windows that do not fit a buffer of the device"));
		}
		Ok(count)
	}

	fn score_wave(
		&self,
		nets: &[(&Net, Plan)],
		batches: &Batches,
		values: &wgpu::Buffer,
		workers: u32,
	) -> Result<Vec<Vec<u32>>, GpuError> {
		use wgpu::BufferUsages as Usage;
		let mut image = Image::default();
		nets.iter().for_each(|(net, plan)| image.push_net(plan, net, workers));
		// Nets of one form side by side, and the workgroups of a net.
		let forms = Form::ALL.map(|form| (form, numbers(nets, form)));
		let all = forms.iter().flat_map(|(_, numbers)| numbers);
		let order: Vec<u32> = all.flat_map(|number| number * workers..(number + 1) * workers).collect();
		let windows = batches.windows();
		let order = self.upload(bytemuck::cast_slice(&order), Usage::STORAGE)?;
		let candidates = self.upload(bytemuck::cast_slice(&image.candidates), Usage::STORAGE)?;
		let parameters = self.upload(bytemuck::cast_slice(&image.parameters), Usage::STORAGE)?;
		let scratch = self.room(image.room().scratch * VEC4_BYTES, Usage::STORAGE)?;
		let best = self.room(0, Usage::STORAGE)?;
		let results =
			self.upload(bytemuck::cast_slice(&vec![UNWRITTEN; nets.len() * windows]), Usage::STORAGE | Usage::COPY_SRC)?;
		let arguments = self.room(u64::from(self.slot() * SLOTS), Usage::UNIFORM | Usage::COPY_DST)?;
		let group = self.bind([&arguments, &order, &candidates, values, &parameters, &scratch, &best, &results])?;
		// As many nets at a time as a device scores in a fraction of a second.
		let macs = nets.iter().map(|(net, _)| net.macs()).max().unwrap_or(1).max(1) as f64 * windows as f64;
		let together = ((TARGET * self.pace() / macs) as usize).max(1);
		let mut begin = 0;
		for (form, numbers) in &forms {
			for some in numbers.chunks(together) {
				let workgroups = some.len() as u32 * workers;
				let of_some = Arguments { begin, count: workers, ..batches.arguments };
				let shader = Shader { kernel: Kernel::Score, form: *form, goal: batches.goal };
				let dispatch = Dispatch { shader, workgroups, arguments: of_some };
				let submission = self.submit(&group, &arguments, &[dispatch])?;
				self.wait(submission)?;
				begin += workgroups;
			}
		}
		let read = self.read(&results, 4 * (nets.len() * windows) as u64)?;
		let words: Vec<u32> = bytemuck::pod_collect_to_vec(&read);
		if words.contains(&UNWRITTEN) {
			return Err(self.failed("it left windows out"));
		}
		let chunks = |mut words: &[u32]| {
			let sum = |count: &usize| {
				let (chunk, rest) = words.split_at(*count);
				words = rest;
				// As sums saturate, however they are counted.
				chunk.iter().map(|sum| u64::from(*sum)).sum::<u64>().min(u32::MAX.into()) as u32
			};
			batches.counts.iter().map(sum).collect()
		};
		Ok(words.chunks_exact(windows).map(chunks).collect())
	}
}

/// The nets of one form.
fn numbers(nets: &[(&Net, Plan)], form: Form) -> Vec<u32> {
	(0..).zip(nets).filter(|(_, (_, plan))| plan.form() == form).map(|(number, _)| number).collect()
}

/// Whether differences from the last value known, of each channel, fit what a device takes.
fn is_narrow(program: &Forecast, window: &[i32]) -> bool {
	let channels = usize::from(program.channels);
	let last = &window[(usize::from(program.history) - 1) * channels..][..channels];
	window.chunks(channels).all(|step| step.iter().zip(last).all(|(value, last)| value.abs_diff(*last) < NARROW))
}
