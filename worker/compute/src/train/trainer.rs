//! The loop that all families share: steps, epochs, and the best net.

use super::{
	candidate::{Candidate, OnEpoch},
	dataset::Dataset,
	ridge::LinearModel,
	stopping::{EpochError, StopSignal},
};
use crate::Error;
use doin_kernels::layout::BATCH;
use doin_scoring::Net;
use doin_training::LearningRate;
use std::ops::ControlFlow;

/// A net in training.
pub trait TrainableNet {
	/// Weights that forward passes read.
	type Weights;

	/// Makes one step on batch `number` with learning rate `rate`, in units of 2⁻²⁰.
	fn step(&mut self, number: u64, rate: i32);

	/// Computes the error on the early-stopping set; see
	/// [`Batches::early_stopping_error`](super::batches::Batches::early_stopping_error).
	fn error(&mut self) -> u128;

	/// Returns a copy of the current weights.
	fn weights(&self) -> Self::Weights;

	/// Replaces `kept` by the current weights, and allocates nothing.
	fn copy_weights(&self, kept: &mut Self::Weights);

	/// Returns the net with these weights.
	fn net(&self, weights: &Self::Weights) -> Net;
}

/// A training run, epoch by epoch. Its net is that of the epoch with the least error on the early-stopping set.
pub trait Trainer: Send {
	/// Computes the error before the first step, if the untrained net may be the best: if its outputs start at zero beside a
	/// linear skip. Returns `None` otherwise. Called once, before the first epoch.
	fn initial_error(&mut self) -> Option<u128>;

	/// Returns `true` if an epoch is left.
	fn has_epochs_left(&self) -> bool;

	/// Trains for one epoch and returns the error after it.
	///
	/// # Errors
	///
	/// Returns [`Error::Stopped`] if `stop` is set before a step.
	fn train_epoch(&mut self, stop: &dyn StopSignal) -> Result<u128, Error>;

	/// Returns the best net of all epochs so far.
	fn best_net(&self) -> Net;

	/// Trains to the end and returns the best net. `on_epoch` is called after every epoch and may end the training early.
	///
	/// # Errors
	///
	/// Returns [`Error::Stopped`] if `stop` is set before the end.
	fn train_to_end(&mut self, stop: &dyn StopSignal, on_epoch: &mut OnEpoch) -> Result<Net, Error> {
		let mut flow = self.initial_error().map_or(ControlFlow::Continue(()), |error| on_epoch(EpochError { epoch: 0, error }));
		let mut epoch = 0;
		while flow.is_continue() && self.has_epochs_left() {
			let error = self.train_epoch(stop)?;
			epoch += 1;
			flow = on_epoch(EpochError { epoch, error });
		}
		Ok(self.best_net())
	}
}

/// Outputs of a net before its first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialOutputs {
	/// Zero: the net starts as its linear skip alone, and may end as it.
	Zero,
	/// Random, from random weights of the last layer.
	Random,
}

impl InitialOutputs {
	/// Returns the outputs that a net beside `skip` starts with.
	pub fn beside(skip: Option<&LinearModel>) -> Self {
		match skip {
			Some(_) => Self::Zero,
			None => Self::Random,
		}
	}
}

/// The [`Trainer`] of any [`TrainableNet`].
pub struct TrainLoop<N: TrainableNet> {
	net: N,
	learning_rate: LearningRate,
	/// Steps of an epoch.
	steps: u32,
	/// Epochs of the whole run.
	epochs: u32,
	/// Epochs trained so far.
	trained: u32,
	initial_outputs: InitialOutputs,
	/// Least error so far.
	best_error: u128,
	/// Weights with that error.
	best_weights: N::Weights,
}

impl<N: TrainableNet> TrainLoop<N> {
	/// Returns the training of `net` with the genes of `candidate`.
	pub fn new(net: N, data: &Dataset, candidate: &Candidate, initial_outputs: InitialOutputs) -> Self {
		let (steps, epochs) = (steps_per_epoch(data), u32::from(candidate.epochs));
		Self {
			learning_rate: LearningRate::new(candidate.rate, steps * epochs),
			steps,
			epochs,
			trained: 0,
			initial_outputs,
			best_error: u128::MAX,
			best_weights: net.weights(),
			net,
		}
	}
}

impl<N: TrainableNet<Weights: Send> + Send> Trainer for TrainLoop<N> {
	fn initial_error(&mut self) -> Option<u128> {
		match self.initial_outputs {
			InitialOutputs::Random => None,
			InitialOutputs::Zero => {
				self.best_error = self.net.error();
				Some(self.best_error)
			}
		}
	}

	fn has_epochs_left(&self) -> bool {
		self.trained < self.epochs
	}

	fn train_epoch(&mut self, stop: &dyn StopSignal) -> Result<u128, Error> {
		for step in self.trained * self.steps..(self.trained + 1) * self.steps {
			if stop.is_set() {
				return Err(Error::Stopped);
			}
			self.net.step(step.into(), self.learning_rate.advance());
		}
		self.trained += 1;
		let error = self.net.error();
		if error < self.best_error {
			self.best_error = error;
			self.net.copy_weights(&mut self.best_weights);
		}
		Ok(error)
	}

	fn best_net(&self) -> Net {
		self.net.net(&self.best_weights)
	}
}

/// Returns the number of steps of an epoch: as many batches as the training windows fill, at least one.
pub fn steps_per_epoch(data: &Dataset) -> u32 {
	(data.training_window_count() / BATCH).max(1) as u32
}
