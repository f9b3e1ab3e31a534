//! Training of brackets, epoch by epoch, so that some candidates end while others continue: on the CPU or on a device, with the
//! same nets and the same decisions.

use super::Control;
use crate::{
	gpu::GpuBatch,
	train::{
		candidate::Candidate,
		dataset::Dataset,
		ridge::LinearModel,
		stopping::{EpochError, StopSignal, StoppingRule, Survivors},
		trainer::Trainer,
	},
	Error,
};
use doin_scoring::Net;
use rayon::prelude::*;
use std::{sync::Arc, time::Instant};

/// Candidates that are trained side by side, one epoch at a time.
pub(super) trait EpochTrainer {
	/// Evaluates the candidates with a linear skip before their first epoch.
	fn record_initial_errors(&mut self, stop: &dyn StopSignal) -> Result<(), Error>;

	/// Trains the candidates with these indices for an epoch; all others have ended.
	fn train_epoch(&mut self, indices: &[usize], stop: &dyn StopSignal) -> Result<(), Error>;

	/// Returns the last error of each candidate on the early-stopping set.
	fn errors(&mut self) -> Result<Vec<u128>, Error>;

	/// Returns the best net of each candidate, before [`Candidate::with_blend`].
	fn nets(self: Box<Self>) -> Result<Vec<Net>, Error>;
}

/// Candidates in training on the current thread pool.
pub(super) struct CpuBatch<'a> {
	trainers: Vec<Box<dyn Trainer + 'a>>,
	errors: Vec<u128>,
}

impl<'a> CpuBatch<'a> {
	/// Returns `candidates` before their first epoch, beside their linear skips.
	pub fn new(data: &'a Dataset, candidates: &[Candidate], skips: &'a [Option<Arc<LinearModel>>]) -> Self {
		let both = candidates.par_iter().zip(skips);
		let trainers: Vec<_> = both.map(|(candidate, skip)| candidate.trainer(data, skip.as_deref())).collect();
		Self { errors: vec![u128::MAX; trainers.len()], trainers }
	}
}

impl EpochTrainer for CpuBatch<'_> {
	fn record_initial_errors(&mut self, _: &dyn StopSignal) -> Result<(), Error> {
		let all = self.trainers.par_iter_mut().zip(&mut self.errors).with_max_len(1);
		all.for_each(|(trainer, error)| *error = trainer.initial_error().unwrap_or(u128::MAX));
		Ok(())
	}

	fn train_epoch(&mut self, indices: &[usize], stop: &dyn StopSignal) -> Result<(), Error> {
		let chosen = flags(indices, self.trainers.len());
		let all = self.trainers.par_iter_mut().zip(&mut self.errors).zip(chosen).with_max_len(1);
		all.filter(|(_, chosen)| *chosen).try_for_each(|((trainer, error), _)| {
			*error = trainer.train_epoch(stop)?;
			Ok(())
		})
	}

	fn errors(&mut self) -> Result<Vec<u128>, Error> {
		Ok(self.errors.clone())
	}

	fn nets(self: Box<Self>) -> Result<Vec<Net>, Error> {
		Ok(self.trainers.iter().map(|trainer| trainer.best_net()).collect())
	}
}

impl EpochTrainer for GpuBatch<'_> {
	fn record_initial_errors(&mut self, stop: &dyn StopSignal) -> Result<(), Error> {
		Ok(GpuBatch::record_initial_errors(self, stop)?)
	}

	fn train_epoch(&mut self, indices: &[usize], stop: &dyn StopSignal) -> Result<(), Error> {
		let chosen = flags(indices, self.size());
		self.retain(|at| chosen[at as usize])?;
		self.advance(1, stop)
	}

	fn errors(&mut self) -> Result<Vec<u128>, Error> {
		Ok(GpuBatch::errors(self)?.into_iter().map(|error| error.last).collect())
	}

	fn nets(self: Box<Self>) -> Result<Vec<Net>, Error> {
		Ok(GpuBatch::nets(*self)?)
	}
}

/// Returns `count` flags, `true` at `indices`.
fn flags(indices: &[usize], count: usize) -> Vec<bool> {
	let mut flags = vec![false; count];
	indices.iter().for_each(|at| flags[*at] = true);
	flags
}

/// The best net of a candidate, before [`Candidate::with_blend`].
pub(super) struct TrainedNet {
	/// The net.
	pub net: Net,
	/// Its learning curve.
	pub errors: Vec<EpochError>,
	/// Time until the candidate ended, seconds.
	pub seconds: f64,
}

/// Trains brackets side by side to their ends: `candidates` in brackets of `sizes`. If they are stopped in a later epoch than the
/// first and `control.keep_unfinished` is set, they end there.
pub(super) fn train_brackets(
	mut trainer: Box<dyn EpochTrainer + '_>,
	candidates: &[Candidate],
	sizes: &[usize],
	rule: StoppingRule,
	control: &Control,
) -> Result<Vec<TrainedNet>, Error> {
	let started = Instant::now();
	let mut curves = vec![Vec::new(); candidates.len()];
	let mut seconds = vec![0.0; candidates.len()];
	let mut survivors = Survivors::new(rule, candidates.iter().map(|candidate| candidate.epochs).collect(), sizes);
	trainer.record_initial_errors(control.stop)?;
	let initial = trainer.errors()?;
	for at in (0..candidates.len()).filter(|at| candidates[*at].trains_with_skip()) {
		curves[at].push(EpochError { epoch: 0, error: initial[at] });
		survivors.record_initial(at, initial[at]);
	}
	let mut epoch = 0;
	while !survivors.active().is_empty() {
		epoch += 1;
		match trainer.train_epoch(survivors.active(), control.stop) {
			Err(Error::Stopped) if control.keep_unfinished && epoch > 1 => {
				// Some candidates have finished the epoch that others have not.
				let errors = trainer.errors()?;
				for at in survivors.active().iter().copied() {
					if curves[at].last().is_some_and(|last| last.error != errors[at]) {
						curves[at].push(EpochError { epoch, error: errors[at] });
					}
				}
				break;
			}
			trained => trained?,
		}
		let errors = trainer.errors()?;
		for at in survivors.active().iter().copied() {
			curves[at].push(EpochError { epoch, error: errors[at] });
			seconds[at] = started.elapsed().as_secs_f64();
			control.observer.epoch(errors[at]);
		}
		survivors.record_epoch(epoch, &errors);
	}
	let nets = trainer.nets()?.into_iter().zip(curves).zip(seconds);
	Ok(nets.map(|((net, errors), seconds)| TrainedNet { net, errors, seconds }).collect())
}
