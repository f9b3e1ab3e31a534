//! Sums of the compiled runtime in the node's executor equal the sums of native code.

use doin_primitives::{
	domain::{PAGE_BYTES, PAGE_VALUES},
	DomainSpec, Evidence, EvidenceRef, Hash, Limits, Page, Split, DOIN,
};
use doin_runtime_tests::{
	blob::{net, row_net, Blob},
	genomes,
	round::DEMO,
	sealed,
};
use doin_scoring::{
	genome::{library, TrainingRuns},
	landscape::{Landscape, Shape},
	philox::Stream,
	rows::{dealt, score_rows, validation_rows_span, Image, RowSet, RowTarget, Rows},
	sample::{drawn, segment_span, strided, validation, validation_span},
	score, Forecast, Loss, Model, Program, Target, WindowPhase,
};
use doin_training::run::run_sum;
use std::{collections::BTreeSet, ops::Range};

/// Returns the seed of a case.
fn seed(case: u64) -> Hash {
	let mut seed = [0; 32];
	seed[..8].copy_from_slice(&(case * 0x9E37_79B9).to_le_bytes());
	seed[8] = 1;
	seed
}

#[test]
fn the_blob_scores_every_family_as_native_code_does() {
	let (spec, values) = (doin_runtime::demo::spec(), doin_runtime::demo::values());
	let Program::Forecast(program) = &spec.program else { panic!("the demo domain forecasts") };
	let Evidence::Synthetic(generator) = &spec.evidence else { panic!("the demo domain is synthetic") };
	let mut blob = Blob::new();
	let mut sums = BTreeSet::new();
	for case in 0..200u64 {
		let stream = &mut Stream::new(&[17; 32], 90, case);
		let (window, width) = (1 + stream.below(104) as u16, 1 + stream.below(24) as u16);
		let skip = stream.below(2) == 0;
		let model = Model::Net(net(stream, (case % 4) as u8, window, width, program.horizon, skip));
		let seed = seed(case);
		let chunk = stream.below(32) as u16;
		let expected = score(&model, program, &drawn(program, generator, &seed, chunk));
		assert_eq!(blob.chunk_sum(DEMO, &model, Some((EvidenceRef::Drawn, seed)), chunk), Some(expected), "drawn, case {case}");
		let span = validation_span(program, spec.split.train_end, spec.split.validation_end, chunk).unwrap();
		let windows = validation(program, &values[span.start as usize..span.end as usize]);
		assert_eq!(blob.chunk_sum(DEMO, &model, None, chunk), Some(score(&model, program, &windows)), "validation, case {case}");
		sums.insert(expected);
	}
	assert!(sums.len() > 150, "{} different sums: forecasts depend on the nets", sums.len());
}

/// Returns the record of a sealed domain whose published data has `values` values or bytes.
fn sealed_spec(program: Program, split: Split, values: u32, units: u32) -> DomainSpec {
	DomainSpec {
		program,
		split,
		values,
		evidence: Evidence::Sealed { units, stake: DOIN },
		limits: Limits { model_bytes: u32::MAX, window_macs: u32::MAX },
		..sealed::spec(b"sealed")
	}
}

/// Returns random bytes of rows, with labels that the program admits.
fn random_rows(stream: &mut Stream, program: &Rows, count: u32) -> Vec<u8> {
	let mut bytes = Vec::new();
	for _ in 0..count {
		bytes.extend((0..program.features).map(|_| stream.below(256) as u8));
		match program.target {
			RowTarget::Classes(classes) => bytes.push(stream.below(classes.into()) as u8),
			RowTarget::Values(values) => {
				bytes.extend((0..values).flat_map(|_| (stream.below(4_001) as i32 - 2_000).to_le_bytes()));
			}
		}
	}
	assert_eq!(program.check_labels(&bytes), Ok(()));
	bytes
}

/// Returns the pages of the published bytes and of each segment, which starts with a page of its own.
fn byte_pages(parts: &[Vec<u8>]) -> Vec<Page> {
	let pages = parts.iter().flat_map(|part| part.chunks(PAGE_BYTES as usize));
	pages.map(|page| Page::from_bytes(page.to_vec()).expect("a page")).collect()
}

#[test]
fn the_blob_scores_rows_and_segments_of_rows_as_native_code_does() {
	let mut blob = Blob::new();
	let programs = [
		Rows { features: 48, image: None, target: RowTarget::Classes(5), rows: 8, chunks: 64 },
		Rows { features: 48, image: Some(Image { height: 4, width: 4 }), target: RowTarget::Classes(3), rows: 9, chunks: 65 },
		Rows { features: 5, image: None, target: RowTarget::Values(3), rows: 16, chunks: 64 },
	];
	let mut sums = BTreeSet::new();
	for (number, program) in (0..).zip(programs) {
		let stream = &mut Stream::new(&[19; 32], 90, number);
		let published = random_rows(stream, &program, 1_000);
		let mut segment = || random_rows(stream, &program, program.segment_rows());
		let parts = vec![published.clone(), segment(), segment()];
		let split = Split { train_end: 300, validation_end: 999 };
		let spec = sealed_spec(Program::Rows(program), split, published.len() as u32, program.segment_rows());
		assert!(spec.pages() > 1 && spec.segment_pages() > 1 && !spec.segment_bytes().is_multiple_of(PAGE_BYTES));
		let domain = blob.insert(spec.clone(), byte_pages(&parts), 2);
		assert!(blob.rows(domain).as_ref() == Some(&published), "program {number}: the published rows");
		assert!(blob.segment(domain, 1).as_ref() == Some(&parts[2]), "program {number}: the second segment");
		assert_eq!(blob.segment(domain, 2), None, "it is not opened");
		for case in 0..60u64 {
			let (width, skip) = (1 + stream.below(20) as u16, stream.below(2) == 0);
			let model = Model::Net(row_net(stream, &program, width, skip));
			let (chunk, index, seed) = (stream.below(program.chunks.into()) as u16, (case % 2) as u16, seed(case));
			let rows = dealt(&program, &parts[1 + usize::from(index)], &seed, chunk);
			assert_eq!(rows.len(), usize::from(program.rows));
			let expected = score_rows(&model, &program, &rows);
			let drawn = blob.chunk_sum(domain, &model, Some((EvidenceRef::Segment(index), seed)), chunk);
			assert_eq!(drawn, Some(expected), "segment, program {number}, case {case}");
			let span = validation_rows_span(&program, split.train_end, split.validation_end, chunk).unwrap();
			let rows = RowSet::new(&program, published[span.start as usize..span.end as usize].to_vec());
			let validation = blob.chunk_sum(domain, &model, None, chunk);
			assert_eq!(validation, Some(score_rows(&model, &program, &rows)), "validation, program {number}, case {case}");
			sums.insert((number, expected));
		}
		let model = Model::Net(row_net(stream, &program, 3, true));
		for evidence in [EvidenceRef::Drawn, EvidenceRef::Segment(2), EvidenceRef::Bars { first: 0 }] {
			assert_eq!(blob.chunk_sum(domain, &model, Some((evidence, [1; 32])), 0), None, "{evidence:?}");
		}
		assert_eq!(blob.chunk_sum(domain, &model, Some((EvidenceRef::Segment(0), [1; 32])), program.chunks), None);
		let baseline = Model::Constant(vec![0; program.outputs().into()]);
		assert_eq!(blob.chunk_sum(domain, &baseline, None, 0), None, "a baseline is not a submission");
	}
	assert!(sums.len() > 60, "{} different sums: mistakes and errors depend on the nets", sums.len());
}

#[test]
fn the_blob_scores_landscapes_as_native_code_does() {
	let mut blob = Blob::new();
	let stream = &mut Stream::new(&[29; 32], 90, 0);
	let mut sums = BTreeSet::new();
	for shape in Shape::ALL {
		let mut landscapes = (1..=20).rev().map(|dimensions| Landscape { shape, dimensions, seed: Some(4) });
		// No domain has an ellipsoid.
		let Some(landscape) = landscapes.find(|landscape| landscape.check().is_ok()) else { continue };
		let program = Program::Landscape(landscape);
		let spec = DomainSpec { program: program.clone(), evidence: Evidence::Public, ..doin_runtime::demo::spec() };
		let domain = blob.insert(spec, [], 0);
		for case in 0..10u64 {
			let point: Vec<i32> = (0..landscape.dimensions)
				.map(|_| stream.below(2 * shape.edge().unsigned_abs() + 1) as i32 - shape.edge())
				.collect();
			let chunk = stream.below(program.chunks().into()) as u16;
			let expected = program.point_sum(&point, chunk);
			let model = Model::Point(point);
			assert_eq!(blob.chunk_sum(domain, &model, None, chunk), expected, "{}, case {case}", shape.name());
			let drawn = blob.chunk_sum(domain, &model, Some((EvidenceRef::Drawn, seed(case))), chunk);
			assert_eq!(drawn, expected, "a draw chooses nothing");
			sums.insert(expected);
		}
		let outside = Model::Point(vec![shape.edge() + 1; landscape.dimensions.into()]);
		assert_eq!(blob.chunk_sum(domain, &outside, None, 0), None, "it is not admitted");
	}
	assert!(sums.len() > 50, "{} different sums", sums.len());
}

#[test]
fn the_blob_scores_segments_of_a_series_as_native_code_does() {
	let program = Forecast {
		horizon: 4,
		history: 24,
		season: 7,
		chunks: 32,
		windows: 8,
		channels: 2,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	};
	assert_eq!(program.check_strided(), Ok(()));
	let (units, steps) = (program.segment_steps(), 700);
	let stream = &mut Stream::new(&[23; 32], 90, 0);
	let mut random = |steps: u32| -> Vec<i32> { (0..steps * 2).map(|_| stream.below(2_001) as i32 - 1_000).collect() };
	let parts = [random(steps), random(units), random(units)];
	let pages = parts.iter().flat_map(|part| part.chunks(PAGE_VALUES as usize));
	let pages: Vec<_> = pages.map(|page| Page::from_values(page.to_vec()).expect("a page")).collect();
	let split = Split { train_end: 300, validation_end: 690 };
	let spec = sealed_spec(Program::Forecast(program.clone()), split, steps * 2, units);
	assert_eq!((spec.pages() + 2 * spec.segment_pages()) as usize, pages.len());
	let is_part = |values: u32| !values.is_multiple_of(PAGE_VALUES);
	assert!(is_part(spec.values) && is_part(spec.segment_bytes() / 4), "the last pages are not full");

	let mut blob = Blob::new();
	let domain = blob.insert(spec, pages, 2);
	let second: Vec<u8> = parts[2].iter().flat_map(|value| value.to_le_bytes()).collect();
	assert!(blob.segment(domain, 1) == Some(second), "the second segment");
	assert_eq!(blob.rows(domain), None, "its data are values");
	let whole = parts.concat();
	let mut sums = BTreeSet::new();
	for case in 0..80u64 {
		let stream = &mut Stream::new(&[29; 32], 90, case);
		let window = 1 + stream.below(24) as u16;
		let model = Model::Net(net(stream, (case % 4) as u8, window, 6, program.horizon, true));
		// The history of the first and of the second segment lies in the part before it.
		let (index, chunk, seed) = ((case % 2) as u16, if case < 20 { 0 } else { stream.below(32) as u16 }, seed(case));
		let span = segment_span(&program, &seed, chunk);
		let before = steps + u32::from(index) * units - u32::from(program.history);
		let values = &whole[2 * (before + span.start) as usize..2 * (before + span.end) as usize];
		let expected = score(&model, &program, &strided(&program, values));
		let drawn = blob.chunk_sum(domain, &model, Some((EvidenceRef::Segment(index), seed)), chunk);
		assert_eq!(drawn, Some(expected), "case {case}");
		sums.insert(expected);
	}
	assert!(sums.len() > 70, "{} different sums: forecasts depend on the nets", sums.len());
	let model = Model::Net(net(&mut Stream::new(&[1; 32], 90, 0), 0, 24, 4, 4, true));
	assert_eq!(blob.chunk_sum(domain, &model, Some((EvidenceRef::Segment(2), [1; 32])), 31), None, "it is not opened");
	assert_eq!(blob.chunk_sum(domain, &model, Some((EvidenceRef::Drawn, [1; 32])), 0), None, "there is no generator");
}

#[test]
fn the_blob_rejects_models_that_the_domain_does_not_admit() {
	let mut blob = Blob::new();
	let model = Model::Net(net(&mut Stream::new(&[1; 32], 90, 0), 2, 10, 4, 13, false));
	assert!(blob.chunk_sum(DEMO, &model, None, 31).is_some());
	assert_eq!(blob.chunk_sum(DEMO, &model, None, 32), None, "the domain has 32 chunks");
	assert_eq!(blob.chunk_sum(DEMO, &Model::Seasonal, None, 0), None, "a baseline is not a submission");
	let wider = Model::Net(net(&mut Stream::new(&[1; 32], 90, 0), 2, 10, 4, 14, false));
	assert_eq!(blob.chunk_sum(DEMO, &wider, None, 0), None, "it forecasts too many steps");
	for evidence in [EvidenceRef::Segment(0), EvidenceRef::Bars { first: 0 }] {
		assert_eq!(blob.chunk_sum(DEMO, &model, Some((evidence, [1; 32])), 0), None, "{evidence:?}");
	}
	assert_eq!(DEMO, 0);
}

#[test]
fn the_blob_makes_training_runs_as_native_code_does() {
	let runs = TrainingRuns { features: 20, classes: 4, training: 64, validation: 40, batch: 16, steps: 12, ..genomes::digits() };
	let (spec, pages, bytes) = genomes::domain(&runs, 400);
	// A product of matrices, a power and a root cost more than the domain of other tests allows.
	let spec = DomainSpec { limits: Limits { window_macs: 1_000, ..spec.limits }, ..spec };
	assert_eq!(spec.check(), Ok(()));
	let root = spec.data_root;
	let mut blob = Blob::new();
	let domain = blob.insert(spec, pages, 0);
	assert_eq!(blob.rows(domain), Some(bytes.clone()));
	let mut lists: Vec<_> = library::baselines().into_iter().map(|(_, genome)| genome).collect();
	lists.push(library::label_smoothing(6_554, 4));
	// Functions of every kind, along an axis, of matrices, and behind a condition.
	lists.push(genomes::genome("[[251,101,3],[352,3,100,4],[205,101,-1,5],[1,4,5,9],[453,9]]"));
	lists.push(genomes::genome("[[103,101,3],[102,3,101,4],[202,4,0,5],[5,5,5,6],[253,101,7],[1,6,7,8],[6,8,9]]"));
	lists.push(genomes::genome("[[400,101,100,3],[2,100,101,4],[10,4,9],[451,3,5],[9,4,9],[252,9,9],[453,9]]"));
	let mut sums = BTreeSet::new();
	for (case, genome) in lists.into_iter().enumerate() {
		let (seed, chunk, model) = (seed(case as u64), case as u16, Model::Genome(genome.clone()));
		let expected = run_sum(&runs, &genome, &bytes, &seed, chunk);
		assert_eq!(blob.chunk_sum(domain, &model, Some((EvidenceRef::Drawn, seed)), chunk), Some(expected), "drawn, case {case}");
		let published = run_sum(&runs, &genome, &bytes, &root, chunk);
		assert_eq!(blob.chunk_sum(domain, &model, None, chunk), Some(published), "published, case {case}");
		assert_eq!(blob.chunk_sum(domain, &model, Some((EvidenceRef::Segment(0), seed)), chunk), None, "no segments");
		sums.insert(expected);
	}
	assert!(sums.len() > 3, "{sums:?}");
	let net = Model::Constant(vec![0; 4]);
	assert_eq!(blob.chunk_sum(domain, &net, None, 0), None, "a model of another program");
}

/// Runs random genomes in the executor and in native code, and compares the sums.
fn compare_random_genomes(cases: Range<u64>) {
	let mut blob = Blob::new();
	let programs = genomes::tiny().map(|runs| {
		let (spec, pages, bytes) = genomes::domain(&runs, 120);
		let limits = Limits { model_bytes: u32::MAX, window_macs: u32::MAX };
		(blob.insert(DomainSpec { limits, ..spec }, pages, 0), runs, bytes)
	});
	let (count, mut others) = (cases.end - cases.start, 0);
	for case in cases {
		let stream = &mut Stream::new(&[31; 32], 90, case);
		let (genome, chunk, seed) = (genomes::random(stream), stream.below(32) as u16, seed(case));
		let (domain, runs, bytes) = &programs[(case % 3) as usize];
		let expected = run_sum(runs, &genome, bytes, &seed, chunk);
		let model = Model::Genome(genome);
		let sum = blob.chunk_sum(*domain, &model, Some((EvidenceRef::Drawn, seed)), chunk);
		assert_eq!(sum, Some(expected), "case {case}: {model:?}");
		others += u64::from(expected != run_sum(runs, &library::cross_entropy(), bytes, &seed, chunk));
	}
	assert!(others > count / 2, "{others} of {count} sums differ from that of the cross-entropy: a loss decides what is learnt");
}

#[test]
fn the_blob_makes_runs_of_random_genomes_as_native_code_does() {
	compare_random_genomes(0..1_000);
}

#[test]
#[ignore = "large: 100 000 genomes"]
fn the_blob_makes_runs_of_many_genomes_as_native_code_does() {
	compare_random_genomes(1_000..101_000);
}
