//! How fast candidates are trained: MLP 96-64-64-24 on the oil temperature of ETTh1, 12 epochs of 33 batches, exact integers.
//!
//! `DOIN_DATA_DIR=<folder of the data> cargo bench -p doin-compute --bench training`

use doin_compute::{Candidate, Task, TrainingSet};
use doin_primitives::{domain::Limits, Split};
use doin_scoring::Forecast;
use std::{path::PathBuf, sync::atomic::AtomicBool, time::Instant};

/// Multiply-accumulates of one training run: forward, weight gradient, input gradient.
const MACS: f64 = (2.0 * 11_776.0 + 5_632.0) * 256.0 * 396.0;

fn task() -> Task {
	let folder = std::env::var_os("DOIN_DATA_DIR").map_or_else(|| "../../../shared/data".into(), PathBuf::from);
	let path = folder.join("ett/ETTh1.csv");
	let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}; set DOIN_DATA_DIR", path.display()));
	let value = |line: &str| (line.rsplit(',').next().unwrap().trim().parse::<f64>().unwrap() * 1000.0).round() as i32;
	Task {
		program: Forecast { horizon: 24, history: 96, season: 24, chunks: 32, windows: 32 },
		limits: Limits { model_bytes: 65_536, window_macs: 65_536 },
		series: text.lines().skip(1).map(value).collect(),
		split: Split { train_end: 10_080, validation_end: 12_960 },
		generator: None,
	}
}

fn main() {
	let data = TrainingSet::new(task(), 0, 0).unwrap();
	assert_eq!(data.len(), 8_521);
	let stop = AtomicBool::new(false);
	let median = |run: &dyn Fn(u64)| {
		let mut times: Vec<f64> = (0..15)
			.map(|seed| {
				let start = Instant::now();
				run(seed);
				start.elapsed().as_secs_f64()
			})
			.collect();
		times.sort_by(f64::total_cmp);
		times[times.len() / 2]
	};
	for skip in [false, true] {
		let candidate = Candidate { window: 96, width: 64, depth: 2, epochs: 12, skip, ..Candidate::default() };
		let train = median(&|seed| drop(Candidate { seed, ..candidate }.train(&data, &stop).unwrap()));
		let evaluate = median(&|seed| drop(Candidate { seed, ..candidate }.evaluate(&data, &stop).unwrap()));
		println!(
			"skip {skip}: train {:.2} ms, {:.2} GMAC/s, {:.0}/h; with measuring {:.2} ms, {:.0}/h",
			train * 1e3,
			MACS / train / 1e9,
			3600.0 / train,
			evaluate * 1e3,
			3600.0 / evaluate
		);
	}
}
