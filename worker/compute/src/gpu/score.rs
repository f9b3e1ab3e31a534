//! Error sums of a population of nets on one device.

use super::{
	cells,
	device::{Dispatch, Gpu, Kernel, Nets, SLOTS},
	layout::{source, Arguments, Image, Room, VEC4_BYTES},
	wave::TARGET,
	GpuError,
};
use crate::{
	backend::{gates::Kind, layout::BATCH},
	population::Family,
};
use doin_scoring::{Encoder, Net, Windows};

/// Workgroups that should be at work on a population, if it is that large: several for every core of the largest devices.
const BUSY: usize = 1_024;
/// Sums of a window that nobody has written; a true one is less than 2²⁶.
const UNWRITTEN: u32 = u32::MAX;
/// Values of a window that differ by this much or more are not scored by a device.
const NARROW: u32 = 1 << 26;

/// All windows of some chunks, one after the other.
struct Batches {
	/// Values, then the place of each window.
	words: Vec<i32>,
	arguments: Arguments,
	/// Windows of each chunk.
	counts: Vec<usize>,
}

impl Batches {
	fn new(chunks: &[Windows], history: usize, horizon: usize) -> Self {
		let span = history + horizon;
		let mut words: Vec<i32> = chunks.iter().flat_map(|chunk| &chunk.values).copied().collect();
		let counts: Vec<usize> = chunks.iter().map(Windows::len).collect();
		let places: Vec<u32> = (0..counts.iter().sum::<usize>()).map(|window| (window * span) as u32).collect();
		let inner = [source(&mut words, &places), source(&mut words, &[])];
		let arguments = Arguments { history: history as u32, horizon: horizon as u32, inner, ..Arguments::default() };
		Self { words, arguments, counts }
	}

	/// Windows of all chunks.
	fn windows(&self) -> usize {
		self.arguments.inner[0].count as usize
	}
}

impl Gpu {
	/// The error sum of each of `nets` on each of `chunks`, as [`doin_scoring::score`] gives it. The nets have been admitted; all windows
	/// have the same shape, and values of a window differ by less than 2²⁶.
	pub fn score(&self, nets: &[&Net], chunks: &[Windows]) -> Result<Vec<Vec<u32>>, GpuError> {
		let Some(Windows { history, horizon, .. }) = chunks.first() else { return Ok(vec![Vec::new(); nets.len()]) };
		let (history, horizon, span) = (*history, *horizon, history + horizon);
		if chunks
			.iter()
			.any(|chunk| (chunk.channels, chunk.history, chunk.horizon) != (1, history, horizon) || chunk.values.len() % span > 0)
		{
			return Err(GpuError::Unsupported("windows of different shapes"));
		}
		if chunks.iter().flat_map(Windows::iter).any(|(past, future)| !is_narrow(past, future)) {
			return Err(GpuError::Unsupported("windows whose values differ by 2^26 or more"));
		}
		if nets.iter().any(|net| !fits(net, history, horizon)) {
			return Err(GpuError::Unsupported("nets of a shape that the windows do not have"));
		}
		let batches = Batches::new(chunks, history, horizon);
		if nets.is_empty() || batches.windows() == 0 {
			return Ok(vec![vec![0; chunks.len()]; nets.len()]);
		}
		let bytes = 4 * batches.words.len() as u64;
		if bytes > self.limits.max_storage_buffer_binding_size {
			return Err(GpuError::Unsupported("windows that do not fit a buffer of the device"));
		}
		let mut sums = vec![Vec::new(); nets.len()];
		let values = self.guarded(|| self.upload(bytemuck::cast_slice(&batches.words), wgpu::BufferUsages::STORAGE))?;
		for kind in Nets::ALL {
			let some: Vec<usize> = (0..nets.len()).filter(|at| Nets::of(Family::of(nets[*at])) == Some(kind)).collect();
			let mut waiting = some.as_slice();
			while !waiting.is_empty() {
				let all = batches.windows().div_ceil(BATCH);
				let most = waiting.iter().map(|at| self.batches_at_once(kind, nets[*at], horizon)).min().unwrap_or(u32::MAX);
				if most == 0 {
					return Err(GpuError::Unsupported("nets whose batches are longer than Vulkan in software can score"));
				}
				let workers = BUSY.div_ceil(waiting.len()).clamp(all.div_ceil(most as usize), all) as u32;
				let chosen: Vec<&Net> = waiting.iter().map(|at| nets[*at]).collect();
				let count = self.fitting(&chosen, &batches, workers)?;
				match self.guarded(|| self.score_wave(kind, &chosen[..count], &batches, &values, workers)) {
					Ok(more) => waiting.iter().zip(more).for_each(|(at, more)| sums[*at] = more),
					Err(GpuError::Memory { .. }) if count > 1 && self.ran_out() => {
						self.save();
						continue;
					}
					Err(error) => return Err(error),
				}
				waiting = &waiting[count..];
			}
		}
		Ok(sums)
	}

	/// How many of `nets` find room at a time, at least one.
	fn fitting(&self, nets: &[&Net], batches: &Batches, workers: u32) -> Result<usize, GpuError> {
		let most = self.limits.max_compute_workgroups_per_dimension / workers;
		let (mut room, mut count) = (Room::default(), 0);
		for net in nets.iter().take(most as usize) {
			room = room.plus(Room::of_net(net, batches.arguments.horizon as usize, workers));
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
		kind: Nets,
		nets: &[&Net],
		batches: &Batches,
		values: &wgpu::Buffer,
		workers: u32,
	) -> Result<Vec<Vec<u32>>, GpuError> {
		use wgpu::BufferUsages as Usage;
		let horizon = batches.arguments.horizon as usize;
		let mut image = Image::default();
		nets.iter().for_each(|net| image.push_net(net, horizon, workers));
		let order: Vec<u32> = (0..image.candidates.len() as u32).collect();
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
		let macs = nets.iter().map(|net| net.macs()).max().unwrap_or(1).max(1) as f64 * windows as f64;
		let together = ((TARGET * self.pace() / macs) as usize).clamp(1, nets.len());
		for first in (0..nets.len()).step_by(together) {
			let count = together.min(nets.len() - first) as u32;
			let dispatch = Dispatch {
				kernel: Kernel::Score,
				nets: kind,
				workgroups: count * workers,
				arguments: Arguments { first: first as u32 * workers, count: workers, ..batches.arguments },
			};
			let submission = self.submit(&group, &arguments, &[dispatch])?;
			self.wait(submission)?;
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

/// Whether differences from the last value known fit what a device takes.
fn is_narrow(past: &[i32], future: &[i32]) -> bool {
	let last = past.last().copied().unwrap_or(0);
	past.iter().chain(future).all(|value| value.abs_diff(last) < NARROW)
}

/// Whether a net is dense or a cell and leads from a window of one channel to the horizon.
fn fits(net: &Net, history: usize, horizon: usize) -> bool {
	let widths = net.layers.iter().map(|layer| (layer.inputs, layer.outputs));
	let path = net.skip.iter().map(|path| (path.inputs, path.outputs));
	let leads = |from: u16, mut pairs: Box<dyn Iterator<Item = (u16, u16)> + '_>| {
		let end = pairs.try_fold(from, |inputs, pair| (pair.0 == inputs).then_some(pair.1));
		end.is_some_and(|outputs| usize::from(outputs) == horizon)
	};
	let filled = |layer: &doin_scoring::Layer| {
		layer.weights.len() == usize::from(layer.inputs) * usize::from(layer.outputs) && layer.bias.len() == layer.outputs.into()
	};
	// What the first layer reads, and the layers before it.
	let (inputs, before) = match &net.encoder {
		Encoder::None => (net.window, 0),
		Encoder::Lstm(cell) if cells::fits(Kind::Lstm, cell) => (cell.units(), 1),
		Encoder::Gru(cell) if cells::fits(Kind::Gru, cell) => (cell.units(), 1),
		_ => return false,
	};
	net.in_shifts.len() == 1
		&& (1..=history).contains(&net.window.into())
		&& before + net.layers.len() <= doin_scoring::model::MAX_DEPTH + 1
		&& (net.layers.len() >= before && (net.skip.is_some() || !net.layers.is_empty()))
		&& (net.skip.is_none() || leads(net.window, Box::new(path)))
		&& (net.layers.is_empty() || leads(inputs, Box::new(widths)))
		&& net.skip.iter().chain(&net.layers).all(filled)
}
