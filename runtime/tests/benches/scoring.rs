//! Time of scoring a chunk in the node's executor, per counted multiply-accumulate, for each family of nets.
//!
//! `cargo bench --workspace --bench scoring`. The time of a chunk is a constant, for drawing the windows, plus a price per
//! counted multiply-accumulate. The price is the slope between the smallest net and a larger one. Times are medians of 31
//! repetitions; the last line is JSON.

use doin_runtime_tests::blob::{layer, net, Blob};
use doin_scoring::{philox::Stream, Conv, Encoder, Model, Net};
use std::time::Instant;

/// Windows of a chunk of the demo domain.
const WINDOWS: f64 = 16.0;
/// Horizon of the demo domain.
const HORIZON: u16 = 13;

/// Returns the median time of scoring a chunk of `model`, in seconds.
fn seconds(blob: &mut Blob, model: &Model) -> f64 {
	let mut times: Vec<f64> = (0..31)
		.map(|repeat| {
			let start = Instant::now();
			assert!(blob.chunk_sum(model, Some(&[repeat; 32]), 0).is_some());
			start.elapsed().as_secs_f64()
		})
		.collect();
	times.sort_by(f64::total_cmp);
	times[times.len() / 2]
}

/// Returns nets with the most work beside their multiply-accumulates.
fn awkward(stream: &mut Stream) -> Vec<(&'static str, Net)> {
	let mut conv = |inputs: u16, outputs: u16, kernel: u16| Conv {
		kernel,
		dilation: 1,
		stride: 1,
		layer: layer(stream, inputs * kernel, outputs, 8),
	};
	let thin = vec![conv(1, 1, 1); 8];
	let narrow = vec![conv(1, 64, 1), conv(64, 1, 1), conv(1, 64, 1), conv(64, 1, 1), conv(1, 64, 1), conv(64, 1, 1)];
	let mut net = |encoder: Encoder, hidden: &[u16]| {
		let mut inputs = encoder.outputs(104, 1).expect("it fits");
		let mut layers = Vec::new();
		for outputs in hidden.iter().copied().chain([HORIZON]) {
			layers.push(layer(stream, inputs, outputs, 8));
			inputs = outputs;
		}
		Net { window: 104, in_shifts: vec![0], skip: None, encoder, layers }
	};
	vec![
		("dense, wide and thin", net(Encoder::None, &[1, 512, 1, 512, 1, 512, 1])),
		("conv, thin", net(Encoder::Conv(thin), &[])),
		("conv, wide and thin", net(Encoder::Conv(narrow), &[])),
	]
}

fn main() {
	let mut blob = Blob::new();
	let stream = &mut Stream::new(&[3; 32], 90, 0);
	println!("{:<24} {:>12} {:>12} {:>10}", "net", "MAC/window", "ms/chunk", "ns/MAC");
	let mut worst: f64 = 0.0;
	let floor = Model::Net(net(stream, 0, 1, 1, HORIZON, false));
	let floor = (floor.macs() as f64, seconds(&mut blob, &floor));
	let mut dense = 0.0;
	for (name, model) in awkward(stream) {
		let model = Model::Net(model);
		let (macs, seconds) = (model.macs() as f64, seconds(&mut blob, &model));
		let price = (seconds - floor.1) / ((macs - floor.0) * WINDOWS) * 1e9;
		println!("{name:<24} {macs:>12} {:>12.3} {price:>10.3}", seconds * 1e3);
		worst = worst.max(price);
	}
	let shapes = [("mlp", 0, [8, 64, 512]), ("conv", 1, [1, 8, 64]), ("lstm", 2, [1, 8, 48]), ("gru", 3, [1, 8, 48])];
	for (name, family, widths) in shapes {
		for width in widths {
			let model = Model::Net(net(stream, family, 104, width, HORIZON, false));
			let (macs, seconds) = (model.macs() as f64, seconds(&mut blob, &model));
			let price = (seconds - floor.1) / ((macs - floor.0) * WINDOWS) * 1e9;
			println!("{:<24} {macs:>12} {:>12.3} {price:>10.3}", format!("{name}, width {width}"), seconds * 1e3);
			worst = worst.max(price);
			if (family, width) == (0, 512) {
				dense = price;
			}
		}
	}
	println!("{{\"scoring_ns_per_mac\":{dense:.3},\"worst_ns_per_mac\":{worst:.3}}}");
}
