//! Tests of the record of a domain and of its state.

use super::*;
use alloc::vec;
use doin_scoring::{
	rows::{RowTarget, Rows},
	Loss, Quadratic, Target, WindowPhase,
};
use proptest::prelude::*;

fn bytes<const N: u32>(text: &[u8]) -> BoundedVec<u8, ConstU32<N>> {
	BoundedVec::truncate_from(text.to_vec())
}

fn gene(name: &str, lo: i64, hi: i64, log: bool) -> Gene {
	Gene { name: bytes(name.as_bytes()), lo, hi, log, frac: 0 }
}

fn spec() -> DomainSpec {
	DomainSpec {
		name: bytes(b"Tides"),
		unit: bytes("0.1 µm".as_bytes()),
		program: Program::Forecast(Forecast {
			horizon: 4,
			history: 24,
			season: 12,
			chunks: 32,
			windows: 8,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		}),
		genes: BoundedVec::truncate_from(vec![gene("width", 1, 64, true), gene("depth", -2, 2, false)]),
		limits: Limits { model_bytes: MAX_MODEL_BYTES, window_macs: MAX_WINDOW_MACS },
		data_root: [7; 32],
		values: 2_500,
		growth: Growth::Fixed,
		split: Split { train_end: 1_500, validation_end: 2_000 },
		licence: BoundedVec::default(),
		evidence: Evidence::Synthetic(Generator {
			template: BoundedVec::truncate_from(vec![0; 12]),
			ar: BoundedVec::truncate_from(vec![1_000, -500]),
			noise: 256,
			level: 0,
		}),
		min_improvement: MIN_IMPROVEMENT_FLOOR,
		target: INITIAL_LOSS - 1,
	}
}

fn rejected(change: impl FnOnce(&mut DomainSpec)) -> SpecError {
	let mut spec = spec();
	change(&mut spec);
	spec.check().expect_err("the record has a fault")
}

#[test]
fn a_sound_record_passes() {
	assert_eq!(spec().check(), Ok(()));
	assert_eq!(DomainSpec { evidence: Evidence::Public, target: 0, ..spec() }.check(), Ok(()));
	let quadratic = DomainSpec {
		program: Program::Quadratic(Quadratic { target: BoundedVec::truncate_from(vec![256; 32]) }),
		evidence: Evidence::Public,
		data_root: [0; 32],
		values: 0,
		split: Split { train_end: 0, validation_end: 0 },
		genes: BoundedVec::default(),
		..spec()
	};
	assert_eq!(quadratic.check(), Ok(()));
	assert_eq!(DomainSpec { data_root: [1; 32], ..quadratic.clone() }.check(), Err(SpecError::DataRoot));
	let synthetic = DomainSpec { evidence: spec().evidence, ..quadratic };
	assert_eq!(synthetic.check(), Err(SpecError::Program(ProgramError::NotSynthetic)));
}

#[test]
fn every_fault_has_its_name() {
	assert_eq!(rejected(|s| s.name = bytes(b"")), SpecError::Name);
	assert_eq!(rejected(|s| s.name = bytes(&[0xff])), SpecError::Name);
	assert_eq!(rejected(|s| s.unit = bytes(&[0xff])), SpecError::Unit);
	assert_eq!(rejected(|s| s.genes[0].name = bytes(b"")), SpecError::GeneName);
	assert_eq!(rejected(|s| s.genes[0].name = bytes(&[0xc0])), SpecError::GeneName);
	assert_eq!(rejected(|s| s.genes[1].name = bytes(b"width")), SpecError::DuplicateGene);
	assert_eq!(rejected(|s| s.genes[1].lo = 3), SpecError::GeneBounds);
	assert_eq!(rejected(|s| s.genes[1].log = true), SpecError::GeneScale);
	assert_eq!(rejected(|s| s.genes[0].frac = 33), SpecError::GeneFraction);
	assert_eq!(rejected(|s| s.limits.model_bytes = 0), SpecError::ModelBytes);
	assert_eq!(rejected(|s| s.limits.model_bytes = MAX_MODEL_BYTES + 1), SpecError::ModelBytes);
	assert_eq!(rejected(|s| s.limits.window_macs = 0), SpecError::WindowMacs);
	assert_eq!(rejected(|s| s.limits.window_macs = MAX_WINDOW_MACS + 1), SpecError::WindowMacs);
	assert_eq!(rejected(|s| s.values = MAX_PAGES * PAGE_VALUES + 1), SpecError::TooManyPages);
	assert_eq!(rejected(|s| s.min_improvement = MIN_IMPROVEMENT_FLOOR - 1), SpecError::MinImprovement);
	assert_eq!(rejected(|s| s.min_improvement = MILLION), SpecError::MinImprovement);
	assert_eq!(rejected(|s| s.target = INITIAL_LOSS), SpecError::Target);
	assert_eq!(rejected(|s| s.growth = Growth::Appending), SpecError::Growth);
	assert_eq!(rejected(|s| s.split.validation_end = 2_501), SpecError::Program(ProgramError::Split));
	assert_eq!(
		rejected(|s| s.program = Program::Quadratic(Quadratic { target: BoundedVec::default() })),
		SpecError::Program(ProgramError::Dimensions)
	);
	assert_eq!(
		rejected(|s| s.evidence =
			Evidence::Synthetic(Generator { template: BoundedVec::default(), ar: BoundedVec::default(), noise: 1, level: 0 })),
		SpecError::Program(ProgramError::Template)
	);
}

/// Returns the record of a forecast of a stream.
fn live() -> DomainSpec {
	let mut spec = DomainSpec { evidence: Evidence::Live { stream: 3, unit: 100 }, target: 0, ..spec() };
	program(&mut spec).chunks = LIVE_CHUNKS;
	spec
}

/// Returns the program of a forecast.
fn program(spec: &mut DomainSpec) -> &mut Forecast {
	let Program::Forecast(forecast) = &mut spec.program else { unreachable!() };
	forecast
}

#[test]
fn a_sound_record_of_live_evidence_passes() {
	assert_eq!(live().check(), Ok(()));
	assert_eq!((live().evidence.kind(), live().evidence.value(), live().evidence.stake()), (EvidenceKind::Live, MILLION, 0));
	// The whole range of units, any stream, and classes of values.
	let mut other = live();
	other.evidence = Evidence::Live { stream: u32::MAX, unit: u32::MAX };
	program(&mut other).target = Target::Classes(BoundedVec::truncate_from(vec![-1, 1]));
	assert_eq!(other.check(), Ok(()));
	assert_eq!(DomainSpec { licence: bytes(b"CC0-1.0"), ..live() }.check(), Ok(()));
}

#[test]
fn every_fault_of_live_evidence_has_its_name() {
	let rejected = |change: fn(&mut DomainSpec)| {
		let mut spec = live();
		change(&mut spec);
		spec.check().expect_err("the record has a fault")
	};
	assert_eq!(rejected(|s| s.target = 1), SpecError::AwaitedTarget);
	assert_eq!(rejected(|s| s.evidence = Evidence::Live { stream: 3, unit: 0 }), SpecError::Live);
	assert_eq!(rejected(|s| program(s).chunks = LIVE_CHUNKS - 1), SpecError::Live);
	assert_eq!(rejected(|s| program(s).chunks = LIVE_CHUNKS + 1), SpecError::Live);
	let two_channels = |s: &mut DomainSpec| {
		program(s).channels = 2;
		s.split = Split { train_end: 600, validation_end: 1_000 };
	};
	assert_eq!(rejected(two_channels), SpecError::Live, "a stream has one value a bar");
	assert_eq!(rejected(|s| program(s).windows = 1), SpecError::Program(ProgramError::Stride), "a chunk below a horizon");
	assert_eq!(rejected(|s| s.growth = Growth::Appending), SpecError::Growth, "bars are not appended to the data");
	let quadratic = |s: &mut DomainSpec| {
		s.program = Program::Quadratic(Quadratic { target: BoundedVec::truncate_from(vec![256; 32]) });
		(s.values, s.data_root, s.split) = (0, [0; 32], Split { train_end: 0, validation_end: 0 });
	};
	assert_eq!(rejected(quadratic), SpecError::Live);
	let rows = |s: &mut DomainSpec| {
		s.program = Program::Rows(Rows { features: 3, image: None, target: RowTarget::Classes(2), rows: 8, chunks: 64 });
		(s.values, s.split) = (4 * 1_000, Split { train_end: 500, validation_end: 1_000 });
	};
	assert_eq!(rejected(rows), SpecError::Live);
}

#[test]
fn a_round_of_live_evidence_forecasts_one_segment() {
	// 320 windows that start a step apart, a horizon, and 64 shifts.
	assert_eq!(live().live_bars(), 320 + 4 + 63);
	let sealed = Evidence::Sealed { units: 1, stake: 1 };
	for evidence in [Evidence::Public, spec().evidence, sealed] {
		assert_eq!(DomainSpec { evidence, ..live() }.live_bars(), 0);
	}
}

/// Blocks of 16 half-lives of the properties.
const LATE: u32 = 1 << 24;

/// Returns the state of a domain whose high-water mark was written in block `at`.
fn state(high_water: Q32, at: BlockNumber) -> DomainState<u8> {
	let champion = Champion {
		model: ModelRef::RepeatLast,
		author: None,
		round: None,
		block: 0,
		error: 1,
		initial_error: 1,
		validation_error: 1,
	};
	DomainState {
		owner: 1,
		status: Status::Active,
		pages_missing: 0,
		initial: ModelRef::RepeatLast,
		initial_validation_error: 1,
		bar: 1,
		champion,
		high_water,
		high_water_at: at,
		bounty: 0,
		open_rounds: 0,
		last_round: None,
		unanswered: false,
		suspended: None,
		carry: 0,
		weight_since: 0,
		is_alike: true,
	}
}

#[test]
fn a_mark_of_live_evidence_halves_exactly_every_half_life() {
	let state = state(3 << 32, 50);
	let at = |now| state.mark(EvidenceKind::Live, now, 90);
	assert_eq!([50, 140, 230, 320].map(at), [3 << 32, 3 << 31, 3 << 30, 3 << 29]);
	assert_eq!(at(49), 3 << 32, "not above the written one before its block");
	assert_eq!(at(u32::MAX), 0);
}

proptest! {
	#[test]
	fn only_a_mark_of_live_evidence_decays(high_water: Q32, at: BlockNumber, now: BlockNumber, half_life: BlockNumber) {
		let state = state(high_water, at);
		for kind in [EvidenceKind::Public, EvidenceKind::Synthetic, EvidenceKind::Sealed] {
			prop_assert_eq!(state.mark(kind, now, half_life), high_water);
		}
		prop_assert!(state.mark(EvidenceKind::Live, now, half_life) <= high_water, "it never rises");
	}

	#[test]
	fn a_mark_of_live_evidence_falls_with_time(high_water in 0u64..1 << 40, at in 0u32..1 << 20, a in 0..LATE, b in 0..LATE) {
		let state = state(high_water, at);
		let mark = |wait| state.mark(EvidenceKind::Live, at + wait, 1 << 20);
		let (early, late) = (mark(a.min(b)), mark(a.max(b)));
		// Factors are rounded down.
		prop_assert!(late <= early + 32);
		prop_assert_eq!(mark(1 << 20), high_water / 2);
	}
}

#[test]
fn n10_a_generator_without_noise_is_refused_at_registration() {
	for (noise, expected) in [(0, Err(SpecError::Program(ProgramError::Noise))), (256, Ok(()))] {
		let mut spec = spec();
		let Evidence::Synthetic(generator) = &mut spec.evidence else { unreachable!() };
		generator.noise = noise;
		assert_eq!(spec.check(), expected, "noise {noise}");
	}
}

#[test]
fn a_record_survives_json() {
	let json = serde_json::to_value(spec()).unwrap();
	assert_eq!(json["name"], "Tides");
	assert_eq!(json["program"]["kind"], "forecast");
	assert_eq!(json["program"]["target"], "values");
	assert_eq!(json["evidence"]["kind"], "synthetic");
	assert_eq!(json["genes"][1]["name"], "depth");
	assert_eq!(json["dataRoot"], alloc::format!("0x{}", "07".repeat(32)));
	assert_eq!(serde_json::from_value::<DomainSpec>(json).unwrap(), spec());
}

#[test]
fn a_classification_has_one_kind_everywhere() {
	let classes = Target::Classes(BoundedVec::truncate_from(vec![-1, 1]));
	let Program::Forecast(forecast) = spec().program else { unreachable!() };
	let program = Program::Forecast(Forecast { target: classes, ..forecast });
	assert_eq!(ProgramKind::from(&program), ProgramKind::Classify);
	let mut json = serde_json::to_value(&program).unwrap();
	json["kind"] = "classify".into();
	assert_eq!(serde_json::from_value::<Program>(json).unwrap(), program, "as the RPC writes it");
	assert_eq!(ProgramKind::Classify.to_string(), serde_json::to_value(ProgramKind::Classify).unwrap().as_str().unwrap());
}

#[test]
fn pages_are_full_but_the_last() {
	let spec = spec();
	assert_eq!(spec.pages(), 3);
	assert_eq!([0, 1, 2, 3, u32::MAX].map(|index| spec.page_len(index)), [Some(1024), Some(1024), Some(452), None, None]);
	let even = DomainSpec { values: 2_048, ..spec };
	assert_eq!((even.pages(), even.page_len(1), even.page_len(2)), (2, Some(1024), None));
}
