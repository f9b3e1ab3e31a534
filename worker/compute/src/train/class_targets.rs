//! Targets of classification: the class of each window, the gradient of the loss, and the number of wrong predictions.
//!
//! A net predicts the class with the highest score. The loss is the multi-class hinge loss of Crammer & Singer, "On the
//! algorithmic implementation of multiclass kernel-based vector machines" (2001): where the score of the actual class does not
//! exceed every other score by [`MARGIN`], it has a gradient of minus one unit, and the highest of the other scores a gradient of
//! one unit.

use doin_kernels::{
	layout::{batch_rows, row_value, BatchTiles, Block, GradientGroups, LayerSums, BATCH},
	ops::loss::UNIT_GRADIENT,
};
use doin_scoring::{math::round_shift_i32, model::OUT_FRAC, score::class_of_change};

/// Margin by which the score of the actual class should exceed every other score, in units of an output.
const MARGIN: i64 = 1 << 11;

/// The classes of a batch.
pub struct ClassTargets {
	/// Bounds between classes, in raw units.
	bounds: Vec<i32>,
	/// Number of classes.
	count: usize,
	/// Actual class of each window.
	actual: Box<[u8; BATCH]>,
	/// Scores of a linear skip beside the net; empty without one.
	skip: Vec<Block>,
}

impl ClassTargets {
	/// Returns targets of `count` classes between `bounds`, for a net without a linear skip.
	pub fn new(bounds: &[i32], count: usize) -> Self {
		Self { bounds: bounds.to_vec(), count, actual: Box::new([0; BATCH]), skip: Vec::new() }
	}

	/// Returns targets of `count` classes between `bounds`, for a net beside a linear skip.
	pub fn beside_skip(bounds: &[i32], count: usize) -> Self {
		Self { skip: batch_rows(count), ..Self::new(bounds, count) }
	}

	/// Sets the classes of a batch, and the scores of the linear skip. The changes that decide the classes are in units of
	/// 2^−OUT_FRAC; they are read from `exact` if it has any, from the first row of `changes` otherwise.
	pub fn set(&mut self, changes: &[Block], exact: &[i64], skip: Option<LayerSums>) {
		for (sample, actual) in self.actual.iter_mut().enumerate() {
			let change = exact.get(sample).copied().unwrap_or_else(|| i64::from(row_value(changes, 0, sample)));
			*actual = class_of_change(&self.bounds, change >> OUT_FRAC) as u8;
		}
		if let Some(LayerSums { sums, shift }) = skip {
			for (to, sums) in self.skip.iter_mut().zip(sums) {
				to.0.iter_mut().zip(sums.0).for_each(|(to, sum)| *to = round_shift_i32(sum, shift));
			}
		}
	}

	/// Returns the score of a class for a window, linear skip included.
	fn score(&self, net: LayerSums, class: usize, sample: usize) -> i64 {
		let skip = if self.skip.is_empty() { 0 } else { row_value(&self.skip, class, sample) };
		i64::from(net.output(class, sample)) + i64::from(skip)
	}

	/// Computes the gradient of the loss with respect to the outputs of a net.
	pub fn gradient(&self, net: LayerSums, tiles: &mut BatchTiles, groups: &mut GradientGroups) {
		for sample in 0..BATCH {
			let actual = usize::from(self.actual[sample]);
			let score = |class: &usize| self.score(net, *class, sample);
			let others = (0..self.count).filter(|class| *class != actual);
			// The first of several highest scores, as in every other prediction.
			let rival = others.rev().max_by_key(score).unwrap_or(actual);
			let separated = rival == actual || score(&actual) >= score(&rival) + MARGIN;
			for class in 0..self.count {
				let gradient = match class {
					_ if separated => 0,
					_ if class == actual => -UNIT_GRADIENT,
					_ if class == rival => UNIT_GRADIENT,
					_ => 0,
				};
				tiles.set(class, sample, gradient as i16);
				groups.set(class, sample, gradient as i16);
			}
		}
	}

	/// Returns the number of the first `count` windows whose actual class does not have the highest score.
	pub fn count_errors(&self, net: LayerSums, count: usize) -> u64 {
		let wrong = |sample: &usize| {
			let score = |class: &usize| self.score(net, *class, *sample);
			(0..self.count).rev().max_by_key(score) != Some(self.actual[*sample].into())
		};
		(0..count).filter(wrong).count() as u64
	}
}
