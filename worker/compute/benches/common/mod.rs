//! The task that is measured: the oil temperature of ETTh1.

use doin_compute::Task;
use doin_primitives::{domain::Limits, Split};
use doin_scoring::{Forecast, Target};
use std::{path::PathBuf, time::Instant};

/// 24 hours ahead from 96, for models of up to `window_macs` multiply-accumulates.
pub fn task(window_macs: u32) -> Task {
	let folder = std::env::var_os("DOIN_DATA_DIR").map_or_else(|| "../../../shared/data".into(), PathBuf::from);
	let path = folder.join("ett/ETTh1.csv");
	let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}; set DOIN_DATA_DIR", path.display()));
	let value = |line: &str| (line.rsplit(',').next().unwrap().trim().parse::<f64>().unwrap() * 1000.0).round() as i32;
	Task {
		program: Forecast { horizon: 24, history: 96, season: 24, chunks: 32, windows: 32, channels: 1, target: Target::Values },
		limits: Limits { model_bytes: 65_536, window_macs },
		series: text.lines().skip(1).map(value).collect(),
		split: Split { train_end: 10_080, validation_end: 12_960 },
		generator: None,
	}
}

/// Seconds that `run` takes.
pub fn seconds(run: impl FnOnce()) -> f64 {
	let start = Instant::now();
	run();
	start.elapsed().as_secs_f64()
}

/// The median of `times`.
pub fn median(times: &mut [f64]) -> f64 {
	times.sort_by(f64::total_cmp);
	times[times.len() / 2]
}
