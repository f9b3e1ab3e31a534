//! Tests of rows: nets are equal on every unit, and score as in training.

mod random;

use super::*;
use crate::{
	gpu::tests::{shared, RUN},
	train::candidate::{BYTE_OPERAND_BITS, OPERAND_BITS},
	ComputeUnit, Evaluated, StoppingRule, INITIAL_FITNESS,
};
use doin_primitives::{
	domain::{Growth, Limits},
	DomainSpec, Evidence, Split, DOIN,
};
use doin_scoring::{
	philox::Stream,
	rows::{Image, RowError, Rows},
	verdict::total,
	Encoder, Layer, ModelError, Net, Program, Scratch,
};

const LIMITS: Limits = Limits { model_bytes: 65_536, window_macs: 65_536 };

fn program(features: u16, target: RowTarget) -> Rows {
	Rows { features, image: None, target, rows: 16, chunks: 64 }
}

/// Returns rows of six features, three of them noise. The class is 1 if the third is large; otherwise it is 0 or 3, as the first two
/// are on the same side of 127 or not.
fn quadrants() -> RowsTask {
	let mut random = Stream::new(&[21; 32], 77, 0);
	let mut bytes = Vec::new();
	for _ in 0..1_500 {
		let features: [u8; 6] = std::array::from_fn(|_| random.below(256) as u8);
		bytes.extend(features);
		let [a, b, c] = [features[0] > 127, features[1] > 127, features[2] > 200];
		bytes.push(if c { 1 } else { 3 * u8::from(a != b) });
	}
	let split = Split { train_end: 1_050, validation_end: 1_300 };
	// Class 2 does not occur.
	RowsTask { program: program(6, RowTarget::Classes(4)), limits: LIMITS, bytes, split, most_early_stopping: u32::MAX }
}

/// Returns images of 5 × 4 pixels of two channels: the class is the row of pixels in which the first channel is bright.
fn bars() -> RowsTask {
	let mut random = Stream::new(&[22; 32], 77, 0);
	let mut bytes = Vec::new();
	for _ in 0..900 {
		let row = random.below(5) as usize;
		let pixel = |at: usize, noise: u32| if at.is_multiple_of(2) && at / 8 == row { 160 + noise } else { noise };
		bytes.extend((0..40).map(|at| pixel(at, random.below(96)) as u8));
		bytes.push(row as u8);
	}
	let program = Rows { image: Some(Image { height: 5, width: 4 }), ..program(40, RowTarget::Classes(5)) };
	let split = Split { train_end: 700, validation_end: 800 };
	RowsTask { program, limits: LIMITS, bytes, split, most_early_stopping: u32::MAX }
}

/// Returns rows of three features and two values: a product, and a sum.
fn products() -> RowsTask {
	let mut random = Stream::new(&[23; 32], 77, 0);
	let mut bytes = Vec::new();
	for _ in 0..1_200 {
		let features: [u8; 3] = std::array::from_fn(|_| random.below(256) as u8);
		let [a, b, c] = features.map(|byte| i32::from(byte) - 128);
		bytes.extend(features);
		bytes.extend([a * b / 16, 2 * b - c].map(i32::to_le_bytes).as_flattened());
	}
	let program = program(3, RowTarget::Values(2));
	let split = Split { train_end: 900, validation_end: 1_100 };
	RowsTask { program, limits: LIMITS, bytes, split, most_early_stopping: u32::MAX }
}

fn candidate(task: &RowsTask) -> Candidate {
	Candidate { window: task.program.features, width: 12, rate: 12, epochs: 5, linear_skip: false, ..Candidate::default() }
}

/// Returns candidates of all kinds that rows are trained by.
fn candidates(task: &RowsTask) -> Vec<Candidate> {
	let base = candidate(task);
	let mut all = Vec::new();
	for bits in [OPERAND_BITS, BYTE_OPERAND_BITS] {
		all.extend([
			Candidate { bits, ..base },
			Candidate { bits, linear_skip: true, seed: 1, ..base },
			Candidate { bits, linear_skip: true, blend: true, depth: 2, width: 33, ..base },
		]);
	}
	all.push(Candidate { depth: 0, ..base });
	if task.program.image.is_some() {
		let conv = Candidate { family: Family::Conv, kernel: 2, ..base };
		all.extend([conv, Candidate { kernel: 3, stride: 2, width: 7, ..conv }, Candidate { kernel: 1, stride: 3, ..conv }]);
	}
	all
}

fn train(data: &RowsData, executor: &Executor, candidates: &[Candidate], grouping: Grouping) -> Vec<Result<Evaluated, Error>> {
	let runs = data.train(executor, candidates, grouping, &Control::new(&RUN)).unwrap();
	runs.into_iter().map(|run| run.evaluated).collect()
}

/// Returns the error sums of `model` on the validation part, as the chain computes them.
fn chain_errors(task: &RowsTask, model: &Model) -> Vec<u32> {
	let Split { train_end, validation_end } = task.split;
	let chunk = |start: u32| task.rows(start..validation_end.min(start + u32::from(MAX_ROWS)));
	let starts = (train_end..validation_end).step_by(MAX_ROWS.into());
	starts.map(|start| score_rows(model, &task.program, &chunk(start))).collect()
}

#[test]
fn rows_train_to_the_same_net_on_every_backend_and_device() {
	let (executor, devices) = (Executor::cpu(2).unwrap(), Executor::devices_only(shared().0.clone()));
	for task in [quadrants(), bars(), products()] {
		let candidates = candidates(&task);
		let data = RowsData::new(task.clone()).unwrap();
		let expected = train(&data, &executor, &candidates, Grouping::Independent);
		for backend in Backend::available() {
			let data = RowsData::new(task.clone()).unwrap().with_backend(backend).unwrap();
			assert!(train(&data, &executor, &candidates, Grouping::Independent) == expected, "{backend:?}");
		}
		let brackets = Grouping::Brackets(StoppingRule::default());
		assert!(train(&data, &executor, &candidates, brackets) == expected, "brackets");
		let trained = data.train(&devices, &candidates, Grouping::Independent, &Control::new(&RUN)).unwrap();
		for (run, (expected, candidate)) in trained.into_iter().zip(expected.into_iter().zip(&candidates)) {
			let on_device = candidate.bits == OPERAND_BITS && !candidate.is_linear();
			match run.evaluated {
				Ok(evaluated) => assert!(evaluated == expected.unwrap(), "{candidate:?}"),
				Err(error) => {
					assert!(candidate.bits != OPERAND_BITS && matches!(error, Error::Device(_)), "{candidate:?}: {error}")
				}
			}
			assert_eq!(run.unit == ComputeUnit::Device(0), on_device);
		}
	}
}

#[test]
fn score_rows_equals_the_training_metric() {
	let executor = Executor::cpu(2).unwrap();
	for task in [quadrants(), bars(), products()] {
		let data = RowsData::new(task.clone()).unwrap();
		assert_eq!(data.initial_errors().validation, chain_errors(&task, data.constant()));
		assert_eq!(data.fitness(data.initial_errors()), INITIAL_FITNESS);
		let candidates = candidates(&task);
		for evaluated in train(&data, &executor, &candidates, Grouping::Independent) {
			let Evaluated { candidate, model, errors, fitness } = evaluated.unwrap();
			task.admit(&model).unwrap();
			assert_eq!(errors.validation, chain_errors(&task, &model), "{candidate:?}");
			assert_eq!(fitness, data.fitness(&errors));
			let Model::Net(net) = model else { panic!("candidates are nets") };
			assert_eq!(net.window, task.program.features);
			assert_eq!(matches!(net.encoder, Encoder::Image(_)), candidate.family == Family::Conv);
		}
		let ridge = data.ridge().unwrap();
		assert!(total(&chain_errors(&task, &ridge)) < total(&data.initial_errors().validation), "the ridge learns something");
	}
}

/// The error of a learning curve, which selects the best epoch, is that of the stripped net on the early-stopping set.
#[test]
fn the_learning_curve_is_the_error_of_rows() {
	for (task, family) in [(quadrants(), Family::Mlp), (bars(), Family::Conv), (products(), Family::Mlp)] {
		let data = RowsData::new(task.clone()).unwrap();
		let candidate = Candidate { family, epochs: 4, rate: 12, kernel: 3, ..candidate(&task) };
		let brackets = Grouping::Brackets(StoppingRule::default());
		let runs = data.train(&Executor::cpu(1).unwrap(), &[candidate], brackets, &Control::new(&RUN)).unwrap();
		let least = runs[0].errors.iter().map(|error| error.error).min().unwrap();
		let train_end = task.split.train_end;
		let rows = task.rows(train_end - train_end / 7..train_end);
		let sum = score_rows(&runs[0].evaluated.as_ref().unwrap().model, &task.program, &rows);
		let predictions = match task.program.target {
			RowTarget::Classes(_) => 1,
			RowTarget::Values(values) => usize::from(values),
		};
		let mean = f64::from(sum) / 16.0 / (predictions * rows.len()) as f64;
		assert!((data.mean_error(least) - mean).abs() < 1e-9, "{} {mean}", data.mean_error(least));
	}
}

#[test]
fn nets_beat_linear_models_where_they_can() {
	let executor = Executor::cpu(2).unwrap();
	for (task, family) in [(quadrants(), Family::Mlp), (products(), Family::Mlp), (bars(), Family::Conv)] {
		let data = RowsData::new(task.clone()).unwrap();
		let candidate = Candidate { family, epochs: 100, width: 24, rate: 12, decay: 0, kernel: 2, ..candidate(&task) };
		let trained = train(&data, &executor, &[candidate], Grouping::Independent).remove(0).unwrap();
		let (net, ridge) = (total(&trained.errors.validation), total(&chain_errors(&task, &data.ridge().unwrap())));
		let rows = data.validation_rows() as f64 * 16.0;
		assert!(net * 2 < ridge || net as f64 / rows < 0.02, "{:?}: net {net}, ridge {ridge}", task.program.target);
	}
}

/// Returns a random layer whose accumulators stay far from the ends of `i32`.
fn layer(random: &mut Stream, inputs: usize, outputs: usize) -> Layer {
	Layer {
		inputs: inputs as u16,
		outputs: outputs as u16,
		shift: 1 + random.below(14) as u8,
		weights: (0..inputs * outputs).map(|_| random.below(4_095) as i16 - 2_047).collect(),
		bias: (0..outputs).map(|_| random.below(1 << 24) as i32 - (1 << 23)).collect(),
	}
}

/// A net of windows and its stripped net have equal outputs for any weights.
#[test]
fn a_row_is_the_embedded_window() {
	let mut random = Stream::new(&[24; 32], 77, 0);
	let mut scratch = Scratch::default();
	for case in 0..400 {
		let channels = 1 + random.below(3) as u16;
		let image = Image { height: 2 + random.below(6) as u8, width: 2 + random.below(6) as u8 };
		let features = u16::from(image.height) * u16::from(image.width) * channels;
		let program = Rows { image: Some(image), ..program(features, RowTarget::Classes(3)) };
		let patches = case % 2 == 1;
		let inputs = if patches {
			let (kernel, stride) = (1 + random.below(3) as u8, 1 + random.below(3) as u8);
			match Inputs::patches(&program, image, kernel, stride) {
				Ok(inputs) => inputs,
				Err(_) => continue,
			}
		} else {
			Inputs::Features
		};
		let rows = EmbeddedRows::new(program, LIMITS, inputs);
		let forecast = rows.forecast_task().unwrap().program;
		let window = usize::from(forecast.history);
		let width = 1 + random.below(5) as usize;
		let padding = usize::from(rows.padding());
		let (encoder, first, skip) = if patches {
			let conv = doin_scoring::Conv {
				kernel: padding as u16,
				dilation: 1,
				stride: padding as u16,
				layer: layer(&mut random, padding, width),
			};
			(Encoder::Conv(vec![conv]), window / padding * width, None)
		} else {
			(Encoder::None, window, Some(layer(&mut random, window, 3)))
		};
		let layers = vec![layer(&mut random, first, 4), layer(&mut random, 4, 3)];
		let shift = random.below(5) as i8;
		let net = Net { window: window as u16, in_shifts: vec![shift], skip, encoder, layers };
		let stripped = rows.strip(&net).unwrap();
		stripped.admit_rows(&program).unwrap();
		let bytes: Vec<u8> = (0..features).map(|_| random.below(256) as u8).collect();
		let mut values = Vec::new();
		rows.push_inputs(&bytes, &mut values);
		let (mut x, mut y) = (vec![0; window], vec![0; features.into()]);
		doin_scoring::score::channel_differences(shift, 0, 1, &values, &mut x);
		doin_scoring::rows::row_features(shift as u8, &bytes, &mut y);
		let (mut expected, mut out) = ([0; 3], [0; 3]);
		net.forward(&x, &mut expected, &mut scratch);
		stripped.forward(&y, &mut out, &mut scratch);
		assert_eq!(out, expected, "case {case}");
	}
}

#[test]
fn a_class_without_rows_and_constant_columns_train() {
	let mut task = quadrants();
	let row_bytes = task.program.row_bytes();
	for (at, byte) in [(3, 0), (4, 128), (5, 255)] {
		task.bytes.chunks_exact_mut(row_bytes).for_each(|row| row[at] = byte);
	}
	// Class 3 occurs behind the training part only.
	let train_end = task.split.train_end as usize;
	task.bytes.chunks_exact_mut(row_bytes).take(train_end).filter(|row| row[6] == 3).for_each(|row| row[6] = 1);
	let data = RowsData::new(task.clone()).unwrap();
	for evaluated in train(&data, &Executor::cpu(2).unwrap(), &candidates(&task), Grouping::Independent) {
		let evaluated = evaluated.unwrap();
		assert_eq!(evaluated.errors.validation, chain_errors(&task, &evaluated.model));
	}
	// Nothing but constants.
	task.bytes.chunks_exact_mut(row_bytes).for_each(|row| row[..6].fill(7));
	let data = RowsData::new(task.clone()).unwrap();
	for evaluated in train(&data, &Executor::cpu(2).unwrap(), &candidates(&task), Grouping::Independent) {
		let evaluated = evaluated.unwrap();
		assert_eq!(evaluated.errors.validation, chain_errors(&task, &evaluated.model));
	}
}

#[test]
fn few_rows_train_and_fewer_are_refused_with_numbers() {
	let whole = quadrants();
	let of = |train_end, validation_end| RowsTask { split: Split { train_end, validation_end }, ..whole.clone() };
	assert_eq!(
		RowsData::new(of(1, 2)).unwrap_err(),
		Error::FewRows { have: 1, need: 2, what: "training: one to train on and one to stop early on" }
	);
	assert_eq!(RowsData::new(of(2, 2)).unwrap_err(), Error::FewRows { have: 0, need: 1, what: "validation" });
	assert_eq!(RowsData::new(of(0, 2)).unwrap_err(), RowError::Split.into());
	assert_eq!(RowsData::new(of(3, 2)).unwrap_err(), RowError::Split.into());
	assert!(matches!(RowsData::new(of(1_400, 1_501)).unwrap_err(), Error::FewRows { have: 1_500, need: 1_501, .. }));
	let task = of(2, 3);
	let data = RowsData::new(task.clone()).unwrap();
	for evaluated in train(&data, &Executor::cpu(1).unwrap(), &candidates(&task), Grouping::Independent) {
		let evaluated = evaluated.unwrap();
		assert_eq!(evaluated.errors.validation, chain_errors(&task, &evaluated.model));
	}
	let mut task = whole.clone();
	task.bytes[6] = 4;
	assert_eq!(RowsData::new(task).unwrap_err(), RowError::Label.into());
	let mut task = whole;
	task.bytes.pop();
	assert_eq!(RowsData::new(task).unwrap_err(), RowError::Length.into());
}

#[test]
fn nets_are_not_fitted_to_the_rows_that_stop_training_early() {
	assert_eq!(quadrants().early_stopping(), 900..1_050);
	let task = RowsTask { most_early_stopping: 40, ..quadrants() };
	assert_eq!(task.early_stopping(), 1_010..1_050);
	assert_eq!(RowsTask { split: Split { train_end: 2, validation_end: 3 }, ..task.clone() }.early_stopping(), 1..2);
	let skip = |task: &RowsTask| {
		let data = RowsData::new(task.clone()).unwrap();
		data.features.linear_skip(data.features.task.program.history, 0).unwrap().net.clone()
	};
	let relabelled = |rows: std::ops::Range<usize>| {
		let mut task = task.clone();
		rows.for_each(|row| task.bytes[7 * row + 6] = 3 - task.bytes[7 * row + 6]);
		task
	};
	assert_eq!(skip(&relabelled(1_010..1_050)), skip(&task));
	assert_ne!(skip(&relabelled(960..1_010)), skip(&task));
}

#[test]
fn only_the_newest_segment_stops_training_early() {
	let spec = |evidence| DomainSpec {
		name: Default::default(),
		unit: Default::default(),
		program: Program::Rows(program(6, RowTarget::Classes(4))),
		genes: Default::default(),
		limits: LIMITS,
		data_root: [0; 32],
		values: 7 * 700,
		growth: Growth::Appending,
		split: Split { train_end: 600, validation_end: 700 },
		evidence,
		min_improvement: 5_000,
		target: 0,
		licence: Default::default(),
	};
	let sealed = spec(Evidence::Sealed { units: 100, stake: DOIN });
	let of = |spec: &DomainSpec, rows: usize| RowsTask::of_domain(spec, &quadrants().bytes[..7 * rows]).unwrap();
	assert_eq!((of(&sealed, 700).early_stopping(), of(&sealed, 900).early_stopping()), (515..600, 700..800));
	let grown = of(&sealed, 1_400);
	assert_eq!(grown.early_stopping(), 1_200..1_300);
	assert_eq!(grown.bytes[7 * 1_200..7 * 1_300], quadrants().bytes[7 * 1_300..7 * 1_400], "the newest segment");
	assert_eq!(of(&spec(Evidence::Public), 700).early_stopping(), 515..600);
}

#[test]
fn what_rows_do_not_train_is_refused_by_name() {
	let (plain, image) = (quadrants(), bars());
	let (rows, images) = (RowsData::new(plain.clone()).unwrap(), RowsData::new(image.clone()).unwrap());
	let (base, conv) = (candidate(&plain), Candidate { family: Family::Conv, kernel: 2, ..candidate(&image) });
	let gene = |name: &str, value, lo, hi| Err(Error::Gene { name: name.into(), value, lo, hi });
	assert_eq!(rows.check(&Candidate { window: 5, ..base }), gene("window", 5, 6, 6));
	assert_eq!(images.check(&Candidate { kernel: 4, ..conv }), Ok(()));
	assert_eq!(images.check(&Candidate { kernel: 5, ..conv }), gene("kernel", 5, 1, 4));
	assert_eq!(images.check(&Candidate { stride: 0, ..conv }), gene("stride", 0, 1, 32));
	assert_eq!(images.check(&Candidate { depth: 2, ..conv }), gene("depth", 2, 1, 1));
	assert!(matches!(images.check(&Candidate { bits: 8, ..conv }), Err(Error::Bits { bits: 8, .. })));
	let unsupported = |result| matches!(result, Err(Error::UnsupportedFamily { .. }));
	assert!(unsupported(rows.check(&Candidate { family: Family::Conv, ..base })));
	for family in [Family::Lstm, Family::Gru] {
		assert!(unsupported(images.check(&Candidate { family, ..conv })));
	}
	// A candidate that fails leaves the others as they are.
	let both = [Candidate { family: Family::Gru, ..base }, base];
	let results = train(&rows, &Executor::cpu(1).unwrap(), &both, Grouping::Independent);
	assert!(results[0].is_err() && results[1].as_ref().is_ok_and(|evaluated| evaluated.candidate == base));
}

#[test]
fn steps_of_dense_nets_of_rows_are_timed() {
	let (plain, image) = (quadrants(), bars());
	let (rows, images) = (RowsData::new(plain.clone()).unwrap(), RowsData::new(image.clone()).unwrap());
	assert!(rows.step_times(&candidate(&plain)).unwrap().is_some());
	assert_eq!(images.step_times(&Candidate { family: Family::Conv, kernel: 2, ..candidate(&image) }).unwrap(), None);
	assert!(rows.step_times(&Candidate { window: 5, ..candidate(&plain) }).is_err());
}

/// The cost of a candidate is that of its stripped net, to the last multiply-accumulate.
#[test]
fn costs_before_training_are_those_of_rows() {
	let executor = Executor::cpu(1).unwrap();
	for task in [quadrants(), bars()] {
		let data = RowsData::new(task.clone()).unwrap();
		for (candidate, evaluated) in
			candidates(&task).into_iter().zip(train(&data, &executor, &candidates(&task), Grouping::Independent))
		{
			let macs = evaluated.unwrap().model.macs() as u32;
			let limited = |window_macs| {
				let limits = Limits { window_macs, ..task.limits.clone() };
				RowsData::new(RowsTask { limits, ..task.clone() }).unwrap().check(&candidate)
			};
			assert_eq!(limited(macs), Ok(()), "{candidate:?}");
			assert_eq!(limited(macs - 1), Err(Error::Model(ModelError::TooCostly)), "{candidate:?}");
		}
	}
}

#[test]
fn halving_ends_candidates_of_one_geometry_together() {
	let task = bars();
	let data = RowsData::new(task.clone()).unwrap();
	let base = Candidate { epochs: 8, ..candidate(&task) };
	let conv = Candidate { family: Family::Conv, kernel: 2, ..base };
	let candidates: Vec<Candidate> =
		(0..12).map(|seed| Candidate { seed, rate: 8 + (seed % 5) as u8, ..if seed % 3 == 0 { conv } else { base } }).collect();
	let halving = Grouping::Brackets(StoppingRule { patience: None, halving: true });
	let run = |executor: &Executor| data.train(executor, &candidates, halving, &Control::new(&RUN)).unwrap();
	let (cpu, device) = (run(&Executor::cpu(2).unwrap()), run(&Executor::devices_only(shared().0.clone())));
	let epochs = |runs: &[TrainingRun]| runs.iter().map(|run| run.errors.len()).collect::<Vec<_>>();
	assert!(epochs(&cpu).contains(&1) && epochs(&cpu).contains(&8), "{:?}", epochs(&cpu));
	for (a, b) in cpu.iter().zip(&device) {
		assert!(a.evaluated == b.evaluated && a.errors == b.errors);
	}
}

/// Returns rows with the most classes, whose class is in the bits of the first features; `features` is a square.
fn bits(features: u16, count: u32) -> RowsTask {
	let mut random = Stream::new(&[25; 32], 77, 0);
	let mut bytes = Vec::new();
	for _ in 0..count {
		let class = random.below(64) as u8;
		let features = usize::from(features);
		let feature = |at: usize, noise: u32| if at < 6 { (class >> at & 1) * 200 + noise as u8 % 50 } else { noise as u8 };
		bytes.extend((0..features).map(|at| feature(at, random.below(256))));
		bytes.push(class);
	}
	let side = features.isqrt() as u8;
	let program = Rows { image: Some(Image { height: side, width: side }), ..program(features, RowTarget::Classes(64)) };
	let split = Split { train_end: count / 2, validation_end: count * 3 / 4 };
	let limits = Limits { model_bytes: 1 << 20, window_macs: 1 << 20 };
	RowsTask { program, limits, bytes, split, most_early_stopping: u32::MAX }
}

#[test]
fn sixty_four_classes_and_a_thousand_features_train_everywhere() {
	let devices = Executor::devices_only(shared().0.clone());
	for (features, count) in [(49, 1_500), (1_024, 200)] {
		let task = bits(features, count);
		let base = Candidate { epochs: 2, ..candidate(&task) };
		let conv = Candidate { family: Family::Conv, kernel: 3, stride: 2, width: 4, ..base };
		let candidates = [base, Candidate { bits: BYTE_OPERAND_BITS, width: 70, ..base }, conv];
		let data = RowsData::new(task.clone()).unwrap();
		let expected = train(&data, &Executor::cpu(2).unwrap(), &candidates, Grouping::Independent);
		for evaluated in &expected {
			let evaluated = evaluated.as_ref().unwrap();
			assert_eq!(evaluated.errors.validation, chain_errors(&task, &evaluated.model));
		}
		for backend in Backend::available() {
			let data = RowsData::new(task.clone()).unwrap().with_backend(backend).unwrap();
			let trained = train(&data, &Executor::cpu(2).unwrap(), &candidates, Grouping::Independent);
			assert!(trained == expected, "{backend:?}");
		}
		let on_device = train(&data, &devices, &[base, conv], Grouping::Independent);
		assert!(on_device == [expected[0].clone(), expected[2].clone()], "{features} features");
	}
}

/// First bytes of the digest of each net of [`candidates`].
const PINNED: [u32; 24] = [
	1809492753, 1621930893, 112721644, 1118972517, 3715948273, 837069057, 2663417266, 1911957333, 2144924324, 1477385102,
	1591193869, 2144924324, 72602111, 2963712998, 2132799706, 1098978248, 2882480806, 1710351130, 2995122425, 2311994129,
	1840136215, 2288432872, 1975168782, 1391851915,
];

#[test]
fn pinned_candidates_train_to_pinned_rows() {
	let mut digests = Vec::new();
	for task in [quadrants(), bars(), products()] {
		let data = RowsData::new(task.clone()).unwrap();
		for evaluated in train(&data, &Executor::cpu(2).unwrap(), &candidates(&task), Grouping::Independent) {
			let digest = doin_primitives::blake2_256(&evaluated.unwrap().model.to_bytes());
			digests.push(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]));
		}
	}
	assert_ne!(digests[0], digests[3], "steps in 8 bits and in 12");
	assert_eq!(digests, PINNED);
}
