//! A population on several devices side by side.

use super::{
	adapter::{adapters, Selection},
	device::Gpu,
	wave::macs,
	GpuError,
};
use crate::{
	population::{Candidate, Trained},
	Error, TrainingSet,
};
use std::{
	cmp::Reverse,
	sync::{
		atomic::{AtomicBool, Ordering},
		Mutex, MutexGuard, PoisonError,
	},
	thread,
};

/// Devices that share a population.
#[derive(Debug, Default)]
pub struct Devices(Vec<Gpu>);

/// Candidates that wait, the cheapest last, and those that no device trains.
struct Queue {
	waiting: Vec<usize>,
	left: Vec<usize>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Devices {
	/// Opens what `selection` chooses of all adapters. With [`Selection::Auto`], a device that cannot be used is passed over with a
	/// warning; one that was asked for is an error.
	pub fn open(selection: &Selection) -> Result<Self, GpuError> {
		if *selection == Selection::None {
			return Ok(Self::default());
		}
		let adapters = adapters();
		let mut gpus = Vec::new();
		for adapter in selection.choose(&adapters)? {
			match Gpu::open(adapter) {
				Ok(gpu) => gpus.push(gpu),
				Err(error) if *selection == Selection::Auto => tracing::warn!("{error}"),
				Err(error) => return Err(error),
			}
		}
		Ok(Self(gpus))
	}

	/// These devices.
	pub fn new(gpus: Vec<Gpu>) -> Self {
		Self(gpus)
	}

	/// All of them, also those that have failed.
	pub fn gpus(&self) -> &[Gpu] {
		&self.0
	}

	/// Those that have not failed.
	pub fn working(&self) -> impl Iterator<Item = &Gpu> {
		self.0.iter().filter(|gpu| gpu.fault().is_none())
	}

	/// Trains, admits and measures `candidates`, and hands each result to `each`, from any thread. Returns, in order, the numbers of those
	/// that no device has trained, because none supports them or none is left that works: nothing was handed over for them, and the caller trains them on
	/// the processor, with the same result. What a device leaves behind when it fails, the others take over.
	pub fn train(
		&self,
		data: &TrainingSet,
		candidates: &[Candidate],
		stop: &AtomicBool,
		each: impl Fn(usize, Result<Trained, Error>) + Sync,
	) -> Vec<usize> {
		let mut waiting: Vec<usize> = (0..candidates.len()).collect();
		waiting.sort_by_cached_key(|number| (Reverse(macs(&candidates[*number], data) as u64), *number));
		let queue = Mutex::new(Queue { waiting, left: Vec::new() });
		loop {
			let working: Vec<&Gpu> = self.working().collect();
			if working.is_empty() || lock(&queue).waiting.is_empty() {
				break;
			}
			thread::scope(|scope| {
				for gpu in &working {
					scope.spawn(|| work(gpu, working.len(), &queue, data, candidates, stop, &each));
				}
			});
		}
		let Queue { mut waiting, mut left } = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
		left.append(&mut waiting);
		left.sort_unstable();
		left
	}
}

/// Takes candidates from the queue until it is empty or the device fails.
fn work(
	gpu: &Gpu,
	devices: usize,
	queue: &Mutex<Queue>,
	data: &TrainingSet,
	candidates: &[Candidate],
	stop: &AtomicBool,
	each: &(impl Fn(usize, Result<Trained, Error>) + Sync),
) {
	while gpu.fault().is_none() {
		let share: Vec<usize> = {
			let mut queue = lock(queue);
			// No more than its part, as another device may be faster.
			let most = queue.waiting.len().div_ceil(devices);
			let count = gpu.wave(data, candidates, &queue.waiting).min(most);
			queue.waiting.drain(..count).collect()
		};
		if share.is_empty() {
			break;
		}
		let nets = Mutex::new(Vec::with_capacity(share.len()));
		gpu.train_some(data, candidates, &share, stop, &|number, result| match result {
			Err(Error::Gpu(GpuError::Unsupported(_))) => lock(queue).left.push(number),
			Err(Error::Gpu(error)) => {
				if !stop.load(Ordering::Relaxed) {
					tracing::warn!("{error}; candidate {number} is trained elsewhere");
				}
				lock(queue).waiting.push(number);
			}
			result => lock(&nets).push((number, result)),
		});
		let nets = nets.into_inner().unwrap_or_else(PoisonError::into_inner);
		let (numbers, nets): (Vec<usize>, Vec<_>) =
			nets.into_iter().map(|(number, net)| (number, (candidates[number], net))).unzip();
		numbers.into_iter().zip(gpu.judge(data, nets)).for_each(|(number, trained)| each(number, trained));
	}
}
