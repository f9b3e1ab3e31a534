//! Properties of every input: untrusted bytes, nets at the admission bound, seeds, partitions and noise.

mod common;

use common::{cases, forecast, forward_by_definition, generator, net, number, score_by_definition};
use doin_scoring::{
	genome::GenomeError,
	model::{AccumulatorWidth, MAX_ACT, MAX_DEPTH, OUT_FRAC, REQUANTISE_MACS, SHIFTS, VERSION},
	philox::{purpose, Stream},
	program::{Quadratic, CHUNKS, MIN_NOISE},
	sample::{drawn, generator_series, tail, validation, validation_span},
	score, score_point, window_features, Encoder, Forecast, Layer, Model, ModelError, Net, Program, ProgramError, Scratch,
	Target, Windows,
};
use proptest::prelude::*;

fn program() -> Program {
	Program::Forecast(forecast())
}

fn admit(model: &Model) -> Result<AccumulatorWidth, ModelError> {
	model.admit(&program(), 64 * 1024, 65_536, model.to_bytes().len())
}

/// Returns a linear model with one weight per output; all but that of the first output are 0.
fn one_weight(weight: i16, bias: i32, shift: u8) -> Model {
	let skip = Layer { inputs: 1, outputs: 4, shift, weights: vec![weight, 0, 0, 0], bias: vec![bias, 0, 0, 0] };
	Model::Net(Net { window: 1, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: vec![] })
}

// Decoding.

proptest! {
	#![proptest_config(cases(2_000))]

	#[test]
	fn decoding_random_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), family in 0u8..6) {
		let _ = Model::from_bytes(&bytes);
		let mut framed = vec![VERSION, family];
		framed.extend(&bytes);
		if let Ok(model) = Model::from_bytes(&framed) {
			prop_assert_eq!(model.to_bytes(), framed, "a model has one encoding");
			let _ = admit(&model);
		}
	}

	#[test]
	fn a_damaged_model_never_panics(seed: [u8; 32], at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let whole = Model::Net(net(stream, 10, 4, true, Some(&[5, 3]))).to_bytes();
		let mut bytes = whole.clone();
		let position = at.index(bytes.len());
		bytes[position] = byte;
		let windows = drawn(&forecast(), &generator(), &seed, 0);
		if let Ok(model) = Model::from_bytes(&bytes) {
			// The score of a model that was not admitted is arbitrary, but scoring it does not panic.
			score(&model, &forecast(), &windows);
			prop_assert_eq!(model.to_bytes(), bytes.clone());
		}
		let cut = cut.index(bytes.len());
		prop_assert!(Model::from_bytes(&whole[..cut]).is_err(), "no encoding begins with another one");
		let _ = Model::from_bytes(&bytes[..cut]);
	}

	#[test]
	fn a_model_survives_its_encoding(seed: [u8; 32], skip: bool, widths in proptest::collection::vec(1u16..20, 0..4)) {
		let model = Model::Net(net(&mut Stream::new(&seed, 0, 0), 12, 4, skip, Some(&widths)));
		prop_assert_eq!(Model::from_bytes(&model.to_bytes()), Ok(model));
	}
}

#[test]
fn lengths_are_checked_before_anything_is_allocated() {
	// A point that declares 2³⁰ − 1 coordinates.
	assert_eq!(Model::from_bytes(&[VERSION, 2, 0xFE, 0xFF, 0xFF, 0xFF]), Err(ModelError::Malformed));
	// A layer that declares 65 535 × 65 535 weights, and one whose number of weights differs from its shape.
	let layer = [VERSION, 3, 10, 0, 4, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 1];
	assert_eq!(Model::from_bytes(&[&layer[..], &[0x03, 0x01, 0x00, 0xFE, 0xFF]].concat()), Err(ModelError::Malformed));
	assert_eq!(Model::from_bytes(&[&layer[..], &[0x03, 0x01, 0x00, 0xFE, 0xFE]].concat()), Err(ModelError::Shape));
	// A net of ten layers.
	assert_eq!(Model::from_bytes(&[VERSION, 3, 10, 0, 4, 0, 0, 0, (MAX_DEPTH as u8 + 2) << 2]), Err(ModelError::Shape));
}

#[test]
fn the_edges_of_the_format_are_named() {
	assert_eq!(Model::from_bytes(&[]), Err(ModelError::Malformed));
	assert_eq!(Model::from_bytes(&[VERSION + 1, 0]), Err(ModelError::Version));
	assert_eq!(Model::from_bytes(&[VERSION, 0]), Ok(Model::RepeatLast));
	assert_eq!(Model::from_bytes(&[VERSION, 1]), Ok(Model::Seasonal));
	assert_eq!(Model::from_bytes(&[VERSION, 0, 0]), Err(ModelError::Malformed), "a byte is left over");
	assert_eq!(Model::from_bytes(&[VERSION, 4, 0]), Ok(Model::Constant(vec![])));
	assert_eq!(Model::from_bytes(&[VERSION, 4]), Err(ModelError::Malformed), "constants without a length");
	assert_eq!(Model::from_bytes(&[VERSION, 5]), Err(ModelError::Malformed));
	let opaque = Model::Opaque(vec![0xFF, 7]);
	assert_eq!(opaque.to_bytes(), [VERSION, 5, 8, 0xFF, 7]);
	assert_eq!(Model::from_bytes(&opaque.to_bytes()), Ok(opaque));
	assert_eq!(Model::from_bytes(&[VERSION, 5, 8, 0xFF]), Err(ModelError::Malformed), "a byte is missing");
	assert_eq!(Model::from_bytes(&[VERSION, 5, 0xFE, 0xFF, 0xFF, 0xFF]), Err(ModelError::Malformed), "2³⁰ bytes");
	assert_eq!(Model::from_bytes(&[VERSION, 6]), Err(ModelError::Genome(GenomeError::Malformed)), "a genome without a dialect");
	assert_eq!(Model::from_bytes(&[VERSION, 7]), Err(ModelError::Malformed));
}

// Admission.

#[test]
fn the_bound_of_each_accumulator_width_is_exact() {
	// A = 2047 · |w| + |b| + 2^(shift − 1), with a weight of 1 and a shift of 1: |b| + 2 048.
	assert_eq!(admit(&one_weight(1, (1 << 24) - 2_049, 1)), Ok(AccumulatorWidth::Exact24));
	assert_eq!(admit(&one_weight(1, (1 << 24) - 2_048, 1)), Ok(AccumulatorWidth::I32));
	assert_eq!(admit(&one_weight(1, i32::MAX - 2_048, 1)), Ok(AccumulatorWidth::I32));
	assert_eq!(admit(&one_weight(1, i32::MAX - 2_047, 1)), Err(ModelError::Overflow));
	assert_eq!(admit(&one_weight(-1, -i32::MAX + 2_048, 1)), Ok(AccumulatorWidth::I32));
	assert_eq!(admit(&one_weight(-1, -i32::MAX + 2_047, 1)), Err(ModelError::Overflow));
	assert_eq!(admit(&one_weight(0, i32::MIN, 1)), Err(ModelError::Overflow));
	// The rounding term counts.
	assert_eq!(admit(&one_weight(0, i32::MAX - (1 << 23), 24)), Ok(AccumulatorWidth::I32));
	assert_eq!(admit(&one_weight(0, i32::MAX - (1 << 23) + 1, 24)), Err(ModelError::Overflow));
}

#[test]
fn a_model_outside_its_ranges_is_refused_by_name() {
	let stream = &mut Stream::new(&[3; 32], 0, 0);
	let good = net(stream, 10, 4, true, Some(&[5, 3]));
	let with = |change: &dyn Fn(&mut Net)| {
		let mut net = good.clone();
		change(&mut net);
		admit(&Model::Net(net))
	};
	assert_eq!(with(&|_| ()), Ok(AccumulatorWidth::Exact24));
	assert_eq!(with(&|n| n.window = 0), Err(ModelError::Window));
	assert_eq!(with(&|n| n.window = 25), Err(ModelError::Window));
	assert_eq!(with(&|n| n.window = 11), Err(ModelError::Shape));
	assert_eq!(with(&|n| n.in_shifts[0] = 12), Err(ModelError::Shift));
	assert_eq!(with(&|n| n.in_shifts[0] = -25), Err(ModelError::Shift));
	assert_eq!(with(&|n| n.in_shifts.clear()), Err(ModelError::Shape), "it reads no channel");
	assert_eq!(with(&|n| n.in_shifts.push(0)), Err(ModelError::Shape), "it reads more channels than there are");
	assert_eq!(with(&|n| n.layers[1].shift = 0), Err(ModelError::Shift));
	assert_eq!(with(&|n| n.layers[1].shift = 25), Err(ModelError::Shift));
	assert_eq!(with(&|n| n.layers[0].weights[7] = 2_048), Err(ModelError::Weight));
	assert_eq!(with(&|n| n.layers[0].weights[7] = i16::MIN), Err(ModelError::Weight));
	assert_eq!(with(&|n| n.layers.truncate(1)), Err(ModelError::Shape));
	assert_eq!(with(&|n| n.layers[2].bias.truncate(3)), Err(ModelError::Shape));
	assert_eq!(with(&|n| n.layers[2].weights.truncate(11)), Err(ModelError::Shape));
	assert_eq!(with(&|n| (n.skip, n.layers) = (None, vec![])), Err(ModelError::Shape), "a net of nothing");
	assert_eq!(with(&|n| n.layers.clear()), Ok(AccumulatorWidth::Exact24), "a linear model");
	assert_eq!(with(&|n| n.skip = None), Ok(AccumulatorWidth::Exact24), "an MLP");

	let model = Model::Net(good.clone());
	let len = model.to_bytes().len();
	assert_eq!(model.macs(), 40 + 50 + 15 + 12 + (4 + 5 + 3 + 4) * REQUANTISE_MACS);
	assert_eq!(model.admit(&program(), len as u32, 245, len), Ok(AccumulatorWidth::Exact24));
	assert_eq!(model.admit(&program(), len as u32 - 1, 245, len), Err(ModelError::TooLarge));
	assert_eq!(model.admit(&program(), len as u32, 244, len), Err(ModelError::TooCostly));
}

#[test]
fn widths_and_depth_are_bounded() {
	let stream = &mut Stream::new(&[4; 32], 0, 0);
	let admit = |widths: &[u16], stream: &mut Stream| {
		let model = Model::Net(net(stream, 10, 4, false, Some(widths)));
		model.admit(&program(), u32::MAX, u32::MAX, 0)
	};
	assert!(admit(&[512], stream).is_ok());
	assert_eq!(admit(&[513], stream), Err(ModelError::Shape));
	assert_eq!(admit(&[4, 0, 4], stream), Err(ModelError::Shape));
	assert!(admit(&[2; MAX_DEPTH], stream).is_ok());
	assert_eq!(admit(&[2; MAX_DEPTH + 1], stream), Err(ModelError::Shape));
}

#[test]
fn baselines_and_strangers_are_no_submissions() {
	let quadratic = Program::Quadratic(Quadratic { target: vec![5; 40].try_into().unwrap() });
	for model in [Model::RepeatLast, Model::Seasonal, Model::Point(vec![0; 4]), Model::Constant(vec![0; 4])] {
		assert_eq!(admit(&model), Err(ModelError::Family));
	}
	for model in [Model::RepeatLast, Model::Seasonal, Model::Constant(vec![0; 40]), one_weight(1, 0, 1)] {
		assert_eq!(model.admit(&quadratic, 10_000, 10_000, 100), Err(ModelError::Family));
	}
	let admit = |point: Vec<i32>| Model::Point(point).admit(&quadratic, 10_000, 10_000, 100);
	assert_eq!(admit(vec![1 << 20; 40]), Ok(AccumulatorWidth::I32));
	assert_eq!(admit(vec![-(1 << 20); 40]), Ok(AccumulatorWidth::I32));
	assert_eq!(admit(vec![(1 << 20) + 1; 40]), Err(ModelError::Weight));
	assert_eq!(admit(vec![i32::MIN; 40]), Err(ModelError::Weight));
	assert_eq!(admit(vec![0; 39]), Err(ModelError::Shape));
	assert_eq!(admit(vec![0; 41]), Err(ModelError::Shape));
}

/// Returns a net at the admission bound: rows of the largest weights, the largest admitted biases, activations at their limit.
fn extreme(stream: &mut Stream, window: u16) -> (Net, Vec<i16>) {
	let mut layer = |inputs: u16, outputs: u16| {
		let limit = [MAX_ACT as u32, MAX_ACT as u32 / 2, 5][stream.below(3) as usize];
		let shift = SHIFTS.start() + stream.below(u32::from(*SHIFTS.end())) as u8;
		let mut weights = Vec::new();
		let mut bias = Vec::new();
		for _ in 0..outputs {
			let row: Vec<i16> = (0..inputs).map(|_| number(stream, limit) as i16).collect();
			let used: i64 = row.iter().map(|w| i64::from(w.unsigned_abs()) * i64::from(MAX_ACT)).sum();
			let left = (i64::from(i32::MAX) - used - (1 << (shift - 1))).max(0);
			bias.push(if stream.below(2) == 0 { left as i32 } else { -left as i32 });
			weights.extend(row);
		}
		Layer { inputs, outputs, shift, weights, bias }
	};
	let skip = layer(window, 4);
	let layers = vec![layer(window, 6), layer(6, 5), layer(5, 4)];
	let x = (0..window).map(|_| [-2047, 2047, 0, 1][stream.below(4) as usize]).collect();
	(Net { window, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers }, x)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(1_000))]

	#[test]
	fn what_is_admitted_never_leaves_32_bits(seed: [u8; 32], window in 1u16..=24) {
		let (net, x) = extreme(&mut Stream::new(&seed, 0, 0), window);
		prop_assert_eq!(admit(&Model::Net(net.clone())), Ok(AccumulatorWidth::I32));
		let mut out = vec![0; 4];
		net.forward(&x, &mut out, &mut Scratch::default());
		let out: Vec<i64> = out.into_iter().map(i64::from).collect();
		prop_assert_eq!(out, forward_by_definition(&net, &x));
	}

	#[test]
	fn a_score_follows_its_definition(
		seed: [u8; 32], window in 1u16..=24, skip: bool, in_shift in -24i8..=11, depth in 0usize..3,
		values in proptest::collection::vec(prop_oneof![any::<i32>(), -50_000..50_000], 28 * 3),
	) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let mut net = net(stream, window, 4, skip, (!skip || depth > 0).then_some(&[6, 5][..depth]));
		net.in_shifts = vec![in_shift];
		let windows = Windows { channels: 1, history: 24, horizon: 4, values };
		let expected: u64 = windows.iter().map(|(history, future)| score_by_definition(&net, 1, history, future)).sum();
		prop_assert_eq!(u64::from(score(&Model::Net(net), &forecast(), &windows)), expected);
	}

	#[test]
	fn the_trainers_forward_pass_is_the_score(seed: [u8; 32]) {
		let net = net(&mut Stream::new(&seed, 0, 0), 20, 4, true, Some(&[9]));
		let windows = drawn(&forecast(), &generator(), &seed, 3);
		let (mut x, mut out, mut scratch) = (vec![0; 20], vec![0; 4], Scratch::default());
		let mut sum = 0;
		for (history, future) in windows.iter() {
			window_features(&net, 1, history, &mut x);
			net.forward(&x, &mut out, &mut scratch);
			for (out, y) in out.iter().zip(future) {
				sum += (history[23] * 16 + out - y * 16).unsigned_abs();
			}
		}
		prop_assert_eq!(score(&Model::Net(net), &forecast(), &windows), sum);
	}
}

// Scores of baselines.

#[test]
fn baselines_repeat_the_last_value_or_the_last_season() {
	let windows = Windows { channels: 1, history: 5, horizon: 4, values: vec![10, 20, 30, 40, 50, 53, 40, 50, 33] };
	let score = |model: Model, season| score(&model, &Forecast { season, ..forecast() }, &windows);
	assert_eq!(score(Model::RepeatLast, 3), (3 + 10 + 17) * 16);
	// The season 30, 40, 50 starts again at the fourth step.
	assert_eq!(score(Model::Seasonal, 3), (23 + 3) * 16);
	assert_eq!(score(Model::Seasonal, 1), score(Model::RepeatLast, 1));
	assert_eq!(score(Model::Point(vec![0]), 3), u32::MAX);
	assert_eq!(score(Model::Constant(vec![0; 4]), 3), u32::MAX);
}

/// The error of a baseline on one window, by the definition of its target: it repeats `season` steps over the whole horizon.
fn baseline_by_definition(target: &Target, season: usize, channels: usize, history: &[i32], future: &[i32]) -> u64 {
	let past: Vec<i64> = history.iter().step_by(channels).map(|value| i64::from(*value)).collect();
	let actual: Vec<i64> = future.iter().step_by(channels).map(|value| i64::from(*value)).collect();
	let naive: Vec<i64> = past[past.len() - season..].iter().copied().cycle().take(actual.len()).collect();
	let error = |step: usize| ((naive[step] - actual[step]).unsigned_abs() << OUT_FRAC).min((1 << 20) - 1);
	match target {
		Target::Values => (0..actual.len()).map(error).sum(),
		Target::Steps(steps) => steps.iter().map(|step| error(usize::from(*step) - 1)).sum(),
		Target::Classes(bounds) => {
			let class = |values: &[i64]| {
				let change = values[values.len() - 1] - past[past.len() - 1];
				bounds.iter().filter(|bound| change >= i64::from(**bound)).count()
			};
			u64::from(class(&naive) != class(&actual)) << OUT_FRAC
		}
	}
}

fn targets() -> impl Strategy<Value = Target> {
	prop_oneof![
		Just(Target::Values),
		Just(Target::Classes(vec![-30, 0, 40].try_into().unwrap())),
		proptest::sample::subsequence((1..=9u16).collect::<Vec<_>>(), 1..=9)
			.prop_map(|steps| Target::Steps(steps.try_into().unwrap())),
	]
}

proptest! {
	/// Scoring that reads single steps gives the sums of scoring that expands the whole horizon.
	#[test]
	fn n9_single_steps_are_scored_as_if_every_step_was_expanded(
		target in targets(), channels in 1u8..=3, season in 1u16..=7, seed: [u8; 32],
		values in proptest::collection::vec(prop_oneof![any::<i32>(), -60..60], (7 + 9) * 3 * 3),
	) {
		let width = usize::from(channels);
		let program = Forecast { horizon: 9, history: 7, season, channels, target: target.clone(), ..forecast() };
		let windows = Windows { channels: width, history: 7, horizon: 9, values };
		for (model, season) in [(Model::RepeatLast, 1), (Model::Seasonal, usize::from(season))] {
			let expected: u64 =
				windows.iter().map(|(past, future)| baseline_by_definition(&target, season, width, past, future)).sum();
			prop_assert_eq!(u64::from(score(&model, &program, &windows)), expected);
		}
		// A net of single steps equals the net of all steps, on those steps.
		if let Target::Steps(steps) = &target {
			let whole = net(&mut Stream::new(&seed, 0, 0), 5, 9, true, None);
			let mut few = whole.clone();
			if let (Some(skip), Some(all)) = (few.skip.as_mut(), whole.skip.as_ref()) {
				let rows = || steps.iter().map(|step| usize::from(*step) - 1);
				skip.outputs = steps.len() as u16;
				skip.weights = rows().flat_map(|row| all.weights[row * 5..][..5].to_vec()).collect();
				skip.bias = rows().map(|row| all.bias[row]).collect();
			}
			let one = |step: &u16| {
				let mut single = few.clone();
				if let (Some(skip), Some(all)) = (single.skip.as_mut(), whole.skip.as_ref()) {
					let row = usize::from(*step) - 1;
					(skip.outputs, skip.weights, skip.bias) = (1, all.weights[row * 5..][..5].to_vec(), vec![all.bias[row]]);
				}
				let target = Target::Steps(vec![*step].try_into().unwrap());
				u64::from(score(&Model::Net(single), &Forecast { target, ..program.clone() }, &windows))
			};
			prop_assert_eq!(u64::from(score(&Model::Net(few.clone()), &program, &windows)), steps.iter().map(one).sum::<u64>());
		}
	}
}

#[test]
fn the_largest_chunk_of_the_largest_errors_fits() {
	let values = [vec![i32::MIN; 100], vec![i32::MAX; 64]].concat().repeat(64);
	let windows = Windows { channels: 1, history: 100, horizon: 64, values };
	assert_eq!(windows.len(), 64);
	assert_eq!(score(&Model::RepeatLast, &forecast(), &windows), 4_096 * ((1 << 20) - 1));
}

#[test]
fn a_points_score_is_its_squared_distance() {
	let quadratic = Quadratic { target: vec![100, -3, 1 << 15].try_into().unwrap() };
	assert_eq!(score_point(&quadratic, &[90, -3, 0], 0), 100);
	assert_eq!(score_point(&quadratic, &[90, -3, 0], 1), 0);
	assert_eq!(score_point(&quadratic, &[90, -3, 0], 2), 1 << 30);
	assert_eq!(score_point(&quadratic, &[], 2), 1 << 30, "an empty point is the origin");
	assert_eq!(score_point(&quadratic, &[0, 0, -(1 << 20)], 2), u32::MAX);
	assert_eq!(score_point(&quadratic, &[0, 0, 0, 9], 3), 0);
}

// Windows.

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn a_drawn_window_does_not_depend_on_its_chunk(seed: [u8; 32], index in 0u16..8) {
		let mut whole = forecast();
		whole.windows = 40;
		let all = drawn(&whole, &generator(), &seed, 0);
		let part = drawn(&forecast(), &generator(), &seed, index);
		prop_assert_eq!(&part, &drawn(&forecast(), &generator(), &seed, index), "the same every time");
		prop_assert_eq!(&all.values[usize::from(index) * 5 * 28..][..5 * 28], &part.values[..]);
	}

	#[test]
	fn validation_chunks_tile_the_end_of_the_split(
		horizon in 1u16..=64, history in 1u16..=200, chunks in 32u16..=256, train_end in 0u32..600, length in 1u32..9_000,
	) {
		let program = Forecast { horizon, history, season: 1, chunks, windows: 1, ..forecast() };
		let end = train_end + length;
		let series: Vec<i32> = (0..end as i32).collect();
		let all: Vec<u32> = (train_end.max(u32::from(history))..).take_while(|target| target + u32::from(horizon) <= end).collect();
		let Ok(per_chunk) = program.validation_windows(train_end, end) else {
			prop_assert!(all.len() < usize::from(chunks));
			prop_assert_eq!(validation_span(&program, train_end, end, 0), Err(ProgramError::Split));
			return Ok(());
		};
		prop_assert_eq!(usize::from(per_chunk), (all.len() / usize::from(chunks)).min(program.most_windows().into()));
		let mut targets = Vec::new();
		for index in 0..chunks {
			let span = validation_span(&program, train_end, end, index).unwrap();
			prop_assert!(span.end <= end && span.len() < 1_024 + 64 + 64);
			let windows = validation(&program, &series[span.start as usize..span.end as usize]);
			prop_assert_eq!(windows.len(), usize::from(per_chunk));
			for (past, future) in windows.iter() {
				prop_assert_eq!((past.len(), future.len()), (usize::from(history), usize::from(horizon)));
				prop_assert_eq!(past[past.len() - 1] + 1, future[0]);
				targets.push(future[0] as u32);
			}
		}
		prop_assert_eq!(&all[all.len() - targets.len()..], &targets[..], "the most recent windows, each once, in order");
		prop_assert_eq!(validation_span(&program, train_end, end, chunks), Err(ProgramError::Chunks));
	}
}

#[test]
fn the_tail_starts_where_validation_ends() {
	let series: Vec<i32> = (0..500).collect();
	let windows = tail(&forecast(), &series, 450);
	let targets: Vec<i32> = windows.iter().map(|(_, future)| future[0]).collect();
	assert_eq!(targets, (450..=496).collect::<Vec<_>>());
	assert!(tail(&forecast(), &series, 497).is_empty());
	assert!(tail(&forecast(), &series, u32::MAX).is_empty());
	assert_eq!(tail(&forecast(), &series, 3).iter().next().unwrap().1[0], 24, "no window lacks its history");
}

#[test]
fn a_generated_series_has_the_season_the_memory_and_the_noise_it_was_given() {
	let mut generator = generator();
	generator.ar = vec![2_048].try_into().unwrap();
	let steps = 200_000;
	let values = generator_series(&generator, &[5; 32], purpose::SERIES, steps + 1);
	assert_eq!(values[0], generator.level);
	let differences: Vec<f64> = values.windows(2).map(|pair| f64::from(pair[1] - pair[0])).collect();
	// Means per phase are the template, from some phase on.
	let means: Vec<f64> = (0..8).map(|p| differences.iter().skip(p).step_by(8).sum::<f64>() / (steps / 8) as f64).collect();
	let template: Vec<f64> = generator.template.iter().map(|mean| f64::from(*mean) / 256.0).collect();
	let fits = |phase: usize| (0..8).all(|p| (means[p] - template[(p + phase) % 8]).abs() < 0.5);
	let phase = (0..8).find(|phase| fits(*phase)).expect("one phase fits");
	let remainder: Vec<f64> = differences.iter().enumerate().map(|(t, d)| d - template[(t + phase) % 8]).collect();
	let covariance = |lag: usize| remainder.iter().zip(&remainder[lag..]).map(|(a, b)| a * b).sum::<f64>() / (steps - lag) as f64;
	// An AR(1) of coefficient ½ and innovations of deviation 10: variance 100 / (1 − ¼), and 1/6 from rounding levels to
	// raw units.
	assert!((covariance(0) - 400.0 / 3.0).abs() < 2.0, "{}", covariance(0));
	assert!((covariance(1) / covariance(0) - 0.5).abs() < 0.01, "{}", covariance(1) / covariance(0));
	assert!((covariance(2) / covariance(0) - 0.25).abs() < 0.01);
}

#[test]
fn phases_of_windows_are_drawn() {
	let mut silent = generator();
	silent.noise = 0;
	let mut whole = forecast();
	whole.windows = 64;
	let windows = drawn(&whole, &silent, &[6; 32], 0);
	let mut first: Vec<i32> = windows.iter().map(|(history, _)| history[1] - history[0]).collect();
	first.sort_unstable();
	first.dedup();
	assert_eq!(first, [-30, -20, -9, -6, 7, 13, 20, 25], "every difference of the template, in raw units");
}

// Programs and generators.

#[test]
fn a_program_outside_its_ranges_is_refused_by_name() {
	let with = |change: &dyn Fn(&mut Forecast)| {
		let mut program = forecast();
		change(&mut program);
		Program::Forecast(program).check(400, 450, 500)
	};
	assert_eq!(with(&|_| ()), Ok(()));
	assert_eq!(with(&|p| p.horizon = 0), Err(ProgramError::Horizon));
	assert_eq!(with(&|p| p.horizon = 1_025), Err(ProgramError::Horizon));
	assert_eq!(with(&|p| p.history = 0), Err(ProgramError::History));
	assert_eq!(with(&|p| p.history = 1_025), Err(ProgramError::History));
	assert_eq!(with(&|p| p.season = 0), Err(ProgramError::Season));
	assert_eq!(with(&|p| p.season = 25), Err(ProgramError::Season));
	assert_eq!(with(&|p| (p.history, p.season) = (1_024, 513)), Err(ProgramError::Season));
	assert_eq!(with(&|p| p.chunks = 31), Err(ProgramError::Chunks));
	assert_eq!(with(&|p| p.chunks = 257), Err(ProgramError::Chunks));
	assert_eq!(with(&|p| p.windows = 0), Err(ProgramError::Chunks));
	assert_eq!(with(&|p| p.windows = 65), Err(ProgramError::Chunks));
	// 100 steps of 40 windows are 4 000 predictions, of 41 they are 4 100.
	assert_eq!(with(&|p| (p.horizon, p.windows, p.chunks) = (100, 41, 32)), Err(ProgramError::Chunks));
	assert_eq!(
		with(&|p| (p.horizon, p.windows, p.chunks) = (100, 40, 32)),
		Err(ProgramError::Split),
		"it is the split that is short"
	);
	// 2 048 values of 34 windows are 69 632.
	assert_eq!(with(&|p| (p.history, p.horizon, p.windows) = (1_024, 1_024, 5)), Err(ProgramError::Chunks));
	assert_eq!(with(&|p| (p.history, p.horizon, p.windows) = (1_024, 60, 64)), Err(ProgramError::Split));
	assert_eq!(with(&|p| p.chunks = 48), Err(ProgramError::Split), "47 windows in the split");

	let check = |train_end, validation_end, values| program().check(train_end, validation_end, values);
	assert_eq!(check(450, 450, 500), Err(ProgramError::Split));
	assert_eq!(check(400, 501, 500), Err(ProgramError::Split));
	assert_eq!(check(0, u32::MAX, u32::MAX), Ok(()));
	assert_eq!((program().chunks(), program().name()), (32, "forecast"));
}

#[test]
fn a_quadratic_outside_its_ranges_is_refused() {
	let quadratic = |target: Vec<i32>| Program::Quadratic(Quadratic { target: target.try_into().unwrap() });
	assert_eq!(quadratic(vec![1 << 15; 32]).check(0, 0, 0), Ok(()));
	assert_eq!(quadratic(vec![-(1 << 15); 256]).check(0, 0, 0), Ok(()));
	assert_eq!(quadratic(vec![0; 31]).check(0, 0, 0), Err(ProgramError::Dimensions));
	assert_eq!(quadratic(vec![(1 << 15) + 1; 32]).check(0, 0, 0), Err(ProgramError::Dimensions));
	assert_eq!(quadratic(vec![i32::MIN; 32]).check(0, 0, 0), Err(ProgramError::Dimensions));
	assert_eq!(quadratic(vec![0; 32]).check(0, 0, 9), Err(ProgramError::Split));
	assert_eq!((quadratic(vec![0; 77]).chunks(), quadratic(vec![0; 77]).name()), (77, "quadratic"));
	assert!(CHUNKS.contains(&quadratic(vec![0; 256]).chunks()));
}

#[test]
fn a_generator_that_could_leave_its_ranges_is_refused() {
	let with = |change: &dyn Fn(&mut doin_scoring::Generator)| {
		let mut generator = generator();
		change(&mut generator);
		generator.check(&forecast())
	};
	assert_eq!(with(&|_| ()), Ok(()));
	assert_eq!(with(&|g| g.template.truncate(7)), Err(ProgramError::Template));
	assert_eq!(with(&|g| g.ar = vec![4_096].try_into().unwrap()), Err(ProgramError::Unstable));
	assert_eq!(with(&|g| g.ar = vec![-2_048, 2_048].try_into().unwrap()), Err(ProgramError::Unstable));
	assert_eq!(with(&|g| g.ar = vec![i16::MIN].try_into().unwrap()), Err(ProgramError::Unstable));
	assert_eq!(with(&|g| g.ar = vec![2_047, -2_048].try_into().unwrap()), Ok(()));
	assert_eq!(with(&|g| g.level = i32::MAX), Err(ProgramError::Range));
	assert_eq!(with(&|g| g.level = i32::MIN), Err(ProgramError::Range));
	assert_eq!(with(&|g| g.template[0] = i32::MIN), Ok(()), "28 steps of 2²³ raw units");
	assert_eq!(with(&|g| (g.template[0], g.level) = (i32::MIN, 2_000_000_000)), Err(ProgramError::Range));
	assert_eq!(with(&|g| g.noise = (1 << 24) + 1), Err(ProgramError::Range));
	assert_eq!(with(&|g| g.noise = MIN_NOISE), Ok(()));
	assert_eq!(with(&|g| (g.noise, g.ar) = (1 << 24, vec![4_095].try_into().unwrap())), Err(ProgramError::Range));
}

#[test]
fn n10_a_generator_without_noise_is_refused() {
	for noise in [0, 1, MIN_NOISE - 1] {
		let silent = doin_scoring::Generator { noise, ..generator() };
		assert_eq!(silent.check(&forecast()), Err(ProgramError::Noise), "noise {noise}");
	}
}

/// The least noise, no season, one step of history and of horizon, one window per chunk: the smallest draw that a domain can
/// have.
#[test]
fn n10_the_initial_champion_has_an_error_on_every_draw_of_the_least_noise() {
	let smallest = Forecast { horizon: 1, history: 1, season: 1, windows: 1, ..forecast() };
	let quiet =
		doin_scoring::Generator { template: vec![0].try_into().unwrap(), ar: Default::default(), noise: MIN_NOISE, level: 7 };
	assert_eq!(quiet.check(&smallest), Ok(()));
	let error = |seed: u32| {
		let chunks = 0..smallest.chunks;
		let seed = std::array::from_fn(|at| seed.to_le_bytes()[at % 4]);
		chunks.map(|chunk| u64::from(score(&Model::RepeatLast, &smallest, &drawn(&smallest, &quiet, &seed, chunk)))).sum::<u64>()
	};
	assert_eq!((0..2_000).filter(|seed| error(*seed) == 0).count(), 0);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(300))]

	#[test]
	fn a_checked_generator_never_clamps(
		seed: [u8; 32], noise in 0u32..=1 << 24, level: i32,
		template in proptest::collection::vec(-2_000_000i32..2_000_000, 8), ar in proptest::collection::vec(-600i16..=600, 0..=8),
	) {
		let generator = doin_scoring::Generator { template: template.try_into().unwrap(), ar: ar.try_into().unwrap(), noise, level };
		let values = generator_series(&generator, &seed, purpose::SERIES, 28);
		if generator.check(&forecast()).is_ok() {
			prop_assert!(values.iter().all(|value| *value != i32::MIN && *value != i32::MAX));
		}
		prop_assert_eq!(values.len(), 28);
	}
}
