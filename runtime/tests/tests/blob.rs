//! Sums of the compiled runtime in the node's executor equal the sums of native code.

use doin_primitives::Hash;
use doin_runtime_tests::{
	blob::{net, Blob},
	round::DEMO,
};
use doin_scoring::{
	philox::Stream,
	sample::{drawn, validation, validation_span},
	score, Model, Program,
};

#[test]
fn the_blob_scores_every_family_as_native_code_does() {
	let (spec, values) = (doin_runtime::demo::spec(), doin_runtime::demo::values());
	let Program::Forecast(program) = &spec.program else { panic!("the demo domain forecasts") };
	let doin_primitives::Evidence::Synthetic(generator) = &spec.evidence else { panic!("the demo domain is synthetic") };
	let mut blob = Blob::new();
	let mut sums = std::collections::BTreeSet::new();
	for case in 0..200u64 {
		let stream = &mut Stream::new(&[17; 32], 90, case);
		let (window, width) = (1 + stream.below(104) as u16, 1 + stream.below(24) as u16);
		let skip = stream.below(2) == 0;
		let model = Model::Net(net(stream, (case % 4) as u8, window, width, program.horizon, skip));
		let mut seed: Hash = [0; 32];
		seed[..8].copy_from_slice(&case.to_le_bytes());
		let chunk = stream.below(32) as u16;
		let expected = score(&model, program, &drawn(program, generator, &seed, chunk));
		assert_eq!(blob.chunk_sum(&model, Some(&seed), chunk), Some(expected), "drawn, case {case}");
		let span = validation_span(program, spec.split.train_end, spec.split.validation_end, chunk).unwrap();
		let windows = validation(program, &values[span.start as usize..span.end as usize]);
		assert_eq!(blob.chunk_sum(&model, None, chunk), Some(score(&model, program, &windows)), "validation, case {case}");
		sums.insert(expected);
	}
	assert!(sums.len() > 150, "{} different sums: forecasts depend on the nets", sums.len());
}

#[test]
fn the_blob_rejects_models_that_the_domain_does_not_admit() {
	let mut blob = Blob::new();
	let model = Model::Net(net(&mut Stream::new(&[1; 32], 90, 0), 2, 10, 4, 13, false));
	assert!(blob.chunk_sum(&model, None, 31).is_some());
	assert_eq!(blob.chunk_sum(&model, None, 32), None, "the domain has 32 chunks");
	assert_eq!(blob.chunk_sum(&Model::Seasonal, None, 0), None, "a baseline is not a submission");
	let wider = Model::Net(net(&mut Stream::new(&[1; 32], 90, 0), 2, 10, 4, 14, false));
	assert_eq!(blob.chunk_sum(&wider, None, 0), None, "it forecasts too many steps");
	assert_eq!(DEMO, 0);
}
