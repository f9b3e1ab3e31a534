//! Sums and faults of inputs, in native code.

mod common;

use codec::Encode;
use common::{cases, model, rows, seed, series, synthetic};
use doin_browser::{Check, Fault, Inputs, MAX_INPUT};
use doin_primitives::{domain::SpecError, EvidenceRef, Hash, ModelRef};
use doin_scoring::{rows::RowError, Model, ModelError};
use std::collections::BTreeSet;

/// Returns the fault of changed inputs: those of a net on drawn windows, with the published data.
fn fault(change: impl FnOnce(&mut Inputs)) -> Fault {
	let draw = Some((EvidenceRef::Drawn, seed(0)));
	let mut inputs = series(1, synthetic).inputs(ModelRef::Stored(4), Some(&model(0)), draw, &[]);
	assert!(Check::open(&inputs.encode()).is_ok());
	change(&mut inputs);
	Check::open(&inputs.encode()).expect_err("the inputs have a fault")
}

#[test]
fn sums_equal_those_of_the_definition() {
	let mut different = BTreeSet::new();
	for case in cases() {
		let check = Check::open(&case.inputs.encode()).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
		assert_eq!(usize::from(check.chunks()), case.sums.len(), "{}", case.name);
		let sums: Vec<_> = (0..check.chunks()).map(|chunk| check.sum(chunk).unwrap()).collect();
		assert_eq!(sums, case.sums, "{}", case.name);
		assert_eq!(check.sum(check.chunks()), Err(Fault::NoSuchChunk(check.chunks())));
		different.extend(sums);
	}
	assert!(different.len() > 500, "{} different sums: they depend on models and data", different.len());
}

#[test]
fn inputs_are_decoded_completely_and_are_bounded() {
	let inputs = cases().remove(0).inputs.encode();
	assert_eq!(Check::open(&[&inputs[..], &[0]].concat()).err(), Some(Fault::Inputs), "a byte is left over");
	assert_eq!(Check::open(&inputs[..inputs.len() - 1]).err(), Some(Fault::Inputs));
	assert_eq!(Check::open(&vec![0; MAX_INPUT as usize + 1]).err(), Some(Fault::Inputs));
}

#[test]
fn a_fault_of_the_record_has_its_name() {
	assert_eq!(fault(|inputs| inputs.record = None::<u8>.encode()), Fault::UnknownDomain);
	assert_eq!(fault(|inputs| inputs.record.truncate(20)), Fault::Answer("the record of the domain"));
	let mut spec = series(1, synthetic).spec;
	spec.min_improvement = 0;
	assert_eq!(fault(|inputs| inputs.record = Some(&spec).encode()), Fault::Record(SpecError::MinImprovement));
}

#[test]
fn published_data_with_another_hash_is_refused() {
	assert_eq!(fault(|inputs| *inputs.published.last_mut().unwrap() ^= 1), Fault::DataHash);
	assert_eq!(fault(|inputs| inputs.published = Some(vec![1i32; 600]).encode()), Fault::DataHash);
	assert_eq!(fault(|inputs| inputs.published = Some(vec![1i32]).encode()), Fault::DataHash);
	assert_eq!(fault(|inputs| inputs.published = None::<Vec<i32>>.encode()), Fault::DataMissing);
	assert_eq!(fault(|inputs| inputs.published = vec![2]), Fault::Answer("the series"));
}

#[test]
fn a_segment_with_another_hash_is_refused() {
	let domain = rows();
	let draw = Some((EvidenceRef::Segment(1), seed(0)));
	let fault = |change: fn(&mut Inputs)| {
		let mut inputs = domain.inputs(ModelRef::Constant, Some(&Model::Constant(vec![0; 3])), draw, &[1]);
		change(&mut inputs);
		Check::open(&inputs.encode()).and_then(|check| check.sum(0)).expect_err("the segment has a fault")
	};
	assert_eq!(fault(|inputs| *inputs.segments[0].bytes.last_mut().unwrap() ^= 1), Fault::SegmentHash(1));
	assert_eq!(fault(|inputs| inputs.segments[0].hash = Vec::<Hash>::new().encode()), Fault::SegmentHash(1));
	assert_eq!(fault(|inputs| inputs.segments[0].bytes = Some(vec![1u8]).encode()), Fault::SegmentHash(1));
	assert_eq!(fault(|inputs| inputs.segments[0].bytes = None::<Vec<u8>>.encode()), Fault::SegmentClosed(1));
	assert_eq!(fault(|inputs| inputs.segments[0].hash.push(0)), Fault::Answer("the hash of a segment"));
	assert_eq!(fault(|inputs| inputs.segments.clear()), Fault::NotPassed);
	assert_eq!(fault(|inputs| inputs.draw = Some((EvidenceRef::Segment(0), [0; 32]))), Fault::NotPassed);
}

#[test]
fn labels_out_of_range_are_refused_although_their_hash_is_right() {
	let mut domain = rows();
	domain.segments[0][5] = 3;
	let draw = Some((EvidenceRef::Segment(0), seed(0)));
	let inputs = domain.inputs(ModelRef::Constant, Some(&Model::Constant(vec![0; 3])), draw, &[0]);
	assert_eq!(Check::open(&inputs.encode()).err(), Some(Fault::Labels(RowError::Label)));
}

#[test]
fn a_model_that_the_domain_does_not_admit_is_refused() {
	assert_eq!(fault(|inputs| inputs.model_bytes = None::<Vec<u8>>.encode()), Fault::ModelMissing);
	assert_eq!(fault(|inputs| inputs.model_bytes.clear()), Fault::Answer("the model"));
	assert_eq!(fault(|inputs| inputs.model_bytes = Some(vec![2u8, 9]).encode()), Fault::ModelMalformed(ModelError::Malformed));
	let seasonal = Some(Model::Seasonal.to_bytes()).encode();
	assert_eq!(
		fault(|inputs| inputs.model_bytes = seasonal),
		Fault::NotAdmitted(ModelError::Family),
		"a baseline is not submitted"
	);
	let mut strict = series(1, synthetic).spec;
	strict.limits.window_macs = 1;
	assert_eq!(fault(|inputs| inputs.record = Some(&strict).encode()), Fault::NotAdmitted(ModelError::TooCostly));
	assert_eq!(fault(|inputs| inputs.model = ModelRef::Origin.encode()), Fault::OtherProgram);
	assert_eq!(fault(|inputs| inputs.model = ModelRef::Constant.encode()), Fault::OtherProgram);
	assert_eq!(fault(|inputs| inputs.model = ModelRef::BuiltIn.encode()), Fault::OtherProgram);
	assert_eq!(fault(|inputs| inputs.model = vec![7]), Fault::Inputs);
	let short = rows().inputs(ModelRef::Constant, Some(&Model::Constant(vec![0; 2])), None, &[]);
	assert_eq!(Check::open(&short.encode()).err(), Some(Fault::OtherProgram), "the rows have three classes");
}

#[test]
fn evidence_that_the_domain_does_not_have_is_refused() {
	let domain = series(1, synthetic);
	let sum = |draw, segments: &[u16]| {
		Check::open(&domain.inputs(ModelRef::Seasonal, None, draw, segments).encode()).and_then(|check| check.sum(0))
	};
	assert_eq!(sum(Some((EvidenceRef::Segment(0), seed(0))), &[]), Err(Fault::OtherEvidence));
	assert_eq!(sum(Some((EvidenceRef::Bars { first: 1 }, seed(0))), &[]), Err(Fault::OtherEvidence));
	let mut inputs = domain.inputs(ModelRef::Seasonal, None, None, &[]);
	inputs.published.clear();
	assert_eq!(Check::open(&inputs.encode()).and_then(|check| check.sum(0)), Err(Fault::NotPassed));
}
