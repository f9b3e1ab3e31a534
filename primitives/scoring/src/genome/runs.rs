//! Training runs that score genomes, as the record of a domain holds them.

use crate::{
	program::CHUNKS,
	rows::{CENTRE, CLASSES, ROW_SHIFTS},
};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::RangeInclusive;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Maximum number of features of a sample.
pub const MAX_RUN_FEATURES: u16 = 256;
/// Maximum number of hidden layers of the net.
pub const MAX_HIDDEN_LAYERS: u32 = 2;
/// Maximum number of neurons of a hidden layer.
pub const MAX_HIDDEN_WIDTH: u16 = 128;
/// Maximum number of samples of a batch.
pub const MAX_RUN_BATCH: u16 = 64;
/// Maximum number of samples of the domain, and of a run.
pub const MAX_SAMPLES: u32 = 1 << 14;
/// Maximum number of samples that a run validates on.
pub const MAX_RUN_VALIDATION: u16 = 1_024;
/// Admitted numbers of steps of a run.
pub const RUN_STEPS: RangeInclusive<u16> = 1..=1_024;
/// Largest binary logarithm of the first rate, in units of 2⁻²⁰.
pub const MAX_RUN_RATE: u8 = 14;
/// Strongest decay.
pub const MAX_RUN_DECAY: u8 = 8;

/// Mistakes of a dense net that is trained with a genome as its loss.
///
/// Chunk i of a draw is one run: the seed draws the first weights, the samples that train and those that validate, and the batches;
/// the net is trained for `steps` steps, and the sum of the chunk is 2^OUT_FRAC per validation sample whose class has not the
/// highest score. A sample is one byte per feature, then a byte with the class. All samples are published.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainingRuns {
	/// Features of a sample, 1..=[`MAX_RUN_FEATURES`].
	pub features: u16,
	/// Classes, in [`CLASSES`].
	pub classes: u8,
	/// Power of two from a centred byte to an activation, in [`ROW_SHIFTS`].
	pub shift: u8,
	/// Neurons of each hidden layer, 1..=[`MAX_HIDDEN_WIDTH`].
	pub hidden: BoundedVec<u16, ConstU32<MAX_HIDDEN_LAYERS>>,
	/// Samples that a run trains on, at least a batch.
	pub training: u16,
	/// Samples that a run validates on, 1..=[`MAX_RUN_VALIDATION`].
	pub validation: u16,
	/// Samples of a batch, 1..=[`MAX_RUN_BATCH`].
	pub batch: u16,
	/// Steps of a run, in [`RUN_STEPS`].
	pub steps: u16,
	/// Binary logarithm of the first learning rate in units of 2⁻²⁰, at most [`MAX_RUN_RATE`].
	pub rate: u8,
	/// Strength of the decay of weights, at most [`MAX_RUN_DECAY`].
	pub decay: u8,
	/// Number of runs of a draw, in [`CHUNKS`].
	pub chunks: u16,
}

/// Reason for which a program of training runs, or samples for it, are rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum RunError {
	/// The number of features lies outside 1..=256.
	Features,
	/// The number of classes lies outside 2..=64.
	Classes,
	/// The shift of the inputs lies outside 0..=4.
	Shift,
	/// A hidden layer has no neuron, or more than 128.
	Hidden,
	/// The number of training samples is below a batch, that of validation samples outside 1..=1024, or both exceed the samples of
	/// the domain.
	Samples,
	/// A batch has no sample, or more than 64.
	Batch,
	/// The number of steps lies outside 1..=1024.
	Steps,
	/// The rate exceeds 14, or the decay 8.
	Rate,
	/// The number of chunks lies outside 32..=256.
	Chunks,
	/// The bytes are not whole samples.
	Length,
	/// A class is not below the number of classes.
	Label,
	/// All samples have one class.
	OneClass,
	/// A run costs more than a chunk of the largest size class, or the limits do not admit the built-in genomes.
	Cost,
	/// The samples have more bytes than a chunk reads.
	TooManyBytes,
}

impl TrainingRuns {
	/// Checks that every number lies in its range.
	///
	/// # Errors
	///
	/// Fails with the first fault found: features, classes, shift, hidden layers, batch, samples, steps, rate, then chunks.
	pub fn check(&self) -> Result<(), RunError> {
		ensure((1..=MAX_RUN_FEATURES).contains(&self.features), RunError::Features)?;
		ensure(CLASSES.contains(&self.classes), RunError::Classes)?;
		ensure(i8::try_from(self.shift).is_ok_and(|shift| ROW_SHIFTS.contains(&shift)), RunError::Shift)?;
		ensure(self.hidden.iter().all(|width| (1..=MAX_HIDDEN_WIDTH).contains(width)), RunError::Hidden)?;
		ensure((1..=MAX_RUN_BATCH).contains(&self.batch), RunError::Batch)?;
		ensure(self.training >= self.batch && (1..=MAX_RUN_VALIDATION).contains(&self.validation), RunError::Samples)?;
		ensure(RUN_STEPS.contains(&self.steps), RunError::Steps)?;
		ensure(self.rate <= MAX_RUN_RATE && self.decay <= MAX_RUN_DECAY, RunError::Rate)?;
		ensure(CHUNKS.contains(&self.chunks), RunError::Chunks)
	}

	/// Checks that `bytes` bytes are whole samples, as many as a run needs.
	///
	/// # Errors
	///
	/// Fails with [`RunError::Length`] for a part of a sample, and with [`RunError::Samples`] for too few or too many.
	pub fn check_samples(&self, bytes: u32) -> Result<(), RunError> {
		let sample = u32::try_from(self.sample_bytes()).unwrap_or(u32::MAX);
		ensure(bytes.checked_rem(sample) == Some(0), RunError::Length)?;
		let samples = bytes.checked_div(sample).unwrap_or(0);
		ensure((self.run_samples()..=MAX_SAMPLES).contains(&samples), RunError::Samples)
	}

	/// Checks the class of every sample of `bytes`, and that there is more than one.
	///
	/// # Errors
	///
	/// Fails with [`RunError::Length`] for a part of a sample, with [`RunError::Label`] for a class out of its range, and with
	/// [`RunError::OneClass`] if all classes are equal.
	pub fn check_labels(&self, bytes: &[u8]) -> Result<(), RunError> {
		ensure(bytes.len().checked_rem(self.sample_bytes()) == Some(0), RunError::Length)?;
		let mut classes = bytes.chunks_exact(self.sample_bytes()).filter_map(|sample| sample.last().copied());
		let Some(first) = classes.next() else { return Err(RunError::Samples) };
		ensure(first < self.classes, RunError::Label)?;
		let mut varies = false;
		for class in classes {
			ensure(class < self.classes, RunError::Label)?;
			varies |= class != first;
		}
		ensure(varies, RunError::OneClass)
	}

	/// Returns the number of bytes of a sample: features and class.
	pub fn sample_bytes(&self) -> usize {
		usize::from(self.features).saturating_add(1)
	}

	/// Returns the number of samples that a run uses.
	pub fn run_samples(&self) -> u32 {
		u32::from(self.training).saturating_add(self.validation.into())
	}

	/// Returns the cost per entry of the batch of the most expensive built-in genome, in multiply-accumulates.
	pub fn baseline_cost(&self) -> u64 {
		let costs = super::library::baselines().map(|(_, genome)| genome.entry_cost(self.batch, self.classes.into()));
		costs.into_iter().max().unwrap_or(0)
	}

	/// Computes the activation of a feature: `clamp((byte − 128) · 2^shift, ±2047)`.
	#[inline(always)]
	pub fn activation(&self, byte: u8) -> i16 {
		// At most 2¹¹ in absolute value for an admitted shift.
		let scaled = i32::from(byte).wrapping_sub(CENTRE.into()).wrapping_shl(self.shift.into());
		scaled.max(crate::model::MAX_ACT.wrapping_neg()).min(crate::model::MAX_ACT) as i16
	}
}

/// Returns `Ok` if `condition` holds, and `error` otherwise.
fn ensure(condition: bool, error: RunError) -> Result<(), RunError> {
	condition.then_some(()).ok_or(error)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn digits() -> TrainingRuns {
		TrainingRuns {
			features: 64,
			classes: 10,
			shift: 4,
			hidden: BoundedVec::truncate_from(alloc::vec![32]),
			training: 256,
			validation: 128,
			batch: 32,
			steps: 48,
			rate: 12,
			decay: 0,
			chunks: 32,
		}
	}

	#[test]
	fn programs_out_of_range_are_refused_by_name() {
		let refused = |change: &dyn Fn(&mut TrainingRuns)| {
			let mut runs = digits();
			change(&mut runs);
			runs.check().err()
		};
		assert_eq!(refused(&|_| {}), None);
		assert_eq!(refused(&|runs| runs.features = 0), Some(RunError::Features));
		assert_eq!(refused(&|runs| runs.features = 257), Some(RunError::Features));
		assert_eq!(refused(&|runs| runs.classes = 1), Some(RunError::Classes));
		assert_eq!(refused(&|runs| runs.classes = 65), Some(RunError::Classes));
		assert_eq!(refused(&|runs| runs.shift = 5), Some(RunError::Shift));
		assert_eq!(refused(&|runs| runs.shift = 255), Some(RunError::Shift));
		assert_eq!(refused(&|runs| runs.hidden = BoundedVec::truncate_from(alloc::vec![32, 0])), Some(RunError::Hidden));
		assert_eq!(refused(&|runs| runs.hidden = BoundedVec::truncate_from(alloc::vec![129])), Some(RunError::Hidden));
		assert_eq!(refused(&|runs| runs.batch = 0), Some(RunError::Batch));
		assert_eq!(refused(&|runs| runs.batch = 65), Some(RunError::Batch));
		assert_eq!(refused(&|runs| runs.training = 31), Some(RunError::Samples));
		assert_eq!(refused(&|runs| runs.validation = 0), Some(RunError::Samples));
		assert_eq!(refused(&|runs| runs.validation = 1_025), Some(RunError::Samples));
		assert_eq!(refused(&|runs| runs.steps = 0), Some(RunError::Steps));
		assert_eq!(refused(&|runs| runs.rate = 15), Some(RunError::Rate));
		assert_eq!(refused(&|runs| runs.decay = 9), Some(RunError::Rate));
		assert_eq!(refused(&|runs| runs.chunks = 31), Some(RunError::Chunks));
	}

	#[test]
	fn samples_that_do_not_fit_are_refused_by_name() {
		let runs = TrainingRuns { features: 2, training: 32, validation: 1, ..digits() };
		assert_eq!(runs.check_samples(3 * 33), Ok(()));
		assert_eq!(runs.check_samples(3 * 33 + 1), Err(RunError::Length));
		assert_eq!(runs.check_samples(3 * 32), Err(RunError::Samples));
		assert_eq!(runs.check_samples(3 * (MAX_SAMPLES + 1)), Err(RunError::Samples));
		assert_eq!(runs.check_labels(&[7, 7, 0, 7, 7, 9]), Ok(()));
		assert_eq!(runs.check_labels(&[7, 7, 0, 7, 7]), Err(RunError::Length));
		assert_eq!(runs.check_labels(&[7, 7, 0, 7, 7, 10]), Err(RunError::Label));
		assert_eq!(runs.check_labels(&[7, 7, 3, 8, 8, 3]), Err(RunError::OneClass));
		assert_eq!(runs.check_labels(&[]), Err(RunError::Samples));
		assert_eq!([0, 128, 255].map(|byte| runs.activation(byte)), [-2_047, 0, 2_032]);
	}
}
