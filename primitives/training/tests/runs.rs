//! Training runs of loss genomes: pinned sums, draws, and costs.
//!
//! `golden/run.py` computes the sums independently.

use doin_scoring::{
	genome::{
		library::{cross_entropy, label_smoothing, longest, squared_error},
		Genome, TrainingRuns,
	},
	philox::Stream,
};
use doin_training::run::{cost, gradient, run_sum, shape, split, Run, Split};
use proptest::prelude::*;

fn runs(features: u16, classes: u8, hidden: &[u16], [training, validation, batch, steps]: [u16; 4]) -> TrainingRuns {
	TrainingRuns {
		features,
		classes,
		shift: 4,
		hidden: hidden.to_vec().try_into().unwrap(),
		training,
		validation,
		batch,
		steps,
		rate: 12,
		decay: 0,
		chunks: 32,
	}
}

/// Returns noisy prototypes of classes, as `golden/run.py` makes them.
fn samples(runs: &TrainingRuns, count: usize) -> Vec<u8> {
	let random = &mut Stream::new(&[9; 32], 2, 0);
	let classes = usize::from(runs.classes);
	let prototypes: Vec<Vec<i32>> =
		(0..classes).map(|_| (0..runs.features).map(|_| random.below(256) as i32).collect()).collect();
	let mut bytes = Vec::new();
	for at in 0..count {
		let class = at % classes;
		bytes.extend(prototypes[class].iter().map(|value| (value + random.below(241) as i32 - 120).clamp(0, 255) as u8));
		bytes.push(class as u8);
	}
	bytes
}

fn sums(runs: &TrainingRuns, genome: &Genome) -> Vec<u32> {
	let bytes = samples(runs, 60);
	(0..6).map(|index| run_sum(runs, genome, &bytes, &[index as u8; 32], index)).collect()
}

#[test]
fn sums_of_runs_are_those_of_an_independent_implementation() {
	let small = TrainingRuns { shift: 3, rate: 13, ..runs(6, 3, &[5], [24, 20, 8, 20]) };
	let deep = TrainingRuns { decay: 2, ..runs(9, 4, &[8, 6], [30, 16, 7, 25]) };
	let linear = TrainingRuns { rate: 14, ..runs(4, 2, &[], [16, 30, 16, 12]) };
	assert_eq!(sums(&small, &cross_entropy()), [144, 240, 272, 224, 304, 192]);
	assert_eq!(sums(&small, &squared_error()), [176, 176, 272, 240, 304, 208]);
	assert_eq!(sums(&deep, &cross_entropy()), [160, 96, 144, 208, 208, 176]);
	assert_eq!(sums(&deep, &squared_error()), [192, 176, 192, 208, 208, 192]);
	assert_eq!(sums(&linear, &cross_entropy()), [384, 96, 32, 48, 64, 160]);
	assert_eq!(sums(&linear, &squared_error()), [384, 176, 32, 144, 144, 176]);
}

#[test]
fn runs_learn_and_depend_on_their_genome_and_their_draw() {
	let runs = runs(16, 4, &[16], [96, 64, 16, 60]);
	let bytes = samples(&runs, 400);
	let total = |genome: &Genome, seed: u8| (0..8).map(|index| run_sum(&runs, genome, &bytes, &[seed; 32], index)).sum::<u32>();
	// A guess errs in three of four samples.
	let guess = 8 * 64 * 12;
	assert!(total(&cross_entropy(), 1) < guess / 2, "{}", total(&cross_entropy(), 1));
	assert_ne!(total(&cross_entropy(), 1), total(&cross_entropy(), 2), "another draw");
	assert_ne!(total(&cross_entropy(), 1), total(&label_smoothing(13_107, 4), 1), "another genome");
	assert_eq!(total(&cross_entropy(), 1), total(&cross_entropy(), 1));
}

#[test]
fn a_run_that_is_made_step_by_step_is_the_whole_run() {
	let runs = runs(6, 3, &[5], [24, 20, 8, 20]);
	let (bytes, genome) = (samples(&runs, 60), cross_entropy());
	let mut run = Run::new(&runs, &bytes, &[4; 32], 3).unwrap();
	let mut steps = 0;
	while run.step(|classes, outputs, to| gradient(&genome, classes, outputs, to)) {
		steps += 1;
		// Looking at a run does not change it.
		let seen = run.mistakes();
		assert_eq!(run.mistakes(), seen);
	}
	assert_eq!(steps, 20);
	assert_eq!(16 * run.mistakes(), run_sum(&runs, &genome, &bytes, &[4; 32], 3));
}

#[test]
fn the_cost_of_a_run_counts_the_genome_for_every_entry_of_every_step() {
	let runs = runs(64, 10, &[32], [256, 128, 32, 48]);
	assert_eq!(cost(&runs, 1_797, 101) - cost(&runs, 1_797, 100), 48 * 320);
	let least = TrainingRuns { classes: 2, batch: 1, ..runs.clone() };
	assert_eq!(cost(&least, 1_797, 101) - cost(&least, 1_797, 100), 48 * 64, "allocations are paid for");
	let genome = cross_entropy().entry_cost(32, 10);
	assert!(genome < longest(5, vec![2, 2, 4]).unwrap().entry_cost(32, 10));
	let whole = cost(&runs, 1_797, genome);
	assert!(whole > 48 * shape(&runs).products(32) && whole < 1 << 24, "{whole}: a run of digits fits the largest class");
}

#[test]
fn samples_that_are_missing_do_not_panic() {
	let runs = runs(4, 2, &[3], [16, 8, 8, 3]);
	for count in 0..40 {
		let bytes = samples(&runs, count);
		run_sum(&runs, &squared_error(), &bytes[..bytes.len().saturating_sub(1)], &[0; 32], 0);
	}
	let unchecked = TrainingRuns { features: 0, ..runs };
	assert_eq!(run_sum(&unchecked, &squared_error(), &[0; 40], &[0; 32], 0), u32::MAX);
}

proptest! {
	#[test]
	fn a_split_has_no_sample_twice(seed: [u8; 32], index: u16, samples in 24u32..200) {
		let runs = runs(1, 2, &[], [16, 8, 8, 1]);
		let Split { mut training, validation } = split(&runs, samples, &seed, index);
		prop_assert_eq!((training.len(), validation.len()), (16, 8));
		training.extend(validation);
		training.sort_unstable();
		training.dedup();
		prop_assert_eq!(training.len(), 24);
		prop_assert!(training.iter().all(|sample| *sample < samples));
	}
}
