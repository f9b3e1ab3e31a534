//! The record of a tolerance domain.

use doin_primitives::{
	bounded_collections::BoundedVec,
	domain::{Gene, SpecError},
	DomainSpec, Evidence, Growth, Limits, ProgramKind, SizeClass, Split,
};
use doin_scoring::{Program, ProgramError, Tolerance};

fn spec() -> DomainSpec {
	let gene = Gene { name: BoundedVec::truncate_from(b"rate".to_vec()), lo: 1, hi: 9, log: true, frac: 0 };
	DomainSpec {
		name: BoundedVec::truncate_from(b"training".to_vec()),
		unit: BoundedVec::default(),
		program: Program::Tolerance(Tolerance { code: [0xC0; 32], epsilon: 500, chunks: 40, initial_error: 7 }),
		genes: BoundedVec::truncate_from(vec![gene]),
		limits: Limits { model_bytes: 64, window_macs: 1 },
		data_root: [0; 32],
		values: 0,
		growth: Growth::Fixed,
		split: Split { train_end: 0, validation_end: 0 },
		licence: BoundedVec::default(),
		evidence: Evidence::Public,
		min_improvement: 2_000,
		target: 1 << 19,
	}
}

#[test]
fn a_tolerance_is_at_most_a_quarter_of_the_least_improvement() {
	assert_eq!(spec().check(), Ok(()));
	let fault = Err(SpecError::Program(ProgramError::Tolerance));
	for (epsilon, min_improvement, expected) in
		[(500, 2_000, Ok(())), (501, 2_000, fault), (501, 2_004, Ok(())), (0, 2_000, fault)]
	{
		let Program::Tolerance(program) = spec().program else { unreachable!("a tolerance domain") };
		let program = Program::Tolerance(Tolerance { epsilon, ..program });
		assert_eq!(DomainSpec { program, min_improvement, ..spec() }.check(), expected, "{epsilon} of {min_improvement}");
	}
}

#[test]
fn a_tolerance_domain_is_small_and_has_no_pages() {
	let spec = spec();
	assert_eq!((ProgramKind::from(&spec.program), spec.class()), (ProgramKind::Tolerance, SizeClass::Small));
	assert_eq!((spec.pages(), spec.data_bytes(), spec.segment_bytes(), spec.live_bars()), (0, 0, 0, 0));
	assert_eq!(spec.activation_units(1_000), 0);
	assert_eq!((spec.evidence.value(), ProgramKind::Tolerance.to_string()), (0, "tolerance".into()));
}

#[test]
fn a_record_survives_json() {
	let json = serde_json::to_value(spec()).unwrap();
	assert_eq!(json["program"]["kind"], "tolerance");
	assert_eq!(json["program"]["code"], format!("0x{}", "c0".repeat(32)));
	assert_eq!(json["program"]["epsilon"], 500);
	assert_eq!(json["program"]["initialError"], 7);
	assert_eq!(serde_json::from_value::<DomainSpec>(json).unwrap(), spec());
}
