//! What several tests need: programs, generators and nets made from Philox streams.

#![allow(dead_code, reason = "each test binary uses its own part")]

use doin_scoring::{
	model::{MAX_ACT, OUT_FRAC},
	philox::Stream,
	Forecast, Generator, Layer, Net,
};

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
	Forecast { horizon: 4, history: 24, season: 8, chunks: 32, windows: 5 }
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

/// A net of `window` inputs and `horizon` outputs, with or without a linear path, with hidden layers of the given widths.
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
	Net { window, in_shift: -3, skip, layers }
}

/// The definition of a forward pass, in `i64` and without any shared code.
pub fn forward_by_definition(net: &Net, x: &[i16]) -> Vec<i64> {
	fn project(layer: &Layer, x: &[i64]) -> Vec<i64> {
		let width = usize::from(layer.inputs);
		(0..usize::from(layer.outputs))
			.map(|o| {
				let sum: i64 = (0..width).map(|i| i64::from(layer.weights[o * width + i]) * x[i]).sum();
				(sum + i64::from(layer.bias[o]) + (1 << (layer.shift - 1))) >> layer.shift
			})
			.collect()
	}
	let x: Vec<i64> = x.iter().map(|x| i64::from(*x)).collect();
	let mut outputs: Vec<Vec<i64>> = net.skip.iter().map(|skip| project(skip, &x)).collect();
	if let Some((last, hidden)) = net.layers.split_last() {
		let clamp = |values: Vec<i64>| values.into_iter().map(|v| v.clamp(0, i64::from(MAX_ACT))).collect();
		let activations = hidden.iter().fold(x, |x, layer| clamp(project(layer, &x)));
		outputs.push(project(last, &activations));
	}
	(0..outputs[0].len()).map(|h| outputs.iter().map(|path| path[h]).sum()).collect()
}

/// The definition of a net's score on one window.
pub fn score_by_definition(net: &Net, history: &[i32], future: &[i32]) -> u64 {
	let last = i64::from(*history.last().unwrap());
	let x: Vec<i16> = history[history.len() - usize::from(net.window)..]
		.iter()
		.map(|p| {
			let difference = i128::from(i64::from(*p) - last);
			let scaled = if net.in_shift >= 0 {
				difference << net.in_shift
			} else {
				(difference + (1 << (-net.in_shift - 1))) >> -net.in_shift
			};
			scaled.clamp(-2047, 2047) as i16
		})
		.collect();
	let out = forward_by_definition(net, &x);
	out.iter().zip(future).map(|(out, y)| (((last - i64::from(*y)) << OUT_FRAC) + out).unsigned_abs().min((1 << 20) - 1)).sum()
}
