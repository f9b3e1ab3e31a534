//! Parts of a training step: an MLP 96-64-64-24 on batches of 256, part by part, beside the peak of the back-end's dot product,
//! which is measured in between; first in 12 bits, then in 8. `doin-worker bench` measures whole trainings.
//!
//! `cargo bench -p doin-kernels --bench training`, with `DOIN_BACKEND` to force a back-end. Figures are medians.

use doin_kernels::{
	layout::{
		batch_rows, ActivationPanels, ActivationPanelsU8, BackwardWeights, BatchTiles, BatchTilesU8, GradientGroups,
		GradientGroupsI8, LayerInputs, TrainableLayer, WeightsI8, WindowGather, BATCH, TILES,
	},
	ops::{
		gather::{GatherWindows, GatherWindowsU8},
		gemm::{DenseRelu, DenseSums, InputGradient, TransposeBatch, WeightUpdate},
		gemm_i8::{DenseReluU8, DenseSumsU8, GroupGradientsI8, InputGradientU8, QuantizeU8, TransposeBatchU8, WeightUpdateI8},
		lion::StepSize,
		loss::L1Gradient,
		philox::PhiloxBatch,
	},
	peak::{run_dot_i16, run_dot_i8},
	Backend,
};
use std::time::Instant;

/// Widths from inputs to outputs.
const WIDTHS: [usize; 4] = [96, 64, 64, 24];
/// Multiply-accumulates of one sample: of a forward pass or a weight gradient, and of an input gradient.
const MACS: [f64; 2] = [11_776.0, 5_632.0];
/// Parts of a step, in order, and the peak.
const NAMES: [&str; 8] =
	["random words", "gather", "forward", "loss gradient", "transposition", "input gradient", "weight gradient, update", "peak"];
/// Size of every step.
const STEP: StepSize = StepSize { rate: 64, decay: 2 };

fn seconds(run: impl FnOnce()) -> f64 {
	let start = Instant::now();
	run();
	start.elapsed().as_secs_f64()
}

fn median(times: &mut [f64]) -> f64 {
	times.sort_by(f64::total_cmp);
	times[times.len() / 2]
}

/// Returns `count` numbers within ±`range`.
fn numbers(count: usize, range: i64) -> Vec<i32> {
	(0..count as i64).map(|at| (((at * 2_654_435_761) >> 7) % (2 * range + 1) - range) as i32).collect()
}

fn layer(at: usize) -> TrainableLayer {
	let (inputs, outputs) = (WIDTHS[at], WIDTHS[at + 1]);
	let backward = if at == 0 { BackwardWeights::Omitted } else { BackwardWeights::Stored };
	TrainableLayer::new(inputs, outputs, 10, backward, &numbers(inputs * outputs, 1 << 18))
}

/// Returns the median time of each part of a step in 12 bits, one after the other as a trainer runs them, and of the peak.
fn times_of_12_bits(backend: Backend, windows: &WindowGather) -> [f64; 8] {
	let mut layers = [0, 1, 2].map(layer);
	let mut x = [0, 1, 2].map(|at| BatchTiles::new(WIDTHS[at]));
	let mut panels = [0, 1, 2].map(|at| ActivationPanels::new(WIDTHS[at]));
	let mut gradients = [1, 2, 3].map(|at| BatchTiles::new(WIDTHS[at]));
	let mut groups = [1, 2, 3].map(|at| GradientGroups::new(WIDTHS[at]));
	let (mut sums, mut targets, mut unscaled, mut words) = (batch_rows(24), batch_rows(24), Vec::new(), [0; BATCH]);
	let mut times: [Vec<f64>; 8] = Default::default();
	for _ in 0..3_000 {
		let step = [
			seconds(|| backend.run(PhiloxBatch { key: [1, 2, 3], step: 4, words: &mut words })),
			seconds(|| {
				let (tiles, panels) = (&mut x[0], &mut panels[0]);
				backend.run(GatherWindows { windows, tiles, panels, targets: &mut targets, count: TILES });
			}),
			seconds(|| {
				let [x0, x1, x2] = &mut x;
				backend.run(DenseRelu { layer: &layers[0].forward, x: x0, y: x1, tiles: TILES });
				backend.run(DenseRelu { layer: &layers[1].forward, x: x1, y: x2, tiles: TILES });
				backend.run(DenseSums { layer: &layers[2].forward, x: x2, sums: &mut sums, tiles: TILES });
			}),
			seconds(|| {
				let (tiles, groups) = (&mut gradients[2], &mut groups[2]);
				backend.run(L1Gradient { shift: 10, sums: &sums, targets: &targets, tiles, groups });
			}),
			seconds(|| (1..3).for_each(|at| backend.run(TransposeBatch { x: &x[at], panels: &mut panels[at] }))),
			seconds(|| {
				let ([_, g1, g2], [groups0, groups1, _]) = (&mut gradients, &mut groups);
				backend.run(InputGradient {
					layer: &layers[2],
					gradient: g2,
					activations: &x[2],
					unscaled: &mut unscaled,
					tiles: Some(g1),
					groups: groups1,
				});
				backend.run(InputGradient {
					layer: &layers[1],
					gradient: g1,
					activations: &x[1],
					unscaled: &mut unscaled,
					tiles: None,
					groups: groups0,
				});
			}),
			seconds(|| {
				for (at, layer) in layers.iter_mut().enumerate() {
					backend.run(WeightUpdate { layer, gradient: &groups[at], inputs: &panels[at], step: STEP });
				}
			}),
			seconds(|| _ = run_dot_i16(backend)),
		];
		times.iter_mut().zip(step).for_each(|(times, time)| times.push(time));
	}
	times.map(|mut times| median(&mut times))
}

/// Returns the median time of each part of a step in 8 bits, one after the other as a trainer runs them, and of the peak.
fn times_of_8_bits(backend: Backend, windows: &WindowGather) -> [f64; 8] {
	let mut layers = [0, 1, 2].map(layer);
	let reads = |at: usize| if at == 0 { LayerInputs::Network } else { LayerInputs::Hidden };
	let mut weights = [0, 1, 2].map(|at| WeightsI8::new(&layers[at], reads(at)));
	let mut x = [0, 1, 2].map(|at| BatchTilesU8::new(WIDTHS[at]));
	let mut panels = [0, 1, 2].map(|at| ActivationPanelsU8::new(WIDTHS[at]));
	let mut gradients = [1, 2, 3].map(|at| BatchTilesU8::new(WIDTHS[at]));
	let mut groups = [1, 2, 3].map(|at| GradientGroupsI8::new(WIDTHS[at]));
	let (mut exact, mut exact_groups) = (BatchTiles::new(WIDTHS[3]), GradientGroups::new(WIDTHS[3]));
	let (mut sums, mut targets, mut words) = (batch_rows(24), batch_rows(24), [0; BATCH]);
	let mut times: [Vec<f64>; 8] = Default::default();
	for _ in 0..3_000 {
		let step = [
			seconds(|| backend.run(PhiloxBatch { key: [1, 2, 3], step: 4, words: &mut words })),
			seconds(|| {
				let (tiles, panels) = (&mut x[0], &mut panels[0]);
				backend.run(GatherWindowsU8 { windows, tiles, panels, targets: &mut targets });
			}),
			seconds(|| {
				let [x0, x1, x2] = &mut x;
				backend.run(DenseReluU8 { layer: &weights[0], x: x0, y: x1 });
				backend.run(DenseReluU8 { layer: &weights[1], x: x1, y: x2 });
				backend.run(DenseSumsU8 { layer: &weights[2], x: x2, sums: &mut sums });
			}),
			seconds(|| {
				let (tiles, loss_groups) = (&mut exact, &mut exact_groups);
				backend.run(L1Gradient { shift: 10, sums: &sums, targets: &targets, tiles, groups: loss_groups });
				backend.run(QuantizeU8 { shift: 0, x: &exact, y: &mut gradients[2] });
				backend.run(GroupGradientsI8 { x: &gradients[2], groups: &mut groups[2] });
			}),
			seconds(|| (1..3).for_each(|at| backend.run(TransposeBatchU8 { x: &x[at], panels: &mut panels[at] }))),
			seconds(|| {
				let ([_, g1, g2], [groups0, groups1, _]) = (&mut gradients, &mut groups);
				backend.run(InputGradientU8 {
					layer: &weights[2],
					gradient: g2,
					activations: &x[2],
					shift: 6,
					tiles: Some(g1),
					groups: groups1,
				});
				backend.run(InputGradientU8 {
					layer: &weights[1],
					gradient: g1,
					activations: &x[1],
					shift: 6,
					tiles: None,
					groups: groups0,
				});
			}),
			seconds(|| {
				for (at, (layer, weights)) in layers.iter_mut().zip(&mut weights).enumerate() {
					let (gradient, inputs) = (&groups[at], &panels[at]);
					backend.run(WeightUpdateI8 { layer, weights, gradient, inputs, step: STEP });
				}
			}),
			seconds(|| _ = run_dot_i8(backend)),
		];
		times.iter_mut().zip(step).for_each(|(times, time)| times.push(time));
	}
	times.map(|mut times| median(&mut times))
}

fn report(bits: u32, peak: u64, times: [f64; 8]) {
	let step: f64 = times[..7].iter().sum();
	let top = peak as f64 / times[7];
	let macs = [0.0, 0.0, MACS[0], 0.0, 0.0, MACS[1], MACS[0]];
	println!("in {bits} bits; peak of one core: {:.1} GMAC/s", top / 1e9);
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
	let backend = Backend::detect().unwrap_or_else(|error| panic!("{error}"));
	println!("back-end {}", backend.name());
	let mut starts = [0; BATCH];
	starts.iter_mut().enumerate().for_each(|(at, start)| *start = (at * 33) as u32);
	let values = numbers(BATCH * 33 + 256, 20_000);
	let windows = WindowGather { values: &values, starts: &starts, history: 96, window: 96, horizon: 24, in_shift: -3 };
	report(12, run_dot_i16(backend), times_of_12_bits(backend, &windows));
	report(8, run_dot_i8(backend), times_of_8_bits(backend, &windows));
}
