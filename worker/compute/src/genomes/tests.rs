//! Training runs on the pool, compared with the definition.

#[path = "../../../kernels/src/tests/random_genome.rs"]
mod random_genome;

use super::*;
use doin_scoring::{
	genome::{library, RunError},
	philox::Stream,
};
use doin_training::run;

/// Returns a program of small runs.
pub(super) fn program(features: u16, classes: u8, hidden: &[u16], batch: u16) -> TrainingRuns {
	TrainingRuns {
		features,
		classes,
		shift: 4,
		hidden: hidden.to_vec().try_into().unwrap(),
		training: 40,
		validation: 24,
		batch,
		steps: 12,
		rate: 12,
		decay: 1,
		chunks: 32,
	}
}

/// Returns random samples of a program.
pub(super) fn samples(runs: &TrainingRuns, count: usize) -> Vec<u8> {
	let random = &mut Stream::new(&[5; 32], 3, 0);
	let mut bytes = Vec::new();
	for at in 0..count {
		let class = (at % usize::from(runs.classes)) as u8;
		bytes.extend(
			(0..runs.features)
				.map(|feature| (random.below(160) as u8) + if feature % 3 == u16::from(class) % 3 { 90 } else { 0 }),
		);
		bytes.push(class);
	}
	bytes
}

#[test]
fn sums_of_a_population_are_those_of_each_run_alone() {
	let runs = program(7, 3, &[6], 8);
	let bytes = samples(&runs, 80);
	let data = GenomeRuns::new(runs.clone(), bytes.clone()).unwrap();
	// More than one group.
	let smoothed = (0..GROUP as i32).map(|at| library::label_smoothing(3_000 * at, 3));
	let genomes: Vec<Genome> = [library::squared_error()].into_iter().chain(smoothed).collect();
	let ended = std::sync::atomic::AtomicU32::new(0);
	let count = || {
		ended.fetch_add(1, Ordering::Relaxed);
	};
	let sums = data.sums(&genomes, &[4; 32], 5, &AtomicBool::new(false), &count).unwrap();
	let expected: Vec<Vec<u32>> =
		genomes.iter().map(|genome| (0..5).map(|index| run::run_sum(&runs, genome, &bytes, &[4; 32], index)).collect()).collect();
	assert_eq!((sums, ended.into_inner()), (expected, 5 * genomes.len() as u32));
	assert_eq!(data.sums(&[], &[4; 32], 5, &AtomicBool::new(false), &|| ()).unwrap(), Vec::<Vec<u32>>::new());
	assert_eq!(data.sums(&genomes, &[4; 32], 5, &AtomicBool::new(true), &|| ()), Err(Error::Stopped));
}

#[test]
fn samples_that_do_not_fit_are_refused_by_name() {
	let runs = program(2, 3, &[], 8);
	let bytes = samples(&runs, 64);
	let refused = |runs: &TrainingRuns, bytes: &[u8]| GenomeRuns::new(runs.clone(), bytes.to_vec()).err();
	assert_eq!(refused(&runs, &bytes), None);
	assert_eq!(refused(&runs, &bytes[1..]), Some(Error::Runs(RunError::Length)));
	assert_eq!(refused(&runs, &bytes[..60]), Some(Error::Runs(RunError::Samples)));
	let one: Vec<u8> = bytes.chunks(3).flat_map(|sample| [sample[0], sample[1], 1]).collect();
	assert_eq!(refused(&runs, &one), Some(Error::Runs(RunError::OneClass)));
	assert_eq!(refused(&TrainingRuns { steps: 0, ..runs }, &bytes), Some(Error::Runs(RunError::Steps)));
}

#[test]
fn every_back_end_makes_the_runs_of_the_definition() {
	let deep = TrainingRuns { hidden: vec![19, 6].try_into().unwrap(), ..program(7, 5, &[], 9) };
	for runs in [program(7, 3, &[6], 8), program(16, 4, &[], 16), program(33, 2, &[32], 31), deep] {
		let bytes = samples(&runs, 90);
		let genomes = [library::cross_entropy(), library::squared_error()];
		for backend in Backend::available() {
			let data = GenomeRuns::new(runs.clone(), bytes.clone()).unwrap().with_backend(backend);
			for genome in &genomes {
				for index in 0..3 {
					let expected = run::run_sum(&runs, genome, &bytes, &[8; 32], index);
					assert_eq!(data.sum(genome, &[8; 32], index), expected, "{backend:?} {runs:?}");
				}
			}
		}
	}
}

/// Programs of runs of a few steps.
fn tiny() -> [TrainingRuns; 3] {
	let runs = |features, classes, hidden: &[u16], batch, steps| TrainingRuns {
		validation: 64,
		steps,
		rate: 14,
		..program(features, classes, hidden, batch)
	};
	[runs(4, 3, &[], 7, 3), runs(9, 5, &[8], 16, 2), runs(3, 2, &[5, 6], 9, 3)]
}

/// Runs random genomes that a domain admits on all back-ends, and compares the sums with those of the definition.
fn compare_random(cases: std::ops::Range<u64>) {
	let programs = tiny().map(|runs| {
		let bytes = samples(&runs, 120);
		let data = Backend::available()
			.into_iter()
			.map(|backend| (backend, GenomeRuns::new(runs.clone(), bytes.clone()).unwrap().with_backend(backend)));
		(data.collect::<Vec<_>>(), runs, bytes)
	});
	let (count, mut others) = (cases.end - cases.start, 0);
	for case in cases {
		let random = &mut Stream::new(&[7; 32], 4, case);
		let genome = (0..).map(|_| random_genome::genome(random, 16)).find(|genome| genome.check().is_ok()).unwrap();
		let (data, runs, bytes) = &programs[(case % 3) as usize];
		let (mut seed, index) = ([9; 32], random.below(32) as u16);
		seed[..8].copy_from_slice(&case.to_le_bytes());
		let expected = run::run_sum(runs, &genome, bytes, &seed, index);
		for (backend, data) in data {
			assert_eq!(data.sum(&genome, &seed, index), expected, "{backend:?}, case {case}: {genome:?}");
		}
		others += u64::from(expected != run::run_sum(runs, &library::cross_entropy(), bytes, &seed, index));
	}
	assert!(others > count / 2, "{others} of {count} sums differ from that of the cross-entropy: a loss decides what is learnt");
}

#[test]
fn runs_of_random_genomes_are_those_of_the_definition() {
	compare_random(0..300);
}

#[test]
#[ignore = "large: 100 000 genomes"]
fn runs_of_many_genomes_are_those_of_the_definition() {
	compare_random(1_000..101_000);
}
