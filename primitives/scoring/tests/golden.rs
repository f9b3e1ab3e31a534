//! Golden vectors, which every other implementation (SIMD, WGSL, WebAssembly) must reproduce and which no change may alter.
//!
//! The vectors live in `tests/golden/*.json`. A change of behaviour fails here. If it is intended, every published error sum
//! changes with it, so it needs a new program or version, and only then `DOIN_BLESS=1 cargo test -p doin-scoring --test golden`
//! to write the files anew.

mod common;

use common::{forecast, generator, layer, net};
use doin_scoring::{
	math::log2_q32,
	model::AccumulatorWidth,
	philox::{philox4x32_10, purpose, Key, Stream},
	rows::{constant_model, dealt, row_features, score_rows, Image, RowSet, RowTarget, Rows},
	sample::{drawn, generator_series},
	score,
	verdict::{covered, loss, paired, with_evidence, NO_EVIDENCE, ONE_BIT},
	window_features, Cell, Conv, Conv2, Encoder, Model, Net, Program, ProgramError, Scratch, Spread, Terms,
};
use serde_json::{json, Value};
use std::{env, fs, path::PathBuf};

/// Compares `vectors` with the file of that name, or writes it when `DOIN_BLESS` is set.
fn pinned(name: &str, vectors: Value) {
	let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("json");
	if env::var_os("DOIN_BLESS").is_some() {
		// One vector a line.
		let lines: Vec<String> = vectors.as_array().expect("a list of vectors").iter().map(|v| format!("\t{v}")).collect();
		fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).expect("the folder exists");
		return;
	}
	let file =
		fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}; write it with DOIN_BLESS=1", path.display()));
	let expected: Value = serde_json::from_str(&file).expect("written by this test");
	let (expected, vectors) = (expected.as_array().expect("a list"), vectors.as_array().expect("a list").clone());
	assert_eq!(expected.len(), vectors.len(), "{name}: number of vectors");
	for (index, (expected, vector)) in expected.iter().zip(&vectors).enumerate() {
		assert_eq!(expected, vector, "{name}: vector {index}");
	}
}

/// Seeds that differ in every byte.
fn seed(number: u8) -> [u8; 32] {
	core::array::from_fn(|byte| (byte as u8).wrapping_mul(37) ^ number)
}

/// The nets of the vectors: linear, MLP, MLP beside a linear skip, and deep.
fn nets() -> Vec<(&'static str, Net)> {
	let stream = &mut Stream::new(&seed(1), purpose::WEIGHTS, 0);
	let mut nets = vec![
		("linear", net(stream, 16, 4, true, None)),
		("mlp", net(stream, 24, 4, false, Some(&[12]))),
		("mlp beside linear", net(stream, 20, 4, true, Some(&[8]))),
		("deep", net(stream, 9, 4, true, Some(&[7, 5, 6]))),
	];
	// Rounding, none, amplifying, and clamping most of its input.
	for ((_, net), in_shift) in nets.iter_mut().zip([-2, 0, 3, 7]) {
		net.in_shifts = vec![in_shift];
	}
	nets.extend(encoded());
	nets
}

/// Nets that begin with an encoder.
fn encoded() -> Vec<(&'static str, Net)> {
	let stream = &mut Stream::new(&seed(2), purpose::WEIGHTS, 0);
	let mut conv = |inputs, outputs, kernel, dilation, stride| Conv {
		kernel,
		dilation,
		stride,
		layer: layer(stream, inputs, outputs, 500, 8),
	};
	let cnn = Encoder::Conv(vec![conv(5, 4, 5, 1, 2), conv(12, 3, 3, 1, 2)]);
	let tcn = Encoder::Conv(vec![conv(2, 4, 2, 1, 1), conv(8, 4, 2, 2, 1), conv(8, 5, 2, 4, 1)]);
	let mut cell = |units, gates| Cell {
		input: layer(stream, 1, gates * units, 900, 4),
		hidden: layer(stream, units, gates * units, 900, 8),
	};
	let (lstm, gru) = (Encoder::Lstm(cell(6, 4)), Encoder::Gru(cell(7, 3)));
	let mut behind = |name, encoder: Encoder, window, skip| {
		let inputs = encoder.outputs(window, 1).expect("it fits");
		let Net { layers, .. } = net(stream, inputs, 4, false, Some(&[]));
		let skip = if skip { net(stream, window, 4, true, None).skip } else { None };
		(name, Net { window, in_shifts: vec![2], skip, encoder, layers })
	};
	vec![
		behind("convolutions", cnn, 24, false),
		behind("dilated convolutions beside linear", tcn, 10, true),
		behind("lstm", lstm.clone(), 24, false),
		behind("lstm beside linear", lstm, 13, true),
		behind("gru", gru.clone(), 24, false),
		behind("gru beside linear", gru, 9, true),
	]
}

#[test]
fn philox_reproduces_the_vectors_of_its_authors() {
	assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
	assert_eq!(philox4x32_10([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
	assert_eq!(
		philox4x32_10([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
		[0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
	);
}

#[test]
fn streams_stay_as_they_are() {
	let mut vectors = Vec::new();
	for (number, purpose, step) in [(0, 1, 0u64), (0, 1, 1), (0, 2, 0), (1, 1, 0), (2, 5, u64::MAX), (3, u32::MAX, 1 << 32)] {
		let mut stream = Stream::new(&seed(number), purpose, step);
		let blocks: Vec<[u32; 4]> = (0..3).map(|_| stream.next_block()).collect();
		let below: Vec<u32> = [2, 3, 10, 1_000, 3 << 30, u32::MAX].iter().map(|n| stream.below(*n)).collect();
		let mut order: Vec<u32> = (0..12).collect();
		stream.shuffle(&mut order);
		vectors.push(json!({
			"seed": hex::encode(seed(number)), "purpose": purpose, "step": step.to_string(),
			"words": Key::new(&seed(number), purpose).words(), "blocks": blocks, "below": below, "order": order,
		}));
	}
	pinned("philox", vectors.into());
}

#[test]
fn series_of_a_generator_stay_as_they_are() {
	let mut plain = generator();
	plain.ar = vec![].try_into().unwrap();
	let mut persistent = generator();
	persistent.ar = vec![3_000, 500, -200, 100, 90, 80, -70, 55].try_into().unwrap();
	let mut silent = generator();
	silent.noise = 0;
	let mut vectors = Vec::new();
	for generator in [generator(), plain, persistent, silent] {
		// A generator without noise is refused at registration; its series are pinned as before.
		let expected = if generator.noise == 0 { Err(ProgramError::Noise) } else { Ok(()) };
		assert_eq!(generator.check(&forecast()), expected);
		for (number, purpose) in [(4, purpose::SERIES), (5, purpose::SERIES), (4, purpose::WINDOW)] {
			let values = generator_series(&generator, &seed(number), purpose, 40);
			vectors.push(json!({
				"template": generator.template.to_vec(), "ar": generator.ar.to_vec(), "noise": generator.noise,
				"level": generator.level, "seed": hex::encode(seed(number)), "purpose": purpose, "values": values,
			}));
		}
	}
	pinned("series", vectors.into());
}

#[test]
fn forward_passes_stay_as_they_are() {
	let history = generator_series(&generator(), &seed(6), purpose::SERIES, 24);
	let mut scratch = Scratch::default();
	let mut vectors = Vec::new();
	for (name, net) in nets() {
		let mut x = vec![0; net.features()];
		let mut out = vec![0; 4];
		window_features(&net, 1, &history, &mut x);
		net.forward(&x, &mut out, &mut scratch);
		let model = Model::Net(net);
		let bytes = model.to_bytes();
		let class = model.admit(&Program::Forecast(forecast()), 4_096, 32_768, bytes.len()).unwrap();
		vectors.push(json!({
			"name": name, "model": hex::encode(&bytes), "class": if class == AccumulatorWidth::Exact24 { "F" } else { "I" }, "macs": model.macs(),
			"history": history, "features": x, "out": out,
		}));
	}
	pinned("forward", vectors.into());
}

#[test]
fn chunk_sums_stay_as_they_are() {
	let program = forecast();
	let mut models = vec![("repeat last", Model::RepeatLast), ("seasonal", Model::Seasonal)];
	models.extend(nets().into_iter().map(|(name, net)| (name, Model::Net(net))));
	let mut vectors = Vec::new();
	for (number, index) in [(7, 0), (7, 1), (7, 31), (8, 0)] {
		let windows = drawn(&program, &generator(), &seed(number), index);
		let sums: Vec<Value> = models.iter().map(|(name, model)| json!([name, score(model, &program, &windows)])).collect();
		vectors.push(json!({
			"seed": hex::encode(seed(number)), "chunk": index, "first window": &windows.values[..28],
			"last window": &windows.values[4 * 28..], "sums": sums,
		}));
	}
	pinned("chunks", vectors.into());
}

#[test]
fn logarithms_stay_as_they_are() {
	let stream = &mut Stream::new(&seed(9), 0, 0);
	let mut values: Vec<u64> = (1..=20).collect();
	values.extend([(1 << 24) - 1, 1 << 24, (1 << 24) + 1, 1_000_000, u64::MAX - 1, u64::MAX]);
	values.extend((0..20).map(|bit| u64::from(stream.next_u32()) << 32 >> (bit * 3) | 1));
	let vectors: Vec<Value> = values.into_iter().map(|v| json!([v.to_string(), log2_q32(v).to_string()])).collect();
	pinned("log2", vectors.into());
}

/// The vector of a paired test, and of the cover of its champion.
fn verdict(terms: &Terms, [initial, champion, candidate]: [&[u32]; 3]) -> Value {
	let verdict = paired(initial, champion, candidate, terms).unwrap();
	let error = |sums: &[u32]| with_evidence(initial, sums).map(u64::from).sum::<u64>();
	let mut vector = json!({
		"minimum": terms.min_improvement, "high water": terms.high_water, "chunks": terms.chunks,
		"spread": if terms.spread == Spread::Neighbours { "neighbours" } else { "independent" }, "half row": terms.half_row,
		"upper": verdict.upper, "passes": verdict.passes, "raw": verdict.raw, "increment": verdict.increment,
		"progress": verdict.progress, "cover": covered(initial, champion, terms), "loss": loss(error(candidate), error(initial)),
	});
	// Long vectors would only make the file longer: they follow from the seed and are not written.
	if candidate.len() <= 128 {
		vector["initial"] = initial.into();
		vector["champion"] = champion.into();
		vector["candidate"] = candidate.into();
	}
	vector
}

/// The vectors are checked by a second implementation, `tests/golden/verdict.py`.
#[test]
fn verdicts_stay_as_they_are() {
	let stream = &mut Stream::new(&seed(10), 0, 0);
	let mut vectors = Vec::new();
	// Chunks, least improvement in ppm, gain of the candidate in per mille, spread of its gain, high-water mark.
	for (chunks, minimum, gain, spread, high_water) in [
		(32, 2_000, 0, 0, 0),
		(32, 2_000, 50, 10, 0),
		(32, 2_000, 50, 400, 0),
		(32, 5_000, 20, 20, ONE_BIT / 8),
		(64, 2_000, 900, 5, 0),
		(128, 2_000, 30, 60, 0),
		(256, 100_000, 90, 60, 0),
		(1_024, 2_000, 10, 60, ONE_BIT / 16),
	] {
		let champion: Vec<u32> = (0..chunks).map(|_| 1_000_000 + stream.below(200_000)).collect();
		let initial: Vec<u32> = champion.iter().map(|sum| sum + sum / 8 + stream.below(50_000)).collect();
		let candidate: Vec<u32> = champion
			.iter()
			.map(|sum| sum - sum / 1_000 * gain + sum / 1_000 * stream.below(2 * spread + 1) - sum / 1_000 * spread)
			.collect();
		let terms = Terms { min_improvement: minimum, high_water, chunks, spread: Spread::Independent, half_row: false };
		vectors.push(verdict(&terms, [&initial, &champion, &candidate]));
	}
	// Classes of rows, a few mistakes a chunk: chunks, the number below which the mistakes of initial champion, champion and
	// candidate lie, high-water mark.
	for (chunks, mistakes, high_water) in
		[(64, [9, 5, 3], 0), (64, [9, 3, 3], 0), (128, [17, 4, 1], ONE_BIT), (64, [9, 2, 1], 5 * ONE_BIT / 2)]
	{
		let [initial, champion, candidate] =
			mistakes.map(|below| -> Vec<u32> { (0..chunks).map(|_| 16 * stream.below(below)).collect() });
		let terms = Terms { min_improvement: 2_000, high_water, chunks, spread: Spread::Independent, half_row: true };
		vectors.push(verdict(&terms, [&initial, &champion, &candidate]));
	}
	// Chunks in time: chunks per draw, draws, chunks whose noise adds up, gain, high-water mark, and a chunk without evidence.
	for (chunks, draws, width, gain, high_water, gap) in [
		(32, 1, 1, 90_000, 0, None),
		(32, 1, 4, 90_000, 0, None),
		(64, 1, 2, 300_000, 0, None),
		(32, 3, 3, 60_000, ONE_BIT / 4, None),
		(40, 1, 3, 250_000, 0, Some(17)),
		(48, 2, 2, 700_000, ONE_BIT, Some(48)),
	] {
		let count = usize::from(chunks) * draws;
		let noise: Vec<u32> = (0..count + width).map(|_| stream.below(60_000)).collect();
		let champion: Vec<u32> = (0..count).map(|_| 900_000 + stream.below(100_000)).collect();
		let mut initial: Vec<u32> = champion.iter().map(|sum| sum + 200_000 + stream.below(50_000)).collect();
		let sums = champion.iter().zip(noise.windows(width));
		let candidate: Vec<u32> = sums.map(|(sum, noise)| sum + noise.iter().sum::<u32>() - gain).collect();
		if let Some(gap) = gap {
			initial[gap] = NO_EVIDENCE;
		}
		let terms = Terms { min_improvement: 2_000, high_water, chunks, spread: Spread::Neighbours, half_row: false };
		vectors.push(verdict(&terms, [&initial, &champion, &candidate]));
	}
	pinned("verdict", vectors.into());
}

// Rows.

/// Rows of 24 features, as images of 4 × 6 pixels of one channel or 2 × 4 pixels of three.
fn images(height: u8, width: u8, target: RowTarget) -> Rows {
	Rows { features: 24, image: Some(Image { height, width }), target, rows: 3, chunks: 64 }
}

/// The nets of the vectors with their programs: every encoder that rows admit, classes and values.
fn row_nets() -> Vec<(&'static str, Rows, Net)> {
	let stream = &mut Stream::new(&seed(11), purpose::WEIGHTS, 0);
	let (classes, values) = (images(4, 6, RowTarget::Classes(4)), images(2, 4, RowTarget::Values(4)));
	let mut nets = vec![
		("linear", classes, net(stream, 24, 4, true, None)),
		("mlp", classes, net(stream, 24, 4, false, Some(&[12]))),
		("mlp beside linear", values, net(stream, 24, 4, true, Some(&[8]))),
		("deep", values, net(stream, 24, 4, true, Some(&[7, 5, 6]))),
	];
	let mut behind = |name, program: Rows, kernel: [u8; 2], stride, skip| {
		let Image { height, width } = program.image.expect("images");
		let channels = 24 / (u16::from(height) * u16::from(width));
		let inputs = u16::from(kernel[0]) * u16::from(kernel[1]) * channels;
		let conv = Conv2 { height, width, kernel, stride, layer: layer(stream, inputs, 5, 500, 8) };
		let encoder = Encoder::Image(conv);
		let Net { layers, .. } = net(stream, encoder.outputs(24, 1).expect("it fits"), 4, false, Some(&[6]));
		let skip = if skip { net(stream, 24, 4, true, None).skip } else { None };
		(name, program, Net { window: 24, in_shifts: vec![0], skip, encoder, layers })
	};
	nets.extend([
		behind("patches", classes, [2, 2], [2, 2], false),
		behind("overlapping patches beside linear", classes, [3, 2], [1, 1], true),
		behind("patches of three channels", values, [1, 3], [1, 1], false),
		behind("the whole image", values, [2, 4], [7, 9], true),
	]);
	for ((_, _, net), in_shift) in nets.iter_mut().zip([0, 4, 2, 1, 3, 4, 0, 2]) {
		net.in_shifts = vec![in_shift];
	}
	nets
}

/// `count` rows of random bytes with valid labels.
fn rows_of(number: u8, program: &Rows, count: u32) -> RowSet {
	let stream = &mut Stream::new(&seed(number), 0, 0);
	let mut bytes = Vec::new();
	for _ in 0..count {
		bytes.extend((0..program.features).map(|_| stream.below(256) as u8));
		match program.target {
			RowTarget::Classes(classes) => bytes.push(stream.below(classes.into()) as u8),
			RowTarget::Values(values) => {
				bytes.extend((0..values).flat_map(|_| (stream.below(8_001) as i32 - 4_000).to_le_bytes()));
			}
		}
	}
	RowSet::new(program, bytes)
}

#[test]
fn forward_passes_of_rows_stay_as_they_are() {
	let mut scratch = Scratch::default();
	let mut vectors = Vec::new();
	for (name, program, net) in row_nets() {
		let class = net.admit_rows(&program).unwrap();
		let rows = rows_of(12, &program, 3);
		let passes: Vec<Value> = rows
			.iter()
			.map(|(row, _)| {
				let (mut x, mut out) = (vec![0; net.features()], vec![0; 4]);
				row_features(net.in_shifts[0].unsigned_abs(), row, &mut x);
				net.forward(&x, &mut out, &mut scratch);
				json!({ "features": x, "out": out })
			})
			.collect();
		let model = Model::Net(net);
		vectors.push(json!({
			"name": name, "program": program, "model": hex::encode(model.to_bytes()), "macs": model.macs(),
			"class": if class == AccumulatorWidth::Exact24 { "F" } else { "I" }, "rows": hex::encode(&rows.bytes),
			"passes": passes, "sum": score_rows(&model, &program, &rows),
		}));
	}
	pinned("rows", vectors.into());
}

#[test]
fn deals_stay_as_they_are() {
	let mut vectors = Vec::new();
	for (number, chunks, rows, index) in [(13, 64, 1, 0), (13, 64, 3, 63), (14, 100, 2, 50), (15, 256, 64, 255)] {
		// Row i has the number i in its features.
		let program = Rows { features: 2, image: None, target: RowTarget::Classes(2), rows, chunks };
		let segment: Vec<u8> = (0..program.segment_rows()).flat_map(|row| [row as u8, (row >> 8) as u8, 0]).collect();
		let chunk = dealt(&program, &segment, &seed(number), index);
		let dealt: Vec<u16> = chunk.iter().map(|(row, _)| u16::from(row[0]) | u16::from(row[1]) << 8).collect();
		vectors
			.push(json!({ "seed": hex::encode(seed(number)), "chunks": chunks, "rows": rows, "chunk": index, "dealt": dealt }));
	}
	pinned("deal", vectors.into());
}

#[test]
fn chunk_sums_of_rows_stay_as_they_are() {
	let mut vectors = Vec::new();
	for (number, index, target) in [
		(16, 0, RowTarget::Classes(4)),
		(16, 63, RowTarget::Classes(4)),
		(17, 9, RowTarget::Values(4)),
		(18, 40, RowTarget::Values(4)),
	] {
		let program = if target == RowTarget::Classes(4) { images(4, 6, target) } else { images(2, 4, target) };
		let segment = rows_of(number, &program, program.segment_rows());
		let rows = dealt(&program, &segment.bytes, &seed(number), index);
		let mut models = vec![("constant", constant_model(&segment).unwrap())];
		models.extend(
			row_nets().into_iter().filter(|(_, of, _)| of.target == target).map(|(name, _, net)| (name, Model::Net(net))),
		);
		let sums: Vec<Value> = models.iter().map(|(name, model)| json!([name, score_rows(model, &program, &rows)])).collect();
		vectors.push(json!({
			"seed": hex::encode(seed(number)), "chunk": index, "constant": hex::encode(models[0].1.to_bytes()),
			"rows": hex::encode(&rows.bytes), "sums": sums,
		}));
	}
	pinned("row_chunks", vectors.into());
}
