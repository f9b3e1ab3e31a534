//! How fast gated cells are trained, and how well: 24 units over 48 steps on the oil temperature of ETTh1, 24 hours ahead, exact integers.
//!
//! `DOIN_DATA_DIR=<folder of the data> cargo bench -p doin-compute --bench recurrent -- [seeds] [epochs] [rate]`, with `DOIN_BACKEND` to
//! force a back-end. The errors are those of all windows of the usual test split, rows 11 520 to 14 400, in standard deviations of the
//! training rows.

use doin_compute::{population, Candidate, Family, TrainingSet};
use doin_scoring::{features, Net, Scratch};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

mod common;
use common::{median, seconds, task};

const UNITS: usize = 24;
const STEPS: usize = 48;

/// Multiply-accumulates of one sample through a cell of `gates` gates per unit and back: forward, weight gradients, and gradients of the
/// last output; the input takes part in the first two.
fn macs(gates: usize) -> f64 {
	let (input, hidden) = (gates * UNITS, gates * UNITS * UNITS);
	(STEPS * (2 * input + 3 * hidden)) as f64
}

/// Mean absolute error on the test split, in standard deviations of the training rows.
fn test_error(net: &Net, series: &[i32]) -> f64 {
	const TRAIN: usize = 8_640;
	let train: Vec<f64> = series[..TRAIN].iter().map(|value| f64::from(*value)).collect();
	let mean = train.iter().sum::<f64>() / TRAIN as f64;
	let deviation = (train.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / TRAIN as f64).sqrt();
	let (mut x, mut out, mut scratch) = (vec![0; net.features()], vec![0; 24], Scratch::default());
	let (mut sum, mut count) = (0.0, 0.0);
	for start in 11_520..=14_400 - out.len() {
		features(net, 1, &series[..start], &mut x);
		net.forward(&x, &mut out, &mut scratch);
		for (out, actual) in out.iter().zip(&series[start..]) {
			sum += (f64::from(series[start - 1]) + f64::from(*out) / 16.0 - f64::from(*actual)).abs();
			count += 1.0;
		}
	}
	sum / count / deviation
}

fn main() {
	let arguments: Vec<String> = std::env::args().skip(1).collect();
	if !arguments.iter().any(|argument| argument == "--bench") {
		println!("nothing is measured outside `cargo bench`");
		return;
	}
	let numbers: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
	let number = |at: usize, default: u64| numbers.get(at).copied().unwrap_or(default);
	let data = TrainingSet::new(task(1 << 20), 0, 0).unwrap();
	println!("back-end {}, {} windows to train on", data.backend().name(), data.len());
	let stop = AtomicBool::new(false);
	for (family, gates) in [(Family::Lstm, 4), (Family::Gru, 3)] {
		for skip in [false, true] {
			let candidate = Candidate {
				family,
				window: STEPS as u16,
				width: UNITS as u16,
				epochs: number(1, 8) as u16,
				rate: number(2, 12) as u8,
				decay: 0,
				skip,
				..Candidate::default()
			};
			let candidates: Vec<_> = (0..number(0, 16)).map(|seed| Candidate { seed, ..candidate }).collect();
			let mut times = Vec::new();
			let mut errors = Vec::new();
			for candidate in &candidates {
				let mut net = None;
				times.push(seconds(|| net = Some(candidate.train(&data, &stop).unwrap())));
				errors.extend(net.map(|net| test_error(&net, &data.task.series)));
			}
			let both = population::pool(2).unwrap();
			let together = seconds(|| {
				both.install(|| candidates.par_iter().with_max_len(1).for_each(|one| drop(one.train(&data, &stop).unwrap())))
			});
			let (time, count) = (median(&mut times), errors.len() as f64);
			let mean = errors.iter().sum::<f64>() / count;
			let spread = (errors.iter().map(|error| (error - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0)).sqrt();
			let windows = (data.len() / 256 * 256) as f64 * f64::from(candidate.epochs);
			println!(
				"{} {}: {:.0} ms, {:.1} GMAC/s, {:.0} per hour and core; 2 threads: {:.0} per hour; test MAE {mean:.5} ± {spread:.5}",
				family.name(),
				if skip { "beside the ridge" } else { "alone" },
				time * 1e3,
				macs(gates) * windows / time / 1e9,
				3600.0 / time,
				count * 3600.0 / together,
			);
		}
	}
}
