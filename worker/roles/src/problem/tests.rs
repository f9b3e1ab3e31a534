//! Tests of problems, and the domains that other tests use.

pub(crate) use super::fixtures::sawtooth;
use super::{fixtures::sawtooth_steps, *};
use doin_primitives::{Growth, Limits, Split, DOIN};
use doin_scoring::{
	landscape::{Landscape, Shape},
	rows::{dealt, score_rows, RowTarget},
	sample::{self, segment_span, strided},
	score, Encoder, Layer, Net, Target,
};

/// Returns the sawtooth as a sealed domain of which `opened` segments are opened.
pub(crate) fn sealed_sawtooth(opened: u16) -> Problem {
	let mut problem = sawtooth();
	let units = problem.forecast().unwrap().segment_steps();
	problem.spec.evidence = Evidence::Sealed { units, stake: 10 * DOIN };
	problem.spec.growth = Growth::Appending;
	problem.spec.licence = b"CC0-1.0".to_vec().try_into().unwrap();
	for index in 0..i32::from(opened) {
		let first = 600 + index * units as i32;
		let bytes: Vec<u8> = sawtooth_steps(first..first + units as i32).into_iter().flat_map(i32::to_le_bytes).collect();
		problem.append_segment(index as u16, Some(&bytes), Some(&blake2_256(&bytes))).unwrap();
	}
	problem
}

/// Returns rows of four features, and a class that follows from two of them in most rows.
fn letter_rows(rows: std::ops::Range<u32>) -> Vec<u8> {
	let row = |row: u32| {
		let [a, b, c, d, noise, ..] = blake2_256(&row.to_le_bytes());
		let class = if noise < 16 { noise % 3 } else { ((u16::from(a) + u16::from(b)) / 171) as u8 };
		[a, b, c, d, class]
	};
	rows.flat_map(row).collect()
}

/// Returns a small sealed domain of rows of which `opened` segments of 512 rows are opened.
pub(crate) fn letters(opened: u16) -> Problem {
	let base = letter_rows(0..600);
	let program = Rows { features: 4, image: None, target: RowTarget::Classes(3), rows: 8, chunks: 64 };
	let spec = DomainSpec {
		name: b"letters".to_vec().try_into().unwrap(),
		program: Program::Rows(program),
		data_root: blake2_256(&base.encode()),
		values: base.len() as u32,
		growth: Growth::Appending,
		split: Split { train_end: 400, validation_end: 592 },
		evidence: Evidence::Sealed { units: 512, stake: 10 * DOIN },
		licence: b"CC-BY-4.0".to_vec().try_into().unwrap(),
		..sawtooth().spec
	};
	let mut problem = Problem { id: 4, spec, data: Published::Rows(base), linear: None, program: None };
	for index in 0..u32::from(opened) {
		let bytes = letter_rows(1_000 + 512 * index..1_512 + 512 * index);
		problem.append_segment(index as u16, Some(&bytes), Some(&blake2_256(&bytes))).unwrap();
	}
	problem
}

/// Returns a landscape of three coordinates.
pub(crate) fn rastrigin() -> Problem {
	let spec = DomainSpec {
		name: b"rastrigin".to_vec().try_into().unwrap(),
		unit: Default::default(),
		program: Program::Landscape(Landscape { shape: Shape::Rastrigin, dimensions: 3, seed: Some(7) }),
		data_root: [0; 32],
		values: 0,
		split: Split { train_end: 0, validation_end: 0 },
		evidence: Evidence::Public,
		target: 1,
		..sawtooth().spec
	};
	Problem { id: 5, spec, data: Published::Series(Vec::new()), linear: None, program: None }
}

/// Returns training runs on rows of letters, by which loss genomes are scored.
pub(crate) fn genomes() -> Problem {
	let samples = letter_rows(0..200);
	let runs = TrainingRuns {
		features: 4,
		classes: 3,
		shift: 4,
		hidden: vec![8].try_into().unwrap(),
		training: 48,
		validation: 32,
		batch: 16,
		steps: 16,
		rate: 13,
		decay: 0,
		chunks: 32,
	};
	let spec = DomainSpec {
		name: b"genomes".to_vec().try_into().unwrap(),
		unit: Default::default(),
		program: Program::LossGenome(runs),
		limits: Limits { model_bytes: 1_024, window_macs: 2_000 },
		data_root: blake2_256(&samples.encode()),
		values: samples.len() as u32,
		split: Split { train_end: 0, validation_end: 0 },
		evidence: Evidence::Drawn,
		..sawtooth().spec
	};
	Problem { id: 6, spec, data: Published::Rows(samples), linear: None, program: None }
}

#[test]
fn training_runs_are_a_problem_whose_models_are_genomes() {
	let problem = genomes();
	problem.check().unwrap();
	problem.check_trainable().unwrap();
	let initial = problem.initial().unwrap();
	assert!(baselines().into_iter().any(|(_, genome)| initial == Model::Genome(genome)));
	decode_admissible(&problem, &initial.to_bytes()).unwrap();
	let drawn = problem.practice_sums(std::slice::from_ref(&initial), &[3; 32]).unwrap();
	assert_ne!(drawn, problem.validation_sums(std::slice::from_ref(&initial)).unwrap(), "other runs");
	let rate = problem.draw_error(verdict::total(&drawn[0]));
	assert!((0.02..0.6).contains(&rate), "{rate}");
	assert_eq!((problem.unit(), problem.error_description()), ((1.0, "error rate".into()), "error rate".into()));
	assert_eq!((problem.stated_genes(&[5, 6, 7]), problem.tail_error(&initial)), (Vec::new(), None));
	assert!(!problem.has_points() && problem.rows().is_none());
}

#[test]
fn a_landscape_is_a_problem_without_data_whose_models_are_points() {
	let problem = rastrigin();
	problem.check().unwrap();
	problem.check_trainable().unwrap();
	let origin = problem.initial().unwrap();
	assert_eq!((&origin, problem.point(&[1, -2, 3, 4])), (&Model::Point(vec![0; 3]), Model::Point(vec![1, -2, 3])));
	let validation = problem.validation_sums(std::slice::from_ref(&origin)).unwrap();
	assert_eq!(verdict::total(&validation[0]), problem.bar().unwrap());
	assert_eq!(problem.practice_sums(std::slice::from_ref(&origin), &[3; 32]).unwrap(), validation, "a draw chooses nothing");
	decode_admissible(&problem, &origin.to_bytes()).unwrap();
	assert!(decode_admissible(&problem, &Model::Point(vec![0; 2]).to_bytes()).is_err());
	assert_eq!(problem.draw_error(1_500_000), 1.5);
	assert_eq!(problem.tail_error(&origin), None);
	assert_eq!(problem.coordinates(&problem.point(&[1, -2_000, 0])), Some(vec![0.001, -2.0, 0.0]));
	assert_eq!((problem.coordinates(&Model::Seasonal), sawtooth().coordinates(&origin)), (None, None));
	assert!(problem.has_points() && !sawtooth().has_points());
}

/// Coordinates are the model; genes of such a record mean nothing.
#[test]
fn a_reveal_of_a_point_states_the_genes_of_the_record() {
	let mut problem = rastrigin();
	assert_eq!(problem.stated_genes(&[5, 6, 7]), Vec::<i64>::new());
	let gene = doin_primitives::Gene { name: b"a".to_vec().try_into().unwrap(), lo: 2, hi: 9, log: false, frac: 0 };
	problem.spec.genes = vec![gene].try_into().unwrap();
	assert_eq!(problem.stated_genes(&[5, 6, 7]), [2]);
	assert_eq!(sawtooth().stated_genes(&[5, 6, 7]), [5, 6, 7]);
}

#[test]
fn a_series_that_does_not_match_its_record_is_noticed() {
	let mut problem = sawtooth();
	problem.check().unwrap();
	let mut series = problem.data.series().to_vec();
	series[5] += 1;
	problem.data = Published::Series(series.clone());
	assert!(format!("{:#}", problem.check().unwrap_err()).contains("another hash"));
	series.pop();
	problem.data = Published::Series(series);
	assert!(format!("{:#}", problem.check().unwrap_err()).contains("599 values"));
	let mut problem = letters(0);
	problem.check().unwrap();
	problem.data = Published::Rows(letter_rows(1..601));
	assert!(format!("{:#}", problem.check().unwrap_err()).contains("another hash"));
}

#[test]
fn sums_are_those_of_the_scoring_crate_chunk_by_chunk() {
	let problem = sawtooth();
	let forecast = problem.forecast().unwrap();
	let sums = problem.drawn_sums(&[Model::RepeatLast, Model::Seasonal], EvidenceRef::Drawn, &[7; 32]).unwrap();
	let selected = problem.selected_sums(&[Model::RepeatLast, Model::Seasonal], EvidenceRef::Drawn, &[7; 32], &[3, 1]).unwrap();
	assert_eq!(selected, [[sums[0][3], sums[0][1]], [sums[1][3], sums[1][1]]]);
	assert_eq!((sums.len(), sums[0].len()), (2, 32));
	for chunk in [0u16, 31] {
		let Evidence::Synthetic(generator) = &problem.spec.evidence else { panic!("the sawtooth is drawn") };
		let windows = sample::drawn(forecast, generator, &[7; 32], chunk);
		assert_eq!(sums[1][usize::from(chunk)], score(&Model::Seasonal, forecast, &windows));
	}
	assert!(verdict::total(&sums[1]) < verdict::total(&sums[0]), "a sawtooth is seasonal");
	let validation = problem.validation_sums(&[Model::Seasonal]).unwrap();
	assert_eq!(validation[0].len(), 32);
	assert_ne!(validation[0], sums[1]);
	assert_eq!(problem.initial().unwrap(), Model::Seasonal);
}

#[test]
fn a_segment_is_appended_only_with_the_hash_of_the_chain() {
	let mut problem = letters(1);
	assert_eq!((problem.segments(), problem.data.rows().len()), (1, 5 * (600 + 512)));
	let bytes = letter_rows(1_512..2_024);
	let refusal = |problem: &mut Problem, bytes: Option<&[u8]>, hash: Option<Hash>| {
		format!("{:#}", problem.append_segment(1, bytes, hash.as_ref()).unwrap_err())
	};
	assert!(refusal(&mut problem, Some(&bytes), Some([1; 32])).contains("segment 1 has another hash than the chain"));
	assert!(refusal(&mut problem, Some(&bytes), None).contains("another hash"));
	assert!(refusal(&mut problem, Some(&bytes[1..]), Some(blake2_256(&bytes[1..]))).contains("has 2559 bytes, its record 2560"));
	assert!(refusal(&mut problem, None, Some([1; 32])).contains("has no bytes"));
	let mut no_class = bytes.clone();
	no_class[usize::from(problem.rows().unwrap().features)] = u8::MAX;
	assert!(refusal(&mut problem, Some(&no_class), Some(blake2_256(&no_class))).contains("rows of segment 1 are malformed"));
	assert_eq!(problem.segments(), 1, "nothing was appended");
	problem.append_segment(1, Some(&bytes), Some(&blake2_256(&bytes))).unwrap();
	assert_eq!(problem.segments(), 2);
}

#[test]
fn sums_on_segments_are_those_of_the_scoring_crate() {
	let problem = letters(2);
	let models = [problem.naive().unwrap()];
	let sums = problem.drawn_sums(&models, EvidenceRef::Segment(1), &[7; 32]).unwrap();
	let chunk = dealt(problem.rows().unwrap(), &letter_rows(1_512..2_024), &[7; 32], 63);
	assert_eq!((sums[0].len(), sums[0][63]), (64, score_rows(&models[0], problem.rows().unwrap(), &chunk)));
	assert!(problem.drawn_sums(&models, EvidenceRef::Segment(2), &[7; 32]).is_err(), "not opened");
	assert!(problem.drawn_sums(&models, EvidenceRef::Drawn, &[7; 32]).is_err(), "nothing is drawn");

	let problem = sealed_sawtooth(2);
	let forecast = problem.forecast().unwrap();
	let sums = problem.drawn_sums(&[Model::Seasonal], EvidenceRef::Segment(1), &[7; 32]).unwrap();
	let first = 600 + forecast.segment_steps() as usize - usize::from(forecast.history);
	let span = segment_span(forecast, &[7; 32], 5);
	let windows = strided(forecast, &problem.data.series()[first + span.start as usize..first + span.end as usize]);
	assert_eq!(sums[0][5], score(&Model::Seasonal, forecast, &windows));
	assert_eq!(problem.published_series().len(), 600);
}

/// Bars of a stream are no data of the domain.
#[test]
fn live_evidence_is_refused_and_the_published_part_is_used() {
	let mut problem = sawtooth();
	problem.spec.evidence = Evidence::Live { stream: 3, unit: 100 };
	problem.check().unwrap();
	assert!(format!("{:#}", problem.check_trainable().unwrap_err()).contains("this worker reads no streams"));
	for evidence in [EvidenceRef::Drawn, EvidenceRef::Segment(0)] {
		let refused = problem.drawn_sums(&[Model::Seasonal], evidence, &[1; 32]).unwrap_err();
		assert!(format!("{refused:#}").contains("no such evidence"), "{refused:#}");
	}
	assert_eq!(problem.validation_sums(&[Model::Seasonal]).unwrap(), sawtooth().validation_sums(&[Model::Seasonal]).unwrap());
	assert_eq!((problem.initial().unwrap(), problem.segments()), (Model::Seasonal, 0));
	assert!(problem.tail_error(&Model::Seasonal).is_some() && problem.practice_sums(&[Model::Seasonal], &[1; 32]).is_ok());
	for trainable in [sawtooth(), letters(1), sealed_sawtooth(0)] {
		trainable.check_trainable().unwrap();
	}
}

#[test]
fn the_initial_champion_of_rows_is_the_constant_or_the_model_of_the_owner() {
	let mut problem = letters(1);
	let naive = problem.naive().unwrap();
	let Model::Constant(counts) = &naive else { panic!("a constant") };
	assert_eq!(counts.iter().sum::<i32>(), 400, "the training rows count, and no others");
	assert_eq!(problem.initial().unwrap(), naive);
	assert_eq!(problem.bar().unwrap(), verdict::total(&problem.validation_sums(&[naive]).unwrap()[0]));
	let layer = Layer { inputs: 4, outputs: 3, shift: 4, weights: vec![1; 12], bias: vec![0; 3] };
	let net = Net { window: 4, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() };
	let linear = Model::Net(net);
	problem.linear = problem.owners_model(&linear.to_bytes()).unwrap();
	assert_eq!(problem.initial().unwrap(), linear);
	assert_eq!(problem.owners_model(&Model::Constant(vec![0; 3]).to_bytes()).unwrap(), None);
	assert!(problem.owners_model(&[1, 2]).is_err());
	assert!(sawtooth().owners_model(&linear.to_bytes()).is_err(), "four steps and three outputs");
}

#[test]
fn errors_of_rows_are_rates_or_in_their_unit() {
	let mut problem = letters(0);
	assert_eq!(problem.error_description(), "error rate");
	// Every fourth of 64 · 8 rows is wrong.
	assert_eq!(problem.draw_error(16 * 128), 0.25);
	let naive = problem.naive().unwrap();
	assert!(problem.tail_error(&naive).is_some_and(|error| error < 1.0), "eight rows lie behind the validation split");
	let Program::Rows(rows) = &mut problem.spec.program else { panic!("rows") };
	rows.target = RowTarget::Values(2);
	assert_eq!(problem.error_description(), "mean absolute error in mm");
	// Half a millimetre on each of the 64 · 8 · 2 values.
	assert_eq!(problem.draw_error(16 * 64 * 8 * 2), 0.5);
}

#[test]
fn errors_are_shown_in_the_unit_of_the_series() {
	let problem = sawtooth();
	// One raw unit on each of the 32 · 8 · 4 values is half a millimetre.
	assert_eq!(problem.draw_error(16 * 32 * 8 * 4), 0.5);
	let (last, seasonal) = (problem.tail_error(&Model::RepeatLast).unwrap(), problem.tail_error(&Model::Seasonal).unwrap());
	assert!(seasonal < 5.0 && last > 50.0, "{seasonal} {last}");
	assert_eq!(problem.unit(), (0.5, "mm".into()));
}

#[test]
fn errors_of_classes_are_rates_and_steps_count_one_by_one() {
	let with = |target| {
		let mut problem = sawtooth();
		let Program::Forecast(forecast) = &mut problem.spec.program else { panic!("a forecast") };
		forecast.target = target;
		problem
	};
	let classes = with(Target::Classes(vec![0].try_into().unwrap()));
	assert_eq!((classes.unit(), classes.error_description().as_str()), ((1.0, "error rate".into()), "error rate"));
	assert_eq!(classes.describe_error(0.25), "an error rate of 0.25000");
	assert_eq!(sawtooth().describe_error(2.0), "a mean absolute error of 1.0000 mm");
	// An error in every second window.
	assert_eq!(classes.draw_error(16 * 32 * 4), 0.5);
	assert!(classes.tail_error(&Model::RepeatLast).unwrap() < 1.0);
	let last = with(Target::Steps(vec![4].try_into().unwrap()));
	assert_eq!((last.draw_error(16 * 32 * 8), last.error_description().as_str()), (0.5, "mean absolute error in mm"));
	let public = Problem { spec: DomainSpec { evidence: Evidence::Public, ..last.spec.clone() }, ..last };
	let error = verdict::total(&public.drawn_sums(&[Model::Seasonal], EvidenceRef::Drawn, &[1; 32]).unwrap()[0]);
	let validation = verdict::total(&public.validation_sums(&[Model::Seasonal]).unwrap()[0]);
	assert_eq!((error, public.draw_error(16 * 32 * 3)), (validation, 0.5), "three windows validate in each chunk");
}

#[test]
fn models_of_others_are_checked_before_use() {
	let problem = sawtooth();
	let layer = |inputs: u16| Layer { inputs, outputs: 4, shift: 4, weights: vec![1; usize::from(inputs) * 4], bias: vec![0; 4] };
	let net = |window| {
		let skip = Some(layer(window));
		Model::Net(Net { window, in_shifts: vec![0], skip, encoder: Encoder::None, layers: Vec::new() })
	};
	decode_admissible(&problem, &net(8).to_bytes()).unwrap();
	assert!(decode_admissible(&problem, &net(17).to_bytes()).is_err(), "longer than the history");
	assert!(decode_admissible(&problem, &Model::Seasonal.to_bytes()).is_err(), "a baseline");
	assert!(decode_admissible(&problem, &[1, 2, 3]).is_err());
	let newer = [&[VERSION + 1][..], &net(8).to_bytes()[1..]].concat();
	let reason = decode_admissible(&problem, &newer).unwrap_err().to_string();
	assert!(reason.contains(&format!("version {}", VERSION + 1)) && reason.contains("update doin-worker"), "{reason}");
}

#[test]
fn sums_fit_what_extrinsics_carry() {
	assert_eq!(bounded_sums(vec![vec![1, 2], vec![3, 4]]).unwrap().len(), 2);
	assert!(bounded_sums(vec![vec![0]; 20]).is_err());
	assert!(bounded_chunk_sums(vec![0; 257]).is_err());
}
