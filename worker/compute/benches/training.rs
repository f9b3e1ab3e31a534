//! Where the time of a training step goes: an MLP 96-64-64-24 on batches of 256, part by part, next to the peak of the back-end's dot
//! product measured in between; first in 12 bits, then in bytes. What a whole training achieves is measured by `doin-worker bench`.
//!
//! `cargo bench -p doin-compute --bench training`, with `DOIN_BACKEND` to force a back-end. Figures are medians.

use doin_compute::{
	backend::{
		byte_layout::{BytePanels, ByteQuads, ByteTiles, ByteWeights},
		layout::{rows_of, Dense, Panels, Places, Quads, Tiles, BATCH, TILES},
		Backend,
	},
	peak::{byte_product, dot_product},
};
use std::time::Instant;

/// Widths from inputs to outputs.
const WIDTHS: [usize; 4] = [96, 64, 64, 24];
/// Multiply-accumulates of one sample: forward and weight gradient, and input gradient.
const MACS: [f64; 2] = [11_776.0, 5_632.0];

fn seconds(run: impl FnOnce()) -> f64 {
	let start = Instant::now();
	run();
	start.elapsed().as_secs_f64()
}

fn median(times: &mut [f64]) -> f64 {
	times.sort_by(f64::total_cmp);
	times[times.len() / 2]
}

/// The parts of a step, one after the other as a trainer runs them, in 12 bits or in bytes.
fn parts(backend: &dyn Backend, bytes: bool) {
	let random = |count: usize, range: i64| -> Vec<i32> {
		(0..count as i64).map(|at| (((at * 2_654_435_761) >> 7) % (2 * range + 1) - range) as i32).collect()
	};
	let layer = |at: usize| {
		let (inputs, outputs) = (WIDTHS[at], WIDTHS[at + 1]);
		Dense::new(inputs, outputs, 10, at == 0, &random(inputs * outputs, 1 << 18))
	};
	let peak = if bytes { byte_product } else { dot_product };
	let mut layers = [0, 1, 2].map(layer);
	let mut x = [0, 1, 2].map(|at| Tiles::new(WIDTHS[at]));
	let mut panels = [0, 1, 2].map(|at| Panels::new(WIDTHS[at]));
	let mut gradients = [1, 2, 3].map(|at| Tiles::new(WIDTHS[at]));
	let mut quads = [1, 2, 3].map(|at| Quads::new(WIDTHS[at]));
	let mut weights = [0, 1, 2].map(|at| ByteWeights::new(&layers[at], at == 0));
	let mut byte_x = [0, 1, 2].map(|at| ByteTiles::new(WIDTHS[at]));
	let mut byte_panels = [0, 1, 2].map(|at| BytePanels::new(WIDTHS[at]));
	let mut byte_gradients = [1, 2, 3].map(|at| ByteTiles::new(WIDTHS[at]));
	let mut byte_quads = [1, 2, 3].map(|at| ByteQuads::new(WIDTHS[at]));
	let (mut sums, mut targets, mut raw) = (rows_of(24), rows_of(24), Vec::new());
	let (mut starts, mut words) = ([0; BATCH], [0; BATCH]);
	starts.iter_mut().enumerate().for_each(|(at, start)| *start = (at * 33) as u32);
	let values = random(BATCH * 33 + 256, 20_000);
	let places = Places { values: &values, starts: &starts, history: 96, window: 96, horizon: 24, in_shift: -3 };
	const NAMES: [&str; 8] =
		["random words", "gather", "forward", "signs", "turn", "input gradient", "weight gradient, update", "peak"];
	let mut times: [Vec<f64>; 8] = Default::default();
	for _ in 0..3_000 {
		let step = [
			seconds(|| backend.words([1, 2, 3], 4, &mut words)),
			seconds(|| {
				if bytes {
					backend.gather_bytes(&places, &mut byte_x[0], &mut byte_panels[0], &mut targets);
				} else {
					backend.gather(&places, &mut x[0], &mut panels[0], &mut targets, TILES);
				}
			}),
			seconds(|| {
				if bytes {
					let [x0, x1, x2] = &mut byte_x;
					backend.activate_bytes(&weights[0], x0, x1);
					backend.activate_bytes(&weights[1], x1, x2);
					backend.accumulate_bytes(&weights[2], x2, &mut sums);
				} else {
					let [x0, x1, x2] = &mut x;
					backend.activate(&layers[0].forward, x0, x1, TILES);
					backend.activate(&layers[1].forward, x1, x2, TILES);
					backend.accumulate(&layers[2].forward, x2, &mut sums, TILES);
				}
			}),
			seconds(|| {
				backend.signs(10, &sums, &targets, &mut gradients[2], &mut quads[2]);
				if bytes {
					backend.to_bytes(0, &gradients[2], &mut byte_gradients[2]);
					backend.byte_quads(&byte_gradients[2], &mut byte_quads[2]);
				}
			}),
			seconds(|| {
				if bytes {
					(1..3).for_each(|at| backend.turn_bytes(&byte_x[at], &mut byte_panels[at]));
				} else {
					(1..3).for_each(|at| backend.turn(&x[at], &mut panels[at]));
				}
			}),
			seconds(|| {
				if bytes {
					let [_, g1, g2] = &mut byte_gradients;
					backend.propagate_bytes(&weights[2], g2, &byte_x[2], 6, Some(g1), &mut byte_quads[1]);
					backend.propagate_bytes(&weights[1], g1, &byte_x[1], 6, None, &mut byte_quads[0]);
				} else {
					let [_, g1, g2] = &mut gradients;
					backend.propagate(&layers[2], g2, &x[2], &mut raw, Some(g1), &mut quads[1]);
					backend.propagate(&layers[1], g1, &x[1], &mut raw, None, &mut quads[0]);
				}
			}),
			seconds(|| {
				for at in 0..3 {
					if bytes {
						backend.update_bytes(&mut layers[at], &mut weights[at], &byte_quads[at], &byte_panels[at], 64, 2);
					} else {
						backend.update(&mut layers[at], &quads[at], &panels[at], 64, 2);
					}
				}
			}),
			seconds(|| _ = peak(backend)),
		];
		times.iter_mut().zip(step).for_each(|(times, time)| times.push(time));
	}
	let times = times.map(|mut times| median(&mut times));
	let step: f64 = times[..7].iter().sum();
	let top = peak(backend) as f64 / times[7];
	let macs = [0.0, 0.0, MACS[0], 0.0, 0.0, MACS[1], MACS[0]];
	println!("in {} bits; peak of one core: {:.1} GMAC/s", if bytes { 8 } else { 12 }, top / 1e9);
	for ((name, time), macs) in NAMES.iter().zip(times).zip(macs) {
		let rate = macs * BATCH as f64 / time;
		println!(
			"{name:>24} {:7.2} us {:5.1} % of the step, {:6.1} GMAC/s, {:5.1} % of the peak",
			time * 1e6,
			time / step * 100.0,
			rate / 1e9,
			rate / top * 100.0
		);
	}
	let rate = (2.0 * MACS[0] + MACS[1]) * BATCH as f64 / step;
	println!(
		"{:>24} {:7.2} us {:22} {:6.1} GMAC/s, {:5.1} % of the peak",
		"step",
		step * 1e6,
		"",
		rate / 1e9,
		rate / top * 100.0
	);
}

fn main() {
	if !std::env::args().any(|argument| argument == "--bench") {
		println!("nothing is measured outside `cargo bench`");
		return;
	}
	let backend = doin_compute::backend::detect().unwrap_or_else(|error| panic!("{error}"));
	println!("back-end {}", backend.name());
	parts(backend, false);
	parts(backend, true);
}
