//! Rows: scores against their definition, the window and the convolution over time that a trainer uses in their place, the deal,
//! admission at its edge, and the format.

mod common;

use common::{cases, forward_by_definition, layer, net, number};
use doin_scoring::{
	encoder::COPY_MACS,
	model::{AccumulatorWidth, MAX_ACT, MAX_DEPTH, MAX_WIDTH, OUT_FRAC, REQUANTISE_MACS, SHIFTS},
	philox::Stream,
	rows::{constant_model, dealt, score_rows, validation_rows_span, Image, Label, RowError, RowSet, RowTarget, Rows, MAX_VALUE},
	score, Cell, Conv, Conv2, Encoder, Forecast, Layer, Loss, Model, ModelError, Net, Program, Scratch, Target, WindowPhase,
	Windows,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A program of plain rows.
fn program(features: u16, target: RowTarget) -> Rows {
	Rows { features, image: None, target, rows: 8, chunks: 64 }
}

/// A program of images, with an image of `height · width` pixels.
fn images(height: u8, width: u8, channels: u16, target: RowTarget) -> Rows {
	let features = u16::from(height) * u16::from(width) * channels;
	Rows { image: Some(Image { height, width }), ..program(features, target) }
}

fn target(stream: &mut Stream) -> RowTarget {
	match stream.below(2) {
		0 => RowTarget::Classes(2 + stream.below(63) as u8),
		_ => RowTarget::Values(1 + stream.below(16) as u8),
	}
}

/// A byte, which is an extreme or the centre half of the time.
fn byte(stream: &mut Stream) -> u8 {
	match stream.below(6) {
		0 => 0,
		1 => 255,
		2 => 128,
		_ => stream.below(256) as u8,
	}
}

/// `count` rows of valid labels.
fn rows(stream: &mut Stream, program: &Rows, count: usize) -> RowSet {
	let mut bytes = Vec::new();
	for _ in 0..count {
		bytes.extend((0..program.features).map(|_| byte(stream)));
		match program.target {
			RowTarget::Classes(classes) => bytes.push(stream.below(classes.into()) as u8),
			RowTarget::Values(values) => {
				(0..values).for_each(|_| bytes.extend(number(stream, MAX_VALUE).to_le_bytes()));
			}
		}
	}
	RowSet::new(program, bytes)
}

/// An MLP, or a linear model where `hidden` is `None`, for `inputs` inputs.
fn dense(stream: &mut Stream, program: &Rows, inputs: u16, hidden: Option<&[u16]>) -> Vec<Layer> {
	hidden.map_or(Vec::new(), |hidden| net(stream, inputs, program.outputs(), false, Some(hidden)).layers)
}

/// A convolution that fits the images of `program`.
fn conv(stream: &mut Stream, program: &Rows) -> Conv2 {
	let Image { height, width } = program.image.unwrap();
	let kernel = [height, width].map(|side| 1 + stream.below(u32::from(side).min(5)) as u8);
	let stride = [0; 2].map(|_: u8| 1 + stream.below(4) as u8);
	let inputs = u16::from(kernel[0]) * u16::from(kernel[1]) * (program.features / (u16::from(height) * u16::from(width)));
	let outputs = 1 + stream.below(6) as u16;
	Conv2 { height, width, kernel, stride, layer: layer(stream, inputs, outputs, 900, 8) }
}

/// A net for `program`: linear, MLP or both, behind a convolution where there is an image and `encode` is set.
fn random_net(stream: &mut Stream, program: &Rows, encode: bool) -> Net {
	let encoder = if encode && program.image.is_some() { Encoder::Image(conv(stream, program)) } else { Encoder::None };
	let hidden: Option<&[u16]> = [None, Some(&[][..]), Some(&[7]), Some(&[6, 5])][stream.below(4) as usize];
	let hidden = if encoder == Encoder::None { hidden } else { hidden.or(Some(&[])) };
	let inputs = encoder.outputs(program.features, 1).unwrap();
	let layers = dense(stream, program, inputs, hidden);
	let skip = (layers.is_empty() || stream.below(2) == 0).then(|| layer(stream, program.features, program.outputs(), 400, 9));
	Net { window: program.features, in_shifts: vec![stream.below(5) as i8], skip, encoder, layers }
}

/// The definition of a score, in `i64` and from the bytes alone.
fn score_by_definition(net: &Net, program: &Rows, bytes: &[u8]) -> u64 {
	let features = usize::from(program.features);
	let (classes, label) = match program.target {
		RowTarget::Classes(_) => (true, 1),
		RowTarget::Values(values) => (false, 4 * usize::from(values)),
	};
	let mut sum = 0;
	for row in bytes.chunks(features + label) {
		let x: Vec<i16> = row[..features]
			.iter()
			.map(|byte| ((i64::from(*byte) - 128) * (1 << net.in_shifts[0])).clamp(-2_047, 2_047) as i16)
			.collect();
		let out = forward_by_definition(net, &x);
		sum += if classes {
			// The first class that no other one beats.
			let answer = (0..out.len()).find(|class| out.iter().all(|score| *score <= out[*class])).unwrap();
			if answer == usize::from(row[features]) {
				0
			} else {
				16
			}
		} else {
			let value = |at: usize| i64::from(i32::from_le_bytes(row[features + 4 * at..][..4].try_into().unwrap()));
			(0..out.len()).map(|at| (out[at] - 16 * value(at)).unsigned_abs().min((1 << 20) - 1)).sum()
		};
	}
	sum
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(5_000))]

	#[test]
	fn rows_equal_an_independent_definition(
		seed: [u8; 32], features in prop_oneof![9 => 1u16..=60, 1 => Just(1_024)], count in 0usize..6,
	) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = program(features, target(stream));
		let net = random_net(stream, &program, false);
		prop_assert!(net.admit_rows(&program).is_ok());
		let rows = rows(stream, &program, count);
		prop_assert_eq!(program.check_labels(&rows.bytes), Ok(()));
		let expected = score_by_definition(&net, &program, &rows.bytes);
		prop_assert_eq!(u64::from(score_rows(&Model::Net(net), &program, &rows)), expected);
	}

	#[test]
	fn images_equal_an_independent_definition(
		seed: [u8; 32], height in 1u8..=9, width in 1u8..=9, channels in 1u16..=4, count in 1usize..4,
	) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = images(height, width, channels, target(stream));
		prop_assert_eq!(program.check(), Ok(()));
		let net = random_net(stream, &program, true);
		prop_assert!(net.admit_rows(&program).is_ok());
		let rows = rows(stream, &program, count);
		let expected = score_by_definition(&net, &program, &rows.bytes);
		prop_assert_eq!(u64::from(score_rows(&Model::Net(net), &program, &rows)), expected);
	}
}

// The window that stands for a row.

/// The program of windows whose scores are those of rows: one step more than a row has features.
fn embedded(program: &Rows) -> Forecast {
	let target = match program.target {
		RowTarget::Classes(classes) => Target::Classes((1..i32::from(classes)).collect::<Vec<_>>().try_into().unwrap()),
		RowTarget::Values(_) => Target::Values,
	};
	let horizon = if let RowTarget::Values(values) = program.target { values.into() } else { 1 };
	Forecast {
		horizon,
		history: program.features + 1,
		season: 1,
		chunks: 64,
		windows: 1,
		channels: 1,
		target,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	}
}

/// The window of each row: its bytes, the constant 128, then the label above 128.
fn windows(program: &Rows, rows: &RowSet, features: impl Fn(&[u8]) -> Vec<u8>) -> Windows {
	let mut values = Vec::new();
	let mut history = 1;
	for (row, label) in rows.iter() {
		let row = features(row);
		history = row.len() + 1;
		values.extend(row.iter().map(|byte| i32::from(*byte)));
		values.push(128);
		values.extend(label.values().map(|value| value + 128));
	}
	Windows { channels: 1, history, horizon: embedded(program).horizon.into(), values }
}

/// Removes the weights of the last input of a layer.
fn without_last_input(layer: &Layer) -> Layer {
	let inputs = usize::from(layer.inputs);
	let weights = layer.weights.chunks(inputs).flat_map(|row| row[..inputs - 1].to_vec()).collect();
	Layer { inputs: layer.inputs - 1, weights, ..layer.clone() }
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(2_000))]

	#[test]
	fn a_row_is_the_embedded_window(
		seed: [u8; 32], features in prop_oneof![9 => 1u16..=40, 1 => Just(1_023)], shift in 0i8..=4, skip: bool,
		depth in 0usize..3,
	) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = program(features, target(stream));
		let outputs = program.outputs();
		let hidden = (!skip || depth > 0).then_some(&[9, 6][..depth]);
		let trained = Net { in_shifts: vec![shift], ..net(stream, features + 1, outputs, skip, hidden) };
		let forecast = embedded(&program);
		prop_assert_eq!(forecast.check(), Ok(()));
		let model = Model::Net(trained.clone());
		prop_assert!(model.admit(&Program::Forecast(forecast.clone()), u32::MAX, u32::MAX, 0).is_ok());
		let mut stripped = Net { window: features, skip: trained.skip.as_ref().map(without_last_input), ..trained };
		if let Some(first) = stripped.layers.first_mut() {
			*first = without_last_input(first);
		}
		prop_assert!(stripped.admit_rows(&program).is_ok());
		let rows = rows(stream, &program, 5);
		let windows = windows(&program, &rows, |row| row.to_vec());
		prop_assert_eq!(windows.len(), 5);
		prop_assert_eq!(score_rows(&Model::Net(stripped), &program, &rows), score(&model, &forecast, &windows));
	}

	/// The window holds the image patch by patch, then one patch of 128s. Each channel of the convolution has one place more than
	/// the image; its constant value is folded into the next bias.
	#[test]
	fn an_image_net_is_the_patched_convolution_with_its_bias_folded(
		seed: [u8; 32], height in 1u8..=8, width in 1u8..=8, channels in 1u16..=3, shift in 0i8..=4,
	) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = images(height, width, channels, target(stream));
		let conv = conv(stream, &program);
		let kernel = conv.layer.inputs;
		let places = conv.places().unwrap();
		let head = net(stream, conv.layer.outputs * (places + 1), program.outputs(), false, Some(&[5])).layers;
		let convs = vec![Conv { kernel, dilation: 1, stride: kernel, layer: conv.layer.clone() }];
		let window = kernel * (places + 1);
		let trained = Net { window, in_shifts: vec![shift], skip: None, encoder: Encoder::Conv(convs), layers: head.clone() };
		// Fold: the places of the image keep their weights; the last place of a channel is max(0, its requantised bias).
		let places = usize::from(places);
		let round = conv.layer.shift - 1;
		let constants: Vec<i32> =
			conv.layer.bias.iter().map(|bias| ((bias + (1 << round)) >> conv.layer.shift).clamp(0, MAX_ACT)).collect();
		let mut folded = head.clone();
		let first = &mut folded[0];
		let (mut weights, mut bias) = (Vec::new(), Vec::new());
		for (row, old) in first.weights.chunks(first.inputs.into()).zip(&first.bias) {
			let per_channel = row.chunks(places + 1);
			weights.extend(per_channel.clone().flat_map(|weights| &weights[..places]));
			let folded: i32 = per_channel.zip(&constants).map(|(weights, constant)| i32::from(weights[places]) * constant).sum();
			bias.push(old + folded);
		}
		(first.inputs, first.weights, first.bias) = (conv.layer.outputs * places as u16, weights, bias);
		// The patches as the definition of the encoder orders them.
		let Conv2 { kernel: [rows_high, columns_wide], stride: [down, right], .. } = conv;
		let [rows_high, columns_wide, down, right] = [rows_high, columns_wide, down, right].map(usize::from);
		let (line, depth) = (usize::from(width), usize::from(channels));
		let grid = conv.grid().unwrap().map(usize::from);
		let patched = |row: &[u8]| {
			let mut bytes = Vec::new();
			for place in 0..grid[0] * grid[1] {
				let (top, left) = (place / grid[1] * down, place % grid[1] * right);
				for pixel in 0..rows_high * columns_wide {
					let (y, x) = (top + pixel / columns_wide, left + pixel % columns_wide);
					bytes.extend(&row[(y * line + x) * depth..][..depth]);
				}
			}
			bytes.resize(bytes.len() + usize::from(kernel) - 1, 128);
			bytes
		};
		let image = Net {
			window: program.features, in_shifts: vec![shift], skip: None, encoder: Encoder::Image(conv), layers: folded,
		};
		prop_assert!(image.admit_rows(&program).is_ok());
		let rows = rows(stream, &program, 4);
		let windows = windows(&program, &rows, patched);
		prop_assert_eq!(windows.history, usize::from(window));
		prop_assert_eq!(
			score_rows(&Model::Net(image), &program, &rows),
			score(&Model::Net(trained), &embedded(&program), &windows)
		);
	}
}

// The deal.

/// A segment whose row i has the number i in its two features.
fn numbered(program: &Rows, count: u32) -> Vec<u8> {
	(0..count).flat_map(|row| [row as u8, (row >> 8) as u8].into_iter().chain(vec![0; program.row_bytes() - 2])).collect()
}

/// The numbers of the rows of chunk `index`.
fn numbers_of(program: &Rows, segment: &[u8], seed: &[u8; 32], index: u16) -> Vec<u32> {
	dealt(program, segment, seed, index).iter().map(|(row, _)| u32::from(row[0]) | u32::from(row[1]) << 8).collect()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(60))]

	#[test]
	fn every_row_is_dealt_once(seed: [u8; 32], chunks in 64u16..=256, rows in 1u16..=64, classes: bool) {
		let target = if classes { RowTarget::Classes(2) } else { RowTarget::Values(2) };
		let program = Rows { rows, chunks, ..program(2, target) };
		let segment = numbered(&program, program.segment_rows());
		// A chunk deals all rows again, so only some chunks of a long segment are compared.
		let every = (usize::from(chunks) * usize::from(rows) / 1_024).max(1);
		let mut seen = BTreeMap::new();
		for index in (0..chunks).step_by(every) {
			let numbers = numbers_of(&program, &segment, &seed, index);
			prop_assert_eq!(numbers.len(), usize::from(rows));
			numbers.into_iter().for_each(|number| *seen.entry(number).or_insert(0) += 1);
		}
		prop_assert_eq!(seen.len(), usize::from(chunks).div_ceil(every) * usize::from(rows));
		prop_assert!(seen.iter().all(|(number, count)| *number < program.segment_rows() && *count == 1));
		prop_assert!(dealt(&program, &segment, &seed, chunks).is_empty(), "there is no such chunk");
	}
}

#[test]
fn the_least_and_the_largest_deal_are_permutations() {
	for (chunks, rows) in [(64, 1), (256, 64)] {
		let program = Rows { rows, chunks, ..program(2, RowTarget::Classes(2)) };
		let segment = numbered(&program, program.segment_rows());
		let mut all: Vec<u32> = (0..chunks).flat_map(|index| numbers_of(&program, &segment, &[9; 32], index)).collect();
		assert_ne!(all, (0..program.segment_rows()).collect::<Vec<_>>(), "the order is another one");
		all.sort_unstable();
		assert_eq!(all, (0..program.segment_rows()).collect::<Vec<_>>());
	}
}

#[test]
fn every_row_reaches_every_chunk_equally_often() {
	let program = Rows { rows: 2, chunks: 64, ..program(2, RowTarget::Classes(2)) };
	let segment = numbered(&program, 128);
	// Row 0, row 77 and the last one: the chunk that each comes to, under 6 400 seeds.
	let mut counts = [[0u32; 64]; 3];
	for number in 0..6_400u32 {
		let seed = std::array::from_fn(|at| (number.wrapping_mul(2_654_435_761) >> (at % 4 * 8)) as u8);
		// Two neighbours in the order are one chunk.
		for index in 0..64 {
			for row in numbers_of(&program, &segment, &seed, index) {
				if let Some(which) = [0, 77, 127].iter().position(|watched| *watched == row) {
					counts[which][usize::from(index)] += 1;
				}
			}
		}
	}
	for counts in counts {
		assert_eq!(counts.iter().sum::<u32>(), 6_400);
		// χ² with 63 degrees of freedom: mean 63, standard deviation 11.2; above 110 once in 4 000 runs.
		let chi_squared: u32 = counts.iter().map(|count| count.abs_diff(100).pow(2)).sum::<u32>() / 100;
		assert!((25..110).contains(&chi_squared), "χ² = {chi_squared}");
	}
}

#[test]
fn a_segment_of_another_length_is_dealt_without_a_panic() {
	let program = Rows { rows: 2, chunks: 64, ..program(2, RowTarget::Classes(2)) };
	let whole = numbered(&program, 128);
	let longer = [&whole[..], &[7; 300]].concat();
	assert_eq!(numbers_of(&program, &longer, &[1; 32], 5), numbers_of(&program, &whole, &[1; 32], 5), "the rest is not dealt");
	let all = |segment: &[u8]| (0..64).map(|index| dealt(&program, segment, &[1; 32], index).len()).sum::<usize>();
	assert_eq!((all(&whole[..301]), all(&whole[..2]), all(&[])), (100, 0, 0));
	let unchecked = Rows { features: u16::MAX, image: None, target: RowTarget::Values(255), rows: u16::MAX, chunks: u16::MAX };
	assert!(dealt(&unchecked, &whole, &[1; 32], 0).is_empty());
	let nothing = Rows { features: 0, image: None, target: RowTarget::Values(0), rows: 3, chunks: 3 };
	dealt(&nothing, &whole, &[1; 32], 0);
}

#[test]
fn the_validation_split_is_cut_into_equal_chunks_that_end_with_it() {
	let program = Rows { rows: 3, chunks: 64, ..program(4, RowTarget::Values(1)) };
	assert_eq!((program.row_bytes(), program.segment_rows(), program.outputs()), (8, 192, 1));
	assert_eq!(program.validation_rows(100, 100 + 64 * 5 + 63), Ok(5));
	assert_eq!(program.validation_rows(100, 163), Err(RowError::Split));
	assert_eq!(program.validation_rows(100, 99), Err(RowError::Split));
	assert_eq!(program.validation_rows(0, u32::MAX), Ok(64), "no chunk has more rows");
	let span = |index| validation_rows_span(&program, 100, 100 + 64 * 5 + 63, index);
	assert_eq!(span(0), Ok(163 * 8..168 * 8), "the first 63 rows are dropped");
	assert_eq!(span(63), Ok((483 - 5) * 8..483 * 8));
	assert_eq!(span(64), Err(RowError::Chunks));
	for index in 1..64 {
		assert_eq!(span(index).unwrap().start, span(index - 1).unwrap().end);
	}
	assert_eq!(validation_rows_span(&program, 0, u32::MAX, 63), Err(RowError::Split), "more bytes than 2³²");
	let check = |train_end, validation_end, bytes| program.check_split(train_end, validation_end, bytes);
	assert_eq!(check(100, 164, 164 * 8), Ok(()));
	assert_eq!(check(100, 164, 200 * 8), Ok(()), "a test part");
	assert_eq!(check(100, 164, 164 * 8 - 1), Err(RowError::Length));
	assert_eq!(check(100, 164, 163 * 8), Err(RowError::Split));
	assert_eq!(check(101, 164, 164 * 8), Err(RowError::Split));
	assert_eq!(check(0, 164, 164 * 8), Err(RowError::Split), "nothing to train on");
	assert_eq!(check(u32::MAX, u32::MAX, u32::MAX), Err(RowError::Length));
}

// Programs and labels.

#[test]
fn a_program_of_rows_outside_its_ranges_is_refused_by_name() {
	let good = program(64, RowTarget::Classes(26));
	let with = |change: &dyn Fn(&mut Rows)| {
		let mut program = good;
		change(&mut program);
		program.check()
	};
	assert_eq!(with(&|_| ()), Ok(()));
	assert_eq!(with(&|p| p.features = 0), Err(RowError::Features));
	assert_eq!(with(&|p| p.features = 1_025), Err(RowError::Features));
	assert_eq!(with(&|p| p.features = 1_024), Ok(()));
	for (classes, expected) in [(0, Err(RowError::Classes)), (1, Err(RowError::Classes)), (2, Ok(())), (64, Ok(()))] {
		assert_eq!(with(&|p| p.target = RowTarget::Classes(classes)), expected);
	}
	assert_eq!(with(&|p| p.target = RowTarget::Classes(65)), Err(RowError::Classes));
	assert_eq!(with(&|p| p.target = RowTarget::Values(0)), Err(RowError::Values));
	assert_eq!(with(&|p| p.target = RowTarget::Values(16)), Ok(()));
	assert_eq!(with(&|p| p.target = RowTarget::Values(17)), Err(RowError::Values));
	for (rows, expected) in [(0, Err(RowError::Rows)), (1, Ok(())), (64, Ok(())), (65, Err(RowError::Rows))] {
		assert_eq!(with(&|p| p.rows = rows), expected);
	}
	for (chunks, expected) in [(63, Err(RowError::Chunks)), (64, Ok(())), (256, Ok(())), (257, Err(RowError::Chunks))] {
		assert_eq!(with(&|p| p.chunks = chunks), expected);
	}
	let image = |height, width| with(&|p| p.image = Some(Image { height, width }));
	for (height, width) in [(8, 8), (1, 64), (4, 4), (8, 4), (2, 16)] {
		assert_eq!(image(height, width), Ok(()), "{height} × {width}");
	}
	for (height, width) in [(0, 8), (8, 0), (8, 9), (3, 3), (3, 5), (2, 4), (255, 255)] {
		assert_eq!(image(height, width), Err(RowError::Image), "{height} × {width}");
	}
}

#[test]
fn labels_out_of_range_are_refused() {
	let classes = program(2, RowTarget::Classes(3));
	assert_eq!(classes.check_labels(&[1, 2, 0, 3, 4, 2]), Ok(()));
	assert_eq!(classes.check_labels(&[]), Ok(()));
	assert_eq!(classes.check_labels(&[1, 2, 0, 3, 4, 3]), Err(RowError::Label));
	assert_eq!(classes.check_labels(&[1, 2, 0, 3, 4]), Err(RowError::Length));
	let values = program(1, RowTarget::Values(2));
	let row = |first: i32, second: i32| [&[9][..], &first.to_le_bytes(), &second.to_le_bytes()].concat();
	assert_eq!(values.check_labels(&row(1 << 15, -(1 << 15))), Ok(()));
	assert_eq!(values.check_labels(&row(0, (1 << 15) + 1)), Err(RowError::Label));
	assert_eq!(values.check_labels(&row(-(1 << 15) - 1, 0)), Err(RowError::Label));
	assert_eq!(values.check_labels(&row(i32::MIN, 0)), Err(RowError::Label));
	let rows = RowSet::new(&values, row(-5, 70_000));
	let (features, label) = rows.iter().next().unwrap();
	assert_eq!((features, label.values().collect::<Vec<_>>()), (&[9][..], vec![-5, 70_000]));
	assert_eq!(Label::Class(7).values().collect::<Vec<_>>(), [7]);
}

#[test]
fn a_class_that_does_not_exist_is_always_a_mistake() {
	let program = program(1, RowTarget::Classes(3));
	let rows = RowSet::new(&program, vec![0, 2, 0, 3, 0, 255]);
	assert_eq!(score_rows(&Model::Constant(vec![0, 0, 1]), &program, &rows), 2 << OUT_FRAC);
}

// Baselines.

/// The least error sum of all constants on `values`, in raw units.
fn least_error(values: &[i32]) -> u32 {
	values.iter().map(|constant| values.iter().map(|value| value.abs_diff(*constant)).sum()).min().unwrap()
}

proptest! {
	#[test]
	fn the_constant_model_has_the_least_error(seed: [u8; 32], count in 1usize..30) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let values = program(2, RowTarget::Values(3));
		let set = rows(stream, &values, count);
		let model = constant_model(&set).unwrap();
		let column = |output| set.iter().map(|(_, label)| label.values().nth(output).unwrap()).collect::<Vec<_>>();
		let expected: u32 = (0..3).map(|output| least_error(&column(output))).sum();
		prop_assert_eq!(score_rows(&model, &values, &set), expected << OUT_FRAC);
		let classes = program(2, RowTarget::Classes(4));
		let set = rows(stream, &classes, count);
		let model = constant_model(&set).unwrap();
		let most = (0..4).map(|class| set.iter().filter(|(_, label)| *label == Label::Class(class)).count()).max().unwrap();
		prop_assert_eq!(score_rows(&model, &classes, &set), ((count - most) as u32) << OUT_FRAC);
	}
}

#[test]
fn ties_take_the_smaller_class_and_the_lower_median() {
	let classes = program(1, RowTarget::Classes(4));
	let model = constant_model(&RowSet::new(&classes, vec![0, 3, 0, 1, 0, 3, 0, 1, 0, 2]));
	assert_eq!(model, Some(Model::Constant(vec![0, 2, 1, 2])));
	let answer = RowSet::new(&classes, vec![0, 1]);
	assert_eq!(score_rows(&model.unwrap(), &classes, &answer), 0, "class 1, not 3");
	let values = program(1, RowTarget::Values(1));
	let row = |value: i32| [&[0][..], &value.to_le_bytes()].concat();
	let rows = RowSet::new(&values, [9, -4, 7, 2].map(row).concat());
	assert_eq!(constant_model(&rows), Some(Model::Constant(vec![2 << OUT_FRAC])));
	assert_eq!(constant_model(&RowSet::new(&values, vec![])), None);
	assert_eq!(constant_model(&RowSet::new(&values, vec![1, 2])), None, "a part of a row");
}

#[test]
fn models_of_series_and_points_do_not_score_rows() {
	let program = program(1, RowTarget::Classes(2));
	let rows = RowSet::new(&program, vec![0, 1]);
	for model in [Model::RepeatLast, Model::Seasonal, Model::Point(vec![0; 2])] {
		assert_eq!(score_rows(&model, &program, &rows), u32::MAX);
	}
	assert_eq!(score_rows(&Model::RepeatLast, &program, &RowSet::new(&program, vec![])), u32::MAX);
	assert_eq!(score_rows(&Model::Constant(vec![]), &program, &rows), 1 << OUT_FRAC, "missing constants are 0");
}

/// The largest chunk of rows: 64 rows of 16 values, each with the largest error, fits a chunk sum.
#[test]
fn the_largest_chunk_sum_does_not_saturate() {
	let program = Rows { rows: 64, chunks: 256, ..program(1, RowTarget::Values(16)) };
	let row = [&[0][..], &[i32::MIN.to_le_bytes(); 16].concat()].concat();
	let rows = RowSet::new(&program, row.repeat(64));
	assert_eq!(score_rows(&Model::Constant(vec![0; 16]), &program, &rows), 64 * 16 * ((1 << 20) - 1));
}

// Admission.

#[test]
fn a_net_that_does_not_fit_the_rows_is_refused_by_name() {
	let program = images(6, 4, 2, RowTarget::Classes(5));
	let stream = &mut Stream::new(&[5; 32], 0, 0);
	let kernel = Conv2 { height: 6, width: 4, kernel: [3, 2], stride: [3, 1], layer: layer(stream, 12, 4, 100, 8) };
	// Two rows of three patches, four channels.
	let head = layer(stream, 24, 5, 100, 8);
	let skip = layer(stream, 48, 5, 100, 8);
	let good = Net { window: 48, in_shifts: vec![3], skip: Some(skip), encoder: Encoder::Image(kernel), layers: vec![head] };
	let with = |change: &dyn Fn(&mut Net)| {
		let mut net = good.clone();
		change(&mut net);
		net.admit_rows(&program)
	};
	let with_conv = |change: &dyn Fn(&mut Conv2)| {
		with(&|net| {
			let Encoder::Image(conv) = &mut net.encoder else { unreachable!() };
			change(conv);
		})
	};
	assert_eq!(good.encoder.outputs(48, 1), Some(24));
	assert_eq!(with(&|_| ()), Ok(AccumulatorWidth::Exact24));
	assert_eq!(with(&|n| n.window = 47), Err(ModelError::Window), "a row is read as a whole");
	assert_eq!(with(&|n| n.window = 49), Err(ModelError::Window));
	assert_eq!(with(&|n| n.in_shifts.push(3)), Err(ModelError::Shape), "two channels");
	assert_eq!(with(&|n| n.in_shifts.clear()), Err(ModelError::Shape));
	assert_eq!(with(&|n| n.in_shifts[0] = 5), Err(ModelError::Shift));
	assert_eq!(with(&|n| n.in_shifts[0] = -1), Err(ModelError::Shift));
	for shift in 0..=4 {
		assert_eq!(with(&|n| n.in_shifts[0] = shift), Ok(AccumulatorWidth::Exact24));
	}
	assert_eq!(with(&|n| n.skip = None), Ok(AccumulatorWidth::Exact24));
	assert_eq!(with(&|n| n.layers.clear()), Err(ModelError::Shape), "nothing reads the convolution");
	assert_eq!(with(&|n| (n.encoder, n.layers) = (Encoder::None, vec![])), Ok(AccumulatorWidth::Exact24), "a linear model");
	assert_eq!(with(&|n| n.encoder = Encoder::None), Err(ModelError::Shape), "the head reads 24 numbers");
	assert_eq!(with(&|n| n.layers = vec![n.layers[0].clone(); MAX_DEPTH + 2]), Err(ModelError::Shape));
	assert_eq!(with_conv(&|c| c.height = 5), Err(ModelError::Shape));
	assert_eq!(with_conv(&|c| (c.height, c.width) = (4, 6)), Err(ModelError::Shape));
	assert_eq!(with_conv(&|c| c.kernel = [7, 2]), Err(ModelError::Shape));
	assert_eq!(with_conv(&|c| c.kernel = [0, 2]), Err(ModelError::Shape));
	assert_eq!(with_conv(&|c| c.kernel = [2, 2]), Err(ModelError::Shape), "the layer reads six pixels");
	assert_eq!(with_conv(&|c| c.kernel = [2, 3]), Err(ModelError::Shape), "eight patches of six pixels");
	assert_eq!(with_conv(&|c| c.stride = [0, 1]), Err(ModelError::Shape));
	assert_eq!(with_conv(&|c| c.stride = [3, 0]), Err(ModelError::Shape));
	assert_eq!(with_conv(&|c| c.stride = [1, 1]), Err(ModelError::Shape), "twelve patches");
	assert_eq!(with_conv(&|c| c.stride = [255, 1]), Err(ModelError::Shape), "three patches");
	assert_eq!(with_conv(&|c| c.stride = [2, 1]), Ok(AccumulatorWidth::Exact24), "the last row is not read");
	assert_eq!(with_conv(&|c| c.layer.shift = 0), Err(ModelError::Shift));
	assert_eq!(with_conv(&|c| c.layer.weights[0] = 2_048), Err(ModelError::Weight));
	assert_eq!(with_conv(&|c| c.layer.bias[0] = i32::MAX), Err(ModelError::Overflow));
	assert_eq!(good.admit_rows(&Rows { image: None, ..program }), Err(ModelError::Shape), "the rows are no images");
	let wider = Rows { target: RowTarget::Classes(6), ..program };
	assert_eq!(good.admit_rows(&wider), Err(ModelError::Shape));
	// Encoders of series.
	let conv = Conv { kernel: 2, dilation: 1, stride: 2, layer: layer(stream, 2, 1, 100, 8) };
	assert_eq!(with(&|n| n.encoder = Encoder::Conv(vec![conv.clone()])), Err(ModelError::Family));
	let cell = |gates| Cell {
		input: layer(&mut Stream::new(&[1; 32], 0, 0), 1, gates, 9, 9),
		hidden: layer(&mut Stream::new(&[2; 32], 0, 0), 1, gates, 9, 9),
	};
	assert_eq!(with(&|n| n.encoder = Encoder::Lstm(cell(4))), Err(ModelError::Family));
	assert_eq!(with(&|n| n.encoder = Encoder::Gru(cell(3))), Err(ModelError::Family));
}

#[test]
fn a_forecast_refuses_images() {
	let stream = &mut Stream::new(&[6; 32], 0, 0);
	let kernel = Conv2 { height: 4, width: 6, kernel: [2, 2], stride: [2, 2], layer: layer(stream, 4, 2, 100, 8) };
	let head = layer(stream, 12, 4, 100, 8);
	let net = Net { window: 24, in_shifts: vec![0], skip: None, encoder: Encoder::Image(kernel), layers: vec![head] };
	let program = Program::Forecast(common::forecast());
	assert_eq!(net.admit_rows(&images(4, 6, 1, RowTarget::Classes(4))), Ok(AccumulatorWidth::Exact24));
	let model = Model::Net(net);
	assert_eq!(model.admit(&program, u32::MAX, u32::MAX, 0), Err(ModelError::Family));
	// Six patches of four pixels, two channels; then the head.
	let patches = 6 * (8 + 4 * COPY_MACS + 2 * REQUANTISE_MACS);
	assert_eq!(model.macs(), patches + 48 + 4 * REQUANTISE_MACS);
	assert_eq!(Model::Constant(vec![1; 64]).macs(), 0);
}

#[test]
fn channels_of_a_convolution_are_bounded() {
	let program = images(1, 1, 1, RowTarget::Classes(2));
	let admit = |outputs: u16| {
		let zeros = |inputs: u16, outputs: u16| Layer {
			inputs,
			outputs,
			shift: 9,
			weights: vec![0; usize::from(inputs) * usize::from(outputs)],
			bias: vec![0; outputs.into()],
		};
		let kernel = Conv2 { height: 1, width: 1, kernel: [1, 1], stride: [1, 1], layer: zeros(1, outputs) };
		let layers = vec![zeros(outputs, 2)];
		Net { window: 1, in_shifts: vec![0], skip: None, encoder: Encoder::Image(kernel), layers }.admit_rows(&program)
	};
	assert_eq!(admit(MAX_WIDTH), Ok(AccumulatorWidth::Exact24));
	assert_eq!(admit(MAX_WIDTH + 1), Err(ModelError::Shape));
	assert_eq!(admit(0), Err(ModelError::Shape));
}

/// A layer at the admission bound: the largest weights, and biases that leave no room.
fn extreme(stream: &mut Stream, inputs: u16, outputs: u16) -> Layer {
	let limit = [MAX_ACT as u32, MAX_ACT as u32 / 2, 5][stream.below(3) as usize].min((1 << 19) / u32::from(inputs));
	let shift = SHIFTS.start() + stream.below(u32::from(*SHIFTS.end())) as u8;
	let (mut weights, mut bias) = (Vec::new(), Vec::new());
	for _ in 0..outputs {
		let row: Vec<i16> = (0..inputs).map(|_| number(stream, limit) as i16).collect();
		let used: i64 = row.iter().map(|w| i64::from(w.unsigned_abs()) * i64::from(MAX_ACT)).sum();
		let left = i64::from(i32::MAX) - used - (1 << (shift - 1));
		bias.push(if stream.below(2) == 0 { left as i32 } else { -left as i32 });
		weights.extend(row);
	}
	Layer { inputs, outputs, shift, weights, bias }
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(1_000))]

	#[test]
	fn what_is_admitted_never_leaves_32_bits(
		seed: [u8; 32], height in 1u8..=8, width in 1u8..=8, channels in 1u16..=4, encode: bool,
	) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = images(height, width, channels, target(stream));
		let (features, outputs) = (program.features, program.outputs());
		let mut net = random_net(stream, &program, encode);
		if let Encoder::Image(conv) = &mut net.encoder {
			conv.layer = extreme(stream, conv.layer.inputs, conv.layer.outputs);
		}
		net.skip = Some(extreme(stream, features, outputs));
		for layer in &mut net.layers {
			*layer = extreme(stream, layer.inputs, layer.outputs);
		}
		prop_assert_eq!(net.admit_rows(&program), Ok(AccumulatorWidth::I32));
		// Bytes at the ends of their range; the definition checks that every sum has 32 bits.
		let bytes: Vec<u8> = (0..features).map(|_| [0, 255, 128, 129][stream.below(4) as usize]).collect();
		let mut x = vec![0; features.into()];
		doin_scoring::rows::row_features(net.in_shifts[0].unsigned_abs(), &bytes, &mut x);
		let mut out = vec![0; outputs.into()];
		net.forward(&x, &mut out, &mut Scratch::default());
		let out: Vec<i64> = out.into_iter().map(i64::from).collect();
		prop_assert_eq!(out, forward_by_definition(&net, &x));
		let rows = rows(stream, &program, 2);
		let expected = score_by_definition(&net, &program, &rows.bytes);
		prop_assert_eq!(u64::from(score_rows(&Model::Net(net), &program, &rows)), expected);
	}
}

// The format.

proptest! {
	#![proptest_config(cases(10_000))]

	#[test]
	fn an_image_net_survives_its_encoding_and_damage(
		seed: [u8; 32], height in 1u8..=6, width in 1u8..=6, channels in 1u16..=3,
		at: prop::sample::Index, bit in 0u8..8, cut: prop::sample::Index,
	) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = images(height, width, channels, target(stream));
		let model = Model::Net(random_net(stream, &program, true));
		let whole = model.to_bytes();
		prop_assert_eq!(Model::from_bytes(&whole), Ok(model));
		let mut bytes = whole.clone();
		let position = at.index(bytes.len());
		bytes[position] ^= 1 << bit;
		if let Ok(model) = Model::from_bytes(&bytes) {
			prop_assert_eq!(model.to_bytes(), bytes.clone(), "a model has one encoding");
			// The score of a model that was not admitted is arbitrary, but scoring it does not panic.
			score_rows(&model, &program, &rows(stream, &program, 2));
			score(&model, &common::forecast(), &Windows { channels: 1, history: 24, horizon: 4, values: vec![5; 28] });
			if let Model::Net(net) = &model {
				let _ = net.admit_rows(&program);
			}
			model.macs();
		}
		let cut = cut.index(bytes.len());
		prop_assert!(Model::from_bytes(&whole[..cut]).is_err(), "no encoding begins with another one");
		let _ = Model::from_bytes(&bytes[..cut]);
	}

	#[test]
	fn random_bytes_behind_the_new_indices_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120), constant: bool) {
		// Constants, or a net of eight inputs without skip behind a convolution over an image.
		let start: &[u8] = if constant { &[2, 4] } else { &[2, 3, 8, 0, 4, 0, 0, 4] };
		let framed = [start, &bytes].concat();
		if let Ok(model) = Model::from_bytes(&framed) {
			prop_assert_eq!(model.to_bytes(), framed);
			let program = images(2, 4, 1, RowTarget::Classes(3));
			score_rows(&model, &program, &RowSet::new(&program, vec![7; 27]));
		}
	}

	#[test]
	fn random_images_never_panic(
		shape: [u8; 6], inputs in 0u16..20, outputs in 0u16..6, window in 0u16..40, weight: i16, bias: i32,
	) {
		let [height, width, rows, columns, down, right] = shape;
		let count = usize::from(inputs) * usize::from(outputs);
		let layer = Layer { inputs, outputs, shift: rows, weights: vec![weight; count], bias: vec![bias; outputs.into()] };
		let kernel = Conv2 { height, width, kernel: [rows, columns], stride: [down, right], layer: layer.clone() };
		let encoder = Encoder::Image(kernel);
		let net = Net { window, in_shifts: vec![weight as i8], skip: None, encoder, layers: vec![layer] };
		let program = images(height % 8, width % 8, 1, RowTarget::Classes(3));
		let _ = net.admit_rows(&program);
		let bytes = vec![255; program.row_bytes() * 2];
		score_rows(&Model::Net(net), &program, &RowSet::new(&program, bytes));
	}

	#[test]
	fn a_program_of_rows_survives_its_encoding_and_damage(bytes in proptest::collection::vec(any::<u8>(), 0..16)) {
		use codec::{Decode, Encode, MaxEncodedLen};
		if let Ok(program) = Rows::decode(&mut &bytes[..]) {
			let encoded = program.encode();
			prop_assert!(encoded.len() <= Rows::max_encoded_len());
			prop_assert_eq!(&encoded, &bytes[..encoded.len()]);
			// No method panics for a program that was not checked.
			let _ = (program.check(), program.check_split(1, 70, 900), program.check_labels(&bytes), program.segment_rows());
			let _ = validation_rows_span(&program, 3, 900_000, 5);
			dealt(&program, &bytes.repeat(40), &[3; 32], 0);
		}
	}
}

#[test]
fn the_indices_of_the_formats_are_these() {
	use codec::Encode;
	let program = Rows { image: Some(Image { height: 8, width: 4 }), ..program(64, RowTarget::Classes(26)) };
	assert_eq!(program.encode(), [64, 0, 1, 8, 4, 0, 26, 8, 0, 64, 0]);
	assert_eq!(RowTarget::Values(3).encode(), [1, 3]);
	assert_eq!(Model::Constant(vec![-2]).to_bytes(), [2, 4, 4, 0xFE, 0xFF, 0xFF, 0xFF]);
	let layer = Layer { inputs: 1, outputs: 1, shift: 3, weights: vec![7], bias: vec![9] };
	let kernel = Conv2 { height: 5, width: 6, kernel: [1, 2], stride: [3, 4], layer };
	let bytes = [4, 5, 6, 1, 2, 3, 4, 1, 0, 1, 0, 3, 4, 7, 0, 4, 9, 0, 0, 0];
	assert_eq!(Encoder::Image(kernel).encode(), bytes);
	// A number of weights that does not fit the shape is found before anything is allocated.
	let start = [2, 3, 30, 0, 4, 0, 0, 4, 5, 6, 1, 2, 3, 4, 0xFF, 0xFF, 0xFF, 0xFF, 1];
	assert_eq!(Model::from_bytes(&[&start[..], &[0x03, 0x01, 0x00, 0xFE, 0xFE]].concat()), Err(ModelError::Shape));
	assert_eq!(Model::from_bytes(&[&start[..], &[0x03, 0x01, 0x00, 0xFE, 0xFF]].concat()), Err(ModelError::Malformed));
	assert_eq!(Model::from_bytes(&[2, 4, 0xFE, 0xFF, 0xFF, 0xFF]), Err(ModelError::Malformed), "2³⁰ constants");
}
