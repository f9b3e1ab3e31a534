//! Helpers of the tests: programs, generators and nets made from Philox streams.

#![allow(dead_code, reason = "each test binary uses its own part")]

use doin_scoring::{
	activation::{SIGMOID, TANH},
	model::{MAX_ACT, OUT_FRAC},
	philox::Stream,
	Cell, Conv, Conv2, Encoder, Forecast, Generator, Layer, Loss, Net, Target, WindowPhase,
};
use proptest::test_runner::Config as ProptestConfig;

/// Cases of a property test on decoders: `few`, or a million in the full test.
pub fn cases(few: u32) -> ProptestConfig {
	ProptestConfig::with_cases(if std::env::var_os("DOIN_FULL").is_some() { 1_000_000 } else { few })
}

/// A weekly-looking generator: a season of eight steps and a remainder with memory.
pub fn generator() -> Generator {
	Generator {
		template: vec![6_400, 3_200, -1_500, -5_000, -7_700, -2_300, 1_900, 5_100].try_into().unwrap(),
		ar: vec![-1_463, -600, 211].try_into().unwrap(),
		noise: 2_560,
		level: 31_500,
	}
}

/// A program that fits [`generator`].
pub fn forecast() -> Forecast {
	Forecast {
		horizon: 4,
		history: 24,
		season: 8,
		chunks: 32,
		windows: 5,
		channels: 1,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	}
}

/// A number in `[-limit, limit]`.
pub fn number(stream: &mut Stream, limit: u32) -> i32 {
	stream.below(2 * limit + 1) as i32 - limit as i32
}

/// A layer of weights within ±`limit`.
pub fn layer(stream: &mut Stream, inputs: u16, outputs: u16, limit: u32, shift: u8) -> Layer {
	let weights = (0..u32::from(inputs) * u32::from(outputs)).map(|_| number(stream, limit) as i16).collect();
	let bias = (0..outputs).map(|_| number(stream, limit << shift)).collect();
	Layer { inputs, outputs, shift, weights, bias }
}

/// A net of `window` inputs and `horizon` outputs, with or without a linear skip, with hidden layers of the given widths.
pub fn net(stream: &mut Stream, window: u16, horizon: u16, skip: bool, mlp: Option<&[u16]>) -> Net {
	let skip = skip.then(|| layer(stream, window, horizon, 400, 9));
	let mut layers = Vec::new();
	if let Some(widths) = mlp {
		let mut inputs = window;
		for width in widths {
			layers.push(layer(stream, inputs, *width, 700, 8));
			inputs = *width;
		}
		layers.push(layer(stream, inputs, horizon, 300, 7));
	}
	Net { window, in_shifts: vec![-3], skip, encoder: Encoder::None, layers }
}

/// `W·x + b`, requantised, by definition.
fn project(layer: &Layer, x: &[i64]) -> Vec<i64> {
	let width = usize::from(layer.inputs);
	(0..usize::from(layer.outputs))
		.map(|o| {
			let sum: i64 = (0..width).map(|i| i64::from(layer.weights[o * width + i]) * x[i]).sum();
			let sum = sum + i64::from(layer.bias[o]);
			assert!(sum.abs() < 1 << 31, "admission bounds every sum");
			(sum + (1 << (layer.shift - 1))) >> layer.shift
		})
		.collect()
}

/// The value of a table at `|z|`, Q12, by interpolation between entries a sixteenth apart.
fn interpolated(table: &[i16], z: i64) -> i64 {
	let at = z.abs().min(32_767);
	let entry = |index: i64| i64::from(table[index as usize]);
	let (low, high) = (entry(at / 256), entry(at / 256 + 1));
	low + ((high - low) * (at % 256) + 128).div_euclid(256)
}

fn sigma(z: i64) -> i64 {
	let value = interpolated(&SIGMOID, z);
	if z < 0 {
		32_768 - value
	} else {
		value
	}
}

fn tanh(z: i64) -> i64 {
	interpolated(&TANH, z) * z.signum()
}

/// A product of which one factor is Q15.
fn times(a: i64, b: i64) -> i64 {
	(a * b + (1 << 14)).div_euclid(1 << 15)
}

fn sixteen_bits(value: i64) -> i64 {
	value.clamp(-32_768, 32_767)
}

/// A gated cell over a window, unit by unit; `channels` features a step.
fn cell_by_definition(cell: &Cell, lstm: bool, x: &[i64], steps: usize) -> Vec<i64> {
	let n = usize::from(cell.units());
	let (mut h, mut state) = (vec![0; n], vec![0; n]);
	for t in 0..steps {
		let now: Vec<i64> = x.iter().skip(t).step_by(steps).copied().collect();
		let gates = |layer, x: &[i64]| project(layer, x).into_iter().map(sixteen_bits).collect::<Vec<_>>();
		let (a, b) = (gates(&cell.input, &now), gates(&cell.hidden, &h));
		let sum = |kind: usize, unit: usize| sixteen_bits(a[kind * n + unit] + b[kind * n + unit]);
		for unit in 0..n {
			let clamp = |value: i64| value.clamp(-32_767, 32_767);
			let out = if lstm {
				let (i, f, o) = (sigma(sum(0, unit)), sigma(sum(1, unit)), sigma(sum(3, unit)));
				let new = (times(i, tanh(sum(2, unit))) + 4).div_euclid(8);
				state[unit] = clamp(times(f, state[unit]) + new);
				times(o, tanh(state[unit]))
			} else {
				let (r, u) = (sigma(sum(0, unit)), sigma(sum(1, unit)));
				let g = tanh(sixteen_bits(a[2 * n + unit] + times(r, b[2 * n + unit])));
				state[unit] = clamp(times(u, state[unit]) + g - times(u, g));
				state[unit]
			};
			h[unit] = (out + 8).div_euclid(16).min(2_047);
		}
	}
	h
}

/// Convolutions over a window, output by output.
fn convolutions_by_definition(convs: &[Conv], x: Vec<i64>, steps: usize) -> Vec<i64> {
	let (mut x, mut steps) = (x, steps);
	for conv in convs {
		let (kernel, dilation, stride) = (usize::from(conv.kernel), usize::from(conv.dilation), usize::from(conv.stride));
		// The last output ends at the last step, the others a stride apart before it.
		let mut ends: Vec<usize> = (0..steps).rev().step_by(stride).filter(|end| *end >= (kernel - 1) * dilation).collect();
		ends.reverse();
		let channels = x.len() / steps;
		let columns: Vec<Vec<i64>> = ends
			.iter()
			.map(|end| {
				let tap = |at: usize| x[at / kernel * steps + end - (kernel - 1 - at % kernel) * dilation];
				project(&conv.layer, &(0..channels * kernel).map(tap).collect::<Vec<_>>())
			})
			.collect();
		let outputs = usize::from(conv.layer.outputs);
		steps = ends.len();
		x = (0..outputs * steps).map(|at| columns[at % steps][at / steps].clamp(0, i64::from(MAX_ACT))).collect();
	}
	x
}

/// A convolution over an image, pixel by pixel.
fn image_by_definition(conv: &Conv2, x: &[i64]) -> Vec<i64> {
	let [height, width, rows, columns, down, right] =
		[conv.height, conv.width, conv.kernel[0], conv.kernel[1], conv.stride[0], conv.stride[1]].map(usize::from);
	let channels = x.len() / (height * width);
	let pixel = |row: usize, column: usize, channel: usize| x[(row * width + column) * channels + channel];
	let mut maps = vec![Vec::new(); conv.layer.outputs.into()];
	for top in (0..=height - rows).step_by(down) {
		for left in (0..=width - columns).step_by(right) {
			let mut patch = Vec::new();
			for row in top..top + rows {
				for column in left..left + columns {
					patch.extend((0..channels).map(|channel| pixel(row, column, channel)));
				}
			}
			let outputs = project(&conv.layer, &patch);
			maps.iter_mut().zip(outputs).for_each(|(map, value)| map.push(value.clamp(0, i64::from(MAX_ACT))));
		}
	}
	maps.concat()
}

/// The definition of a forward pass, in `i64` and without any shared code.
pub fn forward_by_definition(net: &Net, x: &[i16]) -> Vec<i64> {
	let x: Vec<i64> = x.iter().map(|x| i64::from(*x)).collect();
	let mut outputs: Vec<Vec<i64>> = net.skip.iter().map(|skip| project(skip, &x)).collect();
	if let Some((last, hidden)) = net.layers.split_last() {
		let steps = usize::from(net.window);
		let x = match &net.encoder {
			Encoder::None => x,
			Encoder::Conv(convs) => convolutions_by_definition(convs, x, steps),
			Encoder::Lstm(cell) => cell_by_definition(cell, true, &x, steps),
			Encoder::Gru(cell) => cell_by_definition(cell, false, &x, steps),
			Encoder::Image(conv) => image_by_definition(conv, &x),
		};
		let clamp = |values: Vec<i64>| values.into_iter().map(|v| v.clamp(0, i64::from(MAX_ACT))).collect();
		let activations = hidden.iter().fold(x, |x, layer| clamp(project(layer, &x)));
		outputs.push(project(last, &activations));
	}
	(0..outputs[0].len()).map(|h| outputs.iter().map(|path| path[h]).sum()).collect()
}

/// The definition of a net's score on one window of `channels` channels.
pub fn score_by_definition(net: &Net, channels: usize, history: &[i32], future: &[i32]) -> u64 {
	let steps = history.len() / channels;
	let mut x = Vec::new();
	for (channel, in_shift) in net.in_shifts.iter().enumerate() {
		let value = |step: usize| i64::from(history[step * channels + channel]);
		for step in steps - usize::from(net.window)..steps {
			let difference = i128::from(value(step) - value(steps - 1));
			let scaled = if *in_shift >= 0 { difference << in_shift } else { (difference + (1 << (-in_shift - 1))) >> -in_shift };
			x.push(scaled.clamp(-2047, 2047) as i16);
		}
	}
	let last = i64::from(history[(steps - 1) * channels]);
	let out = forward_by_definition(net, &x);
	let actual = future.iter().step_by(channels);
	out.iter().zip(actual).map(|(out, y)| (((last - i64::from(*y)) << OUT_FRAC) + out).unsigned_abs().min((1 << 20) - 1)).sum()
}
