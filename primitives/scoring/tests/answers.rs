//! Answers of models against the predictions and the scores of the same models.

mod common;

use common::{forecast, forward_by_definition, layer, net, number};
use doin_scoring::{
	answer,
	genome::library::cross_entropy,
	philox::Stream,
	predicted_values,
	rows::{row_features, RowTarget, Rows},
	score,
	score::predicted_class,
	window_features, Encoder, Forecast, Model, Net, Program, Quadratic, Target, Windows,
};
use proptest::prelude::*;

/// The bytes of an input.
fn bytes(values: &[i32]) -> Vec<u8> {
	values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn any_program(stream: &mut Stream) -> Forecast {
	let horizon = 1 + stream.below(40) as u16;
	let season = 1 + stream.below(60) as u16;
	let target = match stream.below(3) {
		0 => Target::Values,
		1 => Target::Classes(vec![-50, 50].try_into().unwrap()),
		_ => Target::Steps(vec![1 + stream.below(horizon.into()) as u16].try_into().unwrap()),
	};
	let program = Forecast {
		horizon,
		season,
		history: season + stream.below(30) as u16,
		channels: 1 + stream.below(3) as u8,
		target,
		..forecast()
	};
	assert_eq!(program.check(), Ok(()));
	program
}

fn any_model(stream: &mut Stream, program: &Forecast) -> Model {
	match stream.below(3) {
		0 => Model::RepeatLast,
		1 => Model::Seasonal,
		_ => Model::Net(net(stream, program.history.min(12), program.outputs(), true, Some(&[5]))),
	}
}

proptest! {
	/// The answer of values is the prediction less the last value, and the class of the answer is the one that is scored.
	#[test]
	fn answers_are_what_models_predict(seed: [u8; 32]) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = any_program(stream);
		let model = any_model(stream, &program);
		let (channels, steps) = (usize::from(program.channels), usize::from(program.history));
		let history: Vec<i32> = (0..steps * channels).map(|_| number(stream, 1_000)).collect();
		let out = answer(&model, &Program::Forecast(program.clone()), &bytes(&history)).expect("an answer");
		prop_assert_eq!(out.len(), usize::from(program.outputs()));
		if let Model::Net(net) = &model {
			let mut x = vec![0; net.features()];
			window_features(net, channels, &history, &mut x);
			let expected = forward_by_definition(net, &x);
			prop_assert_eq!(out.iter().map(|out| i64::from(*out)).collect::<Vec<_>>(), expected);
		}
		match predicted_values(&model, &program, &history) {
			Some(predicted) => {
				let last = i64::from(history[history.len() - channels]) * 16;
				prop_assert_eq!(out.into_iter().map(|out| last + i64::from(out)).collect::<Vec<_>>(), predicted);
			}
			None => {
				let future: Vec<i32> = (0..usize::from(program.horizon) * channels).map(|_| number(stream, 1_000)).collect();
				let change = future[future.len() - channels] - history[history.len() - channels];
				let actual = [-50, 50].iter().filter(|bound| change >= **bound).count();
				let values = [&history[..], &future].concat();
				let windows = Windows { channels, history: steps, horizon: program.horizon.into(), values };
				let is_right = score(&model, &program, &windows) == 0;
				prop_assert_eq!(predicted_class(&out) == actual, is_right);
			}
		}
	}

	#[test]
	fn an_input_of_another_length_has_no_answer(seed: [u8; 32], length in 0usize..600) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = any_program(stream);
		let model = any_model(stream, &program);
		let expected = usize::from(program.history) * usize::from(program.channels) * 4;
		let out = answer(&model, &Program::Forecast(program), &vec![1; length]);
		prop_assert_eq!(out.is_some(), length == expected);
	}

	/// Any bytes of the right length are an input: a server cannot receive one that the chain computes otherwise.
	#[test]
	fn every_input_of_the_right_length_has_an_answer(seed: [u8; 32], input: [u8; 96], season: bool) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let model = if season { Model::Seasonal } else { Model::Net(net(stream, 24, 4, true, None)) };
		prop_assert!(answer(&model, &Program::Forecast(forecast()), &input).is_some());
	}

	#[test]
	fn a_row_is_answered_by_its_forward_pass(seed: [u8; 32], row: [u8; 9]) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = Rows { features: 9, image: None, target: RowTarget::Classes(4), rows: 8, chunks: 64 };
		let net = Net {
			window: 9,
			in_shifts: vec![2],
			skip: Some(layer(stream, 9, 4, 400, 9)),
			encoder: Encoder::None,
			layers: Vec::new(),
		};
		let mut x = vec![0; 9];
		row_features(2, &row, &mut x);
		let expected = forward_by_definition(&net, &x);
		let out = answer(&Model::Net(net.clone()), &Program::Rows(program), &row).expect("an answer");
		prop_assert_eq!(out.into_iter().map(i64::from).collect::<Vec<_>>(), expected);
		prop_assert_eq!(answer(&Model::Net(net), &Program::Rows(program), &row[1..]), None);
		let constant = Model::Constant(vec![1, 9, 3, 4]);
		prop_assert_eq!(answer(&constant, &Program::Rows(program), &row), Some(vec![1, 9, 3, 4]));
	}
}

#[test]
fn models_of_other_programs_and_points_have_no_answer() {
	let input = bytes(&[0; 24]);
	let series = Program::Forecast(forecast());
	let rows = Program::Rows(Rows { features: 96, image: None, target: RowTarget::Values(2), rows: 8, chunks: 64 });
	let quadratic = Program::Quadratic(Quadratic { target: vec![0; 32].try_into().unwrap() });
	for (model, program) in [
		(Model::Point(vec![0; 32]), &quadratic),
		(Model::Point(vec![0; 32]), &series),
		(Model::Constant(vec![0; 4]), &series),
		(Model::Seasonal, &rows),
		(Model::RepeatLast, &rows),
		(Model::Opaque(vec![1]), &series),
		(Model::Opaque(vec![1]), &rows),
		(Model::Genome(cross_entropy()), &series),
		(Model::Genome(cross_entropy()), &rows),
	] {
		assert_eq!(answer(&model, program, &input), None, "{model:?}");
	}
}

#[test]
fn a_difference_beyond_32_bits_saturates() {
	let mut history = vec![i32::MIN; 24];
	history[23] = i32::MAX;
	let out = answer(&Model::Seasonal, &Program::Forecast(forecast()), &bytes(&history)).expect("an answer");
	assert_eq!(out, [i32::MIN; 4]);
}
