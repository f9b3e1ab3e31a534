//! Training many candidates on all cores.

use crate::{
	data::{Measure, TrainingSet},
	lion::MAX_RATE_SHIFT,
	mlp::{train, Schema},
	Error,
};
use doin_scoring::{
	model::{MAX_DEPTH, MAX_WIDTH},
	Model, Net,
};
use rayon::{prelude::*, ThreadPool, ThreadPoolBuilder};
use std::sync::{
	atomic::{AtomicBool, Ordering},
	Mutex, PoisonError,
};

/// Genes the trainer knows, for error messages and for whoever registers a domain.
pub const GENES: &str = "window, width, depth, rate, epochs, seed, skip";

/// One point of the search space, and with the data everything that its net depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
	/// Steps of history the net reads.
	pub window: u16,
	/// Neurons of a hidden layer.
	pub width: u16,
	/// Hidden layers; 0 for the linear model alone.
	pub depth: u8,
	/// The first learning rate is 2^(rate − 20).
	pub rate: u8,
	/// Passes over the training windows.
	pub epochs: u16,
	/// Seed of first weights and batches.
	pub seed: u64,
	/// Whether the net stands beside the linear model rather than in its place.
	pub skip: bool,
}

impl Default for Candidate {
	fn default() -> Self {
		Self {
			window: 1,
			width: 32,
			depth: 1,
			rate: 10,
			epochs: 12,
			seed: 0,
			skip: true,
		}
	}
}

/// A trained candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trained {
	/// What was trained.
	pub candidate: Candidate,
	/// Its net, which the domain admits.
	pub model: Model,
	/// Its error sums.
	pub measure: Measure,
	/// What a search minimises; 2²⁰ is the initial champion.
	pub fitness: u64,
}

impl Candidate {
	/// The candidate of named genes. A gene that is missing takes its default, and the window the whole history.
	pub fn from_genes<'a>(genes: impl IntoIterator<Item = (&'a str, i64)>, history: u16) -> Result<Self, Error> {
		let mut candidate = Self {
			window: history,
			..Self::default()
		};
		for (name, value) in genes {
			let within = |lo: i64, hi: i64| {
				let fits = (lo..=hi).contains(&value);
				fits.then_some(value).ok_or_else(|| Error::Gene {
					name: name.into(),
					value,
					lo,
					hi,
				})
			};
			match name {
				"window" => candidate.window = within(1, history.into())? as u16,
				"width" => candidate.width = within(1, MAX_WIDTH.into())? as u16,
				"depth" => candidate.depth = within(0, MAX_DEPTH as i64)? as u8,
				"rate" => candidate.rate = within(0, MAX_RATE_SHIFT.into())? as u8,
				"epochs" => candidate.epochs = within(1, 1000)? as u16,
				"seed" => candidate.seed = value as u64,
				"skip" => candidate.skip = within(0, 1)? == 1,
				_ => return Err(Error::UnknownGene(name.into(), GENES)),
			}
		}
		Ok(candidate)
	}

	/// Refuses what cannot be trained, or would not be admitted, before any time is spent on it.
	pub fn check(&self, data: &TrainingSet) -> Result<(), Error> {
		let program = &data.task.program;
		let within = |name: &str, value: i64, lo: i64, hi: i64| {
			let fits = (lo..=hi).contains(&value);
			fits.then_some(()).ok_or_else(|| Error::Gene {
				name: name.into(),
				value,
				lo,
				hi,
			})
		};
		within("window", self.window.into(), 1, program.history.into())?;
		within("depth", self.depth.into(), 0, MAX_DEPTH as i64)?;
		within("rate", self.rate.into(), 0, MAX_RATE_SHIFT.into())?;
		within("epochs", self.epochs.into(), 1, 1000)?;
		within("width", self.width.into(), 1, MAX_WIDTH.into())?;
		let (window, width, horizon) = (u64::from(self.window), u64::from(self.width), u64::from(program.horizon));
		let linear = window * horizon;
		let (mut macs, mut biases) = (0, 0);
		if self.depth > 0 {
			macs = window * width + width * width * (u64::from(self.depth) - 1) + width * horizon;
			biases = width * u64::from(self.depth) + horizon;
		}
		if self.skip || self.depth == 0 {
			macs += linear;
			biases += horizon;
		}
		if macs > data.task.limits.window_macs.into() {
			return Err(Error::Model(doin_scoring::ModelError::TooCostly));
		}
		if 2 * macs + 4 * biases > data.task.limits.model_bytes.into() {
			return Err(Error::Model(doin_scoring::ModelError::TooLarge));
		}
		Ok(())
	}

	/// Trains the candidate.
	pub fn train(&self, data: &TrainingSet, stop: &AtomicBool) -> Result<Net, Error> {
		self.check(data)?;
		if self.depth == 0 {
			return Ok(data.linear(self.window)?.net.clone());
		}
		let linear = if self.skip { Some(data.linear(self.window)?) } else { None };
		let Self {
			window,
			width,
			depth,
			rate,
			epochs,
			seed,
			..
		} = *self;
		train(
			data,
			&Schema {
				window,
				width,
				depth,
				rate,
				epochs,
				seed,
			},
			linear.as_deref(),
			stop,
		)
	}

	/// Trains, admits and measures the candidate.
	pub fn evaluate(&self, data: &TrainingSet, stop: &AtomicBool) -> Result<Trained, Error> {
		let model = Model::Net(self.train(data, stop)?);
		data.task.admit(&model)?;
		let measure = data.measure(&model);
		Ok(Trained {
			candidate: *self,
			fitness: data.fitness(&measure),
			model,
			measure,
		})
	}
}

/// A pool of `cores` threads.
pub fn pool(cores: usize) -> Result<ThreadPool, Error> {
	let cores = cores.max(1);
	ThreadPoolBuilder::new()
		.num_threads(cores)
		.build()
		.map_err(|error| Error::Threads(cores, error.to_string()))
}

/// Trains, admits and measures `candidates` on `cores` threads. Results are in the order of the candidates and do not depend on the
/// number of threads.
pub fn train_all(candidates: &[Candidate], data: &TrainingSet, cores: usize) -> Result<Vec<Result<Trained, Error>>, Error> {
	let results = Mutex::new(vec![Err(Error::Stopped); candidates.len()]);
	train_each(candidates, data, cores, &AtomicBool::new(false), |at, result| {
		results.lock().unwrap_or_else(PoisonError::into_inner)[at] = result;
	})?;
	Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The same, handing each result to `each` as soon as it is there, from any thread. Raising `stop` ends it within one training step;
/// what was not trained is handed over as [`Error::Stopped`].
pub fn train_each(
	candidates: &[Candidate],
	data: &TrainingSet,
	cores: usize,
	stop: &AtomicBool,
	each: impl Fn(usize, Result<Trained, Error>) + Sync,
) -> Result<(), Error> {
	pool(cores)?.install(|| {
		// Linear models first, each on all cores: candidates that share one would otherwise wait for it.
		let mut windows: Vec<u16> = candidates
			.iter()
			.filter(|c| (c.skip || c.depth == 0) && c.check(data).is_ok())
			.map(|c| c.window)
			.collect();
		windows.sort_unstable();
		windows.dedup();
		for window in windows {
			if !stop.load(Ordering::Relaxed) {
				// A failure comes back to whoever asks for the same model.
				data.linear(window).ok();
			}
		}
		candidates.par_iter().enumerate().with_max_len(1).for_each(|(at, candidate)| {
			let stopped = stop.load(Ordering::Relaxed);
			each(
				at,
				if stopped {
					Err(Error::Stopped)
				} else {
					candidate.evaluate(data, stop)
				},
			);
		});
	});
	Ok(())
}
