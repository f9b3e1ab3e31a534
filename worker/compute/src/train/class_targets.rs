//! Targets of classification: the class of each window, the gradient of the loss, and the number of wrong predictions.
//!
//! The loss is the multi-class [hinge loss](doin_kernels::ops::classes) with a margin of [`MARGIN`].

use doin_kernels::{
	layout::{batch_rows, BatchTiles, Block, GradientGroups, LayerSums, BATCH_BLOCKS, LANES},
	ops::classes::{BatchClasses, ClassErrors, ClassScores, ClassesOfChanges, HingeGradient},
	Backend,
};
use doin_scoring::{math::round_shift_i32, model::OUT_FRAC, score::class_of_change};

/// Margin by which the score of the actual class should exceed every other score, in units of an output.
const MARGIN: i32 = 1 << 11;

/// The classes of a batch.
pub struct ClassTargets {
	/// Bounds between classes, in raw units.
	bounds: Vec<i32>,
	/// Number of classes, at least two.
	count: usize,
	/// Actual class of each window.
	actual: Box<BatchClasses>,
	/// Scores of a linear skip beside the net; empty without one.
	skip: Vec<Block>,
}

impl ClassTargets {
	/// Returns targets of `count` classes between `bounds`, for a net without a linear skip.
	pub fn new(bounds: &[i32], count: usize) -> Self {
		Self { bounds: bounds.to_vec(), count, actual: Box::new([Block::ZERO; BATCH_BLOCKS]), skip: Vec::new() }
	}

	/// Returns targets of `count` classes between `bounds`, for a net beside a linear skip.
	pub fn beside_skip(bounds: &[i32], count: usize) -> Self {
		Self { skip: batch_rows(count), ..Self::new(bounds, count) }
	}

	/// Sets the classes of a batch, and the scores of the linear skip. The changes that decide the classes are in units of
	/// 2^−OUT_FRAC; they are read from `exact` if it has any, from the first row of `changes` otherwise.
	pub fn set(&mut self, backend: Backend, changes: &[Block], exact: &[i64], skip: Option<LayerSums>) {
		if exact.is_empty() {
			backend.run(ClassesOfChanges { bounds: &self.bounds, changes, classes: &mut self.actual });
		}
		for (sample, change) in exact.iter().enumerate().take(BATCH_BLOCKS * LANES) {
			self.actual[sample / LANES].0[sample % LANES] = class_of_change(&self.bounds, change >> OUT_FRAC) as i32;
		}
		if let Some(LayerSums { sums, shift }) = skip {
			for (to, sums) in self.skip.iter_mut().zip(sums) {
				to.0.iter_mut().zip(sums.0).for_each(|(to, sum)| *to = round_shift_i32(sum, shift));
			}
		}
	}

	/// Returns the scores of a net, linear skip included.
	fn scores<'a>(&'a self, LayerSums { sums, shift }: LayerSums<'a>) -> ClassScores<'a> {
		ClassScores { sums, shift, skip: &self.skip, classes: self.count }
	}

	/// Computes the gradient of the loss with respect to the outputs of a net.
	pub fn gradient(&self, backend: Backend, net: LayerSums, tiles: &mut BatchTiles, groups: &mut GradientGroups) {
		backend.run(HingeGradient { scores: self.scores(net), actual: &self.actual, margin: MARGIN, tiles, groups });
	}

	/// Returns the number of the first `count` windows whose actual class does not have the highest score.
	pub fn count_errors(&self, backend: Backend, net: LayerSums, count: usize) -> u64 {
		backend.run(ClassErrors { scores: self.scores(net), actual: &self.actual, count })
	}
}
