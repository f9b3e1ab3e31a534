//! Populations on one device.

use super::{
	device::Gpu,
	layout::Room,
	plan::Plan,
	wave::{macs, words, Loaded, Wave, TARGET},
	GpuError,
};
use crate::{
	population::{Candidate, BITS},
	Error, TrainingSet,
};
use doin_scoring::Net;
use std::{
	cmp::Reverse,
	sync::atomic::{AtomicBool, Ordering},
};

/// Seconds that one step of a wave may take.
const STEP: f64 = 2.0 * TARGET;
/// Candidates of a wave at most: several for every core of the largest devices.
const WIDEST: usize = 4_096;
/// A budget below which a device is given up when memory runs out.
const LEAST_BUDGET: u64 = 1 << 20;

impl Gpu {
	/// Whether the device trains `candidate`, which has passed its [check](Candidate::check): values must differ by less than 2²⁶, and
	/// everything must fit its buffers. There is nothing to train in a candidate without hidden layers.
	pub fn supports(&self, data: &TrainingSet, candidate: &Candidate) -> Result<(), GpuError> {
		self.takes(data)?;
		let unsupported = |what| Err(GpuError::Unsupported(what));
		if candidate.is_linear() {
			return unsupported("linear models");
		}
		let plan = plan(data, candidate);
		if plan.step_turns(self.size(plan.form())) > self.turns {
			return unsupported("nets whose steps a device in software would cut short");
		}
		if candidate.bits != BITS {
			return unsupported("nets in 8 bits");
		}
		if !Room::of(&plan, candidate.has_path()).fits(self.budget()) {
			return unsupported("nets that do not fit a buffer of the device");
		}
		Ok(())
	}

	/// Which of `groups`, at most so many of the first, the device trains all at once: none that has a candidate which it does not support.
	pub fn holds(&self, data: &TrainingSet, groups: impl Iterator<Item = Vec<Candidate>>, most: usize) -> Vec<bool> {
		let widest = WIDEST.min(self.limits.max_compute_workgroups_per_dimension as usize);
		let (mut room, mut count, mut taken) = (Room::default(), 0, 0);
		let hold = |group: Vec<Candidate>| {
			let rooms = group.iter().map(|candidate| Room::of(&plan(data, candidate), candidate.has_path()));
			let (all, wide) = (rooms.fold(room, Room::plus), count + group.len());
			let held = taken < most && wide <= widest && all.fits(self.budget());
			let held = held && group.iter().all(|candidate| self.supports(data, candidate).is_ok());
			if held {
				(room, count, taken) = (all, wide, taken + 1);
			}
			held
		};
		groups.map(hold).collect()
	}

	/// Whether the device trains on `data` at all.
	pub(super) fn takes(&self, data: &TrainingSet) -> Result<(), GpuError> {
		if !data.narrow() {
			return Err(GpuError::Unsupported("series whose values differ by 2^26 or more"));
		}
		if 4 * words(data) as u64 > self.limits.max_storage_buffer_binding_size {
			return Err(GpuError::Unsupported("series that do not fit a buffer of the device"));
		}
		Ok(())
	}

	/// Trains those of `candidates` that `numbers` names, and hands each result to `each` together with its number, wave by wave. A net
	/// is bit by bit that of [`Candidate::train`]; what the device does not train, or does not finish because it fails, comes as
	/// [`Error::Gpu`].
	pub fn train_some(
		&self,
		data: &TrainingSet,
		candidates: &[Candidate],
		numbers: &[usize],
		stop: &AtomicBool,
		each: &(dyn Fn(usize, Result<Net, Error>) + Sync),
	) {
		let mut waiting = Vec::with_capacity(numbers.len());
		for number in numbers {
			let candidate = &candidates[*number];
			let usable = candidate.check(data).and_then(|()| Ok(self.supports(data, candidate)?));
			// A linear path that cannot be fitted concerns one candidate, not its wave.
			let usable = usable.and_then(|()| candidate.linear(data).map(drop));
			match usable {
				Ok(()) => waiting.push(*number),
				Err(error) => each(*number, Err(error)),
			}
		}
		// Candidates that cost about the same share a wave, as all wait for the slowest; the dearest come first.
		waiting.sort_by_cached_key(|number| (Reverse(macs(&candidates[*number], data) as u64), *number));
		let mut waiting = waiting.as_slice();
		let loaded = if waiting.is_empty() { return } else { Loaded::new(self, data) };
		let fail = |numbers: &[usize], error: Error| numbers.iter().for_each(|number| each(*number, Err(error.clone())));
		let loaded = match loaded {
			Ok(loaded) => loaded,
			Err(error) => return fail(waiting, error.into()),
		};
		while !waiting.is_empty() {
			if stop.load(Ordering::Relaxed) {
				return fail(waiting, Error::Stopped);
			}
			let (wave, rest) = waiting.split_at(self.wave(data, candidates, waiting));
			let chosen: Vec<Candidate> = wave.iter().map(|number| candidates[*number]).collect();
			match run_wave(&loaded, &chosen, stop) {
				Ok(nets) => {
					wave.iter().zip(nets).for_each(|(number, net)| each(*number, candidates[*number].complete(data, net)));
				}
				Err(Error::Gpu(GpuError::Memory { .. })) if self.budget() > LEAST_BUDGET && self.ran_out() => {
					self.save();
					// What has become too large for the device is said to be so.
					let (fits, not): (Vec<usize>, Vec<usize>) =
						waiting.iter().partition(|number| self.supports(data, &candidates[**number]).is_ok());
					fail(&not, GpuError::Unsupported("nets that do not fit the memory of the device").into());
					return self.train_some(data, candidates, &fits, stop, each);
				}
				Err(error @ Error::Gpu(_)) => return fail(waiting, error),
				Err(error) => fail(wave, error),
			}
			waiting = rest;
		}
	}

	/// [`Gpu::train_some`] of all `candidates`.
	pub fn train(
		&self,
		data: &TrainingSet,
		candidates: &[Candidate],
		stop: &AtomicBool,
		each: impl Fn(usize, Result<Net, Error>) + Sync,
	) {
		let numbers: Vec<usize> = (0..candidates.len()).collect();
		self.train_some(data, candidates, &numbers, stop, &each);
	}

	/// How many of `waiting` go into the next wave.
	pub(super) fn wave(&self, data: &TrainingSet, candidates: &[Candidate], waiting: &[usize]) -> usize {
		let most = WIDEST.min(self.limits.max_compute_workgroups_per_dimension as usize);
		let (mut all, mut cost, mut count) = (Room::default(), 0.0, 0);
		for number in waiting.iter().take(most) {
			let candidate = &candidates[*number];
			all = all.plus(Room::of(&plan(data, candidate), candidate.has_path()));
			cost += macs(candidate, data);
			if count > 0 && (!all.fits(self.budget()) || cost > STEP * self.pace()) {
				break;
			}
			count += 1;
		}
		count
	}
}

/// The plan of a candidate.
fn plan(data: &TrainingSet, candidate: &Candidate) -> Plan {
	Plan::of(candidate, data.channels(), data.task.program.outputs().into())
}

fn run_wave(loaded: &Loaded, candidates: &[Candidate], stop: &AtomicBool) -> Result<Vec<Net>, Error> {
	let mut wave = Wave::new(loaded, candidates)?;
	wave.advance(u32::MAX, stop)?;
	Ok(wave.nets()?)
}
