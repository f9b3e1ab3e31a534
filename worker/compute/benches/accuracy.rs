//! Accuracy of exact linear models on all seven series of ETTh1, beside published figures: the standard split (12, 4 and 4 months)
//! and the four horizons of the literature. Errors are of z-scored values, over every window of the test months and all seven
//! series, computed by the forward pass that the chain computes.
//!
//! One map forecasts all series. Shown are the best ridge on validation (of two windows, two penalties and their parameters), and
//! the mean of six ridges, which has nothing to select; once of as much history as the bars are for, and once of as much as a model
//! of 64 KiB, which a chain stores, can read.
//!
//! `scripts/bench.sh accuracy`, or `DOIN_DATA_DIR=<folder of the data> cargo bench --workspace --bench accuracy`. Fails if an
//! error is above its bar.

use doin_compute::{Dataset, LinearModel, Part, SplitSeries};
use doin_primitives::{
	domain::{Limits, MAX_MODEL_BYTES},
	Split,
};
use doin_scoring::{
	model::OUT_FRAC, sample::tail, window_features, Forecast, Loss, Model, Net, PreparedNet, Scratch, Target, WindowPhase,
};
use rayon::prelude::*;
use std::{fmt, path::PathBuf, process::ExitCode, time::Instant};

/// Raw units of one standard deviation.
const UNIT: f64 = 4096.0;
/// Hours of training, and of training and validation.
const SPLIT: Split = Split { train_end: 8_640, validation_end: 11_520 };
/// Hours up to the end of the test.
const END: usize = 14_400;
/// Number of series.
const SERIES: usize = 7;
/// Hours of history.
const HISTORY: u16 = 720;
/// Forecast steps.
const HORIZONS: [u16; 4] = [96, 192, 336, 720];
/// Largest admitted mean squared error of the best single map, by horizon.
const SINGLE_BAR: [f64; 4] = [0.3660, 0.3978, 0.4198, 0.4177];
/// Largest admitted mean squared error of the mean of six maps, averaged over the horizons.
const MEAN_BAR: f64 = 0.4026;
/// Published mean squared errors, by horizon: DLinear and NLinear (Zeng et al. 2023), PatchTST/64 (Nie et al. 2023), iTransformer
/// with 96 hours of history (Liu et al. 2024), TSMixer (Chen et al. 2023).
const PUBLISHED: [(&str, [f64; 4]); 5] = [
	("DLinear", [0.375, 0.405, 0.439, 0.472]),
	("NLinear", [0.374, 0.408, 0.429, 0.440]),
	("PatchTST/64", [0.370, 0.413, 0.422, 0.447]),
	("iTransformer", [0.386, 0.441, 0.487, 0.503]),
	("TSMixer", [0.361, 0.404, 0.420, 0.463]),
];

/// Errors of a model on the test.
struct Errors {
	mse: f64,
	mae: f64,
	windows: usize,
}

/// Errors of a model by horizon.
struct Row {
	name: &'static str,
	mse: [f64; 4],
}

impl fmt::Display for Row {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{:<24}", self.name)?;
		self.mse.iter().try_for_each(|mse| write!(f, "{mse:>9.4}"))?;
		write!(f, "{:>9.4}", average(&self.mse))
	}
}

fn average(mse: &[f64; 4]) -> f64 {
	mse.iter().sum::<f64>() / 4.0
}

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
	Some((0..SERIES).map(column).collect())
}

fn program(horizon: u16) -> Forecast {
	let mut program = Forecast {
		horizon,
		history: HISTORY,
		season: 24,
		chunks: 32,
		windows: 1,
		channels: 1,
		target: Target::Values,
		loss: Loss::Absolute,
		phase: WindowPhase::Hidden,
	};
	program.windows = program.most_windows();
	program
}

/// Returns the windows of all series up to the end of the validation months, for models of at most `model_bytes`.
fn dataset(program: &Forecast, columns: &[Vec<i32>], model_bytes: u32) -> Dataset {
	let part = |series: &Vec<i32>| SplitSeries { series: series[..SPLIT.validation_end as usize].to_vec(), split: SPLIT };
	let parts = columns.iter().map(part).collect();
	let limits = Limits { model_bytes, window_macs: u32::MAX };
	Dataset::pooled(program.clone(), limits, parts).expect("the series are long enough")
}

/// Returns the errors of a net on the test months of all series.
fn test_errors(program: &Forecast, net: &Net, columns: &[Vec<i32>]) -> Errors {
	let of_series = |series: &Vec<i32>| {
		let (mut x, mut out, mut scratch) = (vec![0; net.features()], vec![0; program.horizon.into()], Scratch::default());
		let prepared = PreparedNet::new(net);
		let (mut squares, mut absolute, mut windows) = (0.0, 0.0, 0);
		for (history, future) in tail(program, series, SPLIT.validation_end).iter() {
			window_features(net, 1, history, &mut x);
			prepared.forward(&x, &mut out, &mut scratch);
			windows += 1;
			let last = f64::from(history.last().copied().unwrap_or(0));
			for (out, actual) in out.iter().zip(future) {
				let error = (last + f64::from(*out) / f64::from(1u32 << OUT_FRAC) - f64::from(*actual)) / UNIT;
				squares += error * error;
				absolute += error.abs();
			}
		}
		(squares, absolute, windows)
	};
	let sums: Vec<(f64, f64, usize)> = columns.par_iter().map(of_series).collect();
	let windows: usize = sums.iter().map(|(.., windows)| windows).sum();
	let count = windows as f64 * f64::from(program.horizon);
	let mse = sums.iter().map(|(squares, ..)| squares).sum::<f64>() / count;
	let mae = sums.iter().map(|(_, absolute, _)| absolute).sum::<f64>() / count;
	Errors { mse, mae, windows }
}

fn main() -> ExitCode {
	let Some(columns) = columns() else { return ExitCode::SUCCESS };
	println!(
		"{:>7}  {:<14}{:>7}{:>8}{:>9}{:>9}{:>9}{:>10}{:>9}",
		"horizon", "model", "window", "bytes", "of 64 K", "MSE", "MAE", "windows", "seconds"
	);
	let (mut single, mut mean, mut small) = ([0.0; 4], [0.0; 4], [0.0; 4]);
	for (at, horizon) in HORIZONS.into_iter().enumerate() {
		let program = program(horizon);
		let data = dataset(&program, &columns, u32::MAX);
		let stored = dataset(&program, &columns, MAX_MODEL_BYTES).longest_linear_window().expect("a step fits");
		let show = |name: &str, fit: &dyn Fn() -> Net| {
			let start = Instant::now();
			let net = fit();
			let seconds = start.elapsed().as_secs_f64();
			let model = Model::Net(net.clone());
			data.task.admit(&model).expect("its weights are within bounds");
			let bytes = model.to_bytes().len();
			let Errors { mse, mae, windows } = test_errors(&program, &net, &columns);
			let share = bytes as f64 / f64::from(MAX_MODEL_BYTES);
			println!(
				"{horizon:>7}  {name:<14}{:>7}{bytes:>8}{share:>9.1}{mse:>9.4}{mae:>9.4}{windows:>10}{seconds:>9.1}",
				net.window
			);
			mse
		};
		single[at] = show("single ridge", &|| LinearModel::best(&data, Part::All, HISTORY, 0).expect("it has a solution").net);
		let fit_mean = |window| data.mean_linear_model(window, 0).expect("it has a solution").net.clone();
		mean[at] = show("mean of ridges", &|| fit_mean(HISTORY));
		small[at] = show("mean, 64 KiB", &|| fit_mean(stored));
	}
	println!("\n{:<24}{:>9}{:>9}{:>9}{:>9}{:>9}", "MSE, steps ahead", 96, 192, 336, 720, "average");
	println!("{}", Row { name: "DOIN, single ridge", mse: single });
	println!("{}", Row { name: "DOIN, mean of ridges", mse: mean });
	println!("{}", Row { name: "DOIN, mean, 64 KiB", mse: small });
	PUBLISHED.into_iter().for_each(|(name, mse)| println!("{}", Row { name, mse }));
	println!("\nA chain stores {MAX_MODEL_BYTES} bytes of a model at most: larger maps are exact too, but no domain takes them.");
	let missed = single.iter().zip(SINGLE_BAR).filter(|(mse, bar)| **mse > *bar).count();
	let missed_mean = usize::from(average(&mean) > MEAN_BAR);
	println!("bars: single ridge {SINGLE_BAR:.4?}, mean of ridges {MEAN_BAR:.4} on average: {} missed", missed + missed_mean);
	ExitCode::from(u8::from(missed + missed_mean > 0))
}
