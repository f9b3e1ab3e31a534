//! Domains of training runs, by which loss genomes are scored.

use super::*;
use crate::Baselines;
use doin_primitives::{Limits, Split};
use doin_scoring::{
	genome::{library::baselines, TrainingRuns},
	Model,
};
use doin_training::run::run_sum;

fn runs() -> TrainingRuns {
	TrainingRuns {
		features: 4,
		classes: 3,
		shift: 4,
		hidden: BoundedVec::truncate_from(vec![6]),
		training: 32,
		validation: 24,
		batch: 8,
		steps: 10,
		rate: 13,
		decay: 0,
		chunks: 32,
	}
}

/// Returns samples whose class follows from the first feature, with noise.
fn samples(count: u32) -> Vec<u8> {
	let sample = |at: u32| {
		let hash = at.wrapping_mul(2_654_435_761);
		let class = at % 3;
		[(80 * class + (hash >> 26)) as u8, (hash >> 16) as u8, (hash >> 8) as u8, hash as u8, class as u8]
	};
	(0..count).flat_map(sample).collect()
}

fn record(bytes: &[u8]) -> DomainSpec {
	DomainSpec {
		program: Program::LossGenome(runs()),
		data_root: blake2_256(&bytes.to_vec().encode()),
		values: bytes.len() as u32,
		split: Split { train_end: 0, validation_end: 0 },
		evidence: Evidence::Drawn,
		limits: Limits { model_bytes: 1_024, window_macs: 400 },
		target: 0,
		..forecast()
	}
}

/// Registers, loads and activates a domain of `bytes`, and returns its identifier.
fn activated(bytes: &[u8]) -> DomainId {
	let spec = record(bytes);
	let units = spec.activation_price(0) as u32;
	let domain = load_rows(spec, bytes);
	assert_noop!(Registry::activate(signed(OWNER), domain, bytes.len() as u32, units - 1), Error::<Test>::UnitCountMismatch);
	assert_ok!(Registry::activate(signed(OWNER), domain, bytes.len() as u32, units));
	domain
}

#[test]
fn runs_start_from_the_better_built_in_genome() {
	build_and_execute(|| {
		let bytes = samples(100);
		let domain = activated(&bytes);
		let spec = record(&bytes);
		let counted = spec.activation_runs();
		let sums = baselines().map(|(_, genome)| {
			let sum = (0..counted).map(|run| u64::from(run_sum(&runs(), &genome, &bytes, &spec.data_root, run))).sum::<u64>();
			(sum, genome)
		});
		let (least, best) = sums.into_iter().min_by_key(|(sum, _)| *sum).unwrap();
		let after = state(domain);
		assert_eq!((after.status, after.initial), (Status::Active, ModelRef::BuiltIn));
		assert_eq!(after.initial_validation_error, spec.estimated_error(least));
		assert_eq!(after.bar, spec.estimated_bar(spec.estimated_error(least)));
		assert!(after.is_alike && after.bar > after.initial_validation_error);
		let stored = Baselines::<Test>::get(domain).map(|bytes| bytes.to_vec());
		assert_eq!(stored, Some(Model::Genome(best).to_bytes()));
		assert_eq!((Registry::rows(domain), Registry::series(domain)), (Some(bytes), None));
	});
}

#[test]
fn samples_of_one_class_are_refused() {
	build_and_execute(|| {
		let mut bytes = samples(100);
		bytes.chunks_exact_mut(5).for_each(|sample| sample[4] = 1);
		let domain = activated(&bytes);
		assert_eq!(state(domain).status, Status::Refused);
		assert!(deposited(Event::ActivationRefused { domain, reason: RefusalReason::OneClass }));
	});
}

#[test]
fn a_class_that_the_program_does_not_have_is_refused() {
	build_and_execute(|| {
		let mut bytes = samples(100);
		bytes[4] = 3;
		let domain = activated(&bytes);
		assert!(deposited(Event::ActivationRefused { domain, reason: RefusalReason::InvalidRow }));
	});
}

#[test]
fn records_that_do_not_fit_are_refused_by_name() {
	build_and_execute(|| {
		let bytes = samples(100);
		let refused = |change: &dyn Fn(&mut DomainSpec)| {
			let mut spec = record(&bytes);
			change(&mut spec);
			Registry::register(signed(OWNER), Box::new(spec), None)
		};
		let with = |change: fn(&mut TrainingRuns)| {
			let mut changed = runs();
			change(&mut changed);
			Program::LossGenome(changed)
		};
		assert_noop!(refused(&|spec| spec.evidence = Evidence::Public), Error::<Test>::InvalidDrawn);
		assert_noop!(refused(&|spec| spec.limits.window_macs = 20), Error::<Test>::RunTooCostly);
		assert_noop!(refused(&|spec| spec.limits.window_macs = MAX_WINDOW_MACS), Error::<Test>::RunTooCostly);
		assert_noop!(refused(&|spec| spec.program = with(|runs| runs.batch = 0)), Error::<Test>::InvalidRuns);
		assert_noop!(refused(&|spec| spec.program = with(|runs| runs.classes = 1)), Error::<Test>::InvalidClasses);
		assert_noop!(refused(&|spec| spec.program = with(|runs| runs.training = 1_000)), Error::<Test>::InvalidRuns);
		assert_noop!(refused(&|spec| spec.values -= 1), Error::<Test>::InvalidRowLength);
		let linear = doin_scoring::Model::Constant(vec![0; 3]).to_bytes();
		let linear = BoundedVec::truncate_from(linear);
		assert_noop!(Registry::register(signed(OWNER), Box::new(record(&bytes)), Some(linear)), Error::<Test>::BaselineNotLinear);
	});
}
