//! How fast candidates are trained: MLP 96-64-64-24 on the oil temperature of ETTh1, 12 epochs of 33 batches of 256, exact integers.
//!
//! `DOIN_DATA_DIR=<folder of the data> cargo bench -p doin-compute --bench training`, with `DOIN_BACKEND` to force a back-end. Figures are
//! medians of short repetitions, next to the peak of the back-end's 16-bit dot product measured in between: a loop on registers alone
//! (that of AVX2 for back-ends without vectors of their own).

use doin_compute::{
	backend::{
		layout::{rows_of, Dense, Panels, Places, Quads, Tiles, BATCH, TILES},
		Backend,
	},
	population, Candidate, Linear, TrainingSet,
};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

mod common;
use common::{median, seconds, task};

/// Widths from inputs to outputs.
const WIDTHS: [usize; 4] = [96, 64, 64, 24];
/// Multiply-accumulates of one sample: forward and weight gradient, and input gradient.
const MACS: [f64; 2] = [11_776.0, 5_632.0];
/// Multiply-accumulates of one training run, without the passes over the inner validation windows.
const RUN: f64 = (2.0 * MACS[0] + MACS[1]) * BATCH as f64 * 396.0;

/// Multiply-accumulates of one call of [`peak`].
const PEAK: f64 = 20_000.0 * 12.0 * 32.0;

/// The dot product of a back-end's registers and nothing else.
#[cfg(target_arch = "x86_64")]
fn peak(backend: &dyn Backend) {
	use std::arch::asm;
	if backend.name() == "avx512-vnni" {
		// SAFETY: the back-end exists only where the processor has the instruction; only registers are touched, and all of them are named.
		unsafe {
			asm!(
				"2:",
				"vpdpwssd zmm0, zmm14, zmm15", "vpdpwssd zmm1, zmm14, zmm15", "vpdpwssd zmm2, zmm14, zmm15",
				"vpdpwssd zmm3, zmm14, zmm15", "vpdpwssd zmm4, zmm14, zmm15", "vpdpwssd zmm5, zmm14, zmm15",
				"vpdpwssd zmm6, zmm14, zmm15", "vpdpwssd zmm7, zmm14, zmm15", "vpdpwssd zmm8, zmm14, zmm15",
				"vpdpwssd zmm9, zmm14, zmm15", "vpdpwssd zmm10, zmm14, zmm15", "vpdpwssd zmm11, zmm14, zmm15",
				"dec {n}", "jnz 2b",
				n = inout(reg) 20_000u64 => _,
				out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _, out("zmm5") _, out("zmm6") _,
				out("zmm7") _, out("zmm8") _, out("zmm9") _, out("zmm10") _, out("zmm11") _, out("zmm14") _, out("zmm15") _,
			);
		}
	} else if is_x86_feature_detected!("avx2") {
		// SAFETY: as above.
		unsafe {
			asm!(
				"2:",
				"vpmaddwd ymm8, ymm14, ymm15", "vpaddd ymm0, ymm0, ymm8", "vpmaddwd ymm9, ymm14, ymm15", "vpaddd ymm1, ymm1, ymm9",
				"vpmaddwd ymm10, ymm14, ymm15", "vpaddd ymm2, ymm2, ymm10", "vpmaddwd ymm11, ymm14, ymm15", "vpaddd ymm3, ymm3, ymm11",
				"vpmaddwd ymm8, ymm14, ymm15", "vpaddd ymm4, ymm4, ymm8", "vpmaddwd ymm9, ymm14, ymm15", "vpaddd ymm5, ymm5, ymm9",
				"vpmaddwd ymm10, ymm14, ymm15", "vpaddd ymm6, ymm6, ymm10", "vpmaddwd ymm11, ymm14, ymm15", "vpaddd ymm7, ymm7, ymm11",
				"dec {n}", "jnz 2b",
				n = inout(reg) 60_000u64 => _,
				out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _, out("ymm5") _, out("ymm6") _,
				out("ymm7") _, out("ymm8") _, out("ymm9") _, out("ymm10") _, out("ymm11") _, out("ymm14") _, out("ymm15") _,
			);
		}
	}
}

#[cfg(not(target_arch = "x86_64"))]
fn peak(_: &dyn Backend) {}

/// The parts of a step, one after the other as a trainer runs them.
fn parts(data: &TrainingSet, backend: &dyn Backend) {
	let random = |count: usize, range: i64| -> Vec<i32> {
		(0..count as i64).map(|at| (((at * 2_654_435_761) >> 7) % (2 * range + 1) - range) as i32).collect()
	};
	let layer = |at: usize| {
		let (inputs, outputs) = (WIDTHS[at], WIDTHS[at + 1]);
		Dense::new(inputs, outputs, 10, at == 0, &random(inputs * outputs, 1 << 18))
	};
	let mut layers = [0, 1, 2].map(layer);
	let mut x = [0, 1, 2].map(|at| Tiles::new(WIDTHS[at]));
	let mut panels = [0, 1, 2].map(|at| Panels::new(WIDTHS[at]));
	let mut gradients = [1, 2, 3].map(|at| Tiles::new(WIDTHS[at]));
	let mut quads = [1, 2, 3].map(|at| Quads::new(WIDTHS[at]));
	let (mut sums, mut targets, mut raw) = (rows_of(24), rows_of(24), Vec::new());
	let (mut starts, mut words) = ([0; BATCH], [0; BATCH]);
	starts.iter_mut().enumerate().for_each(|(at, start)| *start = (at * 33) as u32);
	let places = Places { values: &data.task.series, starts: &starts, history: 96, window: 96, horizon: 24, in_shift: -3 };
	const NAMES: [&str; 8] =
		["random words", "gather", "forward", "signs", "turn", "input gradient", "weight gradient, update", "peak"];
	let mut times: [Vec<f64>; 8] = Default::default();
	for _ in 0..3_000 {
		let step = [
			seconds(|| backend.words([1, 2, 3], 4, &mut words)),
			seconds(|| backend.gather(&places, &mut x[0], &mut panels[0], &mut targets, TILES)),
			seconds(|| {
				let [x0, x1, x2] = &mut x;
				backend.activate(&layers[0].forward, x0, x1, TILES);
				backend.activate(&layers[1].forward, x1, x2, TILES);
				backend.accumulate(&layers[2].forward, x2, &mut sums, TILES);
			}),
			seconds(|| backend.signs(10, &sums, &targets, &mut gradients[2], &mut quads[2])),
			seconds(|| (1..3).for_each(|at| backend.turn(&x[at], &mut panels[at]))),
			seconds(|| {
				let [_, g1, g2] = &mut gradients;
				backend.propagate(&layers[2], g2, &x[2], &mut raw, Some(g1), &mut quads[1]);
				backend.propagate(&layers[1], g1, &x[1], &mut raw, None, &mut quads[0]);
			}),
			seconds(|| (0..3).for_each(|at| backend.update(&mut layers[at], &quads[at], &panels[at], 64, 2))),
			seconds(|| peak(backend)),
		];
		times.iter_mut().zip(step).for_each(|(times, time)| times.push(time));
	}
	let times = times.map(|mut times| median(&mut times));
	let step: f64 = times[..7].iter().sum();
	let top = PEAK / times[7];
	let macs = [0.0, 0.0, MACS[0], 0.0, 0.0, MACS[1], MACS[0]];
	println!("peak of one core: {:.1} GMAC/s", top / 1e9);
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
	let data = TrainingSet::new(task(65_536), 0, 0).unwrap();
	assert_eq!(data.len(), 8_521);
	let backend = data.backend();
	println!("back-end {}", backend.name());
	parts(&data, backend);
	let stop = AtomicBool::new(false);
	for skip in [false, true] {
		let candidate = Candidate { window: 96, width: 64, depth: 2, epochs: 12, skip, ..Candidate::default() };
		candidate.train(&data, &stop).unwrap();
		let mut runs: [Vec<f64>; 3] = Default::default();
		for seed in 0..41 {
			let candidate = Candidate { seed, ..candidate };
			runs[0].push(seconds(|| drop(candidate.train(&data, &stop).unwrap())));
			runs[1].push(seconds(|| drop(candidate.evaluate(&data, &stop).unwrap())));
			runs[2].push(seconds(|| peak(backend)));
		}
		let [fastest, ..] = runs.each_ref().map(|runs| runs.iter().copied().fold(f64::INFINITY, f64::min));
		let [train, evaluate, peak] = runs.map(|mut runs| median(&mut runs));
		println!(
			"{}: trained in {:.2} ms ({:.2} at best), {:.1} GMAC/s, {:.1} % of the peak, {:.0} per hour and core; {:.0} with measuring",
			if skip { "beside the ridge" } else { "alone" },
			train * 1e3,
			fastest * 1e3,
			RUN / train / 1e9,
			RUN / train / (PEAK / peak) * 100.0,
			3600.0 / train,
			3600.0 / evaluate
		);
	}
	let candidate = Candidate { window: 96, width: 64, depth: 2, epochs: 12, skip: false, ..Candidate::default() };
	let mut fits: Vec<f64> = (0..9).map(|_| seconds(|| drop(Linear::fit(&data, 96, 0).unwrap()))).collect();
	println!("a ridge of window 96 on all cores: {:.2} ms", median(&mut fits) * 1e3);
	let seeds: Vec<u64> = (0..16).collect();
	for threads in [1, 2] {
		let pool = population::pool(threads).unwrap();
		let mut times: Vec<f64> = (0..9)
			.map(|round| {
				let run = |seed: &u64| drop(Candidate { seed: round * 100 + seed, ..candidate }.train(&data, &stop).unwrap());
				seconds(|| pool.install(|| seeds.par_iter().with_max_len(1).for_each(run)))
			})
			.collect();
		let best = times.iter().copied().fold(f64::INFINITY, f64::min);
		println!(
			"{threads} threads: {:.0} candidates per hour ({:.0} at best)",
			16.0 * 3600.0 / median(&mut times),
			16.0 * 3600.0 / best
		);
	}
}
