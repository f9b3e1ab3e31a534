//! Nets that begin with an encoder, read several channels, or name classes: forward passes against their definition, admission at
//! its edge, and the format.

mod common;

use bounded_collections::{BoundedVec, ConstU32};
use common::{cases, forecast, forward_by_definition, layer, net, number, score_by_definition};
use doin_scoring::{
	encoder::{Cell, Conv, Encoder, COPY_MACS, UNIT_MACS},
	model::{AccumulatorWidth, MAX_ACT, MAX_WIDTH, OUT_FRAC, REQUANTISE_MACS, VERSION},
	philox::Stream,
	program::MAX_BOUNDS,
	sample::{tail, validation, validation_span},
	score,
	score::{class_of_change, predicted_class},
	Forecast, Layer, Model, ModelError, Net, Program, ProgramError, Scratch, Target, Windows,
};
use proptest::prelude::*;

/// A program of `channels` channels.
fn program(channels: u8) -> Forecast {
	Forecast { channels, ..forecast() }
}

fn admit(net: &Net, channels: u8) -> Result<AccumulatorWidth, ModelError> {
	let model = Model::Net(net.clone());
	model.admit(&Program::Forecast(program(channels)), 64 * 1024, 65_536, model.to_bytes().len())
}

/// An encoder of `kind` (1 convolutions, 2 LSTM, 3 GRU) that reads `channels` channels of `window` steps.
fn encoder(stream: &mut Stream, kind: u8, window: u16, channels: u16) -> Encoder {
	let units = 1 + stream.below(7) as u16;
	let gates = if kind == 2 { 4 } else { 3 };
	match kind {
		1 => {
			let (mut steps, mut channels) = (window, channels);
			let convs = (0..1 + stream.below(3)).map(|_| {
				let kernel = 1 + stream.below(u32::from(steps).min(5)) as u16;
				let dilation = 1 + stream.below(if kernel > 1 { u32::from((steps - 1) / (kernel - 1)) } else { 3 }) as u16;
				let (stride, outputs) = (1 + stream.below(3) as u16, 1 + stream.below(6) as u16);
				let conv = Conv { kernel, dilation, stride, layer: layer(stream, channels * kernel, outputs, 900, 8) };
				(steps, channels) = (conv.steps(steps).unwrap(), outputs);
				conv
			});
			Encoder::Conv(convs.collect())
		}
		_ => {
			let input = layer(stream, channels, gates * units, 2_047, 6);
			let cell = Cell { input, hidden: layer(stream, units, gates * units, 2_047, 8) };
			if kind == 2 {
				Encoder::Lstm(cell)
			} else {
				Encoder::Gru(cell)
			}
		}
	}
}

/// A net of that encoder, one hidden layer or none, with or without a linear skip over everything.
fn encoded(stream: &mut Stream, kind: u8, window: u16, channels: u8) -> Net {
	let encoder = encoder(stream, kind, window, channels.into());
	let inputs = encoder.outputs(window, channels.into()).unwrap();
	let hidden: &[u16] = if stream.below(2) == 0 { &[] } else { &[5] };
	let skip = (stream.below(2) == 0).then(|| layer(stream, window * u16::from(channels), 4, 400, 9));
	let layers = net(stream, inputs, 4, false, Some(hidden)).layers;
	let in_shifts = (0..channels).map(|_| number(stream, 3) as i8).collect();
	Net { window, in_shifts, skip, encoder, layers }
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(1_000))]

	#[test]
	fn every_encoder_follows_its_definition(seed: [u8; 32], kind in 1u8..=3, window in 1u16..=24, channels in 1u8..=4) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let net = encoded(stream, kind, window, channels);
		prop_assert!(admit(&net, channels).is_ok());
		let x: Vec<i16> = (0..net.features()).map(|_| number(stream, MAX_ACT as u32) as i16).collect();
		let (mut out, mut scratch) = (vec![0; 4], Scratch::default());
		for _ in 0..2 {
			// Twice: nothing is left over from the window before.
			net.forward(&x, &mut out, &mut scratch);
			prop_assert_eq!(out.iter().map(|out| i64::from(*out)).collect::<Vec<_>>(), forward_by_definition(&net, &x));
		}
	}

	#[test]
	fn a_score_of_several_channels_follows_its_definition(
		seed: [u8; 32], kind in 0u8..=3, window in 1u16..=24, channels in 1u8..=4,
		values in proptest::collection::vec(prop_oneof![any::<i32>(), -50_000..50_000], 28 * 4 * 3),
	) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let mut model = encoded(stream, kind.max(1), window, channels);
		if kind == 0 {
			model.encoder = Encoder::None;
			model.layers = net(stream, window * u16::from(channels), 4, false, Some(&[6])).layers;
		}
		let values = values[..28 * usize::from(channels) * 3].to_vec();
		let windows = Windows { channels: channels.into(), history: 24, horizon: 4, values };
		let expected: u64 =
			windows.iter().map(|(history, future)| score_by_definition(&model, channels.into(), history, future)).sum();
		prop_assert_eq!(u64::from(score(&Model::Net(model), &program(channels), &windows)), expected);
	}
}

proptest! {
	#![proptest_config(cases(1_000))]

	#[test]
	fn an_encoder_survives_its_encoding_and_damage(
		seed: [u8; 32], kind in 1u8..=3, channels in 1u8..=4, at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
	) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let model = Model::Net(encoded(stream, kind, 12, channels));
		let whole = model.to_bytes();
		prop_assert_eq!(Model::from_bytes(&whole), Ok(model));
		let mut bytes = whole.clone();
		let position = at.index(bytes.len());
		bytes[position] = byte;
		if let Ok(model) = Model::from_bytes(&bytes) {
			prop_assert_eq!(model.to_bytes(), bytes.clone());
			let values = (0..28 * i32::from(channels)).collect();
			// The score of a model that was not admitted is arbitrary, but scoring it does not panic.
			score(&model, &program(channels), &Windows { channels: channels.into(), history: 24, horizon: 4, values });
		}
		let cut = cut.index(bytes.len());
		prop_assert!(Model::from_bytes(&whole[..cut]).is_err(), "no encoding begins with another one");
		let _ = Model::from_bytes(&bytes[..cut]);
	}
}

/// The good nets of the tests below.
fn good(kind: u8) -> Net {
	let stream = &mut Stream::new(&[6; 32], 0, 0);
	let encoder = match kind {
		1 => Encoder::Conv(vec![
			Conv { kernel: 3, dilation: 1, stride: 2, layer: layer(stream, 6, 4, 100, 8) },
			Conv { kernel: 2, dilation: 3, stride: 1, layer: layer(stream, 8, 5, 100, 8) },
		]),
		2 => Encoder::Lstm(Cell { input: layer(stream, 2, 12, 900, 7), hidden: layer(stream, 3, 12, 900, 9) }),
		_ => Encoder::Gru(Cell { input: layer(stream, 2, 9, 900, 7), hidden: layer(stream, 3, 9, 900, 9) }),
	};
	let inputs = encoder.outputs(12, 2).unwrap();
	Net { window: 12, in_shifts: vec![0, -2], skip: None, encoder, layers: vec![layer(stream, inputs, 4, 100, 8)] }
}

#[test]
fn a_convolution_outside_its_ranges_is_refused_by_name() {
	let with = |change: &dyn Fn(&mut Vec<Conv>)| {
		let mut net = good(1);
		let Encoder::Conv(convs) = &mut net.encoder else { unreachable!() };
		change(convs);
		admit(&net, 2)
	};
	// 12 steps become (12 − 3) / 2 + 1 = 5, and those 5 − 3 = 2.
	assert_eq!(good(1).encoder.outputs(12, 2), Some(10));
	assert_eq!(with(&|_| ()), Ok(AccumulatorWidth::Exact24));
	assert_eq!(with(&|c| c.clear()), Err(ModelError::Shape));
	assert_eq!(with(&|c| c[0].kernel = 0), Err(ModelError::Shape));
	assert_eq!(with(&|c| c[0].kernel = 4), Err(ModelError::Shape), "the layer reads three steps");
	assert_eq!(with(&|c| c[0].dilation = 0), Err(ModelError::Shape));
	assert_eq!(with(&|c| c[0].stride = 0), Err(ModelError::Shape));
	assert_eq!(with(&|c| c[0].dilation = 6), Err(ModelError::Shape), "thirteen steps");
	assert_eq!(with(&|c| c[1].dilation = 5), Err(ModelError::Shape), "six of five steps");
	assert_eq!(with(&|c| c[1].dilation = 4), Err(ModelError::Shape), "the head reads two steps");
	assert_eq!(with(&|c| c[0].dilation = u16::MAX), Err(ModelError::Shape));
	assert_eq!(with(&|c| c[1].layer.shift = 25), Err(ModelError::Shift));
	assert_eq!(with(&|c| c[1].layer.weights[3] = -2_048), Err(ModelError::Weight));
	assert_eq!(with(&|c| c[0].layer.bias[1] = i32::MAX), Err(ModelError::Overflow));
	assert_eq!(admit(&good(1), 1), Err(ModelError::Shape), "it reads two channels");
	assert_eq!(admit(&good(1), 3), Ok(AccumulatorWidth::Exact24), "it need not read all channels");
}

#[test]
fn a_cell_outside_its_ranges_is_refused_by_name() {
	for kind in [2, 3] {
		let with = |change: &dyn Fn(&mut Cell)| {
			let mut net = good(kind);
			let (Encoder::Lstm(cell) | Encoder::Gru(cell)) = &mut net.encoder else { unreachable!() };
			change(cell);
			admit(&net, 2)
		};
		assert_eq!(with(&|_| ()), Ok(AccumulatorWidth::Exact24));
		assert_eq!(with(&|c| c.hidden.inputs = 4), Err(ModelError::Shape));
		assert_eq!(with(&|c| c.input.inputs = 1), Err(ModelError::Shape));
		assert_eq!(with(&|c| c.input.outputs += 1), Err(ModelError::Shape));
		assert_eq!(with(&|c| c.hidden.bias.truncate(2)), Err(ModelError::Shape));
		assert_eq!(with(&|c| c.input.shift = 0), Err(ModelError::Shift));
		assert_eq!(with(&|c| c.hidden.weights[0] = 2_048), Err(ModelError::Weight));
		assert_eq!(with(&|c| c.input.bias[0] = i32::MIN), Err(ModelError::Overflow));
	}
	// A GRU's gates in an LSTM, and nothing behind an encoder.
	let mut net = good(3);
	let Encoder::Gru(cell) = net.encoder.clone() else { unreachable!() };
	net.encoder = Encoder::Lstm(cell);
	assert_eq!(admit(&net, 2), Err(ModelError::Shape));
	let mut net = Net { skip: Some(layer(&mut Stream::new(&[1; 32], 0, 0), 24, 4, 9, 9)), ..good(3) };
	assert_eq!(admit(&net, 2), Ok(AccumulatorWidth::Exact24));
	net.layers.clear();
	assert_eq!(admit(&net, 2), Err(ModelError::Shape));
}

#[test]
fn units_are_bounded() {
	let cell = |units: u16| {
		let zeros = |inputs: u16| Layer {
			inputs,
			outputs: 4 * units,
			shift: 9,
			weights: vec![0; usize::from(inputs) * 4 * usize::from(units)],
			bias: vec![0; 4 * usize::from(units)],
		};
		let head = Layer { inputs: units, outputs: 4, shift: 9, weights: vec![0; 4 * usize::from(units)], bias: vec![0; 4] };
		let encoder = Encoder::Lstm(Cell { input: zeros(1), hidden: zeros(units) });
		Model::Net(Net { window: 1, in_shifts: vec![0], skip: None, encoder, layers: vec![head] })
	};
	let admit = |units| cell(units).admit(&Program::Forecast(forecast()), u32::MAX, u32::MAX, 0);
	assert_eq!(admit(MAX_WIDTH), Ok(AccumulatorWidth::Exact24));
	assert_eq!(admit(MAX_WIDTH + 1), Err(ModelError::Shape));
}

#[test]
fn the_overflow_bound_holds_at_its_edge_in_every_encoder() {
	// 2047 · 2047 + |b| + 2^(shift − 1) against 2³¹, first just within, then at it.
	let free = i32::MAX - 2_047 * 2_047 - 1;
	for kind in 1..=3 {
		for (bias, expected) in [(free, Ok(AccumulatorWidth::I32)), (free + 1, Err(ModelError::Overflow))] {
			let row = |outputs: u16| Layer {
				inputs: 1,
				outputs,
				shift: 1,
				weights: vec![MAX_ACT as i16; outputs.into()],
				bias: vec![bias; outputs.into()],
			};
			let zero = |outputs: u16| Layer { weights: vec![0; outputs.into()], bias: vec![0; outputs.into()], ..row(outputs) };
			let encoder = match kind {
				1 => Encoder::Conv(vec![Conv { kernel: 1, dilation: 1, stride: 1, layer: row(1) }]),
				2 => Encoder::Lstm(Cell { input: zero(4), hidden: row(4) }),
				_ => Encoder::Gru(Cell { input: row(3), hidden: zero(3) }),
			};
			let net = Net { window: 1, in_shifts: vec![0], skip: None, encoder, layers: vec![zero(4)] };
			assert_eq!(admit(&net, 1), expected, "{kind}");
			if expected.is_ok() {
				let mut out = vec![0; 4];
				for x in [MAX_ACT as i16, -MAX_ACT as i16] {
					net.forward(&[x], &mut out, &mut Scratch::default());
					let out: Vec<i64> = out.iter().map(|out| i64::from(*out)).collect();
					assert_eq!(out, forward_by_definition(&net, &[x]));
				}
			}
		}
	}
}

#[test]
fn what_an_encoder_does_beside_its_products_is_counted() {
	let head = |net: &Net| net.layers[0].macs() + u64::from(net.layers[0].outputs) * REQUANTISE_MACS;
	let conv = good(1);
	let steps = 5 * (24 + 6 * COPY_MACS + 4 * REQUANTISE_MACS) + 2 * (40 + 8 * COPY_MACS + 5 * REQUANTISE_MACS);
	assert_eq!(conv.macs(), steps + head(&conv));
	let lstm = good(2);
	assert_eq!(lstm.macs(), 12 * (24 + 36 + 2 * COPY_MACS + 3 * UNIT_MACS) + head(&lstm));
	let gru = good(3);
	assert_eq!(gru.macs(), 12 * (18 + 27 + 2 * COPY_MACS + 3 * UNIT_MACS) + head(&gru));
}

#[test]
fn lists_of_an_encoder_are_bounded_before_they_are_read() {
	// Nine convolutions; nine channels; an encoder of no kind.
	assert_eq!(Model::from_bytes(&[VERSION, 3, 10, 0, 4, 0, 0, 1, 9 << 2]), Err(ModelError::Shape));
	assert_eq!(Model::from_bytes(&[VERSION, 3, 10, 0, 9 << 2]), Err(ModelError::Shape));
	assert_eq!(Model::from_bytes(&[VERSION, 3, 10, 0, 4, 0, 0, 5]), Err(ModelError::Malformed));
}

// Several channels.

#[test]
fn a_program_of_several_channels_cuts_windows_by_steps() {
	let program = Forecast { chunks: 32, ..program(3) };
	assert_eq!(Program::Forecast(program.clone()).check(400, 450, 1_500), Ok(()));
	assert_eq!(Program::Forecast(program.clone()).check(400, 450, 1_499), Err(ProgramError::Channels));
	assert_eq!(Program::Forecast(program.clone()).check(400, 501, 1_500), Err(ProgramError::Split));
	// Value t · 3 + c is 10 t + c.
	let series: Vec<i32> = (0..1_500).map(|at| at / 3 * 10 + at % 3).collect();
	let span = validation_span(&program, 400, 450, 31).unwrap();
	let windows = validation(&program, &series[span.start as usize..span.end as usize]);
	assert_eq!((windows.channels, windows.len()), (3, 1));
	let (history, future) = windows.iter().next().unwrap();
	assert_eq!((history.len(), future.len()), (72, 12));
	assert_eq!((history[71], future[0], future[11]), (4_452, 4_460, 4_492));
	assert_eq!(tail(&program, &series, 450).len(), 47);
	// Only the first channel is forecast: it grows by 10 a step.
	assert_eq!(score(&Model::RepeatLast, &program, &windows), (10 + 20 + 30 + 40) * 16);
	assert_eq!(score(&Model::Seasonal, &Forecast { season: 2, ..program }, &windows), (20 + 20 + 40 + 40) * 16);
}

#[test]
fn channels_and_bounds_outside_their_ranges_are_refused_by_name() {
	let check = |program: Forecast| Program::Forecast(program).check(400, 450, 4_000);
	assert_eq!(check(program(0)), Err(ProgramError::Channels));
	assert_eq!(check(program(8)), Ok(()));
	assert_eq!(check(program(9)), Err(ProgramError::Channels));
	assert_eq!(
		check(Forecast { history: 1_020, horizon: 4, ..program(2) }),
		Err(ProgramError::Split),
		"it has no room for windows"
	);
	assert_eq!(check(Forecast { history: 1_021, horizon: 4, ..program(2) }), Err(ProgramError::Channels));
	assert_eq!(common::generator().check(&program(2)), Err(ProgramError::NotSynthetic));
	let classes = |bounds: &[i32]| check(Forecast { target: Target::Classes(bounds.to_vec().try_into().unwrap()), ..program(1) });
	assert_eq!(classes(&[]), Err(ProgramError::Bounds));
	assert_eq!(classes(&[3, 3]), Err(ProgramError::Bounds));
	assert_eq!(classes(&[3, 2]), Err(ProgramError::Bounds));
	assert_eq!(classes(&[-5, 0, 7]), Ok(()));
	// 64 classes are the most that a target holds.
	let bounds = |count: i32| (0..count).collect::<Vec<_>>();
	assert_eq!(classes(&bounds(MAX_BOUNDS as i32)), Ok(()));
	assert!(BoundedVec::<i32, ConstU32<MAX_BOUNDS>>::try_from(bounds(MAX_BOUNDS as i32 + 1)).is_err());
	let steps = |steps: &[u16]| check(Forecast { target: Target::Steps(steps.to_vec().try_into().unwrap()), ..program(1) });
	for refused in [&[][..], &[0], &[5], &[2, 2], &[3, 1]] {
		assert_eq!(steps(refused), Err(ProgramError::Steps));
	}
	assert_eq!(steps(&[1, 4]), Ok(()));
}

// Classes.

#[test]
fn a_mistaken_class_costs_one_unit() {
	let program = Forecast { target: Target::Classes(vec![-10, 10].try_into().unwrap()), ..forecast() };
	assert_eq!((program.outputs(), Program::Forecast(program.clone()).name()), (3, "classify"));
	assert_eq!([-11, -10, 9, 10].map(|change| class_of_change(&[-10, 10], change)), [0, 1, 1, 2]);
	assert_eq!((predicted_class(&[3, 9, 9]), predicted_class(&[-1, -2]), predicted_class(&[])), (1, 0, 0));
	// A net that always means class 2: its bias alone speaks.
	let skip = Layer { inputs: 1, outputs: 3, shift: 1, weights: vec![0; 3], bias: vec![0, 0, 8] };
	let up = Model::Net(Net { window: 1, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: vec![] });
	assert_eq!(up.admit(&Program::Forecast(program.clone()), 1_000, 1_000, 50), Ok(AccumulatorWidth::Exact24));
	assert_eq!(up.admit(&Program::Forecast(forecast()), 1_000, 1_000, 50), Err(ModelError::Shape));
	let window = |change: i32| {
		let mut values = vec![100; 28];
		(values[20], values[27]) = (130, 100 + change);
		values
	};
	let windows = Windows { channels: 1, history: 24, horizon: 4, values: [-50, 0, 50, 9].map(window).concat() };
	assert_eq!(score(&up, &program, &windows), 3 << OUT_FRAC);
	assert_eq!(score(&Model::RepeatLast, &program, &windows), 2 << OUT_FRAC, "it means that nothing changes");
	// One season of seven before the last step ahead lies value 20, which is 30 higher.
	assert_eq!(score(&Model::Seasonal, &Forecast { season: 7, ..program }, &windows), 3 << OUT_FRAC);
}

// Some steps alone.

#[test]
fn steps_that_are_not_forecast_do_not_count() {
	let program = Forecast { target: Target::Steps(vec![2, 4].try_into().unwrap()), ..program(2) };
	assert_eq!((program.outputs(), Program::Forecast(program.clone()).name()), (2, "forecast"));
	// Channel 0, then channel 1, which rises by 1 000 per step and is not forecast.
	let values = (0..28).flat_map(|t| [10 * t, 1_000 * t]).collect();
	let windows = Windows { channels: 2, history: 24, horizon: 4, values };
	assert_eq!(score(&Model::RepeatLast, &program, &windows), (20 + 40) * 16);
	assert_eq!(score(&Model::Seasonal, &Forecast { season: 3, ..program.clone() }, &windows), (30 + 60) * 16);
	// The bias of the second output is 40 raw units.
	let skip = Layer { inputs: 1, outputs: 2, shift: 1, weights: vec![0; 2], bias: vec![0, 40 * 32] };
	let net = Net { window: 1, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: vec![] };
	assert_eq!(
		Model::Net(net.clone()).admit(&Program::Forecast(program.clone()), 1_000, 1_000, 50),
		Ok(AccumulatorWidth::Exact24)
	);
	assert_eq!(score(&Model::Net(net), &program, &windows), 20 * 16);
}
