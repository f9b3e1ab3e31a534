//! Accuracy of exact linear models on all seven series of ETTh1: the standard split (12, 4 and 4 months), 336 hours of history,
//! and the four horizons of the literature. Errors are of z-scored values, over every window of the test months, after
//! quantisation.
//!
//! `DOIN_DATA_DIR=<folder of the data> cargo bench -p doin-compute --bench accuracy`. Without the data, nothing is measured.

use doin_compute::{Dataset, SplitSeries};
use doin_primitives::{domain::Limits, Split};
use doin_scoring::{model::OUT_FRAC, sample::tail, window_features, Forecast, Loss, Model, Scratch, Target, WindowPhase};
use std::{path::PathBuf, time::Instant};

/// Raw units of one standard deviation.
const UNIT: f64 = 4096.0;
/// Hours of training, and of training and validation.
const SPLIT: Split = Split { train_end: 8_640, validation_end: 11_520 };
/// Hours up to the end of the test.
const END: usize = 14_400;

/// Returns the z-scored columns, in raw units, or `None` after a message if there is no file.
fn columns() -> Option<Vec<Vec<i32>>> {
	let Some(folder) = std::env::var_os("DOIN_DATA_DIR") else {
		println!("nothing is measured: set DOIN_DATA_DIR to the folder that holds ett/ETTh1.csv");
		return None;
	};
	let path = PathBuf::from(folder).join("ett/ETTh1.csv");
	let text = match std::fs::read_to_string(&path) {
		Ok(text) => text,
		Err(error) => {
			println!("nothing is measured: cannot read {}: {error}; set DOIN_DATA_DIR", path.display());
			return None;
		}
	};
	let rows: Vec<Vec<f64>> = text
		.lines()
		.skip(1)
		.take(END)
		.map(|line| line.split(',').skip(1).map(|cell| cell.trim().parse().expect("cells are numbers")).collect())
		.collect();
	let column = |at: usize| {
		let train = rows.iter().take(SPLIT.train_end as usize).map(|row| row[at]);
		let mean = train.clone().sum::<f64>() / f64::from(SPLIT.train_end);
		let deviation = (train.map(|value| (value - mean).powi(2)).sum::<f64>() / f64::from(SPLIT.train_end)).sqrt();
		rows.iter().map(|row| ((row[at] - mean) / deviation * UNIT).round() as i32).collect()
	};
	Some((0..7).map(column).collect())
}

fn main() {
	let Some(columns) = columns() else { return };
	println!("{:>8} {:>8} {:>8} {:>10} {:>10}", "horizon", "MSE", "MAE", "windows", "seconds");
	for horizon in [96u16, 192, 336, 720] {
		let start = Instant::now();
		let mut program = Forecast {
			horizon,
			history: 336,
			season: 24,
			chunks: 32,
			windows: 1,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		};
		program.windows = program.most_windows();
		let limits = Limits { model_bytes: u32::MAX, window_macs: u32::MAX };
		// The newest windows of validation choose the ridge parameter: as many as fit 32 chunks.
		let newest = 32 * usize::from(program.most_windows());
		let steps = newest - 1 + usize::from(program.horizon) + usize::from(program.history);
		let parts = columns.iter().flat_map(|series| {
			let part = |series: &[i32], train_end| SplitSeries {
				series: series.to_vec(),
				split: Split { train_end, validation_end: series.len() as u32 },
			};
			let end = SPLIT.validation_end as usize;
			[part(&series[..SPLIT.train_end as usize], SPLIT.train_end), part(&series[end - steps..end], 0)]
		});
		let parts = parts.collect();
		let data = Dataset::pooled(program.clone(), limits, parts).expect("the series are long enough");
		let linear = data.linear_model(336, 0).expect("it has a solution");
		data.task.admit(&Model::Net(linear.net.clone())).expect("its weights are within bounds");
		let (mut squares, mut absolute, mut windows) = (0.0, 0.0, 0);
		let (mut x, mut out, mut scratch) = (vec![0; 336], vec![0; horizon.into()], Scratch::default());
		for series in &columns {
			for (history, future) in tail(&program, series, SPLIT.validation_end).iter() {
				window_features(&linear.net, 1, history, &mut x);
				linear.net.forward(&x, &mut out, &mut scratch);
				windows += 1;
				for (out, actual) in out.iter().zip(future) {
					let forecast = f64::from(history[335]) + f64::from(*out) / f64::from(1u32 << OUT_FRAC);
					let error = (forecast - f64::from(*actual)) / UNIT;
					squares += error * error;
					absolute += error.abs();
				}
			}
		}
		let count = f64::from(windows) * f64::from(horizon);
		let (mse, mae) = (squares / count, absolute / count);
		println!("{horizon:>8} {mse:>8.4} {mae:>8.4} {windows:>10} {:>10.1}", start.elapsed().as_secs_f64());
	}
}
