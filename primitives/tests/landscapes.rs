//! Records of landscapes.

use bounded_collections::BoundedVec;
use doin_primitives::{
	domain::{DomainSpec, Evidence, Growth, Limits, ProgramKind, SizeClass, SpecError, Split, MIN_IMPROVEMENT_FLOOR},
	DOIN,
};
use doin_scoring::{
	landscape::{Landscape, Shape, VALUE_MACS},
	Generator, Program, ProgramError,
};

fn landscape() -> DomainSpec {
	DomainSpec {
		name: BoundedVec::truncate_from(b"Rastrigin".to_vec()),
		unit: BoundedVec::default(),
		program: Program::Landscape(Landscape { shape: Shape::Rastrigin, dimensions: 5, seed: Some(1) }),
		genes: BoundedVec::default(),
		limits: Limits { model_bytes: 1_024, window_macs: 1 },
		data_root: [0; 32],
		values: 0,
		growth: Growth::Fixed,
		split: Split { train_end: 0, validation_end: 0 },
		licence: BoundedVec::default(),
		evidence: Evidence::Public,
		min_improvement: MIN_IMPROVEMENT_FLOOR,
		target: 1,
	}
}

fn rejected(change: impl FnOnce(&mut DomainSpec)) -> SpecError {
	let mut spec = landscape();
	change(&mut spec);
	spec.check().expect_err("the record has a fault")
}

#[test]
fn a_landscape_has_no_data_and_small_chunks() {
	let spec = landscape();
	assert_eq!(spec.check(), Ok(()));
	assert_eq!((spec.class(), spec.pages(), spec.data_bytes(), spec.segment_bytes()), (SizeClass::Small, 0, 0, 0));
	assert_eq!(spec.activation_units(u64::MAX), 0);
	assert!(VALUE_MACS <= SizeClass::MACS[SizeClass::Small as usize], "the weight of a chunk covers a value");
	assert_eq!(ProgramKind::from(&spec.program).to_string(), "landscape");
	let json = serde_json::to_value(&spec).unwrap();
	assert_eq!((&json["program"]["kind"], &json["program"]["shape"]), (&"landscape".into(), &"rastrigin".into()));
	assert_eq!(serde_json::from_value::<DomainSpec>(json).unwrap(), spec);
}

#[test]
fn a_landscape_has_public_evidence() {
	let generator = Generator { template: BoundedVec::default(), ar: BoundedVec::default(), noise: 256, level: 0 };
	assert_eq!(rejected(|spec| spec.evidence = Evidence::Synthetic(generator)), SpecError::Program(ProgramError::NotSynthetic));
	let live = |spec: &mut DomainSpec| (spec.evidence, spec.target) = (Evidence::Live { stream: 3, unit: 1 }, 0);
	assert_eq!(rejected(live), SpecError::Live);
	let sealed = |spec: &mut DomainSpec| {
		(spec.evidence, spec.target) = (Evidence::Sealed { units: 1, stake: DOIN }, 0);
		(spec.growth, spec.licence) = (Growth::Appending, BoundedVec::truncate_from(b"CC0-1.0".to_vec()));
	};
	assert_eq!(rejected(sealed), SpecError::Segment);
}

#[test]
fn faults_of_a_landscape_have_their_names() {
	let ellipsoid = Landscape { shape: Shape::Ellipsoid, dimensions: 5, seed: Some(1) };
	assert_eq!(
		rejected(|spec| spec.program = Program::Landscape(ellipsoid)),
		SpecError::Program(ProgramError::Landscape),
		"its values are too large for chunk sums"
	);
	assert_eq!(rejected(|spec| spec.values = 1), SpecError::Program(ProgramError::Split));
	assert_eq!(rejected(|spec| spec.data_root = [1; 32]), SpecError::DataRoot);
}
