//! Classification: the classes of a batch, the gradient of the multi-class hinge loss, and the number of wrong predictions.
//!
//! A net outputs one score per class and predicts the class with the highest score, the first one on a tie. The loss is the hinge
//! loss of Crammer & Singer, "On the algorithmic implementation of multiclass kernel-based vector machines" (2001): where the
//! score of the actual class does not exceed that of its *rival*, the other class with the highest score, by a margin, the actual
//! class has a gradient of minus one unit, and the rival one of one unit.
//!
//! Scores have to fit `i32`, linear skip included; those of admitted nets do.

#![expect(clippy::needless_range_loop, reason = "rows and vectors are registers: their loops are unrolled by index")]

use super::loss::UNIT_GRADIENT;
use crate::{
	layout::{row_value, BatchTiles, Block, GradientGroups, BATCH, BATCH_BLOCKS, GROUP_BLOCKS, LANES, ROWS, TILE},
	simd::{SimdI32, SimdI8},
	Operation,
};
use doin_scoring::{math::round_shift_i32, model::OUT_FRAC, score::class_of_change};
use doin_training::loss;

/// Classes of a batch, one lane per sample.
pub type BatchClasses = [Block; BATCH_BLOCKS];

/// Computes the classes of changes: the number of bounds that each change reaches.
#[derive(Debug)]
pub struct ClassesOfChanges<'a> {
	/// Bounds between classes, in raw units, ascending.
	pub bounds: &'a [i32],
	/// Changes in 2^−OUT_FRAC raw units, as the first of some batch rows.
	pub changes: &'a [Block],
	/// Classes to write.
	pub classes: &'a mut BatchClasses,
}

impl Operation for ClassesOfChanges<'_> {
	type Output = ();

	fn reference(self) {
		let Self { bounds, changes, classes } = self;
		for (to, changes) in classes.iter_mut().zip(changes) {
			for (to, change) in to.0.iter_mut().zip(changes.0) {
				*to = class_of_change(bounds, i64::from(change >> OUT_FRAC)) as i32;
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { bounds, changes, classes } = self;
		classes_of_changes(s, bounds, changes, classes);
	}
}

/// Computes [`ClassesOfChanges`] on vectors.
#[inline(always)]
fn classes_of_changes<S: SimdI8>(s: S, bounds: &[i32], changes: &[Block], classes: &mut BatchClasses) {
	let one = s.splat(1);
	for (to, changes) in classes.iter_mut().zip(changes) {
		let change = s.shr(s.load(changes), OUT_FRAC);
		let mut class = s.splat(bounds.len() as i32);
		for bound in bounds {
			class = s.sub(class, s.select_gt(s.splat(*bound), change, one));
		}
		s.store(to, class);
	}
}

/// Scores of a batch.
#[derive(Clone, Copy, Debug)]
pub struct ClassScores<'a> {
	/// Accumulators of the last layer, as batch rows.
	pub sums: &'a [Block],
	/// Requantising shift of the last layer, in 1..=24 bits.
	pub shift: u32,
	/// Scores of a linear skip beside the net, as batch rows; empty without one.
	pub skip: &'a [Block],
	/// Number of classes, at least two.
	pub classes: usize,
}

impl ClassScores<'_> {
	/// Returns the score of a class for a sample.
	fn score(&self, class: usize, sample: usize) -> i64 {
		let skip = if self.skip.is_empty() { 0 } else { row_value(self.skip, class, sample) };
		i64::from(round_shift_i32(row_value(self.sums, class, sample), self.shift)) + i64::from(skip)
	}
}

/// The scores of one block of samples.
#[derive(Clone, Copy)]
struct Ranked<V> {
	/// Score of the actual class.
	own: V,
	/// Rival of the actual class.
	rival: V,
	/// Score of the rival.
	highest: V,
}

/// Returns `then` where `classes` has `class`, zero elsewhere.
#[inline(always)]
fn where_class<S: SimdI32>(s: S, classes: S::V, class: usize, then: S::V) -> S::V {
	let distance = s.abs(s.sub(classes, s.splat(class as i32)));
	s.select_gt(s.splat(1), distance, then)
}

/// Ranks the scores of block `column`.
#[inline(always)]
fn rank<S: SimdI8>(s: S, scores: &ClassScores, actual: S::V, column: usize) -> Ranked<S::V> {
	let ClassScores { sums, shift, skip, classes } = *scores;
	let (half, all, least) = (s.splat(1 << (shift - 1)), s.splat(-1), s.splat(i32::MIN));
	let (mut own, mut rival, mut highest) = (s.splat(0), s.splat(0), least);
	for class in 0..classes {
		let at = class * BATCH_BLOCKS + column;
		let mut score = s.shr(s.add(s.load(&sums[at]), half), shift);
		if !skip.is_empty() {
			score = s.add(score, s.load(&skip[at]));
		}
		let is_actual = where_class(s, actual, class, all);
		let of_actual = s.and(is_actual, score);
		own = s.or(own, of_actual);
		// The actual class has the least score among the others.
		let other = s.or(s.sub(score, of_actual), s.and(is_actual, least));
		let higher = s.select_gt(other, highest, all);
		rival = s.sub(rival, s.and(higher, s.sub(rival, s.splat(class as i32))));
		highest = s.max(highest, other);
	}
	Ranked { own, rival, highest }
}

/// Computes the gradient of the multi-class hinge loss with respect to the scores.
#[derive(Debug)]
pub struct HingeGradient<'a> {
	/// Scores of the batch.
	pub scores: ClassScores<'a>,
	/// Actual classes.
	pub actual: &'a BatchClasses,
	/// Margin by which the score of the actual class should exceed every other score.
	pub margin: i32,
	/// Gradients to write, samples in lanes.
	pub tiles: &'a mut BatchTiles,
	/// Gradients to write, in groups.
	pub groups: &'a mut GradientGroups,
}

impl Operation for HingeGradient<'_> {
	type Output = ();

	fn reference(self) {
		let Self { scores, actual, margin, tiles, groups } = self;
		let mut gradient = vec![0; scores.classes];
		for sample in 0..BATCH {
			let actual = actual[sample / LANES].0[sample % LANES] as usize;
			let all: Vec<i64> = (0..scores.classes).map(|class| scores.score(class, sample)).collect();
			loss::hinge(&all, actual, margin, &mut gradient);
			for (class, gradient) in gradient.iter().enumerate() {
				tiles.set(class, sample, *gradient);
				groups.set(class, sample, *gradient);
			}
		}
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) {
		let Self { scores, actual, margin, tiles, groups } = self;
		hinge_gradient(s, &scores, actual, margin, tiles, groups);
	}
}

/// Computes [`HingeGradient`] on vectors.
#[inline(always)]
fn hinge_gradient<S: SimdI8>(
	s: S,
	scores: &ClassScores,
	actual: &BatchClasses,
	margin: i32,
	tiles: &mut BatchTiles,
	groups: &mut GradientGroups,
) {
	let (all, one, unit) = (s.splat(-1), s.splat(1), s.splat(UNIT_GRADIENT));
	let (most, margin) = (s.splat(i32::MAX - margin), s.splat(margin));
	let groups = groups.blocks.as_chunks_mut::<GROUP_BLOCKS>().0;
	for column in 0..BATCH_BLOCKS {
		let class = s.load(&actual[column]);
		let Ranked { own, rival, highest } = rank(s, scores, class, column);
		// No score reaches the largest `i32`, so the sum does not overflow.
		let needed = s.add(s.min(highest, most), margin);
		let violated = s.select_gt(needed, own, all);
		// No class has the number −1.
		let of_violated = |class: S::V| s.sub(s.and(violated, s.add(class, one)), one);
		let (falls, rises) = (of_violated(rival), of_violated(class));
		for (group, blocks) in groups.iter_mut().enumerate() {
			let mut g = [unit; ROWS];
			for r in 0..ROWS {
				let class = group * ROWS + r;
				g[r] = s.sub(where_class(s, falls, class, unit), where_class(s, rises, class, unit));
			}
			let (ab, cd) = (s.pack_clamped(g[0], g[1]), s.pack_clamped(g[2], g[3]));
			let tile = tiles.tile_mut(column / TILE);
			s.store(&mut tile[2 * group][column % TILE], s.interleave(ab));
			s.store(&mut tile[2 * group + 1][column % TILE], s.interleave(cd));
			let [low, high] = s.interleave_rows(ab, cd);
			s.store(&mut blocks[2 * column], low);
			s.store(&mut blocks[2 * column + 1], high);
		}
	}
}

/// Counts the samples whose actual class is not predicted.
#[derive(Debug)]
pub struct ClassErrors<'a> {
	/// Scores of the batch.
	pub scores: ClassScores<'a>,
	/// Actual classes.
	pub actual: &'a BatchClasses,
	/// Samples that are counted, from the first one on.
	pub count: usize,
}

impl Operation for ClassErrors<'_> {
	type Output = u64;

	fn reference(self) -> u64 {
		let Self { scores, actual, count } = self;
		let wrong = |sample: &usize| {
			let predicted = (0..scores.classes).rev().max_by_key(|class| scores.score(*class, *sample));
			predicted != Some(actual[sample / LANES].0[sample % LANES] as usize)
		};
		(0..count).filter(wrong).count() as u64
	}

	#[inline(always)]
	fn vectorized<S: SimdI8>(self, s: S) -> u64 {
		let Self { scores, actual, count } = self;
		class_errors(s, &scores, actual, count)
	}
}

/// Computes [`ClassErrors`] on vectors.
#[inline(always)]
fn class_errors<S: SimdI8>(s: S, scores: &ClassScores, actual: &BatchClasses, count: usize) -> u64 {
	let (all, one) = (s.splat(-1), s.splat(1));
	let mut errors = 0;
	for column in 0..count.min(BATCH).div_ceil(LANES) {
		let class = s.load(&actual[column]);
		let Ranked { own, rival, highest } = rank(s, scores, class, column);
		// On a tie, the first class is predicted.
		let above = s.select_gt(highest, own, all);
		let below = s.select_gt(own, highest, all);
		let before = s.select_gt(class, rival, all);
		let wrong = s.or(above, s.sub(before, s.and(before, below)));
		let mut block = Block::ZERO;
		s.store(&mut block, s.and(wrong, one));
		errors += block.0.iter().take(count - column * LANES).map(|wrong| *wrong as u64).sum::<u64>();
	}
	errors
}
