//! Classification: every back-end against the references.

use super::{others, Random};
use crate::{
	layout::*,
	ops::classes::{BatchClasses, ClassErrors, ClassScores, ClassesOfChanges, HingeGradient},
	Backend,
};
use rayon::prelude::*;

/// Returns scores of which many are equal or a margin apart, and some are extreme.
fn scores(random: &mut Random, classes: usize, shift: u32) -> Vec<Block> {
	let mut rows = batch_rows(classes);
	let near = random.within(0, 1) == 0;
	for block in &mut rows[..classes * BATCH_BLOCKS] {
		for lane in &mut block.0 {
			*lane = match (near, random.within(0, 9)) {
				(_, 0) => random.value(1 << 29),
				(true, _) => (random.within(-2, 2) as i32 * 512) << (shift - 1).min(16),
				(false, _) => random.sum() >> 2,
			};
		}
	}
	rows
}

fn case(case: u64) {
	let random = &mut Random::new(9, case);
	let classes = if case.is_multiple_of(8) { random.within(2, 64) } else { random.within(2, 27) } as usize;
	let shift = random.within(1, 24) as u32;
	let sums = scores(random, classes, shift);
	let skip = if case.is_multiple_of(2) { Vec::new() } else { scores(random, classes, 1) };
	let mut bounds: Vec<i32> = (1..classes).map(|_| random.value(1 << 20)).collect();
	bounds.sort_unstable();
	let changes: Vec<Block> = (0..BATCH_BLOCKS).map(|_| Block(std::array::from_fn(|_| random.value(1 << 24)))).collect();
	let margin = [0, 1, 2_048, 1 << 20][random.within(0, 3) as usize];
	let count = random.within(1, BATCH as i64) as usize;
	let run = |backend: Backend| {
		let mut actual: BatchClasses = [Block::ZERO; BATCH_BLOCKS];
		backend.run(ClassesOfChanges { bounds: &bounds, changes: &changes, classes: &mut actual });
		let (mut tiles, mut groups) = (BatchTiles::new(classes), GradientGroups::new(classes));
		let scores = ClassScores { sums: &sums, shift, skip: &skip, classes };
		backend.run(HingeGradient { scores, actual: &actual, margin, tiles: &mut tiles, groups: &mut groups });
		let errors = backend.run(ClassErrors { scores, actual: &actual, count });
		(actual, tiles, groups, errors)
	};
	let expected = run(Backend::SCALAR);
	for backend in others() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {classes} classes");
	}
}

#[test]
fn classes_gradients_and_errors_are_equal_on_every_backend() {
	(0..600).into_par_iter().for_each(case);
}

#[test]
#[ignore = "tens of thousands of cases"]
fn many_classes_gradients_and_errors_are_equal_on_every_backend() {
	(600..40_000).into_par_iter().for_each(case);
}
